"""The tangent kernel of single networks of two hidden layers, of unequal widths, many times over.

The networks are those of `wide_gradients`: as many as `INPUTS` share the matrix between the hidden
layers, and are kept together. In single precision, as there.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import jax
import numpy as np
from jax import Array

from lemmata.solvers.aligned import check_count
from lemmata.solvers.wide_averages import AT_ONCE, single_precision
from lemmata.solvers.wide_gradients import kernel, pair, passes


def single_kernels(key: Array, n: int, draws: int, gram: Any, w: float, b: float) -> np.ndarray:
    r"""$\Theta_n(x, y)$ of rectifier networks of hidden widths n and 2n: (draws, `INPUTS`).

    **Arguments:** `gram`: the scalar products xx, yy, xy of the inputs over their dimension.

    **Raises:** `ValueError` for a width or a number of draws that is no positive whole number.
    """
    check_count("n", n)
    check_count("draws", draws)
    with single_precision():
        given = np.asarray((*gram, w, b), np.float32)
        return np.asarray(_run(jax.random.split(key, draws), given, n=n), float)


@partial(jax.jit, static_argnames="n")
def _run(keys: Array, given: Array, *, n: int) -> Array:
    *gram, w, b = given

    def of_one(key: Array) -> Array:
        return kernel(passes(key, (n, 2 * n), pair(*gram), w, b, jax.nn.relu, False), False)

    return jax.lax.map(of_one, keys, batch_size=AT_ONCE)
