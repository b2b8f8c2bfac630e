"""The derivations of matrix sensing replay, and say what integration, limits and descent say."""

import re
from importlib import import_module
from pkgutil import iter_modules

import mpmath as mp
import numpy as np
import pytest
import sympy as sp

import lemmata.theory
from lemmata.theory import (
    sensing,
    sensing_descent,
    sensing_imbalance,
    sensing_riccati,
    sensing_scalar,
    sensing_signs,
)
from lemmata.theory.derivation import Derivation, Step

pytestmark = pytest.mark.heavy

DERIVATIONS = [derive for forms in sensing.FORMS.values() for derive in forms]


def test_the_index_has_every_derivation_once_and_a_row_for_each_form():
    modules = [
        import_module(f"lemmata.theory.{one.name}")
        for one in iter_modules(lemmata.theory.__path__)
        if one.name.startswith("sensing_")
    ]
    made = {
        value
        for module in modules
        for value in vars(module).values()
        if callable(value)
        and getattr(value, "__module__", "") == module.__name__
        and getattr(value, "__annotations__", {}).get("return") is Derivation
    }
    assert len(made) > 30
    assert set(DERIVATIONS) == made
    assert len(DERIVATIONS) == len(made)
    rows = re.findall(r"^\| `(.+?)` \| .* \| (\w+) \|$", sensing.__doc__, re.M)
    assert [name for name, _ in rows] == list(sensing.FORMS)
    for name, module in rows:
        found = {derive.__module__ for derive in sensing.FORMS[name]}
        assert found == {f"lemmata.theory.sensing_{module}"}


@pytest.mark.parametrize("derive", DERIVATIONS, ids=lambda d: f"{d.__module__[24:]}-{d.__name__}")
def test_every_step_replays(derive):
    derivation = derive()
    assert derivation.holds(), [str(one) for one in derivation.replay() if one.status != "proved"]


def with_wrong_step(derivation, index, right):
    steps = list(derivation.steps)
    steps[index] = Step(steps[index].because, steps[index].left, right)
    return Derivation(
        derivation.quantity,
        derivation.statement,
        tuple(steps),
        derivation.assumes,
        derivation.where,
    )


def test_a_wrong_factor_in_letters_is_a_gap_and_never_holds():
    right = sensing_descent.drift()
    wrong = Derivation(
        right.quantity,
        2 * right.statement,
        (Step("twice too much", right.steps[0].left, 2 * right.statement),),
    )
    assert not wrong.holds()
    solved = sensing_riccati.solution()
    step = solved.steps[-1]
    wrong = Derivation(solved.quantity, -step.right, (Step("the sign", step.left, -step.right),))
    assert not wrong.holds()


def test_letters_keep_their_order():
    P, Pt = sensing_riccati.P, sensing_riccati.Pt
    wrong = Step(
        "turned round", sensing_riccati.by_time((P + sensing_riccati.epsilon * P) * Pt), Pt * P
    )
    assert not Derivation(sp.Symbol("q"), Pt * P, (wrong,)).holds()


def test_a_wrong_factor_in_numbers_is_false():
    noise = sensing_scalar.noise()
    assert with_wrong_step(noise, 0, -2 * noise.statement**3).falsehoods()
    signal = sensing_imbalance.signal()
    assert with_wrong_step(signal, 6, signal.steps[6].right * 2).falsehoods()


def value(expression, **at):
    names = {symbol.name: symbol for symbol in expression.free_symbols}
    return float(expression.subs({names[name]: one for name, one in at.items() if name in names}))


def integrated(slope, start, end):
    with mp.workdps(30):
        return float(mp.odefun(lambda t, y: slope(y), 0, start)(end)[0])


