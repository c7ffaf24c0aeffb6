"""Names of students and files: what Moodle and Canvas make of them, and what a table can hold."""

import hashlib
import os
import re
import unicodedata
from collections.abc import Iterable
from typing import NamedTuple

#: Names that one sentence lists.
MOST_NAMES = 5
#: Bytes of a student's id: it becomes a folder's name.
LONGEST_NAME = 200

# Moodle:      Ada Lovelace_1234_assignsubmission_file_/lab05.ipynb   (or the file straight after)
# Canvas:      lovelaceada_LATE_1234_5678_lab05-1.ipynb  (typed in: lovelaceada_1234_text.html)
#              LATE_anon_aB3dE_5678_lab05.ipynb, and a group's name may have any underscores
# Blackboard:  Lab 5_alovelace_attempt_2026-11-26-10-15-30_lab05.ipynb  (its receipt: .txt)
# Brightspace: 12-34 - Ada Lovelace - Nov 26, 2026 1034 AM/lab05.ipynb  (or the file after " - ")
_MOODLE = re.compile(r"(?P<who>.+?_\d+)_assignsubmission_(?P<kind>file|onlinetext)_?(?P<rest>.*)")
_CANVAS = re.compile(
    r"(?:(?P<late0>LATE_(?=anon))?(?P<nobody>anon)(?P<late1>_LATE)?_(?P<id0>[^\W_]{5})"
    r"|(?P<who>(?!lab[ _-]?\d)[^/]+?)(?P<late>_LATE)?_(?P<id>\d+))"
    r"_(?P<upload>\d+)_(?P<rest>(?=[^./]*[^\W\d_])[^/]+)"
)
_CANVAS_TEXT = re.compile(
    r"(?:(?P<late0>LATE_)?(?P<nobody>anon_[^\W_]{5})|(?P<who>[^/]+?)(?P<late>_LATE)?_(?P<id>\d+))"
    r"_(?P<rest>(?:text|link)\.html)"
)
_BLACKBOARD = re.compile(
    r"(?P<who>.+)_attempt_(?P<when>\d{4}(?:-\d\d){5})(?:_(?P<rest>.+)|\.txt)", re.DOTALL
)
_BRIGHTSPACE = re.compile(
    r"(?P<id>\d+)-\d+ ?- ?(?P<who>.+?) ?- ?(?P<date>[^-/]*\b(?P<year>(?:19|20)\d\d)\b,?)"
    r" (?P<hour>\d{1,2})[: ]?(?P<minute>\d\d)(?: ?(?P<half>[AP])M)?(?: ?- ?(?P<rest>.+))?"
)
_MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()
# Canvas numbers a second upload of a name: lab05-1.ipynb
_AGAIN = re.compile(r"-(\d+)(\.\w+)$")
#: A notebook's ending, and what browsers add to it.
_NOTEBOOK = re.compile(r"(\.ipynb)(?:\.(?:json|txt|download|\d+))?(?: ?\(\d+\))?$", re.IGNORECASE)


class Upload(NamedTuple):
    """What a platform's name for a file says.

    Attributes
    ----------
    who : str
        The student's id.
    path : str
        What the student called the file; empty where the name is a folder's.
    number : tuple of int
        Which upload it is: later ones are greater.
    late : bool
        Whether the platform marks it as late.
    platform : str
        ``"Moodle"``, ``"Canvas"``, ``"Blackboard"`` or ``"Brightspace"``.
    """

    who: str
    path: str
    number: tuple[int, ...] = (0, 0)
    late: bool = False
    platform: str = ""


def upload(name: str) -> Upload | None:
    """What a platform's name for a file or folder says; None if it is no platform's.

    >>> upload("lovelaceada_LATE_1234_5678_lab05-1.ipynb")[:4]
    ('lovelaceada_1234', 'lab05.ipynb', (5678, 1), True)
    >>> upload("Ada Lovelace_12_assignsubmission_file_lab05.ipynb")[:3]
    ('Ada Lovelace_12', 'lab05.ipynb', (0, 0))
    """
    if moodle := _MOODLE.fullmatch(name):
        return Upload(moodle["who"], moodle["rest"].lstrip("/_"), platform="Moodle")
    if blackboard := _BLACKBOARD.fullmatch(name):
        when = int(blackboard["when"].replace("-", ""))
        return Upload(blackboard["who"], blackboard["rest"] or "", (when, 0), False, "Blackboard")
    if brightspace := _BRIGHTSPACE.fullmatch(name):
        who, when = f"{brightspace['who']}_{brightspace['id']}", _moment(brightspace)
        return Upload(who, brightspace["rest"] or "", (when, 0), False, "Brightspace")
    if canvas := _CANVAS.fullmatch(name):
        again = _AGAIN.search(canvas["rest"])
        # Limited in length: Python refuses to read numbers of thousands of digits.
        number = int(canvas["upload"][:30]), int(again[1][:30]) if again else 0
        who = f"{canvas['nobody'] or canvas['who']}_{canvas['id0'] or canvas['id']}"
        path = _AGAIN.sub(r"\2", canvas["rest"])
        late = canvas["late0"] or canvas["late1"] or canvas["late"]
        return Upload(who, path, number, bool(late), "Canvas")
    if text := _CANVAS_TEXT.fullmatch(name):
        who = text["nobody"] or f"{text['who']}_{text['id']}"
        late = text["late0"] or text["late"]
        return Upload(who, text["rest"], late=bool(late), platform="Canvas")
    return None


def _moment(found: re.Match[str]) -> int:
    """When Brightspace received it, as a number; its date is in the language of who asked."""
    hour = int(found["hour"])
    if found["half"]:
        hour = hour % 12 + (12 if found["half"] == "P" else 0)
    month = next((k for k, name in enumerate(_MONTHS, 1) if name in found["date"]), 0)
    day = re.search(r"\b\d{1,2}\b", found["date"])
    return int(f"{found['year']}{month:02}{int(day[0]) if day else 0:02}{hour:02}{found['minute']}")


def folder_upload(name: str) -> Upload | None:
    """What the name of a student's folder says in a download of Moodle or Brightspace."""
    found = upload(name)
    return found if found and found.platform in ("Moodle", "Brightspace") else None


def blackboard_students(names: Iterable[str]) -> dict[str, str]:
    """The students in what Blackboard writes before ``_attempt_``: the exercise, then the student.

    >>> blackboard_students(["Lab_5_ada_l", "Lab_5_bob"])
    {'Lab_5_ada_l': 'ada_l', 'Lab_5_bob': 'bob'}
    """
    names = list(dict.fromkeys(names))
    if len(names) == 1:
        return {names[0]: names[0].rpartition("_")[2]}
    alike = os.path.commonprefix(names).rpartition("_")
    length = len(alike[0]) + len(alike[1])
    return {name: name[length:] for name in names}


def is_notebook(name: str) -> bool:
    """Whether a name is a notebook's, also with what a browser has added.

    >>> is_notebook("lab05.ipynb.txt"), is_notebook("lab05.ipynb (2)"), is_notebook("a.py")
    (True, True, False)
    """
    return _NOTEBOOK.search(name) is not None


def without_additions(name: str) -> str:
    """A notebook's name without what a browser has added.

    >>> without_additions("lab05.IPYNB.json")
    'lab05.IPYNB'
    """
    return _NOTEBOOK.sub(r"\1", name)


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
    # macOS takes letters and their accents apart; the two spellings look alike.
    text = unicodedata.normalize("NFC", text)
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
