"""Judging the logs of a training function that draws its own start.

The start is asked for (:mod:`labchecks.engine.start`). Then the right run, and the run of each
known mistake, is followed from there and compared with the log.

A case is data, a rate, a number of epochs, a seed and perhaps a batch size. What a case can tell
depends on its data:

* without batches, or with one batch of all rows, the order of the rows has no effect;
* with all rows alike it has none either: this tests how many updates an epoch has;
* on two to four rows every order can be followed, so a shuffled run is judged as strictly as one
  that takes the rows in the order given;
* on more rows a run in the given order is judged strictly; of a shuffled one only its final level
  can be told, and the judge says no more than that.
"""

import itertools
import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from labchecks.ask.training import MOST_CALLS
from labchecks.chart import Chart
from labchecks.engine import suspects as known
from labchecks.engine.compare import shown
from labchecks.engine.diagnosis import describe
from labchecks.engine.model_calls import rows_held_out, steps_are_right, typed_size
from labchecks.engine.run import points_of, simulate
from labchecks.engine.start import TOO_LARGE, allowed_error, descends, follows, predict
from labchecks.engine.training_runs import RIGHT, Suspect, TrainingRun
from labchecks.engine.unusable import unusable
from labchecks.engine.wrong_length import wrong_length
from labchecks.feedback import Feedback, correct, incorrect, not_checked, partial
from labchecks.judges.training_cases import batch_cases, mini_batch_cases
from labchecks.registry import Answer, Case, Practice

#: Numbers that a student types have at most four decimals; a drawn float32 seldom comes so near.
DECIMALS = 10_000

#: How exactly a start is known, relative to its size.
SAME = 1e-4

#: First loss, in units of one of a start of size one, from which on the targets are lost in what
#: rounding may do: at a tenth of it they still show.
FAR_OUT = 1e6

#: Share of the least-squares loss below which no epoch's mean of batch losses comes: of simulated
#: runs in shuffled order none comes below nine tenths.
LEAST = 0.5

#: How far a descent comes down at least, in units of what rounding may do to a loss.
CLEARLY = 100.0

#: Epochs of a quick case. The first loss tells no run from another where the start is open.
QUICK = (1, 2, 4)

Runs = Sequence[TrainingRun]


@dataclass(frozen=True)
class TrainingJudge:
    """Judges the logs that a training function returned.

    Attributes
    ----------
    name : str
        The function's name.
    data : tuple of (str, int)
        Name and seed of the lab's own data, to recognise a function that reads it by its name.
    """

    name: str
    data: tuple[str, int]

    def __call__(self, cases: Sequence[Case], answers: Sequence[Answer]) -> Feedback:
        """The verdict on all calls, as :func:`labchecks.ask.training.ask_training` makes them."""
        if unreadable := _unreadable(self.name, cases, answers):
            return unreadable
        runs = list(map(TrainingRun, cases, answers))
        if any(len(run.log) != run.epochs for run in runs):
            return _wrong_length(self.name, runs)
        verdict = _verdict(runs)
        if verdict.obeys:
            feedback = _accepted(self.name, runs, verdict)
        else:
            feedback = _refused(self.name, runs, verdict, self.data)
        return (feedback.share > 0 and _far_out(self.name, runs)) or feedback

    def chart(self, cases: Sequence[Case], answers: Sequence[Answer]) -> Chart | None:
        """The first log that is not as asked for, where no order of rows matters to it.

        Where it matters, some order leads to almost any of the losses: there is nothing to see.
        """
        for case, answer in zip(cases, answers, strict=True):
            if answer.get("kind") != "numbers":
                continue
            run = TrainingRun(case, answer)
            for start in run.starts()[:1] if run.orderless else ():
                where = f"with {len(run.points)} rows, at rate {case['lr']:g}"
                if chart := Chart.of(run.log, predict(run.right, run.points, start), where=where):
                    return chart
        return None

    def may_be_right(self, cases: Sequence[Case], answers: Sequence[Answer]) -> bool:
        """A quick look: may a right program answer so, perhaps to the first cases only?"""
        if _unreadable(self.name, cases, answers):
            return False
        runs = list(map(TrainingRun, cases, answers))
        # A quick case tells the start by the model's calls alone, and has no end to be judged by.
        runs = [
            run
            for run in runs
            if run.case.get("alike", True) or (len(run.calls) and not run.open_order)
        ]
        if any(len(run.log) != run.epochs for run in runs):
            return False
        every = any(run.told() is None for run in runs)
        return not runs or False not in _verdict(runs, every=every).each

    def quick_cases(self, case: Case) -> list[Case]:
        """Cases that a right program passes as well, and that take less time: fewer epochs.

        The start is told by the model's calls alone, or asked for; all rows are in one batch then.
        """
        whole = {**case, "batch_size": len(case["x"])} if "batch_size" in case else case
        return [
            {**one, "num_epochs": min(k, case["num_epochs"]), "alike": alike}
            for one, alike in ((whole, False), (case, False), (whole, True))
            for k in QUICK
        ]


