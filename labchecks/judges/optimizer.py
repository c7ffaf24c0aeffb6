"""Asking for and judging a training loop that uses an optimizer (Lab 4)."""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial as fixed
from typing import Any

import numpy as np
import torch

from labchecks.engine.compare import rounded_to, shown
from labchecks.engine.optimizer import Training, repeat
from labchecks.engine.unusable import nothing_returned
from labchecks.feedback import Feedback, correct, incorrect, not_checked, partial

__all__ = ["judge_training", "training_cases"]

Case = Mapping[str, Any]
Answer = Mapping[str, Any]

#: Relative difference that float32 leaves after a few Adam steps, with room to spare.
TOLERANCE = 1e-3


# Asking ---------------------------------------------------------------------------------------


def training_cases(rng: random.Random) -> list[dict[str, Any]]:
    """Two short runs to be followed step by step, one step alone, and a long one that converges."""

    def data(n: int, inputs: int, noise: float) -> dict[str, Any]:
        weights = [rng.choice((-1, 1)) * rng.uniform(1, 4) for _ in range(inputs)]
        level = rng.choice((-1, 1)) * rng.uniform(2, 5)
        x = [[round(rng.gauss(1.0, 1.0), 3) for _ in weights] for _ in range(n)]
        y = [
            [
                round(
                    sum(w * v for w, v in zip(weights, row, strict=True))
                    + level
                    + noise * rng.gauss(0, 1),
                    3,
                )
            ]
            for row in x
        ]
        start = [round(rng.uniform(-1, 1), 3) for _ in range(inputs + 1)]
        return {"x": x, "y": y, "start": start, "seed": rng.randrange(1_000_000)}

    size, batches, rest = rng.randint(4, 6), rng.randint(2, 3), rng.randint(1, 2)
    slow, single = rng.sample([0.03, 0.04, 0.06, 0.07, 0.13, 0.17, 0.21], 2)
    # At this rate Adam overshoots, so the losses go down and up again.
    fast = round(rng.uniform(1.4, 2.2), 2)
    one = data(rng.randint(6, 9), 1, 0.5)
    return [
        {
            **data(size * batches + rest, 1, 0.8),
            "batch_size": size,
            "lr": slow,
            "epochs": rng.randint(4, 5),
            "shuffle": False,
        },
        {
            **data(size * batches + rest, 2, 0.8),
            "batch_size": size,
            "lr": fast,
            "epochs": rng.randint(6, 7),
            "shuffle": False,
        },
        {**one, "batch_size": len(one["x"]), "lr": single, "epochs": 1, "shuffle": False},
        {
            **data(rng.randint(100, 115), 1, 0.7),
            "batch_size": 16,
            "lr": 0.1,
            "epochs": 25,
            "shuffle": True,
        },
    ]


# Judging --------------------------------------------------------------------------------------


def judge_training(cases: Sequence[Case], answers: Sequence[Answer]) -> Feedback:
    """Judge losses and final parameters of all cases."""
    if not cases or len(cases) != len(answers):
        return not_checked("No answer for `train` reached the check.")
    for answer in answers:
        nothing = nothing_returned("train", answer, "one mean loss for each epoch")
        if nothing is not None:
            return nothing
    followed = [k for k, case in enumerate(cases) if not case["shuffle"]]
    # The shortest run first: most of what it is not shows there.
    followed.sort(key=lambda k: cases[k]["epochs"] * len(cases[k]["x"]))
    if any(len(a["values"]) != c["epochs"] for c, a in zip(cases, answers, strict=True)):
        return _wrong_length(cases, answers)
    if all(_matches(Training(), cases[k], answers[k]) == (True, True) for k in followed):
        return _judge_long_runs(cases, answers)
    pairs = [(cases[k], answers[k]) for k in followed]
    for name, training, share, text in itertools.chain(_KNOWN, _found_rates(*pairs[0])):
        if all(_matches(training, c, a) == (True, True) for c, a in pairs):
            return _named(name, share, text, answers)
    trained = [_matches(Training(), c, a) for c, a in pairs]
    if all(losses for losses, _ in trained):
        return _model_differs(pairs)
    if all(end for _, end in trained):
        return partial(
            0.5,
            "The model ends where it should, but the losses that `train` returns, beginning with "
            f"{shown(answers[0]['values'][0])}, are not the means over the epochs' samples. Look "
            "at what is added up in an epoch and what it is divided by.",
            "recorded losses differ",
        )
    return _unknown(pairs)


