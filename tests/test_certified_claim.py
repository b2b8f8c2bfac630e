"""A claim that carries a proof: what the proof does to its verdict, and where it is told."""

import json

import pytest
import sympy as sp
from tests.claim_files import HEAD, PROOF
from tests.helpers import claimed, exactly

from lemmata.theory.derivation import Derivation, Step
from lemmata.verify import table
from lemmata.verify.certificate import Certificate
from lemmata.verify.certify import prove_sign
from lemmata.verify.decide import decide
from lemmata.verify.deferred import deferred
from lemmata.verify.domain import Domain
from lemmata.verify.errors import Malformed, UsageError
from lemmata.verify.interval import Interval
from lemmata.verify.measurement import Measurement
from lemmata.verify.results import record
from lemmata.verify.settings import Profile, Settings
from lemmata.verify.verdict import Outcome

VERIFIED, REFUTED, INCONCLUSIVE, ERROR = Outcome
SETTINGS = Settings(profile=Profile("test", points=6, effort=1.0))
x = sp.Symbol("x")
line = Domain(x=Interval(1, 2))
same = exactly(lambda p: p.x)


def holds(domain):
    return prove_sign(x**2 - x + 1, domain.box())


def fails():
    return prove_sign(x - sp.Rational(5, 4), {"x": (1, 2)})


def touches():
    return prove_sign((3 * x - 4) ** 2, {"x": (1, 2)})


def decided(prove, *, predicted=x, measure=same, **more):
    return decide(claimed(measure, predicted, line, certified=prove, **more), SETTINGS)


def test_a_proof_is_evidence_and_stands_between_derived_and_measured():
    verdict = decided(holds)
    assert (verdict.outcome, verdict.evidence) == (VERIFIED, ("certified", "measured"))
    assert verdict.certificate.statement == "x**2 - x + 1 > 0 for x in [1, 2]"
    quantity = Derivation(sp.Symbol("q"), x, (Step("the slope", sp.Derivative(x**2 / 2, x), x),))
    verdict = decided(holds, predicted=quantity)
    assert verdict.evidence == ("derived", "certified", "measured")


def test_an_undecided_proof_is_told_and_is_neither_evidence_nor_error():
    verdict = decided(touches)
    assert (verdict.outcome, verdict.evidence) == (VERIFIED, ("measured",))
    assert verdict.certificate.status == "undecided"
    entry = record(claimed(same, x, line), verdict, "")
    (told,) = [text for text in table.warnings(entry) if "not certified" in text]
    assert "1 box undecided: x in [" in told


def test_what_is_disproved_is_not_verified():
    verdict = decided(fails)
    assert verdict.outcome is INCONCLUSIVE
    assert verdict.evidence == ("measured",)
    assert verdict.reason.startswith("it was measured to be verified, but x - 5/4 > 0")
    assert "it fails at x = " in verdict.reason
    assert "states what the claim says" in verdict.settles


def test_what_is_proved_is_not_refuted_by_a_measurement_alone():
    verdict = decided(holds, predicted=1.5 * x)
    assert verdict.outcome is INCONCLUSIVE
    assert verdict.reason.startswith("it was measured to be refuted, but x**2 - x + 1 > 0")
    assert verdict.worst is not None


def test_a_refutation_that_the_proof_shares_is_certified():
    verdict = decided(fails, predicted=1.5 * x)
    assert (verdict.outcome, verdict.evidence) == (REFUTED, ("certified", "measured"))


def test_a_proof_does_not_settle_what_the_measurement_leaves_open():
    vague = exactly(lambda p: p.x, bias=1.0)
    assert decided(holds, measure=vague).outcome is INCONCLUSIVE
    verdict = decided(fails, measure=vague)
    assert verdict.outcome is INCONCLUSIVE
    assert "and x - 5/4 > 0" in verdict.reason
    assert verdict.evidence == ("measured",)


def test_a_crash_of_the_proof_is_a_crash():
    def broken():
        raise RuntimeError("out of paper")

    verdict = decided(broken)
    assert verdict.outcome is ERROR
    assert "RuntimeError: out of paper" in verdict.reason
    assert "in broken" in verdict.traceback


@pytest.mark.parametrize("wrong", [True, None, "proved"])
def test_what_is_no_certificate_is_refused(wrong):
    def prove():
        return wrong

    with pytest.raises(Malformed, match=r"certified=prove returned .*; return a Certificate"):
        decided(prove)


def test_a_proof_may_be_deferred_and_is_none_by_default():
    later = deferred("tests.test_certified_claim")
    assert decided(later.fails).certificate == fails()
    assert decided(later.holds).certificate == holds(line)
    assert decided(None).certificate is None
    with pytest.raises(UsageError, match="certified='yes'; give a function that returns"):
        claimed(same, x, line, certified="yes")


def test_the_record_is_plain_and_exact():
    entry = record(claimed(same, x, line), decided(fails), "")["certificate"]
    assert json.loads(json.dumps(entry)) == entry
    assert entry["status"] == "disproved"
    assert sp.Rational(entry["witness"]["x"]) <= sp.Rational(5, 4)
    assert entry["boxes"] >= 1
    assert record(claimed(same, x, line), decided(None), "")["certificate"] is None


def test_results_from_before_there_were_proofs_are_still_shown():
    entry = record(claimed(same, x, line), decided(holds), "")
    assert next(table.certificate(entry)).startswith("certificate x**2 - x + 1 > 0")
    del entry["certificate"]
    assert list(table.certificate(entry)) == []
    assert not any("certified" in text for text in table.warnings(entry))


def test_a_certificate_needs_no_measurement_to_be_shown():
    many = Certificate("s", "undecided", 9, 64, ({"x": (sp.Integer(0), sp.Integer(1))},), 7)
    assert str(many) == "s: undecided with 9 boxes at 64 bits; 7 boxes undecided: x in [0, 1], …"


def test_a_measurement_that_is_not_finite_is_not_saved_by_a_proof():
    def lost(p, accuracy):
        return Measurement(float("nan"), bias=1e-6)

    assert decided(holds, measure=lost).outcome is INCONCLUSIVE


def test_the_command_line_verifies_and_shows_proofs(tmp_path, monkeypatch, capsys):
    from lemmata.verify.cli import main

    def run(*arguments):
        monkeypatch.setattr("sys.argv", ["lemmata", *arguments])
        with pytest.raises(SystemExit) as exit_:
            main()
        return int(exit_.value.code or 0), capsys.readouterr().out

    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "150")
    (tmp_path / "mine.py").write_text(HEAD + PROOF)
    status, out = run("verify", "mine.py", "--json", "out.json")
    assert status == 3  # one is left open: its measurement and its proof contradict each other
    assert "numbers/touched: not certified: 9*x**2 - 24*x + 16 > 0" in out
    assert "it was measured to be verified, but" in out
    claims = json.loads((tmp_path / "out.json").read_text())["claims"]
    by_id = {one["id"]: one for one in claims}
    assert by_id["numbers/proved"]["evidence"] == ["certified", "measured"]
    assert by_id["numbers/proved"]["certificate"]["boxes"] >= 1
    assert by_id["numbers/failing"]["outcome"] == "inconclusive"
    (tmp_path / "one.py").write_text(HEAD + PROOF.split("touched")[0])
    status, out = run("show", "one.py")
    assert status == 0
    assert "certificate 9*x**2 - 24*x + 17 > 0 for x in [1, 2]: proved with" in out
