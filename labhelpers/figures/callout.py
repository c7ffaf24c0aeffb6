"""Short texts at the edge of a plot that say what has left it."""

from __future__ import annotations

import numpy as np
from matplotlib.patheffects import withStroke

from labhelpers.figures.style import readable

__all__ = ["occupied", "place_note", "point_out", "write_note"]

_FONT_SIZE = 9
#: A letter's mean width and a line's height as shares of the font size.
_LETTER, _LINE = 0.56, 1.5


def write_note(ax, text: str, color: str, at: tuple[float, float] = (0.5, 0.5), **alignment):
    """Write `text` at a place given in axes fractions, with a light edge so that it is read."""
    look = {"ha": "center", "va": "center"} | alignment
    return ax.text(
        *at,
        text,
        transform=ax.transAxes,
        color=readable(color),
        fontsize=_FONT_SIZE,
        zorder=9,
        path_effects=[withStroke(linewidth=3, foreground="white")],
        **look,
    )


def place_note(ax, text: str, color: str, near: tuple[float, float] = (0.5, 0.5)):
    """Write `text` at the place nearest to `near` that covers least of what is there already."""
    taken = [_box(ax, note.get_text(), note.get_position()) for note in _notes(ax)]
    left, right, bottom, top = _free_box(ax, np.asarray(near), text, occupied(ax), taken)
    return write_note(ax, text, color, ((left + right) / 2, (bottom + top) / 2))


def _notes(ax) -> list:
    return [text for text in ax.texts if text.get_transform() is ax.transAxes and text.get_text()]


def _size(ax, text: str) -> tuple[float, float]:
    """Width and height of a note as shares of the axes'."""
    pixels = _FONT_SIZE * ax.figure.dpi / 72
    return _LETTER * len(text) * pixels / ax.bbox.width, _LINE * pixels / ax.bbox.height


def _box(ax, text: str, centre) -> tuple[float, float, float, float]:
    width, height = _size(ax, text)
    x, y = centre
    return x - width / 2, x + width / 2, y - height / 2, y + height / 2


def point_out(ax, start, edge, text: str, color: str, taken: list[tuple]):
    """Draw an arrow to `edge`, where a path leaves, and `text` at the nearest free place.

    Parameters
    ----------
    start, edge : (float, float)
        In data coordinates: where the path comes from, and the point on the frame where it leaves.
    taken : list of boxes
        Places of earlier texts; the new text keeps clear of them and is added.

    Returns
    -------
    (Annotation, Text)
    """
    to_fraction = (ax.transData + ax.transAxes.inverted()).transform
    tail, tip = to_fraction(np.asarray(start, float)), to_fraction(np.asarray(edge, float))
    shaft = tip - tail
    length = float(np.hypot(*shaft))
    direction = shaft / length if length > 1e-9 else np.sign(tip - 0.5) * np.sqrt(0.5)
    # A short shaft of fixed length: the last step may be very long or end on the frame itself.
    tail = tip - direction * min(max(length, 0.05), 0.12)
    arrow = ax.annotate(
        "",
        xy=tip,
        xytext=tail,
        xycoords="axes fraction",
        textcoords="axes fraction",
        arrowprops={
            "arrowstyle": "-|>,head_width=0.28,head_length=0.55",
            "color": readable(color),
            "linewidth": 1.8,
            "shrinkA": 0,
            "shrinkB": 0,
        },
        annotation_clip=False,
        zorder=8,
    )
    shaft_points = tail + np.linspace(0, 1, 12)[:, None] * (tip - tail)
    box = _free_box(ax, tip, text, np.vstack([occupied(ax), shaft_points]), taken)
    taken.append(box)
    left, right, bottom, top = box
    return arrow, write_note(ax, text, color, ((left + right) / 2, (bottom + top) / 2))


def occupied(ax) -> np.ndarray:
    """Points along every line drawn on `ax`, in axes fractions, shape (n, 2)."""
    to_fraction = (ax.transData + ax.transAxes.inverted()).transform
    points = [np.empty((0, 2))]
    for line in ax.lines:
        path = line.get_xydata()
        path = path[np.isfinite(path).all(axis=1)]
        if len(path) == 0:
            continue
        path = to_fraction(path)
        # Long steps count all along: a few hundred points in total are dense enough.
        between = np.linspace(0, 1, max(2, 400 // len(path)))[:, None, None]
        points.append((path[:-1] + between * np.diff(path, axis=0)).reshape(-1, 2))
        points.append(path)
    points = np.vstack(points)
    return points[((points > -0.05) & (points < 1.05)).all(axis=1)]


def _free_box(ax, tip: np.ndarray, text: str, points: np.ndarray, taken: list[tuple]) -> tuple:
    """The box (left, right, bottom, top) near `tip` that covers the least, in axes fractions."""
    width, height = _size(ax, text)
    best, least = None, np.inf
    for drop in np.arange(-6, 7) * 0.06:
        for left in (tip[0] + 0.03, tip[0] - 0.03 - width, tip[0] - width / 2):
            left = float(np.clip(left, 0.02, max(0.02, 0.98 - width)))
            bottom = float(np.clip(tip[1] + drop - height / 2, 0.02, 0.98 - height))
            right, top = left + width, bottom + height
            covered = (
                (points[:, 0] > left - 0.01)
                & (points[:, 0] < right + 0.01)
                & (points[:, 1] > bottom)
                & (points[:, 1] < top)
            ).sum()
            touched = sum(
                left < other[1] and right > other[0] and bottom < other[3] and top > other[2]
                for other in taken
            )
            away = np.hypot((left + right) / 2 - tip[0], (bottom + top) / 2 - tip[1])
            cost = covered + 1e4 * touched + 3 * away
            if cost < least:
                best, least = (left, right, bottom, top), cost
    return best
