"""When runs are looked at: the one rule for descent of networks and of factors."""

from typing import Any

import numpy as np


def ascending(steps: Any, form: str) -> np.ndarray:
    """Numbers of steps at which to look: whole, not negative, ascending.

    **Raises:** ValueError, that steps must be `form`, where they are not.
    """
    looks = np.asarray(steps)
    fits = looks.ndim == 1 and looks.size > 0 and looks.dtype.kind in "iu"
    if not fits or looks[0] < 0 or np.any(np.diff(looks.astype(np.int64)) <= 0):
        raise ValueError(f"`steps={steps!r}` must be {form}.")
    return looks.astype(np.int64)
