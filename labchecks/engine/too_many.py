"""Lists that hold more numbers than were asked for: what they begin with, pairs, and repeats."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from labchecks.engine.compare import shown
from labchecks.feedback import Feedback, incorrect

__all__ = ["too_many"]


def too_many(
    name: str, answers: Sequence[Mapping[str, Any]], lengths: Sequence[int]
) -> Feedback | None:
    """Feedback where a function returns pairs, its list twice, or one that it did not begin itself.

    Parameters
    ----------
    name : str
        The student's name for the function.
    answers : sequence of mapping
        What its calls returned, in their order; it may have been called in between.
    lengths : sequence of int
        How many numbers each call should return.
    """
    values = [list(answer["values"]) for answer in answers]
    if all(a.get("shape") == [n, 2] for a, n in zip(answers, lengths, strict=True)):
        return incorrect(
            f"`{name}` returns pairs, the first {shown(values[0][0])} and {shown(values[0][1])}, "
            "but the practice asks for one number for each epoch. Look at what is appended.",
            "pairs instead of numbers",
        )
    times = len(values[0]) // lengths[0]
    if times > 1 and all(v == times * v[:n] for v, n in zip(values, lengths, strict=True)):
        again = "twice" if times == 2 else f"{times} times"
        return incorrect(
            f"`{name}` returns the same numbers {again}, one list behind the other: "
            f"{len(values[0])} of them, beginning with {shown(values[0][0])}, for {lengths[0]} "
            f"epoch{'s' if lengths[0] > 1 else ''}. Look at what is returned.",
            "losses repeated",
        )
    if len(values) < 2 or any(len(v) < n for v, n in zip(values, lengths, strict=True)):
        return None
    older = [v[: len(v) - n] for v, n in zip(values, lengths, strict=True)]
    if all(o and o[: len(v)] == v for v, o in zip(values, older[1:], strict=False)):
        what = "what earlier calls returned"
    elif older[0] and all(part == older[0] for part in older):
        what = f"the same ones in every call, beginning with {shown(older[0][0])}"
    else:
        return None
    return incorrect(
        f"`{name}` returns more numbers than there are epochs: first {what}, then those of its "
        "own run. So the list is not empty when its loop begins. Look at where the list is made.",
        "list not empty at the call",
    )
