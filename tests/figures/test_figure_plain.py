"""Figures that a student makes with pyplot, as the course's notebooks show them."""

from __future__ import annotations

import io
import json
import re
from urllib.parse import unquote

import matplotlib.pyplot as plt
import numpy as np
import pytest
from IPython.core.interactiveshell import InteractiveShell
from matplotlib.figure import Figure

from labhelpers.figures import plot_contours, plot_fit
from labhelpers.figures.plain import mime_bundle, themed
from labhelpers.figures.style import INK, PAPER, RUN_COLOURS, THEME, dark_partner

INLINE = "module://matplotlib_inline.backend_inline"


@pytest.fixture(autouse=True)
def leave_no_figure():
    yield
    plt.close("all")


def losses(**options):
    figure, ax = plt.subplots(figsize=(6, 3.6), layout="constrained", **options)
    ax.plot([2e13, 1.2e13, 0.4e13], "-o", color="#0072B2", label="one sample")
    ax.plot([1e13, 5, 3], "--s", color="#56B4E9", label="batch")
    ax.set(xlabel="epoch", ylabel="loss", title="Two runs")
    ax.legend()
    return figure


def texts(page: str) -> list[str]:
    """What stands in the pictures of `page`."""
    return re.findall(r">([^<>]+)</text>", unquote(page))


def test_lines_are_drawn_as_the_course_draws_them():
    page = themed(losses())
    assert page.count("<img") == 3  # one panel, and a sample beside each name
    assert 'alt="Figure: Two runs: loss against epoch: one sample, batch"' in page
    written = texts(page)
    assert {"Two runs", "epoch", "loss", "10¹³", "1.5 × 10¹³"} <= set(written)
    assert not any("e+" in text or "1e" in text for text in written)
    assert len(page) < 6_000


def test_the_figure_stays_as_it_was():
    def pixels(figure) -> bytes:
        kept = io.BytesIO()
        figure.savefig(kept, format="raw")
        return kept.getvalue()

    untouched, shown = losses(), losses()
    assert themed(shown)
    assert pixels(shown) == pixels(untouched)


def test_contours_on_axes_of_ones_own(dataset, surface, run):
    _, (left, right) = plt.subplots(1, 2, figsize=(7, 3), layout="constrained")
    plot_fit(dataset, run, ax=left)
    plot_contours(surface, run, ax=right)
    page = themed(left.figure)
    assert unquote(page).count("<ellipse") > 3 and {"slope w", "y"} <= set(texts(page))


def twin(ax):
    ax.plot([1, 2])
    ax.twinx().plot([3, 4])


def write_on_ticks(ax):
    ax.plot([1, 2])
    ax.set_xticks([0, 1], ["$a$", "$b$"])


@pytest.mark.parametrize(
    "draw",
    [
        lambda ax: ax.scatter([1, 2], [3, 4]),
        lambda ax: ax.bar([1, 2], [3, 4]),
        lambda ax: ax.imshow([[1, 2]]),
        lambda ax: ax.fill_between([0, 1], [0, 1]),
        lambda ax: ax.axvspan(0, 1),
        lambda ax: ax.step([0, 1], [0, 1]),
        lambda ax: ax.plot([1, 2], color=(0, 0, 1, 0.3)),
        lambda ax: ax.plot([1, 2], marker="$x$"),
        lambda ax: ax.plot(np.zeros(4000)),
        lambda ax: (ax.plot([1, 2]), ax.set_xlabel(r"$\eta$")),
        lambda ax: (ax.plot([1, 2]), ax.annotate("here", (0, 1), (1, 1), arrowprops={})),
        lambda ax: (ax.plot([1, 2]), ax.invert_yaxis()),
        lambda ax: (ax.plot([1, 2]), ax.set_facecolor("black")),
        lambda ax: (ax.plot([1, 2]), ax.figure.set_facecolor("black")),
        lambda ax: (ax.plot([1, 2]), ax.figure.suptitle("above")),
        lambda ax: (ax.plot([1, 2]), ax.set_yscale("symlog")),
        twin,
        write_on_ticks,
    ],
)
def test_what_the_picture_would_not_show_is_left_to_matplotlib(draw):
    figure, ax = plt.subplots()
    draw(ax)
    assert themed(figure) is None


def test_three_dimensions_are_left_to_matplotlib():
    assert themed(plt.figure().add_subplot(projection="3d").figure) is None


def test_colours_stay_apart_and_are_seen_in_the_dark():
    colours = [f"#{n:02x}{m:02x}{k:02x}" for n in (0, 200) for m in (0, 90) for k in (0, 160)]
    colours = [*colours, *RUN_COLOURS, "#56b4e9"]
    partners = [dark_partner(color, ours=False) for color in colours]
    assert len({*partners}) == len({*colours})
    assert dark_partner("#000000") == THEME[INK] and dark_partner("#56b4e9") == "#56b4e9"
    # The course's own figures know which colours they have, and change them for brighter ones.
    assert dark_partner(RUN_COLOURS[0]) == "#56b4e9" != dark_partner(RUN_COLOURS[0], ours=False)
    page = unquote(themed(losses()))
    dark = re.findall(r"dark\){:root{([^}]*)}", page)[-1]  # the panel's
    assert "#56b4e9" not in dark and THEME[PAPER] in dark


@pytest.fixture
def shell(monkeypatch):
    """A notebook's shell that shows pyplot's figures as the labs do."""
    before = plt.get_backend()
    plt.switch_backend(INLINE)
    shell = InteractiveShell.instance()
    formatter = shell.display_formatter.mimebundle_formatter
    formatter.for_type(Figure, mime_bundle)
    yield shell
    formatter.pop(Figure, None)
    plt.switch_backend(before)


def test_a_notebook_shows_one_picture_and_no_second(shell):
    for _ in range(2):
        data, _ = shell.display_formatter.format(losses())
        assert set(data) == {"text/html", "text/plain"} and "svg+xml" in data["text/html"]
        scatter, ax = plt.subplots()
        ax.scatter([1, 2], [3, 4])
        ax.set_title("Where <they> are")
        data, _ = shell.display_formatter.format(scatter)
        assert set(data) == {"text/html", "text/plain"}
        assert 'alt="Figure: Where &lt;they&gt; are"' in data["text/html"]
        assert "background:#fff" in data["text/html"] and "image/png" in data["text/html"]


def test_another_format_that_is_asked_for_is_given(shell, monkeypatch):
    from matplotlib_inline.config import InlineBackend

    monkeypatch.setattr(InlineBackend.instance(), "figure_formats", {"svg"})
    assert mime_bundle(losses()) is None


def test_no_lab_shows_a_picture_that_is_white_in_the_dark(course):
    shown = []
    for path in sorted((course / "solutions").glob("lab*.ipynb")):
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
        for output in (one for cell in cells for one in cell.get("outputs", [])):
            assert "image/png" not in output.get("data", {}), path.name
            shown += output.get("data", {}).get("text/html", [])
    page = "".join(shown)
    assert "data:image/png" not in page
    assert page.count('alt="Figure: ') == 7
