r"""The delayed replicator equation: its equilibrium and the delay at which that turns unstable.

$$x'(t) = x(t)\,(1 - x(t))\,[a - C\,p(x(t - \Delta))], \qquad p(x) = \frac{1}{1 + e^{-k(x - x_c)}}$$

with $a, C, k, x_c > 0$. An interior equilibrium needs $p(0) < a/C < p(1)$, which is
$a < C$ and $0 < x^* < 1$. Source: "Delayed Repression and Emergent Instability in Adaptive
Multi-Agent Systems", arXiv 2605.30392 (2026), Theorem 2 and what leads to it.
"""

from functools import lru_cache

import sympy as sp

from lemmata.theory.derivation import Derivation, Step

a, C, k, x_c = sp.symbols("a C k x_c", positive=True)
parameters = (a, C, k, x_c)

state = sp.Symbol("x", positive=True)
delayed = sp.Symbol("y", positive=True)

# For the linear equation u'(t) = -b u(t - Delta), and its solutions exp(lambda t).
feedback, delay, _omega, _t = sp.symbols("b Delta omega t", positive=True)
root = sp.Symbol("lambda")
_turns = sp.Symbol("n", integer=True, nonnegative=True)

_ASSUMES = ("the equilibrium is interior: p(0) < a/C < p(1)",)
_LINEAR = (*_ASSUMES, "stability near the equilibrium is that of the linearised equation")


def response(x: sp.Expr) -> sp.Expr:
    """The probability of repression $p(x)$ at activity $x$."""
    return 1 / (1 + sp.exp(-k * (x - x_c)))


def right_hand_side() -> sp.Expr:
    """The rate of change of `state`, given `state` and `delayed`; the definition of the model."""
    return state * (1 - state) * (a - C * response(delayed))


def interior_equilibrium() -> Derivation:
    r"""Derive $x^* = x_c + \frac{1}{k} \log \frac{a}{C - a}$."""
    at_rest = right_hand_side().subs(delayed, state)
    p = response(state)
    slope = sp.diff(p, state)
    odds = (a / C) / (1 - a / C)
    x_star = equilibrium()
    steps = (
        Step(
            "at rest the state equals its delayed value",
            sp.Subs(right_hand_side(), delayed, state),
            at_rest,
        ),
        Step(
            "in the interior x (1 - x) is not zero, so the bracket is, and p is a/C",
            at_rest / (state * (1 - state)),
            C * (a / C - p),
        ),
        Step("the derivative of p", sp.Derivative(p, state), k * p * (1 - p)),
        Step("p increases, so it takes the value a/C once at most", slope, sp.Integer(0), ">"),
        Step("the logarithm of the odds of p inverts it", _inverse(p), state),
        Step("the inverse at a/C is a point where p is a/C", response(_inverse(a / C)), a / C),
        Step("the right-hand side vanishes there", _at(at_rest, x_star), sp.Integer(0)),
        Step("the inverse at a/C", x_c + sp.log(odds) / k, x_star),
    )
    return concluded(sp.Symbol("x^*"), x_star, steps, _ASSUMES)


def decay_rate() -> Derivation:
    r"""Derive $b = C x^* (1 - x^*) p'(x^*)$, the rate of $u' = -b u$ without delay."""
    at_rest = right_hand_side().subs(delayed, state)
    steps = (
        *linearisation(),
        Step(
            "a decaying exponential solves u' = -b u",
            sp.Derivative(sp.exp(-feedback * _t), _t),
            -feedback * sp.exp(-feedback * _t),
        ),
        Step(
            "without delay both arguments move together, and b is minus the derivative",
            -_at(sp.Derivative(at_rest, state), equilibrium()),
            rate(),
        ),
    )
    return concluded(feedback, rate(), steps, _LINEAR)


def critical_delay() -> Derivation:
    r"""Derive $\Delta_c = \pi / (2 b)$, $b = C x^* (1 - x^*) p'(x^*)$ (Theorem 2)."""
    chi, u = characteristic(), sp.exp(root * _t)
    on_axis = chi.subs(root, sp.I * _omega)
    quarter = sp.pi / 2 + 2 * sp.pi * _turns
    onset = _onset()
    statement = onset.subs(feedback, rate())
    at_onset = (root, delay), (sp.I * feedback, onset)
    slope_there = sp.Subs(sp.Derivative(chi, root), *at_onset)
    zero = sp.Integer(0)
    steps = (
        *linearisation(),
        Step(
            "exp(lambda t) solves u'(t) = -b u(t - Delta) where chi(lambda) vanishes",
            (sp.Derivative(u, _t) + feedback * u.subs(_t, _t - delay)) / u,
            chi,
        ),
        Step(
            "at lambda = i omega the two terms have moduli omega and b, so omega = b",
            sp.Abs(on_axis - sp.I * _omega, evaluate=False),
            feedback,
        ),
        Step(
            "the real part, which leaves cos(b Delta) = 0",
            sp.re(on_axis.subs(_omega, feedback), evaluate=False),
            feedback * sp.cos(feedback * delay),
        ),
        Step(
            "the imaginary part, which leaves sin(b Delta) = 1",
            sp.im(on_axis.subs(_omega, feedback), evaluate=False),
            feedback * (1 - sp.sin(feedback * delay)),
        ),
        Step("pi/2 and full turns solve the first", sp.cos(quarter, evaluate=False), zero),
        Step("and the second", sp.sin(quarter, evaluate=False), sp.Integer(1)),
        Step(
            "of these delays the one without a full turn is the smallest",
            quarter / feedback - 2 * sp.pi * _turns / feedback,
            onset,
        ),
        Step("chi vanishes at i b at that delay", sp.Subs(chi, *at_onset), zero),
        Step("its derivative there", slope_there, 1 + sp.I * sp.pi / 2),
        Step(
            "which is not zero, so the root is simple",
            sp.re(slope_there, evaluate=False) ** 2 + sp.im(slope_there, evaluate=False) ** 2,
            zero,
            ">",
        ),
        Step(
            "in the parameters: chi vanishes at i b",
            sp.Subs(chi, (feedback, root, delay), (rate(), sp.I * rate(), statement)),
            zero,
        ),
        Step(
            "in the parameters: a quarter turn over b",
            sp.acos(0, evaluate=False) / -_partial(delayed),
            statement,
        ),
    )
    return concluded(sp.Symbol("Delta_c"), statement, steps, _LINEAR)


