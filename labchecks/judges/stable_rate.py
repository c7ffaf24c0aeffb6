"""Lab 2: a rate at which shuffled stochastic gradient descent converges."""

from __future__ import annotations

import functools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from labchecks.chart import Chart
from labchecks.engine import shuffled as shuffles
from labchecks.engine.compare import agree, digits, mismatch, shown
from labchecks.engine.diagnosis import describe
from labchecks.engine.mistakes import find, of_kind, per_epoch
from labchecks.engine.run import Descent, Points, points_of, simulate, simulate_many
from labchecks.engine.unusable import unusable
from labchecks.feedback import Feedback, correct, incorrect
from labchecks.judges.losses import TELLING, judge_cases
from labchecks.judges.steep_runs import BATCH, EPOCHS, LAB_SEED, RATES, START, hidden, visible
from labchecks.registry import Practice

__all__ = ["stable_rate"]

#: The last loss is to be at most so many times that of least squares.
LIMIT = 1.25

#: Share of shuffles that have to meet the limit for a rate to count where a run is not the one that
#: the student looked at. At the largest rate at which no sample enlarges its own error it is 2/5.
OFTEN = 1 / 3

#: Rates at which runs meet the limit in most orders: the chart shows what lies between these.
CONVERGING = (0.02, 0.01, 0.005, 0.002)

#: What may be recorded in place of the loss over all points when an epoch begins.
RECORDED = (
    "recorded after the update",
    "mean of the batch losses",
    "only the last batch recorded",
    "batch losses added up",
)

#: What may be wrong with the steps where the rate does not explain the losses.
STEPS = ("b never updated", "w never updated", "gradients never zeroed", "stepping uphill")

#: So many finite losses tell in which order the points came; an overflown run agrees with any.
TOLD = 4

#: Simulated shuffles of which that share is taken.
DRAWS = 480

#: Simulated shuffles that tell whether a run without shuffling can be told from one with it.
SOME = 40

#: Rates above those at which runs converge. Their losses jump by orders of magnitude, so they tell
#: the rate within a factor only.
JUMPING = (0.03, 0.04, 0.05, 0.06, 0.08, 0.1)


@dataclass(frozen=True)
class StableRateJudge:
    """Judges a rate and the losses of the run at it."""

    def __call__(self, cases: Sequence[Mapping], answers: Sequence[Mapping]) -> Feedback:
        """The verdict on all runs."""
        # With hidden cases among them these are answers of a program that has run once more. One
        # that sets no seed then has other losses than those that its student saw.
        again = any(case["seed"] != LAB_SEED for case in cases)
        judge_one = functools.partial(_judge_stable, again=again)
        return judge_cases(cases, answers, judge_one, "loss_SGD")

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


def _judge_stable(
    case: Mapping[str, Any], answer: Mapping[str, Any], again: bool = False
) -> Feedback:
    nothing = unusable(answer, "loss_SGD", f"a list of {EPOCHS} losses")
    if nothing is not None:
        return nothing
    rate_answer = answer["step_size"]
    nothing = unusable(rate_answer, "step_size", "one number, your rate")
    if nothing is not None:
        return incorrect(nothing.text, nothing.mistake or "step_size missing")
    if len(rate_answer["values"]) != 1:
        return incorrect("`step_size` should be one number.", "wrong type")
    (rate,) = rate_answer["values"]
    if not (math.isfinite(rate) and rate > 0):
        return incorrect(
            f"`step_size` is {shown(rate)}, and a learning rate is a positive number.", "not a rate"
        )
    values = answer["values"]
    points = points_of(case["data"], case["seed"])
    run = Descent(rate=rate, epochs=EPOCHS, start=START, batch_size=1)
    return (
        _stable_length(values, run, points)
        or _stable_first(values, run, points)
        or _unchanged(values)
        or _not_shuffled(values, run, points)
        or _diverged(values, run, points)
        or _of_another_run(values, run, points)
        or _not_converged(values, run, points, case["seed"] != LAB_SEED, again)
        or _not_of_sgd(values, run, points)
        or correct(
            f"At rate {shown(rate)} shuffled SGD goes from {shown(values[0])} to "
            f"{shown(values[-1])} and stays near the least-squares loss."
        )
    )


