r"""Products of many random matrices: the Jacobian of a network, and a power of one matrix.

The Jacobian of L square layers is $D_L W_L \cdots D_1 W_1$, where $D_l$ holds the slopes of the
activation and W has entries N(0, w^2/n). The k-th moment of its squared singular values is
$M_k = \operatorname{tr} (J J^T)^k / n$. Source: Yang, arXiv 1902.04760, Corollary D.10 (that D and
W are asymptotically free) and section 4 (a program has a fixed number of lines).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import sympy as sp

from lemmata.theory.derivation import Derivation, Step
from lemmata.theory.program_limit import Expectation

w = sp.Symbol("w", positive=True)
#: the number of layers, or of factors
length = sp.Symbol("L", positive=True, integer=True)
#: means of the second and the fourth power of the slopes
mu_1, mu_2 = sp.symbols("mu_1 mu_2", positive=True)
#: the slope of a leaky ReLU where its argument is negative
a = sp.Symbol("a", nonnegative=True)

_m1, _m2 = sp.symbols("m_1 m_2", positive=True)
_a1, _a2, _b1, _b2 = sp.symbols("a_1 a_2 b_1 b_2", positive=True)
_FREE = ("D, W and what comes before them are asymptotically free",)


def first_moment() -> Derivation:
    r"""Derive $M_1 = (w^2 \mu_1)^L$.

    >>> first_moment().statement
    (mu_1*w**2)**L
    """
    layer = Step(
        "traces of products of free factors are products: W^T W has w^2, and D^2 has mu_1",
        sp.Subs(_a1 * _b1, (_a1, _b1), (mu_1, w**2 * _m1)),
        w**2 * mu_1 * _m1,
    )
    statement = (w**2 * mu_1) ** length
    again = Step(
        "one layer more",
        sp.Subs(layer.right, _m1, (w**2 * mu_1) ** (length - 1)),
        statement,
    )
    return Derivation(sp.Symbol("M_1"), statement, (layer, again), _FREE)


def second_moment() -> Derivation:
    r"""Derive $M_2 / M_1^2 = 1 + L \mu_2 / \mu_1^2$, where all layers have the same slopes.

    >>> second_moment().statement
    L*mu_2/mu_1**2 + 1
    """
    # tr(abab)/n for free a, b of moments a_1, a_2 and b_1, b_2
    free = _a2 * _b1**2 + _a1**2 * _b2 - _a1**2 * _b1**2
    through_weights = Step(
        "tr(abab)/n of free a and b, for a = W^T W, whose moments are w^2 and 2 w^4",
        sp.Subs(free, (_a1, _a2, _b1, _b2), (w**2, 2 * w**4, _m1, _m2)),
        w**4 * (_m1**2 + _m2),
    )
    through_slopes = Step(
        "the same for a = D^2",
        sp.Subs(free, (_a1, _a2, _b1, _b2), (mu_1, mu_2, w**2 * _m1, through_weights.right)),
        w**4 * (mu_2 * _m1**2 + mu_1**2 * _m2),
    )
    statement = 1 + length * mu_2 / mu_1**2
    start = Step("no layer leaves the identity", sp.Subs(statement, length, 0), sp.Integer(1))
    again = Step(
        "one layer more, over the square of the first moment",
        sp.Subs(
            through_slopes.right / (w**2 * mu_1 * _m1) ** 2,
            _m2,
            _m1**2 * statement.subs(length, length - 1),
        ),
        statement,
    )
    return Derivation(
        sp.Symbol("M_2/M_1^2"), statement, (through_weights, through_slopes, start, again), _FREE
    )


def with_leaky_relu(general: Derivation) -> Derivation:
    r"""The same for $\varphi(z) = \max(z, 0) + a \min(z, 0)$: ReLU for a = 0, linear for a = 1."""
    values = (1 + a**2) / 2, (1 + a**4) / 2
    statement = general.statement.subs({mu_1: values[0], mu_2: values[1]})
    step = Step(
        "a pre-activation is positive half of the time: the slope is then 1, and else a",
        sp.Subs(general.statement, (mu_1, mu_2), values),
        statement,
    )
    return Derivation(general.quantity, statement, (*general.steps, step), general.assumes)


def by_layers(
    depth: int, scale: sp.Expr, activation: Callable[[sp.Expr], sp.Expr], mean: Expectation
) -> tuple[sp.Expr, sp.Expr]:
    r"""$M_1 = \prod_l w^2 \mu_1^l$ and $M_2/M_1^2 = 1 + \sum_l \mu_2^l/(\mu_1^l)^2$.

    The means of powers of slopes are over the pre-activations of each layer, whose variances are
    $q^1 = w^2$ and $q^{l+1} = w^2 \mathbb{E} \varphi(\sqrt{q^l} Z)^2$.

    **Arguments:** `scale`: what is put for w. `mean`: expectations of functions of Gaussians.
    """
    z = sp.Symbol("z", real=True)
    slope = sp.diff(activation(z), z)
    first, ratio, variance = sp.Integer(1), sp.Integer(1), scale**2
    for _ in range(depth):
        mu = [mean(slope ** (2 * k), {(z, z): variance}) for k in (1, 2)]
        first, ratio = first * scale**2 * mu[0], ratio + mu[1] / mu[0] ** 2
        variance = scale**2 * mean(activation(z) ** 2, {(z, z): variance})
    return first, ratio


def power_size() -> Derivation:
    r"""Derive $|W^L x|^2/n \to w^{2L}$ for $|x|^2 = n$ and fixed L, one W or many.

    >>> power_size().statement
    w**(2*L)
    """
    statement = w ** (2 * length)
    fresh = Step(
        "a product with W has w^2 times the square, and no response without a transpose",
        sp.Subs(w**2 * _m1, _m1, w ** (2 * (length - 1))),
        statement,
    )
    return Derivation(sp.Symbol("size"), statement, (fresh,))


def share_beyond(bound: Any = 2) -> sp.Expr:
    r"""How often $|W_L \cdots W_1 x|^2 > 2 n$ for fresh matrices, L = c n and w = 1.

    The logarithm is a sum of L independent $\ln(\chi^2_n/n)$, of mean -1/n and variance 2/n.
    """
    c = sp.Symbol("c", positive=True)
    return sp.erfc((sp.log(bound) + c) / (2 * sp.sqrt(c))) / 2
