"""The delay integrator: exact solutions, measured order, true error bounds, batches, errors."""

from fractions import Fraction

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from lemmata.solvers.aligned import ConstantHistory, solve_aligned, solve_with_error

pytestmark = pytest.mark.heavy


def pull_back(t, y, ylag, b):
    return -b * ylag[0]


def follow_sine(t, y, ylag, args):
    return jnp.cos(t) + ylag[0] - jnp.sin(t - 0.7)


def turn(t, y, ylag, matrix):
    return matrix @ ylag[0]


def growing_sigmoid(t, y, ylag, delay):
    # y = 1 / (1 + exp(-t)) is exact: y(t - delay) gives exp(-t), and y' = exp(-t) y^2.
    return (1 / ylag[0] - 1) * jnp.exp(-delay) * y**2


ROOT = complex(-0.1, 2.0)
PAIR = ROOT * np.exp(ROOT * 0.5)
ROTATION = jnp.array([[PAIR.real, -PAIR.imag], [PAIR.imag, PAIR.real]])


def wave(t):
    e = jnp.exp(ROOT.real * t)
    return jnp.stack([e * jnp.cos(ROOT.imag * t), e * jnp.sin(ROOT.imag * t)], axis=-1)


# name: right-hand side, history (and exact solution), delay, args
EXACT = {
    "exponential": (pull_back, lambda t: jnp.exp(-0.5 * t), 1.0, 0.5 * np.exp(-0.5)),
    "sine": (follow_sine, jnp.sin, 0.7, None),
    "vector": (turn, wave, 0.5, ROTATION),
    "nonlinear": (growing_sigmoid, jax.nn.sigmoid, 0.3, 0.3),
}


def by_the_method_of_steps(intervals):
    """Polynomials in the local time s of y' = -y(t - 1), y = 1 before 0, as exact coefficients."""
    pieces = [[Fraction(1)]]
    for _ in range(intervals):
        last = pieces[-1]
        integral = [Fraction(0)] + [c / (i + 1) for i, c in enumerate(last)]
        pieces.append([sum(last, Fraction(0))] + [-c for c in integral[1:]])
    return pieces[1:]


def exact_steps(intervals, n):
    values = [Fraction(1)]
    for piece in by_the_method_of_steps(intervals):
        for i in range(1, n + 1):
            s = Fraction(i, n)
            values.append(sum((c * s**m for m, c in enumerate(piece)), Fraction(0)))
    return np.array([float(v) for v in values])


def largest_error(name, steps):
    f, exact, delay, args = EXACT[name]
    path = solve_aligned(f, exact, delay, delays=6, steps_per_delay=steps, args=args)
    return float(jnp.max(jnp.abs(path.ys - exact(path.ts))))


def test_constant_history_agrees_with_the_method_of_steps():
    path = solve_aligned(
        pull_back, ConstantHistory(1.0), 1.0, delays=8, steps_per_delay=32, args=1.0
    )

    assert path.ts.shape == path.ys.shape == (257,)
    assert path.ys.dtype == jnp.float64
    assert np.abs(np.asarray(path.ys) - exact_steps(8, 32)).max() < 2e-9


def test_cubics_are_exact_across_the_first_breaking_points():
    # On the first three delay lengths the solution has degree 1, 2, 3: one wrong one-sided slope at
    # a breaking point, or an interpolant of lower order, would show.
    path = solve_aligned(
        pull_back, ConstantHistory(1.0), 1.0, delays=3, steps_per_delay=1, args=1.0
    )

    assert np.abs(np.asarray(path.ys) - exact_steps(3, 1)).max() < 1e-15


def fitted_slope(steps, errors):
    x, y = -np.log(steps), np.log(errors)
    (slope, _level), cov = np.polyfit(x, y, 1, cov=True)
    return slope, np.sqrt(cov[0, 0])


@pytest.mark.parametrize("name", EXACT)
def test_global_order_is_four(name):
    steps = np.array([6, 9, 12, 18, 24])
    errors = np.array([largest_error(name, int(n)) for n in steps])
    keep = errors > 1e-12  # below, round-off has a share
    assert keep.sum() >= 4

    slope, stderr = fitted_slope(steps[keep], errors[keep])

    # The next term of the error is one power higher: a bias of the slope of order 1/6 at worst.
    assert abs(slope - 4) <= 3 * stderr + 0.1
    assert stderr < 0.1


@pytest.mark.parametrize("steps", [3, 6, 9, 12])
@pytest.mark.parametrize("name", EXACT)
def test_error_estimate_bounds_the_true_error(name, steps):
    f, exact, delay, args = EXACT[name]
    path, error = solve_with_error(f, exact, delay, delays=6, steps_per_delay=steps, args=args)
    true = jnp.abs(path.ys - exact(path.ts))

    assert path.ys.shape == error.shape
    assert path.ts.shape == (6 * steps + 1,)
    assert bool(jnp.all(true <= error))


