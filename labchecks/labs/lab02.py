"""Practices of Lab 2: batch losses, a stop condition, a stochastic epoch, a stable rate."""

import itertools
import random
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from labchecks import Practice, slip
from labchecks.judges.passes import sgd_epoch
from labchecks.judges.stable_rate import stable_rate
from labchecks.judges.steep_runs import RATES, START

#: Loss, w and b at one moment of a run.
Moment = tuple[float, float, float]
Row = tuple[float, float, float, float]


def _run(x, y, w, b, lr, scale=(1, 1), moved=False, kept=False) -> Iterator[Moment]:
    """Batch descent without end.

    The two derivatives are multiplied by `scale`. With `moved` b steps from where w has just gone;
    with `kept` no gradient is ever cleared.
    """
    x, y = (np.asarray(values, dtype=float).ravel() for values in (x, y))
    # The loss is a quadratic in w and b: five means of the data say all about it.
    mx, my, mxx, mxy, myy = (float(np.mean(v)) for v in (x, y, x * x, x * y, y * y))
    w, b, sum_w, sum_b = float(w), float(b), 0.0, 0.0
    while True:
        yield (w * w * mxx + b * b + myy + 2 * (w * b * mx - w * mxy - b * my)), w, b
        slope_w, slope_b = 2 * (w * mxx + b * mx - mxy), 2 * (w * mx + b - my)
        if moved:
            slope_b -= 2 * mx * lr * slope_w
        sum_w, sum_b = (sum_w + slope_w, sum_b + slope_b) if kept else (slope_w, slope_b)
        w, b = w - lr * scale[0] * sum_w, b - lr * scale[1] * sum_b


def _small(new: Moment, old: Moment, tolerance: float) -> bool:
    return abs(new[0] - old[0]) < tolerance


def _never(new: Moment, old: Moment, tolerance: float) -> bool:
    return False


def _rows(
    small: Callable = _small, more: int = 0, first: int = 1, start: bool = False, **how: Any
) -> Callable[..., list[Row]]:
    """A program: which change counts as `small`, updates `more` than allowed, `how` it steps.

    It may stop from row `first` on, and compares with the row before or with that of the `start`.
    """

    def program(x, y, w, b, lr, tolerance, max_steps):
        made = []
        for step, moment in enumerate(_run(x, y, w, b, lr, **how)):
            made.append((step, *moment))
            if step >= max_steps + more:
                return made
            before = made[0 if start else max(0, step - 1)][1:]
            if step >= first and small(moment, before, tolerance):
                return made

    return program


def train_until(x, y, w, b, lr, tolerance, max_steps) -> list[Row]:
    """The rows (step, loss, w, b), the last of them the first whose loss has hardly changed."""
    return _rows()(x, y, w, b, lr, tolerance, max_steps)


def _then(change: Callable[[list[Row], list[Row]], Any]) -> Callable:
    """Something made of the right rows, and of those of one update more than `max_steps`."""
    return lambda *given: change(train_until(*given), _rows(_never, more=1)(*given))


def _one_later(rows: list[Row], every: list[Row]) -> list[Row]:
    """One row after the one in which the change was small."""
    return every[: min(len(rows) + 1, len(every) - 1)]


def _mixed(rows: list[Row], every: list[Row]) -> list[Row]:
    """The loss before each update beside the parameters after it."""
    pairs = itertools.pairwise(_one_later(rows, every))
    return [(new[0], old[1], *new[2:]) for old, new in pairs]


def _ending(rows: list[Row], every: list[Row]) -> list[Row]:
    """Rows that all hold w and b as they are when the loop has ended.

    Where the update comes after the row, one more has been made at `max_steps`.
    """
    last = every[-1] if len(rows) == len(every) - 1 else rows[-1]
    return [(*row[:2], *last[2:]) for row in rows]


