"""Fading deviations of ordinary equations, and their numerical errors."""

import numpy as np
import pytest

from lemmata.solvers.decay import deviation_series

pytestmark = pytest.mark.heavy


def relax(t, y, rate):
    return -rate * (y - 0.3)


def logistic(t, y, r):
    return r * y * (1 - y)


def spiral(t, y, m):
    return m @ y


def series(f, n, args, **options):
    options = {"perturbation": np.full(n, 1e-3), "duration": 10.0} | options
    return deviation_series(f, np.full(n, options.pop("start", 0.3)), args, **options)


def test_linear_decay_is_exponential_within_the_error():
    rates = np.array([0.5, 1.0, 3.0])
    found = series(relax, 3, rates, duration=6 / rates)
    exact = 1e-3 * np.exp(-rates[:, None] * found.ts)

    assert found.ts.shape == found.deviation.shape == found.error.shape == (3, 65)
    assert found.converged.all()
    assert (np.abs(found.deviation - exact) <= found.error).all()
    assert (found.error <= 1e-6 * exact).all()


def test_nonlinear_decay_is_exact_within_the_error():
    rates = np.array([0.3, 2.0])
    found = series(
        logistic, 2, rates, start=1.0, perturbation=np.full(2, -0.4), duration=10 / rates
    )
    y = 1 / (1 + (0.4 / 0.6) * np.exp(-rates[:, None] * np.asarray(found.ts)))

    assert found.converged.all()
    assert (np.abs(found.deviation - np.abs(y - 1)) <= found.error).all()


def test_vectors_have_their_norm():
    matrix = np.array([[[-0.5, 2.0], [-2.0, -0.5]]])
    found = deviation_series(
        spiral, np.zeros((1, 2)), matrix, perturbation=np.array([[3e-6, 4e-6]]), duration=8.0
    )
    exact = 5e-6 * np.exp(-0.5 * found.ts)

    assert (np.abs(found.deviation - exact) <= found.error).all()
    assert (found.error < 1e-6 * exact).all()


def test_a_tiny_perturbation_is_followed_as_well():
    found = series(relax, 3, np.ones(3), perturbation=np.full(3, 1e-9))
    exact = 1e-9 * np.exp(-found.ts)

    assert (np.abs(found.deviation - exact) <= found.error).all()
    assert found.error[0, 0] < 1e-14


def test_running_out_of_steps_is_a_value():
    found = series(relax, 2, np.array([1.0, 1e6]), max_steps=64, rtol=1e-6)

    assert list(found.converged) == [True, False]
    assert np.isinf(found.error[1, -1])


def test_blowing_up_is_a_value():
    found = series(lambda t, y, a: a * (y - 0.3) ** 2, 1, np.full(1, 1e4))

    assert not found.converged[0]


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"perturbation": np.ones(2)}, r"must have one shape \(n, ...\)"),
        ({"duration": 0.0}, "`duration` must be positive and finite, got 0.0"),
        ({"duration": np.ones(2)}, r"`duration` has shape \(2,\)"),
        ({"samples": 1}, "`samples=1` must be at least 2"),
    ],
)
def test_wrong_arguments_are_named(wrong, message):
    with pytest.raises(ValueError, match=message):
        series(relax, 3, np.ones(3), **({"perturbation": np.ones(3)} | wrong))


def test_errors_shrink_with_the_tolerance():
    loose, tight = (series(logistic, 2, np.ones(2), start=1.0, rtol=r).error for r in (1e-6, 1e-10))

    assert tight.max() < 1e-2 * loose.max()
