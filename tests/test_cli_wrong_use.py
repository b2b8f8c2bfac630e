"""`lemmata verify` used wrongly: what is wrong is told before any work, and it exits 2."""

import sys
from pathlib import Path

import pytest
from tests.claim_files import GOOD, HEAD, WRONG, claims


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
        (("mine.py", "--junit", "mine.py/out.xml"), "mine.py is a file, where a folder is needed"),
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


def test_a_file_that_exits_is_told_so(here, lemmata):
    done = lemmata("verify", claims(here, "raise SystemExit(0)\n"), check=2)

    assert "SystemExit when it was loaded" in done.stderr


def test_an_id_of_the_catalogue_is_taken(here, lemmata):
    taken = GOOD.replace("numbers/good", "delayed-repression/critical-delay")

    assert "stands twice" in lemmata("verify", claims(here, taken), check=2).stderr


def test_neighbours_of_one_name_are_not_taken_for_one_another(here, lemmata):
    for folder, factor in (("one", 1), ("two", 2)):
        (here / folder).mkdir()
        (here / folder / "factors.py").write_text(f"F = {factor}\n")
        text = GOOD.replace("numbers/", f"numbers/{folder}-").replace("p.x,", "F * p.x / F,")
        claims(here / folder, "from factors import F\n", text)

    done = lemmata("verify", "one/mine.py", "two/mine.py", check=2)

    assert "have one name" in done.stderr
    sys.modules.pop("factors")


def test_a_complaint_about_a_domain_names_its_claim_and_comes_before_any_work(here, lemmata):
    never = GOOD.replace("good", "never").replace("about(", "dataclasses.replace(about(")
    never = never.rstrip() + ", domain=Domain(x=Interval(1, 2), where=(Condition('x > 3', no),)))\n"
    head = "import dataclasses\ndef no(p):\n    return p.x > 3\n"

    done = lemmata("verify", claims(here, head, GOOD, never), check=2)

    assert "claim 'numbers/never': only 0 of the 4 points" in done.stderr
    assert "numbers/good: verified" not in done.stderr
