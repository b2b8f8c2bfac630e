"""Claims on coopetition: right ones verified, wrong ones refuted, coarse searches open."""

import dataclasses
import re
from functools import lru_cache

import numpy as np
import pytest

from lemmata.verify.accuracy import Accuracy
from lemmata.verify.claims import coopetition, coopetition_case
from lemmata.verify.compare.base import Agreement
from lemmata.verify.decide import decide
from lemmata.verify.domain import Point, stack
from lemmata.verify.loading import claims_in
from lemmata.verify.prediction import predict
from lemmata.verify.settings import Profile, Settings
from lemmata.verify.verdict import Outcome

pytestmark = pytest.mark.heavy


@lru_cache
def _claims():
    """By the end of their ids; not in the open, where they would be decided as tests."""
    found = [one for module in (coopetition, coopetition_case) for one in claims_in(module)]
    return {one.id.removeprefix("coopetition/"): one for one in found}


@dataclasses.dataclass(frozen=True)
class Coarse(Accuracy):
    """A search that stops after a few halvings."""

    def steps(self, base: int) -> int:
        return 4


def _decided(name, points=3, **change):
    tried = dataclasses.replace(_claims()[name], points=points, **change)
    return decide(tried, Settings(Profile("test", points, 1.0)))


def _agreements(name, accuracy, points=3):
    claim = _claims()[name]
    sample = claim.domain.sample(points, seed=0)
    measured = claim.methods[0].measure(stack(sample), accuracy).split(len(sample))
    right = [claim.compare.estimate(one, 1e-4) for one in measured]
    values = predict(claim).at(sample)
    return {claim.compare.judge(*both).agreement for both in zip(values, right, strict=True)}


NAMES = [
    f"{form}/{what}" for form in coopetition.FORMS for what in ("mean-action", "increase")
]  # fmt: skip
FINITE = ["finite/power", "finite/logarithmic", "finite/symmetric"]
CASE = "samsung-sony/{}/{}"


@pytest.mark.parametrize("name", [*NAMES, *FINITE])
def test_a_form_is_verified_and_tells_wrong_ones_apart(name):
    verdict = _decided(name)
    assert verdict.outcome is Outcome.VERIFIED
    # Three points tell a few of hundreds less apart than the points of the claim do.
    assert verdict.resolution.killed >= 0.95 * verdict.resolution.mutants
    assert not {*_claims()[name].wrong} & {*verdict.resolution.survivors}


@pytest.mark.parametrize("name", [*NAMES, *FINITE])
def test_a_wrong_form_is_refuted(name):
    wrong = next(iter(_claims()[name].wrong.values()), 3)
    assert _decided(name, predicted=wrong, wrong={}).outcome is Outcome.REFUTED


@pytest.mark.parametrize("name", [*NAMES, *FINITE])
def test_a_coarse_search_decides_nothing(name):
    assert _agreements(name, Coarse()) == {Agreement.UNRESOLVED}


@pytest.mark.parametrize("form", coopetition.FORMS)
@pytest.mark.parametrize("ending", ["", "/tenths"])
def test_what_is_printed_is_of_the_transposed_matrix(form, ending):
    stated = _decided(CASE.format(form, "as-stated") + ending)
    assert stated.outcome is Outcome.REFUTED
    assert _decided(CASE.format(form, "transposed") + ending).outcome is Outcome.VERIFIED


@pytest.mark.parametrize("form", coopetition.FORMS)
@pytest.mark.parametrize(
    "what", ["complementarity-alone", "added-by-interdependence", "interdependence-alone"]
)
def test_the_parts_of_the_increase(form, what):
    name = CASE.format(form, what)
    assert _decided(name).outcome is Outcome.VERIFIED
    for wrong in _claims()[name].wrong.values():
        assert _decided(name, predicted=wrong, wrong={}).outcome is Outcome.REFUTED


DERIVED = [
    *NAMES, *FINITE,
    *(CASE.format(form, what) for form in coopetition.FORMS
      for what in ("complementarity-alone", "added-by-interdependence")),
]  # fmt: skip


@pytest.mark.parametrize("name", DERIVED)
def test_what_it_predicts_is_derived(name):
    derivation = predict(_claims()[name]).derivation
    assert derivation is not None
    assert derivation.holds()


@pytest.mark.parametrize("form", coopetition.FORMS)
def test_most_of_the_increase_is_complementarity_as_factors_alone(form):
    name = CASE.format(form, "mostly-complementarity")
    verdict = _decided(name)
    assert verdict.outcome is Outcome.VERIFIED
    assert not verdict.resolution.survivors
    assert verdict.resolution.poor is None
    assert _decided(name, predicted=2 / 3, wrong={}).outcome is Outcome.REFUTED
    assert _decided(f"{name}/as-difference").outcome is Outcome.REFUTED
    assert _agreements(name, Coarse()) == {Agreement.UNRESOLVED}


@pytest.mark.parametrize(
    ("form", "factors", "differences"),
    [("power", 0.5365, 0.4140), ("logarithmic", 0.5279, 0.4840)],
)
def test_shares_are_those_of_the_derived_increases(form, factors, differences):
    at = {**coopetition_case.CASES[form], **coopetition_case.STATED}
    point = Point({name: np.array([value]) for name, value in at.items()})
    for measure, expected in (
        (coopetition_case.factors, factors), (coopetition_case.differences, differences),
    ):  # fmt: skip
        found = measure(form, point, Accuracy())
        assert found.value == pytest.approx(expected, abs=1e-4)
        assert found.bias < 1e-5


def test_numbers_in_words_are_those_that_are_derived():
    """What a cause states of D as stated is what the formula gives."""
    (cause,) = {
        one.cause for name, one in _claims().items() if name.endswith(("as-stated", "/as-stated"))
    }
    for form in coopetition.FORMS:
        claim = _claims()[f"{form}/increase"]
        at = Point({**coopetition_case.CASES[form], **coopetition_case.STATED})
        assert f"{predict(claim).at([at])[0]:.1f}" in cause


@pytest.mark.parametrize("form", coopetition.FORMS)
def test_percents_that_a_statement_names_are_compared(form):
    for name, one in _claims().items():
        if name.startswith(f"samsung-sony/{form}/"):
            percents = re.findall(r"([\d.]+) \\,\\%", one.says)
            assert percents in ([], [str(one.predicted)]), name


@pytest.mark.parametrize(
    ("form", "actions"),
    [("power", (0.8329475, 0.8767045)), ("logarithmic", (26.6333768, 27.3991418))],
)
def test_equilibria_are_those_that_the_authors_stored(form, actions):
    at = {**coopetition_case.CASES[form], **coopetition_case.STATED}
    point = Point({name: np.array([value]) for name, value in at.items()})
    found = coopetition.equilibrium(form, point, Accuracy())
    middle = (found.low + found.high)[:, 0] / 2
    assert middle == pytest.approx(actions, abs=1e-5)  # to which their search goes


def test_beyond_the_threshold_there_is_no_verdict():
    claim = _claims()["power/increase"]
    at = {**coopetition_case.CASES["power"], "D_12": 1.0, "D_21": 1.0, "gamma": 2.5}
    point = Point({name: np.array([value]) for name, value in at.items()})
    (measured,) = claim.methods[0].measure(point, Accuracy()).split(1)
    assert claim.compare.estimate(measured, 1e-4).problem is not None
