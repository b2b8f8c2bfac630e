"""Deciding: verified, refuted by a counterexample that stands, or left open, and why."""

import math
import re

import numpy as np
import pytest
import sympy as sp
from tests.helpers import WHY, claimed, exactly, noisily

from lemmata.theory.derivation import Derivation, Step
from lemmata.verify.compare.base import Agreement
from lemmata.verify.compare.bound import Bound
from lemmata.verify.compare.equal import Equal
from lemmata.verify.compare.frequency import Frequency, Reported
from lemmata.verify.compare.identity import Identity
from lemmata.verify.compare.threshold import Threshold
from lemmata.verify.decide import decide
from lemmata.verify.domain import Condition, Domain
from lemmata.verify.errors import UsageError
from lemmata.verify.interval import Integers, Interval, Log, Values
from lemmata.verify.measurement import Count, Exact, Measurement
from lemmata.verify.settings import PROFILES, Profile, Settings
from lemmata.verify.verdict import Outcome

VERIFIED, REFUTED, INCONCLUSIVE, ERROR = Outcome
SETTINGS = Settings()
x, y, u, area = sp.symbols("x y u A", positive=True)

domain = Domain(
    x=Interval(0.3, 50), y=Log(0.013, 77.0), k=Integers(1, 9),
    where=(Condition("x > y", lambda p: p.x > p.y),),
)  # fmt: skip
line = Domain(x=Interval(1, 2))
twice = exactly(lambda p: 2 * p.x)


def product(p):
    return p.x * p.y * p.k


def settings(**more):
    return Settings(profile=Profile("test", points=12, effort=1.0), **more)


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


# --- second looks --------------------------------------------------------------------------------


def test_what_disagrees_at_a_first_look_only_is_not_refuted():
    def flaky(p, accuracy):
        return Measurement(p.x + (1 if accuracy.effort == 1 and p.x > 1.9 else 0), bias=1e-6)

    verdict = decide(claimed(flaky, x, line), settings())
    assert verdict.outcome is INCONCLUSIVE
    assert verdict.reason == "a point disagreed, but not when it was measured anew"
    assert verdict.settles == "a more accurate measurement of that point"


def test_a_counterexample_that_does_not_shrink_is_still_one():
    def wrong_at_the_end(p, accuracy):
        shift = 1.0 if p.x > 1.999 else 0.0
        return Measurement(p.x + shift, bias=1e-6)

    verdict = decide(claimed(wrong_at_the_end, x, line), settings())
    assert verdict.outcome is REFUTED
    assert verdict.worst.at == {"x": 2.0}


def test_a_shrunk_point_that_fails_the_second_look_gives_way_to_the_first_one():
    def flaky_at_one(p, accuracy):
        shift = 0.0 if p.x == 1 and accuracy.effort > 1 else 1.0
        return Measurement(p.x * (1 + p.x * shift), bias=1e-6)

    verdict = decide(claimed(flaky_at_one, x, line), settings())
    assert verdict.outcome is REFUTED
    assert verdict.worst.at["x"] != 1


def test_a_flaky_worst_point_does_not_hide_one_that_disagrees_for_good():
    def flaky_and_wrong(p, accuracy):
        flaky = 5.0 if accuracy.effort == 1 and p.x == 2 else 0.0
        wrong = 0.5 if p.x < 1.5 else 0.0
        return Measurement(p.x + flaky + wrong, bias=1e-6)

    verdict = decide(claimed(flaky_and_wrong, x, line), settings())
    assert verdict.outcome is REFUTED
    assert verdict.worst.at["x"] < 1.5


# --- several methods -----------------------------------------------------------------------------


def test_two_methods_that_agree_are_both_evidence():
    claim = claimed(exactly(lambda p: p.x), x, line).also("otherwise")(exactly(lambda p: p.x))
    verdict = decide(claim, settings())
    assert verdict.outcome is VERIFIED
    assert verdict.evidence == ("measured 2 ways",)
    assert verdict.points == {"agrees": 24}


@pytest.mark.parametrize("wrong", ["first", "second"])
def test_methods_that_contradict_each_other_leave_a_claim_open(wrong):
    measures = [exactly(lambda p: p.x), exactly(lambda p: 2 * p.x)]
    first, second = measures if wrong == "second" else measures[::-1]
    verdict = decide(claimed(first, x, line, method="first").also("second")(second), settings())
    assert verdict.outcome is INCONCLUSIVE
    other = "second" if wrong == "first" else "first"
    assert verdict.reason.startswith("the methods contradict each other: first: ")
    assert f"{wrong}: refuted" in verdict.reason
    assert f"{other}: verified" in verdict.reason
    assert verdict.settles == "find the method that is wrong"
    assert verdict.worst.method == wrong


def test_methods_that_both_refute_refute():
    claim = claimed(exactly(lambda p: 2 * p.x), x, line).also("otherwise")(twice)
    assert decide(claim, settings()).outcome is REFUTED


