"""pytest runs the labs too: solutions/ strictly, notebooks/ as an untouched student copy.

In solutions/ every text output is compared with the one that is stored, and the same run then
proves that both derived notebooks are what the lab's source gives. In notebooks/ each cell must run
without an error. No option is needed: `pytest`, `pytest solutions` or
`pytest notebooks/lab01_two_parameter_training.ipynb`.
"""

from __future__ import annotations

import copy
import os
import re
import tempfile
from pathlib import Path

import nbval.plugin
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
        else:
            yield Untouched.from_parent(self, name="untouched", cells=cells)

    def setup(self):
        """Start the kernel, with the settings that `labs build` gives to it."""
        from labtools.execution import kernel_environment, with_joined_streams

        # nbval's own way joins what is printed before a table with what is printed after it.
        nbval.plugin.coalesce_streams = with_joined_streams
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


class WholeRun(pytest.Item):
    """What is proved by the outputs of all cells of a notebook."""

    def __init__(self, *, cells, **kwargs):
        super().__init__(**kwargs)
        self.cells = cells

    def runtest(self):
        if any(cell.test_outputs is None for cell in self.cells):
            pytest.skip("needs the outputs of all cells: run the whole notebook")
        if faults := list(self.faults()):
            pytest.fail("\n".join(faults), pytrace=False)

    def faults(self):
        raise NotImplementedError

    def repr_failure(self, excinfo, style=None):
        return str(excinfo.value)

    def reportinfo(self):
        return self.path, 0, f"{self.path.name}: {self.name}"


class UpToDate(WholeRun):
    """Both derived notebooks are what `labs build` would write, with the outputs of this run."""

    def faults(self):
        from labtools.build import STUDENTS, drift
        from labtools.execution import as_stored
        from labtools.source import read_source
        from labtools.student import derive_student

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
        for path, made in derived.items():
            if fault := drift(root, path.relative_to(root).as_posix(), made):
                yield str(fault)


class Untouched(WholeRun):
    """A student who has solved nothing is told so, sees no warning, and can see or read all."""

    def faults(self):
        from labtools.comparison import picture_size

        for cell in self.cells:
            shown = [
                text
                for output in cell.test_outputs
                for text in (output.get("text"), output.get("data", {}).get("text/html"))
                if text
            ]
            where = f"cell {cell.cell_num}"
            if any(output.get("name") == "stderr" for output in cell.test_outputs):
                yield f"{where} writes to stderr: {shown[0]}"
            if cell.cell.metadata.get("nbgrader", {}).get("locked") and not any(
                "not attempted" in text.lower() for text in shown
            ):
                yield f"{where}, a check, does not say “not attempted”: {shown}"
            for picture in re.findall(r"<img\b[^>]*>", "".join(shown)):
                alt = re.search(r'\balt="([^"]*)"', picture)
                data = re.search(r'\bsrc="data:image/[^,"]+,([^"]*)"', picture)
                size = data and picture_size(data.group(1))
                if " alt=" in picture and re.search(r'\bwidth="\d\d?"', picture):
                    continue  # a small one beside the words of a legend
                if not alt or not alt.group(1) or not size or size[0] <= 100:
                    yield f"{where} has a picture without a text, or none: {picture[:200]}"


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
