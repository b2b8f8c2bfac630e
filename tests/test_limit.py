"""Orders of convergence from a handful of points: the interval holds the order, or is none."""

import math
import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.helpers import WHY
from tests.rates import intervals_miss_no_more_often_than_alpha, read

from lemmata.verify.compare.base import Agreement
from lemmata.verify.compare.limit import Limit
from lemmata.verify.errors import UsageError

pytestmark = pytest.mark.heavy

wide = Limit(toward="infinity", absolute=0.15, because=WHY)
fine = Limit(toward="zero", absolute=0.15, because=WHY)
widths = 2.0 ** np.arange(5, 13)
steps = 0.1 * 2.0 ** np.arange(-7, 1)


CLEAR = {
    "variance over width": (wide, widths, 3 / widths, -1),
    "variance, a correction": (wide, widths, 3 / widths * (1 + 5 / widths), -1),
    "deviation over width": (wide, widths, widths**-0.5 * (1 - 1 / widths), -0.5),
    "growth with the population": (wide, widths, widths**2 + widths, 2),
    "second order": (fine, steps, steps**2 * (1 + steps), 2),
    "first order": (fine, steps, steps * (1 - 0.5 * steps), 1),
    "fourth order": (fine, steps, steps**4 * (2 + steps**2), 4),
    "half an order": (fine, steps, np.sqrt(steps) * (1 + steps), 0.5),
}


@pytest.mark.parametrize("name", CLEAR)
def test_a_clear_order_is_read(name):
    rule, x, y, truth = CLEAR[name]
    estimate = read(rule, x, y)
    assert estimate.low <= truth <= estimate.high
    assert estimate.half_width <= 0.1
    assert rule.judge(truth, estimate).agreement is Agreement.AGREES
    for wrong in (truth - 0.5, truth + 0.5):
        assert rule.judge(wrong, estimate).agreement is Agreement.DISAGREES


@pytest.mark.parametrize("name", CLEAR)
def test_a_clear_order_is_read_in_noise(name):
    rule, x, y, truth = CLEAR[name]
    rng = np.random.default_rng(4)
    seen = y * (1 + 0.01 * rng.normal(size=len(x)))
    estimate = read(rule, x, seen, stderr=0.01 * y, alpha=0.01)
    assert estimate.low <= truth <= estimate.high
    assert estimate.half_width <= 0.2


@pytest.mark.parametrize(("rule", "sign"), [(wide, 1), (fine, -1)])
@pytest.mark.parametrize("second", [-0.5, 0.0, 0.5])
def test_a_constant(rule, sign, second):
    x = widths if sign > 0 else steps
    away = 1 / x if sign > 0 else x
    at = Limit(toward=rule.toward, exponent=-sign, relative=0.02, because=WHY)
    estimate = read(at, x, 3 / x**sign * (1 + second * away))
    assert estimate.low <= 3 <= estimate.high
    assert at.judge(3, estimate).agreement is Agreement.AGREES
    assert at.judge(3.2, estimate).agreement is Agreement.DISAGREES


def test_a_constant_at_exponent_zero_is_a_limit():
    rule = Limit(toward="infinity", exponent=0, relative=0.01, because=WHY)
    estimate = read(rule, widths, 2 * (1 + 3 / widths))
    assert estimate.low <= 2 <= estimate.high
    assert estimate.half_width < 0.01


@given(
    s=st.sampled_from([-2, -1, -0.5, 1, 2]),
    c=st.floats(-1, 1.5),
    q=st.sampled_from([0.5, 1, 1.5, 2]),
    n=st.integers(4, 12),
    first=st.integers(2, 5),
    toward=st.sampled_from([wide, fine]),
)
def test_exact_points_with_a_correction(s, c, q, n, first, toward):
    away = 2.0 ** -(first + np.arange(n))
    x, sign = (1 / away, 1) if toward is wide else (away[::-1], -1)
    y = x**s * (1 + c * (1 / x if sign > 0 else x) ** q)
    estimate = read(toward, x, y)
    assert estimate.problem is not None or estimate.low <= s <= estimate.high


@given(corner=st.floats(1, 4))
def test_a_crossover_inside_the_points_never_passes_for_an_order(corner):
    y = 1 / (widths * (1 + widths / 10**corner))  # -1, then -2
    estimate = read(wide, widths, y)
    assert estimate.problem is not None or estimate.low <= -2 <= estimate.high


