"""Claims on iterations and products of random matrices: what is wrong is refuted on their data."""

from functools import lru_cache

import numpy as np
import pytest
import sympy as sp

from lemmata.solvers import back_and_forth, random_products
from lemmata.solvers.wide_averages import averages
from lemmata.theory import message_passing as theory
from lemmata.theory import random_products as products
from lemmata.theory.program_expectation import ExactExpectation
from lemmata.theory.program_limit import execute
from lemmata.theory.tensor_programs import Program
from lemmata.verify import backend
from lemmata.verify.accuracy import Accuracy
from lemmata.verify.claims import message_passing
from lemmata.verify.claims import random_products as product_claims
from lemmata.verify.compare.base import Agreement
from lemmata.verify.domain import Point
from lemmata.verify.loading import claims_in
from lemmata.verify.measurement import Count
from lemmata.verify.prediction import predict
from lemmata.verify.program_expectations import NumericExpectation, estimated_limits

pytestmark = pytest.mark.heavy

ITERATED = {"delta": 0.5, "s": 0.4, "u": 0.8}
RIGHT = ITERATED | {"xi": 1.0, "memory": 1.0}
BARE = ITERATED | {"xi": 0.0, "memory": 0.0}
PRINTED = ITERATED | {"xi": 0.5, "memory": 1.0}
DECODED = {"alpha": 1.5, "w": 1.3, "b": 0.5, "v": 0.5}


@lru_cache
def _claims():
    """By the end of their ids; not in the open, where they would be decided as tests."""
    modules = (message_passing, product_claims)
    found = [one for module in modules for one in claims_in(module)]
    return {one.id.removeprefix("tensor-programs/"): one for one in found}


@pytest.fixture(scope="module", autouse=True)
def float64():
    with backend.precision():
        yield


def _limits(**factors):
    """Of h^1, b^1 and h^2, by the executor."""
    program, sigmas, taus = theory.iteration(2, *ITERATED.values(), **factors)
    return estimated_limits(program, [taus[0], sigmas[1], taus[1]], 1e-8)


def _evolution():
    sigmas, taus = theory.state_evolution(3, *ITERATED.values(), NumericExpectation())
    return [float(one) for one in (taus[0], sigmas[1], taus[1], sigmas[2], taus[2])]


def _judged(name, predicted, at, effort=0.5):
    """One point, measured once, against a number."""
    claim = _claims()[name]
    batch = Point({key: np.array([value]) for key, value in at.items()})
    (measured,) = claim.methods[0].measure(batch, Accuracy(effort)).split(1)
    return claim.compare.judge(predicted, claim.compare.estimate(measured, 1e-4)).agreement


# What a claim would say of another network or iteration than its own.
WRONG = {
    "message-passing/tau-0": (lambda: _limits(xi=0, memory=0)[0].value, RIGHT),
    "message-passing/sigma-1": (lambda: _limits(xi=0, memory=0)[1].value, RIGHT),
    "message-passing/tau-1": (lambda: _limits(xi=0.5)[2].value, RIGHT),
    "message-passing/sigma-2": (lambda: _limits(xi=0, memory=0)[1].value, RIGHT),
    "message-passing/tau-2": (lambda: _evolution()[4] * 1.2, RIGHT),
    "message-passing/tau-2/as-printed": (lambda: _evolution()[4], PRINTED),
    "message-passing/uncorrected/sigma-1": (lambda: _evolution()[1], BARE),
    "message-passing/uncorrected/tau-1": (lambda: _evolution()[2], BARE),
    "tied-autoencoder/slope": (lambda: 0.0, DECODED),
    "tied-autoencoder/variance": (lambda: 1.5 * 1.3**2 * (1.3**2 / 4 + 0.5**2 / 2), DECODED),
    "jacobian/moment-1": (lambda: 1.2**4, {"w": 1.2, "a": 0.0, "L": 2}),
    "jacobian/moment-2": (lambda: 1 + 2, {"w": 1.2, "a": 0.0, "L": 2}),
    "long-skeleton/fixed-length": (lambda: 1.2**6, {"w": 1.2, "L": 2}),
}


def test_every_measured_limit_has_a_wrong_one():
    # The claims on tanh bring their own.
    brought = {name for name in _claims() if name.startswith("jacobian/tanh/")}
    assert all(_claims()[name].wrong for name in brought)
    assert set(_claims()) - brought == {*WRONG, "long-skeleton/length-of-the-width"}


@pytest.mark.parametrize("name", WRONG)
def test_wrong_limits_are_refuted(name):
    wrong, at = WRONG[name]
    effort = 2 if "printed" in name else 0.5  # of few draws, which grow where they are needed
    assert _judged(name, wrong(), at, effort) is Agreement.DISAGREES


@pytest.mark.parametrize("name", ["message-passing/tau-1", "jacobian/moment-2"])
def test_too_few_draws_decide_nothing(name):
    claim, at = _claims()[name], WRONG[name][1]
    right = predict(claim).at([Point(at)])[0]
    assert _judged(name, right, at, effort=0.02) is Agreement.UNRESOLVED


