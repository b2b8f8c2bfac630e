"""Deciding by rules of every kind: identities, bounds, shares, frequencies, tiny margins."""

import math

import pytest
import sympy as sp
from tests.helpers import WHY, claimed, exactly, settings

from lemmata.verify.compare.bound import Bound
from lemmata.verify.compare.equal import Equal
from lemmata.verify.compare.frequency import Frequency, Reported
from lemmata.verify.compare.identity import Identity
from lemmata.verify.decide import decide
from lemmata.verify.domain import Domain
from lemmata.verify.interval import Interval, Log
from lemmata.verify.measurement import Count, Exact, Measurement
from lemmata.verify.settings import Settings
from lemmata.verify.verdict import Outcome

VERIFIED, REFUTED, INCONCLUSIVE, ERROR = Outcome
SETTINGS = Settings()
x, y = sp.symbols("x y", positive=True)
line = Domain(x=Interval(1, 2))


# --- identities ----------------------------------------------------------------------------------


def test_an_identity_is_decided_at_rational_points_in_the_domain():
    seen = []

    def expanded(p, accuracy):
        seen.append(p)
        return Exact(p.x**2 + 2 * p.x * p.y + p.y**2)

    box = Domain(x=Interval(0.001, 0.013), y=Interval(-1, 1))
    verdict = decide(claimed(expanded, (x + y) ** 2, box, compare=Identity()), settings())
    assert verdict.outcome is VERIFIED
    assert all(isinstance(value, sp.Rational) for p in seen for value in p.values())
    assert all(box.broken(p) is None for p in seen)


def test_a_wrong_identity_is_refuted_where_it_was_measured():
    def wrong(p, accuracy):
        return Exact(p.x**2 + p.y**2)

    box = Domain(x=Interval(0, 20), y=Interval(1, 30))
    verdict = decide(claimed(wrong, (x + y) ** 2, box, compare=Identity()), settings())
    assert verdict.outcome is REFUTED
    at = verdict.worst.at
    assert verdict.worst.judgement.predicted == float((at["x"] + at["y"]) ** 2)
    assert at == {"x": 1, "y": 1}


def test_an_identity_at_a_fixed_decimal_is_measured_at_that_decimal():
    seen = []

    def doubled(p, accuracy):
        seen.append(p)
        return Exact(2 * p.x)

    claim = claimed(doubled, 2 * x, Domain(x=Interval(0, 1)), compare=Identity())
    assert decide(claim, settings(fixed={"x": 0.123})).outcome is VERIFIED
    assert seen[0].x == sp.Rational(123, 1000)


@pytest.mark.parametrize(
    ("domain", "predicted", "exact"),
    [
        (Domain(x=Interval(0, 0.04)), 1 + 2 * x, lambda p: (1 + p.x) ** 2),
        (Domain(x=Interval(0.97, 1.03)), x**7 - x + 1, lambda p: 1),
    ],
)
def test_an_identity_that_holds_at_one_point_of_a_narrow_domain_is_refuted(
    domain, predicted, exact
):
    claim = claimed(lambda p, accuracy: Exact(exact(p)), predicted, domain, compare=Identity())
    assert decide(claim, settings()).outcome is REFUTED


# --- bounds, shares and frequencies --------------------------------------------------------------


def test_a_bound_is_verified_below_and_refuted_above():
    bound = Bound(side="at most", absolute=1e-9, because=WHY)
    half = exactly(lambda p: p.x / 2)
    assert decide(claimed(half, x, line, compare=bound), settings()).outcome is VERIFIED
    assert decide(claimed(half, x / 3, line, compare=bound), settings()).outcome is REFUTED


def test_a_reported_share_that_comes_out_is_replicated():
    def fair(p, accuracy):
        n = accuracy.draws(5000)
        return Count(int(accuracy.rng.binomial(n, 0.4)), n)

    rule = Reported(trials=50, because=WHY)
    came_out = decide(claimed(fair, sp.Rational(2, 5), compare=rule), SETTINGS)
    assert came_out.evidence == ("measured", "replicated")
    did_not = decide(claimed(fair, sp.Rational(1, 10), compare=rule), SETTINGS)
    assert (did_not.outcome, did_not.evidence) == (REFUTED, ("measured",))


def test_a_frequency_is_decided_from_counts():
    def fair(p, accuracy):
        n = accuracy.draws(5000)
        return Count(int(accuracy.rng.binomial(n, p.q)), n)

    rule = Frequency(absolute=0.05, because=WHY)
    q, chance = sp.Symbol("q"), Domain(q=Interval(0.2, 0.8))
    assert decide(claimed(fair, q, chance, compare=rule), settings()).outcome is VERIFIED
    assert decide(claimed(fair, q**2, chance, compare=rule), settings()).outcome is REFUTED
    tight = Frequency(absolute=0.001, because=WHY)
    assert decide(claimed(fair, q, chance, compare=tight), settings()).outcome is INCONCLUSIVE


# --- margins -------------------------------------------------------------------------------------


def test_a_margin_relative_to_nothing_is_decided():
    compare = Equal(absolute=1e-6, because=WHY)
    assert decide(claimed(exactly(lambda p: 0.0), 0, compare=compare), SETTINGS).outcome is VERIFIED
    off = exactly(lambda p: 1e-5)
    assert decide(claimed(off, 0, compare=compare), SETTINGS).outcome is REFUTED


def test_the_predictions_own_rounding_does_not_refute_it():
    cancelling = (1 - sp.cos(x)) / x**2
    claim = claimed(
        lambda p, accuracy: Measurement(2 * (math.sin(p.x / 2) / p.x) ** 2, bias=1e-12),
        cancelling,
        Domain(x=Log(1e-9, 1)),
        compare=Equal(relative=1e-3, because="a test"),
    )
    assert decide(claim, settings()).outcome is VERIFIED


@pytest.mark.parametrize("true", [0.0, 0.002, 0.02])
def test_too_few_draws_of_a_rare_event_decide_nothing(true):
    def rare(p, accuracy):
        return Measurement.mean(accuracy.rng.random(accuracy.draws(20)) < true)

    def rare_numbers(p, accuracy):
        return Measurement.mean((accuracy.rng.random(accuracy.draws(20)) < true).astype(float))

    rule = Equal(absolute=0.001, because="a test")
    for seed in range(40):
        verdict = decide(claimed(rare_numbers, 0.0, Domain(), compare=rule), settings(seed=seed))
        assert verdict.outcome is INCONCLUSIVE
    assert decide(claimed(rare, 0.0, Domain(), compare=rule), settings()).outcome is ERROR
