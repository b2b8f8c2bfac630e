"""What the arguments of training must fulfil, and what to do where they do not."""

import math
from collections.abc import Sequence
from numbers import Real
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from jax.typing import ArrayLike

from lemmata.solvers.kernel_checks import (
    Function,
    all_finite,
    checked_count,
    checked_inputs,
    checked_reals,
    checked_shape,
)
from lemmata.solvers.looks import ascending

MOST_STEPS = 10**7


def checked_networks(params: Any) -> int:
    """How many networks there are; all leaves must be finite floats with that leading axis."""
    sizes = set()
    for path, leaf in jax.tree_util.tree_leaves_with_path(params):
        name = f"params{jax.tree_util.keystr(path)}"
        if not isinstance(leaf, Array | np.ndarray) or not jnp.issubdtype(leaf.dtype, jnp.floating):
            raise TypeError(
                f"`{name}` is {getattr(leaf, 'dtype', type(leaf).__name__)}; parameters that are "
                "trained are arrays of real floats. Keep everything else in `f`."
            )
        if leaf.ndim == 0:
            raise ValueError(f"`{name}` has shape (); it needs a leading axis of networks.")
        if not all_finite(leaf):
            raise ValueError(f"`{name}` is not finite everywhere before the first step.")
        sizes.add(leaf.shape[0])
    if len(sizes) != 1 or 0 in sizes:
        raise ValueError(
            f"The arrays of `params` have leading axes of {sorted(sizes)}; they must all have one, "
            "of at least one network. Of a single network add it by `jnp.expand_dims`."
        )
    return sizes.pop()


def checked_data(
    f: Function, params: Any, x: ArrayLike, y: ArrayLike, test: ArrayLike | None
) -> tuple[Array, Array, Array | None]:
    """Training points, targets and any test points as arrays that fit `f` and each other."""
    points, further = checked_inputs(x, test, ("x", "test"))
    one = jax.tree.map(lambda leaf: jax.ShapeDtypeStruct(leaf.shape[1:], leaf.dtype), params)
    expected = (len(points), *checked_shape(f, one, points))
    targets = checked_reals("y", y, expected, "`f(params, x)`")
    return points, targets, further


def checked_at_once(at_once: Any, networks: int) -> int:
    """How many networks to train side by side: all of them for None."""
    if at_once is None:
        return networks
    return min(checked_count("at_once", at_once), networks)


def checked_rate(rate: ArrayLike) -> Array:
    """The learning rate, one positive finite number."""
    return jnp.asarray(_positive("rate", rate), dtype=float)


def _positive(name: str, value: Any) -> float:
    """One positive, finite number; ValueError where it is none."""
    try:
        # Of arrays those that are a single number, such as jnp.asarray(0.1).
        number = np.asarray(float(value) if isinstance(value, Real) else value)
    except (TypeError, ValueError, OverflowError):
        number = np.asarray("no number")
    known = number.shape == () and number.dtype.kind in "fiu" and not isinstance(value, bool)
    if not known or not 0 < number < math.inf:
        raise ValueError(f"`{name}={value!r}` must be one positive, finite number, such as 0.1.")
    return float(number)


def checked_steps(steps: Sequence[int]) -> np.ndarray:
    """Numbers of steps at which to look: whole, not negative, ascending."""
    form = "whole numbers of at least 0 that ascend and fit 64 bits, such as (0, 100)"
    looks = ascending(steps, form)
    if looks[-1] > np.iinfo(np.int64).max:
        raise ValueError(f"`steps={steps!r}` must be {form}.")
    return np.array(looks, dtype=np.int64)


def checked_times(times: Sequence[float], step: float) -> tuple[np.ndarray, np.ndarray]:
    """Times at which to look, and how many steps of at most `step` lead from each to the next."""
    try:
        # Text that reads as numbers would be taken for them; objects may be fractions.
        numbers = np.asarray(times).dtype.kind in "fiuO"
        looks = np.asarray(times if numbers else (), dtype=float)
    except (TypeError, ValueError, OverflowError):
        looks = np.empty(0)
    fits = looks.ndim == 1 and looks.size > 0 and bool(np.all(np.isfinite(looks)))
    if not fits or looks[0] < 0 or np.any(np.diff(looks) <= 0):
        raise ValueError(
            f"`times={times!r}` must be finite numbers of at least 0 that ascend, such as (0.0, 1)."
        )
    length = _positive("step", step)
    needed = looks[-1] / length
    if needed > MOST_STEPS:
        raise ValueError(
            f"`step={step!r}` takes {needed:.3g} steps to t = {looks[-1]!r}; at most {MOST_STEPS:g}"
            " are taken. Lengthen `step`."
        )
    # A quotient that rounding lifted just above a whole number is that number.
    return looks, np.ceil(np.diff(looks, prepend=0.0) / length * (1 - 1e-12)).astype(np.int64)
