"""Gradients and kernels of wide networks: wrong formulas are refuted, and few draws say nothing."""

import dataclasses
from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import sympy as sp

from lemmata.solvers import wide_gradients
from lemmata.solvers.kernels import tangent_kernel
from lemmata.solvers.networks import DenseNetwork
from lemmata.solvers.wide_draws import from_key
from lemmata.theory import ntk, ntk_misprints, ntk_signal, ntk_structures, ntk_waves
from lemmata.theory.ntk_conventions import YANG
from lemmata.verify import backend
from lemmata.verify.accuracy import Accuracy
from lemmata.verify.claims import tensor_kernels as claims
from lemmata.verify.claims import tensor_rings
from lemmata.verify.compare.base import Agreement
from lemmata.verify.domain import stack
from lemmata.verify.prediction import predict

pytestmark = pytest.mark.heavy

W = ntk_signal.w
ZERO = sp.Integer(0)


@pytest.fixture(autouse=True)
def _precise():
    with backend.precision():
        yield


def copies(claim_maps: ntk_structures.Maps) -> sp.Expr:
    """The pooled kernel where transposed weights are taken for independent copies."""
    return ntk_structures.pooled(3, claim_maps._replace(curvature=lambda q: ZERO)).xy


# By name: claims in a list of a test module would be decided as items of their own.
WRONG: dict[str, tuple[Callable[[], object], float]] = {
    "tangent_kernel": (lambda: claims.kernels_as_printed[1].predicted, 0.2),
    "gradient_covariance": (lambda: claims.gradient_covariance.predicted().statement / W, 0.5),
    "gradient_independence": (lambda: 0.24, 0.1),
    "pooled_relu": (lambda: copies(claims._relu_maps()), 0.5),
    "pooled_sine": (lambda: claims.pooled_as_printed.predicted, 0.5),
    "convolutional": (lambda: tensor_rings.convolutional_as_printed.predicted, 0.3),
}
# Where the wrong formula is far off: within the domain, but for the sake of few draws at its edge.
FAR: dict[str, dict[str, float]] = {
    "tangent_kernel": {"k_xx": 1, "k_yy": 1, "k_xy": 0.5, "w": 0.7, "b": 0.3},
    "gradient_covariance": {"k_xx": 1, "k_yy": 1, "k_xy": 0.5, "w": 0.7, "b": 0.3},
    "gradient_independence": {"k_xx": 1, "k_yy": 1, "k_xy": 0.5, "w": 0.7, "b": 0.3},
    "pooled_relu": {"k_xx": 1, "k_yy": 1, "k_xy": 0.9, "w": 1.7, "b": 0.3},
    "pooled_sine": {"k_xx": 1, "k_yy": 1, "k_xy": 0.9, "w": 1.5, "b": 0.1, "theta": 1.4},
    "convolutional": {"q": 2, "r": 0, "w": 2, "b": 0.1},
}


def judged(name: str, predicted, effort: float) -> Agreement:
    """What a formula comes to at the point of FAR, on one measurement."""
    module = tensor_rings if name == "convolutional" else claims
    claim = dataclasses.replace(getattr(module, name), wrong={})
    if predicted is not None:
        claim = dataclasses.replace(claim, predicted=predicted)
    points = claim.domain.sample(1, seed=0, fixed=FAR[name])
    (measured,) = claim.methods[0].measure(stack(points), Accuracy(effort)).split(1)
    (value,) = predict(claim).at(points)
    return claim.compare.judge(float(value), claim.compare.estimate(measured, 1e-5)).agreement


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_formula_is_refuted_and_few_draws_leave_it_open(name: str) -> None:
    wrong, effort = WRONG[name]
    # Of angles even a dozen draws tell that they are near a right one.
    few = 0.0005 if name == "gradient_independence" else 0.002
    assert judged(name, None, few) is Agreement.UNRESOLVED
    assert judged(name, wrong(), effort) is Agreement.DISAGREES


def test_printed_forms_are_off_by_more_than_the_margin() -> None:
    pairs = [(one, claims.tangent_kernel) for one in claims.kernels_as_printed]
    pairs.append((claims.pooled_as_printed, claims.pooled_sine))
    pairs.append((tensor_rings.convolutional_as_printed, tensor_rings.convolutional))
    for printed, right in pairs:
        points = printed.domain.sample(8, seed=1)
        off = predict(printed).at(points) / predict(right).at(points) - 1
        assert (np.abs(off) > 1.5 * right.compare.relative).all(), (printed.id, off)


