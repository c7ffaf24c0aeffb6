"""Find each student's notebook in a folder, an nbgrader tree or a zip from Moodle or Canvas."""

from __future__ import annotations

import hashlib
import os
import re
import stat
import zipfile
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

__all__ = ["Submission", "Submissions", "SubmissionsError"]

#: Bytes of a notebook, and of all its other files together, that are read at most.
NOTEBOOK_LIMIT = 40_000_000
FILES_LIMIT = 20_000_000
MOST_FILES = 100
#: Bytes of a student's id: it becomes a folder's name.
LONGEST_NAME = 200


class SubmissionsError(Exception):
    """The folder or zip as a whole cannot be graded."""


@dataclass(frozen=True)
class Submission:
    """What one student handed in for one lab.

    Attributes
    ----------
    student : str
        The student's id: the folder's name, or what Moodle or Canvas put before the file's name.
    notebook : bytes or None
        The lab's file; None if there is none or it may not be read.
    name : str
        What the file is called.
    files : dict of str to bytes
        The small files that lie beside it, by relative path.
    problem : (str, str) or None
        Status and sentence where there is nothing to run.
    note : str
        What the student should know about how the file was found.
    """

    student: str
    notebook: bytes | None = None
    name: str = ""
    files: dict[str, bytes] = field(default_factory=dict)
    problem: tuple[str, str] | None = None
    note: str = ""


@dataclass(frozen=True)
class _Entry:
    """A file of a student: its path inside the student's folder, and where it really is."""

    path: str
    where: object


class Submissions:
    """All submissions of one lab, read one at a time.

    Parameters
    ----------
    source : Path
        A folder or a ``.zip``.
    stem : str
        The lab's file name without ``.ipynb``.

    Raises
    ------
    SubmissionsError
        If `source` is neither, cannot be read, or holds nobody.
    """

    def __init__(self, source: Path, stem: str) -> None:
        self.source, self.stem = source, stem
        self.number = stem.split("_", 1)[0]
        if source.is_dir():
            self._reader: _Folder | _Zip = _Folder(source)
        elif source.is_file() and zipfile.is_zipfile(source):
            self._reader = _Zip(source)
        elif source.exists():
            raise SubmissionsError(f"{source} is neither a folder nor a zip file")
        else:
            raise SubmissionsError(f"{source} does not exist")
        self._students = self._reader.students(stem)
        if not self._students:
            raise SubmissionsError(
                f"{source} holds no submission; expected are folders named after the students, "
                f"<student>/{stem}.ipynb, an nbgrader tree <student>/{stem}/{stem}.ipynb, or a "
                "zip as Moodle or Canvas gives it"
            )

    @property
    def students(self) -> list[str]:
        """Ids of all students, sorted."""
        return sorted(self._students)

    def __len__(self) -> int:
        return len(self._students)

    def __iter__(self) -> Iterator[Submission]:
        for student in self.students:
            yield self.read(student)

    def read(self, student: str) -> Submission:
        """Read one student's submission; whatever is wrong with it becomes its `problem`."""
        entries = self._students[student]
        if isinstance(entries, str):
            return Submission(student, problem=("unreadable", entries))
        chosen, note = self._choose(entries)
        if chosen is None:
            text = f"There is no {self.stem}.ipynb."
            others = [e.path for e in entries if e.path.lower().endswith(".ipynb")]
            if others:
                text += f" Handed in: {', '.join(sorted(others)[:5])}."
            return Submission(student, problem=("missing", text))
        try:
            notebook = self._reader.read(chosen, NOTEBOOK_LIMIT)
        except _NotReadable as error:
            text = f"{chosen.path} {error}."
            if "larger" in text:
                text += " Stored outputs make a notebook large: clear them and hand it in again."
            return Submission(student, name=chosen.path, problem=("unreadable", text))
        return Submission(student, notebook, chosen.path, self._beside(entries, chosen), None, note)

    def _choose(self, entries: list[_Entry]) -> tuple[_Entry | None, str]:
        """The lab's file: by its name, then by what its name begins with."""
        notebooks = [e for e in entries if e.path.lower().endswith(".ipynb")]
        notebooks.sort(key=lambda e: (e.path.count("/"), e.path))
        wanted = f"{self.stem}.ipynb".lower()

        def name(entry: _Entry) -> str:
            return PurePosixPath(entry.path).name.lower()

        def is_other(entry: _Entry) -> bool:
            number = re.match(r"lab[ _-]?0*(\d+)", name(entry))
            return number is not None and int(number[1]) != int(self.number[3:])

        for fits in (
            lambda e: name(e) == wanted,
            lambda e: self.stem.lower() in name(e),
            lambda e: self.number in name(e),
        ):
            found = [e for e in notebooks if fits(e)]
            if found:
                return found[0], self._noted(found[0], wanted, found)
        rest = [e for e in notebooks if not is_other(e)]
        if len(rest) == 1:
            return rest[0], self._noted(rest[0], wanted, rest)
        return None, ""

    @staticmethod
    def _noted(chosen: _Entry, wanted: str, found: list[_Entry]) -> str:
        if len(found) > 1:
            return f"Of {len(found)} notebooks that may be meant, {chosen.path} was graded."
        if PurePosixPath(chosen.path).name.lower() != wanted:
            return f"The file graded is {chosen.path}."
        return ""

    def _beside(self, entries: list[_Entry], chosen: _Entry) -> dict[str, bytes]:
        """The other files of the notebook's folder, as far as they are small and plain."""
        folder = PurePosixPath(chosen.path).parent
        files: dict[str, bytes] = {}
        room, refused = FILES_LIMIT, 0
        for entry in sorted(entries, key=lambda e: e.path):
            path = PurePosixPath(entry.path)
            if entry is chosen or folder not in path.parents:
                continue
            if len(files) >= MOST_FILES or refused >= MOST_FILES:
                break
            relative = path.relative_to(folder)
            # The course's own package is there already, in the version that grades.
            if relative.suffix == ".ipynb" or relative.parts[0].split(".")[0] == "labhelpers":
                continue
            try:
                content = self._reader.read(entry, room)
            except _NotReadable:
                refused += 1
                continue
            files[str(relative)] = content
            room -= len(content)
        return files


