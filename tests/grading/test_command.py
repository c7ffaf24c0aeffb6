"""The command as an instructor uses it: outputs, resuming, stopping, nbgrader, cold, a cluster."""

from __future__ import annotations

import csv
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import nbformat
import pytest

from labtools.cli import main
from tests.grading.corpora.base import LAB, ROOT, Case, nonsense, solved
from tests.grading.corpora.running import grade, grade_here, hidden_numbers_in, read_grades

pytestmark = [pytest.mark.timeout(600), pytest.mark.usefixtures("needs_sandbox")]

STUDENTS = {
    "ada": solved(),
    "bob": nonsense(),
    "cleo": solved(fit_gd="def fit_GD(*a):\n    return None\n"),
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    made = tmp_path_factory.mktemp("submitted")
    for name, notebook in STUDENTS.items():
        Case(name, notebook).write(made)
    Case("dan", None).write(made)
    return made


@pytest.fixture(scope="module")
def out(folder, tmp_path_factory) -> Path:
    made = tmp_path_factory.mktemp("grades")
    grade(folder, made, LAB, "--jobs", "2")
    return made


def rows(out: Path) -> dict:
    return {
        (student, id_): (row["score"], row["status"], row["feedback"])
        for student, practices in read_grades(out).items()
        for id_, row in practices.items()
    }


def test_grades_csv_has_a_row_for_every_student_and_practice(out):
    with open(out / "grades.csv", encoding="utf-8", newline="") as file:
        table = list(csv.reader(file))
    head = "student_id,lab,practice_id,score,max_score,status,feedback,note,mistake"
    assert ",".join(table[0]) == head
    assert len(table) == 1 + 4 * 7
    grades = read_grades(out)
    assert {r["status"] for r in grades["dan"].values()} == {"missing"}
    assert grades["ada"]["lab05-fit-gd"]["score"] == "30"
    assert grades["ada"]["lab05-discussion"]["status"] == "needs manual grading"
    assert all(r["feedback"] for practices in grades.values() for r in practices.values())


def test_summary_csv_has_a_row_for_every_student(out):
    with open(out / "summary.csv", encoding="utf-8", newline="") as file:
        summary = {row["student_id"]: row for row in csv.DictReader(file)}
    assert set(summary) == {"ada", "bob", "cleo", "dan"}
    assert summary["ada"]["score"] == "90" and summary["ada"]["points_to_give_by_hand"] == "10"


def test_every_student_has_a_page_that_runs_nothing(out):
    for name in ("ada", "bob", "cleo", "dan"):
        page = (out / "pages" / LAB / f"{name}.html").read_text(encoding="utf-8")
        assert name in page and "default-src 'none'" in page and "<script" not in page
    page = (out / "pages" / LAB / "ada.html").read_text(encoding="utf-8")
    assert page.count("data:image/png;base64,") >= 2
    assert 'id="lab05-fit-gd"' in page and "30 of 30" in page


def test_no_feedback_holds_a_hidden_number(out):
    """Rates and data of the hidden cases appear in no sentence, page or notebook."""
    assert not hidden_numbers_in(out, LAB)


@pytest.mark.prove
def test_nothing_is_graded_twice_and_what_changed_is(folder, out, tmp_path):
    said = grade_here(folder, out, LAB)
    assert "0 graded" in said and "4 kept" in said
    before = rows(out)
    Case("eve", solved()).write(folder)
    changed = folder / "bob" / f"{LAB}.ipynb"
    old = changed.read_bytes()
    changed.write_text(json.dumps(solved()))
    said = grade_here(folder, out, LAB)
    assert "2 graded" in said and "3 kept" in said
    after = rows(out)
    assert after["bob", "lab05-fit-gd"][1] == "correct"
    assert {k: v for k, v in after.items() if k[0] in ("ada", "cleo")} == {
        k: v for k, v in before.items() if k[0] in ("ada", "cleo")
    }
    changed.write_bytes(old)
    (folder / "eve" / f"{LAB}.ipynb").unlink()
    (folder / "eve").rmdir()
    grade_here(folder, out, LAB)
    assert rows(out) == before


def test_one_student_alone(folder, out):
    said = grade_here(folder, out, LAB, "--only", "ada")
    assert "1 graded" in said
    assert len(read_grades(out)) == 4


@pytest.mark.prove
@pytest.mark.usefixtures("heeds_interrupts")
def test_stopped_at_any_moment_it_goes_on(tmp_path):
    folder, out = tmp_path / "in", tmp_path / "out"
    for k in range(12):
        Case(f"s{k:02d}", solved()).write(folder)
    command = [sys.executable, "-m", "labtools.cli", "grade", "lab05", str(folder)]
    command += ["--out", str(out), "--jobs", "2"]
    running = subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True)
    journal = out / "journal" / f"{LAB}.jsonl"
    for _ in range(3000):
        if journal.exists() and journal.read_bytes().count(b"\n") >= 2:
            break
        time.sleep(0.1)
    running.send_signal(signal.SIGINT)
    said = running.communicate(timeout=120)[1]
    assert running.returncode == 130 and "Stopped" in said
    done = journal.read_bytes().count(b"\n")
    assert 2 <= done < 12
    assert len(read_grades(out)) == done
    # A line that a crash cut short is passed over.
    with open(journal, "ab") as file:
        file.write(b'{"student": "s11", "key": "x", "verd')
    said = grade(folder, out, LAB, "--jobs", "2")
    assert f"{12 - done} graded" in said and f"{done} kept" in said
    scores = {sum(float(r["score"] or 0) for r in v.values()) for v in read_grades(out).values()}
    assert len(read_grades(out)) == 12 and scores == {90.0}


