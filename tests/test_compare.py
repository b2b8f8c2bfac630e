"""Decision rules: an interval against an interval, and nothing else."""

import math
from fractions import Fraction

import numpy as np
import pytest
import sympy as sp
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy.stats import binom, norm
from scipy.stats import t as student
from tests.helpers import WHY

from lemmata.verify.compare.base import Agreement, Estimate, Judgement
from lemmata.verify.compare.bound import Bound
from lemmata.verify.compare.equal import Equal
from lemmata.verify.compare.frequency import Frequency, Reported
from lemmata.verify.compare.identity import Identity
from lemmata.verify.compare.quantiles import clopper_pearson, two_sided
from lemmata.verify.compare.sign import Sign
from lemmata.verify.compare.threshold import Threshold
from lemmata.verify.measurement import Count, Exact, Measurement, Series

AGREES, DISAGREES, UNRESOLVED = Agreement.AGREES, Agreement.DISAGREES, Agreement.UNRESOLVED
ALPHA = 1e-3
numbers = st.floats(-1e3, 1e3)
sizes = st.floats(1e-6, 1e3)

equal = Equal(absolute=0.1, because=WHY)
below = Bound(side="at most", absolute=0.1, because=WHY)
above = Bound(side="at least", absolute=0.1, because=WHY)
sign = Sign(because=WHY)
frequency = Frequency(absolute=0.05, because=WHY)
identity = Identity()


def judge(rule, predicted, measured, alpha=ALPHA):
    return rule.judge(predicted, rule.estimate(measured, alpha))


# --- the rule of all rules -----------------------------------------------------------------------


@given(numbers, numbers, sizes, sizes, st.floats(0, 0.5))
def test_agreement_is_exactly_what_the_design_says(p, m, e, absolute, relative):
    margin = absolute + relative * abs(p)
    gap = abs(p - m)
    # The arithmetic of floats may differ in the last digit at an edge.
    assume(abs(gap + e - margin) > 1e-9 and abs(gap - e - margin) > 1e-9)
    rule = Equal(absolute=absolute, relative=relative, because=WHY)
    found = judge(rule, p, Measurement(m, bias=e))
    if gap + e <= margin:
        assert found.agreement is AGREES
    elif gap - e > margin:
        assert found.agreement is DISAGREES
    else:
        assert found.agreement is UNRESOLVED
    assert found.margin == pytest.approx(margin, rel=1e-6, abs=1e-9)
    assert found.difference == m - p


@given(numbers, sizes, sizes, st.floats(1, 1e6), st.floats(1e-9, 0.5))
def test_statistics_and_bias_add_up_to_the_half_width(m, stderr, bias, dof, alpha):
    estimate = equal.estimate(Measurement(m, stderr, bias, dof=dof), alpha)
    assert estimate.half_width == pytest.approx(
        bias + student.isf(alpha / 2, dof) * stderr, rel=1e-6
    )
    assert estimate.bias == bias
    assert two_sided(alpha) == pytest.approx(norm.isf(alpha / 2))


@given(st.lists(st.tuples(numbers, sizes), min_size=2, max_size=8))
def test_the_worst_point_disagrees_most_then_is_least_resolved(points):
    found = [judge(equal, 0.0, Measurement(m, bias=e)) for m, e in points]
    worst = max(found, key=lambda j: j.badness)
    rank = [AGREES, UNRESOLVED, DISAGREES]
    assert rank.index(worst.agreement) == max(rank.index(j.agreement) for j in found)
    for other in found:
        if other.agreement is worst.agreement:
            reach = abs(worst.estimate.value) + worst.estimate.half_width
            assert reach >= abs(other.estimate.value) + other.estimate.half_width - 1e-9


def test_a_point_without_a_number_is_the_worst_of_the_unresolved_ones():
    lost = judge(equal, 0.0, Measurement(math.nan))
    wide = judge(equal, 0.0, Measurement(0.0, bias=1e200))
    wrong = judge(equal, 0.0, Measurement(1.0))
    assert wide.badness < lost.badness < wrong.badness


def test_an_agreement_that_has_no_size_hides_no_disagreement():
    nowhere = Judgement(math.nan, Estimate.failed("lost"), (math.nan, math.nan), AGREES)
    wrong = judge(equal, 0.0, Measurement(1.0))
    assert max([nowhere, wrong], key=lambda j: j.badness) is wrong
    assert max([wrong, nowhere], key=lambda j: j.badness) is wrong


