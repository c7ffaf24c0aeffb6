"""What to say when a student's function gave no numbers back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from labhelpers.practice.feedback import Feedback, incorrect, not_attempted
from labhelpers.practice.sequences import failed, too_slow

__all__ = ["nothing_returned"]


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
