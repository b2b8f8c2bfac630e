"""Calibration: over runs whose truth is known, wrong verdicts are as rare as is promised.

The truth is placed where errors are easiest: at the edge of the margin, a hair inside it and a hair
outside. There most verdicts are left open; at random places most are definite.
"""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import count
from typing import Any

import numpy as np
import pytest
from scipy.stats import binom
from tests.helpers import WHY, claimed

from lemmata.verify.claim import Claim
from lemmata.verify.compare.equal import Equal
from lemmata.verify.compare.frequency import Frequency, Reported
from lemmata.verify.compare.rate import Rate
from lemmata.verify.compare.sign import Sign
from lemmata.verify.decide import decide
from lemmata.verify.domain import Domain
from lemmata.verify.interval import Integers
from lemmata.verify.measurement import Count, Measurement, Series
from lemmata.verify.settings import Settings
from lemmata.verify.verdict import Outcome

pytestmark = pytest.mark.heavy

RATES = (0.05, 0.01, 1e-3)
RUNS = 1000
#: where the truth lies, in margins from the prediction; None: anywhere up to two margins off
PLACES = {"at the edge": 1.0, "just inside": 0.99, "just outside": 1.01, "random": None}
#: how improbable a number of wrong verdicts may be before it contradicts the stated rate
SURPRISE = 1e-4


@dataclass(frozen=True)
class Tally:
    """How the verdicts on claims of known truth came out."""

    runs: int
    wrong: int
    definite: int

    def assert_below(self, error_rate: float) -> None:
        """That so many wrong verdicts, or more, are no surprise at this rate."""
        chance = binom.sf(self.wrong - 1, self.runs, error_rate)
        assert chance > SURPRISE, f"{self}: wrong verdicts beyond the error rate {error_rate}"


def tally(
    claims: Iterable[tuple[Claim, bool]], error_rate: float, runs: int = RUNS, seed: int = 0
) -> Tally:
    """Decide claims, each with whether it is true, and count."""
    outcomes: Counter[tuple[Outcome, bool]] = Counter()
    for number, (claim, truth) in zip(range(runs), claims, strict=False):
        verdict = decide(claim, Settings(seed=seed + number, error_rate=error_rate))
        assert verdict.outcome is not Outcome.ERROR, verdict.traceback
        outcomes[verdict.outcome, truth] += 1
    wrong = outcomes[Outcome.VERIFIED, False] + outcomes[Outcome.REFUTED, True]
    open_ = outcomes[Outcome.INCONCLUSIVE, False] + outcomes[Outcome.INCONCLUSIVE, True]
    return Tally(runs, wrong, runs - open_)


def places(place: str, rng: np.random.Generator) -> float:
    """How many margins the truth lies off."""
    share = PLACES[place]
    return rng.uniform(0, 2) if share is None else share


def away(place: str, width: float, seed: int = 0) -> Iterable[tuple[float, bool]]:
    """How far the truth lies off a prediction, and whether that is within its margin."""
    rng = np.random.default_rng(seed)
    for _ in count():
        off = places(place, rng)
        yield off * width * rng.choice([-1, 1]), off <= 1


# --- Gaussian noise ------------------------------------------------------------------------------


def gaussian(place: str, draws: int, points: int = 1, off_at: int = 1) -> Iterable[Any]:
    """Claims that a mean is 2, which is off at one of the points."""
    compare = Equal(absolute=0.5, because=WHY)
    domain = Domain(k=Integers(1, points))
    for off, truth in away(place, 0.5):

        def measure(p, accuracy, off=off):
            mean = 2.0 + (off if p.k == off_at else 0.0)
            return Measurement.mean(accuracy.rng.normal(mean, 1.0, accuracy.draws(draws)))

        yield claimed(measure, lambda p: 2.0, domain, compare=compare), truth


@pytest.mark.parametrize("error_rate", RATES)
@pytest.mark.parametrize("place", PLACES)
def test_means_of_normal_draws_are_rarely_judged_wrong(place, error_rate):
    found = tally(gaussian(place, draws=100), error_rate)
    found.assert_below(error_rate)
    if place == "random":
        assert found.definite > 0.55 * found.runs


@pytest.mark.parametrize("place", PLACES)
def test_one_wrong_point_of_five_is_rarely_missed(place):
    found = tally(gaussian(place, draws=100, points=5, off_at=4), 0.05, runs=300)
    found.assert_below(0.05)
    if place == "random":
        assert found.definite > 0.5 * found.runs


@pytest.mark.parametrize("draws", [2, 3, 4])
def test_too_few_draws_leave_a_claim_open(draws):
    found = tally(gaussian("random", draws), 1e-3, runs=500)
    assert found.wrong == 0
    assert found.definite < 0.05 * found.runs


