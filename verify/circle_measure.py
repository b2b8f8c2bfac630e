r"""The tangent kernel on equispaced points of a circle: its eigenvalues, one for each harmonic.

Of N points at angles $\theta_i$ the kernel is a circulant matrix in the mean, whose eigenvectors
are $\cos k \theta_i$ and $\sin k \theta_i$. For even N the points come in opposite pairs, without
which an eigenvalue of zero does not show.
"""

from __future__ import annotations

from functools import partial
from itertools import pairwise
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from lemmata.solvers.batches import over_numbers
from lemmata.solvers.kernel_dense import dense_kernel
from lemmata.solvers.networks import DenseNetwork
from lemmata.solvers.wide_draws import Row

#: points on the circle |x|^2 = 2
POINTS = 16
#: networks side by side: as many as the caches hold
AT_ONCE = 16


def angles() -> np.ndarray:
    """Where the points are, shape `(POINTS,)`."""
    return 2 * np.pi * np.arange(POINTS) / POINTS


def components(
    seed: Any, networks: int, hidden: tuple[int, ...], k: np.ndarray, w: np.ndarray, b: np.ndarray
) -> np.ndarray:
    r"""$v^T \Theta v / N$ along the harmonics k of ReLU networks, $v$ of length 1.

    The mean of both phases, where there are two: the mean and the highest harmonic have no sine.
    Each network has scales `w` and `b` in turn, shapes `(points,)`. `seed`: an integer, or some.

    **Returns:** shape `(points, networks)`.
    """
    phase = np.asarray(k, float)[:, None] * angles()
    waves = np.stack([np.cos(phase), np.sin(phase)], axis=1) / POINTS
    widths = (2, *hidden, 1)
    size = sum(m * (n + 1) for n, m in pairwise(widths))
    program = partial(_components, widths=widths)
    return over_numbers(program, seed, size, networks, {"w": w, "b": b, "wave": waves}).T


@partial(jax.jit, static_argnames=("widths",))
def _components(numbers: Any, points: Any, *, widths: tuple[int, ...]) -> jax.Array:
    x = jnp.sqrt(2.0) * jnp.stack([jnp.cos(angles()), jnp.sin(angles())], axis=-1)

    def of_one(row: Any) -> jax.Array:
        params = parameters(row, widths)

        def at(w: Any, b: Any, wave: Any) -> jax.Array:
            net = DenseNetwork(widths, jax.nn.relu, w, b)
            kernel = dense_kernel(net, params, x, outputs="trace")
            return jnp.einsum("ai,ij,aj->", wave, kernel, wave)

        return jax.vmap(lambda point: at(**point))(points)

    return jax.lax.map(of_one, numbers, batch_size=AT_ONCE)


def parameters(row: Any, widths: tuple[int, ...]) -> Any:
    """Those of a network, made of a row of standard normal numbers."""
    shapes = [shape for n, m in pairwise(widths) for shape in ((m, n), (m,))]
    parts = iter(Row(jnp.asarray(row, float))(*shapes))
    return tuple({"w": w, "b": b} for w, b in zip(parts, parts, strict=True))
