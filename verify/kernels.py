r"""Kernels of infinitely wide fully connected networks: one call, in the convention asked for.

With $G^1 = x \cdot x' / d$, $\Sigma^l = w^2 G^l + b^2$ and $G^{l+1} = V_\phi(\Sigma^l)$, the
covariance of the output is the last $\Sigma$, and a layer's share of the tangent kernel is
$w^2 G^l + b^2$ (unit parameters) times $\prod_{k \ge l} w^2 V_{\phi'}(\Sigma^k)$. Sources: Jacot,
Gabriel and Hongler, arXiv 1806.07572, Theorem 1 and Remark 4; Yang, arXiv 1902.04760, appendix D.1,
with the factor $w^2$ a layer that its Theorem D.1 leaves out.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from numbers import Integral
from typing import Any, Literal

import numpy as np

from lemmata.theory.ntk_conventions import CONVENTIONS, Convention
from lemmata.verify.errors import UsageError
from lemmata.verify.kernel_duals import BY_NAME, Dual, LeakyRelu
from lemmata.verify.kernel_numbers import deviation, real_array
from lemmata.verify.kernel_pairs import Array, Pairs, constant, of_inputs

Activation = str | Dual

# What leaves the range is found at the end, in the kernel.
_later = partial(np.errstate, all="ignore")


@dataclass(frozen=True)
class LayerTerms:
    """The tangent kernel, split by layers (index 0 is nearest to the input) into its two shares.

    **Fields:** `weights` and `biases`, both of shape (layers of weights, N1, N2).
    """

    weights: Array
    biases: Array

    @property
    def total(self) -> Array:
        """The tangent kernel, of shape (N1, N2)."""
        return np.sum(self.weights, axis=0) + np.sum(self.biases, axis=0)


def analytic(
    x1: Any,
    x2: Any,
    depth: int,
    activation: Activation,
    w_std: float,
    b_std: float,
    convention: str,
    get: Literal["ntk", "nngp"] = "ntk",
) -> Array:
    """The kernel of an infinitely wide fully connected network with one output.

    **Arguments:**

    - `x1`, `x2`: inputs of shape (N1, d) and (N2, d); one of shape (d,) is a single input. `x2` may
      be None, for `x1` with itself.
    - `depth`: layers of weights for "jacot" and "neural-tangents" (1 is a linear network), hidden
      layers for "yang".
    - `activation`: "relu", "erf", "gelu", "sin", "exp", "step", "linear", or an object with
      parameters: `LeakyRelu(slope)`, `Polynomial(coefficients)`, or `Quadrature(phi)`, which
      integrates a function of one's own.
    - `w_std`, `b_std`: standard deviations of weights and biases in every layer, each 0 or between
      1e-150 and 1e150.
    - `convention`: "jacot", "neural-tangents" or "yang", see `lemmata.theory.ntk_conventions`.
    - `get`: "ntk", the tangent kernel, or "nngp", the covariance of the output at initialisation.

    An input of zeros is like any other where b_std > 0. Where b_std = 0 its pre-activations are 0
    for certain: the kernel is then what the recursion gives with phi(0), which is 0 in its row and
    column where phi(0) = 0 (for ReLU too, whose derivative there is multiplied by 0). Refused are
    the step function, which jumps at 0, and the tangent kernel of ReLU and its kin in Yang's
    convention, where biases count even so and the derivative at 0 matters.

    **Returns:** an array of shape (N1, N2). Closed forms are accurate to 1e-12 of
    sqrt(K(x, x) K(x', x')), down to nearly equal and opposite inputs, to depth 10 and w_std = 30;
    the tests go no further, and towers of exponentials and powers leave the range before.

    **Raises:** `UsageError` for wrong input; `FloatingPointError` where numbers leave the range of
    double precision.

    >>> x = np.array([[2**0.5, 0.0], [1.0, 1.0]])
    >>> analytic(x, None, 2, "relu", 1.0, 0.1, "jacot", get="nngp").round(4)
    array([[0.515 , 0.3926],
           [0.3926, 0.515 ]])
    """
    check_kind(get)
    network = checked(x1, x2, depth, activation, w_std, b_std, convention)
    with _later():
        kernel = _terms(network).total if get == "ntk" else _covariance(network)
    return _finite(kernel, network)


def layer_terms(
    x1: Any,
    x2: Any,
    depth: int,
    activation: Activation,
    w_std: float,
    b_std: float,
    convention: str,
) -> LayerTerms:
    """The tangent kernel by layers; arguments and errors are those of `analytic`."""
    network = checked(x1, x2, depth, activation, w_std, b_std, convention)
    with _later():
        terms = _terms(network)
    return LayerTerms(_finite(terms.weights, network), _finite(terms.biases, network))


@dataclass(frozen=True)
class Network:
    """What `analytic` was asked for, checked."""

    x1: Array
    x2: Array
    symmetric: bool
    layers: int
    dual: Dual
    w_std: float
    b_std: float
    convention: Convention


def _forward(network: Network, *, with_slopes: bool) -> tuple[list[Pairs], list[Array]]:
    """Second moments that enter each layer of weights, and w^2 V_phi' between them."""
    w2, bias = network.w_std**2, constant(network.b_std**2)
    moments, slopes = [of_inputs(network.x1, network.x2)], []
    for _ in range(network.layers - 1):
        preactivations = moments[-1].scaled(w2).plus(bias)
        if with_slopes:
            slopes.append(w2 * network.dual.slope(preactivations))
        moments.append(network.dual.image(preactivations))
    return moments, slopes


