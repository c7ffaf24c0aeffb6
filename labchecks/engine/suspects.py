"""What a training function whose start is free is tried for: algorithms that are followed.

Most are rows of ``mistakes.toml`` or ``suspects.toml``. The others have a number of their own, such
as a rate or a momentum: it is one that programs tend to have typed in, or is found from the logs of
batch descent, and every log then has to follow from it exactly.
"""

from collections.abc import Iterator, Mapping, Sequence
from functools import partial

import numpy as np

from labchecks.engine.diagnosis import fitted
from labchecks.engine.mistakes import (
    FUNCTIONS,
    MORE,
    Mistake,
    Momentum,
    OncePerEpoch,
    OwnRates,
    Rates,
    WeightDecay,
    find,
    of_kind,
    part_of,
    read,
)
from labchecks.engine.run import Points, points_of
from labchecks.engine.start import predict, rates_of
from labchecks.engine.training_runs import Suspect, TrainingRun

#: Share of the points where the training is right and only the record is not.
RIGHT_STEPS = 0.5

#: The fields of a run that are about its record alone.
RECORD = {
    *("record", "series", "recorded_as", "recorded_scale", "recorded_sum"),
    *("measure_points", "measure_sums"),
}

#: How to take back what a record did to the losses, whose law is looked for.
BACK = {"root": np.square, "log": np.exp, "log10": partial(np.power, 10.0)}

#: Batch sizes, rates and factors on the rate that programs tend to have typed in.
SIZES = (1, 2, 4, 5, 8, 10, 16, 20, 32, 50, 64, 100)
RATES = (0.1, 0.01, 0.001, 0.05, 0.005, 0.02, 0.002, 0.5, 0.03, 0.003, 0.2, 1.0, 0.0001)
TIMES = {0.5: "half", 2: "twice", 10: "ten times", 0.1: "a tenth", 4: "4 times", 0.25: "a quarter"}

#: Parts of N rows in their order.
PARTS = {
    "without the first row": lambda n: slice(1, n),
    "without the last row": lambda n: slice(n - 1),
} | {
    f"on the first {words} of the rows alone": lambda n, share=share: slice(int(share * n + 1e-9))
    for words, share in {"half": 0.5, "80%": 0.8, "70%": 0.7, "75%": 0.75, "90%": 0.9}.items()
}

#: Steps with numbers to be found: name, words on the numbers, the optimizer at a rate with so many
#: batches in an epoch, and from where the numbers are looked for.
STEPS = (
    ("momentum", "a momentum of {:g}", lambda rate, n, m: Momentum(m), ((0.5,), (0.9,))),
    (
        "momentum",
        "Nesterov's momentum, {:g}",
        lambda rate, n, m: Momentum(m, nesterov=True),
        ((0.5,), (0.9,)),
    ),
    ("weight decay", "a weight decay of {:g}", lambda rate, n, d: WeightDecay(d), ((0.0,),)),
    (
        "rate not constant",
        "a rate that is multiplied by {:g} after each epoch",
        lambda rate, n, factor: Rates((rate,) * n, factor),
        ((0.95,),),
    ),
    (
        "different rates in w and b",
        "a rate of {:g} · `lr` for `w` and of {:g} · `lr` for `b`",
        lambda rate, n, w, b: OwnRates(w * rate, b * rate),
        ((1.0, 0.5), (0.5, 1.0), (1.0, 0.1), (0.1, 1.0)),
    ),
)

#: Losses to which numbers are fitted; all of them are compared afterwards.
BEGINNING = 16


# Changes that depend on the call --------------------------------------------------------------


def _on_a_line(run: TrainingRun) -> dict:
    points = run.points
    w, b = (0.0, points.y.mean()) if np.ptp(points.x) == 0 else points.minimum
    return {"points": Points(points.x, w * points.x + b)}


def _summed(run: TrainingRun) -> dict:
    """Sums of squares over each batch, and their mean over the batches."""
    series = run.right.series if run.right.batch_size is None else "weighted"
    return {"series": series, "recorded_scale": len(run.points) / run.batches}


