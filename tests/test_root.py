"""Roots of equations without a closed form: values, signs, prints, and mutants."""

import math

import numpy as np
import pytest
import sympy as sp

from lemmata.theory.derivation import Derivation, Step
from lemmata.theory.mathml import formula
from lemmata.theory.printing import line
from lemmata.theory.root import Root
from lemmata.verify.domain import Point
from lemmata.verify.mutants import mutants
from lemmata.verify.prediction import Prediction
from lemmata.verify.program import Program, evaluate

x, w = sp.symbols("x w", positive=True)
SQUARE = Root.of(x**2 - w, x, 0, 1 + w)
POINTS = [Point({"w": value}) for value in (0.5, 2.0, 9.0)]


def test_its_value_has_as_many_digits_as_are_asked_for():
    assert SQUARE.subs(w, 2).n(60) == sp.sqrt(2).n(60)


def test_a_prediction_and_its_mutants_have_its_values():
    assert Prediction(2 * SQUARE).at(POINTS) == pytest.approx(2 * np.sqrt([0.5, 2, 9]), rel=1e-15)
    changed = {m.change: m.program for m in mutants(Program.of(SQUARE))}
    cubed = evaluate([changed["exponent of x**2 raised by 1"]], POINTS)[0]
    assert cubed == pytest.approx(np.cbrt([0.5, 2, 9]), rel=1e-15)


def test_the_unknown_is_bound_and_the_rest_is_free():
    assert SQUARE.free_symbols == {w}
    assert SQUARE.subs(x, 3) == SQUARE
    assert SQUARE.subs(w, x).free_symbols == {x}
    assert float(SQUARE.subs(w, x).subs(x, 4).n()) == 2


def test_where_no_sign_changes_there_is_no_value():
    none = Root.of(x**2 + w, x, 0, 1)
    with pytest.raises(ValueError, match="changes no sign"):
        none.subs(w, 1).n()
    assert np.isnan(Prediction(none).at(POINTS)).all()
    assert np.isnan(evaluate([Program.of(SQUARE), Program.of(none)], POINTS)[1]).all()


def test_ends_that_have_changed_places_have_nothing_between():
    none = Root.of(x**2 - w, x, 1 + w, 0)
    with pytest.raises(ValueError, match="changes no sign"):
        none.subs(w, 1).n()
    assert np.isnan(evaluate([Program.of(SQUARE), Program.of(none)], POINTS)[1]).all()


def test_an_end_at_which_it_is_not_finite_is_no_root():
    assert np.isnan(Prediction(Root.of(1 / x - w, x, 0, 1)).at(POINTS)).all()


def test_a_derivation_of_it_replays_and_one_of_another_root_does_not():
    def derived(root):
        return Derivation(sp.Symbol("r"), root, (Step("w over it", sp.Subs(w / x, x, root), root),))

    assert derived(SQUARE).replays() == "1 step: 1 checked at 8 points to 50 digits"
    assert derived(Root.of(x**2 - 2 * w, x, 0, 1 + 2 * w)).falsehoods()


def test_it_is_printed_as_an_equation_with_an_unknown():
    assert line(SQUARE) == "(the root of -w + x^2 for 0 < x < w + 1)"
    assert sp.latex(SQUARE) == (r"\operatorname{root}_{0 < x < w + 1}\left(- w + x^{2}\right)")
    assert "mtext" not in formula(SQUARE)


def test_it_is_positive_where_it_is_sought_among_positive_numbers():
    assert SQUARE.is_positive
    assert Root.of(x**2 - w, x, -1 - w, 0).is_positive is None


def test_an_equation_without_its_unknown_is_an_error():
    with pytest.raises(TypeError, match="give the equation as"):
        Root(x**2 - w, 0, 1)
    assert math.isclose(float(SQUARE.subs(w, 4)), 2)
