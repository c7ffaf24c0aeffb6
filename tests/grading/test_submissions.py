"""Finding submissions: folders, nbgrader trees, and the zips that Moodle and Canvas give."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from labtools.grading.reading import Unreadable, read_notebook
from labtools.grading.submissions import Submissions, SubmissionsError

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
    from labtools.grading import submissions

    monkeypatch.setattr(submissions, "FILES_LIMIT", 10)
    write(tmp_path, f"ada/{STEM}.ipynb", *[f"ada/{k:04d}.bin" for k in range(300)])
    read = []
    real = submissions._Folder.read

    def counting(entry, limit):
        read.append(entry)
        return real(entry, limit)

    monkeypatch.setattr(submissions._Folder, "read", staticmethod(counting))
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
