"""Where a claim is to hold: named parameters with intervals, and side conditions.

From one domain come the low-discrepancy sample that screens a claim, the Hypothesis strategy that
shrinks a counterexample, and the box for a proof.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from lemmata.verify.errors import UsageError
from lemmata.verify.interval import Integers, Interval, Number, Values

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy


class Point(Mapping[str, Any]):
    """Named parameter values: `p.k` or `p["k"]`. In a batch each is an array of shape (n,)."""

    __slots__ = ("_values",)

    def __init__(self, values: Mapping[str, Any]) -> None:
        self._values = dict(values)

    def __getitem__(self, name: str) -> Any:
        return self._values[name]

    def __getattr__(self, name: str) -> Any:
        if name == "_values":  # not set yet: being copied or unpickled
            raise AttributeError(name)
        try:
            return self._values[name]
        except KeyError:
            known = ", ".join(self._values) or "none"
            raise AttributeError(f"no parameter {name!r}; the domain has: {known}.") from None

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def __repr__(self) -> str:
        return "Point(" + ", ".join(f"{k}={v!r}" for k, v in self._values.items()) + ")"

    def __reduce__(self) -> tuple[Any, ...]:
        return Point, (self._values,)


@dataclass(frozen=True)
class Condition:
    """A side condition: `holds(p)` for a point, and its statement in words."""

    says: str
    holds: Callable[[Any], Any]


#: how many points are tried before a side condition counts as one that nothing satisfies
TRIES = 1 << 16


class Domain:
    """Named parameters, side conditions, and quantities that follow from the parameters.

    **Arguments:**

    - `where`: side conditions that every point satisfies.
    - `defining`: names of further quantities and how they follow from a point; they can be used
      like parameters in formulas and measurements.
    - the parameters themselves, by name, each an `Interval`, `Log`, `Integers` or `Values`.

    >>> disc = Domain(
    ...     x=Interval(-1, 1),
    ...     y=Interval(-1, 1),
    ...     where=(Condition("x² + y² <= 1", lambda p: p.x**2 + p.y**2 <= 1),),
    ... )
    >>> len(disc.sample(8, seed=1))
    8
    """

    def __init__(
        self,
        *,
        where: tuple[Condition, ...] = (),
        defining: Mapping[str, Callable[[Any], Any]] | None = None,
        **axes: Interval,
    ) -> None:
        for name, axis in axes.items():
            if not isinstance(axis, Interval):
                raise UsageError(
                    f"parameter {name!r} is {axis!r}; give an Interval(lo, hi), Log(lo, hi), "
                    "Integers(lo, hi) or Values(…)."
                )
        for condition in where:
            if not isinstance(condition, Condition):
                raise UsageError(f"where has {condition!r}; give Condition(says, holds).")
        self.axes = dict(axes)
        self.where = tuple(where)
        self.defining = dict(defining or {})
        for name in self.defining:
            if name in self.axes:
                raise UsageError(f"{name!r} is both a parameter and defined by one; rename it.")

    @property
    def names(self) -> tuple[str, ...]:
        """Parameters first, then what they define."""
        return (*self.axes, *self.defining)

    def box(self) -> dict[str, tuple[Number, Number]]:
        """The parameters' intervals, side conditions left aside."""
        return {name: (axis.lo, axis.hi) for name, axis in self.axes.items()}

    def point(self, **values: Any) -> Point:
        """The point with these parameters, and what they define."""
        known = dict(values)
        for name, define in self.defining.items():
            known[name] = define(Point(known))
        return Point(known)

    def parameters(self, point: Mapping[str, Any]) -> dict[str, Any]:
        """The point without what its parameters define."""
        return {name: point[name] for name in self.axes}

    def broken(self, point: Mapping[str, Any]) -> str | None:
        """The first interval or condition that the point breaks, in words; None if it is inside."""
        for name, axis in self.axes.items():
            if not axis.holds(point[name]):
                return f"{name}={point[name]!r} is not in {axis!r}"
        for condition in self.where:
            if not condition.holds(point):
                return f"the side condition {condition.says!r} does not hold"
        return None

    def check(self, fixed: Mapping[str, Number]) -> dict[str, Number]:
        """The values fixed by the user, as the kinds of numbers that the parameters are.

        **Raises:** `UsageError` if one names no parameter or leaves its interval.
        """
        for name, value in fixed.items():
            if name not in self.axes:
                known = ", ".join(self.axes) or "none"
                raise UsageError(f"--at {name}={value!r}: no such parameter; there are: {known}.")
            if not self.axes[name].holds(value):
                raise UsageError(
                    f"--at {name}={value!r} is outside the domain: {name} is in "
                    f"{self.axes[name]!r}."
                )
        return {name: self.axes[name].cast(value) for name, value in fixed.items()}

    def sample(
        self, n: int, *, seed: int, fixed: Mapping[str, Number] | None = None
    ) -> list[Point]:
        """Corners of the domain, then a scrambled Sobol sequence: `n` points that lie inside.

        A corner is an extreme combination of the intervals' ends; at most a quarter of the points
        are corners. No point comes twice: a domain that holds fewer than `n` points (integers, or
        no free parameter) gives each of them once.

        **Raises:** `UsageError` if too few points satisfy the side conditions.
        """
        fixed = self.check(fixed or {})
        free = [name for name in self.axes if name not in fixed]
        counts = [self.axes[name].count for name in free]
        found: dict[tuple[Number, ...], Point] = {}
        if math.prod(counts) <= n:
            self._add(found, _all(counts), free, fixed, n)
        else:
            self._add(found, _corners(len(free), n // 4), free, fixed, n // 4)
            self._add(found, _sobol(len(free), seed), free, fixed, n)
        if len(found) < (1 if math.isfinite(math.prod(counts)) else n):
            conditions = "; ".join(condition.says for condition in self.where) or "none"
            where = f" with {fixed}" if fixed else ""
            raise UsageError(
                f"only {len(found)} of the {n} points wanted satisfy the side conditions"
                f"{where} among {min(math.prod(counts), TRIES)} tried: {conditions}. Widen the "
                "intervals or mend a condition."
            )
        return list(found.values())

    def _add(
        self,
        found: dict[tuple[Number, ...], Point],
        shares: Iterator[tuple[float, ...]],
        free: list[str],
        fixed: dict[str, Number],
        n: int,
    ) -> None:
        """Add those of these points (shares of the free intervals) that lie inside, up to `n`."""
        for share in shares:
            if len(found) >= n:
                break
            values = {name: self.axes[name].at(s) for name, s in zip(free, share, strict=True)}
            key = tuple(values.values())
            point = self.point(**{name: (fixed | values)[name] for name in self.axes})
            if key not in found and self.broken(point) is None:
                found[key] = point

    def strategy(self, fixed: Mapping[str, Number] | None = None) -> SearchStrategy[Point]:
        """Hypothesis' strategy for points of the domain, for laws and for falsification."""
        from hypothesis import strategies as st

        fixed = self.check(fixed or {})
        axes: dict[str, SearchStrategy[Any]] = {}
        for name, axis in self.axes.items():
            if name in fixed:
                axes[name] = st.just(fixed[name])
            elif isinstance(axis, Values):
                axes[name] = st.sampled_from(axis.values)
            elif isinstance(axis, Integers):
                axes[name] = st.integers(int(axis.lo), int(axis.hi))
            else:
                axes[name] = st.floats(float(axis.lo), float(axis.hi))
        points = st.fixed_dictionaries(axes).map(lambda values: self.point(**values))
        return points.filter(lambda point: self.broken(point) is None)


def stack(points: list[Point]) -> Point:
    """One batch of many points: each value an array of shape (n,)."""
    import numpy as np

    return Point({name: np.array([point[name] for point in points]) for name in points[0]})


def _all(counts: list[float]) -> Iterator[tuple[float, ...]]:
    """The middle of each value's share, for parameters that take few values."""
    return itertools.product(*([(k + 0.5) / n for k in range(int(n))] for n in counts))


def _corners(d: int, most: int) -> Iterator[tuple[float, ...]]:
    """Each corner and the one opposite to it, so that every parameter meets both of its ends."""
    for index in range(min(2 ** (d - 1), 2 * most)):
        corner = tuple(float(index >> axis & 1) for axis in range(d))
        yield corner
        yield tuple(1 - end for end in corner)


def _sobol(d: int, seed: int) -> Iterator[tuple[float, ...]]:
    from scipy.stats import qmc

    sequence = qmc.Sobol(d, rng=seed)
    block = 256
    for _ in range(TRIES // block):
        yield from map(tuple, sequence.random(block).tolist())
