"""Claims on charges and norms: verified, refuted where a formula slips, open where data are few."""

import dataclasses
from typing import Any

import numpy as np
import pytest

from lemmata.verify import backend, charge_measure
from lemmata.verify.accuracy import Accuracy
from lemmata.verify.claims import noether
from lemmata.verify.decide import decide
from lemmata.verify.settings import Profile, Settings
from lemmata.verify.verdict import Outcome

pytestmark = pytest.mark.heavy
RIGHT = (
    "scale_of_network", "translation", "rescaling", "norm_grows", "gradient_flow", "discrete",
    "fourth_power", "memory",
)  # fmt: skip


@pytest.fixture(autouse=True)
def _precise():
    with backend.precision():
        yield


def verdict(claim, predicted: Any = None, effort: float = 1.0, points: int = 2):
    tried = dataclasses.replace(
        claim,
        predicted=claim.predicted if predicted is None else predicted,
        points=points,
        expected="verified",
        cause="",
    )
    return decide(tried, Settings(Profile("test", points, effort)))


@pytest.mark.parametrize("name", RIGHT)
def test_right_ones_are_verified_and_wrong_ones_refuted(name: str) -> None:
    claim = getattr(noether, name)
    found = verdict(claim)
    assert found.outcome is Outcome.VERIFIED
    assert found.resolution is not None
    passed = {one.partition(": ")[0] for one in found.resolution.survivors}
    assert claim.wrong
    assert not passed & set(claim.wrong), passed


SLIPS = ("twice as fast", "a conserved charge", "without the mass")


@pytest.mark.parametrize(
    ("name", "slip"),
    [(name, slip) for name in ("translation", "rescaling") for slip in SLIPS]
    + [("rescaling", "without friction")],
)
def test_a_wrong_rate_in_place_of_the_claim_is_refuted(name: str, slip: str) -> None:
    claim = getattr(noether, name)
    assert verdict(claim, claim.wrong[slip]).outcome is Outcome.REFUTED


@pytest.mark.parametrize("name", ["Rayleigh quotient", "rescaling"])
def test_a_conserved_charge_is_another_rate_than_none(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A motion whose charge stays: then the number that is measured is that of a conserved charge.
    p = noether.SMOOTH.point(m=1.0, gamma=0.5, seed=3)
    assert abs(charge_measure.rate_if_conserved(p, name=name)) > 0.01
    symmetry = charge_measure.SYMMETRIES[name]
    still = symmetry._replace(charge=lambda q, v: 2.0 + 0 * q.sum(-1))
    monkeypatch.setitem(charge_measure.SYMMETRIES, name, still)
    found = charge_measure.charge_rate(p, Accuracy(), name=name).value
    assert found == pytest.approx(charge_measure.rate_if_conserved(p, name=name), rel=1e-12)
    assert found != pytest.approx(0, abs=1e-3)


@pytest.mark.parametrize("name", ["conserved", "square"])
def test_readings_that_fail_are_refuted_with_a_cause(name: str) -> None:
    claim = getattr(noether, name)
    assert claim.expected == "refuted"
    assert claim.reading
    assert claim.cause
    assert verdict(claim).outcome is Outcome.REFUTED


def test_both_motions_of_a_picture_are_of_one_loss_and_friction() -> None:
    p = noether.SMOOTH.point(m=1.0, gamma=0.5, seed=3)
    found = charge_measure.norm_growth(p, Accuracy()).arrays
    flow = charge_measure.norm_growth(p, Accuracy(), mass=0.0).arrays
    np.testing.assert_array_equal(found["time"], flow["time"])
    np.testing.assert_array_equal(found["square.without_mass"], flow["square"])
    assert np.asarray(found["square"])[-1] > 1.001


def test_few_replicas_leave_the_rest_open() -> None:
    assert verdict(noether.fourth_power, effort=0.01).outcome is Outcome.INCONCLUSIVE


def test_a_charge_that_is_hardly_known_verifies_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    # A second run so coarse that the two differ: their difference is the bound on the error.
    monkeypatch.setattr(charge_measure, "RUNS", ((12, 1e-11), (1, 1e-2)))
    assert verdict(noether.rescaling).outcome is Outcome.INCONCLUSIVE
