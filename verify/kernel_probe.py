r"""What a rule in the plane must reproduce: means of one Gaussian, integrated adaptively.

A rule whose nodes all miss a steep part of $\phi$ agrees with itself at every level. So $\phi$ is
first looked at on a line, at a million points, for places where it changes between one point and
the next; then $E\,\phi^2$, $E\,\phi$ and $E\,\phi \sin$ are integrated on panels that are halved,
around these places first, until their halves agree. Seen is whatever is wider than a millionth of
the range; what is narrower has to be named in `kinks`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from lemmata.verify.kernel_pairs import Array

POINTS = 2**20
# No common fraction of a step, so that no kink that one would write down is met exactly.
_OFFSET = 5**0.5 - 2
_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(10)
_PANELS = 256
_MOST = 20_000
# Halvings, after which a panel is as narrow as rounding allows.
_HALVINGS = 50
_EPS = float(np.finfo(float).eps)

Function = Callable[[Array], Any]


def tests(f: Array, z: Array) -> Array:
    """What is averaged: f^2, f and f times a sine that is neither even nor odd."""
    return np.stack([f**2, f, f * np.sin(1.3 * z + 0.4)])


def steep_places(function: Function, reach: float) -> Array:
    """Where in [-reach, reach] the function changes visibly from point to point: ends of runs."""
    x = reach * (2 * (np.arange(POINTS) + _OFFSET) / POINTS - 1)
    with np.errstate(all="ignore"):
        f = np.asarray(function(x), dtype=float)
        weight = np.exp(-((13 * x / reach) ** 2) / 2)
        rms = np.sqrt(np.nansum(weight * np.where(np.isfinite(f), f, 0) ** 2) / np.sum(weight))
        size = np.abs(f[2:-2])
        steep = np.abs(np.diff(f, 4)) > 1e-12 * rms + 64 * _EPS * size
    runs = np.flatnonzero(np.diff(np.concatenate([[0], steep.astype(np.int8), [0]])))
    # A run between its neighbours, which the fourth differences take in, and its middle.
    starts, ends = x[runs[::2]], x[np.minimum(runs[1::2] + 3, POINTS - 1)]
    return np.concatenate([starts, (starts + ends) / 2, ends])[: _MOST // 4]


def line_means(function: Function, root: float, reach: float, cuts: Array) -> tuple[Array, Array]:
    """Means of `tests` at u = root z, over |z| < reach, and the errors that halving shows.

    **Arguments:** `cuts`: values of u at which panels begin, because the function jumps, bends or
    is steep there.
    """
    inside = cuts[np.abs(cuts) < reach * root] / root
    even = np.linspace(-reach, reach, _PANELS + 1)
    edges = np.unique(np.concatenate([even, inside]))
    left, right = edges[:-1], edges[1:]
    whole = _on_panels(function, root, left, right)
    total, errors = np.zeros(3), np.zeros(3)
    for halving in range(_HALVINGS + 1):
        middle = (left + right) / 2
        halves = (
            _on_panels(function, root, left, middle),
            _on_panels(function, root, middle, right),
        )
        better = halves[0] + halves[1]
        apart = np.abs(better - whole)
        square = abs(total[0]) + np.sum(np.abs(better[0]))
        sizes = np.array([square, np.sqrt(square), np.sqrt(square)])
        done = np.all(apart <= 0.5 * _EPS * sizes[:, None], axis=0)
        if halving == _HALVINGS or 2 * np.sum(~done) > _MOST:
            done[:] = True
        total += np.sum(better[:, done], axis=1)
        errors += np.sum(apart[:, done], axis=1)
        if np.all(done):
            break
        rest = ~done
        whole = np.concatenate([half[:, rest] for half in halves], axis=1)
        left, right = (
            np.concatenate([left[rest], middle[rest]]),
            np.concatenate([middle[rest], right[rest]]),
        )
    return total, errors


def _on_panels(function: Function, root: float, left: Array, right: Array) -> Array:
    middle, half = (left + right)[:, None] / 2, (right - left)[:, None] / 2
    z = middle + half * _NODES
    weights = half * _WEIGHTS * np.exp(-(z**2) / 2) / np.sqrt(2 * np.pi)
    with np.errstate(all="ignore"):
        return np.sum(weights * tests(np.asarray(function(root * z)), z), axis=-1)
