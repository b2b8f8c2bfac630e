"""A method keeps its order across breaking points; the order comes with its standard error."""

import diffrax
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from tests.dde_problems import PROBLEMS

from lemmata.solvers.dde import solve_dde

pytestmark = pytest.mark.heavy


def measured_order(name, method, steps):
    """Slope of log error at t1 over log step, and its standard error; no tolerance binds."""
    problem = PROBLEMS[name]
    end = np.array([problem.t1])

    @jax.jit
    def solve(h):
        return solve_dde(
            problem.f, problem.history, problem.delays, problem.t0, problem.t1, ts=end,
            rtol=1e6, atol=1e6, dt0=h, max_step=h, method=method, max_steps=2048,
            error_estimate=False,
        ).ys  # fmt: skip

    x = np.log([1 / k for k in steps])
    y = np.log([float(abs(solve(1 / k) - problem.exact(end))[0]) for k in steps])
    line = np.polyfit(x, y, 1)
    spread = np.sum((y - np.polyval(line, x)) ** 2) / (len(x) - 2)
    return line[0], np.sqrt(spread / np.sum((x - x.mean()) ** 2))


@pytest.mark.parametrize(
    ("name", "method", "steps", "order"),
    [
        ("growth", diffrax.Bosh3(), (32, 48, 64, 96, 128), 3),
        ("growth", diffrax.Tsit5(), (32, 48, 64, 96, 128), 5),
        # The continuous extension of Dopri8 integrates degree 4, which makes 6 of its 8 orders.
        ("growth", diffrax.Dopri8(), (8, 12, 16, 20, 24), 6),
        # Its breaking points are irrational, found by root search. On longer steps than these the
        # steps around them are not in proportion; on shorter ones there is round-off.
        ("Neves", diffrax.Bosh3(), (32, 43, 57, 76, 101, 135), 3),
        ("Neves", diffrax.Tsit5(), (24, 28, 32, 37, 43, 47), 5),
    ],
)
def test_order(name, method, steps, order):
    slope, error = measured_order(name, method, steps)
    assert error < 0.1
    # The next power of the step still has its share; better than nominal is no failure.
    assert slope > order - 0.3


def test_a_kink_that_is_not_stepped_on_would_be_seen():
    # The same equation with the kink of f at 1.3 left unnamed loses the order.
    def end(longest, known):
        f = lambda t, y, ylag, args: ylag[0] + jnp.where(t < 1.3, 0.0, 1.0)
        return solve_dde(
            f, jnp.zeros_like, 1.0, 0.0, 2.0, ts=[2.0], rtol=1e6, atol=1e6, max_step=longest,
            discontinuities=known, error_estimate=False,
        ).ys[0]  # fmt: skip

    assert abs(end(0.09, (1.3,)) - 0.7) < 1e-14
    assert abs(end(0.09, ()) - 0.7) > 1e-4
