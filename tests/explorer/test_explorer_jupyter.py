"""The figure in JupyterLab 4, in Notebook 7 and in nbconvert's HTML, in a real browser."""

from __future__ import annotations

import shutil
import time

import nbformat
import pytest
from jupyter_client import BlockingKernelClient

from tests.explorer.figure import Figure
from tests.jupyter import open_notebook, reopen_without_kernel, run_all, save

pytestmark = [pytest.mark.browser, pytest.mark.prove]

FIGURE = """
from labhelpers import data
from labhelpers.explorer import DescentExplorer
explorer = DescentExplorer(data.gentle_line(), start=(-15, -10), lr=0.1, steps=15)
explorer
"""
WIDGET = FIGURE.rstrip() + ".widget()\n"
WIDGET = WIDGET.replace("explorer.widget()", "widget = explorer.widget()\nwidget")


def write_notebook(path, *sources: str) -> None:
    cells = [nbformat.v4.new_markdown_cell("# The figure")]
    cells += [nbformat.v4.new_code_cell(source.strip()) for source in sources]
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    book = nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": kernel})
    nbformat.write(book, path)


def active_cell(page) -> int:
    return page.evaluate("window.jupyterapp.shell.currentWidget.content.activeCellIndex")


def try_everything(figure: Figure) -> None:
    """Move each control once and see the picture change."""
    page = figure.page
    cell_count = page.locator(".jp-Cell").count()
    for name in ("lr", "momentum", "steps"):
        before, picture = figure.box(name).input_value(), figure.pixels()
        slider = figure.slider(name)
        slider.focus()
        active = active_cell(page)
        for _ in range(2):
            page.keyboard.press("ArrowRight")
        figure.settle()
        assert figure.box(name).input_value() != before
        assert figure.pixels()[1] != picture[1]
        # The arrow keys belonged to the slider: the notebook has not moved to another cell.
        assert slider.evaluate("one => one.getRootNode().activeElement === one")
        assert active_cell(page) == active
    picture = figure.pixels()
    figure.drag_start(25, 20)
    assert figure.start[0] > -15
    assert figure.pixels()[1] != picture[1]
    figure.find("[name=size][value='5']").check()
    figure.settle()
    assert "Bounded" in figure.words
    figure.press("first")
    figure.press("forward")
    figure.press("back")
    assert figure.step == 0
    figure.find("[data-do=play]").click()
    figure.wait_for_step(1)
    figure.press("last")
    figure.press("reset")
    # Digits and letters typed into a box are not commands of the notebook.
    figure.type("lr", 0.34)
    assert "Diverging" in figure.words
    assert page.locator(".jp-Cell").count() == cell_count


def test_jupyterlab_run_save_reload_without_a_kernel_and_nbconvert(open_page, server, tmp_path):
    path = server.work / "figure.ipynb"
    write_notebook(path, FIGURE)
    page = open_notebook(open_page, server, path.name)
    run_all(page)
    figure = Figure(page)
    assert figure.text("output") == "step 15 of 15"
    try_everything(figure)
    themes = {"JupyterLab Dark": "dark", "JupyterLab Light": "light"}
    for theme, expected in themes.items():
        page.evaluate(
            "theme => window.jupyterapp.commands.execute('apputils:change-theme', {theme})", theme
        )
        figure.find(f"xpath=self::*[@data-theme='{expected}']").wait_for()
        figure.settle()
        assert figure.is_drawn_dark == (expected == "dark")
    save(page)

    page = reopen_without_kernel(open_page, server, page)
    try_everything(Figure(page))
    assert server.kernels() == []
    page.close()

    from nbconvert import HTMLExporter

    html = tmp_path / "figure.html"
    html.write_text(HTMLExporter().from_filename(str(path))[0], encoding="utf-8")
    exported = Figure(open_page(html, offline=True, color_scheme="dark"))
    # The exported page says that it is light, whatever the system prefers.
    assert exported.section.get_attribute("data-theme") == "light"
    exported.type("lr", 0.4)
    assert "−1.4" in exported.words
    exported.drag_start(30, 10)
    assert exported.start[0] > -15

    # The same output in a notebook that nobody here has signed.
    book = nbformat.read(path, as_version=4)
    book.cells[0].source = "# From somewhere else"
    nbformat.write(book, server.work / "foreign.ipynb")
    page = open_notebook(open_page, server, "foreign.ipynb")
    still = page.locator(".jp-OutputArea figure > div:nth-of-type(2) img")
    still.first.wait_for()
    widths = still.evaluate_all("every => every.map((one) => one.naturalWidth)")
    assert len(widths) == 3
    assert min(widths) > 200
    assert "from 835.3 to 0.1174" in page.locator(".jp-OutputArea").inner_text()
    assert page.locator("section[data-theme]").count() == 0


