"""The page of results: what stands in it, what it refuses, and that it is the same every time."""

import json
import re
import shutil
from html.parser import HTMLParser
from pathlib import Path

import pytest
from tests import report_store
from tests.claim_files import GOOD, KNOWN, claims

from lemmata.figures.inline import picture
from lemmata.figures.stored import result
from lemmata.verify.errors import UsageError
from lemmata.verify.report.page import render, write
from lemmata.verify.store import Store


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Store:
    return report_store.filled(tmp_path_factory.mktemp("store"))


@pytest.fixture
def store(kept: Store, tmp_path: Path) -> Store:
    """A copy to damage."""
    shutil.copytree(kept.folder, tmp_path / "store")
    return Store(tmp_path / "store")


@pytest.fixture(scope="module")
def page(kept: Store) -> str:
    return render(kept.ids(), kept)


def article(page: str, id: str) -> str:
    """The part of the page on one claim."""
    (found,) = re.findall(rf'<article class="claim" id="{id}".*?</article>', page, re.DOTALL)
    return found


def words(markup: str) -> str:
    text = re.sub("<(?=/?(?:d[tdl]|t[dhr]|li|p|text|title|desc|summary)\\b)", " <", markup)
    text = re.sub("<[^>]+>", "", text).replace("\u200b", "")
    return re.sub(r"\s+", " ", text)


# What stands in it --------------------------------------------------------------------------------


def test_each_claim_has_everything_that_is_stored_of_it(page: str) -> None:
    found = article(page, "test/law")
    text = words(found)
    assert "test/law ✓ verified" in text
    assert "On test claims, 2020, arXiv 2001.00001: eq. 1" in text
    assert 'href="https://arxiv.org/abs/2001.00001"' in found
    assert "reading as the proof has it" in text
    assert "9 agree" in text
    assert "evidence derived, measured" in text
    assert "lemmata verify test/law" in text
    assert "run 1: lemmata 0.0.1, seed 3, quick, 0123456" in text
    assert "<svg" in found
    assert "<math" in found


def test_results_of_another_version_say_so_at_the_picture_and_in_the_manifest(page: str) -> None:
    assert re.search(r"From lemmata 0\.0\.1.*\(drawn by lemmata [\d.]+\)", words(page))


def test_results_of_another_seed_are_a_run_of_their_own(store: Store) -> None:
    one = report_store.made()[2]
    report_store.keep(store, one, {**report_store.MANIFEST, "seed": 5})
    text = words(render(store.ids(), store))
    assert "Run 2: 1 claim" in text
    assert "seed: 3 → 5" in text
    assert "seed 5, quick" in words(article(render(store.ids(), store), one.id))


def test_the_derivation_stands_there_with_how_each_step_was_confirmed(page: str) -> None:
    text = words(article(page, "test/law"))
    assert "Derivation, 2 steps: 1 proved, 1 checked" in text
    assert "x is a length" in text
    assert "the area under the line ✓ checked: at 8 points" in text
    assert "∫" in text
    assert "Hence" in text


def test_a_formula_that_is_not_derived_says_so(page: str) -> None:
    assert "What is predicted (not derived)" in words(article(page, "test/surprise"))


def test_a_verdict_without_its_derivation_says_how_to_mend_it(store: Store) -> None:
    (store.folder / "derivations" / "test.law.json").unlink()
    found = words(article(render(store.ids(), store), "test/law"))
    assert "was not stored with this verdict" in found
    assert "lemmata verify test/law stores it" in found


def test_readings_stand_side_by_side(page: str) -> None:
    for id in ("test/law", "test/law/as-printed"):
        found = words(article(page, id))
        assert "2 readings side by side" in found
        assert "as the proof has it" in found
        assert "as it is printed" in found
    assert "side by side" not in article(page, "test/open")


def test_a_refuted_claim_names_its_counterexample_and_cause(page: str) -> None:
    found = words(article(page, "test/law/as-printed"))
    assert "✗ refuted, as expected" in found
    assert "counterexample x = 1" in found
    assert "cause a factor 2 is missing" in found


def test_what_rests_on_a_refuted_claim_is_marked_however_remotely(page: str) -> None:
    for id in ("test/consequence", "test/consequence/remote"):
        found = words(article(page, id))
        assert "▲ Rests on a refuted claim: test/law/as-printed ✗ refuted, as expected." in found
    assert "▲" not in article(page, "test/law")
    assert "test/elsewhere (not on this page)" in words(page)


