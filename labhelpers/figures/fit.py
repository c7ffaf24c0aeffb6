"""Data space: the points and the fitted lines."""

import numpy as np

from labhelpers.figures.callout import place_note
from labhelpers.figures.drawing import Drawing, Sheet
from labhelpers.figures.inputs import check_labels, check_roles, read_line, read_points
from labhelpers.figures.style import INK, POINTS, WRONG, dress, run_styles
from labhelpers.figures.window import WHOLE_LINE, Window, data_window
from labhelpers.figures.wording import count, equation


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
    elif window.clip((ends[0], heights[0]), (ends[1], heights[1])) is None:
        above = heights.mean() > window.y[1]
        text = "↑ the line is above the plot" if above else "↓ the line is below the plot"
        place_note(ax, text, (0.5, 0.94 if above else 0.06))
    return line


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
