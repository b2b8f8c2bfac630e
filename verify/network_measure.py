"""Networks of finite width, drawn many times: what claims about wide ones have in common.

Two inputs are given by their scalar products over their dimension, `k_xx`, `k_yy` and `k_xy`, which
is all that a kernel depends on. All points of a claim are measured on the same networks, whose
parameters have variance 1; the factors `w` and `b` that stand before them come with the points.
"""

from __future__ import annotations

from functools import lru_cache, partial
from typing import Any, Literal

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from scipy.linalg import hadamard

from lemmata.solvers.batches import DRAWS
from lemmata.solvers.kernel_dense import dense_kernel
from lemmata.solvers.networks import DenseNetwork, Parameters, standard
from lemmata.solvers.normals import standard_normal
from lemmata.verify.domain import Point

#: the dimension of the inputs
DIMENSION = 2
#: networks side by side: as many as the caches hold
AT_ONCE = 16

#: outputs from one draw of the last layer, by signs: a power of two, for such is the order of the
#: matrix of signs
MIRRORED = 128

Quantity = Literal["layers", "products", "mirrored"]


def inputs(p: Point) -> np.ndarray:
    """Two inputs of the scalar products at each point, shape `(points, 2, 2)`."""
    xx, yy, xy = (np.atleast_1d(np.asarray(p[name], float)) for name in ("k_xx", "k_yy", "k_xy"))
    first = np.stack([np.sqrt(xx), np.zeros_like(xx)], axis=-1)
    across = np.sqrt(np.maximum(yy - xy**2 / xx, 0.0))
    second = np.stack([xy / np.sqrt(xx), across], axis=-1)
    return np.sqrt(DIMENSION) * np.stack([first, second], axis=1)


def shared(
    p: Point,
    common: tuple[int, int],
    networks: int,
    quantity: Quantity,
    *,
    hidden: tuple[int, ...],
    outputs: int = 1,
) -> np.ndarray:
    """A quantity of each ReLU network at each point, shape `(networks, points, layers)`.

    All of single precision.

    **Arguments:**

    - `common`: names the draws; claims that ask alike share one run.
    - `quantity`: "layers", the tangent kernel of the two inputs by layer, L of them; "products",
      the mean over the units of a layer of what they have at one input times what they have at the
      other, of each layer from the second on, L - 1 of them; "mirrored", the same of the outputs
      alone, where the weights of a network's outputs are one draw with `MIRRORED` choices of
      signs, and the biases are their own. Each choice is a draw too, so that the mean is the same;
      what two hidden units add to a product cancels between the choices, and with it most of the
      scatter where inputs are nearly opposite.
    - `hidden`: the widths of the hidden layers.

    **Raises:** `ValueError` where there are not signs for as many hidden units.
    """
    if quantity == "mirrored" and (outputs != 1 or hidden[-1] >= MIRRORED):
        raise ValueError(
            f"hidden={hidden}, outputs={outputs}: signs are there for one output and fewer than "
            f"{MIRRORED} units before it."
        )
    columns = (np.ravel(p[name]).tolist() for name in ("k_xx", "k_yy", "k_xy", "w", "b"))
    return _shared(tuple(zip(*columns, strict=True)), common, networks, quantity, hidden, outputs)


@lru_cache(maxsize=4)
def _shared(
    points: tuple[tuple[float, ...], ...],
    common: tuple[int, int],
    networks: int,
    quantity: Quantity,
    hidden: tuple[int, ...],
    outputs: int,
) -> np.ndarray:
    names = ("k_xx", "k_yy", "k_xy", "w", "b")
    given = {
        name: np.array(one) for name, one in zip(names, zip(*points, strict=True), strict=True)
    }
    of_points = {"w": given["w"], "b": given["b"], "x": inputs(Point(given))}
    of_points = {name: np.asarray(one, np.float32) for name, one in of_points.items()}
    rng, widths = np.random.default_rng(common), (DIMENSION, *hidden, outputs)
    found = []
    for _ in range(-(-networks // DRAWS)):
        # Single precision, for time: rounding is a thousandth of what the draws leave open.
        params = standard(rng, DRAWS, widths)
        if quantity == "mirrored":
            biases = standard_normal(rng, (DRAWS, MIRRORED), np.float32)
            params = (*params[:-1], {"w": params[-1]["w"], "b": jnp.asarray(biases)})
        found.append(np.asarray(_given(params, of_points, quantity, widths), float))
    return np.concatenate(found)[:networks]


@partial(jax.jit, static_argnames=("quantity", "widths"))
def _given(params: Parameters, points: Any, quantity: Quantity, widths: tuple[int, ...]) -> Array:
    if quantity == "mirrored":
        signs = jnp.asarray(hadamard(MIRRORED), jnp.float32)
        *before, last = params
        params = (*before, {"w": last["w"] * signs[:, : widths[-2]], "b": last["b"]})
        widths = (*widths[:-1], MIRRORED)

    def at(own: Parameters, w: Any, b: Any, x: Any) -> Array:
        return _of(quantity, DenseNetwork(widths, jax.nn.relu, w, b), own, x)

    def of_one(own: Parameters) -> Array:
        return jax.vmap(lambda point: at(own, **point))(points)

    return jax.lax.map(of_one, params, batch_size=AT_ONCE)


def _of(quantity: Quantity, net: DenseNetwork, params: Parameters, x: Any) -> Array:
    if quantity == "products":
        return jnp.stack([jnp.mean(z[0] * z[1]) for z in net.preactivations(params, x)[1:]])
    if quantity == "mirrored":
        first, second = net(params, x)
        return jnp.mean(first * second)[None]
    found = dense_kernel(net, params, x[:1], x[1:], outputs="trace", layers=True)
    return jnp.reshape(found, (-1,))
