"""A copy of the course that a test may spoil."""

from __future__ import annotations

import shutil
from pathlib import Path

# What `labs release` reads; a copy of it is a course that a test may spoil.
PARTS = ("labchecks", "labhelpers", "solutions", "notebooks", "pyproject.toml", "constraints.txt")
LICENCES = ("LICENSE", "LICENSE-CC-BY-4.0")


def copy_course(course: Path, folder: Path) -> Path:
    """Copy what a release is made of; return the copy's folder."""
    folder.mkdir()
    leave = shutil.ignore_patterns("__pycache__", ".ipynb_checkpoints", "course.secret")
    for name in (*PARTS, *LICENCES):
        if (course / name).is_dir():
            shutil.copytree(course / name, folder / name, ignore=leave)
        else:
            shutil.copy(course / name, folder / name)
    return folder
