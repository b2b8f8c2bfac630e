"""Rates: the interval holds the true exponent, or there is no estimate."""

import dataclasses
import math
import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom

from lemmata.verify.compare.base import Agreement
from lemmata.verify.compare.rate import Rate
from lemmata.verify.errors import UsageError
from lemmata.verify.measurement import Series

pytestmark = pytest.mark.heavy

WHY = "chosen for a test"
ALPHA = 1e-3
power = Rate(law="power", absolute=0.15, because=WHY)
decay = Rate(law="decay", relative=2e-3, because=WHY)
grows = Rate(law="exponential", relative=2e-3, because=WHY)

t = np.logspace(0, 5, 121)  # 24 a decade
times = np.linspace(0, 40, 401)
steps = np.arange(1.0, 10001)
checkpoints = np.unique(np.geomspace(1, 1e5, 121).astype(int))
b = 0.7


def read(rule, x, y, *, stderr=0.0, bias=0.0, alpha=ALPHA):
    return rule.estimate(Series(x, y, stderr, bias), alpha)


def right_or_none(estimate, truth):
    return estimate.problem is not None or estimate.low <= truth <= estimate.high


def gold_flow(x0, t):
    """e = x^4 for x' = -x^3: a plateau until t = 1/x0^2, then t^2 e -> 1/4."""
    return (x0 / np.sqrt(1 + 2 * x0**2 * t)) ** 4


def gold_descent(start, eta, steps):
    """Squares of lambda <- lambda (1 - eta lambda)^2, gradient descent on a noise mode."""
    values = [start]
    for _ in range(steps):
        values.append(values[-1] * (1 - eta * values[-1]) ** 2)
    return np.array(values[1:]) ** 2


def regimes(x, corner, sharpness):
    """Slope -1, then -2 beyond the corner."""
    return 1 / (x * (1 + (x / corner) ** sharpness) ** (1 / sharpness))


# --- clear settings: there is an estimate, it is narrow, and it is right ---

CLEAR = {
    "the flow": (power, t, gold_flow(1.0, t), -2),
    "the flow, a later start": (power, t, gold_flow(0.3, t), -2),
    "the flow, evenly spaced": (power, steps, gold_flow(1.0, steps), -2),
    "descent": (power, checkpoints, gold_descent(0.8, 0.2, 100_000)[checkpoints - 1], -2),
    "many modes": (power, t, sum((q / (1 + 2 * q * t)) ** 2 for q in (0.1, 0.3, 1.0)), -2),
    "1/T": (power, t, 3 / t, -1),
    "1/T^1.5": (power, t, 3 / (t + 2) ** 1.5, -1.5),
    "growth": (power, t, t**1.5 + 4 * t**0.5, 1.5),
    "slowly": (power, t, t**-0.5 * (1 + 1 / t), -0.5),
    "a correction of order 1/2": (power, t, (1 - 0.5 * t**-0.5) / t, -1),
    "a sharp corner, early": (power, t, regimes(t, 1e3, 8), -2),
    "a stated floor": (power, t, t**-4.0 + 1e-16, -4),
}  # fmt: skip


@pytest.mark.parametrize("name", CLEAR)
def test_a_clear_power_law_is_read(name):
    rule, x, y, truth = CLEAR[name]
    bias = 1.1e-16 if "floor" in name else 0.0
    estimate = read(rule, x, y, bias=bias)
    assert estimate.problem is None
    assert estimate.low <= truth <= estimate.high
    assert estimate.half_width <= 0.1
    assert 0 <= estimate.bias <= estimate.half_width * (1 + 1e-9)


@pytest.mark.parametrize("name", CLEAR)
@pytest.mark.parametrize("wrong", [-1.0, -0.5, 0.5, 1.0])
def test_a_wrong_exponent_disagrees_with_clear_data(name, wrong):
    rule, x, y, truth = CLEAR[name]
    estimate = read(rule, x, y, bias=1.1e-16 if "floor" in name else 0.0)
    assert rule.judge(truth + wrong, estimate).agreement is Agreement.DISAGREES
    assert rule.judge(truth, estimate).agreement is Agreement.AGREES


