"""A single network for each width: arXiv 1902.04760, section D.1, and its almost sure limits."""

from __future__ import annotations

from typing import Any

import numpy as np

from lemmata.verify.api import (
    Accuracy,
    Domain,
    Limit,
    Point,
    Series,
    Values,
    claim,
    deferred,
)
from lemmata.verify.claims.tensor_programs import HERE, yang

single_kernels = deferred("lemmata.solvers.single_kernels").single_kernels
against_width = deferred("lemmata.verify.training_measure").against_width

#: widths, and draws at a first look: each has some networks that share a matrix
DRAWS = {8: 4500, 16: 4500, 32: 4000, 64: 4000, 128: 3500, 256: 2048}


@claim(
    f"{HERE}/tangent-kernel/single-network",
    source=yang.at("Theorem D.1, the limit of a single network's kernel"),
    says=r"\mathbb{E} |\Theta_n(x, x') - \mathbb{E} \Theta_n(x, x')|^2 \sim A n^{-1}",
    domain=Domain(
        k_xx=Values(1.0), k_yy=Values(1.0), k_xy=Values(0.0), w=Values(0.7), b=Values(0.3)
    ),
    predicted=-1,
    compare=Limit(toward="infinity", absolute=0.24, because="orders lie 0.5 apart: less than half"),
    uses=(f"{HERE}/tangent-kernel",),
    scope="ReLU networks of two hidden layers of widths n and 2n, n from 8 to 256",
    reading="so a network for each doubling of n has the limit almost surely (Borel-Cantelli)",
    wrong={"the order of the distance itself": -0.5, "a fourth power": -2, "no limit": 0},
)
def single_network(p: Point, accuracy: Accuracy) -> Series:
    """The squared distance of a kernel from the mean over networks, at each width."""

    def squares(n: int, draws: int) -> Any:
        found = single_kernels(
            (*accuracy.entropy, n), n, accuracy.draws(draws),
            (p.k_xx, p.k_yy, p.k_xy), p.w, p.b,
        )  # fmt: skip
        # Networks that share a matrix count as one.
        return np.mean((found - found.mean()) ** 2, axis=1) * found.size / (found.size - 1)

    return against_width({n: squares(n, draws) for n, draws in DRAWS.items()})
