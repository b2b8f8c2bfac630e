r"""Tangent kernels of other structures: residual blocks, the backward form, pooled read-outs.

Everything is built of the layer that `ntk_layers` derives. Source: Yang, arXiv 1902.04760: Theorem
D.1, the tangent kernel as a sum over layers of what a backward recursion gives; Corollary D.3, a
mean over units as the read-out; Corollary D.9 for residual networks. `ntk_misprints` has the
formulas as printed.
"""

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import NamedTuple

import sympy as sp

from lemmata.theory.derivation import Derivation, Step
from lemmata.theory.ntk import GRAM, Dual, Kernel, Scales, at, covariances, scaled
from lemmata.theory.ntk_conventions import JACOT, YANG, Convention
from lemmata.theory.ntk_layers import (
    FRESH,
    LARGE_NUMBERS,
    b,
    below,
    layer_covariance,
    layer_kernel,
    product,
    slopes,
    w,
)
from lemmata.theory.ntk_moments import mean_steps

# The scales of the second map of a residual block, of its weights and of its bias.
v, a = sp.symbols("v a", positive=True)
_ZERO = Kernel(*[sp.Integer(0)] * 3)


class State(NamedTuple):
    """Covariance of the values of a layer's units, and their tangent kernel."""

    covariance: Kernel
    tangent: Kernel


def input_state(gram: Kernel = GRAM) -> State:
    """The inputs themselves, which no parameter changes."""
    return State(gram, _ZERO)


def dense(
    state: State,
    dual: Dual,
    slope: Dual,
    convention: Convention = JACOT,
    last: bool = False,
    scales: Scales = (w, b),
) -> State:
    """A nonlinearity and a layer of weights of these scales, after `state`."""
    sigma = scaled(layer_covariance(convention.readout_bias or not last).statement, scales)
    theta = scaled(layer_kernel(convention, last).statement, scales)
    averages, steps = at(dual, state.covariance), at(slope, state.covariance)
    return State(
        Kernel(*(sigma.subs(product, one) for one in averages)),
        Kernel(
            *(
                theta.subs({product: one, slopes: step, below: under})
                for one, step, under in zip(averages, steps, state.tangent, strict=True)
            )
        ),
    )


def linear(
    state: State, convention: Convention = JACOT, last: bool = False, scales: Scales = (w, b)
) -> State:
    """A layer of weights right after `state`."""
    return dense(state, lambda q, p, c: c, lambda q, p, c: sp.Integer(1), convention, last, scales)


def residual(
    blocks: int,
    dual: Dual,
    slope: Dual,
    convention: Convention = YANG,
    gram: Kernel = GRAM,
    scales: Scales = (w, b),
    outer: Scales = (v, a),
) -> State:
    r"""The stream of a residual network after `blocks`, of $x + v V \varphi(w W x + b) + a$ each.

    Weights are over the root of the width, as everywhere; a read-out is `linear(..., last=True)`.
    """
    if blocks < 1:
        raise ValueError(f"blocks={blocks}: a residual network has one block at least.")
    state = input_state(gram)
    for _ in range(blocks):
        branch = dense(
            linear(state, convention, scales=scales), dual, slope, convention, scales=outer
        )
        state = State(*(_plus(one, other) for one, other in zip(state, branch, strict=True)))
    return state


@lru_cache
def skip() -> Derivation:
    """Derive that a fresh branch adds its kernel to that of the stream: cross terms have mean zero.

    Of the covariance: x and y are values of the stream, g z_1 and h z_1 those of the branch, which
    end in a weight z_1. The tangent kernel is the same sum of products with derivatives by the
    parameters below for values; a branch that ends in the derivative by z_1 itself has no stream.
    """
    x, y, g, h, z = sp.symbols("x y g h z_1", real=True)
    steps, mean = mean_steps((x + z * g) * (y + z * h), (z,), "the weights of the branch")
    return Derivation(sp.Symbol("S^+"), mean, steps, (FRESH,))


