"""Lab 2: one epoch of stochastic gradient descent, written as a function."""

from __future__ import annotations

import math
import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from labchecks.chart import Chart
from labchecks.engine.compare import agree, mismatch, shown
from labchecks.engine.diagnosis import describe, matching
from labchecks.engine.mistakes import Mistake, find, of_kind
from labchecks.engine.run import Descent, Points, points_of, simulate
from labchecks.engine.unusable import a_type, failed, too_slow
from labchecks.feedback import Feedback, correct, incorrect, not_attempted, partial
from labchecks.judges.steep_runs import RATES
from labchecks.registry import Practice

__all__ = ["sgd_epoch"]

ONE_BY_ONE = (
    *of_kind("step", "record", "order", without=("losses added up",)),
    find("sign of b in the model"),
)
INSIDE_AN_EPOCH = (
    Mistake(
        "batch ignored",
        {"batches": "all"},
        "Every update uses all points instead of one: your values go from {v0} to {v1}.",
        "Look at which rows of `X` and `Y` enter the loss that you differentiate.",
    ),
    Mistake(
        "batch ignored",
        {"batches": "all in the step"},
        "The losses belong to single samples, but every update uses all points: your values go "
        "from {v0} to {v1}.",
        "Look at which rows of `X` and `Y` enter the loss that you differentiate.",
    ),
    Mistake(
        "loss over all points",
        {"series": "full every"},
        "Each of your values is the loss over all points, the first is {v0}; the practice asks "
        "for that of the sample alone.",
        "Look at which points the recorded loss belongs to.",
    ),
    Mistake(
        "always the first sample",
        {"batches": "first"},
        "Every update uses the same sample: your values go from {v0} to {v1}.",
        "Look at which index each update uses.",
    ),
)


@dataclass(frozen=True)
class PassesJudge:
    """Judges passes over the data, made by a function that moves `w` and `b` in place."""

    def __call__(self, cases: Sequence[Mapping], answers: Sequence[Mapping]) -> Feedback:
        for number, (case, answer) in enumerate(zip(cases, answers, strict=True)):
            others = [
                pair for k, pair in enumerate(zip(cases, answers, strict=True)) if k != number
            ]
            feedback = _judge_epoch(case, answer, others)
            if feedback.outcome != "correct":
                if number and feedback.outcome in ("incorrect", "partial"):
                    text = f"Right in the first trial, but not in another. {feedback.text}"
                    return incorrect(text, feedback.mistake)
                return feedback
        return correct(
            "Your function takes the samples in the given order, moves `w` and `b` in place, and "
            "returns each sample's loss before its update."
        )

    def chart(self, cases: Sequence[Mapping], answers: Sequence[Mapping]) -> Chart | None:
        """The losses of the first trial's first pass."""
        made = answers[0]["passes"][0]["losses"] if answers[0].get("kind") == "passes" else {}
        if made.get("kind") != "numbers":
            return None
        points, start = _points_and_start(cases[0])
        right = simulate(_pass(cases[0], start, cases[0]["orders"][0]), points)
        return Chart.of(made["values"], right.losses, where=f"with {len(cases[0]['x'])} points")

    def may_be_right(self, cases: Sequence[Mapping], answers: Sequence[Mapping]) -> bool:
        """Whether these answers, perhaps to the first cases only, can be a right program's.

        A quick look that does not ask what went wrong.
        """

        def is_right(made, run: Descent, right, points: Points) -> bool:
            values = made["losses"].get("values", ())
            return len(values) == len(points) and agree(values, right.losses, SAMPLE)

        return all(
            answer.get("kind") == "passes" and all(is_right(*one) for one in _passes(case, answer))
            for case, answer in zip(cases, answers, strict=True)
        )


def sgd_epoch() -> Practice:
    """`sgd_epoch(w, b, X, Y, step_size, order)`: one pass, in place, returns the losses."""
    return Practice(
        id="lab02-sgd-epoch",
        title="One epoch of stochastic gradient descent",
        points=15,
        names=("sgd_epoch",),
        question=("passes", "sgd_epoch"),
        judge=PassesJudge(),
        visible=_visible_epochs,
        hidden=_hidden_epochs,
    )