def test_enter_and_one_screen_in_jupyterlab(open_page, server):
    path = server.work / "screen.ipynb"
    write_notebook(path, FIGURE.replace("steps=15", 'steps=15, task="Find the largest rate."'))
    page = open_notebook(open_page, server, path.name)
    page.set_viewport_size({"width": 1280, "height": 720})
    run_all(page)
    figure = Figure(page)
    # Real keys: in the output of a cell, Enter comes with its default prevented.
    rate = figure.box("lr")
    rate.click(click_count=3)
    page.keyboard.type("0.34")
    page.keyboard.press("Enter")
    figure.settle()
    assert rate.evaluate("one => one.getRootNode().activeElement === one")
    assert "Diverging" in figure.words
    page.keyboard.type("7")
    rate.click(click_count=3)
    page.keyboard.type("0.2")
    page.keyboard.press("Enter")
    figure.settle()
    assert "Converging" in figure.words

    figure.section.evaluate("one => one.scrollIntoView({ block: 'start' })")
    figure.settle()
    shown = page.locator(".jp-NotebookPanel-notebook").first.bounding_box()
    for part in (".words", "[type=range][name=lr]", "[data-do=play]", ".parameters .stage"):
        place = figure.find(part).bounding_box()
        assert place["y"] >= shown["y"]
        assert place["y"] + place["height"] <= shown["y"] + shown["height"]


def test_notebook_7_run_save_reload_without_a_kernel(open_page, server):
    path = server.work / "figure7.ipynb"
    write_notebook(path, FIGURE)
    page = open_notebook(open_page, server, path.name, "notebooks")
    run_all(page)
    try_everything(Figure(page))
    save(page)
    page = reopen_without_kernel(open_page, server, page, "notebooks")
    try_everything(Figure(page))
    assert server.kernels() == []


def test_widget_and_python_share_the_state(open_page, server):
    server.shut_kernels_down()
    path = server.work / "widget.ipynb"
    write_notebook(path, WIDGET)
    page = open_notebook(open_page, server, path.name)
    run_all(page)
    figure = Figure(page)
    [kernel] = server.kernels()
    client = BlockingKernelClient(
        connection_file=str(server.runtime / f"kernel-{kernel}.json"),
    )
    client.load_connection_file()
    client.start_channels()

    def python(expression: str):
        reply = client.execute_interactive(
            "", user_expressions={"value": expression}, timeout=30, output_hook=lambda message: None
        )
        value = reply["content"]["user_expressions"]["value"]
        assert value["status"] == "ok", value
        return value["data"]["text/plain"]

    def until(expression: str, expected: str) -> None:
        deadline = time.monotonic() + 60
        while (found := python(expression)) != expected and time.monotonic() < deadline:
            time.sleep(0.1)
        assert found == expected

    try:
        figure.type("lr", 0.2)
        until("widget.lr", "0.2")
        figure.find("[name=size][value='5']").check()
        until("(widget.batch_size, widget.history.batch_size)", "(5, 5)")
        figure.press("first")
        figure.press("forward")
        until("widget.step", "1")
        figure.drag_start(20, 20)
        until("widget.start != [-15, -10]", "True")
        python("setattr(widget, 'lr', 0.4)")
        python("setattr(widget, 'batch_size', None)")
        figure.find(".words", has_text="−1.4").wait_for()
        assert figure.box("lr").input_value() == "0.4"
        until("widget.history.lr", "0.4")
    finally:
        client.stop_channels()


def test_node_is_there_when_ci_asks_for_it():
    """The trajectory tests skip without Node; in CI that would hide them."""
    import os

    if not os.environ.get("CI"):
        pytest.skip("only CI has to have Node")
    assert shutil.which("node")
