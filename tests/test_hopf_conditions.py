"""Whether an onset is one: stable before it, unstable after, at values that parameters can take."""

import numpy as np
import pytest
import sympy as sp

from lemmata.solvers.spectrum import rightmost
from lemmata.theory import hopf
from lemmata.theory.characteristic import linearisation
from lemmata.theory.delay_system import DelaySystem, scalar
from lemmata.theory.hurwitz import hurwitz, positive
from lemmata.theory.sampling import broken

x, y, x_tau, y_tau, x_1, x_2 = sp.symbols("x y x_tau y_tau x_1 x_2", real=True)
tau, tau_1, tau_2, a, b, g = sp.symbols("tau tau_1 tau_2 a b g", positive=True)
zero, one, tenth = sp.Integer(0), sp.Integer(1), sp.Rational(1, 10)


def oscillator(force, *where):
    """x'' = force, as a system for x and y = x'."""
    return DelaySystem((x, y), ((x_tau, y_tau),), (tau,), (y, force), (zero, zero), where)


def pair(first, second, *where):
    rates = (-x + first * sp.tanh(y_tau), -y + second * sp.tanh(x_tau))
    return DelaySystem((x, y), ((x_tau, y_tau),), (tau,), rates, (zero, zero), where)


def two(rate):
    return DelaySystem((x,), ((x_1,), (x_2,)), (tau_1, tau_2), (rate,), (zero,))


@pytest.mark.parametrize("degree", [1, 2, 3, 4, 5])
def test_the_criterion_agrees_with_the_roots(degree):
    rng = np.random.default_rng(degree)
    lam = sp.Symbol("lambda")
    agree = {True: 0, False: 0}
    for _ in range(40):
        roots = rng.normal(-0.7, 1, degree) + 0j
        if degree > 1:
            roots[1] = roots[0].real + 1j * rng.normal()
            roots[0] = roots[1].conjugate()
        numbers = np.poly(roots).real
        polynomial = sum(sp.Rational(c) * lam ** (degree - k) for k, c in enumerate(numbers))
        says = all(value > 0 for value in hurwitz(polynomial, lam))
        assert says == (roots.real.max() < 0)
        agree[says] += 1
    assert min(agree.values()) > 3


def test_a_condition_that_is_given_is_not_repeated():
    c = sp.Symbol("c", real=True)
    assert positive(a * (b - 1), (sp.Gt(b, 1),)) is sp.true
    assert positive(a * (1 - b) / 2, (sp.Gt(b, 1),)) is sp.false
    assert positive(a / (1 - c), ()) == sp.Gt(1 - c, 0)


@pytest.mark.parametrize(
    "define",
    [
        lambda: pair(a, b, sp.Gt(a * b, 1)),
        lambda: pair(2 * one, 2 * one),
        lambda: oscillator(-x + y / 10 - x_tau / 2),
        lambda: oscillator(-x + y / 5 - y_tau / 10 - x**3),
        lambda: oscillator(x - 3 * y_tau),
        lambda: oscillator(a * y - x - a * b * y_tau, sp.Lt(b, 1)),
    ],
    ids=["pair", "numbers", "damping", "complex", "saddle", "weak feedback"],
)
@pytest.mark.parametrize("law", [hopf.critical_delay, hopf.amplitude_law])
def test_a_state_that_is_unstable_without_delay_has_no_onset(define, law):
    with pytest.raises(hopf.NoClosedForm, match="without delay the steady state is unstable"):
        law(define(), tau)


def test_stability_without_delay_joins_the_conditions():
    c = sp.Symbol("c", real=True)
    system = oscillator(-a * x - c * y - b * x_tau, sp.Gt(b, a))
    derived = hopf.critical_delay(system, tau)
    assert sp.Gt(c, 0) in derived.where
    values = {"a": 1, "b": 2, "c": -0.2}
    assert any(broken(one, values) for one in derived.where)
    assert not any(broken(one, values | {"c": 0.2}) for one in derived.where)


@pytest.mark.parametrize(
    "force",
    [-x - y / 10 - y_tau - x**3, (1 - x**2) * y / 2 - x - y_tau, -x - y - 2 * x_tau],
    ids=["two frequencies", "van der pol", "position"],
)
def test_coefficients_may_be_numbers(force):
    system = oscillator(force)
    critical = hopf.critical_delay(system, tau)
    assert critical.holds()
    here, lagged = (np.array(one, dtype=float) for one in linearisation(system))
    delays = float(critical.statement) * np.array([0.05, 0.3, 0.6, 0.9, 0.999, 1.001])
    many = (np.broadcast_to(one, (delays.size, 2, 2)) for one in (here, lagged))
    growth = rightmost(*many, delays).root.real
    assert (growth[:-1] < 0).all()
    assert growth[-1] > 0


