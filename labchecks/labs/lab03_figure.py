"""Lab 3: the figure with the loss curves of five batch sizes."""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from labchecks.engine import shuffled as shuffles
from labchecks.engine.compare import agree
from labchecks.engine.run import Points, points_of, simulate
from labchecks.feedback import Feedback, correct, incorrect, partial
from labchecks.judges.curves import held_by, labels, unreadable_figure
from labchecks.judges.losses import Losses, judge_cases
from labchecks.labs.lab03_runs import EPOCHS, RATE, SIZES, START, TWENTY, hidden, visible
from labchecks.registry import Practice

__all__ = ["compare_plot"]

#: A number in a legend that may be a batch size: whole, and no count of updates or epochs.
WHOLE_NUMBER = r"(?<![\d.,])\d+(?![.,]?\d)(?!\W*(?:update|epoch|step|iter))"


def compare_plot() -> Practice:
    """`ax`: the loss curves of all five batch sizes."""

    def judge(cases: Sequence[Mapping], answers: Sequence[Mapping]) -> Feedback:
        def heights(answer):
            return [curve["y"] for curve in answer.get("curves", [])]

        return judge_cases(cases, answers, _judge_comparison, "ax", heights)

    return Practice(
        id="lab03-compare-plot",
        title="Compare five batch sizes in a figure",
        points=5,
        names=("ax",),
        question=("figure", "ax", *(f"LOSS{size}" for size in SIZES.values())),
        judge=judge,
        visible=visible,
        hidden=hidden,
    )


def _judge_comparison(case: Mapping[str, Any], answer: Mapping[str, Any]) -> Feedback:
    nothing = unreadable_figure(answer, "ax")
    if nothing is not None:
        return nothing
    points = points_of(case["data"], case["seed"])
    curves = [curve for curve in answer["curves"] if curve["y"]]
    if not curves:
        where = (
            "The curves are in other axes of the same figure: which of them is called `ax`?"
            if answer["beside"]
            else "Look at what your drawing calls draw, and into which axes."
        )
        return incorrect(f"`ax` shows no curve. {where}", "no curve")
    different = _different(curves)
    fits = {name: _fitting(different, size, points) for name, size in SIZES.items()}
    chosen = _assigned(fits)
    share = 0.12 * len(chosen)
    faults = []
    missing = [name for name in SIZES if name not in chosen]
    if missing:
        faults.append(_missing(missing, curves, answer, points))
    elif not all(_against_epochs(different[k], SIZES[name]) for name, k in chosen.items()):
        share -= 0.2
        faults.append(
            (
                "x is not the epoch",
                "Not every curve runs along the epochs (0, 1, 2, …) or the updates made so far.",
            )
        )
    named = labels(
        answer,
        5,
        ("epoch", "update", "iteration", "step"),
        ("loss", "mse", "error"),
        [different[k] for k in chosen.values()],
    )
    if not named:
        named = _names_swapped(
            curves, {name: held_by(answer, f"LOSS{size}") for name, size in SIZES.items()}
        )
    share += 0.4 - sum(lost for _, lost, _ in named)
    faults += [(short, text) for short, _, text in named]
    if not faults:
        return correct("All five curves are there, the axes are labelled, the legend names each.")
    text = " ".join(sentence for _, sentence in faults[:3])
    mistake = " + ".join(short for short, _ in faults)
    if not chosen or share <= 0:
        return incorrect(text, mistake)
    return partial(min(round(share, 2), 0.9), text, mistake)


def _names_swapped(curves: Sequence[Mapping], lists: Mapping) -> list[tuple[str, float, str]]:
    """Whether the legend calls two curves by each other's batch size."""
    shown = {
        SIZES[name]: curve.get("entry", "")
        for name, losses in lists.items()
        for curve in curves
        if losses and agree(curve["y"], losses)
    }
    sizes = {
        size: {int(number) for number in re.findall(WHOLE_NUMBER, entry.lower())}
        for size, entry in shown.items()
    }
    for one, other in itertools.permutations(sizes, 2):
        if one not in sizes[one] and other in sizes[one] and one in sizes[other] - {other}:
            text = f"The legend calls the curve of `LOSS{one}` “{shown[one][:40]}”: look at which "
            return [("legend entries swapped", 0.2, text + "name belongs to which curve.")]
    return []


