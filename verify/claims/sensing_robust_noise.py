"""Sub-gradient descent under outliers and noise: arXiv 2202.08788, Ma and Fattahi.

As in `lemmata.verify.claims.sensing_robust`, rates are claimed and no constants, of one truth of
rank 2 in 10 dimensions; errors are Frobenius norms, not squared.
"""

from __future__ import annotations

import math

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
from lemmata.verify.claims.sensing_robust import HERE, MOST, ORDER, RATE, SETTING, exponents, ma

measure = deferred("lemmata.verify.robust_measure")

spoiled = Domain(p=Values(0.2, 0.4), k=Values(5, 20))
SPOILED = SETTING + "800 measurements, a share p of which is off by N(0, nu^2)"


@claim(
    f"{HERE}/outlier-size",
    source=ma.at("abstract: arbitrarily large noise values"),
    says=r"\| U U^T - X^* \|_F \text{ at outliers of } \nu \text{ is that at } \nu = 10",
    domain=Domain(p=Values(0.1, 0.3), k=Values(5, 20), nu=Values(1e3, 1e6)),
    predicted=0,
    compare=Equal(absolute=0.25, because="a quarter of what ln nu makes of it"),
    scope=SPOILED + ", alpha = 0.01",
    wrong={
        "in proportion to nu": lambda p: math.log(p.nu / 10),
        "like ln nu": lambda p: math.log(math.log(p.nu) / math.log(10)),
    },
)
def size(p: Point, accuracy: Accuracy) -> Measurement:
    """The logarithm of the ratio, over seeds that share all but the size."""
    look, seeds = accuracy.common, measure.taken(accuracy, 32)
    far, near = (
        measure.final(look, seeds, int(p.k), MOST, 1e-2, share=p.p, size=nu) for nu in (p.nu, 10.0)
    )
    return Measurement.mean(np.log(far / near))


@claim(
    f"{HERE}/outlier-recovery",
    source=ma.at("abstract: converges under arbitrarily large noise values"),
    says=r"\| U U^T - X^* \|_F \sim A \alpha^\gamma, \quad \gamma > 0,"
    r" \text{ at outliers of a million times } \|X^*\|",
    domain=spoiled,
    predicted=1,
    compare=Sign(clear=1, because=ORDER),
    uses=(f"{HERE}/outlier-size",),
    scope=SPOILED + ", nu = 10^6. The exponent between alpha = 0.01 and 0.001. " + RATE,
    wrong={"the error stays, or grows": -1},
)
def recovery(p: Point, accuracy: Accuracy) -> Measurement:
    """The exponent, over seeds."""
    return Measurement.mean(exponents(accuracy, p.k, MOST, share=p.p, size=1e6))


@claim(
    f"{HERE}/outlier-share",
    source=ma.at("the theorem on the final error, under outliers"),
    says=r"\gamma \text{ falls with the share of outliers}",
    domain=spoiled,
    predicted=-1,
    compare=Sign(clear=1, because=ORDER),
    uses=(f"{HERE}/measured-error",),
    scope=SPOILED + ", nu = 10^6, against none. " + RATE,
    wrong={"rises": 1},
)
def spoils(p: Point, accuracy: Accuracy) -> Measurement:
    """The exponent less that without outliers, over seeds."""
    clean = exponents(accuracy, p.k, MOST)
    return Measurement.mean(exponents(accuracy, p.k, MOST, share=p.p, size=1e6) - clean)


# Gaussian noise on every value.

NOISES = (0.003, 0.01, 0.03, 0.1)
MEASUREMENTS = (100, 200, 400, 800)
columns = Domain(k=Values(5, 20))
NOISY = SETTING + "alpha = 0.001; the least error of a run. " + RATE
HALVES = "readings lie a half apart, or a quarter"


def least(
    accuracy: Accuracy, k: int, m: int, noise: float, seeds: int = 96, **truth: int
) -> np.ndarray:
    """The least error along each run."""
    many = measure.taken(accuracy, seeds)
    return measure.least(accuracy.common, many, int(k), int(m), noise, **truth)


@claim(
    f"{HERE}/noise-size",
    source=ma.at("the theorem under the Gaussian noise model"),
    says=r"\min_t \| U_t U_t^T - X^* \|_F \sim A \nu",
    domain=columns,
    predicted=1,
    compare=Equal(absolute=0.15, because=HALVES),
    scope=NOISY + "800 measurements, nu = 0.003 to 0.1",
    wrong={"nu^2": 2, "nu^(1/2)": 0.5, "no matter": 0},
)
def in_noise(p: Point, accuracy: Accuracy) -> Measurement:
    """The slope over the deviation of the noise, of every seed."""
    found = [least(accuracy, p.k, 800, nu, 16) for nu in NOISES]
    return measure.every_exponent(NOISES, np.stack(found, axis=-1))


