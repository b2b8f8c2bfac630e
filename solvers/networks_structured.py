r"""Residual and convolutional networks of finite width, and read-outs of them.

As `lemmata.solvers.networks`, with Gaussian parameters of variance 1 and factors before them; all
are called as `network(params, x)`. Source: Yang, arXiv 1902.04760, sections 2 and D.
"""

from typing import Any, Literal

import equinox as eqx
import jax
import jax.numpy as jnp
from jax import Array
from jax.typing import ArrayLike

from lemmata.solvers.aligned import check_count
from lemmata.solvers.networks import (
    Activation,
    as_widths,
    check_activation,
    check_points,
    check_std,
    check_widths,
)


class ResidualNetwork(eqx.Module):
    r"""Blocks $x^l = x^{l-1} + \sigma_v V^l \phi(h^l)/\sqrt{n} + \sigma_a a^l$ with
    $h^l = \sigma_w W^l x^{l-1}/\sqrt{n} + \sigma_b b^l$, all of one width n.

    The inputs (N, dimension) enter by $x^0 = U x/\sqrt{n_0}$, the outputs (N, outputs) leave by
    $R x^L/\sqrt{n}$, neither with a bias.

    **Fields:** `dimension` n_0, `width` n, `blocks` L, `outputs`; `activation`; the standard
    deviations `w_std`, `b_std`, `v_std`, `a_std`.
    """

    dimension: int = eqx.field(static=True)
    width: int = eqx.field(static=True)
    blocks: int = eqx.field(static=True)
    outputs: int = eqx.field(static=True, default=1)
    activation: Activation = eqx.field(static=True, default=jax.nn.relu)
    w_std: ArrayLike = 1.0
    b_std: ArrayLike = 0.0
    v_std: ArrayLike = 1.0
    a_std: ArrayLike = 0.0

    def __check_init__(self) -> None:
        check_activation(self.activation)
        for name in ("dimension", "width", "blocks", "outputs"):
            check_count(name, getattr(self, name))
        for name in ("w_std", "b_std", "v_std", "a_std"):
            check_std(name, getattr(self, name))

    @eqx.filter_jit
    def draw(self, key: Array) -> dict[str, Any]:
        """The parameters of one network, those of the blocks with a leading axis of blocks."""
        keys = jax.random.split(key, 6)
        square, n = (self.blocks, self.width, self.width), self.width
        shapes = {"U": (n, self.dimension), "R": (self.outputs, n), "W": square, "V": square,
                  "b": square[:2], "a": square[:2]}  # fmt: skip
        return {
            name: jax.random.normal(one, shape)
            for one, (name, shape) in zip(keys, shapes.items(), strict=True)
        }

    def __call__(self, params: dict[str, Any], x: Array) -> Array:
        check_points("x", x, self.dimension)

        def block(x: Array, layer: dict[str, Array]) -> tuple[Array, None]:
            h = self.w_std / self.width**0.5 * (x @ layer["W"].T) + self.b_std * layer["b"]
            change = self.v_std / self.width**0.5 * (self.activation(h) @ layer["V"].T)
            return x + change + self.a_std * layer["a"], None

        start = x @ params["U"].T / self.dimension**0.5
        layers = {name: params[name] for name in ("W", "V", "b", "a")}
        return jax.lax.scan(block, start, layers)[0] @ params["R"].T / self.width**0.5


class CircularConvolution(eqx.Module):
    r"""Convolutions on a ring of s positions:
    $h^{l+1}_p = \sigma_w \sum_q \sqrt{v_q} W^l_q x^l_{p+q}/\sqrt{n_l} + \sigma_b b^l$.

    The offsets q run from -(m-1)/2 to (m-1)/2 for an odd kernel of m positions, with v_q = 1/m. The
    inputs have shape (N, s, n_0), the outputs (N, 1).

    **Fields:**

    - `channels`: (n_0, n_1, ..., n_L), of the inputs and of every convolution.
    - `kernel`: m, odd; an offset beyond the ring goes round it.
    - `activation`, `w_std`, `b_std`: as for `DenseNetwork`.
    - `readout`: "flat" for sum_p R_p x_p / sqrt(s n_L), each position with its own weights, or
      "pooled" for R sum_p x_p / (s sqrt(n_L)), where positions share them. Neither has a bias.
    - `positions`: s.
    """

    channels: tuple[int, ...] = eqx.field(static=True, converter=as_widths)
    positions: int = eqx.field(static=True)
    kernel: int = eqx.field(static=True, default=3)
    activation: Activation = eqx.field(static=True, default=jax.nn.relu)
    w_std: ArrayLike = 1.0
    b_std: ArrayLike = 0.0
    readout: Literal["flat", "pooled"] = eqx.field(static=True, default="flat")

    def __check_init__(self) -> None:
        check_activation(self.activation)
        check_widths(self.channels)
        for name in ("w_std", "b_std"):
            check_std(name, getattr(self, name))
        for name in ("positions", "kernel"):
            check_count(name, getattr(self, name))
        if self.kernel % 2 == 0:
            raise ValueError(f"`kernel={self.kernel!r}` must be odd, to have a middle.")
        if self.readout not in ("flat", "pooled"):
            raise ValueError(f'`readout={self.readout!r}` must be "flat" or "pooled".')

    @eqx.filter_jit
    def draw(self, key: Array) -> tuple[dict[str, Array], ...]:
        """The parameters of one network: `{"w": (m, n_out, n_in), "b": (n_out,)}` for each
        convolution, and last the read-out, `{"w": (s, n_L)}` or `{"w": (n_L,)}`.
        """
        layers = []
        for l, (n, m) in enumerate(zip(self.channels[:-1], self.channels[1:], strict=True)):
            for_w, for_b = jax.random.split(jax.random.fold_in(key, l))
            w = jax.random.normal(for_w, (self.kernel, m, n))
            layers.append({"w": w, "b": jax.random.normal(for_b, (m,))})
        last = self.channels[-1:]
        shape = (self.positions, *last) if self.readout == "flat" else last
        layers.append({"w": jax.random.normal(jax.random.fold_in(key, len(layers)), shape)})
        return tuple(layers)

    def __call__(self, params: tuple[dict[str, Array], ...], x: Array) -> Array:
        expected = (self.positions, self.channels[0])
        if jnp.shape(x)[1:] != expected:
            raise ValueError(
                f"`x` has shape {jnp.shape(x)}; this network takes a batch of shape "
                f"(N, {expected[0]}, {expected[1]})."
            )
        for layer in params[:-1]:
            factor = self.w_std / (self.kernel * x.shape[-1]) ** 0.5
            half = self.kernel // 2
            around = jnp.stack([jnp.roll(x, -q, axis=1) for q in range(-half, half + 1)])
            h = factor * jnp.einsum("qnpi,qoi->npo", around, layer["w"])
            x = self.activation(h + self.b_std * layer["b"])
        w, s = params[-1]["w"], self.positions
        each = "pi" if self.readout == "flat" else "i"
        size = (s if self.readout == "flat" else s**2) * x.shape[-1]
        return jnp.einsum(f"npi,{each}->n", x, w)[:, None] / size**0.5