@pytest.mark.parametrize("steps", [4, 8, 16])
def test_error_estimate_holds_after_a_jump_of_the_slope(steps):
    start = ConstantHistory(1.0)
    path, error = solve_with_error(pull_back, start, 1.0, delays=8, steps_per_delay=steps, args=1.0)
    true = np.abs(np.asarray(path.ys) - exact_steps(8, steps))

    assert (true <= np.asarray(error)).all()


def test_error_estimate_is_not_wildly_pessimistic():
    f, exact, delay, args = EXACT["sine"]
    path, error = solve_with_error(f, exact, delay, delays=6, steps_per_delay=12, args=args)
    true = jnp.abs(path.ys - exact(path.ts))

    assert float(jnp.max(error)) < 20 * float(jnp.max(true))


def test_vmap_equals_a_loop():
    delays, rates, starts = (
        jnp.array(v) for v in ([0.5, 1.0, 2.0], [1.0, 0.3, 0.9], [1.0, 2.0, -1.0])
    )

    def one(delay, b, y0):
        return solve_aligned(
            pull_back, ConstantHistory(y0), delay, delays=5, steps_per_delay=8, args=b
        ).ys

    batch = jax.jit(jax.vmap(one))(delays, rates, starts)
    loop = jnp.stack([one(*lane) for lane in zip(delays, rates, starts, strict=True)])

    assert batch.shape == (3, 41)
    assert np.allclose(batch, loop, rtol=1e-13, atol=0)


def test_time_can_be_rescaled():
    slow = solve_aligned(
        pull_back, ConstantHistory(1.0), 4.0, delays=5, steps_per_delay=8, args=0.25
    )
    fast = solve_aligned(
        pull_back, ConstantHistory(1.0), 1.0, delays=5, steps_per_delay=8, args=1.0
    )

    assert np.allclose(slow.ys, fast.ys, rtol=1e-13)
    assert np.allclose(slow.ts, 4 * fast.ts)


def test_complex_states_are_allowed():
    def spin(t, y, ylag, args):
        return 1j * ylag[0]

    path = solve_aligned(spin, ConstantHistory(1.0 + 0j), 0.1, delays=2, steps_per_delay=4)

    assert path.ys.dtype == jnp.complex128


@pytest.mark.parametrize("delay", [0.0, -1.0, float("inf"), float("nan")])
def test_delay_must_be_positive_and_finite(delay):
    with pytest.raises(ValueError, match=r"`delay=.*` must be positive and finite"):
        solve_aligned(pull_back, ConstantHistory(1.0), delay, delays=1, steps_per_delay=1, args=1.0)


def test_a_batch_of_delays_needs_vmap():
    with pytest.raises(ValueError, match=r"shape \(3,\); .* Use `jax.vmap`"):
        solve_aligned(pull_back, ConstantHistory(1.0), np.ones(3), delays=1, steps_per_delay=1)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"delay": "1"}, "`delay='1'` must be one real number, such as 1.0"),
        ({"delay": None}, "`delay=None` must be one real number"),
        ({"history": 1.0}, r"`history=1.0` must be a function, called as `history\(t\)`"),
        ({"f": lambda t, y: -y}, r"`f` is called as `f\(t, y, ylag, args\)`: too many"),
    ],
)
def test_what_is_no_number_or_no_function_is_named(change, message):
    call = {"f": pull_back, "history": ConstantHistory(1.0), "delay": 1.0} | change
    with pytest.raises(ValueError, match=message):
        solve_aligned(**call, delays=1, steps_per_delay=1)


@pytest.mark.parametrize("counts", [{"delays": 0}, {"steps_per_delay": 0}, {"delays": 1.5}])
def test_counts_must_be_positive_integers(counts):
    counts = {"delays": 1, "steps_per_delay": 1} | counts
    with pytest.raises(ValueError, match="must be an integer of at least 1"):
        solve_aligned(pull_back, ConstantHistory(1.0), 1.0, args=1.0, **counts)


def test_right_hand_side_of_another_shape_is_named():
    def wrong(t, y, ylag, args):
        return jnp.stack([y, y])

    with pytest.raises(ValueError, match=r"`f` returned shape \(2,\) for a state of shape \(\)"):
        solve_aligned(wrong, ConstantHistory(1.0), 1.0, delays=1, steps_per_delay=1)


def test_right_hand_side_of_another_dtype_is_named():
    def wrong(t, y, ylag, args):
        return y.astype(jnp.complex128)

    with pytest.raises(TypeError, match="returned complex128 for a state of float64"):
        solve_aligned(wrong, ConstantHistory(1.0), 1.0, delays=1, steps_per_delay=1)
