"""Which practices there are. Each lab's practices stand in the module named after the lab."""

from __future__ import annotations

import importlib
import json
import pkgutil
import random
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from labchecks.ask import ask
from labchecks.feedback import Feedback

__all__ = ["MANIFEST", "Practice", "find", "lab_names", "manifest", "of_lab"]

#: Where grading leaves the questions, and nothing else of the practices, for a sandbox.
MANIFEST = Path(__file__).with_name("manifest.json")

#: What is said there of a practice.
_TOLD = ("id", "title", "points", "names", "question", "manual")

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
    question : tuple
        What is asked in the student's process, see :mod:`labchecks.ask`: plain data.
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
    question: tuple[str, ...] = ()
    judge: Callable[[Sequence[Case], Sequence[Answer]], Feedback] | None = None
    visible: Callable[[], list[Case]] = field(default=lambda: [{}])
    hidden: Callable[[random.Random], list[Case]] = _none
    manual: bool = False

    @property
    def lab(self) -> str:
        """The lab's number as in ``"lab01"``."""
        return self.id.split("-", 1)[0]

    def probe(self, namespace: Mapping[str, object], case: Case) -> Answer:
        """Ask the question on one case."""
        return ask(self.question, namespace, case)

    def ask(self, namespace: Mapping[str, object], cases: Sequence[Case]) -> list[Answer]:
        """Probe every case, in order. What has once run out of time is not waited for again."""
        answers: list[Answer] = []
        for case in cases:
            late = bool(answers) and answers[-1].get("kind") == "timeout"
            answers.append(answers[-1] if late else self.probe(namespace, case))
        return answers


def lab_names() -> list[str]:
    """Labs that have practices, in order: ``["lab01", ...]``."""
    if MANIFEST.exists():
        return sorted({row["id"].split("-", 1)[0] for row in _rows()})
    names = (module.name for module in pkgutil.iter_modules([str(MANIFEST.parent / "labs")]))
    return sorted(name for name in names if re.fullmatch(r"lab\d\d", name))


def manifest(lab: str) -> str:
    """What a graded notebook's copy of this package is told of a lab: the questions, as JSON."""
    rows = [{name: getattr(practice, name) for name in _TOLD} for practice in of_lab(lab)]
    return json.dumps(rows)


def _rows() -> list[dict[str, Any]]:
    return json.loads(MANIFEST.read_text(encoding="utf-8"))


def of_lab(lab: str) -> tuple[Practice, ...]:
    """The practices of a lab, in the lab's order.

    Raises
    ------
    KeyError
        If there is no such lab.
    """
    if lab not in lab_names():
        raise KeyError(f"no lab {lab!r}; the labs with practices are {', '.join(lab_names())}")
    if MANIFEST.exists():
        rows = [row for row in _rows() if row["id"].startswith(f"{lab}-")]
        return tuple(Practice(**row) for row in rows)
    return importlib.import_module(f"labchecks.labs.{lab}").PRACTICES


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
