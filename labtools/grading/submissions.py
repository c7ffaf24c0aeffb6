"""Find each student's notebook in a folder, an nbgrader tree or a zip from Moodle or Canvas."""

from __future__ import annotations

import hashlib
import io
import os
import re
import stat
import zipfile
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath

__all__ = ["Submission", "Submissions", "SubmissionsError", "listed"]

#: Bytes of a notebook, and of all its other files together, that are read at most.
NOTEBOOK_LIMIT = 40_000_000
FILES_LIMIT = 20_000_000
MOST_FILES = 100
#: Files of one student, and of a zip that a student handed in, that are looked at.
MOST_ENTRIES = 2000
#: Names that one sentence lists.
MOST_NAMES = 5
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
        return _printable(self.original or self.path)


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

    Attributes
    ----------
    passed_over : list of str
        Files beside the students' folders that belong to no student.
    """

    def __init__(self, source: Path, stem: str) -> None:
        self.source, self.stem = source, stem
        self.number = stem.split("_", 1)[0]
        if source.is_dir():
            self._reader: _Folder | _Zip = _Folder(source)
        elif source.is_file() and zipfile.is_zipfile(source):
            self._reader = _Zip(_opened(source))
        elif source.exists():
            raise SubmissionsError(f"{source} is neither a folder nor a zip file")
        else:
            raise SubmissionsError(f"{source} does not exist")
        self._students = self._reader.students(stem)
        self.passed_over = sorted(self._reader.passed_over)
        if not self._students:
            others = f". Passed over: {listed(self.passed_over)}" if self.passed_over else ""
            raise SubmissionsError(
                f"{source} holds no submission; expected are folders named after the students, "
                f"<student>/{stem}.ipynb, an nbgrader tree <student>/{stem}/{stem}.ipynb, or a "
                f"zip as Moodle or Canvas gives it{others}"
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
        meant = self._meant(entries)
        if meant:
            return self._taken(student, self._reader, entries, meant[0], self._noted(meant))
        zips = [e for e in entries if e.path.lower().endswith(".zip")]
        hint = ""
        if len(zips) == 1:
            try:
                return self._unzipped(student, zips[0])
            except _NotReadable as error:
                hint = f" {zips[0].shown} {error}; hand in the notebook itself."
        text = f"There is no {self.stem}.ipynb."
        if entries:
            # Notebooks first: a wrong name among them says most.
            names = sorted((not e.path.lower().endswith(".ipynb"), e.shown) for e in entries)
            text += f" Handed in: {listed(name for _, name in names)}."
        return Submission(student, problem=("missing", text + hint))

    def _taken(
        self,
        student: str,
        reader: _Folder | _Zip,
        entries: list[_Entry],
        chosen: _Entry,
        note: str,
    ) -> Submission:
        try:
            notebook = reader.read(chosen, NOTEBOOK_LIMIT)
        except _NotReadable as error:
            text = f"{chosen.path} {error}."
            if "larger" in text:
                text += " Stored outputs make a notebook large: clear them and hand it in again."
            return Submission(student, name=chosen.path, problem=("unreadable", text))
        files = self._beside(reader, entries, chosen)
        return Submission(student, notebook, chosen.path, files, None, note)

    def _unzipped(self, student: str, outer: _Entry) -> Submission:
        """What lies in a zip that a student handed in, if it is clear which notebook is meant."""
        reader = _Zip(_opened_inside(self._reader.read(outer, NOTEBOOK_LIMIT)))
        entries = _lab_folder(reader.entries(), self.stem)
        meant = self._meant(entries)
        if len(meant) != 1:
            count = len(meant) or "no"
            raise _NotReadable(f"holds {count} notebooks that may be meant")
        note = f"The file graded is {meant[0].shown}, from inside {outer.shown}."
        taken = self._taken(student, reader, entries, meant[0], note)
        if taken.problem is None:
            return taken
        status, text = taken.problem
        return replace(taken, problem=(status, f"Inside {outer.shown}: {text}"))

    def _meant(self, entries: list[_Entry]) -> list[_Entry]:
        """All notebooks that may be the lab's; the one to grade comes first.

        That is the one with the lab's name, else one whose name contains it or its number; among
        equals the one least deep in folders, and what the LMS received last.
        """
        notebooks = [e for e in entries if e.path.lower().endswith(".ipynb")]

        def name(entry: _Entry) -> str:
            return PurePosixPath(entry.path).name.lower()

        def is_other(entry: _Entry) -> bool:
            number = re.match(r"lab[ _-]?0*(\d+)", name(entry))
            return number is not None and int(number[1]) != int(self.number[3:])

        def likeness(entry: _Entry) -> int:
            if name(entry) == f"{self.stem}.ipynb".lower():
                return 3
            return 2 if self.stem.lower() in name(entry) else int(self.number in name(entry))

        def order(entry: _Entry) -> tuple:
            later_first = tuple(-n for n in entry.upload)
            return -likeness(entry), entry.path.count("/"), later_first, entry.path

        named = [e for e in notebooks if likeness(e)]
        if named:
            return sorted(named, key=order)
        rest = [e for e in notebooks if not is_other(e)]
        return rest if len(rest) == 1 else []

    def _noted(self, meant: list[_Entry]) -> str:
        chosen, *others = meant
        if others:
            return (
                f"Of {len(meant)} notebooks that may be meant, {chosen.shown} was graded. "
                f"Not graded: {listed(e.shown for e in others)}."
            )
        if PurePosixPath(chosen.path).name.lower() != f"{self.stem}.ipynb".lower():
            return f"The file graded is {chosen.path}."
        return ""

    @staticmethod
    def _beside(reader: _Folder | _Zip, entries: list[_Entry], chosen: _Entry) -> dict[str, bytes]:
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
                content = reader.read(entry, room)
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
        self.passed_over: list[str] = []

    def students(self, stem: str) -> dict[str, list[_Entry] | str]:
        found: dict[str, list[_Entry] | str] = {}
        loose: list[_Entry] = []
        names = _Names()
        for item in self._top(stem):
            student = names.of(item.name)
            if item.is_symlink():
                if item.name.endswith(".ipynb"):
                    self.passed_over.append(student)
                else:
                    found[student] = "The folder is a symbolic link, which is not followed."
            elif item.is_dir(follow_symlinks=False):
                found[student] = _lab_folder(list(self._walk(item.path)), stem)
            elif _is_someones(item.name):
                loose.append(_Entry(item.name, item.path))
            else:
                self.passed_over.append(student)
        _merge(found, _by_lms_name(loose))
        return _split_moodle_folders(found)

    def _top(self, stem: str) -> list[os.DirEntry[str]]:
        """What lies where the students' folders are: in nbgrader's course folder, `submitted/`."""
        items = _visible(self.root)
        submitted = next((i for i in items if i.name == "submitted"), None)
        if submitted is None or not submitted.is_dir(follow_symlinks=False):
            return items
        names = {item.name for item in items}
        paths = [("submitted", *e.path.split("/")) for e in self._walk(submitted.path)]
        if not names & NBGRADERS_OWN and not _one_folder_of_students(paths, stem):
            return items
        self.passed_over += [_printable(n) for n in names - NBGRADERS_OWN - {"submitted"}]
        return _visible(submitted.path)

    def _walk(self, top: str) -> Iterator[_Entry]:
        count = 0
        for folder, folders, files in os.walk(top, followlinks=False):
            folders[:] = sorted(f for f in folders if not _is_hidden_folder(f))[:200]
            for name in sorted(f for f in files if not f.startswith(".")):
                count += 1
                if count > MOST_ENTRIES:
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

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self.archive = archive
        self.passed_over: list[str] = []

    def students(self, stem: str) -> dict[str, list[_Entry] | str]:
        pairs = self._files()
        # A zip of one folder that holds the submissions: step into it.
        while _one_folder_of_students([p for p, _ in pairs if not _is_hidden(p)], stem):
            (top,) = {p[0] for p, _ in pairs if not _is_hidden(p)}
            pairs = [(p[1:], i) for p, i in pairs if p[0] == top and len(p) > 1]
        found: dict[str, list[_Entry] | str] = {}
        loose: list[_Entry] = []
        names = _Names()
        for parts, info in pairs:
            if len(parts) == 1:
                if _is_someones(parts[0]) and not _is_hidden(parts):
                    loose.append(_Entry(parts[0], info))
                elif not _is_hidden(parts):
                    self.passed_over.append(_printable(parts[0]))
            elif not _is_hidden_folder(parts[0]):
                # Whoever handed in hidden files alone has a row that says `missing`.
                entries = found.setdefault(names.of(parts[0]), [])
                if not _is_hidden(parts):
                    entries.append(_Entry("/".join(parts[1:]), info))
        found = {student: _lab_folder(entries, stem) for student, entries in found.items()}
        _merge(found, _by_lms_name(loose))
        return _split_moodle_folders(found)

    def entries(self) -> list[_Entry]:
        """All files, where the zip as a whole is one student's."""
        pairs = [(p, i) for p, i in self._files() if not _is_hidden(p) and _can_be_laid_out(p)]
        # A forged zip may call one path a file and a folder: no disk could hold both.
        folders = {p[:k] for p, _ in pairs for k in range(1, len(p))}
        return [_Entry("/".join(p), info) for p, info in pairs if p not in folders]

    def _files(self) -> list[tuple[tuple[str, ...], zipfile.ZipInfo]]:
        infos = [info for info in self.archive.infolist() if not info.is_dir()]
        pairs = [(_safe_parts(info.filename), info) for info in infos]
        return [(parts, info) for parts, info in pairs if parts]

    def read(self, entry: _Entry, limit: int) -> bytes:
        info = entry.where
        if stat.S_ISLNK(info.external_attr >> 16):
            raise _NotReadable("is a symbolic link, which is not followed")
        # Of the other methods a few bytes can unfold to gigabytes before a limit is looked at.
        if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise _NotReadable("cannot be unpacked (only the usual zip compression, deflate, is)")
        if info.file_size > limit:
            raise _NotReadable(f"is larger than {limit // 1_000_000} MB")
        try:
            with self.archive.open(info) as file:
                content = file.read(limit + 1)
        except Exception as error:  # damaged, encrypted, or a method that is not known
            raise _NotReadable(f"cannot be unpacked ({error})") from error
        if len(content) > limit:
            raise _NotReadable(f"is larger than {limit // 1_000_000} MB")
        return content


