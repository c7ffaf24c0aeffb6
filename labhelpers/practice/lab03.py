"""Practices of Lab 3: updates per epoch, mini-batch losses, a comparison of five runs."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from labhelpers.practice import diagnosis, shuffles
from labhelpers.practice.feedback import Feedback, correct, incorrect, partial
from labhelpers.practice.lab03_count import updates
from labhelpers.practice.lab03_figure import compare_plot
from labhelpers.practice.lab03_runs import EPOCHS, RATE, START, TWENTY, hidden, visible
from labhelpers.practice.loss_lists import Asked, judge_cases, judge_losses
from labhelpers.practice.mistakes import Mistake, find, of_kind
from labhelpers.practice.probe import read_value
from labhelpers.practice.registry import Practice
from labhelpers.practice.sequences import agree, digits, shown
from labhelpers.practice.simulation import Points, points_of, simulate

__all__ = ["PRACTICES"]


def batch_20() -> Practice:
    """`LOSS20`: 10 full-data losses, one at the start of each epoch, batch size 20."""

    def probe(namespace: Mapping[str, object], case: Mapping[str, Any]) -> dict[str, Any]:
        return read_value(namespace, "LOSS20")

    def judge(cases: Sequence[Mapping], answers: Sequence[Mapping]) -> Feedback:
        return judge_cases(cases, answers, _judge_twenty, "LOSS20")

    return Practice(
        id="lab03-batch-20",
        title="Train with batches of 20",
        points=15,
        names=("LOSS20",),
        probe=probe,
        judge=judge,
        visible=visible,
        hidden=hidden,
    )


def _size(size: int) -> Mistake:
    return Mistake(
        "wrong batch size",
        {"batch_size": size},
        f"Your losses are those of batches of {size}: they go from {{v0}} to {{v1}}.",
        "Look at where the batch size enters.",
        "batch",
    )


OTHER_SIZES = tuple(_size(size) for size in (3, 5, 10, 15, 30))
DETERMINISTIC = (*of_kind("step", "record", "setting", "batch"), *OTHER_SIZES)


def _judge_twenty(case: Mapping[str, Any], answer: Mapping[str, Any]) -> Feedback:
    points = points_of(case["data"], case["seed"])
    values = answer.get("values", [])
    if _is_shuffled(values, points) or _in_another_order(values, points):
        return correct(
            f"`LOSS20` holds {EPOCHS} losses of mini-batch descent, each taken at the start of its "
            f"epoch, from {shown(values[0])} down to {shown(values[-1])}."
        )
    asked = Asked(
        name="LOSS20",
        run=TWENTY,
        known=DETERMINISTIC,
        other_starts=(
            ((0.0, 0.0), "from zero"),
            (simulate(TWENTY, points).end, "where another run ended"),
            ((-10.0, -20.0), "from the start of Lab 2"),
            ((START[1], START[0]), "with `w` and `b` in each other's place"),
            ((-START[0], -START[1]), "with other signs"),
        ),
        other_rates=(0.2, 0.05, 0.02, 0.01),
        alone=(find("one-sample descent"),),
        other_data=("steep_line", "wide_line"),
        otherwise=_shuffled_mistake,
    )
    return judge_losses(asked, case, answer)


def _in_another_order(values: Sequence[float], points: Points) -> bool:
    """Whether these are losses of batches that go backwards, or that take every third point."""
    if all(digits(value) <= 5 for value in values):
        return False
    n = len(points)
    orders: list[Any] = ["reversed"]
    orders.append((tuple(k for i in (40, 20, 0) for k in range(i, i + 20)),))
    orders.append((tuple(k for i in range(3) for k in range(i, n, 3)),))
    return any(agree(values, simulate(TWENTY.with_(order=o), points).losses) for o in orders)


def _is_shuffled(values: Sequence[float], points: Points) -> bool:
    """Whether these are losses of batches of 20 in some shuffled order.

    In order is left to the exact comparison, and so is everything that is exactly one of the known
    mistakes without shuffling; short decimals are left to the search for typed-in numbers.
    """
    if len(values) != EPOCHS or all(digits(value) <= 5 for value in values):
        return False
    if not agree(values[:1], [points.loss(*START)]):
        return False
    if not shuffles.plausible(values, TWENTY, points, margin=0.5)[0]:
        return False
    known = (*DETERMINISTIC, find("one-sample descent"))
    return not diagnosis.matching(values, TWENTY, points, known, pairs=False)


#: Mistakes that a shuffled run shows plainly enough to be told from the right one.
VISIBLE_WHEN_SHUFFLED = (
    *OTHER_SIZES,
    find("one-sample descent"),
    *(
        find(name)
        for name in (
            "gradients never zeroed",
            "gradients zeroed once per epoch",
            "b never updated",
            "w never updated",
            "half steps",
            "double steps",
            "sum instead of mean in the gradient",
            "stepping uphill",
            "one update per epoch",
            "recorded after the update",
            "noise-free targets",
            "sum recorded",
            "mean of the batch losses",
            "only the last batch recorded",
            "only the first batch recorded",
            "divided by the batch size",
            "divided by the number of points",
            "batch losses added up",
        )
    ),
)


def _shuffled_mistake(values: Sequence[float], points: Points) -> Feedback | None:
    """The known mistake whose cloud of shuffled runs explains these losses best."""
    if len(values) != EPOCHS or not all(math.isfinite(v) and v > 0 for v in values):
        return None
    fits = [
        (shuffles.likelihood(values, mistake.applied_to(TWENTY), points, 60), mistake)
        for mistake in VISIBLE_WHEN_SHUFFLED
    ]
    best = max(fit for fit, _ in fits)
    if best == -math.inf:
        return None
    likely = [mistake for fit, mistake in sorted(fits, key=lambda fit: -fit[0]) if fit > best - 4]
    mistake = likely[0]
    if len(likely) > 1:
        names = " or ".join(dict.fromkeys(mistake.name for mistake in likely[:2]))
        return incorrect(
            f"Your losses, {shown(values[0])}, {shown(values[1])}, {shown(values[2])}, …, are not "
            f"those of batches of 20 at rate {RATE}; they fit {names}. {mistake.look}",
            names,
        )
    feedback = diagnosis.describe([mistake], values, TWENTY)
    if mistake.name == "recorded after the update":
        return partial(0.5, feedback.text, feedback.mistake)
    return feedback


PRACTICES = (updates(), batch_20(), compare_plot())