# Following ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Verdict:
    """Which runs are explained: True, False, or None where the data cannot tell.

    `starts` has the start of each run that is; `shuffled` says that the runs were taken in other
    orders than the given one, `reordered` that some run is explained in another order only.
    """

    each: list[bool | None]
    starts: list[np.ndarray | None]
    shuffled: bool = False
    reordered: bool = False

    @property
    def obeys(self) -> bool:
        return False not in self.each and True in self.each


def _verdict(runs: Runs, suspect: Suspect = RIGHT, every: bool = False) -> _Verdict:
    """Whether every log is that of the right run, or of a suspect, from the start asked for.

    A suspect is dropped at the first log that speaks against it.
    """
    each: list[bool | None] = [None] * len(runs)
    starts: list[np.ndarray | None] = [None] * len(runs)
    in_order = _Verdict(each, starts)
    # Those first that tell most and cost least.
    ranked = sorted(enumerate(runs), key=lambda one: (one[1].open_order, one[1].few))
    for k, run in ranked:
        each[k], starts[k] = _followed(run, suspect, every)
        if suspect is not RIGHT and each[k] is False:
            if not suspect.any_order or run.alike or _order_free(run, suspect):
                return in_order
            if run.few:
                break  # not in the given order, so the rows that are left need not be tried in it
    failed = [run for k, run in ranked if each[k] is False]
    # A few rows that were shuffled once may lie as before by chance, and rows along x may have been
    # sorted; many rows in disorder that are taken in it were neither.
    if (
        all(run.orderless for run in failed)
        or (suspect is RIGHT and any(run.orderless for run in failed))
        or any(each[k] for k, run in ranked if run.open_order and not _one_way(run.case["x"]))
    ):
        return in_order
    reordered = False
    for k, run in ranked:
        if each[k]:
            continue
        if run.few:
            each[k], starts[k] = _followed(run, suspect, every, suspect.dealt)
            reordered = reordered or bool(each[k])
            if each[k] is False and suspect is not RIGHT:
                break
        elif run.open_order:
            # Of a suspect's shuffled run not even the end is known.
            plausible = _plausible_end(run) if suspect is RIGHT else _called(run, suspect)
            each[k] = None if plausible else False
        elif each[k] is False:
            each[k] = None  # the suspect cuts into batches what should be one
    return _Verdict(each, starts, True, reordered)


def _followed(
    run: TrainingRun, suspect: Suspect = RIGHT, every: bool = False, dealt: str = ""
) -> tuple[bool | None, np.ndarray | None]:
    """Whether the log follows, with the rows in the order given or dealt, and from which start."""
    made = suspect.make(run)
    if made is None:
        return None, None
    starts = run.starts(suspect, every)
    if made[0] == run.right and run.one_batch and not starts:
        # It draws from a source of its own, and computes without the model.
        return descends(made[1], run.right.rate, made[2], run.digits), None
    told: bool | None = False
    for start in starts:
        found = follows(*made, start, run.digits, dealt)
        if found:
            return True, start
        told = None if found is None else told
    return told, None


def _order_free(run: TrainingRun, suspect: Suspect) -> bool:
    """Whether an algorithm uses all rows in every update, whatever their order."""
    descent, points, _ = suspect.make(run)
    return (descent.batch_size or len(points)) >= len(points) or descent.batches == "all"


def _one_way(values: Sequence[float]) -> bool:
    return sorted(values) in (list(values), list(values)[::-1])


def _plausible_end(run: TrainingRun) -> bool:
    """Whether a shuffled run settles near the least loss, or is still on its way down."""
    log, least = run.log, run.points.least_loss
    if not np.isfinite(log).all() or log.min() < LEAST * least:
        return False
    return bool(log[-3:].mean() <= max(3 * least, 0.5 * log[0]))


