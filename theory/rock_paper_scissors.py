r"""Rock, paper, scissors with late payoffs: the delayed replicator family, (c).

$$x_i'(t) = x_i(t)\, \Big(f_i - \sum_j x_j(t) f_j\Big), \qquad
f_i = a\, x_{i-1}(t - T) - b\, x_{i+1}(t - T),$$

a win is worth a, a loss costs b, and every payoff is T old. Subject: Wesson and Rand, Dyn. Games
Appl. 6 (2016) 139. The formulas are derived here, and are not quoted from there.
"""

import sympy as sp

from lemmata.theory.characteristic import characteristic_function, exponentials, linearisation, root
from lemmata.theory.delay_system import DelaySystem
from lemmata.theory.derivation import Derivation, Step
from lemmata.theory.onset import rest_steps, slope_steps
from lemmata.theory.onset_quasi import determinant_step

a, b, delay = sp.symbols("a b T", positive=True)
state = sp.symbols("x_1:3", positive=True)
delayed = sp.symbols("y_1:3", positive=True)

_third = sp.Rational(1, 3)
_zero = sp.Integer(0)
_ASSUMES = (
    "stability near the centre is that of the linearised equation",
    "for a > b it is stable without delay, so the first pair on the axis is the onset",
)


def system() -> DelaySystem:
    """The shares of two strategies (the third is what is left), a > b > 0."""
    now = (*state, 1 - sum(state))
    then = (*delayed, 1 - sum(delayed))
    payoffs = [a * then[i - 1] - b * then[(i + 1) % 3] for i in range(3)]
    mean = sum(x * f for x, f in zip(now, payoffs, strict=True))
    rates = tuple(now[i] * (payoffs[i] - mean) for i in range(2))
    return DelaySystem(state, (delayed,), (delay,), rates, (_third, _third), (sp.Gt(a, b),))


def eigenvalue() -> sp.Expr:
    r"""The c with $\lambda = c e^{-\lambda T}$ that has a positive imaginary part."""
    return ((b - a) / 2 + sp.I * sp.sqrt(3) * (a + b) / 2) / 3


def frequency() -> Derivation:
    r"""Derive $\omega = |c| = \sqrt{a^2 + a b + b^2} / 3$ at the onset."""
    statement = sp.sqrt(a**2 + a * b + b**2) / 3
    c = sp.Abs(eigenvalue(), evaluate=False)
    last = Step("on the axis the moduli are omega and |c|", c, statement)
    return Derivation(sp.Symbol("omega"), statement, (*_steps(), last), _ASSUMES, (sp.Gt(a, b),))


def critical_delay() -> Derivation:
    r"""Derive $T_c = \frac{3}{\sqrt{a^2 + ab + b^2}} \arctan \frac{a - b}{\sqrt3 (a + b)}$.

    It vanishes for a = b: any delay destabilises the zero-sum game.
    """
    omega = sp.sqrt(a**2 + a * b + b**2) / 3
    angle = sp.atan((a - b) / (sp.sqrt(3) * (a + b)))
    statement = angle / omega
    chi = characteristic_function(system()).subs(exponentials(system()))
    steps = (
        *_steps(),
        Step(
            "on the axis the moduli are omega and |c|", sp.Abs(eigenvalue(), evaluate=False), omega
        ),
        Step(
            "and the angle of c exp(-i omega T) is a right one: arg c = pi/2 + omega T",
            eigenvalue(),
            omega * sp.I * sp.exp(sp.I * angle),
        ),
        Step(
            "the characteristic function vanishes there",
            sp.Subs(chi, (root, delay), (sp.I * omega, statement)),
            _zero,
        ),
        Step(
            "in the parameters",
            (sp.arg(eigenvalue(), evaluate=False) - sp.pi / 2) / omega,
            statement,
        ),
    )
    return Derivation(sp.Symbol("T_c"), statement, steps, _ASSUMES, (sp.Gt(a, b),))


def growth_without_delay() -> Derivation:
    r"""Derive $\mathrm{Re}\, c = (b - a)/6$: stable without delay for a > b only."""
    statement = (b - a) / 6
    last = Step("its real part", sp.re(eigenvalue(), evaluate=False), statement)
    return Derivation(sp.Symbol("r"), statement, (*_steps(), last), _ASSUMES[:1])


def _steps() -> tuple[Step, ...]:
    of = system()
    lam, decay = root, sp.exp(-root * delay)
    c = eigenvalue()
    mirrored = c.subs(sp.I, -sp.I)
    return (
        *rest_steps(of),
        *slope_steps(of, linearisation(of)),
        determinant_step(of),
        Step(
            "the eigenvalues of the game are c and its conjugate",
            characteristic_function(of).subs(exponentials(of)),
            (lam - c * decay) * (lam - mirrored * decay),
        ),
    )
