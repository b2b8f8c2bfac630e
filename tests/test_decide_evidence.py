"""What a verdict rests on: second looks, several methods that agree, steps that replay."""

import re

import pytest
import sympy as sp
from tests.helpers import claimed, exactly, settings

from lemmata.theory.derivation import Derivation, Step
from lemmata.verify.decide import decide
from lemmata.verify.domain import Domain
from lemmata.verify.errors import UsageError
from lemmata.verify.interval import Interval, Values
from lemmata.verify.measurement import Measurement
from lemmata.verify.prediction import Solved
from lemmata.verify.verdict import Outcome

VERIFIED, REFUTED, INCONCLUSIVE, ERROR = Outcome
x, u, area = sp.symbols("x u A", positive=True)

line = Domain(x=Interval(1, 2))
twice = exactly(lambda p: 2 * p.x)


# --- second looks --------------------------------------------------------------------------------


def test_what_disagrees_at_a_first_look_only_is_not_refuted():
    def flaky(p, accuracy):
        return Measurement(p.x + (1 if accuracy.effort == 1 and p.x > 1.9 else 0), bias=1e-6)

    verdict = decide(claimed(flaky, x, line), settings())
    assert verdict.outcome is INCONCLUSIVE
    again = "a point disagreed, but not when it was measured anew: "
    found = re.fullmatch(rf"{again}([\d.]+) ± 1e-06, which agrees", verdict.reason)
    assert 1.9 < float(found[1]) <= 2
    assert verdict.settles == "a more accurate measurement of that point"


def test_what_a_second_measurement_leaves_open_is_told_with_its_bound():
    def blurred(p, accuracy):
        return Measurement(p.x + 1, bias=1e-6 if accuracy.effort == 1 else 5.0)

    verdict = decide(claimed(blurred, x, line), settings())
    assert verdict.outcome is INCONCLUSIVE
    assert verdict.reason.endswith("measured anew: 2 ± 5, which settles nothing")


def test_a_counterexample_that_does_not_shrink_is_still_one():
    def wrong_at_the_end(p, accuracy):
        shift = 1.0 if p.x > 1.999 else 0.0
        return Measurement(p.x + shift, bias=1e-6)

    verdict = decide(claimed(wrong_at_the_end, x, line), settings())
    assert verdict.outcome is REFUTED
    assert verdict.worst.at == {"x": 2.0}


def test_a_shrunk_point_that_fails_the_second_look_gives_way_to_the_first_one():
    def flaky_at_one(p, accuracy):
        shift = 0.0 if p.x == 1 and accuracy.effort > 1 else 1.0
        return Measurement(p.x * (1 + p.x * shift), bias=1e-6)

    verdict = decide(claimed(flaky_at_one, x, line), settings())
    assert verdict.outcome is REFUTED
    assert verdict.worst.at["x"] != 1


def test_a_flaky_worst_point_does_not_hide_one_that_disagrees_for_good():
    def flaky_and_wrong(p, accuracy):
        flaky = 5.0 if accuracy.effort == 1 and p.x == 2 else 0.0
        wrong = 0.5 if p.x < 1.5 else 0.0
        return Measurement(p.x + flaky + wrong, bias=1e-6)

    verdict = decide(claimed(flaky_and_wrong, x, line), settings())
    assert verdict.outcome is REFUTED
    assert verdict.worst.at["x"] < 1.5


def test_open_points_are_not_looked_at_again_where_another_one_disagrees():
    looks = []

    def measured(p, accuracy):
        looks.append((p.x, accuracy.common))
        return Measurement(p.x, bias=10.0 if p.x == 1 else 0.0)

    grid = Domain(x=Values(1, 2, 3))
    wrong = decide(claimed(measured, 2 * x, grid), settings())
    assert wrong.outcome is REFUTED
    assert sum(where == 1 for where, _ in looks) <= 2  # screened, and tried as a simpler one
    assert {common[1] for _, common in looks} == {0, 3}  # no second look

    looks.clear()
    assert decide(claimed(measured, x, grid), settings()).outcome is INCONCLUSIVE
    assert (1, (settings().seed, 1)) in looks


