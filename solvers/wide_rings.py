r"""Convolutional networks on a ring with many channels: tangent kernels and overlaps of positions.

Experiments as in `wide_averages`, with two inputs $\sqrt q X$ and $\sqrt q (r X + (1 - r) Y)$ on
s positions: $h^l_p = \sum_\gamma W^l_\gamma x^{l-1}_{p+\gamma}/\sqrt{n_{l-1}} + \beta^l$ for shifts
-1, 0, 1, $x^l = \max(h^l, 0)$, and $f = \sum_p V_p \cdot x^2_p/\sqrt{s n}$. Entries of W have
variance $w^2/3$, those of $\beta$ have $b^2$, those of V $w^2$. `INPUTS` networks share the second
layer, which is where the cost is. Source: Yang, arXiv 1902.04760, Corollary D.17.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from lemmata.solvers.wide_averages import INPUTS
from lemmata.solvers.wide_draws import Draw

SHIFTS = (-1, 0, 1)


class Ring(NamedTuple):
    """Inputs and values, gradients by h, each `(INPUTS, 2, s, channels)`; outputs."""

    values: tuple[Array, ...]
    by_h: tuple[Array, ...]
    outputs: Array


def drawn(draw: Draw, n: int, s: int, channels: int) -> list[Array]:
    """The standard normal numbers: W^2, and for each network W^1, the biases and the read-out.

    The matrices of the shifts stand side by side.
    """
    bias = (INPUTS, 1, 1, n)
    return draw((n, 3 * n), (INPUTS, n, 3 * channels), bias, bias, (INPUTS, 1, s, n))


def around(x: Array) -> Array:
    """The values at the shifts of each position, side by side: `(..., s, 3 channels)`."""
    return jnp.concatenate([jnp.roll(x, -shift, axis=-2) for shift in SHIFTS], axis=-1)


def passes(draw: Draw, n: int, x: Array, w: Any, b: Any) -> Ring:
    """One draw of the networks, forward and backward: `x` of shape `(2, s, channels)`."""
    _, s, channels = x.shape
    second, first, *biases, last = drawn(draw, n, s, channels)
    zero = jnp.zeros((INPUTS, 2, s, n))

    def forward(moved: tuple[Array, Array]) -> tuple[Array, Any]:
        """The sum of all outputs: as none sees another's network or input, one pass serves all."""
        sums = jnp.einsum("rnc,kpc->rkpn", first, around(x)) / np.sqrt(channels)
        one = jax.nn.relu(w / np.sqrt(3) * sums + b * biases[0] + moved[0])
        sums = around(one) @ second.T / np.sqrt(n)
        two = jax.nn.relu(w / np.sqrt(3) * sums + b * biases[1] + moved[1])
        outputs = w / np.sqrt(s * n) * jnp.sum(last * two, axis=(-2, -1))
        given = jnp.broadcast_to(x, (INPUTS, *x.shape))
        return jnp.sum(outputs), ((given, one, two), outputs)

    by_h, (values, outputs) = jax.grad(forward, has_aux=True)((zero, zero))
    return Ring(values, by_h, outputs)


def between(z: Array) -> Array:
    """The scalar products of positions at one input with those at the other, `(INPUTS, s, s)`."""
    return z[:, 0] @ jnp.swapaxes(z[:, 1], 1, 2)


def kernel(found: Ring) -> Array:
    """The tangent kernel between the two inputs, of W, of the biases and of V, `(INPUTS,)`.

    The derivative by the weights of a shift is a sum over positions of gradient times value there.
    """
    total = jnp.zeros(INPUTS)
    for below, gradient in zip(found.values[:-1], found.by_h, strict=True):
        at = between(below) / below.shape[-1]
        shifted = sum(jnp.roll(at, (-q, -q), axis=(1, 2)) for q in SHIFTS)
        total += jnp.sum(between(gradient) * (shifted + 1.0), axis=(1, 2))
    last = found.values[-1]
    s, n = last.shape[-2:]
    return total + jnp.trace(between(last), axis1=1, axis2=2) / (n * s)


def ring_relu(
    draw: Draw, n: int, q: Any, r: Any, w: Any, b: Any, *, first: Any, second: Any
) -> Array:
    """The tangent kernel; and at position 0 of one input and 0, 1, 2 of the other, the averages
    over the channels of the products of $x^2$.

    **Arguments:** `first`, `second`: X and Y, of shape `(positions, channels)`.
    """
    X, Y = (jnp.asarray(one, float) for one in (first, second))
    found = passes(draw, n, jnp.sqrt(q) * jnp.stack([X, r * X + (1 - r) * Y]), w, b)
    overlaps = jnp.mean(between(found.values[-1]), axis=0)[0, :3] / n
    return jnp.concatenate([jnp.mean(kernel(found))[None], overlaps])
