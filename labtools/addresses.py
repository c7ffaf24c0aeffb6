"""Where students get the course and its site from: set once by `labs release --address`, `--site`.

Without an address the notebooks name a kernel that lacks the course, with the cure; with one their
first cell installs the course there. Buttons for Colab and Binder need a repository on GitHub that
holds what is in the zip.
"""

import html
import re
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

COURSE = "gradient-descent-labs"
#: The extra that a kernel needs where a notebook program is there already.
EXTRA = "kernel"

#: Files of the course that hold one address each. The second is part of what students get.
INSTALL = "solutions/address.txt"
SITE = "labchecks/site.txt"

_GITHUB = re.compile(r"https://github\.com/([\w.-]+/[\w.-]+?)(?:\.git)?(?:/tree/([\w./-]+?))?/?")
_PACKAGE = re.compile(r"(?:git\+https://|https://(?=\S*\.(?:zip|whl|tar\.gz)$))[^\s\"'<>\\]+")
_WEB = re.compile(r"https?://[^\s\"'<>\\]+")

_CURE = """\
# Is the course in this kernel?
try:
    import labhelpers
except ImportError as error:
    cure = "Choose the course's kernel at the top right of this page. If there is none, close "
    cure += "JupyterLab, install the course as its README says, and open this page again there."
    raise ImportError(f"{error}. {cure}") from None

"""
_INSTALL = """\
# Is the course in this kernel? If not, as on Colab, it is installed there.
try:
    import labhelpers
except ImportError:
    %pip install --quiet "{requirement}"

"""
# Inline, as no style sheet of ours reaches every notebook program; no fill, for light and dark.
_BUTTON = (
    '<a href="{}" style="border: 1px solid; border-radius: 6px; padding: 3px 10px; '
    'text-decoration: none">{}</a>'
)


@dataclass(frozen=True)
class Address:
    """The address from which pip can install the course.

    Attributes
    ----------
    url : str
        A repository on GitHub, a zip, a wheel or what pip takes after ``git+``.
    """

    url: str

    def __post_init__(self) -> None:
        if not (_GITHUB.fullmatch(self.url) or _PACKAGE.fullmatch(self.url)):
            raise ValueError(
                f"{self.url!r} is neither a repository, as in https://github.com/OWNER/NAME, nor "
                "a zip or wheel, as in https://HOST/labs.zip"
            )

    @property
    def requirement(self) -> str:
        """What pip is asked for."""
        url = self.url
        if found := _GITHUB.fullmatch(url):
            url = f"https://github.com/{found[1]}/archive/{found[2] or 'HEAD'}.zip"
        return f"{COURSE}[{EXTRA}] @ {url}"

    def links(self, notebook: str) -> dict[str, str]:
        """Where a notebook, named by its path, opens without an installation; by what to say."""
        found = _GITHUB.fullmatch(self.url)
        if found is None:
            return {}
        repository, branch = found[1], found[2] or "HEAD"
        colab, binder = "https://colab.research.google.com/github", "https://mybinder.org/v2/gh"
        path = quote(notebook, safe="")
        return {
            "Open in Colab": f"{colab}/{repository}/blob/{branch}/{quote(notebook)}",
            "Open in Binder": f"{binder}/{repository}/{quote(branch, safe='')}?labpath={path}",
        }


def read_address(root: Path) -> Address | None:
    """The address that was set, None without one."""
    path = root / INSTALL
    return Address(path.read_text(encoding="utf-8").strip()) if path.exists() else None


def write_address(root: Path, url: str) -> bool:
    """Set the address, or remove it where `url` is empty; return whether anything changed.

    Raises
    ------
    ValueError
        If nothing can be installed from there.
    """
    return _write(root / INSTALL, Address(url).url if url else "")


def write_site(root: Path, url: str) -> bool:
    """Set the address of the course's site, or remove it where `url` is empty.

    Raises
    ------
    ValueError
        If it is no address of a site.
    """
    if url and not _WEB.fullmatch(url):
        raise ValueError(f"{url!r} is no address of a site, as in https://HOST/labs/")
    return _write(root / SITE, url and f"{url.rstrip('/')}/")


def _write(path: Path, text: str) -> bool:
    before = path.read_text(encoding="utf-8").strip() if path.exists() else ""
    if text:
        path.write_text(f"{text}\n", encoding="utf-8", newline="\n")
    else:
        path.unlink(missing_ok=True)
    return text != before


def opening_lines(first: str, address: Address | None) -> str:
    """What the code cell that imports begins with, so that no kernel fails without a word.

    A cell that catches an ImportError speaks for itself.
    """
    if address is not None:
        return _INSTALL.format(requirement=address.requirement)
    return "" if "except ImportError" in first else _CURE


def buttons(address: Address | None, notebook: str) -> str:
    """A line of Markdown that opens a notebook elsewhere; empty where that cannot be."""
    links = address.links(notebook) if address else {}
    return " ".join(_BUTTON.format(html.escape(url), text) for text, url in links.items())
