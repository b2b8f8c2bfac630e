r"""Gradient flow of $F G^T$ towards $\Sigma$: one coordinate, and any with $F^T F - G^T G = c I$.

Of one coordinate: $f' = (\sigma - f g) g$ and $g' = (\sigma - f g) f$. The imbalance
$c = f^2 - g^2$ is conserved, and with it $f^2 + g^2 = \sqrt{c^2 + 4 p^2}$ of the product $p = f g$:
noise ($\sigma = 0$) fades at the rate |c|, signal settles at $w = \sqrt{c^2 + 4 \sigma^2}$, and
squared errors go at twice that. Source of the question: Xiong, Ding and Du, arXiv 2310.01769
(linear rates that depend on the imbalance, and so on the square of the scale of the start).
"""

from functools import lru_cache

import sympy as sp

from lemmata.theory.derivation import Derivation, Step
from lemmata.theory.sensing_scalar import UNIQUE, sigma, t

f, g = sp.symbols("f g", real=True)
#: the size of the imbalance, |f^2 - g^2|, and the start of the product
c, p_0 = sp.symbols("c p_0", positive=True)
#: the scale of the start
a = sp.Symbol("a", positive=True)

p = sp.Symbol("p", positive=True)
_up, _down = (sigma - f * g) * g, (sigma - f * g) * f


def _by_flow(of: sp.Expr) -> sp.Expr:
    """The derivative by time of a function of f and g."""
    return sp.Derivative(of, f) * _up + sp.Derivative(of, g) * _down


@lru_cache
def product_equation() -> Derivation:
    r"""Derive $p' = -(p - \sigma) \sqrt{c^2 + 4 p^2}$, for c of either sign."""
    size = sp.Symbol("c", real=True)
    statement = (sigma - f * g) * sp.sqrt((f**2 - g**2) ** 2 + 4 * (f * g) ** 2)
    steps = (
        Step("the imbalance is conserved", _by_flow(f**2 - g**2), 0),
        Step("the product", _by_flow(f * g), (sigma - f * g) * (f**2 + g**2)),
        Step(
            "the sum of squares, from the imbalance and the product",
            (f**2 + g**2) ** 2,
            sp.Subs(size**2 + 4 * (f * g) ** 2, size, f**2 - g**2),
        ),
        Step("so the product moves alone", (sigma - f * g) * (f**2 + g**2), statement),
    )
    return Derivation(sp.Symbol("pdot"), statement, steps)


@lru_cache
def noise() -> Derivation:
    r"""Derive $p(t) = \frac{c}{2} / \sinh(c t + \operatorname{arsinh} \frac{c}{2 p_0})$ of noise.

    The statement is the same without a hyperbolic angle, which has no singular place at c = 0.
    """
    statement = (c / 2) / sp.sinh(c * t + sp.asinh(c / (2 * p_0)))
    root = sp.sqrt(c**2 + 4 * p_0**2)
    plain = p_0 / (sp.cosh(c * t) + root * sp.sinh(c * t) / c)
    steps = (
        *product_equation().steps,
        Step(
            "it solves p' = -p sqrt(c^2 + 4 p^2)",
            sp.Derivative(statement, t),
            -statement * sp.sqrt(c**2 + 4 * statement**2),
        ),
        Step("from its start", sp.Subs(statement, t, 0), p_0),
        Step("by the sum rule of sinh", statement, plain),
    )
    return Derivation(sp.Symbol("p_t"), plain, steps, (UNIQUE,))


