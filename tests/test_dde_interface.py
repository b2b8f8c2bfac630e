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


def test_whole_solutions_come_out_of_vmap_and_jit():
    times = jnp.array([-0.5, 0.25, 0.5])

    def solve(tau, past):
        return solve_dde(pull, lambda t: past * jnp.exp(t), tau, 0.0, 0.5, args=1.0, ts=[0.5])

    taus, pasts = jnp.array([-0.1, 1.0, 0.6]), jnp.array([1.0, 2.0, 3.0])
    sols = jax.vmap(solve)(taus, pasts)
    assert all(isinstance(leaf, jax.Array) for leaf in jax.tree.leaves(sols))
    assert (sols.result == DDEResult.successful).tolist() == [False, True, True]
    assert (sols.result == DDEResult.negative_delay).tolist() == [True, False, False]
    states = jax.vmap(lambda sol: sol.evaluate(times))(sols)
    exact = 1 - np.exp(-taus[:, None]) * np.expm1(np.maximum(times, 0))
    exact = pasts[:, None] * np.where(times < 0, np.exp(times), exact)
    np.testing.assert_allclose(states[1:], exact[1:], rtol=1e-6)
    np.testing.assert_allclose(states[0], [np.exp(-0.5), np.nan, np.nan])
    np.testing.assert_allclose(sols.ys[1:, 0], states[1:, 2], rtol=1e-12)

    # Out of jit, and on into another one; and a batch out of both.
    sol = jax.jit(solve)(1.0, 2.0)
    np.testing.assert_allclose(sol.evaluate(times), exact[1], rtol=1e-6)
    np.testing.assert_allclose(jax.jit(lambda s: s.evaluate(times))(sol), exact[1], rtol=1e-6)
    both = jax.jit(jax.vmap(solve))(taus, pasts)
    assert jax.tree.map(jnp.shape, jax.tree.leaves(both)) == [
        jnp.shape(leaf) for leaf in jax.tree.leaves(sols)
    ]
    one = jax.tree.map(lambda leaf: leaf[2], both)
    assert one.result == DDEResult.successful
    np.testing.assert_allclose(one.evaluate(times), exact[2], rtol=1e-6)


def test_a_solution_of_several_dtypes_comes_out_of_jit():
    past = lambda t: {"real": jnp.ones(2) + 0 * t, "complex": 1j * jnp.ones(()) + 0 * t}
    f = lambda t, y, ylag, a: {"real": -ylag[0]["real"], "complex": 1j * y["complex"]}
    sol = jax.jit(lambda tau: solve_dde(f, past, tau, 0.0, 1.0, ts=[1.0]))(1.0)
    np.testing.assert_allclose(sol.evaluate(0.5)["real"], [0.5, 0.5], rtol=1e-6)
    np.testing.assert_allclose(sol.evaluate(0.5)["complex"], 1j * np.exp(0.5j), rtol=1e-6)
    assert sol.ys["real"].dtype == jnp.float64


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


def unstable(t, y, ylag, args):
    # Errors grow by e^(6 t): the local tolerance says nothing of the global one.
    return 6.0 * (y - jnp.sin(t)) + jnp.cos(t) + 0 * ylag[0]


def test_an_accuracy_that_cannot_be_had_is_said():
    sol = solve_dde(unstable, jnp.sin, 1.0, 0.0, 6.0, ts=[6.0])
    assert sol.result == DDEResult.accuracy_missed
    assert abs(sol.ys[0] - np.sin(6.0)) <= sol.error_estimate[0]
    # A user who does not want to know is not told.
    sol = solve_dde(unstable, jnp.sin, 1.0, 0.0, 6.0, ts=[6.0], error_estimate=False)
    assert sol.result == DDEResult.successful
    assert sol.error_estimate is None


@pytest.mark.parametrize("ts", [[5.0], None, []])
def test_an_accuracy_that_is_missed_is_told_before_an_event(ts):
    event = lambda t, y, args: t - 5.5
    sol = solve_dde(unstable, jnp.sin, 1.0, 0.0, 6.0, ts=ts, event=event)
    assert sol.result == DDEResult.accuracy_missed
    np.testing.assert_allclose(sol.t_end, 5.5, rtol=1e-12)
    assert np.all(np.abs(sol.ys - np.sin(sol.ts)) <= sol.error_estimate)


def test_the_estimated_error_at_an_event_holds_its_shift():
    # y = exp(t) - 1 falls behind by a relative tolerance of 1e-3, and so does the event.
    f = lambda t, y, ylag, args: 1 + y + 0 * ylag[0]
    event = lambda t, y, args: y - 20.0
    sol = solve_dde(f, jnp.zeros_like, 1.0, 0.0, 5.0, event=event, rtol=1e-3, atol=1e-3)
    assert sol.result == DDEResult.event_occurred
    assert sol.ts[-1] == sol.t_end
    # On that path the state is 20 by definition; what is off is when.
    late = 21 * abs(sol.t_end - np.log(21.0))
    assert 0 < late <= sol.error_estimate[-1] < 0.2
    assert np.all(np.abs(sol.ys[:-1] - np.expm1(sol.ts[:-1])) <= sol.error_estimate[:-1])
    assert np.all(np.isfinite(sol.error_estimate))


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


def test_an_event_that_occurs_before_it_is_nan_has_occurred():
    event = lambda t, y, args: jnp.sqrt(1.001 - t) - jnp.sqrt(0.3)
    sol = solve_dde(pull, jnp.ones_like, 1.0, 0.0, 5.0, args=1.0, event=event, dt0=2.0)
    assert sol.result == DDEResult.event_occurred
    np.testing.assert_allclose(sol.t_end, 0.701, rtol=1e-12)


def test_a_component_at_zero_needs_no_absolute_tolerance():
    past = lambda t: jnp.array([0.0, 1.0])
    sol = solve_dde(pull, past, 1.0, 0.0, 2.0, args=1.0, atol=0.0, ts=[2.0])
    assert sol.result == DDEResult.successful
    np.testing.assert_allclose(sol.ys[0], [0.0, -0.5], atol=1e-6)


@pytest.mark.parametrize("method", [diffrax.Bosh3(), diffrax.Dopri5(), diffrax.Tsit5()])
def test_other_methods_keep_the_tolerance(method):
    sol = solve_dde(pull, jnp.ones_like, 1.0, 0.0, 3.0, args=1.0, ts=[3.0], method=method)
    np.testing.assert_allclose(sol.ys, -1 / 6, atol=1e-6)