@given(level=st.floats(-3, 0))
def test_a_plateau_never_passes_for_an_order(level):
    estimate = read(wide, widths, 1 / widths + 10**level)
    assert wide.judge(-1.0, estimate).agreement is not Agreement.AGREES


def test_points_at_a_stated_floor_are_left_out():
    y = steps**4
    estimate = read(fine, steps, y + 1e-9, bias=2e-9)
    assert estimate.low <= 4 <= estimate.high


def test_points_lost_in_noise_are_left_out():
    rng = np.random.default_rng(0)
    y = 1 / widths
    stderr = np.where(widths > 1000, y, 0.01 * y)
    estimate = read(wide, widths, np.abs(y + stderr * rng.normal(size=8)), stderr=stderr)
    assert estimate.low <= -1 <= estimate.high


@given(unit=st.floats(-6, 6), size=st.floats(-20, 20))
def test_units_do_not_matter(unit, size):
    y = 3 / widths * (1 + 5 / widths)
    plain = read(wide, widths, y)
    scaled = read(wide, 10**unit * widths, math.exp(size) * y)
    assert scaled.value == pytest.approx(plain.value, abs=1e-6)
    assert scaled.half_width == pytest.approx(plain.half_width, abs=1e-6)


@given(s=st.sampled_from([0.5, 1, 2]), c=st.floats(-0.5, 1))
def test_toward_zero_is_toward_infinity_in_the_inverse(s, c):
    h = read(fine, steps, steps**s * (1 + c * steps))
    n = read(wide, 1 / steps[::-1], (steps**s * (1 + c * steps))[::-1])
    assert (h.value, h.low, h.high) == pytest.approx((-n.value, -n.high, -n.low), abs=1e-9)


def random_points(rng):
    """A power of x with a correction of order 1/2, 1 or 2, seen with noise, and its order."""
    x = 2.0 ** (np.arange(rng.integers(5, 13)) + rng.integers(2, 6))
    s, q = rng.choice([-2, -1, -0.5, 1, 2]), rng.choice([0.5, 1, 2])
    y = np.exp(rng.normal()) * x**s * (1 + rng.uniform(-0.7, 1) * x**-q)
    noise = 10 ** rng.uniform(-3, -1)
    return x, y * (1 + noise * rng.normal(size=len(x))), noise * y, s


def test_intervals_miss_no_more_often_than_alpha():
    rng = np.random.default_rng(7)
    runs = [random_points(rng) for _ in range(1000)]
    intervals_miss_no_more_often_than_alpha(wide, runs, least=0.97, narrower=0.1)


@pytest.mark.parametrize(
    ("x", "y", "stderr", "says"),
    [
        (widths[:3], 1 / widths[:3], 0.0, "3 of 3 points stand clear of zero"),
        (widths, -1 / widths, 0.0, "below zero by more than its error"),
        (widths, -1 / widths, 0.1, "8 are not positive, and a signed y has no exponent"),
        (widths, np.ones(8), 1.0, "0 of 8 points stand clear of zero"),
        (np.arange(10.0, 20), 1 / np.arange(10.0, 20), 0.0, r"x spans a factor 1.9 "),
        (widths[::-1], 1 / widths, 0.0, "x is not increasing: 2048 comes after 4096"),
        (widths, 1 / widths[:7], 0.0, r"their shapes are \(8,\) and \(7,\)"),
    ],
)
def test_no_estimate_says_why(x, y, stderr, says):
    estimate = read(wide, x, y, stderr=stderr)
    assert estimate.problem is not None
    assert re.search(says, estimate.problem)
    assert wide.judge(-1.0, estimate).agreement is Agreement.UNRESOLVED


def test_no_estimate_says_what_would_settle_it():
    assert "more draws" in read(wide, widths, np.ones(8), stderr=1.0).settles
    assert read(wide, np.arange(10.0, 20), np.ones(10)).settles == "a wider range of x"


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"toward": "here"}, "toward='here'.*'infinity' .* or 'zero'"),
        ({"absolute": 0.0}, "has a margin of 0"),
        ({"exponent": math.nan}, "exponent=nan.*leave it out"),
        ({"because": ""}, "no reason for its margin"),
    ],
)
def test_a_rule_that_is_none_is_refused(fields, says):
    with pytest.raises(UsageError, match=says):
        Limit(**{"toward": "zero", "absolute": 0.1, "because": WHY, **fields})
