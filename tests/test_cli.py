"""The command line as a user meets it: what it prints, and its exit status."""

import dataclasses
import json
import os
import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
from tests.claim_files import CRASH, GOOD, HEAD, KNOWN, OPEN, WRONG

from lemmata.verify.cli import main
from lemmata.verify.results import SCHEMA


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


@dataclasses.dataclass(frozen=True)
class Done:
    returncode: int
    stdout: str
    stderr: str


@pytest.fixture
def lemmata(capsys, monkeypatch):
    """Run the command in this process, which is quick, and give back what it printed."""

    def run(*arguments, check=None):
        monkeypatch.setattr(sys, "argv", ["lemmata", *map(str, arguments)])
        monkeypatch.setenv("COLUMNS", "150")
        capsys.readouterr()
        with pytest.raises(SystemExit) as exit_:
            main()
        printed = capsys.readouterr()
        done = Done(int(exit_.value.code or 0), printed.out, printed.err)
        assert check is None or done.returncode == check, done.stdout + done.stderr
        return done

    return run


def in_a_process(*arguments):
    """Run the command as a user does."""
    return subprocess.run(
        [sys.executable, "-m", "lemmata.verify", *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "COLUMNS": "150", "FORCE_COLOR": ""},
    )


def claims(folder: Path, *parts: str, name: str = "mine.py") -> Path:
    file = folder / name
    file.write_text(HEAD + "".join(parts), encoding="utf-8")
    return file


# Exit status ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("parts", "options", "status"),
    [
        ((GOOD,), (), 0),
        ((GOOD, KNOWN), (), 0),
        ((GOOD, WRONG), (), 1),
        ((GOOD, OPEN), (), 3),
        ((GOOD, OPEN), ("--allow-inconclusive",), 0),
        ((OPEN, WRONG), ("--allow-inconclusive",), 1),
        ((OPEN, WRONG, CRASH), (), 4),
        ((GOOD,), ("-k", "nothing-like-it"), 5),
        ((GOOD.replace("1e-6)", "1e-6), expected='refuted', cause='thought so'"),), (), 1),
    ],
)
def test_exit_status_says_the_worst_that_happened(here, lemmata, parts, options, status):
    lemmata("verify", claims(here, *parts), *options, check=status)


def test_one_crash_leaves_the_other_claims_decided_and_its_traceback_in_the_results(here, lemmata):
    done = lemmata("verify", claims(here, CRASH, GOOD, WRONG, OPEN), "--json", "out.json", check=4)

    records = {r["id"]: r for r in json.loads(Path("out.json").read_text())["claims"]}
    outcomes = {id: record["outcome"] for id, record in records.items()}
    assert outcomes == {
        "numbers/crash": "error",
        "numbers/good": "verified",
        "numbers/wrong": "refuted",
        "numbers/open": "inconclusive",
    }
    assert "ZeroDivisionError" in records["numbers/crash"]["traceback"]
    assert "ZeroDivisionError" in done.stdout
    assert records["numbers/open"]["settles_with"]
    assert "4 claims: 1 verified, 1 refuted, 1 inconclusive, 1 error" in done.stdout


def test_the_replay_command_repeats_the_refutation_at_its_counterexample(here, lemmata):
    lemmata("verify", claims(here, WRONG), "--json", "out.json", check=1)
    record = json.loads(Path("out.json").read_text())["claims"][0]

    assert record["worst"]["at"] == {"x": 1.0}
    assert "--at x=1.0" in record["replay"]
    again = lemmata(*record["replay"].split()[1:], "--json", "again.json", check=1)
    repeated = json.loads(Path("again.json").read_text())["claims"][0]
    assert repeated["worst"] == record["worst"]
    assert record["replay"] in again.stdout


def test_readings_on_a_smaller_domain_are_left_out_where_at_is_outside(here, lemmata):
    other = GOOD.replace("numbers/good", "numbers/good/elsewhere").replace("good =", "elsewhere =")
    text = HEAD + GOOD + HEAD.replace("Interval(1, 2)", "Interval(5, 6)") + other
    (here / "mine.py").write_text(text, encoding="utf-8")

    done = lemmata("verify", "mine.py", "--at", "x=5.5", "--json", "out.json")

    assert "left out, for --at is outside their domains: numbers/good" in done.stderr
    (record,) = json.loads(Path("out.json").read_text())["claims"]
    assert record["id"] == "numbers/good/elsewhere"
    assert "no such parameter" in lemmata("verify", "mine.py", "--at", "y=1", check=2).stderr