def test_a_crash_and_an_open_claim_say_why(page: str) -> None:
    crash = words(article(page, "test/crash"))
    assert "! error, expected verified" in crash
    assert "ZeroDivisionError" in crash
    assert "Traceback" in crash
    assert "No picture: nothing was measured." in crash
    assert "settled by a numerical error bound below" in words(article(page, "test/open"))


def test_the_summary_counts_and_lists_what_is_against_expectation(page: str) -> None:
    text = words(page[: page.index('id="table"')])
    assert "3 ✓ verified 1 ? inconclusive 2 ✗ refuted 1 ! error" in text
    assert "3 against expectation:" in text
    assert "On other claims (3 against expectation)" in text


def test_only_the_claims_that_are_asked_for_are_there(kept: Store) -> None:
    found = render(["test/open"], kept)
    assert re.findall(r'<article class="claim" id="([^"]+)"', found) == ["test/open"]
    assert "<h1>1 claim," in found


# What a browser and a reader rely on --------------------------------------------------------------


class Checker(HTMLParser):
    """Whether tags nest, ids are unique, links to places of the page arrive, nothing is loaded."""

    VOID = frozenset({"meta", "link", "input", "br"})

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.ids: list[str] = []
        self.links: list[str] = []
        self.loads: list[str] = []

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        if tag not in self.VOID:
            self.open.append(tag)
        self.ids += [given["id"]] if "id" in given else []
        if tag == "a":
            self.links.append(given["href"])
        else:
            self.loads += [given[name] for name in ("src", "href", "data") if name in given]
        assert "style" not in given, "the policy forbids inline styles"
        assert not any(name.startswith("on") for name in given)

    def handle_startendtag(self, tag, attrs):
        self.handle_starttag(tag, attrs)
        if tag not in self.VOID:
            self.open.pop()

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def test_the_page_is_well_formed_and_loads_nothing(page: str) -> None:
    checker = Checker()
    checker.feed(page)
    assert checker.ids
    assert checker.open == []
    assert len(set(checker.ids)) == len(checker.ids)
    assert checker.loads == ["data:,"]
    places = {link[1:] for link in checker.links if link.startswith("#") and "?" not in link}
    assert places <= set(checker.ids)
    outside = {link for link in checker.links if not link.startswith("#")}
    assert outside == {"https://arxiv.org/abs/2001.00001", "https://doi.org/10.1000/182"}


def test_the_policy_allows_this_style_and_this_script_and_no_more(page: str) -> None:
    policy = re.findall(r'Content-Security-Policy" content="([^"]+)"', page)[0]
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert "unsafe" not in policy
    assert "http" not in policy


def test_what_claims_say_cannot_become_markup(page: str) -> None:
    assert "as it is printed: &lt;b&gt;bold&lt;/b&gt;" in page
    assert "a &lt;test&gt;" in page


def test_the_same_store_gives_the_same_bytes(kept: Store, page: str, tmp_path: Path) -> None:
    assert render(list(reversed(kept.ids())), kept) == page
    size = write(kept.ids(), kept, tmp_path / "page.html")
    assert (tmp_path / "page.html").read_bytes() == page.encode()
    assert size == len(page.encode())


def test_a_claim_takes_few_bytes(page: str) -> None:
    """So that 400 claims stay below 5 MB: a picture has its share, and the rest another."""
    longest = max(re.findall(r"<svg.*?</svg>", page, re.DOTALL), key=len)
    assert len(longest) < 6_000
    assert len(article(page, "test/law").encode()) < 12_000


# What it refuses ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda f: (f / "claims/test.law.json").write_text('{"schema": 7}'), "schema 7, but this"),
        (lambda f: (f / "claims/test.law.json").write_text('{"sch'), "not a results file, or cut"),
        (lambda f: (f / "points/test.law.npz").write_bytes(b"PK"), "cannot be read, or cut off"),
        (lambda f: (f / "derivations/test.law.json").write_text("{"), "cannot be read, or cut off"),
        (lambda f: (f / "derivations/test.law.json").write_text('{"schema": 9}'), "schema 9, but"),
        (
            lambda f: (f / "derivations/test.law.json").write_text(
                '{"schema": 1, "statement": "<script>1</script>"}'
            ),
            "'test/law': its stored derivation cannot be read .*<script> is no part of a formula",
        ),
        (
            lambda f: (f / "derivations/test.law.json").write_text(
                '{"schema": 1, "statement": "<mi>x"}'
            ),
            "its stored derivation cannot be read .*run `lemmata verify test/law` again",
        ),
    ],
)
def test_a_store_that_cannot_be_read_leaves_the_old_page(store, tmp_path, damage, message) -> None:
    file = tmp_path / "page.html"
    file.write_text("old")
    damage(store.folder)
    with pytest.raises(UsageError, match=message):
        write(["test/open", "test/law"], store, file)
    assert file.read_text() == "old"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["page.html", "store"]


