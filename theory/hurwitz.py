"""Stability without delay: all roots of a polynomial to the left of the imaginary axis.

Source: Gantmacher, The Theory of Matrices, volume 2 (1959), chapter XV, with the criterion of
Lienard and Chipart, which leaves out every second determinant.
"""

import sympy as sp
from sympy.core.relational import Relational
from sympy.logic.boolalg import Boolean


def hurwitz(polynomial: sp.Expr, variable: sp.Symbol) -> tuple[sp.Expr, ...]:
    """Expressions that are all positive if and only if every root has a negative real part.

    The leading coefficient is one.

    >>> x, a, b, c = sp.symbols("x a b c", real=True)
    >>> hurwitz(x**3 + a * x**2 + b * x + c, x)
    (a, b, c, a*b - c)
    """
    coefficients = sp.Poly(polynomial, variable).all_coeffs()
    n = len(coefficients) - 1

    def entry(i: int, j: int) -> sp.Expr:
        k = 2 * (j + 1) - (i + 1)
        return coefficients[k] if 0 <= k <= n else sp.Integer(0)

    sizes = range(n - 1, 1, -2)
    minors = (sp.Matrix(k, k, entry).det(method="berkowitz") for k in sizes)
    return tuple(sp.factor(one) for one in (*coefficients[1:], *minors))


def positive(expression: sp.Expr, where: tuple[Relational, ...]) -> Boolean:
    """`expression` > 0, without factors that are positive; true or false where that is known."""
    core = _core(expression)
    for condition in where:
        if isinstance(condition, (sp.Gt, sp.Lt)):
            known = _core(condition.gts - condition.lts)
            if sp.expand(core - known) == 0:
                return sp.true
            if sp.expand(core + known) == 0:
                return sp.false
    return sp.Gt(core, 0)


def _core(expression: sp.Expr) -> sp.Expr:
    """An expression of the same sign."""
    number, rest = sp.factor(expression).as_coeff_Mul()
    factors = [one for one in sp.Mul.make_args(rest) if not one.is_positive]
    odd = [one.base if one.is_Pow and one.exp.is_odd else one for one in factors]
    return sp.Mul(sp.sign(number), *odd)
