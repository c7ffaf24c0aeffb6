"""Rows: `labs grade` beside stock `nbgrader autograde`, on the same honest Lab 5 submissions; the
same on a Dask cluster; memory against the number of submissions; cheats paid by either.

Run ``python benchmarks grading``. Stock nbgrader takes most of the time: some ten minutes for 100
submissions. ``GRADING_SUBMISSIONS=20 python benchmarks grading`` is enough for a look.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import nbformat
import psutil

from benchmarks.table import Row
from tests.grading.corpora import cheats
from tests.grading.corpora.base import LAB
from tests.grading.corpora.running import grade, grade_corpus

ROOT = Path(__file__).resolve().parents[1]
BIN = Path(sys.executable).parent
SUBMISSIONS = int(os.environ.get("GRADING_SUBMISSIONS", "100"))
#: Submissions for each size of cluster, and how many empty ones memory is measured with.
ON_CLUSTER, SMALL = max(12, SUBMISSIONS // 4), 100 * SUBMISSIONS


def rows() -> Iterator[Row]:
    """Measure; each row as soon as it is known."""
    with tempfile.TemporaryDirectory(prefix="labs-bench-") as folder:
        home = Path(folder)
        for number in range(SUBMISSIONS):
            write_honest(home / "honest", number)
        yield throughput(home)
        yield from on_a_cluster(home)
        yield from memory(home)
        yield from cheats_paid(home)


def write_honest(folder: Path, number: int) -> None:
    """One right submission of the whole lab, like no other by a line of its text."""
    notebook = nbformat.read(ROOT / "notebooks" / f"{LAB}.ipynb", as_version=4)
    solution = nbformat.read(ROOT / "solutions" / f"{LAB}.ipynb", as_version=4)
    answers = {
        cell.metadata.nbgrader.grade_id: cell.source
        for cell in solution.cells
        if cell.metadata.get("nbgrader", {}).get("solution")
    }
    for cell in notebook.cells:
        grade_id = cell.metadata.get("nbgrader", {}).get("grade_id")
        if grade_id in answers:
            cell.source = f"{answers[grade_id]}\n# student {number}"
            if cell.cell_type == "markdown":
                cell.source = f"Mini-batches update more often. (student {number})"
    path = folder / f"student{number:04d}" / LAB / f"{LAB}.ipynb"
    path.parent.mkdir(parents=True)
    nbformat.write(notebook, path)


def throughput(home: Path) -> Row:
    """Both on all submissions, start-up included."""
    cores = psutil.cpu_count() or 1
    jobs = min(2, cores)
    begin = time.monotonic()
    grade(home / "honest", home / "grades", LAB, "--jobs", str(jobs), seconds=7200)
    ours = SUBMISSIONS / (time.monotonic() - begin)
    course = stock_course(home / "stock", home / "honest")
    begin = time.monotonic()
    nbgrader(course, "autograde", LAB)
    stock = SUBMISSIONS / (time.monotonic() - begin)
    check_scores(home / "grades", 90)
    check_scores(course, 90)
    return Row(
        f"grade {SUBMISSIONS} honest Lab 5 submissions, {jobs} cores",
        [ours],
        [stock],
        unit="1/s",
        note="plain: stock `nbgrader autograde`; the same scores",
    )


def check_scores(course: Path, points: float) -> None:
    """Both have to say the same of every submission, or the comparison means nothing."""
    from nbgrader.api import Gradebook

    with Gradebook(f"sqlite:///{course / 'gradebook.db'}") as book:
        scores = {s.student.id: s.score for s in book.assignment_submissions(LAB)}
    wrong = {name: score for name, score in scores.items() if abs(score - points) > 1e-6}
    if len(scores) != SUBMISSIONS or wrong:
        raise RuntimeError(f"{course}: {len(scores)} graded; not {points} points: {wrong}")


def stock_course(folder: Path, submitted: Path) -> Path:
    """An nbgrader course folder with the lab released and these submissions in it."""
    source = folder / "source" / LAB
    source.mkdir(parents=True)
    shutil.copy(ROOT / "solutions" / f"{LAB}.ipynb", source)
    shutil.copy(ROOT / "solutions" / "nbgrader_config.py", folder)
    nbgrader(folder, "generate_assignment", LAB)
    shutil.copytree(submitted, folder / "submitted")
    return folder


def nbgrader(folder: Path, *words: str, around: tuple[str, ...] = ()) -> None:
    """Run an nbgrader command in a course folder; what it says goes to a file there."""
    with open(folder / "nbgrader.log", "ab") as log:
        subprocess.run(
            [*around, sys.executable, "-m", "nbgrader", *words],
            cwd=folder,
            stdout=log,
            stderr=log,
            check=not around,
            env={**os.environ, "PATH": f"{BIN}:{os.environ.get('PATH', os.defpath)}"},
        )


def on_a_cluster(home: Path) -> Iterator[Row]:
    """Throughput with 1, 2 and 4 worker processes of a Dask cluster."""
    try:
        from distributed import LocalCluster
    except ImportError:
        return
    folder = home / "cluster"
    for number in range(ON_CLUSTER):
        write_honest(folder, number)
    for workers in (1, 2, 4):
        with LocalCluster(
            n_workers=workers,
            threads_per_worker=1,
            processes=True,
            dashboard_address=None,
            local_directory=str(home / "dask"),
        ) as cluster:
            address = cluster.scheduler_address
            # Once, so that each worker has its sandbox: a cluster is there before the grading.
            out = home / f"warm{workers}"
            grade(folder, out, LAB, "--scheduler", address, "--timeout", "31", seconds=7200)
            begin = time.monotonic()
            out = home / f"cluster{workers}"
            grade(folder, out, LAB, "--scheduler", address, seconds=7200)
            taken = time.monotonic() - begin
        yield Row(
            f"Dask cluster on this machine, {workers} worker{'s' if workers > 1 else ''}",
            [ON_CLUSTER / taken],
            unit="1/s",
            note=f"{ON_CLUSTER} submissions",
        )


def memory(home: Path) -> Iterator[Row]:
    """The largest resident memory of the command with few and with many small notebooks."""
    cell = {"cell_type": "markdown", "id": "a", "metadata": {}, "source": "Nothing yet."}
    empty = json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": [cell]})
    used = {}
    for count in (SMALL // 10, SMALL):
        folder = home / f"small{count}"
        for number in range(count):
            path = folder / f"student{number:05d}" / f"{LAB}.ipynb"
            path.parent.mkdir(parents=True)
            path.write_text(empty)
        with watched() as peak:
            grade(folder, home / f"out{count}", LAB, "--jobs", "2", seconds=7200)
        used[count] = peak[0] / 1e6
        shutil.rmtree(folder)
    (few, a), (many, b) = used.items()
    yield Row(
        f"memory of the command, {many} small notebooks",
        [b],
        [a],
        unit="MB",
        note=f"plain: ours with {few}; the ratio is to be near 1",
    )


@contextmanager
def watched() -> Iterator[list[float]]:
    """Sample the memory of the `labs grade` process that runs meanwhile."""
    import threading

    peak, over = [0.0], threading.Event()

    def sample() -> None:
        while not over.wait(0.2):
            for child in psutil.Process().children():
                try:
                    if "labtools.cli" in child.cmdline():
                        peak[0] = max(peak[0], child.memory_info().rss)
                except psutil.Error:
                    continue

    thread = threading.Thread(target=sample)
    thread.start()
    try:
        yield peak
    finally:
        over.set()
        thread.join()


def cheats_paid(home: Path) -> Iterator[Row]:
    """Cheats that get more than their answers earn, here and from stock nbgrader."""
    cases = [case for case in cheats.CASES if case.lab == LAB]
    rows_, _ = grade_corpus(cases, home / "cheats", "--jobs", "2")
    ours = sum(
        any(float(r["score"] or 0) > c.deserved.get(id_, 0) for id_, r in rows_[c.name].items())
        for c in cases
    )
    wall = shutil.which("bwrap")
    if wall is None:  # nobody should run these without a wall around them
        yield Row(f"of {len(cases)} cheats, paid", [ours], unit="")
        return
    folder = home / "cheats-stock"
    submitted = home / "cheats-submitted"
    for case in cases:
        case.write(submitted)
        inner = submitted / case.name / LAB
        inner.mkdir()
        for path in list((submitted / case.name).iterdir()):
            if path != inner:
                path.rename(inner / path.name)
    course = stock_course(folder, submitted)
    # The whole disk to read, as nbgrader gives it, but nothing to write except the course folder.
    around = (wall, "--ro-bind", "/", "/", "--dev", "/dev", "--proc", "/proc", "--tmpfs", "/tmp")
    around += ("--bind", str(course), str(course), "--unshare-all", "--die-with-parent")
    around += ("--chdir", str(course), "--setenv", "HOME", "/tmp")
    nbgrader(course, "autograde", LAB, "--ExecutePreprocessor.timeout=60", around=around)
    stock = 0
    for case in cases:
        stock += stock_score(course, case.name) > sum(case.deserved.values()) + 1e-6
    yield Row(f"of {len(cases)} cheats, paid", [ours], [stock], unit="", note="less is better")


def stock_score(course: Path, student: str) -> float:
    """Points of the practices that stock nbgrader gave; 0 where it gave up."""
    from nbgrader.api import Gradebook, MissingEntry

    with Gradebook(f"sqlite:///{course / 'gradebook.db'}") as book:
        try:
            return book.find_submission(LAB, student).score
        except MissingEntry:
            return 0.0
