"""What a plotting function returns, and the sheet that it draws on."""

import html
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from types import MappingProxyType

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from labhelpers.figures.vector import data_uri, draw_panel, draw_swatch, title_of

#: CSS pixels to the inch, which is also the resolution of the figures' coordinates.
PIXELS_PER_INCH = 96
#: A single panel. At 364 pixels, JupyterLab's output in a window of 500, its texts have 11 pixels.
SIZE = (428, 304)
#: Room around the axes of a panel, in pixels: left, right, top, bottom.
MARGINS = (64, 12, 10, 46)
#: Room above the axes for a panel's title.
TITLE = 22

# Inline only, and no colour: all of it passes a notebook's sanitiser, and the text takes the
# theme's colour.
_PICTURE = "max-width:100%;height:auto;vertical-align:top;margin:0 6px 4px 0"
# JupyterLab calls a picture without a text "Image": a dash is skipped when it is read aloud.
_SWATCH = '<img alt="–" width="28" height="16" style="vertical-align:-3px" src="{}">'
_SMALL = "font-size:13px;line-height:1.5;max-width:{width}px"


class Drawing:
    """A finished figure: its axes, its artists and two sentences on what it shows.

    As the last value of a notebook cell it shows itself: a picture that follows the page's theme,
    with a caption that says what to notice. On axes that the caller gave it shows the description
    only: the caller's figure is the caller's to show.

    Attributes
    ----------
    figure_ : matplotlib.figure.Figure
    axes_ : tuple of matplotlib.axes.Axes
        The panels, in reading order.
    artists_ : mapping of str to artist or list of artists
        What was drawn, by its meaning, such as ``"points"`` or ``"lines"``.
    caption : str
        What to notice.
    """

    def __init__(self, sheet: "Sheet", artists: Mapping, description: str, caption: str) -> None:
        self.figure_, self.axes_ = sheet.figure, sheet.axes
        self.artists_ = MappingProxyType(dict(artists))
        self.caption = caption
        self._description, self._sheet = description, sheet

    @property
    def ax_(self) -> Axes:
        """The axes of a figure with one panel; `AttributeError` if there are more."""
        if len(self.axes_) != 1:
            raise AttributeError(f"this figure has {len(self.axes_)} panels: use axes_")
        return self.axes_[0]

    def describe(self) -> str:
        """One line that says what the figure shows, with rounded numbers."""
        return self._description

    def panels(self) -> list[str]:
        """The figure's pictures as SVG, in reading order; a narrow page stacks them."""
        return [draw_panel(group, self._sheet.place(group)) for group in self._sheet.groups]

    def _repr_mimebundle_(self, include=None, exclude=None) -> dict[str, str]:
        """What a notebook shows: text for every reader, a picture when the figure is ours."""
        bundle = {"text/plain": self._description}
        if self._sheet.own:
            bundle["text/html"] = self._as_html()
        return {
            kind: data
            for kind, data in bundle.items()
            if (not include or kind in include) and (not exclude or kind not in exclude)
        }

    def _as_html(self) -> str:
        legend = {label: draw_swatch(artist) for label, artist in _entries(self.axes_).items()}
        width = self.figure_.bbox.width
        return as_html(self.panels(), legend, self._description, self.caption, width)

    __repr__ = describe


def as_html(
    panels: Sequence[str], legend: Mapping[str, str], description: str, caption: str, width: float
) -> str:
    """A figure for a page: pictures, pictures by label, and texts; no script, and no style sheet.

    Parameters
    ----------
    panels : sequence of str
        SVG, in reading order.
    legend : mapping of str to str
        SVG by label.
    description, caption : str
        For a reader by ear, and for one by eye.
    width : float
        Of the figure in pixels, for the texts to be no wider.
    """
    small = _SMALL.format(width=max(round(width), 480))
    entries = " ".join(
        '<span style="white-space:nowrap;margin-right:16px">'
        f"{_SWATCH.format(data_uri(swatch))} {html.escape(label)}</span>"
        for label, swatch in legend.items()
    )
    # The first picture speaks for all: a reader of the page by ear hears one description.
    texts = [f"Panel {number} of {len(panels)}" for number in range(1, len(panels) + 1)]
    texts[0] = html.escape(description)
    pictures = " ".join(
        f'<img alt="{text}" style="{_PICTURE}" src="{data_uri(svg)}">'
        for text, svg in zip(texts, panels, strict=True)
    )
    if caption:
        caption = f'<figcaption style="{small}">{html.escape(caption)}</figcaption>'
    return (
        f'<figure style="margin:4px 0 8px 0"><div style="{small};margin-bottom:4px">{entries}'
        f"</div><div>{pictures}</div>{caption}</figure>"
    )


