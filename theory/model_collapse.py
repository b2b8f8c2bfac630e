r"""Least squares on labels of earlier models: how the error grows, or does not.

Rows x are N(0, I_d), labels $x \cdot w^* + \sigma e$; every generation has T of them, labelled by
the model before it. With the rows $X_n$ and the noise $e_n$ of generation n and the sum $G_n$ of
$X_i^T X_i$ over the generations that model n is fitted to, the normal equations give
$w_n = w_{n-1} + \sigma G_n^{-1} X_n^T e_n$. Noises are independent, so that squares add:
$E_n = \mathbb{E} |w_n - w^*|^2 = \sigma^2 \sum_i \mathbb{E} \operatorname{tr} G_i^{-1} X_i^T X_i
G_i^{-1}$.

Source: Gerstgrasser et al., arXiv 2404.01413, for replaced and for accumulated rows that are the
same in every generation. What is said of fresh rows that accumulate is derived here.
"""

from functools import lru_cache

import sympy as sp

from lemmata.theory.derivation import Derivation, Step

sigma = sp.Symbol("sigma", positive=True)
#: rows of a generation, weights, and generations
T, d, n = sp.symbols("T d n", positive=True, integer=True)

#: dimensions beyond two, a length, and an index
_j = sp.Symbol("j", positive=True, integer=True)
_r = sp.Symbol("r", positive=True)
_i = sp.Symbol("i", positive=True, integer=True)
_WHERE = (sp.Gt(T, d + 1),)
_ASSUMES = (
    "T >= d + 2: with fewer rows the mean of the inverse is infinite",
    "noises are independent of each other and of all rows: their cross terms have mean zero",
)
_EXCHANGE = (
    "of i T rows; the blocks of G are exchangeable: each has the same share in tr G^-1 G G^-1 ="
    " tr G^-1"
)


def fit_of(rows: sp.Expr) -> sp.Expr:
    r"""$\mathbb{E} \operatorname{tr} G^{-1}$ for so many rows, d/(rows - d - 1)."""
    return d / (rows - d - 1)


def _mean_inverse(rows: sp.Expr) -> sp.Expr:
    """E r^-2 = 1/j of a column's length r in the dimensions that the d - 1 others leave."""
    dimensions = rows - (d - 1)
    return sp.Subs(1 / _j, _j, dimensions - 2)


@lru_cache
def first_fit() -> Derivation:
    r"""Derive $E_1 = \sigma^2 d / (T - d - 1)$, the error of one fit.

    >>> first_fit().statement
    d*sigma**2/(T - d - 1)
    """
    statement = sigma**2 * fit_of(T)
    density = _r ** (_j + 1) * sp.exp(-(_r**2) / 2)
    steps = (
        Step(
            "1/(G^-1)_11 is the square of r, a column's length beyond the d - 1 others, in j + 2"
            " dimensions: r has this density but for a factor. By parts:",
            density - _j * density / _r**2,
            sp.Derivative(-(_r**_j) * sp.exp(-(_r**2) / 2), _r),
        ),
        Step(
            "whose integral vanishes, so that 1 = j E r^-2; of T dimensions d - 1 others leave"
            " j + 2 = T - (d - 1), and the diagonal has d entries",
            sp.Mul(d, _mean_inverse(T), evaluate=False), fit_of(T),
        ),
        Step(
            "E |sigma G^-1 X^T e|^2 = sigma^2 E tr G^-1",
            sp.Mul(sigma**2, fit_of(T), evaluate=False), statement,
        ),
    )  # fmt: skip
    return Derivation(sp.Symbol("E_1"), statement, steps, _ASSUMES, _WHERE)


@lru_cache
def replaced() -> Derivation:
    r"""Derive $E_n = \sigma^2 n d / (T - d - 1)$ where rows replace those before, fresh or not."""
    statement = n * first_fit().statement
    one = first_fit().statement
    steps = (
        *first_fit().steps,
        Step(
            "each generation adds as much, whether its rows are new or not",
            sp.Subs(n * one, n, _i) - sp.Subs(n * one, n, _i - 1),
            one,
        ),
        Step("from none", sp.Mul(n, one, evaluate=False), statement),
    )
    return Derivation(sp.Symbol("E_n"), statement, steps, _ASSUMES, _WHERE)


