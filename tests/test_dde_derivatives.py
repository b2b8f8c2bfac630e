"""Derivatives through a delay solve, in both modes, against exact ones; also across breaks."""

import math

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from lemmata.solvers.dde import solve_dde

pytestmark = pytest.mark.heavy

CLOSE = 1e-6  # of the derivative, on solves at a tolerance of 1e-9


def final(f, history, delays, t1, max_steps=256, **options):
    tight = {"rtol": 1e-9, "atol": 1e-9, "max_steps": max_steps, "error_estimate": False}
    return solve_dde(f, history, delays, 0.0, t1, ts=[t1], **(tight | options)).ys[0]


def after_a_jump(p):
    # y' = -a y(t - tau), y = 0 before 0, y(0) = y0: a kink at tau, that moves with it
    tau, a, y0 = p
    f = lambda t, y, ylag, args: -args * ylag[0]
    return final(f, jnp.zeros_like, tau, 3.0, args=a, y0=y0)


def after_a_jump_exactly(p):
    tau, a, y0 = p
    terms = [(-a * jnp.maximum(3.0 - k * tau, 0)) ** k / math.factorial(k) for k in range(8)]
    return y0 * sum(terms)


def two_delays(p):
    f = lambda t, y, ylag, args: -ylag[0] + 0.5 * ylag[1]
    return final(f, jnp.zeros_like, (p[0], p[1]), 2.5, y0=1.0)


def two_delays_exactly(p):
    total = 1.0
    for j in range(6):
        for k in range(6):
            if j + k:
                weight = math.comb(j + k, j) * (-1.0) ** j * 0.5**k / math.factorial(j + k)
                total += weight * jnp.maximum(2.5 - j * p[0] - k * p[1], 0) ** (j + k)
    return total


def state_over_jumps(p):
    # The lag d + y leads over a jump of the history, then over the one at 0.
    history = lambda t: jnp.where(t < -0.75, -0.5, 0.3)
    return final(
        lambda t, y, ylag, args: ylag[0], history, lambda t, y, d: d + y, 1.39,
        y0=0.0, args=p[0], discontinuities=(p[1],),
    )  # fmt: skip


def state_over_jumps_exactly(p):
    b = (p[0] + p[1]) / 1.5
    c = (p[0] - 0.8 * b) / 0.7
    return 1.39 + 2 - p[0] - 2 * jnp.exp((1.39 - c) / 2)


def zigzag(p):
    f = lambda t, y, ylag, args, dylag: -dylag[0]
    return final(f, lambda t: t, p[0], 2.7, neutral=True)


def zigzag_exactly(p):
    return -(2.7 - 2 * p[0])


def pantograph(p):
    f = lambda t, y, ylag, args: ylag[0]
    return final(f, jnp.ones_like, lambda t, y, q: (1 - q) * t, 3.0, args=p[0])


def pantograph_exactly(p):
    return sum(3.0**n / math.factorial(n) * p[0] ** (n * (n - 1) / 2) for n in range(40))


def closed_over(p):
    # y = e^(-p t) where the coefficient and the history say so
    f = lambda t, y, ylag, args: -p[0] * jnp.exp(-p[0] * p[1]) * ylag[0]
    return final(f, lambda t: jnp.exp(-p[0] * t), p[1], 2.0)


def closed_over_exactly(p):
    return jnp.exp(-2 * p[0]) + 0.0 * p[1]


def neutral_vanishing(p):
    f = lambda t, y, ylag, b, dylag: -y + b * dylag[0] + 0.5 * jnp.exp(-t / 2)
    return final(f, jnp.ones_like, lambda t, y, args: t / 2, 2.0, neutral=True, args=p[0])


def neutral_vanishing_exactly(p):
    # Taylor coefficients: (n + 1) c_(n+1) = -c_n + b (n + 1) c_(n+1) / 2^n + (-1/2)^n / (2 n!)
    c, total = 1.0, 1.0
    for n in range(40):
        source = 0.5 * (-0.5) ** n / math.factorial(n)
        c = (source - c) / ((n + 1) * (1 - p[0] / 2.0**n))
        total += c * 2.0 ** (n + 1)
    return total


CASES = {
    "two delays": (two_delays, two_delays_exactly, [0.7, 1.1]),
    "state over jumps": (state_over_jumps, state_over_jumps_exactly, [1.0, -0.75]),
    "zigzag": (zigzag, zigzag_exactly, [1.0]),
    "pantograph": (pantograph, pantograph_exactly, [0.5]),
    "closed over": (closed_over, closed_over_exactly, [0.6, 0.9]),
    "neutral, vanishing": (neutral_vanishing, neutral_vanishing_exactly, [0.4]),
}


