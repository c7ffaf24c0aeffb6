"""Judging a figure: whether it shows the curves that are asked for, named and labelled."""

from __future__ import annotations

import itertools
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from labchecks.engine import shuffled
from labchecks.engine.compare import agree, shown
from labchecks.engine.run import Descent, Points, points_of, simulate
from labchecks.engine.unusable import unusable
from labchecks.feedback import Feedback, correct, incorrect, not_attempted, not_checked, partial
from labchecks.judges.losses import on_lab_data
from labchecks.registry import Practice, find

__all__ = ["Curve", "FigureJudge", "figure_practice"]

Drawn = Mapping[str, Any]
#: What is wrong: a short name, the share that it costs, a sentence.
Fault = tuple[str, float, str]

#: Words that fit one axis only; found on the other one they show that the labels were swapped.
X_WORDS = ("iteration", "step", "epoch", "update")
Y_WORDS = ("loss", "mse", "error")

#: Words that a student may give to `legend` where a list of names is wanted.
CURVE_WORDS = ("learning", "rate", "lr", "batch", "size", "label", "legend", "curve", "run")

#: Names in a legend: with more of them, the curves that are asked for are some among many.
MOST_ENTRIES = 12

#: Shares of the points: all curves, the labels of the axes, legend or title.
CURVES, AXES, NAMES = 0.6, 0.2, 0.2

#: Share of the least-squares loss below which no loss is: half of it is recorded by some.
FLOOR = 0.45

#: Share of its first loss that a training gets below. At the rates and epochs of the labs it is far
#: less.
FALLEN = 0.75

#: How many times the least-squares loss a run may stay below without a fall to be seen.
NEAR_LEAST = 3.0

#: Growth by which a run is said to diverge.
GROWN = 1e3

LOGS = (np.log, np.log10, np.log2, np.log1p)


