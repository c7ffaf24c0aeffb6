"""Finding submissions: folders, nbgrader trees, and the zips that Moodle and Canvas give."""

from __future__ import annotations

import io
import json
import unicodedata
import zipfile
from pathlib import Path

import pytest

from labtools.grading.handed_in.notebook import Unreadable, holds_cells_of, read_notebook
from labtools.grading.handed_in.submissions import Submissions, SubmissionsError

STEM = "lab05_implement_gradient_descent"


def write(folder: Path, *names: str) -> Path:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"content of {name}")
    return folder


def pack(path: Path, *names: str) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for name in names:
            archive.writestr(name, f"content of {name}")
    return path


def found(source: Path) -> dict[str, str]:
    """Which file was taken for each student, or the status of what is wrong."""
    return {
        s.student: s.problem[0] if s.problem else s.notebook.decode().removeprefix("content of ")
        for s in Submissions(source, STEM)
    }


def test_a_folder_per_student(tmp_path):
    write(tmp_path, f"ada/{STEM}.ipynb", f"bob/{STEM}.ipynb", "cleo/essay.txt", ".git/x")
    assert found(tmp_path) == {
        "ada": f"ada/{STEM}.ipynb",
        "bob": f"bob/{STEM}.ipynb",
        "cleo": "missing",
    }


def test_nbgraders_submitted_folder(tmp_path):
    other = "lab01_two_parameter_training"
    write(tmp_path, f"ada/{STEM}/{STEM}.ipynb", f"ada/{other}/{other}.ipynb",
          f"ada/{STEM}/timestamp.txt", f"bob/{other}/{other}.ipynb")  # fmt: skip
    assert found(tmp_path) == {"ada": f"ada/{STEM}/{STEM}.ipynb", "bob": "missing"}
    (submission,) = [s for s in Submissions(tmp_path, STEM) if s.student == "ada"]
    assert list(submission.files) == ["timestamp.txt"]


def test_a_moodle_zip(tmp_path):
    path = pack(
        tmp_path / "moodle.zip",
        f"Ada Lovelace_1234_assignsubmission_file_/{STEM}.ipynb",
        f"Bob Beta_99_assignsubmission_file_{STEM}.ipynb",
        "Bob Beta_99_assignsubmission_onlinetext_/onlinetext.html",
        "Cleo G_7_assignsubmission_file_/photo.png",
        "__MACOSX/._x",
    )
    assert found(path) == {
        "Ada Lovelace_1234": f"Ada Lovelace_1234_assignsubmission_file_/{STEM}.ipynb",
        "Bob Beta_99": f"Bob Beta_99_assignsubmission_file_{STEM}.ipynb",
        "Cleo G_7": "missing",
    }


def test_a_canvas_zip(tmp_path):
    path = pack(
        tmp_path / "canvas.zip",
        f"lovelaceada_1234_5678_{STEM}.ipynb",
        f"betabob_LATE_99_5679_{STEM}-2.ipynb",
        "gammacleo_7_5680_photo.png",
    )
    assert found(path) == {
        "lovelaceada_1234": f"lovelaceada_1234_5678_{STEM}.ipynb",
        "betabob_99": f"betabob_LATE_99_5679_{STEM}-2.ipynb",
        "gammacleo_7": "missing",
    }


def test_a_zip_with_one_folder_around_everything(tmp_path):
    path = pack(tmp_path / "a.zip", f"all/ada/{STEM}.ipynb", f"all/bob/{STEM}.ipynb", "all/README")
    assert set(found(path)) >= {"ada", "bob"}


def test_a_zip_of_one_student(tmp_path):
    path = pack(tmp_path / "a.zip", f"ada/{STEM}.ipynb", "ada/data/points.csv")
    assert found(path) == {"ada": f"ada/{STEM}.ipynb"}


def test_no_path_in_a_zip_leaves_it(tmp_path):
    path = pack(tmp_path / "a.zip", f"ada/{STEM}.ipynb", "ada/../../evil.txt", "/etc/evil.txt")
    (submission,) = [s for s in Submissions(path, STEM) if s.student == "ada"]
    assert not submission.files
    assert not (tmp_path.parent / "evil.txt").exists()


def test_a_zip_bomb_is_not_read(tmp_path):
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(f"ada/{STEM}.ipynb", bytes(60_000_000))
    (submission,) = Submissions(path, STEM)
    assert submission.problem[0] == "unreadable" and "larger" in submission.problem[1]


def test_a_name_that_no_folder_can_have_is_shortened(tmp_path):
    path = pack(tmp_path / "a.zip", f"{'é' * 300}/{STEM}.ipynb", f"{'é' * 301}/{STEM}.ipynb")
    names = [s.student for s in Submissions(path, STEM)]
    assert len(set(names)) == 2
    for name in names:
        (tmp_path / name).mkdir()


def test_bombs_beside_the_notebook_cost_little(tmp_path, monkeypatch):
    from labtools.grading.handed_in import submissions

    monkeypatch.setattr(submissions, "FILES_LIMIT", 10)
    write(tmp_path, f"ada/{STEM}.ipynb", *[f"ada/{k:04d}.bin" for k in range(300)])
    read = []
    real = submissions.Folder.read

    def counting(reader, entry, limit):
        read.append(entry)
        return real(reader, entry, limit)

    monkeypatch.setattr(submissions.Folder, "read", counting)
    (submission,) = Submissions(tmp_path, STEM)
    assert not submission.files and len(read) <= 1 + submissions.MOST_FILES


@pytest.mark.parametrize(
    "name", ["lab05.ipynb", f"{STEM} (1).ipynb", f"Copy of {STEM.upper()}.ipynb", "homework.ipynb"]
)
def test_a_renamed_file_is_found_and_said(tmp_path, name):
    write(tmp_path, f"ada/{name}")
    (submission,) = Submissions(tmp_path, STEM)
    assert submission.problem is None
    assert name in submission.note


