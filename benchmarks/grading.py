"""Rows: `labs grade` beside stock `nbgrader autograde` on the same right Lab 5 submissions.

Cold, warm and on a Dask cluster; growth from 10 to 1000 submissions; cheats paid by either.

In each round all of them grade some of the same submissions, one after the other, start-up
included: a hundred where the start has been paid once, fewer where each submission pays it anew
and the rate does not depend on how many there are. Run ``python benchmarks grading``: half an hour.
``GRADING_SUBMISSIONS=2 python benchmarks grading`` is enough for a look; ``GRADING_ROUNDS`` says
how often each is measured.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import nbformat
import psutil

from benchmarks.cold import run_cold
from benchmarks.machine import usable_cores
from benchmarks.table import Row
from tests.grading.corpora import cheats
from tests.grading.corpora.base import LAB
from tests.grading.corpora.running import grade, grade_corpus

ROOT = Path(__file__).resolve().parents[1]
BIN = Path(sys.executable).parent
ROUNDS = int(os.environ.get("GRADING_ROUNDS", "3"))
#: Submissions that are graded in each round, at most.
SUBMISSIONS = int(os.environ.get("GRADING_SUBMISSIONS", "100"))
#: How many of them the slow ways grade, and those in between.
FEW, SOME = min(6, SUBMISSIONS), min(12, SUBMISSIONS)
#: What the program gives a right one; the text answer's points are the instructor's.
POINTS = 90
#: Numbers of submissions in the rows on growth; these answer the first practice only.
GROWTH = (10, 100, 1000) if SUBMISSIONS >= 100 else (2, 4)
WORKERS = (1, 2, 4)
#: Of the cheats every so many are tried on both.
EVERY = 4
PATIENCE = 7200

LIMIT_IS = "a submission's cells alone, on {cores}"


def rows() -> Iterator[Row]:
    """Measure; each row as soon as it is known."""
    with tempfile.TemporaryDirectory(prefix="labs-bench-") as folder:
        home = Path(folder)
        for count in {FEW, SOME, SUBMISSIONS}:
            for number in range(count):
                write_honest(honest(home, count), number)
        cells = cell_seconds(home)
        stock = yield from beside_stock(home, cells)
        yield from on_a_cluster(home, cells, stock)
        yield from growth(home)
        yield from cheats_paid(home)


def honest(home: Path, count: int) -> Path:
    """Return the folder of so many right submissions."""
    return home / f"honest{count}"


def cell_seconds(home: Path) -> float:
    """Return what the cells of one submission take by themselves, at best."""
    path = next(honest(home, FEW).rglob("*.ipynb"))
    return min(run_cold(nbformat.read(path, as_version=4)).cells for _ in range(ROUNDS))


def best_rate(cells: float, cores: int) -> dict:
    """Return the physical limit of a row: submissions a second if only cells took time."""
    cores = min(cores, usable_cores())
    name = "one core" if cores == 1 else f"{cores} cores"
    return {"limit": cores / cells, "limit_is": LIMIT_IS.format(cores=name)}


def say(text: str) -> None:
    """Tell whoever waits how far it is."""
    print(f"  {text}", flush=True)


def write_honest(folder: Path, number: int, practices: int | None = None) -> None:
    """Write a right submission, like no other by a line of its text.

    Parameters
    ----------
    folder : Path
        Where the submissions are.
    number : int
        Of the student.
    practices : int, optional
        How many of the practices are answered, in a notebook of nothing else; all if left out.
    """
    notebook = nbformat.read(ROOT / "notebooks" / f"{LAB}.ipynb", as_version=4)
    solution = nbformat.read(ROOT / "solutions" / f"{LAB}.ipynb", as_version=4)
    answers = {
        cell.metadata.nbgrader.grade_id: cell.source
        for cell in solution.cells
        if cell.metadata.get("nbgrader", {}).get("solution")
    }
    answers = dict(list(answers.items())[:practices])
    for cell in notebook.cells:
        grade_id = cell.metadata.get("nbgrader", {}).get("grade_id")
        if grade_id in answers:
            cell.source = f"{answers[grade_id]}\n# student {number}"
            if cell.cell_type == "markdown":
                cell.source = f"Mini-batches update more often. (student {number})"
    if practices:
        imports = next(cell for cell in notebook.cells if cell.cell_type == "code")
        answered = [c for c in notebook.cells if c.get("id") in answers]
        notebook.cells = [imports, *answered]
    path = folder / f"student{number:04d}" / LAB / f"{LAB}.ipynb"
    path.parent.mkdir(parents=True)
    nbformat.write(notebook, path)


def beside_stock(home: Path, cells: float) -> Iterator[Row]:
    """Measure stock nbgrader and ours, cold and warm; return the rates of stock nbgrader."""
    cores = usable_cores()
    ways = {
        f"cold, {cores} at once": (FEW, cores, ("--cold", "--jobs", str(cores))),
        "warm, one at a time": (SOME, 1, ("--jobs", "1")),
        f"warm, {cores} at once": (SUBMISSIONS, cores, ("--jobs", str(cores))),
    }
    stock, ours = [], defaultdict(list)
    for number in range(ROUNDS):
        say(f"round {number + 1} of {ROUNDS}: stock nbgrader")
        course = stock_course(home / f"stock{number}", honest(home, FEW))
        begin = time.monotonic()
        nbgrader(course, "autograde", LAB)
        stock.append(FEW / (time.monotonic() - begin))
        check_scores(course, FEW)
        for way, (count, _, options) in ways.items():
            say(f"round {number + 1} of {ROUNDS}: labs grade, {way}")
            out = home / f"{way}, {number}"
            ours[way].append(timed(honest(home, count), out, *options))
            check_scores(out, count)
    for way, (count, jobs, _) in ways.items():
        yield Row(
            f"grade {count} right Lab 5 submissions, {way}",
            ours[way],
            stock,
            unit="1/s",
            note=f"plain: stock `nbgrader autograde` on {FEW} of them, one at a time as it does",
            **best_rate(cells, jobs),
        )
    return stock


def timed(folder: Path, out: Path, *options: str) -> float:
    """Grade a folder of submissions; return how many a second."""
    begin = time.monotonic()
    grade(folder, out, LAB, *options, seconds=PATIENCE)
    return sum(1 for _ in folder.iterdir()) / (time.monotonic() - begin)


def check_scores(course: Path, count: int) -> None:
    """Both have to say the same of every submission, or the comparison means nothing."""
    from nbgrader.api import Gradebook

    with Gradebook(f"sqlite:///{course / 'gradebook.db'}") as book:
        scores = {s.student.id: s.score for s in book.assignment_submissions(LAB)}
    wrong = {name: score for name, score in scores.items() if abs(score - POINTS) > 1e-6}
    if len(scores) != count or wrong:
        raise RuntimeError(f"{course}: {len(scores)} graded; not {POINTS} points: {wrong}")


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


def on_a_cluster(home: Path, cells: float, stock: list[float]) -> Iterator[Row]:
    """Throughput with 1, 2 and 4 worker processes of a Dask cluster on this machine."""
    from distributed import LocalCluster

    for workers in WORKERS:
        say(f"Dask, {workers} of {WORKERS} workers")
        with LocalCluster(
            n_workers=workers,
            threads_per_worker=1,
            processes=True,
            dashboard_address=None,
            local_directory=str(home / "dask"),
        ) as cluster:
            options = ("--scheduler", cluster.scheduler_address)
            # Once, so that each worker has its sandbox: a cluster is there before the grading.
            before = home / f"dask {workers}, before"
            timed(honest(home, FEW), before, *options, "--timeout", "31")
            rates = []
            for number in range(ROUNDS):
                out = home / f"dask {workers}, {number}"
                rates.append(timed(honest(home, SOME), out, *options))
                check_scores(out, SOME)
        yield Row(
            f"grade {SOME} on a Dask cluster here, {workers} worker{'s' if workers > 1 else ''}",
            rates,
            stock,
            unit="1/s",
            note="plain: stock `nbgrader autograde`; the workers are there before",
            **best_rate(cells, workers),
        )


def growth(home: Path) -> Iterator[Row]:
    """Time and memory of the command as the number of submissions grows."""
    rates, used = {}, {}
    for count in GROWTH:
        say(f"growth: {count} submissions")
        folder = home / f"growth{count}"
        for number in range(count):
            write_honest(folder, number, practices=1)
        with watched() as peak:
            rates[count] = timed(folder, home / f"growth{count}, graded")
        used[count] = peak[0] / 1e6
        shutil.rmtree(folder)
    few, *more = GROWTH
    for count in more:
        yield Row(
            f"growth: {count:,} submissions that answer one practice",
            [rates[count]],
            [rates[few]],
            unit="1/s",
            note=f"plain: ours with {few}; below 1 it would grow faster than the number",
        )
    yield Row(
        f"memory of the command, {more[-1]:,} submissions",
        [used[more[-1]]],
        [used[few]],
        unit="MB",
        note=f"plain: ours with {few}; the ratio is to be near 1",
    )


@contextmanager
def watched() -> Iterator[list[float]]:
    """Sample the memory of the `labs grade` process that runs meanwhile."""
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
    cases = [case for case in cheats.CASES if case.lab == LAB][::EVERY]
    say(f"{len(cases)} cheats, ours and stock nbgrader")
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
    for case in cases:  # one by one: a copied cell makes stock nbgrader leave all others ungraded
        words = ("autograde", LAB, "--student", case.name, "--ExecutePreprocessor.timeout=60")
        nbgrader(course, *words, around=around)
    scores = [stock_score(course, case.name) for case in cases]
    stock = sum(
        score is not None and score > sum(case.deserved.values()) + 1e-6
        for case, score in zip(cases, scores, strict=True)
    )
    # Written against `labs grade`: many claim more points than a practice has, which stock nbgrader
    # meets with an error. Those were not paid, and neither were they graded.
    silent = scores.count(None)
    note = f"less is better; stock nbgrader gave up on {silent} of them, without a score"
    yield Row(f"of {len(cases)} cheats, paid", [ours], [stock], unit="", note=note)


def stock_score(course: Path, student: str) -> float | None:
    """Points of the practices that stock nbgrader gave; None where it gave up."""
    from nbgrader.api import Gradebook

    if not (course / "autograded" / student / LAB / f"{LAB}.ipynb").is_file():
        return None  # the gradebook may have an entry all the same, with 0 in it
    with Gradebook(f"sqlite:///{course / 'gradebook.db'}") as book:
        return book.find_submission(LAB, student).score
