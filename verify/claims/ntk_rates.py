"""What becomes of wide networks as they widen: arXiv 1806.07572, Theorems 1 and 2, and Remark 4.

The theorems state limits. At what order they are reached is the standard sharpening of them, and
what is claimed here: variance of the kernel, and the change of the network in training. With one
hidden layer the variance and the kurtosis are known at every width.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from lemmata.verify.api import (
    Accuracy,
    Domain,
    Equal,
    Interval,
    Limit,
    Measurement,
    Point,
    Series,
    Values,
    claim,
    deferred,
)
from lemmata.verify.claims.ntk_initialisation import jacot

finite = deferred("lemmata.theory.ntk_finite_width")
measure = deferred("lemmata.verify.training_measure")

HERE = "ntk"
#: of the one hidden layer, and of two, where the matrix between them is dear
WIDTHS = (8, 16, 32, 64, 128, 256)
MOVING = (16, 32, 64, 128, 256, 512)
WIDE = (64, 128, 256, 512, 1024)
INNER = (6, 12, 24, 48, 96)
one_input = Domain(
    k_xx=Interval(0.3, 2.0),
    w=Interval(0.7, 1.5),
    b=Interval(0.1, 1.0),
    n=Values(4, 8),
    defining={"q": lambda p: p.w**2 * p.k_xx + p.b**2},
)
setting = Domain(b=Values(0.3))
SHORT = "tanh networks of one hidden layer after 3 steps of descent at 0.2, widths {} to {}"
INSIDE = "tanh networks of two hidden layers after 3 steps of descent at 0.2, widths 6 to 96"
HALF = "the estimate itself must come closer than half of the 0.5 by which orders lie apart"


def _input(p: Point) -> np.ndarray:
    return np.array([np.sqrt(2 * p.k_xx), 0.0])


@claim(
    f"{HERE}/kernel-variance/depth-2",
    source=jacot.at("Theorem 1, its error"),
    says=r"n \operatorname{Var} \Theta_n(x, x) = 3 w^4 q^2, \quad q = w^2 |x|^2 / n_0 + b^2",
    domain=one_input,
    points=12,
    predicted=finite.kernel_variance,
    compare=Equal(relative=0.06, because="the draws show 4 %; E X^2 for Var X, 30 %"),
    uses=(f"{HERE}/kernel/depth-2",),
    scope="ReLU networks of one hidden layer, at every width",
)
def kernel_variance(p: Point, accuracy: Accuracy) -> Measurement:
    """n times the sample variance of the kernel over networks."""
    found = measure.kernels(
        accuracy.rng, accuracy.draws(100_000), x=_input(p), hidden=(int(p.n),), b=p.b, w=p.w,
        inside=8,
    )[:, 0, 0]  # fmt: skip
    squares = (found - found.mean()) ** 2 * len(found) / max(len(found) - 1, 1)
    return Measurement.mean(p.n * squares)


_blocks: dict[str, Any] = {
    "source": jacot.at("Theorem 1: the limit is the identity over outputs; its error"),
    "domain": one_input,
    "points": 6,
    "uses": (f"{HERE}/kernel/depth-2",),
    "scope": "ReLU networks of one hidden layer and two outputs, at every width",
}


def _block(p: Point, accuracy: Accuracy) -> np.ndarray:
    """The kernel between the two outputs of each of many networks."""
    return measure.kernels(
        accuracy.rng, accuracy.draws(120_000), x=_input(p), hidden=(int(p.n),), b=p.b, w=p.w,
        inside=8, outputs=2,
    )  # fmt: skip


@claim(
    f"{HERE}/output-blocks/off-diagonal",
    says=r"n \,\mathbb{E}\, \Theta_{n, 12}(x, x)^2 = \tfrac12 w^4 q^2, \quad"
    r" q = w^2 |x|^2 / n_0 + b^2",
    predicted=finite.block_off_diagonal,
    compare=Equal(relative=0.055, because="the draws show 3.5 %; without the gates it is twice it"),
    wrong={"without the gates": lambda: 2 * finite.block_off_diagonal().statement},
    **_blocks,
)
def block_off_diagonal(p: Point, accuracy: Accuracy) -> Measurement:
    """n times the mean square of the kernel between two outputs."""
    return Measurement.mean(p.n * _block(p, accuracy)[:, 0, 1] ** 2)


@claim(
    f"{HERE}/output-blocks/diagonal",
    says=r"n \,\mathbb{E} (\Theta_{n, 11} - \Theta_{n, 22})(x, x)^2 = 2 w^4 q^2, \quad"
    r" q = w^2 |x|^2 / n_0 + b^2",
    predicted=finite.block_diagonal,
    compare=Equal(
        relative=0.055, because="the draws show 3.5 %; of independent outputs, 6 w^4 q^2"
    ),
    wrong={"of independent outputs": lambda: 2 * finite.kernel_variance().statement},
    **_blocks,
)
def block_diagonal(p: Point, accuracy: Accuracy) -> Measurement:
    """n times the mean square of how far the kernels of two outputs of one network are apart."""
    found = _block(p, accuracy)
    return Measurement.mean(p.n * (found[:, 0, 0] - found[:, 1, 1]) ** 2)


@claim(
    f"{HERE}/excess-kurtosis/depth-2",
    source=jacot.at("Proposition 1, its error"),
    says=r"n \,(\mathbb{E} f^4 / (\mathbb{E} f^2)^2 - 3) = "
    r"\tfrac{15}{4} w^4 q^2 / (\tfrac12 w^2 q + b^2)^2",
    domain=one_input,
    points=4,
    predicted=finite.excess_kurtosis,
    compare=Equal(relative=0.055, because="the draws show 4 %; E f^2 without b^2, 10 %"),
    uses=(f"{HERE}/covariance/depth-2",),
    scope="ReLU networks of one hidden layer, at every width",
)
def excess_kurtosis(p: Point, accuracy: Accuracy) -> Measurement:
    """n times the excess kurtosis over networks; the outputs of one network are taken together."""
    found = measure.outputs(
        accuracy.rng, accuracy.draws(240_000), x=_input(p), hidden=(int(p.n),), b=p.b, w=p.w,
        outputs=16, inside=8,
    )  # fmt: skip
    second, fourth = ((found**power).mean(axis=1) for power in (2, 4))
    a, c = second.mean(), fourth.mean()
    # The ratio of two means, with what each network adds to it in first order.
    ratio = c / a**2 + (fourth - c) / a**2 - 2 * c / a**3 * (second - a)
    return Measurement.mean(p.n * (ratio - 3))


@claim(
    f"{HERE}/kernel-variance/rate",
    source=jacot.at("Theorem 1, its error"),
    says=r"\operatorname{Var} \Theta_n(x, x) \sim A n^{-1}",
    domain=setting,
    predicted=-1,
    compare=Limit(toward="infinity", absolute=0.2, because=HALF),
    wrong={"the order of n^(-1/2)": -0.5},
    uses=(f"{HERE}/kernel/depth-2",),
    scope="ReLU networks of one hidden layer, widths 8 to 256",
)
def kernel_variance_rate(p: Point, accuracy: Accuracy) -> Series:
    """The sample variance over networks at each width."""

    def squares(width: int) -> np.ndarray:
        found = measure.kernels(
            accuracy.rng, accuracy.draws(30_000), x=(1.0, 1.0), hidden=(width,), b=p.b,
            inside=WIDTHS[-1],
        )[:, 0, 0]  # fmt: skip
        return (found - found.mean()) ** 2 * len(found) / max(len(found) - 1, 1)

    return measure.against_width({width: squares(width) for width in WIDTHS})


def _in_training(
    quantity: Any,
    p: Point,
    accuracy: Accuracy,
    widths: Sequence[int],
    networks: int,
    *,
    layers: int = 1,
    outputs: int = 1,
    own_programs: bool = False,
) -> Series:
    """A quantity of networks after three steps of descent, against the width.

    With `own_programs` each width is compiled, and none runs with the empty rows of another.
    """

    def of(width: int) -> np.ndarray:
        drawn = measure.drawn(
            accuracy.rng, accuracy.draws(networks), (width,) * layers, b=p.b, outputs=outputs,
            inside=None if own_programs else widths[-1], dtype=np.float32,
        )  # fmt: skip
        return quantity(drawn, 3)

    return measure.against_width({width: of(width) for width in widths})


@claim(
    f"{HERE}/kernel-drift/rate",
    source=jacot.at("Theorem 2, its error"),
    says=r"\| \Theta_n(T) - \Theta_n(0) \| / \| \Theta_n(0) \| \sim A n^{-1}",
    domain=setting,
    predicted=-1,
    compare=Limit(toward="infinity", absolute=0.2, because=HALF),
    wrong={"the order of the bound": -0.5},
    scope=SHORT.format(64, 1024),
    reading="what comes out; the proof bounds the change by the order of n^(-1/2)",
)
def kernel_drift(p: Point, accuracy: Accuracy) -> Series:
    """The relative change of the kernel, over networks."""
    return _in_training(measure.drift, p, accuracy, WIDE, 4000)


@claim(
    f"{HERE}/outputs-decouple/rate",
    source=jacot.at("Theorem 2, whose kernel is one for each output, times the identity"),
    says=r"\mathbb{E} | f_T - \tilde f_T |^2 \sim A n^{-1}, \quad \tilde f \text{ trained without}"
    r" \text{ the other output}",
    domain=setting,
    predicted=-1,
    compare=Limit(toward="infinity", absolute=0.2, because="the distance itself has half of it"),
    wrong={"as the distance itself": -0.5},
    scope=f"{SHORT.format(16, 512)}; of the outputs that training ends on, not of the blocks of the"
    " kernel between them",
)
def outputs_decouple(p: Point, accuracy: Accuracy) -> Series:
    """The squared distance of an output from where it ends alone, over networks."""
    return _in_training(measure.parted, p, accuracy, MOVING, 12000, outputs=2, own_programs=True)


@claim(
    f"{HERE}/collective-motion/pre-activations",
    source=jacot.at("Remark 4"),
    says=r"\| z_T - z_0 \| / \| z_0 \| \sim A n^{-1/2} \text{ in the hidden layer}",
    domain=setting,
    predicted=-0.5,
    compare=Limit(toward="infinity", absolute=0.14, because=HALF),
    wrong={"no order at all": 0, "the order of 1/n": -1},
    scope=SHORT.format(16, 512),
)
def pre_activations(p: Point, accuracy: Accuracy) -> Series:
    """The relative change of the pre-activations, root mean square, over networks."""
    return _in_training(measure.motion, p, accuracy, MOVING, 4000)


@claim(
    f"{HERE}/collective-motion/weights",
    source=jacot.at("Remark 4"),
    says=r"\| W_T - W_0 \|_F / \| W_0 \|_F \sim A n^{-1} \text{ between hidden layers}",
    domain=setting,
    predicted=-1,
    compare=Limit(toward="infinity", absolute=0.2, because=HALF),
    wrong={"the order of n^(-1/2)": -0.5},
    scope=INSIDE,
)
def weights(p: Point, accuracy: Accuracy) -> Series:
    """The relative change of the matrix between hidden layers, over networks."""
    return _in_training(measure.inner_weights, p, accuracy, INNER, 4000, layers=2)