@dataclass(frozen=True, eq=False)
class Curve:
    """One curve that a figure has to show.

    Attributes
    ----------
    held : str
        The student's list of what is drawn, such as ``"LOSS2"``.
    name : str
        What the curve is called in sentences.
    run : dict or None
        The run whose losses these are, as arguments of :class:`labchecks.engine.run.Descent`. None
        if they are the student's own, whatever they are.
    judged_by : str
        Id of the practice that asks for the list, if its judge is to say what fits.
    marks : tuple of str
        Patterns in small letters: what in a legend speaks of this curve. The patterns of several
        curves belong together in their order.
    """

    held: str
    name: str
    run: Mapping[str, Any] | None = None
    judged_by: str = ""
    marks: tuple[str, ...] = ()

    def exact(self, points: Points) -> np.ndarray:
        """The losses of the run with its batches in the order of the data."""
        return simulate(Descent(**{**self.run, "start": tuple(self.run["start"])}), points).losses

    def fits(self, values: Sequence[float], case: Mapping[str, Any]) -> bool:
        """Whether these can be the losses of the run, in whatever order it takes the points."""
        points = points_of(case["data"], case["seed"])
        exact = self.exact(points)
        if agree(values, exact):
            return True
        size = self.run.get("batch_size") or len(points)
        if len(values) != len(exact) or size >= len(points) or not agree(values[:1], exact[:1]):
            return False
        if self.judged_by:
            answer = {"kind": "numbers", "values": list(values), "shape": [len(values)]}
            judge = find(self.judged_by).judge
            # What went wrong with it is not asked here, and would take seconds to tell.
            return (
                judge.may_be_right([case], [answer])
                and judge([case], [answer]).outcome == "correct"
            )
        run = Descent(**{**self.run, "start": tuple(self.run["start"])})
        return shuffled.plausible(values, run, points, margin=1.0)[0]

    def updates(self, points: Points) -> int:
        """Updates between two recorded losses."""
        return -(-len(points) // ((self.run or {}).get("batch_size") or len(points)))


@dataclass(frozen=True)
class FigureJudge:
    """Judges a figure in every run of the lab; the first that is not right decides.

    Attributes
    ----------
    axes : str
        The student's name for the axes.
    curves : tuple of Curve
        What they have to show.
    step : str
        What the losses are drawn against, such as ``"epoch"``.
    praise : str
        What is said of a right figure.
    """

    axes: str
    curves: tuple[Curve, ...]
    step: str
    praise: str

    @classmethod
    def of(cls, curves: Sequence[Mapping[str, Any]], **settings: Any) -> FigureJudge:
        """The judge of settings that are plain data."""
        return cls(curves=tuple(Curve(**curve) for curve in curves), **settings)

    @property
    def own(self) -> bool:
        """Whether the figure is to show the student's own losses, whatever they are."""
        return self.curves[0].run is None

    def __call__(self, cases: Sequence[Mapping], answers: Sequence[Mapping]) -> Feedback:
        """The verdict on the figures of all runs."""
        if not cases or len(cases) != len(answers):
            return not_checked(f"No answer for `{self.axes}` reached the check.")
        feedback = None
        for number, (case, answer) in enumerate(zip(cases, answers, strict=True)):
            feedback = self._judge(case, answer)
            if number and self._shows(answer) == self._shows(answers[0]):
                what = f"`{self.curves[0].held}`" if self.own else f"`{self.axes}`"
                return incorrect(
                    f"{what} stays the same when the lab runs on other data, so it was not "
                    "computed from `X` and `Y`. Look at where its numbers come from.",
                    "constants typed in",
                )
            if feedback.outcome != "correct":
                if number == 0 or self.own:
                    return feedback
                return incorrect(
                    "Right in the lab, but not when the lab runs on other data. " + feedback.text,
                    feedback.mistake,
                )
        if self.own and len(cases) > 1 and not any(map(_falls, map(self._log, answers))):
            # A start near the minimum is drawn once by chance, not again on other data.
            return self._stays_up()
        return feedback

    def _log(self, answer: Mapping) -> np.ndarray:
        return np.array(answer["lists"][self.curves[0].held].get("values", []), dtype=float)

    def _shows(self, answer: Mapping) -> list:
        if self.own and "lists" in answer:
            return self._log(answer).tolist()
        return [curve["y"] for curve in answer.get("curves", [])]

    def _judge(self, case: Mapping, answer: Mapping) -> Feedback:
        wanted = f"matplotlib axes, such as `fig, {self.axes} = plt.subplots()` gives"
        nothing = unusable(answer, self.axes, wanted, kind="axes")
        if nothing is not None:
            return nothing
        curves = [curve for curve in answer["curves"] if curve["y"]]
        unlike = self._unlike_losses(case, answer, curves) if self.own else None
        if unlike is not None:
            return unlike
        if not curves:
            where = (
                f"The curve is in other axes of the same figure: which of them is `{self.axes}`?"
                if answer["beside"]
                else "Look at what your drawing call draws, and into which axes."
            )
            return incorrect(f"`{self.axes}` shows no curve. {where}", "no curve")
        different = _different(curves)
        found = self._assigned(different, case, answer)
        missing = [curve for curve in self.curves if curve not in found]
        faults = self._missing(missing, curves, case, answer)
        if found and not missing:
            faults += self._beside_the_steps(found, points_of(case["data"], case["seed"]))
            if self.own and not faults:
                faults += self._others(curves, self._log(answer))
        named = _axis_labels(answer)
        if self.own:
            named += [] if answer["title"].strip() else [("no title", NAMES, "There is no title.")]
        else:
            named += _legend(answer, len(self.curves), list(found.values()))
            named = named or self._swapped(found)
        if not faults and not named:
            return correct(self.praise)
        text = " ".join(sentence for *_, sentence in [*faults, *named][:4])
        mistake = " + ".join(short for short, *_ in [*faults, *named])
        share = 1 - sum(lost for _, lost, _ in [*faults, *named])
        # Labels around a wrong curve are worth something where the curve is the student's own.
        if share <= 0.005 or not (found or self.own):
            return incorrect(text, mistake)
        return partial(min(round(share, 2), 0.9), text, mistake)

    # Which curve is which ---------------------------------------------------------------------

    def _assigned(self, curves, case: Mapping, answer: Mapping) -> dict[Curve, Drawn]:
        """As many of the curves asked for as possible, each with one that is drawn."""
        options = []
        known = [self._exactly(one["y"], case) for one in curves]
        for wanted in self.curves:
            held = self._held(wanted, answer)
            if wanted.run is None:
                fits = [k for k, one in enumerate(curves) if _same(one["y"], held)]
            else:
                # What is exactly one run is no other run in a lucky order.
                fits = [
                    k
                    for k, one in enumerate(curves)
                    if (wanted in known[k] if known[k] else wanted.fits(one["y"], case))
                ]
            # What is drawn from the student's own list is that list's curve first of all.
            options.append([*sorted(fits, key=lambda k: not _same(curves[k]["y"], held)), None])
        best: tuple = ()
        for choice in itertools.islice(itertools.product(*options), 50_000):
            used = [k for k in choice if k is not None]
            if len(set(used)) == len(used) > len([k for k in best if k is not None]):
                best = choice
        pairs = zip(self.curves, best, strict=False)
        return {wanted: curves[k] for wanted, k in pairs if k is not None}

    def _exactly(self, values: Sequence[float], case: Mapping) -> list[Curve]:
        """The curves asked for whose runs, in the order of the data, have these losses."""
        if "data" not in case:
            return []
        points = points_of(case["data"], case["seed"])
        return [c for c in self.curves if c.run is not None and agree(values, c.exact(points))]

    def _held(self, curve: Curve, answer: Mapping) -> list[float]:
        return answer["lists"][curve.held].get("values", [])

    def _missing(self, missing, curves, case: Mapping, answer: Mapping) -> list[Fault]:
        """Why curves are not there; what went wrong with several in the same way is said once."""
        lost = CURVES / len(self.curves)
        found = [self._why(curve, curves, case, answer) for curve in missing]
        faults = []
        for short, sentence in dict.fromkeys(found):
            names = [c.name for c, why in zip(missing, found) if why == (short, sentence)]
            listed = " and ".join(filter(None, [", ".join(names[:-1]), names[-1]]))
            faults.append((short, lost * len(names), sentence.format(names=listed)))
        return faults

    def _why(self, curve: Curve, curves, case: Mapping, answer: Mapping) -> tuple[str, str]:
        """Why a curve is not among those drawn: a short name, and a sentence with ``{names}``."""
        held = self._held(curve, answer)
        fits = curve.run is None or curve.fits(held[:1000], case)
        losses = np.asarray(
            held if fits else curve.exact(points_of(case["data"], case["seed"])), dtype=float
        )
        n = len(losses)
        heights = [np.asarray(one["y"], dtype=float) for one in curves]
        # Of a run from a known start the first loss is known, whatever the order of its points.
        first = losses[: 3 if curve.run is None else 1]
        if any(_same(one["x"][: len(first)], first) for one in curves):
            return "x and y swapped", (
                "The losses run along the x-axis: look at the order of the arguments of `plot`."
            )
        with np.errstate(all="ignore"):
            logs = [log(first) for log in LOGS]
        if any(_same(y[: len(first)], log) for y in heights for log in logs):
            return "logarithm of the losses", (
                "The curve of {names} shows logarithms of the losses: draw the losses themselves; "
                "the axis can be made logarithmic."
            )
        if any(_same(one["y"], losses) for one in answer["beside"]):
            return "curves on two axes", (
                "The curve of {names} is drawn in other axes of the figure: look at how many axes "
                "you made, and which of them each `plot` belongs to."
            )
        if any(_same(y, losses[::-1]) for y in heights):
            return "reversed", "The curve shows the losses from the last to the first."
        for y in heights:
            count = f"A curve has {len(y)} points, and a list has {n} losses"
            if len(self.curves) > 1 and len(y) == len(self.curves) * n:
                return "both runs in one curve", f"{count}: the lists were joined into one curve."
            if 1 < len(y) < n and _part_of(y, losses):
                return "curve cut short", f"{count}."
            if len(y) > n and _same(y[:n], losses):
                return "curve too long", f"{count}: look at what was drawn beside them."
        if self.own:
            return "another curve", (
                f"The curve does not show the losses in `{curve.held}`. Look at what `plot` draws; "
                "if you have run the training again since, draw again too."
            )
        if len(set(map(tuple, heights))) < len(heights):
            return "one curve twice", (
                "The same losses are drawn more than once, and those of {names} are not there: "
                "look at what each `plot` draws."
            )
        if not fits and any(_same(y, np.asarray(held)) for y in heights):
            return "losses not right yet", (
                f"The figure draws your `{curve.held}`, which is not right yet: solve the practice "
                "that asks for it, then run this cell again."
            )
        count = "There is one curve" if len(curves) == 1 else f"There are {len(curves)} curves"
        return "one curve only" if len(curves) == 1 else "curve missing", (
            f"{count}, and none shows the losses of {{names}}: look at what each `plot` draws."
        )

    def _beside_the_steps(self, found: Mapping[Curve, Drawn], points: Points) -> list[Fault]:
        for wanted, one in found.items():
            x, steps = np.asarray(one["x"], dtype=float), np.arange(len(one["x"]))
            per = wanted.updates(points)
            if not any(np.allclose(x, axis) for axis in (steps, steps + 1, steps * per)):
                return [
                    (
                        f"x is not the {self.step}",
                        0.2,
                        f"A curve runs from x = {shown(x[0])} to {shown(x[-1])} instead of along "
                        f"the {self.step}s.",
                    )
                ]
        return []

    def _others(self, curves, losses: np.ndarray) -> list[Fault]:
        """What else is drawn: a level, an upright line or one point may stand beside the losses."""
        if all(
            _same(c["y"], losses) or len(set(c["y"])) == 1 or len(set(c["x"])) == 1 for c in curves
        ):
            return []
        text = "There is another curve in the same axes: each figure should show one run alone."
        return [("another curve", 0.2, text)]

    def _swapped(self, found: Mapping[Curve, Drawn]) -> list[Fault]:
        """Whether the legend calls two curves by each other's name."""
        entries = {
            curve: str(one.get("entry", "")).lower().replace(",", ".")
            for curve, one in found.items()
        }
        for one, other in itertools.combinations(found, 2):
            for mine, yours in zip(one.marks, other.marks):
                said = [bool(re.search(m, entries[c])) for c in (one, other) for m in (mine, yours)]
                if said == [False, True, True, False]:
                    text = (
                        f"The legend calls the curve of `{one.held}` “{found[one]['entry'][:40]}”: "
                        "look at which name belongs to which curve."
                    )
                    return [("legend entries swapped", 0.2, text)]
        return []

    # Losses of the student's own --------------------------------------------------------------

    def _unlike_losses(self, case: Mapping, answer: Mapping, curves) -> Feedback | None:
        """What speaks against the student's list being losses of a training; None if nothing."""
        name = self.curves[0].held
        own = answer["lists"][name]
        if own["kind"] in ("absent", "stub"):
            if not curves:
                text = f"`{self.axes}` shows no curve yet, and `{name}` holds no losses yet."
                return not_attempted(text)
            return incorrect(
                f"`{self.axes}` shows a curve, but `{name}` holds no losses to compare it with. "
                "Keep what your function returns under that name.",
                "no log",
            )
        if own["kind"] != "numbers" or len(own["values"]) < 2:
            return incorrect(
                f"`{name}` should hold the losses that your function returned, more than one. Look "
                "at what is assigned to it.",
                "no log",
            )
        if not curves:
            return None
        losses = np.array(own["values"])
        finite = losses[np.isfinite(losses)]
        if len(finite) < 2:
            count = "only one of them" if len(finite) else "none of them"
            return incorrect(
                f"`{name}` holds {len(losses)} losses, and {count} is a finite number, so no curve "
                "can be seen. Look at what the training that made them does to the weights.",
                "losses not finite",
            )
        least = points_of(case["data"], case["seed"]).least_loss
        # The numbers are not shown: they may be rows of the data.
        if finite.min() < 0:
            return incorrect(
                f"`{name}` contains a negative number, and a mean of squares cannot be negative. "
                "Look at what is assigned to it: the losses that your function returned are meant.",
                "negative loss",
            )
        if finite.min() < FLOOR * least:
            return incorrect(
                f"`{name}` contains a number that is too small for a loss: no line comes so close "
                "to all points. Look at what is assigned to it, and at what your function returns.",
                "below the least loss",
            )
        if not np.isfinite(losses[-1]) or losses[-1] > GROWN * losses[0]:
            return incorrect(
                f"The losses in `{name}` grow without end: the run diverges. Look at the rate that "
                "your function was called with, and at what its steps follow.",
                "losses grow",
            )
        if not _falls(losses) and losses.max() >= NEAR_LEAST * least:
            return self._stays_up()
        return None

    def _stays_up(self) -> Feedback:
        return incorrect(
            f"The numbers in `{self.curves[0].held}` do not come down as the losses of a training "
            "do. Look at what is assigned to it, and at whether the losses that your function "
            "returns fall at the rate that it was called with.",
            "losses do not fall",
        )


def _falls(losses: np.ndarray) -> bool:
    """Whether the numbers come down as the losses of a training do."""
    later = losses[len(losses) // 2 :]
    return bool(np.isfinite(losses[0]) and (later <= FALLEN * losses[0]).any())


def _same(drawn: Sequence[float], losses: Sequence[float]) -> bool:
    """Whether these are the same numbers; two that are not finite are the same."""
    drawn, losses = np.asarray(drawn, dtype=float), np.asarray(losses, dtype=float)
    # float32 losses that were turned into float64 on one side only differ by their rounding.
    return bool(
        losses.size
        and drawn.shape == losses.shape
        and np.allclose(drawn, losses, rtol=1e-3 if len(losses) < 4 else 1e-5, equal_nan=True)
    )


def _part_of(drawn: np.ndarray, losses: np.ndarray) -> bool:
    """Whether a curve shows a stretch of the losses: looked for where its first value is."""
    first = losses[: len(losses) - len(drawn) + 1]
    begins = np.isclose(first, drawn[0], rtol=1e-3, atol=1e-9, equal_nan=True)
    return any(
        np.allclose(drawn, losses[k : k + len(drawn)], rtol=1e-3, equal_nan=True)
        for k in np.flatnonzero(begins)[:100]
    )


def _different(curves: Sequence[Drawn]) -> list[Drawn]:
    """The curves without those that show the same losses once more, as markers over a line do."""
    kept: list[Drawn] = []
    for curve in curves:
        twin = next((k for k, one in enumerate(kept) if one["y"] == curve["y"]), None)
        if twin is None:
            kept.append(curve)
        elif not kept[twin].get("entry"):
            kept[twin] = curve
    return kept


# Labels ---------------------------------------------------------------------------------------


def _axis_labels(answer: Mapping[str, Any]) -> list[Fault]:
    x_label, y_label = answer["xlabel"].strip(), answer["ylabel"].strip()
    if not x_label and not y_label:
        return [("axes unlabelled", AXES, "Neither axis has a label.")]
    if not x_label or not y_label:
        return [("axes unlabelled", AXES / 2, f"The {'y' if x_label else 'x'}-axis has no label.")]
    if _has(x_label, Y_WORDS) and _has(y_label, X_WORDS) and not _has(x_label, X_WORDS):
        text = (
            f"The x-axis is labelled “{x_label[:40]}” and the y-axis “{y_label[:40]}”: look at "
            "which quantity runs along which axis."
        )
        return [("axis labels swapped", AXES, text)]
    return []


def _legend(answer: Mapping[str, Any], wanted: int, found: Sequence[Drawn]) -> list[Fault]:
    """What is wrong with the legend, which is to name so many curves."""
    if answer["legend"] is None:
        return [("no legend", NAMES, "There is no legend, so nobody can tell the curves apart.")]
    names = [text.strip() for text in answer["legend"]]
    entries = Counter(curve.get("entry", "").strip() for curve in found)
    again = any(
        other.get("entry", "").strip() not in ("", one.get("entry", "").strip())
        and agree(other["y"], one["y"])
        for one in found
        for other in answer["curves"]
    )
    alike = len(set(names)) < len(names)
    all_named = wanted == len(entries) and "" not in entries
    if MOST_ENTRIES >= len(names) > wanted and all_named and not (again or alike):
        return []
    if len(names) != wanted:
        count = "1 entry" if len(names) == 1 else f"{len(names)} entries"
        text = f"The legend has {count}; it should name {wanted} curves."
        return [("wrong number of legend entries", NAMES, text)]
    if alike or not all(names) or any(name.startswith("_") for name in names):
        text = "The entries of the legend do not tell the curves apart."
        return [("legend entries alike", NAMES / 2, text)]
    spelt = "".join(names).lower()
    words = (*X_WORDS, *Y_WORDS, *CURVE_WORDS)
    if len(spelt) == len(names) > 1 and any(word.startswith(spelt) for word in words):
        text = (
            f"The legend calls the curves {', '.join(names[:-1])} and {names[-1]}: the "
            "letters of one text that was given to `legend`. Look at how a curve gets a name of "
            "its own."
        )
        return [("legend text taken apart", NAMES / 2, text)]
    return []


def _has(label: str, words: Sequence[str]) -> bool:
    return any(word in label.lower() for word in words)


# The short form of a practice -----------------------------------------------------------------


def figure_practice(
    id: str,
    *,
    title: str,
    points: float,
    data: str,
    curves: Sequence[Curve],
    axes: str = "ax",
    step: str = "epoch",
    praise: str,
) -> Practice:
    """A practice that asks for a figure of losses on the lab's own data.

    Parameters
    ----------
    id, title, points
        See :class:`labchecks.registry.Practice`.
    data : str
        The data set, a function of :mod:`labhelpers.data`.
    curves, axes, step, praise
        See :class:`FigureJudge`.
    """
    visible, hidden = on_lab_data(data)
    return Practice(
        id=id,
        title=title,
        points=points,
        names=(axes,),
        question=("figure", axes, *(curve.held for curve in curves)),
        judge=FigureJudge(axes, tuple(curves), step, praise),
        visible=visible,
        hidden=hidden,
    )
