"""Deep networks at a finite width, at one input: arXiv 1806.07572, Proposition 1 and Theorem 1.

The propositions state limits of wide networks. With rectifiers what is left at a finite width is
known exactly at any depth (`lemmata.theory.ntk_finite_depth`), and all of it is of the order of
1/n: how much the kernel varies, how far outputs are from Gaussian, and how they depend on another.
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
    Values,
    claim,
    deferred,
)
from lemmata.verify.claims.ntk_initialisation import jacot

deep = deferred("lemmata.theory.ntk_finite_depth")
measure = deferred("lemmata.verify.width_measure")
wide = deferred("lemmata.theory.ntk")

HERE = "ntk"
DEPTH = 4
#: of the hidden layers: where 1/n^2 is a tenth and a third of what is claimed
WIDTHS = (16, 32)
OUTPUTS = 16
one_input = Domain(
    k_xx=Interval(0.3, 2.0),
    w=Interval(1.0, 1.5),
    b=Interval(0.1, 1.0),
    n=Values(*WIDTHS),
    defining={"q": lambda p: p.w**2 * p.k_xx + p.b**2},
)
common: dict[str, Any] = {
    "domain": one_input,
    "points": 4,
    "scope": "ReLU networks of three hidden layers, widths 16 and 32",
    "batched": True,
}


def _leading(derived: Any) -> Any:
    """n times a quantity of the order of 1/n, without what is of higher order."""
    import sympy as sp

    n, x = deep.n.resolve(), sp.Symbol("x", positive=True)
    return sp.diff(x * derived.statement.subs(n, 1 / x), x).subs(x, 0)


def _common_bias() -> Any:
    """b² over the variance of an output."""
    return wide.b.resolve() ** 2 / wide.covariance(DEPTH, wide.relu).xx


def _networks(p: Point, accuracy: Accuracy) -> Any:
    return measure.at_one_input(
        p, accuracy.common, accuracy.draws(140_000), layers=DEPTH - 1, most=WIDTHS[-1],
        outputs=OUTPUTS,
    )  # fmt: skip


@claim(
    f"{HERE}/kernel-mean/depth-4",
    source=jacot.at("Theorem 1, its error"),
    says=r"\mathbb{E} \Theta_n(x, x) = \Theta_\infty(x, x) \text{ at every } n",
    predicted=lambda: deep.kernel_mean(DEPTH),
    compare=Equal(relative=0.03, because="half of a difference of 1/n at width 16"),
    wrong={"1/n more": lambda: deep.kernel_mean(DEPTH).statement * (1 + 1 / deep.n.resolve())},
    uses=(f"{HERE}/kernel/depth-4",),
    **common,
)
def kernel_mean(p: Point, accuracy: Accuracy) -> Measurement:
    """The mean over networks of the kernel of an input with itself."""
    return Measurement.mean(_networks(p, accuracy).kernel)


@claim(
    f"{HERE}/kernel-variance/depth-4",
    source=jacot.at("Theorem 1, its error"),
    says=r"n \operatorname{Var} \Theta_n(x, x) = A_0 + A_1 n^{-1} + \dots + A_4 n^{-4}",
    predicted=lambda: deep.kernel_variance(DEPTH),
    compare=Equal(relative=0.08, because="without the terms beyond 1/n, 11 % at width 32"),
    wrong={
        "without the terms beyond 1/n": lambda: _leading(deep.kernel_variance(DEPTH)),
        "depth 3": lambda: deep.kernel_variance(DEPTH - 1),
    },
    uses=(f"{HERE}/kernel-mean/depth-4", f"{HERE}/kernel-variance/depth-2"),
    **common,
)
def kernel_variance(p: Point, accuracy: Accuracy) -> Measurement:
    """n times the sample variance of the kernel over networks."""
    return _times(p.n, measure.variance(_networks(p, accuracy).kernel))


@claim(
    f"{HERE}/outputs-uncorrelated/depth-4",
    source=jacot.at("Proposition 1"),
    says=r"\mathbb{E} f_1(x) f_2(x) = 0",
    predicted=0,
    compare=Equal(absolute=0.01, because="of E f^2; a common bias would make it b^2, 1 to 30 %"),
    wrong={"a common bias": _common_bias},
    uses=(f"{HERE}/covariance/depth-4",),
    **common,
)
def outputs_uncorrelated(p: Point, accuracy: Accuracy) -> Measurement:
    """The mean of products of two outputs over that of squares."""
    f = _networks(p, accuracy).outputs
    squares, k = (f**2).mean(axis=-1), f.shape[-1]
    products = (k * f.mean(axis=-1) ** 2 - squares) / (k - 1)
    return Measurement.mean(measure.ratio(products, squares))


@claim(
    f"{HERE}/excess-kurtosis/depth-4",
    source=jacot.at("Proposition 1, its error"),
    says=r"n \,(\mathbb{E} f^4 / (\mathbb{E} f^2)^2 - 3) = 3 n \operatorname{Var} q_4 /"
    r" (\mathbb{E} q_4)^2, \quad q_{l+1} = w^2 S_l + b^2",
    predicted=lambda: deep.excess_kurtosis(DEPTH),
    compare=Equal(relative=0.12, because="without the terms beyond 1/n, 15 %; of depth 3, 25 %"),
    wrong={
        "without the terms beyond 1/n": lambda: _leading(deep.excess_kurtosis(DEPTH)),
        "depth 3": lambda: deep.excess_kurtosis(DEPTH - 1),
    },
    uses=(f"{HERE}/covariance/depth-4", f"{HERE}/excess-kurtosis/depth-2"),
    **common,
)
def excess_kurtosis(p: Point, accuracy: Accuracy) -> Measurement:
    """n times the excess kurtosis over networks; the outputs of one network are taken together."""
    second, fourth, _ = measure.moments(_networks(p, accuracy).outputs)
    found = Measurement.mean(measure.ratio(fourth, second, power=2) - 3)
    return _times(p.n, found)


@claim(
    f"{HERE}/squares-correlate/depth-4",
    source=jacot.at("Theorem 2, the remark that outputs behave as independent networks"),
    says=r"n \operatorname{Corr}(f_1(x)^2, f_2(x)^2) = n \operatorname{Var} q_4 /"
    r" (3 \mathbb{E} q_4^2 - (\mathbb{E} q_4)^2)",
    predicted=lambda: deep.squares_correlation(DEPTH),
    compare=Equal(relative=0.08, because="of depth 3, 15 % and more"),
    wrong={"depth 3": lambda: deep.squares_correlation(DEPTH - 1)},
    uses=(f"{HERE}/outputs-uncorrelated/depth-4",),
    **common,
)
def squares_correlate(p: Point, accuracy: Accuracy) -> Measurement:
    """n times the correlation over networks of the squares of two outputs."""
    second, fourth, across = measure.moments(_networks(p, accuracy).outputs)
    a = second.mean(axis=1, keepdims=True)
    # Products of means, with what each network adds to them in first order.
    square = a**2 + 2 * a * (second - a)
    return _times(p.n, Measurement.mean(measure.ratio(across - square, fourth - square)))


def _times(n: Any, found: Measurement) -> Measurement:
    n = np.asarray(n, float)
    return Measurement(
        n * found.value, n * found.stderr, n * found.bias, found.dof,
        converged=found.converged, note=found.note,
    )  # fmt: skip
