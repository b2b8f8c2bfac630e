"""Periodic orbits and their multipliers against exact ones."""

import jax.numpy as jnp
import numpy as np
import pytest

from lemmata.solvers.floquet import floquet_multipliers
from lemmata.solvers.orbit import periodic_orbit
from lemmata.solvers.spectrum import characteristic_roots

pytestmark = pytest.mark.heavy


def negative_feedback(t, y, ylag, a):
    return -a * jnp.tanh(ylag[0])


def van_der_pol(t, y, ylag, m):
    return jnp.array([y[1], m * (1 - y[0] ** 2) * y[1] - y[0]])


def circle(t):
    return jnp.array([2 * jnp.cos(t), -2 * jnp.sin(t)])


@pytest.fixture(scope="module")
def of_van_der_pol():
    return periodic_orbit(van_der_pol, circle, 6.3, [], 1.0, modes=48)


def test_the_orbits_of_kaplan_and_yorke_have_period_four():
    # J. Math. Anal. Appl. 48 (1974) 317: x(t - 1) = y runs with x on a Hamiltonian orbit.
    orbit = periodic_orbit(negative_feedback, lambda t: jnp.cos(1.5 * t), 4.2, [1.0], 2.0)
    t = np.linspace(0, 4, 50)
    now, then = (np.asarray(orbit.evaluate(s)) for s in (t, t - 1))
    energy = np.log(np.cosh(now)) + np.log(np.cosh(then))

    assert orbit.converged
    assert orbit.ts.shape == orbit.ys.shape
    assert abs(orbit.period - 4) <= orbit.period_error < 1e-10
    assert np.ptp(energy) < 4 * orbit.error < 1e-8
    assert np.abs(orbit.harmonics[::2]).max() < orbit.error  # odd: x(t + 2) = -x(t)
    top = np.arccosh(np.exp(energy[0]))
    assert abs(orbit.amplitude - top) < orbit.error


def test_van_der_pol(of_van_der_pol):
    exact = 6.6632868593231301896996820305  # Andersen and Geer, SIAM J. Appl. Math. 42 (1982)
    orbit = of_van_der_pol
    floquet = floquet_multipliers(van_der_pol, orbit, [], 1.0, nodes=48)
    # Liouville: the product of the two multipliers is the integral of the divergence.
    y = np.asarray(orbit.evaluate(float(orbit.period) * np.arange(256) / 256))
    product = np.exp(float(orbit.period) * np.mean(1 - y[:, 0] ** 2))

    assert abs(orbit.period - exact) <= orbit.period_error < 1e-9
    assert abs(floquet.multipliers[0] - product) <= floquet.error < 1e-5
    assert abs(floquet.trivial - 1) <= floquet.error
    assert floquet.stable


def moduli(orbit):
    """What of an orbit does not depend on its phase, padded."""
    sizes = np.abs(orbit.harmonics)
    return np.concatenate([sizes, np.zeros((64 - len(sizes), *sizes.shape[1:]))])


def test_errors_fall_spectrally_and_estimates_hold():
    solve = lambda modes, tolerance: periodic_orbit(
        *(negative_feedback, lambda t: 2 * jnp.cos(1.5 * t), 4.1, [1.0], 3.0),
        **{"modes": modes, "max_modes": modes, "tolerance": tolerance},
    )
    truth = moduli(solve(32, 1e-9))
    orbits = [solve(modes, 0.5) for modes in (8, 16)]
    errors = np.array([2 * np.abs(moduli(orbit) - truth).sum() for orbit in orbits])
    estimates = np.array([float(orbit.error) for orbit in orbits])

    # Twice the modes square the error: no power of their number does.
    assert errors[1] < errors[0] ** 1.6 < 1e-4
    assert (errors < estimates).all()
    assert (estimates < 200 * errors).all()


RING = {"a": 0.7, "k": 0.5, "tau": 2.0, "bend": 0.15}


def ring(t, y, ylag, p):
    """w' = (a + i) w + k w(t - tau(|w|)) - |w|^2 w: rotating waves are exact."""
    w, then = y[0] + 1j * y[1], ylag[0][0] + 1j * ylag[0][1]
    rate = (p["a"] + 1j) * w + p["k"] * then - (y @ y) * w
    return jnp.stack([rate.real, rate.imag])


def ring_delay(t, y, p):
    return p["tau"] + p["bend"] * (y @ y)


