"""From grades to a platform: its own files filled in, with what was given by hand."""

from __future__ import annotations

import csv
import dataclasses
import io
import json
import zipfile
from pathlib import Path

import nbformat
import pytest

from labtools.cli import main
from labtools.grading.handed_in.persons import Persons, TableError, read_table
from labtools.grading.handed_in.submissions import Submissions
from labtools.grading.journal import Journal, write_whole
from labtools.grading.records import Result, Verdict
from tests.grading.corpora.base import ROOT, solved
from tests.grading.corpora.running import grade_here, read_grades

STEM = "lab05_implement_gradient_descent"
MOODLE = (
    "\ufeffIdentifier,Full name,Email address,Status,Grade,Maximum Grade,Grade can be changed,"
    "Last modified (grade),Feedback comments\r\n"
    'Participant 1234,Ada Lovelace,ada@x.org,"Submitted, late",,100.00,Yes,-,\r\n'
    "Participant 99,Bob Beta,bob@x.org,Submitted,,100.00,Yes,-,\r\n"
    "Participant 7,Cleo,cleo@x.org,No submission,,100.00,Yes,-,as it was\r\n"
    "Participant 55,Dora,dora@x.org,No submission,,100.00,Yes,-,\r\n"
)
CANVAS = (
    "Student,ID,SIS User ID,SIS Login ID,Section,Lab 5 (77),Lab 50 (78),Final Points\n"
    "    Points Possible,,,,,100.0,10,(read only)\n"
    '"Lovelace, Ada",1234,u1,ada,A,,3,4\n'
    '"Beta, Bob",99,u2,bob,A,,,\n'
    '"Student, Test",5,,x,A,,,\n'
)


@pytest.fixture(scope="module")
def graded(tmp_path_factory) -> Path:
    """Two students of Moodle, one late, and one on the roster; Ada has points by hand as well."""
    home = tmp_path_factory.mktemp("class")
    source, out = home / "moodle.zip", home / "grades"
    with zipfile.ZipFile(source, "w") as archive:
        for who, notebook in (
            ("Ada Lovelace_1234", json.dumps(solved())),
            ("Bob Beta_99", (ROOT / "notebooks" / f"{STEM}.ipynb").read_text(encoding="utf-8")),
        ):
            archive.writestr(f"{who}_assignsubmission_file_/{STEM}.ipynb", notebook)
    roster = home / "roster.csv"
    roster.write_text("ID number;Full name\n1234;Ada Lovelace\n99;Beta, Bob\n7;Cleo\n")
    options = ("--jobs", "1", "--roster", str(roster))
    grade_here(source, out, "lab05", *options)
    _grade_by_hand(out)
    grade_here(source, out, "lab05", *options)
    return out


def _grade_by_hand(out: Path, less: int = 1, words: str = "Well argued.") -> None:
    from nbgrader.api import Gradebook

    with Gradebook(f"sqlite:///{out / 'gradebook.db'}") as book:
        submission = book.find_submission(STEM, "Ada Lovelace_1234")
        (notebook,) = submission.notebooks
        for grade in notebook.grades:
            if grade.needs_manual_grade or grade.manual_score is not None:
                grade.manual_score = grade.max_score - less
        for comment in notebook.comments:
            if comment.name in {g.name for g in notebook.grades}:
                comment.manual_comment = words
        book.db.commit()


def test_what_was_given_by_hand_is_in_the_tables(graded):
    rows = read_grades(graded)["Ada Lovelace_1234"]
    by_hand = [row for row in rows.values() if row["status"] == "graded by hand"]
    assert len(by_hand) == 1
    assert float(by_hand[0]["score"]) == float(by_hand[0]["max_score"]) - 1
    assert by_hand[0]["feedback"] == "Well argued."
    with open(graded / "summary.csv", encoding="utf-8", newline="") as file:
        summary = {row["student_id"]: row for row in csv.DictReader(file)}
    assert summary["Ada Lovelace_1234"]["score"] == "99"
    assert summary["Ada Lovelace_1234"]["points_to_give_by_hand"] == "0"


