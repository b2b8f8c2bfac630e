r"""Solve delay equations: adaptive, differentiable, right across breaking points.

$$ y'(t) = f(t, y(t), y(t - \tau_1), \dots, y(t - \tau_m), y'(t - \tau_1), \dots), \quad t > t_0 $$

with delays that are constant or depend on time and state, may vanish, and may enter by the slope
(neutral equations). Explicit Runge-Kutta pairs of diffrax, stepped from one breaking point to the
next. Source: Bellen and Zennaro, Numerical Methods for Delay Differential Equations (2003).
"""

from collections.abc import Callable, Sequence
from typing import Any

import diffrax
import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from jax.flatten_util import ravel_pytree
from jax.typing import ArrayLike

from lemmata.solvers import dde_checks as checks
from lemmata.solvers.dde_estimate import Path, estimated, tighter
from lemmata.solvers.dde_event import event_time
from lemmata.solvers.dde_loop import EVENT, Tolerance
from lemmata.solvers.dde_method import Method, method_of
from lemmata.solvers.dde_past import Current, Problem
from lemmata.solvers.dde_replay import Outcome, integrate
from lemmata.solvers.dde_solution import DDEResult, DDESolution, flat_state, frozen, over_times

__all__ = ["DDEResult", "DDESolution", "solve_dde"]

Delay = ArrayLike | Callable[[Array, Any, Any], ArrayLike]


def solve_dde(
    f: Callable[..., Any],
    history: Callable[[Array], Any],
    delays: Delay | Sequence[Delay],
    t0: ArrayLike,
    t1: ArrayLike,
    *,
    y0: Any = None,
    args: Any = None,
    ts: ArrayLike | Sequence[float] | None = None,
    rtol: ArrayLike = 1e-6,
    atol: ArrayLike = 1e-9,
    method: diffrax.AbstractSolver | None = None,
    neutral: bool = False,
    discontinuities: Sequence[ArrayLike] | Array = (),
    max_steps: int = 4096,
    dt0: ArrayLike | None = None,
    max_step: ArrayLike | None = None,
    error_estimate: bool = True,
    event: Callable[[Array, Any, Any], ArrayLike] | None = None,
) -> DDESolution:
    """Solve the delay equation y' = f(t, y, ylag, args) from t0 to t1.

    **Arguments:**

    - `f`: `f(t, y, ylag, args)` returns dy/dt, in the form of y. `ylag[i]` is y(t - delays[i]).
      With `neutral=True` it is `f(t, y, ylag, args, dylag)`, and `dylag[i]` is y'(t - delays[i]).
    - `history`: `history(t)` gives y for t < t0, and at t0 unless `y0` is given: a number, an array
      or a PyTree of float64 or complex128 arrays. It is never asked for t > t0.
    - `delays`: one delay or several, each a number or a callable `(t, y, args) -> lag`. A lag may
      vanish, but not become negative.
    - `t0`, `t1`: start and end, t0 < t1.
    - `y0`: the state at t0, where it differs from `history(t0)`: the solution jumps there.
    - `args`: any PyTree, handed to `f`, callable delays and `event`.
    - `ts`: times in [t0, t1] to save at; without them every accepted step is saved.
    - `rtol`, `atol`: tolerances, meant for the global error: local errors are kept well below.
    - `method`: an explicit Runge-Kutta pair of diffrax. By default `diffrax.Tsit5()`, and
      `diffrax.Dopri8()` for neutral equations and where `rtol` is below 1e-7.
    - `neutral`: whether `f` takes the lagged slopes.
    - `discontinuities`: times where the history jumps, or `f` does in t. Those at t0 and what
      follows from all of them by the delays are found without being named.
    - `max_steps`: the largest number of steps, rejected ones included.
    - `dt0`: the first step to try; by default it is chosen from the size of y and f.
    - `max_step`: the longest step; by default a tenth of t1 - t0.
    - `error_estimate`: whether to solve again with a hundredth of the tolerances, return that
      solution, and estimate its global error. Where the estimate exceeds 10 times the tolerance
      asked for, `result` says so. It costs about 2.5 times the time; False, for sweeps and fits,
      gives the solution of the tolerances themselves, and no word on how errors grew. A pulse of
      `f` that both solves step over is in neither: name its time, or set `max_step`.
    - `event`: `event(t, y, args)` returns a number, and the solve ends where it changes its sign;
      or a truth value, and it ends where that changes.

    **Returns:** a `DDESolution`; its `result` is `DDEResult.successful`, or advice. The call
    goes through `jax.jit`, `jax.vmap`, and forward and reverse derivatives with respect to `y0`,
    `args`, `t0`, delays, discontinuities, and whatever `f`, `history` and the delays close over.

    **Raises:** ValueError on arguments that cannot be right: negative delays, a history of
    another form than `y0`, `f` that returns another form than y or is nan at the start,
    t1 <= t0, `ts` outside [t0, t1], tolerances below double precision.
    """
    start, end = checks.checked_span(t0, t1)
    checks.check_callable("history", history, "history(t)")
    neutral = checks.checked_flag("neutral", neutral)
    call = "f(t, y, ylag, args, dylag)" if neutral else "f(t, y, ylag, args)"
    checks.check_callable("f", f, call)
    lags = checks.checked_delays(delays)
    tolerance = Tolerance(
        checks.checked_tolerance("rtol", rtol, 1e-14),
        checks.checked_tolerance("atol", atol, 0.0),
        0.1 * (end - start) if max_step is None else checks.checked_length("max_step", max_step),
        jnp.zeros(()) if dt0 is None else checks.checked_length("dt0", dt0),
    )
    table = method_of(_default(rtol, neutral) if method is None else method)
    steps = checks.checked_count("max_steps", max_steps)
    jumps = checks.checked_discontinuities(discontinuities)
    times = None if ts is None else checks.checked_times(ts, start, end)
    args = checks.checked_args(args)
    error_estimate = checks.checked_flag("error_estimate", error_estimate)
    past = checks.checked_state("history(t0)", history(jnp.asarray(start)))
    checks.shape_of("history", history, start)
    y = past if y0 is None else checks.checked_state("y0", y0)
    checks.check_same("history", past, y, "it must return a state like `y0`")
    checks.check_start("history(t0)" if y0 is None else "y0", y, start)
    for i, lag in enumerate(lags):
        if callable(lag):
            checks.check_callable(f"delays[{i}]", lag, f"delays[{i}](t, y, args)")
            checks.check_delay(i, lag, start, y, args)
    _check_field(f, start, y, args, len(lags), neutral)
    if event is not None:
        checks.check_callable("event", event, "event(t, y, args)")
        checks.check_event(event, start, y, args)
    start, end, lags, tolerance = jax.tree.map(_as_array, (start, end, lags, tolerance))
    flat_history = _flat_history(history, y)
    checks.check_history(
        flat_history, start, [lag(start, y, args) if callable(lag) else lag for lag in lags]
    )
    solution, finite = _solve(
        f, history, lags, start, end, y, args, jumps, tolerance, times, event,
        table, y0 is not None, neutral, steps, error_estimate,
    )  # fmt: skip
    if checks.is_known(finite) and not bool(finite):
        raise ValueError(
            f"`f` is not finite at t0={float(start)!r}; check the formula, and the history at the "
            "delays."
        )
    return _trimmed(solution) if times is None and checks.is_known(solution.ts) else solution


