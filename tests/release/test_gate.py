"""`labs release` gives the same bytes everywhere, and refuses a course that is not fit for it."""

from __future__ import annotations

import dataclasses
import io
import os
import stat
import subprocess
import sys
import zipfile

import pytest
from course_copy import copy_course

from labtools.faults import LabError
from labtools.release import contents, inspection
from labtools.release.archive import pack
from labtools.release.command import release

LAB = "lab01_two_parameter_training"


@pytest.fixture
def copied(course, tmp_path):
    return copy_course(course, tmp_path / "course")


@pytest.fixture(scope="module")
def gathered(course):
    made = contents.gather(course)
    assert not list(inspection.find_leaks(made))
    return made


def faults(error) -> str:
    return "\n".join(str(fault) for fault in error.value.faults)


def test_the_zip_is_the_same_to_the_byte(zipped, copied, tmp_path):
    """Another folder, other times, another umask, Windows' line ends: the same file."""
    for number, path in enumerate(sorted(copied.rglob("*"))):
        if path.is_file():
            if path.suffix in (".ipynb", ".py", ".txt", ".js", ""):
                path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
            path.chmod(0o755)
            os.utime(path, (1e9 + number, 1e9 + number))
    (copied / "solutions" / "course.secret").write_text("c" * 64)
    (copied / "labhelpers" / "__pycache__").mkdir(exist_ok=True)
    (copied / "labhelpers" / "notes.txt").write_text("a file that lies around")
    umask = os.umask(0o077)
    try:
        target, _ = release(copied, tmp_path / "out")
    finally:
        os.umask(umask)
    assert target.read_bytes() == zipped
    assert stat.S_IMODE(target.stat().st_mode) == 0o644


def test_no_entry_tells_when_or_where_it_was_made(zipped):
    with zipfile.ZipFile(io.BytesIO(zipped)) as archive:
        entries = archive.infolist()
    assert [e.filename for e in entries] == sorted(e.filename for e in entries)
    assert {e.date_time for e in entries} == {(1980, 1, 1, 0, 0, 0)}
    assert {(e.create_system, e.external_attr >> 16) for e in entries} == {(3, 0o100644)}
    assert {e.compress_type for e in entries} == {zipfile.ZIP_STORED}
    assert len({e.filename.partition("/")[0] for e in entries}) == 1


def test_order_does_not_matter():
    assert pack({"a": b"1", "b": b"2"}, "x") == pack({"b": b"2", "a": b"1"}, "x")


PLANTED = {
    "a solution line in the package": (
        "labhelpers/wording.py",
        "    return 2 / np.linalg.eigvalsh(hessian).max()",
        "is a solution line of solutions/lab01",
    ),
    "a solution line in the README": (
        "README.md",
        "    w2 -= 0.2 * w2.grad",
        "is a solution line of solutions/lab01",
    ),
    "a solution line within another line": (
        "labhelpers/data.py",
        "x = 1; w2 -= 0.2 * w2.grad  # oops",
        "is a solution line of solutions/lab01",
    ),
    "instructor code": ("labhelpers/data.py", "from labtools import build", "'labtools' belongs"),
    "a solution marker": ("notes.md", "### BEGIN SOLUTION", "'BEGIN SOLUTION' belongs"),
}


@pytest.mark.parametrize("leak", PLANTED)
def test_a_planted_leak_is_found(gathered, leak):
    path, text, reason = PLANTED[leak]
    spoilt = dataclasses.replace(gathered, files={**gathered.files, path: text.encode()})
    found = [str(fault) for fault in inspection.find_leaks(spoilt)]
    assert found and all(line.startswith(f"{path}: ") for line in found)
    assert any(reason in line for line in found), found


@pytest.mark.prove
def test_a_planted_leak_stops_the_command(copied):
    """From end to end: a solution line in a helper module, and no zip."""
    with (copied / "labhelpers" / "history.py").open("a", encoding="utf-8") as file:
        file.write("\n# w2 -= 0.2 * w2.grad\n")
    command = [sys.executable, "-m", "labtools.cli", "--root", str(copied), "release"]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert result.returncode == 1
    assert "labhelpers/history.py: line" in result.stderr
    assert "is a solution line of solutions/lab01" in result.stderr
    assert "nothing was written" in result.stderr
    assert not (copied / "release").exists()


def test_a_lab_changed_by_hand_is_refused(copied):
    path = copied / "notebooks" / f"{LAB}.ipynb"
    path.write_text(path.read_text(encoding="utf-8").replace("two\\n", "three\\n", 1), "utf-8")
    with pytest.raises(LabError) as error:
        release(copied)
    assert f"notebooks/{LAB}.ipynb: has drifted" in faults(error)


def test_every_unfit_lab_is_named(copied):
    labs = sorted((copied / "notebooks").glob("*.ipynb"))
    labs[0].unlink()
    labs[1].write_text("{}", encoding="utf-8")
    (copied / "notebooks" / "old.ipynb").write_text("{}", encoding="utf-8")
    with pytest.raises(LabError) as error:
        release(copied)
    assert f"{labs[0].name}: is missing" in faults(error)
    assert f"{labs[1].name}: is not a notebook" in faults(error)
    assert "old.ipynb: has no source any more" in faults(error)


def test_a_missing_licence_is_named(copied):
    (copied / "LICENSE").unlink()
    with pytest.raises(LabError) as error:
        release(copied)
    assert "LICENSE: is missing" in faults(error)
