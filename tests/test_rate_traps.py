"""Rates of data that mislead: the truth or no estimate, and misses as rare as is promised."""

import dataclasses
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.helpers import WHY
from tests.rates import (
    b,
    decay,
    gold_flow,
    intervals_miss_no_more_often_than_alpha,
    power,
    read,
    regimes,
    right_or_none,
    t,
    times,
)

from lemmata.verify.compare.base import Agreement
from lemmata.verify.compare.rate import Rate
from lemmata.verify.measurement import Series

pytestmark = pytest.mark.heavy


# --- traps: the truth, or nothing ---


@given(exponent=st.floats(-7, 0), amplitude=st.floats(-20, 20))
def test_plateau_then_power(exponent, amplitude):
    x0 = 10 ** (exponent / 2)
    estimate = read(power, t, math.exp(amplitude) * gold_flow(x0, t))
    assert right_or_none(estimate, -2)
    if exponent < -4:  # the run ends on the plateau, or just behind it
        assert estimate.problem is not None


@given(decades=st.floats(2, 7), start=st.floats(0, 3), p=st.sampled_from([-1, -0.5, 0.5, 1, 2]))
def test_a_power_with_a_logarithm(decades, start, p):
    x = np.logspace(start, start + decades, int(24 * decades))
    assert right_or_none(read(power, x, np.log(x + 1.5) ** p / x), -1)


@given(seen=st.floats(0.15, 0.9), sharpness=st.sampled_from([1, 2, 4, 8]))
def test_less_than_a_decade_of_the_second_regime(seen, sharpness):
    assert read(power, t, regimes(t, t[-1] / 10**seen, sharpness)).problem is not None


@given(seen=st.floats(0, 5), sharpness=st.sampled_from([1, 2, 4]))
def test_two_regimes(seen, sharpness):
    assert right_or_none(read(power, t, regimes(t, t[-1] / 10**seen, sharpness)), -2)


@pytest.mark.parametrize("seen", [0.3, 0.5])
def test_two_regimes_in_noise(seen):
    rng = np.random.default_rng(1)
    for noise in (0.003, 0.03, 0.1):
        for _ in range(20):
            y = regimes(t, t[-1] / 10**seen, 4)
            y_seen = y * (1 + noise * rng.normal(size=len(t)))
            assert right_or_none(read(power, t, y_seen, stderr=noise * y), -2)


@given(turn=st.floats(-1.5, 1.5))
def test_a_slow_exponential_is_no_power_law(turn):
    cut_off = np.exp(-t / (t[-1] * 10**turn)) / t
    assert read(power, t, cut_off).problem is not None


@pytest.mark.parametrize("power_of", [0.05, 0.1, 0.2, 0.4])
def test_a_stretched_exponential_is_neither(power_of):
    y = np.exp(-4 * t**power_of)
    assert read(power, t, y).problem is not None
    assert read(decay, t, y).problem is not None


def test_a_log_normal_tail_is_no_power_law():
    assert read(power, t, np.exp(-0.05 * np.log(t) ** 2)).problem is not None


@given(ratio=st.floats(-4, 0.3), weight=st.floats(-0.8, 3))
def test_two_modes_with_close_rates(ratio, weight):
    y = np.exp(-b * times) * (1 + weight * np.exp(-(10**ratio) * b * times))
    assert right_or_none(read(decay, times, y), b)


@given(p=st.floats(-2, 2))
def test_a_power_beside_an_exponential(p):
    x = times[1:]
    assert right_or_none(read(decay, x, x**p * np.exp(-b * x)), b)


@given(size=st.floats(0, 0.3), pace=st.floats(1, 6), phase=st.floats(0, 6))
def test_an_oscillating_slope(size, pace, phase):
    y = t**-2 * (1 + size * np.sin(pace * np.log(t) + phase))
    assert right_or_none(read(power, t, y), -2)


@given(amplitude=st.floats(-3, 3), q=st.floats(0.3, 2))
def test_a_plateau_is_no_slope(amplitude, q):
    estimate = read(power, t, math.exp(amplitude) * (1 + t**-q))
    assert estimate.problem is not None
    assert read(decay, t, math.exp(amplitude) * (1 + t**-q)).problem is not None


def test_a_plateau_says_so():
    assert "as on a plateau" in read(power, t, 2 + 1 / t**2).problem


