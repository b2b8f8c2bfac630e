r"""Fully connected networks of finite width, to measure what theories say of infinite ones.

With $z^1 = \sigma_w W^0 x/\sqrt{n_0} + \sigma_b b^0$ and
$z^{l+1} = \sigma_w W^l \phi(z^l)/\sqrt{n_l} + \sigma_b b^l$ the outputs are $z^L$. Parameters are a
plain tree, a dictionary `{"w": (n_out, n_in), "b": (n_out,)}` for each of the L layers of weights.
Source: Jacot, Gabriel and Hongler, arXiv 1806.07572, section 3; Yang, arXiv 1902.04760, D.1.
"""

import math
from collections.abc import Callable, Iterable
from itertools import pairwise
from typing import Any, Literal

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from jax.core import Tracer
from jax.typing import ArrayLike

from lemmata.solvers.normals import standard_normal

Activation = Callable[[Array], Array]
Parameters = tuple[dict[str, Array], ...]


def as_widths(widths: Any) -> tuple[int, ...]:
    """The widths as a tuple, which is hashed; what is no sequence is left to `check_widths`."""
    return tuple(widths) if isinstance(widths, Iterable) else widths


class DenseNetwork(eqx.Module):
    """A fully connected network `network(params, x)`: (N, n_0) -> (N, n_L).

    **Fields:**

    - `widths`: (n_0, ..., n_L): the inputs' dimension, hidden widths, number of outputs.
    - `activation`: any function that JAX can differentiate, from (..., n) to (..., n).
    - `w_std`, `b_std`: sigma_w and sigma_b. Floats are compiled in; arrays are not, so that another
      value needs no other program.
    - `unit_parameters`: parameters have variance 1 and the factors stand before them (Jacot);
      otherwise the parameters themselves have variance w_std^2 and b_std^2 (Yang), and a gradient
      with respect to them carries no such factor.
    - `readout_bias`: whether the last layer has a bias.
    - `readout`: "dense", or "mean": f = mean of phi(z^L), shape (N, 1), without parameters.
    """

    widths: tuple[int, ...] = eqx.field(static=True, converter=as_widths)
    activation: Activation = eqx.field(static=True, default=jax.nn.relu)
    w_std: ArrayLike = 1.0
    b_std: ArrayLike = 0.1
    unit_parameters: bool = eqx.field(static=True, default=True)
    readout_bias: bool = eqx.field(static=True, default=True)
    readout: Literal["dense", "mean"] = eqx.field(static=True, default="dense")

    def __check_init__(self) -> None:
        check_widths(self.widths)
        check_activation(self.activation)
        check_std("w_std", self.w_std)
        check_std("b_std", self.b_std)
        if self.readout not in ("dense", "mean"):
            raise ValueError(f'`readout={self.readout!r}` must be "dense" or "mean".')

    @property
    def outputs(self) -> int:
        """How many outputs there are for an input."""
        return 1 if self.readout == "mean" else self.widths[-1]

    @property
    def factors(self) -> tuple[ArrayLike, ArrayLike]:
        """What stands before weights and before biases: sigma_w, sigma_b, or 1 and 1."""
        return (self.w_std, self.b_std) if self.unit_parameters else (1.0, 1.0)

    @eqx.filter_jit
    def draw(self, key: Array) -> Parameters:
        """The parameters of one network: independent, normal, of mean zero."""
        w_scale, b_scale = (1.0, 1.0) if self.unit_parameters else (self.w_std, self.b_std)
        layers = []
        for l, (n, m) in enumerate(pairwise(self.widths)):
            for_w, for_b = jax.random.split(jax.random.fold_in(key, l))
            layer = {"w": w_scale * jax.random.normal(for_w, (m, n))}
            if self.readout_bias or l + 2 < len(self.widths):
                layer["b"] = b_scale * jax.random.normal(for_b, (m,))
            layers.append(layer)
        return tuple(layers)

    @eqx.filter_jit
    def draws(self, key: Array, seeds: int) -> Parameters:
        """The parameters of that many networks: each array has a leading axis of seeds."""
        return jax.vmap(self.draw)(jax.random.split(key, seeds))

    def preactivations(self, params: Parameters, x: Array) -> tuple[Array, ...]:
        """z^1, ..., z^L, each of shape (N, n_l).

        **Raises:** ValueError on points and on parameters of other shapes than this network's.
        """
        check_points("x", x, self.widths[0])
        check_parameters(self, params)
        w_factor, b_factor = self.factors
        found: list[Array] = []
        for layer in params:
            a = self.activation(found[-1]) if found else x
            z = (w_factor / a.shape[-1] ** 0.5) * (a @ layer["w"].T)
            found.append(z + b_factor * layer["b"] if "b" in layer else z)
        return tuple(found)

    def __call__(self, params: Parameters, x: Array) -> Array:
        return self.readout_of(self.preactivations(params, x)[-1])

    def readout_of(self, z: Array) -> Array:
        """The outputs, from the last pre-activations (..., n_L)."""
        if self.readout == "mean":
            return jnp.mean(self.activation(z), axis=-1, keepdims=True)
        return z


