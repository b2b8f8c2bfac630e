r"""Two actors that compete and cooperate: the equilibrium of their actions.

Payoffs $\pi_i = e_i - a_i + f(a_i) + \alpha_i \gamma \sqrt{a_1 a_2}$, utilities
$U_i = \pi_i + D_{ij} \pi_j$, with $f(a) = a^\beta$ (power) or $f(a) = \theta \ln(1 + a)$
(logarithmic). At an equilibrium each action is best against the other. With
$r = \sqrt{a_2 / a_1}$ and $\kappa_i = (\alpha_i + D_{ij} \alpha_j) \gamma / 2$ the conditions are
$f'(a_1) = 1 - \kappa_1 r$ and $f'(a_2) = 1 - \kappa_2 / r$, which leaves one equation in r.

The model is that of Pant and Yu, arXiv 2510.18802; the closed forms are derived here.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any, Literal

import sympy as sp

from lemmata.theory.derivation import Derivation, Step
from lemmata.theory.root import Root

Form = Literal["power", "logarithmic"]

r, gamma, beta, theta = sp.symbols("r gamma beta theta", positive=True)
alpha_1 = sp.Symbol("alpha_1", positive=True)
D, D_12, D_21 = sp.symbols("D D_12 D_21", nonnegative=True)
alpha_2 = 1 - alpha_1

_a1, _a2 = sp.symbols("a_1 a_2", positive=True)
_zero = sp.Integer(0)
kappa_1 = (alpha_1 + D_12 * alpha_2) * gamma / 2
kappa_2 = (alpha_2 + D_21 * alpha_1) * gamma / 2


def value(form: Form, action: Any) -> sp.Expr:
    """What an action is worth by itself, f(a)."""
    return action**beta if form == "power" else theta * sp.log(1 + action)


def utilities(form: Form) -> tuple[sp.Expr, sp.Expr]:
    """U_1 and U_2 without the endowments, which no action changes."""
    shared = gamma * sp.sqrt(_a1 * _a2)
    payoffs = [value(form, a) - a + share * shared for a, share in ((_a1, alpha_1), (_a2, alpha_2))]
    return payoffs[0] + D_12 * payoffs[1], payoffs[1] + D_21 * payoffs[0]


def slope(form: Form, action: Any) -> sp.Expr:
    """f'(a)."""
    return beta * action ** (beta - 1) if form == "power" else theta / (1 + action)


def first_action(form: Form) -> sp.Expr:
    """a_1 in terms of r: where f'(a_1) = 1 - kappa_1 r."""
    rest = 1 - kappa_1 * r
    return (beta / rest) ** (1 / (1 - beta)) if form == "power" else theta / rest - 1


def dependence(form: Form) -> Derivation:
    r"""Derive the $D_{21}$ at which $\sqrt{a_2/a_1} = r$: the equation in r, which is linear in it.

    So an equilibrium is given by r, $D_{12}$ and the rest, without a root to be found.
    """
    second = r**2 * first_action(form)
    needed = r * (1 - slope(form, second))
    statement = (2 * needed / gamma - alpha_2) / alpha_1
    _, U2 = utilities(form)
    condition = sp.Subs(sp.Derivative(U2, _a2), (_a1, _a2), (first_action(form), second))
    steps = (
        *_conditions(form),
        Step(
            "the second condition at a_2 = r^2 a_1",
            sp.Subs(sp.Derivative(U2, _a2), _a1, _a2 / r**2),
            slope(form, _a2) - 1 + kappa_2 / r,
        ),
        Step("solved for D_21", sp.Subs(kappa_2, D_21, statement), needed),
        Step("at which the second condition holds", sp.Subs(condition, D_21, statement), _zero),
        Step("the equation for r", (needed - alpha_2 * gamma / 2) * 2 / gamma / alpha_1, statement),
    )
    return Derivation(D_21, statement, steps, _ASSUMES, _where(form))