def test_pages_and_tables_say_what_was_given_by_hand_since(graded, capsys):
    page = graded / "pages" / STEM / "Ada Lovelace_1234.html"
    assert "Well argued." in page.read_text(encoding="utf-8")
    before = page.read_text(encoding="utf-8")
    _grade_by_hand(graded, less=4, words="Argued.")
    assert main(["summary", str(graded), "--anonymous"]) == 0
    assert "1 graded by hand" in capsys.readouterr().out
    after = page.read_text(encoding="utf-8")
    assert "<strong>96 of 100 points</strong>" in after and after.count("<p>Argued.</p>") == 2
    assert after.count(">6 of 10<") == 2 and "Well argued." not in after
    assert read_grades(graded)["Ada Lovelace_1234"]["lab05-discussion"]["score"] == "6"
    assert "Handed in nothing (1)" in (graded / "report.html").read_text(encoding="utf-8")
    assert "Ada" not in (graded / "report-anonymous.html").read_text(encoding="utf-8")
    _grade_by_hand(graded)
    assert main(["summary", str(graded)]) == 0
    assert page.read_text(encoding="utf-8") == before


def test_a_folder_without_grades_is_refused(tmp_path, capsys):
    assert main(["summary", str(tmp_path)]) == 2
    assert "has no grades" in capsys.readouterr().err


def test_who_is_on_the_roster_and_handed_in_nothing_is_missing(graded):
    rows = read_grades(graded)
    assert set(rows) == {"Ada Lovelace_1234", "Bob Beta_99", "7"}
    assert {row["status"] for row in rows["7"].values()} == {"missing"}


def hand_over(graded: Path, kind: str, text: str, capsys, *options: str) -> tuple[int, str, str]:
    source = graded.parent / f"{kind}.csv"
    source.write_bytes(text.encode())
    code = main(["hand-over", str(graded), f"--{kind}", str(source), *options])
    target = graded / f"{STEM}-{kind}.csv"
    made = target.read_bytes().decode() if target.exists() else ""
    return code, made, capsys.readouterr().err


def test_moodles_worksheet_is_filled(graded, capsys):
    code, made, said = hand_over(graded, "moodle", MOODLE, capsys)
    before, after = MOODLE.split("\r\n"), made.split("\r\n")
    assert code == 1 and "1 rows of the file" in said and ": 55." in said
    assert after[0] == before[0] and after[3:] == before[3:] and len(after) == len(before)
    ada, bob = (next(csv.reader([line])) for line in after[1:3])
    assert ada[:4] == ["Participant 1234", "Ada Lovelace", "ada@x.org", "Submitted, late"]
    assert ada[4] == "99.00" and bob[4] == "0.00"
    assert "Well argued." in ada[8] and "<br>" in ada[8]
    with zipfile.ZipFile(graded / f"{STEM}-moodle-feedback.zip") as archive:
        assert archive.namelist() == [
            "Ada Lovelace_1234_assignsubmission_file_/feedback.html",
            "Bob Beta_99_assignsubmission_file_/feedback.html",
        ]


GERMAN = (
    "ID,Vollständiger Name,Status,Bewertung,Bestwertung,Bewertung kann geändert werden,"
    "Zuletzt geändert (Bewertung),Feedback als Kommentar\r\n"
    'Teilnehmer/in 1234,Ada Lovelace,Abgegeben,,"100,00",Ja,-,\r\n'
    'Teilnehmer/in 99,Bob Beta,Abgegeben,,"100,00",Ja,-,\r\n'
)


def test_moodles_worksheet_in_another_language_is_filled(graded, capsys):
    code, made, said = hand_over(graded, "moodle", GERMAN, capsys)
    before, after = GERMAN.split("\r\n"), made.split("\r\n")
    assert code == 0 and said == "" and after[0] == before[0]
    ada = next(csv.reader([after[1]]))
    assert ada[:7] == ["Teilnehmer/in 1234", "Ada Lovelace", "Abgegeben", "99,00", "100,00", "Ja",
                       "-"]  # fmt: skip
    assert "Well argued." in ada[7]


