"""Find each student's notebook in a folder, an nbgrader tree or a zip from Moodle or Canvas."""

import codecs
import contextlib
import difflib
import re
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path, PurePosixPath

from labtools.grading.handed_in.choosing import MOST_OPENED, Choice, choose
from labtools.grading.handed_in.downloads import is_lms_download, is_zip
from labtools.grading.handed_in.layout import Layout, lab_folder
from labtools.grading.handed_in.naming import is_notebook, listed, printable
from labtools.grading.handed_in.persons import Persons
from labtools.grading.handed_in.sources import (
    Entry,
    Folder,
    NotReadable,
    SubmissionsError,
    Zip,
    notebooks_first,
    opened_inside,
)
from labtools.grading.records import Submission, visible

#: Bytes of a notebook, and of all its other files together, that are read at most.
NOTEBOOK_LIMIT = 40_000_000
FILES_LIMIT = 20_000_000
MOST_FILES = 100
#: A student's zips that are opened, and zips inside one another.
MOST_ZIPS, MOST_LEVELS = 5, 3
#: Bytes that may stand before a notebook's text.
_MARKS = codecs.BOM_UTF8 + codecs.BOM_UTF16 + b" \t\r\n"
#: Where Sakai keeps what teachers gave back.
_BY_TEACHERS = re.compile(r"feedback attachment\(s\)/", re.IGNORECASE)
#: What is handed in in place of a notebook, and what to do.
_NO_NOTEBOOKS = {
    ("text.html", "link.html"): "What is typed into the platform is no notebook; hand in the file.",
    (".html", ".pdf", ".py"): (
        "What a notebook was exported to cannot be graded; hand in the .ipynb."
    ),
    (".rar", ".7z", ".gz", ".tar", ".tgz"): "Of archives only .zip is opened.",
}
#: Students who are named where a name is of none of them.
MOST_LIKE = 3


