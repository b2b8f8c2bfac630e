r"""How far gradients carry in wide networks: their covariances, layer by layer downwards.

$\Pi^l = \lim \partial f / \partial x^l \cdot \partial f' / \partial x^l$ for two inputs of one
network whose read-out is random. Source: Yang, arXiv 1902.04760: the recursions of section 2 and
appendix D.1, with the factor $w^2$ that they need, by the gradient independence of Theorem 5.1.
"""

from functools import lru_cache

import sympy as sp

from lemmata.theory.derivation import Derivation, Step
from lemmata.theory.ntk import WITHIN, Dual, at, covariances
from lemmata.theory.ntk_conventions import YANG
from lemmata.theory.ntk_layers import LARGE_NUMBERS, slopes, w
from lemmata.theory.ntk_moments import mean_steps

above = sp.Symbol("Pi", real=True)
INDEPENDENCE = (
    "gradient independence: as the read-out has mean zero and is independent of all else, the "
    "transposed weights act like fresh ones, independent of the values and gradients above them"
)


@lru_cache
def passed_back() -> Derivation:
    r"""Derive $\Pi^{l-1} = w^2 D\, \Pi^l$, D the average of the slopes at $h^l$.

    Two units above are written out, with slopes d, e at one input and at the other, and gradients
    G, H; a unit below has the gradient $\frac{w}{\sqrt n} \sum_j z_j d_j G_j$, and there are n.
    """
    z, n = sp.symbols("z_1 z_2", real=True), sp.Symbol("n", positive=True)
    d, e = sp.symbols("d_1 d_2", real=True), sp.symbols("e_1 e_2", real=True)
    G, H = sp.symbols("G_1 G_2", real=True), sp.symbols("H_1 H_2", real=True)
    one = w / sp.sqrt(n) * sp.Add(*(z[j] * d[j] * G[j] for j in (0, 1)))
    other = w / sp.sqrt(n) * sp.Add(*(z[j] * e[j] * H[j] for j in (0, 1)))
    steps, mean = mean_steps(one * other, z, "the transposed weights")
    product = sp.Add(*(d[j] * e[j] * G[j] * H[j] for j in (0, 1)))
    statement = w**2 * slopes * above
    summed = Step("the sum over the n units below", n * mean, w**2 * product)
    named = Step(
        "D is the average of d e, Pi the sum of G H, and the two are independent",
        sp.Subs(
            w**2 * product,
            G[0],
            (slopes * above - d[1] * e[1] * G[1] * H[1]) / (d[0] * e[0] * H[0]),
        ),
        statement,
    )
    return Derivation(
        sp.Symbol("Pi^-"), statement, (*steps, summed, named), (INDEPENDENCE, LARGE_NUMBERS)
    )


def gradient_covariance(depth: int, layer: int, dual: Dual, slope: Dual) -> Derivation:
    r"""Derive $\Pi$ at x^layer of a network of so many hidden layers, from $\Pi^L = w^2$ down.

    **Raises:** ValueError unless 1 <= layer < depth.
    """
    if not 1 <= layer < depth:
        raise ValueError(
            f"layer={layer}: below the last of {depth} hidden layers are 1 to {depth - 1}."
        )
    rule = passed_back()
    sigma = covariances(depth, dual, YANG)
    v = sp.Symbol("v_1", real=True)
    start, pi = mean_steps(
        (w * v) ** 2, (v,), "the read-out, one of n units of gradient w v / sqrt n"
    )
    steps = [*start, *rule.steps]
    for one in range(depth, layer, -1):
        values = (at(slope, sigma[one - 1]).xy, pi)
        pi = rule.statement.subs(dict(zip((slopes, above), values, strict=True)))
        steps.append(
            Step(
                f"from layer {one} to the one below",
                sp.Subs(rule.statement, (slopes, above), values),
                pi,
            )
        )
    return Derivation(sp.Symbol("Pi_l"), pi, tuple(dict.fromkeys(steps)), rule.assumes, WITHIN)
