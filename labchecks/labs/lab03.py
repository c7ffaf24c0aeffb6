"""Practices of Lab 3: updates per epoch, a loop to repair, mini-batch losses, five runs."""

from labchecks import Practice
from labchecks.labs.lab03_bug import FIND_THE_BUG
from labchecks.labs.lab03_count import UPDATES
from labchecks.labs.lab03_figure import COMPARE_PLOT
from labchecks.labs.lab03_runs import EPOCHS, RATE, START

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

PRACTICES = (UPDATES, FIND_THE_BUG, TWENTY, COMPARE_PLOT)
