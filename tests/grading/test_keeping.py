"""What an earlier run has left is used, completed, or told to be unusable."""

from __future__ import annotations

import csv
import json
import shutil
import socket
import sqlite3
from pathlib import Path

import pytest

from labtools.cli import main
from tests.grading.corpora.base import LAB, LAB1, ROOT, Case, nonsense, solved
from tests.grading.corpora.running import read_grades

pytestmark = [
    pytest.mark.prove,
    pytest.mark.timeout(600),
    pytest.mark.usefixtures("needs_sandbox"),
]


def grade(lab: str, folder: Path, out: Path) -> int:
    # In this process: what workers are forked from is then started once for all of these tests.
    words = ["--root", str(ROOT), "grade", lab[:5], str(folder), "--out", str(out), "--jobs", "2"]
    return main(words)


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    made = tmp_path_factory.mktemp("in")
    Case("ada", solved()).write(made)
    Case("bob", nonsense()).write(made)
    Case("dan", None).write(made)
    return made


@pytest.fixture(scope="module")
def graded(folder, tmp_path_factory) -> Path:
    made = tmp_path_factory.mktemp("out")
    assert grade(LAB, folder, made) == 0
    return made


@pytest.fixture
def out(graded, tmp_path) -> Path:
    return Path(shutil.copytree(graded, tmp_path / "out"))


def scores(out: Path) -> dict[str, float]:
    from nbgrader.api import Gradebook

    with Gradebook(f"sqlite:///{out / 'gradebook.db'}") as book:
        assert {s.id for s in book.students} == {"ada", "bob", "dan"}
        return {s.student.id: s.score for s in book.assignment_submissions(LAB)}


def empty(path: Path) -> None:
    path.write_bytes(b"")


def remove_a_score(path: Path) -> None:
    with sqlite3.connect(path) as book:
        book.execute("UPDATE grade SET auto_score = NULL")
    book.close()


@pytest.mark.parametrize("lose", [Path.unlink, empty, remove_a_score])
def test_a_gradebook_that_is_lost_is_filled_from_the_journal(folder, out, capsys, lose):
    before, tables = scores(out), read_grades(out)
    assert before["ada"] == 90
    lose(out / "gradebook.db")
    assert grade(LAB, folder, out) == 0
    said = capsys.readouterr().err
    assert "0 graded" in said and "3 kept" in said and "put back into the gradebook" in said
    assert scores(out) == before and read_grades(out) == tables
    assert grade(LAB, folder, out) == 0
    assert "put back" not in capsys.readouterr().err


def test_points_given_by_hand_stay_when_others_are_put_back(folder, out):
    from nbgrader.api import Gradebook

    with Gradebook(f"sqlite:///{out / 'gradebook.db'}") as book:
        given = book.find_grade("lab05-discussion", LAB, LAB, "ada")
        given.manual_score, given.needs_manual_grade = 8, False
        book.db.commit()
        book.remove_submission(LAB, "bob")
    assert grade(LAB, folder, out) == 0
    assert scores(out)["ada"] == 98 and "bob" in scores(out)


def test_a_notebook_that_is_lost_is_run_again(folder, out, capsys):
    path = out / "autograded" / "ada" / LAB / f"{LAB}.ipynb"
    path.unlink()
    assert grade(LAB, folder, out) == 0
    said = capsys.readouterr().err
    assert "1 graded" in said and "2 kept" in said and path.is_file()


def lock(path: Path) -> sqlite3.Connection:
    book = sqlite3.connect(path, isolation_level=None)
    book.execute("BEGIN EXCLUSIVE")
    return book


def fill_with_nonsense(path: Path) -> None:
    path.write_bytes(b"no database" * 1000)


def put_a_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


@pytest.mark.parametrize(
    ("spoil", "cure"),
    [
        (fill_with_nonsense, "Move it away"),
        (put_a_folder, "Move it away"),
        (lock, "Close the program that is using it"),
    ],
)
def test_a_gradebook_that_cannot_be_used_is_told_with_the_cure(folder, out, capsys, spoil, cure):
    held = spoil(out / "gradebook.db")
    assert grade(LAB, folder, out) == 2
    said = capsys.readouterr().err
    assert f"labs grade: {out / 'gradebook.db'} cannot be used" in said and cure in said
    assert "run the same command again" in said
    assert ("given by hand" in said) == (cure == "Move it away")
    assert "Traceback" not in said and "sqlalche.me" not in said
    if held:
        held.close()


