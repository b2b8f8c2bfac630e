"""Characteristic roots of linear delay equations, each with a bound of its error.

`spectrum` finds the rightmost roots for several discrete and for distributed delays, and counts
that none is missed; `rightmost` finds one root each for many equations with one delay at once. Both
start from the collocated generator, see `collocation`.
"""

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

from lemmata.solvers.argument_principle import count_right_of
from lemmata.solvers.collocation import collocated_roots, generator
from lemmata.solvers.linear_delay import LinearDelay
from lemmata.solvers.root_discs import Disc, least_singular, newton, root_discs

Field = Callable[[Array, Array, tuple[Array, ...], Any], Array]

_SPARE = 8  # guesses beyond those asked for: some are poor, some fall together
_ENOUGH = 24  # nodes: fewer may show nothing of roots far left, even when doubled twice
_GAP = 1e-6  # between real parts, relative, for a line that is clear of roots to fit in


class Spectrum(NamedTuple):
    """The rightmost roots, largest real part first, of a pair the upper one first.

    Each of `roots` (k,), per unit of time, stands for `multiplicities` (k,) roots within `errors`
    (k,) of it: the discs hold exactly so many roots, by the argument principle. The list is
    `complete` right of `right_of` if it has as many roots as are `counted` there, by the argument
    principle on the half plane; if not, or if that is undecided, `reason` says so. `nodes` is the
    collocation that was used.
    """

    roots: NDArray[np.complex128]
    multiplicities: NDArray[np.int64]
    errors: NDArray[np.float64]
    right_of: float
    counted: int | None
    complete: bool
    reason: str
    nodes: int


class RootEstimate(NamedTuple):
    """Complex `root`, shape (...,), per unit of time; `error` (...,) bounds |root - exact|."""

    root: NDArray[np.complex128]
    error: NDArray[np.float64]


def spectrum(
    system: LinearDelay,
    *,
    count: int | None = None,
    right_of: float | None = None,
    nodes: int = 24,
    most: int = 1536,
) -> Spectrum:
    """Find the `count` rightmost roots, or all right of `right_of`.

    With `count`, a multiple root counts as often as it occurs, pairs and equal real parts stay
    together, and the list ends in a gap between real parts; it is shorter where fewer roots lie
    right of the edge of the gamma kernels. The generator is collocated at `nodes` + 1 points, and
    every eigenvalue refined by Newton's method on det Delta = 0. While the list and the count of
    the argument principle differ, the nodes are doubled, as long as n * nodes stays within `most`,
    and until two doublings, from 24 nodes or more, change nothing though no root that is counted
    is missing; the last result is then not `complete`. Raises ValueError unless exactly one of
    `count` and `right_of` is given, and on bad values.

    >>> found = spectrum(LinearDelay([0.0, -2.0], [0.0, 1.0]), count=2)
    >>> print(found.roots.round(4), found.complete)
    [0.1728+1.6737j 0.1728-1.6737j] True
    """
    if (count is None) == (right_of is None):
        raise ValueError(f"Give one of `count={count!r}` and `right_of={right_of!r}`.")
    if count is not None and count < 1:
        raise ValueError(f"`count={count!r}` must be at least 1.")
    if right_of is not None and not system.edge < right_of < np.inf:
        raise ValueError(
            f"`right_of={right_of!r}` must be finite and above {system.edge!r}, the edge of the "
            "gamma kernels' transform."
        )
    if not 2 <= nodes <= most:
        raise ValueError(f"`nodes={nodes!r}` must be at least 2, and at most `most={most!r}`.")
    earlier: list[Spectrum] = []
    while True:
        if right_of is None:
            found = _rightmost_of(system, count or 1, nodes)
        else:
            found = _right_of(system, right_of, nodes)
        if found.complete or 2 * nodes * system.size > most or system.memory == 0:
            return found
        if len(earlier) > 1 and all(_says_the_same(old, found) for old in earlier[-2:]):
            return found._replace(
                reason=f"{found.reason} ({earlier[-2].nodes} nodes say the same as {nodes})"
            )
        earlier.append(found)
        nodes *= 2


