"""Regimes of runs, on series made for each rule and against a slow reading of single runs."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from lemmata.solvers.regimes import (
    REGIMES,
    oscillatory,
    regimes,
    runaway_second_half,
    runaway_whole_run,
    second_half,
)

pytestmark = pytest.mark.heavy

T = np.arange(250)
#: unrelated to any frequency, and the same on every machine
ORDER = np.random.default_rng(7).permutation(250)


def waves(share):
    """A sum of five waves that swings by 0.1; the slowest one has this share of the power."""
    phases = np.outer([5, 20, 41, 63, 88], 2 * np.pi * T / 250) + np.arange(5)[:, None] ** 2
    samples = np.sqrt([share, *[(1 - share) / 4] * 4]) @ np.sin(phases)
    return 50 + np.rint(12 * samples / np.abs(samples).max())


def tail(samples):
    """A run at rest that ends like this."""
    samples = np.asarray(samples)
    return np.concatenate([np.full(len(samples), 20), samples])


def regime(counts, **options):
    return REGIMES[int(regimes(counts, 240, **options))]


@pytest.mark.parametrize(
    ("samples", "expected"),
    [
        (np.full(250, 20), "stable"),
        # A wave whose swing is 20 of 240, above 0.08, and 18 of 240 below; its deviation is 0.03.
        (20 + np.rint(10 * np.sin(T / 5)), "oscillatory"),
        (20 + np.rint(9 * np.sin(T / 5)), "stable"),
        # The same samples in no order have no frequency.
        (np.random.default_rng(0).permutation(20 + np.rint(10 * np.sin(T / 5))), "stable"),
        # One sample off is no frequency either, but above 0.12 it is a swing: 29 of 240 and not 28.
        (np.where(T == 100, 49, 20), "oscillatory"),
        (np.where(T == 100, 48, 20), "stable"),
        (waves(0.27), "oscillatory"),
        (waves(0.23), "stable"),
        # The fastest of all frequencies counts: two steps, among disorder.
        (40 + 6 * (-1) ** T + ORDER % 11, "oscillatory"),
        # In no order, and within a swing of 0.12: 90 of 250 high deviate by 0.04, and 91 by more.
        (np.where(ORDER < 91, 40, 20), "oscillatory"),
        (np.where(ORDER < 90, 40, 20), "stable"),
        (np.where(T == 100, 97, 20), "runaway"),
        (np.where(T == 100, 96, 20), "oscillatory"),
        (np.full(250, 96), "stable"),
        (np.full(250, 97), "runaway"),
        (np.full(250, 240), "runaway"),
    ],
)
def test_each_rule_on_a_series_made_for_it(samples, expected):
    assert regime(tail(samples)) == expected


def test_what_lies_on_a_threshold_does_not_exceed_it():
    # A swing of 0.12; then one of 0.08 in a single frequency, whose deviation is 0.04.
    shapes = np.stack([12 * (T == 200), 8 * (T % 2 == 0)])
    for agents in (25, 50, 100, 200):
        for level in range(agents // 4):
            on = level + shapes * agents // 100
            np.testing.assert_array_equal(oscillatory(on, agents), [False, False])
            above = on + (shapes > 0)
            np.testing.assert_array_equal(oscillatory(above, agents), [True, True])


def test_a_peak_in_the_first_half_is_runaway_by_the_whole_run_only():
    counts = np.full(500, 20)
    counts[249] = 97
    assert regime(counts) == "runaway"
    assert regime(counts, runaway=runaway_second_half) == "stable"
    counts[250] = 97
    assert regime(counts, runaway=runaway_second_half) == "runaway"


def test_of_an_odd_number_of_samples_the_second_half_has_the_middle_one():
    counts = np.full(9, 20)
    assert len(second_half(counts)) == 5
    counts[4] = 97
    assert runaway_second_half(counts, 240)
    assert oscillatory(counts, 240)
    counts[4], counts[3] = 20, 97
    assert not runaway_second_half(counts, 240)
    assert not oscillatory(counts, 240)


def test_thresholds_are_shares_that_can_be_moved():
    counts = tail(np.where(T == 100, 60, 20))
    assert not runaway_whole_run(counts, 240)
    assert runaway_whole_run(counts, 240, above=0.249)
    assert not runaway_second_half(counts, 240, above=0.25)
    assert runaway_second_half(counts, 140)


def read_slowly(counts, agents):
    """The regime of one run, its sums written out and its thresholds as fractions."""
    half = counts[len(counts) // 2 :]
    swing, n = Fraction(max(half) - min(half), agents), len(half)
    mean = Fraction(sum(half), n)
    variance = sum((x - mean) ** 2 for x in half) / n / agents**2
    power = []
    for k in range(1, n // 2 + 1):
        angles = 2 * np.pi * k * np.arange(n) / n
        away = [float(x - mean) for x in half]
        power.append(np.dot(away, np.cos(angles)) ** 2 + np.dot(away, np.sin(angles)) ** 2)
    share = max(power) / sum(power) if swing else 0.0
    assume(abs(share - 0.25) > 1e-9)
    if max(counts) > Fraction(2, 5) * agents:
        return "runaway"
    swings = share > 0.25 and swing > Fraction(2, 25)
    swings = swings or swing > Fraction(3, 25) or variance > Fraction(1, 25) ** 2
    return "oscillatory" if swings else "stable"


@given(
    st.sampled_from([25, 100, 240, 7]),
    hnp.array_shapes(min_dims=2, max_dims=2, min_side=4, max_side=24),
    st.data(),
)
def test_many_runs_are_what_a_slow_reading_says_of_each(agents, shape, data):
    # Samples lie around the thresholds: a level, and a range of about 0.12 above it.
    level = data.draw(st.integers(0, agents // 2))
    reach = data.draw(st.integers(0, agents // 7 + 1))
    samples = st.integers(level, level + reach)
    counts = data.draw(hnp.arrays(np.int16, shape, elements=samples))
    found = regimes(counts, agents)
    assert found.shape == shape[:1]
    for run, number in zip(counts.tolist(), found, strict=True):
        assert REGIMES[number] == read_slowly(run, agents)


@given(
    hnp.arrays(np.int16, (5, 11), elements=st.integers(0, 240)), st.floats(0, 1, exclude_max=True)
)
def test_runaway_in_the_second_half_is_runaway(counts, above):
    whole = runaway_whole_run(counts, 240, above)
    assert np.all(whole | ~runaway_second_half(counts, 240, above))
    np.testing.assert_array_equal(whole, (counts / 240 > above).any(axis=-1))


def test_two_samples_are_enough():
    assert runaway_second_half([20, 97], 240)
    assert not runaway_second_half([97, 20], 240)
    assert not oscillatory([20, 60], 240)


def test_any_axes_may_lead():
    counts = np.random.default_rng(1).integers(0, 120, (2, 3, 40), dtype=np.int16)
    counts[1] //= 8
    each = [[int(regimes(run, 240)) for run in runs] for runs in counts]
    np.testing.assert_array_equal(regimes(counts, 240), each)
    assert regimes(counts[:0], 240).shape == (0, 3)


@pytest.mark.parametrize("reading", [runaway_whole_run, runaway_second_half, oscillatory, regimes])
@pytest.mark.parametrize(
    ("counts", "agents", "text"),
    [
        ([1, 2, 3, 4], 0, "agents=0: give the whole number of agents, at least 1"),
        ([1, 2, 3, 4], 240.0, "agents=240.0: give the whole number"),
        ([1, 2, 3, 4], True, "agents=True: give the whole number"),
        ([1, 2, 3, 241], 240, "counts lie between 1 and 241; there are 240 agents"),
        ([1, np.nan, 3, 4], 240, "counts lie between nan and nan; there are 240 agents"),
        ([1, 2, 3, -1], 240, "counts lie between -1 and 3; there are 240 agents"),
        ([1, 2.5, 3, 4], 240, "counts are not whole: give how many agents are radical, not their"),
        ([1, 2, 3j, 4], 240, "counts are of type complex128; give numbers of agents"),
        (["1", "2"], 240, "counts are of type <U1; give numbers of agents"),
        (7, 240, r"counts have shape \(\); give runs of at least 2 samples"),
        ([[1], [2]], 240, r"counts have shape \(2, 1\); give runs of at least 2 samples"),
    ],
)
def test_wrong_counts_are_named(reading, counts, agents, text):
    with pytest.raises(ValueError, match=text):
        reading(counts, agents)


@pytest.mark.parametrize("runaway", [runaway_whole_run, runaway_second_half])
@pytest.mark.parametrize("above", [40, 1.0, -0.1, float("nan"), "0.4", False])
def test_a_threshold_that_is_no_share_is_refused(runaway, above):
    with pytest.raises(ValueError, match="a threshold is a share of at least 0 and below 1"):
        runaway(np.zeros((2, 10)), 240, above)
