"""The set-up check: a sound machine passes, and each planted fault is named with its cure."""

import subprocess
import sys
from importlib import metadata
from pathlib import Path

import jupytext
import pytest
import torch

from labhelpers import data, setup_check
from labhelpers.setup_check import Finding, check_setup, findings


def outcome(what: str) -> Finding:
    (found,) = [finding for finding in findings() if finding.what == what]
    return found


def assert_fails(what: str, *words: str) -> None:
    finding = outcome(what)
    assert not finding.ok
    text = str(finding)
    assert text.startswith("[FAIL] ") and "\n       Cure: " in text
    for word in words:
        assert word in text, text


@pytest.fixture
def in_a_notebook(monkeypatch):
    """A shell and an inline backend, as every kernel has them."""
    monkeypatch.setattr("IPython.get_ipython", lambda: object())
    monkeypatch.setattr("matplotlib.get_backend", lambda: "module://matplotlib_inline.backend")


def test_a_sound_machine_passes_and_names_nothing_of_its_own(in_a_notebook, capsys):
    assert check_setup() is True
    text = capsys.readouterr().out
    lines = text.strip().splitlines()
    assert all(line.startswith("[OK]   ") for line in lines[:-2])
    assert lines[-1] == "Everything is in order."
    assert len(lines) == len(setup_check._CHECKS) + 2
    # The stored output of the start page is compared with every machine's.
    assert torch.__version__ not in text and str(Path.cwd()) not in text


def test_faults_are_counted_and_what_to_do_next_is_said(in_a_notebook, monkeypatch, capsys):
    monkeypatch.setattr("IPython.get_ipython", lambda: None)
    assert check_setup() is False
    assert "1 thing needs your attention" in capsys.readouterr().out


def test_an_old_python(monkeypatch):
    monkeypatch.setattr(sys, "version_info", (3, 9, 1, "final", 0))
    assert_fails("Python is new enough", "Python 3.9.1", ">=3.11", "choose another kernel")


def test_a_missing_package(monkeypatch):
    def version(name):
        if name == "scikit-learn":
            raise metadata.PackageNotFoundError(name)
        return real(name)

    real = metadata.version
    monkeypatch.setattr(metadata, "version", version)
    assert_fails("the packages are there and fit", "scikit-learn is missing", "%pip install")


@pytest.mark.parametrize("version", ["1.13.1", "3.0.0"])
def test_a_package_outside_its_limits(monkeypatch, version):
    real = metadata.version
    monkeypatch.setattr(metadata, "version", lambda n: version if n == "torch" else real(n))
    assert_fails("the packages are there and fit", f"torch {version}", ">=2.4", '"torch')


@pytest.mark.parametrize("version", ["2.4.0+cpu", "2.9.0+cu126", "2.6.0a0"])
def test_builds_and_previews_between_the_limits_fit(monkeypatch, version):
    real = metadata.version
    monkeypatch.setattr(metadata, "version", lambda n: version if n == "torch" else real(n))
    assert outcome("the packages are there and fit").ok


def test_a_package_that_cannot_be_loaded(monkeypatch):
    monkeypatch.setitem(sys.modules, "sklearn", None)
    assert_fails("the packages are there and fit", "scikit-learn cannot be loaded")


def test_every_package_that_the_labs_import_has_limits():
    """A name misspelt in the list, or one that pyproject.toml forgot, would never be checked."""
    wanted = " ".join(metadata.requires(setup_check.COURSE))
    for name in setup_check.IMPORTED:
        assert f"{name}<" in wanted or f"{name}>" in wanted


def test_a_course_that_is_not_installed_is_said_once(monkeypatch):
    monkeypatch.setattr(setup_check, "COURSE", "no-such-course")
    assert_fails("the course is installed", "choose the kernel of the course")
    names = [finding.what for finding in findings()]
    assert "Python is new enough" not in names and "your work can be saved" in names


def test_a_pytorch_that_computes_nonsense(monkeypatch):
    monkeypatch.setattr(torch.Tensor, "backward", lambda self: None)
    assert_fails("PyTorch computes a derivative", "PyTorch says None")


def test_other_random_numbers(monkeypatch):
    monkeypatch.setattr(data, "gentle_line", lambda: data.steep_line())
    assert_fails("the data are those of the texts", "numbers in their texts will not agree")


def test_figures_that_cannot_be_drawn(monkeypatch):
    monkeypatch.setattr("labhelpers.figures.Drawing.panels", lambda self: [""])
    assert_fails("the course's figures can be drawn", "no picture came out")


def test_plain_python(monkeypatch):
    # Whatever another test of this process has left behind.
    monkeypatch.setattr("IPython.get_ipython", lambda: None)
    assert_fails("this page has a notebook kernel", "open the page in JupyterLab")


def test_a_backend_that_shows_nothing(monkeypatch):
    monkeypatch.setattr("matplotlib.get_backend", lambda: "agg")
    assert_fails("your own plots appear in the page", "backend agg", "%matplotlib inline")


def test_a_folder_that_cannot_be_written(monkeypatch):
    def refuse(**_):
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr("tempfile.TemporaryFile", refuse)
    assert_fails("your work can be saved", "Read-only file system", "copy the folder")


def test_a_fault_that_nobody_foresaw_is_reported_too(monkeypatch):
    def explode():
        raise RuntimeError("CUDA says no")

    monkeypatch.setattr(setup_check, "_CHECKS", (("all is well", explode),))
    assert_fails("all is well", "RuntimeError: CUDA says no", "README")


@pytest.mark.parametrize("module", ["torch", "labhelpers", "numpy"])
def test_the_start_page_speaks_when_the_course_cannot_be_imported(course, module):
    """Its first cell is what a student sees who chose the wrong kernel."""
    notebook = jupytext.read(course / "solutions" / "lab00_start_here.py")
    cell = next(cell for cell in notebook.cells if cell.cell_type == "code")
    program = f"import sys; sys.modules[{module!r}] = None\n{cell.source}"
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    assert run.stdout.startswith("[FAIL] the course can be loaded: ")
    assert module in run.stdout and "Cure: choose the kernel of the course" in run.stdout