def test_another_labs_file_is_not_taken(tmp_path):
    write(tmp_path, "ada/lab01_two_parameter_training.ipynb")
    (submission,) = Submissions(tmp_path, STEM)
    assert submission.problem[0] == "missing" and "lab01" in submission.problem[1]


def test_of_two_the_exact_name_counts(tmp_path):
    write(tmp_path, f"ada/{STEM}.ipynb", f"ada/{STEM}-old.ipynb")
    assert found(tmp_path) == {"ada": f"ada/{STEM}.ipynb"}


def test_the_courses_own_package_is_never_taken_along(tmp_path):
    write(tmp_path, f"ada/{STEM}.ipynb", "ada/labhelpers/data.py", "ada/labhelpers.py", "ada/me.py")
    (submission,) = Submissions(tmp_path, STEM)
    assert list(submission.files) == ["me.py"]


# Files that no student made -----------------------------------------------------------------------

NOT_HANDED_IN = [
    f".ipynb_checkpoints/{STEM}-checkpoint.ipynb",
    f"ada/.ipynb_checkpoints/{STEM}.ipynb",
    f"ada/._{STEM}.ipynb",
    f"ada/__MACOSX/{STEM}.ipynb",
    f"__MACOSX/ada/._{STEM}.ipynb",
    f"__MACOSX/{STEM}.ipynb",
]


@pytest.mark.parametrize("kind", ["folder", "zip"])
def test_checkpoints_and_what_macos_adds_are_not_graded(tmp_path, kind):
    names = ["ada/homework.ipynb", "ada/points.csv", f"bob/.ipynb_checkpoints/{STEM}.ipynb"]
    names += NOT_HANDED_IN
    made = write(tmp_path, *names) if kind == "folder" else pack(tmp_path / "a.zip", *names)
    assert found(made) == {"ada": "ada/homework.ipynb", "bob": "missing"}
    ada, _ = Submissions(made, STEM)
    assert list(ada.files) == ["points.csv"]
    assert not Submissions(made, STEM).passed_over


def test_what_macos_adds_does_not_hide_that_one_folder_holds_all(tmp_path):
    names = [f"all/ada/{STEM}.ipynb", f"__MACOSX/all/ada/._{STEM}.ipynb"]
    names += [f"all/bob/.ipynb_checkpoints/{STEM}.ipynb", "all/.DS_Store"]
    path = pack(tmp_path / "a.zip", *names)
    assert found(path) == {"ada": f"all/ada/{STEM}.ipynb", "bob": "missing"}


def test_a_checkpoint_alone_is_nobodys_submission(tmp_path):
    path = pack(tmp_path / "a.zip", f".ipynb_checkpoints/{STEM}-checkpoint.ipynb")
    with pytest.raises(SubmissionsError, match="no submission"):
        Submissions(path, STEM)


# Several that may be meant ------------------------------------------------------------------------


@pytest.mark.parametrize("late", ["", "LATE_"])
@pytest.mark.parametrize("kind", ["folder", "zip"])
def test_of_two_uploads_in_canvas_the_later_one_counts(tmp_path, kind, late):
    older = f"lovelaceada_12345_678901_{STEM}.ipynb"
    newer = f"lovelaceada_{late}12345_678999_{STEM}-1.ipynb"
    made = write(tmp_path, older, newer) if kind == "folder" else pack(tmp_path / "a", older, newer)
    (submission,) = Submissions(made, STEM)
    assert submission.student == "lovelaceada_12345"
    assert submission.notebook == f"content of {newer}".encode()
    assert f"{newer} was graded" in submission.note
    assert f"Not graded: {older}." in submission.note


def test_uploads_in_canvas_are_counted_not_spelled(tmp_path):
    names = [f"a_1_{99 + k}_{STEM}-{k}.ipynb" for k in range(1, 12)]
    (submission,) = Submissions(pack(tmp_path / "a.zip", *names), STEM)
    assert submission.notebook == f"content of {names[-1]}".encode()
    assert "Of 11 notebooks" in submission.note and "and 5 more" in submission.note


def test_a_copy_beside_the_exact_name_is_said(tmp_path):
    folder = "Ada Lovelace_1234_assignsubmission_file_"
    path = pack(tmp_path / "a.zip", f"{folder}/{STEM}-Copy1.ipynb", f"{folder}/{STEM}.ipynb")
    (submission,) = Submissions(path, STEM)
    assert submission.notebook == f"content of {folder}/{STEM}.ipynb".encode()
    assert submission.note == (
        f"Of 2 notebooks that may be meant, {STEM}.ipynb was graded. "
        f"Not graded: {STEM}-Copy1.ipynb."
    )


def test_another_labs_notebook_beside_it_is_not_meant(tmp_path):
    write(tmp_path, f"ada/{STEM}.ipynb", "ada/lab01_two_parameter_training.ipynb")
    (submission,) = Submissions(tmp_path, STEM)
    assert submission.note == ""


# nbgrader's course folder, and what is nobody's ---------------------------------------------------


def test_nbgraders_course_folder_is_stepped_into(tmp_path):
    write(tmp_path, f"submitted/ada/{STEM}/{STEM}.ipynb", "submitted/bob/lab01/lab01.ipynb",
          f"source/{STEM}/{STEM}.ipynb", "gradebook.db", "roster.csv")  # fmt: skip
    assert found(tmp_path) == {"ada": f"submitted/ada/{STEM}/{STEM}.ipynb", "bob": "missing"}
    assert Submissions(tmp_path, STEM).passed_over == ["roster.csv"]


def test_submitted_alone_is_stepped_into(tmp_path):
    write(tmp_path, f"submitted/ada/{STEM}/{STEM}.ipynb")
    assert found(tmp_path) == {"ada": f"submitted/ada/{STEM}/{STEM}.ipynb"}


