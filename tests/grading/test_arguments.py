"""The command's arguments: told what is wrong with them at once, and what is not installed."""

import io
import subprocess
import sys
from argparse import Namespace
from collections import Counter

import pytest

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


def test_a_wrong_number_is_named(tmp_path):
    done = run_python(f"main(['grade', '5', {str(tmp_path)!r}, '--out', 'x', '--jobs', 'none'])")
    assert "argument --jobs: a number above zero is allowed, got 'none'" in done.stderr


def test_a_missing_package_is_named(tmp_path):
    words = ["grade", "5", str(tmp_path), "--out", str(tmp_path / "out")]
    done = run_python(f"sys.modules['nbformat'] = None\nsys.exit(main({words!r}))")
    assert done.returncode == 2
    assert "labs grade: the package nbformat is missing; install" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "out").exists()


def grade_into(submissions, out) -> subprocess.CompletedProcess[str]:
    words = ["--root", str(ROOT), "grade", "5", str(submissions), "--out", str(out)]
    return run_python(f"sys.exit(main({words!r}))")


@pytest.mark.parametrize("inside", ["", "grades", "ada/../deep/grades", "link"])
def test_an_output_folder_among_the_submissions_is_refused(tmp_path, inside):
    submissions = tmp_path / "submitted"
    (submissions / "ada").mkdir(parents=True)
    (submissions / "ada" / f"{LAB}.ipynb").write_text("{}")
    out = submissions / inside
    if inside == "link":
        out = tmp_path / "link"
        out.symlink_to(submissions)
    done = grade_into(submissions, out)
    assert done.returncode == 2 and "Traceback" not in done.stderr
    assert f"--out {out}" in done.stderr and "choose a folder outside" in done.stderr
    assert [p.name for p in submissions.rglob("*")] == ["ada", f"{LAB}.ipynb"]


def test_a_second_run_into_the_same_folder_is_refused(tmp_path):
    pytest.importorskip("fcntl")
    from labtools.grading.grade import alone_in

    submissions, out = tmp_path / "submitted", tmp_path / "out"
    (submissions / "ada").mkdir(parents=True)
    out.mkdir()
    with alone_in(out):
        done = grade_into(submissions, out)
    assert done.returncode == 2 and "Traceback" not in done.stderr
    said = f"another `labs grade` is writing to {out}; wait for it or choose another --out"
    assert said in done.stderr
    assert [p.name for p in out.iterdir()] == [".labs-grade.lock"]
    with alone_in(out):
        pass  # given back


def test_files_of_nobody_are_named_beside_the_count(tmp_path):
    from rich.console import Console

    from labtools.grading.grade import _report
    from labtools.grading.submissions import Submissions

    (tmp_path / "ada").mkdir()
    for name in ("linus.zip", "notes[1].pdf", "a", "b", "c", "d", "e"):
        (tmp_path / name).touch()
    submissions = Submissions(tmp_path, LAB)
    work = Namespace(
        students=["ada"], kept=0, released=Namespace(stem=LAB), submissions=submissions
    )
    said = io.StringIO()
    _report(Console(file=said), Namespace(out=tmp_path), work, Counter(), 1, 1.0, False)
    lines = said.getvalue().splitlines()
    assert "1 submissions" in lines[0]
    assert lines[1] == "Passed over: a, b, c, d, e and 2 more"
