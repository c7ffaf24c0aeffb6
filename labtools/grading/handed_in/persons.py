"""Tables of persons: a class list, a platform's export; and whose row is whose submission."""

import csv
import io
import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from labtools.grading.records import CannotGrade

#: Characters of a table that is read.
LONGEST = 20_000_000

_IDS = (
    "identifier", "id", "student id", "id number", "sis user id", "sis login id", "sid", "user id",
    "orgdefinedid", "github_username", "username", "user name", "login", "email", "email address",
)  # fmt: skip
_NAMES = ("student", "full name", "name", "student name")
#: Canvas' own student, for trying a course.
_NOBODY = re.compile(r"student, test", re.IGNORECASE)
_PARTS = (("first name", "given name", "firstname"), ("last name", "surname", "lastname"))


class TableError(CannotGrade):
    """The file cannot be read as a table of persons; the message says what helps."""


@dataclass
class Table:
    """A table as it stands in a file, to be written back in the same form."""

    header: list[str]
    rows: list[list[str]]
    delimiter: str
    mark: str
    line_end: str

    def column(self, *names: str) -> int | None:
        """The first column with one of these names, whatever its capitals."""
        found = [name.strip().casefold() for name in self.header]
        return next((found.index(name) for name in names if name in found), None)

    def text(self) -> str:
        """The table as the file that it was read from would have it."""
        made = io.StringIO(newline="")
        writer = csv.writer(made, delimiter=self.delimiter, lineterminator=self.line_end)
        writer.writerow(self.header)
        writer.writerows(self.rows)
        return self.mark + made.getvalue()


def read_table(path: Path) -> Table:
    """Read a table with a header; commas, semicolons or tabs, with or without a byte order mark.

    Raises
    ------
    TableError
        If there is none.
    """
    try:
        content = path.read_bytes()[: LONGEST + 1]
    except OSError as error:
        raise TableError(f"{path} cannot be read: {error.strerror}") from error
    if len(content) > LONGEST:
        raise TableError(f"{path} is larger than {LONGEST // 1_000_000} MB")
    mark = "\ufeff" if content.startswith(b"\xef\xbb\xbf") else ""
    try:
        text = content.decode(
            "utf-16" if content[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
        )
    except UnicodeDecodeError:
        text = content.decode("cp1252", "replace")
    if hint := re.match(r"sep=[,;\t]\r?\n", text):  # a line of Excel's own
        mark, text = mark + hint[0], text[hint.end() :]
    first = text.partition("\n")[0]
    delimiter = max(",;\t", key=first.count)
    line_end = "\r\n" if first.endswith("\r") else "\n"
    try:
        rows = [
            row for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter) if row
        ]
    except csv.Error as error:
        raise TableError(f"{path} is no table ({error}); export it as CSV") from error
    if len(rows) < 2:
        raise TableError(f"{path} holds no person; a header and one row for each are expected")
    return Table(rows[0], rows[1:], delimiter, mark, line_end)


class Persons:
    """The persons of a table, each with what may be the id of a submission.

    Raises
    ------
    TableError
        If no column tells who they are.
    """

    def __init__(self, table: Table, path: Path) -> None:
        self.table = table
        self._ids = [k for k, h in enumerate(table.header) if h.strip().casefold() in _IDS]
        self._moodle = table.column("identifier")
        self._is_canvas = None not in (table.column("student"), table.column("id"))
        self._name = table.column(*_NAMES)
        self._parts = [table.column(*names) for names in _PARTS]
        if not self._ids and self._name is None and None in self._parts:
            raise TableError(
                f"{path} has no column that tells who is who: one of {', '.join(_IDS)}, or a name; "
                f"its header is {', '.join(table.header)[:200]}"
            )

    def __iter__(self) -> Iterator[tuple[list[str], list[str], str]]:
        """Each row that is a person's, its ids, and its name."""
        for row in self.table.rows:
            if self._is_canvas and self._is_nobodys(row):
                continue
            ids = [(k, row[k].strip()) for k in self._ids if k < len(row) and row[k].strip()]
            # Moodle's `Participant 1234`, in any language.
            ids = [re.sub(r"^\D* (?=\d+$)", "", i) if k == self._moodle else i for k, i in ids]
            yield row, ids, self._name_in(row)

    def _is_nobodys(self, row: list[str]) -> bool:
        """Whether a row of Canvas has the points, says how grades are posted, or is for tests."""
        id_ = self.table.column("id")
        return not "".join(row[id_ : id_ + 1]).strip() or bool(_NOBODY.fullmatch(row[0].strip()))

    def _name_in(self, row: list[str]) -> str:
        if self._name is not None and self._name < len(row):
            return row[self._name].strip()
        parts = [row[k].strip() for k in self._parts if k is not None and k < len(row)]
        return " ".join(part for part in parts if part)

    def _in_canvas(self, row: list[str]) -> str:
        """The name in one word, the last name first, as Canvas puts it before its number."""
        name = self._name_in(row)
        last, _, first = name.partition(",") if "," in name else name.rpartition(" ")[::-1]
        return re.sub(r"\W+", "", unicodedata.normalize("NFKC", last + first).casefold())

    def matched(self, students: Iterable[str]) -> list[tuple[list[str], str, str | None]]:
        """Each row with the person's own id and the student who that is, or None.

        A student is found by an id, alone or behind the name that a platform puts before it, else
        by the name where one student alone has it.
        """
        students = list(students)
        by_id, by_name = defaultdict(set), defaultdict(set)
        for student in students:
            name, _, number = student.rpartition("_")
            for key in {student, number or student}:
                by_id[_key(key)].add(student)
            for text in {student, name or student}:
                by_name[_plain(text)].add(student)
        result = []
        for row, ids, name in self:
            found = next((s for i in ids if len(s := by_id.get(_key(i), set())) == 1), None)
            if found is None:
                # `ada_lab05.ipynb` has an id in place of a name.
                texts = (_plain(name), self._in_canvas(row), *map(_plain, ids))
                found = next((by_name[text] for text in texts if text in by_name), None)
            taken = next(iter(found)) if found and len(found) == 1 else None
            result.append((row, ids[0] if ids else name, taken))
        # Of two rows that lead to one student neither is believed.
        counts = Counter(student for _, _, student in result)
        return [(r, i, s if counts[s] == 1 else None) for r, i, s in result]


def _plain(name: str) -> str:
    """A name by its words, in any order: `Lovelace, Ada` is `Ada Lovelace`."""
    return " ".join(sorted(re.findall(r"\w+", unicodedata.normalize("NFKC", name).casefold())))


def _key(id_: str) -> str:
    """An id without what exports add or lose: a sign before it, zeros at its beginning."""
    id_ = unicodedata.normalize("NFKC", id_).casefold().lstrip("#")
    return (id_.lstrip("0") or "0") if id_.isdigit() else id_
