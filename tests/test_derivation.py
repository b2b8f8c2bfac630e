import re
from xml.etree import ElementTree

import pytest
import sympy as sp
from hypothesis import given
from hypothesis import strategies as st

from lemmata.theory.derivation import Derivation, Step

pytestmark = pytest.mark.heavy

x, y = sp.symbols("x y", positive=True)
z = sp.Symbol("z")
q = sp.Symbol("q")


def asserting(left, right, relation="=", where=()):
    """A derivation whose first step is the one of interest."""
    last = Step("a step that holds", sp.Derivative(3 * x, x), 3)
    return Derivation(
        q, sp.Integer(3), (Step("of interest", left, right, relation), last), (), where
    )


def first(left, right, relation="=", where=()):
    return asserting(left, right, relation, where).replay()[0]


# What a step may come out as.


def test_an_identity_is_proved():
    assert first(sp.sin(x) ** 2 + sp.cos(x) ** 2, 1).status == "proved"


# True for x > 0; SymPy knows neither this nor Machin's formula below.
ARCS = sp.atan(x) + sp.atan(1 / x)
MACHIN = 16 * sp.atan(sp.Rational(1, 5)) - 4 * sp.atan(sp.Rational(1, 239))


def test_what_sympy_cannot_tell_is_checked_in_numbers():
    replayed = first(ARCS, sp.pi / 2)
    assert replayed.status == "checked"
    assert replayed.how == "at 8 points to 50 digits"
    assert first(MACHIN, sp.pi).how == "to 50 digits"  # no symbol, so no points


def test_what_sympy_cannot_tell_and_is_false_is_false():
    tiny = sp.Rational(1, 10**45)
    assert first(MACHIN, sp.pi + tiny).status == "false"
    assert first(ARCS.subs(x, sp.Symbol("r", real=True)), sp.pi / 2).status == "false"


def test_a_falsehood_comes_with_a_point_that_refutes_it():
    replayed = first(sp.sqrt(x**2 + y), x)
    assert replayed.status == "false"
    at = dict(replayed.witness)
    assert set(at) == {x, y}
    assert at[x] > 0
    assert sp.sqrt(x**2 + y).subs(at) != at[x]
    assert f"x = {at[x]}" in replayed.how


# A product with an unevaluated zero: `is_zero` says False (sympy/sympy#28006, and #15873 before).
TRAP = sp.Mul(0, z, evaluate=False)


def test_a_wrong_no_of_sympy_does_not_refute():
    assert TRAP.is_zero is not True
    assert first(TRAP, 0).status == "proved"
    assert first((1 + sp.I) ** 2, 2 * sp.I).status == "proved"


def test_a_wrong_proof_of_sympy_is_overruled_by_numbers():
    class Liar(sp.Function):
        """Evaluates to zero when asked to be worked out, and to one in mpmath."""

        def doit(self, **hints):
            return sp.Integer(0)

        def _mpmathcode(self, printer):
            return "1"

    assert first(Liar(x), 0).status == "false"


@pytest.mark.parametrize(
    ("left", "right", "why"),
    [
        (sp.Function("f")(x), x, "undefined function"),
        (sp.Function("gamma")(x), sp.gamma(x), "undefined function"),
        (sp.Integral(sp.Function("f")(x), (x, 0, 1)), 1, "undefined function"),
        (sp.Integral(sp.exp(-(x**3)) * sp.sin(x), x), x, "not a definite integral"),
        (1 / (sp.cos(x) ** 2 + sp.sin(x) ** 2 - 1), x, "exclude it with a condition"),
        (sp.Symbol("A", commutative=False) * x, x, "no admissible value"),
        (sp.exp(sp.exp(sp.exp(9 + x))) + 1, sp.exp(sp.exp(sp.exp(9 + x))), "SymPy cannot tell"),
    ],
)
def test_what_nothing_settles_is_a_gap(left, right, why):
    replayed = first(left, right)
    assert replayed.status == "gap"
    assert why in replayed.how


def test_no_admissible_point_is_a_gap():
    replayed = first((x + 1) ** 2, x**2 + 2 * x + 1, where=(x < y, y < x))
    assert replayed.status == "gap"
    assert "no admissible point" in replayed.how


# Inequalities.


def test_a_sign_is_proved_by_sympy():
    assert first(sp.exp(-x) * y, 0, ">").status == "proved"
    assert first(-x, 0, "<").status == "proved"


def test_points_refute_an_inequality_but_do_not_establish_it():
    assert first(x - 1, 0, ">").status == "false"
    replayed = first(x - sp.log(1 + x), 0, ">")
    assert replayed.status == "gap"
    assert "proves no inequality" in replayed.how


