r"""A pair (u, v) of centred Gaussians: variances $q_1, q_2$, covariance $c$, $c^2 < q_1 q_2$.

What the dual maps $V_\phi(q_1, c, q_2) = E\,\phi(u)\phi(v)$ are derived with: the density, Price's
theorem $\partial V_\phi / \partial c = V_{\phi'}$ with the steps that lead to it, and averages over
one of the two given the other. Source: Price, IRE Trans. Inf. Theory 4 (1958) 69.
"""

import sympy as sp

from lemmata.theory.derivation import Derivation, Step

q1, q2 = sp.symbols("q_1 q_2", positive=True)
c = sp.Symbol("c", real=True)
u, v, z = sp.symbols("u v z", real=True)
# The variance of one Gaussian, and the mean and variance of v given u.
s = sp.Symbol("s", positive=True)
m = sp.Symbol("m", real=True)

determinant = q1 * q2 - c**2
WHERE = (sp.Gt(q1 * q2, c**2),)

_NORMAL = ("a Gaussian density integrates to one",)
_PRICE = (
    "phi and its derivatives, in the weak sense, grow slowly enough that integrating by parts "
    "leaves nothing at infinity",
)


def density(x: sp.Expr, variance: sp.Expr, mean: sp.Expr = sp.S.Zero) -> sp.Expr:
    """The density at x of a Gaussian with this mean and variance."""
    return sp.exp(-((x - mean) ** 2) / (2 * variance)) / sp.sqrt(2 * sp.pi * variance)


def joint_density() -> sp.Expr:
    """The density of the pair at (u, v)."""
    exponent = (q2 * u**2 - 2 * c * u * v + q1 * v**2) / (2 * determinant)
    return sp.exp(-exponent) / (2 * sp.pi * sp.sqrt(determinant))


def conditioning() -> Step:
    """The pair as v given u, which is a Gaussian, and u."""
    given = density(v, determinant / q1, c * u / q1)
    return Step(
        "given u, v is Gaussian with mean c u / q_1 and variance (q_1 q_2 - c^2) / q_1",
        joint_density(),
        density(u, q1) * given,
    )


def price() -> Step:
    """The identity of densities behind Price's theorem."""
    p = joint_density()
    return Step(
        "the density obeys dp/dc = d^2p/du dv; integrated by parts twice, dV_phi/dc = V_phi'",
        sp.Derivative(p, c),
        sp.Derivative(p, u, v),
    )


def integrated(what: str, slope: sp.Expr, start: sp.Expr, value: sp.Expr) -> tuple[Step, ...]:
    """Steps to the value from its derivative by c and its start, that of independent variables."""
    return (
        Step(f"an antiderivative by c of the average below {what}", sp.Derivative(value, c), slope),
        Step(
            f"{what} is its value for independent variables, and what it grows by from c = 0",
            start + value - sp.Subs(value, c, 0),
            value,
        ),
    )


def concluded(name: str, statement: sp.Expr, steps: tuple[Step, ...], *assumes: str) -> Derivation:
    """A derivation for pairs that are not proportional."""
    return Derivation(sp.Symbol(name), statement, steps, (*_NORMAL, *assumes), WHERE)


def by_price(name: str, statement: sp.Expr, steps: tuple[Step, ...]) -> Derivation:
    """A derivation that uses Price's theorem."""
    return concluded(name, statement, (price(), *steps), *_PRICE)
