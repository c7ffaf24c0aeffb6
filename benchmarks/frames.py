"""Rows: the interactive figure's answer to a slider against a redraw in the kernel."""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks.explorer import FRAME, measure
from benchmarks.table import Row

ROUNDS = 3


def rows() -> Iterator[Row]:
    """Measure both in one JupyterLab page, in a real browser, some times over."""
    rounds = [measure() for _ in range(ROUNDS)]
    for what, unit, *_ in rounds[0]:
        found = [row for done in rounds for row in done if row[0] == what]
        ours, usual = [row[2] for row in found], [row[3] for row in found]
        name = f"explorer, 1,000 points: {what}"
        if unit == "ms":
            ours, usual = ([value / 1e3 for value in values] for values in (ours, usual))
            yield Row(name, ours, usual, limit=FRAME, limit_is="one frame at 60 Hz")
        else:
            at_best = 1 / FRAME if unit == "1/s" else None
            name = name.replace("processor time", "share of a core")
            unit = "" if unit == "s/s" else unit
            yield Row(name, ours, usual, unit, at_best, "one a frame" if at_best else "")
