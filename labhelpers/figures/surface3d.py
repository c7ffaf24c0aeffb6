"""The loss surface as a landscape, with the path of a run on it."""

from __future__ import annotations

import numpy as np
from matplotlib.colors import LogNorm
from matplotlib.ticker import MaxNLocator

from labhelpers.figures.contours import describe_run
from labhelpers.figures.drawing import Drawing, open_sheet
from labhelpers.figures.inputs import check_history, check_surface
from labhelpers.figures.style import (
    GRID,
    INK,
    SURFACE_COLOURS,
    place_legend,
    readable,
    series_style,
)
from labhelpers.figures.window import Window, find_exit, parameter_window
from labhelpers.figures.wording import point, rounded
from labhelpers.history import History
from labhelpers.surface import LossSurface

__all__ = ["plot_surface"]

#: Squares of the mesh along each axis; the loss is quadratic, so few are enough.
RESOLUTION = 25
#: A bowl needs both its sides: more of the far side is shown than in the contours.
AROUND = 0.6
MOST_MARKERS = 30
#: Pieces that a step is cut into.
DRAPE = 12
#: Seen from above the near corner, so that the valley is not hidden behind a wall.
ELEVATION, AZIMUTH = 32, -58


def plot_surface(surface: LossSurface, history: History | None = None, ax=None) -> Drawing:
    """Plot the loss over (w, b) as a surface in three dimensions.

    Parameters
    ----------
    surface : LossSurface
    history : History, optional
        A run; its path is drawn on the surface.
    ax : matplotlib 3-D axes, optional
        Where to draw (made with ``projection="3d"``); a new figure is made if left out.

    Returns
    -------
    Drawing
        With artists ``"surface"``, ``"minimum"``, ``"path"`` and ``"exit"`` (``None`` where there
        is none), ``"legend"``.

    Raises
    ------
    TypeError
        If an argument does not fit; the message names it.
    """
    check_surface(surface)
    if history is not None:
        check_history(history)
    window = parameter_window(surface, [] if history is None else [history], around=AROUND)
    grid = surface.grid(window.x, window.y, RESOLUTION)
    with open_sheet(ax, size=(6.0, 4.8), projection="3d") as sheet:
        ax = sheet.ax
        # Matplotlib orders whole artists by depth; here the path always lies on top.
        ax.computed_zorder = False
        height = grid.loss.max()
        artists = {
            "surface": ax.plot_surface(
                *np.meshgrid(grid.w, grid.b),
                grid.loss,
                rcount=RESOLUTION,
                ccount=RESOLUTION,
                cmap=SURFACE_COLOURS,
                norm=LogNorm(max(grid.loss.min(), height * 1e-3), height),
                edgecolor="#9db1c4",
                linewidth=0.35,
                antialiased=True,
                zorder=1,
            ),
            "path": None,
            "exit": None,
        }
        w, b = surface.minimum
        (artists["minimum"],) = ax.plot(
            [w],
            [b],
            [surface.minimum_loss],
            linestyle="none",
            marker="*",
            markersize=13,
            color=INK,
            markeredgecolor="white",
            label="minimum",
            zorder=5,
        )
        gone = None
        if history is not None:
            gone = find_exit(history.w, history.b, window, first=history.diverged)
            end = history.steps + 1 if gone is None else gone.step
            points = np.stack([history.w[:end], history.b[:end]], axis=1)
            marked = len(points)
            if gone is not None and gone.inside is not None:
                points = np.vstack([points, gone.edge])
            w, b = _drape(points).T
            stride = max(1, -(-marked // MOST_MARKERS))
            look = series_style(0).line(
                label=history.label,
                zorder=4,
                markevery=[index * DRAPE for index in range(0, marked, stride)],
            )
            (artists["path"],) = ax.plot(w, b, surface(w, b), **look)
            if gone is not None:
                text = gone.told()
                # Flat text: in three dimensions an arrow at an edge points nowhere in particular.
                artists["exit"] = ax.text2D(
                    0.5,
                    0.94,
                    text,
                    transform=ax.transAxes,
                    ha="center",
                    color=readable(series_style(0).color),
                )
        _trim(ax, window)
        artists["legend"] = place_legend(ax, own=sheet.own)
        return sheet.finish(artists, _describe(surface, history, window, height))


def _drape(points: np.ndarray) -> np.ndarray:
    """Points between the steps, so that the path follows the ground and does not fly over it."""
    if len(points) == 1:
        return points
    between = np.arange(DRAPE)[None, :, None] / DRAPE
    filled = points[:-1, None] + between * np.diff(points, axis=0)[:, None]
    return np.vstack([filled.reshape(-1, 2), points[-1:]])


def _trim(ax, window) -> None:
    """White walls, thin grid, labels and a good point of view."""
    for axis in (ax.xaxis, ax.yaxis, ax.zaxis):
        axis.set_pane_color("white")
        axis.line.set_color("#8a94a0")
        axis.set_major_locator(MaxNLocator(5))
        # Matplotlib has no public setter for the grid of 3-D axes.
        axis._axinfo["grid"].update(color=GRID, linewidth=0.7)
    ax.set_xlim(*window.x)
    ax.set_ylim(*window.y)
    ax.set_xlabel("slope w")
    ax.set_ylabel("intercept b")
    ax.set_zlabel("loss")
    ax.tick_params(labelsize=8, pad=1)
    ax.view_init(ELEVATION, AZIMUTH)
    ax.set_box_aspect((1.15, 1.15, 0.8), zoom=1.0)


def _describe(surface: LossSurface, history: History | None, window: Window, height: float) -> str:
    text = (
        "The loss as a surface over slope w and intercept b, a bowl that rises from "
        f"{rounded(surface.minimum_loss)} at {point(*surface.minimum)} to {rounded(height)}."
    )
    return text if history is None else f"{text} {describe_run(history, window)}."
