"""Run one submission and collect its answers, in as many processes as its faults make necessary."""

from __future__ import annotations

import base64
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any

from labtools.grading.inside.exit_codes import MEMORY_GONE, TAKEN_APART
from labtools.grading.judging.assignment import Assignment, Case, MarkedCell
from labtools.grading.judging.claims import read_answer, read_claim, read_outputs, read_passed
from labtools.grading.records import Limits
from labtools.grading.sandbox.station import Ending, Station

#: How often a notebook is started again after a cell that ended its process.
MOST_STARTS = 6

#: Status and sentence by the limit that was broken.
_BROKEN = {
    "time": ("timed out", "It did not stop when its time was over."),
    "total time": ("timed out", "The notebook as a whole took too long."),
    "memory": ("out of memory", "It used more memory than it is allowed."),
    "processes": ("crashed", "It started more processes than it is allowed."),
    "output": ("crashed", "It sent more output than it is allowed."),
}
#: What a process is told of each cell, beside its source.
_TOLD = ("kind", "practice", "check", "own", "stub", "of_course")


@dataclass
class Asked:
    """What came back for one practice.

    Attributes
    ----------
    rank : int
        At which of the planned moments it was read; the lowest counts.
    how : str
        ``"done"``, ``"timeout"`` or ``"died"``; ``""`` while it is being answered.
    answers : dict of int to dict
        By number of the case.
    """

    rank: int
    how: str = ""
    answers: dict[int, dict[str, Any]] = field(default_factory=dict)


@dataclass
class Evidence:
    """All that is known of a submission after it has run.

    Attributes
    ----------
    visible, hidden : dict of str to Asked
        By practice, from the run that is shown and from the later one that is not.
    outputs : dict of int to list
        What each cell showed.
    failed : dict of int to (str, str, int or None)
        Cells that stopped with an error: kind, message, line.
    stopped, stopped_unseen : dict of int to (str, str)
        Cells that ended the process or had to be stopped from outside: status and sentence; in the
        run that is shown, and in the later one, of which no page may tell.
    late : dict of int to (int or None)
        Cells whose time was over: in which of their lines, if that is known.
    copies, home : dict
        How many filled-in cells each practice has; which cell counts as its own.
    passed : dict of int to list
        Statements that failed in a cell of which the rest was run: kind, message and text of each.
    skip : dict of int to str
        Of which cells no more than a part is run: what ended the process once would do it again.
    over : (str, str) or None
        Status and sentence if the submission as a whole was ended.
    limit : float
        Seconds that one practice's answers could take.
    seconds, cpu_seconds : float
        Time that counted against the limits, and processor time.
    """

    visible: dict[str, Asked] = field(default_factory=dict)
    hidden: dict[str, Asked] = field(default_factory=dict)
    outputs: dict[int, list[dict[str, Any]]] = field(default_factory=dict)
    failed: dict[int, tuple[str, str, int | None]] = field(default_factory=dict)
    passed: dict[int, list[tuple[str, str, str]]] = field(default_factory=dict)
    stopped: dict[int, tuple[str, str]] = field(default_factory=dict)
    stopped_unseen: dict[int, tuple[str, str]] = field(default_factory=dict)
    late: dict[int, int | None] = field(default_factory=dict)
    copies: dict[str, int] = field(default_factory=dict)
    home: dict[str, int | None] = field(default_factory=dict)
    same: set[int] = field(default_factory=set)
    skip: dict[int, str] = field(default_factory=dict)
    over: tuple[str, str] | None = None
    limit: float = 0.0
    seconds: float = 0.0
    cpu_seconds: float = 0.0
    peak_mb: int = 0

    def add_whole(
        self, found: Mapping[str, Asked], questions: Mapping[str, Sequence[Case]]
    ) -> None:
        """Take over what practices answered on the lab's data, where all of it has been."""
        for id_, asked in found.items():
            if asked.how == "done" and len(asked.answers) >= len(questions[id_]):
                self.visible.setdefault(id_, asked)

    @property
    def ended(self) -> dict[int, tuple[str, str]]:
        """Cells that were stopped in either run."""
        return self.stopped_unseen | self.stopped


