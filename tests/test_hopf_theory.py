from dataclasses import replace
from functools import cache

import pytest
import sympy as sp
from tests import harmonic_balance

from lemmata.theory import delayed_replicator, distributed_replicator, hopf, hopf_classics
from lemmata.theory.delay_system import DelaySystem, scalar
from lemmata.theory.replicator import C, a, equilibrium, right_hand_side

pytestmark = pytest.mark.heavy

u, v, p, q, g, h = sp.symbols("u v p q g h", positive=True)


def repression():
    rest = equilibrium()
    return scalar(
        right_hand_side(),
        state="x",
        delayed="y",
        delay="Delta",
        equilibrium=rest,
        where=(sp.Lt(a, C), sp.Gt(rest, 0), sp.Lt(rest, 1)),
    )


def uneven():
    """Two delays and a quadratic rate."""
    x, y, z, s, t = sp.symbols("x y z s t", positive=True)
    return DelaySystem((x,), ((y,), (z,)), (s, t), (g * x * (1 - y / 2 - z / 2),), (sp.Integer(1),))


def crowded():
    """A state-dependent delay, present terms, and a rate that is not linear in the past."""
    x, y, tau = sp.symbols("x y tau", positive=True)
    rate = -p * x + x**2 / 3 - q * y * (1 + y / 4)
    return DelaySystem(
        (x,), ((y,),), (tau + g * x + h * x**2,), (rate,), (sp.Integer(0),), (q > p,)
    )


# The system, the parameter that is turned, a point, and the amplitude of a small cycle there.
CASES = {
    "logistic": (hopf_classics.logistic, "tau", {"r": 1.3}, 0.02),
    "mackey-glass": (
        hopf_classics.mackey_glass,
        "tau",
        {"beta": 2.0, "gamma": 1.0, "n": 10.0},
        0.004,
    ),
    "nicholson": (hopf_classics.nicholson, "tau", {"P": 20.0, "delta": 1.1}, 0.02),
    "two delays": (hopf_classics.two_delays, "b", {"tau_1": 1.0, "tau_2": 0.4}, 0.02),
    "uneven": (uneven, "g", {"s": 1.0, "t": 0.4}, 0.02),
    "neurons": (hopf_classics.neuron_pair, "tau", {"a": 2.0, "b": 3.0}, 0.02),
    "van der pol": (hopf_classics.van_der_pol, "tau", {"epsilon": 0.5, "K": 2.0}, 0.02),
    "state": (hopf_classics.state_dependent, "tau", {"a": 1.2, "c": 0.7}, 0.02),
    "crowded": (crowded, "tau", {"p": 0.4, "q": 1.3, "g": 0.3, "h": 0.2}, 0.02),
    "repression": (repression, "Delta", {"a": 2.0, "C": 5.0, "k": 10.0, "x_c": 0.5}, 0.002),
    "family": (delayed_replicator.system, "T", {"kappa": 1.7, "x_star": 0.2}, 0.002),
    "two stages": (
        lambda: distributed_replicator.gamma_system(2),
        "m",
        {"kappa": 1.7, "x_star": 0.3},
        0.002,
    ),
}
# One of each form that is known in closed form.
ONSETS = ("nicholson", "uneven", "neurons", "state", "two stages")
FUNCTIONS = (
    "critical_delay",
    "frequency",
    "crossing_speed",
    "lyapunov_coefficient",
    "amplitude_law",
    "period_law",
)


@cache
def case(name):
    define, parameter, point, amplitude = CASES[name]
    system = define()
    (turned,) = (s for s in system.parameters if s.name == parameter)
    return system, turned, point, amplitude


@cache
def derived(name, function):
    system, turned, _, _ = case(name)
    return getattr(hopf, function)(system, turned)


@cache
def value(name, function):
    exact = {
        s: sp.Rational(str(case(name)[2][s.name]))
        for s in case(name)[0].parameters
        if s != case(name)[1]
    }
    return float(derived(name, function).statement.evalf(20, subs=exact))


