r"""The gradients of matrix sensing, for L runs side by side.

With R the gradient with respect to the product, steps go against $R X$, or $R G$ and $R^T F$. Where
the truth is known, $R = F G^T - \Sigma$ need not be formed: in the coordinates of its singular
vectors $\Sigma$ is diagonal, and $R G = F (G^T G) - \Sigma G$ costs 4 n k^2 operations.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, Literal, NamedTuple

import jax.numpy as jnp
from jax import Array

from lemmata.solvers.sensing_operators import (
    Gram,
    Measurements,
    coordinates,
    from_coordinates,
)

Factors = tuple[Array, ...]
Loss = Literal["squares", "absolute"]
#: how factors lie in memory: (L, n, k), (L, k, n) or (n, k, L); the latter two suit thin factors
Layout = Literal["rows", "columns", "lanes"]
_AXES = {"rows": (0, 1, 2), "columns": (0, 2, 1), "lanes": (1, 2, 0)}
_BACK = {"rows": (0, 1, 2), "columns": (0, 2, 1), "lanes": (2, 0, 1)}


class Diagonal(NamedTuple):
    """A population problem turned to its singular vectors, for all runs or for each.

    **Fields:** `values`: (1, n) or (L, n). `turns`: the vectors of each side, as columns of
    matrices (1, n1, n1) and (1, n2, n2), or L of them.
    """

    values: Array
    turns: tuple[Array, Array]


def laid_out(factors: Factors, layout: Layout) -> Factors:
    """From (L, n, k) to this layout."""
    return tuple(jnp.transpose(f, _AXES[layout]) for f in factors)


def in_rows(factors: Factors, layout: Layout) -> Factors:
    """From this layout to (L, n, k)."""
    return tuple(jnp.transpose(f, _BACK[layout]) for f in factors)


def product(factors: Factors) -> Array:
    """X X^T or F G^T, shape (L, n1, n2)."""
    return factors[0] @ jnp.swapaxes(factors[-1], -1, -2)


def gradients(data: Any, loss: Loss, layout: Layout) -> Callable[[Factors], Factors]:
    """The function from factors to the gradients with respect to them, in one layout."""
    if layout == "columns":
        return _by_columns(data.values)
    if layout == "lanes":
        return _by_lanes(data.values)
    # Turned once, before the loop: XLA is up to twice as fast where it reads matrices as they lie.
    columns = data.rows.T if isinstance(data, Measurements) else None

    def of_factors(factors: Factors) -> Factors:
        R = _slope(data, columns, loss, factors)
        if len(factors) == 1:
            return (R @ factors[0],)
        return R @ factors[1], jnp.swapaxes(R, -1, -2) @ factors[0]

    return of_factors


def _slope(data: Any, columns: Array | None, loss: Loss, factors: Factors) -> Array:
    """R, shape (L, n1, n2)."""
    M = product(factors)
    if isinstance(data, Diagonal):
        # The mean of |<A, R>| over Gaussian A is sqrt(2/pi) |R|, which has no derivative at R = 0.
        R = M - _as_matrix(data.values)
        size = jnp.sqrt(jnp.sum(R**2, axis=(-2, -1), keepdims=True))
        return math.sqrt(2 / math.pi) * R / jnp.where(size > 0, size, 1.0)
    symmetric = len(factors) == 1
    v = coordinates(M, symmetric=symmetric)
    if isinstance(data, Gram):
        slope = v @ data.matrix - data.target
    else:
        off = v @ columns - data.values
        slope = (jnp.sign(off) if loss == "absolute" else off) @ data.rows / len(data.rows)
    return from_coordinates(slope, (M.shape[-2], M.shape[-1]), symmetric=symmetric)


def _as_matrix(values: Array) -> Array:
    return values[..., None] * jnp.eye(values.shape[-1])


def squared_error(data: Any, factors: Factors) -> Array:
    """The squared Frobenius distance to the truth, shape (L,)."""
    truth = _as_matrix(data.values) if isinstance(data, Diagonal) else data.truth
    return jnp.sum((product(factors) - truth) ** 2, axis=(-2, -1))


def scale(data: Any) -> Array:
    """How large a product is asked for: a Frobenius norm, shape () or (L,)."""
    if isinstance(data, Diagonal):
        return jnp.sqrt(jnp.sum(data.values**2, axis=-1))
    if isinstance(data, Measurements):
        asked = data.values @ data.rows / len(data.rows)
    else:
        asked = data.target
    return jnp.sqrt(jnp.sum(asked**2)) + jnp.sqrt(jnp.sum(data.truth**2))


def _by_columns(values: Array) -> Callable[[Factors], Factors]:
    """For factors of shape (L, k, n), by products of matrices whose long side is contiguous."""
    diagonal = values[:, None, :]

    def of_factors(factors: Factors) -> Factors:
        squares = [f @ jnp.swapaxes(f, -1, -2) for f in factors]
        pairs = zip(factors, reversed(squares), reversed(factors), strict=True)
        return tuple(square @ f - diagonal * other for f, square, other in pairs)

    return of_factors


def _by_lanes(values: Array) -> Callable[[Factors], Factors]:
    """For factors of shape (n, k, L): a column at a time, which vectorises over runs."""
    diagonal = values.T[:, None, :]

    def of_factors(factors: Factors) -> Factors:
        k = factors[0].shape[1]
        squares = [[jnp.sum(f[:, i : i + 1] * f, axis=0) for i in range(k)] for f in factors]
        pairs = zip(factors, reversed(squares), reversed(factors), strict=True)
        return tuple(
            sum((f[:, i : i + 1] * row for i, row in enumerate(square)), -diagonal * other)
            for f, square, other in pairs
        )

    return of_factors