def test_equal_sides_refute_a_strict_inequality():
    assert first((x + 1) ** 2, sp.expand((x + 1) ** 2), ">").status == "false"


# Points are admissible.


@pytest.mark.parametrize(
    ("assumptions", "left", "right"),
    [
        ({"positive": True}, lambda s: sp.Abs(s, evaluate=False), lambda s: s),
        ({"negative": True}, lambda s: sp.Abs(s, evaluate=False), lambda s: -s),
        ({"real": True}, lambda s: sp.conjugate(s, evaluate=False), lambda s: s),
        ({"imaginary": True}, lambda s: sp.conjugate(s, evaluate=False), lambda s: -s),
        ({"integer": True}, lambda s: sp.cos(sp.pi * s, evaluate=False) ** 2, lambda s: 1),
        ({"even": True}, lambda s: sp.cos(sp.pi * s, evaluate=False), lambda s: 1),
        ({"odd": True}, lambda s: sp.cos(sp.pi * s, evaluate=False), lambda s: -1),
    ],
)
def test_assumptions_hold_at_the_points(assumptions, left, right):
    s = sp.Symbol("s", **assumptions)
    assert first(left(s), right(s)).status == "proved"
    assert first(left(z), right(z)).status == "false"  # z may be any complex number


def test_conditions_hold_at_the_points():
    inside = sp.acos(sp.cos(x))
    assert first(inside, x, where=(x < 3,)).status == "checked"
    assert first(inside, x).status == "false"


def test_a_condition_makes_its_symbol_real():
    assert first(sp.sqrt(z**2), z, where=(z > 0,)).status == "checked"


# Integrals, by quadrature.


def test_an_integral_is_checked():
    gauss = sp.Integral(sp.exp(-(z**2) / x), (z, -sp.oo, sp.oo))
    half = sp.Integral(2 * x, (x, 0, x))  # bound and free under one name
    assert asserting(gauss, sp.sqrt(sp.pi * x)).replay(points=2)[0].status == "checked"
    assert first(gauss, 2 * sp.sqrt(sp.pi * x)).status == "false"
    assert first(half, x**2).status == "checked"


def test_a_peak_that_quadrature_overlooks_is_not_taken_for_zero():
    narrow = sp.exp(-(10**12) * (z - sp.Rational(1, 3)) ** 2)
    total = sp.sqrt(sp.pi) / 10**6
    assert first(sp.Integral(narrow, (z, -sp.oo, sp.oo)), total).status != "false"


# Any rational identity, and any slip in it.


@given(st.integers(2, 6), st.integers(1, 9), st.integers(-9, 9))
def test_an_expansion_is_proved(power, m, n):
    base = m * x + n * z + 1
    assert first(base**power / (x + y), sp.expand(base**power) / (x + y)).status == "proved"


@given(st.data(), st.integers(2, 6), st.sampled_from((-1, 1)))
def test_one_wrong_coefficient_is_false(data, power, slip):
    terms = sp.Add.make_args(sp.expand((x + y) ** power))
    wrong = data.draw(st.sampled_from(terms)) / sp.Integer(7) ** 5
    replayed = first((x + y) ** power, sum(terms) + slip * wrong)
    assert replayed.status == "false"
    assert replayed.witness


def test_a_huge_power_is_left_alone():
    left, right = (x + y) ** 12345, (x + y) ** 12345 + x
    assert first(left, right).status == "false"
    assert first(sp.Derivative(left, x), 12345 * (x + y) ** 12344).status == "proved"


# The whole derivation.


def test_replays_says_what_became_of_the_steps():
    d = asserting(ARCS, sp.pi / 2)
    assert d.replays() == "2 steps: 1 proved, 1 checked at 8 points to 50 digits"
    assert d.holds()
    assert d.gaps() == d.falsehoods() == ()


def test_a_gap_or_a_falsehood_is_listed_and_does_not_hold():
    gap = asserting(sp.Function("f")(x), x)
    assert [r.step.because for r in gap.gaps()] == ["of interest"]
    assert not gap.holds()
    false = asserting(x, 2 * x)
    assert [r.step.because for r in false.falsehoods()] == ["of interest"]
    assert not false.holds()
    assert false.replays() == "2 steps: 1 proved, 1 false"


def test_a_seed_repeats_a_replay():
    d = asserting(x, 2 * x)
    assert d.replay(seed=3) == d.replay(seed=3)
    assert d.replay(seed=3)[0].witness != d.replay(seed=4)[0].witness


# What is refused, and in which words.

STEP = Step("the rule for powers", sp.Derivative(x**2, x), 2 * x)


