"""Values of formulas at points, with more digits than float64 has."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import mpmath
import numpy as np
import sympy as sp
from sympy.concrete.expr_with_limits import ExprWithLimits

from lemmata.verify.domain import Point

#: decimal digits of evaluations, two of which must agree in the first twenty
DIGITS = (40, 65, 110)


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
    symbols = sorted(expression.free_symbols, key=str)
    try:
        function = sp.lambdify(symbols, expression, modules="mpmath", cse=not binds(expression))
        rows = [[_number(point[str(symbol)]) for symbol in symbols] for point in points]
        return np.array([_settled(function, row) for row in rows])
    except (ArithmeticError, AttributeError, NameError, TypeError, ValueError):
        return np.full(len(points), math.nan)


def _settled(function: Callable[..., Any], given: Sequence[Any]) -> float:
    """A value at rising precisions: two that agree, or zero where all that is left is rounding."""
    rows = []
    for digits in DIGITS:
        with mpmath.workdps(digits):
            rows.append(mpmath.mpmathify(function(*map(_to_mpmath, given))))
        if len(rows) > 1:
            coarse, fine = rows[-2:]
            same = abs(fine - coarse) <= mpmath.mpf(10) ** -20 * abs(fine)
            real = abs(mpmath.im(fine)) <= mpmath.mpf(10) ** -20 * abs(fine)
            if same:
                return float(mpmath.re(fine)) if real and mpmath.isfinite(fine) else math.nan
    # Terms that cancel leave noise, which falls as the precision rises.
    ten = mpmath.mpf(10)
    falls = all(
        mpmath.isfinite(coarse)
        and abs(fine) <= ten ** (15 - after) * max(1, abs(coarse) * ten**before)
        for coarse, fine, before, after in zip(rows, rows[1:], DIGITS, DIGITS[1:], strict=False)
    )
    return 0.0 if falls else math.nan


def _number(value: Any) -> Any:
    """What mpmath can take with all of its digits: a float as it is, the rest by SymPy."""
    return value if isinstance(value, float) else sp.sympify(value)


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
