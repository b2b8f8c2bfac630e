"""What a solve of a delay equation returns: states, dense output, outcome with advice."""

from collections.abc import Callable
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
from jax import Array
from jax.typing import ArrayLike

from lemmata.solvers.dde_past import Steps, polynomial, step_holding


class DDEResult(eqx.Enumeration):  # pyright: ignore[reportGeneralTypeIssues]
    """How a solve ended; `DDEResult[sol.result]` is the advice."""

    successful = ""
    max_steps_reached = (
        "The maximum number of steps was reached before t1. Increase `max_steps`, loosen `rtol` "
        "and `atol`, or, if the steps are much shorter than the solution's own scale, the "
        "equation is stiff: an explicit method does not suit it."
    )
    step_underflow = (
        "The step that the tolerance asks for is below round-off. The solution may blow up "
        "here, or `f` may jump: name the times of jumps in `discontinuities`, or loosen `rtol`."
    )
    nonfinite = (
        "The state or its derivative is nan or inf however short the step is. The solution may "
        "blow up here, or leave the domain of `f`, of `history`, of a delay or of `event`."
    )
    negative_delay = (
        "A delay became negative: the equation would ask for its own future. Delays must be "
        "non-negative along the solution; check its formula, or end at an earlier `t1`."
    )
    event_occurred = "The event occurred, and the solve ended there."
    implicit_step_failed = (
        "A lag shorter than the step makes the step implicit, and its iteration does not "
        "converge however short the step is. The coefficient of the slope at a vanishing delay "
        "must be below 1 in size, and not close to it."
    )
    accuracy_missed = (
        "The estimated global error, at `ts` or at the end, is more than 10 times the tolerance. "
        "Tighten `rtol` and `atol`: errors grow along this solution."
    )


class Held:
    """Stands for an array in the static part of a `Frozen` function."""


class Frozen(eqx.Module):
    """A function without loose ends: the arrays it holds as leaves, and all else static.

    So what holds it can be returned from `jax.jit` and `jax.vmap`, which take nothing but arrays.
    """

    arrays: list[Array]
    rest: tuple[Any, ...] = eqx.field(static=True)
    form: Any = eqx.field(static=True)

    def __call__(self, *arguments: Any) -> Any:
        arrays = iter(self.arrays)
        leaves = [next(arrays) if leaf is Held else leaf for leaf in self.rest]
        return jax.tree.unflatten(self.form, leaves)(*arguments)


def frozen(function: Callable[..., Any]) -> Frozen:
    """A PyTree that is a function, such as of `eqx.filter_closure_convert`, in two parts."""
    leaves, form = jax.tree.flatten(function)
    held = [eqx.is_array_like(leaf) for leaf in leaves]
    arrays = [jnp.asarray(leaf) for leaf, is_held in zip(leaves, held, strict=True) if is_held]
    rest = tuple(Held if is_held else leaf for leaf, is_held in zip(leaves, held, strict=True))
    return Frozen(arrays, rest, form)


class DDESolution(eqx.Module):
    """A solution of a delay equation.

    `ts`, `ys`: the times asked for, and the states there (nan past the time reached); without
    `ts`, every accepted step, inside `jit` and `vmap` padded with inf to a length of
    `max_steps + 1`. `result`: a `DDEResult`. `error_estimate`: estimated global error of `ys`,
    component by component, largest up to each time (inf past the time reached), or None. `stats`:
    numbers of steps, rejections, evaluations of `f`, breaking points, of the solve returned.
    `t_end`: the time reached: t1, that of the event, or that of the failure.

    Its leaves are arrays, so that `jax.jit` and `jax.vmap` can return it. What `jax.vmap` returned
    is a batch of solutions: `jax.vmap(lambda sol: sol.evaluate(t))(sols)` evaluates each.
    """

    ts: Array
    ys: Any
    result: Any
    error_estimate: Any
    stats: dict[str, Array]
    t_end: Array
    _t0: Array
    _steps: Steps
    _number: Array
    _history: Frozen
    _unravel: Callable[[Array], Any] = eqx.field(static=True)

    def evaluate(self, t: ArrayLike) -> Any:
        """The state at the time t, from the dense output; before t0 the history.

        **Arguments:** `t`: a scalar, or an array of times, whose axes come first in the result.

        **Returns:** a PyTree like y; nan past `t_end`. At a jump, the state after it.
        """
        return self._states(jnp.asarray(t, self._t0.dtype))

    @eqx.filter_jit
    def _states(self, t: Array) -> Any:
        return over_times(lambda x: self._unravel(self._flat(x)), t)

    def _flat(self, t: Array) -> Array:
        return flat_state(self._steps, self._number, self._t0, self.t_end, self._history, t)


def over_times(state: Callable[[Array], Any], t: Array) -> Any:
    """`state` at every time of an array of any shape, the axes of time first."""
    if t.ndim == 0:
        return state(t)
    out = jax.vmap(state)(t.reshape(-1))
    return jax.tree.map(lambda leaf: leaf.reshape(*t.shape, *leaf.shape[1:]), out)


def flat_state(
    steps: Steps,
    number: Array,
    t0: Array,
    t_end: Array,
    history: Callable[[Array], Array],
    t: Array,
) -> Array:
    """The flat state at the time t: history, dense output, or nan past the end."""
    zero = jnp.zeros_like(number)
    k = step_holding(steps.start, t, zero, jnp.maximum(number - 1, 0))
    old = t < t0
    theta = jnp.where(old, 0.0, (t - steps.start[k]) / steps.length[k])
    past = history(t + jax.lax.stop_gradient(jnp.minimum(t, t0) - t))
    state = jnp.where(old, past, polynomial(steps.coefs[k], theta))
    return jnp.where(t > t_end, jnp.nan, state)
