r"""The roots at the critical delay, and where that delay is smallest.

The linearised equation is $u'(t) = -b u(t - \Delta)$, $b = C x^* (1 - x^*) p'(x^*)$. Source:
"Delayed Repression and Emergent Instability in Adaptive Multi-Agent Systems", arXiv 2605.30392
(2026), Theorem 2; for the other roots, Corless, Gonnet, Hare, Jeffrey and Knuth, Adv. Comput. Math.
5 (1996) 329 (Lambert's W), and Shinozaki and Mori, Automatica 42 (2006) 1791 (its branches).
"""

import sympy as sp

from lemmata.theory import replicator
from lemmata.theory.derivation import Derivation, Step
from lemmata.theory.replicator import C, characteristic, delay, feedback, root, state

_steepness = sp.Symbol("g", positive=True)  # x* (1 - x*) p'(x*)


def in_units_of_rate() -> sp.Expr:
    r"""$\chi$ with time in units of 1/b: its zeros are $\lambda / b$, its delay is $b \Delta$."""
    return characteristic().subs(feedback, 1)


def next_root() -> Derivation:
    r"""Derive $\max \mathrm{Re}\,\lambda / b = \frac{2}{\pi} \mathrm{Re}\,W_1(-\pi/2)$ (-1.02).

    At $\Delta_c$, among all roots but the pair $\pm i b$: they are to the left of the axis.
    """
    onset = replicator.critical_delay()
    chi, w = characteristic(), sp.Symbol("w")
    second = sp.LambertW(-sp.pi / 2, 1)
    statement = 2 / sp.pi * sp.re(second, evaluate=False)
    unit = in_units_of_rate()
    steps = (
        *onset.steps,
        Step(
            "in units of b there is no parameter but the delay",
            chi.subs({root: feedback * root, delay: delay / feedback}, simultaneous=True),
            feedback * unit,
        ),
        Step(
            "at delay pi/2, (2/pi) w is a root if w exp(w) = -pi/2, Lambert's equation: the pair",
            sp.Subs(w * sp.exp(w), w, sp.I * sp.pi / 2),
            -sp.pi / 2,
        ),
        Step(
            "and the next branch of w",
            sp.Subs(unit, (root, delay), (2 / sp.pi * second, sp.pi / 2)),
            sp.Integer(0),
        ),
        Step("it is to the left of the axis", statement, sp.Integer(0), "<"),
        Step("which it is by", sp.re(2 / sp.pi * second, evaluate=False), statement),
    )
    branches = (
        "the roots are the values of all branches of W, whose real parts fall from the branches "
        "0 and -1 to 1 and -2, and so on"
    )
    return replicator.concluded(sp.Symbol("r"), statement, steps, (*onset.assumes, branches))


def elasticity() -> Derivation:
    r"""Derive $d \log \Delta_c / d \log g = -1$ at given C, $g = x^* (1 - x^*) p'(x^*)$."""
    onset = replicator.critical_delay()
    x_star = replicator.equilibrium()
    slope = sp.Subs(sp.Derivative(replicator.response(state), state), state, x_star)
    by_steepness = sp.pi / (2 * C * _steepness)
    statement = sp.Integer(-1)
    steps = (
        *onset.steps,
        Step(
            "the critical delay knows the equilibrium by g alone",
            sp.Subs(by_steepness, _steepness, x_star * (1 - x_star) * slope),
            onset.statement,
        ),
        Step(
            "it falls with g",
            sp.Derivative(by_steepness, _steepness),
            sp.Integer(0),
            "<",
        ),
        Step(
            "and by as large a share as g grows",
            _steepness / by_steepness * sp.Derivative(by_steepness, _steepness),
            statement,
        ),
    )
    return replicator.concluded(sp.Symbol("e"), statement, steps, onset.assumes)
