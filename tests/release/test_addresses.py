"""The course's address is set once: then notebooks, README and the kernels that lack it use it."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest
from course_copy import copy_course
from packaging.requirements import Requirement

from labtools import addresses
from labtools.addresses import Address
from labtools.build import find_sources
from labtools.faults import LabError
from labtools.source import read_source

GITHUB = "https://github.com/school/labs"
ZIP = "https://school.example/labs/2026.zip"
COLAB = "https://colab.research.google.com/github/school/labs/blob/HEAD/notebooks/"
BINDER = "https://mybinder.org/v2/gh/school/labs/HEAD?labpath=notebooks%2F"


@pytest.fixture
def sources(course, tmp_path):
    """The labs' sources in a folder where an address may be set."""
    (tmp_path / "solutions").mkdir()
    for path in find_sources(course):
        (tmp_path / "solutions" / path.name).write_text(path.read_text("utf-8"), "utf-8")
    return tmp_path


def opening(root: Path) -> dict[str, tuple[str, str]]:
    """By lab, its title cell and its first code cell."""
    labs = (read_source(path, root) for path in find_sources(root))
    return {
        lab.name: (
            lab.notebook.cells[0].source,
            next(cell.source for cell in lab.notebook.cells if cell.cell_type == "code"),
        )
        for lab in labs
    }


@pytest.mark.quick
@pytest.mark.parametrize(
    ("url", "installed"),
    [
        (GITHUB, f"{GITHUB}/archive/HEAD.zip"),
        (f"{GITHUB}.git", f"{GITHUB}/archive/HEAD.zip"),
        (f"{GITHUB}/tree/autumn", f"{GITHUB}/archive/autumn.zip"),
        (ZIP, ZIP),
        ("git+https://git.example/labs", "git+https://git.example/labs"),
    ],
)
def test_what_pip_is_asked_for(url, installed):
    requirement = Requirement(Address(url).requirement)
    assert (requirement.url, requirement.extras) == (installed, {"kernel"})
    assert bool(Address(url).links("x.ipynb")) == url.startswith(GITHUB)


@pytest.mark.quick
@pytest.mark.parametrize(
    "url", ["labs", "https://school.example/labs", "http://x.y/a.zip", 'https://x.y/";os.zip', "-r"]
)
def test_an_address_that_pip_cannot_use_is_refused(url, tmp_path):
    with pytest.raises(ValueError, match="https://github.com/OWNER/NAME"):
        addresses.write_address(tmp_path, url)
    assert not list(tmp_path.iterdir())


@pytest.mark.quick
def test_without_an_address_nothing_is_promised(sources):
    for title, first in opening(sources).values():
        assert "colab" not in title.lower() and "binder" not in title.lower()
        assert "%pip" not in first


@pytest.mark.quick
def test_a_repository_gives_each_lab_its_buttons_and_its_first_lines(sources):
    assert addresses.write_address(sources, GITHUB)
    assert not addresses.write_address(sources, GITHUB), "nothing has changed"
    for name, (title, first) in opening(sources).items():
        assert f'href="{COLAB}{name}.ipynb"' in title and f'href="{BINDER}{name}.ipynb"' in title
        assert "\ntry:\n    import labhelpers\nexcept ImportError:\n    %pip" in first
        assert f'%pip install --quiet "{addresses.COURSE}[kernel] @ {GITHUB}/archive/' in first
    addresses.write_address(sources, "")
    assert "%pip" not in str(opening(sources))


@pytest.mark.quick
def test_a_zip_gives_the_first_lines_alone(sources):
    addresses.write_address(sources, ZIP)
    for title, first in opening(sources).values():
        assert "Open in" not in title and f"@ {ZIP}" in first


@pytest.mark.quick
def test_an_address_that_was_spoilt_by_hand_is_named(sources):
    (sources / addresses.INSTALL).write_text("nowhere\n", encoding="utf-8")
    with pytest.raises(LabError, match="solutions/address.txt: 'nowhere' is neither"):
        opening(sources)


@pytest.mark.quick
def test_a_kernel_without_the_course_gets_the_cure_in_every_lab(course):
    for _, first in opening(course).values():
        program = f"import sys; sys.modules['labhelpers'] = None\n{first}"
        run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
        said = run.stdout + run.stderr.strip().splitlines()[-1] if run.stderr else run.stdout
        assert "labhelpers" in said and "as its README says" in " ".join(said.split())
        assert re.search("hoose the (course's )?kernel", said)


@pytest.fixture(scope="module")
def published(course, tmp_path_factory) -> tuple[Path, dict[str, str]]:
    """A course of Lab 0 alone with an address and a site, and the files of its release."""
    root = copy_course(course, tmp_path_factory.mktemp("address") / "course")
    for path in [
        *(root / "solutions").glob("lab0[1-9]*"),
        *(root / "notebooks").glob("lab0[1-9]*"),
    ]:
        path.unlink()
    command = [sys.executable, "-m", "labtools.cli", "--root", str(root), "release"]
    command += ["--address", GITHUB, "--site", "https://school.example/site"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    [path] = (root / "release").glob("*.zip")
    with zipfile.ZipFile(path) as archive:
        texts = {n.partition("/")[2]: archive.read(n).decode() for n in archive.namelist()}
    return path, texts


@pytest.mark.prove
def test_one_command_puts_the_address_everywhere(published):
    _, files = published
    readme = files["README.md"]
    assert f"({COLAB}lab00_start_here.ipynb)" in readme and BINDER in readme
    assert "Open a lab with its button below." in readme and "--no-deps gradient" not in readme
    assert "%pip install" in files["notebooks/lab00_start_here.ipynb"]
    assert files["labchecks/site.txt"] == "https://school.example/site/\n"
    assert addresses.INSTALL not in files


@pytest.mark.prove
def test_the_first_cell_installs_the_course_where_it_is_missing(published, tmp_path):
    """In an environment that has the packages of this one, and not the course; no network."""
    path, _ = published
    lab = next(path.parents[1].glob("solutions/lab00*.py"))
    first = opening(lab.parents[1])[lab.stem][1].replace(
        f"{GITHUB}/archive/HEAD.zip", path.as_uri()
    )
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", tmp_path / "env"], check=True)
    names = {"base": str(tmp_path / "env"), "platbase": str(tmp_path / "env")}
    site = Path(sysconfig.get_path("purelib", vars=names))
    (site / "borrowed.pth").write_text(f"{sysconfig.get_path('purelib')}\n")
    scripts = Path(sysconfig.get_path("scripts", vars=names))
    (tmp_path / "first.ipy").write_text(first, encoding="utf-8")
    # pip's option is called no-build-isolation, and "0" sets it.
    environment = {**os.environ, "PIP_NO_BUILD_ISOLATION": "0", "IPYTHONDIR": str(tmp_path)}
    command = [scripts / "python", "-I", "-m", "IPython", "--no-banner", "first.ipy"]
    run = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert "[OK]   the course is installed" in run.stdout, run.stdout + run.stderr
    assert "[OK]   the packages are there and fit" in run.stdout
    assert list(site.glob("gradient_descent_labs-*.dist-info"))
