"""Deciding: verified, refuted by a counterexample that stands, or left open; each time alike."""

import math
import re

import numpy as np
import pytest
import sympy as sp
from tests.helpers import WHY, claimed, exactly, noisily, settings

from lemmata.verify.compare.base import Agreement
from lemmata.verify.compare.threshold import Threshold
from lemmata.verify.decide import decide
from lemmata.verify.domain import Condition, Domain
from lemmata.verify.errors import UsageError
from lemmata.verify.interval import Integers, Interval, Log
from lemmata.verify.measurement import Count, Measurement
from lemmata.verify.settings import PROFILES, Settings
from lemmata.verify.verdict import Outcome

VERIFIED, REFUTED, INCONCLUSIVE, ERROR = Outcome
SETTINGS = Settings()
x, y = sp.symbols("x y", positive=True)

domain = Domain(
    x=Interval(0.3, 50), y=Log(0.013, 77.0), k=Integers(1, 9),
    where=(Condition("x > y", lambda p: p.x > p.y),),
)  # fmt: skip
line = Domain(x=Interval(1, 2))


def product(p):
    return p.x * p.y * p.k


# --- the three verdicts --------------------------------------------------------------------------


@pytest.mark.parametrize(
    "predicted", [x * y * sp.Symbol("k"), product], ids=["formula", "function"]
)
def test_a_right_formula_is_verified(predicted):
    verdict = decide(claimed(exactly(product), predicted, domain), SETTINGS)
    assert verdict.outcome is VERIFIED
    assert verdict.as_expected
    assert verdict.points == {"agrees": PROFILES["quick"].points}
    assert (verdict.reason, verdict.settles, verdict.traceback) == (None, None, None)
    assert verdict.evidence == ("measured",)
    assert domain.broken(domain.point(**{k: verdict.worst.at[k] for k in domain.axes})) is None


def test_a_wrong_constant_is_refuted_by_round_numbers():
    measure = exactly(product)
    verdict = decide(claimed(measure, 1.1 * x * y * sp.Symbol("k"), domain), SETTINGS)
    assert verdict.outcome is REFUTED
    assert verdict.reason == "measured anew, it still disagrees"
    assert verdict.worst.at == {"x": 10.0, "y": 1.0, "k": 1}
    assert verdict.worst.judgement.agreement is Agreement.DISAGREES
    assert verdict.worst.method == "measure"


def test_a_counterexample_is_confirmed_by_another_harder_look():
    measure = exactly(product)
    verdict = decide(claimed(measure, lambda p: 1.1 * product(p), domain), SETTINGS)
    at = [accuracy for p, accuracy in measure.looks if dict(p) == verdict.worst.at]
    *before, confirming = at
    assert confirming.effort == 4 * measure.looks[0][1].effort
    assert all(confirming.entropy != earlier.entropy for earlier in before)
    points = PROFILES["quick"].points
    assert len(measure.looks) <= points + 60 + 2


def test_the_worst_point_is_the_one_that_disagrees_most():
    off = {4: 0.0, 5: 0.02, 6: 0.1, 7: 0.03, 8: 0.02}
    measure = exactly(lambda p: 1 + off[p.k])
    verdict = decide(claimed(measure, 1, Domain(k=Integers(4, 8))), SETTINGS)
    assert verdict.outcome is REFUTED
    assert verdict.points == {"agrees": 1, "disagrees": 4}
    assert verdict.worst.at == {"k": 6}


def test_every_point_is_judged():
    wrong_at_one = exactly(lambda p: p.k + (1 if p.k == 7 else 0))
    verdict = decide(claimed(wrong_at_one, lambda p: p.k, Domain(k=Integers(1, 12))), SETTINGS)
    assert verdict.outcome is REFUTED
    assert verdict.points == {"agrees": 11, "disagrees": 1}
    assert verdict.worst.at == {"k": 7}


def test_noise_that_swallows_the_margin_leaves_a_claim_open():
    measure = noisily(lambda p: p.x, sigma=1.0, draws=20)
    verdict = decide(claimed(measure, x, line), settings())
    assert verdict.outcome is INCONCLUSIVE
    assert re.match(r"the error bound ±\S+ is wider than the margin ±\S+", verdict.reason)
    assert re.fullmatch(r"about \S+ times the draws", verdict.settles)
    assert not verdict.as_expected


@pytest.mark.parametrize("seed", range(6))
def test_the_draws_that_it_asks_for_settle_it(seed):
    def verdict(draws):
        measure = noisily(lambda p: p.x, sigma=0.1, draws=draws)
        return decide(claimed(measure, x, line), settings(seed=seed))

    open_ = verdict(100)
    assert open_.outcome is INCONCLUSIVE
    factor = float(open_.settles.split()[1])
    assert factor > 1
    assert verdict(round(100 * 3 * factor)).outcome is VERIFIED
    assert verdict(max(2, round(100 * factor / 30))).outcome is INCONCLUSIVE


