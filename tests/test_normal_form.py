"""Hopf normal forms against exact ones, and against the formula of a paper."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.optimize import bisect

from lemmata.solvers.normal_form import hopf_normal_form, lyapunov_coefficient
from lemmata.solvers.spectrum import linearise, rightmost

pytestmark = pytest.mark.heavy


def replicator(t, y, ylag, p):
    a, C, k, x_c, _ = p
    return y * (1 - y) * (a - C / (1 + jnp.exp(-k * (ylag[0] - x_c))))


OWN_DELAY = (lambda t, y, p: p[4],)


def replicator_points(n):
    rng = np.random.default_rng(5)
    C, rho = rng.uniform(2, 8, n), rng.uniform(0.2, 0.8, n)
    k, x_c = rng.uniform(5, 15, n), rng.uniform(0.4, 0.6, n)
    C[0], rho[0], k[0], x_c[0] = 5, 0.4, 10, 0.5
    x = x_c + np.log(rho / (1 - rho)) / k
    b = C * x * (1 - x) * k * rho * (1 - rho)
    return C, rho, k, x_c, x, b


@pytest.fixture(scope="module")
def of_replicators():
    C, rho, k, x_c, x, b = replicator_points(40)

    @jax.vmap
    def forms(C, rho, k, x_c, x, b):
        return hopf_normal_form(
            replicator, x, OWN_DELAY, b, lambda D: (rho * C, C, k, x_c, D), jnp.pi / (2 * b)
        )

    return forms(*map(jnp.asarray, (C, rho, k, x_c, x, b)))


def test_the_delayed_replicator_has_the_coefficient_of_its_paper(of_replicators):
    C, rho, k, _, x, _ = replicator_points(40)
    alpha, skew, pi = x * (1 - x), 1 - 2 * x, np.pi
    Q = (3 * pi - 2) - (7 * pi - 8) * rho * (1 - rho)
    B = 2 * Q * (alpha * k) ** 2 - (7 * pi - 8) * (2 * rho - 1) * alpha * k * skew
    B += 2 * (3 * pi - 2) * skew**2 + 10 * pi * alpha
    printed = C * k * rho / (5 * alpha * (4 + pi**2)) * (rho - 1) * B
    form = of_replicators.form

    assert (np.abs(form.c1.real - printed) <= form.error).all()
    assert (form.error < 1e-11 * np.abs(printed)).all()
    assert abs(float(form.c1[0].real) + 40.852) < 5e-4
    assert abs(float(of_replicators.mu2[0]) - 15.95) < 5e-3
    assert form.supercritical.all()


def test_roots_cross_at_the_speed_of_hayes_equation(of_replicators):
    b = replicator_points(40)[-1]

    assert np.allclose(of_replicators.root_slope, b**2 / (1 + 0.5j * np.pi), rtol=1e-12, atol=0)


def test_projections_are_normalised(of_replicators):
    form = of_replicators.form

    assert np.allclose(form.q, 1)
    assert np.allclose(form.p[:, 0], 1 / (1 + 0.5j * np.pi))


def test_van_der_pol():
    def f(t, y, ylag, m):
        return jnp.array([y[1], (m - y[0] ** 2) * y[1] - y[0]])

    law = hopf_normal_form(f, jnp.zeros(2), [], 1.0, lambda m: m, 0.0)

    assert abs(law.form.c1 + 0.5) <= law.form.error < 1e-12
    assert abs(law.root_slope - 0.5) < 1e-14
    assert abs(law.amplitude_squared - 4) < 1e-12
    assert abs(law.period_slope) < 1e-12


def stuart_landau(t, y, ylag, p):
    """w' = (a + i) w + k w(t - tau) - gamma |w|^2 w, as two real equations."""
    w, then = y[0] + 1j * y[1], ylag[0][0] + 1j * ylag[0][1]
    rate = (p["a"] + 1j) * w + p["k"] * then - p["gamma"] * (y @ y) * w
    return jnp.stack([rate.real, rate.imag])


