"""What a plotting function returns, and the sheet that it draws on."""

from __future__ import annotations

import base64
import html
import io
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from functools import cache
from types import MappingProxyType

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure

from labhelpers.figures.style import PALETTE, course_style, readable

__all__ = ["Drawing", "Sheet", "open_sheet"]

#: Logical pixels (CSS pixels) to the inch, and how many times sharper the picture is rendered.
PIXELS_PER_INCH = 96
SHARPNESS = 2
#: A colour's three bytes as one number, which is compared in one go.
_PLACES = np.array([1 << 16, 1 << 8, 1], dtype=np.int32)
#: Enough for the light surface colours, the palette and the blends at their edges.
PICTURE_COLOURS = 72

_FRAME = "margin:4px 0 8px 0"
# The card stays white in a dark theme: every colour of the picture was chosen for white.
_CARD = (
    "display:block;max-width:100%;height:auto;box-sizing:border-box;padding:8px;"
    "background-color:#ffffff;border-radius:10px"
)
# No colour here: the sentence takes the theme's, also where a sanitiser removes var(…).
_CAPTION = "margin-top:6px;font-size:13px;line-height:1.45;max-width:{width}px"


class Drawing:
    """A finished figure: its axes, its artists and a sentence that says what it shows.

    As the last value of a notebook cell it shows itself as a picture with the sentence below. On
    axes that the caller gave it shows the sentence only: the caller's figure is the caller's to
    show.

    Attributes
    ----------
    figure_ : matplotlib.figure.Figure
    axes_ : tuple of matplotlib.axes.Axes
        The panels, in reading order.
    artists_ : mapping of str to artist or list of artists
        What was drawn, by its meaning, such as ``"points"`` or ``"lines"``.
    """

    def __init__(
        self, figure, axes: Sequence[Axes], artists: Mapping, description: str, *, own: bool
    ) -> None:
        self.figure_ = figure
        self.axes_ = tuple(axes)
        self.artists_ = MappingProxyType(dict(artists))
        self._description = description
        self._own = own

    @property
    def ax_(self) -> Axes:
        """The axes of a figure with one panel; `AttributeError` if there are more."""
        if len(self.axes_) != 1:
            raise AttributeError(f"this figure has {len(self.axes_)} panels: use axes_")
        return self.axes_[0]

    def describe(self) -> str:
        """One line that says what the figure shows, with rounded numbers."""
        return self._description

    def png(self) -> bytes:
        """The picture as PNG at twice its logical size; the same figure gives the same bytes."""
        with course_style() if self._own else nullcontext():
            # A caller's figure may be part of a larger one; the canvas is the whole picture's.
            figure = self.figure_.figure
            shown_on, before = figure.canvas, figure.dpi
            canvas = FigureCanvasAgg(figure)
            try:
                figure.dpi = PIXELS_PER_INCH * SHARPNESS
                if self._own:
                    # The layout starts from where the axes are: put them back, or a second
                    # picture would differ from the first by a hair.
                    for ax in self.axes_:
                        ax.set_subplotspec(ax.get_subplotspec())
                canvas.draw()
                pixels = np.asarray(canvas.buffer_rgba())[..., :3].copy()
            finally:
                figure.dpi = before
                # The new canvas made itself the figure's: the caller's may belong to a window.
                figure.set_canvas(shown_on)
        return _compressed(pixels)

    def _repr_mimebundle_(self, include=None, exclude=None) -> dict[str, str]:
        """What a notebook shows: text for every reader, a picture when the figure is ours."""
        bundle = {"text/plain": self._description}
        if self._own:
            bundle["text/html"] = self._as_html()
        return {
            kind: data
            for kind, data in bundle.items()
            if (not include or kind in include) and (not exclude or kind not in exclude)
        }

    def _as_html(self) -> str:
        picture = base64.b64encode(self.png()).decode("ascii")
        width = round(self.figure_.get_figwidth() * PIXELS_PER_INCH)
        text = html.escape(self._description, quote=True)
        return (
            f'<figure style="{_FRAME}">'
            f'<img src="data:image/png;base64,{picture}" alt="{text}" '
            f'width="{width}" style="{_CARD}">'
            f'<figcaption style="{_CAPTION.format(width=width)}">{text}</figcaption>'
            "</figure>"
        )

    def __repr__(self) -> str:
        return self._description


