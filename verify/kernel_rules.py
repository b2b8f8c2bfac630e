"""Nodes and weights by which a Gaussian plane is integrated: equidistant, or on pieces."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from lemmata.verify.kernel_pairs import Array

# Standard deviations to which the plane is integrated.
REACH = 13.0
# By this part of a step nodes are shifted: what oscillates as fast as they come looks constant on
# them, but not the same constant on those of the next level.
_SHIFT = 2**0.5 - 1


@dataclass(frozen=True)
class Rule:
    """A level of refinement, of the trapezoidal rule or of one on pieces cut at these points."""

    level: int
    cuts: tuple[float, ...] = ()
    graded: bool = False


@lru_cache
def trapezoidal(level: int) -> tuple[Array, Array]:
    """Nodes at distances of 2^-level, and their weights with the density."""
    step = 2.0**-level
    count = round(REACH / step)
    z = step * (np.arange(-count, count, dtype=np.float64) + _SHIFT)
    return z, step * _density(z)


def _density(z: Array) -> Array:
    return np.exp(-(z**2) / 2) / np.sqrt(2 * np.pi)


@lru_cache
def _legendre(level: int) -> tuple[Array, Array]:
    nodes, weights = np.polynomial.legendre.leggauss(6 * 2**level if level < 4 else 24 * level)
    return nodes, weights


# Cuts that there are always, so that no piece is much longer than the density is wide.
_CUTS = np.arange(-REACH, REACH + 1, REACH / 4)


def _graded(rule: Rule, root: float) -> Array:
    """Where u or v is cut: at the rule's points, and at distances from them that grow threefold."""
    points = np.array(rule.cuts)
    if not rule.graded:
        return points
    distances = 2 * 3.0 ** np.arange(max(np.ceil(np.log(REACH * root / 2) / np.log(3)), 0))
    return np.concatenate(
        [points, *(points + d for d in distances), *(points - d for d in distances)]
    )


def outer_pieces(rule: Rule, root: float, across: float, rest: float) -> tuple[Array, Array]:
    """Nodes of z, cut where u is and around where the mean of v given u is at a point."""
    here = _graded(rule, root)
    cuts = [_CUTS, here / root]
    if across:
        # Over this width the mean passes a point; far outside it phi(v) is as good as smooth.
        width = rest / abs(across)
        points = np.array(rule.cuts) / across
        cuts += [k + width * np.array([-13.0, -4.0, 0.0, 4.0, 13.0]) for k in points]
        with np.errstate(over="ignore"):
            cuts.append(here / across if rule.graded else points)
    z, weights = _pieces(np.concatenate(cuts)[None, :], rule.level)
    return z[0], weights[0]


def inner_pieces(rule: Rule, root: float, means: Array, rest: float) -> tuple[Array, Array]:
    """Nodes of y for each mean of v, cut where v is."""
    if rest == 0:
        return np.zeros((1, 1)), np.ones((1, 1))
    with np.errstate(over="ignore"):
        own = (_graded(rule, root)[None, :] - means[:, None]) / rest
    always = np.broadcast_to(_CUTS, (len(means), len(_CUTS)))
    return _pieces(np.concatenate([always, own], axis=1), rule.level)


def _pieces(cuts: Array, level: int) -> tuple[Array, Array]:
    """Gauss-Legendre nodes, by rows, between cuts; empty pieces stay, so that shapes are fixed."""
    cuts = np.sort(np.clip(cuts, -REACH, REACH), axis=1)
    nodes, weights = _legendre(level)
    middle = (cuts[:, 1:] + cuts[:, :-1])[:, :, None] / 2
    half = (cuts[:, 1:] - cuts[:, :-1])[:, :, None] / 2
    z = (middle + half * nodes).reshape(len(cuts), -1)
    return z, (half * weights).reshape(len(cuts), -1) * _density(z)
