"""Growth rates: of synthetic series, of a linear equation, and the flips of a nonlinear one."""

import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from scipy.special import lambertw

from lemmata.solvers.flips import bracket_flips
from lemmata.solvers.growth import dde_growth, nonlinear_scale
from lemmata.solvers.prony import growth_rate

pytestmark = pytest.mark.heavy

LANES = 64


def pull_back(t, y, ylag, b):
    return -b * ylag[0]


def replicator(t, x, xlag, p):
    return x * (1 - x) * (p["a"] - p["C"] / (1 + jnp.exp(-p["k"] * (xlag[0] - p["xc"]))))


def points(seed, n=LANES):
    """Random replicators: parameters, equilibria, and the linearised coefficient b."""
    rng = np.random.default_rng(seed)
    k = np.exp(rng.uniform(np.log(0.3), np.log(100), n))
    C = np.exp(rng.uniform(np.log(0.1), np.log(100), n))
    x, rho = rng.uniform(0.02, 0.98, n), rng.uniform(0.01, 0.99, n)
    p = {"a": C * rho, "C": C, "k": k, "xc": x - np.log(rho / (1 - rho)) / k}
    return p, x, C * x * (1 - x) * k * rho * (1 - rho)


def measured(p, x, delay, factor=1.0, **options):
    kick = factor * 1e-5 * nonlinear_scale(replicator, x, p)
    found = dde_growth(replicator, x, delay, p, perturbation=kick, **options)
    return np.asarray(found.rate), np.asarray(found.error)


def exact_rate(product):
    # SciPy gives nan at the branch point 1/e itself, where the double root is -1.
    return np.nan_to_num(lambertw(-np.asarray(product)).real, nan=-1.0)


@given(
    rate=st.floats(-2, 2),
    frequency=st.floats(0.3, 2.5),
    phase=st.floats(0, 6),
    size=st.floats(-20, 20),
    offset=st.floats(-1, 1),
)
def test_a_pure_mode_is_recovered(rate, frequency, phase, size, offset):
    t = 0.25 * np.arange(64)
    mode = np.exp(rate * (t - t[-1] * (rate > 0))) * np.cos(frequency * t + phase)
    found = growth_rate(10**size * (mode + 0.1 * offset), 0.25, stride=4)

    assert abs(found.rate - rate) <= found.error + 1e-12
    if abs(rate) < 0.5:
        assert abs(found.rate - rate) < 1e-6
        assert abs(found.frequency - frequency) < 1e-6


@given(rate=st.floats(-1, 1), level=st.floats(1e-8, 1e-3), seed=st.integers(0, 99))
def test_noise_is_in_the_error(rate, level, seed):
    t = 0.5 * np.arange(120)
    noise = level * np.random.default_rng(seed).normal(size=t.size)
    u = np.exp(rate * t) * (np.cos(1.5 * t) + noise)
    found = growth_rate(u, 0.5, stride=2, offset=False)

    assert abs(found.rate - rate) <= found.error
    assert found.error <= 10 * level


def test_a_fading_second_mode_is_in_the_error():
    t = 0.5 * np.arange(60)
    u = np.exp(-0.05 * t) * np.cos(1.6 * t) + 0.1 * np.exp(-0.3 * t) * np.cos(0.5 * t)
    found = growth_rate(u, 0.5, offset=False)

    assert abs(found.rate + 0.05) <= found.error


@pytest.mark.parametrize("rate", [-3.0, -0.1, 0.0, 0.1, 3.0])
def test_one_real_mode_has_no_frequency(rate):
    u = np.exp(rate * 0.25 * np.arange(40))
    found = growth_rate(u, 0.25, stride=2, offset=False)

    assert abs(found.rate - rate) <= found.error < 1e-10
    assert found.frequency == 0


def test_lanes_without_enough_samples_have_an_infinite_error():
    u = np.cos(np.arange(40.0))
    batch = np.stack([u, np.full(40, np.nan), np.where(np.arange(40) < 8, u, np.inf), 0 * u])
    found = growth_rate(batch, 1.0)

    assert np.isfinite(found.error[0])
    assert np.isinf(found.error[1:]).all()
    assert np.isnan(found.rate[1:]).all()


def test_too_short_a_series_is_named():
    with pytest.raises(ValueError, match="at least 11 samples"):
        growth_rate(np.ones(10), 1.0)


