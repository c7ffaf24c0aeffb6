"""Parameter space from above: contours of the loss and the paths of runs."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.ticker import MaxNLocator

from labhelpers.figures.callout import point_out
from labhelpers.figures.drawing import Drawing, open_sheet
from labhelpers.figures.inputs import check_history, check_surface
from labhelpers.figures.style import INK, SURFACE_COLOURS, dress, halo, place_legend, series_style
from labhelpers.figures.window import Window, find_exit, parameter_window
from labhelpers.figures.wording import count, point, rounded
from labhelpers.history import History
from labhelpers.surface import LossSurface

__all__ = [
    "describe_run",
    "draw_contours",
    "draw_exits",
    "draw_path",
    "loss_levels",
    "name_axes",
    "plot_contours",
]

RESOLUTION = 120
#: Below this share of the largest loss shown, an ellipse is too small to see.
SMALLEST_SHARE = 2e-4
#: The innermost contour stands for at most this share of it.
MIDDLE_SHARE = 0.01
#: More markers than this along one path would hide it.
MOST_MARKERS = 30


def loss_levels(lowest: float, highest: float) -> np.ndarray:
    """Contour levels in equal ratios (…, 1, 3, 10, 30, …) above the least loss.

    The loss spans several decades, so equal steps would leave the valley empty. Where the least
    loss itself fills the range, the ratios are those of the excess above it.
    """
    excess = highest - lowest
    decades = np.arange(np.floor(np.log10(excess * SMALLEST_SHARE)), np.ceil(np.log10(excess)) + 1)
    ladder = np.sort(np.concatenate([10.0**decades, 3 * 10.0**decades]))
    ladder = ladder[(ladder >= excess * SMALLEST_SHARE) & (ladder < highest)]
    levels = ladder[(ladder > lowest + excess * SMALLEST_SHARE)]
    # The innermost contour must lie close to the minimum, or the valley's floor stays bare.
    if levels.size and levels[0] - lowest < MIDDLE_SHARE * excess:
        return levels
    return lowest + ladder[ladder < excess]


def draw_contours(
    ax,
    surface: LossSurface,
    window: Window,
    *,
    histories: Sequence[History] = (),
    resolution: int = RESOLUTION,
    labels: bool = True,
) -> dict:
    """Fill `ax` with the loss over `window`, label the levels and mark the minimum.

    The labels keep clear of the paths of `histories`, which are drawn later.
    """
    grid = surface.grid(window.x, window.y, resolution)
    highest = float(grid.loss.max())
    # A range chosen by the caller may leave the minimum out.
    whole = window.contains(*surface.minimum)
    lowest = surface.minimum_loss if whole else float(grid.loss.min())
    levels = loss_levels(lowest, highest)
    steps = [lowest, *levels, highest]
    shades = SURFACE_COLOURS(np.linspace(0, 1, len(steps) - 1))
    filled = ax.contourf(grid.w, grid.b, grid.loss, levels=steps, colors=shades, zorder=0)
    lines = ax.contour(
        grid.w, grid.b, grid.loss, levels=levels, colors="#7f95ab", linewidths=0.6, zorder=1
    )
    artists = {"surface": filled, "contours": lines, "contour_labels": []}
    if labels:
        places = _label_places(lines, window, surface, histories)
        artists["contour_labels"] = ax.clabel(
            lines,
            manual=places,
            fmt=rounded,
            fontsize=7.5,
            colors="#52687e",
            inline_spacing=3,
        )
    window.apply(ax)
    w, b = surface.minimum
    (artists["minimum"],) = ax.plot(
        [w],
        [b],
        linestyle="none",
        marker="*",
        markersize=13,
        color=INK,
        markeredgecolor="white",
        markeredgewidth=0.9,
        label="minimum",
        zorder=5,
    )
    return artists


def _label_places(lines, window: Window, surface: LossSurface, histories) -> list[np.ndarray]:
    """For each contour with room for a number, the place farthest from paths and other labels."""
    corner = np.array([window.x[0], window.y[0]])
    size = np.array([window.x[1] - window.x[0], window.y[1] - window.y[0]])
    paths = [np.array([surface.minimum])]
    for history in histories:
        ends = np.stack([history.w, history.b], axis=1)
        ends = ends[np.isfinite(ends).all(axis=1)][:400]
        between = np.linspace(0, 1, 12)[:, None, None]
        with np.errstate(over="ignore", invalid="ignore"):
            paths += [(ends[:-1] + between * np.diff(ends, axis=0)).reshape(-1, 2), ends]
    busy = (np.vstack(paths) - corner) / size
    busy = busy[((busy > -0.1) & (busy < 1.1)).all(axis=1)]
    places = []
    for segments in lines.allsegs:
        if not segments:
            continue
        contour = (np.vstack(segments) - corner) / size
        # A label at the frame would be cut off; one on a tiny ellipse would hide it.
        inner = contour[((contour > 0.07) & (contour < 0.93)).all(axis=1)][::3]
        if len(inner) == 0 or np.ptp(contour, axis=0).max() < 0.16:
            continue
        room = np.hypot(*(inner[:, None] - busy[None]).transpose(2, 0, 1)).min(
            axis=1, initial=np.inf
        )
        best = int(room.argmax())
        if room[best] > 0.05:
            places.append(inner[best] * size + corner)
            busy = np.vstack([busy, inner[best]])
    return places


def draw_path(
    ax,
    history: History,
    window: Window,
    index: int = 0,
    *,
    label: str | None = None,
    until: int | None = None,
):
    """Draw the path of a run over the contours, up to point `until`, or to where it leaves."""
    end = history.steps if until is None else until
    w, b = history.w[: end + 1], history.b[: end + 1]
    style = series_style(index)
    gone = find_exit(w, b, window, first=history.diverged)
    if gone is not None:
        w, b = w[: gone.step], b[: gone.step]
        if gone.inside is not None:
            w, b = np.append(w, gone.edge[0]), np.append(b, gone.edge[1])
    # The point on the edge is where the path is cut, not a point of the run: no marker there.
    marked = np.arange(0, w.size - (gone is not None and gone.inside is not None))
    stride = max(1, -(-marked.size // MOST_MARKERS))
    dense = marked.size > 200
    look = style.line(
        # Dashes of a path with hundreds of turns would not be told from its turns.
        **({"linestyle": "-"} if dense else {}),
        linewidth=1.0 if dense else 1.8,
        markersize=4.5 if dense else 5.5,
        markevery=marked[::stride].tolist(),
        label=label,
        zorder=4,
    )
    look.setdefault("path_effects", halo(width=look["linewidth"] + 1.6))
    (path,) = ax.plot(w, b, **look)
    return path


def draw_exits(
    ax, histories: Sequence[History], window: Window, *, until: int | None = None
) -> list:
    """Point out each run that leaves `window`; to be called when every path is drawn.

    Returns
    -------
    list
        For each run ``None`` or an arrow and a text.
    """
    exits, taken = [], []
    for index, history in enumerate(histories):
        end = history.steps if until is None else until
        w, b = history.w[: end + 1], history.b[: end + 1]
        gone = find_exit(w, b, window, first=history.diverged)
        if gone is None:
            exits.append(None)
            continue
        start = gone.edge if gone.inside is None else gone.inside
        text = gone.told()
        if gone.inside is None and gone.number:
            text = "outside the plot from step 0"
        color = series_style(index).color
        exits.append(point_out(ax, start, gone.edge, text, color, taken))
    return exits


def plot_contours(
    surface: LossSurface, *histories: History, ax=None, w_range=None, b_range=None
) -> Drawing:
    """Plot contours of the loss over (w, b) with the paths of runs.

    Parameters
    ----------
    surface : LossSurface
    *histories : History
        Runs, each with its own colour, marker and line style.
    ax : matplotlib.axes.Axes, optional
        Where to draw; a new figure is made if left out.
    w_range, b_range : (float, float), optional
        Limits; if left out, they hold the minimum and the paths. A run that leaves is shown
        leaving, with the step in words.

    Returns
    -------
    Drawing
        With artists ``"surface"``, ``"contours"``, ``"contour_labels"``, ``"minimum"``,
        ``"paths"`` and ``"exits"`` (one for each run; an exit is ``None`` or an arrow and a
        text), ``"legend"``.

    Raises
    ------
    TypeError, ValueError
        If an argument does not fit; the message names it.
    """
    check_surface(surface)
    for history in histories:
        check_history(history, "each history")
    window = parameter_window(surface, histories, w_range=w_range, b_range=b_range)
    with open_sheet(ax, size=(6.0, 4.5)) as sheet:
        ax = sheet.ax
        artists = draw_contours(ax, surface, window, histories=histories)
        artists["paths"] = [
            draw_path(ax, history, window, index, label=history.label)
            for index, history in enumerate(histories)
        ]
        artists["exits"] = draw_exits(ax, histories, window)
        name_axes(ax)
        artists["legend"] = place_legend(ax, own=sheet.own)
        return sheet.finish(artists, _describe(surface, histories, window))


def name_axes(ax) -> None:
    """Label the axes of parameter space; the contours take the place of a grid."""
    ax.set_xlabel("slope w")
    ax.set_ylabel("intercept b")
    ax.xaxis.set_major_locator(MaxNLocator(6, steps=[1, 2, 5, 10]))
    ax.yaxis.set_major_locator(MaxNLocator(6, steps=[1, 2, 5, 10]))
    dress(ax, grid=False)


def describe_run(history: History, window: Window) -> str:
    """A clause on one run: where from, where to, or where it left the plot."""
    gone = find_exit(history.w, history.b, window, first=history.diverged)
    start = point(history.w[0], history.b[0])
    if gone is not None:
        if not gone.number:
            return f"{history.label}: starts at {start}, {gone.told()}"
        place = gone.told() if gone.step else "lies outside the plot"
        return f"{history.label}: starts at {start} and {place}"
    end = point(history.w[-1], history.b[-1])
    return f"{history.label}: {count(history.steps, 'step')} from {start} to {end}"


def _describe(surface: LossSurface, histories: Sequence[History], window: Window) -> str:
    text = (
        "Contours of the loss over slope w and intercept b; minimum "
        f"{rounded(surface.minimum_loss)} at {point(*surface.minimum)}."
    )
    for history in histories:
        text += f" {describe_run(history, window)}."
    return text
