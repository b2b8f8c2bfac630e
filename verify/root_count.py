"""Count the zeros of an entire function to the right of a line, by the argument principle.

The zeros in a rectangle are the turns of the function's value about 0 along the boundary. The
boundary is halved into pieces until the ball of values on each excludes 0: it then lies in one of
four half planes (right, upper, left, lower), and neighbouring pieces, which share a value, lie in
half planes that are the same or a quarter turn apart. So the turns are counted in whole numbers.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from typing import Any

import sympy as sp
from flint import acb, arb, fmpq

from lemmata.verify.balls import (
    PRECISION,
    BallFunction,
    compile_balls,
    exact,
    fraction,
    span,
    without_floats,
    working,
)
from lemmata.verify.certificate import Certificate
from lemmata.verify.errors import UsageError
from lemmata.verify.root_radius import root_radius

_ENTIRE = (sp.exp, sp.sin, sp.cos, sp.sinh, sp.cosh)

#: ranges of parameters are halved down to this share of what they were
NARROWEST = fmpq(1, 64)
#: and not at all where they are as narrow as an enclosure
NEGLIGIBLE = fmpq(1, 1 << 30)

Complex = tuple[fmpq, fmpq]
Ranges = tuple[tuple[fmpq, fmpq], ...]
#: whole turns, or None; how many pieces were looked at; why it is undecided
Turns = tuple[int | None, int, str]


@dataclass(frozen=True)
class RootCount:
    """How many zeros, with multiplicity, lie to the right of a line.

    **Fields:**

    - `count`: the number, proved; None if it is undecided, for the `reason`.
    - `right_of`: the line Re = `right_of`.
    - `radius`: no zero to the right of the line is farther from 0 than this.
    - `pieces`: of the contour that were looked at.
    - `precision`: in bits.
    """

    count: int | None
    right_of: Fraction
    radius: Fraction
    pieces: int
    precision: int
    reason: str = ""

    def certificate(self, claimed: int) -> Certificate:
        """The statement that there are as many as claimed, proved, disproved or undecided."""
        if self.count is None:
            status, reason = "undecided", self.reason
        elif self.count == claimed:
            status, reason = "proved", ""
        else:
            status, reason = "disproved", f"there are {self.count}"
        where = f"Re > {self.right_of}"
        zeros = f"{claimed} zero" if claimed == 1 else f"{claimed or 'no'} zeros"
        return Certificate(
            f"{zeros} with {where}", status, self.pieces, self.precision, reason=reason
        )


def count_right_half_plane(
    chi: Any,
    lambda_: Any,
    *,
    at: Mapping[str, Any] | None = None,
    right_of: Any = 0,
    radius: Any = None,
    max_pieces: int = 50_000,
    precision: int = PRECISION,
) -> RootCount:
    """Count the zeros of `chi` with real part above `right_of`, with multiplicity.

    **Arguments:**

    - `chi`: a SymPy expression, entire in `lambda_` (a symbol or its name): sums, products,
      natural powers, exp, sin, cos, sinh and cosh. Multiply by denominators first.
    - `at`: every other symbol's value by name: an exact number, or `(lo, hi)`, and then the count
      holds for each value between. The ranges are halved where that helps.
    - `right_of`: an exact number; a zero on the line itself leaves the count undecided.
    - `radius`: how far from 0 such zeros can lie. Without one it is derived, for sums of
      c lambda^k exp(-d lambda) with d >= 0 in which lambda^n, n the highest power, leads.
    - `max_pieces`: how many pieces of the contour may be looked at.
    - `precision`: in bits.

    **Raises:** `UsageError` for a function that is not entire, a symbol without a value, and where
    no radius can be derived.
    """
    name, at = str(lambda_), dict(at or {})
    names = (name, *at)
    chi = without_floats(chi)
    symbol = sp.Symbol(name)
    chi = chi.xreplace({s: symbol for s in chi.free_symbols if str(s) == name})
    _check_entire(chi, symbol)
    line = exact(right_of, "right_of")
    contour = _Contour(compile_balls([chi, sp.diff(chi, symbol)], names), max_pieces)
    ranges = tuple(_range(parameter, value) for parameter, value in at.items())
    with working(precision):
        if radius is None:
            far = root_radius(chi, symbol, tuple(at), ranges, line)
        else:
            far = exact(radius, "radius")
            if far <= 0:
                raise UsageError(f"radius={radius!r}; give a positive number.")
        count, pieces, reason = (0, 0, "") if line >= far else contour.over(ranges, line, far + 1)
    return RootCount(count, fraction(line), fraction(far), pieces, precision, reason)


@dataclass(frozen=True)
class _Contour:
    function: BallFunction
    max_pieces: int

    def over(self, ranges: Ranges, left: fmpq, far: fmpq) -> Turns:
        """The turns for every value of the parameters, whose ranges are halved as need be."""
        waiting, found, looked = [ranges], None, 0
        while waiting:
            sides = waiting.pop()
            axis = _widest(sides, ranges)
            shortest = far / (1 << (60 if axis is None else 12))
            parameters = [span(*side) for side in sides]
            count, pieces, reason = self.turns(
                parameters, left, far, shortest, self.max_pieces - looked
            )
            looked += pieces
            if count is None:
                if axis is None or looked >= self.max_pieces:
                    return None, looked, reason
                lo, hi = sides[axis]
                middle = (lo + hi) / 2
                for half in ((middle, hi), (lo, middle)):
                    waiting += [(*sides[:axis], half, *sides[axis + 1 :])]
            elif found is not None and count != found:
                both = f"there are {found} for some of the parameters and {count} for others"
                return None, looked, both
            else:
                found = count
        return found, looked, ""

    def turns(
        self, parameters: list[Any], left: fmpq, far: fmpq, shortest: fmpq, most: int
    ) -> Turns:
        """Turns of the value about 0 along the rectangle [left, far] x [-far, far]."""
        corners = [(left, -far), (far, -far), (far, far), (left, far), (left, -far)]
        waiting = list(pairwise(corners))[::-1]
        quarters, looked, first, last = 0, 0, None, 0
        while waiting:
            start, end = waiting.pop()
            looked += 1
            here = self._half_plane(parameters, start, end)
            if here is None:
                if looked >= most or _length(start, end) < shortest:
                    return None, looked, _undecided(start, end, looked)
                middle = ((start[0] + end[0]) / 2, (start[1] + end[1]) / 2)
                waiting += [(middle, end), (start, middle)]
                continue
            if first is None:
                first = last = here
            quarters += _step(last, here)
            last = here
        assert first is not None
        quarters += _step(last, first)
        return quarters // 4, looked, ""

    def _half_plane(self, parameters: list[Any], start: Complex, end: Complex) -> int | None:
        """The half plane, in quarter turns, that holds all values on the piece; None if unknown."""
        ball = acb(span(*sorted((start[0], end[0]))), span(*sorted((start[1], end[1]))))
        value, slope = (acb(v) for v in self.function(ball, *parameters))
        found = _half_plane(value)
        if found is not None:
            return found
        middle = acb(arb((start[0] + end[0]) / 2), arb((start[1] + end[1]) / 2))
        centre = acb(self.function(middle, *parameters)[0])
        return _half_plane(centre + slope * (ball - middle))


def _half_plane(value: Any) -> int | None:
    for quarter, positive in enumerate((value.real, value.imag, -value.real, -value.imag)):
        if positive > 0:
            return quarter
    return None


def _step(last: int, here: int) -> int:
    """From one half plane to the next, in quarter turns; opposite ones have no point in common."""
    turn = (here - last) % 4
    assert turn != 2, "values shared by two pieces lie in opposite half planes"
    return turn if turn < 2 else -1


def _undecided(start: Complex, end: Complex, looked: int) -> str:
    at = f"{_complex(start)} and {_complex(end)}"
    return (
        f"after {looked} pieces, a zero may lie on the contour between {at}; move the line, or "
        "narrow the parameters"
    )


def _complex(point: Complex) -> str:
    return f"{float(fraction(point[0])):.9g} + {float(fraction(point[1])):.9g} i"


def _length(start: Complex, end: Complex) -> fmpq:
    return abs(end[0] - start[0]) + abs(end[1] - start[1])


def _widest(sides: Ranges, first: Ranges) -> int | None:
    """The range that is the largest share of what it was; None if all are narrow."""
    shares = [
        (hi - lo) / (last - begin) if last - begin > NEGLIGIBLE else fmpq(0)
        for (lo, hi), (begin, last) in zip(sides, first, strict=True)
    ]
    widest = max(shares, default=fmpq(0))
    return shares.index(widest) if widest > NARROWEST else None


def _range(name: str, value: Any) -> tuple[fmpq, fmpq]:
    if not isinstance(value, tuple):
        number = exact(value, name)
        return number, number
    lo, hi = (exact(end, f"an end of {name}") for end in value)
    if lo > hi:
        raise UsageError(f"the range of {name} is {value!r}; give the smaller end first.")
    return lo, hi


def _check_entire(chi: Any, symbol: Any) -> None:
    for node in sp.preorder_traversal(chi):
        if symbol not in node.free_symbols or node == symbol:
            continue
        power = isinstance(node, sp.Pow) and node.exp.is_Integer and node.exp >= 0
        if not (isinstance(node, (sp.Add, sp.Mul, *_ENTIRE)) or power):
            raise UsageError(
                f"{node} is not seen to be entire in {symbol}, and zeros are counted for entire "
                "functions alone: sums, products, natural powers, exp, sin, cos, sinh, cosh. "
                "Multiply the equation by its denominators."
            )
