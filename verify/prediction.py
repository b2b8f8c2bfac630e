"""The predicted side of a claim: a formula, evaluated at points of the domain."""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from lemmata.verify.deferred import Deferred
from lemmata.verify.domain import Point, stack
from lemmata.verify.errors import Malformed
from lemmata.verify.measurement import real

if TYPE_CHECKING:
    from lemmata.theory.derivation import Derivation
    from lemmata.verify.claim import Claim


@dataclass(frozen=True)
class Prediction:
    """A formula in the domain's names, or (`expression` None) a function of a point.

    **Fields:**

    - `expression`: the SymPy expression, if there is one.
    - `function`: a point in, a number out, where there is no expression.
    - `derivation`: how the expression was derived, if it was.
    """

    expression: Any = None
    function: Callable[[Point], Any] | None = None
    derivation: Derivation | None = None

    def at(self, points: Sequence[Point]) -> np.ndarray:
        """Predicted values, shape `(n,)`, in float64; NaN where the formula is not real."""
        if self.expression is None:
            assert self.function is not None
            values = [real(self.function(point), "the predicted value") for point in points]
            return np.array([value.item() for value in values])
        # With many digits, for float64 loses them where terms cancel: (1 - cos x)/x^2.
        values = _in_digits(self.expression, points)
        for i in np.flatnonzero(np.isnan(values)):
            values[i] = _alone(self.expression, points[int(i)])
        if np.any(np.isnan(values)):  # a function that SymPy cannot evaluate, or no real number
            values = np.where(np.isnan(values), evaluate([self.expression], points)[0], values)
        return values

    def exactly_at(self, point: Mapping[str, Any]) -> Any:
        """The exact value at a rational point."""
        if self.expression is None:
            assert self.function is not None
            return self.function(Point(point))
        return self.expression.subs(_by_symbol(self.expression, point))


def predict(claim: Claim) -> Prediction:
    """Resolve what a claim predicts.

    **Raises:** `Malformed` if it is no formula, or one with symbols outside the domain.
    """
    import sympy as sp

    from lemmata.theory.derivation import Derivation

    predicted = claim.predicted
    if isinstance(predicted, Deferred) or (
        callable(predicted) and not takes_an_argument(predicted)
    ):
        predicted = predicted()
    if callable(predicted) and not isinstance(predicted, sp.Basic | Derivation):
        return Prediction(function=predicted)
    derivation = predicted if isinstance(predicted, Derivation) else None
    try:
        expression: Any = sp.sympify(derivation.statement if derivation else predicted)
    except sp.SympifyError:
        expression = None
    if not isinstance(expression, sp.Expr) or expression.is_Matrix:
        raise Malformed(
            f"claim {claim.id!r} predicts {predicted!r} ({type(predicted).__name__}); give a "
            "Derivation, a SymPy expression, a number, or a function of a point."
        )
    unknown = {str(symbol) for symbol in expression.free_symbols} - set(claim.domain.names)
    if unknown:
        raise Malformed(
            f"claim {claim.id!r} predicts {expression}, but {', '.join(sorted(unknown))} is not in "
            f"its domain ({', '.join(claim.domain.names) or 'no parameters'}); add the missing "
            "parameters or rename the symbols."
        )
    return Prediction(expression, derivation=derivation)


def evaluate(expressions: Sequence[Any], points: Sequence[Point]) -> np.ndarray:
    """Values of many expressions at many points, shape `(expressions, points)`; NaN if not real."""
    import sympy as sp

    names = sorted({str(s) for expression in expressions for s in expression.free_symbols})
    by_name = {name: sp.Symbol(name) for name in names}
    plain = [
        expression.xreplace({s: by_name[str(s)] for s in expression.free_symbols})
        for expression in expressions
    ]
    # Complex arithmetic, so that the root or logarithm of a negative number is seen, not hidden.
    batch = stack(list(points)) if names else Point({})
    arguments = [np.asarray(batch[name], dtype=complex) for name in names]
    with np.errstate(all="ignore"):
        try:
            # Mutants have nearly everything in common: compiled together, it is computed once.
            function = sp.lambdify(
                [by_name[n] for n in names], plain, modules=["numpy", "scipy"], cse=len(plain) > 1
            )
            rows = function(*arguments)
        except (ArithmeticError, NameError, NotImplementedError, TypeError, ValueError):
            # A function that NumPy and SciPy lack, or have for real arguments only.
            return np.array([[_alone(one, point) for point in points] for one in expressions])
    values: Any = np.array([np.broadcast_to(np.asarray(r, complex), len(points)) for r in rows])
    real = np.abs(values.imag) <= 1e-12 * np.abs(values.real)
    return np.where(real & np.isfinite(values), values.real, math.nan)


#: decimal digits of two evaluations that must agree in the first twenty
DIGITS = (40, 65)


def _in_digits(expression: Any, points: Sequence[Point]) -> np.ndarray:
    """Values at all points by mpmath, NaN where two precisions disagree or mpmath has no value.

    Much faster than SymPy's own evaluation on long formulas, in which it computes what occurs
    again and again each time.
    """
    import mpmath
    import sympy as sp

    values = np.full(len(points), math.nan)
    symbols = sorted(expression.free_symbols, key=str)
    try:
        function = sp.lambdify(symbols, expression, modules="mpmath", cse=True)
        for i, point in enumerate(points):
            exact = _by_symbol(expression, point)
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
    import mpmath
    import sympy as sp

    if isinstance(value, sp.Rational):
        return mpmath.mpf(int(value.p)) / int(value.q)
    return mpmath.mpmathify(value)


def _alone(expression: Any, point: Point) -> float:
    """One value by SymPy's own evaluation: slow, and good for every function it knows."""
    exact = {symbol: _exact(value) for symbol, value in _by_symbol(expression, point).items()}
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
    import sympy as sp

    return sp.Float(value, 60) if isinstance(value, float) else sp.sympify(value)


def _by_symbol(expression: Any, point: Mapping[str, Any]) -> dict[Any, Any]:
    return {symbol: point[str(symbol)] for symbol in expression.free_symbols}


def takes_an_argument(function: Callable[..., Any]) -> bool:
    """Whether the function must be given something, such as a point, rather than called bare."""
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        return True
    return any(p.default is p.empty and p.kind is not p.VAR_KEYWORD for p in parameters)
