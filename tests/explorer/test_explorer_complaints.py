"""What counts as a page's fault, and what JupyterLab itself writes on a busy machine."""

from __future__ import annotations

import pytest

from tests.chromium import Complaint

LAB = "http://127.0.0.1:8888/lab/tree/figure.ipynb"
CORE = "http://127.0.0.1:8888/static/lab/jlab_core.js?v=1:13627:29552"
KERNEL = "http://127.0.0.1:8888/api/kernels/effc58db"


@pytest.mark.parametrize(
    ("text", "source"),
    [
        ("Error: Kernel is dead", CORE),
        ("Canceled future for debug_request message before replies were done", CORE),
        ("Kernel connection is disposed", CORE),
        ("Failed to load resource: the server responded with a status of 404 (Not Found)", KERNEL),
        ("Failed to load resource: net::ERR_INTERNET_DISCONNECTED", "https://example.org/math.js"),
    ],
)
def test_a_kernel_that_a_test_took_away_is_no_fault_of_the_page(text, source):
    assert Complaint(text, (source,), LAB).is_of_the_surroundings


@pytest.mark.parametrize(
    ("text", "sources"),
    [
        # The words of the kernel, but from a program in the page: that is where the figure stands.
        ("Error: Kernel is dead", (LAB,)),
        ("Error: Kernel is dead", (CORE, LAB)),
        ("Error: Kernel is dead", ("blob:http://127.0.0.1:8888/1f", CORE)),
        ("Error: Kernel is dead", ()),
        ("TypeError: x is undefined", (CORE,)),
        ("TypeError: x is undefined", (LAB,)),
    ],
)
def test_any_other_complaint_stays(text, sources):
    assert not Complaint(text, sources, LAB).is_of_the_surroundings


@pytest.mark.browser
@pytest.mark.prove
@pytest.mark.parametrize(
    "program",
    [
        "throw new Error('out of ink')",
        "console.error('out of ink')",
        "Promise.reject('out of ink')",
    ],
)
def test_a_complaint_is_kept_with_its_place(open_page, tmp_path, program):
    path = tmp_path / "page.html"
    path.write_text(f"<!doctype html><title>page</title><script>{program}</script>")
    page = open_page(path)
    for _ in range(200):
        page.wait_for_timeout(50)
        if page.complaints:
            break
    [complaint] = page.complaints
    assert "out of ink" in str(complaint)
    assert str(complaint).startswith(path.as_uri())
    page.complaints.clear()