def test_a_student_called_submitted_is_one(tmp_path):
    write(tmp_path, f"submitted/{STEM}.ipynb", f"bob/{STEM}.ipynb")
    assert set(found(tmp_path)) == {"submitted", "bob"}


@pytest.mark.parametrize("kind", ["folder", "zip"])
def test_a_file_of_nobody_is_passed_over_and_named(tmp_path, kind):
    names = [f"ada/{STEM}.ipynb", f"bob/{STEM}.ipynb", "linus.zip", "notes.pdf", ".DS_Store"]
    made = write(tmp_path, *names) if kind == "folder" else pack(tmp_path / "a", *names)
    assert set(found(made)) == {"ada", "bob"}
    assert Submissions(made, STEM).passed_over == ["linus.zip", "notes.pdf"]


def test_nobody_but_files_is_said_with_their_names(tmp_path):
    write(tmp_path, *[f"{k}.zip" for k in range(7)])
    with pytest.raises(SubmissionsError, match=r"Passed over: 0.zip, .*, 4.zip and 2 more$"):
        Submissions(tmp_path, STEM)


# A zip that a student handed in -------------------------------------------------------------------


def hand_in_zip(folder: Path, *names: str) -> Submissions:
    """Ada's `work.zip` with these files, in folders."""
    (folder / "ada").mkdir()
    pack(folder / "ada/work.zip", *names)
    return Submissions(folder, STEM)


def test_what_was_handed_in_instead_is_listed(tmp_path):
    write(tmp_path, "ada/lab01.ipynb", *[f"ada/{k}.png" for k in range(6)])
    (submission,) = Submissions(tmp_path, STEM)
    assert submission.problem == (
        "missing",
        f"There is no {STEM}.ipynb. Handed in: lab01.ipynb, 0.png, 1.png, 2.png, 3.png and 2 more.",
    )


def test_a_students_zip_with_one_notebook_is_opened(tmp_path):
    inside = [f"work/{STEM}.ipynb", "work/points.csv", f"__MACOSX/work/._{STEM}.ipynb"]
    (submission,) = hand_in_zip(tmp_path, *inside)
    assert submission.notebook == f"content of work/{STEM}.ipynb".encode()
    assert list(submission.files) == ["points.csv"]
    assert submission.note == f"The file graded is work/{STEM}.ipynb, from inside work.zip."


def test_a_zip_in_canvas_zip_is_opened(tmp_path):
    packed = pack(tmp_path / "in.zip", f"{STEM}.ipynb").read_bytes()
    with zipfile.ZipFile(tmp_path / "canvas.zip", "w") as archive:
        archive.writestr("lovelaceada_1_2_lab05.zip", packed)
    (submission,) = Submissions(tmp_path / "canvas.zip", STEM)
    assert submission.notebook == f"content of {STEM}.ipynb".encode()
    assert "lovelaceada_1_2_lab05.zip" in submission.note


@pytest.mark.parametrize(
    ("inside", "said"),
    [
        ([f"{STEM}.ipynb", "lab05.ipynb"], "holds 2 notebooks"),
        (["lab01.ipynb"], "holds no notebooks"),
        (["again.zip"], "holds no notebooks"),
        ([f"../{STEM}.ipynb"], "holds no notebooks"),
    ],
)
def test_a_students_zip_that_is_not_clear_is_said(tmp_path, inside, said):
    (submission,) = hand_in_zip(tmp_path, *inside)
    status, text = submission.problem
    assert status == "missing" and "Handed in: work.zip." in text
    assert f"work.zip {said}" in text and "hand in the notebook itself" in text


def test_no_path_in_a_students_zip_leaves_it(tmp_path):
    names = [f"{STEM}.ipynb", "../evil.txt", "/etc/evil.txt", "a", "a/b", "é" * 200, "x/" * 30000]
    (submission,) = hand_in_zip(tmp_path, *names)
    assert set(submission.files) == {"etc/evil.txt", "a/b"}


def bomb(path: Path, method: int) -> None:
    path.parent.mkdir(exist_ok=True)
    with zipfile.ZipFile(path, "w", method) as archive:
        archive.writestr(f"{STEM}.ipynb", bytes(60_000_000))


def test_a_bomb_in_a_students_zip_is_not_read(tmp_path):
    bomb(tmp_path / "ada/work.zip", zipfile.ZIP_DEFLATED)
    (submission,) = Submissions(tmp_path, STEM)
    status, text = submission.problem
    assert status == "unreadable" and "Inside work.zip" in text and "larger" in text


def test_a_method_that_unfolds_without_a_limit_is_refused(tmp_path):
    pytest.importorskip("bz2")
    bomb(tmp_path / "ada/work.zip", zipfile.ZIP_BZIP2)
    (submission,) = Submissions(tmp_path, STEM)
    assert submission.problem[0] == "unreadable" and "deflate" in submission.problem[1]


@pytest.mark.parametrize("kind", ["damaged", "too many files"])
def test_a_students_zip_that_cannot_be_opened_is_said(tmp_path, kind):
    content = io.BytesIO(b"PK\x03\x04 and no more")
    if kind == "too many files":
        with zipfile.ZipFile(content, "w") as archive:
            for k in range(20_001):
                archive.writestr(f"{k}.txt", "")
    (tmp_path / "ada").mkdir()
    (tmp_path / "ada/work.zip").write_bytes(content.getvalue())
    (submission,) = Submissions(tmp_path, STEM)
    said = "cannot be unpacked" if kind == "damaged" else "holds more than 20000 files"
    assert submission.problem[0] == "missing" and f"work.zip {said}" in submission.problem[1]


# Which level the students' folders are on ---------------------------------------------------------

ADA = "Ada Lovelace_12345_assignsubmission_file_"


