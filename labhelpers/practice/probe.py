"""Probes: how plain data is got out of a student's objects.

A probe runs where the student's objects live. What it returns is made of dicts, lists, strings and
numbers alone, so that it can be sent to a judge in another process and needs no trust there. Every
answer is a dict with a ``"kind"``:

========== =========================================================================
kind       further keys
========== =========================================================================
absent     the name is not defined
stub       the name is ``None``, or a function or class whose body is still empty
numbers    ``values`` (flat list of floats), ``shape``, ``type``
axes       ``curves`` (each ``x``, ``y``, ``label``, ``entry``: its text in the
           legend), ``xlabel``, ``ylabel``, ``title``, ``legend``, ``yscale``,
           ``beside`` (curves in other axes of the same figure)
error      ``error``, ``message``, ``line`` (number or None), ``source``
timeout    ``seconds``
other      ``type``: something that is none of these
========== =========================================================================
"""

from __future__ import annotations

import contextlib
import dis
import io
import itertools
import linecache
import signal
import threading
import types
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence, ValuesView
from typing import Any

import numpy as np

__all__ = [
    "TIME_LIMIT",
    "call",
    "is_stub",
    "read",
    "read_axes",
    "read_figure",
    "read_numbers",
    "read_value",
]

Answer = dict[str, Any]

#: Seconds that one call of a student's function may take in a check cell.
TIME_LIMIT = 10.0

#: More numbers than any practice asks for; a longer answer is refused unread.
MAX_NUMBERS = 20_000


class _Overtime(BaseException):
    """Raised in a student's function that runs too long; no ``except Exception`` swallows it."""


def is_stub(thing: object) -> bool:
    """Whether a function or class body still does nothing but document itself."""
    if isinstance(thing, types.FunctionType):
        body = [op for op in dis.get_instructions(thing) if op.opname not in ("RESUME", "NOP")]
        names = [op.opname for op in body]
        if names == ["LOAD_CONST", "RETURN_VALUE"] or names == ["RETURN_CONST"]:
            return body[0].argval is None
        return False
    if isinstance(thing, type):
        own = {
            name: value for name, value in vars(thing).items() if name not in _IMPLICIT_IN_A_CLASS
        }
        return all(is_stub(value) for value in own.values())
    return thing is None


_IMPLICIT_IN_A_CLASS = frozenset(
    "__module__ __doc__ __qualname__ __dict__ __weakref__ __firstlineno__ __static_attributes__ "
    "__annotations__ __annotate_func__ __annotations_cache__".split()
)


def read(namespace: Mapping[str, object], name: str) -> Answer | None:
    """``{"kind": "absent"}`` or ``{"kind": "stub"}`` where `name` holds no answer, else None."""
    if name not in namespace:
        return {"kind": "absent"}
    try:
        return {"kind": "stub"} if is_stub(namespace[name]) else None
    except Exception:  # an object of the student's own class may refuse even to be looked at
        return None


def read_numbers(thing: object) -> Answer:
    """Numbers out of a float, a tensor, an array, or a list, tuple or other sequence of those."""
    described = type(thing).__name__
    try:
        described = _describe(thing)
        values, shape = _numbers(thing)
    except _Complex:
        described = described if "complex" in described else f"complex {described}"
        return {"kind": "other", "type": described}
    except Exception:  # a class of the student's own may raise anything when it is read
        return {"kind": "other", "type": described}
    return {"kind": "numbers", "values": values, "shape": shape, "type": described}


def read_figure(namespace: Mapping[str, object], name: str) -> Answer:
    """What the axes that `name` holds show; ``absent`` or ``stub`` where it holds no answer."""
    nothing = read(namespace, name)
    if nothing is not None:
        return nothing
    answer, failure = call(lambda: read_axes(namespace[name]))
    return answer if failure is None else failure


def read_value(namespace: Mapping[str, object], name: str) -> Answer:
    """The numbers that `name` holds; ``absent`` or ``stub`` where it holds no answer."""
    nothing = read(namespace, name)
    if nothing is not None:
        return nothing
    # An object of the student's own class may do anything when it is read.
    answer, failure = call(lambda: read_numbers(namespace[name]))
    return answer if failure is None else failure


