"""Rates of clear data: the interval is narrow and holds the exponent; and no estimate says why."""

import math
import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom
from tests.helpers import WHY
from tests.rates import b, decay, gold_flow, power, read, regimes, right_or_none, t, times

from lemmata.verify.compare.base import Agreement
from lemmata.verify.compare.rate import Rate
from lemmata.verify.errors import UsageError
from lemmata.verify.measurement import Series

pytestmark = pytest.mark.heavy

grows = Rate(law="exponential", relative=2e-3, because=WHY)

steps = np.arange(1.0, 10001)
checkpoints = np.unique(np.geomspace(1, 1e5, 121).astype(int))


def gold_descent(start, eta, steps):
    """Squares of lambda <- lambda (1 - eta lambda)^2, gradient descent on a noise mode."""
    values = [start]
    for _ in range(steps):
        values.append(values[-1] * (1 - eta * values[-1]) ** 2)
    return np.array(values[1:]) ** 2


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
