r"""Deeper rectifier networks in training on several data: inflation, one component, own kernels.

All parameters are of single precision: rounding moves what is measured by a millionth or so, a
network by percents. Steps of descent stand for gradient flow where they are short.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from lemmata.solvers.descent import descend
from lemmata.solvers.kernel_dense import dense_kernel
from lemmata.solvers.networks import DenseNetwork, Parameters, standard
from lemmata.verify.training_measure import AT_ONCE, Setting

#: networks drawn at a time, and trained side by side
CHUNK, TOGETHER = 100, 4


def _networks(
    rng: np.random.Generator, count: int, shapes: tuple[int, ...], b: float
) -> tuple[DenseNetwork, Parameters]:
    return DenseNetwork(shapes, jax.nn.relu, 1.0, b), standard(rng, count, shapes)


@eqx.filter_jit
def _seen(net: DenseNetwork, params: Parameters, x: Array) -> tuple[Array, Array]:
    """The tangent kernel among inputs x of each network, and its outputs."""
    return jax.vmap(lambda p: (dense_kernel(net, p, x, outputs="trace"), net(p, x)[:, 0]))(params)


def _chunks(total: int) -> list[int]:
    return [min(CHUNK, total - first) for first in range(0, total, CHUNK)]


# Section 6.1: the kernel before training and after it.


@lru_cache(maxsize=16)
def inflation(
    seed: int, common: tuple[int, int], networks: int, width: int, b: float
) -> tuple[np.ndarray, np.ndarray]:
    r"""The relative change in training of $\sum_i \Theta(x_i, x_i)$ of each network.

    On the data, 16 inputs of N(0, 1) in two dimensions with targets $x_1 x_2$, and on the unit
    circle: each (networks,). Three hidden layers, 200 steps of rate 1.

    **Arguments:** `seed` draws the data, `common` the networks.
    """
    x = np.random.default_rng(seed).standard_normal((16, 2)).astype(np.float32)
    y = (x[:, 0] * x[:, 1])[:, None]
    angles = np.linspace(0, 2 * np.pi, 16, endpoint=False)
    places = jnp.asarray(np.r_[x, np.c_[np.cos(angles), np.sin(angles)]], jnp.float32)
    rng = np.random.default_rng((*common, seed, width))
    found = []
    for count in _chunks(networks):
        net, start = _networks(rng, count, (2, width, width, width, 1), b)
        end = descend(net, start, x, y, rate=1.0, steps=(200,), at_once=TOGETHER).params
        traces = [
            np.einsum("skk->sk", np.asarray(_seen(net, one, places)[0], float)).reshape(-1, 2, 16)
            for one in (start, end)
        ]
        found.append(traces[1].sum(axis=2) / traces[0].sum(axis=2) - 1)
    on_data, on_circle = np.concatenate(found).T
    return on_data, on_circle


# Section 6.2: outputs after long training on four points of the circle.

#: angles of the data, a quarter of a turn apart
QUARTERS = np.pi * np.array([0.25, 0.75, 1.25, 1.75])


@lru_cache(maxsize=4)
def on_four(
    common: tuple[int, int], networks: int, width: int, b: float, turns: tuple[float, ...]
) -> tuple[np.ndarray, np.ndarray]:
    """Outputs on the data and at further angles (networks, angles), targets being x_1 x_2.

    Three hidden layers, 40 steps of rate 4: of the slowest component a six-hundredth is left.
    """
    x, test = (_on_circle(angles) for angles in (QUARTERS, np.array(turns)))
    y = (x[:, 0] * x[:, 1])[:, None]
    rng = np.random.default_rng(common)
    found = []
    for _ in _chunks(networks):
        net, start = _networks(rng, CHUNK, (2, width, width, width, 1), b)
        end = descend(
            net, start, x, y, rate=4.0, steps=(40,), test=test, at_once=2 * TOGETHER
        )  # fmt: skip
        found.append([np.asarray(one, float)[:, 0, :, 0] for one in (end.train, end.test)])
    train, tested = (np.concatenate(one)[:networks] for one in zip(*found, strict=True))
    return train, tested


def _on_circle(angles: np.ndarray) -> np.ndarray:
    return np.stack([np.cos(angles), np.sin(angles)], axis=-1).astype(np.float32)


# Section 6.3: targets that differ from the outputs by one component.


@lru_cache(maxsize=64)
def data(seed: int, points: int = 8, dimension: int = 4, shift: float = 2.0) -> np.ndarray:
    """Inputs (points, dimension) of N(shift, 1): a first eigenvalue stands out, as for images."""
    rng = np.random.default_rng(seed)
    return rng.standard_normal((points, dimension)) + shift


def left_along(
    x: np.ndarray,
    limit: np.ndarray | None,
    rng: np.random.Generator,
    networks: int,
    width: int,
    b: float,
    steps: int,
) -> np.ndarray:
    r"""What is left of $f_0 - y = -\frac12 v$ along v at time $1/\lambda$, of each network.

    **Arguments:** `limit`: the kernel (N, N) whose second eigenvalue over N is $\lambda$ and whose
    second eigenvector is v, $|v|^2 = N$; None for each network's own before training. `steps`: of
    rate $1/(\lambda\, steps)$.
    """
    found = []
    count = len(x)
    given = jnp.asarray(x, jnp.float32)
    for size in _chunks(networks):
        net, params = _networks(rng, size, (x.shape[1], width, width, 1), b)
        own, values = (np.asarray(one, float) for one in _seen(net, params, given))
        kernels = own if limit is None else np.broadcast_to(limit, own.shape)
        eigenvalues, eigenvectors = np.linalg.eigh(kernels / count)
        v = eigenvectors[:, :, -2] * count**0.5
        # Each network has its rate and its targets: they ride along with what is trained.
        root = np.sqrt(1 / (eigenvalues[:, -2] * steps))
        task = {
            "net": params,
            "y": jnp.asarray(values + v / 2, jnp.float32),
            "root": jnp.asarray(root, jnp.float32),
        }
        zeros = np.zeros((count, 1), np.float32)
        end = descend(
            _off(net), task, given, zeros, rate=1.0, steps=(steps,), at_once=2 * TOGETHER
        )  # fmt: skip
        off = np.asarray(end.train, float)[:, 0, :, 0] / root[:, None]
        found.append(-2 * np.mean(off * v, axis=1))
    return np.concatenate(found)


@lru_cache(maxsize=16)
def _off(net: DenseNetwork) -> Any:
    """The error of a network times the root of its rate, as a function to be driven to zero."""

    def off(task: Any, x: Array) -> Array:
        fixed = jax.lax.stop_gradient((task["root"], task["y"]))
        return fixed[0] * (net(task["net"], x) - fixed[1][:, None])

    return off


# Section 5: the linear dynamics of the network's own kernel.


def from_own_kernel(setting: Setting, x: np.ndarray, y: np.ndarray, rate: float, steps: int) -> Any:
    """How far outputs end from where the network's own kernel takes them, over the first error.

    Of each network of a setting, x (N, 2) and y (N,); the Euclidean norms over the data.
    """
    net, start, scale = setting
    given = jnp.asarray(scale * x, jnp.float32)
    own, values = (np.asarray(one, float) for one in _seen(net, start, given))
    targets = y[:, None].astype(np.float32)
    end = descend(net, start, given, targets, rate=rate, steps=(steps,), at_once=AT_ONCE)
    first = values - y
    error = first[:, :, None]
    for _ in range(steps):
        error = error - rate / len(x) * own @ error
    off = np.asarray(end.train, float)[:, 0, :, 0] - y - error[:, :, 0]
    return np.linalg.norm(off, axis=1) / np.linalg.norm(first, axis=1)