def check(name, derivative):
    solve, exact, p = CASES[name]
    p = jnp.asarray(p)
    want = jax.grad(lambda p: exact(p) * 1.0)(p)
    np.testing.assert_allclose(jax.jit(derivative(solve))(p), want, rtol=CLOSE, atol=CLOSE)


@pytest.mark.parametrize("name", CASES)
def test_reverse_mode_agrees_with_the_exact_derivative(name):
    check(name, jax.grad)


# Both modes go over the same steps; each compiles for seconds.
@pytest.mark.parametrize("name", ["state over jumps", "zigzag", "pantograph"])
def test_forward_mode_agrees_with_the_exact_derivative(name):
    check(name, jax.jacfwd)


def test_second_derivative_with_respect_to_a_delay():
    p = jnp.asarray([0.8, 1.3, 0.7])
    got = jax.jit(jax.jacfwd(jax.jacfwd(after_a_jump)))(p)
    np.testing.assert_allclose(got, jax.hessian(after_a_jump_exactly)(p), rtol=1e-6, atol=1e-6)


def over_curves(p):
    # y'(t) = y(q t^2 - 1) from a jump at 0, and y' = y(t - d - y - y^2) over a jump at c: their
    # breaking points are curved in q, and in c and d.
    f = lambda t, y, ylag, args: jnp.stack([ylag[0][0], ylag[1][1]])
    lags = (lambda t, y, p: t + 1 - p[0] * t**2, lambda t, y, p: p[1] + y[1] + y[1] ** 2)
    history = lambda t: jnp.stack([jnp.zeros_like(t), jnp.where(t < -0.75, -0.5, 0.3)])
    return final(
        f, history, lags, 1.05, y0=jnp.array([1.0, 0.0]), args=p, discontinuities=(p[2],)
    ).sum()  # fmt: skip


def over_curves_exactly(p):
    q, d, c = p
    first = 1.05 - 1 / jnp.sqrt(q)
    b = 3 - 2 * jnp.sqrt(2.25 - d - c)
    return 1 + first + 0.3 * 1.05 - 0.8 * b


def test_second_derivative_across_breaking_points_of_varying_delays():
    p = jnp.asarray([1.1, 1.3, -0.75])
    got = jax.jit(jax.jacfwd(jax.grad(over_curves)))(p)
    want = jax.hessian(over_curves_exactly)(p)
    assert np.abs(want).max() > 0.5
    np.testing.assert_allclose(got, want, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("end", ["a node", "between", "an event"])
def test_the_end_has_a_derivative(end):
    # y = 1 - t to 1, then 1 - t + (t - 1)^2 / 2; a node of it is 1.
    at = 1.0 if end == "a node" else 1.5
    event = (lambda t, y, t1: t - t1) if end == "an event" else None

    def solve(t1):
        stop = 3.0 if event else t1
        f = lambda t, y, ylag, args: -ylag[0]
        sol = solve_dde(
            f, jnp.ones_like, 1.0, 0.0, stop, args=t1, event=event, max_steps=64,
            rtol=1e-9, error_estimate=False,
        )  # fmt: skip
        last = sol.ys[sol.stats["num_accepted_steps"]]
        return jnp.stack([sol.t_end, last, sol.evaluate(sol.t_end)])

    got = jax.jit(jax.jacfwd(solve))(at)
    slope = -1.0 if end == "a node" else -0.5
    np.testing.assert_allclose(got, [1.0, slope, slope], rtol=1e-6)


def test_derivatives_of_a_batch_with_respect_to_delay_coefficient_and_jump():
    taus = jnp.linspace(0.5, 1.4, 5)
    points = jnp.stack([taus, jnp.full(5, 1.3), jnp.full(5, 0.7)], axis=1)
    got, want = (jax.vmap(jax.grad(g)) for g in (after_a_jump, after_a_jump_exactly))
    np.testing.assert_allclose(jax.jit(got)(points), want(points), rtol=1e-6, atol=1e-6)


def test_the_time_of_an_event_has_a_derivative():
    # y = 1 - t falls to c at 1 - c.
    def fall(c):
        f = lambda t, y, ylag, args: -ylag[0]
        event = lambda t, y, args: y - args
        return solve_dde(f, jnp.ones_like, 1.0, 0.0, 3.0, args=c, event=event, max_steps=64).t_end

    value, slope = jax.jit(jax.value_and_grad(fall))(0.3)
    np.testing.assert_allclose([value, slope], [0.7, -1.0], rtol=1e-9)
