"""The unit of work: one submission in, its verdicts and pages out.

The same function runs in a local worker process and on a Dask worker. It keeps one sandbox with its
warm parent per process, or as many as there are threads that ask for one.
"""

import atexit
import contextlib
import json
import queue
from collections.abc import Sequence
from pathlib import Path

from labchecks import Feedback
from labtools.grading.handed_in.notebook import Unreadable, read_notebook
from labtools.grading.judging.assignment import (
    Assignment,
    MarkedCell,
    plain_text,
    released_notebook,
)
from labtools.grading.judging.examination import Evidence, ask_on_lab_data, examine
from labtools.grading.judging.kindness import kindnesses
from labtools.grading.judging.verdicts import judge_all, without_run
from labtools.grading.records import Job, Limits, Result, Settings, Verdict
from labtools.grading.results.autograded import as_autograded, not_run_notebook
from labtools.grading.results.cleaning import new_budget
from labtools.grading.results.page import get_ready as page_is_ready
from labtools.grading.results.page import make_page, run_notebook
from labtools.grading.sandbox.home import PARENT, NoSandbox
from labtools.grading.sandbox.station import Station, StationLost


def grade_unit(job: Job) -> Result:
    """Grade one submission. Whatever is wrong with it becomes a status; nothing is raised for it.

    Raises
    ------
    labtools.grading.sandbox.home.NoSandbox
        If this machine cannot wall it in.
    """
    try:
        return _grade(job)
    except (ImportError, NoSandbox):
        raise
    except Exception as error:
        # A fault of ours that one submission has found must not stop all others.
        return lost(job, type(error).__name__)


def get_ready(assignment: Assignment, settings: Settings) -> None:
    """Start this process's sandbox; what fails here fails, and is told, with a submission."""
    with contextlib.suppress(Exception), _Borrowed(assignment, settings) as station:
        station.warm_up()
        # Another worker may be at it: no reason to give this sandbox up.
        with contextlib.suppress(BlockingIOError):
            _course_outputs(station, assignment, wait=False)


def _grade(job: Job) -> Result:
    assignment, submission = job.assignment, job.submission
    if submission.problem is not None:
        return _not_run(job, *submission.problem)
    try:
        notebook = read_notebook(submission.notebook or b"")
    except Unreadable as reason:
        return _not_run(job, "unreadable", str(reason))
    cells = assignment.mark(notebook)
    for attempt in (1, 2):
        try:
            with _Borrowed(assignment, job.settings) as station:
                evidence, verdicts = _examine(station, job, cells)
                shown = _course_outputs(station, assignment)
            break
        except StationLost as error:
            # Once more in a new sandbox: the fault may have been the one before.
            if attempt == 2:
                return lost(job, str(error))
    for k in evidence.same - evidence.failed.keys() - evidence.stopped.keys():
        # Only for a cell that is the course's word for word; then whoever ran it sees the same.
        evidence.outputs[k] = shown.get(plain_text(cells[k].source), [])
    ran = run_notebook(cells, evidence)
    page_is_ready()  # what it imports is no submission's time
    budget = new_budget()
    note = " ".join(filter(None, [submission.note, *kindnesses(assignment, cells, evidence)]))
    page = make_page(assignment, submission.student, verdicts, ran, note, budget)
    kept = json.dumps(as_autograded(assignment, cells, ran, verdicts, budget), indent=1)
    seconds, cpu_seconds = round(evidence.seconds, 3), round(evidence.cpu_seconds, 3)
    told = {"note": note, "late": submission.late, "upload": submission.upload}
    return Result(submission.student, verdicts, page, kept, seconds, cpu_seconds, **told)