@claim(
    f"{HERE}/noise-measurements",
    source=ma.at("the theorem under the Gaussian noise model"),
    says=r"\min_t \| U_t U_t^T - X^* \|_F \sim A m^{-1/2}",
    domain=columns,
    predicted=-0.5,
    compare=Equal(absolute=0.15, because=HALVES),
    scope=NOISY + "nu = 0.1, m = 100 to 800; the power of m, told from m^(-1/4) and 1/m and from"
    " nothing nearer",
    wrong={"1/m": -1, "m^(-1/4)": -0.25, "no gain": 0},
)
def in_measurements(p: Point, accuracy: Accuracy) -> Measurement:
    """The slope over the number of measurements, the first of one draw, over seeds."""
    found = [least(accuracy, p.k, m, 0.1) for m in MEASUREMENTS]
    return measure.exponent(MEASUREMENTS, np.stack(found, axis=-1))


@claim(
    f"{HERE}/noise-rank",
    source=ma.at("the theorem under the Gaussian noise model"),
    says=r"\min_t \| U_t U_t^T - X^* \|_F \text{ at } r = 4 \text{ is } \sqrt 4"
    r" \text{ times that at } r = 1",
    domain=columns,
    predicted=math.log(4) / 2,
    compare=Equal(absolute=0.25, because="of ln 2, by which r^(1/2) is from r and from no matter"),
    scope=NOISY + "nu = 0.1, 800 measurements; truths with equal eigenvalues and of norm 1, of rank"
    " 1 and 4; of nu sqrt(d r/m) nothing is claimed on d",
    wrong={"r": math.log(4), "no matter": 0},
)
def in_rank(p: Point, accuracy: Accuracy) -> Measurement:
    """The logarithm of the ratio of root mean squares over seeds."""
    squares = [least(accuracy, p.k, 800, 0.1, rank=r) ** 2 for r in (4, 1)]
    more, fewer = (one / one.mean() for one in squares)
    ratio = squares[0].mean() / squares[1].mean()
    # With what each seed adds to the logarithms in first order.
    return Measurement.mean(np.log(ratio) / 2 + (more - fewer) / 2)


@claim(
    f"{HERE}/noise-columns",
    source=ma.at("abstract: agnostic to over-parameterisation and noise"),
    says=r"\min_t \| U_t U_t^T - X^* \|_F \text{ at } k = 20 \text{ is that at } k = 5",
    domain=Domain(m=Values(*MEASUREMENTS[1:])),
    predicted=0,
    compare=Equal(absolute=0.2, because="less than a third of what k for r makes of it"),
    scope=NOISY + "nu = 0.1",
    wrong={"sqrt(nk/m) for sqrt(nr/m)": math.log(2)},
)
def in_columns(p: Point, accuracy: Accuracy) -> Measurement:
    """The logarithm of the ratio, over seeds that share measurements, noise and starts."""
    more, fewer = (least(accuracy, k, p.m, 0.1) for k in (20, 5))
    return Measurement.mean(np.log(more / fewer))


# Where the truth is not the least of the loss.

fitted = Domain(k=Values(5, 20), m=Values(80, 120), nu=Values(0.1, 0.3))
FITTED = SETTING + "Gaussian noise nu, starts of size 1 against alpha = 0.001"


@claim(
    f"{HERE}/optimum",
    source=ma.at("abstract: the globally optimal solutions do not correspond to the ground truth"),
    says=r"f(U) < f(X^*) \text{ at the end of a run from a large start}",
    domain=fitted,
    predicted=1,
    compare=Sign(clear=1, because=ORDER),
    scope=FITTED,
    wrong={"the truth has the least loss": -1},
)
def not_optimal(p: Point, accuracy: Accuracy) -> Measurement:
    """ln of the truth's loss over that of the run from a large start, over seeds."""
    large = _fits(p, accuracy, 1.0)
    return Measurement.mean(np.log(large.truth_loss / large.loss))


@claim(
    f"{HERE}/optimum-loss",
    source=ma.at("abstract: even if the globally optimal solutions are not the ground truth"),
    says=r"f(U) \text{ ends lower from a large start than from a small one}",
    domain=fitted,
    predicted=1,
    compare=Sign(clear=1, because=ORDER),
    scope=FITTED,
    wrong={"higher": -1},
)
def lower_loss(p: Point, accuracy: Accuracy) -> Measurement:
    """ln of the small start's loss over that of the large one, over seeds."""
    small, large = _fits(p, accuracy, 1e-3), _fits(p, accuracy, 1.0)
    return Measurement.mean(np.log(small.loss / large.loss))


@claim(
    f"{HERE}/optimum-error",
    source=ma.at("abstract: even if the globally optimal solutions are not the ground truth"),
    says=r"\| U U^T - X^* \|_F \text{ ends higher from a large start than from a small one}",
    domain=fitted,
    predicted=1,
    compare=Sign(clear=1, because=ORDER),
    uses=(f"{HERE}/optimum", f"{HERE}/optimum-loss"),
    scope=FITTED,
    wrong={"lower": -1},
)
def nearer(p: Point, accuracy: Accuracy) -> Measurement:
    """ln of the large start's error over that of the small one, over seeds."""
    small, large = _fits(p, accuracy, 1e-3), _fits(p, accuracy, 1.0)
    return Measurement.mean(np.log(large.error / small.error))


def _fits(p: Point, accuracy: Accuracy, alpha: float):
    return measure.fit(
        accuracy.common, measure.taken(accuracy, 48), int(p.k), int(p.m), alpha, p.nu
    )
