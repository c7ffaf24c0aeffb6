"""The three corpora through `labs grade`, from folder to grades.csv."""

from __future__ import annotations

import os
import subprocess
import tempfile
import time
from pathlib import Path

import pytest

from tests.grading.corpora import cheats, honest, hostile
from tests.grading.corpora.base import LAB, Case, solved
from tests.grading.corpora.running import Row, grade_corpus, hidden_numbers_in, seconds_used

#: Seconds one cell may take in these tests; a whole submission four times as long. Time in which
#: the machine does something else does not count, so the tests may run beside others.
CELL = 3

pytestmark = pytest.mark.timeout(1800)


#: A fresh Python for each of all submissions takes long: of so many one is tried.
#: ``LABS_COLD_EVERY=1 pytest tests/grading/test_corpora.py -k fresh`` tries them all.
COLD_EVERY = int(os.environ.get("LABS_COLD_EVERY", "40"))

#: Graded along with the cheats and the hostile ones, which must not touch it.
BESIDE = Case("the_honest_neighbour", solved())

Graded = tuple[dict[str, dict[str, Row]], dict[str, Path]]


def graded(cases: list[Case], home: Path, scratch: Path | None = None) -> Graded:
    return grade_corpus(cases, home, "--jobs", "2", "--timeout", str(CELL), scratch=scratch)


def points(row: Row) -> float:
    return float(row["score"] or 0)


@pytest.fixture(scope="module")
def home(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("corpora")


@pytest.fixture(scope="module")
def honest_graded(home) -> Graded:
    return graded(honest.CASES, home / "honest")


@pytest.fixture(scope="module")
def cheats_graded(home) -> Graded:
    return graded([*cheats.CASES, BESIDE], home / "cheats")


@pytest.fixture(scope="module")
def hostile_graded(home, scratch) -> Graded:
    return graded([*hostile.CASES, BESIDE], home / "hostile", scratch)


def test_honest_submissions_get_full_marks(honest_graded, capsys):
    rows, _ = honest_graded
    refused = [
        f"{case.name}: {row['practice_id']} {row['score']}, {row['status']}: {row['feedback']}"
        for case in honest.CASES
        for row in rows[case.name].values()
        if row["status"] != "needs manual grading" and row["score"] != row["max_score"]
    ]
    with capsys.disabled():
        print(f"\nhonest submissions: {len(honest.CASES)}, practices refused: {len(refused)}")
    assert not refused, "\n".join(refused)
    assert len(honest.CASES) >= 20
    # A copied practice cell: the last one counts, and the student is told.
    assert "2 times" in rows["a_copied_practice_cell"]["lab05-fit-gd"]["feedback"]


def test_cheats_get_nothing_that_their_answers_do_not_earn(cheats_graded, capsys):
    rows, outs = cheats_graded
    paid = [
        f"{case.name}: {row['practice_id']} {row['score']}, {row['status']}: {row['feedback']}"
        for case in cheats.CASES
        for row in rows[case.name].values()
        if points(row) > case.deserved.get(row["practice_id"], 0.0)
    ]
    with capsys.disabled():
        print(f"\ncheats: {len(cheats.CASES)}, practices paid: {len(paid)}")
    assert not paid, "\n".join(paid)
    assert len(cheats.CASES) >= 40
    assert sum(points(row) for row in rows[BESIDE.name].values()) == 90
    # Nothing that was asked can be told: not by what is printed, raised or named.
    assert not hidden_numbers_in(outs[LAB], LAB)
    # No page runs anything that a submission put into it.
    for out in outs.values():
        for page in (out / "pages").rglob("*.html"):
            text = page.read_text(encoding="utf-8")
            assert "<script" not in text.lower(), page
            assert "default-src 'none'" in text, page


@pytest.fixture(scope="module")
def scratch():
    """A temporary folder for one run alone, with a name short enough for the sockets in it."""
    with tempfile.TemporaryDirectory(prefix="labs-test-", dir="/tmp") as folder:
        yield Path(folder)


def test_hostile_submissions_cost_only_what_depends_on_them(hostile_graded, scratch, capsys):
    survivors = ("/tmp/labs-survivor", "/dev/shm/labs-survivor")
    rows, outs = hostile_graded
    lost = []
    for case in [*hostile.CASES, BESIDE]:
        if case.name not in rows:
            lost.append(f"{case.name}: no row")
            continue
        for id_, row in rows[case.name].items():
            if row["status"] == "needs manual grading":
                continue
            deserved = float(row["max_score"])
            if case.deserved is not None:
                deserved = case.deserved.get(id_, 0.0)
            wanted = case.statuses.get(id_, case.statuses.get("*", row["status"]))
            wanted = (wanted,) if isinstance(wanted, str) else wanted
            if points(row) != deserved or row["status"] not in wanted or not row["feedback"]:
                lost.append(f"{case.name}: {id_} {row['score']} {row['status']} {row['feedback']}")
    with capsys.disabled():
        print(f"\nhostile or broken: {len(hostile.CASES)}, practices lost: {len(lost)}")
    assert not lost, "\n".join(lost)
    assert len(hostile.CASES) >= 35
    # Within its time: the run itself, and a little for starting it.
    for out in outs.values():
        slow = {n: s for n, s in seconds_used(out).items() if s > 4 * CELL + 10}
        assert not slow
    # Nothing survives: no process, no file outside the output folder.
    time.sleep(0.5)
    ps = subprocess.run(["ps", "axo", "args"], capture_output=True, text=True, check=True).stdout
    assert "sleep 4242" not in ps
    assert not any(os.path.exists(path) for path in survivors)
    assert os.listdir(scratch) == []


@pytest.mark.parametrize("status", ["unreadable", "missing", "timed out"])
def test_the_hostile_corpus_meets_the_status(status):
    assert any(status in case.statuses.values() for case in hostile.CASES)


@pytest.mark.timeout(4 * 3600)  # with all of them
def test_a_fresh_python_gives_the_grades_of_a_warm_one(
    honest_graded, cheats_graded, hostile_graded, home, capsys
):
    warm = {**honest_graded[0], **cheats_graded[0], **hostile_graded[0]}
    cases = [*honest.CASES, *cheats.CASES, *hostile.CASES]
    assert len({case.name for case in cases}) == len(cases)
    cases, cheating = cases[::COLD_EVERY], {case.name for case in cheats.CASES}
    # A cell that imports PyTorch afresh takes seconds for that alone.
    options = ("--cold", "--jobs", "2", "--timeout", str(4 * CELL))
    cold, _ = grade_corpus(cases, home / "cold", *options, seconds=3 * 3600)
    differ = [
        f"{case.name}: {id_} cold {row['score']} {row['status']}, warm {other['score']} "
        f"{other['status']}: {row['feedback']}"
        for case in cases
        for id_, row in cold[case.name].items()
        for other in [warm[case.name][id_]]
        # What a cheat finds in memory or snatches from a pipe is another thing each time: nothing
        # that earns a point, but its status may differ.
        if row["score"] != other["score"]
        or (row["status"] != other["status"] and case.name not in cheating)
    ]
    with capsys.disabled():
        print(f"\ngraded cold too: {len(cases)}, practices that differ: {len(differ)}")
    assert not differ, "\n".join(differ)