@lru_cache
def noise_factors() -> Derivation:
    r"""Derive $f^2, g^2 = \frac{c}{2} (\coth \theta \pm 1)$, the angle being that of the product.

    With s = 1 the larger one, with s = -1 the smaller, as $e^{s \theta} / \sinh \theta$: a
    difference of what is late nearly equal would have no digit left.
    """
    u, side = sp.Symbol("u", positive=True), sp.Symbol("s", real=True)
    either = c * sp.exp(side * u) / (2 * sp.sinh(u))
    square = lambda s: sp.Subs(either, side, s)
    larger, smaller = square(1), square(-1)
    product = (c / 2) / sp.sinh(u)
    angle = c * t + sp.asinh(c / (2 * p_0))
    statement = either.subs(u, angle)
    steps = (
        Step("with s = 1 it is the sum", larger, c * (sp.coth(u) + 1) / 2),
        Step("and with s = -1 the difference", smaller, c * (sp.coth(u) - 1) / 2),
        Step("they differ by the imbalance", larger - smaller, c),
        Step("and their product is that of the squares", larger * smaller, product**2),
        Step(
            "which no other pair of positive numbers has: s (s - c) grows from s = c on",
            sp.Derivative(u * (u - c), u),
            2 * u - c,
        ),
        Step("the angle is that of the product", sp.Subs(product, u, angle), noise().statement),
        Step("with that angle", sp.Subs(either, u, angle), statement),
    )
    assumes = (UNIQUE, "the product is what `noise` derives")
    return Derivation(sp.Symbol("f2"), statement, steps, assumes)


@lru_cache
def noise_amplitude() -> Derivation:
    r"""Derive $p e^{c t} \to 2 c p_0 / (c + \sqrt{c^2 + 4 p_0^2})$: errors fade at the rate 2 c."""
    v = sp.Symbol("v", positive=True)
    root = sp.sqrt(c**2 + 4 * p_0**2)
    scaled = 2 * p_0 / (1 + v + root * (1 - v) / c)
    statement = 2 * c * p_0 / (c + root)
    steps = (
        *noise().steps,
        Step(
            "with v = exp(-2 c t)",
            noise().statement * sp.exp(c * t),
            sp.Subs(scaled, v, sp.exp(-2 * c * t)),
        ),
        Step("late, v is 0", sp.Subs(scaled, v, 0), statement),
    )
    return Derivation(sp.Symbol("A"), statement, steps, (UNIQUE,))


@lru_cache
def balanced_noise() -> Derivation:
    r"""Derive $p_0 / (1 + 2 p_0 t)$ where c tends to 0: the power law of the symmetric problem."""
    statement = p_0 / (1 + 2 * p_0 * t)
    # sinh(x)/x is 1 at 0: with c = 0 in the rest of the form that holds for all c.
    ratio = sp.Symbol("k", positive=True)
    whole = p_0 / (sp.cosh(c * t) + sp.sqrt(c**2 + 4 * p_0**2) * t * ratio)
    small = sp.Symbol("c_0", nonnegative=True)
    steps = (
        *noise().steps,
        Step("it solves p' = -2 p^2", sp.Derivative(statement, t), -2 * statement**2),
        Step(
            "with k = sinh(c t)/(c t)",
            sp.Subs(whole, ratio, sp.sinh(c * t) / (c * t)),
            noise().statement,
        ),
        Step(
            "k is 1 at c = 0, and c is 0 elsewhere",
            sp.Subs(whole.subs(c, small), (small, ratio), (0, 1)),
            statement,
        ),
    )
    return Derivation(sp.Symbol("p_t"), statement, steps, (UNIQUE,))


@lru_cache
def thirds() -> Derivation:
    r"""Derive the product from $f_0 = a$, $g_0 = a/3$: $(4 a^2/9) / \sinh(8 a^2 t/9 + \ln 3)$."""
    statement = (4 * a**2 / 9) / sp.sinh(8 * a**2 * t / 9 + sp.log(3))
    start = (8 * a**2 / 9, a**2 / 3)
    # In an angle of its own: with the whole exponent in its place SymPy takes ten seconds for it.
    angle = sp.Symbol("u", positive=True)
    written_out = sp.cosh(angle) + sp.Rational(5, 4) * sp.sinh(angle)
    as_one = sp.Rational(3, 4) * sp.sinh(angle + sp.log(3))
    steps = (
        *noise().steps,
        Step("the imbalance", sp.Subs(f**2 - g**2, (f, g), (a, a / 3)), start[0]),
        Step("the product", sp.Subs(f * g, (f, g), (a, a / 3)), start[1]),
        Step("arsinh(4/3) = ln 3", sp.sinh(sp.log(3), evaluate=False), sp.Rational(4, 3)),
        Step(
            "in the solution",
            sp.Subs(noise().statement, (c, p_0), start),
            start[1] / sp.Subs(written_out, angle, start[0] * t),
        ),
        Step("by the sum rule of sinh, cosh(ln 3) being 5/3", written_out, as_one),
        Step("so it is", start[1] / sp.Subs(as_one, angle, start[0] * t), statement),
    )
    return Derivation(sp.Symbol("p_t"), statement, steps, (UNIQUE,))


