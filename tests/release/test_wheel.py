"""A wheel made with `python -m build` holds what the labs import and works by itself."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import sysconfig
import zipfile

import pytest

pytestmark = pytest.mark.prove

# Colab has PyTorch, Matplotlib, NumPy and IPython. It need not have any of these.
NOT_THERE = "anywidget jupyterlab jupytext labtools nbclient nbgrader rich".split()

PROGRAM = f"""
import sys
for name in {NOT_THERE!r}:
    sys.modules[name] = None  # importing it fails
import json
import re
import labhelpers
from labhelpers import DescentExplorer, LossSurface, check
from labhelpers.figures import plot_contours

data = labhelpers.data.gentle_line()
surface = LossSurface(data.x, data.y)
limit = lambda x: LossSurface(x, x).largest_stable_rate
right = check("lab01-largest-rate", {{"largest_rate": limit}})
wrong = check("lab01-largest-rate", {{"largest_rate": lambda x: 1.0}})
print(json.dumps({{
    "place": labhelpers.__file__,
    "scores": [float(right), float(wrong)],
    "explorer": DescentExplorer(data)._repr_mimebundle_(),
    "contours": sorted(plot_contours(surface)._repr_mimebundle_()),
}}))
"""


@pytest.fixture(scope="module")
def wheel(course, tmp_path_factory):
    folder = tmp_path_factory.mktemp("wheel")
    for name in ("pyproject.toml", "setup.py", "README.md", "LICENSE", "LICENSE-CC-BY-4.0"):
        shutil.copy(course / name, folder)
    leave = shutil.ignore_patterns("__pycache__")
    for name in ("labchecks", "labhelpers", "labtools"):
        shutil.copytree(course / name, folder / name, ignore=leave)
    # Without isolation: the build backend of this environment is taken, nothing is downloaded.
    command = [sys.executable, "-m", "build", "--no-isolation", "--outdir", "dist"]
    result = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout + result.stderr
    [path] = (folder / "dist").glob("*.whl")
    assert path.name.endswith("-py3-none-any.whl")
    return path


def test_it_holds_what_the_labs_import_and_no_more(course, wheel):
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
    inside = {name for name in names if ".dist-info/" not in name}
    expected = {
        path.relative_to(course).as_posix()
        for pattern in ("*.py", "*.js", "*.css", "*.html", "*.svg", "*.toml")
        for package in ("labchecks", "labhelpers")
        for path in (course / package).rglob(pattern)
        if ".ipynb_checkpoints" not in path.parts
    }
    assert inside == expected
    assert not [name for name in names if name.endswith("entry_points.txt")], "labs needs labtools"
    assert sum("licenses/LICENSE" in name for name in names) == 2
    with zipfile.ZipFile(wheel) as archive:
        [metadata] = [n for n in names if n.endswith("METADATA")]
        needs = archive.read(metadata).decode()
    assert re.search("Requires-Dist: scikit-learn.*extra == .kernel.", needs)


def test_it_works_in_a_bare_environment(wheel, tmp_path):
    """A new environment that sees the packages of this one, but not this copy of the course."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", tmp_path / "env"], check=True)
    python = tmp_path / "env" / "bin" / "python"
    if sys.platform == "win32":
        python = tmp_path / "env" / "Scripts" / "python.exe"
    command = [sys.executable, "-m", "pip", "--python", str(python), "install", "--no-deps"]
    subprocess.run([*command, str(wheel)], check=True, capture_output=True)
    ask = "import sysconfig; print(sysconfig.get_path('purelib'))"
    site = subprocess.run([python, "-c", ask], capture_output=True, text=True, check=True)
    # A .pth file found through another one is not read, so the course's own install is not seen.
    other = sysconfig.get_path("purelib")
    (tmp_path / "env" / site.stdout.strip() / "borrowed.pth").write_text(f"{other}\n")

    result = subprocess.run(
        [python, "-I", "-c", PROGRAM], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stderr
    answer = json.loads(result.stdout.splitlines()[-1])
    assert answer["place"].startswith(str(tmp_path))
    assert answer["scores"] == [5.0, 0.0]
    assert "<script" in answer["explorer"]["text/html"]
    assert "text/plain" in answer["explorer"]
    assert "text/html" in answer["contours"]