def _called(run: TrainingRun, suspect: Suspect) -> bool:
    """Whether the model was called as often as the suspect's updates lead to, if it was at all.

    For each of them one to three times, and perhaps once more in each epoch and after the last.
    """
    calls, made = len(run.calls), suspect.make(run)
    if made is None or not 0 < calls < MOST_CALLS:
        return True
    updates = simulate(*made[:2]).updates
    return any(0 <= calls - each * updates <= run.epochs + 1 for each in (1, 2, 3))


# Accepting ------------------------------------------------------------------------------------


def _accepted(name: str, runs: Runs, verdict: _Verdict) -> Feedback:
    if at_rest := _at_rest(name, runs):
        return at_rest
    if _negated(runs):
        return _named(known.NEGATED, runs)
    if not_random := _not_random(runs, verdict):
        text = f"`{name}` trains and records correctly, {not_random}"
        return partial(0.9, text, "start not random")
    sizes = " and rates" if runs[0].right.batch_size is None else ", rates and batch sizes"
    if verdict.shuffled:
        return correct(
            f"`{name}` obeys the law of mini-batch descent in shuffled order: every log follows "
            "from one start and one order of the rows. Where there are too many orders to follow, "
            "only the level that the losses reach was checked."
        )
    return correct(
        f"`{name}` obeys the law of gradient descent on all data sets{sizes} that were "
        "tried: each log follows, to the last digit that single precision has, from one start."
    )


def _at_rest(name: str, runs: Runs) -> Feedback | None:
    """Feedback where no descent is seen on a good part of the data sets.

    The end of a descent obeys its law too, from a start at the minimum. A drawn start is that near
    to it on one data set by chance, such as whole numbers on a line with whole coefficients.
    """
    data = {run.points for run in runs}
    still = len(data - {run.points for run in runs if _comes_down(run)})
    if still < len(data) and still < max(2, len(data) / 3):
        return None
    return incorrect(
        f"From first to last the losses that `{name}` returns hardly change: nothing descends. "
        "From a random start the first losses are far above the last ones. Look at where weight "
        "and bias begin, and at which losses you return.",
        "nothing descends",
    )


def _comes_down(run: TrainingRun) -> bool:
    # A run that leaves all bounds is not at rest either.
    if not (np.abs(run.log) < TOO_LARGE).all():
        return True
    return np.ptp(run.log) > CLEARLY * allowed_error(run.log, run.points, run.digits).max()


def _far_out(name: str, runs: Runs) -> Feedback | None:
    """Feedback for a run that began too far away to tell anything of its targets."""
    for run in runs:
        usual = 1 + (run.points.x**2).mean() + (run.points.y**2).mean()
        if np.isfinite(run.log[0]) and run.log[0] > FAR_OUT * usual:
            return incorrect(
                f"The first loss that `{name}` returns, {shown(run.log[0])}, is that of a start so "
                "far away that single precision loses the targets in it, so nothing can be said of "
                "the steps. Look at how large the start is that you draw; `torch.randn(1)` is of "
                "the right size.",
                "start far out",
            )
    return None


def _negated(runs: Runs) -> bool:
    """Whether the model's parameters are those of a run with the other sign.

    With the targets' sign wrong, the losses are those of the right run from the mirrored start.
    """
    told = [(run.told(), run.calls[0]) for run in runs if len(run.calls)]
    # A start at zero is its own mirror image.
    both = [(a, b) for a, b in told if a is not None and np.abs(b).max() > 0.01]
    return bool(both) and all(_near(-asked, called) for asked, called in both)


def _near(one: np.ndarray, other: np.ndarray) -> bool:
    """Whether these are one place, as exactly as a start is known."""
    return bool(np.abs(one - other).max() <= SAME * (1 + np.abs(other).max()))


