import dataclasses
from functools import cache

import mpmath
import numpy as np
import pytest
import sympy as sp
from scipy.optimize import brentq

from lemmata.theory import (
    delayed_replicator,
    distributed_replicator,
    hayes,
    hopf,
    replicator,
    replicator_lindstedt,
    replicator_sharpness,
    rock_paper_scissors,
)
from lemmata.verify.accuracy import Accuracy
from lemmata.verify.claim import Claim
from lemmata.verify.claims import delayed_replicator_forms
from lemmata.verify.decide import decide
from lemmata.verify.loading import claims_in
from lemmata.verify.settings import Settings
from lemmata.verify.verdict import Outcome

pytestmark = pytest.mark.heavy

MODULES = {
    delayed_replicator: (
        "critical_delay",
        "frequency",
        "opposite_critical_delay",
        "opposite_frequency_squared",
        "birth_decay",
    ),
    replicator_lindstedt: (
        "amplitude",
        "frequency_shift",
        "second_cosine",
        "second_sine",
        "symmetric_period",
    ),
    rock_paper_scissors: ("critical_delay", "frequency", "growth_without_delay"),
    distributed_replicator: (
        "uniform_critical_span",
        "uniform_mean_ratio",
        "gamma_critical_mean",
        "gamma_limit",
        "two_stages_critical_mean",
    ),
    hayes: ("strength_on_curve", "present_on_curve", "strength_on_line"),
    replicator_sharpness: ("sharpness",),
}
EVERY = [(module, name) for module, names in MODULES.items() for name in names]


@cache
def derived(module, name):
    return getattr(module, name)()


def value(module, name, **point):
    d = derived(module, name)
    found = d.statement.subs({s: sp.sympify(point[s.name]) for s in d.statement.free_symbols})
    return float(found.evalf(20))


@pytest.mark.parametrize(
    ("module", "name"), EVERY, ids=[f"{m.__name__.split('.')[-1]}.{n}" for m, n in EVERY]
)
def test_every_step_is_proved_or_checked(module, name):
    replayed = derived(module, name).replay(points=4, digits=30)
    assert [str(one) for one in replayed if one.status not in ("proved", "checked")] == []


@pytest.mark.parametrize("x_star", [0.2, 0.5, 0.7])
def test_lindstedt_and_projection_agree(x_star):
    point = {"kappa": 1.7, "x_star": x_star}
    system = delayed_replicator.system()
    exact = {s: sp.Rational(str(point[s.name])) for s in system.parameters if s.name in point}
    onset = value(delayed_replicator, "critical_delay", **point)
    omega = value(delayed_replicator, "frequency", **point)
    amplitude = value(replicator_lindstedt, "amplitude", **point)
    shift = value(replicator_lindstedt, "frequency_shift", **point)
    projected = float(hopf.amplitude_law(system).statement.subs(exact).evalf(20))
    assert projected == pytest.approx(amplitude / onset, rel=1e-14)
    slope = -2 * np.pi / omega * shift * amplitude / onset
    projected = float(hopf.period_law(system).statement.subs(exact).evalf(20))
    assert projected == pytest.approx(slope, rel=1e-14)
    if x_star == 0.5:
        assert slope == pytest.approx(4, rel=1e-14)


def test_opposite_payoffs_come_back_to_a_quarter_turn():
    a, b, c, d = -1, 2, 3, 1  # P = 0, Q = 5, x* = 1/5
    found = value(delayed_replicator, "opposite_critical_delay", a=a, b=b, c=c, d=d)
    assert found == pytest.approx(np.pi / (2 * 0.16 * 5))


def test_opposite_payoffs_have_a_pair_on_the_axis_only_if_p_exceeds_minus_q():
    a, b, c, d = 1.0, 3.0, 2.0, 0.5
    here, lagged = (a + d), (b + c)
    size = 0.25 * (b - d) * (c - a) * 4 / (b + c - a - d) ** 2
    delay = value(delayed_replicator, "opposite_critical_delay", a=a, b=b, c=c, d=d)
    omega = value(delayed_replicator, "opposite_frequency_squared", a=a, b=b, c=c, d=d) ** 0.5
    left = 1j * omega - size * here + size * lagged * np.exp(-1j * omega * delay)
    assert abs(left) < 1e-12
    never = value(delayed_replicator, "opposite_frequency_squared", a=-7, b=2, c=3, d=1)
    assert never < 0


def test_the_rightmost_root_of_rock_paper_scissors_crosses():
    point = {"a": 2.0, "b": 0.5}
    c = complex(
        rock_paper_scissors.eigenvalue().subs(
            {rock_paper_scissors.a: 2, rock_paper_scissors.b: 0.5}
        )
    )
    delay = value(rock_paper_scissors, "critical_delay", **point)

    def rightmost(d):
        return max(float(mpmath.re(mpmath.lambertw(c * d, k) / d)) for k in (-1, 0, 1))

    assert rightmost(0.99 * delay) < -1e-4 < 1e-4 < rightmost(1.01 * delay)
    assert value(rock_paper_scissors, "critical_delay", a=1, b=1) == 0
    # The same matrix, from the game itself.
    game = np.roll(2.0 * np.eye(3), -1, axis=1) - np.roll(0.5 * np.eye(3), 1, axis=1)
    assert np.min(np.abs(np.linalg.eigvals(game / 3) - c)) < 1e-12


