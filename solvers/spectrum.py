"""Characteristic roots of u'(t) = A0 u(t) + A1 u(t - delay), and the linearisation behind it.

The roots are the eigenvalues of the infinitesimal generator of the solution semigroup (it
differentiates a history, and its domain holds the equation as a boundary condition), collocated at
Chebyshev points; they converge faster than any power of 1/nodes. Source: Breda, Maset and
Vermiglio, Stability of Linear Delay Differential Equations (Springer, 2015), chapter 5; the
differentiation matrix is that of Trefethen, Spectral Methods in MATLAB (2000), chapter 6.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from jax.typing import ArrayLike
from numpy.typing import ArrayLike as NumpyLike
from numpy.typing import NDArray

Field = Callable[[Array, Array, tuple[Array, ...], Any], Array]


class RootEstimate(NamedTuple):
    """Complex `root`, shape (...,), per unit of time; `error` (...,) bounds |root - exact|."""

    root: NDArray[np.complex128]
    error: NDArray[np.float64]


def linearise(f: Field, state: ArrayLike, args: Any = None) -> tuple[Array, Array]:
    """Differentiate `f(t, y, ylag, args)` at the steady state y = ylag = `state`, at t = 0.

    For a state of shape s returns (df/dy, df/dylag), each of shape s + s: scalars for a scalar
    state, (n, n) matrices for (n,). For a batch, `jax.vmap` it.
    """
    y = jnp.asarray(state)
    y = y.astype(jnp.result_type(y.dtype, float))

    def at_rest(now: Array, lagged: Array) -> Array:
        return f(jnp.zeros((), y.dtype), now, (lagged,), args)

    here, lagged = jax.jacfwd(at_rest, argnums=(0, 1))(y, y)
    return here, lagged


def characteristic_roots(
    a0: NumpyLike, a1: NumpyLike, delay: NumpyLike, *, nodes: int = 24
) -> NDArray[np.complex128]:
    """Approximate the n * (nodes + 1) rightmost characteristic roots, largest real part first.

    `a0`, `a1` with two axes more than `delay` (...,) are matrices (..., n, n); otherwise they are
    scalars that broadcast with it, and n = 1. Only roots of |root| * delay well below `nodes` are
    accurate. Raises ValueError on other shapes, on values that are not finite, on a delay that is
    not positive and on `nodes` below 2.
    """
    a0, a1, delay = _checked(a0, a1, delay, nodes)
    return _roots(a0, a1, delay, nodes)


def rightmost(a0: NumpyLike, a1: NumpyLike, delay: NumpyLike, *, nodes: int = 24) -> RootEstimate:
    """Find the root with the largest real part (of a pair: the one with imaginary part >= 0).

    Arguments and errors as for `characteristic_roots`. The root is computed with 3/2 as many nodes;
    its error adds up what `nodes` alone say differently (of the root, and of how far right the
    spectrum reaches), four Newton corrections of the characteristic equation (near a double root
    one is half the error), and round-off times the condition number of the root. It is inf where
    (|a0| + |a1|) * delay exceeds `nodes`, for then a root may be missed.
    """
    a0, a1, delay = _checked(a0, a1, delay, nodes)
    coarse = _roots(a0, a1, delay, nodes)
    root = _upper(_roots(a0, a1, delay, nodes + (nodes + 1) // 2)[..., 0])
    moved = np.abs(_upper(coarse) - root[..., None]).min(axis=-1)
    reach = np.abs(coarse[..., 0].real - root.real)
    newton, roundoff = _newton_step(a0, a1, delay, root)
    error = np.maximum(moved, reach) + 4 * newton + roundoff
    # A root in the right half plane has |root| <= |a0| + |a1|, which the nodes must reach.
    farthest = (np.linalg.norm(a0, 2, (-2, -1)) + np.linalg.norm(a1, 2, (-2, -1))) * delay
    return RootEstimate(root, np.where(farthest > nodes, np.inf, error))


def _roots(
    a0: NDArray[np.float64], a1: NDArray[np.float64], delay: NDArray[np.float64], nodes: int
) -> NDArray[np.complex128]:
    # Time in units of the delay: the history lives on [-1, 0] for every lane.
    scale = delay[..., None, None]
    n = a0.shape[-1]
    generator = np.zeros((*delay.shape, n * (nodes + 1), n * (nodes + 1)))
    generator[..., n:, :] = np.kron(2 * _chebyshev_derivative(nodes)[1:], np.eye(n))
    generator[..., :n, :n] = a0 * scale  # the node at time 0
    generator[..., :n, -n:] += a1 * scale  # the node at time -delay
    roots = np.linalg.eigvals(generator).astype(np.complex128) / delay[..., None]
    order = np.argsort(-roots.real, axis=-1, kind="stable")
    return np.take_along_axis(roots, order, axis=-1)


def _chebyshev_derivative(nodes: int) -> NDArray[np.float64]:
    """Differentiation matrix (nodes + 1)^2 on the points cos(i pi / nodes), from 1 down to -1."""
    x = np.cos(np.pi * np.arange(nodes + 1) / nodes)
    c = np.where((np.arange(nodes + 1) % nodes) == 0, 2.0, 1.0) * (-1.0) ** np.arange(nodes + 1)
    gap = x[:, None] - x[None, :] + np.eye(nodes + 1)
    d = np.outer(c, 1 / c) / gap
    # The diagonal from the row sums (constants have derivative 0) is the stable choice.
    return d - np.diag(d.sum(axis=1))


def _newton_step(
    a0: NDArray[np.float64],
    a1: NDArray[np.float64],
    delay: NDArray[np.float64],
    root: NDArray[np.complex128],
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Newton correction of det(root - A0 - A1 exp(-root delay)) = 0, and the root's round-off."""
    fade = np.exp(-root * delay)[..., None, None]
    eye = np.eye(a0.shape[-1])
    matrix = root[..., None, None] * eye - a0 - a1 * fade
    slope = eye + delay[..., None, None] * a1 * fade
    u, s, vh = np.linalg.svd(matrix)
    left, right = u[..., :, -1].conj(), vh[..., -1, :].conj()
    along = np.abs(np.einsum("...i,...ij,...j->...", left, slope, right))
    size = np.abs(root) + np.abs(a0).sum((-1, -2)) + np.abs(a1 * fade).sum((-1, -2))
    with np.errstate(divide="ignore", invalid="ignore"):
        # An exactly double root has no first-order bound, and gets an infinite error.
        newton = np.where(along > 0, s[..., -1] / along, np.inf)
        roundoff = np.where(along > 0, 8 * np.finfo(float).eps * size / along, np.inf)
    return newton, roundoff


