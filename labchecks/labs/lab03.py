"""Practices of Lab 3: updates per epoch, mini-batch losses, a comparison of five runs."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from labchecks.engine import diagnosis
from labchecks.engine import shuffled as shuffles
from labchecks.engine.compare import agree, shown
from labchecks.engine.mistakes import Mistake, find, of_kind, wrong_rate
from labchecks.engine.run import Points, points_of, simulate
from labchecks.feedback import Feedback, correct, incorrect, partial
from labchecks.judges.losses import RIGHT_STEPS, Asked, judge_cases, judge_losses
from labchecks.labs.lab03_count import UPDATES
from labchecks.labs.lab03_figure import COMPARE_PLOT
from labchecks.labs.lab03_orders import (
    DETERMINISTIC,
    STARTS,
    SURE,
    VISIBLE_WHEN_SHUFFLED,
    in_another_order,
    in_order,
    in_words,
    is_shuffled,
    leading,
    likely,
    rate_in_order,
)
from labchecks.labs.lab03_runs import EPOCHS, RATE, START, TWENTY, hidden, visible
from labchecks.registry import Practice

__all__ = ["PRACTICES"]


def batch_20() -> Practice:
    """`LOSS20`: 10 full-data losses, one at the start of each epoch, batch size 20."""

    def judge(cases: Sequence[Mapping], answers: Sequence[Mapping]) -> Feedback:
        feedback = judge_cases(cases, answers, _judge_twenty, "LOSS20")
        if feedback.outcome != "correct":
            return feedback
        runs = [
            (answer["values"], points_of(case["data"], case["seed"]))
            for case, answer in zip(cases, answers, strict=True)
        ]
        return _together(runs) or feedback

    return Practice(
        id="lab03-batch-20",
        title="Train with batches of 20",
        points=15,
        names=("LOSS20",),
        question=("value", "LOSS20"),
        judge=judge,
        visible=visible,
        hidden=hidden,
    )


def _judge_twenty(case: Mapping[str, Any], answer: Mapping[str, Any]) -> Feedback:
    points = points_of(case["data"], case["seed"])
    values = answer.get("values", [])
    if is_shuffled(values, points) or in_another_order(values, points):
        return correct(
            f"`LOSS20` holds {EPOCHS} losses of mini-batch descent, each taken at the start of its "
            f"epoch, from {shown(values[0])} down to {shown(values[-1])}."
        )
    too_many = _one_too_many(values, points)
    if too_many is not None:
        return too_many
    asked = Asked(
        name="LOSS20",
        run=TWENTY,
        known=DETERMINISTIC,
        other_starts=(*STARTS, (simulate(TWENTY, points).end, "where another run ended")),
        other_rates=(0.2, 0.05, 0.02, 0.01),
        alone=(find("one-sample descent"),),
        other_data=("steep_line", "wide_line"),
        otherwise=_shuffled_mistake,
    )
    return judge_losses(asked, case, answer)


def _one_too_many(values: Sequence[float], points: Points) -> Feedback | None:
    """A shuffled run that records once more than it should; in order it is compared exactly."""
    if (
        len(values) != EPOCHS + 1
        or not shuffles.plausible(values, TWENTY.with_(epochs=EPOCHS + 1), points, margin=0.5)[0]
    ):
        return None
    ten = values[:EPOCHS]
    if in_order(ten, points) or not (is_shuffled(ten, points) or in_another_order(ten, points)):
        return None
    return partial(
        RIGHT_STEPS,
        f"`LOSS20` holds {len(values)} numbers instead of {EPOCHS}; the first {EPOCHS} are those "
        "of mini-batch descent. Look at when your loop records and when it ends.",
        "wrong number of epochs",
    )


def _together(runs: Sequence[tuple[Sequence[float], Points]]) -> Feedback | None:
    """A mistake that no run shows alone, but all of them together."""
    shuffled = [
        (values, points)
        for values, points in runs
        if not in_order(values, points) and not in_another_order(values, points)
    ]
    if len(shuffled) < 2:
        return None
    lead, mistake = leading(shuffled)
    if lead <= SURE:
        return None
    feedback = likely(mistake, shuffled[0][0])
    return incorrect(
        f"One run alone does not show it, but those on the lab's data and on other data together "
        f"do. {feedback.text}",
        feedback.mistake,
    )


def _shuffled_mistake(values: Sequence[float], points: Points) -> Feedback | None:
    """The known mistake whose cloud of shuffled runs explains these losses best."""
    if len(values) != EPOCHS:
        return None
    rate = rate_in_order(values, points)
    if rate is not None:
        return diagnosis.describe([wrong_rate(rate, RATE)], values, TWENTY)
    fits = sorted(
        (
            (-shuffles.evidence(values, mistake.applied_to(TWENTY), points), k, mistake)
            for k, mistake in enumerate(VISIBLE_WHEN_SHUFFLED)
        ),
        key=lambda fit: fit[:2],
    )
    best, _, mistake = fits[0]
    if best == math.inf:
        return _first_recorded(values, points)
    close: dict[str, Mistake] = {}  # two sizes, or two rates, have one name and other words
    for fit, _, other in fits:
        if fit < best + 3:
            close.setdefault(in_words(other), other)
    if len(close) > 1:
        words = " or ".join(list(close)[:2])
        return incorrect(
            f"Your losses, {shown(values[0])}, {shown(values[1])}, {shown(values[2])}, …, are not "
            f"those of batches of 20 at rate {RATE}; they fit {words}. {mistake.look}",
            " or ".join(dict.fromkeys(other.name for other in list(close.values())[:2])),
        )
    feedback = likely(mistake, values)
    if mistake.name in RECORDS:
        return partial(RIGHT_STEPS, feedback.text, feedback.mistake)
    return feedback


#: The steps are right and the record is not: half the points, as without shuffling.
RECORDS = frozenset(mistake.name for mistake in of_kind("record"))


def _first_recorded(values: Sequence[float], points: Points) -> Feedback | None:
    """What the first value alone says of the record, where a run fits no known one."""
    first = TWENTY.with_(epochs=1)
    if agree(values[:1], [points.loss(*START)]):
        return None
    for mistake in of_kind("record", without=("recorded after the update", "losses added up")):
        if agree(values[:1], simulate(mistake.applied_to(first), points).losses):
            look = mistake.look
            if mistake.name == "sum recorded":
                look = "Look at how the errors of all points become one number."
            return incorrect(
                f"Your first value is {shown(values[0])}, which fits this: {mistake.name}. {look}",
                mistake.name,
            )
    return None


PRACTICES = (UPDATES, batch_20(), COMPARE_PLOT)
