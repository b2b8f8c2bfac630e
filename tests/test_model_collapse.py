"""Model collapse: derivations, the chains against least squares by other means, and the claims."""

import dataclasses

import numpy as np
import pytest
import sympy as sp

from lemmata.solvers import least_squares_chain as chain
from lemmata.solvers.hill import tail_index
from lemmata.solvers.normals import standard_normal
from lemmata.theory import model_collapse as theory
from lemmata.verify.accuracy import Accuracy
from lemmata.verify.claims import model_collapse as claims
from lemmata.verify.compare.base import Agreement
from lemmata.verify.decide import decide
from lemmata.verify.measurement import Measurement
from lemmata.verify.prediction import planted, predict
from lemmata.verify.settings import Settings

pytestmark = pytest.mark.heavy

ALPHA = 1e-5
T, d, n, sigma = theory.T, theory.d, theory.n, theory.sigma
DERIVED = (
    theory.first_fit, theory.replaced, theory.accumulated_reused, theory.bound,
    theory.accumulated_fresh, theory.fresh_limit,
)  # fmt: skip
#: by their ids, for claims that stand in a test module are collected as tests of their own
BY_CHAINS = {
    one.id: one
    for one in (
        claims.replace, claims.replace_reused, claims.accumulate, *claims.bounds, claims.fresh,
        claims.limit, claims.fresh_limit, claims.below, claims.few,
    )
}  # fmt: skip


@pytest.mark.parametrize("derive", DERIVED, ids=lambda one: one.__name__)
def test_every_step_replays(derive):
    assert derive().holds()


def test_sums_are_what_their_closed_forms_say():
    at = {T: 9, d: 3, sigma: 2}
    for count in (1, 2, 7):
        i = range(1, count + 1)
        reused = theory.accumulated_reused().statement.subs({**at, n: count})
        fresh = theory.accumulated_fresh().statement.subs({**at, n: count})
        assert sp.N(reused) == pytest.approx(4 * 3 / 5 * sum(1 / k**2 for k in i), rel=1e-13)
        assert sp.N(fresh) == pytest.approx(4 * sum(3 / (k * (9 * k - 4)) for k in i), rel=1e-13)
    late = {**at, n: 400}  # SymPy sums what a polygamma function of an integer stands for
    for finite, limit in (
        (theory.accumulated_reused, theory.bound), (theory.accumulated_fresh, theory.fresh_limit)
    ):  # fmt: skip
        ends = [float(one().statement.subs(late).evalf(30)) for one in (finite, limit)]
        assert ends[0] == pytest.approx(ends[1], rel=3e-3)
        assert ends[0] < ends[1]


def test_fresh_rows_are_better_from_the_second_generation_on():
    forms = (theory.accumulated_fresh().statement, theory.accumulated_reused().statement)
    for count in (1, 2, 5):
        fresh, reused = (float(one.subs({T: 16, d: 10, sigma: 1, n: count})) for one in forms)
        assert (fresh < reused * (1 - 1e-9)) is (count > 1)


def _by_hand(numbers, truth, sigma, *, fresh, keep):
    """One chain by stacked least squares; `numbers`: (generations, rows, d + 1)."""
    size = len(truth)
    w, seen, told, errors = truth, [], [], []
    for drawn in numbers:
        X = drawn[:, :size] if fresh else numbers[0][:, :size]
        y = X @ w + sigma * drawn[:, size]
        seen, told = ([*seen, X], [*told, y]) if keep else ([X], [y])
        w = np.linalg.lstsq(np.concatenate(seen), np.concatenate(told), rcond=None)[0]
        errors.append(np.sum((w - truth) ** 2))
    return errors


@pytest.mark.parametrize("way", range(4), ids=chain.Errors._fields)
def test_chains_are_those_of_stacked_least_squares(way):
    truth, rows, generations = np.array([1.0, -2.0, 0.5]), 7, 12  # more than one stretch
    found = chain.chains([5], truth, rows, generations, [0.5, 2.0], 3)[way]
    assert found.shape == (3, generations, 2)
    rng = np.random.Generator(np.random.SFC64(np.random.SeedSequence([5])))
    shape = (chain.STRETCH, rows, 3 + chain.NOISES, chain.BLOCK)
    drawn = np.concatenate([standard_normal(rng, shape, np.float32) for _ in range(2)]).astype(
        float
    )
    fresh, keep = chain.WAYS[way]
    for draw in range(3):
        for column, size in enumerate((0.5, 2.0)):
            runs = [
                _by_hand(
                    drawn[:generations, :, [0, 1, 2, 3 + noise], draw], truth, size,
                    fresh=fresh, keep=keep,
                )
                for noise in range(chain.NOISES)
            ]  # fmt: skip
            np.testing.assert_allclose(found[draw, :, column], np.mean(runs, axis=0), rtol=1e-9)


def test_weights_make_up_for_the_rows_that_are_missing():
    off, weights = chain.weighted_first(1, 2, 12, 1.0, 40000)
    plain = chain.chains(2, np.ones(2), 12, 1, [1.0], 20000).replaced_fresh[:, 0, 0]
    assert np.sum(off * weights) / np.sum(weights) == pytest.approx(np.mean(plain), rel=0.05)
    assert np.mean(off) > 1.2 * np.mean(plain)


