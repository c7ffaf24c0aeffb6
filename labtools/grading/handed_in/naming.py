"""Names of students and files: what Moodle and Canvas make of them, and what a table can hold."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable

__all__ = ["Names", "lms_name", "listed", "moodle_student", "printable"]

#: Names that one sentence lists.
MOST_NAMES = 5
#: Bytes of a student's id: it becomes a folder's name.
LONGEST_NAME = 200

# Moodle:  Ada Lovelace_1234_assignsubmission_file_/lab05.ipynb   (or the file name straight after)
# Canvas:  lovelaceada_LATE_1234_5678_lab05-1.ipynb  (a text: lovelaceada_1234_text.html)
_MOODLE = re.compile(r"(?P<who>.+?_\d+)_assignsubmission_(?P<kind>file|onlinetext)_?(?P<rest>.*)")
_CANVAS = re.compile(r"(?P<who>[^_/]+)(?:_LATE)?_(?P<id>\d+)_(?P<upload>\d+)_(?P<rest>.+)")
_CANVAS_TEXT = re.compile(r"(?P<who>[^_/]+)(?:_LATE)?_(?P<id>\d+)_(?P<rest>text\.html)")
# Canvas numbers a second upload of a name: lab05-1.ipynb
_AGAIN = re.compile(r"-(\d+)(\.\w+)$")


def lms_name(name: str) -> tuple[str, str, tuple[int, int]] | None:
    """Who handed a file in, what it was called, and which upload it is; None if it does not tell.

    >>> lms_name("lovelaceada_LATE_1234_5678_lab05-1.ipynb")
    ('lovelaceada_1234', 'lab05.ipynb', (5678, 1))
    >>> lms_name("Ada Lovelace_12_assignsubmission_file_lab05.ipynb")
    ('Ada Lovelace_12', 'lab05.ipynb', (0, 0))
    """
    moodle = _MOODLE.fullmatch(name)
    if moodle:
        return moodle["who"], moodle["rest"].lstrip("/_"), (0, 0)
    canvas = _CANVAS.fullmatch(name)
    if canvas:
        again = _AGAIN.search(canvas["rest"])
        # Limited in length: Python refuses to read numbers of thousands of digits.
        upload = int(canvas["upload"][:30]), int(again[1][:30]) if again else 0
        return f"{canvas['who']}_{canvas['id']}", _AGAIN.sub(r"\2", canvas["rest"]), upload
    text = _CANVAS_TEXT.fullmatch(name)
    if text:
        return f"{text['who']}_{text['id']}", text["rest"], (0, 0)
    return None


def moodle_student(name: str) -> str | None:
    """Whose folder or file this is in a download of Moodle; None if it is from no such download."""
    found = _MOODLE.fullmatch(name)
    return found["who"] if found else None


def listed(names: Iterable[str]) -> str:
    """At most five names, and how many more there are.

    >>> listed("abcdefg")
    'a, b, c, d, e and 2 more'
    """
    names = list(names)
    more = len(names) - MOST_NAMES
    return ", ".join(names[:MOST_NAMES]) + (f" and {more} more" if more > 0 else "")


def printable(name: str) -> str:
    """A name that any file and table can hold: undecodable bytes and control characters go."""
    text = name.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    text = "".join(c if c.isprintable() else "�" for c in text).strip() or "�"
    if len(text.encode()) <= LONGEST_NAME:
        return text
    # A zip may hold a name that is too long for a folder: shortened, and still its own.
    return f"{text.encode()[: LONGEST_NAME - 9].decode('utf-8', 'ignore')}-{_ending(text)}"


def _ending(name: str) -> str:
    return hashlib.sha256(name.encode("utf-8", "backslashreplace")).hexdigest()[:8]


class Names:
    """Printable names of folders, of which no two are one name: `bob` and `bob ` are two people."""

    def __init__(self) -> None:
        self._given: dict[str, str] = {}
        self._taken: set[str] = set()

    def of(self, name: str) -> str:
        """The folder's name, with an ending of its own where another folder's looks the same."""
        if name not in self._given:
            text = printable(name)
            if text in self._taken:
                text = printable(f"{text}-{_ending(name)}")
            self._taken.add(text)
            self._given[name] = text
        return self._given[name]
