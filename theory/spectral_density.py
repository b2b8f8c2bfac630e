r"""The Marchenko-Pastur law, from the recursion of its moments.

Y has m rows and n columns of independent entries of variance 1, $m / n \to \alpha$, and $M_s$ is
the limit of $\operatorname{tr} (Y Y^T / n)^s / m$. Source: Yang, arXiv 1902.04760, the
Marchenko-Pastur law as an example of Theorem 6.3.
"""

from functools import lru_cache

import sympy as sp

from lemmata.theory.derivation import Derivation, Step
from lemmata.theory.spectral_moments import alpha, marchenko_pastur

#: an eigenvalue, and what stands for 1/z in the sum of moments
x, z, t = sp.symbols("x z t", positive=True)
_F, _root = sp.symbols("F R")
#: moments that are written out where all are meant
WRITTEN = 6
MOMENTS = ("the moments determine the law: it has no mass beyond some bound",)


def edges() -> tuple[sp.Expr, sp.Expr]:
    r"""The ends $(1 \mp \sqrt\alpha)^2$ of the law's support, but for zero."""
    return (1 - sp.sqrt(alpha)) ** 2, (1 + sp.sqrt(alpha)) ** 2


@lru_cache
def _transform() -> tuple[tuple[Step, ...], sp.Expr]:
    r"""Steps to $G(z) = \frac1z + \sum_s M_s z^{-s-1}$, and it with R for its root."""
    moments = sp.Add(*(marchenko_pastur(s) * t**s for s in range(1, WRITTEN + 1)))
    right = alpha * t * moments**2 + (1 + alpha) * t * moments + t
    quadratic = alpha * t * _F**2 + ((1 + alpha) * t - 1) * _F + t
    linear = 1 - (1 + alpha) * t
    root = sp.sqrt(linear**2 - 4 * alpha * t**2)
    solved = 2 * t / (linear + root)
    below = sp.sqrt((z - 1 - alpha) ** 2 - 4 * alpha)
    transform = (z - 1 + alpha - _root) / (2 * alpha * z)
    low, high = edges()
    steps = (
        Step(
            "the recursion says, power by power, that F = sum of M_s t^s is alpha t F^2 + "
            "(1 + alpha) t F + t; here the sixth",
            sp.Subs(sp.Derivative(right, (t, WRITTEN)), t, 0) / sp.factorial(WRITTEN),
            marchenko_pastur(WRITTEN),
        ),
        Step("its solution that vanishes at t = 0", sp.Subs(quadratic, _F, solved), 0),
        Step(
            "G(z) = (1 + F(1/z)) / z, with the root R of the quadratic",
            (1 + sp.Subs(solved, t, 1 / z)) / z,
            transform.subs(_root, below),
        ),
        Step(
            "which is R^2 = (z - a) (z - b) for the edges a and b", below**2, (z - low) * (z - high)
        ),
    )
    return steps, transform


@lru_cache
def density() -> Derivation:
    r"""Derive $\sqrt{(x - a)(b - x)} / (2 \pi \alpha x)$ between the edges a and b.

    >>> density().gaps()
    ()
    """
    steps, transform = _transform()
    low, high = edges()
    height = sp.Symbol("r", positive=True)
    found = height / (2 * sp.pi * alpha * x)
    statement = sp.sqrt((x - low) * (high - x)) / (2 * sp.pi * alpha * x)
    jump = Step(
        "the density is -Im G / pi just above the axis, where R is i r for z between the edges",
        sp.Subs(-sp.im(transform.subs(z, x)) / sp.pi, _root, sp.I * height),
        found,
    )
    last = Step(
        "r^2 = (x - a) (b - x)", sp.Subs(found, height, sp.sqrt((x - low) * (high - x))), statement
    )
    return Derivation(sp.Symbol("rho"), statement, (*steps, jump, last), MOMENTS)


@lru_cache
def atom() -> Derivation:
    r"""Derive the share $1 - 1/\alpha$ of eigenvalues that are zero for $\alpha > 1$.

    >>> atom().statement
    1 - 1/alpha
    """
    steps, transform = _transform()
    mass, statement = sp.cancel(z * transform).subs(z, 0), 1 - 1 / alpha
    below = "the mass at zero is z G(z) there, where R is negative, below both edges: "
    wide = Step(f"{below}for alpha < 1 it is alpha - 1", sp.Subs(mass, _root, alpha - 1), 0)
    tall = Step(f"{below}for alpha > 1 it is 1 - alpha", sp.Subs(mass, _root, 1 - alpha), statement)
    return Derivation(
        sp.Symbol("mass"), statement, (*steps, wide, tall), MOMENTS, (sp.Gt(alpha, 1),)
    )
