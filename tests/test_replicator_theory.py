from dataclasses import replace
from functools import cache

import mpmath
import pytest
import sympy as sp

from lemmata.theory import replicator, replicator_crossing
from lemmata.theory.replicator import C, a, k, x_c

pytestmark = pytest.mark.heavy

DERIVATIONS = (
    "interior_equilibrium",
    "decay_rate",
    "critical_delay",
    "crossing_speed",
    "crossing_frequency",
)
AT = {a: sp.Integer(2), C: sp.Integer(7), k: sp.Integer(10), x_c: sp.Rational(18, 25)}


@cache
def derived(name):
    return getattr(replicator, name)()


def value(name):
    return mpmath.mpf(str(derived(name).statement.subs(AT).evalf(30)))


# Independent of the derivations: the equation in mpmath, its derivatives by differences.


def rate_of_change(x, y):
    return x * (1 - x) * (2 - 7 / (1 + mpmath.exp(-10 * (y - mpmath.mpf("0.72")))))


def equilibrium():
    return mpmath.findroot(lambda x: rate_of_change(x, x), 0.63)


def delayed_feedback():
    x_star = equilibrium()
    return -mpmath.diff(lambda y: rate_of_change(x_star, y), x_star)


@pytest.mark.parametrize("name", DERIVATIONS)
def test_every_step_is_proved_or_checked(name):
    d = derived(name)
    assert d.falsehoods() == ()
    assert d.gaps() == ()
    assert d.holds()


@pytest.mark.parametrize("name", DERIVATIONS)
def test_the_statement_is_in_the_parameters_alone(name):
    assert derived(name).statement.free_symbols == set(replicator.parameters)
    assert [p.name for p in replicator.parameters] == ["a", "C", "k", "x_c"]


def test_the_right_hand_side_has_two_arguments():
    symbols = {replicator.state, replicator.delayed, *replicator.parameters}
    assert replicator.right_hand_side().free_symbols == symbols


def test_the_equilibrium_is_where_the_equation_rests():
    assert abs(value("interior_equilibrium") - equilibrium()) < 1e-12
    assert value("interior_equilibrium") == pytest.approx(0.62837, abs=5e-6)


def test_the_decay_rate_is_the_slope_without_delay():
    x_star = equilibrium()
    slope = mpmath.diff(lambda x: rate_of_change(x, x), x_star)
    assert abs(value("decay_rate") + slope) < 1e-8


def test_the_critical_delay_has_a_root_on_the_axis_and_none_to_the_right():
    b, delay = delayed_feedback(), value("critical_delay")
    assert float(delay) == pytest.approx(0.4709, abs=5e-5)

    # By Lambert's function, the rightmost root of z + b exp(-z delay).
    def rightmost(d):
        return mpmath.lambertw(-b * d) / d

    assert abs(mpmath.re(rightmost(delay))) < 1e-8
    assert mpmath.re(rightmost(delay * 0.99)) < 0 < mpmath.re(rightmost(delay * 1.01))


def test_the_crossing_speed_is_the_derivative_of_the_rightmost_root():
    b, delay = delayed_feedback(), value("critical_delay")
    speed = mpmath.diff(lambda d: mpmath.re(mpmath.lambertw(-b * d) / d), delay)
    assert abs(value("crossing_speed") - speed) < 1e-6 * speed


def test_the_pair_on_the_axis_turns_with_b():
    assert abs(value("crossing_frequency") - delayed_feedback()) < 1e-8


