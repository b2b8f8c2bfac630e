"""The right-hand side of a delay equation as a functional of the history, and its linear part.

With phi(s) = y(t + s), an autonomous equation with any number of delays is y'(t) = F(phi), where
F(phi) = f(0, phi(0), (phi(-tau_1), phi(-tau_2), ...), args), and each tau may depend on phi(0).
Normal forms, cycles and multipliers hand over phi as an explicit smooth function of s, so that JAX
differentiates lookups at state-dependent times exactly, too.
"""

from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from jax.core import Tracer

Field = Callable[[Any, Array, tuple[Array, ...], Any], Array]
Delay = Any  # a number, or a callable (t, y, args) -> lag
History = Callable[[Any], Array]


def lags_at(delays: Sequence[Delay], state: Array, args: Any) -> tuple[Array, ...]:
    """Evaluate every delay at time 0 in one `state`."""
    start = jnp.zeros((), float)
    return tuple(
        jnp.asarray(delay(start, state, args) if callable(delay) else delay, dtype=float)
        for delay in delays
    )


def functional(
    f: Field, delays: Sequence[Delay], shape: tuple[int, ...]
) -> Callable[[History, Any], Array]:
    """F(phi, args) for histories phi(s) of shape (n,), whatever the `shape` of the state is."""

    def F(phi: History, args: Any) -> Array:
        start = jnp.zeros((), float)
        y = phi(start).reshape(shape)
        lagged = tuple(phi(-lag).reshape(shape) for lag in lags_at(delays, y, args))
        rate = jnp.asarray(f(start, y, lagged, args))
        if rate.shape != shape:
            raise ValueError(
                f"`f` returned shape {rate.shape} for a state of shape {shape}; it must return the "
                "derivative of the state, in the state's shape."
            )
        return rate.ravel()

    return F


def linear_part(f: Field, delays: Sequence[Delay], state: Array, args: Any) -> tuple[Array, Array]:
    """Matrices (1 + delays, n, n) and lags (1 + delays,) of F linearised at a constant `state`.

    The first belongs to lag 0. A lag that depends on the state is frozen: at rest nothing moves
    while it changes.
    """
    shape = state.shape
    lags = jnp.stack([jnp.zeros((), float), *lags_at(delays, state, args)])

    def at(values: Array) -> Array:
        now, *then = (value.reshape(shape) for value in values)
        return jnp.asarray(f(jnp.zeros((), float), now, tuple(then), args)).ravel()

    rest = jnp.broadcast_to(state.ravel(), (len(lags), state.size))
    return jnp.moveaxis(jax.jacfwd(at)(rest), 1, 0), lags


def characteristic_matrix(root: Array, matrices: Array, lags: Array) -> Array:
    """Delta(root) = root - sum_j A_j exp(-root tau_j), shape (n, n)."""
    fade = jnp.exp(-root * lags)[:, None, None]
    return root * jnp.eye(matrices.shape[-1]) - jnp.sum(matrices * fade, axis=0)


def checked_problem(
    delays: Sequence[Delay], state: Any, **numbers: Any
) -> tuple[tuple[Delay, ...], Array, tuple[Array, ...]]:
    """Refuse what cannot be analysed, and make arrays of the numbers, so that jit traces them."""
    if not isinstance(delays, Sequence) and np.ndim(delays) != 1:
        raise TypeError(
            f"`delays` is {delays!r}; give a sequence of numbers or callables (t, y, args) -> lag."
        )
    kept = []
    for i, delay in enumerate(delays):
        if callable(delay):
            kept.append(delay)
            continue
        value = _real(f"delays[{i}]", delay)
        if value.ndim:
            raise ValueError(
                f"`delays[{i}]` has shape {value.shape}; a delay is one number. For many, use "
                "jax.vmap, or make it a callable that reads `args`."
            )
        if not isinstance(value, Tracer) and not 0 <= float(value) < np.inf:
            raise ValueError(f"`delays[{i}]={float(value)!r}` must be finite and not negative.")
        kept.append(value)
    y = _real("state", state)
    if y.ndim > 1 or y.size == 0:
        raise ValueError(f"`state` has shape {y.shape}; it must be () or (n,) with n at least 1.")
    if not isinstance(y, Tracer) and not np.isfinite(np.asarray(y)).all():
        raise ValueError(f"`state` must be finite, got {y!r}.")
    values = []
    for name, number in numbers.items():
        value = _real(name, number)
        if value.ndim:
            raise ValueError(
                f"`{name}` has shape {value.shape}; it is one number. For many, use jax.vmap."
            )
        values.append(value)
    return tuple(kept), y, tuple(values)


def traced(args: Any) -> Any:
    """`args` with arrays for floats, so that another value needs no other compilation."""
    return jax.tree.map(lambda leaf: jnp.asarray(leaf) if isinstance(leaf, float) else leaf, args)


def positive(name: str, value: Array) -> None:
    """Raise ValueError where a concrete `value` is not a positive finite number."""
    if not isinstance(value, Tracer) and not 0 < float(value) < np.inf:
        raise ValueError(f"`{name}={float(value)!r}` must be positive and finite.")


def _real(name: str, value: Any) -> Array:
    try:
        array = jnp.asarray(value)
    except (TypeError, ValueError):
        raise TypeError(f"`{name}` is {value!r}; it must be real.") from None
    if jnp.iscomplexobj(array):
        raise TypeError(f"`{name}` is complex, {array!r}; it must be real.")
    return array.astype(float)
