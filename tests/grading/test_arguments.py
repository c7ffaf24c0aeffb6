"""The command's arguments: told what is wrong with them at once, and what is not installed."""

import io
import subprocess
import sys
from argparse import ArgumentParser, Namespace
from collections import Counter
from pathlib import Path

import pytest

from labtools.grading import command
from labtools.grading.judging.secret import SecretError, course_secret
from labtools.grading.running import grade
from tests.grading.corpora.base import LAB, ROOT


def run_python(program: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", f"import sys\nfrom labtools.cli import main\n{program}"],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_help_waits_for_no_import():
    done = run_python(
        "try:\n"
        "    main(['grade', '--help'])\n"
        "finally:\n"
        "    slow = {'torch', 'nbgrader', 'nbformat', 'numpy'} & set(sys.modules)\n"
        "    print('imported:', sorted(slow))"
    )
    assert "SUBMISSIONS" in done.stdout
    assert "imported: []" in done.stdout


def parsed(*words: str) -> Namespace:
    """The arguments of `labs grade` with these words."""
    parser = ArgumentParser()
    command.add_arguments(parser)
    arguments = parser.parse_args(["5", "in", "--out", "out", *words])
    arguments.root = ROOT
    return arguments


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("--memory 1.5", "--memory: a whole number above zero is allowed, got '1.5'"),
        ("--jobs=-2", "--jobs: a number above zero is allowed, got '-2'"),
        ("--jobs none", "argument --jobs: a number above zero is allowed, got 'none'"),
        ("--timeout nan", "--timeout: a number above zero is allowed, got 'nan'"),
        ("--memory 99999999", "a number above zero and less than 10,000,000 is allowed"),
        ("--timeout inf", "less than 10,000,000 is allowed, got 'inf'"),
        (f"--jobs {'9' * 5000}", f"less than 10,000,000 is allowed, got '{'9' * 30}…'"),
        ("--scheduler localhost", "the form tcp://HOST:PORT"),
        ("--scheduler foo://x:1", "the form tcp://HOST:PORT"),
        ("--scheduler tcp://host", "got 'tcp://host'"),
        ("--scheduler tcp://host:70000", "got 'tcp://host:70000'"),
        ("--out=", "argument --out: a path is expected, got ''"),
    ],
)
def test_a_wrong_value_is_said_with_what_is_allowed(words, said, capsys):
    with pytest.raises(SystemExit):
        parsed(*words.split())
    assert said in capsys.readouterr().err


def test_an_empty_name_for_the_submissions_is_refused(capsys):
    parser = ArgumentParser()
    command.add_arguments(parser)
    with pytest.raises(SystemExit):
        parser.parse_args(["5", "", "--out", "out"])
    assert "argument SUBMISSIONS: a path is expected, got ''" in capsys.readouterr().err


def test_what_is_right_is_taken():
    arguments = parsed("--memory", "2000", "--timeout", "0.5", "--scheduler", "tcp://[::1]:8786")
    assert (arguments.memory, arguments.timeout) == (2000, 0.5)
    assert type(arguments.memory) is int


def refused(capsys, submissions, out, *words: str) -> str:
    """The sentence with which a call ends before anything is graded."""
    arguments = parsed(*words)
    arguments.submissions, arguments.out = submissions, out
    assert grade.run(arguments) == 2
    return " ".join(capsys.readouterr().err.split())


@pytest.fixture
def class_of(tmp_path):
    """Make a folder with an empty folder for each student."""

    def make(*students: str):
        for student in students:
            (tmp_path / "in" / student).mkdir(parents=True)
        return tmp_path / "in"

    return make


@pytest.mark.parametrize(
    ("only", "said"),
    [
        ("right", "did you mean Right?"),
        ("ada", "did you mean adah or Ada Lovelace_1234?"),
        ("1234", "did you mean Ada Lovelace_1234?"),
        ("zoe", "there are: Ada Lovelace_1234, Right, adah, bob"),
    ],
)
def test_an_unknown_student_is_met_with_those_who_may_be_meant(
    class_of, tmp_path, capsys, only, said
):
    folder = class_of("Ada Lovelace_1234", "Right", "adah", "bob")
    told = refused(capsys, folder, tmp_path / "out", "--only", only)
    assert f"there is no student {only!r} in {folder}; {said}" in told
    assert not (tmp_path / "out").exists()


