"""Lab 3: a mini-batch loop with one mistake, to be repaired."""

import math
import random
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from labchecks import Practice, slip

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


def _count(n: int, size: int) -> int:
    return math.ceil(n / size)


def _right(n: int, size: int) -> list[slice]:
    return [slice(first, first + size) for first in range(0, n, size)]


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
    slips=[
        slip(
            "as given",
            _train(lambda n, size: [slice(k, k + size) for k in range(_count(n, size))]),
            "{name} still returns what the given program returned. " + ROWS,
            given=True,
        ),
        slip(
            "short batch dropped",
            _train(lambda n, size: _right(n, size)[: n // size]),
            "The batches of {name} follow one another, but the short one at the end is missing: "
            "the first loss that differs is {value}.",
            "Look at a number of points that the batch size does not divide.",
        ),
        slip(
            "last batch dropped",
            _train(lambda n, size: [slice(k, k + size) for k in range(0, n - size, size)]),
            "The batches of {name} follow one another, but the last one is missing: the first loss "
            "that differs is {value}.",
            "Look at where the loop ends.",
        ),
        slip(
            "last batch filled up",
            _train(
                lambda n, size: [
                    slice(min(k.start, max(0, n - size)), k.stop) for k in _right(n, size)
                ]
            ),
            "The last batch of {name} is filled up with rows that were used before: the first loss "
            "that differs is {value}.",
            "A short batch at the end may stay short.",
        ),
        slip(
            "a batch from every row",
            _train(lambda n, size: [slice(k, k + size) for k in range(n)]),
            "{name} begins a batch at every row, so each row is used several times: the first loss "
            "that differs is {value}.",
            ROWS,
        ),
        slip(
            "a batch from every row",
            _train(lambda n, size: [slice(k, k + size) for k in range(max(1, n - size + 1))]),
            "{name} begins a batch at every row, so most rows are used several times: the first "
            "loss that differs is {value}.",
            ROWS,
        ),
        slip(
            "count and size mixed up",
            _train(
                lambda n, size: [
                    slice(k * _count(n, size), (k + 1) * _count(n, size))
                    for k in range(_count(n, size))
                    if k * _count(n, size) < n
                ]
            ),
            "The batches of {name} are as long as there are batches: the first loss that differs "
            "is {value}.",
            "Look at how many rows a batch should have.",
        ),
        slip(
            "batches grow",
            _train(lambda n, size: [slice(0, (k + 1) * size) for k in range(_count(n, size))]),
            "Each batch of {name} begins with the first row, so that the batches grow: the first "
            "loss that differs is {value}.",
            ROWS,
        ),
        slip(
            "one row too many",
            _train(
                lambda n, size: [
                    slice(k * size, k * size + size + 1) for k in range(_count(n, size))
                ]
            ),
            "The batches of {name} hold one row too many, the first of the next batch: the first "
            "loss that differs is {value}.",
            "Does a slice include its end?",
        ),
        slip(
            "one row too few",
            _train(
                lambda n, size: [
                    slice(k * size, k * size + size - 1) for k in range(_count(n, size))
                ]
            ),
            "The batches of {name} hold one row too few: the first loss that differs is {value}.",
            "Does a slice include its end?",
        ),
        slip(
            "all points in every update",
            _train(lambda n, size: [slice(None)] * _count(n, size)),
            "Every update of {name} uses all the points: the first loss that differs is {value}.",
            "Look at which rows enter the loss that is differentiated.",
        ),
        slip(
            "one update an epoch",
            _train(lambda n, size: [slice(None)]),
            "{name} makes one update an epoch, with all the points: the first loss that differs is "
            "{value}.",
            "Look at what `batch_size` is for.",
        ),
        slip(
            "always the first batch",
            _train(lambda n, size: [slice(0, size)] * _count(n, size)),
            "Every update of {name} uses the same rows, the first ones: the first loss that "
            "differs is {value}.",
            ROWS,
        ),
        slip(
            "one batch an epoch",
            _train(lambda n, size: [slice(0, size)]),
            "{name} makes one update an epoch, with the first rows: the first loss that differs is "
            "{value}.",
            "Look at how often the inner loop runs.",
        ),
        slip(
            "batches from the end",
            _train(lambda n, size: _right(n, size)[::-1]),
            "{name} takes the batches from the last to the first: the first loss that differs is "
            "{value}.",
            "The practice asks for the order of the rows.",
        ),
        slip(
            "rows skipped",
            _train(lambda n, size: [slice(k * size, (k + 1) * size) for k in range(0, n, size)]),
            "{name} skips rows: the loop and the slice both move on by a whole batch. The first "
            "loss that differs is {value}.",
            ROWS,
        ),
        slip(
            "end of the slice",
            _train(lambda n, size: [slice(k * size, k + size) for k in range(_count(n, size))]),
            "The batches of {name} begin where they should, but only the first one ends where it "
            "should: the first loss that differs is {value}.",
            ROWS,
        ),
        slip(
            "first batch skipped",
            _train(
                lambda n, size: [
                    slice((k + 1) * size, (k + 2) * size) for k in range(_count(n, size))
                ]
            ),
            "{name} begins with the second batch, and its last batch is empty: the first loss that "
            "differs is {value}.",
            "Look at which rows the first batch holds.",
        ),
        slip(
            "gradients never zeroed",
            _train(_right, cleared="never"),
            "The batches are right, but the gradients are no longer cleared: the first loss that "
            "differs is {value}.",
            "Compare with the program as it was given.",
        ),
        slip(
            "gradients zeroed once per epoch",
            _train(_right, cleared="epoch"),
            "The batches are right, but the gradients are cleared only once an epoch: the first "
            "loss that differs is {value}.",
            "Compare with the program as it was given.",
        ),
        slip(
            "recorded at the end",
            _train(_right, kept="end"),
            "The batches are right, but each loss is taken at the end of its epoch: the first is "
            "{value}.",
            "Compare with the program as it was given.",
        ),
        slip(
            "last batch recorded",
            _train(_right, kept="last"),
            "The batches are right, but each loss is that of the last batch: the first is {value}.",
            "Compare with the program as it was given.",
        ),
    ],
)
