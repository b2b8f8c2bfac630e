"""Policy iteration by rules of quadrature as claims read it: values, errors, thresholds."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np

from lemmata.solvers import policy_iteration as policies
from lemmata.solvers import quadrature_rules as rules
from lemmata.solvers.policy_iteration import STEPS, Learned, Problem, problem, spread
from lemmata.verify.accuracy import Accuracy
from lemmata.verify.domain import Point
from lemmata.verify.measurement import Measurement, Series

#: stretches of a series; of those that are late in showing their order, and of one that is early
MANY = (16, 20, 24, 30, 40, 48, 60, 80, 96, 120, 160)
NEXT = (30, 40, 48, 60, 80, 96, 120, 160, 240)
LATE = (60, 80, 96, 120, 160, 240, 480)
FEW = (4, 6, 8, 10, 12, 16, 20, 24, 30, 40, 48)
#: stretches whose rule is not yet lost in rounding
WORST = (16, 32, 64)
#: steps and policies where it is only asked whether values run away
COARSE, TRIED = 96, 100
#: windows that are tried, in stretches over sqrt(q b^2/r), and halvings between the two of them
#: where values first run away; over the longest few steps do not follow what is learned, and it may
#: seem to settle
TRIALS, HALVINGS = np.geomspace(0.05, 1.5, 9), 7
#: times the best value that count as infinite there
CEILING = 30.0


def _of(p: Point, window: Any) -> Problem:
    return problem(p.a, p.b, p.q, p.r, window)


@lru_cache(maxsize=128)
def _weights(rule: str, samples: int, steps: int) -> np.ndarray:
    return spread(_rule(rule, samples), steps)


@lru_cache(maxsize=64)
def _rule(rule: str, samples: int) -> np.ndarray:
    return rules.named(rule, samples)


def best(p: Problem, steps: int = STEPS) -> Learned:
    """What is learned with all steps as samples, by Boole's rule, from a stable policy."""
    return policies.iterated(p, (np.abs(p.a) + 1) / p.b, _weights("boole", steps, steps), steps)


def _repeated(p: Problem, times: int) -> Problem:
    return Problem(*(np.repeat(one, times) for one in p))


@lru_cache(maxsize=16)
def _errors(key: tuple[bytes, ...], rule: str, samples: tuple[int, ...], steps: int) -> Any:
    """P_N - P* for each problem and N, `(n, N)`, the last changes, and whether all settled."""
    p = Problem(*(np.frombuffer(one) for one in key))
    exact = best(p, steps)
    weights = np.tile([_weights(rule, one, steps) for one in samples], (len(p.a), 1))
    start = np.repeat(p.b * exact.value / p.r, len(samples))
    found = policies.iterated(_repeated(p, len(samples)), start, weights, steps)
    shape = (len(p.a), len(samples))
    off = found.value.reshape(shape) - exact.value[:, None]
    change = found.change.reshape(shape) + exact.change[:, None]
    return off, change, found.settled.reshape(shape).all(axis=1) & exact.settled


def errors(p: Point, accuracy: Accuracy, *, rule: str) -> Series:
    """|P_N - P*| against N; its error from half as many steps of the integration."""
    samples = {"simpson": FEW, "left": LATE, "matern-2": NEXT}.get(rule, MANY)
    key = tuple(one.tobytes() for one in _of(p, p.Delta))
    (fine, change, settled), (coarse, _, _) = (
        _errors(key, rule, samples, steps) for steps in (STEPS, STEPS // 2)
    )
    bias = np.abs(fine - coarse) + change
    return Series(
        np.tile(np.array(samples, float), (len(fine), 1)), np.abs(fine), bias=bias,
        converged=settled,
    )  # fmt: skip


def evaluation(p: Point, accuracy: Accuracy, *, rule: str) -> Measurement:
    """The value of a policy from N + 1 samples of its trajectory."""
    found = [
        policies.evaluated(
            _of(p, p.Delta), np.asarray(p.k, float),
            np.array([_weights(rule, int(one), steps) for one in p.N]), steps,
        )
        for steps in (STEPS, STEPS // 2)
    ]  # fmt: skip
    return Measurement(found[0], bias=np.abs(found[0] - found[1]) + 1e-14 * np.abs(found[0]))


def fixed_point(p: Point, accuracy: Accuracy, *, rule: str) -> Measurement:
    """The value that policy iteration settles on, with N + 1 samples in each window."""
    found = []
    for steps in (STEPS, STEPS // 2):
        setup = _of(p, p.Delta)
        weights = np.array([_weights(rule, int(one), steps) for one in p.N])
        found.append(
            policies.iterated(setup, setup.b * best(setup, steps).value / setup.r, weights, steps)
        )
    return Measurement(
        found[0].value, bias=np.abs(found[0].value - found[1].value) + 10 * found[0].change,
        converged=found[0].settled,
    )  # fmt: skip


def one_iteration(p: Point, accuracy: Accuracy) -> Measurement:
    """The value after one iteration, the integral by Boole's rule on all steps."""
    found = []
    for steps in (STEPS, STEPS // 2):
        setup = _of(p, 1.0)
        gain = setup.b * np.asarray(p.P_0, float) / setup.r
        found.append(policies.evaluated(setup, gain, _weights("boole", steps, steps), steps))
    return Measurement(found[0], bias=np.abs(found[0] - found[1]) + 1e-14 * np.abs(found[0]))


def runs_away(p: Point, window: np.ndarray, *, rule: str) -> np.ndarray:
    """Whether values run away that start from the best ones, by windows."""
    setup = _of(p, window)
    start = setup.b * best(setup, COARSE).value / setup.r
    weights = np.array([_weights(rule, int(one), COARSE) for one in p.N])
    return policies.iterated(setup, start, weights, COARSE, TRIED, CEILING).diverged


def threshold(p: Point, accuracy: Accuracy, *, rule: str) -> Measurement:
    """The length of the window beyond which policy iteration runs away, bisected."""
    unit = np.asarray(p.N) / np.sqrt(np.asarray(p.q) * np.asarray(p.b) ** 2 / np.asarray(p.r))
    away = np.array([runs_away(p, factor * unit, rule=rule) for factor in TRIALS])
    first = np.argmax(away, axis=0)
    found = first > 0
    low, high = (unit * TRIALS[np.where(found, first + side, side + 1)] for side in (-1, 0))
    for _ in range(HALVINGS):
        middle = np.sqrt(low * high)
        beyond = runs_away(p, middle, rule=rule)
        low, high = np.where(beyond, low, middle), np.where(beyond, middle, high)
    note = "values run away at the shortest window that was tried, or at none"
    return Measurement.bracket(
        low, high, converged=found, note=["" if one else note for one in found]
    )


def worst_case(p: Point, accuracy: Accuracy) -> Measurement:
    """The order at which a kernel's rule gains on the worst function of norm 1, from N = 32 to 64.

    As it moves by half as much with each doubling, what is to come is what the last one brought.
    """
    kernel = rules.matern(int(p.b), float(p.length))
    early, middle, late = (rules.worst_case(kernel, one) for one in WORST)
    before, order = np.log2(early.error / middle.error), np.log2(middle.error / late.error)
    rounding = (middle.rounding / middle.error + late.rounding / late.error) / np.log(2)
    return Measurement(-order, bias=abs(order - before) + rounding)


def wiener_weight(p: Point, accuracy: Accuracy) -> Measurement:
    """A weight of the rule of Brownian motion, in units of 1/N."""
    weights = rules.named("wiener", int(p.N))
    return Measurement(float(p.N * weights[round(p.share * p.N)]), bias=1e-11)