def test_closed_forms_of_one_coordinate_are_what_integration_gives():
    s = integrated(lambda y: [2 * (mp.mpf("0.7") - y[0]) * y[0]], [mp.mpf("0.01")], 3)
    statement = sensing_scalar.signal().statement
    assert abs(value(statement, sigma="7/10", s_0="1/100", t=3) / s - 1) < 1e-14
    for sigma, statement in (
        (0, sensing_imbalance.noise().statement),
        (mp.mpf("0.7"), sensing_imbalance.signal().statement),
    ):
        f, g = mp.mpf("0.6"), mp.mpf("0.2")
        flow = lambda y, sigma=sigma: [(sigma - y[0] * y[1]) * y[1], (sigma - y[0] * y[1]) * y[0]]
        with mp.workdps(30):
            end = mp.odefun(lambda t, y, flow=flow: flow(y), 0, [f, g])(2)
            expected = float(end[0] * end[1] - sigma)
        found = value(statement, c="8/25", p_0="3/25", sigma="7/10", t=2)
        assert abs(found / expected - 1) < 1e-14


def test_the_bound_is_reached_and_its_constants_are_read_off():
    bound = sensing_riccati.bound([sp.Rational(1, 10), 3])
    t = sensing_scalar.t
    assert sp.limit(t**2 * bound, t, sp.oo) == sensing_scalar.late_constant().statement.subs(
        sensing_scalar.modes, 2
    )
    assert bound.subs(t, 0) == sp.Rational(1, 100) + 9
    assert sensing_riccati.free_modes(20, 4, 4) == 0
    slope = sensing_scalar.noise_slope().statement
    assert slope.subs(t, sensing_scalar.crossover().statement).simplify() == -1
    assert sp.limit(slope, t, sp.oo) == -2


def test_amplitudes_are_limits():
    for derivation, form, rate, at in (
        (sensing_imbalance.noise_amplitude(), sensing_imbalance.noise().statement, 0.3, {}),
        (sensing_scalar.signal_amplitude(), None, None, {}),
        (sensing_imbalance.signal_rate(), sensing_imbalance.signal().statement, None, {}),
    ):
        known = {"c": "3/10", "p_0": "1/5", "sigma": "7/10", "s_0": "1/5", "t": 40, **at}
        amplitude = value(derivation.statement, **known)
        if form is None:
            s = sensing_scalar.signal().statement
            sized = (sensing_scalar.sigma - s) * sp.exp(2 * sensing_scalar.sigma * sensing_scalar.t)
            assert abs(value(sized, **known) / amplitude - 1) < 1e-8
        elif rate:
            assert abs(value(form, **known) * np.exp(40 * rate) / amplitude - 1) < 1e-9
        else:
            w = np.sqrt(0.3**2 + 4 * 0.7**2)
            assert abs((0.2 - 0.7) * np.exp(-40 * w) / value(form, **known) / amplitude - 1) < 1e-12


@pytest.mark.parametrize("eta", [0.01, 0.3, 0.9])
def test_descent_stays_between_the_two_bounds_of_its_increments(eta):
    lam, above, below = 1.0, sensing_descent.slowest(), sensing_descent.fastest()
    for T in range(1, 200):
        lam *= (1 - eta * lam) ** 2
        at = {"lambda_0": 1, "eta": sp.Rational(str(eta)), "T": T}
        assert value(below.statement, **at) * (1 - 1e-12) <= lam <= value(above.statement, **at)


def test_signs_of_gaussian_products_have_the_mean_that_is_derived():
    rng = np.random.default_rng(0)
    X = np.array([[1.0, 0.3], [-0.2, 0.5]])
    R = np.linalg.norm(X)
    A = rng.standard_normal((400_000, 2, 2))
    off = np.where(rng.random(len(A)) < 0.3, 2 * rng.standard_normal(len(A)), 0.0)
    mean = np.mean(np.sign(np.sum(A * X, axis=(1, 2)) - off)[:, None, None] * A, axis=0)
    phi = float(sensing_signs.phi(R, 0.3, 2))
    np.testing.assert_allclose(mean, phi * X / R, atol=5 / np.sqrt(len(A)))
    assert abs(float(sensing_signs.phi(R, 0, 2)) - phi) > 0.1
