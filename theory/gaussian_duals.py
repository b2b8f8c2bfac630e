r"""Dual maps of the activations with a kink or a jump, of erf and of exact GELU, derived.

$V_\phi(q_1, c, q_2) = E\,\phi(u)\phi(v)$ for the pair of `gaussian_pair`. Price's theorem leads
down to a derivative of phi whose average is elementary, and antiderivatives by the covariance lead
back up from independent variables, where the average is a product. Known for ReLU as the arc-cosine
kernel (Cho and Saul, NeurIPS 2009) and for erf since Williams (NeurIPS 1996).
"""

from functools import lru_cache

import sympy as sp

from lemmata.theory.derivation import Derivation, Step
from lemmata.theory.gaussian_pair import (
    by_price,
    c,
    concluded,
    conditioning,
    density,
    determinant,
    integrated,
    joint_density,
    m,
    q1,
    q2,
    s,
    u,
    v,
    z,
)

# The slope of a leaky ReLU on the negative half line.
slope = sp.Symbol("a", real=True)

_zero, _half = sp.Integer(0), sp.Rational(1, 2)
_mean = sp.sqrt(q1 * q2)
# The determinant of one plus the covariance matrix, and of one plus twice that.
_shifted = (1 + q1) * (1 + q2) - c**2
_doubled = (1 + 2 * q1) * (1 + 2 * q2) - 4 * c**2
_at_zero = 1 / (2 * sp.pi * sp.sqrt(determinant))


@lru_cache
def step() -> Derivation:
    r"""Derive $V = 1/4 + \arcsin(c / \sqrt{q_1 q_2}) / 2\pi$ for the step function."""
    statement = _orthant(_mean)
    steps = (
        _delta_functions(),
        _halved_density(),
        *integrated("E phi phi", _at_zero, sp.Rational(1, 4), statement),
    )
    return by_price("V_step", statement, steps)


@lru_cache
def leaky_relu_slope(a: sp.Expr = slope) -> Derivation:
    r"""Derive $V_{\phi'} = a + (1-a)^2 (1/4 + \arcsin(c/\sqrt{q_1 q_2}) / 2\pi)$."""
    statement = a + (1 - a) ** 2 * _orthant(_mean)
    # phi'' is 1 - a times a delta function, and phi' is a and 1 with equal probability.
    by_c, mean = (1 - a) ** 2 * _at_zero, (1 + a) / 2
    steps = (
        _delta_functions(),
        _halved_density(),
        *integrated("E phi' phi'", by_c, mean**2, statement),
    )
    return by_price("V_leaky'", statement, steps)


@lru_cache
def leaky_relu(a: sp.Expr = slope) -> Derivation:
    r"""Derive $V = a c + (1-a)^2 (\sqrt{D} + c\,(\pi/2 + \arcsin(c/\sqrt{q_1 q_2}))) / 2\pi$."""
    below = leaky_relu_slope(a)
    rectified = (sp.sqrt(determinant) + 2 * sp.pi * c * _orthant(_mean)) / (2 * sp.pi)
    statement = a * c + (1 - a) ** 2 * rectified
    one = (1 - a) * sp.sqrt(s / (2 * sp.pi))
    antiderivative = -s * density(z, s)
    steps = (
        *below.steps[1:],
        Step(
            "an antiderivative of z times the density",
            sp.Derivative(antiderivative, z),
            z * density(z, s),
        ),
        Step(
            "so the mean of phi, from 0 upwards and a times that from 0 downwards",
            (a - 1) * sp.Subs(antiderivative, z, 0),
            one,
        ),
        *integrated("E phi phi", below.statement, one.subs(s, q1) * one.subs(s, q2), statement),
    )
    return by_price("V_leaky", statement, steps)


def relu() -> Derivation:
    r"""Derive $V = (\sqrt{D} + c\,(\pi/2 + \arcsin(c/\sqrt{q_1 q_2}))) / 2\pi$, a = 0."""
    return leaky_relu(_zero)


def relu_slope() -> Derivation:
    r"""Derive $V_{\phi'} = 1/4 + \arcsin(c/\sqrt{q_1 q_2}) / 2\pi$, a = 0."""
    return leaky_relu_slope(_zero)


@lru_cache
def erf_slope() -> Derivation:
    r"""Derive $V_{\phi'} = \frac{4}{\pi} ((1 + 2q_1)(1 + 2q_2) - 4c^2)^{-1/2}$."""
    statement = 4 / (sp.pi * sp.sqrt(_doubled))
    steps = (
        Step(
            "the derivative of erf",
            sp.Derivative(sp.erf(z), z),
            2 / sp.sqrt(sp.pi) * sp.exp(-(z**2)),
        ),
        # exp(-z^2) is sqrt(pi) times the density of variance 1/2.
        *_weighted(_half),
        Step("the averages with the factors 2/sqrt(pi)", 4 * _under_weights(_half), statement),
    )
    return concluded("V_erf'", statement, steps)


@lru_cache
def erf() -> Derivation:
    r"""Derive $V = \frac{2}{\pi} \arcsin \frac{2c}{\sqrt{(1 + 2q_1)(1 + 2q_2)}}$."""
    below = erf_slope()
    statement = 2 / sp.pi * sp.asin(2 * c / sp.sqrt((1 + 2 * q1) * (1 + 2 * q2)))
    steps = (
        *below.steps,
        Step("erf is odd, so its mean is zero", sp.erf(z) + sp.Subs(sp.erf(z), z, -z), _zero),
        *integrated("E phi phi", below.statement, _zero, statement),
    )
    return by_price("V_erf", statement, steps)


