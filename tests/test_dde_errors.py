"""What the delay solver says about wrong arguments, and of solves that cannot go on."""

import diffrax
import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from lemmata.solvers.dde import DDEResult, solve_dde

pytestmark = pytest.mark.heavy


def pull(t, y, ylag, args):
    return -ylag[0]


def half(t, y, args):
    return t / 2


def call(f=pull, history=jnp.ones_like, delays=1.0, t0=0.0, t1=2.0, **options):
    return solve_dde(f, history, delays, t0, t1, **options)


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ({"delays": -1.0}, r"`delays\[0\]=-1.0` must not be negative.*positive lag"),
        ({"delays": (1.0, np.inf)}, r"`delays\[1\]=inf` must be finite"),
        ({"delays": [[1.0]]}, r"`delays\[0\]` has shape \(1,\).*one real number"),
        ({"delays": lambda t, y, args: -1.0}, r"`delays\[0\]` returned -1.0 at t0; .*non-negative"),
        ({"delays": lambda t, y, args: jnp.ones(2)}, r"`delays\[0\]` returned shape \(2,\)"),
        ({"t1": 0.0}, r"`t1=0.0` must be greater than `t0=0.0`; substitute -t"),
        ({"t1": np.nan}, "`t1=nan` must be finite"),
        ({"ts": [0.5, 2.5]}, r"`ts` holds 2.5, outside of \[t0, t1\] = \[0.0, 2.0\]; move `t1`"),
        ({"ts": 1.0}, r"`ts` has shape \(\);.*list of times"),
        ({"rtol": 1e-17}, "`rtol=1e-17` must be at least 1e-14; double precision"),
        ({"atol": -1.0}, "`atol=-1.0` must be at least 0"),
        ({"t0": 1.0, "t1": 1 + 1e-15}, "`t1=1.0.*` is only 1.11e-15 after .*from t0"),
        ({"max_steps": 0}, "`max_steps=0` must be an integer of at least 1"),
        ({"max_step": 0.0}, "`max_step=0.0` must be positive; it is a length of time"),
        ({"dt0": -0.1}, "`dt0=-0.1` must be positive"),
        ({"f": 1.0}, r"`f=1.0` must be a function, called as `f\(t, y, ylag, args\)`"),
        ({"f": lambda t, y: -y}, r"`f` is called as `f\(t, y, ylag, args\)`: too many"),
        ({"neutral": True}, r"`f` is called as `f\(t, y, ylag, args, dylag\)`"),
        ({"history": 1.0}, r"`history=1.0` must be a function, called as `history\(t\)`"),
        ({"delays": lambda t: 1.0}, r"`delays\[0\]` is called as `delays\[0\]\(t, y, args\)`"),
        ({"history": lambda t: 1.0 if t < 0 else 2.0}, r"`history` uses Python's `if`.*jnp.where"),
        ({"f": lambda t, y, ylag, args: np.sin(t)}, "`f` uses .* a function of NumPy .*`jnp` for"),
        ({"event": lambda t, y, args: jnp.ones(2)}, r"`event` returned .*\(2,\).*one real number"),
        ({"history": lambda t: jnp.zeros(0)}, "holds no number; a state needs at least one"),
        ({"method": diffrax.Euler()}, "`method=.*explicit Runge-Kutta pairs"),
        ({"discontinuities": 1.0}, "`discontinuities=1.0` must be a list of times"),
        ({"history": lambda t: 1}, None),
        (
            {"history": lambda t: jnp.asarray(1)},
            "has dtype int64; it must be float64 or complex128",
        ),
        ({"history": lambda t: np.float32(1)}, "has dtype float32; it must be float64"),
        ({"history": lambda t: "one"}, "is 'one'; a state is a number, an array or a PyTree"),
        ({"history": lambda t: ()}, "holds no number"),
        (
            {"history": lambda t: jnp.ones(2), "y0": 1.0},
            r"`history` returned shape \(2,\) for a state of shape \(\); .*like `y0`",
        ),
        ({"history": lambda t: 1j, "y0": 1.0}, "`history` returned dtype complex128"),
        ({"history": lambda t: {"a": 1.0}, "y0": 1.0}, "`history` returned the structure"),
        (
            {"history": lambda t: jnp.where(t < -0.5, jnp.nan, 1.0)},
            r"`history` is .*nan.* at t=-1.0, where delays\[0\] looks.*\[t0 - longest",
        ),
        ({"f": lambda t, y, ylag, args: jnp.ones(3)}, r"`f` returned shape \(3,\) .*dy/dt"),
        ({"f": lambda t, y, ylag, args: 1j * y}, "`f` returned dtype complex128 for a state"),
        ({"f": lambda t, y, ylag, args: (y, y)}, "`f` returned the structure"),
        (
            {"f": lambda t, y, ylag, args: -ylag[1]},
            r"`f` asks for `ylag\[1\]`, and `delays` holds 1, so that .* to `ylag\[0\]`. Correct",
        ),
        (
            {"f": lambda t, y, ylag, args, dylag: -dylag[3], "neutral": True, "delays": (1.0, 2.0)},
            r"asks for `dylag\[3\]`, and `delays` holds 2, .* to `dylag\[1\]`",
        ),
        (
            {"f": lambda t, y, ylag, args: -ylag[-2]},
            r"asks for `ylag\[-2\]`, .*holds 1.*`ylag\[-1\]`",
        ),
        ({"delays": ()}, r"asks for `ylag\[0\]`, and `delays` holds 0, so that `ylag` is empty"),
        ({"f": lambda t, y, ylag, args: jnp.nan * y}, "`f` is not finite at t0=0.0; check the"),
        ({"f": lambda t, y, ylag, args: "a"}, "`f` returned 'a'; it must return a number"),
        ({"event": lambda t, y, args: "a"}, "`event` returned 'a'; it must return a number"),
        (
            {"history": lambda t: jnp.where(t < 0, 1.0, jnp.nan)},
            r"`history\(t0\)` is nan at t0; it must be finite: it is the initial state",
        ),
        ({"y0": jnp.inf}, "`y0` is inf at t0; it must be finite"),
        ({"delays": "1.0"}, r"`delays='1.0'` must be a number, a function .* a list or tuple"),
        ({"delays": None}, "`delays=None` must be a number, a function"),
        ({"delays": {1.0}}, r"`delays=\{1.0\}` must be a number, a function"),
        ({"delays": True}, "`delays=True` must be a number"),
        ({"delays": 1j}, "`delays=1j` must be a number"),
        ({"delays": ["a"]}, r"`delays\[0\]='a'` must be one real number, such as 1.0"),
        ({"delays": lambda t, y, args: None}, r"`delays\[0\]` returned a NoneType; .* the lag at"),
        (
            {"delays": lambda t, y, args: (t, t)},
            r"`delays\[0\]` returned a tuple; .*one real number",
        ),
        (
            {"delays": lambda t, y, args: "1"},
            r"`delays\[0\]` returned '1'; it must return a number",
        ),
        ({"delays": lambda t, y, args: 1}, None),
        ({"t0": None}, "`t0=None` must be one real number"),
        ({"t1": "2"}, "`t1='2'` must be one real number, such as 1.0"),
        ({"rtol": True}, "`rtol=True` must be one real number"),
        ({"dt0": "a"}, "`dt0='a'` must be one real number"),
        ({"rtol": np.ones(2)}, r"`rtol` has shape \(2,\).*`jax.vmap` for a batch"),
        ({"neutral": None}, "`neutral=None` must be True or False"),
        ({"error_estimate": "yes"}, "`error_estimate='yes'` must be True or False"),
        ({"args": {"k": np.array(["a"])}}, r"`args\['k'\]=array\(\['a'\].*must hold numbers"),
        ({"ts": [[1.0], [1.0, 2.0]]}, r"`ts=\[\[1.0\], \[1.0, 2.0\]\]` does not .*list of times"),
        ({"ts": ["a"]}, r"`ts=\['a'\]` does not hold real numbers"),
    ],
)
def test_wrong_arguments_are_named(arguments, text):
    if text is None:
        assert call(**arguments).result == DDEResult.successful
        return
    with pytest.raises(ValueError, match=text):
        call(**arguments)


