"""Predictions: whatever form a formula has, the numbers at points of the domain are right."""

import math

import numpy as np
import pytest
import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.helpers import claimed, exactly, formulas

from lemmata.theory.derivation import Derivation, Step
from lemmata.verify.deferred import deferred
from lemmata.verify.domain import Domain, Point
from lemmata.verify.errors import UsageError
from lemmata.verify.interval import Interval
from lemmata.verify.prediction import Prediction, predict
from lemmata.verify.program import Program, evaluate

x, y = sp.symbols("x y", positive=True)
area = sp.Symbol("A")
domain = Domain(x=Interval(0.5, 3), y=Interval(0.5, 3), defining={"d": lambda p: p.x - p.y})
points = domain.sample(12, seed=1)
one = exactly(lambda p: 1.0)


def square():
    return Derivation(area, x**2, (Step("by parts", sp.Integral(2 * x, (x, 0, x)), x**2),))


def values(predicted):
    return predict(claimed(one, predicted, domain)).at(points)


@pytest.mark.parametrize(
    "predicted", [square(), square, x**2, sp.Symbol("x") ** 2, lambda p: p.x**2],
    ids=["derivation", "function giving one", "expression", "other assumptions", "of a point"],
)  # fmt: skip
def test_every_form_of_a_formula_gives_the_same_values(predicted):
    assert values(predicted) == pytest.approx([p.x**2 for p in points])


def test_a_derivation_is_kept_beside_its_statement():
    assert predict(claimed(one, square, domain)).derivation == square()
    assert predict(claimed(one, x**2, domain)).derivation is None


@pytest.mark.parametrize("number", [2, 2.0, np.float64(2), sp.Integer(2), sp.sqrt(4)])
def test_a_number_is_the_same_everywhere(number):
    assert values(number).tolist() == [2.0] * len(points)
    assert predict(claimed(one, number)).at([Point({})]).tolist() == [2.0]


def test_a_deferred_function_is_called():
    assert values(deferred("builtins").int).tolist() == [0.0] * len(points)


def test_quantities_that_the_domain_defines_serve_as_symbols():
    assert values(2 * sp.Symbol("d")) == pytest.approx([2 * (p.x - p.y) for p in points])


@pytest.mark.parametrize("root", [sp.sqrt(x - 1), sp.log(x - 1), (x - 1) ** sp.Rational(1, 3)])
def test_a_value_that_is_not_real_is_no_number(root):
    found = values(root)
    for point, value in zip(points, found, strict=True):
        assert math.isnan(value) == (point.x < 1)


def test_a_pole_is_no_number():
    assert math.isnan(Prediction(1 / x).at([Point({"x": 0.0})])[0])
    assert math.isnan(Prediction(sp.log(x)).at([Point({"x": 0.0})])[0])


def test_an_overflow_on_the_way_to_a_number_is_got_round():
    found = values(sp.exp(800 * x) / (1 + sp.exp(800 * x)))
    assert found == pytest.approx([1.0] * len(points))


def test_complex_terms_that_sum_to_a_real_number_are_taken():
    found = values((sp.exp(sp.I * x) + sp.exp(-sp.I * x)) / 2)
    assert found == pytest.approx([math.cos(p.x) for p in points])


functions = [
    sp.Piecewise((x, x < 1), (y, True)),
    sp.floor(2 * x),
    sp.ceiling(x),
    sp.Mod(x, y),
    sp.Max(x, y),
    sp.Min(x, y, 1),
    sp.Abs(x - y),
    sp.sign(x - y),
    sp.Heaviside(x - y),
    sp.atan2(x - 2, y),
    sp.erf(x),
    sp.erfinv(x / 4),
    sp.gamma(x),
    sp.factorial(x),
    sp.binomial(x + 3, y),
    sp.besselj(0, x),
    sp.zeta(x + 1),
    sp.polylog(2, x / 4),
    sp.elliptic_k(x / 4),
    sp.hyper([1, 2], [3], x / 4),
    sp.LambertW(x),
    sp.Sum(x / area**2, (area, 1, 5)),
    sp.Integral(sp.exp(-area * x), (area, 0, 1)),
]


@pytest.mark.parametrize("formula", functions, ids=str)
def test_functions_of_every_kind_are_evaluated(formula):
    few = points[:4]
    exact = [float(formula.subs({x: p.x, y: p.y}).evalf(30)) for p in few]
    assert Prediction(formula).at(few) == pytest.approx(exact, rel=1e-10)


@settings(max_examples=30)
@given(st.lists(formulas, min_size=1, max_size=3))
def test_a_batch_has_the_values_of_its_points_alone(several):
    programs = [Program.of(one) for one in several]
    batch = evaluate(programs, points)
    alone = np.array([[evaluate([one], [p])[0, 0] for p in points] for one in programs])
    assert batch.shape == (len(several), len(points))
    np.testing.assert_allclose(batch, alone, rtol=1e-9, atol=1e-300)


def test_what_cancels_to_nothing_is_zero_and_what_nearly_does_is_not():
    nothing = sp.sin(x) ** 2 + sp.cos(x) ** 2 - 1
    assert np.all(np.abs(Prediction(nothing).at(points)) < 1e-100)
    little = nothing + sp.Rational(1, 10**50) * x
    assert Prediction(little).at(points) == pytest.approx([1e-50 * p.x for p in points], rel=1e-12)


def test_an_exact_value_stays_exact():
    third = sp.Rational(1, 3)
    assert Prediction(sp.sqrt(x) * x).exactly_at({"x": third}) == sp.sqrt(third) / 3
    assert Prediction(function=lambda p: p.x + 1).exactly_at({"x": third}) == sp.Rational(4, 3)


@pytest.mark.parametrize(
    ("predicted", "message"),
    [
        (x * sp.Symbol("gamma"), r"predicts .*, but gamma is not in its domain \(x, y, d\)"),
        (sp.Symbol("a") + sp.Symbol("b"), "but a, b is not in its domain.*rename the symbols"),
        (sp.Eq(x, y), r"predicts Eq\(x, y\).*give a Derivation, a SymPy expression, a number, or"),
        (None, "predicts None"),
        (True, "predicts True"),
        ([1.0], r"predicts \[1.0\]"),
        ("2 x +", "predicts '2 x \\+'"),
        (object(), "predicts <object"),
        (sp.Matrix([x]), "predicts Matrix"),
    ],
)
def test_a_formula_that_is_none_is_explained(predicted, message):
    with pytest.raises(UsageError, match=message):
        predict(claimed(one, predicted, domain))
