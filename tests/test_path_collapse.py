"""The collapse of paths: derivations, special values, and claims that can fail."""

import dataclasses
from functools import lru_cache

import numpy as np
import pytest
import sympy as sp

from lemmata.solvers import tails
from lemmata.theory import path_collapse as theory
from lemmata.verify.accuracy import Accuracy
from lemmata.verify.claims import path_collapse, path_collapse_limits
from lemmata.verify.compare.base import Agreement
from lemmata.verify.decide import decide
from lemmata.verify.domain import stack
from lemmata.verify.loading import claims_in
from lemmata.verify.prediction import predict
from lemmata.verify.settings import Profile, Settings
from lemmata.verify.verdict import Outcome

pytestmark = pytest.mark.heavy

DERIVATIONS = (
    "criterion", "growth", "instance", "onset_in_weight", "onset_in_time", "least_weight",
    "onset_of_one", "gaussian_growth", "gaussian_onset", "boundary",
)  # fmt: skip


@pytest.mark.parametrize("name", DERIVATIONS)
def test_every_step_replays(name):
    derivation = getattr(theory, name)()
    assert derivation.holds(), (derivation.gaps(), derivation.falsehoods())


def _time(w):
    return float(theory.onset_in_time().statement.subs(theory.w, w).n())


@pytest.mark.parametrize("name", ["criterion", "growth", "gaussian_growth"])
def test_a_criterion_with_widths_for_variances_does_not_replay(name):
    derivation = getattr(theory, name)()
    *before, last = derivation.steps
    a = (theory.alpha_1, theory.alpha_2)
    wrong = last.right.subs({one: sp.sqrt(one) for one in a}, simultaneous=True)
    assert wrong != last.right
    off = dataclasses.replace(
        derivation, statement=wrong, steps=(*before, dataclasses.replace(last, right=wrong))
    )
    assert off.falsehoods()


@pytest.mark.parametrize("off", [theory.w + 1, 2 * theory.w])
def test_the_root_of_another_equation_does_not_replay(off):
    derivation = theory.onset_in_time()
    *before, last = derivation.steps
    wrong = derivation.statement.subs(theory.w, off)
    step = dataclasses.replace(
        last, left=last.left.func(*last.left.args[:2], (wrong,)), right=wrong
    )
    assert dataclasses.replace(derivation, statement=wrong, steps=(*before, step)).falsehoods()


@pytest.mark.parametrize("w", [0.7, 1.0, 3.0, 20.0])
def test_the_thresholds_in_time_and_in_weight_are_the_same_curve(w):
    time = _time(w)
    assert float(theory.onset_in_weight().statement.subs(theory.t, time)) == pytest.approx(w)
    collapse = theory.instance().statement.subs(theory.w, w)
    before, after = (float(collapse.subs(theory.t, time + by)) for by in (-1e-6, 1e-6))
    assert before < 0 < after


def test_special_values():
    assert _time(1.0) == pytest.approx(0.5, abs=1e-12)
    least = float(theory.least_weight().statement)
    assert least == pytest.approx(0.6815, abs=1e-4)
    onset = theory.onset_in_weight().statement
    assert float(onset.subs(theory.t, 1 - sp.Rational(1, 10**5))) == pytest.approx(least, abs=1e-8)
    assert float(onset.subs(theory.t, sp.Rational(1, 100))) > 40


def test_gaussian_data_do_not_collapse_late_whatever_their_variance():
    for s in (sp.Rational(1, 5), 1, 2):
        late = theory.gaussian_onset().statement.subs(
            {theory.s: s, theory.t: 1 - sp.Rational(1, 10**6)}
        )
        assert float(late) == pytest.approx(5e5, rel=1e-3)  # 1/(2 (1 - t))


def test_no_time_is_given_below_the_least_weight():
    with pytest.raises(ValueError, match="changes no sign"):
        _time(0.6)


# Claims -------------------------------------------------------------------------------------------


@lru_cache
def _claims():
    """By the end of their ids; not in the open, where they would be decided as tests."""
    found = [
        one for module in (path_collapse, path_collapse_limits) for one in claims_in(module)
    ]  # fmt: skip
    return {one.id.removeprefix("path-collapse/"): one for one in found}


def _decided(name, points=None, **change):
    claim = _claims()[name]
    points = points or claim.points or 48
    tried = dataclasses.replace(claim, points=points, **change)
    return decide(tried, Settings(Profile("test", points, 1.0)))


