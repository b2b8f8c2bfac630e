"""Floquet multipliers of periodic orbits of delay equations.

The equation linearised along the orbit maps a history on [-L, 0] to the one a period later; this
monodromy operator is collocated with one polynomial for the history and one for the period. Its
eigenfunctions are smooth, so that the multipliers converge faster than any power of 1/nodes.
Source: Breda, Maset and Vermiglio, Stability of Linear Delay Differential Equations (Springer,
2015), chapter 6; for state-dependent delays Hartung and Turi, J. Differential Equations 135 (1997).
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from numpy.typing import NDArray

from lemmata.solvers.functional import Delay, Field, checked_problem, functional, lags_at, traced
from lemmata.solvers.orbit import Orbit, coefficients_of, fourier


class Floquet(NamedTuple):
    """Multipliers (..., count), largest first, without the trivial one.

    `error` (...,): how far the trivial multiplier is from 1, plus how far the leading one moved
    between two resolutions (inf where the orbit has not converged, or something is not finite).
    `trivial` (...,): the one that should be 1.
    """

    multipliers: NDArray[np.complex128]
    trivial: NDArray[np.complex128]
    error: NDArray[np.float64]

    @property
    def leading(self) -> NDArray[np.float64]:
        """Modulus (...,) of the largest multiplier but the trivial one."""
        return np.abs(self.multipliers[..., 0])

    @property
    def stable(self) -> NDArray[np.bool_]:
        """Whether every multiplier but the trivial one lies inside the unit circle, error included.

        Where neither `stable` nor `unstable` holds, it is not decided.
        """
        return self.leading + self.error < 1

    @property
    def unstable(self) -> NDArray[np.bool_]:
        """Whether some multiplier lies outside the unit circle, error included."""
        return self.leading - self.error > 1


def floquet_multipliers(
    f: Field, orbit: Orbit, delays: Sequence[Delay], args: Any = None, *, nodes: int = 24
) -> Floquet:
    """Multipliers of an `orbit` of y' = f(t, y, ylag, args), or of a batch of orbits.

    For a batch (a branch, say) the leaves of `orbit` have one leading axis (m,), and so has every
    leaf of `args`. `nodes` points a period, and 3/2 as many for the answer. Raises ValueError on
    `nodes` below 8.
    """
    if nodes < 8:
        raise ValueError(f"`nodes={nodes!r}` must be at least 8; 24 suits smooth orbits.")
    batch = orbit.period.ndim == 1
    if not batch:
        orbit = jax.tree.map(lambda leaf: leaf[None], orbit)
        args = jax.tree.map(lambda leaf: jnp.asarray(leaf)[None], args)
    lags, _, _ = checked_problem(delays, orbit.ys[0, 0])
    args = traced(args)
    converged = np.asarray(orbit.converged)
    coarse, fine = (
        _eigenvalues(np.asarray(_monodromies(f, lags, orbit, args, count)))
        for count in (nodes, nodes + nodes // 2)
    )
    trivial, others = _split(fine)
    _, before = _split(coarse)
    moved = np.abs(before - others[:, :1]).min(axis=1)
    # No eigenvalue of the coarser operator may lie further out than the leading one, either.
    moved = np.maximum(moved, np.abs(np.abs(before[:, 0]) - np.abs(others[:, 0])))
    error = np.abs(trivial - 1) + moved
    error = np.where(np.isfinite(error) & converged, error, np.inf)
    found = Floquet(others, trivial, error)
    return found if batch else Floquet(*(value[0] for value in found))


def _eigenvalues(matrices: NDArray[np.float64]) -> NDArray[np.complex128]:
    """Eigenvalues, the largest first; nan for a matrix that is not finite."""
    fine = np.asarray(np.isfinite(matrices).all(axis=(1, 2)))
    values = np.linalg.eigvals(np.where(fine[:, None, None], matrices, 0.0)).astype(np.complex128)
    values = np.where(fine[:, None], values, np.nan)
    return np.take_along_axis(values, np.argsort(-np.abs(values), axis=1, kind="stable"), axis=1)


def _split(
    values: NDArray[np.complex128],
) -> tuple[NDArray[np.complex128], NDArray[np.complex128]]:
    """The trivial multiplier (m,), and the others in their order."""
    lost = np.isnan(values)
    place = np.argmin(np.where(lost, 0.0, np.abs(values - 1)), axis=1)
    others = np.arange(values.shape[1]) != place[:, None]
    trivial = np.take_along_axis(values, place[:, None], axis=1)[:, 0]
    return trivial, values[others].reshape(len(values), -1)


@eqx.filter_jit
def _monodromies(f: Field, delays: tuple[Delay, ...], orbit: Orbit, args: Any, nodes: int) -> Array:
    return jax.vmap(lambda one, a: monodromy(f, delays, one, a, nodes))(orbit, args)


def monodromy(f: Field, delays: tuple[Delay, ...], orbit: Orbit, args: Any, nodes: int) -> Array:
    """The monodromy operator in Chebyshev coefficients of histories, (nodes * n, nodes * n).

    The history's length L is the longest delay along the orbit, and at least a quarter period. nan
    where a delay is negative somewhere.
    """
    shape = orbit.harmonics.shape[1:]
    waves, modes = coefficients_of(orbit.harmonics), len(orbit.harmonics) - 1
    n, period = waves.shape[1], orbit.period
    F = functional(f, delays, shape)

    def path(t: Array) -> Array:
        return fourier(2 * jnp.pi / period * t, modes) @ waves

    def lags(t: Array) -> Array:
        found = lags_at(delays, path(t).reshape(shape), args)
        return jnp.stack([jnp.zeros(()), *found])

    def influence(t: Array) -> Array:
        """Derivative of F by bumps of the history now and at each delay, (n, 1 + delays, n)."""

        def bumped(bumps: Array) -> Array:
            # A bump of y(t) moves the lookups of state-dependent delays; a lagged one does not.
            calls = iter(range(len(delays) + 1))
            return F(lambda s: path(t + s) + bumps[next(calls)], args)

        return jax.jacfwd(bumped)(jnp.zeros((len(delays) + 1, n)))

    # Gauss points, where the derivatives of Chebyshev polynomials are far from their ends.
    angle = np.pi * (2 * np.arange(nodes) + 1) / (2 * nodes)
    x, k = np.cos(angle), np.arange(nodes + 1)
    times = period * (x + 1) / 2
    found = jax.vmap(lags)(times)
    dense = jax.vmap(lags)(period * jnp.arange(4 * modes + 4) / (4 * modes + 4))
    longest = jnp.maximum(1.0001 * jnp.maximum(found.max(), dense.max()), period / 4)
    weights = jax.vmap(influence)(times)

    def polynomials(t: Array, start: Array, end: Array, count: int) -> Array:
        inside = jnp.clip(2 * (t - start) / (end - start) - 1, -1.0, 1.0)
        return jnp.cos(jnp.arange(count) * jnp.arccos(inside)[..., None])

    def split(t: Array) -> tuple[Array, Array]:
        """Values at t as combinations of the period's and of the history's coefficients."""
        ahead = (t >= 0)[..., None]
        future = polynomials(t, jnp.zeros(()), period, nodes + 1)
        past = polynomials(t, -longest, jnp.zeros(()), nodes)
        return jnp.where(ahead, future, 0.0), jnp.where(ahead, 0.0, past)

    future, past = split(times[:, None] - found)
    slopes = jnp.asarray(k * np.sin(angle[:, None] * k) / np.sin(angle[:, None])) * 2 / period
    forced = jnp.einsum("tidj,tdk->tikj", weights, past)
    kept = jnp.einsum("tk,ij->tikj", slopes, jnp.eye(n)) - jnp.einsum(
        "tidj,tdk->tikj", weights, future
    )
    eye = jnp.eye(n)
    start = jnp.einsum("k,ij->ikj", jnp.asarray((-1.0) ** k), eye)  # T_k(-1): the period's start
    end = jnp.einsum("k,ij->ikj", jnp.ones(nodes), eye)  # T_k(1): the history's end
    left = jnp.concatenate([kept.reshape(nodes * n, -1), start.reshape(n, -1)])
    right = jnp.concatenate([forced.reshape(nodes * n, -1), end.reshape(n, -1)])
    solution = jnp.linalg.solve(left, right)
    ahead, behind = split(period + longest * (jnp.asarray(x) - 1) / 2)
    later = jnp.kron(ahead, eye) @ solution + jnp.kron(behind, eye)
    # Values at the Gauss points back to coefficients.
    back = 2 / nodes * np.cos(np.arange(nodes)[:, None] * angle)
    back[0] /= 2
    operator = jnp.kron(jnp.asarray(back), eye) @ later
    return jnp.where(jnp.min(dense) < 0, jnp.nan, operator)
