"""Many random draws at many points by one program, whatever their numbers.

A program is compiled for shapes, and compiling takes longer than most draws: so draws go in batches
of one size, and points are filled up to a multiple of a few.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import numpy as np

from lemmata.solvers.normals import standard_normal

#: draws in a batch, and what the number of points is a multiple of
DRAWS, POINTS = 256, 4


def over_numbers(
    program: Callable[[Any, Any], Any], seed: Any, size: int, draws: int, points: Any
) -> np.ndarray:
    """What a program gives for each draw at each point, all points on the same draws.

    NumPy draws the numbers: what JAX draws takes a second to compile, for each program anew.

    **Arguments:** `program`: a function of standard normal numbers `(DRAWS, size)`, of single
    precision, and of points, any tree of arrays whose first axis is of points, to an array
    `(DRAWS, points, ...)`. `seed`: an integer, or some.

    **Returns:** shape `(draws, points, ...)`.

    **Raises:** `ValueError` if two arrays are not of equally many points.
    """
    points, count = _filled(points)
    rng = np.random.Generator(np.random.SFC64(np.random.SeedSequence(seed)))
    found = [
        np.asarray(program(standard_normal(rng, (DRAWS, size), np.float32), points))[:, :count]
        for _ in range(0, draws, DRAWS)
    ]
    return np.concatenate(found)[:draws]


def _filled(points: Any) -> tuple[Any, int]:
    """The points, repeated up to a multiple of a few, and how many there are."""
    leaves, tree = jax.tree.flatten(points)
    leaves = [np.atleast_1d(np.asarray(leaf, float)) for leaf in leaves]
    counts = {len(leaf) for leaf in leaves}
    if len(counts) != 1:
        raise ValueError(f"points of {sorted(counts)} numbers; give each array as many.")
    count = counts.pop()
    filled = np.arange(POINTS * -(-count // POINTS)) % count
    return jax.tree.unflatten(tree, [leaf[filled] for leaf in leaves]), count
