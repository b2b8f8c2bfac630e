"""Fixed steps: exact solutions, measured order, lags out of reach, sweeps of cycles, errors."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from lemmata.solvers.aligned import ConstantHistory, solve_aligned
from lemmata.solvers.cycle import cycle_of
from lemmata.solvers.fixed_step import solve_fixed

pytestmark = pytest.mark.heavy

ROOT = complex(-0.1, 2.0)


def decay(t):
    return jnp.exp(-0.5 * t)


def spiral(t):
    return jnp.exp(ROOT * t)


def pull_back(t, y, ylag, b):
    return -b * ylag[0]


def two_pulls(t, y, ylag, args):
    # y = exp(ROOT t) is exact: each lagged state is y times exp(-ROOT lag).
    return ROOT / 2 * (jnp.exp(ROOT * 0.5) * ylag[0] + jnp.exp(ROOT * 1.5) * ylag[1])


def longer_when_large(t, y, args):
    return 1 + y


def slower_when_large(t, y, ylag, args):
    # y = exp(-t/2) is exact: the state 1 + y ago is y exp((1 + y) / 2).
    return -0.5 * ylag[0] * jnp.exp(-(1 + y) / 2)


def pair(t):
    return jnp.stack([jnp.sin(t), jnp.cos(t)], axis=-1)


def follow_pair(t, y, ylag, args):
    # (sin, cos) is exact; the lag 0.9 + 0.4 sin t depends on time.
    lag = 0.9 + 0.4 * jnp.sin(t)
    turned = jnp.stack([ylag[0][1], -ylag[0][0]])
    return jnp.cos(lag) * turned - jnp.sin(lag) * ylag[0]


# name: right-hand side, history (and exact solution), delays, args
EXACT = {
    "constant": (pull_back, decay, (1.0,), 0.5 * np.exp(-0.5)),
    "two delays": (two_pulls, spiral, (0.5, 1.5), None),
    "of time": (follow_pair, pair, (lambda t, y, args: 0.9 + 0.4 * jnp.sin(t),), None),
    "of state": (slower_when_large, decay, (longer_when_large,), None),
}


def solved(name, step, steps=60, longest=60, **options):
    f, history, delays, args = EXACT[name]
    return solve_fixed(
        f, history, delays, step=step, steps=steps, args=args, longest=longest, **options
    )


def largest_error(name, steps):
    # Every run takes the steps of the finest, so that all share one compilation.
    path = solved(name, 6 / steps, steps=231, longest=80)
    return float(jnp.max(jnp.abs(path.ys - EXACT[name][1](path.ts))[: steps + 1]))


@pytest.mark.parametrize("name", EXACT)
def test_global_order_is_four(name):
    # Constant delays end at the same fraction of a step, 1/4, 1/2 or 3/4, in all five: the error of
    # the interpolant depends on it.
    steps = np.array([63, 87, 123, 171, 231])
    errors = np.array([largest_error(name, int(n)) for n in steps])
    (slope, _level), cov = np.polyfit(-np.log(steps), np.log(errors), 1, cov=True)
    stderr = np.sqrt(cov[0, 0])

    assert errors.min() > 1e-12  # above round-off
    assert errors.max() < 1e-4
    # The share of the next power in the largest step biases the slope by 0.1 at most.
    assert abs(slope - 4) <= 3 * stderr + 0.1
    assert stderr < 0.1


def test_kept_states_are_those_of_every_step():
    every, some = solved("two delays", 0.1), solved("two delays", 0.1, every=6)

    assert some.ts.shape == some.ys.shape == (11,)
    np.testing.assert_allclose(some.ts, every.ts[::6], rtol=1e-15)
    np.testing.assert_allclose(some.ys, every.ys[::6], rtol=1e-13)


def test_a_longer_store_changes_nothing():
    short, long = (solved("two delays", 0.1, longest=n) for n in (15, 60))

    np.testing.assert_allclose(short.ys, long.ys, rtol=1e-13)


def test_number_and_callable_are_the_same_delay():
    number = solved("constant", 0.1, longest=None)
    f, history, _, args = EXACT["constant"]
    called = solve_fixed(
        f, history, [lambda t, y, args: 1.0], step=0.1, steps=60, args=args, longest=10
    )

    np.testing.assert_allclose(number.ys, called.ys, rtol=1e-13)


def test_a_lag_of_one_step_is_allowed():
    path = solve_fixed(pull_back, decay, [0.1], step=0.1, steps=50, args=0.5 * np.exp(-0.05))

    assert float(jnp.max(jnp.abs(path.ys - decay(path.ts)))) < 1e-6


def test_vmap_equals_a_loop():
    def one(delay, step, b, y0):
        return solve_fixed(
            pull_back, ConstantHistory(y0), [delay], step=step, steps=40, args=b, longest=20
        ).ys

    lanes = [
        jnp.array(v) for v in ([0.5, 1.0, 1.7], [0.1, 0.05, 0.2], [1.0, 0.3, 0.9], [1, 2, -1.0])
    ]
    batch = jax.jit(jax.vmap(one))(*lanes)
    loop = jnp.stack([one(*lane) for lane in zip(*lanes, strict=True)])

    assert batch.shape == (3, 41)
    np.testing.assert_allclose(batch, loop, rtol=1e-12)


def test_a_lag_that_falls_below_the_step_is_nan_from_there():
    def shrinking(t, y, args):
        return 1.05 - t  # a step of 0.1 reaches it at t = 0.95

    path = solve_fixed(pull_back, decay, [shrinking], step=0.1, steps=20, args=1.0, longest=20)

    # The step from 0.9 looks ahead to 1.0, where the lag is half a step.
    np.testing.assert_array_equal(np.isnan(path.ys), np.arange(21) > 9)


def test_a_lag_that_is_no_longer_stored_is_nan_from_there():
    def stepping_up(t, y, args):
        return jnp.where(t < 4.0, 0.5, 1.3)

    def path(longest):
        return solve_fixed(
            pull_back, decay, [stepping_up], step=0.1, steps=60, args=0.5, longest=longest
        ).ys

    assert np.isfinite(path(13)).all()
    np.testing.assert_array_equal(np.isnan(path(12)), np.arange(61) >= 40)


def test_a_long_lag_into_the_history_needs_no_store():
    short = solve_fixed(
        pull_back, decay, [lambda t, y, a: 9.0], step=0.1, steps=80, args=0.5, longest=1
    )
    exact = 1 + np.exp(4.5) * (decay(short.ts) - 1)

    np.testing.assert_allclose(short.ys, exact, rtol=1e-6)


def test_non_finite_slopes_are_returned_as_they_are():
    def undefined(t, y, ylag, args):
        return jnp.sqrt(0.95 - t) * ylag[0]

    path = solve_fixed(undefined, decay, [1.0], step=0.1, steps=20)

    np.testing.assert_array_equal(np.isnan(path.ys), np.arange(21) > 9)


def logistic(t, x, xlag, r):
    return r * x * (1 - xlag[0])


@pytest.fixture(scope="module")
def cycles():
    """1e5 steps at rates around pi/2, and the cycles of the last quarter."""
    distances = np.array([-0.02, 0.02, 0.03, 0.04, 0.06])

    def tail(r, swing):
        path = solve_fixed(
            logistic, ConstantHistory(1 + swing), [1.0], step=1 / 32, steps=102400, args=r,
            every=4, longest=32,
        )  # fmt: skip
        return path.ys[-6400:]

    swings = jnp.sqrt(jnp.abs(distances))
    samples = jax.jit(jax.vmap(tail))(jnp.asarray(np.pi / 2 + distances), swings)
    return distances, cycle_of(samples, 1 / 8)


def test_cycles_of_the_delayed_logistic_equation_begin_as_the_normal_form_says(cycles):
    # x' = r x (1 - x(t - 1)) just above pi/2: A^2 = 40 (r - pi/2) / (3 pi - 2), period 4 (Hassard,
    # Kazarinoff and Wan (1981), chapter 4). A cubic through the cycles is carried to distance zero;
    # its difference to the quadratic bounds the error of that.
    distances, found = cycles
    mu = distances[1:]

    assert (found.amplitude_error[1:] < 1e-4 * found.amplitude[1:]).all()
    for values, limit, accuracy in (
        (found.amplitude[1:] ** 2 / mu, 40 / (3 * np.pi - 2), 1e-4),
        (found.period[1:], 4.0, 1e-5),
    ):
        cubic, square = (np.polyfit(mu, values, degree)[-1] for degree in (3, 2))
        assert abs(cubic - square) < accuracy * limit
        assert abs(cubic - limit) < abs(cubic - square)


def test_below_the_onset_no_cycle_is_found(cycles):
    _, found = cycles

    assert np.isinf(found.period_error[0])
    assert np.isinf(found.amplitude_error[0])


def test_the_cycle_is_that_of_the_aligned_integrator(cycles):
    distances, found = cycles
    path = solve_aligned(
        logistic, ConstantHistory(1.2), 1.0, delays=1200, steps_per_delay=32,
        args=np.pi / 2 + distances[-1],
    )  # fmt: skip
    other = cycle_of(np.asarray(path.ys)[-25600::4], 1 / 8)

    assert abs(found.period[-1] - other.period) <= found.period_error[-1] + other.period_error
    gap = abs(found.amplitude[-1] - other.amplitude)
    assert gap <= found.amplitude_error[-1] + other.amplitude_error


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"step": 0.0}, r"`step=0.0` must be positive and finite"),
        ({"step": np.ones(2)}, r"`step` has shape \(2,\); .* Use `jax.vmap`"),
        ({"step": "0.1"}, "`step='0.1'` must be one real number, such as 1.0"),
        ({"delays": 1.0}, r"`delays=1.0` must be a sequence, .* write `\(delay,\)`"),
        ({"delays": longer_when_large}, "`delays=<function .* must be a sequence"),
        ({"delays": ["1"]}, r"`delays\[0\]='1'` must be one real number"),
        ({"history": 1.0}, r"`history=1.0` must be a function, called as `history\(t\)`"),
        ({"steps": 0}, r"`steps=0` must be an integer of at least 1"),
        ({"every": 3}, r"`every=3` must divide `steps=10`; round `steps` up"),
        ({"delays": []}, r"`delays` is empty; without a delay use an ODE solver"),
        ({"delays": [1.0, -1.0]}, r"`delays\[1\]=-1.0` must be positive and finite"),
        ({"delays": [float("nan")]}, r"`delays\[0\]=nan` must be positive and finite"),
        ({"delays": [0.05]}, r"`delays\[0\]=0.05` is shorter than `step=0.1`; .*take a step no"),
        ({"longest": 9}, r"`delays\[0\]=1.0` is longer than `longest=9` steps.*store 10 steps"),
        ({"longest": 1.5}, r"`longest=1.5` must be an integer of at least 1"),
        ({"delays": [longer_when_large]}, r"`longest` is missing: .*a delay is a callable"),
        (
            {"delays": [lambda t, y, a: jnp.ones(2)], "longest": 9},
            r"`delays\[0\]` returned shape \(2,\); a lag must be a scalar",
        ),
        ({"f": lambda t, y, ylag, a: jnp.stack([y, y])}, r"`f` returned shape \(2,\) for a state"),
    ],
)
def test_bad_input_is_named(options, message):
    call = {"f": pull_back, "delays": [1.0], "step": 0.1, "steps": 10, "args": 1.0} | options
    call = {"history": decay} | call
    with pytest.raises(ValueError, match=message):
        solve_fixed(**call)


def test_right_hand_side_of_another_dtype_is_named():
    def wrong(t, y, ylag, args):
        return y.astype(jnp.complex128)

    with pytest.raises(TypeError, match="returned complex128 for a state of float64"):
        solve_fixed(wrong, decay, [1.0], step=0.1, steps=10)
