"""Claims of arXiv 2605.30392 up to the onset: verified, refuted when wrong, open on poor data."""

import dataclasses
from collections.abc import Iterator
from functools import cache

import jax.numpy as jnp
import numpy as np
import pytest
import sympy as sp

from lemmata.theory import replicator
from lemmata.verify import backend, hopf_measure
from lemmata.verify.accuracy import Accuracy
from lemmata.verify.claim import Claim, Method
from lemmata.verify.claims import (
    delayed_repression,
    delayed_repression_cycle,
    delayed_repression_roots,
)
from lemmata.verify.compare.rate import Rate
from lemmata.verify.decide import decide
from lemmata.verify.domain import stack
from lemmata.verify.loading import claims_in
from lemmata.verify.measurement import Measurement, Series
from lemmata.verify.prediction import Prediction
from lemmata.verify.settings import Settings
from lemmata.verify.verdict import Outcome, Verdict


@cache
def claims() -> dict[str, Claim]:
    """By name; in a function, for claims at the top of a test module are decided as tests."""
    return {claim.id.partition("/")[2]: claim for claim in claims_in(delayed_repression)}


NAMES = sorted(claims())
a, C, k, x_c = replicator.parameters


@pytest.fixture(scope="module", autouse=True)
def float64() -> Iterator[None]:
    with backend.precision():
        yield


@pytest.fixture(scope="module")
def remembered() -> dict[str, Claim]:
    """The claims with measurements that are taken once and shared by the tests of this module."""
    return {name: dataclasses.replace(claim, points=16) for name, claim in _remembering().items()}


def _remembering() -> dict[str, Claim]:
    return {
        name: dataclasses.replace(
            claim, methods=tuple(Method(m.name, _memo(m.measure), m.batched) for m in claim.methods)
        )
        for name, claim in claims().items()
    }


def _memo(measure):
    known = {}

    def remember(p, accuracy):
        key = (repr({n: p[n].tolist() for n in p}), accuracy.effort)
        if key not in known:
            known[key] = measure(p, accuracy)
        return known[key]

    return remember


def _decide(claim: Claim, predicted=None) -> Verdict:
    if predicted is not None:
        claim = dataclasses.replace(claim, predicted=predicted)
    return decide(claim, Settings(family=len(claims())))


def _statement(name: str) -> sp.Expr:
    return claims()[name].predicted().statement


def test_the_catalogue_has_the_four_claims():
    assert NAMES == [
        "critical-delay",
        "crossing-speed",
        "interior-equilibrium",
        "stable-without-delay",
    ]


@pytest.mark.parametrize("name", NAMES)
def test_the_claim_is_verified_derived_and_sharp(remembered, name):
    verdict = _decide(remembered[name])

    assert verdict.outcome is Outcome.VERIFIED, verdict
    assert verdict.evidence[0] == "derived"
    found = verdict.resolution
    assert found is not None
    assert found.poor is None
    assert found.over is not None
    assert found.under is not None
    assert max(found.over, found.under) < 5e-3
    assert found.survivors == ()
    assert found.killed == found.mutants > 30


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("factor", [sp.Rational(105, 100), sp.Rational(95, 100)])
def test_five_percent_more_or_less_is_refuted(remembered, name, factor):
    verdict = _decide(remembered[name], _statement(name) * factor)

    assert verdict.outcome is Outcome.REFUTED, verdict


WRONG = {
    "critical-delay": [
        sp.Rational(102, 100) * _statement("critical-delay"),  # pi/2 · 1.02
        _statement("critical-delay").subs(sp.pi, 3),
        _statement("critical-delay") * (1 - a / C),
        _statement("critical-delay") * a,
    ],
    "crossing-speed": [
        _statement("crossing-speed") * (1 + sp.pi**2 / 4),
        sp.sqrt(_statement("crossing-speed")),
    ],
    "interior-equilibrium": [x_c, x_c - sp.log(a / (C - a)) / k, x_c + sp.log(a / (C - a))],
    "stable-without-delay": [
        _statement("stable-without-delay") / k,
        _statement("stable-without-delay") / (1 - a / C),
    ],
}


@pytest.mark.parametrize(("name", "wrong"), [(n, w) for n in WRONG for w in WRONG[n]])
def test_a_wrong_formula_is_refuted_at_a_simple_point_inside_the_domain(remembered, name, wrong):
    verdict = _decide(remembered[name], wrong)

    assert verdict.outcome is Outcome.REFUTED, verdict
    assert verdict.worst is not None
    domain = claims()[name].domain
    assert domain.broken(domain.point(**verdict.worst.at)) is None
    # Shrunk: at least one parameter is a round number.
    assert any(float(f"{value:.1g}") == value for value in verdict.worst.at.values())


