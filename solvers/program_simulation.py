r"""Tensor programs run with real random matrices: averages over coordinates, at finite width.

A program comes as plain lines; its values (vectors, and averages) are numbered in the order in
which the lines make them:

- `("inputs", width, means, covariance)` makes one vector for each mean; the rows of `covariance`
  are those of the coordinates' covariance.
- `("matmul", matrix, transposed, vector)`.
- `("combine", ((factor, vector), ...))`; a factor is a number or `("scalar", value)`.
- `("apply", function, vectors)`, coordinate by coordinate.
- `("mean", function, vectors)`, the average over coordinates: what is measured.
- `("of_scalars", function, scalars)`, of averages; not measured itself.

Matrices are `(rows, columns, variance)` with entries N(0, variance / columns). Widths are names.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

Line = tuple[Any, ...]


@dataclass(frozen=True)
class Averages:
    """What was measured at one size.

    **Fields:**

    - `sizes`: the widths by name.
    - `draws`: the averages, one row a seed, one column a `mean` line.
    """

    sizes: Mapping[str, int]
    draws: np.ndarray

    @property
    def value(self) -> np.ndarray:
        """The mean over seeds."""
        return self.draws.mean(axis=0)

    @property
    def standard_error(self) -> np.ndarray:
        """Of the mean over seeds; it knows nothing of the bias of a finite width."""
        return self.draws.std(axis=0, ddof=1) / np.sqrt(len(self.draws))


def simulate(
    lines: Sequence[Line],
    matrices: Sequence[tuple[str, str, float]],
    sizes: Mapping[str, int],
    seeds: int,
    seed: int = 0,
) -> Averages:
    """Run the program once for each seed, with all inputs and matrices drawn afresh.

    **Arguments:** the lines and matrices as above, the size of every width, and how many seeds;
    `seed` is where they start. Functions must be made of JAX's.

    **Raises:** ValueError for fewer than two seeds, sizes missing or not positive, no `mean` line;
    ArithmeticError where an average is not finite.
    """
    if seeds < 2:
        raise ValueError(f"seeds={seeds} give no standard error; use at least 2.")
    names = {width for rows, columns, _ in matrices for width in (rows, columns)}
    names |= {line[1] for line in lines if line[0] == "inputs"}
    for name in sorted(names):
        if sizes.get(name, 0) < 1:
            raise ValueError(
                f"width {name!r} has size {sizes.get(name)}; give a positive size for each of "
                f"{sorted(names)}."
            )
    if not any(line[0] == "mean" for line in lines):
        raise ValueError("the program has no `mean` line, so that there is nothing to measure.")
    with jax.enable_x64(True):
        keys = jax.random.split(jax.random.key(seed), seeds)
        run = jax.jit(lambda keys: jax.lax.map(lambda key: _run(lines, matrices, sizes, key), keys))
        draws = np.asarray(run(keys))
    if not np.isfinite(draws).all():
        bad = sorted(set(np.nonzero(~np.isfinite(draws))[1].tolist()))
        raise ArithmeticError(
            f"averages number {bad} are not finite at sizes {dict(sizes)}; a nonlinearity "
            "overflows or leaves its domain."
        )
    return Averages(dict(sizes), draws)


def _run(
    lines: Sequence[Line],
    matrices: Sequence[tuple[str, str, float]],
    sizes: Mapping[str, int],
    key: jax.Array,
) -> jax.Array:
    """One draw: the averages in order."""
    drawn = []
    for k, (rows, columns, variance) in enumerate(matrices):
        entries = jax.random.normal(jax.random.fold_in(key, k), (sizes[rows], sizes[columns]))
        drawn.append(entries * np.sqrt(variance / sizes[columns]))
    values: list[jax.Array] = []
    means = []
    for k, (kind, *rest) in enumerate(lines, start=len(matrices)):
        if kind == "inputs":
            width, centre, covariance = rest
            root = _root(np.asarray(covariance, float))
            noise = jax.random.normal(jax.random.fold_in(key, k), (len(root), sizes[width]))
            values.extend(jnp.asarray(centre, float)[:, None] + root @ noise)
        elif kind == "matmul":
            matrix, transposed, vector = rest
            A = drawn[matrix].T if transposed else drawn[matrix]
            values.append(A @ values[vector])
        elif kind == "combine":
            terms = (
                (values[f[1]] if isinstance(f, tuple) else f) * values[vector]
                for f, vector in rest[0]
            )
            values.append(sum(terms, start=jnp.zeros(())))
        elif kind == "of_scalars":
            function, scalars = rest
            values.append(jnp.asarray(function(*(values[scalar] for scalar in scalars))))
        elif kind in ("apply", "mean"):
            function, vectors = rest
            arguments = [values[vector] for vector in vectors]
            # A constant function comes back as one number.
            value = jnp.broadcast_to(function(*arguments), arguments[0].shape)
            values.append(jnp.mean(value) if kind == "mean" else value)
            if kind == "mean":
                means.append(values[-1])
        else:
            raise ValueError(
                f"line {k - len(matrices)} is of kind {kind!r}; "
                "use 'inputs', 'matmul', 'combine', 'apply', 'mean' or 'of_scalars'."
            )
    return jnp.stack(means)


def _root(covariance: np.ndarray) -> np.ndarray:
    """A square root that exists also without full rank."""
    variances, directions = np.linalg.eigh(covariance)
    return directions * np.sqrt(np.maximum(variances, 0))


def at_infinite_width(runs: Sequence[Averages], width: str) -> tuple[np.ndarray, np.ndarray]:
    """The averages extrapolated to infinite width, linearly in 1/width, with standard errors.

    For a bias of order 1/width, as averages of smooth lines have; the error is that of sampling,
    and not of what the straight line leaves out.

    **Raises:** ValueError for fewer than two different widths.
    """
    inverse = np.array([1 / run.sizes[width] for run in runs])
    if len(set(inverse)) < 2:
        raise ValueError(
            f"width {width!r} takes the sizes {[run.sizes[width] for run in runs]}; "
            "an extrapolation needs two different ones at least."
        )
    values = np.array([run.value for run in runs])
    weights = 1 / np.array([run.standard_error for run in runs]) ** 2
    total = weights.sum(axis=0)
    centre = (weights * inverse[:, None]).sum(axis=0) / total
    spread = inverse[:, None] - centre
    curvature = (weights * spread**2).sum(axis=0)
    slope = (weights * spread * values).sum(axis=0) / curvature
    value = (weights * values).sum(axis=0) / total - slope * centre
    return value, np.sqrt(1 / total + centre**2 / curvature)