@pytest.mark.parametrize(("bias", "effort"), [(0.0, 1.0), (4.0, 4.0)], ids=["first", "second"])
def test_a_confirmation_knows_the_effort_that_showed_what_it_is_to_confirm(bias, effort):
    looks = []

    def measured(p, accuracy):
        looks.append(accuracy)
        return Measurement(p.x, bias=bias / accuracy.effort**2)

    verdict = decide(claimed(measured, 2 * x, Domain(x=Values(1))), settings())
    assert verdict.outcome is REFUTED
    *before, confirming = looks
    assert (confirming.found, confirming.effort) == (effort, 4.0)
    assert not any(look.found for look in before)


@pytest.mark.parametrize(
    ("claimed_at", "bias", "effort"),
    [(2.0, 0.0, 1.0), (1.05, 0.0, 4.0), (2.0, 0.08, 4.0)],
    ids=["plain", "at-the-edge", "not-of-chance"],
)
def test_what_is_plain_is_confirmed_by_as_much_as_found_it(claimed_at, bias, effort):
    looks = []

    def measured(p, accuracy):
        looks.append(accuracy)
        return Measurement(1.0, stderr=0.004, bias=bias)

    verdict = decide(claimed(measured, claimed_at, Domain(x=Values(1))), settings())
    assert verdict.outcome is REFUTED
    assert [look.effort for look in looks] == [1.0, effort]
    assert looks[0].entropy != looks[-1].entropy


def test_what_is_plain_only_where_it_was_found_is_confirmed_harder_where_it_is_simple():
    looks = []

    def measured(p, accuracy):
        looks.append(accuracy)
        return Measurement(2.0 if p.x > 1.5 else 1.05, stderr=0.004)

    verdict = decide(claimed(measured, 1.0, line), settings())
    assert verdict.outcome is REFUTED
    assert verdict.worst.at["x"] <= 1.5
    assert [look.effort for look in looks if look.common[1] == 3] == [4.0]


# --- several methods -----------------------------------------------------------------------------


def test_two_methods_that_agree_are_both_evidence():
    claim = claimed(exactly(lambda p: p.x), x, line).also("otherwise")(exactly(lambda p: p.x))
    verdict = decide(claim, settings())
    assert verdict.outcome is VERIFIED
    assert verdict.evidence == ("measured 2 ways",)
    assert verdict.points == {"agrees": 24}


@pytest.mark.parametrize("wrong", ["first", "second"])
def test_methods_that_contradict_each_other_leave_a_claim_open(wrong):
    measures = [exactly(lambda p: p.x), exactly(lambda p: 2 * p.x)]
    first, second = measures if wrong == "second" else measures[::-1]
    verdict = decide(claimed(first, x, line, method="first").also("second")(second), settings())
    assert verdict.outcome is INCONCLUSIVE
    other = "second" if wrong == "first" else "first"
    assert verdict.reason.startswith("the methods contradict each other: first: ")
    assert f"{wrong}: refuted" in verdict.reason
    assert f"{other}: verified" in verdict.reason
    assert verdict.settles == "find the method that is wrong"
    assert verdict.worst.method == wrong


def test_methods_that_both_refute_refute():
    claim = claimed(exactly(lambda p: 2 * p.x), x, line).also("otherwise")(twice)
    assert decide(claim, settings()).outcome is REFUTED


def test_an_open_method_leaves_a_claim_open():
    vague = exactly(lambda p: p.x, bias=1.0)
    claim = claimed(exactly(lambda p: p.x), x, line).also("vaguely")(vague)
    verdict = decide(claim, settings())
    assert verdict.outcome is INCONCLUSIVE
    assert verdict.worst.method == "vaguely"


def test_a_refutation_that_is_expected_is_as_expected():
    claim = claimed(twice, x, line, expected="refuted", cause="for the test")
    assert decide(claim, settings()).as_expected
    crashing = claimed(lambda p, a: 1 / 0, x, line, expected="refuted", cause="for the test")
    assert not decide(crashing, settings()).as_expected


