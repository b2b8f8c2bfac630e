"""Bracket the parameter at which a measured quantity flips from negative to positive.

Many lanes at once, by a scan and then bisection on a logarithmic scale; a sign counts only where
the value is larger than its own error, so both ends of a bracket are points at which the sign was
certain. It knows nothing of what is measured.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import ArrayLike, NDArray

Growth = Callable[[NDArray[np.float64]], tuple[ArrayLike, ArrayLike]]

# Where to look inside a bracket: the middle first, then aside of an uncertain middle.
_FRACTIONS = np.array([1 / 2, 1 / 4, 3 / 4, 1 / 8, 7 / 8, 3 / 8, 5 / 8])


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
    signs = np.stack([_sign(growth, xs[:, j].copy()) for j in range(points)], axis=1)
    left, right, flips = _first_flip(xs, signs)
    left, right, steps, stuck = _bisect(growth, left, right, low, relative, max_steps)
    found = ~np.isnan(left)
    converged = found & _narrow(left, right, relative)
    reason = np.full(low.shape, Reason.STEPS.value, dtype=object)
    reason[stuck] = Reason.UNCERTAIN.value
    reason[converged] = Reason.FOUND.value
    reason[converged & (flips > 1)] = Reason.SEVERAL.value
    reason[~found] = Reason.NONE.value
    return Bracket(left, right, flips, converged, reason.astype(np.str_), points + steps)


def _bisect(
    growth: Growth,
    left: NDArray[np.float64],
    right: NDArray[np.float64],
    idle: NDArray[np.float64],
    relative: float,
    max_steps: int,
) -> tuple[NDArray[np.float64], NDArray[np.float64], int, NDArray[np.bool_]]:
    """Narrow the brackets; also returns the number of calls, and which lanes ran out of places."""
    tries = np.zeros(left.shape, dtype=np.int64)
    steps = 0
    while steps < max_steps:
        active = ~np.isnan(left) & ~_narrow(left, right, relative) & (tries < len(_FRACTIONS))
        if not active.any():
            break
        steps += 1
        where = _FRACTIONS[np.minimum(tries, len(_FRACTIONS) - 1)]
        x = np.where(active, _log_between(left, right, where), idle)
        sign = np.where(active, _sign(growth, x), 0)
        left = np.where(sign < 0, x, left)
        right = np.where(sign > 0, x, right)
        tries = np.where(sign != 0, 0, tries + active)
    return left, right, steps, tries >= len(_FRACTIONS)


def _first_flip(
    xs: NDArray[np.float64], signs: NDArray[np.int64]
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.int64]]:
    """The first neighbours (- then +) among the certain signs, and the number of all changes."""
    n, points = xs.shape
    left, right = np.full(n, np.nan), np.full(n, np.nan)
    flips = np.zeros(n, dtype=np.int64)
    last, at = np.zeros(n, dtype=np.int64), np.full(n, np.nan)
    for j in range(points):
        sign = signs[:, j]
        flips += sign * last < 0
        up = (last < 0) & (sign > 0) & np.isnan(left)
        left, right = np.where(up, at, left), np.where(up, xs[:, j], right)
        last, at = np.where(sign != 0, sign, last), np.where(sign != 0, xs[:, j], at)
    return left, right, flips


def _sign(growth: Growth, x: NDArray[np.float64]) -> NDArray[np.int64]:
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
    return np.where(certain, np.where(value > 0, 1, -1), 0)


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
