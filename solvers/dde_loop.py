"""The adaptive loop: step sizes, acceptance, landings on breaking points; no derivatives.

It returns the mesh, with a note at every node of why the step ended there, so that
`dde_replay.py` can go over the same mesh again with derivatives.
"""

from typing import NamedTuple

import equinox.internal as eqxi
import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from lemmata.solvers.breaking_points import (
    Crossing,
    appended,
    child_order,
    closed_form_landings,
    first_crossing,
    first_segments,
    lag_rate,
    lags_at_start,
    later_jumps,
    merging_tolerance,
    none_crossing,
)
from lemmata.solvers.dde_event import occurs
from lemmata.solvers.dde_method import Method
from lemmata.solvers.dde_past import (
    Breaks,
    Current,
    Problem,
    Steps,
    derivative,
    first_guess,
    initial_breaks,
    slope_at,
)
from lemmata.solvers.dde_step import Sweep, defect, iterate, predicted, slope_before

# Local errors are kept below this part of the tolerance, so that what they add up to over a
# moderate time is within it.
LOCAL = 0.05
# The defect is weighed so that a step's polynomial is as good as its end.
DEFECT = 0.2
INNER = 0.7  # where in the step the defect is taken: far from its zeros at both ends
# A lag that vanishes may be negative by what this many tolerances of the state make.
BLUR = 10
TINY = float(np.finfo(np.float64).tiny)
TRIES = 6  # Newton steps on a breaking point

OK, MAX_STEPS, UNDERFLOW, NONFINITE, NEGATIVE, EVENT, IMPLICIT, MISSED = range(8)


class Tolerance(NamedTuple):
    """Relative and absolute tolerance; the longest step, and the first (0: to be chosen)."""

    rtol: Array
    atol: Array
    longest: Array
    first: Array


class Notes(NamedTuple):
    """Per step: segments of the lags, sweeps made, and why it ended where it did.

    `reason` is -1 for none, i for delay i meeting breaking point `parent`, and (number of delays)
    for user discontinuity number `parent`; `made` is the breaking point that arose, or -1.
    """

    segments: Array
    sweeps: Array
    reason: Array
    parent: Array
    made: Array


class Walk(NamedTuple):
    """The state of the loop; `t`, `y`: where it stands; `h`: the step to try next."""

    number: Array
    tried: Array
    rejected: Array
    evaluations: Array
    t: Array
    y: Array
    h: Array
    ratio: Array
    segments: Array
    smooth: Array
    jumps: Array
    aim: Array
    aim_delay: Array
    aim_way: Array
    aim_tries: Array
    steps: Steps
    breaks: Breaks
    notes: Notes
    outcome: Array
    active: Array
    start_slope: Array


def walk(problem: Problem, method: Method, tolerance: Tolerance, max_steps: int) -> Walk:
    """Integrate from t0 to t1 and return everything that was learned."""
    near = merging_tolerance(problem.t0, problem.t1)
    later = later_jumps(problem, near)
    state = _start(problem, method, tolerance, max_steps, near)

    def body(state: Walk) -> Walk:
        return _attempt(problem, method, tolerance, max_steps, near, later, state)

    return jax.lax.while_loop(lambda state: eqxi.unvmap_any(state.active), body, state)


