"""Lists that hold more numbers than were asked for: what they begin with, pairs, and repeats."""

from collections.abc import Mapping, Sequence
from typing import Any

from labchecks.engine.compare import shown
from labchecks.feedback import Feedback, incorrect


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
    calls = [(answer["values"], n) for answer, n in zip(answers, lengths)]
    first, epochs = calls[0]
    if all(answer.get("shape") == [n, 2] for answer, n in zip(answers, lengths)):
        return incorrect(
            f"`{name}` returns pairs, the first {shown(first[0])} and {shown(first[1])}, but the "
            "practice asks for one number for each epoch. Look at what is appended.",
            "pairs instead of numbers",
        )
    times = len(first) // epochs
    if times > 1 and all(values == times * values[:n] for values, n in calls):
        again = "twice" if times == 2 else f"{times} times"
        return incorrect(
            f"`{name}` returns the same numbers {again}, one list behind the other: {len(first)} "
            f"of them, beginning with {shown(first[0])}, for {epochs} "
            f"epoch{'s' if epochs > 1 else ''}. Look at what is returned.",
            "losses repeated",
        )
    if len(calls) < 2 or any(len(values) < n for values, n in calls):
        return None
    older = [values[: len(values) - n] for values, n in calls]
    if all(o and o[: len(values)] == values for (values, _), o in zip(calls, older[1:])):
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
