"""What the arguments of `solve_dde` must fulfil, and what to do where they do not."""

import contextlib
import inspect
import math
from collections.abc import Callable, Sequence
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from jax.core import Tracer


def is_known(*values: Any) -> bool:
    """Whether all of these are numbers, and not tracers inside `jit`, `vmap` or `grad`."""
    return not any(isinstance(leaf, Tracer) for leaf in jax.tree.leaves(values))


def _dtype(value: Any) -> np.dtype:
    return np.dtype(value.dtype) if isinstance(value, Tracer) else np.asarray(value).dtype


def is_real(value: Any) -> bool:
    """Whether `value` is a real number, or an array or a list of them."""
    try:
        return _dtype(value).kind in "fiu"
    except (TypeError, ValueError):
        return False


def real_scalar(name: str, value: Any) -> Any:
    """A real scalar: as a NumPy one where it is known, so that `jit` does not hide it."""
    if not is_real(value):
        raise ValueError(f"`{name}={value!r}` must be one real number, such as 1.0.")
    number = jnp.asarray(value) if isinstance(value, Tracer) else np.asarray(value)
    if number.shape != ():
        raise ValueError(
            f"`{name}` has shape {number.shape}; it must be one real number. "
            "Use `jax.vmap` for a batch."
        )
    return number


def checked_time(name: str, value: Any) -> Any:
    """A finite real scalar, as float64."""
    time = real_scalar(name, value)
    if is_known(time) and not math.isfinite(float(time)):
        raise ValueError(f"`{name}={float(time)!r}` must be finite.")
    return time.astype(jnp.float64)


def checked_span(t0: Any, t1: Any) -> tuple[Any, Any]:
    """t0 and t1 as float64, t0 < t1."""
    start, end = checked_time("t0", t0), checked_time("t1", t1)
    if jnp.zeros(()).dtype != jnp.float64:
        raise ValueError(
            "`solve_dde` needs double precision: set the environment variable JAX_ENABLE_X64=1, "
            'or call `jax.config.update("jax_enable_x64", True)` at the start.'
        )
    if is_known(start, end) and not float(start) < float(end):
        raise ValueError(
            f"`t1={float(end)!r}` must be greater than `t0={float(start)!r}`; "
            "substitute -t for t to integrate backwards."
        )
    if is_known(start, end):
        span, least = float(end) - float(start), 1e-12 * max(abs(float(start)), abs(float(end)))
        if span < least:
            raise ValueError(
                f"`t1={float(end)!r}` is only {span:.3g} after `t0={float(start)!r}`, and must be "
                f"{least:.3g} at least: double precision tells no times between them apart. Count "
                "time from t0."
            )
    return start, end


def checked_delays(delays: Any) -> tuple[Any, ...]:
    """The delays as a tuple of float64 scalars and callables."""
    several = isinstance(delays, list | tuple)
    if not (several or callable(delays) or is_real(delays)):
        raise ValueError(
            f"`delays={delays!r}` must be a number, a function `(t, y, args) -> lag`, or a list or "
            "tuple of them."
        )
    if callable(delays) or (not several and jnp.ndim(delays) == 0):
        delays = (delays,)
    checked = []
    for i, delay in enumerate(delays):
        if callable(delay):
            checked.append(delay)
            continue
        value = checked_time(f"delays[{i}]", delay)
        if is_known(value) and float(value) < 0:
            raise ValueError(
                f"`delays[{i}]={float(value)!r}` must not be negative: the equation would ask for "
                "its own future. A delay is the positive lag in y(t - delay)."
            )
        checked.append(value)
    return tuple(checked)


def checked_tolerance(name: str, value: Any, least: float) -> Any:
    """A positive tolerance of at least `least`."""
    tolerance = checked_time(name, value)
    if is_known(tolerance) and not float(tolerance) >= least:
        raise ValueError(
            f"`{name}={float(tolerance)!r}` must be at least {least:g}; "
            "double precision carries no further."
        )
    return tolerance


def checked_length(name: str, value: Any) -> Any:
    """A positive length of time."""
    length = checked_time(name, value)
    if is_known(length) and not float(length) > 0:
        raise ValueError(f"`{name}={float(length)!r}` must be positive; it is a length of time.")
    return length


def check_callable(name: str, value: Any, call: str) -> None:
    """Raise where `value` is no function, or cannot take the arguments of `call`."""
    if not callable(value):
        raise ValueError(f"`{name}={value!r}` must be a function, called as `{call}`.")
    arguments = call[call.index("(") + 1 : -1].split(", ")
    try:
        inspect.signature(value).bind(*arguments)
    except TypeError as error:
        raise ValueError(f"`{name}` is called as `{call}`: {error}; correct its `def`.") from error
    except ValueError:  # some builtins have no signature
        pass


