r"""What the kink of a rectifier takes off the tangent kernel in a step of descent.

One hidden layer and one datum x with target 0. A unit that is on moves by
$-\eta\, d\, w v q / \sqrt n$ in a step of rate eta, with $d = f(x)$ the error, v its
read-out weight and $q = w^2 |x|^2 / n_0 + b^2$; one
that is off does not move. So units are lost and none is won: of the order of $n^{1/2}$ of them, and
the kernel $\Theta_n(x, x)$, in which each has $w^2 q v^2 / n$, falls by the order of $n^{-1/2}$.
All else changes it by the order of 1/n. Setting: Jacot, Gabriel and Hongler, arXiv 1806.07572,
whose Theorem 2 takes nonlinearities with a bounded second derivative.
"""

import sympy as sp

from lemmata.theory.derivation import Derivation, Step
from lemmata.theory.ntk_finite_width import q
from lemmata.theory.ntk_layers import b, w

eta = sp.Symbol("eta", positive=True)
_s, _v, _M, _F, _E = sp.symbols("s v M F E", positive=True)
_ASSUMES = (
    "weights and biases are independent and of N(0, 1)",
    "the width is great: the error d is independent of a single unit, and Gaussian",
)


def first_step_loss() -> Derivation:
    r"""Derive the limit of $-\sqrt n\, \mathbb{E}(\Theta_n(x, x) \text{ after} - \text{ before})$.

    It is $w^3 q^{3/2} \eta\, \mathbb{E}|d| / \pi$ with d of $N(0, w^2 q / 2 + b^2)$.
    """
    near = 1 / sp.sqrt(2 * sp.pi * q)
    bell = sp.exp(-(_v**2) / 2)
    cube = Step(
        "a unit passes the kink if d v > 0, is within reach in proportion to |v|, and takes v^2 "
        "with it: v^3 times the density is a derivative",
        sp.Derivative(-(_v**2 + 2) * bell, _v),
        _v**3 * bell,
    )
    third = sp.sqrt(2 / sp.pi)
    weights = Step(
        "its integral over v > 0 is the end at 0",
        sp.Subs((_v**2 + 2) * bell, _v, 0) / sp.sqrt(2 * sp.pi),
        third,
    )
    slope = Step(
        "so is v times the density", sp.Derivative(-bell, _v), _v * bell,
    )  # fmt: skip
    size = sp.sqrt(2 / sp.pi) * _s
    absolute = Step(
        "so that the mean of |d|, of N(0, s^2), is twice the end at 0",
        2 * _s * sp.Subs(bell, _v, 0) / sp.sqrt(2 * sp.pi),
        size,
    )
    error = size.subs(_s, sp.sqrt(w**2 * q / 2 + b**2))
    spread = Step(
        "the variance of the error is that of the output before training",
        sp.Subs(size, _s, sp.sqrt(w**2 * q / 2 + b**2)),
        error,
    )
    statement = w**3 * q ** sp.Rational(3, 2) * eta * error / sp.pi
    last = Step(
        "n units, of N(0, q) and so of density F at the kink; each has w^2 q v^2 / n, and its "
        "reach is eta |d| w |v| q / sqrt(n)",
        sp.Subs(w**2 * q * _F * (eta * w * q * _E) * _M, (_F, _M, _E), (near, third, error)),
        statement,
    )
    steps = (cube, weights, slope, absolute, spread, last)
    return Derivation(sp.Symbol("A"), statement, steps, _ASSUMES)
