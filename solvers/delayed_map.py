"""Delayed maps x[t + 1] = g(x[t], x[t - d]): do small perturbations of a fixed point grow?

Two ways that share nothing: iterations of the full map, and the eigenvalues of its linearisation
on histories, u[t + 1] = a0 u[t] + a1 u[t - d], whose characteristic polynomial is
z^(d + 1) - a0 z^d - a1. Source: Kuruklis, J. Math. Anal. Appl. 188 (1994) 719, for the polynomial.
"""

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from jax.typing import ArrayLike
from numpy.typing import ArrayLike as NumpyLike
from numpy.typing import NDArray

Map = Callable[[Array, Array, Any], Array]

_PERIODS = 4  # length of a window
_GROWN = 100.0  # perturbations, after which the run ends


class MapGrowth(NamedTuple):
    """Growth per step, ln of a modulus, and a bound on its error; shape (n,) each."""

    rate: NDArray[np.float64]
    error: NDArray[np.float64]


def linearise_map(g: Map, fixed: ArrayLike, args: Any = None) -> tuple[Array, Array]:
    """Differentiate g(now, lagged, args) at a fixed point; `fixed` and leaves of `args` (n,)."""
    at = jax.vmap(lambda x, a: jax.jacfwd(lambda v: g(v[0], v[1], a))(jnp.stack([x, x])))
    both = at(jnp.asarray(fixed, dtype=float), args)
    return both[:, 0], both[:, 1]


def spectral_growth(a0: NumpyLike, a1: NumpyLike, lag: NumpyLike) -> MapGrowth:
    """Logarithm of the spectral radius of u[t + 1] = a0 u[t] + a1 u[t - lag].

    `a0`, `a1`: shape (n,); `lag`: integers of at least 1, shape (n,). The eigenvalues of the
    companion matrix, whose largest is corrected by one Newton step on the polynomial; the error is
    that correction and round-off times the root's condition number.

    **Raises:** ValueError on a lag below 1 or no integer.
    """
    lags = _checked_lags(lag)
    lanes = zip(np.asarray(a0, float), np.asarray(a1, float), lags, strict=True)
    found = [_spectral_lane(x, y, int(d)) for x, y, d in lanes]
    return MapGrowth(*(np.array(column) for column in zip(*found, strict=True)))


def _spectral_lane(a0: float, a1: float, d: int) -> tuple[float, float]:
    if not (np.isfinite(a0) and np.isfinite(a1)):
        return np.nan, np.inf
    companion = np.diag(np.ones(d), -1)
    companion[0, 0] = a0
    companion[0, -1] += a1
    roots = np.linalg.eigvals(companion)
    z = roots[np.argmax(np.abs(roots))]
    value = z ** (d + 1) - a0 * z**d - a1
    slope = (d + 1) * z**d - d * a0 * z ** (d - 1)
    terms = np.abs(z) ** (d + 1) + np.abs(a0) * np.abs(z) ** d + np.abs(a1)
    with np.errstate(divide="ignore", invalid="ignore"):
        step = value / slope
        condition = (d + 2) * np.finfo(float).eps * terms / np.abs(slope)
    better = z - step
    error = (np.abs(step) ** 2 / np.abs(better) + np.abs(step) + condition) / np.abs(better)
    return float(np.log(np.abs(better))), float(error) if np.isfinite(error) else np.inf


