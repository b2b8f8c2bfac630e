"""Discs that hold a known number of characteristic roots: Newton's method, then a count on the rim.

The radius is the error of the root, and the count its multiplicity. A root that rounding cannot
tell from its neighbour shares a disc with it, however wide this must be.
"""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from lemmata.solvers.argument_principle import count_within
from lemmata.solvers.linear_delay import LinearDelay

_ROUNDS = 60  # of Newton's method: at a double root each only halves the error
_WIDER = 4.0  # by which a disc grows until its rim is clear of roots
_DEEPEST = 300  # e-foldings within the memory: left of that exp(-z s) nears overflow
_EPS = float(np.finfo(float).eps)


class Disc(NamedTuple):
    """Exactly `multiplicity` roots lie within `radius` of `centre`."""

    centre: complex
    multiplicity: int
    radius: float


def newton(system: LinearDelay, guesses: NDArray[Any]) -> NDArray[Any]:
    """Newton's method on det Delta = 0 from every guess (k,); its last values (k,).

    Where it gets too far left to compute with, or left of the edge of the gamma kernels, it stops.
    """
    roots = np.array(guesses, dtype=complex)
    active, last = np.flatnonzero(_within(system, roots)), np.full(len(roots), np.inf)
    for _ in range(_ROUNDS):
        if not len(active):
            break
        step = det_over_slope(*system.characteristic(roots[active]))
        # A far step would leave the guess for another root: a quarter of its size at most.
        size = np.abs(roots[active]) + 1 / (system.memory or 1.0)
        step = step * np.minimum(1.0, size / 4 / np.maximum(np.abs(step), size / 4))
        roots[active] -= step
        length = np.abs(step)
        # Short steps that shrink no more are rounding: even at a double root they halve.
        stalled = (length > 0.9 * last[active]) & (length < 1e-6 * size)
        last[active] = length
        moving = ~stalled & (length > _EPS * np.abs(roots[active]))
        active = active[moving & _within(system, roots[active])]
    return roots


def det_over_slope(delta: NDArray[Any], slope: NDArray[Any]) -> NDArray[Any]:
    """det / det' = 1 / trace(Delta^-1 Delta') for matrices (..., n, n), even if Delta is singular.

    With Delta = U diag(s) V*, it is s_n / sum_j (s_n / s_j) u_j* Delta' v_j.
    """
    u, s, vh = np.linalg.svd(delta)
    along = np.einsum("...ij,...ik,...jk->...j", u.conj(), slope, vh.conj())
    least = s[..., -1:]
    ratio = np.where(s > 0, least / np.where(s > 0, s, 1.0), 1.0)
    trace = (ratio * along).sum(axis=-1)
    return np.where(trace != 0, least[..., 0] / np.where(trace != 0, trace, 1.0), 0.0)


def least_singular(delta: NDArray[Any], slope: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
    """sigma_min of Delta (...), and |u* Delta' v| along its vectors: near a simple root z0,
    the first is the second times |z - z0|.
    """
    u, s, vh = np.linalg.svd(delta)
    left, right = u[..., :, -1].conj(), vh[..., -1, :].conj()
    return s[..., -1], np.abs(np.einsum("...i,...ij,...j->...", left, slope, right))


def root_discs(system: LinearDelay, roots: NDArray[Any]) -> list[Disc]:
    """Disjoint discs around the `roots` (k,) of the upper half plane, largest real part first.

    A disc that meets the real axis is centred on it, so that it holds pairs whole. Where no disc
    with a root in it can be found, the value is no root, and is left out.
    """
    discs: list[Disc] = []
    roots = roots[_within(system, roots)]
    if not len(roots):
        return discs
    sigma, along = least_singular(*system.characteristic(roots))
    with np.errstate(divide="ignore", over="ignore"):
        simple = 8 * (sigma + system.noise(roots)) / along + 4 * _EPS * np.abs(roots)
    # Near a multiple root that is far too wide; from the root of round-off on, the disc grows.
    sizes = np.abs(roots) + 1 / (system.memory or 1.0)
    starts = np.clip(simple, _EPS**2 * sizes, np.sqrt(_EPS) * sizes)
    for root, radius in zip(roots, starts, strict=True):
        new = _disc(system, complex(root), float(radius))
        # Discs that touch may hold one root twice: one disc around both counts it once.
        while new and (near := [old for old in discs if _touch(old, new)]):
            discs = [old for old in discs if old not in near]
            discs_in = [*near, new]
            centre = sum(one.centre for one in discs_in) / len(discs_in)
            reach = max(abs(one.centre - centre) + one.radius for one in discs_in)
            new = _disc(system, centre, reach)
        if new:
            discs.append(new)
    return sorted(discs, key=lambda disc: -disc.centre.real)


def _disc(system: LinearDelay, centre: complex, radius: float) -> Disc | None:
    centre = complex(centre.real, abs(centre.imag))
    widest = (abs(centre) + 1 / (system.memory or 1.0)) / 2
    while radius < widest and _within(system, np.array(centre - radius)):
        if 0 < centre.imag <= radius:
            centre, radius = complex(centre.real, 0.0), radius + centre.imag
        found = count_within(system, centre, radius)
        if found.number:
            return Disc(centre, found.number, radius)
        radius *= _WIDER
    return None


def _within(system: LinearDelay, roots: NDArray[Any]) -> NDArray[np.bool_]:
    return (np.real(roots) > system.edge) & (np.real(roots) * system.memory > -_DEEPEST)


def _touch(one: Disc, other: Disc) -> bool:
    return abs(one.centre - other.centre) <= one.radius + other.radius
