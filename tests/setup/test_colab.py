"""The labs accept, and work with, the versions that Google Colab holds fast."""

from __future__ import annotations

import asyncio
import os
import re
import subprocess
import sys
import tomllib

import nbformat
import pytest
from nbclient import NotebookClient
from packaging.requirements import Requirement

from labtools.build import find_sources
from labtools.source import read_source

PINNED = {"ipython": "7.34.0", "ipykernel": "6.17.1", "ipywidgets": "7.7.1"}
# What these need and newer versions do not.
BESIDES = ("backcall", "decorator", "pickleshare")


@pytest.mark.quick
@pytest.mark.parametrize("name", PINNED)
def test_the_range_holds_colab_s_version(course, name):
    project = tomllib.loads((course / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    lines = [*project["dependencies"], *project["optional-dependencies"]["kernel"]]
    [wanted] = [r for line in lines if (r := Requirement(line)).name == name]
    assert PINNED[name] in wanted.specifier


@pytest.mark.prove
def test_lab_0_s_check_and_every_lab_s_imports_work_with_them(course, tmp_path):
    """In a kernel that finds Colab's versions before those of this environment."""
    names = [f"{name}=={version}" for name, version in PINNED.items()]
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps"]
    command += ["--target", str(tmp_path / "colab"), *names, *BESIDES]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if re.search(r"Connection|Temporary failure in name|Network is unreach", done.stderr):
        pytest.skip("pip reaches no index from here")
    assert done.returncode == 0, done.stderr
    notebook = nbformat.v4.new_notebook()
    for path in find_sources(course):
        cells = read_source(path, course).notebook.cells
        notebook.cells.append(next(cell for cell in cells if cell.cell_type == "code"))
    shown = "import IPython, ipykernel\nprint(IPython.__version__, ipykernel.__version__)\n"
    shown += "labhelpers.DescentExplorer(labhelpers.data.gentle_line())"
    notebook.cells.append(nbformat.v4.new_code_cell(shown))
    environment = {**os.environ, "PYTHONPATH": str(tmp_path / "colab")}
    client = NotebookClient(notebook, timeout=120, extra_arguments=["--log-level=ERROR"])
    asyncio.run(client.async_execute(cwd=str(tmp_path), env=environment))
    *labs, last = notebook.cells
    texts = ["".join(output.get("text", "") for output in cell.outputs) for cell in labs]
    assert texts[0].endswith("Everything is in order.\n"), texts[0]
    assert all("The set-up is fine." in text for text in texts[1:])
    assert last.outputs[0].text == f"{PINNED['ipython']} {PINNED['ipykernel']}\n"
    assert "text/html" in last.outputs[1].data
