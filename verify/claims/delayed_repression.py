"""Delayed Repression and Emergent Instability in Adaptive Multi-Agent Systems (arXiv 2605.30392).

The delayed replicator equation x'(t) = x(t)(1 - x(t)) [a - C p(x(t - Delta))] with the sigmoid
p(x) = 1/(1 + exp(-k(x - x_c))). Every measurement starts from this definition alone: equilibria
are found by bisection, derivatives by automatic differentiation.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from lemmata.verify import hopf_measure
from lemmata.verify.api import (
    Accuracy,
    Condition,
    Domain,
    Equal,
    Interval,
    Log,
    Measurement,
    Paper,
    Point,
    Rate,
    Series,
    Threshold,
    claim,
    deferred,
)
from lemmata.verify.compile import delay_field

replicator = deferred("lemmata.theory.replicator")
decay = deferred("lemmata.solvers.decay")
equilibrium = deferred("lemmata.solvers.equilibrium")
growth = deferred("lemmata.solvers.growth")

paper = Paper(
    "Delayed Repression and Emergent Instability in Adaptive Multi-Agent Systems",
    arxiv="2605.30392",
    year=2026,
)


def response(x: float, p: Point) -> Any:
    """The sigmoid p(x)."""
    return 1 / (1 + np.exp(-p.k * (x - p.x_c)))


# The edges 0.02 and 0.98 keep the equilibrium off the boundary, where every rate vanishes. The
# condition is on the definition, p(0.02) < a/C < p(0.98), not on the formula for x*.
interior = Domain(
    ratio=Interval(0.02, 0.98),
    C=Log(0.1, 100),
    k=Log(0.3, 100),
    x_c=Interval(0.02, 0.98),
    defining={"a": lambda p: p.ratio * p.C},
    where=(
        Condition(
            "the interior equilibrium exists between 0.02 and 0.98: p(0.02) < a/C < p(0.98)",
            lambda p: response(0.02, p) < p.ratio < response(0.98, p),
        ),
    ),
)


@claim(
    "delayed-repression/interior-equilibrium",
    source=paper.at("The delayed replicator equation, interior equilibrium"),
    says=r"p(x^*) = a/C \iff x^* = x_c + \frac{1}{k} \log \frac{a}{C - a}",
    domain=interior,
    predicted=replicator.interior_equilibrium,
    compare=Equal(absolute=1e-9, because="bisected to round-off; the claim is exact"),
    batched=True,
)
def interior_equilibrium(p: Point, accuracy: Accuracy) -> Measurement:
    """The one zero of the right-hand side in (0, 1), by a scan and bisection."""
    zeros = equilibria(p)
    return Measurement(
        zeros.value,
        bias=zeros.error,
        converged=np.asarray(zeros.count) == 1,
        note=[f"{count} zeros in (0, 1)" for count in np.asarray(zeros.count)],
    )


@claim(
    "delayed-repression/stable-without-delay",
    source=paper.at("The delayed replicator equation, stability without delay"),
    says=r"\Delta = 0:\quad x - x^* \sim e^{-bt}, \qquad b = C x^* (1 - x^*)\, p'(x^*)",
    domain=interior,
    predicted=replicator.decay_rate,
    compare=Rate(
        law="decay", relative=2e-3, because="a few e-folds of clean decay fix a rate to 1e-3"
    ),
    uses=("delayed-repression/interior-equilibrium",),
    batched=True,
)
def stable_without_delay(p: Point, accuracy: Accuracy) -> Series:
    """The distance from equilibrium along trajectories of the nonlinear equation without delay."""
    x_star = equilibria(p).value
    kick = 1e-3 * growth.nonlinear_scale(field(), x_star, arguments(p))
    run = decay.deviation_series(
        _without_delay,
        x_star,
        arguments(p),
        perturbation=kick,
        duration=10 / resting(p).steepness,
        samples=96,
        rtol=1e-10 / accuracy.effort,
    )
    return Series(run.ts, run.deviation, bias=run.error, converged=np.asarray(run.converged))


@claim(
    "delayed-repression/critical-delay",
    source=paper.at("Theorem 2, critical delay"),
    says=r"\Delta_c = \frac{\pi}{2\, C x^* (1 - x^*)\, p'(x^*)}",
    domain=interior,
    predicted=replicator.critical_delay,
    compare=Threshold(relative=1e-3, because="bisected to 1e-4; the claim is exact"),
    uses=("delayed-repression/interior-equilibrium",),
    batched=True,
    method="simulated growth",
)
def critical_delay(p: Point, accuracy: Accuracy) -> Measurement:
    """The delay at which small perturbations of the nonlinear equation begin to grow."""
    return hopf_measure.critical_delay(resting(p), accuracy)


@critical_delay.also("characteristic roots", batched=True)
def critical_delay_by_roots(p: Point, accuracy: Accuracy) -> Measurement:
    """The delay at which the rightmost characteristic root enters the right half plane."""
    return hopf_measure.critical_delay_by_roots(resting(p), accuracy)


@claim(
    "delayed-repression/crossing-speed",
    source=paper.at("Theorem 2, transversality"),
    says=r"\mathrm{Re}\, \frac{d\lambda}{d\Delta}\Big|_{\Delta_c} = \frac{b^2}{1 + \pi^2/4} > 0",
    domain=interior,
    predicted=replicator.crossing_speed,
    compare=Equal(relative=1e-4, because="differences at two spacings agree to 1e-6"),
    uses=("delayed-repression/critical-delay",),
    batched=True,
)
def crossing_speed(p: Point, accuracy: Accuracy) -> Measurement:
    """The slope, at the delay where it vanishes, of the rightmost root's real part in the delay."""
    return hopf_measure.crossing_speed(resting(p), accuracy)


def field() -> Any:
    """The right-hand side f(t, y, ylag, args), compiled from its definition."""
    return delay_field(replicator.right_hand_side, "x", "y")


def _without_delay(t: Any, y: Any, args: Any) -> Any:
    return field()(t, y, (y,), args)


def _at_rest(x: Any, args: Any) -> Any:
    return field()(0.0, x, (x,), args)


def arguments(p: Point) -> dict[str, Any]:
    """The parameters of the model at each point."""
    return {name: np.asarray(p[name], dtype=float) for name in ("a", "C", "k", "x_c")}


def equilibria(p: Point) -> Any:
    """The zeros of the right-hand side in (0, 1), by a scan and bisection."""
    return equilibrium.interior_zeros(_at_rest, 0.0, 1.0, arguments(p))


def resting(p: Point) -> hopf_measure.Resting:
    """The equation at its interior equilibria, found by bisection."""
    return hopf_measure.Resting(field(), equilibria(p).value, arguments(p))