def test_times_that_miss_an_end_by_a_rounding_are_taken():
    sol = call(t0=0.1, t1=0.3, ts=np.array([np.nextafter(0.1, 0), 0.1 * 2, 0.1 * 3]))
    assert sol.result == DDEResult.successful
    np.testing.assert_array_equal(sol.ts, [0.1, 0.2, 0.3])
    np.testing.assert_allclose(sol.ys, [1.0, 0.9, 0.8], rtol=1e-12)
    with pytest.raises(ValueError, match=r"`ts` holds 0.3.*, outside"):
        call(t1=0.3, ts=[0.30000000001])


def test_an_index_error_of_another_kind_is_left_alone():
    with pytest.raises(IndexError, match="tuple index out of range"):
        call(f=lambda t, y, ylag, args: -ylag[0] * args[2], args=(1.0, 2.0))


def test_known_arguments_are_checked_inside_jit():
    with pytest.raises(ValueError, match=r"`delays\[0\]=-1.0` must not be negative"):
        jax.jit(lambda y: call(delays=-1.0, y0=y).ys)(1.0)


@pytest.mark.parametrize(
    ("arguments", "outcome"),
    [
        # y' = y^2 blows up at 1, and so does the tolerance's step.
        (
            {"f": lambda t, y, ylag, args: y**2, "ts": [0.5, 1.5], "max_steps": 2048},
            "step_underflow",
        ),
        ({"f": lambda t, y, ylag, args: -1e7 * (y - jnp.cos(t))}, "max_steps_reached"),
        (
            {"f": lambda t, y, ylag, args: jnp.sqrt(1 - t) + 0 * y, "ts": [0.5, 1.5]},
            "nonfinite",
        ),
        ({"event": lambda t, y, args: jnp.sqrt(1 - t) + 1, "ts": [0.5, 1.5]}, "nonfinite"),
        ({"event": lambda t, y, args: jnp.nan * t}, "nonfinite"),
        ({"delays": lambda t, y, args: 1 - t, "ts": [0.5, 1.9]}, "negative_delay"),
        # Negative on (1, 1.1) only, which a step could pass over.
        (
            {
                "f": lambda t, y, ylag, args: -0.01 * ylag[0], "rtol": 1e-2, "atol": 1e-2,
                "delays": lambda t, y, args: (t - 1.05) ** 2 - 0.05**2, "ts": [0.9, 1.1],
            },
            "negative_delay",
        ),
        (
            {
                "f": lambda t, y, ylag, args, dylag: jnp.cos(t) + 3 * dylag[0],
                "delays": half, "neutral": True, "history": jnp.sin,
            },
            "implicit_step_failed",
        ),
    ],
)  # fmt: skip
def test_failures_are_values_with_advice(arguments, outcome):
    sol = call(**({"max_steps": 512} | arguments))
    assert sol.result == getattr(DDEResult, outcome), DDEResult[sol.result]
    assert len(DDEResult[sol.result]) > 40
    assert sol.t_end < 2
    if "ts" in arguments:  # and what was not reached is not made up
        assert np.isfinite(sol.ys[0])
        assert np.isnan(sol.ys[1])


