"""Points and comments that an instructor gave in formgrader, read from nbgrader's gradebook."""

import contextlib
import dataclasses
import sqlite3
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from labtools.grading.journal import Journal, write_whole
from labtools.grading.results.page import is_by_hand, with_verdicts

_GIVEN = """
    SELECT submitted_assignment.student_id, base_cell.name, {columns}
    FROM {table} AS given
    JOIN base_cell ON base_cell.id = given.cell_id
    JOIN submitted_notebook ON submitted_notebook.id = given.notebook_id
    JOIN submitted_assignment ON submitted_assignment.id = submitted_notebook.assignment_id
    JOIN assignment ON assignment.id = submitted_assignment.assignment_id
    WHERE assignment.name = ? AND ({by_hand})
"""
_POINTS = _GIVEN.format(
    table="grade",
    columns="given.manual_score, given.extra_credit",
    by_hand="given.manual_score IS NOT NULL OR given.extra_credit <> 0",
)
_COMMENTS = _GIVEN.format(
    table="comment", columns="given.manual_comment", by_hand="given.manual_comment <> ''"
)


def every_lab(folder: Path) -> Iterator[tuple[str, Iterator[dict[str, Any]]]]:
    """What is kept of each lab in an output folder, with what was given by hand.

    A page says the same as the tables: one that differs is written again as its entry is read.
    """
    for path in sorted((folder / "journal").glob("*.jsonl")):
        with Journal(folder, path.stem) as journal:
            entries = with_points_by_hand(journal.entries(journal.listed), folder, path.stem)
            yield path.stem, _on_pages(entries, journal)


def _on_pages(entries: Iterator[dict[str, Any]], journal: Journal) -> Iterator[dict[str, Any]]:
    for entry in entries:
        path = journal.page(entry["student"])
        with contextlib.suppress(FileNotFoundError):
            # What was given by hand may have been taken back since the page was written.
            if entry["by_hand"] or is_by_hand(path):
                page = path.read_text(encoding="utf-8")
                now = with_verdicts(
                    page, entry["student"], entry["verdicts"], entry.get("note", "")
                )
                if now != page:
                    write_whole(path, now)
        yield entry


def with_points_by_hand(
    entries: Iterable[dict[str, Any]], folder: Path, stem: str
) -> Iterator[dict[str, Any]]:
    """A lab's entries in the journal, with what was given by hand in place of their points."""
    points, comments = _read(folder / "gradebook.db", stem)
    for entry in entries:
        student = entry["student"]
        verdicts = []
        for verdict in entry["verdicts"]:
            key = student, verdict.practice
            if key in points:
                manual, extra = points[key]
                score = (verdict.score if manual is None else manual) or 0.0
                verdict = dataclasses.replace(
                    verdict, score=score + (extra or 0.0), status="graded by hand"
                )
            if key in comments:
                text = f"{verdict.feedback} {comments[key]}" if key not in points else comments[key]
                verdict = dataclasses.replace(verdict, feedback=text)
            verdicts.append(verdict)
        yield {**entry, "verdicts": verdicts, "by_hand": verdicts != entry["verdicts"]}


_Key = tuple[str, str]


def _read(
    path: Path, stem: str
) -> tuple[dict[_Key, tuple[float | None, float | None]], dict[_Key, str]]:
    if not path.is_file():
        return {}, {}
    with contextlib.closing(
        sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)
    ) as book:
        points = {
            (student, name.removesuffix("-check")): (manual, extra)
            for student, name, manual, extra in book.execute(_POINTS, (stem,))
        }
        comments = {
            (student, name.removesuffix("-check")): text
            for student, name, text in book.execute(_COMMENTS, (stem,))
        }
    return points, comments
