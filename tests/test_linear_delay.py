"""Delta of discrete and of distributed delays: against closed forms, and its bounds."""

import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from lemmata.solvers.linear_delay import Gamma, LinearDelay, Window, linearised

pytestmark = pytest.mark.heavy

A = np.array([[-1.0, 2.0], [0.5, -0.3]])
B = np.array([[0.2, -1.0], [1.5, 0.7]])
roots = st.complex_numbers(max_magnitude=20, allow_nan=False).filter(lambda z: z.real > -1.5)


def mixed():
    kernels = (Window(lambda s: np.exp(-s) * B, 0.3, 1.7), Gamma(A, 3, 2.0))
    return LinearDelay(np.stack([A, B, A - B]), [0.0, 0.7, 1.3], kernels)


def test_discrete_delays_have_their_exponentials():
    z = np.array([0.3 + 2j, -1 + 5j])
    delta, slope = LinearDelay(np.stack([A, B]), [0.0, 0.7]).characteristic(z)
    fade = np.exp(-0.7 * z)[:, None, None]

    assert np.allclose(delta, z[:, None, None] * np.eye(2) - A - B * fade, rtol=1e-15)
    assert np.allclose(slope, np.eye(2) + 0.7 * B * fade, rtol=1e-15)


@given(z=roots)
def test_a_window_is_integrated_to_round_off(z):
    w = z + 1
    assume(abs(w) > 0.05)  # the closed form cancels at 0
    window = Window(lambda s: np.exp(-s) * B, 0.3, 1.7)
    delta, slope = LinearDelay(np.zeros((1, 2, 2)), [0.0], (window,)).characteristic(z)
    exact = (np.exp(-0.3 * w) - np.exp(-1.7 * w)) / w
    by_parts = (0.3 * np.exp(-0.3 * w) - 1.7 * np.exp(-1.7 * w) + exact) / w
    size = np.exp(1.7 * max(-z.real, 0))

    assert np.abs(z * np.eye(2) - delta - B * exact).max() < 1e-13 * size
    assert np.abs(slope - np.eye(2) - B * by_parts).max() < 1e-12 * size


def test_many_turns_within_a_window_are_resolved():
    z = 1j * np.array([100.0, 500.0])
    delta, _ = LinearDelay([0.0], [0.0], (Window(lambda s: 1.0, 0, 2),)).characteristic(z)

    assert np.allclose((z - delta[:, 0, 0]) * z, 1 - np.exp(-2 * z), atol=1e-11)


@pytest.mark.parametrize("turns", [1.0, 6.0, 10.0, 20.0, 60.0])
def test_a_density_that_oscillates_is_resolved(turns):
    z = np.array([0.3, 1 + 2j, -0.5 + 10j])
    window = Window(lambda s: np.cos(turns * s), 0, 2)
    delta, _ = LinearDelay([0.0], [0.0], (window,)).characteristic(z)
    exact = sum((1 - np.exp(-2 * w)) / (2 * w) for w in (z + 1j * turns, z - 1j * turns))

    assert np.allclose(z - delta[:, 0, 0], exact, rtol=0, atol=1e-12)


def test_breaks_make_a_kinked_density_exact():
    tent = Window(lambda s: min(s, 2 - s), 0, 2, (1.0,))
    z = 0.4 + 3j
    delta, _ = LinearDelay([0.0], [0.0], (tent,)).characteristic(z)

    assert abs(z - delta[0, 0] - ((1 - np.exp(-z)) / z) ** 2) < 1e-14
    with pytest.raises(ValueError, match=r"not resolved on \[0, 2\] by 256 Gauss points.*breaks"):
        Window(lambda s: min(s, 2 - s), 0, 2)


