"""The numbers of stored verdicts as TeX macros: all of them, as stored, and none in silence."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest
from tests.helpers import claimed, exactly

from lemmata.figures.latex import PACKAGES, document, escaped, macro, with_error, with_interval
from lemmata.figures.stored import result
from lemmata.verify.compare.equal import Equal
from lemmata.verify.decide import decide
from lemmata.verify.domain import Domain
from lemmata.verify.errors import UsageError
from lemmata.verify.interval import Interval
from lemmata.verify.loading import select
from lemmata.verify.measurement import Measurement
from lemmata.verify.results import record
from lemmata.verify.settings import Profile, Settings
from lemmata.verify.store import Store
from lemmata.verify.written import faults

SETTINGS = Settings(Profile("test", 5, 1.0))
MANIFEST = {
    "commit": None, "dirty": None, "versions": {"lemmata": "0.0.1"}, "seed": 3,
    "profile": "quick", "fixed": {}, "error_rate": 1e-3,
}  # fmt: skip
line = Domain(x_0=Interval(1, 2))


@pytest.fixture
def stored(tmp_path: Path):
    """Decides claims, keeps them, and gives what is exported of them."""

    def store_and_write(*claims) -> str:
        store = Store(tmp_path / "store")
        store.prepare()
        for one in claims:
            verdict = decide(one, SETTINGS)
            store.save_claim(MANIFEST, record(one, verdict, "lemmata verify --seed 3"), verdict)
        return document([result(store, one.id) for one in claims])

    return store_and_write


def field(text: str, id: str, name: str) -> str:
    (found,) = re.findall(rf"\\csname lemmata@{re.escape(id)}@{name}\\endcsname\{{(.*)\}}", text)
    return found


def blurred(p, accuracy) -> Measurement:
    return Measurement(p.x_0, bias=0.01)


def test_a_claim_is_one_macro_with_the_numbers_of_its_verdict(stored) -> None:
    rough = Equal(relative=0.1, because="the instrument is good to 1 %")
    text = stored(claimed(blurred, lambda p: p.x_0, line, compare=rough, id="test/depth-2"))
    assert text.count(r"\def\TestDepthTwo#1{\lemmatafield{test/depth-2}{#1}}") == 1
    assert field(text, "test/depth-2", "verdict") == "verified"
    assert field(text, "test/depth-2", "points") == r"\ensuremath{5}"
    value = float(field(text, "test/depth-2", "value").removeprefix(r"\ensuremath{")[:-1])
    assert 1 <= value <= 2
    assert field(text, "test/depth-2", "measured") == rf"\ensuremath{{{value:.3f} \pm 0.010}}"
    assert field(text, "test/depth-2", "at") == rf"\ensuremath{{\mathtt{{x\_0}} = {value:.6g}}}"
    assert field(text, "test/depth-2", "command") == r"\texttt{lemmata verify -{}-seed 3}"
    assert "lemmata 0.0.1, seed 3, quick" in field(text, "test/depth-2", "run")


def test_a_refuted_claim_tells_its_counterexample_and_its_cause(stored) -> None:
    wrong = claimed(
        exactly(lambda p: p.x_0), lambda p: 2 * p.x_0, line, expected="refuted", cause="it is half"
    )
    text = stored(wrong)
    assert field(text, wrong.id, "verdict") == "refuted"
    assert field(text, wrong.id, "cause") == "it is half"
    value, claim = (
        float(field(text, wrong.id, name).removeprefix(r"\ensuremath{")[:-1])
        for name in ("value", "claimed")
    )
    assert claim == pytest.approx(2 * value)


def test_what_crashed_has_no_number(stored) -> None:
    bad = claimed(exactly(lambda p: 1 / 0), lambda p: p.x_0, line)
    text = stored(bad)
    assert field(text, bad.id, "verdict") == "error"
    assert "@value" not in text
    assert "@measured" not in text


def test_two_claims_of_one_macro_are_refused(stored) -> None:
    one, other = (
        claimed(exactly(lambda p: p.x_0), lambda p: p.x_0, line, id=id)
        for id in ("test/a-b/c", "test/a/b-c")
    )
    with pytest.raises(UsageError, match=r"'test/a-b/c' and 'test/a/b-c' would both be the macro"):
        stored(one, other)


def test_no_two_claims_of_the_catalogue_have_one_macro() -> None:
    names = [macro(one.claim.id) for one in select([])]
    assert len(set(names)) == len(names)
    assert all(re.fullmatch(r"\\[A-Za-z]+", name) for name in names)


@pytest.mark.parametrize(
    ("value", "error", "text"),
    [
        (0.0, 0.5, r"0.00 \pm 0.50"),
        (-3.0, 0.0, "-3"),
        (2e9, 3e6, r"(2.0000 \pm 0.0030) \cdot 10^{9}"),
        (1e-12, 1e-3, r"0.0000 \pm 0.0010"),
        (99.96, 0.096, r"99.960 \pm 0.096"),
    ],
)
def test_values_have_as_many_digits_as_their_errors_leave(value, error, text) -> None:
    assert with_error(value, error) == text


def test_no_letter_of_the_catalogue_is_one_that_tex_lacks() -> None:
    for one in select([]):
        claim = one.claim
        for text in (claim.scope, claim.reading, claim.cause, str(claim.source), *claim.wrong):
            assert escaped(text).isascii(), text


@pytest.mark.parametrize(
    ("says", "found"),
    [
        ("a # b", r"has a bare #; write \\#"),
        ("a % c", r"has a bare %; write \\%"),
        ("$x^2$ for all x", r"has a bare \$; the whole statement is a formula, so leave it out"),
        (r"\frac{a}{b", r"has a { that nothing closes; close it"),
        ("a } b", r"has a } that nothing opens"),
        ("a & b", r"has a bare & outside of \\begin"),
        ("\N{RIGHT-TO-LEFT OVERRIDE} x", r"has the character U\+202E \(RIGHT-TO-LEFT OVERRIDE\)"),
    ],
)
def test_a_statement_that_would_stop_tex_is_refused_by_name(stored, says: str, found: str) -> None:
    bad = claimed(exactly(lambda p: p.x_0), lambda p: p.x_0, line, says=says)
    with pytest.raises(UsageError, match=rf"^claim '{bad.id}': its statement .* {found}"):
        stored(bad)


def test_an_odd_character_of_a_reading_is_refused_by_name(stored) -> None:
    bad = claimed(
        exactly(lambda p: p.x_0),
        lambda p: p.x_0,
        line,
        reading="to the \N{LEFT-TO-RIGHT MARK} left",
    )
    with pytest.raises(UsageError, match=rf"'{bad.id}': its reading has the character U\+200E"):
        stored(bad)


def test_the_file_says_which_packages_its_statements_need(stored) -> None:
    text = stored(claimed(exactly(lambda p: p.x_0), lambda p: p.x_0, line))
    assert "% What it needs: \\usepackage{amsmath,amssymb}\n" in text


def test_every_statement_of_the_catalogue_can_be_exported() -> None:
    assert [one.claim.id for one in select([]) if [*faults(one.claim.says)]] == []


#: what TeX would read otherwise than it is meant, in every field of words and in the statement
ODD = r"50 % of #1, a_b & c^2 ~ \ {x} $5 −1 ≤ 2⁴, ₂, é ï ç"


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="no TeX is installed")
def test_tex_prints_every_field_and_stops_at_one_that_is_not_there(stored, tmp_path: Path) -> None:
    says = "x \\geq 5\\%,\n\n \\text{as } \\mathbb{E} = \\tfrac{1}{2}"
    one = claimed(
        exactly(lambda p: p.x_0), lambda p: p.x_0, line, says=says, reading=ODD, scope="a\n\nb"
    )
    (tmp_path / "numbers.tex").write_text(stored(one))
    (fields,) = re.findall(rf"^% {one.id}: (.*)$", stored(one), re.MULTILINE)
    name = macro(one.id)
    for wanted, passes in ((fields.split(", "), True), (["valeu"], False)):
        body = "\n\n".join(f"{name}{{{what}}}" for what in wanted)
        paper = (
            rf"\documentclass{{article}}{PACKAGES}\input{{numbers}}"
            rf"\begin{{document}}{body}\end{{document}}"
        )
        (tmp_path / "paper.tex").write_text(paper)
        done = subprocess.run(
            ["pdflatex", "-halt-on-error", "paper.tex"],
            cwd=tmp_path, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert (done.returncode == 0) is passes, done.stdout
    assert "has no `valeu'" in done.stdout


def test_the_two_sides_of_a_lopsided_interval_are_told() -> None:
    assert with_interval(0.024, 0.003, 0.082) == "0.024^{+0.058}_{-0.021}"
    assert with_interval(1.0, 0.9, 1.1) == r"1.00 \pm 0.10"
