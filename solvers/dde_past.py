"""The past of a delay equation: history, breaking points and accepted steps, as one function.

Breaking points cut the past into segments on which the solution is smooth; segment j runs from
breaking point j to the next, and the first segments are the history. A step freezes the segment
that each lag looks into, and a lag that strays over its end is answered by the smooth continuation
from inside. So a step never sees a jump, and where a lag crosses one can be found by root search.
Source: Guglielmi and Hairer, Computing breaking points in implicit delay differential equations,
Adv. Comput. Math. 29 (2008), for the continuation.
"""

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
from jax import Array

from lemmata.solvers.dde_method import Method


class Problem(eqx.Module):
    """A delay equation on flat states: `f(t, y, ylag, args[, dylag])` of arrays of shape (n,)."""

    f: Callable[..., Array]
    history: Callable[[Array], Array]
    delays: tuple[Any, ...]
    args: Any
    y0: Array
    t0: Array
    t1: Array
    discontinuities: Array
    event: Callable[..., Array] | None
    y0_given: bool = eqx.field(static=True)
    neutral: bool = eqx.field(static=True)

    def lag(self, i: int, t: Array, y: Array) -> Array:
        """The i-th delay at time t and state y."""
        delay: Any = self.delays[i]
        lag: Any = delay(t, y, self.args) if callable(delay) else delay
        return lag

    def varies(self, i: int) -> bool:
        """Whether the i-th delay is a function rather than a number."""
        return callable(self.delays[i])


class Breaks(NamedTuple):
    """Breaking points, ascending, padded with inf; the first is -inf.

    `time` (B,), `order` (B,): the lowest derivative that jumps there; `node` (B,): the step that
    starts there; `total`: how many; `origin`: index of t0. Segments before `origin` are history.
    """

    time: Array
    order: Array
    node: Array
    total: Array
    origin: Array


class Steps(NamedTuple):
    """Accepted steps: `start` (N + 1,), `length` (N + 1,), `coefs` (N + 1, degree + 1, n)."""

    start: Array
    length: Array
    coefs: Array


class Current(NamedTuple):
    """The step under way: its number, start, length and the present guess of its polynomial."""

    number: Array
    start: Array
    length: Array
    coefs: Array


def before_end(now: Current) -> Array:
    """Just before the end of a step, where `f` or a lag may jump: it belongs to the left side."""
    end = now.start + now.length
    eps = jnp.finfo(end.dtype).eps
    return end - 2 * eps * jnp.maximum(jnp.abs(now.start), jnp.abs(end))


def each_once(times: Array, near: Array) -> Array:
    """The times ascending, those within `near` of the one before left out: inf, at the end."""
    times = jnp.sort(times)
    again = jnp.concatenate([jnp.zeros((1,), bool), jnp.diff(times) <= near])[: len(times)]
    return jnp.sort(jnp.where(again, jnp.inf, times))


def initial_breaks(problem: Problem, capacity: int, near: Array) -> Breaks:
    """The breaking points up to t0: the user's jumps in the history, and t0 itself."""
    times = problem.discontinuities
    times = each_once(jnp.where(times < problem.t0 - near, times, jnp.inf), near)
    earlier = times < problem.t0
    known = jnp.sort(jnp.concatenate([times, problem.t0[None]]))
    time = jnp.full((capacity + 2 + len(known),), jnp.inf).at[1 : 1 + len(known)].set(known)
    origin = 1 + jnp.sum(earlier)
    order = jnp.zeros(time.shape, int)
    if not problem.y0_given:
        order = order.at[origin].set(1)
    node = jnp.full(time.shape, capacity + 1).at[origin].set(0)
    return Breaks(time.at[0].set(-jnp.inf), order, node, origin + 1, origin)


def first_guess(problem: Problem, steps: Steps) -> Current:
    """The step at t0 before anything is known of it: a line with the slope of the history.

    A neutral term at a vanishing delay makes the slope at t0 the root of an equation, which may
    have several, or none near 0; the one that continues the history is meant.
    """
    coefs = jnp.zeros_like(steps.coefs[0]).at[0].set(problem.y0)
    if problem.neutral:
        t0 = problem.t0
        slope = jax.jvp(problem.history, (t0,), (jnp.ones_like(t0),))[1]
        coefs = coefs.at[1].set(jnp.where(jnp.isfinite(slope), slope, 0.0))
    return Current(jnp.asarray(0), problem.t0, jnp.ones_like(problem.t0), coefs)