class _NotReadable(Exception):
    """Why one file is not read: goes into a sentence after its name."""


class _Folder:
    """Submissions in folders."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def students(self, stem: str) -> dict[str, list[_Entry] | str]:
        found: dict[str, list[_Entry] | str] = {}
        loose: list[_Entry] = []
        with os.scandir(self.root) as items:
            entries = sorted(items, key=lambda item: item.name)
        for item in entries:
            if item.name.startswith("."):
                continue
            student = _printable(item.name)
            if item.is_symlink():
                if not item.name.endswith(".ipynb"):
                    found[student] = "The folder is a symbolic link, which is not followed."
            elif item.is_dir(follow_symlinks=False):
                found[student] = _lab_folder(list(self._walk(item.path)), stem)
            elif item.name.lower().endswith(".ipynb"):
                loose.append(_Entry(item.name, item.path))
        _merge(found, _by_lms_name(loose))
        return _split_moodle_folders(found)

    def _walk(self, top: str) -> Iterator[_Entry]:
        count = 0
        for folder, folders, files in os.walk(top, followlinks=False):
            folders[:] = sorted(f for f in folders if not f.startswith((".", "__")))[:200]
            for name in sorted(files):
                count += 1
                if count > 2000:
                    return
                path = os.path.join(folder, name)
                yield _Entry(os.path.relpath(path, top).replace(os.sep, "/"), path)

    @staticmethod
    def read(entry: _Entry, limit: int) -> bytes:
        try:
            fd = os.open(entry.where, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        except OSError as error:
            if os.path.islink(entry.where):
                raise _NotReadable("is a symbolic link, which is not followed") from error
            raise _NotReadable(f"cannot be opened ({error.strerror})") from error
        with os.fdopen(fd, "rb") as file:
            if not stat.S_ISREG(os.fstat(fd).st_mode):
                raise _NotReadable("is not a plain file")
            try:
                content = file.read(limit + 1)
            except OSError as error:
                raise _NotReadable(f"cannot be read ({error.strerror})") from error
        if len(content) > limit:
            raise _NotReadable(f"is larger than {limit // 1_000_000} MB")
        return content


class _Zip:
    """Submissions in a zip. Nothing is unpacked to disk, so no path in it can leave a folder."""

    def __init__(self, path: Path) -> None:
        try:
            self.archive = zipfile.ZipFile(path)
        except (zipfile.BadZipFile, OSError) as error:
            raise SubmissionsError(f"{path} is not a zip that can be read: {error}") from error

    def students(self, stem: str) -> dict[str, list[_Entry] | str]:
        infos = [info for info in self.archive.infolist() if not info.is_dir()]
        paths = [_safe_parts(info.filename) for info in infos]
        pairs = [(p, i) for p, i in zip(paths, infos, strict=True) if p]
        # A zip of one folder that holds the submissions: step into it.
        while _one_folder_of_students([p for p, _ in pairs], stem):
            pairs = [(p[1:], i) for p, i in pairs]
        found: dict[str, list[_Entry] | str] = {}
        loose: list[_Entry] = []
        for parts, info in pairs:
            if len(parts) == 1:
                loose.append(_Entry(parts[0], info))
            else:
                found.setdefault(_printable(parts[0]), []).append(_Entry("/".join(parts[1:]), info))
        found = {student: _lab_folder(entries, stem) for student, entries in found.items()}
        _merge(found, _by_lms_name(loose))
        return _split_moodle_folders(found)

    def read(self, entry: _Entry, limit: int) -> bytes:
        info = entry.where
        if stat.S_ISLNK(info.external_attr >> 16):
            raise _NotReadable("is a symbolic link, which is not followed")
        try:
            with self.archive.open(info) as file:
                content = file.read(limit + 1)
        except Exception as error:  # damaged, encrypted, or a method that is not known
            raise _NotReadable(f"cannot be unpacked ({error})") from error
        if len(content) > limit:
            raise _NotReadable(f"is larger than {limit // 1_000_000} MB")
        return content


def _one_folder_of_students(paths: list[tuple[str, ...]], stem: str) -> bool:
    if any(len(p) == 1 for p in paths) or len({p[0] for p in paths}) != 1:
        return False
    inside = [p[1:] for p in paths]
    if any(p[0].lower() in (stem.lower(), stem.split("_", 1)[0]) for p in inside):
        return False  # one student of an nbgrader tree
    notebooks = [p for p in inside if p[-1].lower().endswith(".ipynb")]
    return bool(notebooks) and all(len(p) > 1 or _lms_name(p[0]) for p in notebooks)


def _safe_parts(name: str) -> tuple[str, ...]:
    parts = tuple(p for p in name.replace("\\", "/").split("/") if p not in ("", "."))
    if not parts or ".." in parts or parts[0] == "__MACOSX" or parts[-1].startswith("._"):
        return ()
    return parts


def _lab_folder(entries: list[_Entry], stem: str) -> list[_Entry]:
    """In an nbgrader tree a student's folder holds one folder per assignment: take the lab's."""
    number = stem.split("_", 1)[0]
    for folder in (stem, number):
        inside = [
            _Entry(e.path[len(folder) + 1 :], e.where)
            for e in entries
            if e.path.startswith(f"{folder}/")
        ]
        if inside:
            return inside
    return entries


# Moodle:  Ada Lovelace_1234_assignsubmission_file_/lab05.ipynb   (or the file name straight after)
# Canvas:  lovelaceada_LATE_1234_5678_lab05-1.ipynb
_MOODLE = re.compile(r"(?P<who>.+?_\d+)_assignsubmission_(?P<kind>file|onlinetext)_?(?P<rest>.*)")
_CANVAS = re.compile(r"(?P<who>[^_/]+)(?:_LATE)?_(?P<id>\d+)_\d+_(?P<rest>.+)")


def _lms_name(name: str) -> tuple[str, str] | None:
    moodle = _MOODLE.fullmatch(name)
    if moodle:
        return moodle["who"], moodle["rest"].lstrip("/_")
    canvas = _CANVAS.fullmatch(name)
    if canvas:
        # Canvas numbers a second upload: lab05-1.ipynb
        rest = re.sub(r"-\d+(\.\w+)$", r"\1", canvas["rest"])
        return f"{canvas['who']}_{canvas['id']}", rest
    return None


def _by_lms_name(loose: list[_Entry]) -> dict[str, list[_Entry]]:
    found: dict[str, list[_Entry]] = defaultdict(list)
    for entry in loose:
        named = _lms_name(entry.path)
        if named:
            found[_printable(named[0])].append(_Entry(named[1] or entry.path, entry.where))
        elif entry.path.lower().endswith(".ipynb"):
            student = _printable(PurePosixPath(entry.path).stem)
            found[student].append(_Entry(entry.path, entry.where))
    return found


def _split_moodle_folders(
    found: dict[str, list[_Entry] | str],
) -> dict[str, list[_Entry] | str]:
    """`Ada Lovelace_1234_assignsubmission_file_/` is the folder of `Ada Lovelace_1234`."""
    result: dict[str, list[_Entry] | str] = {}
    for student, entries in found.items():
        moodle = _MOODLE.fullmatch(student)
        _merge(result, {moodle["who"] if moodle else student: entries})
    return result


def _merge(found: dict, more: dict) -> None:
    for student, entries in more.items():
        known = found.get(student)
        if isinstance(known, list) and isinstance(entries, list):
            known += entries
        else:
            found[student] = entries


def _printable(name: str) -> str:
    """A name that any file and table can hold: undecodable bytes and control characters go."""
    text = name.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    text = "".join(c if c.isprintable() else "�" for c in text).strip() or "�"
    if len(text.encode()) <= LONGEST_NAME:
        return text
    # A zip may hold a name that is too long for a folder: shortened, and still its own.
    ending = hashlib.sha256(text.encode()).hexdigest()[:8]
    return f"{text.encode()[: LONGEST_NAME - 9].decode('utf-8', 'ignore')}-{ending}"
