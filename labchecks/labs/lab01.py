"""Practices of Lab 1: losses at rate 0.2, a comparison of two runs, the largest stable rate."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from labchecks.engine.compare import agree, shown
from labchecks.engine.run import Descent, Points, points_of, simulate
from labchecks.engine.unusable import unreadable
from labchecks.feedback import Feedback, correct, incorrect, partial
from labchecks.judges.curves import along_steps, drawn, held_by, labels, unreadable_figure
from labchecks.judges.losses import judge_cases, losses_practice, on_lab_data
from labchecks.registry import Practice

__all__ = ["PRACTICES"]

START = (-15.0, -10.0)
RATES = (0.1, 0.2, 0.25, 0.3, 0.34)
FIRST = Descent(rate=0.1, epochs=15, start=START)
SECOND = Descent(rate=0.2, epochs=15, start=START)

visible, hidden = on_lab_data("gentle_line")


#: The 15 losses at rate 0.2, each before its update.
RATE_02 = losses_practice(
    "lab01-rate-02",
    title="Train at rate 0.2",
    points=10,
    data="gentle_line",
    name="LOSS2",
    rate=0.2,
    epochs=15,
    start=START,
    rate_before=(0.1, "where the run at rate 0.1 ended"),
    other_starts=(
        ((0.0, 0.0), "from zero"),
        ((START[1], START[0]), "with `w` and `b` in each other's place"),
        ((-START[0], -START[1]), "with other signs"),
    ),
    other_rates=RATES,
    other_data=("steep_line", "wide_line"),
)


def compare_plot() -> Practice:
    """`ax`: the losses of both runs against the iteration."""

    def judge(cases: Sequence[Mapping], answers: Sequence[Mapping]) -> Feedback:
        def heights(answer):
            return [curve["y"] for curve in answer.get("curves", [])]

        return judge_cases(cases, answers, _judge_comparison, "ax", heights)

    return Practice(
        id="lab01-compare-plot",
        title="Compare two rates in a figure",
        points=5,
        names=("ax",),
        question=("figure", "ax", "LOSS2"),
        judge=judge,
        visible=visible,
        hidden=hidden,
    )


def _judge_comparison(case: Mapping[str, Any], answer: Mapping[str, Any]) -> Feedback:
    nothing = unreadable_figure(answer, "ax")
    if nothing is not None:
        return nothing
    points = points_of(case["data"], case["seed"])
    expected = {"LOSS": simulate(FIRST, points).losses, "LOSS2": simulate(SECOND, points).losses}
    curves = [curve for curve in answer["curves"] if curve["y"]]
    if not curves:
        where = (
            "The curves are in other axes of the same figure: which of them is called `ax`?"
            if answer["beside"]
            else "Look at what your drawing calls draw, and into which axes."
        )
        return incorrect(f"`ax` shows no curve. {where}", "no curve")
    found = {name: drawn(curves, losses) for name, losses in expected.items()}
    share = 0.3 * sum(curve is not None for curve in found.values())
    faults = []
    for name, curve in found.items():
        if curve is None:
            faults.append(_missing_curve(name, expected, curves, answer))
        elif not along_steps(curve):
            share -= 0.15
            faults.append(
                (
                    "x is not the iteration",
                    f"The curve of `{name}` runs from x = {shown(curve['x'][0])} to "
                    f"{shown(curve['x'][-1])} instead of along the iterations.",
                )
            )
    if len({fault[0] for fault in faults}) < len(faults):
        faults = faults[:1]  # the same thing went wrong with both curves: say it once
    named = labels(
        answer,
        2,
        ("iteration", "step", "epoch", "update"),
        ("loss", "mse", "error"),
        [curve for curve in found.values() if curve is not None],
    )
    if not named:
        named = _names_swapped(found)
    share += 0.4 - sum(lost for _, lost, _ in named)
    faults += [(short, text) for short, _, text in named]
    if not faults:
        return correct("Both curves are there, the axes are labelled and the legend names both.")
    text = " ".join(sentence for _, sentence in faults[:3])
    mistake = " + ".join(short for short, _ in faults)
    if not any(found.values()) or share <= 0:
        return incorrect(text, mistake)
    return partial(min(round(share, 2), 0.9), text, mistake)


def _names_swapped(found: Mapping[str, Mapping[str, Any] | None]) -> list[tuple[str, float, str]]:
    """Whether the legend calls each curve by the rate or the name of the other."""
    entries = {
        name: str(curve.get("entry", "")).lower().replace(",", ".")
        for name, curve in found.items()
        if curve is not None
    }
    if len(entries) < 2:
        return []
    for first, second in (
        (r"(?<!\d)0?\.1(?!\d)", r"(?<!\d)0?\.2(?!\d)"),
        (r"\bloss\b", r"\bloss ?2\b"),
    ):
        marks = {
            name: (bool(re.search(first, text)), bool(re.search(second, text)))
            for name, text in entries.items()
        }
        if marks == {"LOSS": (False, True), "LOSS2": (True, False)}:
            text = f"The legend calls the curve of `LOSS` “{found['LOSS']['entry'][:40]}”: look at "
            return [("legend entries swapped", 0.2, text + "which name belongs to which curve.")]
    return []


def _missing_curve(name, expected, curves, answer) -> tuple[str, str]:
    """Why the losses `name` are not among the curves."""
    losses = np.asarray(expected[name])
    other = expected["LOSS2" if name == "LOSS" else "LOSS"]
    if any(agree(curve["x"], losses) for curve in curves):
        return "x and y swapped", (
            "The losses run along the x-axis: look at the order of the two arguments of `plot`."
        )
    logs = (np.log, np.log10, np.log2, np.log1p)
    if any(agree(curve["y"], log(losses)) for curve in curves for log in logs):
        return "logarithm of the losses", (
            f"The curve of `{name}` shows logarithms instead of the losses: draw the losses; the "
            "axis can be made logarithmic."
        )
    if any(agree(curve["y"], losses) for curve in answer["beside"]):
        return "curves on two axes", (
            f"The curve of `{name}` is drawn in other axes of the figure: look at how many axes "
            "you made, and which of them each `plot` belongs to."
        )
    for curve in curves:
        n = len(curve["y"])
        if n == 2 * len(losses):
            return "both runs in one curve", (
                f"One curve has {n} points: both lists were joined into a single curve."
            )
        if 3 < n < len(losses) and any(
            agree(curve["y"], losses[k : k + n]) for k in range(len(losses) - n + 1)
        ):
            return "curve cut short", (
                f"The curve of `{name}` has {n} points, and the list has {len(losses)} losses."
            )
    own = held_by(answer, "LOSS2")
    if name == "LOSS2" and any(agree(curve["y"], own) for curve in curves):
        return "losses not right yet", (
            "The figure draws your `LOSS2`, which is not right yet: solve the practice before this "
            "one, then run this cell again."
        )
    for curve in curves:
        n = len(curve["y"])
        if n > len(losses) and agree(curve["y"][: len(losses)], losses):
            return "curve too long", (
                f"The curve of `{name}` has {n} points, and the list has {len(losses)} losses: "
                "look at what was drawn beside them."
            )
    if sum(agree(curve["y"], other) for curve in curves) > 1:
        twice = "LOSS2" if name == "LOSS" else "LOSS"
        return "one curve twice", (
            f"`{twice}` is drawn twice and `{name}` is not there: look at what each `plot` draws."
        )
    if len(curves) == 1:
        return "one curve only", f"There is one curve, and the losses `{name}` are not in it."
    return "curve missing", (
        f"No curve shows the losses `{name}` of this data: look at what each `plot` draws."
    )


def largest_rate() -> Practice:
    """`largest_rate`: the rate below which batch descent converges."""

    def judge(cases: Sequence[Mapping], answers: Sequence[Mapping]) -> Feedback:
        # The limit depends on x alone, which every seed shares: the same number is right for all.
        return judge_cases(
            cases, answers, _judge_largest, "largest_rate", key=lambda answer: answer
        )

    return Practice(
        id="lab01-largest-rate",
        title="The largest rate that converges",
        points=5,
        names=("largest_rate",),
        question=("value", "largest_rate"),
        judge=judge,
        visible=visible,
    )


def _judge_largest(case: Mapping[str, Any], answer: Mapping[str, Any]) -> Feedback:
    nothing = unreadable(answer, "largest_rate", "one number")
    if nothing is not None:
        return nothing
    if len(answer["values"]) != 1:
        return incorrect(
            f"`largest_rate` should be one number, and it holds {len(answer['values'])}. Look at "
            "which of the two directions sets the limit.",
            "wrong type",
        )
    (rate,) = answer["values"]
    points = points_of(case["data"], case["seed"])
    small, large = np.linalg.eigvalsh(points.hessian)
    limit = 2 / large
    if abs(rate - limit) <= 0.02 * limit:
        return correct(
            f"At {shown(rate)} the error along the steepest direction all but keeps its size: "
            "smaller rates converge."
        )
    return incorrect(*_why_not(rate, points, float(small), float(large)))


def _why_not(rate: float, points: Points, small: float, large: float) -> tuple[str, str]:
    value = f"`largest_rate` is {shown(rate)}"

    def near(other: float) -> bool:
        return abs(rate - other) <= 1e-3 * abs(other)

    if not np.isfinite(rate) or rate <= 0:
        return f"{value}, and a learning rate is a positive number.", "not a rate"
    if near(1 / large):
        return (
            f"{value}: with that rate the error along the steepest direction is gone in one step, "
            "and a larger rate still converges. Look at which factor 1 − η·λ is the last one "
            "before the error grows.",
            "1/λ₂",
        )
    if near(2 / (small + large)):
        return (
            f"{value}: that is the rate that converges fastest, and a larger one still converges. "
            "Look at which factor 1 − η·λ is the last one before the error grows.",
            "fastest rate",
        )
    if near(2 / small):
        return (
            f"{value}: at that rate the error along the shallow direction just keeps its size, but "
            "along the steep one it grows. Look at which direction sets the limit.",
            "2/λ₁",
        )
    if near(4 / large):
        return (
            f"{value}, twice too large: a matrix without the factor 2 of the second derivative "
            "gives this. Look at the formula of H.",
            "Hessian without its factor 2",
        )
    if near(1 / small):
        return (
            f"{value}: at that rate the error along the shallow direction is gone in one step, but "
            "along the steep one it grows. Look at which direction sets the limit.",
            "1/λ₁",
        )
    if near(large / small):
        return f"{value}: that is the condition number, not a rate.", "condition number"
    if near(large) or near(small) or near(large / 2) or near(small / 2):
        return (
            f"{value}: that is a curvature, an eigenvalue of the surface, not yet a rate. Solve "
            "the rule for the factor for η.",
            "eigenvalue",
        )
    if abs(rate - 0.3) < 1e-9:
        return (
            f"{value}, the largest of the rates you tried that converged. A slightly larger one "
            "still does: compute the limit from the data instead of reading it off the runs.",
            "largest rate tried",
        )
    if abs(rate - 0.34) < 1e-9:
        return (
            f"{value}, the first of the rates you tried, and it diverged. Compute the limit from "
            "the data instead of reading it off the runs.",
            "smallest rate that diverged",
        )
    squares = float((points.x**2).max())
    if near(1 / (squares + 1)) or near(1 / squares):
        return (
            f"{value}: that is a limit for updates with one point at a time, set by the largest x. "
            "In batch descent all points act together, through their means, and a larger rate "
            "still converges.",
            "one-sample limit",
        )
    factor = 1 - rate * large
    if rate < 2 / large:
        return (
            f"{value}, and a larger rate still converges: there the factor of the steepest "
            f"direction is {factor:.3f}. Look at how far that factor may go.",
            "too small",
        )
    return (
        f"{value}, and batch descent already diverges there: the factor of the steepest direction "
        f"is {factor:.3f}. Look at how far that factor may go.",
        "too large",
    )


PRACTICES = (RATE_02, compare_plot(), largest_rate())
