"""Training functions that are no plain gradient descent on the rows given, each as a suspect.

Some have numbers of their own, such as a momentum: these are fitted to the logs of batch descent,
and every log then has to follow from them exactly.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import NamedTuple

import numpy as np

from labchecks.engine.diagnosis import fitted
from labchecks.engine.mistakes import (
    APART,
    MORE,
    Mistake,
    Momentum,
    OwnRates,
    Rates,
    WeightDecay,
    one_row_less,
    with_gaps,
)
from labchecks.engine.run import Descent, Points
from labchecks.engine.suspects import RIGHT_STEPS
from labchecks.engine.training_runs import Suspect, TrainingRun

__all__ = ["HELD_OUT", "UNPAIRED", "more_suspects"]

#: Told in other words in `suspects`, or with a number that is found below.
ELSEWHERE = {
    "every input against every target",
    "slices that overlap",
    "slices one row short",
    "slices with gaps",
    "momentum",
    "weight decay",
    "part of the data held out",
    "part of the data held out of the steps",
}
#: Losses to which numbers are fitted; all of them are compared afterwards.
BEGINNING = 16
LOOK = "Look at everything that makes up a step, in the loop and in the optimizer."
ROWS = "Look at which rows of `X` and `Y` the updates and the losses use."


def more_suspects(runs: Sequence[TrainingRun]) -> Iterator[Suspect]:
    """What to try where nothing more common explains the logs."""
    batches = runs[0].right.batch_size is not None
    for mistake in MORE:
        if mistake.name not in ELSEWHERE and (batches or mistake.kind != "batch"):
            share = RIGHT_STEPS if mistake.kind == "record" else 0.0
            yield Suspect(mistake, _changed(mistake), share)
    yield from map(_on_a_part, PARTS)
    yield from _more_often(batches)
    if batches:
        yield from _other_batches()
    else:
        yield from _single_rows()
    for step in STEPS:
        yield from _found(step, runs)


def _changed(mistake: Mistake):
    def make(run: TrainingRun):
        # A slice of no row has no mean; rows that are all alike have no spread to divide by.
        if np.isnan(run.log).all() or (run.alike and "train_points" in mistake.change):
            return None
        return mistake.applied_to(run.right), run.points, run.log

    return make


# Rows -----------------------------------------------------------------------------------------

#: Parts of the rows in their order: which they are, and where the part begins and ends.
PARTS: tuple[tuple[str, Callable[[int], slice]], ...] = (
    ("without the first row", lambda n: slice(1, n)),
    ("without the last row", lambda n: slice(0, n - 1)),
    ("the first half of the rows", lambda n: slice(0, n // 2)),
    *(
        (f"the first {share:.0%} of the rows", _share)
        for share in (0.8, 0.7, 0.75, 0.9)
        for _share in [lambda n, share=share: slice(0, int(share * n + 1e-9))]
    ),
)


#: Where it is not known which rows these are, but that no call of the model had all.
HELD_OUT = Suspect(
    Mistake(
        "part of the data held out",
        sentence="No call of your model has all rows, so a part of them is held out of the steps. "
        "Your losses go from {v0} to {last}.",
        look=ROWS,
    ),
    lambda run: None,
)


#: Where a few rows are followed through every pairing of inputs and targets.
UNPAIRED = Suspect(
    next(mistake for mistake in APART if mistake.change == {"paired": False}), lambda run: None
)


def _on_a_part(part: tuple[str, Callable[[int], slice]]) -> Suspect:
    words, place = part
    what = words if words.startswith("without") else f"on {words} alone"

    def kept(points: Points) -> Points:
        rows = place(len(points))
        return Points(points.x[rows], points.y[rows], points.clean[rows])

    def make(run: TrainingRun):
        rows = len(range(len(run.points))[place(len(run.points))])
        if rows in (0, len(run.points)):
            return None
        # Both the steps and the losses, which are those of the batches, are of these rows alone.
        return run.right, kept(run.points), run.log

    return Suspect(
        Mistake(
            "part of the data held out",
            sentence=f"Your losses, from {{v0}} to {{last}}, are those of a run {what}.",
            look=ROWS,
        ),
        make,
        any_order=False,
    )


def _more_often(batches: bool) -> Iterator[Suspect]:
    """Several passes for each value that is returned."""
    for times, words in ((2, "Two"), (3, "Three")):
        if not batches and times == 2:
            continue  # `suspects` has it
        yield Suspect(
            Mistake(
                "two passes per epoch" if times == 2 else "three passes per epoch",
                sentence=f"{words} passes over the rows are made for each loss that you record: "
                "they fall from {v0} to {v1} in one epoch.",
                look="Count how often the parameters move for one value of your list.",
            ),
            _passes(times, batches),
        )


def _passes(times: int, batches: bool):
    def split(order: np.ndarray, size: int) -> list[np.ndarray]:
        return times * [order[..., i : i + size] for i in range(0, order.shape[-1], size)]

    def make(run: TrainingRun):
        series = "mean" if batches else "full"
        return run.right.with_(split=split, series=series), run.points, run.log

    return make


def _other_batches() -> Iterator[Suspect]:
    def halved(run: TrainingRun):
        return run.right.with_(batch_size=max(1, run.right.batch_size // 2)), run.points, run.log

    def one_less(run: TrainingRun):
        return run.right.with_(split=one_row_less), run.points, run.log

    yield Suspect(
        Mistake(
            "wrong batch size",
            sentence="Your batches have half of `batch_size` rows: your losses go from {v0} to "
            "{v1} and end at {last}.",
            look="Look at where the size of a batch comes from.",
        ),
        halved,
    )
    yield Suspect(
        Mistake(
            "slices one row short",
            sentence="Each batch ends one row before the next one begins, so that some rows are "
            "never used: your losses go from {v0} to {v1}.",
            look="Look at the two ends of the slice.",
        ),
        one_less,
        any_order=False,
    )
    yield Suspect(
        Mistake(
            "slices with gaps",
            sentence="Between one batch and the next a row is left out: your losses go from {v0} "
            "to {v1} and end at {last}.",
            look="Look at the step from the beginning of one slice to that of the next.",
        ),
        lambda run: (run.right.with_(split=with_gaps), run.points, run.log),
    )
    numbers = {
        "rows in a batch": lambda run: run.right.batch_size,
        "batches": lambda run: -(-len(run.points) // run.right.batch_size),
    }
    for what, by in numbers.items():
        yield Suspect(
            Mistake(
                "wrong rate",
                sentence=f"Your steps are divided by the number of {what}: the losses go from "
                "{v0} to {v1} and end at {last}.",
                look="Look at the factors in your update.",
            ),
            lambda run, by=by: (
                run.right.with_(rate=run.right.rate / by(run)),
                run.points,
                run.log,
            ),
        )


def _single_rows() -> Iterator[Suspect]:
    """An update after every row, where all rows are to make one together."""
    for series, what in (("mean", "the mean of its rows' losses"), ("full", "a loss of all rows")):
        yield Suspect(
            Mistake(
                "one-sample descent",
                sentence="Every row makes a step of its own, and each of your values is, for its "
                f"epoch, {what}: they go from {{v0}} to {{v1}} and end at {{last}}.",
                look="Count how often the parameters move in one epoch.",
            ),
            lambda run, series=series: (
                run.right.with_(batch_size=1, series=series),
                run.points,
                run.log,
            ),
        )


# Steps ----------------------------------------------------------------------------------------


class _Step(NamedTuple):
    """A kind of step with numbers of its own."""

    name: str
    #: What is said of the numbers that were found.
    words: str
    #: ``optimizer(rate, batches, *numbers)``.
    optimizer: Callable
    #: From where the numbers are looked for.
    begins: tuple[tuple[float, ...], ...]

    def applied_to(self, descent: Descent, run: TrainingRun, numbers: Sequence[float]) -> Descent:
        batches = -(-len(run.points) // (descent.batch_size or len(run.points)))
        return descent.with_(optimizer=self.optimizer(descent.rate, batches, *numbers))


STEPS = (
    _Step("momentum", "a momentum of {:g}", lambda rate, n, m: Momentum(m), ((0.5,), (0.9,))),
    _Step(
        "momentum",
        "Nesterov's momentum, {:g}",
        lambda rate, n, m: Momentum(m, nesterov=True),
        ((0.5,), (0.9,)),
    ),
    _Step("weight decay", "a weight decay of {:g}", lambda rate, n, d: WeightDecay(d), ((0.0,),)),
    _Step(
        "rate not constant",
        "a rate that is multiplied by {:g} after each epoch",
        lambda rate, n, f: Rates((rate,) * n, f),
        ((0.95,),),
    ),
    _Step(
        "different rates in w and b",
        "a rate of {:g} · `lr` for `w` and of {:g} · `lr` for `b`",
        lambda rate, n, w, b: OwnRates(w * rate, b * rate),
        ((1.0, 0.5), (0.5, 1.0), (1.0, 0.1), (0.1, 1.0)),
    ),
)


def _found(step: _Step, runs: Sequence[TrainingRun]) -> Iterator[Suspect]:
    """The suspects with steps of this kind to which the logs of batch descent lead."""
    whole = [run for run in runs if run.one_batch and np.ptp(run.points.x) > 0]
    found = []
    for run in whole:
        numbers = _numbers(step, run)
        if numbers is None:
            return
        found.append(numbers)
    if not found or np.ptp(found, axis=0).max() > 1e-2 * (1 + np.abs(found).max()):
        return
    # What was typed in has few digits.
    middle = np.median(found, axis=0)
    if step.name == "momentum" and middle[0] > 0.999:
        return  # gradients that are not set back to zero, in other words
    for digits in (1, 2, 3, 6):
        numbers = tuple(float(f"{number:.{digits}g}") for number in middle)
        if np.allclose(numbers, middle, rtol=1e-2, atol=1e-4):
            yield _with_numbers(step, numbers)


def _with_numbers(step: _Step, numbers: tuple[float, ...]) -> Suspect:
    def make(run: TrainingRun):
        return step.applied_to(run.right, run, numbers), run.points, run.log

    return Suspect(
        Mistake(
            step.name,
            sentence="Your losses, from {v0} through {v1} to {last}, are those of steps with "
            f"{step.words.format(*numbers)}.",
            look=LOOK,
        ),
        make,
    )


def _numbers(step: _Step, run: TrainingRun) -> np.ndarray | None:
    """The numbers with which such steps give the beginning of a log; None if there are none."""
    log = run.log[:BEGINNING]
    for w, b in run.starts()[:1]:
        descent = run.right.with_(start=(float(w), float(b)), epochs=len(log))
        for begin in step.begins:
            found = fitted(log, run.points, partial(step.applied_to, descent, run), begin)
            if found is not None:
                return found
    return None