def made(folder: Path, kind: str, *names: str) -> Path:
    """The same tree in a folder or in a zip."""
    return write(folder / "in", *names) if kind == "folder" else pack(folder / "in.zip", *names)


both = pytest.mark.parametrize("kind", ["folder", "zip"])


@both
@pytest.mark.parametrize("inner", ["notebooks", "2026-01-01_10-00", "Bob", "work/week 1"])
@pytest.mark.parametrize(("outer", "student"), [(ADA, "Ada Lovelace_12345"), ("ada", "ada")])
def test_one_students_folders_are_no_students(tmp_path, kind, inner, outer, student):
    names = [f"{outer}/{inner}/{STEM}.ipynb", f"{outer}/data/x.csv", f"{outer}/old/lab05.ipynb"]
    source = made(tmp_path, kind, *names)
    assert found(source) == {student: names[0]}
    assert not Submissions(source, STEM).notes


@both
def test_two_notebooks_of_one_moodle_student_are_no_students(tmp_path, kind):
    names = [f"{ADA}/first/{STEM}.ipynb", f"{ADA}/second/{STEM}.ipynb"]
    assert set(found(made(tmp_path, kind, *names))) == {"Ada Lovelace_12345"}


@both
@pytest.mark.parametrize("around", ["all", "week 5/lab05"])
def test_a_folder_around_all_students_is_said(tmp_path, kind, around):
    names = [f"{around}/ada/{STEM}.ipynb", f"{around}/bob/work/lab5.ipynb", f"{around}/README"]
    source = made(tmp_path, kind, *names)
    assert found(source) == {"ada": names[0], "bob": names[1]}
    submissions = Submissions(source, STEM)
    assert submissions.notes == [f"The students are those in the folder {around} of {source}."]
    assert submissions.passed_over == ["README"]


@both
@pytest.mark.parametrize(
    "name", [f"{STEM}.ipynb", "lab5.ipynb", f"{STEM}/{STEM}.ipynb", f"lab05/{STEM}.ipynb"]
)
def test_one_students_folder_is_refused(tmp_path, kind, name):
    source = made(tmp_path, kind, name, "data/x.csv", "old/homework.ipynb")
    with pytest.raises(SubmissionsError, match="looks like one student's.*give (the|a) folder"):
        Submissions(source, STEM)


COURSE = [
    f"submitted/ada/{STEM}/{STEM}.ipynb",
    f"source/{STEM}/{STEM}.ipynb",
    f"release/{STEM}/{STEM}.ipynb",
    "gradebook.db",
]


@both
@pytest.mark.parametrize("around", ["", "course/"])
def test_nbgraders_course_is_known_wherever_it_lies(tmp_path, kind, around):
    source = made(tmp_path, kind, *[f"{around}{name}" for name in COURSE])
    assert found(source) == {"ada": f"{around}{COURSE[0]}"}
    assert len(Submissions(source, STEM).notes) == bool(around)


@both
def test_a_course_of_submitted_work_alone_is_known(tmp_path, kind):
    names = [f"course/{COURSE[0]}", "course/roster.csv"]
    assert found(made(tmp_path, kind, *names)) == {"ada": names[0]}


@both
def test_several_courses_are_refused(tmp_path, kind):
    names = [f"{term}/{name}" for term in ("spring", "autumn") for name in COURSE]
    with pytest.raises(SubmissionsError, match="courses each: autumn, spring; .*give .*autumn"):
        Submissions(made(tmp_path, kind, *names), STEM)


@both
def test_folders_that_nbgrader_made_are_no_students(tmp_path, kind):
    source = made(tmp_path, kind, *COURSE[1:])
    with pytest.raises(SubmissionsError, match=r"release, source; give nbgrader's submitted/"):
        Submissions(source, STEM)


@both
def test_downloads_side_by_side_are_refused(tmp_path, kind):
    moodle = [f"{who}_{k}_assignsubmission_file_/{STEM}.ipynb" for k, who in enumerate("AB")]
    names = [f"{group}/{name}" for group in ("monday", "tuesday") for name in moodle]
    with pytest.raises(
        SubmissionsError, match=r"several students .*monday, tuesday; .*give .*monday"
    ):
        Submissions(made(tmp_path, kind, *names), STEM)


@both
def test_what_may_be_a_group_of_students_is_said(tmp_path, kind):
    names = [f"monday/ada/{STEM}.ipynb", f"monday/bob/{STEM}.ipynb", f"cleo/{STEM}.ipynb"]
    names += [f"dan/old/{STEM}.ipynb", f"dan/new/{STEM}.ipynb"]
    submissions = Submissions(made(tmp_path, kind, *names), STEM)
    assert submissions.students == ["cleo", "dan", "monday"]
    (note,) = submissions.notes
    assert "in several folders: monday. If it is a group of students, " in note
    assert note.endswith("monday by itself.")


@both
def test_one_students_odd_folders_keep_nobody_from_a_grade(tmp_path, kind):
    odd = [f"ada/{name}" for name in COURSE]
    odd += [f"bob/{who}_1_assignsubmission_file_/{STEM}.ipynb" for who in "AB"]
    submissions = Submissions(made(tmp_path, kind, *odd, f"cleo/{STEM}.ipynb"), STEM)
    assert submissions.students == ["ada", "bob", "cleo"]
    assert "one student, with notebooks in several folders: ada, bob." in submissions.notes[0]


@both
def test_a_date_is_no_name_that_canvas_made(tmp_path, kind):
    names = ["ada/lab05_2026_11_26.ipynb", "ada/lab05_2025_11_01.ipynb"]
    assert set(found(made(tmp_path, kind, *names))) == {"ada"}


# Nobody vanishes ----------------------------------------------------------------------------------


def zipped(*names: str) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for name in names:
            archive.writestr(name, f"content of {name}")
    return content.getvalue()


