r"""What a line in logarithms tends to: its slope, or its level, with every correction allowed for.

A finite stretch shows $v(U) = a + s U + c\,\psi(U)$, with U = 0 at its end, and a correction ψ
that dies out as $U \to \infty$, nobody knows how fast. So a family of corrections is fitted, from
logarithmic ones (y carries a power of ln x, or of x beside an exponential) over $e^{-qU}$ (a power
$x^{-q}$, a start that shifts x, a second mode) to none at all. The interval covers the limit by
every correction that the data cannot rule out, and always by the neighbours of the best one. On
top come the bound on the numerical error of y, carried through the fit at its worst, and what the
residuals still show of a moving slope: a least-squares slope of residuals is an average of their
local slopes, so their largest one bounds its error.

A correction that does *not* die out (a second regime setting in, a cut-off) and is resolved means
that there is no limit to be read. One below the resolution of interest, of slope drift D over a
span L, could still be a slow mode $e^{-qU}$, $q L \ll 1$. With weight w against the leading one it
drifts by $D = q^2 L\,w(1-w)$ and has $q w = \sqrt{(D/L)\,w/(1-w)}$ to go: at most
$3\sqrt{D/L}$ for w up to 0.9, which is what is added.
"""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass

import numpy as np

from lemmata.verify.compare.base import Estimate
from lemmata.verify.compare.corrections import Fit, Shape, Target, decaying, fit, growing
from lemmata.verify.compare.points import Floats, NoEstimate, Points
from lemmata.verify.compare.quantiles import two_sided
from lemmata.verify.compare.window import local_slopes

DRIFT = 1e-3  # a slope that moves by more, and ever faster, has no limit in sight
RATIO = 400.0  # of squared misfits, beyond which a correction is ruled out
BETWEEN = 0.25  # of the spread of corrections, added for those that no single power describes
RESOLVED = 3.0  # standard errors from 0, for a slow correction to be taken up, or a drift counted
HINTED = 1.5  # the same for a handful of points, which resolve little


@dataclass(frozen=True)
class Interval:
    """A limit with its interval, and what speaks against the stretch that it was read from.

    **Fields:** `bias`: the part of the interval that more draws would not shrink; `excess`: root
    mean square of the misfit, in ln y, that noise does not explain; `drift`: of the slope (or
    level) over the stretch, as far as it stands out from noise.
    """

    value: float
    low: float
    high: float
    bias: float
    excess: float
    drift: float

    @property
    def half(self) -> float:
        return max(self.high - self.value, self.value - self.low)

    def including(self, other: Fit, noise: float) -> Interval:
        """Widened to the limit of another fit, whose own noise explains that much of it."""
        low, high = min(self.low, other.limit), max(self.high, other.limit)
        apart = max(abs(other.limit - self.value) - noise, self.bias)
        return dataclasses.replace(self, low=low, high=high, bias=apart)

    def estimate(self, scale: float = 1.0) -> Estimate:
        """Of a slope, in the units of x; a negative `scale` turns it round."""
        low, high = sorted((scale * self.low, scale * self.high))
        return Estimate(scale * self.value, low, high, abs(scale) * self.bias)

    def constant(self) -> Estimate:
        """Of a constant, whose logarithm this is."""
        if self.high > 300:
            raise NoEstimate("the constant overflows", "another unit of x or y")
        value, low, high = (math.exp(z) for z in (self.value, self.low, self.high))
        bias = min(value * math.expm1(self.bias), max(high - value, value - low))
        return Estimate(value, low, high, bias)


