r"""Which stretch of a series shows its law: chosen from the data alone, never from the claim.

A series is turned into points $(u, v)$ with $v = \ln y$, along a coordinate $u$ that grows towards
the limit: $u = \ln x$ for a power law, $u = |b|\,x$ for an exponential (b its slope at the end). On
either scale the law is a straight line, and a window is the longest stretch, ending at the last
usable point, over which the local slope stays put: within a range of 0.05 over a decade of x for
a power law, within 5 % of its end value over six e-folds of y for an exponential. A stretch in
which y changes less than tenfold is a plateau, and never a slope.
"""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lemmata.verify.measurement import Series

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]

DECADE = math.log(10)
RANGE = 0.05  # of the local slope: absolute for a power law, relative for an exponential
E_FOLDS = 6.0  # that an exponential window holds at least
LEAST_POINTS = 8  # in a window: three coefficients, and some residuals to judge them by
REACH = {"power": 0.15 * DECADE, "exponential": 0.5}  # of a local slope, to either side
GRID = {"power": DECADE / 24, "exponential": 0.125}  # closer points are averaged
SIGMAS = 3.0  # by how many standard errors a local slope may leave the range


class NoEstimate(Exception):
    """A series that shows no law: the problem in words, and what would settle it."""

    def __init__(self, problem: str, settles: str | None = None) -> None:
        super().__init__(problem)
        self.problem, self.settles = problem, settles


@dataclass(frozen=True)
class Points:
    r"""$v = \ln y$ along u, with the standard error and the bias bound of each v."""

    u: Floats
    v: Floats
    noise: Floats
    bias: Floats

    def __len__(self) -> int:
        return len(self.u)

    @property
    def span(self) -> float:
        return float(self.u[-1] - self.u[0])

    @property
    def weights(self) -> Floats:
        """Of each point in a fit: no point counts as better known than to a part in 1000.

        Without that floor an exact start would outweigh the tail, which is where the limit is.
        """
        return 1 / (self.noise**2 + self.bias**2 + 1e-6)

    def tilted(self, slope: float) -> Points:
        """What is left of v when a slope is taken off; its level is the logarithm of a constant."""
        return dataclasses.replace(self, v=self.v - slope * self.u)

    def since(self, start: int) -> Points:
        return self.take(np.arange(start, len(self)))

    def take(self, which: NDArray[np.intp]) -> Points:
        return Points(self.u[which], self.v[which], self.noise[which], self.bias[which])


def columns(series: Series) -> tuple[Floats, Floats, Floats, Floats]:
    """x, y, stderr and bias as arrays of one length, or what is wrong with them."""
    x, y = np.asarray(series.x, dtype=float), np.asarray(series.y, dtype=float)
    if x.ndim != 1 or x.shape != y.shape:
        raise NoEstimate(f"x and y do not match: their shapes are {x.shape} and {y.shape}")
    errors: list[Floats] = []
    for name, raw in (("stderr", series.stderr), ("bias", series.bias)):
        error = np.asarray(raw, dtype=float)
        if error.ndim and error.shape != y.shape:
            raise NoEstimate(f"{name} has shape {error.shape}, but y has {y.shape}")
        error = np.broadcast_to(error, y.shape)
        if np.any(error[np.isfinite(y)] < 0):
            raise NoEstimate(f"a {name} is negative: {np.nanmin(error):g}")
        errors.append(error)
    if not np.all(np.isfinite(x)) or np.any(x < 0):
        raise NoEstimate("x is not finite and positive everywhere")
    if np.any(np.diff(x) <= 0):
        i = int(np.argmax(np.diff(x) <= 0))
        raise NoEstimate(f"x is not increasing: {x[i + 1]:g} comes after {x[i]:g}")
    return x, y, errors[0], errors[1]


def logarithms(u: Floats, y: Floats, stderr: Floats, bias: Floats) -> Points:
    r"""Points of a positive y. $E \ln y = \ln E y - \sigma^2/2$ to this order, put back here."""
    noise = stderr / y
    return Points(u, np.log(y) + noise**2 / 2, noise, -np.log1p(-bias / y))


def above_floor(y: Floats, stderr: Floats, bias: Floats, worst: tuple[float, float]) -> Mask:
    """Where y is positive and known well enough: relative noise and bias at most `worst`."""
    with np.errstate(invalid="ignore"):
        good = np.isfinite(y) & (y > 0) & (stderr <= worst[0] * y) & (bias <= worst[1] * y)
    return good


def longest_run(good: Mask) -> slice:
    """The longest unbroken run of True: points beyond a floor that chance lifts do not count."""
    edges = np.flatnonzero(np.diff(np.concatenate(([False], good, [False])).astype(int)))
    if not len(edges):
        return slice(0, 0)
    starts, ends = edges[::2], edges[1::2]
    best = int(np.argmax(ends - starts))
    return slice(int(starts[best]), int(ends[best]))


def thinned(points: Points, step: float) -> Points:
    """Average the points that share a cell of width `step`, so that no stretch counts by density.

    An average of points on a line lies on the line; its noise falls by the root of their number.
    """
    cells = np.floor((points.u - points.u[-1]) / step + 0.5)
    starts = np.flatnonzero(np.concatenate(([True], np.diff(cells) > 0)))
    counts = np.diff(np.append(starts, len(points)))

    def mean(a: Floats) -> Floats:
        return np.add.reduceat(a, starts) / counts

    noise = np.sqrt(np.add.reduceat(points.noise**2, starts)) / counts
    return Points(mean(points.u), mean(points.v), noise, mean(points.bias))


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


def honest_noise(points: Points) -> Points:
    """Raise the stated noise to the scatter of neighbours, where that is clearly larger.

    A point less the line through its two neighbours shows noise, and hardly any curvature; the
    median of its square over its variance is 0.455 (chi squared, one degree of freedom).
    """
    u, v, variance = points.u, points.v, points.noise**2
    if len(u) < LEAST_POINTS + 2 or not np.all(variance > 0):
        return points
    left = (u[2:] - u[1:-1]) / (u[2:] - u[:-2])
    off = v[1:-1] - left * v[:-2] - (1 - left) * v[2:]
    expected = variance[1:-1] + left**2 * variance[:-2] + (1 - left) ** 2 * variance[2:]
    factor = math.sqrt(float(np.median(off**2 / expected)) / 0.455)
    return dataclasses.replace(points, noise=points.noise * factor) if factor > 1.5 else points


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
