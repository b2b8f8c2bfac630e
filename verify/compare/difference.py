"""`Difference`: one event happens more often than another, watched in the same runs."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

from lemmata.verify.compare.base import ErrorKind, Estimate
from lemmata.verify.compare.bound import OneSided
from lemmata.verify.compare.quantiles import paired_difference
from lemmata.verify.errors import UsageError
from lemmata.verify.measurement import Paired


@dataclass(frozen=True, kw_only=True)
class Difference(OneSided):
    """The first event's probability less the second's is at least, or at most, the predicted one.

    The interval is exact for every number of runs, and for every dependence of the two events.

    >>> Difference(side="at least", absolute=0.02, because="one run in 50").accepts(0.0)
    (-0.02, inf)
    """

    kind: ClassVar[str] = "frequency"
    reads = Paired

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.absolute >= 1:
            raise UsageError(
                f"Difference(absolute={self.absolute!r}): probabilities differ by 1 at most, so "
                "that nothing could be refuted; give a margin below 1."
            )

    def error_kind(self) -> ErrorKind:
        return "absolute"

    def read(self, measured: Paired, alpha: float) -> Estimate:
        given = measured.only_first, measured.only_second, measured.trials
        if not all(math.isfinite(one) and one == int(one) for one in given):
            return Estimate.failed("{} and {} of {} runs are no counts".format(*given))
        first, second, trials = (int(one) for one in given)
        if trials < 1:
            return Estimate.failed(f"{trials} runs say nothing", "at least one run")
        if min(first, second) < 0 or first + second > trials:
            return Estimate.failed(f"{first} and {second} of {trials} runs are no counts")
        low, high = paired_difference(first, second, trials, alpha)
        return Estimate((first - second) / trials, low, high)
