"""Events: the first time at which a function of the solution changes its sign."""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
from jax import Array

from lemmata.solvers.breaking_points import HALVINGS, SAMPLES
from lemmata.solvers.dde_past import Current, polynomial

Event = Callable[[Array, Array, Any], Array]


def _changes(event: Event, args: Any, now: Current) -> tuple[Array, Array, Array]:
    """Points of the step, the signs there, and after which of them it changes, up to any nan."""
    theta = jnp.asarray((0.0, *SAMPLES), now.start.dtype)
    signs = jnp.sign(jax.vmap(lambda x: _value(event, args, now, x))(theta))
    known = jnp.cumsum(jnp.isnan(signs)) == 0
    return theta, signs, (signs[:-1] != 0) & (signs[1:] != signs[:-1]) & known[1:]


def _value(event: Event, args: Any, now: Current, theta: Array) -> Array:
    return event(now.start + theta * now.length, polynomial(now.coefs, theta), args)


def occurs(event: Event, args: Any, now: Current) -> tuple[Array, Array]:
    """Whether the event changes its sign in the step; and whether it is nan there before it does.

    One that starts at 0 has not changed yet.
    """
    _, signs, changes = _changes(event, args, now)
    happened = jnp.any(changes)
    return happened, jnp.any(jnp.isnan(signs)) & ~happened


def event_time(event: Event, args: Any, now: Current) -> Array:
    """When the event first changes its sign in the step; differentiable in the solution."""
    held = jax.lax.stop_gradient(now)
    theta, signs, changes = _changes(event, args, held)
    k = jnp.argmax(changes)
    before = signs[k]

    def halve(_: int, ends: tuple[Array, Array]) -> tuple[Array, Array]:
        lo, hi = ends
        mid = (lo + hi) / 2
        same = jnp.sign(_value(event, args, held, mid)) == before
        return jnp.where(same, mid, lo), jnp.where(same, hi, mid)

    _, x = jax.lax.fori_loop(0, HALVINGS, halve, (theta[k], theta[k + 1]))
    x = jax.lax.stop_gradient(x)
    t = jax.lax.stop_gradient(held.start + x * held.length)

    def along(t: Array) -> Array:
        theta = (t - now.start) / now.length
        return event(t, polynomial(now.coefs, theta), args)

    value, rate = jax.jvp(along, (t,), (jnp.ones_like(t),))
    rate = jax.lax.stop_gradient(jnp.where(rate == 0, 1.0, rate))
    return t - (value - jax.lax.stop_gradient(value)) / rate
