"""Lab 3: how many updates an epoch has."""

from __future__ import annotations

import math
import random
from collections.abc import Mapping, Sequence
from typing import Any

from labchecks.engine.compare import shown
from labchecks.engine.unusable import failed, too_slow
from labchecks.feedback import Feedback, correct, incorrect, not_attempted
from labchecks.registry import Practice

__all__ = ["updates"]


def updates() -> Practice:
    """`updates_per_epoch(n, batch_size)`: how many updates one epoch has."""
    return Practice(
        id="lab03-updates",
        title="Updates per epoch",
        points=5,
        names=("updates_per_epoch",),
        question=("counts", "updates_per_epoch", "n", "batch_size"),
        judge=_judge_updates,
        visible=lambda: [
            {"n": [60, 60, 60, 60, 60, 61, 3], "batch_size": [60, 1, 20, 7, 59, 20, 8]}
        ],
        hidden=_hidden_updates,
    )


def _hidden_updates(rng: random.Random) -> list[dict[str, Any]]:
    n = [rng.randint(1, 5000) for _ in range(20)]
    size = [rng.randint(1, max(1, 2 * value // rng.randint(1, 40))) for value in n]
    exact = rng.randint(2, 400)
    # One sample more or less than full batches: what a rounded quotient gets wrong.
    large, full = rng.randint(3000, 5000), rng.randint(2, 4)
    n += [exact * 7, 1, 1, large * full + 1, large * full - 1, 4096 * full + 1]
    return [{"n": n, "batch_size": [*size, exact, 1, 50, large, large, 4096]}]


def _judge_updates(cases: Sequence[Mapping], answers: Sequence[Mapping]) -> Feedback:
    for number, (case, answer) in enumerate(zip(cases, answers, strict=True)):
        feedback = _judge_counts(case, answer)
        if feedback.outcome == "correct":
            continue
        if number and feedback.outcome == "incorrect" and answer.get("kind") == "counts":
            # What was asked stays unsaid: the other numbers are drawn anew for each grading.
            look = feedback.text.split(". ", 1)[-1]
            text = f"Right for the numbers of the lab, but not for others. {look}"
            return incorrect(text, feedback.mistake)
        return feedback
    return correct("The count is right, also when the batch size does not divide the data.")


#: Ways to count wrongly, in the order in which they are looked for.
MISCOUNTS = (
    (
        "short batch forgotten",
        lambda n, size: n // size,
        "A short batch at the end makes an update too: look at what is left over.",
    ),
    (
        "one too many",
        lambda n, size: n // size + 1,
        "Look at the case in which the batches come out even.",
    ),
    ("not a whole number", lambda n, size: n / size, "Can there be a part of an update?"),
    (
        "rounded to the nearest",
        lambda n, size: round(n / size),
        "Look at what becomes of a short batch at the end, however short.",
    ),
    ("number of samples", lambda n, size: n, "Look at how many samples share one update."),
    ("batch size", lambda n, size: size, "That is how many samples share one update."),
    (
        "arguments swapped",
        lambda n, size: math.ceil(size / n),
        "Look at which of the two numbers is divided by which.",
    ),
    (
        "arguments swapped",
        lambda n, size: size // n,
        "Look at which of the two numbers is divided by which.",
    ),
    (
        "arguments swapped",
        lambda n, size: size / n,
        "Look at which of the two numbers is divided by which.",
    ),
    ("multiplied", lambda n, size: n * size, "More samples in a batch mean fewer updates."),
    ("remainder", lambda n, size: n % size, "That is what is left over after the full batches."),
    ("always one", lambda n, size: 1, "That is batch descent, whatever the batch size."),
    (
        "at least one",
        lambda n, size: max(1, n // size),
        "A short batch at the end makes an update too: look at what is left over.",
    ),
    (
        "last index",
        lambda n, size: math.ceil(n / size) - 1,
        "Counting from zero, the last number is one less than how many there are.",
    ),
    ("one too many", lambda n, size: math.ceil(n / size) + 1, "Count the batches of a small case."),
    (
        "knows one data set only",
        lambda n, size: math.ceil(60 / size),
        "Look at whether both arguments are used.",
    ),
    (
        "knows one batch size only",
        lambda n, size: math.ceil(n / 20),
        "Look at whether both arguments are used.",
    ),
)


def _judge_counts(case: Mapping[str, Any], answer: Mapping[str, Any]) -> Feedback:
    name = "`updates_per_epoch`"
    kind = answer.get("kind")
    if kind == "stub":
        return not_attempted(f"{name} has no body yet.")
    if kind == "absent":
        return not_attempted(
            f"There is no {name} yet. Run the practice cell above, and keep the name."
        )
    if kind == "error":
        return failed(answer, name)
    if kind == "timeout":
        return too_slow(answer, name)
    if kind != "counts":
        return incorrect(
            f"{name} should be a function, and it is a `{answer.get('type', 'value')}`.",
            "wrong type",
        )
    pairs = list(zip(case["n"], case["batch_size"], strict=True))
    counts = []
    for made in answer["counts"]:
        if made["kind"] == "none":
            return incorrect(
                f"{name} returns nothing. Look at how a function hands back its result.",
                "returns nothing",
            )
        if made["kind"] != "numbers" or len(made["values"]) != 1:
            return incorrect(
                f"{name} should return one whole number, and it returns a "
                f"`{str(made.get('type', 'different thing')).replace('`', '')}`.",
                "wrong type",
            )
        counts.append(made["values"][0])
    right = [math.ceil(n / size) for n, size in pairs]
    wrong = [k for k in range(len(pairs)) if counts[k] != right[k]]
    if not wrong:
        return correct("")
    k = wrong[0]
    n, size = pairs[k]
    says = f"For {n} samples in batches of {size} yours gives {shown(counts[k])}."
    for mistake, count, look in MISCOUNTS:
        if all(abs(counts[j] - count(*pairs[j])) < 1e-6 for j in range(len(pairs))):
            return incorrect(f"{says} {look}", mistake)
    return incorrect(f"{says} Draw the batches of a small case and count them.", "wrong count")