def _compressed(pixels: np.ndarray) -> bytes:
    """RGB pixels as PNG with a palette: a third of the bytes of true colour."""
    # Pillow is a dependency of matplotlib, so it is always there.
    from PIL import Image

    # Median cut keeps flat areas exact, where a colour tree would tint them; dithering would
    # roughen them.
    picture = Image.fromarray(pixels).quantize(
        PICTURE_COLOURS, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE
    )
    palette = picture.getpalette()[: 3 * PICTURE_COLOURS]
    entries = np.array(picture)
    # It counts pixels, though, and blends a colour of few (one marker) into its neighbours. The
    # colours that carry a meaning come out as they are.
    codes = pixels.astype(np.int32) @ _PLACES
    for color in _meaningful_colours():
        exact = codes == color @ _PLACES
        if exact.any():
            entries[exact] = len(palette) // 3
            palette += color
    picture = Image.frombytes("P", picture.size, entries.tobytes())
    picture.putpalette(palette)
    stream = io.BytesIO()
    picture.save(stream, "PNG", optimize=True)
    return stream.getvalue()


@cache
def _meaningful_colours() -> list[list[int]]:
    """The palette of the series and the shades of it that texts have, as bytes."""
    colours = {to_rgb(color) for color in PALETTE} | {readable(color) for color in PALETTE}
    return sorted([round(255 * part) for part in color] for color in colours)


class Sheet:
    """The axes to draw on: either made here or given by the caller."""

    def __init__(self, figure, axes: tuple[Axes, ...], *, own: bool) -> None:
        self.figure = figure
        self.axes = axes
        self.own = own

    @property
    def ax(self) -> Axes:
        """The only axes."""
        (ax,) = self.axes
        return ax

    def finish(self, artists: Mapping, description: str) -> Drawing:
        """What the plotting function returns."""
        return Drawing(self.figure, self.axes, artists, description, own=self.own)


@contextmanager
def open_sheet(
    given,
    *,
    size: tuple[float, float],
    rows: int = 1,
    columns: int = 1,
    ratios: Sequence[float] | None = None,
    projection: str | None = None,
) -> Iterator[Sheet]:
    """Open a sheet: new axes in the course's style if `given` is ``None``, else `given`.

    Parameters
    ----------
    given : Axes, sequence of Axes, or None
        What the caller passed as `ax` (one panel) or `axs` (several).
    size : (float, float)
        Width and height of a new figure in inches.
    rows, columns : int
        Panels of the figure.
    ratios : sequence of float, optional
        Widths of the columns relative to each other.
    projection : str, optional
        ``"3d"`` for axes in three dimensions.

    Raises
    ------
    TypeError
        If something given is not matplotlib axes (of that projection).
    ValueError
        If the number of axes given is not the number of panels.
    """
    panels = rows * columns
    if given is not None:
        axes = _given_axes(given, panels, projection)
        yield Sheet(axes[0].figure, axes, own=False)
        return
    with course_style():
        # No pyplot: its list of figures, its current axes and its backend stay as they are.
        figure = Figure(figsize=size, dpi=PIXELS_PER_INCH, layout="constrained")
        figure.get_layout_engine().set(w_pad=0.06, h_pad=0.06, wspace=0.03, hspace=0.03)
        axes = figure.subplots(
            rows, columns, squeeze=False, width_ratios=ratios, subplot_kw={"projection": projection}
        )
        yield Sheet(figure, tuple(axes.flat), own=True)


def _given_axes(given, panels: int, projection: str | None) -> tuple[Axes, ...]:
    name = "ax" if panels == 1 else "axs"
    if panels == 1:
        axes = (given,)
    else:
        try:
            axes = tuple(np.asarray(given, dtype=object).flat)
        except (TypeError, ValueError) as error:
            raise TypeError(f"axs must be a sequence of {panels} axes, got {given!r}") from error
        if len(axes) != panels:
            raise ValueError(f"axs must hold {panels} axes, one for each panel, got {len(axes)}")
    for ax in axes:
        if not isinstance(ax, Axes):
            raise TypeError(f"{name} must be matplotlib axes, got {type(ax).__name__}")
        if projection == "3d" and ax.name != "3d":
            raise TypeError(f'{name} must be 3-D axes (projection="3d"), got flat axes')
        if projection is None and ax.name == "3d":
            raise TypeError(f"{name} must be flat axes, got 3-D axes")
    return axes
