r"""Models fitted to labels that earlier models gave: least squares, generation after generation.

Rows x of independent N(0, 1) entries, $y = x \cdot w + \sigma e$: the first model is fitted to
labels of the truth, each later one to T rows more, labelled by the model before it with noise of
its own. A generation's rows *replace* those before or *accumulate*, and they are *fresh* or those
of the first generation, *reused*. All four are followed on the same numbers.

Every model solves its normal equations. Labels enter those as $X^T y = (X^T X) w + \sigma X^T e$.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from lemmata.solvers.aligned import check_count
from lemmata.solvers.normals import standard_normal

#: chains side by side in the caches of a processor, and generations in a call of the program
BLOCK, STRETCH = 64, 10
#: noises for each draw of the rows
NOISES = 2
#: rows that the program has room for, or a multiple: it is compiled for shapes
PADDED = 32
#: rows that are taken at once
FEW = 8
#: (rows are fresh, rows accumulate), in the order of `Errors`
WAYS = ((True, False), (False, False), (True, True), (False, True))


class Errors(NamedTuple):
    r"""$|w_n - w|^2$, a mean over noises for each draw of the rows.

    Each of shape `(draws, generations, sigmas)`.
    """

    replaced_fresh: np.ndarray
    replaced_reused: np.ndarray
    accumulated_fresh: np.ndarray
    accumulated_reused: np.ndarray


def chains(seed: Any, truth: Any, rows: int, generations: int, sigmas: Any, draws: int) -> Errors:
    """The squared error of every generation's model.

    **Arguments:** `seed`: an integer of at least 0, or some. `truth`: the true weights, `(d,)`.
    `rows`: T, at least d. `sigmas`: sizes of the noise, which share its draws.

    **Raises:** `ValueError` for a number that is no positive whole one, fewer rows than weights, or
    a truth or sizes that are not finite numbers in a row.
    """
    for name, count in (("rows", rows), ("generations", generations), ("draws", draws)):
        check_count(name, count)
    w, s = _row("truth", truth), _row("sigmas", sigmas)
    d = len(w)
    if rows < d:
        raise ValueError(
            f"rows={rows} are fewer than the {d} weights, which they do not determine; "
            f"give at least {d}."
        )
    rng = np.random.Generator(np.random.SFC64(np.random.SeedSequence(seed)))
    found = [_block(rng, w, rows, generations, s) for _ in range(0, draws, BLOCK)]
    # (ways, generations, sigmas, draws)
    errors = np.moveaxis(np.concatenate(found, axis=-1)[..., :draws], -1, 1)
    return Errors(*errors)


def _block(
    rng: np.random.Generator, w: np.ndarray, rows: int, generations: int, s: np.ndarray
) -> np.ndarray:
    """The errors of one block of chains, (ways, generations, sigmas, chains)."""
    d, ways, right = len(w), len(WAYS), NOISES * len(s)
    state: Any = (
        np.broadcast_to(w[:, None, None], (ways, d, right, BLOCK)).copy(),
        np.zeros((ways, d, d, BLOCK)), np.zeros((ways, d, right, BLOCK)),
    )  # fmt: skip
    first, found = None, []
    for done in range(0, generations, STRETCH):
        numbers = np.zeros((STRETCH, PADDED * -(-rows // PADDED), d + NOISES, BLOCK), np.float32)
        numbers[:, :rows] = standard_normal(rng, (STRETCH, rows, *numbers.shape[2:]), np.float32)
        first = numbers[0, :, :d] if first is None else first
        state, errors = _stretch(state, first, numbers, rows, w, s)
        found.append(np.asarray(errors)[:, : generations - done])
    return np.concatenate(found, axis=1)


@jax.jit
def _stretch(
    state: Any, first: Array, numbers: Array, rows: Any, w: Array, s: Array
) -> tuple[Any, Array]:
    """Some generations more, all chains along the last axis."""
    ways, fresh_ways = len(WAYS), jnp.array([fresh for fresh, _ in WAYS])
    keep = jnp.array([float(accumulate) for _, accumulate in WAYS])[:, None, None, None]
    reused = _products(first, first, rows)

    def generation(state: Any, drawn: Array) -> tuple[Any, Array]:
        models, squares, labels = state
        fresh, noise = drawn[:, : len(w)], drawn[:, len(w) :]
        of_fresh = (_products(fresh, fresh, rows), _sized(_products(fresh, noise, rows), s))
        of_reused = (reused, _sized(_products(first, noise, rows), s))
        square, right = (
            jnp.where(fresh_ways[:, None, None, None], one[None], other[None])
            for one, other in zip(of_fresh, of_reused, strict=True)
        )
        given = jnp.sum(square[:, :, :, None] * models[:, None], axis=2) + right
        squares, labels = keep * squares + square, keep * labels + given
        models = jax.vmap(_solved)(squares, labels)
        off = jnp.sum((models - w[:, None, None]) ** 2, axis=1)
        off = jnp.mean(off.reshape(ways, NOISES, len(s), BLOCK), axis=1)
        return (models, squares, labels), off

    state, errors = jax.lax.scan(generation, state, numbers)
    return state, jnp.moveaxis(errors, 0, 1)


def _products(left: Array, right: Array, rows: Any) -> Array:
    """X^T Y of every chain, of as many rows as there are: those up to the next few are zero."""

    def add(i: Any, found: Array) -> Array:
        one, other = (
            jax.lax.dynamic_slice_in_dim(part, FEW * i, FEW).astype(float) for part in (left, right)
        )
        return found + sum(one[j][:, None] * other[j][None] for j in range(FEW))

    shape = (left.shape[1], *right.shape[1:])
    return jax.lax.fori_loop(0, (rows + FEW - 1) // FEW, add, jnp.zeros(shape))


def _sized(noise: Array, s: Array) -> Array:
    """Noises of shape (d, NOISES, BLOCK) in all sizes, (d, NOISES * sizes, BLOCK)."""
    return (noise[:, :, None] * s[None, None, :, None]).reshape(len(noise), -1, BLOCK)


def _solved(A: Array, b: Array) -> Array:
    """Gauss and Jordan's elimination, which needs no pivots for what is positive definite.

    Over all chains at once, which is many times faster than a call of LAPACK for each.
    """
    d = len(A)

    def eliminate(k: Any, both: Array) -> Array:
        row = both[k] / both[k, k]
        own = (jnp.arange(d) == k)[:, None]
        return both - jnp.where(own, both[:, k] - 1, both[:, k])[:, None] * row[None]

    return jax.lax.fori_loop(0, d, eliminate, jnp.concatenate([A, b], axis=1))[:, d:]


def weighted_first(
    seed: Any, features: int, rows: int, sigma: float, draws: int
) -> tuple[np.ndarray, np.ndarray]:
    r"""Squared errors of the first fit to T rows, few more than d, and a weight for each draw.

    Near T = d + 1 the error has no variance, for designs that are almost singular. Here they are
    drawn with two rows fewer, which makes them frequent, and weighted with $\det X^T X$: the
    density of $X^T X$ is proportional to $\det(X^T X)^{(T - d - 1)/2}$ times what does not depend
    on T. The mean is that of the products over that of the weights. Both have all moments.

    **Raises:** `ValueError` for fewer than d + 2 rows, where nothing of this is left.
    """
    for name, count in (("features", features), ("rows", rows), ("draws", draws)):
        check_count(name, count)
    if rows < features + 2:
        raise ValueError(
            f"rows={rows} for {features} features: two fewer must determine them still; give at "
            f"least {features + 2}."
        )
    rng = np.random.Generator(np.random.SFC64(np.random.SeedSequence(seed)))
    X = rng.standard_normal((draws, rows - 2, features))
    e = rng.standard_normal((draws, rows - 2, 1))
    square = np.swapaxes(X, 1, 2) @ X
    # The truth drops out of w - w*, and is taken to be zero.
    off = np.linalg.solve(square, np.swapaxes(X, 1, 2) @ (sigma * e))
    return np.sum(off[..., 0] ** 2, axis=1), np.linalg.det(square)


def _row(name: str, values: Any) -> np.ndarray:
    found = np.asarray(values, dtype=float)
    if found.ndim != 1 or not found.size or not np.all(np.isfinite(found)):
        raise ValueError(f"{name}={values!r} must be finite numbers in a row, at least one.")
    return found
