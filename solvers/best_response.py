"""Equilibria of two players by best responses, from payoffs alone.

A best response is searched along a line without derivatives, and comes as a bracket: at its ends
the payoff is certainly lower than inside. Where either player answers more with more, best
responses from below and from above enclose every equilibrium between them, errors included. It
knows nothing of what is played.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]
#: a player's own action and the other's, each of shape (..., n), to (value, error of the value)
Payoff = Callable[[Floats, Floats], tuple[Floats, Floats]]

#: actions, on a logarithmic scale, among which a maximum is looked for first
GRID = 64
# Where to look between the middle and an end: half way, then aside of what is unsure there.
_FRACTIONS = np.array([1 / 2, 3 / 4, 1 / 4])
#: ends that move by less of themselves stand still
STILL = 1e-10
#: how far, of itself, a response may move against its way for being unsure
AGAINST = 1e-4


@dataclass(frozen=True, slots=True)
class Response:
    """Best responses of n lanes, each between `low` and `high`; nan where no maximum was seen."""

    low: Floats
    high: Floats


@dataclass(frozen=True, slots=True)
class Enclosure:
    """Equilibria of n lanes; `low` and `high` have shape (2, n), a row for each player.

    `converged`: the responses stayed within the range, and rose from below and fell from above, as
    they must where either player answers more with more.
    """

    low: Floats
    high: Floats
    converged: NDArray[np.bool_]


def best_response(
    payoff: Payoff, other: ArrayLike, lo: float, hi: float, *, halvings: int = 60
) -> Response:
    """The action in (lo, hi) that pays most against `other`, shape (n,).

    The payoff has a single maximum along the logarithm of the action. `halvings`: how often it
    is narrowed on both sides at most; that ends earlier where errors hide the difference.

    **Raises:** ValueError unless 0 < lo < hi < inf, halvings >= 1 and `other` has shape (n,).
    """
    against = _checked(other, lo, hi, halvings)
    x, y, z, found = _coarse(payoff, against, np.log(lo), np.log(hi))
    value, error = _at(payoff, y, against)
    tries = np.where(found, 0, len(_FRACTIONS))
    for _ in range(halvings):
        active = tries < len(_FRACTIONS)
        if not active.any():
            break
        fraction = _FRACTIONS[np.minimum(tries, len(_FRACTIONS) - 1)]
        moved = np.zeros_like(active)
        for side in (-1, 1):
            end, across = (x, z) if side < 0 else (z, x)
            probe = y + fraction * (end - y)
            there, unsure = _at(payoff, probe, against)
            lower = active & (there + unsure < value - error)
            higher = active & (there - unsure > value + error)
            # What is higher becomes the middle, and the middle the end on the other side.
            across, end = np.where(higher, y, across), np.where(lower, probe, end)
            y, value, error = (
                np.where(higher, new, old)
                for new, old in ((probe, y), (there, value), (unsure, error))
            )
            x, z = (end, across) if side < 0 else (across, end)
            moved |= lower | higher
        tries = np.where(moved, 0, tries + active)
    return Response(*(np.where(found, np.exp(end), np.nan) for end in (x, z)))


def enclose(
    payoffs: tuple[Payoff, Payoff],
    lanes: int,
    lo: float,
    hi: float,
    *,
    rounds: int = 400,
    halvings: int = 60,
) -> Enclosure:
    """Enclose every equilibrium of two players with actions in (lo, hi), in each of n lanes.

    Best responses in turn, from the lowest and from the highest action, until neither moves by more
    than `STILL` of itself, or for so many `rounds`. The ends are bounds whenever it stops.
    """
    if not (isinstance(lanes, int) and lanes >= 1 and isinstance(rounds, int) and rounds >= 1):
        raise ValueError(f"lanes={lanes!r}, rounds={rounds!r}: each is an integer of at least 1.")
    ends = []
    converged = np.ones(lanes, dtype=bool)
    within = lo / 10, 10 * hi  # an answer close to an end is seen as one
    for way, start in ((1, lo), (-1, hi)):
        first, second = np.full(lanes, float(start)), np.full(lanes, float(start))
        for _ in range(rounds):
            before = np.stack([first, second])
            first = _end(best_response(payoffs[0], second, *within, halvings=halvings), way)
            second = _end(best_response(payoffs[1], first, *within, halvings=halvings), way)
            step = way * np.log(np.stack([first, second]) / before)
            converged &= np.all(np.isfinite(step), axis=0)
            converged &= np.all(step > -AGAINST, axis=0)
            # Every one is a bound, so that the best of them is.
            first, second = np.where(step < 0, before, np.stack([first, second]))
            if not np.any(step > STILL):
                break
        ends.append(np.stack([first, second]))
    low, high = ends
    return Enclosure(low, high, converged & np.all(low <= high, axis=0))


def _end(response: Response, way: int) -> Floats:
    return response.low if way > 0 else response.high


def _coarse(
    payoff: Payoff, other: Floats, lo: float, hi: float
) -> tuple[Floats, Floats, Floats, NDArray[np.bool_]]:
    """Ends that certainly pay less than a middle, of a grid; and whether there are any."""
    grid = np.linspace(lo, hi, GRID)[:, None]
    value, error = _at(payoff, np.broadcast_to(grid, (GRID, len(other))), other)
    best = np.argmax(np.where(np.isfinite(value), value, -np.inf), axis=0)
    lanes = np.arange(len(other))
    less = value + error < (value - error)[best, lanes]
    index = np.arange(GRID)[:, None]
    left = np.where(less & (index < best), index, -1).max(axis=0)
    right = np.where(less & (index > best), index, GRID).min(axis=0)
    found = (left >= 0) & (right < GRID)
    ends = (grid[np.clip(one, 0, GRID - 1), 0] for one in (left, best, right))
    x, y, z = (np.array(one) for one in ends)
    return x, y, z, found


def _at(payoff: Payoff, x: Floats, other: Floats) -> tuple[Floats, Floats]:
    value, error = (np.asarray(one, dtype=float) for one in payoff(np.exp(x), other))
    if value.shape != x.shape or error.shape != x.shape:
        raise ValueError(
            f"the payoff returned shapes {value.shape} and {error.shape} for actions of shape "
            f"{x.shape}; it must return (value, error), each of that shape."
        )
    if (error < 0).any():
        raise ValueError(f"the payoff returned a negative error, {error.min()}; it is a bound.")
    return value, error


def _checked(other: ArrayLike, lo: float, hi: float, halvings: int) -> Floats:
    against = np.asarray(other, dtype=float)
    if against.ndim != 1:
        raise ValueError(f"the other's actions have shape {against.shape}; give (n,).")
    if not 0 < lo < hi < np.inf:
        raise ValueError(f"lo={lo!r}, hi={hi!r}: a range of actions is 0 < lo < hi < inf.")
    if not (isinstance(halvings, int) and halvings >= 1):
        raise ValueError(f"halvings={halvings!r}: an integer of at least 1.")
    return against
