"""What a drawing shows in a notebook."""

from __future__ import annotations

import html
import re
import xml.etree.ElementTree as ElementTree
from urllib.parse import unquote

import numpy as np
import pytest
from IPython.core.interactiveshell import InteractiveShell
from matplotlib.figure import Figure
from matplotlib.textpath import TextPath

from labhelpers import History
from labhelpers.figures import plot_contours, plot_fit, plot_losses, plot_step, plot_steps
from labhelpers.figures.style import (
    BATCH,
    INK,
    KEPT,
    MINIMUM,
    MUTED,
    PAPER,
    RUN_COLOURS,
    SHADES,
    THEME,
    WRONG,
    run_styles,
)
from labhelpers.figures.vector import FONT_SIZE, draw_panel, number_width

SVG = "{http://www.w3.org/2000/svg}"


def pictures(page: str) -> list[str]:
    """The SVGs in the output of a cell, those of the legend first."""
    found = re.findall(r'src="data:image/svg\+xml,([^"]+)"', page)
    return [unquote(picture).replace("'", '"') for picture in found]


def test_bundle_has_picture_caption_and_description(dataset):
    drawing = plot_fit(dataset, (1, -1))
    bundle = drawing._repr_mimebundle_()
    assert set(bundle) == {"text/plain", "text/html"}
    assert bundle["text/plain"] == drawing.describe() == repr(drawing)
    page = bundle["text/html"]
    # The panel, and beside each name of the legend a sample.
    assert pictures(page)[2:] == drawing.panels()
    assert f'alt="{drawing.describe()}"' in page
    assert f">{html.escape(drawing.caption)}</figcaption>" in page


def test_captions_leave_numbers_to_the_description(plots):
    for name, (draw, _) in plots.items():
        drawing = draw()
        # The names of runs may hold a rate; nothing else in a caption is a number.
        assert not re.search(r"\d{2}|\d\.\d", drawing.caption), name
        assert re.search(r"\d", drawing.describe()), name


def test_markup_in_a_label_is_escaped(surface):
    history = History(surface, (0, 0), lr=0.1, label='<script>"x"</script>')
    page = plot_contours(surface, history)._repr_mimebundle_()["text/html"]
    assert "<script>" not in page and "&lt;script&gt;" in page


def test_on_given_axes_only_the_sentence_is_shown(dataset):
    drawing = plot_fit(dataset, (1, -1), ax=Figure().add_subplot())
    assert drawing._repr_mimebundle_() == {"text/plain": drawing.describe()}


def test_pictures_are_well_formed_and_stay_in_their_frame(plots):
    """Every text of a picture starts and ends inside it, by a generous width of its letters."""
    for name, (draw, _) in plots.items():
        for svg in draw().panels():
            root = ElementTree.fromstring(svg)
            left, top, width, height = map(float, root.get("viewBox").split())
            for text in root.iter(f"{SVG}text"):
                if text.get("transform"):
                    continue
                half = 0.5 * FONT_SIZE * len(text.text) / 2
                middle = float(text.get("x"))
                middle += half * {"start": 1, "middle": 0, "end": -1}[text.get("text-anchor")]
                assert left <= middle - half and middle + half <= left + width, (name, text.text)
                assert top + 8 < float(text.get("y")) < top + height, (name, text.text)


def test_texts_are_at_least_11_pixels_on_a_phone(plots):
    """In a window of 500 px JupyterLab leaves 364 px to a picture, which shrinks the widest."""
    for name, (draw, _) in plots.items():
        for svg in draw().panels():
            width = float(ElementTree.fromstring(svg).get("width"))
            assert FONT_SIZE * min(1, 364 / width) >= 11, name


def spacing(picture, anchor: str, axis: str) -> float:
    """Pixels to a unit along one axis of a picture, read off the numbers at its ticks."""
    ticks = [
        (float(text.get(axis)), float(text.text.replace("−", "-")))
        for text in picture.iter(f"{SVG}text")
        if text.get("text-anchor") == anchor
        and re.fullmatch(r"−?[\d.]+", text.text)
        # The numbers of contours have a halo.
        and not text.get("paint-order")
    ]
    return abs((ticks[-1][0] - ticks[0][0]) / (ticks[-1][1] - ticks[0][1]))


