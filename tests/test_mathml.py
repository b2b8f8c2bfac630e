"""Formulas for a page: short, in the signs that books use, and not longer than anyone reads."""

from xml.etree import ElementTree

import pytest
import sympy as sp

from lemmata.theory import mathml
from lemmata.theory.mathml import condition, formula, relation

x, k, tau = sp.symbols("x k tau", positive=True)
f = sp.Function("f")


def text(markup: str) -> str:
    return "".join(ElementTree.fromstring(f"<math>{markup}</math>").itertext())


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        (-x, "−x"),
        (sp.Integer(-3), "−3"),
        (sp.exp(-k * x), "e−k⁢x"),
        (k * sp.tanh(tau), "k\N{THIN SPACE}tanh(τ)"),
        (sp.I * x, "i⁢x"),
        (sp.Derivative(-f(x), x), "ddx(−f(x))"),
        (sp.Derivative(f(x), x), "ddxf(x)"),
        (sp.Integral(x, (x, 0, k)), "∫0kx\N{THIN SPACE}dx"),
        (sp.Mul(2, 3, evaluate=False), "2⋅3"),
    ],
)
def test_signs_are_those_of_books(expression: sp.Expr, expected: str) -> None:
    assert text(formula(expression)) == expected


def test_rows_of_one_and_name_spaces_are_left_out() -> None:
    assert formula(sp.sqrt(x)) == "<msqrt><mi>x</mi></msqrt>"
    assert len(relation(sp.sqrt(x), "=", x)) < 70


def test_a_side_that_is_too_long_is_counted_instead_and_the_other_is_kept() -> None:
    long = sp.Add(*(sp.Symbol(f"a{i}") for i in range(200)))
    assert text(relation(x, "=", long)) == "x=[an expression of 201 parts]"
    assert text(formula(long, longest=5)) == "[an expression of more than 100 parts]"


def test_conditions_have_their_sign() -> None:
    assert text(condition(x < k)) == "x<k"
    assert text(condition(x >= k)) == "x≥k"


def test_a_printer_that_fails_costs_no_verdict(monkeypatch) -> None:
    def fail(*_):
        raise RecursionError("too deep")

    mathml._side.cache_clear()
    monkeypatch.setattr(mathml, "relation_mathml", fail)
    assert text(formula(x**2 / k)) == "x^2/k"
    mathml._side.cache_clear()
