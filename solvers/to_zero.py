"""Carry a smooth function, known at points on one side of zero, to zero."""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]

#: polynomials of falling degree that are compared; the first passes through all points
_DEGREES = 4
#: beyond this ratio of successive corrections the remaining ones may add up to anything
_SLOW = 2 / 3


class AtZero(NamedTuple):
    """Value and slope at x = 0, each of shape (n,); an error is infinite where nothing is known.

    Where the data are not finite, a value is nan, too.
    """

    value: Floats
    value_error: Floats
    slope: Floats
    slope_error: Floats


def to_zero(x: ArrayLike, y: ArrayLike, error: ArrayLike) -> AtZero:
    """Value and slope at x = 0 of y(x), by polynomials of rising degree.

    **Arguments:** `x`, `y` and bounds on the errors of y, all of shape (n, m): n functions at m
    points each, m at least 5, every x positive.

    **Returns:** `AtZero`. Besides what the errors of y can do, an error holds the corrections that
    polynomials of still higher degree would bring, as the last ones foretell: were they to shrink
    by r each time, r/(1 - r) times the last, taken three times. Where they shrink by less than a
    third, as when y has a singularity near the points, the error is infinite.

    **Raises:** ValueError on other shapes, or fewer points.
    """
    x, y, error = (np.array(v, dtype=float) for v in (x, y, error))
    if x.ndim != 2 or not x.shape == y.shape == error.shape or x.shape[1] <= _DEGREES:
        raise ValueError(
            f"x, y and error have the shapes {x.shape}, {y.shape} and {error.shape}; give the same "
            f"(n, m) to all, m at least {_DEGREES + 1}."
        )
    known = np.all(np.isfinite([x, y, error]), axis=(0, 2)) & np.all(x > 0, axis=1)
    some = np.where(known[:, None], x, np.arange(1.0, x.shape[1] + 1))
    y, error = (np.where(known[:, None], v, 0.0) for v in (y, error))
    fits = np.stack([_weights(some, x.shape[1] - 1 - drop) for drop in range(_DEGREES)])
    found = np.einsum("dnpm,nm->dnp", fits, y)
    noise = np.einsum("npm,nm->np", np.abs(fits[0]), error)
    doubt = np.einsum("npm,nm->np", np.abs(fits[0] - fits[1]), error)
    last, before, first = (np.abs(found[i] - found[i + 1]) for i in range(3))
    tiny = np.finfo(float).tiny
    shrinks = np.maximum(before / (first + tiny), np.sqrt(last / (first + tiny)))
    tail = np.maximum(last, before * shrinks)
    rest = tail * np.maximum(1.0, 3 * shrinks / (1 - np.minimum(shrinks, _SLOW)))
    bound = noise + np.where(last <= doubt, last, np.where(shrinks < _SLOW, rest, np.inf))
    best = np.where(known[:, None], found[0], np.nan)
    bound = np.where(known[:, None], bound, np.inf)
    return AtZero(best[:, 0], bound[:, 0], best[:, 1], bound[:, 1])


def _weights(x: Floats, degree: int) -> Floats:
    """What turns values at x, (n, m), into value and slope at 0 of the fitted polynomial."""
    largest = x.max(axis=1, keepdims=True)
    basis = (x / largest)[:, :, None] ** np.arange(degree + 1)
    rows = np.linalg.pinv(basis)[:, :2]
    return rows / np.stack([np.ones_like(largest), largest], axis=1)
