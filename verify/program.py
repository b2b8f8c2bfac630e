"""A formula as a program: what occurs in it again and again is computed once, under a name.

Laws of limit cycles are written in a hundred lines, and would be thousands of operations as one
expression. As lines they are changed and evaluated in little time, and a slip in one line is the
slip that an author makes.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import islice
from typing import Any

import numpy as np
import sympy as sp

from lemmata.verify.domain import Point, stack
from lemmata.verify.evaluation import alone, binds

#: nodes of an expression above which it is taken apart
LONG = 200
#: nodes of a line above which those of its operands that have more than `SMALL` get their own
WIDE, SMALL = 40, 8


@dataclass(frozen=True)
class Program:
    """Lines (name, expression), each in the parameters and the names above it; the last counts."""

    lines: tuple[tuple[sp.Symbol, Any], ...]

    @staticmethod
    def of(expression: Any) -> Program:
        """The program of a long expression; a short one is a program of one line."""
        result = sp.Dummy("result")
        if not is_long(expression) or binds(expression):
            return Program(((result, expression),))
        names = sp.numbered_symbols("part_", cls=sp.Dummy)
        parts, (rest,) = sp.cse(expression, symbols=names)
        lines: list[tuple[sp.Symbol, Any]] = []
        for name, part in (*parts, (result, rest)):
            lines.append((name, _narrow(part, names, lines)))
        return Program(tuple(lines))

    @cached_property
    def expression(self) -> Any:
        """The program as one expression."""
        known: dict[Any, Any] = {}
        for name, expression in self.lines:
            known[name] = expression.xreplace(known)
        return known[self.lines[-1][0]]

    def changed(self, i: int, expression: Any) -> Program:
        """The same with another expression in line `i`."""
        lines = list(self.lines)
        lines[i] = lines[i][0], expression
        return Program(tuple(lines))

    def substituted(self, values: dict[Any, Any]) -> Program:
        """The same with parameters replaced, all at once."""
        return Program(tuple((name, _substituted(line, values)) for name, line in self.lines))

    @property
    def parameters(self) -> set[sp.Symbol]:
        """The symbols that no line defines."""
        names = {name for name, _ in self.lines}
        return set().union(*(_symbols(expression) for _, expression in self.lines)) - names


# Mutants have most of their lines in common.
@lru_cache(maxsize=4096)
def _symbols(expression: Any) -> frozenset[Any]:
    return frozenset(expression.free_symbols)


def _substituted(line: Any, values: dict[Any, Any]) -> Any:
    if binds(line):  # a sum's own index, say, is no parameter, even under the same name
        return line.subs(values, simultaneous=True)
    return line.xreplace(values)


def _narrow(node: Any, names: Iterator[sp.Symbol], lines: list[tuple[sp.Symbol, Any]]) -> Any:
    """The expression, with large operands put in lines of their own."""
    if not is_long(node, WIDE):
        return node
    operands = list(node.args)
    for i, operand in enumerate(operands):
        if isinstance(operand, sp.Expr) and is_long(operand, SMALL):
            operands[i] = next(names)
            lines.append((operands[i], _narrow(operand, names, lines)))
    return node.func(*operands)


def is_long(node: Any, nodes: int = LONG) -> bool:
    """Whether an expression has more nodes than that."""
    return sum(1 for _ in islice(sp.preorder_traversal(node), nodes + 1)) > nodes


def evaluate(programs: Sequence[Program], points: Sequence[Point]) -> np.ndarray:
    """Values of programs at points, shape `(programs, points)`; NaN if not real.

    Where only SymPy can evaluate a program, it is NaN from the first point on at which it has none.

    Each line of a program is computed where it, or what it needs, differs from the first program;
    and of such a line, what neither the first program nor another has computed from the same.
    """
    names = sorted({str(s) for program in programs for s in program.parameters})
    # Complex arithmetic, so that the root or logarithm of a negative number is seen, not hidden.
    batch = stack(list(points)) if names else Point({})
    arguments = {name: np.asarray(batch[name], dtype=complex) for name in names}
    first = programs[0]
    known: dict[Any, Any] = {}
    common = {s: arguments[str(s)] for program in programs for s in program.parameters}
    rows = []
    for program in programs:
        try:
            found = _run(program, first, known, common)
            known = known or found
            last = np.asarray(found[program.lines[-1][0]], complex)
            value: Any = np.broadcast_to(last, len(points))
            is_real = np.abs(value.imag) <= 1e-12 * np.abs(value.real)
            rows.append(np.where(is_real & np.isfinite(value), value.real, math.nan))
        except (ArithmeticError, NameError, NotImplementedError, TypeError, ValueError):
            # A function that NumPy and SciPy lack, or have for real arguments only.
            rows.append(_one_by_one(program.expression, points))
    return np.array(rows)


def _one_by_one(expression: Any, points: Sequence[Point]) -> np.ndarray:
    """Values by SymPy, up to the first point at which it has none: that is no formula, and slow."""
    row = np.full(len(points), math.nan)
    for i, point in enumerate(points):
        row[i] = alone(expression, point)
        if math.isnan(row[i]):
            break
    return row


def _run(
    program: Program, first: Program, known: dict[Any, Any], common: dict[Any, Any]
) -> dict[Any, Any]:
    """The values of the lines, by name; those of the first program, if it ran, are `known`.

    `common` holds values of parameters, and of all that is made of them and of the first program's
    lines; it is added to.
    """
    before = dict(first.lines)
    values = dict(known)
    changed: set[Any] = set()
    for name, expression in program.lines:
        symbols = _symbols(expression)
        if name in values and expression == before[name] and not symbols & changed:
            continue
        with np.errstate(all="ignore"):
            if symbols & changed:
                found = {s: values[s] if s in values else common[s] for s in symbols}
            else:
                found = common
            values[name] = _value(expression, found)
        if program is first:
            common[name] = values[name]
        else:
            changed.add(name)
    return values


def _value(node: Any, found: dict[Any, Any]) -> Any:
    """The value of an expression, given (and adding) those of what it is made of."""
    if node not in found:
        found[node] = _computed(node, found)
    return found[node]


def _computed(node: Any, found: dict[Any, Any]) -> Any:
    if not node.args and node.is_number:
        return _number(node)
    if isinstance(node, sp.Add):
        return sum(_value(part, found) for part in node.args)
    if isinstance(node, sp.Mul):
        return math.prod(_value(part, found) for part in node.args)
    if isinstance(node, sp.Pow):
        power = int(node.exp) if node.exp.is_Integer else _value(node.exp, found)
        return np.power(_value(node.base, found), power)
    if isinstance(node, sp.Function) and all(isinstance(part, sp.Expr) for part in node.args):
        values = [_value(part, found) for part in node.args]
        function = _operation(node.func, len(values))
        try:
            return function(*values)
        except TypeError:  # SciPy has it for real arguments only
            return _of_reals(function, values)
    # What has an inner structure: sums, integrals, cases.
    symbols = tuple(sorted(node.free_symbols, key=str))
    return _compiled(node, symbols)(*(found[symbol] for symbol in symbols))


def _of_reals(function: Any, values: list[Any]) -> Any:
    """A function of arguments that are real; `TypeError` if one is not, or a value not finite."""
    if any(np.any(np.imag(value) != 0) for value in values):
        raise TypeError("a complex argument of a function of real ones")
    found = function(*(np.real(value) for value in values))
    if not np.all(np.isfinite(found)):  # SciPy's NaN may be a number that it does not reach
        raise TypeError("no finite value of real arguments")
    return found


@lru_cache(maxsize=1024)
def _number(node: Any) -> complex:
    return complex(node)


@lru_cache(maxsize=256)
def _operation(func: Any, arity: int) -> Any:
    slots = sp.symbols(f"x:{arity}", cls=sp.Dummy)
    return sp.lambdify(slots, func(*slots), modules=["numpy", "scipy"])


@lru_cache(maxsize=256)
def _compiled(node: Any, symbols: tuple[sp.Symbol, ...]) -> Any:
    # Two symbols may have one name, and differ in their assumptions alone. No dummies, of which
    # SymPy would make others: and what is made of the same symbols again it remembers.
    slots = [sp.Symbol(f"slot_{i}") for i in range(len(symbols))]
    plain = node.xreplace(dict(zip(symbols, slots, strict=True)))
    return sp.lambdify(slots, plain, modules=["numpy", "scipy"])