@lru_cache
def signal() -> Derivation:
    r"""Derive $p - \sigma = (p_0 - \sigma) / D$ and D, by an angle whose exponential is rational.

    $p = \frac{c}{2} \sinh \theta$ with $c = |f^2 - g^2|$; z = exp(theta) solves a Riccati equation
    with constant coefficients. In terms of D there is nothing to subtract.
    """
    theta, z = sp.Symbol("theta", real=True), sp.Symbol("z", positive=True)
    w = sp.sqrt(c**2 + 4 * sigma**2)
    up, down = (2 * sigma + w) / c, (2 * sigma - w) / c
    z_0 = (2 * p_0 + sp.sqrt(c**2 + 4 * p_0**2)) / c
    K = (z_0 - up) / (z_0 - down)
    z_t = (up - down * K * sp.exp(-w * t)) / (1 - K * sp.exp(-w * t))
    size = sp.sqrt(c**2 + 4 * p_0**2)
    # The squares of the start along the growing and the decaying eigenvector of [[c/2, sigma],
    # [sigma, -c/2]]: (s_0 + (c^2 + 4 sigma p_0)/w)/2 and (s_0 - ...)/2, s_0 = f_0^2 + g_0^2.
    tilt = (c**2 + 4 * sigma * p_0) / w
    grow, fade = (size + tilt) / 2, (size - tilt) / 2
    D = 1 + grow * (sp.exp(w * t) - 1) / w + fade * (1 - sp.exp(-w * t)) / w
    statement = (p_0 - sigma) / D
    steps = (
        *product_equation().steps,
        Step(
            "with p = c sinh(theta)/2 the root is c cosh(theta), which cancels",
            sp.Derivative(c * sp.sinh(theta) / 2, theta) * (2 * sigma - c * sp.sinh(theta)),
            (sigma - c * sp.sinh(theta) / 2) * c * sp.cosh(theta),
        ),
        Step(
            "z = exp(theta) moves by z theta'",
            z * (2 * sigma - c * (z - 1 / z) / 2),
            -c * (z - up) * (z - down) / 2,
        ),
        Step("it solves that", sp.Derivative(z_t, t), -c * (z_t - up) * (z_t - down) / 2),
        Step("from its start", sp.Subs(z_t, t, 0), z_0),
        Step(
            "p is c (z - 1/z)/4, and there is nothing to subtract",
            c * (z_t - 1 / z_t) / 4 - sigma,
            statement,
        ),
        Step(
            "D grows by the sum of squares: D'/D", sp.Derivative(D, t) / D, c * (z_t + 1 / z_t) / 2
        ),
    )
    last = Step("so the deviation is its start over D", sp.Subs(statement * D, t, 0) / D, statement)
    return Derivation(sp.Symbol("d"), statement, (*steps, last), (UNIQUE,))


@lru_cache
def signal_rate() -> Derivation:
    r"""Derive the rate $w = \sqrt{c^2 + 4 \sigma^2}$ of the deviation; that of its square is 2 w.

    The statement is the limit of D exp(-w t), which is positive: the deviation is p_0 - sigma over
    D.
    """
    w = sp.sqrt(c**2 + 4 * sigma**2)
    v = sp.Symbol("v", positive=True)
    size = sp.sqrt(c**2 + 4 * p_0**2)
    tilt = (c**2 + 4 * sigma * p_0) / w
    scaled = v + (size + tilt) / 2 * (1 - v) / w + (size - tilt) / 2 * v * (1 - v) / w
    statement = (size + tilt) / (2 * w)
    steps = (
        *signal().steps,
        Step(
            "with v = exp(-w t)",
            (p_0 - sigma) * sp.exp(-w * t) / signal().statement,
            sp.Subs(scaled, v, sp.exp(-w * t)),
        ),
        Step("late, v is 0", sp.Subs(scaled, v, 0), statement),
    )
    return Derivation(sp.Symbol("A"), statement, steps, (UNIQUE,))