def examine(
    station: Station,
    assignment: Assignment,
    cells: Sequence[MarkedCell],
    files: Mapping[str, bytes],
    limits: Limits,
    *,
    brief: bool = False,
    all_figures: bool = False,
    seconds: float | None = None,
) -> Evidence:
    """Run a submission twice: to be shown, on the lab's data; and to be asked the hidden cases.

    The hidden cases come last, and nothing that the second run shows is kept: so no page can hold
    them, whatever a submission does. Where answers are values, the second run is on other data.

    Parameters
    ----------
    brief : bool
        Leave out the course's own cells on which no answer depends, and ask functions for the
        hidden cases alone. Values are read in the submission's own process; if that ends it, it is
        begun anew and they are read in copies of it, in which functions are always called.
    all_figures : bool
        Draw the figures of all cells. Left out are those of the course's own cells that no
        student's cell reaches: `Evidence.same` says which show what they show in any submission.
    seconds : float, optional
        How much time it may take; left out, what the limits say.

    Raises
    ------
    labtools.grading.sandbox.station.StationLost
        If the sandbox itself failed; nothing is known of the submission then.
    """
    evidence = Evidence(limit=limits.cell_seconds)
    whole = limits.total_seconds if seconds is None else seconds
    runs = _Runs(station, assignment, cells, files, limits, whole, evidence, brief, all_figures)
    questions = assignment.questions.values()
    first = {q.practice: q.visible for q in questions if q.on_lab_data or not brief}
    # Time for the second run is set aside: a cell that hangs has its answers read all the same.
    evidence.visible = runs.run({}, first, reserve=limits.cell_seconds / 2)
    second = {
        q.practice: q.hidden
        for q in questions
        if q.hidden and (q.practice not in first or _has_answer(evidence.visible.get(q.practice)))
    }
    if second:
        evidence.hidden = runs.run(assignment.seeds, second)
    return evidence


def ask_on_lab_data(
    station: Station,
    assignment: Assignment,
    cells: Sequence[MarkedCell],
    files: Mapping[str, bytes],
    limits: Limits,
    evidence: Evidence,
    practices: Collection[str],
) -> None:
    """Ask functions for the lab's own cases as well, of which a student may read the numbers.

    For a brief run that has found something wrong where a full one would take too long. Only what
    is answered in full, in what is left of the submission's time, goes into the evidence.

    Raises
    ------
    labtools.grading.sandbox.station.StationLost
        If the sandbox itself failed.
    """
    questions = {
        q.practice: q.visible
        for q in assignment.questions.values()
        if q.practice in practices and q.practice not in evidence.visible and q.visible
    }
    if not questions:
        return
    tried = Evidence(limit=evidence.limit, skip=dict(evidence.skip))
    left = limits.total_seconds - evidence.seconds
    runs = _Runs(station, assignment, cells, files, limits, left, tried, True, False)
    found = runs.run({}, questions)
    evidence.seconds += tried.seconds
    evidence.cpu_seconds += tried.cpu_seconds
    evidence.add_whole(found, questions)


def _has_answer(asked: Asked | None) -> bool:
    # One that has ended without a word has been asked: the call took the process with it.
    return asked is not None and (
        asked.how in ("timeout", "died")
        or (asked.how == "done" and not asked.answers)
        or any(a.get("kind") not in ("absent", "stub") for a in asked.answers.values())
    )