# --- measurements that are none ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("measured", "reason"),
    [
        (Measurement(math.nan), "the measured value is nan"),
        (Measurement(math.inf, note="overflow"), r"the measured value is inf \(overflow\)"),
        (Measurement(1.0, bias=math.inf), "the measurement has no finite error bound"),
        (Measurement(1.0, stderr=math.inf), "the measurement has no finite error bound"),
        (Measurement(1.0, stderr=-0.1), r"its error bounds are stderr=-0\.1"),
        (Measurement(1.0, bias=-1e-9), r"bias=-1e-09"),
        (Measurement(1.0, bias=math.nan), "bias=nan"),
        (Measurement(1.0, stderr=math.nan), "stderr=nan"),
        (Measurement(1.0, stderr=0.1, dof=0.0), "0 degrees of freedom, too few"),
        (Measurement(1.0, stderr=0.1, dof=math.nan), "nan degrees of freedom, too few"),
        (Measurement(1.0, converged=False), "the measurement did not converge$"),
        (Measurement(1.0, converged=False, note="stuck"), r"did not converge \(stuck\)"),
        (Measurement(1.0, converged=np.bool_(False)), "the measurement did not converge"),
    ],
)
@pytest.mark.parametrize("rule", [equal, below, above, sign], ids=lambda rule: rule.kind)
def test_what_went_wrong_is_unresolved_and_said(rule, measured, reason):
    found = judge(rule, 1.0, measured)
    assert found.agreement is UNRESOLVED
    with pytest.raises(AssertionError, match=reason):
        raise AssertionError(found.reason)