def shape_of(name: str, call: Callable[..., Any], *arguments: Any) -> Any:
    """What a function of the user returns, as shapes and dtypes, called as it will be: traced."""

    def array(leaf: Any) -> Array:
        if isinstance(leaf, str | bytes):
            raise ValueError(
                f"`{name}` returned {leaf!r}; it must return a number, an array, or a PyTree of "
                "them."
            )
        return jnp.asarray(leaf)

    try:
        return eqx.filter_eval_shape(lambda *values: jax.tree.map(array, call(*values)), *arguments)
    except (jax.errors.ConcretizationTypeError, jax.errors.TracerArrayConversionError) as error:
        raise ValueError(
            f"`{name}` uses Python's `if` or a function of NumPy on its arguments, which are "
            "traced by JAX; write `jnp.where` or `jax.lax.cond`, and `jnp` for `np`."
        ) from error


class _Lagged(tuple):
    """Lagged states that remember which one was asked for last."""

    asked: Any = None

    def __getitem__(self, index: Any) -> Any:
        self.asked = index
        return super().__getitem__(index)


def check_lag_index(
    f: Callable[..., Any], t: Any, y: Any, args: Any, count: int, neutral: bool, error: IndexError
) -> None:
    """Raise where `f` asked for a lagged state that there is not: told by asking once more."""
    lagged = {"ylag": _Lagged((y,) * count), "dylag": _Lagged((y,) * count)}
    more = (lagged["dylag"],) if neutral else ()
    with contextlib.suppress(IndexError):
        shape_of("f", lambda t, y: f(t, y, lagged["ylag"], args, *more), t, y)
    for name, states in lagged.items():
        i = states.asked
        if isinstance(i, int) and not -count <= i < count:
            ends = (
                f"`{name}` goes from `{name}[0]`, or `{name}[-{count}]`, to `{name}[{count - 1}]`"
            )
            ends = ends if count else f"`{name}` is empty"
            raise ValueError(
                f"`f` asks for `{name}[{i}]`, and `delays` holds {count}, so that {ends}. Correct "
                "the index, or add the delay."
            ) from error


def check_event(event: Callable[..., Any], t: Any, y: Any, args: Any) -> None:
    """Raise where an event returns something other than one real number or truth value."""
    out = shape_of("event", lambda t, y: event(t, y, args), t, y)
    leaf = out if isinstance(out, jax.ShapeDtypeStruct) else None
    if leaf is None or leaf.shape != () or np.dtype(leaf.dtype).kind not in "fiub":
        raise ValueError(
            f"`event` returned {out}; it must return one real number, whose sign changes at the "
            "event, or one truth value."
        )


def checked_count(name: str, value: Any) -> int:
    """An integer of at least 1."""
    if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < 1:
        raise ValueError(f"`{name}={value!r}` must be an integer of at least 1.")
    return int(value)


def checked_times(ts: Any, t0: Array, t1: Array) -> Array:
    """Times of one axis inside [t0, t1]."""
    rule = "it must be a list of times, shape (n,), such as `[0.5, 1.0]`."
    if is_known(ts) and not is_real(ts) and not (isinstance(ts, list | tuple) and not ts):
        raise ValueError(f"`ts={ts!r}` does not hold real numbers; {rule}")
    times = np.asarray(ts) if is_known(ts) else jnp.asarray(ts)
    if times.ndim != 1:
        raise ValueError(f"`ts` has shape {times.shape}; {rule}")
    if np.dtype(times.dtype).kind not in "fiu":
        raise ValueError(f"`ts` has dtype {times.dtype}; {rule}")
    times = times.astype(jnp.float64)
    if is_known(times, t0, t1):
        # Sums of steps, as of `np.arange`, end beside t1 by some roundings.
        slack = 8 * np.finfo(float).eps * max(abs(float(t0)), abs(float(t1)))
        outside = np.asarray(~((times >= t0 - slack) & (times <= t1 + slack)))
        if outside.any():
            raise ValueError(
                f"`ts` holds {float(times[int(outside.argmax())])!r}, outside of [t0, t1] = "
                f"[{float(t0)!r}, {float(t1)!r}]; move `t1`, or leave this time out."
            )
        times = np.clip(times, float(t0), float(t1))
    return jnp.asarray(times)


def checked_discontinuities(times: Any) -> Array:
    """Times of jumps, shape (k,)."""
    if not isinstance(times, list | tuple) and jnp.ndim(times) != 1:
        raise ValueError(
            f"`discontinuities={times!r}` must be a list of times, such as `(2.0, 5.0)`."
        )
    checked = [checked_time(f"discontinuities[{i}]", t) for i, t in enumerate(times)]
    return jnp.stack([jnp.asarray(t) for t in checked]) if checked else jnp.zeros((0,), jnp.float64)