def test_an_output_folder_that_cannot_be_is_said(class_of, tmp_path, capsys):
    folder = class_of("ada")
    file = tmp_path / "file"
    file.touch()
    assert f"--out {file} is a file; name a folder" in refused(capsys, folder, file)
    told = refused(capsys, folder, file / "sub")
    assert f"--out {file}/sub cannot be made (Not a directory); name a folder where" in told


@pytest.mark.skipif(sys.platform != "linux", reason="needs /proc")
def test_an_output_folder_where_nothing_can_be_made_is_said(class_of, tmp_path, capsys):
    told = refused(capsys, class_of("ada"), Path("/proc/nope"))
    assert "--out /proc/nope cannot be made (No such file or directory)" in told


@pytest.mark.parametrize("content", [b"\x80\xff" * 40, b"short"])
def test_a_secret_that_is_none_is_said_with_the_cure(tmp_path, content):
    (tmp_path / "course.secret").write_bytes(content)
    with pytest.raises(SecretError, match="delete it to have a new one made .*or copy the course"):
        course_secret(tmp_path)


def test_a_missing_package_is_named(tmp_path):
    words = ["grade", "5", str(tmp_path), "--out", str(tmp_path / "out")]
    done = run_python(f"sys.modules['nbformat'] = None\nsys.exit(main({words!r}))")
    assert done.returncode == 2
    assert "labs grade: the package nbformat is missing; install" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("inside", ["", "grades", "ada/../deep/grades", "link"])
def test_an_output_folder_among_the_submissions_is_refused(tmp_path, capsys, inside):
    submissions = tmp_path / "submitted"
    (submissions / "ada").mkdir(parents=True)
    (submissions / "ada" / f"{LAB}.ipynb").write_text("{}")
    out = submissions / inside
    if inside == "link":
        out = tmp_path / "link"
        out.symlink_to(submissions)
    told = refused(capsys, submissions, out)
    assert f"--out {out}" in told and "choose a folder outside" in told
    assert [p.name for p in submissions.rglob("*")] == ["ada", f"{LAB}.ipynb"]


def test_a_second_run_into_the_same_folder_is_refused(tmp_path):
    pytest.importorskip("fcntl")
    from labtools.grading.running.grade import alone_in

    submissions, out = tmp_path / "submitted", tmp_path / "out"
    (submissions / "ada").mkdir(parents=True)
    out.mkdir()
    words = ["--root", str(ROOT), "grade", "5", str(submissions), "--out", str(out)]
    with alone_in(out):
        done = run_python(f"sys.exit(main({words!r}))")
    assert done.returncode == 2 and "Traceback" not in done.stderr
    said = f"another `labs grade` is writing to {out}; wait for it or choose another --out"
    assert said in done.stderr
    assert [p.name for p in out.iterdir()] == [".labs-grade.lock"]
    with alone_in(out):
        pass  # given back


def test_files_of_nobody_are_named_beside_the_count(tmp_path):
    from rich.console import Console

    from labtools.grading.handed_in.submissions import Submissions
    from labtools.grading.running.grade import _report

    (tmp_path / "ada").mkdir()
    for name in ("linus.zip", "notes[1].pdf", "a", "b", "c", "d", "e"):
        (tmp_path / name).touch()
    submissions = Submissions(tmp_path, LAB)
    work = Namespace(
        students=["ada"], kept=0, released=Namespace(stem=LAB), submissions=submissions, notes={}
    )
    said = io.StringIO()
    _report(Console(file=said), Namespace(out=tmp_path), work, Counter(), 1, 1.0, False)
    lines = said.getvalue().splitlines()
    assert "1 submissions" in lines[0]
    assert lines[1] == "Passed over: a, b, c, d, e and 2 more"
