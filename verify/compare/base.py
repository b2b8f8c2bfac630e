r"""What all decision rules share: a measured interval against the interval that a claim accepts.

A rule does two things. It reads an *estimate* off a measurement: a value and an interval
$[\mathrm{low}, \mathrm{high}]$ that holds the truth except with probability `alpha`, numerical bias
included. And it says which values the prediction *accepts*. Then the claim agrees at a point where
the measured interval lies inside the accepted one, disagrees where the two are disjoint, and is
unresolved otherwise. For a margin t this is $|p-m|+e \le t$ and $|p-m|-e > t$.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, ClassVar, Literal

from lemmata.verify.errors import UsageError
from lemmata.verify.measurement import Measured


class Agreement(StrEnum):
    """How prediction and measurement stand at one point."""

    AGREES = "agrees"
    DISAGREES = "disagrees"
    UNRESOLVED = "unresolved"


@dataclass(frozen=True)
class Estimate:
    """What a rule reads off a measurement.

    **Fields:**

    - `value`: the point estimate of the quantity that is compared.
    - `low`, `high`: the interval, statistics and bias together.
    - `bias`: the part of the half-width that more draws would not shrink.
    - `problem`: why there is no estimate (not finite, no convergence, no window); None if there is.
    - `settles`: what would give one, in words, where the rule knows.
    """

    value: float
    low: float
    high: float
    bias: float = 0.0
    problem: str | None = None
    settles: str | None = None

    @classmethod
    def failed(cls, problem: str, settles: str | None = None) -> Estimate:
        """No estimate, and why."""
        return cls(math.nan, math.nan, math.nan, math.nan, problem, settles)

    @property
    def half_width(self) -> float:
        """The larger side of the interval around the value."""
        return max(self.high - self.value, self.value - self.low)


@dataclass(frozen=True)
class Judgement:
    """One point decided.

    **Fields:** `predicted`, the estimate, the accepted interval, the agreement, and for an
    unresolved point the reason and what would settle it.
    """

    predicted: float
    estimate: Estimate
    accepted: tuple[float, float]
    agreement: Agreement
    reason: str | None = None
    settles: str | None = None

    @property
    def difference(self) -> float:
        """Measured less predicted."""
        return self.estimate.value - self.predicted

    @property
    def margin(self) -> float:
        """How far a measured value may lie from the prediction, on the side where it lies."""
        below, above = self.predicted - self.accepted[0], self.accepted[1] - self.predicted
        if math.isinf(below) or math.isinf(above):  # a one-sided claim has one margin
            return min(below, above)
        return above if self.difference >= 0 else below

    @property
    def plain(self) -> bool:
        """Whether chance alone decides how wide the interval is, and it lies twice its half-width
        or more outside the accepted one: measured as hard again, it almost surely does again.
        """
        low, high = self.accepted
        width = self.estimate.half_width
        outside = max(self.estimate.low - high, low - self.estimate.high)
        return self.estimate.bias < width / 2 and outside >= 2 * width

    @property
    def badness(self) -> tuple[int, float]:
        """Sorts points from comfortable to worst; the worst point of a claim has the largest."""
        rank = (Agreement.AGREES, Agreement.UNRESOLVED, Agreement.DISAGREES).index(self.agreement)
        strain = self._strain()
        return rank, math.inf if math.isnan(strain) else strain  # NaN would sort at random

    def _strain(self) -> float:
        """How far into the margin, or beyond it, the far end of the interval reaches."""
        low, high = self.accepted
        reach = max(self.estimate.high - high, low - self.estimate.low)
        scale = self.margin if 0 < self.margin < math.inf else max(abs(self.predicted), 1e-300)
        return reach / scale


ErrorKind = Literal["relative", "absolute", "none"]


@dataclass(frozen=True, kw_only=True)
class Comparison(ABC):
    """A decision rule. `because` says in words why its margin is what it is."""

    because: str

    #: the name of the rule, as results show it
    kind: ClassVar[str]
    #: the class of measurement that the rule reads
    reads: ClassVar[type[Measured]]
    #: whether prediction and measurement are exact numbers at rational points
    exact: ClassVar[bool] = False
    #: whether what is predicted is a number that a paper reports from a sample of its own
    replicates: ClassVar[bool] = False
    #: whether only one side of the prediction is claimed
    one_sided: ClassVar[bool] = False

    def __post_init__(self) -> None:
        if not (isinstance(self.because, str) and self.because.strip()):
            raise UsageError(
                f"{type(self).__name__} has no reason for its margin; say in because=… why this "
                "margin and no other (discretisation, sample size, the paper's own precision)."
            )

    @abstractmethod
    def accepts(self, predicted: float) -> tuple[float, float]:
        """The closed interval of values that count as agreeing with the prediction."""

    @abstractmethod
    def read(self, measured: Any, alpha: float) -> Estimate:
        """The estimate from a converged measurement; wrong with probability at most `alpha`."""

    def estimate(self, measured: Measured, alpha: float) -> Estimate:
        """The estimate, or why there is none."""
        if not isinstance(measured, self.reads):
            raise TypeError(
                f"{type(self).__name__} decides a {self.reads.__name__}, but the measurement "
                f"returned a {type(measured).__name__}."
            )
        if not measured.converged:
            return Estimate.failed(f"the measurement did not converge{_after(measured.note)}")
        estimate = self.read(measured, alpha)
        if estimate.problem is None and not math.isfinite(estimate.value):
            what = f"the measured value is {estimate.value}{_after(measured.note)}"
            return Estimate.failed(what)
        if estimate.problem is None and not (math.isfinite(estimate.low + estimate.high)):
            return Estimate.failed(
                f"the measurement has no finite error bound{_after(measured.note)}"
            )
        return estimate

    def error_kind(self) -> ErrorKind:
        """The kind of error in a prediction by which the rule's resolution is told."""
        return "relative"

    def remark(self, judgements: Sequence[Judgement]) -> str:
        """What this rule has to say of its own resolution, in words; nothing for most."""
        return ""

    def judge(self, predicted: float, estimate: Estimate) -> Judgement:
        """Decide one point."""
        if not math.isfinite(predicted):
            return Judgement(
                predicted, estimate, (math.nan, math.nan), Agreement.UNRESOLVED,
                f"the predicted value is {predicted}",
                "a domain on which the formula is finite",
            )  # fmt: skip
        accepted = self.accepts(predicted)
        if estimate.problem is not None:
            return Judgement(
                predicted, estimate, accepted, Agreement.UNRESOLVED,
                estimate.problem, estimate.settles,
            )  # fmt: skip
        low, high = accepted
        if low <= estimate.low and estimate.high <= high:
            return Judgement(predicted, estimate, accepted, Agreement.AGREES)
        if estimate.high < low or high < estimate.low:
            return Judgement(predicted, estimate, accepted, Agreement.DISAGREES)
        reason, settles = _what_is_missing(predicted, estimate, accepted)
        return Judgement(predicted, estimate, accepted, Agreement.UNRESOLVED, reason, settles)


