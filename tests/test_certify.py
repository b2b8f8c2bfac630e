"""Signs over whole boxes: proved where they hold, disproved by a point where they do not."""

from fractions import Fraction

import numpy as np
import pytest
import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from lemmata.theory import hopf
from lemmata.theory.delay_system import scalar
from lemmata.verify.certificate import Certificate, together
from lemmata.verify.certify import (
    certify_hopf,
    compactified,
    count_right_half_plane,
    prove_sign,
)
from lemmata.verify.errors import UsageError

pytestmark = pytest.mark.heavy

x, y, k, s = sp.symbols("x y k s")
tiny = sp.Rational(1, 10**6)


def value_at(expression, witness):
    at = {sp.Symbol(n): sp.Rational(v.numerator, v.denominator) for n, v in witness.items()}
    return sp.sympify(expression).subs(at)


@pytest.mark.parametrize(
    ("expression", "box"),
    [
        (x**2 - x * y + y**2 + tiny, {"x": (-1, 1), "y": (-1, 2)}),
        (x * (1 - x) + tiny, {"x": (0, 1)}),
        (sp.exp(x) - 1 - x + tiny, {"x": (-3, 3)}),
        (x - sp.sin(x), {"x": ("0.01", 3)}),
        (sp.cos(x) - 1 + x**2 / 2 + tiny, {"x": (-2, 3)}),
        (sp.sqrt(x) + sp.sqrt(y) - sp.sqrt(x + y), {"x": ("0.01", 1), "y": ("0.02", 1)}),
        (x ** sp.Rational(1, 3) - x, {"x": ("0.1", "0.9")}),
        (sp.acos(-x) + sp.acos(x) - 3, {"x": ("-0.9", "0.9")}),
        (sp.log(1 + x) - x + x**2 / 2 + tiny, {"x": (0, 4)}),
        (sp.tanh(x) + sp.exp(-x), {"x": (0, 20)}),
        (sp.re(1 / (1 + sp.I * x)), {"x": (-9, 9)}),
        (sp.Abs(x - y) + tiny, {"x": (0, 1), "y": (-1, "0.3")}),
        (sp.pi - sp.Rational(314, 100), {}),
        (x - 1, {"x": (2, 2)}),
    ],
    ids=str,
)
def test_what_is_true_is_proved(expression, box):
    found = prove_sign(expression, box)
    assert found.status == "proved"
    assert (found.undecided, found.undecided_count, found.witness) == ((), 0, None)
    assert 1 <= found.boxes <= 2000
    assert prove_sign(-expression, box, sign=-1).status == "proved"


@pytest.mark.parametrize(
    ("expression", "box"),
    [
        (x**2 - x * y + y**2 - sp.Rational(1, 100), {"x": (-1, 1), "y": (-1, 2)}),
        (sp.exp(x) - 1 - x - tiny, {"x": (-3, 4)}),
        (sp.sin(x) + sp.Rational(99, 100), {"x": (0, 6)}),
        (sp.log(x), {"x": (-1, 2)}),
        (sp.re(sp.exp(sp.I * x)), {"x": (0, "1.58")}),
        (x**2, {"x": (-1, 1)}),
        (3 - sp.pi, {}),
    ],
    ids=str,
)
def test_what_is_false_is_disproved_by_a_point_where_it_fails(expression, box):
    found = prove_sign(expression, box)
    assert found.status == "disproved"
    assert sp.N(value_at(expression, found.witness), 30) <= 0
    for name, (lo, hi) in box.items():
        assert found.witness is not None
        assert Fraction(lo) <= found.witness[name] <= Fraction(hi)


def test_a_zero_that_is_touched_stays_undecided_and_its_box_is_named():
    found = prove_sign(x**2 + y**2, {"x": (-1, 2), "y": (-1, 2)})
    assert found.status == "undecided"
    assert found.undecided_count >= 1
    assert all(box["x"][0] <= 0 <= box["x"][1] for box in found.undecided)
    assert all(hi - lo < 1e-10 for box in found.undecided for lo, hi in box.values())
    assert "undecided: x in [" in str(found)


def test_a_box_where_there_is_no_value_stays_undecided():
    found = prove_sign(sp.sqrt(x) + 1, {"x": (-1, 1)}, max_boxes=50)
    assert found.status == "undecided"
    assert found.reason == "stopped at max_boxes=50"
    assert all(box["x"][0] < 0 or box["x"][0] == 0 for box in found.undecided)


