r"""Gradient flow of $X X^T$ towards $\Sigma$ in one coordinate: noise dies slowly, signal fast.

Where $\Sigma$ and the start are aligned, $X' = (\Sigma - X X^T) X$ falls apart into one equation a
coordinate, $x' = (\sigma - x^2) x$: with $\sigma = 0$ for noise, and $\sigma > 0$ for signal. The
error of a coordinate is $e = (x^2 - \sigma)^2$, the squared Frobenius norm. Source of the question:
Xiong, Ding and Du, arXiv 2310.01769 (a lower bound of order 1/T^2).
"""

from functools import lru_cache

import sympy as sp

from lemmata.theory.derivation import Derivation, Step

t, sigma = sp.symbols("t sigma", positive=True)
#: the start of a noise coordinate, and of the square of a signal coordinate
x_0, s_0 = sp.symbols("x_0 s_0", positive=True)
#: a time to integrate over
s = sp.Symbol("s", positive=True)
#: a noise eigenvalue at the start, lambda = x_0^2
lam = sp.Symbol("lambda", positive=True)
#: how many noise coordinates there are
modes = sp.Symbol("q", positive=True, integer=True)

UNIQUE = "an equation with a smooth right side has one solution from a start"


@lru_cache
def noise() -> Derivation:
    r"""Derive $x(t) = x_0 / \sqrt{1 + 2 x_0^2 t}$ from $x' = -x^3$.

    >>> noise().statement
    x_0/sqrt(2*t*x_0**2 + 1)
    """
    statement = x_0 / sp.sqrt(1 + 2 * x_0**2 * t)
    steps = (
        Step("it solves the equation", sp.Derivative(statement, t), -(statement**3)),
        Step("from its start", sp.Subs(statement, t, 0), x_0),
        Step(
            "for 1/x^2 grows evenly",
            1 / sp.sqrt(1 / x_0**2 + sp.Integral(2, (s, 0, t))),
            statement,
        ),
    )
    return Derivation(sp.Symbol("x"), statement, steps, (UNIQUE,))


@lru_cache
def noise_error() -> Derivation:
    r"""Derive $e(t) = (\lambda / (1 + 2 \lambda t))^2$ with $\lambda = x_0^2$.

    It is `lam**2` on a plateau, until t is of the order of 1/(2 lambda).
    """
    statement = (lam / (1 + 2 * lam * t)) ** 2
    last = Step(
        "the error of a noise coordinate is its fourth power",
        sp.Subs(noise().statement ** 4, x_0, sp.sqrt(lam)),
        statement,
    )
    return Derivation(sp.Symbol("e"), statement, (*noise().steps, last), (UNIQUE,))


@lru_cache
def late_constant() -> Derivation:
    r"""Derive $t^2 e(t) \to q/4$ for q noise coordinates, whatever their starts.

    >>> late_constant().statement
    q/4
    """
    u = sp.Symbol("u", positive=True)
    one = (lam / (u + 2 * lam)) ** 2
    steps = (
        *noise_error().steps,
        Step("with u = 1/t", sp.Subs(one, u, 1 / t), t**2 * noise_error().statement),
        Step("late, u is 0", sp.Subs(one, u, 0), sp.Rational(1, 4)),
        Step("q such terms", sp.Mul(modes, sp.Subs(one, u, 0), evaluate=False), modes / 4),
    )
    return Derivation(sp.Symbol("K"), modes / 4, steps, (UNIQUE,))


@lru_cache
def noise_slope() -> Derivation:
    r"""Derive the local slope $d \ln e / d \ln t = -4 \lambda t / (1 + 2 \lambda t)$."""
    statement = -4 * lam * t / (1 + 2 * lam * t)
    e = noise_error().statement
    last = Step("d ln e / d ln t", t * sp.Derivative(e, t) / e, statement)
    return Derivation(sp.Symbol("slope"), statement, (*noise_error().steps, last), (UNIQUE,))


@lru_cache
def crossover() -> Derivation:
    r"""Derive the time $1/(2 \lambda)$ at which the slope is -1, half way from plateau to -2."""
    statement = 1 / (2 * lam)
    y = sp.Symbol("y", positive=True)
    slope = noise_slope().statement
    steps = (
        *noise_slope().steps,
        Step("with y = 2 lambda t", slope, sp.Subs(-2 * y / (1 + y), y, 2 * lam * t)),
        Step("half way from 0 to -2 is y = 1", sp.Subs(-2 * y / (1 + y), y, 1), -1),
        Step("which is the time", sp.Subs(y / (2 * lam), y, 1), statement),
    )
    return Derivation(sp.Symbol("t_c"), statement, steps, (UNIQUE,))


@lru_cache
def signal() -> Derivation:
    r"""Derive the square $s = x^2$ of a signal coordinate from $x' = (\sigma - x^2) x$."""
    growth = sp.exp(2 * sigma * t)
    statement = sigma * s_0 * growth / (sigma + s_0 * (growth - 1))
    x = sp.Symbol("x", positive=True)
    steps = (
        Step(
            "the square moves by 2 x x'",
            sp.Derivative(x**2, x) * (sigma - x**2) * x,
            2 * (sigma - x**2) * x**2,
        ),
        Step(
            "it solves the equation",
            sp.Derivative(statement, t),
            2 * (sigma - statement) * statement,
        ),
        Step("from its start", sp.Subs(statement, t, 0), s_0),
        Step(
            "for 1/s - 1/sigma decays",
            1 / (1 / sigma + (1 / s_0 - 1 / sigma) * sp.exp(-2 * sigma * t)),
            statement,
        ),
    )
    return Derivation(sp.Symbol("x^2"), statement, steps, (UNIQUE,))


@lru_cache
def signal_amplitude() -> Derivation:
    r"""Derive $(\sigma - s) e^{2 \sigma t} \to \sigma (\sigma - s_0) / s_0$."""
    statement = sigma * (sigma - s_0) / s_0
    v = sp.Symbol("v", positive=True)
    scaled = sigma * (sigma - s_0) / (sigma * v + s_0 * (1 - v))
    steps = (
        *signal().steps,
        Step(
            "with v = exp(-2 sigma t)",
            (sigma - signal().statement) * sp.exp(2 * sigma * t),
            sp.Subs(scaled, v, sp.exp(-2 * sigma * t)),
        ),
        Step("late, v is 0", sp.Subs(scaled, v, 0), statement),
    )
    return Derivation(sp.Symbol("A"), statement, steps, (UNIQUE,))
