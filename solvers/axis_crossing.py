"""The first parameter value at which a pair of characteristic roots lies on the imaginary axis.

det Delta(i omega; mu) = 0 is two real equations for (omega, mu). Newton's method runs from a grid
of starts, and of all solutions the one with the smallest mu counts.
"""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
from jax import Array
from jax.typing import ArrayLike

from lemmata.solvers.functional import Delay, Field, characteristic_matrix, linear_part

_STARTS = 12  # in each of the two unknowns
_ROUNDS = 40


class AxisCrossing(NamedTuple):
    """`parameter` and `omega` of the first crossing; nan where Newton's method found none."""

    parameter: Array
    omega: Array


def first_crossing(
    f: Field,
    state: ArrayLike,
    delays: Sequence[Delay],
    args_of: Callable[[Array, Any], Any],
    args: Any,
    *,
    parameters: tuple[float, float],
    frequencies: tuple[float, float],
) -> AxisCrossing:
    """Search a pair i omega on the axis, with the smallest parameter in the range.

    **Arguments:** `f(t, y, ylag, args)`, `delays` numbers or callables (t, y, args) -> lag;
    `state`: (lanes, ...), a steady state for every value of the parameter; `args_of(mu, args)`
    gives the arguments of f for one lane; leaves of `args` have a leading axis of lanes; the
    ranges are searched on logarithmic scales.

    **Returns:** an `AxisCrossing` of shape (lanes,). That the steady state is stable before is not
    checked.

    **Raises:** ValueError on ranges that are not positive and increasing.
    """
    for name, (lo, hi) in (("parameters", parameters), ("frequencies", frequencies)):
        if not 0 < lo < hi:
            raise ValueError(f"`{name}={(lo, hi)!r}` must be positive and increasing.")
    return _search(
        f, jnp.asarray(state, dtype=float), tuple(delays), args_of, args,
        jnp.asarray(parameters), jnp.asarray(frequencies),
    )  # fmt: skip


@eqx.filter_jit
def _search(
    f: Any, state: Array, delays: Any, args_of: Any, args: Any, ranges: Array, frequencies: Array
) -> AxisCrossing:
    starts = jnp.stack(
        jnp.meshgrid(*(jnp.geomspace(one[0], one[1], _STARTS) for one in (frequencies, ranges))), -1
    ).reshape(-1, 2)

    def lane(y: Array, a: Any) -> AxisCrossing:
        def residual(x: Array) -> Array:
            matrices, lags = linear_part(f, delays, y, args_of(x[1], a))
            value = jnp.linalg.det(characteristic_matrix(1j * x[0], matrices, lags))
            return jnp.stack([value.real, value.imag])

        def newton(x: Array) -> tuple[Array, Array]:
            def round_(_: int, both: tuple[Array, Array]) -> tuple[Array, Array]:
                x = both[0]
                step = jnp.linalg.solve(jax.jacfwd(residual)(x), residual(x))
                # Not more than half of the way to zero, which neither unknown may pass.
                step = jnp.clip(step, -x, x / 2)
                return x - step, jnp.max(jnp.abs(step) / x)

            return jax.lax.fori_loop(0, _ROUNDS, round_, (x, jnp.asarray(jnp.inf)))

        found, last = jax.vmap(newton)(starts)
        omega, mu = found.T
        good = (last < 1e-10) & (omega > frequencies[0] / 2) & (mu > ranges[0]) & (mu < ranges[1])
        best = jnp.argmin(jnp.where(good, mu, jnp.inf))
        ok = good[best]
        return AxisCrossing(jnp.where(ok, mu[best], jnp.nan), jnp.where(ok, omega[best], jnp.nan))

    return jax.vmap(lane)(state, args)