def _start(
    problem: Problem, method: Method, tolerance: Tolerance, max_steps: int, near: Array
) -> Walk:
    y, t, n, m = problem.y0, problem.t0, max_steps + 2, len(problem.delays)
    steps = Steps(
        jnp.full((n,), jnp.inf, t.dtype).at[0].set(t),
        jnp.ones((n,), t.dtype),
        # The state at t0 is known, whether or not a step follows.
        jnp.zeros((n, method.degree + 1, *y.shape), y.dtype).at[0, 0].set(y),
    )
    breaks = initial_breaks(problem, max_steps, near)
    now = first_guess(problem, steps)
    segments = first_segments(problem, breaks, steps, now, near)
    slope, _ = slope_at(problem, breaks, steps, now, segments, t, y)
    scale = _unit(tolerance, jnp.abs(y)) / LOCAL
    negative, undefined = lags_at_start(problem, 16 * near, BLUR * scale)
    d0, d1 = jnp.max(jnp.abs(y) / scale), jnp.max(jnp.abs(slope) / scale)
    span = problem.t1 - t
    h = jnp.where((d0 > 1e-5) & (d1 > 1e-5), 0.01 * d0 / jnp.where(d1 > 0, d1, 1.0), 1e-4 * span)
    # In proportion to the longest step, so that an error estimate sees two different meshes.
    h = jnp.clip(h, 1e-9 * span, 0.01 * span) * jnp.minimum(1.0, 10 * tolerance.longest / span)
    h = jnp.where(tolerance.first > 0, tolerance.first, h)
    finite = jnp.all(jnp.isfinite(y)) & jnp.all(jnp.isfinite(slope)) & ~undefined
    zero = jnp.asarray(0)
    none = jnp.full((n,), -1)
    return Walk(
        number=zero,
        tried=zero,
        rejected=zero,
        evaluations=jnp.asarray(1),
        t=t,
        y=y,
        h=h,
        ratio=jnp.ones_like(t),
        segments=segments,
        smooth=jnp.asarray(False),
        jumps=zero,
        aim=jnp.full_like(t, jnp.inf),
        aim_delay=zero,
        aim_way=zero,
        aim_tries=zero,
        steps=steps,
        breaks=breaks,
        notes=Notes(jnp.zeros((n, m), int), none, none, none, none),
        outcome=jnp.where(negative, NEGATIVE, jnp.where(finite, OK, NONFINITE)),
        active=finite & ~negative,
        start_slope=slope,
    )


def _attempt(
    problem: Problem,
    method: Method,
    tolerance: Tolerance,
    max_steps: int,
    near: Array,
    later: Array,
    state: Walk,
) -> Walk:
    end, on_aim, on_jump = _target(problem, near, later, state)
    h = end - state.t
    y, number = state.y, state.number
    slope = slope_before(problem, state.steps, number, state.start_slope)
    guess = predicted(method, state.steps, number, h, y, slope, state.smooth)
    now = Current(number, state.t, h, guess)
    unit = _unit(tolerance, jnp.abs(y))
    new, sweeps, still = iterate(
        problem, method, state.breaks, state.steps, now, state.segments, y, unit, eqxi.unvmap_any
    )
    now = now._replace(coefs=new.coefs)
    ratio = _error_ratio(problem, tolerance, state, now, new)
    finite = jnp.isfinite(ratio) & jnp.all(jnp.isfinite(new.end))
    happened = jnp.asarray(False)
    if problem.event is not None:
        happened, undefined = occurs(problem.event, problem.args, now)
        finite = finite & ~undefined
    fine = finite & still & (ratio <= 1)
    blur = BLUR / LOCAL * unit
    fine, hop, crossing, state = _watch(problem, near, state, now, new, on_aim, fine, blur)
    accept = fine & state.active
    factor = _factor(method, state, ratio, finite, still & ~crossing.ahead)
    outcome = jnp.where(finite, jnp.where(still, UNDERFLOW, IMPLICIT), NONFINITE)
    outcome = jnp.where(crossing.ahead, NEGATIVE, outcome)
    redo = crossing.found & ~fine & ~hop  # good, but it ran over a breaking point
    failed = ~fine & ~redo & ~hop
    proposed = jnp.where(fine | redo | hop, state.h, h * factor)
    grown = jnp.maximum(h * factor, jnp.where(h < 0.99 * state.h, state.h, 0.0))
    proposed = jnp.minimum(jnp.where(fine, grown, proposed), tolerance.longest)
    least = jnp.where(crossing.ahead, 1e4 * near, near / 16)
    small = failed & (proposed < least)

    state = _record(problem, method, near, state, now, new, sweeps, accept, on_aim, on_jump, end)
    tried = state.tried + 1
    reached = accept & (end >= problem.t1)
    spent = ~reached & (tried >= max_steps)
    outcome = jnp.where(small, outcome, jnp.where(spent, MAX_STEPS, OK))
    happened = accept & happened
    outcome = jnp.where(happened, EVENT, outcome)
    active = state.active

    def keep(new: Array, old: Array) -> Array:
        return jnp.where(active, new, old)

    return state._replace(
        tried=keep(tried, state.tried),
        rejected=keep(state.rejected + (failed | redo), state.rejected),
        evaluations=keep(
            state.evaluations + sweeps * method.count + 1,
            state.evaluations,
        ),
        h=keep(proposed, state.h),
        ratio=jnp.where(accept, jnp.maximum(ratio, 1e-4), state.ratio),
        aim=keep(jnp.where(failed | fine, jnp.inf, state.aim), state.aim),
        aim_tries=keep(jnp.where(failed | fine, 0, state.aim_tries), state.aim_tries),
        outcome=keep(outcome, state.outcome),
        active=active & ~(reached | small | spent | happened),
    )


