"""Standard normal numbers of single precision: their law, their independence, their refusals."""

import numpy as np
import pytest
from scipy import stats

from lemmata.solvers.normals import PIECE, standard_normal

MANY = 1 << 21


@pytest.fixture(scope="module", params=range(3))
def numbers(request) -> np.ndarray:
    return standard_normal(np.random.default_rng([7, request.param]), (MANY,), np.float32)


def test_the_law_is_the_normal_one(numbers):
    assert numbers.dtype == np.float32
    assert stats.kstest(numbers.astype(float), "norm").pvalue > 1e-4


@pytest.mark.parametrize(
    ("power", "mean", "variance"), [(1, 0, 1), (2, 1, 2), (3, 0, 15), (4, 3, 96)]
)
def test_its_moments_are_within_their_errors(numbers, power, mean, variance):
    found = np.mean(numbers.astype(float) ** power)
    assert abs(found - mean) < 5 * np.sqrt(variance / MANY)


def test_tails_are_as_heavy_as_they_should_be(numbers):
    for beyond in (3.0, 4.0):
        expected = MANY * 2 * stats.norm.sf(beyond)
        assert abs(np.sum(np.abs(numbers) > beyond) - expected) < 5 * np.sqrt(expected)


@pytest.mark.parametrize("lag", [1, 2, PIECE // 2, PIECE])
def test_neighbours_and_the_two_of_a_pair_are_independent(numbers, lag):
    """Also in their squares, which the two of a pair, of one radius, would share otherwise."""
    for values in (numbers.astype(float), numbers.astype(float) ** 2 - 1):
        scale = np.mean(values**2)
        assert abs(np.mean(values[lag:] * values[:-lag])) < 5 * scale / np.sqrt(MANY - lag)


@pytest.mark.parametrize("shape", [(), (0,), (1,), (3, 5), (2, PIECE + 1)])
def test_any_shape_can_be_had_and_is_the_same_again(shape):
    one, other = (standard_normal(np.random.default_rng(3), shape, np.float32) for _ in range(2))
    assert one.shape == shape
    np.testing.assert_array_equal(one, other)
    assert np.isfinite(one).all()


def test_a_generator_goes_on_where_it_was():
    rng = np.random.default_rng(3)
    one, other = (standard_normal(rng, (100,), np.float32) for _ in range(2))
    assert not np.any(one == other)


def test_double_precision_is_numpys_own():
    one, other = np.random.default_rng(3), np.random.default_rng(3)
    np.testing.assert_array_equal(standard_normal(one, (5,), float), other.standard_normal(5))


def test_what_it_cannot_use_is_refused():
    with pytest.raises(ValueError, match=r"give numpy\.float32 or numpy\.float64"):
        standard_normal(np.random.default_rng(3), (5,), np.float16)
    twister = np.random.Generator(np.random.MT19937(3))
    with pytest.raises(ValueError, match=r"words of 32 bits; give one of 64, such as"):
        standard_normal(twister, (5,), np.float32)