# Wrong use --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "no claims in it; decorate a measurement with @claim"),
        ("x = 1\n", "no claims in it"),
        ("def f(:\n", r"line 1: invalid syntax"),
        ("import nothing_like_this\n", "ModuleNotFoundError when it was loaded (line 1)"),
        (HEAD + "Interval(2, 1)\n", "lo > hi; give the smaller end first"),
        (HEAD + "Equal(relative=0, because='x')\n", "has a margin of 0"),
        (HEAD + "Equal(relative=0.1, because='')\n", "has no reason for its margin"),
        (HEAD + GOOD + GOOD.replace("good =", "twin ="), "'numbers/good' stands twice"),
        (HEAD + GOOD + WRONG.replace("wrong =", "good ="), "'numbers/good' cannot be reached"),
        (HEAD + GOOD.replace("numbers/good", "Good"), "claim id 'Good' is no path"),
        (HEAD.replace('paper.at("eq. 1")', "None") + GOOD, "has no source"),
        (
            HEAD.replace(
                "Interval(1, 2))", "Interval(1, 2), where=(Condition('x > 3', lambda p: p.x > 3),))"
            )
            + GOOD,
            "satisfy the side conditions",
        ),
    ],
)
def test_a_bad_file_is_told_what_is_wrong_and_exits_2(here, lemmata, text, message):
    file = here / "mine.py"
    file.write_text(text, encoding="utf-8")

    done = lemmata("verify", file, check=2)

    assert message in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("delayed-represion/critical-delay",), "nearest: delayed-repression/critical-delay"),
        (("absent.py",), "absent.py: no such file; `lemmata new absent.py` writes one"),
        (("mine.py", "--at", "y=1"), "no such parameter; there are: x"),
        (("mine.py", "--at", "x=3"), "outside the domain: x is in Interval(lo=1, hi=2)"),
        (("mine.py", "--at", "x"), "write name=value with a number"),
        (("mine.py", "--at", "x=nan"), "outside the domain"),
        (("mine.py", "--json", "nowhere/out.json"), "the folder nowhere is not there"),
        (("mine.py", "--json", "."), "that is a folder; name a file in it"),
        (("mine.py", "--junit", "mine.py/out.xml"), "the folder mine.py is not there"),
        (("mine.py", "--profile", "slow"), "one of quick, thorough"),
        (("mine.py", "--error-rate", "1"), "strictly between 0 and 1"),
        (("mine.py", "--error-rate", "nan"), "strictly between 0 and 1"),
        (("mine.py", "--seed", "-1"), "a seed is an integer of at least 0"),
        (("mine.py", "-j", "0"), "at least 1"),
        (("mine.py", "-k", "a and"), "it ends too early"),
        (("mine.py", "--nonsense"), "No such option"),
    ],
)
def test_wrong_use_is_told_before_any_work_and_exits_2(here, lemmata, arguments, message):
    claims(here, GOOD)

    done = lemmata("verify", *arguments, check=2)

    assert message in done.stderr
    assert "Traceback" not in done.stderr
    assert not (here / "build").exists()


def test_a_store_that_cannot_be_written_is_told_before_any_work(here, lemmata):
    (here / "build").write_text("in the way", encoding="utf-8")

    done = lemmata("verify", claims(here, GOOD), check=2)

    assert "results cannot be stored in " in done.stderr
    assert "run where build/ can be written" in done.stderr


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="needs a folder that nobody can write in")
def test_json_into_a_folder_that_is_not_writable_exits_2(here, lemmata):
    done = lemmata("verify", claims(here, GOOD), "--json", "/proc/lemmata.json", check=2)

    assert "cannot write in /proc" in done.stderr


# What is printed and stored -----------------------------------------------------------------------


def test_json_to_stdout_is_the_document_and_nothing_else(here, lemmata):
    done = lemmata("verify", claims(here, GOOD), "--json", "-", check=0)

    document = json.loads(done.stdout)
    assert document["schema"] == SCHEMA
    assert document["complete"] is True
    assert document["manifest"]["x64"] is True
    assert document["manifest"]["matmul"] == "highest"
    assert [Path(name).name for name in document["manifest"]["files"]] == ["mine.py"]
    assert document == json.loads(Path("build/lemmata/results.json").read_text())