def _matches(training: Training, case: Case, answer: Answer) -> tuple[bool, bool]:
    """Whether the losses, and whether the final parameters, are those of a training."""
    losses, end = repeat(training, case)
    values, found = np.array(answer["values"]), np.array(answer["end"])
    digits = rounded_to(answer["values"])
    rounding = 1e-6 + (0 if digits is None else 0.6 * 10.0**-digits)
    same = _near(values, losses, TOLERANCE * np.abs(losses) + rounding)
    return same, _near(found, end, 3e-4 * (1 + np.abs(end)))


def _near(found: np.ndarray, expected: np.ndarray, allowed: np.ndarray) -> bool:
    """Whether all numbers agree; where float32 overflows, none needs to be a number any more."""
    if found.shape != expected.shape:
        return False
    gone = ~(np.abs(expected) < 1e30)
    with np.errstate(all="ignore"):
        agree = np.abs(found - expected) <= allowed
        lost = ~(np.abs(found) < 1e28)
    return bool(np.where(gone, lost, agree).all())


def _judge_long_runs(cases: Sequence[Case], answers: Sequence[Answer]) -> Feedback:
    for case, answer in zip(cases, answers, strict=True):
        if not case["shuffle"]:
            continue
        least, loss = _least_loss(case), _loss_at(case, answer["end"])
        last = answer["values"][-1]
        if not (np.isfinite(loss) and loss <= 1.2 * least):
            return incorrect(
                "On a few rows every step is right, but with a shuffled loader the model does not "
                "reach least squares. Look at how the loop takes its batches from the loader.",
                "shuffled loader",
            )
        if not 0.6 * least <= last <= 1.7 * least:
            return incorrect(
                f"With a shuffled loader the model reaches least squares, but your last loss, "
                f"{shown(last)}, does not show it. Look at how the epoch's mean is made.",
                "shuffled loader",
            )
        if (low := min(answer["values"])) < 0.6 * least:
            return incorrect(
                f"With a shuffled loader one of your losses is {shown(low)}, less than the mean "
                "squared error of any line. Look at how each epoch's mean is made.",
                "shuffled loader",
            )
    return correct(
        "`train` moves the model it is given with Adam, step for step, reaches least squares with "
        "a shuffled loader, and returns each epoch's mean over samples."
    )


def _design(case: Case) -> tuple[np.ndarray, np.ndarray]:
    x, y = np.array(case["x"], dtype=float), np.array(case["y"], dtype=float)[:, 0]
    return np.column_stack([x, np.ones(len(x))]), y


def _least_loss(case: Case) -> float:
    design, y = _design(case)
    best = np.linalg.lstsq(design, y, rcond=None)[0]
    return float(((design @ best - y) ** 2).mean())


def _loss_at(case: Case, parameters: Sequence[float]) -> float:
    design, y = _design(case)
    if len(parameters) != design.shape[1]:
        return float("nan")
    return float(((design @ np.array(parameters) - y) ** 2).mean())


def _named(name: str, share: float, text: str, answers: Sequence[Answer]) -> Feedback:
    values = answers[0]["values"]
    text = text.format(v0=shown(values[0]), last=shown(values[-1]))
    return partial(share, text, name) if share else incorrect(text, name)


def _model_differs(pairs: Sequence[tuple[Case, Answer]]) -> Feedback:
    if all(np.allclose(a["end"], c["start"], atol=1e-6) for c, a in pairs):
        return partial(
            0.5,
            "Your losses are those of a training that works, but the model that `train` was given "
            "is where it was before. Look at which model the steps move.",
            "trains a copy",
        )
    return partial(
        0.5,
        "Your losses are right, but the model ends at other parameters than the steps lead to. "
        "Look at what happens to the model after the last update.",
        "model ends elsewhere",
    )


