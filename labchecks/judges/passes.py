"""Lab 2: one epoch of stochastic gradient descent, written as a function."""

import math
import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from labchecks.chart import Chart
from labchecks.engine.compare import agree, mismatch, shown
from labchecks.engine.diagnosis import describe, matching
from labchecks.engine.mistakes import PASS, Mistake, find, of_kind
from labchecks.engine.run import Descent, Points, Trace, points_of, simulate
from labchecks.engine.unusable import unusable
from labchecks.feedback import Feedback, correct, incorrect, partial
from labchecks.judges.steep_runs import RATES
from labchecks.registry import Answer, Case, Practice

WANTED = "a list of numbers, one loss per sample"

#: Absolute tolerance for one sample's loss: its residual is a difference of much larger numbers.
SAMPLE = 1e-4

KNOWN = (*PASS, *of_kind("step", "record", "order"), find("sign of b in the model"))


@dataclass(frozen=True)
class PassesJudge:
    """Judges passes over the data, made by a function that moves `w` and `b` in place."""

    def __call__(self, cases: Sequence[Case], answers: Sequence[Answer]) -> Feedback:
        trials = list(zip(cases, answers, strict=True))
        for number, (case, answer) in enumerate(trials):
            others = trials[:number] + trials[number + 1 :]
            fault = _trial_fault(case, answer, others)
            if fault is None:
                continue
            if number and fault.outcome in ("incorrect", "partial"):
                text = f"Right in the first trial, but not in another. {fault.text}"
                return incorrect(text, fault.mistake)
            return fault
        return correct(
            "Your function takes the samples in the given order, moves `w` and `b` in place, and "
            "returns each sample's loss before its update."
        )

    def chart(self, cases: Sequence[Case], answers: Sequence[Answer]) -> Chart | None:
        """The losses of the first trial's first pass."""
        if answers[0].get("kind") != "passes":
            return None
        first = next(_passes(cases[0], answers[0]))
        where = f"with {len(first.points)} points"
        return Chart.of(first.values, first.right.losses, where=where)

    def may_be_right(self, cases: Sequence[Case], answers: Sequence[Answer]) -> bool:
        """A quick look: may a right program answer so, perhaps to the first cases only?"""
        return all(
            answer.get("kind") == "passes"
            and all(one.has_right_losses for one in _passes(case, answer))
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


def _visible_epochs() -> list[Case]:
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


def _hidden_epochs(rng: random.Random) -> list[Case]:
    return [_drawn_epochs(rng, n) for n in (rng.randint(6, 12), rng.randint(15, 40), 1)]


def _drawn_epochs(rng: random.Random, n: int) -> Case:
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


def _trial_fault(case, answer, others) -> Feedback | None:
    if nothing := unusable(answer, "sgd_epoch", WANTED, kind="passes", function=True):
        return nothing
    for number, one in enumerate(_passes(case, answer)):
        fault = one.fault(others if number == 0 else ())
        if fault is None:
            continue
        if number == 0 or fault.mistake == "list kept between calls":
            return fault
        said = f" (its first loss is {shown(one.values[0])})" if one.values else ""
        return incorrect(
            f"The first call is right, but a second one with the same `w` and `b`{said} is not. "
            "Look at what is left over from the first call: gradients, lists, names outside the "
            "function.",
            fault.mistake,
        )
    return None


def _passes(case: Case, answer: Answer) -> Iterator["_Pass"]:
    x, y, w, b = (np.asarray(case[key], np.float32).astype(float) for key in ("x", "y", "w", "b"))
    points, start = Points(x, y), (float(w), float(b))
    for order, made in zip(case["orders"], answer["passes"], strict=True):
        run = Descent(case["rate"], 1, start, batch_size=1, order=(tuple(order),), series="every")
        right = simulate(run, points)
        yield _Pass(made, run, right, points)
        start = right.end


def _near(value: float, expected: float) -> bool:
    return math.isfinite(value) and abs(value - expected) <= 1e-3 * max(1.0, abs(expected))


@dataclass(frozen=True)
class _Pass:
    """One pass over the data: what was made of it, and the run that was asked for."""

    made: Mapping[str, Any]
    run: Descent
    right: Trace
    points: Points

    @property
    def values(self) -> list[float]:
        return self.made["losses"].get("values", [])

    @property
    def has_right_losses(self) -> bool:
        return agree(self.values, self.right.losses, SAMPLE)

    def _ends_at(self, w: float, b: float) -> bool:
        end = self.made["w"], self.made["b"]
        return None not in end and _near(end[0], w) and _near(end[1], b)

    def _says(self, text: str, mistake: str, record: bool = False) -> Feedback:
        """Of a mistake in the `record` alone half the points are left, if the steps are right."""
        n = len(self.points)
        text = f"In a trial with {n} point{'s' if n > 1 else ''}: {text}"
        if record and self._ends_at(*self.right.end):
            return partial(0.5, text, mistake)
        return incorrect(text, mistake)

    def fault(self, others: Sequence[tuple[Case, Answer]] = ()) -> Feedback | None:
        """What is wrong; the other trials' first passes have to agree with what it is called."""
        moved_right = self._ends_at(*self.right.end)
        if self.made["losses"]["kind"] == "none":
            text = "`sgd_epoch` returns nothing.{} Look at how a function hands back its list."
            if moved_right:
                text = text.format(" The parameters move as they should.")
                return partial(0.5, text, "returns nothing")
            return incorrect(text.format(""), "returns nothing")
        if nothing := unusable(self.made["losses"], "sgd_epoch", WANTED, function=True):
            return nothing
        if self.has_right_losses:
            return None if moved_right else self._wrong_end()
        values, n = self.values, len(self.points)
        moved = not _near(self.right.end[0], self.run.start[0])
        if not moved_right and n > 1 and moved:
            still = self._ends_at(*self.run.start)
            fixed = simulate(self.run.with_(direction=(0, 0)), self.points).losses
            at_start = agree(values, fixed, SAMPLE)
            if at_start and not still and None not in (self.made["w"], self.made["b"]):
                return self._says(
                    "all your losses belong to the `w` and `b` of the start, which have moved "
                    "only when the call is over. Look at what stands inside the loop.",
                    "one update per epoch",
                )
            if still and not at_start:
                return self._says(
                    "the `w` and `b` that were handed over are still at their start after the "
                    f"call, and your first loss is {shown(values[0])}. Look at whether the "
                    "function works with its own parameters or with other tensors.",
                    "parameters not updated in place",
                )
        return self._wrong_count() if len(values) != n else self._mistake(others)

    def _wrong_end(self) -> Feedback:
        w, b = self.made["w"], self.made["b"]
        if self._ends_at(*self.run.start):
            return self._says(
                "the losses are right, but the `w` and `b` that were handed over are unchanged "
                "after the call. Look at whether your update changes these tensors or makes new "
                "ones.",
                "parameters not updated in place",
            )
        if w is None or b is None:
            return self._says(
                "the losses are right, but `w` or `b` is no single number any more. Look at the "
                "shape of what your update lines subtract.",
                "shape of a parameter",
            )
        name, value = ("b", b) if _near(w, self.right.end[0]) else ("w", w)
        return self._says(
            f"the losses are right, but `{name}` ends at {shown(value)}, which is not where the "
            "steps lead. Look at what happens to it after the last sample.",
            "wrong end",
        )

    def _wrong_count(self) -> Feedback:
        values, n, losses = self.values, len(self.points), self.right.losses
        says = f"{len(values)} value{'s' if len(values) > 1 else ''} came back"
        singles = {
            "last loss only": (losses[-1], "the last sample's loss alone"),
            "mean loss": (losses.mean(), "the mean of the losses"),
            "sum of the losses": (losses.sum(), "the sum of the losses"),
            "first loss only": (losses[0], "the first sample's loss alone"),
            "loss over all points": (self.points.loss(*self.right.end), "the loss over all points"),
        }
        for mistake, (value, what) in singles.items():
            if agree(values, [value], SAMPLE):
                return self._says(
                    f"{says}, {shown(values[0])}: {what}. The practice asks for one loss per "
                    "sample. Look at what the function keeps, and when it returns.",
                    mistake,
                    record=True,
                )
        if len(values) < n and agree(values, losses[: len(values)], SAMPLE):
            return self._says(
                f"{says}, and the rest of the samples is missing. Look at when the loop ends.",
                "samples missing",
            )
        if agree(values[1::2], losses, SAMPLE) and len(values) == 2 * n:
            return self._says(
                f"{says}: each loss has a number before it. Look at what is appended.",
                "pairs instead of numbers",
                record=True,
            )
        if agree(values[:n], losses, SAMPLE):
            return self._says(
                f"{says}, and the first {n} are right. Look at what else is put into the list.",
                "too many values",
            )
        if agree(values[-n:], losses, SAMPLE):
            return self._says(
                f"{says}, and the last {n} are right. Look at where the list is made: is it empty "
                "when the call begins?",
                "list kept between calls",
            )
        return self._says(
            f"{says}. Look at how often the loop runs and records.", "wrong number of values"
        )

    def _mistake(self, others) -> Feedback:
        values, run, points, losses = self.values, self.run, self.points, self.right.losses
        by_index = losses[np.argsort(run.order[0])]
        if self._ends_at(*self.right.end) and agree(values, by_index, SAMPLE):
            return self._says(
                "the steps are right, but the losses come back sorted by the points' index. The "
                "practice asks for the order in which the samples were used.",
                "losses sorted by index",
                record=True,
            )
        known = _hypotheses(run)
        found = matching(values, run, points, known, SAMPLE) or matching(
            values, run, points, known, SAMPLE, together=2
        )
        if found and _explains([known.index(mistake) for mistake in found], others):
            feedback = describe(found, values, run)
            record = any(feedback.mistake == mistake.name for mistake in of_kind("record"))
            text = feedback.text[0].lower() + feedback.text[1:]
            return self._says(text, feedback.mistake, record)
        lab = points_of("steep_line", 1)
        if max(run.order[0]) < len(lab) and agree(values, simulate(run, lab).losses, SAMPLE):
            return self._says(
                "your losses belong to the lab's own points, not to those handed over. Look at "
                "which names the function reads.",
                "works on the lab's data only",
            )
        bad = next((k for k, value in enumerate(values) if not math.isfinite(value)), None)
        if bad is not None:
            return self._says(
                f"value {bad + 1} is {shown(values[bad])}: the steps have grown beyond all bounds. "
                "Look at how long each step is.",
                "not finite",
            )
        off = next(k for k, v in enumerate(values) if not agree([v], losses[k : k + 1], SAMPLE))
        if off == 0:
            return self._says(
                f"your very first value, {shown(values[0])}, is not the squared error of the first "
                "sample in `order` at the given `w` and `b`. Look at the prediction and at which "
                "sample it is for.",
                "first loss differs",
            )
        return self._says(
            f"value {off + 1}, {shown(values[off])}, does not follow from the step before it. Look "
            "at the update lines, and at what changes from one sample to the next.",
            "steps differ",
        )


def _hypotheses(run: Descent) -> list[Mistake]:
    """What may explain the losses of a pass; for every pass in the same order."""
    (order,) = run.order
    share = dict.fromkeys(("gradient_scale", "recorded_scale"), 1 / len(order))
    return [
        *KNOWN,
        find("order reversed", "form").filled({"order": (order[::-1],)}),
        find("divided by the number of points", "form").filled(share),
        *(find("step_size ignored", "form").filled({"rate": r}, used=f"{r:g}") for r in RATES),
    ]


def _explains(which: Sequence[int], others: Sequence[tuple[Case, Answer]]) -> bool:
    """Whether the hypotheses with these numbers together give what the other trials gave, too."""
    for case, answer in others:
        if answer.get("kind") != "passes":
            continue
        one = next(_passes(case, answer))
        if len(one.values) != len(one.points):
            continue
        run, known = one.run, _hypotheses(one.run)
        for number in which:
            run = known[number].applied_to(run)
        if mismatch(one.values, simulate(run, one.points).losses, SAMPLE, chaotic=True) > 1:
            return False
    return True
