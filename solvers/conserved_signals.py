"""Squared lengths of values and of gradients through a deep ReLU network, one draw at a time.

An experiment as in `wide_averages`: plain arrays, gradients by JAX, nothing known of any limit.
"""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
from jax import Array

from lemmata.solvers.wide_draws import Draw
from lemmata.solvers.wide_gradients import pair, passes

#: hidden layers
LAYERS = 3


def through_layers(draw: Draw, n: int, k_xx: Any, w: Any) -> Array:
    r"""Of ReLU networks of three hidden layers of n units without biases: the variance of the
    output over its weights, $w^2 |x^3|^2/n$, over that of the first pre-activations,
    $w^2 |x^0|^2/n_0$; and the squared length of the gradient by $x^1$ over $w^2$, which is its mean
    by $x^3$.
    """
    inputs = pair(k_xx, k_xx, jnp.zeros_like(k_xx))
    found = passes(draw, (n,) * LAYERS, inputs, w, 0.0, jax.nn.relu, False)
    forward = jnp.sum(found.values[-1] ** 2, axis=-1) / n / k_xx
    backward = jnp.sum(found.by_x[0] ** 2, axis=-1) / w**2
    return jnp.stack([jnp.mean(forward), jnp.mean(backward)])