def backward(
    depth: int,
    dual: Dual,
    slope: Dual,
    gram: Kernel = GRAM,
    scales: Scales = (w, b),
    per_layer: sp.Expr | None = None,
    top: sp.Expr | None = None,
) -> Kernel:
    r"""The tangent kernel of Yang's convention, from the read-out down (Theorem D.1).

    $\Theta = \sum_l \Pi^l V'(\Sigma^l) (\Sigma^l - b^2 + w^2)/w^2 + \Sigma^{L+1}/w^2$ with
    $\Pi^L = w^2$ and $\Pi^{l-1} = w^2 V'(\Sigma^l) \Pi^l$. It equals `ntk.tangent_kernel`.

    **Arguments:** `depth`: hidden layers. `per_layer`, `top`: what is put for $w^2$ in the
    recursion and at its start; $w^2$ unless given.
    """
    weight = scales[0]
    per_layer = weight**2 if per_layer is None else per_layer
    *hidden, out = covariances(depth, dual, YANG, gram, scales)
    total = [one / weight**2 for one in out]
    pi = [weight**2 if top is None else top] * 3
    for sigma in reversed(hidden):
        gradients = [x * y for x, y in zip(pi, at(slope, sigma), strict=True)]
        total = [x + y for x, y in zip(total, _shares(gradients, sigma, scales), strict=True)]
        pi = [per_layer * gradient for gradient in gradients]
    return Kernel(*total)


class Maps(NamedTuple):
    r"""What a pooled read-out asks of a nonlinearity.

    **Fields:** the dual maps of $\varphi$, of $\varphi'$ and of $\varphi \varphi'$; the means of
    $\varphi''$ and of $(\varphi \varphi')'$ over N(0, q), as functions of q.
    """

    dual: Dual
    slope: Dual
    mixed: Dual
    curvature: Callable[[sp.Expr], sp.Expr]
    drift: Callable[[sp.Expr], sp.Expr]


gradients, along, along_other, mixed = sp.symbols("Pi a_1 a_2 M", real=True)


@lru_cache
def pooled_layer() -> Derivation:
    r"""Derive $D \Pi + a a' M$, the covariance of the gradients at a pre-activation.

    The gradient at a unit is $n\, \partial f / \partial h = \varphi'(h) (G + a \varphi(h))$: a
    Gaussian part of covariance $\Pi$, independent of h, and a part along the unit's own value. M is
    the average of $\varphi \varphi'$ at one input times that at the other.
    """
    d, e, f, g = sp.symbols("d e f g", real=True)
    z, r = sp.symbols("z_1 z_2", real=True), sp.symbols("r_11 r_21 r_22", real=True)
    one = d * (r[0] * z[0] + along * f)
    other = e * (r[1] * z[0] + r[2] * z[1] + along_other * g)
    steps, mean = mean_steps(one * other, z, "the Gaussian parts, of covariance r_11 r_21")
    names = (r[1], e, g)
    values = (gradients / r[0], slopes / d, mixed / (f * slopes))
    statement = sp.expand(mean.subs(dict(zip(names, values, strict=True)), simultaneous=True))
    last = Step(
        "Pi is that covariance, D the average of the slopes d e, M that of d f e g",
        sp.Subs(mean, names, values),
        statement,
    )
    assumes = (LARGE_NUMBERS, "the Gaussian part of a gradient is independent of the values there")
    return Derivation(sp.Symbol("Pi^-"), statement, (*steps, last), assumes)


