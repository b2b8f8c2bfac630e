"""Take the measurements of a claim: all points at once or one by one, each look with new draws."""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from lemmata.verify.accuracy import Accuracy
from lemmata.verify.claim import Claim, Method
from lemmata.verify.domain import Point, stack
from lemmata.verify.interval import Number
from lemmata.verify.measurement import Measured, as_batch

#: looks at a claim, each with randomness of its own
SCREEN, SECOND, SEARCH, CONFIRM = range(4)
#: how much more effort goes into a second look, and into confirming a counterexample at the edge
HARDER = 4.0


@dataclass(frozen=True)
class Gauge:
    """One method of a claim, ready to measure at any point.

    **Fields:** the claim, one of its methods, the run's seed, and the effort of a first look.
    """

    claim: Claim
    method: Method
    seed: int
    effort: float

    def measure(
        self, points: Sequence[Point], look: int, *, found_by: int = SCREEN, plain: bool = False
    ) -> list[Measured]:
        """Measurements at the points; whatever the measurement raises passes through.

        `found_by` is the look that found what a look that confirms is to confirm, and `plain`,
        whether as much effort as it took will show it again.
        """
        found = self._effort(found_by) if look == CONFIRM else 0.0
        effort = found if look == CONFIRM and plain else self._effort(look)
        name = getattr(self.method.measure, "__name__", self.method.name)
        if self.method.batched and not self.claim.compare.exact:
            accuracy = self._accuracy(look, effort, points, found)
            return as_batch(self.method.measure(stack(list(points)), accuracy), len(points), name)
        measured: list[Measured] = []
        for point in points:
            accuracy = self._accuracy(look, effort, [point], found)
            try:
                measured += as_batch(self.method.measure(point, accuracy), 1, name)
            except BaseException as crash:
                crash.add_note(f"while {name!r} measured {point!r}")
                raise
        return measured

    def _effort(self, look: int) -> float:
        return self.effort * (HARDER if look in (SECOND, CONFIRM) else 1.0)

    def _accuracy(
        self, look: int, effort: float, points: Sequence[Point], found: float
    ) -> Accuracy:
        # What a search finds is measured afresh before it counts, so that it may use old draws.
        common = self.seed, SCREEN if look == SEARCH else look
        return Accuracy(effort, self._entropy(look, points), common, found)

    def _entropy(self, look: int, points: Sequence[Point]) -> tuple[int, ...]:
        # The points' own values are part of the name, so that a point measured alone repeats.
        return (
            self.seed,
            zlib.crc32(self.claim.id.encode()),
            zlib.crc32(self.method.name.encode()),
            look,
            zlib.crc32(repr([dict(point) for point in points]).encode()),
        )


def rational(claim: Claim, point: Point, fixed: Mapping[str, Any]) -> Point:
    """A nearby point with exact rational parameters, for a rule of exact algebra.

    Each is the one of least denominator within a two-hundredth of its interval, so that numbers
    stay small and points stay apart. What the user `fixed` keeps the decimal or the fraction that
    was written. Where rounding leaves the domain, the point itself is taken.
    """
    import sympy as sp

    values: dict[str, Any] = claim.domain.parameters(point)
    near = {
        name: sp.Rational(str(fixed[name]))
        if name in fixed
        else sp.Rational(_simplest(value, *claim.domain.box()[name]))
        for name, value in values.items()
    }
    candidate = claim.domain.point(**near)
    if claim.domain.broken(candidate) is None:
        return candidate
    exact = {name: near[name] if name in fixed else sp.Rational(v) for name, v in values.items()}
    return claim.domain.point(**exact)


def _simplest(value: Any, lo: Number, hi: Number) -> Fraction:
    """A fraction of small denominator close to the value, on the scale of its interval."""
    exact = Fraction(str(value)) if not isinstance(value, float) else Fraction(value)
    denominator = 1
    while True:
        near = exact.limit_denominator(denominator)
        if abs(near - exact) * 200 <= Fraction(hi) - Fraction(lo) and lo <= near <= hi:
            return near
        if denominator > exact.denominator:
            return exact
        denominator *= 2