def test_a_rotating_wave_with_a_delay_that_reads_the_state():
    orbit = periodic_orbit(ring, lambda t: circle(-t) / 2, 6.0, [ring_delay], RING)
    omega, square, lag = 1.0, 1.0, 2.0
    for _ in range(400):
        lag = RING["tau"] + RING["bend"] * square
        omega = 0.7 * omega + 0.3 * (1 - RING["k"] * np.sin(omega * lag))
        square = 0.7 * square + 0.3 * (RING["a"] + RING["k"] * np.cos(omega * lag))
    y = np.asarray(orbit.evaluate(np.linspace(0, 5, 40)))

    assert orbit.converged
    assert len(orbit.harmonics) == 9
    assert abs(2 * np.pi / omega - orbit.period) < orbit.period_error + 1e-12
    assert np.abs((y**2).sum(axis=1) - square).max() < 1e-12

    # In the rotating frame the perturbations solve an equation of constant coefficients.
    r, turn = np.sqrt(square), RING["k"] * np.exp(-1j * omega * lag)
    drag = -1j * omega * r * turn * RING["bend"] * 2 * r  # the lookup moves with Re u
    own = RING["a"] + 1j - 1j * omega - 2 * square
    a0 = real(own) + np.array([[drag.real, 0], [drag.imag, 0]]) - square * np.diag([1, -1])
    roots = characteristic_roots(a0, real(turn), lag, nodes=40)
    exact = np.exp(roots[:6] * float(orbit.period))
    floquet = floquet_multipliers(ring, orbit, [ring_delay], RING, nodes=32)

    assert abs(exact[0] - 1) < 1e-10
    assert floquet.error < 1e-8
    assert abs(floquet.trivial - 1) < 1e-10
    for value in exact[1:]:
        assert np.abs(floquet.multipliers - value).min() < 1e-9
    assert abs(floquet.leading - np.abs(exact[1])) <= floquet.error + 1e-12


def real(z):
    return np.array([[z.real, -z.imag], [z.imag, z.real]])


def test_too_few_modes_are_told():
    # The steeper the feedback, the squarer the wave.
    coarse, fine = (
        periodic_orbit(negative_feedback, lambda t: 3 * jnp.cos(1.5 * t), 4.1, [1.0], 6.0, **most)
        for most in ({"max_modes": 8}, {"max_modes": 16})
    )

    assert not coarse.converged
    assert "harmonics do not decay" in coarse.advice()
    assert 1e-4 < np.abs(moduli(coarse) - moduli(fine)).sum() < coarse.error
    assert np.isinf(floquet_multipliers(negative_feedback, coarse, [1.0], 6.0, nodes=8).error)


def test_a_relaxation_cycle_is_not_called_converged():
    # A square wave, almost.
    orbit = periodic_orbit(
        *(negative_feedback, lambda t: 20 * jnp.cos(1.5 * t), 4.1, [1.0], 40.0), max_modes=16
    )

    assert not orbit.converged
    assert orbit.advice() != "none"


def test_no_cycle_is_told():
    # Below pi / 2 everything decays, and Newton's method has nowhere to go but the steady state.
    orbit = periodic_orbit(
        negative_feedback, lambda t: 0.2 * jnp.cos(1.5 * t), 4.0, [1.0], 1.4, max_modes=8
    )

    assert not orbit.converged
    assert "steady state" in orbit.advice() or "did not converge" in orbit.advice()
    assert np.isinf(orbit.error)


@pytest.mark.parametrize(
    ("wrong", "error", "message"),
    [
        ({"modes": 1}, ValueError, "`modes=1`, `max_modes=64`: start with at least 2"),
        ({"tolerance": 0.0}, ValueError, "`tolerance=0.0` must lie between 0 and 1"),
        ({"period": -4.0}, ValueError, r"`period=-4\.0` must be positive"),
        ({"guess": np.ones(3)}, ValueError, r"`guess` has values of shape \(3,\)"),
        ({"guess": np.full(9, np.nan)}, ValueError, "`guess` has values that are not finite"),
        ({"delays": [[1.0]]}, ValueError, r"`delays\[0\]` has shape \(1,\)"),
    ],
)
def test_wrong_arguments_are_named(wrong, error, message):
    good = {"f": negative_feedback, "guess": jnp.cos, "period": 4.0, "delays": [1.0], "args": 2.0}
    with pytest.raises(error, match=message):
        periodic_orbit(**(good | wrong))


def test_too_few_nodes_are_refused(of_van_der_pol):
    with pytest.raises(ValueError, match="`nodes=4` must be at least 8"):
        floquet_multipliers(van_der_pol, of_van_der_pol, [], 1.0, nodes=4)
