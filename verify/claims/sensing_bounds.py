r"""Bounds of the error of descent on X X^T, by steps of a finite size: arXiv 2310.01769.

Of one aligned direction they are proved from both sides. Of any start the lower one is a
conjecture, and the bound of the flow, which is larger, fails.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from lemmata.verify.api import (
    Accuracy,
    Bound,
    Condition,
    Domain,
    Integers,
    Interval,
    Log,
    Measurement,
    Point,
    Values,
    claim,
    deferred,
)
from lemmata.verify.claims.sensing_closed_forms import xiong
from lemmata.verify.claims.sensing_symmetric import HERE, SEED, SMALL, bound, one, problems

descent = deferred("lemmata.theory.sensing_descent")
measure = deferred("lemmata.verify.sensing_measure")

LOOKS = (1, 10, 100, 1000, 10_000)
aligned = Domain(lambda_0=Log(0.02, 1), eta=Interval(0.02, 0.5), T=Values(*LOOKS))


def _aligned(p: Point) -> Measurement:
    """The noise eigenvalue after T steps, where signal and noise are aligned and the signal is."""
    starts = [np.diag([1.0, np.sqrt(lam)]) for lam in p.lambda_0]
    truth = np.diag([1.0, 0.0])
    run = measure.symmetric([truth] * len(starts), starts, p.eta, LOOKS)
    at = np.searchsorted(LOOKS, p.T)
    return Measurement(np.sqrt(run.error[np.arange(len(at)), at]), bias=1e-13)


@claim(
    f"{HERE}/descent/at-most",
    source=xiong.at("the lower bound for k > r, one aligned direction of descent"),
    says=r"\lambda_T \le \lambda_0 / (1 + 2 \eta \lambda_0 T)",
    domain=aligned,
    points=24,
    predicted=descent.slowest,
    compare=Bound(side="at most", relative=1e-8, because="rounding of 10,000 steps"),
    wrong={"at the rate 3 eta": lambda p: p.lambda_0 / (1 + 3 * p.eta * p.lambda_0 * p.T)},
    batched=True,
)
def at_most(p: Point, accuracy: Accuracy) -> Measurement:
    """The eigenvalue after T steps of descent."""
    return _aligned(p)


@claim(
    f"{HERE}/descent/at-least",
    source=xiong.at("the lower bound for k > r, one aligned direction of descent"),
    says=r"\lambda_T \ge \lambda_0 / (1 + \kappa \eta \lambda_0 T), \quad"
    r" \kappa = (2 - \eta \lambda_0) / (1 - \eta \lambda_0)^2",
    domain=aligned,
    points=24,
    predicted=descent.fastest,
    compare=Bound(side="at least", relative=1e-8, because="rounding of 10,000 steps"),
    wrong={"kappa = 2, as in the flow": lambda p: p.lambda_0 / (1 + 2 * p.eta * p.lambda_0 * p.T)},
    batched=True,
)
def at_least(p: Point, accuracy: Accuracy) -> Measurement:
    """The eigenvalue after T steps of descent."""
    return _aligned(p)


def _largest(p: Any) -> float:
    return max(1.0, float(np.linalg.norm(one(p)[1], 2)) ** 2)


generic = Domain(
    **SEED, r=Integers(1, 3), q=Integers(1, 4), alpha=Log(0.1, 1), least=Interval(0.3, 1),
    eta=Log(0.02, 0.3), T=Values(*LOOKS),
    where=(Condition("eta L < 0.9", lambda p: p.eta * _largest(p) < 0.9),),
)  # fmt: skip


def _with_kappa(p: Point) -> float:
    x = p.eta * _largest(p)
    return bound(p, (2 - x) / (1 - x) ** 2, p.eta * p.T)


def _with_two(p: Point) -> float:
    return bound(p, 2.0, p.eta * p.T)


def _after(p: Point) -> Measurement:
    run = measure.symmetric(*problems(p, SMALL, p.r + p.q), p.eta, LOOKS)
    found = run.error[np.arange(len(p.T)), np.searchsorted(LOOKS, p.T)]
    return Measurement(found, bias=2e-15 * np.sqrt(found))


@claim(
    f"{HERE}/descent/lower-bound",
    source=xiong.at("the lower bound for k > r, for descent with its constants"),
    says=r"\| X_T X_T^T - \Sigma \|_F^2 \ge \sum_i (\lambda_i / (1 + \kappa \lambda_i \eta T))^2,"
    r" \quad \kappa = \frac{2 - \eta L}{(1 - \eta L)^2}, \quad L = \max(\sigma_1, \|X_0\|^2)",
    domain=generic,
    points=48,
    predicted=_with_kappa,
    compare=Bound(side="at least", relative=1e-8, because="rounding of 10,000 steps"),
    wrong={
        "kappa = 2, as in the flow": _with_two,
        "kappa = 1": lambda p: bound(p, 1, p.eta * p.T),
    },
    scope="a conjecture, not the paper's and not proved: a property of random starts, no more",
    batched=True,
)
def descent_lower_bound(p: Point, accuracy: Accuracy) -> Measurement:
    """The squared error after T steps of descent."""
    return _after(p)


@claim(
    f"{HERE}/descent/lower-bound-of-flow",
    source=xiong.at("the lower bound for k > r, for descent with the constants of the flow"),
    says=r"\| X_T X_T^T - \Sigma \|_F^2 \ge \sum_i (\lambda_i / (1 + 2 \lambda_i \eta T))^2",
    domain=generic,
    points=48,
    predicted=_with_two,
    compare=Bound(side="at least", relative=1e-8, because="rounding of 10,000 steps"),
    reading="descent taken to be its flow",
    expected="refuted",
    cause="a step of finite size shrinks noise by more than the flow does, by a part of order eta",
    batched=True,
)
def lower_bound_of_flow(p: Point, accuracy: Accuracy) -> Measurement:
    """The squared error after T steps of descent."""
    return _after(p)
