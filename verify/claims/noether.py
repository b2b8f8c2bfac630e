"""Noether's learning dynamics: arXiv 2105.02716.

Descent with inertia, m q'' + γ q' = -∇f, on losses that know a symmetry: what becomes of the charge
that Noether's theorem would conserve; and descent in steps, with weight decay, where the norm comes
to rest in its fourth power. Equations as derived here; the paper's own were at hand in substance
alone.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from lemmata.verify.api import (
    Accuracy,
    Domain,
    Equal,
    Integers,
    Interval,
    Log,
    Measurement,
    Paper,
    Point,
    Sign,
    claim,
    deferred,
)

theory = deferred("lemmata.theory.noether")
measure = deferred("lemmata.verify.charge_measure")

HERE = "noether"
tanaka = Paper(
    "Noether's learning dynamics: role of symmetry breaking in neural networks",
    year=2021,
    arxiv="2105.02716",
)
MOVING = tanaka.at("Noether's learning dynamics; derived here")
MOTION = r"m q'' + \gamma q' = -\nabla f(q)"
SMOOTH = Domain(m=Interval(0.2, 2), gamma=Interval(0.2, 2), seed=Integers(0, 10**6))
EXACT = Equal(relative=1e-6, because="integrated to ten digits; the claim is exact")
WRONG: dict[str, Any] = {
    "twice as fast": lambda p: 2 * p.gamma / p.m,
    "without the mass": lambda p: p.gamma,
}


def _conserved(p: Point, *, name: str) -> float:
    """The integral of (S - Q')/Q along the motion, had Q' been 0."""
    return measure.rate_if_conserved(p, name=name)


def _given_to(name: str) -> dict[str, Any]:
    """Wrong rates of a charge that motion gives to: without friction it gains all of that."""
    return {**WRONG, "without friction": 0, "a conserved charge": partial(_conserved, name=name)}


def _derived(symmetry: str) -> Any:
    return theory.charge_rate(symmetry)


# In continuous time


@claim(
    f"{HERE}/scale",
    source=MOVING,
    says=rf"{MOTION},\; f(c q) = f(q): \quad Q = q \cdot q',\; m Q' + \gamma Q = m |q'|^2",
    domain=SMOOTH,
    points=4,
    predicted=partial(_derived, "scale"),
    compare=EXACT,
    wrong=_given_to("Rayleigh quotient"),
    scope="compared is γ/m, as (|q'|² - Q')/Q along a motion",
    method="Rayleigh quotient",
)
def scale(p: Point, accuracy: Accuracy) -> Measurement:
    """What motion gave to the charge less what is there, over the charge summed up."""
    return measure.charge_rate(p, accuracy, name="Rayleigh quotient")


@scale.also("normalised network")
def scale_of_network(p: Point, accuracy: Accuracy) -> Measurement:
    """The same for a network whose hidden units are normalised over the batch."""
    return measure.charge_rate(p, accuracy, name="normalised network")


def _rate(p: Point, accuracy: Accuracy, *, name: str) -> Measurement:
    """What motion gave to the charge less what is there, over the charge summed up."""
    return measure.charge_rate(p, accuracy, name=name)


translation = claim(
    f"{HERE}/translation",
    source=MOVING,
    says=rf"{MOTION},\; f(q + c \mathbf 1) = f(q): \quad P = \mathbf 1 \cdot q',"
    r"\; m P' + \gamma P = 0",
    domain=SMOOTH,
    points=4,
    predicted=partial(_derived, "translation"),
    compare=EXACT,
    wrong={**WRONG, "a conserved charge": 0},
    scope="biases before a softmax; compared is γ/m, as -P'/P along a motion",
)(partial(_rate, name="translation"))

rescaling = claim(
    f"{HERE}/rescaling",
    source=MOVING,
    says=rf"{MOTION},\; f(c a, b/c) = f(a, b): \quad Q = a \cdot a' - b \cdot b',"
    r"\; m Q' + \gamma Q = m (|a'|^2 - |b'|^2)",
    domain=SMOOTH,
    points=4,
    predicted=partial(_derived, "rescaling"),
    compare=EXACT,
    wrong=_given_to("rescaling"),
    scope="a matrix as a product a b^T; compared is γ/m, as (|a'|² - |b'|² - Q')/Q along a motion",
)(partial(_rate, name="rescaling"))


@claim(
    f"{HERE}/scale/norm-grows",
    source=MOVING,
    says=rf"{MOTION},\; f(c q) = f(q),\; q'(0) = 0: \quad |q|^2 \text{{ only grows}}",
    domain=SMOOTH,
    points=4,
    predicted=1,
    compare=Sign(because="it grows or it does not"),
    wrong={"it shrinks": -1},
    uses=(f"{HERE}/scale",),
)
def norm_grows(p: Point, accuracy: Accuracy) -> Measurement:
    """The least growth of the norm over an eighth of the time, from rest."""
    return measure.least_growth(p, accuracy, name="Rayleigh quotient")


def _growth(p: Point, accuracy: Accuracy, *, mass: float | None) -> Measurement:
    """The square of the norm at the end over that at the start, from rest."""
    return measure.norm_growth(p, accuracy, mass=mass)


KEPT: dict[str, Any] = {
    "source": MOVING,
    "points": 4,
    "uses": (f"{HERE}/scale",),
}
gradient_flow = claim(
    f"{HERE}/scale/gradient-flow",
    says=r"\gamma q' = -\nabla f(q),\; f(c q) = f(q): \quad |q(t)|^2 = |q(0)|^2",
    domain=Domain(gamma=Interval(0.2, 2), seed=Integers(0, 10**6)),
    predicted=theory.flow_norm,
    compare=Equal(relative=1e-7, because="integrated to nine digits; the claim is exact"),
    wrong={"a percent of it lost": 0.99},
    scope="m = 0",
    **KEPT,
)(partial(_growth, mass=0.0))

conserved = claim(
    f"{HERE}/scale/conserved",
    says=rf"{MOTION},\; f(c q) = f(q),\; q'(0) = 0: \quad Q = q \cdot q' = 0,"
    r"\; |q(t)|^2 = |q(0)|^2",
    domain=SMOOTH,
    predicted=1,
    compare=Equal(relative=1e-3, because="a thousand times what the integration is good for"),
    reading="a symmetry conserves its charge, as in Noether's theorem",
    expected="refuted",
    cause="the loss knows the symmetry and the kinetic energy m|q'|²/2 does not: motion gives"
    " m|q'|² to the charge; only without a mass nothing is given",
    **KEPT,
)(partial(_growth, mass=None))


# In steps

STEPWISE = tanaka.at("discrete descent and weight decay; derived here")
DECAYING = Domain(
    eta=Log(0.05, 1),
    h=Log(1e-3, 3e-3),
    defining={"lambda": lambda p: p.h / p.eta},
)
RULE = r"q_{t+1} = (1 - \eta\lambda) q_t - \eta g_t"
NOISY = "η λ = h; slopes over 8 of 256 examples; g with a hat is the slope at unit norm"


def _descent(p: Point, accuracy: Accuracy, name: str, replicas: int, **more: Any) -> Any:
    eta = tuple(np.ravel(np.asarray(p.eta, float)).tolist())
    decay = (
        tuple(np.ravel(np.asarray(p["lambda"], float)).tolist()) if "h" in p else (0.0,) * len(eta)
    )
    return measure.descent(name, eta, decay, accuracy.common, replicas, **more)


def _replicas(accuracy: Accuracy) -> int:
    """Two at least, for a spread."""
    return max(accuracy.draws(32), 2)


def _discrete(p: Point, accuracy: Accuracy, *, name: str) -> Measurement:
    """How much |q|² grew in all, over the sum of η²|g|²."""
    found = _descent(p, accuracy, name, 2, steps=400)
    square, slope = found.square[:, :, 0], found.slope[:, :, 0]
    given = np.asarray(p.eta, float) ** 2 * slope[:-1].sum(axis=0)
    rounding = 1e-15 * len(square) * square[-1] / given
    return Measurement((square[-1] - square[0]) / given, bias=rounding)


discrete = claim(
    f"{HERE}/discrete/norm",
    source=STEPWISE,
    says=r"q_{t+1} = q_t - \eta g_t,\; f(c q) = f(q): \quad |q_{t+1}|^2 = |q_t|^2 + \eta^2 |g_t|^2",
    domain=Domain(eta=Log(0.02, 1)),
    points=4,
    predicted=theory.discrete_growth,
    compare=Equal(relative=1e-7, because="rounding alone: the claim is exact"),
    wrong={"conserved": 0, "the step for its square": lambda p: 1 / p.eta},
    scope="over 400 steps, each on examples drawn anew",
    batched=True,
    method="Rayleigh quotient",
)(partial(_discrete, name="Rayleigh quotient")).also("normalised network", batched=True)(
    partial(_discrete, name="normalised network")
)


def _power(p: Point, accuracy: Accuracy, *, name: str, power: int) -> Measurement:
    """The mean of a power of the norm over that of the slope's square, at rest, by replicas."""
    found = _descent(p, accuracy, name, _replicas(accuracy))
    rest = slice(measure.SETTLED.resolve(), None)
    size = np.mean(found.square[rest] ** (power // 2), axis=0)
    slope = np.mean(found.unit_slope[rest], axis=0)
    early, late = (np.mean(part, axis=0) for part in np.array_split(found.square[rest], 2))
    change = late / early - 1
    drift, noise = np.mean(change, axis=1), np.std(change, axis=1) / np.sqrt(change.shape[1])
    one = Measurement.mean(size / slope)
    # At rest the second half is like the first, but for noise.
    return replace(one, converged=one.converged & (np.abs(drift) < 6 * noise + 1e-3))


fourth_power = claim(
    f"{HERE}/equilibrium/fourth-power",
    source=STEPWISE,
    says=rf"{RULE},\; f(c q) = f(q): \quad E|q|^4 \to \eta\, E|\hat g|^2/(2\lambda)",
    domain=DECAYING,
    points=4,
    predicted=theory.fourth_power,
    compare=Equal(
        relative=0.03, because="to leading order in η λ <= 0.003, and a percent of noise"
    ),
    wrong={
        "without the 2": lambda p: p.eta / p["lambda"],
        "the decay of gradient and norm alike": lambda p: p.eta / (4 * p["lambda"]),
    },
    scope=NOISY,
    batched=True,
    method="Rayleigh quotient",
)(partial(_power, name="Rayleigh quotient", power=4)).also("normalised network", batched=True)(
    partial(_power, name="normalised network", power=4)
)

square = claim(
    f"{HERE}/equilibrium/square",
    source=STEPWISE,
    says=rf"{RULE},\; f(c q) = f(q): \quad E|q|^2 \to \eta\, E|\hat g|^2/(2\lambda)",
    domain=DECAYING,
    points=4,
    predicted=theory.fourth_power,
    compare=Equal(relative=0.03, because="as for the fourth power"),
    reading="the square of the norm, as for a loss without the symmetry",
    expected="refuted",
    cause="the slope falls as 1/|q|: what it gives to |q|² is over |q|², and |q|⁴ is what decays"
    " against a constant",
    uses=(f"{HERE}/equilibrium/fourth-power",),
    scope=NOISY,
    batched=True,
)(partial(_power, name="Rayleigh quotient", power=2))


@claim(
    f"{HERE}/equilibrium/memory",
    source=tanaka.at("the analogy to RMSProp; derived here"),
    says=rf"{RULE}: \quad |q|^4 \text{{ is a moving average of }} |\hat g|^2,"
    r" \text{ which forgets at the rate } 4 \eta \lambda \text{ a step}",
    domain=DECAYING,
    points=4,
    predicted=theory.memory,
    compare=Equal(relative=0.05, because="half of it is the rate of |q|², a quarter that of q"),
    wrong={
        "of the square": lambda p: 2 * p.eta * p["lambda"],
        "of the norm": lambda p: p.eta * p["lambda"],
    },
    uses=(f"{HERE}/equilibrium/fourth-power",),
    scope=NOISY + "; from 5 (η/λ)^(1/4)",
    batched=True,
)
def memory(p: Point, accuracy: Accuracy) -> Measurement:
    """How fast |q|⁴ falls to where it comes to rest, in the first steps, by replicas."""
    found = _descent(p, accuracy, "Rayleigh quotient", _replicas(accuracy))
    fourth = found.square**2
    rest = np.mean(fourth[measure.SETTLED.resolve() :], axis=(0, 2))[:, None]
    window = round(0.5 / float(np.max(p.h)))
    rates = np.log((fourth[0] - rest) / (fourth[window] - rest)) / window
    return Measurement.mean(rates)
