r"""The modified step itself, and balance, its opposite: arXiv 2310.01769, Section 5.

The step keeps the product of the factors and makes one of them a multiple of a matrix with
orthonormal columns. So their imbalance is large in every direction, which is what makes descent
fast. Where both factors weigh the same in every direction, the flow is as slow as the symmetric
problem.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np

from lemmata.verify import sensing_rivals as rivals
from lemmata.verify.api import (
    Accuracy,
    Domain,
    Equal,
    Integers,
    Log,
    Measurement,
    Point,
    Rate,
    Series,
    Values,
    claim,
    deferred,
)
from lemmata.verify.claims.sensing_asymmetric import HALF_SLOPE, HERE, LEAST, K, N, xiong

descent = deferred("lemmata.theory.sensing_descent")
flows = deferred("lemmata.verify.sensing_flow_measure")
measure = deferred("lemmata.verify.sensing_measure")
one_step = deferred("lemmata.solvers.sensing").OneStep
setting = deferred("lemmata.verify.sensing_setting")

SECTION = xiong.at("Section 5, the modified method")
#: points in a batch, as many as runs of `modified/rate`, whose program then serves here, too
POINTS = 20
factors = Domain(seed=Integers(0, 10**6), alpha=Log(0.01, 1), beta=Log(0.1, 1))


def _factors(p: Point) -> tuple[np.ndarray, np.ndarray]:
    F, G = (setting.start(int(p.seed), N, K + 1, p.alpha, which) for which in (0, 1))
    return F, G


def _vectors(p: Point) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Two vectors of the rows of either factor, and one of size 1 of their columns."""
    rng = np.random.default_rng([int(p.seed), 4])
    u, w, v = (rng.normal(size=size) for size in (N, N, K + 1))
    return u, w, v / np.linalg.norm(v)


@lru_cache(maxsize=8)
def _after(key: tuple[tuple[float, float, float], ...]) -> list[tuple[np.ndarray, np.ndarray]]:
    """The factors after the modified step alone, of seeds, alphas and betas."""
    points = [Point({"seed": s, "alpha": a, "beta": b}) for s, a, b in key]
    found = []
    for p in points:
        truth = setting.truth(int(p.seed), (N, N), 2, LEAST)
        step = one_step(beta=p.beta, below=1e3)
        run = measure.asymmetric([truth] * POINTS, [_factors(p)] * POINTS, 0.1, (0,), modify=step)
        found.append((run.factors[0][0], run.factors[1][0]))
    return found


def _stepped(p: Point) -> list[Any]:
    """Of each point of a batch: itself, and the factors after the step."""
    points = [Point({name: p[name][i] for name in p}) for i in range(len(p.seed))]
    key = tuple((float(one.seed), float(one.alpha), float(one.beta)) for one in points)
    return list(zip(points, _after(key), strict=True))


def _product(p: Point) -> float:
    F, G = _factors(p)
    u, w, _ = _vectors(p)
    return float(u @ F @ G.T @ w)


def _without_sizes(p: Point) -> float:
    """The product if G became G B/beta, the sizes of F being lost."""
    F, G = _factors(p)
    u, w, _ = _vectors(p)
    A, _, Bt = np.linalg.svd(F, full_matrices=False)
    return float(u @ A @ Bt @ G.T @ w)


@claim(
    f"{HERE}/modified/product",
    source=SECTION,
    says=r"F' G'^T = F G^T, \quad F = A S B^T,\; F' = \beta A,\; G' = G B S / \beta",
    domain=factors,
    points=POINTS,
    predicted=_product,
    compare=Equal(relative=1e-6, absolute=1e-10, because="rounding alone; products are 1e-5 to 10"),
    wrong={"none left": 0, "without the sizes S": _without_sizes},
    scope="random factors, 30 by 4: u^T (.) w of random u and w",
    batched=True,
)
def product(p: Point, accuracy: Accuracy) -> Measurement:
    """u^T F' G'^T w after the modified step."""
    found = []
    for one, (F, G) in _stepped(p):
        u, w, _ = _vectors(one)
        found.append(float(u @ F @ G.T @ w))
    return Measurement(np.array(found), bias=1e-12)


@claim(
    f"{HERE}/modified/square",
    source=SECTION,
    says=r"F'^T F' = \beta^2 I",
    domain=factors,
    points=POINTS,
    predicted=descent.unbalanced_step,
    compare=Equal(relative=1e-9, because="rounding alone"),
    wrong={
        "as before": lambda p: float(np.sum((_factors(p)[0] @ _vectors(p)[2]) ** 2)),
        "beta": lambda p: p.beta,
    },
    scope="random factors, 30 by 4: v^T (.) v of a random v of size 1",
    batched=True,
)
def square(p: Point, accuracy: Accuracy) -> Measurement:
    """v^T F'^T F' v after the modified step."""
    found = [float(np.sum((F @ _vectors(one)[2]) ** 2)) for one, (F, _) in _stepped(p)]
    return Measurement(np.array(found), bias=1e-14)


# The opposite: both factors weigh the same.

SMALL = 6
TIMES = tuple(np.geomspace(1, 3000, 150).tolist())


@claim(
    f"{HERE}/balanced/rate",
    source=xiong.at("the asymmetric rate with k > r, where there is no imbalance"),
    says=r"F_0^T F_0 = G_0^T G_0,\; k > r \Rightarrow \| F G^T - \Sigma \|_F^2 \sim t^{-2}",
    domain=Domain(seed=Values(0, 1, 2, 3)),
    predicted=-2,
    compare=Rate(law="power", absolute=0.15, because=HALF_SLOPE),
    # the start is of size 1, and so is every power of it
    wrong=rivals.for_slopes(TIMES[-1], -2, lambda p, power: 1.0),
    uses=("matrix-sensing/closed-forms/asymmetric-noise/balanced",),
    scope="gradient flow, the whole truth known, n = 6, r = 2, k = 3; descent by steps of a finite"
    " size unbalances the factors, by a part of the order of eta, and in the end is exponential",
)
def balanced(p: Point, accuracy: Accuracy) -> Series:
    """The squared error along the flow, integrated."""
    seed = int(p.seed)
    start = setting.balanced(seed, SMALL, SMALL, 3, 0.0, 1.0)
    return flows.asymmetric_errors(setting.truth(seed, (SMALL, SMALL), 2, LEAST), *start, TIMES)