def test_a_jump_is_not_smoothed_over():
    # The angle is near -pi below and near pi above the cut, and its slope small on both sides.
    angle = sp.im(sp.log(-1 + sp.I * x), evaluate=False)
    assert prove_sign(angle + 1, {"x": ("-0.1", 2)}).status == "disproved"
    assert prove_sign(angle - 1, {"x": ("0.1", 2)}).status == "proved"
    assert prove_sign(sp.atan2(x, -1) + 1, {"x": ("-0.1", 2)}).status == "disproved"
    assert prove_sign(sp.atan2(x, -1) + 4, {"x": ("-0.1", 2)}).status == "undecided"
    assert prove_sign(sp.sign(x) + sp.Rational(1, 2), {"x": (-1, 2)}).status == "disproved"


def test_the_budget_is_kept_and_the_largest_boxes_are_looked_at_first():
    expression = sp.sin(20 * x) + sp.cos(20 * x) + sp.Rational(3, 2)
    few = prove_sign(expression, {"x": (0, 10)}, max_boxes=40)
    assert (few.status, few.boxes) == ("undecided", 40)
    sides = [hi - lo for box in few.undecided for lo, hi in box.values()]
    assert max(sides) <= 2 * min(sides)
    assert prove_sign(expression, {"x": (0, 10)}).status == "proved"


def test_dependency_costs_boxes_but_no_truth():
    factored = prove_sign((x - y) ** 2 + tiny * 100, {"x": (0, 1), "y": (0, 1)})
    expanded = prove_sign(sp.expand((x - y) ** 2) + tiny * 100, {"x": (0, 1), "y": (0, 1)})
    assert factored.status == expanded.status == "proved"
    assert factored.boxes <= expanded.boxes


def test_monotone_functions_need_one_box():
    assert prove_sign(sp.exp(x) - y + x, {"x": (1, 5), "y": (-9, "3.7")}).boxes == 1


@pytest.mark.parametrize("bits", [64, 128, 256])
def test_more_precision_never_loses_a_proof(bits):
    expression = (1 - sp.cos(x)) / x**2 - sp.Rational(45, 100)
    assert prove_sign(expression, {"x": ("0.0001", "0.1")}, precision=bits).status == "proved"


def test_too_little_precision_is_undecided_and_more_decides():
    expression = sp.sqrt(x) ** 2 * sp.Rational(10**12 + 1, 10**12) - x  # x / 1e12
    few, more = (prove_sign(expression, {"x": (1, 1)}, precision=p) for p in (30, 80))
    assert (few.status, more.status) == ("undecided", "proved") or few.proved
    hard = sp.exp(sp.pi * sp.sqrt(163)) - 262537412640768744
    assert prove_sign(hard, {}, sign=-1, precision=60).status == "undecided"
    assert prove_sign(hard, {}, sign=-1, precision=128).status == "proved"


# --- side conditions -----------------------------------------------------------------------------

square = {"x": (0, 1), "y": (0, 1)}


def test_points_that_break_a_condition_are_left_out():
    found = prove_sign(x - y, square, where=(x > y + sp.Rational(1, 10),))
    assert found.status == "proved"
    assert "where x > y + 1/10" in found.statement
    both = sp.And(x >= sp.Rational(1, 2), y <= sp.Rational(2, 5))
    assert prove_sign(x - y, square, where=(both,)).status == "proved"


def test_a_witness_satisfies_every_condition():
    conditions = (x + y > 1, x - y < sp.Rational(1, 5), y >= sp.Rational(1, 3))
    found = prove_sign(x - y, square, where=conditions)
    assert found.status == "disproved"
    assert all(value_at(condition, found.witness) == sp.true for condition in conditions)


def test_a_failure_on_the_edge_of_the_conditions_is_undecided():
    found = prove_sign(x - y, square, where=(x > y,), max_boxes=200)
    assert (found.status, found.witness) == ("undecided", None)
    assert found.undecided_count > len(found.undecided) == 5


@pytest.mark.parametrize("where", [(x > 2,), (x > y + 1, x < sp.Rational(9, 10))])
def test_conditions_that_nothing_satisfies_prove_nothing(where):
    with pytest.raises(UsageError, match="no point of the box satisfies the conditions in `where`"):
        prove_sign(-1 - x**2, square, where=where)


@pytest.mark.parametrize("condition", [sp.Eq(x, 1), sp.Ne(x, 1), x, "x > 0", sp.Or(x > 1, x < 0)])
def test_conditions_are_inequalities(condition):
    with pytest.raises(UsageError, match="is no inequality; give a < b"):
        prove_sign(x, {"x": (0, 1)}, where=(condition,))


