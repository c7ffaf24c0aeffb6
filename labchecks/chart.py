"""A small chart of a student's losses beside those of the run that was asked for."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

__all__ = ["Chart"]

#: Losses of the student's that are drawn at most.
MOST = 400
#: In pixels: the picture, and the room around its axes (left, right, top, bottom).
SIZE, MARGINS = (276, 92), (48, 8, 9, 22)
#: Up to so many times the largest loss asked for, and down to this share of the least one, a run
#: that leaves is followed.
ABOVE, BELOW = 1e3, 1e-3
#: No lower than this share of the largest loss asked for.
DEPTH = 1e-15
#: From this ratio of the largest to the least loss on, the axis is logarithmic.
WIDE = 20.0
#: Relative difference that float32 may leave.
TOLERANCE = 1e-3
#: From here on the run asked for has left all bounds.
OVERFLOW = 1e30


@dataclass(frozen=True)
class Chart:
    """Losses to be drawn.

    Attributes
    ----------
    yours : tuple of float
        The student's.
    low, high : tuple of float
        Between these lie those of the run that was asked for: the same twice, unless they depend on
        an order that is free.
    where : str
        Of which call the losses are, as in "with 12 rows"; empty where there is one run only.
    free : str
        What of the run that was asked for is up to the student.
    """

    yours: tuple[float, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]
    where: str = ""
    free: str = "order"

    @classmethod
    def of(
        cls,
        yours: Iterable[float],
        low: Iterable[float],
        high: Iterable[float] | None = None,
        where: str = "",
        free: str = "order",
    ) -> Chart | None:
        """The chart, or None where no loss differs, so that there is nothing to see."""
        low = _floats(low)
        high = low if high is None else _floats(high)
        chart = cls(_floats(yours)[:MOST], low, high, where, free)
        return None if chart.first is None else chart

    @property
    def first(self) -> int | None:
        """The number of the first loss that differs, counted from 0; None if none does."""
        for k, value in enumerate(self.yours):
            if k == len(self.low):
                return k
            if not abs(self.low[k]) + abs(self.high[k]) < OVERFLOW:
                continue  # that run has left all bounds as well
            slack = [TOLERANCE * abs(end[k]) + 1e-9 for end in (self.low, self.high)]
            if not self.low[k] - slack[0] <= value <= self.high[k] + slack[1]:
                return k
        return len(self.yours) if len(self.yours) < len(self.low) else None

    @property
    def _differs(self) -> str:
        same = self.low == self.high
        return "that differs" if same else f"that no {self.free} tried here leads to"

    def to_html(self) -> str:
        """The chart with a legend, a caption and a text for who cannot see it."""
        # Here, so that a check that has nothing to draw need not wait for matplotlib.
        from labhelpers.figures.drawing import Sheet
        from labhelpers.figures.window import Window, find_exit

        low, high, log = self._range()
        last = max(len(self.yours), len(self.low))
        window, heights = Window((0.5, last + 0.5), (low, high)), _heights(self.yours, log)
        gone = find_exit(np.arange(1, len(heights) + 1), heights, window, first=True)
        sheet = Sheet(size=SIZE, margins=MARGINS)
        if log:
            sheet.ax.set_yscale("log")
            window = Window(window.x, (10.0**low, 10.0**high))
        window.apply(sheet.ax)
        lines = self._draw(sheet.ax, gone, log)
        drawing = sheet.finish({"lines": lines}, self._in_words(), self._caption(gone, log))
        return drawing._repr_mimebundle_()["text/html"]

    def _draw(self, ax, gone, log: bool) -> list:
        """Draw on axes whose limits are set; `gone` is where the student's losses leave them."""
        from matplotlib.ticker import LogLocator, MaxNLocator

        from labhelpers.figures.style import MUTED, RUN_COLOURS, WRONG, SeriesStyle, dress

        asked = {"the run asked for": self.low}
        if self.high != self.low:
            asked = {"lowest and highest of the run asked for": self.low, None: self.high}
        for label, losses in asked.items():
            dashed = SeriesStyle(MUTED, "none", (0, (4, 2))).line(label=label, zorder=2)
            ax.plot(range(1, len(losses) + 1), losses, **dashed)
        kept = len(self.yours) if gone is None else gone.step
        x, y = list(range(1, kept + 1)), list(self.yours[:kept])
        if gone is not None and gone.number:
            x.append(gone.edge[0])
            y.append(10.0 ** gone.edge[1] if log else gone.edge[1])
        marks = {"markevery": max(1, kept // 16), "markersize": 4.5, "zorder": 3}
        mine = SeriesStyle(RUN_COLOURS[0], "o", "-").line(label="your losses") | marks
        ring = SeriesStyle(WRONG, "o", "none").line(label=f"loss {self.first + 1}", markersize=9)
        ring |= {"markerfacecolor": "none", "markeredgecolor": WRONG, "markeredgewidth": 2}
        lines = [*ax.plot(x, y, **mine), *ax.plot(*self._place(ax.get_ylim()), **ring, zorder=5)]
        dress(ax, "", "")
        ax.xaxis.set_major_locator(MaxNLocator(8, integer=True, min_n_ticks=1))
        few = LogLocator(numticks=3) if log else MaxNLocator(3, steps=[1, 2, 5, 10])
        ax.yaxis.set_major_locator(few)
        return lines

    def _range(self) -> tuple[float, float, bool]:
        """Lowest and highest place of the vertical axis, in decades if it is logarithmic."""
        asked, yours = _finite(self.low + self.high), _finite(self.yours)
        home = np.abs(asked if asked.size else yours[:1])
        if not home.size or home.max() < 1e-30:
            return 0.0, 1.0, False
        seen = np.concatenate([asked, yours[np.abs(yours) <= ABOVE * home.max()]])
        if seen.min() > 0 and seen.max() > WIDE * seen.min():
            least = max(seen.min(), BELOW * home.min(), DEPTH * home.max())
            first, last = np.log10([least, seen.max()])
            room = 0.08 * (last - first)
            return first - room, last + room, True
        # A loss below zero, or of exactly zero: what is far larger than the others leaves.
        near = seen[np.abs(seen) <= 3 * home.max()]
        room = 0.08 * np.ptp(near)
        room = room if room > 1e-6 * home.max() else 0.5 * home.max()
        return near.min() - room, near.max() + room, False

    def _place(self, limits: tuple[float, float]) -> tuple[list[float], list[float]]:
        """Where the ring is: at the student's loss, or as near to it as the chart goes."""
        k = self.first
        value = self.yours[k] if k < len(self.yours) else np.nan
        if np.isnan(value):
            value = self.low[min(k, len(self.low) - 1)]
        return [k + 1], [float(np.clip(value, *limits))]

    def _caption(self, gone, log: bool) -> str:
        k, n = self.first, len(self.yours)
        mark = f"The ring marks loss {k + 1}, the first {self._differs}."
        if k == n:
            mark = f"The ring marks loss {k + 1}, where yours end."
        elif k == len(self.low):
            mark = f"The ring marks loss {k + 1}: the run asked for has {k}."
        if gone is not None:
            said = "leave the chart" if gone.number else "are no longer a number"
            mark += f" Yours {said} at loss {gone.step + 1}."
        where = f"A call {self.where}. " if self.where else ""
        return f"{where}{mark}{' The axis is logarithmic.' if log else ''}"

    def _in_words(self) -> str:
        from labhelpers.figures.wording import rounded

        k, n = self.first, len(self.yours)
        ends = [
            rounded(self.low[i])
            if self.low[i] == self.high[i]
            else f"between {rounded(self.low[i])} and {rounded(self.high[i])}"
            for i in (0, -1)
        ]
        text = (
            f"Your {n} losses go from {rounded(self.yours[0])} to {rounded(self.yours[-1])}, the "
            f"{len(self.low)} of the run asked for from {ends[0]} to {ends[1]}."
        )
        if k < min(n, len(self.low)):
            text += f" The first {self._differs} is loss {k + 1}: {rounded(self.yours[k])}."
        return text


def _floats(values: Iterable[float]) -> tuple[float, ...]:
    # At the very end of what a float holds, rounding would overflow.
    return tuple(math.copysign(math.inf, v) if abs(v) > 1e300 else float(v) for v in values)


def _finite(values: tuple[float, ...]) -> np.ndarray:
    found = np.array(values)
    return found[np.abs(found) < OVERFLOW]


def _heights(values: tuple[float, ...], log: bool) -> np.ndarray:
    """The places of values on the axis; what is not a number stays so."""
    found = np.array(values)
    if not log:
        return found
    with np.errstate(all="ignore"):
        return np.where(found > 0, np.log10(found), np.where(np.isnan(found), np.nan, -np.inf))