@pytest.mark.parametrize("name", ["critical-delay", "crossing-speed"])
def test_a_false_step_keeps_a_true_formula_from_being_verified(remembered, name):
    right = claims()[name].predicted()
    first = right.steps[0]
    false = dataclasses.replace(first, right=first.right * 2)
    derivation = dataclasses.replace(right, steps=(false, *right.steps[1:]))

    verdict = _decide(remembered[name], lambda: derivation)

    assert verdict.outcome is Outcome.INCONCLUSIVE
    assert "a step of the derivation is false" in str(verdict.reason)
    assert "derived" not in verdict.evidence


@pytest.mark.parametrize("name", NAMES)
def test_poor_data_leave_the_claim_open(remembered, name):
    claim = remembered[name]

    def coarsened(method: Method):
        def measure(p, accuracy: Accuracy):
            found = method.measure(p, accuracy)
            if isinstance(found, Measurement):  # an error bound of half the value
                return dataclasses.replace(found, bias=abs(found.value) / 2)
            return Series(found.x[:, :3], found.y[:, :3])  # three samples of a decay

        return measure

    methods = tuple(Method(m.name, coarsened(m), m.batched) for m in claim.methods)
    verdict = _decide(dataclasses.replace(claim, methods=methods))

    assert verdict.outcome is Outcome.INCONCLUSIVE, verdict
    assert verdict.reason


@pytest.fixture(scope="module")
def points():
    return claims()["critical-delay"].domain.sample(24, seed=3)


def _estimates(name: str, points, effort: float):
    claim = claims()[name]
    for method in claim.methods:
        found = method.measure(stack(points), Accuracy(effort)).split(len(points))
        yield [claim.compare.estimate(one, 1e-6) for one in found]


@pytest.mark.parametrize("name", NAMES)
def test_the_error_bounds_are_true(points, name):
    claim = claims()[name]
    right = Prediction(_statement(name)).at(points)
    for estimates in _estimates(name, points, 1.0):
        for value, estimate in zip(right, estimates, strict=True):
            assert estimate.problem is None
            slack = 1e-13 * abs(value)
            assert estimate.low - slack <= value <= estimate.high + slack, claim.id