def _not_random(runs: Runs, verdict: _Verdict) -> str:
    """What is not drawn afresh in every call; empty if nothing is seen of that."""
    found = [(run.case["seed"], s) for run, s in zip(runs, verdict.starts) if s is not None]
    # With one seed there may be one draw.
    starts = np.array([start for _, start in found if len({seed for seed, _ in found}) > 1])
    same = [False, False]
    if len(starts):
        same = np.ptp(starts, axis=0) <= SAME * (1 + np.abs(starts).max())
    # A start that is drawn after seeding is the same as well, but has more digits.
    if all(same) and _few_decimals(starts).all():
        w, b = map(shown, starts[0])
        return (
            f"but it starts at the same weight {w} and bias {b} every time. Look at how the start "
            "is drawn."
        )
    if _goes_on(runs):
        return (
            "but each call goes on where the call before it ended, instead of from a start of its "
            "own. Look at where weight and bias are made."
        )
    for axis, fixed, drawn in ((0, "weight", "bias"), (1, "bias", "weight")):
        other = starts[:, 1 - axis] if same[axis] else np.zeros(1)
        # Numbers of few decimals, such as random integers, coincide by chance.
        if np.ptp(other) > 0.01 and not _few_decimals(other, 100).all():
            value = shown(float(np.round(starts[0, axis], 5) + 0.0))
            return (
                f"and its {drawn} starts afresh every time, but its {fixed} always starts at "
                f"{value}. Look at how each of the two is drawn."
            )
    return ""


def _few_decimals(starts: np.ndarray, parts: int = DECIMALS) -> np.ndarray:
    """Whether numbers may have been typed, or drawn among few."""
    return np.abs(np.round(parts * starts) / parts - starts) <= 2e-6 * (1 + np.abs(starts))


def _goes_on(runs: Runs) -> bool:
    """Whether runs begin where the run before them ended: weight and bias outlive the call.

    Then the start that is asked for after a run, at rate 0, is where that run ended.
    """
    met = [
        _near(after.calls[0], end)
        for before, after in itertools.pairwise(runs)
        if len(before.calls) and len(after.calls) and (end := before.told()) is not None
        if not _near(before.calls[0], end)
    ]
    return len(met) >= 2 and sum(met) > len(met) / 2


# Refusing -------------------------------------------------------------------------------------


def _culprit(runs: Runs, right: _Verdict, lab_data: tuple[str, int]) -> Suspect | None:
    """The first suspect that explains every log, or else all of those that can tell."""
    size = typed_size(runs)
    if size is not None:
        return known.of_size(size)
    maybe = None
    for suspect in itertools.chain(
        known.all_suspects(runs, lab_data),
        known.found_rates(runs),
        known.more_suspects(runs),
        _last_suspects(),
    ):
        verdict = _verdict(runs, suspect)
        # What the right law explains as well is no evidence.
        explains = any(
            fine and not before for fine, before in zip(verdict.each, right.each, strict=True)
        )
        if verdict.obeys and explains:
            if suspect.mistake.name == "nothing moves" and any(run.moves for run in runs):
                suspect = known.RESTART
            if suspect.mistake.name == known.SIZE_TYPED and verdict.shuffled:
                suspect = known.OTHER_SIZE
            if None not in verdict.each or verdict.reordered:
                return suspect
            maybe = maybe or suspect
    return maybe


def _last_suspects() -> Iterator[Suspect]:
    """Mistakes that are told on some of the cases only."""

    def right_but_dealt(run: TrainingRun):
        unlike = run.few and not _followed(run, dealt="any")[0]
        return RIGHT.make(run) if run.alike or unlike else None

    yield replace(known.REPLACED, make=right_but_dealt, dealt="replaced")
    yield replace(known.UNPAIRED, make=right_but_dealt, dealt="unpaired")
    # The start is known from the model's calls alone.
    for suspect in known.absolute_errors():
        make = suspect.make
        yield replace(suspect, make=lambda run, make=make: make(run) if run.orderless else None)


def _named(suspect: Suspect, runs: Runs) -> Feedback:
    run, mistake = runs[0], suspect.mistake
    text = describe([mistake], run.log, run.right, rate="`lr`").text
    # The catalogue speaks of w and b; in this lab they are called weight and bias.
    for short, full in (("w", "weight"), ("b", "bias")):
        text = text.replace(f"`{short}.grad`", f"`{full}.grad`").replace(f"`{short}`", f"`{full}`")
    return partial(suspect.share, text, mistake.name)


