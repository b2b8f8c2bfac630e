"""Is model collapse inevitable? arXiv 2404.01413: least squares on labels of earlier models.

Where each generation's rows replace those before, the error grows evenly; where they accumulate it
is bounded. The equality that goes with the bound is one of rows that are the same in every
generation: with fresh ones the error is less, and its closed form is derived here.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from lemmata.verify.api import (
    Accuracy,
    Bound,
    Condition,
    Domain,
    Equal,
    Integers,
    Measurement,
    Paper,
    Point,
    Sign,
    Values,
    claim,
    deferred,
)

theory = deferred("lemmata.theory.model_collapse")
measure = deferred("lemmata.verify.collapse_measure")

gerstgrasser = Paper(
    "Is Model Collapse Inevitable? Breaking the Curse of Recursion by Accumulating Real and"
    " Synthetic Data",
    year=2024,
    arxiv="2404.01413",
)
HERE = "model-collapse"
REPLACED = gerstgrasser.at("the linear model, data that replace those before")
ACCUMULATED = gerstgrasser.at("the theorem on linear models, data that accumulate")
DERIVED = gerstgrasser.at("derived here for fresh rows, of which the theorem's proof has none")
SETTING = "x ~ N(0, I_d), T rows a generation, labels with noise N(0, σ²); E_n = E|w_n - w*|²"
REUSED = SETTING + "; the rows are those of the first generation"
FRESH = SETTING + "; every generation has rows of its own"
HALF = "T - d in place of T - d - 1 is 9 % less at T = 16, d = 4: half of that"
HALF_LIMIT = "the other limit is a sixth away, and pi^2/8 a quarter: less than half of either"

setting = Domain(
    T=Values(16, 30), d=Values(4, 10), n=Integers(1, 10), sigma=Values(0.5, 2),
    where=(Condition("T >= d + 12, where squared errors have six moments",
                     lambda p: p.T - p.d >= 12),),
)  # fmt: skip
#: where accumulated rows are few for their weights, so that a limit is far from its neighbours
few_rows = Domain(T=Values(12), d=Values(4), sigma=Values(0.5, 2))


def one_fit(p: Any) -> Any:
    """The error of one fit, as wrong formulas need it."""
    return p.sigma**2 * p.d / (p.T - p.d - 1)


def _basel(n: Any, power: int = 2) -> float:
    return float(np.sum(1.0 / np.arange(1, int(n) + 1) ** power))


def _without_one(p: Any) -> float:
    """The factor that T - d brings in place of T - d - 1."""
    return (p.T - p.d - 1) / (p.T - p.d)


shared: dict[str, Any] = {"domain": setting, "points": 24}

replace = claim(
    f"{HERE}/replace",
    source=REPLACED,
    says=r"E_n = \sigma^2 n d / (T - d - 1)",
    predicted=theory.replaced,
    compare=Equal(relative=0.04, because=HALF),
    wrong={
        "T - d": lambda p: p.n * one_fit(p) * _without_one(p),
        "bounded": lambda p: one_fit(p) * _basel(p.n),
    },
    scope=FRESH,
    **shared,
)(partial(measure.error, way="replaced_fresh"))

replace_reused = claim(
    f"{HERE}/replace/reused",
    source=REPLACED,
    says=r"E_n = \sigma^2 n d / (T - d - 1) \text{ with the same rows, too}",
    predicted=theory.replaced,
    compare=Equal(relative=0.04, because=HALF),
    wrong={"T - d": lambda p: p.n * one_fit(p) * _without_one(p)},
    scope=REUSED,
    **shared,
)(partial(measure.error, way="replaced_reused"))

accumulate = claim(
    f"{HERE}/accumulate",
    source=ACCUMULATED,
    says=r"E_n = \frac{\sigma^2 d}{T - d - 1} \sum_{i=1}^n \frac{1}{i^2}",
    predicted=theory.accumulated_reused,
    compare=Equal(relative=0.04, because=HALF),
    wrong={
        "T - d": lambda p: one_fit(p) * _basel(p.n) * _without_one(p),
        "harmonic": lambda p: one_fit(p) * _basel(p.n, 1),
        "the bound itself": lambda p: one_fit(p) * np.pi**2 / 6,
    },
    scope=REUSED,
    **shared,
)(partial(measure.error, way="accumulated_reused"))

bounds = [
    claim(
        f"{HERE}/accumulate/{name}",
        source=ACCUMULATED,
        says=r"E_n \le \frac{\sigma^2 d}{T - d - 1} \cdot \frac{\pi^2}{6}",
        predicted=theory.bound,
        compare=Bound(
            side="at most", relative=0.02,
            because="what chance leaves of E_10, which is 6 % below the bound",
        ),
        wrong={
            "pi^2/8": lambda p: one_fit(p) * np.pi**2 / 8,
            "that of one fit": one_fit,
        },
        scope=scope,
        **shared,
    )(partial(measure.error, way=way))
    for name, way, scope in (
        ("bound", "accumulated_reused", REUSED),
        ("fresh/bound", "accumulated_fresh", FRESH),
    )
]  # fmt: skip

limit = claim(
    f"{HERE}/accumulate/limit",
    source=ACCUMULATED,
    says=r"E_n \to \frac{\sigma^2 d}{T - d - 1} \cdot \frac{\pi^2}{6}",
    domain=few_rows,
    predicted=theory.bound,
    compare=Equal(relative=0.07, because=HALF_LIMIT),
    wrong={"pi^2/8": lambda p: one_fit(p) * np.pi**2 / 8},
    uses=(f"{HERE}/accumulate",),
    scope=REUSED,
)(partial(measure.late, way="accumulated_reused"))


def _fresh(p: Any, off: int = 1) -> float:
    i = np.arange(1, int(p.n) + 1)
    return p.sigma**2 * float(np.sum(p.d / (i * (i * p.T - p.d - off))))


fresh = claim(
    f"{HERE}/accumulate/fresh",
    source=DERIVED,
    says=r"E_n = \sigma^2 \sum_{i=1}^n \frac{d}{i (i T - d - 1)}",
    predicted=theory.accumulated_fresh,
    compare=Equal(relative=0.04, because=HALF),
    wrong={
        "i T - d": partial(_fresh, off=0),
        "as with the same rows": lambda p: one_fit(p) * _basel(p.n),
        "d/(i T - d - 1) added up": lambda p: p.sigma**2 * float(
            np.sum(p.d / (np.arange(1, p.n + 1) * p.T - p.d - 1))
        ),
    },
    scope=FRESH,
    **shared,
)(partial(measure.error, way="accumulated_fresh"))  # fmt: skip

as_reused = claim(
    f"{HERE}/accumulate/fresh/as-reused",
    source=ACCUMULATED,
    says=r"E_n = \frac{\sigma^2 d}{T - d - 1} \sum_{i=1}^n \frac{1}{i^2}"
    r" \text{ where every generation has fresh rows}",
    domain=Domain(T=Values(12), d=Values(4), n=Integers(5, 10), sigma=Values(0.5, 2)),
    predicted=theory.accumulated_reused,
    compare=Equal(relative=0.04, because=HALF),
    points=4,
    scope=FRESH,
    reading="data that accumulate are new data",
    expected="refuted",
    cause="the proof stacks one and the same design: its Gram matrix is n times the first; of fresh"
    " rows the later ones even out the first, and only the bound holds",
)(partial(measure.error, way="accumulated_fresh", share=0.625))

fresh_limit = claim(
    f"{HERE}/accumulate/fresh/limit",
    source=DERIVED,
    says=r"E_n \to -\sigma^2 \frac{d}{d + 1} \left(\psi(1 - \tfrac{d + 1}{T}) + \gamma\right)",
    domain=few_rows,
    predicted=theory.fresh_limit,
    compare=Equal(relative=0.07, because=HALF_LIMIT),
    wrong={"pi^2/6": lambda p: one_fit(p) * np.pi**2 / 6},
    uses=(f"{HERE}/accumulate/fresh",),
    scope=FRESH,
)(partial(measure.late, way="accumulated_fresh"))

below = claim(
    f"{HERE}/accumulate/fresh/below",
    source=DERIVED,
    says=r"n \ge 2: \quad E_n^{\text{fresh}} < E_n^{\text{same rows}}",
    domain=Domain(T=Values(16), d=Values(4), n=Integers(2, 10), sigma=Values(0.5, 2)),
    predicted=1,
    compare=Sign(because="less or not"),
    wrong={"equal": 0, "more": -1},
    points=6,
    uses=(f"{HERE}/accumulate", f"{HERE}/accumulate/fresh"),
    scope=SETTING,
)(partial(measure.less, way="accumulated_fresh", than="accumulated_reused"))

few = claim(
    f"{HERE}/first-fit/few-rows",
    source=REPLACED,
    says=r"E_1 = \sigma^2 d / (T - d - 1) \text{ down to } T = d + 2",
    domain=Domain(
        d=Integers(1, 3), more=Values(2, 3), sigma=Values(0.5, 2),
        defining={"T": lambda p: p.d + p.more},
    ),
    predicted=theory.first_fit,
    compare=Equal(
        relative=0.07, because="draws with weights are worth few; T - d is a third less, and more"
    ),
    points=8,
    wrong={"T - d": lambda p: one_fit(p) * _without_one(p), "sigma, d and T alone":
           lambda p: p.sigma**2 * p.d / p.T},
    scope=SETTING + "; by weighted designs, for the squared error itself has no variance there",
)(measure.weighted)  # fmt: skip


#: what an infinite mean exceeds, in units of sigma^2, and no sample of its size comes near
MUCH = 1e6

edge = claim(
    f"{HERE}/first-fit/too-few-rows",
    source=REPLACED,
    says=r"T = d + 1: \quad E_1 = \infty, \text{ beyond } 10^6 \sigma^2 \text{ as any number}",
    domain=Domain(
        d=Values(4), n=Values(1), sigma=Values(0.5, 2), defining={"T": lambda p: p.d + 1}
    ),
    predicted=lambda p: MUCH * p.sigma**2,
    compare=Bound(
        side="at least",
        relative=0.04,
        because="as elsewhere; a finite mean with a bound on its error would refute it",
    ),
    points=2,
    scope=SETTING,
    expected="inconclusive",
    cause="no number of draws tells an infinite mean from a large one; what they show is a tail"
    " without a variance",
)(partial(measure.error, way="replaced_fresh", share=0.25))


def _stacked(p: Point) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Rows of all generations, their labels, and the models, by least squares on what there is."""
    rng = np.random.default_rng([int(p.seed), 7])
    d, rows, generations = 3, 6, int(p.n)
    truth = rng.normal(size=d)
    X, e = rng.normal(size=(generations, rows, d)), rng.normal(size=(generations, rows))
    models: list[np.ndarray] = [truth]
    labels: list[np.ndarray] = []
    for i in range(generations):
        labels.append(X[i] @ models[-1] + e[i])
        seen, told = np.concatenate(X[: i + 1]), np.concatenate(labels)
        models.append(np.linalg.lstsq(seen, told, rcond=None)[0])
    return X, e, np.array(models)


def _by_step(p: Point, *, last_alone: bool = False) -> float:
    """The first weight after the last step: what the noise of the last generation adds."""
    X, e, models = _stacked(p)
    seen = X[-1] if last_alone else np.concatenate(X)
    return float((models[-2] + np.linalg.solve(seen.T @ seen, X[-1].T @ e[-1]))[0])


@claim(
    f"{HERE}/accumulate/step",
    source=ACCUMULATED,
    says=r"w_n = w_{n-1} + G_n^{-1} X_n^T e_n, \quad G_n = \sum_{i \le n} X_i^T X_i",
    domain=Domain(seed=Integers(0, 10**6), n=Integers(2, 8)),
    predicted=_by_step,
    compare=Equal(absolute=1e-9, because="rounding alone"),
    wrong={"with the last rows alone": partial(_by_step, last_alone=True)},
    points=16,
    scope="fresh rows that accumulate, d = 3, T = 6, σ = 1",
)
def step(p: Point, accuracy: Accuracy) -> Measurement:
    """The first weight of a model that is fitted to all rows at once, by singular values."""
    return Measurement(float(_stacked(p)[2][-1, 0]), bias=1e-11)
