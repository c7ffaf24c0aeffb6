"""What passes between the command and those who do its work: plain data, quick to import."""

from __future__ import annotations

from dataclasses import dataclass

from labtools.grading.handed_in.submissions import Submission
from labtools.grading.judging.assignment import Assignment
from labtools.grading.judging.examination import Limits

__all__ = ["STATUSES", "Job", "Result", "Settings", "Verdict"]

STATUSES = (
    "correct",
    "partial",
    "incorrect",
    "not attempted",
    "needs manual grading",
    "error",
    "timed out",
    "out of memory",
    "crashed",
    "unreadable",
    "missing",
)


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
    """

    practice: str
    title: str
    score: float | None
    max_score: float
    status: str
    feedback: str
    cell: int | None = None


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
    """

    student: str
    verdicts: list[Verdict]
    page: str
    notebook: str | None = None
    seconds: float = 0.0
    cpu_seconds: float = 0.0
