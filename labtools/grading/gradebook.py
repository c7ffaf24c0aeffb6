"""An nbgrader course folder around the grades, where formgrader and its exports go on."""

from __future__ import annotations

import os
import warnings
from pathlib import Path
from typing import Any

import nbformat

from labtools.grading.assignment import ReleasedLab
from labtools.grading.journal import write_whole
from labtools.grading.records import Result

__all__ = ["Course"]

_CONFIG = '''"""nbgrader's settings for this folder, written by `labs grade`."""

c = get_config()  # noqa: F821, nbgrader provides it

c.CourseDirectory.root = "."
c.CourseDirectory.db_url = "sqlite:///gradebook.db"
# `labs grade` has run the notebooks; nbgrader need not.
c.GenerateFeedback.force = True
'''


def _schema_version() -> str:
    """The version of the gradebook's tables, as ``alembic heads`` says it."""
    import nbgrader
    from alembic.script import ScriptDirectory

    return ScriptDirectory(Path(nbgrader.__file__).parent / "alembic").get_current_head()


class Course:
    """The gradebook of an output folder, open for one lab.

    Manual scores and comments that an instructor has given are never changed.

    Parameters
    ----------
    folder : Path
        The output folder: nbgrader's course folder.
    released : ReleasedLab
        The lab.
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
        self.url = f"sqlite:///{os.path.abspath(folder / 'gradebook.db')}"
        # nbgrader starts the program `alembic` for a word that its own files hold.
        nbgrader.api.get_alembic_version = _schema_version
        self.book = nbgrader.api.Gradebook(self.url)
        self._declare()
        # A crash of the machine may cost the last rows; they are in the journal then as not done.
        self.book.db.execute(text("PRAGMA synchronous=OFF"))

    def __enter__(self) -> Course:
        return self

    def __exit__(self, *_: object) -> None:
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
        resources = {
            "nbgrader": {
                "notebook": self.stem,
                "assignment": self.stem,
                "db_url": self.url,
                "student": "",
            }
        }
        notebook = nbformat.from_dict(self.released.release)
        SaveCells(log=log).preprocess(notebook, resources)
        # Once, not for each grade and comment of each student, as nbgrader's own `name` would.
        cells = self.book.db.query(BaseCell.id, BaseCell.name)
        self._practices = {id_: name.removesuffix("-check") for id_, name in cells}
        self.book.db.expire_all()

    def record(self, result: Result, notebook_path: Path) -> None:
        """Write one student's notebook and scores; a missing submission is only a student."""
        with warnings.catch_warnings():
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
                    comment.auto_comment = None if verdict is None else verdict.feedback
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
