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
    """Inputs and values, gradients by h, each `(channels, s, INPUTS, 2)`; outputs."""

    values: tuple[Array, ...]
    by_h: tuple[Array, ...]
    outputs: Array


def drawn(draw: Draw, n: int, s: int, channels: int) -> list[Array]:
    """The standard normal numbers: W^2, and for each network W^1, the biases and the read-out."""
    own = ((3, n, channels, INPUTS), (n, 1, INPUTS, 1), (n, 1, INPUTS, 1), (n, s, INPUTS, 1))
    return draw((3, n, n), *own)


def around(x: Array) -> Array:
    """The values at the shifts of each position, `(3, channels, s, ...)`."""
    return jnp.stack([jnp.roll(x, -shift, axis=1) for shift in SHIFTS])


def passes(draw: Draw, n: int, x: Array, w: Any, b: Any) -> Ring:
    """One draw of the networks, forward and backward: `x` of shape `(channels, s, 2)`."""
    channels, s, _ = x.shape
    second, first, *biases, last = drawn(draw, n, s, channels)
    x = jnp.broadcast_to(x[:, :, None], (channels, s, INPUTS, 2))
    zero = jnp.zeros((n, s, INPUTS, 2))

    def forward(moved: tuple[Array, Array]) -> tuple[Array, Any]:
        """The sum of all outputs: as none sees another's network or input, one pass serves all."""
        sums = jnp.einsum("qicr,qcprk->iprk", first, around(x)) / np.sqrt(channels)
        one = jax.nn.relu(w / np.sqrt(3) * sums + b * biases[0] + moved[0])
        sums = jnp.einsum("qij,qjprk->iprk", second, around(one)) / np.sqrt(n)
        two = jax.nn.relu(w / np.sqrt(3) * sums + b * biases[1] + moved[1])
        outputs = w / np.sqrt(s * n) * jnp.sum(last * two, axis=(0, 1))
        return jnp.sum(outputs), ((x, one, two), outputs)

    by_h, (values, outputs) = jax.grad(forward, has_aux=True)((zero, zero))
    return Ring(values, by_h, outputs)


def between(z: Array) -> Array:
    """The scalar products of positions at one input with those at the other, `(s, s, INPUTS)`."""
    return jnp.einsum("ipr,iqr->pqr", z[..., 0], z[..., 1])


def kernel(found: Ring) -> Array:
    """The tangent kernel between the two inputs, of W, of the biases and of V, `(INPUTS,)`.

    The derivative by the weights of a shift is a sum over positions of gradient times value there.
    """
    total = jnp.zeros(INPUTS)
    for below, gradient in zip(found.values[:-1], found.by_h, strict=True):
        at = between(below) / len(below)
        shifted = sum(jnp.roll(at, (-q, -q), axis=(0, 1)) for q in SHIFTS)
        total += jnp.sum(between(gradient) * (shifted + 1.0), axis=(0, 1))
    last = found.values[-1]
    return total + jnp.trace(between(last)) / (len(last) * last.shape[1])


def ring_relu(
    draw: Draw, n: int, q: Any, r: Any, w: Any, b: Any, *, first: Any, second: Any
) -> Array:
    """The tangent kernel; and at position 0 of one input and 0, 1, 2 of the other, the averages
    over the channels of the products of $x^2$.

    **Arguments:** `first`, `second`: X and Y, of shape `(positions, channels)`.
    """
    X, Y = (jnp.asarray(one, float).T for one in (first, second))
    found = passes(draw, n, jnp.sqrt(q) * jnp.stack([X, r * X + (1 - r) * Y], axis=-1), w, b)
    overlaps = jnp.mean(between(found.values[-1]), axis=-1)[0, :3] / n
    return jnp.concatenate([jnp.mean(kernel(found))[None], overlaps])
