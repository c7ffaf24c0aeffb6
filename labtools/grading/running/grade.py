"""What `labs grade` does: from a folder of submissions to tables, pages and a gradebook."""

import argparse
import contextlib
import errno
import functools
import os
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markup import escape

from labtools.grading.handed_in.persons import Persons, read_table
from labtools.grading.handed_in.submissions import Submissions, SubmissionsError, listed
from labtools.grading.journal import Journal, submission_key
from labtools.grading.judging.assignment import (
    Assignment,
    ReleasedLab,
    draw_cases,
    fingerprint,
    read_release,
)
from labtools.grading.judging.secret import SecretError, course_secret
from labtools.grading.records import CannotGrade, Job, Limits, Result, Settings
from labtools.grading.results.by_hand import every_lab
from labtools.grading.results.gradebook import Course, GradebookError
from labtools.grading.results.report import Report
from labtools.grading.results.tables import write_tables
from labtools.grading.running.cluster import grade_on_cluster, reach
from labtools.grading.running.progress import progress_bar
from labtools.grading.running.stopping import Stopping
from labtools.grading.running.workers import Workers

#: Students of whom the last lines tell what was passed over in their favour.
MOST_NOTES = 10


class OutputError(CannotGrade):
    """The output folder is no place for grades, or not now."""


#: What helps where a file cannot be read or written.
_CURES = {
    errno.ENOSPC: "free some space there",
    errno.EDQUOT: "free some space there",
    errno.EACCES: "give yourself the right to use it",
    errno.EPERM: "give yourself the right to use it, or close the program that has it open",
    errno.EROFS: "choose a folder that can be written",
    errno.EISDIR: "move that folder away",
}


def run(arguments: argparse.Namespace) -> int:
    """Grade; return 0, or 2 with a sentence on stderr where nothing can be graded.

    Where a signal stopped it, return 128 and the signal's number, as a shell does.
    """
    console = Console(stderr=True, highlight=False)
    stopping = Stopping()
    try:
        with stopping:
            return _grade(arguments, console, stopping)
    except KeyboardInterrupt:
        # The terminal may be what has gone.
        with contextlib.suppress(OSError):
            console.print("labs: interrupted", markup=False)
        return stopping.code
    except (CannotGrade, SecretError) as error:
        said = str(error)
    except OSError as error:
        if stopping.signal is not None:
            return stopping.code
        where = f" ({error.filename})" if error.filename else ""
        cure = _CURES.get(error.errno)
        then = f"; {cure} and run the same command again: what is graded is kept" if cure else ""
        said = f"{error.strerror or error}{where}{then}"
    console.print(f"labs grade: {said}", style="bold", markup=False, soft_wrap=True)
    return 2


def _grade(arguments: argparse.Namespace, console: Console, stopping: Stopping) -> int:
    _check_out(arguments.submissions, arguments.out)
    secret = course_secret(arguments.root / "solutions")
    if secret.is_new:
        console.print(
            "A course secret was made: solutions/course.secret. Hidden cases are drawn from it; "
            "copy it to whoever grades the same course.",
            soft_wrap=True,
        )
    released = read_release(arguments.root, arguments.lab)
    submissions = Submissions(arguments.submissions, released.stem, released.is_answered)
    if arguments.roster is not None:
        submissions.expect(Persons(read_table(arguments.roster), arguments.roster))
    if arguments.only is not None and arguments.only not in submissions.students:
        raise SubmissionsError(
            f"there is no student {arguments.only!r} in {arguments.submissions}; "
            f"{submissions.like(arguments.only)}"
        )
    for note in submissions.notes:
        console.print(note, markup=False, soft_wrap=True)
    if arguments.scheduler:
        reach(arguments.scheduler)
    settings = Settings(
        Limits(arguments.timeout, arguments.memory), arguments.cold, arguments.unsafe
    )
    # A grade depends on the limits too; warm or cold it is the same.
    version = fingerprint(released, secret, repr(settings.limits))
    if arguments.unsafe:
        console.print(
            "--unsafe: the submissions run without a sandbox and can read and change whatever "
            "you can.",
            style="bold",
            soft_wrap=True,
        )
    _make(arguments.out)
    with contextlib.ExitStack() as stack:
        stack.enter_context(alone_in(arguments.out))
        journal = stack.enter_context(Journal(arguments.out, released.stem))
        work = _Work(released, settings, submissions, journal, version, arguments.only)
        load = functools.partial(draw_cases, released, secret)
        if arguments.scheduler:
            course = stack.enter_context(Course(arguments.out, released))
            results = grade_on_cluster(work.jobs(load(), course), arguments.scheduler)
        else:
            workers = stack.enter_context(Workers(arguments.jobs or os.cpu_count() or 1))
            workers.begin(released, load, settings, work.at_least())
            # nbgrader takes seconds to open a gradebook: meanwhile the workers get ready.
            course = stack.enter_context(Course(arguments.out, released))
            results = workers.grade(work.jobs(workers.assignment(), course))
        return _run(arguments, console, stopping, work, course, results)


def _check_out(submissions: Path, out: Path) -> None:
    """Refuse an output folder that the next run would take for a student."""
    taken, wanted = submissions.resolve(), out.resolve()
    if wanted == taken or taken in wanted.parents:
        where = "SUBMISSIONS itself" if wanted == taken else f"inside {submissions}"
        raise OutputError(
            f"--out {out} is {where}, where its files would count as handed in; choose a folder "
            "outside"
        )
    if out.exists() and not out.is_dir():
        raise OutputError(f"--out {out} is a file; name a folder")


def _make(out: Path) -> None:
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(
            f"--out {out} cannot be made ({error.strerror}); name a folder where you can write"
        ) from error


