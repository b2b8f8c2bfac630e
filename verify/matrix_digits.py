r"""Matrices in as many digits as are asked for: their products, eigenvectors and singular vectors.

Arrays of NumPy that hold FLINT's numbers, at the precision that is set (`lemmata.verify.balls`).
Eigenvectors begin with those of double precision and are refined by products of matrices alone
(Ogita and Aishima, Japan J. Indust. Appl. Math. 35 (2018) 1007), each round doubling the digits.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from flint import acb_mat, arb, arb_mat, ctx

from lemmata.verify.errors import UsageError

Array = np.ndarray

#: eigenvalues below this, relative to the largest, are what rounding left of zeros
NEGLIGIBLE = 1e-12
_EPS = float(np.finfo(float).eps)


def balls(values: Any) -> Array:
    """The same numbers, exactly."""
    values = np.asarray(values, dtype=float)
    out = np.empty(values.shape, dtype=object)
    out.ravel()[:] = [arb(v) for v in values.ravel().tolist()]
    return out


def middles(values: Array) -> Array:
    """The numbers without what is said of their errors."""
    out = np.empty(values.shape, dtype=object)
    out.ravel()[:] = [v.mid() for v in values.ravel()]
    return out


def doubles(values: Array) -> Array:
    """The nearest numbers in double precision."""
    return np.array([float(v.mid()) for v in values.ravel()]).reshape(values.shape)


def times(*factors: Array) -> Array:
    """The product of matrices."""
    shape = (factors[0].shape[0], factors[-1].shape[1])
    if 0 in (*shape, *(f.shape[1] for f in factors)):
        return balls(np.zeros(shape))
    whole = arb_mat(factors[0].tolist())
    for factor in factors[1:]:
        whole = whole * arb_mat(factor.tolist())
    return _from_flint(whole)


def inverse(matrix: Array) -> Array:
    """The inverse; ZeroDivisionError where the precision does not tell it from a singular one."""
    return _from_flint(arb_mat(matrix.tolist()).inv()) if matrix.size else matrix


def eigenvalues(matrix: Array) -> Array:
    """Those of a symmetric matrix, descending."""
    found, _ = acb_mat(matrix.tolist()).eig(right=True, algorithm="approx")
    return np.array(sorted((v.real.mid() for v in found), key=_Descending), dtype=object)


def eigenvectors(matrix: Array, vectors: Array, values: Array) -> tuple[Array, Array]:
    """Eigenvalues (n,) and vectors (n, n) of a symmetric matrix, from those in double precision.

    Where `values` are 0 they stay so, and values that agree in all but their last digits are one.
    """
    n = len(values)
    close = np.abs(values[:, None] - values) <= 8 * n * _EPS * np.abs(values).max(initial=0)
    X, one = balls(vectors), balls(np.eye(n))
    enough = arb(2) ** (16 - ctx.prec)
    for _ in range(64):
        R = one - times(X.T, X)
        S = times(X.T, matrix, X)
        lam = np.diag(S) / (1 + np.diag(R))
        move = R / 2
        for i, j in np.argwhere(~close).tolist():
            move[i, j] = (S[i, j] + lam[j] * R[i, j]) / (lam[j] - lam[i])
        X = middles(X + times(X, move))
        if largest(move) < enough:
            lam = middles(lam)
            lam[values == 0] = arb(0)
            return _averaged(lam, close), X
    raise UsageError(
        f"the truth has eigenvalues (or squared singular values) {np.sort(values)[::-1]} so near to"
        " each other that their vectors cannot be told; make them equal, or hand over a diagonal "
        "truth, which is taken as it stands."
    )


def symmetric(matrix: Array) -> tuple[Array, Array]:
    """Eigenvalues that are not negative, and vectors, of a matrix in double precision."""
    n = len(matrix)
    if not np.any(matrix - np.diag(np.diag(matrix))):
        values = np.diag(matrix)
        return balls(np.where(values > NEGLIGIBLE * values.max(), values, 0.0)), balls(np.eye(n))
    size = np.abs(matrix).max()
    values, vectors = np.linalg.eigh(matrix / size)
    values = np.where(values > NEGLIGIBLE * values.max(), values, 0.0)
    lam, X = eigenvectors(balls(matrix) / arb(size), vectors, values)
    return lam * arb(size), X


def singular(matrix: Array) -> tuple[Array, Array, Array]:
    """Left vectors U (n1, n1), singular values (min(n1, n2),), right vectors V (n2, n2)."""
    n1, n2 = matrix.shape
    least = min(n1, n2)
    middle = np.zeros(matrix.shape)
    middle[range(least), range(least)] = np.diag(matrix)
    if not np.any(matrix - middle) and np.all(middle >= 0):
        values = np.diag(matrix)
        kept = np.where(values > NEGLIGIBLE * values.max(), values, 0.0)
        return balls(np.eye(n1)), balls(kept), balls(np.eye(n2))
    size = np.abs(matrix).max()
    U, values, Vt = np.linalg.svd(matrix / size)
    values = np.where(values > NEGLIGIBLE * values.max(), values, 0.0)
    A = balls(matrix) / arb(size)
    # Squares lose half of the digits, of which there are more than enough.
    _, left = eigenvectors(times(A, A.T), U, np.pad(values, (0, n1 - least)) ** 2)
    _, right = eigenvectors(times(A.T, A), Vt.T, np.pad(values, (0, n2 - least)) ** 2)
    sigma = balls(np.zeros(least))
    for i in np.flatnonzero(values):
        image = times(A.T, left[:, i : i + 1])
        sigma[i] = norm(image).mid()
        right[:, i] = middles(image[:, 0] / sigma[i])
    return left, sigma * arb(size), right


def norm(values: Array) -> arb:
    """The root of the sum of squares."""
    return sum((v * v for v in values.ravel()), arb(0)).sqrt()


def largest(values: Array) -> arb:
    """The largest absolute value, of the middles; not a number where one of them is not."""
    found = arb(0)
    for v in values.ravel():
        if not v.is_finite():
            return arb("nan")
        size = abs(v.mid())
        found = size if size > found else found
    return found


def _averaged(lam: Array, close: Array) -> Array:
    """One value for those that are close."""
    out = lam.copy()
    for i in range(len(lam)):
        same = np.flatnonzero(close[i])
        out[i] = sum(lam[same], arb(0)) / len(same)
    return middles(out)


def _from_flint(matrix: Any) -> Array:
    out = np.empty((matrix.nrows(), matrix.ncols()), dtype=object)
    out.ravel()[:] = matrix.entries()
    return out


class _Descending:
    """Turns an order round, of numbers that cannot all be negated exactly in double precision."""

    def __init__(self, value: arb):
        self.value = value

    def __lt__(self, other: _Descending) -> bool:
        return bool(self.value > other.value)
