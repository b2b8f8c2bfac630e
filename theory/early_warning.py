r"""Fluctuations that announce a threshold: variance and memory near four kinds of bifurcation.

Near a resting state $dx = -\lambda x\,dt + \sigma\,dW$, with the rate $\lambda$ of the return. At
a distance $\mu$ from a threshold $\lambda$ is a power of $\mu$, and so is what follows from it.

The laws are the standard ones, derived here: the review that the claims are of (Boettiger, Ross
and Hastings, arXiv 1305.6700) speaks of them without equations.
"""

from __future__ import annotations

import sympy as sp

from lemmata.theory.derivation import Derivation, Step

#: the rate of the return, the size of the noise, a lag, the distance to the threshold
lam, sigma, Delta, mu = sp.symbols("lambda sigma Delta mu", positive=True)
#: the size of the nonlinear term, the frequency of an oscillation, and how fast mu moves
a, omega, epsilon = sp.symbols("a omega epsilon", positive=True)
#: the first zero of Ai(-z)
z_1 = sp.Symbol("z_1", positive=True)

_x, _y, _t, _v = sp.Symbol("x", real=True), sp.Symbol("y", real=True), *sp.symbols("t v")
_LINEAR = ("fluctuations are so small that only the linear part of the drift acts on them",)
#: drift and stable resting state at a distance mu before the threshold
FORMS: dict[str, tuple[sp.Expr, sp.Expr]] = {
    "fold": (mu - a * _x**2, sp.sqrt(mu / a)),
    "transcritical": (mu * _x - a * _x**2, mu / a),
    "pitchfork": (-mu * _x - a * _x**3, sp.Integer(0)),
}


def variance() -> Derivation:
    r"""Derive $\sigma^2/(2\lambda)$.

    >>> variance().statement
    sigma**2/(2*lambda)
    """
    v = sigma**2 * (1 - sp.exp(-2 * lam * _t)) / (2 * lam)
    statement = sigma**2 / (2 * lam)
    steps = (
        Step(
            "by Ito's rule the mean of x^2 obeys v' = -2 lambda v + sigma^2, which this solves",
            sp.Derivative(v, _t),
            -2 * lam * v + sigma**2,
        ),
        Step("beginning at rest", sp.Subs(v, _t, 0), sp.Integer(0)),
        Step(
            "what is left is faded by 2 lambda: v' vanishes where v has come to rest",
            sp.Subs(-2 * lam * _v + sigma**2, _v, statement),
            sp.Integer(0),
        ),
        Step("the time dependent part of v", v + statement * sp.exp(-2 * lam * _t), statement),
    )
    return Derivation(sp.Symbol("V"), statement, steps)


def autocorrelation() -> Derivation:
    r"""Derive $e^{-\lambda \Delta}$.

    >>> autocorrelation().statement
    exp(-Delta*lambda)
    """
    mean = _x * sp.exp(-lam * Delta)
    statement = sp.exp(-lam * Delta)
    steps = (
        Step(
            "the mean of what becomes of x fades at the rate lambda, noise adding none to it",
            sp.Derivative(mean, Delta),
            -lam * mean,
        ),
        Step(
            "times x, averaged over x of variance v, and over v",
            sp.Subs(_v * sp.Subs(mean / _x, _x, 1) / _v, _v, sigma**2 / (2 * lam)),
            statement,
        ),
    )
    return Derivation(sp.Symbol("rho"), statement, steps)


def return_rate(form: str) -> Derivation:
    r"""Derive how fast deviations fade: of a fold $2 \sqrt{a \mu}$, and else $\mu$.

    >>> return_rate("fold").statement
    2*sqrt(a)*sqrt(mu)
    """
    if form == "hopf":
        return _hopf_rate()
    drift, at = FORMS[form]
    rate = sp.simplify(-sp.diff(drift, _x).subs(_x, at))
    steps = (
        Step("where the drift vanishes", sp.Subs(drift, _x, at), sp.Integer(0)),
        Step("its slope there", -sp.Subs(sp.Derivative(drift, _x), _x, at), rate),
    )
    return Derivation(lam, rate, steps)


def _hopf_rate() -> Derivation:
    r"""Of $z' = -(\mu - i \omega) z - a z |z|^2$, whose |z| has a slope of its own."""
    r = sp.Symbol("r", nonnegative=True)
    inward = -mu * _x - omega * _y - a * _x * (_x**2 + _y**2)
    onward = omega * _x - mu * _y - a * _y * (_x**2 + _y**2)
    radial = -mu * r - a * r**3
    step = Step(
        "the drift along the radius: the rotation drops out",
        sp.Subs((inward * _x + onward * _y) / r, (_x, _y), (r, 0)),
        radial,
    )
    return Derivation(
        lam, mu, (step, Step("its slope at 0", -sp.Subs(sp.Derivative(radial, r), r, 0), mu))
    )


