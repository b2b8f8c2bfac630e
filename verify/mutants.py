"""Wrong formulas near a right one: what a check that can fail has to tell apart.

Each mutant is the formula with one thing changed: a constant, an exponent, a sign, a term or factor
left out, two parameters swapped, a function replaced by its neighbour.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import sympy as sp

from lemmata.verify.program import LONG, Program, is_long

#: functions that are confused with one another
_NEIGHBOURS = {sp.sin: sp.cos, sp.cos: sp.sin, sp.sinh: sp.cosh, sp.cosh: sp.sinh, sp.tan: sp.sin}

_PARTS = (sp.re, sp.im, sp.arg)

#: how many nodes of a formula are changed; of a larger one, these are drawn
NODES = 150


@dataclass(frozen=True)
class Mutant:
    """One wrong formula, and what was changed in it: a text with a place for what SymPy writes."""

    text: str
    subject: Any
    program: Program
    line: int = -1

    @property
    def change(self) -> str:
        """What was changed, in words."""
        return self.text.replace("{}", shown(self.subject), 1)

    @property
    def expression(self) -> Any:
        """The wrong formula as one expression."""
        return self.program.expression

    @property
    def clear(self) -> bool:
        """Whether its text says which formula it is, without names that only a program has."""
        return len(self.program.lines) == 1 or (self.line == -1 and " → " not in self.text)

    def __str__(self) -> str:
        if self.line == -1 and len(self.program.lines) > 1:  # no one line tells it
            return self.change
        return f"{self.change}: {shown(self.program.lines[self.line][1])}"


def shown(node: Any) -> str:
    """The expression as text; a long one, which nobody reads and SymPy prints slowly, by its size.

    >>> shown(sp.Symbol("x") ** 2)
    'x**2'
    """
    return f"a formula of more than {LONG} nodes" if is_long(node) else str(node)


def mutants(program: Program) -> list[Mutant]:
    """First-order mutants of a formula, each different formula once.

    They are all there are, but for a large formula, of whose nodes a fixed number is changed.

    >>> x = sp.Symbol("x")
    >>> sorted({str(m.expression) for m in mutants(Program.of(2 * x))})
    ['-2*x', '2', '2*x**2', '2/x', '3*x', '4*x', 'x', 'x/2']
    """
    whole = program.lines[-1][1]
    infinite = [sp.zoo, sp.nan, *([] if whole.has(sp.oo) else [sp.oo])]  # or a limit of a sum
    found: dict[Program, Mutant] = {}
    seen: dict[Any, bool] = {}  # most lines are those of the formula

    def is_infinite(expression: Any) -> bool:
        if expression not in seen:
            seen[expression] = expression.has(*infinite)
        return seen[expression]

    for text, subject, mutated, line in (*_local(program), *_swaps(program)):
        if any(is_infinite(expression) for _, expression in mutated.lines):  # no formula at all
            continue
        if mutated != program and mutated not in found:
            found[mutated] = Mutant(text, subject, mutated, line)
    return list(found.values())


def _local(program: Program) -> Iterator[tuple[str, Any, Program, int]]:
    """Change one node of the tree of one line."""
    lines = [expression for _, expression in program.lines]
    nodes = [(i, *both) for i, line in enumerate(lines) for both in _nodes(line, ())]
    # At random, for every n-th node would be a node of the same kind in each of many like terms.
    some = nodes if len(nodes) <= NODES else random.Random(0).sample(nodes, NODES)
    for i, path, node in some:
        for text, subject, replacement in _changes(node):
            try:
                yield text, subject, program.changed(i, _replaced(lines[i], path, replacement)), i
            except (TypeError, ValueError):  # no formula either: the index of a sum squared, say
                continue
    yield "sign reversed", None, program.changed(-1, -lines[-1]), -1


def _nodes(node: Any, path: tuple[int, ...]) -> Iterator[tuple[tuple[int, ...], Any]]:
    yield path, node
    for index, child in enumerate(node.args):
        yield from _nodes(child, (*path, index))


def _replaced(node: Any, path: tuple[int, ...], replacement: Any) -> Any:
    if not path:
        return replacement
    arguments = list(node.args)
    arguments[path[0]] = _replaced(arguments[path[0]], path[1:], replacement)
    if node.func in _PARTS:  # SymPy would expand what is in it, which takes long and says nothing
        return node.func(*arguments, evaluate=False)
    return node.func(*arguments)


def _changes(node: Any) -> Iterator[tuple[str, Any, Any]]:
    if node.is_Number or node.is_NumberSymbol:
        for changed in (node + 1, 2 * node, node / 2, -node):
            yield f"{{}} → {changed}", node, changed
    elif node.is_Symbol:
        yield "{} squared", node, node**2
        yield "{} left out", node, sp.Integer(1)
    elif node.is_Add or node.is_Mul:
        what = "term" if node.is_Add else "factor"
        for index, part in enumerate(node.args):
            rest = [other for i, other in enumerate(node.args) if i != index]
            yield f"{what} {{}} left out", part, node.func(*rest)
            if node.is_Add:
                yield "sign of term {} reversed", part, node.func(*rest, -part)
            else:
                yield "factor {} inverted", part, node.func(*rest, 1 / part)
    elif node.is_Pow:
        yield "exponent of {} left out", node, node.base
        yield "exponent of {} raised by 1", node, node.base ** (node.exp + 1)
        yield "exponent of {} lowered by 1", node, node.base ** (node.exp - 1)
    elif node.func in _NEIGHBOURS:
        other = _NEIGHBOURS[node.func]
        yield f"{{}} → {other}", node.func, other(*node.args)
    elif node.is_Function and len(node.args) == 1:
        yield "{} left out", node.func, node.args[0]


def _swaps(program: Program) -> Iterator[tuple[str, Any, Program, int]]:
    symbols = sorted(program.parameters, key=str)
    for one, other in combinations(symbols, 2):
        yield f"{{}} and {other} swapped", one, program.substituted({one: other, other: one}), -1
        yield f"{{}} → {other}", one, program.substituted({one: other}), -1
        yield f"{{}} → {one}", other, program.substituted({other: one}), -1
