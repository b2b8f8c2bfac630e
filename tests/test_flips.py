"""Bracketing of flips: known flips, uncertain ones, none, several, and values of nan."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lemmata.solvers.flips import Reason, bracket_flips

pytestmark = pytest.mark.heavy

positions = st.lists(st.floats(0.11, 9.5), min_size=1, max_size=6)


def sharp(flips):
    return lambda x: (np.log(x / flips), np.zeros_like(x))


def search(growth, n, **options):
    options = {"relative": 1e-6, **options}
    return bracket_flips(growth, np.full(n, 0.1), np.full(n, 10.0), **options)


@given(positions)
def test_a_known_flip_is_bracketed(where):
    where = np.array(where)
    found = search(sharp(where), len(where))

    assert found.ok.all()
    assert (found.reason == Reason.FOUND).all()
    assert (found.lo <= where).all()
    assert (where <= found.hi).all()
    assert (found.hi - found.lo <= 1e-6 * (found.lo + found.hi) / 2).all()


@given(positions, st.floats(1e-7, 0.3), st.floats(-1, 1))
def test_an_uncertain_zone_is_never_entered(where, zone, skew):
    """The ends stay where the sign was certain, even if the uncertain zone is off the flip."""
    where = np.array(where)
    centre = np.log(where) + skew * zone

    def growth(x):
        return np.log(x / where), np.where(np.abs(np.log(x) - centre) <= zone, np.inf, 0.0)

    found = search(growth, len(where), relative=1e-3)
    seen = ~np.isnan(found.lo)
    for end in (found.lo[seen], found.hi[seen]):
        assert (np.abs(np.log(end) - centre[seen]) > zone).all()
    assert (found.lo[seen] < where[seen]).all()
    assert (where[seen] < found.hi[seen]).all()
    assert not found.converged[seen].any() or 2 * zone <= 1e-3
    assert np.isin(found.reason, [Reason.FOUND, Reason.UNCERTAIN, Reason.NONE]).all()


def test_an_uncertain_middle_does_not_end_the_search():
    middle = np.sqrt(0.1 * 10)

    def growth(x):
        return np.log(x / 2.0), np.where(np.abs(x - middle) < 1e-3, np.inf, 0.0)

    found = search(growth, 1, points=2)

    assert found.ok.all()
    assert found.lo[0] <= 2.0 <= found.hi[0]


def test_a_bracket_around_uncertainty_is_nearly_as_narrow_as_it():
    def growth(x):
        return np.log(x), np.full_like(x, 0.01)

    found = search(growth, 1)

    assert found.reason[0] == Reason.UNCERTAIN
    assert 0.02 <= np.log(found.hi / found.lo)[0] <= 0.03


@given(positions)
def test_the_other_direction_is_no_flip(where):
    where = np.array(where)
    found = search(lambda x: (np.log(where / x), np.zeros_like(x)), len(where))

    assert (found.flips == 1).all()
    assert not found.ok.any()
    assert np.isnan(found.lo).all()
    assert (found.reason == Reason.NONE).all()


def test_lanes_end_for_their_own_reasons():
    def growth(x):
        values = np.stack([np.log(x[0]), 1.0, -1.0, np.sin(2 * np.log(x[3]) + 3), np.nan, 0.0])
        return values, np.zeros(6)

    found = search(growth, 6, points=40)

    assert list(found.flips) == [1, 0, 0, 3, 0, 0]
    assert list(found.converged) == [True, False, False, True, False, False]
    assert list(found.ok) == [True, False, False, False, False, False]
    assert found.reason[3] == Reason.SEVERAL
    assert (found.reason[[1, 2, 4, 5]] == Reason.NONE).all()
    assert found.hi[3] < 1  # the first of them


@given(st.integers(0, 15))
def test_nan_is_never_a_sign(hole):
    grid = np.geomspace(0.1, 10, 16)

    def growth(x):
        near = np.abs(np.log(x / grid[hole])) < 1e-3
        return np.where(near, np.nan, np.log(x / 1.7)), np.zeros_like(x)

    found = search(growth, 1)

    assert found.ok.all()
    assert found.lo[0] <= 1.7 <= found.hi[0]


def test_an_error_of_nan_or_infinity_is_never_a_sign():
    for error in (np.nan, np.inf):
        found = search(lambda x, e=error: (np.log(x), np.full_like(x, e)), 2)
        assert (found.flips == 0).all()


def test_every_call_has_the_full_shape_and_finite_points():
    shapes = []

    def growth(x):
        shapes.append(x.shape)
        assert np.isfinite(x).all()
        return np.log(x / np.array([0.2, 3.0, 100.0])), np.zeros(3)

    found = search(growth, 3)

    assert set(shapes) == {(3,)}
    assert found.evaluations == len(shapes) < 45


def test_steps_can_run_out():
    found = search(sharp(np.array([1.3])), 1, max_steps=3)

    assert found.reason[0] == Reason.STEPS
    assert found.lo[0] < 1.3 < found.hi[0]


def test_a_lane_of_nan_is_left_out():
    found = bracket_flips(
        sharp(np.array([1.0, 1.0])), np.array([0.1, np.nan]), np.array([9.0, np.nan]), relative=1e-3
    )

    assert list(found.ok) == [True, False]


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"lo": np.array([0.0])}, r"lane 0 has lo=.*give 0 < lo < hi"),
        ({"hi": np.array([0.5])}, r"lane 0 has lo=.*give 0 < lo < hi"),
        ({"hi": np.ones(2)}, r"one shape \(n,\)"),
        ({"relative": 0.0}, "`relative=0.0` must be positive"),
        ({"points": 1}, "`points=1` must be at least 2"),
        ({"growth": lambda x: (1.0, 0.0)}, r"returned shapes \(\) and \(\)"),
        ({"growth": lambda x: (x, -x)}, "negative error"),
    ],
)
def test_wrong_arguments_are_named(wrong, message):
    good = {"growth": sharp(2.0), "lo": np.ones(1), "hi": np.full(1, 3.0), "relative": 1e-3}
    with pytest.raises(ValueError, match=message):
        bracket_flips(**(good | wrong))
