"""Arrowheads and short texts: which way a path goes, and what cannot be seen of it."""

import numpy as np
from matplotlib.path import Path

from labhelpers.figures.style import INK, PAPER
from labhelpers.figures.vector import FONT_SIZE, LETTER

#: An arrowhead that points along x, its tip at the origin.
_HEAD = np.array([(0.0, 0.0), (-1.0, 0.42), (-0.72, 0.0), (-1.0, -0.42), (0.0, 0.0)])


def draw_arrowhead(ax, tip, direction, color: str, size: float = 9.0, zorder: float = 8):
    """Draw an arrowhead at `tip` (data coordinates) that points along `direction` (pixels)."""
    along = np.asarray(direction, float) / np.hypot(*direction)
    turned = _HEAD @ np.array([along, (-along[1], along[0])])
    (head,) = ax.plot(
        *np.reshape(tip, (2, 1)),
        linestyle="none",
        marker=Path(turned),
        # Matplotlib scales the farthest coordinate of one's own marker to half of this.
        markersize=2 * size * np.abs(turned).max(),
        color=color,
        markeredgecolor=PAPER,
        markeredgewidth=0.6,
        clip_on=False,
        zorder=zorder,
    )
    return head


def write_note(ax, text: str, at: tuple[float, float] = (0.5, 0.5), **alignment):
    """Write `text` at a place given in axes fractions."""
    look = {"ha": "center", "va": "center", "color": INK, "fontsize": FONT_SIZE * 0.75, "zorder": 9}
    return ax.text(*at, text, transform=ax.transAxes, **(look | alignment))


def place_note(ax, text: str, near: tuple[float, float] = (0.5, 0.5)):
    """Write `text` where it covers the least of what is drawn and written, close to `near`."""
    points = occupied(ax)
    taken = [
        _box(ax, note.get_text(), note.get_position())
        for note in ax.texts
        if note.get_transform() is ax.transAxes
    ]
    left, right, bottom, top = _box(ax, text, (0, 0))
    width, height = right - left, top - bottom
    margin = min(0.5, 0.02 + width / 2)

    def cost(place) -> float:
        left, right, bottom, top = _box(ax, text, place)
        inside = (points > (left - 0.01, bottom)) & (points < (right + 0.01, top))
        touched = sum(
            left < other[1] and right > other[0] and bottom < other[3] and top > other[2]
            for other in taken
        )
        far = np.hypot(place[0] - near[0], place[1] - near[1])
        return inside.all(axis=1).sum() + 1e4 * touched + 40 * far

    places = [
        (
            float(np.clip(near[0] + shift, margin, 1 - margin)),
            float(np.clip(near[1] + drop, 0.02 + height / 2, 0.98 - height / 2)),
        )
        for drop in np.arange(-6, 7) * 0.06
        for shift in (0.03 + width / 2, -0.03 - width / 2, 0.0)
    ]
    return write_note(ax, text, min(places, key=cost))


def _box(ax, text: str, centre) -> tuple[float, float, float, float]:
    """Left, right, bottom and top of a note, in axes fractions."""
    width, height = LETTER * len(text) / ax.bbox.width, 1.5 * FONT_SIZE / ax.bbox.height
    x, y = centre
    return x - width / 2, x + width / 2, y - height / 2, y + height / 2


def point_out(ax, gone, text: str, color: str):
    """Draw an arrowhead where a path leaves (`gone` is its `Exit`), and `text` beside it; both."""
    start = gone.edge if gone.inside is None else gone.inside
    tail, tip = ax.transData.transform([start, gone.edge])
    place = ax.transAxes.inverted().transform(tip)
    direction = tip - tail
    if np.hypot(*direction) < 1e-6:  # the path comes from outside, or from the frame itself
        direction = np.where(place == 0.5, 1.0, place - 0.5)
    return draw_arrowhead(ax, gone.edge, direction, color, size=11), place_note(ax, text, place)


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
        points += [(path[:-1] + between * np.diff(path, axis=0)).reshape(-1, 2), path]
    points = np.vstack(points)
    return points[((points > -0.05) & (points < 1.05)).all(axis=1)]
