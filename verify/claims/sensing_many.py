r"""Descent from m measurements as m grows without bound: arXiv 2310.01769.

What is exact where the whole truth is known holds for measurements in the limit. The theorems ask
for a restricted isometry property, which m Gaussian measurements have with a constant of the order
of $m^{-1/2}$: so far are rates and constants of descent from those with all known. The exponent of
1/T^2 is nearer, by a part of the order of 1/m.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from lemmata.verify.api import Accuracy, Domain, Equal, Measurement, Point, Values, claim, deferred
from lemmata.verify.claims.sensing_closed_forms import xiong

exponent = deferred("lemmata.verify.robust_measure").exponent
many = deferred("lemmata.verify.sensing_many_measure")
turning = deferred("lemmata.theory.sensing_turning")

HERE = "matrix-sensing/finite"
FAR = tuple(6400 * 16**i for i in range(4))
NEAR = tuple(1600 * 4**i for i in range(4))
#: of a first look; a thorough one takes four times as many
SEEDS = 256
ROOT = {"1/m": -1, "m^(-1/4)": -0.25, "no gain": 0}
POWERS = "other powers of m lie a quarter apart and more"
GAUSSIAN = (
    "Gaussian measurements of a 5 by 5 matrix, m = {} to {}, against the same runs with all known"
)


def _deviations(which: Any, counts: tuple[int, ...], accuracy: Accuracy) -> np.ndarray:
    """By seeds and numbers of measurements."""
    found = [
        np.stack([which(batch, m) for m in counts], axis=-1)
        for batch in many.batches(accuracy, SEEDS)
    ]
    return np.concatenate(found)


@claim(
    f"{HERE}/exact-rank/rate/many",
    source=xiong.at("the symmetric problem with k = r, m measurements"),
    says=r"k = r \Rightarrow | \mu / \sigma_r - 1 | \sim m^{-1/2},"
    r" \quad (1 - \eta \mu)^{2 T} \text{ the decay of } \| X_T X_T^T - \Sigma \|_F^2",
    domain=Domain(r=Values(4)),
    predicted=-0.5,
    compare=Equal(absolute=0.15, because=POWERS),
    wrong=ROOT,
    uses=(f"{HERE}/exact-rank/rate",),
    scope=GAUSSIAN.format(FAR[0], FAR[-1])
    + "; k = r = 4, where one noise direction is the slowest",
)
def rate(p: Point, accuracy: Accuracy) -> Measurement:
    """The slope of the deviation of the rate at the end of a run over m, over seeds."""
    return exponent(FAR, np.abs(_deviations(many.rate_deviations, FAR, accuracy)))


@claim(
    f"{HERE}/symmetric/constant/many",
    source=xiong.at("the lower bound for k > r, m measurements"),
    says=r"k > r \Rightarrow | (\eta T)^2 \| X_T X_T^T - \Sigma \|_F^2 / c - 1 | \sim m^{-1/2},"
    r" \quad c \text{ its value with all known}",
    domain=Domain(k=Values(2)),
    predicted=-0.5,
    compare=Equal(absolute=0.15, because=POWERS),
    wrong=ROOT,
    uses=("matrix-sensing/symmetric/constant",),
    scope=GAUSSIAN.format(FAR[0], FAR[-1]) + "; k = 2, r = 1, eta T = 400, a settled signal and"
    " noise of size 1 at first",
)
def constant(p: Point, accuracy: Accuracy) -> Measurement:
    """The slope of the deviation at the end of a run over m, over seeds."""
    return exponent(FAR, np.abs(_deviations(many.constant_deviations, FAR, accuracy)))


@claim(
    f"{HERE}/symmetric/rate/many",
    source=xiong.at("abstract, and the lower bound for k > r"),
    says=r"k > r \Rightarrow \| X_T X_T^T - \Sigma \|_F^2 \sim T^{-2 + s},"
    r" \quad 0 < \mathbb{E} s \sim 1/m",
    domain=Domain(k=Values(2)),
    predicted=turning.exponent,
    compare=Equal(absolute=0.25, because="half-powers of m lie twice that apart"),
    wrong={"m^(-1/2), like the constant": -0.5, "m^(-3/2)": -1.5, "no gain": 0},
    uses=(f"{HERE}/symmetric/rate",),
    scope=GAUSSIAN.format(NEAR[0], NEAR[-1]) + "; k = 2, r = 1, the local slope about eta T = 300,"
    " a settled signal and noise of size 1 at first",
)
def slope(p: Point, accuracy: Accuracy) -> Measurement:
    """The slope over m of the mean by which local slopes are above those with all known."""
    return many.exponent_of_mean(NEAR, _deviations(many.slope_deviations, NEAR, accuracy))
