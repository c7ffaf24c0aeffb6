"""Judging a training loop that uses an optimizer, by its losses and by where the model ends."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from functools import partial as fixed
from typing import Any, NamedTuple

import numpy as np
import torch

from labchecks.chart import Chart
from labchecks.engine.compare import rounded_to, shown
from labchecks.engine.optimizer import Run, Training, repeat
from labchecks.engine.too_many import too_many
from labchecks.engine.unusable import unusable
from labchecks.feedback import Feedback, correct, incorrect, not_checked, partial
from labchecks.judges.drawn import drawn_practice
from labchecks.registry import Practice

__all__ = ["TrainingLoop", "optimizer_cases", "optimizer_practice"]

Case = Mapping[str, Any]
Answer = Mapping[str, Any]
Pairs = Sequence[tuple[Case, Answer]]

#: Relative difference that float32 leaves after a few Adam steps, with room to spare.
TOLERANCE = 1e-3

#: Share of the points where the steps are right and the model is not left where they lead.
ELSEWHERE = 0.5

#: Share of the points for right losses that were rounded to fewer than three decimals.
ROUNDED = 0.7


def optimizer_practice(id: str, *, name: str = "train", seed: int = 41, **about: Any) -> Practice:
    """A practice that asks for ``name(model, loader, epochs, lr)``, which trains with Adam.

    The settings are those of :func:`labchecks.judges.drawn.drawn_practice`.
    """
    judge = TrainingLoop(name)
    return drawn_practice("optimizer", judge, optimizer_cases, id=id, seed=seed, **about)


def optimizer_cases(rng: random.Random) -> list[dict[str, Any]]:
    """Two short runs to be followed step by step, one step alone, and a long one that converges."""

    def run(rows: int, inputs: int, noise: float, **settings: Any) -> dict[str, Any]:
        weights = [rng.choice((-1, 1)) * rng.uniform(1, 4) for _ in range(inputs)]
        level = rng.choice((-1, 1)) * rng.uniform(2, 5)
        x = [[round(rng.gauss(1.0, 1.0), 3) for _ in weights] for _ in range(rows)]
        lines = (sum(w * v for w, v in zip(weights, row, strict=True)) for row in x)
        y = [[round(line + level + noise * rng.gauss(0, 1), 3)] for line in lines]
        start = [round(rng.uniform(-1, 1), 3) for _ in range(inputs + 1)]
        seed = rng.randrange(1_000_000)
        return {"x": x, "y": y, "start": start, "seed": seed, "shuffle": False, **settings}

    size, batches, rest = rng.randint(4, 6), rng.randint(2, 3), rng.randint(1, 2)
    slow, single = rng.sample([0.03, 0.04, 0.06, 0.07, 0.13, 0.17, 0.21], 2)
    rows, alone = size * batches + rest, rng.randint(6, 9)
    while True:
        # At this rate Adam overshoots, so the losses go down and up again, and the last is not the
        # least: a loop that puts back its best state shows itself.
        fast = {"lr": round(rng.uniform(1.4, 2.2), 2), "epochs": rng.randint(6, 7)}
        overshooting = run(rows, 2, 0.8, batch_size=size, **fast)
        losses = repeat(Training(), overshooting).records["samples"]
        if losses[-1] > 1.1 * losses.min():
            break
    return [
        run(rows, 1, 0.8, batch_size=size, lr=slow, epochs=rng.randint(4, 5)),
        overshooting,
        run(alone, 1, 0.5, batch_size=alone, lr=single, epochs=1),
        run(rng.randint(100, 115), 1, 0.7, batch_size=16, lr=0.1, epochs=25, shuffle=True),
    ]


@dataclass(frozen=True)
class TrainingLoop:
    """The judge: number of losses, their values, the model's parameters, a shuffled run.

    Attributes
    ----------
    name : str
        The student's name for the function.
    """

    name: str = "train"

    def __call__(self, cases: Sequence[Case], answers: Sequence[Answer]) -> Feedback:
        """Judge the answers of :func:`labchecks.ask.training.ask_optimizer`."""
        if not cases or len(cases) != len(answers):
            return not_checked(f"No answer for `{self.name}` reached the check.")
        for answer in answers:
            nothing = unusable(answer, self.name, "one mean loss for each epoch", function=True)
            if nothing is not None:
                return nothing
        if any(len(a["values"]) != c["epochs"] for c, a in zip(cases, answers, strict=True)):
            return self._wrong_length(cases, answers)
        pairs = [(c, a) for c, a in zip(cases, answers, strict=True) if not c["shuffle"]]
        # The shortest run first: most of what it is not shows there.
        pairs.sort(key=lambda pair: pair[0]["epochs"] * len(pair[0]["x"]))
        if ("samples", "last") in _fits(Training(), pairs):
            shuffled = [(c, a) for c, a in zip(cases, answers, strict=True) if c["shuffle"]]
            return self._shuffled(shuffled)
        found = list(_explanations(pairs))
        return self._named(found, answers[0]["values"]) if found else self._unknown(pairs)

    def chart(self, cases: Sequence[Case], answers: Sequence[Answer]) -> Chart | None:
        """The losses of the first run that is not as asked for, beside the right ones."""
        for case, answer in zip(cases, answers, strict=True):
            if case["shuffle"] or answer.get("kind") != "numbers":
                continue
            right = repeat(Training(), case).records["samples"]
            chart = Chart.of(answer["values"], right, where=_call(case))
            if chart is not None:
                return chart
        return None

    def may_be_right(self, cases: Sequence[Case], answers: Sequence[Answer]) -> bool:
        """Whether these answers, perhaps to the first cases only, can be a right program's.

        A quick look that does not ask what went wrong.
        """

        def fits(case: Case, answer: Answer) -> bool:
            if answer.get("kind") != "numbers" or len(answer["values"]) != case["epochs"]:
                return False
            digits = rounded_to(answer["values"])
            rounding = 0.0 if digits is None else 0.6 * 10.0**-digits
            run = None if case["shuffle"] else _right_run(json.dumps(case))
            return run is None or (
                _near(answer["values"], run.records["samples"], rounding)
                and _is_at(answer, run.ends["last"])
            )

        return all(map(fits, cases, answers))

    def quick_cases(self, case: Case) -> list[Case]:
        """Cases that a right program passes as well, and that take less time: the quickest first.

        Two rows, one batch of them, then all, for one or two epochs.
        """
        parts = ({n: case[n][:size] for n in ("x", "y")} for size in (2, case["batch_size"], None))
        shorter = [{**case, **part, "epochs": k} for part in parts for k in (1, 2)]
        return [one for one in shorter if one["epochs"] < case["epochs"] or one["x"] != case["x"]]

    def _named(self, found: Sequence[_Explanation], values: Sequence[float]) -> Feedback:
        """Say what explains all answers: each explanation, where there are several."""
        first, *others = found
        # Where the right training explains them, nothing is gained by a wrong one that does too.
        others = [other for other in others if other.name != first.name and not first.share][:1]
        text = " Or: ".join(explanation.text for explanation in (first, *others))
        if others:
            text = f"Two explanations fit your numbers equally well. {text}"
        text = text.strip().format(v0=shown(values[0]), last=shown(values[-1]), name=self.name)
        share = min(explanation.share for explanation in (first, *others))
        name = " or ".join(explanation.name for explanation in (first, *others))
        return partial(share, text, name) if share else incorrect(text, name)

    def _wrong_length(self, cases: Sequence[Case], answers: Sequence[Answer]) -> Feedback:
        lengths, epochs = [len(a["values"]) for a in answers], [case["epochs"] for case in cases]
        k = next(k for k, n in enumerate(lengths) if n != epochs[k])
        count = f"`{self.name}` returns {lengths[k]} number{'s' if lengths[k] > 1 else ''}"
        count += f" for {epochs[k]} epochs"
        found = too_many(self.name, answers, epochs)
        if found is not None:
            return found
        if lengths == [n * -(-len(c["x"]) // c["batch_size"]) for c, n in zip(cases, epochs)]:
            return incorrect(
                f"{count}: one for every batch. Look at whether the recording stands inside the "
                "inner loop.",
                "loss of every batch recorded",
            )
        if set(lengths) == {1}:
            return incorrect(
                f"{count}. Look at where the losses are collected, and at where the function "
                "returns.",
                "only one loss",
            )
        if len(set(lengths)) == 1:
            return incorrect(
                f"{count}, and as many whatever number of epochs is asked for. Look at what the "
                "loop counts.",
                "number of epochs typed in",
            )
        return incorrect(
            f"{count}. Look at when your loop records and when it ends.", "wrong number of epochs"
        )

    def _shuffled(self, pairs: Pairs) -> Feedback:
        """Judge long runs in an order that is not known, by where they lead."""
        for case, answer in pairs:
            x, y = np.array(case["x"], dtype=float), np.array(case["y"], dtype=float)[:, 0]
            design, end = np.column_stack([x, np.ones(len(x))]), np.array(answer["end"])
            best = np.linalg.lstsq(design, y, rcond=None)[0]
            least = float(((design @ best - y) ** 2).mean())
            loss = float(((design @ end - y) ** 2).mean()) if len(end) == len(best) else np.inf
            values, shuffled = answer["values"], "shuffled loader"
            # Of right runs one in some hundreds ends 20 % above it: the last batches say where.
            if not loss <= 1.5 * least:
                return incorrect(
                    "On a few rows every step is right, but with a shuffled loader the model does "
                    "not reach least squares. Look at how the loop takes its batches from the "
                    "loader.",
                    shuffled,
                )
            if not 0.6 * least <= values[-1] <= 1.7 * least:
                return incorrect(
                    "With a shuffled loader the model reaches least squares, but your last loss, "
                    f"{shown(values[-1])}, does not show it. Look at how the epoch's mean is made.",
                    shuffled,
                )
            if min(values) < 0.6 * least:
                return incorrect(
                    f"With a shuffled loader one of your losses is {shown(min(values))}, less than "
                    "the mean squared error of any line. Look at how each epoch's mean is made.",
                    shuffled,
                )
        return correct(
            f"`{self.name}` moves the model it is given with Adam, step for step, reaches least "
            "squares with a shuffled loader, and returns each epoch's mean over samples."
        )

    def _unknown(self, pairs: Pairs) -> Feedback:
        """Say what the numbers show, where nothing explains them all."""
        runs = [repeat(Training(), case) for case, _ in pairs]
        rights = [run.records["samples"] for run in runs]
        case, answer = pairs[0]
        last, moves = pairs[-1][1]["values"], _moves(case, answer)
        if all(_near(a["values"], right) for (_, a), right in zip(pairs, rights, strict=True)):
            return partial(
                ELSEWHERE,
                "Your losses are right, but the model ends at other parameters than the steps lead "
                "to. Look at what happens to the model after the last update.",
                "model ends elsewhere",
            )
        what = _first_difference(pairs, rights)
        if all(_is_at(a, run.ends["last"]) for (_, a), run in zip(pairs, runs, strict=True)):
            if all(_is_rounded(a["values"], right) for (_, a), right in zip(pairs, rights)):
                return partial(
                    ROUNDED,
                    f"The model is trained correctly, but your losses are rounded: "
                    f"{shown(last[0])} is one of them. Look at what is appended.",
                    "rounded losses",
                )
            return partial(
                0.5,
                f"The model ends where it should. {what} {LOOK_AT_SUM}",
                "recorded losses differ",
            )
        if not np.isfinite(last).all():
            return incorrect(
                f"`{self.name}` returns {shown(next(v for v in last if not np.isfinite(v)))} among "
                "the losses. Look at what is differentiated and how the parameters move.",
                "not finite",
            )
        if min(last) < 0:
            return incorrect(
                f"One of the losses is {shown(min(last))}, and a mean of squares is not below 0.",
                "negative loss",
            )
        if all(np.allclose(a["end"], c["start"], atol=1e-6) for c, a in pairs):
            return incorrect(
                f"The model that `{self.name}` is given does not move: its parameters are the same "
                "before and after. Look at what the optimizer was given, and at when it steps.",
                "nothing moves",
            )
        if not np.allclose(moves, case["lr"], rtol=0.05):
            return incorrect(
                f"After a single batch, at rate {case['lr']:g}, the parameters have moved by "
                f"{' and '.join(shown(m) for m in moves[:3])}. Adam's first step is as long as the "
                "rate, for every parameter. Look at which optimizer steps, and at which rate.",
                "not Adam",
            )
        return incorrect(
            f"The first step is as long as Adam's. {what} Look at what each batch's loss compares, "
            "and at what changes from one batch to the next.",
            "steps differ",
        )


@lru_cache(maxsize=16)
def _right_run(case: str) -> Run:
    """The run that is asked for, on a case written as JSON."""
    return repeat(Training(), json.loads(case))


def _first_difference(pairs: Pairs, rights: Sequence[np.ndarray]) -> str:
    """A sentence on the first loss that is not the right one."""
    for (case, answer), right in zip(pairs, rights, strict=True):
        for k, (found, wanted) in enumerate(zip(answer["values"], right, strict=True)):
            if not _near([found], right[k : k + 1]):
                return (
                    f"On {len(case['x'])} rows with rate {case['lr']:g}, your loss of epoch "
                    f"{k + 1} is {shown(found)}; the right run has {shown(wanted)} there."
                )
    return ""


def _call(case: Case) -> str:
    """Which of the runs it is."""
    return f"with {len(case['x'])} rows, at rate {case['lr']:g}"


def _is_rounded(values: Sequence[float], right: np.ndarray) -> bool:
    digits = rounded_to(values, 0)
    return digits is not None and bool((np.abs(values - right) < 0.6 / 10**digits).all())


# What explains the answers ---------------------------------------------------------------------


class _Explanation(NamedTuple):
    """Short name of what is wrong, share of the points, what to say."""

    name: str
    share: float
    text: str


def _explanations(pairs: Pairs) -> Iterator[_Explanation]:
    """Every training that explains all answers, with the record and the end that it needs."""
    for name, text, training in (*TRAININGS, *_rates(*pairs[0])):
        fits = _fits(training, pairs)
        # As little as possible is wrong: what is right comes first in the tables.
        fit = next(((r, e) for e in ENDS for r in RECORDS if (r, e) in fits), None)
        if fit is None:
            continue
        if (name, fit[0]) == ("sum instead of mean", "over samples"):
            name, text, fit = "sum instead of mean in the gradient", SUM_IN_THE_GRADIENT, ("", "")
        kept, share, phrase = RECORDS.get(fit[0], RIGHT)
        moved, left, ending = ENDS.get(fit[1], RIGHT)
        if kept:
            text += "Besides, each" if name else "The model is trained correctly, but each"
            text += (
                f" value is {phrase}; your first is {{v0}} and your last {{last}}. {LOOK_AT_SUM} "
            )
        yield _Explanation(name or kept or moved, 0.0 if name else share * left, text + ending)


def _fits(training: Training, pairs: Pairs) -> set[tuple[str, str]]:
    """The records and ends with which a training explains all answers."""
    left = {(record, end) for record in RECORDS for end in ENDS}
    for case, answer in pairs:
        run = repeat(training, case)
        values, digits = answer["values"], rounded_to(answer["values"])
        rounding = 0.0 if digits is None else 0.6 * 10.0**-digits
        ends = {end for end, there in run.ends.items() if _is_at(answer, there)}
        records = {
            r for r, losses in run.records.items() if ends and _near(values, losses, rounding)
        }
        left = {(record, end) for record, end in left if record in records and end in ends}
        if not left:
            break
    return left


def _is_at(answer: Answer, there: np.ndarray) -> bool:
    return _near(answer["end"], there, 3e-4, 3e-4)


def _near(
    found: Any, expected: np.ndarray, absolute: float = 0.0, relative: float = TOLERANCE
) -> bool:
    """Whether all numbers agree; where float32 overflows, none needs to be a number any more."""
    found = np.array(found, dtype=float)
    if found.shape != expected.shape:
        return False
    gone = ~(np.abs(expected) < 1e30)
    with np.errstate(all="ignore"):
        agree = np.abs(found - expected) <= relative * np.abs(expected) + absolute + 1e-6
        lost = ~(np.abs(found) < 1e28)
    return bool(np.where(gone, lost, agree).all())


def _moves(case: Case, answer: Answer) -> np.ndarray:
    """How far each parameter is from its start."""
    return np.abs(np.array(answer["end"]) - np.array(case["start"][: len(answer["end"])]))


def _rates(case: Case, answer: Answer) -> Iterator[tuple[str, Training, str]]:
    """Any other rate, or factor on the rate, that the length of Adam's first step shows."""
    moves = _moves(case, answer)
    if case["epochs"] != 1 or not len(moves) or not np.isfinite(moves).all():
        return
    step = float(moves.mean())
    if step < 1e-7 or np.ptp(moves) > 2e-3 * step or abs(step / case["lr"] - 1) < 2e-3:
        return
    rate, factor = (float(f"{value:.3g}") for value in (step, step / case["lr"]))
    default = " (that is Adam's own default)" if rate == 0.001 else ""
    times = {2.0: "twice", 0.5: "half"}.get(factor, f"{factor:g} times")
    look = "the rate that the optimizer is given"
    yield _row("wrong rate", f"the rate is {rate:g}, whatever `lr` is{default}", look, rate=rate)
    yield _row("wrong rate", f"each step is {times} as long as asked for", look, factor=factor)


