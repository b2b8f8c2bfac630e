"""The claims of arXiv 2605.30392 on experiment 2 and the printed coefficient, right and wrong."""

import dataclasses
from collections.abc import Iterator

import numpy as np
import pytest
import sympy as sp

from lemmata.theory import replicator, replicator_cycle, replicator_map
from lemmata.verify import backend
from lemmata.verify.accuracy import Accuracy
from lemmata.verify.claim import Claim, Method
from lemmata.verify.claims import delayed_repression_experiments, delayed_repression_map
from lemmata.verify.decide import decide
from lemmata.verify.measurement import Measurement
from lemmata.verify.settings import Settings
from lemmata.verify.verdict import Outcome, Verdict

a, C, k, x_c = replicator.parameters


@pytest.fixture(scope="module", autouse=True)
def float64() -> Iterator[None]:
    with backend.precision():
        yield


def _decide(claim: Claim, predicted=None) -> Verdict:
    if predicted is not None:
        claim = dataclasses.replace(claim, predicted=predicted)
    return decide(claim, Settings(family=4))  # as many as its first claims


# Experiment 2.

eta = replicator_map.eta
WRONG_LAGS = {
    "a fifth more": lambda right: right * sp.Rational(6, 5),
    "cos for sin in the chord": lambda right: right.replace(sp.asin, sp.acos),
    "the margin for the lag": lambda right: right * eta,
    "no x*": lambda right: right.subs(eta, eta / (1 - a / C)),
}


def _decide_2(**other) -> Verdict:
    return _decide(dataclasses.replace(delayed_repression_map.experiment_2, **other))


def test_the_margins_of_experiment_2_are_verified_and_wrong_ones_refuted():
    verdict = _decide_2()
    assert verdict.outcome is Outcome.VERIFIED, verdict
    assert verdict.evidence[0] == "derived"
    assert verdict.resolution is not None
    assert verdict.resolution.poor is None
    right = replicator_map.longest_lag().statement
    for error, wrong in WRONG_LAGS.items():
        found = _decide_2(predicted=wrong(right))
        assert found.outcome is Outcome.REFUTED, (error, found)


@pytest.mark.parametrize("same", [0.0, 4.0])
def test_lags_that_are_the_same_at_every_step_are_refuted(same):
    def measure(p, accuracy: Accuracy):
        return Measurement(np.full(len(p.i), same), bias=0.5)

    verdict = _decide_2(methods=(Method("the same", measure, True),))
    assert verdict.outcome is Outcome.REFUTED, verdict


def test_few_steps_leave_experiment_2_open(monkeypatch):
    monkeypatch.setattr(delayed_repression_map, "_onset_lag", lambda i: (1.0, 50.0))
    assert _decide_2().outcome is Outcome.INCONCLUSIVE


def test_without_a_lag_the_last_step_alone_is_unstable():
    claim = delayed_repression_map.experiment_2_without_lag
    assert _decide(claim).outcome is Outcome.VERIFIED
    right = replicator_map.excess_without_lag().statement
    assert _decide(claim, right - 2).outcome is Outcome.REFUTED
    assert _decide(claim, -right).outcome is Outcome.REFUTED


def test_a_lag_for_which_everything_settles_is_no_onset(monkeypatch):
    settled = np.outer([1e-1, 1e-3, 1e-5, 1e-7], np.ones(61))
    monkeypatch.setattr(delayed_repression_map, "_windows", lambda i: settled)
    assert np.isnan(delayed_repression_map._onset_lag(0)).all()
    assert _decide_2().outcome is Outcome.INCONCLUSIVE


# The proof at the printed parameters.


@pytest.mark.parametrize(
    ("factor", "status"), [(1, "proved"), (sp.Rational(1001, 1000), "disproved"), (-1, "disproved")]
)
def test_the_printed_coefficient_is_proved_and_another_disproved(monkeypatch, factor, status):
    right = replicator_cycle.coefficient()
    monkeypatch.setattr(replicator_cycle, "coefficient", lambda: right * factor)
    proof = delayed_repression_experiments.proved_coefficient()
    assert proof.status == status
    assert proof.statement.startswith("at a = 2, C = 5, k = 10, x_c = 1/2: a root i omega at omega")
    assert "Re c_1 rounds to -40.85" in proof.statement