def _calls(rng: random.Random) -> list[list[Any]]:
    """Runs that stop at their tolerance, after one update, or at `max_steps`; one that diverges.

    No decision is a close one: the change that ends a run lies clearly below the tolerance, and the
    change before it clearly above.
    """
    # New data for each try: on some no settings would ever do.
    while True:
        n = rng.randint(8, 30)
        centre, slope, cut = (rng.uniform(-1, 1), rng.uniform(-4, 4), rng.uniform(-3, 3))
        x = [round(rng.gauss(centre, 1.8), 3) for _ in range(n)]
        y = [round(slope * value + cut + rng.gauss(0, 0.4), 3) for value in x]
        start = [round(rng.choice((-1, 1)) * rng.uniform(5, 12), 2) for _ in range(2)]
        mean, square = float(np.mean(x)), float(np.mean(np.square(x)))
        steep = float(np.linalg.eigvalsh(2 * np.array([[square, mean], [mean, 1.0]]))[-1])
        lr, other = (round(rng.uniform(*share) / steep, 4) for share in ((0.5, 0.8), (0.9, 1.2)))
        made = {
            rate: np.abs(np.diff([m[0] for m in itertools.islice(_run(x, y, *start, rate), 200)]))
            for rate in (lr, other)
        }
        early, late = sorted(rng.sample(range(4, 12), 2))
        # Each tolerance, with two digits, lies between two changes.
        fine = [float(f"{np.prod(made[lr][k - 2 : k]) ** 0.5:.2g}") for k in (early, late)]
        settings = [(made[lr], fine[0]), (made[lr], fine[1]), (made[other], fine[1])]
        ends = [int(np.argmax(changes < tolerance)) for changes, tolerance in settings]
        clear = all(
            end > 2 and changes[end] < 0.97 * tolerance < 0.94 * changes[:end].min()
            for (changes, tolerance), end in zip(settings, ends, strict=True)
        )
        # Far above the rounding of float32, and each time another number of updates.
        if fine[1] > 1e-3 and len(set(ends)) == 3 and clear:
            break
    data = [{"values": values, "shape": [n, 1]} for values in (x, y)]
    most = rng.randint(60, 150)
    too_large = round(rng.uniform(2.2, 2.5) / steep, 4)
    return [
        [*data, *start, lr, fine[0], most],
        [*data, *start, lr, fine[1], most],
        [*data, *start, lr, fine[1], early - 2],
        [*data, *start, other, fine[1], most],
        [*data, *start, lr, float(f"{2 * made[lr][0]:.2g}"), most],
        [*data, *start, too_large, fine[1], rng.randint(6, 9)],
    ]


WHICH_ROW = "Look at when the row is written and when the loop is left."
UPDATE = "Look at the two update lines."

