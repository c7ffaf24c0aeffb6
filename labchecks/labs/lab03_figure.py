"""Lab 3: the figure with the loss curves of five batch sizes."""

from __future__ import annotations

from labchecks import Curve, Practice
from labchecks.labs.lab03_runs import EPOCHS, RATE, START

__all__ = ["COMPARE_PLOT"]

COMPARE_PLOT = Practice.figure(
    "lab03-compare-plot",
    title="Compare five batch sizes in a figure",
    points=5,
    data="gentle_line",
    praise="All five curves are there, the axes are labelled, and the legend names each.",
    curves=[
        Curve(
            f"LOSS{size}",
            f"`LOSS{size}`",
            {"rate": RATE, "epochs": EPOCHS, "start": START, "batch_size": size},
            judged_by="lab03-batch-20" if size == 20 else "",
            # Whole, and no count of updates or epochs.
            marks=(rf"(?<![\d.,]){size}(?![.,]?\d)(?!\W*(?:update|epoch|step|iter))",),
        )
        for size in (60, 1, 5, 10, 20)
    ],
)
