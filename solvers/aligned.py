"""Integrate a delay equation y'(t) = f(t, y(t), y(t - delay)) with one constant delay.

Classical Runge-Kutta steps of length delay/steps_per_delay, so that every breaking point (0, delay,
2 delay, ...) is a node: the solution is smooth inside each delay length, and no step ever straddles
a jump of a derivative. The lagged state is a stored node at whole steps; at half steps it is the
cubic Hermite interpolant of the stored states and slopes, whose error h^4 keeps the order at 4.
Source: Bellen and Zennaro, Numerical Methods for Delay Differential Equations (2003), chapters 4
and 6 (constrained mesh, uniform order of the continuous extension).
"""

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from jax.core import Tracer
from jax.typing import ArrayLike

from lemmata.solvers.dde_checks import check_callable, real_scalar

Field = Callable[[Array, Array, tuple[Array, ...], Any], Array]
History = Callable[[Array], ArrayLike]


class Trajectory(eqx.Module):
    """A solution at equally spaced times.

    `ts`, shape (M + 1,), starts at 0, in the unit of the delay; `ys`, shape (M + 1, ...), are the
    states; M = delays * steps_per_delay.
    """

    ts: Array
    ys: Array


class ConstantHistory(eqx.Module):
    """The history t -> `value`; unlike a lambda, a new value does not compile a new program."""

    value: Array = eqx.field(converter=jnp.asarray)

    def __call__(self, t: Array) -> Array:
        return self.value


class _Lag(NamedTuple):
    """The lagged state on one delay length: `nodes` (N + 1, ...) and half steps `mids` (N, ...)."""

    nodes: Array
    mids: Array


def solve_aligned(
    f: Field,
    history: History,
    delay: ArrayLike,
    *,
    delays: int,
    steps_per_delay: int,
    args: Any = None,
) -> Trajectory:
    """Integrate y' = f(t, y, (y(t - delay),), args) from t = 0 over `delays` delay lengths.

    **Arguments:** `f(t, y, ylag, args)` returns the shape of y; `ylag` is a tuple of the one lagged
    state. `history(t)` gives y for t <= 0, of any shape (a scalar too); it must be smooth,
    and traceable by JAX. `delay` is a positive scalar; `args` is any PyTree. Inside `jax.vmap`,
    `delay`, `args` and whatever `history` closes over may be batched.

    **Returns:** a `Trajectory` of delays * steps_per_delay + 1 points; global error of order 4 in
    delay/steps_per_delay. A state that overflows, or an `f` that is not finite, leaves inf or nan
    in `.ys` from there on, and nothing else says so: look at `jnp.isfinite(path.ys[-1])`.

    **Raises:** ValueError on a delay that is no number, or not positive and finite (unless traced),
    on a count below 1, on an `f` or a history that cannot be called so, and when `f` returns
    another shape than y; TypeError on another dtype than y's.
    """
    check_count("delays", delays)
    check_count("steps_per_delay", steps_per_delay)
    args = jax.tree.map(lambda x: jnp.asarray(x) if isinstance(x, float) else x, args)
    check_functions(f, history)
    lag = positive("delay", delay, "; without one use an ODE solver")
    return _integrate(f, history, lag, args, delays, steps_per_delay)


@eqx.filter_jit
def _integrate(
    f: Field, history: History, delay: Array, args: Any, delays: int, steps: int
) -> Trajectory:
    h = delay / steps
    lag = _history_lag(history, h, steps)
    start = lag.nodes[-1]
    check_field(f, start, args)

    def block(carry: tuple[Array, _Lag], first: Array) -> tuple[tuple[Array, _Lag], Array]:
        y, lag = carry
        ys, slopes = _rk4_block(f, y, lag, first, h, args)
        return (ys[-1], _Lag(ys, _hermite_mids(ys, slopes, h))), ys[1:]

    firsts = jnp.arange(delays, dtype=h.dtype) * steps
    _, blocks = jax.lax.scan(block, (start, lag), firsts)
    ys = jnp.concatenate([start[None], blocks.reshape(delays * steps, *start.shape)])
    return Trajectory(jnp.arange(delays * steps + 1, dtype=h.dtype) * h, ys)


def _history_lag(history: History, h: Array, steps: int) -> _Lag:
    # In the first delay length the lagged state is the history itself: no interpolation, and no
    # slope across t = 0, where y' jumps from the history's to f's.
    nodes = jnp.arange(-steps, 1, dtype=h.dtype) * h
    mids = (jnp.arange(-steps, 0, dtype=h.dtype) + 0.5) * h

    def state(t: Array) -> Array:
        y = jnp.asarray(history(t))
        return y.astype(jnp.result_type(y.dtype, float))

    return _Lag(jax.vmap(state)(nodes), jax.vmap(state)(mids))


