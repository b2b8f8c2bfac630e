"""One event more often than another: exact intervals from runs that saw both."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import multinomial

from lemmata.verify.compare.base import Agreement
from lemmata.verify.compare.difference import Difference
from lemmata.verify.compare.quantiles import paired_difference
from lemmata.verify.errors import UsageError
from lemmata.verify.measurement import Measurement, Paired

more = Difference(side="at least", absolute=0.1, because="a test")


def _judge(rule, predicted, measured, alpha=1e-3):
    return rule.judge(predicted, rule.estimate(measured, alpha))


@pytest.mark.parametrize("alpha", [0.05, 1e-3])
@pytest.mark.parametrize("n", [1, 5, 20])
def test_the_interval_covers_at_least_as_often_as_it_says_however_the_events_depend(n, alpha):
    counts = [(i, j) for i in range(n + 1) for j in range(n + 1 - i)]
    low, high = np.transpose([paired_difference(i, j, n, alpha) for i, j in counts])
    for first in np.linspace(0, 1, 11):
        for second in np.linspace(0, 1 - first, 6):
            rest = max(1 - first - second, 0.0)
            weights = multinomial.pmf(
                [(i, j, n - i - j) for i, j in counts], n, [first, second, rest]
            )
            difference = first - second
            missed = (difference < low - 1e-12) | (high + 1e-12 < difference)
            assert weights[missed].sum() <= alpha * (1 + 1e-6)


@given(st.integers(0, 50), st.integers(0, 50), st.integers(0, 100))
def test_swapping_the_events_turns_the_interval_round(i, j, neither):
    n = i + j + neither + 1
    low, high = paired_difference(i, j, n, 1e-3)

    assert low <= (i - j) / n <= high
    assert paired_difference(j, i, n, 1e-3) == (-high, -low)


def test_a_margin_that_nothing_exceeds_is_refused():
    with pytest.raises(UsageError, match=r"absolute=1.0.*nothing could be refuted"):
        Difference(side="at least", absolute=1.0, because="a test")


def test_pairs_are_counted_run_by_run():
    first = np.array([[1, 1, 0, 0], [1, 0, 0, 0]], dtype=bool)
    second = np.array([[1, 0, 1, 1], [0, 0, 0, 0]], dtype=bool)

    pairs = Paired.of(first, second)

    assert [(one.only_first, one.only_second, one.trials) for one in pairs.split(2)] == [
        (1, 2, 4), (1, 0, 4),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("first", "second"),
    [([1, 0], [True, False]), ([True], [True, False]), (True, False)],
)
def test_what_are_no_events_of_the_same_runs_is_refused(first, second):
    with pytest.raises(TypeError, match="give truth values, run by run, of the same runs"):
        Paired.of(first, second)


def test_many_pairs_decide_and_few_do_not():
    assert _judge(more, 0.0, Paired(300, 300, 10_000)).agreement is Agreement.AGREES
    assert _judge(more, 0.0, Paired(300, 3000, 10_000)).agreement is Agreement.DISAGREES
    assert _judge(more, 0.0, Paired(3, 3, 10)).agreement is Agreement.UNRESOLVED
    less = Difference(side="at most", absolute=0.1, because="a test")
    assert _judge(less, 0.0, Paired(3000, 300, 10_000)).agreement is Agreement.DISAGREES


@pytest.mark.parametrize(
    ("pairs", "reason"),
    [
        (Paired(0, 0, 0), "0 runs say nothing"),
        (Paired(2, 2, 3), "2 and 2 of 3 runs are no counts"),
        (Paired(-1, 0, 3), "-1 and 0 of 3 runs are no counts"),
        (Paired(0.5, 0, 3), "0.5 and 0 of 3 runs are no counts"),
        (Paired(float("nan"), 0, 3), "nan and 0 of 3 runs are no counts"),
    ],
)
def test_impossible_pairs_are_unresolved(pairs, reason):
    found = _judge(more, 0.0, pairs)
    assert (found.agreement, found.reason) == (Agreement.UNRESOLVED, reason)


def test_another_side_or_measurement_is_refused():
    with pytest.raises(UsageError, match=r"Difference\(side='over'\): a side is 'at most' or"):
        Difference(side="over", absolute=0.1, because="a test")  # pyright: ignore
    with pytest.raises(TypeError, match=r"Difference decides a Paired, but .* a Measurement"):
        _judge(more, 0.0, Measurement(0.5))
