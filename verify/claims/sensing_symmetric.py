r"""How fast descent on X X^T finds a matrix: arXiv 2310.01769, the symmetric problem.

With more columns than the rank (k > r) the error falls like 1/T^2 and no faster; with k = r it
falls exponentially. Errors are squared Frobenius norms unless a reading says otherwise. Where the
whole truth is known, rate and constant are exact; that case is claimed here. The paper's theorem is
for measurements with the restricted isometry property, and its constants are not claimed.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np

from lemmata.verify import sensing_rivals as rivals
from lemmata.verify.api import (
    Accuracy,
    Bound,
    Condition,
    Domain,
    Equal,
    Integers,
    Interval,
    Limit,
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
flows = deferred("lemmata.verify.sensing_flow_measure")
forms = deferred("lemmata.verify.sensing_forms").SymmetricFlow
measure = deferred("lemmata.verify.sensing_measure")
riccati = deferred("lemmata.theory.sensing_riccati")
scalar = deferred("lemmata.theory.sensing_scalar")
setting = deferred("lemmata.verify.sensing_setting")

HERE = "matrix-sensing/symmetric"
THEOREM = xiong.at("abstract, and the lower bound for k > r")
POPULATION = "the whole truth known, starts N(0, alpha^2/n); the rate alone, not its constant"
SLOPE = "1/T against 1/T^2 differ by 1; what a finite run leaves, by less than 0.15"
SEED: dict[str, Any] = {"seed": Integers(0, 10**6)}

# More columns than the rank.

N, STEPS = 30, 300_000
#: of 2 eta lambda T, from which on a slope is one: before, a small lambda still is on its plateau,
#: and a run shows the larger ones' law, which is another constant
ENOUGH = 1000


def _reaches(p: Any) -> bool:
    """Whether a run is long enough, by the start alone."""
    slowest = setting.free_eigenvalues(*one(p, N), int(p.r))[0]
    return bool(2 * p.eta * slowest * STEPS >= ENOUGH)


wide = Domain(
    **SEED, r=Integers(1, 3), q=Integers(1, 5), alpha=Log(0.3, 1), eta=Interval(0.1, 0.25),
    least=Interval(0.3, 1),
    where=(Condition("2 eta lambda T >= 1000 for the start's least lambda", _reaches),),
)  # fmt: skip


def one(p: Any, n: int = 8) -> tuple[np.ndarray, np.ndarray]:
    """The truth and the start at one point."""
    (truth,), (start,) = problems(p, n, p.r + p.q)
    return truth, start


def problems(p: Point, n: int, k: Any) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """Truths and starts at the points of a batch."""
    seeds = [int(seed) for seed in np.atleast_1d(p.seed)]
    many = lambda value: np.broadcast_to(value, len(seeds))
    truths = [
        setting.truth(seed, (n, n), int(r), float(least))
        for seed, r, least in zip(seeds, many(p.r), many(p.least), strict=True)
    ]
    starts = [
        setting.start(seed, n, int(columns), float(alpha))
        for seed, columns, alpha in zip(seeds, many(k), many(p.alpha), strict=True)
    ]
    return truths, starts


def frozen(p: Point) -> tuple[tuple[str, tuple[float, ...]], ...]:
    """A batch as a key, by which its runs are kept."""
    return tuple((name, tuple(np.atleast_1d(p[name]).tolist())) for name in p)


@lru_cache(maxsize=8)
def _long_runs(key: Any) -> Any:
    p = Point({name: np.array(values) for name, values in key})
    return measure.symmetric(*problems(p, N, p.r + p.q), p.eta, STEPS)


@claim(
    f"{HERE}/rate",
    source=THEOREM,
    says=r"k > r \Rightarrow \| X_T X_T^T - \Sigma \|_F^2 \sim T^{-2}",
    domain=wide,
    points=12,
    predicted=-2,
    compare=Rate(law="power", absolute=0.15, because=SLOPE),
    wrong=rivals.for_slopes(STEPS, -2),
    scope=POPULATION,
    reading="the squared norm, as the proof has it",
    batched=True,
)
def rate(p: Point, accuracy: Accuracy) -> list[Series]:
    """The squared error along descent."""
    return measure.series(_long_runs(frozen(p)))


def norm(p: Point, accuracy: Accuracy) -> list[Series]:
    """The norm of the error along descent."""
    return measure.series(_long_runs(frozen(p)), 0.5)


unsquared = claim(
    f"{HERE}/rate/unsquared",
    source=THEOREM,
    says=r"k > r \Rightarrow \| X_T X_T^T - \Sigma \|_F \sim T^{-1}",
    domain=wide,
    points=12,
    predicted=-1,
    compare=Rate(law="power", absolute=0.15, because=SLOPE),
    wrong=rivals.for_slopes(STEPS, -1, lambda p, power: rivals.of_alpha(p, power) / 2),
    uses=(f"{HERE}/rate",),
    scope=POPULATION,
    reading="the norm itself: 1/T, as citing papers have it",
    batched=True,
)(norm)


unsquared_as_squared = claim(
    f"{HERE}/rate/unsquared/as-squared",
    source=THEOREM,
    says=r"k > r \Rightarrow \| X_T X_T^T - \Sigma \|_F \sim T^{-2}",
    domain=wide,
    points=12,
    predicted=-2,
    compare=Rate(law="power", absolute=0.15, because=SLOPE),
    scope=POPULATION,
    reading="1/T^2 taken to be of the norm itself",
    expected="refuted",
    cause="1/T^2 is the rate of the squared norm, which the proof bounds from below",
    batched=True,
)(norm)


@claim(
    f"{HERE}/constant",
    source=xiong.at("the lower bound for k > r, its sharp constant"),
    says=r"(\eta T)^2 \| X_T X_T^T - \Sigma \|_F^2 \to q / 4, \quad q = k - r \le n - r",
    domain=wide,
    points=12,
    predicted=scalar.late_constant,
    compare=Rate(
        law="power", exponent=-2, relative=0.05, because="q = 5 against 4 differ by a fifth"
    ),
    wrong=rivals.for_constants(lambda p: p.eta * STEPS, lambda p: p.q / 4)
    | {"q^2/4, of the trace": lambda p: p.q**2 / 4, "q": lambda p: p.q},
    uses=(f"{HERE}/rate",),
    scope="the whole truth known; of alpha there is nothing in the limit",
    batched=True,
)
def constant(p: Point, accuracy: Accuracy) -> list[Series]:
    """The squared error along eta T."""
    return measure.series(_long_runs(frozen(p)), unit=p.eta)


# The bound itself, in the flow.

SMALL = 8
bounded = Domain(
    **SEED, r=Integers(1, 3), q=Integers(1, 4), alpha=Log(0.1, 1), least=Interval(0.3, 1),
    t=Log(0.1, 1000),
)  # fmt: skip


def bound(p: Point, kappa: float = 2.0, time: Any = None) -> float:
    """The sum of (lambda / (1 + kappa lambda t))^2 over the free eigenvalues of the start."""
    lam = forms(*one(p)).free_eigenvalues
    return float(np.sum((lam / (1 + kappa * lam * (p.t if time is None else time))) ** 2))


def squared_error(p: Point, accuracy: Accuracy) -> Measurement:
    """The squared error, integrated."""
    truth, start = one(p)
    return flows.symmetric(truth, start, p.t, lambda X: np.sum((X @ X.T - truth) ** 2))


lower_bound = claim(
    f"{HERE}/lower-bound",
    source=xiong.at("the lower bound for k > r, in the flow and with its constants"),
    says=r"\| X X^T - \Sigma \|_F^2 \ge \sum_i (\lambda_i / (1 + 2 \lambda_i t))^2"
    r" \text{ at all times}",
    domain=bounded,
    points=24,
    predicted=bound,
    compare=Bound(side="at least", relative=1e-5, because="late it is an equality but for 1e-8"),
    wrong={
        "1 + lambda t below": lambda p: bound(p, 1.0),
        "no decay": lambda p: bound(p, 0.0),
        "1/T in place of 1/T^2": lambda p: bound(p) * (1 + p.t),
    },
    uses=("matrix-sensing/closed-forms/symmetric-matrix",),
    scope="gradient flow, the whole truth known; lambda_i, of the order of alpha^2, from the start",
)(squared_error)


late = Domain(
    **SEED, r=Integers(1, 3), alpha=Log(0.2, 1), least=Interval(0.5, 1), t=Log(60, 1000),
    defining={
        "q": lambda p: 1, "lambda": lambda p: float(forms(*one(p)).free_eigenvalues[0])
    },
)  # fmt: skip


sharp = claim(
    f"{HERE}/lower-bound/sharp",
    source=xiong.at("the lower bound for k > r, its sharp constant"),
    says=r"\| X X^T - \Sigma \|_F^2 = (\lambda / (1 + 2 \lambda t))^2 \text{ to } 10^{-5}"
    r" \text{ once } \sigma_r t \ge 30",
    domain=late,
    points=16,
    predicted=riccati.lower_bound,
    compare=Equal(relative=1e-5, because="the integration is good to 1e-7, the rest is smaller"),
    uses=(f"{HERE}/lower-bound",),
    scope="gradient flow, the whole truth known; k = r + 1, so that there is one lambda; derived is"
    " that the error is not below this, measured that it is no more",
)(squared_error)


# Whether the bound needs alpha.

ALPHAS = tuple(10 ** (-2 - k / 8) for k in range(12))
plateau = Domain(
    **SEED, r=Integers(1, 3), q=Integers(1, 4), least=Interval(0.4, 1), eta=Values(0.2)
)


def _least_scaled(p: Point, by_first: bool) -> list[Series]:
    """The least of (T/T_0)^2 e, or of (eta T)^2 e, over T >= T_0, against alpha."""
    found = []
    looks = np.unique(np.rint(10 ** np.linspace(1, 4, 400)).astype(int))
    for i in range(len(p.seed)):
        here = Point({name: p[name][i] for name in p} | {"alpha": np.array(ALPHAS)})
        here = Point({**here, "seed": np.full(len(ALPHAS), here.seed)})
        run = measure.symmetric(*problems(here, N, here.r + here.q), here.eta, looks)
        y = []
        for alpha, error in zip(ALPHAS, run.error, strict=True):
            first = 4 * np.log(1 / alpha) / (here.eta * here.least)
            after = looks >= first
            unit = looks[after][0] if by_first else 1 / here.eta
            y.append(np.min((looks[after] / unit) ** 2 * error[after]))
        found.append(Series(np.array(ALPHAS)[::-1], np.array(y)[::-1]))
    return found


@claim(
    f"{HERE}/lower-bound/alpha",
    source=xiong.at("the lower bound for k > r, its constant"),
    says=r"\min_{T \ge T_0} (T / T_0)^2 \| X_T X_T^T - \Sigma \|_F^2 \sim \alpha^4, \quad"
    r" T_0 = O(\log(1/\alpha)) / (\eta \sigma_r)",
    domain=plateau,
    points=4,
    predicted=4,
    compare=Limit(toward="zero", absolute=0.15, because="powers of alpha differ by 1"),
    wrong={"free of alpha": 0, "alpha": 1, "alpha^2": 2, "alpha^3": 3},
    scope="the whole truth known; the theorem's (c alpha^2 T_0/T)^2 without its c",
    batched=True,
)
def alpha_in_thebound(p: Point, accuracy: Accuracy) -> list[Series]:
    """The least scaled error from T_0 on, for the same draws at each alpha."""
    return _least_scaled(p, by_first=True)


@claim(
    f"{HERE}/lower-bound/without-alpha",
    source=THEOREM,
    says=r"\| X_T X_T^T - \Sigma \|_F^2 \ge c / (\eta T)^2 \text{ for all } T \ge T_0"
    r" \text{ with } c \text{ free of } \alpha",
    domain=plateau,
    points=4,
    predicted=0,
    compare=Limit(toward="zero", absolute=0.15, because="powers of alpha differ by 1"),
    scope="the whole truth known; the power of alpha in the best c",
    reading="a constant that does not depend on alpha",
    expected="refuted",
    cause="until eta T is of the order of alpha^-2 the error lies on a plateau of the order of"
    " alpha^4, so that the best c vanishes with alpha",
    batched=True,
)
def without_alpha(p: Point, accuracy: Accuracy) -> list[Series]:
    """The least of (eta T)^2 times the error from T_0 on, for the same draws at each alpha."""
    return _least_scaled(p, by_first=False)


# As many columns as the rank.

EXACT_STEPS = 4000


@claim(
    f"{HERE}/exact-rank/rate",
    source=xiong.at("abstract, and prior work for k = r"),
    says=r"k = r \Rightarrow \| X_T X_T^T - \Sigma \|_F^2 \sim (1 - \eta \sigma_r)^{2 T}",
    domain=Domain(
        **SEED, r=Integers(1, 3), alpha=Log(0.1, 1), eta=Interval(0.05, 0.4),
        sigma_r=Interval(0.2, 0.7), defining={"least": lambda p: p.sigma_r, "q": lambda p: 0},
    ),
    points=16,
    predicted=descent.exact_rank_rate,
    compare=Rate(
        law="decay", relative=0.01, because="the rate of the flow, 2 eta sigma_r, is off by 20 %"
    ),
    wrong={
        **rivals.for_decays(EXACT_STEPS),
        "of the flow": lambda p: 2 * p.eta * p.sigma_r,
        "of the unsquared error": lambda p: -np.log(1 - p.eta * p.sigma_r),
    },
    scope="the whole truth known, random starts; exp(-Omega(T)) is the paper's, the rate is exact;"
    " alpha is bounded from below, for a slow mode that starts below rounding (alpha^4, here 1e-4)"
    " is not seen",
    batched=True,
)  # fmt: skip
def exact_rank(p: Point, accuracy: Accuracy) -> list[Series]:
    """The squared error along descent."""
    looks = np.unique(np.rint(np.geomspace(1, EXACT_STEPS, 300)).astype(int))
    return measure.series(measure.symmetric(*problems(p, N, p.r), p.eta, looks))
