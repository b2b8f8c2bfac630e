"""Breaking points: where a step must end, what lies beyond, and which new ones arise.

A lag that passes an earlier breaking point makes a new one, one order smoother (of the same order
where the slope is looked up: neutral equations never smooth). A constant delay says where, in
closed form; a delay that varies is watched along each step, and the crossing found by bisection.
Source: Bellen and Zennaro, Numerical Methods for Delay Differential Equations (2003), sections
2.1-2.3 and 6.1; Neves and Feldstein, J. Math. Anal. Appl. 55 (1976), for how orders propagate.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from lemmata.solvers.dde_past import (
    Breaks,
    Current,
    Problem,
    Steps,
    before_end,
    each_once,
    polynomial,
    segment_at,
    slope_at,
)

# Points of a step at which a varying lag is compared with the ends of its segment.
SAMPLES = (0.125, 0.25, 0.375, 0.5, 0.625, 0.75, 0.875, 1.0)
# Halvings that take a crossing to round-off.
HALVINGS = 56


class Crossing(NamedTuple):
    """The first crossing inside a step: whether, which delay, +1 up or -1 down, and when.

    `ahead`: whether a lag is negative somewhere in the step.
    """

    found: Array
    delay: Array
    way: Array
    time: Array
    ahead: Array


def first_segments(
    problem: Problem, breaks: Breaks, steps: Steps, now: Current, near: Array
) -> Array:
    """The segment that each lag looks into just after t0, shape (number of delays,)."""
    t, y = problem.t0, problem.y0
    lags = [problem.lag(i, t, y) for i in range(len(problem.delays))]
    found = [segment_at(breaks, t - lag + near) for lag in lags]
    if not any(problem.varies(i) for i in range(len(lags))):
        return jnp.asarray(found, int).reshape(len(lags))
    slope, _ = slope_at(problem, breaks, steps, now, jnp.stack(found), t, y)
    for i, lag in enumerate(lags):
        if problem.varies(i):
            # On a breaking point the direction of s = t - lag decides; a lag that stands still or
            # moves up belongs to the segment that starts there.
            rate = lag_rate(problem, i, t, y, slope)
            on = jnp.abs(t - lag - breaks.time[found[i]]) <= near
            found[i] = jnp.where(on & (rate < 0), found[i] - 1, found[i])
    return jnp.stack(found)


def lag_rate(problem: Problem, i: int, t: Array, y: Array, slope: Array) -> Array:
    """d/dt of the lagged time t - lag_i(t, y(t)) where y' = slope."""
    if not problem.varies(i):
        return jnp.ones_like(t)
    tangents = (jnp.ones_like(t), slope.astype(y.dtype))
    return jax.jvp(lambda t, y: t - problem.lag(i, t, y), (t, y), tangents)[1]


def closed_form_landings(problem: Problem, breaks: Breaks, segments: Array) -> Array:
    """When each constant delay meets the end of its segment (inf for varying ones)."""
    times = [
        jnp.full_like(problem.t0, jnp.inf)
        if problem.varies(i)
        else breaks.time[segments[i] + 1] + problem.delays[i]
        for i in range(len(problem.delays))
    ]
    return jnp.stack(times) if times else jnp.zeros((0,), problem.t0.dtype)