@lru_cache
def along_the_values() -> Derivation:
    r"""Derive $a = w^2\, \mathbb{E}\, g'$, the part of $W^T g(W x / \sqrt n) / \sqrt n$ along x.

    This is what independent copies of transposed weights miss. At two units of input.
    """
    z, x = sp.symbols("z_1 z_2", real=True), sp.symbols("x_1 x_2", real=True)
    n, slope = sp.symbols("n s", positive=True)
    u, g = sp.Symbol("u", real=True), sp.Function("g")
    h = w * (z[0] * x[0] + z[1] * x[1]) / sp.sqrt(n)
    bell = sp.exp(-(z[0] ** 2) / 2)
    steps = (
        Step(
            "Stein: a total derivative has no integral, so the mean of z g is that of dg/dz",
            sp.Derivative(g(h) * bell, z[0]),
            (sp.diff(g(h), z[0]) - z[0] * g(h)) * bell,
        ),
        Step(
            "which is a weight times the slope of g",
            sp.Derivative(g(h), z[0]),
            w * x[0] / sp.sqrt(n) * sp.Subs(sp.Derivative(g(u), u), u, h),
        ),
        Step(
            "the sum over n rows of w z_1 / sqrt(n) times g, s the mean of g', as a part of x_1",
            sp.Subs(n * w / sp.sqrt(n) * u / x[0], u, w * x[0] / sp.sqrt(n) * slope),
            w**2 * slope,
        ),
    )
    return Derivation(sp.Symbol("a"), w**2 * slope, steps, (LARGE_NUMBERS,))


def pooled(
    depth: int,
    maps: Maps,
    gram: Kernel = GRAM,
    scales: Scales = (w, b),
    passing_on: Dual | None = None,
) -> Kernel:
    r"""n times the tangent kernel of $f = \frac{1}{n} \sum_i \varphi(h^L_i)$ (Corollary D.3).

    For the weights and biases themselves, and all hidden layers of one width n.

    **Arguments:** `depth`: hidden layers. `passing_on`: what is put for the dual map of
    $\varphi \varphi'$ where gradients are passed on to the layer below; that map unless given.
    """
    weight = scales[0]
    hidden = covariances(depth, maps.dual, YANG, gram, scales)[:-1]
    # At the top every unit has gradient 1: no Gaussian part, and the slope alone.
    top = hidden[-1]
    here = at(maps.slope, top)
    passed = here
    a_x, a_y = (weight**2 * maps.curvature(q) for q in top[:2])
    total = _shares(here, top, scales)
    for sigma in reversed(hidden[:-1]):
        coefficients = ((a_x, a_x), (a_y, a_y), (a_x, a_y))
        below_it = [weight**2 * one for one in passed]
        here = _gradients(below_it, coefficients, at(maps.slope, sigma), at(maps.mixed, sigma))
        passed = here
        if passing_on is not None:
            printed = at(passing_on, sigma)
            passed = _gradients(below_it, coefficients, at(maps.slope, sigma), printed)
        total = [x + y for x, y in zip(total, _shares(here, sigma, scales), strict=True)]
        a_x, a_y = (
            weight**2 * maps.drift(q) * x for q, x in zip(sigma[:2], (a_x, a_y), strict=True)
        )
    return Kernel(*total)


def _gradients(
    passed: Sequence[sp.Expr],
    coefficients: Sequence[tuple[sp.Expr, sp.Expr]],
    steps: Kernel,
    values: Kernel,
) -> Kernel:
    """The rule of `pooled_layer` at the three pairs of two inputs."""
    rule, names = pooled_layer().statement, (gradients, along, along_other, slopes, mixed)
    return Kernel(
        *(
            rule.xreplace(dict(zip(names, (one, p, q, step, value), strict=True)))
            for one, (p, q), step, value in zip(passed, coefficients, steps, values, strict=True)
        )
    )


def _shares(gradient: Sequence[sp.Expr], sigma: Kernel, scales: Scales) -> list[sp.Expr]:
    """What a layer's own weights and biases add: its gradient times the values below plus one."""
    weight, bias = scales
    return [
        x * ((y - bias**2 + weight**2) / weight**2) for x, y in zip(gradient, sigma, strict=True)
    ]


def _plus(one: Kernel, other: Kernel) -> Kernel:
    return Kernel(*(x + y for x, y in zip(one, other, strict=True)))
