"""Sub-gradient descent from small starts: verified, refuted when wrong, open if vague."""

import dataclasses
import math

import jax
import numpy as np
import pytest

from lemmata.solvers.sensing_operators import Measurements, gaussian
from lemmata.verify import backend, robust_measure
from lemmata.verify.accuracy import Accuracy
from lemmata.verify.claim import Claim
from lemmata.verify.claims import sensing_robust, sensing_robust_counts, sensing_robust_noise
from lemmata.verify.decide import decide
from lemmata.verify.settings import Profile, Settings
from lemmata.verify.verdict import Outcome, Verdict

pytestmark = pytest.mark.heavy

MODULES = (sensing_robust, sensing_robust_counts, sensing_robust_noise)


@pytest.fixture(autouse=True)
def _precise():
    with backend.precision():
        yield


def named(name: str) -> Claim:
    """By name: claims kept in a test module would be decided as items of their own."""
    return next(getattr(module, name) for module in MODULES if hasattr(module, name))


def outcome(claim: Claim, predicted=None, effort: float = 1.0) -> Verdict:
    """The verdict on a claim, or on another formula in its place."""
    tried = dataclasses.replace(
        claim, predicted=claim.predicted if predicted is None else predicted,
        expected="verified", cause="",
    )  # fmt: skip
    return decide(tried, Settings(Profile("test", points=2, effort=effort)))


CHEAP = (
    "shifted", "outliers", "across", "deviation", "final_known", "independent", "not_optimal",
    "lower_loss", "nearer", "agnostic", "in_rank",
)  # fmt: skip


@pytest.mark.parametrize("name", CHEAP)
def test_what_is_claimed_holds_and_planted_formulas_do_not(name: str) -> None:
    claim = named(name)
    verdict = outcome(dataclasses.replace(claim, points=2))
    assert verdict.outcome is Outcome.VERIFIED
    assert verdict.resolution is not None
    assert not set(claim.wrong) & set(verdict.resolution.survivors)


@pytest.mark.parametrize(
    "name", ["outliers", "across", "final_known", "independent", "nearer", "agnostic"]
)
def test_each_planted_formula_in_place_of_the_claimed_one_is_refuted(name: str) -> None:
    claim = dataclasses.replace(named(name), points=2)
    for wrong in claim.wrong.values():
        assert outcome(claim, wrong).outcome is Outcome.REFUTED


@pytest.mark.parametrize(
    ("name", "effort"),
    [("outliers", 1e-3), ("across", 1e-3), ("deviation", 0.1)],
)
def test_too_few_draws_leave_it_open(name: str, effort: float) -> None:
    assert outcome(dataclasses.replace(named(name), points=2), None, effort).outcome is (
        Outcome.INCONCLUSIVE
    )


def test_a_few_starts_leave_the_growth_with_columns_open(monkeypatch) -> None:
    whole = robust_measure.known
    monkeypatch.setattr(robust_measure, "known", lambda *given: whole(*given)[:4])
    assert outcome(named("agnostic"), None, 0.1).outcome is Outcome.INCONCLUSIVE


@pytest.mark.parametrize("name", ["above_zero", "agnostic_measured"])
def test_a_few_seeds_leave_finite_exponents_open(name: str, monkeypatch) -> None:
    whole = robust_measure.final
    monkeypatch.setattr(robust_measure, "final", lambda *given, **more: whole(*given, **more)[:3])
    assert outcome(named(name), None, 0.1).outcome is Outcome.INCONCLUSIVE


def test_a_few_seeds_leave_the_error_in_noise_open(monkeypatch) -> None:
    whole = robust_measure.least
    monkeypatch.setattr(
        robust_measure,
        "least",
        lambda look, seeds, *given, **more: whole(look, 3, *given, **more)[:3],
    )
    assert outcome(named("in_rank"), None, 0.1).outcome is Outcome.INCONCLUSIVE


@pytest.mark.parametrize("name", ["proportional_known", "squared_measured"])
def test_a_reading_that_fails_says_why(name: str) -> None:
    claim = named(name)
    assert claim.expected == "refuted"
    assert claim.cause
    assert claim.reading


def test_every_claim_of_a_number_brings_wrong_ones() -> None:
    found = [
        one
        for module in MODULES
        for one in vars(module).values()
        if isinstance(one, Claim) and one.expected == "verified"
    ]
    assert len(found) >= 20
    assert [one.id for one in found if not one.wrong and not callable(one.predicted)] == []


def test_the_first_of_many_measurements_are_a_problem_of_their_own() -> None:
    drawn = gaussian(jax.random.key(3), robust_measure.TRUTH, 40, seeds=2)
    start = robust_measure.starts((7,), 2)
    alone = Measurements(drawn.rows[:, :25], drawn.values[:, :25], drawn.truth)
    _, path, ends = robust_measure._descend(alone, start, 1e-2, 0.1, 1.0)
    _, filled, others = robust_measure._descend(
        robust_measure.first(drawn, 25), start, 1e-2, 0.1, 40 / 25
    )
    # Signs may tell one rounding from another only where an error is zero, which none is here.
    np.testing.assert_allclose(filled, path, rtol=1e-6)
    np.testing.assert_allclose(others, ends, atol=1e-7)


def test_starts_of_fewer_columns_are_the_first_of_more() -> None:
    start = robust_measure.starts((1,), 3)
    assert start.shape == (3, 3, robust_measure.N, 20)
    for one, k in zip(start, robust_measure.COLUMNS, strict=True):
        assert np.all(one[..., k:] == 0)
        np.testing.assert_array_equal(one[..., :k], start[-1][..., :k])
    assert abs(start[-1].std() - robust_measure.N**-0.5) < 0.02


def test_disturbances_of_other_sizes_leave_all_else_as_it_was() -> None:
    clean, noisy = (
        robust_measure.runs((3, 0), 8, 5, 60, 1e-2, 0.5, noise=noise) for noise in (0.0, 1e-9)
    )
    np.testing.assert_allclose(clean.path[:, :3], noisy.path[:, :3], rtol=1e-6)
    np.testing.assert_allclose(clean.truth_loss, 0, atol=1e-15)
    np.testing.assert_allclose(noisy.truth_loss, 1e-9 * math.sqrt(2 / math.pi), rtol=0.3)


def test_an_exponent_is_that_of_a_power_and_tells_a_bend() -> None:
    x = (1.0, 3.0, 9.0, 27.0)
    rng = np.random.default_rng(0)
    steep = rng.uniform(1.4, 1.6, size=(40, 1))
    straight = robust_measure.exponent(x, 2 * np.array(x) ** steep)
    assert abs(straight.value - steep.mean()) < 1e-12
    assert straight.bias < 1e-12
    every = robust_measure.every_exponent(x, 2 * np.array(x) ** steep)
    assert abs(every.value - every.bias - steep.min()) < 1e-9
    assert abs(every.value + every.bias - steep.max()) < 1e-9
    bent = robust_measure.exponent(x, np.array(x) ** steep * (1 + np.array(x)))
    assert bent.bias > 0.1


def test_a_confirmation_takes_what_the_look_took_that_found_it() -> None:
    assert robust_measure.taken(Accuracy(4.0), 16) == 64
    assert robust_measure.taken(Accuracy(4.0, found=1.0), 16) == 16


def test_a_schedule_that_is_too_long_is_told() -> None:
    drawn = gaussian(jax.random.key(3), robust_measure.TRUTH, 40, seeds=2)
    start = robust_measure.starts((7,), 2)
    with pytest.raises(FloatingPointError, match="runs left: steps are too long"):
        robust_measure._descend(drawn, start, 1e-2, 0.1, 1e3)
