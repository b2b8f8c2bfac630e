"""Derivatives with respect to every constant delay of the problems, against the method of steps."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from tests.dde_exact import by_breaks
from tests.dde_problems import PROBLEMS
from tests.dde_sharing import Shared, delays_of

pytestmark = pytest.mark.heavy

LEFT_OUT = (
    "relay",  # f jumps in the state, which a derivative does not see
    "tiny delay",  # 4000 pieces
    "complex",  # as "rotation"
)


def padded(problem):
    """The same problem in a form that more of them share: y0, three jumps, and three delays.

    Jumps after the end do not count; nor does the last delay once more, which `f` does not ask for.
    """
    options = dict(problem.options)
    options.setdefault("y0", problem.history(jnp.asarray(problem.t0)))
    jumps = tuple(options.get("discontinuities", ()))
    options["discontinuities"] = jumps + (problem.t1 + 1,) * (3 - len(jumps))
    lags = delays_of(problem)
    n = len(lags)

    def f(t, y, ylag, args, *dylag):
        return problem.f(t, y, ylag[:n], args, *(states[:n] for states in dylag))

    lags = lags + lags[-1:] * (3 - n)
    return dataclasses.replace(problem, f=f, options=options, delays=lags)


CONSTANT = {
    name: padded(problem)
    for name, problem in PROBLEMS.items()
    if name not in LEFT_OUT and not any(callable(lag) for lag in delays_of(problem))
}
shared = Shared(CONSTANT)


def times(problem):
    # No breaking point is near these.
    return problem.t0 + np.array([0.37, 0.83]) * (problem.t1 - problem.t0)


def weighted(ys):
    # By component: the sum of some is constant.
    return (ys.reshape(len(ys), -1) @ np.arange(1, 1 + ys[0].size)).sum()


def by_differences(problem):
    """d/d(delay) of the weighted states at `times`, from four solves for each delay."""
    neutral = problem.options.get("neutral", False)
    f = jax.jit(lambda *values: problem.f(*values[:3], problem.options.get("args"), *values[3:]))
    past = jax.jit(lambda t: jax.jvp(problem.history, (t,), (jnp.ones_like(t),)))
    y0 = problem.options.get("y0", problem.history(jnp.asarray(problem.t0)))
    shape, jumps = jnp.shape(y0), problem.options.get("discontinuities", ())

    def field(t, y, *lagged):
        lagged = (tuple(np.reshape(x, shape) for x in states) for states in lagged)
        return np.ravel(f(t, np.reshape(y, shape), *lagged))

    def history(t):
        return tuple(np.ravel(value) for value in past(t))

    def total(lags):
        exact = by_breaks(
            field, history, lags, problem.t0, problem.t1, np.ravel(y0), jumps, neutral
        )
        return weighted(exact(times(problem)))

    lags = np.array(delays_of(problem), float)
    one = np.eye(len(lags))
    difference = lambda e, h: (total(lags + h * e) - total(lags - h * e)) / (2 * h)
    return [(4 * difference(e, 1e-3) - difference(e, 2e-3)) / 3 for e in one]


@pytest.mark.parametrize("name", CONSTANT)
def test_derivatives_with_respect_to_delays_agree_with_the_method_of_steps(name):
    problem = CONSTANT[name]

    def total(lags):
        sol = shared.solve(
            name, list(lags), ts=times(problem), rtol=1e-9, atol=1e-9, max_steps=1024,
            error_estimate=False,
        )  # fmt: skip
        return weighted(sol.ys)

    got = jax.grad(total)(jnp.asarray(delays_of(problem), float))
    if name == "no delay":  # y = exp(-(1 + delay) t) to first order
        want = [-np.sum(times(problem) * np.exp(-times(problem)))]
    else:
        want = by_differences(PROBLEMS[name])
    got, more = got[: len(want)], got[len(want) :]
    np.testing.assert_allclose(more, 0.0)
    assert np.all(np.abs(want) > 1e-3)
    np.testing.assert_allclose(got, want, rtol=1e-6, atol=1e-6)