def simulated_growth(
    g: Map,
    fixed: ArrayLike,
    lag: NumpyLike,
    args: Any = None,
    *,
    perturbation: ArrayLike,
    longest: int,
    cycles: int = 100,
) -> MapGrowth:
    """Growth per step of a small perturbation, by iterating the full map.

    **Arguments:** `g(now, lagged, args)` for scalars; `fixed`, `lag`, `perturbation` and every leaf
    of `args` of shape (n,); `longest` is the largest lag that the compiled program serves.
    After 12 delays the mean square of the deviation is taken over two windows, `cycles` times
    2 (2 d + 1) steps apart, which is the period at an onset of oscillations in the classical case.
    Each window is four periods long and fades in and out, so that its own oscillation cancels. The
    map runs from fixed + and - perturbation and half the difference counts, which no offset of
    `fixed` and no even power of g enters. A deviation that grows a hundredfold ends the run.

    **Returns:** the mean rate between the windows; or until the run ended, with half of it as its
    error. The error is the rate's difference to that of the first half, at most half the rate: a
    fast decay that drowns in round-off keeps its sign and loses its value.

    **Raises:** ValueError on a lag below 1, no integer, or above `longest`.
    """
    lags = _checked_lags(lag)
    if lags.max(initial=1) > longest:
        raise ValueError(f"`lag={lags.max()}` exceeds `longest={longest}`; raise `longest`.")
    start, kick = (jnp.asarray(v, dtype=float) for v in (fixed, perturbation))
    rate, error = _iterate(g, start, jnp.asarray(lags), args, kick, longest, cycles)
    return MapGrowth(np.asarray(rate), np.asarray(error))


@eqx.filter_jit
def _iterate(
    g: Map, start: Array, lag: Array, args: Any, kick: Array, longest: int, cycles: int
) -> tuple[Array, Array]:
    return jax.vmap(lambda x, d, a, k: _iterate_lane(g, x, d, a, k, longest, cycles))(
        start, lag, args, kick
    )


def _iterate_lane(
    g: Map, start: Array, d: Array, args: Any, kick: Array, longest: int, cycles: int
) -> tuple[Array, Array]:
    size, period, settle = longest + 1, 2 * (2 * d + 1), 12 * (d + 1)
    width = _PERIODS * period
    begins = settle + period * jnp.array([0, cycles // 2, cycles])
    both = jax.vmap(g, in_axes=(0, 0, None))

    def step(t: Array, state: tuple[Array, Array, Array]) -> tuple[Array, Array, Array]:
        ring, sums, end = state
        now, lagged = ring[:, t % size], ring[:, (t - d) % size]
        u = (now[0] - now[1]) / 2
        inside = (t >= begins) & (t < begins + width)
        weight = jnp.where(inside, jnp.sin(jnp.pi * (t - begins) / width) ** 4, 0.0)
        grown = ~(jnp.abs(u) <= _GROWN * kick)
        end = jnp.where(grown & (end < 0), t, end)
        new = jnp.where(end < 0, both(now, lagged, args), now)  # what has grown stands still
        return ring.at[:, (t + 1) % size].set(new), sums + weight * u**2, end

    ring = jnp.broadcast_to(start + jnp.stack([kick, -kick])[:, None], (2, size))
    # Every lane makes as many steps as the longest lag asks for; its own windows end earlier.
    steps = 12 * (longest + 1) + 2 * (2 * longest + 1) * (cycles + _PERIODS)
    _, sums, end = jax.lax.fori_loop(0, steps, step, (ring, jnp.zeros(3), jnp.asarray(-1)))
    first, half, last = 0.5 * jnp.log(sums)
    rate, early = (last - first) / (period * cycles), (half - first) / (period * (cycles // 2))
    drowned = -math.log(_GROWN) / settle  # in round-off before the first window
    rate = jnp.where(jnp.isneginf(first), drowned, jnp.where(jnp.isneginf(last), early, rate))
    early = jnp.where(jnp.isfinite(early), early, 0.0)
    leak = 1e-3 * (jnp.abs(rate) + 1 / (period * cycles))  # of a window that does not fit
    error = jnp.minimum(jnp.abs(rate - early), jnp.abs(rate) / 2) + leak
    ended = (end >= 0) & (end < begins[2] + width)
    whole = math.log(_GROWN) / jnp.maximum(end, 1)
    rate, error = jnp.where(ended, whole, rate), jnp.where(ended, whole / 2, error)
    good = jnp.isfinite(rate) & (kick > 0)
    return jnp.where(good, rate, jnp.nan), jnp.where(good, error, jnp.inf)


def _checked_lags(lag: NumpyLike) -> NDArray[np.int64]:
    lags = np.asarray(lag)
    if not np.all(lags == np.round(lags)) or np.any(lags < 1):
        raise ValueError(f"`lag={lags!r}` must hold integers of at least 1.")
    return lags.astype(np.int64)
