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
class OneSided(Margined):
    """A rule that accepts all that is at most, or at least, the predicted value and its margin."""

    side: Literal["at most", "at least"]
    one_sided: ClassVar[bool] = True

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.side not in ("at most", "at least"):
            name = type(self).__name__
            raise UsageError(f"{name}(side={self.side!r}): a side is 'at most' or 'at least'.")

    def accepts(self, predicted: float) -> tuple[float, float]:
        low, high = super().accepts(predicted)
        return (-math.inf, high) if self.side == "at most" else (low, math.inf)

    def remark(self, judgements: Sequence[Judgement]) -> str:
        slack = min((abs(j.predicted - j.estimate.value) for j in judgements), default=math.nan)
        return f"least slack {slack:.3g}"


@dataclass(frozen=True, kw_only=True)
class Bound(OneSided):
    r"""$m \le p + t$ (`side="at most"`) or $m \ge p - t$ (`side="at least"`).

    >>> Bound(side="at least", absolute=1e-9, because="round-off").accepts(1.0)
    (0.999999999, inf)
    """

    kind: ClassVar[str] = "bound"
    reads = Measurement

    def read(self, measured: Measurement, alpha: float) -> Estimate:
        return interval(measured, alpha)
