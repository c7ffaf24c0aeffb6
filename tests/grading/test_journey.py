"""From a student's folder to the platform's grades: the way of an answer as a whole."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from pathlib import Path

import pytest

from labchecks import hand_in
from labtools.cli import main
from tests.grading.corpora.base import ROOT, solved
from tests.grading.corpora.running import grade_here, read_grades

pytestmark = pytest.mark.prove

STEM = "lab05_implement_gradient_descent"
SUM = "def loss_func(y_pred, y_true):\n    return ((y_pred - y_true) ** 2).sum()"
MOODLE = (
    "Identifier,Full name,Status,Grade,Maximum Grade,Feedback comments\r\n"
    "Participant 1,Ada Lovelace,Submitted,,100.00,\r\n"
    "Participant 2,Bob Beta,Submitted,,100.00,\r\n"
    "Participant 3,Cleo Gamma,Submitted,,100.00,\r\n"
)
CANVAS = (
    "Student,ID,SIS User ID,SIS Login ID,Section,Lab 5 (77)\n"
    "    Points Possible,,,,,100\n"
    '"Lovelace, Ada",1,,ada,A,\n"Beta, Bob",2,,bob,A,\n"Gamma, Cleo",3,,cleo,A,\n'
)


def handed_in(folder: Path, name: str, notebook: dict, monkeypatch) -> bytes:
    """What a student uploads: the zip that the helper makes of a folder with two notebooks."""
    folder.mkdir()
    untouched = (ROOT / "notebooks" / f"{STEM}.ipynb").read_text(encoding="utf-8")
    (folder / f"{STEM}.ipynb").write_text(untouched, encoding="utf-8")
    (folder / name).write_text(json.dumps(notebook), encoding="utf-8")
    monkeypatch.chdir(folder)
    assert hand_in.main(["lab05"]) in (0, 1)
    return (folder / "lab05-hand-in.zip").read_bytes()


def only_the_model(notebook: dict) -> dict:
    """The untouched lab with its first practice solved."""
    made = json.loads((ROOT / "notebooks" / f"{STEM}.ipynb").read_text(encoding="utf-8"))
    answers = {c["metadata"].get("nbgrader", {}).get("grade_id"): c for c in notebook["cells"]}
    for cell in made["cells"]:
        if cell["metadata"].get("nbgrader", {}).get("grade_id") == "lab05-model":
            cell["source"] = answers["lab05-model"]["source"]
    return made


@pytest.fixture(scope="module")
def uploads(tmp_path_factory) -> dict[str, bytes]:
    home = tmp_path_factory.mktemp("students")
    with pytest.MonkeyPatch.context() as patch:
        return {
            "Ada": handed_in(home / "ada", f"{STEM}-answered.ipynb", solved(), patch),
            "Bob": handed_in(home / "bob", f"{STEM} (1).ipynb", solved(loss=SUM), patch),
            "Cleo": handed_in(home / "cleo", "lab05 mine.ipynb", only_the_model(solved()), patch),
        }


def downloaded(path: Path, names: dict[str, str], uploads: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for student, name in names.items():
            archive.writestr(name, uploads[student])
    return path


def give_by_hand(out: Path, points: dict[str, float]) -> None:
    """What formgrader writes."""
    from nbgrader.api import Gradebook

    with Gradebook(f"sqlite:///{out / 'gradebook.db'}") as book:
        for student, given in points.items():
            (notebook,) = book.find_submission(STEM, student).notebooks
            (grade,) = (g for g in notebook.grades if g.needs_manual_grade)
            grade.manual_score, grade.needs_manual_grade = given, False
        book.db.commit()


def filled(target: Path) -> list[list[str]]:
    return list(csv.reader(io.StringIO(target.read_text(encoding="utf-8"))))


def test_from_hand_in_to_moodle_and_canvas(uploads, tmp_path, capsys):
    moodle = {
        "Ada": "Ada Lovelace_1_assignsubmission_file_/lab05-hand-in.zip",
        "Bob": "Bob Beta_2_assignsubmission_file_/lab05-hand-in.zip",
        "Cleo": "Cleo Gamma_3_assignsubmission_file_/lab05-hand-in.zip",
    }
    canvas = {
        "Ada": "lovelaceada_1_9001_lab05-hand-in.zip",
        "Bob": "betabob_LATE_2_9002_lab05-hand-in.zip",
        "Cleo": "gammacleo_3_9003_lab05-hand-in-1.zip",
    }
    for platform, names, sheet in (("moodle", moodle, MOODLE), ("canvas", canvas, CANVAS)):
        out = tmp_path / f"grades-{platform}"
        source = downloaded(tmp_path / f"{platform}.zip", names, uploads)
        grade_here(source, out, "lab05", "--jobs", "1")
        grades = read_grades(out)
        ada, bob, cleo = (
            next(s for s in grades if who in s.lower()) for who in ("ada", "bob", "cleo")
        )
        assert grades[bob]["lab05-loss"]["mistake"] == "sum instead of mean"
        assert grades[cleo]["lab05-fit-gd"]["status"] == "not attempted"
        give_by_hand(out, {ada: 9, bob: 5})
        assert main(["summary", str(out)]) == 0
        table = tmp_path / f"{platform}.csv"
        table.write_text(sheet, encoding="utf-8")
        assert main(["hand-over", str(out), f"--{platform}", str(table)]) == 0, capsys.readouterr()
        with open(out / "summary.csv", encoding="utf-8", newline="") as file:
            points = {row["student_id"]: float(row["score"]) for row in csv.DictReader(file)}
        assert points[ada] == 99 and points[cleo] == 10 and points[bob] < 99
        with zipfile.ZipFile(out / f"{STEM}-{platform}-feedback.zip") as archive:
            back = archive.namelist()
        if platform == "canvas":
            assert back == [canvas["Bob"], canvas["Cleo"], canvas["Ada"]]
        before, after = filled(table), filled(out / f"{STEM}-{platform}.csv")
        column = before[0].index("Grade" if platform == "moodle" else "Lab 5 (77)")
        rows = {row[1]: row for row in after} if platform == "moodle" else {r[0]: r for r in after}
        for student, name in ((ada, "Ada"), (bob, "Bob"), (cleo, "Cleo")):
            (row,) = (r for key, r in rows.items() if name in key)
            assert float(row[column]) == points[student]
        comment = before[0].index("Feedback comments") if platform == "moodle" else None
        kept = [k for k in range(len(before[0])) if k not in (column, comment)]
        assert [[row[k] for k in kept] for row in before] == [
            [row[k] for k in kept] for row in after
        ]
