"""Judging a training loop that uses an optimizer, by its losses and by where the model ends."""

import json
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from functools import partial as fixed
from typing import Any

import numpy as np
import torch
from torch.nn.functional import l1_loss, mse_loss, smooth_l1_loss
from torch.optim import SGD, Adam

from labchecks.chart import Chart
from labchecks.engine.compare import rounded_to, shown
from labchecks.engine.optimizer import Run, Training, repeat
from labchecks.engine.unusable import unusable
from labchecks.engine.wrong_length import wrong_length
from labchecks.feedback import Feedback, correct, incorrect, partial
from labchecks.registry import Answer, Case, Practice

Pairs = Sequence[tuple[Case, Answer]]

#: Share of the points where the steps are right and the model is not left where they lead.
ELSEWHERE = 0.5


def optimizer_practice(id: str, *, name: str = "train", seed: int = 41, **about: Any) -> Practice:
    """A practice that asks for ``name(model, loader, epochs, lr)``, which trains with Adam.

    The settings are those of :meth:`labchecks.registry.Practice.drawn`.
    """
    judge = TrainingLoop(name)
    return Practice.drawn("optimizer", judge, optimizer_cases, id=id, seed=seed, **about)


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
        losses = repeat(Training(), overshooting).records[MEAN]
        if losses[-1] > 1.1 * losses.min():
            break
    return [
        run(rows, 1, 0.8, batch_size=size, lr=slow, epochs=rng.randint(4, 5)),
        overshooting,
        run(alone, 1, 0.5, batch_size=alone, lr=single, epochs=1),
        run(rng.randint(100, 115), 1, 0.7, batch_size=16, lr=0.1, epochs=25, shuffle=True),
    ]


#: What is said of answers that nothing explains.
SAID = {
    "model ends elsewhere": "Your losses are right, but the model ends at other parameters than "
    "the steps lead to. Look at what happens to the model after the last update.",
    "rounded losses": "The model is trained correctly, but your losses are rounded: {last} is one "
    "of them. Look at what is appended.",
    "recorded losses differ": "The model ends where it should. {what} Look at what is added up in "
    "an epoch, and at what it is divided by.",
    "not finite": "`{name}` returns {last} among the losses. Look at what is differentiated and "
    "how the parameters move.",
    "negative loss": "One of the losses is {least}, and a mean of squares is not below 0.",
    "nothing moves": "The model that `{name}` is given does not move: its parameters are the same "
    "before and after. Look at what the optimizer was given, and at when it steps.",
    "not Adam": "After a single batch, at rate {lr:g}, the parameters have moved by {moves}. "
    "Adam's first step is as long as the rate, for every parameter. Look at which optimizer steps, "
    "and at which rate.",
    "steps differ": "The first step is as long as Adam's. {what} Look at what each batch's loss "
    "compares, and at what changes from one batch to the next.",
}


