"""pytest runs the labs too: solutions/ strictly, notebooks/ as an untouched student copy.

In solutions/ every text output is compared with the one that is stored. In notebooks/ each cell
must run without an error. No option is needed: `pytest`, `pytest solutions` or
`pytest notebooks/lab01_two_parameter_training.ipynb`.
"""

from __future__ import annotations

import os

import pytest
from nbval.plugin import IPyNbFile

CELL_TIMEOUT = 120


class LabNotebook(IPyNbFile):
    """A lab's notebook, run in a kernel of this environment."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.compare_outputs = self.path.parent.name == "solutions"

    def get_sanitize_files(self):
        """Return the patterns of what may differ between machines."""
        return [str(self.config.rootpath / "tests" / "nbval_sanitize.cfg")]


def pytest_configure(config):
    config.option.nbval_current_env = True
    config.option.nbval_cell_timeout = CELL_TIMEOUT


def pytest_collect_file(file_path, parent):
    option = parent.config.option
    if option.nbval or option.nbval_lax:
        return None  # the user runs nbval by hand
    folders = [parent.config.rootpath / name for name in ("solutions", "notebooks")]
    if file_path.suffix == ".ipynb" and file_path.parent in folders:
        return LabNotebook.from_parent(parent, path=file_path)
    return None


# In continuous integration a test that cannot run is a fault of the set-up. Elsewhere it is
# skipped, and the summary says why.


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    report = yield
    return _refuse_skip(report)


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(collector):
    report = yield
    return _refuse_skip(report)


def _refuse_skip(report):
    if os.environ.get("CI") and report.skipped and not hasattr(report, "wasxfail"):
        reason = report.longrepr[-1] if isinstance(report.longrepr, tuple) else report.longrepr
        report.outcome = "failed"
        report.longrepr = f"skipped, which counts as a failure when CI is set: {reason}"
    return report
