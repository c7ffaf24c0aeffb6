"""What is said of an answer in which there are no numbers to judge."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from labchecks.feedback import Feedback, incorrect, not_attempted

__all__ = ["failed", "no_module", "nothing_returned", "too_slow", "unreadable"]


def nothing_returned(
    name: str, answer: Mapping[str, Any], wanted: str, circumstance: str = ""
) -> Feedback | None:
    """Feedback for an answer without numbers; None if there are some.

    Parameters
    ----------
    name : str
        The function's name.
    answer : mapping
        As a probe returns it, with ``"what": "name"`` where `name` is not even a function.
    wanted : str
        What it should return, such as ``"one loss for each epoch"``.
    circumstance : str
        A sentence added to an error or an empty list: in which call it happened.
    """
    kind = answer.get("kind")
    if kind == "numbers" and answer["values"]:
        return None
    if kind in ("absent", "stub"):
        there = "is still empty" if kind == "stub" else "is not there yet"
        return not_attempted(f"`{name}` {there}. It should return {wanted}.")
    if kind == "error":
        found = failed(answer, f"`{name}`")
        return replace(found, text=f"{found.text} {circumstance}".rstrip())
    if kind == "timeout":
        return too_slow(answer, f"`{name}`")
    if kind == "numbers":
        text = (
            f"`{name}` returns nothing but an empty list. Look at where its values are collected, "
            f"and at whether the loop runs at all. {circumstance}"
        )
        return incorrect(text.rstrip(), "empty")
    described = str(answer.get("type", "something else")).replace("`", "")
    if answer.get("what") == "name":
        return incorrect(f"`{name}` should be a function, and it is `{described}`.", "no function")
    if described == "NoneType":
        return incorrect(
            f"`{name}` runs but returns `None`. Look at its last line: what should it give back?",
            "returns None",
        )
    return incorrect(
        f"`{name}` should return {wanted} and nothing else; it returns `{described}`. Look at its "
        "last line.",
        "returns something else",
    )


#: Module -> how a student knows it: what an answer can import where it is graded.
PACKAGES = {
    "numpy": "NumPy",
    "torch": "PyTorch",
    "matplotlib": "Matplotlib",
    "scipy": "SciPy",
    "sklearn": "scikit-learn",
    "tqdm": "tqdm",
}


def unreadable(answer: Mapping[str, Any], name: str, wanted: str) -> Feedback | None:
    """Feedback for an answer in which there is no sequence of finite numbers; None if there is.

    Parameters
    ----------
    answer : mapping
        As a probe returns it.
    name : str
        The student's name for it.
    wanted : str
        What it should be, such as ``"a list of 15 losses"``.
    """
    kind = answer.get("kind")
    if kind == "stub":
        return not_attempted(f"`{name}` is still empty. It should become {wanted}.")
    if kind == "absent":
        return not_attempted(
            f"There is no `{name}` yet. Run the practice cell above, and use exactly this name for "
            f"{wanted}."
        )
    if kind == "error":
        return failed(answer, f"`{name}`")
    if kind == "timeout":
        return too_slow(answer, f"`{name}`")
    if kind != "numbers":
        found = _a(str(answer.get("type", "something else")).replace("`", ""))
        return incorrect(f"`{name}` should be {wanted}, and it is {found}.", "wrong type")
    if not answer["values"]:
        return not_attempted(f"`{name}` is still empty. It should become {wanted}.")
    return None


def failed(answer: Mapping[str, Any], what: str) -> Feedback:
    """Feedback for code that raised an error: the error, and the student's own line."""
    where = ""
    if answer.get("line"):
        where = f" in line {answer['line']}"
        if answer.get("source"):
            where += f", `{str(answer['source']).replace('`', '')}`"
    if answer.get("error") == "NotImplementedError":
        return not_attempted(f"{what} still raises NotImplementedError: it awaits your code.")
    message = str(answer.get("message", "")).replace("`", "'").strip().split("\n")[0][:200]
    error = str(answer.get("error", "an error"))
    end = f": {message.rstrip('.')}." if message else "."
    return incorrect(f"{what} stopped with {error}{where}{end}{no_module(message)}", "error")


def no_module(message: str) -> str:
    """A sentence on what can be imported, where an error says that a module is not there.

    A package may well be installed where the student works, and then nothing there warns of it. A
    module of their own that they did not hand in reads the same, so it is named as well.
    """
    absent = re.match(r"No module named ['\"](\w+)['\"]", message)
    if absent is None or absent[1] in PACKAGES:
        return ""
    *most, last = PACKAGES.values()
    return (
        f" `{absent[1]}` is not part of the course. Where labs are graded there are Python's own "
        f"modules, {', '.join(most)} and {last}, and the files handed in beside the notebook."
    )


def too_slow(answer: Mapping[str, Any], what: str) -> Feedback:
    """Feedback for code that had to be stopped."""
    return incorrect(
        f"{what} was stopped: it had not finished after {answer.get('seconds', 0):g} seconds. "
        "Either a loop in it never ends, or what it does takes that long, such as compiling, "
        "waiting, or drawing at every step: look for both.",
        "never returns",
    )


def _a(described: str) -> str:
    if described.startswith("empty"):
        return f"an {described}"
    return f"{'an' if described[:1].lower() in 'aeiou' else 'a'} `{described}`"
