"""One tier of the tests, with one summary at the end: `python tests/run_all.py quick|test|prove`.

A test marked ``quick`` is in `make quick` and `make test`, one marked ``prove`` in `make prove`,
any other one in `make test`. A stage that fails does not keep the later ones from running. The exit
code is 0 only when all passed.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree as ET
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

ROOT = Path(__file__).resolve().parents[1]

# Folder of a test, and what the summary calls it.
KINDS = {
    "tests": "tests of the code, the figures and the pages",
    "solutions": "solutions, every output compared (nbval)",
    "notebooks": "untouched student labs, every cell runs (nbval)",
}


#: Pytest's choice of tests for each tier: by their marks, and the folders to look into.
TIERS = {
    "quick": ("quick", ("tests",)),
    "test": ("not prove", ("tests", "solutions")),
    "prove": ("prove", ("tests", "notebooks")),
}


@dataclass(frozen=True)
class Row:
    """One line of the summary."""

    stage: str
    counts: str
    seconds: float
    passed: bool


def main() -> int:
    """Run the stages of a tier and print the summary; return the exit code."""
    parser = argparse.ArgumentParser(description="Run one tier of the tests.")
    parser.add_argument("tier", choices=TIERS)
    tier = parser.parse_args().tier

    # `make prove` goes on where `make test` has ended: nothing is run by both.
    rows = [] if tier == "prove" else [run_tool("code style", ["ruff", "check", "."])]
    pytest_rows, last_line = run_pytest(tier)
    rows += pytest_rows

    table = Table(title=f"make {tier}", title_justify="left")
    for heading in ("stage", "result", "counts", "seconds"):
        table.add_column(heading, justify="right" if heading == "seconds" else "left")
    for row in rows:
        outcome = "[green]passed[/]" if row.passed else "[bold red]FAILED[/]"
        table.add_row(row.stage, outcome, row.counts, f"{row.seconds:.1f}")
    console = Console(width=None if sys.stdout.isatty() else 110)
    console.print(table)
    print(last_line)
    return 0 if all(row.passed for row in rows) else 1


def run_tool(stage: str, module: list[str]) -> Row:
    """Run one command of the environment; its exit code is the result."""
    print(f"\n--- {stage}", flush=True)
    started = time.monotonic()
    code = subprocess.run([sys.executable, "-m", *module], cwd=ROOT, check=False).returncode
    return Row(stage, "", time.monotonic() - started, code == 0)


def run_pytest(tier: str) -> tuple[list[Row], str]:
    """Run a tier's tests; return a row for each of its folders, and pytest's last line."""
    print("\n--- pytest", flush=True)
    marks, folders = TIERS[tier]
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.xml"
        command = [
            *(sys.executable, "-m", "pytest", *folders, "-m", marks, "-q", "-rfEs"),
            *("-n", str(_workers()), "--dist", "loadscope", "--no-loadscope-reorder"),
            *("--durations", "15", "--durations-min", "5"),
            *("--junit-xml", str(report), "-o", "junit_family=xunit1"),
        ]
        process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, env=_environment())
        said = b""
        # Each dot as it comes: where a run hangs, its last line says how far it had got.
        while piece := process.stdout.read1():
            sys.stdout.buffer.write(piece)
            sys.stdout.flush()
            said += piece
        ends = re.findall(r"^.*\bin \d[\d.:]*s\b.*$", said.decode(errors="replace"), re.MULTILINE)
        last_line = ends[-1].strip() if ends else "pytest: no summary"
        code = process.wait()
        rows = read_report(report, folders) if report.exists() else []
    if code and all(row.passed for row in rows):
        rows.append(Row("pytest itself", f"exit code {code}", 0.0, False))
    return rows, last_line


def read_report(path: Path, folders: Sequence[str] = tuple(KINDS)) -> list[Row]:
    """Count the outcomes of the tests in each folder in pytest's XML report."""
    counts = {folder: Counter() for folder in folders}
    seconds = dict.fromkeys(folders, 0.0)
    for case in ET.parse(path).iter("testcase"):
        place = case.get("file") or case.get("classname", "").replace(".", "/")
        folder = Path(place).parts[0] if place else "tests"
        folder = folder if folder in folders else "tests"
        outcome = next((child.tag for child in case if child.tag in _OUTCOMES), "passed")
        counts[folder][_OUTCOMES.get(outcome, outcome)] += 1
        seconds[folder] += float(case.get("time", 0))
    rows = []
    for folder in folders:
        count = counts[folder]
        failed = count["failed"] or not count
        text = ", ".join(f"{number} {name}" for name, number in sorted(count.items()))
        rows.append(Row(KINDS[folder], text or "no test found", seconds[folder], not failed))
    return rows


_OUTCOMES = {"failure": "failed", "error": "failed", "skipped": "skipped"}


def _workers() -> int:
    # Half of its time a worker waits: for a kernel, a browser or the grader. Each takes half a GB.
    return min(2 * (os.cpu_count() or 1), 8)


def _environment() -> dict[str, str]:
    # The workers fill the cores: one thread each for the linear algebra beneath. Hundreds of
    # processes import the same modules: they are compiled once, whatever the shell says.
    kept = {name: text for name, text in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return {"OMP_NUM_THREADS": "1", **kept}


if __name__ == "__main__":
    sys.exit(main())
