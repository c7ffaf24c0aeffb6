"""The linked step figure: one step of a run, seen in data space and in parameter space.

Both panels show the same point k of the path: the line on the left has the slope and intercept of
the point on the right.
"""

from collections.abc import Iterable

import numpy as np

from labhelpers.figures.callout import draw_arrowhead
from labhelpers.figures.contours import draw_contours, draw_paths, frame_ratio, label_contours
from labhelpers.figures.drawing import Drawing, Sheet
from labhelpers.figures.fit import draw_line, draw_points
from labhelpers.figures.inputs import check_runs, read_points
from labhelpers.figures.style import INK, SeriesStyle, dress, run_styles
from labhelpers.figures.window import Window, data_window, parameter_window
from labhelpers.figures.wording import rounded
from labhelpers.history import History
from labhelpers.reading import read_number
from labhelpers.surface import LossSurface

#: A panel of `plot_step`, and one of `plot_steps`, whose numbers are few.
SIZE, SMALL = (400, 330), (168, 176)
SMALL_MARGINS = (50, 4, 6, 42)
NOTICE = "The line on the data and the dot on the contours show the same w and b: one step, twice."


def _read_step(step, history: History, name: str = "step") -> int:
    number = read_number(step, name)
    if number not in range(history.steps + 1):
        raise ValueError(f"{name} must be a whole number from 0 to {history.steps}, got {step!r}")
    return int(number)


def _windows(x, y, surface, history: History, ratio: float) -> tuple[Window, Window]:
    """Limits of data space and of parameter space that hold for all steps of a run."""
    lines = np.stack([history.w, history.b], axis=1)
    return data_window(x, y, lines), parameter_window(surface, [history], ratio=ratio)


def draw_data_space(ax, x, y, history: History, step: int, window: Window) -> dict:
    """Points, the line of point `step` and its residuals."""
    w, b = float(history.w[step]), float(history.b[step])
    (style,) = run_styles([history])
    window.apply(ax)
    artists = {"points": draw_points(ax, x, y)}
    with np.errstate(over="ignore", invalid="ignore"):
        predicted = w * x + b
    # A residual that ends far outside is drawn to just beyond the frame: the rest is not seen.
    height = window.y[1] - window.y[0]
    ends = np.clip(predicted, window.y[0] - height, window.y[1] + height)
    gap = np.full(x.size, np.nan)
    segments = np.array([[x, x, gap], [y, ends, gap]]).transpose(0, 2, 1).reshape(2, -1)
    thin = {"linewidth": 0.8, "alpha": 0.45} if x.size <= 120 else {"linewidth": 0.5, "alpha": 0.2}
    look = SeriesStyle(style.color, "none", "-").line(zorder=1.5, **thin)
    (artists["residuals"],) = ax.plot(*segments, label="residuals", **look)
    artists["line"] = draw_line(ax, w, b, window, style.color, label="ŷ = w·x + b")
    dress(ax, "x", "y")
    return artists


def draw_parameter_space(ax, surface, history: History, step: int, window: Window) -> dict:
    """Contours, the path so far, point `step` and an arrow along the next step."""
    (style,) = run_styles([history])
    artists = draw_contours(ax, surface, window)
    drawn = draw_paths(ax, [history], window, labels=["path so far"], until=step)
    artists |= {"path": drawn["paths"][0], "exit": drawn["exits"][0]}
    artists["next"] = None
    w, b = history.w, history.b
    dot = SeriesStyle(style.color, "o", "none").line(markersize=9, markeredgewidth=1.4, zorder=7)
    (artists["current"],) = ax.plot([w[step]], [b[step]], label="this step", **dot)
    points = np.stack([w, b], axis=1)[step : step + 2]
    if step < history.steps and window.contains(*points[0]) and np.isfinite(points).all():
        ends = np.array([points[0], window.end_inside(*points)])
        direction = np.subtract(*ax.transData.transform(ends)[::-1])
        if np.hypot(*direction) > 1:  # a shorter step has no direction to be seen
            # An arrow shorter than the dot is drawn above it, so that it is still seen.
            above = 8 if np.hypot(*direction) < 20 else 6
            look = {"color": INK, "linestyle": "-", "linewidth": 1.5, "zorder": above}
            ax.plot(*ends.T, label="next step", **look)
            artists["next"] = draw_arrowhead(ax, ends[1], direction, INK, zorder=above)
    return artists


