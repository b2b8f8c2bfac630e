"""Formulas as programs: the same values, and mutants in the lines."""

import numpy as np
import pytest
import sympy as sp

from lemmata.verify.domain import Point
from lemmata.verify.mutants import mutants
from lemmata.verify.prediction import Prediction
from lemmata.verify.program import Program, evaluate

x, y, n = sp.symbols("x y n", positive=True)
inner = sp.sqrt(x**2 + y) / (1 + sp.exp(-x))
LONG = sum((k + inner) ** k / (y + sp.sin(k * inner)) for k in range(1, 25))
POINTS = [Point({"x": 0.3, "y": 2.0}), Point({"x": 1.7, "y": 0.4}), Point({"x": 0.9, "y": 1.1})]


def test_a_long_formula_is_taken_apart_and_put_together_again():
    program = Program.of(LONG)
    assert program.lines[0][1] == inner
    assert program.expression == LONG
    assert program.parameters == {x, y}
    assert Program.of(x + y).lines[0][1] == x + y


def test_the_mutants_of_a_long_formula_have_the_values_of_their_expressions():
    program = Program.of(LONG)
    some = mutants(program)[::40]
    values = evaluate([program, *(mutant.program for mutant in some)], POINTS)
    for row, expression in zip(values, [LONG, *(m.expression for m in some)], strict=True):
        exact = [complex(expression.subs({x: p.x, y: p.y}).evalf(30)) for p in POINTS]
        real = [z.real if abs(z.imag) < 1e-12 * abs(z.real) else np.nan for z in exact]
        np.testing.assert_allclose(row, real, rtol=1e-8)


def test_a_slip_in_a_common_part_goes_everywhere():
    program = Program.of(LONG)
    wrong = LONG.subs(inner, inner * (1 + sp.exp(-x)))
    values = evaluate([program, *(m.program for m in mutants(program))], POINTS)
    target = [float(wrong.subs({x: p.x, y: p.y}).evalf(30)) for p in POINTS]
    assert np.any(np.all(np.abs(values / target - 1) < 1e-9, axis=1))


@pytest.mark.parametrize("free", [n, sp.Integer(1)], ids=["the index is free elsewhere", "not"])
def test_what_is_inside_a_long_sum_is_not_taken_out_of_it(free):
    terms = sum(sp.sin(k * x * n) + sp.cos(x * n) ** k for k in range(1, 40))
    formula = sp.Sum(terms / n**2, (n, 1, 3)) + sp.cos(x * n).subs(n, free)
    assert len(Program.of(formula).lines) == 1
    exact = float(formula.subs({x: 0.7, n: 0.4}).doit().evalf(30))
    values = Prediction(formula).at([Point({"x": 0.7, "n": 0.4})])
    assert values == pytest.approx([exact], rel=1e-10)


def test_functions_that_scipy_has_for_real_arguments_are_computed_all_at_once(monkeypatch):
    formula = sp.pi**2 / 6 - sp.polygamma(1, x + 1)
    exact = [float(formula.subs(x, p.x).evalf(30)) for p in POINTS]
    with monkeypatch.context() as patch:
        patch.setattr("lemmata.verify.program.alone", lambda *_: pytest.fail("one by one"))
        values = evaluate([Program.of(formula)], POINTS)[0]
    np.testing.assert_allclose(values, exact, rtol=1e-13)


def test_what_scipy_does_not_reach_is_computed_one_by_one():
    formula = sp.polygamma(1, -x)  # SciPy's zeta function is NaN there
    exact = [float(formula.subs(x, p.x).evalf(30)) for p in POINTS]
    np.testing.assert_allclose(evaluate([Program.of(formula)], POINTS)[0], exact, rtol=1e-12)
