"""Practices of Lab 3: updates per epoch, a loop to repair, mini-batch losses, five runs."""

import math
import random

from labchecks import Curve, Practice, slip
from labchecks.labs.lab03_bug import FIND_THE_BUG


def updates_per_epoch(n: int, batch_size: int) -> int:
    """The batches in which every sample comes once."""
    return math.ceil(n / batch_size)


#: Batches in an epoch, at most.
MOST = 600


def _calls(rng: random.Random) -> list[list[int]]:
    n = [rng.randint(1, 5000) for _ in range(20)]
    size = [rng.randint(1, max(1, 2 * value // rng.randint(1, 40))) for value in n]
    # A function that calls itself for each batch is right, too, and cannot do so a thousand times.
    size = [max(one, -(-value // MOST)) for one, value in zip(size, n, strict=True)]
    exact = rng.randint(2, 400)
    # One sample more or less than full batches: what a rounded quotient gets wrong.
    large, full = rng.randint(3000, 5000), rng.randint(2, 4)
    n += [exact * 7, 1, 1, large * full + 1, large * full - 1, 4096 * full + 1]
    return [list(pair) for pair in zip(n, [*size, exact, 1, 50, large, large, 4096], strict=True)]


# fmt: off
SLIPS = [
    slip("short batch forgotten", lambda n, size: n // size,
         look="A short batch at the end makes an update too: look at what is left over."),
    slip("one too many", (lambda n, size: n // size + 1, lambda n, size: math.ceil(n / size) + 1),
         look="Look at the case in which the batches come out even."),
    slip("not a whole number", lambda n, size: n / size, look="Can there be a part of an update?"),
    slip("rounded to the nearest", lambda n, size: round(n / size),
         look="Look at what becomes of a short batch at the end, however short."),
    slip("number of samples", lambda n, size: n, look="Look at how many samples share one update."),
    slip("batch size", lambda n, size: size, look="That is how many samples share one update."),
    slip("arguments swapped",
         (lambda n, size: math.ceil(size / n), lambda n, size: size // n, lambda n, size: size / n),
         look="Look at which of the two numbers is divided by which."),
    slip("multiplied", lambda n, size: n * size,
         look="More samples in a batch mean fewer updates."),
    slip("remainder", lambda n, size: n % size,
         look="That is what is left over after the full batches."),
    slip("always one", lambda n, size: 1, look="That is batch descent, whatever the batch size."),
    slip("at least one", lambda n, size: max(1, n // size),
         look="A short batch at the end makes an update too: look at what is left over."),
    slip("last index", lambda n, size: math.ceil(n / size) - 1,
         look="Counting from zero, the last number is one less than how many there are."),
    slip("knows one data set only", lambda n, size: math.ceil(60 / size),
         look="Look at whether both arguments are used."),
    slip("knows one batch size only", lambda n, size: math.ceil(n / 20),
         look="Look at whether both arguments are used."),
]
# fmt: on

UPDATES = Practice.function(
    "lab03-updates",
    updates_per_epoch,
    title="Updates per epoch",
    points=5,
    wanted="one whole number",
    tolerance=1e-9,
    visible=[[60, 60], [60, 1], [60, 20], [60, 7], [60, 59], [61, 20], [3, 8]],
    cases=_calls,
    praise="The count is right, also when the batch size does not divide the data.",
    look="Draw the batches of a small case and count them.",
    slips=SLIPS,
)

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
            {"rate": RATE, "epochs": EPOCHS, "start": START, "batch_size": size},
            judged_by="lab03-batch-20" if size == 20 else "",
            # Whole, and no count of updates or epochs.
            marks=(rf"(?<![\d.,]){size}(?![.,]?\d)(?!\W*(?:update|epoch|step|iter))",),
        )
        for size in (60, 1, 5, 10, 20)
    ],
)

PRACTICES = (UPDATES, FIND_THE_BUG, TWENTY, COMPARE_PLOT)
