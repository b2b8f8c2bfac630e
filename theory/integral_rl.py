r"""Policy iteration with a rule of quadrature, for one variable: what it learns, and how far off.

$x' = a x + b u$ at the cost $q x^2 + r u^2$, $u = -k x$; $V = P x^2$ and $s = b k - a > 0$. The
cost falls like $y^t$ from sample to sample, $y = e^{-2 s h}$ with $h = \Delta/N$, so that a rule's
sum is geometric and multiplies the exact value by c(z), z = s h, that depends on the rule alone:
$z \coth z$ for the trapezoid. Then $k = b P/r$ and again.

Source: Cao and Pan, arXiv 2402.17375, for iteration as Newton's method and for the orders of
convergence. The factors c and the constants of the errors are derived here.
"""

from functools import lru_cache

import sympy as sp

from lemmata.theory.derivation import Derivation, Step

a = sp.Symbol("a", real=True)
b, q, r, Delta = sp.symbols("b q r Delta", positive=True)
N = sp.Symbol("N", positive=True, integer=True)
#: a policy: its gain, and the rate at which it brings x to zero
k = sp.Symbol("k", real=True)
s = sp.Symbol("s", positive=True)
#: a value before an iteration
P_0 = sp.Symbol("P_0", positive=True)

_t, _P = sp.symbols("t P", positive=True)
_y, _Y = sp.symbols("y Y", positive=True)
_z = sp.Symbol("z", positive=True)
_BELOW = (sp.Lt(_y, 1),)
_RICCATI = b**2 * _P**2 / r - 2 * a * _P - q

RULES = ("trapezoid", "simpson", "left")
#: c(z) of a rule
FACTORS = {
    "trapezoid": _z * sp.coth(_z),
    "simpson": (4 * _z * sp.coth(_z) - 2 * _z * sp.coth(2 * _z)) / 3,
    "left": 2 * _z / (1 - sp.exp(-2 * _z)),
}
#: the first term of c(z) - 1
FIRST = {"trapezoid": _z**2 / 3, "simpson": 4 * _z**4 / 45, "left": _z}
#: its power, which is the order of convergence
ORDER = {"trapezoid": 2, "simpson": 4, "left": 1}
_ASSUMES = ("the policy is stable: s > 0",)


def factor(rule: str, z: sp.Expr) -> sp.Expr:
    """c(z) of a rule."""
    return FACTORS[rule].subs(_z, z)


@lru_cache
def evaluation(rule: str) -> Derivation:
    r"""Derive $P = \frac{q + r k^2}{2 s} c(s \Delta/N)$ of a policy, by a rule on N stretches.

    >>> evaluation("trapezoid").statement
    Delta*(k**2*r + q)*coth(Delta*s/N)/(2*N)
    """
    x = sp.exp(-s * _t)
    exact = (q + r * k**2) / (2 * s)
    steps = [
        Step("x under the policy", sp.Derivative(x, _t), -s * x),
        Step(
            "P (x(0)^2 - x(t)^2) is the cost till t, exactly where it grows by the cost of x^2",
            sp.Derivative(exact * (1 - x**2), _t),
            (q + r * k**2) * x**2,
        ),
    ]
    steps += _geometric_sum(rule)
    statement = exact * factor(rule, s * Delta / N)
    steps.append(
        Step(
            "over the exact (1 - y^N)/(2 s), with z = s h",
            exact * sp.Subs(FACTORS[rule], _z, s * Delta / N),
            statement,
        )
    )
    return Derivation(sp.Symbol("P"), statement, tuple(steps), _ASSUMES, _BELOW)


@lru_cache
def settled(rule: str) -> Derivation:
    r"""Derive $c(s \Delta/N) = 2 s P/(q + b^2 P^2/r)$, $s = b^2 P/r - a$, where iteration stays."""
    rate = b**2 * _P / r - a
    statement = 2 * rate * _P / (q + b**2 * _P**2 / r)
    policy = (k, s), (b * _P / r, rate)
    steps = (
        *evaluation(rule).steps,
        Step("of the policy k = b P/r", sp.Subs(b * k - a, k, b * _P / r), rate),
        Step(
            "the value is P again where c is this",
            sp.Subs((q + r * k**2) / (2 * s), *policy) * statement, _P,
        ),
        Step("which is", 2 * _P * (b**2 * _P - a * r) / (q * r + b**2 * _P**2), statement),
    )  # fmt: skip
    return Derivation(sp.Symbol("c"), statement, steps, _ASSUMES, (*_BELOW, sp.Gt(rate, 0)))


