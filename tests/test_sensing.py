"""Descent on factors: the trajectories of a plain oracle, what is recorded, what is refused."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from tests import sensing_oracle as oracle
from tests.pages import run_blocks

from lemmata.solvers import sensing_loop
from lemmata.solvers.sensing import (
    OneStep,
    gradient_descent,
    imbalance,
    noise_eigenvalues,
    subgradient_descent,
)
from lemmata.solvers.sensing_operators import coordinates, gaussian, measured, population

pytestmark = pytest.mark.heavy

STEPS = 40
EVERY = tuple(range(STEPS + 1))


def keep(*factors):
    return factors


def agrees(found, expected):
    """To 1e-12 of the size, at every step."""
    for one, other in zip(found, expected, strict=True):
        assert np.linalg.norm(one - other) <= 1e-12 * np.linalg.norm(other)


def start(rng, *shape, scale=0.5):
    return scale * rng.standard_normal(shape) / np.sqrt(shape[-2])


@pytest.mark.parametrize("runs", [(2,), (5,)])  # runs along the slow axis, and along the fast one
def test_symmetric_population_is_the_oracle(runs):
    rng = np.random.default_rng(1)
    truth = oracle.psd(rng, 8, (1.0, 0.6))
    X = start(rng, *runs, 8, 3)
    rates = 0.1 + 0.05 * np.arange(runs[0])
    found = gradient_descent(population(truth), X, rate=rates, steps=EVERY, measure=keep)
    for run in range(runs[0]):
        path = oracle.symmetric_path(X[run], truth, rates[run], STEPS)
        agrees(found.measured[0][run], path)
        agrees(found.error[run], [oracle.squared_error(x, x, truth) for x in path])
    agrees(found.factors[0], found.measured[0][:, -1])
    assert not found.diverged.any()


@pytest.mark.parametrize("runs", [1, 4])
@pytest.mark.parametrize("shape", [(7, 7), (6, 9), (9, 6)])
def test_asymmetric_population_is_the_oracle(shape, runs):
    rng = np.random.default_rng(2)
    truth = start(rng, shape[0], 2, scale=2.0) @ start(rng, shape[1], 2, scale=2.0).T
    F, G = start(rng, runs, shape[0], 4), start(rng, runs, shape[1], 4) / 3
    found = gradient_descent(population(truth), (F, G), rate=0.2, steps=EVERY, measure=keep)
    for run in range(runs):
        path = oracle.asymmetric_path(F[run], G[run], truth, 0.2, STEPS)
        for side in (0, 1):
            agrees(found.measured[side][run], [pair[side] for pair in path])
        agrees(found.error[run], [oracle.squared_error(*pair, truth) for pair in path])


def maps_and_values(rng, truth, m, lead=()):
    maps = rng.standard_normal((*lead, m, *truth.shape))
    off = rng.standard_normal((*lead, m)) * (rng.random((*lead, m)) < 0.3)
    return maps, np.sum(maps * truth, axis=(-2, -1)) + off


@pytest.mark.parametrize("form", ["rows", "gram"])
def test_symmetric_measurements_are_the_oracle(form):
    rng = np.random.default_rng(3)
    truth = oracle.psd(rng, 6, (1.0, 0.7))
    maps, values = maps_and_values(rng, truth, 50, (2,))
    problem = measured(maps, values, truth)
    X = start(rng, 3, 2, 6, 3)  # three scales of two seeds
    found = gradient_descent(
        problem if form == "rows" else problem.gram(), X, rate=0.1, steps=EVERY, measure=keep
    )
    assert found.error.shape == (3, 2, STEPS + 1)
    for scale in range(3):
        for seed in range(2):
            off = values[seed] - np.sum(maps[seed] * truth, axis=(-2, -1))
            shift = np.tensordot(off, maps[seed], 1) / 50
            path = oracle.symmetric_path(X[scale, seed], truth, 0.1, STEPS, maps[seed], shift)
            agrees(found.measured[0][scale, seed], path)


@pytest.mark.parametrize("form", ["rows", "gram"])
def test_asymmetric_measurements_are_the_oracle(form):
    rng = np.random.default_rng(4)
    truth = start(rng, 5, 2, scale=2.0) @ start(rng, 6, 2, scale=2.0).T
    maps, values = maps_and_values(rng, truth, 60)
    problem = measured(maps, values, truth, symmetric=False)
    F, G = start(rng, 2, 5, 3), start(rng, 2, 6, 3)
    found = gradient_descent(
        problem if form == "rows" else problem.gram(), (F, G), rate=0.1, steps=EVERY, measure=keep
    )
    shift = np.tensordot(values - np.sum(maps * truth, axis=(-2, -1)), maps, 1) / 60
    for run in range(2):
        path = oracle.asymmetric_path(F[run], G[run], truth, 0.1, STEPS, maps, shift)
        for side in (0, 1):
            agrees(found.measured[side][run], [pair[side] for pair in path])


def test_subgradients_are_the_oracle():
    rng = np.random.default_rng(5)
    truth = oracle.psd(rng, 6, (1.0, 0.7))
    maps, values = maps_and_values(rng, truth, 80, (2,))
    X = start(rng, 2, 6, 4)
    for problem in (population(truth), measured(maps, values, truth)):
        found = subgradient_descent(
            problem, X, rate=0.1, decay=0.97, steps=EVERY, measure=keep, at_once=2
        )
        for seed in range(2):
            known = (None, None) if len(problem) == 1 else (maps[seed], values[seed])
            path = oracle.absolute_path(X[seed], truth, 0.1, 0.97, STEPS, *known)
            agrees(found.measured[0][seed], path)


@pytest.mark.parametrize("runs", [1, 4])
def test_the_modified_step_is_taken_once_and_keeps_the_product(runs):
    rng = np.random.default_rng(6)
    truth = oracle.psd(rng, 8, (1.0, 0.6))
    F, G = start(rng, runs, 8, 4), start(rng, runs, 8, 4) / 3
    step = OneStep(beta=0.5, below=0.3)
    found = gradient_descent(
        population(truth), (F, G), rate=0.2, steps=EVERY, modify=step, measure=keep
    )
    for run in range(runs):
        path = oracle.asymmetric_path(F[run], G[run], truth, 0.2, STEPS)
        errors = [oracle.squared_error(*pair, truth) for pair in path]
        at = int(np.argmax(np.array(errors) < step.below**2))
        assert 0 < at < STEPS
        assert found.modified[run] == at
        F_t, G_t = oracle.unbalance(*path[at], step.beta)
        np.testing.assert_allclose(F_t @ G_t.T, path[at][0] @ path[at][1].T, atol=1e-14)
        path[at + 1 :] = oracle.asymmetric_path(F_t, G_t, truth, 0.2, STEPS - at)[1:]
        agrees(found.error[run], [oracle.squared_error(*pair, truth) for pair in path])
        for side in (0, 1):
            # One sign a column is free in a singular value decomposition; none is in the product.
            agrees(
                [f @ f.T for f in found.measured[side][run]],
                [pair[side] @ pair[side].T for pair in path],
            )
    assert np.all(gradient_descent(population(truth), (F, G), rate=0.2, steps=3).modified == -1)


def test_the_modified_step_leaves_columns_of_zeros_alone():
    rng = np.random.default_rng(7)
    F, G = start(rng, 6, 3), start(rng, 6, 3)
    wide = [np.pad(f, ((0, 0), (0, 5))) for f in (F, G)]  # more columns than rows
    one, two = sensing_loop.unbalanced(*map(jnp.asarray, wide), jnp.asarray(0.4))
    np.testing.assert_allclose(one @ two.T, F @ G.T, atol=1e-14)
    np.testing.assert_allclose(one.T @ one, np.diag([0.16] * 3 + [0.0] * 5), atol=1e-14)
    assert not np.any(two[:, 3:])


def test_columns_of_zeros_stay_zero_so_that_ranks_share_a_program():
    rng = np.random.default_rng(8)
    problem = gaussian(jax.random.key(0), oracle.psd(rng, 6, (1.0,)), 40).gram()
    narrow, wide = start(rng, 6, 2), start(rng, 6, 4)
    both = np.stack([np.pad(narrow, ((0, 0), (0, 2))), wide])
    found = gradient_descent(problem, both, rate=0.1, steps=200)
    assert not np.any(found.factors[0][0, :, 2:])
    alone = gradient_descent(problem, narrow, rate=0.1, steps=200)
    agrees(found.error[0], alone.error)


def test_looks_are_spaced_24_a_decade_and_one_program_serves_a_sweep():
    rng = np.random.default_rng(9)
    truth = oracle.psd(rng, 5, (1.0,))
    X = start(rng, 2, 5, 2)
    traced = []

    def count(x):
        traced.append(1)  # as often as a program is made, and never as one runs
        return x[0, 0]

    programs = set()
    for steps, rate, scale in ((1, 0.1, 1.0), (100_000, 0.2, 0.1), (1000, 0.05, 2.0)):
        found = gradient_descent(
            population(truth), scale * X, rate=rate, steps=steps, measure=count
        )
        assert found.at[0] == 0
        assert found.at[-1] == steps
        programs.add(len(traced))
    assert np.sum((found.at >= 100) & (found.at < 1000)) == 24
    assert traced
    assert len(programs) == 1


def test_imbalance_and_noise_are_measured():
    rng = np.random.default_rng(12)
    truth = oracle.psd(rng, 6, (1.0, 0.6))
    F, G = start(rng, 6, 3), start(rng, 6, 3)
    found = gradient_descent(population(truth), (F, G), rate=0.1, steps=(0, 9), measure=imbalance)
    F9, G9 = oracle.asymmetric_path(F, G, truth, 0.1, 9)[-1]
    np.testing.assert_allclose(found.measured[1], F9.T @ F9 - G9.T @ G9, atol=1e-13)
    noise = noise_eigenvalues(truth)
    found = gradient_descent(population(truth), F, rate=0.1, steps=(0, 9), measure=noise)
    X9 = oracle.symmetric_path(F, truth, 0.1, 9)[-1]
    free = np.linalg.eigh(truth)[1][:, :4]
    block = np.linalg.eigvalsh(free.T @ X9 @ X9.T @ free)[1:]  # of rank 3
    np.testing.assert_allclose(found.measured[1], block, rtol=1e-10)


def test_a_truth_for_each_seed_and_a_rate_for_each_run():
    rng = np.random.default_rng(10)
    truths = np.stack([oracle.psd(rng, 5, (1.0,)), oracle.psd(rng, 5, (2.0,))])
    X = start(rng, 3, 2, 5, 2)
    rates = np.array([[0.05], [0.1], [0.15]])
    found = gradient_descent(population(truths), X, rate=rates, steps=(0, 30))
    for run in range(3):
        for seed in range(2):
            path = oracle.symmetric_path(X[run, seed], truths[seed], rates[run, 0], 30)
            agrees([found.factors[0][run, seed]], [path[-1]])


@pytest.mark.parametrize("kind", ["population", "gram"])
def test_a_run_that_diverges_says_when(kind):
    rng = np.random.default_rng(11)
    truth = oracle.psd(rng, 6, (1.0, 0.5))
    X = start(rng, 6, 3)
    problem = population(truth)
    if kind == "gram":
        problem = gaussian(jax.random.key(1), truth, 400).gram()
    rates = np.array([0.1, 5.0, 1e9])
    found = gradient_descent(
        problem, np.stack([X] * 3), rate=rates, steps=1000, measure=lambda x: jnp.sum(x**2)
    )
    assert list(found.diverged) == [False, True, True]
    assert found.left[0] == -1
    assert found.left[1] > found.left[2] == 1
    assert np.isfinite(found.error[0]).all()
    for run in (1, 2):
        gone = found.at >= found.left[run]
        assert np.array_equal(np.isinf(found.error[run]), gone)
    assert not np.isnan(found.error).any()
    assert np.isfinite(found.measured).all()
    assert np.isfinite(found.factors[0]).all()
    if kind == "population":
        path = oracle.symmetric_path(X, truth, 5.0, int(found.left[1]))
        sizes = np.sum(path**2, axis=(1, 2))
        limit = sensing_loop.FAR * (sizes[0] + np.linalg.norm(truth))
        assert sizes[-1] > limit >= sizes[-2]


def test_gaussian_measurements_have_their_moments():
    truth = np.diag([1.0, 0.5, 0.0])
    problem = gaussian(jax.random.key(2), truth, 4000, seeds=3, outliers=0.25, noise=0.1)
    assert problem.rows.shape == (3, 4000, 6)
    assert abs(np.mean(problem.rows**2) - 1) < 0.03
    about = coordinates(truth, symmetric=True)
    off = np.asarray(problem.values - problem.rows @ about)
    assert abs(np.mean(np.abs(off) > 0.5) - 0.25 * 0.96) < 0.02
    quiet = np.sort(np.abs(off), axis=1)[:, : int(0.6 * 4000)]
    assert quiet.max() < 0.3
    assert problem.gram().matrix.shape == (3, 6, 6)


SMALL = np.diag([1.0, 0.5, 0.0, 0.0])
GOOD = np.full((4, 2), 0.1) + 0.1 * np.eye(4, 2)


@pytest.mark.parametrize(
    ("call", "told"),
    [
        (lambda: gradient_descent(population(SMALL), GOOD[:, :1], rate=0.1, steps=5),
         "k = 1 columns .* rank 2"),
        (lambda: gradient_descent(population(SMALL), 0 * GOOD, rate=0.1, steps=5), "scale of 0"),
        (lambda: gradient_descent(population(SMALL + np.eye(4, k=1)), GOOD, rate=0.1, steps=5),
         "not symmetric"),
        (lambda: gradient_descent(population(-SMALL), GOOD, rate=0.1, steps=5), "eigenvalue -1"),
        (lambda: gradient_descent(population(SMALL), GOOD[:3], rate=0.1, steps=5), "4 rows"),
        (lambda: gradient_descent(population(SMALL), GOOD * np.nan, rate=0.1, steps=5),
         "`start` is not finite"),
        (lambda: population(np.where(SMALL == 1, np.inf, SMALL)), "`truth` is not finite"),
        (lambda: population(np.ones(3)), "2 or 3 axes"),
        (lambda: gradient_descent(population(SMALL), (GOOD, GOOD[:, :1]), rate=0.1, steps=5),
         "as many columns"),
        (lambda: gradient_descent(population(SMALL), (GOOD,), rate=0.1, steps=5), "tuple of 1"),
        (lambda: gradient_descent(population(SMALL), GOOD, rate=0.0, steps=5), "positive"),
        (lambda: gradient_descent(population(SMALL), GOOD, rate=[0.1, 0.2], steps=5), "fit"),
        (lambda: gradient_descent(population(SMALL), GOOD, rate=1e80, steps=5), "out of the range"),
        (lambda: gradient_descent(population(SMALL), GOOD, rate=0.1, steps=0), "at least 1"),
        (lambda: gradient_descent(population(SMALL), GOOD, rate=0.1, steps=(5, 5)), "ascend"),
        (lambda: gradient_descent(population(SMALL), GOOD, rate=0.1, steps=5,
                                  modify=OneStep(0.5, 0.1)), "two factors"),
        (lambda: gradient_descent(population(SMALL), (GOOD, GOOD), rate=0.1, steps=5,
                                  modify=OneStep(0.0, 0.1)), "beta=0.0"),
        (lambda: gaussian(jax.random.key(0), SMALL, 0), "`m=0`"),
        (lambda: gaussian(jax.random.key(0), SMALL, 5, outliers=1.5), "share"),
        (lambda: gaussian(jax.random.key(0), SMALL, 5, noise=-1.0), "noise=-1.0"),
        (lambda: measured(np.ones((0, 4, 4)), np.ones(0), SMALL), "m = 0"),
        (lambda: measured(np.ones((3, 4, 5)), np.ones(3), SMALL), "must be"),
        (lambda: gradient_descent(gaussian(jax.random.key(0), SMALL, 5), (GOOD, GOOD),
                                  rate=0.1, steps=5), "symmetric=False"),
        (lambda: gradient_descent(gaussian(jax.random.key(0), SMALL, 5, seeds=2), GOOD,
                                  rate=0.1, steps=5), "2 seeds"),
        (lambda: subgradient_descent(gaussian(jax.random.key(0), SMALL, 5).gram(), GOOD,
                                     rate=0.1, steps=5), "without .gram"),
        (lambda: subgradient_descent(population(SMALL), GOOD, rate=0.1, decay=1.1, steps=5),
         "decay=1.1"),
    ],
)  # fmt: skip
def test_wrong_use_is_told(call, told):
    with pytest.raises(ValueError, match=told):
        call()


def test_a_modified_step_that_makes_one_factor_long_is_no_divergence():
    F = np.random.default_rng(0).normal(size=(4, 3)) / 2
    G, truth, step = F / 3, np.diag([1.0, 0.5, 0.0, 0.0]), OneStep(beta=1e-5, below=10.0)
    found = gradient_descent(population(truth), (F, G), rate=1e-11, steps=20, modify=step)
    assert found.left == -1
    A, s, Bt = np.linalg.svd(F, full_matrices=False)
    F, G = 1e-5 * A, G @ Bt.T * s / 1e-5
    for _ in range(20 - int(found.modified)):
        R = F @ G.T - truth
        F, G = F - 1e-11 * R @ G, G - 1e-11 * R.T @ F
    assert found.error[-1] == pytest.approx(np.sum((F @ G.T - truth) ** 2), rel=1e-9)


def test_single_precision_is_refused():
    with jax.enable_x64(False), pytest.raises(ValueError, match="double is off"):
        gradient_descent(population(SMALL), GOOD, rate=0.1, steps=5)


@pytest.mark.parametrize("make", [population, lambda truth: gaussian(jax.random.key(0), truth, 20)])
def test_a_problem_made_in_single_precision_is_refused_and_one_made_anew_is_not(make):
    truth = np.diag([0.7, 0.3, 0.0, 0.0])
    with jax.enable_x64(False):
        early = make(truth)
    with pytest.raises(ValueError, match="single precision, made before double was on"):
        gradient_descent(early, np.eye(4, 2), rate=0.1, steps=5)
    assert gradient_descent(make(truth), np.eye(4, 2), rate=0.1, steps=5).error[-1] < 1


def test_the_page_runs(checkout):
    run_blocks((checkout / "docs" / "matrix_sensing.md").read_text(encoding="utf-8"))