@dataclass(frozen=True)
class TrainingLoop:
    """The judge: number of losses, their values, the model's parameters, a shuffled run."""

    #: The student's name for the function.
    name: str

    def __call__(self, cases: Sequence[Case], answers: Sequence[Answer]) -> Feedback:
        """Judge the answers of :func:`labchecks.ask.training.ask_optimizer`."""
        for answer in answers:
            nothing = unusable(answer, self.name, "one mean loss for each epoch", function=True)
            if nothing is not None:
                return nothing
        if not all(map(_is_as_long, cases, answers)):
            batches = [-(-len(case["x"]) // case["batch_size"]) for case in cases]
            return wrong_length(self.name, answers, [case["epochs"] for case in cases], batches)
        pairs = _in_order(cases, answers)
        if RIGHT in _fits(Training(), pairs):
            return self._shuffled((c, a) for c, a in zip(cases, answers) if c["shuffle"])
        found = list(_explanations(pairs))
        return self._named(found, answers[0]["values"]) if found else self._unknown(pairs)

    def chart(self, cases: Sequence[Case], answers: Sequence[Answer]) -> Chart | None:
        """The losses of the first run that is not as asked for, beside the right ones."""
        for case, answer in zip(cases, answers, strict=True):
            if case["shuffle"] or answer.get("kind") != "numbers":
                continue
            right = _run(Training(), case).records[MEAN]
            where = f"with {len(case['x'])} rows, at rate {case['lr']:g}"
            if chart := Chart.of(answer["values"], right, where=where):
                return chart
        return None

    def may_be_right(self, cases: Sequence[Case], answers: Sequence[Answer]) -> bool:
        """A quick look: may a right program answer so, perhaps to the first cases only?"""
        if not all(answer.get("kind") == "numbers" for answer in answers):
            return False
        pairs = _in_order(cases, answers)
        return all(map(_is_as_long, cases, answers)) and RIGHT in _fits(Training(), pairs)

    def quick_cases(self, case: Case) -> list[Case]:
        """Cases that a right program passes as well, and that take less time: the quickest first.

        Two rows, one batch of them, then all, for one or two epochs.
        """
        parts = ({n: case[n][:size] for n in ("x", "y")} for size in (2, case["batch_size"], None))
        shorter = [{**case, **part, "epochs": k} for part in parts for k in (1, 2)]
        return [one for one in shorter if one["epochs"] < case["epochs"] or one["x"] != case["x"]]

    def _named(self, found: Sequence[Feedback], values: Sequence[float]) -> Feedback:
        """Say what explains all answers: two explanations, where there are several."""
        said = found[0]
        # Where the right training explains them, nothing is gained by a wrong one that does too.
        others = (one for one in found if one.mistake != said.mistake and not one.share)
        other = next(others, None)
        if other is not None:
            said = incorrect(
                f"Two explanations fit your numbers equally well. {said.text} Or: {other.text}",
                f"{said.mistake} or {other.mistake}",
            )
        numbers = {"v0": shown(values[0]), "last": shown(values[-1])}
        return replace(said, text=said.text.format(**numbers, name=self.name))

    def _shuffled(self, pairs: Iterator[tuple[Case, Answer]]) -> Feedback:
        """Judge long runs in an order that is not known, by where they lead."""
        for case, answer in pairs:
            x, y = np.array(case["x"], dtype=float), np.array(case["y"], dtype=float)[:, 0]
            design, end = np.column_stack([x, np.ones(len(x))]), np.array(answer["end"])
            best = np.linalg.lstsq(design, y, rcond=None)[0]
            least = float(((design @ best - y) ** 2).mean())
            loss = float(((design @ end - y) ** 2).mean()) if len(end) == len(best) else np.inf
            values, text = answer["values"], ""
            # Of right runs one in some hundreds ends 20 % above it: the last batches say where.
            if not loss <= 1.5 * least:
                text = (
                    "On a few rows every step is right, but with a shuffled loader the model does "
                    "not reach least squares. Look at how the loop takes its batches from the "
                    "loader."
                )
            elif not 0.6 * least <= values[-1] <= 1.7 * least:
                text = (
                    "With a shuffled loader the model reaches least squares, but your last loss, "
                    f"{shown(values[-1])}, does not show it. Look at how the epoch's mean is made."
                )
            elif min(values) < 0.6 * least:
                text = (
                    f"With a shuffled loader one of your losses is {shown(min(values))}, less than "
                    "the mean squared error of any line. Look at how each epoch's mean is made."
                )
            if text:
                return incorrect(text, "shuffled loader")
        return correct(
            f"`{self.name}` moves the model it is given with Adam, step for step, reaches least "
            "squares with a shuffled loader, and returns each epoch's mean over samples."
        )

    def _unknown(self, pairs: Pairs) -> Feedback:
        """Say what the numbers show, where nothing explains them all."""
        runs = [_run(Training(), case) for case, _ in pairs]
        rights = [run.records[MEAN] for run in runs]
        (case, answer), values = pairs[0], pairs[-1][1]["values"]
        moves, share = _moves(case, answer), 0.0
        differences = (
            f"On {len(c['x'])} rows with rate {c['lr']:g}, your loss of epoch {k + 1} is "
            f"{shown(found)}; the right run has {shown(right[k])} there."
            for (c, a), right in zip(pairs, rights)
            for k, found in enumerate(a["values"])
            if not _near([found], right[k : k + 1])
        )
        what = next(differences, "")
        last = next((value for value in values if not np.isfinite(value)), values[0])
        if not what:
            mistake, share = "model ends elsewhere", ELSEWHERE
        elif all(_is_at(a, run.ends["last"]) for (_, a), run in zip(pairs, runs)):
            mistake, share = "recorded losses differ", 0.5
            if all(_is_rounded(a["values"], right) for (_, a), right in zip(pairs, rights)):
                mistake, share = "rounded losses", 0.7
        elif not np.isfinite(last):
            mistake = "not finite"
        elif min(values) < 0:
            mistake = "negative loss"
        elif all(np.allclose(a["end"], c["start"], atol=1e-6) for c, a in pairs):
            mistake = "nothing moves"
        elif not np.allclose(moves, case["lr"], rtol=0.05):
            mistake = "not Adam"
        else:
            mistake = "steps differ"
        text = SAID[mistake].format(
            name=self.name,
            what=what,
            last=shown(last),
            least=shown(min(values)),
            lr=case["lr"],
            moves=" and ".join(map(shown, moves[:3])),
        )
        return partial(share, text, mistake)


def _is_as_long(case: Case, answer: Answer) -> bool:
    return len(answer["values"]) == case["epochs"]


def _in_order(cases: Sequence[Case], answers: Sequence[Answer]) -> Pairs:
    """The runs that can be followed, the shortest first: most of what is wrong shows there."""
    pairs = [(c, a) for c, a in zip(cases, answers, strict=True) if not c["shuffle"]]
    return sorted(pairs, key=lambda pair: pair[0]["epochs"] * len(pair[0]["x"]))


def _run(training: Training, case: Case) -> Run:
    return _repeated(training, json.dumps(case))


@lru_cache(maxsize=256)
def _repeated(training: Training, case: str) -> Run:
    return repeat(training, json.loads(case))


def _is_rounded(values: Sequence[float], right: np.ndarray) -> bool:
    digits = rounded_to(values, 0)
    return digits is not None and bool((np.abs(values - right) < 0.6 / 10**digits).all())


# What explains the answers ---------------------------------------------------------------------


def _explanations(pairs: Pairs) -> Iterator[Feedback]:
    """Every training that explains all answers, with the record and the end that it needs.

    The texts still have fields for the first and the last loss and for the function's name.
    """
    for name, what, look, training in (*TRAININGS, *_rates(*pairs[0])):
        fits = _fits(training, pairs)
        # As little as possible is wrong: what is right comes first in the tables.
        fit = next(((r, e) for e in ENDS for r in RECORDS if (r, e) in fits), None)
        if fit is None:
            continue
        texts = [f"Your losses, from {{v0}} to {{last}}, are those of a run in which {what}."]
        texts += [f"Look at {look}."]
        if (name, fit[0]) == ("sum instead of mean", "a sum of batch means divided by N"):
            name, texts, fit = "sum instead of mean in the gradient", [SUM_IN_THE_GRADIENT], RIGHT
        (kept, share), (moved, left, ending) = RECORDS[fit[0]], ENDS[fit[1]]
        but = "Besides, each"
        if not name:
            texts, but = [], "The model is trained correctly, but each"
        if kept:
            texts.append(
                f"{but} value is {fit[0]}; your first is {{v0}} and your last {{last}}. "
                f"{LOOK_AT_SUM}"
            )
        text = " ".join([*texts, ending]).rstrip()
        yield incorrect(text, name) if name else partial(share * left, text, kept or moved)


def _fits(training: Training, pairs: Pairs) -> set[tuple[str, str]]:
    """The records and ends with which a training explains all answers."""
    left = {(record, end) for record in RECORDS for end in ENDS}
    for case, answer in pairs:
        run = _run(training, case)
        values, digits = answer["values"], rounded_to(answer["values"])
        rounding = 0.0 if digits is None else 0.6 * 10.0**-digits
        ends = {end for end, there in run.ends.items() if _is_at(answer, there)}
        records = {
            r for r, losses in run.records.items() if ends and _near(values, losses, rounding)
        }
        left &= {(record, end) for record in records for end in ends}
        if not left:
            break
    return left


def _is_at(answer: Answer, there: np.ndarray) -> bool:
    return _near(answer["end"], there, 3e-4, 3e-4)


def _near(found: Any, expected: np.ndarray, absolute: float = 0.0, relative: float = 1e-3) -> bool:
    """Whether all numbers agree; where float32 overflows, none needs to be a number any more.

    After a few Adam steps float32 leaves less than the relative difference that is allowed.
    """
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


def _rates(case: Case, answer: Answer) -> Iterator[tuple[str, str, str, Training]]:
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
    for what, optimizer in (
        (f"the rate is {rate:g}, whatever `lr` is{default}", lambda p, lr: Adam(p, rate)),
        (f"each step is {times} as long as asked for", lambda p, lr: Adam(p, factor * lr)),
    ):
        yield _row("wrong rate", what, "the rate that the optimizer is given", optimizer=optimizer)


LOOK_AT_SUM = "Look at what is added up in an epoch, and at what it is divided by."

#: What a value is that stands in the list: short name of what is wrong, share of the points.
MEAN = "the mean over samples"
RECORDS = {
    MEAN: ("", 1.0),
    "a mean in which a short batch counts as a full one": ("mean of the batch means", 0.7),
    "the loss of the epoch's last batch alone": ("only the last batch recorded", 0.5),
    "the loss of the epoch's first batch alone": ("only the first batch recorded", 0.5),
    "the sum of the epoch's batch losses": ("batch losses added up", 0.5),
    "a sum in which a short batch counts as a full one": ("short batch counted as full", 0.7),
    "a sum over all samples, not their mean": ("sum over samples", 0.5),
    "a sum divided by the batch size": ("divided by the batch size", 0.5),
    "a sum of batch means divided by N": ("divided by the number of samples", 0.5),
    "a sum divided by the number of batches": ("divided by the number of batches", 0.5),
    "the loss on all data after the epoch": ("loss after the epoch", 0.7),
    "the loss on all data before the epoch": ("loss before the epoch", 0.7),
    "a mean of losses after each batch's update": ("recorded after each update", 0.7),
    "a mean over all epochs so far": ("total never reset", 0.5),
    "a sum over all epochs so far": ("total never reset", 0.5),
    "the lowest loss of all epochs so far": ("least loss so far", 0.5),
    "a square root": ("root of the mean squared error", 0.5),
}

#: Where the model is in the end: short name of what is wrong, share of the points, what to say.
ENDS = {
    "last": ("", 1.0, ""),
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
RIGHT = (MEAN, "last")

#: What is said of a sum that is differentiated where what is recorded is the mean asked for.
SUM_IN_THE_GRADIENT = (
    "What is recorded is the mean over samples, {v0} at first, but what is differentiated is each "
    "batch's sum of squares: so a short batch pulls less than a full one. Look at the loss on "
    "which `backward()` is called."
)


def _standardised(
    by_batch: bool, less: int, rows: torch.Tensor, all_rows: torch.Tensor
) -> torch.Tensor:
    over = rows if by_batch else all_rows
    centred = over - over.mean(dim=0)
    return (rows - over.mean(dim=0)) / (centred.square().sum(dim=0) / (len(over) - less)).sqrt()


def _first(batches: list) -> list:
    return batches[:1]


def _full(batches: list) -> list:
    return [batch for batch in batches if len(batch[0]) == len(batches[0][0])]


def _row(name: str, what: str, look: str, **changes: Any) -> tuple[str, str, str, Training]:
    return name, what, look, Training(**changes)


HELD = "what the gradients hold just before `backward()`"
MADE = "where the optimizer is created"
GIVEN = "what the optimizer is given"
USED = "which batches the loop uses"
INDENTATION = "the indentation"

OTHER_OPTIMIZERS = {
    "plain gradient descent (`SGD`)": SGD,
    "gradient descent with momentum": fixed(SGD, momentum=0.9),
    "Nesterov's momentum": fixed(SGD, momentum=0.9, nesterov=True),
    **{
        f"`{name}`": getattr(torch.optim, name)
        for name in "RMSprop Adagrad Adadelta AdamW NAdam RAdam Adamax".split()
    },
}

OTHER_LOSSES = {
    "a sum of squares instead of their mean": (
        "sum instead of mean",
        lambda p, y: mse_loss(p, y, reduction="sum"),
    ),
    "half the mean squared error": ("half the mean squared error", lambda p, y: mse_loss(p, y) / 2),
    "a mean of absolute errors": ("absolute errors", l1_loss),
    "the Huber loss": ("absolute errors", smooth_l1_loss),
    "the root of the mean squared error": (
        "root of the mean squared error",
        lambda p, y: mse_loss(p, y).sqrt(),
    ),
    "between every row and every other": (
        "every row against every other",
        lambda p, y: ((p.view(-1, 1) - y.view(1, -1)) ** 2).mean(),
    ),
}

#: How a run can be trained, the right way first: short name of what is wrong, what happens in such
#: a run, what to look at.
TRAININGS = (
    _row("", "", ""),
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
        "nothing moves",
        "the model does not move",
        "when a step is made, and by what",
        optimizer=lambda p, lr: SGD(p, 0.0),
    ),
    _row("one update per epoch", "the model moves once per epoch", INDENTATION, step="epoch"),
    _row(
        "one update per epoch",
        "the model moves once per epoch, by the gradients of all batches together",
        INDENTATION,
        step="epoch",
        zero="epoch",
    ),
    _row("last short batch dropped", "the short batch is left out", USED, batches=_full),
    _row("only the first batch used", "an epoch uses its first batch alone", USED, batches=_first),
    _row(
        "only the weights moved",
        "the weights move and the bias does not",
        GIVEN,
        optimizer=lambda p, lr: Adam(p[:1], lr),
    ),
    *(
        _row(
            "another optimizer than Adam",
            f"{called} makes the steps, not Adam",
            "which optimizer is made",
            optimizer=optimizer,
        )
        for called, optimizer in OTHER_OPTIMIZERS.items()
    ),
    *(
        _row(
            "weight decay",
            f"Adam has a weight decay of {decay:g}",
            GIVEN,
            optimizer=fixed(Adam, weight_decay=decay),
        )
        for decay in (0.1, 0.01, 0.001)
    ),
    _row(
        "stepping uphill",
        "the steps go uphill",
        "the sign of what is differentiated",
        optimizer=fixed(Adam, maximize=True),
    ),
    *(
        _row(
            "inputs standardised",
            f"the inputs are standardised by mean and spread of {rows}",
            "what the model is called with",
            inputs=fixed(_standardised, rows == "each batch", less),
        )
        for rows in ("all rows", "each batch")
        for less in (1, 0)
    ),
    *(
        _row(name, f"the loss is {what}", "the loss that is differentiated", loss=loss)
        for what, (name, loss) in OTHER_LOSSES.items()
    ),
)
