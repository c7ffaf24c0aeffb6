"""Loss curves: one or several, by step, epoch or update, on a linear or a log axis."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.ticker import MaxNLocator

from labhelpers.figures.callout import point_out
from labhelpers.figures.drawing import Drawing, Sheet
from labhelpers.figures.inputs import check_choice, check_labels, check_roles
from labhelpers.figures.style import MINIMUM, WRONG, SeriesStyle, dress, run_styles
from labhelpers.figures.window import Exit, Window, find_exit
from labhelpers.figures.wording import rounded
from labhelpers.history import History
from labhelpers.reading import read_number, read_vector

#: A diverging curve is followed to this many times the largest loss of the others.
REACH = {"linear": 2.0, "log": 1e3}
#: A log axis ends at this power of ten: matplotlib sets ticks beyond it that must not overflow.
MOST_DECADES = 220.0
MOST_MARKERS = 16
_AXIS = {"step": "iteration", "epoch": "epoch", "update": "update"}


@dataclass
class _Curve:
    """One curve: its points, its name, how it is to look, and where it leaves the plot, if ever."""

    x: np.ndarray
    y: np.ndarray
    name: str
    style: SeriesStyle
    diverged: bool
    exit: Exit | None = None
    left: str | None = None


def _grows(y: np.ndarray) -> bool:
    """Whether a plain list of losses runs away; a run with a `History` knows it exactly."""
    if not np.isfinite(y[-1]):
        return True
    quarter = -(-y.size // 4)
    first, last = y[:quarter], y[-quarter:]
    return not np.isfinite(first).any() or bool(np.nanmax(last) > 10 * abs(np.nanmax(first)))


def _read_curve(series, style: SeriesStyle, name: str, by: str) -> _Curve:
    if isinstance(series, History):
        # By epoch, the loss is read once at the start of each epoch and at the end.
        points = series.epoch_starts if by == "epoch" else np.arange(series.steps + 1)
        x = np.arange(points.size, dtype=float)
        if by == "epoch" and series.steps:
            # The last epoch may be unfinished: its updates count as shares of a whole one.
            updates = points[-1] - points[-2]
            x[-1] = x[-2] + updates / max(updates, series.updates_per_epoch)
        return _Curve(x, series.loss[points], name, style, series.diverged)
    y = read_vector(series, "each series")
    return _Curve(np.arange(y.size, dtype=float), y, name, style, _grows(y))


def _limits(curves: Sequence[_Curve], scale: str, reference: float | None) -> tuple[float, float]:
    """Vertical limits: all of what stays bounded, and the start of what does not."""
    home = [np.array([reference])] if reference is not None else []
    for curve in curves:
        values = curve.y[:1] if curve.diverged else curve.y
        home.append(values[np.isfinite(values) & ((values > 0) | (scale == "linear"))])
    home = np.concatenate(home)
    if home.size == 0:
        return (0.0, 1.0) if scale == "linear" else (0.1, 10.0)
    low, high = float(home.min()), float(home.max())
    runaway = [curve.y for curve in curves if curve.diverged]
    if runaway:
        # Infinity is above every limit; what is not a number is no height at all.
        top = max(float(np.nanmax(y, initial=high)) for y in runaway)
        high = min(top, high * REACH[scale] if high > 0 else REACH[scale])
    if scale == "log":
        # In powers of ten: from the least number to the largest, the ratio itself overflows.
        first, last = math.log10(low), math.log10(high)
        room = 0.06 * (last - first) or math.log10(2)
        return 10 ** max(first - room, -MOST_DECADES), 10 ** min(last + room, MOST_DECADES)
    room = 0.06 * (high - low) or 0.5 * max(abs(high), 1.0)
    return (min(0.0, low) - (room if low < 0 else 0.02 * (high - low))), high + room


def _padded(last: float) -> tuple[float, float]:
    room = 0.03 * last or 0.5
    return -room, last + room


def _leave(curve: _Curve, window: Window, scale: str) -> Exit | None:
    """Where the curve leaves the plot, in data coordinates, or ``None``."""
    # A fall to zero on a log axis leaves by the bottom: only what rises counts as leaving.
    heights = np.maximum(curve.y, window.y[0])
    if scale == "linear":
        return find_exit(curve.x, heights, window, first=curve.diverged)
    frame = Window(window.x, tuple(np.log10(window.y)))
    gone = find_exit(curve.x, np.log10(heights), frame, first=curve.diverged)
    if gone is None:
        return None
    inside = None if gone.inside is None else np.array([gone.inside[0], 10.0 ** gone.inside[1]])
    edge = np.array([gone.edge[0], 10.0 ** gone.edge[1]])
    return Exit(gone.step, inside, edge, gone.number)


def _draw_curve(ax, curve: _Curve, scale: str):
    x, shown, gone = curve.x, curve.y, curve.exit
    stride = max(1, x.size // MOST_MARKERS)
    look = curve.style.line(label=curve.name, markevery=stride, zorder=4)
    if gone is not None:
        x = np.append(x[: gone.step], gone.edge[0])
        shown = np.append(shown[: gone.step], gone.edge[1])
        look["markevery"] = list(range(0, gone.step, stride))
    if scale == "log":
        shown = np.where(shown > 0, shown, np.nan)
    (line,) = ax.plot(x, shown, **look)
    return line


def plot_losses(
    *series, ax=None, by="step", scale="linear", labels=None, roles=None, reference=None
) -> Drawing:
    """Plot loss curves on shared axes.

    Parameters
    ----------
    *series : History or sequence of losses
        A plain sequence of n losses is drawn against 0, 1, …, n − 1.
    ax : matplotlib.axes.Axes, optional
        Where to draw; a new figure is made if left out.
    by : {"step", "epoch", "update"}
        What the horizontal axis counts. For a `History`, a step is an update, and by epoch the
        full-data loss is drawn once an epoch.
    scale : {"linear", "log"}
        Scale of the loss axis.
    labels : sequence of str, optional
        Names in the legend, one for each series.
    roles : sequence of str or None, optional
        What the colours say, as in `plot_fit`; one for each series.
    reference : float, optional
        A loss to compare with, drawn as a horizontal line: the least-squares loss.

    Returns
    -------
    Drawing
        With artists ``"lines"``, ``"exits"`` (one for each line; ``None`` or an arrow and a
        text), ``"reference"`` (or ``None``).
    """
    if not series:
        raise ValueError("series is empty: give at least one History or sequence of losses")
    check_choice(by, "by", tuple(_AXIS))
    check_choice(scale, "scale", ("linear", "log"))
    names = check_labels(labels, len(series)) or [
        getattr(item, "label", "loss" if len(series) == 1 else f"loss {index + 1}")
        for index, item in enumerate(series)
    ]
    if reference is not None:
        reference = read_number(reference, "reference")
        if not np.isfinite(reference) or (scale == "log" and reference <= 0):
            raise ValueError(f"reference must be finite, on a log axis above 0, got {reference}")
    styles = run_styles(series, check_roles(roles, len(series)))
    curves = [
        _read_curve(item, style, name, by)
        for item, style, name in zip(series, styles, names, strict=True)
    ]
    if scale == "log" and not any((curve.y > 0).any() for curve in curves):
        raise ValueError('scale="log" needs at least one loss above 0')
    last = max(float(curve.x[-1]) for curve in curves)
    window = Window(_padded(last), _limits(curves, scale, reference))
    noun = "epoch" if by == "epoch" else "step"
    for curve in curves:
        curve.exit = _leave(curve, window, scale)
        curve.left = curve.exit and curve.exit.told(noun, rounded(curve.x[curve.exit.step]))
    if all(curve.exit for curve in curves):
        # When nothing stays, the empty rest of the axis is of no use.
        last = max(float(curve.exit.edge[0]) for curve in curves)
        window = Window(_padded(max(1.7 * last, 1)), window.y)
    sheet = Sheet(ax)
    ax = sheet.ax
    ax.set_yscale(scale)
    window.apply(ax)
    artists = {"lines": [_draw_curve(ax, curve, scale) for curve in curves], "reference": None}
    if reference is not None:
        name = f"least squares {rounded(reference)}"
        dotted = {"color": MINIMUM, "linewidth": 1.3, "linestyle": (0, (1, 1.6)), "zorder": 3}
        artists["reference"] = ax.axhline(reference, label=name, **dotted)
    artists["exits"] = [
        curve.exit and point_out(ax, curve.exit, curve.left, curve.style.color) for curve in curves
    ]
    ax.xaxis.set_major_locator(MaxNLocator(6, integer=True, min_n_ticks=1, steps=[1, 2, 5, 10]))
    dress(ax, _AXIS[by], "loss" if scale == "linear" else "loss, log scale")
    notice = _notice(curves, by, scale, reference)
    return sheet.finish(artists, _describe(curves, by, scale, reference), notice)


def _notice(curves, by: str, scale: str, reference: float | None) -> str:
    if gone := [curve.name for curve in curves if curve.exit]:
        return f"The arrow marks where {' and '.join(gone)} left the plot."
    if len({curve.style.color == WRONG for curve in curves}) == 2:
        if _lie_together(curves, scale):
            return "The dashed red curve lies on the other: the losses do not tell them apart."
        return "Look at where the dashed red curve parts from the other."
    if risen := [curve.name for curve in curves if curve.y[-1] > curve.y[0]]:
        return f"Look at {' and '.join(risen)}: the loss ends higher than it began."
    if scale == "log" and (uneven := [curve.y for curve in curves if _rises(curve.y)]):
        if not any(map(_has_settled, uneven)):
            return "Look at how evenly each curve falls."
        place = "high it stays" if reference is None else "far above the dotted line it stays"
        return f"Where a curve only goes up and down, look at how {place}."
    if scale == "log":
        noun = _AXIS[by]
        return f"Where a curve is straight, every {noun} divides the loss by the same number."
    if reference is not None:
        return "No line can bring the loss below the dotted one."
    return "Look at how fast the loss falls at first, and at where it ends."


def _lie_together(curves, scale: str) -> bool:
    """Whether two curves of one length differ by no more than a line's width in the plot."""
    if len(curves) != 2 or curves[0].y.shape != curves[1].y.shape:
        return False
    heights = np.array([np.log10(curve.y) if scale == "log" else curve.y for curve in curves])
    return bool(np.abs(np.diff(heights, axis=0)).max() < 0.02 * np.ptp(heights))


def _rises(y: np.ndarray) -> bool:
    """Whether the loss rises somewhere; a last digit that is still on its way is no rise."""
    return bool((y[1:] / 1.05 > y[:-1]).any())


def _has_settled(y: np.ndarray) -> bool:
    """Whether the second half has no trend left: its end is not far below its beginning."""
    half = np.array_split(y[y.size // 2 :], 2)
    return bool(np.median(half[1]) > 0.5 * np.median(half[0]))


def _describe(curves, by: str, scale: str, reference: float | None) -> str:
    text = f"Loss by {_AXIS[by]}{' on a log axis' if scale == 'log' else ''}."
    for curve in curves:
        text += f" {curve.name}: from {rounded(curve.y[0])}"
        text += f", {curve.left}." if curve.exit else f" to {rounded(curve.y[-1])}."
    if reference is not None:
        text += f" Least squares: {rounded(reference)}."
    return text
