"""Networks and kernels for the remarks of the papers: ranks, ridges, gaps between eigenvalues."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache, partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from lemmata.solvers.kernel_dense import dense_kernel
from lemmata.solvers.networks import DenseNetwork, standard
from lemmata.verify import backend

#: an eigenvalue below this part of the largest is rounding; one of a kernel that is not, stands out
ROUNDED, CLEAR = 1e-12, 1e-6
#: points on the circle |x|² = 2
POINTS = 16


def square(z: Any) -> Any:
    """z²/2."""
    return z**2 / 2


def circle(angles: Any) -> np.ndarray:
    """Inputs at these angles, of squared length 2, which is their dimension."""
    return 2**0.5 * np.stack([np.cos(angles), np.sin(angles)], axis=-1)


def mean_kernel(
    seed: Any, networks: int, widths: tuple[int, ...], activation: Any, w: Any, b: Any, x: Any
) -> np.ndarray:
    """The mean of the tangent kernels of networks at the inputs x, shape `(N, N)`.

    `seed`: an integer, or some.
    """
    # Drawn with factors 1, so that networks of other factors are the same draws.
    params = standard(np.random.default_rng(seed), networks, widths, np.float64)
    return np.asarray(_mean_kernel(params, widths, activation, w, b, x))


@partial(jax.jit, static_argnums=(1, 2))
def _mean_kernel(
    params: Any, widths: tuple[int, ...], activation: Any, w: Any, b: Any, x: Any
) -> jax.Array:
    network = DenseNetwork(widths, activation, w, b)
    one = lambda own: dense_kernel(network, own, x, outputs="trace")
    return jnp.mean(jax.lax.map(one, params), axis=0)


def rank(
    seed: int, w: float, b: float, activation: Callable[[Any], Any], width: int = 32
) -> tuple[int, bool]:
    """The rank of the mean kernel of eight networks on the circle, and whether it is clear."""
    x = circle(2 * np.pi * np.arange(POINTS) / POINTS)
    kernel = mean_kernel(seed, 8, (2, width, 1), activation, w, b, x)
    found = np.linalg.eigvalsh(kernel)
    found /= found[-1]
    between = (np.abs(found) >= ROUNDED) & (found < CLEAR)
    return int(np.sum(found >= CLEAR)), not np.any(between)


@lru_cache(maxsize=64)
def own_kernel(seed: int, angle_2: float, angle: float, b: float, width: int = 64) -> np.ndarray:
    """The kernel of a tanh network at 0 and `angle_2`, training points, and at `angle`."""
    x = circle(np.array([0.0, angle_2, angle]))
    # A domain asks for it, too, before anything is measured.
    with backend.precision():
        widths = (2, width, width, 1)
        return mean_kernel(seed, 1, widths, jnp.tanh, 1.0, b, x)


def flown(kernel: np.ndarray, targets: np.ndarray) -> tuple[float, float]:
    """Where the flow df/dt = -K (f - y) from 0 ends at the last point, and how far it still is.

    The flow of a short time is a series; that of twice the time is made of it, and no system is
    solved: with E = exp(-t K) and its integral S over time, E² and S + S E.
    """
    train = len(targets)
    K, kappa = kernel[:train, :train], kernel[-1, :train]
    t = 0.5 / np.abs(K).sum()
    E, S, term = np.eye(train), t * np.eye(train), np.eye(train)
    for k in range(1, 20):
        term = term @ K * (-t / k)
        E, S = E + term, S + term * (t / (k + 1))
    left = np.inf
    for _ in range(60):
        E, S = E @ E, S + S @ E
        left = float(np.abs(kappa @ S @ E @ targets))
        if np.abs(E).max() < 1e-17:
            break
    return float(kappa @ S @ targets), left


def with_ridge(kernel: np.ndarray, targets: np.ndarray, ridge: float) -> np.ndarray:
    """Least squares penalised by the norm of the coefficients: its values at all points.

    By augmented least squares on a root of the kernel, of features: no inverse of the kernel.
    """
    values, vectors = np.linalg.eigh(kernel)
    features = vectors * np.sqrt(np.maximum(values, 0.0))
    system = np.vstack([features[: len(targets)], np.sqrt(ridge) * np.eye(len(kernel))])
    right = np.concatenate([targets, np.zeros(len(kernel))])
    return features @ np.linalg.lstsq(system, right, rcond=None)[0]


def most_likely(kernel: np.ndarray, targets: np.ndarray) -> tuple[float, float]:
    """The value at the last point at which the joint Gaussian density of all values is greatest.

    **Returns:** it, and a bound on what rounding makes of it by the kernel's condition.
    """
    precision = np.linalg.inv(kernel)
    value = float(-precision[-1, : len(targets)] @ targets / precision[-1, -1])
    condition = float(np.linalg.cond(kernel))
    return value, 16 * np.finfo(float).eps * condition * float(np.abs(targets).sum())


def images(seed: int, count: int = 64, pixels: int = 64, kinds: int = 8) -> np.ndarray:
    """Inputs like pictures of digits: not negative, in clusters, of mean square 0.1."""
    rng = np.random.default_rng(seed)
    prototypes = rng.normal(size=(kinds, pixels))
    x = np.maximum(prototypes[np.arange(count) % kinds] + 0.5 * rng.normal(size=(count, pixels)), 0)
    return x * np.sqrt(0.1 * pixels / np.sum(x**2, axis=1, keepdims=True))


def widening(
    entropy: tuple[int, ...], groups: int, seed: int, depth: int, b: float
) -> tuple[np.ndarray, float]:
    """By what power of ten lambda_1 / lambda_2 grows from b = 0.1 to `b`, ReLU, on `images`.

    **Returns:** one for each of `groups` of four networks, and one for all networks together.
    """
    x = images(seed)
    widths = (x.shape[1], *(64,) * (depth - 1), 1)
    gaps, means = [], []
    for value in (0.1, b):
        kernels = [
            mean_kernel((*entropy, i), 4, widths, jax.nn.relu, 1.0, value, x) for i in range(groups)
        ]
        gaps.append([_gap(kernel) for kernel in kernels])
        means.append(_gap(np.mean(kernels, axis=0)))
    return np.subtract(gaps[1], gaps[0]), means[1] - means[0]


def _gap(kernel: np.ndarray) -> float:
    values = np.linalg.eigvalsh(kernel)
    return float(np.log10(values[-1] / values[-2]))
