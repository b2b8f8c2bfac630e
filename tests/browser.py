"""A browser, and pages opened in it: fixtures for the tests of the page of results."""

import importlib.util
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
FLAGS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip
WIDE, PHONE = {"width": 1100, "height": 900}, {"width": 360, "height": 700}


def _missing(what: str) -> Any:
    """Skip; fail where `.ci/run` says that nothing may be missing."""
    if os.environ.get("LEMMATA_BROWSER") == "required":
        pytest.fail(f"LEMMATA_BROWSER=required, and there is no {what}")
    pytest.skip(f"no {what}; see CONTRIBUTING.md")


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """Chromium, started once a file of tests."""
    if importlib.util.find_spec("playwright") is None:
        _missing("playwright")
    from playwright.sync_api import sync_playwright

    found = next(filter(None, map(shutil.which, BROWSERS)), None) or _missing("chromium")
    with sync_playwright() as playwright:
        # Each launch has a profile of its own, in a folder that goes with it.
        launched = playwright.chromium.launch(executable_path=found, args=FLAGS)
        yield launched
        launched.close()


@pytest.fixture
def opened(browser: Any, file: Path) -> Iterator[Callable[..., Any]]:
    """Opens the page `file`, at a hash; no network was asked then, and nothing complained."""
    contexts, asked, said = [], [], []

    def open_(hash_: str = "", **options: Any) -> Any:
        context = browser.new_context(**{"viewport": WIDE, **options})
        contexts.append(context)
        context.set_default_timeout(5000)
        context.on("request", lambda request: asked.append(request.url))
        page = context.new_page()
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        page.goto(file.as_uri() + hash_)
        return page

    yield open_
    for context in contexts:
        context.close()
    assert [url for url in asked if not url.startswith(("file:", "data:"))] == []
    assert said == []