def mean_action(form: Form) -> Derivation:
    r"""Derive $(a_1 + a_2)/2 = a_1 (1 + r^2)/2$ with $a_1$ from its own condition."""
    statement = first_action(form) * (1 + r**2) / 2
    steps = (
        *_conditions(form),
        Step("a_2 = r^2 a_1", sp.Subs((_a1 + r**2 * _a1) / 2, _a1, first_action(form)), statement),
    )
    return Derivation(sp.Symbol("abar"), statement, steps, _ASSUMES, _where(form))


def finite_below() -> Derivation:
    r"""Derive the $\gamma$ beyond which no equilibrium is finite, where $\kappa_1 \kappa_2 = 1$."""
    product = (alpha_1 + D_12 * alpha_2) * (alpha_2 + D_21 * alpha_1)
    statement = 2 / sp.sqrt(product)
    # f' tends to 0: far out the first order conditions are 1 = kappa_1 r and 1 = kappa_2 / r.
    shared = (alpha_1 + D_12 * alpha_2) * gamma * sp.sqrt(_a1 * _a2) - _a1
    far = kappa_1**2 * _a2
    steps = (
        Step(
            "f' > 0: r lies between kappa_2 and 1/kappa_1, which is an interval if this is < 0",
            kappa_2 - 1 / kappa_1,
            (kappa_1 * kappa_2 - 1) / kappa_1,
        ),
        Step(
            "far out, where f' is 0, the best answer to a_2 is kappa_1^2 a_2",
            sp.Subs(sp.Derivative(shared, _a1), _a1, far),
            _zero,
        ),
        Step("the threshold", sp.Subs(kappa_1 * kappa_2, gamma, statement), sp.Integer(1)),
        Step(
            "the product is quadratic in gamma",
            sp.Subs(1 / sp.sqrt(kappa_1 * kappa_2), gamma, 1),
            statement,
        ),
    )
    assumes = (
        *_ASSUMES,
        "f is increasing and f' tends to 0",
        "between kappa_2 and 1/kappa_1 one side of the equation for r rises and the other falls "
        "from infinity to less than that, so that they meet once",
    )
    return Derivation(sp.Symbol("gamma_c"), statement, steps, assumes, (sp.Lt(alpha_1, 1),))


def finite_below_symmetric() -> Derivation:
    r"""Derive $\gamma_c = 4/(1 + D)$ of two equal actors, where $\kappa = 1$."""
    whole = finite_below()
    equal = {alpha_1: sp.Rational(1, 2), D_12: D, D_21: D}
    statement = 4 / (1 + D)
    steps = (
        Step(
            "kappa of either actor, alpha = 1/2",
            sp.Subs(kappa_1, (alpha_1, D_12), (sp.Rational(1, 2), D)),
            (1 + D) * gamma / 4,
        ),
        Step("is 1 there", sp.Subs((1 + D) * gamma / 4, gamma, statement), sp.Integer(1)),
        Step("as in general", sp.Subs(whole.statement, tuple(equal), tuple(equal.values())),
             statement),
    )  # fmt: skip
    return Derivation(whole.quantity, statement, steps, whole.assumes)


@lru_cache
def increase(form: Form, *, base: bool = True) -> Derivation:
    """Derive by how many percent the mean action exceeds that without gamma and D.

    If not from that `base`, then from where only D is 0.
    """
    equation, alone = _equation(form), _alone(form)
    first, second = first_action(form), _second_action(form)
    below = alone if base else _without(mean_at_equilibrium(form))
    statement = 100 * (mean_at_equilibrium(form) / below - 1)
    condition = slope(form, _a2) - 1 + kappa_2 / r
    steps = (
        *dependence(form).steps[:-3],
        Step(
            "which, with a_1 of the first, is the equation for r",
            sp.Subs(condition, _a2, r**2 * first),
            equation,
        ),
        *_meets_once(form),
        Step("without gamma, f' = 1", sp.Subs(slope(form, _a1), _a1, alone), sp.Integer(1)),
        Step(
            "the increase, with a_2 of its own condition",
            sp.Subs(50 * (first + second) / below, r, _root(form)) - 100,
            statement,
        ),
    )
    one = sp.Lt(kappa_1 * kappa_2, 1)
    return Derivation(sp.Symbol("percent"), statement, steps, _ASSUMES, (*_where(form), one))


