"""What a drawing shows in a notebook."""

from __future__ import annotations

import base64
import io
import re

import pytest
from IPython.core.interactiveshell import InteractiveShell
from matplotlib.figure import Figure
from PIL import Image

from labhelpers import History
from labhelpers.figures import plot_contours, plot_fit, plot_step


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
    before = drawing.figure_.dpi
    drawing.png()
    assert drawing.figure_.dpi == before


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