@pytest.mark.parametrize(
    ("make", "error", "words"),
    [
        (lambda: Step(" ", x, y), ValueError, "a step needs its reason in words, got because=' '"),
        (lambda: Step("so", x, x), ValueError, "step 'so' says nothing: both sides are x already"),
        (lambda: Step("so", x, y, "!="), ValueError, "relation='!=' is not one of '=', '>', '<'"),
        (lambda: Step("so", 0.5, x), TypeError, "left side: 0.5 is a float, not a SymPy"),
        (lambda: Step("so", x, sp.Eq(x, y)), TypeError, "right side: .* is given as its two sides"),
        (lambda: Step("so", x, 0.5 * y), ValueError, "a derivation is exact; write sp.Rational"),
        (lambda: Step("so", x, sp.zoo), ValueError, "look for a division by zero"),
        (lambda: Derivation("q", 2 * x, (STEP,)), TypeError, "quantity='q' is a str"),
        (lambda: Derivation(q, 2 * x, ()), ValueError, "of q: there are no steps, so that 2*x"),
        (lambda: Derivation(q, 2 * x, [STEP]), TypeError, "is not a tuple"),
        (lambda: Derivation(q, 3 * x, (STEP,)), ValueError, "3*x is no side of the last step"),
        (lambda: Derivation(q, 2 * q, (STEP,)), ValueError, "2*q contains the quantity itself"),
        (lambda: Derivation(sp.Symbol("x"), 2 * x, (STEP,)), ValueError, "are called 'x'"),
        (
            lambda: Derivation(q, 2 * x, (STEP,), (), (x > 0,)),
            ValueError,
            "became True by the assumptions",
        ),
        (
            lambda: Derivation(q, 2 * x, (STEP,), (), (sp.Eq(x, y),)),
            TypeError,
            "a random point never meets an equality",
        ),
        (lambda: Derivation(q, 2 * x, (STEP,)).replay(points=0), ValueError, "points=0: a step"),
        (lambda: Derivation(q, 2 * x, (STEP,)).replay(digits=9), ValueError, "digits=9 is too few"),
    ],
)
def test_what_makes_no_derivation_is_refused(make, error, words):
    with pytest.raises(error, match=words.replace("*x", r"\*x").replace("*q", r"\*q")):
        make()


# Print.

PRINTED = Derivation(
    sp.Symbol("Delta_c"),
    sp.pi / (2 * x),
    (
        Step("50 % of a {turn}, i.e. #1 & $more_", sp.Integral(sp.cos(z), (z, 0, sp.pi)), 0),
        Step(
            "at a point", sp.Subs(sp.Derivative(sp.exp(sp.I * z), z), z, y), sp.I * sp.exp(sp.I * y)
        ),
        Step("positive", sp.Abs(x, evaluate=False), 0, ">"),
        Step("concluding", sp.acos(0, evaluate=False) / x, sp.pi / (2 * x)),
    ),
)


def test_latex_is_balanced_and_escapes_the_reasons():
    latex = PRINTED.to_latex()
    assert latex.startswith(r"\begin{align*}")
    assert latex.endswith(r"\end{align*}")
    assert r"50 \% of a \{turn\}, i.e. \#1 \& \$more\_" in latex
    assert r"\Delta_{c} &= \frac{\pi}{2 x}" in latex
    bare = re.sub(r"\\[{}]", "", latex)
    assert bare.count("{") == bare.count("}")


def test_mathml_is_well_formed_without_a_document_type():
    elements = [ElementTree.fromstring(text) for text in PRINTED.to_mathml()]
    assert len(elements) == len(PRINTED.steps)
    assert {e.tag for e in elements} == {"{http://www.w3.org/1998/Math/MathML}math"}
    assert "".join(elements[2].itertext()).endswith(">0")
    assert "subs" not in PRINTED.to_mathml()[1]


def test_text_fits_a_terminal():
    text = PRINTED.to_text()
    assert "Hence Δ_c = π/(2*x)." in text
    assert "(d/dz [exp(i*z)] at z = y) = i*exp(i*y)" in text
    assert all(len(row) <= 100 for row in text.splitlines())


def test_what_is_made_of_pieces_is_not_settled_by_points():
    replayed = first(sp.Max(x, 10**6), 10**6)
    assert replayed.status == "gap"
    assert "made of pieces, and may fail where no point fell" in replayed.how


def test_points_of_the_domain_are_among_those_that_a_step_is_checked_at():
    beyond = sp.sqrt((x - 20) ** 2)
    derivation = Derivation(sp.Symbol("q"), 20 - x, (Step("a slip", beyond, 20 - x),))
    assert derivation.replay(among=[{"x": 50.0}])[0].status == "false"


def test_sympys_word_alone_is_not_taken_for_a_limit():
    limit = sp.Limit(sp.sin(x * z) / z, z, 0)
    assert first(limit, x).status == "gap"
