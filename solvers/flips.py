"""Bracket the parameter at which a measured quantity flips from negative to positive.

Many lanes at once, by a scan and then by cuts on a logarithmic scale, where a line through the ends
says, or in the middle; a sign counts only where the value is larger than its own error, so both
ends of a bracket are points at which the sign was certain. It knows nothing of what is measured.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

Growth = Callable[[NDArray[np.float64]], tuple[ArrayLike, ArrayLike]]

# Where to look inside a bracket after an uncertain place: the middle first, then aside of it.
_FRACTIONS = np.array([1 / 2, 1 / 4, 3 / 4, 1 / 8, 7 / 8, 3 / 8, 5 / 8])
# How far past the flip that a line foretells, of the way to it: so the long side is cut off. The
# line bends by the width of the bracket, in logarithms.
_PAST, _BEND = 0.1, 1.0
# And of the width that is asked for, that two such places enclose the flip.
_LEAST = 0.3
# A cut that leaves more of the bracket than this is followed by one in the middle.
_SLOW = 0.6


class Reason(StrEnum):
    """Why a lane ended; the values are sentences for a report."""

    FOUND = "one flip, bracketed as narrowly as asked"
    SEVERAL = "several sign changes in the scan; the bracket is that of the first flip"
    NONE = "no certain change from negative to positive in the scan"
    UNCERTAIN = "the sign is uncertain all over the rest of the bracket; measure more accurately"
    STEPS = "the bracket is still too wide after the last step; allow more steps"


@dataclass(frozen=True, slots=True)
class Bracket:
    """Flips of n lanes; every array has shape (n,).

    `lo`, `hi`: the points, in units of the parameter, at which the sign was certainly negative and
    certainly positive (nan without a flip). `flips`: certain sign changes seen in the scan, in
    either direction. `converged`: hi - lo <= relative * (lo + hi) / 2. `reason`: text of `Reason`.
    `evaluations`: calls of the measurement.
    """

    lo: NDArray[np.float64]
    hi: NDArray[np.float64]
    flips: NDArray[np.int64]
    converged: NDArray[np.bool_]
    reason: NDArray[np.str_]
    evaluations: int

    @property
    def ok(self) -> NDArray[np.bool_]:
        """Lanes with exactly one flip, bracketed as narrowly as asked; shape (n,)."""
        return self.converged & (self.flips == 1)


def bracket_flips(
    growth: Growth,
    lo: ArrayLike,
    hi: ArrayLike,
    *,
    relative: float,
    points: int = 16,
    max_steps: int = 100,
) -> Bracket:
    """Bracket in each lane the first flip of `growth` from negative to positive in [lo, hi].

    **Arguments:** `growth(x)` takes all lanes at once, shape (n,), and returns (value, error), both
    (n,); it is always called with the full shape, so it compiles once. `lo`, `hi`: shape (n,),
    0 < lo < hi, or nan for a lane without an interval. `relative`: width asked for. `points`: of
    the logarithmic scan; two flips between neighbours are not seen. `max_steps`: calls after it.

    **Returns:** a `Bracket`. A value of nan, or no larger than its error, or with an error of nan,
    is never a sign.

    **Raises:** ValueError on intervals, `relative`, `points` or results of `growth` that break
    these rules.
    """
    low, high = _checked_interval(lo, hi, relative, points)
    xs = _log_between(low[:, None], high[:, None], np.linspace(0.0, 1.0, points))
    xs[:, 0], xs[:, -1] = low, high
    scan = [_sign(growth, xs[:, j].copy()) for j in range(points)]
    signs, values = (np.stack(part, axis=1) for part in zip(*scan, strict=True))
    first, flips = _first_flip(xs, signs, values)
    (left, right), steps, stuck = _cut(growth, first, low, relative, max_steps)
    found = ~np.isnan(left)
    converged = found & _narrow(left, right, relative)
    reason = np.full(low.shape, Reason.STEPS.value, dtype=object)
    reason[stuck] = Reason.UNCERTAIN.value
    reason[converged] = Reason.FOUND.value
    reason[converged & (flips > 1)] = Reason.SEVERAL.value
    reason[~found] = Reason.NONE.value
    return Bracket(left, right, flips, converged, reason.astype(np.str_), points + steps)


class _Ends(NamedTuple):
    """Both ends of every lane's bracket, and the values there."""

    left: NDArray[np.float64]
    right: NDArray[np.float64]
    below: NDArray[np.float64]
    above: NDArray[np.float64]


