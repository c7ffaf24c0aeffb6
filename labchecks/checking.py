"""The check cell: probe and judge in place, on the visible cases."""

from __future__ import annotations

import inspect
import warnings
from collections.abc import Mapping
from html import escape

import numpy as np

from labchecks import registry
from labchecks.feedback import (
    Feedback,
    Score,
    correct,
    incorrect,
    not_attempted,
    not_checked,
)
from labchecks.registry import Practice

__all__ = ["check", "check_double", "progress"]

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
        Points reached on the visible cases. As the last value of the cell it is where nbgrader
        reads partial credit from.

    Raises
    ------
    KeyError
        If there is no such practice. Nothing that a student defines makes it raise.
    """
    practice = registry.find(practice_id)
    if namespace is None:
        namespace = inspect.currentframe().f_back.f_globals
    feedback = _judge(practice, namespace)
    _latest[practice.id] = feedback
    _show(feedback, practice.title)
    return feedback.score(practice.points)


def _judge(practice: Practice, namespace: Mapping[str, object]) -> Feedback:
    if practice.judge is None and not practice.manual:
        # The copy that a graded notebook imports holds no judges.
        return not_checked("When a lab is graded, the verdict is made outside the notebook.")
    try:
        cases = practice.visible()
        answers = practice.ask(namespace, cases)
        # Numbers that overflow are part of what is judged; a warning on stderr would only puzzle.
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            return practice.judge(cases, answers)
    except Exception as error:
        # A fault of the check is not the student's; say so instead of raising in their notebook.
        return not_checked(
            f"The check itself failed ({type(error).__name__}: {error}). This is not your mistake; "
            "please tell your instructor which cell it was."
        )


def _show(feedback: Feedback, title: str) -> None:
    _display(feedback.to_text(title), feedback.to_html(title))


def _display(text: str, html: str) -> None:
    try:
        from IPython import get_ipython
        from IPython.display import display
    except ImportError:
        get_ipython = None
    if get_ipython is None or get_ipython() is None:
        print(text)
        return
    display({"text/plain": text, "text/html": html}, raw=True)


def progress(lab: str | None = None) -> None:
    """Show a lab's practices, their points, and where each stands since the kernel started.

    Parameters
    ----------
    lab : str, optional
        Such as ``"lab01"``; if left out, every lab of which a practice has been checked.

    Raises
    ------
    KeyError
        If there is no such lab.
    """
    wanted = [lab] if lab is not None else sorted({id_.split("-")[0] for id_ in _latest})
    if not wanted:
        text = "No practice has been checked yet: run a check cell, or name a lab."
        _display(text, f"<p>{text}</p>")
        return
    rows, reached, possible = [], 0.0, 0.0
    for practice in (p for name in wanted for p in registry.of_lab(name)):
        feedback = _latest.get(practice.id)
        possible += practice.points
        if practice.manual:
            rows.append((practice.title, "– read by your instructor", f"{practice.points:g}"))
            continue
        state = "– not checked yet" if feedback is None else feedback.to_text().split("\n")[0]
        score = 0.0 if feedback is None else feedback.score(practice.points)
        reached += score
        rows.append((practice.title, state, f"{score:g} of {practice.points:g}"))
    total = ("Together", "", f"{reached:g} of {possible:g}")
    title = " and ".join(f"Lab {int(name[3:])}" for name in wanted)
    _display(_table_text(title, [*rows, total]), _table_html(title, rows, total))


def _table_text(title: str, rows: list[tuple[str, str, str]]) -> str:
    widths = [max(len(row[i]) for row in rows) for i in range(3)]
    lines = (
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    )
    return "\n".join([f"{title}: practices", *lines])


def _table_html(title: str, rows: list[tuple[str, str, str]], total: tuple[str, str, str]) -> str:
    left = 'style="text-align:left;padding:.25em 1em .25em .4em"'
    right = 'style="text-align:right;padding:.25em .4em;white-space:nowrap"'
    head = "".join(
        f'<th scope="col" {right if name == "Points" else left}>{name}</th>'
        for name in ("Practice", "State", "Points")
    )
    body = "".join(
        f'<tr><th scope="row" {left[:-1]};font-weight:normal">{escape(name)}</th>'
        f"<td {left}>{_state_html(state)}</td><td {right}>{points}</td></tr>"
        for name, state, points in rows
    )
    foot = (
        f'<tr style="border-top:1px solid currentColor"><th scope="row" {left}>{total[0]}</th>'
        f"<td></td><td {right}><strong>{total[2]}</strong></td></tr>"
    )
    caption = f'<caption style="text-align:left;padding:.3em .4em">{title}: practices</caption>'
    return (
        f'<table style="border-collapse:collapse;margin:.3em 0">{caption}<thead><tr>{head}</tr>'
        f"</thead><tbody>{body}</tbody><tfoot>{foot}</tfoot></table>"
    )


def _state_html(state: str) -> str:
    # A screen reader needs the words, not the name of the symbol before them.
    symbol, words = state.split(" ", 1)
    return f'<span aria-hidden="true">{symbol}</span> {escape(words)}'


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
