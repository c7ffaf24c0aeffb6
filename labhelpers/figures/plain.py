"""A figure made with pyplot, shown as the course shows its own: small, and in its page's theme.

Only a figure that such a picture shows truly is shown so: lines, texts and contours on white, with
linear or logarithmic axes. Everything else matplotlib draws as before, on a white card.
"""

import html
from collections.abc import Iterator
from contextlib import contextmanager

import matplotlib
import numpy as np
from matplotlib.colors import to_hex, to_rgba
from matplotlib.lines import Line2D
from matplotlib.patches import Ellipse
from matplotlib.text import Text

from labhelpers.figures.drawing import (
    MARGINS,
    PIXELS_PER_INCH,
    SIZE,
    TITLE,
    as_html,
    draw_columns,
    frames,
)
from labhelpers.figures.style import PAPER, THEME
from labhelpers.figures.vector import PYPLOT_NUMBERS, draw_swatch, title_of

#: More points make a heavier picture than matplotlib's.
MOST_POINTS = 3000
#: A panel of several is at least as wide, and each at least as high: the least to hold its numbers.
LEAST = 260, 200
_CARD = (
    '<img alt="{}" style="max-width:100%;height:auto;background:#fff;padding:6px;'
    'border-radius:8px;box-sizing:border-box" src="data:image/png;base64,{}">'
)


def mime_bundle(figure) -> dict[str, str] | None:
    """What a notebook shows of `figure`; ``None`` where matplotlib is to draw it."""
    from IPython import get_ipython
    from matplotlib_inline.backend_inline import set_matplotlib_formats
    from matplotlib_inline.config import InlineBackend

    # A notebook that asks for other pictures, or for windows, gets what it asks for.
    formats = InlineBackend.instance().figure_formats
    if "inline" not in matplotlib.get_backend() or formats != {"png"}:
        return None
    page = themed(figure)
    if page is None:
        set_matplotlib_formats("png")
        png = get_ipython().display_formatter.formatters["image/png"](figure)
        page = png and _CARD.format(html.escape(describe(figure)), png)
    if page is None:
        return None
    # IPython would add a PNG of its own to whatever it is given.
    set_matplotlib_formats()
    return {"text/html": page, "text/plain": describe(figure)}


def themed(figure) -> str | None:
    """`figure` as HTML that follows the theme of its page; ``None`` if that would not show all."""
    try:
        if not _is_plain(figure):
            return None
        legend: dict[str, str] = {}
        with _laid_out(figure) as columns:
            panels = draw_columns(figure.axes, columns, ours=False)
            for ax in figure.axes:
                legend |= {
                    text.get_text(): draw_swatch(handle, ours=False) for handle, text in _legend(ax)
                }
            return as_html(panels, legend, describe(figure), "", figure.bbox.width)
    except Exception:  # a student's picture is never lost: matplotlib can draw what this cannot
        return None


def describe(figure) -> str:
    """One line that says what `figure` shows, from its own titles, labels and legends."""
    said = []
    for ax in figure.axes:
        across, up = ax.get_xlabel(), ax.get_ylabel()
        parts = [title_of(ax), f"{up} against {across}" if across and up else across or up]
        parts.append(", ".join(text.get_text() for _, text in _legend(ax)))
        said.append(": ".join(filter(None, parts)))
    return "Figure: " + ("; ".join(filter(None, said)) or "no title and no labels")


def _legend(ax) -> list[tuple]:
    """Artist and text of each entry."""
    legend = ax.get_legend()
    return [] if legend is None else [*zip(legend.legend_handles, legend.get_texts(), strict=True)]


