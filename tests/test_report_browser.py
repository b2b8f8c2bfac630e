"""The page of results in a real browser: filter, sort, graph, links, keyboard, phone, dark."""

from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from tests import report_store
from tests.browser import PHONE

from lemmata.verify.report.page import write


@pytest.fixture(scope="module")
def file(browser: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("page")
    store = report_store.filled(folder / "store")
    write(store.ids(), store, folder / "page.html")
    return folder / "page.html"


def shown(page: Any, selector: str = "#rows tbody tr") -> list[str]:
    """The ids of what is to be seen, in order."""
    found = page.locator(selector).all()
    return [one.get_attribute("data-id") for one in found if one.is_visible()]


def state(page: Any) -> str:
    return page.evaluate("decodeURIComponent(location.hash)")


def focused(page: Any) -> str:
    return page.evaluate("document.activeElement.id || document.activeElement.textContent.trim()")


#: whether exactly these rows are there to be seen; a search waits until no more is typed
ROWS = """ids => String([...document.querySelectorAll("#rows tbody tr:not([hidden])")]
    .map((row) => row.dataset.id)) === String(ids)"""
EVERY = sorted(one.id for one in report_store.made())


# Filter and sort ----------------------------------------------------------------------------------


def test_the_filter_leaves_what_fits_in_table_and_claims_and_says_how_many(opened) -> None:
    page = opened()
    assert sorted(shown(page)) == EVERY
    page.get_by_label("Verdict", exact=True).select_option("refuted")
    page.get_by_text("2 of 7 claims").wait_for()
    assert shown(page) == ["test/law/as-printed", "test/surprise"]
    assert shown(page, "article.claim") == ["test/law/as-printed", "test/surprise"]
    page.get_by_label("Paper", exact=True).select_option(label="On other claims")
    page.get_by_text("1 of 7 claims").wait_for()
    assert shown(page) == ["test/surprise"]
    assert page.get_by_role("status").first.get_attribute("aria-live") == "polite"


def test_the_search_finds_ids_statements_sources_and_readings(opened) -> None:
    page = opened()
    for words, fitting in (
        ("consequence remote", ["test/consequence/remote"]),
        ("runaway", ["test/surprise"]),
        (r"\tau_c", ["test/surprise"]),
        ("PRINTED: <b>", ["test/law/as-printed"]),
        ("nowhere", []),
    ):
        page.get_by_label("Search").fill(words)
        page.wait_for_function(ROWS, arg=fitting)
        assert page.locator("#count").inner_text().startswith(f"{len(fitting)} of 7 claims")
    page.get_by_role("button", name="Show all").click()
    page.get_by_text("7 of 7 claims").wait_for()


def test_what_rests_on_a_refuted_claim_can_be_picked_out(opened) -> None:
    page = opened()
    page.get_by_label("Marked").select_option("ground")
    page.get_by_text("2 of 7 claims").wait_for()
    assert shown(page) == ["test/consequence", "test/consequence/remote"]


def test_heads_sort_both_ways_and_say_so(opened) -> None:
    page = opened()
    head = page.locator("#rows th[data-key=claim]")
    button = page.get_by_role("button", name="claim", exact=True)
    button.click()
    assert head.get_attribute("aria-sort") == "ascending"
    assert shown(page) == EVERY
    button.click()
    assert head.get_attribute("aria-sort") == "descending"
    assert shown(page) == EVERY[::-1]
    page.get_by_role("button", name="difference").click()
    assert head.get_attribute("aria-sort") is None
    assert shown(page)[-1] == "test/crash"  # there is no number, whichever way
    page.get_by_role("button", name="verdict").click()
    assert shown(page)[0] == "test/crash"


# State in the URL ---------------------------------------------------------------------------------


def test_an_address_of_what_is_not_there_says_so(opened) -> None:
    page = opened("#test/none")
    notice = page.locator("#notice")
    assert notice.inner_text() == "Not on this page: claim or section: “test/none”."
    assert sorted(shown(page)) == EVERY
    page.get_by_role("link", name="Runs").click()
    assert not notice.is_visible()
    page = opened("#?paper=0&verdict=maybe&q=law")
    said = page.locator("#notice").inner_text()
    assert said == "Not on this page: Verdict: “maybe”; Paper: “0”."
    assert len(shown(page)) == 2
    assert page.get_by_label("Paper", exact=True).locator("option:checked").inner_text() == "any"
    page.get_by_label("Search").fill("")
    page.get_by_text("7 of 7 claims").wait_for()
    assert not page.locator("#notice").is_visible()
    assert not opened("#test/law").locator("#notice").is_visible()


def test_a_paper_has_a_name_in_the_address(opened) -> None:
    page = opened()
    page.get_by_role("link", name="On other claims").click()
    page.wait_for_function("location.hash.endsWith('?paper=on-other-claims')")
    count = len(shown(page))
    again = opened(page.evaluate("location.hash"))
    assert len(shown(again)) == count == 3
    assert not again.locator("#notice").is_visible()


def test_the_state_is_in_the_hash_and_comes_back_from_it(opened) -> None:
    page = opened()
    page.get_by_label("Search").fill("law")
    page.get_by_text("2 of 7 claims").wait_for()
    page.get_by_role("button", name="claim", exact=True).click()
    page.get_by_role("button", name="claim", exact=True).click()
    page.wait_for_function("location.hash.includes('sort=-claim')")
    order = shown(page)
    again = opened(page.evaluate("location.hash"))
    assert again.get_by_label("Search").input_value() == "law"
    assert shown(again) == order
    assert again.locator("#rows th[data-key=claim]").get_attribute("aria-sort") == "descending"


@pytest.mark.parametrize("words", ["a & b", "p + q", "50%", "%41", "100%25 #x = y?", "é > 0"])
def test_every_search_comes_back_from_its_link(opened, words: str) -> None:
    """`%41` would be `A` if it were decoded twice, which is in every statement."""
    page = opened()
    page.get_by_label("Search").fill(words)
    page.wait_for_function("() => location.hash.includes('q=')")
    again = opened(page.evaluate("location.hash"))
    assert again.get_by_label("Search").input_value() == words
    assert shown(again) == shown(page)
    assert again.locator("#count").inner_text() == page.locator("#count").inner_text()


def test_a_link_that_was_typed_by_hand_opens_the_page(opened) -> None:
    page = opened("#?q=50%")
    assert page.get_by_label("Search").input_value() == "50%"
    assert page.locator("#count").inner_text() == "0 of 7 claims: none fits, show all again"
    lost = opened("#50%?verdict=refuted")
    assert shown(lost) == ["test/law/as-printed", "test/surprise"]
    lost.get_by_role("button", name="claim", exact=True).click()
    assert lost.evaluate("location.hash") == "#50%25?verdict=refuted&sort=claim"


def test_a_link_to_a_claim_keeps_the_filter_and_goes_back(opened) -> None:
    page = opened("#?verdict=refuted")
    assert shown(page) == ["test/law/as-printed", "test/surprise"]
    page.get_by_role("link", name="test/surprise").first.click()
    assert state(page) == "#test/surprise?verdict=refuted"
    assert focused(page) == "test/surprise"
    page.go_back()
    page.wait_for_function("!location.hash.includes('surprise')")
    assert state(page) == "#?verdict=refuted"


def test_a_claim_that_the_filter_hides_is_shown_when_it_is_asked_for(opened) -> None:
    page = opened("#test/open?verdict=refuted")
    assert "test/open" in shown(page, "article.claim")
    assert "test/open" not in shown(page)
    assert page.locator("article.here").get_attribute("id") == "test/open"


def test_every_link_on_the_page_arrives(opened) -> None:
    page = opened()
    lost = page.evaluate(
        "[...document.querySelectorAll('a[href^=\"#\"]')].map(a => a.hash.slice(1))"
        ".filter(id => !id.startsWith('?') && !document.getElementById(decodeURIComponent(id)))"
    )
    assert lost == []


# The graph ----------------------------------------------------------------------------------------


def test_the_graph_shows_what_a_claim_rests_on_and_what_rests_on_it(opened) -> None:
    page = opened("#graph?graph=test/consequence")
    boxes = page.locator("#drawing a")
    names = {one.get_attribute("href") for one in boxes.all()}
    assert names == {"#test/law", "#test/law/as-printed", "#test/consequence",
                     "#test/consequence/remote"}  # fmt: skip
    assert page.locator("#graph-says").inner_text() == (
        "test/consequence: rests on 2, and 1 rests on it."
    )
    box = page.get_by_role("link", name="test/consequence/remote, verified, rests on a refuted")
    assert "▲ rests on refuted" in box.text_content()
    text = page.locator("#drawing-list").inner_text()
    assert "test/law/as-printed ✗ refuted, as expected" in text
    assert "test/law ✓ verified, 2 steps away" in text


def test_direction_and_depth_of_the_graph_are_in_the_url(opened) -> None:
    page = opened("#graph?graph=test/consequence")
    page.get_by_label("Show", exact=True).select_option("down")
    page.get_by_label("Steps").select_option("1")
    names = {one.get_attribute("href") for one in page.locator("#drawing a").all()}
    assert names == {"#test/law/as-printed", "#test/consequence"}
    assert state(page) == "#graph?graph=test/consequence&way=down&depth=1"
    again = opened("#graph?graph=test/consequence&way=down&depth=1")
    assert again.locator("#drawing a").count() == 2


def test_a_claim_leads_to_its_graph_and_a_box_of_the_graph_to_its_claim(opened) -> None:
    page = opened("#test/consequence")
    page.locator("article.here").get_by_role("link", name="In the graph").click()
    assert state(page) == "#graph?graph=test/consequence"
    page.get_by_role("link", name="test/law, verified", exact=True).click()
    assert focused(page) == "test/law"
    assert state(page) == "#test/law?graph=test/consequence"


def test_claims_without_neighbours_or_that_are_none_say_so(opened) -> None:
    page = opened("#graph?graph=test/open")
    says = page.locator("#graph-says")
    assert says.inner_text() == "test/open rests on nothing else, and nothing rests on it."
    page.get_by_label("Claim", exact=True).fill("test/oben")
    assert says.inner_text() == "There is no claim test/oben."


# Who reads it, and how ----------------------------------------------------------------------------


def test_the_keyboard_is_enough(opened) -> None:
    page = opened()
    page.keyboard.press("Tab")
    assert focused(page) == "Skip to the table of claims"
    page.keyboard.press("Enter")
    assert state(page) == "#table"
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.name") == "q"
    page.keyboard.type("open")
    page.get_by_text("1 of 7 claims").wait_for()
    for _ in range(40):
        page.keyboard.press("Tab")
        if focused(page) == "claim":
            break
    page.keyboard.press("Enter")
    assert page.locator("#rows th[data-key=claim]").get_attribute("aria-sort") == "ascending"
    for _ in range(40):
        page.keyboard.press("Tab")
        if focused(page).replace("\u200b", "") == "test/open":
            break
    assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    page.keyboard.press("Enter")
    assert focused(page) == "test/open"


def test_from_a_link_to_a_section_the_keyboard_goes_on_in_it(opened) -> None:
    page = opened()
    for id, first in (("runs", "Manifest"), ("graph", "graph"), ("table", "q")):
        page.locator(f"nav a[href='#{id}']").focus()
        page.keyboard.press("Enter")
        assert focused(page) == id
        page.keyboard.press("Tab")
        at = "document.activeElement.name || document.activeElement.textContent"
        assert page.evaluate(at) == first


def test_everything_that_is_used_has_a_name(opened) -> None:
    page = opened("#graph?graph=test/consequence")
    for role in ("link", "button", "searchbox", "combobox", "img", "table", "form", "search"):
        for one in page.get_by_role(role).all():
            snapshot = one.aria_snapshot().splitlines()[0]
            assert '"' in snapshot or role == "table", snapshot
    levels = page.evaluate(
        "[...document.querySelectorAll('h1,h2,h3')].map(h => Number(h.tagName[1]))"
    )
    assert levels[0] == 1
    assert all(below - above <= 1 for above, below in pairwise(levels))


def test_formulas_are_rendered(opened) -> None:
    page = opened("#test/law")
    page.locator("article.here .derivation summary").click()
    flat = page.evaluate("""[...document.querySelectorAll("article.here math")]
        .filter(m => m.checkVisibility()).map(m => m.getBoundingClientRect())
        .filter(r => r.width < 4 || r.height < 8).length""")
    assert flat == 0
    raised = page.evaluate("""(() => {
        const power = document.querySelector("article.here .says msup");
        const [base, exponent] = [...power.children].map((one) => one.getBoundingClientRect());
        return base.bottom - exponent.bottom; })()""")
    assert raised > 2


@pytest.mark.parametrize(
    "hash_", ["", "#test/law", "#test/law/as-printed", "#test/crash", "#graph?graph=test/law"]
)
def test_a_phone_need_not_scroll_sideways(opened, hash_: str) -> None:
    page = opened(hash_, viewport=PHONE, has_touch=True)
    page.evaluate("for (const one of document.querySelectorAll('details')) one.open = true")
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    small = page.evaluate("""[...document.querySelectorAll("p, dd, dt, td, figcaption")]
        .filter(one => one.checkVisibility() && parseFloat(getComputedStyle(one).fontSize) < 12)
        .length""")
    assert small == 0


CONTRAST = (Path(__file__).parent / "data" / "contrast.js").read_text("utf-8")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_contrast_of_all_text_suffices(opened, scheme: str) -> None:
    page = opened("#graph?graph=test/consequence", color_scheme=scheme)
    page.evaluate("for (const one of document.querySelectorAll('details')) one.open = true")
    background = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert background == {"light": "rgb(255, 255, 255)", "dark": "rgb(22, 22, 24)"}[scheme]
    assert page.evaluate(CONTRAST) == []


def test_print_has_every_claim_and_nothing_to_click(opened) -> None:
    page = opened("#?verdict=verified")
    page.emulate_media(media="print")
    assert not page.locator("#filter").is_visible()
    assert not page.locator("nav").is_visible()
    assert page.locator("article.claim .derivation ol").first.is_visible()
    assert shown(page, "article.claim") == ["test/consequence", "test/consequence/remote",
                                            "test/law"]  # fmt: skip
    assert page.pdf().startswith(b"%PDF")


def test_without_scripts_the_page_still_tells_all(opened) -> None:
    page = opened(java_script_enabled=False)
    assert len(page.locator("#rows tbody tr").all()) == len(EVERY)
    assert not page.locator("#filter").is_visible()
    page.get_by_text("The whole graph as a list").click()
    assert page.get_by_text("test/elsewhere").first.is_visible()
    page.get_by_role("link", name="test/open").last.click()
    assert page.locator("[id='test/open']").is_visible()


def test_the_policy_keeps_scripts_and_pictures_of_others_out(browser: Any, file: Path) -> None:
    """So that even a page that was tampered with asks the network for nothing."""
    text = file.read_text("utf-8")
    bad = '<img src="http://127.0.0.1:9/a.png"><script>document.title = "bad"</script></body>'
    tampered = file.with_name("tampered.html")
    tampered.write_text(text.replace("</body>", bad), "utf-8")
    page = browser.new_page()
    failed: list[str] = []
    page.on("requestfailed", lambda request: failed.append(request.failure or ""))
    page.goto(tampered.as_uri())
    assert page.title() != "bad"
    assert all("csp" in one.lower() or "blocked" in one.lower() for one in failed), failed
    page.close()
