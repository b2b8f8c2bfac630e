"""The second experiment of arXiv 2605.30392: the delayed replicator equation in steps of time.

x[t + 1] = x[t] + eta x[t] (1 - x[t]) [a - C p(x[t - d])]. The margin of stability is d eta, where
eta is the step at which the equilibrium turns unstable for the lag d.
"""

from __future__ import annotations

import dataclasses
from functools import lru_cache
from typing import Any

import numpy as np

from lemmata.verify import hopf_measure
from lemmata.verify.api import (
    Accuracy,
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

    found = _margin(grows, p.d, at.steepness, relative=3e-4 / accuracy.effort)
    return _with_steepness(found, at)


@discrete_margin.also("eigenvalues", batched=True)
def discrete_margin_by_eigenvalues(p: Point, accuracy: Accuracy) -> Measurement:
    """The lag times the step at which the largest eigenvalue leaves the unit circle."""
    at = resting(p)
    return _with_steepness(_margin(_spectral(at, p.d), p.d, at.steepness, relative=1e-7), at)


def _with_steepness(found: Measurement, at: hopf_measure.Resting) -> Measurement:
    """Attached is the unit of time of every point, in which a picture shows all of them at once."""
    return dataclasses.replace(found, arrays={"steepness": np.asarray(at.steepness)[None]})


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


#: experiment 2 as printed: parameters, steps, and how far from x* it starts
EXPERIMENT = {"a": 2.0, "C": 7.0, "k": 10.0, "x_c": 0.72}
STEPS = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0)
START = 0.05


def _printed(steps: int) -> Domain:
    """The experiment's parameters, at the first so many of its steps."""
    fixed = {name: (lambda p, value=value: value + 0 * p.i) for name, value in EXPERIMENT.items()}
    return Domain(
        i=Integers(0, steps - 1),
        defining={**fixed, "eta": lambda p: np.take(STEPS, p.i)},
    )


@claim(
    "delayed-repression/experiment-2",
    source=paper.at("Experiment 2, the margins at seven steps"),
    says=r"d \le d^*(\eta) \le d', \quad d^*(\eta) = \frac12 \Big(\frac{\pi}{2 \arcsin(\eta b/2)}"
    r" - 1\Big):\quad d^* \eta = 0.466, 0.461, 0.445, 0.419, 0.362, 0.148 \text{ falls}",
    reading="of lags from 0 to 60, d is the longest up to which 2,000 steps from x* + 0.05 halve"
    " the deviation, and d' the first at which it lasts; there is no such d at the seventh step, 1",
    domain=_printed(len(STEPS) - 1),
    predicted=replicator_map.longest_lag,
    compare=Equal(
        absolute=2,
        because="lags are integers, and in 2,000 steps those beside the onset may neither die out"
        " nor last: one lag on either side",
    ),
    uses=("delayed-repression/discrete-margin",),
    points=len(STEPS) - 1,
    batched=True,
)
def experiment_2(p: Point, accuracy: Accuracy) -> Measurement:
    """The lag at which the map, iterated from the printed start, turns unstable: a bracket."""
    found = [_onset_lag(int(i)) for i in p.i]
    stable, lasting = np.array(found, dtype=float).T
    bracket = Measurement.bracket(stable, lasting, converged=stable >= 0)
    return dataclasses.replace(bracket, arrays={"eta": np.array(STEPS)[None]})


@claim(
    "delayed-repression/experiment-2/without-lag",
    source=paper.at("Experiment 2, the margins at seven steps"),
    says=r"d = 0:\quad x_t \to x^* \iff \eta b < 2, \text{ of the seven steps all but } \eta = 1",
    domain=_printed(len(STEPS)),
    predicted=replicator_map.excess_without_lag,
    compare=Sign(because="stable or not"),
    uses=("delayed-repression/interior-equilibrium",),
    points=len(STEPS),
    batched=True,
)
def experiment_2_without_lag(p: Point, accuracy: Accuracy) -> Measurement:
    """How much farther from x* than at the start 2,000 steps end, over the distance at the start.

    Half of the distance at the start is the error: what ends between a half and one and a half of
    it settled nothing.
    """
    ends = np.array([_windows(int(i))[-1, 0] for i in p.i])
    return Measurement(ends / START - 1, bias=0.25)


def _onset_lag(i: int) -> tuple[float, float]:
    """The longest lag up to which deviations are halved, and the first at which they last."""
    windows = _windows(i)
    halved = windows[-1] < windows[0] / 2
    lasting = windows[-1] >= np.maximum(0.99 * windows[-2], START / 100)
    if halved.all() or not lasting.any():
        return np.nan, np.nan
    return float(np.argmin(halved)) - 1, float(np.argmax(lasting))


@lru_cache
def _compiled_step() -> Any:
    import jax

    return jax.jit(_stepped())


@lru_cache
def _windows(i: int) -> np.ndarray:
    """The largest deviations in each quarter of 2,000 steps of size i, a column for each lag."""
    at = resting(Point({name: np.array([value]) for name, value in EXPERIMENT.items()}))
    home = float(at.state[0])
    lags = np.arange(LONGEST + 1)
    step, args = _compiled_step(), {**EXPERIMENT, "eta": STEPS[i]}
    xs = np.full((2001 + LONGEST, len(lags)), home + START)
    with np.errstate(all="ignore"):  # what runs away is not stable
        for t in range(LONGEST, LONGEST + 2000):
            xs[t + 1] = step(xs[t], xs[t - lags, lags], args)
    far = np.nan_to_num(np.abs(xs[LONGEST + 1 :] - home), nan=np.inf)
    return far.reshape(4, 500, -1).max(axis=1)


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
