"""Judging a figure of one training log: the curve is the student's own log, named and labelled."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from labchecks.engine.compare import shown
from labchecks.engine.run import points_of
from labchecks.feedback import Feedback, correct, incorrect, not_attempted, not_checked, partial
from labchecks.judges.curves import along_steps, labels, unreadable_figure
from labchecks.judges.log_looks import falls, near_least, no_losses, stays_up

__all__ = ["judge_loss_plot"]

X_WORDS = ("iteration", "step", "epoch", "update")
Y_WORDS = ("loss", "mse", "error")


def judge_loss_plot(
    axes: str,
    log: str,
    cases: Sequence[Mapping[str, Any]],
    answers: Sequence[Mapping[str, Any]],
) -> Feedback:
    """Judge the figure in every run of the lab; the first that is not right decides.

    Six tenths of the points are for the curve, two for the labels of the axes, two for the title.
    """
    if not cases or len(cases) != len(answers):
        return not_checked(f"No answer for `{axes}` reached the check.")
    for case, answer in zip(cases, answers, strict=True):
        least = points_of(case["data"], case["seed"]).least_loss
        feedback = _judge(axes, log, answer, least)
        if feedback.outcome != "correct":
            return feedback
    logs = [answer["lists"][log]["values"] for answer in answers]
    if any(other == logs[0] for other in logs[1:]):
        return incorrect(
            f"`{log}` stays the same when the lab runs on other data, so no training made it. Look "
            "at where its numbers come from.",
            "constants typed in",
        )
    # A start near the minimum is drawn once by chance, not again on other data.
    if len(logs) > 1 and not any(falls(np.array(values, dtype=float)) for values in logs):
        return stays_up(log)
    return feedback


def _judge(axes: str, log: str, answer: Mapping[str, Any], least: float) -> Feedback:
    nothing = unreadable_figure(answer, axes)
    if nothing is not None:
        return nothing
    curves = [curve for curve in answer["curves"] if curve["y"]]
    own = answer["lists"][log]
    if own["kind"] in ("absent", "stub"):
        if not curves:
            return not_attempted(f"`{axes}` shows no curve yet, and `{log}` holds no losses yet.")
        return incorrect(
            f"`{axes}` shows a curve, but `{log}` holds no losses to compare it with. Keep what "
            "your function returns under that name.",
            "no log",
        )
    if own["kind"] != "numbers" or len(own["values"]) < 2:
        return incorrect(
            f"`{log}` should hold the losses that your function returned, more than one. Look at "
            "what is assigned to it.",
            "no log",
        )
    if not curves:
        where = (
            f"The curve is in other axes of the same figure: which of them is called `{axes}`?"
            if answer["beside"]
            else "Look at what your drawing call draws, and into which axes."
        )
        return incorrect(f"`{axes}` shows no curve. {where}", "no curve")
    losses = np.array(own["values"])
    finite = int(np.isfinite(losses).sum())
    if finite < 2:
        count = "none of them is" if finite == 0 else "only one of them is"
        return incorrect(
            f"`{log}` holds {len(losses)} losses, and {count} a finite number, so no curve can be "
            "seen. Look at what the training that made them does to the weights.",
            "losses not finite",
        )
    unlike = no_losses(log, losses, least)
    if unlike is not None:
        return unlike
    if not (falls(losses) or near_least(losses, least)):
        return stays_up(log)
    match = next((curve for curve in curves if _same(curve["y"], losses)), None)
    faults = []
    share = 0.6
    if match is None:
        faults.append(_why_not(log, losses, curves))
        share = 0.0
    elif not along_steps(match):
        faults.append(
            (
                "x is not the epoch",
                f"The curve runs from x = {shown(match['x'][0])} to {shown(match['x'][-1])} "
                "instead of along the epochs.",
            )
        )
        share = 0.4
    elif len(curves) > 1 and not all(_same(c["y"], losses) or _reference(c) for c in curves):
        faults.append(
            (
                "another curve",
                "There is another curve in the same axes: one figure is asked for each log.",
            )
        )
        share = 0.4
    named = [found for found in labels(answer, 1, X_WORDS, Y_WORDS) if "legend" not in found[0]]
    share += 0.2 - sum(lost for _, lost, _ in named)
    faults += [(short, text) for short, _, text in named]
    if answer["title"].strip():
        share += 0.2
    else:
        faults.append(("no title", "The figure has no title."))
    if not faults:
        return correct(
            f"`{axes}` shows the {len(losses)} losses of `{log}`, with labels and a title."
        )
    text = " ".join(sentence for _, sentence in faults)
    mistake = " + ".join(short for short, _ in faults)
    if match is None:
        # Labels and title around a wrong curve are worth something, but less than the curve.
        return partial(round(share, 2), text, mistake) if share > 0 else incorrect(text, mistake)
    return partial(round(share, 2), text, mistake)


def _same(drawn: Sequence[float], losses: np.ndarray) -> bool:
    drawn = np.array(drawn, dtype=float)
    # float32 losses that were turned into float64 on one side only differ by their rounding.
    return drawn.shape == losses.shape and np.allclose(
        drawn, losses, rtol=1e-5, atol=1e-9, equal_nan=True
    )


def _part_of(drawn: np.ndarray, losses: np.ndarray) -> bool:
    """Whether a curve shows a stretch of the losses: looked for where its first value is."""
    first = losses[: len(losses) - len(drawn) + 1]
    begins = np.isclose(first, drawn[0], rtol=1e-5, atol=1e-9, equal_nan=True)
    starts = np.flatnonzero(begins)[:100]
    return any(_same(drawn, losses[k : k + len(drawn)]) for k in starts)


def _reference(curve: Mapping[str, Any]) -> bool:
    """A level or upright line, or one marked point: drawn beside the losses to compare with."""
    return len(set(curve["y"])) == 1 or len(set(curve["x"])) == 1


def _why_not(log: str, losses: np.ndarray, curves: Sequence[Mapping[str, Any]]) -> tuple[str, str]:
    for curve in curves:
        y = np.array(curve["y"], dtype=float)
        if _same(curve["x"], losses):
            return "x and y swapped", (
                "The losses run along the x-axis: look at the order of the two arguments of `plot`."
            )
        with np.errstate(all="ignore"):
            if any(_same(y, f(losses)) for f in (np.log, np.log10, np.log2, np.log1p)):
                return "logarithm of the losses", (
                    "The curve shows logarithms of the losses: draw the losses themselves; the "
                    "axis can be made logarithmic."
                )
        if 1 < len(y) < len(losses) and _part_of(y, losses):
            return "curve cut short", (
                f"The curve has {len(y)} points, and `{log}` holds {len(losses)} losses."
            )
        if _same(y, losses[::-1]):
            return "reversed", "The curve shows the losses from the last to the first."
    return "another curve", (
        f"The curve does not show the losses in `{log}`. Look at what `plot` draws; if you have "
        "run the training again since, draw again too."
    )
