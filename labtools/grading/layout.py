"""Where in a folder or zip the students' folders lie, and which files are whose."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import replace
from pathlib import Path

from labtools.grading.choosing import LabName, names_a_lab
from labtools.grading.downloads import is_lms_download, is_zip
from labtools.grading.naming import Names, listed, lms_name, moodle_student, printable
from labtools.grading.sources import Entry, Folder, Item, SubmissionsError, Zip

__all__ = ["Layout", "lab_folder"]

#: What nbgrader, and `labs grade` with it, keeps in a course folder beside `submitted`.
NBGRADERS_FOLDERS = frozenset("source release autograded feedback".split())
NBGRADERS_OWN = NBGRADERS_FOLDERS | {"gradebook.db", "nbgrader_config.py"}

#: Folders around folders that are looked through for the students' ones.
MOST_LEVELS = 3

# Names that students give to folders of their own, and no student has.
_OWN_FOLDER = re.compile(
    r"(notebooks?|data(sets?)?|images?|img|figures?|plots?|pictures|output|results?|src|code|utils"
    r"|work|home(work)?|old|new|back-?ups?|archive|drafts?|final|copy|versions?|tries|misc|tmp|temp"
    r"|solutions?|answers?|submissions?|(v|version|draft|try|attempt|copy)[ _-]?\d+"
    r"|\d{4}[-_.]?\d\d[-_.]?\d\d.*)",
    re.IGNORECASE,
)


class Layout:
    """Whose files lie where.

    Parameters
    ----------
    source : Path
        The folder or zip, for sentences.
    reader : Folder or Zip
        What is in it.
    stem : str
        The lab's file name without ``.ipynb``.

    Raises
    ------
    SubmissionsError
        If the folder is of a wrong level: one student's, or one around several courses.

    Attributes
    ----------
    reader : Folder or Zip
        The folder in which the students' folders lie.
    students : dict
        Each student's files, or why they are not looked at.
    passed_over : list of str
        Files that belong to no student.
    notes : list of str
        What whoever grades should know, as sentences.
    """

    def __init__(self, source: Path, reader: Folder | Zip, stem: str) -> None:
        self.source, self.reader, self.stem = source, reader, stem
        self.lab = LabName(stem)
        self.students: dict[str, list[Entry] | str] = {}
        self.passed_over: list[str] = []
        self.notes: list[str] = []
        self._steps: list[str] = []
        self._find_level()
        self._assign(self._items)

    # Which level the students' folders are on ----------------------------------------------------

    def _find_level(self) -> None:
        self._items = self.reader.items()
        while len(self._items) == 1 and self._is_around(self.reader, self._items[0]):
            self._step_into(self._items[0])
        is_around = bool(self._steps)
        submitted = _folder_called("submitted", self._items)
        names = {item.name for item in self._items}
        if submitted and (names & NBGRADERS_OWN or self._only_students(submitted)):
            self.passed_over += [printable(n) for n in names - NBGRADERS_OWN - {"submitted"}]
            self._step_into(submitted)
        if is_around:
            where = printable("/".join(self._steps))
            self.notes.append(f"The students are those in the folder {where} of {self.source}.")

    def _step_into(self, item: Item) -> None:
        self.reader = self.reader.inside(item)
        self._items = self.reader.items()
        self._steps.append(item.name)

    def _only_students(self, item: Item) -> bool:
        """Whether nothing but students' folders or files can lie in this one."""
        inner = self.reader.inside(item)
        items = inner.items()
        if any(self.lab.is_name_of(i.name) for i in items):
            return False  # one student of an nbgrader tree
        loose = [i for i in items if i.kind != "folder" and _is_notebook(i.name)]
        if any(lms_name(i.name) is None for i in loose):
            return False
        return bool(loose) or any(_holds_notebook(inner, i) for i in items if i.kind == "folder")

    def _is_around(self, reader: Folder | Zip, item: Item, levels: int = MOST_LEVELS) -> bool:
        """Whether this one folder is no student's, but lies around the students' folders."""
        # A student of Moodle may have folders of any name in it.
        if item.kind != "folder" or lms_name(item.name) or not levels:
            return False
        inner = reader.inside(item)
        items = inner.items()
        if _is_course({i.name for i in items}):
            return True
        if len(items) == 1 and items[0].kind == "folder" and not moodle_student(items[0].name):
            return self._is_around(inner, items[0], levels - 1)
        if len(items) == 1 and _is_zip_of_many(inner, items[0]):
            return True
        if any(moodle_student(i.name) or _is_canvas_notebook(i.name) for i in items):
            return True
        if any(_is_notebook(i.name) for i in items if i.kind != "folder"):
            return False
        folders = [i for i in items if i.kind == "folder" and self._may_be_student(i.name)]
        held = [_holds(inner, i) for i in folders]
        # An empty folder among others is that of somebody who handed in nothing.
        return len([h for h in held if h != "other files"]) >= 2 and "a notebook" in held

    def _may_be_student(self, name: str) -> bool:
        ours = name in NBGRADERS_FOLDERS or name == "submitted"
        return not (ours or names_a_lab(name) or _OWN_FOLDER.fullmatch(name))

    # Whose is what -------------------------------------------------------------------------------

    def _assign(self, items: list[Item]) -> None:
        loose: list[Entry] = []
        names = Names()
        walked: dict[str, list[Entry]] = {}
        self._refuse_one_students(items)
        for item in items:
            student = names.of(item.name)
            if item.kind == "link":
                if item.name.endswith(".ipynb"):
                    self.passed_over.append(student)
                else:
                    self.students[student] = "The folder is a symbolic link, which is not followed."
            elif item.kind == "folder":
                walked[item.name] = list(self.reader.walk(item))
                self.students[student] = lab_folder(walked[item.name], self.stem)
            elif self._is_someones(item):
                loose.append(Entry(item.name, item.where))
            else:
                self.passed_over.append(student)
        self._refuse_others(walked)
        _merge(self.students, _by_lms_name(loose))
        self.students = _split_moodle_folders(self.students)

    def _is_someones(self, item: Item) -> bool:
        """Whether a file that lies in no folder tells by its name whose it is."""
        if _is_notebook(item.name) or lms_name(item.name):
            return True
        if not item.name.lower().endswith(".zip"):
            return False
        entry = Entry(item.name, item.where)
        if not is_zip(self.reader, entry):
            return False
        if is_lms_download(self.reader, entry):
            self.notes.append(
                f"{printable(item.name)} is a download of Moodle or Canvas: to grade what is in "
                f"it, {self._give(item.name)} itself."
            )
            return False
        return True

    # Levels that are wrong -----------------------------------------------------------------------

    def _refuse_one_students(self, items: list[Item]) -> None:
        for item in items:
            if item.kind != "folder":
                mine = _is_notebook(item.name) and self.lab.is_name_of(item.name)
                shown = printable(item.name)
            else:
                mine = self.lab.is_name_of(item.name) and any(
                    _is_notebook(e.path) and self.lab.is_name_of(e.path)
                    for e in self.reader.walk(item)
                )
                shown = f"{printable(item.name)}/"
            if not mine:
                continue
            if isinstance(self.reader, Zip):
                cure = "give a folder in which that zip lies"
            else:
                cure = "give the folder above it"
            raise SubmissionsError(
                f"{self._place()} looks like one student's: {shown} lies at its top, where "
                f"students' folders are expected; {cure}, or take {shown} away if it is nobody's"
            )

    def _refuse_others(self, walked: dict[str, list[Entry]]) -> None:
        """Refuse folders which are no student's, but lie beside or around students' folders."""
        ours = []
        for name, entries in walked.items():
            tops = {e.path.split("/", 1)[0] for e in entries}
            deep = [e for e in entries if _is_notebook(e.path)]
            if name in NBGRADERS_FOLDERS and deep and all("/" in e.path for e in deep):
                ours.append(name)
            if moodle_student(name):
                continue
            many = {moodle_student(top) for top in tops} - {None}
            many |= {lms_name(top)[0] for top in tops if _is_canvas_notebook(top)}
            if _is_course(tops) or len(many) > 1:
                what = "an nbgrader course" if _is_course(tops) else "folders of several students"
                raise SubmissionsError(
                    f"{printable(name)} in {self._place()} holds {what} and is no student's "
                    f"folder; {self._give(name)}"
                )
        if ours:
            raise SubmissionsError(
                f"{self._place()} holds folders of nbgrader that are no student's: "
                f"{listed(ours)}; give nbgrader's submitted/ folder, or the course folder with "
                "submitted/ in it"
            )

    def _place(self) -> str:
        if not self._steps:
            return str(self.source)
        where = printable("/".join(self._steps))
        return f"{where} in {self.source}" if self._is_in_zip() else str(self.source / where)

    def _give(self, name: str) -> str:
        path = printable("/".join([*self._steps, name]))
        if self._is_in_zip():
            return f"unpack {self.source} and give {path}"
        return f"give {self.source / path}"

    def _is_in_zip(self) -> bool:
        return isinstance(self.reader, Zip)


