"""What a student gets, file by file.

The list is closed: a file is in the release because a line here names it, never because it lies
around.
"""

import json
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, is_dataclass
from pathlib import Path
from string import Template
from typing import Any

from labchecks.registry import lab_names, of_lab, plain_lab
from labtools.addresses import SITE, Address, read_address
from labtools.build import STUDENTS, drift, find_orphans, find_sources
from labtools.faults import Fault, LabError
from labtools.source import LabSource, read_source
from labtools.student import derive_student

PACKAGES = ("labchecks", "labhelpers")
PACKAGE_FILES = ("*.py", "*.css", "*.html", "*.js", "*.svg", "*.toml", Path(SITE).name)
LICENCES = ("LICENSE", "LICENSE-CC-BY-4.0")
TEMPLATES = Path(__file__).parent / "student"

# How Colab gets the course, as the students' README says it.
COLAB_BUTTON = "Open a lab with its button below."
COLAB_UPLOAD = "Open a lab with *File → Upload notebook*."
COLAB_BY_HAND = TEMPLATES / "colab-by-hand.md"

PINS_HEADER = """\
# The exact versions that the labs were tested with; a version here is used when its package is
# installed, and installs nothing by itself.
"""


@dataclass(frozen=True)
class Release:
    """A release, ready to be packed.

    Attributes
    ----------
    name : str
        What the zip and the folder in it are called.
    files : dict of str to bytes
        Content by path inside the folder.
    sources : list of LabSource
        The labs, with the solutions that must not be in `files`.
    """

    name: str
    files: dict[str, bytes]
    sources: list[LabSource]


def gather(root: Path) -> Release:
    """Collect the files of a student release.

    Raises
    ------
    LabError
        If a lab's student notebook is not what its source gives, or a file is missing.
    """
    project = tomllib.loads(_text(root, "pyproject.toml"))["project"]
    sources, notebooks = _labs(root)
    words = _words(project, sources, read_address(root))
    files = {
        **notebooks,
        **_packages(root),
        **{name: _text(root, name) for name in LICENCES},
        "constraints.txt": PINS_HEADER + _without_comments(_text(root, "constraints.txt")),
        **{
            path.stem: Template(path.read_text(encoding="utf-8")).substitute(words)
            for path in sorted(TEMPLATES.glob("*.template"))
        },
    }
    encoded = {path: text.encode() for path, text in files.items()}
    return Release(f"{project['name']}-{project['version']}", encoded, sources)


def _text(root: Path, path: str) -> str:
    """Read a text file of the course; line ends are those of Unix on every machine."""
    try:
        return (root / path).read_text(encoding="utf-8")
    except FileNotFoundError:
        raise LabError([Fault(path, "is missing, and the release needs it")]) from None


def _labs(root: Path) -> tuple[list[LabSource], dict[str, str]]:
    """Read every lab and its student notebook; all faults are reported together."""
    sources, notebooks, faults = [], {}, []
    for path in find_sources(root):
        target = f"{STUDENTS}/{path.stem}.ipynb"
        try:
            source = read_source(path, root)
            notebooks[target] = _notebook(root, target, source)
            sources.append(source)
        except LabError as error:
            faults += error.faults
    faults += [Fault(path, "has no source any more: delete it") for path in find_orphans(root)]
    if faults:
        raise LabError(faults)
    return sources, notebooks


def _notebook(root: Path, path: str, source: LabSource) -> str:
    """Read a lab's student notebook and compare it with what its source gives."""
    text = _text(root, path)
    fault = drift(root, path, derive_student(source), "run `labs build` before you release")
    if fault is not None:
        raise LabError([fault])
    return text


def _packages(root: Path) -> dict[str, str]:
    """Read the packages that the labs import, a lab's practices as plain data where they can be.

    So no reference, which is an answer written down, is among the files: what it and the known
    slips give for the cases of the check cells is enough there.
    """
    found = {
        path.relative_to(root).as_posix()
        for package in PACKAGES
        for pattern in PACKAGE_FILES
        for path in (root / package).rglob(pattern)
        if ".ipynb_checkpoints" not in path.parts
    }
    files = {path: _text(root, path) for path in sorted(found)}
    for lab in lab_names():
        judged = [practice.judge for practice in of_lab(lab) if not practice.manual]
        if all(map(is_dataclass, judged)):
            folder = f"{PACKAGES[0]}/labs/{lab}"
            files = {path: text for path, text in files.items() if not path.startswith(folder)}
            files[f"{folder}.json"] = plain_lab(lab, judged=True)
    return files


def _without_comments(text: str) -> str:
    return "".join(line for line in text.splitlines(keepends=True) if not line.startswith("#"))


def _words(
    project: Mapping[str, Any], sources: list[LabSource], address: Address | None
) -> dict[str, str]:
    """What stands in place of ``$word`` in the templates."""
    named = f"{project['name']}-{project['version']}"
    extras = project["optional-dependencies"]
    colab = Template(COLAB_BY_HAND.read_text(encoding="utf-8")).substitute(release=named).rstrip()
    if address is not None:
        how = COLAB_BUTTON if address.links("") else COLAB_UPLOAD
        colab = f"{how} Its first cell installs the course there."
    return {
        "name": project["name"],
        "version": project["version"],
        "python": project["requires-python"],
        "license": project["license"],
        "dependencies": _array(project["dependencies"]),
        "kernel": _array(extras["kernel"]),
        "lab": _array(extras["lab"]),
        "colab": colab,
        "labs": "\n".join(_row(source, address) for source in sources),
        "first": sources[0].name,
    }


def _row(source: LabSource, address: Address | None) -> str:
    """A lab's line in the README's list: its name, and where it opens without an installation."""
    path = f"{STUDENTS}/{source.name}.ipynb"
    links = address.links(path) if address else {}
    opened = "".join(f" · [{text}]({link})" for text, link in links.items())
    return f"| [{_title(source)}]({path}){opened} |"


def _array(items: list[str]) -> str:
    return "\n".join(f"  {json.dumps(item)}," for item in items)


def _title(source: LabSource) -> str:
    return source.notebook.cells[0].source.splitlines()[0].removeprefix("# ").strip()
