"""How a run decides: how many points, how much effort, which seed, which error rate."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction

from lemmata.verify.errors import UsageError


@dataclass(frozen=True)
class Profile:
    """How much work a run puts in: points a claim, and the effort of a first look."""

    name: str
    points: int
    effort: float


PROFILES = {
    "quick": Profile("quick", points=48, effort=1.0),
    "thorough": Profile("thorough", points=256, effort=4.0),
}


@dataclass(frozen=True)
class Settings:
    """One run's settings.

    **Fields:**

    - `error_rate`: the probability that chance alone makes any verdict of the run wrong.
    - `family`: how many claims share that probability.
    - `fixed`: parameter values that the user fixed by `--at`.
    """

    profile: Profile = PROFILES["quick"]
    seed: int = 0
    error_rate: float = 1e-3
    family: int = 1
    fixed: Mapping[str, int | float | Fraction] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not 0 < self.error_rate < 1:
            raise UsageError(
                f"--error-rate {self.error_rate!r}: a probability strictly between 0 and 1."
            )
        if self.seed < 0:
            raise UsageError(f"--seed {self.seed!r}: a seed is an integer of at least 0.")
        if self.family < 1:
            raise UsageError(f"a run of {self.family!r} claims decides nothing.")

    def alpha(self, decisions: int) -> float:
        """Each decision's share of the error rate, in a claim that takes this many (Bonferroni)."""
        return self.error_rate / (self.family * max(decisions, 1))
