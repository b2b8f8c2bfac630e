"""`Threshold`: the parameter at which behaviour flips, known by a bracket."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from lemmata.verify.compare.base import Estimate
from lemmata.verify.compare.equal import Equal
from lemmata.verify.measurement import Measurement


@dataclass(frozen=True, kw_only=True)
class Threshold(Equal):
    """The predicted threshold lies within the margin of the bracketed one.

    The measurement is a bracket: `Measurement.bracket(lo, hi)`, with certain and opposite behaviour
    at its ends. A threshold that is claimed without error (no bracket) is no measurement of one.
    """

    kind: ClassVar[str] = "threshold"

    def read(self, measured: Measurement, alpha: float) -> Estimate:
        if float(measured.bias) == 0:
            return Estimate.failed(
                "a threshold was measured without a bracket",
                "Measurement.bracket(lo, hi) with opposite behaviour at its ends",
            )
        return super().read(measured, alpha)
