"""Judging a training loop that uses an optimizer, by its losses and by where the model ends."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial as fixed
from typing import Any, NamedTuple

import numpy as np
import torch

from labchecks.engine.compare import rounded_to, shown
from labchecks.engine.optimizer import Training, repeat
from labchecks.engine.unusable import nothing_returned
from labchecks.feedback import Feedback, correct, incorrect, not_checked, partial
from labchecks.hidden_cases import as_hidden
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


def optimizer_practice(
    id: str, *, title: str, points: float, name: str = "train", seed: int = 41
) -> Practice:
    """A practice that asks for ``name(model, loader, epochs, lr)``, which trains with Adam.

    Parameters
    ----------
    id, title : str
        Grade id, and what the practice is about.
    points : float
        Points for a right answer.
    name : str
        The student's name for the function.
    seed : int
        Of the visible cases.
    """
    return Practice(
        id=id,
        title=title,
        points=points,
        names=(name,),
        question=("optimizer", name),
        judge=TrainingLoop(name),
        visible=lambda: optimizer_cases(random.Random(seed)),
        hidden=lambda rng: as_hidden(optimizer_cases(rng)),
    )


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
            nothing = nothing_returned(self.name, answer, "one mean loss for each epoch")
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

    def _named(self, found: Sequence[_Explanation], values: Sequence[float]) -> Feedback:
        """Say what explains all answers: each explanation, where there are several."""
        first, *others = found
        others = [other for other in others if other.name != first.name][:1]
        text = " Or: ".join(explanation.text for explanation in (first, *others))
        if others:
            text = f"Two explanations fit your numbers equally well. {text}"
        text = text.format(v0=shown(values[0]), last=shown(values[-1]), name=self.name)
        share = min(explanation.share for explanation in (first, *others))
        return partial(share, text, first.name) if share else incorrect(text, first.name)

    def _wrong_length(self, cases: Sequence[Case], answers: Sequence[Answer]) -> Feedback:
        values = [answer["values"] for answer in answers]
        lengths, epochs = [len(v) for v in values], [case["epochs"] for case in cases]
        k = next(k for k, n in enumerate(lengths) if n != epochs[k])
        count = f"`{self.name}` returns {lengths[k]} number{'s' if lengths[k] > 1 else ''}"
        count += f" for {epochs[k]} epochs"
        if all(a["shape"] == [n, 2] for a, n in zip(answers, epochs, strict=True)):
            return incorrect(
                f"`{self.name}` returns pairs, the first {shown(values[0][0])} and "
                f"{shown(values[0][1])}, and one number for each epoch is asked for. Look at what "
                "is appended.",
                "pairs instead of numbers",
            )
        older = [v[: len(v) - n] for v, n in zip(values, epochs, strict=True)]
        if all(n > e for n, e in zip(lengths[1:], epochs[1:], strict=True)) and all(
            older[k] in (values[k - 1], older[0]) for k in range(1, len(values))
        ):
            k = next(k for k in range(len(values)) if older[k])
            return incorrect(
                f"`{self.name}` returns {lengths[k]} numbers for {epochs[k]} epochs: the first "
                f"{len(older[k])} were in the list before this call. The list is not empty when "
                "a call begins. Look at where it is made.",
                "list not empty at the call",
            )
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
            if not loss <= 1.2 * least:
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
        differ = [
            (case, values, right)
            for (case, answer), run in zip(pairs, runs, strict=True)
            for values, right in [(np.array(answer["values"]), run.records["samples"])]
            if not _near(values, right)
        ]
        if not differ:
            return partial(
                ELSEWHERE,
                "Your losses are right, but the model ends at other parameters than the steps lead "
                "to. Look at what happens to the model after the last update.",
                "model ends elsewhere",
            )
        case, values, right = differ[0]
        k = next(k for k in range(len(right)) if not _near(values[k : k + 1], right[k : k + 1]))
        what = (
            f"In a run of {case['epochs']} epoch{'s' if case['epochs'] > 1 else ''} on "
            f"{len(case['x'])} rows with rate {case['lr']:g}, your loss of epoch {k + 1} is "
            f"{shown(values[k])}, and it should be {shown(right[k])}."
        )
        last = pairs[-1][1]["values"]
        if all(
            _is_at(answer, run.ends["last"]) for (_, answer), run in zip(pairs, runs, strict=True)
        ):
            digits = [rounded_to(answer["values"], 0) for _, answer in pairs]
            if all(
                d is not None
                and (abs(np.array(a["values"]) - r.records["samples"]) < 0.6 / 10**d).all()
                for d, (_, a), r in zip(digits, pairs, runs, strict=True)
            ):
                return partial(
                    ROUNDED,
                    "The model is trained rightly, but your losses are rounded: the first is "
                    f"{shown(last[0])}. Look at what is appended.",
                    "rounded losses",
                )
            return partial(
                0.5,
                f"The model ends where it should. {what} Look at what is added up in an epoch and "
                "what it is divided by.",
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
                f"One of the losses is {shown(min(last))}, and a mean of squares cannot be "
                "negative.",
                "negative loss",
            )
        if all(np.allclose(a["end"], c["start"], atol=1e-6) for c, a in pairs):
            return incorrect(
                f"The model that `{self.name}` is given does not move: its parameters are the same "
                "before and after. Look at what the optimizer was given, and at when it steps.",
                "nothing moves",
            )
        moves = _moves(*pairs[0])
        if pairs[0][0]["epochs"] == 1 and not np.allclose(moves, pairs[0][0]["lr"], rtol=0.05):
            return incorrect(
                "After a single batch the parameters have moved by "
                f"{' and '.join(shown(m) for m in moves[:3])}. Adam's first step has the same "
                "length for all of them. Look at which optimizer steps, and at which rate.",
                "not Adam",
            )
        return incorrect(
            f"The first step is Adam's. {what} Look at what changes from one batch to the next.",
            "steps differ",
        )


# What explains the answers ---------------------------------------------------------------------


class _Explanation(NamedTuple):
    """Short name of what is wrong, share of the points, what to say."""

    name: str
    share: float
    text: str


def _explanations(pairs: Pairs) -> Iterator[_Explanation]:
    """Every training that explains all answers, with the record and the end that it needs."""
    for name, training, text in (*TRAININGS, *_rates(*pairs[0])):
        fits = _fits(training, pairs)
        # As little as possible is wrong: what is right comes first in the tables.
        for end, record in ((e, r) for e in ENDS for r in RECORDS if (r, e) in fits):
            if (name, record) == ("sum instead of mean", "over samples"):
                name, record, text = SUM_IN_THE_GRADIENT
            kept, clause, share = RECORDS[record]
            moved, ending, left = ENDS[end]
            parts = [text] if name else []
            if kept:
                before = "Beside that, " if name else "The model is trained rightly, but "
                parts.append(f"{before}{clause} {LOOK_AT_THE_SUM}")
            parts += [ending] if moved else []
            yield _Explanation(
                name or kept or moved, 0.0 if name else share * left, " ".join(parts)
            )
            break


def _fits(training: Training, pairs: Pairs) -> set[tuple[str, str]]:
    """The records and ends with which a training explains all answers."""
    left = {(record, end) for record in RECORDS for end in ENDS}
    for case, answer in pairs:
        run = repeat(training, case)
        values, digits = np.array(answer["values"]), rounded_to(answer["values"])
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
    return _near(np.array(answer["end"]), there, 3e-4, 3e-4)


def _near(
    found: np.ndarray, expected: np.ndarray, absolute: float = 0.0, relative: float = TOLERANCE
) -> bool:
    """Whether all numbers agree; where float32 overflows, none needs to be a number any more."""
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
    words = {2.0: "twice", 0.5: "half", 10.0: "ten times", 0.1: "a tenth"}
    times = words.get(factor, f"{factor:g} times")
    losses = "your losses go from {v0} to {last}."
    yield (
        "wrong rate",
        Training(rate=rate),
        f"The steps are those of rate {rate:g}, whatever `lr` is{default}: {losses} Look at what "
        "the optimizer is given.",
    )
    yield (
        "wrong rate",
        Training(factor=factor),
        f"Each step is {times} as long as it should be: {losses} Look at the rate.",
    )


#: Where a record is wrong, this is where to look.
LOOK_AT_THE_SUM = "Look at what is added up in an epoch, and at what it is divided by."

#: How losses are recorded: short name of what is wrong, what it is, share of the points.
RECORDS = {
    "samples": ("", "", 1.0),
    "batches": (
        "mean of the batch means",
        "the short last batch counts as much as a full one: your first value, {v0}, is the mean "
        "of the batch means.",
        0.7,
    ),
    "last": (
        "only the last batch recorded",
        "each value is the loss of the epoch's last batch alone: the first is {v0}.",
        0.5,
    ),
    "first": (
        "only the first batch recorded",
        "each value is the loss of the epoch's first batch alone: the first is {v0}.",
        0.5,
    ),
    "sum": (
        "batch losses added up",
        "each value is the sum of the epoch's batch losses: the first is {v0}.",
        0.5,
    ),
    "as if full": (
        "short batch counted as full",
        "the short last batch is counted with as many samples as a full one: your first value is "
        "{v0}.",
        0.7,
    ),
    "weighted sum": (
        "sum over samples",
        "each value is a sum over all samples: the first is {v0}.",
        0.5,
    ),
    "over batch size": (
        "divided by the batch size",
        "the sum of the batch losses is divided by the batch size: the first value is {v0}.",
        0.5,
    ),
    "over samples": (
        "divided by the number of samples",
        "the sum of the batch means is divided by the number of samples: the first value is {v0}.",
        0.5,
    ),
    "over batches": (
        "divided by the number of batches",
        "a sum over samples is divided by the number of batches: the first value is {v0}.",
        0.5,
    ),
    "after": (
        "loss after the epoch",
        "each value is the loss on all data after the epoch: the first is {v0}. The mean of the "
        "losses before each update is asked for.",
        0.7,
    ),
    "before": (
        "loss before the epoch",
        "each value is the loss on all data before the epoch: the first is {v0}. The mean of the "
        "losses before each update is asked for.",
        0.7,
    ),
    "after each": (
        "recorded after each update",
        "each batch's loss is taken after its update: your first value is {v0}.",
        0.7,
    ),
    "running": (
        "total never reset",
        "the totals run on from epoch to epoch: your values go slowly to {last}.",
        0.5,
    ),
    "running sum": (
        "total never reset",
        "the total runs on from epoch to epoch, and your values grow to {last}.",
        0.5,
    ),
    "lowest": (
        "least loss so far",
        "a value is never larger than the one before it: you return the least loss so far, "
        "{last} at the end.",
        0.5,
    ),
    "root": (
        "root of the mean squared error",
        "you return square roots: the first is {v0}.",
        0.5,
    ),
}

#: Where the model is in the end: short name of what is wrong, what it is, share of the points.
ENDS = {
    "last": ("", "", 1.0),
    "best": (
        "best state restored",
        "The model ends where it was after the epoch of least loss, not where the last update "
        "leaves it. Look at what happens to it after the last update.",
        0.5,
    ),
    "start": (
        "trains a copy",
        "Your losses are those of steps that were made, but the model that `{name}` was given is "
        "where it was before. Look at which model the steps move.",
        0.5,
    ),
}

_STILL = "The model does not move: your loss is {v0} at the beginning and {last} at the end."
_GO = "your losses go from {v0} to {last}"


def _trainings() -> Iterator[tuple[str, Training, str]]:
    """Short name of what is wrong, training, what to say: first of all the right one."""
    optim, nn = torch.optim, torch.nn.functional
    yield "", Training(), ""
    yield (
        "optimizer made anew in each epoch",
        Training(made="epoch"),
        "The optimizer is made again in each epoch, so Adam forgets what it knew: the first "
        "epoch's loss, {v0}, does not show it, the later ones do. Look at where the optimizer is "
        "created.",
    )
    yield (
        "optimizer made anew for each batch",
        Training(made="batch"),
        "The optimizer is made again for each batch, so every step is a first step, of full "
        "length: your last loss is {last}. Look at where the optimizer is created.",
    )
    hold = "Look at what the gradients hold just before `backward()`."
    yield (
        "gradients never zeroed",
        Training(zero="never"),
        "The gradients are never set back to zero, so every step also follows all earlier "
        f"batches: {_GO}. {hold}",
    )
    yield (
        "gradients zeroed once per epoch",
        Training(zero="epoch"),
        "The gradients are set back to zero once per epoch, so within an epoch they add up: "
        f"{_GO}. {hold}",
    )
    yield (
        "nothing moves",
        Training(step="never"),
        f"{_STILL} Look at whether a step is made, and at what the gradients hold when it is.",
    )
    for zero, how in (("batch", "after its last batch"), ("epoch", "by all its batches together")):
        yield (
            "one update per epoch",
            Training(step="epoch", zero=zero),
            f"The model moves once per epoch, {how}: {_GO}. Look at the indentation.",
        )
    yield (
        "last short batch dropped",
        Training(batches="full only"),
        "The last, shorter batch of each epoch is left out: your first loss is {v0}. Look at which "
        "batches the loop skips.",
    )
    yield (
        "only the first batch used",
        Training(batches="first"),
        "Only the first batch of each epoch is used: your first loss is {v0}. Look at where the "
        "inner loop ends.",
    )
    yield (
        "only the weights moved",
        Training(moved=1),
        f"The weights move and the bias does not: {_GO}. Look at what the optimizer is given.",
    )
    for called, other in (
        ("plain gradient descent (`SGD`)", optim.SGD),
        ("gradient descent with momentum", fixed(optim.SGD, momentum=0.9)),
        ("gradient descent with Nesterov momentum", fixed(optim.SGD, momentum=0.9, nesterov=True)),
        ("`RMSprop`", optim.RMSprop),
        ("`Adagrad`", optim.Adagrad),
        ("`Adadelta`", optim.Adadelta),
        ("`AdamW`", optim.AdamW),
        ("`NAdam`", optim.NAdam),
        ("`RAdam`", optim.RAdam),
        ("`Adamax`", optim.Adamax),
    ):
        yield (
            "another optimizer than Adam",
            Training(other),
            f"The steps are those of {called}, not of Adam: {_GO}. Look at which optimizer is "
            "made.",
        )
    for decay in (0.1, 0.01, 0.001):
        yield (
            "weight decay",
            Training(fixed(optim.Adam, weight_decay=decay)),
            f"The steps are those of Adam with a weight decay of {decay:g}: {_GO}. Look at what "
            "the optimizer is given.",
        )
    yield (
        "stepping uphill",
        Training(fixed(optim.Adam, maximize=True)),
        "The steps go uphill: your losses grow from {v0} to {last}. Look at the sign of what is "
        "differentiated.",
    )
    for over, n in (("all rows", 1), ("all rows", 0), ("each batch", 1), ("each batch", 0)):
        yield (
            "inputs standardised",
            Training(inputs=fixed(_standardised, by_batch=over == "each batch", less=n)),
            f"The model is trained on inputs with the mean and spread over {over} taken out: your "
            "first loss is {v0}. Look at what the model is called with.",
        )
    for loss, name, text in (
        (_sum, "sum instead of mean", "a sum of squares instead of their mean"),
        (_half, "half the mean squared error", "half the mean squared error"),
        (nn.l1_loss, "absolute errors", "a mean of absolute errors"),
        (nn.smooth_l1_loss, "absolute errors", "the Huber loss"),
        (_root, "root of the mean squared error", "the root of the mean squared error"),
        (_crossed, "every row against every other", "a comparison of every row with every other"),
    ):
        yield (
            name,
            Training(loss=loss),
            f"What is trained on and recorded is {text}: your first value is {{v0}}. Look at the "
            "loss.",
        )


#: What is said of a sum that is differentiated where what is recorded is the mean asked for.
SUM_IN_THE_GRADIENT = (
    "sum instead of mean in the gradient",
    "samples",
    "What is recorded is the mean over samples, {v0} at first, but what is differentiated is each "
    "batch's sum of squares: so a short batch pulls less than a full one. Look at the loss on "
    "which `backward()` is called.",
)


def _standardised(
    rows: torch.Tensor, all_rows: torch.Tensor, by_batch: bool, less: int
) -> torch.Tensor:
    over = rows if by_batch else all_rows
    return (rows - over.mean(dim=0)) / over.std(dim=0, correction=less)


def _sum(prediction: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    return ((prediction - target) ** 2).sum()


def _half(prediction: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    return ((prediction - target) ** 2).mean() / 2


def _root(prediction: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    return ((prediction - target) ** 2).mean().sqrt()


def _crossed(prediction: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    return ((prediction.flatten()[:, None] - target.flatten()[None, :]) ** 2).mean()


TRAININGS = tuple(_trainings())
