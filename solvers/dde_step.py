"""One Runge-Kutta step of a delay equation, from frozen segments of the past.

Where a lag is shorter than the step, the stages look into the step's own polynomial: the step is
implicit, and solved by iterating it. Source: Bellen and Zennaro, Numerical Methods for Delay
Differential Equations (2003), section 4.3; Hairer, Norsett and Wanner I, section II.17.
"""

from collections.abc import Callable
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from lemmata.solvers.dde_method import Method
from lemmata.solvers.dde_past import (
    Breaks,
    Current,
    Problem,
    Steps,
    before_end,
    dense_coefs,
    derivative,
    polynomial,
    slope_at,
)

# Iterations of an implicit step before it is tried again with half the length: the error shrinks by
# a factor of about h df/dy each time, and where the slope is looked up by that of the slope, ...
ITERATIONS = 16
NEUTRAL_ITERATIONS = 128
# ... and the change, in units of the tolerance, at which they stop.
CLOSE = 1e-3


class Sweep(NamedTuple):
    """One sweep through the stages: polynomial, end, local error; whether it used its own guess."""

    coefs: Array
    end: Array
    error: Array
    looked: Array


def sweep(
    problem: Problem,
    method: Method,
    breaks: Breaks,
    steps: Steps,
    now: Current,
    segments: Array,
    y: Array,
) -> Sweep:
    """Compute the stages of the step `now`, its present polynomial standing in for the new one."""
    t, h = now.start, now.length
    dt = h.astype(y.dtype)
    nodes = jnp.asarray(method.nodes)
    table = jnp.asarray(method.stages).astype(y.dtype)

    def stage(i: Array, state: tuple[Array, Array]) -> tuple[Array, Array]:
        ks, looked = state
        inner = y + dt * (table[i] @ ks)
        at = t + nodes[i] * h
        at = at + jax.lax.stop_gradient(jnp.minimum(at, before_end(now)) - at)
        k, inside = slope_at(problem, breaks, steps, now, segments, at, inner)
        return ks.at[i].set(k), looked | inside

    # A loop rather than a line for each stage: `f` is compiled once.
    none = jnp.zeros((method.count, *y.shape), y.dtype)
    slopes, looked = jax.lax.fori_loop(0, method.count, stage, (none, jnp.asarray(False)))
    end = y + dt * (jnp.asarray(method.weights).astype(y.dtype) @ slopes)
    error = dt * (jnp.asarray(method.error).astype(y.dtype) @ slopes)
    return Sweep(dense_coefs(method, y, slopes, h), end, error, looked)


def iterate(
    problem: Problem,
    method: Method,
    breaks: Breaks,
    steps: Steps,
    now: Current,
    segments: Array,
    y: Array,
    scale: Array,
    any_lane: Callable[[Array], Array],
) -> tuple[Sweep, Array, Array]:
    """Sweep until the step's polynomial stands still; also the sweeps made, and if it did."""
    most = NEUTRAL_ITERATIONS if problem.neutral else ITERATIONS

    def go(state: tuple[Sweep, Array, Array]) -> Array:
        return any_lane(_unfinished(*state, most))

    def again(state: tuple[Sweep, Array, Array]) -> tuple[Sweep, Array, Array]:
        result, count, change = state
        active = _unfinished(*state, most)
        new = sweep(problem, method, breaks, steps, now._replace(coefs=result.coefs), segments, y)
        moved = jnp.max(jnp.abs(new.coefs - result.coefs) / scale)
        if problem.neutral:  # f sees the slope: a change of it counts by itself
            moved = jnp.maximum(moved, moved / jnp.minimum(now.length, 1.0))
        kept = jax.tree.map(lambda a, b: jnp.where(active, a, b), new, result)
        moved = jnp.where(new.looked, moved, 0.0)
        return kept, count + active, jnp.where(active, moved, change)

    guess = Sweep(now.coefs, y, y, jnp.asarray(False))
    start = (guess, jnp.asarray(0), jnp.full_like(now.start, jnp.inf))
    result, count, change = jax.lax.while_loop(go, again, start)
    return result, count, change <= CLOSE


def _unfinished(result: Sweep, count: Array, change: Array, most: int) -> Array:
    more = (change > CLOSE) & (count < most)
    return (count == 0) | (more & jnp.all(jnp.isfinite(result.coefs)))


def predicted(
    method: Method, steps: Steps, number: Array, h: Array, y: Array, slope: Array, ok: Array
) -> Array:
    """The previous step's polynomial continued over a step of length h; unless `ok`, a line."""
    d = method.degree
    before = jnp.maximum(number - 1, 0)
    ratio = jnp.where(ok, h / jnp.where(ok, steps.length[before], 1.0), 0.0)
    binomial = np.array([[_choose(m, j) for m in range(d + 1)] for j in range(d + 1)])
    shifted = jnp.asarray(binomial).astype(y.dtype) @ steps.coefs[before]
    powers = (ratio ** jnp.arange(d + 1)).astype(y.dtype)
    line = jnp.zeros_like(shifted).at[1].set(h.astype(y.dtype) * slope)
    return jnp.where(ok, powers[:, None] * shifted, line).at[0].set(y)


def slope_before(problem: Problem, steps: Steps, number: Array, start: Array) -> Array:
    """The slope that a step starts to iterate from: it matters where `f` looks the slope up."""
    if not problem.neutral:
        return jnp.zeros_like(start)
    before = jnp.maximum(number - 1, 0)
    left = derivative(steps.coefs[before], jnp.ones(())) / steps.length[before].astype(start.dtype)
    return jnp.where(number > 0, left, start)


def _choose(m: int, j: int) -> int:
    top, bottom = 1, 1
    for i in range(j):
        top, bottom = top * (m - i), bottom * (i + 1)
    return top // bottom


def defect(
    problem: Problem,
    breaks: Breaks,
    steps: Steps,
    now: Current,
    segments: Array,
    theta: float,
) -> Array:
    """How far the polynomial of `now` is from solving the equation at one inner point."""
    y = polynomial(now.coefs, jnp.asarray(theta))
    t = now.start + theta * now.length
    slope, _ = slope_at(problem, breaks, steps, now, segments, t, y)
    return slope - derivative(now.coefs, jnp.asarray(theta)) / now.length.astype(y.dtype)
