"""Every value of one parameter at which characteristic roots cross the imaginary axis.

The range is cut into cells. With Delta(i omega) = Delta_0 (1 + M) within a cell, where Delta_0
belongs to its midpoint, the cell is clear if the spectral radius of M stays below 1 all along the
axis; no root crosses there. In the others, roots are followed to the axis by Newton's method. A
crossing explains a neighbourhood of itself if this is clear outside of a disc that holds no other
root, and the root moves through it one way; what is left on both sides is cut further. What can
neither be cleared nor explained by crossings is returned as undecided.
"""

from collections import deque
from collections.abc import Callable
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from lemmata.solvers.argument_principle import count_right_of, count_within, follow
from lemmata.solvers.linear_delay import LinearDelay
from lemmata.solvers.root_discs import newton, root_discs

_OFF_CENTRE = 0.487  # where in a cell its "midpoint" lies: nothing of interest is at round numbers
_SAFETY = 2.0  # M may be this much larger within a cell than the samples show
_BEND = 0.5  # how much Delta_0 may change, relatively, along one stretch of the axis
_FINEST = 1e-8  # of the range: cells are not cut further
_DIFFERENCE = 1e-6  # step of a difference quotient, of the range: it only steers Newton's method
_NEAR = 1e-6  # of the range: the least neighbourhood of a crossing
_WIDEST = 1 / 16  # of the range: the largest, on either side
_DISC = 16  # times as far as a root moves there, is the disc that it must have for its own
_STARTS = 6  # roots followed to the axis from one cell
_ROUNDS = 12  # of Newton's method from there
_STRETCHES = 5_000  # of the axis, in one cell


class HopfPoint(NamedTuple):
    """Roots +-i `omega` at `parameter`, each within its error; `omega` is 0 for a real root.

    `direction` is the change of the number of unstable roots as the parameter grows: +-2, or +-1
    for a real root.
    """

    parameter: float
    omega: float
    direction: int
    error: float
    omega_error: float


class HopfPoints(NamedTuple):
    """The crossings, in order; outside of the `undecided` intervals no others were seen.

    Where a root only touches the axis there is no crossing, and its neighbourhood is undecided.
    `unstable` are the numbers of roots in the right half plane at the two ends of the range, None
    where a root lies on the axis.
    """

    points: tuple[HopfPoint, ...]
    undecided: tuple[tuple[float, float], ...]
    unstable: tuple[int | None, int | None]


def hopf_points(
    system_of: Callable[[float], LinearDelay], lo: float, hi: float, *, cells: int = 20_000
) -> HopfPoints:
    """Find all crossings of the imaginary axis for parameters in [lo, hi].

    `system_of(parameter)` must be continuous; it is called within the range only. That a cell is
    clear is judged from three values of the parameter, with a safety factor of 2: what happens
    within a small part of a cell, of which the first are an eighth of the range, may go unseen, so
    split the range there. At most `cells` are looked at; long delays take thousands, some 5 ms
    each. Raises ValueError on a range that does not increase.

    >>> found = hopf_points(lambda b: LinearDelay([0.0, -b], [0.0, 1.0]), 0.5, 3.0)
    >>> [(round(p.parameter, 10), round(p.omega, 10), p.direction) for p in found.points]
    [(1.5707963268, 1.5707963268, 2)]
    """
    if not (np.isfinite([lo, hi]).all() and lo < hi):
        raise ValueError(f"The range from lo={lo!r} to hi={hi!r} must increase and be finite.")
    span = hi - lo
    edges = np.linspace(lo, hi, 9)
    waiting = deque(pairwise(edges.tolist()))
    points: list[HopfPoint] = []
    rates: dict[HopfPoint, complex] = {}
    explained: list[tuple[float, float]] = []
    doubtful: list[tuple[float, float]] = []
    seen = 0
    while waiting:
        cell = waiting.popleft()
        left = _without(cell, explained)
        if left != [cell]:
            waiting += left
            continue
        a, b = cell
        seen += 1
        if seen > cells or b - a < _FINEST * span:
            doubtful.append(cell)
            continue
        mid = a + _OFF_CENTRE * (b - a)
        starts = _likeliest(*_movement(system_of, a, mid, b))
        for start in starts:
            found = _to_axis(system_of, mid, start, (lo, hi), 2 * (b - a))
            if found and a <= found[0].parameter <= b and not _known(found[0], points):
                points.append(found[0])
                rates[found[0]] = found[1]
                explained.append(_neighbourhood(system_of, *found, (lo, hi)))
                waiting.append(cell)
                break
        else:
            waiting += [(a, mid), (mid, b)] if len(starts) else []
    doubtful += _unexplained(system_of, points, explained)
    dubious = [
        (point, around)
        for point, around in zip(points, explained, strict=True)
        if not _crosses(system_of, point, rates[point], points, around, (lo, hi))
    ]
    doubtful += [around for _, around in dubious]
    points = sorted(set(points) - {point for point, _ in dubious})
    ends = (count_right_of(system_of(lo)).number, count_right_of(system_of(hi)).number)
    sum_ = sum(point.direction for point in points)
    if not doubtful and None not in ends and (ends[1] or 0) - (ends[0] or 0) != sum_:
        doubtful.append((lo, hi))
    return HopfPoints(tuple(points), _merged(doubtful), ends)