def test_an_empty_folder_in_a_zip_is_missing(tmp_path):
    path = pack(tmp_path / "a.zip", f"ada/{STEM}.ipynb", "bob/")
    assert found(path) == {"ada": f"ada/{STEM}.ipynb", "bob": "missing"}
    path = pack(tmp_path / "b.zip", "all/", "all/ada/", f"all/ada/{STEM}.ipynb", "all/bob/")
    assert found(path) == {"ada": f"all/ada/{STEM}.ipynb", "bob": "missing"}


@both
def test_a_zip_in_no_folder_is_a_students(tmp_path, kind):
    content = {"ada.zip": zipped(f"x/{STEM}.ipynb"), "bob.zip": zipped("a.txt")}
    content |= {"cleo.zip": content["ada.zip"][:50], "dan.zip": b"hello"}
    if kind == "folder":
        source = tmp_path
        for name, held in content.items():
            (tmp_path / name).write_bytes(held)
    else:
        source = tmp_path / "all.zip"
        with zipfile.ZipFile(source, "w") as archive:
            for name, held in content.items():
                archive.writestr(name, held)
    assert found(source) == {"ada": f"x/{STEM}.ipynb", "bob": "missing", "cleo": "missing"}
    assert Submissions(source, STEM).passed_over == ["dan.zip"]


def test_a_text_typed_into_canvas_is_somebodys(tmp_path):
    path = pack(tmp_path / "a.zip", f"ada_1_2_{STEM}.ipynb", "qi_1239_text.html")
    assert found(path) == {"ada_1": f"ada_1_2_{STEM}.ipynb", "qi_1239": "missing"}
    status, text = Submissions(path, STEM).read("qi_1239").problem
    assert "Handed in: qi_1239_text.html. What is typed into the platform" in text


@both
@pytest.mark.parametrize("around", ["", "downloads/"])
@pytest.mark.parametrize(
    "names",
    [[f"{ADA}/{STEM}.ipynb"], [f"ada_1_2_{STEM}.ipynb", f"bob_LATE_2_3_{STEM}-1.ipynb"]],
    ids=["Moodle", "Canvas"],
)
def test_a_download_left_inside_names_the_cure(tmp_path, kind, around, names):
    if kind == "folder":
        source = write(tmp_path / "in", f"{around}x")
        (source / f"{around}x").unlink()
        (source / f"{around}dl.zip").write_bytes(zipped(*names))
        cure = f"give {source}/{around}dl.zip itself"
    else:
        source = tmp_path / "in.zip"
        with zipfile.ZipFile(source, "w") as archive:
            archive.writestr(f"{around}dl.zip", zipped(*names))
        cure = f"unpack {source} and give {around}dl.zip itself"
    with pytest.raises(SubmissionsError) as caught:
        Submissions(source, STEM)
    assert cure in str(caught.value)


def test_a_download_beside_its_own_folders_is_passed_over_with_a_note(tmp_path):
    write(tmp_path, f"{ADA}/{STEM}.ipynb", "Bob_1_assignsubmission_file_/x.pdf")
    (tmp_path / "dl.zip").write_bytes(zipped(f"{ADA}/{STEM}.ipynb"))
    submissions = Submissions(tmp_path, STEM)
    assert submissions.students == ["Ada Lovelace_12345", "Bob_1"]
    assert submissions.passed_over == ["dl.zip"] and "dl.zip itself" in submissions.notes[0]


# Which notebook is meant --------------------------------------------------------------------------

OURS = '{"cells": [{"metadata": {"nbgrader": {"grade_id": "lab05-loss"}}}]}'


def handed_in(folder: Path, **content: str):
    """Ada's only submission, of files with this content."""
    for name, text in content.items():
        write(folder, f"ada/{name}").joinpath(f"ada/{name}").write_text(text)
    (submission,) = Submissions(folder, STEM)
    return submission


@pytest.mark.parametrize(
    "name",
    ["lab5", "Lab5_solution", "lab-05", "LAB 5", "implement_gradient_descent", "ada_lab_05_final",
     "Lab 5 - Implement Gradient Descent", "ImplementGradientDescent"],
)  # fmt: skip
def test_a_name_spelled_otherwise_is_known(tmp_path, name):
    names = {f"{name}.ipynb": "x", "Untitled.ipynb": "y", "lab04.ipynb": "z"}
    submission = handed_in(tmp_path, **names)
    assert (submission.name, submission.notebook) == (f"{name}.ipynb", b"x")
    assert submission.note == f"The file graded is {name}.ipynb."


def test_the_labs_title_says_more_than_its_number(tmp_path):
    full = "Lab 5 - Implement Gradient Descent.ipynb"
    submission = handed_in(tmp_path, **{full: "x", "lab05_notes.ipynb": OURS})
    assert submission.name == full
    assert "Not graded: lab05_notes.ipynb." in submission.note


@pytest.mark.parametrize("other", ["Untitled.ipynb", "lab05_notes.ipynb"])
def test_where_no_name_decides_the_content_does(tmp_path, other):
    submission = handed_in(tmp_path, **{"my work.ipynb": OURS, other: "notes"})
    assert submission.notebook.decode() == OURS
    assert submission.note == (
        "Of 2 notebooks that may be meant, my work.ipynb was graded, the one with this lab's cells "
        f"in it. Not graded: {other}."
    )


def test_a_notebook_with_another_labs_name_may_hold_this_one(tmp_path):
    submission = handed_in(tmp_path, **{"lab01.ipynb": OURS, "lab02.ipynb": "x"})
    assert submission.name == "lab01.ipynb" and "lab02.ipynb" in submission.note


@pytest.mark.parametrize("name", ["homework", "lab5", "implement gradient descent"])
def test_the_last_upload_counts_whatever_earlier_ones_hold(tmp_path, name):
    (tmp_path / f"ada_1_8_{name}.ipynb").write_text(OURS)
    (tmp_path / f"ada_1_9_{name}-1.ipynb").write_text("without ids")
    (submission,) = Submissions(tmp_path, STEM)
    assert submission.notebook == b"without ids"
    assert submission.note.endswith(f"Not graded: ada_1_8_{name}.ipynb.")


