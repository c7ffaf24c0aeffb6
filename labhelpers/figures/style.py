"""How the course's figures look: one table of colours for all of them, light and dark."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from itertools import count, repeat
from weakref import WeakKeyDictionary

import numpy as np
from matplotlib.colors import to_hex, to_rgb
from matplotlib.ticker import AutoLocator, LogLocator, NullFormatter

from labhelpers.figures.wording import AxisNumbers
from labhelpers.history import History


def _luminance(color: str) -> float:
    """How bright `color` is, from 0 to 1 (WCAG 2)."""
    parts = np.array(to_rgb(color))
    linear = np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)
    return float(linear @ (0.2126, 0.7152, 0.0722))


def _ladder(first: str, last: str) -> tuple[str, ...]:
    """Ten colours from `first` to `last`."""
    ends = np.array([to_rgb(first), to_rgb(last)])
    return tuple(to_hex(part @ ends) for part in np.linspace((1, 0), (0, 1), 10))


PAPER, INK, MUTED, GRID = "#ffffff", "#1c2733", "#566472", "#dfe4ea"
#: Data points: neutral, so that every colour is free for lines.
POINTS = "#6b7783"
CONTOUR = "#8fa3b7"
#: Colours that mean one thing wherever they appear. None of a run's colours is one of them, and
#: green marks the goal alone, never what is wrong.
BATCH, MINIMUM, WRONG, KEPT = "#d55e00", "#009e73", "#c4314b", "#cc79a7"
#: What a run may be besides itself, by the name that a caller uses.
ROLES = {"batch": BATCH, "minimum": MINIMUM, "wrong": WRONG, "kept": KEPT}
#: The runs' own colours. They differ in lightness too: colour-blind readers tell them apart.
RUN_COLOURS = ("#0072b2", "#5a1f7a", "#8a6a00", "#7d7df9", "#7a2a06", "#18188c")
_DARK_RUNS = ("#56b4e9", "#a463d8", "#f0e442", "#c5d0ff", "#c0703f", "#c8f9fc")
MARKERS = ("o", "s", "^", "D", "v", "P")
LINE_STYLES = ("-", (0, (5, 1.6)), (0, (6, 1.5, 1.5, 1.5)), (0, (1.2, 1.2)), "-", (0, (3, 1)))
#: The loss between contours, low to high. Light throughout (dark in a dark theme), so that a path
#: of any colour stands out, and steadily further from the paper, so that it also reads in grey.
SHADES = _ladder("#fdfdfb", "#b1c6d9")
#: Each colour in a light theme with the one that takes its place in a dark one.
THEME = (
    {PAPER: "#15191e", INK: "#e6eaee", MUTED: "#a3afba", GRID: "#2a323b", POINTS: "#98a4b0"}
    | {BATCH: "#f58231", MINIMUM: "#1fc495", WRONG: "#ff7285", KEPT: "#e29cc4", CONTOUR: "#54677a"}
    | dict(zip(RUN_COLOURS, _DARK_RUNS, strict=True))
    | dict(zip(SHADES, _ladder("#171c21", "#374b5d"), strict=True))
)


#: Contrast with a dark paper below which a thin line is made lighter; 3 is the least that WCAG 2
#: allows for a graphic.
LEAST_CONTRAST = 4.0


@cache
def dark_partner(color: str, ours: bool = True) -> str:
    """The colour, written ``#rrggbb``, that takes the place of `color` in a dark theme.

    One that the table does not know keeps its place, unless it would be too dark to be seen. So
    does a run's where the figure is not `ours`.
    """
    if color in THEME and (ours or color not in RUN_COLOURS):
        return THEME[color]
    if color == "#000000":
        return THEME[INK]
    least = LEAST_CONTRAST * (_luminance(THEME[PAPER]) + 0.05) - 0.05
    lighter = (to_hex(np.add(to_rgb(color), part) / (1 + part)) for part in np.arange(0, 2, 0.05))
    return next(one for one in lighter if _luminance(one) >= least)


@dataclass(frozen=True)
class SeriesStyle:
    """The look of one series: colour, and marker and line style as second cues."""

    color: str
    marker: str
    linestyle: str | tuple

    def line(self, **changes) -> dict:
        """Keyword arguments for ``ax.plot``."""
        return {
            "color": self.color,
            "marker": self.marker,
            "linestyle": self.linestyle,
            "linewidth": 1.8,
            "markersize": 5.5,
            "markeredgecolor": PAPER,
            "markeredgewidth": 0.7,
        } | changes


#: By surface, then by the label of a run: the number of the run's look.
_LOOKS: WeakKeyDictionary = WeakKeyDictionary()


def run_styles(runs: Iterable, roles: Iterable[str | None] | None = None) -> list[SeriesStyle]:
    """Look of each series of one figure.

    A run's look is its own: on one surface, a `History` of one label has the same colour, marker
    and line style in every figure, in the order in which the labels were first drawn. Only where
    two runs of a figure would look alike does the later one take another look, for good. A series
    that is no `History` takes a look that is free in this figure; one whose colour is to say what
    it is has a name in `ROLES`.
    """
    used: set[int] = set()
    looks = []
    for run, role in zip(runs, roles or repeat(None), strict=False):
        if role is not None:
            looks.append(SeriesStyle(ROLES[role], "X", (0, (4, 1.5))))
            continue
        known = _LOOKS.setdefault(run.surface, {}) if isinstance(run, History) else {}
        label = getattr(run, "label", None)
        number = known.get(label, len(known))
        if number % len(RUN_COLOURS) in used and len(used) < len(RUN_COLOURS):
            number = next(k for k in count() if k not in used)
        known[label] = number
        turn, place = divmod(number, len(RUN_COLOURS))
        used.add(place)
        marker = MARKERS[(number + turn) % len(MARKERS)]
        looks.append(SeriesStyle(RUN_COLOURS[place], marker, LINE_STYLES[(place + 3 * turn) % 6]))
    return looks


def mark_minimum(ax, w: float, b: float):
    """Draw the minimum's mark, the same in every figure: a green cross."""
    look = SeriesStyle(MINIMUM, "+", "none").line(markersize=11, markeredgewidth=2.4, zorder=5)
    (mark,) = ax.plot([w], [b], **(look | {"markeredgecolor": MINIMUM}), label="minimum")
    return mark


def decades(axis) -> LogLocator:
    """Where the numbers of a log `axis` stand, over the range that is in view."""
    number = np.ptp(np.log10(axis.get_view_interval()))
    # Powers of ten alone would leave an axis of one or two decades nearly bare.
    subs = (1.0, 2.0, 5.0) if number < 1.5 else (1.0, 3.0) if number < 2.5 else (1.0,)
    return LogLocator(subs=subs, numticks=9)


def dress(ax, x: str, y: str, *, grid: bool = True) -> None:
    """Name the axes of `ax`, trim its frame and lay a light grid; only `ax` is touched."""
    ax.set_xlabel(x)
    ax.set_ylabel(y)
    ax.spines[["top", "right"]].set_visible(False)
    for axis in (ax.xaxis, ax.yaxis):
        log = axis.get_scale() == "log"
        if log:
            axis.set_major_locator(decades(axis))
            axis.set_minor_formatter(NullFormatter())
        elif isinstance(axis.get_major_locator(), AutoLocator):
            axis.get_major_locator().set_params(nbins=6, steps=[1, 2, 5, 10])
        axis.set_major_formatter(AxisNumbers(log))
    ax.set_axisbelow(True)
    ax.grid(grid, **({"color": GRID, "linewidth": 0.8} if grid else {}))