def _visible_epochs() -> list[dict[str, Any]]:
    return [
        {
            "x": [-2.0, -1.0, 0.5, 1.0, 2.5],
            "y": [10.5, 4.8, -2.1, -5.3, -12.6],
            "w": -10.0,
            "b": -20.0,
            "rate": 0.03,
            "orders": [[3, 0, 4, 1, 2], [1, 4, 2, 0, 3]],
        },
        {
            "x": [0.3, -1.4, 2.2, 1.7, -0.6, 3.0, -2.9],
            "y": [1.0, 7.9, -10.2, -8.6, 2.4, -15.7, 14.1],
            "w": 4.0,
            "b": 3.0,
            "rate": 0.07,
            "orders": [[6, 2, 0, 5, 3, 1, 4], [0, 6, 1, 2, 5, 4, 3]],
        },
    ]


def _hidden_epochs(rng: random.Random) -> list[dict[str, Any]]:
    return [_drawn_epochs(rng, n) for n in (rng.randint(6, 12), rng.randint(15, 40), 1)]


def _drawn_epochs(rng: random.Random, n: int) -> dict[str, Any]:
    slope, intercept = rng.uniform(-6, 6), rng.uniform(-4, 4)
    x = [round(rng.uniform(-4, 4), 3) for _ in range(n)]
    return {
        "x": x,
        "y": [round(slope * value + intercept + rng.gauss(0, 0.5), 3) for value in x],
        "w": round(rng.uniform(-12, 12), 2),
        "b": round(rng.uniform(-12, 12), 2),
        # No sample enlarges its own error below 1/(max x² + 1).
        "rate": round(rng.uniform(0.2, 0.7) / (max(value**2 for value in x) + 1), 4),
        "orders": [rng.sample(range(n), n) for _ in range(2)],
    }


def _judge_epoch(
    case: Mapping[str, Any], answer: Mapping[str, Any], others: Sequence[tuple[Mapping, Mapping]]
) -> Feedback:
    kind = answer.get("kind")
    if kind == "stub":
        return not_attempted("`sgd_epoch` has no body yet.")
    if kind == "absent":
        return not_attempted(
            "There is no `sgd_epoch` yet. Run the practice cell above, and keep the name."
        )
    if kind == "error":
        return failed(answer, "`sgd_epoch`")
    if kind == "timeout":
        return too_slow(answer, "`sgd_epoch`")
    if kind != "passes":
        return incorrect(
            f"`sgd_epoch` should be a function, but it is {a_type(answer)}.",
            "wrong type",
        )
    for number, (made, run, right, points) in enumerate(_passes(case, answer)):
        fault = _epoch_fault(made, run, right, points, others if number == 0 else ())
        if fault is not None:
            return fault if number == 0 else _second_pass(fault, made, len(points))
    return correct("")


def _passes(case: Mapping[str, Any], answer: Mapping[str, Any]) -> Iterator[tuple]:
    """For each pass over the data what was made of it, and the run that was asked for."""
    points, start = _points_and_start(case)
    for order, made in zip(case["orders"], answer["passes"], strict=True):
        run = _pass(case, start, order)
        right = simulate(run, points)
        yield made, run, right, points
        start = right.end


def _points_and_start(case: Mapping[str, Any]) -> tuple[Points, tuple[float, float]]:
    points = Points(_float32(case["x"]), _float32(case["y"]))
    return points, (float(np.float32(case["w"])), float(np.float32(case["b"])))


def _pass(case: Mapping[str, Any], start: tuple[float, float], order: Sequence[int]) -> Descent:
    """The right pass over the samples in this order."""
    rows = (tuple(order),)
    return Descent(case["rate"], 1, start, batch_size=1, order=rows, series="every")


def _float32(values: Sequence[float]) -> np.ndarray:
    return np.asarray(values, dtype=np.float32).astype(float)


#: Absolute tolerance for one sample's loss: its residual is a difference of much larger numbers.
SAMPLE = 1e-4


