"""How many measurements sub-gradient descent takes: arXiv 2202.08788, Ma and Fattahi.

As in `lemmata.verify.claims.sensing_robust`, of one truth of rank 2 in 10 dimensions.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from lemmata.verify.api import (
    Accuracy,
    Domain,
    Equal,
    Measurement,
    Point,
    Sign,
    Values,
    claim,
    deferred,
)
from lemmata.verify.claims.sensing_robust import HERE, ORDER, SETTING, ma

measure = deferred("lemmata.verify.robust_measure")

COUNTS = (12, 16, 23, 32, 45, 64)


def _needed(accuracy: Accuracy, k: int, seeds: int) -> Any:
    """ln of how many measurements each seed takes, up to a constant, and the share at each."""
    one = measure.recovered(accuracy.common, measure.taken(accuracy, seeds), k, COUNTS)
    step = math.log(COUNTS[-1] / COUNTS[0]) / (len(COUNTS) - 1)
    return -step * one.sum(axis=-1), one.mean(axis=0)


def _against(k: int, other: int, accuracy: Accuracy, seeds: int) -> Measurement:
    (one, shares), (two, others) = (_needed(accuracy, of, seeds) for of in (k, other))
    kept = {"m": np.array(COUNTS), "shares": shares, "compared": others,
            "seeds": np.array([len(one), len(two)])}  # fmt: skip
    found = Measurement.mean(one - two)
    return Measurement(
        found.value, found.stderr, found.bias, found.dof, converged=found.converged,
        note=found.note, arrays=kept,
    )  # fmt: skip


HALF_WAY = SETTING + "alpha = 0.001; recovered is an error below a tenth; m from 12 to 64"


@claim(
    f"{HERE}/measurements",
    source=ma.at("abstract: the number of required samples"),
    says=r"m(k) = m(5) \text{ for the } m \text{ that recovery with } k > r \text{ takes}",
    domain=Domain(k=Values(20)),
    predicted=0,
    compare=Equal(absolute=0.2, because="less than a third of what the square root of k asks for"),
    scope=HALF_WAY,
    wrong={
        "in proportion to k": lambda p: math.log(p.k / 5),
        "to its square root": lambda p: math.log(p.k / 5) / 2,
    },
)
def independent(p: Point, accuracy: Accuracy) -> Measurement:
    """The logarithm of the ratio, over seeds that share measurements and starts."""
    return _against(int(p.k), 5, accuracy, 96)


@claim(
    f"{HERE}/measurements/exact-rank",
    source=ma.at("abstract: the number of required samples"),
    says=r"m(r) < m(20)",
    domain=Domain(k=Values(20)),
    predicted=-1,
    compare=Sign(clear=1, because=ORDER),
    reading="with as many columns as the rank fewer measurements will do",
    scope=HALF_WAY,
    wrong={"more": 1},
)
def exact(p: Point, accuracy: Accuracy) -> Measurement:
    """The logarithm of the ratio, over seeds that share measurements and starts."""
    return _against(2, int(p.k), accuracy, 192)