def test_where_nothing_tells_the_notebook_is_missing(tmp_path):
    submission = handed_in(tmp_path, **{"one.ipynb": "x", "two.ipynb": "y"})
    assert submission.problem[0] == "missing"


def test_what_a_student_wrote_does_not_pass_for_the_labs_cells():
    assert holds_cells_of("lab05", json.dumps({"id": "lab05-loss"}).encode("utf-16"))
    assert not holds_cells_of("lab05", json.dumps({"source": OURS}).encode())
    assert not holds_cells_of("lab05", b'{"id": "lab051-loss"}')


def test_an_unnamed_notebook_in_another_labs_folder_is_that_labs(tmp_path):
    write(tmp_path, "ada/lab01_two_parameter_training/homework.ipynb")
    assert found(tmp_path) == {"ada": "missing"}


@pytest.mark.parametrize("old", [f"old/{STEM}.ipynb", "old/lab05.ipynb"])
def test_an_older_version_in_a_students_zip_is_passed_over(tmp_path, old):
    (submission,) = hand_in_zip(tmp_path, f"{STEM}.ipynb", old)
    assert submission.notebook == f"content of {STEM}.ipynb".encode()
    assert submission.note == (
        f"The file graded is {STEM}.ipynb, from inside work.zip. Not graded: {old}."
    )


# What is no submissions at all --------------------------------------------------------------------


@pytest.mark.parametrize("content", [zipped(f"ada/{STEM}.ipynb")[:-30], b"<html>", b""])
def test_a_damaged_zip_is_to_be_downloaded_again(tmp_path, content):
    path = tmp_path / "dl.zip"
    path.write_bytes(content)
    with pytest.raises(SubmissionsError, match="damaged or incomplete.*download it again"):
        Submissions(path, STEM)


@pytest.mark.parametrize("kind", ["nothing", "text", "empty folder"])
def test_what_cannot_be_submissions_is_said(tmp_path, kind):
    path = tmp_path / "x"
    if kind == "text":
        path.write_text("hello")
    if kind == "empty folder":
        path.mkdir()
    with pytest.raises(SubmissionsError, match="x"):
        Submissions(path, STEM)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "empty"),
        (b"{", "JSON"),
        (b"[" * 100_000, "nested"),
        (b"3", "no cells"),
        (b'{"cells": {}}', "no list"),
        (b'{"cells": [3]}', "no cells"),
    ],
)
def test_what_is_no_notebook_is_said(content, reason):
    with pytest.raises(Unreadable, match=reason):
        read_notebook(content)


# Platforms ---------------------------------------------------------------------------------------


def late(source: Path) -> set[str]:
    return {s.student for s in Submissions(source, STEM) if s.late}


def test_canvas_of_groups_nameless_and_late_students(tmp_path):
    path = pack(
        tmp_path / "canvas.zip",
        f"anon_aB3dE_5678_{STEM}.ipynb",
        f"LATE_anon_fG4hI_5679_{STEM}.ipynb",
        "LATE_anon_jK5lM_link.html",
        f"team_blue_12_5680_{STEM}.ipynb",
        f"team_red_LATE_13_5681_{STEM}-1.ipynb",
        "team_grey_LATE_14_text.html",
    )
    assert found(path) == {
        "anon_aB3dE": f"anon_aB3dE_5678_{STEM}.ipynb",
        "anon_fG4hI": f"LATE_anon_fG4hI_5679_{STEM}.ipynb",
        "anon_jK5lM": "missing",
        "team_blue_12": f"team_blue_12_5680_{STEM}.ipynb",
        "team_red_13": f"team_red_LATE_13_5681_{STEM}-1.ipynb",
        "team_grey_14": "missing",
    }
    assert late(path) == {"anon_fG4hI", "anon_jK5lM", "team_red_13", "team_grey_14"}


def test_blackboard_with_two_attempts_and_receipts(tmp_path):
    begin = "Lab 5 Gradient_Descent"
    path = pack(
        tmp_path / "b.zip",
        f"{begin}_ada_l_attempt_2026-11-25-09-00-00.txt",
        f"{begin}_ada_l_attempt_2026-11-25-09-00-00_{STEM}.ipynb",
        f"{begin}_ada_l_attempt_2026-11-26-10-15-30_{STEM}.ipynb",
        f"{begin}_bob_l_attempt_2026-11-26-10-15-30_my lab 5.ipynb",
        f"{begin}_cleo_attempt_2026-11-26-10-15-30.txt",
    )
    assert found(path) == {
        "ada_l": f"{begin}_ada_l_attempt_2026-11-26-10-15-30_{STEM}.ipynb",
        "bob_l": f"{begin}_bob_l_attempt_2026-11-26-10-15-30_my lab 5.ipynb",
        "cleo": "missing",
    }


def test_brightspace_with_two_attempts(tmp_path):
    path = pack(
        tmp_path / "d2l.zip",
        f"11-900 - Ada Lovelace - Nov 26, 2026 934 AM/{STEM}.ipynb",
        f"11-900 - Ada Lovelace - Nov 26, 2026 1210 PM/{STEM}.ipynb",
        f"11-900 - Ada Lovelace - Nov 26, 2026 1134 AM/{STEM}.ipynb",
        f"12-900 - Bob - Nov 2, 2026 1:05 PM - {STEM}.ipynb",
        "index.html",
    )
    assert found(path) == {
        "Ada Lovelace_11": f"11-900 - Ada Lovelace - Nov 26, 2026 1210 PM/{STEM}.ipynb",
        "Bob_12": f"12-900 - Bob - Nov 2, 2026 1:05 PM - {STEM}.ipynb",
    }


