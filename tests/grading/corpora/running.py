"""Send a corpus through `labs grade` and read the grades back."""

from __future__ import annotations

import contextlib
import csv
import io
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

from tests.grading.corpora.base import ROOT, Case

Row = dict[str, str]


def grade(
    folder: Path,
    out: Path,
    lab: str,
    *options: str,
    seconds: float = 1800,
    scratch: Path | None = None,
) -> str:
    """Run `labs grade`, with its temporary files in `scratch` if given; return what it says.

    Raises
    ------
    AssertionError
        If the command fails.
    """
    command = [sys.executable, "-m", "labtools.cli", "--root", str(ROOT), "grade", lab[:5]]
    done = subprocess.run(
        [*command, str(folder), "--out", str(out), *options],
        capture_output=True,
        text=True,
        timeout=seconds,
        check=False,
        cwd=ROOT,
        env={**os.environ, "COLUMNS": "200", **({"TMPDIR": str(scratch)} if scratch else {})},
    )
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    return done.stderr


def grade_here(folder: Path, out: Path, lab: str, *options: str) -> str:
    """The same in this process: what workers are forked from is then started once for many runs.

    Raises
    ------
    AssertionError
        If the command fails.
    """
    from labtools.cli import main

    said = io.StringIO()
    words = ["--root", str(ROOT), "grade", lab[:5], str(folder), "--out", str(out), *options]
    with contextlib.redirect_stderr(said):
        code = main(words)
    assert code == 0, said.getvalue()
    return said.getvalue()


def read_grades(out: Path) -> dict[str, dict[str, Row]]:
    """The rows of grades.csv by student and practice."""
    grades: dict[str, dict[str, Row]] = {}
    with open(out / "grades.csv", encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            grades.setdefault(row["student_id"].removeprefix("'"), {})[row["practice_id"]] = row
    return grades


def grade_corpus(
    cases: Sequence[Case],
    home: Path,
    *options: str,
    seconds: float = 1800,
    scratch: Path | None = None,
) -> tuple[dict[str, dict[str, Row]], dict[str, Path]]:
    """Grade a corpus lab by lab; return the rows of all students, and each lab's output folder."""
    rows: dict[str, dict[str, Row]] = {}
    outs = {}
    for lab in sorted({case.lab for case in cases}):
        folder, out = home / f"submitted-{lab[:5]}", home / f"grades-{lab[:5]}"
        folder.mkdir(parents=True)
        for case in cases:
            if case.lab == lab:
                case.write(folder)
        grade(folder, out, lab, *options, seconds=seconds, scratch=scratch)
        rows.update(read_grades(out))
        outs[lab] = out
    return rows, outs


def seconds_used(out: Path) -> dict[str, float]:
    """Seconds of each student's run, less those in which the machine did something else."""
    (journal,) = (out / "journal").glob("*.jsonl")
    lines = journal.read_text(encoding="utf-8").splitlines()
    return {e["student"]: e["seconds"] for e in map(json.loads, lines)}


def hidden_numbers_in(out: Path, lab: str) -> list[str]:
    """Numbers of the hidden cases that stand in the tables, pages or notebooks of a folder."""
    from labtools.grading.judging.assignment import draw_cases, read_release
    from labtools.grading.judging.secret import course_secret

    assignment = draw_cases(read_release(ROOT, lab), course_secret(ROOT / "solutions"))
    questions = assignment.questions.values()
    # What the visible cases hold too may be shown, and was: a few numbers agree by chance.
    numbers = _printed(case for question in questions for case in question.hidden)
    numbers -= _printed(case for question in questions for case in question.visible)
    assert len(numbers) > 20
    files = [out / "grades.csv", *out.glob("pages/**/*.html"), *out.glob("autograded/**/*.ipynb")]
    text = "\n".join(path.read_text(encoding="utf-8") for path in files)
    # Whole numbers only: digits in the middle of another one tell nothing.
    return sorted(numbers & set(re.findall(r"-?\d+\.\d+(?:e[+-]?\d+)?", text)))


def _printed(cases: Iterable[dict]) -> set[str]:
    """The numbers of cases as float32 prints them, and as they are handed over.

    Only those long enough to be nothing else.
    """
    import numpy as np

    values = [value for case in cases for value in _floats(case)]
    numbers = {text for v in values for text in (repr(float(np.float32(v))), f"{v:g}")}
    return {number for number in numbers if len(number.strip("-0.")) >= 6}


def _floats(value: object) -> list[float]:
    if isinstance(value, float):
        return [value]
    if isinstance(value, dict):
        value = list(value.values())
    return [x for item in value for x in _floats(item)] if isinstance(value, list) else []