def test_an_entry_that_lacks_what_is_shown_says_what(store: Store) -> None:
    path = store.folder / "claims" / "test.law.json"
    document = json.loads(path.read_text())
    del document["claims"][0]["because"]
    path.write_text(json.dumps(document))
    with pytest.raises(UsageError, match=r"'test/law': its stored result has no 'because' .*; run"):
        render(store.ids(), store)


def test_a_claim_without_a_verdict_is_named(kept: Store) -> None:
    with pytest.raises(UsageError, match=r"'test/none': no verdict is stored .*verify test/none`"):
        render(["test/none"], kept)


def test_a_place_that_cannot_be_written_is_named_before_any_work(kept: Store, tmp_path) -> None:
    (tmp_path / "file").write_text("")
    words = r"-o: .*file is a file, where a folder is needed; name another place\."
    for path in ("file/page.html", "file/further/page.html"):
        with pytest.raises(UsageError, match=words):
            write(kept.ids(), kept, tmp_path / path)


def test_the_folder_of_the_page_is_made_and_not_left_empty(kept: Store, tmp_path) -> None:
    write(kept.ids(), kept, tmp_path / "new" / "one" / "page.html")
    assert (tmp_path / "new" / "one" / "page.html").stat().st_size > 1000
    with pytest.raises(UsageError, match="no verdict is stored"):
        write(["test/none"], kept, tmp_path / "other" / "one" / "page.html")
    assert [path.name for path in tmp_path.iterdir()] == ["new"]


def test_the_command_writes_the_page_of_what_is_stored(lemmata, here: Path) -> None:
    nothing = lemmata("report", "-o", "page.html", check=2)
    assert "no verdict is stored" in nothing.stderr
    assert "lemmata verify" in nothing.stderr
    assert not list(here.iterdir())
    file = claims(here, GOOD, KNOWN)
    lemmata("verify", file, check=0)
    done = lemmata("report", "-o", "page.html", check=0)
    assert re.fullmatch(r"page.html written: 2 claims, 0.\d MB; .*\n", done.stdout)
    lemmata("report", f"{file}::numbers/good", "-o", "one.html", check=0)
    assert "numbers/known" not in (here / "one.html").read_text("utf-8")
    lemmata("report", check=0)
    assert (here / "build" / "report.html").exists()
    said = lemmata("report", "numbers/goof", check=2).stderr
    assert "no claim 'numbers/goof', in the catalogue or among stored verdicts" in said
    assert "numbers/good" in said
    lemmata("report", "numbers/known", "-o", "own.html", check=0)  # stored, and so known by its id
    assert "numbers/good" not in (here / "own.html").read_text("utf-8")
    lemmata("report", "numbers", "-o", "both.html", check=0)
    assert "numbers/good" in (here / "both.html").read_text("utf-8")


def test_a_statement_that_is_no_latex_stands_there_as_it_was_written(store: Store) -> None:
    path = store.folder / "claims" / "test.law.json"
    document = json.loads(path.read_text())
    document["claims"][0]["says"] = r"\frac{<x>"
    path.write_text(json.dumps(document))
    found = article(render(store.ids(), store), "test/law")
    assert r"<code>\frac{&lt;x&gt;</code>" in found


def test_the_picture_shows_every_point_once_with_the_shape_of_its_agreement(kept: Store) -> None:
    for id, letter in (("test/law", "g"), ("test/law/as-printed", "d"), ("test/open", "u")):
        one = result(kept, id)
        drawn = re.findall(rf'<path class="{letter}" d="([^"]+)"', picture(one))
        count = len(one.column("value"))
        # A cross begins anew for its second stroke, and a square before its corner.
        assert [path.count("M") for path in drawn] == [count, count], id


def test_the_line_of_a_picture_passes_through_what_is_claimed(kept: Store) -> None:
    one = result(kept, "test/consequence")
    line, dots = (
        re.findall(rf'<path class="{letter}" d="M([^"]+)"', picture(one))[0] for letter in "cg"
    )
    assert sorted(line.split("L")) == sorted(dots.removesuffix("h0").split("h0M"))
