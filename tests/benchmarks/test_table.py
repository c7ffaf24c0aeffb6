"""The benchmarks' table says what was measured, and one failure does not lose the rest."""

from __future__ import annotations

import contextlib
import importlib
import itertools
import re
import time

import jupytext
import pytest
from nbformat.v4 import new_code_cell, new_notebook

from benchmarks import cold
from benchmarks.machine import usable_cores
from benchmarks.table import HEADER, Row, as_markdown, shown


@pytest.fixture
def collector(monkeypatch, tmp_path):
    """`python benchmarks` as a module that writes its results elsewhere."""
    monkeypatch.syspath_prepend(str(tmp_path))  # the module replaces the first entry of the path
    module = importlib.import_module("benchmarks.__main__")
    monkeypatch.setattr(module, "RESULTS", module.ROOT / "test-artifacts" / "RESULTS.md")
    module.RESULTS.parent.mkdir(exist_ok=True)
    yield module
    module.RESULTS.unlink(missing_ok=True)


def test_ratios_are_taken_round_by_round_and_more_is_better():
    assert Row("x", ours=[1.0, 2.0], plain=[10.0, 30.0]).ratios() == [10, 15]
    assert Row("x", ours=[60.0], plain=[2.0], unit="1/s").ratios() == [30]
    assert Row("x", ours=[1.0, 2.0], plain=[10.0]).ratios() == [10, 5]
    assert Row("x", ours=[0.0], plain=[3.0]).ratios() == []


def test_a_row_shows_medians_spread_and_limit():
    row = Row("surface", [0.002, 0.004, 0.003], [0.3, 0.5, 0.9], limit=0.001, limit_is="memory")
    text = row.to_markdown()
    assert "| 500 ms (300 ms to 900 ms) | 3 ms (2 ms to 4 ms) |" in text
    assert "| 150 (125 to 300) | 1 ms: memory | 3 |" in text
    assert text.count("|") == HEADER.splitlines()[0].count("|")
    assert "not run" in Row("x", [1.0]).to_markdown()
    assert as_markdown([row, row]).count("\n") == 3


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(3.2e-7, "0.32 µs"), (4.2e-5, "42 µs"), (0.0421, "42.1 ms"), (90, "1.5 min"), (7200, "2 h")],
)
def test_a_time_has_a_fitting_unit(seconds, text):
    assert shown(seconds) == text


def test_a_failing_benchmark_does_not_lose_the_others(collector, monkeypatch, capsys):
    outcomes = {
        "surfaces": ([Row("kept", [1.0], [2.0])], ""),
        "figures": ([Row("before the fault", [1.0])], "its process ended with 1"),
        "frames": ([Row("kept too", [1.0], [2.0])], ""),
    }
    headings = {name: f"Heading of {name}" for name in outcomes}
    monkeypatch.setattr(collector, "BENCHMARKS", headings)
    monkeypatch.setattr(collector, "_run_apart", outcomes.__getitem__)
    monkeypatch.setattr("sys.argv", ["benchmarks"])
    assert collector.main() == 1
    written = collector.RESULTS.read_text(encoding="utf-8")
    for part in ("kept", "kept too", "before the fault", "ended with 1", "Machine: "):
        assert part in written
    assert "failed: figures" in capsys.readouterr().err


def test_one_part_is_measured_again_and_the_others_stay(collector, monkeypatch, capsys):
    values = iter([[Row("first", [1.0])], [Row("second", [1.0])], [Row("second anew", [1.0])]])
    monkeypatch.setattr(collector, "BENCHMARKS", {"a": "Of a", "b": "Of b"})
    monkeypatch.setattr(collector, "_run_apart", lambda name: (next(values), ""))
    monkeypatch.setattr("sys.argv", ["benchmarks"])
    assert collector.main() == 0
    before = collector.RESULTS.read_text(encoding="utf-8")
    monkeypatch.setattr("sys.argv", ["benchmarks", "b", "--write"])
    assert collector.main() == 0
    after = collector.RESULTS.read_text(encoding="utf-8")
    assert after == before.replace("| second |", "| second anew |") != before

    monkeypatch.setattr(collector, "describe", lambda: "another machine")
    with pytest.raises(SystemExit):
        collector.main()
    assert "from another machine" in capsys.readouterr().err
    assert collector.RESULTS.read_text(encoding="utf-8") == after


