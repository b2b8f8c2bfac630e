"""Structured networks and reused matrices: wrong formulas are refuted on the claims' own data."""

from functools import lru_cache

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import sympy as sp

from lemmata.solvers import wide_rings, wide_structures
from lemmata.solvers.kernels import tangent_kernel
from lemmata.solvers.networks_structured import CircularConvolution, ResidualNetwork
from lemmata.solvers.wide_draws import from_key
from lemmata.theory.random_products import by_layers
from lemmata.verify import backend
from lemmata.verify.accuracy import Accuracy
from lemmata.verify.claims import (
    random_products,
    tensor_kernels,
    tensor_rings,
    tensor_structures,
)
from lemmata.verify.compare.base import Agreement
from lemmata.verify.domain import stack
from lemmata.verify.loading import claims_in
from lemmata.verify.prediction import planted, predict
from lemmata.verify.program_expectations import NumericExpectation

pytestmark = pytest.mark.heavy


@pytest.fixture(scope="module", autouse=True)
def float64():
    with backend.precision():
        yield


@lru_cache
def _claims():
    """Those that bring wrong formulas; not in the open, where they would be decided as tests."""
    modules = (tensor_structures, tensor_kernels, tensor_rings, random_products)
    found = [one for module in modules for one in claims_in(module) if one.wrong]
    return {one.id.removeprefix("tensor-programs/"): one for one in found}


NAMES = (
    "jacobian/tanh/moment-1",
    "jacobian/tanh/moment-2",
    "mean-pooled-kernel/gelu",
    "mean-pooled-kernel/one-by-one",
    "residual-network/covariance",
    "convolutional-kernel",
    "convolutional-network/covariance-0-0",
    "convolutional-network/covariance-0-1",
    "convolutional-network/covariance-0-2",
    "one-matrix-in-many-lines",
    "recurrent-network/covariance-3-2",
    "recurrent-network/covariance-3-3",
)


def test_every_claim_has_a_wrong_formula():
    claims = [*claims_in(tensor_structures), *claims_in(tensor_rings)]
    right = {one.id for one in claims if one.expected == "verified"}
    there = {id.removeprefix("tensor-programs/") for id in right}
    assert there <= set(NAMES) <= set(_claims())


def _agreements(claim, formulas, effort):
    points = claim.domain.sample(claim.points or 4, seed=0)
    measured = claim.methods[0].measure(stack(points), Accuracy(effort)).split(len(points))
    estimates = [claim.compare.estimate(one, 1e-4) for one in measured]
    return [
        {
            claim.compare.judge(float(value), one).agreement
            for value, one in zip(formula.at(points), estimates, strict=True)
        }
        for formula in formulas
    ]


@pytest.mark.parametrize("name", NAMES)
def test_wrong_formulas_are_refuted_and_the_right_one_is_not(name):
    claim = _claims()[name]
    right, *wrong = _agreements(claim, [predict(claim), *planted(claim).values()], 0.25)
    assert Agreement.DISAGREES not in right
    assert all(Agreement.DISAGREES in one for one in wrong)


@pytest.mark.parametrize(
    "name",
    ["residual-network/covariance", "one-matrix-in-many-lines", "recurrent-network/covariance-3-2"],
)
def test_too_few_draws_decide_nothing(name):
    claim = _claims()[name]
    (found,) = _agreements(claim, [predict(claim)], 0.003)
    assert Agreement.UNRESOLVED in found


def test_the_numbers_of_the_paper():
    first, ratio = by_layers(3, sp.sqrt(1.5), sp.tanh, NumericExpectation())
    assert float(first) == pytest.approx(0.4184295542, rel=1e-8)
    assert float(first**2 * ratio) == pytest.approx(0.9706208474, rel=1e-8)
    # At (1, 1, 1) with itself; with transposed weights drawn afresh; and between both inputs.
    itself = 1.0, 1.0, 1.0, 2**0.5, 0.1**0.5
    assert tensor_kernels._gelu_kernel(*itself) == pytest.approx(8.479, abs=1e-3)
    assert tensor_kernels._gelu_kernel(*itself, copies=True) == pytest.approx(3.71, abs=5e-3)


def test_a_draw_on_the_ring_is_of_the_network_that_it_is():
    n, s, w, b, draw = 5, 4, 1.3, 0.4, from_key(jax.random.key(3))
    x = jnp.asarray(np.random.default_rng(0).normal(size=(2, s, 2)))  # inputs, s, channels
    found = wide_rings.passes(draw, n, x, w, b)
    second, first, b_1, b_2, last = wide_rings.drawn(draw, n, s, 2)
    network = CircularConvolution((2, n, n), s, 3, w_std=np.sqrt(3), b_std=1.0)

    def by_shift(side_by_side):
        return jnp.stack(jnp.split(side_by_side, 3, axis=1))

    for i in (0, 3):
        scale = w / np.sqrt(3)
        params = (
            {"w": scale * by_shift(first[i]), "b": b * b_1[i, 0, 0]},
            {"w": scale * by_shift(second), "b": b * b_2[i, 0, 0]},
            {"w": w * last[i, 0]},
        )
        np.testing.assert_allclose(found.outputs[i], network(params, x)[:, 0], rtol=1e-12)
        expected = tangent_kernel(network, params, x, outputs="trace")[0, 1]
        assert wide_rings.kernel(found)[i] == pytest.approx(float(expected))


def test_a_stream_is_that_of_the_network():
    n, scales, draw = 5, (1.3, 0.4, 0.7, 0.6), from_key(jax.random.key(3))
    x = jnp.asarray(np.random.default_rng(0).normal(size=(2, 2)))
    found = wide_structures.stream(draw, n, x, *scales)
    U, W, V, biases, shifts = wide_structures.parts(draw, n)
    network = ResidualNetwork(2, n, 2, n, jax.nn.relu, *scales)
    params = {
        "U": U[2].T, "W": W, "V": V, "b": biases[:, 2, 0], "a": shifts[:, 2, 0],
        "R": jnp.sqrt(n) * jnp.eye(n),
    }  # fmt: skip
    np.testing.assert_allclose(found[2], network(params, x), rtol=1e-12)


def test_fresh_matrices_leave_nothing_between_their_lines():
    key, scale = jax.random.key(5), {"w": 1.1}
    tied, fresh = (
        np.mean([wide_structures.reused(from_key(one), 64, tied=tied, **scale)[1] for one in
                 jax.random.split(key, 20)]) for tied in (True, False)
    )  # fmt: skip
    assert abs(fresh) < 0.05 < 0.1 < tied
