"""The pytest plugin, in runs of its own."""

import os
import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
from tests.claim_files import CRASH, GOOD, HEAD, KNOWN, OPEN, WRONG


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    return tmp_path


def run_pytest(*arguments):
    environment = {**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": ""}
    environment.pop("PYTEST_DISABLE_PLUGIN_AUTOLOAD")
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
        env=environment,
    )


def claims(*parts: str) -> str:
    Path("mine.py").write_text(HEAD + "".join(parts), encoding="utf-8")
    return "mine.py"


def test_a_claim_is_a_test_and_passes_when_it_is_as_expected(here):
    done = run_pytest(claims(GOOD, KNOWN), "-v")

    assert done.returncode == 0, done.stdout
    assert "mine.py::numbers/good PASSED" in done.stdout
    assert "mine.py::numbers/known PASSED" in done.stdout


@pytest.mark.parametrize(
    ("part", "words"),
    [
        (WRONG, ["numbers/wrong: refuted", "at          x=1.0", "repeat      lemmata verify"]),
        (OPEN, ["numbers/open: inconclusive", "is wider than the margin"]),
        (CRASH, ["numbers/crash: error", "ZeroDivisionError"]),
    ],
)
def test_any_other_verdict_fails_and_says_why(here, part, words):
    done = run_pytest(claims(part))

    assert done.returncode == 1, done.stdout
    for word in words:
        assert word in done.stdout


def test_the_repeat_command_names_the_file(here):
    done = run_pytest(claims(WRONG))

    command = next(line for line in done.stdout.splitlines() if line.startswith("  repeat"))
    assert "mine.py::numbers/wrong --seed 0 --at x=1.0" in command


def test_the_starter_claim_runs_by_pytest(here):
    subprocess.run([sys.executable, "-m", "lemmata.verify", "new", "my_claim.py"], check=True)

    done = run_pytest("my_claim.py")

    assert done.returncode == 0, done.stdout
    assert "1 passed" in done.stdout


def test_numbers_go_into_junit(here):
    run_pytest(claims(GOOD), "--junit-xml", "out.xml", "-o", "junit_family=xunit1")

    properties = {p.get("name"): p.get("value") for p in ET.parse("out.xml").iter("property")}
    assert properties["outcome"] == "verified"
    assert float(properties["margin"]) > 0


def test_the_catalogue_runs_on_request_only(here):
    (here / "test_nothing.py").write_text("def test_nothing():\n    pass\n")

    idle = run_pytest("--collect-only", "-q")
    asked = run_pytest("--collect-only", "-q", "--lemmata")

    assert "delayed-repression/critical-delay" not in idle.stdout
    assert "delayed-repression/critical-delay" in asked.stdout


def test_a_claim_leaves_the_precision_of_other_tests_alone(here):
    other = (
        "import jax.numpy as jnp\ndef test_float32():\n    assert jnp.ones(()).dtype == 'float32'\n"
    )
    environment = {k: v for k, v in os.environ.items() if not k.startswith("JAX_")}
    Path("mine.py").write_text(HEAD + GOOD + other, encoding="utf-8")

    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "mine.py"],
        capture_output=True, text=True, check=False, env=environment,
    )  # fmt: skip

    assert "2 passed" in done.stdout, done.stdout


def test_options_are_checked(here):
    done = run_pytest(claims(GOOD), "--lemmata-profile", "slow")

    assert done.returncode == 4
    assert "one of quick, thorough" in done.stderr
    assert "Traceback" not in done.stderr


def test_ini_values_serve_as_options(here):
    (here / "pytest.ini").write_text("[pytest]\nlemmata_seed = 7\n")

    assert "--seed 7" in run_pytest(claims(WRONG)).stdout


def test_a_claim_of_two_methods_or_of_two_names_is_one_test_and_a_list_of_claims_is_many(here):
    many = (
        GOOD
        + "same = good\n"
        + "wider = good.also('another way')(lambda p, accuracy: Measurement(p.x, bias=1e-7))\n"
        + "both = [about(f'numbers/{i}', lambda p, accuracy: Measurement(p.x, bias=1e-6))"
        + " for i in 'ab']\n"
    )

    done = run_pytest(claims(many), "-v")

    assert "3 passed" in done.stdout, done.stdout
    assert done.stdout.count("numbers/good") == 1


def test_a_claim_whose_name_is_reused_is_not_lost_in_silence(here):
    done = run_pytest(claims(WRONG, GOOD.replace("good =", "wrong =")))

    assert done.returncode == 4
    assert "'numbers/wrong' cannot be reached: its name is used again" in done.stderr


def test_an_id_that_stands_twice_is_refused(here):
    done = run_pytest(claims(GOOD, GOOD.replace("good =", "twin =")))

    assert done.returncode == 4
    assert "'numbers/good' stands twice" in done.stderr


def test_a_measurement_that_exits_or_skips_is_an_error_and_the_rest_is_decided(here):
    leave = "import sys\nleave = about('numbers/leave', lambda p, accuracy: sys.exit(0))\n"

    done = run_pytest(claims(leave, GOOD))

    assert "1 failed, 1 passed" in done.stdout, done.stdout
    assert "SystemExit" in done.stdout
