"""Remarks of arXiv 1806.07572: ridges, polynomial nonlinearities, the gap between eigenvalues."""

from __future__ import annotations

from typing import Any

import numpy as np

from lemmata.verify.api import (
    Accuracy,
    Bound,
    Domain,
    Equal,
    Integers,
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

measure = deferred("lemmata.verify.remark_measure")
remarks = deferred("lemmata.theory.ntk_remarks")

HERE = "ntk"

# Regression with a ridge, and what long training ends on.

RIDGES = tuple(10.0**-k for k in range(10, 1, -1))


def _kernel(p: Any) -> np.ndarray:
    return measure.own_kernel(int(p.seed), float(p.angle_2), float(p.angle), float(p.b))


def _entry(i: int, j: int) -> Any:
    return lambda p: float(_kernel(p)[i, j])


a_kernel: dict[str, Any] = {
    "seed": Integers(0, 10**6),
    "b": Interval(0.3, 1.0),
    "angle_2": Interval(1.0, 2.4),
    "angle": Interval(-1.5, 3.0),
    "y_1": Interval(0.2, 1.0),
    "y_2": Interval(-1.0, 1.0),
}
brought: dict[str, Any] = {
    "k_11": _entry(0, 0), "k_12": _entry(0, 1), "k_22": _entry(1, 1),
    "k_1": _entry(2, 0), "k_2": _entry(2, 1),
}  # fmt: skip
KERNEL = (
    "as linear algebra, of any kernel: no network is trained, and no limit is taken; the kernels "
    "are those of single tanh networks of two hidden layers of 64 units, for two training points "
    "and another"
)


@claim(
    f"{HERE}/ridge/order",
    source=jacot.at("section 5, the limit of long training"),
    says=r"| K (K + r I)^{-1} y - f_\infty | \sim r, \quad r \to 0, \text{ on the data and beyond,}"
    r"\ f_\infty \text{ being where } \dot f = -K (f - y) \text{ ends}",
    domain=Domain(**a_kernel),
    points=6,
    predicted=remarks.order_in_ridge,
    compare=Limit(toward="zero", absolute=0.1, because="0.1 tells order 1 from 1/2 or 2"),
    wrong={"the order of the root of r": 0.5, "the order of r²": 2},
    scope=f"{KERNEL}; ridges from 1e-10 to 1e-2",
)
def order(p: Point, accuracy: Accuracy) -> Series:
    """How far regression with a ridge is from the end of the flow without one, at all points."""
    kernel, y = _kernel(p), np.array([p.y_1, p.y_2])
    end, open_end = measure.flown(kernel, y)
    # On the data the flow ends on the targets; at the other point alone the two may cross.
    ends = np.append(y, end)
    far = [np.linalg.norm(measure.with_ridge(kernel, y, ridge) - ends) for ridge in RIDGES]
    return Series(np.array(RIDGES), np.array(far), bias=open_end + 1e-13)


posterior: dict[str, Any] = {
    "source": jacot.at("section 5, the limit of long training"),
    "domain": Domain(**a_kernel, defining=brought),
    "points": 12,
    "predicted": remarks.posterior_mean,
    "compare": Equal(absolute=1e-6, because="it is exact; a ridge of 1e-4 would be 1e-4 off"),
    "scope": KERNEL,
}


def end_of_training(p: Point, accuracy: Accuracy) -> Measurement:
    """Where the flow of the outputs ends that starts at the mean of all networks, which is 0."""
    end, open_end = measure.flown(_kernel(p), np.array([p.y_1, p.y_2]))
    return Measurement(end, bias=open_end + 1e-12)


def most_likely(p: Point, accuracy: Accuracy) -> Measurement:
    """The likeliest value under the Gaussian process with the kernel as covariance."""
    value, rounding = measure.most_likely(_kernel(p), np.array([p.y_1, p.y_2]))
    return Measurement(value, bias=rounding)


means = claim(
    f"{HERE}/ridge/mean-of-long-training",
    says=r"f_\infty(x) = \kappa K^{-1} y, \text{ where } \dot f = -K (f - y) \text{ ends if it}"
    r" \text{ starts at } 0 \text{, the mean of all networks}",
    **posterior,
)(end_of_training)
likeliest = claim(
    f"{HERE}/ridge/most-likely",
    says=r"\kappa K^{-1} y \text{ maximises the posterior of the Gaussian process with}"
    r" \text{ covariance } K",
    **posterior,
)(most_likely)

# A polynomial has a kernel of finite rank.


def rank(p: Point, accuracy: Accuracy) -> Measurement:
    """How many eigenvalues of the networks' kernel are not zero."""
    found, clear = measure.rank(int(p.seed), float(p.w), float(p.b), measure.square.resolve())
    return Measurement(
        float(found), converged=clear, note="" if clear else "an eigenvalue is neither zero nor not"
    )


def _rank(p: Any) -> int:
    import sympy as sp

    return remarks.rank_of_square((sp.Rational(str(p.w)), sp.Rational(str(p.b))))


ranks = [
    claim(
        f"{HERE}/positive-definite/square/{name}",
        source=jacot.at("Proposition 2, which asks for a nonlinearity that is no polynomial"),
        says=rf"\varphi(z) = z^2/2: \quad \operatorname{{rank}} \Theta_\infty = {value}"
        r" \text{ on any } N \ge 5 \text{ points of the circle, at } L = 2",
        domain=Domain(seed=Integers(0, 10**6), w=Interval(0.7, 1.5), b=biases),
        points=8,
        predicted=_rank,
        compare=Equal(absolute=0.5, because="a rank is a whole number"),
        wrong={other: rank_otherwise},
        scope="eight networks of 32 units, 16 equispaced points of the circle |x|² = n_0 = 2",
    )(rank)
    for name, value, biases, other, rank_otherwise in (
        ("with-biases", 5, Interval(0.2, 1.0), "as without biases", 3),
        ("without-biases", 3, Values(0.0), "as with biases", 5),
    )
]

# The gap between the first two eigenvalues.


@claim(
    f"{HERE}/eigenvalue-gap",
    source=jacot.at("section 6.3, footnote 3"),
    says=r"\lambda_1 / \lambda_2 \text{ is about ten times as large at } b = 1 \text{ as at } 0.1,"
    r" \text{ or more}",
    domain=Domain(depth=Values(2, 3), data=Integers(0, 10**6)),
    points=2,
    predicted=1,
    compare=Bound(
        side="at least", absolute=0.3, because="'about ten' is not below five: log10 2 is 0.3"
    ),
    wrong={"a hundred times": 2},
    scope="in powers of ten, of ReLU networks; the paper's digits are replaced by random inputs "
    "that are not negative, in 8 clusters, of mean square 0.1, on which it is 15 to 20 times: how "
    "many times depends on the inputs, so that there is no upper end. A growth below five times "
    "would be refuted, and one to a hundred times is; ten times are not told from twenty",
)
def eigenvalue_gap(p: Point, accuracy: Accuracy) -> Measurement:
    """By what power of ten the ratio grows, in groups of networks; all together tell the bias."""
    groups, together = measure.widening(
        accuracy.entropy, max(2, accuracy.draws(12)), int(p.data), int(p.depth), 1.0
    )
    mean = Measurement.mean(groups)
    return Measurement(
        together, mean.stderr, abs(float(mean.value) - together), mean.dof,
        converged=bool(mean.converged), note=str(mean.note),
    )  # fmt: skip
