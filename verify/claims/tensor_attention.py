"""Attention: arXiv 1902.04760, Corollary 2.1, and where scores keep it from being Gaussian.

With scores that are averages over coordinates it is a tensor program. Divided by the root of the
width instead, scores stay random, and given them alone outputs are Gaussian.
"""

from __future__ import annotations

from functools import partial
from typing import Any

from lemmata.verify.api import Domain, Equal, Interval, Point, claim, deferred
from lemmata.verify.claims.tensor_programs import (
    HERE,
    limit,
    measured,
    positive,
    product,
    yang,
)

attention = deferred("lemmata.solvers.wide_attention")
numeric = deferred("lemmata.verify.program_expectations").NumericExpectation
Program = deferred("lemmata.theory.tensor_programs").Program

SCORES = r"a_{ij} = \operatorname{softmax}_j \langle W x_i, W x_j \rangle / n"


def _attention(uniform: bool = False) -> tuple[Any, tuple[Any, ...]]:
    import sympy as sp

    q, w = positive("q w")
    rho = sp.Symbol("rho", real=True)
    program = Program()
    n = program.width("n")
    first, across = program.vector("x1", n, variance=q), program.vector("u", n, variance=q)
    tokens = first, rho * first + sp.sqrt(1 - rho**2) * across
    W, V = program.matrix("W", n, n, variance=w**2), program.matrix("V", n, n)
    keys = [W @ x for x in tokens]
    values = [V @ x for x in tokens]
    outputs = []
    for query in keys:
        scores = [program.mean(product, query, key) for key in keys]
        own, other = (
            program.of_scalars(
                lambda s, t: sp.Rational(1, 2) if uniform else 1 / (1 + sp.exp(t - s)), *pair
            )
            for pair in (scores, scores[::-1])
        )
        outputs.append(own * values[0] + other * values[1])
    pairs = (outputs[0], outputs[1]), (outputs[0], outputs[0])
    return program, tuple(program.mean(product, *pair) for pair in pairs)


of_averages = [
    claim(
        f"{HERE}/attention/{name}",
        source=yang.at("Corollary 2.1, attention; scores over n as in its appendix"),
        says=rf"{says}, \quad y_i = \sum_j a_{{ij}} V x_j, \quad {SCORES}",
        domain=Domain(q=Interval(0.8, 1.5), rho=Interval(0.0, 0.3), w=Interval(0.8, 1.2)),
        points=6,
        predicted=limit(_attention, which),
        compare=Equal(relative=margin, because=because),
        wrong={"with equal weights": limit(partial(_attention, True), which)},
        scope="two tokens, keys that are the queries, values of their own matrix; by continuity of"
        " the softmax in its scores",
        batched=True,
    )(partial(measured, experiment=attention.shared_keys, which=which, draws=5120))
    for which, (name, says, margin, because) in enumerate(
        (
            (
                "covariance",
                r"\tfrac1n \langle y_1, y_2 \rangle \to \sum_{jk} a_{1j} a_{2k} q_{jk}",
                0.06,
                "where weights differ most, equal ones would make it more than twice as large",
            ),
            (
                "variance",
                r"\tfrac1n |y_1|^2 \to \sum_{jk} a_{1j} a_{1k} q_{jk}",
                0.02,
                "where weights differ most, equal ones would make it a third less",
            ),
        )
    )
]


def _variance_given_scores(p: Point) -> tuple[Any, Any, Any]:
    """The variance of an output given the scores, in their difference s, and the law of s."""
    import sympy as sp

    s = sp.Symbol("s", real=True)
    a = 1 / (1 + sp.exp(-s))
    V = p.q * (a**2 + 2 * a * (1 - a) * p.rho + (1 - a) ** 2)
    # A query has coordinates of variance w² q, and the keys' difference of 2 w² q (1 - rho).
    return s, V, {(s, s): sp.Float(2 * p.w**4 * p.q**2 * (1 - p.rho))}


def fourth_moment(p: Point) -> float:
    """Of a Gaussian whose variance is random: three times the mean square of the variance."""
    _, V, law = _variance_given_scores(p)
    return 3 * float(numeric()(V**2, law))


def fourth_moment_if_gaussian(p: Point) -> float:
    """Of a Gaussian of the same variance."""
    _, V, law = _variance_given_scores(p)
    return 3 * float(numeric()(V, law)) ** 2


_root: dict[str, Any] = {
    "source": yang.at("Corollary 2.1, attention"),
    "domain": Domain(q=Interval(0.8, 1.5), rho=Interval(-0.7, -0.2), w=Interval(0.9, 1.2)),
    "points": 4,
    "compare": Equal(relative=0.06, because="a Gaussian of the same variance has a tenth less"),
    "scope": "one head over two tokens with scores over the root of n, which is outside the theory",
    "batched": True,
}
_measured: Any = partial(measured, experiment=attention.own_keys, which=1)
with_random_scores = claim(
    f"{HERE}/attention/root-of-width",
    says=r"\tfrac1n \sum_i (y_1)_i^4 \to 3 \, \mathbb{E} V(s)^2, \quad V(s) = \sum_{jk} a_j a_k"
    r" q_{jk}, \quad a = \operatorname{softmax}(s, 0), \quad s \sim N(0, 2 w^4 q^2 (1 - \rho))",
    predicted=fourth_moment,
    reading="Gaussian given the scores",
    wrong={"Gaussian": fourth_moment_if_gaussian},
    **_root,
)(partial(_measured, draws=10240))
as_if_gaussian = claim(
    f"{HERE}/attention/root-of-width/gaussian",
    says=r"\tfrac1n \sum_i (y_1)_i^4 \to 3 \, (\mathbb{E} V(s))^2 \text{ as for a Gaussian}",
    predicted=fourth_moment_if_gaussian,
    reading="Gaussian",
    expected="refuted",
    cause="scores over the root of the width do not tend to numbers: with a random variance the "
    "fourth moment is more than three times the square of its mean",
    **_root,
)(partial(_measured, draws=1000))