def _target(problem: Problem, near: Array, later: Array, state: Walk) -> tuple[Array, Array, Array]:
    """Where this step should end; whether that is on the aim, and on a user's discontinuity."""
    jump = later[state.jumps]
    landings = closed_form_landings(problem, state.breaks, state.segments)
    wall = jnp.minimum(jump, problem.t1)
    wall = jnp.minimum(wall, state.aim)
    wall = jnp.minimum(wall, jnp.min(landings, initial=jnp.inf))
    wall = jnp.where(jnp.abs(wall - problem.t1) <= near, problem.t1, wall)
    wall = jnp.where(jnp.abs(wall - jump) <= near, jump, wall)
    left = wall - state.t
    # Two equal steps rather than a long one and a sliver.
    h = jnp.where(state.h >= 0.95 * left, left, jnp.minimum(state.h, 0.51 * left))
    h = jnp.where(2 * state.h < left, state.h, h)
    end = jnp.where(h >= left, wall, state.t + h)
    return end, end == state.aim, end >= jump - near


def _unit(tolerance: Tolerance, size: Array) -> Array:
    # Positive where the state and `atol` are 0: no error is none of it.
    return jnp.maximum(LOCAL * (tolerance.atol + tolerance.rtol * size), TINY)


def _error_ratio(
    problem: Problem, tolerance: Tolerance, state: Walk, now: Current, new: Sweep
) -> Array:
    size = jnp.maximum(jnp.abs(state.y), jnp.abs(new.end))
    unit = _unit(tolerance, size)
    gap = jnp.abs(defect(problem, state.breaks, state.steps, now, state.segments, INNER))
    weight = DEFECT * now.length
    if problem.neutral:  # the slope itself is looked up later
        weight = DEFECT * jnp.maximum(now.length, 0.1 * (problem.t1 - problem.t0))
    return jnp.maximum(jnp.max(jnp.abs(new.error) / unit), jnp.max(weight * gap / unit))


def _factor(method: Method, state: Walk, ratio: Array, finite: Array, still: Array) -> Array:
    k = 1 / (method.degree + 1)
    safe = jnp.where(finite, jnp.maximum(ratio, 1e-10), 1.0)
    up = jnp.clip(0.9 * safe ** (-0.7 * k) * state.ratio ** (0.3 * k), 0.2, 5.0)
    down = jnp.clip(0.9 * safe**-k, 0.1, 0.9)
    factor = jnp.where(ratio <= 1, up, down)
    factor = jnp.where(finite, factor, 0.25)
    return jnp.where(still, factor, jnp.minimum(factor, 0.5))


