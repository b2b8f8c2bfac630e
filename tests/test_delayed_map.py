"""Growth of small perturbations in delayed maps, against exact roots."""

import jax.numpy as jnp
import numpy as np
import pytest

from lemmata.solvers.delayed_map import linearise_map, simulated_growth, spectral_growth

pytestmark = pytest.mark.heavy

LAGS = np.array([1, 2, 3, 5, 8, 20, 60])


def onset(lag):
    """Where z^(d+1) - z^d + c meets the unit circle: c = 2 sin(pi / (2 (2 d + 1)))."""
    return 2 * np.sin(np.pi / (2 * (2 * lag + 1)))


def decline(now, lagged, args):
    """A map whose fixed point 0 is neutral but for the lagged term, saturating either way."""
    return now - args["c"] * jnp.sinh(lagged) - 0.1 * lagged**2


def simulate(c):
    return simulated_growth(
        decline, np.zeros(7), LAGS, {"c": jnp.asarray(c)}, perturbation=np.full(7, 1e-6), longest=60
    )


@pytest.mark.parametrize("factor", [0.05, 0.5, 0.9, 0.999, 1.0, 1.001])
def test_both_ways_agree_with_the_polynomial(factor):
    c = factor * onset(LAGS)
    spectral, simulated = spectral_growth(np.ones(7), -c, LAGS), simulate(c)
    for i, lag in enumerate(LAGS):
        coefficients = np.zeros(lag + 2)
        coefficients[[0, 1, -1]] = 1, -1, c[i]
        exact = np.log(np.abs(np.roots(coefficients)).max())
        assert abs(spectral.rate[i] - exact) <= spectral.error[i] + 1e-12
        assert abs(simulated.rate[i] - exact) <= simulated.error[i]
    assert np.all(spectral.error < 1e-12)
    assert np.all(simulated.error < 1e-4 / LAGS + 2e-3 * np.abs(simulated.rate))


@pytest.mark.parametrize("factor", [1.2, 3.0, 50.0])
def test_what_grows_out_of_the_linear_range_keeps_its_sign(factor):
    found = simulate(factor * onset(LAGS))
    assert np.all(found.rate - found.error > 0)
    exact = spectral_growth(np.ones(7), -factor * onset(LAGS), LAGS).rate
    assert np.all(np.abs(found.rate - exact) <= 1.5 * found.error)


def test_a_decay_into_roundoff_keeps_its_sign():
    def decay(now, lagged, args):
        return 0.5 + 0.2 * (now - 0.5) + args["c"] * (lagged - 0.5)

    found = simulated_growth(
        decay, [0.5], [1], {"c": jnp.array([0.0])}, perturbation=[1e-6], longest=4
    )
    assert found.rate[0] + found.error[0] < 0


def test_the_derivatives_of_a_map():
    a0, a1 = linearise_map(decline, [0.0, 0.3], {"c": jnp.array([0.2, 0.5])})
    np.testing.assert_allclose(a0, [1, 1])
    np.testing.assert_allclose(a1, [-0.2, -0.5 * np.cosh(0.3) - 0.06])


def test_a_double_root_has_a_large_error():
    d = 3  # z^4 - z^3 + c has a double root at z = 3/4, c = 27/256, and it is the largest one
    found = spectral_growth([1.0], [-27 / 256], [d])
    assert found.error[0] > 1e-10
    assert abs(found.rate[0] - np.log(0.75)) < 1e-6


def test_what_is_not_finite_says_so():
    found = spectral_growth([1.0, np.nan], [-0.1, 0.1], [2, 2])
    assert np.isfinite(found.error[0])
    assert np.isnan(found.rate[1])
    assert np.isinf(found.error[1])
    broken = simulated_growth(
        decline, [0.0], [2], {"c": jnp.array([np.nan])}, perturbation=[1e-6], longest=4
    )
    assert np.isnan(broken.rate[0]) or broken.error[0] >= abs(broken.rate[0]) / 2


def test_errors_name_the_lag():
    with pytest.raises(ValueError, match=r"`lag=.*0.*` must hold integers of at least 1"):
        spectral_growth([1.0], [-0.1], [0])
    with pytest.raises(ValueError, match=r"`lag=.*1.5.*` must hold integers"):
        spectral_growth([1.0], [-0.1], [1.5])
    with pytest.raises(ValueError, match="`lag=9` exceeds `longest=8`; raise `longest`"):
        simulated_growth(
            decline, [0.0], [9], {"c": jnp.array([0.1])}, perturbation=[1e-6], longest=8
        )
