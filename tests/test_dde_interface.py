"""The delay solver as one uses it: batches, PyTrees, dense output, events, estimated errors."""

import diffrax
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from tests.dde_exact import fundamental
from tests.dde_problems import PROBLEMS
from tests.dde_sharing import Shared

from lemmata.solvers.dde import DDEResult, solve_dde

pytestmark = pytest.mark.heavy

ESTIMATED = ("growth", "Neves", "zigzag", "stiff")
shared = Shared({name: PROBLEMS[name] for name in ESTIMATED})


def pull(t, y, ylag, a):
    return -a * ylag[0]


def test_a_batch_of_parameters_delays_and_histories_is_the_loop_over_it():
    def solve(tau, a, past):
        sol = solve_dde(pull, lambda t: past * jnp.cos(t), tau, 0.0, 4.0, args=a, ts=[1.0, 4.0])
        return sol.ys, sol.stats["num_steps"]

    points = jnp.linspace(0.3, 1.7, 6), jnp.linspace(2.0, 0.5, 6), jnp.linspace(-1.0, 1.0, 6)
    together, counts = jax.jit(jax.vmap(solve))(*points)
    alone = [jax.jit(solve)(*point) for point in zip(*points, strict=True)]
    np.testing.assert_allclose(together, [ys for ys, _ in alone], rtol=1e-11, atol=1e-12)
    assert len(set(counts.tolist())) > 1  # they really went different ways


def test_a_batch_with_a_delay_that_depends_on_the_state():
    def solve(weight):
        lag = lambda t, y, args: 0.5 + args * y**2
        f = lambda t, y, ylag, args: jnp.cos(t) + ylag[0] - jnp.sin(t - lag(t, y, args))
        return solve_dde(f, jnp.sin, lag, 0.0, 3.0, args=weight, ts=[1.0, 2.0, 3.0]).ys

    got = jax.vmap(solve)(jnp.linspace(0.0, 1.0, 4))
    np.testing.assert_allclose(got, np.broadcast_to(np.sin([1.0, 2.0, 3.0]), (4, 3)), atol=1e-6)


def test_states_may_be_pytrees():
    def f(t, y, ylag, args):
        return {"a": -ylag[0]["a"], "b": (ylag[1]["b"][0] * 0 + y["b"][0],)}

    past = lambda t: {"a": jnp.ones(()), "b": (jnp.ones((2, 3)),)}
    sol = solve_dde(f, past, [1.0, 0.5], 0.0, 2.0, ts=[1.0, 2.0])
    np.testing.assert_allclose(sol.ys["a"], [0.0, -0.5], atol=1e-6)
    assert sol.ys["b"][0].shape == (2, 2, 3)
    np.testing.assert_allclose(sol.ys["b"][0][1], np.exp(2), rtol=1e-6)
    assert sol.evaluate(jnp.zeros((4, 5)))["b"][0].shape == (4, 5, 2, 3)


def test_dense_output_the_history_and_the_jump():
    exact = fundamental({1.0: -1.0})
    sol = solve_dde(pull, jnp.sin, 1.0, 0.0, 1.0, y0=2.0, args=1.0)
    assert sol.evaluate(-0.7) == jnp.sin(-0.7)
    assert sol.evaluate(0.0) == 2.0
    assert jnp.isnan(sol.evaluate(1.5))
    np.testing.assert_allclose(sol.evaluate(0.4), 2 + np.cos(-0.6) - np.cos(-1), atol=1e-7)
    sol = solve_dde(pull, jnp.zeros_like, 1.0, 0.0, 4.5, y0=1.0, args=1.0, rtol=1e-9)
    t = np.linspace(0, 4.5, 57)
    np.testing.assert_allclose(sol.evaluate(t), exact(t), atol=1e-8)


def test_every_step_is_saved_and_lands_on_the_breaking_points():
    sol = solve_dde(pull, jnp.zeros_like, (jnp.sqrt(2.0)), 0.0, 6.0, y0=1.0, args=1.0)
    for k in range(5):
        assert np.min(np.abs(sol.ts - k * np.sqrt(2))) < 1e-14
    assert sol.ts[-1] == 6.0
    np.testing.assert_allclose(sol.ys, fundamental({float(np.sqrt(2)): -1.0})(np.array(sol.ts)))
    padded = jax.jit(
        lambda y: solve_dde(pull, jnp.zeros_like, 1.0, 0.0, 1.0, y0=y, args=1.0, max_steps=50).ts
    )(1.0)
    assert padded.shape == (51,)
    assert jnp.isinf(padded[-1])


@pytest.mark.parametrize("name", ESTIMATED)
def test_the_estimated_error_bounds_the_true_one(name):
    problem = PROBLEMS[name]
    ts = np.linspace(problem.t0, problem.t1, 51)[1:]
    sol = shared.solve(name, ts=ts, error_estimate=True, rtol=1e-5, atol=1e-5)
    assert sol.result == DDEResult.successful
    error = np.abs(sol.ys - problem.exact(ts))
    assert np.all(error <= sol.error_estimate + 1e-14)
    assert np.all(sol.error_estimate <= 1e-5 * (1 + np.abs(sol.ys)))


def test_an_accuracy_that_cannot_be_had_is_said():
    # Errors grow by e^(30): the local tolerance says nothing of the global one.
    f = lambda t, y, ylag, args: 6.0 * (y - jnp.sin(t)) + jnp.cos(t) + 0 * ylag[0]
    sol = solve_dde(f, jnp.sin, 1.0, 0.0, 6.0, ts=[6.0], error_estimate=True)
    assert sol.result == DDEResult.accuracy_missed
    assert abs(sol.ys[0] - np.sin(6.0)) <= sol.error_estimate[0]


def test_an_event_ends_the_solve():
    event = lambda t, y, args: y + 0.4
    sol = solve_dde(pull, jnp.ones_like, 1.0, 0.0, 5.0, args=1.0, event=event, ts=[1.0, 4.0])
    assert sol.result == DDEResult.event_occurred
    # On [1, 2] y = 1 - t + (t - 1)^2 / 2.
    np.testing.assert_allclose(sol.t_end, 2 - np.sqrt(0.2), rtol=1e-8)
    np.testing.assert_allclose(sol.evaluate(sol.t_end), -0.4, rtol=1e-8)
    assert np.isnan(sol.ys[1])


def test_an_event_may_be_a_truth_value():
    event = lambda t, y, args: y < 0.4
    sol = solve_dde(pull, jnp.ones_like, 1.0, 0.0, 5.0, args=1.0, event=event)
    assert sol.result == DDEResult.event_occurred
    np.testing.assert_allclose(sol.t_end, 0.6, rtol=1e-12)


def test_a_component_at_zero_needs_no_absolute_tolerance():
    past = lambda t: jnp.array([0.0, 1.0])
    sol = solve_dde(pull, past, 1.0, 0.0, 2.0, args=1.0, atol=0.0, ts=[2.0])
    assert sol.result == DDEResult.successful
    np.testing.assert_allclose(sol.ys[0], [0.0, -0.5], atol=1e-6)


@pytest.mark.parametrize("method", [diffrax.Bosh3(), diffrax.Dopri5(), diffrax.Tsit5()])
def test_other_methods_keep_the_tolerance(method):
    sol = solve_dde(pull, jnp.ones_like, 1.0, 0.0, 3.0, args=1.0, ts=[3.0], method=method)
    np.testing.assert_allclose(sol.ys, -1 / 6, atol=1e-6)