def _upper(root: NDArray[np.complex128]) -> NDArray[np.complex128]:
    return root.real + 1j * np.abs(root.imag)


def _checked(
    a0: NumpyLike, a1: NumpyLike, delay: NumpyLike, nodes: int
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    if nodes < 2:
        raise ValueError(f"`nodes={nodes!r}` must be at least 2; 24 suits most equations.")
    first, second, lag = (np.asarray(value, dtype=np.float64) for value in (a0, a1, delay))
    for name, value in (("a0", first), ("a1", second), ("delay", lag)):
        if not np.isfinite(value).all():
            raise ValueError(f"`{name}` must be finite, got {value!r}; leave such lanes out.")
    if not (lag > 0).all():
        raise ValueError(f"`delay` must be positive, got {lag!r}; without a delay use eigenvalues.")
    if first.ndim == second.ndim == lag.ndim + 2:
        if first.shape != second.shape or first.shape[-1] != first.shape[-2]:
            raise ValueError(
                f"`a0` and `a1` have shapes {first.shape} and {second.shape} with a delay of shape "
                f"{lag.shape}; matrices must be square and of one shape, (..., n, n)."
            )
        batch = np.broadcast_shapes(first.shape[:-2], lag.shape)
        shape = (*batch, *first.shape[-2:])
        return (
            np.broadcast_to(first, shape),
            np.broadcast_to(second, shape),
            np.broadcast_to(lag, batch),
        )
    try:
        first, second, lag = np.broadcast_arrays(first, second, lag)
    except ValueError:
        raise ValueError(
            f"`a0`, `a1`, `delay` have shapes {first.shape}, {second.shape}, {lag.shape}; give "
            "scalars that broadcast, or matrices with two axes more than `delay`."
        ) from None
    return first[..., None, None], second[..., None, None], lag