def segment_at(breaks: Breaks, s: Array) -> Array:
    """The segment that holds the time s; a breaking point belongs to the segment it starts."""
    index = jnp.arange(breaks.time.shape[0])
    return jnp.sum((breaks.time <= s) & (index < breaks.total)) - 1


def polynomial(coefs: Array, theta: Array) -> Array:
    """sum_j coefs[j] theta^j, for coefs (d + 1, n) and a scalar theta."""
    value = coefs[-1]
    for c in coefs[-2::-1]:
        value = value * theta + c
    return value


def derivative(coefs: Array, theta: Array) -> Array:
    """The derivative of `polynomial` in theta."""
    value = (len(coefs) - 1) * coefs[-1]
    for j in range(len(coefs) - 2, 0, -1):
        value = value * theta + j * coefs[j]
    return value


def step_holding(start: Array, s: Array, first: Array, last: Array) -> Array:
    """The largest index in [first, last] whose start is at most s (`first` if there is none)."""
    start, s = jax.lax.stop_gradient((start, s))

    def halve(_: int, ends: tuple[Array, Array]) -> tuple[Array, Array]:
        lo, hi = ends
        mid = (lo + hi + 1) // 2
        below = start[mid] <= s
        return jnp.where(below, mid, lo), jnp.where(below, hi, jnp.maximum(mid - 1, lo))

    rounds = math.ceil(math.log2(start.shape[0] + 1))
    lo, _ = jax.lax.fori_loop(0, rounds, halve, (first, last))
    return lo


def look_back(
    problem: Problem, breaks: Breaks, steps: Steps, now: Current, segment: Array, s: Array
) -> tuple[Array, Array, Array]:
    """State and slope at the time s, as seen from `segment`; and whether `now` was looked into.

    The slope is zero unless the problem is neutral.
    """
    first = jnp.maximum(breaks.node[segment], 0)
    last = jnp.clip(breaks.node[segment + 1] - 1, 0, now.number)
    k = step_holding(steps.start, s, jnp.minimum(first, last), last)
    current = k == now.number
    old = segment < breaks.origin
    # In the history no step is meant: `now` stands in, whose numbers and slopes are finite.
    start = jnp.where(current | old, now.start, steps.start[k])
    length = jnp.where(current | old, now.length, steps.length[k])
    coefs = jnp.where(current | old, now.coefs, steps.coefs[k])
    theta = (jnp.where(old, now.start, s) - start) / length
    looked = current & ~old & ((s > now.start) | problem.neutral)
    # The history is asked inside its own segment only; the derivative in s is kept.
    edges = jax.lax.stop_gradient(breaks.time)
    lower = edges[segment]
    upper = edges[jnp.minimum(segment + 1, breaks.origin)]
    upper = jnp.where(segment + 1 < breaks.origin, jnp.nextafter(upper, -jnp.inf), upper)
    s_old = s + jax.lax.stop_gradient(jnp.clip(s, lower, upper) - s)
    s_old = jnp.where(old, s_old, problem.t0)
    if not problem.neutral:
        past = problem.history(s_old)
        return jnp.where(old, past, polynomial(coefs, theta)), jnp.zeros_like(past), looked
    past, slope = jax.jvp(problem.history, (s_old,), (jnp.ones_like(s_old),))
    here = derivative(coefs, theta) / length.astype(coefs.dtype)
    return (
        jnp.where(old, past, polynomial(coefs, theta)),
        jnp.where(old, slope, here),
        looked,
    )


def slope_at(
    problem: Problem,
    breaks: Breaks,
    steps: Steps,
    now: Current,
    segments: Array,
    t: Array,
    y: Array,
) -> tuple[Array, Array]:
    """f at (t, y), the lagged states as seen from `segments`; and whether `now` was looked into."""
    looked = jnp.asarray(False)
    states, slopes = [], []
    for i in range(len(problem.delays)):
        s = t - problem.lag(i, t, y)
        state, slope, inside = look_back(problem, breaks, steps, now, segments[i], s)
        states.append(state)
        slopes.append(slope)
        looked = looked | inside
    if problem.neutral:
        return problem.f(t, y, tuple(states), problem.args, tuple(slopes)), looked
    return problem.f(t, y, tuple(states), problem.args), looked


def dense_coefs(method: Method, y: Array, ks: Array, h: Array) -> Array:
    """The polynomial of a step from y with slopes ks (stages, n) and length h."""
    table = jnp.asarray(method.dense).astype(ks.dtype)
    return jnp.concatenate([y[None], h.astype(ks.dtype) * (table @ ks)])
