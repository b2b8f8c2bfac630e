r"""Covariance and tangent kernel of a convolutional network on a ring of positions.

A unit at position $\alpha$ is $\frac{w}{\sqrt n} \sum_\gamma \sqrt{v_\gamma} \sum_j z_{\gamma j}
x_{\alpha + \gamma, j} + b z_0$, positions being counted around the ring; the read-out has weights
of its own for each of the s positions, over $\sqrt{s n}$. So each shift is a dense layer of scale
$w \sqrt{v_\gamma}$, and kernels carry a pair of positions. Source: Yang, arXiv 1902.04760, (Y5) and
Corollary D.17, whose convention it is: no bias at the read-out.
"""

from collections.abc import Mapping
from functools import lru_cache
from typing import NamedTuple

import sympy as sp

from lemmata.theory.derivation import Derivation, Step
from lemmata.theory.ntk import Dual, Scales, scaled
from lemmata.theory.ntk_conventions import YANG, Convention
from lemmata.theory.ntk_layers import (
    FRESH,
    LARGE_NUMBERS,
    b,
    below,
    layer_kernel,
    product,
    slopes,
    w,
)
from lemmata.theory.ntk_moments import mean_steps


class Positions(NamedTuple):
    """Kernels between the positions of two inputs: x with itself, y with itself, x with y."""

    xx: sp.Matrix
    yy: sp.Matrix
    xy: sp.Matrix


@lru_cache
def shifted() -> Derivation:
    r"""Derive $w^2 \sum_\gamma v_\gamma x_\gamma y_\gamma + b^2$, the covariance at two positions.

    One channel and two shifts stand for all: x are the values at the shifts of one position, y
    those of another. The same weights p serve both, and have the share
    $\sum_\gamma x_\gamma y_\gamma$ of the tangent kernel, without $v_\gamma$.
    """
    z, v = sp.symbols("z_1 z_2", real=True), sp.symbols("v_1 v_2", positive=True)
    x, y = sp.symbols("x_1 x_2", real=True), sp.symbols("y_1 y_2", real=True)
    z_0, p = sp.Symbol("z_0", real=True), sp.symbols("p_1 p_2", real=True)
    values = [
        sp.Add(*(w * sp.sqrt(v[i]) * z[i] * at[i] for i in (0, 1))) + b * z_0 for at in (x, y)
    ]
    means, mean = mean_steps(values[0] * values[1], (*z, z_0), "the weights and the bias")
    f, g = (sp.Add(*(p[i] * at[i] for i in (0, 1))) for at in (x, y))
    share = Step(
        "by definition, the share of the weights themselves",
        sp.Add(*(sp.Derivative(f, one) * sp.Derivative(g, one) for one in p)),
        x[0] * y[0] + x[1] * y[1],
    )
    return Derivation(sp.Symbol("Sigma"), mean, (share, *means), (FRESH, LARGE_NUMBERS))


def convolved(matrix: sp.Matrix, weights: Mapping[int, sp.Expr]) -> sp.Matrix:
    r"""The sum over shifts of the weight times the matrix shifted in both positions."""
    size = matrix.rows
    return sp.Matrix(
        size,
        size,
        lambda i, j: sp.Add(
            *(weight * matrix[(i + s) % size, (j + s) % size] for s, weight in weights.items())
        ),
    )


def at_positions(map: Dual, sigma: Positions) -> Positions:
    """The values of a dual map at every pair of positions."""
    size = sigma.xx.rows
    of_x, of_y = sigma.xx.diagonal(), sigma.yy.diagonal()

    def each(left: sp.Matrix, right: sp.Matrix, both: sp.Matrix) -> sp.Matrix:
        return sp.Matrix(size, size, lambda i, j: map(left[i], right[j], both[i, j]))

    return Positions(
        each(of_x, of_x, sigma.xx), each(of_y, of_y, sigma.yy), each(of_x, of_y, sigma.xy)
    )


def conv_covariances(
    depth: int,
    dual: Dual,
    filter: Mapping[int, sp.Expr],
    gram: Positions,
    scales: Scales = (w, b),
) -> tuple[Positions, ...]:
    r"""The covariances $w^2 \sum_\gamma v_\gamma V(\Sigma)_{\alpha+\gamma, \beta+\gamma} + b^2$.

    **Arguments:** `depth`: convolutional layers. `filter`: v by shift. `gram`: scalar products of
    the inputs' channels at pairs of positions, over the number of channels.
    """
    _check(depth, filter)
    found: list[Positions] = []
    for _ in range(depth):
        values = at_positions(dual, found[-1]) if found else gram
        found.append(Positions(*(_affine(one, filter, scales) for one in values)))
    return tuple(found)


