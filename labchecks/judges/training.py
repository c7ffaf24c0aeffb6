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

from __future__ import annotations

import itertools
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from labchecks.ask.training import MOST_CALLS
from labchecks.chart import Chart
from labchecks.engine.compare import shown
from labchecks.engine.diagnosis import climb
from labchecks.engine.mistakes import Mistake
from labchecks.engine.model_calls import (
    begins_anew,
    rows_held_out,
    rows_twice,
    steps_are_right,
    typed_size,
)
from labchecks.engine.run import points_of, simulate
from labchecks.engine.start import (
    TOO_LARGE,
    allowed_error,
    descends,
    follows,
    follows_in_some_order,
    predict,
)
from labchecks.engine.suspects import (
    HELD_OUT,
    NEGATED,
    OTHER_SIZE,
    REPLACED,
    RESTART,
    RIGHT_STEPS,
    SIZE_TYPED,
    UNPAIRED,
    absolute_errors,
    all_suspects,
    found_rates,
    more_suspects,
    of_size,
)
from labchecks.engine.too_many import too_many
from labchecks.engine.training_runs import Suspect, TrainingRun
from labchecks.engine.unusable import unusable
from labchecks.feedback import Feedback, correct, incorrect, not_checked, partial
from labchecks.judges.drawn import drawn_practice
from labchecks.judges.training_cases import batch_cases, mini_batch_cases
from labchecks.registry import Practice

__all__ = ["TrainingJudge", "training_practice"]

#: How exactly the start is known that the model was called with.
EXACT = 1e-6

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

Case = Mapping[str, Any]
Answer = Mapping[str, Any]


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
        if not cases or len(cases) != len(answers):
            return not_checked(f"No answer for `{self.name}` reached the check.")
        unreadable = _unreadable(self.name, cases, answers)
        if unreadable is not None:
            return unreadable
        runs = [TrainingRun.of(case, answer) for case, answer in zip(cases, answers, strict=True)]
        if any(len(run.log) != run.epochs for run in runs):
            found = too_many(self.name, answers, [run.epochs for run in runs])
            return found or _wrong_length(self.name, runs)
        verdict = _verdict(runs)
        if not verdict.obeys and (later := _verdict(runs, every=True)).obeys:
            # It looked at the loss elsewhere before it began; or a mistake leads to the same log.
            verdict = verdict if _culprit(runs, verdict, self.data) else later
        if verdict.obeys:
            feedback = _accepted(self.name, runs, verdict)
        else:
            feedback = _refused(self.name, runs, verdict, self.data)
        if feedback.share > 0 and (far := _far_out(runs)) is not None:
            return incorrect(
                f"The first loss that `{self.name}` returns, {shown(far)}, is that of a start so "
                "far away that single precision loses the targets in it, so nothing can be said of "
                "the steps. Look at how large the start is that you draw; `torch.randn(1)` is of "
                "the right size.",
                "start far out",
            )
        return feedback

    def chart(self, cases: Sequence[Case], answers: Sequence[Answer]) -> Chart | None:
        """The first log that is not as asked for, where no order of rows matters to it.

        Where it matters, some order leads to almost any of the losses: there is nothing to see.
        """
        for case, answer in zip(cases, answers, strict=True):
            if answer.get("kind") != "numbers":
                continue
            run = TrainingRun.of(case, answer)
            starts = run.starts() if run.one_batch or run.alike else []
            if starts and (right := predict(run.right, run.points, starts[0])).size:
                where = f"with {len(run.points)} rows, at rate {case['lr']:g}"
                chart = Chart.of(run.log, right, where=where)
                if chart is not None:
                    return chart
        return None

    def may_be_right(self, cases: Sequence[Case], answers: Sequence[Answer]) -> bool:
        """Whether these answers, perhaps to the first cases only, can be a right program's.

        A quick look that does not ask what went wrong.
        """
        if _unreadable(self.name, cases, answers) is not None:
            return False
        runs = [TrainingRun.of(case, answer) for case, answer in zip(cases, answers, strict=True)]
        # A quick case tells the start by the model's calls alone, and has no end to be judged by.
        runs = [
            run
            for run in runs
            if run.case.get("alike", True) or (len(run.calls) and not run.open_order)
        ]
        if any(len(run.log) != run.epochs or _is_elsewhere(run) for run in runs):
            return False
        every = any(run.told() is None for run in runs)
        return not runs or False not in _verdict(runs, every=every).each

    def quick_cases(self, case: Case) -> list[Case]:
        """Cases that a right program passes as well, and that take less time: fewer epochs.

        The start is told by the model's calls alone, or asked for; all rows are in one batch then.
        """
        whole = {**case, "batch_size": len(case["x"])} if "batch_size" in case else case
        ways = ((whole, False), (case, False), (whole, True))
        return [
            {**one, "num_epochs": min(k, case["num_epochs"]), "alike": alike}
            for one, alike in ways
            for k in QUICK
        ]