@dataclass
class _Runs:
    """The runs of one submission, each in as many processes as its faults make necessary."""

    station: Station
    assignment: Assignment
    cells: Sequence[MarkedCell]
    files: Mapping[str, bytes]
    limits: Limits
    seconds: float
    evidence: Evidence
    brief: bool
    all_figures: bool

    @property
    def skip(self) -> dict[int, str]:
        return self.evidence.skip

    def run(
        self,
        seeds: Mapping[str, int],
        questions: Mapping[str, Sequence[Case]],
        reserve: float | None = None,
    ) -> dict[str, Asked]:
        """One run of the notebook, begun anew without the cell that ended it, where one did.

        The run that leaves time in reserve for another is the one that is shown.
        """
        collected: dict[str, Asked] = {}
        show = reserve is not None
        in_place, starts = self.brief, 0
        while True:
            left = self.seconds - self.evidence.seconds - (reserve or 0.0)
            if left <= 0:
                self.evidence.over = _BROKEN["total time"]
                break
            process = _Process(
                show=show, evidence=self.evidence, cells=len(self.cells), limits=self.limits
            )
            ending = self._start(process, seeds, questions, left, in_place)
            ended_by_asking = not process.done and process.running is None
            if in_place and ended_by_asking and ending.reason != "total time":
                # To read a value has ended it, which copies of the process do from now on. It was
                # our way to save time, and costs the submission none.
                in_place = False
                continue
            self.evidence.seconds += ending.seconds
            self.evidence.peak_mb = max(self.evidence.peak_mb, ending.peak_mb)
            self.evidence.cpu_seconds += ending.cpu_seconds
            collected.update(process.best())
            if process.done:
                break
            starts += 1
            if self._mark(process.running, ending, show) or starts == MOST_STARTS:
                self.evidence.over = _told(ending, show, self.limits)
                break
        if show:
            # What hung once hangs again: a cell is run up to there from now on.
            for k, line in self.evidence.late.items():
                self.skip.setdefault(k, "definitions" if line is None else f"until {line}")
        return collected

    def _mark(self, running: int | None, ending: Ending, show: bool) -> bool:
        """Leave out the cell that has ended the process; return whether there is no point in that.

        Its definitions are still run, unless they ended the process as well.
        """
        if running is None:
            return True
        stopped = self.evidence.stopped if show else self.evidence.stopped_unseen
        stopped.setdefault(running, _told(ending, show, self.limits))
        if ending.reason == "total time":
            self.skip[running] = "definitions"
            return True
        gone = self.skip.get(running) == "all"
        self.skip[running] = "all" if running in self.skip else "definitions"
        return gone

    def _start(
        self, process: _Process, seeds, questions, seconds_left: float, in_place: bool
    ) -> Ending:
        request = {
            "cells": [
                {name: getattr(c, name) for name in _TOLD}
                | {"source": "" if self.skip.get(k) == "all" else c.source}
                for k, c in enumerate(self.cells)
            ],
            "practices": [
                {
                    "id": p.id,
                    "names": list(p.names),
                    "asked": p.id in questions,
                    "calls": not self.assignment.questions[p.id].on_lab_data,
                }
                for p in self.assignment.asked
            ],
            "seeds": dict(seeds),
            "skip": {k: how for k, how in self.skip.items() if how != "all"},
            "show": process.show,
            "brief": self.brief,
            "in_place": in_place,
            "all_figures": self.all_figures,
            "cell_seconds": self.limits.cell_seconds,
            "limits": self.limits.as_request(),
            "files": {name: base64.b64encode(c).decode() for name, c in self.files.items()},
        }
        hidden = {id_: list(cases) for id_, cases in questions.items()}
        return self.station.run(request, hidden, process.take, seconds_left, cold=self._shadows())

    def _shadows(self) -> bool:
        """Whether a file beside the notebook would be imported instead of what is warm already.

        Such a submission starts cold, so that it finds what it would find at home.
        """
        tops = {PurePosixPath(name).parts[0].split(".")[0] for name in self.files}
        modules = {name.split(".")[0] for name in self.assignment.modules}
        return bool(tops & (modules | {"matplotlibrc", "IPython", "matplotlib"}))