# The other two are at the floor of round-off already, far below their margins.
@pytest.mark.parametrize("name", ["critical-delay", "crossing-speed"])
def test_more_effort_makes_the_bounds_tighter(points, name):
    efforts = (_estimates(name, points, effort) for effort in (1.0, 4.0))
    for first, second in zip(*efforts, strict=True):
        narrower = [b.half_width / a.half_width for a, b in zip(first, second, strict=True)]
        assert sorted(narrower)[len(narrower) // 2] < 0.75
        assert max(narrower) < 1.5


def test_several_equilibria_or_none_are_no_measurement(monkeypatch, points):
    monkeypatch.setattr(delayed_repression, "_at_rest", lambda x, args: jnp.sin(8 * x - 1))
    (method,) = claims()["interior-equilibrium"].methods
    several = method.measure(stack(points[:2]), Accuracy())
    assert not np.any(several.converged)
    assert several.note == ["3 zeros in (0, 1)"] * 2


def test_a_delay_that_never_destabilises_is_no_measurement():
    steepness = np.ones(2)
    never = hopf_measure.bracketed(
        lambda delay: (-np.ones(2), np.zeros(2)), steepness, relative=1e-4
    )
    assert not np.any(never.converged)
    assert "no certain change" in never.note[0]


def test_the_decay_is_measured_as_a_rate_and_not_as_a_number():
    assert isinstance(claims()["stable-without-delay"].compare, Rate)


def test_both_ways_of_measuring_the_critical_delay_agree_with_each_other(remembered):
    claim = remembered["critical-delay"]
    points = claim.domain.sample(16, seed=0)
    one, other = (m.measure(stack(points), Accuracy()) for m in claim.methods)

    assert len(claim.methods) == 2
    assert (abs(one.value - other.value) <= one.bias + other.bias).all()


# The roots at the critical delay, and where it is smallest.

WRONG_ROOTS = {
    "crossing-frequency": (
        lambda right: right * (1 - a / C),
        lambda right: right * sp.pi / 3,
        lambda right: right * sp.Rational(1001, 1000),
    ),
    "crossing-roots": (
        lambda right: 0 * right,  # another root on the axis
        lambda right: right / 2,
        lambda right: 2 / sp.pi * sp.re(sp.LambertW(-sp.pi / 2, 2), evaluate=False),
    ),
    "smallest-where-steepest": (
        lambda right: -right,  # largest where g is
        lambda right: right / 2,
        lambda right: right * sp.Rational(1001, 1000),
    ),
}


def few(name: str, **other) -> Claim:
    (claim,) = (c for c in claims_in(delayed_repression_roots) if c.id.endswith("/" + name))
    return dataclasses.replace(claim, points=4, **other)


@pytest.mark.parametrize("name", WRONG_ROOTS)
def test_a_claim_on_the_roots_is_verified_and_refuted_when_wrong(name):
    (method,) = few(name).methods
    claim = few(name, methods=(dataclasses.replace(method, measure=_memo(method.measure)),))
    verdict = _decide(claim)
    assert verdict.outcome is Outcome.VERIFIED, verdict
    proved = ("derived", "certified") if claim.certified else ("derived",)
    assert verdict.evidence[: len(proved)] == proved
    assert verdict.resolution is not None
    assert verdict.resolution.survivors == ()
    assert verdict.resolution.poor is None
    right = claim.predicted().statement
    for wrong in WRONG_ROOTS[name]:
        found = _decide(dataclasses.replace(claim, certified=None), wrong(right))
        assert found.outcome is Outcome.REFUTED, (wrong(right), found)


@pytest.mark.parametrize("name", WRONG_ROOTS)
def test_poor_data_leave_a_claim_on_the_roots_open(name):
    (method,) = few(name).methods

    def measure(p, accuracy: Accuracy):
        found = method.measure(p, accuracy)
        return dataclasses.replace(found, bias=abs(found.value) / 2)

    verdict = _decide(few(name, methods=(Method(method.name, measure, True),), certified=None))
    assert verdict.outcome is Outcome.INCONCLUSIVE, verdict


def test_a_measured_root_on_the_axis_contradicts_the_proof():
    def measure(p, accuracy: Accuracy):
        return Measurement(np.zeros(len(p.k)), bias=1e-9)

    claim = few("crossing-roots", methods=(Method("none", measure, True),))
    verdict = _decide(claim)
    assert verdict.outcome is Outcome.INCONCLUSIVE
    assert "whether the proof states what the claim says" in str(verdict.settles)


def test_the_proof_counts_the_roots_and_encloses_the_pair():
    proof = delayed_repression_roots.only_pair()
    assert proof.proved
    for part in (
        "at omega = 1, Delta = 1.5707963",
        "simple root",
        "no other root on the im",
        "Re > ",
    ):
        assert part in proof.statement


def test_a_double_pair_is_among_the_others():
    class Found:
        roots = np.array([2j, -2j, -1.0])
        multiplicities = np.array([2, 2, 1])
        errors = np.zeros(3)

    assert delayed_repression_roots._next(Found()) == (0.0, 0.0)


def test_roots_without_an_onset_are_no_measurement():
    late = Measurement(np.nan, bias=np.inf, converged=False, note="no certain change")
    found = delayed_repression_roots._between(0.0, -1.0, late, lambda spectrum: (1.0, 0.0))
    assert not found.converged
    assert found.note == "no certain change"


# The period with which the cycle is born.


@pytest.fixture(scope="module")
def born() -> Claim:
    claim = delayed_repression_cycle.cycle_period_at_onset
    (method,) = claim.methods
    shared = dataclasses.replace(method, measure=_memo(method.measure))
    return dataclasses.replace(claim, points=4, methods=(shared,))


def test_the_cycle_is_born_with_the_period_of_the_pair(born):
    verdict = _decide(born)
    assert verdict.outcome is Outcome.VERIFIED, verdict
    assert verdict.evidence[0] == "derived"
    assert verdict.resolution is not None
    assert max(verdict.resolution.over, verdict.resolution.under) < 1e-3
    assert verdict.resolution.survivors == ()


@pytest.mark.parametrize("factor", [sp.Rational(1001, 1000), 1 / (1 - a / C)])
def test_another_period_is_refuted(born, factor):
    verdict = _decide(born, born.predicted().statement * factor)
    assert verdict.outcome is Outcome.REFUTED, verdict


def test_a_poorly_carried_period_leaves_the_claim_open(born):
    (method,) = born.methods

    def measure(p, accuracy: Accuracy):
        found = method.measure(p, accuracy)
        return dataclasses.replace(found, bias=found.value / 2)

    poor = dataclasses.replace(method, measure=measure)
    assert _decide(dataclasses.replace(born, methods=(poor,))).outcome is Outcome.INCONCLUSIVE
