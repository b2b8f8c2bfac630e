"""Delay problems whose solutions are known without the solver that they test.

Closed forms, or what `dde_exact.py` computes.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

import jax.numpy as jnp
import numpy as np
from scipy.optimize import brentq
from scipy.special import expi
from tests.dde_exact import by_pieces, fundamental, polynomials, tent


@dataclass(frozen=True)
class DelayProblem:
    f: Callable
    history: Callable
    delays: Any
    t1: float
    exact: Callable[[np.ndarray], np.ndarray]
    t0: float = 0.0
    options: dict[str, Any] = field(default_factory=dict)


def one(t):
    return jnp.ones_like(t)


def zero(t):
    return jnp.zeros_like(t)


def ramp(x, n=1):
    return np.maximum(x, 0.0) ** n / math.factorial(n)


ROOT = complex(-0.1, 2.0)
PAIR = ROOT * np.exp(ROOT * 0.5)
ROTATION = jnp.array([[PAIR.real, -PAIR.imag], [PAIR.imag, PAIR.real]])
TINY = brentq(lambda x: x + math.exp(-x / 1000), -2, 0, xtol=1e-16)


def wave(t, xp=jnp):
    e = xp.exp(ROOT.real * t)
    return xp.stack([e * xp.cos(ROOT.imag * t), e * xp.sin(ROOT.imag * t)], axis=-1)


def growth(t):
    # y' = y y(t - 1): log y = e^(t-1) on [1, 2], then an exponential integral.
    late = np.exp(np.e + expi(np.exp(np.maximum(t - 2, 0))) - expi(1.0))
    return np.where(t < 1, np.exp(t), np.where(t < 2, np.exp(np.exp(t - 1)), late))


def neves(t):
    third = (np.e / np.maximum(3 - np.log(t), 0.1)) ** np.e
    return np.where(t <= np.e, t, np.where(t <= np.e**2, np.exp(t / np.e), third))


def doubling(t):
    u = t / 2 - 1
    late = 11 + 2 * (t - 6) + (u**3 - 8) / 6
    return np.where(t <= 2, 1 + t, np.where(t <= 6, 3 + (t**2 - 4) / 4, late))


def over_jumps(t):
    # The lag 1 + y leads over a jump of the history at -3/4, and over the one at 0.
    b = 1 / 6
    c = (1 - 1 / 12 - 0.3 * b) / 0.7
    middle = -1 / 12 + 0.3 * (t - b)
    late = t + 1 - 2 * np.exp((t - c) / 2)
    return np.where(t < b, -t / 2, np.where(t < c, middle, late))


def exponential_of(logarithm, less=0.0):
    return lambda t: np.exp(logarithm(t)) - less


def there_and_back(t):
    # s = 1/5 - (t - 1)^2 enters t > 0 and leaves it again.
    a = 1 - math.sqrt(0.2)
    b = 1 + math.sqrt(0.2)
    inner = lambda x: 1.2 * x - (x - 1) ** 3 / 3
    gained = inner(np.clip(t, a, b)) - inner(a)
    return 1 + np.minimum(t, a) + gained + np.maximum(t - b, 0)


def pantograph(t):
    return sum(t**n / math.factorial(n) * 0.5 ** (n * (n - 1) / 2) for n in range(40))


def epidemic(t, y, ylag, args):
    recent, old = ylag
    infected, back = y[0] * recent[1], old[1]
    return jnp.stack([back - infected, infected - y[1], y[1] - back])


def epidemic_by_numpy(y, lagged):
    infected, back = y[0] * lagged[0][1], lagged[1][1]
    return np.array([back - infected, infected - y[1], y[1] - back])


def _pull(t, y, ylag, args):
    return -ylag[0]


def _copy(t, y, ylag, args):
    return ylag[0]


def _varying(lag, weight=1.0):
    """y = sin solves y' = cos t + weight (y(s) - sin s) for every lag."""

    def f(t, y, ylag, args):
        return jnp.cos(t) + weight * (ylag[0] - jnp.sin(t - lag(t, y, args)))

    return f


def _wavy(t, y, args):
    return 1 + 0.5 * jnp.sin(3 * t)


def _squared(t, y, args):
    return 0.5 + y**2


def _touching(t, y, args):
    return (t - 1) ** 2


def _kinked(t, y, args):
    return jnp.abs(t - 1)


def square_root(t):
    # Feldstein and Neves: the lagged time y + 1 - sqrt(2) passes t0 = 1 at t = 2.
    late = t / 4 + 0.5 + (1 - math.sqrt(0.5)) * np.sqrt(t)
    return np.where(t <= 2, np.sqrt(t), late)


