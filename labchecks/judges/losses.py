"""Judging a list of losses of gradient descent from a start that is known."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import numpy as np

from labchecks.chart import Chart
from labchecks.engine import diagnosis
from labchecks.engine import shuffled as shuffles
from labchecks.engine.compare import agree, digits, half_unit, printed, shown
from labchecks.engine.mistakes import (
    APART,
    MORE,
    Mistake,
    find,
    near_rate,
    of_kind,
    per_epoch,
    splits,
    summed_gradients,
    wrong_rate,
    wrong_size,
    wrong_start,
)
from labchecks.engine.run import Descent, Points, points_of, simulate
from labchecks.engine.unusable import unusable
from labchecks.feedback import Feedback, correct, incorrect, partial
from labchecks.registry import Answer, Case, Practice

#: A list this long is no attempt at the practice; it is not simulated.
LONGEST = 3_000

#: Share of the points for a run that is right and a record that is not.
RIGHT_STEPS = 0.5

#: By how much, as the logarithm of a ratio of densities, a mistake has to explain shuffled losses
#: better than the right run does before it is named. A right run comes this far once in e⁶ times.
SURE = 6.0

#: Two mistakes whose evidence differs by less explain the same losses equally well.
EQUAL = 3.0

#: Other batch sizes, and multiples of the rate, that shuffled losses are compared with.
SIZES = (3, 5, 10, 12, 15, 30)
FACTORS = (2.0, 0.5, 0.2, 0.1, 3.0, 2.5, 1.5, 1.2, 0.8, 0.3)

RECORDS = {m.name for m in (*of_kind("record"), *MORE) if m.kind == "record"}

#: What in a cloud of shuffled runs equals another rate, or nearly another batch size; and data held
#: out in the order given.
NOT_IN_A_CLOUD = {
    *("half steps", "double steps", "batch descent", "last short batch dropped"),
    *("slices one row short", "slices with gaps"),
    *("part of the data held out", "part of the data held out of the steps"),
}


def losses_practice(
    id: str,
    *,
    title: str,
    points: int,
    data: str,
    start: tuple[float, float],
    other_starts: Sequence[tuple[tuple[float, float], str]] = (),
    **settings: Any,
) -> Practice:
    """A practice whose answer is the list of losses of one run on the lab's own data.

    Parameters
    ----------
    id, title, points
        Of the practice.
    data : str
        A function of `labhelpers.data`, such as ``"gentle_line"``.
    start, other_starts, **settings
        Of :class:`Losses`. The starts that any run may slip to (zero, exchanged, other signs) need
        not be among the others.
    """
    w, b = start
    slipped = (
        ((0.0, 0.0), "from zero"),
        ((b, w), "with `w` and `b` in each other's place"),
        ((-w, -b), "with other signs"),
    )
    judge = Losses(start=start, other_starts=(*slipped, *other_starts), **settings)
    visible, hidden = on_lab_data(data)
    about = {"id": id, "title": title, "points": points}
    return Practice.drawn("value", judge, hidden, visible=visible, **about)


def on_lab_data(data: str):
    """`visible` and `hidden` of a practice whose answer is made from the lab's own data.

    The hidden case is the same lab with another seed: constants do not follow the data.
    """
    return (
        lambda: [{"data": data, "seed": 1}],
        lambda rng: [{"data": data, "seed": rng.randrange(1_000, 1_000_000)}],
    )


def judge_cases(
    cases: Sequence[Case],
    answers: Sequence[Answer],
    judge_one: Callable[[Case, Answer], Feedback],
    name: str,
    shows: Callable[[Answer], list | None] = lambda answer: answer.get("values"),
    own: bool = False,
) -> Feedback:
    """Judge each case; the first that is not correct decides.

    Parameters
    ----------
    judge_one : callable
        ``judge_one(case, answer) -> Feedback``.
    name : str
        What the student defines, for the sentence on constants.
    shows : callable
        What in an answer has to be another on other data.
    own : bool
        Whether a run of the student's own is judged, of which that in the lab is one of many.
    """
    first = judge_one(cases[0], answers[0])
    if first.outcome != "correct":
        return first
    for case, answer in zip(cases[1:], answers[1:]):
        feedback = judge_one(case, answer)
        if shows(answer) == shows(answers[0]):
            return incorrect(
                f"`{name}` stays the same when the lab runs on other data, so it was not computed "
                "from `X` and `Y`. Look at where its numbers come from.",
                "constants typed in",
            )
        if feedback.outcome != "correct":
            text = "Right in the lab, but not when the lab runs on other data. "
            return feedback if own else incorrect(text + feedback.text, feedback.mistake)
    return first


@dataclass(frozen=True)
class Losses:
    """The judge of one list of losses. With a batch size every order of the points is right."""

    #: The student's name for the losses.
    name: str
    #: The run that is asked for: learning rate, epochs, first (w, b), points per update.
    rate: float
    epochs: int
    start: tuple[float, float]
    batch_size: int | None = None
    #: What a student may have used by accident: starts with a word on each, rates, data sets.
    other_starts: tuple[tuple[tuple[float, float], str], ...] = ()
    other_rates: tuple[float, ...] = ()
    other_data: tuple[str, ...] = ()
    #: The rate of an earlier run, and words for where it ended: a run may go on from there.
    rate_before: tuple[float, str] | None = None

    @property
    def run(self) -> Descent:
        """The run that is asked for, with the points in their order."""
        return Descent(self.rate, self.epochs, self.start, self.batch_size)

    def __call__(self, cases: Sequence[Case], answers: Sequence[Answer]) -> Feedback:
        """Judge each case; with batches, then all of them together."""
        feedback = judge_cases(cases, answers, self._one, self.name)
        if feedback.outcome != "correct" or self.batch_size is None:
            return feedback
        runs = [(answer["values"], _points_of(case)) for case, answer in zip(cases, answers)]
        return self._together(runs) or feedback

    def chart(self, cases: Sequence[Case], answers: Sequence[Answer]) -> Chart | None:
        """The losses of the first case beside those of the run, or of any order of its points."""
        if answers[0].get("kind") != "numbers":
            return None
        points = _points_of(cases[0])
        low = high = simulate(self.run, points).losses
        if self.batch_size is not None:
            # In their own order the points may lead to where no shuffle does.
            ends = np.exp(shuffles.reach(self.run, points, margin=0.5))
            ends[:, 0] = low[0]  # the start is the same in all orders
            low, high = np.minimum(low, ends[0]), np.maximum(high, ends[1])
        return Chart.of(answers[0]["values"], low, high)

    def may_be_right(self, cases: Sequence[Case], answers: Sequence[Answer]) -> bool:
        """A quick look: may a right program answer so, perhaps to the first cases only?"""
        return all(
            answer.get("kind") == "numbers"
            and len(answer["values"]) == self.epochs
            and self.is_right(answer["values"], _points_of(case), half_unit(answer["values"]))
            for case, answer in zip(cases, answers)
        )

    def may_begin(self, case: Case, values: Sequence[float]) -> bool:
        """Whether a right program's losses can begin like this."""
        points, n, absolute = _points_of(case), len(values), half_unit(values)
        expected = simulate(self.run, points).losses
        if agree(values, expected[:n], absolute):
            return True
        if self.batch_size is None or not agree(values[:1], expected[:1], absolute):
            return False
        low, high = np.exp(shuffles.reach(self.run, points, margin=1.0))
        # nan and infinity are neither above nor below.
        return n <= len(low) and bool(((low[:n] <= values) & (values <= high[:n])).all())

    def _one(self, case: Case, answer: Answer) -> Feedback:
        if nothing := unusable(answer, self.name, f"a list of {self.epochs} losses"):
            return nothing
        points, values = _points_of(case), answer["values"]
        absolute, short = half_unit(values), printed(values)
        if len(values) != self.epochs:
            return self._wrong_length(values, points, absolute)
        expected = simulate(self.run, points).losses
        right = agree(values, expected, absolute)
        few = short or (not right and all(digits(value) <= 7 for value in values))
        if few and _close(values, expected):
            return self._few_digits(values)
        if right:
            return self._right(values)
        if not any(values):
            return incorrect(
                f"`{self.name}` holds {len(values)} numbers, and each of them is 0. Look at where "
                "your loop writes the losses.",
                "never filled",
            )
        for data in self.other_data:
            if agree(values, simulate(self.run, points_of(data, case["seed"])).losses, absolute):
                return incorrect(
                    f"Your losses belong to other data than this lab's: the first is "
                    f"{shown(values[0])}. Look at what `X` and `Y` hold.",
                    "data of another lab",
                )
        if self._reordered(values, points, absolute):
            return self._right(values)
        return (
            self._named(values, points, absolute)
            or (self._few_digits(values) if short else None)
            or self._shuffled(values, points)
            or self._unknown(values, points, expected)
        )

    def is_right(self, values: Sequence[float], points: Points, absolute: float = 0.0) -> bool:
        """Whether these are losses of the run that is asked for, or of one in another order."""
        if agree(values, simulate(self.run, points).losses, absolute):
            return True
        # In every order the first loss is that of the start.
        if not self._is_open(values) or not agree(values[:1], [points.loss(*self.start)], absolute):
            return False
        return self._reordered(values, points, absolute) or (
            not printed(values)
            and self._fits_a_shuffle(values, points)
            and self._named(values, points, absolute) is None
        )

    def _right(self, values: Sequence[float]) -> Feedback:
        kind, when = "losses", "before its update"
        if self.batch_size is not None:
            kind, when = "losses of mini-batch descent", "at the start of its epoch"
        return correct(
            f"`{self.name}` holds {len(values)} {kind}, each taken {when}, from "
            f"{shown(values[0])} down to {shown(values[-1])}."
        )

    def _few_digits(self, values: Sequence[float]) -> Feedback:
        return incorrect(
            f"The numbers in `{self.name}` have few digits "
            f"({', '.join(map(shown, values[1:3]))}, …), and a computed loss has more. "
            "If you typed them, let your loop collect them; if you rounded them, keep all digits.",
            "constants typed in",
        )

    # Runs in an order that is known are compared exactly.

    def _known(self, points: Points) -> list[Mistake]:
        """What may have gone wrong in a run whose order is known."""
        starts = list(self.other_starts)
        if self.rate_before is not None:
            rate, why = self.rate_before
            starts.insert(0, (simulate(self.run.with_(rate=rate), points).end, why))
        found = [wrong_rate(rate, self.rate) for rate in self.other_rates if rate != self.rate]
        found += [wrong_start(start, why) for start, why in starts]
        kinds = ("step", "record", "setting")
        if self.batch_size is None:
            return [*found, *of_kind(*kinds)]
        return [
            *found,
            *map(per_epoch, of_kind(*kinds, "batch")),
            *(wrong_size(size) for size in SIZES if size != self.batch_size),
            summed_gradients(self.run, len(points)),
        ]

    def _named(self, values, points: Points, absolute: float, epochs: int | None = None):
        batches = self.batch_size is not None
        run = self.run.with_(epochs=epochs or self.epochs)
        # Not in pairs: all pairs of these would take a second for each answer.
        alone = [find("one-sample descent"), *(m for m in MORE if batches or m.kind != "batch")]
        if batches:
            alone += splits(len(points))
        return _credited(
            diagnosis.explain(values, run, points, self._known(points), alone, self.name, absolute)
        )

    def _reordered(self, values, points: Points, absolute: float) -> bool:
        """Whether the points were taken from last to first, or the batches in some order."""
        if self.batch_size is None or printed(values):
            return False
        backwards = simulate(self.run.with_(order="reversed"), points).losses
        return agree(values, backwards, absolute) or shuffles.in_blocks(
            values, self.run, points, absolute
        )

    # Shuffled runs are compared with clouds of simulated shuffles.

    def _is_open(self, values) -> bool:
        """Whether these may be losses of shuffled batches."""
        return self.batch_size is not None and all(map(math.isfinite, values)) and min(values) > 0

    @property
    def _clouds(self) -> tuple[Mistake, ...]:
        return _visible_when_shuffled(self.rate, self.batch_size, self.other_starts)

    def _ahead(self, runs) -> tuple[float, Mistake]:
        """By how much a mistake explains shuffled losses better than the right run, and which."""
        own = sum(shuffles.evidence(v, self.run, points, typical=False) for v, points in runs)
        fit, mistake = shuffles.fits(runs, self.run, self._clouds)[0]
        return fit - own, mistake

    def _fits_a_shuffle(self, values, points: Points) -> bool:
        """Whether these may be losses of the run in some shuffled order."""
        return (
            agree(values[:1], [points.loss(*self.start)])
            and shuffles.plausible(values, self.run, points, margin=0.5)[0]
            and self._ahead([(values, points)])[0] <= SURE
        )

    def _shuffled(self, values, points: Points) -> Feedback | None:
        """Accept losses that a shuffle of the run gives, or say which mistake's they are."""
        if not self._is_open(values):
            return None
        if self._fits_a_shuffle(values, points):
            return self._right(values)
        close = shuffles.telling(values, self.run, points, self._clouds, within=EQUAL)
        return self._likely(close, values) if 1 <= len(close) <= 2 else None

    def _likely(self, close: Sequence[Mistake], values) -> Feedback:
        """The feedback where shuffled losses fit one mistake, or two."""
        mistake = close[0]
        if len(close) == 2:
            other = close[1]
            return incorrect(
                f"Your losses, {shown(values[0])}, {shown(values[1])}, {shown(values[2])}, …, are "
                f"not those of batches of {self.batch_size} at rate {self.rate:g}. Two kinds of "
                f"run give such losses: one in which {mistake.words}, and one in which "
                f"{other.words}. {mistake.look}",
                " or ".join(dict.fromkeys((mistake.name, other.name))),
            )
        # These show in the first loss, before the order has made much of a difference.
        shown_first = mistake.kind == "record" or mistake.name == "wrong start"
        if shown_first or "near" in mistake.words:
            return _credited(diagnosis.describe([mistake], values, self.run))
        return incorrect(
            f"Your losses, {shown(values[0])}, {shown(values[1])}, … and {shown(values[-1])} "
            f"in the end, fit a run in which {mistake.words}. {mistake.look}",
            mistake.name,
        )

    def _together(self, runs: Sequence[tuple[Sequence[float], Points]]) -> Feedback | None:
        """A mistake that no run shows alone, but all of them together."""
        shuffled = [
            (values, points)
            for values, points in runs
            if not agree(values, simulate(self.run, points).losses, 5e-4)
            and not self._reordered(values, points, 0.0)
        ]
        if len(shuffled) < 2:
            return None
        ahead, mistake = self._ahead(shuffled)
        if ahead <= SURE:
            return None
        feedback = self._likely([mistake], shuffled[0][0])
        return incorrect(
            "One run alone does not show it, but those on the lab's data and on other data "
            f"together do. {feedback.text}",
            feedback.mistake,
        )

    # Lists of another length, and losses that nothing explains.

    def _wrong_length(self, values, points: Points, absolute: float) -> Feedback:
        run, n = self.run, len(values)
        count = f"`{self.name}` holds {n} number{'s' if n > 1 else ''} instead of {run.epochs}"
        if n > LONGEST:
            return incorrect(
                f"{count}. Look at how often your loop records.", "wrong number of epochs"
            )
        counted = [values[0] + k for k in range(run.epochs)]
        pairs = n == 2 * run.epochs and values[::2] == counted
        if pairs and self.is_right(values[1::2], points, absolute):
            return partial(
                RIGHT_STEPS,
                f"{count}: each loss has a number before it, from {shown(values[0])} to "
                f"{shown(values[-2])}, and the losses are right. Look at what you append.",
                "pairs instead of numbers",
            )
        if n > run.epochs + 1 and self.is_right(values[-run.epochs :], points, absolute):
            return partial(
                RIGHT_STEPS,
                f"{count}: the last {run.epochs} are right, and before them stand "
                f"{n - run.epochs} others, from {shown(values[0])} on. Look at what the list holds "
                "when your loop begins.",
                "list not empty at the start",
            )
        longer = simulate(run.with_(epochs=max(n, run.epochs + 1)), points).losses
        right = agree(values, longer[:n], absolute)
        if self.batch_size is not None and 3 < n < run.epochs:
            right = right or replace(self, epochs=n).is_right(values, points, absolute)
        if right or (n == run.epochs + 1 and self.is_right(values[:-1], points, absolute)):
            look = (
                "Look at when your loop records and when it ends."
                if n > 1
                else "Look at whether a new list is made in every pass of the loop, or only "
                "filled once."
            )
            what = "those that are there" if right else f"the first {run.epochs}"
            text = f"{count}; {what} are right. {look}"
            if abs(n - run.epochs) == 1:
                return partial(RIGHT_STEPS, text, "wrong number of epochs")
            return incorrect(text, "wrong number of epochs")
        if agree(values, longer[run.epochs - 1 : run.epochs], absolute):
            return incorrect(
                f"{count}: the last loss, {shown(values[0])}, alone. Look at where your loop keeps "
                "the losses before it.",
                "only the last loss",
            )
        if n == run.epochs * math.ceil(len(points) / (run.batch_size or len(points))):
            every = [find("loss of every batch recorded"), find("recorded at every update")]
            found = diagnosis.matching(values, run, points, every, absolute)
            if found:
                return diagnosis.describe(found, values, run)
            return incorrect(
                f"{count}: one for every update instead of one per epoch. Look at which loop the "
                "recording stands in.",
                "recorded at every update",
            )
        found = self._named(values, points, absolute, epochs=n) if 1 < n <= 400 else None
        if found is not None:
            return incorrect(f"{count}. {found.text}", f"wrong number of epochs + {found.mistake}")
        return incorrect(
            f"{count}. The task names how many updates there are and when each loss is taken: look "
            "at how often your loop runs and records, and at whether its list begins empty.",
            "wrong number of values",
        )

    def _unknown(self, values, points: Points, expected: Sequence[float]) -> Feedback:
        bad = next((k for k, value in enumerate(values) if not math.isfinite(value)), None)
        if bad is not None:
            return incorrect(
                f"Value {bad + 1} of `{self.name}` is {shown(values[bad])}: the run has grown "
                "beyond all bounds. Look at the rate and at how long each step is.",
                "not finite",
            )
        if min(values) < 0:
            return incorrect(
                f"`{self.name}` contains {shown(min(values))}, and a mean of squares cannot be "
                "negative. Look at how you compute the loss.",
                "negative loss",
            )
        if not agree(values[:1], expected[:1]):
            return incorrect(
                f"Your very first loss, {shown(values[0])}, is not the mean squared error of "
                f"the start, {shown(expected[0])}. Look at the start values, the data and the "
                "formula of the loss, and at when the first one is recorded.",
                "first loss differs",
            )
        if self.batch_size is None:
            off = next(k for k, v in enumerate(values) if not agree([v], expected[k : k + 1]))
            right = f"Your first {'loss is' if off == 1 else f'{off} losses are'} right"
            wanted = (
                f"not the {shown(expected[off])} that gradient descent at rate {self.rate:g} gives "
                "there"
            )
        else:
            asked = f"batches of {self.batch_size} at rate {self.rate:g}"
            low, high = np.exp(shuffles.reach(self.run, points, margin=0.5))
            off = next((k for k, v in enumerate(values) if not low[k] <= v <= high[k]), None)
            if off is None:
                return incorrect(
                    f"Each loss by itself, from {shown(values[0])} to {shown(values[-1])}, may "
                    f"come from {asked}, but all of them together do not. Look at the update "
                    "lines, and at which points each update uses.",
                    "steps differ",
                )
            right = f"Your first {'loss is right' if off == 1 else f'{off} losses are possible'}"
            wanted = (
                f"not between {shown(low[off])} and {shown(high[off])}, where {asked} lead in any "
                "order of the points"
            )
        return incorrect(
            f"{right}; loss {off + 1}, {shown(values[off])}, is {wanted}. Look at the update "
            "lines, at what is recorded, and at what changes from one pass of the loop to the "
            "next.",
            "steps differ",
        )


