"""Deeper networks in training, single networks by width: right, wrong, and with few networks."""

import numpy as np
import pytest

from lemmata.verify import backend, training_measure, wide_training_measure
from lemmata.verify.accuracy import Accuracy
from lemmata.verify.claims import ntk_wide_training as claims
from lemmata.verify.claims import tensor_single
from lemmata.verify.compare.base import Agreement
from lemmata.verify.domain import Point

pytestmark = pytest.mark.heavy

AGREES, DISAGREES, UNRESOLVED = Agreement.AGREES, Agreement.DISAGREES, Agreement.UNRESOLVED


@pytest.fixture(autouse=True)
def _precise():
    with backend.precision():
        yield


def all_judged(claim, at, predicted: tuple[float, ...], effort: float = 1.0) -> list[Agreement]:
    """What one measurement says of each prediction."""
    measured = claim.methods[0].measure(Point(at), Accuracy(effort))
    estimate = claim.compare.estimate(measured, 1e-5)
    return [claim.compare.judge(one, estimate).agreement for one in predicted]


def judged(claim, at, predicted: float, effort: float = 1.0) -> Agreement:
    return all_judged(claim, at, (predicted,), effort)[0]


@pytest.mark.parametrize("which", [0, 1])
def test_the_kernel_grows_in_training(which: int) -> None:
    at, claim = {"data": 7.0, "n": 64.0}, claims.inflation[which]
    assert judged(claim, at, 1) is AGREES
    assert judged(claim, at, -1) is DISAGREES
    assert judged(claim, at, 1, 0.05) is UNRESOLVED


@pytest.mark.parametrize("which", [0, 1])
def test_smaller_networks_are_slower(which: int) -> None:
    at, claim = {"data": 7.0, "n": 32.0}, claims.smaller[which]
    assert all_judged(claim, at, (-1, 1)) == [DISAGREES, AGREES]
    assert judged(claim, at, -1, 0.01) is UNRESOLVED


@pytest.mark.parametrize("which", [0, 1])
def test_on_inputs_like_digits_smaller_networks_are_faster(which: int) -> None:
    at, claim = {"data": 7.0, "n": 32.0}, claims.smaller_on_digits[which]
    assert all_judged(claim, at, (-1, 1)) == [AGREES, DISAGREES]
    assert judged(claim, at, -1, 0.02) is UNRESOLVED


def test_smaller_networks_deviate_more() -> None:
    at = {"data": 7.0, "n": 16.0}
    assert all_judged(claims.deviates_more, at, (1, -1)) == [AGREES, DISAGREES]
    assert judged(claims.deviates_more, at, 1, 0.03) is UNRESOLVED


def test_a_wide_network_leaves_what_the_linear_dynamics_do() -> None:
    x = wide_training_measure.data(3)
    rng = np.random.default_rng(1)
    (left,) = wide_training_measure.left_along(x, None, rng, 1, 2048, 0.1, 64)
    assert left == pytest.approx(claims.LEFT, abs=0.01)


def test_the_limiting_kernel_is_that_of_a_wide_network() -> None:
    rng = np.random.default_rng(2)
    net, params = wide_training_measure._networks(rng, 40, (4, 256, 256, 1), 0.1)
    own = wide_training_measure._seen(net, params, wide_training_measure.data(3))[0]
    np.testing.assert_allclose(np.asarray(own).mean(axis=0), claims._limit(3, False), rtol=0.1)


def test_rectifiers_keep_to_the_bound() -> None:
    claim, at = claims.own_kernel_rectifier, {"n": 16.0}
    assert all_judged(claim, at, (0.5, 0.25)) == [AGREES, DISAGREES]
    assert all_judged(claim, at, (0.5,), 0.1) == [UNRESOLVED]


ONE = {"k_xx": 1.0, "k_yy": 1.0, "k_xy": 0.0, "w": 0.7, "b": 0.3}


def test_orders_are_told_from_the_next() -> None:
    at = {"n": 128.0, "b": 0.3}
    right, *wrong = all_judged(claims.own_kernel, at, (0.25, 4**-0.75, 4**-1.25))
    assert right is AGREES
    assert wrong == [DISAGREES, DISAGREES]
    assert all_judged(claims.own_kernel, at, (0.25,), 0.01) == [UNRESOLVED]


def test_orders_of_one_network_are_told_apart() -> None:
    right, *wrong = all_judged(tensor_single.single_network, ONE, (-1.0, 0.0, -2.0))
    assert right is not DISAGREES
    assert wrong == [DISAGREES, DISAGREES]
    assert all_judged(tensor_single.single_network, ONE, (-1.0,), 0.01) == [UNRESOLVED]


def test_a_network_that_does_not_move_keeps_to_its_kernel() -> None:
    rng = np.random.default_rng(3)
    x = training_measure.inputs(1.7, 0.6)
    setting = training_measure.drawn(rng, 2, (2048,), b=0.3)
    still = wide_training_measure.from_own_kernel(setting, x, np.zeros(3), 1e-4, 3)
    moved = wide_training_measure.from_own_kernel(setting, x, np.ones(3), 0.2, 3)
    assert np.all(still < 1e-6)
    assert np.all((moved > 1e-6) & (moved < 1e-2))
