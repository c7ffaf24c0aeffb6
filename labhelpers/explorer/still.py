"""The still picture of the figure: what is seen where no script may run."""

from __future__ import annotations

import io

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.patches import Ellipse
from PIL import Image

from labhelpers.figures.wording import AxisNumbers
from labhelpers.history import History
from labhelpers.surface import LossSurface

__all__ = ["still_png"]

_RUN, _BATCH, _MINIMUM = "#0072b2", "#d55e00", "#009e73"
_SIZE, _DPI = (8.0, 2.9), 92
#: Each colour of the picture, and in how many steps it fades to white: enough for edges that look
#: smooth, and few enough to keep the picture near 12 kB.
_TINTS = {_RUN: 9, _BATCH: 5, _MINIMUM: 5, "#1a1a1a": 12}


def still_png(x: np.ndarray, y: np.ndarray, history: History) -> bytes:
    """Draw the end of a run as a PNG.

    Parameters
    ----------
    x, y : ndarray, shape (N,)
        The points.
    history : History
        The run.

    Returns
    -------
    bytes
        A PNG with a palette, the same for the same run.
    """
    figure = Figure(figsize=_SIZE, dpi=_DPI, layout="constrained")
    FigureCanvasAgg(figure)
    data, parameters, loss = figure.subplots(1, 3)
    _draw_data(data, x, y, history)
    _draw_parameters(parameters, history)
    _draw_loss(loss, history)
    for ax in (data, parameters, loss):
        # Beside the axes: inside it would cover a line or a contour.
        ax.legend(
            fontsize=7,
            frameon=False,
            handlelength=1.4,
            columnspacing=1,
            ncols=3,
            loc="upper center",
            bbox_to_anchor=(0.5, -0.22),
        )
        ax.tick_params(labelsize=7.5, colors="0.35")
        ax.xaxis.label.set_size(8)
        ax.yaxis.label.set_size(8)
        ax.title.set_size(9)
        for spine in ax.spines.values():
            spine.set_color("0.75")
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", metadata={"Software": None})
    picture = (
        Image.open(buffer).convert("RGB").quantize(palette=_palette(), dither=Image.Dither.NONE)
    )
    small = io.BytesIO()
    picture.save(small, format="PNG", optimize=True)
    return small.getvalue()


def _palette() -> Image.Image:
    colours = [(255, 255, 255)]
    for name, count in _TINTS.items():
        full = np.array([int(name[i : i + 2], 16) for i in (1, 3, 5)])
        shares = (np.arange(count) + 1) / count
        colours += [tuple(int(v) for v in 255 - share * (255 - full)) for share in shares]
    picture = Image.new("P", (1, 1))
    picture.putpalette([value for colour in colours for value in colour])
    return picture


def _last(history: History) -> int:
    """The last point that is a finite number."""
    finite = np.isfinite(history.w) & np.isfinite(history.b) & np.isfinite(history.loss)
    return int(np.flatnonzero(finite)[-1])


def _draw_data(ax, x, y, history: History) -> None:
    k = _last(history)
    slope, level = history.surface.minimum
    ends = np.array([x.min(), x.max()])
    best = slope * ends + level
    low, high = min(y.min(), best.min()), max(y.max(), best.max())
    room = 0.6 * ((high - low) or 1.0)
    # Single pixels, where the points are many, keep the file small.
    ax.plot(x, y, "." if len(x) <= 300 else ",", color="0.6", markersize=4)
    ax.plot(ends, best, ":", color=_MINIMUM, linewidth=1.5, label="least squares")
    ax.plot(ends, history.w[k] * ends + history.b[k], color=_RUN, linewidth=2, label="line")
    ax.set(title="Data space", xlabel="x", ylabel="y", ylim=(low - room, high + room))


def _draw_parameters(ax, history: History) -> None:
    surface, (w, b) = history.surface, history.surface.minimum
    start = history.w[0], history.b[0]
    half = 0.78 * max(abs(start[0] - w), abs(start[1] - b), 0.5)
    # A run that leaves is followed as far as eight times this view, like in the figure.
    reach = np.maximum(np.abs(history.w - w), np.abs(history.b - b))[: _last(history) + 1].max()
    zoom = next((z for z in (1, 2, 4, 8) if reach <= half * 1.3 * z), 8)
    lean = 1 - 1 / zoom
    centre = [(s + m) / 2 + lean * (m - s) / 2 for s, m in zip(start, (w, b))]
    # The axes are wider than high, and w and b have one scale.
    box = [(c - half * zoom * wide, c + half * zoom * wide) for c, wide in zip(centre, (1.25, 1))]
    _draw_contours(ax, surface, float(surface(*np.meshgrid(*box)).max()))
    ax.plot(history.w, history.b, ".-", color=_RUN, linewidth=1.3, markersize=4, label="path")
    ring = {"markeredgecolor": _RUN, "markeredgewidth": 2, "markersize": 8, "label": "start"}
    ax.plot(*start, "o", color="white", **ring)
    cross = {"color": _MINIMUM, "linestyle": "", "markersize": 10, "markeredgewidth": 2}
    ax.plot(w, b, "+", **cross, label="minimum")
    ax.set(title="Parameter space", xlabel="w (slope)", ylabel="b (intercept)")
    # Its title beside those of the other panels.
    ax.set(xlim=box[0], ylim=box[1], aspect="equal", anchor="N")


def _draw_contours(ax, surface: LossSurface, highest: float) -> None:
    """Draw the ellipses of losses … 1, 3, 10, 30, as in the figure."""
    outer = np.floor(2 * np.log10(highest))
    for half in np.arange(outer, outer - 11, -1):
        above = 10 ** (half // 2) * (3 if half % 2 else 1) - surface.minimum_loss
        if not above > 0:
            break
        size = 2 * np.sqrt(2 * above / surface.eigenvalues)
        (across, up), _ = surface.eigenvectors.T
        look = {"angle": np.degrees(np.arctan2(up, across)), "fill": False, "edgecolor": "0.75"}
        ax.add_patch(Ellipse(surface.minimum, *size, **look, linewidth=0.8))


def _draw_loss(ax, history: History) -> None:
    steps = np.arange(history.steps + 1)
    # Like in the figure, a run is followed up to 10¹² times its start.
    shown = np.where(history.loss <= 1e12 * history.loss[0], history.loss, np.nan)
    if history.batch_size is not None:
        inside = (history.batch_loss > 0) & (history.batch_loss <= 1e12 * history.loss[0])
        batch = np.where(inside, history.batch_loss, np.nan)
        ax.plot(steps[:-1], batch, ".", color=_BATCH, markersize=3, alpha=0.9, label="each batch")
    # A loss of exactly 0, on points without noise, has no place on a log axis.
    ax.plot(steps, np.where(shown > 0, shown, np.nan), color=_RUN, linewidth=2, label="all data")
    least = history.surface.minimum_loss
    if least > 0:
        ax.axhline(least, color=_MINIMUM, linestyle=":", linewidth=1.5, label="least squares")
    ax.set(title="Loss", xlabel="step", ylabel="mean squared error")
    if np.any(shown > 0):
        ax.set_yscale("log")
        ax.yaxis.set_major_formatter(AxisNumbers(log=True))
    ax.yaxis.set_minor_formatter(lambda value, position: "")
