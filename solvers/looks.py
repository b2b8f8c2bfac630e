"""When runs are looked at: the one rule for descent of networks and of factors."""

import itertools
import operator
from typing import Any

import numpy as np


def whole(value: Any) -> int | None:
    """A whole number as Python's, which does not wrap round; None where it is no whole number."""
    if isinstance(value, bool | np.bool_):
        return None
    try:
        return operator.index(value)
    except TypeError:
        return None


def ascending(steps: Any, form: str) -> list[int]:
    """Numbers of steps at which to look: whole, not negative, ascending.

    **Raises:** ValueError, that steps must be `form`, where they are not.
    """
    try:
        found = [whole(step) for step in steps]
    except TypeError:
        found = []
    looks = [step for step in found if step is not None]
    in_order = all(one < next_ for one, next_ in itertools.pairwise(looks))
    if len(looks) < len(found) or not looks or looks[0] < 0 or not in_order:
        raise ValueError(f"`steps={steps!r}` must be {form}.")
    return looks