def _entries(axes: Sequence[Axes]) -> dict:
    """The legend of `axes` together: artist by label, each label once."""
    found: dict = {}
    for ax in axes:
        for artist, label in zip(*ax.get_legend_handles_labels(), strict=True):
            found.setdefault(label, artist)
    return found


class Sheet:
    """The axes to draw on: either made here or given by the caller.

    Attributes
    ----------
    groups : list of tuple of Axes
        The panels that stay together, one above the other, when a narrow page stacks the rest.
    """

    def __init__(self, figure, axes: tuple[Axes, ...], columns: int, *, own: bool) -> None:
        self.figure, self.axes, self.own = figure, axes, own
        self.groups = [axes[column::columns] for column in range(columns)]

    @property
    def ax(self) -> Axes:
        """The only axes."""
        (ax,) = self.axes
        return ax

    def place(self, group: Sequence[Axes]) -> tuple[float, float, float, float]:
        """Left, top, width and height in pixels of the part of the figure that `group` takes."""
        width = self.figure.bbox.width / len(self.groups)
        above = TITLE if any(map(title_of, self.axes)) else 0
        return self.groups.index(group) * width, -above, width, self.figure.bbox.height + above

    def finish(self, artists: Mapping, description: str, caption: str) -> Drawing:
        """What the plotting function returns; the caller's axes, if they are few, get a legend.

        Beside our own figures the legend stands as text, which a narrow page can break.
        """
        for ax in self.axes if len(self.axes) < 4 else ():
            if not isinstance(ax.figure, _Page) and _entries([ax]):
                ax.legend(loc="best", framealpha=0.9)
        return Drawing(self, artists, description, caption)


class _Page(Figure):
    """A figure of the course's own."""


@contextmanager
def open_sheet(
    given, *, size=SIZE, rows: int = 1, columns: int = 1, margins=MARGINS
) -> Iterator[Sheet]:
    """Open a sheet: new axes if `given` is ``None``, else `given`.

    Parameters
    ----------
    given : Axes, sequence of Axes, or None
        What the caller passed as `ax` (one panel) or `axs` (several).
    size : (float, float)
        Width and height of a panel of a new figure in pixels.
    rows, columns : int
        Panels of the figure.
    margins : (float, float, float, float)
        Room around the axes of each panel in pixels: left, right, top, bottom.
    """
    if given is not None:
        axes = _given_axes(given, rows * columns)
        yield Sheet(axes[0].figure, axes, columns, own=False)
        return
    width, height = columns * size[0], rows * size[1]
    # No pyplot: its list of figures, its current axes and its backend stay as they are.
    figure = _Page((width / PIXELS_PER_INCH, height / PIXELS_PER_INCH), PIXELS_PER_INCH)
    axes = tuple(figure.add_axes(frame) for frame in frames(size, rows, columns, margins))
    for ax in axes:
        ax.set_facecolor("white")
    yield Sheet(figure, axes, columns, own=True)


def frames(size, rows: int, columns: int, margins=MARGINS) -> list[list[float]]:
    """Left, bottom, width and height of each panel's axes as shares of the figure."""
    left, right, top, bottom = margins
    inside = size[0] - left - right, size[1] - top - bottom
    whole = 2 * (columns * size[0], rows * size[1])
    return [
        [*np.divide((column * size[0] + left, row * size[1] + bottom, *inside), whole)]
        for row in reversed(range(rows))
        for column in range(columns)
    ]


def _given_axes(given, panels: int) -> tuple[Axes, ...]:
    name = "ax" if panels == 1 else "axs"
    try:
        axes = (given,) if panels == 1 else tuple(np.asarray(given, dtype=object).flat)
    except (TypeError, ValueError) as error:
        raise TypeError(f"axs must be a sequence of {panels} axes, got {given!r}") from error
    if len(axes) != panels:
        raise ValueError(f"axs must hold {panels} axes, one for each panel, got {len(axes)}")
    for ax in axes:
        if not isinstance(ax, Axes):
            raise TypeError(f"{name} must be matplotlib axes, got {type(ax).__name__}")
        if ax.name == "3d":
            raise TypeError(f"{name} must be flat axes, got 3-D axes")
    return axes
