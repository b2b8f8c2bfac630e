r"""The experiments of arXiv 1806.07572, section 6, as far as they can be repeated in little time.

Section 6.1 shows the kernel of networks of three hidden layers along the circle, at b = 0.1 and
w = 1, for ten networks each of two widths; means over many narrower networks say the same.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from lemmata.verify.api import (
    Accuracy,
    Domain,
    Equal,
    Interval,
    Measurement,
    Point,
    claim,
    deferred,
)
from lemmata.verify.claims.ntk_initialisation import THETA, jacot

ntk = deferred("lemmata.theory.ntk")
over_networks = deferred("lemmata.verify.network_measure").over_networks

HERE = "ntk"
WIDTH = 96
#: of the paper's experiments
W, B = 1.0, 0.1
circle = Domain(
    gamma=Interval(-3.1, 3.1),
    defining={
        "k_xx": lambda p: 0.5,
        "k_yy": lambda p: 0.5,
        "k_xy": lambda p: float(np.cos(p.gamma)) / 2,
        "w": lambda p: W,
        "b": lambda p: B,
    },
)


def _without_biases() -> Any:
    found = ntk.tangent_kernel(4, ntk.relu, ntk.relu_slope)
    return found.xy.subs(ntk.b.resolve(), 0)


@claim(
    f"{HERE}/kernel-on-circle/depth-4",
    source=jacot.at("section 6.1, the first figure"),
    says=rf"\mathbb{{E}} \Theta_n(x_0, (\cos \gamma, \sin \gamma)) \to \Theta^{{(4)}}, \quad"
    rf" x_0 = (1, 0),\ {THETA}",
    domain=circle,
    points=8,
    predicted=lambda: ntk.tangent_kernel_derivation(4, ntk.relu, ntk.relu_slope),
    compare=Equal(relative=0.06, because="the draws show 4 %; biases left out, 12 to 35 %"),
    wrong={"biases left out": _without_biases},
    uses=(f"{HERE}/kernel/depth-4",),
    scope=f"ReLU networks of three hidden layers of {WIDTH} units, b = 0.1, before training",
    batched=True,
)
def kernel_on_circle(p: Point, accuracy: Accuracy) -> Measurement:
    """The mean over networks of the tangent kernel, from gradients alone."""
    found = over_networks(
        p, accuracy.key, accuracy.draws(1792), "kernel", hidden=(WIDTH, WIDTH, WIDTH)
    )
    return Measurement.mean(found.T)
