"""What the closed forms of flows may be asked: real matrices and times, in a range with room."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from lemmata.verify.errors import UsageError

Array = np.ndarray

#: the largest number of a matrix lies between 1 / REACH and REACH, so that squares of squares fit
REACH = 1e75
#: no time is later, so that times rates fit too
LATEST = 1e150


def matrix(value: Any, name: str) -> Array:
    """A matrix of doubles, none empty, all finite and in range."""
    array = _real(value, name)
    if array.ndim != 2 or not array.size:
        raise UsageError(
            f"{name} has shape {array.shape}; give a matrix: two axes, with at least one entry."
        )
    if not np.all(np.isfinite(array)):
        raise UsageError(f"{name} is not finite everywhere; all numbers must be.")
    check_reach(np.abs(array).max(), name)
    return array


def number(value: Any, name: str) -> float:
    """One finite number."""
    array = _real(value, name)
    if array.ndim or not np.isfinite(array):
        what = "more than one number" if array.ndim else "not finite"
        raise UsageError(f"{name}={value!r} is {what}; give one finite number.")
    return float(array)


def check_reach(largest: float, name: str) -> None:
    """Raise UsageError where numbers are so large or small that their squares leave the range."""
    if largest and not 1 / REACH <= largest <= REACH:
        raise UsageError(
            f"{name} has {largest:.3g} as its largest number, and products of such numbers leave "
            f"double precision; choose units in which it lies in {1 / REACH:.0e} .. {REACH:.0e}."
        )


def instants(times: Any) -> Array:
    """Times, (T,)."""
    array = np.atleast_1d(_real(times, "times"))
    if array.ndim != 1 or not np.all((array >= 0) & (array <= LATEST)):
        raise UsageError(
            f"times={times!r} must be finite numbers of at least 0, in one row, "
            f"and none above {LATEST:.0e}."
        )
    return array


def instant(time: Any) -> float:
    """One time."""
    found = instants(time)
    if np.ndim(time) or not math.isfinite(found[0]):
        raise UsageError(f"time={time!r} must be one number; for more, call errors(times).")
    return float(found[0])


def _real(value: Any, name: str) -> Array:
    try:
        array = np.asarray(value)
        if array.dtype.kind in "iuf":
            return array.astype(float)
    except (TypeError, ValueError):  # ragged lists
        raise UsageError(f"{name} is no array; give rows of numbers, all of one length.") from None
    raise UsageError(
        f"{name} holds {array.dtype} of shape {array.shape}; it must hold real numbers."
    )
