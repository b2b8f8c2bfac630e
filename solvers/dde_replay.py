"""The solve as one differentiable function: derivatives go over the mesh a second time.

The adaptive loop chooses the mesh and is not differentiated. Where a derivative is asked for, the
accepted steps are taken again in a bounded loop, with the mesh held fixed but for its breaking
points: these move with the delays, by the implicit function theorem, so that the derivative is
right across jumps: the first and the second one, forward, reverse, and one by the other. A third
derivative is right where delays are constant.
Source: Hartung, Krisztin, Walther and Wu, Functional differential equations with state-dependent
delays (2006), section 4, for the derivative of a solution with respect to its delays.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import equinox as eqx
import equinox.internal as eqxi
import jax
import jax.numpy as jnp
from jax import Array

from lemmata.solvers.breaking_points import lag_rate, later_jumps, merging_tolerance
from lemmata.solvers.dde_loop import Tolerance, Walk, walk
from lemmata.solvers.dde_method import Method
from lemmata.solvers.dde_past import Current, Problem, Steps, derivative, initial_breaks, polynomial
from lemmata.solvers.dde_step import ITERATIONS, NEUTRAL_ITERATIONS, sweep

Replayed = tuple[Steps, Array, Array, Array]


# Newton steps, at a fixed rate, on where a breaking point moves: each makes one more derivative
# right. A constant delay needs one for all of them.
LANDINGS = 2


class Outcome(NamedTuple):
    """Steps, the time reached, the state there, and what else the loop has learned."""

    steps: Steps
    t: Array
    y: Array
    rest: dict[str, Any]


# The keyword arguments of a function with a custom rule are not differentiated.
@eqx.filter_custom_jvp
def integrate(
    problem: Problem, tolerances: Sequence[Tolerance], *, method: Method, max_steps: int
) -> list[Outcome]:
    """The solve for each tolerance; only the first has derivatives, the others are constants."""
    return [_outcome(done) for done in _walks(problem, tolerances, method, max_steps)]


@integrate.def_jvp
def _integrate_jvp(
    primals: tuple[Problem, Sequence[Tolerance]],
    tangents: tuple[Any, Any],
    *,
    method: Method,
    max_steps: int,
) -> Any:
    problem, tolerances = primals
    moving, _ = tangents
    walks = _walks(_stopped(problem), _stopped(tolerances), method, max_steps)
    done, *others = _stopped(walks)

    def again(problem: Problem) -> tuple[Steps, Array, Array]:
        return replay(problem, method, max_steps, done)

    (steps, t, y), (steps_dot, t_dot, y_dot) = eqx.filter_jvp(again, (problem,), (moving,))
    rest, constant = _outcome(done).rest, [_outcome(other) for other in others]
    nothing = jax.tree.map(lambda _: None, rest)
    moved = [Outcome(steps_dot, t_dot, y_dot, nothing), *_unmoved(constant)]
    return [Outcome(steps, t, y, rest), *constant], moved


def _walks(
    problem: Problem, tolerances: Sequence[Tolerance], method: Method, max_steps: int
) -> list[Walk]:
    # Measured: XLA compiles the equal loops as one, and they run faster than a loop over loops.
    return [walk(problem, method, tolerance, max_steps) for tolerance in tolerances]


def _unmoved(tree: Any) -> Any:
    return jax.tree.map(lambda x: jnp.zeros_like(x) if eqx.is_inexact_array(x) else None, tree)


def _stopped(tree: Any) -> Any:
    arrays, others = eqx.partition(tree, eqx.is_inexact_array)
    return eqx.combine(jax.tree.map(jax.lax.stop_gradient, arrays), others)


def _outcome(done: Walk) -> Outcome:
    rest = {
        "number": done.number,
        "tried": done.tried,
        "rejected": done.rejected,
        "evaluations": done.evaluations,
        "breaks": done.breaks.total - done.breaks.origin,
        "outcome": done.outcome,
        "finite_start": jnp.all(jnp.isfinite(done.start_slope)),
    }
    return Outcome(done.steps, done.t, done.y, rest)


def replay(
    problem: Problem, method: Method, max_steps: int, done: Walk
) -> tuple[Steps, Array, Array]:
    """Take the accepted steps of `done` again; differentiable in everything in `problem`."""
    near = merging_tolerance(problem.t0, problem.t1)
    later = later_jumps(problem, near)
    early = initial_breaks(problem, max_steps, near).time
    known = jnp.arange(early.shape[0]) <= done.breaks.origin
    times = jnp.where(known, early, done.breaks.time)
    notes = done.notes

    def take(carry: Replayed, n: Array) -> Replayed:
        steps, times, t, y = carry
        breaks = done.breaks._replace(time=times)
        # A lane that failed at t0 has no step at all: any finite one will do, unheard.
        last = (n + 1 >= done.number) & (done.t >= problem.t1)
        # It ended at t1 where that is, and at t1 still where that moves.
        end = jnp.where((done.number > 0) & ~last, done.steps.start[n + 1], problem.t1)
        segments = notes.segments[n]
        now = Current(n, t, end - t, done.steps.coefs[n])
        coefs = _settled(problem, method, breaks, steps, now, segments, y, notes.sweeps[n] > 1)
        xi = jnp.where(last, end, _landing(problem, done, later, times, n, now, coefs, end))
        made = notes.made[n]
        at = jnp.where(made >= 0, made, times.shape[0] - 1)
        times = times.at[at].set(jnp.where(made >= 0, xi, times[at]))
        steps = Steps(
            steps.start.at[n].set(t).at[n + 1].set(xi),
            steps.length.at[n].set(now.length),
            steps.coefs.at[n].set(coefs),
        )
        # The step ended at a fixed time; the breaking point moves on along the solution.
        return steps, times, xi, polynomial(coefs, (xi - t) / now.length)

    def body(carry: Replayed, n: Array) -> tuple[Replayed, None]:
        active = n < done.number

        def run(carry: Replayed) -> Replayed:
            # A lane that is done takes the first step once more, unheard: no nan, in slopes either.
            steps, times, t, y = carry
            t, y = jnp.where(active, t, problem.t0), jnp.where(active, y, problem.y0)
            new = take((steps, times, t, y), jnp.where(active, n, 0))
            return jax.tree.map(lambda a, b: jnp.where(active, a, b), new, carry)

        return jax.lax.cond(eqxi.unvmap_any(active), run, lambda carry: carry, carry), None

    steps = Steps(done.steps.start, done.steps.length, done.steps.coefs)
    start = (steps, times, problem.t0, problem.y0)
    (steps, _, t, y), _ = jax.lax.scan(body, start, jnp.arange(max_steps))
    return steps, t, y


def _settled(
    problem: Problem,
    method: Method,
    breaks: Any,
    steps: Steps,
    now: Current,
    segments: Array,
    y: Array,
    implicit: Array,
) -> Array:
    """The step `now`; an implicit one repeated until its derivative has settled, too."""
    # Its value has settled before; a derivative settles at the rate of the iteration, which a
    # neutral term may make slow.
    times = NEUTRAL_ITERATIONS if problem.neutral else ITERATIONS

    again = eqxi.unvmap_any(implicit)

    def once(coefs: Array) -> Array:
        held = now._replace(coefs=coefs)
        return sweep(problem, method, breaks, steps, held, segments, y).coefs

    def body(coefs: Array, n: Array) -> tuple[Array, None]:
        # One place for both kinds of steps: the sweep and its transpose take long to compile.
        return jax.lax.cond((n == 0) | again, once, lambda coefs: coefs, coefs), None

    return jax.lax.scan(body, now.coefs, jnp.arange(times))[0]


def _landing(
    problem: Problem,
    done: Walk,
    later: Array,
    times: Array,
    n: Array,
    now: Current,
    coefs: Array,
    end: Array,
) -> Array:
    """The end of the step in value, and the breaking point it landed on in its derivative."""
    reason, parent = done.notes.reason[n], done.notes.parent[n]
    y = polynomial(coefs, jnp.ones(()))
    slope = derivative(coefs, jnp.ones(())) / now.length.astype(y.dtype)
    xi = end
    for i in range(len(problem.delays)):
        met = reason == i
        rate = jax.lax.stop_gradient(lag_rate(problem, i, end, y, slope))
        rate = jnp.where(met & (rate != 0), rate, 1.0)
        for _ in range(LANDINGS if problem.varies(i) else 1):
            y = polynomial(coefs, (xi - now.start) / now.length)
            miss = jnp.where(met, xi - problem.lag(i, xi, y) - times[parent], 0.0)
            # 0 in value: t - lag = breaking point holds here already.
            xi = xi - (miss - jax.lax.stop_gradient(miss)) / rate
    jump = later[jnp.minimum(parent, later.shape[0] - 1)]
    jumped = reason == len(problem.delays)
    jump = jnp.where(jumped, jump, 0.0)
    return xi + (jump - jax.lax.stop_gradient(jump))
