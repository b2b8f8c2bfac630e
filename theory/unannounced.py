r"""Thresholds that are passed without a warning: fronts, overcompensation, noise beside the point.

- `front_speed`: of $u_t = D u_{xx} + u (1 - u) (u - a)$ between 1 on the left and 0 on the right.
- `last_equilibrium`: of $N' = N \exp(r (1 - N/K) - b/(1 + N))$.
- `missed`: of two coordinates, the slow one being $\mu$ from its threshold.

The review (Boettiger, Ross and Hastings, arXiv 1305.6700) names such systems without equations;
these are derived here.
"""

from __future__ import annotations

import sympy as sp

from lemmata.theory.derivation import Derivation, Step

#: the unstable state between 0 and 1; how fast u spreads
a, D = sp.symbols("a D", positive=True)
#: growth, capacity, the strength of predation, and numbers
r, K, b, N = sp.symbols("r K b N", positive=True)
#: the distance to the threshold, how the fast coordinate pushes the slow one, and the noise's angle
mu, k = sp.symbols("mu k", positive=True)
c, s = sp.symbols("c s", real=True)

_u, _x = sp.symbols("u x", real=True)
_REST = {"one": sp.Integer(1), "nothing": sp.Integer(0)}


def _kinetics(u: sp.Expr) -> sp.Expr:
    return u * (1 - u) * (u - a)


def front_speed() -> Derivation:
    r"""Derive $\sqrt{D/2}\,(1 - 2a)$.

    >>> front_speed().statement
    sqrt(2)*sqrt(D)*(1 - 2*a)/2
    """
    profile = 1 / (1 + sp.exp(_x / sp.sqrt(2 * D)))
    slope = -_u * (1 - _u) / sp.sqrt(2 * D)
    statement = sp.sqrt(D / 2) * (1 - 2 * a)
    steps = (
        Step(
            "the slope of a logistic front, by its height",
            sp.Derivative(profile, _x),
            slope.subs(_u, profile),
        ),
        Step(
            "its curvature, by the chain rule",
            sp.Derivative(profile, (_x, 2)),
            (sp.diff(slope, _u) * slope).subs(_u, profile),
        ),
        Step(
            "moving at c it has -c u' = D u'' + f(u): solved for c, whatever the height",
            -(D * sp.Derivative(slope, _u) * slope + _kinetics(_u)) / slope,
            statement,
        ),
    )
    return Derivation(sp.Symbol("c"), statement, steps)


def front_reversal() -> Derivation:
    """Derive that the front stands still at a = 1/2.

    >>> front_reversal().statement
    1/2
    """
    speed = front_speed()
    half = sp.Rational(1, 2)
    still = Step("where it vanishes", sp.Subs(speed.statement, a, half), sp.Integer(0))
    falls = Step(
        "and it falls with a, so that it vanishes once",
        -sp.Derivative(speed.statement, a) / sp.sqrt(2 * D),
        sp.Integer(1),
    )
    solved = Step(
        "the speed is linear in a, and solved",
        -sp.Subs(speed.statement, a, 0) / sp.Derivative(speed.statement, a),
        half,
    )
    return Derivation(sp.Symbol("a_c"), half, (*speed.steps, still, falls, solved))


def return_rate(state: str) -> Derivation:
    """Derive how fast a uniform state comes back: 1 - a for u = 1, and a for u = 0.

    >>> return_rate("one").statement, return_rate("nothing").statement
    (1 - a, a)
    """
    statement = sp.expand(-sp.diff(_kinetics(_u), _u).subs(_u, _REST[state]))
    slope = -sp.Subs(sp.Derivative(_kinetics(_u), _u), _u, _REST[state])
    return Derivation(
        sp.Symbol("lambda"), statement, (Step("the slope of the kinetics", slope, statement),)
    )


def last_equilibrium() -> Derivation:
    r"""Derive $b_c = r (K + 1)^2/(4 K)$, beyond which there is no positive equilibrium.

    >>> last_equilibrium().statement
    r*(K + 1)**2/(4*K)
    """
    pull = r * (1 - N / K) * (1 + N)
    top = (K - 1) / 2
    statement = r * (K + 1) ** 2 / (4 * K)
    steps = (
        Step(
            "numbers are kept where growth is 1: b = r (1 - N/K) (1 + N)",
            sp.Subs(r * (1 - N / K) - b / (1 + N), b, pull),
            sp.Integer(0),
        ),
        Step("which has its top", sp.Subs(sp.Derivative(pull, N), N, top), sp.Integer(0)),
        Step("for it is concave", -sp.Derivative(pull, (N, 2)), 2 * r / K),
        Step("as high as", sp.Subs(pull, N, top), statement),
    )
    return Derivation(sp.Symbol("b_c"), statement, steps, where=(sp.Gt(K, 1),))