@lru_cache
def accumulated_reused() -> Derivation:
    r"""Derive $E_n = \sigma^2 d/(T - d - 1) \sum_{i \le n} 1/i^2$ where the same rows accumulate.

    The sum is written as $\pi^2/6 - \psi'(n + 1)$.
    """
    whole = sp.pi**2 / 6 - sp.polygamma(1, n + 1)
    statement = first_fit().statement * whole
    steps = (
        *first_fit().steps,
        Step(
            "G_i = i G: generation i adds what one fit has, over i^2",
            first_fit().statement * (sp.Subs(whole, n, _i) - sp.Subs(whole, n, _i - 1)),
            first_fit().statement / _i**2,
        ),
        Step("no generation, no error", sp.Subs(sp.polygamma(1, n + 1), n, 0), sp.pi**2 / 6),
        Step(
            "so that the sum of i^-2 up to n is",
            first_fit().statement * (sp.Subs(whole, n, n) - sp.Subs(whole, n, 0)),
            statement,
        ),
    )
    return Derivation(sp.Symbol("E_n"), statement, steps, _ASSUMES, _WHERE)


@lru_cache
def bound() -> Derivation:
    r"""Derive $\sigma^2 d/(T - d - 1) \cdot \pi^2/6$, what the sum of positive terms ends on."""
    statement = first_fit().statement * sp.pi**2 / 6
    last = Step(
        "psi'(n + 1), what later generations would add, is a sum of squares: positive, and as"
        " small as one likes",
        accumulated_reused().statement + first_fit().statement * sp.polygamma(1, n + 1),
        statement,
    )
    steps = (*accumulated_reused().steps, last)
    return Derivation(sp.Symbol("E_oo"), statement, steps, _ASSUMES, _WHERE)


@lru_cache
def accumulated_fresh() -> Derivation:
    r"""Derive $E_n = \sigma^2 \sum_{i \le n} d/(i (i T - d - 1))$ where fresh rows accumulate.

    The sum is written with the digamma function, a = (d + 1)/T.
    """
    a = (d + 1) / T
    whole = d / (d + 1) * (
        sp.digamma(n + 1 - a) - sp.digamma(1 - a) - sp.digamma(n + 1) - sp.EulerGamma
    )  # fmt: skip
    statement = sigma**2 * whole
    steps = (
        *first_fit().steps,
        Step(_EXCHANGE, d * _mean_inverse(_i * T) / _i, fit_of(_i * T) / _i),
        Step(
            "in partial fractions",
            fit_of(_i * T) / _i,
            d / (d + 1) * (1 / (_i - a) - 1 / _i),
        ),
        Step(
            "which psi(x + 1) = psi(x) + 1/x sums: generation i adds",
            sp.Subs(whole, n, _i) - sp.Subs(whole, n, _i - 1),
            fit_of(_i * T) / _i,
        ),
        Step("no generation, no error", sp.Subs(whole, n, 0), sp.Integer(0)),
        Step("up to n", sp.Mul(sigma**2, sp.Subs(whole, n, n), evaluate=False), statement),
    )
    return Derivation(sp.Symbol("E_n"), statement, steps, _ASSUMES, _WHERE)


@lru_cache
def fresh_limit() -> Derivation:
    r"""Derive $E_\infty = -\sigma^2 \frac{d}{d+1} (\psi(1 - \frac{d+1}{T}) + \gamma)$."""
    a = (d + 1) / T
    statement = -(sigma**2) * d / (d + 1) * (sp.digamma(1 - a) + sp.EulerGamma)
    steps = (
        *accumulated_fresh().steps,
        Step(
            "psi(n + 1 - a) - psi(n + 1), the sum of later terms, tends to zero",
            accumulated_fresh().statement
            - sigma**2 * d / (d + 1) * (sp.digamma(n + 1 - a) - sp.digamma(n + 1)),
            statement,
        ),
    )
    return Derivation(sp.Symbol("E_oo"), statement, steps, _ASSUMES, _WHERE)
