r"""Hayes' equation $x'(t) = a x(t) + b x(t - 1)$ and its whole stability boundary.

The zero solution is stable in the wedge between the line $a + b = 0$ (for $a < 1$), where a real
root crosses, and the curve $a = w \cot w$, $b = -w / \sin w$ ($0 < w < \pi$), where a pair
$\pm i w$ does; the two meet at a = 1. Source: Hayes, J. London Math. Soc. 25 (1950) 226.
"""

import sympy as sp

from lemmata.theory.delay_system import DelaySystem
from lemmata.theory.derivation import Derivation, Step

a, b = sp.symbols("a b", real=True)
w = sp.Symbol("w", positive=True)

_lambda = sp.Symbol("lambda")
_t = sp.Symbol("t", positive=True)
_x, _y = sp.symbols("x y", positive=True)
_zero = sp.Integer(0)
_WHERE = (sp.Lt(w, sp.pi),)
_ASSUMES = ("0 < w < pi: on this part of the curve the pair is the rightmost one",)


def system() -> DelaySystem:
    """The equation at zero, its delay one."""
    return DelaySystem((_x,), ((_y,),), (sp.Integer(1),), (a * _x + b * _y,), (_zero,))


def strength_on_curve() -> Derivation:
    r"""Derive $b = -w / \sin w$ where a pair $\pm i w$ is on the axis."""
    return _derivation("b_c", _strength(), (*_steps(), _strength_step()))


def present_on_curve() -> Derivation:
    r"""Derive $a = w \cot w$ there."""
    statement = w * sp.cos(w) / sp.sin(w)
    real, _ = _parts()
    chi = _chi().subs(_lambda, sp.I * w)
    steps = (
        *_steps(),
        _strength_step(),
        Step("the real part, solved for a", sp.Subs(a + real, b, _strength()), statement),
        Step("chi vanishes there", sp.Subs(chi, (a, b), (statement, _strength())), _zero),
        Step("a in the parameter w", sp.Subs(-b * sp.cos(w), b, _strength()), statement),
    )
    return _derivation("a_c", statement, steps)


def strength_on_line() -> Derivation:
    r"""Derive $b = -a$ where a real root crosses, for a < 1."""
    chi = _chi()
    at_zero = (_lambda, b), (_zero, -a)
    steps = (
        *_steps()[:1],
        Step("zero is a root", sp.Subs(chi, *at_zero), _zero),
        Step("a simple one for a < 1", sp.Subs(sp.Derivative(chi, _lambda), *at_zero), 1 - a),
        Step(
            "which moves to the right with b, for a < 1, by -chi_b/chi_lambda",
            -sp.Subs(sp.Derivative(chi, b) / sp.Derivative(chi, _lambda), *at_zero),
            1 / (1 - a),
        ),
        Step("chi(0) is linear in b, and solved", b + sp.Subs(chi, _lambda, 0), -a),
    )
    assumes = ("a < 1: there the root at zero is the rightmost one",)
    return Derivation(sp.Symbol("b_0"), -a, steps, assumes, (sp.Lt(a, 1),))


def _chi() -> sp.Expr:
    return _lambda - a - b * sp.exp(-_lambda)


def _parts() -> tuple[sp.Expr, sp.Expr]:
    """Real and imaginary part of chi on the axis, to be worked out."""
    on_axis = _chi().subs(_lambda, sp.I * w)
    return sp.re(on_axis, evaluate=False), sp.im(on_axis, evaluate=False)


def _strength() -> sp.Expr:
    return -w / sp.sin(w)


def _steps() -> tuple[Step, ...]:
    u = sp.exp(_lambda * _t)
    real, imaginary = _parts()
    return (
        Step(
            "exp(lambda t) is a solution where chi(lambda) vanishes",
            (sp.Derivative(u, _t) - a * u - b * u.subs(_t, _t - 1)) / u,
            _chi(),
        ),
        Step("the real part of chi(i w)", real, -a - b * sp.cos(w)),
        Step("and the imaginary part", imaginary, w + b * sp.sin(w)),
    )


def _strength_step() -> Step:
    _, imaginary = _parts()
    return Step("the imaginary part, solved for b", b - imaginary / sp.sin(w), _strength())


def _derivation(name: str, statement: sp.Expr, steps: tuple[Step, ...]) -> Derivation:
    return Derivation(sp.Symbol(name), statement, steps, _ASSUMES, _WHERE)
