"""A real browser for the tests that look at a page as its reader does.

`browser` and `open_page` are fixtures of every test: tests/conftest.py hands them on.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def _missing(what: str) -> None:
    """In CI a missing browser is a fault; on a student's machine it is not."""
    if os.environ.get("CI"):
        pytest.fail(f"{what}; in CI the browser tests must run")
    pytest.skip(f"{what}, so the page cannot be tried in a browser")


def chromium_path() -> str | None:
    """Return the Chromium to use: $CHROMIUM, else one on the path."""
    names = (os.environ.get("CHROMIUM"), "chromium", "chromium-browser", "google-chrome")
    return next((found for name in names if name and (found := shutil.which(name))), None)


# Not for the whole session: while Playwright runs, its event loop runs in this thread, and a test
# that starts a loop of its own could not.
@pytest.fixture(scope="module")
def browser():
    """A headless Chromium."""
    try:
        from playwright.sync_api import sync_playwright
    except ModuleNotFoundError:
        _missing("Playwright is not installed")
    program = chromium_path()
    if program is None:
        _missing("no Chromium was found")
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=program, args=ARGUMENTS)
        yield running
        running.close()


@pytest.fixture
def open_page(browser):
    """A function that opens an address in a page of its own; every complaint fails the test.

    Keyword arguments are those of Playwright's ``new_context``. A page keeps its complaints in the
    list ``page.complaints``.
    """
    pages = []

    def open_at(url: str | Path, offline: bool = False, **options):
        options = {"viewport": {"width": 1280, "height": 900}} | options
        context = browser.new_context(**options)
        context.set_default_timeout(60_000)
        page = context.new_page()
        page.complaints = []
        pages.append(page)

        def note(message):
            if message.type == "error" and not _is_missing_network(message.text):
                page.complaints.append(message.text)

        page.on("pageerror", lambda error: page.complaints.append(str(error)))
        page.on("console", note)
        if offline:
            context.set_offline(True)
        page.goto(url.as_uri() if isinstance(url, Path) else url)
        return page

    yield open_at
    for page in pages:
        page.context.close()
    assert [complaint for page in pages for complaint in page.complaints] == []


def _is_missing_network(text: str) -> bool:
    """A page of nbconvert asks for MathJax; without a network the browser says so."""
    return "ERR_INTERNET_DISCONNECTED" in text or "ERR_NAME_NOT_RESOLVED" in text