def relative_variance(form: str) -> Derivation:
    r"""Derive the variance over $\sigma^2$: of a fold $1/(4 \sqrt{a \mu})$, and else $1/(2\mu)$.

    Of a Hopf point it is that of either coordinate.

    >>> relative_variance("fold").statement
    1/(4*sqrt(a)*sqrt(mu))
    """
    rate = return_rate(form)
    statement = 1 / (2 * rate.statement)
    reason = "the variance of this rate, over sigma^2"
    turned: tuple[Step, ...] = ()
    if form == "hopf":
        p, q = sp.symbols("p q", real=True)
        turned = (
            Step(
                "J S + S J^T + 1 vanishes for S = 1/(2 mu): its corners",
                sp.Subs(1 - 2 * mu * _v, _v, statement),
                sp.Integer(0),
            ),
            Step(
                "and its sides, for turning leaves a circle",
                sp.Subs(p * _v + _v * q, (p, q), (-omega, omega)),
                sp.Integer(0),
            ),
        )
    last = Step(reason, sp.Subs(1 / (2 * lam), lam, rate.statement), statement)
    return Derivation(sp.Symbol("V"), statement, (*rate.steps, *turned, last), _LINEAR)


def exponent(form: str) -> Derivation:
    r"""Derive the power of $\mu$ in the variance: -1/2 of a fold, and else -1.

    >>> [exponent(form).statement for form in ("fold", "hopf")]
    [-1/2, -1]
    """
    found = relative_variance(form)
    v = found.statement
    power = sp.simplify(mu * sp.diff(v, mu) / v)
    last = Step("the slope of its logarithm along ln mu", mu * sp.Derivative(v, mu) / v, power)
    return Derivation(sp.Symbol("s"), power, (*found.steps, last), _LINEAR)


def level(form: str) -> Derivation:
    r"""Derive what the variance is times: of a fold $1/(4 \sqrt a)$, and else 1/2.

    >>> level("fold").statement
    1/(4*sqrt(a))
    """
    found, power = relative_variance(form), exponent(form).statement
    statement = sp.simplify(found.statement * mu**-power)
    last = Step("the power of mu taken off", sp.Subs(found.statement, mu, 1), statement)
    return Derivation(sp.Symbol("A"), statement, (*found.steps, last), _LINEAR)


def slow_passage() -> Derivation:
    r"""Derive $\mu = z_1 \varepsilon^{2/3}$ where $x' = x^2 + \mu$, $\mu = \varepsilon t$, escapes.

    >>> slow_passage().statement
    epsilon**(2/3)*z_1
    """
    t = sp.Symbol("t", real=True)
    w = sp.Function("w")(t)
    x = -sp.diff(w, t) / w
    third = sp.Rational(1, 3)
    ai = sp.airyai(-(epsilon**third) * t)
    statement = z_1 * epsilon ** (2 * third)
    steps = (
        Step(
            "with x = -w'/w the equation is linear: w'' + epsilon t w = 0",
            -(sp.Derivative(x, t) - x**2 - epsilon * t) * w,
            sp.diff(w, t, 2) + epsilon * t * w,
        ),
        Step(
            "Airy's function of -epsilon^(1/3) t solves it, and alone stays at rest from long ago",
            sp.Derivative(ai, (t, 2)),
            -epsilon * t * ai,
        ),
        Step(
            "x escapes where w vanishes first, at epsilon^(1/3) t = z_1: mu is then epsilon t",
            sp.Subs(epsilon * t, t, z_1 / epsilon**third),
            statement,
        ),
    )
    assumes = ("z_1 is the first zero of Ai(-z), 2.33811", "the passage began at rest, long before")
    return Derivation(mu, statement, steps, assumes)


def delay_exponent() -> Derivation:
    r"""Derive the power 2/3 of the pace in the delay, which other terms do not change.

    >>> delay_exponent().statement
    2/3
    """
    p, q = sp.symbols("p q", real=True)
    found = slow_passage()
    power = epsilon * sp.Derivative(found.statement, epsilon) / found.statement
    third = sp.Rational(1, 3)
    cubic = Step(
        "with eps^(1/3) the unit of x, and of 1/t, x^3 has a factor eps^(1/3) more than x^2",
        sp.Subs(epsilon ** (3 * p - p + q) / epsilon ** (2 * p - p + q), (p, q), (third, -third)),
        epsilon**third,
    )
    last = Step("the slope of the logarithm along ln eps", power, 2 * third)
    return Derivation(sp.Symbol("s"), 2 * third, (*found.steps, cubic, last), found.assumes)
