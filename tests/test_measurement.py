"""Measurements: their bounds, and batches taken apart."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from lemmata.verify.accuracy import Accuracy
from lemmata.verify.measurement import Count, Exact, Measurement, Series, as_batch

draws = hnp.arrays(float, st.integers(2, 30), elements=st.floats(-1e6, 1e6))


@given(draws)
def test_the_mean_of_draws_has_its_standard_error(y):
    mean = Measurement.mean(y, bias=0.5)
    n = len(y)
    assert mean.value == pytest.approx(sum(y) / n, rel=1e-12, abs=1e-9)
    spread = sum((z - mean.value) ** 2 for z in y) / (n - 1)
    usual = math.sqrt(spread / n)
    third, width = abs(sum((z - mean.value) ** 3 for z in y)) / n, spread * (n - 1) / n
    skewed = third / width**1.5 if width > 0 and width**1.5 > 0 else 0.0
    assert mean.stderr == pytest.approx(usual * (1 + 2 * skewed / math.sqrt(n)), rel=1e-6, abs=1e-9)
    assert (mean.dof, mean.bias) == (n - 1, 0.5)


def test_draws_along_the_last_axis_make_a_batch():
    y = np.random.default_rng(0).normal(size=(5, 40))
    for row, one in zip(y, Measurement.mean(y).split(5), strict=True):
        alone = Measurement.mean(row)
        assert one.value == pytest.approx(alone.value)
        assert one.stderr == pytest.approx(alone.stderr)
        assert one.dof == 39


@pytest.mark.parametrize("y", [[1.0], [], 1.0])
def test_too_few_draws_have_no_standard_error(y):
    with pytest.raises(ValueError, match=r"[01] draws give no standard error; take at least 2"):
        Measurement.mean(y)


@given(st.floats(-1e6, 1e6), st.floats(-1e6, 1e6))
def test_a_bracket_is_its_midpoint_and_half_its_width(a, b):
    bracket = Measurement.bracket(a, b)
    assert bracket.bias >= 0
    assert bracket.value - bracket.bias == pytest.approx(min(a, b), abs=1e-9)
    assert bracket.value + bracket.bias == pytest.approx(max(a, b), abs=1e-9)
    assert bracket.stderr == 0


def test_a_batch_is_split_along_its_leading_axis_and_shares_the_rest():
    batch = Measurement(
        np.array([1.0, 2.0, 3.0]), stderr=0.1, bias=np.array([0.0, 0.1, 0.2]),
        converged=np.array([True, False, True]), note=["", "stuck", ""],
        arrays={"path": np.arange(6).reshape(3, 2), "times": np.arange(2)},
    )  # fmt: skip
    parts = batch.split(3)
    assert [(m.value, m.stderr, m.bias) for m in parts] == [
        (1.0, 0.1, 0.0), (2.0, 0.1, 0.1), (3.0, 0.1, 0.2),
    ]  # fmt: skip
    assert [m.converged for m in parts] == [True, False, True]
    assert [m.note for m in parts] == ["", "stuck", ""]
    assert parts[1].arrays["path"].tolist() == [2, 3]
    assert parts[1].arrays["times"].tolist() == [0, 1]


@pytest.mark.parametrize("length", [1, 2, 7])
def test_the_arrays_of_a_single_point_stay_whole(length):
    (alone,) = as_batch(Measurement(1.0, arrays={"path": np.zeros((length, 3))}), 1, "f")
    assert alone.arrays["path"].shape == (length, 3)


def test_series_are_split_by_rows():
    batch = Series(np.arange(1, 5), np.arange(12).reshape(3, 4), stderr=0.5)
    parts = batch.split(3)
    assert [part.y.tolist() for part in parts] == [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9, 10, 11]]
    assert all(part.x.tolist() == [1, 2, 3, 4] and part.stderr == 0.5 for part in parts)


def test_counts_and_exact_values_are_split():
    assert [c.successes for c in Count(np.array([1, 2]), 10).split(2)] == [1, 2]
    assert [e.value for e in Exact(7).split(1)] == [7]


@pytest.mark.parametrize("shape", [(4,), (3, 1), (1, 3)])
def test_a_batch_of_the_wrong_shape_is_explained(shape):
    with pytest.raises(ValueError, match=r"a batch of 3 points.*shape.*leading axis of length 3"):
        Measurement(np.zeros(shape)).split(3)


def test_too_few_notes_are_counted():
    with pytest.raises(ValueError, match="a batch of 3 points was measured, with 2 notes"):
        Measurement(np.zeros(3), note=["a", "b"]).split(3)


@pytest.mark.parametrize("result", [1.5, None, [1.5, 2.5], np.zeros(2), "1.5", (Measurement, 1)])
def test_a_bare_number_is_no_measurement(result):
    with pytest.raises(TypeError, match=r"`speed` returned .*return a Measurement\(value, stderr"):
        as_batch(result, 2, "speed")


def test_a_list_of_measurements_serves_as_a_batch():
    ones = [Measurement(1.0), Measurement(2.0)]
    assert as_batch(ones, 2, "f") == ones
    with pytest.raises(ValueError, match="`f` returned 2 measurements for 3 points"):
        as_batch(ones, 3, "f")


@given(st.integers(1, 10**6), st.floats(0.01, 100))
def test_effort_multiplies_draws_and_steps_by_its_root(base, effort):
    accuracy = Accuracy(effort)
    assert accuracy.draws(base) == max(1, round(base * effort))
    assert base <= accuracy.steps(base) <= 4 * base
    assert accuracy.steps(base) <= max(base, round(base * math.sqrt(effort)))


def test_the_same_look_draws_the_same_and_another_does_not():
    first, same, other = Accuracy(1, (1, 2)), Accuracy(4, (1, 2)), Accuracy(1, (1, 3))
    assert first.rng.random() == same.rng.random() != other.rng.random()


def test_jax_keys_tell_looks_apart():
    import jax

    first, same, other = (jax.random.uniform(Accuracy(1, e).key) for e in [(1,), (1,), (2,)])
    assert first == same != other


def test_the_runs_of_a_batch_of_series_stay_with_their_points():
    runs = np.arange(24.0).reshape(2, 3, 4)
    x = np.arange(1.0, 5)
    batch = Series(x, runs.mean(axis=1), stderr=1.0, runs=runs)

    first, second = batch.split(2)

    assert np.array_equal(first.runs, runs[0])
    assert np.array_equal(second.runs, runs[1])
    assert Series(x, x).split(1)[0].runs is None


def test_a_missing_value_is_no_number():
    with pytest.raises(TypeError, match=r"Measurement.value is None"):
        Measurement(None).split(1)
