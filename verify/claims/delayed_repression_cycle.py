"""The limit cycle of the delayed replicator equation (arXiv 2605.30392), and its first experiment.

Cycles are simulated at several delays above the onset; their laws are carried to the onset by
polynomials, and compared with the normal form.
"""

from __future__ import annotations

from typing import Any

from lemmata.verify import hopf_measure
from lemmata.verify.api import (
    Accuracy,
    Domain,
    Equal,
    Log,
    Measurement,
    Point,
    Sign,
    claim,
    deferred,
)
from lemmata.verify.claims.delayed_repression import interior, paper, resting

cycle_law = deferred("lemmata.solvers.cycle_law")
replicator_cycle = deferred("lemmata.theory.replicator_cycle")
certify = deferred("lemmata.verify.certify")


def positive_factor() -> Any:
    """Proof of B > 0 for all rho, x* in (0, 1) and k > 0, whence Re c1 < 0: it has rho - 1 < 0.

    B is a polynomial in kappa = x*(1 - x*) k; with kappa = s/(1 - s) it is proved for s in [0, 1].
    """
    import sympy as sp

    share = sp.Symbol("share", positive=True)
    factor = certify.compactified(
        replicator_cycle.positive_factor(), replicator_cycle.kappa.resolve(), share
    )
    unit = (0, 1)
    return certify.prove_sign(
        factor,
        {"rho": unit, "share": unit, "x_star": unit},
        statement="B > 0 for all rho and x* in (0, 1) and all k > 0",
    )


@claim(
    "delayed-repression/lyapunov-coefficient",
    source=paper.at("Theorem on supercriticality, closed form of Re c1(0)"),
    says=r"\mathrm{Re}\, c_1(0) = \frac{C k \rho (\rho - 1)}{5 \alpha_0 (4 + \pi^2)}"
    r"\left[2 Q (\alpha_0 k)^2 - (7\pi - 8)(2\rho - 1) \alpha_0 k\, \alpha_1"
    r" + 2 (3\pi - 2) \alpha_1^2 + 10 \pi \alpha_0\right]",
    domain=interior,
    predicted=replicator_cycle.lyapunov_coefficient,
    compare=Equal(relative=1e-3, because="cycles at six distances carry it to 1e-4"),
    uses=("delayed-repression/critical-delay", "delayed-repression/crossing-speed"),
    reported="-40.85 at (a, C, k, x_c) = (2, 5, 10, 0.5)",
    batched=True,
)
def lyapunov_coefficient(p: Point, accuracy: Accuracy) -> Measurement:
    """From the amplitudes of simulated cycles and the speed of the crossing roots."""
    return hopf_measure.birth(resting(p), accuracy).coefficient


@claim(
    "delayed-repression/supercritical",
    source=paper.at("Theorem on supercriticality"),
    says=r"\mathrm{Re}\, c_1(0) < 0 \quad\text{for all } \rho, x^* \in (0, 1), k > 0",
    domain=interior,
    predicted=replicator_cycle.lyapunov_coefficient,
    compare=Sign(because="only the sign is claimed"),
    uses=("delayed-repression/lyapunov-coefficient",),
    certified=positive_factor,
    batched=True,
)
def supercritical(p: Point, accuracy: Accuracy) -> Measurement:
    """From the amplitudes of simulated cycles: they exist above the onset, and shrink with it."""
    return hopf_measure.birth(resting(p), accuracy).coefficient


@claim(
    "delayed-repression/cycle-amplitude",
    source=paper.at("Consequence of the theorem on supercriticality: A = 2 sqrt((Δ - Δ_c)/μ_2)"),
    says=r"A^2 / (\Delta - \Delta_c) \to 4 / \mu_2 \quad (\Delta \downarrow \Delta_c)",
    domain=interior,
    predicted=replicator_cycle.cycle_amplitude,
    compare=Equal(relative=1e-3, because="cycles at six distances carry it to 1e-4"),
    uses=("delayed-repression/lyapunov-coefficient",),
    reported="mu_2 = 15.95 at (a, C, k, x_c) = (2, 5, 10, 0.5)",
    batched=True,
)
def cycle_amplitude(p: Point, accuracy: Accuracy) -> Measurement:
    """The squared amplitude of simulated cycles over the distance, carried to the onset."""
    return hopf_measure.birth(resting(p), accuracy).amplitude


