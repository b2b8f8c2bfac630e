"""Kernels of wide networks in many digits, by the formulas that theory derives and nothing else."""

from collections.abc import Sequence

import mpmath
import sympy as sp

from lemmata.theory import gaussian_duals, gaussian_series
from lemmata.theory.gaussian_pair import c, q1, q2

LEAKY = sp.Rational(1, 8)
CUBIC = (sp.Rational(1, 4), sp.Integer(-1), sp.Rational(1, 2), sp.Rational(1, 8))

_statements = {
    "relu": (gaussian_duals.relu(), gaussian_duals.relu_slope()),
    "leaky": (gaussian_duals.leaky_relu(LEAKY), gaussian_duals.leaky_relu_slope(LEAKY)),
    "absolute": tuple(
        one(sp.Integer(-1)) for one in (gaussian_duals.leaky_relu, gaussian_duals.leaky_relu_slope)
    ),
    "erf": (gaussian_duals.erf(), gaussian_duals.erf_slope()),
    "gelu": (gaussian_duals.gelu(), gaussian_duals.gelu_slope()),
    "sin": (gaussian_series.sine(), gaussian_series.sine_slope()),
    "exp": (gaussian_series.exponential(), gaussian_series.exponential()),
    "cubic": (gaussian_series.polynomial(CUBIC), gaussian_series.polynomial_slope(CUBIC)),
    "step": (gaussian_duals.step(), gaussian_duals.step()),
}
MAPS = {
    name: tuple(sp.lambdify((q1, c, q2), one.statement, "mpmath") for one in pair)
    for name, pair in _statements.items()
}


def kernel(
    x: Sequence[float], y: Sequence[float], depth: int, name: str, w: float, b: float
) -> tuple[mpmath.mpf, mpmath.mpf, mpmath.mpf, mpmath.mpf]:
    """Covariance and tangent kernel at (x, y), unit parameters, and what both are compared with:
    the geometric means of their values at (x, x) and (y, y)."""
    with mpmath.workdps(100):
        w2, b2 = mpmath.mpf(w) ** 2, mpmath.mpf(b) ** 2

        def first(s, t):
            return w2 * mpmath.fdot(map(mpmath.mpf, s), map(mpmath.mpf, t)) / len(x) + b2

        dual, slope = MAPS[name]
        sigma = [first(x, x), first(x, y), first(y, y)]
        theta = list(sigma)
        for _ in range(depth - 1):
            one, both, two = sigma
            args = (one, one, one), (one, both, two), (two, two, two)
            grows = [w2 * mpmath.re(slope(*a)) for a in args]
            sigma = [w2 * mpmath.re(dual(*a)) + b2 for a in args]
            theta = [s + g * t for s, g, t in zip(sigma, grows, theta, strict=True)]
        return (
            sigma[1],
            theta[1],
            mpmath.sqrt(sigma[0] * sigma[2]),
            mpmath.sqrt(theta[0] * theta[2]),
        )
