r"""Two consequences of the critical delay of the delayed replicator equation.

It falls with the sharpness k of the response at a fixed equilibrium, and the margin of the
discretised equation tends to it as the step vanishes. Source: "Delayed Repression and Emergent
Instability in Adaptive Multi-Agent Systems", arXiv 2605.30392 (2026).
"""

import sympy as sp

from lemmata.theory import replicator, replicator_map
from lemmata.theory.derivation import Derivation, Step
from lemmata.theory.replicator import C, a, k, x_c

#: the equilibrium, held fixed while k is changed
x_star = sp.Symbol("x_star", positive=True)

_phi = sp.Symbol("phi", positive=True)


def sharpness() -> Derivation:
    r"""Derive $d\Delta_c/dk = -\pi / (2 k^2 a x^* (1 - x^*)(1 - a/C)) < 0$ at fixed $x^*$, a, C."""
    delay = replicator.critical_delay()
    shifted = x_star - sp.log(a / (C - a)) / k  # the x_c that keeps the equilibrium at x_star
    kept = delay.statement.subs(x_c, shifted)
    level = sp.pi / (2 * k * a * x_star * (1 - x_star) * (1 - a / C))
    statement = -level / k
    steps = (
        *delay.steps,
        Step(
            "with this x_c the equilibrium stays where it is",
            sp.Subs(replicator.equilibrium(), x_c, shifted),
            x_star,
        ),
        Step("so the critical delay is", sp.Subs(delay.statement, x_c, shifted), level),
        Step("a multiple of 1/k: its derivative", sp.Derivative(kept, k), statement),
    )
    where = (*delay.where, sp.Lt(x_star, 1))
    return Derivation(sp.Symbol("s"), statement, steps, delay.assumes, where)


def discrete_margin_limit() -> Derivation:
    r"""Derive $d\,\eta_c \to \Delta_c$ for $d \to \infty$, which is $\eta_c \to 0$."""
    margin = replicator_map.discrete_margin()
    lag, b = replicator_map.lag, replicator.rate()
    angle = sp.pi / (2 * (2 * lag + 1))
    smooth = (sp.pi / 2 * sp.sinc(_phi) - sp.sin(_phi)) / b
    statement = sp.pi / (2 * b)
    steps = (
        *margin.steps,
        Step(
            "the margin in the angle phi = pi/(2 (2 d + 1))",
            margin.statement,
            sp.Subs(smooth, _phi, angle),
        ),
        Step("a continuous function, at zero", sp.Subs(smooth, _phi, 0), statement),
    )
    assumes = (*margin.assumes, "sin(phi)/phi is continuous at zero, where it is one")
    return Derivation(sp.Symbol("M_0"), statement, steps, assumes, margin.where)