# --- derivations ---------------------------------------------------------------------------------


def derived(*steps):
    return Derivation(area, x**2, steps)


TRUE = Step("by parts", sp.Integral(2 * u, (u, 0, x)), x**2)
FALSE = Step("a slip of the pen", sp.Derivative(x**3, x), 2 * x**2)
GAP = Step("a corner that points miss", x**2 + 1, 2 * x - sp.exp(-1000 * x), ">")


def square(p):
    return p.x**2


def test_a_derivation_that_replays_is_evidence():
    verdict = decide(claimed(exactly(square), derived(TRUE), line), settings())
    assert verdict.outcome is VERIFIED
    assert verdict.evidence == ("derived", "measured")
    assert verdict.derivation == derived(TRUE).replays()


def test_a_false_step_never_verifies():
    verdict = decide(claimed(exactly(square), derived(FALSE, TRUE), line), settings())
    assert verdict.outcome is INCONCLUSIVE
    assert verdict.reason.startswith("a step of the derivation is false: a slip of the pen (at x =")
    assert verdict.settles == "mend the derivation"
    assert verdict.evidence == ("measured",)
    assert "1 false" in verdict.derivation


def test_a_false_step_does_not_shield_a_wrong_formula():
    verdict = decide(claimed(exactly(lambda p: p.x), derived(FALSE, TRUE), line), settings())
    assert verdict.outcome is REFUTED


def test_a_gap_loses_the_derivation_as_evidence_and_nothing_else():
    derivation = derived(GAP, TRUE)
    assert len(derivation.gaps()) == 1
    assert not derivation.falsehoods()
    verdict = decide(claimed(exactly(square), derivation, line), settings())
    assert verdict.outcome is VERIFIED
    assert verdict.evidence == ("measured",)
    assert "1 gap" in verdict.derivation


def test_a_derivation_that_assumes_what_the_domain_breaks_is_no_evidence():
    small = sp.Symbol("x", positive=True)
    step = Step("as x < 1", sp.sqrt((1 - small) ** 2), 1 - small)
    derivation = Derivation(sp.Symbol("q"), 1 - small, (step,), where=(small < 1,))
    claim = claimed(exactly(lambda p: 1 - p.x), lambda: derivation, Domain(x=Interval(2, 50)))
    verdict = decide(claim, settings())
    assert "derived" not in verdict.evidence
    assert "but it assumes x < 1, which fails at Point(x=" in verdict.derivation


# --- numbers found from equations -----------------------------------------------------------------

root = Step("squared, it is x", sp.Subs(u**2, u, sp.sqrt(x)), x)
by_halves = Derivation(area, x, (root,))


def test_a_number_found_from_a_derived_equation_is_derived_with_it():
    equation = Solved(lambda: by_halves, lambda p: p.x**0.5)
    verdict = decide(claimed(exactly(lambda p: p.x**0.5), equation, line), settings())
    assert verdict.outcome is VERIFIED
    assert verdict.evidence[0] == "derived"
    assert verdict.steps["solved"] is True
    wrong = decide(claimed(exactly(lambda p: p.x), equation, line), settings())
    assert wrong.outcome is REFUTED


def test_an_equation_with_a_false_step_verifies_no_number():
    false = Derivation(area, x, (Step("squared, it is x", sp.Subs(u**2, u, x), x),))
    equation = Solved(false, lambda p: p.x**0.5)
    verdict = decide(claimed(exactly(lambda p: p.x**0.5), equation, line), settings())
    assert verdict.outcome is INCONCLUSIVE
    assert "a step of the derivation is false: squared, it is x" in verdict.reason


def test_what_is_solved_must_be_derived():
    verdict = claimed(exactly(lambda p: p.x), Solved(lambda: x**2, lambda p: p.x), line)
    with pytest.raises(UsageError, match=r"what solves x\*\*2 \(Pow\); give the Derivation"):
        decide(verdict, settings())
