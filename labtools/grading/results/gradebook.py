"""An nbgrader course folder around the grades, where formgrader and its exports go on."""

from __future__ import annotations

import contextlib
import dataclasses
import os
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat

from labtools.grading.journal import write_whole
from labtools.grading.judging.assignment import ReleasedLab
from labtools.grading.records import CannotGrade, Result
from labtools.grading.results.cleaning import inert

_CONFIG = '''"""nbgrader's settings for this folder, written by `labs grade`."""

import os

c = get_config()  # noqa: F821, nbgrader provides it

# This folder, wherever it is moved.
c.CourseDirectory.root = os.path.dirname(os.path.abspath(__file__))
c.CourseDirectory.db_url = "sqlite:///gradebook.db"
# `labs grade` has run the notebooks; nbgrader need not.
c.GenerateFeedback.force = True
'''


def _schema_version() -> str:
    """The version of the gradebook's tables, as ``alembic heads`` says it."""
    import nbgrader
    from alembic.script import ScriptDirectory

    return ScriptDirectory(Path(nbgrader.__file__).parent / "alembic").get_current_head()


class GradebookError(CannotGrade):
    """The gradebook cannot be read or written; the message says what to do."""


_AGAIN = "and run the same command again: what is graded is kept"
_ANEW = (
    f"Move it away {_AGAIN}, and the gradebook is made anew from it. Points and comments given by "
    "hand are in the old file alone"
)
#: What SQLite says, and what helps.
_CURES = {
    "locked": f"Close the program that is using it, such as formgrader, {_AGAIN}",
    "full": f"Free some space there {_AGAIN}",
    "readonly": f"Give yourself the right to write it and its folder, {_AGAIN}",
}


@contextlib.contextmanager
def _explained(path: Path) -> Iterator[None]:
    """Tell what is wrong with the gradebook in a sentence."""
    from nbgrader.api import InvalidEntry
    from sqlalchemy.exc import SQLAlchemyError

    try:
        yield
    except (SQLAlchemyError, InvalidEntry) as error:
        # SQLAlchemy's own text adds the statement, its parameters and a link.
        said = str(getattr(error, "orig", None) or error).strip().partition("\n")[0]
        cure = next((cure for word, cure in _CURES.items() if word in said), _ANEW)
        raise GradebookError(f"{path} cannot be used ({said}). {cure}.") from error


