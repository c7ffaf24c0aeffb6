"""What is said of an answer in which there is nothing to judge."""

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from labchecks.feedback import Feedback, incorrect, not_attempted

#: Module -> how a student knows it: what an answer can import where it is graded.
PACKAGES = {
    "numpy": "NumPy",
    "torch": "PyTorch",
    "matplotlib": "Matplotlib",
    "scipy": "SciPy",
    "sklearn": "scikit-learn",
    "tqdm": "tqdm",
}


def unusable(
    answer: Mapping[str, Any],
    name: str,
    wanted: str,
    *,
    kind: str = "numbers",
    function: bool = False,
    circumstance: str = "",
) -> Feedback | None:
    """Feedback for an answer without anything to judge; None if there is something.

    Parameters
    ----------
    answer : mapping
        See :mod:`labchecks.ask`.
    name : str
        The student's name for it.
    wanted : str
        What it should be or return, such as ``"a list of 15 losses"``.
    kind : str
        The kind of an answer that can be judged.
    function : bool
        Whether `name` is a function or class that should return `wanted`.
    circumstance : str
        A sentence added where something went wrong: in which call it did.
    """
    verb, found = "return" if function else "become", answer.get("kind")
    empty = found == "numbers" == kind and not answer["values"]
    if found == kind and not empty:
        return None
    if found == "stub" or (empty and not function):
        return not_attempted(f"`{name}` is still empty. It should {verb} {wanted}.")
    if found == "absent":
        return not_attempted(
            f"There is no `{name}` yet. Run the practice cell above, and use exactly this name: it "
            f"should {verb} {wanted}."
        )
    if found == "error":
        said = failed(answer, f"`{name}`")
        return replace(said, text=f"{said.text} {circumstance}".rstrip())
    if found == "timeout":
        return too_slow(answer, f"`{name}`")
    if empty:
        text = (
            f"`{name}` returns nothing but an empty list. Look at where its values are collected, "
            f"and at whether the loop runs at all. {circumstance}"
        )
        return incorrect(text.rstrip(), "empty")
    given = a_type(answer)
    if answer.get("what") == "name":
        return incorrect(f"`{name}` should be a function, but it is {given}.", "no function")
    if not function:
        return incorrect(f"`{name}` should be {wanted}, but it is {given}.", "wrong type")
    if given == "a `NoneType`":
        text = f"`{name}` runs but returns `None`. Look at its last line: what should it give back?"
        return incorrect(text, "returns None")
    return incorrect(
        f"`{name}` should return {wanted}, and nothing else; it returns {given}. Look at its last "
        "line.",
        "returns something else",
    )


def unusable_module(answer: Mapping[str, Any], name: str) -> Feedback | None:
    """Feedback for a module of which nothing can be judged, else ``None``.

    Parameters
    ----------
    answer : mapping
        Of a question in :mod:`labchecks.ask.network`.
    name : str
        What the student calls the module.
    """
    found = answer.get("kind")
    error, message = (str(answer.get(part, "")) for part in ("error", "message"))
    if found == "error":
        if "before Module.__init__() call" in message or "super().__init__" in message:
            return incorrect(
                f"`{name}` stopped: a layer was stored before `nn.Module` was prepared for it. "
                "Look at the first line that an `__init__` of a module needs.",
                "super().__init__ left out",
            )
        absent = "is missing the required" in message or "NotImplemented" in error
        if "forward" in message and absent:
            text = f"`{name}` has no `forward` that computes a prediction yet."
            return incorrect(text, "no forward")
    if found == "other" and answer.get("what") != "name":
        given = _type(answer)
        if given == "NoneType":
            return incorrect(
                f"`forward` of `{name}` returns `None`. Look at its last line: what should it give "
                "back?",
                "returns None",
            )
        return incorrect(
            f"`{name}(...)` should be a module whose call returns one tensor, but it gives "
            f"`{given}`.",
            "wrong type",
        )
    return unusable(answer, name, "a tensor of predictions", function=True)


def failed(answer: Mapping[str, Any], what: str) -> Feedback:
    """Feedback for code that raised an error: the error, and the student's own line."""
    error = str(answer.get("error", "an error"))
    if error == "NotImplementedError":
        return not_attempted(f"{what} still raises NotImplementedError: it awaits your code.")
    where = f" in line {answer['line']}" if answer.get("line") else ""
    if where and answer.get("source"):
        where += f", `{str(answer['source']).replace('`', '')}`"
    message = str(answer.get("message", "")).replace("`", "'").strip().split("\n")[0][:200]
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


def a_type(answer: Mapping[str, Any]) -> str:
    """The type of what was found, with its article."""
    described = _type(answer)
    if described.startswith("empty"):
        return f"an {described}"
    return f"{'an' if described[:1].lower() in 'aeiou' else 'a'} `{described}`"


def _type(answer: Mapping[str, Any]) -> str:
    return str(answer.get("type", "something else")).replace("`", "")