@contextmanager
def _laid_out(figure) -> Iterator[int]:
    """`figure` with the measures of the course's own, and its columns; afterwards as it was."""
    axes = figure.axes
    rows, columns = _grid(figure)
    inches, dpi = figure.get_size_inches().copy(), figure.dpi
    places = [(ax.get_position(original=True).frozen(), ax.get_in_layout()) for ax in axes]
    across = np.clip(PIXELS_PER_INCH * inches[0] / columns, LEAST[0], SIZE[0])
    down = across * columns / rows * inches[1] / inches[0]
    size = across, np.clip(down, LEAST[1], SIZE[0])
    left, right, top, bottom = MARGINS
    margins = left, right, top + (TITLE if any(map(title_of, axes)) else 0), bottom
    try:
        figure.set_dpi(PIXELS_PER_INCH)
        figure.set_size_inches(np.multiply(size, (columns, rows)) / PIXELS_PER_INCH, forward=False)
        for ax, frame in zip(axes, frames(size, rows, columns, margins), strict=True):
            ax.set_position(frame)
        yield columns
    finally:
        figure.set_dpi(dpi)
        figure.set_size_inches(inches, forward=False)
        for ax, (place, in_layout) in zip(axes, places, strict=True):
            ax.set_position(place)
            ax.set_in_layout(in_layout)


def _grid(figure) -> tuple[int, int] | None:
    """Rows and columns of a figure whose axes fill a grid, in reading order."""
    specs = [ax.get_subplotspec() for ax in figure.axes]
    if not specs or None in specs:
        return None
    rows, columns, *_ = specs[0].get_geometry()
    cells = [spec.get_geometry() for spec in specs]
    wanted = [(rows, columns, number, number) for number in range(rows * columns)]
    return (rows, columns) if cells == wanted else None


def _is_plain(figure) -> bool:
    others = "artists", "images", "legends", "lines", "patches", "subfigs", "texts"
    lines = [line for ax in figure.axes for line in ax.lines]
    return (
        _grid(figure) is not None
        and not any(getattr(figure, name) for name in others)
        and to_hex(figure.get_facecolor(), keep_alpha=True) == f"{PAPER}ff"
        and all(map(_are_plain_axes, figure.axes))
        and all(map(_is_plain_line, lines))
        and sum(len(line.get_xdata(orig=False)) for line in lines) <= MOST_POINTS
    )


def _are_plain_axes(ax) -> bool:
    others = "artists", "child_axes", "collections", "images", "tables"
    legend = ax.get_legend()
    words = [title_of(ax), ax.get_xlabel(), ax.get_ylabel(), *(t.get_text() for t in ax.texts)]
    words += [text.get_text() for _, text in _legend(ax)]
    return (
        ax.name == "rectilinear"
        and ax.axison
        and ax.get_visible()
        and to_hex(ax.get_facecolor()) in THEME  # white, or what `plot_contours` lays under its own
        and not any(getattr(ax, name) for name in others)
        and not ax.get_title("right")
        and not (ax.get_title("left") and ax.get_title())
        and (not ax.patches or ax.get_aspect() == 1)
        and all(isinstance(patch, Ellipse) for patch in ax.patches)
        and all(type(text) is Text and text.get_rotation() == 0 for text in ax.texts)
        # Formulas and line breaks are for matplotlib.
        and not any("$" in text or "\n" in text for text in words)
        and (legend is None or not legend.get_title().get_text())
        and all(isinstance(handle, Line2D) for handle, _ in _legend(ax))
        and _is_plain_axis(ax.xaxis, "bottom")
        and _is_plain_axis(ax.yaxis, "left")
    )


def _is_plain_axis(axis, side: str) -> bool:
    low, high = axis.get_view_interval()
    ticks, numbers = axis.get_tick_params(), axis.get_major_formatter()
    return (
        axis.get_scale() in ("linear", "log")
        and low < high
        and ticks.get(side, True)
        and ticks.get(f"label{side}", True)
        and (
            isinstance(numbers, PYPLOT_NUMBERS)
            or not any("$" in text for text in numbers.format_ticks(axis.get_majorticklocs()))
        )
    )


def _is_plain_line(line) -> bool:
    every = line.get_markevery()
    colors = line.get_color(), line.get_markerfacecolor(), line.get_markeredgecolor()
    return (
        line.get_visible()
        and line.get_drawstyle() == "default"
        and line.get_fillstyle() == "full"
        and "$" not in str(line.get_marker())
        and (every is None or isinstance(every, int) or np.ndim(every) == 1)
        and not line.get_path_effects()
        and all(str(color) == "none" or to_rgba(color)[3] == 1 for color in colors)
    )