def test_one_scale_in_the_picture_itself(surface, run):
    """Measured in pixels: the numbers of both axes, and the ellipses, whose shape is √κ."""
    picture = ElementTree.fromstring(plot_contours(surface, run).panels()[0])
    across, down = spacing(picture, "middle", "x"), spacing(picture, "end", "y")
    assert across == pytest.approx(down, rel=0.01)
    ellipses = list(picture.iter(f"{SVG}ellipse"))
    assert len(ellipses) > 4
    for ellipse in ellipses:
        shape = float(ellipse.get("rx")) / float(ellipse.get("ry"))
        assert shape == pytest.approx(surface.condition_number**0.5, rel=0.02)


def test_ticks_stand_beside_the_axis_only():
    """A loss that reaches 10¹⁶ and begins above 100 has no number below 100."""
    picture = ElementTree.fromstring(plot_losses([595, 1e16, 250], scale="log").panels()[0])
    numbers = [text for text in picture.iter(f"{SVG}text") if text.get("text-anchor") == "end"]
    assert "100" in [text.text for text in numbers]
    assert "1" not in [text.text for text in numbers]


def test_numbers_have_room_also_in_a_wide_font(plots, dataset):
    """DejaVu Sans, which Linux takes, is among the widest; a turned label keeps off the numbers."""
    steep = plot_fit(dataset, (-15, -10), show_truth=True)
    for svg in [*steep.panels(), *(svg for draw, _ in plots.values() for svg in draw().panels())]:
        texts = list(ElementTree.fromstring(svg).iter(f"{SVG}text"))
        numbers = [text for text in texts if text.get("text-anchor") == "end"]
        for text in numbers:
            wide = TextPath((0, 0), text.text, size=FONT_SIZE).get_extents().width
            assert wide <= number_width(text.text)
        left = min((float(t.get("x")) - number_width(t.text) for t in numbers), default=np.inf)
        labels = [text for text in texts if "rotate(-90" in text.get("transform", "")]
        # A rotated label hangs a quarter of its size below its line.
        assert all(float(text.get("x")) + 0.25 * FONT_SIZE < left for text in labels)


@pytest.mark.parametrize(("pixels", "wanted"), [(428, 5), (160, 10)])
def test_numbers_without_room_are_left_out_at_even_steps(pixels, wanted):
    ax = Figure((pixels / 96, 160 / 96), 96).add_axes([0.4, 0.4, 0.5, 0.5])
    ax.plot([-17, 7], [0, 0])
    ax.set_xticks([-15, -10, -5, 0, 5])
    picture = ElementTree.fromstring(draw_panel([ax], (0, 0, pixels, 160)))
    texts = [one.text for one in picture.iter(f"{SVG}text") if one.get("text-anchor") == "middle"]
    numbers = [float(text.replace("−", "-")) for text in texts]
    assert set(np.diff(numbers)) == {wanted}


def test_a_long_title_stays_in_its_panel(dataset, surface, run):
    for panel in plot_steps(dataset, surface, run, steps=(0, run.steps)).panels():
        picture = ElementTree.fromstring(panel)
        left, _, width, _ = map(float, picture.get("viewBox").split())
        (title,) = [text for text in picture.iter(f"{SVG}text") if text.get("font-weight")]
        # A bold letter of a wide font is 0.65 of its size wide.
        wide = float(title.get("textLength", 0.65 * FONT_SIZE * len(title.text)))
        assert left <= float(title.get("x")) and float(title.get("x")) + wide <= left + width


def test_two_panels_are_small(dataset, surface, run):
    page = plot_step(dataset, surface, run, 2)._repr_mimebundle_()["text/html"]
    assert len(page) <= 24 * 1024


def test_a_saved_lab_is_small(course):
    for path in (course / "solutions").glob("lab*.ipynb"):
        assert path.stat().st_size <= 350_000, path.name


