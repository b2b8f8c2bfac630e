"""`Equal`: a measured number equals the predicted one, within a margin."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

from lemmata.verify.compare.base import Estimate, Margined
from lemmata.verify.compare.quantiles import two_sided
from lemmata.verify.measurement import Measurement


def interval(measured: Measurement, alpha: float) -> Estimate:
    """The value with a half-width of statistics (Student's t at `alpha`) plus numerical bias."""
    value, stderr, bias, dof = (
        float(part) for part in (measured.value, measured.stderr, measured.bias, measured.dof)
    )
    if not math.isfinite(value):
        return Estimate(value, math.nan, math.nan)
    if stderr < 0 or bias < 0 or math.isnan(stderr) or math.isnan(bias):
        return Estimate.failed(f"its error bounds are stderr={stderr!r}, bias={bias!r}")
    if stderr > 0 and not dof >= 1:
        return Estimate.failed(f"its standard error has {dof:g} degrees of freedom, too few")
    half = bias + (two_sided(alpha, dof) * stderr if stderr else 0.0)
    return Estimate(value, value - half, value + half, bias)


@dataclass(frozen=True, kw_only=True)
class Equal(Margined):
    r"""$|p - m| \le t$ with $t$ = `absolute` + `relative` $|p|$.

    >>> Equal(relative=1e-3, because="the claim is exact").accepts(2.0)
    (1.998, 2.002)
    """

    kind: ClassVar[str] = "equal"
    reads = Measurement

    def read(self, measured: Measurement, alpha: float) -> Estimate:
        return interval(measured, alpha)
