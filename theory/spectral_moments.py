r"""Moments of the Marchenko-Pastur law, by the recursion that Yang prints.

$M_s$ is the limit of $\operatorname{tr} (Y Y^T / n)^s / m$ for Y of m rows and n columns of
independent entries of variance 1, $m / n \to \alpha$. Source: Yang, arXiv 1902.04760, the
Marchenko-Pastur law as an example of Theorem 6.3.
"""

from functools import lru_cache

import sympy as sp

alpha = sp.Symbol("alpha", positive=True)


@lru_cache
def marchenko_pastur(s: int) -> sp.Expr:
    r"""$M_s = \alpha \sum_{r=1}^{s-2} M_r M_{s-1-r} + (1 + \alpha) M_{s-1}$ from $M_1 = 1$.

    **Raises:** ValueError for s < 1.

    >>> marchenko_pastur(3)
    alpha**2 + 3*alpha + 1
    """
    if s < 1:
        raise ValueError(f"s={s}: moments are counted from 1.")
    if s == 1:
        return sp.Integer(1)
    pairs = [marchenko_pastur(r) * marchenko_pastur(s - 1 - r) for r in range(1, s - 1)]
    return sp.expand(alpha * sp.Add(*pairs) + (1 + alpha) * marchenko_pastur(s - 1))


def in_closed_form(s: int) -> sp.Expr:
    r"""$M_s = \sum_k \alpha^k (1 + \alpha)^{s-1-2k} \binom{s-1}{2k} C_k$, C_k Catalan's numbers."""
    return sp.Add(
        *(
            alpha**k * (1 + alpha) ** (s - 1 - 2 * k) * sp.binomial(s - 1, 2 * k) * sp.catalan(k)
            for k in range((s + 1) // 2)
        )
    )
