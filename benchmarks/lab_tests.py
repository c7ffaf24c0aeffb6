"""Row: nbval over every derived notebook, as `make test` runs it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from time import perf_counter

import nbformat

from benchmarks.cold import run_cold
from benchmarks.machine import usable_cores
from benchmarks.table import Row

ROOT = Path(__file__).resolve().parents[1]
ROUNDS = 2


def rows() -> Iterator[Row]:
    """Measure one pass over solutions/ and notebooks/ on one core, and on all of them."""
    files = [*sorted((ROOT / "solutions").glob("*.ipynb"))]
    files += sorted((ROOT / "notebooks").glob("*.ipynb"))
    cells = sum(run_cold(nbformat.read(path, as_version=4)).cells for path in files)
    one, all_cores = [], []
    for number in range(ROUNDS):
        print(f"  round {number + 1} of {ROUNDS}", flush=True)
        one.append(_seconds("0"))
        all_cores.append(_seconds(str(usable_cores())))
    yield Row(
        f"nbval over everything: {len(files)} notebooks, {usable_cores()} processes",
        all_cores,
        one,
        limit=cells / usable_cores(),
        limit_is="the cells alone, on all cores",
        note="plain: one process",
    )


def _seconds(processes: str) -> float:
    command = [sys.executable, "-m", "pytest", "-q", "-n", processes, "--dist", "loadscope"]
    begin = perf_counter()
    result = subprocess.run(
        [*command, "-p", "no:cacheprovider", "solutions", "notebooks"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )
    if result.returncode:
        raise RuntimeError(f"nbval failed: {result.stdout[-500:]}")
    return perf_counter() - begin
