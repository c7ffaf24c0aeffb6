"""What a plotting function returns, and the sheet that it draws on."""

import html
from collections.abc import Mapping, Sequence
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
        self._description, self._columns = description, sheet.columns

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
        above = TITLE if any(map(title_of, self.axes_)) else 0
        return draw_columns(self.axes_, self._columns, above)

    def _repr_mimebundle_(self, include=None, exclude=None) -> dict[str, str]:
        """What a notebook shows: text for every reader, a picture when the figure is ours."""
        bundle = {"text/plain": self._description}
        if isinstance(self.figure_, _Page):
            legend = {label: draw_swatch(artist) for label, artist in _entries(self.axes_).items()}
            texts = self._description, self.caption
            bundle["text/html"] = as_html(self.panels(), legend, *texts, self.figure_.bbox.width)
        return bundle

    __repr__ = describe


def as_html(
    panels: Sequence[str], legend: Mapping[str, str], description: str, caption: str, width: float
) -> str:
    """A figure for a page, without script and style sheet: its `panels`, and its `legend` by label.

    The pictures are SVG. `description` is for a reader by ear, `caption` for one by eye; the texts
    are no wider than the figure, whose `width` is in pixels.
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


class _Page(Figure):
    """A figure of the course's own."""


class Sheet:
    """The axes to draw on: what the caller passed as `ax`, or the panels of a new figure.

    Each of its panels has a `size` in pixels and, around its axes, `margins`: left, right, top and
    bottom. A narrow page stacks the columns.
    """

    def __init__(self, given=None, *, size=SIZE, rows=1, columns=1, margins=MARGINS) -> None:
        self.columns = columns
        if given is not None:
            if not isinstance(given, Axes) or given.name == "3d":
                raise TypeError(f"ax must be flat axes of matplotlib, got {type(given).__name__}")
            self.figure, self.axes = given.figure, (given,)
            return
        inches = columns * size[0] / PIXELS_PER_INCH, rows * size[1] / PIXELS_PER_INCH
        # No pyplot: its list of figures, its current axes and its backend stay as they are.
        self.figure = _Page(inches, PIXELS_PER_INCH)
        places = frames(size, rows, columns, margins)
        self.axes = tuple(self.figure.add_axes(place, facecolor="white") for place in places)

    @property
    def ax(self) -> Axes:
        """The only axes."""
        (ax,) = self.axes
        return ax

    def finish(self, artists: Mapping, description: str, caption: str) -> Drawing:
        """What the plotting function returns; the caller's axes get a legend.

        Beside our own figures the legend stands as text, which a narrow page can break.
        """
        if not isinstance(self.figure, _Page) and _entries(self.axes):
            self.ax.legend(loc="best", framealpha=0.9)
        return Drawing(self, artists, description, caption)


def draw_columns(axes: Sequence[Axes], columns: int, above: float = 0, *, ours=True) -> list[str]:
    """Pictures of the columns of a figure of `axes`; `above` is the room over it for titles."""
    box = axes[0].figure.bbox
    width, height = box.width / columns, box.height + above
    return [
        draw_panel(axes[column::columns], (column * width, -above, width, height), ours=ours)
        for column in range(columns)
    ]


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