@contextlib.contextmanager
def alone_in(out: Path) -> Iterator[None]:
    """Hold the output folder for one run: two would mix their tables and their journal.

    Raises
    ------
    OutputError
        If another run holds it.
    """
    try:
        import fcntl
    except ModuleNotFoundError:  # Windows has none
        yield
        return
    with open(out / ".labs-grade.lock", "a", encoding="utf-8") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise OutputError(
                f"another `labs grade` is writing to {out}; wait for it or choose another --out"
            ) from error
        except OSError:
            pass  # a file system without locks: one is trusted to run one command there
        # Closing gives it back, and so does the end of the process, however it comes.
        yield


@dataclass
class _Work:
    """What is to be graded, read one submission at a time."""

    released: ReleasedLab
    settings: Settings
    submissions: Submissions
    journal: Journal
    version: str
    only: str | None

    def __post_init__(self) -> None:
        self.students = self.submissions.students if self.only is None else [self.only]
        self.kept = self.restored = 0
        self.notes: dict[str, str] = {}
        self._keys: dict[str, str] = {}

    def at_least(self) -> int:
        """How many submissions are certainly to be graded; others may have changed."""
        if self.only is not None:
            return 1
        return sum(student not in self.journal for student in self.students)

    def jobs(self, assignment: Assignment, course: Course) -> Iterator[Job]:
        """The jobs of all submissions that have no result yet."""
        for student in self.students:
            submission = self.submissions.read(student)
            key = submission_key(submission, self.version)
            if self.only is None and self.journal.has(student, key):
                self._see_to_gradebook(student, course)
                self.kept += 1
                continue
            self._keys[student] = key
            yield Job(assignment, self.settings, submission)

    def _see_to_gradebook(self, student: str, course: Course) -> None:
        """Put a result that is kept back into a gradebook that was moved away or lost it."""
        result, ran = self.journal.result(student), self.journal.ran(student)
        if not course.holds(result, ran):
            course.restore(result, ran, self.journal.notebook(student))
            self.restored += 1

    def results(self) -> Iterator[tuple[str, Iterator[dict[str, Any]]]]:
        """What is kept of every lab in the folder; of this one, for who has handed in now."""
        self.journal.list_only(self.submissions.students)
        for stem, entries in every_lab(self.journal.folder):
            yield stem, self._noted(entries) if stem == self.released.stem else entries

    def _noted(self, entries: Iterator[dict[str, Any]]) -> Iterator[dict[str, Any]]:
        for entry in entries:
            if entry.get("note"):
                self.notes[entry["student"]] = entry["note"]
            yield entry

    def key(self, student: str) -> str:
        """The key under which this student's new result is kept."""
        return self._keys.pop(student)


def _run(
    arguments: argparse.Namespace,
    console: Console,
    stopping: Stopping,
    work: _Work,
    course: Course,
    results: Iterator[Result],
) -> int:
    started, graded = time.monotonic(), 0
    fault: GradebookError | None = None
    bar = progress_bar(console)
    try:
        with bar:
            task = bar.add_task(f"Grading {work.released.lab}", total=len(work.students))
            for result in results:
                course.record(result, work.journal.notebook(result.student))
                # The journal's line comes last and says that all of it is there.
                work.journal.add(work.key(result.student), result)
                graded += 1
                bar.update(task, completed=graded + work.kept)
            bar.update(task, completed=graded + work.kept)
    except GradebookError as error:
        fault = error
        results.close()
    except (KeyboardInterrupt, OSError):
        # The latter from a bar that is drawn on a terminal which has been closed.
        if stopping.signal is None:
            raise
        results.close()
        work.journal.load()
    stopped = stopping.signal is not None
    report = Report()
    counts = write_tables(arguments.out, report.watched(work.results()))[work.released.stem]
    report.write(arguments.out)
    if work.restored:
        console.print(
            f"{work.restored} graded before were put back into the gradebook, which lacked them; "
            "points and comments given by hand are not among what was kept.",
            soft_wrap=True,
        )
    _report(console, arguments, work, counts, graded, time.monotonic() - started, stopped)
    if fault is not None:
        raise fault
    return stopping.code if stopped else 0


def _report(
    console: Console,
    arguments: argparse.Namespace,
    work: _Work,
    counts: Counter[str],
    graded: int,
    seconds: float,
    stopped: bool,
) -> None:
    total = len(work.students)
    rate = f", {60 * graded / seconds:.0f} a minute" if graded and seconds > 0 else ""
    kept = f", {work.kept} kept from before" if work.kept else ""
    console.print(
        f"{graded} graded in {seconds:.1f} s{rate}{kept}; {total} submissions of "
        f"{escape(work.released.stem)}.",
        soft_wrap=True,
    )
    if passed_over := work.submissions.passed_over:
        console.print(f"Passed over: {listed(passed_over)}", markup=False, soft_wrap=True)
    for student in list(work.notes)[:MOST_NOTES]:
        console.print(f"{student}: {work.notes[student]}", markup=False, soft_wrap=True)
    if len(work.notes) > MOST_NOTES:
        more = len(work.notes) - MOST_NOTES
        console.print(f"{more} more such notes are in summary.csv, column note.", soft_wrap=True)
    if counts:
        words = ", ".join(f"{n} {status}" for status, n in counts.most_common())
        console.print(f"Practices: {words}.", soft_wrap=True)
    if stopped:
        console.print("Stopped. What is done is kept; the same command goes on.", style="bold")
    out = escape(str(arguments.out))
    console.print(
        f"Grades: {out}/grades.csv · class: {out}/report.html · "
        f"pages: {out}/pages/{escape(work.released.stem)}/ · nbgrader: {out}/gradebook.db",
        soft_wrap=True,
    )
