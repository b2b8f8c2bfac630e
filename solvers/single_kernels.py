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
from lemmata.solvers.batches import over_numbers
from lemmata.solvers.wide_averages import AT_ONCE, single_precision
from lemmata.solvers.wide_draws import Draw, Row, size_of
from lemmata.solvers.wide_gradients import kernel, pair, passes


def single_kernels(seed: Any, n: int, draws: int, gram: Any, w: float, b: float) -> np.ndarray:
    r"""$\Theta_n(x, y)$ of rectifier networks of hidden widths n and 2n: (draws, `INPUTS`).

    **Arguments:** `seed`: an integer of at least 0, or some. `gram`: the scalar products xx, yy,
    xy of the inputs over their dimension.

    **Raises:** `ValueError` for a width or a number of draws that is no positive whole number.
    """
    check_count("n", n)
    check_count("draws", draws)
    with single_precision():
        given = np.asarray([(*gram, w, b)])
        size = size_of(lambda draw: _kernels(draw, n, given[0]))
        return over_numbers(partial(_run, n=n), seed, size, draws, given)[:, 0].astype(float)


@partial(jax.jit, static_argnames="n")
def _run(numbers: Array, given: Array, *, n: int) -> Array:
    def of_one(row: Array) -> Array:
        return _kernels(Row(row), n, given[0])[None]

    return jax.lax.map(of_one, numbers, batch_size=AT_ONCE)


def _kernels(draw: Draw, n: int, given: Any) -> Array:
    *gram, w, b = given
    return kernel(passes(draw, (n, 2 * n), pair(*gram), w, b, jax.nn.relu, False), False)