def _rk4_block(
    f: Field, y: Array, lag: _Lag, first: Array, h: Array, args: Any
) -> tuple[Array, Array]:
    """One delay length from node number `first`: states and slopes at its N + 1 nodes."""

    def step(y: Array, xs: tuple[Array, Array, Array, Array]) -> tuple[Array, tuple[Array, Array]]:
        n, left, mid, right = xs
        t = n * h
        dt = h.astype(y.dtype)  # the state may be complex, time is not
        k1 = f(t, y, (left,), args)
        k2 = f(t + h / 2, y + dt / 2 * k1, (mid,), args)
        k3 = f(t + h / 2, y + dt / 2 * k2, (mid,), args)
        k4 = f(t + h, y + dt * k3, (right,), args)
        y = y + dt / 6 * (k1 + 2 * k2 + 2 * k3 + k4)
        return y, (y, k1)

    steps = lag.mids.shape[0]
    ns = first + jnp.arange(steps, dtype=h.dtype)
    # Three steps are five times as fast in one piece; of more, XLA computes parts again and again.
    end, (ys, slopes) = jax.lax.scan(
        step, y, (ns, lag.nodes[:-1], lag.mids, lag.nodes[1:]), unroll=steps if steps <= 3 else 1
    )
    # Each block keeps slopes of its own at both ends, so the one at t = 0 is the right-sided one.
    last = f((first + steps) * h, end, (lag.nodes[-1],), args)
    return jnp.concatenate([y[None], ys]), jnp.concatenate([slopes, last[None]])


def _hermite_mids(ys: Array, slopes: Array, h: Array) -> Array:
    return (ys[:-1] + ys[1:]) / 2 + h.astype(ys.dtype) / 8 * (slopes[:-1] - slopes[1:])


def solve_with_error(
    f: Field,
    history: History,
    delay: ArrayLike,
    *,
    delays: int,
    steps_per_delay: int,
    args: Any = None,
) -> tuple[Trajectory, Array]:
    """Integrate at N and 2N steps per delay: the finer states on the coarse nodes, and their error.

    Arguments and errors as for `solve_aligned`. The second result has the shape of `.ys` and bounds
    the global error of each component: |fine - coarse|, the largest over the current and the
    previous delay length (pointwise it has accidental zeros), plus round-off that adds up over the
    steps. At order 4 that is 15 times the error of the finer run; it still holds where a kink of f
    leaves order 1, and fails only where N is too small to show any order.
    """
    coarse, fine = (
        solve_aligned(f, history, delay, delays=delays, steps_per_delay=steps, args=args)
        for steps in (steps_per_delay, 2 * steps_per_delay)
    )
    kept = Trajectory(coarse.ts, fine.ys[::2])
    gap = jnp.abs(kept.ys - coarse.ys)
    blocks = gap[1:].reshape(delays, steps_per_delay, *gap.shape[1:]).max(axis=1)
    blocks = jnp.maximum(blocks, jnp.concatenate([blocks[:1], blocks[:-1]]))
    # At t = 0 the state is the history's own, and exact.
    largest = jnp.concatenate([jnp.zeros_like(gap[:1]), jnp.repeat(blocks, steps_per_delay, 0)])
    size = jax.lax.cummax(jnp.abs(kept.ys), axis=0)
    roundoff = 4 * jnp.finfo(size.dtype).eps * math.sqrt(2 * delays * steps_per_delay) * size
    return kept, largest + roundoff


def check_count(name: str, value: int) -> None:
    """Raise ValueError unless `value` is an integer of at least 1."""
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise ValueError(f"`{name}={value!r}` must be an integer of at least 1.")


def positive(name: str, value: ArrayLike, remedy: str = "") -> Array:
    """A positive, finite scalar; ValueError on anything else, unless it is traced."""
    number = jnp.asarray(real_scalar(name, value))
    if not isinstance(number, Tracer) and not 0 < float(number) < math.inf:
        raise ValueError(f"`{name}={float(number)!r}` must be positive and finite{remedy}.")
    return number.astype(jnp.result_type(number.dtype, float))


def check_functions(f: Field, history: History) -> None:
    """Raise ValueError unless both can be called as they will be."""
    check_callable("f", f, "f(t, y, ylag, args)")
    check_callable("history", history, "history(t)")


def check_field(f: Field, y: Array, args: Any, lags: int = 1) -> None:
    """Raise ValueError unless `f` returns the shape of y, TypeError unless its dtype fits y's."""
    out = jax.eval_shape(lambda t, y: jnp.asarray(f(t, y, (y,) * lags, args)), jnp.zeros(()), y)
    if out.shape != y.shape:
        raise ValueError(
            f"`f` returned shape {out.shape} for a state of shape {y.shape}; "
            "it must return dy/dt, of the shape of y."
        )
    if np.promote_types(out.dtype, y.dtype) != y.dtype:
        raise TypeError(
            f"`f` returned {out.dtype} for a state of {y.dtype}; let `history` return {out.dtype}."
        )
