"""Assemble the pages in a temporary folder, let Sphinx write the site, look at it, put it in place.

What the site is made of: ``docs/`` (pages, style and settings), the labs (`lab_page`), and the
documents of the repository that are pages too. Nothing derived is kept beside its source.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import nbformat

from labtools.build import STUDENTS, find_sources
from labtools.faults import Fault, LabError
from labtools.site.disclosure import disclosed_lines
from labtools.site.gallery import figure_cards, with_cards, write_thumbnail
from labtools.site.lab_page import Entry, entry_of, lab_page, read_derived, read_entries
from labtools.site.links import relink
from labtools.site.prose import holds_code, run_pages
from labtools.source import LabSource, read_source

PAGES = "docs"

# Documents of the repository that are pages of the site, and which page each is.
DOCUMENTS = {"docs/instructors.md": "instructors.md", "CONTRIBUTING.md": "contributing.md"}
NOT_PAGES = {"images/draw.py"}
MARK = ".course-site"

# Pages with small pictures: the list of mistakes, and the reference of the figures.
MISTAKES = f"{PAGES}/mistakes/"
FIGURES, FIGURES_MODULE = f"{PAGES}/api/figures.md", "labhelpers.figures"
THUMBNAILS = "thumbnails"


def build_site(root: Path, out: Path) -> int:
    """Build the site into `out` and return its number of pages.

    A site that was there before is replaced only by one that is complete.

    Raises
    ------
    LabError
        When a lab is not built, a page's code fails, a link leads nowhere, a solution line would
        be published, or `out` holds something else than a site.
    """
    _refuse_foreign(out)
    sources = [read_source(path, root) for path in find_sources(root)]
    with tempfile.TemporaryDirectory(prefix="labs-site-") as folder:
        pages, html = Path(folder, "pages"), Path(folder, "html")
        assemble(root, sources, pages)
        _run_sphinx(pages, html)
        faults = disclosed_lines(html, sources)
        if faults:
            raise LabError(faults)
        (html / MARK).touch()
        if out.exists():
            shutil.rmtree(out)
        out.parent.mkdir(parents=True, exist_ok=True)
        shutil.move(html, out)
    return sum(1 for _ in out.rglob("*.html"))


def assemble(root: Path, sources: list[LabSource], pages: Path) -> None:
    """Write every page's source, and the notebooks to download, into the folder `pages`."""
    entries = read_entries((root / "README.md").read_text(encoding="utf-8"))
    labs = [entry_of(source, entries) for source in sources]
    for source, lab in zip(sources, labs, strict=True):
        student, solution = read_derived(source, root)
        _write(pages / _page_of(lab), lab_page(source, student, solution, lab))
        _write(pages / "extra" / "downloads" / f"{lab.name}.ipynb", student)
    (pages / "labs" / "list.txt").write_text(_cards(labs), encoding="utf-8")

    found = {f"{PAGES}/{name}": root / PAGES / name for name in _files(root / PAGES)}
    found |= {name: root / name for name in DOCUMENTS}
    texts = {name: _read(path, name) for name, path in found.items() if path.suffix == ".md"}
    places = {f"{STUDENTS}/{lab.name}.ipynb": _page_of(lab) for lab in labs}
    places |= {name: _place(name, texts.get(name, "")) for name in found}
    to_run = {}
    for name, path in found.items():
        if name not in texts:
            _make_room(pages / places[name])
            shutil.copyfile(path, pages / places[name])
            continue
        text = relink(texts[name], name, places[name], places)
        if holds_code(text):
            to_run[name] = text
        else:
            _make_room(pages / places[name]).write_text(text, encoding="utf-8")
    pictures = {}
    for name, notebook in run_pages(to_run).items():
        _write(pages / places[name], notebook)
        folder = (pages / places[name]).parent / THUMBNAILS
        if name == FIGURES:
            cards = figure_cards(notebook, folder, FIGURES_MODULE)
            folder.with_name("figures.txt").write_text(cards, encoding="utf-8")
        elif name.startswith(MISTAKES):
            outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
            page = Path(name).stem
            if picture := write_thumbnail(outputs, folder / page):
                pictures[page] = f"{THUMBNAILS}/{picture}"
    titles = {
        Path(name).stem: text.partition("\n")[0].lstrip("# ")
        for name, text in texts.items()
        if name.startswith(MISTAKES)
    }
    index = pages / places[f"{MISTAKES}index.md"]
    index.write_text(with_cards(index.read_text("utf-8"), titles, pictures), encoding="utf-8")


def _files(folder: Path) -> list[str]:
    names = (path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
    return sorted(name for name in names if "__pycache__" not in name and name not in NOT_PAGES)


def _read(path: Path, name: str) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise LabError([Fault(name, "missing: the site has a page for it")]) from None


def _place(name: str, text: str) -> str:
    """Where on the site a document goes; one that holds code becomes a notebook."""
    place = DOCUMENTS.get(name) or name.removeprefix(f"{PAGES}/")
    return place.removesuffix(".md") + ".ipynb" if holds_code(text) else place


def _make_room(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    return path


def _page_of(lab: Entry) -> str:
    return f"labs/{lab.name}.ipynb"


def _write(path: Path, notebook: nbformat.NotebookNode) -> None:
    nbformat.write(notebook, _make_room(path))


def _cards(labs: list[Entry]) -> str:
    """The list of labs, as the landing page includes it."""
    cards = [
        f":::{{grid-item-card}} {lab.title}\n:link: /labs/{lab.name}\n:link-type: doc\n\n"
        f"{lab.summary[:1].upper()}{lab.summary[1:]}.\n\n"
        f"```{{card-footer}}\n{lab.minutes} minutes\n```\n:::\n"
        for lab in labs
    ]
    return "::::{grid} 1 2 2 3\n:gutter: 3\n\n" + "\n".join(cards) + "::::\n"


def _run_sphinx(pages: Path, html: Path) -> None:
    command = [sys.executable, "-m", "sphinx", "-b", "html", "-W", "--keep-going", "-q"]
    command += ["-j", str(min(4, os.cpu_count() or 1)), "-d", str(html.with_name("doctrees"))]
    result = subprocess.run(
        [*command, str(pages), str(html)], capture_output=True, text=True, check=False
    )
    if result.returncode:
        lines = [line.replace(f"{pages}/", "") for line in result.stderr.splitlines() if line]
        raise LabError([Fault("Sphinx", line) for line in lines or ["failed without a message"]])


def _refuse_foreign(out: Path) -> None:
    if out.exists() and (not out.is_dir() or any(out.iterdir()) and not (out / MARK).exists()):
        raise LabError(
            [Fault(str(out), "holds something that is no course site; name another --out")]
        )