def equilibrium() -> sp.Expr:
    """The upper positive equilibrium, in b."""
    return (K - 1 + sp.sqrt((K + 1) ** 2 - 4 * K * b / r)) / 2


def weak_noise() -> Derivation:
    r"""Derive the variance over $\sigma^2$ where numbers meet a weak noise $e^{\sigma \xi}$.

    At the upper equilibrium it is $N^2/(1 - s^2)$ with the slope s of the map; it is least not far
    from where s = 0.
    """
    step = N * sp.exp(r * (1 - N / K) - b / (1 + N))
    at = equilibrium()
    slope = 1 + N * (b / (1 + N) ** 2 - r / K)
    v = sp.Symbol("v", positive=True)
    s_ = sp.Symbol("s_N", real=True)
    statement = (N**2 / (1 - slope**2)).subs(N, at)
    steps = (
        Step(
            "the upper equilibrium keeps itself",
            sp.Subs(r * (1 - N / K) * (1 + N) - b, N, at),
            sp.Integer(0),
        ),
        Step(
            "the slope of the map where growth is 1",
            sp.Subs(sp.Derivative(step, N), b, r * (1 - N / K) * (1 + N)),
            slope.subs(b, r * (1 - N / K) * (1 + N)),
        ),
        Step(
            "a deviation becomes s times itself and N sigma xi: v = s^2 v + N^2 is solved by",
            sp.Subs(s_**2 * v + N**2, v, N**2 / (1 - s_**2)),
            N**2 / (1 - s_**2),
        ),
        Step("at the equilibrium", sp.Subs(N**2 / (1 - slope**2), N, at), statement),
    )
    assumes = ("noise is weak, and the slope s of the map between -1 and 1",)
    where = (sp.Gt(K, 1), sp.Lt(b, r * (K + 1) ** 2 / (4 * K)))
    return Derivation(sp.Symbol("V"), statement, steps, assumes, where)


def _system() -> tuple[sp.Matrix, sp.Matrix]:
    """x' = -mu x + k y, y' = -y; noise c along (k, mu - 1), the fast direction, and s along x."""
    J = sp.Matrix([[-mu, k], [0, -1]])
    return J, sp.Matrix([c * k + s, c * (mu - 1)])


def missed() -> Derivation:
    r"""Derive the variance of x where noise of size c acts along the fast direction, s along x.

    With s = 0 it is $c^2 k^2/2$, however close the threshold.

    >>> missed().statement.subs(s, 0)
    c**2*k**2/2
    """
    J, g = _system()
    found = _covariances()
    names = sp.symbols("v_x v_xy v_y")
    S = sp.Matrix([[names[0], names[1]], [names[1], names[2]]])
    left = J * S + S * J.T + g * g.T
    x, y = sp.symbols("x y", real=True)
    steps = (
        Step(
            "along (k, mu - 1) the drift of x is minus x: the fast direction",
            sp.Subs(J[0, 0] * x + k * y, (x, y), (k, mu - 1)),
            -k,
        ),
        Step(
            "J S + S J^T + g g^T vanishes: its corner of x",
            sp.Subs(left[0, 0], names, found),
            sp.Integer(0),
        ),
        Step("its side", sp.Subs(left[0, 1], names, found), sp.Integer(0)),
        Step("its corner of y", sp.Subs(left[1, 1], names, found), sp.Integer(0)),
        Step(
            "the variance of x by powers of s",
            found[0],
            c**2 * k**2 / 2 + 2 * c * k * s / (1 + mu) + s**2 / (2 * mu),
        ),
    )
    return Derivation(sp.Symbol("V_x"), steps[-1].right, steps)


def _covariances() -> tuple[sp.Expr, sp.Expr, sp.Expr]:
    """Solved from the corner of y upwards."""
    _, g = _system()
    yy = g[1] ** 2 / 2
    xy = (k * yy + g[0] * g[1]) / (1 + mu)
    xx = (2 * k * xy + g[0] ** 2) / (2 * mu)
    return xx, xy, yy
