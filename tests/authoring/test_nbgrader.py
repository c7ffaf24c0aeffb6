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


@pytest.fixture(scope="module")
def graded(tmp_path_factory) -> Graded:
    """The sample and every lab of the course, in one assignment: nbgrader starts slowly."""
    folder = tmp_path_factory.mktemp("nbgrader")
    path = write_course(folder, SOURCE.replace("lab01", "lab00"), "lab00_sample")
    [outcome] = build(folder, [path])
    assert not outcome.faults
    school, students = folder / "school", {}
    for source in [path, *find_sources(COURSE)]:
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


LABS = ["lab00_sample", *(path.stem for path in find_sources(COURSE))]


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
        timeout=280,
        env={**os.environ, "PATH": path},
    )
    assert result.returncode == 0, result.stderr
    return result.stderr


@pytest.mark.parametrize("lab", LABS)
def test_generate_assignment_gives_the_student_notebook_that_we_give(graded, lab):
    assert "ERROR" not in graded.log, graded.log
    theirs = nbformat.read(graded.school / "release" / "all" / f"{lab}.ipynb", as_version=4)
    ours = nbformat.read(graded.students[lab], as_version=4)
    assert [cell.source for cell in theirs.cells] == [cell.source for cell in ours.cells]
    assert [cell.metadata for cell in theirs.cells] == [cell.metadata for cell in ours.cells]


@pytest.mark.parametrize("lab", LABS)
def test_the_solution_gets_full_marks(graded, lab):
    grades = graded.grades("complete", lab)
    assert grades
    for name, kind, score, maximum, is_left_to_a_person in grades:
        if kind == "code":
            assert score == maximum > 0, name
        else:
            assert is_left_to_a_person, name


@pytest.mark.parametrize("lab", LABS)
def test_the_untouched_student_notebook_gets_nothing(graded, lab):
    grades = graded.grades("untouched", lab)
    assert grades
    assert {name: score for name, _, score, _, _ in grades} == {
        name: 0 for name, _, _, _, _ in grades
    }


def test_the_configuration_has_our_stubs():
    from traitlets.config import Config

    from labtools.student import CODE_STUB, TEXT_STUB

    config = Config()
    exec(CONFIG.read_text(encoding="utf-8"), {"get_config": lambda: config})
    assert config.ClearSolutions.code_stub == {"python": CODE_STUB}
    assert config.ClearSolutions.text_stub == TEXT_STUB