def _stable_length(values, run: Descent, points: Points) -> Feedback | None:
    n = len(values)
    if n == EPOCHS:
        return None
    count = f"`loss_SGD` holds {n} number{'s' if n > 1 else ''} instead of {EPOCHS}"
    if n == EPOCHS * len(points):
        return incorrect(
            f"{count}: one for every update. The practice asks for the loss over all points, "
            "once at the start of each epoch.",
            "recorded at every update",
        )
    if abs(n - EPOCHS) == 1:
        return incorrect(
            f"{count}. Look at when the loop records, and how often it runs.",
            "wrong number of epochs",
        )
    return incorrect(f"{count}, one at the start of each epoch.", "wrong number of values")


def _stable_first(values, run: Descent, points: Points) -> Feedback | None:
    first = simulate(run.with_(epochs=1), points).losses
    if agree(values[:1], first, 0.05 if _short(values) else 0.0):
        return None
    single = values[:1]
    known = of_kind("record", without=("recorded after the update", "losses added up")) + (
        find("absolute errors"),
        find("sign of b in the model"),
        find("noise-free targets"),
    )
    for mistake in known:
        expected = simulate(mistake.applied_to(run.with_(epochs=1)), points).losses
        if agree(single, expected):
            return describe([mistake], values, run)
    starts = {
        "(0, 0)": (0.0, 0.0),
        "the start of Lab 1": (-15.0, -10.0),
        "(−20, −10)": (START[1], START[0]),
        "where the batch run ended": simulate(BATCH, points).end,
    }
    for name, start in starts.items():
        if agree(single, [points.loss(*start)]):
            return incorrect(
                f"Your first loss, {shown(values[0])}, belongs to another start: {name}. Look at "
                "the values of `w` and `b` when your loop begins.",
                "wrong start",
            )
    everything = [
        simulate(run.with_(epochs=1, series="first", order=((i,),)), points).losses[0]
        for i in range(len(points))
    ]
    if any(agree(single, [loss]) for loss in everything):
        return incorrect(
            f"Your first value, {shown(values[0])}, is the loss of a single sample at the start. "
            "The practice asks for the loss over all points.",
            "loss of one sample",
        )
    fits = [
        (shuffles.evidence(values, mistake.applied_to(run), points), mistake)
        for mistake in map(per_epoch, map(find, RECORDED))
    ]
    best, mistake = max(fits, key=lambda fit: fit[0])
    if best > -math.inf and best > shuffles.any_run(values) + TELLING:
        return describe([mistake], values, run)
    return incorrect(
        f"Your first value, {shown(values[0])}, is not the loss over all points at the start "
        "(w, b) = (−10, −20). Look at the start values, and at when and on which points the loss "
        "is taken.",
        "first loss differs",
    )


def _unchanged(values: Sequence[float]) -> Feedback | None:
    if len(set(values)) > 1:
        return None
    return incorrect(
        f"Your loss never changes from one epoch to the next: all {EPOCHS} values are "
        f"{shown(values[0])}. Look at where `w` and `b` are made, and at what the update lines do "
        "to them.",
        "nothing moves",
    )


def _short(values: Sequence[float]) -> bool:
    return all(digits(value) <= 5 for value in values)


