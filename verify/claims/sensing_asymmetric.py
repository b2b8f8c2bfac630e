r"""How fast descent on F G^T finds a matrix: arXiv 2310.01769, the asymmetric problem.

With k > r it converges exponentially, at a rate that the imbalance of the start sets: of the order
of alpha^2. One modified step makes the rate free of alpha. The rates are exact where the whole
truth is known; the theorems' constants are only known at second hand, and not claimed.
"""

from __future__ import annotations

from functools import lru_cache
from itertools import product
from typing import Any

import numpy as np

from lemmata.verify import sensing_rivals as rivals
from lemmata.verify.api import (
    Accuracy,
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

backend = deferred("lemmata.verify.backend")
descent = deferred("lemmata.theory.sensing_descent")
flows = deferred("lemmata.verify.sensing_flow_measure")
imbalance = deferred("lemmata.theory.sensing_imbalance")
measure = deferred("lemmata.verify.sensing_measure")
one_step = deferred("lemmata.solvers.sensing").OneStep
setting = deferred("lemmata.verify.sensing_setting")

HERE = "matrix-sensing/asymmetric"
POPULATION = "the whole truth known, starts N(0, alpha^2/n) and a third of that"
HALF_SLOPE = "1/T against 1/T^2 differ by 1; what a finite run leaves, by less than 0.15"
RATE = Rate(law="decay", relative=0.05, because="rates of alpha and alpha^2 differ by factors")
N, LEAST = 30, 0.5


def _problem(
    seed: int, alpha: float, k: int, r: int = 2
) -> tuple[np.ndarray, tuple[np.ndarray, np.ndarray]]:
    """A positive semidefinite truth, and the paper's start of the two factors."""
    F, G = (
        setting.start(seed, N, k, scale, which) for which, scale in ((0, alpha), (1, alpha / 3))
    )
    return setting.truth(seed, (N, N), r, LEAST), (F, G)


# As many columns as the rank.

#: slow modes start at alpha^4, 1e-12 and more. A run shows nothing below 1e-22: from starts of 1e-6
#: only the fast modes are seen, and what is read is their rate
LEAST_ALPHA, EXACT_STEPS = 0.001, 6000


@claim(
    f"{HERE}/exact-rank/rate",
    source=xiong.at("the asymmetric problem with k = r"),
    says=r"k = r \Rightarrow \| F_T G_T^T - \Sigma \|_F^2 \sim (1 - \eta \sigma_r)^{2 T}",
    domain=Domain(
        seed=Integers(0, 10**6), r=Integers(1, 3), alpha=Log(LEAST_ALPHA, 0.03),
        eta=Interval(0.05, 0.4), sigma_r=Interval(0.2, 0.7),
    ),
    points=12,
    predicted=descent.exact_rank_rate,
    compare=RATE,
    wrong={
        **rivals.for_decays(EXACT_STEPS),
        "of the unsquared error": lambda p: -np.log(1 - p.eta * p.sigma_r),
        "alpha^2": lambda p: -2 * np.log(1 - p.eta * p.alpha**2),
    },
    scope=POPULATION + ", small; exp(-Omega(T)) is the paper's, the rate is exact as alpha tends"
    " to 0 in numbers of any length; of double precision alpha >= 0.001, where what is slow starts"
    " above rounding",
    batched=True,
)  # fmt: skip
def exact_rank(p: Point, accuracy: Accuracy) -> list[Series]:
    """The squared error along descent."""
    truths, starts = [], []
    for seed, r, alpha, least in zip(p.seed, p.r, p.alpha, p.sigma_r, strict=True):
        truths.append(setting.truth(int(seed), (N, N), int(r), float(least)))
        starts.append(_problem(int(seed), float(alpha), int(r))[1])
    looks = np.unique(np.rint(np.geomspace(1, EXACT_STEPS, 300)).astype(int))
    return measure.series(measure.asymmetric(truths, starts, p.eta, looks))


# More columns than the rank.

SEEDS = (0, 1, 2, 3)
ALPHAS, ETAS = (0.1, 0.17, 0.3), (0.1, 0.2)
K, STEPS = 3, 60_000


@lru_cache
def _runs() -> dict[Any, tuple[Series, float, float]]:
    """For each seed, alpha and eta: the error, the least square at the end, and min |Delta_P|."""
    cases = list(product(SEEDS, ALPHAS, ETAS))
    truths, starts = zip(*(_problem(seed, alpha, K) for seed, alpha, _ in cases), strict=True)
    looks = np.unique(np.rint(np.geomspace(1, STEPS, 200)).astype(int))
    # A domain asks for it, too, before anything is measured.
    with backend.precision():
        run = measure.asymmetric(truths, starts, [eta for *_, eta in cases], looks)
    ends = list(zip(*run.factors, strict=True))
    squares = [measure.least_square(*end) for end in ends]
    free = [measure.least_free(*one) for one in zip(truths, starts, ends, strict=True)]
    return dict(zip(cases, zip(measure.series(run), squares, free, strict=True), strict=True))


def _case(p: Any) -> tuple[int, float, float]:
    return int(p.seed), float(p.alpha), float(p.eta)


def _square(p: Any) -> float:
    return _runs()[_case(p)][1]


def squared_error(p: Point, accuracy: Accuracy) -> Series:
    """The squared error along descent."""
    return _runs()[_case(p)][0]


over = Domain(
    seed=Values(*SEEDS), alpha=Values(*ALPHAS), eta=Values(*ETAS), defining={"c": _square}
)
#: small, for Delta_P is the rate but for a part of the order of alpha^2
over_small = Domain(
    seed=Values(*SEEDS), alpha=Values(ALPHAS[0]), eta=Values(*ETAS),
    defining={"c": lambda p: _runs()[_case(p)][2]},
)  # fmt: skip


rate = claim(
    f"{HERE}/rate",
    source=xiong.at("the asymmetric problem with k > r"),
    says=r"k > r \Rightarrow \| F_T G_T^T - \Sigma \|_F^2 \sim (1 - \eta c)^{2 T}, \quad"
    r" c = \min \lambda^+(F^T F, G^T G) \text{ at the limit}",
    domain=over,
    predicted=descent.imbalanced_rate,
    compare=RATE,
    wrong={
        **rivals.for_decays(STEPS),
        "half of it, of the unsquared error": lambda p: -np.log(1 - p.eta * p.c),
        "sigma_r, as with k = r": lambda p: -2 * np.log(1 - p.eta * LEAST),
    },
    uses=("matrix-sensing/closed-forms/asymmetric-noise",),
    scope=POPULATION + "; lambda^+ the least positive eigenvalue: a form sharper than the paper's"
    " exp(-Omega(alpha^2 T))",
)(squared_error)


rate_by_imbalance = claim(
    f"{HERE}/rate/imbalance",
    source=xiong.at("the asymmetric problem with k > r, its proof by imbalance"),
    says=r"k > r \Rightarrow c \approx \min | \operatorname{eig} \Delta_P |, \quad"
    r" \Delta = F_0^T F_0 - G_0^T G_0",
    domain=over_small,
    predicted=descent.imbalanced_rate,
    compare=RATE,
    wrong={
        **rivals.for_decays(STEPS),
        "the whole of F_0": lambda p: -2 * np.log(1 - p.eta * p.alpha**2),
    },
    uses=(f"{HERE}/rate",),
    scope=POPULATION + "; Delta of the start, P the columns that the signal leaves free at the end;"
    " alpha = 0.1, for alpha^2 and eta move it a little",
)(squared_error)


#: the same draws at each
SMALL = (0.03, 0.06, 0.12)


@lru_cache
def _small_runs() -> dict[int, list[Measurement]]:
    cases = list(product(SEEDS, SMALL))
    truths, starts = zip(*(_problem(seed, alpha, K) for seed, alpha in cases), strict=True)
    run = measure.asymmetric(
        truths, starts, 0.2, np.unique(np.rint(np.geomspace(1, 200_000, 300)).astype(int))
    )
    rates = [measure.decay(one) for one in measure.series(run)]
    return {seed: rates[i * len(SMALL) : (i + 1) * len(SMALL)] for i, seed in enumerate(SEEDS)}


@claim(
    f"{HERE}/rate/alpha",
    source=xiong.at("abstract, and the asymmetric problem with k > r"),
    says=r"k > r \Rightarrow \| F_T G_T^T - \Sigma \|_F^2 \sim e^{-\Omega(\alpha^2 T)}",
    domain=Domain(seed=Values(*SEEDS)),
    predicted=2,
    compare=Equal(absolute=0.15, because="powers of alpha differ by 1"),
    wrong={"free of alpha": 0, "alpha": 1, "alpha^1.5": 1.5, "alpha^3": 3, "alpha^4": 4},
    uses=(f"{HERE}/rate",),
    scope=POPULATION + "; the power of alpha in the rate, the same draws at each alpha",
)
def rate_alpha(p: Point, accuracy: Accuracy) -> Measurement:
    """The local power between alphas of ratio 2; what the next pair changes bounds the rest."""
    rates = _small_runs()[int(p.seed)]
    logs = np.log([one.value for one in rates])
    near, far = np.diff(logs) / np.log(2)
    errors = sum(float(one.bias / one.value) for one in rates[:2]) / np.log(2)
    failed = [str(one.note) for one in rates if not one.converged]
    return Measurement(
        near, bias=abs(far - near) + errors, converged=not failed, note=" ".join(failed)
    )


# That alpha cannot be avoided.

NOISE_STEPS = 400_000


@claim(
    f"{HERE}/example",
    source=xiong.at("the example that shows that the dependence on alpha is unavoidable"),
    says=r"f_0 = \alpha, g_0 = \alpha/3 \Rightarrow"
    r" f g = \tfrac{4 \alpha^2}{9} / \sinh(\tfrac{8}{9} \alpha^2 t + \ln 3)",
    domain=Domain(a=Log(0.05, 1), t=Log(0.1, 30)),
    points=16,
    predicted=imbalance.thirds,
    compare=Equal(relative=1e-6, because="the integration is good to 1e-8, and forms are exact"),
    scope="gradient flow of one noise coordinate, a = alpha; the paper's own was not at hand",
    batched=True,
)
def example(p: Point, accuracy: Accuracy) -> Measurement:
    """The product of the two factors, integrated."""
    return flows.pair(p.a, p.a / 3, 0.0, p.t, lambda y: y[2])


@claim(
    f"{HERE}/example/rate",
    source=xiong.at("the example that shows that the dependence on alpha is unavoidable"),
    says=r"\| F G^T - \Sigma \|_F^2 \sim e^{-16 \alpha^2 t / 9}",
    domain=Domain(a=Log(0.03, 0.3)),
    points=8,
    predicted=lambda p: 16 * p.a**2 / 9,
    compare=RATE,
    wrong={
        **rivals.for_decays(0.05 * NOISE_STEPS, lambda p, power: 16 * p.a**power / 9),
        "alpha^1.5": lambda p: 16 * p.a**1.5 / 9,
        "a third of the imbalance": lambda p: 16 * p.a**2 / 27,
    },
    uses=(f"{HERE}/example",),
    scope="descent on one noise coordinate beside a signal at rest, along eta T at eta = 0.05",
    batched=True,
)
def example_rate(p: Point, accuracy: Accuracy) -> list[Series]:
    """The squared error along descent."""
    starts = [(np.diag([1.0, a]), np.diag([1.0, a / 3])) for a in p.a]
    looks = np.unique(np.rint(np.geomspace(1, NOISE_STEPS, 300)).astype(int))
    run = measure.asymmetric([np.diag([1.0, 0.0])] * len(starts), starts, 0.05, looks)
    return measure.series(run, unit=0.05)


# One modified step.

#: steps must be short for the factor that grew, too: eta sigma_1^2 / beta^2 < 2
SCALES, BETAS, AFTER = (0.003, 0.01, 0.03, 0.1, 0.3), (0.1, 0.2), 0.1
MODIFIED_STEPS = 8000


@lru_cache
def _modified() -> dict[Any, Series]:
    """For each beta^2, seed and alpha: the error, from the modified step on."""
    cases = list(product(SEEDS, SCALES))
    truths, starts = zip(*(_problem(seed, alpha, K + 1) for seed, alpha in cases), strict=True)
    looks = np.unique(np.rint(np.geomspace(1, MODIFIED_STEPS, 300)).astype(int))
    found = {}
    for square in BETAS:
        step = one_step(beta=square**0.5, below=0.003)
        run = measure.asymmetric(truths, starts, AFTER, looks, modify=step)
        for case, one, at in zip(cases, measure.series(run), run.modified, strict=True):
            since = np.asarray(one.x) > at
            found[(square, *case)] = Series(
                one.x[since] - at, one.y[since], bias=one.bias[since], converged=bool(at >= 0),
                note="" if at >= 0 else "the modified step was not taken",
            )  # fmt: skip
    return found


@claim(
    f"{HERE}/modified/rate",
    source=xiong.at("Section 5, the modified method"),
    says=r"\text{one modified step} \Rightarrow \| F_T G_T^T - \Sigma \|_F^2 \sim"
    r" (1 - \eta \beta^2)^{2 T} \text{ whatever } \alpha \text{ is}",
    domain=Domain(
        seed=Values(*SEEDS), alpha=Values(*SCALES), beta2=Values(*BETAS),
        defining={"eta": lambda p: AFTER, "c": lambda p: p.beta2},
    ),
    predicted=descent.imbalanced_rate,
    compare=RATE,
    wrong={
        **rivals.for_decays(MODIFIED_STEPS),
        "alpha^2": lambda p: -2 * np.log(1 - p.eta * p.alpha**2),
        "sigma_r, as with k = r": lambda p: -2 * np.log(1 - p.eta * LEAST),
    },
    uses=(f"{HERE}/rate",),
    scope=POPULATION + "; alpha over a factor 100, beta^2 below half of sigma_r, the step taken at"
    " the first look with an error norm below 0.003; the paper's constant was not at hand;"
    " eta sigma_1^2 < 2 beta^2, or descent is unstable after the step",
)  # fmt: skip
def modified_rate(p: Point, accuracy: Accuracy) -> Series:
    """The squared error along descent after the modified step."""
    return _modified()[float(p.beta2), int(p.seed), float(p.alpha)]


# Symmetric and asymmetric on one truth.

SYMMETRIC_STEPS = 100_000
ONE = Domain(seed=Values(*SEEDS), alpha=Values(0.3), eta=Values(0.2), defining={"c": _square})


@claim(
    f"{HERE}/same-truth/symmetric",
    source=xiong.at("the comparison of both problems on a positive semidefinite truth"),
    says=r"\| X_T X_T^T - \Sigma \|_F^2 \sim T^{-2} \text{ where } \| F_T G_T^T - \Sigma \|_F^2"
    r" \text{ falls exponentially}",
    domain=ONE,
    predicted=-2,
    compare=Rate(law="power", absolute=0.15, because=HALF_SLOPE),
    wrong=rivals.for_slopes(SYMMETRIC_STEPS, -2),
    uses=("matrix-sensing/symmetric/rate",),
    scope="the whole truth known, X_0 the F_0 of the asymmetric run",
    batched=True,
)
def same_truth_symmetric(p: Point, accuracy: Accuracy) -> list[Series]:
    """The squared error along symmetric descent."""
    pairs = [_problem(int(seed), float(a), K) for seed, a in zip(p.seed, p.alpha, strict=True)]
    truths, starts = [truth for truth, _ in pairs], [F for _, (F, _) in pairs]
    return measure.series(measure.symmetric(truths, starts, p.eta, SYMMETRIC_STEPS))


same_truth_asymmetric = claim(
    f"{HERE}/same-truth/asymmetric",
    source=xiong.at("the comparison of both problems on a positive semidefinite truth"),
    says=r"\| F_T G_T^T - \Sigma \|_F^2 \sim (1 - \eta c)^{2 T} \text{ where }"
    r" \| X_T X_T^T - \Sigma \|_F^2 \sim T^{-2}",
    domain=ONE,
    predicted=descent.imbalanced_rate,
    compare=RATE,
    wrong=rivals.for_decays(STEPS),
    uses=(f"{HERE}/rate", f"{HERE}/same-truth/symmetric"),
    scope=POPULATION + "; the truths of the symmetric runs",
)(squared_error)
