"""A real browser for the tests that look at a page as its reader does.

`browser` and `open_page` are fixtures of every test: tests/conftest.py hands them on.
"""

from __future__ import annotations

import os
import re
import shutil
from dataclasses import dataclass
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

        def write_down(text: str, sources: list[str]) -> None:
            complaint = Complaint(text, tuple(sources), page.url)
            if not complaint.is_of_the_surroundings:
                page.complaints.append(complaint)

        def note(message):
            if message.type == "error":
                write_down(message.text, [message.location["url"]])

        page.on("pageerror", lambda error: write_down(*_text_and_sources(error)))
        page.on("console", note)
        if offline:
            context.set_offline(True)
        page.goto(url.as_uri() if isinstance(url, Path) else url)
        return page

    yield open_at
    for page in pages:
        page.context.close()
    complaints = [str(complaint) for page in pages for complaint in page.complaints]
    # As the message of a failure: pytest shortens a list that it compares.
    assert not complaints, "the pages complained:\n" + "\n".join(complaints)


@dataclass(frozen=True)
class Complaint:
    """An error that a page has written to its console, or that nothing in it has caught.

    Attributes
    ----------
    text : str
        The error, with its stack where it has one.
    sources : tuple of str
        Addresses of the programs on the stack, or of what could not be loaded.
    page : str
        Address of the page.
    """

    text: str
    sources: tuple[str, ...]
    page: str

    @property
    def is_of_jupyter(self) -> bool:
        """Whether nothing but Jupyter's own programs and addresses had a part in it."""
        return bool(self.sources) and all(_OF_JUPYTER.search(one) for one in self.sources)

    @property
    def is_of_the_surroundings(self) -> bool:
        """Whether a page that is without a fault writes it, too.

        Without a network the page of nbconvert misses MathJax. When a test shuts a kernel down,
        JupyterLab complains if it was still talking to it, as on a busy machine it is.
        """
        return bool(
            _NO_NETWORK.search(self.text) or (self.is_of_jupyter and _KERNEL_GONE.search(self.text))
        )

    def __str__(self) -> str:
        return f"{self.page}: {self.text} (from {', '.join(self.sources) or 'nowhere'})"


_NO_NETWORK = re.compile("ERR_INTERNET_DISCONNECTED|ERR_NAME_NOT_RESOLVED")
_OF_JUPYTER = re.compile(r"^(http|ws)://127\.0\.0\.1:\d+/(static|lab/extensions|api)/")
_KERNEL_GONE = re.compile(
    r"Kernel is dead|Canceled future for \w+ message|(Kernel \w+|Session) is disposed"
    r"|Kernel connection disconnected|status of 404|WebSocket connection to .* failed"
)


def _text_and_sources(error) -> tuple[str, list[str]]:
    stack = error.stack or ""
    text = stack if error.message in stack else f"{error.message}\n{stack}".rstrip()
    return text, re.findall(r"(?:https?|file|blob):[^\s()]*", stack)
