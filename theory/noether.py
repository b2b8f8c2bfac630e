r"""Symmetries of a loss and the charges that move with them: $m q'' + \gamma q' = -\nabla f$.

What Noether's theorem would conserve moves here: friction takes from it, and where the kinetic
energy does not share the symmetry of the loss, motion gives to it. Source: Tanaka and Kunin, arXiv
2105.02716. Losses of two coordinates stand for all: one that knows a symmetry is a function F of
one number.
"""

from __future__ import annotations

import sympy as sp

from lemmata.theory.derivation import Derivation, Step

m, gamma = sp.symbols("m gamma", positive=True)
#: the learning rate and the weight decay
eta, lam = sp.symbols("eta lambda", positive=True)

_x, _y, _u, _w, _t = sp.symbols("x y u w t", real=True)
_r, _G = sp.symbols("r G", positive=True)
#: the gradient of a loss
_PULLS = sp.symbols("f_x f_y", real=True)
_F = sp.Function("F")
_zero, _one = sp.Integer(0), sp.Integer(1)
#: a loss that knows the symmetry, where it moves (x, y), and its words
SYMMETRIES: dict[str, tuple[sp.Expr, tuple[sp.Expr, sp.Expr], str]] = {
    "scale": (_F(_y / _x), (_x, _y), "scaling both alike changes nothing"),
    "translation": (_F(_x - _y), (_one, _one), "moving both alike changes nothing"),
    "rescaling": (_F(_x * _y), (_x, -_y), "scaling one up and the other down changes nothing"),
}
#: m Q' + gamma Q over m, of each symmetry
SOURCES = {"scale": _u**2 + _w**2, "translation": _zero, "rescaling": _u**2 - _w**2}
_LEADING = (
    "eta lambda is small: its square is left out",
    "slopes come from examples drawn anew, whose mean square no longer changes",
)


def _no_slope(symmetry: str) -> Step:
    loss, along, why = SYMMETRIES[symmetry]
    slopes = sp.Derivative(loss, _x), sp.Derivative(loss, _y)
    return Step(
        f"{why}: the slope along it is none", along[0] * slopes[0] + along[1] * slopes[1], _zero
    )


def _balanced(symmetry: str) -> sp.Expr:
    """The slope along x where that along the symmetry is none."""
    _, along, _ = SYMMETRIES[symmetry]
    return -along[1] * _PULLS[1] / along[0]


def charge_rate(symmetry: str) -> Derivation:
    r"""Derive $(S - Q')/Q = \gamma/m$ for the charge Q of a symmetry and its source S.

    Scale: $Q = q \cdot q'$, $S = |q'|^2$. Translation: $Q = 1 \cdot q'$, S = 0. Rescaling:
    $Q = a \cdot a' - b \cdot b'$, $S = |a'|^2 - |b'|^2$.

    >>> charge_rate("scale").statement
    gamma/m
    """
    _, along, _ = SYMMETRIES[symmetry]
    rate, source = gamma / m, SOURCES[symmetry]
    Q = along[0] * _u + along[1] * _w
    # Q' by the chain rule: how the velocity moves (x, y), and how the equation moves the velocity
    change = sum(
        sp.Derivative(Q, z) * v - sp.Derivative(Q, v) * (gamma * v + pull) / m
        for z, v, pull in zip((_x, _y), (_u, _w), _PULLS, strict=True)
    )
    moved = source - rate * Q - (along[0] * _PULLS[0] + along[1] * _PULLS[1]) / m
    steps = (
        _no_slope(symmetry),
        Step("the charge, by the chain rule and the equation of motion", change, moved),
        Step(
            "where the slope along the symmetry is none, what is left over the charge",
            (source - sp.Subs(moved, _PULLS[0], _balanced(symmetry))) / Q,
            rate,
        ),
    )
    return Derivation(sp.Symbol("kappa"), rate, steps)


