"""The bands of arXiv 1806.07572, section 6.2: four points of the circle, three hidden layers.

What networks give after long training is Gaussian in the limit. Of it the second figure shows the
median and the band from 10 to 90 percent; how many networks end inside is counted here.
"""

from __future__ import annotations

from functools import lru_cache
from statistics import NormalDist
from typing import Any

import numpy as np

from lemmata.verify.api import (
    Accuracy,
    Domain,
    Equal,
    Measurement,
    Point,
    Values,
    claim,
    deferred,
)
from lemmata.verify.claims.ntk_experiments import B, W
from lemmata.verify.claims.ntk_initialisation import jacot

analytic = deferred("lemmata.verify.kernels").analytic
measure = deferred("lemmata.verify.wide_training_measure")
theory = deferred("lemmata.theory.ntk_training")

HERE = "ntk"
DEPTH, WIDTH, NETWORKS = 4, 192, 900
#: away from each datum to both sides, in eighths of a half turn
EIGHTHS = (1, 2)
NINTH = NormalDist().inv_cdf(0.9)
SCOPE = (
    f"ReLU networks of three hidden layers of {WIDTH} units, b = 0.1, four points of the unit "
    "circle a quarter of a turn apart, targets x_1 x_2, 40 steps of descent of rate 4"
)


def _angles() -> np.ndarray:
    """Of all places at which networks are looked at, (eighths, places)."""
    quarters = measure.QUARTERS.resolve()
    return np.array([np.r_[quarters - k * np.pi / 8, quarters + k * np.pi / 8] for k in EIGHTHS])


@lru_cache(maxsize=4)
def _limit(*, prior: str = "nngp") -> tuple[np.ndarray, np.ndarray]:
    """Mean and standard deviation at the places after infinite training, (eighths, places)."""
    import sympy as sp

    places, quarters = _angles(), measure.QUARTERS.resolve()
    x, data = (_points(one) for one in (places.ravel(), quarters))

    def among(get: str, one: np.ndarray, other: np.ndarray) -> Any:
        return sp.Matrix(analytic(one, other, DEPTH, "relu", W, B, "jacot", get=get).tolist())

    problem = theory.converged(_even(among("ntk", data, data)), among("ntk", x, data))
    mean = problem.mean(sp.Matrix((data[:, 0] * data[:, 1]).tolist()))
    spread = problem.covariance(
        *(among(prior, *pair) for pair in ((data, data), (x, data), (x, x)))
    )
    shape = places.shape
    variance = np.array([float(spread[i, i]) for i in range(places.size)])
    return np.array(mean.tolist(), float).reshape(shape), np.sqrt(variance).reshape(shape)


def _even(matrix: Any) -> Any:
    """What rounding left of its symmetry."""
    return (matrix + matrix.T) / 2


def _points(angles: np.ndarray) -> np.ndarray:
    return np.stack([np.cos(angles), np.sin(angles)], axis=-1)


def _if_wider(p: Any) -> float:
    """How often a Gaussian with the variance from Theta as prior would be inside."""
    which = EIGHTHS.index(int(p.eighths))
    wide = _limit(prior="ntk")[1][which, 0]
    return 2 * NormalDist().cdf(NINTH * _limit()[1][which, 0] / wide) - 1


def _ends(accuracy: Accuracy) -> tuple[np.ndarray, np.ndarray]:
    turns = tuple(_angles().ravel().tolist())
    return measure.on_four(accuracy.common, accuracy.draws(NETWORKS), WIDTH, B, turns)


@claim(
    f"{HERE}/bands/coverage",
    source=jacot.at("section 6.2, the second figure"),
    says=r"P\left(|f_\infty(x) - \mathbb{E} f_\infty(x)| \le 1.2816"
    r" \sqrt{\operatorname{Var} f_\infty(x)}\right) = 0.8",
    domain=Domain(eighths=Values(*EIGHTHS)),
    predicted=0.8,
    compare=Equal(
        absolute=0.08, because="at this width outputs scatter by some percents more than the limit"
    ),
    wrong={"Theta for Sigma": _if_wider},
    uses=(f"{HERE}/gaussian-in-training/variance", f"{HERE}/kernel-on-circle/depth-4"),
    scope=SCOPE,
)
def coverage(p: Point, accuracy: Accuracy) -> Measurement:
    """The share of networks in the band of the limit, over places at one distance from data."""
    which = EIGHTHS.index(int(p.eighths))
    found = _ends(accuracy)[1].reshape(-1, *_angles().shape)[:, which]
    mean, spread = (one[which] for one in _limit())
    return Measurement.mean(np.mean(np.abs(found - mean) <= NINTH * spread, axis=1))


def _before(p: Any) -> float:
    """The mean distance of outputs from the targets before training, of the variance at a datum."""
    from scipy.stats import norm

    spread = float(
        analytic(_points(np.zeros(1)), None, DEPTH, "relu", W, B, "jacot", get="nngp")[0, 0]
    )
    # Of N(0, s^2) from 1/2, by integrating how often it is farther off.
    s, y = spread**0.5, 0.5
    return 2 * s * float(norm.pdf(y / s)) + y * (2 * float(norm.cdf(y / s)) - 1)


@claim(
    f"{HERE}/bands/on-data",
    source=jacot.at("section 5; section 6.2, the second figure"),
    says=r"\mathbb{E} | f_\infty(x_i) - y_i | = 0 \text{: on the data the band has no width}",
    domain=Domain(b=Values(B)),
    predicted=0,
    compare=Equal(absolute=0.02, because="a fifth of the half width of the band between data"),
    wrong={"as before training": _before},
    uses=(f"{HERE}/limit-of-training",),
    scope=SCOPE,
)
def on_data(p: Point, accuracy: Accuracy) -> Measurement:
    """How far outputs are from the targets, over networks and data."""
    found = _ends(accuracy)[0]
    data = _points(measure.QUARTERS.resolve())
    return Measurement.mean(np.abs(found - data[:, 0] * data[:, 1]).mean(axis=1))