class _NotNumbers(Exception):
    """Raised where an object holds something else than numbers, or too many of them."""


class _Complex(_NotNumbers):
    """Raised where numbers have an imaginary part."""


def _describe(thing: object) -> str:
    name = type(thing).__name__
    if isinstance(thing, (list, tuple)):
        inner = sorted({type(item).__name__ for item in thing[:1000]})
        return f"{name} of {' and '.join(inner[:3])}" if inner else f"empty {name}"
    return name


def _numbers(thing: object) -> tuple[list[float], list[int]]:
    if isinstance(thing, (str, bytes, bool, dict, set)):
        raise _NotNumbers
    if type(thing) in (int, float):
        return [float(thing)], []
    if hasattr(thing, "detach"):
        thing = thing.detach().cpu()
        if thing.numel() > MAX_NUMBERS:
            raise _NotNumbers
        # bfloat16 has no numpy type of its own.
        thing = thing.double() if thing.is_floating_point() else thing
    elif isinstance(thing, (list, tuple, ValuesView)) or (
        isinstance(thing, Sequence) and not hasattr(thing, "__array__")
    ):
        return _numbers_of_sequence(thing)
    array = np.asarray(thing)
    if array.size > MAX_NUMBERS:
        raise _NotNumbers
    if array.dtype != object:
        if array.dtype.kind == "c":
            # The eigenvalues of a symmetric matrix come as complex numbers out of `eigvals`; who
            # makes a plain Python complex number means one.
            if type(thing) is complex or array.imag.any():
                raise _Complex
            array = array.real
        if array.dtype.kind not in "iuf":
            raise _NotNumbers
        return [float(value) for value in array.ravel()], [int(n) for n in array.shape]
    if array.ndim:
        return _numbers_of_sequence(array.tolist())
    # Decimal, Fraction and their like: what says itself that it is one number.
    if isinstance(thing, (type, np.generic)) or not hasattr(type(thing), "__float__"):
        raise _NotNumbers
    return [float(thing)], []


def _numbers_of_sequence(sequence) -> tuple[list[float], list[int]]:
    if len(sequence) > MAX_NUMBERS:
        raise _NotNumbers
    values: list[float] = []
    shapes = []
    # A length may be a lie: no more is read than is allowed.
    for item in itertools.islice(sequence, MAX_NUMBERS + 1):
        inner, shape = _numbers(item)
        values += inner
        shapes.append(shape)
        if len(values) > MAX_NUMBERS:
            raise _NotNumbers
    # [tensor(1.), tensor([2.])] counts as two numbers, as a reader would count them.
    if all(int(np.prod(shape)) == 1 for shape in shapes):
        return values, [len(shapes)]
    if shapes and all(shape == shapes[0] for shape in shapes):
        return values, [len(shapes), *shapes[0]]
    raise _NotNumbers