class Course:
    """The gradebook of an output folder, open for one lab.

    Manual scores and comments that an instructor has given are never changed.

    Raises
    ------
    GradebookError
        If the gradebook cannot be used.
    """

    def __init__(self, folder: Path, released: ReleasedLab) -> None:
        # nbgrader takes seconds to import, and `labs grade --help` need not wait for it.
        import nbgrader.api
        from sqlalchemy import text

        self.folder, self.released = folder, released
        self.stem = released.stem
        config = folder / "nbgrader_config.py"
        if not config.exists():
            write_whole(config, _CONFIG)
        released = nbformat.writes(nbformat.from_dict(released.release))
        for stage in ("source", "release"):
            write_whole(folder / stage / self.stem / f"{self.stem}.ipynb", released)
        self.path = folder / "gradebook.db"
        self.url = f"sqlite:///{os.path.abspath(self.path)}"
        # nbgrader starts the program `alembic` for a word that its own files hold.
        nbgrader.api.get_alembic_version = _schema_version
        with _explained(self.path):
            self.book = nbgrader.api.Gradebook(self.url)
            self._declare()
            # A crash of the machine may cost the last rows: `holds` finds that out.
            self.book.db.execute(text("PRAGMA synchronous=OFF"))
            self._scores = self._read_scores()

    def __enter__(self) -> Course:
        return self

    def __exit__(self, *_: object) -> None:
        with _explained(self.path):
            self.book.close()

    def _declare(self) -> None:
        """Tell the gradebook the lab's cells, through nbgrader's own preprocessor."""
        import logging

        from nbgrader.api import BaseCell
        from nbgrader.preprocessors import SaveCells

        log = logging.getLogger("labtools.nbgrader")
        log.addHandler(logging.NullHandler())
        log.propagate = False
        self.book.update_or_create_assignment(self.stem)
        about = {"notebook": self.stem, "assignment": self.stem, "db_url": self.url, "student": ""}
        notebook = nbformat.from_dict(self.released.release)
        try:
            SaveCells(log=log).preprocess(notebook, {"nbgrader": about})
        except RuntimeError as error:  # its own words name neither file nor cure
            raise GradebookError(
                f"{self.path} holds grades of {self.stem} with other practices than it has now. "
                "Choose another --out, or the gradebook moved away and the same command run again "
                "make it anew; points and comments given by hand are in the old file alone."
            ) from error
        # Once, not for each grade and comment of each student, as nbgrader's own `name` would.
        cells = self.book.db.query(BaseCell.id, BaseCell.name)
        self._practices = {id_: name.removesuffix("-check") for id_, name in cells}
        self.book.db.expire_all()

    def _read_scores(self) -> dict[str, dict[str, float | None] | None]:
        """What each student has for each practice, or None for all if nothing was handed in."""
        from nbgrader.api import Grade, Student, SubmittedAssignment, SubmittedNotebook

        lab = self.book.find_assignment(self.stem).id
        students = self.book.db.query(Student.id)
        scores: dict[str, dict[str, float | None] | None] = {id_: None for (id_,) in students}
        submitted = self.book.db.query(SubmittedAssignment.student_id)
        for (student,) in submitted.filter(SubmittedAssignment.assignment_id == lab):
            scores[student] = {}
        grades = (
            self.book.db.query(SubmittedAssignment.student_id, Grade.cell_id, Grade.auto_score)
            .join(SubmittedNotebook, SubmittedNotebook.assignment_id == SubmittedAssignment.id)
            .join(Grade, Grade.notebook_id == SubmittedNotebook.id)
            .filter(SubmittedAssignment.assignment_id == lab)
        )
        for student, cell, score in grades:
            scores[student][self._practices[cell]] = score
        return scores

    def holds(self, result: Result, ran: bool) -> bool:
        """Whether this result was in the gradebook when it was opened."""
        if result.student not in self._scores:
            return False
        scores = self._scores[result.student]
        if scores is None or not ran:
            return scores is None and not ran
        wanted = {v.practice: v.score for v in result.verdicts}
        return bool(scores) and all(wanted.get(id_, s) == s for id_, s in scores.items())

    def restore(self, result: Result, ran: bool, notebook_path: Path) -> None:
        """Write what was graded before into a gradebook that has lost it."""
        text = notebook_path.read_text(encoding="utf-8") if ran else None
        self.record(dataclasses.replace(result, notebook=text), notebook_path)

    def record(self, result: Result, notebook_path: Path) -> None:
        """Write one student's notebook and scores; a missing submission is only a student.

        Raises
        ------
        GradebookError
            If the gradebook cannot be written.
        """
        with warnings.catch_warnings(), _explained(self.path):
            # nbgrader's own use of SQLAlchemy warns of itself, three times per student.
            warnings.simplefilter("ignore")
            self._record(result, notebook_path)

    def _record(self, result: Result, notebook_path: Path) -> None:
        self.book.update_or_create_student(result.student)
        if result.notebook is None:
            self._withdraw(result.student)
            return
        write_whole(notebook_path, result.notebook)
        submission = self.book.update_or_create_submission(self.stem, result.student)
        verdicts = {v.practice: v for v in result.verdicts}
        with self.book.db.no_autoflush:
            for notebook in submission.notebooks:
                for grade in notebook.grades:
                    self._grade(grade, verdicts.get(self._practices[grade.cell_id]))
                for comment in notebook.comments:
                    verdict = verdicts.get(self._practices[comment.cell_id])
                    # nbgrader takes it for Markdown; an error's message can be a student's text.
                    comment.auto_comment = None if verdict is None else inert(verdict.feedback)
        self.book.db.commit()
        # Nothing of this student need stay in memory.
        self.book.db.expunge_all()

    @staticmethod
    def _grade(grade: Any, verdict: Any) -> None:
        if verdict is None:
            return
        grade.auto_score = verdict.score
        by_hand = verdict.score is None
        # As nbgrader does: a score given by hand is to be looked at again after a new run.
        grade.needs_manual_grade = by_hand or (
            grade.manual_score is not None and grade.auto_score != grade.manual_score
        )

    def _withdraw(self, student: str) -> None:
        """A submission that is no longer there counts no more."""
        from nbgrader.api import MissingEntry

        try:
            self.book.find_submission(self.stem, student)
        except MissingEntry:
            return
        self.book.remove_submission(self.stem, student)