def test_floats_do_not_round_the_slopes():
    # 0.1 + 0.3 - 0.4 is not zero in binary numbers: the slope vanishes if it is rounded.
    big = sp.Integer(10) ** 16
    expression = (
        1e16 * sp.log(x) - 1.0 * sp.log(3 * x) - 1e16 * sp.log(2 * x)
        + big * sp.log(2) + sp.log(3) + sp.Rational(21, 10)
    )  # fmt: skip
    found = prove_sign(expression, {"x": (1, 10)})  # 2.1 - log(x), -0.2 at the end
    assert found.status == "disproved"
    assert prove_sign(expression, {"x": (1, 8)}).status == "proved"


def test_floats_count_as_what_they_are_in_characteristic_functions():
    w, d = sp.symbols("w d")
    floating, exactly = (k + c * sp.exp(-k * d) for c in (0.1, sp.Rational(0.1)))
    count = [count_right_half_plane(chi, k, at={"d": 15}) for chi in (floating, exactly)]
    assert count[0] == count[1]
    start = {"w": 0.1, "d": 15.7}
    found = [certify_hopf(chi, k, w, d, start=start).enclosure for chi in (floating, exactly)]
    assert found[0] == found[1]


@pytest.mark.parametrize(
    ("expression", "where", "text"),
    [
        (x, x > 0, r"where=x > 0; give the conditions in a tuple: \(x > 0,\)"),
        (x > 0, (), "x > 0 is no expression that has a sign; give left - right"),
    ],
)
def test_a_condition_in_the_wrong_place_is_told(expression, where, text):
    with pytest.raises(UsageError, match=text):
        prove_sign(expression, {"x": (0, 1)}, where=where)


# --- wrong use -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("box", "more", "message"),
    [
        ({"x": (1, 0)}, {}, r"the range of x is \(1, 0\); give the smaller end first"),
        ({"x": (0, sp.oo)}, {}, "the upper end of x is oo; give an exact number"),
        ({"x": 3}, {}, r"the range of x is 3; give two ends, \(lo, hi\)"),
        ({}, {}, "the symbol x has no range; there are: none"),
        ({"x": (0, 1)}, {"sign": 0}, r"sign=0; give \+1 for positive or -1 for negative"),
        ({"x": (0, 1)}, {"max_boxes": 0}, "max_boxes=0; give a number of at least 1"),
        ({"x": (0, 1)}, {"precision": 0}, "precision=0; give a number of bits"),
    ],
)
def test_wrong_use_is_told(box, more, message):
    with pytest.raises(UsageError, match=message):
        prove_sign(x, box, **more)


def test_complex_and_unknown_expressions_are_refused():
    with pytest.raises(UsageError, match=r"only a real one has a sign and bounds; take sympy.re"):
        prove_sign(sp.I * x, {"x": (0, 1)})
    with pytest.raises(UsageError, match="gamma in gamma"):
        prove_sign(sp.gamma(x), {"x": (1, 2)})


# --- random polynomials: what is found agrees with a grid ----------------------------------------

coefficients = st.lists(st.integers(-4, 4), min_size=6, max_size=6)


@settings(max_examples=40)
@given(coefficients)
def test_a_proof_or_a_witness_agrees_with_the_values_on_a_grid(c):
    terms = (1, x, y, x * y, x**2, y**2)
    expression = sp.Add(*(a * term for a, term in zip(c, terms, strict=True))) + sp.Rational(1, 7)
    found = prove_sign(expression, {"x": (-1, 1), "y": (-1, 1)}, max_boxes=400)
    u, v = np.meshgrid(np.linspace(-1, 1, 41), np.linspace(-1, 1, 41))
    least = np.min(sp.lambdify((x, y), expression)(u, v))
    if found.status == "proved":
        assert least > 0
    if least < -1e-9:
        assert found.status != "proved"
    if found.status == "disproved":
        assert value_at(expression, found.witness) <= 0


# --- parameters without an upper end -------------------------------------------------------------


def test_compactified_keeps_the_sign():
    polynomial = 3 * k**2 - x * k + sp.pi
    carried = compactified(polynomial, k, s)
    at = sp.Rational(2, 7)
    there = sp.expand(polynomial.subs(k, at / (1 - at)) * (1 - at) ** 2)
    assert sp.expand(carried.subs(s, at) - there) == 0
    assert carried.subs(s, 1) == 3
    assert sp.expand(compactified(polynomial, "k", "s") - carried) == 0
    assert prove_sign(carried, {"x": (-1, 6), "s": (0, 1)}).status == "proved"
    assert prove_sign(carried, {"x": (-1, 7), "s": (0, 1)}).status == "disproved"


