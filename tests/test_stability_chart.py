"""Numbers of unstable roots in a plane of parameters, and the curves between them."""

import numpy as np
import pytest
from scipy.special import lambertw

from lemmata.solvers import stability_chart as module
from lemmata.solvers.linear_delay import LinearDelay, Window
from lemmata.solvers.spectrum import spectrum
from lemmata.solvers.stability_chart import stability_chart

pytestmark = pytest.mark.heavy


def hayes(a, b):
    return LinearDelay([a, b], [0.0, 1.0])


@pytest.fixture(scope="module")
def chart():
    return stability_chart(hayes, np.linspace(-3.9, 2.05, 18), np.linspace(-8.1, 8, 24))


def test_every_cell_of_hayes_equation_is_lamberts_number(chart):
    a, b = np.meshgrid(chart.xs, chart.ys)
    branches = np.array([a + lambertw(b * np.exp(-a), k) for k in range(-20, 21)])

    assert np.array_equal(chart.unstable, (branches.real > 0).sum(axis=0))
    assert set(chart.unstable.ravel()) == {0, 1, 2, 3, 4}


def test_the_region_of_hayes_equation_is_stable(chart):
    # Stable: a < 1 and between b = -a above and the curve a = w cot w, b = -w / sin w below.
    w = np.linspace(1e-6, np.pi - 1e-3, 100_000)
    below = np.interp(chart.xs, (w / np.tan(w))[::-1], (-w / np.sin(w))[::-1])
    stable = (chart.ys[:, None] < -chart.xs) & (chart.ys[:, None] > below) & (chart.xs < 1)

    assert np.array_equal(chart.unstable == 0, stable)
    assert 20 < stable.sum() < stable.size / 2


def test_the_curves_are_all_that_separate_and_each_stands_once(chart):
    assert not chart.unexplained
    real = [curve for curve in chart.curves if not curve.omega.any()]
    pairs = [curve for curve in chart.curves if curve.omega.any()]
    assert len(real) == 1
    assert np.abs(real[0].x + real[0].y).max() < 1e-12
    for curve in pairs:
        w = curve.omega
        assert np.abs(curve.x - w / np.tan(w)).max() < 1e-8
        assert np.abs(curve.y + w / np.sin(w)).max() < 1e-8
    # One curve for each interval (k pi, (k + 1) pi) that reaches into the box.
    assert sorted(int(curve.omega.mean() / np.pi) for curve in pairs) == [0, 1, 2]


def test_cells_on_a_boundary_are_undecided_and_its_curve_is_found():
    grid = np.linspace(-0.5, 0.5, 5)
    found = stability_chart(hayes, grid, grid)

    assert np.array_equal(found.unstable == -1, np.fliplr(np.eye(5, dtype=bool)))
    assert not found.unexplained
    assert len(found.curves) == 1


def test_a_chart_of_a_window():
    def system(strength, T):
        return LinearDelay([0.0], [0.0], (Window(lambda s: -strength / T, 0, T),))

    found = stability_chart(system, np.linspace(1, 6, 6), np.linspace(0.5, 2, 5))
    expected = np.multiply.outer(found.ys, found.xs) > np.pi**2 / 2

    assert np.array_equal(found.unstable == 2, expected)
    assert np.array_equal(found.unstable == 0, ~expected)
    (curve,) = found.curves
    assert np.abs(curve.x * curve.y - np.pi**2 / 2).max() < 1e-9


def test_a_chart_may_begin_where_a_delay_is_zero():
    def system(strength, delay):
        return LinearDelay([0.0, -strength, -1.0], [0.0, 1.0, delay])

    xs, ys = np.linspace(0.1, 4, 6), np.linspace(0, 6, 7)
    found = stability_chart(system, xs, ys)

    assert not found.unexplained
    # Without the second delay x' = -x - strength x(t - 1): unstable beyond w / sin w, w cot w = -1.
    w = 2.028757838110434
    assert np.array_equal(found.unstable[0], np.where(xs > w / np.sin(w), 2, 0))
    for i, y in enumerate(ys):
        for j, x in enumerate(xs):
            assert spectrum(system(x, y), right_of=0.0).multiplicities.sum() == found.unstable[i, j]
    for curve in found.curves:
        w = curve.omega
        delta = 1j * w + curve.x * np.exp(-1j * w) + np.exp(-1j * w * curve.y)
        assert np.abs(delta).max() < 1e-8


def test_a_change_without_a_crossing_is_owned_up_to(monkeypatch):
    nothing = module.hopf_points(lambda b: hayes(-2.0, b), -1.0, 1.0)
    monkeypatch.setattr(module, "hopf_points", lambda *_, **__: nothing)
    found = stability_chart(hayes, [-0.1, 0.1], [-2.0, -1.0])

    assert not found.curves
    assert ((-0.1, -2.0), (-0.1, -1.0)) in found.unexplained


@pytest.mark.parametrize("wrong", [[1.0], [1.0, 0.0], [[0.0, 1.0]]])
def test_a_grid_must_increase(wrong):
    with pytest.raises(ValueError, match=r"`ys=.* must be at least two increasing numbers"):
        stability_chart(hayes, [0.0, 1.0], wrong)
