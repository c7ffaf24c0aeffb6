"""A small chart of a student's losses beside those of the run that was asked for."""

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from labchecks.engine.compare import allowed

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
    def of(cls, yours, low, high=None, where: str = "", free: str = "order") -> "Chart | None":
        """The chart, or None where there is nothing to see: no loss, or none that differs."""
        low = _floats(low)
        chart = cls(_floats(yours)[:MOST], low, low if high is None else _floats(high), where, free)
        return chart if chart.yours and low and chart.first is not None else None

    @property
    def first(self) -> int | None:
        """The number of the first loss that differs, counted from 0; None if none does."""
        n = min(len(self.yours), len(self.low))
        yours, low, high = (np.array(losses[:n]) for losses in (self.yours, self.low, self.high))
        with np.errstate(invalid="ignore"):
            inside = (low - allowed(low) <= yours) & (yours <= high + allowed(high))
        # Where the run asked for has left all bounds, a student's may be anywhere.
        off = ~inside & (np.abs(low) + np.abs(high) < OVERFLOW)
        if off.any():
            return int(off.argmax())
        return n if len(self.yours) != len(self.low) else None

    @property
    def _differs(self) -> str:
        same = self.low == self.high
        return "that differs" if same else f"that no {self.free} tried here leads to"

    def to_html(self) -> str:
        """The chart with a legend, a caption and a text for who cannot see it."""
        # Here, so that a check that has nothing to draw need not wait for matplotlib.
        from matplotlib.ticker import LogLocator, MaxNLocator

        from labhelpers.figures.drawing import Sheet
        from labhelpers.figures.style import MUTED, RUN_COLOURS, WRONG, SeriesStyle, dress
        from labhelpers.figures.window import Window, find_exit

        low, high, log = self._range()
        n, across = len(self.yours), (0.5, max(len(self.yours), len(self.low)) + 0.5)
        with np.errstate(divide="ignore"):
            places = np.log10(np.maximum(self.yours, 0)) if log else np.array(self.yours)
        gone = find_exit(np.arange(1, n + 1), places, Window(across, (low, high)), first=True)
        sheet = Sheet(size=SIZE, margins=MARGINS)
        ax = sheet.ax
        if log:
            ax.set_yscale("log")
            low, high = 10.0**low, 10.0**high
        Window(across, (low, high)).apply(ax)
        asked = {"the run asked for": self.low}
        if self.high != self.low:
            asked = {"lowest and highest of the run asked for": self.low, None: self.high}
        dashed = SeriesStyle(MUTED, "none", (0, (4, 2)))
        for label, losses in asked.items():
            ax.plot(range(1, len(losses) + 1), losses, **dashed.line(label=label, zorder=2))
        kept = n if gone is None else gone.step
        x, y = list(range(1, kept + 1)), list(self.yours[:kept])
        if gone is not None and gone.number:
            x.append(gone.edge[0])
            y.append(10.0 ** gone.edge[1] if log else gone.edge[1])
        look = {"label": "your losses", "markevery": max(1, kept // 16), "markersize": 4.5}
        ax.plot(x, y, **SeriesStyle(RUN_COLOURS[0], "o", "-").line(**look, zorder=3))
        # The ring is at the student's loss, or as near to it as the chart goes.
        k = self.first
        value = self.yours[k] if k < n else math.nan
        if math.isnan(value):
            value = self.low[min(k, len(self.low) - 1)]
        look = {"label": f"loss {k + 1}", "markersize": 9, "markerfacecolor": "none"}
        look |= {"markeredgecolor": WRONG, "markeredgewidth": 2, "zorder": 5}
        ring = SeriesStyle(WRONG, "o", "none").line(**look)
        ax.plot([k + 1], [float(np.clip(value, low, high))], **ring)
        dress(ax, "", "")
        ax.xaxis.set_major_locator(MaxNLocator(8, integer=True, min_n_ticks=1))
        few = LogLocator(numticks=3) if log else MaxNLocator(3, steps=[1, 2, 5, 10])
        ax.yaxis.set_major_locator(few)
        drawing = sheet.finish({}, self._in_words(), self._caption(gone, log))
        return drawing._repr_mimebundle_()["text/html"]

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

    def _caption(self, gone, log: bool) -> str:
        k = self.first
        ends = {len(self.yours): ", where yours end", len(self.low): f": the run asked for has {k}"}
        said = f"The ring marks loss {k + 1}{ends.get(k, f', the first {self._differs}')}."
        if gone is not None:
            what = "leave the chart" if gone.number else "are no longer a number"
            said += f" Yours {what} at loss {gone.step + 1}."
        where = f"A call {self.where}. " if self.where else ""
        return f"{where}{said}{' The axis is logarithmic.' if log else ''}"

    def _in_words(self) -> str:
        from labhelpers.figures.wording import rounded

        k, n = self.first, len(self.yours)
        first, last = (
            rounded(low) if low == high else f"between {rounded(low)} and {rounded(high)}"
            for low, high in [(self.low[i], self.high[i]) for i in (0, -1)]
        )
        text = (
            f"Your {n} losses go from {rounded(self.yours[0])} to {rounded(self.yours[-1])}, the "
            f"{len(self.low)} of the run asked for from {first} to {last}."
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
