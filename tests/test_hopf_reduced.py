"""Systems whose linear part has fewer delays than the equation: the closed form is that part's."""

import numpy as np
import pytest
import sympy as sp
from tests import harmonic_balance

from lemmata.theory import hopf
from lemmata.theory.characteristic import by_delay
from lemmata.theory.delay_system import DelaySystem

pytestmark = pytest.mark.heavy

x, y, x_1, x_2, y_1, y_2 = sp.symbols("x y x_1 x_2 y_1 y_2", real=True)
tau, s, b, c = sp.symbols("tau s b c", positive=True)
zero = sp.Integer(0)


def scalar(rate, *delays):
    return DelaySystem((x,), ((x_1,), (x_2,)), delays, (rate,), (zero,))


def ring(*delays):
    """The delayed terms of x are two, of y one."""
    rates = (-x + y_1 + y_2 + x_1 * y_2, -y - 2 * x_1 + x_2**2)
    return DelaySystem((x, y), ((x_1, y_1), (x_2, y_2)), delays, rates, (zero, zero))


# The system, a point, and the critical delay there.
CASES = {
    "equal delays": (scalar(-b * (x_1 + x_2) * (1 + x), tau, tau), {"b": 0.8}, np.pi / 3.2),
    "nonlinear alone": (scalar(-b * x_1 * (1 + x_2), tau, s), {"b": 0.8, "s": 1.1}, np.pi / 1.6),
    "the other first": (scalar(-b * x_2 * (1 + x_1), s, tau), {"b": 0.8, "s": 1.1}, np.pi / 1.6),
    "twice the delay": (scalar(-b * x_1 * (1 + x_2), tau, 2 * tau), {"b": 0.8}, np.pi / 1.6),
    "zero at rest": (
        scalar(-b * x_1 * (1 + x) - c * x_2, tau, x**2 / 9),
        {"b": 0.8, "c": 0.3},
        np.arccos(-0.3 / 0.8) / np.sqrt(0.8**2 - 0.3**2),
    ),
    "ring": (ring(tau, tau), {}, None),
}


@pytest.mark.parametrize("name", CASES)
def test_the_laws_are_those_of_small_cycles(name):
    system, point, delay = CASES[name]
    exact = {p: sp.Rational(str(point[p.name])) for p in system.parameters if p.name in point}

    def value(law):
        derived = law(system, tau)
        replayed = derived.replay(points=2, digits=30)
        assert [str(one) for one in replayed if one.status not in ("proved", "checked")] == []
        return float(derived.statement.subs(exact).evalf(20))

    found, omega = value(hopf.critical_delay), value(hopf.frequency)
    if delay is not None:
        assert found == pytest.approx(delay)
    at = harmonic_balance.root(system, tau, point, found, 1j * omega)
    assert at == pytest.approx(1j * omega, abs=1e-9)
    slope, period = harmonic_balance.laws(system, tau, point, found, omega, 0.02)
    assert value(hopf.amplitude_law) == pytest.approx(slope, rel=1e-4)
    assert value(hopf.period_law) == pytest.approx(period, rel=1e-4)


def test_the_delay_of_the_linear_part_is_what_is_turned():
    system, _, _ = CASES["the other first"]
    assert hopf.onset(system).parameter == tau


def test_terms_that_cancel_leave_no_delay():
    present, *delayed = by_delay(scalar(x_1 - x_2 + x_1 * x_2 - x, tau, tau))
    assert delayed == []
    assert present.matrix[0, 0] == -1
    with pytest.raises(hopf.NoClosedForm, match="does not enter the linearisation"):
        hopf.critical_delay(scalar(x_1 - x_2 + x_1 * x_2 - x, tau, tau), tau)