@pytest.mark.parametrize("mean", [1.0, 0.02, -0.02])
def test_signs_are_rarely_judged_wrong(mean):
    def measure(p, accuracy):
        return Measurement.mean(accuracy.rng.normal(mean, 1.0, accuracy.draws(100)))

    claim = claimed(measure, lambda p: 1.0, compare=Sign(clear=1, because=WHY))
    found = tally(((claim, mean > 0) for _ in count()), 0.05)
    found.assert_below(0.05)
    assert found.definite == found.runs or mean != 1.0


# --- counts --------------------------------------------------------------------------------------


def binomial(place: str, trials: int, predicted: float) -> Iterable[Any]:
    """Claims that an event has the predicted probability."""
    compare = Frequency(absolute=0.1, because=WHY)
    for off, truth in away(place, 0.1):

        def measure(p, accuracy, off=off):
            n = accuracy.draws(trials)
            return Count(int(accuracy.rng.binomial(n, predicted + off)), n)

        yield claimed(measure, lambda p: predicted, compare=compare), truth


@pytest.mark.parametrize("error_rate", RATES)
@pytest.mark.parametrize("place", PLACES)
def test_frequencies_are_rarely_judged_wrong(place, error_rate):
    found = tally(binomial(place, 600, 0.3), error_rate)
    found.assert_below(error_rate)
    if place == "random":
        assert found.definite > 0.6 * found.runs


@pytest.mark.parametrize("trials", [1, 5, 20])
def test_too_few_trials_leave_a_claim_open(trials):
    found = tally(binomial("random", trials, 0.3), 1e-3, runs=500)
    assert found.wrong == 0
    assert found.definite < 0.05 * found.runs


def test_a_report_is_rarely_refuted_by_the_truth_that_it_came_from():
    """The report is random, too: its level adds to the error rate."""
    level, error_rate, trials = 0.02, 0.01, 50
    rng = np.random.default_rng(0)

    def claims():
        for _ in count():
            truth = rng.uniform(0.02, 0.98)
            reported = rng.binomial(trials, truth) / trials

            def measure(p, accuracy, truth=truth):
                n = accuracy.draws(1000)
                return Count(int(accuracy.rng.binomial(n, truth)), n)

            compare = Reported(trials=trials, level=level, because=WHY)
            yield claimed(measure, lambda p, share=reported: share, compare=compare), True

    found = tally(claims(), error_rate)
    found.assert_below(level + error_rate)
    assert found.definite > 0.8 * found.runs


# --- power laws ----------------------------------------------------------------------------------


def power_laws(
    place: str,
    decades: float = 4.0,
    noise: float = 0.01,
    per_decade: int = 16,
    margin: float = 0.15,
) -> Iterable[Any]:
    """Claims on the exponent of a power law that is reached late: y = A x^s (1 + c x^-r)."""
    rng = np.random.default_rng(1)
    margin = 0.15
    compare = Rate(law="power", absolute=margin, because=WHY)
    x = np.logspace(0, decades, round(decades * per_decade))
    for off, truth in away(place, margin):
        s, a = rng.uniform(-2.5, -0.5), rng.uniform(0.1, 10)
        c, r = rng.uniform(-0.5, 2), rng.uniform(0.5, 1.5)
        y = a * x**s * (1 + c * x**-r)

        def measure(p, accuracy, y=y):
            error = noise / np.sqrt(accuracy.effort) * y
            return Series(x, y + error * accuracy.rng.normal(size=len(x)), stderr=error)

        yield claimed(measure, lambda p, claim=s + off: claim, compare=compare), truth


@pytest.mark.parametrize("place", PLACES)
def test_exponents_of_power_laws_are_rarely_judged_wrong(place):
    error_rate = 0.01
    found = tally(power_laws(place), error_rate, runs=700 if place == "random" else 100)
    found.assert_below(error_rate)
    if place == "random":
        assert found.definite > 0.5 * found.runs


def test_a_run_of_less_than_a_decade_leaves_an_exponent_open():
    found = tally(power_laws("random", decades=0.9, per_decade=40), 0.01, runs=100)
    assert (found.wrong, found.definite) == (0, 0)


# --- the test of the test ------------------------------------------------------------------------


def test_a_careless_rule_is_caught(monkeypatch: pytest.MonkeyPatch):
    """With intervals less than half as wide, these very runs give too many wrong verdicts."""
    import lemmata.verify.compare.equal as module

    honest: Callable[..., float] = module.two_sided
    monkeypatch.setattr(module, "two_sided", lambda alpha, dof: 0.4 * honest(alpha, dof))
    found = tally(gaussian("just outside", draws=40), 0.01)
    with pytest.raises(AssertionError, match="wrong verdicts beyond the error rate"):
        found.assert_below(0.01)
