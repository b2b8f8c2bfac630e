r"""Policy iteration from sampled trajectories: integral reinforcement learning of one variable.

$x' = a x + b u$ at the cost $q x^2 + r u^2$, with $u = -k x$. The value $V = P x^2$ of a policy
solves $V(x(0)) = \int_0^{\Delta} (q x^2 + r u^2) dt + V(x(\Delta))$, the integral taken by a rule
from samples of the trajectory; then $k = b P/r$. Trajectories are integrated with steps of their
own, many problems at once, and nothing is known of their form.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from lemmata.solvers.runge_kutta import classical_step

#: steps of Runge and Kutta's method over a window; samples are taken among them
STEPS = 960
#: policies that are tried, and the relative change that ends the search
ITERATIONS, SETTLED = 400, 1e-13
#: a value this many times the first one is on its way to infinity
DIVERGED = 1e6


class Problem(NamedTuple):
    """Coefficients and the length of the window, each a number for each problem, `(n,)`."""

    a: np.ndarray
    b: np.ndarray
    q: np.ndarray
    r: np.ndarray
    window: np.ndarray


class Learned(NamedTuple):
    """What policy iteration ends on: P, its last change, whether it settled, and how it left."""

    value: np.ndarray
    change: np.ndarray
    settled: np.ndarray
    diverged: np.ndarray


def problem(a: Any, b: Any, q: Any, r: Any, window: Any) -> Problem:
    """Problems of equal number.

    **Raises:** `ValueError` unless b is not zero and q, r and the window are positive.
    """
    parts = np.broadcast_arrays(
        *(np.asarray(one, dtype=float).ravel() for one in (a, b, q, r, window))
    )
    found = Problem(*parts)
    for name, good, rule in (
        ("a", np.isfinite(found.a), "finite"),
        ("b", np.isfinite(found.b) & (found.b != 0), "finite and not zero, or there is no control"),
        *(
            (name, np.isfinite(one) & (one > 0), "positive and finite")
            for name, one in zip(("q", "r", "window"), found[2:], strict=True)
        ),
    ):
        if not np.all(good):
            raise ValueError(f"`{name}={getattr(found, name)[~good][0]}` must be {rule}.")
    return found


def trajectories(p: Problem, gain: np.ndarray, steps: int = STEPS) -> np.ndarray:
    """x at all steps from x = 1 under u = -gain x, `(n, steps + 1)`."""
    h, x = p.window / steps, np.ones(len(p.a))
    found = [x]

    def field(x: np.ndarray) -> np.ndarray:
        return p.a * x + p.b * (-gain * x)

    for _ in range(steps):
        x = classical_step(field, x, h)
        found.append(x)
    return np.stack(found, axis=1)


def evaluated(p: Problem, gain: np.ndarray, weights: np.ndarray, steps: int = STEPS) -> np.ndarray:
    """P of the policies u = -gain x.

    **Arguments:** `weights`: of samples at all steps, for a window of length 1, `(n, steps + 1)` or
    one row for all; zero where no sample is taken.
    """
    # A policy on its way to infinity may leave the numbers there are: its value is then not finite.
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        x = trajectories(p, gain, steps)
        cost = p.q[:, None] * x**2 + p.r[:, None] * (gain[:, None] * x) ** 2
        return p.window * np.sum(weights * cost, axis=1) / (x[:, 0] ** 2 - x[:, -1] ** 2)


def spread(weights: np.ndarray, steps: int = STEPS) -> np.ndarray:
    """Weights of N + 1 samples as weights of all steps.

    **Raises:** `ValueError` where samples fall between steps.
    """
    samples = len(weights) - 1
    if samples < 1 or steps % samples:
        raise ValueError(f"{samples} stretches do not divide {steps} steps; give a divisor.")
    found = np.zeros(steps + 1)
    found[:: steps // samples] = weights
    return found


def iterated(
    p: Problem,
    gain: np.ndarray,
    weights: np.ndarray,
    steps: int = STEPS,
    most: int = ITERATIONS,
    ceiling: float = DIVERGED,
) -> Learned:
    """Policy iteration from the given gains, until the value stays or runs away.

    `ceiling`: how many times the first value counts as infinite. With few steps it must be low: a
    policy that is too fast for its steps is not what is integrated.
    """
    value = first = evaluated(p, gain, weights, steps)
    change = np.full(len(value), np.inf)
    live = np.ones(len(value), dtype=bool)
    weights = np.broadcast_to(weights, (len(value), weights.shape[-1]))
    for _ in range(most):
        some = Problem(*(one[live] for one in p))
        after = evaluated(some, some.b * value[live] / some.r, weights[live], steps)
        change[live] = np.abs(after - value[live])
        value = value.copy()
        value[live] = after
        away = ~np.isfinite(value) | (np.abs(value) > ceiling * np.abs(first))
        live &= ~away & (change > SETTLED * np.abs(value))
        if not live.any():
            break
    away = ~np.isfinite(value) | (np.abs(value) > ceiling * np.abs(first))
    return Learned(value, change, ~live & ~away, away)
