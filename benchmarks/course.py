"""Rows: each lab's cold run, the course as a whole, and the plain way of the same experiments.

The plain way stands in ``benchmarks/plain/``: the labs' experiments as tutorials usually write
them, a new figure for every iteration, the loss surface by two loops, 500 one-sample epochs of Adam
through a DataLoader. Both are notebooks and are run by the same code, in turn. Our labs have more
experiments than the well-known ones, above all the same run with many shuffles; the last two rows
count the plain way with these and without them.
"""

from __future__ import annotations

import statistics
import sys
from collections.abc import Iterator
from pathlib import Path

import jupytext
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

from benchmarks.cold import Timing, run_cold
from benchmarks.machine import usable_cores
from benchmarks.table import Row, shown

ROOT = Path(__file__).resolve().parents[1]
ROUNDS = 3


def rows() -> Iterator[Row]:
    """Measure every lab, next to its plain counterpart where there is one."""
    ours: dict[str, list[Timing]] = {}
    plain: dict[str, list[Timing]] = {}
    failed = []
    sources = sorted((ROOT / "solutions").glob("lab*.py"))
    for source in sources:
        name = source.stem
        try:
            ours[name], plain[name] = _side_by_side(source)
        except (CellExecutionError, DeadKernelError, CellTimeoutError) as error:
            failed.append(name)
            print(f"  {name} was not measured: {error}", file=sys.stderr)
            continue
        yield _lab(name, ours[name], plain[name])
    if failed:  # no total of a course that lacks a lab
        raise RuntimeError(f"not measured: {', '.join(failed)}")

    # Lab 6 has no well-known counterpart of its length.
    shared = [name for name in ours if plain[name] and not name.startswith("lab06")]
    cells = sum(_middle([t.cells for t in ours[name]]) for name in shared)
    for what, added in (("all that is in ours", True), ("what is published alone", False)):
        yield Row(
            f"{len(shared)} labs, cold, one after the other; the plain way does {what}",
            _totals(ours, shared),
            _totals(plain, shared, added),
            limit=cells / usable_cores(),
            limit_is="the cells alone, on all cores",
            note="plain: the long runs are slices, extrapolated",
        )


def _side_by_side(source: Path) -> tuple[list[Timing], list[Timing]]:
    counterpart = ROOT / "benchmarks" / "plain" / f"{source.stem[:5]}.py"
    ours, plain = [], []
    for number in range(ROUNDS):
        print(f"  {source.stem}, round {number + 1} of {ROUNDS}", flush=True)
        ours.append(_time(source))
        if counterpart.exists():
            plain.append(_time(counterpart))
    return ours, plain


def _time(source: Path) -> Timing:
    return run_cold(jupytext.read(source, fmt="py:percent"))


def _lab(name: str, ours: list[Timing], plain: list[Timing]) -> Row:
    parts = {
        part: _middle([getattr(timing, part) for timing in ours])
        for part in ("start", "imports", "cells", "shutdown")
    }
    split = ", ".join(f"{part} {shown(seconds)}" for part, seconds in parts.items())
    return Row(
        f"{name}, cold",
        [timing.total for timing in ours],
        [timing.total for timing in plain],
        limit=parts["cells"],
        limit_is="its cells alone",
        note=f"ours: {split}",
    )


def _middle(values: list[float]) -> float:
    return statistics.median(values)


def _totals(timings: dict[str, list[Timing]], names: list[str], added: bool = True) -> list[float]:
    return [
        sum(timings[n][i].total - (0 if added else timings[n][i].added) for n in names)
        for i in range(ROUNDS)
    ]
