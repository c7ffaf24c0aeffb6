"""Lab 3: a mini-batch loop with one mistake, to be repaired."""

import math
import random
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from labchecks import Practice, slip
from labchecks.judges.function import Slip

#: The rows of each batch of an epoch, for so many points and this batch size.
Batches = Callable[[int, int], Sequence[slice]]


def _train(batches: Batches, cleared: str = "", kept: str = "start") -> Callable[..., list[float]]:
    """A loop over `batches`.

    Gradients are `cleared` after each update, once an ``"epoch"`` or ``"never"``. Each epoch leaves
    the loss over all points at its ``"start"`` or ``"end"``, or that of its ``"last"`` batch.
    """

    def program(x, y, w, b, lr, batch_size, epochs):
        x, y = (np.asarray(values, dtype=float).ravel() for values in (x, y))
        losses, sums = [], np.zeros(2)
        for _ in range(epochs):
            start, last = np.mean((w * x + b - y) ** 2), math.nan
            if cleared == "epoch":
                sums = np.zeros(2)
            for rows in batches(len(x), batch_size):
                if not len(x[rows]):
                    continue  # PyTorch's gradient of no rows is zero
                r = w * x[rows] + b - y[rows]
                last = np.mean(r**2)
                slopes = np.array([np.mean(2 * r * x[rows]), np.mean(2 * r)])
                sums = sums + slopes if cleared else slopes
                w, b = w - lr * sums[0], b - lr * sums[1]
            end = np.mean((w * x + b - y) ** 2)
            losses.append({"start": start, "end": end, "last": last}[kept])
        return losses

    return program


def _each(rows: Callable[[int, int], tuple[int | None, ...]]) -> Batches:
    """As many batches as there should be: of number k and this size the first row and the end."""
    return lambda n, size: [slice(*rows(k, size)) for k in range(math.ceil(n / size))]


_right = _each(lambda k, size: (k * size, (k + 1) * size))


def train_in_batches(x, y, w, b, lr, batch_size, epochs) -> list[float]:
    """The loss over all points at the start of each epoch of mini-batch descent, in order."""
    return _train(_right)(x, y, w, b, lr, batch_size, epochs)


def _calls(rng: random.Random) -> list[list[Any]]:
    """Batches that come out even, leave a rest, or hold one point or all of them."""
    calls = []
    for rest in (2, 1, 0, 3):
        size = rng.randint(4, 7)
        # Once more rows than the lab has, whose number may have been typed in.
        n = size * (rng.randint(3, 6) + (13 if rest == 3 else 0)) + rest
        slope, cut = rng.uniform(-4, 4), rng.uniform(-3, 3)
        x = [round(rng.uniform(-3, 3), 3) for _ in range(n)]
        y = [round(slope * value + cut + rng.gauss(0, 0.5), 3) for value in x]
        data = [{"values": values, "shape": [n, 1]} for values in (x, y)]
        start = [round(rng.choice((-1, 1)) * rng.uniform(6, 14), 2) for _ in range(2)]
        rate = round(rng.uniform(0.02, 0.05), 4)
        calls.append([*data, *start, rate, size, rng.randint(4, 6)])
    *given, rate, _, epochs = calls[0]
    calls += [[*given, rate, size, epochs] for size in (1, len(given[0]["values"]), 1000)]
    calls.append([*given, round(rate / 3, 4), calls[0][5], epochs])
    return calls


ROWS = "Print the first and the last row of each batch, for a few points."


def _bug(name: str, batches: Batches, says: str, look: str = ROWS, **how: str) -> Slip:
    """A row of the table: a loop over these batches."""
    says += ": the first loss that differs is {value}."
    return slip(name, _train(batches, **how), says, look)


