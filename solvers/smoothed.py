"""Logarithms of densities that are smoothed by a Gaussian, far out as well as near.

Each takes places x, shape (m,), and parameters of n densities, shape (n,) or (n, k), and returns
(n, m).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import log_ndtr

Floats = NDArray[np.float64]


def normal(x: Floats, width: ArrayLike) -> Floats:
    """The normal density of mean 0 and standard deviation `width`, shape (n,)."""
    wide = _widths(width)[:, None]
    return -((x / wide) ** 2) / 2 - np.log(wide) - np.log(2 * np.pi) / 2


def atoms(x: Floats, places: ArrayLike, weights: ArrayLike, width: ArrayLike) -> Floats:
    """Point masses at `places` of `weights`, both (n, k), smoothed with `width`, shape (n,)."""
    at, mass = np.asarray(places, dtype=float), np.asarray(weights, dtype=float)
    if at.ndim != 2 or at.shape != mass.shape or not (mass > 0).all():
        raise ValueError(
            f"places of shape {at.shape}, weights of shape {mass.shape}; give one shape (n, k), "
            "and weights above 0."
        )
    wide = _widths(width)[:, None]
    total = np.log(mass / mass.sum(axis=1, keepdims=True))
    parts = (
        total[:, j : j + 1] - ((x - at[:, j : j + 1]) / wide) ** 2 / 2 for j in range(at.shape[1])
    )
    found = next(parts)
    for part in parts:
        found = np.logaddexp(found, part)
    return found - np.log(wide) - np.log(2 * np.pi) / 2


def interval(x: Floats, radius: ArrayLike, width: ArrayLike) -> Floats:
    """The uniform density over [-radius, radius], shape (n,), smoothed with `width`, (n,)."""
    half, wide = _widths(radius)[:, None], _widths(width)[:, None]
    near, far = ((np.abs(x) + side * half) / wide for side in (-1, 1))
    more, less = log_ndtr(-near), log_ndtr(-far)
    return more + np.log1p(-np.exp(less - more)) - np.log(2 * half)


def _widths(width: ArrayLike) -> Floats:
    wide = np.asarray(width, dtype=float)
    if wide.ndim != 1 or not (wide > 0).all():
        raise ValueError(f"widths {width!r}: give numbers above 0, shape (n,).")
    return wide