def _is_elsewhere(run: TrainingRun) -> bool:
    """Whether the losses are clearly not those of the right run, where the rows' order is known."""
    right, starts = run.right, run.starts()
    if not (run.one_batch or run.alike):
        order = _order_of(run)
        if order is None:
            return False
        right = right.with_(order=order)
    near = 1e-3 * abs(run.log[0])
    with np.errstate(all="ignore"):
        losses = [predict(right, run.points, start) for start in starts]
    return bool(losses) and not any(
        np.allclose(one, run.log, rtol=0.05, atol=near, equal_nan=True) for one in losses
    )


def _order_of(run: TrainingRun) -> tuple[tuple[int, ...], ...] | None:
    """The rows of each epoch, where the model was called once for each batch of them.

    The short batch may come first in a right run, too; that is no order of the rows alone.
    """
    size = run.right.batch_size
    batches = -(-len(run.points) // size)
    if len(run.rows) != batches * run.epochs:
        return None
    epochs = [run.rows[k : k + batches] for k in range(0, len(run.rows), batches)]
    order = tuple(tuple(itertools.chain(*epoch)) for epoch in epochs)
    every = list(range(len(run.points)))
    whole = all(len(batch) == size for epoch in epochs for batch in epoch[:-1])
    return order if whole and all(sorted(epoch) == every for epoch in order) else None


@dataclass(frozen=True)
class _Verdict:
    """Which runs are explained: True, False, or None where the data cannot tell.

    `starts` has the start of each run that is; `shuffled` says that the runs were taken in other
    orders than the given one, `reordered` that some run is explained in another order only.
    """

    each: tuple[bool | None, ...]
    starts: tuple[np.ndarray | None, ...]
    shuffled: bool = False
    reordered: bool = False

    @property
    def obeys(self) -> bool:
        return False not in self.each and True in self.each


def _verdict(
    runs: Sequence[TrainingRun], suspect: Suspect | None = None, every: bool = False
) -> _Verdict:
    """Whether every log is that of the right run, or of a suspect, from the start asked for.

    A suspect is dropped at the first log that speaks against it.
    """
    each: list[bool | None] = [None] * len(runs)
    starts: list[np.ndarray | None] = [None] * len(runs)
    made = [_made(run, suspect) for run in runs]
    strict = [k for k, run in enumerate(runs) if run.one_batch or run.alike]
    few = [k for k, run in enumerate(runs) if run.few]
    wide = [k for k, run in enumerate(runs) if run.open_order]
    untold: list[int] = []
    for k in [*strict, *few, *wide]:
        if made[k] is not None:
            each[k], starts[k] = _followed(runs[k], made[k], suspect, every)
        if each[k] is not False or suspect is None:
            continue
        if not suspect.any_order or runs[k].alike or _order_free(*made[k][:2]):
            return _Verdict(tuple(each), tuple(starts))
        if k in strict:
            each[k] = None  # the suspect cuts into batches what should be one
            untold.append(k)
        elif k in few:
            break  # not in the given order, so the rows that are left need not be tried in it
    # A few rows that were shuffled once may lie as before by chance, and rows along x may have been
    # sorted; many rows in disorder that are taken in it were neither.
    in_order = any(each[k] and not _along_x(runs[k]) for k in wide)
    if untold and False not in each:
        each = [False if k in untold else v for k, v in enumerate(each)]
        return _Verdict(tuple(each), tuple(starts))
    if False not in each or in_order or any(each[k] is False for k in strict):
        return _Verdict(tuple(each), tuple(starts))
    reordered = False
    # The rows come in another order. On a few rows every order can be tried.
    for k in few:
        if made[k] is None or each[k]:
            continue
        each[k], starts[k] = _in_any_order(runs[k], made[k], suspect, every)
        reordered = reordered or bool(each[k])
        if each[k] is False and suspect is not None:
            return _Verdict(tuple(each), tuple(starts), shuffled=True)
    for k in wide:
        if not each[k]:
            # Of a suspect's shuffled run not even the end is known.
            plausible = _plausible_end(runs[k]) if suspect is None else _called(runs[k], made[k])
            each[k] = None if plausible else False
    return _Verdict(tuple(each), tuple(starts), True, reordered)


def _followed(run: TrainingRun, made, suspect: Suspect | None, every: bool):
    """Whether the rows in the order given lead to the log, and from which start."""
    descent, points, log = made
    told: bool | None = False
    for start in run.starts(suspect, every):
        found = follows(descent, points, log, start, run.digits)
        if isinstance(found, np.ndarray):
            return True, found
        told = None if found is None else told
    if run.one_batch and descent == run.right and not len(run.starts()):
        # It draws from a source of its own, and computes without the model.
        told = descends(points, run.right.rate, log, run.digits)
    return told, None


def _in_any_order(run: TrainingRun, made, suspect: Suspect | None, every: bool):
    """The same over all orders of the rows; a right run may also take the short batch earlier."""
    descent, points, log = made
    told: bool | None = False
    for start in run.starts(suspect, every):
        for dealt in ("short last", "short first", "batches")[: 3 if suspect is None else 1]:
            found = follows_in_some_order(descent, points, log, start, run.digits, dealt)
            if found:
                return True, start
            told = None if found is None else told
    return told, None


def _order_free(descent, points) -> bool:
    """Whether an algorithm uses all rows in every update, whatever their order."""
    whole = descent.batch_size is None or descent.batch_size >= len(points)
    return whole or getattr(descent, "batches", "") == "all"


def _along_x(run: TrainingRun) -> bool:
    steps = np.diff(run.points.x)
    return bool((steps >= 0).all() or (steps <= 0).all())


def _made(run: TrainingRun, suspect: Suspect | None):
    return (run.right, run.points, run.log) if suspect is None else suspect.make(run)


def _plausible_end(run: TrainingRun) -> bool:
    """Whether a shuffled run settles near the least loss, or is still on its way down."""
    log = run.log
    if not np.isfinite(log).all() or log.min() < LEAST * run.points.least_loss:
        return False
    end = log[-3:].mean()
    return bool(end <= max(3 * run.points.least_loss, 0.5 * log[0]))


def _called(run: TrainingRun, made) -> bool:
    """Whether the model was called as often as the suspect's updates lead to, if it was at all.

    For each of them one to three times, and perhaps once more in each epoch and after the last.
    """
    calls = len(run.calls)
    if made is None or not 0 < calls < MOST_CALLS:
        return True
    with np.errstate(all="ignore"):
        updates = simulate(*made[:2]).updates
    return any(0 <= calls - each * updates <= run.epochs + 1 for each in (1, 2, 3))


# Accepting ------------------------------------------------------------------------------------


def _accepted(name: str, runs: Sequence[TrainingRun], verdict: _Verdict) -> Feedback:
    if _at_rest(runs):
        return _nothing_descends(name)
    if _negated(runs):
        return _named(name, NEGATED, runs)
    start = _fixed_start(runs, verdict)
    if start is not None:
        return partial(
            0.9,
            f"`{name}` trains and records correctly, but it starts at the same weight "
            f"{shown(start[0])} and bias {shown(start[1])} every time. Look at how the start is "
            "drawn.",
            "start not random",
        )
    if _goes_on(runs):
        return partial(
            0.9,
            f"`{name}` trains and records correctly, but each call goes on where the call before "
            "it ended, instead of from a start of its own. Look at where weight and bias are made.",
            "start not random",
        )
    alone = _one_fixed(runs, verdict)
    if alone is not None:
        fixed, drawn, value = alone
        return partial(
            0.9,
            f"`{name}` trains and records correctly, and its {drawn} starts afresh every time, but "
            f"its {fixed} always starts at {shown(value)}. Look at how each of the two is drawn.",
            "start not random",
        )
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


def _nothing_descends(name: str) -> Feedback:
    return incorrect(
        f"From first to last the losses that `{name}` returns hardly change: nothing descends. "
        "From a random start the first losses are far above the last ones. Look at where weight "
        "and bias begin, and at which losses you return.",
        "nothing descends",
    )


def _at_rest(runs: Sequence[TrainingRun]) -> bool:
    """Whether no descent is seen on a good part of the data sets.

    The end of a descent obeys its law too, from a start at the minimum. A drawn start is that near
    to it on one data set by chance, such as whole numbers on a line with whole coefficients.
    """
    moves: dict[tuple, bool] = {}
    for run in runs:
        data = tuple(run.case["x"]), tuple(run.case["y"])
        moves[data] = moves.get(data, False) or _comes_down(run)
    still = sum(not moved for moved in moves.values())
    return still == len(moves) or still >= max(2, len(moves) / 3)


def _far_out(runs: Sequence[TrainingRun]) -> float | None:
    """The first loss of a run that began too far away to tell anything of its targets."""
    for run in runs:
        usual = 1 + (run.points.x**2).mean() + (run.points.y**2).mean()
        if np.isfinite(run.log[0]) and run.log[0] > FAR_OUT * usual:
            return float(run.log[0])
    return None


def _comes_down(run: TrainingRun) -> bool:
    # A run that leaves all bounds is not at rest either.
    if not (np.isfinite(run.log).all() and (np.abs(run.log) < TOO_LARGE).all()):
        return True
    error = allowed_error(run.log, run.points, run.digits).max()
    return bool(np.ptp(run.log) > CLEARLY * error)


def _negated(runs: Sequence[TrainingRun]) -> bool:
    """Whether the model's parameters are those of a run with the other sign.

    With the targets' sign wrong, the losses are those of the right run from the mirrored start.
    """
    seen = [run for run in runs if len(run.calls) and len(run.starts()) == 2]
    # A start at zero is its own mirror image.
    told = [pair for run in seen if np.abs((pair := run.starts())[1]).max() > 0.01]
    return bool(told) and all(
        np.abs(asked + called).max() <= 1e-3 * (1 + np.abs(called).max()) for asked, called in told
    )


def _fixed_start(runs: Sequence[TrainingRun], verdict: _Verdict) -> np.ndarray | None:
    """The start, if it is the same number in every run, whatever the seed; a drawn one is not."""
    known = _known_starts(runs, verdict)
    if not known or np.ptp(known, axis=0).max() > SAME * (1 + np.abs(known).max()):
        return None
    # A start that is drawn after seeding is the same as well, but has more digits.
    return known[0] if _few_decimals(np.array(known)).all() else None


def _few_decimals(starts: np.ndarray, parts: int = DECIMALS) -> np.ndarray:
    """Whether numbers may have been typed, or drawn among few."""
    return np.abs(np.round(parts * starts) / parts - starts) <= 2e-6 * (1 + np.abs(starts))


def _goes_on(runs: Sequence[TrainingRun]) -> bool:
    """Whether runs begin where the run before them ended: weight and bias outlive the call.

    The end lies about one step beyond the last parameters that the model was called with.
    """
    met = []
    for before, after in itertools.pairwise(runs):
        # After many calls they are no longer noted.
        if not (len(after.calls) and 2 <= len(before.calls) < MOST_CALLS):
            continue
        first, last = before.calls[0], before.calls[-1]
        steps = np.linalg.norm(before.calls - last, axis=1)
        step = steps[steps > 0][-1] if steps.any() else 0.0
        # From a run that is still on its way, or has made none, where it ended cannot be told.
        if 0 < step < 0.1 * np.linalg.norm(last - first):
            again = np.linalg.norm(after.calls[0] - first) <= EXACT
            met.append(not again and np.linalg.norm(after.calls[0] - last) <= 2 * step)
    return len(met) >= 2 and sum(met) > len(met) / 2


def _one_fixed(runs: Sequence[TrainingRun], verdict: _Verdict) -> tuple[str, str, float] | None:
    """(the fixed one, the drawn one, value) if one of weight and bias is the same in every run.

    Numbers of few decimals, such as random integers, coincide by chance: where the other one is
    such a number too, nothing is said.
    """
    known = np.array(_known_starts(runs, verdict))
    for axis in (0, 1) if len(known) else ():
        same, other = known[:, axis], known[:, 1 - axis]
        if np.ptp(same) <= SAME * (1 + np.abs(known).max()) and np.ptp(other) > 0.01:
            if _few_decimals(other, 100).all():
                continue
            names = ("weight", "bias")
            return names[axis], names[1 - axis], float(np.round(same[0], 5) + 0.0)
    return None


def _known_starts(runs: Sequence[TrainingRun], verdict: _Verdict) -> list[np.ndarray]:
    """The starts that are known; none if all runs have one seed, and so perhaps one draw."""
    known = [
        (run.case["seed"], start)
        for run, start in zip(runs, verdict.starts, strict=True)
        if start is not None
    ]
    return [start for _, start in known] if len({seed for seed, _ in known}) > 1 else []


# Refusing -------------------------------------------------------------------------------------


def _refused(name: str, runs: Sequence[TrainingRun], verdict: _Verdict, lab_data) -> Feedback:
    typed = _typed(name, runs)
    if typed is not None:
        return typed
    size = typed_size(runs)
    if size is not None:
        return _named(name, of_size(size), runs)
    culprit = _culprit(runs, verdict, lab_data)
    if culprit is not None:
        return _named(name, culprit, runs)
    if _foreign(runs):
        return _named(name, all_suspects(runs, lab_data)[-1], runs)
    if rows_held_out(runs):
        return _named(name, HELD_OUT, runs)
    if _restarts(runs):
        return _named(name, RESTART, runs)
    if _at_rest(runs):
        return _nothing_descends(name)
    if all(run.unrepeatable and not len(run.calls) for run in runs):
        return not_checked(
            f"`{name}` draws its start from a source that gives another one at every call, "
            "whatever seed is set, and does not use the model that it is given. So its losses "
            "could not be followed. Draw the start with `torch.randn`, or call `model`."
        )
    return _unknown(name, runs, verdict)


def _culprit(
    runs: Sequence[TrainingRun], right: _Verdict, lab_data: tuple[str, int]
) -> Suspect | None:
    """Return the first suspect that explains every log, or else all those that can tell."""
    maybe: dict[str, Suspect] = {}
    for suspect in itertools.chain(
        all_suspects(runs, lab_data), found_rates(runs), more_suspects(runs)
    ):
        verdict = _verdict(runs, suspect)
        # What the right law explains as well is no evidence.
        explains = any(
            fine and not before for fine, before in zip(verdict.each, right.each, strict=True)
        )
        if verdict.obeys and explains:
            if suspect.mistake.name == "nothing moves" and _calls_move(runs):
                suspect = RESTART
            if suspect.mistake.name == SIZE_TYPED and verdict.shuffled:
                suspect = OTHER_SIZE
            if None not in verdict.each or verdict.reordered:
                return suspect
            maybe.setdefault(suspect.mistake.name, suspect)
    if maybe:
        one, *others = maybe.values()
        return _either(one, others[0]) if others else one
    if rows_twice(runs) or _dealt(runs, right, "replaced"):
        return REPLACED
    if _dealt(runs, right, "unpaired"):
        return UNPAIRED
    # Where the model was called with the start, a mistake need not be a law of squares.
    free = [run for run in runs if run.one_batch or run.alike]
    for suspect in absolute_errors():
        if free and all(len(run.calls) and _made_from(run, suspect, run.calls[0]) for run in free):
            return suspect
    return None


def _either(one: Suspect, other: Suspect) -> Suspect:
    """Two that explain the same logs, where these cannot tell which it is."""
    first, second = one.mistake, other.mistake
    return replace(
        one,
        mistake=Mistake(
            f"{first.name} or {second.name}",
            sentence="Two explanations fit your losses equally well. "
            f"{first.sentence} {first.look} Or: {second.sentence}",
            look=second.look,
        ),
        share=min(one.share, other.share),
    )


def _foreign(runs: Sequence[TrainingRun]) -> bool:
    """Whether the model was always called with rows of other data."""
    asked = [run for run in runs if run.case.get("lab") is not True and len(run.calls)]
    return bool(asked) and all(run.foreign == len(run.calls) for run in asked)


def _calls_move(runs: Sequence[TrainingRun]) -> bool:
    return any(len(run.calls) and np.ptp(run.calls, axis=0).max() > 1e-3 for run in runs)


def _made_from(run: TrainingRun, suspect: Suspect, start: np.ndarray) -> bool:
    descent, points, log = suspect.make(run)
    losses = predict(descent, points, start)
    return bool(np.allclose(losses, log, rtol=1e-3, atol=1e-6))


def _typed(name: str, runs: Sequence[TrainingRun]) -> Feedback | None:
    for i, a in enumerate(runs):
        for b in runs[i + 1 :]:
            n = min(len(a.log), len(b.log))
            if n > 2 and a.case["x"] != b.case["x"] and np.array_equal(a.log[:n], b.log[:n]):
                if np.ptp(a.log[:n]) == 0 and np.isfinite(a.log[0]) and a.log[0] != 0:
                    continue
                return incorrect(
                    f"`{name}` returns the same losses for different data and rates, beginning "
                    f"with {shown(a.log[0])}: they were not computed from its arguments. Look at "
                    "where the numbers come from.",
                    "constants typed in",
                )
    return None


def _dealt(runs: Sequence[TrainingRun], right: _Verdict, dealt: str) -> bool:
    """Whether the logs on a few rows follow if these are dealt in another way, and only then."""
    if any(run.alike and not fine for run, fine in zip(runs, right.each, strict=True)):
        return False
    few = [run for run in runs if run.few]
    few = [run for run in few if not _in_any_order(run, _made(run, None), None, False)[0]]
    return bool(few) and all(
        any(
            follows_in_some_order(run.right, run.points, run.log, start, run.digits, dealt)
            for start in run.starts()
        )
        for run in few
    )


def _restarts(runs: Sequence[TrainingRun]) -> bool:
    """Whether each epoch begins with parameters of its own, drawn at random.

    The calls of the model decide where there are any. Otherwise it takes losses that jump up and
    down at the level of the first, as independent draws do.
    """
    told = [anew for anew in map(begins_anew, runs) if anew is not None]
    # With the same seed the draws of another run, at another rate, are the same.
    for a, b in itertools.combinations(runs, 2):
        if a.one_batch and a.case["x"] == b.case["x"] and a.case["seed"] == b.case["seed"]:
            n = min(len(a.calls), len(b.calls))
            if n > 4:
                told.append(np.allclose(a.calls[:n], b.calls[:n], rtol=1e-5))
    if told:
        return all(told)
    turns, levels, ranks = [], [], []
    for run in runs:
        log = run.log
        if not np.isfinite(log).all() or log.min() <= 0:
            return False
        turns += list(np.diff(np.sign(np.diff(log))) != 0)
        half = len(log) // 2
        levels.append(np.median(log[half:]) / np.median(log[:half]))
        ranks.append((log[1:] < log[0]).mean())
    # Of independent numbers two in three are turning points, no half is higher than another, and
    # the first is as often among the small ones as among the large ones.
    level = 0.4 < np.median(levels) < 2.5
    return bool(np.mean(turns) >= 0.5 and level and 0.2 < np.mean(ranks) < 0.8)


def _named(name: str, suspect: Suspect, runs: Sequence[TrainingRun]) -> Feedback:
    mistake = suspect.mistake
    text = f"{mistake.sentence.format(**_fields(name, runs))} {mistake.look}"
    # The catalogue speaks of w and b; in this lab they are called weight and bias.
    for short, full in (
        ("`w.grad`", "`weight.grad`"),
        ("`b.grad`", "`bias.grad`"),
        ("`w`", "`weight`"),
        ("`b`", "`bias`"),
    ):
        text = text.replace(short, full)
    if suspect.share:
        return partial(suspect.share, text, mistake.name)
    return incorrect(text, mistake.name)


def _fields(name: str, runs: Sequence[TrainingRun]) -> dict[str, str]:
    log = runs[0].log
    numbers = [shown(value) for value in log]
    up = next((k for k in range(1, len(log)) if log[k] > log[k - 1]), None)
    rise = f"do not fall as they should, from {numbers[0]} to {numbers[-1]}"
    if up is not None:
        rise = f"rise again from {numbers[up - 1]} to {numbers[up]}"
    return {
        "name": name,
        "v0": numbers[0],
        "v1": numbers[min(1, len(log) - 1)],
        "last": numbers[-1],
        "n": str(len(log)),
        "rise": rise,
        "climb": climb(log),
        "rate": "`lr`",
        "start": "the start",
        "epochs": "`num_epochs`",
    }


def _unknown(name: str, runs: Sequence[TrainingRun], verdict: _Verdict) -> Feedback:
    """No known mistake matches: say what the numbers show."""
    obeyed = [run for run, fine in zip(runs, verdict.each, strict=True) if fine]
    failed = [run for run, fine in zip(runs, verdict.each, strict=True) if fine is False]
    # Of what is told on a few rows or of one batch more can be said.
    broken = min(failed, key=lambda run: run.open_order or run.alike)
    log = broken.log
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
        what = "mean of its batch losses, each" if broken.right.batch_size else "loss with all rows"
        return partial(
            RIGHT_STEPS,
            f"The steps are right, but the values that `{name}` returns, from {shown(log[0])} to "
            f"{shown(log[-1])}, are not those of the epochs: each should be its epoch's {what} "
            "before the update. Look at what happens to the losses before they are returned.",
            "recorded losses differ",
        )
    if log.min() < 0:
        return incorrect(
            f"One of the losses is {shown(log.min())}, and a mean of squares cannot be negative. "
            "Look at what you record.",
            "negative loss",
        )
    if obeyed and broken.case.get("lab") is not True and any(r.case.get("lab") for r in obeyed):
        sizes = "rates and numbers of epochs"
        if broken.right.batch_size is not None:
            sizes = "rates, batch sizes and numbers of epochs"
        return incorrect(
            f"In the lab's own run `{name}` obeys the law of gradient descent; with other data, "
            f"{sizes} it does not. Look at what it takes for granted: names that come from outside "
            "the function, numbers that are typed in, and steps that are unlike the others.",
            "works on the lab's data only",
        )
    up = next((k for k in range(1, len(log)) if log[k] > 1.001 * log[k - 1]), None)
    batches = broken.right.batch_size is not None
    if up is not None and not batches:
        return incorrect(
            f"Your loss rises from {shown(log[up - 1])} to {shown(log[up])} in epoch {up + 1}. At "
            "a rate that converges, one step on all rows can only lower it. Look at what each "
            "update uses.",
            "law broken",
        )
    step = "one update for each batch" if batches else "one update with all rows"
    return incorrect(
        f"Your losses, from {shown(log[0])} through {shown(log[min(1, len(log) - 1)])} to "
        f"{shown(log[-1])}, do not follow from any start by {step} at rate `lr`. Look at which "
        "rows, which gradient and which rate each update uses, and at when each loss is taken.",
        "law broken",
    )


# Answers that are no logs ---------------------------------------------------------------------


def _unreadable(name: str, cases: Sequence[Case], answers: Sequence[Answer]) -> Feedback | None:
    for index, (case, answer) in enumerate(zip(cases, answers, strict=True)):
        found = unusable(
            answer,
            name,
            "one loss for each epoch",
            function=True,
            circumstance=_circumstance(case, index),
        )
        if found is not None:
            return found
    return None


def _circumstance(case: Case, index: int) -> str:
    if index == 0:
        return ""
    if case.get("batch_size", 0) > len(case["x"]):
        return "It happened with a batch size larger than the number of rows."
    if case.get("batch_size") and len(case["x"]) % case["batch_size"]:
        return "It happened with a batch size that does not divide the number of rows."
    return "It happened on other data than the lab's own."


def _epochs(case: Case, epochs: int) -> str:
    """How many epochs were asked for; of a hidden case that is not told."""
    return "another number of epochs" if case.get("hidden") else f"{epochs} epochs"


def _wrong_length(name: str, runs: Sequence[TrainingRun]) -> Feedback:
    lengths = [len(run.log) for run in runs]
    off = next(run for run in runs if len(run.log) != run.epochs)
    n = len(off.log)
    count = f"`{name}` returns {n} loss{'es' if n > 1 else ''} for {_epochs(off.case, off.epochs)}"
    as_long = [replace(run, epochs=len(run.log)) for run in runs]
    for argument in ("X", "Y"):
        given = [run.case[argument.lower()] for run in runs]
        if all(len(run.log) == len(g) and np.allclose(run.log, g) for run, g in zip(runs, given)):
            return incorrect(
                f"`{name}` returns its argument `{argument}`, not its losses. Look at its last "
                "line.",
                "argument returned",
            )
    if n == 1 and all(length == 1 for length in lengths):
        return incorrect(
            f"{count}. Look at where the losses are collected, and at where the function returns.",
            "only one loss",
        )
    typed = _typed(name, runs)
    if typed is not None:
        return typed
    if off.right.batch_size is not None:
        per_batch = [-(-len(r.points) // r.right.batch_size) * r.epochs for r in runs]
        if lengths == per_batch:
            return incorrect(
                f"{count}: one for every batch. Look at what one value should stand for, and at "
                "whether the recording stands inside the inner loop.",
                "loss of every batch recorded",
            )
    if len({r.epochs for r in runs}) > 1 and len(set(lengths)) == 1:
        return incorrect(
            f"{count}, and as many whatever number of epochs is asked for. Look at what the loop "
            "counts.",
            "number of epochs typed in",
        )
    obeys = min(lengths) > 1 and _verdict(as_long).obeys
    share = RIGHT_STEPS if obeys and all(abs(len(r.log) - r.epochs) <= 1 for r in runs) else 0.0
    good = "; those that are there obey the law" if obeys else ""
    text = f"{count}{good}. Look at when your loop records and when it ends."
    if share:
        return partial(share, text, "wrong number of epochs")
    return incorrect(text, "wrong number of epochs")


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

    return drawn_practice(
        "training",
        TrainingJudge(name, (data, 1)),
        drawn,
        id=id,
        title=title,
        points=points,
        visible=lambda: [lab, *drawn(random.Random(seed), visible=True)],
    )
