"""Covariance matrices that may have no full rank: whether they are any, and systems with them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sympy as sp

from lemmata.theory.program_inputs import matrix_of

# Rounding leaves about this much, relative to the variance, where a variance is zero.
ROUNDING = 1e-13


def covariance_matrix(entries: Sequence[Sequence[Any]], what: str) -> sp.ImmutableMatrix:
    """The entries as a matrix, once they are a covariance.

    **Raises:** ValueError where it is not finite, square, symmetric and positive semidefinite.
    """
    matrix = matrix_of(entries, what)
    if matrix.rows != matrix.cols or matrix != matrix.T:
        raise ValueError(
            f"{what}: covariance {matrix.tolist()} is not symmetric; give one row and one column "
            "for each vector, and the same covariance in both orders."
        )
    rest = matrix.copy()
    for k in range(matrix.rows):
        variance, column = sp.simplify(rest[k, k]), rest[:, k]
        if is_zero(variance, matrix[k, k], ROUNDING):
            # With no variance left, what is left of the covariances has to be rounding, too.
            bound = [matrix[k, k] * matrix[i, i] for i in range(matrix.rows)]
            wrong = any(not is_zero(c**2, b, ROUNDING) for c, b in zip(column, bound, strict=True))
        else:
            wrong = variance.is_nonnegative is not True
            rest = rest - column * column.T / variance
        if wrong:
            raise ValueError(
                f"{what}: covariance {matrix.tolist()} is not positive semidefinite (entry {k} "
                f"has variance {variance} given those before it); correct it, or declare its "
                "symbols as positive."
            )
    return sp.ImmutableMatrix(matrix)


def solve_semidefinite(C: sp.Matrix, v: sp.Matrix, accuracy: float) -> list[sp.Expr]:
    """A solution a of C a = v, for v in the range of C; any two differ by null vectors of C.

    **Arguments:** `accuracy` is the relative error of the entries, 0 for exact ones.

    **Raises:** ValueError where C has no full rank or nearly so, and the errors of its entries do
    not let one tell which.
    """
    rest, kept = C.copy(), []
    for k in range(C.rows):
        tolerance = 10 * max(accuracy, ROUNDING)
        if is_zero(rest[k, k], C[k, k], tolerance):
            continue
        if is_zero(rest[k, k], C[k, k], 1e3 * tolerance):
            raise ValueError(
                f"of the variance {sp.N(C[k, k], 6)} of a Gaussian only {sp.N(rest[k, k], 3)} is "
                f"not determined by others, too little to tell from zero at accuracy {accuracy}; "
                "take expectations more accurately, or make the vectors less alike."
            )
        kept.append(k)
        column = rest[:, k]
        rest = rest - column * column.T / rest[k, k]
    solution = [sp.Integer(0)] * C.rows
    if kept:
        found = C.extract(kept, kept).LUsolve(v.extract(kept, [0]))
        for k, value in zip(kept, found, strict=True):
            solution[k] = sp.cancel(value) if value.free_symbols else value
    return solution


def is_zero(value: sp.Expr, scale: sp.Expr, tolerance: float) -> bool:
    """Whether it is zero: relative to the scale where it is a floating-point number."""
    if value.has(sp.Float) and value.is_number:
        return bool(abs(value) <= tolerance * abs(sp.N(scale)))
    if value.is_number and abs(value.evalf(30, maxn=200)) > 1e-20 * abs(sp.N(scale)):
        return False  # simplifying would tell the same, and may take long
    return sp.simplify(value) == 0
