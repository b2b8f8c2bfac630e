r"""How the integral of exp(f) over [-L, L] behaves as L grows, from values of f alone.

All is done with logarithms: between two nodes f is taken to be linear, and exp of it integrated
exactly, so that densities of any size and decay can be told apart. The nodes are geometric, which
follows a quadratic f to the same relative error at every distance. It knows nothing of what f is.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
#: places, shape (m,), to logarithms of n functions there, shape (n, m)
Logarithm = Callable[[Floats], Floats]

#: a number for each function, and a bound on its error, both of shape (n,)
Rate = tuple[Floats, Floats]

#: how many octaves lie between the innermost nodes and the first of three distances
OCTAVES = 36


@dataclass(frozen=True, slots=True)
class Tail:
    """Integrals of n functions within three distances L, 2 L and 4 L, and between them.

    `inner`, shape (n, 3): logarithms of the integrals over [-L, L], [-2 L, 2 L], [-4 L, 4 L].
    `shell`, shape (n, 2): of those over L < |x| < 2 L and 2 L < |x| < 4 L. `reach`: L.
    """

    inner: Floats
    shell: Floats
    reach: float


def tail(f: Logarithm, *, reach: float = 1e6, nodes: int = 64) -> tuple[Tail, Tail]:
    """Integrate exp(f) within `reach`, twice and four times of it.

    `nodes`: in each octave, even. What f does closer to zero than `reach` / 2**36 is not seen.

    **Returns:** with all nodes, and with every other one; they differ by some three times the error
    of the first.

    **Raises:** ValueError on a reach or nodes that break these rules, or values of another shape.
    """
    if not 0 < reach < 1e100:
        raise ValueError(f"reach={reach!r}: a distance between 0 and 1e100.")
    if not (isinstance(nodes, int) and nodes >= 2 and nodes % 2 == 0):
        raise ValueError(f"nodes={nodes!r}: an even integer of at least 2.")
    r = reach * 2.0 ** (np.arange(-OCTAVES * nodes, 2 * nodes + 1) / nodes)
    values = np.asarray(f(np.concatenate([-r[::-1], r])), dtype=float)
    if values.ndim != 2 or values.shape[1] != 2 * len(r):
        raise ValueError(
            f"f returned shape {values.shape} for {2 * len(r)} places; it must return (n, m)."
        )
    left, right = values[:, : len(r)][:, ::-1], values[:, len(r) :]
    with np.errstate(invalid="ignore"):  # nan in, nan out
        fine = _within(r, left, right, nodes, reach)
        coarse = _within(r[::2], left[:, ::2], right[:, ::2], nodes // 2, reach)
    return fine, coarse


def decay(f: Logarithm, *, power: int = 2, reach: float = 1e6, nodes: int = 64) -> Rate:
    """Whether far shells hold less than what is inside (negative) or more (positive), by L**power.

    The integral converges where it is negative and grows beyond all bounds where it is positive.

    **Returns:** the value in the limit of large L, and its error, each of shape (n,).
    """
    both = tail(f, reach=reach, nodes=nodes)
    return _limit([(one.shell - one.inner[:, :2], one.reach) for one in both], power)


def growth(f: Logarithm, *, power: int = 2, reach: float = 1e6, nodes: int = 64) -> Rate:
    """The logarithm of the integral over [-L, L], divided by L**power, as L grows: 0 if it settles.

    **Returns:** the value in the limit of large L, and its error, each of shape (n,).
    """
    both = tail(f, reach=reach, nodes=nodes)
    return _limit([(one.inner[:, 1:], 2 * one.reach) for one in both], power)


def _limit(both: list[tuple[Floats, float]], power: int) -> Rate:
    """Extrapolated from two distances, what is left being of the order of 1/L or less."""
    limits, steps = [], []
    for logs, reach in both:
        near, far = logs[:, 0] / reach**power, logs[:, 1] / (2 * reach) ** power
        limits.append(2 * far - near)
        steps.append(np.abs(far - near))
    return limits[0], steps[0] + np.abs(limits[0] - limits[1])


def _within(r: Floats, left: Floats, right: Floats, nodes: int, reach: float) -> Tail:
    """The parts of the integral within and between the distances."""
    centre = _panels(left[:, :1], right[:, :1], 2 * r[:1])
    sides = [_panels(side[:, :-1], side[:, 1:], np.diff(r)) for side in (left, right)]
    both = np.logaddexp(*sides)
    first = both.shape[1] - 2 * nodes
    shells = [both[:, first : first + nodes], both[:, first + nodes :]]
    shell = np.stack([np.logaddexp.reduce(one, axis=1) for one in shells], axis=1)
    inner = [np.logaddexp.reduce(np.concatenate([centre, both[:, :first]], axis=1), axis=1)]
    for i in range(2):
        inner.append(np.logaddexp(inner[-1], shell[:, i]))
    return Tail(np.stack(inner, axis=1), shell, reach)


def _panels(start: Floats, end: Floats, length: Floats) -> Floats:
    """Logarithms of the integrals of exp of linear functions."""
    d = np.abs(end - start)
    # (1 - exp(-d))/d, which is 1 - d/2 where d is small
    mean = np.where(d > 1e-6, -np.expm1(-d) / np.where(d > 1e-6, d, 1.0), 1 - d / 2)
    return np.maximum(start, end) + np.log(mean) + np.log(length)
