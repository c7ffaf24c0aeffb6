"""nbgrader's own commands accept the derived notebooks and grade them rightly."""

from __future__ import annotations

import ast
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import nbformat
import pytest
from nbgrader.api import Gradebook
from sample_lab import SOURCE, write_course

from labtools.build import build, find_sources

COURSE = Path(__file__).resolve().parents[2]
CONFIG = COURSE / "solutions" / "nbgrader_config.py"
#: The lab that `make test` grades: it has code, text and functions.
FIRST = "lab05"

# Beside other work one command may take minutes: the end is only for one that hangs.
pytestmark = pytest.mark.timeout(1800)


@dataclass(frozen=True)
class Graded:
    """An nbgrader course that has released every lab and graded two submissions to each."""

    school: Path
    students: dict[str, Path]
    log: str

    def grades(self, student: str, lab: str) -> list[tuple[str, str, float | None, float, bool]]:
        """Return (cell, its type, automatic score, maximum, left to a person) of each grade."""
        with Gradebook(f"sqlite:///{self.school / 'gradebook.db'}") as book:
            return [
                (g.name, g.cell.cell_type, g.auto_score, g.max_score, g.needs_manual_grade)
                for g in book.find_submission_notebook(lab, "all", student).grades
            ]


@pytest.fixture(
    scope="module", params=["a lab", pytest.param("the others", marks=pytest.mark.prove)]
)
def graded(request, tmp_path_factory) -> Graded:
    """The sample and a lab of the course, or all others, in one assignment: it starts slowly."""
    folder = tmp_path_factory.mktemp("nbgrader")
    first = request.param == "a lab"
    sources = [path for path in find_sources(COURSE) if path.stem.startswith(FIRST) == first]
    if first:
        sources.insert(0, write_course(folder, SOURCE.replace("lab01", "lab00"), "lab00_sample"))
        [outcome] = build(folder, sources[:1])
        assert not outcome.faults
    school, students = folder / "school", {}
    for source in sources:
        student = source.parents[1] / "notebooks" / f"{source.stem}.ipynb"
        students[source.stem] = student
        if not (student.exists() and source.with_suffix(".ipynb").exists()):
            pytest.fail(f"{source.stem} has no derived notebooks: run `labs build`")
        notebook = source.with_suffix(".ipynb")
        for place, path in {"complete": notebook, "untouched": student}.items():
            submitted = school / "submitted" / place / "all" / notebook.name
            submitted.parent.mkdir(parents=True, exist_ok=True)
            nbformat.write(without_demonstrations(path), submitted)
        (school / "source" / "all").mkdir(parents=True, exist_ok=True)
        shutil.copy(notebook, school / "source" / "all")
    shutil.copy(CONFIG, school)
    log = nbgrader(school, "generate_assignment", "all") + nbgrader(school, "autograde", "all")
    return Graded(school, students, log)


def without_demonstrations(path: Path) -> nbformat.NotebookNode:
    """A notebook's graded cells and those that give a name to a later one of what is kept.

    What lies between is run by nbval, and nbgrader does no more with it.
    """
    notebook = nbformat.read(path, as_version=4)
    kept, needed = [], set()
    for cell in reversed(notebook.cells):
        given, used = names_of(cell)
        if cell.metadata.get("nbgrader") or given & needed:
            kept.insert(0, cell)
            needed |= used
    notebook.cells = kept
    return notebook


def names_of(cell: nbformat.NotebookNode) -> tuple[set[str], set[str]]:
    """The names that a cell gives, functions' own among them, and those that it uses."""
    given, used = set(), set()
    for node in ast.walk(ast.parse(cell.source)) if cell.cell_type == "code" else ():
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            given.add(node.name)
        elif isinstance(node, ast.alias):
            given.add((node.asname or node.name).partition(".")[0])
        elif isinstance(node, ast.Name):
            (used if isinstance(node.ctx, ast.Load) else given).add(node.id)
    return given, used


def nbgrader(school: Path, *words: str) -> str:
    """Run one of nbgrader's commands and return its log, which tells more than the exit code."""
    # nbgrader calls alembic by its bare name, so the environment's commands must be on the path.
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    result = subprocess.run(
        [sys.executable, "-m", "nbgrader", *words],
        cwd=school,
        capture_output=True,
        text=True,
        check=False,
        timeout=800,
        env={**os.environ, "PATH": path},
    )
    assert result.returncode == 0, result.stderr
    return result.stderr


def test_generate_assignment_gives_the_student_notebook_that_we_give(graded):
    assert "ERROR" not in graded.log, graded.log
    for lab, path in graded.students.items():
        theirs = nbformat.read(graded.school / "release" / "all" / f"{lab}.ipynb", as_version=4)
        ours = nbformat.read(path, as_version=4)
        assert [cell.source for cell in theirs.cells] == [cell.source for cell in ours.cells], lab
        assert [cell.metadata for cell in theirs.cells] == [c.metadata for c in ours.cells], lab


def test_the_solution_gets_full_marks(graded):
    for lab in graded.students:
        grades = graded.grades("complete", lab)
        assert grades, lab
        for name, kind, score, maximum, is_left_to_a_person in grades:
            if kind == "code":
                assert score == maximum > 0, (lab, name)
            else:
                assert is_left_to_a_person, (lab, name)


def test_the_untouched_student_notebook_gets_nothing(graded):
    for lab in graded.students:
        grades = graded.grades("untouched", lab)
        assert grades, lab
        paid = [name for name, _, score, _, _ in grades if score != 0]
        assert not paid, (lab, paid)


def test_the_configuration_has_our_stubs():
    from traitlets.config import Config

    from labtools.student import CODE_STUB, TEXT_STUB

    config = Config()
    exec(CONFIG.read_text(encoding="utf-8"), {"get_config": lambda: config})
    assert config.ClearSolutions.code_stub == {"python": CODE_STUB}
    assert config.ClearSolutions.text_stub == TEXT_STUB
