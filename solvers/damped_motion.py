r"""Motion with friction, $m q'' + \gamma q' = -\nabla f(q)$, at the nodes of a quadrature.

Prince and Dormand's method of order 8 (SciPy), and Gauss's quadrature on panels: what is integrated
along a motion is as exact as the motion itself.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.integrate import solve_ivp

Floats = NDArray[np.float64]


class Motion(NamedTuple):
    """States and velocities at times, shape (times, d), the first and the last one among them.

    `weights`: of a sum over the times that is an integral; 0 at the ends.
    """

    times: Floats
    weights: Floats
    q: Floats
    v: Floats

    def integral(self, values: Floats) -> float:
        """Of a quantity that is known at the times."""
        return float(self.weights @ values)


def damped_motion(
    gradient: Callable[[Floats], ArrayLike],
    start: ArrayLike,
    velocity: ArrayLike | None = None,
    *,
    mass: float,
    friction: float,
    duration: float,
    panels: int = 12,
    rtol: float = 1e-11,
) -> Motion:
    """Follow a motion from `start`; with a mass of 0 it is gradient flow, and has no velocity.

    **Arguments:** `gradient(q)`: of the loss, shape (d,). `velocity`: shape (d,); at rest where it
    is not given. `panels`: of eight nodes each.

    **Raises:** ValueError on shapes, a mass or friction below 0, or neither of them; RuntimeError
    where the integration fails.
    """
    q = np.asarray(start, float)
    v = np.zeros_like(q) if velocity is None else np.asarray(velocity, float)
    if q.ndim != 1 or v.shape != q.shape:
        raise ValueError(f"`start` and `velocity` have shapes {q.shape} and {v.shape}; give (d,).")
    if not (mass >= 0 and friction >= 0 and mass + friction > 0 and duration > 0 and panels >= 1):
        raise ValueError(
            f"mass={mass!r}, friction={friction!r}, duration={duration!r}, panels={panels!r}: give "
            "a mass and a friction, not both 0, a time and panels."
        )
    if mass == 0 and velocity is not None:
        raise ValueError("without a mass the slope alone sets the velocity; give none.")
    d = len(q)

    def slope(t: float, y: Floats) -> Floats:
        down = -np.asarray(gradient(y[:d]), float)
        if mass == 0:
            return down / friction
        return np.concatenate([y[d:], (down - friction * y[d:]) / mass])

    times, weights = _nodes(duration, panels)
    begin = q if mass == 0 else np.concatenate([q, v])
    found = solve_ivp(
        slope, (0.0, duration), begin, method="DOP853", t_eval=times, rtol=rtol, atol=1e-2 * rtol,
        max_step=duration / panels,
    )  # fmt: skip
    if not found.success:
        raise RuntimeError(f"the motion could not be followed: {found.message}")
    y = found.y.T
    moved = np.stack([slope(0.0, row) for row in y]) if mass == 0 else y[:, d:]
    return Motion(times, weights, y[:, :d], moved)


def _nodes(duration: float, panels: int) -> tuple[Floats, Floats]:
    """Gauss's nodes on equal panels, and both ends."""
    x, w = np.polynomial.legendre.leggauss(8)
    width = duration / panels
    inner = (width * (np.arange(panels)[:, None] + (x + 1) / 2)).ravel()
    weights = np.tile(width * w / 2, panels)
    return np.array([0.0, *inner, duration]), np.array([0.0, *weights, 0.0])
