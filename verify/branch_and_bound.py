"""Prove that an expression keeps its sign all over a box of parameters, by branch and bound.

A box is settled where ball arithmetic bounds the expression away from zero, either as it stands or
in centred form, f(c) + sum f_i(X) (X_i - c_i), after every variable in which f is monotone over the
box was put to the end where f is least (Moore, Kearfott and Cloud, Introduction to Interval
Analysis (2009), chapters 6 and 11). A box that is not settled is halved.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sympy as sp
from flint import arb, fmpq

from lemmata.verify.balls import (
    COMPLEX,
    PRECISION,
    BallFunction,
    compile_balls,
    exact,
    fraction,
    in_real_names,
    span,
    working,
)
from lemmata.verify.certificate import NAMED, Certificate
from lemmata.verify.errors import UsageError

#: boxes of this share of the first one, along every axis, are halved no further
SMALLEST = fmpq(1, 1 << 40)

Corner = tuple[fmpq, ...]
Sides = tuple[tuple[fmpq, fmpq], ...]


def prove_sign(
    expression: Any,
    box: Mapping[str, tuple[Any, Any]],
    where: Sequence[Any] = (),
    sign: int = +1,
    *,
    max_boxes: int = 20_000,
    precision: int = PRECISION,
    statement: str = "",
) -> Certificate:
    """Prove that a real expression is positive (`sign=-1`: negative) all over a closed box.

    **Arguments:**

    - `expression`: a SymPy expression, real on the box; its symbols are the box's names.
    - `box`: `{name: (lo, hi)}`, both ends included and exact; a float counts as the binary number
      that it is. Where an end is infinite, substitute first (`compactified`).
    - `where`: side conditions, inequalities in SymPy; points that break one are not looked at.
    - `sign`: +1 or -1.
    - `max_boxes`: how many boxes may be looked at before the rest is called undecided.
    - `precision`: in bits.
    - `statement`: how the certificate words it, where the expression itself is too long.

    **Returns:** a `Certificate`: disproved only with an exact point where all conditions surely
    hold and the sign surely fails, and undecided with the boxes that stayed open. So is every
    expression that touches zero inside the box, and one that is not defined on it.

    **Raises:** `UsageError` for a malformed box, condition or sign, for a symbol without a range,
    for functions that ball arithmetic here does not know, and where the conditions surely leave
    nothing of the box.
    """
    if sign not in (1, -1):
        raise UsageError(f"sign={sign!r}; give +1 for positive or -1 for negative.")
    if not isinstance(max_boxes, int) or max_boxes < 1:
        raise UsageError(f"max_boxes={max_boxes!r}; give a number of at least 1.")
    if isinstance(where, sp.Basic):
        raise UsageError(f"where={where}; give the conditions in a tuple: ({where},).")
    if not isinstance(sp.sympify(expression), sp.Expr):
        raise UsageError(f"{expression} is no expression that has a sign; give left - right.")
    names = tuple(box)
    sides = tuple(_side(name, box[name]) for name in names)
    conditions = [part for one in where for part in _parts(one)]
    expression = in_real_names(expression, names)
    search = _Search(
        names,
        compile_balls([sign * expression], names),
        _gradient(sign * expression, names),
        tuple(_Condition.of(one, names) for one in conditions),
        sides,
    )
    says = statement or _statement(expression, sign, names, sides, conditions)
    with working(precision):
        return search.run(says, max_boxes, precision)


@dataclass(frozen=True)
class _Condition:
    """`left - right` is positive, or (`strict` False) not negative."""

    difference: BallFunction
    strict: bool

    @staticmethod
    def of(relation: Any, names: Sequence[str]) -> _Condition:
        difference = relation.gts - relation.lts
        strict = isinstance(relation, sp.StrictGreaterThan | sp.StrictLessThan)
        return _Condition(compile_balls([in_real_names(difference, names)], names), strict)

    def holds(self, balls: Sequence[Any]) -> bool:
        value = _one(self.difference, balls)
        return bool(value > 0) if self.strict else bool(value >= 0)

    def fails(self, balls: Sequence[Any]) -> bool:
        value = _one(self.difference, balls)
        return bool(value <= 0) if self.strict else bool(value < 0)


@dataclass(frozen=True)
class _Search:
    names: tuple[str, ...]
    value: BallFunction
    gradient: BallFunction | None
    where: tuple[_Condition, ...]
    start: Sides

    def run(self, statement: str, max_boxes: int, precision: int) -> Certificate:
        """Breadth first, so that what stays open when the budget ends is as small as can be."""
        waiting, stuck, looked, outside = deque([self.start]), [], 0, 0
        while waiting and looked < max_boxes:
            sides = waiting.popleft()
            looked += 1
            balls = [span(*side) for side in sides]
            if any(condition.fails(balls) for condition in self.where):
                outside += 1
                continue
            value = _one(self.value, balls)
            if value > 0:
                continue
            # A value that is not finite may hide a jump, across which no derivative tells.
            slopes = self._slopes(balls) if value.is_finite() else None
            if slopes and self._least(sides, balls, slopes) > 0:
                continue
            middle = tuple((lo + hi) / 2 for lo, hi in sides)
            if self._fails(middle):
                witness = {n: fraction(m) for n, m in zip(self.names, middle, strict=True)}
                return Certificate(statement, "disproved", looked, precision, witness=witness)
            axis = self._axis(sides, slopes)
            if axis is None:
                stuck.append(sides)
                continue
            lo, hi = sides[axis]
            for half in ((lo, middle[axis]), (middle[axis], hi)):
                waiting.append((*sides[:axis], half, *sides[axis + 1 :]))
        # As many boxes end as there were halvings, and one more.
        if outside == (looked + 1) // 2 and not waiting and not stuck:
            raise UsageError(
                "no point of the box satisfies the conditions in `where`: there is nothing to "
                "prove; widen the box, or correct the conditions."
            )
        left = [*stuck, *waiting]
        reason = f"stopped at max_boxes={max_boxes}" if waiting else ""
        return Certificate(
            statement, "undecided" if left else "proved", looked, precision,
            tuple(self._named(sides) for sides in left[:NAMED]), len(left), reason=reason,
        )  # fmt: skip

    def _slopes(self, balls: Sequence[Any]) -> list[Any] | None:
        """The derivatives over a box, if there are any that can be computed there."""
        slopes = self.gradient(*balls) if self.gradient else None
        real = slopes is not None and all(isinstance(s, arb) and s.is_finite() for s in slopes)
        return slopes if real else None

    def _least(self, sides: Sides, balls: Sequence[Any], slopes: Sequence[Any]) -> Any:
        """A ball below whose lower end the value does not fall, anywhere in the box."""
        centres, spread = [], arb(0)
        for (lo, hi), ball, slope in zip(sides, balls, slopes, strict=True):
            falling = slope < 0
            if slope > 0 or falling:
                centres.append(arb(hi if falling else lo))
            else:
                centre = arb((lo + hi) / 2)
                centres.append(centre)
                spread += slope * (ball - centre)
        return _one(self.value, centres) + spread

    def _fails(self, point: Corner) -> bool:
        balls = [arb(value) for value in point]
        return bool(_one(self.value, balls) <= 0) and all(c.holds(balls) for c in self.where)

    def _axis(self, sides: Sides, slopes: Sequence[Any] | None) -> int | None:
        """The axis to halve: along which the value changes most, or else the widest."""
        best, most = None, None
        for axis, ((lo, hi), (first, last)) in enumerate(zip(sides, self.start, strict=True)):
            share = (hi - lo) / (last - first) if last > first else fmpq(0)
            if share <= SMALLEST:
                continue
            change = arb(hi - lo) * slopes[axis].abs_upper() if slopes else arb(share)
            if most is None or change.mid() > most:
                best, most = axis, change.mid()
        return best

    def _named(self, sides: Sides) -> dict[str, Any]:
        return {
            name: (fraction(lo), fraction(hi))
            for name, (lo, hi) in zip(self.names, sides, strict=True)
        }


def _one(function: BallFunction, balls: Sequence[Any]) -> Any:
    (value,) = function(*balls)
    if not isinstance(value, arb):
        raise UsageError(COMPLEX)
    return value


def _gradient(expression: Any, names: Sequence[str]) -> BallFunction | None:
    """The derivatives, or None where one holds a function that is not known."""
    slopes = [sp.diff(expression, sp.Symbol(name, real=True)) for name in names]
    try:
        return compile_balls(slopes, names)
    except UsageError:
        return None


def _side(name: str, ends: tuple[Any, Any]) -> tuple[fmpq, fmpq]:
    try:
        lo, hi = ends
    except (TypeError, ValueError):
        raise UsageError(f"the range of {name} is {ends!r}; give two ends, (lo, hi).") from None
    low, high = exact(lo, f"the lower end of {name}"), exact(hi, f"the upper end of {name}")
    if low > high:
        raise UsageError(f"the range of {name} is ({lo}, {hi}); give the smaller end first.")
    return low, high


def _parts(condition: Any) -> list[Any]:
    """The inequalities that a condition is made of."""
    if condition is sp.true or condition is True:
        return []
    if isinstance(condition, sp.And):
        return [part for one in condition.args for part in _parts(one)]
    kinds = sp.StrictGreaterThan | sp.GreaterThan | sp.StrictLessThan | sp.LessThan
    if not isinstance(condition, kinds):
        raise UsageError(
            f"the side condition {condition!r} is no inequality; give a < b, a <= b, a > b or "
            "a >= b in SymPy (solve an equation for one symbol and substitute it)."
        )
    return [condition]


def _statement(
    expression: Any, sign: int, names: Sequence[str], sides: Sides, where: Sequence[Any]
) -> str:
    ranges = ", ".join(f"{n} in [{lo}, {hi}]" for n, (lo, hi) in zip(names, sides, strict=True))
    text = f"{expression} {'>' if sign > 0 else '<'} 0"
    text += f" for {ranges}" if ranges else ""
    return text + (" where " + ", ".join(str(one) for one in where) if where else "")
