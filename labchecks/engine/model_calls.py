"""What the calls of the model show of a training function, beside the log that it returns.

Each call has the weight and bias of that moment and a number of rows; on a few rows it is known
which. So it can be told whether the steps are right although the log is not.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from labchecks.engine.training_runs import TrainingRun

__all__ = ["begins_anew", "rows_held_out", "rows_twice", "steps_are_right", "typed_size"]

#: How far float32 may move a parameter from where an exact step leads, relative to its size.
ROUNDING = 1e-4


def steps_are_right(runs: Sequence[TrainingRun]) -> bool:
    """Whether every update that can be followed is the one that was asked for."""
    followed = [run for run in runs if run.one_batch or run.few]
    return bool(followed) and all(_right_steps(run) for run in followed)


def begins_anew(run: TrainingRun) -> bool | None:
    """Whether no epoch goes on where the one before it ended, though the steps within it are right.

    None where it is not known which rows each call had, or the model was also called otherwise.
    """
    each = _updates(run)
    if len(run.calls) != each * run.epochs or not len(run.calls):
        return None
    if np.ptp(run.calls[::each], axis=0).max() == 0:
        # Every epoch begins at the same place; whether it moves from there shows within it.
        return True if np.ptp(run.calls, axis=0).max() > 0 else None
    if run.one_batch and len(run.calls) > 4 and np.isfinite(run.calls).all():
        # Independent places are as far apart one epoch later as two, and as all of them are.
        spread = np.linalg.norm(run.calls.std(axis=0))
        apart = [
            np.linalg.norm(run.calls[lag:] - run.calls[:-lag], axis=1).mean() for lag in (1, 2)
        ]
        return bool(0 < spread < min(apart))
    if not run.few or len(run.rows) != len(run.calls):
        return None
    leads_on = [
        _leads(run, run.calls[j], run.rows[j], run.calls[j + 1]) for j in range(len(run.calls) - 1)
    ]
    between = leads_on[each - 1 :: each]
    within = [fine for j, fine in enumerate(leads_on) if (j + 1) % each]
    return all(within) and not any(between)


def rows_twice(runs: Sequence[TrainingRun]) -> bool:
    """Whether the calls of an epoch had some rows twice and others not at all."""
    twice = False
    for run in runs:
        each = _updates(run)
        alike = len(set(zip(run.points.x, run.points.y, strict=True))) < len(run.points)
        if not run.few or alike or len(run.rows) != each * run.epochs:
            continue
        for epoch in range(run.epochs):
            used = sum(run.rows[each * epoch : each * (epoch + 1)], [])
            if len(used) != len(run.points):
                return False
            twice = twice or len(set(used)) < len(used)
    return twice


def rows_held_out(runs: Sequence[TrainingRun]) -> bool:
    """Whether no call of the model had all rows, where each update should use them all."""
    whole = [run for run in runs if run.one_batch and not run.alike]
    for run in whole:
        n, most = len(run.points), max(run.sizes, default=0)
        places = 1 + int((np.diff(run.calls, axis=0) != 0).any(axis=1).sum())
        # More places than epochs: they may be batches that together are all rows.
        if not n / 2 <= most < n or places not in (run.epochs, run.epochs + 1):
            return False
    return bool(whole)


def typed_size(runs: Sequence[TrainingRun]) -> int | None:
    """The size that all batches have whatever batch size is asked for; None if there is none."""
    if any(run.right.batch_size is None or not run.sizes for run in runs):
        return None
    largest = [max(run.sizes) for run in runs]
    asked = [min(run.right.batch_size, len(run.points)) for run in runs]
    size = max(largest)
    seen = any(size < len(run.points) for run in runs)
    constant = all(
        found == min(size, len(run.points)) for found, run in zip(largest, runs, strict=True)
    )
    return size if seen and constant and largest != asked else None


def _updates(run: TrainingRun) -> int:
    """Updates that an epoch should have."""
    return 1 if run.one_batch else -(-len(run.points) // run.right.batch_size)


def _right_steps(run: TrainingRun) -> bool:
    each = _updates(run)
    everything = list(range(len(run.points)))
    rows = [everything] * len(run.calls) if run.one_batch else run.rows
    if len(rows) != len(run.calls) or len(run.sizes) != len(run.calls):
        return False
    if run.one_batch and set(run.sizes) != {len(run.points)}:
        return False
    # Calls with the same parameters are one place, and one of them is the update's.
    places: list[tuple[np.ndarray, list[list[int]]]] = []
    for at, had in zip(run.calls, rows, strict=True):
        if not places or not np.array_equal(places[-1][0], at):
            places.append((at, []))
        places[-1][1].append(had)
    wanted = each * run.epochs
    if len(places) not in (wanted, wanted + 1):
        return False
    used = []
    for (at, choices), (after, _) in zip(places, places[1:wanted], strict=False):
        step = next((had for had in choices if _leads(run, at, had, after)), None)
        if step is None:
            return False
        used.append(step)
    # The last update leads nowhere that is known, so the last epoch's rows may be incomplete.
    pairs = list(zip(run.points.x, run.points.y, strict=True))
    once = sorted(pairs)
    for epoch in range(run.epochs - 1):
        taken = sum(used[each * epoch : each * (epoch + 1)], [])
        if sorted(pairs[i] for i in taken) != once:
            return False
    return True


def _leads(run: TrainingRun, at: np.ndarray, rows: Sequence[int], after: np.ndarray) -> bool:
    """Whether one step with these rows leads from one pair of parameters to the other."""
    if not len(rows):
        return False
    x, y = run.points.x[list(rows)], run.points.y[list(rows)]
    error = at[0] * x + at[1] - y
    step = 2 * np.array([(error * x).mean(), error.mean()])
    with np.errstate(all="ignore"):
        off = np.abs(at - run.right.rate * step - after)
        return bool((off <= ROUNDING * (np.abs(at) + run.right.rate * np.abs(step) + 1e-3)).all())
