"""Lists of losses whose length is not the number of epochs: what they hold instead."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from labchecks.engine.compare import shown
from labchecks.feedback import Feedback, incorrect


def wrong_length(
    name: str,
    answers: Sequence[Mapping[str, Any]],
    epochs: Sequence[int],
    batches: Sequence[int],
    also: str = "",
) -> Feedback:
    """Feedback on calls of which at least one returned too few or too many losses.

    Parameters
    ----------
    name : str
        The student's name for the function.
    answers : sequence of mapping
        What its calls returned, in their order; it may have been called in between.
    epochs, batches : sequence of int
        How many epochs each call was to make, and of how many batches.
    also : str
        What else can be said of the losses, where nothing explains their number.
    """
    calls = [(answer["values"], n) for answer, n in zip(answers, epochs)]
    first, asked = calls[0]
    if all(answer.get("shape") == [n, 2] for answer, n in zip(answers, epochs)):
        return incorrect(
            f"`{name}` returns pairs, the first {shown(first[0])} and {shown(first[1])}, but the "
            "practice asks for one number for each epoch. Look at what is appended.",
            "pairs instead of numbers",
        )
    times = len(first) // asked
    again = "twice" if times == 2 else f"{times} times"
    for what, look, repeated, step in (
        (f"the same numbers {again}, one list behind the other", "what is returned", np.tile, 1),
        (f"each loss {again} in a row", "how often one pass of the loop records", np.repeat, times),
    ):
        if times > 1 and all(v == repeated(v[: n * step : step], times).tolist() for v, n in calls):
            return incorrect(
                f"`{name}` returns {what}: {len(first)} of them, beginning with {shown(first[0])}, "
                f"for {asked} epoch{'s' if asked > 1 else ''}. Look at {look}.",
                "losses repeated",
            )
    older, what = [values[: max(0, len(values) - n)] for values, n in calls], ""
    if len(calls) > 1 and all(older) and all(part == older[0] for part in older):
        what = f"the same ones in every call, beginning with {shown(older[0][0])}"
    pairs = list(zip(calls, older[1:]))
    if pairs and all(old and old[: len(values)] == values for (values, _), old in pairs):
        what = "what earlier calls returned"
    if what:
        return incorrect(
            f"`{name}` returns more numbers than there are epochs: first {what}, then those of its "
            "own run. So the list is not empty when its loop begins. Look at where the list is "
            "made.",
            "list not empty at the call",
        )
    lengths = [len(values) for values, _ in calls]
    mistake, more, look = "wrong number of epochs", also, "when your loop records and when it ends"
    if set(lengths) == {1}:
        mistake, more = "only one loss", ""
        look = "where the losses are collected, and at where the function returns"
    elif lengths == [n * each for n, each in zip(epochs, batches)]:
        mistake, more = "loss of every batch recorded", ": one for every batch"
        look = (
            "what one value should stand for, and at whether the recording stands inside the inner "
            "loop"
        )
    elif len(set(lengths)) == 1 < len(set(epochs)):
        mistake, look = "number of epochs typed in", "what the loop counts"
        more = ", and as many whatever number of epochs is asked for"
    n, wanted = next((n, k) for n, k in zip(lengths, epochs) if n != k)
    return incorrect(
        f"`{name}` returns {n} loss{'es' if n > 1 else ''} for {wanted} epochs{more}. "
        f"Look at {look}.",
        mistake,
    )
