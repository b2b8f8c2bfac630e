"""`lemmata verify --changed`: which verdicts stand, which do not, and what is said of why."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from tests.claim_files import GOOD, claims

from lemmata.verify.loading import catalogue
from lemmata.verify.sources import changed, sources

ID = "delayed-repression/interior-equilibrium"
STORED = Path("build/lemmata/claims") / f"{ID.replace('/', '.')}.json"


def file_of(id: str) -> Path:
    return next(one.file for one in catalogue() if one.claim.id == id)


@pytest.fixture
def decided(here, lemmata):
    """A verdict of the catalogue's in the store of the current folder."""
    lemmata("verify", ID, check=0)
    return json.loads(STORED.read_text())


def edited(document: dict, **fields: object) -> None:
    STORED.write_text(json.dumps(document | fields))


# Verdicts ----------------------------------------------------------------------------------------


def test_a_verdict_stands_where_nothing_changed(decided, lemmata, monkeypatch):
    monkeypatch.setattr("lemmata.verify.run.decide", lambda *_: pytest.fail("decided again"))

    done = lemmata("verify", ID, "--changed", "--json", "out.json", check=0)

    assert "unchanged since decided: 1; to decide: nothing" in done.stderr
    assert "1 claim: 1 verified; all as expected; 1 as decided before" in done.stdout
    (record,) = json.loads(Path("out.json").read_text())["claims"]
    assert record.pop("decided") == decided["manifest"]["started"]
    assert record == decided["claims"][0]
    assert json.loads(STORED.read_text()) == decided  # with the manifest of its own run


def test_without_the_option_it_is_decided_again(decided, lemmata):
    done = lemmata("verify", ID, check=0)

    assert f"[1/1] {ID}: verified" in done.stderr
    assert "before" not in done.stdout
    assert json.loads(STORED.read_text())["manifest"]["started"] >= decided["manifest"]["started"]


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        (("--seed", "1"), "seed: 0 → 1 (1)"),
        (("--at", "k=2"), "fixed.k: None → 2 (1)"),
        (("--error-rate", "1e-4"), "decided with an error rate of 0.001, and 0.0001 is due (1)"),
    ],
)
def test_other_settings_decide_it_anew_and_say_so(decided, lemmata, options, reason):
    done = lemmata("verify", ID, "--changed", *options)

    assert f"unchanged since decided: 0; to decide: {reason}" in done.stderr
    assert f"[1/1] {ID}: " in done.stderr


def test_a_verdict_of_a_smaller_error_rate_stands(here, lemmata):
    lemmata("verify", ID, "--error-rate", "1e-5", check=0)
    assert "to decide: nothing" in lemmata("verify", ID, "--changed", check=0).stderr


def test_an_edit_of_what_it_rests_on_decides_it_anew(decided, lemmata):
    ground = decided["ground"]
    name = "verify/decide.py"
    edited(decided, ground=ground | {"sources": ground["sources"] | {name: "0" * 16}})

    done = lemmata("verify", ID, "--changed", check=0)

    assert f"to decide: {name} changed (1)" in done.stderr
    assert json.loads(STORED.read_text())["ground"] == ground


def test_another_version_decides_it_anew(decided, lemmata):
    manifest = decided["manifest"]
    edited(decided, manifest=manifest | {"versions": manifest["versions"] | {"jax": "0.1"}})

    assert "to decide: versions.jax: 0.1 → " in lemmata("verify", ID, "--changed", check=0).stderr


def test_what_was_not_as_expected_is_decided_anew(decided, lemmata):
    edited(decided, claims=[decided["claims"][0] | {"as_expected": False}])

    done = lemmata("verify", ID, "--changed", check=0)

    assert "to decide: not as expected when last decided (1)" in done.stderr


@pytest.mark.parametrize("ground", [None, {}, [], {"share": "x", "sources": {}}, {"share": 0.1}])
def test_a_verdict_of_which_it_is_not_known_does_not_stand(decided, lemmata, ground):
    edited(decided, ground=ground)

    done = lemmata("verify", ID, "--changed", check=0)

    assert "to decide: what the verdict rests on is not stored (1)" in done.stderr


@pytest.mark.parametrize("kind", ["claims", "points"])
def test_what_is_cut_off_is_decided_anew(decided, lemmata, kind):
    (file,) = Path(f"build/lemmata/{kind}").iterdir()
    whole = file.read_bytes()
    file.write_bytes(whole[: len(whole) // 2])

    done = lemmata("verify", ID, "--changed", check=0)

    assert "to decide: what is stored cannot be read (1)" in done.stderr
    lemmata("verify", ID, "--changed", check=0)


def test_nothing_stored_is_a_reason(here, lemmata):
    assert "to decide: none is stored (1)" in lemmata("verify", ID, "--changed").stderr


def test_claims_of_ones_own_are_always_decided(here, lemmata):
    file = claims(here, GOOD)
    for _ in range(2):
        done = lemmata("verify", file, "--changed", check=0)
        assert "to decide: claims of your own are always decided (1)" in done.stderr
        assert "[1/1] numbers/good: verified" in done.stderr


# What a claim rests on ---------------------------------------------------------------------------


def test_a_claim_rests_on_its_file_its_solver_its_theory_and_the_engine():
    found = sources(file_of("hopf/hayes/line"))

    assert {
        "verify/__init__.py", "verify/decide.py", "verify/claims/hayes.py", "theory/derivation.py",
        "verify/mutants.py", "verify/compare/base.py", "solvers/spectrum.py",
    } <= {*found}  # fmt: skip
    assert "verify/claims/ntk_training.py" not in found
    assert not any(name.startswith("figures/") for name in found)


def test_every_module_that_a_decision_imports_is_among_them():
    """What Python itself has imported by then, in a process that decides nothing else."""
    text = (
        "import sys\n"
        "from lemmata.verify.decide import decide\n"
        "from lemmata.verify.settings import Settings\n"
        "from lemmata.verify import backend\n"
        "from lemmata.verify.claims import delayed_repression\n"
        "from lemmata.verify.loading import claims_in\n"
        f"claim = next(one for one in claims_in(delayed_repression) if one.id == {ID!r})\n"
        "before = set(sys.modules)\n"
        "with backend.precision():\n"
        "    decide(claim, Settings())\n"
        "print(*(name for name in sys.modules if name.startswith('lemmata.')))\n"
    )
    done = subprocess.run([sys.executable, "-c", text], capture_output=True, text=True, check=True)
    names = {*done.stdout.split()}
    known = {name.removesuffix(".py").removesuffix("/__init__") for name in sources(file_of(ID))}
    imported = {name.removeprefix("lemmata.").replace(".", "/") for name in names}
    assert imported - known <= {"verify/loading", "verify/expression", "verify/claims"}
    assert {"verify/decide", "theory/replicator"} <= imported


def test_what_changed_is_named():
    assert changed({"a": "1", "b": "2"}, {"b": "3", "c": "4"}) == ["a", "b", "c"]
    assert changed({"a": "1"}, {"a": "1"}) == []