@claim(
    "delayed-repression/cycle-period",
    source=paper.at("Consequence of the theorem on supercriticality: a period near 2π/b"),
    says=r"\frac{dT}{d\Delta}\Big|_{\Delta_c} = -\frac{2\pi}{b^2}\left(\mathrm{Im}\,\lambda' -"
    r" \mathrm{Im}\,c_1\,\mathrm{Re}\,\lambda' / \mathrm{Re}\,c_1\right)",
    domain=interior,
    predicted=replicator_cycle.cycle_period,
    compare=Equal(relative=3e-3, because="a slope of periods at six distances is known to 1e-3"),
    uses=("delayed-repression/critical-delay",),
    batched=True,
)
def cycle_period(p: Point, accuracy: Accuracy) -> Measurement:
    """The slope of simulated cycles' periods in the delay, carried to the onset."""
    return hopf_measure.birth(resting(p), accuracy).period


@claim(
    "delayed-repression/cycle-period-at-onset",
    source=paper.at("Consequence of the theorem on supercriticality: a period near 2π/b"),
    says=r"T \to 2\pi/b \quad (\Delta \downarrow \Delta_c), \qquad b = C x^* (1 - x^*)\, p'(x^*)",
    domain=interior,
    predicted=replicator_cycle.period_at_onset,
    compare=Equal(relative=1e-4, because="periods at six distances carry it to 3e-5"),
    uses=("delayed-repression/crossing-frequency",),
    batched=True,
)
def cycle_period_at_onset(p: Point, accuracy: Accuracy) -> Measurement:
    """The period of simulated cycles, carried to the onset."""
    return hopf_measure.birth(resting(p), accuracy).period_at_onset


# The first experiment's parameters but for k: a = 2, C = 7, x_c = 0.72.
sharpened = Domain(
    k=Log(5, 40),
    defining={
        "a": lambda p: 2.0 + 0 * p.k,
        "C": lambda p: 7.0 + 0 * p.k,
        "x_c": lambda p: 0.72 + 0 * p.k,
    },
)


@claim(
    "delayed-repression/sharpness-monotone",
    source=paper.at("Experiment 1, the panel on sharpness"),
    says=r"\Delta = 1.5\,\Delta_c(k):\quad k < k' \Rightarrow A(k) < A(k')",
    reading="every k at 1.5 times its own critical delay, as the panel's axis says",
    domain=sharpened,
    predicted=1,
    compare=Sign(because="only that it grows is claimed"),
    uses=("delayed-repression/critical-delay",),
    expected="refuted",
    cause="measured from its own onset the cycle shrinks with k: to leading order A^2 is"
    " proportional to 1/B, and B grows like k^2; what grows is the distance of a fixed delay from"
    " the onset (see the claim at a fixed delay)",
    batched=True,
)
def sharpness_monotone(p: Point, accuracy: Accuracy) -> Measurement:
    """The difference of the amplitudes of simulated cycles at k and 1.1 k."""
    sharper = _sharper(p)
    delay, other = (1.5 * _onset(one, accuracy) for one in (p, sharper))
    return _gain(p, sharper, delay, other, accuracy)


@claim(
    "delayed-repression/sharpness-monotone-at-fixed-delay",
    source=paper.at("Experiment 1, the panel on sharpness"),
    says=r"\Delta = 1.5\,\Delta_c(k):\quad k < k' \Rightarrow A(k, \Delta) < A(k', \Delta)",
    reading="both k at one delay, 1.5 times the critical one of the smaller k",
    domain=sharpened,
    predicted=1,
    compare=Sign(because="only that it grows is claimed"),
    uses=("delayed-repression/critical-delay",),
    batched=True,
)
def sharpness_monotone_at_fixed_delay(p: Point, accuracy: Accuracy) -> Measurement:
    """The difference of the amplitudes of simulated cycles at k and 1.1 k, at one delay."""
    delay = 1.5 * _onset(p, accuracy)
    return _gain(p, _sharper(p), delay, delay, accuracy)


def _sharper(p: Point) -> Point:
    return Point({**p, "k": 1.1 * p.k})


def _onset(p: Point, accuracy: Accuracy) -> Any:
    return hopf_measure.critical_delay_by_roots(resting(p), accuracy).value


def _gain(p: Point, sharper: Point, delay: Any, other: Any, accuracy: Accuracy) -> Measurement:
    low, high = (
        cycle_law.simulated_cycles(
            at.field, at.state, lag, at.args,
            perturbation=0.1 * at.scale, delays=640, steps_per_delay=8 * accuracy.steps(8),
        )
        for at, lag in ((resting(p), delay), (resting(sharper), other))
    )  # fmt: skip
    error = low.amplitude_error + high.amplitude_error
    return Measurement(high.amplitude - low.amplitude, bias=error, converged=error < 1)