def checked_state(name: str, value: Any) -> Any:
    """A PyTree of float64 or complex128 arrays; Python numbers are taken as float64."""

    def check(path: Any, leaf: Any) -> Array:
        where = name + jax.tree_util.keystr(path)
        plain = isinstance(leaf, bool | int | float)
        try:
            array = jnp.asarray(leaf, jnp.float64 if plain else jnp.result_type(leaf))
        except (TypeError, ValueError) as error:
            raise ValueError(
                f"`{where}` is {leaf!r}; a state is a number, an array or a PyTree of them."
            ) from error
        if array.dtype not in (jnp.float64, jnp.complex128):
            raise ValueError(
                f"`{where}` has dtype {array.dtype}; it must be float64 or complex128. "
                "Write `jnp.asarray(value, float)`."
            )
        return array

    checked = jax.tree_util.tree_map_with_path(check, value)
    if not sum(leaf.size for leaf in jax.tree.leaves(checked)):
        raise ValueError(f"`{name}={value!r}` holds no number; a state needs at least one.")
    return checked


def check_same(name: str, value: Any, y: Any, remedy: str) -> None:
    """Raise where `value` (arrays or their shapes) differs from the state y in form."""
    got, expected = jax.tree.structure(value), jax.tree.structure(y)
    if got != expected:
        raise ValueError(
            f"`{name}` returned the structure {got} for a state of structure {expected}; {remedy}."
        )
    pairs = zip(jax.tree_util.tree_leaves_with_path(value), jax.tree.leaves(y), strict=True)
    for (path, leaf), state in pairs:
        where = name + jax.tree_util.keystr(path)
        if jnp.shape(leaf) != jnp.shape(state):
            raise ValueError(
                f"`{where}` returned shape {jnp.shape(leaf)} for a state of shape "
                f"{jnp.shape(state)}; {remedy}."
            )
        kind = jnp.result_type(leaf)
        if np.promote_types(kind, state.dtype) != state.dtype:
            raise ValueError(
                f"`{where}` returned dtype {kind} for a state of dtype {state.dtype}; {remedy}."
            )


def check_delay(i: int, delay: Callable[..., Any], t: Any, y: Any, args: Any) -> None:
    """Raise where a callable delay returns no real scalar, or a negative one at the start."""
    rule = "it must return one real number, the lag at (t, y)."
    out = shape_of(f"delays[{i}]", lambda t, y: delay(t, y, args), t, y)
    if not isinstance(out, jax.ShapeDtypeStruct):
        raise ValueError(f"`delays[{i}]` returned a {type(out).__name__}; {rule}")
    if out.shape != () or np.dtype(out.dtype).kind not in "fiu":
        raise ValueError(f"`delays[{i}]` returned shape {out.shape} and dtype {out.dtype}; {rule}")
    if is_known(t, y, args):
        value = jnp.asarray(delay(t, y, args))
        if is_known(value) and not float(value) >= 0:
            raise ValueError(
                f"`delays[{i}]` returned {float(value)!r} at t0; "
                "a delay is a non-negative lag, so correct its formula or the initial state."
            )


def checked_flag(name: str, value: Any) -> bool:
    """True or False."""
    if not isinstance(value, bool | np.bool_):
        raise ValueError(f"`{name}={value!r}` must be True or False.")
    return bool(value)


def checked_args(args: Any) -> Any:
    """The `args` of the user, floats as arrays, so that a new value does not compile again."""
    for path, leaf in jax.tree_util.tree_leaves_with_path(args):
        if isinstance(leaf, np.ndarray | np.generic) and leaf.dtype.kind not in "fiubc":
            raise ValueError(
                f"`args{jax.tree_util.keystr(path)}={leaf!r}` is an array of dtype {leaf.dtype}; "
                "arrays in `args` must hold numbers."
            )
    return jax.tree.map(lambda x: jnp.asarray(x) if isinstance(x, float) else x, args)


def check_start(name: str, y: Any, t0: Any) -> None:
    """Raise where the state at t0 is known, and not finite."""
    for path, leaf in jax.tree_util.tree_leaves_with_path(y):
        if is_known(leaf) and not bool(jnp.all(jnp.isfinite(leaf))):
            raise ValueError(
                f"`{name}{jax.tree_util.keystr(path)}` is {np.asarray(leaf).tolist()!r} at t0; it "
                "must be finite: it is the initial state."
            )


def check_history(history: Callable[[Array], Array], t0: Any, lags: Sequence[Any]) -> None:
    """Raise where the history is not finite at a time that is asked for at the start."""
    for i, lag in enumerate(lags):
        if not is_known(t0, lag):
            continue
        t = t0 - lag
        past = history(jnp.asarray(t))
        if is_known(past) and not bool(jnp.all(jnp.isfinite(past))):
            raise ValueError(
                f"`history` is {np.asarray(past).tolist()!r} at t={float(t)!r}, where delays[{i}] "
                "looks at the start; it must be finite on [t0 - longest delay, t0]."
            )