SIGNS = ("criterion", "phase", "gaussian/criterion", "boundary")
NUMBERS = (
    "growth", "settles", "onset-in-weight", "onset-in-time", "onset-in-time/one", "least-weight",
    "gaussian/onset-in-weight", "boundary/growth",
)  # fmt: skip
#: by what a number is wrong: a part of it, or where it is 0 an amount
WRONG = {name: lambda right: 1.005 * right for name in NUMBERS} | {
    "settles": lambda right: right + 1e-4, "boundary/growth": lambda right: right + 0.02,
}  # fmt: skip


def test_every_claim_is_tested():
    assert {*SIGNS, *NUMBERS} == {
        name for name in _claims() if not name.endswith("/by-schedules-alone")
    }


@pytest.mark.parametrize("name", [*SIGNS, *NUMBERS])
def test_it_is_verified_and_every_planted_formula_is_refuted(name):
    verdict = _decided(name)
    assert verdict.outcome is Outcome.VERIFIED
    assert verdict.resolution.killed >= 0.95 * verdict.resolution.mutants
    assert not {*_claims()[name].wrong} & {*verdict.resolution.survivors}


DERIVED = sorted({*SIGNS, *NUMBERS} - {"settles"})


@pytest.mark.parametrize("name", DERIVED)
def test_what_it_predicts_is_derived(name):
    derivation = predict(_claims()[name]).derivation
    assert derivation is not None
    assert derivation.holds()


@pytest.mark.parametrize("name", NUMBERS)
def test_half_a_percent_off_is_refuted(name):
    right = predict(_claims()[name])
    wrong = {"predicted": lambda p: WRONG[name](right.at([p])[0]), "wrong": {}}
    assert _decided(name, 3, **wrong).outcome is Outcome.REFUTED


@pytest.mark.parametrize("name", ["gaussian/criterion", "boundary"])
def test_by_schedules_alone_is_refuted(name):
    verdict = _decided(f"{name}/by-schedules-alone")
    assert verdict.outcome is Outcome.REFUTED


def _agreements(name):
    claim = _claims()[name]
    sample = claim.domain.sample(2, seed=1)
    measured = claim.methods[0].measure(stack(sample), Accuracy()).split(len(sample))
    return {
        claim.compare.judge(right, claim.compare.estimate(one, 1e-4)).agreement
        for right, one in zip(predict(claim).at(sample), measured, strict=True)
    }


@pytest.mark.parametrize("name", [*SIGNS, *NUMBERS])
def test_where_errors_are_larger_it_is_left_open(name, monkeypatch):
    def worse(of, by):
        def measured(f, **more):
            value, error = of(f, **more)
            return value, error + by * np.maximum(np.abs(value), 0.1)

        return measured

    monkeypatch.setattr(tails, "decay", worse(tails.decay, 0.6))
    monkeypatch.setattr(tails, "growth", worse(tails.growth, 0.06))
    assert _agreements(name) == {Agreement.UNRESOLVED}


def test_close_to_the_origin_a_rate_is_left_open(monkeypatch):
    far = tails.growth
    monkeypatch.setattr(tails, "growth", lambda f, **more: far(f, **{**more, "reach": 30.0}))
    assert Agreement.UNRESOLVED in _agreements("growth")
    assert Agreement.UNRESOLVED in _agreements("boundary/growth")


def test_where_c_vanishes_the_criterion_decides_nothing():
    claim = _claims()["criterion"]
    p = stack([claim.domain.point(gamma_1=2.0, gamma_2=-2.0, alpha_1=0.5, alpha_2=0.5, seed=3,
                                  interval=0)])  # fmt: skip
    (measured,) = claim.methods[0].measure(p, Accuracy()).split(1)
    for predicted in (1.0, -1.0):
        judged = claim.compare.judge(predicted, claim.compare.estimate(measured, 1e-4))
        assert judged.agreement is Agreement.UNRESOLVED


def test_masses_lie_within_one_and_are_those_of_their_seed():
    places, weights = path_collapse.masses(np.array([1, 2, 1]), 0)
    assert (np.abs(places) <= 1).all()
    assert (weights > 0).all()
    assert (places[0] == places[2]).all()
    assert (places[0] != places[1]).all()
