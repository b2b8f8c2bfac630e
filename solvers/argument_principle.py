r"""How many characteristic roots lie in a region, by the argument principle.

det Delta turns around zero once for every root inside, on the way around the boundary. The turn is
followed without a gap: on a stretch of half-length h about z, Delta = Delta(z) (1 + E) with
|E| <= h |Delta(z)^-1 Delta'(z)| + h^2 sup |Delta''| / (2 sigma_min(Delta(z))); below 1, the
eigenvalues of 1 + E never leave the right half plane, and their principal angles add up to the
turn. Other stretches are halved. The count is a proof up to round-off, whose size
`LinearDelay.noise` bounds.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from lemmata.solvers.linear_delay import LinearDelay

_TURN = 0.9  # of |E|, which must stay below 1: the rest is for rounding its bound
_FARTHEST = 1e100  # that a root may be, so that its square does not overflow
_SLACK = 0.05  # of a count, before it is a whole number: far above rounding, far below 1


class RootCount(NamedTuple):
    """`number` of roots with their multiplicities; None where undecided, for `reason`."""

    number: int | None
    reason: str = ""


class Stretches(NamedTuple):
    """Pieces of a curve: midpoints `at` (k,), and a bound `clear` (k,) of sigma_min(Delta) on each.

    The bound is from below and holds along the whole piece. `turn` is what det Delta turns by.
    `reason` says why the curve could not be followed, if so.
    """

    at: NDArray[Any]
    clear: NDArray[np.float64]
    turn: float
    reason: str


def count_right_of(
    system: LinearDelay, right_of: float = 0.0, *, stretches: int = 50_000
) -> RootCount:
    """Count the roots with real part above `right_of`.

    No root right of c is farther from 0 than b = `system.bound(0, c)`. On the arc |z| = R > b,
    det Delta = z^n det(1 - B / z) with |B / z| < 1, whose turn is known from its end. Of the line
    Re z = c below the arc at most `stretches` pieces are looked at. Undecided where a root lies on
    the line or too close to it. Raises ValueError left of the edge of the gamma kernels.

    >>> count_right_of(LinearDelay([0.0, -2.0], [0.0, 1.0]))  # unstable from pi/2 on
    RootCount(number=2, reason='')
    """
    c = float(right_of)
    if not system.edge < c < np.inf:
        raise ValueError(
            f"`right_of={right_of!r}` must be finite and above {system.edge!r}, the edge of the "
            "gamma kernels' transform."
        )
    reach = float(system.bound(0, c))
    if not reach < _FARTHEST:
        return RootCount(None, f"the bound of the roots right of {c!r} overflows")
    if c > reach:
        return RootCount(0)
    radius = max(2 * reach, 1.25 * abs(c))
    top = complex(c, np.sqrt(radius**2 - c**2))
    line = follow(system, lambda y: c + 1j * y, 1.0, (0.0, top.imag), stretches=stretches)
    if line.reason:
        return RootCount(None, line.reason)
    ratios = np.linalg.eigvals(system.characteristic(top)[0] / top)
    arc = system.size * np.angle(top) + np.angle(ratios).sum()
    # The system is real: the lower half of the boundary turns by as much.
    return _whole((arc - line.turn) / np.pi)


def count_within(
    system: LinearDelay, centre: complex, radius: float, *, stretches: int = 4_000
) -> RootCount:
    """Count the roots within `radius` of `centre`; undecided where one is too close to the rim.

    Raises ValueError on a disc that reaches the edge of the gamma kernels, or has no radius.
    """
    if not 0 < radius < np.inf or not centre.real - radius > system.edge:
        raise ValueError(
            f"The disc of radius={radius!r} about {centre!r} must be positive and right of "
            f"{system.edge!r}."
        )
    rim = follow(
        system,
        lambda angle: centre + radius * np.exp(1j * angle),
        radius,
        (0.0, 2 * np.pi),
        stretches=stretches,
    )
    return RootCount(None, rim.reason) if rim.reason else _whole(rim.turn / (2 * np.pi))


def follow(
    system: LinearDelay,
    curve: Callable[[NDArray[np.float64]], NDArray[Any]],
    speed: float,
    ends: tuple[float, float],
    *,
    stretches: int,
    bend: float = _TURN,
) -> Stretches:
    """Follow det Delta along `curve(t)`, |curve'| <= `speed`, between the `ends` of t.

    At most `stretches` pieces are looked at; each is short enough for |E| <= `bend` < 1.
    """
    edges = np.linspace(*ends, 17)
    lo, hi = edges[:-1], edges[1:]
    turn, seen = 0.0, 0
    kept: list[tuple[NDArray[Any], NDArray[np.float64]]] = []
    reason = ""
    while len(lo) and not reason:
        seen += len(lo)
        if seen > stretches:
            where = complex(curve(lo[:1])[0])
            reason = f"more than {stretches} stretches are needed, first at {where:.6g}"
            break
        mid, half = (lo + hi) / 2, speed * (hi - lo) / 2
        at = curve(mid)
        middle, slope = system.characteristic(at)
        sigma, noise = np.linalg.svd(middle, compute_uv=False)[:, -1], system.noise(at)
        lost = sigma <= 4 * noise
        if lost.any():
            where = complex(at[np.flatnonzero(lost)[0]])
            reason = f"a root lies on the curve, as far as rounding can tell, at {where:.6g}"
            break
        first = np.linalg.norm(np.linalg.solve(middle, slope), axis=(-2, -1))
        low = np.maximum(np.abs(np.imag(at)) - half, 0.0)
        with np.errstate(over="ignore"):
            second = system.bound(2, np.real(at) - half, low) / 2
            drift = half * first + (half**2 * second + 2 * noise) / (sigma - noise)
        clear = drift <= bend
        if clear.any():
            both = np.concatenate([lo[clear], hi[clear]])
            outer = system.characteristic(curve(both))[0]
            inner = np.concatenate([middle[clear]] * 2)
            angles = np.angle(np.linalg.eigvals(np.linalg.solve(inner, outer))).sum(axis=-1)
            turn += float(angles[len(both) // 2 :].sum() - angles[: len(both) // 2].sum())
            kept.append((at[clear], (sigma * (1 - drift))[clear]))
        lo, hi, mid = lo[~clear], hi[~clear], mid[~clear]
        lo, hi = np.concatenate([lo, mid]), np.concatenate([mid, hi])
    at = np.concatenate([one for one, _ in kept]) if kept else np.zeros(0, complex)
    least = np.concatenate([one for _, one in kept]) if kept else np.zeros(0)
    return Stretches(at, least, turn, reason)


def _whole(number: float) -> RootCount:
    nearest = round(number)
    if abs(number - nearest) > _SLACK:
        return RootCount(None, f"the turn gives {number!r} roots, which is no whole number")
    return RootCount(nearest)