@pytest.mark.parametrize("around", ["", "assignment_7_export/"])
def test_gradescope_tells_who_is_who(tmp_path, around):
    path = tmp_path / "g.zip"
    metadata = (
        "submission_1:\n  :submitters:\n  - :name: Ada Lovelace\n    :sid: '0012'\n"
        "submission_2:\n  :submitters:\n  - :name: Bob\n    :email: bob@x.org\n"
        "  - :name: Cleo\n    :sid: 7\n"
    )
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(f"{around}submission_metadata.yml", metadata)
        for k in (1, 2, 3):
            archive.writestr(f"{around}submission_{k}/{STEM}.ipynb", f"content of {k}")
    assert found(path) == {
        "Ada Lovelace_0012": "1", "Bob_bob@x.org & Cleo_7": "2", "submission_3": "3",
    }  # fmt: skip


def test_metadata_that_cannot_be_read_is_said(tmp_path):
    write(tmp_path, f"submission_1/{STEM}.ipynb", f"submission_2/{STEM}.ipynb")
    (tmp_path / "submission_metadata.yml").write_text("a: !!python/object/apply:os.system [x]")
    read = Submissions(tmp_path, STEM)
    assert read.students == ["submission_1", "submission_2"]
    assert "does not tell who the students are" in read.notes[0]


@pytest.mark.parametrize("ending", [".ipynb.json", ".ipynb.txt", ".IPYNB.download", ".json", ""])
def test_what_a_browser_makes_of_an_ending(tmp_path, ending):
    write(tmp_path, f"ada/{STEM}{ending}", "bob/data.json")
    assert found(tmp_path) == {"ada": f"ada/{STEM}{ending}", "bob": "missing"}
    note = Submissions(tmp_path, STEM).read("ada").note
    assert note == f"The file graded is {STEM}{ending}."


def test_the_last_attempt_counts(tmp_path):
    write(tmp_path, *(f"ada/attempt-{k}/{STEM}.ipynb" for k in (1, 2, 10)), "bob/x.txt")
    assert found(tmp_path)["ada"] == f"ada/attempt-10/{STEM}.ipynb"


CELLS = '{"id": "lab05-model"} '


def flat(folder: Path, *names: str) -> None:
    folder.mkdir(parents=True)
    for name in names:
        (folder / name).write_text(f"{CELLS}content of {name}")


@pytest.mark.parametrize(
    "folder, names, students",
    [
        ("submissions", ["ada.ipynb", "alan.ipynb"], {"ada", "alan"}),
        ("Lab 5", [f"Ada Lovelace - {STEM}.ipynb", "Bob - lab 5.ipynb"], {"Ada Lovelace", "Bob"}),
        ("hand-ins", ["ada_lab05.ipynb", "bob_lab05.ipynb", "cleo-lab5.ipynb"],
         {"ada_lab05", "bob_lab05", "cleo-lab5"}),
    ],
)  # fmt: skip
def test_notebooks_in_one_folder_are_one_student_each(tmp_path, folder, names, students):
    flat(tmp_path / folder, *names)
    read = Submissions(tmp_path, STEM)
    assert set(read.students) == students
    assert f"Each notebook counts as one student in the folder {folder}" in read.notes[0]


@pytest.mark.parametrize(
    "names", [["lab05.ipynb", "lab05-old.ipynb"], ["Untitled.ipynb", "Untitled1.ipynb"],
              ["mine.ipynb", "other.ipynb"]]
)  # fmt: skip
def test_notebooks_of_one_student_stay_together(tmp_path, names):
    flat(tmp_path / "ada", *names)
    assert Submissions(tmp_path, STEM).students == ["ada"]


# Lists that are cut, and what is hidden ----------------------------------------------------------


@pytest.mark.parametrize("kind", ["folder", "zip", "a student's zip"])
def test_a_notebook_beside_thousands_of_files_is_found(tmp_path, kind):
    names = [f"a/{k}.txt" for k in range(2_500)] + [f"z/{STEM}.ipynb"]
    source = tmp_path / "in"
    source.mkdir()
    if kind == "folder":
        write(source / "ada", *names)
    elif kind == "zip":
        source = pack(tmp_path / "in.zip", *(f"ada/{name}" for name in names))
    else:
        (source / "ada").mkdir()
        pack(source / "ada/work.zip", *names)
    (submission,) = Submissions(source, STEM)
    assert submission.notebook is not None
    assert "Of 2501 files 2000 were looked at, notebooks first." in submission.note


@pytest.mark.parametrize("kind", ["folder", "zip"])
def test_hidden_folders_are_named(tmp_path, kind):
    names = [f"ada/{STEM}.ipynb", f".bob/{STEM}.ipynb", ".git/config", "__MACOSX/._x"]
    (tmp_path / "in").mkdir()
    source = write(tmp_path / "in", *names) if kind == "folder" else pack(tmp_path / "z", *names)
    read = Submissions(source, STEM)
    assert read.students == ["ada"] and read.passed_over == [".bob/"]


def test_ids_in_the_tables_are_as_many_as_the_students():
    from labtools.grading.results.tables import safe

    ids = ["=q", "'=q", "''=q", "q", "'q", "-", "'", "", "@a", "'@a", "'t Hooft"]
    assert len({safe(i) for i in ids}) == len(ids)
    assert all(safe(i)[:1] not in ("=", "+", "-", "@") for i in ids)
    assert safe("'t Hooft") == "'t Hooft"


# Kindness to what platforms, systems and browsers make of a file --------------------------------


def test_brightspace_in_another_language_or_clock(tmp_path):
    path = pack(
        tmp_path / "d2l.zip",
        f"11-900 - Ada Lovelace - 26 novembre, 2026 2134/{STEM}.ipynb",
        f"11-900 - Ada Lovelace - 26 novembre, 2026 934/{STEM}.ipynb",
        f"12-900 - Bob - November 2, 2026 13:05 - {STEM}.ipynb",
    )
    assert found(path) == {
        "Ada Lovelace_11": f"11-900 - Ada Lovelace - 26 novembre, 2026 2134/{STEM}.ipynb",
        "Bob_12": f"12-900 - Bob - November 2, 2026 13:05 - {STEM}.ipynb",
    }