def _not_shuffled(values, run: Descent, points: Points) -> Feedback | None:
    # At a small rate the order hardly matters, and shuffled runs come close to these as well: then
    # only what agrees as closely as float32 allows was taken in that order.
    grew = not math.isfinite(values[-1]) or values[-1] > values[0]
    if sum(map(math.isfinite, values)) < TOLD:
        return None
    shuffled = not grew and shuffles.plausible(values, run, points)[0]
    closest = 0.03 if shuffled else 1.0
    # At a tiny rate shuffled runs come as close as that, too: then nothing is known of the order.
    some = simulate_many(run, points, SOME) if shuffled else ()

    def fits(**changes) -> bool:
        losses = simulate(run.with_(**changes), points).losses
        return mismatch(values, losses, chaotic=True) <= closest and not any(
            mismatch(other, losses, chaotic=True) <= 3 * closest for other in some
        )

    for order, how in (
        ("given", "in the order of `X`"),
        ("reversed", "from the last to the first"),
    ):
        if fits(order=order):
            more = f", and the losses grow to {shown(values[-1])}" if grew else ""
            return incorrect(
                f"Your run takes the points {how}, sorted by x, in every epoch{more}: its second "
                f"loss is {shown(values[1])}. The practice asks for a run that shuffles them: look "
                "at the order in which your loop visits the samples.",
                "points in order",
            )
    if fits(batch_size=None):
        return incorrect(
            f"Your losses are those of batch descent, one update per epoch: the second is "
            f"{shown(values[1])}. Look at how many updates an epoch of SGD has.",
            "batch descent",
        )
    if fits(batches="all"):
        return incorrect(
            "Every update of yours uses all points, though there is one update per sample: the "
            f"second loss is {shown(values[1])}. Look at which rows enter the loss.",
            "batch ignored",
        )
    return None


def _diverged(values, run: Descent, points: Points) -> Feedback | None:
    last = values[-1]
    with np.errstate(all="ignore"):
        steps = np.diff([0.0, *values])
    if (steps > 0).all() and shuffles.plausible(steps, run, points)[0]:
        return incorrect(
            f"Each of your values is the sum of all losses so far, up to {shown(last)}. Look at "
            "what you append, and at where a running total is set to zero.",
            "losses added up",
        )
    worst = max((value for value in values if math.isfinite(value)), default=math.inf)
    if not all(map(math.isfinite, values)) or last > values[0] or worst > 10 * values[0]:
        what = f"its losses go from {shown(values[0])} to {shown(last)} (largest: {shown(worst)})"
        if run.rate <= _largest_sample_rate(points):
            return incorrect(
                f"Your run diverges: {what}. At rate {shown(run.rate)} no sample enlarges its own "
                "error, so your update lines make other steps than one-sample SGD at this rate. "
                "Look at their sign and their rate, and at what the gradients hold by then.",
                "steps differ",
            )
        return incorrect(
            f"Your run diverges: {what}. Look at one sample's factor |1 − 2η(x² + 1)| for the "
            "largest x.",
            "diverged",
        )
    return None


def _not_converged(
    values, run: Descent, points: Points, other_data: bool, again: bool
) -> Feedback | None:
    last = values[-1]
    # The run that the student looked at has to meet the limit. On other data the same program draws
    # other noise, and may end above it by chance: there the law of the run is enough.
    if last <= LIMIT * points.least_loss or other_data:
        return None
    often = _how_often(run, points)
    stable = often >= OFTEN and run.rate <= _largest_sample_rate(points)
    if again and stable:
        # Another order of the points is no other program.
        return None
    above = f"the last is {shown(last)}, more than a quarter above the least-squares loss"
    chance = ""
    if often > 0.05:
        tenths = max(1, min(9, round(10 * often)))
        chance = (
            " Where it ends depends on the order of the points as well: at this rate about "
            f"{tenths} in 10 shuffles meet the limit"
            f"{'.' if stable else ', and a stable rate leaves less to chance.'}"
        )
    ends = values[-5:]
    rises = any(later > earlier for earlier, later in zip(ends, ends[1:], strict=False))
    if rises and np.std(np.log(np.clip(ends, 1e-30, None))) > 0.05:
        return incorrect(
            f"Your last losses still jump about; {above}. At rate {shown(run.rate)} each sample "
            f"pulls the line away from where the others want it.{chance} Look at how the rate sets "
            "the size of these jumps.",
            "not converged",
        )
    return incorrect(
        f"The losses of your {EPOCHS} epochs end too high: {above}.{chance} Look at whether the "
        f"run at rate {shown(run.rate)} has arrived, and at how large its steps are.",
        "not converged",
    )


