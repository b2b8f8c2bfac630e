"""Gradient descent on a few examples at a time, with weight decay: how the norm moves.

Each step takes q to (1 - rate decay) q - rate g, with g the mean slope over a batch of examples
that is drawn anew.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from numpy.typing import ArrayLike


class Norms(NamedTuple):
    """Along n lanes of replicas each, shape (steps, n, replicas): before every step.

    `square`: the square of the norm of q; `slope`: that of the slope at q.
    """

    square: np.ndarray
    slope: np.ndarray


def norms(
    gradient: Callable[[Array, Any], Array],
    start: ArrayLike,
    examples: Any,
    rate: ArrayLike,
    decay: ArrayLike,
    rng: np.random.Generator,
    *,
    steps: int,
    batch: int,
) -> Norms:
    """Descend from `start`, shape (n, replicas, d), `steps` times.

    **Arguments:** `gradient(q, examples)`: of the loss. `examples`: a tree of arrays whose first
    axis is of examples, `batch` of which are drawn for each step and replica; the same for all
    lanes. `rate`, `decay`: shape (n,).

    **Raises:** ValueError on shapes and on what is not positive.
    """
    q = np.asarray(start, float)
    rates, decays = np.asarray(rate, float), np.asarray(decay, float)
    if q.ndim != 3 or rates.shape != q.shape[:1] or decays.shape != q.shape[:1]:
        raise ValueError(
            f"`start`, `rate` and `decay` have shapes {q.shape}, {rates.shape} and {decays.shape}; "
            "give (n, replicas, d) and twice (n,)."
        )
    if not ((rates > 0).all() and (decays >= 0).all() and steps >= 1 and batch >= 1):
        raise ValueError(
            f"rate {rates.min():g}, decay {decays.min():g}, steps={steps!r}, batch={batch!r}: "
            "rates, steps and batches are positive, and a decay is not negative."
        )
    count = len(jax.tree.leaves(examples)[0])
    which = rng.integers(count, size=(steps, q.shape[1], batch), dtype=np.int32)
    given = (jnp.asarray(one) for one in (rates, decays, which))
    found = _descend(gradient, jnp.asarray(q), examples, *given)
    return Norms(*(np.asarray(part) for part in found))


@eqx.filter_jit
def _descend(
    gradient: Callable[[Array, Any], Array],
    start: Array,
    examples: Any,
    rate: Array,
    decay: Array,
    which: Array,
) -> tuple[Array, Array]:
    examples = jax.tree.map(jnp.asarray, examples)
    slope = jax.vmap(jax.vmap(gradient), in_axes=(0, None))
    h, keep = rate[:, None, None], (1 - rate * decay)[:, None, None]

    def step(q: Array, rows: Array) -> tuple[Array, tuple[Array, Array]]:
        g = slope(q, jax.tree.map(lambda x: x[rows], examples))
        return keep * q - h * g, (jnp.sum(q**2, axis=-1), jnp.sum(g**2, axis=-1))

    return jax.lax.scan(step, start, which)[1]
