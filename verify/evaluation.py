"""Values of formulas at points, with more digits than float64 has."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import mpmath
import numpy as np
import sympy as sp
from sympy.concrete.expr_with_limits import ExprWithLimits

from lemmata.verify.domain import Point

#: decimal digits of two evaluations that must agree in the first twenty
DIGITS = (40, 65)


def binds(expression: Any) -> bool:
    """Whether some symbol is bound in it (the index of a sum, say): its parts are not for sharing.

    SymPy's `cse` would take a part with the index out of the sum.
    """
    return expression.has(ExprWithLimits, sp.Derivative, sp.Lambda, sp.RootOf, sp.Subs)


def in_digits(expression: Any, points: Sequence[Point]) -> np.ndarray:
    """Values at all points by mpmath, NaN where two precisions disagree or mpmath has no value.

    Much faster than SymPy's own evaluation on long formulas, in which it computes what occurs
    again and again each time.
    """
    values = np.full(len(points), math.nan)
    symbols = sorted(expression.free_symbols, key=str)
    try:
        function = sp.lambdify(symbols, expression, modules="mpmath", cse=not binds(expression))
        for i, point in enumerate(points):
            exact = by_symbol(expression, point)
            rows = []
            for digits in DIGITS:
                with mpmath.workdps(digits):
                    given = [_exact(exact[symbol]) for symbol in symbols]
                    rows.append(mpmath.mpmathify(function(*map(_to_mpmath, given))))
            coarse, fine = rows
            with mpmath.workdps(DIGITS[1]):
                same = abs(fine - coarse) <= mpmath.mpf(10) ** -20 * abs(fine)
                real = abs(mpmath.im(fine)) <= mpmath.mpf(10) ** -20 * abs(fine)
                if same and real and mpmath.isfinite(fine):
                    values[i] = float(mpmath.re(fine))
    except (ArithmeticError, AttributeError, NameError, TypeError, ValueError):
        return np.full(len(points), math.nan)
    return values


def _to_mpmath(value: Any) -> Any:
    if isinstance(value, sp.Rational):
        return mpmath.mpf(int(value.p)) / int(value.q)
    return mpmath.mpmathify(value)


def alone(expression: Any, point: Point) -> float:
    """One value by SymPy's own evaluation: slow, and good for every function it knows."""
    exact = {symbol: _exact(value) for symbol, value in by_symbol(expression, point).items()}
    value = complex(math.nan)
    # The first way keeps its digits where terms cancel; the second knows more functions.
    for way in (lambda: expression.evalf(20, subs=exact), lambda: expression.subs(exact).evalf(20)):
        try:
            value = complex(way())
        except (TypeError, ValueError, ZeroDivisionError):
            continue
        break
    real = abs(value.imag) <= 1e-12 * abs(value.real) and math.isfinite(value.real)
    return value.real if real else math.nan


def _exact(value: Any) -> Any:
    """The number with all of its binary digits: SymPy would take 15 decimals of a float."""
    return sp.Float(value, 60) if isinstance(value, float) else sp.sympify(value)


def by_symbol(expression: Any, point: Mapping[str, Any]) -> dict[Any, Any]:
    """The values of the symbols of an expression."""
    return {symbol: point[str(symbol)] for symbol in expression.free_symbols}
