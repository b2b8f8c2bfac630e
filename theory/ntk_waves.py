r"""What a pooled read-out asks of the shifted sine $\varphi(z) = \sin(z + \theta)$, in closed form.

It is bounded, neither odd nor even, and $\varphi \varphi' = \frac12 \sin 2(z + \theta)$ is another:
a formula that takes the one for the other shows. For ReLU, where they are equal, it does not.
"""

from functools import lru_cache

import sympy as sp

from lemmata.theory.derivation import Derivation, Step
from lemmata.theory.gaussian_pair import c, concluded, density, q1, q2, s, u, v, z
from lemmata.theory.gaussian_series import sine, sine_slope
from lemmata.theory.ntk import Dual
from lemmata.theory.ntk_structures import Maps

theta = sp.Symbol("theta", real=True)


@lru_cache
def shifted_sine() -> Derivation:
    r"""Derive $V = e^{-(q_1 + q_2)/2} (\cos^2\theta \sinh c + \sin^2\theta \cosh c)$."""
    across = sp.sin(theta) * sp.cos(theta) * sp.sin(u + v)
    of_sines, of_cosines = sp.cos(theta) ** 2, sp.sin(theta) ** 2
    names = sp.symbols("S C", real=True)
    parts = (sine().statement, sine_slope().statement)
    statement = of_sines * parts[0] + of_cosines * parts[1]
    steps = (
        Step(
            "the addition theorem",
            sp.sin(u + theta) * sp.sin(v + theta),
            of_sines * sp.sin(u) * sp.sin(v) + of_cosines * sp.cos(u) * sp.cos(v) + across,
        ),
        Step(
            "the last term is odd, and has mean zero, for (-u, -v) is as likely as (u, v)",
            sp.Subs(across, (u, v), (-u, -v)),
            -across,
        ),
        *dict.fromkeys((*sine().steps, *sine_slope().steps)),
        Step(
            "S and C the means of the products of sines and of cosines",
            sp.Subs(of_sines * names[0] + of_cosines * names[1], names, parts),
            statement,
        ),
    )
    return concluded("V_theta", statement, steps, *sine().assumes)


@lru_cache
def mean_sine() -> Derivation:
    r"""Derive $\mathbb{E} \sin(z + \theta) = \sin\theta\, e^{-s/2}$, z of variance s.

    The mean of the cosine is the value at zero of the density's transform, at an imaginary point.
    """
    cosine, name = sp.exp(-s / 2), sp.Symbol("C", real=True)
    steps = (
        Step(
            "the addition theorem; the sine is odd and has mean zero",
            sp.sin(z + theta) - sp.sin(z) * sp.cos(theta),
            sp.cos(z) * sp.sin(theta),
        ),
        Step(
            "completing the square, at an imaginary argument: the mean of exp(i z) is exp(-s/2)",
            sp.exp(sp.I * z) * density(z, s),
            cosine * density(z, s, sp.I * s),
        ),
        Step(
            "its real part C, the mean of the cosine",
            sp.Subs(name * sp.sin(theta), name, cosine),
            sp.sin(theta) * cosine,
        ),
    )
    return concluded("m", sp.sin(theta) * cosine, steps, *sine().assumes)


def wave(frequency: int, shift: sp.Expr, scale: sp.Expr) -> Dual:
    r"""The dual map of $a \sin(m z + \vartheta)$, the shifted sine at m^2 times the covariance."""
    m = frequency**2

    def map(q: sp.Expr, p: sp.Expr, both: sp.Expr) -> sp.Expr:
        given = {q1: m * q, q2: m * p, c: m * both, theta: shift}
        return scale**2 * shifted_sine().statement.xreplace(given)

    return map


def maps(shift: sp.Expr = theta) -> Maps:
    """Everything that a pooled read-out asks of sin(z + shift)."""

    def mean(q: sp.Expr, at: sp.Expr) -> sp.Expr:
        return mean_sine().statement.xreplace({s: q, theta: at})

    one, quarter = sp.Integer(1), sp.pi / 2
    return Maps(
        wave(1, shift, one),
        wave(1, shift + quarter, one),
        wave(2, 2 * shift, sp.Rational(1, 2)),
        lambda q: -mean(q, shift),
        lambda q: mean(4 * q, 2 * shift + quarter),
    )