def relay(t):
    x = np.mod(t, 4.0)
    return np.where(x <= 2, 1 - x, x - 3)


def sampled(t):
    n = np.floor(t)
    return 0.5**n * (1 - 0.5 * (t - n))


def enright_hayashi(t, y, ylag, args):
    return jnp.stack([y[1], -ylag[0][1] * y[1] ** 2 * jnp.exp(1 - y[1])])


def circling(t, y, ylag, args):
    s = t - 0.3 - y[1] ** 2
    gap = ylag[0] - jnp.stack([jnp.sin(s), jnp.cos(s)])
    return jnp.stack([y[1] + 0.5 * gap[0], -y[0] - 0.5 * gap[1]])


def castleton_grimm(t, y, ylag, args, dylag):
    own = 0.7 * jnp.sin(t) * jnp.cos(t * jnp.sin(t) ** 2) - jnp.sin(t + t * jnp.sin(t) ** 2)
    return jnp.cos(t) * (1 + ylag[0]) + 0.3 * y * dylag[0] + own


def two_slopes(t, y, ylag, args, dylag):
    # At t = 0 the slope is a root of s = 2 + log(s / 2), and 0 leads to none.
    power = 2 * jnp.cos(2 * t) * ylag[0] ** (2 * jnp.cos(t))
    return power + jnp.log(dylag[0]) - jnp.log(2 * jnp.cos(t)) - jnp.sin(t)


