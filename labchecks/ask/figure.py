"""What matplotlib axes of a student's show: curves, labels, legend."""

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from labchecks.ask.call import Answer, Case, call
from labchecks.ask.values import MAX_NUMBERS, NotNumbers, describe, numbers, read, read_value


def ask_figure(namespace: Mapping[str, object], case: Case, axes: str, *lists: str) -> Answer:
    """What the axes `axes` show and, under ``lists``, what each of the names `lists` holds."""
    held = {name: read_value(namespace, name) for name in lists}
    answer = read(namespace, axes)
    if answer is None:
        answer, failure = call(lambda: read_axes(namespace[axes]))
        answer = failure or answer
    return {**answer, "lists": held}


def read_axes(thing: object) -> Answer:
    """Curves, labels and legend of matplotlib axes (a figure with one axes serves too)."""
    try:
        axes = _find_axes(thing)
        described = describe(thing)
    except Exception:
        axes, described = None, type(thing).__name__
    if axes is None:
        return {"kind": "other", "type": described}
    figure = axes.get_figure()
    legend = _legend_of(axes, figure)
    titles = [str(axes.get_title(loc=where)) for where in ("center", "left", "right")]
    others = [other for other in list(getattr(figure, "axes", []))[:20] if other is not axes]
    return {
        "kind": "axes",
        "curves": _with_entries(_curves_of(axes), legend),
        "xlabel": _label_of(axes, axes.xaxis) or _text_of(figure, "_supxlabel"),
        "ylabel": _label_of(axes, axes.yaxis) or _text_of(figure, "_supylabel"),
        "title": next(filter(str.strip, titles), _text_of(figure, "_suptitle")),
        "legend": None if legend is None else [str(t.get_text()) for t in legend.get_texts()],
        "yscale": str(axes.get_yscale()),
        "beside": [curve for other in others for curve in _plain(_curves_of(other))],
    }


def _label_of(axes, axis) -> str:
    """An axis' label, if a reader sees it."""
    seen = axes.axison and axis.get_visible() and axis.label.get_visible()
    return str(axis.label.get_text()).strip() if seen else ""


def _text_of(figure, attribute: str) -> str:
    """A label or title that stands for the whole figure, such as from ``fig.supxlabel``."""
    text = getattr(figure, attribute, None)
    return "" if text is None else str(text.get_text())


def _legend_of(axes, figure):
    """The legend that a reader sees: that of the axes or, where it has none, of the figure."""
    legends = [axes.get_legend(), *getattr(figure, "legends", [])]
    return next((one for one in legends if one is not None and one.get_visible()), None)


def _curves_of(axes) -> list[dict[str, Any]]:
    """Visible curves, in the order in which they were drawn; ``look`` is how each looks."""
    curves = [
        _curve(line.get_xdata(), line.get_ydata(), line, _look_of_line(line))
        for line in axes.get_lines()[:50]
        if _seen(line) and _is_drawn(line)
    ]
    for artist in filter(_seen, axes.collections[:50]):
        segments = getattr(artist, "get_segments", list)()
        for points in _joined(np.asarray(one, dtype=float) for one in segments[:MAX_NUMBERS]):
            # Two points are no curve: they are a stem, an error bar or a level.
            if len(points) > 2:
                curves.append(_curve(points[:, 0], points[:, 1], artist))
        offsets = np.ma.filled(np.ma.asarray(artist.get_offsets(), dtype=float), np.nan)
        if offsets.ndim == 2 and len(offsets) > 1:
            curves.append(_curve(offsets[:MAX_NUMBERS, 0], offsets[:MAX_NUMBERS, 1], artist))
    for steps in axes.patches[:50]:
        if hasattr(steps, "get_data") and _seen(steps):
            heights, edges, _ = steps.get_data()
            left, middle = np.asarray(edges)[:-1], (np.asarray(edges)[:-1] + edges[1:]) / 2
            curves.append(_curve(left if float(left[0]).is_integer() else middle, heights, steps))
    return curves


def _seen(artist) -> bool:
    """Whether an artist is to be drawn at all."""
    shown = artist.axes is None or artist.axes.get_visible()
    return bool(shown and artist.get_visible()) and artist.get_alpha() != 0


