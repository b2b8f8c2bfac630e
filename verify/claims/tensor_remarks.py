"""Remarks of arXiv 1902.04760: the kernel of Jacot et al. as a special case, and He's variances."""

from __future__ import annotations

from functools import lru_cache, partial
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
from lemmata.verify.claims.ntk_initialisation import two_inputs
from lemmata.verify.claims.tensor_programs import HERE, yang

biased = deferred("lemmata.solvers.wide_gradients").biased_relu
experiment = deferred("lemmata.solvers.conserved_signals").through_layers
remarks = deferred("lemmata.theory.ntk_remarks")
wide_averages = deferred("lemmata.solvers.wide_averages")

# The kernel of Jacot et al.

of_jacot = Domain(
    k_xx=Interval(0.3, 2.0),
    k_yy=Interval(0.3, 2.0),
    k_xy=Interval(0.1, 2.0),
    w=Values(1.0),
    b=Values(1.0),
    where=two_inputs.where,
)


def jacot_kernel(p: Point, accuracy: Accuracy) -> Measurement:
    """The mean over networks with a bias in every layer of the tangent kernel."""
    names = "k_xx", "k_yy", "k_xy", "w", "b"
    given = tuple(tuple(np.ravel(np.asarray(p[name], float)).tolist()) for name in names)
    return Measurement.mean(_networks(names, given, accuracy.common, accuracy.draws(640)))


@lru_cache(maxsize=8)
def _networks(names: Any, given: Any, look: tuple[int, int], draws: int) -> np.ndarray:
    points = dict(zip(names, given, strict=True))
    return wide_averages.averages(biased.resolve(), look, 64, draws, points)[..., 0]


remarked: dict[str, Any] = {
    "source": yang.at("Remark D.2"),
    "domain": of_jacot,
    "points": 4,
    "compare": Equal(relative=0.05, because="the read-out's bias is a fifth of the kernel or more"),
    "scope": "ReLU networks of one hidden layer, w = b = 1; their mean is the limit at every width",
    "batched": True,
}
jacot_recovered = claim(
    f"{HERE}/kernel-of-jacot",
    says=r"\Theta_{\text{Jacot}} = \Theta + b^2 \text{ at } w = b = 1,"
    r" \Theta \text{ that of Theorem D.1}",
    predicted=lambda: remarks.jacot_kernel(1),
    reading="with the bias of Jacot's read-out",
    **remarked,
)(jacot_kernel)
jacot_as_printed = claim(
    f"{HERE}/kernel-of-jacot/as-printed",
    says=r"\Theta_{\text{Jacot}} = \Theta \text{ at } w = b = 1,"
    r" \Theta \text{ that of Theorem D.1}",
    predicted=lambda: remarks.jacot_kernel_as_remarked(1),
    reading="as printed",
    expected="refuted",
    cause="the read-out of Theorem D.1 has no bias, and Jacot's has: b² is missing",
    **remarked,
)(jacot_kernel)

# He's variances.


def ratio(p: Point, accuracy: Accuracy, *, which: int) -> Measurement:
    """The mean over networks of a ratio of squared lengths, at one finite width."""
    found = _ratios(
        accuracy.common, int(p.n), accuracy.draws(5000 if p.n < 50 else 1000), float(p.k_xx)
    )
    return Measurement.mean(found[:, which])


@lru_cache(maxsize=32)
def _ratios(look: tuple[int, int], n: int, draws: int, k_xx: float) -> np.ndarray:
    points = {"k_xx": np.array([k_xx]), "w": np.array([2**0.5])}
    return wide_averages.averages(experiment.resolve(), (*look, n), n, draws, points)[0]


def _conserved(which: int) -> Any:
    import sympy as sp

    from lemmata.theory.ntk_layers import w

    return remarks.conserved(3)[which].subs(w, sp.sqrt(2))


he = [
    claim(
        f"{HERE}/signal-propagation/{name}",
        source=yang.at("section 2, signal propagation"),
        says=says,
        domain=Domain(n=Values(16, 64), k_xx=Interval(0.5, 2.0)),
        points=2,
        predicted=partial(_conserved, which),
        compare=Equal(relative=0.05, because="w² = 2 left out of one layer halves it"),
        scope="ReLU networks of three hidden layers of n units, w² = 2, b = 0; at any width",
    )(partial(ratio, which=which))
    for which, (name, says) in enumerate(
        (
            ("forward", r"\Sigma^{L+1} = \Sigma^1 \text{ of ReLU at } w^2 = 2, b = 0"),
            ("backward", r"\Pi^1 = \Pi^L \text{ of ReLU at } w^2 = 2, b = 0"),
        )
    )
]