def test_a_rotation_with_a_delay_that_reads_the_state():
    k, tau, gamma, bend = 0.4, 1.5, 0.8, 0.6
    omega = 1.0
    for _ in range(200):
        omega = 1 - k * np.sin(omega * tau)
    args = {"a": -k * np.cos(omega * tau), "k": k, "gamma": gamma}
    delays = [lambda t, y, p: tau + bend * (y[0] ** 2 + y[1] ** 2)]
    form = lyapunov_coefficient(stuart_landau, jnp.zeros(2), delays, omega, args)

    # A delay tau + bend |w|^2 on w ~ exp(i omega t) adds a cubic term of its own.
    fade = k * np.exp(-1j * omega * tau)
    exact = -4 * (gamma + 1j * omega * bend * fade) / (1 + tau * fade)
    assert abs(form.c1 - exact) <= form.error < 1e-11


def test_the_speed_follows_a_steady_state_that_moves():
    # Nicholson's blowflies: the steady state is log(P), and its derivative moves with P, too.
    def blowflies(t, y, ylag, P):
        return P * ylag[0] * jnp.exp(-ylag[0]) - y

    delay = 3.0

    def root(P):
        return rightmost(*map(np.asarray, linearise(blowflies, np.log(P), P)), delay).root

    P = float(bisect(lambda P: root(P).real, 8, 30, xtol=1e-13))
    law = hopf_normal_form(
        blowflies, float(np.log(P)), [delay], float(root(P).imag), lambda P: P, P
    )

    difference = (root(P + 1e-4) - root(P - 1e-4)) / 2e-4
    assert abs(law.root_slope - difference) < 1e-8 * abs(difference)


@pytest.mark.parametrize(
    ("state", "omega", "told"),
    [
        (0.0, 1.6, "this is no Hopf point"),
        (0.9, np.pi / 2, "not a steady state"),
        (np.nan, np.pi / 2, None),
    ],
)
def test_what_is_no_hopf_point_has_no_coefficient(state, omega, told):
    form = jax.vmap(lambda y, w: lyapunov_coefficient(hutchinson, y, [1.0], w))(
        jnp.array([state]), jnp.array([omega])
    )
    form = jax.tree.map(lambda leaf: leaf[0], form)

    assert np.isnan(form.c1)
    assert np.isinf(form.error)
    assert not form.supercritical
    assert told is None or told in form.advice()


def hutchinson(t, y, ylag, args):
    return -jnp.pi / 2 * ylag[0] * (1 + y)


def test_a_resonance_has_no_cubic_normal_form():
    # Two oscillators without coupling, of frequencies 1 and 2.
    def f(t, y, ylag, args):
        return jnp.array([-y[1], y[0], -2 * y[3], 2 * y[2]]) - y**3

    form = lyapunov_coefficient(f, jnp.zeros(4), [], 1.0)

    assert np.isnan(form.c1)
    assert "1:2 resonance" in form.advice()


@pytest.mark.parametrize(
    ("wrong", "error", "message"),
    [
        ({"omega": 0.0}, ValueError, r"`omega=0\.0` must be positive"),
        ({"omega": [1.0, 2.0]}, ValueError, r"`omega` has shape \(2,\); .* use jax.vmap"),
        ({"omega": 1j}, TypeError, "`omega` is complex"),
        ({"delays": 1.0}, TypeError, "`delays` is 1.0; give a sequence"),
        ({"delays": [-1.0]}, ValueError, r"`delays\[0\]=-1\.0` must be finite and not negative"),
        ({"delays": ["1"]}, TypeError, r"`delays\[0\]` is '1'; it must be real"),
        ({"state": [[0.0]]}, ValueError, r"`state` has shape \(1, 1\)"),
        ({"state": np.nan}, ValueError, "`state` must be finite"),
        ({"f": lambda t, y, ylag, args: jnp.zeros(3)}, ValueError, r"`f` returned shape \(3,\)"),
    ],
)
def test_wrong_arguments_are_named(wrong, error, message):
    good = {"f": hutchinson, "state": 0.0, "delays": [1.0], "omega": np.pi / 2}
    with pytest.raises(error, match=message):
        lyapunov_coefficient(**(good | wrong))
