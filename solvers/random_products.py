r"""Jacobians of random networks, and one random matrix applied again and again.

Entries of matrices are normal, of variance $w^2/n$. Norms are measured with several inputs and
vectors for each draw of the matrices, as in `wide_averages`.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from lemmata.solvers.aligned import check_count
from lemmata.solvers.batches import over_numbers
from lemmata.solvers.wide_averages import AT_ONCE, drawn, on_sphere
from lemmata.solvers.wide_draws import Draw, Row, from_key

#: the most layers of a network
DEEPEST = 3
#: the most factors of a power, where it is an average of `wide_averages`
LONGEST = 3
#: inputs for each draw
INPUTS = 32


def jacobian_moments(draw: Draw, n: int, w: Any, a: Any, L: Any) -> Array:
    r"""As `moments_of`, for $\varphi(z) = \max(z, 0) + a \min(z, 0)$."""
    return moments_of(draw, n, w, L, lambda h: jax.nn.leaky_relu(h, a))


def tanh_moments(draw: Draw, n: int, w: Any, L: Any) -> Array:
    """As `moments_of`, for tanh."""
    return moments_of(draw, n, w, L, jnp.tanh)


def moments_of(draw: Draw, n: int, w: Any, L: Any, activation: Callable[[Array], Array]) -> Array:
    r"""$|J v|^2/n$, and $|J^T J v|^2/n$ over its square, for the Jacobian J of a network in x.

    $x^l = \varphi(w W^l x^{l-1})$, $|x^0|^2 = n$; v has entries of variance 1; L is at most
    `DEEPEST`. Products with J and its transpose are JAX's derivatives.
    """
    entries, x, v = draw((DEEPEST, n, n), (INPUTS, n), (INPUTS, n))
    W, x = w / jnp.sqrt(n) * entries, on_sphere(x)

    def layer(x: Array, one: Array) -> tuple[Array, Array]:
        x = activation(x @ one.T)
        return x, x

    def network(x: Array) -> Array:
        return jax.lax.scan(layer, x, W)[1][jnp.int32(L) - 1]

    _, times_jacobian = jax.linearize(network, x)
    forth = times_jacobian(v)
    (back,) = jax.linear_transpose(times_jacobian, x)(forth)
    first = jnp.mean(forth**2)
    return jnp.stack([first, jnp.mean(back**2) / first**2])


def powers(draw: Draw, n: int, w: Any, L: Any) -> Array:
    r"""$|W^L x|^2/n$ for $|x|^2 = n$ and L up to `LONGEST`."""
    W, x = drawn(draw, n, INPUTS)

    def multiply(x: Array, _: None) -> tuple[Array, Array]:
        x = w * (x @ W.T)
        return x, jnp.mean(x**2)

    return jax.lax.scan(multiply, on_sphere(x), length=LONGEST)[1][jnp.int32(L) - 1][None]


def long_products(seed: Any, n: int, length: int, draws: int, *, tied: bool = True) -> np.ndarray:
    r"""$|W_L \cdots W_1 x|^2/n$ for $|x|^2 = n$, w = 1 and L of any length, shape `(draws,)`.

    All $W_l$ are the same, or each is drawn afresh; in double precision. `seed`: an integer of at
    least 0, or some. **Raises:** `ValueError` for a width, length or number of draws that is no
    positive whole number.
    """
    for name, count in (("n", n), ("length", length), ("draws", draws)):
        check_count(name, count)
    program = partial(_long_products, n=n, tied=tied)
    return over_numbers(program, seed, n**2 + n, draws, length)[:, 0]


@partial(jax.jit, static_argnames=("n", "tied"))
def _long_products(numbers: Array, length: Any, *, n: int, tied: bool) -> Array:
    def of_one(row: Array) -> Array:
        W, x = drawn(Row(row.astype(float)), n, 1)
        own = jax.random.key(jax.lax.bitcast_convert_type(row[0], jnp.int32))

        def multiply(i: Any, x: Array) -> Array:
            return x @ (W if tied else drawn(from_key(jax.random.fold_in(own, i)), n)[0]).T

        product = jax.lax.fori_loop(0, jnp.int32(length[0]), multiply, on_sphere(x))
        return jnp.mean(product**2)[None]

    return jax.lax.map(of_one, numbers, batch_size=AT_ONCE)