# fmt: off
SLIPS = [
    slip("last row missing",
         _then(lambda rows, every: rows[:-1] if len(rows) < len(every) - 1 else rows),
         "Where the tolerance ends the run, {name} leaves out its last row: {rows} rows came back. "
         "The row in which the change was first small belongs to the table.", WHICH_ROW),
    slip("last row missing", _then(lambda rows, every: rows[:-1]),
         "{name} leaves out the last row: {rows} rows came back.", WHICH_ROW),
    slip("one row too many", _then(_one_later),
         "{name} goes on for one row after the change was first small: {rows} rows came back.",
         "Look at which two losses the condition compares."),
    slip("one update too few", _rows(more=-1),
         "{name} stops one update before `max_steps`: {rows} rows came back.",
         "Count the rows of a run with one update."),
    slip("one update too many", _rows(more=1),
         "{name} makes one update more than `max_steps`: {rows} rows came back.",
         "Count the rows of a run with one update."),
    slip("start missing", _then(lambda rows, every: rows[1:]),
         "The row of the start, step 0, is missing.",
         "Look at what is written before the first update."),
    slip("start missing", _then(lambda rows, every: [(row[0] - 1, *row[1:]) for row in rows[1:]]),
         "The first row holds the parameters after an update, and belongs to the start.",
         "Look at what is written before the first update."),
    slip("steps counted from 1",
         _then(lambda rows, every: [(row[0] + 1, *row[1:]) for row in rows]),
         "The rows are right, but their steps are counted from 1: {value} comes first. The start "
         "is step 0."),
    slip("loss and parameters of different moments",
         (_then(lambda rows, every: [(row[0] - 1, *row[1:]) for row in _mixed(rows, every)]),
          _then(_mixed),
          _then(lambda rows, every: [rows[0], *_mixed(rows, every)][:2]),
          _then(lambda rows, every: [rows[0], *_mixed(rows, every)])),
         "A row of {name} holds the loss before an update beside the w and b after it.",
         "Look at what happens between the two."),
    slip("loss compared instead of its change",
         (_rows(lambda new, old, tolerance: new[0] < tolerance, first=0),
          _rows(lambda new, old, tolerance: new[0] < tolerance)),
         "{name} compares the loss itself with `tolerance`, not its change: {rows} rows came back.",
         "Where points are noisy, the loss of the best line is not small."),
    slip("change without its size", _rows(lambda new, old, tolerance: new[0] - old[0] < tolerance),
         "{name} stops after the first update that lowers the loss: {rows} rows came back. A "
         "falling loss has a negative change, which is below any tolerance.",
         "Look at the sign of what is compared."),
    slip("change without its size", _rows(lambda new, old, tolerance: old[0] - new[0] < tolerance),
         "Right while the loss falls. Where it rises, {name} stops at once: {rows} rows came back. "
         "A rise is negative there, which is below any tolerance.",
         "Look at the sign of what is compared."),
    slip("start compared with itself", _then(lambda rows, every: rows[:1]),
         "{name} stops at the start: {rows} row came back. There is no row before the first, so "
         "nothing has changed yet.",
         "Look at what the loss of the start is compared with."),
    slip("compared with the start", _rows(start=True),
         "{name} goes on for too long: {rows} rows came back. This happens if each loss is "
         "compared with that of the start.",
         "Look at when the loss to compare with is replaced."),
    slip("w and b as they end",
         (_then(_ending), _then(lambda rows, every: _ending(rows, rows))),
         "Every row of {name} holds the same w and b, those of the end. A tensor that is changed "
         "in place changes in every list that holds it.",
         "Look at what a row keeps: a number, or the tensor itself."),
    slip("relative change",
         (_rows(lambda new, old, tolerance: abs(new[0] - old[0]) < tolerance * abs(old[0])),
          _rows(lambda new, old, tolerance: abs(new[0] - old[0]) < tolerance * abs(new[0]))),
         "{name} compares the change relative to the loss: {rows} rows came back.",
         "Look at what the text compares with `tolerance`."),
    slip("change of the parameters",
         (_rows(lambda new, old, *most: all(_small(new[k:], old[k:], *most) for k in (1, 2))),
          _rows(lambda new, old, *most: any(_small(new[k:], old[k:], *most) for k in (1, 2)))),
         "{name} compares the change of w and b with `tolerance`: {rows} rows came back.",
         "Look at what the text compares with `tolerance`."),
    slip("tolerance ignored", _rows(_never),
         "{name} always makes `max_steps` updates: {rows} rows came back.",
         "Look at what leaves the loop."),
    slip("half steps", _rows(scale=(0.5, 0.5)),
         "Each step of {name} is half as long as it should be: the first value that differs is "
         "{value}.", UPDATE),
    slip("stepping uphill", _rows(scale=(-1, -1)),
         "The loss of {name} rises from the first update on, to {value}: the steps lead uphill.",
         UPDATE),
    slip("w never updated", _rows(scale=(0, 1)),
         "w stays at its start in every row of {name}.", UPDATE),
    slip("b never updated", _rows(scale=(1, 0)),
         "b stays at its start in every row of {name}.", UPDATE),
    slip("sum instead of mean",
         lambda x, y, w, b, lr, *stop: train_until(x, y, w, b, lr * len(x), *stop),
         "The steps of {name} are those of a sum over the points: the first value that differs is "
         "{value}.",
         "Look at the loss that is differentiated."),
    slip("b updated with the moved w", _rows(moved=True),
         "b steps along the gradient at the w that has already moved: the first value that differs "
         "is {value}.",
         "Look at when each of the two derivatives is computed."),
    slip("gradients never zeroed", _rows(kept=True),
         "Each step of {name} repeats all the earlier gradients: the first value that differs is "
         "{value}.",
         "Look at what is cleared after an update."),
    slip("only the last row",
         (_then(lambda rows, every: rows[-1]), _then(lambda rows, every: rows[-1:])),
         "{name} returns the last row alone.",
         "Look at where the rows are collected."),
    slip("columns in another order",
         _then(lambda rows, every: [(row[0], row[2], row[3], row[1]) for row in rows]),
         "The rows of {name} hold step, w, b, loss; the practice asks for step, loss, w, b."),
    slip("columns instead of rows", _then(lambda rows, every: list(zip(*rows, strict=True))),
         "{name} returns four lists, one for each column; the practice asks for one row for each "
         "step."),
    slip("columns instead of rows",
         _then(lambda rows, every: [value for row in rows for value in row]),
         "{name} returns one list of numbers; the practice asks for one row for each step.",
         "Look at how a row is put into the list."),
]
# fmt: on

TRAIN_UNTIL = Practice.function(
    "lab02-train-until",
    train_until,
    title="Stop when the loss hardly changes",
    points=10,
    wanted="a list of rows (step, loss, w, b)",
    cases=_calls,
    seed=5,
    compared="columns",
    sooner=[(1,), (2,)],
    praise="The rows are right, and the run ends where it should: at the tolerance, or at "
    "`max_steps`.",
    look="Compute the first three rows by hand, and look at what is compared with `tolerance`.",
    slips=SLIPS,
)

#: 20 full-data losses of batch descent at rate 0.1, each before its update.
BATCH = Practice.losses(
    "lab02-batch",
    title="Batch descent on the steep line",
    points=5,
    data="steep_line",
    name="loss_BGD",
    rate=0.1,
    epochs=20,
    start=START,
    rate_before=(0.1, "where a run at rate 0.1 ended"),
    other_starts=(((-15.0, -10.0), "from the start of Lab 1"),),
    other_rates=RATES,
    other_data=("gentle_line", "wide_line"),
)

PRACTICES = (BATCH, TRAIN_UNTIL, sgd_epoch(), stable_rate())
