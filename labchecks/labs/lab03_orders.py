"""Lab 3: which losses are those of batches of 20, whatever the order, and what else they fit."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from labchecks.engine import diagnosis
from labchecks.engine import shuffled as shuffles
from labchecks.engine.compare import agree, digits, mismatch, rounded_to, shown
from labchecks.engine.mistakes import Mistake, find, of_kind, wrong_rate, wrong_start
from labchecks.engine.run import Points, simulate
from labchecks.feedback import Feedback, incorrect
from labchecks.labs.lab03_runs import EPOCHS, RATE, START, TWENTY

__all__ = [
    "DETERMINISTIC",
    "STARTS",
    "SURE",
    "VISIBLE_WHEN_SHUFFLED",
    "in_another_order",
    "in_order",
    "is_shuffled",
    "in_words",
    "leading",
    "likely",
    "rate_in_order",
]


def _size(size: int) -> Mistake:
    return Mistake(
        "wrong batch size",
        {"batch_size": size},
        f"Your losses are those of batches of {size}: they go from {{v0}} to {{v1}}.",
        "Look at where the batch size enters.",
        "batch",
    )


OTHER_SIZES = tuple(_size(size) for size in (3, 5, 10, 15, 30))


def _per_epoch(mistake: Mistake) -> Mistake:
    """The mistake in the words of a record that is made once per epoch, of many updates."""
    if mistake.name != "recorded after the update":
        return mistake
    return replace(
        mistake,
        sentence="Your first loss, {v0}, already belongs to the parameters after the first epoch: "
        "the loss at the start is missing.",
        look="Look at whether the loss is recorded before or after the loop over the batches.",
    )


DETERMINISTIC = (
    *map(_per_epoch, of_kind("step", "record", "setting", "batch")),
    *OTHER_SIZES,
)

#: By how much, as the logarithm of a ratio of densities, a mistake has to explain shuffled losses
#: better than the right run does before it is named. A right run comes this far once in e⁶ times.
SURE = 6.0


def _near_rate(rate: float) -> Mistake:
    exact = wrong_rate(rate, RATE)
    return Mistake(
        exact.name,
        exact.change,
        f"Your losses fit a rate near {rate:g}, not {{rate}}: they go from {{v0}} to {{v1}}.",
        # Shuffled, smaller batches look much like a larger rate.
        f"{exact.look.removesuffix('.')}, and at how many updates an epoch has.",
        exact.kind,
    )


def _near_size(exact: Mistake) -> Mistake:
    return replace(
        exact,
        sentence=f"Your losses fit a batch size near {exact.change['batch_size']}, not 20: they go "
        "from {v0} to {v1}.",
        look="Look at where the batch size enters, and at the rate that your update lines use.",
    )


STARTS = (
    ((0.0, 0.0), "from zero"),
    ((-10.0, -20.0), "from the start of Lab 2"),
    ((START[1], START[0]), "with `w` and `b` in each other's place"),
    ((-START[0], -START[1]), "with other signs"),
)

#: Mistakes that a shuffled run shows plainly enough to be told from the right one.
VISIBLE_WHEN_SHUFFLED = (
    *map(_near_size, OTHER_SIZES),
    find("one-sample descent"),
    *(_near_rate(rate) for rate in (0.2, 0.05, 0.02, 0.01, 0.3, 0.25, 0.15, 0.12, 0.08, 0.03)),
    *(wrong_start(start, why) for start, why in STARTS),
    *(
        _per_epoch(find(name))
        for name in (
            "gradients never zeroed",
            "gradient of b never zeroed",
            "gradient of w never zeroed",
            "gradients zeroed once per epoch",
            "b never updated",
            "w never updated",
            "b updated with the moved w",
            "sum instead of mean in the gradient",
            "sum instead of mean",
            "absolute errors",
            "stepping uphill",
            "one update per epoch",
            "recorded after the update",
            "noise-free targets",
            "noise-free targets for the loss",
            "noise-free targets for the steps",
            "sign of b in the model",
            "sum recorded",
            "half the loss recorded",
            "root of the mean squared error",
            "absolute errors recorded",
            "losses added up",
            "mean of the batch losses",
            "only the last batch recorded",
            "only the first batch recorded",
            "divided by the batch size",
            "divided by the number of points",
            "batch losses added up",
        )
    ),
)


def in_order(values: Sequence[float], points: Points) -> bool:
    """Whether these are exactly the losses of batches in the order of the data."""
    return agree(values, simulate(TWENTY, points).losses, _rounding(values))


def in_another_order(values: Sequence[float], points: Points) -> bool:
    """Whether these are exactly the losses of batches that were not shuffled point by point.

    The batches are thirds of the data as they lie, or every third point, and each epoch takes them
    in an order of its own; or the points are taken from the last to the first.
    """
    if len(values) != EPOCHS or all(digits(value) <= 5 for value in values):
        return False
    n = len(points)
    if agree(values, simulate(TWENTY.with_(order="reversed"), points).losses, _rounding(values)):
        return True
    blocks = [np.arange(i, i + 20) for i in range(0, n, 20)]
    strides = [np.arange(i, n, 3) for i in range(3)]
    return any(_reached(values, batches, points) for batches in (blocks, strides))


def _rounding(values: Sequence[float]) -> float:
    """What rounding may have changed of each value."""
    decimals = rounded_to(values)
    return 0.0 if decimals is None else 0.5 * 10.0**-decimals


def _reached(values: Sequence[float], batches: Sequence[np.ndarray], points: Points) -> bool:
    """Whether some order of these batches in every epoch gives `values`."""
    steps, absolute = [], _rounding(values)
    for batch in batches:
        x, y = points.x[batch], points.y[batch]
        part = Points(x, y)
        pull = 2 * np.array([(x * y).mean(), y.mean()])
        steps.append((np.eye(2) - RATE * part.hessian, RATE * pull))
    places = [np.array(START)]
    for value in values:
        places = [place for place in places if agree([value], [points.loss(*place)], absolute)]
        if not places:
            return False
        moved = {}
        for place in places[:100]:
            for order in itertools.permutations(steps):
                end = place
                for factor, shift in order:
                    end = factor @ end + shift
                moved[tuple(end.round(9))] = end
        places = list(moved.values())
    return True


def is_shuffled(values: Sequence[float], points: Points) -> bool:
    """Whether these are losses of batches of 20 in some shuffled order.

    In order is left to the exact comparison, and so is everything that is exactly one of the known
    mistakes without shuffling; short decimals are left to the search for typed-in numbers.
    """
    if len(values) != EPOCHS or all(digits(value) <= 5 for value in values):
        return False
    if not agree(values[:1], [points.loss(*START)]):
        return False
    if not shuffles.plausible(values, TWENTY, points, margin=0.5)[0]:
        return False
    known = (*DETERMINISTIC, find("one-sample descent"))
    if diagnosis.matching(values, TWENTY, points, known, pairs=False):
        return False
    if rate_in_order(values, points) is not None:
        return False
    lead, _ = leading([(values, points)])
    return lead <= SURE


def in_words(mistake: Mistake) -> str:
    """What losses fit that fit this mistake: its name, or the size or rate that it stands for."""
    if mistake.name == "wrong batch size":
        return f"a batch size near {mistake.change['batch_size']}"
    if mistake.name == "wrong rate":
        return f"a rate near {mistake.change['rate']:g}"
    return mistake.name


def likely(mistake: Mistake, values: Sequence[float]) -> Feedback:
    """The feedback where shuffled losses fit a mistake, which is less than to follow from it."""
    # These show in the first loss, before the order has made much of a difference.
    shown_first = mistake.kind == "record" or mistake.name == "wrong start"
    if shown_first or in_words(mistake) != mistake.name:
        return diagnosis.describe([mistake], values, TWENTY)
    return incorrect(
        f"Your losses, {shown(values[0])}, {shown(values[1])}, … and {shown(values[-1])} in the "
        f"end, fit this: {mistake.name}. {mistake.look}",
        mistake.name,
    )


def leading(runs: Sequence[tuple[Sequence[float], Points]]) -> tuple[float, Mistake]:
    """The mistake that explains all runs best, and how far it is ahead of the right run."""
    right = sum(
        shuffles.evidence(values, TWENTY, points, farthest=math.inf) for values, points in runs
    )
    return max(
        (
            (
                sum(shuffles.evidence(v, mistake.applied_to(TWENTY), p) for v, p in runs) - right,
                mistake,
            )
            for mistake in VISIBLE_WHEN_SHUFFLED
        ),
        key=lambda found: found[0],
    )


def rate_in_order(values: Sequence[float], points: Points) -> float | None:
    """Another rate at which batches in the order of the data give exactly these losses."""
    if len(values) < 3 or not all(math.isfinite(value) for value in values):
        return None

    def off(rate: float) -> float:
        return float(simulate(TWENTY.with_(rate=rate, epochs=2), points).losses[1]) - values[1]

    rates = np.geomspace(1e-3, 0.5, 120)
    misses = [off(rate) for rate in rates]
    for k in range(len(rates) - 1):
        low, high = rates[k], rates[k + 1]
        if misses[k] * misses[k + 1] > 0:
            continue
        for _ in range(40):
            middle = (low + high) / 2
            low, high = (middle, high) if off(middle) * misses[k] > 0 else (low, middle)
        if abs(low - RATE) < 0.01 * RATE:
            continue
        run = TWENTY.with_(rate=low, epochs=len(values))
        # The rate was read off the second loss, so its digits are only as good as that.
        if mismatch(values, simulate(run, points).losses) <= 5:
            return float(low)
    return None
