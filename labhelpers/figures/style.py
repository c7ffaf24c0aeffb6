"""How the course's figures look: colours that colour-blind readers tell apart, and a second cue.

Nothing here changes matplotlib's global settings for good: `course_style` puts them back.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache

import matplotlib
import numpy as np
from matplotlib.colors import LinearSegmentedColormap, to_rgb
from matplotlib.patheffects import Normal, Stroke

__all__ = [
    "GRID",
    "INK",
    "MUTED",
    "PALETTE",
    "POINTS",
    "SURFACE_COLOURS",
    "SeriesStyle",
    "course_style",
    "dress",
    "halo",
    "in_rows",
    "place_legend",
    "readable",
    "series_style",
]

#: Wong's colours in seaborn's colour-blind order.
PALETTE = ("#0072B2", "#009E73", "#D55E00", "#CC79A7", "#F0E442", "#56B4E9")
MARKERS = ("o", "s", "^", "D", "v", "P")
LINE_STYLES = ("-", (0, (5, 1.6)), (0, (6, 1.5, 1.5, 1.5)), (0, (1.2, 1.2)), "-", (0, (3, 1)))

#: Yellow alone is too pale on white, for a line and more so for a text.
_YELLOW_EDGE = "#6f6a12"

INK = "#1f2933"
MUTED = "#5b6673"
GRID = "#dfe4ea"
#: Data points: dark and neutral, so that every colour is free for lines.
POINTS = "#47525e"

#: Loss, low to high: light throughout, so that a path of any palette colour stands out, and
#: steadily darker, so that it also reads in grey.
SURFACE_COLOURS = LinearSegmentedColormap.from_list(
    "course_loss", ["#fffef7", "#f0f6ee", "#dfecec", "#c9dce8", "#b2c8de"]
)

_COURSE = {
    "axes.axisbelow": True,
    "axes.edgecolor": "#8a94a0",
    "axes.facecolor": "white",
    "axes.labelcolor": INK,
    "axes.labelsize": 10,
    "axes.linewidth": 0.9,
    "axes.titlecolor": INK,
    "axes.titlelocation": "left",
    "axes.titlesize": 10.5,
    "figure.facecolor": "white",
    "figure.titlesize": 11.5,
    "figure.titleweight": "bold",
    "font.size": 10,
    "legend.fontsize": 9.5,
    "legend.frameon": False,
    "text.color": INK,
    "xtick.color": "#8a94a0",
    "xtick.labelcolor": INK,
    "xtick.labelsize": 9,
    "ytick.color": "#8a94a0",
    "ytick.labelcolor": INK,
    "ytick.labelsize": 9,
}
#: The settings that decide a figure's look; the others (backend, interactive mode, …) stay.
_LOOK = (
    *("axes.", "axes3d.", "contour.", "figure.", "font.", "grid.", "legend.", "lines."),
    *("markers.", "mathtext.", "patch.", "path.", "text.", "xaxis.", "xtick.", "yaxis.", "ytick."),
)


@cache
def _settings() -> dict:
    defaults = matplotlib.rcParamsDefault
    return {key: defaults[key] for key in defaults if key.startswith(_LOOK)} | _COURSE


@contextmanager
def course_style() -> Iterator[None]:
    """Use the course's look inside the block, whatever the user's own settings are."""
    with matplotlib.rc_context(_settings()):
        yield


@dataclass(frozen=True)
class SeriesStyle:
    """The look of one series: colour, and marker and line style as second cues."""

    color: str
    marker: str
    linestyle: str | tuple

    def line(self, **changes) -> dict:
        """Keyword arguments for ``ax.plot``."""
        look = {
            "color": self.color,
            "marker": self.marker,
            "linestyle": self.linestyle,
            "linewidth": 1.9,
            "markersize": 5.5,
            "markeredgecolor": "white",
            "markeredgewidth": 0.7,
            "solid_capstyle": "round",
        } | changes
        if self.color == PALETTE[4]:
            look.setdefault("path_effects", halo(_YELLOW_EDGE, look["linewidth"] + 1.1))
            look["markeredgecolor"] = _YELLOW_EDGE
        return look


def series_style(index: int) -> SeriesStyle:
    """The look of series number `index`, from 0; after six, colours repeat with other markers."""
    turn = index // len(PALETTE)
    return SeriesStyle(
        PALETTE[index % len(PALETTE)],
        MARKERS[(index + turn) % len(MARKERS)],
        LINE_STYLES[(index + 2 * turn) % len(LINE_STYLES)],
    )


class _LineEdge(Stroke):
    """A stroke under lines and arrows only: markers have an edge of their own."""

    def draw_path(self, renderer, gc, tpath, affine, rgbFace=None) -> None:
        if rgbFace is None:
            super().draw_path(renderer, gc, tpath, affine, rgbFace)


def halo(color: str = "white", width: float = 3.6) -> list:
    """Path effects that draw an edge of `color` along a line, to lift it off what lies below."""
    return [_LineEdge(linewidth=width, foreground=color), Normal()]


def readable(color: str) -> tuple[float, float, float]:
    """A shade of `color` dark enough for text on white: contrast 4.5 (WCAG 2, level AA)."""
    if color == PALETTE[4]:
        color = _YELLOW_EDGE
    shade = np.array(to_rgb(color))
    # Relative luminance by WCAG's formula; white has 1, so the bound is 1.05 / 4.5 − 0.05.
    while _luminance(shade) > 1.05 / 4.5 - 0.05:
        shade = shade * 0.95
    return tuple(shade.tolist())


def _luminance(rgb: np.ndarray) -> float:
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    return float(linear @ [0.2126, 0.7152, 0.0722])


def dress(ax, *, grid: bool = True) -> None:
    """Trim the frame of `ax` and lay a light grid; only `ax` is touched."""
    ax.spines[["top", "right"]].set_visible(False)
    if grid:
        ax.set_axisbelow(True)
        ax.grid(True, color=GRID, linewidth=0.8)
    else:
        ax.grid(False)
    ax.tick_params(length=3)


def place_legend(ax, *, own: bool):
    """Put a legend on `ax` where it covers no data; ``None`` if nothing is labelled.

    On our own figures it stands above the axes. On axes of the caller, who may want that place
    for a title, matplotlib looks for the emptiest corner.
    """
    handles, labels = ax.get_legend_handles_labels()
    if not handles:
        return None
    if not own:
        return ax.legend(loc="best", framealpha=0.9)
    panels = ax.get_subplotspec().get_gridspec().ncols
    # Matplotlib writes the power of ten of large values at the same place.
    above = 1.07 if _has_power_of_ten(ax.yaxis) else 1.01
    return ax.legend(
        loc="lower left",
        bbox_to_anchor=(0, above),
        **in_rows(handles, labels, ax.figure.get_figwidth() / panels - 0.7),
        borderaxespad=0,
        borderpad=0.2,
        columnspacing=1.2,
        handlelength=2.1,
        labelspacing=0.35,
    )


def in_rows(handles: list, labels: list[str], inches: float) -> dict:
    """Keyword arguments for a legend at most so wide, whose entries read along the rows."""
    columns = _columns(labels, inches)
    # Matplotlib fills columns first.
    order = [i for first in range(columns) for i in range(first, len(labels), columns)]
    return {
        "handles": [handles[i] for i in order],
        "labels": [labels[i] for i in order],
        "ncols": columns,
    }


def _has_power_of_ten(axis) -> bool:
    """Whether the numbers of `axis` are to be multiplied by a power of ten, written apart."""
    formatter = axis.get_major_formatter()
    formatter.format_ticks(axis.get_majorticklocs())
    return bool(formatter.get_offset())


def _columns(labels: list[str], inches: float) -> int:
    """The fewest rows, evenly filled, in which the legend is no wider than its axes."""
    for rows in range(1, len(labels)):
        columns = -(-len(labels) // rows)
        longest = [max(map(len, labels[first::columns])) for first in range(columns)]
        # A letter is about 0.073 inches wide at this size, a handle with its gaps 0.52 inches.
        if sum(0.52 + 0.073 * letters for letters in longest) <= inches * 1.06:
            return columns
    return 1
