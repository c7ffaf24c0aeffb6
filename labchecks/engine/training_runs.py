"""One call of a training function: its case, its log, and what its data lets a judge tell."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

import numpy as np

from labchecks.ask.training import ALIKE, alike_rows
from labchecks.engine.compare import rounded_to
from labchecks.engine.mistakes import Mistake
from labchecks.engine.run import Descent, Points
from labchecks.engine.start import predict, solved


@dataclass(frozen=True, eq=False)
class TrainingRun:
    """One case and what came back, see :func:`labchecks.ask.training.ask_training`.

    Attributes
    ----------
    case : mapping
        ``x``, ``y``, ``lr``, ``num_epochs``, ``seed`` and perhaps ``batch_size``.
    answer : mapping
        ``values`` and what else was noted.
    """

    case: Mapping[str, Any]
    answer: Mapping[str, Any]

    @cached_property
    def log(self) -> np.ndarray:
        """The losses, shape (K,)."""
        return np.array(self.answer["values"], dtype=float)

    @property
    def epochs(self) -> int:
        """How many losses were asked for."""
        return int(self.case["num_epochs"])

    @cached_property
    def points(self) -> Points:
        """The case's data as float32 holds them."""
        return _points(tuple(self.case["x"]), tuple(self.case["y"]))

    @cached_property
    def digits(self) -> int | None:
        """Decimals that the log was rounded to."""
        return rounded_to(self.log.tolist())

    @cached_property
    def calls(self) -> np.ndarray:
        """Weight and bias of each call of the model, shape (C, 2)."""
        return np.array(self.answer.get("calls", []), dtype=float).reshape(-1, 2)

    @property
    def moves(self) -> bool:
        """Whether the model was called with more than one weight and bias."""
        return len(self.calls) > 0 and bool(np.ptp(self.calls, axis=0).max() > 1e-3)

    @property
    def sizes(self) -> list[int]:
        """How many rows each call of the model had."""
        return self.answer.get("sizes", [])

    @cached_property
    def right(self) -> Descent:
        """The run that was asked for."""
        size = self.case.get("batch_size")
        descent = Descent(self.case["lr"], self.epochs, start=(0.0, 0.0))
        return descent if size is None else descent.with_(batch_size=size, series="mean")

    @cached_property
    def one_batch(self) -> bool:
        """Whether every update uses all rows."""
        return self.case.get("batch_size", len(self.points)) >= len(self.points)

    @cached_property
    def alike(self) -> bool:
        """Whether all rows are the same."""
        return bool(np.ptp(self.points.x) == 0 and np.ptp(self.points.y) == 0)

    @property
    def orderless(self) -> bool:
        """Whether the order of the rows has no effect."""
        return self.one_batch or self.alike

    @property
    def few(self) -> bool:
        """Whether the rows are so few that every order can be tried."""
        return not self.orderless and len(self.points) <= 4

    @property
    def open_order(self) -> bool:
        """Whether a shuffled run cannot be followed."""
        return not self.orderless and not self.few

    @property
    def batches(self) -> int:
        """How many updates an epoch should have."""
        return -(-len(self.points) // (self.right.batch_size or len(self.points)))

    def starts(self, suspect: Suspect | None = None, every: bool = False) -> list[np.ndarray]:
        """Where the run may have begun, if it is that of the suspect: as asked, as called.

        Parameters
        ----------
        suspect : Suspect, optional
            The right run if left out.
        every : bool
            With all parameters that the model was called with: a program may look at the loss
            elsewhere before it begins.
        """
        told = self.told(suspect)
        calls = self.calls[np.isfinite(self.calls).all(axis=1)]
        known = list(dict.fromkeys(map(tuple, calls.tolist())))[: None if every else 1]
        return [*([] if told is None else [told]), *map(np.array, known)]

    def told(self, suspect: Suspect | None = None) -> np.ndarray | None:
        """The start that the answers to the four questions tell; None if they contradict it."""
        asked, n = self.answer.get("asked", ()), alike_rows(self.case)
        if len(asked) != len(ALIKE) or None in asked:
            return None
        squares, units = [], []
        for (x, y), loss in zip(ALIKE, asked, strict=True):
            case = {"x": [x] * n, "y": [y] * n, "lr": 0.0, "num_epochs": 1, "lab": False}
            made = (suspect or RIGHT).make(TrainingRun({**self.case, **case}, {"values": [loss]}))
            if made is None or len(made[2]) != 1:
                return None
            squares.append(made[2][0])
            if y == 0:
                units += predict(made[0].with_(epochs=1), made[1], np.array([0.0, 1.0])).tolist()[
                    :1
                ]
        return solved(np.array(squares), np.array(units), self.digits) if units[1:] else None


@lru_cache(maxsize=256)
def _points(x: tuple[float, ...], y: tuple[float, ...]) -> Points:
    """A case's data; the same object each time, since much is known of it by then."""
    x, y = (np.array(values, dtype=np.float32).astype(float) for values in (x, y))
    # Targets of zero stand for those of any line without noise: the start is free anyway.
    return Points(x, y, clean=np.zeros_like(y))


@dataclass(frozen=True)
class Suspect:
    """A program that a student may have written: a mistake, as a run to be fitted.

    Attributes
    ----------
    mistake : Mistake
        What it is called, and what is said of it.
    make : callable
        ``make(run)`` gives the algorithm, its data and the log of losses; None where the case
        cannot tell.
    share : float
        Share of the points that it leaves.
    any_order : bool
        Whether it can be followed through every order of a few rows.
    dealt : str
        How these are dealt, see :func:`labchecks.engine.start.follows_in_some_order`.
    """

    mistake: Mistake
    make: Callable[[TrainingRun], tuple[Descent, Points, np.ndarray] | None]
    share: float = 0.0
    any_order: bool = True
    dealt: str = "short last"


#: The right program, which takes the rows in any order.
RIGHT = Suspect(Mistake("none"), lambda run: (run.right, run.points, run.log), dealt="any")
