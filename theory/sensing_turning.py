r"""How m measurements bend the 1/T^2 of one noise direction: by a part of the order of 1/m.

Where the signal has settled, m measurements weigh the fourth power of a noise vector j by its
direction: the cost is $\kappa |j|^4 / 4$, $\kappa = 1$ where all is known. While the noise fades,
its direction turns to where $\kappa$ is smaller, so that the squared error falls more slowly than
1/T^2. As $\mathcal{A}^* \mathcal{A}$ is a mean of m independent matrices, $\kappa - 1$ is of the
order of $m^{-1/2}$, and so is the constant of 1/T^2; the exponent is off by the square of that.
"""

from functools import lru_cache

import sympy as sp

from lemmata.theory.derivation import Derivation, Step
from lemmata.theory.sensing_scalar import lam, t

#: the weight of the direction, and its squared gradient on the sphere of directions, times m
kappa, gamma = sp.symbols("kappa gamma", positive=True)
m = sp.Symbol("m", positive=True)
g = sp.Symbol("g", positive=True)

_SETTLED = "the signal has settled, and follows the noise at once"
_SLOW = "the direction turns slowly: to first order in g"
_MEAN = "the gradient of a mean of m independent weights is of the order of m^(-1/2): g = gamma/m"


@lru_cache
def excess() -> Derivation:
    r"""Derive $d \ln e / d \ln t + 2 = 2 g / (8 \kappa^2 + g)$, $e = \lambda^2$ the squared error.

    It is above zero: the error falls more slowly than with all known.
    """
    rho = sp.Symbol("rho", positive=True)
    cost = kappa * rho**4 / 4
    b = sp.Symbol("b", positive=True)
    # Times in units of the present one, so that kappa is the present weight.
    weight = kappa - b * sp.log(t)
    inverse = 2 * t * (kappa - b * (sp.log(t) - 1))
    statement = 2 * g / (8 * kappa**2 + g)
    steps = (
        Step(
            "the square of the length, by 2 rho rho'",
            -2 * rho * sp.Derivative(cost, rho),
            sp.Subs(-2 * kappa * lam**2, lam, rho**2),
        ),
        Step(
            "so its inverse grows", sp.Derivative(1 / lam, lam) * (-2 * kappa * lam**2), 2 * kappa
        ),
        Step(
            "the direction moves by -1/rho^2 of the cost's gradient, and the weight with it",
            -sp.Derivative(cost, kappa) * g / rho**2,
            sp.Subs(-lam * g / 4, lam, rho**2),
        ),
        Step(
            "late lambda is 1/(2 kappa t), and the weight falls with the logarithm of time",
            sp.Subs(-lam * g / 4, lam, 1 / (2 * kappa * t)),
            sp.Subs(sp.Derivative(weight, t), b, g / (8 * kappa)),
        ),
        Step("the inverse of lambda with that weight", sp.Derivative(inverse, t), 2 * weight),
        Step(
            "the slope of lambda^2, now", sp.Subs(-2 * t * 2 * weight / inverse, t, 1),
            -2 * kappa / (kappa + b),
        ),
        Step(
            "which is above -2", sp.Subs(2 - 2 * kappa / (kappa + b), b, g / (8 * kappa)), statement
        ),
    )  # fmt: skip
    return Derivation(sp.Symbol("s"), statement, steps, (_SETTLED, _SLOW))


@lru_cache
def exponent() -> Derivation:
    r"""Derive that this part of the slope falls like 1/m: its slope in $\ln m$ is -1."""
    u = sp.Symbol("u", positive=True)
    whole = excess().statement.subs(g, gamma / m)
    of_inverse = -8 * kappa**2 / (8 * kappa**2 + gamma * u)
    steps = (
        *excess().steps,
        Step(
            "d ln / d ln m, with u = 1/m",
            m * sp.Derivative(whole, m) / whole,
            sp.Subs(of_inverse, u, 1 / m),
        ),
        Step("for many measurements u is 0", sp.Subs(of_inverse, u, 0), -1),
    )
    return Derivation(sp.Symbol("p"), sp.Integer(-1), steps, (_SETTLED, _SLOW, _MEAN))
