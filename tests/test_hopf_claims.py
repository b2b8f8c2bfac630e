"""Claims on Hopf bifurcations: verified as they are, refuted with planted errors."""

import dataclasses
import re
from pathlib import Path

import pytest
import sympy as sp

from lemmata.theory import hopf, replicator, replicator_cycle
from lemmata.theory.delay_system import scalar
from lemmata.verify.api import Domain, Interval, Log, UsageError
from lemmata.verify.claims import delayed_repression, delayed_repression_cycle
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


def test_errors_name_what_is_wrong():
    with pytest.raises(UsageError, match=r"delayed='x tau'.*give a name such as"):
        hopf_claims("x", delayed="x tau", domain=Domain(r=Log(0.3, 3)))