def _row(name: str, what: str, look: str, **changes: Any) -> tuple[str, str, Training]:
    """A row of the table: short name of what is wrong, what is said of it, how the run trains."""
    text = f"Your losses, from {{v0}} to {{last}}, are those of a run in which {what}. "
    return name, f"{text}Look at {look}. ", Training(**changes)


LOOK_AT_SUM = "Look at what is added up in an epoch, and at what it is divided by."
RIGHT = ("", 1.0, "")

#: How losses are recorded: short name of what is wrong, share of the points, what a value is then.
RECORDS = {
    "samples": RIGHT,
    "batches": (
        "mean of the batch means",
        0.7,
        "a mean in which a short batch counts as a full one",
    ),
    "last": ("only the last batch recorded", 0.5, "the loss of the epoch's last batch alone"),
    "first": ("only the first batch recorded", 0.5, "the loss of the epoch's first batch alone"),
    "sum": ("batch losses added up", 0.5, "the sum of the epoch's batch losses"),
    "as if full": (
        "short batch counted as full",
        0.7,
        "a sum in which a short batch counts as a full one",
    ),
    "weighted sum": ("sum over samples", 0.5, "a sum over all samples, not their mean"),
    "over batch size": ("divided by the batch size", 0.5, "a sum divided by the batch size"),
    "over samples": ("divided by the number of samples", 0.5, "a sum of batch means divided by N"),
    "over batches": (
        "divided by the number of batches",
        0.5,
        "a sum divided by the number of batches",
    ),
    "after": ("loss after the epoch", 0.7, "the loss on all data after the epoch"),
    "before": ("loss before the epoch", 0.7, "the loss on all data before the epoch"),
    "after each": ("recorded after each update", 0.7, "a mean of losses after each batch's update"),
    "running": ("total never reset", 0.5, "a mean over all epochs so far"),
    "running sum": ("total never reset", 0.5, "a sum over all epochs so far"),
    "lowest": ("least loss so far", 0.5, "the lowest loss of all epochs so far"),
    "root": ("root of the mean squared error", 0.5, "a square root"),
}

