"""Where claims on descent end: a conjecture that fails, short runs, laws of other kinds."""

import dataclasses

import mpmath as mp
import numpy as np
import pytest

from lemmata.solvers.sensing import gradient_descent
from lemmata.verify import (
    backend,
    sensing_finite_measure,
    sensing_flow_measure,
    sensing_measure,
    sensing_setting,
)
from lemmata.verify.claim import Claim
from lemmata.verify.claims import (
    sensing_asymmetric,
    sensing_bounds,
    sensing_closed_forms,
    sensing_closed_matrices,
    sensing_finite,
    sensing_modified,
    sensing_symmetric,
)
from lemmata.verify.compare.rate import Rate
from lemmata.verify.decide import decide
from lemmata.verify.measurement import Measurement, Series
from lemmata.verify.sensing_forms import SymmetricFlow
from lemmata.verify.sensing_rivals import ALPHAS, POWERS
from lemmata.verify.settings import Profile, Settings
from lemmata.verify.verdict import Outcome, Verdict

pytestmark = pytest.mark.heavy

MODULES = (
    sensing_asymmetric, sensing_bounds, sensing_closed_forms, sensing_finite, sensing_modified,
    sensing_symmetric,
)  # fmt: skip


@pytest.fixture(autouse=True)
def _precise():
    with backend.precision():
        yield


def outcome(claim: Claim, predicted=None, points: int | None = 24) -> Verdict:
    """The verdict on a claim, or on another formula in its place."""
    tried = dataclasses.replace(
        claim, predicted=claim.predicted if predicted is None else predicted, points=points,
        expected="verified", cause="",
    )  # fmt: skip
    return decide(tried, Settings(Profile("test", points=points or 48, effort=1.0)))


def ratio(s, j, f, eta, T):
    """The error after T steps from (s, 0; j, f), over the conjectured bound, in 40 digits."""
    with mp.workdps(40):
        s, j, f, eta = (mp.mpf(v) for v in (s, j, f, eta))
        X, truth = mp.matrix([[s, 0], [j, f]]), mp.matrix([[1, 0], [0, 0]])
        total = s**2 + j**2 + f**2
        x = eta * max(mp.mpf(1), (total + mp.sqrt(total**2 - 4 * s**2 * f**2)) / 2)
        assert x < 1
        kappa = (2 - x) / (1 - x) ** 2
        for _ in range(T):
            X = X - eta * (X * X.T - truth) * X
        error = sum(one**2 for one in X * X.T - truth)
        return float(error / (f**2 / (1 + kappa * eta * f**2 * T)) ** 2)


def test_the_conjecture_fails_in_forty_digits():
    """At the counterexample that the claim ends on, and at one with a longer step."""
    assert ratio("1", "1", "0.01", "0.1", 1000) == pytest.approx(8.128089695 / 9.460365807)
    assert ratio("0.12", "0.92", "0.0116", "0.458", 100) < 0.25


def test_where_noise_is_in_a_column_of_its_own_the_bound_holds_in_forty_digits():
    for f, eta, T in (("0.01", "0.1", 1000), ("0.3", "0.45", 300), ("1", "0.45", 30)):
        assert ratio("0.5", "0", f, eta, T) >= 1


def test_the_share_that_is_lost_is_lost_while_the_signal_moves():
    """By the flow 1/lambda grows by 2 t: what lambda is short of that comes early, of order eta."""
    short = {}
    for eta in (0.05, 0.1):
        X, truth, f = np.array([[0.3, 0.0], [0.9, 0.01]]), np.diag([1.0, 0.0]), 0.01
        for T in range(1, int(100 / eta) + 1):
            X = X - eta * (X @ X.T - truth) @ X
            if T in (int(10 / eta), int(100 / eta)):
                free = (X[1] @ np.array([-X[0, 1], X[0, 0]])) ** 2 / np.sum(X[0] ** 2)
                short[eta, T * eta] = 1 - free * (1 / f**2 + 2 * eta * T)
    for eta in (0.05, 0.1):
        assert abs(short[eta, 100.0] - short[eta, 10.0]) < 0.02
    assert short[0.1, 10.0] / short[0.05, 10.0] == pytest.approx(2, abs=0.2)


def test_the_conjecture_is_refuted_and_the_aligned_bound_verified():
    assert outcome(sensing_bounds.descent_lower_bound).outcome is Outcome.REFUTED
    found = outcome(sensing_bounds.aligned_lower_bound, points=48)
    assert found.outcome is Outcome.VERIFIED
    assert found.resolution.survivors == ()


def test_a_larger_bound_than_the_aligned_one_is_refuted():
    for wrong in sensing_bounds.aligned_lower_bound.wrong.values():
        found = outcome(sensing_bounds.aligned_lower_bound, wrong, points=48)
        assert found.outcome is Outcome.REFUTED


def test_an_error_that_is_hardly_known_leaves_a_bound_open(monkeypatch):
    vague = lambda p, truths, starts: Measurement(np.ones(len(p.T)), bias=1.0)
    monkeypatch.setattr(sensing_bounds, "_after", vague)
    for claim in (sensing_bounds.aligned_lower_bound, sensing_bounds.descent_lower_bound):
        assert outcome(claim).outcome is Outcome.INCONCLUSIVE


