"""Claims on Hopf bifurcations: verified as they are, refuted with planted errors."""

import dataclasses
import re
from pathlib import Path

import pytest
import sympy as sp

from lemmata.theory import (
    distributed_replicator,
    hopf,
    replicator,
    replicator_cycle,
    replicator_lindstedt,
    replicator_map,
)
from lemmata.theory.delay_system import scalar
from lemmata.verify.api import Domain, Interval, Log, UsageError
from lemmata.verify.claims import (
    delayed_replicator,
    delayed_replicator_cycle,
    delayed_repression,
    delayed_repression_cycle,
    delayed_repression_map,
)
from lemmata.verify.decide import decide
from lemmata.verify.hopf_claims import hopf_claims
from lemmata.verify.settings import Settings
from lemmata.verify.verdict import Outcome

pytestmark = pytest.mark.heavy


def logistic():
    return hopf_claims("r * x * (1 - x_tau)", domain=Domain(r=Log(0.3, 3)), id="logistic", points=4)


@pytest.mark.parametrize("number", range(5))
def test_the_delayed_logistic_equation(number):
    verdict = decide(logistic()[number], Settings())
    assert verdict.outcome is Outcome.VERIFIED, verdict.reason
    assert verdict.evidence[0] == "derived"


def test_its_laws_are_those_of_hassard_kazarinoff_and_wan():
    system = scalar("r * x * (1 - x_tau)")
    law = hopf.amplitude_law(system).statement.subs(dict.fromkeys(system.parameters, 1))
    assert abs(sp.N(law) - 40 / (3 * sp.pi - 2).evalf()) < 1e-12


PLANTED = {
    "pi/2 for pi^2/4 in the crossing speed": (
        lambda: delayed_repression.crossing_speed,
        lambda: replicator.crossing_speed().statement * (1 + sp.pi**2 / 4) / (1 + sp.pi / 2),
    ),
    "a wrong sign of the coefficient": (
        lambda: delayed_repression_cycle.supercritical,
        lambda: -replicator_cycle.coefficient(),
    ),
    "a factor 3 in the mixed term of B": (
        lambda: delayed_repression_cycle.lyapunov_coefficient,
        lambda: replicator_cycle.coefficient().subs(7 * sp.pi - 8, 3 * (7 * sp.pi - 8)),
    ),
    "a factor 2 in the term of A^2": (
        lambda: delayed_replicator_cycle.lindstedt_amplitude,
        lambda: replicator_lindstedt.amplitude().statement.subs(3 * sp.pi - 2, 6 * sp.pi - 4),
    ),
    "sin for cos in the second harmonic": (
        lambda: delayed_replicator_cycle.second_cosine,
        lambda: replicator_lindstedt.second_sine().statement,
    ),
    "sin for cos in a memory's critical mean": (
        lambda: delayed_replicator.gamma_memory,
        lambda: distributed_replicator.gamma_critical_mean().statement.replace(sp.cos, sp.sin),
    ),
    "cos for sin in the margin in steps of time": (
        lambda: delayed_repression_map.discrete_margin,
        lambda: replicator_map.discrete_margin().statement.replace(sp.sin, sp.cos),
    ),
}


@pytest.mark.parametrize("name", PLANTED)
def test_a_planted_error_is_refuted(name):
    find, wrong = PLANTED[name]
    claim = find()
    assert wrong() != claim.predicted().statement
    planted = dataclasses.replace(claim, predicted=wrong(), points=4, methods=claim.methods[:1])
    verdict = decide(dataclasses.replace(planted, certified=None), Settings())
    assert verdict.outcome is Outcome.REFUTED, verdict.reason


def test_a_subcritical_bifurcation_is_left_open():
    claims = hopf_claims(
        "-b * (x_tau + x_tau**3)",
        equilibrium="0",
        domain=Domain(b=Interval(0.5, 2)),
        id="subcritical",
        points=2,
    )
    verdict = decide(claims[2], Settings())
    assert verdict.outcome is Outcome.INCONCLUSIVE


def test_the_readme_tells_of_it():
    text = (Path(__file__).parent.parent / "README.md").read_text(encoding="utf-8")
    block = re.findall(r"^```python\n(.*?)^```", text, flags=re.MULTILINE | re.DOTALL)[1]
    names: dict = {}
    exec(block, names)
    assert [claim.id for claim in names["logistic"]][-1] == "logistic/period-law"


WRONG = {
    "a name with a space": ({"delayed": "x tau"}, r"delayed='x tau'.*give a name such as"),
    "the delay among the parameters": (
        {"domain": Domain(r=Log(0.3, 3), tau=Log(0.3, 3))},
        "the domain has an interval for 'tau', the delay that is turned; leave it out",
    ),
    "no such claim": (
        {"only": ("criticality", "amplitude")},
        r"only=\('criticality', 'amplitude'\)",
    ),
    "one name for a list": ({"only": "criticality"}, "give some of the names critical-delay, cros"),
    "none": ({"only": ()}, r"only=\(\); give some of the names"),
}


@pytest.mark.parametrize("name", WRONG)
def test_errors_name_what_is_wrong(name):
    more, text = WRONG[name]
    with pytest.raises(UsageError, match=text):
        hopf_claims(**{"rhs": "r * x * (1 - x_tau)", "domain": Domain(r=Log(0.3, 3)), **more})


