"""A student's first hour: unpack the zip in an empty folder, install as its README says, work.

The packages come from wherever pip finds them here. On a machine that is offline the test is
skipped, and says so.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
import urllib.request
import zipfile
from pathlib import Path

import pytest

pytestmark = [
    pytest.mark.prove,
    pytest.mark.timeout(900),
    pytest.mark.skipif(sys.platform == "win32", reason="runs the README's lines for Linux, macOS"),
]

# Run by the new environment's Python, which has nbclient as a part of JupyterLab.
RUN_LABS = """
import sys
from concurrent.futures import ThreadPoolExecutor
import nbformat
from nbclient import NotebookClient

def run(path):
    notebook = nbformat.read(path, as_version=4)
    NotebookClient(notebook, timeout=300, resources={"metadata": {"path": "notebooks"}}).execute()
    nbformat.write(notebook, path + ".run")

with ThreadPoolExecutor(2) as pool:
    list(pool.map(run, sys.argv[1:]))
"""


@pytest.fixture(scope="module")
def unpacked(zipped, tmp_path_factory) -> Path:
    """The folder that is in the zip, with everything installed by the README's own lines."""
    folder = tmp_path_factory.mktemp("student")
    (folder / "labs.zip").write_bytes(zipped)
    with zipfile.ZipFile(folder / "labs.zip") as archive:
        archive.extractall(folder)
    [course] = [path for path in folder.iterdir() if path.is_dir()]
    create, install, _ = readme_lines(course)
    for line in (create, install):
        result = subprocess.run(
            line, shell=True, cwd=course, env=environment(), capture_output=True, text=True
        )
        if re.search(r"Connection|Temporary failure in name|Network is unreach", result.stderr):
            pytest.skip("pip reaches no index from here")
        assert result.returncode == 0, f"{line}\n{result.stdout[-2000:]}\n{result.stderr[-2000:]}"
    return course


def readme_lines(course: Path) -> list[str]:
    """Return the lines that the README gives for macOS and Linux."""
    readme = (course / "README.md").read_text(encoding="utf-8")
    [block] = re.findall(r"macOS and Linux:\s+```console\n(.*?)```", readme, re.DOTALL)
    lines = block.splitlines()
    assert len(lines) == 3
    return lines


def environment() -> dict[str, str]:
    """Return what a student's shell has: nothing that leads to this course or its environment."""
    own = ("PYTHONPATH", "VIRTUAL_ENV", "PYTHONHOME", "COVERAGE_PROCESS_START")
    kept = {name: value for name, value in os.environ.items() if name not in own}
    here = str(Path(sys.prefix))
    path = [p for p in kept.get("PATH", "").split(os.pathsep) if not p.startswith(here)]
    # "python3" is the interpreter under test, whatever else the machine has.
    base = str(Path(sys.base_prefix) / "bin")
    # pip would compile each module that it installs, of which the labs import few: "0" says no.
    quick = {"OMP_NUM_THREADS": "1", "PIP_NO_COMPILE": "0"}
    return {**kept, **quick, "PATH": os.pathsep.join([base, *path])}


def run(course: Path, *words: str) -> subprocess.CompletedProcess:
    return subprocess.run(
        [course / ".venv" / "bin" / "python", *words],
        cwd=course,
        env=environment(),
        capture_output=True,
        text=True,
        check=False,
    )


def test_every_lab_runs_untouched(unpacked):
    labs = sorted((unpacked / "notebooks").glob("*.ipynb"))
    result = run(unpacked, "-c", RUN_LABS, *map(str, labs))
    assert result.returncode == 0, result.stderr[-3000:]
    for lab in labs:
        cells = json.loads(Path(f"{lab}.run").read_text(encoding="utf-8"))["cells"]
        outputs = [output for cell in cells for output in cell.get("outputs", [])]
        assert not [o for o in outputs if o["output_type"] == "error" or o.get("name") == "stderr"]
        checks = [c for c in cells if c["metadata"].get("nbgrader", {}).get("locked")]
        assert checks or lab.name.startswith("lab00")
        for cell in checks:
            assert "not attempted" in json.dumps(cell["outputs"]).lower(), cell["source"]
        Path(f"{lab}.run").unlink()


def test_nothing_of_the_instructor_s_is_installed(unpacked):
    code = "import labhelpers, sys; print(labhelpers.__file__); import labtools"
    result = run(unpacked, "-c", code)
    assert str(unpacked) in result.stdout
    assert "No module named 'labtools'" in result.stderr
    assert not (unpacked / ".venv" / "bin" / "labs").exists()


def test_the_third_line_opens_the_labs(unpacked):
    *_, line = readme_lines(unpacked)
    extra = "--no-browser --port 0 --IdentityProvider.token=x --allow-root"
    server = subprocess.Popen(
        f"exec {line} {extra}",
        shell=True,
        cwd=unpacked,
        env=environment(),
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        for text in server.stderr:
            if match := re.search(r"http://127\.0\.0\.1:\d+/", text):
                break
        address = f"{match.group()}api/contents?token=x"
        listing = _fetch(address)
    finally:
        server.terminate()
        server.communicate(timeout=30)
    names = {item["name"] for item in listing["content"]}
    # What the checks remember there is hidden, as its name says.
    shown = (path.name for path in (unpacked / "notebooks").iterdir())
    assert names == {name for name in shown if not name.startswith(".")}


def _fetch(address: str, seconds: float = 60) -> dict:
    """Read JSON from a server of our own that may still be starting."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    limit = time.monotonic() + seconds
    while True:
        try:
            with opener.open(address, timeout=10) as answer:
                return json.load(answer)
        except OSError:
            if time.monotonic() > limit:
                raise
            time.sleep(0.2)


def test_the_answers_command_runs_from_it(unpacked, course, tmp_path):
    lab = next((unpacked / "notebooks").glob("lab01*.ipynb"))
    answered = course / "solutions" / lab.name
    result = run(
        unpacked, "-m", "labchecks.carry", str(answered), str(lab), "--out", str(tmp_path / "x")
    )
    assert result.returncode == 0, result.stderr
    assert re.search(r"copied: .*\blab01-rate-02\b", result.stdout), result.stdout
