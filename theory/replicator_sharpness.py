r"""How the critical delay of the delayed replicator equation falls with the sharpness k.

The equilibrium is held where it is. Source: "Delayed Repression and Emergent
Instability in Adaptive Multi-Agent Systems", arXiv 2605.30392 (2026).
"""

import sympy as sp

from lemmata.theory import replicator
from lemmata.theory.derivation import Derivation, Step
from lemmata.theory.replicator import C, a, k, x_c

#: the equilibrium, held fixed while k is changed
x_star = sp.Symbol("x_star", positive=True)


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
