"""Judge the collected answers and put each practice's result into a status and a sentence."""

import builtins
import hashlib
import json
import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from labchecks import Feedback, Practice
from labchecks.engine.unusable import no_module
from labchecks.feedback import not_checked
from labtools.grading.judging.assignment import Assignment, Case, MarkedCell, plain_text
from labtools.grading.judging.examination import Asked, Evidence
from labtools.grading.judging.time_limit import TooLong, limit
from labtools.grading.records import Verdict

MANUAL = "This answer is read by your instructor."
#: Seconds of processor time in which an answer is judged; wrong ones take up to a few. An answer
#: may be made so as to keep a judge busy, and others wait for it.
JUDGE_SECONDS = 60.0


def without_run(assignment: Assignment, status: str, sentence: str) -> list[Verdict]:
    """One verdict for every practice of a submission that could not be run."""
    return [
        Verdict(p.id, p.title, 0.0, float(p.points), status, sentence) for p in assignment.practices
    ]


def judge_all(
    assignment: Assignment,
    cells: Sequence[MarkedCell],
    evidence: Evidence,
    known: dict[bytes, Feedback] | None = None,
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
            verdicts.append(_manual(practice, cells))
            continue
        verdict = _judge(assignment, practice, evidence, known)
        copies = evidence.copies.get(practice.id, 0)
        home = evidence.home.get(practice.id)
        if home is not None and not 0 <= home < len(cells):
            home = None
        many = f"Your notebook has this practice's cell {copies} times; the last one counts."
        error = _remark_on_errors(evidence.visible.get(practice.id))
        text = " ".join(filter(None, [verdict.feedback, many if copies > 1 else "", error]))
        verdicts.append(replace(verdict, feedback=text, cell=home))
    return verdicts


def _remark_on_errors(asked: Asked | None) -> str:
    """What explains an error of a call on the lab's own data, or nothing."""
    for answer in asked.answers.values() if asked is not None else ():
        if answer.get("kind") == "error":
            told = _what_is_not_here(str(answer.get("error")), str(answer.get("message")))
            if told:
                return told.strip()
    return ""


def _manual(practice: Practice, cells: Sequence[MarkedCell]) -> Verdict:
    """A text answer is the instructor's to read, unless nobody has written one."""
    own = [k for k, c in enumerate(cells) if c.practice == practice.id]
    written = [k for k in own if not cells[k].stub and plain_text(cells[k].source)]
    elsewhere = [k for k, c in enumerate(cells) if c.own and c.kind == "markdown" and c.source]
    where = (written or own or elsewhere or [None])[-1]
    score, status, text = 0.0, "not attempted", "No answer was written."
    if written or elsewhere:
        score, status, text = None, "needs manual grading", MANUAL
    points = float(practice.points)
    return Verdict(practice.id, practice.title, score, points, status, text, where)


def _judge(
    assignment: Assignment, practice: Practice, evidence: Evidence, known: dict[bytes, Feedback]
) -> Verdict:
    question = assignment.questions[practice.id]
    visible, hidden = evidence.visible.get(practice.id), evidence.hidden.get(practice.id)
    seen = _answers(visible, question.visible, evidence.limit)
    unseen = _answers(hidden, question.hidden, evidence.limit)

    def say(cases: Sequence[Case], answers: Sequence[dict[str, Any]]) -> Feedback:
        return _say(practice, cases, answers, known)

    mistake = None
    attempted = _is_attempted(seen) or _is_attempted(unseen)
    if not attempted:
        asked, cases = (seen, question.visible) if visible else (unseen, question.hidden)
        feedback = say(cases, asked) if asked else say(question.visible, seen)
        why = _why_nothing(assignment, practice, evidence, visible or hidden)
        status, text = why or (_status(feedback, asked), feedback.text)
    elif question.hidden and evidence.over is not None and not _is_whole(hidden, unseen):
        feedback, (status, why) = _NOTHING, evidence.over
        text = f"Not all of its answers could be read in time. {why}"
    elif question.hidden and not _is_attempted(unseen):
        feedback, status = _NOTHING, "error"
        text = (
            "The answer was there when the notebook ran first, and was not when it ran again"
            f"{' on other data' if question.on_lab_data else ''}."
        )
        status, text = _why_nothing(assignment, practice, evidence, hidden) or (status, text)
    elif not question.hidden:
        feedback = say(question.visible, seen)
        status, text = _status(feedback, seen), feedback.text
    else:
        feedback = say(question.hidden, unseen)
        if question.on_lab_data:
            # Constants do not follow the data: what does not hold on both holds on neither.
            whole = say((*question.visible, *question.hidden), [*seen, *unseen])
            feedback = whole if whole.share < feedback.share else feedback
        status, text = _status(feedback, unseen), feedback.text
        right = feedback.outcome == "correct"
        if not right or feedback.without_numbers() != text:
            own = say(question.visible, seen) if visible is not None else None
            if own is not None and (own.outcome == "correct") == right:
                # In the numbers of the lab's own data, which the student has seen as well.
                text, mistake = own.text, own.mistake
            elif right:
                text = "It is right."
            else:
                shown = _texts(seen)
                clean = [_without_a_tale(answer, shown) for answer in unseen]
                told = (
                    say(question.hidden, clean)
                    if own is None
                    else say((*question.visible, *question.hidden), [*seen, *clean])
                )
                text = _of_hidden(told, feedback, asked_on_lab_data=own is not None)
    mistake = feedback.mistake if mistake is None else mistake
    ended = _what_ended(assignment, practice, evidence)
    if attempted and ended is not None and feedback is not _NOTHING and feedback.share < 1:
        text = f"{ended[1]} What follows is about what it had done by then. {text}"
        if status in ("incorrect", "not attempted") and "AssertionError" not in ended[1]:
            status = ended[0]
    score = None if status == "needs manual grading" else feedback.score(practice.points)
    score, points = None if score is None else float(score), float(practice.points)
    return Verdict(practice.id, practice.title, score, points, status, text, mistake=mistake)


_NOTHING = Feedback("incorrect", 0.0, "")


def _is_attempted(answers: Sequence[dict[str, Any]]) -> bool:
    return any(a["kind"] not in ("absent", "stub") for a in answers)


def _is_whole(asked: Asked | None, answers: Sequence[dict[str, Any]]) -> bool:
    return asked is not None and asked.how != "" and len(asked.answers) >= len(answers)


def _without_a_tale(answer: dict[str, Any], shown: frozenset[str]) -> dict[str, Any]:
    """An answer to a hidden case without the words in which a program could tell of the case.

    A message can hold anything that the program was given, and so can the name of a class, which of
    its lines it is that fails, or a figure's label that was not `shown` on the lab's own data.
    Names of Python's own and of the libraries' types tell nothing.
    """
    made = {
        key: _each(value, lambda inner: _without_a_tale(inner, shown))
        for key, value in answer.items()
    }
    if made.get("message") != _CRASH:
        made["message"] = ""
    if "error" in made and made["error"] != "Crash" and not _is_known(made["error"]):
        made["error"] = "an error of its own"
    types = re.split(r" of | and |empty |complex ", str(made.get("type", "")))
    if "type" in made and not all(map(_is_known, types)):
        made["type"] = "something of its own"
    if "line" in made:
        made["line"], made["source"] = None, ""
    for key in _LABELS & made.keys():
        made[key] = _in_its_place(made[key], shown)
    return made


_LABELS = frozenset(("xlabel", "ylabel", "title", "label", "entry", "legend"))


def _in_its_place(label: Any, shown: frozenset[str]) -> Any:
    if isinstance(label, list):
        return [_in_its_place(part, shown) for part in label]
    if not isinstance(label, str) or not label.strip() or label in shown:
        return label
    return "another text than on the lab’s own data"


def _texts(value: Any) -> frozenset[str]:
    """Every text in some answers."""
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, (list, tuple)):
        return frozenset().union(*map(_texts, value))
    return frozenset([value]) if isinstance(value, str) else frozenset()


