"""The check cell: probe and judge in place, on the visible cases."""

import ast
import contextlib
import inspect
import json
import re
import warnings
from collections.abc import Mapping
from dataclasses import replace
from html import escape

import numpy as np

from labchecks import registry
from labchecks.feedback import Feedback, Score, correct, incorrect, not_attempted, not_checked
from labchecks.registry import Practice

#: Beside the notebooks: a line for each verdict. Lines are added whole, so two kernels may do that.
REMEMBERED = ".progress.jsonl"

_latest: dict[str, Feedback] = {}


def check(practice_id: str, namespace: Mapping[str, object] | None = None) -> Score:
    """Check one practice and show what was found.

    Parameters
    ----------
    practice_id : str
        Grade id, such as ``"lab01-rate-02"``.
    namespace : mapping, optional
        Where the answer's names are looked up; the caller's global names if left out.

    Returns
    -------
    Score
        Points reached on the visible cases. It is the cell's value, where nbgrader reads partial
        credit from.

    Raises
    ------
    KeyError
        If there is no such practice. Nothing that a student defines makes it raise.
    """
    practice = registry.find(practice_id)
    if namespace is None:
        namespace = inspect.currentframe().f_back.f_globals
    feedback = _judge(practice, namespace)
    if feedback != _latest.get(practice.id):
        _latest[practice.id] = feedback
        _remember(practice, feedback)
    score = feedback.score(practice.points)
    _show(feedback, practice.title, score)
    return score


#: Whether to look for the line where no known mistake explains an answer.
check.line_hints = True


def _judge(practice: Practice, namespace: Mapping[str, object]) -> Feedback:
    if practice.judge is None and not practice.manual:
        # The copy that a graded notebook imports holds no judges.
        return not_checked("When a lab is graded, the verdict is made outside the notebook.")
    try:
        cases = practice.visible()
        answers = practice.ask(namespace, cases)
        if all(answer.get("kind") in ("absent", "stub") for answer in answers):
            stopped = _what_stopped(practice) or _given_none(practice, namespace)
            if stopped is not None:
                return stopped
        # Numbers that overflow are part of what is judged; a warning on stderr would only puzzle.
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            verdict = practice.verdict(cases, answers)
            if verdict.outcome in ("incorrect", "partial"):
                return _told_more(verdict, practice, namespace, cases, answers)
            return verdict
    except Exception as error:
        # A fault of the check is not the student's; say so instead of raising in their notebook.
        return not_checked(
            f"The check itself failed ({type(error).__name__}: {error}). This is not your mistake; "
            "please tell your instructor which cell it was."
        )


def _told_more(verdict: Feedback, practice, namespace, cases, answers) -> Feedback:
    """The verdict with a chart of the losses and the line to look at, where these are known."""
    # Imported where it is needed: the copy that a graded notebook imports holds no engine.
    from labchecks.line_hint import line_hint

    # The verdict stands, whatever happens here.
    with contextlib.suppress(Exception):
        if hasattr(practice.judge, "chart"):
            verdict = replace(verdict, chart=practice.judge.chart(cases, answers))
    with contextlib.suppress(Exception):
        if check.line_hints:
            hint = line_hint(practice, namespace, cases, answers, verdict)
            verdict = replace(verdict, hint=hint)
    return verdict


def _what_stopped(practice: Practice) -> Feedback | None:
    """Feedback where the practice's cell was run just before and ended with an error."""
    from labchecks.ask.call import describe_error
    from labchecks.engine.unusable import failed

    result = getattr(_shell(), "last_execution_result", None)
    error = result and (result.error_before_exec or result.error_in_exec)
    if not error or not re.search(rf"\b({'|'.join(practice.names)})\b", result.info.raw_cell):
        return None
    feedback = failed(describe_error(error), "The practice cell")
    named = " or ".join(f"`{one}`" for one in practice.names)
    more = f" It did not come to define {named}."
    if isinstance(error, NameError):
        more += " If that name comes from a cell above, run that cell first."
    return replace(feedback, text=feedback.text + more)


