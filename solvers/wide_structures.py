r"""Residual networks, and one matrix used in many lines: averages of products of their vectors.

Experiments as in `wide_averages`; inputs come in pairs, given by their scalar products over their
dimension. Source: Yang, arXiv 1902.04760, sections 4 and D.9.
"""

from __future__ import annotations

from itertools import combinations_with_replacement
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from lemmata.solvers.wide_averages import INPUTS, on_sphere, overlap
from lemmata.solvers.wide_draws import Draw
from lemmata.solvers.wide_gradients import DIMENSION, pair

BLOCKS = 2
#: steps of a recurrent network that has an input at each
STEPS = 3


def stream(draw: Draw, n: int, x: Array, w: Any, b: Any, v: Any, a: Any) -> Array:
    r"""The values of `INPUTS` residual networks after `BLOCKS` blocks, shape `(INPUTS, 2, n)`.

    $x^l = x^{l-1} + v V^l \max(h^l, 0)/\sqrt n + a \alpha^l$, $h^l = w W^l x^{l-1}/\sqrt n +
    b \beta^l$, $x^0 = U x/\sqrt{n_0}$. The networks share W and V, and have U and biases each.
    """
    U, W, V, biases, shifts = parts(draw, n)
    value = jnp.einsum("rdn,kd->rkn", U, x) / np.sqrt(DIMENSION)
    for l in range(BLOCKS):
        h = w / np.sqrt(n) * (value @ W[l].T) + b * biases[l]
        value = value + v / np.sqrt(n) * (jax.nn.relu(h) @ V[l].T) + a * shifts[l]
    return value


def parts(draw: Draw, n: int) -> list[Array]:
    """The standard normal numbers of a draw: U, W, V, and the biases inside and outside."""
    square, vectors = (BLOCKS, n, n), (BLOCKS, INPUTS, 1, n)
    return draw((INPUTS, DIMENSION, n), square, square, vectors, vectors)


def residual(
    draw: Draw, n: int, k_xx: Any, k_yy: Any, k_xy: Any, w: Any, b: Any, v: Any, a: Any
) -> Array:
    """The average of products of the stream at two inputs."""
    found = stream(draw, n, pair(k_xx, k_yy, k_xy), w, b, v, a)
    return jnp.stack([overlap(found[:, 0], found[:, 1])])


def reused(draw: Draw, n: int, w: Any, *, tied: bool = True) -> Array:
    r"""The averages of products of $h^1 = W \varphi(x)$, $h^2 = W \varphi(h^1)$,
    $h^3 = U \varphi(h^2) + h^1$ and $h^4 = W \varphi(h^3)$ for $\varphi(z) = \max(z, 0)$, by pairs.

    Entries of W have variance $w^2/n$, those of U 1/n; $|x|^2 = n$. The pairs are 11, 12, 13, 14,
    22, ... in this order. Not `tied`, each product has a W of its own.
    """
    matrices, x = draw((4 if not tied else 2, n, n), (INPUTS, n))
    U, *W = matrices / np.sqrt(n)
    first, second, third = W * 3 if tied else W
    one = w * (jax.nn.relu(on_sphere(x)) @ first.T)
    two = w * (jax.nn.relu(one) @ second.T)
    three = jax.nn.relu(two) @ U.T + one
    four = w * (jax.nn.relu(three) @ third.T)
    pairs = combinations_with_replacement((one, two, three, four), 2)
    return jnp.stack([overlap(*both) for both in pairs])


def recurrent(draw: Draw, n: int, w: Any, u: Any, c: Any, r: Any) -> Array:
    r"""$\langle s^3, s'^2 \rangle/n$ and $\langle s^3, s'^3 \rangle/n$ for two sequences of inputs
    to $s^t = W \max(s^{t-1}, 0) + U x^t$, $s^0 = 0$, with the same W and U at all times.

    Entries of W have variance $w^2/n$, those of U $u^2$ over the inputs' dimension. Over it, the
    scalar product of an input with itself is 1, with one of another time r, and with one of the
    other sequence c times as much. `INPUTS` networks share W.
    """
    matrix, vectors = draw((n, n), (2, 1 + STEPS, INPUTS, n))
    common, own = vectors[:, :1], vectors[:, 1:]
    one, other = jnp.sqrt(r) * common + jnp.sqrt(1 - r) * own
    given = u * jnp.stack([one, c * one + jnp.sqrt(1 - c**2) * other], axis=1)
    states = [given[0]]
    for t in range(1, STEPS):
        h = jax.nn.relu(states[-1]) @ matrix.T
        states.append(w / np.sqrt(n) * h + given[t])
    last = states[-1][0]
    return jnp.stack([overlap(last, states[t][1]) for t in (-2, -1)])
