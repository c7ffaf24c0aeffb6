"""Solution lines in what is about to be published: the last look before a site is written."""

import html
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from labtools.faults import Fault
from labtools.leaks import squeeze, surviving_lines
from labtools.markers import BEGIN, without
from labtools.source import LabSource

_PICTURE = re.compile(r"base64,[A-Za-z0-9+/=\s]+")
_TAG = re.compile(r"<[^>]*>")
# What ends a line of text in a page. Colour marks inside a line of code do not.
_LINE_END = re.compile(r"<br\s*/?>|</(?:p|div|li|td|th|tr|h\d|pre|summary|figcaption)>")
PUBLISHED = {".html", ".ipynb", ".js", ".json", ".md", ".py", ".txt"}


def disclosed_lines(site: Path, sources: Sequence[LabSource]) -> list[Fault]:
    """Find each solution line, of any lab, in any file of a built site.

    Lines that a lab shows on purpose, in a cell tagged ``taught``, are no secret anywhere.
    """
    seen = {line for source in sources for line in _taught_lines(source)}
    files, cells = [], []
    for path in sorted(site.rglob("*")):
        if path.suffix not in PUBLISHED or "_static" in path.relative_to(site).parts:
            continue
        # The same frame stands around every page: a line that was taken once is not again.
        new = {squeezed: line for line in lines_of(path) if (squeezed := squeeze(line))}
        files.append(path.relative_to(site).as_posix())
        cells.append("\n".join(line for squeezed, line in new.items() if squeezed not in seen))
        seen |= new.keys()
    shown = nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell(text) for text in cells])
    return [
        Fault(files[index], f"{reason.partition(' of cell ')[0]} of {source.file} is published")
        for source in sources
        for index, reason in surviving_lines(source, shown)
    ]


def lines_of(path: Path) -> list[str]:
    """Return the lines of text that a published file holds."""
    text = path.read_text(encoding="utf-8", errors="replace")
    if path.suffix == ".ipynb":
        return [
            line
            for cell in nbformat.reads(text, as_version=4).cells
            for line in f"{cell.source}\n{output_text(cell)}".splitlines()
        ]
    text = _PICTURE.sub("", text)
    if path.suffix == ".html":
        text = html.unescape(_TAG.sub("", _LINE_END.sub("\n", text)))
    return text.splitlines()


def output_text(cell: NotebookNode) -> str:
    """Return all that a cell shows below itself, as text."""
    parts = []
    for output in cell.get("outputs", []):
        parts.append(output.get("text", ""))
        parts += [
            _TAG.sub("\n", _PICTURE.sub("", value))
            for mime, value in output.get("data", {}).items()
            if mime.startswith("text/")
        ]
    return "\n".join(parts)


def _taught_lines(source: LabSource) -> Iterator[str]:
    for cell in source.notebook.cells:
        if "taught" in cell.metadata.get("tags", []):
            yield from map(squeeze, without(cell.source, BEGIN).splitlines())
