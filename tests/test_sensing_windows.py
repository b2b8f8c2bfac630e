"""Runs of real descent that show no law, or two: the rate comes out right or open, never wrong.

A law that has not begun to show by the end of a run is in no number of it, and what shows is read
(the last test): that runs are long enough is for the domain of a claim to ask, from the start.
"""

from functools import lru_cache

import numpy as np
import pytest

from lemmata.verify import backend, sensing_measure
from lemmata.verify.compare.base import Agreement
from lemmata.verify.compare.rate import Rate
from lemmata.verify.measurement import Series

pytestmark = pytest.mark.heavy

WRONG = (-0.33, -0.5, -1.0, -1.5, -1.75, -3.0)
ALPHA = 1e-6


def power(**more):
    return Rate(law="power", absolute=0.15, because="1/T against 1/T^2 differ by 1", **more)


def decay():
    return Rate(law="decay", relative=0.05, because="the rates here differ by factors")


def verdict(rule, value, series):
    return rule.judge(value, rule.estimate(series, ALPHA)).agreement


@lru_cache
def noise(lam: tuple[float, ...], steps: int, rate: float = 0.2) -> Series:
    """Symmetric descent with these noise eigenvalues, aligned, beside a signal at rest."""
    n = len(lam) + 1
    truth = np.diag([1.0, *([0.0] * (n - 1))])
    start = np.diag([1.0, *np.sqrt(lam)])
    with backend.precision():
        return sensing_measure.series(sensing_measure.symmetric([truth], [start], rate, steps))[0]


@lru_cache
def pairs(f: tuple[float, ...], g: tuple[float, ...], steps: int, sigma: float = 1.0) -> Series:
    """Asymmetric descent of noise pairs, aligned, beside a signal that starts at 0.1."""
    n = len(f) + 1
    truth = np.diag([sigma, *([0.0] * (n - 1))])
    start = np.diag([0.1, *f]), np.diag([0.1, *g])
    looks = np.unique(np.rint(np.geomspace(1, steps, 300)).astype(int))
    with backend.precision():
        return sensing_measure.series(sensing_measure.asymmetric([truth], [start], 0.2, looks))[0]


# 2 eta lambda T of the last look, from deep on the plateau to well beyond it
@pytest.mark.parametrize("reach", [1e-3, 0.1, 0.6, 2.0, 8.0, 30.0, 100.0, 1e3, 1e4])
def test_no_slope_but_minus_two_comes_of_a_plateau_and_what_follows(reach):
    series = noise((reach / (2 * 0.2 * 20_000),), 20_000)
    assert all(verdict(power(), wrong, series) is not Agreement.AGREES for wrong in WRONG)
    right = verdict(power(), -2, series)
    assert right is not Agreement.DISAGREES
    assert right is (Agreement.AGREES if reach >= 1000 else Agreement.UNRESOLVED)
    assert verdict(power(), 0, series) is not Agreement.AGREES
    assert verdict(decay(), 1e-3, series) is not Agreement.AGREES


# One eigenvalue has faded when the next leaves its plateau.
@pytest.mark.parametrize("ratio", [3e-1, 1e-1, 1e-2, 1e-3, 1e-4])
@pytest.mark.parametrize("steps", [300, 3000, 30_000])
def test_two_regimes_come_out_right_or_open(ratio, steps):
    series = noise((0.5, 0.5 * ratio), steps)
    assert all(verdict(power(), wrong, series) is not Agreement.AGREES for wrong in WRONG)
    assert verdict(power(), -2, series) is not Agreement.DISAGREES
    # of one mode as of two: the constant is 1/4 or 2/4, and the first holds only for a while
    constant = power(exponent=-2.0)
    found = constant.estimate(Series(0.2 * series.x, series.y, bias=series.bias), ALPHA)
    late = 2 * 0.2 * 0.5 * ratio * steps
    if found.problem is None and late > 1:  # before, the second mode is a constant below the first
        assert found.low <= 0.5 <= found.high