def test_results_hold_no_number_that_json_cannot_write(here, lemmata):
    nan = "nan = about('numbers/nan', lambda p, accuracy: Measurement(float('nan')))\n"
    inf = "inf = about('numbers/inf', lambda p, accuracy: Measurement(1.0, bias=float('inf')))\n"

    done = lemmata("verify", claims(here, nan, inf), "--json", "-", check=3)

    records = json.loads(done.stdout, parse_constant=pytest.fail)["claims"]
    assert [record["worst"]["half_width"] for record in records] == [None, None]
    assert "the measured value is nan" in records[0]["reason"]
    assert "no finite error bound" in records[1]["reason"]


def test_progress_goes_to_stderr_and_quiet_leaves_only_the_summary(here, lemmata):
    file = claims(here, GOOD)

    loud, quiet = lemmata("verify", file, check=0), lemmata("verify", file, "--quiet", check=0)

    assert "[1/1] numbers/good: verified" in loud.stderr
    assert "difference ± half-width" in loud.stdout
    assert quiet.stderr == ""
    assert quiet.stdout == "1 claim: 1 verified; all as expected\n"


def test_as_a_process_it_exits_alike_and_sends_no_colour_codes_into_a_pipe(here):
    done = in_a_process("verify", claims(here, WRONG))

    assert done.returncode == 1
    assert in_a_process("verify", "absent.py").returncode == 2
    assert in_a_process("list").returncode == 0
    assert "\x1b" not in done.stdout + done.stderr


def test_junit_has_a_case_a_claim_with_its_numbers(here, lemmata):
    lemmata("verify", claims(here, GOOD, WRONG, CRASH), "--junit", "out.xml", check=4)

    suite = ET.parse("out.xml").getroot()[0]
    assert (suite.get("tests"), suite.get("failures"), suite.get("errors")) == ("3", "1", "1")
    names = [case.get("name") for case in suite]
    assert names == ["good", "wrong", "crash"]
    properties = {p.get("name"): p.get("value") for p in suite[0].iter("property")}
    assert properties["outcome"] == "verified"
    assert float(properties["margin"]) > 0


def test_failed_selects_what_was_not_as_expected_last_time(here, lemmata):
    file = claims(here, GOOD, WRONG)
    lemmata("verify", file, check=1)

    done = lemmata("verify", file, "--failed", check=1)
    assert "numbers/good" not in done.stdout

    claims(here, GOOD, WRONG.replace("2 * p.x", "p.x"))
    lemmata("verify", file, "--failed", check=0)
    lemmata("verify", file, "--failed", check=5)


def test_fail_fast_stops_at_the_first_surprise(here, lemmata):
    done = lemmata("verify", claims(here, WRONG, GOOD), "--fail-fast", check=1)

    assert "1 not decided" in done.stdout
    assert json.loads(Path("build/lemmata/results.json").read_text())["complete"] is False


def test_a_claim_that_rests_on_a_refuted_one_says_so(here, lemmata):
    resting = GOOD.replace("'numbers/good'", "'numbers/resting'").replace("good =", "resting =")
    resting = resting.replace("1e-6))", "1e-6), uses=('numbers/wrong',))")

    done = lemmata("verify", claims(here, WRONG, resting), "--json", "out.json", check=1)

    assert "numbers/resting: rests on refuted claims: numbers/wrong" in done.stdout


def test_processes_of_their_own_give_the_same_verdicts(here, lemmata):
    file = claims(here, GOOD, WRONG, CRASH, OPEN)
    lemmata("verify", file, "--json", "one.json", check=4)
    lemmata("verify", file, "--json", "two.json", "-j", 2, check=4)

    one, two = (json.loads(Path(name).read_text())["claims"] for name in ("one.json", "two.json"))
    for record in (*one, *two):
        del record["seconds"], record["traceback"]
    assert one == two


def test_a_process_that_dies_is_an_error_and_the_rest_is_reported(here, lemmata):
    die = "import os\ndie = about('numbers/die', lambda p, accuracy: os._exit(1))\n"

    done = lemmata("verify", claims(here, die), "-j", 2, check=4)

    assert "the process that decided it died" in done.stdout


