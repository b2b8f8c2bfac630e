"""A SymPy expression as a function over balls: intervals that surely hold the value.

Ball arithmetic is FLINT's (Johansson, IEEE Trans. Computers 66 (2017) 1281): every operation
returns a midpoint and a radius that covers round-off and the radii of what went in. The expression
is compiled once, each common part of it to one step, and runs at whatever precision is set.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import partial
from typing import Any

import sympy as sp
from flint import acb, arb, ctx, fmpq

from lemmata.verify.ball_functions import (
    CONSTANTS,
    FUNCTIONS,
    add,
    integer_power,
    multiply,
    power,
    root,
)
from lemmata.verify.errors import UsageError

#: bits, where nothing else is asked for: a box may shrink to 1e-12 of its side and cancel twice
PRECISION = 128

COMPLEX = (
    "the expression is complex, and only a real one has a sign and bounds; take sympy.re or "
    "sympy.im of it."
)


@dataclass(frozen=True)
class BallFunction:
    """Expressions compiled to steps over balls; call it with one ball a name.

    A point where a real function is not defined, such as the root of a ball that holds a negative
    number, gives a ball that is not finite: it decides nothing. Real balls in give real balls out,
    and complex ones where the expression holds the imaginary unit.
    """

    names: tuple[str, ...]
    steps: tuple[tuple[Callable[..., Any], tuple[int, ...]], ...]
    outputs: tuple[int, ...]

    def __call__(self, *balls: Any) -> list[Any]:
        values = list(balls)
        for step, places in self.steps:
            values.append(step(*[values[place] for place in places]))
        return [values[place] for place in self.outputs]


def compile_balls(expressions: Sequence[Any], names: Sequence[str]) -> BallFunction:
    """Compile SymPy expressions in these names; symbols are told apart by their names alone.

    **Raises:** `UsageError` for a symbol that is not among the names, and for a function that ball
    arithmetic here does not know.
    """
    steps: list[tuple[Callable[..., Any], tuple[int, ...]]] = []
    places: dict[Any, int] = {}

    def place(node: Any) -> int:
        if isinstance(node, sp.Symbol):
            if str(node) not in names:
                raise UsageError(
                    f"the symbol {node} has no range; there are: {', '.join(names) or 'none'}. "
                    "Give it one, or put a number in its place."
                )
            return list(names).index(str(node))
        if node not in places:
            step, parts = _step(node)
            arguments = tuple(place(part) for part in parts)
            places[node] = len(names) + len(steps)
            steps.append((step, arguments))
        return places[node]

    outputs = tuple(place(sp.sympify(expression)) for expression in expressions)
    return BallFunction(tuple(names), tuple(steps), outputs)


def _step(node: Any) -> tuple[Callable[..., Any], Sequence[Any]]:
    """The operation at the top of an expression, and the parts that it works on."""
    if isinstance(node, sp.Float):
        node = sp.Rational(Fraction(*_ratio(node)))  # the binary number that it is
    if isinstance(node, sp.Rational):
        return partial(arb, fmpq(int(node.p), int(node.q))), ()
    if node in CONSTANTS:
        return CONSTANTS[node], ()
    if isinstance(node, sp.Add):
        return add, node.args
    if isinstance(node, sp.Mul):
        return multiply, node.args
    if isinstance(node, sp.Pow):
        return _power(*node.as_base_exp())
    known = FUNCTIONS.get(node.func)
    if known is None:
        raise UsageError(
            f"{node.func.__name__} in {node} is unknown to ball arithmetic here; known are sums, "
            "products, powers, " + ", ".join(sorted(f.__name__ for f in FUNCTIONS)) + ". "
            "Rewrite the expression in these."
        )
    return known, node.args


def _power(base: Any, exponent: Any) -> tuple[Callable[..., Any], Sequence[Any]]:
    if exponent.is_Integer:
        return partial(integer_power, n=int(exponent)), (base,)
    if exponent.is_Rational:
        if base.is_negative:  # its principal root is complex, and on the branch cut
            turn = fmpq(int(exponent.p), int(exponent.q))
            inner = partial(root, p=int(exponent.p), q=int(exponent.q))
            return lambda b: inner(-b) * acb(arb(turn)).exp_pi_i(), (base,)
        return partial(root, p=int(exponent.p), q=int(exponent.q)), (base,)
    return power, (base, exponent)


def _ratio(number: Any) -> tuple[int, int]:
    """A SymPy float as the quotient of two integers, exactly."""
    exact = sp.Rational(number)
    return int(exact.p), int(exact.q)


def without_floats(expression: Any) -> Any:
    """The expression with every float as the binary number that it is.

    Calculus on floats rounds, and a proof would be one of another expression.
    """
    expression = sp.sympify(expression)
    return expression.xreplace({f: sp.Rational(*_ratio(f)) for f in expression.atoms(sp.Float)})


def in_real_names(expression: Any, names: Sequence[str]) -> Any:
    """The expression without floats, in real symbols, so that re and im differentiate."""
    expression = without_floats(expression)
    symbols = expression.free_symbols
    return expression.xreplace(
        {s: sp.Symbol(str(s), real=True) for s in symbols if str(s) in names}
    )


def exact(value: Any, what: str) -> fmpq:
    """A number as the exact fraction that it is; a float counts as its binary value.

    **Raises:** `UsageError` for what is no finite rational number.
    """
    try:
        number = value if isinstance(value, float) else sp.Rational(value)
        fraction = Fraction(number) if isinstance(number, float) else Fraction(*_ratio(number))
    except (TypeError, ValueError, OverflowError, AttributeError):
        raise UsageError(
            f"{what} is {value!r}; give an exact number: an int, a Fraction, or a text such as "
            "'0.1' (a float counts as the binary number that it is)."
        ) from None
    return fmpq(fraction.numerator, fraction.denominator)


def span(lo: fmpq, hi: fmpq) -> Any:
    """A ball that holds the closed interval.

    Radii have 30 bits and are rounded up, so the ball reaches out by a billionth of its width: a
    root whose argument is 0 at the interval's end is not defined on all of it.
    """
    if lo == hi:
        return arb(lo)
    return arb((lo + hi) / 2) + arb(0, arb((hi - lo) / 2).upper())


def fraction(value: fmpq) -> Fraction:
    """FLINT's fraction as Python's."""
    return Fraction(int(value.p), int(value.q))


def ends(ball: Any) -> tuple[Fraction, Fraction]:
    """The two ends of a real ball, exactly."""
    return fraction(ball.lower().fmpq()), fraction(ball.upper().fmpq())


def value_over(
    expression: Any, box: Mapping[str, tuple[Any, Any]], precision: int = PRECISION
) -> tuple[Fraction, Fraction] | None:
    """Bounds of a real expression's values all over a box; None where they are not finite.

    **Raises:** `UsageError` as `compile_balls` does, and for a complex value.
    """
    function = compile_balls([in_real_names(expression, tuple(box))], tuple(box))
    with working(precision):
        (ball,) = function(*(
            span(*(exact(end, f"an end of {name}") for end in sides)) for name, sides in box.items()
        ))  # fmt: skip
        if not isinstance(ball, arb):
            raise UsageError(COMPLEX)
        return ends(ball) if ball.is_finite() else None


def working(precision: int) -> Any:
    """A context in which FLINT computes with so many bits.

    **Raises:** `UsageError` for a precision below 2 bits.
    """
    if not isinstance(precision, int) or precision < 2:
        raise UsageError(f"precision={precision!r}; give a number of bits such as {PRECISION}.")
    return ctx.workprec(precision)
