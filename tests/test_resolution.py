"""Resolution: what a verdict says it would have caught, it catches."""

import pytest
import sympy as sp
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.helpers import WHY, claimed, exactly, noisily

from lemmata.verify.compare.base import Agreement
from lemmata.verify.compare.bound import Bound
from lemmata.verify.compare.equal import Equal
from lemmata.verify.compare.frequency import Frequency, Reported
from lemmata.verify.compare.identity import Identity
from lemmata.verify.compare.sign import Sign
from lemmata.verify.decide import decide
from lemmata.verify.domain import Domain, Point
from lemmata.verify.interval import Interval
from lemmata.verify.measurement import Count, Exact, Measurement
from lemmata.verify.prediction import Prediction
from lemmata.verify.resolution import Stored, resolution
from lemmata.verify.settings import Settings
from lemmata.verify.verdict import Outcome

x, y = sp.symbols("x y", positive=True)
domain = Domain(x=Interval(1, 2), y=Interval(1, 3))
nested = settings(max_examples=6, suppress_health_check=[HealthCheck.nested_given])
seeds = st.integers(0, 10**6)


def outcome(measure, predicted, compare, seed=0, points=12):
    made = claimed(measure, predicted, domain, compare=compare, points=points)
    return decide(made, Settings(seed=seed))


def product(p):
    return p.x * p.y


@nested
@given(st.floats(1e-6, 0.05), st.floats(0, 0.4), seeds)
def test_the_smallest_error_is_the_one_that_an_experiment_finds(margin, share, seed):
    """Without chance, decided anew: what is said to be refuted is, and what is not is not."""
    measure = exactly(product, bias=share * margin)
    compare = Equal(relative=margin, because=WHY)
    found = outcome(measure, product, compare, seed)
    assert found.outcome is Outcome.VERIFIED
    assert found.resolution.error == "relative"
    for sign, delta in ((1, found.resolution.over), (-1, found.resolution.under)):
        for factor, expected in ((1.1, Outcome.REFUTED), (0.9, not Outcome.REFUTED)):
            scaled = lambda p, by=1 + sign * factor * delta: by * product(p)
            again = outcome(measure, scaled, compare, seed)
            assert (again.outcome is Outcome.REFUTED) is (expected is Outcome.REFUTED)


@nested
@given(st.floats(1e-3, 0.05), st.floats(0.01, 0.1), seeds)
def test_with_noise_the_smallest_error_is_refuted_on_the_same_draws(margin, sigma, seed):
    """By draws: the first look finds the error that it is said to find, and none much smaller."""
    from lemmata.verify.compare.base import Estimate

    compare = Equal(relative=margin, because=WHY)
    points = domain.sample(6, seed=seed)
    measure = noisily(product, sigma * margin, 400)
    made = claimed(measure, product, domain, compare=compare)
    from lemmata.verify.measure import SCREEN, Gauge

    gauge = Gauge(made, made.methods[0], seed, 1.0)
    estimates: list[list[Estimate]] = [
        [compare.estimate(m, 1e-4)] for m in gauge.measure(points, SCREEN)
    ]
    stored = Stored(compare, points, estimates)
    found = resolution(Prediction(function=product), stored, [])
    right = [product(p) for p in points]
    assert {j.agreement for j in stored.judgements(right)} == {Agreement.AGREES}
    for sign, delta in ((1, found.over), (-1, found.under)):
        assert stored.refutes([p * (1 + sign * 1.02 * delta) for p in right])
        assert not stored.refutes([p * (1 + sign * 0.98 * delta) for p in right])


@pytest.mark.parametrize("seed", range(5))
def test_an_error_a_little_above_the_smallest_is_refuted_with_noise_too(seed):
    measure = noisily(product, 0.01, 1000)
    compare = Equal(relative=0.01, because=WHY)
    found = outcome(measure, x * y, compare, seed)
    assert found.outcome is Outcome.VERIFIED
    over, under = found.resolution.over, found.resolution.under
    assert outcome(measure, x * y * (1 + 1.3 * over), compare, seed).outcome is Outcome.REFUTED
    assert outcome(measure, x * y * (1 - 1.3 * under), compare, seed).outcome is Outcome.REFUTED


