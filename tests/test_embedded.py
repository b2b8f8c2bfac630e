"""The papers' own pictures within the page of results."""

import base64
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from tests import report_store
from tests.test_short_pictures import results_of

from lemmata.figures.embedded import DPI, SHADES, Embedded, embedded
from lemmata.figures.pictures import pictures
from lemmata.figures.stored import Result
from lemmata.figures.style import COLUMN
from lemmata.verify.report import page as pages
from lemmata.verify.report.page import render, write

PHASE = "path-collapse/figures/phase-diagram"
DOT = "data:image/webp;base64,UklGRh4AAABXRUJQVlA4TBEAAAAvAAAAAAfQ//73v/+BiOh/AAA="


def image(url: str) -> Image.Image:
    head, data = url.split(",")
    assert head == "data:image/webp;base64"
    return Image.open(BytesIO(base64.b64decode(data)))


def test_a_picture_is_an_image_of_a_columns_width_in_few_colours_the_same_every_time() -> None:
    results = results_of(pictures()[PHASE])
    (one,) = embedded(results)
    assert (one.name, one.claims, one.problem) == (PHASE, pictures()[PHASE].claims, "")
    shown = image(one.url)
    assert shown.size == one.size
    assert one.size[0] == int(COLUMN * DPI)
    colours = np.unique(np.asarray(shown.convert("RGB")).reshape(-1, 3), axis=0)
    assert 10 < len(colours) <= 1 + sum(SHADES.values())
    assert len(one.url) < 40_000
    assert embedded(results) == [one]


def test_a_picture_without_all_of_its_claims_is_not_there_and_one_that_fails_says_why() -> None:
    results = results_of(pictures()[PHASE])
    fewer = dict(list(results.items())[1:])
    assert embedded(fewer) == []
    bare = {
        id: Result(one.record, one.manifest, {"value": np.array([1.0])}, {})
        for id, one in results.items()
    }
    (one,) = embedded(bare)
    assert one.url == ""
    assert one.problem


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A page with two pictures, of which one could not be drawn."""
    shown = Embedded("test/figures/a", "Of <two>", ("test/law", "test/open"), "of now", DOT, (1, 1))
    lost = Embedded("test/figures/b", "Of one", ("test/crash",), "of now", problem="no `y` & no x")
    monkeypatch.setattr(pages, "embedded", lambda results: [shown, lost])
    store = report_store.filled(tmp_path / "store")
    write(store.ids(), store, tmp_path / "page.html")
    return tmp_path / "page.html"


def test_the_page_shows_pictures_with_their_claims_and_claims_name_them(file: Path) -> None:
    text = file.read_text("utf-8")
    assert '<a href="#pictures">Pictures</a>' in text
    assert f'src="{DOT}" width="1" height="1" alt="Of &lt;two&gt;: ' in text
    assert "Not drawn: no `y` &amp; no x" in text
    assert text.count('<a href="#picture:test/figures/a">Of &lt;two&gt;</a>') == 2
    assert "#picture:test/figures/b" not in text


def test_a_page_without_pictures_has_no_place_for_them(tmp_path: Path) -> None:
    store = report_store.filled(tmp_path / "store")
    assert "pictures-head" not in render(store.ids(), store)


def test_pictures_are_shown_with_any_of_their_claims(opened: Any) -> None:
    page = opened("#picture:test/figures/a")
    shown = lambda: [one.is_visible() for one in page.locator(".pictures figure").all()]
    assert shown() == [True, True]
    assert page.locator(".pictures img").evaluate("one => one.naturalWidth") == 1
    page.get_by_label("Verdict", exact=True).select_option("error")
    page.get_by_text("1 of 7 claims").wait_for()
    assert shown() == [False, True]
    page.get_by_label("Verdict", exact=True).select_option("inconclusive")
    page.locator("[id='picture:test/figures/a']").wait_for()
    assert shown() == [True, False]
