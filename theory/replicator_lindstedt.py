r"""The cycle of $x' = \kappa\, x (1 - x) (x^* - x(t - T))$ by Lindstedt's method.

With $u = x - x^*$ and $\delta = \kappa x^* (1 - x^*)$ the equation is $u' = -\delta (1 + A u - B
u^2)\, u(t - T)$, $B = 1/(x^*(1 - x^*))$, $A = (1 - 2x^*) B$. In the time $s = \omega t$,

$$u = \epsilon \cos s + \epsilon^2 A (\tfrac15 \cos 2s + \tfrac1{10} \sin 2s) + \dots, \qquad
T = T_c (1 + \mu).$$

Derived here; compare `delayed_replicator`, whose laws come by projection.
"""

import sympy as sp

from lemmata.theory.delayed_replicator import delay, delayed, kappa, state, system, x_star
from lemmata.theory.derivation import Derivation, Step

_s, _small = sp.symbols("s epsilon", positive=True)
_A = sp.Symbol("A", real=True)
_B, _delta, _t = sp.symbols("B delta t", positive=True)
_u, _v = sp.symbols("u v", real=True)
_zero = sp.Integer(0)

_ASSUMES = (
    "0 < x* < 1",
    "the cycle and its frequency have expansions in the amplitude (Hopf's theorem)",
)


def amplitude() -> Derivation:
    r"""Derive $\epsilon^2 / \mu \to 1 / (B/4 + A^2 (3\pi - 2)/(20\pi))$ for $T \downarrow T_c$."""
    return _derivation("r", 1 / _excess())


def frequency_shift() -> Derivation:
    r"""Derive $(\omega/\delta - 1) / \epsilon^2 \to -(B/4 + 3 A^2/20)$."""
    return _derivation("w", -_slowing())


def second_cosine() -> Derivation:
    r"""Derive the part $A/5$ of the second harmonic in phase with the first, over epsilon^2."""
    return _derivation("h_c", _A / 5)


def second_sine() -> Derivation:
    r"""Derive the part $A/10$ of the second harmonic a quarter turn behind, over epsilon^2."""
    return _derivation("h_s", _A / 10)


def symmetric_period() -> Derivation:
    r"""Derive the period 4 T at $x^* = 1/2$, for an orbit with $u(t - 2T) = -u(t)$.

    With v(t) = u(t - T) such an orbit solves u' = -g(u) v, v' = g(v) u, whose orbits are closed and
    go into themselves by a quarter turn.
    """
    rate = system().rate[0].subs(x_star, sp.Rational(1, 2))
    half = sp.Rational(1, 2)

    def g(y: sp.Expr) -> sp.Expr:
        return kappa * (sp.Rational(1, 4) - y**2)

    first, second = -g(_u) * _v, g(_v) * _u
    energy = -(sp.log(sp.Rational(1, 4) - _u**2) + sp.log(sp.Rational(1, 4) - _v**2))
    quarter = {_u: _v, _v: -_u}
    steps = (
        Step(
            "the equation in u = x - 1/2",
            sp.Subs(rate, (state, delayed), (half + _u, half + _v)),
            first,
        ),
        Step(
            "for v, one delay earlier, with u(t - 2T) = -u(t)",
            sp.Subs(rate, (state, delayed), (half + _v, half - _u)),
            second,
        ),
        Step(
            "the two conserve log(1/4 - u^2) + log(1/4 - v^2), whose level curves are closed",
            sp.Derivative(energy, _u) * first + sp.Derivative(energy, _v) * second,
            _zero,
        ),
        Step(
            "a quarter turn (u, v) -> (v, -u) takes the field into itself: the first component",
            sp.Subs(first, tuple(quarter), tuple(quarter.values())),
            second,
        ),
        Step("and the second", sp.Subs(second, tuple(quarter), tuple(quarter.values())), -first),
        Step(
            "so v(t) = u(t - T) where T is the time of a quarter turn, and four make the period",
            sp.Sum(delay, (sp.Symbol("i", integer=True), 1, 4)),
            4 * delay,
        ),
    )
    where = (sp.Lt(_u, half), sp.Gt(_u, -half), sp.Lt(_v, half), sp.Gt(_v, -half))
    assumes = ("the orbit has u(t - 2T) = -u(t), as those born at the onset do",)
    return Derivation(sp.Symbol("P"), 4 * delay, steps, assumes, where)


def _steps() -> tuple[Step, ...]:
    rate = system().rate[0]
    moved = sp.Subs(rate, (state, delayed), (x_star + _u, x_star + _v))
    short = -_delta * (1 + _A * _u - _B * _u**2) * _v
    second, third = (sp.Subs(sp.Derivative(_residual(), (_small, n)), _small, 0) for n in (2, 3))
    worked = third.doit()
    corner = sp.pi / 4
    samples = sum(worked.subs(_s, j * corner) * sp.exp(-sp.I * j * corner) for j in range(8))
    return (
        Step("the equation in u = x - x*", moved, short.subs(_meaning())),
        Step(
            "order epsilon: u = cos s turns with delta at a quarter turn of delay",
            sp.Subs(sp.Derivative(_residual(), _small), _small, 0),
            _zero,
        ),
        Step("order epsilon^2: the second harmonic, and no shift of the mean", second, _zero),
        Step(
            "order epsilon^3 has harmonics up to the third, so that eight samples project it on "
            "exp(i s): nothing resonates with this mu and this omega",
            samples,
            _zero,
        ),
    )


def _residual() -> sp.Expr:
    """What is left of the equation, over delta, with the expansions put in."""
    slower = 1 - _small**2 * _slowing()
    angle = sp.pi / 2 * (1 + _small**2 * _excess()) * slower  # omega T
    # An angle near a quarter turn: cos(s - angle) stays short with its expansion.
    past = _orbit(_s - angle)
    here = _orbit(_s)
    return slower * sp.diff(here, _s) + (1 + _A * here - _B * here**2) * past


def _orbit(s: sp.Expr) -> sp.Expr:
    second = _A * (sp.cos(2 * s) / 5 + sp.sin(2 * s) / 10)
    return _small * sp.cos(s) + _small**2 * second


def _excess() -> sp.Expr:
    """mu over epsilon squared."""
    return _B / 4 + _A**2 * (3 * sp.pi - 2) / (20 * sp.pi)


def _slowing() -> sp.Expr:
    """By how much omega falls below delta, over delta epsilon squared."""
    return _B / 4 + 3 * _A**2 / 20


def _meaning() -> dict[sp.Symbol, sp.Expr]:
    size = x_star * (1 - x_star)
    return {_A: (1 - 2 * x_star) / size, _B: 1 / size, _delta: kappa * size}


def _derivation(name: str, law: sp.Expr) -> Derivation:
    meaning = _meaning()
    statement = law.subs(meaning)
    left = sp.Subs(law, tuple(meaning), tuple(meaning.values()))
    steps = (*_steps(), Step("in the parameters", left, statement))
    return Derivation(sp.Symbol(name), statement, steps, _ASSUMES, (sp.Lt(x_star, 1),))