def test_only_what_is_asked_for_is_made():
    claims = hopf_claims(
        "r * x * (1 - x_tau)",
        domain=Domain(r=Log(0.3, 3)),
        id="some",
        only=["period-law", "crossing-speed"],
    )
    assert [one.id for one in claims] == ["some/crossing-speed", "some/period-law"]
    assert not any(one.uses for one in claims)


WITHOUT_VERDICT = {
    "the delay in a coefficient": (
        "-b * exp(-d * tau) * x_tau - x**3",
        Domain(b=Interval(2, 3), d=Interval(0.1, 0.2)),
        "the delay tau enters the linearisation, too",
    ),
    "the delay in the steady state": (
        "b * (tau - x * x_tau)",
        Domain(b=Interval(2, 3)),
        "the delay tau enters the linearisation, too",
    ),
    "the present is stronger": (
        "-2 * b * x - b * x_tau",
        Domain(b=Interval(2, 3)),
        "no pair of roots",
    ),
    "a positive name for a negative number": (
        "-b * x_tau - x**3",
        Domain(b=Interval(-1, 2)),
        "stands for a positive number in the equation; turn its sign there",
    ),
    "a name that derivations use": (
        "-omega_0 * x_tau - x**3",
        Domain(omega_0=Interval(1, 2)),
        "the name omega_0 is taken by derivations; rename the symbol",
    ),
    "no expression": ("r * x * (1 -", Domain(r=Log(0.3, 3)), "is no expression"),
}


@pytest.mark.parametrize("name", WITHOUT_VERDICT)
def test_what_has_no_closed_form_says_so(name):
    rhs, domain, text = WITHOUT_VERDICT[name]
    for one in hopf_claims(rhs, domain=domain, id="open"):
        verdict = decide(one, Settings())
        assert verdict.outcome is Outcome.ERROR
        assert text in verdict.reason
        assert not verdict.traceback


def quintic(sign, *, only, **domain):
    """Cycles bend back at once, or (sign -1) are born unstable and stable only far away."""
    text = f"-x_tau + {sign} * c * x_tau**3 + d * x_tau**5"
    return hopf_claims(text, equilibrium="0", domain=Domain(**domain), points=4, only=only)


BENT = {
    "soon": (+1, {"c": Interval(0.05, 0.2), "d": Interval(5, 20)}),
    "later": (+1, {"c": Interval(0.9, 1.1), "d": Interval(3, 10)}),
    "born unstable": (-1, {"c": Interval(0.05, 0.2), "d": Interval(5, 20)}),
}


@pytest.mark.parametrize("name", BENT)
def test_laws_of_cycles_that_bend_back_are_never_refuted(name):
    sign, domain = BENT[name]
    claims = quintic(sign, only=("criticality", "amplitude-law", "period-law"), **domain)
    verdicts = [decide(one, Settings()) for one in claims]
    assert verdicts[0].outcome is Outcome.VERIFIED, verdicts[0].reason
    for verdict in verdicts[1:]:
        assert verdict.outcome in (Outcome.VERIFIED, Outcome.INCONCLUSIVE), verdict.reason


@pytest.mark.parametrize("name", BENT)
def test_a_wrong_sign_is_refuted_where_cycles_bend_back(name):
    sign, domain = BENT[name]
    (claim,) = quintic(sign, only=("criticality",), **domain)
    wrong = dataclasses.replace(claim, predicted=-claim.predicted().statement, certified=None)
    verdict = decide(wrong, Settings())
    assert verdict.outcome is Outcome.REFUTED, verdict.reason


@pytest.mark.parametrize(
    "rhs", ["-b * (x_tau + 2 * x_tau**3) / (1 + x_tau**4)", "-b * tanh(x_tau + 2 * x_tau**3)"]
)
def test_cycles_that_do_not_begin_at_the_onset_decide_nothing(rhs):
    claims = hopf_claims(
        rhs,
        equilibrium="0",
        domain=Domain(b=Interval(0.5, 2)),
        points=3,
        only=("criticality", "amplitude-law", "period-law"),
    )
    for claim in claims:
        verdict = decide(dataclasses.replace(claim, certified=None), Settings())
        assert verdict.outcome is Outcome.INCONCLUSIVE
        assert "cannot be carried to the onset" in verdict.reason


OPEN = {
    "close to where no pair crosses": (
        "-a * x - b * tanh(x_tau)",
        Domain(a=Interval(0.9, 1), b=Interval(1.1, 1.2)),
        (Outcome.VERIFIED, Outcome.INCONCLUSIVE),
    ),
    "a period that does not change at first": (
        "-b * x_tau - c * x**3",
        Domain(b=Interval(1, 2), c=Log(0.1, 10)),
        (Outcome.VERIFIED,),
    ),
    "no parameter at all": ("-tanh(x_tau)", Domain(), (Outcome.VERIFIED,)),
    "states of both signs": (
        "-a * x - b * x_tau - x**3",
        Domain(a=Interval(0.1, 0.5), b=Interval(1, 2)),
        (Outcome.VERIFIED,),
    ),
}


@pytest.mark.parametrize("name", OPEN)
def test_equations_at_the_edge_are_never_refuted(name):
    rhs, domain, outcomes = OPEN[name]
    verdicts = [decide(one, Settings()) for one in hopf_claims(rhs, domain=domain, points=4)]
    assert {one.outcome for one in verdicts} <= set(outcomes), [one.reason for one in verdicts]
    assert verdicts[1].outcome is verdicts[2].outcome is Outcome.VERIFIED