@pytest.mark.parametrize("law", [decay, grows])
@pytest.mark.parametrize("second", [-0.5, 0.0, 0.5, 1.0])
@pytest.mark.parametrize("end", [16, 24, 40])
def test_a_clear_exponential_is_read_to_a_thousandth(law, second, end):
    x = np.linspace(0, end, 10 * end + 1)
    y = np.exp(-b * x) * (1 + second * np.exp(-b * x))
    truth = b if law is decay else -b
    estimate = read(law, x, y)
    assert estimate.low <= truth <= estimate.high
    assert estimate.half_width < 1e-3 * b
    assert law.judge(truth, estimate).agreement is Agreement.AGREES
    assert law.judge(1.005 * truth, estimate).agreement is Agreement.DISAGREES


def test_exponential_growth_is_read():
    estimate = read(grows, times, np.exp(b * times) + np.cosh(0.1 * times))
    assert estimate.low <= b <= estimate.high
    assert estimate.half_width < 1e-3 * b


def test_a_stated_floor_is_left_out():
    y = np.exp(-b * times) + 1e-9
    assert read(decay, times, y).problem is not None
    stated = read(decay, times, y, bias=1e-9)
    assert stated.low <= b <= stated.high
    assert stated.half_width < 0.02 * b


def test_noise_of_a_constant_size_is_left_out():
    rng = np.random.default_rng(0)
    y = np.exp(-b * times) + 1e-7 * rng.normal(size=len(times))
    estimate = read(decay, times, y, stderr=1e-7)
    assert estimate.low <= b <= estimate.high
    assert estimate.half_width < 2e-3 * b


def test_a_tail_of_zeros_is_left_out():
    y = gold_flow(1.0, t)
    y[-10:] = 0.0
    estimate = read(power, t, y)
    assert estimate.low <= -2 <= estimate.high
    assert estimate.half_width <= 0.1


@pytest.mark.parametrize("bad", [np.nan, np.inf, -5.0])
def test_nothing_that_went_wrong_is_left_out_in_silence(bad):
    y = gold_flow(1.0, t)
    y[-5:] = bad
    estimate = read(power, t, y)
    assert estimate.problem is not None
    assert f"y is {bad:g} at x = " in estimate.problem


def test_replicas_that_are_few_widen_the_interval_as_student_says():
    y, noise = gold_flow(1.0, t), 0.01
    many, few = (power.estimate(Series(t, y, stderr=noise * y, dof=dof), 1e-3) for dof in (1e6, 3))
    assert few.half_width - few.bias > 2 * (many.half_width - many.bias)


# --- constants ---


@pytest.mark.parametrize("x0", [0.1, 0.3, 1.0])
def test_the_constant_of_a_power_law(x0):
    rule = Rate(law="power", exponent=-2, relative=0.01, because=WHY)
    estimate = read(rule, t, gold_flow(x0, t))
    assert estimate.low <= 0.25 <= estimate.high
    assert rule.judge(0.25, estimate).agreement is Agreement.AGREES
    assert rule.judge(0.26, estimate).agreement is Agreement.DISAGREES


@pytest.mark.parametrize("law", ["decay", "exponential"])
@pytest.mark.parametrize("second", [0.0, 1.0])
def test_the_constant_of_an_exponential(law, second):
    rule = Rate(law=law, exponent=b if law == "decay" else -b, relative=2e-3, because=WHY)
    estimate = read(rule, times, 2 * np.exp(-b * times) * (1 + second * np.exp(-b * times)))
    assert estimate.low <= 2 <= estimate.high
    assert estimate.half_width < 1e-3


def test_no_constant_beside_a_logarithm_or_a_wrong_exponent():
    rule = Rate(law="power", exponent=-2, relative=0.01, because=WHY)
    for y in (np.log(t + 1.5) / t**2, t**-1.9):
        assert "no limit is in sight" in (read(rule, t, y).problem or "")