def _opened(path: Path) -> zipfile.ZipFile:
    try:
        return zipfile.ZipFile(path)
    except Exception as error:  # whatever a damaged one leads to
        raise SubmissionsError(f"{path} is not a zip that can be read: {error}") from error


def _opened_inside(content: bytes) -> zipfile.ZipFile:
    """A student's zip. Its table of contents is read whole, so it may not be a long one."""
    # Each line of the table begins so; counts that the zip states of itself may be false.
    if content.count(b"PK\x01\x02") > MOST_ENTRIES:
        raise _NotReadable(f"holds more than {MOST_ENTRIES} files")
    try:
        return zipfile.ZipFile(io.BytesIO(content))
    except Exception as error:  # whatever a damaged or forged one leads to
        raise _NotReadable(f"cannot be unpacked ({error})") from error


#: What nbgrader, and `labs grade` with it, keeps in a course folder beside `submitted`.
NBGRADERS_OWN = frozenset(
    "source release autograded feedback gradebook.db nbgrader_config.py".split()
)


def _visible(folder: str | Path) -> list[os.DirEntry[str]]:
    with os.scandir(folder) as items:
        shown = [
            item
            for item in items
            if not item.name.startswith(".")
            and not (_is_hidden_folder(item.name) and item.is_dir(follow_symlinks=False))
        ]
    return sorted(shown, key=lambda item: item.name)


