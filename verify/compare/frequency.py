"""`Frequency`: how often an event occurs, against a probability or a paper's k of n."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

from lemmata.verify.compare.base import ErrorKind, Estimate, Margined
from lemmata.verify.compare.quantiles import clopper_pearson
from lemmata.verify.errors import UsageError
from lemmata.verify.measurement import Count


def _interval(measured: Count, alpha: float) -> Estimate:
    if not math.isfinite(measured.successes + measured.trials):
        return Estimate.failed(f"{measured.successes} of {measured.trials} is no count")
    k, n = int(measured.successes), int(measured.trials)
    if k != measured.successes or n != measured.trials:
        return Estimate.failed(f"{measured.successes} of {measured.trials} is no count")
    if n < 1:
        return Estimate.failed(f"{n} trials say nothing", "at least one trial")
    if not 0 <= k <= n:
        return Estimate.failed(f"{k} successes of {n} trials is no count")
    low, high = clopper_pearson(k, n, alpha)
    return Estimate(k / n, low, high)


@dataclass(frozen=True, kw_only=True)
class Frequency(Margined):
    """The event's probability is the predicted one, within a margin.

    The measured interval is Clopper and Pearson's: exact for every number of trials.
    """

    kind: ClassVar[str] = "frequency"
    reads = Count

    def error_kind(self) -> ErrorKind:
        return "absolute"

    def read(self, measured: Count, alpha: float) -> Estimate:
        return _interval(measured, alpha)


@dataclass(frozen=True, kw_only=True)
class Reported(Frequency):
    """A frequency that a paper reports from `trials` runs of its own: the prediction is its share.

    The accepted interval is Clopper and Pearson's for the paper's count at `level`: what the
    paper's own sample leaves possible. Ours agrees where it lies inside that, disagrees where the
    two are disjoint; with too few runs of ours it is unresolved. The smallest difference that can
    be seen is therefore the paper's sampling error, which no number of our runs reduces.

    The paper's share is a random number too: at level 1e-3 it misses its own truth once in a
    thousand cells, so divide the level by the number of cells of a table.
    """

    trials: int
    level: float = 1e-3
    replicates: ClassVar[bool] = True

    def __post_init__(self) -> None:
        if self.trials < 1 or not 0 < self.level < 1:
            raise UsageError(
                f"Reported(trials={self.trials!r}, level={self.level!r}): a report has one trial "
                "at least, and a level between 0 and 1."
            )
        if self.relative or self.absolute:
            raise UsageError("Reported takes no margin: the paper's own sampling error is it.")
        super(Margined, self).__post_init__()

    def accepts(self, predicted: float) -> tuple[float, float]:
        successes = round(predicted * self.trials)
        if not 0 <= successes <= self.trials:
            return predicted, predicted  # a mutant outside [0, 1]: nothing agrees with it
        return clopper_pearson(successes, self.trials, self.level)