def test_canvas_export_in_another_language_is_filled(graded, capsys):
    text = (
        "\ufeffStudierende;ID;SIS User ID;SIS Login ID;Section;Lab 5 (77);Summe\n"
        ";;;;;Manual Posting;\n    Mögliche Punkte;;;;;100,0;(read only)\n"
        "Lovelace, Ada;1234;;ada;A and B;;7,25\nBeta, Bob;99;;bob;A;;\n"
    )
    code, made, said = hand_over(graded, "canvas", text.replace("Studierende", "Student"), capsys)
    assert code == 0 and ";A and B;99;7,25\n" in made and "bob;A;0;\n" in made
    assert made.startswith("\ufeffStudent;ID;") and ";Manual Posting;\n" in made


def test_canvas_export_is_filled(graded, capsys):
    code, made, said = hand_over(graded, "canvas", CANVAS, capsys)
    assert code == 0 and "2 files that Canvas has not named" in said
    assert not (graded / f"{STEM}-canvas-feedback.zip").exists()
    wanted = CANVAS.replace("ada,A,,3", "ada,A,99,3").replace("bob,A,,,", "bob,A,0,,")
    assert made == wanted


@pytest.mark.parametrize(
    "kind, text, said",
    [
        ("moodle", CANVAS, "no grading worksheet of Moodle"),
        ("canvas", MOODLE, "no export of Canvas"),
        ("moodle", MOODLE.replace("100.00", "10.00"), "has 10.00 points, the lab 100"),
        ("canvas", CANVAS.replace("100.0", "20"), "has 20 points, the lab 100"),
        ("canvas", CANVAS.replace("Lab 50", "Lab 05b"), "more than one column"),
        ("canvas", CANVAS.replace("Lab 5 (77)", "Exercise (77)"), "no column of"),
        ("moodle", "x", "holds no person"),
    ],
)
def test_what_is_no_such_file_is_refused(graded, capsys, kind, text, said):
    code, _, told = hand_over(graded, kind, text, capsys)
    assert code == 2 and said in told


def test_a_column_can_be_named(graded, capsys):
    text = CANVAS.replace("Lab 5 (77)", "Exercise (77)")
    code, made, _ = hand_over(graded, "canvas", text, capsys, "--column", "Exercise")
    assert code == 0 and "ada,A,99,3" in made


# What goes back to students of Canvas -------------------------------------------------------------

CANVAS_NAMES = {
    "lovelaceada_1234": "lovelaceada_1234_5001_lab05-1.ipynb",
    "betabob_99": "betabob_LATE_99_5002_lab05-hand-in.zip",
    "anon_aB3dE": "LATE_anon_aB3dE_5003_lab05.ipynb",
    "team_red_13": "team_red_13_5004_lab05_5.ipynb",
    "dora": "dora.ipynb",
}


def attachment_found(name: str) -> tuple[str, str]:
    """The user or nameless student, and the upload, that Canvas takes from a file's name."""
    parts = [part for part in name.split("_") if part != "LATE"]
    if parts[0] == "anon":
        return parts[1], parts[2]
    user, attachment, *_ = [part for part in parts if part.isdigit()]
    return user, attachment


