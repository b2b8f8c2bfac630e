"""Claims on early warning: verified, refuted where a formula slips, open where data are few."""

import dataclasses
from typing import Any

import numpy as np
import pytest

from lemmata.verify import backend, fluctuation_measure
from lemmata.verify.accuracy import Accuracy
from lemmata.verify.claims import early_warning as announced
from lemmata.verify.claims import unannounced
from lemmata.verify.decide import decide
from lemmata.verify.domain import Domain
from lemmata.verify.interval import Values
from lemmata.verify.settings import Profile, Settings
from lemmata.verify.verdict import Outcome

pytestmark = pytest.mark.heavy


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


def outcome(claim, predicted: Any = None, **more) -> Outcome:
    return verdict(claim, predicted, **more).outcome


def verified_alone(claim) -> bool:
    """Whether a claim is verified, and all wrong formulas that it brings are refuted."""
    found = verdict(claim)
    assert found.resolution is not None
    passed = {one.partition(": ")[0] for one in found.resolution.survivors}
    assert claim.wrong
    assert not passed & set(claim.wrong), passed
    return found.outcome is Outcome.VERIFIED


# By name: claims in a list of a test module would be decided as items of their own.
CLAIMS: dict[str, Any] = {
    "variance": announced, "autocorrelation": announced, "passage": announced,
    "passage_exponent": announced, "front_speed": unannounced, "front_reversal": unannounced,
    "extinction": unannounced, "variance_falls": unannounced, "last_rise": unannounced,
    "missed_variance": unannounced, "seen": unannounced,
}  # fmt: skip


@pytest.mark.parametrize("name", CLAIMS)
def test_right_ones_are_verified_and_wrong_ones_refuted(name: str) -> None:
    assert verified_alone(getattr(CLAIMS[name], name))


@pytest.mark.parametrize("name", ["variance", "passage", "front_speed", "variance_falls"])
def test_a_wrong_formula_in_place_of_the_claim_is_refuted(name: str) -> None:
    claim = getattr(CLAIMS[name], name)
    for slip, wrong in claim.wrong.items():
        assert outcome(claim, wrong) is Outcome.REFUTED, slip


@pytest.mark.parametrize("which", range(4))
def test_each_threshold_has_its_own_power(which: int) -> None:
    for claims in (announced.return_rates, announced.exponents, announced.levels):
        assert verified_alone(claims[which])


@pytest.mark.parametrize("name", ["front_alarm", "overcompensation_alarm", "missed_alarm"])
def test_variance_is_no_universal_alarm(name: str) -> None:
    claim = getattr(unannounced, name)
    assert claim.expected == "refuted"
    assert claim.reading == unannounced.ALARM
    assert outcome(claim) is Outcome.REFUTED


@pytest.mark.parametrize("u", [0.0, 1.0])
def test_both_states_beside_a_front_are_measured(u: float) -> None:
    claim = unannounced.front_alarm
    alone = dataclasses.replace(claim, domain=Domain(u=Values(u)))
    assert outcome(alone) is Outcome.REFUTED
    found = claim.methods[0].measure(claim.domain.point(u=u), Accuracy())
    near = np.array(announced.NEAR)
    for state, rate in ((0, 0.5 - near), (1, 0.5 + near)):
        by = found.arrays[f"variance.{state}"] - 1 / (2 * rate)
        assert np.all(np.abs(by) < 5 * found.arrays[f"stderr.{state}"])
    slope = np.polyfit(np.log(near), np.log(found.arrays[f"variance.{u:g}"]), 1)[0]
    assert found.value == pytest.approx(slope, rel=1e-6)


@pytest.mark.parametrize(
    ("power", "expected"),
    [(-0.5, Outcome.VERIFIED), (-1.0, Outcome.VERIFIED), (-2.0, Outcome.VERIFIED),
     (-0.3, Outcome.REFUTED), (0.0, Outcome.REFUTED), (0.5, Outcome.REFUTED)],
)  # fmt: skip
def test_a_steeper_variance_would_be_an_alarm(
    power: float, expected: Outcome, monkeypatch: pytest.MonkeyPatch
) -> None:
    flat = fluctuation_measure.fluctuations

    def steep(*args: Any) -> Any:
        found, x = flat(*args), np.tile(announced.NEAR, 2) ** power
        return found._replace(square=found.square * x, bias=found.bias * x)

    monkeypatch.setattr(fluctuation_measure, "fluctuations", steep)
    unannounced._beside_the_front.cache_clear()
    try:
        assert outcome(unannounced.front_alarm) is expected
    finally:
        unannounced._beside_the_front.cache_clear()


def test_the_line_of_a_fold_has_its_power() -> None:
    found = fluctuation_measure.of_normal_form("fold", 1.0, announced.NEAR, (1,), 256)
    slope = fluctuation_measure.power(announced.NEAR, found.square, found.bias)
    assert slope.value == pytest.approx(-0.5, abs=5 * slope.stderr)
    assert slope.stderr < 0.02


@pytest.mark.parametrize(
    ("module", "name"),
    [(announced, "variance"), (announced, "autocorrelation"), (unannounced, "missed_variance"),
     (unannounced, "seen"), (unannounced, "variance_falls"), (unannounced, "weak_noise")],
)  # fmt: skip
def test_few_paths_leave_it_open(module, name: str) -> None:
    assert outcome(getattr(module, name), effort=0.004) is Outcome.INCONCLUSIVE


def test_paths_that_escape_verify_nothing() -> None:
    # So near the fold that weak noise carries paths over it: what is measured is not finite.
    found = fluctuation_measure.fluctuations(
        fluctuation_measure.normal_form("fold", np.array([1e-10]), 1.0), (1,), 256
    )
    assert not np.isfinite(found.square).all()


def test_the_noise_is_weak_enough_to_leave_no_trace(monkeypatch: pytest.MonkeyPatch) -> None:
    f = fluctuation_measure.normal_form("fold", np.array(announced.NEAR), 1.0)
    one = fluctuation_measure.fluctuations(f, (1,), 256)
    monkeypatch.setattr(fluctuation_measure, "NOISE", 10 * fluctuation_measure.NOISE)
    ten = fluctuation_measure.fluctuations(f, (1,), 256)
    np.testing.assert_allclose(ten.square.mean(axis=0), one.square.mean(axis=0), rtol=1e-3)


def test_a_rest_state_is_one() -> None:
    f = fluctuation_measure.normal_form("fold", np.array([0.04, 0.09]), 1.0)
    rest, J = fluctuation_measure.at_rest(f)
    np.testing.assert_allclose(rest, [[0.2, 0], [0.3, 0]], atol=1e-14)
    np.testing.assert_allclose(J[:, 0, 0], [-0.4, -0.6], atol=1e-14)
