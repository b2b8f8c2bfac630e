"""Charges of symmetries: the derivations replay, and slips in them do not."""

import dataclasses

import numpy as np
import pytest
import sympy as sp

from lemmata.theory import noether


@pytest.mark.parametrize(
    "derivation",
    [
        *(noether.charge_rate(symmetry) for symmetry in noether.SYMMETRIES),
        noether.flow_norm(), noether.discrete_growth(), noether.fourth_power(), noether.memory(),
    ],
)  # fmt: skip
def test_every_step_replays(derivation) -> None:
    assert derivation.holds()


@pytest.mark.parametrize("symmetry", noether.SYMMETRIES)
def test_twice_the_friction_is_a_falsehood(symmetry: str) -> None:
    right = noether.charge_rate(symmetry)
    last = dataclasses.replace(right.steps[-1], right=2 * right.statement)
    wrong = dataclasses.replace(
        right, statement=2 * right.statement, steps=(*right.steps[:-1], last)
    )
    assert wrong.falsehoods() == (wrong.replay()[-1],)


@pytest.mark.parametrize("derive", [noether.flow_norm, noether.discrete_growth])
def test_the_norm_of_a_loss_without_the_symmetry_is_a_falsehood(
    derive, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(noether.SYMMETRIES, "scale", noether.SYMMETRIES["rescaling"])
    broken = derive()
    assert broken.falsehoods() == (broken.replay()[-1],)


def test_another_flow_is_a_falsehood() -> None:
    # With weight decay, whose pull is along q.
    right = noether.flow_norm()
    f_x, f_y, x, y = sp.symbols("f_x f_y x y", real=True)
    decaying = {f_x: f_x + noether.lam * x, f_y: f_y + noether.lam * y}
    slip = right.steps[1].left.xreplace(decaying)
    assert slip != right.steps[1].left
    step = dataclasses.replace(right.steps[1], left=slip)
    steps = (right.steps[0], step, right.steps[2])
    assert dataclasses.replace(right, steps=steps).falsehoods()


def test_the_fourth_power_at_rest_is_that_of_the_recursion() -> None:
    # The exact recursion of |q|^2 with a slope of one size, to its fixed point.
    eta, decay, slope = 0.3, 1e-4, 2.0
    square = 1.0
    for _ in range(400_000):
        square = (1 - eta * decay) ** 2 * square + eta**2 * slope / square
    values = {noether.eta: eta, noether.lam: decay}
    claimed = noether.fourth_power().statement.subs(values) * slope
    assert square**2 == pytest.approx(float(claimed), rel=2 * eta * decay + 1e-9)


def test_the_memory_is_that_of_the_recursion() -> None:
    eta, decay, slope = 0.3, 1e-3, 2.0
    rest = np.sqrt(eta * slope / (2 * decay))
    squares = [1.01 * rest]
    for _ in range(200):
        squares.append((1 - eta * decay) ** 2 * squares[-1] + eta**2 * slope / squares[-1])
    fourth = np.array(squares) ** 2
    exact = eta**2 * slope / (1 - (1 - eta * decay) ** 2)  # the square of the fixed point
    rate = np.log((fourth[0] - exact) / (fourth[200] - exact)) / 200
    values = {noether.eta: sp.Float(eta), noether.lam: sp.Float(decay)}
    assert rate == pytest.approx(float(noether.memory().statement.subs(values)), rel=2e-3)
