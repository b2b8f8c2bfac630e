r"""Gradients and tangent kernels of wide networks, one draw at a time.

Experiments as in `wide_averages`: plain arrays, gradients by JAX, nothing known of any limit. With
$x^0$ an input of dimension 2, $h^l = w W^l x^{l-1}/\sqrt{n_{l-1}} + b \beta^l$ and
$x^l = \varphi(h^l)$; the entries of W and $\beta$ have variance 1. Kernels are those of the
parameters $w W$ and $b \beta$ themselves. Inputs come in pairs, given by their scalar products over
their dimension; `INPUTS` networks share what lies between the first layer and the read-out, which
is where the cost is. Source: Yang, arXiv 1902.04760, appendix D.1.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from lemmata.solvers.wide_averages import INPUTS
from lemmata.solvers.wide_draws import Draw

DIMENSION = 2


class Passed(NamedTuple):
    """What a forward and a backward pass leave, each of shape `(INPUTS, 2, n_l)`.

    **Fields:** x^0, ..., x^L; the gradients of the output by h^1, ..., h^L and by x^1, ..., x^L;
    the outputs, `(INPUTS, 2)`.
    """

    values: tuple[Array, ...]
    by_h: tuple[Array, ...]
    by_x: tuple[Array, ...]
    outputs: Array


def pair(k_xx: Any, k_yy: Any, k_xy: Any) -> Array:
    """Two inputs, in rows, of these scalar products over the dimension."""
    across = jnp.sqrt(jnp.maximum(k_yy - k_xy**2 / k_xx, 0.0))
    first = jnp.stack([jnp.sqrt(k_xx), jnp.zeros_like(across)])
    return np.sqrt(DIMENSION) * jnp.stack([first, jnp.stack([k_xy / jnp.sqrt(k_xx), across])])


def drawn(draw: Draw, widths: tuple[int, ...]) -> list[Array]:
    """The standard normal numbers of a draw: the matrices between hidden layers, `(n_l, n_{l-1})`;
    then, for each of the `INPUTS`, the first matrix, the biases of all layers, the read-out.
    """
    shared = [(m, n) for n, m in pairwise(widths)]
    own = [(INPUTS, 1, n) for n in (*widths, widths[-1])]
    return draw(*shared, (DIMENSION, INPUTS, 1, widths[0]), *own)


def passes(
    draw: Draw,
    widths: tuple[int, ...],
    x: Array,
    w: Any,
    b: Any,
    activation: Callable[[Array], Array],
    pooled: bool,
) -> Passed:
    r"""One draw of a network of these hidden widths, at two inputs: `x` of shape (2, 2).

    The output is $w V x^L/\sqrt{n_L}$, V of entries of variance 1, or (`pooled`) the mean of x^L.
    """
    parts = drawn(draw, widths)
    matrices, (first, *shifts, last) = parts[: len(widths) - 1], parts[len(widths) - 1 :]
    zeros = tuple(jnp.zeros((INPUTS, 2, n)) for n in widths)

    def forward(moved: tuple[Any, Any]) -> tuple[Array, Any]:
        """The sum of all outputs: as none sees another's network or input, one pass serves all."""
        values = [jnp.broadcast_to(x, (INPUTS, 2, DIMENSION))]
        for l, (shift, to_h, to_x) in enumerate(zip(shifts, *moved, strict=True)):
            below = values[-1]
            if l == 0:
                h = jnp.sum(first * x.T[:, None, :, None], axis=0)
            else:
                h = below @ matrices[l - 1].T
            values.append(activation(w / np.sqrt(below.shape[-1]) * h + b * shift + to_h) + to_x)
        weights = 1 / widths[-1] if pooled else w / np.sqrt(widths[-1]) * last
        outputs = jnp.sum(weights * values[-1], axis=-1)
        return jnp.sum(outputs), (tuple(values), outputs)

    (by_h, by_x), (values, outputs) = jax.grad(forward, has_aux=True)((zeros, zeros))
    return Passed(values, by_h, by_x, outputs)


def between(z: Array) -> Array:
    """The scalar products of the vectors at one input with those at the other, `(INPUTS,)`."""
    return jnp.sum(z[:, 0] * z[:, 1], axis=-1)


