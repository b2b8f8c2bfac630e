r"""`Rate`: a power law or an exponential, its exponent or its constant.

How a rate is measured is fixed beforehand, and knows nothing of the claim: points at the floor of
the numerics are dropped, a window is chosen where the local slope stays put (`window`), and the
slope there is carried to the limit with every correction that the data allow (`extrapolate`). A
claim is then decided by equivalence, the whole interval against the margin; that an interval
*contains* the claimed exponent says nothing, for a wide one contains everything.

Local slopes, and the rule that a plateau is none: Clauset, Shalizi and Newman, SIAM Review 51
(2009) 661, on how straight lines in log-log plots deceive; equivalence: Schuirmann, J.
Pharmacokinet. Biopharm. 15 (1987) 657.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np

from lemmata.verify.compare.asymptotic import Asymptotic
from lemmata.verify.compare.base import ErrorKind, Estimate
from lemmata.verify.compare.corrections import Target
from lemmata.verify.compare.extrapolate import Interval, limit
from lemmata.verify.compare.points import (
    Floats,
    NoEstimate,
    Points,
    above_floor,
    columns,
    honest_noise,
    logarithms,
    longest_run,
    thinned,
)
from lemmata.verify.compare.window import (
    GRID,
    LEAST_POINTS,
    RANGE,
    REACH,
    end_slope,
    local_slopes,
    shortfall,
    steady_from,
)
from lemmata.verify.errors import UsageError
from lemmata.verify.measurement import Series

LAWS = ("power", "exponential", "decay")
NOISE = 0.2  # relative to y; a noisier point lies at the floor
BIAS = (1e-3, 0.1)  # the same for the bias; the second where too few points meet the first
NAMES = {"power": "a power law", "exponential": "an exponential"}
DRIFT = 1.25 * RANGE  # of the fitted slope over a window: local slopes are a little smoothed
LEAST = 12  # usable points
MISFIT = 0.01  # of ln y: more than this beyond the noise, and the law is not what the window shows


@dataclass(frozen=True, kw_only=True)
class Rate(Asymptotic):
    r"""The rate at which a series grows or decays, in the limit of large x.

    **Fields:**

    - `law`: `"power"`, $y \sim A x^s$; `"exponential"`, $y \sim A e^{sx}$; `"decay"`,
      $y \sim A e^{-sx}$. What is compared is s.
    - `exponent`: if given, s is held fixed, and what is compared is the constant A.

    >>> Rate(law="power", absolute=0.15, because="1/T against 1/T^2 differ by 1").accepts(-2.0)
    (-2.15, -1.85)
    """

    law: Literal["power", "exponential", "decay"]

    kind: ClassVar[str] = "rate"

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.law not in LAWS:
            raise UsageError(
                f"Rate(law={self.law!r}): a law is one of {', '.join(map(repr, LAWS))}."
            )

    def error_kind(self) -> ErrorKind:
        return super().error_kind() if self.law == "power" else "relative"  # a rate has a unit

    def carried_to_the_limit(self, measured: Series, alpha: float) -> Estimate:
        x, y, stderr, bias = usable(measured)
        power = power_points(x, y, stderr, bias)
        exponential, scale = exponential_points(x, y, stderr, bias)
        law = "power" if self.law == "power" else "exponential"
        points, other = (power, exponential) if law == "power" else (exponential, power)
        unit = (scale if law == "exponential" else 1.0) * (-1.0 if self.law == "decay" else 1.0)
        start = settled(points, chosen(points, law, other), law, alpha)
        if self.exponent is None:
            return extrapolated(points, start, law, alpha, "slope").estimate(unit)
        level = points.tilted(self.exponent / unit)
        return extrapolated(level, start, law, alpha, "level").constant()


def usable(series: Series) -> tuple[Floats, Floats, Floats, Floats]:
    """The longest unbroken stretch of points that stand above the floor."""
    x, y, stderr, bias = columns(series)
    runs = [longest_run(above_floor(y, stderr, bias, (NOISE, worst))) for worst in BIAS]
    run = next((r for r in runs if r.stop - r.start >= LEAST), runs[-1])
    if run.stop - run.start < LEAST:
        raise NoEstimate(
            f"{run.stop - run.start} of {len(x)} points are positive, finite and above the floor "
            f"(noise under {NOISE:.0%}, bias under {BIAS[-1]:.0%} of y); a rate takes {LEAST}",
            "more points, or smaller errors",
        )
    return x[run], y[run], stderr[run], bias[run]


def power_points(x: Floats, y: Floats, stderr: Floats, bias: Floats) -> Points:
    """ln y along ln x; a point at x = 0 has no place there."""
    keep = x > 0
    points = logarithms(np.log(x[keep]), y[keep], stderr[keep], bias[keep])
    return honest_noise(thinned(points, GRID["power"]))


def exponential_points(x: Floats, y: Floats, stderr: Floats, bias: Floats) -> tuple[Points, float]:
    """ln y along |b| x, and |b|, the slope at the end."""
    raw = logarithms(x, y, stderr, bias)
    scale = abs(end_slope(raw)[0]) or 1 / float(x[-1])
    points = thinned(dataclasses.replace(raw, u=scale * x), GRID["exponential"])
    return honest_noise(points), scale


def window_start(points: Points, law: str) -> tuple[int, str | None]:
    """Where the window of a law begins, and why it is none if it is none."""
    if len(points) < LEAST_POINTS:
        return 0, f"only {len(points)} points lie in the steady stretch at the end"
    local = local_slopes(points.u, points.v, points.noise, REACH[law])
    start = steady_from(local, law, end_slope(points))
    if start >= len(points):
        return start, "the local slope is steady nowhere"
    return start, shortfall(points.since(start), law)


def chosen(points: Points, law: str, other: Points) -> int:
    """Where the window of `law` begins, provided that the other law has none."""
    rival = "exponential" if law == "power" else "power"
    start, problem = window_start(points, law)
    _, rival_problem = window_start(other, rival)
    if problem is None and rival_problem is None:
        raise NoEstimate(
            "a power law and an exponential both fit the end of the series", "a run 10 times longer"
        )
    if problem is not None and rival_problem is None:
        raise NoEstimate(
            f"not {NAMES[law]} but {NAMES[rival]} fits the end: {problem}",
            f"a longer run, should the law still change; or a claim of {NAMES[rival]}",
        )
    if problem is not None:
        settles = "a run 10 times longer" if law == "power" else "a run a few times longer"
        if "points" in problem:
            settles = "more points in the last stretch of the run, or a longer run"
        raise NoEstimate(f"no window shows {NAMES[law]}: {problem}", settles)
    return start


def settled(points: Points, start: int, law: str, alpha: float) -> int:
    """Where the window begins once it is shortened to what noise hid from the local slopes.

    A fit over the whole window sees a drift, or a misfit, that no local slope can.
    """
    age = float(points.u[-1] - points.u[0]) + 1
    while True:
        window = points.since(start)
        problem = shortfall(window, law)
        if problem is not None:
            raise NoEstimate(
                f"no window shows {NAMES[law]} once the noise is averaged out: {problem}",
                "a run 10 times longer, or smaller errors",
            )
        found = limit(window, "slope", age, alpha, REACH[law])
        if found.excess <= MISFIT and found.drift <= DRIFT:
            return start
        start += max(len(window) // 7, 1)


def extrapolated(points: Points, start: int, law: str, alpha: float, target: Target) -> Interval:
    """The limit over a window, or over its later half.

    The later half has less to correct, the whole has less noise. Where structure outweighs noise
    the later half is read; otherwise whichever gives the narrower interval.
    """
    age = float(points.u[-1] - points.u[0]) + 1
    window = points.since(start)
    whole = limit(window, target, age, alpha, REACH[law])
    late = window.since(int(np.searchsorted(window.u, window.u[-1] - (0.5 + 1e-9) * window.span)))
    if len(late) < LEAST_POINTS:
        return whole
    half = limit(late, target, age, alpha, REACH[law])
    if 3 * whole.excess > float(np.sqrt(np.mean(window.noise**2))):
        return half
    return min(whole, half, key=lambda found: found.half)
