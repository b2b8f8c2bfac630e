"""Functions carried to zero: within the error, or with an infinite one."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lemmata.solvers.to_zero import to_zero

DISTANCES = np.array([0.02, 0.03, 0.045, 0.065, 0.09, 0.12])


def pole(x, s):
    return 1 / (1 + s * x), 1.0, -s


def root(x, s):
    return np.sqrt(1 + s * x), 1.0, s / 2


def wave(x, s):
    s = min(s, 60.0)  # what turns faster than the points can follow, no points can tell
    return np.cos(0.3 * s * x) + np.sin(s * x), 1.0, s


def bend(x, s):
    return 2 / (1 + np.sqrt(1 + 4 * s * x)), 1.0, -s


def gone(x, s):
    return 1 / x + s, np.nan, np.nan


@pytest.mark.parametrize("function", [pole, root, wave, bend])
@given(st.floats(-3, 4).map(lambda e: 10.0**e), st.floats(0.01, 10))
def test_what_is_given_a_finite_error_is_within_it(function, steepness, unit):
    x = unit * DISTANCES
    y, value, slope = function(DISTANCES, steepness)
    slope /= unit
    found = to_zero([x], [y], [1e-14 + 0 * x])
    assert abs(found.value[0] - value) <= found.value_error[0]
    assert abs(found.slope[0] - slope) <= found.slope_error[0]


@pytest.mark.parametrize(
    ("function", "steepness"), [(bend, 1e3), (bend, 1e4), (pole, 1e3), (gone, 1.0), (gone, 1e-3)]
)
def test_a_singularity_close_by_makes_the_error_infinite(function, steepness):
    found = to_zero([DISTANCES], [function(DISTANCES, steepness)[0]], [0 * DISTANCES])
    assert np.isinf(found.value_error[0])


@given(st.lists(st.floats(-5, 5), min_size=6, max_size=6))
def test_polynomials_are_carried_exactly_but_for_what_may_follow(coefficients):
    y = np.polyval(coefficients[::-1], DISTANCES)
    found = to_zero([DISTANCES], [y], [1e-14 + 0 * y])
    assert abs(found.value[0] - coefficients[0]) < 1e-9
    assert abs(found.slope[0] - coefficients[1]) < 1e-7


@given(st.integers(0, 2**32 - 1), st.floats(1e-9, 1e-3))
def test_errors_of_the_values_are_carried_along(seed, size):
    rng = np.random.default_rng(seed)
    y, value, slope = pole(DISTANCES, 2.0)
    error = size * rng.uniform(size=y.shape)
    found = to_zero([DISTANCES], [y + error * rng.uniform(-1, 1, y.shape)], [error])
    assert abs(found.value[0] - value) <= found.value_error[0]
    assert abs(found.slope[0] - slope) <= found.slope_error[0]
    assert found.value_error[0] < 300 * size + 1e-3


def test_each_row_stands_alone():
    x = np.stack([DISTANCES, 3 * DISTANCES, DISTANCES, DISTANCES])
    y = np.stack([pole(x[0], 1.0)[0], pole(x[1], 1.0)[0], np.nan * x[2], pole(x[3], 1.0)[0]])
    x[3, 0] = np.nan
    found = to_zero(x, y, 0 * y)
    assert np.isfinite(found.value_error).tolist() == [True, True, False, False]
    np.testing.assert_allclose(found.value[:2], 1.0, atol=1e-4)
    alone = to_zero(x[1:2], y[1:2], 0 * y[1:2])
    assert alone.value[0] == found.value[1]


@pytest.mark.parametrize(
    ("shapes", "text"),
    [
        (((2, 6), (2, 6), (2, 5)), r"shapes \(2, 6\), \(2, 6\) and \(2, 5\); give the same"),
        (((2, 4), (2, 4), (2, 4)), "m at least 5"),
        (((6,), (6,), (6,)), r"give the same \(n, m\) to all"),
    ],
)
def test_other_shapes_are_refused(shapes, text):
    with pytest.raises(ValueError, match=text):
        to_zero(*(np.ones(shape) for shape in shapes))