def constant(lag):
    return lag


def varying(lag):
    return lambda t, y, args: lag


def constant_among_others(lag):
    return (1.0, lag, half)


@pytest.mark.parametrize("delays", [constant, varying, constant_among_others])
def test_a_traced_delay_that_is_negative_or_nan_at_the_start_is_told(delays):
    def solve(lag):
        sol = call(history=jnp.ones_like, delays=delays(lag), ts=[0.0, 1.0, 2.0], max_steps=64)
        return sol.ys, sol.result, sol.t_end

    lags = jnp.array([-0.1, 1.0, jnp.nan, 0.5])
    ys, result, t_end = eqx.filter_jit(jax.vmap(solve))(lags)
    expected = ("negative_delay", "successful", "nonfinite", "successful")
    for i, name in enumerate(expected):
        told = jax.tree.map(lambda leaf, i=i: leaf[i], result)
        assert told == getattr(DDEResult, name), DDEResult[told]
        if name == "successful":
            np.testing.assert_allclose(ys[i], solve(lags[i])[0], rtol=1e-9, atol=1e-12)
        else:
            assert t_end[i] == 0.0
            np.testing.assert_array_equal(ys[i], [1.0, np.nan, np.nan])
    assert "Delays must be non-negative along the solution" in DDEResult[DDEResult.negative_delay]
    assert "domain of `f`, of `history`, of a delay or of `event`" in DDEResult[DDEResult.nonfinite]


def test_a_negative_delay_does_not_spoil_the_derivatives_of_a_batch():
    def last(lag, rate):
        sol = solve_dde(
            lambda t, y, ylag, rate: -rate * ylag[0], jnp.ones_like, lag, 0.0, 2.0,
            args=rate, ts=[2.0], max_steps=64,
        )  # fmt: skip
        return jnp.where(sol.result == DDEResult.successful, sol.ys[0], 0.0)

    lags, slope = jnp.array([-0.1, 1.0]), jax.grad(last, argnums=1)(1.0, 1.0)
    got = jax.grad(lambda rate: jnp.sum(jax.vmap(last, (0, None))(lags, rate)))(1.0)
    np.testing.assert_allclose(got, slope, rtol=1e-9)
