"""What the arguments of matrix sensing must fulfil, and what to do where they do not."""

import math
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from jax.core import Tracer
from jax.typing import ArrayLike

from lemmata.solvers.looks import ascending

#: relative to the largest: below it a singular value of the truth counts as zero
NEGLIGIBLE = 1e-12
PER_DECADE = 24
#: months, at 1e-7 s a step; far below where whole numbers of 64 bits end
MOST_STEPS = 10**14


def check_precision(problem: Any) -> None:
    """Raise ValueError where JAX would compute in single precision, or the problem is of it."""
    if not jax.config.read("jax_enable_x64"):
        raise ValueError(
            "errors fall to 1e-26, out of reach of single precision, and double is off in JAX; "
            "turn it on at the start: jax.config.update('jax_enable_x64', True)."
        )
    if any(getattr(leaf, "dtype", None) == np.float32 for leaf in jax.tree.leaves(problem)):
        raise ValueError(
            f"`problem` is a {type(problem).__name__} of single precision, made before double was "
            "on or of numbers of 32 bits, and their other digits are gone; make it anew."
        )


def check_concrete(value: Any, name: str) -> None:
    """Raise ValueError on what jit, vmap and grad hand over in place of numbers."""
    if any(isinstance(leaf, Tracer) for leaf in jax.tree.leaves(value)):
        raise ValueError(
            f"`{name}` is traced (by jit, vmap or grad), and has no numbers to check yet; call "
            "from outside of them: leading axes of the start do what vmap would."
        )


def checked_problem(problem: Any, kinds: tuple[type, ...], remedy: str) -> None:
    """Raise ValueError on a problem of no such kind."""
    if not isinstance(problem, kinds):
        raise ValueError(f"`problem` is a {type(problem).__name__}; {remedy}")
    check_concrete(problem, "problem")


def checked_ragged(value: Any, name: str) -> Array:
    """An array of whatever axes, and of what JAX takes."""
    check_concrete(value, name)
    try:
        array = jnp.asarray(value)
    except (TypeError, ValueError):
        raise ValueError(
            f"`{name}` is a {type(value).__name__} that makes no array of numbers; give rows of "
            "real numbers, all of one length."
        ) from None
    check_concrete(array, name)  # inside of jit even constants are traced
    return array


def checked_array(value: Any, name: str, axes: tuple[int, ...]) -> Array:
    """A finite array of real numbers with as many axes as allowed, none of them empty."""
    array = checked_ragged(value, name)
    if array.ndim not in axes or 0 in array.shape:
        allowed = " or ".join(map(str, axes))
        raise ValueError(f"`{name}` has shape {array.shape}; it needs {allowed} axes, none empty.")
    if jnp.issubdtype(array.dtype, jnp.complexfloating) or array.dtype == bool:
        raise ValueError(f"`{name}` holds {array.dtype}; it must hold real numbers.")
    if not np.all(np.isfinite(np.asarray(array))):
        raise ValueError(f"`{name}` is not finite everywhere; there is no descent on such numbers.")
    return array.astype(float)


def checked_truth(truth: ArrayLike, *, symmetric: bool = False) -> Array:
    """The truth, (n1, n2) or (S, n1, n2); symmetric and positive semidefinite where asked."""
    array = checked_array(truth, "truth", (2, 3))
    if symmetric:
        numbers = np.asarray(array)
        turned = np.swapaxes(numbers, -1, -2)
        largest = np.abs(numbers).max()
        if numbers.shape != turned.shape or np.abs(numbers - turned).max() > NEGLIGIBLE * largest:
            raise ValueError(
                f"`truth` of shape {numbers.shape} is not symmetric, and X X^T is; use two factors "
                "for it, `start=(F, G)`, and measurements with `symmetric=False`."
            )
        least = np.linalg.eigvalsh(numbers).min()
        if least < -NEGLIGIBLE * max(largest, 1e-300) * numbers.shape[-1]:
            raise ValueError(
                f"`truth` has the eigenvalue {least:.3g} and X X^T has none below 0, so that it is "
                "never reached; use two factors, `start=(F, G)`, or its positive part."
            )
    return array


def checked_measurements(
    maps: ArrayLike, values: ArrayLike, truth: ArrayLike
) -> tuple[Array, Array]:
    """The matrices that measure and what they found, as arrays that fit the truth."""
    given = np.shape(checked_ragged(maps, "maps"))
    if len(given) in (3, 4) and given[-3] == 0:
        raise ValueError(f"`maps` has shape {given} and so m = 0 measurements; give at least one.")
    arrays, known = checked_array(maps, "maps", (3, 4)), checked_array(values, "values", (1, 2))
    shape = np.shape(checked_ragged(truth, "truth"))
    lead = arrays.shape[:-3]
    fits = arrays.shape[-2:] == shape[-2:] and shape[:-2] in ((), lead)
    if not fits or known.shape != arrays.shape[:-2]:
        raise ValueError(
            f"`maps` has shape {arrays.shape}, `values` {known.shape} and `truth` {shape}; they "
            "must be (m, n1, n2), (m,) and (n1, n2), with one leading axis of seeds or none."
        )
    return arrays, known


