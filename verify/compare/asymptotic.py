"""What `Rate` and `Limit` share: a series in, an exponent or a constant of its limit out."""

from __future__ import annotations

import dataclasses
import math
from abc import abstractmethod
from dataclasses import dataclass

import numpy as np

from lemmata.verify.compare.base import ErrorKind, Estimate, Margined
from lemmata.verify.compare.points import NoEstimate
from lemmata.verify.compare.quantiles import two_sided
from lemmata.verify.errors import UsageError
from lemmata.verify.measurement import Series

LEAST_RUNS = 4


@dataclass(frozen=True, kw_only=True)
class Asymptotic(Margined):
    """A rule that reads a limiting exponent off a series or, with `exponent` given, a constant."""

    exponent: float | None = None

    reads = Series

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.exponent is not None and not math.isfinite(self.exponent):
            raise UsageError(
                f"{type(self).__name__}(exponent={self.exponent!r}): the exponent that is held "
                "fixed is finite; leave it out to measure it."
            )

    def error_kind(self) -> ErrorKind:
        return "absolute" if self.exponent is None else "relative"

    @abstractmethod
    def carried_to_the_limit(self, measured: Series, alpha: float) -> Estimate:
        """The estimate. **Raises:** `NoEstimate` for a series that shows none."""

    def read(self, measured: Series, alpha: float) -> Estimate:
        try:
            whole = self.carried_to_the_limit(_for_normal(measured, alpha), alpha)
            return whole if measured.runs is None else self._by_runs(measured, whole, alpha)
        except NoEstimate as why:
            return Estimate.failed(why.problem, why.settles)

    def _by_runs(self, measured: Series, whole: Estimate, alpha: float) -> Estimate:
        r"""The estimate, its interval widened to what leaving out single runs shows.

        The jackknife: with $\hat\theta_i$ from all runs but the i-th, the standard error is
        $\sqrt{(r-1)/r \sum_i (\hat\theta_i - \bar\theta)^2}$ (Efron and Stein, Ann. Statist. 9
        (1981) 586).
        """
        runs = np.asarray(measured.runs)
        r = len(runs)
        if r < LEAST_RUNS:
            raise NoEstimate(f"{r} runs are too few to be left out one by one", "more runs")
        without = [
            Series.of_runs(measured.x, np.delete(runs, i, axis=0), bias=measured.bias)
            for i in range(r)
        ]
        found = [self.carried_to_the_limit(_for_normal(one, alpha), alpha).value for one in without]
        stderr = float(np.std(found) * np.sqrt(r - 1))
        half = two_sided(alpha, r - 1) * stderr + whole.bias
        low, high = min(whole.low, whole.value - half), max(whole.high, whole.value + half)
        return dataclasses.replace(whole, low=low, high=high)


def _for_normal(series: Series, alpha: float) -> Series:
    """The series with standard errors that normal quantiles suit, however few replicas it has."""
    dof = float(series.dof)
    if not dof >= 1:
        raise NoEstimate(
            f"its standard errors have {dof:g} degrees of freedom, too few", "more replicas"
        )
    factor = two_sided(alpha, dof) / two_sided(alpha)
    return dataclasses.replace(series, stderr=np.asarray(series.stderr) * factor)
