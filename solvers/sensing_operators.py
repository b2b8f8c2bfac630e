r"""What is known of a low-rank matrix: all of it, or m linear measurements of it.

Measurements are $\langle A_i, M \rangle + s_i$ with $\mathcal{A}(M)_i = \langle A_i, M \rangle /
\sqrt m$. A matrix is a vector of D coordinates in which the scalar product is that of matrices: its
entries row by row, or, of a symmetric one, its upper triangle with $\sqrt 2$ off the diagonal, so
that D = n(n+1)/2.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from jax.typing import ArrayLike

from lemmata.solvers.sensing_checks import (
    checked_count,
    checked_key,
    checked_measurements,
    checked_share,
    checked_size,
    checked_truth,
)


class Population(NamedTuple):
    """The truth itself, shape (n1, n2) or (S, n1, n2), one for each seed: A*A is the identity."""

    truth: Array


class Measurements(NamedTuple):
    """Linear measurements, row by row, of one truth or of S.

    **Fields:**

    - `rows`: the coordinates of each A_i, shape (m, D) or (S, m, D).
    - `values`: what was measured, noise and all, without the factor of 1/sqrt(m): (m,) or (S, m).
    - `truth`: (n1, n2) or (S, n1, n2), to tell errors; no step sees it.
    """

    rows: Array
    values: Array
    truth: Array

    def gram(self) -> Gram:
        """The same for descent on squares, in 8 D^2 bytes whatever m is."""
        m = self.rows.shape[-2]
        columns = jnp.swapaxes(self.rows, -1, -2)
        target = (columns @ self.values[..., None])[..., 0] / m
        return Gram(columns @ self.rows / m, target, self.truth)


class Gram(NamedTuple):
    """The normal equations of measurements: A*A, (D, D), and A*y, (D,), or S of them."""

    matrix: Array
    target: Array
    truth: Array


Problem = Population | Measurements | Gram


def population(truth: ArrayLike) -> Population:
    """The problem in which the whole matrix is known.

    **Raises:** ValueError unless the truth is finite, of shape (n1, n2) or (S, n1, n2).
    """
    return Population(checked_truth(truth))


def measured(
    maps: ArrayLike, values: ArrayLike, truth: ArrayLike, *, symmetric: bool = True
) -> Measurements:
    """Measurements by matrices of one's own.

    **Arguments:** `maps`: the A_i, shape (m, n1, n2) or (S, m, n1, n2); `values`: (m,) or (S, m);
    `truth`: (n1, n2) or (S, n1, n2); `symmetric`: whether the unknown is, so that only the
    symmetric part of A_i counts.

    **Raises:** ValueError on shapes that do not fit, no measurements, numbers that are not finite.
    """
    arrays, known = checked_measurements(maps, values, truth)
    matrix = checked_truth(truth, symmetric=symmetric)
    matrix = jnp.broadcast_to(matrix, (*arrays.shape[:-3], *matrix.shape[-2:]))
    return Measurements(coordinates(arrays, symmetric=symmetric), known, matrix)


def gaussian(
    key: Any,
    truth: ArrayLike,
    m: int,
    *,
    seeds: int | None = None,
    symmetric: bool = True,
    noise: float = 0.0,
    outliers: float = 0.0,
    outlier_size: float = 10.0,
) -> Measurements:
    r"""Measure by A_i whose entries are N(0, 1).

    **Arguments:**

    - `truth`: (n1, n2), or (S, n1, n2) where there are S seeds.
    - `seeds`: how many independent draws of everything; by default one, without an axis for it.
    - `symmetric`: whether the unknown is symmetric. The symmetric part of A_i is then all that
      counts: its coordinates are D independent N(0, 1).
    - `noise`: the standard deviation nu of Gaussian noise on every value.
    - `outliers`: the probability of a value to be off, by N(0, outlier_size^2) in place of noise.

    **Raises:** ValueError unless m is at least 1, and sizes and shares are in range.
    """
    checked_key(key)
    truth = checked_truth(truth, symmetric=symmetric)
    m, share = checked_count(m, "m"), checked_share(outliers)
    noise, outlier_size = checked_size(noise, "noise"), checked_size(outlier_size, "outlier_size")
    if seeds is None and truth.ndim == 3:
        seeds = truth.shape[0]
    lead = () if seeds is None else (checked_count(seeds, "seeds"),)
    if truth.ndim == 3 and truth.shape[:1] != lead:
        raise ValueError(f"`seeds={seeds}` and `truth` of shape {truth.shape} do not fit.")
    whole = np.broadcast_to(np.asarray(truth), (*lead, *truth.shape[-2:]))
    # NumPy draws: what JAX draws takes seconds to compile, for every shape.
    about, rng = coordinates(whole, symmetric=symmetric), _generator(key)
    rows = rng.standard_normal((*lead, m, about.shape[-1]))
    off = rng.random((*lead, m)) < share
    small, large = rng.standard_normal((2, *lead, m))
    values = (rows @ about[..., None])[..., 0] + np.where(off, outlier_size * large, noise * small)
    return Measurements(*(jnp.asarray(one, float) for one in (rows, values, whole)))


def _generator(key: Any) -> np.random.Generator:
    """NumPy's generator of what JAX's key names."""
    typed = jnp.issubdtype(key.dtype, jax.dtypes.prng_key)
    words = jax.random.key_data(key) if typed else key
    return np.random.Generator(np.random.SFC64(np.random.SeedSequence(np.asarray(words).tolist())))


def _triangle(n: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Rows, columns and weights of the coordinates, and where each entry of the matrix stands.

    Made anew each time: JAX remembers what it made of an array, and kept ones would come back from
    single precision to double as indices of another type.
    """
    row, column = np.triu_indices(n)
    where = np.zeros((n, n), dtype=np.int32)
    where[row, column] = where[column, row] = np.arange(len(row))
    return row, column, np.where(row == column, 1.0, math.sqrt(2)), where


def coordinates(matrix: ArrayLike, *, symmetric: bool) -> Any:
    """The coordinates (..., D) of matrices (..., n1, n2), of their symmetric part where asked.

    Those of NumPy's arrays are NumPy's: JAX would compile each operation for every shape.
    """
    matrix = matrix if isinstance(matrix, np.ndarray) else jnp.asarray(matrix)
    if not symmetric:
        return matrix.reshape(*matrix.shape[:-2], -1)
    row, column, weight, _ = _triangle(matrix.shape[-1])
    return (weight / 2).astype(matrix.dtype) * (matrix[..., row, column] + matrix[..., column, row])


def from_coordinates(vector: Array, shape: tuple[int, int], *, symmetric: bool) -> Array:
    """The matrices (..., n1, n2) with these coordinates."""
    if not symmetric:
        return vector.reshape(*vector.shape[:-1], *shape)
    _, _, weight, where = _triangle(shape[0])
    return (vector / weight)[..., where]