def _equal_batches(run: TrainingRun) -> dict | None:
    n = len(run.points)
    if n % run.batches and not run.alike and n > 4:
        return None
    return {"batch_size": -(-n // run.batches)}


def _since_the_start(run: TrainingRun) -> dict:
    epoch = np.arange(1, len(run.log) + 1)
    with np.errstate(all="ignore"):
        return {"log": np.diff(epoch * run.log, prepend=0.0)}


#: By its name in the rows: the fields of a run, and perhaps its points and its log, in this call;
#: None where the call cannot tell.
OF_CALL = {
    "summed": _summed,
    "on a line": _on_a_line,
    "recorded over N": lambda run: {"recorded_scale": 1 / len(run.points)},
    "mean since the start": _since_the_start,
    "last gradient": lambda run: {"optimizer": OncePerEpoch(run.batches)},
    "sum of the gradients": lambda run: {"optimizer": OncePerEpoch(run.batches, summed=True)},
    "batches rounded down": lambda run: {
        "recorded_scale": run.batches / max(1, len(run.points) // run.right.batch_size)
    },
    "equal batches": _equal_batches,
    "half the batch size": lambda run: {"batch_size": max(1, run.right.batch_size // 2)},
    "rate over batch size": lambda run: {"rate": run.right.rate / run.right.batch_size},
    "rate over batches": lambda run: {"rate": run.right.rate / run.batches},
}


# Suspects -------------------------------------------------------------------------------------


def _suspect(mistake: Mistake, share: float | None = None, any_order: bool = True) -> Suspect:
    if share is None:
        share = RIGHT_STEPS if mistake.change and mistake.change.keys() <= RECORD else 0.0
    return Suspect(mistake, partial(_made, mistake.change), share, any_order)


def _made(change: Mapping[str, object], run: TrainingRun):
    """The algorithm, its data and its losses, as in :class:`Suspect`."""
    fields = dict(change)
    more = fields.pop("by")(run) if "by" in fields else {}
    # Rows that are all alike have no spread to divide by.
    if more is None or (run.alike and "train_points" in fields):
        return None
    fields |= more
    points, log = fields.pop("points", run.points), fields.pop("log", run.log)
    # Where no batch is left, the mean of its losses is nan, and their sum is zero.
    none_left = fields.get("batches") == "full only" and run.right.batch_size > len(points)
    if (none_left or "split" in fields) and not np.nan_to_num(log).any():
        return None
    if fields.get("recorded_as") in BACK:
        with np.errstate(all="ignore"):
            log = BACK[fields.pop("recorded_as")](log)
    return run.right.with_(**fields), points, log


def _row(name: str, share: float | None = None, any_order: bool = True, **row) -> Suspect:
    return _suspect(Mistake(name, **row), share, any_order)


_GROUPS = read("suspects.toml", FUNCTIONS | OF_CALL, _row)
_FORMS = {suspect.mistake.kind: suspect for suspect in _GROUPS["form"]}
_SEEN = {suspect.mistake.name: suspect for suspect in _GROUPS["seen"]}
NEGATED = _SEEN["sign of the targets"]
RESTART = _SEEN["starts again each epoch"]
REPLACED = _SEEN["rows drawn with replacement"]
HELD_OUT = _SEEN["part of the data held out"]
#: Name of the mistake that every batch has a size of its own choice.
SIZE_TYPED = "batch size typed in"
OTHER_SIZE = _SEEN[SIZE_TYPED]
#: Where a few rows are followed through every pairing of inputs and targets.
UNPAIRED = _suspect(find("inputs and targets not paired", "shuffled"))


def _form(kind: str, change: Mapping[str, object], **holes: object) -> Suspect:
    form = _FORMS[kind]
    return _suspect(form.mistake.filled(change, **holes), form.share, form.any_order)


def of_size(size: int) -> Suspect:
    """Batches of one size, whatever was asked for."""
    return _form("size", {"batch_size": size}, rows=f"{size} row{'s' if size > 1 else ''}")


def _typed(rate: float) -> Suspect:
    return _form("rate", {"rate": rate}, used=f"{rate:g}")


def _times(factor: float, words: str = "") -> Suspect:
    change = {"by": lambda run: {"rate": factor * run.right.rate}}
    return _form("factor", change, words=words or f"{factor:.3g} times")


def _on_a_part(words: str, place) -> Suspect:
    def rows(run: TrainingRun) -> dict | None:
        # Both the steps and the losses, which are those of the batches, are of these rows alone.
        part = part_of(run.points, place(len(run.points)))
        return {"points": part} if 0 < len(part) < len(run.points) else None

    return _form("part", {"by": rows}, part=words)


def _of_data(data: tuple[str, int]) -> Suspect:
    def points(run: TrainingRun) -> dict:
        made = points_of(*data)
        x, y = (values.astype(np.float32).astype(float) for values in (made.x, made.y))
        return {"points": Points(x, y)}

    return _form("data", {"by": points})


def _tried(group: str, batches: bool) -> list[Suspect]:
    kinds = ("always", "batches" if batches else "whole")
    return [suspect for suspect in _GROUPS[group] if suspect.mistake.kind in kinds]


def absolute_errors() -> list[Suspect]:
    """Mistakes whose losses are no squares: they can be told only where the start is known."""
    return [_suspect(find(name)) for name in ("absolute errors", "absolute errors recorded")]


def all_suspects(runs: Sequence[TrainingRun], lab_data: tuple[str, int]) -> list[Suspect]:
    """What to try first, in this order; the last is a function that reads the lab's own data."""
    batches = runs[0].right.batch_size is not None
    known = of_kind("step", "record", "setting")
    if batches:
        known = *of_kind("batch"), *known
    return [
        *(_suspect(mistake) for mistake in known if mistake.training),
        *_tried("common", batches),
        *(map(of_size, SIZES) if batches else ()),
        *(_times(*factor) for factor in TIMES.items()),
        *map(_typed, RATES),
        _of_data(lab_data),
    ]


def more_suspects(runs: Sequence[TrainingRun]) -> Iterator[Suspect]:
    """What to try where nothing more common explains the logs."""
    batches = runs[0].right.batch_size is not None
    for mistake in MORE:
        if mistake.training and (batches or mistake.kind != "batch"):
            yield _suspect(mistake)
    for part in PARTS.items():
        yield _on_a_part(*part)
    yield from _tried("rare", batches)
    for step in STEPS:
        yield from _found_steps(*step, runs)


# Numbers that the logs of batch descent lead to -----------------------------------------------


def _whole(runs: Sequence[TrainingRun]) -> list[TrainingRun]:
    return [run for run in runs if run.one_batch and np.ptp(run.points.x) > 0]


def found_rates(runs: Sequence[TrainingRun]) -> Iterator[Suspect]:
    """Any other rate, or factor on the rate, that the logs of batch descent lead to."""
    whole = _whole(runs)
    found = [_rates_of(run) for run in whole]
    if not whole or [] in found:
        return
    asked = np.array([run.right.rate for run in whole])
    for units, suspect in ((np.ones_like(asked), _typed), (asked, _times)):
        each = [np.array(rates) / one for rates, one in zip(found, units)]
        for first in each[0]:
            values = np.array([one[np.abs(one - first).argmin()] for one in each])
            value = np.median(values)
            if np.ptp(values) > 1e-3 * np.abs(values).max() or np.allclose(
                values * units, asked, rtol=1e-3
            ):
                continue
            # What was typed in has few digits.
            for digits in (2, 3, 6):
                short = float(f"{value:.{digits}g}")
                if abs(short / value - 1) < 1e-3:
                    yield suspect(short)


def _rates_of(run: TrainingRun) -> list[float]:
    """The constant rates at which batch descent from the start gives the log.

    There are two where the error lies along one direction: its factors are r and −r.
    """
    found: list[float] = []
    for start in run.starts():
        for rate in rates_of(run.points, run.log, start):
            losses = predict(run.right.with_(rate=rate), run.points, start)
            # The rate was read off one loss, so its digits are only as good as that.
            if len(losses) == len(run.log) and np.allclose(losses, run.log, rtol=1e-2):
                found.append(rate)
    return found


def _found_steps(name: str, words: str, optimizer, begins, runs) -> Iterator[Suspect]:
    """The suspects with such steps, see `STEPS`, to which the logs of batch descent lead."""

    def steps(run: TrainingRun, numbers) -> dict:
        return {"optimizer": optimizer(run.right.rate, run.batches, *numbers)}

    found = []
    for run in _whole(runs):
        numbers = _numbers(run, partial(steps, run), begins)
        if numbers is None:
            return
        found.append(numbers)
    if not found or np.ptp(found, axis=0).max() > 1e-2 * (1 + np.abs(found).max()):
        return
    middle = np.median(found, axis=0)
    if name == "momentum" and middle[0] > 0.999:
        return  # gradients that are not set back to zero, in other words
    # What was typed in has few digits.
    for digits in (1, 2, 3, 6):
        short = tuple(float(f"{number:.{digits}g}") for number in middle)
        if np.allclose(short, middle, rtol=1e-2, atol=1e-4):
            change = {"by": partial(steps, numbers=short)}
            yield _form("steps", change, step=name, words=words.format(*short))


def _numbers(run: TrainingRun, steps, begins) -> np.ndarray | None:
    """The numbers with which such steps give the beginning of a log; None if there are none."""
    starts = run.starts()
    if not starts:
        return None
    log = run.log[:BEGINNING]
    descent = run.right.with_(start=tuple(map(float, starts[0])), epochs=len(log))
    tried = (fitted(log, run.points, lambda n: descent.with_(**steps(n)), b) for b in begins)
    return next((numbers for numbers in tried if numbers is not None), None)
