"""Each untouched lab, opened in JupyterLab as a student opens it, and run from top to bottom."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from tests.jupyter import JupyterServer, open_notebook, run_all

pytestmark = pytest.mark.browser

LABS = sorted((Path(__file__).parents[2] / "notebooks").glob("lab*.ipynb"))


@pytest.fixture(scope="module")
def server(browser, tmp_path_factory):
    with JupyterServer(tmp_path_factory.mktemp("labs")) as server:
        for path in LABS:
            shutil.copy(path, server.work)
        yield server


@pytest.fixture(scope="module")
def artefacts() -> Path | None:
    """Where screenshots are kept, to be looked at: $ARTEFACTS; without it none are made."""
    if not (chosen := os.environ.get("ARTEFACTS")):
        return None
    folder = Path(chosen)
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@pytest.mark.parametrize("path", LABS, ids=lambda path: path.stem)
def test_run_all_on_the_untouched_lab(open_page, server, artefacts, path):
    page = open_notebook(open_page, server, path.name)
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
        take_tall_picture(page, artefacts / f"{path.stem}.png")
    server.shut_kernels_down()


def take_tall_picture(page, path: Path) -> None:
    """The whole notebook in one picture."""
    outer = page.locator(".jp-WindowedPanel-outer").first
    height = outer.evaluate("one => one.scrollHeight")
    page.set_viewport_size({"width": 1280, "height": min(height + 150, 16_000)})
    outer.evaluate("one => one.scrollTo(0, 0)")
    page.wait_for_timeout(500)
    page.screenshot(path=path)
