"""Claims on descent and its flow: verified, refuted where wrong, open where a run is short."""

import dataclasses
from functools import lru_cache

import numpy as np
import pytest

from lemmata.verify import backend, sensing_flow_measure, sensing_measure, sensing_setting
from lemmata.verify.claim import Claim
from lemmata.verify.claims import (
    sensing_asymmetric,
    sensing_bounds,
    sensing_closed_matrices,
    sensing_finite,
    sensing_symmetric,
)
from lemmata.verify.decide import decide
from lemmata.verify.sensing_forms import SymmetricFlow
from lemmata.verify.settings import Profile, Settings
from lemmata.verify.verdict import Outcome, Verdict

pytestmark = pytest.mark.heavy


@pytest.fixture(autouse=True)
def _precise():
    with backend.precision():
        yield


def outcome(claim: Claim, predicted=None, points: int | None = 4, **more) -> Verdict:
    """The verdict on a claim, or on another formula in its place, at a few points."""
    tried = dataclasses.replace(
        claim,
        predicted=claim.predicted if predicted is None else predicted,
        points=points,
        expected="verified",
        cause="",
        **more,
    )
    return decide(tried, Settings(Profile("test", points=points or 48, effort=1.0)))


# By module and name: claims in a list of a test module would be decided as items of their own.
QUICK = (
    (sensing_closed_matrices, "symmetric_matrix"),
    (sensing_closed_matrices, "imbalanced_matrix"),
    (sensing_closed_matrices, "noise_block"),
    (sensing_symmetric, "lower_bound"),
    (sensing_symmetric, "exact_rank"),
    (sensing_asymmetric, "rate"),
    (sensing_asymmetric, "rate_by_imbalance"),
    (sensing_asymmetric, "modified_rate"),
    (sensing_finite, "imbalance_drift"),
)


@lru_cache
def verdict(module, name: str) -> Verdict:
    return outcome(getattr(module, name), points=8 if "bound" in name else 4)


@pytest.mark.parametrize(("module", "name"), QUICK)
def test_it_is_verified_and_each_wrong_formula_is_refuted_by_the_same_data(module, name):
    found = verdict(module, name)
    assert found.outcome is Outcome.VERIFIED
    assert found.resolution.mutants >= len(getattr(module, name).wrong) > 0
    assert found.resolution.survivors == ()


@pytest.mark.parametrize(("module", "name"), [q for q in QUICK if q[1] != "lower_bound"])
def test_a_wrong_formula_in_its_place_is_refuted(module, name):
    claim = getattr(module, name)
    for wrong in list(claim.wrong.values())[:1]:
        assert outcome(claim, wrong, points=3).outcome is Outcome.REFUTED


def test_a_short_run_leaves_the_slope_open(monkeypatch):
    monkeypatch.setattr(sensing_symmetric, "STEPS", 100)
    # The domain would refuse such runs: here it is the decision that has to see them.
    monkeypatch.setattr(sensing_symmetric, "ENOUGH", 0)
    sensing_symmetric._long_runs.cache_clear()
    try:
        for claim in ("rate", "unsquared", "constant"):
            found = outcome(getattr(sensing_symmetric, claim), points=2)
            assert found.outcome is Outcome.INCONCLUSIVE
    finally:
        sensing_symmetric._long_runs.cache_clear()


def test_the_readings_that_fail_are_refuted(monkeypatch):
    monkeypatch.setattr(sensing_symmetric, "STEPS", 30_000)
    sensing_symmetric._long_runs.cache_clear()
    try:
        for module, claim in (
            (sensing_symmetric, "unsquared_as_squared"),
            (sensing_symmetric, "without_alpha"),
            (sensing_bounds, "lower_bound_of_flow"),
        ):
            found = outcome(getattr(module, claim), points=12)
            assert found.outcome is Outcome.REFUTED
    finally:
        sensing_symmetric._long_runs.cache_clear()


def test_the_rate_at_the_limit_is_told_from_the_imbalance_where_alpha_is_large():
    runs = sensing_asymmetric._runs
    by_start = lambda p: 2 * p.eta * runs()[int(p.seed), p.alpha, p.eta][2]
    assert outcome(sensing_asymmetric.rate, by_start, points=None).outcome is Outcome.REFUTED


def test_the_modified_step_of_a_long_step_size_is_unstable():
    """Where eta sigma_1^2 > 2 beta^2 the factor that grew makes the error grow after the step."""
    truth, pair = sensing_asymmetric._problem(3, 0.03, 4)
    step = sensing_asymmetric.one_step(beta=0.1**0.5, below=0.003)
    run = sensing_measure.asymmetric([truth], [pair], 0.25, np.arange(0, 1500, 10), modify=step)
    after = run.error[0][run.at > run.modified[0]]
    assert after.max() > 100 * after[0]


@pytest.mark.parametrize("c", [-0.3, 0.3])
def test_balanced_starts_are_what_they_say(c):
    F, G = sensing_setting.balanced(5, 8, 6, 4, c, 0.7)
    np.testing.assert_allclose(F.T @ F - G.T @ G, c * np.eye(4), atol=1e-14)


def test_a_coarse_integration_says_how_coarse_it_is():
    truth = sensing_setting.truth(1, (8, 8), 2, 0.5)
    start = sensing_setting.start(1, 8, 4, 0.5)
    found = sensing_flow_measure.symmetric(truth, start, 20.0, lambda X: np.sum(X**2))
    exact = np.trace(SymmetricFlow(truth, start).product(20.0))
    assert abs(found.value - exact) <= found.bias < 1e-6


def test_the_least_square_and_the_free_columns_of_a_limit():
    F, G = np.diag([2.0, 0.5, 0.3]), np.diag([0.5, 0.0, 0.0])
    assert sensing_measure.least_square(F, G) == pytest.approx(0.09)
    truth = F @ G.T
    assert sensing_measure.least_free(truth, (F, G), (F, G)) == pytest.approx(0.09)