def _is_known(name: object) -> bool:
    return hasattr(builtins, str(name)) or str(name) in _TYPES


def _each(value: Any, change: Callable[[dict[str, Any]], dict[str, Any]]) -> Any:
    if isinstance(value, dict):
        return change(value)
    if isinstance(value, list) and any(isinstance(item, dict) for item in value):
        return [_each(item, change) for item in value]
    return value


_CRASH = "the call ended the program"
_TYPES = frozenset(
    "NoneType function generator ndarray Tensor Parameter Axes Figure Line2D Series DataFrame "
    "History Decimal Fraction LinAlgError deque float16 float32 float64 int32 int64 Linear "
    "Sequential OutOfMemoryError".split()
) | {""}


def _of_hidden(told: Feedback, feedback: Feedback, *, asked_on_lab_data: bool) -> str:
    """What is said of hidden cases: what holds no number, and the mistake's name."""
    name = f" ({feedback.mistake})" if feedback.mistake else ""
    kept = told.without_numbers() if told.outcome == feedback.outcome else ""
    if kept == told.text:
        return kept
    if not asked_on_lab_data:
        return (
            f"It is not right{name}. The time was over before it could be asked for the lab’s own "
            "cases too, of which more could be said here. Its check cell says it."
        )
    look = kept or "Look at what the program takes for granted: sizes, rates, the lab's own data."
    return f"It does not hold for cases that were drawn for grading{name}. {look}"


