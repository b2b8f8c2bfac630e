r"""Networks of finite width in training: what claims about them have in common.

Every width is a shape, and every shape a program to compile. So a network of width n stands inside
one of a greatest width m: the other units have no weights and no biases, which no gradient changes,
and $w/\sqrt n$ is $w \sqrt{m/n} / \sqrt m$, with the inputs shortened by as much. It is the same
network to rounding, in the one program.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from lemmata.solvers.descent import descend, flow
from lemmata.solvers.kernel_dense import dense_kernel
from lemmata.solvers.kernels import tangent_kernel
from lemmata.solvers.networks import DenseNetwork, Parameters
from lemmata.solvers.normals import standard_normal
from lemmata.verify.measurement import Series

#: of the first and the second training point, and of the other one
LENGTHS = (1.0, 1.4, 0.8)
#: networks side by side: as many as the caches hold
AT_ONCE = 16
#: the scale of the weights, where nothing else is said
W = 1.2


class Setting(NamedTuple):
    """Networks of one width inside a program of a greater one.

    **Fields:** the `network`, its `params` (a leading axis of networks), and the `scale` by which
    its inputs are to be multiplied.
    """

    network: DenseNetwork
    params: Parameters
    scale: float

    @property
    def one(self) -> Parameters:
        """The parameters of the first network alone."""
        return jax.tree.map(lambda leaf: leaf[0], self.params)


def drawn(
    rng: np.random.Generator,
    networks: int,
    hidden: tuple[int, ...],
    *,
    b: float,
    w: float = W,
    outputs: int = 1,
    inside: int | None = None,
    activation: Any = jnp.tanh,
    dtype: Any = np.float64,
) -> Setting:
    """Networks of two inputs with hidden layers of one width each, drawn at random.

    **Arguments:** `hidden`: widths, all equal. `b`, `w`: scales of biases and weights. `inside`:
    the width of the program; `activation` must then be zero at zero. `dtype`: single precision
    takes half of the time, and moves an output by a millionth or so.
    """
    most = inside or hidden[0]
    if len(set(hidden)) != 1 or most < hidden[0]:
        raise ValueError(f"hidden={hidden}, inside={inside}: give equal widths, none beyond it.")
    scale = (hidden[0] / most) ** 0.5
    own, given = (2, *hidden, outputs), (2, *[most] * len(hidden), outputs)
    params = []
    for shape, room in zip(
        zip(own[1:], own[:-1], strict=True), zip(given[1:], given[:-1], strict=True), strict=True
    ):
        layer = {
            "w": np.zeros((networks, *room), dtype),
            "b": np.zeros((networks, room[0]), dtype),
        }
        layer["w"][:, : shape[0], : shape[1]] = standard_normal(rng, (networks, *shape), dtype)
        layer["b"][:, : shape[0]] = standard_normal(rng, (networks, shape[0]), dtype)
        params.append({name: jnp.asarray(leaf) for name, leaf in layer.items()})
    # Arrays and not floats, which would be compiled in.
    w_std, b_std = (jnp.asarray(np.asarray(one, dtype)) for one in (w / scale, b))
    net = DenseNetwork(given, activation, w_std, b_std)
    return Setting(net, tuple(params), scale)


def inputs(angle_2: float, angle: float) -> np.ndarray:
    """Two training points and another one, of unequal lengths, at angles: shape `(3, 2)`."""
    angles = np.array([0.0, angle_2, angle])
    return np.stack([np.cos(angles), np.sin(angles)], axis=-1) * np.array(LENGTHS)[:, None]


# One network at one point of its parameters, and in training.


def slope_over_kernel(
    rng: np.random.Generator, width: int, points: int, b: float, inside: int, room: int
) -> float:
    r"""-dC/dt in gradient flow over the sum of $d_i^T \Theta_{ij} d_j$, of a random network.

    Two outputs, random inputs and targets, all derivatives by differentiation. Only the first
    `points` of `room` inputs are in the cost, so that one program serves any number of them.
    """
    setting = drawn(rng, 1, (width, width), b=b, outputs=2, inside=inside)
    x = jnp.asarray(setting.scale * rng.standard_normal((room, 2)))
    y = jnp.asarray(rng.standard_normal((room, 2)))
    kernel = np.asarray(tangent_kernel(setting.network, setting.one, x))
    errors, slope = _downhill(setting.network, setting.one, x, y, jnp.asarray(points))
    d = np.asarray(errors)[:points]
    return -float(slope) / np.einsum("ia,ijab,jb->", d, kernel[:points, :points], d)


@eqx.filter_jit
def _downhill(
    f: DenseNetwork, params: Parameters, x: Array, y: Array, points: Array
) -> tuple[Array, Array]:
    counted = (jnp.arange(len(x)) < points)[:, None]

    def cost(p: Parameters) -> Array:
        return jnp.sum(counted * (f(p, x) - y) ** 2) / (2 * points)

    velocity = jax.tree.map(jnp.negative, jax.grad(cost)(params))
    return f(params, x) - y, jax.jvp(cost, (params,), (velocity,))[1]


class Own(NamedTuple):
    """What one network brings along: its `kernel` (3, 3) and outputs (3,) at the three inputs."""

    kernel: np.ndarray
    values: np.ndarray


@lru_cache(maxsize=4096)
def own(seed: int, width: int, b: float, angle_2: float, angle: float) -> Own:
    """The tangent kernel, by differentiation, and the outputs of the network of this seed."""
    setting, x = _of_seed(seed, width, b), jnp.asarray(inputs(angle_2, angle))
    kernel = tangent_kernel(setting.network, setting.one, x, outputs="trace")
    return Own(np.asarray(kernel), np.asarray(setting.network(setting.one, x))[:, 0])


class Trained(NamedTuple):
    """Outputs of networks at times and points, and bounds on their numerical errors."""

    values: np.ndarray
    errors: np.ndarray


@lru_cache(maxsize=512)
def trained(
    seed: int,
    width: int,
    b: float,
    angles: tuple[float, float],
    targets: tuple[float, float],
    times: tuple[float, ...],
    step: float,
) -> Trained:
    """The network of this seed in the gradient flow of all its parameters: (times, 3)."""
    setting, x = _of_seed(seed, width, b), inputs(*angles)
    y = np.array(targets)[:, None]
    found = flow(setting.network, setting.params, x[:2], y, times=times, step=step, test=x)
    return Trained(np.asarray(found.path.test)[0, ..., 0], np.asarray(found.test_error)[0, ..., 0])


def _of_seed(seed: int, width: int, b: float) -> Setting:
    return drawn(np.random.default_rng(seed), 1, (width,), b=b)


# Many networks.


def kernels(rng: np.random.Generator, networks: int, *, x: Any, **given: Any) -> np.ndarray:
    """The tangent kernel of each of many rectifier networks at one input (2,) with itself.

    Shape `(networks, outputs, outputs)`.
    """
    found = []
    for count in _chunks(networks, 500):
        setting = drawn(rng, count, activation=jax.nn.relu, **given)
        point = setting.scale * jnp.asarray(x)[None]
        found.append(np.asarray(_kernels(setting.network, setting.params, point)))
    return np.concatenate(found)


@eqx.filter_jit
def _kernels(net: DenseNetwork, params: Parameters, x: Array) -> Array:
    return jax.vmap(lambda p: dense_kernel(net, p, x)[0, 0])(params)


def outputs(rng: np.random.Generator, networks: int, *, x: Any, **given: Any) -> np.ndarray:
    """The outputs of each of many rectifier networks at one input: (networks, outputs)."""
    found = []
    for count in _chunks(networks, 2000):
        setting = drawn(rng, count, activation=jax.nn.relu, **given)
        point = setting.scale * jnp.asarray(x)[None]
        found.append(np.asarray(_outputs(setting.network, setting.params, point)))
    return np.concatenate(found)


def _chunks(total: int, most: int) -> list[int]:
    """Sizes that add up to the total: arrays of a chunk fit into the caches."""
    return [min(most, total - first) for first in range(0, total, most)]


@eqx.filter_jit
def _outputs(net: DenseNetwork, params: Parameters, x: Array) -> Array:
    return jax.vmap(lambda p: net(p, x)[0])(params)


#: networks of an ensemble that are trained by one program, whatever their number
ENSEMBLE = 2000


def ensemble(
    rng: np.random.Generator,
    networks: int,
    width: int,
    b: float,
    data: tuple[np.ndarray, np.ndarray],
    test: np.ndarray,
    times: tuple[float, ...],
    step: float,
) -> Trained:
    """Many rectifier networks of one hidden layer in gradient flow: (networks, times, tests).

    All of single precision.
    """
    x, y = (np.asarray(one, np.float32) for one in data)
    parts = []
    for _ in range(-(-networks // ENSEMBLE)):
        setting = drawn(
            rng, ENSEMBLE, (width,), b=b, activation=jax.nn.relu, dtype=np.float32
        )  # fmt: skip
        found = flow(
            setting.network, setting.params, x, y[:, None],
            times=times, step=step, test=test.astype(np.float32), at_once=AT_ONCE,
        )  # fmt: skip
        parts.append((np.asarray(found.path.test, float), np.asarray(found.test_error, float)))
    values, errors = (np.concatenate(one)[:networks, ..., 0] for one in zip(*parts, strict=True))
    return Trained(values, errors)


# What a short training moves, against the width.


_X = inputs(1.7, 0.6)
#: targets of a first output, and of a second one where there is one
_Y = np.array([[1.0, -1.0], [-0.5, 1.0], [0.7, 1.0]])
_DESCENT: dict[str, Any] = {"rate": 0.2, "at_once": AT_ONCE}


def _data(setting: Setting) -> tuple[np.ndarray, np.ndarray]:
    """Inputs, as the setting's program wants them, and targets."""
    dtype = setting.params[0]["w"].dtype
    return (setting.scale * _X).astype(dtype), _Y.astype(dtype)