PROBLEMS = {
    # --- constant delays
    "pull-back": DelayProblem(
        _pull, one, 1.0, 6.0,
        lambda t: 1 + sum((-1) ** k * ramp(t - k + 1, k) for k in range(1, 9)),
    ),
    "jump at t0": DelayProblem(
        _pull, zero, 1.0, 6.0, fundamental({1.0: -1.0}), options={"y0": 1.0}
    ),
    "exponential": DelayProblem(
        lambda t, y, ylag, b: -b * ylag[0], lambda t: jnp.exp(-0.5 * t), 1.0, 8.0,
        lambda t: np.exp(-0.5 * t), options={"args": 0.5 * math.exp(-0.5)},
    ),
    "sine": DelayProblem(_varying(lambda t, y, args: 0.7), jnp.sin, 0.7, 5.0, np.sin),
    "two delays": DelayProblem(
        lambda t, y, ylag, args: -1.5 * ylag[0] + 0.5 * ylag[1], zero, (1.0, math.sqrt(2)), 5.0,
        fundamental({1.0: -1.5, math.sqrt(2): 0.5}), options={"y0": 1.0},
    ),
    "three delays": DelayProblem(
        lambda t, y, ylag, args: -ylag[0] + 0.5 * ylag[1] - 0.7 * ylag[2], zero, (0.5, 1.0, 1.3),
        4.0, fundamental({0.5: -1.0, 1.0: 0.5, 1.3: -0.7}), options={"y0": 1.0},
    ),
    "growth": DelayProblem(lambda t, y, ylag, args: y * ylag[0], one, 1.0, 2.5, growth),
    "logistic": DelayProblem(
        lambda t, y, ylag, args: 1.5 * y * (1 - ylag[0]), lambda t: 0.5 * one(t), 1.0, 8.0,
        by_pieces(lambda y, lag: 1.5 * y * (1 - lag[0]), [0.5], (1.0,), 1.0, 8.0),
    ),
    "Mackey-Glass": DelayProblem(
        lambda t, y, ylag, args: 2 * ylag[0] / (1 + ylag[0] ** 7) - y, lambda t: 0.5 * one(t),
        2.0, 10.0,
        by_pieces(lambda y, lag: 2 * lag[0] / (1 + lag[0] ** 7) - y, [0.5], (2.0,), 2.0, 10.0),
    ),
    "epidemic": DelayProblem(
        epidemic, lambda t: jnp.array([5.0, 0.1, 1.0]), (1.0, 10.0), 15.0,
        by_pieces(epidemic_by_numpy, [5.0, 0.1, 1.0], (1.0, 10.0), 1.0, 15.0),
    ),
    "rotation": DelayProblem(
        lambda t, y, ylag, args: ROTATION @ ylag[0], wave, 0.5, 6.0, lambda t: wave(t, np)
    ),
    "complex": DelayProblem(
        lambda t, y, ylag, args: PAIR * ylag[0], lambda t: jnp.exp(ROOT * t), 0.5, 6.0,
        lambda t: np.exp(ROOT * t),
    ),
    "tiny delay": DelayProblem(
        _pull, lambda t: jnp.exp(TINY * t), 1e-3, 4.0, lambda t: np.exp(TINY * t)
    ),
    "no delay": DelayProblem(_pull, one, 0.0, 4.0, lambda t: np.exp(-t)),
    "jump of the history": DelayProblem(
        _copy, lambda t: jnp.where(t < -1, 0.0, 1.0), 2.0, 4.0,
        lambda t: 0.5 + ramp(t - 1) - 0.5 * ramp(t - 2) + 0.5 * 0 * t + ramp(t - 3, 2),
        options={"y0": 0.5, "discontinuities": (-1.0,)},
    ),
    "switched on": DelayProblem(
        lambda t, y, ylag, args: ylag[0] + jnp.where(t < 1.3, 0.0, 1.0), zero, 1.0, 5.0,
        lambda t: sum(ramp(t - 0.3 - k, k) for k in range(1, 6)),
        options={"discontinuities": (1.3, 1.3, 1.3 + 1e-15)},
    ),
    "stiff": DelayProblem(
        lambda t, y, ylag, args: -300 * (y - jnp.cos(t)) - jnp.sin(t) + ylag[0] - jnp.cos(t - 1),
        jnp.cos, 1.0, 3.0, np.cos,
    ),
    "undamped": DelayProblem(
        lambda t, y, ylag, args: -math.pi / 2 * ylag[0], lambda t: jnp.sin(math.pi / 2 * t), 1.0,
        40.0, lambda t: np.sin(math.pi / 2 * t),
    ),
    "huge delay": DelayProblem(
        _pull, jnp.sin, 1e4, 6.0, lambda t: np.cos(t - 1e4) - math.cos(1e4)
    ),
    "relay": DelayProblem(
        lambda t, y, ylag, args: -jnp.sign(ylag[0]), one, 1.0, 9.0, relay
    ),
    # --- delays that vary
    "wavy lag": DelayProblem(_varying(_wavy), jnp.sin, _wavy, 5.0, np.sin),
    "doubling": DelayProblem(_copy, one, lambda t, y, args: t / 2 + 1, 12.0, doubling),
    "there and back": DelayProblem(
        _copy, one, lambda t, y, args: t - 0.2 + (t - 1) ** 2, 3.0, there_and_back
    ),
    "mirror": DelayProblem(
        _copy, jnp.cos, lambda t, y, args: 2 * t, 4.0, lambda t: 1 + np.sin(t)
    ),
    "pantograph": DelayProblem(_copy, one, lambda t, y, args: t / 2, 4.0, pantograph),
    "damped pantograph": DelayProblem(
        lambda t, y, ylag, args: -y + 0.5 * ylag[0] - 0.5 * jnp.exp(-t / 2), one,
        lambda t, y, args: t / 2, 5.0, lambda t: np.exp(-t),
    ),
    "touching": DelayProblem(_varying(_touching, 0.5), jnp.sin, _touching, 2.5, np.sin),
    "state squared": DelayProblem(_varying(_squared, 0.4), jnp.sin, _squared, 5.0, np.sin),
    "Neves": DelayProblem(
        lambda t, y, ylag, args: y * ylag[0] / t, one, lambda t, y, args: t - jnp.log(y), 12.0,
        neves, t0=1.0,
    ),
    "state over jumps": DelayProblem(
        _copy, lambda t: jnp.where(t < -0.75, -0.5, 0.3), lambda t, y, args: 1 + y, 1.39,
        over_jumps, options={"y0": 0.0, "discontinuities": (-0.75,)},
    ),
    "kinked lag": DelayProblem(_varying(_kinked), jnp.sin, _kinked, 3.0, np.sin),
    "logarithm": DelayProblem(
        lambda t, y, ylag, args: 1 - ylag[0], jnp.log, lambda t, y, args: t - jnp.exp(1 - 1 / t),
        8.0, np.log, t0=0.5,
    ),
    "square root": DelayProblem(
        lambda t, y, ylag, args: ylag[0] / (2 * jnp.sqrt(t)), one,
        lambda t, y, args: t - (y - math.sqrt(2) + 1), 5.0, square_root, t0=1.0,
    ),
    "sampled": DelayProblem(
        lambda t, y, ylag, args: -0.5 * ylag[0], one, lambda t, y, args: t - jnp.floor(t), 3.5,
        sampled, options={"discontinuities": (1.0, 2.0, 3.0)},
    ),
    "Enright-Hayashi": DelayProblem(
        enright_hayashi, lambda t: jnp.stack([jnp.log(t), 1 / t]),
        lambda t, y, args: t - jnp.exp(1 - y[1]), 5.0,
        lambda t: np.stack([np.log(t), 1 / t], axis=-1), t0=0.1,
    ),
    "circling": DelayProblem(
        circling, lambda t: jnp.stack([jnp.sin(t), jnp.cos(t)]),
        lambda t, y, args: 0.3 + y[1] ** 2, 5.0,
        lambda t: np.stack([np.sin(t), np.cos(t)], axis=-1),
    ),
    # --- neutral
    "zigzag": DelayProblem(
        lambda t, y, ylag, args, dylag: -dylag[0], lambda t: t, 1.0, 5.0,
        lambda t: np.abs(t - 2 * np.round(t / 2)) * -1.0, options={"neutral": True},
    ),
    "neutral exponential": DelayProblem(
        lambda t, y, ylag, args, dylag: math.exp(-1) * dylag[0], lambda t: jnp.exp(-t), 1.0, 5.0,
        lambda t: np.exp(-t), options={"neutral": True},
    ),
    "neutral polynomials": DelayProblem(
        lambda t, y, ylag, args, dylag: -0.5 * dylag[0] - ylag[0], lambda t: 1 + t, 1.0, 5.0,
        polynomials([0, 1], -1, Fraction(-1, 2), 5), options={"neutral": True},
    ),
    "neutral with state": DelayProblem(
        lambda t, y, ylag, args, dylag: jnp.cos(t) + 0.3 * (dylag[0] - jnp.cos(t - 0.5 - y**2)),
        jnp.sin, _squared, 4.0, np.sin, options={"neutral": True},
    ),
    "neutral pantograph": DelayProblem(
        lambda t, y, ylag, args, dylag: -y + 0.5 * dylag[0] + 0.5 * jnp.exp(-t / 2), one,
        lambda t, y, args: t / 2, 4.0, lambda t: np.exp(-t), options={"neutral": True},
    ),
    "Castleton-Grimm": DelayProblem(
        castleton_grimm, jnp.sin, lambda t, y, args: t - t * y**2, math.pi, np.sin,
        options={"neutral": True},
    ),
    "strongly neutral": DelayProblem(
        lambda t, y, ylag, args, dylag: jnp.cos(t) + 0.8 * (dylag[0] - jnp.cos(t / 2)), jnp.sin,
        lambda t, y, args: t / 2, 4.0, np.sin, options={"neutral": True},
    ),
    "two slopes": DelayProblem(
        two_slopes, lambda t: jnp.exp(jnp.sin(2 * t)), lambda t, y, args: t / 2, 0.1,
        lambda t: np.exp(np.sin(2 * t)), options={"neutral": True},
    ),
    "two tents": DelayProblem(
        lambda t, y, ylag, args, dylag: -0.8 * dylag[0] + 0.5 * dylag[1], lambda t: t,
        (1.0, math.sqrt(2)), 6.0, tent((-0.8, 0.5), (1.0, math.sqrt(2)), 6.0),
        options={"neutral": True},
    ),
}  # fmt: skip