def _numbers(history: History, step: int) -> str:
    w, b, loss = (rounded(values[step]) for values in (history.w, history.b, history.loss))
    return f"w = {w}, b = {b}, loss {loss}"


def plot_step(dataset, surface: LossSurface, history: History, step: int) -> Drawing:
    """Plot one step of a run in data space and in parameter space.

    Parameters
    ----------
    dataset : DataSet or pair (x, y)
    surface : LossSurface
    history : History
    step : int
        Which point of the path, from 0 (the start) to ``history.steps``. Both panels show it.

    Returns
    -------
    Drawing
        With artists ``"points"``, ``"line"`` and ``"residuals"`` in data space; those of
        `plot_contours`, ``"path"``, ``"current"``, ``"next"`` (the arrow's head, ``None`` where
        there is no step to show) and ``"exit"`` in parameter space; ``"title"``.
    """
    x, y = read_points(dataset)
    check_runs(surface, history)
    step = _read_step(step, history)
    sheet = Sheet(size=SIZE, columns=2)
    left, right = sheet.axes
    data, parameters = _windows(x, y, surface, history, frame_ratio(SIZE))
    artists = draw_data_space(left, x, y, history, step, data)
    artists |= draw_parameter_space(right, surface, history, step, parameters)
    artists["contour_labels"] = label_contours(right, surface, artists["levels"])
    title = f"Step {step}: {_numbers(history, step)}"
    artists["title"] = left.set_title(title, loc="left")
    text = f"Step {step} of {history.steps} ({history.label}): {_numbers(history, step)}."
    if step < history.steps:
        w, b = rounded(history.w[step + 1]), rounded(history.b[step + 1])
        text += f" The next step leads to w = {w}, b = {b}."
    else:
        text += " This is the last point."
    return sheet.finish(artists, text, NOTICE)


def plot_steps(dataset, surface: LossSurface, history: History, steps=(0, 1, 2, 5)) -> Drawing:
    """Plot several steps side by side: data space above, parameter space below.

    Parameters
    ----------
    dataset : DataSet or pair (x, y)
    surface : LossSurface
    history : History
    steps : sequence of int
        One column for each; a column shows one step in both its panels.

    Returns
    -------
    Drawing
        With artists ``"columns"``: for each step, what `plot_step` returns.
    """
    x, y = read_points(dataset)
    check_runs(surface, history)
    if not isinstance(steps, Iterable):
        raise TypeError(f"steps must be a sequence of whole numbers, got {steps!r}")
    steps = [_read_step(step, history, "each of steps") for step in steps]
    if not steps:
        raise ValueError("steps is empty: give at least one step")
    data, parameters = _windows(x, y, surface, history, frame_ratio(SMALL, SMALL_MARGINS))
    sheet = Sheet(size=SMALL, rows=2, columns=len(steps), margins=SMALL_MARGINS)
    above, below = sheet.axes[: len(steps)], sheet.axes[len(steps) :]
    columns = []
    for step, top, bottom in zip(steps, above, below, strict=True):
        drawn = draw_data_space(top, x, y, history, step, data)
        drawn |= draw_parameter_space(bottom, surface, history, step, parameters)
        loss = rounded(history.loss[step])
        drawn["title"] = top.set_title(f"Step {step}: loss {loss}", loc="left", fontsize=10)
        columns.append(drawn)
    text = "; ".join(f"step {step}: {_numbers(history, step)}" for step in steps)
    text = f"{history.label}, in both spaces. {text}."
    return sheet.finish({"columns": columns}, text, NOTICE)