@pytest.mark.parametrize(
    "define",
    [lambda: oscillator(-x - y / 5 - y_tau / 10), lambda: oscillator(-x - 2 * y - x_tau / 10)],
)
def test_numbers_without_a_crossing(define):
    with pytest.raises(hopf.NoClosedForm, match=r"no root with omega\^2 > 0"):
        hopf.critical_delay(define(), tau)


def chain(strength):
    z, w = sp.symbols("z w", real=True)
    rates = (strength * w * (1 + x), g * (x - z), g * (z - w))
    return DelaySystem((x, z, w), (), (), rates, (zero,) * 3)


@pytest.mark.parametrize(
    "define",
    [lambda: two(b * (x_1 + x_2)), lambda: chain(b), lambda: scalar(b * x_tau, equilibrium=zero)],
    ids=["two delays", "chain", "scalar"],
)
def test_a_positive_parameter_has_no_negative_onset(define):
    with pytest.raises(hopf.NoClosedForm, match="no positive one is found"):
        hopf.critical_delay(define(), b)


def test_a_parameter_of_either_sign_may_have_one():
    c = sp.Symbol("c", real=True)
    found = hopf.critical_delay(two(c * (x_1 + x_2)), c)
    assert found.holds()
    assert float(found.statement.subs({tau_1: 1, tau_2: 1})) == pytest.approx(-np.pi / 4)


def test_a_delay_is_not_negative_at_the_onset():
    first, second = sp.symbols("y_1 y_2", real=True)
    rates = (-x + 2 * sp.tanh(first), -y - 2 * sp.tanh(x_2))
    delays = ((x_1, first), (x_2, second))

    def system(other):
        return DelaySystem((x, y), delays, (tau_1, other), rates, (zero, zero))

    derived = hopf.critical_delay(system(tau_2), tau_1)
    (condition,) = derived.where
    # T = tau_1 + tau_2 is pi/(3 sqrt(3)) at the onset.
    assert broken(condition, {"tau_2": 0.61})
    assert not broken(condition, {"tau_2": 0.6})
    assert float(hopf.critical_delay(system(tenth), tau_1).statement) == pytest.approx(
        np.pi / 27**0.5 - 0.1
    )
    with pytest.raises(hopf.NoClosedForm, match="T is not solved for tau_1"):
        hopf.critical_delay(system(one), tau_1)


def test_conditions_that_contradict_each_other_are_told():
    system = scalar(-a * x - b * x_tau, equilibrium=zero, where=(sp.Gt(a, b),))
    with pytest.raises(hopf.NoClosedForm, match="a > b, a - b < 0, are met at no random point"):
        hopf.critical_delay(system)
    with pytest.raises(hopf.NoClosedForm, match="no random point meets the conditions"):
        hopf.critical_delay(pair(a, b))


def test_a_condition_on_the_turned_parameter_is_one_on_its_value():
    system = scalar(-b * x_tau, equilibrium=zero, where=(sp.Lt(b, 1),))
    (condition,) = (one for one in hopf.critical_delay(system, b).where if tau in one.free_symbols)
    assert broken(condition, {"tau": 1.5})
    assert not broken(condition, {"tau": 1.6})


@pytest.mark.parametrize(
    ("low", "high"), [((10, 30), (20, 40)), ((100, 102), (101, 103)), ((10, 12), (11, 13))]
)
def test_parameters_may_be_confined_to_narrow_intervals(low, high):
    p, q = sp.symbols("p q", real=True)
    y, y_tau = sp.symbols("y y_tau", real=True)
    where = tuple(
        bound
        for s, lo, hi in zip((p, q), low, high, strict=True)
        for bound in (sp.Gt(s, lo), sp.Lt(s, hi))
    )
    rates = (y, -x - p * y - q * y_tau - y_tau**3)
    system = DelaySystem((x, y), ((x_tau, y_tau),), (tau,), rates, (zero, zero), where)
    found = hopf.critical_delay(system).statement
    at = {p: (low[0] + high[0]) / 2, q: (low[1] + high[1]) / 2}
    # (W - 1)^2 = (q^2 - p^2) W for W = omega^2, of which the larger crosses first.
    root = np.sqrt(at[q] ** 2 - at[p] ** 2)
    omega = (root + np.sqrt(root**2 + 4)) / 2
    assert float(found.subs(at)) == pytest.approx(np.arccos(-at[p] / at[q]) / omega, rel=1e-12)


def test_conditions_that_no_random_point_meets_are_no_reason_against_a_root():
    p, q = sp.symbols("p q", real=True)
    y, y_tau = sp.symbols("y y_tau", real=True)
    rates = (y, -x - p * y - q * y_tau - y_tau**3)
    where = (sp.Gt(p + q, 1000), sp.Lt(p + q, 1001), sp.Gt(q - p, 5), sp.Lt(q - p, 6))
    system = DelaySystem((x, y), ((x_tau, y_tau),), (tau,), rates, (zero, zero), where)
    with pytest.raises(hopf.NoClosedForm, match="no random point meets the system's conditions"):
        hopf.critical_delay(system)
