"""Mutants: wrong formulas near a right one, and each of them a formula."""

import re

import pytest
import sympy as sp
from hypothesis import given, settings
from tests.helpers import formulas

from lemmata.verify.mutants import NODES, mutants
from lemmata.verify.program import Program

x, y, n = sp.symbols("x y n", positive=True)


def changed(formula):
    return {mutant.expression for mutant in mutants(Program.of(formula))}


@settings(max_examples=50)
@given(formulas)
def test_every_mutant_is_another_finite_formula_in_the_same_symbols(formula):
    found = mutants(Program.of(formula))
    expressions = [mutant.expression for mutant in found]
    assert len(set(expressions)) == len(expressions) > 0
    for mutant in found:
        assert mutant.change
        assert mutant.expression != formula
        assert not mutant.expression.has(sp.zoo, sp.nan, sp.oo)
        assert mutant.expression.free_symbols <= formula.free_symbols


@pytest.mark.parametrize(
    ("formula", "wrong"),
    [
        (x + y, [x, y, x - y, y - x, -x - y]),
        (x * y, [x, y, x / y, y / x, -x * y, x**2, y**2]),
        (2 * x**3, [x**3, 3 * x**3, 4 * x**3, 2 * x**2, 2 * x**4, 2 * x, 2 * x**6]),
        (x / (x + y), [y / (x + y), sp.Integer(1), x / (x - y), x * (x + y)]),
        (sp.exp(-x / y), [sp.exp(x / y), sp.exp(-y / x), -x / y, sp.exp(-x)]),
        (sp.sin(x) + 1, [sp.cos(x) + 1, 1 - sp.sin(x), sp.sin(x)]),
        (sp.sqrt(x), [x, 1 / sp.sqrt(x), x ** sp.Rational(3, 2)]),
        (sp.pi * x, [2 * sp.pi * x, x, sp.pi * x / 2]),
        (sp.tanh(x), [x]),
    ],
)
def test_the_usual_mistakes_are_among_them(formula, wrong):
    assert set(map(sp.sympify, wrong)) <= changed(formula)


def test_each_tells_what_was_changed():
    found = {mutant.expression: mutant.change for mutant in mutants(Program.of(x + 2 * y))}
    assert found[x] == "term 2*y left out"
    assert found[x - 2 * y] == "sign of term 2*y reversed"
    assert found[x + 3 * y] == "2 → 3"
    assert found[y + 2 * x] == "x and y swapped"
    assert found[-x - 2 * y] == "sign reversed"


def test_a_swap_that_divides_by_zero_is_none():
    assert changed(1 / (x - y))
    assert not any(mutated.has(sp.zoo) for mutated in changed(1 / (x - y)))


def test_symmetric_parameters_swapped_are_no_mutant():
    found = mutants(Program.of(x * y + x + y))
    assert not any(mutant.change == "x and y swapped" for mutant in found)


@pytest.mark.parametrize(
    "formula",
    [
        sp.Sum(x / n**2, (n, 1, 5)),
        sp.Integral(sp.exp(-n * x), (n, 0, 1)),
        sp.Integral(sp.exp(-n * x), (n, 0, sp.oo)),
        sp.Piecewise((x, x < 1), (y, True)),
        sp.Max(x, y),
        sp.hyper([1, 2], [3], x),
        sp.Derivative(sp.sin(x), x),
    ],
    ids=str,
)
def test_formulas_with_bound_symbols_and_cases_have_mutants(formula):
    assert -formula in changed(formula)
    assert len(changed(formula)) >= 3


def test_a_large_formula_has_mutants_from_all_over_it():
    large = sum((k + 1) * x**k * y ** (60 - k) for k in range(2, 60))
    found = mutants(Program.of(large))
    assert NODES < len(found) < 6 * NODES
    changed_terms = [m.change for m in found if m.change.startswith("exponent")]
    assert len(changed_terms) > 20
    degrees = {int(n) for change in changed_terms for n in re.findall(r"of x\*\*(\d+)", change)}
    assert min(degrees) < 20
    assert max(degrees) > 40


def test_a_constant_has_mutants_and_zero_has_some():
    assert changed(sp.Integer(3)) == {4, 6, sp.Rational(3, 2), -3}
    assert changed(sp.Integer(0)) == {1}


def test_names_with_braces_are_told_as_they_are():
    one, other = sp.symbols("a_{1} a_{2}")
    changes = {mutant.change for mutant in mutants(Program.of(one - 3 * other**2))}
    assert {"a_{1} and a_{2} swapped", "a_{1} → a_{2}", "a_{2} squared"} <= changes


def test_the_index_of_a_sum_is_not_swapped_with_a_parameter_of_its_name():
    k, n = sp.symbols("k n")
    program = Program.of(sp.Sum(k, (k, 1, 3)) * k + n)
    swapped = program.substituted({k: n, n: k})
    assert sp.simplify(swapped.expression.doit() - (6 * n + k)) == 0
