"""Proposition 2 on a circle: verified, refuted when wrong, open if vague."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from lemmata.solvers import batches
from lemmata.solvers.kernel_dense import dense_kernel
from lemmata.solvers.networks import DenseNetwork
from lemmata.solvers.normals import standard_normal
from lemmata.verify import backend, circle_measure
from lemmata.verify.accuracy import Accuracy
from lemmata.verify.claims import ntk_ensembles, ntk_positivity
from lemmata.verify.decide import decide
from lemmata.verify.domain import Point
from lemmata.verify.settings import Profile, Settings
from lemmata.verify.verdict import Outcome

pytestmark = pytest.mark.heavy


@pytest.fixture(autouse=True)
def _precise():
    with backend.precision():
        yield


def _outcome(claim, effort=1.0, **other):
    tried = dataclasses.replace(claim, points=4, expected="verified", cause="", **other)
    return decide(tried, Settings(Profile("test", points=4, effort=effort))).outcome


def test_eigenvalues_are_told_from_those_without_biases():
    def without(p):
        return ntk_positivity.eigenvalue(Point({**p, "b": 0.0}))

    claim = ntk_positivity.eigenvalues
    assert _outcome(claim, 0.1) is Outcome.VERIFIED
    assert _outcome(claim, 0.1, predicted=without) is Outcome.REFUTED
    assert _outcome(claim, 0.002) is Outcome.INCONCLUSIVE


def test_too_few_networks_do_not_show_a_positive_eigenvalue():
    assert _outcome(ntk_positivity.three_layers, 0.001) is Outcome.INCONCLUSIVE


def test_zero_in_every_network_is_known_from_few():
    p = Point({"k": np.array([3.0]), "w": np.array([1.0]), "b": np.array([0.0])})
    found = ntk_positivity.positive(p, Accuracy(0.01), depth=2)
    assert np.all(found.converged)
    assert np.all(np.abs(found.value) < 1e-15)


def test_the_components_are_eigenvalues_of_the_mean():
    """By the trace: 1, then two of each harmonic but the first and the last."""
    k, one = np.arange(9.0), np.ones(9)
    found = circle_measure.components(4, 3, (5,), k, 1.3 * one, 0.4 * one)
    angle = circle_measure.angles()
    x = jnp.asarray(2**0.5 * np.stack([np.cos(angle), np.sin(angle)], axis=-1))
    net = DenseNetwork((2, 5, 1), jax.nn.relu, 1.3, 0.4)
    rng = np.random.Generator(np.random.SFC64(np.random.SeedSequence(4)))
    rows = standard_normal(rng, (batches.DRAWS, 21), np.float32)[:3]
    for network, row in zip(found.T, rows, strict=True):
        params = circle_measure.parameters(row, (2, 5, 1))
        kernel = dense_kernel(net, params, x, outputs="trace")
        many = np.array([1, *[2] * 7, 1])
        assert many @ network == pytest.approx(float(jnp.trace(kernel)) / 16, rel=1e-12)


def test_deciles_of_a_wider_law_are_refuted_and_few_networks_leave_them_open():
    for decile in (ntk_ensembles.deciles[i] for i in (0, 1)):
        right = decile.predicted()
        centre = ntk_ensembles._decile(0.0)
        assert _outcome(decile, 0.05, predicted=centre + 2 * (right - centre)) is Outcome.REFUTED
        assert _outcome(decile, 0.002) is Outcome.INCONCLUSIVE