@cache
def measured(name):
    system, turned, point, amplitude = case(name)
    mu, omega = value(name, "critical_delay"), value(name, "frequency")
    speed = harmonic_balance.velocity(system, turned, point, mu, omega)
    return speed, *harmonic_balance.laws(system, turned, point, mu, omega, amplitude)


@pytest.mark.parametrize("name", CASES)
def test_a_pair_is_on_the_axis_at_the_onset(name):
    system, turned, point, _ = case(name)
    mu, omega = value(name, "critical_delay"), value(name, "frequency")
    found = harmonic_balance.root(system, turned, point, mu, 1j * omega)
    assert found == pytest.approx(1j * omega, abs=1e-9 * omega)


@pytest.mark.parametrize("name", CASES)
def test_the_crossing_speed_is_that_of_the_root(name):
    speed, _, _ = measured(name)
    assert value(name, "crossing_speed") == pytest.approx(speed.real, rel=1e-7)
    assert speed.real > 0


@pytest.mark.parametrize("name", CASES)
def test_the_amplitude_law_is_that_of_small_cycles(name):
    _, slope, _ = measured(name)
    assert value(name, "amplitude_law") == pytest.approx(slope, rel=2e-5)


@pytest.mark.parametrize("name", CASES)
def test_the_period_law_is_that_of_small_cycles(name):
    _, _, slope = measured(name)
    assert value(name, "period_law") == pytest.approx(slope, rel=2e-5, abs=1e-7)


@pytest.mark.parametrize("name", CASES)
def test_the_coefficient_is_what_the_cycles_and_the_roots_say(name):
    speed, slope, _ = measured(name)
    assert value(name, "lyapunov_coefficient") == pytest.approx(-4 * speed.real / slope, rel=3e-5)


def test_the_coefficient_of_the_paper():
    assert value("repression", "lyapunov_coefficient") == pytest.approx(-40.852, abs=5e-4)


# The period law has every step of the coefficient and of the speed, the other two conclude the
# onset. SymPy takes minutes to simplify the speed of the crowded system, so its law is left out.
@pytest.mark.parametrize(
    ("name", "function"),
    [(name, "period_law") for name in CASES if name not in ("repression", "uneven")]
    + [(name, end) for name in ONSETS for end in ("critical_delay", "frequency")],
)
def test_every_step_is_proved_or_checked(name, function):
    if (name, function) == ("crowded", "period_law"):
        function = "lyapunov_coefficient"
    replayed = derived(name, function).replay(points=2, digits=30)
    assert [str(one) for one in replayed if one.status not in ("proved", "checked")] == []


@pytest.mark.parametrize("name", ["nicholson", "uneven", "neurons", "van der pol", "two stages"])
@pytest.mark.parametrize("function", FUNCTIONS)
def test_the_statements_are_in_the_parameters_and_short(name, function):
    system, turned, _, _ = case(name)
    statement = derived(name, function).statement
    assert statement.free_symbols <= set(system.parameters) - {turned}
    # Real and imaginary parts are written out, so that much stands there many times.
    parts, (rest,) = sp.cse(statement)
    assert sum(sp.count_ops(one) for one in (*(part for _, part in parts), rest)) < 200


@pytest.mark.parametrize("function", FUNCTIONS)
@pytest.mark.parametrize("name", ["logistic", "two delays", "state"])
def test_a_slip_in_the_conclusion_is_false(name, function):
    d = derived(name, function)
    last, wrong = d.steps[-1], d.statement * sp.Rational(51, 50) + sp.Rational(1, 50)
    side = {"left": wrong} if last.left == d.statement else {"right": wrong}
    d = replace(d, statement=wrong, steps=(*d.steps[:-1], replace(last, **side)))
    assert any(one.witness for one in d.replay(points=2, digits=30) if one.status == "false")