def test_legend_names_each_artist_once_and_in_the_order_drawn(dataset, surface, run):
    page = plot_step(dataset, surface, run, 2)._repr_mimebundle_()["text/html"]
    names = re.findall(r'src="[^"]+"> ([^<]+)</span>', page)
    assert [html.unescape(name) for name in names] == [
        *("data", "residuals", "ŷ = w·x + b", "minimum", "path so far", "this step"),
        "next step",
    ]


def luminance(color: str) -> float:
    rgb = np.array([int(color[at : at + 2], 16) for at in (1, 3, 5)]) / 255
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    return float(linear @ [0.2126, 0.7152, 0.0722])


def contrast(one: str, other: str) -> float:
    high, low = sorted([luminance(one), luminance(other)], reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_contrast_in_both_themes(dark):
    """WCAG 2: 4.5 for text, 3 for what carries a meaning."""
    shown = THEME.get if dark else str
    for paper in (PAPER, SHADES[-1]):
        assert contrast(shown(INK), shown(paper)) >= 4.5
    assert contrast(shown(MUTED), shown(PAPER)) >= 4.5
    for color in (*RUN_COLOURS, BATCH, MINIMUM, WRONG, KEPT):
        assert contrast(shown(color), shown(PAPER)) >= 3, color


def test_a_colour_means_one_thing():
    meanings = [*RUN_COLOURS, BATCH, MINIMUM, WRONG, KEPT]
    for colors in (meanings, [THEME[color] for color in meanings]):
        assert len(set(colors)) == len(meanings)


def test_the_explorer_has_the_colours_of_the_same_table(course):
    style = (course / "labhelpers" / "explorer" / "explorer.css").read_text().lower()
    for color in (RUN_COLOURS[0], BATCH, MINIMUM, KEPT):
        assert color in style and THEME[color] in style, color


def test_a_picture_has_the_colours_of_both_themes(dataset, surface, run):
    light, dark = re.search(
        r":root\{(.*?)\}@media\(prefers-color-scheme:dark\)\{:root\{(.*?)\}\}",
        plot_step(dataset, surface, run, 2).panels()[1],
    ).groups()
    light, dark = (dict(pair.split(":") for pair in part.split(";")) for part in (light, dark))
    assert light.keys() == dark.keys()
    assert all(THEME[light[name]] == dark[name] for name in light)
    (style,) = run_styles([run])
    assert {PAPER, INK, style.color} <= set(light.values())


def test_what_leaves_the_plot_stays_short_in_the_picture(surface, dataset):
    """Numbers near the ends of the range are cut to the frame: no picture is drawn to 1e300."""
    history = History(surface, (-15, -10), lr=0.6)
    for size in (1e100, -1e200, 1e300):
        history.step(size, 1.0)
    for drawing in (plot_contours(surface, history), plot_losses(history, scale="log")):
        for shape in re.findall(r' d="([^"]+)"', drawing.panels()[0]):
            numbers = [float(number) for number in re.findall(r"-?[\d.]+(?:e[-+]?\d+)?", shape)]
            assert max(map(abs, numbers)) < 1e4


def test_large_values_have_one_format():
    x = np.linspace(-1e6, 1e6, 9)
    picture = ElementTree.fromstring(plot_fit((x, 3000 * x)).panels()[0])
    texts = [text.text for text in picture.iter(f"{SVG}text")]
    assert "−4 × 10⁹" in texts or "−2 × 10⁹" in texts
    assert "10⁶" in texts and not any("e" in text or "-" in text for text in texts)


def test_ax_is_for_one_panel_only(dataset, surface, run):
    drawing = plot_fit(dataset)
    assert (drawing.ax_,) == drawing.axes_
    with pytest.raises(AttributeError, match="2 panels"):
        plot_step(dataset, surface, run, 0).ax_  # noqa: B018


def test_each_column_of_steps_stays_together(dataset, surface, run):
    drawing = plot_steps(dataset, surface, run, (0, 3, 5))
    first = ElementTree.fromstring(drawing.panels()[0])
    labels = [text.text for text in first.iter(f"{SVG}text")]
    assert len(drawing.panels()) == 3 and {"x", "slope w", "Step 0: loss 835"} <= set(labels)


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