@pytest.mark.parametrize("predicted", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("rule", [equal, below, above, sign, frequency], ids=lambda r: r.kind)
def test_a_prediction_that_is_no_number_is_unresolved(rule, predicted):
    measured = Count(1, 2) if rule is frequency else Measurement(1.0)
    found = judge(rule, predicted, measured)
    assert found.agreement is UNRESOLVED
    assert found.reason == f"the predicted value is {predicted}"
    assert found.settles == "a domain on which the formula is finite"


@pytest.mark.parametrize(
    ("rule", "measured", "message"),
    [
        (equal, Count(1, 2), "Equal decides a Measurement, but the measurement returned a Count"),
        (frequency, Measurement(0.5), "Frequency decides a Count, but .* returned a Measurement"),
        (identity, Measurement(0.5), "Identity decides a Exact, but .* returned a Measurement"),
        (sign, Series([1], [1]), "Sign decides a Measurement, but .* returned a Series"),
    ],
)
def test_a_measurement_of_another_kind_is_refused(rule, measured, message):
    with pytest.raises(TypeError, match=message):
        rule.estimate(measured, ALPHA)


def test_a_bound_wider_than_the_margin_is_said():
    found = judge(equal, 0.0, Measurement(0.01, bias=0.2))
    assert found.reason == "the error bound ±0.2 is wider than the margin ±0.1"
    assert found.settles == "a numerical error bound below 0.09 (now 0.2)"


def test_a_bound_over_an_edge_is_said():
    found = judge(equal, 0.0, Measurement(0.08, bias=0.05))
    assert found.reason == "the error bound ±0.05 reaches over an edge of the margin, 0.02 away"


@given(st.floats(-0.09, 0.09), st.floats(0.05, 5))
def test_the_draws_asked_for_fit_the_interval_in_if_the_prediction_is_right(value, stderr):
    found = judge(equal, 0.0, Measurement(value, stderr))
    assume(found.agreement is UNRESOLVED)
    factor = float(found.settles.removeprefix("about ").removesuffix(" times the draws"))
    shrunk = math.sqrt(1.06 * factor)
    finer = Measurement(value / shrunk, stderr / shrunk)
    assert judge(equal, 0.0, finer).agreement is AGREES


@given(st.floats(0.03, 0.09), st.floats(1.01, 3))
def test_the_draws_asked_for_fit_a_real_difference_in(value, share):
    """The prediction is excluded and the edge is not: the difference will not shrink away."""
    half = min(value / 1.01, (0.1 - value) * share)
    assume(half > 0.1 - value)
    found = judge(equal, 0.0, Measurement(value, half / two_sided(ALPHA)))
    factor = float(found.settles.removeprefix("about ").removesuffix(" times the draws"))
    finer = Measurement(value, half / two_sided(ALPHA) / math.sqrt(1.06 * factor))
    assert judge(equal, 0.0, finer).agreement is AGREES


@given(st.integers(1, 40))
def test_no_event_in_few_runs_asks_for_more_runs(n):
    found = judge(Reported(trials=100, because=WHY), 0.0, Count(0, n))
    assert found.agreement is UNRESOLVED
    assert found.settles.endswith("times the draws")


# --- bound ---------------------------------------------------------------------------------------


@given(numbers, numbers, sizes)
def test_a_bound_is_one_sided(p, m, e):
    assume(min(abs(m + e - p - 0.1), abs(m - e - p - 0.1)) > 1e-9)
    found = judge(below, p, Measurement(m, bias=e))
    if m + e <= p + 0.1:
        assert found.agreement is AGREES
    elif m - e > p + 0.1:
        assert found.agreement is DISAGREES
    else:
        assert found.agreement is UNRESOLVED
    assert judge(above, -p, Measurement(-m, bias=e)).agreement is found.agreement
    assert found.margin == pytest.approx(0.1, abs=1e-6)


def test_a_bound_tells_its_slack():
    found = [judge(below, 1.0, Measurement(m)) for m in (-3.0, 0.75)]
    assert below.remark(found) == "least slack 0.25"


# --- sign ----------------------------------------------------------------------------------------


@given(st.floats(0.01, 1e3), st.floats(1e-6, 1e3), st.floats(1, 10), st.sampled_from([-1, 1]))
def test_a_sign_needs_some_half_widths_from_zero(m, e, clear, predicted):
    assume(abs(m - clear * e) > 1e-9)
    rule = Sign(clear=clear, because=WHY)
    found = judge(rule, 7.0 * predicted, Measurement(m, bias=e))
    if m < clear * e:
        assert found.agreement is UNRESOLVED
    else:
        assert found.agreement is (AGREES if predicted > 0 else DISAGREES)


def test_a_sign_of_zero_is_met_by_zero_alone():
    assert judge(sign, 0.0, Measurement(0.0)).agreement is AGREES
    assert judge(sign, 0.0, Measurement(1e-9)).agreement is DISAGREES
    assert judge(sign, 1.0, Measurement(0.0)).agreement is DISAGREES
    assert judge(sign, 0.0, Measurement(0.0, bias=1e-9)).agreement is UNRESOLVED


def test_a_sign_tells_its_distance_from_zero():
    found = [judge(sign, 1.0, Measurement(m, bias=0.1)) for m in (2.0, 0.5)]
    assert sign.remark(found) == "at least 5 half-widths from zero"
    assert sign.remark([judge(sign, 1.0, Measurement(2.0))]) == ""


# --- threshold -----------------------------------------------------------------------------------


def test_a_threshold_is_decided_by_its_bracket():
    rule = Threshold(relative=0.01, because=WHY)
    assert judge(rule, 1.0, Measurement.bracket(0.995, 1.005)).agreement is AGREES
    assert judge(rule, 1.0, Measurement.bracket(0.98, 1.02)).agreement is UNRESOLVED
    assert judge(rule, 1.0, Measurement.bracket(1.02, 1.03)).agreement is DISAGREES


def test_a_threshold_without_a_bracket_is_no_measurement():
    found = judge(Threshold(relative=0.01, because=WHY), 1.0, Measurement(1.0))
    assert found.agreement is UNRESOLVED
    assert found.reason == "a threshold was measured without a bracket"
    assert "Measurement.bracket(lo, hi)" in found.settles


# --- frequency -----------------------------------------------------------------------------------


@pytest.mark.parametrize("alpha", [0.05, 1e-3, 1e-6])
@pytest.mark.parametrize("n", [1, 2, 7, 30, 100])
def test_an_interval_for_a_count_covers_at_least_as_often_as_it_says(n, alpha):
    low, high = np.transpose([clopper_pearson(k, n, alpha) for k in range(n + 1)])
    assert np.all(low <= np.arange(n + 1) / n)
    assert np.all(np.arange(n + 1) / n <= high)
    for p in [*np.linspace(0, 1, 41), 1e-4, *np.nextafter(low, 2), *np.nextafter(high, -1)]:
        misses = binom.pmf(np.arange(n + 1), n, p)[(p < low) | (high < p)].sum()
        assert misses <= alpha * (1 + 1e-6)


@given(st.integers(0, 500), st.integers(1, 500), st.floats(0, 1))
def test_a_frequency_is_decided_by_its_exact_interval(k, n, p):
    assume(k <= n)
    low, high = clopper_pearson(k, n, ALPHA)
    found = judge(frequency, p, Count(k, n))
    assert (found.estimate.low, found.estimate.high) == (low, high)
    if p - 0.05 <= low and high <= p + 0.05:
        assert found.agreement is AGREES
    elif high < p - 0.05 or p + 0.05 < low:
        assert found.agreement is DISAGREES
    else:
        assert found.agreement is UNRESOLVED


@pytest.mark.parametrize(
    ("count", "reason"),
    [
        (Count(0, 0), "0 trials say nothing"),
        (Count(3, 2), "3 successes of 2 trials is no count"),
        (Count(-1, 2), "-1 successes of 2 trials is no count"),
        (Count(0.5, 2), r"0.5 of 2 is no count"),
    ],
)
def test_an_impossible_count_is_unresolved(count, reason):
    found = judge(frequency, 0.5, count)
    assert (found.agreement, found.reason) == (UNRESOLVED, reason)


# --- reported ------------------------------------------------------------------------------------


@given(st.integers(0, 100))
def test_many_runs_that_equal_the_reported_share_agree(k):
    rule = Reported(trials=100, because=WHY)
    assert judge(rule, k / 100, Count(1000 * k, 100_000)).agreement is AGREES


@given(st.integers(0, 100), st.integers(0, 100))
def test_many_runs_disagree_exactly_outside_what_the_report_leaves_possible(theirs, ours):
    rule = Reported(trials=100, because=WHY)
    low, high = clopper_pearson(theirs, 100, 1e-3)
    assume(min(abs(ours / 100 - low), abs(ours / 100 - high)) > 0.01)
    agreement = judge(rule, theirs / 100, Count(1000 * ours, 100_000)).agreement
    assert agreement is (AGREES if low < ours / 100 < high else DISAGREES)


@given(st.integers(30, 70), st.integers(1, 20))
def test_few_runs_do_not_settle_a_report(theirs, n):
    found = judge(Reported(trials=100, because=WHY), theirs / 100, Count(n // 2, n))
    assert found.agreement is UNRESOLVED


def test_no_run_agrees_with_a_share_that_is_no_probability():
    rule = Reported(trials=100, because=WHY)
    assert judge(rule, 1.2, Count(100, 100)).agreement is DISAGREES
    assert judge(rule, -0.2, Count(0, 100)).agreement is DISAGREES


# --- identity ------------------------------------------------------------------------------------

fractions = st.fractions(-50, 50, max_denominator=50)


@given(fractions, fractions)
def test_true_identities_agree(a, b):
    a, b = sp.Rational(a), sp.Rational(b)
    assert judge(identity, (a + b) ** 2, Exact(a**2 + 2 * a * b + b**2)).agreement is AGREES
    right = sp.sin(a) * sp.cos(b) + sp.cos(a) * sp.sin(b)
    assert judge(identity, sp.sin(a + b), Exact(right)).agreement is AGREES


@given(fractions, fractions, st.integers(1, 1000))
def test_an_identity_with_a_changed_coefficient_disagrees(a, b, n):
    assume(a * b != 0)
    a, b = sp.Rational(a), sp.Rational(b)
    wrong = a**2 + (2 + sp.Rational(1, 10**n)) * a * b + b**2
    assert judge(identity, (a + b) ** 2, Exact(wrong)).agreement is DISAGREES
    assert (
        judge(identity, sp.exp(a), Exact(sp.exp(a) * (1 + sp.Rational(1, n)))).agreement
        is DISAGREES
    )


@pytest.mark.parametrize("value", [sp.Symbol("x"), sp.nan, sp.zoo, sp.I])
def test_an_exact_value_that_is_no_real_number_is_unresolved(value):
    found = judge(identity, sp.exp(1), Exact(value))
    assert (found.agreement, found.reason) == (UNRESOLVED, "the measured value is nan")


@pytest.mark.parametrize("power", [26, 35, 44])
def test_an_identity_that_sixty_digits_do_not_decide_is_unresolved(power):
    found = judge(identity, sp.exp(1), Exact(sp.exp(1) * (1 + sp.Rational(1, 10**power))))
    assert found.agreement is UNRESOLVED
    assert "60 digits do not tell" in found.reason
    assert found.settles == "values that SymPy can evaluate exactly"


def test_an_identity_of_tiny_numbers_is_decided():
    assert judge(identity, sp.exp(-1000), Exact(2 * sp.exp(-1000))).agreement is DISAGREES
    assert judge(identity, sp.exp(-1000), Exact(sp.exp(-999) / sp.E)).agreement is AGREES


@pytest.mark.parametrize("factor", [1, sp.pi, sp.exp(-1000)])
def test_a_zero_that_sympy_does_not_see_equals_zero(factor):
    zero = factor * (sp.sqrt(2) + sp.sqrt(3) - sp.sqrt(5 + 2 * sp.sqrt(6)))
    assert zero != 0
    assert judge(identity, sp.Integer(0), Exact(zero)).agreement is AGREES
    assert judge(identity, zero, Exact(factor / 10**20)).agreement is DISAGREES


@pytest.mark.parametrize("value", [2, Fraction(2), sp.Integer(2), sp.sqrt(4)])
def test_exact_values_of_any_kind_are_taken(value):
    assert judge(identity, sp.Integer(2), Exact(value)).agreement is AGREES
    assert judge(identity, sp.Integer(3), Exact(value)).agreement is DISAGREES


def test_an_identity_that_was_not_measured_says_why():
    found = judge(identity, sp.Integer(2), Exact(2, converged=False))
    assert (found.agreement, found.reason) == (UNRESOLVED, "the measurement did not converge")


def test_a_judgement_says_what_it_compared():
    found = judge(equal, 1.0, Measurement(1.05))
    assert found == Judgement(1.0, Estimate(1.05, 1.05, 1.05), (0.9, 1.1), AGREES)
