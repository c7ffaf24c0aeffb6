"""Lab 2: a rate at which shuffled stochastic gradient descent converges."""

import functools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from labchecks.chart import Chart
from labchecks.engine import shuffled as shuffles
from labchecks.engine.compare import agree, mismatch, printed, shown
from labchecks.engine.diagnosis import describe, matching
from labchecks.engine.mistakes import (
    UNSHUFFLED,
    find,
    near_rate,
    of_kind,
    per_epoch,
    wrong_size,
    wrong_start,
)
from labchecks.engine.run import Descent, Points, points_of, simulate, simulate_many
from labchecks.engine.unusable import unusable
from labchecks.feedback import Feedback, correct, incorrect
from labchecks.judges.losses import judge_cases
from labchecks.judges.steep_runs import BATCH, EPOCHS, LAB_SEED, START, hidden, visible
from labchecks.registry import Practice

#: The last loss is to be at most so many times that of least squares.
LIMIT = 1.25

#: Share of shuffles that have to meet the limit for a rate to count where a run is not the one that
#: the student looked at. At the largest rate at which no sample enlarges its own error it is 2/5.
OFTEN = 1 / 3

#: Simulated shuffles of which that share is taken.
DRAWS = 480

#: Rates at which runs meet the limit in most orders: the chart shows what lies between these.
CONVERGING = (0.02, 0.01, 0.005, 0.002)

#: So many finite losses tell in which order the points came; an overflown run agrees with any.
TOLD = 4

#: Simulated shuffles that tell whether a run without shuffling can be told from one with it.
SOME = 40

#: Runs that are not shuffled. Their losses are known exactly.
NOT_SHUFFLED = (*UNSHUFFLED, find("batch descent"), find("batch ignored"))

#: What may be recorded in place of the loss over all points when an epoch begins, where the order
#: matters to it.
RECORDED = (
    "recorded after the update",
    "mean of the batch losses",
    "only the last batch recorded",
    "batch losses added up",
)

#: What else may have made the losses where the rate does not explain them: these mistakes, a batch
#: size, a rate. At the larger rates the losses jump by orders of magnitude, so they tell the rate
#: within a factor only.
STEPS = ("b never updated", "w never updated", "gradients never zeroed", "stepping uphill")
SIZES = (5, 10, 20, 50)
OTHER_RATES = (0.001, 0.005, 0.01, 0.02, 0.03, 0.04, 0.05, 0.06, 0.08, 0.1)


@dataclass(frozen=True)
class StableRateJudge:
    """Judges a rate and the losses of the run at it."""

    def __call__(self, cases: Sequence[Mapping], answers: Sequence[Mapping]) -> Feedback:
        """The verdict on all runs."""
        # With hidden cases among them these are answers of a program that has run once more. One
        # that sets no seed then has other losses than those that its student saw.
        again = any(case["seed"] != LAB_SEED for case in cases)
        return judge_cases(cases, answers, functools.partial(_judge_one, again=again), "loss_SGD")

    def chart(self, cases: Sequence[Mapping], answers: Sequence[Mapping]) -> Chart | None:
        """The losses of the first case beside those of runs that converge."""
        case, answer = cases[0], answers[0]
        if answer.get("kind") != "numbers":
            return None
        points = points_of(case["data"], case["seed"])
        runs = [Descent(rate, EPOCHS, START, batch_size=1) for rate in CONVERGING]
        low, high = zip(*(shuffles.reach(run, points) for run in runs), strict=True)
        low, high = np.exp(np.min(low, axis=0)), np.exp(np.max(high, axis=0))
        low[0] = high[0] = points.loss(*START)
        high[-1] = LIMIT * points.least_loss
        return Chart.of(answer["values"], low, high, free="converging rate and order")


def stable_rate() -> Practice:
    """`step_size` and `loss_SGD`: 20 full-data losses of shuffled SGD that converges."""
    return Practice(
        id="lab02-stable-rate",
        title="A rate at which SGD converges",
        points=5,
        names=("step_size", "loss_SGD"),
        question=("value", "loss_SGD", "step_size"),
        judge=StableRateJudge(),
        visible=visible,
        hidden=hidden,
    )


