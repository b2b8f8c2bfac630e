"""Matrices recovered from disturbed measurements: arXiv 2202.08788, Ma and Fattahi.

What is theorem there holds for every instance with high probability, with constants that are not
printed as numbers; claimed here are the rates. Of the sub-differential everything is derived, in
`lemmata.theory.sensing_signs`. Sizes are of one truth, of rank 2 in 10 dimensions, and starts of 2,
5 or 20 columns; errors are Frobenius norms, not squared.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from lemmata.verify.api import (
    Accuracy,
    Domain,
    Equal,
    Interval,
    Limit,
    Log,
    Measurement,
    Paper,
    Point,
    Series,
    Sign,
    Values,
    claim,
    deferred,
)
from lemmata.verify.sensing_rivals import ALPHAS as POWERS_OF_ALPHA
from lemmata.verify.sensing_rivals import POWERS

signs = deferred("lemmata.theory.sensing_signs")
measure = deferred("lemmata.verify.robust_measure")

ma = Paper(
    "Global Convergence of Sub-gradient Method for Robust Matrix Recovery: Small Initialization, "
    "Noisy Measurements, and Over-parameterization",
    year=2022,
    arxiv="2202.08788",
)

HERE = "matrix-sensing/sub-gradient"
#: of the starts whose errors tell the exponent of alpha where measurements are few
ALPHAS = (1e-2, 1e-3)
SMALL = (1e-6, 1e-5, 1e-4, 1e-3)
FEWER, MOST = 128, 800
beyond = Domain(k=Values(5, 20))
RATE = "the rate alone: the constants of the theorem are not at hand. "
SETTING = "n = 10, r = 2, Gaussian starts, the paper's schedule of geometric steps. "
ORDER = "an order is claimed, not by how much"
APART = "readings lie a power apart, which is seven times this"


# The sub-differential and its mean.


@claim(
    f"{HERE}/slope/shifted",
    source=ma.at("Sign-RIP, its ideal"),
    says=r"\mathbb{E} \langle A, X / \|X\| \rangle \operatorname{sign}(\langle A, X \rangle - s)"
    r" = \sqrt{2/\pi}\, e^{-s^2 / 2 \|X\|^2}",
    domain=Domain(R=Log(0.3, 3), s=Interval(-2, 2)),
    points=8,
    predicted=signs.along,
    compare=Equal(absolute=0.03, because="the draws show 0.025; R for R^2 is off by 0.1 and more"),
    scope="X of rank 2 in 5 dimensions",
)
def shifted(p: Point, accuracy: Accuracy) -> Measurement:
    """The mean over Gaussian A."""
    found = measure.shifted_slopes(accuracy.rng, accuracy.draws(50_000), p.R, p.s)
    return Measurement.mean(found[0])


disturbed = Domain(p=Interval(0.1, 0.9), R=Log(0.3, 3), nu=Log(0.1, 30))
OUTLIERS = "X of rank 2 in 5 dimensions, outliers N(0, nu^2)"


@claim(
    f"{HERE}/slope/outliers",
    source=ma.at("Sign-RIP under the outlier noise model"),
    says=r"\varphi(X) = \sqrt{2/\pi}\, (1 - p + p R / \sqrt{R^2 + \nu^2}), \quad R = \|X\|_F",
    domain=disturbed,
    points=8,
    predicted=signs.with_outliers,
    compare=Equal(
        absolute=0.03, because="the draws show 0.025; outliers that tell nothing, 0.1 and more"
    ),
    scope=OUTLIERS,
    uses=(f"{HERE}/slope/shifted",),
    wrong={
        "outliers tell nothing": lambda p: math.sqrt(2 / math.pi) * (1 - p.p),
        "norms add": lambda p: math.sqrt(2 / math.pi) * (1 - p.p + p.p * p.R / (p.R + p.nu)),
        "no outliers": math.sqrt(2 / math.pi),
    },
)
def outliers(p: Point, accuracy: Accuracy) -> Measurement:
    """The mean over Gaussian A and over outliers, along X."""
    return Measurement.mean(_slopes(p, accuracy)[0])


@claim(
    f"{HERE}/slope/across",
    source=ma.at("Sign-RIP, its ideal"),
    says=r"\mathbb{E} \langle A, Y \rangle \operatorname{sign}(\langle A, X \rangle - s) = 0"
    r" \text{ for } \langle X, Y \rangle = 0",
    domain=disturbed,
    points=8,
    predicted=0,
    compare=Equal(absolute=0.03, because="the draws show 0.025; the slope along X is 0.1 to 0.8"),
    scope=OUTLIERS,
    wrong={"as along X": signs.with_outliers, "a tenth of it": 0.08},
)
def across(p: Point, accuracy: Accuracy) -> Measurement:
    """The mean over Gaussian A and over outliers, along a random direction across X."""
    return Measurement.mean(_slopes(p, accuracy)[1])


def _slopes(p: Point, accuracy: Accuracy) -> Any:
    return measure.slopes(accuracy.rng, accuracy.draws(50_000), p.R, p.p, p.nu)


@claim(
    f"{HERE}/slope/deviation",
    source=ma.at("Sign-RIP for Gaussian measurements"),
    says=r"\sup_{X, Y} \langle D - \varphi X / \|X\|, Y \rangle \sim A m^{-1/2},"
    r" \quad \operatorname{rank} Y \le 2, \|Y\| = 1",
    domain=Domain(matrices=Values(4, 16)),
    predicted=-0.5,
    compare=Limit(toward="infinity", absolute=0.1, because="others lie 0.25 apart and more"),
    scope="n = 10, m = 50 to 1600; over all Y and over some X of rank 2, in place of all; the"
    " power of m to 0.1, and none of n and r. " + RATE,
    wrong={"1/m": -1, "m^(-1/4)": -0.25, "no gain": 0},
)
def deviation(p: Point, accuracy: Accuracy) -> Series:
    """Over draws of measurements, by two draws apart from one another."""
    counts = [50 * 2**i for i in range(6)]
    found = np.array(
        [
            [measure.deviation(accuracy.rng, m, int(p.matrices)) for m in counts]
            for _ in range(accuracy.draws(64))
        ]
    )
    stderr = found.std(axis=0, ddof=1) / math.sqrt(len(found)) if len(found) > 1 else math.nan
    return Series(counts, found.mean(axis=0), stderr, dof=float(len(found) - 1))


# Where the descent ends.


def _with_log(power: float) -> float:
    """The slope of alpha^2 ln(1/alpha)^power over the same alphas."""
    u = np.log(SMALL)
    return float(np.polyfit(u, 2 * u + power * np.log(-u), 1)[0])


def known(p: Point, accuracy: Accuracy) -> Measurement:
    """The exponent of alpha where the whole matrix is known, of every start."""
    look, seeds = accuracy.common, measure.taken(accuracy, 16)
    ends = [measure.known(look, seeds, int(p.k), alpha) for alpha in SMALL]
    return measure.every_exponent(SMALL, np.stack(ends, axis=-1))


final_known = claim(
    f"{HERE}/final-error",
    source=ma.at("the theorem on the final error, in the limit of m"),
    says=r"\| U U^T - X^* \|_F \sim A \alpha^2 \text{ as } \alpha \to 0",
    domain=beyond,
    predicted=2,
    compare=Equal(absolute=0.03, because="a factor ln(1/alpha) changes the slope by 0.1"),
    reading="alpha^2",
    scope="the whole matrix is known; alpha from 1e-6 to 1e-3. " + SETTING + RATE,
    wrong={
        "alpha": 1,
        "alpha^1.5": 1.5,
        "alpha^3": 3,
        "alpha^2 ln(1/alpha)": _with_log(1),
        "alpha^2 / ln(1/alpha)": _with_log(-1),
    },
)(known)


proportional_known = claim(
    f"{HERE}/final-error/proportional",
    source=ma.at("the theorem on the final error, in the limit of m"),
    says=r"\| U U^T - X^* \|_F \sim A \alpha \text{ as } \alpha \to 0",
    domain=beyond,
    predicted=1,
    compare=Equal(absolute=0.15, because=APART),
    reading="proportional to alpha",
    expected="refuted",
    cause="what is left in the null space of the truth is J J^T, with J as small as the start; "
    "an exponent of 1 comes only from measurements that are few",
    scope="the whole matrix is known. " + SETTING,
)(known)


def exponents(
    accuracy: Accuracy, k: int, m: int, alphas: Any = ALPHAS, seeds: int = 40, **disturbance: float
) -> Any:
    """That of alpha between two values, seed by seed."""
    large, small = (
        measure.final(
            accuracy.common, measure.taken(accuracy, seeds), int(k), int(m), alpha, **disturbance
        )
        for alpha in alphas
    )
    return np.log(large / small) / math.log(alphas[0] / alphas[1])


MEASURED = SETTING + "The exponent between alpha = 0.01 and 0.001"
finite = Domain(k=Values(5, 20), m=Values(FEWER, MOST))


@claim(
    f"{HERE}/measured-error",
    source=ma.at("the theorem on the final error"),
    says=r"\| U U^T - X^* \|_F \sim A \alpha^\gamma, \quad \gamma < 2",
    domain=finite,
    predicted=1,
    compare=Sign(clear=1, because=ORDER),
    uses=(f"{HERE}/final-error",),
    scope=MEASURED,
    wrong={"above 2": -1},
)
def below_two(p: Point, accuracy: Accuracy) -> Measurement:
    """By how much the exponent is below 2, over seeds."""
    return Measurement.mean(2 - exponents(accuracy, p.k, p.m))


#: the exponent from the first to the second and from the second to the third of three alphas
THREE = (ALPHAS[0], math.sqrt(ALPHAS[0] * ALPHAS[1]), ALPHAS[1])


@claim(
    f"{HERE}/measured-error/positive",
    source=ma.at("the theorem on the final error"),
    says=r"\| U U^T - X^* \|_F \sim A \alpha^\gamma, \quad \gamma > 0",
    domain=Domain(k=Values(5, 20), m=Values(FEWER, MOST), alpha=Values(*THREE[:2])),
    predicted=1,
    compare=Sign(clear=1, because=ORDER),
    scope=SETTING + "The exponent from alpha to alpha over the root of ten, down to 0.001",
    wrong={"the error stays, or grows": -1},
)
def above_zero(p: Point, accuracy: Accuracy) -> Measurement:
    """The exponent, over seeds."""
    first = THREE.index(p.alpha)
    return Measurement.mean(exponents(accuracy, p.k, p.m, THREE[first : first + 2], 24))


def measured(p: Point, accuracy: Accuracy) -> Measurement:
    """The exponent, over seeds."""
    return Measurement.mean(exponents(accuracy, p.k, p.m))


squared_measured = claim(
    f"{HERE}/measured-error/squared",
    source=ma.at("the theorem on the final error"),
    says=r"\| U U^T - X^* \|_F \sim A \alpha^2",
    domain=finite,
    predicted=2,
    compare=Equal(absolute=0.15, because=APART),
    reading="alpha^2",
    expected="refuted",
    cause="steps deviate from their mean by a share of m^(-1/2), by which the noise grows while "
    "the signal does: alpha^(2 - c m^(-1/2)), and below alpha at 128 measurements",
    scope=MEASURED,
)(measured)


proportional_measured = claim(
    f"{HERE}/measured-error/proportional",
    source=ma.at("the theorem on the final error"),
    says=r"\| U U^T - X^* \|_F \sim A \alpha",
    domain=finite,
    predicted=1,
    compare=Equal(absolute=0.15, because=APART),
    reading="proportional to alpha",
    expected="refuted",
    cause="1 is one point on a curve that goes from below 1 at 128 measurements up to 2",
    scope=MEASURED,
)(measured)


@claim(
    f"{HERE}/more-measurements",
    source=ma.at("the theorem on the final error"),
    says=r"\gamma \text{ rises with } m",
    domain=beyond,
    predicted=1,
    compare=Sign(clear=1, because=ORDER),
    scope=MEASURED + ", at 800 and at 128 measurements",
    wrong={"falls with m": -1},
)
def rises(p: Point, accuracy: Accuracy) -> Measurement:
    """The exponent at many measurements less that at few, over seeds."""
    return Measurement.mean(exponents(accuracy, p.k, MOST) - exponents(accuracy, p.k, FEWER))


GROWTH = {"no matter": 0, "k^2": 2}


@claim(
    f"{HERE}/over-parameterised-error",
    source=ma.at("abstract: agnostic to over-parameterisation"),
    says=r"\| U U^T - X^* \|_F \sim A k \alpha^2: \text{ agnostic in the exponent of } \alpha"
    r" \text{, and in proportion to } k",
    domain=Domain(alpha=Values(*SMALL[:: len(SMALL) - 1])),
    predicted=1,
    compare=Equal(absolute=0.2, because="half-powers of k lie more than twice that apart"),
    uses=(f"{HERE}/final-error",),
    scope="the whole matrix is known, k = 5 and 20; at so many columns, for the null space, of 8"
    " dimensions, sees k - r of them, and is filled by 8. " + SETTING,
    wrong={**GROWTH, "k^(1/2)": 0.5, "k^1.5": 1.5},
)
def agnostic(p: Point, accuracy: Accuracy) -> Measurement:
    """The exponent of the final error in k, over starts."""
    found = [
        np.log(np.divide(*(measure.known((*accuracy.common, i), 16, k, p.alpha) for k in (20, 5))))
        for i in range(measure.taken(accuracy, 6))
    ]
    return Measurement.mean(np.concatenate(found) / math.log(4))


@claim(
    f"{HERE}/over-parameterised-error/measured",
    source=ma.at("abstract: agnostic to over-parameterisation"),
    says=r"\| U U^T - X^* \|_F \sim A k",
    domain=Domain(alpha=Values(*ALPHAS)),
    predicted=1,
    compare=Equal(absolute=0.5, because="no growth, and that of the square, are one away"),
    uses=(f"{HERE}/over-parameterised-error",),
    scope=SETTING + "800 measurements, k = 5 and 20; a coarse look: half-powers are not told apart",
    wrong=GROWTH,
)
def agnostic_measured(p: Point, accuracy: Accuracy) -> Measurement:
    """The exponent of the final error in k, over seeds."""
    more, fewer = (
        measure.final(accuracy.common, measure.taken(accuracy, 56), k, MOST, p.alpha)
        for k in (20, 5)
    )
    return Measurement.mean(np.log(more / fewer) / math.log(4))


def _window(alpha: float) -> tuple[float, float]:
    """Steps in units of 1/ln(1/rho): from a tenth of the first length to well above the end."""
    return math.log(10), -math.log(30 * alpha**1.25)


def _like(power: float) -> Any:
    """The same slope, had the error fallen like T^-power."""

    def slope(p: Point) -> float:
        begin, end = _window(p.alpha)
        t = np.linspace(begin, end, 200)
        return -float(np.polyfit(t, -power * np.log(t), 1)[0])

    return slope


def _of_alpha(power: float) -> Any:
    """The same slope, had the error fallen by a share of alpha^power a step."""
    return lambda p: math.log1p(-(p.alpha**power)) / math.log(measure.decay(p.alpha))


@claim(
    f"{HERE}/linear-convergence",
    source=ma.at("abstract: exponential improvement in the convergence rate"),
    says=r"\eta_t = \eta_0 \rho^t \Rightarrow \| U_t U_t^T - X^* \|_F \sim A \rho^t"
    r" \text{, though } k > r",
    domain=Domain(alpha=Values(3e-4, 1e-4), k=Values(5, 20)),
    predicted=1,
    compare=Equal(absolute=0.15, because="1/T^2 makes it a half, and less for small starts"),
    scope=SETTING + "800 measurements, until the error is near what it ends at. That the error"
    " follows the steps is claimed; how slowly these may shrink, 1 - rho being of the order of"
    " 1/log(1/alpha), is what the schedule sets and not what is measured. " + RATE,
    wrong={
        **{name: _like(power) for name, power in POWERS.items()},
        **{name: _of_alpha(power) for name, power in POWERS_OF_ALPHA.items()},
        "the squared error": 2,
    },
)
def linear(p: Point, accuracy: Accuracy) -> Measurement:
    r"""The slope of the logarithm of the error against $t \ln \rho$, over seeds."""
    begin, end = _window(p.alpha)
    look, seeds, k = accuracy.common, measure.taken(accuracy, 24), int(p.k)
    found = measure.runs(look, seeds, k, MOST, p.alpha, math.exp(-end))
    x = found.at * math.log(measure.decay(p.alpha))
    inside = x <= -begin
    y = np.log(found.path[:, inside])
    return Measurement.mean(np.polyfit(x[inside], y.T, 1)[0])