@settings(max_examples=40)
@given(st.floats(0.1, 6))
@example(float(np.exp(-1)))  # where two real roots merge into a pair
@example(float(np.pi / 2))  # onset
def test_linear_rates_are_lamberts(product):
    # A batch of neighbours costs as much as one, and one shape compiles once.
    delay = product * np.linspace(1, 1.02, LANES)
    found = dde_growth(
        pull_back, np.zeros(LANES), delay, np.ones(LANES), perturbation=np.full(LANES, 1e-5)
    )
    gap = np.abs(np.asarray(found.rate) - exact_rate(delay) / delay)

    assert (gap <= np.asarray(found.error)).all()
    near_double = ~(np.abs(1 + lambertw(-delay)) >= 0.2)
    assert (np.asarray(found.error * delay)[~near_double] < 1e-5).all()


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_nonlinear_signs_are_certain_and_right(seed):
    p, x, b = points(seed)
    near = np.pi / 2 * np.array([1 - 1e-5, 1 + 1e-5])
    for product in [*np.geomspace(0.1, 10, 25), np.exp(-1), *near]:
        rate, error = measured(p, x, product / b)

        assert (np.abs(rate) > error).all()
        assert (np.sign(rate) == np.sign(exact_rate(product))).all()
        assert (np.abs(rate - exact_rate(product) * b / product) <= error).all()


def test_error_near_onset_is_far_below_a_millionth_of_the_delay():
    p, x, b = points(3)
    _, error = measured(p, x, np.pi / 2 / b)

    assert (error * (np.pi / 2 / b) < 1e-7).all()


@pytest.mark.parametrize("product", [0.7, 1.57, 1.6, 4.0])
def test_size_of_the_perturbation_does_not_matter(product):
    p, x, b = points(4)
    rate, error = measured(p, x, product / b)
    for factor in (0.5, 2.0):
        other, other_error = measured(p, x, product / b, factor)
        assert (np.abs(rate - other) <= error + other_error).all()


def test_flips_are_those_of_the_linearised_equation():
    p, x, b = points(5)
    found = bracket_flips(lambda d: measured(p, x, d), 0.1 / b, 10 / b, relative=1e-4)
    exact = np.pi / 2 / b

    assert found.ok.all()
    assert ((found.lo < exact) & (exact < found.hi)).all()
    assert (found.hi - found.lo <= 1e-4 * exact * 1.0001).all()


def test_flips_can_be_bracketed_to_a_ten_millionth():
    p, x, b = points(6)
    found = bracket_flips(lambda d: measured(p, x, d), 1.0 / b, 3 / b, relative=1e-7, points=4)
    exact = np.pi / 2 / b

    assert found.ok.all()
    assert ((found.lo < exact) & (exact < found.hi)).all()


def test_one_compilation_serves_a_batch():
    traced = []

    def watched(t, y, ylag, b):
        traced.append(t)
        return -b * ylag[0]

    counts = []
    for product in (0.5, 1.0, 2.0):
        delay, b, kick = np.full(LANES, product), np.ones(LANES), np.full(LANES, product * 1e-6)
        dde_growth(watched, np.zeros(LANES), delay, b, perturbation=kick)
        counts.append(len(traced))

    assert counts[0] == counts[-1] > 0


def test_hopeless_lanes_are_no_sign():
    p, x, b = points(8)
    x, delay = x.copy(), 1 / b
    x[0], delay[1] = np.nan, np.nan
    kick = np.full(LANES, 1e-7)
    kick[2] = 1e-18  # below rounding: nothing moves
    found = dde_growth(replicator, x, delay, p, perturbation=kick)

    assert np.isinf(found.error[:3]).all()
    assert np.isfinite(found.error[3:]).all()


def test_scale_of_the_nonlinearity():
    def f(t, y, ylag, c):
        return -y - ylag[0] + c * y**2

    def cubic(t, y, ylag, c):
        return -y + c * ylag[0] ** 3

    c = np.array([1.0, 100.0])

    assert np.allclose(nonlinear_scale(f, np.zeros(2), c), 1 / (2 * c))
    assert np.allclose(nonlinear_scale(cubic, np.zeros(2), c), 1 / np.sqrt(6 * c))
    assert np.isinf(nonlinear_scale(pull_back, np.zeros(2), c)).all()


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"delay": np.array([1.0, -1.0])}, "`delay` must be positive, got -1.0"),
        ({"perturbation": np.zeros(2)}, "`perturbation` must be positive, got 0.0"),
        ({"start": np.zeros(3)}, r"must have one shape \(n,\)"),
        ({"steps_per_delay": 12}, "multiple of 8"),
        ({"window": 1}, "must be at least 2"),
    ],
)
def test_wrong_arguments_are_named(wrong, message):
    good = {"start": np.zeros(2), "delay": np.ones(2), "perturbation": np.ones(2)}
    with pytest.raises(ValueError, match=message):
        dde_growth(pull_back, args=np.ones(2), **(good | wrong))