def test_no_numerics_run_for_the_resolution():
    measure = exactly(product)
    found = outcome(measure, x * y, Equal(relative=1e-3, because=WHY))
    assert found.resolution.mutants > 5
    assert len(measure.looks) == 12


def test_all_mutants_of_a_sharp_claim_are_refuted():
    found = outcome(exactly(product), x * y, Equal(relative=1e-3, because=WHY)).resolution
    assert found.killed == found.mutants > 5
    assert found.survivors == ()
    assert found.poor is None
    assert 0.8e-3 < found.under < 1.2e-3
    assert 0.8e-3 < found.over < 1.2e-3


def test_survivors_are_named_with_their_formula():
    formula = x * y + sp.Rational(1, 10**6) * x**2
    measure = exactly(lambda p: p.x * p.y + 1e-6 * p.x**2)
    found = outcome(measure, formula, Equal(relative=1e-2, because=WHY)).resolution
    assert 0 < found.killed < found.mutants
    assert "term x**2/1000000 left out: x*y" in found.survivors
    assert len(found.survivors) == found.mutants - found.killed
    assert "wrong formulas pass" in found.poor


def test_mutants_equal_to_the_formula_on_the_domain_are_set_apart():
    measure = exactly(lambda p: p.x)
    claim = claimed(measure, sp.Max(x, 1), domain, compare=Equal(relative=1e-3, because=WHY))
    found = decide(claim, Settings()).resolution
    assert "Max left out" not in " ".join(found.survivors)
    assert any(name.endswith(": Max(1/2, x)") for name in found.equivalent)
    assert not set(found.equivalent) & set(found.survivors)


def test_symmetric_formulas_are_not_mutants_of_themselves():
    formula = sp.sin(x) * y + sp.sin(y) * x
    swapped = formula.subs({x: y, y: x}, simultaneous=True)
    assert swapped == formula
    measure = exactly(lambda p: float(sp.sin(p.x) * p.y + sp.sin(p.y) * p.x))
    found = outcome(measure, formula, Equal(relative=1e-6, because=WHY)).resolution
    assert found.killed == found.mutants


def test_a_mutant_that_differs_only_off_the_sampled_points_is_not_called_equivalent():
    stored = Stored(
        Equal(relative=0.1, because=WHY), [Point({"x": 1.0})],
        [[Equal(relative=0.1, because=WHY).estimate(Measurement(1.0), 1e-3)]],
    )  # fmt: skip
    here = resolution(Prediction(x**2), stored, [])
    elsewhere = resolution(Prediction(x**2), stored, [Point({"x": 2.0})])
    assert any(name.endswith(": x") for name in here.equivalent)
    assert any(name.endswith(": x") for name in elsewhere.survivors)


def test_a_mutant_without_a_real_value_is_refuted_without_a_measurement():
    huge = Equal(absolute=1e9, because=WHY)
    root = sp.sqrt(x - sp.Rational(1, 2))
    found = outcome(exactly(lambda p: (p.x - 0.5) ** 0.5), root, huge).resolution
    assert 0 < found.killed < found.mutants  # without its first term it is not real
    assert found.poor is not None


@pytest.mark.parametrize(
    ("compare", "words"),
    [
        (Equal(relative=0.3, because=WHY), "a relative error up to 0.4.* passes"),
        (Equal(absolute=1e3, because=WHY), "large errors pass"),
        (Bound(side="at most", relative=0.01, because=WHY), None),
    ],
)
def test_a_wide_margin_is_poor(compare, words):
    found = outcome(exactly(product), x * y, compare).resolution
    if words is None:
        assert found.poor is None
    else:
        with pytest.raises(AssertionError, match=words):
            raise AssertionError(found.poor)


