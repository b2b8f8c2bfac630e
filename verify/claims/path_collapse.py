r"""When a generative path made of powers of densities collapses: arXiv 2512.10339.

The criterion, and an instance with its thresholds in time and weight, which are derived here. What
is measured is whether the integral over [-L, L] settles or grows, by quadrature of logarithms.
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
    Integers,
    Interval,
    Log,
    Measurement,
    Paper,
    Point,
    Sign,
    Threshold,
    Values,
    claim,
    deferred,
)

derived = deferred("lemmata.theory.path_collapse")
smoothed = deferred("lemmata.solvers.smoothed")
tails = deferred("lemmata.solvers.tails")
flips = deferred("lemmata.solvers.flips")

lee = Paper(
    "On the Collapse of Generative Paths: A Criterion and Correction for Diffusion Steering",
    year=2025,
    arxiv="2512.10339",
)
HERE = "path-collapse"
CRITERION = lee.at("the path existence criterion")
INSTANCE = lee.at("the path existence criterion; an instance derived here")
ONE = "one coordinate; targets of four random masses in [-1, 1], times sin(πt/2) and t"
PATH = r"h = q_1^{1 + w} q_2^{-w},\ \alpha_1 = \cos(\pi t / 2),\ \alpha_2 = 1 - t"
BISECTED = Threshold(relative=1e-3, because="bisected to 1e-5; the claim is exact")
SEED: dict[str, Any] = {"seed": Integers(0, 999)}


def masses(seed: Any, which: int) -> tuple[np.ndarray, np.ndarray]:
    """Four places in [-1, 1] for each seed, and their weights."""
    rngs = [np.random.default_rng([int(one), which]) for one in np.ravel(seed)]
    draws = np.array([rng.uniform(size=(2, 4)) for rng in rngs])
    return 2 * draws[:, 0] - 1, 0.1 + draws[:, 1]


def product(powers: Any, densities: Any) -> Any:
    """The logarithm of a product of powers, of logarithms of densities."""
    weights = [np.asarray(one, dtype=float)[:, None] for one in powers]

    def logarithm(x: np.ndarray) -> np.ndarray:
        parts = [weight * one(x) for weight, one in zip(weights, densities, strict=True)]
        return np.sum(parts, axis=0)

    return logarithm


def path(w: Any, t: Any, seed: Any) -> Any:
    """ln h of the instance, at weights and times of shape (n,)."""
    w, t = np.broadcast_arrays(np.asarray(w, dtype=float), np.asarray(t, dtype=float))
    widths = np.cos(np.pi * t / 2), 1 - t
    densities = []
    for which, (scale, width) in enumerate(zip((np.sin(np.pi * t / 2), t), widths, strict=True)):
        places, weights = masses(seed, which)
        densities.append(
            partial(smoothed.atoms, places=scale[:, None] * places, weights=weights, width=width)
        )
    return product((1 + w, -w), densities)


def two(p: Point) -> Any:
    """ln h of two powers, of masses or of intervals."""
    mixed = []
    for which, width in enumerate((p.alpha_1, p.alpha_2)):
        places, weights = masses(p.seed, which)
        atoms = partial(smoothed.atoms, places=places, weights=weights, width=width)
        radius = np.abs(places[:, 0]) + 0.1
        interval = partial(smoothed.interval, radius=radius, width=width)
        mixed.append(partial(_either, np.asarray(p.interval) > 0, interval, atoms))
    return product((p.gamma_1, p.gamma_2), mixed)


def _either(first: np.ndarray, one: Any, other: Any, x: np.ndarray) -> np.ndarray:
    return np.where(first[:, None], one(x), other(x))


def settles_or_grows(f: Any, accuracy: Accuracy, **more: Any) -> Measurement:
    """Whether far shells hold more than all inside of them (positive), or less (negative)."""
    value, error = tails.decay(f, nodes=accuracy.steps(32) // 2 * 2, **more)
    return Measurement(value, bias=error)


def rate(f: Any, accuracy: Accuracy, *, times: float = 2.0, **more: Any) -> Measurement:
    """So many times the logarithm of the integral over [-L, L], by a power of L, as L grows."""
    value, error = tails.growth(f, nodes=accuracy.steps(32) // 2 * 2, **more)
    return Measurement(times * value, bias=times * error)


def where_it_flips(at: Any, ends: tuple[Any, Any], accuracy: Accuracy) -> Measurement:
    """Where what settles begins to grow, bisected; `at` gives ln h of values of shape (n,)."""

    def grows(value: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        return tails.decay(at(value), nodes=accuracy.steps(32) // 2 * 2)

    found = flips.bracket_flips(grows, *ends, relative=1e-5, max_steps=40)
    return Measurement.bracket(
        found.lo, found.hi, converged=found.ok, note=[str(one) for one in found.reason]
    )


# The criterion -----------------------------------------------------------------------------------

powers: dict[str, Any] = {
    "gamma_1": Interval(-3, 3), "gamma_2": Interval(-3, 3),
    "alpha_1": Log(0.2, 2), "alpha_2": Log(0.2, 2),
    **SEED, "interval": Values(0, 1),
}  # fmt: skip


def sum_of_rates(p: Any) -> Any:
    """C."""
    return p.gamma_1 / p.alpha_1**2 + p.gamma_2 / p.alpha_2**2


@claim(
    f"{HERE}/criterion",
    source=CRITERION,
    says=r"\int \textstyle\prod_i q_i^{\gamma_i} < \infty \iff"
    r" C = \sum_i \gamma_i / \alpha_i^2 > 0",
    domain=Domain(
        **powers, where=(Condition("|C| > 0.01", lambda p: abs(sum_of_rates(p)) > 0.01),)
    ),
    predicted=derived.growth,
    compare=Sign(because="finite or not"),
    points=96,
    wrong={
        "by the sum of powers": lambda p: -(p.gamma_1 + p.gamma_2),
        "by widths and not variances": lambda p: -p.gamma_1 / p.alpha_1 - p.gamma_2 / p.alpha_2,
        "always finite": -1,
    },
    scope="one coordinate, two densities; targets of compact support, masses or intervals; C not 0",
    batched=True,
)
def criterion(p: Point, accuracy: Accuracy) -> Measurement:
    """Whether far shells hold more than all inside of them (positive), or less (negative)."""
    return settles_or_grows(two(p), accuracy)


@claim(
    f"{HERE}/growth",
    source=CRITERION,
    says=r"C < 0 \Rightarrow \ln \int_{-L}^{L} h \sim |C| L^2 / 2",
    domain=Domain(**powers, where=(Condition("C < -0.1", lambda p: sum_of_rates(p) < -0.1),)),
    predicted=derived.growth,
    compare=Equal(relative=1e-3, because="nodes follow a parabola to 1e-4; the limit is exact"),
    points=24,
    uses=(f"{HERE}/criterion",),
    scope="one coordinate, two densities; targets of compact support, masses or intervals",
    batched=True,
)
def growth(p: Point, accuracy: Accuracy) -> Measurement:
    """The logarithm of the integral over [-L, L], over L^2/2, as L grows."""
    return rate(two(p), accuracy)


@claim(
    f"{HERE}/settles",
    source=CRITERION,
    says=r"C > 0 \Rightarrow \ln \int_{-L}^{L} h = o(L^2)",
    domain=Domain(**powers, where=(Condition("C > 0.1", lambda p: sum_of_rates(p) > 0.1),)),
    predicted=0,
    compare=Equal(absolute=1e-6, because="a constant over L², L being 1e6; C is 0.1 or more"),
    points=24,
    wrong={"as if C were of the other sign": sum_of_rates},
    uses=(f"{HERE}/criterion",),
    scope="one coordinate, two densities; targets of compact support, masses or intervals",
    batched=True,
)
def settles(p: Point, accuracy: Accuracy) -> Measurement:
    """The logarithm of the integral over [-L, L], over L^2/2, as L grows."""
    return rate(two(p), accuracy)


# The instance ------------------------------------------------------------------------------------


@claim(
    f"{HERE}/phase",
    source=INSTANCE,
    says=rf"{PATH}: \text{{collapsed at }} t \iff \alpha_1 / \alpha_2 > \sqrt{{1 + 1/w}}",
    domain=Domain(w=Log(0.2, 20), t=Interval(0.02, 0.98), **SEED),
    predicted=derived.instance,
    compare=Sign(because="finite or not"),
    points=192,
    wrong={
        "never, for the powers sum to 1": -1,
        "wherever q_2 is the narrower": 1,
        "without the square root": lambda p: np.cos(np.pi * p.t / 2) / (1 - p.t) - 1 - 1 / p.w,
    },
    uses=(f"{HERE}/criterion",),
    scope=ONE,
    batched=True,
)
def phase(p: Point, accuracy: Accuracy) -> Measurement:
    """Whether far shells hold more than all inside of them (positive), or less (negative)."""
    return settles_or_grows(path(p.w, p.t, p.seed), accuracy)


@claim(
    f"{HERE}/onset-in-weight",
    source=INSTANCE,
    says=rf"{PATH}: \text{{ collapsed at }} t \iff w > w_c(t) = 1 / ((\alpha_1 / \alpha_2)^2 - 1)",
    domain=Domain(t=Interval(0.05, 0.98), **SEED),
    predicted=derived.onset_in_weight,
    compare=BISECTED,
    points=24,
    uses=(f"{HERE}/phase",),
    scope=ONE,
    batched=True,
)
def onset_in_weight(p: Point, accuracy: Accuracy) -> Measurement:
    """The weight at which the integral stops settling."""
    ones = np.ones(np.shape(p.t))
    return where_it_flips(lambda w: path(w, p.t, p.seed), (0.2 * ones, 100 * ones), accuracy)


def _of_larger_powers() -> Any:
    w = derived.w.resolve()
    return derived.onset_in_time().statement.subs(w, w + 1)


def _in_time(w: Any, seed: Any, accuracy: Accuracy) -> Measurement:
    ones = np.ones(np.shape(w))
    return where_it_flips(lambda t: path(w, t, seed), (0.02 * ones, 0.9999 * ones), accuracy)


@claim(
    f"{HERE}/onset-in-time",
    source=INSTANCE,
    says=rf"{PATH}: \text{{ collapse begins where }} \alpha_1 / \alpha_2 = \sqrt{{1 + 1/w}}",
    domain=Domain(w=Log(0.7, 20), **SEED),
    predicted=derived.onset_in_time,
    compare=BISECTED,
    points=24,
    wrong={"powers 2 + w and -1 - w": _of_larger_powers, "always at one half": 0.5},
    uses=(f"{HERE}/phase",),
    scope=ONE,
    batched=True,
)
def onset_in_time(p: Point, accuracy: Accuracy) -> Measurement:
    """The time at which the integral stops settling."""
    return _in_time(p.w, p.seed, accuracy)


@claim(
    f"{HERE}/onset-in-time/one",
    source=INSTANCE,
    says=rf"{PATH},\ w = 1: \text{{ collapse begins at }} t = 1/2",
    domain=Domain(**SEED),
    predicted=derived.onset_of_one,
    compare=BISECTED,
    points=6,
    uses=(f"{HERE}/onset-in-time",),
    scope=ONE,
    batched=True,
)
def onset_of_one(p: Point, accuracy: Accuracy) -> Measurement:
    """The time at which the integral stops settling, w = 1."""
    return _in_time(np.ones(np.shape(p.seed)), p.seed, accuracy)


#: times at which it is looked for; w_c falls with time, to w* within a part of 1e-6 at the last
TIMES = (0.3, 0.6, 0.9, 0.99, 0.999)


@claim(
    f"{HERE}/least-weight",
    source=INSTANCE,
    says=rf"{PATH}: \text{{ collapse at no }} t \iff w \le w^* = 4 / (\pi^2 - 4)",
    domain=Domain(**SEED),
    predicted=derived.least_weight,
    compare=BISECTED,
    points=6,
    uses=(f"{HERE}/onset-in-weight",),
    scope=ONE + "; at t of 0.3 to 0.999",
    batched=True,
)
def least_weight(p: Point, accuracy: Accuracy) -> Measurement:
    """The weight from which on the integral grows at any of several times."""
    ones = np.ones(np.shape(p.seed))
    found = [
        where_it_flips(lambda w, t=t: path(w, t, p.seed), (0.2 * ones, 100 * ones), accuracy)
        for t in TIMES
    ]
    low, high = (np.min([one.value + side * one.bias for one in found], axis=0) for side in (-1, 1))
    return Measurement.bracket(
        low, high, converged=np.all([one.converged for one in found], axis=0)
    )
