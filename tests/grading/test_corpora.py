"""The three corpora through `labs grade`, from folder to grades.csv.

`make test` grades all honest submissions and some of the others, in one go; `make prove` the rest.
"""

from __future__ import annotations

import os
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
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

#: Of each way to cheat, and of each thing that can be attacked, one that stands for its like.
FIRST_CHEATS = (
    "patched_allclose",
    "lying_tensor",
    "import_hook",
    "the_judge_from_the_frames",
    "solutions_on_the_disk",
    "hidden_cases_from_the_pipes",
    "forged_answers",
    "planted_torch",
    "edited_checks",
    "knows_the_visible_case_alone",
    "raises_what_its_functions_were_given",
    "html_in_every_text",
)
FIRST_HOSTILE = (
    "hangs_when_asked",
    "memory_bomb",
    "kills_everyone",
    "fork_bomb",
    "detached_child",
    "deletes_everything",
    "malformed_json",
    "missing",
)

#: Graded along with the others, which must not touch it.
BESIDE = Case("the_honest_neighbour", solved())


@dataclass(frozen=True)
class Graded:
    """What was graded in one go, and what came of it."""

    honest: list[Case]
    cheats: list[Case]
    hostile: list[Case]
    rows: dict[str, dict[str, Row]]
    outs: dict[str, Path]
    scratch: list[str]  # what was left in the folder for temporary files


@pytest.fixture(scope="module", params=["first", pytest.param("rest", marks=pytest.mark.prove)])
def graded(request, needs_sandbox, tmp_path_factory) -> Iterator[Graded]:
    def chosen(cases: list[Case], first: tuple[str, ...]) -> list[Case]:
        assert set(first) <= {case.name for case in cases}
        return [case for case in cases if (case.name in first) == (request.param == "first")]

    cases = (
        list(honest.CASES) if request.param == "first" else [],
        chosen(cheats.CASES, FIRST_CHEATS),
        chosen(hostile.CASES, FIRST_HOSTILE),
    )
    # Its name is short enough for the sockets in it.
    with tempfile.TemporaryDirectory(prefix="labs-test-", dir="/tmp") as scratch:
        rows, outs = grade_corpus(
            [case for corpus in cases for case in corpus] + [BESIDE],
            tmp_path_factory.mktemp("corpora"),
            *("--jobs", "2", "--timeout", str(CELL)),
            scratch=Path(scratch),
        )
        left = os.listdir(scratch)
    return Graded(*cases, rows, outs, left)


def points(row: Row) -> float:
    return float(row["score"] or 0)


def test_honest_submissions_get_full_marks(graded, capsys):
    rows, cases = graded.rows, [*graded.honest, BESIDE]
    refused = [
        f"{case.name}: {row['practice_id']} {row['score']}, {row['status']}: {row['feedback']}"
        for case in cases
        for row in rows[case.name].values()
        if row["status"] != "needs manual grading" and row["score"] != row["max_score"]
    ]
    with capsys.disabled():
        print(f"\nhonest submissions: {len(cases)}, practices refused: {len(refused)}")
    assert not refused, "\n".join(refused)
    assert len(honest.CASES) >= 20
    if graded.honest:
        # A copied practice cell: the last one counts, and the student is told.
        assert "2 times" in rows["a_copied_practice_cell"]["lab05-fit-gd"]["feedback"]


def test_cheats_get_nothing_that_their_answers_do_not_earn(graded, capsys):
    rows, outs = graded.rows, graded.outs
    paid = [
        f"{case.name}: {row['practice_id']} {row['score']}, {row['status']}: {row['feedback']}"
        for case in graded.cheats
        for row in rows[case.name].values()
        if points(row) > case.deserved.get(row["practice_id"], 0.0)
    ]
    with capsys.disabled():
        print(f"\ncheats: {len(graded.cheats)}, practices paid: {len(paid)}")
    assert not paid, "\n".join(paid)
    assert len(cheats.CASES) >= 40
    # Nothing that was asked can be told: not by what is printed, raised or named.
    assert not hidden_numbers_in(outs[LAB], LAB)
    # No page runs anything that a submission put into it.
    for out in outs.values():
        for page in (out / "pages").rglob("*.html"):
            text = page.read_text(encoding="utf-8")
            assert "<script" not in text.lower(), page
            assert "default-src 'none'" in text, page


def test_hostile_submissions_cost_only_what_depends_on_them(graded, capsys):
    survivors = ("/tmp/labs-survivor", "/dev/shm/labs-survivor")
    rows, outs = graded.rows, graded.outs
    lost = []
    for case in [*graded.hostile, BESIDE]:
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
        print(f"\nhostile or broken: {len(graded.hostile)}, practices lost: {len(lost)}")
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
    assert graded.scratch == []


@pytest.mark.parametrize("status", ["unreadable", "missing", "timed out"])
def test_the_hostile_corpus_meets_the_status(status):
    assert any(status in case.statuses.values() for case in hostile.CASES)


@pytest.mark.prove
@pytest.mark.timeout(4 * 3600)  # with all of them
def test_a_fresh_python_gives_the_grades_of_a_warm_one(needs_sandbox, tmp_path, capsys):
    cases = [*honest.CASES, *cheats.CASES, *hostile.CASES]
    assert len({case.name for case in cases}) == len(cases)
    cases, cheating = cases[::COLD_EVERY], {case.name for case in cheats.CASES}
    # A cell that imports PyTorch afresh takes seconds for that alone.
    options = ("--jobs", "2", "--timeout", str(4 * CELL))
    warm, _ = grade_corpus(cases, tmp_path / "warm", *options, seconds=3 * 3600)
    cold, _ = grade_corpus(cases, tmp_path / "cold", *options, "--cold", seconds=3 * 3600)
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