def _equation(form: Form) -> sp.Expr:
    """The second condition at a_2 = r^2 a_1: it falls as r rises."""
    rest = 1 - kappa_1 * r
    if form == "power":
        return rest * r ** (2 * beta - 2) - 1 + kappa_2 / r
    return theta * rest / (rest * (1 - r**2) + theta * r**2) - 1 + kappa_2 / r


def _meets_once(form: Form) -> tuple[Step, ...]:
    """That the equation for r has one root between kappa_2 and 1/kappa_1."""
    equation, rest, product = _equation(form), 1 - kappa_1 * r, 1 - kappa_1 * kappa_2
    if form == "power":
        start = product * kappa_2 ** (2 * beta - 2)
        falls = kappa_1 * r ** (2 * beta - 2) + 2 * (1 - beta) * rest * r ** (2 * beta - 3)
    else:
        start = theta * product / (product * (1 - kappa_2**2) + theta * kappa_2**2)
        falls = theta * (kappa_1 * theta * r**2 + 2 * r * rest * (theta - rest))
        falls /= (rest * (1 - r**2) + theta * r**2) ** 2
    return (
        Step("positive at r = kappa_2", sp.Subs(equation, r, kappa_2), start),
        Step("negative at r = 1/kappa_1", sp.Subs(equation, r, 1 / kappa_1), -product),
        Step("and falling between, each term: there is one root",
             sp.Derivative(equation, r), -falls - kappa_2 / r**2),
    )  # fmt: skip


def _root(form: Form) -> sp.Expr:
    return Root.of(_equation(form), r, kappa_2, 1 / kappa_1)


def mean_at_equilibrium(form: Form) -> sp.Expr:
    """The mean action at the root of the equation for r."""
    return (first_action(form) * (1 + r**2) / 2).subs(r, _root(form))


def _without(mean: sp.Expr) -> sp.Expr:
    """The same where D is 0."""
    return mean.subs({D_12: 0, D_21: 0})


def _alone(form: Form) -> sp.Expr:
    """Either action where gamma is 0."""
    return beta ** (1 / (1 - beta)) if form == "power" else theta - 1


def _second_action(form: Form) -> sp.Expr:
    """a_2 in terms of r: where f'(a_2) = 1 - kappa_2/r."""
    rest = 1 - kappa_2 / r
    return (beta / rest) ** (1 / (1 - beta)) if form == "power" else theta / rest - 1


_ASSUMES = ("alpha_2 = 1 - alpha_1", "both actions are positive, so that derivatives vanish there")


def _where(form: Form) -> tuple[Any, ...]:
    conditions = (sp.Lt(alpha_1, 1), sp.Lt(kappa_1 * r, 1))
    return (*conditions, sp.Lt(beta, 1)) if form == "power" else (*conditions, sp.Gt(theta, 1))


def _conditions(form: Form) -> tuple[Step, ...]:
    U1, _ = utilities(form)
    own = slope(form, _a1)
    return (
        Step(
            "the first condition: the slope of U_1 along a_1",
            sp.Derivative(U1, _a1),
            own - 1 + kappa_1 * sp.sqrt(_a2 / _a1),
        ),
        Step(
            "both terms of the second derivative are negative: the slope vanishes at the maximum",
            sp.Derivative(U1, _a1, 2),
            sp.diff(own, _a1) - kappa_1 * sp.sqrt(_a2) / (2 * _a1 ** sp.Rational(3, 2)),
        ),
        Step(
            "it vanishes at this a_1, if a_2 = r^2 a_1",
            sp.Subs(own - 1 + kappa_1 * r, _a1, first_action(form)),
            _zero,
        ),
    )
