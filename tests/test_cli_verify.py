"""`lemmata verify` as a user meets it: its exit status, what it prints and stores, its replays."""

import json
import os
import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
from tests.claim_files import CRASH, GOOD, HEAD, KNOWN, OPEN, WRONG, claims

from lemmata.verify.results import SCHEMA


def in_a_process(*arguments):
    """Run the command as a user does."""
    return subprocess.run(
        [sys.executable, "-m", "lemmata.verify", *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "COLUMNS": "150", "FORCE_COLOR": ""},
    )


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


# Which claims are decided ------------------------------------------------------------------------


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


def test_a_claim_of_a_file_is_named_exactly(here, lemmata):
    longer = GOOD.replace("good", "good-too").replace("good-too =", "longer =")
    file = claims(here, GOOD, longer)

    assert "1 claim: 1 verified" in lemmata("verify", f"{file}::numbers/good", check=0).stdout
    missing = lemmata("verify", f"{file}::numbers/bad", check=2).stderr
    assert "no claim 'numbers/bad' in the file; nearest: numbers/good" in missing


def test_readings_on_a_smaller_domain_are_left_out_where_at_is_outside(here, lemmata):
    other = GOOD.replace("numbers/good", "numbers/good/elsewhere").replace("good =", "elsewhere =")
    text = HEAD + GOOD + HEAD.replace("Interval(1, 2)", "Interval(5, 6)") + other
    (here / "mine.py").write_text(text, encoding="utf-8")

    done = lemmata("verify", "mine.py", "--at", "x=5.5", "--json", "out.json")

    assert "left out, for --at is outside their domains: numbers/good" in done.stderr
    (record,) = json.loads(Path("out.json").read_text())["claims"]
    assert record["id"] == "numbers/good/elsewhere"
    assert "no such parameter" in lemmata("verify", "mine.py", "--at", "y=1", check=2).stderr


def test_claims_of_what_a_file_imports_are_not_missed_in_it(here, lemmata):
    (here / "theirs.py").write_text(HEAD + GOOD.replace("good", "theirs") + "size = 1.0\n")
    text = GOOD.replace("p.x,", "size * p.x,")

    done = lemmata("verify", claims(here, "from theirs import size\n", text))

    assert "numbers/good" in done.stdout
    assert "numbers/theirs" not in done.stdout
    sys.modules.pop("theirs")


# What is printed and stored ----------------------------------------------------------------------


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


def test_the_reading_is_told_beside_the_numbers(here, lemmata):
    more = "1e-6), expected='refuted', cause='a test', reading='its second half'"

    done = lemmata("verify", claims(here, GOOD.replace("1e-6)", more)), check=1)

    assert "  reading     its second half" in done.stdout


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


# Processes of their own --------------------------------------------------------------------------


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


def test_a_dying_process_takes_no_other_claim_with_it(here, lemmata):
    die = "import os\ndie = about('numbers/die', lambda p, accuracy: os._exit(1))\n"

    done = lemmata("verify", claims(here, die, GOOD, WRONG), "-j", 2, check=4)

    assert "1 verified, 1 refuted, 1 error" in done.stdout


# Measurements that are none ----------------------------------------------------------------------


@pytest.mark.parametrize("jobs", [1, 2])
def test_a_measurement_that_exits_is_an_error_like_any_other(here, lemmata, jobs):
    leave = "import sys\nleave = about('numbers/leave', lambda p, accuracy: sys.exit(0))\n"

    done = lemmata("verify", claims(here, leave, GOOD), "-j", jobs, check=4)

    assert "1 verified, 1 error" in done.stdout
    assert "SystemExit" in done.stdout


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


# What is replayed --------------------------------------------------------------------------------


def test_the_replay_command_repeats_the_refutation_at_its_counterexample(here, lemmata):
    lemmata("verify", claims(here, WRONG), "--json", "out.json", check=1)
    record = json.loads(Path("out.json").read_text())["claims"][0]

    assert record["worst"]["at"] == {"x": 1.0}
    assert "--at x=1.0" in record["replay"]
    again = lemmata(*record["replay"].split()[1:], "--json", "again.json", check=1)
    repeated = json.loads(Path("again.json").read_text())["claims"][0]
    assert repeated["worst"] == record["worst"]
    assert record["replay"] in again.stdout


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
