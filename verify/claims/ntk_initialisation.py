"""Wide networks at initialisation: arXiv 1806.07572, Proposition 1, Theorem 1 and Remark 4.

The recursions are derived in `lemmata.theory.ntk`; what is measured are networks of finite width,
drawn many times, and knows no recursion. Inputs are given by their scalar products over their
dimension, so that norms differ; the factors w and b before weights and biases vary too, for on the
unit sphere and with w = 1 half of all wrong formulas are right.
"""

from __future__ import annotations

from functools import partial
from typing import Any

from lemmata.verify.api import (
    Accuracy,
    Condition,
    Domain,
    Equal,
    Interval,
    Measurement,
    Paper,
    Point,
    Values,
    claim,
    deferred,
)

ntk = deferred("lemmata.theory.ntk")
shared = deferred("lemmata.verify.network_measure").shared

jacot = Paper(
    "Neural Tangent Kernel: Convergence and Generalization in Neural Networks",
    year=2018,
    arxiv="1806.07572",
)

HERE = "ntk"
DEPTHS = (2, 3, 4)
#: two inputs by their scalar products, at no more than a right angle so that no kernel is near 0
two_inputs = Domain(
    k_xx=Interval(0.3, 2.0),
    k_yy=Interval(0.3, 2.0),
    k_xy=Interval(0.1, 2.0),
    w=Interval(0.7, 1.5),
    b=Interval(0.1, 1.0),
    where=(Condition("k_xy² < 0.95 k_xx k_yy", lambda p: p.k_xy**2 < 0.95 * p.k_xx * p.k_yy),),
)
#: of unequal norms and at any angle: nearly opposite, obtuse, acute, nearly equal
any_inputs = Domain(
    k_xx=Interval(0.3, 2.0),
    k_yy=Interval(0.3, 2.0),
    cosine=Values(-0.9999, -0.6, 0.4, 0.98),
    w=Interval(0.7, 1.5),
    b=Interval(0.1, 1.0),
    defining={"k_xy": lambda p: p.cosine * (p.k_xx * p.k_yy) ** 0.5},
)
#: networks drawn for a kernel
NETWORKS = 3000
RELU = "ReLU networks of one width in all hidden layers"


#: names of the layers of weights, for statements
SIGMA = (
    r"\Sigma^{(1)} = w^2 x \cdot x' / n_0 + b^2,\ "
    r"\Sigma^{(l+1)} = w^2 V_\varphi(\Sigma^{(l)}) + b^2"
)
THETA = (
    r"\Theta^{(1)} = \Sigma^{(1)},\ "
    r"\Theta^{(l+1)} = \Sigma^{(l+1)} + w^2 \Theta^{(l)} V_{\varphi'}(\Sigma^{(l)})"
)


def _derived(derive: Any, *given: Any) -> Any:
    """A derivation for later: a function without arguments, as a claim wants it."""
    return lambda: derive(*given)


def _share(layer: int) -> Any:
    return ntk.layer_shares(3, ntk.relu, ntk.relu_slope)[layer - 1].xy


def _twice(q: Any, p: Any, c: Any) -> Any:
    """The ReLU's map without its factor 1/2."""
    return 2 * ntk.relu(q, p, c)


def _slips(limit: Any, depth: int, *slope: Any) -> dict[str, Any]:
    """What a limiting kernel must not be taken for."""
    return {
        "1/2 left out of the map": lambda: limit(depth, _twice, *slope).xy,
        "biases left out": lambda: limit(depth, ntk.relu, *slope).xy.subs(ntk.b.resolve(), 0),
    }