def _as_array(leaf: Any) -> Any:
    return leaf if callable(leaf) else jnp.asarray(leaf)


def _default(rtol: Any, neutral: bool) -> diffrax.AbstractSolver:
    tight = checks.is_known(rtol) and float(np.asarray(rtol)) < 1e-7
    return diffrax.Dopri8() if neutral or tight else diffrax.Tsit5()


def _check_field(
    f: Callable[..., Any], t: Array, y: Any, args: Any, count: int, neutral: bool
) -> None:
    lagged = (y,) * count
    more = (lagged,) if neutral else ()
    try:
        out = checks.shape_of("f", lambda t, y: f(t, y, lagged, args, *more), t, y)
    except IndexError as error:
        checks.check_lag_index(f, t, y, args, count, neutral, error)
        raise
    checks.check_same("f", out, y, "it must return dy/dt, in the form of y")


def _flat_history(history: Callable[[Array], Any], y: Any) -> Callable[[Array], Array]:
    like = ravel_pytree(y)[0]

    def flat(t: Array) -> Array:
        return ravel_pytree(history(t))[0].astype(like.dtype)

    return flat


@eqx.filter_jit
def _solve(
    f: Any, history: Any, lags: Any, t0: Array, t1: Array, y: Any, args: Any, jumps: Array,
    tolerance: Tolerance, ts: Array | None, event: Any,
    method: Method, y0_given: bool, neutral: bool, max_steps: int, error_estimate: bool,
) -> tuple[DDESolution, Array]:  # fmt: skip
    problem, unravel = _flattened(
        f, history, lags, t0, t1, y, args, jumps, event, y0_given, neutral
    )
    tolerances = (tighter(tolerance), tolerance) if error_estimate else (tolerance,)
    outcomes = integrate(problem, tolerances, method=method, max_steps=max_steps)
    path = _ended(problem, outcomes[0])
    solution = _solution(problem, unravel, path, ts, max_steps)
    finite = jnp.all(jnp.isfinite(problem.y0)) & path.rest["finite_start"]
    if error_estimate:
        coarse = _ended(problem, outcomes[1])
        missed, errors = estimated(problem, path, coarse, tolerance, solution.ts)
        result = DDEResult.where(missed, DDEResult.accuracy_missed, solution.result)
        dtype = problem.y0.dtype
        errors = jax.tree.map(jnp.real, jax.vmap(unravel)(errors.astype(dtype)))
        solution = eqx.tree_at(
            lambda s: (s.result, s.error_estimate), solution, (result, errors),
            is_leaf=lambda x: x is None,
        )  # fmt: skip
    return solution, finite