def _movement(
    system_of: Callable[[float], LinearDelay], a: float, mid: float, b: float
) -> tuple[NDArray[Any], NDArray[np.float64]]:
    """Points i omega along the axis, and how far Delta moves there towards a singular one, at 1."""
    middle, ends = system_of(mid), (system_of(a), system_of(b))
    top = 2 * max(float(system.bound(0, 0.0)) for system in (middle, *ends))
    unknown = np.zeros(1, complex), np.full(1, np.inf)
    if top == 0:
        return unknown
    line = follow(middle, lambda y: 1j * y, 1.0, (0.0, top), stretches=_STRETCHES, bend=_BEND)
    if line.reason:
        return unknown
    at = line.at[np.argsort(np.imag(line.at))]
    here = middle.characteristic(at)[0]
    moves = [np.linalg.solve(here, end.characteristic(at)[0] - here) for end in ends]
    radius = np.abs(np.linalg.eigvals(np.array(moves))).max(axis=(0, -1))
    return at, _SAFETY / (1 - _BEND) * radius


def _likeliest(at: NDArray[Any], movement: NDArray[np.float64]) -> NDArray[Any]:
    """The peaks of a movement that reaches 1, the highest first: none, if the cell is clear."""
    padded = np.concatenate([[-1.0], movement, [-1.0]])
    peaks = (movement >= 1) & (movement >= padded[:-2]) & (movement >= padded[2:])
    return at[peaks][np.argsort(-movement[peaks])][:_STARTS]


def _neighbourhood(
    system_of: Callable[[float], LinearDelay],
    point: HopfPoint,
    rate: complex,
    limits: tuple[float, float],
) -> tuple[float, float]:
    """The largest interval found in which nothing but this one crossing happens."""
    span = limits[1] - limits[0]
    least = max(_NEAR * span, 4 * point.error)
    near, root = _WIDEST * span, 1j * point.omega
    while near > least:
        a, b = max(point.parameter - near, limits[0]), min(point.parameter + near, limits[1])
        samples = (a, point.parameter, b)
        wide = _DISC * abs(rate) * near
        if wide < (point.omega or np.inf) and wide < min(-system_of(p).edge for p in samples):
            at, movement = _movement(system_of, a, (3 * a + b) / 4, b)
            if (
                np.isfinite(movement).all()
                and (np.abs(at[movement >= 1] - root) < wide / 2).all()
                and all(count_within(system_of(p), root, wide).number == 1 for p in samples)
                and all(
                    _same_way(system_of, p, root + rate * (p - point.parameter), rate, limits)
                    for p in (a, b)
                )
            ):
                return a, b
        near /= 2
    return max(point.parameter - least, limits[0]), min(point.parameter + least, limits[1])


def _same_way(
    system_of: Callable[[float], LinearDelay],
    p: float,
    guess: complex,
    rate: complex,
    limits: tuple[float, float],
) -> bool:
    """Whether the root near `guess` moves to the same side as at its crossing, about as fast."""
    here = _drift(system_of, p, complex(newton(system_of(p), np.array([guess]))[0]), limits)
    return bool(0.5 < here.real / rate.real < 2)


