"""Importing the package is cheap, and it keeps its hands off the instructor's code."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import labhelpers

PACKAGE = Path(labhelpers.__file__).parent

MEASURE = """
import time, torch, matplotlib.pyplot
begin = time.process_time()
import labhelpers, labhelpers.figures
print(time.process_time() - begin)
"""


def test_import_costs_at_most_half_a_second_beyond_torch_and_matplotlib():
    costs = [
        float(
            subprocess.run([sys.executable, "-c", MEASURE], capture_output=True, check=True).stdout
        )
        for _ in range(3)
    ]
    assert min(costs) <= 0.5


def imported(text: str) -> set[str]:
    """Every module, and every name taken from one, that a program imports."""
    found = set()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.ImportFrom):
            found.add(node.module or "")
        if isinstance(node, ast.Import | ast.ImportFrom):
            found |= {alias.name for alias in node.names}
    return found


#: The rooms of labchecks, from the top down: each imports those behind it only.
ROOMS = ("labs", "judges", "engine", "ask")


@pytest.mark.parametrize("room", ROOMS)
def test_imports_of_labchecks_run_down_only(room):
    refused = ("labtools", *(f"labchecks.{above}" for above in ROOMS[: ROOMS.index(room)]))
    paths = list((PACKAGE.parent / "labchecks" / room).glob("*.py"))
    assert paths
    for path in paths:
        names = imported(path.read_text(encoding="utf-8"))
        assert not [name for name in names if name.startswith(refused)], path


def test_only_check_and_progress_lead_from_labhelpers_to_labchecks():
    for path in PACKAGE.rglob("*.py"):
        names = imported(path.read_text(encoding="utf-8"))
        assert not any(name.split(".")[0] == "labchecks" for name in names), path


def test_labhelpers_never_imports_labtools():
    program = "def f():\n    global x\n    import labtools.build as b\n    from . import y\n"
    assert imported(program) == {"labtools.build", "", "y"}
    for path in PACKAGE.rglob("*.py"):
        names = imported(path.read_text(encoding="utf-8"))
        assert not any(name.split(".")[0] == "labtools" for name in names), path


def test_public_names_exist():
    for name in labhelpers.__all__:
        assert getattr(labhelpers, name) is not None
