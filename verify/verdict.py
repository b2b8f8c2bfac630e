"""What comes out: the verdict on a claim, with its numbers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

from lemmata.verify.certificate import Certificate
from lemmata.verify.compare.base import Judgement


class Outcome(StrEnum):
    """The three verdicts, and the crash that is none."""

    VERIFIED = "verified"
    REFUTED = "refuted"
    INCONCLUSIVE = "inconclusive"
    ERROR = "error"


@dataclass(frozen=True)
class Resolution:
    """What error in the formula this check would have caught.

    **Fields:**

    - `over`, `under`: the smallest error of the formula, upwards and downwards, that the stored
      measurements refute; None where even a factor of two (or a difference of one) passes, and for
      a claim that is refuted as it stands.
    - `error`: whether these errors are "relative" or "absolute", or "none" are told.
    - `killed`, `mutants`: how many of the wrong formulas were refuted: those near this one, and
      those that the claim itself brings.
    - `survivors`: the others, each as "change: formula".
    - `equivalent`: mutants that equal the formula on the domain, or claim less than it does (a
      weaker bound, another number of the same sign), not counted above.
    - `rejected`: one wrong formula that the same measurements refute: one that the claim brings,
      else the nearest mutant, else the value changed by the smallest error; "" if there is none.
    - `remark`: what the decision rule has to say of its resolution (a slack, a distance).
    - `poor`: in words, if the check could hardly have failed; else None.
    """

    error: str
    over: float | None
    under: float | None
    killed: int
    mutants: int
    survivors: tuple[str, ...] = ()
    equivalent: tuple[str, ...] = ()
    rejected: str = ""
    remark: str = ""
    poor: str | None = None

    def warned(self, poor: str) -> Resolution:
        """The same resolution, called poor for this reason."""
        return replace(self, poor=poor)


@dataclass(frozen=True)
class Worst:
    """The point where the claim stands worst: in a refuted one, the counterexample."""

    at: Mapping[str, Any]
    judgement: Judgement
    method: str


@dataclass(frozen=True)
class Verdict:
    """A claim decided.

    **Fields:**

    - `worst`: the worst point; a counterexample if refuted; None after a crash.
    - `points`: how many points were judged, by agreement.
    - `reason`, `settles`: for a verdict that is not "verified", why, and what would settle it.
    - `evidence`: which kinds there are: derived, certified, measured (and by how many methods).
    - `derivation`: how the replay of the derivation went; "" without one.
    - `steps`: the derivation in print, with what became of each step (see `derived.steps`).
    - `certificate`: what the claim's proof in ball arithmetic came to; None without one.
    - `traceback`: of a crash.
    - `arrays`: what the measurement of the worst point attached.
    - `judged`: all points that were judged, as columns (see `judged.columns`).
    - `rests_on`: claims it uses (however remotely) that came out refuted in this run.
    """

    id: str
    outcome: Outcome
    expected: str
    kind: str
    worst: Worst | None = None
    points: Mapping[str, int] = field(default_factory=dict)
    reason: str | None = None
    settles: str | None = None
    evidence: tuple[str, ...] = ()
    derivation: str = ""
    certificate: Certificate | None = None
    resolution: Resolution | None = None
    traceback: str | None = None
    seconds: float = 0.0
    arrays: Mapping[str, Any] = field(default_factory=dict)
    judged: Mapping[str, Any] = field(default_factory=dict)
    steps: Mapping[str, Any] = field(default_factory=dict)
    rests_on: tuple[str, ...] = ()

    @property
    def as_expected(self) -> bool:
        """Whether the verdict is the one that the catalogue records."""
        return self.outcome == self.expected