def _covariance(network: Network) -> Array:
    # The tangent kernel's derivatives are not asked for: the step function has none.
    last = _forward(network, with_slopes=False)[0][-1]
    bias = network.b_std**2 if network.convention.readout_bias else 0.0
    return network.w_std**2 * last.covariance + bias


def _terms(network: Network) -> LayerTerms:
    _check_zeros(network)
    moments, slopes = _forward(network, with_slopes=True)
    shape = len(network.x1), len(network.x2)
    unit = network.convention.unit_parameters
    weight, bias = (network.w_std**2, network.b_std**2) if unit else (1.0, 1.0)
    weights = np.stack([weight * np.broadcast_to(one.covariance, shape) for one in moments])
    biases = np.full(weights.shape, bias)
    if not network.convention.readout_bias:
        biases[-1] = 0.0
    backward = np.ones(shape)
    for layer in range(network.layers - 2, -1, -1):
        backward = backward * slopes[layer]
        weights[layer] *= backward
        biases[layer] *= backward
    return LayerTerms(weights, biases)


def _check_zeros(network: Network) -> None:
    """Refuse what hangs on the derivative at a kink: biases that count, where all values are 0."""
    kinked = isinstance(network.dual, LeakyRelu) and network.dual.slope_below != 1
    if not kinked or network.layers == 1 or network.b_std or network.convention.unit_parameters:
        return
    for name, x in (("x1", network.x1), ("x2", network.x2)):
        zero = ~np.any(x, axis=1)
        if np.any(zero):
            raise UsageError(
                f"{name}[{int(np.argmax(zero))}] is zero, and b_std=0: its pre-activations are 0 "
                "for certain, where the activation has no derivative, and in this convention "
                "biases have a share all the same. Leave that input out, or take b_std > 0."
            )


def convert(
    kernel: Array | LayerTerms,
    source: str,
    target: str,
    w_std: float,
    b_std: float,
    get: Literal["ntk", "nngp"] = "ntk",
) -> Array | LayerTerms:
    """A kernel in the convention `source`, written in the convention `target`.

    The network stays the same but for the read-out's bias, which Yang's has not. From `LayerTerms`
    everything converts, unless a share that is zero would have to be scaled up. A sum over layers
    converts between Yang's convention and another only where w_std = b_std, for weights and biases
    then scale alike.

    **Returns:** what was given: an array or `LayerTerms`.
    **Raises:** `UsageError`, with the reason, where the kernel given does not determine the other.
    """
    check_kind(get)
    one, other = _convention(source), _convention(target)
    w2, b2 = deviation(w_std, "w_std") ** 2, deviation(b_std, "b_std") ** 2
    readout = b2 * (other.readout_bias - one.readout_bias)
    if isinstance(kernel, LayerTerms):
        _known(kernel.weights, "kernel.weights")
        _known(kernel.biases, "kernel.biases")
    else:
        kernel = _known(kernel, "kernel")
    if get == "nngp":
        if isinstance(kernel, LayerTerms):
            raise UsageError("layer terms are of the tangent kernel; convert them with get='ntk'.")
        return np.asarray(kernel, dtype=float) + readout
    same = one.unit_parameters == other.unit_parameters
    if same and not readout:
        return replace(kernel) if isinstance(kernel, LayerTerms) else np.array(kernel, dtype=float)
    to_unit = other.unit_parameters
    if not to_unit and w2 == 0:
        raise UsageError(
            "w_std=0: the weights' share is lost in the kernel given; compute it anew."
        )
    if isinstance(kernel, LayerTerms):
        if not to_unit and b2 == 0:
            raise UsageError(
                f"b_std=0: {source!r} gives biases no share, and {target!r} gives them one, which "
                "cannot be told from the terms given; compute the kernel anew."
            )
        weights = kernel.weights * (w2 if to_unit else 1 / w2)
        biases = kernel.biases * (b2 if to_unit else 1 / b2)
        biases[-1] = b2 if other.readout_bias else 0.0
        return LayerTerms(weights, biases)
    if w2 != b2:
        raise UsageError(
            f"w_std={w_std!r} and b_std={b_std!r} differ, so that weights and biases scale apart, "
            f"and their sum in {source!r} does not tell that in {target!r}; give the LayerTerms."
        )
    total = np.asarray(kernel, dtype=float)
    return total * w2 + b2 if to_unit else (total - b2) / w2


