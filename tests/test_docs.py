"""The site builds without a warning, needs no network, and says what the code says.

`LEMMATA_SITE` names a site that is built already; CI sets it, and then nothing here is skipped.
"""

import os
import re
import shlex
import subprocess
import sys
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

import pytest
from tests.commands import in_blocks

from lemmata.verify.claim import Claim
from lemmata.verify.loading import catalogue, select

NEEDED = ("sphinx", "myst_parser", "furo", "latex2mathml")


@pytest.fixture(scope="module")
def site(checkout: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The built site."""
    built = os.environ.get("LEMMATA_SITE")
    if built:
        assert (checkout / built / "index.html").is_file(), f"LEMMATA_SITE={built}: no site there"
        return checkout / built
    missing = [name for name in NEEDED if find_spec(name) is None]
    if missing:
        pytest.skip(f"{', '.join(missing)} not installed: `make docs` does it")
    out = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "sphinx", "-q", "-W", "--keep-going", "-n", "docs", str(out)]
    done = subprocess.run(command, cwd=checkout, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return out


@pytest.fixture(scope="module")
def claims() -> list[Claim]:
    return [one.claim for one in catalogue()]


def test_nothing_is_loaded_from_elsewhere(site):
    loads = re.compile(r"<(?:script|img|iframe|source|link)\b[^>]*?(?:src|href)=\"(?:https?:)?//")
    for page in site.rglob("*.html"):
        assert not loads.search(page.read_text(encoding="utf-8")), page
    for sheet in site.rglob("*.css"):
        assert not re.search(r"(?:@import|url\()\s*[\"']?(?:https?:)?//", sheet.read_text("utf-8"))


def test_formulas_are_mathml(site):
    page = (site / "verdicts.html").read_text(encoding="utf-8")

    assert re.search(r"<math [^>]*>.*?<mo[^>]*>≤</mo>", page)
    assert "\\le" not in page


@pytest.mark.parametrize(
    ("latex", "expected"),
    [
        (r"p'(x)", '<mrow><mi>p</mi><mo lspace="0" rspace="0">′</mo></mrow>'),
        (r"\mathrm{tr} A", "<mi>tr</mi>"),
        (r"= -1", '<mo form="prefix">\N{MINUS SIGN}</mo>'),
    ],
)
def test_a_formula_is_set_as_in_books(site, checkout, monkeypatch, latex, expected):
    monkeypatch.syspath_prepend(checkout / "docs" / "_ext")

    assert expected in import_module("mathml").mathml(latex)


def test_what_is_no_formula_is_refused(site, checkout, monkeypatch):
    monkeypatch.syspath_prepend(checkout / "docs" / "_ext")

    with pytest.raises(ValueError, match="is no formula"):
        import_module("mathml").mathml(r"\frac{1}")


def test_the_catalogue_is_whole(site, claims):
    page = (site / "catalogue.html").read_text(encoding="utf-8")

    told = re.findall(r'<td id="claim-[^"]*">\s*<p><code[^>]*><span class="pre">([^<]*)', page)
    assert sorted(told) == sorted(claim.id for claim in claims)
    assert page.count('"verdict-refuted"') == sum(one.expected == "refuted" for one in claims)


def test_docstrings_are_read_as_markdown(site):
    page = (site / "api" / "claims.html").read_text(encoding="utf-8")

    assert "<strong>Arguments:</strong>" in page
    assert "**" not in re.sub(r"(?s)<pre>.*?</pre>|<span class=\"o\">.*?</span>", "", page)


# What the pages say of the code ------------------------------------------------------------------


def _page(checkout: Path, name: str) -> str:
    return (checkout / "docs" / name).read_text(encoding="utf-8")


def test_the_findings_are_all_that_is_refuted(checkout, claims):
    """Their commands cover it, and every id that is named is there."""
    page = _page(checkout, "findings.md")
    covered = set()
    for line in in_blocks(page):
        words = shlex.split(line)[2:]
        names = words[: words.index("-k")] if "-k" in words else words
        expression = words[-1] if "-k" in words else ""
        covered |= {one.claim.id for one in select(names, expression)}

    assert {one.id for one in claims if one.expected == "refuted"} <= covered
    named = re.findall(r"`((?:[a-z0-9-]+/)+[a-z0-9-]+)`", page)
    assert len(named) > 15
    assert {*named} <= {one.id for one in claims if one.expected == "refuted"}


def test_the_margins_are_those_of_the_catalogue(checkout, claims):
    rows = re.findall(r"^\| `(\S+/\S+)` \| `(\w+)\((.*)\)` \| (.*) \|$",
                      _page(checkout, "tolerances.md"), flags=re.MULTILINE)  # fmt: skip
    known = {one.id: one.compare for one in claims}

    assert len(rows) > 5
    for id, rule, arguments, because in rows:
        assert type(known[id]).__name__ == rule
        assert known[id].because == because
        for name, value in eval(f"dict({arguments})").items():
            assert getattr(known[id], name) == value, id


def test_the_statuses_are_those_of_the_code(checkout):
    from lemmata.verify.exitcode import Exit

    told = re.findall(r"^\| (\d+) \|", _page(checkout, "verdicts.md"), flags=re.MULTILINE)
    assert [int(status) for status in told] == sorted(Exit)


def test_the_numbers_of_verdicts_are_those_of_the_code(checkout):
    from lemmata.verify import decide, measure, resolution, shrink
    from lemmata.verify.settings import PROFILES, Settings

    page = " ".join(_page(checkout, "verdicts.md").split())
    quick, thorough = PROFILES["quick"], PROFILES["thorough"]
    assert f"{quick.points} points, or {thorough.points} with `--profile thorough`" in page
    assert measure.HARDER == 4
    assert "four times the effort" in page
    assert f"at most {shrink.MEASUREMENTS} measurements" in page
    assert decide.TRIED == 3
    assert "the next worst, up to three" in page
    assert f"by default {Settings().error_rate:g}".replace("0.001", "1e-3") in page
    assert f"fewer than {resolution.ENOUGH:.0%}".replace("%", " %") in page
    poor = resolution.POOR_ABOVE
    assert f"more than {100 * poor['relative']:g} % (of {poor['absolute']:g}," in page


def test_what_the_readme_counts(checkout, claims):
    readme = (checkout / "README.md").read_text(encoding="utf-8")

    assert "More than 400 claims of twenty-two papers are verified." in readme
    assert sum(one.expected == "verified" for one in claims) > 400
    assert len({one.source.paper for one in claims}) == 22


def test_the_snippets_are_yaml(checkout):
    yaml = pytest.importorskip("yaml") if not os.environ.get("LEMMATA_SITE") else __import__("yaml")
    folder = checkout / "docs" / "snippets"
    workflow = yaml.safe_load((folder / "claims.yml").read_text(encoding="utf-8"))
    hooks = yaml.safe_load((folder / "pre-commit-config.yaml").read_text(encoding="utf-8"))

    steps = workflow["jobs"]["claims"]["steps"]
    assert all(("uses" in step) != ("run" in step) for step in steps)
    assert [hook["id"] for hook in hooks["repos"][0]["hooks"]] == ["lemmata-lint", "lemmata-verify"]
    for hook in hooks["repos"][0]["hooks"]:
        assert {"id", "name", "entry", "language", "files"} <= set(hook)
        assert re.match(hook["files"], "my_theorem.py")
