"""What the arguments of training must fulfil, and what to do where they do not."""

import math
from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from jax.typing import ArrayLike

from lemmata.solvers.kernel_checks import Function, all_finite, checked_inputs, checked_shape
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
) -> tuple[Array, Array, Array]:
    """Training points, targets and test points as arrays that fit `f` and each other."""
    points, further = checked_inputs(x, test, ("x", "test"))
    one = jax.tree.map(lambda leaf: jax.ShapeDtypeStruct(leaf.shape[1:], leaf.dtype), params)
    expected = (len(points), *checked_shape(f, one, points))
    targets = jnp.asarray(y)
    if targets.shape != expected:
        # Otherwise (N,) less (N, 1) would broadcast to (N, N), and train to something.
        raise ValueError(
            f"`y` has shape {targets.shape} and `f(params, x)` has {expected}; they must be of one "
            "shape."
        )
    if not all_finite(targets):
        raise ValueError("`y` is not finite everywhere; leave such points out.")
    return points, targets, points if further is None else further


def checked_at_once(at_once: Any, networks: int) -> int:
    """How many networks to train side by side: all of them for None."""
    if at_once is None:
        return networks
    if isinstance(at_once, bool) or not isinstance(at_once, int) or at_once < 1:
        raise ValueError(f"`at_once={at_once!r}` must be a whole number of at least 1, or None.")
    return min(at_once, networks)


def checked_rate(rate: ArrayLike) -> Array:
    """The learning rate, one positive finite number."""
    number = jnp.asarray(rate, dtype=float)
    if number.shape != () or not 0 < float(number) < math.inf:
        raise ValueError(f"`rate={rate!r}` must be one positive, finite number.")
    return number


def checked_steps(steps: Sequence[int]) -> np.ndarray:
    """Numbers of steps at which to look: whole, not negative, ascending."""
    form = "whole numbers of at least 0 that ascend and fit 64 bits, such as (0, 100)"
    looks = ascending(steps, form)
    if looks[-1] > np.iinfo(np.int64).max:
        raise ValueError(f"`steps={steps!r}` must be {form}.")
    return np.array(looks, dtype=np.int64)


def checked_times(times: Sequence[float], step: float) -> tuple[np.ndarray, np.ndarray]:
    """Times at which to look, and how many steps of at most `step` lead from each to the next."""
    looks = np.asarray(times, dtype=float)
    fits = looks.ndim == 1 and looks.size > 0 and bool(np.all(np.isfinite(looks)))
    if not fits or looks[0] < 0 or np.any(np.diff(looks) <= 0):
        raise ValueError(
            f"`times={times!r}` must be finite numbers of at least 0 that ascend, such as (0.0, 1)."
        )
    if not 0 < step < math.inf:
        raise ValueError(f"`step={step!r}` must be positive and finite.")
    needed = looks[-1] / step
    if needed > MOST_STEPS:
        raise ValueError(
            f"`step={step!r}` takes {needed:.3g} steps to t = {looks[-1]!r}; at most {MOST_STEPS:g}"
            " are taken. Lengthen `step`."
        )
    # A quotient that rounding lifted just above a whole number is that number.
    return looks, np.ceil(np.diff(looks, prepend=0.0) / step * (1 - 1e-12)).astype(np.int64)