def first_crossing(
    problem: Problem, breaks: Breaks, segments: Array, now: Current, slack: Array, blur: Array
) -> Crossing:
    """Where in the step `now` a varying lag first leaves its segment by more than `slack`.

    `blur`, shape (n,): the uncertainty of the state, in which a lag may seem negative.
    """
    varying = [i for i in range(len(problem.delays)) if problem.varies(i)]
    theta = jnp.asarray((0.0, *SAMPLES), now.start.dtype)

    def time(x: Array) -> Array:
        # Where a lag jumps at the end of the step, the step has not seen it yet.
        return jnp.minimum(now.start + x * now.length, before_end(now))

    def lagged(i: int, x: Array) -> Array:
        return time(x) - problem.lag(i, time(x), polynomial(now.coefs, x))

    end = polynomial(now.coefs, jnp.ones(()))
    seen = jnp.stack([jax.vmap(lambda x, i=i: lagged(i, x))(theta[1:]) for i in varying])
    which = jnp.asarray(varying)
    # Linear in the state, from the end of the step.
    allowed = [_uncertainty(problem, i, before_end(now), end, slack, blur) for i in varying]
    most = time(theta[1:]) + jnp.stack(allowed)[:, None]
    upper = breaks.time[segments[which] + 1]
    lower = breaks.time[segments[which]]
    above = seen > upper[:, None] + slack
    out = (above | (seen < lower[:, None] - slack)).T  # (samples, varying)
    flat = jnp.argmax(out.reshape(-1))
    k, v = flat // len(varying), flat % len(varying)
    way = jnp.where(above[v, k], 1, -1)
    edge = jnp.where(way > 0, upper[v], lower[v])

    def halve(_: int, ends: tuple[Array, Array]) -> tuple[Array, Array]:
        lo, hi = ends
        mid = (lo + hi) / 2
        s = lagged(varying[0], mid)
        for index, i in enumerate(varying[1:], 1):
            s = jnp.where(v == index, lagged(i, mid), s)
        outside = (s - edge) * way > 0
        return jnp.where(outside, lo, mid), jnp.where(outside, mid, hi)

    _, hi = jax.lax.fori_loop(0, HALVINGS, halve, (theta[k], theta[k + 1]))
    found, ahead = jnp.any(out), jnp.any(seen > most)
    return Crossing(found, which[v], way, now.start + hi * now.length, ahead)


def _uncertainty(problem: Problem, i: int, t: Array, y: Array, slack: Array, blur: Array) -> Array:
    """By how much a varying lag may seem negative: for `blur` of the state, and for round-off."""
    slope = jax.grad(lambda y: problem.lag(i, t, y))(y)
    return 1e3 * slack + jnp.sum(jnp.abs(slope) * blur)


def lags_at_start(problem: Problem, slack: Array, blur: Array) -> tuple[Array, Array]:
    """Whether some lag is negative at t0, and whether some lag is no number there.

    What is traced is not seen where arguments are checked. `blur`: as in `first_crossing`.
    """
    negative, undefined = jnp.asarray(False), jnp.asarray(False)
    t, y = problem.t0, problem.y0
    for i in range(len(problem.delays)):
        lag, allowed = problem.lag(i, t, y), 0.0
        if problem.varies(i):
            allowed = _uncertainty(problem, i, t, y, slack, blur)
        negative = negative | (lag < -allowed)
        undefined = undefined | jnp.isnan(lag)
    return negative, undefined


def none_crossing(problem: Problem) -> Crossing:
    """No crossing, in the shape of `first_crossing`."""
    zero, no = jnp.asarray(0), jnp.asarray(False)
    return Crossing(no, zero, zero, jnp.full_like(problem.t0, jnp.inf), no)


def later_jumps(problem: Problem, near: Array) -> Array:
    """The user's discontinuities after t0, ascending, each once, and then inf; shape (k + 1,)."""
    times = problem.discontinuities
    times = each_once(jnp.where(times > problem.t0 + near, times, jnp.inf), near)
    return jnp.concatenate([times, jnp.full((1,), jnp.inf)])


def child_order(order: Array, neutral: bool) -> Array:
    """The order of the breaking point that one of this order makes."""
    return jnp.maximum(order, 1) if neutral else order + 1


def appended(breaks: Breaks, time: Array, order: Array, node: Array, when: Array) -> Breaks:
    """The breaking points with one more at the end, where `when` holds."""
    last = breaks.time.shape[0] - 1
    k = jnp.where(when, jnp.minimum(breaks.total, last), last)

    def put(values: Array, value: Array) -> Array:
        return values.at[k].set(jnp.where(when, value, values[k]))

    return Breaks(
        put(breaks.time, time),
        put(breaks.order, order),
        put(breaks.node, node),
        breaks.total + when,
        breaks.origin,
    )


def merging_tolerance(t0: Array, t1: Array) -> Array:
    """Distance below which two times are the same up to round-off of sums of delays."""
    eps = float(np.finfo(np.float64).eps)
    return 64 * eps * jnp.maximum(jnp.maximum(jnp.abs(t0), jnp.abs(t1)), t1 - t0)