def _epoch_fault(made, run: Descent, right, points: Points, others=()) -> Feedback | None:
    n = len(points)
    trial = f"In a trial with {n} point{'s' if n > 1 else ''}: "
    answer, w, b = made["losses"], made["w"], made["b"]
    still = w is not None and b is not None and _near(w, run.start[0]) and _near(b, run.start[1])
    moved_right = (
        w is not None and b is not None and _near(w, right.end[0]) and _near(b, right.end[1])
    )
    if answer["kind"] == "none":
        where = "The parameters move as they should." if moved_right else ""
        text = f"`sgd_epoch` returns nothing. {where} Look at how a function hands back its list."
        text = text.replace("  ", " ")
        if moved_right:
            return partial(0.5, text, "returns nothing")
        return incorrect(text, "returns nothing")
    if answer["kind"] != "numbers":
        return incorrect(
            f"`sgd_epoch` should return a list of numbers, one loss per sample, but it returns "
            f"{a_type(answer)}.",
            "wrong type",
        )
    values = answer["values"]
    if len(values) == n and agree(values, right.losses, SAMPLE):
        if moved_right:
            return None
        return _wrong_end(trial, run, right, w, b, still)
    if not values:
        return incorrect(
            f"{trial}the list that comes back is empty. Look at where the loop records.",
            "wrong number of values",
        )
    if not moved_right and n > 1 and not _near(right.end[0], run.start[0]):
        losses = simulate(run.with_(direction=(0, 0)), points).losses
        at_start = mismatch(values, losses, SAMPLE) <= 1
        if at_start and not still and w is not None and b is not None:
            return incorrect(
                f"{trial}all your losses belong to the `w` and `b` of the start, which have moved "
                "only when the call is over. Look at what stands inside the loop.",
                "one update per epoch",
            )
        if still and not at_start:
            return incorrect(
                f"{trial}the `w` and `b` that were handed over are still at their start after the "
                f"call, and your first loss is {shown(values[0])}. Look at whether the function "
                "works with its own parameters or with other tensors.",
                "parameters not updated in place",
            )
    if len(values) != n:
        return _wrong_count(trial, values, run, right, points, moved_right)
    return _epoch_mistake(trial, values, run, points, moved_right, right, others)


def _near(value: float, expected: float) -> bool:
    return math.isfinite(value) and abs(value - expected) <= 1e-3 * max(1.0, abs(expected))


def _wrong_end(trial: str, run: Descent, right, w, b, still: bool) -> Feedback:
    if still:
        return incorrect(
            f"{trial}the losses are right, but the `w` and `b` that were handed over are unchanged "
            "after the call. Look at whether your update changes these tensors or makes new ones.",
            "parameters not updated in place",
        )
    if w is None or b is None:
        return incorrect(
            f"{trial}the losses are right, but `w` or `b` is no single number any more. Look at "
            "the shape of what your update lines subtract.",
            "shape of a parameter",
        )
    name = "b" if _near(w, right.end[0]) else "w"
    value = b if name == "b" else w
    return incorrect(
        f"{trial}the losses are right, but `{name}` ends at {shown(value)}, which is not where the "
        "steps lead. Look at what happens to it after the last sample.",
        "wrong end",
    )


def _wrong_count(trial, values, run: Descent, right, points: Points, moved_right) -> Feedback:
    n, losses = len(points), right.losses
    says = f"{trial}{len(values)} value{'s' if len(values) > 1 else ''} came back"
    if len(values) == 1:
        singles = {
            "last loss only": (losses[-1], "the last sample's loss alone"),
            "mean loss": (losses.mean(), "the mean of the losses"),
            "sum of the losses": (losses.sum(), "the sum of the losses"),
            "first loss only": (losses[0], "the first sample's loss alone"),
            "loss over all points": (points.loss(*right.end), "the loss over all points"),
        }
        for mistake, (value, what) in singles.items():
            if agree(values, [value], SAMPLE):
                text = (
                    f"{says}, {shown(values[0])}: {what}. The practice asks for one loss per "
                    "sample. Look at what the function keeps, and when it returns."
                )
                share = 0.5 if moved_right else 0.0
                return Feedback("partial" if share else "incorrect", share, text, mistake)
    if len(values) < n and agree(values, losses[: len(values)], SAMPLE):
        return incorrect(
            f"{says}, and the rest of the samples is missing. Look at when the loop ends.",
            "samples missing",
        )
    if len(values) == 2 * n and agree(values[1::2], losses, SAMPLE):
        text = f"{says}: each loss has a number before it. Look at what is appended."
        return Feedback(
            "partial" if moved_right else "incorrect",
            0.5 if moved_right else 0.0,
            text,
            "pairs instead of numbers",
        )
    if len(values) > n and agree(values[:n], losses, SAMPLE):
        return incorrect(
            f"{says}, and the first {n} are right. Look at what else is put into the list.",
            "too many values",
        )
    if len(values) > n and agree(values[-n:], losses, SAMPLE):
        return incorrect(
            f"{says}, and the last {n} are right. Look at where the list is made: is it empty when "
            "the call begins?",
            "list kept between calls",
        )
    return incorrect(
        f"{says}. Look at how often the loop runs and records.", "wrong number of values"
    )


