"""Enclose a root of square equations: that there is one, that it is the only one, and where.

Krawczyk's operator K(X) = m - Y F(m) + (1 - Y F'(X)) (X - m), with m the middle of the box X and Y
near the inverse of F'(m): if K(X) lies inside X, then X holds exactly one root, and so does K(X)
(Moore, Kearfott and Cloud, Introduction to Interval Analysis (2009), theorem 8.2).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import sympy as sp
from flint import arb, arb_mat, ctx

from lemmata.verify.balls import (
    PRECISION,
    BallFunction,
    compile_balls,
    ends,
    exact,
    in_real_names,
    working,
)
from lemmata.verify.errors import UsageError

#: Newton steps from the start, and widenings of the box, before it is given up
STEPS, WIDENINGS = 60, 40


class Unproved(ArithmeticError):
    """No root could be proved near the start."""


@dataclass(frozen=True)
class Enclosure:
    """Exactly one root lies in this box, and it is simple.

    **Fields:**

    - `box`: `{name: (lo, hi)}`, exact fractions.
    - `apart`: the larger box, around it, in which it is the only root.
    - `precision`: of the ball arithmetic, in bits.
    """

    box: Mapping[str, tuple[Fraction, Fraction]]
    apart: Mapping[str, tuple[Fraction, Fraction]]
    precision: int

    def __getitem__(self, name: str) -> tuple[Fraction, Fraction]:
        return self.box[name]

    @property
    def values(self) -> dict[str, float]:
        """The middle of the box, rounded."""
        return {name: float((lo + hi) / 2) for name, (lo, hi) in self.box.items()}

    @property
    def radius(self) -> float:
        """Half the largest side of the box."""
        return max(float(hi - lo) for lo, hi in self.box.values()) / 2


def enclose_root(
    equations: Sequence[Any],
    unknowns: Sequence[Any],
    start: Mapping[str, Any],
    *,
    precision: int = PRECISION,
) -> Enclosure:
    """Enclose the root of real equations to which Newton's method leads from `start`.

    **Arguments:** as many SymPy expressions, to vanish, as unknowns (symbols or names); a number
    for each unknown by name; the precision in bits. Parameters are to be put in beforehand.

    **Raises:** `UsageError` for another number of equations than of unknowns, a missing start or a
    symbol that is no unknown; `Unproved` where Newton's method does not settle, and at a root that
    is not simple.
    """
    names = tuple(str(unknown) for unknown in unknowns)
    if len(equations) != len(names) or not names:
        raise UsageError(
            f"{len(equations)} equations for {len(names)} unknowns ({', '.join(names)}); give as "
            "many of one as of the other."
        )
    missing = [name for name in names if name not in start]
    if missing:
        raise UsageError(f"no start for {', '.join(missing)}; give a number near the root.")
    real = [in_real_names(equation, names) for equation in equations]
    rows = [sp.diff(e, sp.Symbol(name, real=True)) for e in real for name in names]
    system = _System(compile_balls(real, names), compile_balls(rows, names), names)
    with working(precision):
        first = [arb(exact(start[name], f"the start of {name}")) for name in names]
        return system.enclose(first, precision)


@dataclass(frozen=True)
class _System:
    value: BallFunction
    slopes: BallFunction
    names: tuple[str, ...]

    def enclose(self, start: list[Any], precision: int) -> Enclosure:
        point, step = self._settle(start)
        spread = step * 4 + arb(2) ** (8 - precision) * max(1, _largest(point))
        for _ in range(WIDENINGS):
            box = [p + arb(0, spread.upper()) for p in point]
            image = self._krawczyk(box)
            if image and all(b.contains_interior(k) for b, k in zip(box, image, strict=True)):
                return Enclosure(self._named(image), self._named(box), precision)
            spread = spread * 4
        raise Unproved(
            f"no box around {self._at(point)} maps into itself: the root there, if there is one, "
            "is not simple, or closer to another than the precision tells; start elsewhere or "
            f"raise precision={precision}."
        )

    def _settle(self, start: list[Any]) -> tuple[list[Any], Any]:
        """A point near a root, without proof, and the length of the last step to it."""
        point, before = start, None
        for _ in range(STEPS):
            step = self._solve(point, self.value(*point))
            if step is None:
                raise Unproved(
                    f"the derivative is singular near {self._at(point)}, where Newton's method "
                    f"came from {self._at(start)}; start nearer to the root (a double root cannot "
                    "be proved)."
                )
            point = [(p - s).mid() for p, s in zip(point, step, strict=True)]
            length = _largest([s.mid() for s in step])
            if length <= max(1, _largest(point)) * arb(2) ** (4 - _bits()):
                return point, length
            if before is not None and length >= before and length < arb(2) ** (-_bits() / 2):
                return point, length  # round-off is all that is left
            before = length
        raise Unproved(
            f"Newton's method did not settle in {STEPS} steps from {self._at(start)}; it ended at "
            f"{self._at(point)}. There may be no root: start nearer to one."
        )

    def _matrix(self, flat: Sequence[Any]) -> Any:
        n = len(self.names)
        return arb_mat(n, n, list(flat))

    def _solve(self, point: list[Any], right: Sequence[Any]) -> list[Any] | None:
        slopes, values = _real(self.slopes(*point)), _real(right)
        try:
            found = self._matrix(slopes).solve(arb_mat(len(point), 1, values))
        except ZeroDivisionError:
            return None
        step = found.entries()
        return step if all(s.is_finite() for s in step) else None

    def _krawczyk(self, box: list[Any]) -> list[Any] | None:
        n = len(box)
        middle = [b.mid() for b in box]
        slopes = _real(self.slopes(*box))
        value = _real(self.value(*middle))
        # Finite all over the box, too: otherwise a jump may hide there, which no slope tells.
        if not all(s.is_finite() for s in (*slopes, *value, *_real(self.value(*box)))):
            return None
        try:
            near = self._matrix([s.mid() for s in _real(self.slopes(*middle))]).inv().mid()
        except ZeroDivisionError:
            return None
        unit = self._matrix([int(i == j) for i in range(n) for j in range(n)])
        spread = arb_mat(n, 1, [b - m for b, m in zip(box, middle, strict=True)])
        step = (unit - near * self._matrix(slopes)) * spread - near * arb_mat(n, 1, value)
        return [m + s for m, s in zip(middle, step.entries(), strict=True)]

    def _named(self, balls: Sequence[Any]) -> dict[str, tuple[Fraction, Fraction]]:
        return {name: ends(ball) for name, ball in zip(self.names, balls, strict=True)}

    def _at(self, point: Sequence[Any]) -> str:
        return ", ".join(f"{n} = {float(p):.6g}" for n, p in zip(self.names, point, strict=True))


def _real(balls: Sequence[Any]) -> list[Any]:
    if not all(isinstance(ball, arb) for ball in balls):
        raise UsageError("an equation is complex; give its real and its imaginary part.")
    return list(balls)


def _largest(balls: Sequence[Any]) -> Any:
    found = arb(0)
    for ball in balls:
        found = found.max(abs(ball))
    return found


def _bits() -> int:
    return ctx.prec
