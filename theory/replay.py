r"""Check one step of a derivation: proved, checked, false, or a gap.

SymPy may say that it cannot tell, and on occasion it is wrong (sympy/sympy#15873, #28006). So a
proof must survive numbers, a falsehood needs numbers, and what neither settles is a gap. Random
points can confirm an *identity* (two analytic functions that agree there to 50 digits are one
function, barring an accident), but they cannot establish an inequality, which may fail in a
corner that no point met: an inequality is proved by SymPy or stays a gap.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import comb
from typing import Literal

import mpmath
import sympy as sp

from lemmata.theory.evaluation import Comparison, NotFinite, Undecided, Unevaluable, compare_at
from lemmata.theory.sampling import Point
from lemmata.theory.step import Step

Status = Literal["proved", "checked", "false", "gap"]


@dataclass(frozen=True)
class Replayed:
    """A step with what became of it; `witness` is the admissible point that refutes a false one."""

    step: Step
    status: Status
    how: str
    witness: tuple[tuple[sp.Symbol, sp.Expr], ...] = ()

    def __str__(self) -> str:
        return f"{self.status}: {self.step.because} ({self.how})"


def replay_step(step: Step, pool: Sequence[Point], points: int, digits: int) -> Replayed:
    """Decide `step` by SymPy and by numbers at `points` of the admissible points in `pool`."""
    if not pool:
        return Replayed(step, "gap", "no admissible point found: do the conditions exclude all?")
    varies = bool(step.left.free_symbols | step.right.free_symbols)
    if not varies:
        pool, points = pool[:1], 1  # a statement on constants has one value only
    # Numbers first: they are quick to refute, and simplifying what is false takes longest.
    found = _in_numbers(step, pool, points, digits)
    if isinstance(found, Replayed):
        return found
    checked, why_not = found
    route = _proof(step.left, step.relation, step.right)
    numbers = _numbers(checked, digits, varies)
    if route and not checked and (step.left.has(*_TRICKY) or step.right.has(*_TRICKY)):
        why_not = f"SymPy says so ({route}), and is known to be wrong on such; {why_not}"
    elif route:
        return Replayed(step, "proved", f"SymPy: {route}; {numbers or 'no numbers: ' + why_not}")
    pieces = step.left.has(*_PIECES) or step.right.has(*_PIECES)
    if step.relation == "=" and checked == points and not pieces:
        return Replayed(step, "checked", numbers)
    if step.relation == "=" and checked == points:
        why_not = f"it holds {numbers}, but is made of pieces, and may fail where no point fell"
    elif step.relation != "=" and checked:
        why_not = f"it holds {numbers}, which proves no inequality"
    elif not why_not:
        why_not = f"only {checked} of {points} admissible points were found"
    return Replayed(step, "gap", f"SymPy cannot tell; {why_not}")


def _in_numbers(
    step: Step, pool: Sequence[Point], points: int, digits: int
) -> tuple[int, str] | Replayed:
    """At how many points the step holds, and why not at more; or a verdict that numbers settle."""
    symbols = step.left.free_symbols | step.right.free_symbols
    checked, why_not = 0, ""
    for point in pool:
        mine = {symbol: value for symbol, value in point.items() if symbol in symbols}
        try:
            comparison = compare_at(step.left, step.right, point, digits)
            agrees = _agrees(comparison, step.relation)
        except Undecided as error:
            why_not = str(error)
            continue
        except Unevaluable as error:
            return checked, str(error)
        except NotFinite as error:
            how = f"{error} at {_shown(mine)}: exclude it with a condition"
            return Replayed(step, "gap", how)
        if not agrees:
            return _refuted(step, comparison, mine)
        checked += 1
        if checked == points:
            break
    return checked, why_not


def _agrees(comparison: Comparison, relation: str) -> bool:
    if relation == "=" or comparison.outcome == "equal":
        return (relation == "=") == (comparison.outcome == "equal")
    gap = comparison.left - comparison.right
    if mpmath.im(gap) != 0:
        raise Unevaluable("the sides are not real, and only real numbers are ordered")
    return bool(mpmath.re(gap) > 0) == (relation == ">")


def _refuted(step: Step, comparison: Comparison, point: Point) -> Replayed:
    left, right = (mpmath.nstr(value, 12) for value in (comparison.left, comparison.right))
    witness = tuple(sorted(point.items(), key=lambda item: item[0].name))
    at = f"at {_shown(point)}" if point else "always"
    return Replayed(
        step, "false", f"{at} the left side is {left} and the right side {right}", witness
    )


def _shown(point: Point) -> str:
    return ", ".join(f"{s} = {v}" for s, v in sorted(point.items(), key=lambda item: item[0].name))


def _numbers(checked: int, digits: int, varies: bool) -> str:
    if not checked:
        return ""
    points = "point" if checked == 1 else "points"
    return f"at {checked} {points} to {digits} digits" if varies else f"to {digits} digits"


# Where SymPy's word alone is not taken (sympy/sympy#23525, a wrong limit).
_TRICKY = (sp.Limit, sp.Sum, sp.Product, sp.Integral, sp.Piecewise)
# Not analytic: to agree at some points says nothing of the others.
_PIECES = (
    sp.Abs, sp.Max, sp.Min, sp.floor, sp.ceiling, sp.sign, sp.Mod, sp.Piecewise, sp.Heaviside,
)  # fmt: skip

# What SymPy raises where it does not know how.
_FAILURES = (NotImplementedError, ValueError, TypeError, AttributeError, sp.PolynomialError)

# Each route has a bound on the size of what it is given, for none of them has one on its time.
_Route = tuple[str, int, Callable[[sp.Expr], sp.Expr]]
_ROUTES: tuple[_Route, ...] = (
    ("expanding", 2000, sp.expand),
    ("cancelling", 200, lambda e: sp.cancel(sp.together(e))),
    ("simplifying", 150, lambda e: sp.simplify(e, doit=False)),
    ("exponentials", 100, lambda e: sp.simplify(sp.expand(e.rewrite(sp.exp)), doit=False)),
)


# Derivations of one family have most of their steps in common.
@lru_cache(maxsize=1024)
def _proof(left: sp.Expr, relation: str, right: sp.Expr) -> str:
    """The name of the first route by which SymPy sees that the step holds; empty if none does."""
    if any(_is_long_within(side) for side in (left, right)):
        return ""
    try:
        # Never integrals: SymPy may search for hours. They are checked by quadrature.
        left, right = (_of_constants(side.doit(integrals=False)) for side in (left, right))
    except _FAILURES:
        return ""
    if relation != "=":
        gap = left - right if relation == ">" else right - left
        return next((name for name, form in _forms(gap) if form.is_positive is True), "")
    return next((name for name, form in _forms(left - right) if form == 0), "")


def _of_constants(side: sp.Expr) -> sp.Expr:
    """The same, with integrals of what does not depend on the variable worked out."""

    def is_constant(one: sp.Basic) -> bool:
        if not isinstance(one, sp.Integral) or len(one.limits) != 1 or len(one.limits[0]) != 3:
            return False
        variable, *ends = one.limits[0]
        finite = all(end.is_infinite is not True for end in ends)
        return finite and variable not in one.function.free_symbols

    def length(one: sp.Integral) -> sp.Expr:
        _, low, high = one.limits[0]
        return one.function * (high - low)

    return side.replace(is_constant, length) if side.has(sp.Integral) else side


def _is_long_within(side: sp.Expr) -> bool:
    """Whether a real or imaginary part has more to take apart than any route may be given.

    SymPy takes seconds for it, and makes it longer yet.
    """
    return any(_is_long(part.args[0]) for part in side.atoms(sp.re, sp.im))


@lru_cache(maxsize=256)  # both sides of a step, and the next step, have the same parts
def _is_long(part: sp.Expr) -> bool:
    return _size(part.doit(integrals=False)) > _ROUTES[0][1]


def _forms(expression: sp.Expr) -> Iterator[tuple[str, sp.Expr]]:
    """`expression`, and what each route that may take it makes of it."""
    yield "evaluating", expression
    size = _size(expression)
    for name, bound, route in _ROUTES:
        if size > bound:
            continue
        try:
            yield name, route(expression)
        except _FAILURES:
            continue  # this route fails on this expression; another may do


def _size(expression: sp.Basic) -> int:
    """How much a route has to do: its terms, each as often as roots and functions tie them."""
    return max(sp.count_ops(expression), _terms(expression)) * max(1, _kernels(expression) - 1)


def _kernels(expression: sp.Basic) -> int:
    """How many roots and functions it has: to polynomials, variables that are tied together."""
    roots = {power for power in expression.atoms(sp.Pow) if not power.exp.is_Integer}
    return len(roots | expression.atoms(sp.Function))


def _terms(expression: sp.Basic) -> int:
    """About how many terms `expression` has when expanded; (x + y)**1000 is small to look at."""
    if isinstance(expression, sp.Pow) and expression.exp.is_Integer:
        inside, power = _terms(expression.base), min(abs(int(expression.exp)), 10**4)
        return comb(min(inside, 10**3) + power - 1, power) if inside > 1 else 1
    parts = [_terms(argument) for argument in expression.args]
    if isinstance(expression, sp.Add):
        return sum(parts)
    if isinstance(expression, sp.Mul):
        product = 1
        for part in parts:
            product *= part
        return product
    return max(parts, default=1)