def flow_norm() -> Derivation:
    r"""Derive that gradient flow, m = 0, keeps the norm: $|q(t)|^2/|q(0)|^2 = 1$.

    >>> flow_norm().statement
    1
    """
    square = _x**2 + _y**2
    change = sum(
        sp.Derivative(square, z) * -pull / gamma for z, pull in zip((_x, _y), _PULLS, strict=True)
    )
    moved = -2 * (_x * _PULLS[0] + _y * _PULLS[1]) / gamma
    steps = (
        _no_slope("scale"),
        Step("how |q|^2 moves, by the chain rule and the flow gamma q' = -grad f", change, moved),
        Step(
            "where the slope along q is none, |q|^2 has no rate: what it is a time t later, by the"
            " mean value theorem, over what it was",
            (_G + _t * sp.Subs(moved, _PULLS[0], _balanced("scale"))) / _G,
            _one,
        ),
    )
    return Derivation(sp.Symbol("R"), _one, steps, ("m = 0",))


def discrete_growth() -> Derivation:
    r"""Derive $(|q_{t+1}|^2 - |q_t|^2)/(\eta^2 |g|^2) = 1$ of gradient descent.

    >>> discrete_growth().statement
    1
    """
    before, after = (
        sum((z - h * pull) ** 2 for z, pull in zip((_x, _y), _PULLS, strict=True)) for h in (0, eta)
    )
    grown = (after - before) / (eta**2 * sum(pull**2 for pull in _PULLS))
    pythagoras = Step(
        "so that a step is across q: by Pythagoras, without a rest",
        sp.Subs(grown, _PULLS[0], _balanced("scale")),
        _one,
    )
    return Derivation(sp.Symbol("R"), _one, (_no_slope("scale"), pythagoras))


def fourth_power() -> Derivation:
    r"""Derive $E|q|^4 / E|\hat g|^2 = \eta/(2\lambda)$ with weight decay, to leading order.

    >>> fourth_power().statement
    eta/(2*lambda)
    """
    statement = eta / (2 * lam)
    steps = (
        *_fourth_power_moves(),
        Step(
            "at rest decay takes what slopes give",
            sp.Subs(2 * eta**2 * _G - 4 * eta * lam * _r, _r, statement * _G),
            _zero,
        ),
        Step("over the mean square of the slope", sp.Subs(_r / _G, _r, statement * _G), statement),
    )
    return Derivation(sp.Symbol("R"), statement, steps, _LEADING)


def memory() -> Derivation:
    r"""Derive the rate $4 \eta \lambda$ at which $|q|^4$ forgets, a step.

    So it is a moving average of $|\hat g|^2$, as in RMSProp, which divides by its root.

    >>> memory().statement
    4*eta*lambda
    """
    forgotten = Step(
        "of the fourth power a step takes",
        -sp.Derivative(2 * eta**2 * _G - 4 * eta * lam * _r, _r),
        4 * eta * lam,
    )
    return Derivation(
        sp.Symbol("rate"), 4 * eta * lam, (*_fourth_power_moves(), forgotten), _LEADING
    )


def _fourth_power_moves() -> tuple[Step, ...]:
    r"""How $r = |q|^4$ moves: the slope at q is that at unit norm over |q|, and across q."""
    s = sp.Symbol("s", positive=True)  # |q|^2
    h = sp.Symbol("h", positive=True)  # eta lambda
    moved = (1 - h) ** 2 * s + eta**2 * _G / s
    return (
        _no_slope("scale"),
        Step(
            "the square of |q|^2, whose cross term has lost |q|: this is why the fourth power",
            moved**2,
            (1 - h) ** 4 * s**2 + 2 * (1 - h) ** 2 * eta**2 * _G + eta**4 * _G**2 / s**2,
        ),
        Step(
            "what decay takes, in h = eta lambda", -sp.Subs(sp.Derivative((1 - h) ** 4, h), h, 0), 4
        ),
        Step(
            "and slopes give, to leading order",
            sp.Subs(2 * (1 - h) ** 2 * eta**2 * _G, h, 0),
            2 * eta**2 * _G,
        ),
    )
