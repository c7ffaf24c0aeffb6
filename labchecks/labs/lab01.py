"""Practices of Lab 1: losses at rate 0.2, a comparison of two runs, the largest stable rate."""

from __future__ import annotations

import random
import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch

from labchecks.engine.compare import agree, shown
from labchecks.engine.run import Descent, Points, points_of, simulate
from labchecks.feedback import Feedback, correct, incorrect, partial
from labchecks.judges.curves import along_steps, drawn, held_by, labels, unreadable_figure
from labchecks.judges.function import function_practice, slip
from labchecks.judges.losses import Asked, judge_cases, judge_losses, on_lab_data
from labchecks.registry import Practice

__all__ = ["PRACTICES"]

START = (-15.0, -10.0)
RATES = (0.1, 0.2, 0.25, 0.3, 0.34)
FIRST = Descent(rate=0.1, epochs=15, start=START)
SECOND = Descent(rate=0.2, epochs=15, start=START)

visible, hidden = on_lab_data("gentle_line")


def rate_02() -> Practice:
    """`LOSS2`: the 15 losses at rate 0.2, each before its update."""

    def judge(cases: Sequence[Mapping], answers: Sequence[Mapping]) -> Feedback:
        def one(case, answer):
            return judge_losses(_asked(points_of(case["data"], case["seed"])), case, answer)

        return judge_cases(cases, answers, one, "LOSS2")

    return Practice(
        id="lab01-rate-02",
        title="Train at rate 0.2",
        points=10,
        names=("LOSS2",),
        question=("value", "LOSS2"),
        judge=judge,
        visible=visible,
        hidden=hidden,
    )


def _asked(points: Points) -> Asked:
    end = simulate(FIRST, points).end
    return Asked(
        name="LOSS2",
        run=SECOND,
        other_starts=(
            (end, "where the run at rate 0.1 ended"),
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


def _curvatures(x: torch.Tensor) -> torch.Tensor:
    """The eigenvalues of the loss's Hessian for these inputs, the smaller one first."""
    mean = x.mean()
    return torch.linalg.eigvalsh(
        2 * torch.stack([(x**2).mean(), mean, mean, x[0, 0] * 0 + 1]).view(2, 2)
    )


def largest_rate(x: torch.Tensor) -> torch.Tensor:
    """The rate below which batch descent on a line converges, for inputs of shape (N, 1)."""
    return 2 / _curvatures(x)[1]


def _inputs(rng: random.Random) -> list[list[Any]]:
    """Inputs about zero and away from it, in few rows and in many."""
    calls = []
    for centre, spread in ((0.0, 2.0), (0.0, 1.4), (1.6, 1.0), (-1.0, 1.6)):
        n, centre = rng.randint(8, 60), centre * rng.uniform(0.7, 1.3)
        values = [round(rng.gauss(centre, spread * rng.uniform(0.8, 1.2)), 3) for _ in range(n)]
        calls.append([{"values": values, "shape": [n, 1]}])
    return calls


ABOUT_ONE_STEP = "Look at which factor 1 − η·λ is the last one before the error grows."
WHICH_DIRECTION = "Look at which direction sets the limit."

LARGEST_RATE = function_practice(
    "lab01-largest-rate",
    largest_rate,
    title="The largest rate that converges",
    points=5,
    cases=_inputs,
    seed=7,
    tolerance=0.005,
    praise="At the rate that it returns the error along the steepest direction just keeps its "
    "size: smaller rates converge.",
    look="Look at how far the factor of the steepest direction may go.",
    slips=[
        slip(
            "1/λ₂",
            lambda x: 1 / _curvatures(x)[1],
            "{name} gives {value}: with that rate the error along the steepest direction is gone "
            "in one step, and a larger rate still converges.",
            ABOUT_ONE_STEP,
        ),
        slip(
            "fastest rate",
            lambda x: 2 / _curvatures(x).sum(),
            "{name} gives {value}: that is the rate that converges fastest, and a larger one still "
            "converges.",
            ABOUT_ONE_STEP,
        ),
        slip(
            "2/λ₁",
            lambda x: 2 / _curvatures(x)[0],
            "{name} gives {value}: at that rate the error along the shallow direction just keeps "
            "its size, but along the steep one it grows.",
            WHICH_DIRECTION,
        ),
        slip(
            "1/λ₁",
            lambda x: 1 / _curvatures(x)[0],
            "{name} gives {value}: at that rate the error along the shallow direction is gone in "
            "one step, but along the steep one it grows.",
            WHICH_DIRECTION,
        ),
        slip(
            "Hessian without its factor 2",
            lambda x: 4 / _curvatures(x)[1],
            "{name} gives {value}, twice too large: a matrix without the factor 2 of the second "
            "derivative gives this.",
            "Look at the formula of H.",
        ),
        slip(
            "mean of x neglected",
            lambda x: min(1.0, float(1 / (x**2).mean())),
            "{name} gives {value}: that is right where the mean of x is zero, and there alone.",
            "Look at the entries of H beside its diagonal.",
        ),
        slip(
            "mean of x neglected",
            lambda x: 1 / (x**2).mean(),
            "{name} gives {value}: that is right where the mean of x is zero and the mean of x² is "
            "above 1, and there alone.",
            "Look at all four entries of H.",
        ),
        slip(
            "condition number",
            lambda x: _curvatures(x)[1] / _curvatures(x)[0],
            "{name} gives {value}: that is the condition number, not a rate.",
        ),
        *(
            slip(
                "eigenvalue",
                lambda x, k=k, factor=factor: factor * _curvatures(x)[k],
                "{name} gives {value}: that is a curvature, an eigenvalue of H, not yet a rate.",
                "Solve the rule for the factor for η.",
            )
            for k in (0, 1)
            for factor in (1.0, 0.5)
        ),
        slip("eigenvalue", _curvatures, "{name} gives both curvatures.", WHICH_DIRECTION),
        slip(
            "both directions",
            lambda x: 2 / _curvatures(x),
            "{name} gives one rate for each direction.",
            WHICH_DIRECTION,
        ),
        *(
            slip(
                "one-sample limit",
                lambda x, one=one: 1 / ((x**2).max() + one),
                "{name} gives {value}: that is a limit for updates with one point at a time, set "
                "by the largest x. In batch descent all points act together, through their means, "
                "and a larger rate still converges.",
            )
            for one in (0, 1)
        ),
        *(
            slip(
                name,
                rate,
                "{name} gives {value} for any data: a number read off the runs. The limit follows "
                "from x.",
            )
            for name, rate in (
                ("largest rate tried", 0.3),
                ("smallest rate that diverged", 0.34),
                ("knows the lab's data only", 0.333),
            )
        ),
        slip(
            "not a rate",
            lambda x: -2 / _curvatures(x)[1],
            "{name} gives {value}, and a learning rate is a positive number.",
        ),
        slip("not a rate", 0.0, "{name} gives zero, and a learning rate is a positive number."),
    ],
)


PRACTICES = (rate_02(), compare_plot(), LARGEST_RATE)
