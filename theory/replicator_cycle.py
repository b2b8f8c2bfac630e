r"""The limit cycle of the delayed replicator equation: supercritical for the whole sigmoid family.

$\mathrm{Re}\,c_1(0) = \frac{C k \rho (\rho - 1)}{5 \alpha_0 (4 + \pi^2)}\,B$ with $\rho = a/C$,
$\alpha_0 = x^*(1 - x^*)$, $\alpha_1 = 1 - 2x^*$. Source: "Delayed Repression and Emergent
Instability in Adaptive Multi-Agent Systems", arXiv 2605.30392 (2026).
"""

from functools import lru_cache

import sympy as sp

from lemmata.theory import hopf, replicator
from lemmata.theory.delay_system import DelaySystem, scalar
from lemmata.theory.derivation import Derivation, Step
from lemmata.theory.replicator import C, a, k

#: a/C, alpha_0 k and x* as they stand in B
rho, kappa, x_star = sp.symbols("rho kappa x_star", positive=True)


@lru_cache
def system() -> DelaySystem:
    """The equation, its delay called Delta, at the interior equilibrium."""
    rest = replicator.equilibrium()
    return scalar(
        replicator.right_hand_side(), state="x", delayed="y", delay="Delta", equilibrium=rest,
        where=(sp.Lt(a, C), sp.Gt(rest, 0), sp.Lt(rest, 1)),
    )  # fmt: skip


def positive_factor() -> sp.Expr:
    """The factor B of the coefficient, in a/C, alpha_0 k and x*."""
    q = (3 * sp.pi - 2) - (7 * sp.pi - 8) * rho * (1 - rho)
    alpha0, alpha1 = x_star * (1 - x_star), 1 - 2 * x_star
    mixed = (7 * sp.pi - 8) * (2 * rho - 1) * kappa * alpha1
    return 2 * q * kappa**2 - mixed + 2 * (3 * sp.pi - 2) * alpha1**2 + 10 * sp.pi * alpha0


def coefficient() -> sp.Expr:
    """The paper's closed form of Re c1 in the parameters a, C, k, x_c."""
    rest = replicator.equilibrium()
    alpha0 = rest * (1 - rest)
    factor = positive_factor().subs(
        {rho: a / C, kappa: alpha0 * k, x_star: rest}, simultaneous=True
    )
    return k * a / (5 * alpha0 * (4 + sp.pi**2)) * (a / C - 1) * factor


def lyapunov_coefficient() -> Derivation:
    r"""Derive $\mathrm{Re}\, c_1$ by projection, and equate it with the paper's closed form."""
    general = hopf.lyapunov_coefficient(system())
    concluding = Step("the paper's closed form", general.statement, coefficient())
    return _concluded(general, coefficient(), concluding)


def cycle_amplitude() -> Derivation:
    r"""Derive $A^2 / (\Delta - \Delta_c) \to 4 / \mu_2$, $\mu_2 = -\mathrm{Re}\,c_1 / v$."""
    general = hopf.amplitude_law(system())
    statement = -4 * replicator.crossing_speed().statement / coefficient()
    return _concluded(general, statement, Step("in closed form", general.statement, statement))


def cycle_period() -> Derivation:
    r"""Derive the slope of the cycle's period in the delay, at $\Delta_c$."""
    return hopf.period_law(system())


def period_at_onset() -> Derivation:
    r"""Derive $T \to 2\pi/b$ for $\Delta \downarrow \Delta_c$."""
    turning = replicator.crossing_frequency()
    b, phase = turning.statement, sp.Symbol("phi", positive=True)
    statement = 2 * sp.pi / b
    last = Step(
        "the cycle is born with the period of the pair: its phase is b t, and a turn takes",
        sp.Integral(1 / b, (phase, 0, 2 * sp.pi)),
        statement,
    )
    assumes = (*turning.assumes, "the Hopf theorem for delay equations: a cycle is born there")
    return Derivation(sp.Symbol("T_c"), statement, (*turning.steps, last), assumes, turning.where)


def _concluded(general: Derivation, statement: sp.Expr, last: Step) -> Derivation:
    return Derivation(
        general.quantity, statement, (*general.steps, last), general.assumes, general.where
    )