def _how_often(run: Descent, points: Points) -> float:
    """The share of shuffled runs that meet the limit; the same for the same rate and points."""
    with np.errstate(all="ignore"):
        ends = simulate_many(run, points, DRAWS)[:, -1]
        return float((ends <= LIMIT * points.least_loss).mean())


def _largest_sample_rate(points: Points) -> float:
    """Up to this rate no sample enlarges its own error; as the lab rounds it, 0.0385."""
    return round(1 / (float((points.x**2).max()) + 1), 4)


def _of_another_run(values, run: Descent, points: Points) -> Feedback | None:
    """Losses that one-sample SGD at `step_size` does not give, and a known run does."""
    # Wide: twenty epochs of noise have long tails, and the choice of shuffle is free.
    if _short(values) or shuffles.plausible(values, run, points, margin=1.0)[0]:
        return None
    settings = [(f"a rate near {rate:g}", run.with_(rate=rate)) for rate in RATES[2:]]
    settings += [(f"batches of {size}", run.with_(batch_size=size)) for size in (5, 10, 20, 50)]
    fits = [(shuffles.likelihood(values, other, points, 60), what) for what, other in settings]
    best, what = max(fits)
    if best > -math.inf:
        name = "step_size is not the rate used" if "rate" in what else "wrong batch size"
        return incorrect(
            f"Your losses ({shown(values[1])} after one epoch) are not those of one-sample SGD at "
            f"`step_size` = {shown(run.rate)}; they fit {what}. Look at the rate that the update "
            "lines use, and at how many updates an epoch has.",
            name,
        )
    least = shuffles.any_run(values) + TELLING
    rates = {rate: shuffles.evidence(values, run.with_(rate=rate), points) for rate in JUMPING}
    known = {name: shuffles.evidence(values, find(name).applied_to(run), points) for name in STEPS}
    likeliest = max(known, key=known.__getitem__)
    steep = max(rates.values())
    if known[likeliest] > max(least, steep + TELLING):
        mistake = find(likeliest)
        return incorrect(
            f"Your losses fit a run in which {mistake.words}. {mistake.look}", likeliest
        )
    if steep > max(least, known[likeliest] + TELLING):
        near = [rate for rate, fit in rates.items() if fit > steep - TELLING]
        return incorrect(
            f"Your losses ({shown(max(values[1:]))} at worst after the start) jump more than those "
            f"of one-sample SGD at `step_size` = {shown(run.rate)}; they fit rates between about "
            f"{near[0]:g} and {near[-1]:g}. Look at the rate that the update lines use.",
            "step_size is not the rate used",
        )
    return None


def _not_of_sgd(values, run: Descent, points: Points) -> Feedback | None:
    if _short(values):
        return incorrect(
            "None of your losses has more than five digits, and a computed loss has more. If you "
            "typed them, let your loop collect them; if you rounded them, keep all their digits.",
            "constants typed in",
        )
    fits, position = shuffles.plausible(values, run, points, margin=1.0)
    if fits and run.rate > 2 * _largest_sample_rate(points) and not _how_often(run, points):
        return incorrect(
            f"Shuffled SGD at rate {shown(run.rate)} does not end at {shown(values[-1])}: of "
            f"{DRAWS} simulated orders none meets the limit at this rate. Look at whether "
            "`step_size` is the rate your update lines use, and at what makes the steps.",
            "not of this run",
        )
    if fits:
        return None
    return incorrect(
        f"Shuffled SGD at rate {shown(run.rate)} does not give such losses: after {position} "
        f"epoch{'s' if position != 1 else ''} yours is {shown(values[position])}. Look at whether "
        "`step_size` is the rate your update lines use, and at how many updates an epoch has.",
        "not of this run",
    )
