"""Proposition 2 of arXiv 1806.07572: on the unit sphere the limiting kernel is positive definite.

Claimed on points of a circle, where the eigenvectors are harmonics: what is measured is the kernel
of networks along each of them. That biases are needed is not said in the proposition's statement.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from lemmata.verify.api import (
    Accuracy,
    Bound,
    Domain,
    Equal,
    Interval,
    Measurement,
    Point,
    Values,
    claim,
    deferred,
)
from lemmata.verify.claims.ntk_initialisation import jacot

circle = deferred("lemmata.verify.circle_measure")
analytic = deferred("lemmata.verify.kernels").analytic

HERE = "ntk/positive-definite"
HARMONICS = (0, 1, 2, 3, 4, 5, 6, 7, 8)
CIRCLE = "ReLU networks, 16 equispaced points of the circle |x|² = n_0 = 2"
#: kernels are of order 1, and so are their roundings
ROUNDED = 1e-13
LAMBDA = r"\lambda_k \text{ of } \Theta_\infty / N \text{ along } \cos k \theta, \sin k \theta"


def measured(
    p: Point, accuracy: Accuracy, *, hidden: tuple[int, ...], networks: int
) -> Measurement:
    """The mean over networks of the kernel along a harmonic."""
    found = circle.components(accuracy.entropy, accuracy.draws(networks), hidden, p.k, p.w, p.b)
    mean = Measurement.mean(found)
    # What is zero in every network is a sum of rounded numbers, whose spread tells nothing.
    zero = np.abs(found).max(axis=1) < ROUNDED
    known = mean.converged | zero
    return Measurement(
        mean.value, mean.stderr, ROUNDED, mean.dof, converged=known,
        note=np.where(known, "", mean.note).tolist(),
    )  # fmt: skip


def eigenvalue(p: Any, *, biased: bool = True) -> float:
    """The eigenvalue of the circulant matrix of the limiting kernel."""
    angles = circle.angles()
    x = 2**0.5 * np.stack([np.cos(angles), np.sin(angles)], axis=-1)
    row = analytic(x[0], x, 2, "relu", p.w, p.b if biased else 0.0, "jacot")[0]
    return float(np.cos(p.k * angles) @ row) / len(angles)


@claim(
    f"{HERE}/eigenvalues",
    source=jacot.at("Proposition 2; Theorem 1"),
    says=rf"{LAMBDA} \text{{ for }} k = 0, \dots, 8, \text{{ with biases, at }} L = 2",
    domain=Domain(k=Values(*HARMONICS), w=Interval(0.7, 1.5), b=Interval(0.3, 1.0)),
    points=12,
    predicted=eigenvalue,
    compare=Equal(relative=0.05, because="without biases the odd harmonics beyond the first are 0"),
    wrong={"biases left out": partial(eigenvalue, biased=False)},
    uses=("ntk/kernel/depth-2",),
    scope=CIRCLE,
    batched=True,
)
def eigenvalues(p: Point, accuracy: Accuracy) -> Measurement:
    """The kernel along each harmonic, of one hidden layer."""
    return measured(p, accuracy, hidden=(64,), networks=8000)


def positive(p: Point, accuracy: Accuracy, *, depth: int) -> Measurement:
    """The kernel along each harmonic, without biases."""
    return measured(p, accuracy, hidden=(64,) * (depth - 1), networks=1500)


without_biases: dict[str, Any] = {
    "source": jacot.at("Proposition 2"),
    "domain": Domain(k=Values(*HARMONICS), w=Interval(0.9, 1.5), b=Values(0.0)),
    "points": 12,
    "predicted": 0.001,
    "compare": Bound(
        side="at least", absolute=0.0005,
        because="at w = 1 and b = 0.1 the least is 0.0014, and half of 0.001 is positive",
    ),
    "scope": CIRCLE,
    "batched": True,
}  # fmt: skip
two_layers = claim(
    f"{HERE}/without-biases",
    says=rf"{LAMBDA} \text{{ is positive for all }} k, \text{{ at }} b = 0, L = 2",
    reading="without biases",
    expected="refuted",
    cause="a rectifier is half its argument and half its absolute value: of odd harmonics it has "
    "the first alone, and its derivative has, times the input, even ones and the first again: "
    "at k = 3, 5, 7, each with a cosine and a sine, lambda_k is 0",
    **without_biases,
)(partial(positive, depth=2))
three_layers = claim(
    f"{HERE}/without-biases/deeper",
    says=rf"{LAMBDA} \text{{ is positive for all }} k, \text{{ at }} b = 0, L = 3",
    reading="without biases, two hidden layers",
    **without_biases,
)(partial(positive, depth=3))
