"""What ball arithmetic knows: sums, powers and functions of balls, each as tight as is cheap.

A function that only rises or only falls is taken at a real ball's two ends. A complex ball on a
branch cut gives one that is not finite, for there the function jumps, and no derivative tells.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial, reduce
from typing import Any

import sympy as sp
from flint import acb, arb, fmpq

from lemmata.verify.errors import UsageError


def add(*terms: Any) -> Any:
    """The sum of balls."""
    return reduce(lambda a, b: a + b, terms)


def multiply(*factors: Any) -> Any:
    """The product of balls."""
    return reduce(lambda a, b: a * b, factors)


def power(base: Any, exponent: Any) -> Any:
    """A power whose exponent is a ball, too."""
    return (exponent * FUNCTIONS[sp.log](base)).exp()


def integer_power(ball: Any, n: int) -> Any:
    """The power of a ball, tight where it is real: by its two ends, and 0 if it holds 0."""
    if n < 0:
        return 1 / integer_power(ball, -n)
    if isinstance(ball, acb) or ball.is_exact() or not ball.is_finite():
        return multiply(arb(1), *[ball] * n)
    ends = [multiply(arb(1), *[end] * n) for end in (ball.lower(), ball.upper())]
    if n % 2 == 0 and ball.contains(0):
        return arb(0).union(ends[0]).union(ends[1])
    return ends[0].union(ends[1])


def root(ball: Any, p: int, q: int) -> Any:
    """The principal value of ball^(p/q); not finite where a complex ball meets the branch cut."""
    if isinstance(ball, acb):
        return ball.pow(acb(arb(fmpq(p, q))), analytic=True)
    return integer_power(_monotone("root", q)(ball), p)


def _monotone(name: str, *more: Any) -> Callable[[Any], Any]:
    """A function that rises (or falls) all along the reals: its values at the two ends."""

    def function(ball: Any) -> Any:
        if isinstance(ball, acb):
            return _complex(ball, name)
        if ball.is_exact() or not ball.is_finite():
            return getattr(ball, name)(*more)
        ends = [getattr(end, name)(*more) for end in (ball.lower(), ball.upper())]
        return ends[0].union(ends[1])

    return function


def _method(name: str) -> Callable[[Any], Any]:
    return lambda ball: getattr(ball, name)()


def _complex(ball: Any, name: str) -> Any:
    """The same of a complex ball, where that is analytic: elsewhere it may jump."""
    if name == "log":
        return ball.log(analytic=True)
    if name not in ("exp", "sinh", "tanh", "erf"):
        raise UsageError(f"{name} of a complex number is not enclosed here; write it by log.")
    return getattr(ball, name)()


def _sign(ball: Any) -> Any:
    if isinstance(ball, acb):
        raise UsageError("sign of a complex number; take the sign of its real or imaginary part.")
    return ball.sgn() if ball.is_finite() else ball


def _absolute(ball: Any) -> Any:
    if isinstance(ball, acb):
        return abs(ball)
    if not ball.contains(0):
        return ball if ball > 0 else -ball
    return arb(0).union(ball.abs_upper())


def _real(ball: Any) -> Any:
    return ball.real if isinstance(ball, acb) else ball


def _imaginary(ball: Any) -> Any:
    return ball.imag if isinstance(ball, acb) else arb(0) * ball  # not finite stays not finite


def _argument(ball: Any) -> Any:
    return acb(ball).log(analytic=True).imag


CONSTANTS: dict[Any, Callable[[], Any]] = {
    sp.pi: arb.pi,
    sp.E: arb.const_e,
    sp.EulerGamma: arb.const_euler,
    sp.I: partial(acb, 0, 1),
}
FUNCTIONS: dict[Any, Callable[..., Any]] = {
    **{
        getattr(sp, name): _monotone(name)
        for name in ("exp", "log", "sinh", "tanh", "asin", "acos", "atan", "asinh", "erf")
    },
    **{getattr(sp, name): _method(name) for name in ("sin", "cos", "tan", "cot", "cosh")},
    sp.acosh: _monotone("acosh"),
    sp.atanh: _monotone("atanh"),
    sp.Abs: _absolute,
    sp.re: _real,
    sp.im: _imaginary,
    sp.conjugate: lambda ball: ball.conjugate() if isinstance(ball, acb) else ball,
    sp.sign: _sign,
    sp.arg: _argument,
    sp.atan2: lambda y, x: _argument(acb(x, y)),
}