#: Where the model is in the end: short name of what is wrong, share of the points, what to say.
ENDS = {
    "last": RIGHT,
    "best": (
        "best state restored",
        ELSEWHERE,
        "The model ends where it was after the epoch of least loss, not where the last update "
        "leaves it. Look at what happens to it after the last update.",
    ),
    "start": (
        "trains a copy",
        ELSEWHERE,
        "Your losses are those of steps that were made, but the model that `{name}` was given is "
        "where it was before. Look at which model the steps move.",
    ),
}

#: What is said of a sum that is differentiated where what is recorded is the mean asked for.
SUM_IN_THE_GRADIENT = (
    "What is recorded is the mean over samples, {v0} at first, but what is differentiated is each "
    "batch's sum of squares: so a short batch pulls less than a full one. Look at the loss on "
    "which `backward()` is called."
)


def _standardised(
    rows: torch.Tensor, all_rows: torch.Tensor, by_batch: bool, less: int
) -> torch.Tensor:
    over = rows if by_batch else all_rows
    centred = over - over.mean(dim=0)
    return (rows - over.mean(dim=0)) / (centred.square().sum(dim=0) / (len(over) - less)).sqrt()


def _sum(prediction: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    return ((prediction - target) ** 2).sum()


def _half(prediction: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    return ((prediction - target) ** 2).mean() / 2


def _root(prediction: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    return ((prediction - target) ** 2).mean().sqrt()


def _crossed(prediction: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    return ((prediction.flatten()[:, None] - target.flatten()[None, :]) ** 2).mean()


HELD = "what the gradients hold just before `backward()`"
MADE = "where the optimizer is created"
GIVEN = "what the optimizer is given"
USED = "which batches the loop uses"

#: How a run can be trained; the right way first.
TRAININGS = (
    ("", "", Training()),
    _row("new optimizer in each epoch", "each epoch makes a new Adam", MADE, made="epoch"),
    _row("new optimizer for each batch", "each batch makes a new Adam", MADE, made="batch"),
    _row(
        "gradients never zeroed",
        "gradients are not set back to zero between the steps",
        HELD,
        zero="never",
    ),
    _row("gradients zeroed once per epoch", "gradients add up in an epoch", HELD, zero="epoch"),
    _row(
        "nothing moves", "the model does not move", "when a step is made, and by what", step="never"
    ),
    _row("one update per epoch", "the model moves once per epoch", "the indentation", step="epoch"),
    _row(
        "one update per epoch",
        "the model moves once per epoch, by the gradients of all batches together",
        "the indentation",
        step="epoch",
        zero="epoch",
    ),
    _row("last short batch dropped", "the short batch is left out", USED, batches="full only"),
    _row("only the first batch used", "an epoch uses its first batch alone", USED, batches="first"),
    _row("only the weights moved", "the weights move and the bias does not", GIVEN, moved=1),
    *(
        _row(
            "another optimizer than Adam",
            f"{called} makes the steps, not Adam",
            "which optimizer is made",
            optimizer=other,
        )
        for called, other in {
            "plain gradient descent (`SGD`)": torch.optim.SGD,
            "gradient descent with momentum": fixed(torch.optim.SGD, momentum=0.9),
            "Nesterov's momentum": fixed(torch.optim.SGD, momentum=0.9, nesterov=True),
            "`RMSprop`": torch.optim.RMSprop,
            "`Adagrad`": torch.optim.Adagrad,
            "`Adadelta`": torch.optim.Adadelta,
            "`AdamW`": torch.optim.AdamW,
            "`NAdam`": torch.optim.NAdam,
            "`RAdam`": torch.optim.RAdam,
            "`Adamax`": torch.optim.Adamax,
        }.items()
    ),
    *(
        _row("weight decay", f"Adam has a weight decay of {decay:g}", GIVEN, optimizer=other)
        for decay in (0.1, 0.01, 0.001)
        for other in [fixed(torch.optim.Adam, weight_decay=decay)]
    ),
    _row(
        "stepping uphill",
        "the steps go uphill",
        "the sign of what is differentiated",
        optimizer=fixed(torch.optim.Adam, maximize=True),
    ),
    *(
        _row(
            "inputs standardised",
            "the inputs are standardised by mean and spread of "
            + ("each batch" if by_batch else "all rows"),
            "what the model is called with",
            inputs=fixed(_standardised, by_batch=by_batch, less=less),
        )
        for by_batch in (False, True)
        for less in (1, 0)
    ),
    *(
        _row(name, f"the loss is {what}", "the loss that is differentiated", loss=loss)
        for name, loss, what in (
            ("sum instead of mean", _sum, "a sum of squares instead of their mean"),
            ("half the mean squared error", _half, "half the mean squared error"),
            ("absolute errors", torch.nn.functional.l1_loss, "a mean of absolute errors"),
            ("absolute errors", torch.nn.functional.smooth_l1_loss, "the Huber loss"),
            ("root of the mean squared error", _root, "the root of the mean squared error"),
            ("every row against every other", _crossed, "between every row and every other"),
        )
    ),
)