def test_a_constant_with_noise_holds_the_truth():
    rng = np.random.default_rng(5)
    rule = Rate(law="power", exponent=-2, relative=0.05, because=WHY)
    misses, halves = 0, []
    for _ in range(150):
        y = 3 / (t + 2) ** 2
        e = read(rule, t, y * (1 + 0.02 * rng.normal(size=len(t))), stderr=0.02 * y, alpha=0.05)
        misses += not right_or_none(e, 3)
        halves.append(e.half_width)
    assert np.median(halves) < 0.2
    assert binom.sf(misses - 1, 150, 0.05) > 1e-3


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


# --- scaling laws ---


@given(unit=st.floats(-5, 5), size=st.floats(-20, 20), x0=st.floats(0.2, 2))
def test_units_do_not_matter(unit, size, x0):
    plain = read(power, t, gold_flow(x0, t))
    scaled = read(power, 10**unit * t, math.exp(size) * gold_flow(x0, t))
    assert scaled.value == pytest.approx(plain.value, abs=1e-5)
    assert scaled.half_width == pytest.approx(plain.half_width, rel=1e-3)


@given(x0=st.floats(0.2, 2))
def test_the_inverse_has_the_opposite_exponent(x0):
    y = gold_flow(x0, t)
    one, other = read(power, t, y), read(power, t, 1 / y)
    assert other.low == pytest.approx(-one.high, abs=1e-9)


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
    for alpha in (0.05, 0.01):
        found = [(read(rule, x, y, stderr=e, alpha=alpha), s) for x, y, e, s in runs]
        given_out = [(e, s) for e, s in found if e.problem is None]
        misses = sum(not e.low <= s <= e.high for e, s in given_out)
        # refuses a miss rate above alpha in one run of a thousand
        assert binom.sf(misses - 1, len(given_out), alpha) > 1e-3, misses
        assert len(given_out) >= least * len(runs)
        assert np.median([e.half_width for e, _ in given_out]) < 0.2


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


# --- no estimate, and why ---


@pytest.mark.parametrize(
    ("x", "y", "says"),
    [
        (t[:11], t[:11] ** -2.0, "11 of 11 points are positive, finite and above the floor"),
        (t, -t, "y is -1 at x = 1, below zero by more than its error"),
        (t, 0 * t, "0 of 121 points"),
        (t[:40], t[:40] ** -0.5, "as on a plateau"),
        (t[:20], t[:20] ** -2.0, "less than one"),
        (np.array([1.0, 2.0, 2.0, 3.0]), np.ones(4), "x is not increasing: 2 comes after 2"),
        (-t[::-1], t, "x is not finite and positive everywhere"),
        (t, t[:-1], r"their shapes are \(121,\) and \(120,\)"),
        (times[:61], np.exp(-b * times[:61]), "no window shows a power law"),
    ],
)
def test_no_estimate_says_why(x, y, says):
    estimate = read(power, x, y)
    assert estimate.problem is not None
    assert re.search(says, estimate.problem)
    assert power.judge(-2.0, estimate).agreement is Agreement.UNRESOLVED


def test_errors_that_do_not_fit_say_so():
    assert "stderr has shape (3,)" in read(power, t, 1 / t, stderr=np.ones(3)).problem
    assert "a bias is -1" in read(power, t, 1 / t, bias=-1.0).problem


def test_a_short_run_says_what_would_settle_it():
    assert read(power, t, gold_flow(0.01, t)).settles == "a run 10 times longer"
    assert "a run" in read(decay, times[:50], np.exp(-b * times[:50])).settles


# --- rules that are none ---


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"law": "cubic"}, "law='cubic'.*one of 'power', 'exponential', 'decay'"),
        ({"absolute": 0.0}, "has a margin of 0"),
        ({"exponent": math.inf}, "exponent=inf.*leave it out"),
        ({"because": " "}, "no reason for its margin"),
    ],
)
def test_a_rule_that_is_none_is_refused(fields, says):
    with pytest.raises(UsageError, match=says):
        Rate(**{"law": "power", "absolute": 0.1, "because": WHY, **fields})


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
