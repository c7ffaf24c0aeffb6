"""Which practices there are. Each lab's practices stand in the module named after the lab."""

from __future__ import annotations

import importlib
import pkgutil
import random
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from labhelpers.practice.feedback import Feedback

__all__ = ["Practice", "find", "labs", "of_lab"]

Case = dict[str, Any]
Answer = dict[str, Any]


def _none(rng: random.Random) -> list[Case]:
    return []


@dataclass(frozen=True)
class Practice:
    """One practice: how to ask, how to read the answer, how to judge it.

    Attributes
    ----------
    id : str
        Grade id, such as ``"lab01-rate-02"``.
    title : str
        What it is about, in a few words.
    points : float
        Points for a right answer.
    names : tuple of str
        What the student defines.
    probe : callable
        ``probe(namespace, case) -> answer``, run in the student's process.
    judge : callable
        ``judge(cases, answers) -> Feedback``, a pure function of plain data: it reads neither
        files nor globals and is deterministic.
    visible : callable
        ``visible() -> cases``: what the lab's own check cell asks. A case is plain data and holds
        inputs only; what is expected is the judge's to work out.
    hidden : callable
        ``hidden(rng) -> cases``: what is asked when graded, drawn from ``random.Random``. Empty
        for a practice whose answer is one value of the lab's own data; then `visible` is asked.
    manual : bool
        A text answer that an instructor reads.
    """

    id: str
    title: str
    points: float
    names: tuple[str, ...]
    probe: Callable[[Mapping[str, object], Case], Answer] | None = None
    judge: Callable[[Sequence[Case], Sequence[Answer]], Feedback] | None = None
    visible: Callable[[], list[Case]] = field(default=lambda: [{}])
    hidden: Callable[[random.Random], list[Case]] = _none
    manual: bool = False

    @property
    def lab(self) -> str:
        """The lab's number as in ``"lab01"``."""
        return self.id.split("-", 1)[0]

    def ask(self, namespace: Mapping[str, object], cases: Sequence[Case]) -> list[Answer]:
        """Probe every case, in order. What has once run out of time is not waited for again."""
        answers: list[Answer] = []
        for case in cases:
            late = bool(answers) and answers[-1].get("kind") == "timeout"
            answers.append(answers[-1] if late else self.probe(namespace, case))
        return answers


def labs() -> list[str]:
    """Labs that have practices, in order: ``["lab01", ...]``."""
    import labhelpers.practice as package

    names = (module.name for module in pkgutil.iter_modules(package.__path__))
    return sorted(name for name in names if re.fullmatch(r"lab\d\d", name))


def of_lab(lab: str) -> tuple[Practice, ...]:
    """The practices of a lab, in the lab's order.

    Raises
    ------
    KeyError
        If there is no such lab.
    """
    if lab not in labs():
        raise KeyError(f"no lab {lab!r}; the labs with practices are {', '.join(labs())}")
    return importlib.import_module(f"labhelpers.practice.{lab}").PRACTICES


def find(practice_id: str) -> Practice:
    """The practice with this grade id.

    Raises
    ------
    KeyError
        If there is none; the message lists those of the same lab.
    """
    lab = str(practice_id).split("-", 1)[0]
    known = of_lab(lab)
    for practice in known:
        if practice.id == practice_id:
            return practice
    raise KeyError(
        f"no practice {practice_id!r}; {lab} has {', '.join(practice.id for practice in known)}"
    )