def _geometric_sum(rule: str) -> list[Step]:
    """The sum of a rule over y^0, ..., y^N, and c of it."""
    at = sp.exp(-2 * _z)
    whole = {"left": 1 / (1 - _y), "trapezoid": (1 + _y) / (1 - _y) / 2}
    if rule in whole:
        more = _Y if rule == "left" else (_Y + _Y * _y) / 2
        total = whole[rule] * (1 - _Y)
        return [
            Step("from Y = y^N, a stretch more adds", sp.Subs(total, _Y, _Y * _y) - total, more),
            Step("no stretch has none", sp.Subs(total, _Y, 1), sp.Integer(0)),
            Step("with y = exp(-2 z)", sp.Subs(2 * _z * whole[rule], _y, at), FACTORS[rule]),
        ]
    c = FACTORS["trapezoid"]
    return [
        *_geometric_sum("trapezoid"),
        Step(
            "weights 1, 4, 1 are four thirds of trapezoids less a third of those twice as wide",
            (4 * sp.Subs(c, _z, _z) - sp.Subs(c, _z, 2 * _z)) / 3,
            FACTORS["simpson"],
        ),
    ]


def optimal_value() -> sp.Expr:
    r"""$P^* = r (a + s)/b^2$, the exact value, for $s^* = \sqrt{a^2 + q b^2/r}$."""
    return r * (a + optimal_rate()) / b**2


def optimal_rate() -> sp.Expr:
    r"""$s^* = \sqrt{a^2 + q b^2/r}$."""
    return sp.sqrt(a**2 + q * b**2 / r)


@lru_cache
def newton() -> Derivation:
    r"""Derive that one exact iteration is one of Newton's on $F(P) = b^2 P^2/r - 2 a P - q$."""
    slope = sp.Derivative(_RICCATI, _P)
    statement = (q + b**2 * P_0**2 / r) / (2 * (b**2 * P_0 / r - a))
    steps = (
        Step(
            "the exact value of the policy k = b P_0/r",
            sp.Subs((q + r * k**2) / (2 * s), (k, s), (b * P_0 / r, b**2 * P_0 / r - a)),
            statement,
        ),
        Step("is Newton's step", P_0 - sp.Subs(_RICCATI / slope, _P, P_0), statement),
    )
    where = (sp.Gt(b**2 * P_0 / r, a),)
    return Derivation(sp.Symbol("P_1"), statement, steps, _ASSUMES, where)


@lru_cache
def constant(rule: str) -> Derivation:
    r"""Derive the limit of $N^p (P_N - P^*)$, p the order of the rule.

    >>> constant("left").statement
    Delta*r*(a + sqrt(a**2 + b**2*q/r))*sqrt(a**2 + b**2*q/r)/b**2
    """
    order, first = ORDER[rule], FIRST[rule]
    best, rate = optimal_value(), optimal_rate()
    statement = best * first.subs(_z, rate * Delta)
    # c times its denominator, which has a Taylor series at zero
    below = {"trapezoid": sp.sinh(_z), "simpson": sp.sinh(2 * _z), "left": 1 - sp.exp(-2 * _z)}[
        rule
    ]
    above = {
        "trapezoid": _z * sp.cosh(_z),
        "simpson": (8 * _z * sp.cosh(_z) ** 2 - 2 * _z * sp.cosh(2 * _z)) / 3,
        "left": 2 * _z,
    }[rule]
    steps = (
        *(
            Step("c is a quotient", above / below, form)
            for form in (FACTORS[rule],) if form != above / below
        ),
        *(
            Step(
                f"of which derivative {i} is that of 1 + {first}",
                sp.Subs(sp.Derivative(above, (_z, i)), _z, 0),
                sp.Subs(sp.Derivative((1 + first) * below, (_z, i)), _z, 0),
            )
            for i in range(1, order + 2)
        ),
        Step("P* makes F vanish", sp.Subs(_RICCATI, _P, best), sp.Integer(0)),
        Step("where F has this slope", sp.Subs(sp.Derivative(_RICCATI, _P), _P, best), 2 * rate),
        Step(
            "and F = (q + b^2 P^2/r)(c - 1) at the fixed point, where to first order",
            sp.Subs(q + b**2 * _P**2 / r, _P, best) / (2 * rate),
            best,
        ),
        Step("c - 1 at z = s* Delta/N, times N^p", best * sp.Subs(first, _z, rate * Delta / N)
             * N**order, statement),
    )  # fmt: skip
    return Derivation(sp.Symbol("K"), statement, steps, _ASSUMES)
