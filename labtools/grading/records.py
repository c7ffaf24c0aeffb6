"""What passes between the command and those who do its work: plain data, quick to import."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from labtools.grading.judging.assignment import Assignment

STATUSES = (
    "correct", "partial", "incorrect", "not attempted", "needs manual grading", "graded by hand",
    "error", "timed out", "out of memory", "crashed", "unreadable", "missing",
)  # fmt: skip

#: Characters that act where they are shown: on a terminal, in a table, on the order of a line.
_ACTING = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff]"
)
#: What a terminal and nbconvert take for a colour.
_COLOUR = re.compile(r"\x1b\[[\d;]{0,20}m")


def visible(text: str, *, colours: bool = False) -> str:
    """Text that any table, terminal, page and file can hold: what would act there is a sign.

    Line ends and tabs stay, and codes of colours where that is asked for.

    >>> visible("a" + chr(27) + "[2Jb" + chr(0))
    'a␛[2Jb␀'
    """
    text = text.replace("\r\n", "\n")
    if not _ACTING.search(text):
        return text
    if not colours:
        return _ACTING.sub(_sign, text)
    kept = iter(_COLOUR.findall(text))
    return "".join(_ACTING.sub(_sign, piece) + next(kept, "") for piece in _COLOUR.split(text))


def _sign(found: re.Match[str]) -> str:
    number = ord(found[0])
    return chr(0x2400 + number) if number < 32 else "␡" if number == 127 else "�"


class CannotGrade(Exception):
    """Why a command of the instructor's cannot go on; the message says what helps."""


@dataclass(frozen=True)
class Verdict:
    """One row of the grades.

    Attributes
    ----------
    practice : str
        Grade id.
    title : str
        What the practice is about.
    score : float or None
        Points; None where an instructor has to give them.
    max_score : float
        Points of the practice.
    status : str
        One of `STATUSES`.
    feedback : str
        What the student reads.
    cell : int or None
        Index of the submitted cell it is about.
    mistake : str
        The known mistake that it names, as in :class:`labchecks.Feedback`.
    """

    practice: str
    title: str
    score: float | None
    max_score: float
    status: str
    feedback: str
    cell: int | None = None
    mistake: str = ""

    def __post_init__(self) -> None:
        # An error's message is a student's text, and goes everywhere.
        object.__setattr__(self, "feedback", visible(self.feedback))


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
    late : bool
        Whether the platform says that it came late.
    upload : str
        The name under which the platform keeps the file, or the zip around it.
    """

    student: str
    notebook: bytes | None = None
    name: str = ""
    files: dict[str, bytes] = field(default_factory=dict)
    problem: tuple[str, str] | None = None
    note: str = ""
    late: bool = False
    upload: str = ""


@dataclass(frozen=True)
class Limits:
    """What one submission may use.

    Attributes
    ----------
    cell_seconds : float
        Wall time of one cell, and of answering one practice.
    memory_mb : int
        Memory, in MiB, beyond what the warm parent shares.
    """

    cell_seconds: float = 30.0
    memory_mb: int = 1024

    @property
    def total_seconds(self) -> float:
        """Wall time of the whole submission: four times that of a cell."""
        return 4 * self.cell_seconds

    def as_request(self) -> dict[str, Any]:
        """The limits in the form that the sandbox takes."""
        return {
            "cell_seconds": self.cell_seconds,
            "grace_seconds": min(6.0, max(3.0, self.cell_seconds / 4)),
            "cpu_seconds": int(2 * self.total_seconds) + 10,
            "memory_mb": self.memory_mb,
            "processes": 64,
            "file_mb": 256,
        }


@dataclass(frozen=True)
class Settings:
    """How submissions are run."""

    limits: Limits = Limits()
    cold: bool = False
    unsafe: bool = False


@dataclass(frozen=True)
class Job:
    """Everything that a worker needs for one submission."""

    assignment: Assignment
    settings: Settings
    submission: Submission


@dataclass(frozen=True)
class Result:
    """What is known of a submission after grading.

    Attributes
    ----------
    student : str
        The student's id.
    verdicts : list of Verdict
        One per practice.
    page : str
        The feedback page.
    notebook : str or None
        The notebook as it ran, as nbgrader's JSON; None if nothing was handed in.
    seconds, cpu_seconds : float
        What running it took.
    note : str
        Which file was chosen, and what was passed over so that no point was lost to form.
    late : bool
        Whether the platform says that it came late.
    upload : str
        The name under which the platform keeps the file, or the zip around it.
    """

    student: str
    verdicts: list[Verdict]
    page: str
    notebook: str | None = None
    seconds: float = 0.0
    cpu_seconds: float = 0.0
    note: str = ""
    late: bool = False
    upload: str = ""
