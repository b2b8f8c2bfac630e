r"""Gradient flow of $F G^T$ in closed form where $F^T F - G^T G = c I$.

With $W = (F; G)$, one above the other, and $H = (c/2, \Sigma; \Sigma^T, -c/2)$, the flow is
$(W W^T)' = H W W^T + W W^T H - (W W^T)^2$. That is the equation of the symmetric problem with half
of the square, and so half of its integral, $\int_0^t e^{2 H s} ds$. $F G^T$ is the block at the top
right. Steps are in letters that do not commute, for matrices of every size. The modified step
of Xiong, Ding and Du, arXiv 2310.01769, nearly makes such a start; in the literature on deep linear
networks it is called lambda-balanced.
"""

from functools import lru_cache

import sympy as sp

from lemmata.theory.derivation import Derivation, Step
from lemmata.theory.sensing_riccati import N, P, Pt, by_time, epsilon
from lemmata.theory.sensing_scalar import UNIQUE, sigma

F, Ft, G, Gt, Sigma, SigmaT, H = sp.symbols("F F^T G G^T Sigma Sigma^T H", commutative=False)
c = sp.Symbol("c", real=True)
h = sp.Symbol("h", positive=True)


@lru_cache
def imbalance() -> Derivation:
    r"""Derive that $F^T F - G^T G$ is conserved."""
    R, Rt = F * Gt - Sigma, G * Ft - SigmaT
    after = (Ft - epsilon * Gt * Rt) * (F - epsilon * R * G) - (Gt - epsilon * Ft * R) * (
        G - epsilon * Rt * F
    )
    step = Step("F moves by -R G, and G by -R^T F", by_time(after), 0)
    return Derivation(sp.Symbol("Deltadot"), sp.Integer(0), (step,))


@lru_cache
def block_flow() -> Derivation:
    r"""Derive $W' = H W - \frac12 W W^T W$, its upper block: $F' = (\Sigma - F G^T) G$."""
    FtF = sp.Symbol("F^T*F", commutative=False)
    upper = c / 2 * F + Sigma * G - F * (FtF + Gt * G) / 2
    statement = Sigma * G - F * Gt * G
    lower = SigmaT * F - c / 2 * G - G * (Ft * F + sp.Symbol("G^T*G", commutative=False)) / 2
    steps = (
        *imbalance().steps,
        Step(
            "the lower block, with G^T G = F^T F - c I",
            sp.Subs(lower, sp.Symbol("G^T*G", commutative=False), Ft * F - c),
            SigmaT * F - G * Ft * F,
        ),
        Step(
            "the upper block, with F^T F = G^T G + c I", sp.Subs(upper, FtF, Gt * G + c), statement
        ),
    )
    return Derivation(sp.Symbol("Fdot"), statement, steps)


@lru_cache
def solution() -> Derivation:
    r"""Derive that $P N^{-1} P^T$ solves the equation, with $P = e^{H t} W_0$.

    $N = I + W_0^T \int_0^t e^{2 H s} ds\, W_0$.
    """
    M = P * N**-1 * Pt
    inverse = N**-1 - epsilon * N**-1 * Pt * P * N**-1
    statement = H * M + M * H - M * M
    W, Wt = sp.symbols("W W^T", commutative=False)
    after = (W + epsilon * (H * W - W * Wt * W / 2)) * (Wt + epsilon * (Wt * H - Wt * W * Wt / 2))
    letter = sp.Symbol("M", commutative=False)
    steps = (
        *block_flow().steps,
        Step(
            "the product of W",
            by_time(after),
            sp.Subs(H * letter + letter * H - letter**2, letter, W * Wt),
        ),
        Step(
            "N moves by P^T P, so its inverse to first order is this",
            by_time((N + epsilon * Pt * P) * inverse),
            0,
        ),
        Step(
            "the product rule, P moving by H P",
            by_time((P + epsilon * H * P) * inverse * (Pt + epsilon * Pt * H)),
            statement,
        ),
    )
    return Derivation(sp.Symbol("Mdot"), statement, steps, (UNIQUE,))


@lru_cache
def eigenvalue() -> Derivation:
    r"""Derive the eigenvalues $\pm h$ of H, $h = \sqrt{\sigma^2 + c^2/4}$.

    In singular vectors of $\Sigma$ the matrix H falls apart into blocks of two, one a singular
    value, with eigenvectors $(h + c/2, \sigma)$ and $(-\sigma, h + c/2)$.
    """
    statement = sp.sqrt(sigma**2 + c**2 / 4)
    one = h + c / 2
    square = sp.Symbol("h^2", positive=True)
    steps = (
        Step("the first eigenvector, its second entry", sigma * one - c / 2 * sigma, h * sigma),
        Step("the second one, its first entry", -c / 2 * sigma + sigma * one, h * sigma),
        Step(
            "the first entry of the first, c/2 (h + c/2) + sigma^2, is h (h + c/2)",
            sp.Subs(c / 2 * one + sigma**2 - h * one, h, statement),
            0,
        ),
        Step(
            "for h^2 is the square on the diagonal of H^2",
            sp.Subs(sp.sqrt(square), square, (c / 2) ** 2 + sigma**2),
            statement,
        ),
    )
    return Derivation(sp.Symbol("h_c"), statement, steps)