def _points_of(case: Case) -> Points:
    return points_of(case["data"], case["seed"])


def _credited(feedback: Feedback | None) -> Feedback | None:
    """Where only the record is wrong, the steps are right."""
    if feedback is not None and feedback.mistake in RECORDS:
        return partial(RIGHT_STEPS, feedback.text, feedback.mistake)
    return feedback


@lru_cache(maxsize=16)
def _visible_when_shuffled(rate: float, size: int, starts) -> tuple[Mistake, ...]:
    """Mistakes that a shuffled run shows plainly enough to be told from the right one."""
    in_words = [*of_kind("step", "record", "setting", "batch"), *MORE]
    return (
        *(wrong_size(other, near=True) for other in SIZES if other != size),
        find("one-sample descent"),
        *(near_rate(round(factor * rate, 4), rate) for factor in FACTORS),
        *(wrong_start(start, why) for start, why in starts),
        *(per_epoch(mistake) for mistake in in_words if mistake.name not in NOT_IN_A_CLOUD),
        *APART,
    )


def _close(values: Sequence[float], expected: Sequence[float]) -> bool:
    """Whether the values are the expected ones up to a coarse rounding, or cut to whole numbers."""
    written = (f"{value:.12f}".rstrip("0").partition(".")[2] for value in values)
    unit = 10.0 ** -max(map(len, written))
    return all(abs(v - e) <= 0.01 * abs(e) + unit for v, e in zip(values, expected, strict=True))