def test_unresolved_points_alone_are_measured_again():
    looks = []

    def measure(p, accuracy):
        looks.append((p.k, accuracy.effort))
        return Measurement(p.k, bias=(0.2 if p.k == 3 and accuracy.effort == 1 else 0.001))

    claim = claimed(measure, lambda p: p.k, Domain(k=Integers(1, 5)))
    assert decide(claim, SETTINGS).outcome is VERIFIED
    assert sorted(looks) == [(1, 1), (2, 1), (3, 1), (3, 4), (4, 1), (5, 1)]


# --- what is no measurement ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("measured", "reason"),
    [
        (Measurement(math.nan), "the measured value is nan"),
        (Measurement(math.inf, note="overflow"), "the measured value is inf (overflow)"),
        (Measurement(1.0, converged=False, note="cut"), "the measurement did not converge (cut)"),
        (Measurement(1.0, bias=math.inf), "the measurement has no finite error bound"),
        (Measurement(1.0, bias=-1.0), "its error bounds are stderr=0.0, bias=-1.0"),
        (Measurement(1.0, bias=9.0), "the error bound ±9 is wider than the margin ±0.01"),
    ],
)
def test_one_point_that_went_wrong_leaves_a_claim_open(measured, reason):
    def measure(p, accuracy):
        return measured if p.k == 3 else Measurement(1.0)

    verdict = decide(claimed(measure, 1, Domain(k=Integers(1, 5))), SETTINGS)
    assert verdict.outcome is INCONCLUSIVE
    assert verdict.reason == reason
    assert verdict.worst.at == {"k": 3}
    assert verdict.points == {"agrees": 4, "unresolved": 1}


def test_a_formula_without_a_value_leaves_a_claim_open():
    verdict = decide(claimed(exactly(lambda p: p.x), sp.log(x - 3), line), settings())
    assert verdict.outcome is INCONCLUSIVE
    assert verdict.reason == "the predicted value is nan"


def test_a_threshold_needs_a_bracket():
    compare = Threshold(relative=0.01, because=WHY)
    verdict = decide(claimed(lambda p, a: Measurement(1.0), 1, compare=compare), SETTINGS)
    assert verdict.outcome is INCONCLUSIVE
    assert verdict.reason == "a threshold was measured without a bracket"


def test_a_crash_is_no_verdict():
    def crashes(p, accuracy):
        return Measurement(1 / (p.k - 3))

    verdict = decide(claimed(crashes, 1, Domain(k=Integers(1, 5))), SETTINGS)
    assert verdict.outcome is ERROR
    assert not verdict.as_expected
    assert verdict.reason == "ZeroDivisionError: division by zero"
    assert "ZeroDivisionError" in verdict.traceback
    assert "while 'crashes' measured Point(k=3)" in verdict.traceback
    assert verdict.worst is None


@pytest.mark.parametrize(
    ("measure", "reason"),
    [
        (lambda p, a: 1.0, "TypeError: .*returned 1.0 .float.; return a Measurement"),
        (lambda p, a: Count(1, 2), "TypeError: Equal decides a Measurement, but .* a Count"),
        (lambda p: Measurement(1.0), "TypeError: .*positional argument"),
    ],
)
def test_a_measurement_of_the_wrong_kind_is_a_crash_with_its_reason(measure, reason):
    verdict = decide(claimed(measure, 1), SETTINGS)
    assert verdict.outcome is ERROR
    assert re.match(reason, verdict.reason)


def test_a_crash_while_shrinking_is_no_verdict():
    def crashes(p, accuracy):
        if p.x == 1:
            raise RuntimeError("only at one")
        return Measurement(p.x)

    claim = claimed(crashes, 2 * x, Domain(x=Interval(0.3, 100)))
    verdict = decide(claim, SETTINGS)
    assert verdict.outcome is ERROR
    assert verdict.reason == "RuntimeError: only at one"


@pytest.mark.parametrize(
    ("predicted", "more", "message"),
    [
        (sp.Symbol("z"), {}, "but z is not in its domain"),
        (x, {"fixed": {"z": 1.0}}, "--at z=1.0: no such parameter"),
        (x, {"fixed": {"x": 3.0}}, "--at x=3.0 is outside the domain"),
    ],
)
def test_wrong_use_passes_through(predicted, more, message):
    with pytest.raises(UsageError, match=message):
        decide(claimed(exactly(lambda p: p.x), predicted, line), settings(**more))


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"error_rate": 0.0}, "--error-rate 0.0: a probability strictly between 0 and 1"),
        ({"error_rate": 1.0}, "--error-rate 1.0"),
        ({"seed": -1}, "--seed -1: a seed is an integer of at least 0"),
        ({"family": 0}, "a run of 0 claims decides nothing"),
    ],
)
def test_settings_that_make_no_run_are_refused(more, message):
    with pytest.raises(UsageError, match=re.escape(message)):
        Settings(**more)


