"""Wrong formulas that a claim brings, and the one that its verdict names."""

import json
import math

import pytest
import sympy as sp
from tests.helpers import WHY, claimed, exactly, noisily

from lemmata.verify.compare.equal import Equal
from lemmata.verify.decide import CLAIMED, decide
from lemmata.verify.domain import Domain, Values
from lemmata.verify.errors import Malformed, UsageError
from lemmata.verify.interval import Interval
from lemmata.verify.results import dumps, record
from lemmata.verify.settings import Settings
from lemmata.verify.table import rows
from lemmata.verify.verdict import Outcome

x, y = sp.symbols("x y", positive=True)
domain = Domain(x=Interval(1, 2), y=Interval(1, 3))


def product(p):
    return p.x * p.y


def decided(predicted=product, wrong=None, relative=1e-2, measure=product, **more):
    return decide(
        claimed(
            exactly(measure), predicted, domain,
            compare=Equal(relative=relative, because=WHY), wrong=wrong or {}, **more,
        ),
        Settings(),
    )  # fmt: skip


@pytest.mark.parametrize(
    "wrong", [lambda p: 2 * p.x * p.y, 2 * x * y, lambda: 2 * x * y, 7, lambda p: p.x]
)
def test_a_planted_formula_is_refuted_and_named_in_whatever_form_it_is_given(wrong):
    verdict = decided(wrong={"a slip": wrong})

    assert verdict.outcome is Outcome.VERIFIED
    found = verdict.resolution
    assert (found.killed, found.mutants, found.rejected) == (1, 1, "a slip")
    assert found.poor is None


@pytest.mark.parametrize("factor", [1, 1 + 1e-3])
def test_a_planted_formula_that_passes_makes_the_check_poor_and_is_not_named_as_refuted(factor):
    found = decided(wrong={"a slip": lambda p: factor * product(p)}).resolution

    assert found.killed == 0
    assert found.survivors == ("a slip",)
    assert found.poor == "'a slip' passes; 1 of 1 wrong formulas pass"
    assert found.rejected != "a slip"


def test_planted_formulas_come_before_mutants_and_mutants_before_a_changed_value():
    planted = decided(x * y, {"without y": x}).resolution
    mutants = decided(x * y).resolution
    alone = decided().resolution

    assert planted.rejected == "without y"
    assert planted.mutants == mutants.mutants + 1
    assert mutants.rejected not in mutants.survivors
    assert alone.rejected.startswith("the value times ")
    factor = float(alone.rejected.removeprefix("the value times "))
    assert decided(lambda p: factor * product(p)).outcome is Outcome.REFUTED


def test_the_mutant_that_is_named_is_the_nearest_of_those_refuted():
    formula = x * y + sp.Rational(1, 10) * x

    found = decided(formula, measure=lambda p: p.x * p.y + p.x / 10).resolution

    _, text = found.rejected.split(": ")
    ratio = sp.sympify(text, {"x": x, "y": y}) / formula
    worst = max(abs(float(ratio.subs({x: a, y: b})) - 1) for a in (1, 2) for b in (1, 3))
    assert 0.01 < worst < 0.1  # a tenth of the smaller term, and not a factor of two


def test_a_zero_is_told_by_a_difference():
    none = claimed(
        exactly(lambda p: 0.0), lambda p: 0.0, domain, compare=Equal(absolute=0.1, because=WHY)
    )
    found = decide(none, Settings()).resolution
    sign, size = found.rejected.removeprefix("the value ").split()
    assert sign in ("plus", "minus")
    assert 0.09 < float(size) < 0.11


def test_a_refuted_claim_is_itself_the_wrong_formula():
    verdict = decided(lambda p: 2 * product(p), {"a slip": 7})
    assert verdict.outcome is Outcome.REFUTED
    assert verdict.resolution.rejected == CLAIMED


def test_nothing_is_named_where_nothing_is_refuted():
    few = noisily(product, 10.0, 4)
    made = claimed(few, product, domain, compare=Equal(relative=1e-2, because=WHY))
    verdict = decide(made, Settings())
    assert verdict.outcome is Outcome.INCONCLUSIVE
    assert verdict.resolution.rejected == ""


def test_it_stands_in_the_results_and_beside_the_worst_point():
    made = claimed(
        exactly(product), product, domain, compare=Equal(relative=1e-2, because=WHY),
        wrong={"without y": x},
    )  # fmt: skip
    document = record(made, decide(made, Settings()), "lemmata verify test/claim")

    assert json.loads(dumps(document))["resolution"]["rejected"] == "without y"
    below = list(rows([document]))[-1].plain
    assert below.startswith("    worst at x=")
    assert below.endswith("; these data refute: without y")


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_a_planted_formula_without_a_value_is_no_wrong_formula(value):
    with pytest.raises(Malformed, match=r"the wrong formula 'a slip' is (nan|inf) at .*plant one"):
        decided(wrong={"a slip": lambda p: value})


def test_a_planted_formula_in_other_names_is_malformed():
    with pytest.raises(Malformed, match="'a slip' is z, but z is not in its domain"):
        decided(wrong={"a slip": sp.Symbol("z")})


@pytest.mark.parametrize("wrong", ["2*x", [2 * x], {"": x}, {1: x}])
def test_planted_formulas_are_given_by_name(wrong):
    with pytest.raises(UsageError, match="give a dict of wrong formulas"):
        claimed(exactly(product), product, Domain(x=Values(1)), wrong=wrong)