def files(folder: Path, **content: bytes) -> Path:
    for name, held in content.items():
        path = folder / "ada" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(held)
    return folder


def zip_of(name: str, held: bytes) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr(name, held)
    return content.getvalue()


def test_a_zip_in_a_zip_is_opened(tmp_path):
    inner = zip_of("hand-in.zip", zipped(f"{STEM}.ipynb"))
    (submission,) = Submissions(files(tmp_path, **{"work.zip": inner}), STEM)
    assert submission.notebook == f"content of {STEM}.ipynb".encode()
    assert submission.note == f"The file graded is {STEM}.ipynb, from inside hand-in.zip."
    assert submission.upload == "work.zip"


def test_zips_in_zips_are_opened_three_deep_only(tmp_path):
    held = zipped(f"{STEM}.ipynb")
    for _ in range(3):
        held = zip_of("again.zip", held)
    (submission,) = Submissions(files(tmp_path, **{"work.zip": held}), STEM)
    assert submission.problem[0] == "missing" and "holds no notebooks" in submission.problem[1]


def test_of_several_zips_the_last_upload_counts(tmp_path):
    for k, name in ((8, "work"), (9, "work-1")):
        (tmp_path / f"ada_1_{k}_{name}.zip").write_bytes(zipped(f"{k}/{STEM}.ipynb"))
    (submission,) = Submissions(tmp_path, STEM)
    assert submission.notebook == f"content of 9/{STEM}.ipynb".encode()
    assert submission.note.endswith("Not graded: ada_1_8_work.zip.")


def test_a_zip_with_answers_beats_a_notebook_without_any(tmp_path):
    held = {f"{STEM}.ipynb": b"blank", "work.zip": zip_of("lab05.ipynb", b"answered")}
    source = files(tmp_path, **held)
    (submission,) = Submissions(source, STEM, lambda content: content == b"answered")
    assert submission.notebook == b"answered"
    assert submission.note.endswith(f"work.zip. Nothing is answered in {STEM}.ipynb.")
    (submission,) = Submissions(source, STEM, lambda content: content == b"blank")
    assert submission.notebook == b"blank"


def test_a_zip_with_a_notebooks_name_is_opened(tmp_path):
    (submission,) = Submissions(
        files(tmp_path, **{f"{STEM}.ipynb": zipped(f"x/{STEM}.ipynb")}), STEM
    )
    assert submission.notebook == f"content of x/{STEM}.ipynb".encode()


@pytest.mark.parametrize("name", ["lab05.ipnyb", "homework", "lab05.ipynb.html"])
@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_what_holds_the_labs_cells_is_a_notebook_whatever_its_ending(tmp_path, name, encoding):
    held = {name: OURS.encode(encoding), "data.json": b'{"a": 1}', "lab05.py": OURS[1:].encode()}
    (submission,) = Submissions(files(tmp_path, **held), STEM)
    assert submission.problem is None and submission.note == f"The file graded is {name}."


@pytest.mark.parametrize(
    "name, said",
    [
        ("lab05.html", "exported to"), ("lab05.pdf", "exported to"), ("lab05.py", "exported to"),
        ("lab05.7z", "only .zip is opened"), ("lab05.tar.gz", "only .zip is opened"),
    ],
)  # fmt: skip
def test_what_is_handed_in_in_place_of_a_notebook_names_the_cure(tmp_path, name, said):
    (submission,) = Submissions(write(tmp_path, f"ada/{name}"), STEM)
    assert submission.problem[0] == "missing" and said in submission.problem[1]


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be", "utf-32", "utf-8-sig", "cp1252"])
def test_a_notebook_in_any_encoding_is_read(encoding):
    text = json.dumps({"cells": [{"cell_type": "code", "source": "é"}]}, ensure_ascii=False)
    assert read_notebook(text.encode(encoding)).cells[0].source == "é"


@pytest.mark.parametrize(
    "content, reason",
    [
        (b"<!DOCTYPE html>", "is a web page"), (b"%PDF-1.7 \xff", "is a PDF"),
        (b"# %% [markdown]", "is a Python script"), (b"\x1f\x8b\x08", "is a gzip archive"),
        (b'{"cells": [{"source": "x = 1', "cut off"), (b'{"cells": [', "cut off"),
        (b'{\n<<<<<<< HEAD\n"cells": []}', "merge that git could not finish"),
    ],
)  # fmt: skip
def test_what_the_file_is_in_place_of_a_notebook_is_said(content, reason):
    with pytest.raises(Unreadable, match=reason):
        read_notebook(content)


def test_accents_are_one_however_they_are_spelled(tmp_path):
    apart = unicodedata.normalize("NFD", "José")
    assert found(pack(tmp_path / "a.zip", f"{apart}/{STEM}.ipynb")).keys() == {"José"}


def test_sakais_feedback_is_no_submission(tmp_path):
    folder = "Lab 5/Lovelace, Ada(ada)"
    names = [f"{folder}/{who} attachment(s)/{STEM}.ipynb" for who in ("Submission", "Feedback")]
    bob = f"Lab 5/Beta, Bob(bob)/Submission attachment(s)/{STEM}.ipynb"
    names += [bob, "Lab 5/Gamma, Cleo(cleo)/timestamp.txt", "Lab 5/grades.csv"]
    assert found(pack(tmp_path / "s.zip", *names)) == {
        "Lovelace, Ada(ada)": names[0],
        "Beta, Bob(bob)": bob,
        "Gamma, Cleo(cleo)": "missing",
    }
