"""The classical Runge-Kutta step of an ordinary equation, for arrays of any library."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


def classical_step(slope: Callable[[Any], Any], y: Any, step: Any) -> Any:
    """y after a step of y' = slope(y), of fourth order (Kutta, Z. Math. Phys. 46 (1901) 435).

    **Arguments:** `slope` of y, with y's shape; `step`, of a shape that broadcasts with y's.

    >>> round(classical_step(lambda y: y, 1.0, 0.5), 6)
    1.648438
    """
    k1 = slope(y)
    k2 = slope(y + step / 2 * k1)
    k3 = slope(y + step / 2 * k2)
    k4 = slope(y + step * k3)
    return y + step / 6 * (k1 + 2 * k2 + 2 * k3 + k4)
