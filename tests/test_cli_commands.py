"""The commands beside `lemmata verify`: what they print and write, and their exit status."""

import json
import shutil
from pathlib import Path

import pytest
from tests.claim_files import GOOD, OPEN, claims


def test_new_writes_a_claim_that_verify_decides_and_nothing_is_overwritten(here, lemmata):
    lemmata("new", "my_claim.py", check=0)
    text = Path("my_claim.py").read_text()

    assert len(text.splitlines()) <= 24  # one screen
    lemmata("verify", "my_claim.py", check=0)
    again = lemmata("new", "my_claim.py", check=2)
    assert "is there already" in again.stderr
    assert Path("my_claim.py").read_text() == text


@pytest.mark.parametrize(
    ("file", "message"),
    [("claim.txt", "ending in .py"), ("nowhere/claim.py", "the folder nowhere is not there")],
)
def test_new_refuses_a_file_that_it_cannot_write(here, lemmata, file, message):
    done = lemmata("new", file, check=2)

    assert message in done.stderr


def test_the_new_claim_is_refuted_by_the_change_that_its_comment_suggests(here, lemmata):
    lemmata("new", "my_claim.py", check=0)
    text = Path("my_claim.py").read_text()
    Path("my_claim.py").write_text(text.replace("predicted=q / 2,", "predicted=q / 2.1,"))

    lemmata("verify", "my_claim.py", check=1)


def test_list_has_a_line_a_claim(here, lemmata):
    lines = lemmata("list", check=0).stdout.splitlines()

    assert any(line.startswith("delayed-repression/critical-delay ") for line in lines)
    rows = json.loads(lemmata("list", "--json", check=0).stdout)
    assert [row["id"] for row in rows] == [line.split()[0] for line in lines]
    assert lemmata("list", "delayed-repression/critical-delay", check=0).stdout.count("\n") == 1
    assert "no claim 'hopff'" in lemmata("list", "hopff", check=2).stderr


def test_show_tells_statement_source_derivation_and_last_verdict(here, lemmata):
    done = lemmata("show", "delayed-repression/interior-equilibrium", check=0)

    for part in (
        "arXiv 2605.30392",
        "used by",
        "derivation:",
        "no verdict yet",
        "where the interior",
    ):
        assert part in done.stdout
    prefix = lemmata("show", "delayed-repression", check=2)
    assert "is a prefix of several claims" in prefix.stderr


def test_show_takes_an_id_that_is_a_prefix_of_others_for_itself(here, lemmata):
    shown = lemmata("show", "noether/scale", check=0).stdout
    assert shown.startswith("noether/scale\n")
    # alone, without those below it, and with what its measurement says, not what stands for it
    assert "lemmata verify noether/scale --seed 0 -k 'not noether/scale/'" in shown
    assert "not imported yet" not in shown


@pytest.mark.heavy
def test_lint_finds_the_catalogue_well_formed(here, lemmata):
    assert "no complaints" in lemmata("lint", check=0).stdout


def test_lint_complains_of_dead_ends_circles_and_symbols_from_nowhere(here, lemmata):
    bad = "import sympy as sp\n" + "".join(
        GOOD.replace("good", name).replace("1e-6))", f"1e-6), {more})")
        for name, more in [
            ("ends", "uses=('numbers/nowhere',)"),
            ("one", "uses=('numbers/two',)"),
            ("two", "uses=('numbers/one',)"),
            ("symbol", "predicted=sp.Symbol('y')"),
        ]
    )

    done = lemmata("lint", claims(here, bad), check=1)

    assert "numbers/ends: rests on 'numbers/nowhere', which is no claim" in done.stdout
    assert "numbers/one: rests on itself in a circle" in done.stdout
    assert "y is not in its domain (x)" in done.stdout
    assert "has no docstring; say in a sentence what is measured" in done.stdout


def test_compare_tells_what_changed_and_exits_1_if_anything_got_worse(here, lemmata):
    file = claims(here, GOOD, OPEN)
    lemmata("verify", file, "--json", "old.json", check=3)
    claims(here, GOOD.replace("p.x,", "2 * p.x,"), OPEN.replace("1.0", "1e-6"))
    lemmata("verify", file, "--json", "new.json", "--seed", 3, check=1)

    done = lemmata("compare", "old.json", "new.json", check=1)
    assert "worse    numbers/good: verified → refuted" in done.stdout
    assert "better   numbers/open: inconclusive → verified" in done.stdout
    assert "manifest seed: 0 → 3" in done.stdout
    assert "no verdicts changed" in lemmata("compare", "old.json", "old.json", check=0).stdout


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "not a results file, or cut off"),
        ("[]", "schema None, but this version reads schema 1"),
        ('{"schema": 2, "claims": []}', "schema 2, but this version reads schema 1"),
    ],
)
def test_compare_refuses_what_is_no_results_file(here, lemmata, text, message):
    Path("bad.json").write_text(text)

    assert message in lemmata("compare", "bad.json", "bad.json", check=2).stderr
    assert "no such file" in lemmata("compare", "absent.json", "bad.json", check=2).stderr


def test_doctor_tells_versions_and_precision(here, lemmata):
    out = lemmata("doctor", check=0).stdout

    assert "float64, matmul highest" in out
    assert "jax" in out
    assert "sympy" in out


def test_export_writes_the_numbers_of_claims_of_ones_own(here, lemmata):
    file = claims(here, GOOD, OPEN)
    lemmata("verify", file, "-q")
    done = lemmata("export", "--latex", "numbers.tex", check=0)

    assert done.stdout == (
        "numbers.tex written; in the paper: \\usepackage{amsmath,amssymb} \\input{numbers.tex}\n"
    )
    text = Path("numbers.tex").read_text()
    assert text.count("\\def\\Numbers") == 2
    lemmata("export", file, "--latex", "numbers.tex", check=0)
    assert Path("numbers.tex").read_text() == text
    lemmata("export", f"{file}::numbers/good", "--latex", "one.tex", check=0)
    assert Path("one.tex").read_text().count("\\def\\Numbers") == 1


def test_export_of_nothing_or_to_nowhere_says_what_to_do(here, lemmata):
    assert "--latex FILE.tex" in lemmata("export", check=2).stderr
    nothing = lemmata("export", "--latex", "numbers.tex", check=2).stderr
    assert "no verdict is stored in" in nothing
    assert "run `lemmata verify` first" in nothing
    missing = lemmata("export", "hopf", "--latex", "numbers.tex", check=2).stderr
    assert "no verdict is stored" in missing
    lemmata("verify", claims(here, GOOD), "-q", check=0)
    folder = lemmata("export", "--latex", "nowhere/numbers.tex", check=2).stderr
    assert "the folder nowhere is not there; create it first" in folder
    assert not list(here.glob("*.tex"))


def test_figures_into_an_empty_name_or_from_no_folder_say_what_to_do(here, lemmata):
    lemmata("verify", claims(here, GOOD), "-q", check=0)
    before = sorted(here.rglob("*"))
    empty = lemmata("figures", "-o", "", check=2).stderr
    assert (
        empty == "lemmata: -o '': an empty name is no folder; for the current one write `-o .`.\n"
    )
    assert sorted(here.rglob("*")) == before
    folder = here / "build" / "lemmata" / "claims"
    shutil.rmtree(folder)
    folder.write_text("")
    for command in (["figures"], ["report"], ["figures", "ntk/figures/width-rates"]):
        said = lemmata(*command, check=2).stderr
        assert said == (
            f"lemmata: {folder}: is a file, where the folder of verdicts should be; remove it and "
            "run `lemmata verify` again.\n"
        )
