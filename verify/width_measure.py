r"""Rectifier networks at several finite widths, at one input: what claims about them share.

All points of a claim are measured on the same draws: a network of width n is made of the first n
units of each layer of a wider one, as in `training_measure`, so that one program serves all widths.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from lemmata.solvers.kernel_dense import dense_kernel
from lemmata.solvers.networks import DenseNetwork, Parameters, standard
from lemmata.verify.domain import Point
from lemmata.verify.measurement import Measurement

#: networks in a batch, of which the last is thrown away in part
BATCH = 500


class Networks(NamedTuple):
    """What was measured: `outputs` (points, networks, k) and `kernel` (points, networks).

    The kernel is that of the first output at the input with itself.
    """

    outputs: np.ndarray
    kernel: np.ndarray


def at_one_input(
    p: Point, common: tuple[int, int], networks: int, *, layers: int, most: int, outputs: int
) -> Networks:
    """Networks of `layers` hidden layers of width `p.n` each, no wider than `most`.

    **Arguments:** `p`: `k_xx`, `w`, `b` and `n`, each a number or an array of points.
    `common`: what names the draws; claims with equal arguments share one simulation.
    """
    columns = (
        np.atleast_1d(np.asarray(p[name], float)).tolist() for name in ("k_xx", "w", "b", "n")
    )
    return _at_one_input(tuple(zip(*columns, strict=True)), common, networks, layers, most, outputs)


@lru_cache(maxsize=4)
def _at_one_input(
    points: tuple[tuple[float, ...], ...],
    common: tuple[int, int],
    networks: int,
    layers: int,
    most: int,
    outputs: int,
) -> Networks:
    widths = np.array([n for *_, n in points])
    if not np.all((widths >= 1) & (widths <= most)):
        raise ValueError(
            f"widths from {widths.min():g} to {widths.max():g}, most={most}; give 1 to that."
        )
    rng, shapes = np.random.default_rng(common), (2, *[most] * layers, outputs)
    given = jnp.asarray(points, jnp.float32)
    found: list[tuple[np.ndarray, np.ndarray]] = []
    for _ in range(-(-networks // BATCH)):
        # Single precision, for time: rounding is a thousandth of what the draws leave open.
        params = standard(rng, BATCH, shapes)
        outs, kernel = _batch(params, given, shapes)
        found.append((np.asarray(outs, float), np.asarray(kernel, float)))
    outs, kernel = (np.concatenate(one)[:networks] for one in zip(*found, strict=True))
    return Networks(np.swapaxes(outs, 0, 1), kernel.T)


@jax.jit(static_argnames="shapes")
def _batch(
    params: Parameters, points: jax.Array, shapes: tuple[int, ...]
) -> tuple[jax.Array, jax.Array]:
    most, single = shapes[1], (*shapes[:-1], 1)

    def at(theta: Parameters, point: jax.Array) -> tuple[jax.Array, jax.Array]:
        k_xx, w, b, n = point
        kept = (jnp.arange(most) < n).astype(jnp.float32)
        *hidden, last = theta
        own = [{"w": layer["w"] * kept[:, None], "b": layer["b"] * kept} for layer in hidden]
        # w / sqrt(n), by a factor before the weights and shorter inputs.
        wider = jnp.sqrt(most / n)
        x = jnp.stack([jnp.sqrt(2 * k_xx), jnp.zeros(())])[None] / wider
        net = DenseNetwork(shapes, jax.nn.relu, w * wider, b)
        first = {name: leaf[:1] for name, leaf in last.items()}
        one = DenseNetwork(single, jax.nn.relu, w * wider, b)
        kernel = dense_kernel(one, (*own, first), x, outputs="trace")
        return net((*own, last), x)[0], kernel[0, 0]

    return jax.vmap(lambda theta: jax.vmap(lambda point: at(theta, point))(points))(params)


def variance(draws: np.ndarray) -> Measurement:
    """The sample variance over networks, of draws (points, networks)."""
    count = draws.shape[1]
    apart = draws - draws.mean(axis=1, keepdims=True)
    return Measurement.mean(apart**2 * count / max(count - 1, 1))


def moments(outputs: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Of each network (points, networks): means of f^2, of f^4, and of f_i^2 f_j^2 with i != j."""
    k = outputs.shape[-1]
    squares = outputs**2
    second, fourth = squares.mean(axis=-1), (squares**2).mean(axis=-1)
    return second, fourth, (k * second**2 - fourth) / (k - 1)


def ratio(top: np.ndarray, below: np.ndarray, power: int = 1) -> np.ndarray:
    """The ratio of two means, below to a power, with what each network adds in first order."""
    a, c = (one.mean(axis=1, keepdims=True) for one in (below, top))
    return c / a**power + (top - c) / a**power - power * c / a ** (power + 1) * (below - a)
