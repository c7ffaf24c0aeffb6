"""Cards with a small picture: the list of mistakes, and the figures of the reference."""

import base64
import re
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import unquote

from nbformat import NotebookNode

_PICTURE = re.compile(r'src="data:image/(svg\+xml|png)(?:;base64)?,([^"]+)"')
_SWATCH = "height='16'"
_WORDS = re.compile(r"<text\b.*?</text>")
_LIST = re.compile(r"^```\{toctree\}\n:maxdepth: 1\n\n(.*?)\n```$", re.MULTILINE | re.DOTALL)
_FUNCTION = re.compile(r"autofunction:: (\w+)")


def write_thumbnail(outputs: list, place: Path) -> str | None:
    """Write the first picture of a cell's figures beside `place`; return its file's name.

    The words in a vector picture go: at this size nobody can read them.
    """
    pages = (output.get("data", {}).get("text/html", "") for output in outputs)
    for kind, data in (match for page in pages for match in _PICTURE.findall(page)):
        if kind == "png":
            file, picture = place.with_suffix(".png"), base64.b64decode(data)
        elif _SWATCH in (drawn := unquote(data))[:200]:
            continue  # a legend's
        else:
            file, picture = place.with_suffix(".svg"), _WORDS.sub("", drawn).encode()
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(picture)
        return file.name
    return None


def with_cards(text: str, titles: Mapping[str, str], thumbnails: Mapping[str, str]) -> str:
    """Turn each plain list of pages in a MyST document into cards.

    Titles and pictures are found by a page's name in the list.
    """

    def cards(match: re.Match) -> str:
        names = match[1].split()
        hidden = match.group().replace(":maxdepth: 1", ":hidden:")
        return f"{hidden}\n\n{_grid((titles[n], n, 'doc', thumbnails.get(n)) for n in names)}"

    return _LIST.sub(cards, text)


def figure_cards(page: NotebookNode, folder: Path, module: str) -> str:
    """Cards for the functions of a reference page that was run, with the picture that follows each.

    The pictures go into `folder`; the functions are those of `module`.
    """
    cards, name = [], None
    for cell in page.cells:
        if cell.cell_type == "markdown" and (found := _FUNCTION.findall(cell.source)):
            name = found[-1]
        elif name and (picture := write_thumbnail(cell.get("outputs", []), folder / name)):
            cards.append((f"`{name}`", f"{module}.{name}", "any", f"{folder.name}/{picture}"))
            name = None
    return _grid(cards)


def _grid(cards) -> str:
    made = [
        f":::{{grid-item-card}} {title}\n:link: {link}\n:link-type: {kind}\n"
        + (f":img-top: {picture}\n" if picture else "")
        + ":class-card: thumbnail\n:::\n"
        for title, link, kind, picture in cards
    ]
    return "::::{grid} 2 2 3 3\n:gutter: 2\n\n" + "\n".join(made) + "::::\n"
