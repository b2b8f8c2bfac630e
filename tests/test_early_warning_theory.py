"""Laws of early warning: their derivations replay, and agree with other means."""

from functools import partial

import numpy as np
import pytest
import scipy.linalg
import scipy.special
import sympy as sp

from lemmata.theory import early_warning as announced
from lemmata.theory import unannounced

FORMS = ("fold", "transcritical", "pitchfork", "hopf")
DERIVED = [
    announced.variance, announced.autocorrelation, announced.slow_passage,
    announced.delay_exponent, unannounced.front_speed, unannounced.front_reversal,
    unannounced.last_equilibrium, unannounced.weak_noise, unannounced.missed,
    *(partial(unannounced.return_rate, state) for state in ("one", "nothing")),
    *(
        partial(derive, form)
        for derive in (announced.return_rate, announced.relative_variance,
                       announced.exponent, announced.level)
        for form in FORMS
    ),
]  # fmt: skip


@pytest.mark.parametrize("derive", DERIVED)
def test_every_step_replays(derive) -> None:
    assert derive().holds()


@pytest.mark.parametrize("form", ["fold", "transcritical", "pitchfork"])
def test_rates_are_those_of_the_states_that_drift_leads_to(form: str) -> None:
    drift, _ = announced.FORMS[form]
    (x,) = drift.free_symbols - {announced.mu, announced.a}
    f = sp.lambdify((x, announced.mu, announced.a), drift)
    value = 0.7
    for _ in range(20000):
        value += 0.01 * f(value, 0.3, 1.7)
    slope = (f(value + 1e-6, 0.3, 1.7) - f(value - 1e-6, 0.3, 1.7)) / 2e-6
    rate = announced.return_rate(form).statement.subs({announced.mu: 0.3, announced.a: 1.7})
    assert float(rate) == pytest.approx(-slope, rel=1e-6)


def test_the_linear_equation_of_airy_is_where_the_delay_comes_from() -> None:
    zero = -scipy.special.ai_zeros(1)[0][0]
    found = announced.slow_passage().statement.subs({announced.z_1: zero, announced.epsilon: 1e-3})
    assert zero == pytest.approx(2.33811, abs=1e-5)
    assert float(found) == pytest.approx(2.33811 * 1e-2, rel=1e-5)


@pytest.mark.parametrize("s", [0.0, 0.7, -0.4])
def test_variances_beside_the_slow_direction_solve_lyapunovs_equation(s: float) -> None:
    mu, k, c = 0.13, 1.4, 0.8
    J = np.array([[-mu, k], [0, -1]])
    g = np.array([[c * k + s], [c * (mu - 1)]])
    exact = scipy.linalg.solve_continuous_lyapunov(J, -g @ g.T)[0, 0]
    values = {unannounced.mu: mu, unannounced.k: k, unannounced.c: c, unannounced.s: s}
    assert float(unannounced.missed().statement.subs(values)) == pytest.approx(exact, rel=1e-9)


def test_there_is_no_equilibrium_beyond_the_last() -> None:
    r, K = 3.5, 20.0
    N = np.linspace(0, K, 100001)
    most = np.max(r * (1 - N / K) * (1 + N))
    found = unannounced.last_equilibrium().statement.subs({unannounced.r: r, unannounced.K: K})
    assert float(found) == pytest.approx(most, rel=1e-8)


def test_the_weak_noise_law_has_its_least_value_before_the_end() -> None:
    law = unannounced.weak_noise().statement.subs({unannounced.r: 3.5, unannounced.K: 20})
    at = [float(law.subs(unannounced.b, b)) for b in (14.5, 18.0, 19.25)]
    assert at[1] < at[0]
    assert at[1] < at[2]


@pytest.mark.parametrize("form", FORMS)
def test_another_exponent_is_a_falsehood(form: str) -> None:
    right = announced.exponent(form)
    wrong = right.steps[-1]
    import dataclasses

    slipped = dataclasses.replace(wrong, right=wrong.right - sp.Rational(1, 2))
    broken = dataclasses.replace(right, statement=slipped.right, steps=(*right.steps[:-1], slipped))
    assert broken.falsehoods()
