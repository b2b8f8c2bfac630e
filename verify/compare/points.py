"""A series as points in logarithms: what of it stands above the floor, and how well it is known."""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lemmata.verify.measurement import Series

CLEAR = 6.0  # standard errors below zero, which noise about a floor does not reach

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]


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
        if np.any(np.isnan(error)) or np.any(error < 0):
            raise NoEstimate(f"a {name} is {np.min(error):g}")
        errors.append(error)
    if not np.all(np.isfinite(y)):
        i = int(np.argmin(np.isfinite(y)))
        raise NoEstimate(
            f"y is {y[i]:g} at x = {x[i]:g}", "a run that stays finite; points beyond it left out"
        )
    below = y < -(errors[1] + CLEAR * errors[0])
    if np.any(below):
        i = int(np.argmax(below))
        raise NoEstimate(
            f"y is {y[i]:g} at x = {x[i]:g}, below zero by more than its error: a series is of a "
            "positive quantity",
            "its absolute value, or a stated bias where it is round-off",
        )
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


def honest_noise(points: Points) -> Points:
    """Raise the stated noise to the scatter of neighbours, where that is clearly larger.

    A point less the line through its two neighbours shows noise, and hardly any curvature; the
    median of its square over its variance is 0.455 (chi squared, one degree of freedom).
    """
    u, v, variance = points.u, points.v, points.noise**2
    if len(u) < 10 or not np.all(variance > 0):
        return points
    left = (u[2:] - u[1:-1]) / (u[2:] - u[:-2])
    off = v[1:-1] - left * v[:-2] - (1 - left) * v[2:]
    expected = variance[1:-1] + left**2 * variance[:-2] + (1 - left) ** 2 * variance[2:]
    factor = math.sqrt(float(np.median(off**2 / expected)) / 0.455)
    return dataclasses.replace(points, noise=points.noise * factor) if factor > 1.5 else points