def _judge_one(case: Mapping[str, Any], answer: Mapping[str, Any], again: bool) -> Feedback:
    if nothing := unusable(answer, "loss_SGD", f"a list of {EPOCHS} losses"):
        return nothing
    if nothing := unusable(answer["step_size"], "step_size", "one number, your rate"):
        return incorrect(nothing.text, nothing.mistake or "step_size missing")
    values, (rate, *more) = answer["values"], answer["step_size"]["values"]
    if more:
        return incorrect("`step_size` should be one number.", "wrong type")
    if not 0 < rate < math.inf:
        return incorrect(
            f"`step_size` is {shown(rate)}, and a learning rate is a positive number.", "not a rate"
        )
    points = points_of(case["data"], case["seed"])
    run = Descent(rate, EPOCHS, START, batch_size=1)
    return (
        _wrong_length(values, run, points)
        or _wrong_at_first(values, run, points)
        or _not_shuffled(values, run, points)
        or _diverged(values, run, points)
        or _of_another_run(values, run, points)
        # The run that the student looked at has to meet the limit. On other data the same program
        # draws other noise, and may end above it by chance: there the law of the run is enough.
        or (case["seed"] == LAB_SEED and _not_converged(values, run, points, again))
        or _not_of_sgd(values, run, points)
        or correct(
            f"At rate {shown(rate)} shuffled SGD goes from {shown(values[0])} to "
            f"{shown(values[-1])} and stays near the least-squares loss."
        )
    )


def _wrong_length(values, run: Descent, points: Points) -> Feedback | None:
    n = len(values)
    if n == EPOCHS:
        return None
    if n == EPOCHS * len(points):
        return describe([find("recorded at every update")], values, run)
    count = f"`loss_SGD` holds {n} number{'s' if n > 1 else ''} instead of {EPOCHS}"
    return incorrect(
        f"{count}, one at the start of each epoch. Look at when your loop records, and at how "
        "often it runs.",
        f"wrong number of {'epochs' if abs(n - EPOCHS) == 1 else 'values'}",
    )


def _wrong_at_first(values, run: Descent, points: Points) -> Feedback | None:
    """What the first loss shows, which is the same in every order; or losses that all equal it."""
    first = run.with_(epochs=1)
    if agree(values[:1], simulate(first, points).losses):
        if len(set(values)) > 1:
            return None
        return incorrect(
            f"Your loss never changes from one epoch to the next: all {EPOCHS} values are "
            f"{shown(values[0])}. Look at where `w` and `b` are made, and at what the update lines "
            "do to them.",
            "nothing moves",
        )
    starts = {
        "from zero": (0.0, 0.0),
        "from the start of Lab 1": (-15.0, -10.0),
        "with `w` and `b` in each other's place": START[::-1],
        "where the batch run ended": simulate(BATCH, points).end,
    }
    one = find("loss of one sample", "form")
    known = [
        *map(per_epoch, of_kind("record")),
        *map(find, ("absolute errors", "sign of b in the model", "noise-free targets")),
        *(wrong_start(start, why) for why, start in starts.items()),
        *(one.filled({"series": "first", "order": ((i,),)}) for i in range(len(points))),
    ]
    found = matching(values[:1], first, points, known)
    recorded = map(per_epoch, map(find, RECORDED))
    found = found or shuffles.telling(values, run, points, recorded)[:1]
    if found:
        return describe(found, values, run)
    return incorrect(
        f"Your first value, {shown(values[0])}, is not the loss over all points at the start "
        "(w, b) = (−10, −20). Look at the start values, and at when and on which points the loss "
        "is taken.",
        "first loss differs",
    )


def _not_shuffled(values, run: Descent, points: Points) -> Feedback | None:
    if sum(map(math.isfinite, values)) < TOLD:
        return None
    # At a small rate the order hardly matters, and shuffled runs come close to these as well: then
    # only what agrees as closely as float32 allows was taken in that order. At a tiny rate shuffled
    # runs come as close as that, too: then nothing is known of the order.
    grew = not values[-1] <= values[0]
    shuffled = not grew and shuffles.plausible(values, run, points)[0]
    closest = 0.03 if shuffled else 1.0
    some = simulate_many(run, points, SOME) if shuffled else ()
    for mistake in NOT_SHUFFLED:
        losses = simulate(mistake.applied_to(run), points).losses
        if mismatch(values, losses, chaotic=True) <= closest and not any(
            mismatch(other, losses, chaotic=True) <= 3 * closest for other in some
        ):
            return describe([mistake], values, run)
    return None


