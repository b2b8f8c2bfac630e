"""The claims about agents: verified, refuted when wrong, open when there are too few runs."""

import dataclasses
from collections.abc import Iterator
from fractions import Fraction
from functools import lru_cache

import numpy as np
import pytest

from lemmata.verify import agent_measure, backend
from lemmata.verify.accuracy import Accuracy
from lemmata.verify.agent_measure import Cell, radical_counts, runs_of
from lemmata.verify.claim import Claim
from lemmata.verify.claims import delayed_repression_agents as agents
from lemmata.verify.claims import delayed_repression_tables as tables
from lemmata.verify.claims import delayed_repression_trends as trends
from lemmata.verify.claims.delayed_repression_readings import TAIL, WHOLE, in_readings
from lemmata.verify.decide import decide
from lemmata.verify.domain import Domain
from lemmata.verify.loading import claims_in
from lemmata.verify.settings import Settings
from lemmata.verify.verdict import Outcome, Verdict

pytestmark = pytest.mark.heavy

HERE = "delayed-repression/agents/"


@lru_cache
def _claims() -> dict[str, Claim]:
    """By the end of their ids. No variable of the module, for pytest would decide them all."""
    found = [one for module in (tables, agents, trends) for one in claims_in(module)]
    return {one.id.removeprefix(HERE): one for one in found}


@pytest.fixture(scope="module", autouse=True)
def float64() -> Iterator[None]:
    with backend.precision():
        yield


def _decide(name: str, predicted=None, **fixed) -> Verdict:
    claim: Claim = _claims()[name]
    if predicted is not None:
        claim = dataclasses.replace(claim, predicted=predicted)
    return decide(claim, Settings(family=len(_claims()), fixed=fixed))


# Cells of every claim, the cheap ones; all cells are decided by `lemmata verify`.
AT = {
    "table-3": {"delay": 20}, "table-3/second-half": {"delay": 20},
    "table-4": {"k": 10}, "table-4/second-half": {"k": 10, "regime": 2},
    "table-5": {"agents": 1}, "table-5/second-half": {"agents": 2, "delay": 20},
    "table-5/as-stated": {}, "table-5/as-stated/second-half": {},
    "table-5-fine": {}, "table-5-fine/second-half": {},
    "table-6": {"condition": 2}, "table-6/second-half": {"condition": 2, "regime": 2},
    "robust-alpha-gamma": {"alpha": 0.2, "gamma": 0.99, "delay": 20},
    "hierarchy": {"delay": 20}, "hierarchy/second-half": {"delay": 20},
    "hierarchy/as-stated/second-half": {},
    "hierarchy-strict": {"delay": 20}, "hierarchy-strict/second-half": {"delay": 20, "pair": 0},
    "robust-threshold": {"delay": 20}, "robust-threshold/second-half": {"delay": 20},
    "learners-settle": {"delay": 20},
    "reactive-threshold": {}, "reactive-threshold/second-half": {},
    "table-3/as-stated": {}, "table-3/as-stated/second-half": {},
    "table-4/as-stated": {"regime": 2}, "table-4/as-stated/second-half": {"regime": 2},
    "table-6/as-stated": {"regime": 2}, "table-6/as-stated/second-half": {"regime": 2},
    "robust-alpha-gamma/second-half": {"alpha": 0.2, "gamma": 0.99, "delay": 20},
    "robust-alpha-gamma/as-stated": {}, "robust-alpha-gamma/as-stated/second-half": {},
    "hierarchy/as-stated": {}, "hierarchy-strict/as-stated": {},
    "hierarchy-strict/as-stated/second-half": {}, "robust-threshold/as-stated": {},
    "robust-threshold/as-stated/second-half": {}, "learners-settle/as-stated/second-half": {},
    "all-undeterred": {"delay": 0}, "all-undeterred/as-stated/second-half": {"delay": 0},
    "bounded/as-stated": {},
    "delay-effect/as-stated": {}, "delay-effect/as-stated/second-half": {},
    "sharpness-effect/as-stated": {}, "sharpness-effect/as-stated/second-half": {},
    "delay-monotone": {"delay": 20}, "fixed-immune": {},
    "delay-effect": {}, "delay-effect/second-half": {},
    "sharpness-monotone": {"k": 3}, "sharpness-effect": {}, "sharpness-effect/second-half": {},
}  # fmt: skip


# All cells of all tables at once: `lemmata verify` decides them.
DEAR = {"bounded", "bounded/second-half"}


def test_no_claim_is_left_out():
    assert set(AT) | DEAR == set(_claims())


@pytest.mark.parametrize("name", AT)
def test_the_claim_comes_out_as_the_catalogue_expects(name):
    verdict = _decide(name, **AT[name])

    assert verdict.outcome == _claims()[name].expected, verdict
    assert _claims()[name].expected == "verified" or _claims()[name].cause