def _a_worker(command):
    for child in command.children(recursive=True):
        if any("forkserver" in part for part in child.cmdline()) and child.children():
            workers = [c for c in child.children() if "forkserver" in " ".join(c.cmdline())]
            if workers:
                return workers[0]


def _the_shared_parent(command):
    return next(c for c in command.children() if "zygote" in " ".join(c.cmdline()))


@pytest.mark.prove
@pytest.mark.parametrize("victim", [_a_worker, _the_shared_parent])
def test_what_is_killed_loses_nothing(tmp_path, victim):
    import psutil

    folder, out = tmp_path / "in", tmp_path / "out"
    for k in range(10):
        Case(f"s{k:02d}", solved()).write(folder)
    command = [sys.executable, "-m", "labtools.cli", "grade", "lab05", str(folder)]
    running = subprocess.Popen([*command, "--out", str(out), "--jobs", "2"], cwd=ROOT)
    journal = out / "journal" / f"{LAB}.jsonl"
    for _ in range(3000):
        if journal.exists() and journal.read_bytes().count(b"\n") >= 1:
            break
        time.sleep(0.1)
    victim(psutil.Process(running.pid)).kill()
    assert running.wait(timeout=400) == 0
    scores = {sum(float(r["score"] or 0) for r in v.values()) for v in read_grades(out).values()}
    assert len(read_grades(out)) == 10 and scores == {90.0}


@pytest.mark.prove
def test_cold_gives_the_same_grades(folder, out, tmp_path):
    grade_here(folder, tmp_path, LAB, "--cold", "--jobs", "2")
    assert rows(tmp_path) == rows(out)
    # The notebooks as they ran are equal byte by byte, pictures too.
    for name in ("ada", "bob", "cleo"):
        path = Path("autograded", name, LAB, f"{LAB}.ipynb")
        warm, cold = (nbformat.read(top / path, as_version=4) for top in (out, tmp_path))
        assert warm == cold


@pytest.mark.prove
def test_without_a_sandbox_the_grades_are_the_same(folder, out, tmp_path):
    said = grade_here(folder, tmp_path, LAB, "--unsafe", "--jobs", "2")
    assert "without a sandbox" in said
    assert rows(tmp_path) == rows(out)


@pytest.mark.prove
def test_a_dask_cluster_gives_the_same_grades(folder, out, tmp_path):
    distributed = pytest.importorskip("distributed")
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None,
        local_directory=str(tmp_path / "dask"),
    ) as cluster:  # fmt: skip
        grade_here(folder, tmp_path / "out", LAB, "--scheduler", cluster.scheduler_address)
    assert rows(tmp_path / "out") == rows(out)


