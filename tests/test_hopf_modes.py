"""The first Lyapunov coefficient where modes or their equations have zeros in awkward places."""

import pytest
import sympy as sp
from tests import harmonic_balance

from lemmata.theory import hopf
from lemmata.theory.delay_system import DelaySystem, scalar

pytestmark = pytest.mark.heavy

x, y, x_tau, y_tau = sp.symbols("x y x_tau y_tau", real=True)
tau, a, b = sp.symbols("tau a b", positive=True)
zero = sp.Integer(0)


def system(*rates, turned=False):
    states, delayed = ((y, x), (y_tau, x_tau)) if turned else ((x, y), (x_tau, y_tau))
    rates = rates[::-1] if turned else rates
    return DelaySystem(states, (delayed,), (tau,), rates, (zero, zero))


def coefficient(of):
    found = hopf.lyapunov_coefficient(of, tau)
    replayed = found.replay(points=2, digits=30)
    assert [str(one) for one in replayed if one.status not in ("proved", "checked")] == []
    return found.statement


def test_a_driven_system_has_the_coefficient_of_what_drives_it():
    drives = coefficient(scalar(-y_tau * (1 + y), state="y", delayed="y_tau"))
    rates = (-x + y, -y_tau * (1 + y))
    assert float(coefficient(system(*rates, turned=True))) == pytest.approx(float(drives))
    # Of x the mode's amplitude is 1/|1 + i omega| of that of y, with omega = 1.
    assert float(coefficient(system(*rates))) == pytest.approx(2 * float(drives))


def test_a_driven_system_with_parameters():
    of = system(-a * x + b * y, -y_tau * (1 + y))
    ratio = coefficient(of) / coefficient(system(-x + y, -y_tau * (1 + y)))
    assert float(ratio.subs({a: 3, b: 2})) == pytest.approx((3**2 + 1) / 2**2 / 2)


def test_elimination_does_not_divide_by_a_sum_that_is_zero():
    """Present and delayed feedback of x cancel in Delta(0)."""
    of = system(-x + x_tau - 7 * y_tau + x**2, x - 3 * y + x**2)
    delay = float(hopf.critical_delay(of, tau).statement)
    omega = float(hopf.frequency(of, tau).statement)
    speed = harmonic_balance.velocity(of, tau, {}, delay, omega).real
    slope, _ = harmonic_balance.laws(of, tau, {}, delay, omega, 0.01)
    found = float(hopf.lyapunov_coefficient(of, tau).statement)
    assert found == pytest.approx(-4 * speed / slope, rel=1e-4)


def test_a_state_that_takes_no_part_is_told():
    with pytest.raises(hopf.NoClosedForm, match=r"x takes no part .* another state first \(y\)"):
        hopf.amplitude_law(system(-x, -y_tau * (1 + y)), tau)