def _cut(
    growth: Growth, ends: _Ends, idle: NDArray[np.float64], relative: float, max_steps: int
) -> tuple[tuple[NDArray[np.float64], ...], int, NDArray[np.bool_]]:
    """Narrow the brackets; also returns the number of calls, and which lanes ran out of places."""
    left, right, below, above = ends
    tries = np.zeros(left.shape, dtype=np.int64)
    slow = np.zeros(left.shape, dtype=bool)
    places = len(_FRACTIONS) + 1  # what the line says, and those
    steps = 0
    while steps < max_steps:
        active = ~np.isnan(left) & ~_narrow(left, right, relative) & (tries < places)
        if not active.any():
            break
        steps += 1
        where = np.where(slow, 0.5, _past_the_line(_Ends(left, right, below, above), relative))
        where = np.where(tries == 0, where, _FRACTIONS[np.clip(tries - 1, 0, places - 2)])
        x = np.where(active, _log_between(left, right, where), idle)
        sign, value = _sign(growth, x)
        sign = np.where(active, sign, 0)
        width = np.log(right / left)
        left, below = (np.where(sign < 0, new, v) for new, v in ((x, left), (value, below)))
        right, above = (np.where(sign > 0, new, v) for new, v in ((x, right), (value, above)))
        slow = (sign != 0) & (np.log(right / left) > _SLOW * width)
        tries = np.where(sign != 0, 0, tries + active)
    return (left, right), steps, tries >= places


def _past_the_line(ends: _Ends, relative: float) -> NDArray[np.float64]:
    """The fraction of the bracket at which to look: just past where a line has the flip."""
    with np.errstate(invalid="ignore", divide="ignore"):
        flip = ends.below / (ends.below - ends.above)
        width = np.log(ends.right / ends.left)
        near = np.minimum(flip, 1 - flip)
        past = np.maximum(near * np.minimum(_PAST, _BEND * width), _LEAST * relative / width)
        where = np.where(flip < 0.5, flip + past, flip - past)
    return np.where((where > 0) & (where < 1), where, 0.5)


def _first_flip(
    xs: NDArray[np.float64], signs: NDArray[np.int64], values: NDArray[np.float64]
) -> tuple[_Ends, NDArray[np.int64]]:
    """The first neighbours (- then +) among the certain signs, and the number of all changes."""
    n, points = xs.shape
    left, right, below, above = np.full((4, n), np.nan)
    flips = np.zeros(n, dtype=np.int64)
    last, at, was = np.zeros(n, dtype=np.int64), *np.full((2, n), np.nan)
    for j in range(points):
        sign, x, value = signs[:, j], xs[:, j], values[:, j]
        flips += sign * last < 0
        up = (last < 0) & (sign > 0) & np.isnan(left)
        left, right = np.where(up, at, left), np.where(up, x, right)
        below, above = np.where(up, was, below), np.where(up, value, above)
        certain = sign != 0
        last, at, was = (
            np.where(certain, new, old) for new, old in ((sign, last), (x, at), (value, was))
        )
    return _Ends(left, right, below, above), flips


def _sign(growth: Growth, x: NDArray[np.float64]) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """The signs, 0 where they are not certain, and the values."""
    value, error = (np.asarray(part, dtype=np.float64) for part in growth(x))
    if value.shape != x.shape or error.shape != x.shape:
        raise ValueError(
            f"`growth` returned shapes {value.shape} and {error.shape} for {x.shape}; it must "
            "return (value, error), each of the shape of its argument."
        )
    if (error < 0).any():
        raise ValueError(f"`growth` returned a negative error, {error.min()!r}; errors are bounds.")
    # Comparisons with nan are false, so nan is never certain; nor is an infinite error.
    certain = np.abs(value) > error
    return np.where(certain, np.where(value > 0, 1, -1), 0), value


def _narrow(
    left: NDArray[np.float64], right: NDArray[np.float64], relative: float
) -> NDArray[np.bool_]:
    return right - left <= relative * (left + right) / 2


def _log_between(
    left: NDArray[np.float64], right: NDArray[np.float64], fraction: NDArray[np.float64]
) -> NDArray[np.float64]:
    return left * (right / left) ** fraction


def _checked_interval(
    lo: ArrayLike, hi: ArrayLike, relative: float, points: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    low, high = np.asarray(lo, dtype=np.float64), np.asarray(hi, dtype=np.float64)
    if low.ndim != 1 or low.shape != high.shape:
        raise ValueError(
            f"`lo` and `hi` must have one shape (n,), got {low.shape} and {high.shape}."
        )
    wrong = ~((low > 0) & (low < high) & (high < np.inf)) & ~(np.isnan(low) | np.isnan(high))
    if wrong.any():
        i = int(np.argmax(wrong))
        raise ValueError(
            f"lane {i} has lo={low[i]!r}, hi={high[i]!r}; give 0 < lo < hi < inf, "
            "or nan for a lane to leave out."
        )
    if not relative > 0:
        raise ValueError(f"`relative={relative!r}` must be positive, for example 1e-4.")
    if points < 2:
        raise ValueError(f"`points={points!r}` must be at least 2: both ends of the interval.")
    return low, high
