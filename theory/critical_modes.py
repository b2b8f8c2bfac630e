r"""Null vectors of $\Delta(i \omega)$, and linear systems in $\Delta$: no pivot that is zero.

Entries are short names whose values SymPy does not see, so that an elimination may divide by what
is zero at every admissible point (a driven system has a zero in its left null vector). Which minors
are zero is found out in numbers, at random points.
"""

from collections.abc import Mapping, Sequence
from random import Random

import mpmath
import sympy as sp

from lemmata.theory.onset import NoClosedForm, Onset
from lemmata.theory.sampling import admissible_points, gaussian_rational

#: the values of short names at one admissible point
Values = dict[sp.Symbol, mpmath.mpc]

_DIGITS = 40
_ZERO = mpmath.mpf(10) ** -20


def short_values(onset: Onset, names: Mapping[sp.Symbol, sp.Expr]) -> tuple[Values, ...]:
    """What the names stand for at the onset, in numbers, at up to three admissible points."""
    parameters = sorted({*onset.system.parameters} - {onset.parameter}, key=str)
    where = [
        one for one in (*onset.system.where, *onset.conditions) if one.free_symbols <= {*parameters}
    ]
    compiled = sp.lambdify(parameters, list(names.values()), modules="mpmath", cse=True)
    found = []
    with mpmath.workdps(_DIGITS):
        for point in admissible_points(parameters, where, 3, Random(0)):
            numbers = compiled(*(gaussian_rational(point[one]) for one in parameters))
            found.append(dict(zip(names, map(mpmath.mpmathify, numbers), strict=True)))
    return tuple(found)


def null_vectors(
    matrix: sp.Matrix, state: Sequence[sp.Symbol], values: Sequence[Values]
) -> tuple[list[sp.Expr], list[sp.Expr]]:
    """Right null vector with first component one, and a left one, of a matrix of rank n - 1.

    **Raises:** NoClosedForm where the first component is zero, or the rank is less.
    """
    n = matrix.rows
    if n == 1:
        return [sp.Integer(1)], [sp.Integer(1)]
    regular = _regular(matrix, values)
    usable = [row for row in range(n) if (row, 0) in regular]
    if not regular:
        raise NoClosedForm(
            "two independent modes are critical at the same frequency; the normal form of a Hopf "
            "point has one pair."
        )
    if not usable:
        others = ", ".join(map(str, state[1:]))
        raise NoClosedForm(
            f"the state {state[0]} takes no part in the critical mode: the first component of its "
            f"null vector, which is to be one, is zero. Put another state first ({others})."
        )
    # The minor without row r and column c is, up to a factor, p_r q_c.
    row = usable[-1]
    kept = [i for i in range(n) if i != row]
    right = matrix.extract(kept, range(1, n)).LUsolve(-matrix.extract(kept, [0]))
    pivot, column = (0, n - 1) if (0, n - 1) in regular else (usable[0], 0)
    rows, columns = ([i for i in range(n) if i != one] for one in (pivot, column))
    rest = iter(matrix.extract(rows, columns).T.LUsolve(-matrix.extract([pivot], columns).T))
    left = [sp.Integer(1) if i == pivot else next(rest) for i in range(n)]
    return [sp.Integer(1), *right], left


def solve(matrix: sp.Matrix, right: sp.Matrix, values: Sequence[Values]) -> sp.Matrix:
    """The solution of a linear system, by elimination unless a pivot is zero in numbers.

    **Raises:** NoClosedForm where the matrix is singular.
    """
    if not any(right):
        return sp.zeros(matrix.rows, 1)
    try:
        found = matrix.LUsolve(right)
    except sp.matrices.exceptions.NonInvertibleMatrixError:
        found = None
    if found is not None and all(_solves(matrix, found, right, one) for one in values):
        return found
    determinant = matrix.det(method="berkowitz")
    if any(_is_zero(sp.Matrix([determinant]), one) for one in values):
        raise NoClosedForm(
            "at the onset another root is critical, too: zero, or twice the frequency; the normal "
            "form of a Hopf point has one pair."
        )
    return matrix.adjugate(method="berkowitz") * right / determinant


def _regular(matrix: sp.Matrix, values: Sequence[Values]) -> set[tuple[int, int]]:
    """The minors, by row and column left out, that are not zero at any of the points."""
    n = matrix.rows
    every = {(i, j) for i in range(n) for j in range(n)}
    with mpmath.workdps(_DIGITS):
        for at in values:
            numbers = _numbers(matrix, at)
            size = max(1, mpmath.mnorm(numbers, 1)) ** (n - 1)
            for i, j in tuple(every):
                rows, columns = ([k for k in range(n) if k != one] for one in (i, j))
                minor = mpmath.matrix([[numbers[a, b] for b in columns] for a in rows])
                if abs(mpmath.det(minor)) < _ZERO * size:
                    every.discard((i, j))
    return every


def _solves(matrix: sp.Matrix, found: sp.Matrix, right: sp.Matrix, at: Values) -> bool:
    with mpmath.workdps(_DIGITS):
        try:
            whole, solution, wanted = (_numbers(one, at) for one in (matrix, found, right))
        except ZeroDivisionError:
            return False
        size = max(1, mpmath.mnorm(whole, 1)) * max(1, mpmath.norm(solution))
        return bool(mpmath.norm(whole * solution - wanted) <= _ZERO * size)


def _is_zero(matrix: sp.Matrix, at: Values) -> bool:
    with mpmath.workdps(_DIGITS):
        return bool(abs(_numbers(matrix, at)[0, 0]) < _ZERO)


def _numbers(matrix: sp.Matrix, at: Values) -> mpmath.matrix:
    symbols = sorted(matrix.free_symbols & {*at}, key=str)
    compiled = sp.lambdify(symbols, matrix.tolist(), modules="mpmath", cse=True)
    return mpmath.matrix(compiled(*(at[one] for one in symbols)))