def covariance(p: Point, accuracy: Accuracy, *, depth: int) -> Measurement:
    """The mean over networks, and over the units of a layer, of the product at two inputs.

    The pre-activations of a layer are the outputs of the network that ends with it. At depth 2 the
    product of nearly opposite inputs is small against its scatter: its draws cancel that.
    """
    if depth == 2:
        networks = accuracy.draws(6400)
        found = shared(p, accuracy.common, networks, "mirrored", hidden=(96,))
        return Measurement.mean(found[:, :, 0].T)
    found = shared(
        p, accuracy.common, accuracy.draws(3600), "products", hidden=(96,) * 3, outputs=96
    )
    return Measurement.mean(found[:, :, depth - 2].T)


def kernel(p: Point, accuracy: Accuracy, *, depth: int) -> Measurement:
    """The mean over networks of the tangent kernel, from gradients alone."""
    # Where two kernels nearly cancel, between nearly opposite inputs, they do so at this depth.
    networks = 64000 if depth == 2 else NETWORKS
    return Measurement.mean(_by_layer(p, accuracy, depth, networks).sum(axis=-1).T)


def share(p: Point, accuracy: Accuracy, *, layer: int) -> Measurement:
    """The mean over networks of what the parameters of one layer add to the kernel."""
    return Measurement.mean(_by_layer(p, accuracy, 3, NETWORKS)[:, :, layer - 1].T)


def _by_layer(p: Point, accuracy: Accuracy, depth: int, networks: int) -> Any:
    hidden = (96,) * (depth - 1)
    return shared(p, accuracy.common, accuracy.draws(networks), "layers", hidden=hidden)


covariances = [
    claim(
        f"{HERE}/covariance/depth-{depth}",
        source=jacot.at("Proposition 1"),
        says=rf"\mathbb{{E}} f(x) f(x') \to \Sigma^{{({depth})}}(x, x'),\ {SIGMA}",
        domain=any_inputs,
        points=12,
        predicted=_derived(ntk.covariance_derivation, depth, ntk.relu),
        compare=Equal(
            relative=0.05,
            absolute=0.003,
            because="the draws show half of that, between nearly opposite inputs too; 1/2 left out "
            "of the ReLU's map, much more",
        ),
        wrong=_slips(ntk.covariance, depth),
        scope=RELU,
        batched=True,
    )(partial(covariance, depth=depth))
    for depth in DEPTHS
]

kernels = [
    claim(
        f"{HERE}/kernel/depth-{depth}",
        source=jacot.at("Theorem 1"),
        says=rf"\Theta_n(x, x') \to \Theta^{{({depth})}}(x, x'),\ {THETA}",
        domain=any_inputs,
        points=12,
        predicted=_derived(ntk.tangent_kernel_derivation, depth, ntk.relu, ntk.relu_slope),
        compare=Equal(
            relative=0.06,
            absolute=0.003,
            because="the draws show 4 %, and 0.001 to 0.003 where it passes 0; 1/2 left out of the "
            "ReLU's map, much more",
        ),
        wrong=_slips(ntk.tangent_kernel, depth, ntk.relu_slope),
        uses=(f"{HERE}/covariance/depth-{depth}",),
        scope=RELU,
        batched=True,
    )(partial(kernel, depth=depth))
    for depth in DEPTHS
]

layer_split = [
    claim(
        f"{HERE}/layer-split/layer-{layer}-of-3",
        source=jacot.at("Remark 4"),
        says=rf"\text{{layer }} {layer} \text{{ adds }} \Sigma^{{({layer})}}"
        rf" \textstyle\prod_{{{layer} \le k < 3}} w^2 V_{{\varphi'}}(\Sigma^{{(k)}})"
        r" \text{ to } \Theta^{(3)}",
        domain=any_inputs,
        points=12,
        predicted=_derived(_share, layer),
        compare=Equal(
            relative=0.06,
            absolute=0.003,
            because="the draws show 4 %, and 0.002 where it is small; the factor of a layer too "
            "many, 40 %",
        ),
        uses=(f"{HERE}/kernel/depth-3",),
        scope=RELU,
        batched=True,
    )(partial(share, layer=layer))
    for layer in (1, 2, 3)
]