def _is_drawn(line) -> bool:
    """Whether a line leaves a trace: it has ink, and at least two of its points are in view."""
    from matplotlib.colors import to_rgba

    axes = line.axes
    nothing = ("None", "none", "", " ")
    marked = str(line.get_marker()) not in nothing and line.get_markersize() > 0
    stroked = line.get_linewidth() > 0 and line.get_linestyle() not in nothing
    paper = to_rgba(axes.get_facecolor())[:3]
    stroke = to_rgba(line.get_color())
    if not marked and not (stroked and stroke[3] > 0 and stroke[:3] != paper):
        return False
    # As drawn: what was given may be names or dates.
    places = np.ma.filled(np.ma.asarray(line.get_xydata(), dtype=float), np.nan)
    low, high = np.sort([axes.get_xlim(), axes.get_ylim()]).T
    within = ((places >= low) & (places <= high)).all(axis=1)
    # Of numbers that are none, a judge says so.
    return bool(within.sum() >= 2 or np.isfinite(places).all(axis=1).sum() < 2)


def _curve(x, y, artist, look: str = "") -> dict[str, Any]:
    return {
        "x": _numbers_of_curve(x),
        "y": _numbers_of_curve(y),
        "label": str(artist.get_label()),
        "look": look or _look(getattr(artist, "get_edgecolor", lambda: "")()),
    }


def _joined(segments: Iterable[np.ndarray]) -> list[np.ndarray]:
    """Pieces of a curve of which each begins where the one before it ends, put together."""
    joined: list[list[np.ndarray]] = []
    for points in segments:
        if points.ndim != 2 or not len(points):
            continue
        if joined and np.array_equal(joined[-1][-1], points[0]):
            joined[-1].extend(points[1:])
        else:
            joined.append(list(points))
    return [np.array(points) for points in joined]


def _look(colour) -> str:
    from matplotlib.colors import to_hex

    try:
        colours = np.atleast_2d(np.asarray(colour, dtype=object))
        return to_hex(tuple(colours[0]) if colours.shape[1] > 1 else colours[0, 0])
    except (TypeError, ValueError, IndexError):
        return ""


def _look_of_line(line) -> str:
    return f"{_look(line.get_color())} {line.get_marker()} {line.get_linestyle()}"


def _with_entries(curves: list[dict[str, Any]], legend) -> list[dict[str, Any]]:
    """Add to each curve the text by which the legend names it, ``""`` where that is not plain.

    A curve's own label is in the legend, or else exactly one of its entries looks like the curve.
    """
    texts = [] if legend is None else [str(text.get_text()) for text in legend.get_texts()]
    handles = getattr(legend, "legend_handles", None) or getattr(legend, "legendHandles", [])
    looks = [
        _look_of_line(handle)
        if hasattr(handle, "get_linestyle") and hasattr(handle, "get_marker")
        else _look(getattr(handle, "get_facecolor", lambda: "")())
        for handle in handles or []
    ]
    drawn = [curve["look"] for curve in curves]
    for curve in curves:
        by_look = [text for text, look in zip(texts, looks, strict=False) if look == curve["look"]]
        plain = len(by_look) == 1 and drawn.count(curve["look"]) == 1
        named = curve["label"] in texts
        curve["entry"] = curve["label"] if named else by_look[0] if plain else ""
    return _plain(curves)


def _plain(curves: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{name: value for name, value in c.items() if name != "look"} for c in curves]


def _find_axes(thing: object):
    from matplotlib.axes import Axes
    from matplotlib.figure import FigureBase

    if isinstance(thing, Axes):
        return thing
    if isinstance(thing, FigureBase):
        return thing.axes[0] if len(thing.axes) == 1 else None
    # `ax = plt.subplots()` gives a pair, and `ax = plt.plot(...)` the list of its lines: the axes
    # of what comes first are what was meant.
    if isinstance(thing, (list, tuple)) and thing and hasattr(thing[0], "axes"):
        first = thing[0]
        return _find_axes(first) if isinstance(first, FigureBase) else first.axes
    if isinstance(thing, np.ndarray) and thing.size == 1 and isinstance(thing.flat[0], Axes):
        return thing.flat[0]
    return None


def _numbers_of_curve(data: object) -> list[float]:
    # An array as a whole: to look at each of its numbers takes much longer.
    whole = hasattr(data, "detach") or (type(data) is np.ndarray and data.ndim)
    try:
        return numbers(data if whole else list(data))[0]
    except (NotNumbers, TypeError):
        return []