def conv_kernel(
    depth: int,
    dual: Dual,
    slope: Dual,
    filter: Mapping[int, sp.Expr],
    gram: Positions,
    convention: Convention = YANG,
    scales: Scales = (w, b),
) -> sp.Expr:
    """The limiting tangent kernel between x and y, layer by layer upwards, by the dense rule."""
    sigma = conv_covariances(depth, dual, filter, gram, scales)
    rule = layer_kernel(convention).statement
    weights, bias = rule.coeff(product), rule.subs({product: 0, below: 0})
    # Of a shift of spread w sqrt(v): unit parameters carry w^2 v, the weights themselves 1.
    weight = scales[0]
    own = {s: weights.subs(w, weight * sp.sqrt(v)) for s, v in filter.items()}
    through = {s: weight**2 * v for s, v in filter.items()}
    bias = scaled(bias, scales)
    size = gram.xy.rows
    theta = sp.zeros(size, size)
    for layer in range(depth):
        values = at_positions(dual, sigma[layer - 1]).xy if layer else gram.xy
        if layer:
            passed = at_positions(slope, sigma[layer - 1]).xy.multiply_elementwise(theta)
            theta = convolved(passed, through)
        theta = _plus(theta + convolved(values, own), bias)
    read_out = scaled(layer_kernel(convention, last=True).statement, scales)
    values, steps = at_positions(dual, sigma[-1]).xy, at_positions(slope, sigma[-1]).xy
    passed = steps.multiply_elementwise(theta).trace() / size
    return read_out.subs({product: values.trace() / size, slopes: passed, below: 1})


def conv_backward(
    depth: int,
    dual: Dual,
    slope: Dual,
    filter: Mapping[int, sp.Expr],
    gram: Positions,
    scales: Scales = (w, b),
    interchanged: bool = False,
) -> sp.Expr:
    r"""The same from the read-out down, as Corollary D.17 writes it.

    $\sum_l \langle \Pi^l \odot V'(\Sigma^l), I \star V(\Sigma^{l-1}) \rangle +
    \langle 1, \Pi^l \odot V'(\Sigma^l) \rangle$, and the read-out's $\operatorname{tr} V / s$.
    `interchanged`: with V and V' exchanged in the first, as printed, but for the input's layer.
    """
    sigma = conv_covariances(depth, dual, filter, gram, scales)
    weight = scales[0]
    size = gram.xy.rows
    shifts = dict.fromkeys(filter, sp.Integer(1))
    total = at_positions(dual, sigma[-1]).xy.trace() / size
    pi = weight**2 * sp.eye(size) / size
    for layer in reversed(range(depth)):
        steps = at_positions(slope, sigma[layer]).xy
        gradient = pi.multiply_elementwise(steps)
        values = at_positions(dual, sigma[layer - 1]).xy if layer else gram.xy
        total += sp.Add(*gradient)
        if interchanged and layer:
            swapped = pi.multiply_elementwise(at_positions(dual, sigma[layer]).xy)
            lower = at_positions(slope, sigma[layer - 1]).xy
            total += sp.Add(*swapped.multiply_elementwise(convolved(lower, shifts)))
        else:
            total += sp.Add(*gradient.multiply_elementwise(convolved(values, shifts)))
        # A gradient goes back along the shift that its value came by.
        pi = weight**2 * convolved(gradient, {-s: v for s, v in filter.items()})
    return total


def _affine(matrix: sp.Matrix, filter: Mapping[int, sp.Expr], scales: Scales) -> sp.Matrix:
    weight, bias = scales
    return _plus(weight**2 * convolved(matrix, filter), bias**2)


def _plus(matrix: sp.Matrix, number: sp.Expr) -> sp.Matrix:
    return matrix + number * sp.ones(*matrix.shape)


def _check(depth: int, filter: Mapping[int, sp.Expr]) -> None:
    if depth < 1:
        raise ValueError(f"depth={depth}: a network has one convolutional layer at least.")
    if not filter:
        raise ValueError("filter={}: a convolution has one shift at least; use {0: 1}, say.")