class Submissions:
    """All submissions of one lab, read one at a time.

    Parameters
    ----------
    source : Path
        A folder or a ``.zip``.
    stem : str
        The lab's file name without ``.ipynb``.
    is_answered : callable, optional
        Whether anything is answered in a notebook of the lab, given its bytes; left out, that is
        not looked at.

    Raises
    ------
    SubmissionsError
        If `source` is neither, cannot be read, holds nobody, or is a folder of the wrong level.

    Attributes
    ----------
    passed_over : list of str
        Files beside the students' folders that belong to no student.
    notes : list of str
        What whoever grades should know of how they were found, as sentences.
    late : set of str
        Students of whom the platform says that they were late.
    """

    def __init__(
        self, source: Path, stem: str, is_answered: Callable[[bytes], bool] | None = None
    ) -> None:
        self.source, self.stem = source, stem
        self._is_answered = is_answered or (lambda content: True)
        self.number = stem.split("_", 1)[0]
        layout = Layout(source, _opened(source), stem)
        self._reader, self._students = layout.reader, layout.students
        self.passed_over, self.notes = sorted(layout.passed_over), layout.notes
        self.late, self._cut = layout.late, layout.cut
        self._absent: frozenset[str] = frozenset()
        if not self._students:
            others = f". Passed over: {listed(self.passed_over)}" if self.passed_over else ""
            remarks = "".join(f". {note.removesuffix('.')}" for note in self.notes)
            raise SubmissionsError(
                f"{source} holds no submission; expected are folders named after the students, "
                f"<student>/{stem}.ipynb, an nbgrader tree <student>/{stem}/{stem}.ipynb, or a "
                f"zip as a platform gives it{remarks}{others}"
            )

    @property
    def students(self) -> list[str]:
        """Ids of all students, sorted: of those too who are expected and have handed in nothing."""
        return sorted([*self._students, *self._absent])

    def expect(self, persons: Persons) -> None:
        """Have those of a class list who handed in nothing among the students, as missing."""
        found = persons.matched(self._students)
        absent = dict.fromkeys(printable(id_) for _, id_, student in found if not student and id_)
        self._absent = frozenset(absent.keys() - self._students.keys())
        strangers = sorted(set(self._students) - {student for _, _, student in found})
        if strangers:
            self.notes.append(f"Not on the roster: {listed(strangers)}.")

    def like(self, name: str) -> str:
        """Whom somebody who typed this name may have meant, as the end of a sentence."""
        typed = name.casefold()
        ids = {student.casefold(): student for student in self.students}
        near = difflib.get_close_matches(typed, ids, n=MOST_LIKE)
        if typed:
            near += [folded for folded in ids if typed in folded and folded not in near]
        if near:
            return f"did you mean {' or '.join(ids[folded] for folded in near[:MOST_LIKE])}?"
        return f"there are: {listed(self.students)}"

    def __len__(self) -> int:
        return len(self.students)

    def __iter__(self) -> Iterator[Submission]:
        for student in self.students:
            yield self.read(student)

    def read(self, student: str) -> Submission:
        """Read one student's submission; whatever is wrong with it becomes its `problem`."""
        found = self._read(student)
        notes = (found.note, self._cut.get(student, ""))
        note = visible(" ".join(filter(None, notes)))
        return replace(found, note=note, late=student in self.late)

    def _read(self, student: str) -> Submission:
        if student in self._absent:
            return Submission(student, problem=("missing", "Nothing was handed in."))
        entries = self._students[student]
        if isinstance(entries, str):
            return Submission(student, problem=("unreadable", entries))
        entries = [e for e in entries if not _BY_TEACHERS.match(e.path)]
        choice = self._choose(self._reader, entries)
        zips = [e for e in entries if e.path.lower().endswith(".zip")]
        if choice.taken is None:
            choice = self._under_another_ending(entries)
        elif is_zip(self._reader, choice.taken):
            zips, choice = [choice.taken], Choice()  # renamed, by hand or by a browser
        loose = None
        if choice.taken:
            note = choice.note(self.stem)
            loose = self._taken(student, self._reader, entries, choice.taken, note)
            if not zips or loose.problem or self._is_answered(loose.notebook):
                return loose
        unzipped, hint = self._in_zips(student, zips)
        if loose is None and unzipped:
            return unzipped
        if loose is not None:
            if unzipped is None or unzipped.problem or not self._is_answered(unzipped.notebook):
                return loose
            blank = f" Nothing is answered in {choice.taken.shown}."
            return replace(unzipped, note=unzipped.note + blank)
        for endings, sentence in _NO_NOTEBOOKS.items():
            if not hint and any(e.path.lower().endswith(endings) for e in entries):
                hint = f" {sentence}"
        text = f"There is no {self.stem}.ipynb."
        if entries:
            # Notebooks first: a wrong name among them says most.
            names = sorted((not is_notebook(e.path), e.shown) for e in entries)
            text += f" Handed in: {listed(name for _, name in names)}."
        return Submission(student, problem=("missing", text + hint))

    def _under_another_ending(self, entries: list[Entry]) -> Choice:
        """The one file that holds the lab's cells, where no name is a notebook's."""
        like_json, holding = [], []
        for entry in entries[:MOST_FILES]:
            with contextlib.suppress(NotReadable):
                begin = self._reader.head(entry, 8).replace(b"\x00", b"").lstrip(_MARKS)
                like_json += [entry] if begin.startswith(b"{") else []
        for entry in like_json[:MOST_OPENED]:
            if self._reader.holds_cells_of(self.number, entry):
                holding.append(entry)
        return Choice(*holding) if len(holding) == 1 else Choice()

    def _in_zips(self, student: str, zips: list[Entry]) -> tuple[Submission | None, str]:
        """What lies in a student's zips, the last upload first, or what is wrong with them."""
        found, graded, hint = None, None, ""
        order = sorted(zips, key=lambda e: (tuple(-n for n in e.upload), e.path.count("/"), e.path))
        for outer in order[:MOST_ZIPS]:
            try:
                made = self._unzipped(student, self._reader, outer)
            except NotReadable as error:
                hint = hint or f" {outer.shown} {error}; hand in the notebook itself."
                if is_lms_download(self._reader, outer):
                    hint = (
                        f" {outer.shown} is a download of a platform; whoever grades: give it "
                        "itself to `labs grade`."
                    )
                continue
            is_answered = made.problem is None and self._is_answered(made.notebook)
            if found is None or is_answered or (found.problem and not made.problem):
                found, graded = made, outer
            if is_answered:
                break
        if found and len(zips) > 1:
            others = listed(e.shown for e in order if e is not graded)
            found = replace(found, note=f"{found.note} Not graded: {others}.".strip())
        return found, hint

    def _taken(
        self, student: str, reader: Folder | Zip, entries: list[Entry], chosen: Entry, note: str
    ) -> Submission:
        try:
            notebook = reader.read(chosen, NOTEBOOK_LIMIT)
        except NotReadable as error:
            text = f"{chosen.path} {error}."
            if "larger" in text:
                text += " Stored outputs make a notebook large: clear them and hand it in again."
            problem = ("unreadable", text)
            return Submission(student, name=chosen.path, problem=problem, upload=chosen.shown)
        files = self._beside(reader, entries, chosen)
        return Submission(student, notebook, chosen.path, files, None, note, upload=chosen.shown)

    def _unzipped(
        self, student: str, around: Folder | Zip, outer: Entry, levels: int = MOST_LEVELS
    ) -> Submission:
        """What lies in a zip that a student handed in, if it is clear which notebook is meant."""
        reader = Zip(opened_inside(around.read(outer, NOTEBOOK_LIMIT)))
        entries, cut = notebooks_first(lab_folder(reader.entries(), self.stem))
        choice = self._choose(reader, entries)
        inner = [e for e in entries if e.path.lower().endswith(".zip")]
        if not choice and len(inner) == 1 and levels > 1 and is_zip(reader, inner[0]):
            made = self._unzipped(student, reader, inner[0], levels - 1)
            return replace(made, upload=outer.shown)
        if not choice.is_plain:
            raise NotReadable(f"holds {len(choice) or 'no'} notebooks that may be meant")
        note = f"The file graded is {choice.taken.shown}, from inside {outer.shown}."
        if choice.others:
            note += f" Not graded: {listed(e.shown for e in choice.others)}."
        if choice.unanswered:
            note += f" Nothing is answered in {choice.unanswered.shown}."
        note += f" {cut}" if cut else ""
        taken = self._taken(student, reader, entries, choice.taken, note)
        taken = replace(taken, upload=outer.shown)
        if taken.problem is None:
            return taken
        status, text = taken.problem
        return replace(taken, problem=(status, f"Inside {outer.shown}: {text}"))

    def _choose(self, reader: Folder | Zip, entries: list[Entry]) -> Choice:
        def is_answered(entry: Entry) -> bool:
            try:
                return self._is_answered(reader.read(entry, NOTEBOOK_LIMIT))
            except NotReadable:
                return False

        is_this_lab = partial(reader.holds_cells_of, self.number)
        return choose(entries, self.stem, is_this_lab, is_answered)

    @staticmethod
    def _beside(reader: Folder | Zip, entries: list[Entry], chosen: Entry) -> dict[str, bytes]:
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
            if is_notebook(relative.name) or relative.parts[0].split(".")[0] == "labhelpers":
                continue
            try:
                content = reader.read(entry, room)
            except NotReadable:
                refused += 1
                continue
            files[str(relative)] = content
            room -= len(content)
        return files


def _opened(source: Path) -> Folder | Zip:
    if source.is_dir():
        return Folder(source)
    if not source.exists():
        raise SubmissionsError(f"{source} does not exist")
    if not source.is_file():
        raise SubmissionsError(f"{source} is neither a folder nor a zip file")
    try:
        with open(source, "rb") as file:
            begins_as_zip = file.read(4) == b"PK\x03\x04"
    except OSError as error:
        raise SubmissionsError(f"{source} cannot be read: {error.strerror}") from error
    is_zip = begins_as_zip or zipfile.is_zipfile(source)
    if not is_zip and source.suffix.lower() != ".zip":
        raise SubmissionsError(f"{source} is neither a folder nor a zip file")
    try:
        return Zip(zipfile.ZipFile(source))
    except Exception as error:  # whatever a damaged one leads to
        raise SubmissionsError(
            f"{source} is damaged or incomplete ({error}); download it again"
        ) from error
