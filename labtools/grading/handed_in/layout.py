"""Where in a folder or zip the students' folders lie, and which files are whose."""

import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from labtools.grading.handed_in.choosing import LabName, names_a_lab
from labtools.grading.handed_in.downloads import is_lms_download, is_zip
from labtools.grading.handed_in.gradescope import METADATA, submitters
from labtools.grading.handed_in.naming import (
    Names,
    blackboard_students,
    folder_upload,
    is_notebook,
    listed,
    printable,
    upload,
    without_additions,
)
from labtools.grading.handed_in.sources import (
    LOOK_LIMIT,
    Entry,
    Folder,
    Item,
    NotReadable,
    SubmissionsError,
    Zip,
    notebooks_first,
)

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


#: What is left of the name of another version of one's own notebook.
_VERSION = re.compile(
    r"(untitled|copy|copyof|old|new|final|draft|test|answered|answers?|solved|solutions?|backup"
    r"|version|try|attempt|submission|mine|my|v|x|a|b|c|notebook|homework|checkpoint|\d)+"
)
#: Of folders around those of students.
_CLASS = re.compile(r"class|course|group|section|download|assign|export|all|students|20\d\d", re.I)
#: What Google Classroom's folder holds: `Ada Lovelace - lab05.ipynb`.
_CLASSROOM = re.compile(r"(?P<who>[^-/].*?) - (?P<rest>.+)")
#: Notebooks that are opened to see which lab they are.
MOST_OPENED = 3


