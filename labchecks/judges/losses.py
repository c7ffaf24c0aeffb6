"""Judging a list of losses of batch descent from a start that is known."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from labchecks.engine import diagnosis
from labchecks.engine.compare import agree, digits, rounded_to, shown
from labchecks.engine.mistakes import Mistake, find, of_kind
from labchecks.engine.run import Descent, Points, points_of, simulate
from labchecks.engine.unusable import unreadable
from labchecks.feedback import Feedback, correct, incorrect, not_checked, partial

__all__ = ["RIGHT_STEPS", "Asked", "judge_cases", "judge_losses", "on_lab_data"]

#: A list this long is no attempt at the practice; it is not simulated.
LONGEST = 3_000

#: Share of the points for a run that is right and a record that is not.
RIGHT_STEPS = 0.5


@dataclass(frozen=True)
class Asked:
    """What a practice asks for, and what may have gone wrong.

    Attributes
    ----------
    name : str
        The student's name for the losses.
    run : Descent
        The run that is asked for.
    known : tuple of Mistake
        Mistakes to look for.
    other_starts, other_rates, alone
        See :func:`labchecks.engine.diagnosis.explain`.
    other_data : tuple of str
        Data sets of other labs that a student may have used.
    otherwise : callable or None
        ``otherwise(values, points) -> Feedback or None``: asked when no known mistake gives
        exactly these losses.
    """

    name: str
    run: Descent
    known: tuple[Mistake, ...] = field(default_factory=lambda: of_kind("step", "record", "setting"))
    other_starts: tuple[tuple[tuple[float, float], str], ...] = ()
    other_rates: tuple[float, ...] = ()
    alone: tuple[Mistake, ...] = ()
    other_data: tuple[str, ...] = ()
    otherwise: Callable[[Sequence[float], Points], Feedback | None] | None = None

    @property
    def wanted(self) -> str:
        """What the answer should be, in words."""
        return f"a list of {self.run.epochs} losses"


def on_lab_data(data: str):
    """`visible` and `hidden` of a practice whose answer is made from the lab's own data.

    The hidden case is the same lab with another seed: constants do not follow the data.
    """

    def visible() -> list[dict[str, Any]]:
        return [{"data": data, "seed": 1}]

    def hidden(rng) -> list[dict[str, Any]]:
        return [{"data": data, "seed": rng.randrange(1_000, 1_000_000)}]

    return visible, hidden


def judge_cases(
    cases: Sequence[Mapping[str, Any]],
    answers: Sequence[Mapping[str, Any]],
    judge_one,
    name: str,
    key=lambda answer: answer.get("values"),
) -> Feedback:
    """Judge each case; the first that is not correct decides.

    Parameters
    ----------
    judge_one : callable
        ``judge_one(case, answer) -> Feedback``.
    name : str
        What the student defines, for the sentence on constants.
    key : callable
        What of an answer must follow the data.
    """
    if not cases or len(cases) != len(answers):
        return not_checked(f"No answer for `{name}` reached the check.")
    first = None
    for number, (case, answer) in enumerate(zip(cases, answers, strict=True)):
        feedback = judge_one(case, answer)
        if feedback.outcome == "correct":
            first = first or feedback
            continue
        if number == 0:
            return feedback
        if answer.get("kind") in ("numbers", "axes") and key(answer) == key(answers[0]):
            return incorrect(
                f"`{name}` stays the same when the lab runs on other data, so it was not computed "
                "from `X` and `Y`. Look at where its numbers come from.",
                "constants typed in",
            )
        return Feedback(
            feedback.outcome if feedback.outcome != "partial" else "incorrect",
            0.0,
            f"Right in the lab, but not when the lab runs on other data. {feedback.text}",
            feedback.mistake,
        )
    return first


def judge_losses(asked: Asked, case: Mapping[str, Any], answer: Mapping[str, Any]) -> Feedback:
    """Judge the losses of one run on one data set."""
    nothing = unreadable(answer, asked.name, asked.wanted)
    if nothing is not None:
        return nothing
    points = points_of(case["data"], case["seed"])
    values, run = answer["values"], asked.run
    decimals = rounded_to(values)
    absolute = 0.0 if decimals is None else 0.5 * 10.0**-decimals
    if len(values) != run.epochs:
        return _wrong_length(asked, values, points, absolute)
    expected = simulate(run, points).losses
    if _short(values) and _close(values, expected):
        return _typed(asked, values)
    if agree(values, expected, absolute):
        return correct(
            f"`{asked.name}` holds {len(values)} losses, each taken before its update, from "
            f"{shown(values[0])} down to {shown(values[-1])}."
        )
    if all(digits(value) <= 7 for value in values) and _close(values, expected):
        return _typed(asked, values)
    if not any(values):
        return incorrect(
            f"`{asked.name}` holds {len(values)} numbers, and each of them is 0. Look at where "
            "your loop writes the losses.",
            "never filled",
        )
    return (
        _of_another_lab(asked, case, values, absolute)
        or _named(asked, values, points, absolute)
        or (_few_digits(asked, values) if _short(values) else None)
        or (asked.otherwise(values, points) if asked.otherwise else None)
        or _unknown(asked, values, expected)
    )


def _short(values: Sequence[float]) -> bool:
    """Whether the numbers look copied from a printed line: at most five digits in each."""
    finite = all(map(math.isfinite, values))
    return len(values) > 3 and finite and all(digits(value) <= 5 for value in values)


def _close(values: Sequence[float], expected: Sequence[float]) -> bool:
    """Whether the values are the expected ones up to a coarse rounding, or cut to whole numbers."""
    written = (f"{value:.12f}".rstrip("0").partition(".")[2] for value in values)
    unit = 10.0 ** -max(map(len, written))
    return all(abs(v - e) <= 0.01 * abs(e) + unit for v, e in zip(values, expected, strict=True))


def _typed(asked: Asked, values: Sequence[float]) -> Feedback:
    return incorrect(
        f"`{asked.name}` agrees with gradient descent only as far as printed numbers do: yours "
        f"have few digits ({', '.join(map(shown, values[1:3]))}, …), and a computed loss has more. "
        "If you typed them, let your loop collect them; if you rounded them, keep all digits.",
        "constants typed in",
    )


def _few_digits(asked: Asked, values: Sequence[float]) -> Feedback:
    return incorrect(
        f"`{asked.name}` does not come from this run: its numbers have few digits "
        f"({', '.join(map(shown, values[:3]))}, …), and computed losses have more. Let your loop "
        "collect what it computes.",
        "constants typed in",
    )


def _named(asked: Asked, values, points: Points, absolute: float, epochs: int | None = None):
    run = asked.run if epochs is None else asked.run.with_(epochs=epochs)
    found = diagnosis.explain(
        values,
        run,
        points,
        asked.known,
        asked.other_starts,
        asked.other_rates,
        asked.alone,
        asked.name,
        absolute,
    )
    return _with_share(found)


def _of_another_lab(asked: Asked, case: Mapping[str, Any], values, absolute: float):
    for data in asked.other_data:
        other = points_of(data, case["seed"])
        if agree(values, simulate(asked.run, other).losses, absolute):
            return incorrect(
                f"Your losses belong to other data than this lab's: the first is "
                f"{shown(values[0])}. Look at what `X` and `Y` hold.",
                "data of another lab",
            )
    return None


def _with_share(found: Feedback | None) -> Feedback | None:
    """Half the points where the steps are right and only the record is not."""
    records = {mistake.name for mistake in of_kind("record")}
    if found is not None and found.mistake in records:
        return partial(RIGHT_STEPS, found.text, found.mistake)
    return found


def _wrong_length(asked: Asked, values, points: Points, absolute: float) -> Feedback:
    run, n = asked.run, len(values)
    count = f"`{asked.name}` holds {n} number{'s' if n > 1 else ''} instead of {run.epochs}"
    if n > LONGEST:
        return incorrect(f"{count}. Look at how often your loop records.", "wrong number of epochs")
    longer = simulate(run.with_(epochs=max(n, run.epochs + 1)), points).losses
    if agree(values, longer[:n], absolute):
        look = (
            "Look at when your loop records and when it ends."
            if n > 1
            else "Look at whether the list is made anew in every pass of the loop, or only filled "
            "once."
        )
        text = f"{count}; those that are there are right. {look}"
        if abs(n - run.epochs) == 1:
            return partial(RIGHT_STEPS, text, "wrong number of epochs")
        return incorrect(text, "wrong number of epochs")
    if n > 1 and agree(values, longer[1 : n + 1], absolute):
        return incorrect(
            f"{count}, and the first, {shown(values[0])}, already belongs to the parameters after "
            "an update: the loss at the start is missing. Look at when your loop records.",
            "wrong number of epochs + recorded after the update",
        )
    if n == 1 and agree(values, longer[run.epochs - 1 : run.epochs], absolute):
        return incorrect(
            f"{count}: the last loss, {shown(values[0])}, alone. Look at where your loop keeps the "
            "losses before it.",
            "only the last loss",
        )
    updates = run.epochs * math.ceil(len(points) / (run.batch_size or len(points)))
    if n == updates:
        every = [
            find(name) for name in ("loss of every batch recorded", "recorded at every update")
        ]
        found = diagnosis.matching(values, run, points, every, pairs=False, absolute=absolute)
        if found:
            return diagnosis.describe(found, values, run)
        return incorrect(
            f"{count}: one for every update instead of one per epoch. Look at which loop the "
            "recording stands in.",
            "recorded at every update",
        )
    if 1 < n <= 400:
        found = _named(asked, values, points, absolute, epochs=n)
        if found is not None:
            return incorrect(f"{count}. {found.text}", f"wrong number of epochs + {found.mistake}")
    return incorrect(
        f"{count}. The task names how many updates there are and when each loss is taken: look at "
        "how often your loop runs and records, and at whether its list begins empty.",
        "wrong number of values",
    )


def _unknown(asked: Asked, values: Sequence[float], expected: Sequence[float]) -> Feedback:
    bad = next((k for k, value in enumerate(values) if not math.isfinite(value)), None)
    if bad is not None:
        return incorrect(
            f"Value {bad + 1} of `{asked.name}` is {shown(values[bad])}: the run has left all "
            "bounds. Look at the rate and at how long each step is.",
            "not finite",
        )
    if min(values) < 0:
        low = min(values)
        return incorrect(
            f"`{asked.name}` contains {shown(low)}, and a mean of squares cannot be negative. Look "
            "at how you compute the loss.",
            "negative loss",
        )
    first_off = next(
        k for k in range(len(values)) if not agree(values[k : k + 1], expected[k : k + 1])
    )
    if first_off == 0:
        return incorrect(
            f"Already your first loss, {shown(values[0])}, is not the mean squared error of the "
            "start. Look at the start values, the data and the formula of the loss.",
            "first loss differs",
        )
    return incorrect(
        f"Your first {'loss is' if first_off == 1 else f'{first_off} losses are'} right; loss "
        f"{first_off + 1}, {shown(values[first_off])}, is not what a step of gradient descent at "
        f"rate {asked.run.rate:g} gives. Look at the update lines, and at what changes from one "
        "pass of the loop to the next.",
        "steps differ",
    )
