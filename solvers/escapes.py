"""When a solution of x' = f(t, x) that blows up passes a height for good."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy.integrate import solve_ivp


def escape_time(
    f: Callable[[float, float], float],
    start: float,
    span: tuple[float, float],
    height: float,
    *,
    rtol: float = 1e-11,
) -> float:
    """The time at which x, from `start` at the beginning of `span`, passes `height`; else nan.

    Prince and Dormand's method of order 8 (SciPy), whose events are found to rounding.

    **Raises:** ValueError on a span that does not ascend or a height below the start.
    """
    if not span[0] < span[1] or not start < height:
        raise ValueError(
            f"`span={span!r}`, `start={start!r}`, `height={height!r}`: give a span from before to "
            "after, and a height above the start."
        )

    def above(t: float, x: np.ndarray) -> float:
        return float(x[0]) - height

    above.terminal = True  # pyright: ignore[reportFunctionMemberAccess]
    found = solve_ivp(
        lambda t, x: [f(t, x[0])], span, [start], method="DOP853", rtol=rtol, atol=1e-14,
        events=above,
    )  # fmt: skip
    return float(found.t_events[0][0]) if len(found.t_events[0]) else float("nan")
