"""Curves in the plane of two parameters on which a characteristic root lies on the imaginary axis.

det Delta(i omega; x, y) = 0 is followed by its pseudo-arclength in (x, y, omega), through folds in
any of them; with omega = 0 the one real equation in (x, y). Delta is singular where the number g
of the bordered system [Delta b; c* 0] [v; g] = [0; 1] vanishes, and dg = -w* dDelta v. Source:
Govaerts, Numerical Methods for Bifurcations of Dynamical Equilibria (SIAM, 2000), chapter 3.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from lemmata.solvers.linear_delay import LinearDelay

Floats = NDArray[np.float64]
SystemOf = Callable[[float, float], LinearDelay]
Box = tuple[tuple[float, float], tuple[float, float]]

_EPS = float(np.finfo(float).eps)
_DIFFERENCE = 1e-6  # step of a difference quotient, of the box: it only steers Newton's method
_SETTLED = 1e-12  # last correction, in units of the box
_SAME = 1e-6  # error of a start, of the box, beyond which it is on no curve
_TURN = 0.2  # radians between tangents of one step
_SHORTEST = 1e-4  # of the asked step
_ZERO = 1e-5  # of the frequency's unit: x and y are even in omega, so that 1e-10 is left


class HopfCurve(NamedTuple):
    """Points (k,) of a curve in order; `omega` is 0 all along a curve of real roots.

    `error` (k,) bounds how far each (x, y) is from the curve, in units of the box. `ends` says why
    the curve stops at its first and its last point.
    """

    x: Floats
    y: Floats
    omega: Floats
    error: Floats
    ends: tuple[str, str]


def hopf_curve(
    system_of: SystemOf,
    start: tuple[float, float, float],
    box: Box,
    *,
    step: float = 0.02,
    points: int = 1_000,
) -> HopfCurve:
    """Follow the curve through `start`, near (x, y, omega), both ways to the edge of the `box`.

    `step` is the longest, in units of the box's sides; at most `points` are taken each way. The
    ends are "the edge of the box", "omega = 0", where a pair becomes a double zero (omega is not
    quite 0 at that point, see `_ZERO`), "closed", or what stopped it. `system_of(x, y)` is called a
    little outside of the box, too. Raises ValueError where Newton's method finds no point near the
    start, and on a box or step that is not positive.

    >>> hayes = lambda a, b: LinearDelay([a, b], [0.0, 1.0])
    >>> c = hopf_curve(hayes, (0, -1.5, 1.5), ((-1, 2), (-3, 0)))
    >>> print(c.ends, bool(np.allclose(c.y, -c.omega / np.sin(c.omega))))
    ('omega = 0', 'the edge of the box') True
    """
    sides = np.array([hi - lo for lo, hi in box])
    if not (np.isfinite(sides).all() and (sides > 0).all() and 0 < step < 1):
        raise ValueError(
            f"`box={box!r}` must be two increasing ranges, and `step={step!r}` in (0, 1)."
        )
    omega = float(start[2])
    unit = max(abs(omega), 1 / (system_of(start[0], start[1]).memory or 1.0))
    scale = np.array([*sides, unit] if omega else sides, dtype=float)
    problem = _Problem(system_of, np.array([box[0][0], box[1][0], 0.0])[: len(scale)], scale)
    guess = (np.array(start[: len(scale)], dtype=float) - problem.origin) / scale
    first = problem.settle(guess, None)
    if first is None or not problem.error(first) < _SAME:
        raise ValueError(
            f"Newton's method finds no point of the curve near `start={start!r}`; take one from "
            "`hopf_points`."
        )
    tangent = problem.tangent(first, None)
    forth, end = _trace(problem, first, tangent, step, points)
    back: list[Floats] = []
    begin = end
    if end != "closed":
        back, begin = _trace(problem, first, -tangent, step, points)
    found = np.array([*back[::-1], first, *forth])
    errors = np.array([problem.error(point) for point in found])
    x, y, *rest = (found * scale + problem.origin).T
    return HopfCurve(x, y, rest[0] if rest else np.zeros(len(x)), errors, (begin, end))


class _Problem:
    """g = 0 in the unknowns u = (x, y[, omega]) as multiples of `scale` from `origin`."""

    def __init__(self, system_of: SystemOf, origin: Floats, scale: Floats):
        self.system_of, self.origin, self.scale = system_of, origin, scale

    def at(self, u: Floats, border: Any = None) -> tuple[Floats, Floats, Any]:
        """g as (1,) or (2,) real numbers, its Jacobian, and the singular vectors as next border."""
        delta, slope = self._delta(u)
        left, _, right = np.linalg.svd(delta)
        own = left[:, -1:], right[-1:]
        b, c = border or own
        bordered = np.block([[delta, b], [c, np.zeros((1, 1))]])
        unit = np.zeros(len(bordered))
        unit[-1] = 1.0
        v = np.linalg.solve(bordered, unit)
        w = np.linalg.solve(bordered.T, unit)
        changes = []
        for k in range(2):
            before, after = u.copy(), u.copy()
            # Within the box: beyond an edge there may be no system, as for a negative delay.
            before[k] = max(u[k] - _DIFFERENCE, min(u[k], 0.0))
            after[k] = min(u[k] + _DIFFERENCE, max(u[k], 1.0))
            moved = self._delta(after)[0] - self._delta(before)[0]
            changes.append(moved / (after[k] - before[k]))
        if len(u) == 3:
            changes.append(1j * slope * self.scale[2])
        row: Any = np.array([-w[:-1] @ change @ v[:-1] for change in changes])
        value: Any = np.atleast_1d(v[-1])
        if len(u) == 2:
            return value.real, row.real[None], own
        return np.concatenate([value.real, value.imag]), np.array([row.real, row.imag]), own

    def settle(self, u: Floats, fixed: Floats | None) -> Floats | None:
        """Newton's method, along the plane through u normal to `fixed`, or the shortest way."""
        border = None
        for _ in range(10):
            try:
                g, jacobian, own = self.at(u, border)
                border = border or own
                if fixed is None:
                    change = np.linalg.lstsq(jacobian, -g)[0]
                else:
                    full = np.vstack([jacobian, fixed])
                    change = np.linalg.solve(full, np.append(-g, 0.0))
            except (ValueError, np.linalg.LinAlgError):
                return None
            if not np.isfinite(change).all():
                return None
            u = u + change
            inside = np.clip(u[:2], 0.0, 1.0)  # rounding must not carry it over an edge
            u[:2] = np.where(np.abs(u[:2] - inside) < _SETTLED, inside, u[:2])
            if np.abs(change).max() < _SETTLED:
                return u
        return None

    def tangent(self, u: Floats, like: Floats | None) -> Floats:
        """The unit vector that the Jacobian annihilates, on the side of `like`."""
        jacobian = self.at(u)[1]
        along = np.linalg.svd(jacobian)[2][-1]
        return -along if like is not None and along @ like < 0 else along

    def error(self, u: Floats) -> float:
        """How far u is off the curve: the shortest correction that explains g and its rounding."""
        g, jacobian, _ = self.at(u)
        system, z = self._system(u)
        slack = np.linalg.norm(g) + float(system.noise(z))
        least = np.linalg.svd(jacobian, compute_uv=False)[-1]
        return float(slack / least) if least > 0 else np.inf

    def _system(self, u: Floats) -> tuple[LinearDelay, complex]:
        x, y, *omega = (u * self.scale + self.origin).tolist()
        return self.system_of(x, y), 1j * omega[0] if omega else 0j

    def _delta(self, u: Floats) -> tuple[NDArray[Any], NDArray[Any]]:
        system, z = self._system(u)
        delta, slope = system.characteristic(z)
        return (delta, slope) if len(u) == 3 else (np.real(delta), np.real(slope))


