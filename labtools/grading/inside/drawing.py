"""Figures as pictures: the pixels that a kernel prints, in less time.

To print a figure matplotlib goes through it twice, lays out its ticks a dozen times and makes each
of them from nothing. What it would find again is kept here, while one figure is drawn.
"""

import contextlib
import io
from typing import Any


def picture(figure) -> bytes | None:
    """The figure as PNG, the very bytes that a kernel prints.

    To print it matplotlib goes through it twice, which is needed only to crop it.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.image import imsave

    if not figure.axes and not figure.lines:
        return None
    canvas = figure.canvas
    if not isinstance(canvas, FigureCanvasAgg):
        canvas = FigureCanvasAgg(figure)
    _share_formulas(canvas.get_renderer())
    with _ticks_placed_once(), _ticks_alike(), _marks_shared():
        canvas.draw()
    stream = io.BytesIO()
    imsave(stream, canvas.buffer_rgba(), format="png", origin="upper", dpi=figure.dpi)
    return stream.getvalue()


_formulas = None


def _share_formulas(renderer) -> None:
    """Have this figure know the formulas that an earlier one has read, as ``10⁻³`` at a tick."""
    global _formulas
    if _formulas is None:
        _formulas = getattr(renderer, "mathtext_parser", None)
    if _formulas is not None:
        renderer.mathtext_parser = _formulas


@contextlib.contextmanager
def _ticks_placed_once():
    """Have matplotlib place an axis's ticks again only where its limits or its size have changed.

    To lay a figure out and draw it, matplotlib asks for the ticks a dozen times for each axis and
    places them anew each time: a third of the time of a figure.
    """
    from matplotlib.axis import Axis

    place = getattr(Axis, "_update_ticks", None)
    measure = getattr(Axis, "_get_ticklabel_bboxes", None)
    if place is None or measure is None:
        yield
        return
    placed: dict[Any, tuple] = {}
    measured: dict[Any, tuple] = {}

    def place_once(axis):
        state = _state_of(axis)
        if state is None:
            return place(axis)
        found, ticks = placed.get(axis, (None, None))
        if found != state:
            ticks = place(axis)
            placed[axis] = (state, ticks)
        return list(ticks)

    def measure_once(axis, ticks, renderer):
        state = _state_of(axis)
        if state is None:
            return measure(axis, ticks, renderer)
        # Where labels stand depends on the other axis too, if a spine was moved along it.
        others = tuple(_state_of(other) for other in axis.axes._axis_map.values())
        state = (ticks, renderer, *others)
        found, boxes = measured.get(axis, (None, None))
        if found != state:
            boxes = measure(axis, ticks, renderer)
            measured[axis] = (state, boxes)
        return tuple(map(list, boxes))

    with _replaced(Axis, _update_ticks=place_once, _get_ticklabel_bboxes=measure_once):
        yield


@contextlib.contextmanager
def _marks_shared():
    """Have a line of a tick share its mark's parts with the mark that it is made from.

    matplotlib copies each of them deeply, three marks for each tick, and changes none.
    """
    from matplotlib.markers import MarkerStyle

    set_mark = getattr(MarkerStyle, "_set_marker", None)
    if set_mark is None:
        yield
        return

    def share(self, mark):
        if type(mark) is MarkerStyle:
            self.__dict__ = dict(vars(mark))
        else:
            set_mark(self, mark)

    with _replaced(MarkerStyle, _set_marker=share):
        yield


@contextlib.contextmanager
def _ticks_alike():
    """Make one tick of an axis in full and the others as copies of it.

    A tick is five artists with a hundred properties, and all ticks of an axis are made alike; a
    quarter of the time of drawing a simple figure goes into that. Each of the others gets what
    matplotlib changes of a tick in place for itself, and shares the rest.
    """
    from matplotlib.axis import Axis, XTick, YTick
    from matplotlib.cbook import CallbackRegistry

    make = getattr(Axis, "_get_tick", None)
    if make is None:
        yield
        return
    models: dict[tuple, tuple] = {}

    def alike(axis, major):
        wanted = dict(axis._major_tick_kw if major else axis._minor_tick_kw)
        known, model = models.get((axis, major), (None, None))
        if known is None or not _same(known, wanted):
            model = make(axis, major)
            if not _is_plain(axis) or type(model) not in (XTick, YTick):
                return model
            models[axis, major] = (wanted, model)
        tick = twin(model)
        for name in _PARTS:
            setattr(tick, name, twin(getattr(model, name)))
        return tick

    def twin(artist):
        new = object.__new__(type(artist))
        new.__dict__ = dict(vars(artist))
        new._callbacks = CallbackRegistry(signals=["pchanged"])
        if hasattr(new, "_fontproperties"):
            new._fontproperties = new._fontproperties.copy()
        return new

    with _replaced(Axis, _get_tick=alike):
        yield


def _same(first: dict, second: dict) -> bool:
    """Whether they have the very same values, which need not be comparable."""
    return first.keys() == second.keys() and all(first[key] is second[key] for key in first)


#: What a tick consists of.
_PARTS = ("tick1line", "tick2line", "gridline", "label1", "label2")


def _state_of(axis) -> tuple | None:
    """What the places of an axis's ticks depend on; None for an axis that is not a plain one."""
    if not _is_plain(axis):
        return None
    return (
        *axis.get_view_interval(),
        *axis.axes.bbox.bounds,
        axis.get_transform(),
        *(part for ticker in (axis.major, axis.minor) for part in vars(ticker).values()),
    )


def _is_plain(axis) -> bool:
    """Whether it is an axis of matplotlib's own kind, of axes that are not polar or the like."""
    from matplotlib.axis import XAxis, YAxis

    return type(axis) in (XAxis, YAxis) and axis.axes.name == "rectilinear"


@contextlib.contextmanager
def _replaced(owner: type, **methods):
    """Have a class use these methods for a while."""
    usual = {name: getattr(owner, name) for name in methods}
    for name, method in methods.items():
        setattr(owner, name, method)
    try:
        yield
    finally:
        for name, method in usual.items():
            setattr(owner, name, method)
