"""Crossings of the imaginary axis, along one parameter and as curves: against closed forms."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import brentq

from lemmata.solvers import hopf_points as module
from lemmata.solvers.hopf_curve import hopf_curve
from lemmata.solvers.hopf_points import hopf_points
from lemmata.solvers.linear_delay import Gamma, LinearDelay, Window

pytestmark = pytest.mark.heavy


def hayes(a, b):
    return LinearDelay([a, b], [0.0, 1.0])


def oscillator(lag, gain, friction=0.3):
    own, fed = [[0, 1], [-1, -friction]], [[0, 0], [gain, 0]]
    return LinearDelay([own, fed], [0.0, lag])


def switches(gain, friction, longest):
    """(lag, w, direction) where 1 - w^2 + i friction w = gain exp(-i w lag)."""
    inner = np.sqrt((2 - friction**2) ** 2 / 4 - (1 - gain**2))
    for sign in (1, -1):
        w = np.sqrt((2 - friction**2) / 2 + sign * inner)
        phase = -np.angle((1 - w**2 + 1j * friction * w) / gain) % (2 * np.pi)
        for lag in np.arange(phase / w, longest, 2 * np.pi / w):
            yield lag, w, 2 * sign


@settings(max_examples=8)
@given(a=st.floats(-2, 0.8))
def test_hayes_equation_crosses_where_it_should(a):
    found = hopf_points(lambda b: hayes(a, b), -6.0, 4.0)
    # b = -a at 0; else a = w cot w and b = -w / sin w, with one w in each (k pi, (k + 1) pi).
    exact = {0.0: (-a, 1)}
    for k in range(3):
        ends = (k * np.pi + 1e-9, (k + 1) * np.pi - 1e-9)
        w = brentq(lambda w: w * np.cos(w) - a * np.sin(w), *ends, xtol=1e-15)
        if -6 < (b := -w / np.sin(w)) < 4:
            exact[w] = (b, -2 if k % 2 == 0 else 2)

    assert not found.undecided
    assert len(found.points) == len(exact)
    for point in found.points:
        w = min(exact, key=lambda w: abs(w - point.omega))
        b, direction = exact[w]
        assert abs(point.parameter - b) <= point.error + 1e-13
        assert abs(point.omega - w) <= point.omega_error + 1e-13
        assert point.direction == direction
        assert point.error < 1e-10


def test_all_switches_of_an_oscillator_are_found_both_ways():
    found = hopf_points(lambda lag: oscillator(lag, 0.5), 0.1, 12.0)
    exact = sorted(switches(0.5, 0.3, 12.0))

    assert not found.undecided
    assert len(found.points) == len(exact) == 3
    for point, (lag, w, direction) in zip(found.points, exact, strict=True):
        assert abs(point.parameter - lag) <= point.error
        assert abs(point.omega - w) <= point.omega_error
        assert point.direction == direction
    assert found.unstable == (0, 2)


def test_a_window_crosses_where_it_should():
    found = hopf_points(
        lambda T: LinearDelay([0.0], [0.0], (Window(lambda s: -1 / T, 0, T),)), 2.0, 7.0
    )
    (point,) = found.points

    assert abs(point.parameter - np.pi**2 / 2) <= point.error < 1e-9
    assert abs(point.omega - np.pi / point.parameter) <= point.omega_error + point.error
    assert (point.direction, found.undecided, found.unstable) == (2, (), (0, 2))


def test_a_gamma_kernel_crosses_where_it_should():
    # i w (1 + i w / r)^4 = -c: pi / 2 + 4 atan(w / r) = pi, and c = w (1 + (w / r)^2)^2.
    found = hopf_points(lambda c: LinearDelay([0.0], [0.0], (Gamma(-c, 4, 5.0),)), 0.1, 20.0)
    w = 5 * np.tan(np.pi / 8)
    (point,) = found.points

    assert not found.undecided
    assert abs(point.parameter - w * (1 + w**2 / 25) ** 2) <= point.error < 1e-11
    assert abs(point.omega - w) <= point.omega_error


def test_a_root_that_stays_on_the_axis_leaves_everything_undecided():
    found = hopf_points(lambda a: hayes(a, -a), -1.1, 0.8, cells=40)

    assert found == ((), ((-1.1, 0.8),), (None, None))


def test_a_pair_that_comes_and_goes_between_equal_counts_is_found():
    found = hopf_points(lambda e: hayes(0.0, -np.pi / 2 + e**2 - 1e-4), -1.0, 1.1)

    assert not found.undecided
    assert found.unstable == (0, 0)
    assert [point.direction for point in found.points] == [2, -2]
    assert np.allclose([point.parameter for point in found.points], [-0.01, 0.01], atol=1e-12)


@pytest.mark.parametrize("sign", [1, -1])
def test_a_pair_that_only_touches_the_axis_is_undecided(sign):
    found = hopf_points(lambda e: hayes(0.0, -np.pi / 2 - sign * e**2), -1.0, 1.1, cells=300)

    assert len(found.undecided) == 1
    low, high = found.undecided[0]
    assert low <= 0 <= high
    assert high - low < 1e-4


@pytest.mark.parametrize("range_", [(0.3, 2.1), (0.37, 1.71)])
@pytest.mark.parametrize(
    "system_of",
    [
        lambda p: hayes(0.0, -np.pi / 2 + (p - 1) ** 2),
        lambda p: hayes(-1.0, 1 - (p - 1) ** 2),
    ],
)
def test_a_root_that_only_touches_the_axis_is_no_crossing(system_of, range_):
    found = hopf_points(system_of, *range_)

    assert not found.points
    assert len(found.undecided) == 1
    low, high = found.undecided[0]
    assert low <= 1 <= high
    assert high - low < 1e-3
    assert found.unstable[0] == found.unstable[1]


@pytest.mark.parametrize("at", ["inside", "at the end"])
def test_a_crossing_is_listed_wherever_it_is(at):
    found = hopf_points(lambda b: hayes(0.0, -b), 0.5, 3.0 if at == "inside" else np.pi / 2)
    (point,) = found.points

    assert abs(point.parameter - np.pi / 2) <= point.error + 1e-15
    assert point.direction == 2


def test_equal_pairs_that_cross_at_once_are_undecided():
    both = np.stack([np.zeros((2, 2)), np.diag([-1.0, -1.0])])
    found = hopf_points(lambda b: LinearDelay([both[0], b * both[1]], [0.0, 1.0]), 1.0, 2.0)

    # Equal roots have no derivative to follow.
    assert len(found.undecided) == 1
    assert found.undecided[0][0] <= np.pi / 2 <= found.undecided[0][1]
    assert found.unstable == (0, 4)


def test_nothing_is_found_where_nothing_crosses():
    assert hopf_points(lambda b: hayes(-2.0, b), -1.5, 1.5) == ((), (), (0, 0))


def test_a_crossing_that_is_not_found_leaves_its_interval_undecided(monkeypatch):
    monkeypatch.setattr(module, "_to_axis", lambda *_: None)
    found = hopf_points(lambda b: hayes(0.0, b), -2.0, -1.0, cells=200)

    assert not found.points
    assert found.undecided[0][0] <= -np.pi / 2 <= found.undecided[0][1]


def test_a_wrong_direction_is_noticed_by_the_counts(monkeypatch):
    honest = module._to_axis

    def wrong(*args):
        found = honest(*args)
        return found and (found[0]._replace(direction=-found[0].direction), found[1])

    monkeypatch.setattr(module, "_to_axis", wrong)
    found = hopf_points(lambda b: hayes(0.0, b), -2.0, -1.0)

    assert found.undecided[0][0] <= -np.pi / 2 <= found.undecided[0][1]


def test_the_range_must_increase():
    with pytest.raises(ValueError, match=r"from lo=1\.0 to hi=1\.0 must increase"):
        hopf_points(lambda b: hayes(0.0, b), 1.0, 1.0)


def test_the_first_curve_of_hayes_equation():
    curve = hopf_curve(hayes, (0.0, -1.5, 1.5), ((-6, 2), (-6, 3)))
    w = curve.omega

    assert curve.ends == ("omega = 0", "the edge of the box")
    assert np.abs(curve.x - w / np.tan(w)).max() < 1e-9
    assert np.abs(curve.y + w / np.sin(w)).max() < 1e-9
    assert np.hypot(curve.x[0] - 1, curve.y[0] + 1) < 1e-9  # the double zero
    assert abs(curve.y[-1] + 6) < 1e-12
    assert (curve.error < 1e-9).all()
    assert (np.diff(w) > 0).all()


def test_the_line_of_real_roots_of_hayes_equation():
    curve = hopf_curve(hayes, (0.0, 0.1, 0.0), ((-3, 2), (-3, 4)))

    assert curve.ends == ("the edge of the box",) * 2
    assert np.abs(curve.x + curve.y).max() < 1e-13
    assert not curve.omega.any()
    assert {-3.0, 2.0} == {round(x, 12) for x in curve.x[[0, -1]]}


def test_a_curve_is_followed_through_its_folds():
    # In (lag, gain) the curve of the oscillator turns back where |1 - w^2 + i friction w| is least.
    curve = hopf_curve(oscillator, (7.8313, 0.5, 0.743), ((0.1, 20), (0, 0.9)))
    turns = np.flatnonzero(np.diff(np.sign(np.diff(curve.y))))
    least = np.abs(1 - curve.omega**2 + 0.3j * curve.omega)

    assert curve.ends == ("the edge of the box",) * 2
    assert np.abs(curve.y - least).max() < 1e-12
    assert len(turns) == 1
    assert abs(curve.y.min() - 0.3 * np.sqrt(1 - 0.3**2 / 4)) < 1e-3


def test_a_closed_curve_closes():
    def circle(x, y):
        growth = x**2 + y**2 - 1
        return LinearDelay([[[growth, -2.0], [2.0, growth]]], [0.0])

    curve = hopf_curve(circle, (1.0, 0.0, 2.0), ((-2, 2), (-2, 2)))

    assert curve.ends == ("closed", "closed")
    assert np.abs(np.hypot(curve.x, curve.y) - 1).max() < 1e-12
    assert np.allclose([curve.x[0], curve.y[0]], [curve.x[-1], curve.y[-1]])
    assert abs(np.unwrap(np.arctan2(curve.y, curve.x))[-1]) > 6.28


def test_a_curve_may_run_out_of_points():
    curve = hopf_curve(hayes, (0.0, -1.5, 1.5), ((-6, 2), (-6, 3)), points=3)

    assert curve.ends == ("3 points; raise `points` or `step`",) * 2
    assert len(curve.x) == 7


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"box": ((1, 1), (0, 1))}, "must be two increasing ranges"),
        ({"step": 0.0}, r"`step=0\.0` in \(0, 1\)"),
        ({"start": (-1.9, 5.0, 0.3)}, r"no point of the curve near `start=\(-1\.9"),
    ],
)
def test_wrong_curves_are_named(change, message):
    good = {"start": (0.0, -1.5, 1.5), "box": ((-2, 2), (-3, 3)), "step": 0.02}
    system_of = (lambda x, y: LinearDelay([-1.0], [0.0])) if "start" in change else hayes
    with pytest.raises(ValueError, match=message):
        hopf_curve(system_of, **(good | change))
