from functools import cache

import pytest
import sympy as sp

from lemmata.theory import hopf
from lemmata.theory.characteristic import characteristic_function, linearisation
from lemmata.theory.delay_system import DelaySystem, scalar

x, y, z, w, tau, s, c = sp.symbols("x y z w tau s c", positive=True)
zero, one = sp.Integer(0), sp.Integer(1)


def test_parameters_are_all_symbols_that_are_no_states():
    system = DelaySystem((x,), ((y,),), (tau + c * x,), (s * x * (1 - y),), (one,))
    assert system.parameters == (c, s, tau)
    assert system.at_rest(system.delays[0]) == tau + c


def test_the_linearisation_and_its_characteristic_function():
    system = DelaySystem((x, y), ((z, w),), (tau,), (s * w - x, sp.sin(z) - c * y), (zero, zero))
    assert linearisation(system) == (
        sp.ImmutableMatrix([[-1, 0], [0, -c]]),
        sp.ImmutableMatrix([[0, s], [1, 0]]),
    )
    lam, turn = sp.symbols("lambda_0 Y_0")
    chi = (lam + 1) * (lam + c) - s * turn**2
    assert sp.expand(characteristic_function(system) - chi) == 0


@pytest.mark.parametrize(
    ("change", "error", "text"),
    [
        ({"state": x}, TypeError, r"state=x is not a tuple; .* write \(item,\)"),
        ({"rate": (1.0,)}, TypeError, "rate: 1.0 is no SymPy expression"),
        ({"rate": ()}, ValueError, "1 states, 0 rates and 1 components"),
        ({"delayed": ((y, z),)}, ValueError, "give for each delay a tuple of 1 symbols"),
        ({"delayed": ((x,),)}, ValueError, "are not all different; rename one"),
        ({"delays": (tau + y,)}, ValueError, "y stands in a delay or the equilibrium"),
        (
            {"equilibrium": (2 * one,)},
            ValueError,
            r"rate 1, .*, does not vanish at the equilibrium \(2,\): it is .* correct the",
        ),
    ],
)
def test_a_wrong_system_is_refused(change, error, text):
    right = {
        "state": (x,),
        "delayed": ((y,),),
        "delays": (tau,),
        "rate": (s * x * (1 - y),),
        "equilibrium": (one,),
    }
    with pytest.raises(error, match=text):
        DelaySystem(**(right | change))


def test_a_scalar_equation_from_text():
    system = scalar("r*N*(1 - N_tau)", state="N", delayed="N_tau")
    assert system.equilibrium == (1,)
    assert [p.name for p in system.parameters] == ["r", "tau"]


@pytest.mark.parametrize(
    ("rate", "options", "text"),
    [
        ("r*x*(1 - x)", {}, "delayed='x_tau' does not occur in the rate"),
        ("x*(1 - x_tau)*(2 - x)", {}, r"several equilibria: \[1, 2\]; give the one"),
        ("1 + x*x_tau", {}, "no equilibrium of .* give the one that is meant as equilibrium="),
        ("r*x*(1 - ", {}, "is no expression"),
        ("r*f(x_tau)", {}, "calls f, which SymPy does not know"),
    ],
)
def test_a_wrong_scalar_equation_is_refused(rate, options, text):
    with pytest.raises(ValueError, match=text):
        scalar(rate, **options)


@cache
def coefficient(name):
    """Of an equation with a parameter of this name, at 2."""
    k = sp.Symbol(name, real=True)
    rate = -k * x / 5 - k * y - y * x - x**3
    system = DelaySystem((x,), ((y,),), (tau + x * k,), (rate,), (zero,), (k > 0,))
    return float(hopf.lyapunov_coefficient(system, tau).statement.subs(k, 2).evalf())


@pytest.mark.parametrize(
    "name", ["D0_0", "D0_1", "D0_0_1", "D1_0", "L0_0", "Re_c1", "Lambda", "i", "s", "P"]
)
def test_a_parameter_does_not_meet_the_symbols_of_a_derivation(name):
    assert coefficient(name) == pytest.approx(coefficient("k"), rel=1e-12)