# Errors grow along these, by factors of up to a million.
GROWING = {
    "fast logistic": DelayProblem(
        lambda t, y, ylag, args: 3.5 * y * (1 - ylag[0]), lambda t: 0.5 * one(t), 1.0, 20.0,
        exponential_of(by_pieces(
            lambda z, lag: 3.5 * (1 - np.exp(lag[0])), [math.log(0.5)], (1.0,), 1.0, 20.0
        )),
    ),
    "turned": DelayProblem(
        lambda t, y, ylag, args: jnp.stack([ylag[0][1], -ylag[0][0]]),
        lambda t: jnp.stack([jnp.sin(t), jnp.cos(t)]), 2 * math.pi, 60.0,
        lambda t: np.stack([np.sin(t), np.cos(t)], axis=-1),
    ),
    "Wright": DelayProblem(
        lambda t, y, ylag, args: -3 * ylag[0] * (1 + y), lambda t: t, 1.0, 10.0,
        exponential_of(by_pieces(
            lambda z, lag: -3 * np.expm1(lag[0]), lambda t: [math.log1p(max(t, -1 + 1e-15))],
            (1.0,), 1.0, 10.0,
        ), less=1.0),
    ),
    "sine of the past": DelayProblem(
        lambda t, y, ylag, args: jnp.sin(ylag[0]), lambda t: 0.1 * one(t), 5.0, 100.0,
        by_pieces(lambda y, lag: np.sin(lag[0]), [0.1], (5.0,), 5.0, 100.0),
    ),
}  # fmt: skip