def _flattened(
    f: Any, history: Any, lags: Any, t0: Array, t1: Array, y: Any, args: Any, jumps: Array,
    event: Any, y0_given: bool, neutral: bool,
) -> tuple[Problem, Callable[[Array], Any]]:  # fmt: skip
    """The problem on flat states, with everything that the functions close over made explicit."""
    flat, unravel = ravel_pytree(y)

    def field(t: Array, y: Array, ylag: tuple[Array, ...], args: Any, *dylag: Any) -> Array:
        slopes = tuple(tuple(unravel(d) for d in lagged) for lagged in dylag)
        out = f(t, unravel(y), tuple(unravel(state) for state in ylag), args, *slopes)
        return ravel_pytree(out)[0].astype(flat.dtype)

    lagged = (flat,) * len(lags)
    example = (t0, flat, lagged, args, *((lagged,) if neutral else ()))

    def on_flat(g: Any) -> Any:
        def flat_g(t: Array, y: Array, args: Any) -> Array:
            value = jnp.asarray(g(t, unravel(y), args))
            value = jnp.where(value, 1, -1) if value.dtype == bool else value
            return value.astype(t0.dtype)

        return eqx.filter_closure_convert(flat_g, t0, flat, args)

    problem = Problem(
        f=eqx.filter_closure_convert(field, *example),
        history=eqx.filter_closure_convert(_flat_history(history, y), t0),
        delays=tuple(on_flat(lag) if callable(lag) else lag for lag in lags),
        args=args,
        y0=flat,
        t0=t0,
        t1=t1,
        discontinuities=jumps,
        event=None if event is None else on_flat(event),
        y0_given=y0_given,
        neutral=neutral,
    )
    return problem, unravel


def _ended(problem: Problem, outcome: Outcome) -> Path:
    """The path up to t1, the event, or the failure."""
    steps, t_end, y_end, rest = outcome
    number = rest["number"]
    if problem.event is not None:
        last = jnp.maximum(number - 1, 0)
        now = Current(last, steps.start[last], steps.length[last], steps.coefs[last])
        happened = rest["outcome"] == EVENT
        t_end = jnp.where(happened, event_time(problem.event, problem.args, now), t_end)
        y_at = flat_state(steps, number, problem.t0, t_end, problem.history, t_end)
        y_end = jnp.where(happened, y_at, y_end)
    return Path(steps, number, t_end, y_end, rest)


def _solution(
    problem: Problem,
    unravel: Callable[[Array], Any],
    path: Path,
    ts: Array | None,
    max_steps: int,
) -> DDESolution:
    steps, number, t_end, y_end, rest = path

    def state(t: Array) -> Any:
        return unravel(flat_state(steps, number, problem.t0, t_end, problem.history, t))

    if ts is None:
        index = jnp.arange(max_steps + 1)
        ts = jnp.where(index < number, steps.start[:-1], jnp.where(index == number, t_end, jnp.inf))
        nodes = jnp.where((index < number)[:, None], steps.coefs[:-1, 0], jnp.inf)
        ys = jax.vmap(unravel)(jnp.where((index == number)[:, None], y_end, nodes))
    else:
        ys = over_times(state, ts)
    stats = {
        "num_steps": rest["tried"],
        "num_accepted_steps": number,
        "num_rejected_steps": rest["rejected"],
        "num_evaluations": rest["evaluations"],
        "num_breaking_points": rest["breaks"],
    }
    result = _result(rest["outcome"])
    past = frozen(problem.history)
    return DDESolution(ts, ys, result, None, stats, t_end, problem.t0, steps, number, past, unravel)


def _result(outcome: Array) -> Any:
    """The enumeration's item for an outcome of the loop."""
    items = (
        DDEResult.successful,
        DDEResult.max_steps_reached,
        DDEResult.step_underflow,
        DDEResult.nonfinite,
        DDEResult.negative_delay,
        DDEResult.event_occurred,
        DDEResult.implicit_step_failed,
        DDEResult.accuracy_missed,
    )
    result = items[0]
    for number, item in enumerate(items[1:], 1):
        result = DDEResult.where(outcome == number, item, result)
    return result


def _trimmed(solution: DDESolution) -> DDESolution:
    """Without the padding, where the number of steps is known."""
    n = int(solution.stats["num_accepted_steps"]) + 1
    ts, ys, errors = jax.tree.map(
        lambda leaf: leaf[:n], (solution.ts, solution.ys, solution.error_estimate)
    )
    return eqx.tree_at(
        lambda s: (s.ts, s.ys, s.error_estimate), solution, (ts, ys, errors),
        is_leaf=lambda x: x is None,
    )  # fmt: skip