def _to_axis(
    system_of: Callable[[float], LinearDelay],
    parameter: float,
    root: complex,
    limits: tuple[float, float],
    farthest: float,
) -> tuple[HopfPoint, complex] | None:
    """Follow the root from a guess to the axis, by Newton's method on its real part.

    Gives up where the parameter moves by more than `farthest`: other cells are closer then.
    """
    p, z, step = parameter, root, np.inf
    span = limits[1] - limits[0]
    rate = complex(np.nan)
    for _ in range(_ROUNDS):
        z = complex(newton(system_of(p), np.array([z]))[0])
        rate = _drift(system_of, p, z, limits)
        if not np.isfinite(rate) or rate.real == 0:
            return None
        step = float(np.clip(p - z.real / rate.real, *limits)) - p
        if abs(p + step - parameter) > farthest:
            return None
        p, z = p + step, z + rate * step
        if abs(step) <= 4 * np.finfo(float).eps * (abs(p) + span):
            break
    discs = root_discs(system_of(p), newton(system_of(p), np.array([z])))
    if not discs or discs[0].multiplicity != 1:
        return None
    disc = discs[0]
    error = 2 * (disc.radius + abs(disc.centre.real)) / abs(rate.real)
    if not error <= _NEAR * span / 4:
        return None
    direction = int(np.sign(rate.real)) * (2 if disc.centre.imag > 0 else 1)
    omega_error = disc.radius + 2 * abs(rate) * error
    return HopfPoint(p, disc.centre.imag, direction, error, omega_error), rate


def _drift(
    system_of: Callable[[float], LinearDelay], p: float, z: complex, limits: tuple[float, float]
) -> complex:
    """dz/dp = -u* (dDelta/dp) v / (u* Delta' v) for a simple root z."""
    h = _DIFFERENCE * (limits[1] - limits[0])
    before, after = max(p - h, limits[0]), min(p + h, limits[1])
    delta, slope = system_of(p).characteristic(z)
    moved = system_of(after).characteristic(z)[0] - system_of(before).characteristic(z)[0]
    u, _, vh = np.linalg.svd(delta)
    left, right = u[:, -1].conj(), vh[-1].conj()
    along = left @ slope @ right
    return complex(-(left @ moved @ right) / (after - before) / along) if along else complex(np.nan)


def _known(point: HopfPoint, points: list[HopfPoint]) -> bool:
    return any(
        abs(point.parameter - old.parameter) <= 4 * (point.error + old.error)
        and abs(point.omega - old.omega) <= 4 * (point.omega_error + old.omega_error)
        for old in points
    )


def _crosses(
    system_of: Callable[[float], LinearDelay],
    point: HopfPoint,
    rate: complex,
    points: list[HopfPoint],
    around: tuple[float, float],
    limits: tuple[float, float],
) -> bool:
    """Whether the root gets to the other side, and does not only touch the axis.

    By the counts on both sides; where a root is on the axis there too, by the way the root moves.
    """
    a, b = around
    before, after = (count_right_of(system_of(p)).number for p in around)
    if before is not None and after is not None:
        return after - before == sum(one.direction for one in points if a <= one.parameter <= b)
    root = 1j * point.omega
    return all(
        _same_way(system_of, p, root + rate * (p - point.parameter), rate, limits) for p in around
    )


def _unexplained(
    system_of: Callable[[float], LinearDelay],
    points: list[HopfPoint],
    explained: list[tuple[float, float]],
) -> list[tuple[float, float]]:
    """Neighbourhoods over which the count does not change as the crossings within them say."""
    found = []
    for a, b in _merged(explained):
        change = sum(point.direction for point in points if a <= point.parameter <= b)
        before, after = (count_right_of(system_of(p)).number for p in (a, b))
        if before is None or after is None or after - before != change:
            found.append((a, b))
    return found


def _without(
    cell: tuple[float, float], explained: list[tuple[float, float]]
) -> list[tuple[float, float]]:
    pieces = [cell]
    for left, right in explained:
        cut = [((a, min(b, left)), (max(a, right), b)) for a, b in pieces]
        pieces = [(a, b) for both in cut for a, b in both if a < b]
    return pieces


def _merged(intervals: list[tuple[float, float]]) -> tuple[tuple[float, float], ...]:
    merged: list[tuple[float, float]] = []
    for a, b in sorted(intervals):
        if merged and a <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], b))
        else:
            merged.append((a, b))
    return tuple(merged)
