r"""Losses that a motion of their parameters leaves alone, and examples for them.

`rayleigh` and `normalised_network` know only the direction of q; `softmax` does not see all of its
biases moved alike; `factors` sees the product of two vectors alone.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

#: inputs and hidden units of the network, coordinates of the others
INPUTS, HIDDEN, SIZE = 5, 4, 8
Loss = Callable[[Array, Any], Array]


def rayleigh(q: Array, examples: Any) -> Array:
    r"""Minus the mean of $(x \cdot q)^2/|q|^2$ over the examples: a Rayleigh quotient."""
    return -jnp.mean((examples["x"] @ q) ** 2) / (q @ q)


def normalised_network(q: Array, examples: Any) -> Array:
    """The squared error of a network whose hidden units are normalised over the batch."""
    z = examples["x"] @ q.reshape(HIDDEN, INPUTS).T
    z = (z - z.mean(axis=0)) / z.std(axis=0)
    readout = (-1.0) ** jnp.arange(HIDDEN)
    return jnp.mean((jnp.tanh(z) @ readout - examples["y"]) ** 2) / 2


def softmax(q: Array, examples: Any) -> Array:
    """The cross-entropy of labels, by biases q that are added to given scores."""
    scores = examples["x"] + q
    right = jnp.take_along_axis(scores, examples["label"][:, None], axis=1)[:, 0]
    return jnp.mean(jax.nn.logsumexp(scores, axis=1) - right)


def factors(q: Array, examples: Any) -> Array:
    """The squared error of a matrix as the product of a column and a row."""
    a, b = jnp.split(q, 2)
    return jnp.sum((jnp.outer(a, b) - examples["matrix"]) ** 2) / 2


def draw(loss: Loss, rng: np.random.Generator, count: int = 64) -> tuple[int, dict[str, Any]]:
    """How many parameters a loss has, and examples for it, `count` of them.

    **Raises:** KeyError on a loss that is none of these.
    """
    if loss is rayleigh:
        return SIZE, {"x": rng.normal(size=(count, SIZE)) * np.linspace(0.5, 1.5, SIZE)}
    if loss is normalised_network:
        x = rng.normal(size=(count, INPUTS))
        return INPUTS * HIDDEN, {"x": x, "y": np.sin(x @ rng.normal(size=INPUTS))}
    if loss is softmax:
        label = rng.integers(SIZE, size=count)
        return SIZE, {"x": rng.normal(size=(count, SIZE)), "label": label}
    if loss is factors:
        half = SIZE // 2
        return SIZE, {"matrix": rng.normal(size=(half, half))}
    raise KeyError(f"no examples are known for {loss!r}; there are four losses in this module.")


@lru_cache(maxsize=8)
def gradient(loss: Loss) -> Callable[[Any, Any], Any]:
    """The gradient of a loss in q, by automatic differentiation, compiled once."""
    return jax.jit(jax.grad(loss))