def test_the_next_root_is_found_by_counting_branches():
    at_onset = mpmath.lambertw(-mpmath.pi / 2, 0), mpmath.lambertw(-mpmath.pi / 2, -1)
    assert max(abs(mpmath.re(w)) for w in at_onset) < 1e-12
    others = [mpmath.re(mpmath.lambertw(-mpmath.pi / 2, n)) for n in (1, 2, 3, 4, -2, -3, -4)]
    found = replicator_crossing.next_root().statement
    assert float(found) == pytest.approx(float(2 / mpmath.pi * max(others)), rel=1e-14)
    z, unit = sp.Symbol("lambda"), replicator_crossing.in_units_of_rate()
    assert unit.free_symbols == {z, replicator.delay}
    root = complex(2 / mpmath.pi * mpmath.lambertw(-mpmath.pi / 2, 1))
    assert abs(complex(unit.subs({z: root, replicator.delay: sp.pi / 2}).evalf())) < 1e-12


@pytest.mark.parametrize("name", ["next_root", "elasticity"])
def test_every_step_about_the_crossing_is_proved_or_checked(name):
    replayed = getattr(replicator_crossing, name)().replay(points=4, digits=30)
    assert [str(one) for one in replayed if one.status not in ("proved", "checked")] == []


# A slip in the conclusion.

SLIPS = {
    "2 % too large": lambda s: s * sp.Rational(51, 50),
    "the wrong sign": lambda s: -s,
    "a and C exchanged": lambda s: s.subs({a: C, C: a}, simultaneous=True),
    "k dropped": lambda s: s.subs(k, 1),
    "a square": lambda s: s**2,
}


@pytest.mark.parametrize("name", DERIVATIONS)
@pytest.mark.parametrize("slip", SLIPS)
def test_a_slip_in_the_conclusion_is_false(name, slip):
    d = derived(name)
    last = d.steps[-1]
    wrong = SLIPS[slip](d.statement)
    d = replace(d, statement=wrong, steps=(*d.steps[:-1], replace(last, right=wrong)))
    (falsehood,) = d.falsehoods()
    assert falsehood.witness


@pytest.mark.parametrize("name", DERIVATIONS)
def test_an_unrelated_formula_cannot_be_attached(name):
    with pytest.raises(ValueError, match="is no side of the last step"):
        replace(derived(name), statement=a + C)


# A slip anywhere: as if someone had edited the module.


def slipped(monkeypatch, name, **pieces):
    for piece, wrong in pieces.items():
        right = getattr(replicator, piece)
        monkeypatch.setattr(replicator, piece, lambda *args, w=wrong, r=right: w(r(*args)))
    return getattr(replicator, name)()


@pytest.mark.parametrize(
    ("name", "piece", "wrong"),
    [
        ("interior_equilibrium", "equilibrium", lambda x_star: x_star.subs(k, 2 * k)),
        ("interior_equilibrium", "equilibrium", lambda x_star: 2 * x_c - x_star),
        ("interior_equilibrium", "_inverse", lambda p: p - x_c),
        ("decay_rate", "rate", lambda b: b / (1 - a / C)),
        ("decay_rate", "rate", lambda b: -b),
        ("decay_rate", "equilibrium", lambda x_star: x_star / 2),
        ("critical_delay", "_onset", lambda delay: sp.Rational(51, 50) * delay),
        ("critical_delay", "rate", lambda b: b / k),
        ("critical_delay", "rate", lambda b: b / a * C),
        (
            "critical_delay",
            "characteristic",
            lambda chi: chi.subs(replicator.feedback, -replicator.feedback),
        ),
        ("critical_delay", "equilibrium", lambda x_star: x_star.subs(a, 2 * a)),
        ("crossing_frequency", "rate", lambda b: b * k),
        ("crossing_speed", "_onset", lambda delay: 3 * delay),
        ("crossing_speed", "rate", lambda b: b / k),
        ("crossing_speed", "characteristic", lambda chi: chi.subs(replicator.feedback, 1)),
    ],
)
def test_a_slip_in_a_piece_is_false(monkeypatch, name, piece, wrong):
    falsehoods = slipped(monkeypatch, name, **{piece: wrong}).falsehoods()
    assert falsehoods
    # A statement without symbols, such as chi'(ib) = 1 + i pi/2, is refuted without a point.
    assert all(f.witness or "always" in f.how for f in falsehoods)
