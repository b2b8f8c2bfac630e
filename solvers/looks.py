"""When runs are looked at: the one rule for descent of networks and of factors."""

import itertools
import operator
from typing import Any

import numpy as np


def ascending(steps: Any, form: str) -> list[int]:
    """Numbers of steps at which to look: whole, not negative, ascending.

    **Raises:** ValueError, that steps must be `form`, where they are not.
    """
    try:
        # As Python's whole numbers, which do not wrap round.
        looks = [operator.index(step) for step in list(steps)]
        fits = not any(isinstance(step, bool | np.bool_) for step in list(steps))
    except TypeError:
        looks, fits = [], False
    in_order = all(one < next_ for one, next_ in itertools.pairwise(looks))
    if not fits or not looks or looks[0] < 0 or not in_order:
        raise ValueError(f"`steps={steps!r}` must be {form}.")
    return looks
