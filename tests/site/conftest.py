"""One site for all tests, served as a host of static files does."""

from __future__ import annotations

import functools
import os
import threading
import time
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from benchmarks.machine import usable_cores
from labtools.site.build import build_site


@pytest.fixture(scope="session")
def build(course, tmp_path_factory):
    """Return the folder of a freshly built site, and the seconds that it took by itself.

    Other tests run beside it: the minute's mean number of processes for each processor says how
    long it had to wait for one.
    """
    out = tmp_path_factory.mktemp("site") / "html"
    started = time.monotonic()
    build_site(course, out)
    crowded = max(1.0, os.getloadavg()[0] / usable_cores())
    return out, (time.monotonic() - started) / crowded


@pytest.fixture(scope="session")
def site(build) -> Path:
    return build[0]


@pytest.fixture(scope="session")
def pages(site) -> list[str]:
    return sorted(path.relative_to(site).as_posix() for path in site.rglob("*.html"))


@pytest.fixture(scope="session")
def address(site):
    """Serve the site as a host of static files does; return its address."""
    handler = functools.partial(QuietHandler, directory=str(site))
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()


class QuietHandler(SimpleHTTPRequestHandler):
    """A server that keeps its log to itself."""

    def log_message(self, *_):
        """Say nothing."""


@pytest.fixture
def visit(browser, address):
    """A function that opens a page of the site; options are those of Playwright's context.

    A page keeps the requests that leave the site in ``page.requests_out``. Errors that a page
    reports fail the test.
    """
    contexts, complaints = [], []

    def open_page(name: str, page=None, **options):
        if page is None:
            context = browser.new_context(**{"viewport": {"width": 1280, "height": 900}} | options)
            context.set_default_timeout(60_000)
            contexts.append(context)
            page = context.new_page()
            page.requests_out = []
            page.on("request", lambda request: _note(request.url, address, page.requests_out))
            page.on("pageerror", lambda error: complaints.append(f"{page.url}: {error}"))
            page.on(
                "console",
                lambda note: note.type == "error" and complaints.append(f"{page.url}: {note.text}"),
            )
        page.goto(address + name)
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert complaints == []


def _note(url: str, home: str, out: list[str]) -> None:
    if not url.startswith((home, "data:", "blob:")):
        out.append(url)
