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
from labchecks.ask.call import Answer, Case
from labchecks.feedback import Feedback, not_checked

#: A module for each lab or, where nothing is to be found out from it, a file of plain data.
LABS = Path(__file__).with_name("labs")

#: What is said in such a file of each practice.
TOLD = ("id", "title", "points", "names", "question", "manual")


def _form(kind: str, module: str) -> staticmethod:
    """A short form of a practice, written where its judge is: only authors need that."""

    def make(*args: Any, **settings: Any) -> Practice:
        judges = importlib.import_module(f"labchecks.judges.{module}")
        return getattr(judges, f"{kind}_practice")(*args, **settings)

    make.__doc__ = f"See :func:`labchecks.judges.{module}.{kind}_practice`."
    return staticmethod(make)


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
        files nor globals and is deterministic. It may rely on one answer to each case: ask for its
        :meth:`verdict`.
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
    hidden: Callable[[random.Random], list[Case]] = field(default=lambda rng: [])
    manual: bool = False

    function = _form("function", "function")
    value = _form("value", "function")
    figure = _form("figure", "figure")
    losses = _form("losses", "losses")
    network = _form("network", "network")
    optimizer = _form("optimizer", "optimizer")
    trained = _form("trained", "trained")
    training = _form("training", "training")

    @classmethod
    def drawn(
        cls,
        kind: str,
        judge: Any,
        draw: Callable[[random.Random], list[Case]],
        *also: str,
        seed: int = 0,
        visible: Callable[[], list[Case]] | None = None,
        **about: Any,
    ) -> Practice:
        """A practice whose cases `draw` makes.

        Parameters
        ----------
        kind : str
            Of the question, see :mod:`labchecks.ask`.
        judge
            The practice's judge; its ``name`` is what the student defines.
        draw : callable
            ``draw(rng)`` gives cases.
        *also : str
            Further names that the question asks for.
        seed : int
            With which the visible cases are drawn.
        visible : callable, optional
            Gives the visible cases, where they are not just drawn.
        **about
            `id`, `title` and `points`.
        """
        return cls(
            names=(judge.name,),
            question=(kind, judge.name, *also),
            judge=judge,
            visible=visible or (lambda: draw(random.Random(seed))),
            hidden=draw,
            **about,
        )

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

    def verdict(self, cases: Sequence[Case], answers: Sequence[Answer]) -> Feedback:
        """What the judge says, if there is an answer to each case."""
        if not cases or len(cases) != len(answers):
            return not_checked(f"No answer for `{self.names[-1]}` reached the check.")
        return self.judge(cases, answers)


def lab_names() -> list[str]:
    """Labs that have practices, in order: ``["lab01", ...]``."""
    return sorted({path.stem for path in LABS.iterdir() if re.fullmatch(r"lab\d\d", path.stem)})


def plain_lab(lab: str, judged: bool) -> str:
    """A lab's practices as JSON, for a copy of this package in which its module is left out.

    Parameters
    ----------
    lab : str
        Such as ``"lab05"``.
    judged : bool
        With the visible cases and what the judges need to know of these; else the questions alone.
    """
    rows = []
    for practice in of_lab(lab):
        row = {name: getattr(practice, name) for name in TOLD}
        if judged and not practice.manual:
            judge, cases = practice.judge, practice.visible()
            # Where it holds programs, it says itself what they give.
            judge = judge.recorded(cases) if hasattr(judge, "recorded") else judge
            row |= {"visible": cases, "judge": judge}
        rows.append(row)
    return json.dumps(rows, ensure_ascii=False, indent=0, default=_plain)


def _plain(settings: Any) -> dict[str, Any]:
    """A judge, or a part of one, as plain data."""
    made_by = f"{type(settings).__module__}:{type(settings).__qualname__}"
    return {"made_by": made_by, **vars(settings)}


def _made(plain: dict[str, Any]) -> Any:
    """What was made plain; other data as they are."""
    if "made_by" not in plain:
        return plain
    kind = pkgutil.resolve_name(plain.pop("made_by"))
    return kind(**{name: _fixed(value) for name, value in plain.items()})


def _fixed(value: Any) -> Any:
    """The value with tuples in place of lists, so that it can be hashed."""
    return tuple(map(_fixed, value)) if isinstance(value, list) else value


def _practice(row: dict[str, Any]) -> Practice:
    if "visible" in row:
        row |= {"visible": lambda cases=row["visible"]: cases}
    return Practice(**{name: _fixed(value) for name, value in row.items()})


def of_lab(lab: str) -> tuple[Practice, ...]:
    """The practices of a lab, in the lab's order.

    Raises
    ------
    KeyError
        If there is no such lab.
    """
    if lab not in lab_names():
        raise KeyError(f"no lab {lab!r}; the labs with practices are {', '.join(lab_names())}")
    if (LABS / f"{lab}.json").exists():
        text = (LABS / f"{lab}.json").read_text(encoding="utf-8")
        return tuple(map(_practice, json.loads(text, object_hook=_made)))
    return importlib.import_module(f"labchecks.labs.{lab}").PRACTICES


def find(practice_id: str) -> Practice:
    """The practice with this grade id.

    Raises
    ------
    KeyError
        If there is none; the message lists those of the same lab.
    """
    lab = str(practice_id).split("-", 1)[0]
    known = {practice.id: practice for practice in of_lab(lab)}
    if practice_id not in known:
        raise KeyError(f"no practice {practice_id!r}; {lab} has {', '.join(known)}")
    return known[practice_id]