# The rate is that of the slower mode, 2 c as far as eta is small; early on the faster one shows.
@pytest.mark.parametrize("steps", [100, 200, 400, 1000, 4000, 20_000])
@pytest.mark.parametrize("slow", [0.02, 0.05, 0.2])
def test_a_mixture_of_decays_gives_the_slower_rate_or_none_once_it_shows(steps, slow):
    c = (0.3, slow)
    series = pairs(tuple(np.sqrt(c)), (1e-2, 1e-5), steps)
    rule = decay()
    found = rule.estimate(series, ALPHA)
    if found.problem is not None:
        return
    # the larger factor ends on the square c, but for 1e-4 of it
    rates = -2 * np.log(1 - 0.2 * np.array(c))
    e = series.y[-1]
    # what the run has reached: below the slow mode's own plateau only the slow rate is left
    if e < (1e-5 * np.sqrt(slow)) ** 2 / 10:
        assert verdict(rule, rates[1], series) is not Agreement.DISAGREES
    assert verdict(rule, rates[0] / 2, series) is not Agreement.AGREES


def test_a_long_mixture_is_decided_and_its_wrong_rates_are_refuted():
    series = pairs((0.3**0.5, 0.05**0.5), (1e-2, 1e-2), 20_000)
    slow, fast = (-2 * np.log(1 - 0.2 * c) for c in (0.05, 0.3))
    assert verdict(decay(), slow, series) is Agreement.AGREES
    for wrong in (fast, slow / 2, 2 * slow, 0.0):
        assert verdict(decay(), wrong, series) is Agreement.DISAGREES
    assert verdict(power(), -2, series) is not Agreement.AGREES


# From almost balanced factors: 1/T^2 for long, and then an exponential.
@pytest.mark.parametrize("reach", [0.01, 0.1, 0.5, 1.0, 3.0, 10.0, 30.0])
def test_a_power_law_that_turns_into_an_exponential_is_neither_while_it_turns(reach):
    steps, p = 30_000, 0.2
    c = reach / (2 * 0.2 * steps)
    f = np.sqrt((c + np.sqrt(c**2 + 4 * p**2)) / 2)
    series = pairs((float(f),), (float(p / f),), steps)
    assert all(verdict(power(), wrong, series) is not Agreement.AGREES for wrong in WRONG)
    if reach >= 1:
        assert verdict(power(), -2, series) is not Agreement.AGREES
    rate = -2 * np.log(1 - 0.2 * c)
    assert verdict(decay(), rate, series) is not Agreement.DISAGREES
    assert verdict(decay(), 2 * rate, series) is not Agreement.AGREES


def test_a_run_into_rounding_is_read_above_it():
    series = pairs((0.3**0.5,), (1e-2,), 20_000)
    assert series.y[-1] < 1e-25
    assert verdict(decay(), -2 * np.log(1 - 0.2 * (0.3 - 1e-4)), series) is Agreement.AGREES


def test_a_run_that_leaves_is_open():
    series = noise((0.5,), 100, rate=1.0)
    wild = noise((0.5,), 100, rate=5.0)
    assert series.converged
    assert not wild.converged
    assert verdict(power(), -2, wild) is Agreement.UNRESOLVED


def test_a_mode_that_has_not_shown_by_the_end_is_not_seen_in_any_number_of_the_run():
    """Of the last error the slow mode is a hundred-thousandth: it is the fast rate that is read."""
    slow, fast = (-2 * np.log(1 - 0.2 * c) for c in (0.2, 0.3))
    both = pairs((0.3**0.5, 0.2**0.5), (1e-2, 1e-5), 100)
    alone = pairs((0.3**0.5,), (1e-2,), 100)
    np.testing.assert_allclose(both.y, alone.y, rtol=1e-4)
    assert verdict(decay(), fast, both) is Agreement.AGREES
    assert verdict(decay(), slow, both) is Agreement.DISAGREES