def test_a_full_disk_is_told_with_the_cure(tmp_path):
    from sqlalchemy.exc import OperationalError

    from labtools.grading.results.gradebook import GradebookError, _explained

    path = tmp_path / "gradebook.db"
    with pytest.raises(GradebookError, match="database or disk is full.*Free some space"):
        with _explained(path):
            fault = sqlite3.OperationalError("database or disk is full")
            raise OperationalError("INSERT", {}, fault)


def test_a_fault_of_the_gradebook_in_mid_run_leaves_tables(folder, tmp_path, capsys, monkeypatch):
    from sqlalchemy.exc import OperationalError

    from labtools.grading.results.gradebook import Course

    record, done = Course._record, []

    def once(self, result, path):
        if done:
            raise OperationalError("INSERT", {}, sqlite3.OperationalError("database is locked"))
        done.append(result.student)
        record(self, result, path)

    monkeypatch.setattr(Course, "_record", once)
    assert grade(LAB, folder, tmp_path) == 2
    said = capsys.readouterr().err
    assert "1 graded" in said and "database is locked" in said and "Traceback" not in said
    assert list(read_grades(tmp_path)) == done


@pytest.mark.parametrize("name", ["grades", "summary"])
def test_a_table_that_cannot_be_replaced_is_named(folder, out, capsys, name):
    table = out / f"{name}.csv"
    table.unlink()
    table.mkdir()
    assert grade(LAB, folder, out) == 2
    said = capsys.readouterr().err
    assert f"labs grade: Is a directory ({table}); move that folder away" in said
    assert not list(out.glob(".*.new"))


def test_the_tables_hold_every_lab_of_the_folder(folder, out, tmp_path, capsys):
    first = tmp_path / "first"
    Case("ada", solved(LAB1), lab=LAB1).write(first)
    before = (out / "grades.csv").read_text(encoding="utf-8")
    assert grade(LAB1, first, out) == 0
    said = capsys.readouterr().err
    assert "1 graded" in said and "incorrect" not in said
    with open(out / "grades.csv", encoding="utf-8", newline="") as file:
        table = list(csv.DictReader(file))
    assert [r for r in table if r["lab"] == LAB] == list(csv.DictReader(before.splitlines()))
    assert {r["student_id"] for r in table if r["lab"] == LAB1} == {"ada"}
    with open(out / "summary.csv", encoding="utf-8", newline="") as file:
        rows = [(r["student_id"], r["lab"]) for r in csv.DictReader(file)]
    assert rows == [("ada", LAB1), ("ada", LAB), ("bob", LAB), ("dan", LAB)]


def test_who_is_gone_is_in_no_table_and_has_a_result_to_come_back_to(folder, tmp_path):
    from labtools.grading.journal import Journal

    line = {"student": "ada", "key": "k", "verdicts": [], "ran": False}
    path = tmp_path / "journal" / f"{LAB}.jsonl"
    path.parent.mkdir()
    path.write_text("".join(json.dumps({**line, "student": s}) + "\n" for s in ("ada", "bob")))
    for students in (["bob"], ["bob"], ["ada", "bob"]):
        with Journal(tmp_path, LAB) as journal:
            journal.list_only(students)
        with Journal(tmp_path, LAB) as journal:
            assert journal.listed == students
            assert journal.key("ada") == "k"
    assert path.read_bytes().count(b"\n") == 4


def test_nbgraders_settings_name_the_folder_wherever_it_is(out, tmp_path, caplog):
    from nbgrader.coursedir import CourseDirectory
    from traitlets.config.loader import PyFileConfigLoader

    for place in (out, tmp_path / "moved"):
        out = out.rename(place)
        config = PyFileConfigLoader("nbgrader_config.py", path=str(place)).load_config()
        assert CourseDirectory(config=config).root == str(place)
    assert "absolute" not in caplog.text


def test_what_listens_and_is_no_scheduler_is_told(folder, tmp_path, capsys, monkeypatch):
    pytest.importorskip("distributed")
    from labtools.grading.running import cluster

    monkeypatch.setattr(cluster, "ANSWER_LIMIT", 2)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"tcp://127.0.0.1:{silent.getsockname()[1]}"
        words = ["--root", str(ROOT), "grade", "5", str(folder), "--out", str(tmp_path / "out")]
        assert main([*words, "--scheduler", address]) == 2
    said = capsys.readouterr().err
    assert f"no Dask scheduler answers at {address}" in said and "Exception ignored" not in said
    assert not (tmp_path / "out").exists()
