"""What the calls of the model show of a training function, beside the log that it returns.

Each call has the weight and bias of that moment and a number of rows; on a few rows it is known
which. So it can be told whether the steps are right although the log is not.
"""

import itertools
from collections.abc import Sequence

import numpy as np

from labchecks.engine.training_runs import TrainingRun

#: How far float32 may move a parameter from where an exact step leads, relative to its size.
ROUNDING = 1e-4


def rows_held_out(runs: Sequence[TrainingRun]) -> bool:
    """Whether no call of the model had all rows, where each update should use them all."""
    whole = [run for run in runs if run.one_batch and not run.alike]
    for run in whole:
        n, most = len(run.points), max(run.sizes, default=0)
        places = 1 + (run.calls[1:] != run.calls[:-1]).any(axis=1).sum()
        # More places than epochs: they may be batches that together are all rows.
        if not n / 2 <= most < n or places not in (run.epochs, run.epochs + 1):
            return False
    return bool(whole)


def typed_size(runs: Sequence[TrainingRun]) -> int | None:
    """The size that all batches have whatever batch size is asked for; None if there is none."""
    if any(run.right.batch_size is None or not run.sizes for run in runs):
        return None
    largest, rows = [max(run.sizes) for run in runs], [len(run.points) for run in runs]
    asked = [min(run.right.batch_size, n) for run, n in zip(runs, rows)]
    size = max(largest)
    constant = largest == [min(size, n) for n in rows]
    return size if constant and largest != asked and size < max(rows) else None


def steps_are_right(runs: Sequence[TrainingRun]) -> bool:
    """Whether every update that can be followed is the one that was asked for."""
    followed = [run for run in runs if run.one_batch or run.few]
    return bool(followed) and all(_right_steps(run) for run in followed)


def _right_steps(run: TrainingRun) -> bool:
    every = list(range(len(run.points)))
    if run.one_batch and set(run.sizes) != {len(every)}:
        return False
    rows = [every] * len(run.sizes) if run.one_batch else run.answer.get("rows", [])
    if not len(rows) == len(run.sizes) == len(run.calls):
        return False
    # Calls with the same parameters are one place, and one of them is the update's.
    calls = zip(map(tuple, run.calls), rows, strict=True)
    places = [
        (np.array(at), [had for _, had in group])
        for at, group in itertools.groupby(calls, key=lambda call: call[0])
    ]
    updates = run.batches * run.epochs
    if len(places) not in (updates, updates + 1):
        return False
    used = []
    for (at, choices), (after, _) in itertools.pairwise(places[:updates]):
        step = next((had for had in choices if _leads(run, at, had, after)), None)
        if step is None:
            return False
        used.append(step)
    # The last update leads nowhere that is known, so the last epoch's rows may be incomplete.
    pairs = list(zip(run.points.x, run.points.y, strict=True))
    epochs = [used[k : k + run.batches] for k in range(0, updates - run.batches, run.batches)]
    return all(sorted(pairs[i] for i in sum(epoch, [])) == sorted(pairs) for epoch in epochs)


def _leads(run: TrainingRun, at: np.ndarray, rows: Sequence[int], after: np.ndarray) -> bool:
    """Whether one step with these rows leads from one pair of parameters to the other."""
    if not rows:
        return False
    x, y = run.points.x[rows], run.points.y[rows]
    error = at[0] * x + at[1] - y
    step = 2 * run.right.rate * np.array([(error * x).mean(), error.mean()])
    with np.errstate(all="ignore"):
        off = np.abs(at - step - after)
        return bool((off <= ROUNDING * (np.abs(at) + np.abs(step) + 1e-3)).all())
