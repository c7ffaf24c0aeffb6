"""Practices of Lab 3: updates per epoch, a loop to repair, mini-batch losses, five runs."""

from __future__ import annotations

from labchecks import Curve, Practice
from labchecks.labs.lab03_bug import FIND_THE_BUG
from labchecks.labs.lab03_count import UPDATES

__all__ = ["PRACTICES"]

RATE, EPOCHS, START = 0.1, 10, (-15.0, -10.0)

#: 10 full-data losses, one at the start of each epoch, batch size 20, the points in any order.
TWENTY = Practice.losses(
    "lab03-batch-20",
    title="Train with batches of 20",
    points=15,
    data="gentle_line",
    name="LOSS20",
    rate=RATE,
    epochs=EPOCHS,
    start=START,
    batch_size=20,
    rate_before=(RATE, "where another run ended"),
    other_starts=(((-10.0, -20.0), "from the start of Lab 2"),),
    other_rates=(0.2, 0.05, 0.02, 0.01),
    other_data=("steep_line", "wide_line"),
)

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

PRACTICES = (UPDATES, FIND_THE_BUG, TWENTY, COMPARE_PLOT)
