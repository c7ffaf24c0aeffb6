"""`grades.csv` and `summary.csv`, safe to open in a spreadsheet and to load into an LMS."""

import csv
import io
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from labtools.grading.journal import write_whole

GRADES = (
    "student_id", "lab", "practice_id", "score", "max_score", "status", "feedback", "note",
    "mistake",
)  # fmt: skip
SUMMARY = (
    "student_id", "lab", "score", "max_score", "points_to_give_by_hand", "statuses", "late", "note",
)  # fmt: skip


def write_tables(
    folder: Path, labs: Iterable[tuple[str, Iterable[dict[str, Any]]]]
) -> dict[str, Counter[str]]:
    """Write both tables, whole or not at all; return how often each lab has each status."""
    texts = {"grades": io.StringIO(newline=""), "summary": io.StringIO(newline="")}
    grades, summary = map(csv.writer, texts.values())
    grades.writerow(GRADES)
    summary.writerow(SUMMARY)
    counts = {stem: _write_rows(stem, entries, grades, summary) for stem, entries in labs}
    for name, text in texts.items():
        write_whole(folder / f"{name}.csv", text.getvalue())
    return counts


def _write_rows(
    stem: str, entries: Iterable[dict[str, Any]], grades: Any, summary: Any
) -> Counter[str]:
    counts: Counter[str] = Counter()
    for entry in entries:
        student, verdicts = safe(entry["student"]), entry["verdicts"]
        note = safe(" ".join(entry.get("note", "").split()))
        for v in verdicts:
            score = "" if v.score is None else f"{v.score:g}"
            grades.writerow(
                [student, stem, v.practice, score, f"{v.max_score:g}", v.status]
                + [safe(" ".join(v.feedback.split())), note, safe(v.mistake)]
            )
        own = Counter(v.status for v in verdicts)
        counts.update(own)
        points = sum(v.score or 0 for v in verdicts), sum(v.max_score for v in verdicts)
        by_hand = sum(v.max_score for v in verdicts if v.score is None)
        statuses = "; ".join(f"{n} {status}" for status, n in sorted(own.items()))
        late = "late" if entry.get("late") else ""
        row = [f"{number:g}" for number in (*points, by_hand)]
        summary.writerow([student, stem, *row, statuses, late, note])
    return counts


def safe(text: str) -> str:
    """Text that a spreadsheet shows and does not run: ``=1+1`` becomes ``'=1+1``.

    Two texts stay two: ``'=1+1`` becomes ``''=1+1``.
    """
    begins = text.lstrip("'")[:1]
    return f"'{text}" if begins in ("=", "+", "-", "@", "\t", "\r", "|", "%") and begins else text
