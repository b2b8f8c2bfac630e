"""Steady states of scalar delay equations, by Newton's method from a start that names them."""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
from jax import Array
from jax.typing import ArrayLike

from lemmata.solvers.aligned import Field

_ROUNDS = 12


def steady_state(f: Field, start: ArrayLike, args: Any = None) -> Array:
    """Solve f(t, y, (y,), args) = 0 near `start`, lane by lane.

    **Arguments:** `f(t, y, ylag, args)` for scalar y; `start` and every leaf of `args` of shape
    (n,).

    **Returns:** shape (n,); nan where Newton's method has not come to rest after 12 rounds.
    """
    return _newton(f, jnp.asarray(start, dtype=float), args)


@eqx.filter_jit
def _newton(f: Field, start: Array, args: Any) -> Array:
    def lane(y: Array, a: Any) -> Array:
        def at_rest(y: Array) -> Array:
            return f(jnp.zeros((), y.dtype), y, (y,), a)

        def round_(_: int, state: tuple[Array, Array]) -> tuple[Array, Array]:
            y = state[0]
            value, slope = jax.jvp(at_rest, (y,), (jnp.ones_like(y),))
            return y - value / slope, jnp.abs(value / slope)

        y, last = jax.lax.fori_loop(0, _ROUNDS, round_, (y, jnp.zeros_like(y)))
        settled = last <= 1e-12 * jnp.maximum(jnp.abs(y), 1e-300)
        return jnp.where(settled, y, jnp.where((last == 0) & (y == 0), y, jnp.nan))

    return jax.vmap(lane)(start, args)