def test_compactified_refuses_what_is_no_polynomial_and_names_that_are_taken():
    with pytest.raises(UsageError, match="is no polynomial in k; multiply it"):
        compactified(1 / k, k, s)
    with pytest.raises(UsageError, match="s occurs in"):
        compactified(k * s, k, s)


# --- the delayed replicator equation: supercritical for all parameters ---------------------------

rho, share = sp.symbols("rho s")
cube = {"rho": (0, 1), "s": (0, 1), "x": (0, 1)}


def bracket(middle=1, last=1, constant=3):
    """B of arXiv 2605.30392 with kappa = alpha0 k carried over to s; with planted errors."""
    kappa, pi = sp.Symbol("kappa"), sp.pi
    Q = (constant * pi - 2) - (7 * pi - 8) * rho * (1 - rho)
    alpha0, alpha1 = x * (1 - x), 1 - 2 * x
    B = 2 * Q * kappa**2 - middle * (7 * pi - 8) * (2 * rho - 1) * kappa * alpha1
    B += 2 * (3 * pi - 2) * alpha1**2 + last * 10 * pi * alpha0
    return compactified(B, kappa, share)


def on_a_grid(expression):
    grid = np.meshgrid(*[np.linspace(0, 1, 41)] * 3)
    return sp.lambdify((rho, share, x), expression)(*grid)


def test_the_bracket_is_positive_for_all_parameters():
    found = prove_sign(bracket(), cube)
    assert found.status == "proved"
    assert found.boxes < 5000
    assert np.min(on_a_grid(bracket())) == pytest.approx(5 * np.pi / 4, rel=0.01)
    assert prove_sign(bracket() - 3, cube).status == "proved"  # the least value is 3.927
    assert prove_sign(bracket() - 4, cube).status == "disproved"


@pytest.mark.parametrize(
    "planted", [{"middle": 3}, {"last": -1}, {"constant": 1}, {"middle": -3}], ids=str
)
def test_a_planted_error_is_disproved_by_a_point(planted):
    wrong = bracket(**planted)
    assert np.min(on_a_grid(wrong)) < 0
    found = prove_sign(wrong, cube)
    assert found.status == "disproved"
    assert sp.N(value_at(wrong, found.witness), 30) < 0


def test_an_error_that_only_strengthens_the_bracket_cannot_be_seen_by_its_sign():
    # 9 pi for 3 pi in Q makes B larger: the inequality stays true, and it is proved.
    wrong = bracket(constant=9)
    assert np.min(on_a_grid(wrong)) > np.min(on_a_grid(bracket()))
    assert prove_sign(wrong, cube).status == "proved"


def test_the_delayed_logistic_equation_is_supercritical_for_every_rate():
    system = scalar("r*x*(1 - x_tau)", equilibrium="1")
    statement = hopf.lyapunov_coefficient(system).statement
    assert prove_sign(statement, {"r": ("0.01", 100)}, sign=-1).status == "proved"
    assert prove_sign(statement, {"r": ("0.01", 100)}).status == "disproved"


# --- certificates --------------------------------------------------------------------------------


def test_a_certificate_tells_itself():
    found = prove_sign(x**2 + 1, {"x": (-1, "0.5")})
    assert str(found) == "x**2 + 1 > 0 for x in [-1, 1/2]: proved with 1 box at 128 bits"
    assert prove_sign(-x, {"x": (1, 2)}, sign=-1, statement="growth").statement == "growth"
    assert "it fails at x = 0" in str(prove_sign(x, {"x": (-1, 1)}))


def test_together_is_as_good_as_the_worst():
    good = prove_sign(x, {"x": (1, 2)})
    bad = prove_sign(x, {"x": (-1, 1)})
    open_ = prove_sign(x**2, {"x": (-1, 2)})
    assert together(good, good).status == "proved"
    assert together(good, open_).status == "undecided"
    assert together(good, open_, bad).status == "disproved"
    assert together(good, open_).boxes == good.boxes + open_.boxes
    assert together(good, bad).witness == bad.witness
    assert together(good, open_).undecided == open_.undecided
    assert isinstance(together(good, statement="both"), Certificate)
    with pytest.raises(UsageError, match=r"together\(\) got no certificate"):
        together()