def is_number(value: Any) -> bool:
    """Whether this is one real number that is known."""
    if isinstance(value, bool | np.bool_ | str | bytes | Tracer):
        return False
    kinds = int | float | np.integer | np.floating | np.ndarray | Array
    return (
        isinstance(value, kinds) and np.ndim(value) == 0 and np.asarray(value).dtype.kind in "iuf"
    )


def checked_key(key: Any) -> None:
    """Raise ValueError unless this is one key of random numbers."""
    check_concrete(key, "key")
    shape, dtype = getattr(key, "shape", None), getattr(key, "dtype", None)
    typed = dtype is not None and jnp.issubdtype(dtype, jax.dtypes.prng_key) and shape == ()
    if not typed and not (dtype == np.uint32 and shape == (2,)):
        raise ValueError(f"`key={key!r}` is no key of random numbers; make one: jax.random.key(0).")


def checked_decay(decay: Any) -> float:
    """By how much steps shrink, each time."""
    if not is_number(decay) or not 0 < float(decay) <= 1:
        raise ValueError(f"`decay={decay!r}` must be one number above 0 and at most 1.")
    return float(decay)


def checked_count(value: Any, name: str) -> int:
    """A whole number of at least 1."""
    if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < 1:
        raise ValueError(f"`{name}={value!r}` must be a whole number of at least 1.")
    return int(value)


def checked_size(value: Any, name: str) -> float:
    """A finite number of at least 0."""
    if not is_number(value) or not 0 <= float(value) < math.inf:
        raise ValueError(f"`{name}={value!r}` must be a finite number of at least 0.")
    return float(value)


def checked_share(value: Any) -> float:
    """A probability below 1."""
    if not is_number(value) or not 0 <= float(value) < 1:
        raise ValueError(f"`outliers={value!r}` is a share of all values: at least 0, below 1.")
    return float(value)


def checked_looks(steps: Any) -> np.ndarray:
    """The steps to look at: those given, or the start, 24 a decade and the last of a number."""
    if isinstance(steps, int | np.integer) and not isinstance(steps, bool):
        last = _in_reach(checked_count(steps, "steps"))
        decades = np.arange(math.ceil(PER_DECADE * math.log10(last)) + 1) / PER_DECADE
        spaced = np.rint(10.0**decades).astype(np.int64)
        return np.unique([0, *spaced[spaced < last], last])
    check_concrete(steps, "steps")
    looks = ascending(
        steps,
        "a whole number of at least 1, or whole numbers of at least 0 that ascend, such as "
        "(0, 10, 100)",
    )
    _in_reach(looks[-1])
    return np.array(looks, dtype=np.int64)


def _in_reach(last: int) -> int:
    if last > MOST_STEPS:
        raise ValueError(
            f"`steps` ends at {last}, and a run of more than {MOST_STEPS} steps never ends; late "
            "times are those of the closed forms (lemmata.verify.sensing_forms)."
        )
    return last


def checked_rates(rate: Any, lead: tuple[int, ...], limit: float) -> np.ndarray:
    """Step sizes, one for each run; so small that one step from within `limit` is a number."""
    check_concrete(rate, "rate")
    try:
        rates = np.asarray(rate)
    except (TypeError, ValueError):  # ragged lists
        rates = np.empty(0)
    if (
        rates.dtype.kind not in "iuf"
        or not rates.size
        or not np.all((rates > 0) & np.isfinite(rates))
    ):
        raise ValueError(f"`rate={rate!r}` must be positive and finite: a number or an array.")
    rates = rates.astype(float)
    if not rates.max() * max(limit, 1.0) ** 1.5 < 1e80:
        raise ValueError(f"`rate={rate!r}` takes one step out of the range of double precision.")
    try:
        return np.broadcast_to(np.asarray(rates), lead)
    except ValueError as error:
        raise ValueError(
            f"`rate` has shape {rates.shape} and the start has the leading axes {lead}; the one "
            "must fit the other, as arrays do in arithmetic."
        ) from error


