"""Networks of finite width, drawn many times: what claims about wide ones have in common.

Two inputs are given by their scalar products over their dimension, `k_xx`, `k_yy` and `k_xy`, which
is all that a kernel depends on. All points of a claim are measured on the same networks, whose
parameters have variance 1; the factors `w` and `b` that stand before them come with the points.
"""

from __future__ import annotations

from functools import lru_cache, partial
from itertools import pairwise
from typing import Any, Literal

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from lemmata.solvers.batches import DRAWS, in_batches
from lemmata.solvers.kernel_dense import dense_kernel
from lemmata.solvers.networks import DenseNetwork, Parameters
from lemmata.verify.domain import Point

#: the dimension of the inputs
DIMENSION = 2
#: networks side by side: as many as the caches hold
AT_ONCE = 16

Quantity = Literal["outputs", "kernel", "layers", "products"]


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
      the two inputs, `(networks, points)`; "layers", the same by layer, `(networks, points, L)`;
      "products", the mean over the units of a layer of what they have at one input times what they
      have at the other, of each layer from the second on, `(networks, points, L - 1)`.
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


def shared(
    p: Point,
    common: tuple[int, int],
    networks: int,
    quantity: Quantity,
    *,
    hidden: tuple[int, ...],
    outputs: int = 1,
) -> np.ndarray:
    """As `over_networks`, of draws that `common` names: claims that ask alike share one run.

    Parameters and points are of single precision.
    """
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
        params = tuple(
            {
                "w": rng.standard_normal((DRAWS, m, n), np.float32),
                "b": rng.standard_normal((DRAWS, m), np.float32),
            }
            for n, m in pairwise(widths)
        )
        found.append(np.asarray(_given(params, of_points, quantity, widths), float))
    return np.concatenate(found)[:networks]


@partial(jax.jit, static_argnames=("quantity", "widths"))
def _given(params: Parameters, points: Any, quantity: Quantity, widths: tuple[int, ...]) -> Array:
    def at(own: Parameters, w: Any, b: Any, x: Any) -> Array:
        return _of(quantity, DenseNetwork(widths, jax.nn.relu, w, b), own, x)

    def of_one(own: Parameters) -> Array:
        return jax.vmap(lambda point: at(own, **point))(points)

    return jax.lax.map(of_one, params, batch_size=AT_ONCE)


def _of(quantity: Quantity, net: DenseNetwork, params: Parameters, x: Any) -> Array:
    if quantity == "outputs":
        return net(params, x)
    if quantity == "products":
        return jnp.stack([jnp.mean(z[0] * z[1]) for z in net.preactivations(params, x)[1:]])
    by_layer = quantity == "layers"
    found = dense_kernel(net, params, x[:1], x[1:], outputs="trace", layers=by_layer)
    return jnp.reshape(found, (-1,)) if by_layer else found[0, 0]


@partial(jax.jit, static_argnames=("quantity", "widths", "activation", "convention"))
def _over_networks(
    keys: Any,
    points: Any,
    *,
    quantity: Quantity,
    widths: tuple[int, ...],
    activation: Any,
    convention: tuple[tuple[str, bool], ...],
) -> Array:
    def network(w: Any, b: Any) -> DenseNetwork:
        return DenseNetwork(widths, activation, w, b, **dict(convention))  # type: ignore[arg-type]

    def of_one(key: Any) -> Array:
        # Drawn with factors 1; where the parameters carry them, they are put on below.
        params = network(1.0, 1.0).draw(key)

        def at(w: Any, b: Any, x: Any) -> Array:
            net = network(w, b)
            own = params
            if not net.unit_parameters:
                own = tuple({k: v * (w if k == "w" else b) for k, v in one.items()} for one in own)
            return _of(quantity, net, own, x)

        return jax.vmap(lambda point: at(**point))(points)

    return jax.lax.map(of_one, keys, batch_size=AT_ONCE)
