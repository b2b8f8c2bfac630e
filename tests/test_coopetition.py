"""The equilibrium of two actors: derived forms against roots of polynomials and special cases."""

import dataclasses

import pytest
import sympy as sp

from lemmata.theory import coopetition as theory

POWER = {"alpha_1": 0.55, "gamma": 0.5, "beta": 0.75}
LOGARITHMIC = {"alpha_1": 0.55, "gamma": 0.65, "theta": 20.0}
CASES = {"power": POWER, "logarithmic": LOGARITHMIC}
FORMS = ("power", "logarithmic")
MATRICES = [(0.0, 0.0), (0.64, 0.86), (0.86, 0.64), (1.0, 0.0), (0.0, 1.0), (1.0, 1.0)]


def _value(formula, **at):
    values = {one: at[one.name] for one in formula.free_symbols}
    return float(formula.subs(values).n(17))


def _mean(form, **at):
    return _value(theory.mean_at_equilibrium(form), **at)


def _increase(form, *, base=True, **at):
    return _value(theory.increase(form, base=base).statement, **at)


def _kappas(D_12, D_21, alpha_1, gamma, **_):
    alpha_2 = 1 - alpha_1
    return (alpha_1 + D_12 * alpha_2) * gamma / 2, (alpha_2 + D_21 * alpha_1) * gamma / 2


@pytest.mark.parametrize(
    "derivation",
    [
        *(made(form) for form in FORMS for made in (theory.dependence, theory.mean_action)),
        *(theory.increase(form, base=base) for form in FORMS for base in (True, False)),
        theory.finite_below(),
        theory.finite_below_symmetric(),
    ],
)
def test_every_step_replays(derivation):
    assert derivation.holds(), (derivation.gaps(), derivation.falsehoods())


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("off", [theory.D_12, theory.gamma])
def test_the_increase_at_another_equilibrium_does_not_replay(form, off):
    derivation = theory.increase(form)
    wrong = derivation.statement.subs(off, off / 2)
    last = dataclasses.replace(derivation.steps[-1], right=wrong)
    assert dataclasses.replace(
        derivation, statement=wrong, steps=(*derivation.steps[:-1], last)
    ).falsehoods()


@pytest.mark.parametrize(("D_12", "D_21"), MATRICES)
def test_at_three_quarters_the_root_of_r_is_that_of_a_cubic(D_12, D_21):
    one, two = _kappas(D_12, D_21, **POWER)
    roots = sp.Poly([one, 1, -1, -two], sp.Symbol("rho")).nroots(n=20)
    (rho,) = [root for root in roots if root.is_real and root > two**0.5 * (1 - 1e-9)]
    first = (0.75 / (1 - one * rho**2)) ** 4
    mean = _mean("power", **POWER, D_12=D_12, D_21=D_21)
    assert mean == pytest.approx(float(first * (1 + rho**4) / 2), rel=1e-12)


@pytest.mark.parametrize(("D_12", "D_21"), MATRICES)
def test_the_logarithmic_root_is_that_of_a_quartic(D_12, D_21):
    one, two = _kappas(D_12, D_21, **LOGARITHMIC)
    r = sp.Symbol("r")
    left, right = r**2 * (19 + one * r) * (r - two), (19 * r + two) * (1 - one * r)
    roots = sp.Poly(left - right, r).nroots(n=20)
    (root,) = [z for z in roots if z.is_real and two < z < 1 / one]
    mean = (20 / (1 - one * root) - 1) * (1 + root**2) / 2
    found = _mean("logarithmic", **LOGARITHMIC, D_12=D_12, D_21=D_21)
    assert found == pytest.approx(float(mean), rel=1e-12)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("D", [0.0, 0.3, 1.0])
def test_equal_actors_have_a_closed_form(form, D):
    at = {**CASES[form], "alpha_1": 0.5}
    kappa = (1 + D) * at["gamma"] / 4
    exact = (0.75 / (1 - kappa)) ** 4 if form == "power" else 20 / (1 - kappa) - 1
    assert _mean(form, **at, D_12=D, D_21=D) == pytest.approx(exact, rel=1e-12)


@pytest.mark.parametrize("form", FORMS)
def test_the_dependence_belongs_to_the_ratio(form):
    at = {**CASES[form], "D_12": 0.3, "r": 1.05}
    named = {one: at[one.name] for one in (theory.dependence(form).statement.free_symbols)}
    D_21 = float(theory.dependence(form).statement.subs(named))
    del at["r"]
    assert _mean(form, **at, D_21=D_21) == pytest.approx(
        float(theory.mean_action(form).statement.subs({**named, theory.D_21: D_21})), rel=1e-12
    )


# What the authors' program stored (tr1_results.json) and what their README shows.
@pytest.mark.parametrize(
    ("form", "stated", "transposed", "alone", "added"),
    [("power", 170.17, 166.14, 70.45, 58.51), ("logarithmic", 42.19, 41.45, 20.42, 18.08)],
)
def test_the_case(form, stated, transposed, alone, added):
    at = CASES[form]
    near = {"abs": 0.005}
    assert _increase(form, **at, D_12=0.64, D_21=0.86) == pytest.approx(stated, **near)
    assert _increase(form, **at, D_12=0.86, D_21=0.64) == pytest.approx(transposed, **near)
    assert _increase(form, **at, D_12=0, D_21=0) == pytest.approx(alone, **near)
    over = _increase(form, base=False, **at, D_12=0.64, D_21=0.86)
    assert over == pytest.approx(added, **near)
    assert (1 + alone / 100) * (1 + added / 100) == pytest.approx(1 + stated / 100, rel=1e-3)


def test_41_46_is_shown_as_41_5_where_it_is_rounded_twice():
    exact = _increase("logarithmic", **LOGARITHMIC, D_12=0.86, D_21=0.64)
    assert f"{exact:.1f}" == "41.4"
    assert f"{round(exact, 2):.1f}" == "41.5"


@pytest.mark.parametrize("alpha_1", [0.2, 0.55, 0.8])
@pytest.mark.parametrize(("D_12", "D_21"), MATRICES)
def test_both_kappas_multiply_to_one_at_the_threshold(alpha_1, D_12, D_21):
    values = {theory.alpha_1: alpha_1, theory.D_12: D_12, theory.D_21: D_21}
    limit = float(theory.finite_below().statement.subs(values))
    one, two = _kappas(D_12, D_21, alpha_1, limit)
    assert one * two == pytest.approx(1, rel=1e-12)


@pytest.mark.parametrize("form", FORMS)
def test_close_to_the_threshold_actions_are_large(form):
    at = {**CASES[form], "alpha_1": 0.5, "D_12": 1.0, "D_21": 1.0}
    assert _mean(form, **{**at, "gamma": 2 * (1 - 1e-3)}) > 1e4
    with pytest.raises(ValueError, match="changes no sign"):
        _mean(form, **{**at, "gamma": 2.01})
