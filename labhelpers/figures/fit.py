"""Data space: the points and the lines or curves that were fitted to them."""

from collections.abc import Mapping

import numpy as np

from labhelpers.figures.callout import place_note
from labhelpers.figures.drawing import Drawing, Sheet
from labhelpers.figures.inputs import check_labels, check_roles, read_line, read_points
from labhelpers.figures.style import INK, POINTS, WRONG, dress, run_styles
from labhelpers.figures.window import WHOLE_LINE, Window, data_window
from labhelpers.figures.wording import count, equation, rounded


def draw_points(ax, x: np.ndarray, y: np.ndarray):
    """Draw the data as points, fainter the more there are."""
    many = x.size > 300
    look = {"markersize": 3.2, "alpha": 0.5} if many else {"markersize": 4.2, "alpha": 0.7}
    look |= {"linestyle": "none", "marker": "o", "color": POINTS, "markeredgewidth": 0}
    (points,) = ax.plot(x, y, label="data", zorder=2, **look)
    return points


def draw_line(ax, w: float, b: float, window: Window, color: str, **look):
    """Draw ŷ = w·x + b across `window`; say so in words where no part of it lies inside."""
    ends = np.array(window.x)
    with np.errstate(over="ignore", invalid="ignore"):
        heights = w * ends + b
    (line,) = ax.plot(ends, heights, color=color, **({"linewidth": 2, "zorder": 3} | look))
    if not np.isfinite(heights).all():
        place_note(ax, "no line: w or b is not finite")
    else:
        _tell_unseen(ax, window, "the line", heights)
    return line


def _tell_unseen(ax, window: Window, label: str, heights: np.ndarray) -> None:
    """Say in words where a curve is of which the plot shows nothing."""
    known = heights[~np.isnan(heights)]
    if known.size == 0:
        place_note(ax, f"{label} is not a number")
    elif (known > window.y[1]).all():
        place_note(ax, f"↑ {label} is above the plot", (0.5, 0.94))
    elif (known < window.y[0]).all():
        place_note(ax, f"↓ {label} is below the plot", (0.5, 0.06))


def plot_fit(
    dataset, *lines, ax=None, labels=None, roles=None, show_truth: bool = False
) -> Drawing:
    """Plot data and fitted lines.

    Parameters
    ----------
    dataset : DataSet or pair (x, y)
        Points; x and y have shape (N,) or (N, 1).
    *lines : pair (w, b) or History
        Lines to draw; of a `History`, its last point.
    ax : matplotlib.axes.Axes, optional
        Where to draw; a new figure is made if left out.
    labels : sequence of str, optional
        Names in the legend, one for each line; the equations if left out.
    roles : sequence of str or None, optional
        For each line ``"minimum"``, ``"wrong"``, ``"kept"`` or ``"batch"`` where its colour is to
        say what it is, ``None`` where it has a colour of its own.
    show_truth : bool
        Whether to add, dashed, the line that the data were made from.

    Returns
    -------
    Drawing
        With artists ``"points"``, ``"lines"`` (a list), ``"truth"`` (or ``None``).
    """
    x, y = read_points(dataset)
    fitted = [read_line(line) for line in lines]
    names = check_labels(labels, len(fitted)) or [
        f"{run}: {equation(w, b)}" if run else equation(w, b) for w, b, run in fitted
    ]
    styles = run_styles(lines, check_roles(roles, len(fitted)))
    truth = _true_line(dataset) if show_truth else None
    every = [line[:2] for line in fitted] + ([truth] if truth else [])
    window = data_window(x, y, every, share=WHOLE_LINE)
    sheet = Sheet(ax)
    ax = sheet.ax
    window.apply(ax)
    artists = {"points": draw_points(ax, x, y), "lines": [], "truth": None}
    for (w, b, _), name, style in zip(fitted, names, styles, strict=True):
        look = {"linestyle": style.linestyle, "label": name}
        artists["lines"].append(draw_line(ax, w, b, window, style.color, **look))
    if truth:
        artists["truth"] = draw_line(
            ax, *truth, window, INK, linestyle=(0, (4, 3)), linewidth=1.3, label="true line"
        )
    dress(ax, "x", "y")
    notice = "The loss is the mean square of the points' vertical distances from the line."
    if WRONG in [style.color for style in styles]:
        notice = "Look at how the dashed red line differs."
    if truth:
        notice = (
            "The thin dashes are the true line. The points scatter about it: that is the noise."
        )
    return sheet.finish(artists, _describe(dataset, x, fitted, truth), notice)


def _true_line(dataset) -> tuple[float, float]:
    slope, intercept = getattr(dataset, "slope", None), getattr(dataset, "intercept", None)
    if slope is None or intercept is None:
        raise ValueError("show_truth needs a DataSet whose true line is known; this one has none")
    return float(slope), float(intercept)


def _describe(dataset, x: np.ndarray, fitted: list, truth) -> str:
    text = count(x.size, "data point")
    if getattr(dataset, "name", None):
        text += f" ({dataset.name})"
    for index, (w, b, run) in enumerate(fitted):
        joint = " with " if index == 0 else " and "
        text += joint + (f"{run}: " if run else "the line ") + equation(w, b)
    if truth:
        text += f"; the true line is {equation(*truth).replace('ŷ', 'y')}, dashed"
    return text + "."


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
