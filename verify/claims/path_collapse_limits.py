r"""Where the criterion of arXiv 2512.10339 ends: Gaussian data, and C = 0.

It is of targets of compact support, and of C that is not 0. Each of these readings fails, and what
holds there instead stands beside it.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from lemmata.verify.api import (
    Accuracy,
    Condition,
    Domain,
    Equal,
    Interval,
    Log,
    Measurement,
    Point,
    Sign,
    claim,
)
from lemmata.verify.claims.path_collapse import (
    BISECTED,
    HERE,
    INSTANCE,
    PATH,
    derived,
    lee,
    product,
    rate,
    settles_or_grows,
    smoothed,
    sum_of_rates,
    where_it_flips,
)

# Gaussian data -----------------------------------------------------------------------------------


def sum_of_gaussian_rates(p: Any) -> Any:
    """C of Gaussian data."""
    return p.gamma_1 / (p.alpha_1**2 + p.s**2) + p.gamma_2 / (p.alpha_2**2 + p.s**2)


normal = Domain(
    gamma_1=Interval(-3, 3), gamma_2=Interval(-3, 3),
    alpha_1=Log(0.2, 2), alpha_2=Log(0.2, 2), s=Log(0.2, 2),
    where=(
        Condition("|C| > 0.01", lambda p: abs(sum_of_rates(p)) > 0.01),
        Condition("|C_G| > 0.01", lambda p: abs(sum_of_gaussian_rates(p)) > 0.01),
    ),
)  # fmt: skip
FINITE = Sign(because="finite or not")


def of_normals(powers: Any, variances: Any) -> Any:
    """ln h of normal densities of these variances."""
    return product(
        powers, [partial(smoothed.normal, width=np.sqrt(variance)) for variance in variances]
    )


def gaussian(p: Point, accuracy: Accuracy) -> Measurement:
    """Whether far shells hold more than all inside of them (positive), or less (negative)."""
    variances = p.alpha_1**2 + p.s**2, p.alpha_2**2 + p.s**2
    return settles_or_grows(of_normals((p.gamma_1, p.gamma_2), variances), accuracy)


def _of_compact_support() -> Any:
    """The criterion, without its derivation, which does not reach here."""
    return derived.growth().statement


gaussian_criterion = claim(
    f"{HERE}/gaussian/criterion",
    source=lee.at("the path existence criterion; its counterpart for Gaussian data derived here"),
    says=r"q_i = N(0, s^2) * N(0, \alpha_i^2): \int \textstyle\prod_i q_i^{\gamma_i} < \infty \iff"
    r" \sum_i \gamma_i / (\alpha_i^2 + s^2) > 0",
    domain=normal,
    predicted=derived.gaussian_growth,
    compare=FINITE,
    points=96,
    wrong={"by the widths alone": lambda p: -p.gamma_1 / p.alpha_1**2 - p.gamma_2 / p.alpha_2**2},
    scope="one coordinate, two densities of the same data",
    batched=True,
)(gaussian)

gaussian_as_compact = claim(
    f"{HERE}/gaussian/criterion/by-schedules-alone",
    source=lee.at("abstract (v1): when collapse occurs, from noise schedules and exponents alone"),
    says=r"q_i = N(0, s^2) * N(0, \alpha_i^2): \int \textstyle\prod_i q_i^{\gamma_i} < \infty \iff"
    r" \sum_i \gamma_i / \alpha_i^2 > 0",
    domain=normal,
    predicted=_of_compact_support,
    compare=FINITE,
    points=96,
    scope="one coordinate, two densities of the same data",
    reading="data of any kind, Gaussian ones included",
    expected="refuted",
    cause="the criterion is of compact support; tails of the data widen those of what is smoothed, "
    "to α² + s²",
    batched=True,
)(gaussian)


def _by_schedules(p: Any) -> float:
    return float((1 - p.t) ** 2 / (np.cos(np.pi * p.t / 2) ** 2 - (1 - p.t) ** 2))


@claim(
    f"{HERE}/gaussian/onset-in-weight",
    source=INSTANCE,
    says=rf"{PATH},\ \text{{data of }} N(0, s^2) \text{{ times }} \sin(\pi t/2) \text{{ and }} t:"
    r"\ w_c = v_2 / (v_1 - v_2)",
    domain=Domain(t=Interval(0.1, 0.95), s=Log(0.2, 2)),
    predicted=derived.gaussian_onset,
    compare=BISECTED,
    points=24,
    wrong={"by the widths alone": _by_schedules},
    uses=(f"{HERE}/gaussian/criterion",),
    scope="one coordinate; v_1 = cos²(πt/2) + s² sin²(πt/2), v_2 = (1 - t)² + s² t²",
    batched=True,
)
def gaussian_onset(p: Point, accuracy: Accuracy) -> Measurement:
    """The weight at which the integral stops settling."""
    angle = np.pi * p.t / 2
    variances = (
        np.cos(angle) ** 2 + (p.s * np.sin(angle)) ** 2, (1 - p.t) ** 2 + (p.s * p.t) ** 2,
    )  # fmt: skip
    ones = np.ones(np.shape(p.t))
    return where_it_flips(
        lambda w: of_normals((1 + w, -w), variances), (0.05 * ones, 200 * ones), accuracy
    )


# Where C = 0 --------------------------------------------------------------------------------------

HALF = r"t = 1/2,\ w = 1,\ C = 0,\ \text{masses at } \pm R_i \text{ times } \sin(\pi t/2), t"
radii: dict[str, Any] = {"R_1": Interval(0.2, 2), "R_2": Interval(0.2, 2)}


def slope(p: Any) -> Any:
    """How fast ln h rises far out."""
    return 2 * 2**0.5 * p.R_1 - 2 * p.R_2


CLEAR = Condition("|b| > 0.05", lambda p: abs(slope(p)) > 0.05)
RISES = Condition("b > 0.05", lambda p: slope(p) > 0.05)


def at_half(p: Point) -> Any:
    """ln h at t = 1/2, w = 1."""
    width = np.full(np.shape(p.R_1), 0.5**0.5)
    densities = []
    for radius, scale, wide in ((p.R_1, 0.5**0.5, width), (p.R_2, 0.5, width**2)):
        places = scale * np.stack([-np.asarray(radius), np.asarray(radius)], axis=1)
        densities.append(
            partial(smoothed.atoms, places=places, weights=np.ones(places.shape), width=wide)
        )
    ones = np.ones(np.shape(p.R_1))
    return product((2 * ones, -ones), densities)


#: near enough for rounding of the two parabolas, which cancel, to be far below the slope
NEAR = {"power": 1, "reach": 1e4}


def boundary(p: Point, accuracy: Accuracy) -> Measurement:
    """Whether far shells hold more than all inside of them (positive), or less (negative)."""
    return settles_or_grows(at_half(p), accuracy, **NEAR)


boundary_by_supports = claim(
    f"{HERE}/boundary",
    source=INSTANCE,
    says=rf"{HALF}: \text{{finite}} \iff b = 2 \sqrt{{2}} R_1 - 2 R_2 < 0",
    domain=Domain(**radii, where=(CLEAR,)),
    predicted=derived.boundary,
    compare=FINITE,
    wrong={"finite if the second reaches further": lambda p: p.R_1 - p.R_2, "never finite": 1},
    uses=(f"{HERE}/criterion",),
    scope="one coordinate; b not 0",
    batched=True,
)(boundary)

boundary_by_schedules = claim(
    f"{HERE}/boundary/by-schedules-alone",
    source=lee.at(
        "abstract (v1): exactly when collapse occurs, from schedules and exponents alone"
    ),
    says=rf"{HALF}: \text{{not finite, for }} C > 0 \text{{ fails}}",
    domain=Domain(**radii, where=(CLEAR,)),
    predicted=1,
    compare=FINITE,
    scope="one coordinate",
    reading="finite if and only if C > 0, C = 0 included",
    expected="refuted",
    cause="where C = 0 the parabolas cancel and the supports decide; the published version claims"
    " C > 0 and C < 0 alone",
    batched=True,
)(boundary)


@claim(
    f"{HERE}/boundary/growth",
    source=INSTANCE,
    says=rf"{HALF}: \ln \int_{{-L}}^{{L}} h \sim b L,\ b = 2 \sqrt{{2}} R_1 - 2 R_2 > 0",
    domain=Domain(**radii, where=(RISES,)),
    predicted=derived.boundary,
    compare=Equal(
        absolute=5e-3, because="over L = 1e4, up to the logarithm of 1/b, and constants of order 1"
    ),
    points=24,
    uses=(f"{HERE}/boundary",),
    scope="one coordinate",
    batched=True,
)
def boundary_growth(p: Point, accuracy: Accuracy) -> Measurement:
    """The logarithm of the integral over [-L, L], over L, as L grows."""
    return rate(at_half(p), accuracy, times=1.0, **NEAR)