def motion(setting: Setting, steps: int) -> np.ndarray:
    """The relative change of the hidden layer's pre-activations, of each network."""
    return _moved(setting, steps, lambda net, p, x: net.preactivations(p, x)[-2])


def inner_weights(setting: Setting, steps: int) -> np.ndarray:
    """The relative change of the matrix between the hidden layers, of each network."""
    return _moved(setting, steps, lambda net, p, x: p[1]["w"])


def drift(setting: Setting, steps: int) -> np.ndarray:
    """The relative change of the kernel among the inputs, in the Frobenius norm."""
    return _moved(setting, steps, lambda net, p, x: dense_kernel(net, p, x, outputs="trace"))


def _moved(setting: Setting, steps: int, of: Callable[..., Array]) -> np.ndarray:
    """The relative change of `of(network, params, inputs)` in training, of each network."""
    net, start = setting.network, setting.params
    x, y = _data(setting)
    found = descend(net, start, x, y[:, :1], steps=(steps,), **_DESCENT)
    before, after = (
        np.asarray(jax.vmap(lambda p: of(net, p, x))(params)) for params in (start, found.params)
    )
    return _norm(after - before) / _norm(before)


def parted(setting: Setting, steps: int) -> np.ndarray:
    """How far one of two outputs that are trained together ends from where it would end alone.

    The mean square over the inputs, of each network.
    """
    net, both = setting.network, setting.params
    # A read-out of zeros with targets of zeros stays there, and sends nothing back.
    alone = (*both[:-1], {name: leaf.at[:, 1].set(0.0) for name, leaf in both[-1].items()})
    x, targets = _data(setting)
    first = targets * np.array([1, 0], targets.dtype)
    ends = [
        np.asarray(descend(net, params, x, y, steps=(steps,), **_DESCENT).train)[:, 0, :, 0]
        for params, y in ((both, targets), (alone, first))
    ]
    return np.mean((ends[0] - ends[1]) ** 2, axis=1)


def against_width(draws: dict[int, np.ndarray]) -> Series:
    """The means of independent draws at each width, with their standard errors."""
    least = min(len(one) for one in draws.values())
    if least < 2:
        raise ValueError(f"{least} networks give no standard error; take at least 2.")
    means = [float(one.mean()) for one in draws.values()]
    spread = [float(one.std(ddof=1)) / len(one) ** 0.5 for one in draws.values()]
    return Series(list(draws), means, spread, dof=float(least - 1))


def _norm(a: np.ndarray) -> np.ndarray:
    """The Euclidean length of each entry's array."""
    return np.linalg.norm(a.reshape(len(a), -1), axis=1)