def crossing_speed() -> Derivation:
    r"""Derive $v = \mathrm{Re}\, d\lambda / d\Delta = b^2 / (1 + \pi^2/4)$ at $\Delta_c$."""
    chi = characteristic()
    branch = sp.Function("Lambda")(delay)
    by_root, by_delay = sp.diff(chi, root), sp.diff(chi, delay)
    at_onset = (root, delay), (sp.I * feedback, _onset())
    velocity = -by_delay / by_root
    speed = feedback**2 / (1 + sp.pi**2 / 4)
    statement = speed.subs(feedback, rate())
    there = velocity.subs(dict(zip(*at_onset, strict=True)))
    steps = (
        *linearisation(),
        Step(
            "along a branch of roots chi stays zero, whence dlambda/dDelta by the chain rule",
            sp.Derivative(chi.subs(root, branch), delay),
            by_root.subs(root, branch) * branch.diff(delay) + by_delay.subs(root, branch),
        ),
        Step(
            "the root that crosses is i b, at a quarter turn over b",
            sp.Subs(chi, *at_onset),
            sp.Integer(0),
        ),
        Step(
            "the velocity of that root",
            -sp.Subs(sp.Derivative(chi, delay), *at_onset)
            / sp.Subs(sp.Derivative(chi, root), *at_onset),
            feedback**2 / (1 + sp.I * sp.pi / 2),
        ),
        Step("its real part", sp.re(there, evaluate=False), speed),
        Step("the root moves to the right", sp.re(there, evaluate=False), sp.Integer(0), ">"),
        Step(
            "in the parameters, b being minus the derivative by the delayed state",
            sp.re(_partial(delayed) ** 2 / (1 + sp.I * sp.pi / 2), evaluate=False),
            statement,
        ),
    )
    return concluded(sp.Symbol("v"), statement, steps, _LINEAR)


def crossing_frequency() -> Derivation:
    r"""Derive $\omega = b$: at $\Delta_c$ the pair $\pm i b$ is on the axis, and is simple."""
    to_the_onset = critical_delay().steps
    last = Step("in the parameters: b, minus that derivative", -_partial(delayed), rate())
    return concluded(_omega, rate(), (*to_the_onset, last), _LINEAR)


def linearisation() -> tuple[Step, ...]:
    r"""Steps to the linearised equation at the equilibrium: $u'(t) = -b u(t - \Delta)$."""
    p, x_star = response(state), equilibrium()
    slope = _at(sp.Derivative(p, state), x_star)
    return (
        Step("at the equilibrium p is a/C", _at(p, x_star), a / C),
        Step(
            "so the derivative by the present state vanishes with the bracket",
            _partial(state),
            sp.Integer(0),
        ),
        Step(
            "the derivative by the delayed state, which is -b",
            _partial(delayed),
            -C * x_star * (1 - x_star) * slope,
        ),
        Step("the slope of p, by p' = k p (1 - p)", slope, k * (a / C) * (1 - a / C)),
        Step("b in the parameters", C * x_star * (1 - x_star) * slope, rate()),
    )


@lru_cache
def equilibrium() -> sp.Expr:
    """The point x*, solved from k (x - x_c) = log(a / (C - a))."""
    (x_star,) = sp.solve(k * (state - x_c) - sp.log(a / (C - a)), state)
    return x_star


def _inverse(p: sp.Expr) -> sp.Expr:
    return x_c + sp.log(p / (1 - p)) / k


def rate() -> sp.Expr:
    """The rate b in its natural form; `linearisation` has the steps that establish it."""
    x_star = equilibrium()
    return k * a * x_star * (1 - x_star) * (1 - a / C)


def characteristic() -> sp.Expr:
    """The characteristic function chi in `root`, `feedback` and `delay`."""
    return root + feedback * sp.exp(-root * delay)


def _onset() -> sp.Expr:
    """The smallest delay with b Delta = pi/2, where cos vanishes and sin is one."""
    return sp.pi / 2 / feedback


def _partial(argument: sp.Symbol) -> sp.Expr:
    """The derivative of the right-hand side by one of its arguments, at the equilibrium."""
    both = (equilibrium(), equilibrium())
    return sp.Subs(sp.Derivative(right_hand_side(), argument), (state, delayed), both)


def _at(expression: sp.Expr, x_star: sp.Expr) -> sp.Expr:
    return sp.Subs(expression, state, x_star)


def concluded(
    quantity: sp.Symbol, statement: sp.Expr, steps: tuple[Step, ...], assumes: tuple[str, ...]
) -> Derivation:
    """A derivation under the conditions for an interior equilibrium."""
    x_star = equilibrium()
    where = (sp.Lt(a, C), sp.Gt(x_star, 0), sp.Lt(x_star, 1), sp.Lt(state, 1))
    return Derivation(quantity, statement, steps, assumes, where)