@dataclass
class _Process:
    """One process of a submission, as its lines come in."""

    show: bool
    evidence: Evidence
    cells: int
    limits: Limits
    asked: dict[tuple[str, int], Asked] = field(default_factory=dict)
    running: int | None = None
    begun: bool = False
    done: bool = False
    since: dict[Any, float] = field(default_factory=dict)

    def take(self, at: float, line: bytes) -> None:
        """Take one line, which came at this second; what is not understood is passed over."""
        claim = read_claim(line)
        if claim is None:
            return
        for began in (claim.get("ask"), claim.get("cell") if claim.get("begins") else None):
            if isinstance(began, (str, int)):
                self.since[began] = at
        if "plan" in claim:
            # After the first cell it may be forged, and later it could even tell of hidden cases.
            if self.show and not self.begun:
                self._plan(claim["plan"])
        elif "cell" in claim:
            self.begun = True
            self._cell(claim, at)
        elif "answer" in claim:
            self._answer(claim, at)
        elif "answered" in claim:
            id_, how = claim["answered"], claim.get("how")
            asked = self._asked(id_, claim.get("rank"))
            if asked is not None and how in ("done", "timeout", "died"):
                asked.how = "died" if how == "timeout" and not self._is_over(id_, at) else how
        elif claim.get("done") is True:
            self.done = True

    def _plan(self, plan: object) -> None:
        if not isinstance(plan, dict):
            return
        for name, target in (("copies", self.evidence.copies), ("where", self.evidence.home)):
            found = plan.get(name)
            for id_, value in found.items() if isinstance(found, dict) else ():
                if value is None or (isinstance(value, int) and 0 <= value <= self.cells):
                    target[id_] = value
        same = plan.get("same")
        if isinstance(same, list):
            self.evidence.same = {k for k in same if isinstance(k, int) and 0 <= k < self.cells}

    def _is_over(self, began: object, at: float) -> bool:
        """Whether the time of a cell or practice can be over, by a clock that cannot be forged.

        On that of the machine at least the time that counts has passed, but for the moments in
        which the first line waited to be read.
        """
        begun = self.since.get(began) if isinstance(began, (str, int)) else None
        return begun is not None and at - begun >= 0.8 * self.limits.cell_seconds

    def _cell(self, claim: dict[str, Any], at: float) -> None:
        k = claim["cell"]
        if not isinstance(k, int) or not 0 <= k < self.cells:
            return
        if claim.get("begins") is True:
            self.running = k
            return
        self.running = None
        if not self.show:
            return
        self.evidence.outputs[k] = read_outputs(claim.get("outputs"))
        self.evidence.passed[k] = read_passed(claim.get("passed"))
        failed = claim.get("failed")
        self.evidence.failed.pop(k, None)
        self.evidence.late.pop(k, None)
        if isinstance(failed, list) and len(failed) == 3:
            line = failed[2] if isinstance(failed[2], int) else None
            kind = str(failed[0])[:100]
            if kind == "timeout" and self._is_over(k, at):
                self.evidence.late[k] = line
            elif kind == "timeout":
                kind = "Error"  # of its own making
            self.evidence.failed[k] = (kind, str(failed[1])[:500], line)

    def _answer(self, claim: dict[str, Any], at: float) -> None:
        asked = self._asked(claim.get("answer"), claim.get("rank"))
        number = claim.get("case")
        if asked is None or not isinstance(number, int) or not 0 <= number < 1000:
            return
        answer = read_answer(claim.get("value"))
        parts = (answer, *answer.values()) if answer else ()
        late = any(isinstance(part, dict) and part.get("kind") == "timeout" for part in parts)
        if answer is None or (late and not self._is_over(claim["answer"], at)):
            answer = {"kind": "other", "type": "an unreadable answer"}
        asked.answers[number] = answer

    def _asked(self, id_: object, rank: object) -> Asked | None:
        if not isinstance(id_, str) or not isinstance(rank, int) or len(self.asked) > 200:
            return None
        return self.asked.setdefault((id_, rank), Asked(rank))

    def best(self) -> dict[str, Asked]:
        """For each practice what counts: the first planned moment that found an answer."""
        chosen: dict[str, Asked] = {}
        for (id_, _), asked in sorted(self.asked.items(), key=lambda item: item[0]):
            if id_ not in chosen or (not _has_answer(chosen[id_]) and _has_answer(asked)):
                chosen[id_] = asked
        return chosen


def _told(ending: Ending, show: bool, limits: Limits) -> tuple[str, str]:
    """Status and sentence of an ending; without a number where it could tell of a hidden case."""
    status, why = _cause(ending, limits)
    return status, why if show or status != "crashed" else "It ended the process."


def _cause(ending: Ending, limits: Limits) -> tuple[str, str]:
    if ending.reason in _BROKEN:
        return _BROKEN[ending.reason]
    if ending.code == TAKEN_APART:
        return "crashed", "It took the notebook's own machinery apart."
    if ending.code == MEMORY_GONE:
        return _BROKEN["memory"]
    if ending.code is not None and ending.code < 0:
        if ending.code == -24 and ending.cpu_seconds > limits.as_request()["cpu_seconds"] / 2:
            # SIGXCPU, which it may send to itself as well.
            return "timed out", "It used more processor time than it is allowed."
        return "crashed", f"It ended the process (signal {-ending.code})."
    return "crashed", f"It ended the process (exit code {ending.code})."