def rates() -> list[Claim]:
    """The claims whose rule is a rate, and which are to hold."""
    found = {
        one.id: one
        for module in MODULES
        for one in vars(module).values()
        if isinstance(one, Claim) and one.compare.kind == "rate" and one.expected == "verified"
    }
    return list(found.values())


def test_every_claim_of_a_rate_brings_the_same_other_laws():
    assert len(rates()) >= 13
    for one in rates():
        others = {"1/T", "1/T^1.5", *ALPHAS}
        if one.predicted == -1:
            others -= {"1/T"}
        assert others <= set(one.wrong), one.id
        assert len(set(POWERS) - set(one.wrong)) <= 1, one.id


@pytest.mark.parametrize(
    ("module", "name"),
    [(sensing_finite, "asymmetric_exact_rank"), (sensing_closed_forms, "noise_factors"),
     (sensing_closed_matrices, "imbalanced_squares"), (sensing_symmetric, "exact_rank")],
)  # fmt: skip
def test_the_same_data_refute_what_is_not_claimed(module, name):
    claim = getattr(module, name)
    found = outcome(claim, points=None if module is sensing_finite else 4)
    assert found.outcome is Outcome.VERIFIED
    assert found.resolution.survivors == ()
    wrong = next(iter(claim.wrong.values()))
    assert outcome(claim, wrong, points=None if module is sensing_finite else 3).outcome is (
        Outcome.REFUTED
    )


@pytest.mark.parametrize(
    ("module", "name"),
    [(sensing_closed_forms, "noise_factors"), (sensing_closed_matrices, "imbalanced_squares")],
)
def test_a_coarse_integration_leaves_squares_open(module, name, monkeypatch):
    monkeypatch.setattr(sensing_flow_measure, "TOLERANCES", (1e-2, 1e-4))
    found = outcome(getattr(module, name), points=8)
    assert found.outcome is Outcome.INCONCLUSIVE


def test_runs_that_are_cut_short_leave_a_rate_at_few_measurements_open(monkeypatch):
    whole = sensing_finite_measure.asymmetric_exact_rank

    def cut(m):
        runs, eigenvalues = whole(m)
        return [Series(one.x[:60], one.y[:60], bias=one.bias[:60]) for one in runs], eigenvalues

    monkeypatch.setattr(sensing_finite_measure, "asymmetric_exact_rank", cut)
    found = outcome(sensing_finite.asymmetric_exact_rank, points=None)
    assert found.outcome is Outcome.INCONCLUSIVE


def test_a_column_of_zeros_changes_no_run_and_no_positive_eigenvalue():
    """k = r = 1 in the shape of k = 2: its Hessian at the end has 7 positive eigenvalues."""
    runs, eigenvalues = sensing_finite_measure.asymmetric_exact_rank(80)
    problem = sensing_finite_measure._problem(4, 1, 80, False)
    start = (
        sensing_finite_measure._starts(4, 1, 0.6),
        sensing_finite_measure._starts(4, 1, 0.2, which=1),
    )
    looks = tuple(int(x) for x in runs[0].x[[4, 40]])
    alone = gradient_descent(problem, start, rate=0.1, steps=looks)
    for one, error in zip(runs, alone.error, strict=True):
        np.testing.assert_allclose(one.y[np.isin(one.x, looks)], error, rtol=1e-9)
    assert all(len(one) == 4 + 4 - 1 for one in eigenvalues)


def test_a_start_whose_least_eigenvalue_has_not_left_its_plateau_is_no_point_of_a_rate(monkeypatch):
    p = sensing_symmetric.wide.sample(1, seed=0)[0]
    assert sensing_symmetric.wide.broken(p) is None
    monkeypatch.setattr(sensing_symmetric, "STEPS", 1000)
    assert "2 eta lambda T >= 1000" in sensing_symmetric.wide.broken(p)


def test_from_a_tiny_start_the_slow_mode_is_below_rounding_and_such_starts_are_left_out():
    """The rate of what is above the floor: the fast one, which is why alpha has a lower end."""
    axis = sensing_asymmetric.exact_rank.domain.axes["alpha"]
    assert not axis.holds(1e-8)
    truth = sensing_setting.truth(0, (30, 30), 2, 0.5)
    pairs = [sensing_asymmetric._problem(0, alpha, 2)[1] for alpha in (axis.lo, 1e-8)]
    looks = np.unique(np.rint(np.geomspace(1, 6000, 300)).astype(int))
    runs = sensing_measure.series(sensing_measure.asymmetric([truth] * 2, pairs, 0.1, looks))
    rule = Rate(law="decay", relative=0.05, because="the rates differ by a factor of two")
    right, fast = (rule.estimate(one, 1e-6).value for one in runs)
    slow = -2 * np.log(1 - 0.1 * 0.5)
    assert right == pytest.approx(slow, rel=0.01)
    assert fast == pytest.approx(2 * slow, rel=0.05)


@pytest.mark.parametrize("seed", range(4))
def test_the_length_of_a_run_is_judged_by_the_eigenvalues_of_the_closed_form(seed):
    r = 1 + seed % 3
    truth = sensing_setting.truth(seed, (9, 9), r, 0.4)
    start = sensing_setting.start(seed, 9, r + 2, 0.5)
    found = sensing_setting.free_eigenvalues(truth, start, r)
    exact = SymmetricFlow(truth, start).free_eigenvalues
    np.testing.assert_allclose(found, np.sort(exact), rtol=1e-10)