def _watch(
    problem: Problem,
    near: Array,
    state: Walk,
    now: Current,
    new: Sweep,
    on_aim: Array,
    fine: Array,
    blur: Array,
) -> tuple[Array, Array, Crossing, Walk]:
    """Look for crossings of varying lags in a step that is otherwise fine.

    Returns whether it is still fine, whether a lag changes its segment on the spot, and the aim.
    """
    if not any(problem.varies(i) for i in range(len(problem.delays))):
        return fine, jnp.asarray(False), none_crossing(problem), state
    fine = fine & state.active
    breaks, segments = state.breaks, state.segments
    crossing = first_crossing(problem, breaks, segments, now, 16 * near, blur)
    crossing = crossing._replace(ahead=fine & crossing.ahead)
    fine = fine & ~crossing.ahead
    end = now.start + now.length

    # A step that was to end on a crossing: is it there? If not, Newton says where it is.
    edge = breaks.time[segments[state.aim_delay] + (state.aim_way > 0)]
    slope = derivative(new.coefs, jnp.ones(())) / now.length.astype(new.end.dtype)
    miss, rate = jnp.zeros_like(end), jnp.ones_like(end)
    for i in range(len(problem.delays)):
        if problem.varies(i):
            chosen = state.aim_delay == i
            miss = jnp.where(chosen, end - problem.lag(i, end, new.end) - edge, miss)
            rate = jnp.where(chosen, lag_rate(problem, i, end, new.end, slope), rate)
    there = on_aim & ((jnp.abs(miss) <= near) | (state.aim_tries >= TRIES))
    newton = end - miss / jnp.where(rate == 0, 1.0, rate)
    newton = jnp.clip(newton, now.start + now.length / 2, end + now.length / 2)
    found = fine & ~there & (crossing.found | on_aim)
    earlier = crossing.found & (crossing.time < end - 16 * near)
    aim = jnp.where(on_aim & ~earlier, newton, crossing.time)
    hop = found & crossing.found & (crossing.time - now.start <= 16 * near)
    crossing = crossing._replace(found=found)
    # Hop: the lag stands on the edge already and only its segment changes.
    hopped = segments.at[crossing.delay].add(crossing.way)
    retarget = found & ~hop & ~(on_aim & ~earlier)
    state = state._replace(
        segments=jnp.where(hop, hopped, segments),
        aim=jnp.where(found & ~hop, aim, state.aim),
        aim_delay=jnp.where(retarget, crossing.delay, state.aim_delay),
        aim_way=jnp.where(retarget, crossing.way, state.aim_way),
        aim_tries=jnp.where(found & ~hop, state.aim_tries + 1, state.aim_tries),
    )
    return fine & ~found, hop, crossing, state


def _record(
    problem: Problem,
    method: Method,
    near: Array,
    state: Walk,
    now: Current,
    new: Sweep,
    sweeps: Array,
    accept: Array,
    on_aim: Array,
    on_jump: Array,
    end: Array,
) -> Walk:
    """Write the step down, land on breaking points, and move on where it was accepted."""
    m = len(problem.delays)
    breaks, segments, junk = state.breaks, state.segments, state.notes.reason.shape[0] - 1
    n = jnp.where(state.active, now.number, junk)
    following = jnp.where(accept, now.number + 1, junk)
    steps = Steps(
        state.steps.start.at[following].set(end),
        state.steps.length.at[n].set(now.length),
        state.steps.coefs.at[n].set(now.coefs),
    )
    varying = jnp.asarray([problem.varies(i) for i in range(m)], bool)
    index = jnp.arange(m)

    def meets(breaks: Breaks, segments: Array) -> Array:
        return accept & (closed_form_landings(problem, breaks, segments) <= end + near)

    aimed = varying & (index == state.aim_delay) & on_aim & accept
    way = jnp.where(aimed, state.aim_way, 1)
    met = meets(breaks, segments) | aimed
    parents = jnp.where(way > 0, segments + 1, segments)
    orders = jnp.where(met, breaks.order[parents], 1000)
    jump = accept & on_jump
    oldest = jnp.min(orders, initial=1000)
    order = jnp.where(jump, 1, child_order(oldest, problem.neutral))
    made = (jnp.any(met) | jump) & (order <= method.order)
    best = jnp.argmin(orders) if m else jnp.asarray(0)
    by_delay = jnp.any(met) & ~jump
    parent = parents[best] if m else jnp.asarray(0)
    notes = Notes(
        state.notes.segments.at[n].set(segments),
        state.notes.sweeps.at[n].set(sweeps),
        state.notes.reason.at[n].set(jnp.where(jump, m, jnp.where(by_delay, best, -1))),
        state.notes.parent.at[n].set(jnp.where(jump, state.jumps, parent)),
        state.notes.made.at[n].set(jnp.where(made, breaks.total, -1)),
    )
    segments = jnp.where(met, segments + way, segments)
    breaks = appended(breaks, end, order, now.number + 1, made)
    # A delay of zero meets the new breaking point at once.
    segments = segments + meets(breaks, segments)
    return state._replace(
        number=state.number + accept,
        t=jnp.where(accept, end, state.t),
        y=jnp.where(accept, new.end, state.y),
        segments=segments,
        smooth=jnp.where(accept, ~made, state.smooth),
        jumps=state.jumps + jump,
        steps=steps,
        breaks=breaks,
        notes=notes,
    )
