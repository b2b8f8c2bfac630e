"""The second experiment of arXiv 2605.30392: the delayed replicator equation in steps of time.

x[t + 1] = x[t] + eta x[t] (1 - x[t]) [a - C p(x[t - d])]. The margin of stability is d eta, where
eta is the step at which the equilibrium turns unstable for the lag d.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np

from lemmata.verify import hopf_measure
from lemmata.verify.api import (
    Accuracy,
    Bound,
    Domain,
    Equal,
    Integers,
    Limit,
    Measurement,
    Point,
    Series,
    Sign,
    claim,
    deferred,
)
from lemmata.verify.claims.delayed_repression import (
    field,
    interior,
    paper,
    resting,
)

delayed_map = deferred("lemmata.solvers.delayed_map")
flips = deferred("lemmata.solvers.flips")
replicator_map = deferred("lemmata.theory.replicator_map")

#: the paper's longest lag
LONGEST = 60

lagged = Domain(
    **interior.axes, d=Integers(1, LONGEST), defining=interior.defining, where=interior.where
)


@claim(
    "delayed-repression/discrete-margin",
    source=paper.at("Experiment 2, the margin of the discretised dynamics"),
    says=r"d\,\eta_c = \frac{2 d}{b} \sin\frac{\pi}{2(2d + 1)}, \qquad b = C x^*(1-x^*)\,p'(x^*)",
    domain=lagged,
    predicted=replicator_map.discrete_margin,
    compare=Equal(relative=1e-3, because="bisected to 3e-4; the claim is exact"),
    uses=("delayed-repression/interior-equilibrium",),
    batched=True,
    method="iterations of the map",
)
def discrete_margin(p: Point, accuracy: Accuracy) -> Measurement:
    """The lag times the step at which small perturbations of the full map begin to grow."""
    at = resting(p)
    kick = 1e-6 * at.scale

    def grows(eta: np.ndarray) -> tuple[Any, Any]:
        found = delayed_map.simulated_growth(
            _stepped(), at.state, p.d, {**at.args, "eta": eta}, perturbation=kick, longest=LONGEST
        )
        return found.rate, found.error

    return _margin(grows, p.d, at.steepness, relative=3e-4 / accuracy.effort)


@discrete_margin.also("eigenvalues", batched=True)
def discrete_margin_by_eigenvalues(p: Point, accuracy: Accuracy) -> Measurement:
    """The lag times the step at which the largest eigenvalue leaves the unit circle."""
    at = resting(p)
    return _margin(_spectral(at, p.d), p.d, at.steepness, relative=1e-7)


@claim(
    "delayed-repression/discrete-margin-limit",
    source=paper.at("Experiment 2, the margin recovers the critical delay as the step shrinks"),
    says=r"d\,\eta_c = \Delta_c - \tfrac12 \eta_c + o(\eta_c) \quad (\eta_c \to 0)",
    domain=interior,
    predicted=replicator_map.margin_slope,
    compare=Limit(
        toward="zero",
        exponent=1.0,
        absolute=0.02,
        because="a lag that counts half a step more or less changes the constant by 0.5",
    ),
    uses=("delayed-repression/discrete-margin", "delayed-repression/critical-delay"),
    batched=True,
)
def discrete_margin_limit(p: Point, accuracy: Accuracy) -> list[Series]:
    """How far the margins for ever longer lags stay below the delay at which the flow turns."""
    at = resting(p)
    flow = hopf_measure.critical_delay_by_roots(at, accuracy, relative=1e-9)
    lags = np.array([48, 32, 24, 16, 12, 8, 6, 4])
    onsets = [
        _margin(_spectral(at, np.full(len(at.state), d)), d, at.steepness, relative=1e-8)
        for d in lags
    ]
    series = []
    for i, delay in enumerate(flow.value):
        margin = np.array([one.value[i] for one in onsets])
        bias = np.array([one.bias[i] for one in onsets]) + flow.bias[i]
        good = flow.converged[i] and all(one.converged[i] for one in onsets)
        series.append(Series(margin / lags, delay - margin, bias=bias, converged=good))
    return series


@claim(
    "delayed-repression/discrete-margin-monotone",
    source=paper.at("Experiment 2, the stability margin shrinks as the step grows"),
    says=r"\eta < \eta' \Rightarrow d\,\eta > d'\,\eta' \text{ at the onset}",
    reading="from each lag to the next, whose step is smaller",
    domain=Domain(
        **interior.axes,
        d=Integers(1, LONGEST - 1),
        defining=interior.defining,
        where=interior.where,
    ),
    predicted=1,
    compare=Sign(because="only that it shrinks is claimed"),
    uses=("delayed-repression/discrete-margin",),
    batched=True,
)
def discrete_margin_monotone(p: Point, accuracy: Accuracy) -> Measurement:
    """The margin of the next longer lag, less that of a lag, from eigenvalues."""
    at = resting(p)
    shorter, longer = (
        _margin(_spectral(at, d), d, at.steepness, relative=1e-9) for d in (p.d, p.d + 1)
    )
    return Measurement(
        longer.value - shorter.value,
        bias=longer.bias + shorter.bias,
        converged=np.logical_and(shorter.converged, longer.converged),
    )


#: the steps of experiment 2 as printed, at (a, C, k, x_c) = (2, 7, 10, 0.72)
STEPS = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0)


@claim(
    "delayed-repression/experiment-2",
    source=paper.at("Experiment 2, the margins at seven steps"),
    says=r"\eta_1 < \eta_2 < \dots \Rightarrow d_1 \eta_1 \ge d_2 \eta_2 \ge \dots",
    reading="d is the longest lag of 0 to 60 up to which 2,000 steps from x* + 0.05 end nearer"
    " than they were; x* itself is unstable without a lag at the last step",
    domain=Domain(i=Integers(0, len(STEPS) - 2)),
    predicted=0,
    compare=Bound(side="at most", absolute=1e-9, because="lags are integers; round-off"),
    uses=("delayed-repression/discrete-margin-monotone",),
    points=len(STEPS) - 1,
    batched=True,
)
def experiment_2(p: Point, accuracy: Accuracy) -> Measurement:
    """The margin at a step, less that at the step before."""
    margins = _printed_margins()
    index = np.asarray(p.i, dtype=int)
    return Measurement(margins[index + 1] - margins[index], bias=1e-12 + 0 * index)


@lru_cache
def _printed_margins() -> np.ndarray:
    """The margins at the seven steps, by iterating the map from the printed start."""
    names = {"a": 2.0, "C": 7.0, "k": 10.0, "x_c": 0.72}
    at = resting(Point({name: np.array([value]) for name, value in names.items()}))
    home = float(at.state[0])
    lags = np.arange(LONGEST + 1)
    step = _stepped()
    margins = []
    for eta in STEPS:
        xs = np.full((2001 + LONGEST, len(lags)), home + 0.05)  # a column for each lag
        with np.errstate(all="ignore"):  # what runs away is not stable
            for t in range(LONGEST, LONGEST + 2000):
                xs[t + 1] = step(xs[t], xs[t - lags, lags], {**names, "eta": eta})
        early, late = (np.abs(part - home).max(axis=0) for part in (xs[:500], xs[-500:]))
        stable = late < early / 2
        margins.append(eta * (np.argmin(stable) - 1 if not stable.all() else LONGEST))
    return np.maximum(margins, 0.0)


@lru_cache
def _stepped() -> Any:
    """One step of the map, from the right-hand side of the flow."""
    rate = field()

    def step(now: Any, then: Any, args: Any) -> Any:
        return now + args["eta"] * rate(0.0, now, (then,), args)

    return step


def _spectral(at: hopf_measure.Resting, lag: np.ndarray) -> Any:
    """A function of the step: growth per iteration, and its error."""
    here, lagged = at.linear

    def grows(eta: np.ndarray) -> tuple[Any, Any]:
        found = delayed_map.spectral_growth(1 + eta * here, eta * lagged, lag)
        return found.rate, found.error

    return grows


def _margin(grows: Any, lag: Any, steepness: np.ndarray, *, relative: float) -> Measurement:
    """The lag times the step at which growth begins, searched around the scale of time."""
    lo, hi = 0.1 / (lag * steepness), 10 / (lag * steepness)
    found = flips.bracket_flips(grows, lo, hi, relative=relative)
    return Measurement.bracket(
        lag * found.lo, lag * found.hi, converged=found.ok, note=[str(r) for r in found.reason]
    )
