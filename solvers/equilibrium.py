"""Find the zeros of a scalar function inside an interval, for many parameter points at once.

A scan that looks closely at both ends counts the sign changes; bisection then goes to round-off.
The error says how far the function's own rounding can move the zero, measured by Hamming's
difference table (More and Wild, Estimating Computational Noise, SIAM J. Sci. Comput. 33, 2011).
"""

from collections.abc import Callable
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from jax.core import Tracer
from jax.typing import ArrayLike

ScalarFunction = Callable[[Array, Any], Array]

# 2^-1074 is the smallest double, but 2^-100 of any interval is below an ulp of every useful zero.
_HALVINGS = 100


class Zeros(eqx.Module):
    """Zeros of n lanes, shape (n,) each.

    `value`, in units of x: the zero, the leftmost if there are several, nan if there is none.
    `error`: bound on its distance from a zero of the exact function (inf if none).
    `count`: sign changes seen on the grid; -1 where the function was not finite on it.
    """

    value: Array
    error: Array
    count: Array


def interior_zeros(
    g: ScalarFunction, lo: ArrayLike, hi: ArrayLike, args: Any = None, *, grid: int = 128
) -> Zeros:
    """Find the zeros of `g(x, args)` in the open intervals (lo, hi), and bisect the leftmost.

    **Arguments:** `g` takes a scalar x and returns a scalar, differentiable by JAX; `lo`, `hi`:
    shape (n,), or scalars; every leaf of `args` of shape (n,). `grid`: points, half of them
    uniform, half crowding the ends down to 1e-12 of the interval; the ends are not touched.

    **Returns:** `Zeros`. An even number of zeros between two neighbours of the grid is not seen,
    nor is a zero without change of sign; a value of exactly 0 counts as positive.

    **Raises:** ValueError on lo >= hi, on a grid below 8 points, on lanes of different lengths.
    """
    if grid < 8:
        raise ValueError(f"`grid={grid!r}` must be at least 8 points; 128 suits most functions.")
    lanes = [np.shape(leaf) for leaf in (lo, hi, *jax.tree.leaves(args))]
    sizes = {shape[0] for shape in lanes if shape}
    if len(sizes) > 1 or any(len(shape) > 1 for shape in lanes[:2]):
        raise ValueError(
            f"`lo`, `hi` and the leaves of `args` have shapes {lanes}; they must agree on (n,)."
        )
    n = sizes.pop() if sizes else 1
    low, high = (jnp.broadcast_to(jnp.asarray(end, dtype=float), (n,)) for end in (lo, hi))
    wrong = low >= high
    if not isinstance(wrong, Tracer) and bool(jnp.any(wrong)):
        i = int(jnp.argmax(wrong))
        raise ValueError(f"lane {i} has lo={float(low[i])!r}, hi={float(high[i])!r}; give lo < hi.")
    args = jax.tree.map(
        lambda leaf: jnp.broadcast_to(jnp.asarray(leaf), (n, *np.shape(leaf)[1:])), args
    )
    return _zeros(g, low, high, args, jnp.asarray(_fractions(grid)))


def _fractions(grid: int) -> np.ndarray:
    """Points of (0, 1), ascending: uniform midpoints, and both ends on a logarithmic scale."""
    ends = np.geomspace(1e-12, 0.1, grid // 4)
    uniform = (np.arange(grid - 2 * len(ends)) + 0.5) / (grid - 2 * len(ends))
    return np.unique(np.concatenate([ends, uniform, 1 - ends]))


@eqx.filter_jit
def _zeros(g: ScalarFunction, lo: Array, hi: Array, args: Any, fractions: Array) -> Zeros:
    return jax.vmap(lambda a, b, p: _zeros_lane(lambda x: g(x, p), a, b, fractions))(lo, hi, args)


def _zeros_lane(g: Callable[[Array], Array], lo: Array, hi: Array, fractions: Array) -> Zeros:
    xs = lo + (hi - lo) * fractions
    values = jax.vmap(g)(xs)
    finite = jnp.all(jnp.isfinite(values))
    positive = values >= 0
    changes = positive[1:] != positive[:-1]
    i = jnp.argmax(changes)
    left, right = _bisect(g, xs[i], xs[i + 1], positive[i])
    value = (left + right) / 2
    error = right - left + _noise_width(g, value, lo, hi)
    found = finite & jnp.any(changes)
    return Zeros(
        jnp.where(found, value, jnp.nan),
        jnp.where(found & ~jnp.isnan(error), error, jnp.inf),
        jnp.where(finite, jnp.sum(changes), -1),
    )


def _bisect(
    g: Callable[[Array], Array], left: Array, right: Array, left_positive: Array
) -> tuple[Array, Array]:
    def halve(_: Array, ends: tuple[Array, Array]) -> tuple[Array, Array]:
        a, b = ends
        middle = (a + b) / 2
        same = (g(middle) >= 0) == left_positive
        return jnp.where(same, middle, a), jnp.where(same, b, middle)

    return jax.lax.fori_loop(0, _HALVINGS, halve, (left, right))


def _noise_width(g: Callable[[Array], Array], x: Array, lo: Array, hi: Array) -> Array:
    """Distance over which rounding in g hides its zero: four times noise over slope."""
    # Close enough for g to be a straight line, far enough for its roundings to differ.
    spacing = 2.0**-40 * jnp.minimum(x - lo, hi - x)
    values = jax.vmap(g)(x + spacing * jnp.arange(-8, 9, dtype=x.dtype))
    fourth = jnp.diff(values, n=4)
    # Fourth differences kill the line and multiply the variance of noise by binomial(8, 4) = 70.
    noise = jnp.sqrt(jnp.mean(fourth**2) / 70)
    return 4 * noise / jnp.abs(jax.grad(g)(x))
