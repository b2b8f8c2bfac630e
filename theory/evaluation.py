r"""Numerical values to any number of digits, and whether two of them are equal.

An expression is evaluated as it stands, from its leaves up, in mpmath: what SymPy would make of it
by simplifying plays no part. Two expressions are compared at two
precisions. A difference $d$ that is not zero shows the same leading digits at both; one that is
zero is rounding noise, and falls with the precision. Anything else is undecided. The precision is
raised by the spread of the sizes met on the way, so that no small term is absorbed by a large one.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal

import mpmath
import sympy as sp
from sympy.core.function import AppliedUndef

from lemmata.theory.sampling import Point, gaussian_rational

# mpmath numbers carry no types of their own.
Number = Any

_GUARD = 15
# Besides, for terms of unlike sizes, by as many at a time: few precisions share their quadrature
# nodes, and a first look that has digits to spare is the coarser of the two.
_SPARE = 16
# exp(-10000) and the like: a point with terms this far apart is left undecided.
_WIDEST_SPREAD = 3000
# Two values that share this many digits, at different precisions, are one number and no noise.
_SAME_DIGITS = mpmath.mpf(10) ** -10


class Unevaluable(Exception):
    """No number can be had: an undefined function, an object that mpmath does not know."""


class NotFinite(Exception):
    """The expression has no finite value at the point."""


class Undecided(Exception):
    """The numbers do not settle the question."""


@dataclass(frozen=True)
class Comparison:
    """Two values, and whether they are equal; `residue` is relative to the terms they came from."""

    outcome: Literal["equal", "different"]
    left: Number
    right: Number
    residue: Number


class _Sizes:
    """The largest and the smallest magnitude met in an evaluation, as decimal exponents."""

    def __init__(self) -> None:
        self.largest = 0
        self.smallest = 0

    def see(self, value: Number) -> None:
        if value:
            exponent = int(mpmath.mag(value)) * 3 // 10
            self.largest = max(self.largest, exponent)
            self.smallest = min(self.smallest, exponent)
        # At once, and not at the end: the exponential of such a number would take for ever.
        if self.spread > _WIDEST_SPREAD:
            raise Undecided(f"the terms span {self.spread} orders of magnitude")

    @property
    def spread(self) -> int:
        return self.largest - self.smallest + 1


class _Evaluation:
    """Values of subexpressions at one point and one working precision.

    `bound` holds the values of variables that a substitution fixes.
    """

    def __init__(self, point: Point, bound: dict[sp.Basic, Number], sizes: _Sizes) -> None:
        self.point = point
        self.bound = bound
        self.sizes = sizes
        self.known: dict[sp.Basic, Number] = {}

    def value(self, node: sp.Basic) -> Number:
        if node not in self.known:
            # The plus rounds mpmath's constants, which are lazy, to the working precision.
            number = +mpmath.mpmathify(self._compute(node))
            if not mpmath.isfinite(number):
                raise NotFinite(f"{node} has no finite value")
            self.sizes.see(number)
            self.known[node] = number
        return self.known[node]

    def _compute(self, node: sp.Basic) -> Number:
        if isinstance(node, sp.Symbol):
            if node in self.bound:
                return self.bound[node]
            if node not in self.point:
                raise Unevaluable(f"no admissible value was found for the symbol {node}")
            return gaussian_rational(self.point[node])
        if isinstance(node, sp.Rational):
            return gaussian_rational(node)
        if isinstance(node, sp.Derivative):
            return self._derivative(node)
        if isinstance(node, sp.Subs):
            values = [self.value(value) for value in node.point]
            bound = {**self.bound, **dict(zip(node.variables, values, strict=True))}
            return _Evaluation(self.point, bound, self.sizes).value(node.expr)
        if isinstance(node, sp.Add):
            return mpmath.fsum(self.value(term) for term in node.args)
        if isinstance(node, sp.Mul):
            return mpmath.fprod(self.value(factor) for factor in node.args)
        if isinstance(node, (sp.Pow, sp.Function)):
            arguments = [self.value(argument) for argument in node.args]
            return _call(lambda: _operation(node.func, len(arguments))(*arguments), node)
        if isinstance(node, sp.Integral):
            return self._integral(node)
        # Constants, and whatever has an inner structure (Piecewise, Max, Sum, ...): as a whole.
        symbols = _in_order(node)
        values = [self.value(symbol) for symbol in symbols]
        return _call(lambda: _compiled(node, symbols)(*values), node)

    def _derivative(self, node: sp.Derivative) -> Number:
        # Differentiating is the one thing that is left to SymPy here.
        result = _differentiated(node)
        if isinstance(result, sp.Derivative):
            raise Unevaluable(f"{node} cannot be worked out")
        return self.value(result)

    def _integral(self, node: sp.Integral) -> Number:
        if len(node.limits) != 1 or len(node.limits[0]) != 3:
            raise Unevaluable(f"{node} is not a definite integral over one variable")
        variable, *ends = node.limits[0]
        interval = [self._end(end) for end in ends]
        function, constants = _constants_apart(node.function, variable)
        values = [self.value(constant) for _, constant in constants]
        integrand = _compiled(function, (variable, *(symbol for symbol, _ in constants)))
        # quad can overlook a narrow peak and call its error small: ask twice, cut differently.
        value, again = (
            _call(lambda ends=ends: mpmath.quad(lambda t: integrand(t, *values), ends), node)
            for ends in (interval, _cut(*interval))
        )
        if not abs(value - again) <= mpmath.mpf(10) ** (_GUARD - mpmath.mp.dps) * max(
            1, abs(value)
        ):
            raise Undecided(f"the quadrature of {node} did not converge")
        return value

    def _end(self, end: sp.Expr) -> Number:
        if end.is_infinite:
            return mpmath.inf if end.is_extended_positive else -mpmath.inf
        return self.value(end)


@lru_cache(maxsize=256)
def _constants_apart(
    function: sp.Expr, variable: sp.Symbol
) -> tuple[sp.Expr, tuple[tuple[sp.Symbol, sp.Expr], ...]]:
    """The integrand with symbols for what does not depend on the variable, and what they mean."""
    constants: dict[sp.Expr, sp.Symbol] = {}

    def apart(node: Any) -> Any:
        if node.is_Rational:  # mpmath has roots and powers of its own for some
            return node
        if variable not in node.free_symbols:
            return constants.setdefault(node, sp.Dummy()) if isinstance(node, sp.Expr) else node
        if isinstance(node, (sp.Add, sp.Mul)):
            still, moving = node.as_independent(variable, as_Add=isinstance(node, sp.Add))
            if still is not node.identity:
                parts = moving.args if isinstance(moving, node.func) else (moving,)
                return node.func(apart(still), *map(apart, parts), evaluate=False)
        if isinstance(node, (sp.Add, sp.Mul, sp.Pow, sp.Function)):
            return node.func(*map(apart, node.args), evaluate=False)
        for symbol in _in_order(node):  # with a structure of its own, and names of its own
            if symbol != variable:
                constants.setdefault(symbol, symbol)
        return node

    bare = apart(function)
    return bare, tuple((symbol, constant) for constant, symbol in constants.items())


def _cut(low: Number, high: Number) -> list[Number]:
    """The interval cut at a point inside it."""
    if mpmath.isinf(low):
        return [low, mpmath.mpf(1) if mpmath.isinf(high) else high - 1, high]
    return [low, low + 1 if mpmath.isinf(high) else low + (high - low) * 3 / 8, high]


def _in_order(node: sp.Basic) -> tuple[sp.Symbol, ...]:
    return tuple(sorted((s for s in node.free_symbols if isinstance(s, sp.Symbol)), key=str))


def _call(function: Callable[[], Number], node: sp.Basic) -> Number:
    """The value of `function`, its failures sorted into the three that a caller can act on."""
    try:
        return function()
    except ZeroDivisionError as error:
        raise NotFinite(f"{node} divides by zero") from error
    except (ArithmeticError, ValueError) as error:
        raise Undecided(f"{node} could not be evaluated ({error})") from error
    except (NameError, TypeError, NotImplementedError, AttributeError) as error:
        raise Unevaluable(f"{node} has no numerical value ({error})") from error


@lru_cache(maxsize=1024)
def _differentiated(node: sp.Derivative) -> sp.Expr:
    # As it comes: to factor it takes most of the time, and its value is all that is asked for.
    return node.doit(integrals=False, simplify=False)


@lru_cache(maxsize=1024)
def _operation(func: Callable[..., sp.Expr], arity: int) -> Callable[..., Number]:
    slots = [sp.Dummy() for _ in range(arity)]
    return sp.lambdify(slots, func(*slots), modules="mpmath")


@lru_cache(maxsize=1024)
def _compiled(node: sp.Basic, symbols: tuple[sp.Symbol, ...]) -> Callable[..., Number]:
    return sp.lambdify(symbols, node, modules="mpmath")


def _values(
    left: sp.Expr, right: sp.Expr, point: Point, precision: int
) -> tuple[Number, Number, _Sizes]:
    with mpmath.workdps(precision):
        evaluation = _Evaluation(point, {}, _Sizes())
        return evaluation.value(left), evaluation.value(right), evaluation.sizes


def compare_at(left: sp.Expr, right: sp.Expr, point: Point, digits: int) -> Comparison:
    """Whether `left` and `right` are equal at `point`, to about `digits` digits.

    **Raises:** `Unevaluable`, `NotFinite` or `Undecided`; it never guesses.
    """
    undefined = left.atoms(AppliedUndef) | right.atoms(AppliedUndef)
    if undefined:
        # By name, mpmath would take an undefined `gamma(x)` for its own.
        raise Unevaluable(f"{min(undefined, key=str)} is an undefined function")
    spare = _SPARE
    coarse_left, coarse_right, sizes = _values(left, right, point, digits + _GUARD + spare)
    if sizes.spread > spare:
        spare = _SPARE * -(-sizes.spread // _SPARE)
        coarse_left, coarse_right, _ = _values(left, right, point, digits + _GUARD + spare)
    fine = digits + _GUARD + spare + digits
    fine_left, fine_right, sizes = _values(left, right, point, fine)
    with mpmath.workdps(fine):
        first, second = coarse_left - coarse_right, fine_left - fine_right
        scale = mpmath.mpf(10) ** sizes.largest
        if second and abs(first - second) <= abs(second) * _SAME_DIGITS:
            return Comparison("different", fine_left, fine_right, abs(second) / scale)
        tolerance = scale * mpmath.mpf(10) ** (10 - digits)
        if abs(first) <= tolerance and abs(second) <= tolerance * mpmath.mpf(10) ** -digits:
            return Comparison("equal", fine_left, fine_right, abs(first) / scale)
    raise Undecided("the difference of the sides neither settles nor falls with the precision")
