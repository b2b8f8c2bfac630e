"""Integrate a delay equation y'(t) = f(t, y, (y(t - lag_1), y(t - lag_2), ...)) in fixed steps.

Classical Runge-Kutta steps; a lagged state is the history at times up to 0, and after that the
cubic Hermite interpolant of stored states and slopes, whose error h^4 keeps the order at 4. The
last `longest` steps are kept in a ring, so that memory does not grow with time.

Breaking points (0, lag_i, lag_i + lag_j, ...) are *not* tracked: a step that straddles one loses
order. This is for what is measured long after the start, when the solution has become smooth, such
as limit cycles near Hopf points, or for histories that solve the equation themselves. With one
constant delay `lemmata.solvers.aligned` keeps its order from the start, and is faster.

Source: Bellen and Zennaro, Numerical Methods for Delay Differential Equations (2003), chapter 4
(the standard approach via continuous methods).
"""

import math
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
from jax import Array
from jax.core import Tracer
from jax.typing import ArrayLike

from lemmata.solvers.aligned import (
    Field,
    History,
    Trajectory,
    check_count,
    check_field,
    check_functions,
    positive,
)

Lag = ArrayLike | Callable[[Array, Array, Any], ArrayLike]
_Checked = Array | Callable[[Array, Array, Any], ArrayLike]

# In steps: a lag that is one step long in decimals may be shorter by its rounding.
_ROUNDING = 1e-9


class _Ring(NamedTuple):
    """States and slopes, (longest + 1, ...) each; node n lies in row n % (longest + 1)."""

    ys: Array
    slopes: Array


def solve_fixed(
    f: Field,
    history: History,
    delays: Sequence[Lag],
    *,
    step: ArrayLike,
    steps: int,
    args: Any = None,
    every: int = 1,
    longest: int | None = None,
) -> Trajectory:
    """Integrate y' = f(t, y, ylag, args) from t = 0 over `steps` steps of length `step`.

    **Arguments:** `f(t, y, ylag, args)` returns the shape of y; `ylag` is the tuple of the states
    at `delays`, each a number or a callable `(t, y, args) -> lag`, in the unit of `step`.
    `history(t)` gives y for t <= 0, of any shape (a scalar too), traceable by JAX. `args` is any
    PyTree. `every` divides `steps`: the states kept. `longest` is the number of steps that the
    longest lag spans; without it, all delays must be numbers known before tracing. Inside
    `jax.vmap`, numbers among `delays`, `step`, `args` and what `history` closes over may be
    batched.

    **Returns:** a `Trajectory` of steps / every + 1 points; global error of order 4 in `step` where
    the solution is smooth. The state at a lag that varies is nan where the lag is shorter than a
    step (the steps are explicit) or longer than `longest` steps after time 0 (no longer stored),
    and y from there on. A state that overflows, or an `f` that is not finite, leaves inf or nan in
    `.ys` from there on. Nothing else says so: look at `jnp.isfinite(path.ys[-1])`.

    **Raises:** ValueError on an `f` or a history that cannot be called so, on no delay, on a step
    or delay that is not positive and finite, a delay shorter than a step or longer than `longest`
    (unless traced), on counts, on lags that are not scalar, and when `f` returns another shape than
    y; TypeError on another dtype than y's.
    """
    for name, count in (("steps", steps), ("every", every)):
        check_count(name, count)
    if steps % every:
        raise ValueError(f"`every={every!r}` must divide `steps={steps!r}`; round `steps` up.")
    check_functions(f, history)
    if not (isinstance(delays, list | tuple) or getattr(delays, "ndim", 0) == 1):
        raise ValueError(
            f"`delays={delays!r}` must be a sequence, of numbers or functions "
            "`(t, y, args) -> lag`; for one delay write `(delay,)`."
        )
    if len(delays) == 0:
        raise ValueError("`delays` is empty; without a delay use an ODE solver.")
    h = positive("step", step)
    lags = tuple(
        lag if callable(lag) else positive(f"delays[{i}]", lag) for i, lag in enumerate(delays)
    )
    span = _span(lags, h, longest)
    args = jax.tree.map(lambda x: jnp.asarray(x) if isinstance(x, float) else x, args)
    return _integrate(f, history, lags, h, args, steps, every, span)


class _Grid(NamedTuple):
    """What lagged states are looked up with, besides the ring."""

    past: Callable[[Array], Array]
    h: Array
    longest: int