@pytest.mark.parametrize("k", [2, 3, 5])
def test_the_gamma_memory_by_its_formula_by_its_chain_and_by_numbers(k):
    point = {"kappa": 2, "x_star": sp.Rational(3, 10)}
    delta = 2 * 0.3 * 0.7
    found = value(distributed_replicator, "gamma_critical_mean", k=k, **point)

    def rightmost(mean):
        chain = np.poly1d([mean / k, 1]) ** k * np.poly1d([1, 0]) + delta
        return max(chain.roots.real)

    assert found == pytest.approx(brentq(rightmost, 0.2 / delta, 6 / delta, xtol=1e-12), rel=1e-9)
    if k < 4:
        chain = distributed_replicator.chain_critical_mean(k)
        exact = {s: point[s.name] for s in chain.statement.free_symbols}
        assert float(chain.statement.subs(exact)) == pytest.approx(found, rel=1e-14)
    if k == 2:
        assert found == pytest.approx(
            value(distributed_replicator, "two_stages_critical_mean", **point)
        )


def test_many_stages_come_near_the_single_delay_and_one_never_oscillates():
    point = {"kappa": 2, "x_star": sp.Rational(3, 10)}
    found = value(distributed_replicator, "gamma_critical_mean", k=4000, **point)
    assert found == pytest.approx(np.pi / 2 / 0.42, rel=1e-3)
    limit = value(distributed_replicator, "gamma_limit", **point)
    assert limit == pytest.approx(np.pi / 2 / 0.42, rel=1e-15)
    with pytest.raises(hopf.NoClosedForm, match="one stage never does"):
        distributed_replicator.chain_critical_mean(1)
    with pytest.raises(ValueError, match="k=0 is no number of stages"):
        distributed_replicator.gamma_system(0)


def test_the_uniform_memory_has_a_pair_on_the_axis():
    point = {"kappa": 2, "x_star": sp.Rational(3, 10)}
    span = value(distributed_replicator, "uniform_critical_span", **point)
    z = 1j * np.pi / span
    assert abs(z + 0.42 * (1 - np.exp(-z * span)) / (z * span)) < 1e-12


@pytest.mark.parametrize("w", [0.4, 1.5, 2.8])
def test_the_rightmost_root_of_hayes_equation_is_on_the_axis_along_the_boundary(w):
    b = value(hayes, "strength_on_curve", w=w)
    a = value(hayes, "present_on_curve", w=w)

    def rightmost(b):
        return complex(a + mpmath.lambertw(b * mpmath.exp(-a)))

    assert rightmost(b) == pytest.approx(1j * w, abs=1e-9)
    on_line = rightmost(value(hayes, "strength_on_line", a=a))
    assert on_line == pytest.approx(0, abs=1e-12)
    inside = rightmost(0.5 * b - 0.5 * a)
    assert inside.real < 0


def test_the_critical_delay_falls_with_the_sharpness():
    point = {"a": 2.0, "C": 7.0, "k": 10.0, "x_star": 0.6}

    def delay(k):
        x_c = point["x_star"] - np.log(2 / 5) / k
        found = replicator.critical_delay().statement
        at = {"a": 2.0, "C": 7.0, "k": k, "x_c": x_c}
        return float(found.subs({s: at[s.name] for s in found.free_symbols}))

    slope = (delay(10.001) - delay(9.999)) / 0.002
    assert value(replicator_sharpness, "sharpness", **point) == pytest.approx(slope, rel=1e-6)
    assert slope < 0


# The claims on what crosses at the onset, and on what there is without delay.


@cache
def claims() -> dict[str, Claim]:
    """By name; in a function, for claims at the top of a test module are decided as tests."""
    return {claim.id.partition("/")[2]: claim for claim in claims_in(delayed_replicator_forms)}


CROSSING = {
    "both-payoffs/frequency": lambda right: {
        "the critical delay's inverse": 1 / derived(delayed_replicator, "critical_delay").statement,
        "one part in ten thousand": right * sp.Rational(10001, 10000),
        "no x*": right / delayed_replicator.x_star,
    },
    "rock-paper-scissors/frequency": lambda right: {
        "the imaginary part of c for its modulus": sp.im(rock_paper_scissors.eigenvalue()),
        "a sign": sp.sqrt(
            rock_paper_scissors.a**2
            - rock_paper_scissors.a * rock_paper_scissors.b
            + rock_paper_scissors.b**2
        )
        / 3,
    },
    "rock-paper-scissors/without-delay": lambda right: {
        "the other sign": -right,
        "a half for a sixth": 3 * right,
        "one part in a million": right * (1 + sp.Rational(1, 10**6)),
    },
}


def decided(name, **other):
    claim = dataclasses.replace(claims()[name], points=6, **other)
    return decide(claim, Settings())


@pytest.mark.parametrize("name", CROSSING)
def test_what_crosses_is_verified_and_wrong_formulas_are_refuted(name):
    verdict = decided(name)
    assert verdict.outcome is Outcome.VERIFIED, verdict
    assert verdict.evidence[0] == "derived"
    assert verdict.resolution.survivors == ()
    assert max(verdict.resolution.over, verdict.resolution.under) < 1e-4
    for error, wrong in CROSSING[name](claims()[name].predicted().statement).items():
        found = decided(name, predicted=wrong)
        assert found.outcome is Outcome.REFUTED, (error, found)


@pytest.mark.parametrize("name", CROSSING)
def test_poor_data_leave_what_crosses_open(name):
    (method,) = claims()[name].methods

    def measure(p, accuracy):
        found = method.measure(p, accuracy)
        return dataclasses.replace(found, bias=np.abs(found.value) / 2)

    verdict = decided(name, methods=(dataclasses.replace(method, measure=measure),))
    assert verdict.outcome is Outcome.INCONCLUSIVE


def test_an_onset_that_is_not_found_has_no_frequency():
    known = {"kappa": np.array([1.0, 1.0]), "x_star": np.array([0.5, 0.3])}
    late = delayed_replicator_forms.onset_frequency(
        delayed_replicator.system, known, Accuracy(), lo=5.0
    )
    assert not np.any(late.converged)
    assert np.isinf(late.bias).all()
