r"""Two strategies whose payoffs come late: the delayed replicator family, (a) and (b).

(a) Both payoffs delayed, $x' = \kappa\, x (1 - x) (x^* - x(t - T))$. (b) Payoffs $\binom{a\ b}{c\
d}$, of which only those against the opposite strategy are delayed. As a control, a delay between
payoff and birth, which destabilises nothing. Subjects: Wesson and Rand, Int. J. Bifurcation Chaos
26 (2016) 1650006; Alboszta and Miekisz, J. Theor. Biol. 231 (2004) 175; Ben Khalifa, El-Azouzi and
Hayel, arXiv 1703.06721. The formulas are derived here, and are not quoted from them.
"""

from functools import lru_cache

import sympy as sp
from sympy.core.relational import Relational

from lemmata.theory import hopf
from lemmata.theory.characteristic import slope
from lemmata.theory.delay_system import DelaySystem
from lemmata.theory.derivation import Derivation, Step
from lemmata.theory.onset import rest_steps

kappa, x_star, delay = sp.symbols("kappa x_star T", positive=True)
a, b, c, d = sp.symbols("a b c d", real=True)
state, delayed = sp.symbols("x x_T", positive=True)

_STABLE = (sp.Gt(b, d), sp.Gt(c, a))


def system() -> DelaySystem:
    """(a): both payoffs delayed by T; kappa > 0 and 0 < x_star < 1."""
    return _one(kappa * state * (1 - state) * (x_star - delayed), x_star, (sp.Lt(x_star, 1),))


def opposite_system() -> DelaySystem:
    """(b): only payoffs against the other strategy are delayed; b > d and c > a."""
    first = a * state + b * (1 - delayed)
    second = c * delayed + d * (1 - state)
    rest = (b - d) / (b + c - a - d)
    return _one(state * (1 - state) * (first - second), rest, _STABLE)


def birth_system() -> DelaySystem:
    """The control: offspring of payoffs (positive) earned at t - T are born at t.

    They are born in proportion to the strategies' shares then, and thin out both shares now.
    """
    first = delayed * (a * delayed + b * (1 - delayed))
    second = (1 - delayed) * (c * delayed + d * (1 - delayed))
    rest = (b - d) / (b + c - a - d)
    where = (*_STABLE, sp.Gt(a, 0), sp.Gt(d, 0))
    return _one((1 - state) * first - state * second, rest, where)


def critical_delay() -> Derivation:
    r"""Derive (a) $T_c = \pi / (2 \delta)$, $\delta = \kappa x^* (1 - x^*)$."""
    return hopf.critical_delay(system())


def frequency() -> Derivation:
    r"""Derive (a) $\omega_c = \delta$."""
    return hopf.frequency(system())


def opposite_critical_delay() -> Derivation:
    r"""Derive (b) $T_c = \arccos(P/Q) / (S \sqrt{Q^2 - P^2})$ for $|P| < Q$.

    $P = a + d$, $Q = b + c$, $S = x^* (1 - x^*)$.
    """
    general = hopf.critical_delay(opposite_system())
    present, lagged = a + d, b + c
    statement = sp.acos(present / lagged) / (_size() * sp.sqrt(lagged**2 - present**2))
    last = Step("in P, Q and S", general.statement, statement)
    where = (*_STABLE, sp.Gt(lagged, present), sp.Gt(lagged, -present))
    # The conditions of the general form are these, times S.
    own = tuple(one for one in general.where if not one.free_symbols <= {a, b, c, d})
    return Derivation(
        general.quantity, statement, (*general.steps, last), general.assumes, (*where, *own)
    )


def opposite_frequency_squared() -> Derivation:
    r"""Derive (b) $\omega^2 = S^2 (Q^2 - P^2)$: no pair on the axis, at any delay, if P <= -Q."""
    w = sp.Symbol("omega", positive=True)
    here, lagged = _size() * (a + d), _size() * (b + c)
    statement = _size() ** 2 * ((b + c) ** 2 - (a + d) ** 2)
    modulus = sp.Abs(sp.I * w - here, evaluate=False) ** 2
    steps = (
        *_slopes(opposite_system(), here, -lagged),
        Step("on the axis i omega - S P = -S Q exp(-i omega T)", modulus, w**2 + here**2),
        Step("whose modulus is S Q, so that", lagged**2 - here**2, statement),
    )
    return Derivation(sp.Symbol("W"), statement, steps, (_INTERIOR,), _STABLE)


def birth_decay() -> Derivation:
    r"""Derive for the control $-\alpha - \beta = (b - d)(c - a) / (b + c - a - d) > 0$.

    With $\beta > 0$ this is $|\beta| < -\alpha$, and no delay brings a root to the axis.
    """
    both = b + c - a - d
    payoff = (b * c - a * d) / both
    lagged = (a * (b - d) + d * (c - a)) / both
    statement = (b - d) * (c - a) / both
    steps = (
        *_slopes(birth_system(), -payoff, lagged),
        Step("beta is positive, term by term", lagged, a * (b - d) / both + d * (c - a) / both),
        Step("and smaller than -alpha by", payoff - lagged, statement),
    )
    where = (*_STABLE, sp.Gt(a, 0), sp.Gt(d, 0))
    return Derivation(sp.Symbol("gap"), statement, steps, (_INTERIOR,), where)


_INTERIOR = "stability near the interior equilibrium is that of the linearised equation"


@lru_cache
def _one(rate: sp.Expr, rest: sp.Expr, where: tuple[Relational, ...]) -> DelaySystem:
    return DelaySystem((state,), ((delayed,),), (delay,), (rate,), (rest,), where)


def _size() -> sp.Expr:
    """S = x* (1 - x*) in the payoffs."""
    return (b - d) * (c - a) / (b + c - a - d) ** 2


def _slopes(of: DelaySystem, here: sp.Expr, lagged: sp.Expr) -> tuple[Step, ...]:
    return (
        *rest_steps(of),
        Step("alpha, the derivative by the present state", slope(of, 0, state), here),
        Step("beta, the derivative by the delayed state", slope(of, 0, delayed), lagged),
    )