# name, the wrong prediction, the cells at which it is wrong
WRONG = [
    ("table-3", lambda p: 0.95, {"delay": 20}),
    ("table-3", lambda p: 0.02, {"delay": 20}),
    ("table-4", lambda p: (0.26, 0.52, 0.22)[2 - int(p.regime)], {"k": 3}),
    ("table-5", lambda p: 1 - tables.printed(tables.TABLE_5, "agents", "delay")(p), {"agents": 1}),
    ("table-5-fine", lambda p: tables.TABLE_5_FINE[0][int(p.regime)], {"delay": 3}),
    ("table-6", lambda p: (0.0, 0.4, 0.6)[int(p.regime)], {"condition": 2}),
    ("hierarchy", lambda p: 0.9, {"delay": 20}),
    ("reactive-threshold", lambda p: 3.6, {}),
    ("delay-monotone", lambda p: 0.5, {"delay": 20}),
    ("robust-threshold", lambda p: 0.75, {"delay": 20, "threshold": 0.4, "pair": 0}),
    ("hierarchy-strict", lambda p: 0.8, {"delay": 20, "pair": 0}),
    ("sharpness-monotone", lambda p: 0.3, {"k": 30}),
    ("robust-alpha-gamma", lambda p: 0.95, {"alpha": 0.2, "gamma": 0.99, "delay": 0}),
    ("bounded/as-stated", lambda p: 0.9, {}),
    ("delay-effect/second-half", lambda p: 0.4, {}),
    ("hierarchy/second-half", lambda p: 0.3, {"delay": 4, "pair": 1}),
    ("delay-effect", lambda p: 0.98, {}),
    ("sharpness-effect", lambda p: 0.9, {}),
    ("learners-settle", lambda p: 0.2, {"delay": 20}),
]


@pytest.mark.parametrize(("name", "predicted", "at"), WRONG)
def test_a_wrong_number_is_refuted(name, predicted, at):
    assert _decide(name, predicted, **at).outcome is Outcome.REFUTED


def test_a_wrong_rate_of_fixed_agents_is_refuted_and_open_beside_the_proof():
    right = _claims()["fixed-immune"]
    wrong = dataclasses.replace(right, predicted=0.2)
    settings = Settings(family=len(_claims()), fixed={"delay": 0})

    assert decide(dataclasses.replace(wrong, certified=None), settings).outcome is Outcome.REFUTED
    contradicted = decide(wrong, settings)
    assert contradicted.outcome is Outcome.INCONCLUSIVE
    assert "it was measured to be refuted, but" in (contradicted.reason or "")


@pytest.mark.parametrize(
    ("name", "at"),
    [("table-3", {"delay": 20}), ("table-5", {"agents": 1, "delay": 4}), ("fixed-immune", {}),
     ("hierarchy", {"delay": 20}), ("bounded", {}), ("reactive-threshold", {})],
)  # fmt: skip
def test_a_handful_of_runs_leaves_it_open(name, at, monkeypatch):
    monkeypatch.setattr(agent_measure, "runs_of", lambda accuracy, first=500: 4)

    verdict = _decide(name, **at)

    assert verdict.outcome is Outcome.INCONCLUSIVE
    assert verdict.reason


def test_all_claims_of_the_issue_are_there():
    wanted = {
        "hierarchy", "reactive-threshold", "table-3", "table-4", "table-5", "table-5-fine",
        "table-6", "delay-monotone", "sharpness-monotone", "bounded", "fixed-immune",
        "robust-alpha-gamma",
    }  # fmt: skip
    assert wanted <= set(_claims())


# Without the lowest threshold, which its scope explains; so it says less than its claim.
NARROWER = {"robust-threshold/second-half"}


def test_a_refuted_reading_stands_beside_its_claim():
    for name, claim in _claims().items():
        base = _claims()[name.split("/")[0]]
        assert (claim.says == base.says) is (name not in NARROWER)
        assert claim is base or claim.reading != base.reading


def test_the_proof_of_immunity_holds_and_would_fail_for_bolder_agents():
    proof = agents.proved_immunity()

    assert proof.proved
    assert "240 fixed agents have more than 96 radicals" in proof.statement
    assert not agents.proved_immunity(later=Fraction(1, 5)).proved
    assert not agents.proved_immunity(first=Fraction(1, 5)).proved


def test_what_holds_is_not_claimed_of_a_part_of_the_domain():
    with pytest.raises(ValueError, match="few: what holds, holds on the whole domain"):
        in_readings("few", {WHOLE: ""}, domains={WHOLE: Domain()}, domain=Domain())


def test_a_look_has_runs_of_its_own_and_claims_share_them():
    cells = [Cell("fixed", delay=3)]
    one, again, other, confirmed = (
        radical_counts(cells, Accuracy(common=common), first=20)[0]
        for common in ((7, 0), (7, 0), (8, 0), (7, 3))
    )

    np.testing.assert_array_equal(one, again)
    assert not np.array_equal(one, other)
    assert not np.array_equal(one, confirmed)


def test_more_runs_go_on_where_fewer_ended():
    cells = [Cell("fixed", delay=3)]
    few = radical_counts(cells, Accuracy(common=(9, 0)), first=10)[0]
    many = radical_counts(cells, Accuracy(common=(9, 0)), first=30)[0]

    assert len(many) == 30
    np.testing.assert_array_equal(many[:10], few)


def test_how_many_runs_a_look_takes():
    assert runs_of(Accuracy()) == 500
    assert runs_of(Accuracy(4.0)) == 2000
    for found, runs in ((1.0, 500), (4.0, 2000)):  # as many as showed what is confirmed
        assert runs_of(Accuracy(4.0, common=(0, 3), found=found)) == runs
    assert runs_of(Accuracy(4.0, common=(0, 3), found=1.0), first=1000) == 1000
    assert runs_of(Accuracy(4.0, common=(0, 3), found=1.0), first=100) == 100
    assert runs_of(Accuracy(), first=250) == 250
    assert runs_of(Accuracy(4.0), first=250) == 2000


def test_both_readings_see_the_same_runs():
    counts = radical_counts([Cell("reactive", delay=8)], Accuracy(), first=100)[0]

    whole, tail = (one.runaway(counts, 240) for one in (WHOLE, TAIL))

    assert np.all(whole | ~tail)
    assert 0.1 < tail.mean() < 0.6 < whole.mean()