def _says_the_same(old: Spectrum, new: Spectrum) -> bool:
    """Whether more nodes found no other roots, and none that is counted is missing.

    Where nothing could be counted, whether that is for the same reason.
    """
    if old.nodes < _ENOUGH or old.counted != new.counted:
        return False
    if new.counted is None:
        return old.reason == new.reason
    return (
        new.counted == new.multiplicities.sum()
        and np.array_equal(old.multiplicities, new.multiplicities)
        and bool((np.abs(old.roots - new.roots) <= old.errors + new.errors).all())
    )


def _right_of(system: LinearDelay, line: float, nodes: int) -> Spectrum:
    guesses = _upper_guesses(system, nodes)
    # Newton's method moves a guess; what it moves left of the line is cut off.
    near = guesses.real > line - 0.1 * (abs(line) + 1 / (system.memory or 1.0))
    discs = root_discs(system, newton(system, guesses[near]))
    return _counted(system, [disc for disc in discs if disc.centre.real > line], line, nodes)


def _rightmost_of(system: LinearDelay, count: int, nodes: int) -> Spectrum:
    guesses = _upper_guesses(system, nodes)[: count + _SPARE]
    discs = root_discs(system, newton(system, guesses))
    unit = 1 / (system.memory or 1.0)
    total = 0
    for end, disc in enumerate(discs, start=1):
        total += disc.multiplicity * (2 if disc.centre.imag > 0 else 1)
        low = disc.centre.real - disc.radius
        rest = discs[end:]
        gap = low - max([system.edge, *(one.centre.real + one.radius for one in rest)])
        if total >= count and gap > _GAP * (abs(low) + unit):
            return _counted(system, discs[:end], low - min(gap, abs(low) + unit) / 2, nodes)
    low = min([disc.centre.real - disc.radius for disc in discs], default=0.0)
    line = low - unit / 2 if system.edge == -np.inf else (min(low, 0.0) + system.edge) / 2
    found = _counted(system, discs, line, nodes)
    if found.complete and system.memory > 0 and system.edge == -np.inf:
        reason = f"only {total} of {count} roots were found; use more `nodes`, or raise `most`"
        return found._replace(complete=False, reason=reason)
    return found


def _upper_guesses(system: LinearDelay, nodes: int) -> NDArray[np.complex128]:
    guesses = collocated_roots(system, nodes)
    return guesses[guesses.imag >= 0]


def _counted(system: LinearDelay, discs: list[Disc], line: float, nodes: int) -> Spectrum:
    """Mirror the discs of the upper half plane, and compare their roots with the count."""
    listed = []
    for disc in discs:
        listed.append(disc)
        if disc.centre.imag > 0:
            listed.append(disc._replace(centre=disc.centre.conjugate()))
    roots = np.array([disc.centre for disc in listed], dtype=complex)
    multiplicities = np.array([disc.multiplicity for disc in listed], dtype=np.int64)
    errors = np.array([disc.radius for disc in listed], dtype=float)
    number, reason = count_right_of(system, line)
    sides = np.abs(np.real(roots) - line) <= errors
    if number is not None and sides.any():
        reason = f"the root at {roots[sides][0]:.6g} may lie on either side of {line!r}"
    elif number is not None and number != multiplicities.sum():
        reason = (
            f"{multiplicities.sum()} roots were found right of {line!r}, and the argument "
            f"principle counts {number}; use more `nodes`, or raise `most`"
        )
    return Spectrum(roots, multiplicities, errors, line, number, not reason, reason, nodes)


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


@eqx.filter_jit
def linearise_lanes(f: Field, states: Array, args: Any) -> tuple[Array, Array]:
    """`linearise` as one program, in lanes: `states` and every leaf of `args` of shape (n,)."""
    return jax.vmap(lambda y, a: linearise(f, y, a))(states, args)


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
    weights = np.stack([a0, a1], axis=-3) * delay[..., None, None, None]
    matrix = generator(weights, np.array([0.0, 1.0]), np.ones_like(delay), nodes)
    roots = np.linalg.eigvals(matrix).astype(np.complex128) / delay[..., None]
    order = np.argsort(-roots.real, axis=-1, kind="stable")
    return np.take_along_axis(roots, order, axis=-1)


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
    sigma, along = least_singular(matrix, slope)
    size = np.abs(root) + np.abs(a0).sum((-1, -2)) + np.abs(a1 * fade).sum((-1, -2))
    with np.errstate(divide="ignore", invalid="ignore"):
        # An exactly double root has no first-order bound, and gets an infinite error.
        newton = np.where(along > 0, sigma / along, np.inf)
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
