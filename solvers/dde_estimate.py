"""The global error of a solve, estimated from a second one with tighter tolerances.

Source: Shampine, Error estimation and control for ODEs, J. Sci. Comput. 25 (2005), section 5, for
reintegration as the way to a global error that can be trusted.
"""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jax import Array

from lemmata.solvers.dde_loop import EVENT, OK, Tolerance
from lemmata.solvers.dde_past import Problem, Steps, derivative, step_holding
from lemmata.solvers.dde_solution import flat_state

# The second solve has tolerances this much smaller, and shorter steps where tolerances do not bind;
# its own error is taken as half of the difference, and is mostly a twentieth.
TIGHTER = 0.01
SHORTER = 0.4
TRUSTED = 0.5
# The result says so where the error is this many times the tolerance.
TIMES = 10


class Path(NamedTuple):
    """A solve of flat states: its steps, their number, where it ended, and what it says."""

    steps: Steps
    number: Array
    t_end: Array
    y_end: Array
    rest: dict[str, Any]


def tighter(tolerance: Tolerance) -> Tolerance:
    """The tolerance of the finer solve."""
    least = jnp.asarray(2e-14)
    return Tolerance(
        jnp.maximum(TIGHTER * tolerance.rtol, jnp.minimum(tolerance.rtol, least)),
        TIGHTER * tolerance.atol,
        SHORTER * tolerance.longest,
        SHORTER * tolerance.first,
    )


def estimated(
    problem: Problem, fine: Path, coarse: Path, tolerance: Tolerance, ts: Array
) -> tuple[Array, Array]:
    """Whether the accuracy was missed; and the error at ts, shape (k, n): largest up to each time.

    `ts`, shape (k,), may be in any order; inf where there is none, and so is the error there and
    past the end of the finer solve. The accuracy is missed where that error, or the one at the
    end, is over `TIMES` times the tolerance, and where the two solves end for different reasons.
    As for the steps, `rtol` is of the largest state in the step: not of one that passes through 0.
    """
    fine, coarse = jax.lax.stop_gradient((fine, coarse))
    times = jnp.append(jax.lax.stop_gradient(ts), fine.t_end)
    seen = (times <= fine.t_end)[:, None]
    # An event ends the two solves at two times: they are compared up to the first, and beyond it
    # by how far the state moves in between.
    both = jnp.minimum(fine.t_end, coarse.t_end)
    at = jnp.where(times < both, times, both)
    a, b = (_states(problem, path, at) for path in (fine, coarse))
    moved = jnp.abs(_last_slope(fine)) * jnp.abs(fine.t_end - coarse.t_end)
    gap = jnp.abs(a - b) + jnp.where((times > both)[:, None], moved, 0.0)
    a = jnp.where((times > both)[:, None], fine.y_end, a)
    order = jnp.argsort(times)
    back = jnp.argsort(order)

    def largest(values: Array) -> Array:
        return jax.lax.cummax(jnp.where(seen, values, 0.0)[order], axis=0)[back]

    roundoff = jnp.finfo(times.dtype).eps * (8 + 4 * fine.number)
    errors = TRUSTED * largest(gap) + roundoff * largest(jnp.abs(a))
    size = jnp.maximum(jnp.abs(a), _around(fine, times))
    limit = TIMES * (tolerance.atol + tolerance.rtol * size)
    end, other = fine.rest["outcome"], coarse.rest["outcome"]
    missed = jnp.any(seen & ~(errors <= limit)) | (end != other)
    good = (end == OK) | (end == EVENT)
    return good & missed, jnp.where(seen, errors, jnp.inf)[:-1]


def _states(problem: Problem, path: Path, ts: Array) -> Array:
    return jax.vmap(
        lambda t: flat_state(path.steps, path.number, problem.t0, path.t_end, problem.history, t)
    )(ts)


def _around(path: Path, ts: Array) -> Array:
    """The larger of |y| at both ends of the step that holds each time."""
    steps, first, last = path.steps, jnp.zeros_like(path.number), jnp.maximum(path.number - 1, 0)
    k = jax.vmap(lambda t: step_holding(steps.start, t, first, last))(ts)
    ends = jnp.abs(steps.coefs[k, 0]), jnp.abs(jnp.sum(steps.coefs[k], axis=1))
    return jnp.maximum(*ends)


def _last_slope(path: Path) -> Array:
    """y' at the end, from the last step."""
    steps, k = path.steps, jnp.maximum(path.number - 1, 0)
    theta = (path.t_end - steps.start[k]) / steps.length[k]
    return derivative(steps.coefs[k], theta) / steps.length[k].astype(steps.coefs.dtype)
