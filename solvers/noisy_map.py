r"""Many populations of $N' = g(N)\,e^{\sigma \xi}$: which die out, and how the others vary."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray


class Populations(NamedTuple):
    """What became of n lanes of populations.

    `alive` (n, populations): whether they kept above the floor to the end. `mean`, `square`
    (n, populations): averages over the generations that were looked at, of N and of N squared.
    """

    alive: NDArray[np.bool_]
    mean: NDArray[np.float64]
    square: NDArray[np.float64]


def follow(
    growth: Callable[[NDArray[np.float64], Any], NDArray[np.float64]],
    start: ArrayLike,
    args: Any,
    rng: np.random.Generator,
    *,
    noise: ArrayLike = 0.0,
    settle: int,
    looks: int,
    floor: float,
) -> Populations:
    """Iterate the map `settle` generations, and look at `looks` more.

    **Arguments:** `growth(N, args)`: the map, of N, shape (n, populations), and of `args`, whose
    arrays are of shape (n, 1). `start`: shape (n, populations). `noise`: the sizes of sigma, of
    shape (n, 1) or one for all; where all are 0, none is drawn. `floor`: below it a population
    counts as dead.

    **Raises:** ValueError on shapes, counts or a floor that break these rules.
    """
    N = np.array(start, dtype=float)
    if N.ndim != 2 or not (np.isfinite(N) & (N > 0)).all():
        raise ValueError(f"`start` has shape {N.shape}; give positive numbers, (n, populations).")
    if settle < 0 or looks < 1 or not floor > 0:
        raise ValueError(
            f"`settle={settle!r}`, `looks={looks!r}`, `floor={floor!r}`: give at least 0 and 1 "
            "generations, and a floor above 0."
        )
    sizes = np.asarray(noise, float)
    alive = np.ones(N.shape, dtype=bool)
    first, second = np.zeros(N.shape), np.zeros(N.shape)
    for generation in range(settle + looks):
        N = growth(N, args)
        if sizes.any():
            N = N * np.exp(sizes * rng.standard_normal(N.shape))
        alive &= floor < N
        if generation >= settle:
            first += N
            second += N**2
    return Populations(alive, first / looks, second / looks)
