"""What all tests share."""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterable
from pathlib import Path

import matplotlib
import pytest

from tests.chromium import browser, open_page  # noqa: F401 (fixtures)
from tests.jupyter import server  # noqa: F401 (fixture)

# Not through the environment: a kernel that a test starts would inherit it and lose its figures.
matplotlib.use("Agg")


#: What `make quick` holds: folders and modules of which no test starts a kernel, a grader or a
#: browser. Single tests of other modules are marked ``quick`` where they stand, and a test that is
#: marked ``prove`` is no part of it.
QUICK = (
    "tests/authoring/test_jupytext.py",
    "tests/authoring/test_markers.py",
    "tests/authoring/test_source.py",
    "tests/benchmarks",
    "tests/course/test_data.py",
    "tests/course/test_history.py",
    "tests/course/test_places.py",
    "tests/course/test_prediction.py",
    "tests/course/test_prose_numbers.py",
    "tests/course/test_readme.py",
    "tests/course/test_surface.py",
    "tests/course/test_terms.py",
    "tests/explorer/test_explorer_complaints.py",
    "tests/explorer/test_explorer_figure.py",
    "tests/explorer/test_explorer_trajectory.py",
    "tests/figures/test_figure_contents.py",
    "tests/figures/test_figure_drawing.py",
    "tests/grading/test_answers_out.py",
    "tests/grading/test_arguments.py",
    "tests/grading/test_cleaning.py",
    "tests/grading/test_formulas.py",
    "tests/grading/test_submissions.py",
    "tests/grading/test_time_limit.py",
    "tests/labs/test_derived_files.py",
    "tests/labs/test_other_machines.py",
    "tests/practice/test_core.py",
    "tests/practice/test_lab00.py",
    "tests/practice/test_start.py",
    "tests/practice/test_simulation.py",
    "tests/practice_models/test_hidden_net_law.py",
    "tests/practice_models/test_models_quiet.py",
    "tests/practice_models/test_trained_law.py",
    "tests/release/test_carry.py",
    "tests/release/test_project_files.py",
    "tests/site/test_site_guards.py",
    "tests/test_setup_check.py",
)

#: Folders of which all is in `make prove`: each untouched lab. `make test` runs the same cells, in
#: their solution, and one untouched lab in a browser.
PROVE = ("notebooks",)

#: What takes longest, in the order in which workers begin with it. What is quick comes last.
FIRST = (
    "tests/grading/test_corpora.py",
    "tests/practice/test_bank.py",
    "tests/practice_models/test_models_bank.py",
    "tests/generated",
    "tests/grading",
    "tests/release",
    "tests/site",
)

#: Folders and modules whose tests share one long set-up: a worker that has made it runs them all.
TOGETHER = (
    ("tests/release",),
    ("tests/site",),
    ("tests/grading/test_asking.py", "tests/grading/test_sandbox.py"),
    ("tests/grading/test_command.py", "tests/grading/test_keeping.py"),
    ("tests/explorer/test_explorer_jupyter.py", "tests/labs/test_labs_in_browser.py"),
)


def is_in(nodeid: str, places: Iterable[str]) -> bool:
    """Whether a test is in one of these folders or modules."""
    file = nodeid.partition("::")[0]
    return any(file == place or file.startswith(f"{place}/") for place in places)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what is quick or proves, refuse both, and begin with what takes longest."""
    for item in items:
        if is_in(item.nodeid, PROVE):
            item.add_marker("prove")
        prove = item.get_closest_marker("prove")
        if prove and item.get_closest_marker("quick"):
            raise pytest.UsageError(f"{item.nodeid} is marked quick and prove: it can be one")
        if not prove and is_in(item.nodeid, QUICK):
            item.add_marker("quick")
        # A page that hangs may be met by each test of its module in turn.
        if item.get_closest_marker("browser") and not item.get_closest_marker("timeout"):
            item.add_marker(pytest.mark.timeout(300))

    def turn(item: pytest.Item) -> int:
        if item.get_closest_marker("quick"):
            return len(FIRST) + 1
        return next((k for k, place in enumerate(FIRST) if is_in(item.nodeid, [place])), len(FIRST))

    items.sort(key=turn)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    """With ``--dist loadscope``, keep together not only each module, but also what shares more."""
    if config.getvalue("dist") != "loadscope":
        return None
    from xdist.scheduler import LoadScopeScheduling

    class Scheduling(LoadScopeScheduling):
        def _split_scope(self, nodeid):
            shared = (places[0] for places in TOGETHER if is_in(nodeid, places))
            return next(shared, super()._split_scope(nodeid))

    return Scheduling(config, log)


def pytest_terminal_summary(terminalreporter) -> None:
    """Print the table of the generated proof: here, where also a worker's tests are reported."""
    rows = [
        value
        for reports in terminalreporter.stats.values()
        for report in reports
        for name, value in getattr(report, "user_properties", ())
        if name == "drawn" and getattr(report, "when", "") == "call"
    ]
    if not rows:
        return
    terminalreporter.section("programs drawn by practice")
    for row in [{name: name for name in rows[0]}, *sorted(rows, key=lambda row: row["practice"])]:
        first = f"{row['seed']!s:>4}  {row['practice']:20}"
        numbers = (f"{row[name]!s:>{len(name) + 2}}" for name in row if name not in FIRST_COLUMNS)
        terminalreporter.line(first + "".join(numbers))


#: Those of the table that hold no count.
FIRST_COLUMNS = ("seed", "practice")


@pytest.fixture(scope="session")
def course() -> Path:
    """Return the course's folder."""
    return Path(__file__).resolve().parents[1]


@pytest.fixture
def heeds_interrupts():
    """Let what a test starts heed Ctrl-C and a closed terminal, also where the tests do not.

    A shell that starts a command in the background has it ignore Ctrl-C, and `nohup` a closed
    terminal; so does all that it starts.
    """
    handlers = {"SIGINT": signal.default_int_handler, "SIGHUP": signal.SIG_DFL}
    before = {
        number: signal.signal(number, handler)
        for name, handler in handlers.items()
        if (number := getattr(signal, name, None))  # Windows has no SIGHUP
    }
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.fixture(autouse=True)
def no_figure_left_open():
    """Close what a test left open in pyplot: the next one counts its own figures."""
    yield
    if pyplot := sys.modules.get("matplotlib.pyplot"):
        pyplot.close("all")
