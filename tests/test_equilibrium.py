"""Zeros inside an interval: known ones, none, several, near the ends, and rounding."""

import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lemmata.solvers.equilibrium import interior_zeros

LANES = 16


def line(x, zero):
    return 3 * (x - zero)


def repression(x, p):
    return p["a"] - p["C"] / (1 + jnp.exp(-p["k"] * (x - p["xc"])))


def cubic(x, c):
    return (x - c[0]) * (x - c[1]) * (x - c[2])


@given(st.floats(1e-9, 1 - 1e-9))
def test_a_single_zero_is_found_to_rounding(zero):
    found = interior_zeros(line, 0.0, 1.0, np.full(LANES, zero))

    assert (found.count == 1).all()
    assert (np.abs(found.value - zero) <= found.error).all()
    assert (np.abs(found.value - zero) <= 4e-16 * zero).all()


def test_errors_cover_rounding_of_the_function():
    rng = np.random.default_rng(0)
    n = 2000
    k = np.exp(rng.uniform(np.log(0.3), np.log(100), n))
    C = np.exp(rng.uniform(np.log(0.1), np.log(100), n))
    x, rho = rng.uniform(0.02, 0.98, n), rng.uniform(0.01, 0.99, n)
    p = {"a": C * rho, "C": C, "k": k, "xc": x - np.log(rho / (1 - rho)) / k}
    # The parameters themselves are rounded: their share of the distance to x is not the solver's.
    exact = p["xc"] + np.log(p["a"] / (C - p["a"])) / k
    slack = 4e-16 * (1 + np.abs(p["xc"]) + 1 / (k * rho * (1 - rho)))
    found = interior_zeros(repression, 0.0, 1.0, p)

    assert (found.count == 1).all()
    assert (np.abs(found.value - exact) <= found.error + slack).all()
    assert found.error.max() < 1e-11


def test_several_zeros_are_counted_and_the_leftmost_is_given():
    zeros = np.array([[0.2, 0.5, 0.9], [0.1, 0.15, 0.5]])
    found = interior_zeros(cubic, 0.0, 1.0, zeros)

    assert list(found.count) == [3, 3]
    assert np.allclose(found.value, zeros[:, 0], rtol=1e-14)


def test_no_zero_is_no_value():
    found = interior_zeros(line, np.zeros(3), np.ones(3), np.array([-0.1, 1.1, 0.5]))

    assert list(found.count) == [0, 0, 1]
    assert np.isnan(found.value[:2]).all()
    assert np.isinf(found.error[:2]).all()


def test_a_zero_on_a_point_of_the_grid_counts_once():
    zeros = (np.arange(32) + 0.5) / 64
    for slope in (1.0, -1.0):
        args = {"slope": np.full(32, slope), "zero": zeros}
        found = interior_zeros(lambda x, p: p["slope"] * (x - p["zero"]), 0.0, 1.0, args)

        assert (found.count == 1).all()
        assert (np.abs(found.value - zeros) <= found.error).all()


def test_functions_that_are_not_finite_are_reported():
    def g(x, c):
        return jnp.where(x > c, jnp.nan, x - 0.1)

    found = interior_zeros(g, 0.0, 1.0, np.array([0.5, 2.0]))

    assert list(found.count) == [-1, 1]
    assert np.isnan(found.value[0])
    assert np.isinf(found.error[0])


def test_poles_at_the_ends_are_not_touched():
    found = interior_zeros(lambda x, c: jnp.log(x / (1 - x)) - c, 0.0, 1.0, np.array([-9.0, 0, 9]))

    assert list(found.count) == [1, 1, 1]
    assert np.allclose(found.value, 1 / (1 + np.exp([9.0, 0, -9])), rtol=1e-14)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"lo": np.array([0.0, 2.0])}, "lane 1 has lo=2.0, hi=1.0"),
        ({"grid": 4}, "`grid=4` must be at least 8"),
        ({"hi": np.ones(3)}, "must agree"),
    ],
)
def test_wrong_arguments_are_named(wrong, message):
    good = {"lo": np.zeros(2), "hi": np.ones(2), "args": np.full(2, 0.5)}
    with pytest.raises(ValueError, match=message):
        interior_zeros(line, **(good | wrong))
