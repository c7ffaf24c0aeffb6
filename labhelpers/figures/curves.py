"""Several models' predictions over the same data, for targets that a line does not fit."""

from collections.abc import Mapping

import numpy as np

from labhelpers.figures.callout import place_note
from labhelpers.figures.drawing import Drawing, Sheet
from labhelpers.figures.fit import draw_points
from labhelpers.figures.inputs import read_points
from labhelpers.figures.style import dress, run_styles
from labhelpers.figures.window import Window, data_window
from labhelpers.figures.wording import count, rounded


def plot_curve_fits(dataset, predictions: Mapping[str, tuple], ax=None) -> Drawing:
    """Plot data with the predictions of several models.

    Parameters
    ----------
    dataset : DataSet or pair (x, y)
    predictions : mapping of label to pair (x, y_pred)
        Of each model, inputs in increasing order and what it predicts there, each of shape (M,) or
        (M, 1).
    ax : matplotlib.axes.Axes, optional
        Where to draw; a new figure is made if left out.

    Returns
    -------
    Drawing
        With artists ``"points"``, ``"curves"`` (one for each model).
    """
    x, y = read_points(dataset)
    if not isinstance(predictions, Mapping):
        kind = type(predictions).__name__
        raise TypeError(f"predictions must map a label to a pair (x, y_pred), got {kind}")
    if not predictions:
        raise ValueError("predictions is empty: give at least one model's")
    curves = {}
    for label, pair in predictions.items():
        name = f"predictions[{label!r}]"
        curves[str(label)] = across, height = read_points(pair, name, finite=False)
        if (np.diff(across) < 0).any():
            raise ValueError(f"{name} must have its x in increasing order")
    window = data_window(x, y)
    sheet = Sheet(ax)
    ax = sheet.ax
    window.apply(ax)
    artists = {"points": draw_points(ax, x, y), "curves": []}
    styles = run_styles(curves)
    for index, (label, (across, height)) in enumerate(curves.items()):
        # Markers at a few places only: a cue, not a point of the data.
        stride = max(1, across.size // 7)
        look = styles[index].line(label=label, linewidth=2, zorder=4)
        first = stride * index // len(curves)
        look["markevery"] = list(range(first, across.size, stride))
        artists["curves"] += ax.plot(across, height, **look)
        _tell_unseen(ax, window, label, height)
    dress(ax, "x", "y")
    text = f"{count(x.size, 'data point')} with the predictions of {', '.join(curves)}."
    for label, (across, height) in curves.items():
        text += f" {label}: from {rounded(height[0])} at x = {rounded(across[0])}"
        text += f" to {rounded(height[-1])} at x = {rounded(across[-1])}."
    notice = "Look at how the points scatter about the curve."
    if len(curves) > 1:
        notice = "Look at where each curve can follow the points, and where it cannot."
    return sheet.finish(artists, text, notice)


def _tell_unseen(ax, window: Window, label: str, height) -> None:
    """Say in words where a curve is of which the plot shows nothing."""
    known = height[~np.isnan(height)]
    if known.size == 0:
        place_note(ax, f"{label} is not a number")
    elif (known > window.y[1]).all():
        place_note(ax, f"↑ {label} is above the plot", (0.5, 0.94))
    elif (known < window.y[0]).all():
        place_note(ax, f"↓ {label} is below the plot", (0.5, 0.06))