def test_the_printed_recursion_of_a_pooled_read_out_is_right_for_relu() -> None:
    maps = claims._relu_maps()
    right = ntk_structures.pooled(3, maps).xy
    assert right == ntk_misprints.pooled_as_printed(3, maps).xy


@pytest.mark.parametrize(
    "derivation",
    [
        ntk_waves.shifted_sine,
        ntk_waves.mean_sine,
        ntk_signal.passed_back,
        lambda: ntk_signal.gradient_covariance(3, 1, ntk.relu, ntk.relu_slope),
    ],
)
def test_what_the_claims_rest_on_replays(derivation) -> None:
    assert derivation().gaps() == ()


def test_the_maps_of_a_shifted_sine_by_quadrature() -> None:
    nodes, weights = np.polynomial.hermite_e.hermegauss(60)
    weights = weights / np.sqrt(2 * np.pi)
    q, p, c, shift = 1.3, 0.7, 0.6, 0.4
    u = np.sqrt(q) * nodes[:, None]
    v = c / np.sqrt(q) * nodes[:, None] + np.sqrt(p - c**2 / q) * nodes
    functions = (np.sin, np.cos, lambda z: np.sin(z) * np.cos(z))
    maps = ntk_waves.maps(sp.Float(shift))
    for f, map in zip(functions, maps[:3], strict=True):
        assert float(map(q, p, c)) == pytest.approx(
            weights @ (f(u + shift) * f(v + shift)) @ weights, rel=1e-10
        )
    z = np.sqrt(q) * nodes + shift
    assert float(maps.curvature(sp.Float(q))) == pytest.approx(-weights @ np.sin(z), rel=1e-10)
    assert float(maps.drift(sp.Float(q))) == pytest.approx(weights @ np.cos(2 * z), rel=1e-10)


def test_gradient_covariances_are_part_of_the_tangent_kernel() -> None:
    V, slope = sp.Function("V"), sp.Function("V'")
    for layer in (1, 2):
        found = ntk_signal.gradient_covariance(3, layer, V, slope).statement
        sigma = ntk.covariances(3, V, YANG)[layer - 1].xy
        share = ntk.layer_shares(3, V, slope, YANG)[layer - 1].xy
        passed = found * ntk_structures.at(slope, ntk.covariances(3, V, YANG)[layer - 1]).xy
        below = (sigma - ntk.b**2) / W**2 + 1
        assert sp.simplify(share - passed * below) == 0
    with pytest.raises(ValueError, match="layer=3"):
        ntk_signal.gradient_covariance(3, 3, V, slope)


@pytest.mark.parametrize("pooled", [False, True])
def test_a_draw_has_the_kernel_of_the_network_that_it_is(pooled: bool) -> None:
    draw, widths, w, b = from_key(jax.random.key(3)), (3, 6, 4), 1.3, 0.4
    x = wide_gradients.pair(1.2, 0.7, 0.5)
    found = wide_gradients.passes(draw, widths, x, w, b, jnp.tanh, pooled)
    two, three, first, b_1, b_2, b_3, last = wide_gradients.drawn(draw, widths)
    network = DenseNetwork(
        (2, *widths) if pooled else (2, *widths, 1), jnp.tanh, w, b,
        unit_parameters=False, readout_bias=pooled, readout="mean" if pooled else "dense",
    )  # fmt: skip
    for i in (1,):
        layers = [(first[:, i, 0].T, b_1), (two, b_2), (three, b_3)]
        params = [{"w": w * m, "b": b * shift[i, 0]} for m, shift in layers]
        if not pooled:
            params.append({"w": w * last[None, i, 0]})
        expected = tangent_kernel(network, tuple(params), x, outputs="trace")
        assert wide_gradients.kernel(found, pooled)[i] == pytest.approx(float(expected[0, 1]))
        outputs = network(tuple(params), x)[:, 0]
        np.testing.assert_allclose(found.outputs[i], outputs, rtol=1e-12)
