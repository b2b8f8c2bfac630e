"""Branches of cycles against exact ones, and their laws against two theories."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from lemmata.solvers.floquet import floquet_multipliers
from lemmata.solvers.normal_form import hopf_normal_form
from lemmata.solvers.orbit_branch import amplitude_law, cycle_branch

pytestmark = pytest.mark.heavy

OWN_DELAY = (lambda t, y, p: p["delay"],)


def both_delayed(t, y, ylag, p):
    return y * (1 - y) * (p["rest"] - ylag[0])


def test_the_laws_of_a_replicator_equation():
    # Lindstedt's method (kappa = 1): every coefficient is exact.
    rest = jnp.array([0.2, 0.35, 0.5, 0.7])
    rate = rest * (1 - rest)
    critical = np.pi / (2 * rate)

    law = jax.jit(
        jax.vmap(
            lambda r, w, T: amplitude_law(
                both_delayed, r, OWN_DELAY, lambda d: {"rest": r, "delay": d}, omega=w, parameter=T
            )
        )
    )(rest, rate, critical)

    B = 1 / rate
    A = (1 - 2 * rest) * B
    square = 1 / (B / 4 + A**2 * (3 * np.pi - 2) / (20 * np.pi))  # of eps^2 / mu
    stretch = square * (B / 4 + 3 * A**2 / 20)
    assert law.converged.all()
    assert (np.abs(law.amplitude_squared - square / critical) <= law.amplitude_squared_error).all()
    assert (np.abs(law.period_slope - stretch / critical) <= law.period_slope_error).all()
    assert (np.abs(law.parameter - critical) <= law.parameter_error).all()
    assert (np.abs(law.period - 4 * critical) <= law.period_error).all()
    assert (law.amplitude_squared_error < 1e-6 * law.amplitude_squared).all()
    assert (law.period_slope_error < 1e-6 * law.period_slope).all()


def test_a_state_dependent_delay_two_ways():
    # Wright's equation with a delay that reads the state, and a second, constant one.
    def f(t, y, ylag, p):
        return -p["a"] * (ylag[0] + 0.2 * ylag[1]) * (1 + y)

    delays = [lambda t, y, p: 1 + p["bend"] * y + 0.3 * y**2, 0.4]

    # i w = -a (exp(-i w) + 0.2 exp(-0.4 i w)), by Newton's method in the plane.
    z = np.array([1.5, 1.5])
    for _ in range(30):
        w, a = z
        g = 1j * w + a * (np.exp(-1j * w) + 0.2 * np.exp(-0.4j * w))
        gw = 1j - 1j * a * (np.exp(-1j * w) + 0.08 * np.exp(-0.4j * w))
        ga = (g - 1j * w) / a
        z = z - np.linalg.solve([[gw.real, ga.real], [gw.imag, ga.imag]], [g.real, g.imag])
    w, a = z

    @jax.jit
    @jax.vmap
    def both(bend):
        args_of = lambda a: {"a": a, "bend": bend}
        law = amplitude_law(f, 0.0, delays, args_of, omega=w, parameter=a)
        form = hopf_normal_form(f, 0.0, delays, w, args_of, a)
        return law, form, form.amplitude_squared, form.period_slope

    law, form, square, slope = both(jnp.array([-0.3, 0.0, 0.4]))

    assert (form.form.problem == 0).all()
    assert (np.abs(law.amplitude_squared - square) <= law.amplitude_squared_error + 1e-10).all()
    assert (np.abs(law.period_slope - slope) <= law.period_slope_error + 1e-10).all()
    assert (law.amplitude_squared_error < 1e-4 * np.abs(square)).all()
    # The dependence on the state is seen at all.
    assert np.ptp(np.asarray(square)) > 0.1


K, LAG = 0.3, 1.0


def hard_onset(t, y, ylag, mu):
    """w' = (mu + i) w + K (w(t - 1) - w) + w |w|^2 - w |w|^4: subcritical, with a fold."""
    w, then = y[0] + 1j * y[1], ylag[0][0] + 1j * ylag[0][1]
    square = y @ y
    rate = (mu + 1j) * w + K * (then - w) + w * (square - square**2)
    return jnp.stack([rate.real, rate.imag])


