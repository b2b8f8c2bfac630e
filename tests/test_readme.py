"""README and docs say what is there: their example runs, and their commands and options exist."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
from tests.pages import blocks

from lemmata.verify import api
from lemmata.verify.starter import write_starter


@pytest.fixture
def readme(checkout: Path) -> str:
    return (checkout / "README.md").read_text(encoding="utf-8")


def _help(*arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "lemmata.verify", *arguments, "--help"],
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout


def test_the_example_is_the_starter_without_its_comments(readme, tmp_path):
    write_starter(tmp_path / "claim.py")
    starter = (tmp_path / "claim.py").read_text(encoding="utf-8")
    bare = [re.sub(r"\s+# .*$", "", line) for line in starter.splitlines()]

    assert blocks(readme, "python")[0].splitlines() == bare[2:]  # all but its docstring


def test_the_commands_are_those_of_the_help(readme):
    told = set(re.findall(r"^lemmata (\w+) ", readme, flags=re.MULTILINE))
    there = set(re.findall(r"^  (\w+)  +[A-Z]", _help(), flags=re.MULTILINE))

    assert told == there


def test_the_options_are_those_of_the_help(readme):
    there = {
        command: _options(_help(command))
        for command in re.findall(r"^lemmata (\w+) ", readme, flags=re.MULTILINE)
    }
    told = _options(readme)

    assert told - {"--lemmata", "--help"} <= set().union(*there.values())  # one is of pytest
    assert there["verify"] - {"--help"} <= told
    for command, line in re.findall(r"^lemmata (\w+) (.*)", readme, flags=re.MULTILINE):
        assert _options(line) <= there[command], f"lemmata {command}"


def _options(text: str) -> set[str]:
    return set(re.findall(r"(?<!\w)--[a-z][a-z-]*", text))


def test_the_make_targets_exist(readme, checkout):
    makefile = (checkout / "Makefile").read_text(encoding="utf-8")

    for target in re.findall(r"^make (\w+)", readme, flags=re.MULTILINE):
        assert re.search(rf"^{target}:", makefile, flags=re.MULTILINE)


def test_the_page_on_claims_names_the_whole_vocabulary(checkout):
    page = (checkout / "docs" / "claims.md").read_text(encoding="utf-8")

    missing = [name for name in api.__all__ if not re.search(rf"\b{name}\b", page)]
    assert missing == ["Claim", "Point", "UsageError"]


def test_every_link_leads_somewhere(checkout):
    for page in (checkout / "README.md", checkout / "CONTRIBUTING.md", *checkout.glob("docs/*.md")):
        for link in re.findall(r"\]\(([^)#:]+)\)", page.read_text(encoding="utf-8")):
            assert (page.parent / link).exists(), f"{page.name}: {link}"
