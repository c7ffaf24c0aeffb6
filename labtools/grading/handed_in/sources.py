"""A folder or a zip of submissions, seen in one way: what lies at its top, and what is in that."""

from __future__ import annotations

import io
import os
import stat
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from labtools.grading.handed_in.naming import is_notebook, printable
from labtools.grading.handed_in.notebook import holds_cells_of
from labtools.grading.records import CannotGrade

#: Files of one student that are looked at, notebooks first; files and folders of one student, and
#: of a zip that a student handed in, that are listed to find them.
MOST_ENTRIES, MOST_LISTED = 2_000, 20_000
#: Folders that programs make and whose names need not be told.
_PROGRAMS_OWN = frozenset(
    "__MACOSX __pycache__ .git .svn .hg .idea .vscode .cache .config .local .jupyter .ipython "
    ".ipynb_checkpoints .virtual_documents .pytest_cache .ruff_cache .mypy_cache .Trash .trash "
    ".Trashes .Spotlight-V100 .fseventsd .DS_Store .venv .conda .nbgrader".split()
)
#: Folders in folders in a zip.
DEEPEST = 100
#: Bytes of a notebook that is opened to see which lab it is.
LOOK_LIMIT = 20_000_000


class SubmissionsError(CannotGrade):
    """The folder or zip as a whole cannot be graded."""


class NotReadable(Exception):
    """Why one file is not read: goes into a sentence after its name."""


@dataclass(frozen=True)
class Entry:
    """A file of a student: its path inside the student's folder, and where it really is.

    An LMS renames what it gives: `original` is its name for the file, `upload` what it counted
    uploads with, higher for later ones.
    """

    path: str
    where: object
    original: str = ""
    upload: tuple[int, int] = (0, 0)

    @property
    def shown(self) -> str:
        """The name by which whoever holds the folder or zip finds the file."""
        return printable(self.original or self.path)


@dataclass(frozen=True)
class Item:
    """What lies at the top: `kind` is ``"folder"``, ``"file"`` or ``"link"``."""

    name: str
    kind: str
    where: object


class _Source:
    """What a folder and a zip do alike."""

    def items(self) -> list[Item]:
        """What lies at the top and is not hidden, by name."""
        hides = {"folder": is_hidden_folder}
        items = self._all_items()
        shown = [i for i in items if not hides.get(i.kind, is_hidden_file)(i.name)]
        return sorted(shown, key=lambda item: item.name)

    def passed_over(self) -> list[str]:
        """Names of hidden folders at the top that somebody may have meant to be looked at."""
        folders = [i.name for i in self._all_items() if i.kind == "folder"]
        hidden = (name for name in folders if is_hidden_folder(name) and name not in _PROGRAMS_OWN)
        return sorted(f"{printable(name)}/" for name in hidden)

    def read(self, entry: Entry, limit: int) -> bytes:
        """The content of a file of at most so many bytes.

        Raises
        ------
        NotReadable
            If it is larger, no plain file, or cannot be read.
        """
        content = self.head(entry, limit + 1)
        if len(content) > limit:
            raise NotReadable(f"is larger than {limit // 1_000_000} MB")
        return content

    def holds_cells_of(self, lab: str, entry: Entry) -> bool:
        """Whether a file is a notebook with cells of this lab, as far as it can be read."""
        try:
            return holds_cells_of(lab, self.read(entry, LOOK_LIMIT))
        except NotReadable:
            return False