#: What was said of other submissions' answers. Many fail alike, and are then judged once.
_said: dict[bytes, Feedback] = {}
MOST_SAID = 5000


def _say(practice, cases, answers, known: dict[bytes, Feedback]) -> Feedback:
    text = json.dumps([practice.id, list(cases), list(answers)], sort_keys=True)
    key = hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()
    if key not in known:
        said = _said.get(key) or _ask_judge(practice, cases, answers)
        known[key] = said
        # That the time was over may have been this machine's fault.
        if said.outcome != "not checked":
            if len(_said) >= MOST_SAID:
                _said.clear()
            _said[key] = said
    return known[key]


def _answers(asked: Asked | None, cases: Sequence[Case], limit: float) -> list[dict[str, Any]]:
    """One answer per case; what did not come is said in the words of a probe."""
    if asked is None:
        return [{"kind": "absent"} for _ in cases]
    filled = []
    for number in range(len(cases)):
        answer = asked.answers.get(number)
        if answer is None and asked.how == "timeout":
            answer = {"kind": "timeout"}
        elif answer is None and asked.how:
            answer = {"kind": "error", "error": "Crash", "message": _CRASH}
            answer |= {"line": None, "source": ""}
        elif answer is None:
            answer = {"kind": "absent"}
        filled.append({**answer, "seconds": limit} if answer["kind"] == "timeout" else answer)
    return filled


def _ask_judge(
    practice: Practice, cases: Sequence[Case], answers: Sequence[dict[str, Any]]
) -> Feedback:
    try:
        with limit(JUDGE_SECONDS):
            feedback = practice.verdict(cases, answers)
        if isinstance(feedback, Feedback):
            return feedback
    except TooLong:
        return not_checked("To judge this answer took too long: it is left to the instructor.")
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


def _what_ended(
    assignment: Assignment, practice: Practice, evidence: Evidence
) -> tuple[str, str] | None:
    """Status and sentence where the practice's own cell did not come to its end."""
    home = evidence.home.get(practice.id)
    if home in evidence.ended:
        status, why = evidence.ended[home]
        return status, f"This practice's cell was stopped. {why}"
    if home in evidence.failed:
        kind, message, line = evidence.failed[home]
        if kind == "timeout":
            return "timed out", f"This practice's cell was {message}."
        where = f" in line {line}" if line else ""
        status = "out of memory" if kind == "MemoryError" else "error"
        message = re.sub(r" ?\(<[^>]*>, line \d+\)", "", message)  # of a SyntaxError
        detail = f"{kind}: {message}".rstrip(".") if message else kind
        first = _where_to_look(assignment, practice, message) or no_module(message)
        first = first or _what_is_not_here(kind, message)
        return status, f"This practice's cell ended with {detail}{where}.{first}"
    return None


def _what_is_not_here(kind: str, message: str) -> str:
    """A sentence where an error comes of nobody and no GPU being there, or nothing."""
    if kind == "EOFError" and "reading a line" in message:
        return (
            " `input()` waits for somebody to type, and nobody does while a notebook is graded: "
            "write the value into the cell."
        )
    if re.search(r"\bCUDA\b|NVIDIA|\bMPS\b", message):
        return " There is no GPU where notebooks are graded: leave `device` out, or use the CPU."
    return ""


def _where_to_look(assignment: Assignment, practice: Practice, message: str) -> str:
    """A sentence where the name that was missing is what another practice asks for, or nothing."""
    absent = re.fullmatch(r"name '(\w+)' is not defined", message)
    for other in assignment.asked if absent else ():
        if other.id != practice.id and absent[1] in other.names:
            return f" “{other.title}” asks for that name: look there first."
    return ""


def _why_nothing(
    assignment: Assignment, practice: Practice, evidence: Evidence, asked: Asked | None
) -> tuple[str, str] | None:
    """Status and sentence where no answer was found because something went wrong on the way."""
    names = " or ".join(f"`{name}`" for name in practice.names)
    ended = _what_ended(assignment, practice, evidence)
    if ended is not None:
        home = evidence.home.get(practice.id)
        missing = "" if home in evidence.ended else f" It did not come to define {names}."
        return ended[0], f"{ended[1]}{missing}"
    if asked is None and evidence.over is not None:
        status, why = evidence.over
        return status, f"The notebook was stopped before it came to this practice. {why}"
    return None