def _trace(
    problem: _Problem, first: Floats, tangent: Floats, step: float, points: int
) -> tuple[list[Floats], str]:
    """The points after `first` in the direction of `tangent`, and why they end."""
    found: list[Floats] = []
    here, along, length = first, tangent, step
    while len(found) < points:
        guess = here + length * along
        axis, target = _leaving(guess)
        if axis is not None:
            fraction = (target - here[axis]) / (guess[axis] - here[axis])
            pinned = here + fraction * length * along
            pinned[axis] = target
            new = problem.settle(pinned, np.eye(len(here))[axis])
        else:
            new = problem.settle(guess, along)
        # A far correction, or a sharp turn, may have changed over to another curve.
        good = new is not None and np.linalg.norm(new - here) < 2 * length
        if good and new is not None and axis is None:
            bent = problem.tangent(new, along)
            good = bent @ along > np.cos(_TURN) and _leaving(new)[0] is None
        elif good and new is not None:
            good = _leaving(new, skip=axis)[0] is None
            bent = along
        else:
            bent = along
        if not good or new is None:
            length /= 2
            if length < _SHORTEST * step:
                return found, f"no further point within {length:.1e} of the box"
            continue
        if np.abs(new - here).max() > _SETTLED:
            found.append(new)
        if axis is not None:
            return found, "omega = 0" if axis == 2 else "the edge of the box"
        if len(found) > 2 and _passes(first, tangent, here, new):
            found[-1] = first
            return found, "closed"
        here, along, length = new, bent, min(1.3 * length, step)
    return found, f"{points} points; raise `points` or `step`"


def _leaving(u: Floats, skip: int | None = None) -> tuple[int | None, float]:
    """The first coordinate that is outside of its range, and the end that it has passed."""
    for k, value in enumerate(u):
        lo, hi = (0.0, 1.0) if k < 2 else (_ZERO, np.inf)
        if k != skip and not lo <= value <= hi:
            return k, lo if value < lo else hi
    return None, 0.0


def _passes(first: Floats, tangent: Floats, here: Floats, new: Floats) -> bool:
    """Whether the step from `here` to `new` crosses the plane of the start beside the start."""
    before, after = (here - first) @ tangent, (new - first) @ tangent
    step = np.linalg.norm(new - here)
    return bool(before < 0 <= after and np.linalg.norm(new - first) < 2 * step)
