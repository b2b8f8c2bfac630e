r"""The corrections that a line in logarithms may carry, and weighted least squares with each.

At a finite distance U from the end, $v(U) = a + s U + c\,\psi(U)$; of a slope the limit is s, of a
level (s taken off beforehand) it is a. Every limit is a linear function of the data, and its
coefficients are kept: from them come its standard error, and the worst that a bias can do to it.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np

from lemmata.verify.compare.points import Floats, Points

Target = Literal["slope", "level"]
Shape = Callable[[Floats], Floats]


@dataclass(frozen=True)
class Fit:
    """One correction fitted: `limit` is a linear function of v, with coefficients `row`."""

    limit: float
    row: Floats
    misfit: float  # weighted sum of squared residuals
    residuals: Floats
    size: float = 0.0  # c
    size_row: Floats | None = None
    change: float = 0.0  # of ψ over the stretch (level), or of its slope (slope)

    @property
    def drift(self) -> float:
        return abs(self.size) * self.change

    def size_noise(self, noise: Floats) -> float:
        return 0.0 if self.size_row is None else math.sqrt(float(self.size_row**2 @ noise**2))


def decaying(target: Target, age: float) -> list[Shape | None]:
    """Corrections that die out, slowest first; the last is none at all.

    **Arguments:** `age`: the distance in U from where the series began.
    """
    slow: list[Shape] = [
        (lambda U, a=a: np.log(U + a)) if target == "slope" else (lambda U, a=a: 1 / (U + a))
        for a in (3 * age, 1.5 * age, age)
    ]
    powers: list[Shape] = [lambda U, q=q: np.exp(-q * U) for q in (0.25, 0.5, 1.0, 2.0)]
    return [*slow, *powers, None]


def growing(target: Target, age: float) -> list[Shape]:
    """Corrections that do not die out."""
    if target == "level":
        return [lambda U: U, lambda U: np.log(U + age)]
    return [lambda U: U**2, lambda U: np.exp(U / 2), np.exp]


def fit(points: Points, target: Target, shape: Shape | None) -> Fit:
    """Weighted least squares of a + s U + c ψ (slope), or of a + c ψ (level)."""
    U = points.u - points.u[-1]
    columns = [np.ones_like(U)] if target == "level" else [np.ones_like(U), U]
    psi = shape(U) if shape is not None else np.zeros_like(U)
    if shape is not None:
        psi = psi / np.max(np.abs(psi))  # only for the condition number
        columns.append(psi)
    design = np.stack(columns, axis=1)
    root = np.sqrt(points.weights)
    rows = np.linalg.pinv(design * root[:, None], rcond=1e-13) * root
    coefficients = rows @ points.v
    residuals = points.v - design @ coefficients
    at = 0 if target == "level" else 1
    misfit = float(points.weights @ residuals**2)
    if shape is None:
        return Fit(float(coefficients[at]), rows[at], misfit, residuals)
    size = float(coefficients[-1])
    change = psi if target == "level" else np.gradient(psi, U)
    change = float(abs(change[-1] - change[0]))
    return Fit(float(coefficients[at]), rows[at], misfit, residuals, size, rows[-1], change)