def standard(
    rng: np.random.Generator, networks: int, widths: tuple[int, ...], dtype: Any = np.float32
) -> Parameters:
    """Parameters of variance 1 of several networks, each array with a leading axis of them.

    NumPy draws them: what JAX draws takes a second to compile, for every shape.
    """
    return tuple(
        {
            "w": jnp.asarray(standard_normal(rng, (networks, m, n), dtype)),
            "b": jnp.asarray(standard_normal(rng, (networks, m), dtype)),
        }
        for n, m in pairwise(widths)
    )


def check_widths(widths: Any) -> None:
    """Raise ValueError unless these are two whole numbers or more, each at least 1."""
    several = isinstance(widths, tuple) and len(widths) >= 2
    if not several or any(isinstance(n, bool) or not isinstance(n, int) or n < 1 for n in widths):
        raise ValueError(
            f"`widths={widths!r}`: give whole numbers of at least 1, from the inputs' dimension to "
            "the number of outputs, such as (2, 64, 64, 1)."
        )


def check_activation(activation: Any) -> None:
    """Raise ValueError unless this is a function."""
    if not callable(activation):
        raise ValueError(
            f"`activation={activation!r}` is no function; give one that JAX can differentiate, "
            "such as `jax.numpy.tanh`."
        )


def check_std(name: str, value: ArrayLike) -> None:
    """Raise ValueError unless this is one finite number of at least 0 (or a tracer)."""
    if isinstance(value, Tracer):
        return
    number = np.asarray(value)
    if number.shape != () or number.dtype.kind not in "fiu" or not 0 <= float(number) < math.inf:
        raise ValueError(
            f"`{name}={value!r}` is a standard deviation: give one finite number of at least 0."
        )


def check_points(name: str, x: Array, dimension: int) -> None:
    """Raise ValueError unless this is a batch of points of that dimension."""
    if jnp.ndim(x) != 2 or jnp.shape(x)[1] != dimension:
        raise ValueError(
            f"`{name}` has shape {jnp.shape(x)}; this network takes a batch of shape "
            f"(N, {dimension})."
        )


def check_parameters(network: DenseNetwork, params: Any) -> None:
    """Raise ValueError unless these are the parameters of one network of these widths."""
    expected = []
    for l, (n, m) in enumerate(pairwise(network.widths)):
        biased = network.readout_bias or l + 2 < len(network.widths)
        expected.append({"w": (m, n)} | ({"b": (m,)} if biased else {}))
    shapes, found = tuple(expected), jax.tree.map(jnp.shape, params)
    if shapes != (tuple(found) if isinstance(found, list) else found):
        raise ValueError(
            f"`params` has layers of shapes {found}; the network of widths {network.widths} has "
            f"{shapes}. Give one network's; use `jax.vmap` for several."
        )
