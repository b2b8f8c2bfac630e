r"""`Limit`: the order at which a quantity tends to its limit in a width, a step or a population.

$y \sim A x^s$ at a handful of values of x, each with noise of its own: the variance of an output
against the width ($s = -1$), the error of a scheme against its step ($s = 2$, as x goes to zero).
There are too few points for a window of local slopes. Instead straight lines through all points
and through the last ones, and fits with a correction $c\,x^{-q}$, are all made, and the interval
covers every one that the data cannot rule out; the disagreement is the bias (`extrapolate`).
Corrections are taken to be powers of x. A factor $\ln x$, which looks like a change of s by one
over the logarithm of x, is covered only where the points are precise enough to show it.
Against the step, this is Richardson's extrapolation in the exponent: Roache, J. Fluids Eng. 116
(1994) 405, on reporting grid convergence with a bound.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np

from lemmata.verify.compare.asymptotic import Asymptotic
from lemmata.verify.compare.base import Estimate
from lemmata.verify.compare.corrections import Target, fit
from lemmata.verify.compare.extrapolate import Interval, limit
from lemmata.verify.compare.points import (
    NoEstimate,
    Points,
    above_floor,
    columns,
    honest_noise,
    logarithms,
)
from lemmata.verify.compare.quantiles import two_sided
from lemmata.verify.compare.window import REACH
from lemmata.verify.errors import UsageError
from lemmata.verify.measurement import Series

TOWARD = ("infinity", "zero")
WORST = (1 / 3, 0.1)  # relative noise and bias; beyond it a point does not stand clear of zero
LEAST = 4  # usable points: a line with a correction leaves one to judge by
FACTOR = 8.0  # between the smallest usable x and the largest


@dataclass(frozen=True, kw_only=True)
class Limit(Asymptotic):
    r"""The order s of $y \sim A x^s$ in the limit, or its constant A.

    **Fields:**

    - `toward`: `"infinity"` for a width or a population, `"zero"` for a step or a learning rate.
    - `exponent`: if given, s is held fixed, and what is compared is the constant A.

    >>> Limit(toward="zero", absolute=0.1, because="0.1 tells order 2 from 1 or 3").accepts(2.0)
    (1.9, 2.1)
    """

    toward: Literal["infinity", "zero"]

    kind: ClassVar[str] = "limit"

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.toward not in TOWARD:
            raise UsageError(
                f"Limit(toward={self.toward!r}): a limit is taken toward 'infinity' (a width) or "
                "'zero' (a step)."
            )

    def carried_to_the_limit(self, measured: Series, alpha: float) -> Estimate:
        points = honest_noise(usable(measured, self.toward))
        sign = 1.0 if self.toward == "infinity" else -1.0  # u grows towards the limit
        if self.exponent is None:
            return narrowest(points, "slope", alpha).estimate(sign)
        return narrowest(points.tilted(sign * self.exponent), "level", alpha).constant()


def usable(series: Series, toward: str) -> Points:
    """ln y along u = ± ln x, in the order of the limit, of the points that stand clear of zero."""
    x, y, stderr, bias = columns(series)
    good = above_floor(y, stderr, bias, WORST) & (x > 0)
    if good.sum() < LEAST:
        negative = int((y <= 0).sum())
        why = f"; {negative} are not positive, and a signed y has no exponent" if negative else ""
        raise NoEstimate(
            f"{good.sum()} of {len(x)} points stand clear of zero (noise under {WORST[0]:.0%}, "
            f"bias under {WORST[1]:.0%} of y), and a limit takes {LEAST}{why}",
            "more draws at each x, or more values of x where y is large",
        )
    x, y, stderr, bias = x[good], y[good], stderr[good], bias[good]
    if x[-1] < FACTOR * x[0] * (1 - 1e-9):
        raise NoEstimate(
            f"x spans a factor {x[-1] / x[0]:.3g} where y stands clear of zero; a limit takes "
            f"{FACTOR:g}",
            "a wider range of x",
        )
    u = np.log(x)
    points = logarithms(u, y, stderr, bias)
    if toward == "infinity":
        return points
    return Points(-u, points.v, points.noise, points.bias).take(np.arange(len(u))[::-1])


def narrowest(points: Points, target: Target, alpha: float) -> Interval:
    """The narrowest interval over all points, or without the first ones.

    Leaving points out buys less to correct with more noise; each interval is honest by itself.
    """
    last = points.since(len(points) // 2 if len(points) > 5 else len(points) - 3)
    tail = fit(last, target, None)  # nothing corrected: by how much do the last points differ?
    noise = two_sided(alpha) * math.sqrt(float(tail.row**2 @ last.noise**2))
    problem: NoEstimate | None = None
    found: list[Interval] = []
    for start in range(min(len(points) // 2, len(points) - LEAST) + 1):
        try:
            part = points.since(start)
            inner = limit(part, target, points.span + 1, alpha, REACH["power"], few=True)
            found.append(inner.including(tail, noise))
        except NoEstimate as why:
            problem = problem or why
    if not found:
        raise problem or NoEstimate("no fit")
    return min(found, key=lambda one: one.half)
