r"""The speed of a front between two states of $u_t = D u_{xx} + f(u)$ on a line.

Lines: central differences of fourth order in space and classical Runge-Kutta steps in time. The
front moves into u = 0 as fast as the integral of u grows.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from lemmata.solvers.runge_kutta import classical_step

#: half the length of the line, and times at which the integral is looked at, for D = 1
HALF, LOOKS = 45.0, (30.0, 40.0, 50.0)
#: of a step in time, over the square of one in space; the scheme is stable below 0.52
RATIO = 0.4


class Speeds(NamedTuple):
    """Speeds of n fronts to the right, shape (n,), and what a coarser grid and time differ by."""

    value: NDArray[np.float64]
    error: NDArray[np.float64]


def front_speeds(
    kinetics: Callable[[NDArray[np.float64], Any], NDArray[np.float64]],
    diffusivity: ArrayLike,
    args: Any,
    *,
    spacing: float = 0.5,
) -> Speeds:
    """Speeds of fronts from u = 1 on the left to u = 0 on the right.

    **Arguments:** `kinetics(u, args)`: of u, shape (n, nodes), and of `args`, of shape (n, 1).
    `diffusivity`: shape (n,). `spacing`: of the finer grid, in units of sqrt(D).

    **Returns:** the speed over the last stretch of time. The error is the difference to that of the
    stretch before, and that to a grid a fifth coarser.

    **Raises:** ValueError on shapes and on what is not positive.
    """
    D = np.asarray(diffusivity, float)
    if D.ndim != 1 or not (np.isfinite(D) & (D > 0)).all():
        raise ValueError(f"`diffusivity` is {diffusivity!r}; give positive numbers, shape (n,).")
    if not 0 < spacing <= 1:
        raise ValueError(f"`spacing={spacing!r}`: a front is a few units wide; give one below 1.")
    fine, coarse = (_speeds(kinetics, args, len(D), h) for h in (spacing, 1.2 * spacing))
    # In units of sqrt(D) all lines are the same.
    error = np.abs(fine[1] - fine[0]) + np.abs(fine[1] - coarse[1])
    return Speeds(np.sqrt(D) * fine[1], np.sqrt(D) * error)


def _speeds(kinetics: Any, args: Any, n: int, spacing: float) -> NDArray[np.float64]:
    """Over each stretch between two looks, shape (stretches, n), for D = 1."""
    nodes = 2 * int(HALF / spacing) + 1
    x = spacing * (np.arange(nodes) - nodes // 2)
    u = np.broadcast_to(np.clip(0.5 - x / 8, 0, 1), (n, nodes)).copy()
    integrals, before = [], 0.0
    for look in LOOKS:
        steps = int(np.ceil((look - before) / (RATIO * spacing**2)))
        step = (look - before) / steps
        for _ in range(steps):
            u = classical_step(lambda v: _slope(kinetics, v, args, spacing), u, step)
        integrals.append(spacing * u.sum(axis=1))
        before = look
    return np.diff(integrals, axis=0) / np.diff(LOOKS)[:, None]


def _slope(kinetics: Any, u: NDArray[np.float64], args: Any, spacing: float) -> Any:
    """Both ends are far from the front, where u is even."""
    v = np.pad(u, ((0, 0), (2, 2)), mode="edge")
    bend = (16 * (v[:, 1:-3] + v[:, 3:-1]) - v[:, :-4] - v[:, 4:] - 30 * u) / 12
    return bend / spacing**2 + kinetics(u, args)