def test_the_executor_finds_the_state_evolution_and_not_without_corrections():
    assert [one.value for one in _limits()] == pytest.approx(_evolution()[:3], rel=1e-7)
    bare = np.array([one.value for one in _limits(xi=0, memory=0)])
    printed = np.array([one.value for one in _limits(xi=0.5)])
    right = np.array(_evolution()[:3])
    assert np.all(bare > 1.15 * right)
    program, sigmas, taus = theory.iteration(3, 0.5, 0.5, 1.0, xi=0, memory=0)
    found = execute(program, NumericExpectation(1e-3))
    late = [float(found.scalar(one)) for one in (sigmas[2], taus[2])]
    assert late[1] == pytest.approx(6.14, abs=0.05)  # in runs of N = 3000, with their noise
    assert late[0] > 1.8 * message_passing._evolution(0.5, 0.5, 1.0)[3]
    assert printed[2] > 1.16 * right[2]


def test_state_evolution_where_it_is_known():
    sigmas, taus = theory.state_evolution(4, sp.Rational(1, 2), 0.5, 1, NumericExpectation())
    assert [float(one) for one in sigmas] == pytest.approx([2, 1.0613, 0.9724, 0.9625], abs=1e-4)
    assert [float(one) for one in taus] == pytest.approx([1.125, 0.6557, 0.6112, 0.6063], abs=1e-4)


def test_an_untied_decoder_forgets():
    points = {name: [value] for name, value in DECODED.items()}
    tied, untied = (
        np.mean(averages(run, 1, 64, 64, points)[0, :, 0])
        for run in (back_and_forth.autoencoder, back_and_forth.untied_autoencoder)
    )
    assert abs(untied) < 0.1 < 1 < tied


def _jacobian_program(depth, weight, slope):
    """Vectors put through the Jacobian, and back, as a program."""
    p = Program()
    n = p.width("n")
    x, v = p.vector("x", n), p.vector("v", n)
    layers = []
    for i in range(depth):
        W = p.matrix(f"W{i}", n, n, variance=weight**2)
        h = W @ x
        x = p.apply(lambda z: sp.Max(z, 0) + slope * sp.Min(z, 0), h)
        v = p.apply(lambda z, u: (slope + (1 - slope) * sp.Heaviside(z)) * u, h, W @ v)
        layers.append((W, h))
    first = p.mean(lambda u: u**2, v)
    for W, h in reversed(layers):
        v = W.T @ p.apply(lambda z, u: (slope + (1 - slope) * sp.Heaviside(z)) * u, h, v)
    return p, first, p.mean(lambda u: u**2, v)


@pytest.mark.parametrize("depth", [1, 2])
def test_the_executor_finds_the_moments_of_free_factors(depth):
    weight, slope = sp.Rational(6, 5), sp.Rational(1, 4)
    at = {products.w: weight, products.a: slope, products.length: depth}
    program, *moments = _jacobian_program(depth, weight, slope)
    limit = execute(program, NumericExpectation(1e-8))
    first, second = (float(limit.scalar(one)) for one in moments)
    derived = (products.first_moment(), products.second_moment())
    right = [products.with_leaky_relu(one) for one in derived]
    assert first == pytest.approx(float(right[0].statement.subs(at)), rel=1e-6)
    assert second / first**2 == pytest.approx(float(right[1].statement.subs(at)), rel=1e-6)
    assert all(one.holds() for one in right)


def test_a_jacobian_of_linear_layers_has_one_for_each_in_its_second_moment():
    moment = products.with_leaky_relu(products.second_moment()).statement
    L = products.length
    assert sp.simplify(moment.subs(products.a, 1) - 1 - L) == 0
    assert sp.simplify(moment.subs(products.a, 0) - 1 - 2 * L) == 0


@pytest.mark.parametrize(("tied", "agreement"), [(False, "agrees"), (True, "disagrees")])
def test_only_one_matrix_for_all_factors_makes_long_products_grow(tied, agreement):
    claim = _claims()["long-skeleton/length-of-the-width"]
    sizes = random_products.long_products(2, 32, 24, 1600, tied=tied)
    found = claim.compare.estimate(Count(int(np.sum(sizes > 2)), len(sizes)), 1e-4)
    predicted = predict(claim).at([Point({"n": 32, "c": 0.75})])[0]
    assert claim.compare.judge(predicted, found).agreement.value == agreement


def test_the_executor_gives_the_size_of_a_power():
    p = Program()
    n = p.width("n")
    W, x = p.matrix("W", n, n, variance=products.w**2), p.vector("x", n)
    sizes = []
    for _ in range(3):
        x = W @ x
        sizes.append(p.mean(lambda z: z**2, x))
    limit = execute(p, ExactExpectation())
    claimed = products.power_size().statement
    found = [limit.scalar(one) for one in sizes]
    assert found == [claimed.subs(products.length, length) for length in (1, 2, 3)]


@pytest.mark.parametrize(("n", "length", "draws"), [(0, 3, 3), (3, 0, 3), (3, 3, 2.5)])
def test_sizes_of_long_products_are_checked(n, length, draws):
    with pytest.raises(ValueError, match="must be an integer of at least 1"):
        random_products.long_products(0, n, length, draws)