@pytest.mark.prove
def test_dask_workers_killed_in_mid_run_cost_only_time(tmp_path):
    distributed = pytest.importorskip("distributed")
    folder, out = tmp_path / "in", tmp_path / "out"
    for k in range(8):
        Case(f"s{k:02d}", solved()).write(folder)
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None,
        local_directory=str(tmp_path / "dask"),
    ) as cluster:  # fmt: skip
        command = [sys.executable, "-m", "labtools.cli", "grade", "lab05", str(folder)]
        command += ["--out", str(out), "--scheduler", cluster.scheduler_address]
        running = subprocess.Popen(command, cwd=ROOT)
        journal = out / "journal" / f"{LAB}.jsonl"
        for _ in range(3000):
            if journal.exists() and journal.read_bytes().count(b"\n") >= 1:
                break
            time.sleep(0.1)
        with distributed.Client(cluster) as client:
            pids = list(client.run(os.getpid).values())
        os.kill(pids[0], signal.SIGKILL)
        assert running.wait(timeout=400) == 0
    scores = {sum(float(r["score"] or 0) for r in v.values()) for v in read_grades(out).values()}
    assert len(read_grades(out)) == 8 and scores == {90.0}


@pytest.mark.prove
def test_an_address_where_nothing_answers_is_said(folder, tmp_path, capsys):
    pytest.importorskip("distributed")
    arguments = ["--root", str(ROOT), "grade", "lab05", str(folder), "--out", str(tmp_path)]
    assert main([*arguments, "--scheduler", "tcp://127.0.0.1:9"]) == 2
    assert "no Dask scheduler" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["lab77", "x", "--out", "y"], "no lab 'lab77'"),
        (["lab05", "/nowhere", "--out", "y"], "/nowhere does not exist"),
        (["lab05", str(ROOT / "README.md"), "--out", "y"], "neither a folder nor a zip"),
    ],
)
def test_what_cannot_be_graded_is_said_in_a_sentence(words, said, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert main(["--root", str(ROOT), "grade", *words]) == 2
    error = capsys.readouterr().err
    assert said in " ".join(error.split()) and "Traceback" not in error


@pytest.mark.parametrize("option", ["--jobs=0", "--timeout=-1", "--memory=lots"])
def test_a_wrong_option_is_said(option, capsys):
    with pytest.raises(SystemExit):
        main(["grade", "lab05", "x", "--out", "y", option])
    assert "above zero" in capsys.readouterr().err


# nbgrader ----------------------------------------------------------------------------------------


def nbgrader(out: Path, *words: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "nbgrader", *words],
        cwd=out,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"},
    )
    assert done.returncode == 0, done.stderr
    return done.stderr


def test_the_gradebook_holds_the_same_scores(out):
    from nbgrader.api import Gradebook

    with Gradebook(f"sqlite:///{out / 'gradebook.db'}") as book:
        for student, practices in read_grades(out).items():
            if student == "dan":
                continue
            submission = book.find_submission(LAB, student)
            expected = sum(float(r["score"] or 0) for r in practices.values())
            assert submission.score == pytest.approx(expected)
            assert submission.needs_manual_grade
            (notebook,) = submission.notebooks
            grades = {g.name: g for g in notebook.grades}
            assert grades["lab05-discussion"].needs_manual_grade
            assert not grades["lab05-fit-gd-check"].needs_manual_grade


def test_manual_points_are_given_kept_and_exported(folder, out):
    from nbgrader.api import Gradebook

    with Gradebook(f"sqlite:///{out / 'gradebook.db'}") as book:
        grade_ = book.find_grade("lab05-discussion", LAB, LAB, "ada")
        grade_.manual_score, grade_.needs_manual_grade = 8, False
        book.db.commit()
        assert book.find_submission(LAB, "ada").score == pytest.approx(98)
    grade_here(folder, out, LAB, "--only", "ada")
    nbgrader(out, "export", "--to", "exported.csv")
    with open(out / "exported.csv", encoding="utf-8", newline="") as file:
        exported = {row["student_id"]: row for row in csv.DictReader(file)}
    assert float(exported["ada"]["score"]) == pytest.approx(98)
    assert float(exported["ada"]["max_score"]) == pytest.approx(100)


def test_nbgrader_generates_its_feedback(out):
    nbgrader(out, "generate_feedback", LAB)
    page = (out / "feedback" / "ada" / LAB / f"{LAB}.html").read_text(encoding="utf-8")
    assert "obeys the law" in page


def test_the_autograded_notebooks_are_valid(out):
    for path in (out / "autograded").rglob("*.ipynb"):
        notebook = nbformat.read(path, as_version=4)
        nbformat.validate(notebook)
        ids = [c.metadata.nbgrader.grade_id for c in notebook.cells if "nbgrader" in c.metadata]
        assert len(ids) == len(set(ids)) == 13
