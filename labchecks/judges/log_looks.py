"""Whether numbers can be the losses of a training, where neither start nor settings are known.

A figure is marked for what it shows of the student's own losses, right or not: those of a training
with a mistake in it, even of one that diverges, are losses all the same. Numbers that no training
gives are none.
"""

from __future__ import annotations

import numpy as np

from labchecks.feedback import Feedback, incorrect

__all__ = ["falls", "near_least", "no_losses", "stays_up"]

#: Share of the least-squares loss below which no loss is: half of it is recorded by some.
FLOOR = 0.45

#: Share of its first loss that a training gets below. At the rates and epochs of the labs it is far
#: less.
FALLEN = 0.75

#: How many times the least-squares loss a run may stay below without a fall to be seen.
NEAR_LEAST = 3.0

#: Growth by which a run is said to diverge.
DIVERGED = 1e3


def no_losses(name: str, losses: np.ndarray, least: float) -> Feedback | None:
    """What speaks against numbers being mean squared errors; None if nothing does.

    Parameters
    ----------
    name : str
        The student's name for the losses.
    losses : ndarray
        The numbers, at least two of them finite.
    least : float
        The least-squares loss of the data.
    """
    low = float(losses[np.isfinite(losses)].min())
    # The numbers are not shown: they may be rows of the data.
    if low < 0:
        return incorrect(
            f"`{name}` contains a negative number, and a mean of squares cannot be negative. Look "
            "at what is assigned to it: the losses that your function returned are meant.",
            "negative loss",
        )
    if low < FLOOR * least:
        return incorrect(
            f"`{name}` contains a number that is too small for a loss: no line comes so near to "
            "all points. Look at what is assigned to it, and at what your function returns.",
            "below the least loss",
        )
    return None


def falls(losses: np.ndarray) -> bool:
    """Whether the numbers fall as the losses of a training do, or leave all bounds instead."""
    later = losses[len(losses) // 2 :]
    if np.isfinite(losses[0]) and (later <= FALLEN * losses[0]).any():
        return True
    finite = losses[np.isfinite(losses)]
    return bool(finite[-1] > DIVERGED * finite[0])


def near_least(losses: np.ndarray, least: float) -> bool:
    """Whether the numbers are those of a start near the minimum, which have no fall to show."""
    return bool(losses.max() < NEAR_LEAST * least)


def stays_up(name: str) -> Feedback:
    """What is said of numbers that do not come down."""
    return incorrect(
        f"The numbers in `{name}` do not come down as the losses of a training do. Look at what is "
        "assigned to it, and at whether the losses that your function returns fall.",
        "losses do not fall",
    )
