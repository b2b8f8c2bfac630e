"""Products of many random matrices: arXiv 1902.04760, Corollary D.10, and how far its limits go.

The moments of a Jacobian follow from freeness and are derived so; what is measured are norms of
products with the Jacobian, by derivatives of real networks. That a limit is of a program of fixed
length shows where the length grows with the width.
"""

from __future__ import annotations

from functools import lru_cache, partial
from typing import Any

import numpy as np

from lemmata.verify.api import (
    Accuracy,
    Count,
    Domain,
    Equal,
    Frequency,
    Integers,
    Interval,
    Point,
    Values,
    claim,
    deferred,
)
from lemmata.verify.claims.tensor_programs import HERE, measured, yang

theory = deferred("lemmata.theory.random_products")
numeric = deferred("lemmata.verify.program_expectations").NumericExpectation
products = deferred("lemmata.solvers.random_products")

JACOBIAN = r"J = D_L W_L \cdots D_1 W_1,\ D_l = \operatorname{diag} \varphi'(W_l x^{l-1})"
MOMENTS = (
    (
        r"M_1 = \textstyle\prod_l w^2 \mu_1",
        "slopes of 1 make it 1.6 times as much for each layer and more",
    ),
    (
        r"M_2 / M_1^2 = 1 + \textstyle\sum_l \mu_2 / \mu_1^2",
        "slopes of 1 give 1 + L, at a = 0 a third less and more",
    ),
)
layered = Domain(w=Interval(0.8, 1.5), a=Interval(0.0, 0.5), L=Integers(1, 3))


def _moment(which: int) -> Any:
    return theory.with_leaky_relu((theory.first_moment, theory.second_moment)[which]())


jacobian = [
    claim(
        f"{HERE}/jacobian/moment-{which + 1}",
        source=yang.at("Corollary D.10, the singular values of the Jacobian"),
        says=rf"{says}, \quad M_k = \tfrac1n \operatorname{{tr}} (J J^T)^k,"
        rf"\ \mu_k = \mathbb{{E}} \varphi'(Z)^{{2k}},\ {JACOBIAN}",
        domain=layered,
        points=4,
        predicted=partial(_moment, which),
        compare=Equal(relative=0.06, because=because),
        scope="φ(z) = max(z, 0) + a min(z, 0), so that a = 0 is ReLU; L square layers of entries "
        "N(0, w²/n) without biases",
        batched=True,
    )(partial(measured, experiment=products.jacobian_moments, which=which, draws=5120))
    for which, (says, because) in enumerate(MOMENTS)
]


@lru_cache(maxsize=64)
def _layers(w: float, L: int) -> tuple[float, ...]:
    import sympy as sp

    found = theory.by_layers(L, sp.Float(w), sp.tanh, numeric())
    return tuple(float(one) for one in found)


def by_layers(p: Point, *, which: int) -> float:
    """By the recursion over layers, its expectations integrated to ten digits."""
    return _layers(p.w, int(p.L))[which]


def of_ones(p: Point, *, which: int) -> float:
    """Where all slopes are taken for 1, as near the origin."""
    return (p.w ** (2 * p.L), 1 + p.L)[which]


tanh_jacobian = [
    claim(
        f"{HERE}/jacobian/tanh/moment-{which + 1}",
        source=yang.at("Corollary D.10, the singular values of the Jacobian"),
        says=rf"{says}, \quad M_k = \tfrac1n \operatorname{{tr}} (J J^T)^k,\ \mu_k^l ="
        rf" \mathbb{{E}} \varphi'(h^l)^{{2k}},\ {JACOBIAN}",
        domain=Domain(w=Interval(1.0, 1.5), L=Integers(1, 3)),
        points=4,
        predicted=partial(by_layers, which=which),
        compare=Equal(relative=0.06, because=because),
        wrong={"all slopes 1": partial(of_ones, which=which)},
        scope="φ = tanh; L square layers of entries N(0, w²/n) without biases, |x^0|² = n",
        batched=True,
    )(partial(measured, experiment=products.tanh_moments, which=which, draws=2304))
    for which, (says, because) in enumerate(
        (
            (
                r"M_1 = \textstyle\prod_l w^2 \mu_1^l",
                "slopes of 1 make it 1.6 times as much for each layer and more",
            ),
            (
                r"M_2 / M_1^2 = 1 + \textstyle\sum_l \mu_2^l / (\mu_1^l)^2",
                "slopes of 1 give 1 + L, a tenth less and more",
            ),
        )
    )
]

fixed_length = claim(
    f"{HERE}/long-skeleton/fixed-length",
    source=yang.at("Section 4: a skeleton is fixed while its dimensions grow"),
    says=r"\tfrac1n |W^L x|^2 \to w^{2 L} \text{ for fixed } L,"
    r" \text{ as with a matrix for each factor}",
    domain=Domain(w=Interval(0.8, 1.2), L=Integers(1, 3)),
    points=4,
    predicted=theory.power_size,
    compare=Equal(
        relative=0.05, because="for a symmetric W, which answers to itself, it is 2 w⁴ at L = 2"
    ),
    scope="W of entries N(0, w²/n), |x|² = n",
    batched=True,
)(partial(measured, experiment=products.powers, which=0, draws=1024, width=32))


@claim(
    f"{HERE}/long-skeleton/length-of-the-width",
    source=yang.at("Section 4: a skeleton is fixed while its dimensions grow"),
    says=r"\mathbb{P}(|W^L x|^2 > 2 n) \to \mathbb{P}(|W_L \cdots W_1 x|^2 > 2 n)"
    r" \text{ also where } L = c n",
    domain=Domain(n=Values(64, 128), c=Interval(0.5, 1.0)),
    points=2,
    predicted=theory.share_beyond,
    compare=Frequency(
        absolute=0.1, because="fresh matrices of these widths come within 0.03 of their limit"
    ),
    scope="W of entries N(0, 1/n), |x|² = n",
    reading="a skeleton that grows with its dimensions",
    expected="refuted",
    cause="the theorem is of a fixed program; W to the power of L is ruled by its largest "
    "eigenvalues as soon as L is of the order of n",
)
def length_of_the_width(p: Point, accuracy: Accuracy) -> Count:
    """How often a power of one matrix more than doubles the square of a vector."""
    sizes = products.long_products(
        accuracy.entropy, int(p.n), round(p.c * p.n), accuracy.draws(320)
    )
    return Count(int(np.sum(sizes > 2)), len(sizes))