def _examine(
    station: Station, job: Job, cells: Sequence[MarkedCell]
) -> tuple[Evidence, list[Verdict]]:
    """Run and judge: first without what no answer needs; in full unless all of that is right.

    So the short way can only save time: a point is refused after a full run alone.
    """
    known: dict[bytes, Feedback] = {}
    limits, files = job.settings.limits, job.submission.files

    def go(brief: bool, seconds: float) -> tuple[Evidence, list[Verdict]]:
        how = {"brief": brief, "seconds": seconds}
        evidence = examine(station, job.assignment, cells, files, limits, **how)
        return evidence, judge_all(job.assignment, cells, evidence, known)

    evidence, verdicts = go(True, limits.total_seconds)
    wrong = {v.practice for v in verdicts if v.status not in ("correct", "needs manual grading")}
    # After a cell that had to be stopped, a second run would be stopped there again.
    cut = evidence.ended or evidence.late or evidence.over
    cut = cut or evidence.seconds > limits.total_seconds / 3
    if not wrong:
        return evidence, verdicts
    if not cut:
        full, full_verdicts = go(False, limits.total_seconds - evidence.seconds)
        full.seconds += evidence.seconds
        full.cpu_seconds += evidence.cpu_seconds
        if not full.over:
            return full, full_verdicts
        questions = job.assignment.questions.items()
        evidence.add_whole(full.visible, {id_: q.visible for id_, q in questions})
        evidence.seconds, evidence.cpu_seconds = full.seconds, full.cpu_seconds
    ask_on_lab_data(station, job.assignment, cells, files, limits, evidence, wrong)
    return evidence, judge_all(job.assignment, cells, evidence, known)


_shown: dict[str, dict[str, list[dict]]] = {}
_shared: Path | None = None


def share(folder: Path) -> None:
    """Let this process and others share what they need only once, in a folder of theirs alone."""
    global _shared
    _shared = folder


def _course_outputs(
    station: Station, assignment: Assignment, *, wait: bool = True
) -> dict[str, list[dict]]:
    """What the course's own cells show, by their text, from one run of the released notebook.

    Of processes that share a folder the first runs it and the others wait for that.

    Raises
    ------
    BlockingIOError
        If another process is at it and `wait` is false.
    """
    key = assignment.stem
    if key in _shown:
        return _shown[key]
    with contextlib.ExitStack() as stack:
        file = None
        if _shared is not None:
            import fcntl

            file = stack.enter_context(open(_shared / f"{key}.json", "a+", encoding="utf-8"))
            fcntl.flock(file, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
            file.seek(0)
            # Cut short, or never written: whoever was at it is gone.
            with contextlib.suppress(ValueError):
                _shown[key] = json.load(file)
                return _shown[key]
        _shown[key] = _run_released(station, assignment)
        if file is not None:
            with contextlib.suppress(OSError):
                file.truncate(0)
                json.dump(_shown[key], file)
                file.flush()
    return _shown[key]


def _run_released(station: Station, assignment: Assignment) -> dict[str, list[dict]]:
    cells = assignment.mark(released_notebook(assignment))
    evidence = examine(station, assignment, cells, {}, Limits(120.0), all_figures=True)
    return {plain_text(cells[k].source): outputs for k, outputs in evidence.outputs.items()}


def lost(job: Job, reason: str) -> Result:
    """The result of a submission that took its sandbox or its worker with it."""
    text = f"Running this notebook ended the program that ran it ({reason})."
    return _not_run(job, "crashed", text)


def _not_run(job: Job, status: str, sentence: str) -> Result:
    assignment, submission = job.assignment, job.submission
    verdicts = without_run(assignment, status, sentence)
    page = make_page(assignment, submission.student, verdicts, None, submission.note)
    kept = None
    if status != "missing":
        kept = json.dumps(not_run_notebook(assignment, verdicts), indent=1)
    told = {"note": submission.note, "late": submission.late, "upload": submission.upload}
    return Result(submission.student, verdicts, page, kept, **told)


_idle: dict[tuple, queue.SimpleQueue[Station]] = {}


class _Borrowed:
    """A station of this process that nobody else is using."""

    def __init__(self, assignment: Assignment, settings: Settings) -> None:
        what = (assignment.lab, assignment.modules, assignment.sources)
        self.key = (*what, settings.cold, settings.unsafe)

    def __enter__(self) -> Station:
        *what, cold, unsafe = self.key
        try:
            self.station = _idle.setdefault(self.key, queue.SimpleQueue()).get_nowait()
        except queue.Empty:
            shared = None if _shared is None or unsafe else _shared / PARENT
            self.station = Station(*what, cold=cold, unsafe=unsafe, shared=shared)
        return self.station

    def __exit__(self, kind: object, *_: object) -> None:
        if kind is None:
            _idle[self.key].put(self.station)
        else:
            self.station.close()


@atexit.register
def close_stations() -> None:
    """End the warm parents of this process."""
    for idle in _idle.values():
        while not idle.empty():
            idle.get().close()