def lab_folder(entries: list[Entry], stem: str) -> list[Entry]:
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


def _is_notebook(name: str) -> bool:
    return name.lower().endswith(".ipynb")


def _is_canvas_notebook(name: str) -> bool:
    return _is_notebook(name) and lms_name(name) is not None


def _is_zip_of_many(reader: Folder | Zip, item: Item) -> bool:
    entry = Entry(item.name, item.where)
    return item.name.lower().endswith(".zip") and is_lms_download(reader, entry)


def _is_course(names: set[str]) -> bool:
    return "submitted" in names and bool(names & NBGRADERS_OWN)


def _folder_called(name: str, items: list[Item]) -> Item | None:
    return next((i for i in items if i.name == name and i.kind == "folder"), None)


def _holds_notebook(reader: Folder | Zip, item: Item) -> bool:
    return any(_is_notebook(e.path) for e in reader.walk(item))


def _holds(reader: Folder | Zip, item: Item) -> str:
    """What is in a folder: ``"nothing"``, ``"a notebook"`` or ``"other files"``."""
    held = "nothing"
    for entry in reader.walk(item):
        if _is_notebook(entry.path):
            return "a notebook"
        held = "other files"
    return held


def _by_lms_name(loose: list[Entry]) -> dict[str, list[Entry]]:
    found: dict[str, list[Entry]] = defaultdict(list)
    for entry in loose:
        named = lms_name(entry.path)
        if named:
            who, path, upload = named
            found[printable(who)].append(Entry(path or entry.path, entry.where, entry.path, upload))
        else:
            found[printable(Path(entry.path).stem)].append(entry)
    return found


def _split_moodle_folders(
    found: dict[str, list[Entry] | str],
) -> dict[str, list[Entry] | str]:
    """`Ada Lovelace_1234_assignsubmission_file_/` is the folder of `Ada Lovelace_1234`."""
    result: dict[str, list[Entry] | str] = {}
    for student, entries in found.items():
        _merge(result, {moodle_student(student) or student: entries})
    return result


def _merge(found: dict, more: dict) -> None:
    for student, entries in more.items():
        known = found.get(student)
        if isinstance(known, list) and isinstance(entries, list):
            known += entries
        else:
            found[student] = entries