def test_a_floor_that_nobody_stated():
    assert read(power, t, t**-4 + 1e-16).problem is not None


def test_one_law_is_not_read_off_the_other():
    assert "a power law fits the end" in read(decay, t, 1 / t**2).problem
    assert "an exponential fits the end" in read(power, times, np.exp(-b * times)).problem


# --- calibration ---


def random_run(rng):
    """A power law with a shifted start, seen with noise: x, y, stderr and the exponent."""
    s = rng.choice([-1, 1]) * rng.uniform(0.7, 4)
    noise, decades = 10 ** rng.uniform(-3, -1), rng.uniform(2, 5)
    x = np.logspace(0, decades, int(decades * rng.integers(8, 30)) + 1) * 10 ** rng.uniform(-2, 2)
    if rng.random() < 0.3:
        x = np.linspace(x[0], x[-1], int(rng.integers(50, 1000)))
    y = np.exp(5 * rng.normal()) * (x + 10 ** rng.uniform(-5, -1) * x[-1]) ** s
    return x, y * (1 + noise * rng.normal(size=len(x))), noise * y, s


def random_decay(rng):
    """Two exponential modes, seen with noise: t, y, stderr and the slower rate."""
    rate, noise = rng.uniform(0.1, 5), 10 ** rng.uniform(-3, -1)
    x = np.linspace(0, rng.uniform(8, 30) / rate, int(rng.integers(30, 400)))
    y = np.exp(-rate * x) * (1 + rng.uniform(-0.9, 3) * np.exp(-rng.uniform(0.2, 2) * rate * x))
    return x, y * (1 + noise * rng.normal(size=len(x))), noise * y, rate


@pytest.mark.parametrize(
    ("rule", "draw", "least"), [(power, random_run, 0.55), (decay, random_decay, 0.9)]
)
def test_intervals_miss_no_more_often_than_alpha(rule, draw, least):
    rng = np.random.default_rng(11)
    runs = [draw(rng) for _ in range(1000)]
    intervals_miss_no_more_often_than_alpha(rule, runs, least=least, narrower=0.2)


def test_two_exponents_are_told_apart_in_noise():
    rng = np.random.default_rng(2)
    for s in (-1.0, -1.5, -2.0):
        x = np.logspace(0, 6, 200)
        y = x**s
        estimate = read(power, x, y * (1 + 0.01 * rng.normal(size=200)), stderr=0.01 * y)
        assert power.judge(s, estimate).agreement is Agreement.AGREES
        for other in {-1.0, -1.5, -2.0} - {s}:
            assert power.judge(other, estimate).agreement is Agreement.DISAGREES


def test_scatter_beyond_the_stated_noise_widens_the_interval():
    rng = np.random.default_rng(3)
    y = t**-2.0
    seen = y * (1 + 0.03 * rng.normal(size=len(t)))
    honest, boast = (read(power, t, seen, stderr=s * y) for s in (0.03, 0.003))
    assert boast.problem is None
    assert boast.low <= -2 <= boast.high
    assert boast.half_width > 0.5 * honest.half_width


# --- runs whose errors belong together ---


def test_runs_that_drift_along_x_are_judged_by_leaving_them_out():
    rule = Rate(law="power", absolute=0.15, because=WHY)
    x = np.geomspace(1, 1e5, 121)
    rng = np.random.default_rng(5)
    misses, given = {"points": 0, "runs": 0}, {"points": 0, "runs": 0}
    for _ in range(100):
        walks = np.cumsum(rng.normal(0, 0.03, (12, len(x))), axis=1)
        series = Series.of_runs(x, np.exp(walks - np.log(x)) / np.exp(np.var(walks, axis=0) / 2))
        for name, one in (
            ("runs", series),
            ("points", dataclasses.replace(series, runs=None)),
        ):
            estimate = rule.estimate(one, 0.05)
            if estimate.problem is None:
                given[name] += 1
                misses[name] += not estimate.low <= -1 <= estimate.high
    assert min(given.values()) > 50
    assert misses["runs"] <= 11  # 5 % of 100, and what chance may add to that
    assert misses["points"] > misses["runs"]


def test_too_few_runs_are_no_estimate():
    x = np.geomspace(1, 1e5, 121)
    runs = np.array([1 / x, 1.01 / x, 0.99 / x])
    assert "3 runs are too few" in power.estimate(Series.of_runs(x, runs), 0.01).problem
