"""The rectangle that a figure shows, and where a path leaves it."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from labhelpers.history import History
from labhelpers.surface import LossSurface

#: Room beyond the outermost thing shown, as a share of the range.
MARGIN = 0.08
#: A diverging run is followed to this many times the distance of its start from the minimum.
REACH = 1.5
#: The far side of the minimum is shown this far, as a share of the largest distance from it.
AROUND = 0.25
#: In a step figure the points keep at least this share of the height, so that the late steps, with
#: lines close to the points, can be read on the same axes as the first.
DATA_SHARE = 0.3
#: A single picture shows its line whole, unless that would leave the points less than this share.
WHOLE_LINE = 0.04


@dataclass(frozen=True)
class Window:
    """A rectangle: horizontal and vertical range."""

    x: tuple[float, float]
    y: tuple[float, float]

    def contains(self, x, y) -> np.ndarray:
        """Which of the points lie inside; a point that is not finite does not."""
        x, y = np.asarray(x, dtype=float), np.asarray(y, dtype=float)
        return (x >= self.x[0]) & (x <= self.x[1]) & (y >= self.y[0]) & (y <= self.y[1])

    @property
    def ratio(self) -> float:
        """Height over width."""
        return (self.y[1] - self.y[0]) / (self.x[1] - self.x[0])

    def apply(self, ax) -> None:
        """Make it the limits of `ax`."""
        ax.set_xlim(*self.x)
        ax.set_ylim(*self.y)

    def end_inside(self, start: np.ndarray, end: np.ndarray) -> np.ndarray:
        """Where a segment from a point inside ends (Liang and Barsky, 1984), each of shape (2,)."""
        low, high = np.transpose([self.x, self.y])
        with np.errstate(divide="ignore", invalid="ignore"):
            shares = np.array([low - start, high - start]) / (end - start)
        # A segment along an edge lies inside at every place.
        share = min(1.0, *np.where(np.isnan(shares), np.inf, shares).max(axis=0))
        # A far end can be 1e30 away: rounding must not put the crossing outside.
        return np.clip(start + share * (end - start), low, high)


@dataclass(frozen=True)
class Exit:
    """Where a path leaves for good."""

    #: The first point outside.
    step: int
    #: The point before it, shape (2,); ``None`` if every point is outside.
    inside: np.ndarray | None
    #: Where the path crosses the edge of the window, shape (2,).
    edge: np.ndarray
    #: Whether the point outside is one; a coordinate that is not a number is nowhere.
    number: bool = True

    def told(self, noun: str = "step", at=None) -> str:
        """What happened, for a text in a figure; `at` is the place if it is not the step."""
        place = self.step if at is None else at
        if self.number:
            return f"left the plot at {noun} {place}"
        return f"not a number from {noun} {place}"


def find_exit(x, y, window: Window, *, first: bool = False) -> Exit | None:
    """Where the path through (x, y) leaves `window`, or ``None`` if it ends inside.

    A path may leave and come back. Without `first` only the last leaving counts; with it the
    first: for a run that diverges, what lies between is a scribble across the plot.
    """
    inside = window.contains(x, y)
    if inside[-1]:
        return None

    def leave(step: int, before, here) -> Exit:
        there = x[step], y[step]
        return Exit(step, before, _cross(here, there, window), not np.isnan(there).any())

    if not inside.any():
        return leave(0, None, np.array([sum(window.x) / 2, sum(window.y) / 2]))
    last = int(np.flatnonzero(inside)[-1])
    if first:
        entered = int(np.flatnonzero(inside)[0])
        last = entered + int(np.flatnonzero(~inside[entered:])[0]) - 1
    here = np.array([x[last], y[last]])
    return leave(last + 1, here, here)


def _cross(here: np.ndarray, there, window: Window) -> np.ndarray:
    """Where the segment from a point inside to one outside meets the edge."""
    # An overflowed coordinate still has a sign; one that is not a number has no direction.
    there = np.clip(np.nan_to_num(there, nan=np.nan, posinf=1e150, neginf=-1e150), -1e150, 1e150)
    return window.end_inside(here, np.where(np.isnan(there), here, there))


def _range(values, name: str, chosen) -> tuple[float, float]:
    """The range `chosen` by the caller, checked, or one that holds the values with a margin."""
    if chosen is not None:
        try:
            low, high = (float(end) for end in chosen)
        except (TypeError, ValueError) as error:
            raise TypeError(f"{name} must be two numbers (low, high), got {chosen!r}") from error
        if not (np.isfinite([low, high]).all() and low < high):
            raise ValueError(f"{name} must be two increasing finite numbers, got {chosen!r}")
        return low, high
    low, high = float(np.min(values)), float(np.max(values))
    room = MARGIN * (high - low)
    if room == 0:
        room = 0.5 * max(1.0, abs(low))
    return low - room, high + room


def parameter_window(
    surface: LossSurface, histories: Sequence[History], *, w_range=None, b_range=None, ratio=1.0
) -> Window:
    """A rectangle of parameters that holds the paths and the minimum with some room around it.

    A run that stays bounded is shown whole. A diverging one is followed a little beyond its
    start's distance from the minimum: it is seen leaving, and the rest stays readable. Of two
    ranges not chosen, the shorter one is extended until b's is `ratio` times w's: with one scale
    for both, the rectangle then fills axes of that shape.
    """
    centre = np.array(surface.minimum)[:, None]
    # With no path to show, a square of a few units about the minimum shows the bowl.
    half = 0.0 if histories else 1.5 * max(2.0, np.abs(centre).max())
    shown = [centre - half, centre + half]
    for history in histories:
        points = np.stack([history.w, history.b])
        keep = np.isfinite(points).all(axis=0)
        if history.diverged:
            away = np.abs(points - centre)
            # Without a distance to compare with, a unit is as good as any other.
            home = np.where(away[:, :1] > 0, away[:, :1], 1.0)
            with np.errstate(invalid="ignore"):
                keep &= (away <= REACH * home).all(axis=0)
        shown.append(points[:, keep])
    room = AROUND * np.abs(np.hstack(shown) - centre).max(axis=1, keepdims=True)
    w, b = np.hstack([*shown, centre - room, centre + room])
    w_ends, b_ends = _range(w, "w_range", w_range), _range(b, "b_range", b_range)
    width, height = w_ends[1] - w_ends[0], b_ends[1] - b_ends[0]
    if w_range is None:
        w_ends = _widen(w_ends, height / ratio)
    if b_range is None:
        b_ends = _widen(b_ends, width * ratio)
    return Window(w_ends, b_ends)


def _widen(ends: tuple[float, float], least: float) -> tuple[float, float]:
    short = max(0.0, least - (ends[1] - ends[0]))
    return ends[0] - short / 2, ends[1] + short / 2


def data_window(x: np.ndarray, y: np.ndarray, lines=(), share: float = DATA_SHARE) -> Window:
    """A rectangle of data space that holds the points and, as far as they can be read, the lines.

    The points, `x` and `y` of shape (N,), keep a `share` of the height: of the `lines`, pairs
    (w, b), a steeper one runs out at the top and bottom.
    """
    across = _range(x, "x", None)
    low, high = float(y.min()), float(y.max())
    height = (high - low) or 1.0
    w, b = np.array(lines, dtype=float).reshape(-1, 2).T
    # A run that diverges for long enough overflows; it is cut to the window all the same.
    with np.errstate(over="ignore", invalid="ignore"):
        ends = np.concatenate([w * x.min() + b, w * x.max() + b])
    ends = np.clip(ends[~np.isnan(ends)], -1e150, 1e150)
    below = max(0.0, low - ends.min()) if ends.size else 0.0
    above = max(0.0, ends.max() - high) if ends.size else 0.0
    allowed = height / share - height
    shrink = min(1.0, allowed / (below + above)) if below + above > 0 else 1.0
    return Window(across, _range([low - shrink * below, high + shrink * above], "y", None))
