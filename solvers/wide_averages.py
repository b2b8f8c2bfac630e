r"""Averages over the coordinates of wide random computations, done with real matrices.

Each experiment is a function of a draw (see `wide_draws`), the width n and its parameters, written
with plain arrays; gradients are JAX's. It knows neither tensor programs nor their limits. Matrices
have independent normal entries; without other words, of variance $w^2/n$ for a factor w. What has
an input is done with several, independent ones at once and averaged over them: at fixed width an
average hangs on the input more than on the matrix, and the matrix costs more. Everything is in
single precision, three times as fast: rounding moves an average by a millionth or so, a draw by
percents. The coordinates of a vector lie along the last axis, and $W x$ is `x @ W.T`: sums and
products of a batch run along memory, and all points of it are one factor. Source of what is drawn:
Yang, arXiv 1902.04760.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from lemmata.solvers.aligned import check_count
from lemmata.solvers.batches import over_numbers
from lemmata.solvers.wide_draws import Draw, Row, size_of

#: a function `(draw, n, **parameters)` to averages, shape `(averages,)`
Experiment = Callable[..., Array]
#: draws side by side: as many as the caches hold
AT_ONCE = 8
#: inputs for each draw of the matrices
INPUTS = 8
#: rows of a rectangular matrix are at most so many times its columns
TALLEST = 2


@partial(jax.jit, static_argnames=("experiment", "n"))
def _run(numbers: Array, points: dict[str, Any], *, experiment: Experiment, n: int) -> Array:
    def of_one(row: Array) -> Array:
        return jax.vmap(lambda at: experiment(Row(row), n, **at))(points)

    return jax.lax.map(of_one, numbers, batch_size=AT_ONCE)


def averages(
    experiment: Experiment, seed: Any, n: int, draws: int, points: dict[str, Any]
) -> np.ndarray:
    """What an experiment gives at every point, all on the same draws.

    **Arguments:** `seed`: an integer of at least 0, or some. `points`: for each parameter its
    values, shape `(points,)`.

    **Returns:** shape `(points, draws, averages)`. **Raises:** `ValueError` for a width or a number
    of draws that is no positive whole number.
    """
    check_count("n", n)
    check_count("draws", draws)
    values = {name: np.asarray(value, float) for name, value in points.items()}
    with single_precision():
        size = size_of(lambda draw: experiment(draw, n, **{k: v[0] for k, v in values.items()}))
        program = partial(_run, experiment=experiment, n=n)
        found = over_numbers(program, seed, size, draws, values)
    return np.moveaxis(found, 0, 1).astype(float)


@contextmanager
def single_precision() -> Iterator[None]:
    """Numbers of 32 bits for JAX, and afterwards what there was before."""
    before = jax.config.jax_enable_x64  # pyright: ignore[reportAttributeAccessIssue]
    jax.config.update("jax_enable_x64", False)
    try:
        yield
    finally:
        jax.config.update("jax_enable_x64", before)


def drawn(draw: Draw, n: int, vectors: int = 0) -> tuple[Array, Array]:
    """A square matrix with entries of variance 1/n, and vectors with entries of variance 1."""
    matrix, rest = draw((n, n), (vectors, n))
    return matrix / np.sqrt(n), rest


def on_sphere(x: Array) -> Array:
    """The directions of the vectors x, along the last axis, which are of squared norm n."""
    return x * jnp.sqrt(x.shape[-1] / jnp.sum(x**2, axis=-1, keepdims=True))


def overlap(one: Array, other: Array) -> Array:
    """The scalar product of the vectors over their length, averaged over the inputs."""
    return jnp.mean(one * other)


def pooled_gradient(draw: Draw, n: int, w: Any, q: Any, *, activation: Any) -> Array:
    r"""Of $f(x) = \sum_i \varphi((W x)_i)$, $|x|^2 = n q$: $\langle x, \nabla f \rangle/n$ and
    $|\nabla f|^2/n$.
    """
    W, x = drawn(draw, n, INPUTS)
    x = jnp.sqrt(q) * on_sphere(x)
    gradient = jax.grad(lambda x: jnp.sum(activation(w * (x @ W.T))))(x)
    return jnp.stack([overlap(x, gradient), overlap(gradient, gradient)])


def wigner_moments(draw: Draw, n: int, w: Any) -> Array:
    r"""Mean powers, second to eighth, of the eigenvalues of $w (X + X^T)/\sqrt{2 n}$, where X has
    entries of variance 1.
    """
    X, _ = drawn(draw, n)
    square = (X + X.T) @ (X + X.T) / 2
    return traces(square) * w ** jnp.array([2, 4, 6, 8]) / n


def wishart_moments(draw: Draw, n: int, alpha: Any) -> Array:
    r"""Mean powers, first to sixth, of the eigenvalues of $Y Y^T/n$: Y has $\alpha n$ rows and n
    columns of entries of mean square 1, $\alpha$ at most `TALLEST`.
    """
    # Rows beyond alpha n are zero, which traces do not see, so that all points have one shape.
    kept = jnp.arange(TALLEST * n) < jnp.round(alpha * n)
    Y = draw((TALLEST * n, n))[0] * kept[:, None]
    # A matrix that is large as a whole is noise, which powers would raise.
    Y = Y * jnp.sqrt(jnp.sum(kept) / jnp.sum(Y**2))
    return traces(Y.T @ Y, 6) / jnp.sum(kept)


def traces(A: Array, most: int = 4) -> Array:
    """The traces of the powers of a symmetric matrix, from the first to `most`."""
    powers = [A]
    while 2 * len(powers) < most:
        powers.append(powers[-1] @ A)
    pairs = [(powers[k // 2 - 1], powers[k - k // 2 - 1]) for k in range(2, most + 1)]
    return jnp.stack([jnp.trace(A), *(jnp.sum(one * other) for one, other in pairs)])


def tied_residual(draw: Draw, n: int, w: Any) -> Array:
    r"""$|h^t|^2/n$ for t = 1, ..., 5 and $h^t = W \max(h^{t-1}, 0) + h^{t-1}$, one W for all t.

    $|h^0|^2 = n$.
    """
    W, x = drawn(draw, n, INPUTS)

    def block(h: Array, _: None) -> tuple[Array, Array]:
        h = w * (jax.nn.relu(h) @ W.T) + h
        return h, overlap(h, h)

    return jax.lax.scan(block, on_sphere(x), length=5)[1]


def tied_recurrent(draw: Draw, n: int, w: Any, b: Any, q: Any, *, activation: Any) -> Array:
    r"""$\langle h^2, h^3 \rangle/n$, $|h^2|^2/n$, $|h^3|^2/n$, $|h^4|^2/n$ and
    $\langle h^3, h^4 \rangle/n$ of $h^{t+1} = W \varphi(h^t) + \beta$, W and $\beta$ the same each
    time; $\beta$ has entries of variance $b^2$, and $|h^1|^2 = n q$.
    """
    W, vectors = drawn(draw, n, 2 * INPUTS)
    start, bias = vectors[:INPUTS], b * vectors[INPUTS:]
    states = [jnp.sqrt(q) * on_sphere(start)]
    for _ in range(3):
        states.append(w * (activation(states[-1]) @ W.T) + bias)
    early, late = overlap(states[1], states[2]), overlap(states[2], states[3])
    return jnp.stack([early, *(overlap(one, one) for one in states[1:]), late])


def _half_square(z: Array) -> Array:
    return z**2 / 2


# One object each, so that what was compiled and drawn for it is found again.
pooled_square = partial(pooled_gradient, activation=_half_square)
pooled_relu = partial(pooled_gradient, activation=jax.nn.relu)
pooled_tanh = partial(pooled_gradient, activation=jnp.tanh)
recurrent_relu = partial(tied_recurrent, activation=jax.nn.relu)
recurrent_tanh = partial(tied_recurrent, activation=jnp.tanh)