def _known(values: Any, name: str) -> Array:
    """These finite numbers, as an array of their own."""
    given = real_array(values)
    if given is None:
        raise UsageError(
            f"{name}={values!r} is no array of real numbers; give what `analytic` or `layer_terms` "
            "returns."
        )
    if not np.all(np.isfinite(given)):
        where = tuple(int(i) for i in np.argwhere(~np.isfinite(given))[0])
        raise UsageError(f"{name}{list(where)} is {given[where]}; a kernel must be finite.")
    return np.array(given, dtype=float)


def check_kind(get: Any) -> None:
    """Raise `UsageError` unless this names a kernel."""
    if not isinstance(get, str) or get not in ("ntk", "nngp"):
        raise UsageError(f"get={get!r} is no kernel; use 'ntk' or 'nngp'.")


def checked(
    x1: Any, x2: Any, depth: int, activation: Activation, w_std: float, b_std: float, name: str
) -> Network:
    """What was asked for, or the first thing that is wrong with it."""
    convention = _convention(name)
    first = _inputs(x1, "x1")
    second = first if x2 is None else _inputs(x2, "x2")
    if first.shape[1] != second.shape[1]:
        raise UsageError(
            f"inputs of different dimension: x1 has shape {first.shape} and x2 {second.shape}; "
            "their last axes must be equal."
        )
    whole = isinstance(depth, Integral) and not isinstance(depth, bool)
    if not whole or depth < 1:
        what = "hidden layers" if convention.hidden_layers else "layers of weights"
        raise UsageError(
            f"depth={depth!r} must be a whole number, 1 or more; {name!r} counts {what}."
        )
    return Network(
        first,
        second,
        x2 is None,
        convention.weight_layers(int(depth)),
        _dual(activation),
        deviation(w_std, "w_std"),
        deviation(b_std, "b_std"),
        convention,
    )


def _inputs(x: Any, name: str) -> Array:
    if np.ma.isMaskedArray(x):
        raise UsageError(
            f"{name} is a masked array, and a kernel has no use for its mask; leave the masked "
            "inputs out, or give x.filled(...)."
        )
    try:
        given = np.asarray(x)
    except (TypeError, ValueError) as error:
        why = f"a {type(x).__name__}" if isinstance(error, TypeError) else error
        raise UsageError(
            f"{name} is no array of known numbers ({why}); give one of shape (N, d), outside of "
            "jit, vmap and grad."
        ) from error
    if given.dtype.kind not in "fiu":
        raise UsageError(
            f"{name} has entries of type {given.dtype}; inputs are real numbers, in an array of "
            "shape (N, d)."
        )
    if given.ndim not in (1, 2) or not given.size:
        raise UsageError(
            f"{name} has shape {given.shape}; give N >= 1 inputs as an array of shape (N, d), or "
            "one of shape (d,), d >= 1."
        )
    array = np.atleast_2d(given.astype(np.float64))
    wrong = ~np.isfinite(array)
    if np.any(wrong):
        i, j = (int(k) for k in np.argwhere(wrong)[0])
        raise UsageError(f"{name}[{i}, {j}] is {array[i, j]}; inputs must be finite.")
    return array


def _convention(name: str) -> Convention:
    if not isinstance(name, str) or name not in CONVENTIONS:
        raise UsageError(f"convention={name!r} is unknown; use one of {', '.join(CONVENTIONS)}.")
    return CONVENTIONS[name]  # pyright: ignore[reportArgumentType]


def _dual(activation: Activation | Callable[..., Any]) -> Dual:
    if isinstance(activation, str):
        if activation not in BY_NAME:
            raise UsageError(
                f"activation={activation!r} is unknown; use one of {', '.join(BY_NAME)}, or "
                "LeakyRelu, Polynomial or Quadrature with their parameters."
            )
        return BY_NAME[activation]
    if isinstance(activation, type):
        name = activation.__name__
        raise UsageError(f"activation={name} is a class; give one of its kind: {name}(...).")
    if hasattr(activation, "image") and hasattr(activation, "slope"):
        return activation  # pyright: ignore[reportReturnType]
    raise UsageError(
        f"activation={activation!r} has no dual map in closed form; to integrate a function "
        "numerically, ask for it: Quadrature(phi)."
    )


def _finite(kernel: Array, network: Network) -> Array:
    kernel = np.array(
        np.broadcast_to(kernel, (*kernel.shape[:-2], len(network.x1), len(network.x2)))
    )
    if not np.all(np.isfinite(kernel)):
        raise FloatingPointError(
            f"a kernel of {network.layers} layers of {network.dual!r} with "
            f"w_std={network.w_std!r} and b_std={network.b_std!r} leaves the range of double "
            "precision; take smaller ones, or fewer layers."
        )
    # Equal but for the rounding of x.y - y.x in one order or the other.
    return (kernel + np.swapaxes(kernel, -1, -2)) / 2 if network.symmetric else kernel