def _what_is_missing(
    predicted: float, estimate: Estimate, accepted: tuple[float, float]
) -> tuple[str, str]:
    """Why an interval straddles an edge of the accepted one, and what would move it off."""
    # An edge that the interval ends on, as a count of 0 ends on the probability 0, is not crossed.
    crossed = [edge for edge in accepted if estimate.low < edge < estimate.high] or accepted
    room = min(abs(estimate.value - edge) for edge in crossed)
    half = estimate.half_width
    width = accepted[1] - accepted[0]
    if 2 * half > width:
        reason = f"the error bound ±{half:.2g} is wider than the margin ±{width / 2:.2g}"
    else:
        reason = f"the error bound ±{half:.2g} reaches over an edge of the margin, {room:.2g} away"
    noise = half - estimate.bias
    if noise > estimate.bias and estimate.low <= predicted <= estimate.high and width < math.inf:
        # The prediction may be right; then the difference is noise, and shrinks with the rest.
        noise += abs(estimate.value - predicted)
        room = min(abs(predicted - edge) for edge in crossed)
    if estimate.bias >= room:
        return reason, f"a numerical error bound below {room:.2g} (now {estimate.bias:.2g})"
    return reason, f"about {max((noise / (room - estimate.bias)) ** 2, 1):.2g} times the draws"


def _after(note: str) -> str:
    return f" ({note})" if note else ""


@dataclass(frozen=True, kw_only=True)
class Margined(Comparison):
    """A rule with a symmetric margin: absolute, relative to the predicted value, or their sum."""

    relative: float = 0.0
    absolute: float = 0.0

    def __post_init__(self) -> None:
        super().__post_init__()
        for name, value in (("relative", self.relative), ("absolute", self.absolute)):
            number = isinstance(value, int | float) and not isinstance(value, bool)
            if not (number and 0 <= value < math.inf):
                raise UsageError(
                    f"{type(self).__name__}({name}={value!r}): a margin is a finite number >= 0."
                )
        if self.relative + self.absolute == 0:
            raise UsageError(
                f"{type(self).__name__} has a margin of 0, which no measurement can meet; give "
                "relative=… or absolute=… (and the reason in because=…), or use Identity for exact "
                "algebra."
            )

    def accepts(self, predicted: float) -> tuple[float, float]:
        margin = self.absolute + self.relative * abs(predicted)
        return predicted - margin, predicted + margin