def _wrong_length(cases: Sequence[Case], answers: Sequence[Answer]) -> Feedback:
    lengths = [len(a["values"]) for a in answers]
    k = next(k for k, c in enumerate(cases) if lengths[k] != c["epochs"])
    n, epochs = lengths[k], f"{cases[k]['epochs']} epochs"
    if cases[k].get("hidden"):
        epochs = "another number of epochs"
    count = f"`train` returns {n} number{'s' if n > 1 else ''} for {epochs}"
    per_batch = [c["epochs"] * -(-len(c["x"]) // c["batch_size"]) for c in cases]
    if lengths == per_batch:
        return incorrect(
            f"{count}: one for every batch. Look at whether the recording stands inside the inner "
            "loop.",
            "loss of every batch recorded",
        )
    if all(length == 1 for length in lengths):
        return incorrect(
            f"{count}. Look at where the losses are collected, and at where the function returns.",
            "only one loss",
        )
    if len(set(lengths)) == 1:
        return incorrect(
            f"{count}, and as many whatever number of epochs is asked for. Look at what the loop "
            "counts.",
            "number of epochs typed in",
        )
    return incorrect(
        f"{count}. Look at when your loop records and when it ends.", "wrong number of epochs"
    )


def _found_rates(case: Case, answer: Answer) -> Iterator[tuple[str, Training, float, str]]:
    """Any other rate, or factor on the rate, that the length of Adam's first step shows."""
    moves = np.abs(np.array(answer["end"]) - np.array(case["start"][: len(answer["end"])]))
    if case["epochs"] != 1 or not len(moves) or not np.isfinite(moves).all():
        return
    step = float(moves.mean())
    if step < 1e-7 or np.ptp(moves) > 2e-3 * step or abs(step / case["lr"] - 1) < 2e-3:
        return
    rate, factor = (float(f"{value:.3g}") for value in (step, step / case["lr"]))
    found = (
        (Training(rate=rate), f"The steps are those of rate {rate:g}, whatever `lr` is"),
        (Training(factor=factor), f"Each step is {factor:g} times as long as it should be"),
    )
    for training, what in found:
        for record in ("samples", "batches"):
            text = f"{what}: your losses go from {{v0}} to {{last}}. Look at the rate."
            yield "wrong rate", replace(training, record=record), 0.0, text


def _unknown(pairs: Sequence[tuple[Case, Answer]]) -> Feedback:
    values = pairs[-1][1]["values"]
    if not np.isfinite(values).all():
        return incorrect(
            f"`train` returns {shown(next(v for v in values if not np.isfinite(v)))} among the "
            "losses. Look at what is differentiated and how the parameters move.",
            "not finite",
        )
    if min(values) < 0:
        return incorrect(
            f"One of the losses is {shown(min(values))}, and a mean of squares cannot be negative.",
            "negative loss",
        )
    if all(np.allclose(a["end"], c["start"], atol=1e-6) for c, a in pairs):
        return incorrect(
            "The model that `train` is given does not move: its parameters are the same before and "
            "after. Look at what the optimizer was given, and at when it steps.",
            "nothing moves",
        )
    case, answer = pairs[0]
    moves = np.abs(np.array(answer["end"]) - np.array(case["start"][: len(answer["end"])]))
    if case["epochs"] == 1 and len(moves) and not np.allclose(moves, case["lr"], rtol=0.05):
        return incorrect(
            "After a single batch the parameters have moved by "
            f"{' and '.join(shown(m) for m in moves[:3])}. Adam's first step has the same length "
            "for all of them. Look at which optimizer steps, and at which rate.",
            "not Adam",
        )
    return incorrect(
        f"The first step is Adam's, but your losses, from {shown(values[0])} to "
        f"{shown(values[-1])}, do not follow from its steps. Look at what changes from one batch "
        "to the next.",
        "steps differ",
    )


# Known mistakes -------------------------------------------------------------------------------


def _sum(prediction: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    return ((prediction - target) ** 2).sum()


def _half(prediction: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    return ((prediction - target) ** 2).mean() / 2


def _root(prediction: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    return ((prediction - target) ** 2).mean().sqrt()


def _crossed(prediction: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    return ((prediction.flatten()[:, None] - target.flatten()[None, :]) ** 2).mean()


def _record(name: str, how: str, share: float, text: str) -> tuple[str, Training, float, str]:
    look = " Look at what is added up in an epoch, and at what it is divided by."
    return name, Training(record=how), share, "The model is trained rightly, but " + text + look


def _known() -> list[tuple[str, Training, float, str]]:
    """Short name, training, share of the points, what to say."""
    optim = torch.optim
    known = [
        _record(
            "mean of the batch means",
            "batches",
            0.7,
            "the short last batch counts as much as a full one: your first value, {v0}, is the "
            "mean of the batch means.",
        ),
        _record(
            "only the last batch recorded",
            "last",
            0.5,
            "each value is the loss of the epoch's last batch alone: the first is {v0}.",
        ),
        _record(
            "only the first batch recorded",
            "first",
            0.5,
            "each value is the loss of the epoch's first batch alone: the first is {v0}.",
        ),
        _record(
            "batch losses added up",
            "sum",
            0.5,
            "each value is the sum of the epoch's batch losses: the first is {v0}.",
        ),
        _record(
            "short batch counted as full",
            "as if full",
            0.7,
            "the short last batch is counted with as many samples as a full one: your first value "
            "is {v0}.",
        ),
        _record(
            "sum over samples",
            "weighted sum",
            0.5,
            "each value is a sum over all samples: the first is {v0}.",
        ),
        _record(
            "divided by the batch size",
            "over batch size",
            0.5,
            "the sum of the batch losses is divided by the batch size: the first value is {v0}.",
        ),
        _record(
            "divided by the number of samples",
            "over samples",
            0.5,
            "the sum of the batch means is divided by the number of samples: the first value "
            "is {v0}.",
        ),
        _record(
            "divided by the number of batches",
            "over batches",
            0.5,
            "a sum over samples is divided by the number of batches: the first value is {v0}.",
        ),
        _record(
            "loss after the epoch",
            "after",
            0.7,
            "each value is the loss on all data after the epoch: the first is {v0}. The mean "
            "of the losses before each update is asked for.",
        ),
        _record(
            "loss before the epoch",
            "before",
            0.7,
            "each value is the loss on all data before the epoch: the first is {v0}. The mean "
            "of the losses before each update is asked for.",
        ),
        _record(
            "recorded after each update",
            "after each",
            0.7,
            "each batch's loss is taken after its update: your first value is {v0}.",
        ),
        _record(
            "total never reset",
            "running",
            0.5,
            "the totals run on from epoch to epoch: your values sink slowly, to {last}.",
        ),
        (
            "root of the mean squared error",
            Training(root=True),
            0.5,
            "The model is trained rightly, but you return square roots: the first is {v0}. Look at "
            "what is appended.",
        ),
    ]
    known += [
        (
            "optimizer made anew in each epoch",
            Training(made="epoch"),
            0.0,
            "The optimizer is made anew in each epoch, so Adam forgets what it knew: the first "
            "epoch's loss, {v0}, does not show it, the later ones do. Look at where the optimizer "
            "is created.",
        ),
        (
            "optimizer made anew for each batch",
            Training(made="batch"),
            0.0,
            "The optimizer is made anew for each batch, so every step is a first step, of full "
            "length: your last loss is {last}. Look at where the optimizer is created.",
        ),
    ]
    for record in ("samples", "batches"):
        known += [
            (
                "gradients never zeroed",
                Training(zero="never", record=record),
                0.0,
                "The gradients are never set back to zero, so every step also follows all earlier "
                "batches: your losses go from {v0} to {last}. Look at what the gradients hold just "
                "before `backward()`.",
            ),
            (
                "gradients zeroed once per epoch",
                Training(zero="epoch", record=record),
                0.0,
                "The gradients are set back to zero once per epoch, so within an epoch they add "
                "up: your losses go from {v0} to {last}. Look at what the gradients hold just "
                "before `backward()`.",
            ),
            (
                "nothing moves",
                Training(step="never", record=record),
                0.0,
                "The model does not move: your loss is {v0} at the beginning and {last} at the "
                "end. Look for the call that makes the step.",
            ),
            (
                "zeroed before the step",
                Training(zero="before step", record=record),
                0.0,
                "The model does not move: your loss is {v0} at the beginning and {last} at the "
                "end. Look at what the gradients hold when the step is made.",
            ),
            (
                "one update per epoch",
                Training(step="epoch", record=record),
                0.0,
                "The model moves once per epoch, after its last batch: your losses go from {v0} to "
                "{last}, slower than one step per batch. Look at the indentation.",
            ),
            (
                "one update per epoch",
                Training(step="epoch", zero="epoch", record=record),
                0.0,
                "The model moves once per epoch, by the gradients of all its batches together: "
                "your losses go from {v0} to {last}. Look at the indentation.",
            ),
            (
                "last short batch dropped",
                Training(batches="full only", record=record),
                0.0,
                "The last, shorter batch of each epoch is left out: your first loss is {v0}. Look "
                "at which batches the loop skips.",
            ),
            (
                "only the first batch used",
                Training(batches="first", record=record),
                0.0,
                "Only the first batch of each epoch is used: your first loss is {v0}. Look at "
                "where the inner loop ends.",
            ),
        ]
        known += [
            (
                "another optimizer than Adam",
                Training(optimizer=other, record=record),
                0.0,
                f"The steps are those of {name}, not of Adam: your losses go from {{v0}} to "
                "{last}. Look at which optimizer is made.",
            )
            for name, other in (
                ("plain gradient descent (`SGD`)", optim.SGD),
                ("gradient descent with momentum", fixed(optim.SGD, momentum=0.9)),
                ("`RMSprop`", optim.RMSprop),
                ("`Adagrad`", optim.Adagrad),
                ("`AdamW`", optim.AdamW),
                ("`NAdam`", optim.NAdam),
                ("`Adamax`", optim.Adamax),
            )
        ]
        known.append(
            (
                "stepping uphill",
                Training(fixed(optim.Adam, maximize=True), record=record),
                0.0,
                "The steps go uphill: your losses grow from {v0} to {last}. Look at the sign of "
                "what is differentiated.",
            )
        )
        known += [
            (
                "wrong rate",
                Training(rate=rate, record=record),
                0.0,
                f"The steps are those of rate {rate:g}, whatever `lr` is"
                + (" (that is Adam's own default)" if rate == 0.001 else "")
                + ": your losses go from {v0} to {last}. Look at what the optimizer is given.",
            )
            for rate in (0.001, 0.01, 0.1, 0.05, 0.02, 0.005, 1.0)
        ]
        known += [
            (
                "wrong rate",
                Training(factor=factor, record=record),
                0.0,
                f"Each step is {words} as long as it should be: your losses go from {{v0}} to "
                "{last}. Look at the rate.",
            )
            for factor, words in (
                (2.0, "twice"),
                (0.5, "half"),
                (10.0, "ten times"),
                (0.1, "a tenth"),
            )
        ]
    # Before those that record what they train on: this record is the mean that was asked for.
    known.append(
        (
            "sum instead of mean in the gradient",
            Training(loss=_sum, record="over samples"),
            0.0,
            "What is recorded is the mean over samples, {v0} at first, but what is differentiated "
            "is each batch's sum of squares: so a short batch pulls less than a full one. Look at "
            "the loss on which `backward()` is called.",
        )
    )
    for loss, name, text in (
        (_sum, "sum instead of mean", "a sum of squares instead of their mean"),
        (_half, "half the mean squared error", "half the mean squared error"),
        (torch.nn.functional.l1_loss, "absolute errors", "a mean of absolute errors"),
        (torch.nn.functional.smooth_l1_loss, "absolute errors", "the Huber loss"),
        (_root, "root of the mean squared error", "the root of the mean squared error"),
        (_crossed, "every row against every other", "a comparison of every row with every other"),
    ):
        known += [
            (
                name,
                Training(loss=loss, record=record),
                0.0,
                f"What is trained on and recorded is {text}: your first value is {{v0}}. Look at "
                "the loss.",
            )
            for record in ("samples", "batches", "over samples", "sum")
        ]
    return known


_KNOWN = _known()
