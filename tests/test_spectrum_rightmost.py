"""The rightmost root for one delay: against Lambert's function, by residual, how it converges."""

import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.lambert import lambert_roots

from lemmata.solvers.spectrum import characteristic_roots, linearise, linearise_lanes, rightmost

pytestmark = pytest.mark.heavy

coefficients = st.floats(-3, 3)
delays = st.floats(0.05, 3)


@given(a=coefficients, b=coefficients.filter(lambda b: abs(b) > 1e-3), delay=delays)
def test_rightmost_root_is_lamberts_within_its_error(a, b, delay):
    exact = lambert_roots(a, b, delay)
    exact = exact[np.argmax(np.real(exact))]
    found = rightmost(a, b, delay, nodes=32)

    gap = abs(found.root - complex(exact.real, abs(exact.imag)))
    # SciPy's W near its branch point is itself good to the root of round-off only.
    w = (exact - a) * delay
    assert gap <= found.error + 1e-15 * (1 + abs(w)) / max(abs(1 + w), 1e-8) / delay
    assert found.root.imag >= 0


@given(a=coefficients, b=st.floats(0.1, 3), delay=delays, sign=st.sampled_from([-1, 1]))
def test_error_is_small_away_from_double_roots(a, b, delay, sign):
    found = rightmost(a, sign * b, delay, nodes=32)
    distance = abs(1 + (found.root - a) * delay)

    assert found.error <= 1e-9 * (1 + abs(found.root)) / min(distance, 1.0)


def test_error_bound_is_true_even_with_too_few_nodes():
    rng = np.random.default_rng(1)
    a, b = rng.uniform(-3, 3, (2, 300))
    delay = rng.uniform(0.1, 4, 300)
    exact = lambert_roots(a, b, delay)
    exact = np.take_along_axis(exact, np.real(exact).argmax(axis=0)[None], axis=0)[0]
    for nodes in (6, 8, 10, 14):
        found = rightmost(a, b, delay, nodes=nodes)
        gap = np.abs(found.root - (exact.real + 1j * np.abs(exact.imag)))

        assert (gap <= found.error + 1e-13).all()


def test_convergence_is_spectral():
    exact = lambert_roots(-1.0, -2.0, 1.5)
    exact = exact[np.argmax(np.real(exact))]
    gaps = []
    for nodes in (4, 6, 8, 10, 12, 14):
        roots = characteristic_roots(-1.0, -2.0, 1.5, nodes=nodes)
        gaps.append(np.abs(roots - exact).min())
    slopes = np.diff(np.log(gaps)) / np.diff(np.log([4, 6, 8, 10, 12, 14]))

    assert gaps[-1] < 1e-12
    # Faster than any fixed power: the local order keeps growing until round-off.
    assert slopes[3] < slopes[1] < slopes[0] < 0
    assert slopes[3] < -12


def random_systems(lanes):
    rng = np.random.default_rng(2)
    return (*rng.uniform(-2, 2, (2, lanes, 2, 2)), rng.uniform(0.2, 2, lanes))


def test_systems_satisfy_the_characteristic_equation():
    a0, a1, delay = random_systems(50)
    found = rightmost(a0, a1, delay)
    z, fade = found.root[:, None, None], np.exp(-found.root * delay)[:, None, None]
    matrix = z * np.eye(2) - a0 - a1 * fade
    size = np.abs(matrix).max(axis=(1, 2)) ** 2

    assert found.root.shape == found.error.shape == (50,)
    assert (np.abs(np.linalg.det(matrix)) <= 1e-10 * (1 + size)).all()
    assert (found.error < 1e-8).all()


def test_systems_reduce_to_scalars_in_their_eigenbasis():
    rng = np.random.default_rng(3)
    basis = rng.normal(size=(2, 2)) + 2 * np.eye(2)
    a, b = np.array([-1.0, 0.3]), np.array([0.7, -1.9])
    a0, a1 = (basis @ np.diag(v) @ np.linalg.inv(basis) for v in (a, b))
    scalars = rightmost(a, b, np.full(2, 0.8))
    system = rightmost(a0, a1, 0.8)

    assert abs(system.root - scalars.root[scalars.root.real.argmax()]) < 1e-11


def test_batch_equals_a_loop():
    a0, a1, delay = random_systems(5)
    batch = characteristic_roots(a0, a1, delay, nodes=10)
    loop = [characteristic_roots(*lane, nodes=10) for lane in zip(a0, a1, delay, strict=True)]

    assert batch.shape == (5, 22)
    assert np.allclose(batch, loop, atol=1e-9)
    assert (np.diff(batch.real, axis=-1) <= 0).all()


@given(a=coefficients, b=coefficients, delay=delays, factor=st.floats(0.1, 10))
def test_roots_scale_with_the_unit_of_time(a, b, delay, factor):
    one = rightmost(a, b, delay)
    other = rightmost(a * factor, b * factor, delay / factor)

    slack = one.error * factor + other.error + 1e-12 * factor
    assert abs(one.root * factor - other.root) <= slack


def test_linearise_differentiates_at_rest():
    def f(t, y, ylag, c):
        return c * y * jnp.exp(-ylag[0]) - y**2

    states, rates = jnp.array([0.5, 1.0]), jnp.array([2.0, 3.0])
    a0, a1 = linearise_lanes(f, states, rates)
    one_by_one = [linearise(f, y, c) for y, c in zip(states, rates, strict=True)]
    np.testing.assert_allclose(np.stack([a0, a1], axis=1), one_by_one, rtol=1e-14)

    assert np.allclose(a0, [2 * np.exp(-0.5) - 1, 3 * np.exp(-1.0) - 2])
    assert np.allclose(a1, [-np.exp(-0.5), -3 * np.exp(-1.0)])


def test_linearise_gives_matrices_for_vectors():
    def f(t, y, ylag, m):
        return m @ ylag[0] + jnp.array([y[1], 0.0])

    matrix = jnp.array([[1.0, 2.0], [3.0, 4.0]])
    a0, a1 = linearise(f, jnp.zeros(2), matrix)

    assert np.array_equal(a0, [[0, 1], [0, 0]])
    assert np.array_equal(a1, matrix)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"delay": 0.0}, "`delay` must be positive"),
        ({"a0": np.nan}, "`a0` must be finite"),
        ({"nodes": 1}, "`nodes=1` must be at least 2"),
        ({"a0": np.ones((2, 3)), "a1": np.ones((2, 3))}, "must be square"),
        ({"a0": np.ones(2), "a1": np.ones(3)}, "scalars that broadcast"),
    ],
)
def test_wrong_arguments_are_named(wrong, message):
    good = {"a0": 0.0, "a1": -1.0, "delay": 1.0, "nodes": 8}
    with pytest.raises(ValueError, match=message):
        characteristic_roots(**(good | wrong))


def test_a_root_beyond_the_reach_of_the_nodes_has_no_error_bound():
    far = np.array([[0.0, 150.0], [-150.0, 0.0]])

    assert np.isinf(rightmost(np.zeros((2, 2)), far, 1.0, nodes=20).error)
    assert np.isfinite(rightmost(np.zeros((2, 2)), far / 100, 1.0, nodes=20).error)
