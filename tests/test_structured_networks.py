"""Residual and convolutional networks: against plain loops, in symmetries, in exact variances."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from lemmata.solvers.kernels import tangent_kernel
from lemmata.solvers.networks_structured import CircularConvolution, ResidualNetwork

pytestmark = pytest.mark.heavy

KEY = jax.random.key(11)


def normal(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape)


def test_a_residual_network_is_its_blocks_one_by_one():
    f = ResidualNetwork(3, 5, 2, 2, jnp.tanh, w_std=1.2, b_std=0.3, v_std=0.7, a_std=0.4)
    p = {name: np.asarray(value) for name, value in f.draw(KEY).items()}
    x = normal(4, 3)
    for row, found in zip(x, f(p, x), strict=True):
        state = p["U"] @ row / np.sqrt(3)
        for l in range(2):
            h = 1.2 * p["W"][l] @ state / np.sqrt(5) + 0.3 * p["b"][l]
            state = state + 0.7 * p["V"][l] @ np.tanh(h) / np.sqrt(5) + 0.4 * p["a"][l]
        np.testing.assert_allclose(found, p["R"] @ state / np.sqrt(5), rtol=1e-12)


def test_the_variance_of_a_residual_network_grows_as_it_must():
    # With rectifiers E phi(h)^2 = E h^2 / 2 at every width, so the recursion is exact.
    f = ResidualNetwork(2, 6, 3, w_std=1.3, b_std=0.5, v_std=0.8, a_std=0.2)
    x = jnp.asarray([[1.0, -2.0]])
    q = 5 / 2
    for _ in range(3):
        q = q + 0.8**2 * (1.3**2 * q + 0.5**2) / 2 + 0.2**2
    outputs = jax.vmap(lambda key: f(f.draw(key), x)[0, 0])(jax.random.split(KEY, 10_000))
    squares = np.asarray(outputs) ** 2
    error = squares.std() / np.sqrt(len(squares))
    assert abs(squares.mean() - q) < 4 * error
    assert error < 0.05 * q


@pytest.mark.parametrize("readout", ["flat", "pooled"])
def test_a_convolution_is_its_sums_one_by_one(readout):
    s = 4
    f = CircularConvolution((2, 3, 2), s, 3, jnp.tanh, w_std=1.4, b_std=0.6, readout=readout)
    first, second, last = (
        {name: np.asarray(value) for name, value in layer.items()} for layer in f.draw(KEY)
    )
    x = normal(3, s, 2)
    for one, found in zip(x, f(f.draw(KEY), x), strict=True):
        state = one
        for layer in (first, second):
            n = state.shape[1]
            h = np.zeros((s, len(layer["b"])))
            for p in range(s):
                for q in (-1, 0, 1):
                    weight = np.sqrt(1 / 3) * layer["w"][q + 1]
                    h[p] += 1.4 * weight @ state[(p + q) % s] / np.sqrt(n)
                h[p] += 0.6 * layer["b"]
            state = np.tanh(h)
        weights = last["w"] if readout == "flat" else np.broadcast_to(last["w"], (s, 2))
        scale = np.sqrt(s * 2) if readout == "flat" else s * np.sqrt(2)
        np.testing.assert_allclose(found, np.sum(weights * state) / scale, rtol=1e-12)


def test_going_round_the_ring_changes_only_what_is_read_out_by_position():
    x = normal(3, 5, 2)
    turned = np.roll(x, 2, axis=1)
    for readout, same in (("pooled", True), ("flat", False)):
        f = CircularConvolution((2, 4, 4), 5, readout=readout)
        p = f.draw(KEY)
        assert np.allclose(f(p, x), f(p, turned), rtol=0, atol=1e-12) is same


def test_the_tangent_kernel_of_a_convolution_goes_round_too():
    x = normal(3, 5, 2)
    f = CircularConvolution((2, 4), 5, readout="pooled", b_std=0.3)
    p = f.draw(KEY)
    one, two = (tangent_kernel(f, p, v, outputs="trace") for v in (x, np.roll(x, 1, axis=1)))
    np.testing.assert_allclose(one, two, rtol=0, atol=1e-12)
    assert one[0, 0] > 0.1


@pytest.mark.parametrize(
    ("make", "text"),
    [
        (lambda: ResidualNetwork(3, 0, 2), "`width=0` must be an integer of at least 1"),
        (lambda: ResidualNetwork(3, 4, 2, v_std=-1.0), "`v_std=-1.0` is a standard deviation"),
        (lambda: CircularConvolution((2, 0), 4), r"`widths=\(2, 0\)`"),
        (lambda: CircularConvolution((2, 3), 0), "`positions=0` must be an integer"),
        (lambda: CircularConvolution((2, 3), 4, 2), "`kernel=2` must be odd"),
        (lambda: CircularConvolution((2, 3), 4, readout="max"), "`readout='max'` must be"),
    ],
)
def test_networks_that_are_refused(make, text):
    with pytest.raises(ValueError, match=text):
        make()


def test_inputs_that_are_refused():
    f = CircularConvolution((2, 3), 4)
    with pytest.raises(ValueError, match=r"shape \(5, 3, 2\); this network takes .*\(N, 4, 2\)"):
        f(f.draw(KEY), normal(5, 3, 2))
    g = ResidualNetwork(3, 4, 1)
    with pytest.raises(ValueError, match=r"shape \(5, 2\); this network takes .*\(N, 3\)"):
        g(g.draw(KEY), normal(5, 2))