def _is_hidden_folder(name: str) -> bool:
    """Checkpoints, what macOS adds to a zip, caches: no student made them."""
    return name.startswith((".", "__"))


def _is_hidden(parts: tuple[str, ...]) -> bool:
    return parts[-1].startswith(".") or any(_is_hidden_folder(p) for p in parts[:-1])


def _can_be_laid_out(parts: tuple[str, ...]) -> bool:
    """Whether a disk takes a path of this length and depth."""
    lengths = [len(part.encode("utf-8", "surrogatepass")) for part in parts]
    return len(parts) <= 20 and sum(lengths) <= 1000 and max(lengths) <= 255


def _is_someones(name: str) -> bool:
    """Whether a file that lies in no folder tells by its name whose it is."""
    return name.lower().endswith(".ipynb") or _lms_name(name) is not None


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
    return () if ".." in parts else parts


def _lab_folder(entries: list[_Entry], stem: str) -> list[_Entry]:
    """In an nbgrader tree a student's folder holds one folder per assignment: take the lab's."""
    number = stem.split("_", 1)[0]
    for folder in (stem, number):
        inside = [
            replace(e, path=e.path[len(folder) + 1 :])
            for e in entries
            if e.path.startswith(f"{folder}/")
        ]
        if inside:
            return inside
    return entries