@eqx.filter_jit
def _integrate(
    f: Field,
    history: History,
    lags: tuple[_Checked, ...],
    h: Array,
    args: Any,
    steps: int,
    every: int,
    longest: int,
) -> Trajectory:
    def past(t: Array) -> Array:
        y = jnp.asarray(history(t))
        return y.astype(jnp.result_type(y.dtype, float))

    start = past(jnp.zeros((), h.dtype))
    check_field(f, start, args, lags=len(lags))
    dt = h.astype(start.dtype)  # the state may be complex, time is not
    grid = _Grid(past, h, longest)

    def slope(ring: _Ring, n: Array, stage: float, y: Array) -> Array:
        t = (n + stage) * h
        in_steps = [_lag(lag, i, t, y, args) / h for i, lag in enumerate(lags)]
        return f(t, y, tuple(_lagged(grid, ring, n, stage, lag) for lag in in_steps), args)

    def step(n: Array, carry: tuple[Array, _Ring]) -> tuple[Array, _Ring]:
        y, ring = carry
        k1 = slope(ring, n, 0.0, y)
        row = n % (longest + 1)
        ring = _Ring(ring.ys.at[row].set(y), ring.slopes.at[row].set(k1))
        k2 = slope(ring, n, 0.5, y + dt / 2 * k1)
        k3 = slope(ring, n, 0.5, y + dt / 2 * k2)
        k4 = slope(ring, n, 1.0, y + dt * k3)
        return y + dt / 6 * (k1 + 2 * k2 + 2 * k3 + k4), ring

    def stretch(carry: tuple[Array, _Ring], first: Array) -> tuple[tuple[Array, _Ring], Array]:
        carry = jax.lax.fori_loop(0, every, lambda i, c: step(first + i, c), carry)
        return carry, carry[0]

    blank = jnp.zeros((longest + 1, *start.shape), start.dtype)
    _, ys = jax.lax.scan(stretch, (start, _Ring(blank, blank)), jnp.arange(0, steps, every))
    ts = jnp.arange(0, steps + 1, every, dtype=h.dtype) * h
    return Trajectory(ts, jnp.concatenate([start[None], ys]))


def _lagged(grid: _Grid, ring: _Ring, n: Array, stage: float, lag: Array) -> Array:
    """The state `lag` steps before n + stage, where the nodes up to n are known."""
    size = grid.longest + 1
    # Relative to node n, so that no digits are lost late in a long simulation.
    offset = stage - jnp.maximum(lag, 1.0)
    # When the first slope of a step is asked for, the node n is not in the ring yet.
    left = jnp.minimum(jnp.floor(offset), -2 if stage == 0 else -1)
    node = n + left.astype(n.dtype)
    (y0, y1), (d0, d1) = ([field[(node + i) % size] for i in range(2)] for field in ring)
    x, dt = (offset - left).astype(y0.dtype), grid.h.astype(y0.dtype)
    rise = y1 - y0
    bend = (1 - x) * (dt * d0 - rise) + x * (rise - dt * d1)
    stored = y0 + x * rise + x * (1 - x) * bend
    since = n + offset
    found = jnp.where(since <= 0, grid.past(jnp.minimum(since, 0) * grid.h), stored)
    known = (since <= 0) | (lag <= grid.longest + _ROUNDING)
    return jnp.where((lag >= 1 - _ROUNDING) & known, found, jnp.nan)


def _lag(lag: _Checked, i: int, t: Array, y: Array, args: Any) -> Array:
    value = jnp.asarray(lag(t, y, args) if callable(lag) else lag)
    if value.shape != ():
        raise ValueError(f"`delays[{i}]` returned shape {value.shape}; a lag must be a scalar.")
    return value


def _span(lags: tuple[_Checked, ...], h: Array, longest: int | None) -> int:
    """The number of steps to store, checked against every lag that is a known number."""
    if longest is not None:
        check_count("longest", longest)
    unknown = isinstance(h, Tracer) or any(callable(x) or isinstance(x, Tracer) for x in lags)
    if unknown and longest is None:
        raise ValueError(
            "`longest` is missing: the number of steps that the longest lag spans, which must be "
            "told where a delay is a callable, or a delay or `step` is traced."
        )
    most = longest or 1
    for i, lag in enumerate(lags):
        if callable(lag) or isinstance(lag, Tracer) or isinstance(h, Tracer):
            continue
        count = float(lag) / float(h)
        if count < 1 - _ROUNDING:
            raise ValueError(
                f"`delays[{i}]={float(lag)!r}` is shorter than `step={float(h)!r}`; the steps are "
                "explicit: take a step no longer than the shortest delay."
            )
        if longest is not None and count > longest + _ROUNDING:
            raise ValueError(
                f"`delays[{i}]={float(lag)!r}` is longer than `longest={longest!r}` steps of "
                f"{float(h)!r}; store {math.ceil(count)} steps."
            )
        most = max(most, math.ceil(count - _ROUNDING))
    return most
