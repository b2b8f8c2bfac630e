"""Networks of finite width, drawn many times: what claims about wide ones have in common.

Two inputs are given by their scalar products over their dimension, `k_xx`, `k_yy` and `k_xy`, which
is all that a kernel depends on. All points of a claim are measured on the same networks, whose
parameters have variance 1; the factors `w` and `b` that stand before them come with the points.
"""

from __future__ import annotations

from functools import partial
from typing import Any, Literal

import jax
import jax.numpy as jnp
import numpy as np

from lemmata.solvers.batches import in_batches
from lemmata.solvers.kernel_dense import dense_kernel
from lemmata.solvers.networks import DenseNetwork
from lemmata.verify.domain import Point

#: the dimension of the inputs
DIMENSION = 2
#: networks side by side: as many as the caches hold
AT_ONCE = 16

Quantity = Literal["outputs", "kernel", "layers"]


def inputs(p: Point) -> np.ndarray:
    """Two inputs of the scalar products at each point, shape `(points, 2, 2)`."""
    xx, yy, xy = (np.atleast_1d(np.asarray(p[name], float)) for name in ("k_xx", "k_yy", "k_xy"))
    first = np.stack([np.sqrt(xx), np.zeros_like(xx)], axis=-1)
    across = np.sqrt(np.maximum(yy - xy**2 / xx, 0.0))
    second = np.stack([xy / np.sqrt(xx), across], axis=-1)
    return np.sqrt(DIMENSION) * np.stack([first, second], axis=1)


def over_networks(
    p: Point,
    key: Any,
    networks: int,
    quantity: Quantity,
    *,
    hidden: tuple[int, ...],
    activation: Any = jax.nn.relu,
    outputs: int = 1,
    **convention: bool,
) -> np.ndarray:
    """A quantity of each network at each point of the domain.

    **Arguments:**

    - `quantity`: "outputs", shape `(networks, points, 2, outputs)`; "kernel", the tangent kernel of
      the two inputs, `(networks, points)`; "layers", the same by layer, `(networks, points, L)`.
    - `hidden`: the widths of the hidden layers.
    - `convention`: fields of `DenseNetwork` that are not its defaults.
    """
    w, b = (np.broadcast_to(np.asarray(p[name], float), np.shape(p.k_xx)) for name in ("w", "b"))
    program = partial(
        _over_networks, quantity=quantity, widths=(DIMENSION, *hidden, outputs),
        activation=activation, convention=tuple(sorted(convention.items())),
    )  # fmt: skip
    points = {"w": np.atleast_1d(w), "b": np.atleast_1d(b), "x": inputs(p)}
    return in_batches(program, key, networks, points)


@partial(jax.jit, static_argnames=("quantity", "widths", "activation", "convention"))
def _over_networks(
    keys: Any,
    points: Any,
    *,
    quantity: Quantity,
    widths: tuple[int, ...],
    activation: Any,
    convention: tuple[tuple[str, bool], ...],
) -> jax.Array:
    def network(w: Any, b: Any) -> DenseNetwork:
        return DenseNetwork(widths, activation, w, b, **dict(convention))  # type: ignore[arg-type]

    def of_one(key: Any) -> jax.Array:
        # Drawn with factors 1; where the parameters carry them, they are put on below.
        params = network(1.0, 1.0).draw(key)

        def at(w: Any, b: Any, x: Any) -> jax.Array:
            net = network(w, b)
            own = params
            if not net.unit_parameters:
                own = tuple({k: v * (w if k == "w" else b) for k, v in one.items()} for one in own)
            if quantity == "outputs":
                return net(own, x)
            by_layer = quantity == "layers"
            found = dense_kernel(net, own, x[:1], x[1:], outputs="trace", layers=by_layer)
            return jnp.reshape(found, (-1,)) if by_layer else found[0, 0]

        return jax.vmap(lambda point: at(**point))(points)

    return jax.lax.map(of_one, keys, batch_size=AT_ONCE)
