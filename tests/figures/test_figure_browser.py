"""The figures in JupyterLab, in a notebook that is not trusted: light, dark and narrow."""

from __future__ import annotations

import io

import nbformat
import pytest
from matplotlib.figure import Figure
from PIL import Image

from labhelpers.figures import plot_run, plot_step
from labhelpers.figures.plain import themed
from labhelpers.figures.style import PAPER, THEME
from labhelpers.figures.vector import FONT_SIZE
from tests.jupyter import JupyterServer, open_notebook

pytestmark = pytest.mark.browser

PANELS = "div:nth-of-type(2) > img"


@pytest.fixture(scope="module")
def server(browser, tmp_path_factory, dataset, surface, run):
    """A server with one notebook, saved elsewhere: JupyterLab sanitises its outputs."""
    cells = []
    bundles = [
        plot._repr_mimebundle_()
        for plot in (plot_step(dataset, surface, run, 1), plot_run(dataset, surface, run))
    ]
    # A figure that is made with pyplot, as a student makes it.
    figure = Figure()
    figure.add_subplot().plot(run.loss)
    for bundle in (*bundles, {"text/html": themed(figure)}):
        output = nbformat.v4.new_output("execute_result", bundle, execution_count=1)
        cells.append(nbformat.v4.new_code_cell("draw()", outputs=[output], execution_count=1))
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    book = nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": kernel})
    with JupyterServer(tmp_path_factory.mktemp("figures")) as server:
        nbformat.write(book, server.work / "figures.ipynb")
        yield server


def paper(picture) -> tuple[int, ...]:
    """The colour at the left edge of a picture, as it is seen."""
    shot = Image.open(io.BytesIO(picture.screenshot())).convert("RGB")
    return shot.getpixel((3, shot.height // 2))


def rgb(color: str) -> tuple[int, ...]:
    return tuple(bytes.fromhex(color.removeprefix("#")))


@pytest.mark.parametrize("system", ["light", "dark"])
def test_the_picture_follows_the_theme_of_the_page_and_not_of_the_system(open_page, server, system):
    page = open_notebook(open_page, server, "figures.ipynb")
    page.emulate_media(color_scheme=system)
    assert not page.evaluate(
        "window.jupyterapp.shell.currentWidget.content.widgets.some(one => one.model.trusted)"
    )
    pictures = page.locator(f".jp-OutputArea figure > {PANELS}")
    assert pictures.count() == 6
    for theme, color in (("Light", PAPER), ("Dark", THEME[PAPER])):
        page.evaluate(
            "name => window.jupyterapp.commands.execute('apputils:change-theme', {theme: name})",
            f"JupyterLab {theme}",
        )
        light = str(theme == "Light").lower()
        page.wait_for_function("is => document.body.dataset.jpThemeLight === is", arg=light)
        for picture in pictures.all():
            assert picture.evaluate("one => one.complete && one.naturalWidth > 200")
            for _ in range(40):  # a theme's style sheet comes a moment after its name
                if paper(picture) == rgb(color):
                    break
                page.wait_for_timeout(100)
            assert paper(picture) == rgb(color)


def test_in_a_narrow_window_panels_stack_and_texts_keep_11_pixels(open_page, server):
    page = open_notebook(open_page, server, "figures.ipynb")
    figure = page.locator(".jp-OutputArea figure").first
    tops = f"one => [...one.querySelectorAll('{PANELS}')].map(img => img.offsetTop)"
    assert len(set(figure.evaluate(tops))) == 1, "side by side where there is room"
    page.set_viewport_size({"width": 500, "height": 900})
    page.evaluate("window.jupyterapp.shell.collapseLeft()")
    page.wait_for_function("document.querySelector('.jp-OutputArea figure').offsetWidth < 420")
    first, second = figure.evaluate(tops)
    assert second > first
    for picture in page.locator(f".jp-OutputArea figure > {PANELS}").all():
        shrunk = picture.evaluate("one => one.getBoundingClientRect().width / one.naturalWidth")
        assert FONT_SIZE * shrunk >= 10.99