def test_a_gamma_kernel_has_its_transform():
    z = np.array([1 + 2j, -0.5])
    delta, slope = LinearDelay([0.0], [0.0], (Gamma(1.5, 3, 2.0),)).characteristic(z)

    assert np.allclose(z - delta[:, 0, 0], 1.5 * (1 + z / 2) ** -3.0)
    assert np.allclose(slope[:, 0, 0] - 1, 1.5 * 1.5 * (1 + z / 2) ** -4.0)


def test_the_slope_is_the_derivative():
    system, z, h = mixed(), np.array([0.5 + 3j, -0.8 - 2j]), 1e-5
    ahead, behind = (system.characteristic(z + sign * h)[0] for sign in (1, -1))

    assert np.allclose((ahead - behind) / (2 * h), system.characteristic(z)[1], atol=1e-8)


@given(z=roots, right=st.floats(0, 3))
def test_bounds_hold_right_of_their_line(z, right):
    system, c = mixed(), z.real - right
    if c > system.edge:
        delta, slope = system.characteristic(z)
        for y in (0.0, abs(z.imag) - right / 10, abs(z.imag)):
            bound = system.bound(0, c, max(y, 0.0)) * (1 + 1e-12)
            assert np.linalg.norm(z * np.eye(2) - delta, 2) <= bound
        assert np.linalg.norm(slope - np.eye(2), 2) <= system.bound(1, c) * (1 + 1e-12)
        h = 1e-4
        bend = (system.characteristic(z + h)[1] - system.characteristic(z - h)[1]) / (2 * h)
        size = 1e-6 * (1 + system.bound(1, c))
        assert np.linalg.norm(bend, 2) <= system.bound(2, c - h) + size


def test_bounds_end_at_the_edge_of_a_gamma_kernel():
    system = mixed()

    assert system.edge == -2.0
    assert np.array_equal(np.isinf(system.bound(0, [-2.5, -2.0, -1.9])), [True, True, False])


def test_linearised_is_the_jacobian_at_rest():
    def f(t, y, ylag, c):
        return jnp.stack([c * y[1] * ylag[0][0], jnp.sin(ylag[1][1]) - y[0]])

    found = linearised(f, (0.5, lambda t, y, c: 1 + y[0]), np.array([2.0, 0.1]), 3.0)

    assert np.allclose(found.lags, [0, 0.5, 3.0])
    assert np.allclose(found.matrices[0], [[0, 6], [-1, 0]])
    assert np.allclose(found.matrices[1], [[0.3, 0], [0, 0]])
    assert np.allclose(found.matrices[2], [[0, 0], [0, np.cos(0.1)]])


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: LinearDelay([1.0], [0.0, 1.0]), r"`matrices` and `lags` have shapes \(1, 1, 1\)"),
        (lambda: LinearDelay([1.0], [-1.0]), "`lags` must be finite and not negative"),
        (lambda: LinearDelay([np.nan], [1.0]), "`matrices` must be finite"),
        (lambda: LinearDelay(np.ones((1, 2, 3)), [1.0]), r"`matrices` has shape \(1, 2, 3\)"),
        (lambda: LinearDelay([1.0], [0.0], (Gamma(A, 1, 1.0),)), r"`kernels\[0\]` has matrices"),
        (lambda: Window(lambda s: 1.0, 2, 1), "start=2 .* must increase"),
        (lambda: Window(lambda s: 1.0, -1, 1), "from 0 or later"),
        (lambda: Window(lambda s: np.inf, 0, 1), "`density` must be finite"),
        (lambda: Window(lambda s: np.ones(3), 0, 1), "must return a square matrix"),
        (lambda: Gamma(1.0, 1.5, 1.0), r"`order=1\.5` must be a whole number"),
        (lambda: Gamma(1.0, 1, -1.0), r"`rate=-1\.0` must be positive"),
        (lambda: Gamma(np.ones((2, 3)), 1, 1.0), "must be square and finite"),
    ],
)
def test_wrong_input_is_named(make, message):
    with pytest.raises(ValueError, match=message):
        make()