def _refused(name: str, runs: Runs, verdict: _Verdict, lab_data: tuple[str, int]) -> Feedback:
    if typed := _typed(name, runs):
        return typed
    if culprit := _culprit(runs, verdict, lab_data):
        return _named(culprit, runs)
    # It may have looked at the loss elsewhere before it began.
    if (later := _verdict(runs, every=True)).obeys:
        return _accepted(name, runs, later)
    for holds, suspect in (
        (_foreign, known.all_suspects(runs, lab_data)[-1]),
        (rows_held_out, known.HELD_OUT),
        (_restarts, known.RESTART),
    ):
        if holds(runs):
            return _named(suspect, runs)
    if at_rest := _at_rest(name, runs):
        return at_rest
    if all(_unrepeatable(run) and not len(run.calls) for run in runs):
        return not_checked(
            f"`{name}` draws its start from a source that gives another one at every call, "
            "whatever seed is set, and does not use the model that it is given. So its losses "
            "could not be followed. Draw the start with `torch.randn`, or call `model`."
        )
    return _unknown(name, runs, verdict)


def _unrepeatable(run: TrainingRun) -> bool:
    """Whether the start is another one when it is asked for again."""
    again = set(run.answer.get("again", []))
    return len(again) == 1 and again != set(run.answer["asked"][:1])


def _typed(name: str, runs: Runs) -> Feedback | None:
    """Feedback for logs that are the same for different data."""
    for a, b in itertools.combinations(runs, 2):
        n = min(len(a.log), len(b.log))
        if n > 2 and a.case["x"] != b.case["x"] and np.array_equal(a.log[:n], b.log[:n]):
            return incorrect(
                f"`{name}` returns the same losses for different data and rates, beginning with "
                f"{shown(a.log[0])}: they were not computed from its arguments. Look at where the "
                "numbers come from.",
                "constants typed in",
            )
    return None


def _foreign(runs: Runs) -> bool:
    """Whether the model was always called with rows of other data."""
    asked = [run for run in runs if run.case.get("lab") is not True and len(run.calls)]
    return bool(asked) and all(run.answer.get("foreign") == len(run.calls) for run in asked)


def _restarts(runs: Runs) -> bool:
    """Whether each epoch begins with parameters of its own.

    At rate 0 nothing else moves them. With a rate of its own a run would go one way.
    """
    many = [run for run in runs if run.batches > 1]
    if many and all(map(_begins_at_one_place, many)):
        return True
    each = [run.answer.get("again", []) for run in runs if run.told() is not None]
    turns = sum(not _one_way(again) for again in each)
    return 2 * turns > len(runs) and all(len(set(again)) == len(again) for again in each)


def _begins_at_one_place(run: TrainingRun) -> bool:
    """Whether every epoch begins with the same parameters, and moves from there."""
    if not len(run.calls) or len(run.calls) != run.batches * run.epochs:
        return False
    return bool(np.ptp(run.calls[:: run.batches], axis=0).max() == 0) and run.moves


def _unknown(name: str, runs: Runs, verdict: _Verdict) -> Feedback:
    """No known mistake matches: say what the numbers show."""
    obeyed = [run for run, fine in zip(runs, verdict.each, strict=True) if fine]
    failed = [run for run, fine in zip(runs, verdict.each, strict=True) if fine is False]
    # Of what is told on a few rows or of one batch more can be said.
    broken = min(failed, key=lambda run: run.open_order or run.alike)
    log, batches = broken.log, broken.right.batch_size is not None
    first, last = shown(log[0]), shown(log[-1])
    bad = next((k for k, value in enumerate(log) if not abs(value) < TOO_LARGE), None)
    if bad == 0 and np.isnan(log[0]):
        return incorrect(
            f"The very first of your {len(log)} losses is nan, which is no number. A mean over no "
            "rows is one way to get it. Look at which rows enter each loss.",
            "not finite",
        )
    if bad is not None:
        return incorrect(
            f"Loss {bad + 1} of {len(log)} is {shown(log[bad])}: the run has grown beyond all "
            "bounds, though the rate is one at which gradient descent converges. Look at how long "
            "each step is, at its direction, and at whether the data are those of the arguments.",
            "not finite",
        )
    if (broken.one_batch or broken.few) and steps_are_right(runs):
        what = "mean of its batch losses, each" if batches else "loss with all rows"
        return partial(
            known.RIGHT_STEPS,
            f"The steps are right, but the values that `{name}` returns, from {first} to {last}, "
            f"are not those of the epochs: each should be its epoch's {what} before the update. "
            "Look at what happens to the losses before they are returned.",
            "recorded losses differ",
        )
    if log.min() < 0:
        return incorrect(
            f"One of the losses is {shown(log.min())}, and a mean of squares cannot be negative. "
            "Look at what you record.",
            "negative loss",
        )
    if broken.case.get("lab") is not True and any(run.case.get("lab") for run in obeyed):
        sizes = "rates, batch sizes and" if batches else "rates and"
        return incorrect(
            f"In the lab's own run `{name}` obeys the law of gradient descent; with other data, "
            f"{sizes} numbers of epochs it does not. Look at what it takes for granted: names that "
            "come from outside the function, numbers that are typed in, and steps that are unlike "
            "the others.",
            "works on the lab's data only",
        )
    up = next((k for k in range(1, len(log)) if log[k] > 1.001 * log[k - 1]), None)
    if up is not None and not batches:
        return incorrect(
            f"Your loss rises from {shown(log[up - 1])} to {shown(log[up])} in epoch {up + 1}. At "
            "a rate that converges, one step on all rows can only lower it. Look at what each "
            "update uses.",
            "law broken",
        )
    step = "one update for each batch" if batches else "one update with all rows"
    return incorrect(
        f"Your losses, from {first} through {shown(log[min(1, len(log) - 1)])} to {last}, do not "
        f"follow from any start by {step} at rate `lr`. Look at which rows, which gradient and "
        "which rate each update uses, and at when each loss is taken.",
        "law broken",
    )


