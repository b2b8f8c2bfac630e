"""Random points with exact coordinates that satisfy the assumptions on the symbols.

Magnitudes are drawn log-uniformly between 1/16 and 16: wide enough to tell formulas apart, and
narrow enough that an exponential of a product stays within reach of a few hundred digits.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from fractions import Fraction
from functools import lru_cache
from random import Random

import mpmath
import sympy as sp
from sympy.core.relational import Ge, Gt, Le, Lt, Ne, Relational

Point = dict[sp.Symbol, sp.Expr]

# Side conditions may leave a small part of the box: of this many draws a point, one must fit.
_DRAWS_A_POINT = 200
# Conditions that no point meets are looked for farther out, too.
_REACHES = (16.0, 256.0, 65536.0)
# Conditions are decided to this many digits; a point nearer to the edge than that is not used.
_DIGITS = 40
_EDGE = mpmath.mpf(10) ** -20


def admissible_points(
    symbols: Iterable[sp.Symbol],
    where: Sequence[Relational],
    count: int,
    rng: Random,
    among: Sequence[Mapping[str, sp.Rational]] = (),
) -> tuple[Point, ...]:
    """Up to `count` points inside `where`; empty if none was found.

    Every second one takes the values that one of `among` gives to symbols of these names.

    A symbol for which no value was found (a non-commutative one, say) is missing from the points.
    """
    every = tuple(sorted(symbols, key=_key))
    found: list[Point] = []
    for draw in range(_DRAWS_A_POINT * count):
        given = among[draw // 2 % len(among)] if among and draw % 2 == 0 else {}
        point = _draw(every, where, rng, given)
        if point is not None:
            found.append(point)
        if len(found) == count:
            break
    return tuple(found)


def possible(where: Sequence[Relational]) -> bool:
    """Whether some random point meets all conditions, among many that reach far out."""
    symbols = tuple(sorted(set().union(*(one.free_symbols for one in where)), key=_key))
    rng = Random(0)
    return any(
        _draw(symbols, where, rng, {}, reach) is not None
        for reach in _REACHES
        for _ in range(5 * _DRAWS_A_POINT)
    )


def _draw(
    symbols: Sequence[sp.Symbol],
    where: Sequence[Relational],
    rng: Random,
    given: Mapping[str, sp.Rational],
    reach: float = _REACHES[0],
) -> Point | None:
    """One point, or None where it fails a condition."""
    # An order relation makes sense between real numbers only.
    real = {s for condition in where if not isinstance(condition, Ne) for s in _names(condition)}
    drawn: dict[sp.Symbol, sp.Expr | None] = {}
    point: Point = {}
    # Symbols of conditions come first, so that a draw that fails one has cost little.
    for condition in (*where, None):
        for symbol in symbols if condition is None else _names(condition):
            if symbol not in drawn:
                known = given.get(symbol.name)
                if known is None:
                    known = _within(symbol, tuple(where), rng)
                drawn[symbol] = (
                    _value(symbol, symbol in real, rng, reach) if known is None else known
                )
        point = {symbol: value for symbol, value in drawn.items() if value is not None}
        if condition is not None and not _satisfies(point, condition):
            return None
    return point


def _within(symbol: sp.Symbol, where: tuple[Relational, ...], rng: Random) -> sp.Rational | None:
    """A number between the two that `where` puts it between, or None."""
    ends = None if symbol.is_integer else _ends(symbol, where)
    if ends is None:
        return None
    lo, hi = ends
    return lo + (hi - lo) * sp.Rational(rng.randint(1, 96), 97)


@lru_cache(maxsize=256)
def _ends(
    symbol: sp.Symbol, where: tuple[Relational, ...]
) -> tuple[sp.Rational, sp.Rational] | None:
    order = [one for one in where if isinstance(one, (Lt, Le, Gt, Ge))]
    lows = [one.lts for one in order if one.gts == symbol and one.lts.is_Rational]
    highs = [one.gts for one in order if one.lts == symbol and one.gts.is_Rational]
    return (max(lows), min(highs)) if lows and highs and max(lows) < min(highs) else None


def _names(condition: Relational) -> tuple[sp.Symbol, ...]:
    return _gap(condition)[0]


def _key(symbol: sp.Symbol) -> str:
    return symbol.name


def _value(symbol: sp.Symbol, real: bool, rng: Random, reach: float) -> sp.Expr | None:
    """A number that is everything which `symbol` is assumed to be, or None."""
    wanted = symbol.assumptions0
    for _ in range(100):
        size = _magnitude(rng, bool(symbol.is_integer), reach)
        value = size if symbol.is_extended_nonnegative else size * rng.choice((-1, 1))
        if symbol.is_imaginary:
            value = value * sp.I
        elif not real and symbol.is_extended_real is None:
            value = value + sp.I * rng.choice((-1, 1)) * _magnitude(rng, False, reach)
        if all(getattr(value, f"is_{name}") == holds for name, holds in wanted.items()):
            return value
    return None


def _magnitude(rng: Random, integer: bool, reach: float) -> sp.Rational:
    size = reach ** rng.uniform(-1, 1)
    if integer:
        return sp.Integer(rng.choice((0, round(size), round(reach ** (2 * rng.random())))))
    # A small denominator keeps a reported counterexample legible.
    fraction = Fraction(size).limit_denominator(97)
    return sp.Rational(fraction.numerator, fraction.denominator)


def _satisfies(point: Point, condition: Relational) -> bool:
    """Whether `condition` holds at `point`, and not by less than the edge."""
    symbols, gap = _gap(condition)
    if any(symbol not in point for symbol in symbols):
        return False
    with mpmath.workdps(_DIGITS):
        try:
            value = gap(*(gaussian_rational(point[symbol]) for symbol in symbols))
        except (ArithmeticError, ValueError, TypeError, NameError):
            return False
        if isinstance(condition, Ne):
            return bool(abs(value) > _EDGE)
        # A complex value (the logarithm of a negative number) satisfies no inequality.
        return not isinstance(value, mpmath.mpc) and bool(value > _EDGE)


def broken(condition: Relational, values: Mapping[str, int | float | Fraction]) -> bool:
    """Whether numbers, by the names of its symbols, break a side condition, or give it no value.

    Equal to 20 digits is equal.
    """
    symbols, gap = _gap(condition)
    given = [Fraction(values[symbol.name]) for symbol in symbols]
    with mpmath.workdps(_DIGITS):
        try:
            value = gap(*(mpmath.mpf(one.numerator) / one.denominator for one in given))
        except (ArithmeticError, ValueError, TypeError, NameError):
            return True
        if isinstance(condition, Ne):
            return bool(abs(value) <= _EDGE)
        least = _EDGE if isinstance(condition, (Lt, Gt)) else -_EDGE
        return isinstance(value, mpmath.mpc) or not value > least


def gaussian_rational(value: sp.Expr) -> mpmath.mpf | mpmath.mpc:
    """A coordinate, rational or with rational parts, at the working precision."""
    real, imaginary = (mpmath.mpf(int(part.p)) / int(part.q) for part in value.as_real_imag())
    return mpmath.mpc(real, imaginary) if imaginary else real


@lru_cache(maxsize=256)
def _gap(condition: Relational) -> tuple[tuple[sp.Symbol, ...], Callable[..., mpmath.mpf]]:
    """The symbols of `condition`, and a function of them that is positive where it holds."""
    larger_first = isinstance(condition, (Gt, Ge, Ne))
    first, second = condition.args if larger_first else reversed(condition.args)
    symbols = tuple(sorted(condition.free_symbols, key=_key))
    return symbols, sp.lambdify(symbols, first - second, modules="mpmath")


def rational(value: object) -> sp.Rational:
    """A number nearby of few digits: what is checked there holds there exactly."""
    near = Fraction(str(value)).limit_denominator(9973)
    return sp.Rational(near.numerator, near.denominator)


def check_conditions(where: Sequence[object]) -> None:
    """Refuse a side condition by which no point can be chosen."""
    for condition in where:
        if isinstance(condition, (Lt, Le, Gt, Ge, Ne)):
            continue
        if condition in (True, False):
            raise ValueError(
                f"a condition in `where` became {condition} by the assumptions on its symbols "
                "alone; drop it, or correct the symbols' assumptions."
            )
        raise TypeError(
            f"where: {condition!r} is not one of <, <=, >, >=, Ne; "
            "a random point never meets an equality, so substitute that instead."
        )
