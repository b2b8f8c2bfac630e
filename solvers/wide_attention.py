r"""One head of attention over two tokens, with real matrices, averaged over coordinates.

Token i asks with $W_Q x_i$ for tokens with keys $W_K x_j$ and gets $y_i = \sum_j a_{ij} V x_j$,
where $a_{i\cdot}$ is the softmax of the scores. Tokens have $|x_i|^2 = n q$ and
$\langle x_1, x_2 \rangle = n q \rho$; V has entries of variance 1/n, other matrices $w^2/n$. It
knows neither tensor programs nor their limits.
"""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
from jax import Array

from lemmata.solvers.wide_averages import on_sphere, overlap
from lemmata.solvers.wide_draws import Draw

#: pairs of tokens for each draw of the matrices: what is averaged hangs on their scores
INPUTS = 24


def shared_keys(draw: Draw, n: int, q: Any, rho: Any, w: Any) -> Array:
    r"""$\langle y_1, y_2 \rangle/n$ and $|y_1|^2/n$, with keys that are the queries: $W_Q = W_K$.

    Scores are scalar products over n.
    """
    W, V, vectors = draw((n, n), (n, n), (2 * INPUTS, n))
    tokens = _tokens(vectors, q, rho)
    keys = tuple(w * (x @ W.T) / jnp.sqrt(n) for x in tokens)
    first, second = _attended(V, tokens, keys, keys, n)
    return jnp.stack([overlap(first, second), overlap(first, first)])


def own_keys(draw: Draw, n: int, q: Any, rho: Any, w: Any) -> Array:
    r"""$\sum_i (y_1)_i^2/n$ and $\sum_i (y_1)_i^4/n$, with keys of their own.

    Scores are scalar products over $\sqrt n$.
    """
    Q, K, V, vectors = draw((n, n), (n, n), (n, n), (2 * INPUTS, n))
    tokens = _tokens(vectors, q, rho)
    queries, keys = (tuple(w * (x @ W.T) / jnp.sqrt(n) for x in tokens) for W in (Q, K))
    first, _ = _attended(V, tokens, queries, keys, jnp.sqrt(n))
    return jnp.stack([overlap(first, first), overlap(first**2, first**2)])


def _tokens(vectors: Array, q: Any, rho: Any) -> tuple[Array, Array]:
    """Two tokens for each input, at random but for their lengths and the angle between them."""
    one, other = on_sphere(vectors[:INPUTS]), vectors[INPUTS:]
    across = on_sphere(other - one * jnp.mean(one * other, axis=1, keepdims=True))
    second = rho * one + jnp.sqrt(1 - rho**2) * across
    return jnp.sqrt(q) * one, jnp.sqrt(q) * second


def _attended(
    V: Array,
    tokens: tuple[Array, ...],
    queries: tuple[Array, ...],
    keys: tuple[Array, ...],
    over: Any,
) -> tuple[Array, ...]:
    """What each token gets, for each input: its scores are divided by `over`."""
    values = [x @ V.T / jnp.sqrt(len(V)) for x in tokens]
    found = []
    for query in queries:
        scores = jnp.stack([jnp.sum(query * key, axis=1, keepdims=True) / over for key in keys])
        weights = jax.nn.softmax(scores, axis=0)
        found.append(sum(a * value for a, value in zip(weights, values, strict=True)))
    return tuple(found)