def test_the_error_rate_is_shared_out_over_claims_and_decisions():
    assert Settings(error_rate=1e-2, family=5).alpha(20) == pytest.approx(1e-4)
    assert Settings(error_rate=1e-2).alpha(0) == pytest.approx(1e-2)


# --- repeating -----------------------------------------------------------------------------------


def without_time(verdict):
    return {k: v for k, v in vars(verdict).items() if k not in ("seconds", "traceback")}


@pytest.mark.parametrize("factor", [1.0, 1.2])
def test_the_same_seed_gives_the_same_verdict_and_numbers(factor):
    measure = noisily(lambda p: p.x, sigma=0.1, draws=5000)
    first, again = (decide(claimed(measure, factor * x, line), settings(seed=7)) for _ in range(2))
    assert without_time(first) == without_time(again)


def test_another_seed_gives_other_points_and_draws():
    measure = noisily(lambda p: 1.0, sigma=0.1, draws=5000)
    first, other = (decide(claimed(measure, 1), settings(seed=seed)) for seed in (7, 8))
    assert first.worst.judgement.estimate != other.worst.judgement.estimate
    inside = [exactly(lambda p: p.x) for _ in range(2)]
    for seed, measured in enumerate(inside):
        decide(claimed(measured, x, line), settings(seed=seed))
    drawn = [{p.x for p, _ in measured.looks} for measured in inside]
    assert drawn[0] & drawn[1] <= {1.0, 2.0}


def test_two_methods_and_two_claims_do_not_share_their_draws():
    drawn = []

    def measure(p, accuracy):
        drawn.append(accuracy.rng.random())
        return Measurement(1.0)

    claim = claimed(measure, 1, Domain(k=Integers(1, 3))).also("again")(measure)
    decide(claim, SETTINGS)
    decide(claimed(measure, 1, Domain(k=Integers(1, 3)), id="test/other"), SETTINGS)
    assert len(set(drawn)) == len(drawn) == 9


@pytest.mark.parametrize("factor", [1.0, 1.2])
def test_fixed_values_are_kept_also_by_the_counterexample(factor):
    measure = exactly(lambda p: p.x * p.y)
    claim = claimed(measure, factor * x * y, domain)
    verdict = decide(claim, settings(fixed={"y": 0.3217, "k": 4.0}))
    assert verdict.outcome is (VERIFIED if factor == 1 else REFUTED)
    assert {p.y for p, _ in measure.looks} == {0.3217}
    assert {type(p.k) for p, _ in measure.looks} == {int}
    assert (verdict.worst.at["y"], verdict.worst.at["k"]) == (0.3217, 4)


@pytest.mark.parametrize("factor", [1.0, 1.2])
def test_a_batch_and_its_points_alone_are_decided_alike(factor):
    def alone(p, accuracy):
        return Measurement(p.x * p.y, bias=1e-9, arrays={"path": np.arange(3) * p.x})

    def at_once(p, accuracy):
        n = len(np.atleast_1d(p.x))
        path = np.arange(3) * np.reshape(p.x, (n, 1))
        return Measurement(p.x * p.y, bias=1e-9, arrays={"path": path})

    one = decide(claimed(alone, factor * x * y, domain, method="m"), settings())
    two = decide(claimed(at_once, factor * x * y, domain, method="m", batched=True), settings())
    assert one.arrays.keys() == two.arrays.keys() == {"path"}
    for verdict in (one, two):
        assert verdict.arrays["path"].tolist() == [
            0,
            verdict.worst.at["x"],
            2 * verdict.worst.at["x"],
        ]
    fields = [{k: v for k, v in without_time(each).items() if k != "arrays"} for each in (one, two)]
    assert fields[0] == fields[1]


def test_the_profile_says_how_many_points_and_how_much_effort():
    measure = exactly(lambda p: p.x)
    decide(claimed(measure, x, line), Settings(profile=PROFILES["thorough"]))
    assert len(measure.looks) == 256
    assert {accuracy.effort for _, accuracy in measure.looks} == {4.0}
    few = exactly(lambda p: p.x)
    decide(claimed(few, x, line, points=3), Settings(profile=PROFILES["thorough"]))
    assert len(few.looks) == 3
