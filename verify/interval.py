"""The range of one parameter: an interval, even or logarithmic, integers, or a list of values."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction

from lemmata.verify.errors import UsageError

Number = int | float | Fraction


@dataclass(frozen=True)
class Interval:
    """A real parameter between `lo` and `hi`, both included, sampled evenly."""

    lo: Number
    hi: Number

    def __post_init__(self) -> None:
        for name, value in (("lo", self.lo), ("hi", self.hi)):
            if isinstance(value, bool) or not isinstance(value, int | float):
                raise UsageError(f"{self!r}: {name} must be a number, got {type(value).__name__}.")
            if not math.isfinite(value):
                raise UsageError(f"{self!r}: {name} must be finite.")
        if self.lo > self.hi:
            raise UsageError(f"{self!r}: lo > hi; give the smaller end first.")

    def at(self, share: float) -> Number:
        """The value at a share (0 to 1) of the way from `lo` to `hi`."""
        return self._inside(self.lo * (1 - share) + self.hi * share)

    def _inside(self, value: float) -> Number:  # round-off must not leave the interval
        return min(max(value, float(self.lo)), float(self.hi))

    def holds(self, value: Number) -> bool:
        """Whether `value` lies in the interval."""
        return self.lo <= value <= self.hi

    def cast(self, value: Number) -> Number:
        """The value as the kind of number that the parameter is."""
        return float(value)

    @property
    def count(self) -> float:
        """How many values there are."""
        return 1 if self.lo == self.hi else math.inf


@dataclass(frozen=True)
class Log(Interval):
    """A positive real parameter sampled evenly in its logarithm."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.lo <= 0:
            raise UsageError(f"{self!r}: a logarithmic interval needs lo > 0; use Interval.")

    def at(self, share: float) -> Number:
        return self._inside(self.lo ** (1 - share) * self.hi**share)


@dataclass(frozen=True)
class Integers(Interval):
    """An integer parameter between `lo` and `hi`, both included."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.lo != int(self.lo) or self.hi != int(self.hi):
            raise UsageError(f"{self!r}: the ends of an integer range must be integers.")

    def at(self, share: float) -> int:
        lo, hi = int(self.lo), int(self.hi)
        return min(lo + math.floor((hi - lo + 1) * share), hi)

    def holds(self, value: Number) -> bool:
        return super().holds(value) and value == int(value)

    def cast(self, value: Number) -> int:
        return int(value)

    @property
    def count(self) -> float:
        return int(self.hi) - int(self.lo) + 1


@dataclass(frozen=True, init=False, repr=False, eq=False)
class Values(Interval):
    """A parameter that takes the values of a list, such as the rows of a printed table.

    >>> Values(0, 2, 4, 20).at(0.6)
    4
    """

    values: tuple[int | float, ...]

    def __init__(self, *values: int | float) -> None:
        if not values:
            raise UsageError("Values() has no values; give at least one.")
        values = tuple(getattr(value, "item", lambda value=value: value)() for value in values)
        for value in values:
            if isinstance(value, bool) or not isinstance(value, int | float):
                raise UsageError(f"Values{values!r}: {value!r} is no number.")
            if not math.isfinite(value):
                raise UsageError(f"Values{values!r}: {value!r} is not finite.")
        if len(set(values)) < len(values):
            raise UsageError(f"Values{values!r}: a value comes twice; give each once.")
        object.__setattr__(self, "values", values)
        super().__init__(min(values), max(values))

    def __repr__(self) -> str:
        return f"Values({', '.join(map(repr, self.values))})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Values) and self.values == other.values

    def __hash__(self) -> int:
        return hash(self.values)

    def at(self, share: float) -> Number:
        return self.values[min(math.floor(len(self.values) * share), len(self.values) - 1)]

    def holds(self, value: Number) -> bool:
        return value in self.values

    def cast(self, value: Number) -> Number:
        if value not in self.values:
            raise UsageError(f"{value!r} is none of {self!r}.")
        return self.values[self.values.index(value)]

    @property
    def count(self) -> float:
        return len(self.values)
