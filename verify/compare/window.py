r"""Which stretch of a series shows its law: chosen from the data alone, never from the claim.

A series is turned into points $(u, v)$ with $v = \ln y$, along a coordinate $u$ that grows towards
the limit: $u = \ln x$ for a power law, $u = |b|\,x$ for an exponential (b its slope at the end). On
either scale the law is a straight line, and a window is the longest stretch, ending at the last
usable point, over which the local slope stays put: within a range of 0.05 over a decade of x for
a power law, within 5 % of its end value over six e-folds of y for an exponential. A stretch in
which y changes less than tenfold is a plateau, and never a slope.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from lemmata.verify.compare.points import Floats, Points

DECADE = math.log(10)
RANGE = 0.05  # of the local slope: absolute for a power law, relative for an exponential
E_FOLDS = 6.0  # that an exponential window holds at least
LEAST_POINTS = 8  # in a window: three coefficients, and some residuals to judge them by
REACH = {"power": 0.15 * DECADE, "exponential": 0.5}  # of a local slope, to either side
GRID = {"power": DECADE / 24, "exponential": 0.125}  # closer points are averaged
SIGMAS = 3.0  # by how many standard errors a local slope may leave the range


@dataclass(frozen=True)
class LocalSlopes:
    """Least-squares slopes around each point, and their standard errors."""

    slope: Floats
    stderr: Floats


def local_slopes(u: Floats, v: Floats, noise: Floats, reach: float) -> LocalSlopes:
    """Slopes of v by least squares over u ± reach, and over three points at least.

    Near an end the stretch is moved inwards, so that it keeps its length.
    """
    n = len(u)
    centre = np.clip(u, min(u[0] + reach, u[-1]), max(u[-1] - reach, u[0]))
    slack = 1e-9 * (1 + abs(u[-1]))
    lo = np.clip(np.searchsorted(u, centre - reach - slack), 0, np.maximum(np.arange(n) - 1, 0))
    hi = np.clip(np.searchsorted(u, centre + reach + slack), np.minimum(np.arange(n) + 2, n), n)
    lo, hi = np.minimum(lo, np.maximum(hi - 3, 0)), np.maximum(hi, np.minimum(lo + 3, n))
    # centred on the middle of the series, so that little cancels in the running sums
    a, b = u - u[n // 2], v - v[n // 2]

    def total(z: Floats) -> Floats:
        sums = np.concatenate(([0.0], np.cumsum(z)))
        return sums[hi] - sums[lo]

    m = hi - lo
    spread = np.maximum(total(a * a) - total(a) ** 2 / m, 1e-300)
    slope = (total(a * b) - total(a) * total(b) / m) / spread
    return LocalSlopes(slope, np.sqrt(np.maximum(total(noise**2), 0.0) / m / spread))


def steady_from(local: LocalSlopes, law: str, end: tuple[float, float]) -> int:
    """The first index from which the local slope stays within the range until the end.

    **Arguments:** `end`: the slope at the end and its standard error, for an exponential.
    """
    # a slope counts as outside only as far as its noise cannot explain it
    at_least = local.slope - SIGMAS * local.stderr
    at_most = local.slope + SIGMAS * local.stderr
    top = np.maximum.accumulate(at_least[::-1])[::-1]
    bottom = np.minimum.accumulate(at_most[::-1])[::-1]
    if law == "power":
        steady = top - bottom <= RANGE
    else:
        room = RANGE * abs(end[0]) + SIGMAS * end[1]
        steady = (top <= end[0] + room) & (bottom >= end[0] - room)
    return int(np.argmax(steady)) if steady.any() else len(steady)


def shortfall(window: Points, law: str) -> str | None:
    """Why a stretch is no window, or None."""
    if len(window) < LEAST_POINTS:
        return f"only {len(window)} points lie in the steady stretch at the end"
    change = abs(float(window.v[-1] - window.v[0]))
    need = E_FOLDS if law == "exponential" else DECADE
    if law == "power" and window.span < DECADE * (1 - 1e-6):
        return f"the slope is steady over {window.span / DECADE:.2g} of a decade, less than one"
    if change < need * (1 - 1e-6):
        return f"y changes by a factor {math.exp(min(change, 99)):.3g} only, as on a plateau"
    return None


def end_slope(points: Points, folds: float = 2.0) -> tuple[float, float]:
    """Slope and standard error over the last stretch in which y changes by `folds` e-folds."""
    far = np.flatnonzero(np.abs(points.v - points.v[-1]) >= folds)
    start = min(int(far[-1]) if len(far) else 0, max(len(points) - 3, 0))
    tail = points.since(start)
    t = tail.u - tail.u.mean()
    spread = float(t @ t)
    return float(t @ tail.v) / spread, math.sqrt(float(t**2 @ tail.noise**2)) / spread
