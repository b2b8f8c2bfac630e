"""`Identity`: two exact expressions are the same number at every point."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, ClassVar

from lemmata.verify.compare.base import (
    Agreement,
    Comparison,
    ErrorKind,
    Estimate,
    Judgement,
)
from lemmata.verify.measurement import Exact

#: decimal digits of the evaluation, and how many of them must vanish or stay for a decision
DIGITS = 60
VANISHED = 45
STANDS = 25


@dataclass(frozen=True)
class ExactEstimate(Estimate):
    """An estimate that keeps its exact value beside the float that is shown."""

    exact: Any = None


@dataclass(frozen=True, kw_only=True)
class Identity(Comparison):
    """Exact algebra at rational points: no margin, no numerics.

    The measurement is handed exact rational parameters and returns an `Exact` value by another
    route than the formula's (a definition, a recursion, a finite sum). Rational differences are
    decided exactly; others by evaluation to 60 digits, where a difference below 1e-45 of the terms
    counts as none, above 1e-25 as one, and anything between as undecided.
    """

    because: str = "exact algebra has no margin"
    kind: ClassVar[str] = "identity"
    reads = Exact
    exact: ClassVar[bool] = True

    def accepts(self, predicted: float) -> tuple[float, float]:
        return predicted, predicted

    def error_kind(self) -> ErrorKind:
        return "none"

    def read(self, measured: Exact, alpha: float) -> Estimate:
        value = _float(measured.value)
        return ExactEstimate(value, value, value, exact=measured.value)

    def judge(self, predicted: Any, estimate: Estimate) -> Judgement:
        """Decide one point from two exact values."""
        import sympy as sp

        if not isinstance(estimate, ExactEstimate):  # no measurement, and it says why
            return super().judge(_float(predicted), estimate)
        left, right = sp.sympify(predicted), sp.sympify(estimate.exact)
        value = _float(left)
        agreement = _agreement(left, right)
        if agreement is not Agreement.UNRESOLVED:
            return Judgement(value, estimate, (value, value), agreement)
        return Judgement(
            value, estimate, (value, value), agreement,
            f"{DIGITS} digits do not tell whether {left - right} vanishes",
            "values that SymPy can evaluate exactly",
        )  # fmt: skip


def _agreement(left: Any, right: Any) -> Agreement:
    """Whether the difference of two exact numbers vanishes, beside the terms that they sum."""
    import sympy as sp
    from sympy.core.evalf import PrecisionExhausted

    difference = left - right
    if difference.is_Rational:
        return Agreement.AGREES if difference == 0 else Agreement.DISAGREES
    sides = (left, right)
    try:
        gap = abs(difference.evalf(DIGITS, strict=True))
    except PrecisionExhausted:  # a zero hides in it, perhaps behind a factor
        gap = abs(difference.evalf(DIGITS))
        sides = tuple(sp.expand(side) for side in sides)
    terms = [abs(term.evalf(DIGITS)) for side in sides for term in sp.Add.make_args(side)]
    if not all(number.is_Number and number.is_finite for number in (gap, *terms)):
        return Agreement.UNRESOLVED
    # In SymPy's numbers, which neither underflow nor overflow.
    if gap <= max(terms) * sp.Rational(1, 10**VANISHED):
        return Agreement.AGREES
    stands = gap >= max(terms) * sp.Rational(1, 10**STANDS)
    return Agreement.DISAGREES if stands else Agreement.UNRESOLVED


def _float(value: Any) -> float:
    import sympy as sp

    try:
        return float(sp.sympify(value).evalf(20))
    except TypeError:  # complex, or still symbolic
        return math.nan