def kernel(found: Passed, pooled: bool) -> Array:
    """The tangent kernel between the two inputs: the sum of products of derivatives.

    That of a weight is the value below it times the gradient above it, that of a bias the gradient.
    """
    below = [between(x) / x.shape[-1] for x in found.values]
    of_layers = [
        (one + 1.0) * between(gradient)
        for one, gradient in zip(below[:-1], found.by_h, strict=True)
    ]
    return sum(of_layers, start=jnp.zeros(()) if pooled else below[-1])


def dense_relu(draw: Draw, n: int, k_xx: Any, k_yy: Any, k_xy: Any, w: Any, b: Any) -> Array:
    r"""Of ReLU networks of hidden widths n and 2n, between inputs x and y: the tangent kernel;
    $\partial f/\partial x^1 \cdot \partial f'/\partial x^1$; and, at x, the squared cosine of
    the angle between $x^1$ and $\partial f/\partial x^1$.
    """
    found = passes(draw, (n, 2 * n), pair(k_xx, k_yy, k_xy), w, b, jax.nn.relu, False)
    values, gradient = found.values[1], found.by_x[0]
    angle = between(jnp.stack([values[:, 0], gradient[:, 0]], axis=1))
    sizes = jnp.sum(values**2, axis=-1) * jnp.sum(gradient**2, axis=-1)
    # All units of a narrow layer may be off: then there is no angle, and no overlap.
    cosine = jnp.where(angle == 0, 0.0, angle**2 / sizes[:, 0])
    averages = (kernel(found, False), between(gradient), cosine)
    return jnp.mean(jnp.stack(averages), axis=-1)


def biased_relu(draw: Draw, n: int, k_xx: Any, k_yy: Any, k_xy: Any, w: Any, b: Any) -> Array:
    """The tangent kernel of ReLU networks of one hidden layer whose read-out has a bias, too."""
    found = passes(draw, (n,), pair(k_xx, k_yy, k_xy), w, b, jax.nn.relu, False)
    # The output moves as much as that bias does.
    return jnp.mean(kernel(found, False) + 1.0)[None]


def narrowing_relu(draw: Draw, n: int, k_xx: Any, k_yy: Any, k_xy: Any, w: Any, b: Any) -> Array:
    """The tangent kernel of ReLU networks of hidden widths 2n and n, in the other order."""
    found = passes(draw, (2 * n, n), pair(k_xx, k_yy, k_xy), w, b, jax.nn.relu, False)
    return jnp.mean(kernel(found, False))[None]


def pooled_relu(draw: Draw, n: int, k_xx: Any, k_yy: Any, k_xy: Any, w: Any, b: Any) -> Array:
    """n times the tangent kernel of the mean over the n ReLUs of the third hidden layer."""
    found = passes(draw, (n, n, n), pair(k_xx, k_yy, k_xy), w, b, jax.nn.relu, True)
    return jnp.stack([n * jnp.mean(kernel(found, True))])


def pooled_gelu(draw: Draw, n: int, k_xx: Any, k_yy: Any, k_xy: Any, w: Any, b: Any) -> Array:
    """n times the tangent kernel of the mean over the n GELUs of the fourth hidden layer."""

    def gelu(z: Array) -> Array:
        return jax.nn.gelu(z, approximate=False)

    found = passes(draw, (n, n, n, n), pair(k_xx, k_yy, k_xy), w, b, gelu, True)
    return jnp.stack([n * jnp.mean(kernel(found, True))])


def pooled_narrowing(draw: Draw, n: int, k_xx: Any, k_yy: Any, k_xy: Any, w: Any, b: Any) -> Array:
    """n times the tangent kernel of the mean over n ReLUs above a layer of 16 n."""
    found = passes(draw, (16 * n, n), pair(k_xx, k_yy, k_xy), w, b, jax.nn.relu, True)
    return jnp.stack([n * jnp.mean(kernel(found, True))])


def pooled_sine(
    draw: Draw, n: int, k_xx: Any, k_yy: Any, k_xy: Any, w: Any, b: Any, theta: Any
) -> Array:
    r"""As `pooled_relu`, for $\varphi(z) = \sin(z + \theta)$."""
    found = passes(
        draw, (n, n, n), pair(k_xx, k_yy, k_xy), w, b, lambda z: jnp.sin(z + theta), True
    )
    return jnp.stack([n * jnp.mean(kernel(found, True))])