def limit(
    points: Points, target: Target, age: float, alpha: float, reach: float, few: bool = False
) -> Interval:
    """The limit of slope or level, with an interval that is wrong with probability `alpha`.

    **Arguments:** `age`, `reach`: see `decaying`, `local_slopes`. `few`: a handful of points.
    """
    fits = [fit(points, target, shape) for shape in decaying(target, age)]
    # noise alone would be carried far out by the slowest, so they have to show
    gated, clear = (4, HINTED) if few else (2, RESOLVED)
    fits = [f for i, f in enumerate(fits) if i >= gated or _shown(points, f, clear)]
    best = min(range(len(fits)), key=lambda i: fits[i].misfit)
    free = max(len(points) - (3 if target == "slope" else 2), 1)
    unit = float(points.weights @ points.noise**2) / len(points)  # the misfit of one noisy point
    excess = max(fits[best].misfit - unit * (free + 3 * math.sqrt(2 * free)), 0.0)
    # a tenth of alpha for ruling out the true correction where noise is all the misfit there is
    delta = unit * two_sided(alpha / 10) ** 2
    bound = fits[best].misfit + delta + (RATIO - 1) * excess
    kept = [f for i, f in enumerate(fits) if f.misfit <= bound or abs(i - best) <= 1]

    extra = excess / float(points.weights.sum())  # variance of the scatter beyond the noise
    factor = two_sided(alpha) if extra == 0 else two_sided(alpha, free)
    variance = points.noise**2 + extra
    # the simplest correction that is not ruled out gives the value
    centre = kept[-1] if fits[best].misfit and kept[-1].misfit <= bound else fits[best]
    common = _leftover(points, fits[best], target, unit, extra, reach)
    if not few or len(points) >= 6:
        common += _unfinished(points, growing(target, age), target, fits[best], delta)
    slowest = not few and target == "slope" and best == 0
    if slowest and excess > 0 and not _explained(fits[best], points):  # perhaps slower still
        common += _slow_mode(fits[best].drift, points.span)
    common += BETWEEN * (max(f.limit for f in kept) - min(f.limit for f in kept))
    rounding = 1e-15 * float(np.max(np.abs(points.v)) + np.max(np.abs(points.u)))
    wide = [(f, common + float(np.abs(f.row) @ (points.bias + rounding))) for f in kept]
    stat = [factor * math.sqrt(float(f.row**2 @ variance)) for f in kept]
    low = min(f.limit - b - s for (f, b), s in zip(wide, stat, strict=True))
    high = max(f.limit + b + s for (f, b), s in zip(wide, stat, strict=True))
    bias = max(b + _apart(f, centre, factor, variance) for f, b in wide)
    moved = fits[best].drift - RESOLVED * fits[best].size_noise(points.noise) * fits[best].change
    return Interval(centre.limit, low, high, bias, math.sqrt(extra), max(moved, 0.0))


def _shown(points: Points, slow: Fit, clear: float) -> bool:
    """Whether a correction is that many standard errors from zero."""
    return abs(slow.size) > clear * slow.size_noise(points.noise)


def _apart(one: Fit, other: Fit, factor: float, variance: Floats) -> float:
    """How far two corrections disagree beyond what noise makes them."""
    noise = factor * math.sqrt(float((one.row - other.row) ** 2 @ variance))
    return max(abs(one.limit - other.limit) - noise, 0.0)


def _leftover(
    points: Points, best: Fit, target: Target, unit: float, extra: float, reach: float
) -> float:
    """What the residuals of the best fit may still hide."""
    scatter = math.sqrt(extra)
    if target == "level":
        return 3 * scatter
    local = local_slopes(points.u, best.residuals, points.noise, reach)
    moving = float(np.max(np.maximum(np.abs(local.slope) - 3 * local.stderr, 0.0)))
    # under noise local slopes see nothing; a misfit of rms e over a span L hides about 6 e / L
    return max(moving, 6 * scatter / points.span if unit > 1e-6 else 0.0)


def _unfinished(
    points: Points, shapes: list[Shape], target: Target, best: Fit, delta: float
) -> float:
    """What a correction that grows, and fits clearly better, adds to the bias; or no estimate."""
    grown = min((fit(points, target, shape) for shape in shapes), key=lambda f: f.misfit)
    gain = best.misfit - grown.misfit
    clear = gain > delta + 0.75 * best.misfit
    in_noise = gain > delta > 0
    if gain <= delta or _explained(grown, points):
        return 0.0
    if (clear or in_noise) and grown.drift > DRIFT:
        what = "local slope" if target == "slope" else "level"
        raise NoEstimate(
            f"the {what} still moves by {grown.drift:.2g} over the window, and no slower at its "
            "end: no limit is in sight",
            "a run 10 times longer, or a bound on the error of y (its floor) as bias",
        )
    if target == "level":
        return 30 * grown.drift
    return max(30 * grown.drift, _slow_mode(grown.drift, points.span))


def _explained(one: Fit, points: Points) -> bool:
    """Whether noise and bias alone could make a correction as large as the fitted one."""
    if one.size_row is None:
        return True
    worst = float(np.abs(one.size_row) @ points.bias)
    return abs(one.size) <= 4 * one.size_noise(points.noise) + worst


def _slow_mode(drift: float, span: float) -> float:
    """How far a slow second mode may still carry a slope that drifted so far over a span."""
    return 3 * math.sqrt(drift / span)