def test_feedback_goes_back_to_the_uploads_of_canvas(tmp_path, capsys):
    out = tmp_path / "out"
    notebook = {"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    verdict = Verdict("lab05-loss", "Loss", 7.0, 100.0, "partial", "Look <b>here</b>.")
    with Journal(out, STEM) as journal:
        for student, name in CANVAS_NAMES.items():
            text = json.dumps(notebook)
            journal.add("key", Result(student, [verdict], "<p>page</p>", text, upload=name))
            write_whole(journal.notebook(student), text)
        broken = dataclasses.replace(verdict, score=0.0, status="unreadable")
        name = CANVAS_NAMES["betabob_99"]
        journal.add("key", Result("betabob_99", [broken], "<p>page</p>", text, upload=name))
    code, made, said = hand_over(out, "canvas", CANVAS, capsys)
    assert code == 1 and "ada,A,7,3" in made, said
    assert "bob,A,,," in made and "no grade is filled in: betabob_99." in said
    assert "anon_aB3dE" in said and "no feedback: dora." in said
    with zipfile.ZipFile(out / f"{STEM}-canvas-feedback.zip") as archive:
        found = {attachment_found(name): archive.read(name) for name in archive.namelist()}
    assert set(found) == {("1234", "5001"), ("99", "5002"), ("aB3dE", "5003"), ("13", "5004")}
    with zipfile.ZipFile(io.BytesIO(found.pop(("99", "5002")))) as inner:
        assert inner.read("feedback.html") == b"<p>page</p>"
    for content in found.values():
        (cell,) = nbformat.reads(content.decode(), 4).cells
        assert cell.source.startswith("# 7 of 100 points\n\n- Loss: 7 of 100. Look < b>here")


# Who is who --------------------------------------------------------------------------------------


def matched(tmp_path: Path, text: str, *students: str) -> list[str | None]:
    path = tmp_path / "t.csv"
    path.write_text(text, encoding="utf-8")
    return [student for _, _, student in Persons(read_table(path), path).matched(students)]


def test_persons_are_matched_by_id_then_by_name(tmp_path):
    text = "SID\tFirst name\tSurname\n12\tAda\tLovelace\n13\tBob\tBeta\n14\tEva\tDe la O\n"
    assert matched(tmp_path, text, "Ada Lovelace_12", "13", "De la O, Eva") == [
        "Ada Lovelace_12", "13", "De la O, Eva",
    ]  # fmt: skip


def test_what_exports_do_to_ids_does_not_matter(tmp_path):
    text = "sep=;\r\nOrgDefinedId;Name\r\n#12;Ada\r\n13;Bob\r\n#x7;José\r\n"
    assert matched(tmp_path, text, "0012", "b_0013", "Jose\u0301") == [
        "0012",
        "b_0013",
        "Jose\u0301",
    ]


def test_canvas_export_serves_as_roster(tmp_path):
    assert matched(tmp_path, CANVAS, "lovelaceada_1234") == ["lovelaceada_1234", None]
    names = 'Name,Section\n"Lovelace, Ada",A\nBob de Beta,B\nÉva Ó,B\n'
    assert matched(tmp_path, names, "lovelaceada_1", "betabobde_2", "óéva_3") == [
        "lovelaceada_1", "betabobde_2", "óéva_3",
    ]  # fmt: skip


def test_an_id_before_the_labs_name_is_known(tmp_path):
    text = "username,email\nada,a@x.org\nb_l,l@x.org\nbob,bob@x.org\n"
    students = ["ada_lab05", "b_l", "bob@x.org_lab05"]
    assert matched(tmp_path, text, *students) == students


def test_a_name_of_two_is_nobodys(tmp_path):
    text = "Name\nAda L\nBob\nBob\n"
    assert matched(tmp_path, text, "Ada L_1", "Ada L_2", "Bob") == [None, None, None]


def test_a_table_that_tells_nobody_is_refused(tmp_path):
    with pytest.raises(TableError, match="no column that tells who is who"):
        matched(tmp_path, "colour,size\nred,1\n", "ada")


def test_strangers_to_the_roster_are_named(tmp_path):
    for who in ("ada", "bob"):
        (tmp_path / "in" / who).mkdir(parents=True)
    path = tmp_path / "r.csv"
    path.write_text("username\nada\ncleo\n")
    found = Submissions(tmp_path / "in", STEM)
    found.expect(Persons(read_table(path), path))
    assert found.students == ["ada", "bob", "cleo"]
    assert found.notes == ["Not on the roster: bob."]
    assert found.read("cleo").problem == ("missing", "Nothing was handed in.")
