r"""The mean of $A \operatorname{sign}(\langle A, X \rangle - s)$ over Gaussian A, and outliers.

It points along X: with $R = |X|_F$ it is $\varphi X / R$. Of a share p of values that are off by s,
$\varphi = \sqrt{2/\pi} (1 - p + p\, \mathbb{E} e^{-s^2 / 2 R^2})$. Source: the ideal that Sign-RIP
compares a sub-differential with, Ma and Fattahi, arXiv 2202.08788.
"""

from functools import lru_cache

import sympy as sp

from lemmata.theory.derivation import Derivation, Step

#: the Frobenius norm of X, and the standard deviation of outliers
R, nu = sp.symbols("R nu", positive=True)
#: how far a value is off, and the share of those that are
s = sp.Symbol("s", real=True)
p = sp.Symbol("p", positive=True)
z, x = sp.symbols("z x", real=True)
v = sp.Symbol("v", nonnegative=True)

_density = sp.exp(-(z**2) / 2) / sp.sqrt(2 * sp.pi)
_GAUSSIAN = "the entries of A are independent N(0, 1)"
_ACROSS = "what is orthogonal to X is independent of <A, X>, and has mean zero"


@lru_cache
def along() -> Derivation:
    r"""Derive $\varphi(s) = \sqrt{2/\pi}\, e^{-s^2/(2 R^2)}$ for values off by s."""
    statement = sp.sqrt(2 / sp.pi) * sp.exp(-(s**2) / (2 * R**2))
    primitive = -sp.exp(-(x**2) / 2) / sp.sqrt(2 * sp.pi)
    # The primitive in v = exp(-x^2/2), which is 0 at both infinities.
    ends = -v / sp.sqrt(2 * sp.pi)
    at_s = sp.Subs(primitive, x, s / R)
    steps = (
        Step(
            "a primitive of z times the density",
            sp.Derivative(primitive, x),
            x * _density.subs(z, x),
        ),
        Step("<A, X> = R z above s", sp.Subs(ends, v, 0) - at_s, _density.subs(z, s / R)),
        Step("and below", at_s - sp.Subs(ends, v, 0), -_density.subs(z, s / R)),
        Step("above less below", -2 * at_s, statement),
    )
    return Derivation(sp.Symbol("phi"), statement, steps, (_GAUSSIAN, _ACROSS))


@lru_cache
def with_outliers() -> Derivation:
    r"""Derive $\varphi = \sqrt{2/\pi} (1 - p + p R / \sqrt{R^2 + \nu^2})$, s being N(0, nu^2)."""
    known = along().statement / sp.sqrt(2 / sp.pi)
    weighted = _density * sp.exp(-((nu * z) ** 2) / (2 * R**2))
    shrunk = R / sp.sqrt(R**2 + nu**2)
    statement = sp.sqrt(2 / sp.pi) * (1 - p + p * shrunk)
    steps = (
        *along().steps,
        Step("a value that is not off", sp.Subs(known, s, 0), 1),
        Step(
            "an outlier is s = nu z: one Gaussian, narrower by R/sqrt(R^2 + nu^2)",
            shrunk * sp.Subs(weighted, z, shrunk * x),
            shrunk * _density.subs(z, x),
        ),
        Step("whose integral is that times one", sp.Integral(_density, (z, -sp.oo, sp.oo)), 1),
        Step(
            "a share p of them",
            sp.sqrt(2 / sp.pi) * ((1 - p) * sp.Subs(known, s, 0) + p * shrunk),
            statement,
        ),
    )
    where = (sp.Lt(p, 1),)
    return Derivation(sp.Symbol("phi"), statement, steps, along().assumes, where)


def phi(size: sp.Expr = R, share: sp.Expr = p, deviation: sp.Expr = nu) -> sp.Expr:
    r"""The length of the mean sub-differential for $|X|_F$ = `size`.

    >>> phi(share=0)
    sqrt(2)/sqrt(pi)
    """
    return with_outliers().statement.subs({R: size, p: share, nu: deviation})