class Folder(_Source):
    """Submissions in a folder."""

    def __init__(self, root: str | Path) -> None:
        self.root = root

    def _all_items(self) -> list[Item]:
        with os.scandir(self.root) as found:
            return [Item(item.name, _kind(item), item.path) for item in found]

    def inside(self, item: Item) -> Folder:
        """The folder `item` as a source of its own."""
        return Folder(item.where)

    def walk(self, item: Item) -> Iterator[Entry]:
        """The files in the folder `item`, with their paths in it."""
        listed, top = 0, item.where
        for folder, folders, files in os.walk(top, followlinks=False):
            folders[:] = sorted(f for f in folders if not is_hidden_folder(f))
            for name in sorted(f for f in files if not is_hidden_file(f)):
                path = os.path.join(folder, name)
                yield Entry(os.path.relpath(path, top).replace(os.sep, "/"), path)
            listed += len(folders) + len(files)
            if listed > MOST_LISTED:
                return

    @staticmethod
    def head(entry: Entry, count: int) -> bytes:
        """The first bytes of a file."""
        try:
            fd = os.open(entry.where, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        except OSError as error:
            if os.path.islink(entry.where):
                raise NotReadable("is a symbolic link, which is not followed") from error
            raise NotReadable(f"cannot be opened ({error.strerror})") from error
        with os.fdopen(fd, "rb") as file:
            if not stat.S_ISREG(os.fstat(fd).st_mode):
                raise NotReadable("is not a plain file")
            try:
                return file.read(count)
            except OSError as error:
                raise NotReadable(f"cannot be read ({error.strerror})") from error


_Pairs = list[tuple[tuple[str, ...], zipfile.ZipInfo]]


class Zip(_Source):
    """Submissions in a zip. Nothing is unpacked to disk, so no path in it can leave a folder.

    Parameters
    ----------
    archive : zipfile.ZipFile
        The zip.
    pairs : list, optional
        Where this is a folder in the zip: what lies in it, with paths from there.
    """

    def __init__(self, archive: zipfile.ZipFile, pairs: _Pairs | None = None) -> None:
        self.archive = archive
        if pairs is None:
            pairs = [(_safe_parts(info.filename), info) for info in archive.infolist()]
        self._pairs = [(parts, info) for parts, info in pairs if parts]
        self._folders: dict[str, _Pairs] = {}
        for parts, info in self._pairs:
            # An empty folder has a line of its own in the zip, which ends in a slash.
            if len(parts) > 1 or info.is_dir():
                self._folders.setdefault(parts[0], []).append((parts[1:], info))

    def _all_items(self) -> list[Item]:
        items = [Item(name, "folder", name) for name in self._folders]
        files = [Item(p[0], "file", i) for p, i in self._pairs if len(p) == 1 and not i.is_dir()]
        return items + files

    def inside(self, item: Item) -> Zip:
        """The folder `item` as a source of its own."""
        return Zip(self.archive, self._folders[item.name])

    def walk(self, item: Item) -> Iterator[Entry]:
        """The files in the folder `item`, with their paths in it."""
        for parts, info in self._folders[item.name]:
            if parts and not info.is_dir() and not is_hidden(parts):
                yield Entry("/".join(parts), info)

    def entries(self) -> list[Entry]:
        """All files, where the zip as a whole is one student's."""
        pairs = [
            (p, i)
            for p, i in self._pairs
            if not i.is_dir() and not is_hidden(p) and _can_be_laid_out(p)
        ]
        # A forged zip may call one path a file and a folder: no disk could hold both.
        folders = {p[:k] for p, _ in pairs for k in range(1, len(p))}
        return [Entry("/".join(p), info) for p, info in pairs if p not in folders]

    def read(self, entry: Entry, limit: int) -> bytes:
        """As for a folder; what a zip says to be too large is not unpacked to find out."""
        self._refuse_unfit(entry.where)
        if entry.where.file_size > limit:
            raise NotReadable(f"is larger than {limit // 1_000_000} MB")
        return super().read(entry, limit)

    def head(self, entry: Entry, count: int) -> bytes:
        """The first bytes of a file."""
        self._refuse_unfit(entry.where)
        try:
            with self.archive.open(entry.where) as file:
                return file.read(count)
        except Exception as error:  # damaged, encrypted, or a method that is not known
            raise NotReadable(f"cannot be unpacked ({error})") from error

    @staticmethod
    def _refuse_unfit(info: zipfile.ZipInfo) -> None:
        if stat.S_ISLNK(info.external_attr >> 16):
            raise NotReadable("is a symbolic link, which is not followed")
        # Of the other methods a few bytes can unfold to gigabytes before a limit is looked at.
        if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise NotReadable("cannot be unpacked (only the usual zip compression, deflate, is)")


def opened_inside(content: bytes) -> zipfile.ZipFile:
    """A student's zip. Its table of contents is read whole, so it may not be a long one."""
    # Each line of the table begins so; counts that the zip states of itself may be false.
    if content.count(b"PK\x01\x02") > MOST_LISTED:
        raise NotReadable(f"holds more than {MOST_LISTED} files")
    try:
        return zipfile.ZipFile(io.BytesIO(content))
    except Exception as error:  # whatever a damaged or forged one leads to
        raise NotReadable(f"cannot be unpacked ({error})") from error


def notebooks_first(entries: Iterable[Entry]) -> tuple[list[Entry], str]:
    """The files of a student that are looked at, and a sentence where those are not all."""
    found = list(entries)
    if len(found) <= MOST_ENTRIES:
        return found, ""
    # Of a folder that is not listed to its end nobody knows how many there are.
    more = "more than " if len(found) >= MOST_LISTED else ""
    found.sort(key=lambda entry: not is_notebook(entry.path))
    cut = f"Of {more}{len(found)} files {MOST_ENTRIES} were looked at, notebooks first."
    return found[:MOST_ENTRIES], cut


def _kind(item: os.DirEntry[str]) -> str:
    if item.is_symlink():
        return "link"
    return "folder" if item.is_dir(follow_symlinks=False) else "file"


def is_hidden_file(name: str) -> bool:
    """What systems and editors keep beside files; no student made it."""
    return name.startswith(".")


def is_hidden_folder(name: str) -> bool:
    """Checkpoints, what macOS adds to a zip, caches: no student made them."""
    return name.startswith((".", "__"))


def is_hidden(parts: tuple[str, ...]) -> bool:
    """Whether a file, or a folder around it, is hidden."""
    return is_hidden_file(parts[-1]) or any(is_hidden_folder(p) for p in parts[:-1])


def _can_be_laid_out(parts: tuple[str, ...]) -> bool:
    """Whether a disk takes a path of this length and depth."""
    lengths = [len(part.encode("utf-8", "surrogatepass")) for part in parts]
    return len(parts) <= 20 and sum(lengths) <= 1000 and max(lengths) <= 255


def _safe_parts(name: str) -> tuple[str, ...]:
    name = name.replace("\\", "/")
    if name.count("/") > DEEPEST:
        return ()  # no disk takes it, and thousands of them would fill the memory
    parts = tuple(p for p in name.split("/") if p not in ("", "."))
    return () if ".." in parts else parts