def test_a_bound_with_huge_slack_has_no_resolution():
    bound = Bound(side="at most", absolute=1e-6, because=WHY)
    found = outcome(exactly(lambda p: -100.0), x * y, bound).resolution
    assert (found.over, found.under) == (None, None)
    assert "no data come near it" in found.poor
    assert found.remark.startswith("least slack 101")


def test_a_bound_is_resolved_on_its_side_alone():
    bound = Bound(side="at least", relative=0.01, because=WHY)
    found = outcome(exactly(product), x * y, bound).resolution
    assert found.under is None
    assert found.over == pytest.approx(0.01, rel=0.05)


def test_weaker_bounds_are_not_counted_as_wrong():
    bound = Bound(side="at most", relative=0.01, because=WHY)
    found = outcome(exactly(product), x * y, bound).resolution
    assert "x squared: x**2*y" in found.equivalent  # for x is at least 1
    assert found.killed == found.mutants > 0
    assert found.poor is None


def test_a_prediction_of_zero_is_resolved_in_differences():
    found = outcome(exactly(lambda p: 0.0), 0, Equal(absolute=1e-6, because=WHY)).resolution
    assert found.error == "absolute"
    assert found.over == found.under == pytest.approx(1e-6, rel=0.02)


def count(p, accuracy):
    n = accuracy.draws(4000)
    return Count(int(accuracy.rng.binomial(n, 0.4)), n)


@pytest.mark.parametrize(
    "compare", [Frequency(absolute=0.05, because=WHY), Reported(trials=1000, because=WHY)],
    ids=["frequency", "reported"],
)  # fmt: skip
def test_a_frequency_is_resolved_in_probability(compare):
    verdict = decide(claimed(count, 0.4, compare=compare), Settings())
    assert verdict.outcome is Outcome.VERIFIED
    found = verdict.resolution
    assert found.error == "absolute"
    for delta, sign in ((found.over, 1), (found.under, -1)):
        assert 0.05 < delta < 0.15
        wrong = decide(claimed(count, 0.4 + sign * 1.2 * delta, compare=compare), Settings())
        assert wrong.outcome is Outcome.REFUTED


def test_a_sign_tells_mutants_of_another_sign():
    found = outcome(exactly(lambda p: 1.0, bias=0.1), x - y + 3, Sign(because=WHY)).resolution
    assert found.error == "none"
    assert (found.over, found.under) == (None, None)
    assert found.killed == found.mutants > 0
    assert "3 → 6: x - y + 6" in found.equivalent
    assert found.poor is None
    assert found.remark == "at least 10 half-widths from zero"


def test_what_is_no_number_has_no_sign():
    root = sp.sqrt(x - sp.Rational(1, 2))
    found = outcome(exactly(lambda p: -((p.x - 0.5) ** 0.5)), -root, Sign(because=WHY)).resolution
    assert found.killed == found.mutants > 2  # without x the root is imaginary
    assert not any("I" in name.split(": ")[1] for name in found.equivalent)


def test_an_identity_is_told_from_its_mutants():
    def expanded(p, accuracy):
        return Exact(p.x**2 + 2 * p.x * p.y + p.y**2)

    verdict = outcome(expanded, (x + y) ** 2, Identity())
    assert verdict.outcome is Outcome.VERIFIED
    assert verdict.resolution.error == "none"
    assert verdict.resolution.killed == verdict.resolution.mutants > 5


def test_a_refuted_claim_has_no_smallest_error():
    found = outcome(exactly(product), 2 * x * y, Equal(relative=1e-3, because=WHY)).resolution
    assert (found.over, found.under, found.poor) == (None, None, None)


def test_mutants_of_a_function_are_not_made():
    found = outcome(exactly(product), product, Equal(relative=1e-3, because=WHY)).resolution
    assert found.mutants == 0
    assert found.over is not None