# Answers that are no logs ---------------------------------------------------------------------


def _unreadable(name: str, cases: Sequence[Case], answers: Sequence[Answer]) -> Feedback | None:
    for index, (case, answer) in enumerate(zip(cases, answers, strict=True)):
        rows, size = len(case["x"]), case.get("batch_size", 1)
        where = "on other data than the lab's own"
        if size > rows:
            where = "with a batch size larger than the number of rows"
        elif rows % size:
            where = "with a batch size that does not divide the number of rows"
        where = f"It happened {where}." if index else ""
        wanted = "one loss for each epoch"
        if found := unusable(answer, name, wanted, function=True, circumstance=where):
            return found
    return None


def _wrong_length(name: str, runs: Runs) -> Feedback:
    asked = list(zip(*((run.answer, run.epochs, run.batches) for run in runs)))
    found = wrong_length(name, *asked)
    if found.mistake == "number of epochs typed in":
        return _typed(name, runs) or found
    if found.mistake != "wrong number of epochs":
        return found
    for argument in ("x", "y"):
        given = [run.case[argument] for run in runs]
        if all(len(run.log) == len(g) and np.allclose(run.log, g) for run, g in zip(runs, given)):
            return incorrect(
                f"`{name}` returns its argument `{argument.upper()}`, not its losses. Look at its "
                "last line.",
                "argument returned",
            )
    if typed := _typed(name, runs):
        return typed
    as_long = [replace(run, case={**run.case, "num_epochs": len(run.log)}) for run in runs]
    if min(len(run.log) for run in runs) == 1 or not _verdict(as_long).obeys:
        return found
    one_off = all(abs(len(run.log) - run.epochs) <= 1 for run in runs)
    said = wrong_length(name, *asked, also="; those that are there obey the law")
    return partial(known.RIGHT_STEPS if one_off else 0.0, said.text, said.mistake)


# The short form of a practice -----------------------------------------------------------------


def training_practice(
    id: str,
    *,
    title: str,
    points: float,
    name: str,
    data: str,
    run: Mapping[str, Any],
    seed: int = 0,
) -> Practice:
    """A practice that asks for a training function with a start of its own.

    Parameters
    ----------
    id, title, points
        See :class:`labchecks.registry.Practice`.
    name : str
        What the function is called.
    data : str
        The lab's own data, a function of :mod:`labhelpers.data`.
    run : mapping
        The call on these data in the check cell: ``seed``, ``lr``, ``num_epochs`` and, if the
        function is to work in batches, ``batch_size``.
    seed : int
        Of the other cases of the check cell.
    """
    points_ = points_of(data, 1)
    x, y = ([round(float(v), 6) for v in values] for values in (points_.x, points_.y))
    lab = {"x": x, "y": y, "lab": True, **run}

    def drawn(rng: random.Random, visible: bool = False) -> list[dict[str, Any]]:
        if "batch_size" in run:
            return mini_batch_cases(rng)
        return batch_cases(rng, [12] if visible else [rng.randint(8, 15), rng.randint(20, 40)])

    return Practice.drawn(
        "training",
        TrainingJudge(name, (data, 1)),
        drawn,
        id=id,
        title=title,
        points=points,
        visible=lambda: [lab, *drawn(random.Random(seed), visible=True)],
    )
