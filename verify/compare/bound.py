"""`Bound`: a measured number is at most, or at least, the predicted one."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal

from lemmata.verify.compare.base import Estimate, Judgement, Margined
from lemmata.verify.compare.equal import interval
from lemmata.verify.errors import UsageError
from lemmata.verify.measurement import Measurement


@dataclass(frozen=True, kw_only=True)
class Bound(Margined):
    r"""$m \le p + t$ (`side="at most"`) or $m \ge p - t$ (`side="at least"`).

    >>> Bound(side="at least", absolute=1e-9, because="round-off").accepts(1.0)
    (0.999999999, inf)
    """

    side: Literal["at most", "at least"]
    kind: ClassVar[str] = "bound"
    one_sided: ClassVar[bool] = True
    reads = Measurement

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.side not in ("at most", "at least"):
            raise UsageError(f"Bound(side={self.side!r}): a side is 'at most' or 'at least'.")

    def accepts(self, predicted: float) -> tuple[float, float]:
        low, high = super().accepts(predicted)
        return (-math.inf, high) if self.side == "at most" else (low, math.inf)

    def read(self, measured: Measurement, alpha: float) -> Estimate:
        return interval(measured, alpha)

    def remark(self, judgements: Sequence[Judgement]) -> str:
        slack = min((abs(j.predicted - j.estimate.value) for j in judgements), default=math.nan)
        return f"least slack {slack:.3g}"
