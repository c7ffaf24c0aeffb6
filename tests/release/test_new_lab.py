"""A lab as CONTRIBUTING shows it, from its two files to a release and to grades."""

from __future__ import annotations

import csv
import json
import os
import re
import shutil
import subprocess
import sys
import textwrap

import pytest

pytestmark = pytest.mark.prove

STEM = "lab07_a_smoother_curve"
RIGHT = """def smoothed(losses, share):
    kept = [losses[0]]
    for newest in losses[1:]:
        kept.append((1 - share) * kept[-1] + share * newest)
    return kept
"""
SWAPPED = RIGHT.replace("(1 - share)", "share").replace("+ share *", "+ (1 - share) *")


def block(text: str, name: str) -> str:
    """The code under a comment of CONTRIBUTING."""
    found = re.search(rf"<!-- {name} -->\n *```python\n(.*?)\n *```", text, re.DOTALL)
    return textwrap.dedent(found[1]) + "\n"


@pytest.fixture(scope="module")
def copied(course, tmp_path_factory):
    folder = tmp_path_factory.mktemp("new") / "course"
    folder.mkdir()
    leave = shutil.ignore_patterns("__pycache__", ".ipynb_checkpoints", "course.secret")
    for name in ("labchecks", "labhelpers", "labtools", "solutions", "notebooks"):
        shutil.copytree(course / name, folder / name, ignore=leave)
    for name in ("pyproject.toml", "constraints.txt", "LICENSE", "LICENSE-CC-BY-4.0"):
        shutil.copy(course / name, folder)
    text = (course / "CONTRIBUTING.md").read_text(encoding="utf-8")
    (folder / "solutions" / f"{STEM}.py").write_text(block(text, "lab"), encoding="utf-8")
    practices = folder / "labchecks" / "labs" / "lab07.py"
    practices.write_text(block(text, "practices"), encoding="utf-8")
    labs(folder, "build", "lab07")
    return folder


def labs(folder, *arguments):
    environment = {**os.environ, "PYTHONPATH": str(folder)}
    command = [sys.executable, "-m", "labtools.cli", "--root", str(folder), *arguments]
    done = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_it_is_built_with_its_practice(copied):
    released = json.loads((copied / "notebooks" / f"{STEM}.ipynb").read_text(encoding="utf-8"))
    sources = ["".join(cell["source"]) for cell in released["cells"]]
    assert not any("made.append" in source for source in sources)
    solved = (copied / "solutions" / f"{STEM}.ipynb").read_text(encoding="utf-8")
    assert "Each value moves by its share of the way." in solved


def test_the_release_holds_no_program_of_it_and_its_check_works(copied, tmp_path):
    labs(copied, "release", "--out", str(tmp_path / "release"))
    [archive] = (tmp_path / "release").glob("*.zip")
    shutil.unpack_archive(archive, tmp_path)
    [folder] = tmp_path.glob("gradient-descent-labs-*")
    assert not (folder / "labchecks" / "labs" / "lab07.py").exists()
    program = f"""
import labchecks
assert labchecks.__file__.startswith({str(folder)!r})
for source in ({RIGHT!r}, {SWAPPED!r}, "def smoothed(losses, share): return losses[:1]"):
    names = {{}}
    exec(source, names)
    print(float(labchecks.check("lab07-smoothed", names)))
"""
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=folder, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    numbers = [line for line in done.stdout.splitlines() if re.fullmatch(r"[\d.]+", line)]
    assert numbers == ["10.0", "0.0", "0.0"]
    assert "Look at which of the two" in done.stdout


def test_right_and_wrong_answers_are_graded(copied, tmp_path):
    released = json.loads((copied / "notebooks" / f"{STEM}.ipynb").read_text(encoding="utf-8"))
    for student, answer in (("ada", RIGHT), ("bob", SWAPPED)):
        notebook = json.loads(json.dumps(released))
        [cell] = [
            cell
            for cell in notebook["cells"]
            if cell["metadata"].get("nbgrader", {}).get("grade_id") == "lab07-smoothed"
        ]
        cell["source"] = answer
        (tmp_path / "in" / student).mkdir(parents=True)
        (tmp_path / "in" / student / f"{STEM}.ipynb").write_text(json.dumps(notebook))
    labs(copied, "grade", "lab07", str(tmp_path / "in"), "--out", str(tmp_path / "out"))
    with (tmp_path / "out" / "grades.csv").open(encoding="utf-8-sig") as file:
        rows = {row["student_id"]: row for row in csv.DictReader(file)}
    assert rows["ada"]["status"] == "correct" and float(rows["ada"]["score"]) == 10
    assert rows["bob"]["status"] == "incorrect" and float(rows["bob"]["score"]) == 0
    assert "share" in rows["bob"]["feedback"]