def checked_starts(
    start: ArrayLike | tuple[ArrayLike, ArrayLike], shape: tuple[int, ...], seeds: int | None
) -> tuple[Array, ...]:
    """One factor X (..., n, k), or two, F (..., n1, k) and G (..., n2, k), that fit the truth."""
    if isinstance(start, list) and len(start) == 2 and all(np.ndim(one) >= 2 for one in start):
        raise ValueError(
            "`start` is a list of 2 matrices, which could be two factors or two runs; give a tuple "
            "(F, G) for the one, an array np.stack([X1, X2]) for the other."
        )
    two = isinstance(start, tuple)
    names = ("start[0]", "start[1]") if two else ("start",)
    if two and len(start) != 2:
        raise ValueError(f"`start` is a tuple of {len(start)}; it must be X, or a tuple (F, G).")
    every = tuple(range(2, 9))
    factors = tuple(
        checked_array(one, name, every)
        for one, name in zip(start if two else (start,), names, strict=True)  # pyright: ignore
    )
    for factor, name, rows in zip(factors, names, shape, strict=False):
        if factor.shape[-2] != rows:
            raise ValueError(
                f"`{name}` has shape {factor.shape} and the truth has shape {shape}; the factor "
                f"must have {rows} rows: (..., {rows}, k)."
            )
    if two and (factors[0].shape[:-2], factors[0].shape[-1]) != (
        factors[1].shape[:-2],
        factors[1].shape[-1],
    ):
        raise ValueError(
            f"F has shape {factors[0].shape} and G has {factors[1].shape}; they must have the same "
            "leading axes and as many columns."
        )
    lead = factors[0].shape[:-2]
    if seeds is not None and (not lead or lead[-1] != seeds):
        raise ValueError(
            f"The problem has {seeds} seeds and the start has the leading axes {lead}; the last of "
            f"them must be of seeds: (..., {seeds}, n, k)."
        )
    return factors


def check_columns(factors: tuple[Array, ...], truth: Array) -> None:
    """Raise ValueError where a run starts at zero, or with fewer columns than the truth's rank."""
    used = np.any([np.any(np.asarray(f) != 0, axis=-2) for f in factors], axis=0).sum(axis=-1)
    if np.any(used == 0):
        raise ValueError(
            "`start` is zero in some run (a scale of 0?), where the gradient is zero too: it would "
            "stay there for ever. Start at a positive scale."
        )
    values = np.linalg.svd(np.asarray(truth), compute_uv=False)
    ranks = np.sum(values > NEGLIGIBLE * values.max(axis=-1, keepdims=True), axis=-1)
    if np.any(used < ranks):
        raise ValueError(
            f"`start` has k = {int(used.min())} columns that are not zero in some run, and the "
            f"truth has rank {int(np.max(ranks))}: it cannot be reached. Take k of at least that."
        )


def check_coordinates(size: int, shape: tuple[int, ...], two: bool) -> None:
    """Raise ValueError unless measurements are of the kind of matrix that the start makes."""
    n = shape[0]
    if size != (shape[0] * shape[1] if two else n * (n + 1) // 2):
        wanted, start = ("False", "(F, G)") if two else ("True", "X")
        raise ValueError(
            f"The measurements have {size} coordinates, which does not fit `start={start}` and a "
            f"truth of shape {shape}; make them with `symmetric={wanted}`."
        )


def check_raw(problem: Any, truth: Array) -> None:
    """Raise ValueError unless the arrays of measurements, or of their Gram form, fit each other."""
    lead, names = truth.shape[:-2], problem._fields
    first = checked_array(problem[0], names[0], (len(lead) + 2,))
    second = checked_array(problem[1], names[1], (len(lead) + 1,))
    square = names[0] != "matrix" or first.shape[-1] == first.shape[-2]
    if first.shape[:-2] != lead or second.shape != first.shape[:-1] or not square:
        wanted = "(D, D) and (D,)" if names[0] == "matrix" else "(m, D) and (m,)"
        raise ValueError(
            f"`{names[0]}` has shape {first.shape}, `{names[1]}` {second.shape} and `truth` "
            f"{truth.shape}; the former two must be {wanted}, with the truth's leading axis of "
            "seeds, if it has one. Make them with gaussian or measured, and .gram()."
        )


def checked_step(step: Any, two: bool, form: Any) -> Any:
    """The modified step, as `form(beta, below)` of arrays."""
    if not two:
        raise ValueError("`modify` is for two factors, `start=(F, G)`; the symmetric one has none.")
    if not all(hasattr(step, name) for name in ("beta", "below")):
        raise ValueError(f"`modify={step!r}` is no OneStep; give OneStep(beta=..., below=...).")
    for name in ("beta", "below"):
        value = getattr(step, name)
        if not is_number(value) or not 0 < float(value) < math.inf:
            raise ValueError(f"`modify.{name}={value!r}` must be positive, finite.")
    return form(jnp.asarray(float(step.beta)), jnp.asarray(float(step.below)))
