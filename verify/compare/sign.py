"""`Sign`: a measured number has the sign of the predicted one."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from lemmata.verify.compare.base import Comparison, ErrorKind, Estimate, Judgement
from lemmata.verify.compare.equal import interval
from lemmata.verify.errors import UsageError
from lemmata.verify.measurement import Measurement

_TINY = 5e-324  # the least positive number: the accepted side of zero, zero itself left out


@dataclass(frozen=True, kw_only=True)
class Sign(Comparison):
    """The measured value lies `clear` half-widths or more on the predicted side of zero."""

    clear: float = 2.0
    kind: ClassVar[str] = "sign"
    reads = Measurement

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 1 <= self.clear < math.inf:
            raise UsageError(
                f"Sign(clear={self.clear!r}): the value must stay at least 1 half-width from zero."
            )

    def accepts(self, predicted: float) -> tuple[float, float]:
        if predicted == 0:
            return 0.0, 0.0
        return (_TINY, math.inf) if predicted > 0 else (-math.inf, -_TINY)

    def error_kind(self) -> ErrorKind:
        return "none"

    def read(self, measured: Measurement, alpha: float) -> Estimate:
        estimate = interval(measured, alpha)
        if estimate.problem:
            return estimate
        half = self.clear * estimate.half_width
        return Estimate(
            estimate.value, estimate.value - half, estimate.value + half, self.clear * estimate.bias
        )

    def remark(self, judgements: Sequence[Judgement]) -> str:
        far = [
            self.clear * abs(j.estimate.value) / j.estimate.half_width
            for j in judgements
            if j.estimate.half_width > 0
        ]
        return f"at least {min(far):.3g} half-widths from zero" if far else ""