@pytest.fixture(scope="module")
def hard():
    omega = 1.0
    for _ in range(100):
        omega = 1 - K * np.sin(omega * LAG)
    onset = K * (1 - np.cos(omega * LAG))
    branch = cycle_branch(
        hard_onset,
        jnp.zeros(2),
        [LAG],
        lambda mu: mu,
        omega=omega,
        parameter=onset,
        amplitudes=jnp.linspace(0.1, 1.0, 10),
        modes=4,
    )
    return omega, onset, branch


def test_a_subcritical_branch_is_followed_around_its_fold(hard):
    omega, onset, branch = hard
    A = np.linspace(0.1, 1.0, 10)

    assert branch.converged.all()
    assert np.allclose(branch.parameters, onset - A**2 + A**4, atol=1e-12)
    assert (np.abs(branch.parameters - (onset - A**2 + A**4)) <= branch.parameter_errors).all()
    assert np.allclose(branch.slopes, -2 * A + 4 * A**3, atol=1e-10)
    assert np.allclose(branch.periods, 2 * np.pi / omega, atol=1e-12)
    ((size, parameter, uncertainty),) = branch.folds()
    assert abs(size - np.sqrt(0.5)) < 1e-3
    assert abs(parameter - (onset - 0.25)) <= uncertainty < 1e-2


def test_cycles_change_their_stability_at_the_fold(hard):
    _, _, branch = hard
    floquet = floquet_multipliers(hard_onset, branch.orbits, [LAG], branch.parameters, nodes=20)
    small = np.asarray(branch.amplitudes) < np.sqrt(0.5)

    assert np.array_equal(floquet.unstable, small)
    assert np.array_equal(floquet.stable, ~small)
    assert np.allclose(floquet.trivial, 1, atol=1e-7)


def test_a_linear_equation_has_no_law():
    def f(t, y, ylag, a):
        return -a * ylag[0]

    law = amplitude_law(
        f, 0.0, [1.0], lambda a: a, omega=np.pi / 2, parameter=np.pi / 2, largest=0.5
    )

    assert not law.converged
    assert np.isnan(law.amplitude_squared)
    assert np.isinf(law.amplitude_squared_error)


def test_too_few_modes_or_too_far_a_step_are_told():
    # At A = 6 the negative feedback is a square wave.
    def f(t, y, ylag, a):
        return -a * jnp.tanh(3 * ylag[0])

    branch = cycle_branch(
        f,
        0.0,
        [1.0],
        lambda a: a,
        omega=np.pi / 2,
        parameter=np.pi / 6,
        amplitudes=[0.1, 6.0],
        modes=6,
    )

    assert branch.converged.tolist() == [True, False]


@pytest.mark.parametrize(
    ("wrong", "error", "message"),
    [
        ({"amplitudes": 0.1}, ValueError, r"`amplitudes` has shape \(\); give at least one"),
        ({"amplitudes": [0.0]}, ValueError, "`amplitudes` must be positive"),
        ({"modes": 2}, ValueError, "`modes=2` must be at least 3"),
        ({"omega": -1.0}, ValueError, r"`omega=-1\.0` must be positive"),
        ({"parameter": [1.0]}, ValueError, r"`parameter` has shape \(1,\)"),
    ],
)
def test_wrong_arguments_are_named(wrong, error, message):
    good = {"omega": 1.0, "parameter": 0.0, "amplitudes": [0.1]}
    with pytest.raises(error, match=message):
        cycle_branch(hard_onset, jnp.zeros(2), [LAG], lambda mu: mu, **(good | wrong))


def test_an_extrapolation_needs_two_orders():
    with pytest.raises(ValueError, match="`count=2` must be at least 3"):
        amplitude_law(
            hard_onset, jnp.zeros(2), [LAG], lambda mu: mu, omega=1.0, parameter=0.0, count=2
        )