def _diverged(values, run: Descent, points: Points) -> Feedback | None:
    with np.errstate(all="ignore"):
        steps = np.diff([0.0, *values])
    if (steps > 0).all() and shuffles.plausible(steps, run, points)[0]:
        return describe([find("losses added up")], values, run)
    first, last = values[0], values[-1]
    worst = max(filter(math.isfinite, values), default=math.inf)
    if all(map(math.isfinite, values)) and last <= first and worst <= 10 * first:
        return None
    mistake, why = "diverged", "Look at one sample's factor |1 − 2η(x² + 1)| for the largest x."
    if run.rate <= _largest_sample_rate(points):
        mistake = "steps differ"
        why = (
            f"At rate {shown(run.rate)} no sample enlarges its own error, so your update lines "
            "make other steps than one-sample SGD at this rate. Look at their sign and their rate, "
            "and at what the gradients hold by then."
        )
    return incorrect(
        f"Your run diverges: its losses go from {shown(first)} to {shown(last)} (largest: "
        f"{shown(worst)}). {why}",
        mistake,
    )


def _of_another_run(values, run: Descent, points: Points) -> Feedback | None:
    """Losses that one-sample SGD at `step_size` does not give, and a known run does."""
    # Wide: twenty epochs of noise have long tails, and the choice of shuffle is free.
    if printed(values) or shuffles.plausible(values, run, points, margin=1.0)[0]:
        return None
    known = [*map(find, STEPS), *(wrong_size(size, near=True) for size in SIZES)]
    known += [near_rate(rate, run.rate) for rate in OTHER_RATES if rate != run.rate]
    near = shuffles.telling(values, run, points, known)
    if len({mistake.name for mistake in near}) != 1:
        return None
    name, words = near[0].name, near[0].words
    if name == "wrong rate":
        name = "step_size is not the rate used"
        rates = [mistake.change["rate"] for mistake in near]
        if len(rates) > 1:
            words = f"the rate lies between about {min(rates):g} and {max(rates):g}"
    return incorrect(
        f"Your losses ({shown(values[1])} after one epoch) are not those of one-sample SGD at "
        f"`step_size` = {shown(run.rate)}; they fit a run in which {words}. {near[0].look}",
        name,
    )


def _not_converged(values, run: Descent, points: Points, again: bool) -> Feedback | None:
    if values[-1] <= LIMIT * points.least_loss:
        return None
    often = _how_often(run, points)
    stable = often >= OFTEN and run.rate <= _largest_sample_rate(points)
    if again and stable:
        # Another order of the points is no other program.
        return None
    above = f"the last is {shown(values[-1])}, more than a quarter above the least-squares loss"
    chance = ""
    if often > 0.05:
        chance = (
            " Where it ends depends on the order of the points as well: at this rate about "
            f"{max(1, min(9, round(10 * often)))} in 10 shuffles meet the limit"
            f"{'.' if stable else ', and a stable rate leaves less to chance.'}"
        )
    ends = np.array(values[-5:])
    what = f"The losses of your {EPOCHS} epochs end too high: {above}."
    look = f"whether the run at rate {shown(run.rate)} has arrived, and at how large its steps are"
    if (np.diff(ends) > 0).any() and np.std(np.log(np.clip(ends, 1e-30, None))) > 0.05:
        what = (
            f"Your last losses still jump about; {above}. At rate {shown(run.rate)} each sample "
            "pulls the line away from where the others want it."
        )
        look = "how the rate sets the size of these jumps"
    return incorrect(f"{what}{chance} Look at {look}.", "not converged")


def _how_often(run: Descent, points: Points) -> float:
    """The share of shuffled runs that meet the limit; the same for the same rate and points."""
    with np.errstate(all="ignore"):
        ends = simulate_many(run, points, DRAWS)[:, -1]
        return float((ends <= LIMIT * points.least_loss).mean())


def _largest_sample_rate(points: Points) -> float:
    """Up to this rate no sample enlarges its own error; as the lab rounds it, 0.0385."""
    return round(1 / (float((points.x**2).max()) + 1), 4)


def _not_of_sgd(values, run: Descent, points: Points) -> Feedback | None:
    if printed(values):
        return incorrect(
            "None of your losses has more than five digits, and a computed loss has more. If you "
            "typed them, let your loop collect them; if you rounded them, keep all their digits.",
            "constants typed in",
        )
    fits, position = shuffles.plausible(values, run, points, margin=1.0)
    if not fits:
        epochs = f"{position} epoch{'s' if position != 1 else ''}"
        what = f"does not give such losses: after {epochs} yours is {shown(values[position])}"
        look = "how many updates an epoch has"
    elif run.rate > 2 * _largest_sample_rate(points) and not _how_often(run, points):
        what = f"does not end at {shown(values[-1])}: of {DRAWS} simulated orders none meets the "
        what += "limit at this rate"
        look = "what makes the steps"
    else:
        return None
    return incorrect(
        f"Shuffled SGD at rate {shown(run.rate)} {what}. Look at whether `step_size` is the rate "
        f"your update lines use, and at {look}.",
        "not of this run",
    )