@pytest.mark.parametrize("first", ["lambda", "omega", "Y", "F", "tau", "t", "theta", "W", "g", "C"])
def test_the_names_that_derivations_show_are_refused(first):
    name = "F_1" if first == "F" else f"{first}_0"
    with pytest.raises(ValueError, match=f"the name {name} is taken by derivations; rename the"):
        coefficient(name)


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"equilibrium": "x"}, r"the state x stands in the equilibrium \(x,\); give its value"),
        ({"delayed": "x"}, "state='x' and delayed='x' are one name; give two"),
        ({"delay": "x"}, "state='x' and delay='x' are one name"),
        ({"delay": "x_tau"}, "delayed='x_tau' and delay='x_tau' are one name"),
        ({"state": 3}, "state=3 is no name; give one such as 'x_tau'"),
        ({"delay": "x y"}, "delay='x y' is no name"),
        ({"equilibrium": float("nan")}, "equilibrium=nan is not finite"),
        ({"equilibrium": [0]}, r"equilibrium=\[0\] is neither text nor a SymPy expression"),
        ({"equilibrium": 2}, r"does not vanish at the equilibrium \(2,\)"),
    ],
)
def test_a_wrong_option_of_a_scalar_equation_is_named(options, text):
    with pytest.raises(ValueError, match=text):
        scalar("r*x*(1 - x_tau)", **options)


def test_an_equilibrium_may_be_a_number():
    for number in (1, 1.0, one, "1"):
        assert scalar("r*x*(1 - x_tau)", equilibrium=number).equilibrium == (1,)
    assert scalar("r*x*(0.3 - x_tau)", equilibrium=0.3).equilibrium == (sp.Rational(3, 10),)


def test_floats_in_symbols_are_the_decimals_that_they_are_in_text():
    u, v = sp.symbols("x x_tau")
    system = scalar(-0.1 * u - 1.25 * v, where=(sp.Lt(0.1 * x, 1),))
    assert system.rate == (-u / 10 - v * sp.Rational(5, 4),)
    assert system.where == (sp.Lt(x / 10, 1),)
    assert hopf.critical_delay(system).statement == (
        hopf.critical_delay(scalar("-0.1*x - 1.25*x_tau")).statement
    )


@pytest.mark.parametrize("law", [hopf.amplitude_law, hopf.period_law])
@pytest.mark.parametrize("rate", ["-c*x_tau", "-c*x - 2*c*x_tau + x**4"])
def test_a_linear_equation_has_no_cycle_of_one_size(rate, law):
    with pytest.raises(hopf.NoClosedForm, match="Re c1 vanishes identically"):
        law(scalar(rate, equilibrium="0"))


def two(first, second):
    return DelaySystem((x,), ((y,), (z,)), (tau, s), (first * y + second * z,), (zero,))


NONE = {
    "the delayed state does not enter": (
        lambda: scalar("x_tau*x**2 - x**3", equilibrium="0"),
        None,
    ),
    "two equal delayed terms": (lambda: two(-c, -2 * c), c),
    "inside the arccosine": (lambda: scalar("-c*x - 2*c*x_tau - x**2*c", equilibrium="0"), "c"),
    "no root with omega\\^2 > 0": (
        lambda: DelaySystem(
            (x, y), ((z, w),), (tau,), (-2 * x + w / 2, -2 * y + z / 2), (zero,) * 2
        ),
        None,
    ),
    "not that of a linear chain": (
        lambda: DelaySystem(
            (x, y, z), (), (), (-c * z, x - s * y, y - 2 * s * z + tau * x**2), (zero,) * 3
        ),
        c,
    ),
    r"not of the form P\(lambda\)": (
        lambda: DelaySystem((x, y), ((z, w),), (tau,), (-x - z + w, -c * y - w), (zero,) * 2),
        None,
    ),
    "say which parameter is turned": (
        lambda: scalar("-s*x_tau", delay="tau", equilibrium="0"),
        "moved",
    ),
}


@pytest.mark.parametrize("text", NONE)
def test_no_closed_form_says_what_it_looks_like(text):
    define, parameter = NONE[text]
    system = define()
    if parameter == "moved":
        system = DelaySystem((x,), ((y,),), (tau + c,), (-s * y,), (zero,))
        parameter = None
    if isinstance(parameter, str):
        (parameter,) = (p for p in system.parameters if p.name == parameter)
    with pytest.raises(hopf.NoClosedForm, match=text):
        hopf.onset(system, parameter)


def test_a_parameter_must_be_one_of_the_systems():
    with pytest.raises(ValueError, match="parameter=w is not one of the system's: r, tau"):
        hopf.critical_delay(scalar("r*x*(1 - x_tau)"), w)


def test_another_parameter_than_the_delay():
    system = scalar("r*x*(1 - x_tau)")
    r, delay = system.parameters
    assert sp.simplify(hopf.critical_delay(system, r).statement - sp.pi / (2 * delay)) == 0
    assert hopf.critical_delay(system, r).holds()
    # A longer delay and a faster rate are one and the same: r tau is what counts.
    ratio = hopf.crossing_speed(system, r).statement / hopf.crossing_speed(system).statement
    assert float(ratio.subs({r: sp.pi / 2 / delay}).subs(delay, 3).evalf()) == pytest.approx(
        (delay**2 * 2 / sp.pi).subs(delay, 3).evalf()
    )