def test_an_open_method_leaves_a_claim_open():
    vague = exactly(lambda p: p.x, bias=1.0)
    claim = claimed(exactly(lambda p: p.x), x, line).also("vaguely")(vague)
    verdict = decide(claim, settings())
    assert verdict.outcome is INCONCLUSIVE
    assert verdict.worst.method == "vaguely"


# --- derivations ---------------------------------------------------------------------------------


def derived(*steps):
    return Derivation(area, x**2, steps)


TRUE = Step("by parts", sp.Integral(2 * u, (u, 0, x)), x**2)
FALSE = Step("a slip of the pen", sp.Derivative(x**3, x), 2 * x**2)
GAP = Step("a corner that points miss", x**2 + 1, 2 * x - sp.exp(-1000 * x), ">")


def square(p):
    return p.x**2


def test_a_derivation_that_replays_is_evidence():
    verdict = decide(claimed(exactly(square), derived(TRUE), line), settings())
    assert verdict.outcome is VERIFIED
    assert verdict.evidence == ("derived", "measured")
    assert verdict.derivation == derived(TRUE).replays()


def test_a_false_step_never_verifies():
    verdict = decide(claimed(exactly(square), derived(FALSE, TRUE), line), settings())
    assert verdict.outcome is INCONCLUSIVE
    assert verdict.reason.startswith("a step of the derivation is false: a slip of the pen (at x =")
    assert verdict.settles == "mend the derivation"
    assert verdict.evidence == ("measured",)
    assert "1 false" in verdict.derivation


def test_a_false_step_does_not_shield_a_wrong_formula():
    verdict = decide(claimed(exactly(lambda p: p.x), derived(FALSE, TRUE), line), settings())
    assert verdict.outcome is REFUTED


def test_a_gap_loses_the_derivation_as_evidence_and_nothing_else():
    derivation = derived(GAP, TRUE)
    assert len(derivation.gaps()) == 1
    assert not derivation.falsehoods()
    verdict = decide(claimed(exactly(square), derivation, line), settings())
    assert verdict.outcome is VERIFIED
    assert verdict.evidence == ("measured",)
    assert "1 gap" in verdict.derivation


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


# --- rules of other kinds ------------------------------------------------------------------------


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


def test_open_points_are_not_looked_at_again_where_another_one_disagrees():
    looks = []

    def measured(p, accuracy):
        looks.append((p.x, accuracy.common))
        return Measurement(p.x, bias=10.0 if p.x == 1 else 0.0)

    grid = Domain(x=Values(1, 2, 3))
    wrong = decide(claimed(measured, 2 * x, grid), settings())
    assert wrong.outcome is REFUTED
    assert sum(where == 1 for where, _ in looks) <= 2  # screened, and tried as a simpler one
    assert {common[1] for _, common in looks} == {0, 3}  # no second look

    looks.clear()
    assert decide(claimed(measured, x, grid), settings()).outcome is INCONCLUSIVE
    assert (1, (settings().seed, 1)) in looks


def test_a_refutation_that_is_expected_is_as_expected():
    claim = claimed(twice, x, line, expected="refuted", cause="for the test")
    assert decide(claim, settings()).as_expected
    crashing = claimed(lambda p, a: 1 / 0, x, line, expected="refuted", cause="for the test")
    assert not decide(crashing, settings()).as_expected


def test_a_margin_relative_to_nothing_is_decided():
    compare = Equal(absolute=1e-6, because=WHY)
    assert decide(claimed(exactly(lambda p: 0.0), 0, compare=compare), SETTINGS).outcome is VERIFIED
    off = exactly(lambda p: 1e-5)
    assert decide(claimed(off, 0, compare=compare), SETTINGS).outcome is REFUTED


# --- what was found to go wrong, and must not again -----------------------------------------------


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


def test_a_derivation_that_assumes_what_the_domain_breaks_is_no_evidence():
    small = sp.Symbol("x", positive=True)
    step = Step("as x < 1", sp.sqrt((1 - small) ** 2), 1 - small)
    derivation = Derivation(sp.Symbol("q"), 1 - small, (step,), where=(small < 1,))
    claim = claimed(exactly(lambda p: 1 - p.x), lambda: derivation, Domain(x=Interval(2, 50)))
    verdict = decide(claim, settings())
    assert "derived" not in verdict.evidence
    assert "but it assumes x < 1, which fails at Point(x=" in verdict.derivation


@pytest.mark.parametrize(("bias", "effort"), [(0.0, 1.0), (4.0, 4.0)], ids=["first", "second"])
def test_a_confirmation_knows_the_effort_that_showed_what_it_is_to_confirm(bias, effort):
    looks = []

    def measured(p, accuracy):
        looks.append(accuracy)
        return Measurement(p.x, bias=bias / accuracy.effort**2)

    verdict = decide(claimed(measured, 2 * x, Domain(x=Values(1))), settings())
    assert verdict.outcome is REFUTED
    *before, confirming = looks
    assert (confirming.found, confirming.effort) == (effort, 4.0)
    assert not any(look.found for look in before)
