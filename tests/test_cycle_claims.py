"""Claims on the Hopf points of systems: verified, refuted when wrong, told where there is none."""

import dataclasses
from functools import cache

import pytest
import sympy as sp

from lemmata.theory.delay_system import DelaySystem, scalar
from lemmata.verify.api import Domain, Interval
from lemmata.verify.cycle_claims import Turned, cycle_claims
from lemmata.verify.decide import decide
from lemmata.verify.hopf_claims import THEOREM
from lemmata.verify.settings import Settings
from lemmata.verify.verdict import Outcome

pytestmark = pytest.mark.heavy

SOURCE = THEOREM.at("an equation of one's own")


@cache
def subcritical():
    return scalar("-b * (x_tau + x_tau**3)", equilibrium=0)


@cache
def positive_feedback():
    x, y, x_1, y_1 = sp.symbols("x y x_1 y_1", real=True)
    a, b, tau = sp.symbols("a b tau", positive=True)
    rates = -x + a * sp.tanh(y_1), -y + b * sp.tanh(x_1)
    return DelaySystem((x, y), ((x_1, y_1),), (tau,), rates, (sp.Integer(0),) * 2)


def claims_of(system, parameter="tau", **domain):
    turned = Turned(system, parameter)
    return cycle_claims(turned, domain=Domain(**domain), id="own", source=SOURCE, points=2)


def test_the_laws_of_an_unstable_cycle_are_verified_and_wrong_ones_refuted():
    critical, amplitude, period = claims_of(subcritical, b=Interval(0.5, 2))
    for claim in (critical, amplitude, period):
        verdict = decide(claim, Settings())
        assert verdict.outcome is Outcome.VERIFIED, verdict.reason
        assert verdict.evidence[0] == "derived"
    for factor in (-1, 1.001):
        wrong = factor * amplitude.predicted().statement
        verdict = decide(dataclasses.replace(amplitude, predicted=wrong), Settings())
        assert verdict.outcome is Outcome.REFUTED, verdict.reason


@cache
def without_parameters():
    return scalar("-2 * x_tau * (1 + x_tau) - x / 2", equilibrium=0)


def test_a_system_may_have_no_other_parameter():
    for claim in claims_of(without_parameters):
        verdict = decide(claim, Settings())
        assert verdict.outcome is Outcome.VERIFIED, verdict.reason


@pytest.mark.parametrize(
    ("system", "parameter", "text"),
    [
        (
            positive_feedback,
            "tau",
            "for a steady state that is stable without delay, and for a pair",
        ),
        (subcritical, "T", "the parameter 'T' that is turned is none of the system's: b, tau"),
        (lambda: scalar("-b * x_tau +", equilibrium=0), "tau", "is no expression"),
    ],
)
def test_what_has_no_hopf_point_says_so(system, parameter, text):
    for claim in claims_of(system, parameter, a=Interval(1.5, 3), b=Interval(1.5, 3)):
        verdict = decide(claim, Settings())
        assert verdict.outcome is Outcome.ERROR
        assert text in verdict.reason
        assert not verdict.traceback
