"""Wide formulas on the page of results: in lines that fit paper, and on a phone within reach."""

import dataclasses
import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from xml.etree import ElementTree

import pytest
from tests import report_store
from tests.browser import PHONE

from lemmata.verify import derived
from lemmata.verify.loading import select
from lemmata.verify.prediction import predict
from lemmata.verify.report.lines import PAGE, display
from lemmata.verify.report.page import write
from lemmata.verify.report.widths import width
from lemmata.verify.results import clean
from lemmata.verify.store import Store

#: derivations of the catalogue with the widest assumptions, sums, products and fractions
WIDE = (
    "delayed-replicator/opposite-payoffs/critical-delay",
    "ntk/gaussian-in-training/variance",
    "ntk/spectral-ordering",
    "matrix-sensing/closed-forms/asymmetric-signal/rate",
)
#: of an A4 page within the margins that a browser leaves, in its pixels
PAPER = {"width": 718, "height": 1000}


def kept(store: Store, id: str) -> None:
    """A verdict on something else, under the statement and the derivation of this claim."""
    (found,) = (one.claim for one in select([id]) if one.claim.id == id)
    (toy,) = (one for one in report_store.made() if one.id == "test/law")
    report_store.keep(store, dataclasses.replace(toy, id=id, says=found.says))
    prediction = predict(found)
    assert prediction.derivation is not None
    replayed = [
        SimpleNamespace(step=step, status="proved", how="") for step in prediction.derivation.steps
    ]
    store._write(store.file("derivations", id), clean(derived.steps(prediction, replayed)))


@pytest.fixture(scope="module")
def file(browser: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("page")
    store = Store(folder / "store")
    store.prepare()
    for id in WIDE:
        kept(store, id)
    write(WIDE, store, folder / "page.html")
    return folder / "page.html"


#: what is out of its article's sight, and cannot be scrolled to: `content-visibility` clips it
CUT = """(() => {
    for (const one of document.querySelectorAll("details")) one.open = true;
    for (const one of document.querySelectorAll("article")) one.style.contentVisibility = "visible";
    return [...document.querySelectorAll("article")]
        .filter((one) => one.scrollWidth > one.clientWidth)
        .map((one) => `${one.id}: ${one.scrollWidth} > ${one.clientWidth}`);
})()"""


def test_on_a_phone_no_formula_is_cut_off(opened) -> None:
    page = opened(viewport=PHONE)
    assert page.evaluate(CUT) == []
    wide = page.evaluate("""[...document.querySelectorAll(".derivation .scroll")]
        .filter((one) => one.scrollWidth > one.clientWidth).length""")
    assert wide > 10  # else these derivations show nothing of it
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]


def test_on_paper_nothing_is_wider_than_the_page(opened) -> None:
    """A browser shrinks all of the page until the widest formula fits."""
    page = opened(viewport=PAPER)
    page.emulate_media(media="print")
    page.evaluate("for (const one of document.querySelectorAll('details')) one.open = true")
    assert page.locator("article math").count() > 50
    out = page.evaluate(f"""[...document.querySelectorAll("body *")]
        .filter((one) => one.checkVisibility() && !one.closest(".unseen, .skip"))
        .filter((one) => one.getBoundingClientRect().right > {PAPER["width"]})
        .map((one) => one.tagName + " " + one.textContent.slice(0, 60))""")
    assert out == []
    assert page.evaluate("document.documentElement.scrollWidth") <= PAPER["width"]
    size = "parseFloat(getComputedStyle(document.querySelector('.derivation p')).fontSize)"
    assert page.evaluate(size) == pytest.approx(10 * 4 / 3, abs=0.01)  # ten points


def test_widths_are_estimated_within_a_fifth(opened) -> None:
    page = opened()
    found = page.evaluate("""(() => {
        for (const one of document.querySelectorAll("details")) one.open = true;
        return [...document.querySelectorAll(".derivation math")].map((one) => {
            one.removeAttribute("display");
            one.setAttribute("displaystyle", "true");
            const size = parseFloat(getComputedStyle(one).fontSize);
            return [one.getBoundingClientRect().width / size, one.innerHTML];
        }); })()""")
    wide = [(taken, inside) for taken, inside in found if taken > 15]
    assert len(wide) > 20
    for taken, inside in wide:
        row = ElementTree.fromstring(f"<mrow>{inside.replace('&nbsp;', ' ')}</mrow>")
        assert width(row) > taken / 1.2, inside


def row(*parts: str) -> str:
    return "".join(f"<mo>{one}</mo>" if one in "+−=(),⋅" else f"<mi>{one}</mi>" for one in parts)


def lines(formula: str) -> list[str]:
    shown = re.findall("<math[^>]*>(.*?)</math>", display(formula))
    return ["".join(ElementTree.fromstring(f"<m>{one}</m>").itertext()) for one in shown]


LONG = "x" * 60


def test_a_formula_that_fits_is_left_as_it_is() -> None:
    formula = row("a", "=", "b", "+", "c")
    assert display(formula) == f'<math display="block">{formula}</math>'


def test_a_wide_formula_breaks_before_relations_and_signs_outside_brackets() -> None:
    formula = row(LONG, "−", "(", "b", "+", LONG, ")", "=", "−", LONG, "+", "c")
    assert lines(formula) == [LONG, f"−(b+{LONG})", f"=−{LONG}+c"]


def test_a_short_left_side_stays_with_what_it_is_equal_to() -> None:
    formula = row("a", "=", LONG, "+", LONG)
    assert lines(formula) == [f"a={LONG}", f"+{LONG}"]


def test_terms_share_a_line_as_far_as_it_goes() -> None:
    formula = row("a", *["+", "x" * 8] * 12)
    found = lines(formula)
    assert "".join(found) == "a" + ("+" + "x" * 8) * 12
    assert 1 < len(found) < 5
    assert 'class="on"' in display(formula)
    assert "fit-" not in display(formula)


def test_what_does_not_break_is_made_smaller_in_print() -> None:
    inside = row(*"abcdefghij" * 10)
    fraction = f"<mfrac><mrow>{inside}</mrow><mn>2</mn></mfrac>"
    share = PAGE / width(ElementTree.fromstring(fraction))
    (shown,) = re.findall(r"fit-(\d+)", display(fraction))
    assert 100 * share - 10 < int(shown) <= 100 * share