# Moodle:  Ada Lovelace_1234_assignsubmission_file_/lab05.ipynb   (or the file name straight after)
# Canvas:  lovelaceada_LATE_1234_5678_lab05-1.ipynb
_MOODLE = re.compile(r"(?P<who>.+?_\d+)_assignsubmission_(?P<kind>file|onlinetext)_?(?P<rest>.*)")
_CANVAS = re.compile(r"(?P<who>[^_/]+)(?:_LATE)?_(?P<id>\d+)_(?P<upload>\d+)_(?P<rest>.+)")
# Canvas numbers a second upload of a name: lab05-1.ipynb
_AGAIN = re.compile(r"-(\d+)(\.\w+)$")


def _lms_name(name: str) -> tuple[str, str, tuple[int, int]] | None:
    """Who handed a file in, what it was called, and which upload it is."""
    moodle = _MOODLE.fullmatch(name)
    if moodle:
        return moodle["who"], moodle["rest"].lstrip("/_"), (0, 0)
    canvas = _CANVAS.fullmatch(name)
    if canvas:
        again = _AGAIN.search(canvas["rest"])
        # Limited in length: Python refuses to read numbers of thousands of digits.
        upload = int(canvas["upload"][:30]), int(again[1][:30]) if again else 0
        return f"{canvas['who']}_{canvas['id']}", _AGAIN.sub(r"\2", canvas["rest"]), upload
    return None


def _by_lms_name(loose: list[_Entry]) -> dict[str, list[_Entry]]:
    found: dict[str, list[_Entry]] = defaultdict(list)
    for entry in loose:
        named = _lms_name(entry.path)
        if named:
            who, path, upload = named
            found[_printable(who)].append(
                _Entry(path or entry.path, entry.where, entry.path, upload)
            )
        else:
            found[_printable(PurePosixPath(entry.path).stem)].append(entry)
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


def listed(names: Iterable[str]) -> str:
    """At most five names, and how many more there are.

    >>> listed("abcdefg")
    'a, b, c, d, e and 2 more'
    """
    names = list(names)
    more = len(names) - MOST_NAMES
    return ", ".join(names[:MOST_NAMES]) + (f" and {more} more" if more > 0 else "")


def _printable(name: str) -> str:
    """A name that any file and table can hold: undecodable bytes and control characters go."""
    text = name.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    text = "".join(c if c.isprintable() else "�" for c in text).strip() or "�"
    if len(text.encode()) <= LONGEST_NAME:
        return text
    # A zip may hold a name that is too long for a folder: shortened, and still its own.
    return f"{text.encode()[: LONGEST_NAME - 9].decode('utf-8', 'ignore')}-{_ending(text)}"


def _ending(name: str) -> str:
    return hashlib.sha256(name.encode("utf-8", "backslashreplace")).hexdigest()[:8]


class _Names:
    """Printable names of folders, of which no two are one name: `bob` and `bob ` are two people."""

    def __init__(self) -> None:
        self._given: dict[str, str] = {}
        self._taken: set[str] = set()

    def of(self, name: str) -> str:
        """The folder's name, with an ending of its own where another folder's looks the same."""
        if name not in self._given:
            text = _printable(name)
            if text in self._taken:
                text = _printable(f"{text}-{_ending(name)}")
            self._taken.add(text)
            self._given[name] = text
        return self._given[name]
