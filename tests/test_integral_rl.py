"""Integral reinforcement learning: its theory, rules of quadrature, policies and claims."""

import dataclasses
import itertools

import numpy as np
import pytest
import sympy as sp

from lemmata.solvers import policy_iteration as policies
from lemmata.solvers import quadrature_rules as rules
from lemmata.theory import integral_rl as theory
from lemmata.verify import policy_measure
from lemmata.verify.accuracy import Accuracy
from lemmata.verify.claim import Claim
from lemmata.verify.claims import integral_rl as claims
from lemmata.verify.decide import decide
from lemmata.verify.domain import Point
from lemmata.verify.settings import Profile, Settings
from lemmata.verify.verdict import Outcome

pytestmark = pytest.mark.heavy

RULES = ("left", "trapezoid", "simpson")
#: exact up to polynomials of this degree; order on a smooth function that is not periodic
EXACT = {"left": 0, "trapezoid": 1, "simpson": 3, "boole": 5}
ORDER = {"left": 1, "trapezoid": 2, "simpson": 4, "boole": 6}


def outcome(claim: Claim, predicted=None, points: int = 3) -> Outcome:
    tried = dataclasses.replace(
        claim,
        predicted=claim.predicted if predicted is None else predicted,
        points=points,
        expected="verified",
        cause="",
    )
    return decide(tried, Settings(Profile("test", points, 1.0))).outcome


def named(family: str, rule: str) -> Claim:
    return next(one for one in getattr(claims, family) if f"/{rule}/" in one.id)


# Theory -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("rule", RULES)
def test_the_derivations_replay(rule: str) -> None:
    assert theory.evaluation(rule).holds()
    assert theory.constant(rule).holds()
    assert theory.newton().holds()


@pytest.mark.parametrize("rule", RULES)
def test_the_factor_of_a_rule_is_its_sum_of_a_falling_exponential(rule: str) -> None:
    """The rule's integral of exp(-2 s t) over that integral, both over one window of 1."""
    N, s = 4, 0.7
    sampled = rules.named(rule, N) @ np.exp(-2 * s * np.linspace(0, 1, N + 1))
    exact = (1 - np.exp(-2 * s)) / (2 * s)
    z = sp.Symbol("z", positive=True)
    factor = float(theory.factor(rule, z).subs(z, s / N))
    assert sampled / exact == pytest.approx(factor, rel=1e-12)
    assert claims.cost(rule, s / N) == pytest.approx(factor, rel=1e-12)


def test_the_best_value_solves_the_riccati_equation() -> None:
    problem = policies.problem(0.3, 1.2, 0.8, 0.9, 1.0)
    weights = rules.named("boole", policies.STEPS)
    found = policies.iterated(problem, np.array([2.0]), weights)
    assert found.settled.all()
    P = float(found.value[0])
    assert abs(2 * 0.3 * P + 0.8 - 1.2**2 * P**2 / 0.9) < 1e-9
    point = Point({"a": 0.3, "b": 1.2, "q": 0.8, "r": 0.9})
    assert claims.optimum(point)[0] == pytest.approx(P, rel=1e-9)


# Rules of quadrature ------------------------------------------------------------------------------


@pytest.mark.parametrize("rule", EXACT)
def test_a_rule_is_exact_up_to_its_degree_and_of_its_order(rule: str) -> None:
    t = np.linspace(0, 1, 9)
    for degree in range(EXACT[rule] + 1):
        assert rules.named(rule, 8) @ t**degree == pytest.approx(1 / (degree + 1), rel=1e-12)
    samples = (8, 16, 32, 64)
    errors = [
        abs(rules.named(rule, n) @ np.exp(np.linspace(0, 1, n + 1)) - np.e + 1) for n in samples
    ]
    (slope, _), covariance = np.polyfit(np.log(samples), np.log(errors), 1, cov=True)
    assert abs(slope + ORDER[rule]) < 0.05 + 4 * np.sqrt(covariance[0, 0])


def test_the_rule_of_a_kernel_integrates_the_kernel_exactly() -> None:
    kernel, nodes = rules.matern(2, 0.5), np.linspace(0, 1, 9)
    weights = rules.of_kernel(kernel, 8)
    t = np.linspace(0, 1, 200_001)
    for node in nodes[[0, 3, 8]]:
        inside = np.trapezoid(kernel(np.full_like(t, node), t), t)
        assert weights @ kernel(np.full_like(nodes, node), nodes) == pytest.approx(inside, abs=1e-9)


