"""Integrals of exponentials far out: against Gaussians and other integrals that are known."""

import numpy as np
import pytest
from scipy.special import erf
from scipy.stats import norm, uniform

from lemmata.solvers.smoothed import atoms, interval, normal
from lemmata.solvers.tails import decay, growth, tail


def parabola(c, b=0.0):
    """-c x^2/2 + b |x|, for several c."""
    c = np.atleast_1d(np.asarray(c, dtype=float))
    return lambda x: -c[:, None] * x**2 / 2 + b * np.abs(x)


def test_a_gaussian_is_integrated():
    one, _ = tail(parabola([1.0, 0.01]), reach=2.0, nodes=256)
    for row, width in zip(one.inner, (1.0, 10.0), strict=True):
        exact = np.log(np.sqrt(2 * np.pi) * width * erf(np.array([2, 4, 8]) / width / 2**0.5))
        assert row == pytest.approx(exact, abs=2e-5)


def test_shells_are_what_lies_between():
    one, _ = tail(parabola([0.3]), reach=1.0, nodes=128)
    inner, shell = np.exp(one.inner[0]), np.exp(one.shell[0])
    assert inner[1:] == pytest.approx(inner[:-1] + shell, rel=1e-12)


def test_quadrature_is_of_second_order_and_the_coarse_one_tells_its_error():
    exact = np.log(np.sqrt(2 * np.pi) * erf(2**0.5))
    errors = []
    for nodes in (8, 16, 32):
        fine, coarse = tail(parabola([1.0]), reach=2.0, nodes=nodes)
        error = abs(fine.inner[0, 0] - exact)
        assert error < abs(fine.inner[0, 0] - coarse.inner[0, 0]) < 5 * error
        errors.append(error)
    assert np.diff(np.log2(errors)) == pytest.approx([-2, -2], abs=0.2)


@pytest.mark.parametrize("c", [-3.0, -1e-3, 1e-3, 2.0])
def test_the_rate_of_a_parabola(c):
    value, error = growth(parabola([c], b=0.7))
    assert abs(value[0] - max(-c, 0) / 2) <= error[0]
    assert error[0] < 1e-3 * abs(c)
    value, error = decay(parabola([c], b=0.7))
    assert abs(value[0] - (1.5 * -c if c < 0 else -0.5 * c)) <= 2 * error[0]
    assert np.sign(value[0]) == -np.sign(c)


@pytest.mark.parametrize("b", [-0.8, 0.5])
def test_the_rate_of_a_line(b):
    value, error = growth(parabola([0.0], b=b), power=1)
    assert abs(value[0] - max(b, 0)) <= error[0] < 1e-3


def test_what_neither_settles_nor_grows_by_a_power_is_within_the_error():
    for power in (1, 2):
        value, error = decay(lambda x: np.zeros((1, len(x))), power=power)
        assert abs(value[0]) <= error[0]


def test_each_side_counts():
    value, _ = growth(lambda x: np.where(x < 0, x**2 / 2, -(x**2) / 2)[None], reach=1e3)
    assert value[0] == pytest.approx(0.5, rel=1e-3)


def test_a_function_of_nan_has_no_rate():
    value, error = decay(lambda x: np.full((2, len(x)), np.nan))
    assert np.isnan(value).all()
    assert np.isnan(error).all()


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"reach": 0.0}, r"reach=0.0: a distance between"),
        ({"reach": np.inf}, r"reach=inf"),
        ({"nodes": 3}, r"nodes=3: an even integer"),
        ({"nodes": 8.0}, r"nodes=8.0"),
        ({"f": lambda x: x}, r"f returned shape \(\d+,\) for \d+ places; it must return \(n, m\)"),
    ],
)
def test_bad_input_is_told(change, says):
    given = {"f": parabola([1.0]), **change}
    with pytest.raises(ValueError, match=says):
        tail(given.pop("f"), **given)


# Densities ----------------------------------------------------------------------------------------

X = np.linspace(-6, 6, 41)


def test_densities_are_those_of_scipy():
    widths = np.array([0.3, 2.0])
    places, weights = np.array([[-1.0, 0.5], [0.0, 1.0]]), np.array([[1.0, 3.0], [2.0, 2.0]])
    found = atoms(X, places, weights, widths)
    for i, width in enumerate(widths):
        assert normal(X, widths)[i] == pytest.approx(norm(scale=width).logpdf(X), rel=1e-12)
        share = weights[i] / weights[i].sum()
        exact = sum(m * norm(a, width).pdf(X) for a, m in zip(places[i], share, strict=True))
        assert np.exp(found[i]) == pytest.approx(exact, rel=1e-10)


def test_a_smoothed_interval_is_a_convolution():
    y = np.linspace(-0.8, 0.8, 40001)
    spread = norm(scale=0.5).pdf(X[:, None] - y) * uniform(-0.8, 1.6).pdf(y)
    exact = np.trapezoid(spread, y, axis=1)
    assert np.exp(interval(X, [0.8], [0.5])[0]) == pytest.approx(exact, rel=1e-6)


def test_far_out_an_interval_falls_like_its_end():
    for x in (1e2, 1e5, 1e8):
        value = interval(np.array([x, -x]), [1.0], [0.5])[0]
        assert value[0] == value[1]
        assert value[0] == pytest.approx(-2 * (x - 1) ** 2 - np.log(x), rel=1e-3)


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: normal(X, [0.0]), r"give numbers above 0"),
        (lambda: normal(X, 1.0), r"shape \(n,\)"),
        (lambda: interval(X, [-1.0], [1.0]), r"give numbers above 0"),
        (lambda: atoms(X, [[0.0]], [[0.0]], [1.0]), r"weights above 0"),
        (lambda: atoms(X, [0.0], [1.0], [1.0]), r"places of shape \(1,\)"),
        (lambda: atoms(X, [[0.0, 1.0]], [[1.0]], [1.0]), r"weights of shape \(1, 1\)"),
    ],
)
def test_bad_densities_are_told(call, says):
    with pytest.raises(ValueError, match=says):
        call()