class Layout:
    """Whose files lie where.

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
    late : set of str
        Students of whom the platform says that they were late.
    cut : dict of str to str
        By student, a sentence where not all files are looked at.
    """

    def __init__(self, source: Path, reader: Folder | Zip, stem: str) -> None:
        self.source, self.reader, self.stem = source, reader, stem
        self.lab = LabName(stem)
        self.students: dict[str, list[Entry] | str] = {}
        self.passed_over: list[str] = []
        self.notes: list[str] = []
        self.late: set[str] = set()
        self.cut: dict[str, str] = {}
        self._steps: list[str] = []
        self._find_level()
        self.passed_over += self.reader.passed_over()
        self._assign(self._items)

    # Which level the students' folders are on ----------------------------------------------------

    def _find_level(self) -> None:
        self._items = self.reader.items()
        while len(self._items) == 1 and self._is_around(self.reader, self._items[0]):
            self._step_into(self._items[0])
        is_around = bool(self._steps)
        submitted = _folder_called("submitted", self._items)
        names = {item.name for item in self._items}
        if submitted and (names & NBGRADERS_OWN or self._only_students(self.reader, submitted)):
            self.passed_over += [printable(n) for n in names - NBGRADERS_OWN - {"submitted"}]
            self._step_into(submitted)
        if is_around:
            where = printable("/".join(self._steps))
            flat = self._is_flat(self.reader)
            who = "Each notebook counts as one student" if flat else "The students are those"
            self.notes.append(f"{who} in the folder {where} of {self.source}.")

    def _step_into(self, item: Item) -> None:
        self.reader = self.reader.inside(item)
        self._items = self.reader.items()
        self._steps.append(item.name)

    def _only_students(self, reader: Folder | Zip, item: Item) -> bool:
        """Whether nothing but students' folders or files can lie in this one."""
        inner = reader.inside(item)
        items = inner.items()
        if any(self.lab.is_name_of(i.name) for i in items):
            return False  # one student of an nbgrader tree
        loose = [i for i in items if i.kind != "folder" and is_notebook(i.name)]
        if any(upload(i.name) is None for i in loose):
            return False
        folders = (i for i in items if i.kind == "folder")
        return bool(loose) or any(_holds(inner, i) == "a notebook" for i in folders)

    def _is_around(self, reader: Folder | Zip, item: Item, levels: int = MOST_LEVELS) -> bool:
        """Whether this one folder is no student's, but lies around the students' folders."""
        # A student of Moodle may have folders of any name in it.
        if item.kind != "folder" or upload(item.name) or not levels:
            return False
        inner = reader.inside(item)
        items = inner.items()
        submitted = _folder_called("submitted", items)
        if submitted and self._only_students(inner, submitted):
            return True
        if _is_course({i.name for i in items}):
            return True
        if len(items) == 1 and items[0].kind == "folder" and not folder_upload(items[0].name):
            return self._is_around(inner, items[0], levels - 1)
        if len(items) == 1 and _is_zip_of_many(inner, items[0]):
            return True
        names = [i.name for i in items]
        if any(map(folder_upload, names)) or len(_lms_students(names)) > 1:
            return True
        if any(i.name == METADATA for i in items) or self._is_flat(inner, item.name):
            return True
        if any(is_notebook(i.name) for i in items if i.kind != "folder"):
            return False
        folders = [i for i in items if i.kind == "folder" and self._may_be_student(i.name)]
        held = [_holds(inner, i) for i in folders]
        # An empty folder among others is that of somebody who handed in nothing.
        return len([h for h in held if h != "other files"]) >= 2 and "a notebook" in held

    def _is_flat(self, reader: Folder | Zip, name: str = "") -> bool:
        """Whether the notebooks in a folder are one student's each, told by their names.

        The names of two tell two persons, and both hold cells of the lab. In a folder of which the
        name could be a student's there are three of them.
        """
        persons: dict[str, Item] = {}
        for item in reader.items():
            if item.kind == "file" and is_notebook(item.name):
                person = self.lab.without(item.name)
                if not person or _VERSION.fullmatch(person) or person in persons:
                    return False
                persons[person] = item
        ours = not name or _OWN_FOLDER.fullmatch(name) or names_a_lab(name) or _CLASS.search(name)
        if len(persons) < (2 if ours else 3):
            return False
        entries = [Entry(item.name, item.where) for item in persons.values()]
        return all(reader.holds_cells_of(self.lab.lab, e) for e in entries[:MOST_OPENED])

    def _may_be_student(self, name: str) -> bool:
        ours = name in NBGRADERS_FOLDERS or name == "submitted"
        return not (ours or names_a_lab(name) or _OWN_FOLDER.fullmatch(name))

    # Whose is what -------------------------------------------------------------------------------

    def _assign(self, items: list[Item]) -> None:
        loose: list[Entry] = []
        names = Names()
        walked: dict[str, list[Entry]] = {}
        self._refuse_one_students(items)
        known = self._read_metadata(items)
        for item in items:
            student = names.of(item.name)
            if item.kind == "link":
                if is_notebook(item.name):
                    self.passed_over.append(student)
                else:
                    self.students[student] = "The folder is a symbolic link, which is not followed."
            elif item.kind == "folder":
                # The lab's own folder is looked for before a long list is cut.
                walked[item.name] = list(self.reader.walk(item))
                entries, cut = notebooks_first(lab_folder(walked[item.name], self.stem))
                named = folder_upload(item.name)
                if named:
                    student = printable(named.who)
                    entries = [replace(e, upload=named.number) for e in entries]
                elif item.name in known:
                    student = names.of(known[item.name])
                if cut:
                    self.cut[student] = cut
                _merge(self.students, {student: entries})
            elif self._is_someones(item):
                loose.append(Entry(item.name, item.where))
            elif item.name != METADATA:
                self.passed_over.append(student)
        self._refuse_others(walked)
        _merge(self.students, self._by_name(loose))

    def _read_metadata(self, items: list[Item]) -> dict[str, str]:
        """Whose folders these are, where Gradescope has written that beside them."""
        for item in items:
            if item.kind == "file" and item.name == METADATA:
                try:
                    return submitters(self.reader.read(Entry(item.name, item.where), LOOK_LIMIT))
                except (NotReadable, ValueError) as error:
                    self.notes.append(
                        f"{METADATA} does not tell who the students are ({error}): they are "
                        "called after their folders."
                    )
        return {}

    def _by_name(self, loose: list[Entry]) -> dict[str, list[Entry]]:
        """Files that lie in no folder by student, as far as their names tell."""
        found: dict[str, list[Entry]] = defaultdict(list)
        uploads = [(entry, upload(entry.path)) for entry in loose]
        boards = [u.who for _, u in uploads if u and u.platform == "Blackboard"]
        students = blackboard_students(boards) if boards else {}
        for entry, named in uploads:
            person = _CLASSROOM.fullmatch(entry.path)
            if named:
                who = printable(students.get(named.who, named.who))
                if named.late:
                    self.late.add(who)
                files = found[who]
                if named.path or named.platform != "Blackboard":  # which adds a receipt
                    path = named.path or entry.path
                    files.append(Entry(path, entry.where, entry.path, named.number))
            elif person and self.lab.likeness(person["rest"]):
                made = Entry(person["rest"], entry.where, entry.path)
                found[printable(person["who"])].append(made)
            else:
                found[printable(Path(without_additions(entry.path)).stem)].append(entry)
        return found

    def _is_someones(self, item: Item) -> bool:
        """Whether a file that lies in no folder tells by its name whose it is."""
        if is_notebook(item.name) or upload(item.name):
            return True
        if not item.name.lower().endswith(".zip"):
            return False
        entry = Entry(item.name, item.where)
        if not is_zip(self.reader, entry):
            return False
        if is_lms_download(self.reader, entry):
            self.notes.append(
                f"{printable(item.name)} is a download of a platform: to grade what is in "
                f"it, {self._give(item.name)} itself."
            )
            return False
        return True

    # Levels that are wrong -----------------------------------------------------------------------

    def _refuse_one_students(self, items: list[Item]) -> None:
        for item in items:
            if item.kind != "folder":
                mine = is_notebook(item.name) and self.lab.is_name_of(item.name)
                shown = printable(item.name)
            else:
                mine = self.lab.is_name_of(item.name) and any(
                    is_notebook(e.path) and self.lab.is_name_of(e.path)
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
        """Refuse folders that are no student's; where that is not certain, say it."""
        made = [n for n in walked if n in NBGRADERS_FOLDERS and _all_deep(walked[n])]
        if made:
            raise SubmissionsError(
                f"{self._place()} holds folders of nbgrader that are no student's: {listed(made)}; "
                "give nbgrader's submitted/ folder, or the course folder with submitted/ in it"
            )
        groups = [name for name in walked if self._is_group(name, walked[name])]
        if not groups:
            return
        shown = listed(map(printable, groups))
        certain = [name for name in groups if self._is_group(name, walked[name], certain=True)]
        # One student's odd folders must not keep the others from their grades.
        if len(certain) == len(walked):
            raise SubmissionsError(
                f"{self._place()} holds folders of several students or courses each: {shown}; "
                f"give one of them at a time: {self._give(certain[0])}"
            )
        self.notes.append(
            f"Each of these counts as one student, with notebooks in several folders: {shown}. "
            f"If it is a group of students, {self._give(groups[0])} by itself."
        )

    def _is_group(self, name: str, entries: list[Entry], *, certain: bool = False) -> bool:
        """Whether a folder may be that of several students, or certainly is no single one's."""
        if folder_upload(name):
            return False
        tops = {e.path.split("/", 1)[0] for e in entries}
        if _is_course(tops) or len(_lms_students(tops)) > 1:
            return True
        if certain or not _all_deep(entries):
            return False
        inner = {e.path.split("/", 1)[0] for e in entries if is_notebook(e.path)}
        return len([n for n in inner if self._may_be_student(n)]) > 1

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


def _lms_students(names: Iterable[str]) -> set[str]:
    """Whose folders and notebooks these are, as far as a platform has named them."""
    found = set()
    for name in names:
        named = upload(name)
        # `lab05_2026_11_26.ipynb` is a date, not what Canvas makes of a name.
        if named and (folder_upload(name) or (is_notebook(name) and not names_a_lab(named.who))):
            found.add(named.who)
    return found


def _is_zip_of_many(reader: Folder | Zip, item: Item) -> bool:
    entry = Entry(item.name, item.where)
    return item.name.lower().endswith(".zip") and is_lms_download(reader, entry)


def _is_course(names: set[str]) -> bool:
    return "submitted" in names and bool(names & NBGRADERS_OWN)


def _all_deep(entries: list[Entry]) -> bool:
    """Whether there are notebooks, and all of them in folders."""
    paths = [e.path for e in entries if is_notebook(e.path)]
    return bool(paths) and all("/" in path for path in paths)


def _folder_called(name: str, items: list[Item]) -> Item | None:
    return next((i for i in items if i.name == name and i.kind == "folder"), None)


def _holds(reader: Folder | Zip, item: Item) -> str:
    """What is in a folder: ``"nothing"``, ``"a notebook"`` or ``"other files"``."""
    held = "nothing"
    for entry in reader.walk(item):
        if is_notebook(entry.path):
            return "a notebook"
        held = "other files"
    return held


def _merge(found: dict, more: dict) -> None:
    for student, entries in more.items():
        known = found.get(student)
        if isinstance(known, list) and isinstance(entries, list):
            known += entries
        else:
            found[student] = entries
