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
    """One wrong formula, and what was changed in it."""

    change: str
    program: Program
    line: int = -1

    @property
    def expression(self) -> Any:
        """The wrong formula as one expression."""
        return self.program.expression

    @property
    def clear(self) -> bool:
        """Whether its text says which formula it is, without names that only a program has."""
        return len(self.program.lines) == 1 or (self.line == -1 and " → " not in self.change)

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
    for change, mutated, line in (*_local(program), *_swaps(program)):
        if any(expression.has(*infinite) for _, expression in mutated.lines):  # no formula at all
            continue
        if mutated != program and mutated not in found:
            found[mutated] = Mutant(change, mutated, line)
    return list(found.values())


def _local(program: Program) -> Iterator[tuple[str, Program, int]]:
    """Change one node of the tree of one line."""
    lines = [expression for _, expression in program.lines]
    nodes = [(i, *both) for i, line in enumerate(lines) for both in _nodes(line, ())]
    # At random, for every n-th node would be a node of the same kind in each of many like terms.
    some = nodes if len(nodes) <= NODES else random.Random(0).sample(nodes, NODES)
    for i, path, node in some:
        for change, replacement in _changes(node):
            try:
                yield change, program.changed(i, _replaced(lines[i], path, replacement)), i
            except (TypeError, ValueError):  # no formula either: the index of a sum squared, say
                continue
    yield "sign reversed", program.changed(-1, -lines[-1]), -1


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


def _changes(node: Any) -> Iterator[tuple[str, Any]]:
    if node.is_Number or node.is_NumberSymbol:
        yield f"{node} → {node + 1}", node + 1
        yield f"{node} → {2 * node}", 2 * node
        yield f"{node} → {node / 2}", node / 2
        yield f"{node} → {-node}", -node
    elif node.is_Symbol:
        yield f"{node} squared", node**2
        yield f"{node} left out", sp.Integer(1)
    elif node.is_Add or node.is_Mul:
        what = "term" if node.is_Add else "factor"
        for index, part in enumerate(node.args):
            rest = [other for i, other in enumerate(node.args) if i != index]
            yield f"{what} {shown(part)} left out", node.func(*rest)
            if node.is_Add:
                yield f"sign of term {shown(part)} reversed", node.func(*rest, -part)
            else:
                yield f"factor {shown(part)} inverted", node.func(*rest, 1 / part)
    elif node.is_Pow:
        yield f"exponent of {shown(node)} left out", node.base
        yield f"exponent of {shown(node)} raised by 1", node.base ** (node.exp + 1)
        yield f"exponent of {shown(node)} lowered by 1", node.base ** (node.exp - 1)
    elif node.func in _NEIGHBOURS:
        yield f"{node.func} → {_NEIGHBOURS[node.func]}", _NEIGHBOURS[node.func](*node.args)
    elif node.is_Function and len(node.args) == 1:
        yield f"{node.func} left out", node.args[0]


def _swaps(program: Program) -> Iterator[tuple[str, Program, int]]:
    symbols = sorted(program.parameters, key=str)
    for one, other in combinations(symbols, 2):
        yield f"{one} and {other} swapped", program.substituted({one: other, other: one}), -1
        yield f"{one} → {other}", program.substituted({one: other}), -1
        yield f"{other} → {one}", program.substituted({other: one}), -1