def read_axes(thing: object) -> Answer:
    """Curves, labels and legend of matplotlib axes (a figure with one axes serves too)."""
    try:
        axes = _find_axes(thing)
        described = _describe(thing)
    except Exception:
        axes, described = None, type(thing).__name__
    if axes is None:
        return {"kind": "other", "type": described}
    figure = axes.get_figure()
    legend = _legend_of(axes, figure)
    return {
        "kind": "axes",
        "curves": _with_entries(_curves_of(axes), legend),
        "xlabel": _label_of(axes, axes.xaxis) or _text_of(figure, "_supxlabel"),
        "ylabel": _label_of(axes, axes.yaxis) or _text_of(figure, "_supylabel"),
        "title": next(
            (
                str(axes.get_title(loc=where))
                for where in ("center", "left", "right")
                if str(axes.get_title(loc=where)).strip()
            ),
            _text_of(figure, "_suptitle"),
        ),
        "legend": None if legend is None else [str(t.get_text()) for t in legend.get_texts()],
        "yscale": str(axes.get_yscale()),
        "beside": [
            curve
            for other in list(getattr(figure, "axes", []))[:20]
            if other is not axes
            for curve in _plain(_curves_of(other))
        ],
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
        for points in _joined(
            [np.asarray(points, dtype=float) for points in segments[:MAX_NUMBERS]]
        ):
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
    axes = getattr(artist, "axes", None)
    shown = axes is None or axes.get_visible()
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


def _joined(segments: list[np.ndarray]) -> list[np.ndarray]:
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
        if curve["label"] in texts:
            curve["entry"] = curve["label"]
        elif len(by_look) == 1 and drawn.count(curve["look"]) == 1:
            curve["entry"] = by_look[0]
        else:
            curve["entry"] = ""
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
    # `ax = plt.plot(...)` gives the list of its lines, and their axes are what was meant.
    if isinstance(thing, (list, tuple)) and thing and hasattr(thing[0], "axes"):
        return thing[0].axes
    if isinstance(thing, np.ndarray) and thing.size == 1 and isinstance(thing.flat[0], Axes):
        return thing.flat[0]
    return None


def _numbers_of_curve(data: object) -> list[float]:
    # An array as a whole: to look at each of its numbers takes much longer.
    whole = hasattr(data, "detach") or (type(data) is np.ndarray and data.ndim)
    try:
        return _numbers(data if whole else list(data))[0]
    except (_NotNumbers, TypeError):
        return []


def call(function: Callable[[], Any], seconds: float | None = None) -> tuple[Any, Answer | None]:
    """Run a student's code quietly and within a time limit.

    Parameters
    ----------
    function : callable
        Takes nothing; usually a lambda around the student's function.
    seconds : float, optional
        After this long (:data:`TIME_LIMIT` if left out) the call is stopped, where the platform
        can: in the main thread of a system with SIGALRM. Elsewhere it runs to its end.

    Returns
    -------
    result, failure
        What the function returned and ``None``; or ``None`` and an answer of kind ``error`` or
        ``timeout``. What it prints, warns or logs is dropped: an honest ``print`` is no mistake.
    """
    seconds = TIME_LIMIT if seconds is None else seconds
    try:
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                with _time_limit(seconds):
                    return function(), None
    except _Overtime:
        return None, {"kind": "timeout", "seconds": seconds}
    # SystemExit too: `exit()` in an answer must not end the check. An interrupt by the student ends
    # their function, and the check then says in which line it was.
    except BaseException as error:
        return None, _describe_error(error)


@contextlib.contextmanager
def _time_limit(seconds: float) -> Iterator[None]:
    can_stop = hasattr(signal, "setitimer") and (
        threading.current_thread() is threading.main_thread()
    )
    if not can_stop:
        yield
        return

    waited = False

    def stop(signum, frame):
        nonlocal waited
        if _importing(frame):
            waited = True
        elif waited:
            waited = False
            signal.setitimer(signal.ITIMER_REAL, seconds, 1.0)
        else:
            raise _Overtime

    before = signal.signal(signal.SIGALRM, stop)
    # It fires again every second, for code that swallows even BaseException once.
    signal.setitimer(signal.ITIMER_REAL, seconds, 1.0)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def _importing(frame: types.FrameType | None) -> bool:
    """Whether an import is under way, such as the long one of a first optimizer.

    Cut off, it would leave a half-made module behind, and the kernel could not use it any more. The
    time it takes is the machine's, so the limit begins anew when it is done.
    """
    while frame is not None and frame.f_code is not call.__code__:
        if frame.f_code.co_filename.startswith("<frozen importlib"):
            return True
        frame = frame.f_back
    return False


def _describe_error(error: BaseException) -> Answer:
    line, source = None, ""
    frame = error.__traceback__
    while frame is not None:
        name = frame.tb_frame.f_code.co_filename
        if "ipykernel" in name or "ipython-input" in name or name.startswith("<"):
            line = frame.tb_lineno
            source = linecache.getline(name, line).strip()
        frame = frame.tb_next
    return {
        "kind": "error",
        "error": type(error).__name__,
        "message": str(error)[:300],
        "line": line,
        "source": source[:200],
    }
