"""Kinks in training, the kernel along the circle: wrong formulas are refuted, few draws open."""

import numpy as np
import pytest

from lemmata.theory import ntk_kinks
from lemmata.verify import backend
from lemmata.verify.accuracy import Accuracy
from lemmata.verify.claims import ntk_bands, ntk_experiments
from lemmata.verify.claims import ntk_kinks as kinks
from lemmata.verify.compare.base import Agreement
from lemmata.verify.domain import Point

pytestmark = pytest.mark.heavy

AT = {"w": 1.1, "b": 0.3, "n": 512.0, "q": 1.3}
RATE = 2 / (1.1**2 * 1.3 / 2 + 0.09)
LOSS = 1.1**3 * 1.3**1.5 * RATE * np.sqrt(2 / np.pi * (1.1**2 * 1.3 / 2 + 0.09)) / np.pi


@pytest.fixture(autouse=True)
def _precise():
    with backend.precision():
        yield


def judged(claim, at, predicted: float, effort: float = 1.0) -> Agreement:
    measured = claim.methods[0].measure(Point(at), Accuracy(effort))
    return claim.compare.judge(predicted, claim.compare.estimate(measured, 1e-5)).agreement


@pytest.mark.parametrize(
    ("predicted", "effort", "expected"),
    [
        (LOSS, 1.0, Agreement.AGREES),
        (LOSS / 2, 1.0, Agreement.DISAGREES),
        (LOSS * np.pi / 2, 1.0, Agreement.DISAGREES),
        (0.0, 1.0, Agreement.DISAGREES),  # an order of 1/n
        (LOSS, 0.02, Agreement.UNRESOLVED),
    ],
)
def test_a_step_takes_units_away(predicted: float, effort: float, expected: Agreement) -> None:
    at = {**AT, "eta": RATE}
    assert judged(kinks.rectifier_drift, at, predicted, effort) is expected


def test_the_loss_is_derived() -> None:
    derived = ntk_kinks.first_step_loss()
    assert all(one.status in {"proved", "checked"} for one in derived.replay())
    names = {getattr(ntk_kinks, name): AT[name] for name in "wbq"}
    assert float(derived.statement.subs({**names, ntk_kinks.eta: RATE})) == pytest.approx(LOSS)


@pytest.mark.parametrize(
    ("predicted", "effort", "expected"),
    [
        (-0.5, 1.0, Agreement.AGREES),
        (-1.0, 1.0, Agreement.DISAGREES),
        (-0.5, 0.005, Agreement.UNRESOLVED),
    ],
)
def test_the_limiting_kernel_is_left_at_the_root(
    predicted: float, effort: float, expected: Agreement
) -> None:
    at = {"w": 1.2, "b": 0.3, "eta": 0.1}
    assert judged(kinks.limit_kernel, at, predicted, effort) is expected


@pytest.mark.parametrize(
    ("predicted", "effort", "expected"),
    [
        (0.28250, 1.0, Agreement.AGREES),
        (0.25, 1.0, Agreement.DISAGREES),  # without a bias anywhere
        (0.28250, 0.05, Agreement.UNRESOLVED),
    ],
)
def test_the_kernel_on_the_circle(predicted: float, effort: float, expected: Agreement) -> None:
    claim = ntk_experiments.kernel_on_circle
    at = {"gamma": 0.0, "k_xx": 0.5, "k_yy": 0.5, "k_xy": 0.5, "w": 1.0, "b": 0.1}
    batch = Point({name: np.array([value]) for name, value in at.items()})
    (measured,) = claim.methods[0].measure(batch, Accuracy(effort)).split(1)
    found = claim.compare.judge(predicted, claim.compare.estimate(measured, 1e-5))
    assert found.agreement is expected


def test_the_layers_on_the_circle_add_up_to_what_is_known() -> None:
    assert [round(one, 5) for one in ntk_experiments._shares(0)] == [
        0.06375,
        0.06625,
        0.07125,
        0.08125,
    ]
    assert [round(one, 5) for one in ntk_experiments._shares(1)] == [
        0.02143,
        0.03191,
        0.04677,
        0.06987,
    ]


@pytest.mark.parametrize(
    ("shift", "effort", "expected"),
    [
        (0, 1.0, Agreement.AGREES),
        (1, 1.0, Agreement.DISAGREES),
        (-1, 1.0, Agreement.DISAGREES),
        (0, 0.1, Agreement.UNRESOLVED),
    ],
)
def test_a_layer_is_told_from_its_neighbours(
    shift: int, effort: float, expected: Agreement
) -> None:
    claim = ntk_experiments.layers_on_circle
    at = claim.domain.point(eighths=1, layer=3)
    batch = Point({name: np.array([value]) for name, value in at.items()})
    (measured,) = claim.methods[0].measure(batch, Accuracy(effort)).split(1)
    predicted = ntk_experiments._share(at, shift=shift)
    found = claim.compare.judge(predicted, claim.compare.estimate(measured, 1e-5))
    assert found.agreement is expected


@pytest.mark.parametrize("name", ["coverage", "on_data"])
def test_the_band_holds_what_it_should_and_closes_on_the_data(name: str) -> None:
    claim = getattr(ntk_bands, name)
    (at,) = claim.domain.sample(1, seed=0)
    measured = claim.methods[0].measure(at, Accuracy())
    (wrong,) = claim.wrong.values()
    for predicted, effort, expected in (
        (claim.predicted, 1.0, Agreement.AGREES),
        (wrong(at), 1.0, Agreement.DISAGREES),
        (claim.predicted, 0.02, Agreement.UNRESOLVED),
    ):
        if effort < 1:
            measured = claim.methods[0].measure(at, Accuracy(effort))
        found = claim.compare.judge(predicted, claim.compare.estimate(measured, 1e-5))
        assert found.agreement is expected
