"""Judge the collected answers and put each practice's result into a status and a sentence."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from labhelpers.practice import Feedback, Practice
from labtools.grading.assignment import Assignment, Case, MarkedCell, plain_text
from labtools.grading.examination import Asked, Evidence

__all__ = ["STATUSES", "Verdict", "judge_all", "without_run"]

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

MANUAL = "This answer is read by your instructor."


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


def without_run(assignment: Assignment, status: str, sentence: str) -> list[Verdict]:
    """One verdict for every practice of a submission that could not be run."""
    return [
        Verdict(p.id, p.title, 0.0, float(p.points), status, sentence) for p in assignment.practices
    ]


def judge_all(
    assignment: Assignment,
    cells: Sequence[MarkedCell],
    evidence: Evidence,
    known: dict[str, Feedback] | None = None,
) -> list[Verdict]:
    """Judge every practice of a submission, in the lab's order.

    Parameters
    ----------
    known : dict, optional
        What was said of the same answers before; it is added to. A judge is a pure function, and
        recognising a mistake takes time.
    """
    known = {} if known is None else known
    verdicts = []
    for practice in assignment.practices:
        if practice.manual:
            verdicts.append(_manual(assignment, practice, cells))
            continue
        verdict = _judge(assignment, practice, evidence, known)
        copies = evidence.copies.get(practice.id, 0)
        remarks = [verdict.feedback]
        if copies > 1:
            remarks.append(
                f"Your notebook has this practice's cell {copies} times; the last one counts."
            )
        home = evidence.home.get(practice.id)
        if home is not None and not 0 <= home < len(cells):
            home = None
        verdicts.append(
            Verdict(
                verdict.practice,
                verdict.title,
                verdict.score,
                verdict.max_score,
                verdict.status,
                " ".join(r for r in remarks if r),
                home,
            )
        )
    return verdicts


def _manual(assignment: Assignment, practice: Practice, cells: Sequence[MarkedCell]) -> Verdict:
    """A text answer is the instructor's to read, unless nobody has written one."""
    own = [k for k, c in enumerate(cells) if c.practice == practice.id]
    written = [k for k in own if not cells[k].stub and plain_text(cells[k].source)]
    elsewhere = [k for k, c in enumerate(cells) if c.own and c.kind == "markdown" and c.source]
    where = (written or own or elsewhere or [None])[-1]
    if written or elsewhere:
        return Verdict(
            practice.id, practice.title, None, float(practice.points), "needs manual grading",
            MANUAL, where,
        )  # fmt: skip
    return Verdict(
        practice.id, practice.title, 0.0, float(practice.points), "not attempted",
        "No answer was written.", where,
    )  # fmt: skip


def _judge(
    assignment: Assignment, practice: Practice, evidence: Evidence, known: dict[str, Feedback]
) -> Verdict:
    question = assignment.questions[practice.id]
    plain = evidence.plain.get(practice.id)
    reseeded = evidence.reseeded.get(practice.id)
    answers = _answers(plain, question.plain)
    attempted = any(a["kind"] not in ("absent", "stub") for a in answers)
    if attempted:
        answers += _answers(reseeded, question.reseeded)
        cases: Sequence[Case] = question.cases
    else:
        cases = question.plain
    feedback = _say(practice, cases, answers, known)
    if attempted and question.reseeded:
        feedback = _held_on_other_data(
            feedback, _say(practice, question.reseeded, answers[len(question.plain) :], known)
        )
    status, text = _status(feedback, answers), feedback.text
    if not attempted:
        status, text = _why_nothing(practice, evidence, plain) or (status, text)
    score = None if status == "needs manual grading" else feedback.score(practice.points)
    return Verdict(
        practice.id,
        practice.title,
        None if score is None else float(score),
        float(practice.points),
        status,
        text,
    )


def _say(practice, cases, answers, known: dict[str, Feedback]) -> Feedback:
    key = f"{practice.id} {len(cases)} {json.dumps(answers, sort_keys=True)}"
    if key not in known:
        known[key] = _ask_judge(practice, cases, answers)
    return known[key]


def _held_on_other_data(feedback: Feedback, other: Feedback) -> Feedback:
    """No more than what the run on other data alone is worth: constants do not follow the data."""
    if other.share >= feedback.share:
        return feedback
    text = f"{feedback.text} On data with another seed it holds less than that."
    outcome = "partial" if other.share > 0 else "incorrect"
    return Feedback(outcome, other.share, text, feedback.mistake)


def _answers(asked: Asked | None, cases: Sequence[Case]) -> list[dict[str, Any]]:
    """One answer per case; what did not come is said in the words of a probe."""
    if asked is None:
        return [{"kind": "absent"} for _ in cases]
    filled = []
    for number in range(len(cases)):
        answer = asked.answers.get(number)
        if answer is None and asked.how == "timeout":
            answer = {"kind": "timeout", "seconds": 0.0}
        elif answer is None and asked.how:
            answer = {
                "kind": "error",
                "error": "Crash",
                "message": "the call ended the program",
                "line": None,
                "source": "",
            }
        filled.append(answer or {"kind": "absent"})
    return filled


def _ask_judge(
    practice: Practice, cases: Sequence[Case], answers: Sequence[dict[str, Any]]
) -> Feedback:
    try:
        feedback = practice.judge(cases, answers)
        if isinstance(feedback, Feedback):
            return feedback
    except Exception:  # an answer in a form that no probe gives
        pass
    return Feedback("incorrect", 0.0, "What the notebook answers cannot be read as an answer.")


def _status(feedback: Feedback, answers: Sequence[dict[str, Any]]) -> str:
    if feedback.outcome == "not checked":
        return "needs manual grading"
    if feedback.outcome != "incorrect":
        return feedback.outcome
    kinds = [a["kind"] for a in answers]
    if "timeout" in kinds:
        return "timed out"
    errors = [a for a in answers if a["kind"] == "error"]
    if any("memory" in f"{a.get('error')} {a.get('message')}".lower() for a in errors):
        return "out of memory"
    if any(a.get("error") == "Crash" for a in errors):
        return "crashed"
    return "error" if errors else "incorrect"


def _why_nothing(
    practice: Practice, evidence: Evidence, plain: Asked | None
) -> tuple[str, str] | None:
    """Status and sentence where no answer was found because something went wrong on the way."""
    names = " or ".join(f"`{name}`" for name in practice.names)
    home = evidence.home.get(practice.id)
    if home in evidence.stopped:
        status, why = evidence.stopped[home]
        return status, f"This practice's cell was stopped. {why}"
    if home in evidence.failed:
        kind, message, line = evidence.failed[home]
        if kind == "timeout":
            return "timed out", f"This practice's cell was {message}, before it defined {names}."
        where = f" in line {line}" if line else ""
        status = "out of memory" if kind == "MemoryError" else "error"
        detail = f"{kind}: {message}" if message else kind
        return status, f"This practice's cell ended with {detail}{where}, and {names} is missing."
    if plain is None and evidence.over is not None:
        status, why = evidence.over
        return status, f"The notebook was stopped before it came to this practice. {why}"
    return None
