r"""Batch normalisation in arXiv 1902.04760: the covariance of a layer at orthogonal inputs.

A unit's pre-activations over a batch of B orthogonal inputs of one norm are independent Gaussians
z. Less their mean they are a Gaussian G z on a space of B - 1 dimensions, whose length says nothing
of its direction. Standardised they are $y = \sqrt{B}\, G z / |G z|$, so that for $\varphi$ of
degree one $\mathbb{E} \varphi(y_i) \varphi(y_j)\, \mathbb{E} |G z|^2 / B =
\mathbb{E} \varphi((G z)_i) \varphi((G z)_j)$, where $\mathbb{E} |G z|^2 = B - 1$ and G z has
variances $1 - 1/B$ and covariances $-1/B$.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from lemmata.verify.api import (
    Accuracy,
    Domain,
    Equal,
    Interval,
    Measurement,
    Point,
    Values,
    claim,
    deferred,
)
from lemmata.verify.claims.tensor_programs import HERE, yang

relu = deferred("lemmata.theory.ntk").relu
ALL = (3, 4, 6, 8, 16)


def normalised_covariance(dual: Any, apart: bool = True) -> Any:
    """The dual map at the Gaussians less their mean, with the factor B/(B-1)."""
    import sympy as sp

    B = sp.Symbol("B", positive=True)
    variance = 1 - 1 / B
    return sp.simplify(B / (B - 1) * dual(variance, variance, -1 / B if apart else variance))


def _over_one_less(dual: Any, apart: bool) -> Any:
    """With the variance estimated over B - 1."""
    import sympy as sp

    B = sp.Symbol("B", positive=True)
    return (B - 1) / B * normalised_covariance(dual, apart)


def _linear(q: Any, p: Any, c: Any) -> Any:
    return c


def normalised(p: Point, accuracy: Accuracy, *, activation: Any, other: int) -> Measurement:
    """The mean over the units of a wide layer of the product of its values at two inputs."""
    z = accuracy.rng.standard_normal((accuracy.draws(200_000), int(p.B)))
    apart = z - z.mean(axis=1, keepdims=True)
    y = activation(apart / np.sqrt(np.mean(apart**2, axis=1, keepdims=True)))
    return Measurement.mean(y[:, 0] * y[:, other])


def _rectified(y: np.ndarray) -> np.ndarray:
    return np.maximum(y, 0.0)


def _itself(y: np.ndarray) -> np.ndarray:
    return y


SAYS = r"\mathbb{E} \varphi(y_i) \varphi(y_j) = "
KINDS = (
    (
        "", relu, _rectified, 1, ALL, "ReLU", r"\tfrac{B}{B-1} V(1 - 1/B, -1/B)",
        "variances over B - 1 take 1/B off, 6 % at B = 16",
    ),
    (
        "/diagonal", relu, _rectified, 0, ALL, "ReLU, i = j", r"\tfrac12",
        "variances over B - 1 take 1/B off, 6 % at B = 16",
    ),
    (
        "/linear", _linear, _itself, 1, ALL[:3], "φ = id", r"-\tfrac{1}{B-1}",
        "variances over B - 1 leave -1/B, 17 % less at B = 6",
    ),
    (
        "/linear/diagonal", _linear, _itself, 0, ALL, "φ = id, i = j", "1",
        "variances over B - 1 take 1/B off, 6 % at B = 16",
    ),
)  # fmt: skip

batch_normalisation = [
    claim(
        f"{HERE}/batch-normalisation{name}",
        source=yang.at("section 2, batch normalisation: its limit as a Gaussian process"),
        says=SAYS + says,
        domain=Domain(B=Values(*batches)),
        predicted=partial(normalised_covariance, dual, other == 1),
        compare=Equal(relative=0.04, because=because),
        wrong={"variances over B - 1": partial(_over_one_less, dual, other == 1)},
        scope=f"{scope}; independent Gaussians standardised over B, which is what the "
        "pre-activations at B orthogonal inputs of equal norms are; no weights are drawn",
    )(partial(normalised, activation=activation, other=other))
    for name, dual, activation, other, batches, scope, says, because in KINDS
]

# A layer of weights above it.

UNITS, ABOVE = 32, 128


def layer_covariance(*, one_less: bool = False, bias: bool = True) -> Any:
    """The covariance of the next pre-activations at two inputs."""
    import sympy as sp

    w, b = sp.symbols("w b", positive=True)
    below = _over_one_less(relu, True) if one_less else normalised_covariance(relu)
    return w**2 * below + (b**2 if bias else 0)


@claim(
    f"{HERE}/batch-normalisation/layer",
    source=yang.at("section 2, batch normalisation: its limit as a Gaussian process"),
    says=r"\Sigma^l_{ij} = w^2 V_{B \varphi}(\Sigma^{l-1})_{ij} + b^2, \quad"
    r" V_{B \varphi}(\Sigma^1)_{ij} = \tfrac{B}{B-1} V_\varphi(1 - 1/B, -1/B), \quad i \ne j",
    domain=Domain(B=Values(*ALL[2:]), w=Interval(1.0, 1.5), b=Interval(0.1, 0.5)),
    points=4,
    predicted=layer_covariance,
    compare=Equal(relative=0.05, because="b² left out is 20 % and more where b = 1/2"),
    wrong={
        "b² left out": partial(layer_covariance, bias=False),
        "variances over B - 1": partial(layer_covariance, one_less=True),
    },
    uses=(f"{HERE}/batch-normalisation",),
    scope=f"ReLU, two layers with weights and biases, {UNITS} and {ABOVE} units, the first of them "
    "normalised over a batch of B orthogonal inputs of equal norms, variances over B",
)
def layer(p: Point, accuracy: Accuracy) -> Measurement:
    """The mean over networks, and over units, of the product of pre-activations at two inputs."""
    B, networks = int(p.B), accuracy.draws(6000)
    draw = partial(accuracy.rng.standard_normal, dtype=np.float32)
    # The inputs are multiples of unit vectors of dimension B, of mean square 1.
    x = B**0.5 * np.eye(B, dtype=np.float32)
    h = p.w * draw((networks, UNITS, B)) @ x / B**0.5 + p.b * draw((networks, UNITS, 1))
    apart = h - h.mean(axis=2, keepdims=True)
    y = np.maximum(apart / np.sqrt(np.mean(apart**2, axis=2, keepdims=True)), 0.0)[:, :, :2]
    W, bias = draw((networks, ABOVE, UNITS)), draw((networks, ABOVE, 1))
    next = p.w * W @ y / UNITS**0.5 + p.b * bias
    return Measurement.mean((next[:, :, 0] * next[:, :, 1]).mean(axis=1, dtype=float))
