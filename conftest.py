"""pytest runs the labs too: solutions/ strictly, notebooks/ as an untouched student copy.

In solutions/ every text output is compared with the one that is stored, and the same run then
proves that both derived notebooks are what the lab's source gives. In notebooks/ each cell must run
without an error. No option is needed: `pytest`, `pytest solutions` or
`pytest notebooks/lab01_two_parameter_training.ipynb`.
"""

from __future__ import annotations

import copy
import os
import tempfile
from pathlib import Path

import pytest
from nbval.plugin import IPyNbFile

CELL_TIMEOUT = 120


class LabNotebook(IPyNbFile):
    """A lab's notebook, run in a kernel of this environment."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.compare_outputs = self.path.parent.name == "solutions"
        self.settings = None

    def collect(self):
        """Return the code cells, and for a solution what its whole run proves."""
        cells = list(super().collect())
        yield from cells
        if self.compare_outputs:
            yield UpToDate.from_parent(self, name="up to date", cells=cells)

    def setup(self):
        """Start the kernel, with the settings that `labs build` gives to it."""
        from labtools.execution import kernel_environment

        self.settings = tempfile.TemporaryDirectory(prefix="labs-kernel-")
        before = dict(os.environ)
        os.environ.clear()
        os.environ.update(kernel_environment(Path(self.settings.name)))
        try:
            super().setup()
        finally:
            os.environ.clear()
            os.environ.update(before)

    def teardown(self):
        super().teardown()
        self.settings.cleanup()

    def get_sanitize_files(self):
        """Return the patterns of what may differ between machines."""
        return [str(self.config.rootpath / "tests" / "nbval_sanitize.cfg")]


class UpToDate(pytest.Item):
    """Both derived notebooks are what `labs build` would write, with the outputs of this run."""

    def __init__(self, *, cells, **kwargs):
        super().__init__(**kwargs)
        self.cells = cells

    def runtest(self):
        from labtools.build import STUDENTS, drift
        from labtools.execution import as_stored
        from labtools.source import read_source
        from labtools.student import derive_student

        if any(cell.test_outputs is None for cell in self.cells):
            pytest.skip("needs the outputs of all cells: run the whole notebook")
        root = self.config.rootpath
        source = read_source(self.path.with_suffix(".py"), root)
        made = copy.deepcopy(source.notebook)
        code = [cell for cell in made.cells if cell.cell_type == "code"]
        for count, (cell, ran) in enumerate(zip(code, self.cells, strict=False), start=1):
            cell.outputs = ran.test_outputs
            cell.execution_count = count
            for output in cell.outputs:
                if output.output_type == "execute_result":
                    output.execution_count = count
        derived = {
            self.path: as_stored(source, made, (str(root), self.parent.settings.name)),
            root / STUDENTS / self.path.name: derive_student(source),
        }
        drifted = {path.relative_to(root): drift(path, made) for path, made in derived.items()}
        faults = [f"{path}: {reason}" for path, reason in drifted.items() if reason]
        assert not faults, "\n".join(faults)

    def repr_failure(self, excinfo, style=None):
        return str(excinfo.value)

    def reportinfo(self):
        return self.path, 0, f"{self.path.name}: up to date"


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