def _hypotheses(run: Descent) -> list[Mistake]:
    """What may explain the losses of a pass; for every pass in the same order."""
    (order,) = run.order
    backwards = Mistake(
        "order reversed",
        {"order": (tuple(reversed(order)),)},
        "The samples were taken from the end of `order` to its beginning: your first value is "
        "{v0}.",
        "Look at the order in which the loop visits the samples.",
    )
    share = Mistake(
        "divided by the number of points",
        {"gradient_scale": 1 / len(order), "recorded_scale": 1 / len(order)},
        "The loss of a sample is divided by the number of points: your first value is {v0}.",
        "Look at what the loss of one sample alone is.",
    )
    rates = [
        Mistake(
            "step_size ignored",
            {"rate": rate},
            f"Your values are those of rate {rate:g}; the call asked for {{rate}}. The second is "
            "{v1}.",
            "Look at which name the update lines use.",
        )
        for rate in RATES
    ]
    return [*INSIDE_AN_EPOCH, *ONE_BY_ONE, backwards, share, *rates]


def _explains(which: Sequence[int], others: Sequence[tuple[Mapping, Mapping]]) -> bool:
    """Whether the hypotheses with these numbers together give what the other trials gave, too."""
    for case, answer in others:
        losses = answer["passes"][0]["losses"] if answer.get("kind") == "passes" else {}
        if losses.get("kind") != "numbers" or len(losses["values"]) != len(case["x"]):
            continue
        points, start = _points_and_start(case)
        run = _pass(case, start, case["orders"][0])
        known = _hypotheses(run)
        for number in which:
            run = known[number].applied_to(run)
        expected = simulate(run, points).losses
        if mismatch(losses["values"], expected, SAMPLE, chaotic=True) > 1:
            return False
    return True


def _epoch_mistake(
    trial: str, values, run: Descent, points: Points, moved_right: bool, right, others=()
) -> Feedback:
    order = list(run.order[0])
    by_index = [0.0] * len(order)
    for position, index in enumerate(order):
        by_index[index] = right.losses[position]
    if moved_right and agree(values, by_index, SAMPLE):
        return partial(
            0.5,
            f"{trial}the steps are right, but the losses come back sorted by the points' index. "
            "The practice asks for the order in which the samples were used.",
            "losses sorted by index",
        )
    known = _hypotheses(run)
    found = matching(values, run, points, known, SAMPLE) or matching(
        values, run, points, known, SAMPLE, together=2
    )
    if found and _explains([known.index(mistake) for mistake in found], others):
        feedback = describe(found, values, run)
        text = trial + feedback.text[0].lower() + feedback.text[1:]
        if trial.endswith(": ") and feedback.text.startswith("`"):
            text = trial + feedback.text
        records = {mistake.name for mistake in of_kind("record")}
        if moved_right and feedback.mistake in records:
            return partial(0.5, text, feedback.mistake)
        return incorrect(text, feedback.mistake)
    lab = points_of("steep_line", 1)
    if max(order) < len(lab) and agree(values, simulate(run, lab).losses, SAMPLE):
        return incorrect(
            f"{trial}your losses belong to the lab's own points, not to those handed over. Look at "
            "which names the function reads.",
            "works on the lab's data only",
        )
    bad = next((k for k, value in enumerate(values) if not math.isfinite(value)), None)
    if bad is not None:
        return incorrect(
            f"{trial}value {bad + 1} is {shown(values[bad])}: the steps have grown beyond all "
            "bounds. Look at how long each step is.",
            "not finite",
        )
    off = next(
        k
        for k in range(len(values))
        if not agree(values[k : k + 1], right.losses[k : k + 1], SAMPLE)
    )
    if off == 0:
        return incorrect(
            f"{trial}your very first value, {shown(values[0])}, is not the squared error of the "
            "first sample in `order` at the given `w` and `b`. Look at the prediction and at which "
            "sample it is for.",
            "first loss differs",
        )
    return incorrect(
        f"{trial}value {off + 1}, {shown(values[off])}, does not follow from the step before it. "
        "Look at the update lines, and at what changes from one sample to the next.",
        "steps differ",
    )


def _second_pass(fault: Feedback, made, n: int) -> Feedback:
    if fault.mistake == "list kept between calls":
        return fault
    values = made["losses"].get("values", [])
    first = f" (its first loss is {shown(values[0])})" if values else ""
    return incorrect(
        f"The first call is right, but a second one with the same `w` and `b`{first} is not. Look "
        "at what is left over from the first call: gradients, lists, names outside the function.",
        fault.mistake or "second call differs",
    )
