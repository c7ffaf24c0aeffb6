"""Numbers on logarithmic axes, written as a first-year student reads them: 0.01, 1, 1000, 10⁶."""

from __future__ import annotations

import numpy as np
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

from labhelpers.figures.wording import rounded

__all__ = ["name_log_axis"]


def _plain(value: float, _position: int | None = None) -> str:
    # A bare power of ten needs no "1 ×" before it.
    return rounded(value).removeprefix("1 × ")


def name_log_axis(axis) -> None:
    """Give a log axis (``ax.xaxis`` or ``ax.yaxis``) plain numbers, several to a short range."""
    low, high = axis.get_view_interval()
    decades = np.log10(high) - np.log10(low)
    # Powers of ten alone would leave an axis of one or two decades nearly bare.
    subs = (1.0, 2.0, 5.0) if decades < 1.5 else (1.0, 3.0) if decades < 2.5 else (1.0,)
    axis.set_major_locator(LogLocator(subs=subs, numticks=9))
    axis.set_major_formatter(FuncFormatter(_plain))
    axis.set_minor_formatter(NullFormatter())
