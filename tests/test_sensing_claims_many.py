"""Sensing as m grows, phase boundaries and the modified step: verified, refuted, or left open."""

import dataclasses
import math
from functools import lru_cache
from types import SimpleNamespace

import jax
import numpy as np
import pytest

from lemmata.solvers.sensing_operators import gaussian
from lemmata.verify import backend, robust_phase_measure, sensing_flow_measure, sensing_many_measure
from lemmata.verify.accuracy import Accuracy
from lemmata.verify.claim import Claim
from lemmata.verify.claims import sensing_many, sensing_modified, sensing_phase
from lemmata.verify.decide import decide
from lemmata.verify.sensing_setting import balanced, truth
from lemmata.verify.settings import Profile, Settings
from lemmata.verify.verdict import Outcome, Verdict

pytestmark = pytest.mark.heavy


@pytest.fixture(autouse=True)
def _precise():
    with backend.precision():
        yield


def outcome(claim: Claim, predicted=None, effort: float = 1.0) -> Verdict:
    """The verdict on a claim, or on another formula in its place."""
    tried = dataclasses.replace(
        claim, predicted=claim.predicted if predicted is None else predicted,
        expected="verified", cause="",
    )  # fmt: skip
    return decide(tried, Settings(Profile("test", points=4, effort=effort)))


# By module and name: claims in a list of a test module would be decided as items of their own.
SURE = (
    (sensing_many, "rate"), (sensing_many, "constant"), (sensing_many, "slope"),
    (sensing_phase, "at_least"), (sensing_phase, "columns"), (sensing_phase, "rank"),
    (sensing_phase, "dimension"), (sensing_phase, "more"), (sensing_phase, "fewer"),
    (sensing_modified, "product"), (sensing_modified, "square"), (sensing_modified, "balanced"),
)  # fmt: skip


@lru_cache
def verdict(module, name: str) -> Verdict:
    return outcome(getattr(module, name))


@pytest.mark.parametrize(("module", "name"), SURE)
def test_it_is_verified_and_each_planted_formula_is_refuted_by_the_same_data(module, name):
    claim, found = getattr(module, name), verdict(module, name)
    assert found.outcome is Outcome.VERIFIED
    assert claim.wrong
    assert not set(claim.wrong) & set(found.resolution.survivors)


@pytest.mark.parametrize(("module", "name"), SURE)
def test_a_wrong_formula_in_its_place_is_refuted(module, name):
    claim = getattr(module, name)
    assert outcome(claim, next(iter(claim.wrong.values()))).outcome is Outcome.REFUTED


@pytest.mark.parametrize("name", ["squared", "dropped"])
def test_a_reading_by_the_slope_alone_is_refuted_and_says_why(name):
    claim = getattr(sensing_phase, name)
    assert (claim.expected, bool(claim.cause), bool(claim.reading)) == ("refuted", True, True)
    assert verdict(sensing_phase, name).outcome is Outcome.REFUTED


@pytest.mark.parametrize(
    ("module", "name"),
    [(sensing_many, "constant"), (sensing_many, "slope"), (sensing_phase, "columns")],
)
def test_too_few_seeds_leave_it_open(module, name, monkeypatch):
    monkeypatch.setattr(sensing_many_measure, "TOGETHER", 16)
    for kept in (sensing_many_measure._run, robust_phase_measure._distances):
        kept.cache_clear()
    monkeypatch.setattr(robust_phase_measure, "TOGETHER", 8)
    robust_phase_measure.recovered.cache_clear()
    try:
        assert outcome(getattr(module, name), effort=1e-3).outcome is Outcome.INCONCLUSIVE
    finally:
        for kept in (
            sensing_many_measure._run,
            robust_phase_measure._distances,
            robust_phase_measure.recovered,
        ):
            kept.cache_clear()


def test_a_short_flow_leaves_the_slope_of_balanced_factors_open(monkeypatch):
    monkeypatch.setattr(sensing_modified, "TIMES", tuple(np.geomspace(0.1, 3, 50).tolist()))
    assert outcome(sensing_modified.balanced).outcome is Outcome.INCONCLUSIVE


def test_a_flow_that_fails_is_told(monkeypatch):
    failed = SimpleNamespace(success=False, message="the step became too small")
    monkeypatch.setattr(sensing_flow_measure, "solve_ivp", lambda *_, **__: failed)
    start = balanced(1, 6, 6, 3, 0.0, 1.0)
    found = sensing_flow_measure.asymmetric_errors(truth(1, (6, 6), 2, 0.5), *start, (1.0, 2.0))
    assert not found.converged
    assert found.note == "the step became too small"


