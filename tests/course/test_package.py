"""Importing the package is cheap, and it keeps its hands off the instructor's code."""

import ast
import subprocess
import sys
from pathlib import Path

import labhelpers

PACKAGE = Path(labhelpers.__file__).parent

MEASURE = """
import time, torch, matplotlib.pyplot
begin = time.perf_counter()
import labhelpers, labhelpers.figures
print(time.perf_counter() - begin)
"""


def test_import_costs_at_most_half_a_second_beyond_torch_and_matplotlib():
    costs = [
        float(
            subprocess.run([sys.executable, "-c", MEASURE], capture_output=True, check=True).stdout
        )
        for _ in range(3)
    ]
    assert min(costs) <= 0.5


def test_labhelpers_never_imports_labtools():
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [alias.name for alias in getattr(node, "names", []) or []]
            modules = [getattr(node, "module", None) or "", *names]
            assert not any(name.split(".")[0] == "labtools" for name in modules), path


def test_public_names_exist():
    for name in labhelpers.__all__:
        assert getattr(labhelpers, name) is not None