# The other commands -------------------------------------------------------------------------------


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
    assert "its measurement has no docstring" in done.stdout


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


# What strangers do --------------------------------------------------------------------------------


@pytest.mark.parametrize("jobs", [1, 2])
def test_a_measurement_that_exits_is_an_error_like_any_other(here, lemmata, jobs):
    leave = "import sys\nleave = about('numbers/leave', lambda p, accuracy: sys.exit(0))\n"

    done = lemmata("verify", claims(here, leave, GOOD), "-j", jobs, check=4)

    assert "1 verified, 1 error" in done.stdout
    assert "SystemExit" in done.stdout


def test_a_file_that_exits_is_told_so(here, lemmata):
    done = lemmata("verify", claims(here, "raise SystemExit(0)\n"), check=2)

    assert "SystemExit when it was loaded" in done.stderr


def test_a_dying_process_takes_no_other_claim_with_it(here, lemmata):
    die = "import os\ndie = about('numbers/die', lambda p, accuracy: os._exit(1))\n"

    done = lemmata("verify", claims(here, die, GOOD, WRONG), "-j", 2, check=4)

    assert "1 verified, 1 refuted, 1 error" in done.stdout


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("Measurement(1.5 + 5j, bias=1e-6)", "Measurement.value is (1.5+5j)"),
        ("Measurement('1.5', bias=1e-6)", "Measurement.value is '1.5'"),
        ("Measurement(p.x, bias=1e-6, converged=float('nan'))", "converged is nan; give True or"),
        ("Measurement(p.x, bias=1e-6, arrays={1: [0]})", "arrays[1] is [0]"),
    ],
)
def test_what_is_no_measurement_is_an_error(here, lemmata, value, words):
    claim = f"odd = about('numbers/odd', lambda p, accuracy: {value})\n"

    assert words in lemmata("verify", claims(here, claim), check=4).stdout


def test_a_count_of_nan_is_inconclusive(here, lemmata):
    nan = (
        "nan = claim('numbers/nan', source=paper.at('eq. 1'), says='x', domain=box, points=2,"
        " predicted=0.5, compare=Frequency(absolute=0.1, because='a test'))"
        "(lambda p, accuracy: Count(float('nan'), 30))\n"
    )

    assert "nan of 30.0 is no count" in lemmata("verify", claims(here, nan), check=3).stdout


def test_an_id_of_the_catalogue_is_taken(here, lemmata):
    taken = GOOD.replace("numbers/good", "delayed-repression/critical-delay")

    assert "stands twice" in lemmata("verify", claims(here, taken), check=2).stderr


def test_claims_of_what_a_file_imports_are_not_missed_in_it(here, lemmata):
    (here / "theirs.py").write_text(HEAD + GOOD.replace("good", "theirs") + "size = 1.0\n")
    text = GOOD.replace("p.x,", "size * p.x,")

    done = lemmata("verify", claims(here, "from theirs import size\n", text))

    assert "numbers/good" in done.stdout
    assert "numbers/theirs" not in done.stdout
    sys.modules.pop("theirs")


def test_neighbours_of_one_name_are_not_taken_for_one_another(here, lemmata):
    for folder, factor in (("one", 1), ("two", 2)):
        (here / folder).mkdir()
        (here / folder / "factors.py").write_text(f"F = {factor}\n")
        text = GOOD.replace("numbers/", f"numbers/{folder}-").replace("p.x,", "F * p.x / F,")
        claims(here / folder, "from factors import F\n", text)

    done = lemmata("verify", "one/mine.py", "two/mine.py", check=2)

    assert "have one name" in done.stderr
    sys.modules.pop("factors")


def test_a_message_that_no_terminal_can_show_is_stored_and_junit_stays_xml(here, lemmata):
    shout = "shout = about('numbers/shout', lambda p, accuracy: [][chr(27) + chr(0) + '\\udc80'])\n"

    done = lemmata("verify", claims(here, shout), "--junit", "out.xml", check=4)

    assert "\x1b" not in done.stdout
    assert ET.parse("out.xml").getroot()[0].get("errors") == "1"


def test_what_a_measurement_prints_does_not_mix_with_the_results(here, lemmata):
    loud = "print('loading')\n" + GOOD.replace(
        "lambda p, accuracy: M", "lambda p, accuracy: print('measuring') or M"
    )

    done = lemmata("verify", claims(here, loud), "--json", "-", check=0)

    assert json.loads(done.stdout)["complete"]
    assert "measuring" in done.stderr


