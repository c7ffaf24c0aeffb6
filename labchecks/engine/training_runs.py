"""One call of a training function: its case, its log, and what its data lets a judge tell."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import numpy as np

from labchecks.ask.training import ALIKE
from labchecks.engine.compare import rounded_to
from labchecks.engine.mistakes import Mistake
from labchecks.engine.run import Descent, Points
from labchecks.engine.start import predict, solved

__all__ = ["Suspect", "TrainingRun"]


@dataclass(frozen=True, eq=False)
class TrainingRun:
    """One case and the log that came back.

    Attributes
    ----------
    case : mapping
        ``x``, ``y``, ``lr``, ``num_epochs``, ``seed`` and perhaps ``batch_size``.
    points : Points
        The case's data as float32 holds them.
    log : ndarray, shape (K,)
        The losses.
    epochs : int
        How many were asked for.
    digits : int or None
        Decimals that the log was rounded to.
    calls : ndarray, shape (C, 2)
        Weight and bias of the calls of the model; empty if the program does without it.
    sizes : list of int
        How many rows each of these calls had.
    rows : list of list of int
        Which rows each of these calls had, where the case has only a few.
    foreign : int
        Calls with rows of the lab's own data that are not in the case's.
    asked : ndarray, shape (4,)
        First losses on rows that are alike, see :mod:`labchecks.engine.start`; nan where none came.
    unrepeatable : bool
        Whether the first of them was another one when it was asked for again.
    """

    case: Mapping[str, Any]
    points: Points
    log: np.ndarray
    epochs: int
    digits: int | None
    calls: np.ndarray
    sizes: list[int]
    rows: list[list[int]]
    foreign: int
    asked: np.ndarray
    unrepeatable: bool

    @classmethod
    def of(cls, case: Mapping[str, Any], answer: Mapping[str, Any]) -> TrainingRun:
        """Put a case and its answer together."""
        log = np.array(answer["values"], dtype=float)
        asked = [np.nan if value is None else value for value in answer.get("asked", [])]
        calls = np.array(answer.get("calls", []), dtype=float).reshape(-1, 2)
        points = _points(tuple(case["x"]), tuple(case["y"]))
        return cls(
            case,
            points,
            log,
            int(case["num_epochs"]),
            rounded_to(log.tolist()),
            calls,
            answer.get("sizes", []),
            answer.get("rows", []),
            int(answer.get("foreign", 0)),
            np.array([*asked, *[np.nan] * 4], dtype=float)[:4],
            len(asked) > 4 and asked[0] != asked[4],
        )

    @property
    def right(self) -> Descent:
        """The run that was asked for."""
        size = self.case.get("batch_size")
        descent = Descent(rate=self.case["lr"], epochs=self.epochs, start=(0.0, 0.0))
        return descent if size is None else descent.with_(batch_size=size, series="mean")

    @property
    def one_batch(self) -> bool:
        """Whether every update uses all rows, so that their order has no effect."""
        return self.case.get("batch_size", len(self.points)) >= len(self.points)

    @property
    def alike(self) -> bool:
        """Whether all rows are the same, so that their order has no effect."""
        return bool(np.ptp(self.points.x) == 0 and np.ptp(self.points.y) == 0)

    @property
    def few(self) -> bool:
        """Whether the rows are so few that every order can be tried."""
        return not self.one_batch and not self.alike and len(self.points) <= 4

    @property
    def open_order(self) -> bool:
        """Whether a shuffled run cannot be followed."""
        return not (self.one_batch or self.alike or self.few)

    def on_alike(self, x: float, y: float, loss: float) -> TrainingRun:
        """The call with one epoch at rate 0 on rows that are all (x, y)."""
        n = len(self.points)
        case = {**self.case, "x": [x] * n, "y": [y] * n, "lr": 0.0, "num_epochs": 1, "lab": False}
        return replace(
            self, case=case, points=_points((x,) * n, (y,) * n), log=np.array([loss]), epochs=1
        )

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
        found = [] if (told := self.told(suspect)) is None else [told]
        calls = self.calls[np.isfinite(self.calls).all(axis=1)]
        known = list(dict.fromkeys(map(tuple, calls.tolist())))
        return found + [np.array(call) for call in known[: None if every else 1]]

    def told(self, suspect: Suspect | None = None) -> np.ndarray | None:
        """The start that the answers to the four questions tell; None if they contradict it."""
        squares, units = [], []
        for (x, y), loss in zip(ALIKE, self.asked, strict=True):
            call = self.on_alike(x, y, loss)
            made = (call.right, call.points, call.log) if suspect is None else suspect.make(call)
            if made is None or len(made[2]) != 1:
                return None
            squares.append(made[2][0])
            if y == 0:
                first = predict(made[0].with_(epochs=1), made[1], np.array([0.0, 1.0]))
                if not len(first):
                    return None
                units.append(first[0])
        return solved(np.array(squares), np.array(units), self.digits)


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
    """

    mistake: Mistake
    make: Callable[[TrainingRun], tuple[Descent, Points, np.ndarray] | None]
    share: float = 0.0
    any_order: bool = True