def _different(curves: Sequence[Mapping]) -> list[Mapping]:
    """The curves without those that show the same losses once more, as markers over a line do."""
    kept: list[Mapping] = []
    for curve in curves:
        twin = next((k for k, one in enumerate(kept) if one["y"] == curve["y"]), None)
        if twin is None:
            kept.append(curve)
        elif not kept[twin].get("entry"):
            kept[twin] = curve
    return kept


def _fitting(curves: Sequence[Mapping], size: int, points: Points) -> list[int]:
    """Which curves can be the losses of this batch size."""
    run = TWENTY.with_(batch_size=size if size < len(points) else None)
    exact = simulate(run, points).losses
    found = []
    for k, curve in enumerate(curves):
        if len(curve["y"]) != EPOCHS:
            continue
        losses = curve["y"]
        if agree(losses, exact) or (
            Losses("LOSS20", RATE, EPOCHS, START, 20).is_right(losses, points)
            if run == TWENTY
            else size < len(points)
            and agree(losses[:1], exact[:1])
            and shuffles.plausible(losses, run, points, margin=1.0)[0]
        ):
            found.append(k)
    return found


def _assigned(fits: Mapping[str, Sequence[int]]) -> dict[str, int]:
    """As many batch sizes as possible, each with a curve of its own."""
    best: dict[str, int] = {}
    options = [[None, *found] for found in fits.values()]
    for choice in itertools.islice(itertools.product(*options), 50_000):
        used = [k for k in choice if k is not None]
        if len(used) == len(set(used)) > len(best):
            best = {name: k for name, k in zip(fits, choice, strict=True) if k is not None}
    return best


def _against_epochs(curve: Mapping[str, Any], size: int) -> bool:
    x = np.asarray(curve["x"], dtype=float)
    epochs = np.arange(EPOCHS)
    updates = math.ceil(60 / size)
    return any(np.allclose(x, axis) for axis in (epochs, epochs + 1, epochs * updates))


def _missing(missing, curves, answer, points: Points) -> tuple[str, str]:
    few = [curve for curve in curves if len(curve["y"]) != EPOCHS]
    beside = [curve for curve in answer["beside"] if len(curve["y"]) == EPOCHS]
    listed = ", ".join(missing)
    heights = [tuple(curve["y"]) for curve in curves]
    if any(agree(curve["x"][:1], [points.loss(*START)]) for curve in curves if curve["x"]):
        return "x and y swapped", (
            "The losses run along the x-axis: look at the order of the two arguments of `plot`."
        )
    start = points.loss(*START)
    logs = [float(log(start)) for log in (np.log, np.log10, np.log2)]
    if any(agree(curve["y"][:1], [value]) for curve in curves for value in logs):
        return "logarithm of the losses", (
            "A curve shows logarithms instead of losses: draw the losses; the axis can be made "
            "logarithmic."
        )
    if beside:
        return "curves on two axes", (
            f"Some curves are drawn in other axes of the figure; `ax` lacks these: {listed}. Look "
            "at which axes each `plot` belongs to."
        )
    if len(set(heights)) < len(heights):
        return "one curve twice", (
            f"The same losses are drawn more than once, and these are not there: {listed}."
        )
    if few:
        return "curve of another length", (
            f"A curve has {len(few[0]['y'])} points; each run has {EPOCHS} losses, one per epoch."
        )
    own = held_by(answer, "LOSS20")
    if "batch size 20" in missing and any(agree(curve["y"], own) for curve in curves):
        return "losses not right yet", (
            "The figure draws your `LOSS20`, which is not right yet: solve the practice before "
            "this one, then run this cell again."
        )
    if len(curves) < len(SIZES):
        return "curve missing", (
            f"There {'is 1 curve' if len(curves) == 1 else f'are {len(curves)} curves'}; no curve "
            f"fits these runs: {listed}."
        )
    return "curve missing", f"No curve fits these runs: {listed}. Look at what each `plot` draws."
