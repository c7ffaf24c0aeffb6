"""A lab's source, opened and saved in JupyterLab, stays the text that its author wrote."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from jupytext import TextFileContentsManager
from sample_lab import SOURCE

from labtools.build import find_sources

COURSE = Path(__file__).resolve().parents[2]


@pytest.fixture
def folder(tmp_path):
    """A folder with the course's settings, the sample and every source of the course."""
    shutil.copy(COURSE / "pyproject.toml", tmp_path)
    (tmp_path / "solutions").mkdir()
    (tmp_path / "solutions" / "lab00_sample.py").write_text(SOURCE)
    for path in find_sources(COURSE):
        shutil.copy(path, tmp_path / "solutions")
    return tmp_path


def test_opening_and_saving_changes_no_byte(folder):
    manager = TextFileContentsManager(root_dir=str(folder))
    for path in sorted((folder / "solutions").glob("lab*.py")):
        before = path.read_text(encoding="utf-8")
        name = f"solutions/{path.name}"
        model = manager.get(name, type="notebook", content=True)
        # What an editor adds on its own: the kernel's name, a cell's state, outputs.
        model["content"]["metadata"]["language_info"] = {"name": "python", "version": "3.11.7"}
        for cell in model["content"]["cells"]:
            cell["metadata"]["trusted"] = True
        manager.save(model, name)
        assert path.read_text(encoding="utf-8") == before, path.name
        assert not path.with_suffix(".ipynb").exists(), "the source is not paired"


def test_an_edit_reaches_the_text(folder):
    manager = TextFileContentsManager(root_dir=str(folder))
    name = "solutions/lab00_sample.py"
    model = manager.get(name, type="notebook", content=True)
    model["content"]["cells"][0]["source"] += "\n\nA new sentence."
    manager.save(model, name)
    text = (folder / name).read_text()
    assert text == SOURCE.replace(
        "# What doubling is.\n", "# What doubling is.\n#\n# A new sentence.\n"
    )
