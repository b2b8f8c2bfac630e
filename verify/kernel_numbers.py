"""Numbers as kernels are given them: converted without surprise, or not at all."""

from __future__ import annotations

from numbers import Real
from typing import Any

import numpy as np

from lemmata.verify.errors import UsageError
from lemmata.verify.kernel_pairs import Array

# Their squares, and products of two of these, are numbers of double precision that are not zero.
LEAST, MOST = 1e-150, 1e150


def real_array(values: Any) -> Array | None:
    """An array of real numbers, infinite ones among them; None where these are no such numbers."""
    if np.ma.isMaskedArray(values):  # NumPy would drop the mask without a word
        return None
    try:
        given = np.asarray(values)
    except (TypeError, ValueError, OverflowError):
        return None
    return given if given.dtype.kind in "fiu" else None


def real_number(value: Any) -> float | None:
    """One real number, such as jnp.asarray(1.5) too; inf where it is too large; None if none."""
    if isinstance(value, bool):
        return None
    try:
        given = real_array(float(value) if isinstance(value, Real) else value)
    except OverflowError:
        return float("inf")
    return float(given) if given is not None and given.shape == () else None


def deviation(value: Any, name: str) -> float:
    """A standard deviation; `UsageError` where it is none, or its square is out of range."""
    number = real_number(value)
    if number is None or not 0 <= number < np.inf:
        raise UsageError(
            f"{name}={shown(value)} is a standard deviation and must be a finite number, 0 or more."
        )
    if number and not LEAST <= number <= MOST:
        raise UsageError(
            f"{name}={shown(value)} has a square beyond the range of double precision; a standard "
            f"deviation must be 0 or between {LEAST:g} and {MOST:g}: measure in other units."
        )
    return number


def shown(value: Any) -> str:
    """A value as text of an error; whole numbers of hundreds of digits are cut."""
    if isinstance(value, int) and not isinstance(value, bool) and value.bit_length() > 1024:
        return f"{'-' if value < 0 else ''}2**{value.bit_length() - 1} (about)"
    return repr(value)