def test_bad_input_is_named() -> None:
    with pytest.raises(ValueError, match=r"no rule is called 'euler'; there are: left, trapezoid"):
        rules.named("euler", 4)
    with pytest.raises(ValueError, match=r"3 stretches do not divide 8 steps; give a divisor"):
        policies.spread(rules.named("left", 3), 8)
    for name, value in (("q", 0.0), ("r", -1.0), ("window", np.inf), ("b", 0.0), ("a", np.nan)):
        given = {"a": 0.1, "b": 1.0, "q": 1.0, "r": 1.0, "window": 1.0, name: value}
        with pytest.raises(ValueError, match=f"`{name}={value}` must be"):
            policies.problem(**given)


# Claims -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("family", ["evaluations", "fixed_points", "constants", "orders"])
def test_a_rule_is_verified_and_what_is_wrong_refuted(family: str, rule: str) -> None:
    claim = named(family, rule)
    assert outcome(claim) is Outcome.VERIFIED
    for wrong in claim.wrong.values():
        assert outcome(claim, wrong) is Outcome.REFUTED


@pytest.mark.parametrize("rule", RULES)
def test_the_constant_of_another_rule_is_refuted(rule: str) -> None:
    other = RULES[(RULES.index(rule) + 1) % 3]
    assert outcome(named("constants", rule), theory.constant(other).statement) is Outcome.REFUTED
    assert (
        outcome(named("evaluations", rule), theory.evaluation(other).statement) is Outcome.REFUTED
    )


@pytest.mark.parametrize("claim", [claims.newton.id, claims.wiener.id, claims.worst_case.id])
def test_what_stands_alone_is_verified_and_what_is_wrong_refuted(claim: str) -> None:
    one = next(one for one in (claims.newton, claims.wiener, claims.worst_case) if one.id == claim)
    assert outcome(one, points=4) is Outcome.VERIFIED
    for wrong in one.wrong.values():
        assert outcome(one, wrong, points=8) is Outcome.REFUTED


def test_few_samples_have_no_fixed_point() -> None:
    claim = claims.thresholds[0]
    assert outcome(claim, points=2) is Outcome.VERIFIED
    assert outcome(claim, next(iter(claim.wrong.values())), points=2) is Outcome.REFUTED


def test_the_rate_of_the_worst_case_is_not_the_one_that_is_seen() -> None:
    typical, as_worst = claims.typical[:2]
    assert outcome(typical, points=2) is Outcome.VERIFIED
    assert outcome(as_worst, points=2) is Outcome.REFUTED


def test_a_value_that_has_not_settled_decides_nothing(monkeypatch) -> None:
    monkeypatch.setattr(policies, "ITERATIONS", 1)
    monkeypatch.setattr(policies.iterated, "__defaults__", (policies.STEPS, 1, policies.DIVERGED))
    assert outcome(named("fixed_points", "left")) is Outcome.INCONCLUSIVE


def test_a_window_that_is_too_coarsely_bisected_decides_nothing(monkeypatch) -> None:
    monkeypatch.setattr("lemmata.verify.policy_measure.HALVINGS", 2)
    assert outcome(claims.thresholds[0], points=1) is Outcome.INCONCLUSIVE


@pytest.mark.parametrize("rule", ["left", "trapezoid"])
def test_a_window_beyond_which_values_run_away_is_found_all_over_the_domain(rule: str) -> None:
    """At its corners too, and where values are learned slowly, for which few steps must do."""
    one = named("thresholds", rule)
    ends = {name: (axis.lo, axis.hi) for name, axis in one.domain.axes.items() if name != "N"}
    corners = [dict(zip(ends, at, strict=True)) for at in itertools.product(*ends.values())]
    points = [*one.domain.sample(32, seed=2), *({"N": n, **at} for n in (1, 4) for at in corners)]
    columns = {name: np.array([float(each[name]) for each in points]) for name in (*ends, "N")}
    found = policy_measure.threshold(Point(columns), Accuracy(), rule=rule)
    assert np.all(found.converged)
    expected = [claims.longest_window(Point(each), rule=rule) for each in points]
    np.testing.assert_allclose(found.value, expected, rtol=0.02)


@pytest.mark.parametrize("always", [False, True])
def test_values_that_run_away_at_every_window_or_none_leave_it_open(monkeypatch, always) -> None:
    monkeypatch.setattr(policy_measure, "runs_away", lambda p, w, *, rule: np.full(len(w), always))
    at = {"a": 0.1, "b": 1.0, "q": 1.0, "r": 1.0, "N": 1.0}
    point = Point({name: np.array([value]) for name, value in at.items()})
    found = policy_measure.threshold(point, Accuracy(), rule="trapezoid")
    assert not np.any(found.converged)
    assert "values run away at the shortest window that was tried, or at none" in found.note