def test_the_triangle_of_bartlett_gives_what_measurements_give():
    m, draws, size = 40, 4000, sensing_many_measure.SIZE
    drawn = sensing_many_measure.wishart(np.random.default_rng(0), m, draws)
    plain = np.asarray(
        gaussian(jax.random.key(1), np.eye(sensing_many_measure.N), m, seeds=draws).gram().matrix
    )
    for one in (drawn, plain):
        np.testing.assert_allclose(one.mean(axis=0), np.eye(size), atol=0.02)
        np.testing.assert_allclose(one.var(axis=0), (1 + np.eye(size)) / m, atol=0.006)
    smallest = [np.linalg.eigvalsh(one)[:, 0].mean() for one in (drawn, plain)]
    assert abs(smallest[0] - smallest[1]) < 0.01
    with pytest.raises(ValueError, match="m = 14 is below D = 15"):
        sensing_many_measure.wishart(np.random.default_rng(0), 14, 1)


def test_the_exponent_of_a_mean_is_that_of_a_power_and_says_what_it_cannot_tell():
    x = (1.0, 4.0, 16.0, 64.0)
    rng = np.random.default_rng(0)
    y = np.array(x) ** -1.0 * (1 + 0.3 * rng.standard_normal((4000, 4)))
    found = sensing_many_measure.exponent_of_mean(x, y)
    assert abs(found.value + 1) < 4 * found.stderr + found.bias < 0.05
    bent = sensing_many_measure.exponent_of_mean(x, y * (1 + np.array(x) / 10))
    assert bent.bias > 0.1
    assert not sensing_many_measure.exponent_of_mean(x, -y).converged


def test_a_grid_that_does_not_cross_the_boundary_is_told():
    ms = robust_phase_measure.counts(10, 4)
    assert ms == (10, 14, 20, 28)
    crossing = np.arange(4) >= np.arange(1, 4).repeat(10)[:, None]
    found = robust_phase_measure.against(crossing, crossing[::-1], ms, ms)
    assert found.converged
    assert abs(found.value) < 1e-12
    assert robust_phase_measure.boundary(crossing[:1], ms)[0] == pytest.approx(
        math.log(math.sqrt(10 * 14)), abs=0.01
    )
    never = np.zeros_like(crossing)
    open_ = robust_phase_measure.against(crossing, never, ms, ms)
    assert not open_.converged
    assert "do not cross" in open_.note
    with pytest.raises(ValueError, match="m = 500 is above MOST = 192"):
        robust_phase_measure.recovered((0,), robust_phase_measure.Setting(8, 1, 1), 500)


def test_a_smaller_matrix_is_a_block_of_a_larger_one():
    """Four rows of eight: the same runs as of a four by four problem by itself."""
    setting = robust_phase_measure.Setting(4, 1, 0)
    found = robust_phase_measure._distances((9,), setting, 64)
    assert found.shape == (3, robust_phase_measure.TOGETHER)
    assert np.all(found < robust_phase_measure.RECOVERED)
    assert robust_phase_measure._distances((9,), setting, 3).mean() > 0.1


@pytest.mark.parametrize("fresh", [False, True])
def test_outliers_of_fixed_signs_spoil_what_fresh_ones_do_not(fresh):
    """The cause of the refuted readings, in plain NumPy: n = 10, r = 2, k = 5, m = 64, p = 0.3."""
    n, k, m, p, rho = 10, 5, 64, 0.3, 1 - 0.09 / math.log(1000)
    goal = np.diag([1.0, 1.0] + [0.0] * 8) / math.sqrt(2)
    recovered = 0
    for seed in range(12):
        rng, later = np.random.default_rng(seed), np.random.default_rng([seed, 1])
        A = rng.standard_normal((m, n, n))
        rows = ((A + np.swapaxes(A, 1, 2)) / 2).reshape(m, -1)
        off, signs = rng.random(m) < p, rng.choice([-1.0, 1.0], m)
        X = 1e-3 * rng.standard_normal((n, k)) / math.sqrt(n)
        for step in range(520):
            signs = later.choice([-1.0, 1.0], m) if fresh else signs
            told = np.where(off, signs, np.sign(rows @ (X @ X.T - goal).ravel()))
            D = (told @ rows).reshape(n, n) / m
            X = X - 0.3 / math.sqrt(2 / math.pi) / (1 - p) * rho**step * D @ X
        recovered += np.linalg.norm(X @ X.T - goal) < 0.1
    assert recovered >= 11 if fresh else recovered <= 6


def test_later_looks_take_more_seeds():
    names = sensing_many_measure.batches(Accuracy(4.0, common=(7, 0)), 256)
    assert names == [(7, 0, i) for i in range(8)]