def test_a_link_is_followed_and_a_pipe_is_not_replaced(here, lemmata):
    Path("link.json").symlink_to("target.json")
    lemmata("verify", claims(here, GOOD), "--json", "link.json", check=0)
    assert Path("link.json").is_symlink()
    assert json.loads(Path("target.json").read_text())["complete"]

    os.mkfifo("pipe")
    reader = subprocess.Popen(["cat", "pipe"], stdout=subprocess.PIPE, text=True)
    lemmata("verify", claims(here, GOOD), "--json", "pipe", check=0)
    assert json.loads(reader.communicate(timeout=60)[0])["complete"]
    assert Path("pipe").is_fifo()


def test_a_claim_of_a_file_is_named_exactly(here, lemmata):
    longer = GOOD.replace("good", "good-too").replace("good-too =", "longer =")
    file = claims(here, GOOD, longer)

    assert "1 claim: 1 verified" in lemmata("verify", f"{file}::numbers/good", check=0).stdout
    missing = lemmata("verify", f"{file}::numbers/bad", check=2).stderr
    assert "no claim 'numbers/bad' in the file; nearest: numbers/good" in missing


def test_an_inconclusive_claim_is_repeated_with_the_error_rate_that_it_had(here, lemmata):
    noisy = "noisy = about('numbers/noisy', lambda p, accuracy: Measurement(p.x, stderr=0.0025))\n"
    lemmata("verify", claims(here, GOOD, noisy, WRONG), "--json", "out.json", check=1)
    record = json.loads(Path("out.json").read_text())["claims"][1]
    assert record["outcome"] == "inconclusive"

    lemmata(*record["replay"].split()[1:], "--json", "again.json", check=3)

    again = json.loads(Path("again.json").read_text())["claims"][0]
    assert again["worst"] == record["worst"]


def test_a_large_integer_is_replayed_as_it_is(here, lemmata):
    big = (  # beyond 2**53, where a float would name another integer
        "big = claim('numbers/big', source=paper.at('eq. 1'), says='x', points=40,"
        " domain=Domain(n=Integers(2**60, 2**60 + 10**6)), predicted=lambda p: 0.0,"
        " compare=Equal(absolute=0.5, because='a test'))"
        "(lambda p, accuracy: Measurement(float(p.n % 7 == 3), bias=1e-9))\n"
    )
    lemmata("verify", claims(here, big), "--json", "out.json", check=1)
    record = json.loads(Path("out.json").read_text())["claims"][0]
    assert record["worst"]["at"]["n"] % 7 == 3

    lemmata(*record["replay"].split()[1:], check=1)


def test_a_fraction_is_replayed_as_it_is(here, lemmata):
    third = (  # refuted at thirds only, which no decimal names
        "exact = claim('numbers/exact', source=paper.at('eq. 1'), says='x', domain=box,"
        " predicted=0, compare=Identity())"
        "(lambda p, accuracy: Exact(int(p.x.q % 3 == 0)))\n"
    )
    lemmata("verify", claims(here, third), "--json", "out.json", check=1)
    record = json.loads(Path("out.json").read_text())["claims"][0]
    assert "/" in record["replay"].split("--at x=")[1]

    lemmata(*record["replay"].split()[1:], check=1)


def test_a_complaint_about_a_domain_names_its_claim_and_comes_before_any_work(here, lemmata):
    never = GOOD.replace("good", "never").replace("about(", "dataclasses.replace(about(")
    never = never.rstrip() + ", domain=Domain(x=Interval(1, 2), where=(Condition('x > 3', no),)))\n"
    head = "import dataclasses\ndef no(p):\n    return p.x > 3\n"

    done = lemmata("verify", claims(here, head, GOOD, never), check=2)

    assert "claim 'numbers/never': only 0 of the 4 points" in done.stderr
    assert "numbers/good: verified" not in done.stderr


def test_the_reading_is_told_beside_the_numbers(here, lemmata):
    more = "1e-6), expected='refuted', cause='a test', reading='its second half'"

    done = lemmata("verify", claims(here, GOOD.replace("1e-6)", more)), check=1)

    assert "  reading     its second half" in done.stdout
