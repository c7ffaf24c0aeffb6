"""Untouched labs, opened in JupyterLab as a student opens them, and run from top to bottom.

What every lab shows when it is run is proved without a browser (`Untouched` in the course's
conftest.py). These say that it arrives on the page.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from tests.jupyter import open_notebook, run_all

pytestmark = pytest.mark.browser

#: The lab with every kind of output; the first one that a student opens, and the graded one.
LABS = [
    "lab01_two_parameter_training",
    pytest.param("lab00_start_here", marks=pytest.mark.prove),
    pytest.param("lab05_implement_gradient_descent", marks=pytest.mark.prove),
]


@pytest.fixture(scope="module")
def artefacts() -> Path | None:
    """Where screenshots are kept, to be looked at: $ARTEFACTS; without it none are made."""
    if not (chosen := os.environ.get("ARTEFACTS")):
        return None
    folder = Path(chosen)
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@pytest.mark.parametrize("lab", LABS)
def test_run_all_on_the_untouched_lab(course, open_page, server, artefacts, lab):
    shutil.copy(course / "notebooks" / f"{lab}.ipynb", server.work)
    page = open_notebook(open_page, server, f"{lab}.ipynb")
    run_all(page)

    text = page.locator(".jp-Notebook").inner_text()
    assert "Not attempted" in text
    assert "The check itself failed" not in text
    # Every picture has arrived, and each figure tells a screen reader once what it shows.
    for figure in page.locator(".jp-OutputArea figure").all():
        pictures = figure.locator("img").all()
        assert all(one.evaluate("img => img.complete && img.naturalWidth > 20") for one in pictures)
        texts = [one.get_attribute("alt") for one in pictures]
        assert sum(len(text) > 30 for text in texts) == 1 and "Image" not in texts
    assert (
        page.locator(
            ".jp-OutputArea-output [data-mime-type='application/vnd.jupyter.stderr']"
        ).count()
        == 0
    )

    if artefacts:
        take_tall_picture(page, artefacts / f"{lab}.png")
    server.shut_kernels_down()


def take_tall_picture(page, path: Path) -> None:
    """The whole notebook in one picture."""
    outer = page.locator(".jp-WindowedPanel-outer").first
    height = outer.evaluate("one => one.scrollHeight")
    page.set_viewport_size({"width": 1280, "height": min(height + 150, 16_000)})
    outer.evaluate("one => one.scrollTo(0, 0)")
    page.wait_for_timeout(500)
    page.screenshot(path=path)