@lru_cache
def gelu_slope() -> Derivation:
    r"""Derive $V_{\phi'}$ of GELU, from $\phi'' = (2 - x^2)\, e^{-x^2/2} / \sqrt{2\pi}$.

    With $Q_i = 1 + q_i$ and $\Delta = Q_1 Q_2 - c^2$ it is
    $1/4 + \arcsin(c/\sqrt{Q_1 Q_2})/2\pi + c\,(1/Q_1 + 1/Q_2 + 1/\Delta) / 2\pi\sqrt{\Delta}$.
    """
    one, phi, p = sp.Integer(1), z * _normal(z), density(z, s)
    # The second moments of the pair under its density times exp(-(u^2 + v^2)/2)
    s11, s12, s22 = 1 - (1 + q2) / _shifted, c / _shifted, 1 - (1 + q1) / _shifted
    mean, variance = _tilted(c / q1, determinant / q1, one)
    given_u = (2 - variance) * (2 - s11) - mean**2 * (2 * s11 - 3 * s11**2)
    fourth = 4 - 2 * s11 - 2 * s22 + s11 * s22 + 2 * s12**2
    statement = _orthant(sp.sqrt((1 + q1) * (1 + q2))) + c * (
        1 / (1 + q1) + 1 / (1 + q2) + 1 / _shifted
    ) / (2 * sp.pi * sp.sqrt(_shifted))
    steps = (
        Step("the second derivative", sp.Derivative(phi, (z, 2)), (2 - z**2) * density(z, one)),
        *_weighted(one),
        Step(
            "by parts, the second moment is the variance",
            sp.Derivative(z * p, z),
            p - z**2 * p / s,
        ),
        Step(
            "and the fourth is three times its square",
            sp.Derivative(z**3 * p, z),
            3 * z**2 * p - z**4 * p / s,
        ),
        Step("the mean of (2 - u^2)(2 - v^2), over v given u and over u", given_u, fourth),
        Step(
            "the derivative with its mirror image is 1, so its mean is 1/2",
            sp.diff(phi, z) + sp.Subs(sp.diff(phi, z), z, -z),
            one,
        ),
        *integrated("E phi' phi'", fourth * _under_weights(one), sp.Rational(1, 4), statement),
    )
    return by_price("V_GELU'", statement, steps)


@lru_cache
def gelu() -> Derivation:
    r"""Derive the dual map of $x \Phi(x)$, $\Phi$ the normal distribution function.

    With $Q_i = 1 + q_i$ and $\Delta = Q_1 Q_2 - c^2$ it is
    $c\,(1/4 + \arcsin(c/\sqrt{Q_1 Q_2})/2\pi) + (D + c^2 (1/Q_1 + 1/Q_2)) / 2\pi\sqrt{\Delta}$.
    """
    below, p = gelu_slope(), density(z, s)
    statement = c * _orthant(sp.sqrt((1 + q1) * (1 + q2))) + (
        determinant + c**2 * (1 / (1 + q1) + 1 / (1 + q2))
    ) / (2 * sp.pi * sp.sqrt(_shifted))
    one = s / sp.sqrt(2 * sp.pi * (1 + s))
    steps = (
        *below.steps[1:],
        Step(
            "by parts, the mean of z Phi(z) is s times that of the density of variance 1",
            sp.Derivative(-s * p * _normal(z), z),
            z * p * _normal(z) - s * p * density(z, sp.Integer(1)),
        ),
        Step(
            "which is the weight above without a mean",
            s * sp.Subs(_weight(m, s, sp.Integer(1)), m, 0),
            one,
        ),
        *integrated("E phi phi", below.statement, one.subs(s, q1) * one.subs(s, q2), statement),
    )
    return by_price("V_GELU", statement, steps)


def _weighted(w: sp.Expr) -> tuple[Step, ...]:
    """Steps to averages under the pair's density times centred densities of variance w at u, v.

    What comes out is a Gaussian again, times `_under_weights`.
    """
    mean, variance = _tilted(m, s, w)
    of_u = _weight(c * u / q1, determinant / q1, w)
    variance_u = w - w**2 * (w + q2) / ((w + q1) * (w + q2) - c**2)
    return (
        conditioning(),
        Step(
            "completing the square, for v of mean m and variance s, as given u",
            density(v, w) * density(v, s, m),
            _weight(m, s, w) * density(v, variance, mean),
        ),
        Step(
            "and for u",
            density(u, w) * of_u * density(u, q1),
            _under_weights(w) * density(u, variance_u),
        ),
    )


def _tilted(mean: sp.Expr, variance: sp.Expr, w: sp.Expr) -> tuple[sp.Expr, sp.Expr]:
    """Mean and variance of a Gaussian under the weight of a centred density of variance w."""
    return mean * w / (w + variance), variance * w / (w + variance)


def _weight(mean: sp.Expr, variance: sp.Expr, w: sp.Expr) -> sp.Expr:
    """The mean of a centred density of variance w: that of the sum at 0."""
    return density(mean, w + variance)


def _under_weights(w: sp.Expr) -> sp.Expr:
    return 1 / (2 * sp.pi * sp.sqrt((w + q1) * (w + q2) - c**2))


def _delta_functions() -> Step:
    at_zero = sp.Subs(joint_density(), (u, v), (0, 0))
    return Step("two delta functions pick the density at the origin", at_zero, _at_zero)


def _halved_density() -> Step:
    mirrored = sp.Subs(density(z, s), z, -z)
    return Step(
        "z is positive with probability 1/2, for its density is even", mirrored, density(z, s)
    )


def _orthant(mean: sp.Expr) -> sp.Expr:
    """The probability that both are positive, with standard deviations whose product is `mean`."""
    return sp.Rational(1, 4) + sp.asin(c / mean) / (2 * sp.pi)


def _normal(x: sp.Expr) -> sp.Expr:
    return (1 + sp.erf(x / sp.sqrt(2))) / 2
