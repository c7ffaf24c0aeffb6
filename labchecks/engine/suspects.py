"""Mistakes in a training function whose start is free, each as an algorithm to be fitted."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from labchecks.engine import mistakes
from labchecks.engine.mistakes import FirstStep, Mistake, OncePerEpoch
from labchecks.engine.run import Crossed, DividedTwice, Points, points_of
from labchecks.engine.start import predict, rates_of
from labchecks.engine.training_runs import Suspect, TrainingRun

__all__ = [
    "AFTER",
    "NEGATED",
    "OTHER_SIZE",
    "REPLACED",
    "RESTART",
    "SIZE_TYPED",
    "absolute_errors",
    "all_suspects",
    "found_rates",
    "of_size",
]

#: Rates that programs tend to have typed in.
TYPED_RATES = (0.1, 0.01, 0.001, 0.05, 0.005, 0.02, 0.002, 0.5, 0.03, 0.003, 0.2, 1.0, 0.0001)

#: Batch sizes that programs tend to have typed in.
TYPED_SIZES = (1, 2, 4, 5, 8, 10, 16, 20, 32, 50, 64, 100)

#: Share of the points where the training is right and only the record is not.
RIGHT_STEPS = 0.5


def _changed(**fields: object):
    def make(run: TrainingRun):
        return run.right.with_(**fields), run.points, run.log

    return make


def _once_per_epoch(summed: bool):
    def make(run: TrainingRun):
        batches = -(-len(run.points) // (run.right.batch_size or len(run.points)))
        return run.right.with_(optimizer=OncePerEpoch(batches, summed)), run.points, run.log

    return make


def _catalogued(mistake: Mistake, share: float = 0.0) -> Suspect:
    def make(run: TrainingRun):
        changed = mistake.applied_to(run.right)
        log = run.log
        # A size above N leaves no batch at all: then the mean is nan, and the sum is zero.
        none_left = changed.batches == "full only" and run.right.batch_size > len(run.points)
        if none_left and not np.nan_to_num(log).any():
            return None
        # The law is one of losses: take back what the record did to them.
        if changed.recorded_as in ("root", "log"):
            with np.errstate(all="ignore"):
                log = log**2 if changed.recorded_as == "root" else np.exp(log)
            changed = changed.with_(recorded_as="")
        return changed, run.points, log

    return Suspect(mistake, make, share)


AFTER = Suspect(mistakes.find("recorded after the update"), _changed(record="after"), RIGHT_STEPS)


def all_suspects(runs: Sequence[TrainingRun], lab_data: tuple[str, int]) -> list[Suspect]:
    batches = runs[0].right.batch_size is not None
    left_out = {
        # Not to be told from a right run where the start is free, or not a law of this kind.
        "sign of b in the model",
        "recorded after the update",
        "absolute errors",
        "absolute errors recorded",
        "noise-free targets for the loss",
        "noise-free targets for the steps",
        "mean of the batch losses",
        "loss of every batch recorded",
        "recorded at every update",
        "half steps",
        # Told in other words below.
        "sum recorded",
        "sum instead of mean",
        "sum instead of mean in the gradient",
        "b updated with the moved w",
        "w updated with the moved b",
        "noise-free targets",
        "double steps",
    }
    found = [
        _catalogued(m, RIGHT_STEPS if m.kind == "record" else 0.0)
        for m in mistakes.of_kind("step", "record", "setting", without=left_out)
    ]
    found += _renamed()
    found += [AFTER]
    if batches:
        records = {
            "only the last batch recorded",
            "only the first batch recorded",
            "divided by the batch size",
            "divided by the number of points",
            "batch losses added up",
        }
        found = (
            [
                _catalogued(m, RIGHT_STEPS if m.name in records else 0.0)
                for m in mistakes.of_kind("batch", without=left_out)
            ]
            + found
            + _more_with_batches()
        )
    else:
        found += _more_without_batches()
    found += _rates(runs)
    found.append(_global_data(lab_data))
    return found


def _renamed() -> list[Suspect]:
    """Catalogued mistakes of which a log with a free start tells less, and how it says so."""

    def on_the_line(run: TrainingRun):
        points = run.points
        w, b = (0.0, points.y.mean()) if np.ptp(points.x) == 0 else points.minimum
        return run.right, Points(points.x, w * points.x + b), run.log

    sums = Mistake(
        "sum instead of mean",
        sentence="The steps follow the sum of the squared errors instead of their mean, so each is "
        "as many times too long as there are rows: your losses go from {v0} to {v1}.",
        look="Look at how the errors of all rows become the one number that you differentiate.",
    )
    recorded = Mistake(
        "sum recorded",
        sentence="The steps are right, but your first loss is {v0}: it is made of the sums of the "
        "squared errors, not of their means.",
        look="Look at what you append.",
    )
    moved = Mistake(
        "second parameter updated with the moved first",
        sentence="One of the two gradients is taken after the other parameter has already moved. "
        "The first loss, {v0}, does not show it; from the second, {v1}, on your losses are those "
        "of such a run.",
        look="Both gradients belong to the same weight and bias: look at when each is computed.",
    )
    clean = Mistake(
        "noise-free targets",
        sentence="Your losses, from {v0} down to {last}, are those of targets that lie exactly on "
        "a line: they head for zero, and the noise in `Y` would not let them.",
        look="Look at which targets the prediction is compared with.",
    )
    crossed = Mistake(
        "every row against every other",
        sentence="Every prediction is compared with every target, because a column and a flat "
        "tensor broadcast to a square: your losses go from {v0} to {last}.",
        look="Look at the shapes of the prediction and of the targets.",
    )
    return [
        Suspect(crossed, _changed(sums=Crossed, measure_sums=Crossed)),
        Suspect(sums, lambda run: _summed(run, gradient_sum=True)),
        Suspect(sums, _changed(gradient_sum=True)),
        Suspect(recorded, lambda run: _summed(run), RIGHT_STEPS),
        Suspect(moved, _changed(sequential="w first")),
        Suspect(moved, _changed(sequential="b first")),
        Suspect(clean, on_the_line),
    ]


def absolute_errors() -> list[Suspect]:
    """Mistakes whose losses are no squares: they can be told only where the start is known."""
    names = ("absolute errors", "absolute errors recorded")
    return [_catalogued(mistakes.find(name)) for name in names]


NEGATED = Suspect(
    Mistake(
        "sign of the targets",
        sentence="Your losses, from {v0} to {last}, are those of targets with the other sign.",
        look="Look at the sign of the target in the loss that you differentiate.",
    ),
    _changed(),
)

RESTART = Suspect(
    Mistake(
        "starts again each epoch",
        sentence="No epoch goes on where the one before it ended: your losses, {v0}, {v1}, … and "
        "{last} in the end, never settle.",
        look="Look at where weight and bias are created.",
    ),
    _changed(),
)

REPLACED = Suspect(
    Mistake(
        "rows drawn with replacement",
        sentence="Within an epoch some rows are used twice and others not at all: your losses go "
        "from {v0} to {v1}.",
        look="An epoch is one pass over the data: look at how the rows of a batch are drawn.",
    ),
    _changed(),
    RIGHT_STEPS,
)


#: Name of the mistake that every batch has a size of its own choice.
SIZE_TYPED = "batch size typed in"


def of_size(size: int) -> Suspect:
    """Batches of one size, whatever was asked for."""
    return Suspect(
        Mistake(
            SIZE_TYPED,
            sentence=f"Your batches have {size} row{'s' if size > 1 else ''}, whatever "
            "`batch_size` is: your losses go from {v0} to {v1} and end at {last}.",
            look="Look at where the size of a batch comes from.",
        ),
        lambda run: (run.right.with_(batch_size=size), run.points, run.log),
    )


#: The same where the rows are shuffled: several sizes may then explain the few rows there are.
OTHER_SIZE = Suspect(
    Mistake(
        SIZE_TYPED,
        sentence="Your batches have another size than `batch_size`: your losses go from {v0} to "
        "{v1} and end at {last}.",
        look="Look at where the size of a batch comes from.",
    ),
    _changed(),
)


def _more_without_batches() -> list[Suspect]:
    def twice(run: TrainingRun):
        n = len(run.points)
        order = (tuple(range(n)) * 2,)
        return run.right.with_(batch_size=n, order=order), run.points, run.log

    def over_n(run: TrainingRun):
        return run.right.with_(recorded_scale=1 / len(run.points)), run.points, run.log

    return [
        Suspect(
            Mistake(
                "first step doubled",
                sentence="Your first step is twice as long as `lr` times the gradient, and all "
                "later ones have the right length: the first losses are {v0} and {v1}.",
                look="Look at what the gradients hold when the loop begins, before its own "
                "`backward()`.",
            ),
            _changed(optimizer=FirstStep(2.0)),
        ),
        Suspect(
            Mistake(
                "two updates per epoch",
                sentence="Two updates are made for each loss that you record: they fall from {v0} "
                "to {v1} in one epoch.",
                look="Count how often the parameters move in one pass of the loop.",
            ),
            twice,
        ),
        Suspect(
            Mistake(
                "divided by the number of points",
                sentence="The steps are right, but each recorded loss is divided by the number of "
                "points once more: the first is {v0}.",
                look="Look at what the loss function returns: is it already a mean?",
            ),
            over_n,
            RIGHT_STEPS,
        ),
    ]


def _more_with_batches() -> list[Suspect]:
    def count(n: int, size: int) -> int:
        return -(-n // size)

    def rounded_down(run: TrainingRun):
        n, size = len(run.points), run.right.batch_size
        scale = count(n, size) / max(1, n // size)
        return run.right.with_(recorded_scale=scale), run.points, run.log

    def equal(run: TrainingRun):
        n, size = len(run.points), run.right.batch_size
        pieces = count(n, size)
        if n % pieces and not run.alike and n > 4:
            return None
        return run.right.with_(batch_size=-(-n // pieces)), run.points, run.log

    def windows(run: TrainingRun):
        n, size = len(run.points), min(run.right.batch_size, len(run.points))
        pieces = count(n, size)
        order = [i for first in range(pieces) for i in range(first, min(first + size, n))]
        return run.right.with_(order=(tuple(order),), batch_size=size), run.points, run.log

    def since_the_start(run: TrainingRun):
        epoch = np.arange(1, len(run.log) + 1)
        with np.errstate(all="ignore"):
            return run.right, run.points, np.diff(epoch * run.log, prepend=0.0)

    more = [
        Suspect(
            Mistake(
                "loss of all rows recorded",
                sentence="The steps are right, but each value is a loss over all rows at once, "
                "taken once per epoch: the first is {v0}.",
                look="Read again which losses the epoch's value is the mean of.",
            ),
            _changed(series="full"),
            RIGHT_STEPS,
        ),
        Suspect(
            Mistake(
                "loss of all rows recorded",
                sentence="The steps are right, but each value is a loss over all rows at once, "
                "taken after the epoch: the first is {v0}.",
                look="Read again which losses the epoch's value is the mean of.",
            ),
            _changed(series="full", record="after"),
            RIGHT_STEPS,
        ),
        Suspect(
            Mistake(
                "batch losses never emptied",
                sentence="Each of your values is the mean of all batch losses since the first "
                "epoch: they fall slowly, to {last} in the end.",
                look="Look at where the list (or the sum) of an epoch's batch losses is emptied.",
            ),
            since_the_start,
            RIGHT_STEPS,
        ),
        Suspect(
            Mistake(
                "one update per epoch",
                sentence="The parameters move once per epoch, after its last batch: your losses go "
                "from {v0} to {v1}, which one step for each batch would not give.",
                look="Look at the indentation: what stands inside the inner loop?",
            ),
            _once_per_epoch(summed=False),
        ),
        Suspect(
            Mistake(
                "one update per epoch",
                sentence="The gradients of all batches add up, and the parameters move once per "
                "epoch: your losses go from {v0} to {v1}.",
                look="Look at the indentation: what stands inside the inner loop?",
            ),
            _once_per_epoch(summed=True),
        ),
        Suspect(
            Mistake(
                "mean over samples",
                sentence="The steps are right, but each value weights a batch by its number of "
                "rows, so the last, shorter one counts less: the first is {v0}.",
                look="Read again what the epoch's value is the mean of.",
            ),
            _changed(series="weighted"),
            RIGHT_STEPS,
        ),
        Suspect(
            Mistake(
                "number of batches rounded down",
                sentence="The steps are right, but the sum of the batch losses is divided by one "
                "less than there are batches when the last one is short: your first loss is {v0}.",
                look="Count the batches of an epoch whose last one is short.",
            ),
            rounded_down,
            RIGHT_STEPS,
        ),
        Suspect(
            Mistake(
                "batches of equal size",
                sentence="The rows are dealt into batches of about equal size instead of "
                "`batch_size` rows each: your first loss is {v0}.",
                look="Look at how many rows each batch has when the batch size does not divide the "
                "number of rows.",
            ),
            equal,
            0.8,
        ),
        Suspect(
            Mistake(
                "batches overlap",
                sentence="Each batch begins one row after the one before it, so they overlap and "
                "most rows are never used: your first loss is {v0}.",
                look="Look at the first row of the second batch.",
            ),
            windows,
            any_order=False,
        ),
    ]
    more += [of_size(size) for size in TYPED_SIZES]
    return more


def _summed(run: TrainingRun, **fields: object):
    """Sums of squares over each batch, and their mean over the batches."""
    n = len(run.points)
    size = run.right.batch_size or n
    series = run.right.series if run.right.batch_size is None else "weighted"
    changed = run.right.with_(series=series, recorded_scale=n / -(-n // size), **fields)
    return changed, run.points, run.log


def _wrong_rate(sentence: str, look: str) -> Mistake:
    return Mistake("wrong rate", sentence=sentence, look=look)


def _typed(rate: float) -> Suspect:
    return Suspect(
        _wrong_rate(
            f"Your losses are those of rate {rate:g}, whatever `lr` is.",
            "Look at which rate the update uses.",
        ),
        lambda run: (run.right.with_(rate=rate), run.points, run.log),
    )


def _times(factor: float, words: str) -> Suspect:
    return Suspect(
        _wrong_rate(
            f"Your steps are {words} as long as `lr` times the gradient: the losses go from "
            "{v0} to {v1} and end at {last}.",
            "Look at the factors in your update, in the gradient (the derivative of a square "
            "has one), and at how often a step is made.",
        ),
        lambda run: (run.right.with_(rate=factor * run.right.rate), run.points, run.log),
    )


def found_rates(runs: Sequence[TrainingRun]) -> Iterator[Suspect]:
    """Any other rate, or factor on the rate, that the logs of batch descent lead to."""
    whole = [run for run in runs if run.one_batch and np.ptp(run.points.x) > 0]
    found = [_rates_of(run) for run in whole]
    if not whole or [] in found:
        return
    asked = np.array([run.right.rate for run in whole])
    of_asked = (asked, lambda factor: _times(factor, f"{factor:.3g} times"))
    for units, suspect in ((np.ones_like(asked), _typed), of_asked):
        each = [np.array(rates) / one for rates, one in zip(found, units)]
        for first in each[0]:
            values = np.array([one[np.abs(one - first).argmin()] for one in each])
            value = np.median(values)
            if np.ptp(values) > 1e-3 * np.abs(values).max() or np.allclose(
                values * units, asked, rtol=1e-3
            ):
                continue
            # What was typed in has few digits.
            for digits in (2, 3, 6):
                short = float(f"{value:.{digits}g}")
                if abs(short / value - 1) < 1e-3:
                    yield suspect(short)


def _rates_of(run: TrainingRun) -> list[float]:
    """The constant rates at which batch descent from the start gives the log.

    There are two where the error lies along one direction: its factors are r and −r.
    """
    found: list[float] = []
    for start in run.starts():
        for rate in rates_of(run.points, run.log, start):
            descent = run.right.with_(rate=rate)
            losses = predict(descent, run.points, start)
            # The rate was read off one loss, so its digits are only as good as that.
            if len(losses) == len(run.log) and np.allclose(losses, run.log, rtol=1e-2):
                found.append(rate)
    return found


def _rates(runs: Sequence[TrainingRun]) -> list[Suspect]:
    found = [
        _times(factor, words)
        for factor, words in (
            (0.5, "half"),
            (2.0, "twice"),
            (10.0, "ten times"),
            (0.1, "a tenth"),
            (4.0, "4 times"),
            (0.25, "a quarter"),
        )
    ]
    found += [_typed(rate) for rate in TYPED_RATES]
    found.append(
        Suspect(
            _wrong_rate(
                "Your steps are too short by the number of rows: the losses go from {v0} to {v1} "
                "and end at {last}.",
                "Look at whether the gradient of a mean is divided by the number of rows again.",
            ),
            _changed(sums=DividedTwice),
        )
    )
    return found


def _global_data(lab_data: tuple[str, int]) -> Suspect:
    def make(run: TrainingRun):
        points = points_of(*lab_data)
        points = Points(
            points.x.astype(np.float32).astype(float), points.y.astype(np.float32).astype(float)
        )
        return run.right, points, run.log

    return Suspect(
        Mistake(
            "uses the lab's data instead of its arguments",
            sentence="Your losses are those of the lab's own data, whatever data the function is "
            "given.",
            look="Look at which names inside the function are arguments and which are not.",
        ),
        make,
        any_order=False,
    )