# fmt: off
SLIPS = [
    slip("as given", _train(_each(lambda k, size: (k, k + size))),
         "{name} still returns what the given program returned. " + ROWS,
         given=True),
    _bug("short batch dropped", lambda n, size: _right(n, size)[: n // size],
         "The batches of {name} follow one another, but the short one at the end is missing",
         "Look at a number of points that the batch size does not divide."),
    _bug("last batch dropped", lambda n, size: _right(n, size)[:-1],
         "The batches of {name} follow one another, but the last one is missing",
         "Look at where the loop ends."),
    _bug("last batch filled up",
         lambda n, size: [slice(min(k.start, max(0, n - size)), k.stop) for k in _right(n, size)],
         "The last batch of {name} is filled up with rows that were used before",
         "A short batch at the end may stay short."),
    _bug("a batch from every row", lambda n, size: [slice(k, k + size) for k in range(n)],
         "{name} begins a batch at every row, so most rows are used several times"),
    _bug("a batch from every row",
         lambda n, size: [slice(k, k + size) for k in range(max(1, n - size + 1))],
         "{name} begins a batch at every row, so most rows are used several times"),
    _bug("count and size mixed up",
         lambda n, size: _right(n, math.ceil(n / size))[: math.ceil(n / size)],
         "The batches of {name} are as long as there are batches",
         "Look at how many rows a batch should have."),
    _bug("batches grow", _each(lambda k, size: (0, (k + 1) * size)),
         "Each batch of {name} begins with the first row, so that the batches grow"),
    _bug("one row too many", _each(lambda k, size: (k * size, k * size + size + 1)),
         "The batches of {name} hold one row too many, the first of the next batch",
         "Does a slice include its end?"),
    _bug("one row too few", _each(lambda k, size: (k * size, k * size + size - 1)),
         "The batches of {name} hold one row too few",
         "Does a slice include its end?"),
    _bug("all points in every update", _each(lambda k, size: (0, None)),
         "Every update of {name} uses all the points",
         "Look at which rows enter the loss that is differentiated."),
    _bug("one update an epoch", lambda n, size: [slice(n)],
         "{name} makes one update an epoch, with all the points",
         "Look at what `batch_size` is for."),
    _bug("always the first batch", _each(lambda k, size: (0, size)),
         "Every update of {name} uses the same rows, the first ones"),
    _bug("one batch an epoch", lambda n, size: [slice(size)],
         "{name} makes one update an epoch, with the first rows",
         "Look at how often the inner loop runs."),
    _bug("batches from the end", lambda n, size: _right(n, size)[::-1],
         "{name} takes the batches from the last to the first",
         "The practice asks for the order of the rows."),
    _bug("rows skipped",
         lambda n, size: [slice(k * size, (k + 1) * size) for k in range(0, n, size)],
         "{name} skips rows, because the loop and the slice both move on by a whole batch"),
    _bug("end of the slice", _each(lambda k, size: (k * size, k + size)),
         "The batches of {name} begin where they should, but only the first one ends where it "
         "should"),
    _bug("first batch skipped", _each(lambda k, size: ((k + 1) * size, (k + 2) * size)),
         "{name} begins with the second batch, and its last batch is empty",
         "Look at which rows the first batch holds."),
    _bug("gradients never zeroed", _right,
         "The batches are right, but the gradients are no longer cleared",
         "Compare with the program as it was given.",
         cleared="never"),
    _bug("gradients zeroed once per epoch", _right,
         "The batches are right, but the gradients are cleared only once an epoch",
         "Compare with the program as it was given.",
         cleared="epoch"),
    _bug("recorded at the end", _right,
         "The batches are right, but each loss is taken at the end of its epoch",
         "Compare with the program as it was given.",
         kept="end"),
    _bug("last batch recorded", _right,
         "The batches are right, but each loss is that of the last batch",
         "Compare with the program as it was given.",
         kept="last"),
]
# fmt: on

FIND_THE_BUG = Practice.function(
    "lab03-find-the-bug",
    train_in_batches,
    title="Find the bug",
    points=5,
    wanted="a list of losses, one for each epoch",
    cases=_calls,
    seed=8,
    sooner=[(1000, 1), (1000, 2), (8, 2)],
    praise="Each batch now holds the rows after those of the batch before, for every batch size.",
    look=ROWS,
    slips=SLIPS,
)