@pytest.mark.parametrize(
    ("call", "match"),
    [
        (lambda: chain.chains(0, [1.0], 0, 1, [1.0], 1), r"`rows=0` must be an integer"),
        (lambda: chain.chains(0, [1.0], 2, 1, [1.0], 1.5), r"`draws=1.5` must be an integer"),
        (lambda: chain.chains(0, [1.0, 2.0], 1, 1, [1.0], 1), "rows=1 are fewer than the 2 weig"),
        (lambda: chain.chains(0, [np.nan], 2, 1, [1.0], 1), r"truth=\[nan\] must be finite"),
        (lambda: chain.chains(0, [1.0], 2, 1, [], 1), r"sigmas=\[\] must be finite"),
        (lambda: chain.weighted_first(0, 3, 4, 1.0, 9), "rows=4 for 3 .* give at least 5"),
        (lambda: tail_index(np.ones(10)), "10 draws have too few .* give at least 2500"),
        (lambda: tail_index(np.zeros(5000)), r"draws from 0\.0 to 0\.0 must be positive"),
    ],
)
def test_bad_numbers_are_refused(call, match):
    with pytest.raises(ValueError, match=match):
        call()


@pytest.mark.parametrize(("exponent", "has"), [(1.0, False), (2.0, False), (3.5, True)])
def test_the_tail_tells_whether_there_is_a_variance(exponent, has):
    draws = np.random.default_rng(3).pareto(exponent, 20000) + 1
    tail = tail_index(draws)
    assert abs(tail.exponent - exponent) < 4 * tail.stderr
    assert tail.has_variance is has
    assert tail_index(np.ones(5000)).has_variance  # all alike: no tail at all


def _judged(one, predicted, at, effort=1.0):
    measured = one.methods[0].measure(one.domain.point(**at), Accuracy(effort, (1, 2), (3, 0)))
    return one.compare.judge(predicted, one.compare.estimate(measured, ALPHA))


def _worst_case(one):
    """The point of the domain where its wrong formulas are told apart best."""
    best = {"T": 16, "d": 4, "n": 10, "sigma": 2}
    if one is claims.few:
        return {"d": 2, "more": 2, "sigma": 2}
    if "T" in one.domain.axes and not one.domain.axes["T"].holds(16):
        best["T"] = 12
    if one in claims.bounds:
        best |= {"T": 30, "d": 10}
    if one is claims.accumulate:
        best["n"] = 2  # where the bound is far away
    return {name: value for name, value in best.items() if name in one.domain.axes}


@pytest.mark.parametrize("id", BY_CHAINS)
def test_verified_refuted_and_inconclusive(id):
    one = BY_CHAINS[id]
    at = _worst_case(one)
    point = [one.domain.point(**at)]
    right = predict(one).at(point)[0]
    assert _judged(one, right, at).agreement is Agreement.AGREES
    wrong = {name: prediction.at(point)[0] for name, prediction in planted(one).items()}
    assert wrong
    for name, value in wrong.items():
        assert _judged(one, value, at).agreement is Agreement.DISAGREES, name
    assert _judged(one, right, at, effort=0.02).agreement is Agreement.UNRESOLVED


def test_the_equality_is_refuted_where_rows_are_fresh():
    verdict = decide(claims.as_reused, Settings())
    assert str(verdict.outcome) == "refuted"
    assert verdict.as_expected


def test_at_one_row_too_few_nothing_is_decided_and_the_tail_says_why():
    verdict = decide(claims.edge, Settings())
    assert str(verdict.outcome) == "inconclusive"
    assert verdict.as_expected
    assert "has index" in verdict.reason
    # Nor is another value: the measurement itself says that it has no error bound.
    for value in (4 * 4 / 1, 1e3):
        judgement = _judged(claims.edge, value, {"d": 4, "n": 1, "sigma": 2})
        assert judgement.agreement is Agreement.UNRESOLVED


def test_a_mean_with_a_bound_on_its_error_is_not_infinite():
    def finite(p, accuracy):
        return Measurement(4 * p.sigma**2, stderr=0.1)

    methods = tuple(dataclasses.replace(one, measure=finite) for one in claims.edge.methods)
    verdict = decide(dataclasses.replace(claims.edge, methods=methods), Settings())
    assert str(verdict.outcome) == "refuted"


def test_a_step_is_false_where_one_dimension_is_lost(monkeypatch):
    """T - d in place of T - d - 1."""
    monkeypatch.setattr(theory, "fit_of", lambda rows: theory.d / (rows - theory.d))
    for derived in (theory.first_fit, theory.accumulated_fresh):
        assert derived.__wrapped__().falsehoods()


def test_one_step_is_by_the_whole_gram_matrix():
    verdict = decide(claims.step, Settings())
    assert str(verdict.outcome) == "verified"
    assert verdict.resolution is not None
    assert verdict.resolution.killed == verdict.resolution.mutants == 1