def _given_none(practice: Practice, namespace: Mapping[str, object]) -> Feedback | None:
    """Feedback where the practice's cell computes a value and what comes out is ``None``."""
    # Imported where it is needed: the copy that a graded notebook imports holds no engine.
    from labchecks.rerun import cell_of

    last = {
        target.id: node.value
        for node in ast.walk(ast.parse(cell_of(practice, namespace) or ""))
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    for name in practice.names:
        value = last.get(name)
        if isinstance(value, ast.Call) and namespace.get(name, ...) is None:
            return incorrect(
                f"`{name}` is `None`: that is what `{ast.unparse(value.func)}` in line "
                f"{value.lineno} gave back. A function without `return` gives back `None`, and so "
                "does one that only prints, or changes a list in place.",
                "None given back",
            )
    return None


def _remember(practice: Practice, feedback: Feedback) -> None:
    if not hasattr(_shell(), "kernel") or practice.judge is None:
        return
    line = json.dumps({"id": practice.id, "outcome": feedback.outcome, "share": feedback.share})
    # Where nothing can be written, only the memory of this kernel is left.
    with contextlib.suppress(OSError), open(REMEMBERED, "a", encoding="utf-8") as file:
        file.write(f"{line}\n")


def _remembered() -> dict[str, Feedback]:
    """The latest verdict on each practice, of this kernel or an earlier one."""
    found: dict[str, Feedback] = {}
    with contextlib.suppress(OSError), open(REMEMBERED, encoding="utf-8") as file:
        for line in file:
            # A line that is damaged is passed over.
            with contextlib.suppress(ValueError, TypeError, KeyError):
                row = json.loads(line)
                found[row["id"]] = Feedback(row["outcome"], row["share"], "")
    return found | _latest


def _shell() -> object | None:
    """The running IPython, if there is one."""
    try:
        from IPython import get_ipython
    except ImportError:
        return None
    return get_ipython()


def _on_page() -> bool:
    """Whether HTML can be shown."""
    return type(_shell()).__name__ not in ("NoneType", "TerminalInteractiveShell")


def _show(feedback: Feedback, title: str, score: Score | None = None) -> None:
    html = feedback.to_html(title, score)
    # As the cell's value, so that verdict and points are one output; and at once, since a check
    # need not be the last line of its cell. With a semicolon behind it a value is not shown.
    as_value = score is not None and _on_page()
    if as_value and not _shell().displayhook.quiet():
        score.box = html
        _shell().displayhook(score)
    else:
        _display(feedback.to_text(title), html)
    if as_value:
        score.shown = True


def _display(text: str, html: str) -> None:
    if not _on_page():
        print(text)
        return
    from IPython.display import display

    display({"text/plain": text, "text/html": html}, raw=True)


def progress(lab: str | None = None) -> None:
    """Show a lab's practices, their points, and where each stands.

    What was checked in another notebook of the folder, or before the kernel started, counts too.

    Parameters
    ----------
    lab : str, optional
        Such as ``"lab01"``; every lab if left out.

    Raises
    ------
    KeyError
        If there is no such lab.
    """
    wanted = [lab] if lab is not None else registry.lab_names()
    latest = _remembered()
    rows, reached, possible = [], 0.0, 0.0
    for practice in (p for name in wanted for p in registry.of_lab(name)):
        name = practice.title if lab else f"{int(practice.lab[3:])} · {practice.title}"
        state, score = "– not checked yet", 0.0
        if practice.id in latest:
            state = latest[practice.id].to_text().split("\n")[0]
            score = latest[practice.id].score(practice.points)
        points = f"{score:g} of {practice.points:g}"
        if practice.manual:
            state, points = "– read by your instructor", f"{practice.points:g}"
        reached, possible = reached + score, possible + practice.points
        rows.append((name, state, points))
    total = ("Together", "", f"{reached:g} of {possible:g}")
    title = "All labs" if lab is None else f"Lab {int(lab[3:])}"
    _display(_table_text(title, [*rows, total]), _table_html(title, rows, total))


def _table_text(title: str, rows: list[tuple[str, str, str]]) -> str:
    widths = [max(map(len, column)) for column in zip(*rows)]
    lines = ("  ".join(map(str.ljust, row, widths)).rstrip() for row in rows)
    return "\n".join([f"{title}: practices", *lines])


def _table_html(title: str, rows: list[tuple[str, str, str]], total: tuple[str, str, str]) -> str:
    left = 'style="text-align:left;padding:.25em 1em .25em .4em"'
    right = 'style="text-align:right;padding:.25em .4em;white-space:nowrap"'
    body = ""
    for name, state, points in rows:
        # A screen reader needs the words, not the name of the symbol before them.
        symbol, words = state.split(" ", 1)
        body += (
            f'<tr><th scope="row" {left[:-1]};font-weight:normal">{escape(name)}</th>'
            f'<td {left}><span aria-hidden="true">{symbol}</span> {escape(words)}</td>'
            f"<td {right}>{points}</td></tr>"
        )
    return (
        '<table style="border-collapse:collapse;margin:.3em 0">'
        f'<caption style="text-align:left;padding:.3em .4em">{title}: practices</caption>'
        f'<thead><tr><th scope="col" {left}>Practice</th><th scope="col" {left}>State</th>'
        f'<th scope="col" {right}>Points</th></tr></thead><tbody>{body}</tbody>'
        f'<tfoot><tr style="border-top:1px solid currentColor"><th scope="row" {left}>{total[0]}'
        f"</th><td></td><td {right}><strong>{total[2]}</strong></td></tr></tfoot></table>"
    )


def check_double(answer: object) -> None:
    """Show what a check says of `answer` to the question "what is the double of 3?".

    An example for the start page, worth no points: ``None`` stands for a cell that nobody filled.
    """
    _show(_judge_double(answer), "The double of 3")


def _judge_double(answer: object) -> Feedback:
    if answer is None:
        return not_attempted("`answer` is still empty. It should become one number.")
    if answer == 6:
        return correct("The double of 3 is 6.")
    if answer == 9:
        return incorrect("9 is 3 times 3, the square of 3. Look at the word double.", "squared")
    return incorrect(f"The double of 3 is not {answer!r}.", "another answer")
