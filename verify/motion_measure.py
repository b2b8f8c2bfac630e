r"""Rectifier networks of one hidden layer after steps of descent on one datum, against the width.

All widths run in one program, as in `training_measure`. What the linear dynamics would have made of
the output is stepped along from a kernel that is given.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from lemmata.solvers.descent import descend
from lemmata.solvers.kernel_dense import dense_kernel
from lemmata.solvers.networks import DenseNetwork, Parameters
from lemmata.verify.training_measure import AT_ONCE, drawn

#: networks drawn at a time, so that many need no more memory than few
CHUNK = 1000


class Moved(NamedTuple):
    """Kernel and output at the datum before training and after it, of each network (networks,)."""

    kernel: np.ndarray
    kernel_after: np.ndarray
    output: np.ndarray
    output_after: np.ndarray


class Descent(NamedTuple):
    """A descent on one datum (`x`, `x`) with target `y`, in networks of scales `w` and `b`."""

    x: float
    y: float
    w: float
    b: float
    rate: float
    steps: int


@lru_cache(maxsize=32)
def moved(given: Descent, common: tuple[int, int], networks: int, width: int, inside: int) -> Moved:
    """Networks of a width in a program of a greater one; equal arguments share the draws."""
    rng = np.random.default_rng((*common, width))
    parts = [
        _descended(given, rng, min(CHUNK, networks - first), width, inside)
        for first in range(0, networks, CHUNK)
    ]
    return Moved(*(np.concatenate(one) for one in zip(*parts, strict=True)))


def _descended(
    given: Descent, rng: np.random.Generator, networks: int, width: int, inside: int
) -> Moved:
    setting = drawn(
        rng, networks, (width,), w=given.w, b=given.b, inside=inside, activation=jax.nn.relu,
        dtype=np.float32,
    )  # fmt: skip
    x = jnp.asarray(np.full((1, 2), setting.scale * given.x, np.float32))
    found = descend(
        setting.network, setting.params, x, np.array([[given.y]], np.float32),
        steps=(given.steps,), rate=given.rate, at_once=AT_ONCE,
    )  # fmt: skip
    before, after = (_seen(setting.network, one, x) for one in (setting.params, found.params))
    return Moved(*(np.asarray(one, float) for one in (before[0], after[0], before[1], after[1])))


@eqx.filter_jit
def _seen(net: DenseNetwork, params: Parameters, x: Array) -> tuple[Array, Array]:
    return jax.vmap(lambda p: (dense_kernel(net, p, x, outputs="trace")[0, 0], net(p, x)[0, 0]))(
        params
    )


def from_linear(found: Moved, given: Descent, kernel: np.ndarray | float) -> np.ndarray:
    """How far each output ends from where the linear dynamics of a kernel takes it."""
    error = (found.output - given.y) * (1 - given.rate * np.asarray(kernel)) ** given.steps
    return np.abs(found.output_after - given.y - error)
