"""What a drawing shows in a notebook."""

from __future__ import annotations

import base64
import io
import re

import numpy as np
import pytest
from IPython.core.interactiveshell import InteractiveShell
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from PIL import Image

from labhelpers import History
from labhelpers.figures import plot_contours, plot_fit, plot_step, plot_steps, plot_surface
from labhelpers.figures.style import PALETTE


def test_bundle_has_picture_and_sentence(dataset):
    drawing = plot_fit(dataset, (1, -1))
    bundle = drawing._repr_mimebundle_()
    assert set(bundle) == {"text/plain", "text/html"}
    assert bundle["text/plain"] == drawing.describe() == repr(drawing)
    page = bundle["text/html"]
    picture = re.search(r'src="data:image/png;base64,([^"]+)"', page).group(1)
    assert base64.b64decode(picture) == drawing.png()
    assert f'alt="{drawing.describe()}"' in page
    assert f">{drawing.describe()}</figcaption>" in page


def test_markup_in_a_label_is_escaped(surface):
    history = History(surface, (0, 0), lr=0.1, label='<script>"x"</script>')
    drawing = plot_contours(surface, history)
    page = drawing._repr_mimebundle_()["text/html"]
    assert "<script>" not in page and "&lt;script&gt;" in page


def test_on_given_axes_only_the_sentence_is_shown(dataset):
    drawing = plot_fit(dataset, (1, -1), ax=Figure().add_subplot())
    assert drawing._repr_mimebundle_() == {"text/plain": drawing.describe()}


def test_include_and_exclude_are_honoured(dataset):
    drawing = plot_fit(dataset)
    assert set(drawing._repr_mimebundle_(include={"text/plain"})) == {"text/plain"}
    assert set(drawing._repr_mimebundle_(exclude={"text/plain"})) == {"text/html"}


def test_picture_is_twice_its_logical_size_and_carries_no_metadata(dataset, surface, run):
    drawing = plot_step(dataset, surface, run, 2)
    picture = Image.open(io.BytesIO(drawing.png()))
    width = int(re.search(r'width="(\d+)"', drawing._repr_mimebundle_()["text/html"]).group(1))
    assert abs(picture.width - 2 * width) <= 2
    assert picture.info.keys() <= {"transparency"}


def test_two_panels_are_small(dataset, surface, run):
    assert len(plot_step(dataset, surface, run, 2).png()) <= 45 * 1024


def test_rendering_leaves_the_figure_as_it_was(dataset):
    drawing = plot_fit(dataset)
    before, canvas = drawing.figure_.dpi, drawing.figure_.canvas
    drawing.png()
    assert drawing.figure_.dpi == before
    assert drawing.figure_.canvas is canvas


def test_a_panel_of_a_larger_figure_can_be_rendered(dataset):
    left, _ = Figure(figsize=(8, 4)).subfigures(1, 2)
    assert plot_fit(dataset, ax=left.add_subplot()).png().startswith(b"\x89PNG")


def test_a_colour_of_few_pixels_comes_out_as_it_is(dataset, surface):
    """One marker of the path: no more than a hundred pixels of a picture of a million."""
    nowhere = History(surface, (-15, -10), lr=0.1)
    for drawing in (
        plot_surface(surface, nowhere),
        plot_step(dataset, surface, nowhere, 0),
    ):
        picture = Image.open(io.BytesIO(drawing.png())).convert("RGB")
        colours = {colour for _, colour in picture.getcolors(1 << 20)}
        assert tuple(bytes.fromhex(PALETTE[0].removeprefix("#"))) in colours


def test_legends_stay_inside_the_picture_and_off_the_power_of_ten(dataset, surface, run):
    x = np.linspace(-1e6, 1e6, 9)
    for drawing in (
        plot_fit((x, 3000 * x), (3000, 0)),
        plot_steps(dataset, surface, run, (3,)),
        plot_steps(dataset, surface, run, (0, 3)),
        plot_steps(dataset, surface, run),
    ):
        drawing.png()
        FigureCanvasAgg(drawing.figure_).draw()
        legend = drawing.artists_["legend"].get_window_extent()
        assert legend.x0 >= 0 and legend.x1 <= drawing.figure_.bbox.x1
        power = drawing.axes_[0].yaxis.get_offset_text()
        if power.get_text():
            assert not power.get_window_extent().overlaps(legend)


def test_large_values_have_a_power_of_ten():
    """What the test above keeps clear of."""
    x = np.linspace(-1e6, 1e6, 9)
    drawing = plot_fit((x, 3000 * x))
    FigureCanvasAgg(drawing.figure_).draw()
    assert drawing.ax_.yaxis.get_offset_text().get_text()


def test_ax_is_for_one_panel_only(dataset, surface, run):
    drawing = plot_fit(dataset)
    assert (drawing.ax_,) == drawing.axes_
    with pytest.raises(AttributeError, match="2 panels"):
        plot_step(dataset, surface, run, 0).ax_  # noqa: B018


@pytest.mark.parametrize("backend", ["agg", "module://matplotlib_inline.backend_inline"])
def test_shown_by_ipython_under_either_backend(dataset, backend):
    import matplotlib.pyplot as plt

    before = plt.get_backend()
    try:
        plt.switch_backend(backend)
        shell = InteractiveShell.instance()
        data, _ = shell.display_formatter.format(plot_fit(dataset, (1, -1)))
        assert set(data) == {"text/plain", "text/html"}
        assert plt.get_fignums() == []
    finally:
        plt.switch_backend(before)