def test_a_process_that_ends_badly_is_told(collector):
    rows, reason = collector._run_apart("no_such_benchmark")
    assert not rows and re.match(r"its process ended with \d", reason)


def test_the_plain_labs_are_notebooks_and_say_what_is_a_slice_and_what_was_added(course):
    paths = sorted((course / "benchmarks" / "plain").glob("lab*.py"))
    assert [path.stem for path in paths] == [f"lab0{n}" for n in range(1, 7)]
    slices, added = [], []
    for path in paths:
        cells = jupytext.read(path, fmt="py:percent").cells
        assert cells[0].source.startswith("import"), "the first cell is timed as the imports"
        slices += [cell.metadata["slice"] for cell in cells if "slice" in cell.metadata]
        added += [cell.metadata["added"] for cell in cells if "added" in cell.metadata]
    assert slices == [100, 10, 10, 50, 50]
    assert added == [1, 1, 100, 100, 100, 1, 20, 1, 20, 200]


def test_a_slice_counts_as_often_as_it_says(monkeypatch):
    clock = itertools.count()  # each look at it is a second later
    monkeypatch.setattr(cold, "perf_counter", lambda: float(next(clock)))
    monkeypatch.setattr(cold, "NotebookClient", SilentClient)
    cells = [new_code_cell(metadata=m) for m in ({}, {"slice": 10}, {"added": 5}, {})]
    timing = cold.run_cold(new_notebook(cells=cells))
    assert (timing.imports, timing.cells, timing.added) == (1, 11, 5)
    assert timing.total == timing.start + timing.imports + 11 + 5 + timing.shutdown


class SilentClient:
    """Stands where a notebook's client would, and runs nothing."""

    def __init__(self, *args, **options):
        pass

    @contextlib.asynccontextmanager
    async def async_setup_kernel(self, **options):
        yield

    async def async_execute_cell(self, cell, index):
        pass


class FakeCluster:
    """Stands where a Dask cluster would."""

    scheduler_address = "tcp://127.0.0.1:1"

    def __init__(self, **options):
        self.options = options

    def __enter__(self):
        return self

    def __exit__(self, *_):
        return None


def test_grading_is_measured_cold_warm_on_a_cluster_and_up_to_a_thousand(monkeypatch, tmp_path):
    """Everything that takes time is replaced; what is asked and what is divided by what is not."""
    grading = importlib.import_module("benchmarks.grading")
    distributed = pytest.importorskip("distributed")
    asked = []

    def timed(folder, out, *options):
        asked.append((len(list(folder.iterdir())), *options))
        return 8.0 if "--cold" not in options else 2.0

    monkeypatch.setattr(grading, "timed", timed)
    monkeypatch.setattr(grading, "cell_seconds", lambda home: 0.5)
    monkeypatch.setattr(grading, "stock_course", lambda folder, submitted: folder)
    monkeypatch.setattr(grading, "nbgrader", lambda course, *words: time.sleep(0.01))
    monkeypatch.setattr(grading, "check_scores", lambda course, count: None)
    monkeypatch.setattr(grading, "cheats_paid", lambda home: iter(()))
    monkeypatch.setattr(
        grading,
        "write_honest",
        lambda folder, number, practices=None: (folder / str(number)).mkdir(parents=True),
    )
    monkeypatch.setattr(distributed, "LocalCluster", FakeCluster)
    rows = {row.what: row for row in grading.rows()}

    def row(words: str) -> Row:
        [what] = [what for what in rows if words in what]
        return rows[what]

    cores = usable_cores()
    for words, rate, jobs in (("cold", 2.0, cores), ("one at a time", 8.0, 1), ("4 work", 8.0, 4)):
        assert row(words).ours == [rate] * grading.ROUNDS
        assert len(row(words).ratios()) == grading.ROUNDS >= 3
        assert row(words).limit == min(jobs, cores) / 0.5
    assert row("1 worker").plain == row("2 workers").plain == row("cold").plain
    cold = {count for count, *options in asked if "--cold" in options}
    warm = {count for count, *options in asked if options == ["--jobs", str(cores)]}
    assert cold == {6} and warm == {grading.SUBMISSIONS} == {100}
    assert {count for count, *options in asked if not options} == {10, 100, 1000}
    assert row("1,000 submissions that").ratios() == [1.0]
    assert row("memory").unit == "MB"
