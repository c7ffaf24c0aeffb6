"""Feedback for students as Moodle and Canvas take it: one zip for all of them."""

import io
import json
import zipfile
from collections.abc import Iterable
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from labtools.grading.handed_in.naming import upload
from labtools.grading.results.cleaning import inert


class Grade(NamedTuple):
    """A student's points, those that are still open, and a line for each practice."""

    points: float
    most: float
    open_points: float
    lines: tuple[str, ...]


def for_moodle(target: Path, pages: dict[str, Path]) -> None:
    """A folder for each student, named as Moodle names those of what was handed in."""
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for student, page in pages.items():
            archive.write(page, f"{student}_assignsubmission_file_/feedback.html")


def canvas_name(name: str) -> str:
    """The file's name in Canvas' download, or nothing if Canvas has not given it.

    >>> canvas_name("ada_LATE_1_2_lab05.ipynb"), canvas_name("ada/lab05.ipynb")
    ('ada_LATE_1_2_lab05.ipynb', '')
    """
    name = PurePosixPath(name).name
    found = upload(name)
    return name if found and found.platform == "Canvas" and found.number[0] else ""


def for_canvas(target: Path, having: Iterable[tuple[str, Path, Path, Grade]]) -> None:
    """A file for each upload, under the name that it had in Canvas' download.

    Canvas finds the upload by the numbers in that name and shows the comment's file under the name
    that the student gave the upload. So it is of the same kind: a zip for a zip, else a notebook.

    Parameters
    ----------
    target : Path
        The zip to write.
    having : iterable of tuple
        The name in the download, the student's page, the notebook as it was run, and the grade.
    """
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, page, notebook, grade in having:
            is_zip = name.lower().endswith(".zip")
            archive.writestr(name, _zipped(page) if is_zip else _with_points(notebook, grade))


def _zipped(page: Path) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.write(page, "feedback.html")
    return made.getvalue()


def _with_points(notebook: Path, grade: Grade) -> str:
    """The notebook as it was run and judged, with the points in a cell at its top."""
    made = json.loads(notebook.read_text(encoding="utf-8"))
    lines = "\n".join(f"- {inert(line)}" for line in grade.lines)
    text = f"# {grade.points:g} of {grade.most:g} points\n\n{lines}"
    cell = {"cell_type": "markdown", "id": "feedback", "metadata": {}, "source": text}
    made["cells"].insert(0, cell)
    return json.dumps(made, indent=1)
