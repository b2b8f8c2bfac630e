"""Motion with friction and noisy descent, against what is known exactly; and their errors."""

import jax
import numpy as np
import pytest

from lemmata.solvers import symmetric_losses as losses
from lemmata.solvers.damped_motion import damped_motion
from lemmata.solvers.noisy_descent import norms

pytestmark = pytest.mark.heavy
LOSSES = (losses.rayleigh, losses.normalised_network, losses.softmax, losses.factors)


def spring(q):
    return 4 * q


def test_a_damped_spring_moves_as_it_should() -> None:
    one = damped_motion(spring, [1.0, -2.0], [0.0, 0.0], mass=1.0, friction=1.0, duration=3.0)
    w = np.sqrt(4 - 0.25)
    exact = np.exp(-one.times / 2) * (np.cos(w * one.times) + np.sin(w * one.times) / (2 * w))
    np.testing.assert_allclose(one.q, exact[:, None] * [1.0, -2.0], atol=1e-10)
    # what friction takes is the energy that is lost
    energy = (one.v**2).sum(1) / 2 + 2 * (one.q**2).sum(1)
    lost = one.integral((one.v**2).sum(1))
    assert lost == pytest.approx(energy[0] - energy[-1], rel=1e-10)


def test_gradient_flow_is_the_motion_without_a_mass() -> None:
    one = damped_motion(spring, [1.0], mass=0.0, friction=2.0, duration=1.5)
    np.testing.assert_allclose(one.q[:, 0], np.exp(-2 * one.times), atol=1e-10)
    np.testing.assert_allclose(one.v[:, 0], -2 * one.q[:, 0], atol=1e-10)


@pytest.mark.parametrize(
    ("change", "match"),
    [
        ({"start": [[1.0]]}, r"shapes \(1, 1\) and \(1, 1\); give \(d,\)"),
        ({"velocity": [0.0, 1.0]}, r"shapes \(1,\) and \(2,\); give \(d,\)"),
        ({"mass": 0.0, "friction": 0.0}, r"mass=0.0, friction=0.0, .* not both 0"),
        ({"duration": -1.0}, r"duration=-1.0"),
        ({"mass": 0.0, "velocity": [1.0]}, r"the slope alone sets the velocity; give none"),
    ],
)
def test_a_motion_that_cannot_be_is_told(change: dict, match: str) -> None:
    options = {"start": [1.0], "mass": 1.0, "friction": 1.0, "duration": 1.0} | change
    with pytest.raises(ValueError, match=match):
        damped_motion(spring, options.pop("start"), **options)


MOVES = {
    losses.rayleigh: lambda q: 1.7 * q,
    losses.normalised_network: lambda q: 1.7 * q,
    losses.softmax: lambda q: q + 0.7,
    losses.factors: lambda q: q * np.repeat([1.7, 1 / 1.7], losses.SIZE // 2),
}


@pytest.mark.parametrize("loss", LOSSES)
def test_each_loss_knows_its_symmetry_and_no_other(loss) -> None:
    rng = np.random.default_rng(3)
    size, examples = losses.draw(loss, rng)
    q = rng.normal(size=size)
    value = float(loss(q, examples))
    for other, move in MOVES.items():
        if other is losses.factors and size != losses.SIZE:
            continue
        moved = float(loss(move(q), examples))
        same = other is loss or {other, loss} <= {losses.rayleigh, losses.normalised_network}
        assert (abs(moved - value) < 1e-12) is same, other.__name__


def test_an_unknown_loss_is_told() -> None:
    with pytest.raises(KeyError, match="no examples are known for"):
        losses.draw(lambda q, examples: q @ q, np.random.default_rng(0))


def quadratic(q, examples):
    return (q - examples) @ (q - examples) / 2


def test_descent_with_decay_moves_as_it_should() -> None:
    # all examples alike: q -> (1 - h - h d) q + h x
    found = norms(
        jax.grad(lambda q, x: quadratic(q, x[0])), np.ones((2, 3, 1)), np.full((5, 1), 2.0),
        [0.1, 0.2], [0.0, 0.5], np.random.default_rng(0), steps=4, batch=2,
    )  # fmt: skip
    q, expected = np.ones(2), []
    for _ in range(4):
        expected.append(q**2)
        q = (1 - np.array([0.0, 0.1])) * q - np.array([0.1, 0.2]) * (q - 2)
    np.testing.assert_allclose(found.square[:, :, 0], expected, rtol=1e-12)
    np.testing.assert_allclose(found.slope[0], 1.0)
    assert found.square.shape == (4, 2, 3)


@pytest.mark.parametrize(
    ("change", "match"),
    [
        ({"start": np.ones((2, 3))}, r"have shapes \(2, 3\), \(2,\) and \(2,\); give"),
        ({"rate": [0.1, -0.1]}, r"rate -0.1, decay 0, .* rates, steps and batches are positive"),
        ({"batch": 0}, r"batch=0"),
    ],
)
def test_a_descent_that_cannot_be_is_told(change: dict, match: str) -> None:
    options = {"start": np.ones((2, 3, 1)), "rate": [0.1, 0.1], "steps": 3, "batch": 1} | change
    start, rate = options.pop("start"), options.pop("rate")
    with pytest.raises(ValueError, match=match):
        norms(jax.grad(quadratic), start, np.ones((4, 1)), rate, [0.0, 0.0],
              np.random.default_rng(0), **options)  # fmt: skip
