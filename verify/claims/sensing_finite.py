r"""Descent on matrices of which m Gaussian measurements are known: arXiv 2310.01769.

Near a limit point the rate is that of the least positive eigenvalue of the Hessian there, for any
measurements; none of the constants of the restricted isometry property enters. With k > r the
symmetric problem is slow as before. The imbalance drifts at the second order of a step.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from lemmata.verify import sensing_rivals as rivals
from lemmata.verify.api import (
    Accuracy,
    Claim,
    Condition,
    Domain,
    Equal,
    Integers,
    Interval,
    Log,
    Measurement,
    Point,
    Rate,
    Series,
    Values,
    claim,
    deferred,
)
from lemmata.verify.claims.sensing_closed_forms import xiong

descent = deferred("lemmata.theory.sensing_descent")
measure = deferred("lemmata.verify.sensing_measure")
setting = deferred("lemmata.verify.sensing_setting")
finite = deferred("lemmata.verify.sensing_finite_measure")

delta = deferred("lemmata.solvers.sensing").imbalance

HERE = "matrix-sensing/finite"
RATE = Rate(
    law="decay", relative=0.05, because="sigma_r, the rate for m without bound, is 10 % off"
)
SEEDS = tuple(range(12))
#: or else what the next one adds is not gone before the error is at the floor of the numerics
APART = Condition("the next eigenvalue is larger by half", lambda p: p.next > 1.5 * p.mu)
#: of the step, the least singular value of the truths, and the number of steps
ETA, SIGMA_R, STEPS = 0.1, 0.5, 10_000
#: or else what is taken for the limit is not: small eigenvalues on the way vanish there
ENDED = Condition("the run has ended, 2 eta mu T >= 100", lambda p: 2 * ETA * p.mu * STEPS >= 100)


def _known(runs: Any) -> Domain:
    """Seeds and numbers of measurements, with the least eigenvalues where those runs end."""
    at = lambda which: lambda p: float(runs(int(p.m))[1][int(p.seed)][which])
    return Domain(
        seed=Values(*SEEDS), m=Values(20, 30, 40), where=(APART, ENDED),
        defining={"eta": lambda p: ETA, "mu": at(0), "next": at(1)},
    )  # fmt: skip


def _linear(id: str, problem: str, case: str, runs: Any, wrong: Any, **more: Any) -> Claim:
    """That the error falls at the least positive eigenvalue of the Hessian at the limit."""
    product = {"symmetric": "X_T X_T^T", "asymmetric": "F_T G_T^T"}[problem]

    def squared_error(p: Point, accuracy: Accuracy) -> Series:
        """The squared error along descent."""
        return runs(int(p.m))[0][int(p.seed)]

    return claim(
        id,
        source=xiong.at(f"the {problem} problem with {case}, m measurements"),
        says=rf"{case} \Rightarrow \| {product} - \Sigma \|_F^2 \sim (1 - \eta \mu)^{{2 T}}, \quad"
        r" \mu \text{ the least positive eigenvalue of the Hessian at the limit}",
        domain=_known(runs),
        predicted=descent.linear_rate,
        compare=RATE,
        wrong=wrong
        | {
            "of the unsquared error": lambda p: -np.log(1 - p.eta * p.mu),
            "sigma_r, as with k = r and all known": lambda p: -2 * np.log(1 - p.eta * SIGMA_R),
        },
        **more,
    )(squared_error)


exact_rank = _linear(
    f"{HERE}/exact-rank/rate",
    "symmetric",
    "k = r",
    finite.exact_rank,
    rivals.for_decays(STEPS, rivals.fixed(ETA, 0.3)),
    uses=("matrix-sensing/symmetric/exact-rank/rate",),
    scope="Gaussian measurements of a 5 by 5 matrix of rank 1; exp(-Omega(T)) is the paper's",
)
asymmetric = _linear(
    f"{HERE}/asymmetric/rate",
    "asymmetric",
    "k > r",
    finite.asymmetric,
    rivals.for_decays(STEPS, rivals.fixed(ETA, 0.6)),
    uses=("matrix-sensing/asymmetric/rate",),
    scope="Gaussian measurements of a 4 by 4 matrix of rank 1, k = 2; exp(-Omega(alpha^2 T)) is"
    " the paper's",
)
asymmetric_exact_rank = _linear(
    f"{HERE}/asymmetric/exact-rank/rate",
    "asymmetric",
    "k = r",
    finite.asymmetric_exact_rank,
    rivals.for_decays(STEPS, rivals.fixed(ETA, 0.6)),
    uses=("matrix-sensing/asymmetric/exact-rank/rate",),
    scope="Gaussian measurements of a 4 by 4 matrix of rank 1; exp(-Omega(T)) is the paper's",
)


@claim(
    f"{HERE}/symmetric/rate",
    source=xiong.at("abstract, and the lower bound for k > r"),
    says=r"k > r \Rightarrow \| X_T X_T^T - \Sigma \|_F^2 \sim T^{-2}"
    r" \text{ from } 8000 \text{ measurements of } 36 \text{ unknowns}",
    domain=Domain(seed=Values(*SEEDS[:4]), m=Values(8000)),
    predicted=-2,
    compare=Rate(
        law="power", absolute=0.15,
        because="1/T against 1/T^2 differ by 1; what a finite run leaves, by less than 0.15",
    ),
    # the start is of size 1, and so is every power of it
    wrong=rivals.for_slopes(30_000, -2, rivals.fixed(ETA, 1.0)),
    uses=("matrix-sensing/symmetric/rate",),
    scope="Gaussian measurements of an 8 by 8 matrix of rank 2, k = 3; the rate alone. So many"
    " measurements are nearly the whole truth; at fewer, noise turns too slowly for a run to show"
    " the limit, and how the slope tends to -2 with m is claimed in `rate/many`",
)  # fmt: skip
def symmetric(p: Point, accuracy: Accuracy) -> Series:
    """The squared error along descent."""
    return finite.over_rank(int(p.m))[int(p.seed)]


# The imbalance, one step later.

N, K = 8, 3


def _pair(p: Point) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    seed = int(p.seed)
    F, G = (setting.start(seed, N, K, p.alpha, which) for which in (0, 1))
    return (
        setting.truth(seed, (N, N), 2, 0.5, symmetric=False), F, G,
        np.random.default_rng([seed, 4]).normal(size=K),
    )  # fmt: skip


def _drift(first: float, second: float) -> Any:
    def value(p: Point) -> float:
        truth, F, G, v = _pair(p)
        R = F @ G.T - truth
        return float(
            p.eta**2 * (first * np.sum((R @ G @ v) ** 2) + second * np.sum((R.T @ F @ v) ** 2))
        )

    return value


@claim(
    f"{HERE}/imbalance-drift",
    source=xiong.at("the asymmetric problem, its imbalance F^T F - G^T G"),
    says=r"\Delta_{t+1} - \Delta_t = \eta^2 (G^T R^T R G - F^T R R^T F)",
    domain=Domain(seed=Integers(0, 10**6), alpha=Log(0.3, 2), eta=Interval(0.05, 0.5)),
    points=16,
    predicted=_drift(1.0, -1.0),
    compare=Equal(relative=1e-6, absolute=1e-9, because="rounding alone; a step moves it by 1e-3"),
    wrong={
        "conserved": 0,
        "the other sign": _drift(-1.0, 1.0),
        "the first term alone": _drift(1.0, 0.0),
    },
    scope="one step of descent, the whole truth known: v^T (.) v of a random v",
    batched=True,
)
def imbalance_drift(p: Point, accuracy: Accuracy) -> Measurement:
    """The change of v^T Delta v in a step of descent."""
    points = [Point({name: p[name][i] for name in p}) for i in range(len(p.seed))]
    truths, F, G, v = zip(*map(_pair, points), strict=True)
    run = measure.asymmetric(truths, list(zip(F, G, strict=True)), p.eta, (0, 1), measure=delta)
    change = run.measured[:, 1] - run.measured[:, 0]
    return Measurement(np.einsum("li,lij,lj->l", v, change, v), bias=1e-13)
