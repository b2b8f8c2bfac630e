"""Windows: which stretch of a series counts, by its own points alone."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lemmata.verify.compare.points import (
    NoEstimate,
    Points,
    above_floor,
    columns,
    honest_noise,
    logarithms,
    longest_run,
    thinned,
)
from lemmata.verify.compare.window import (
    DECADE,
    RANGE,
    REACH,
    end_slope,
    local_slopes,
    shortfall,
    steady_from,
)
from lemmata.verify.measurement import Series

pytestmark = pytest.mark.heavy


def line(u, slope=-2.0, noise=0.0):
    return Points(u, 1 + slope * u, np.full_like(u, noise), np.zeros_like(u))


grids = st.lists(st.floats(0.02, 0.5), min_size=12, max_size=60).map(np.cumsum)


@given(u=grids, slope=st.floats(-5, 5))
def test_local_slopes_of_a_line_are_its_slope(u, slope):
    found = local_slopes(u, 3 + slope * u, np.zeros_like(u), 0.3)
    assert found.slope == pytest.approx(slope, abs=1e-8)
    assert found.stderr == pytest.approx(0, abs=1e-12)


def test_local_slopes_are_those_of_a_fit_by_hand():
    u = np.linspace(0, 5, 51)
    v = np.sin(u)
    found = local_slopes(u, v, np.full(51, 0.01), 0.35)
    near = slice(17, 24)  # u within 0.35 of 2
    slope, cov = np.polyfit(u[near], v[near], 1, cov="unscaled")
    assert found.slope[20] == pytest.approx(slope[0])
    assert found.stderr[20] == pytest.approx(0.01 * np.sqrt(cov[0, 0]))


@given(u=grids, step=st.floats(0.05, 1))
def test_averaged_points_stay_on_their_line(u, step):
    thin = thinned(line(u, noise=0.1), step)
    assert thin.v == pytest.approx(1 - 2 * thin.u)
    assert np.all(np.diff(thin.u) > 0)
    assert np.all(thin.noise <= 0.1 * (1 + 1e-12))


def test_thinning_averages_noise_by_the_root():
    u = np.array([0.0, 1.0, 1.01, 1.02, 1.03, 2.0])
    assert thinned(line(u, noise=0.2), 0.5).noise == pytest.approx([0.2, 0.1, 0.2])


def test_a_power_window_starts_behind_the_plateau():
    t = np.logspace(0, 5, 121)
    points = logarithms(np.log(t), 1 / (t + 10) ** 2, 0 * t, 0 * t)
    local = local_slopes(points.u, points.v, points.noise, REACH["power"])
    start = steady_from(local, "power", end_slope(points))
    # slope -2 t / (t + 10) comes within 0.05 of -2 at t = 390
    assert 250 < t[start] < 450
    assert np.ptp(local.slope[start:]) <= RANGE
    assert shortfall(points.since(start), "power") is None


def test_an_exponential_window_starts_where_the_slope_is_within_five_per_cent():
    x = np.linspace(0, 20, 201)
    points = logarithms(x, np.exp(-x) * (1 + np.exp(-x)), 0 * x, 0 * x)
    local = local_slopes(points.u, points.v, points.noise, REACH["exponential"])
    start = steady_from(local, "exponential", end_slope(points))
    # slope -1 - 1 / (e^x + 1)
    assert x[start] == pytest.approx(np.log(19), abs=0.3)


def test_nothing_is_steady_where_the_end_is_not():
    u = np.linspace(0, 10, 100)
    points = Points(u, -(u**2), 0 * u, 0 * u)
    local = local_slopes(u, points.v, points.noise, 0.5)
    start = steady_from(local, "exponential", end_slope(points))
    assert shortfall(points.since(min(start, 99)), "exponential") is not None


@pytest.mark.parametrize(
    ("points", "law", "says"),
    [
        (line(np.linspace(0, 5, 7)), "power", "only 7 points"),
        (line(np.linspace(0, 0.9 * DECADE, 30)), "power", "over 0.9 of a decade, less than one"),
        (line(np.linspace(0, 2 * DECADE, 30), -0.4), "power", "as on a plateau"),
        (line(np.linspace(0, 5.9, 30), -1.0), "exponential", "as on a plateau"),
        (line(np.linspace(0, DECADE, 30), -1.0), "power", None),
        (line(np.linspace(0, 6, 30), -1.0), "exponential", None),
    ],
)
def test_a_short_stretch_is_no_window(points, law, says):
    problem = shortfall(points, law)
    assert (problem is None) if says is None else (says in (problem or ""))


def test_the_longest_run_wins():
    good = np.array([1, 1, 1, 0, 1, 1, 0, 1], dtype=bool)
    assert longest_run(good) == slice(0, 3)
    assert longest_run(np.zeros(4, dtype=bool)) == slice(0, 0)


def test_the_floor_is_where_errors_are_too_large():
    y = np.array([1.0, 0.0, -1.0, np.nan, np.inf, 1e-9])
    good = above_floor(y, np.full(6, 1e-3), np.full(6, 1e-3), (0.1, 0.1))
    assert good.tolist() == [True, False, False, False, False, False]


def test_the_logarithm_of_a_noisy_mean_is_put_right():
    rng = np.random.default_rng(0)
    y = 2 * (1 + 0.1 * rng.normal(size=200_000))
    points = logarithms(np.arange(200_000.0), y, np.full_like(y, 0.2), 0 * y)
    assert points.v.mean() == pytest.approx(np.log(2), abs=1.5e-3)  # 0.5e-2 without


def test_noise_is_raised_to_the_scatter_but_not_by_curvature():
    rng = np.random.default_rng(0)
    u = np.linspace(0, 10, 200)
    noise = np.full(200, 0.01)
    curved = Points(u, u**2, noise, 0 * u)
    assert honest_noise(curved).noise == pytest.approx(noise)
    wild = Points(u, u**2 + 0.05 * rng.normal(size=200), noise, 0 * u)
    assert honest_noise(wild).noise == pytest.approx(0.05, rel=0.3)


@pytest.mark.parametrize(
    ("series", "says"),
    [
        (Series([1.0, 2.0], [1.0]), "x and y do not match"),
        (Series([[1.0, 2.0]], [[1.0, 2.0]]), r"\(1, 2\)"),
        (Series([1.0, 1.0], [1.0, 1.0]), "not increasing: 1 comes after 1"),
        (Series([1.0, np.nan], [1.0, 1.0]), "not finite and positive"),
        (Series([1.0, 2.0], [1.0, 1.0], stderr=-1.0), "a stderr is -1"),
        (Series([1.0, 2.0], [1.0, 1.0], bias=[1.0]), r"bias has shape \(1,\)"),
    ],
)
def test_columns_that_do_not_fit_are_refused(series, says):
    with pytest.raises(NoEstimate, match=says):
        columns(series)
