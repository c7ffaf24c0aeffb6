"""Judging a figure: whether it shows the curves that are asked for, named and labelled."""

import itertools
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from labchecks.engine import shuffled
from labchecks.engine.compare import agree, shown
from labchecks.engine.run import Descent, Points, points_of, simulate
from labchecks.engine.unusable import unusable
from labchecks.feedback import Feedback, correct, incorrect, not_attempted, partial
from labchecks.judges.losses import judge_cases, on_lab_data
from labchecks.registry import Practice, find

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

#: Shares of the points: all curves, their x-axis and what else is drawn, the labels of the axes,
#: legend or title.
CURVES, DRAWING, AXES, NAMES = 0.6, 0.2, 0.2, 0.2

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
    run: Mapping[str, Any] | None = None
    judged_by: str = ""
    marks: tuple[str, ...] = ()

    @property
    def _descent(self) -> Descent:
        return Descent(**{**self.run, "start": tuple(self.run["start"])})

    def exact(self, points: Points) -> np.ndarray:
        """The losses of the run with its batches in the order of the data."""
        return simulate(self._descent, points).losses

    def fits(self, values: Sequence[float], case: Mapping[str, Any], held: Sequence[float]) -> bool:
        """Whether these can be the losses of the run, in whatever order it takes the points.

        Without a run they are what the student's list has `held`.
        """
        if self.run is None:
            return _same(values, held)
        points = points_of(case["data"], case["seed"])
        exact = self.exact(points)
        if agree(values, exact):
            return True
        free = len(values) == len(exact) and self.updates(points) > 1
        if not free or not agree(values[:1], exact[:1]):
            return False
        if not self.judged_by:
            return shuffled.plausible(values, self._descent, points, margin=1.0)[0]
        answer = {"kind": "numbers", "values": list(values), "shape": [len(values)]}
        judge = find(self.judged_by).judge
        # What went wrong with it is not asked here, and would take seconds to tell.
        asked = [case], [answer]
        return judge.may_be_right(*asked) and judge(*asked).outcome == "correct"

    def updates(self, points: Points) -> int:
        """Updates between two recorded losses."""
        return -(-len(points) // ((self.run or {}).get("batch_size") or len(points)))


@dataclass(frozen=True)
class FigureJudge:
    """Judges a figure in every run of the lab; the first that is not right decides.

    Attributes
    ----------
    name : str
        The student's name for the axes.
    curves : tuple of Curve
        What they have to show.
    step : str
        What the losses are drawn against, such as ``"epoch"``.
    praise : str
        What is said of a right figure.
    """

    name: str
    curves: tuple[Curve, ...]
    step: str
    praise: str

    @property
    def own(self) -> bool:
        """Whether the figure is to show the student's own losses, whatever they are."""
        return self.curves[0].run is None

    def __call__(self, cases: Sequence[Mapping], answers: Sequence[Mapping]) -> Feedback:
        """The verdict on the figures of all runs."""
        name = self.curves[0].held if self.own else self.name
        feedback = judge_cases(cases, answers, self._judge, name, self._shows, self.own)
        # A start near the minimum is drawn once by chance, not again on other data.
        right = feedback.outcome == "correct" and len(cases) > 1
        if right and self.own and not any(_falls(np.array(self._shows(a))) for a in answers):
            return incorrect(self._stays_up, "losses do not fall")
        return feedback

    def _shows(self, answer: Mapping) -> list:
        """What has to be another on other data."""
        if self.own and "lists" in answer:
            return np.array(self._held(self.curves[0], answer), dtype=float).tolist()
        return [curve["y"] for curve in answer.get("curves", [])]

    def _held(self, curve: Curve, answer: Mapping) -> list[float]:
        return answer["lists"][curve.held].get("values", [])

    def _judge(self, case: Mapping, answer: Mapping) -> Feedback:
        wanted = f"matplotlib axes, such as `fig, {self.name} = plt.subplots()` gives"
        if nothing := unusable(answer, self.name, wanted, kind="axes"):
            return nothing
        curves = [curve for curve in answer["curves"] if curve["y"]]
        if unlike := self._no_losses(case, answer, curves):
            mistake, text = unlike
            return incorrect(text, mistake) if mistake else not_attempted(text)
        found = self._assigned(curves, case, answer)
        faults = self._missing(found, curves, case, answer)
        if not faults:
            faults.append(self._drawing(found, curves, case))
        named = [_axis_labels(answer), self._names(answer, list(found.values()))]
        faults = [*filter(None, [*faults, *(named if any(named) else [_swapped(found)])])]
        if not faults:
            return correct(self.praise)
        text = " ".join(sentence for *_, sentence in faults[:4])
        mistake = " + ".join(short for short, *_ in faults)
        share = 1 - sum(lost for _, lost, _ in faults)
        # Labels around a wrong curve are worth something where the curve is the student's own.
        if share <= 0.005 or not (found or self.own):
            return incorrect(text, mistake)
        return partial(min(round(share, 2), 0.9), text, mistake)

    def _no_losses(self, case, answer, curves) -> tuple[str, str] | None:
        """Why there are no losses to look at: a mistake, ``""`` for no attempt, and a sentence."""
        name = self.curves[0].held
        own = answer["lists"][name]
        if self.own and own["kind"] in ("absent", "stub"):
            if not curves:
                return "", f"`{self.name}` shows no curve yet, and `{name}` holds no losses yet."
            return "no log", (
                f"`{self.name}` shows a curve, but `{name}` holds no losses to compare it with. "
                "Keep what your function returns under that name."
            )
        if self.own and (own["kind"] != "numbers" or len(own["values"]) < 2):
            return "no log", (
                f"`{name}` should hold the losses that your function returned, more than one. Look "
                "at what is assigned to it."
            )
        if not curves:
            where = "Look at what your drawing call draws, and into which axes."
            if answer["beside"]:
                where = "The curve is in other axes of the same figure"
                where += f": which of them is `{self.name}`?"
            return "no curve", f"`{self.name}` shows no curve. {where}"
        if not self.own:
            return None
        losses = np.array(own["values"])
        finite = losses[np.isfinite(losses)]
        if len(finite) < 2:
            count = "only one of them" if len(finite) else "none of them"
            return "losses not finite", (
                f"`{name}` holds {len(losses)} losses, and {count} is a finite number, so no curve "
                "can be seen. Look at what the training that made them does to the weights."
            )
        least = points_of(case["data"], case["seed"]).least_loss
        # The numbers are not shown: they may be rows of the data.
        if finite.min() < 0:
            return "negative loss", (
                f"`{name}` contains a negative number, and a mean of squares cannot be negative. "
                "Look at what is assigned to it: the losses that your function returned are meant."
            )
        if finite.min() < FLOOR * least:
            return "below the least loss", (
                f"`{name}` contains a number that is too small for a loss: no line comes so close "
                "to all points. Look at what is assigned to it, and at what your function returns."
            )
        if not np.isfinite(losses[-1]) or losses[-1] > GROWN * losses[0]:
            return "losses grow", (
                f"The losses in `{name}` grow without end: the run diverges. Look at the rate that "
                "your function was called with, and at what its steps follow."
            )
        if not _falls(losses) and losses.max() >= NEAR_LEAST * least:
            return "losses do not fall", self._stays_up
        return None

    @property
    def _stays_up(self) -> str:
        return (
            f"The numbers in `{self.curves[0].held}` do not come down as the losses of a training "
            "do. Look at what is assigned to it, and at whether the losses that your function "
            "returns fall at the rate that it was called with."
        )

    def _assigned(self, curves, case: Mapping, answer: Mapping) -> dict[Curve, Drawn]:
        """As many of the curves asked for as possible, each with one that is drawn."""
        # The same losses may be drawn once more, as markers over a line: then the legend counts.
        different: dict[tuple, Drawn] = {}
        for curve in curves:
            if not different.get(tuple(curve["y"]), {}).get("entry"):
                different[tuple(curve["y"])] = curve
        curves = list(different.values())
        points = points_of(case["data"], case["seed"])
        known = [
            [one for one in self.curves if one.run and agree(curve["y"], one.exact(points))]
            for curve in curves
        ]
        options = []
        for wanted in self.curves:
            held = self._held(wanted, answer)
            # What is exactly one run is no other run in a lucky order.
            fits = [
                k
                for k, one in enumerate(curves)
                if (wanted in known[k] if known[k] else wanted.fits(one["y"], case, held))
            ]
            # What is drawn from the student's own list is that list's curve first of all.
            options.append([*sorted(fits, key=lambda k: not _same(curves[k]["y"], held)), None])

        def worth(choice: Sequence[int | None]) -> int:
            used = [k for k in choice if k is not None]
            return len(used) if len(set(used)) == len(used) else -1

        best = max(itertools.islice(itertools.product(*options), 50_000), key=worth)
        return {wanted: curves[k] for wanted, k in zip(self.curves, best) if k is not None}

    def _missing(self, found, curves, case: Mapping, answer: Mapping) -> list[Fault]:
        """Why curves are not there; what went wrong with several in the same way is said once."""
        reasons: dict[tuple[str, str], list[str]] = {}
        for curve in self.curves:
            if curve not in found:
                why = self._why(curve, curves, case, answer)
                reasons.setdefault(why, []).append(f"`{curve.held}`")
        lost, faults = CURVES / len(self.curves), []
        for (short, sentence), names in reasons.items():
            listed = " and ".join(filter(None, [", ".join(names[:-1]), names[-1]]))
            faults.append((short, lost * len(names), sentence.format(names=listed)))
        return faults

    def _why(self, curve: Curve, curves, case: Mapping, answer: Mapping) -> tuple[str, str]:
        """Why a curve is not among those drawn: a short name, and a sentence with ``{names}``."""
        held = self._held(curve, answer)
        fits = curve.fits(held[:1000], case, held[:1000])
        exact = held if fits else curve.exact(points_of(case["data"], case["seed"]))
        losses, n = np.array(exact, dtype=float), len(exact)
        heights = [np.array(one["y"], dtype=float) for one in curves]
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
        if not fits and any(_same(y, held) for y in heights):
            return "losses not right yet", (
                f"The figure draws your `{curve.held}`, which is not right yet: solve the practice "
                "that asks for it, then run this cell again."
            )
        count = "There is one curve" if len(curves) == 1 else f"There are {len(curves)} curves"
        return "one curve only" if len(curves) == 1 else "curve missing", (
            f"{count}, and none shows the losses of {{names}}: look at what each `plot` draws."
        )

    def _drawing(self, found: Mapping[Curve, Drawn], curves, case: Mapping) -> Fault | None:
        """What is wrong with how the curves are drawn, or with what is drawn beside them."""
        points = points_of(case["data"], case["seed"])
        for wanted, one in found.items():
            x, steps = np.array(one["x"], dtype=float), np.arange(len(one["x"]))
            along = (steps, steps + 1, steps * wanted.updates(points))
            if not any(np.allclose(x, axis) for axis in along):
                ends = f"x = {shown(x[0])} to {shown(x[-1])}"
                text = f"A curve runs from {ends} instead of along the {self.step}s."
                return f"x is not the {self.step}", DRAWING, text
        losses = found[self.curves[0]]["y"]
        # A level, an upright line or one point may stand beside the losses.
        if self.own and not all(
            _same(one["y"], losses) or len(set(one["y"])) == 1 or len(set(one["x"])) == 1
            for one in curves
        ):
            text = "There is another curve in the same axes: each figure should show one run alone."
            return "another curve", DRAWING, text
        return None

    def _names(self, answer: Mapping[str, Any], found: Sequence[Drawn]) -> Fault | None:
        """What is wrong with the title or, of several curves, with the legend."""
        wanted = len(self.curves)
        if self.own:
            return None if answer["title"].strip() else ("no title", NAMES, "There is no title.")
        if answer["legend"] is None:
            return "no legend", NAMES, "There is no legend, so nobody can tell the curves apart."
        names = [text.strip() for text in answer["legend"]]
        alike = len(set(names)) < len(names)
        entries = {one.get("entry", "").strip() for one in found}
        again = any(
            other.get("entry", "").strip() not in ("", one.get("entry", "").strip())
            and agree(other["y"], one["y"])
            for one in found
            for other in answer["curves"]
        )
        all_named = len(entries) == wanted and "" not in entries
        if wanted < len(names) <= MOST_ENTRIES and all_named and not again and not alike:
            return None
        if len(names) != wanted:
            count = "1 entry" if len(names) == 1 else f"{len(names)} entries"
            text = f"The legend has {count}; it should name {wanted} curves."
            return "wrong number of legend entries", NAMES, text
        if alike or not all(names) or any(name.startswith("_") for name in names):
            text = "The entries of the legend do not tell the curves apart."
            return "legend entries alike", NAMES / 2, text
        spelt = "".join(names).lower()
        words = (*X_WORDS, *Y_WORDS, *CURVE_WORDS)
        if len(spelt) == len(names) > 1 and any(word.startswith(spelt) for word in words):
            text = (
                f"The legend calls the curves {', '.join(names[:-1])} and {names[-1]}: the letters "
                "of one text that was given to `legend`. Look at how a curve gets a name of its "
                "own."
            )
            return "legend text taken apart", NAMES / 2, text
        return None


def _falls(losses: np.ndarray) -> bool:
    """Whether the numbers come down as the losses of a training do."""
    later = losses[len(losses) // 2 :]
    return bool(np.isfinite(losses[0]) and (later <= FALLEN * losses[0]).any())


def _same(drawn: Sequence[float], losses: Sequence[float], close: float | None = None) -> bool:
    """Whether these are the same numbers; two that are not finite are the same."""
    drawn, losses = np.asarray(drawn, dtype=float), np.asarray(losses, dtype=float)
    # float32 losses that were turned into float64 on one side only differ by their rounding.
    close = close or (1e-3 if len(losses) < 4 else 1e-5)
    return bool(
        losses.size
        and drawn.shape == losses.shape
        and np.allclose(drawn, losses, rtol=close, equal_nan=True)
    )


def _part_of(drawn: np.ndarray, losses: np.ndarray) -> bool:
    """Whether a curve shows a stretch of the losses: looked for where its first value is."""
    n = len(drawn)
    begins = np.isclose(losses[: 1 - n], drawn[0], rtol=1e-3, equal_nan=True)
    return any(_same(drawn, losses[k:][:n], 1e-3) for k in np.flatnonzero(begins)[:100])


def _axis_labels(answer: Mapping[str, Any]) -> Fault | None:
    x, y = answer["xlabel"].strip(), answer["ylabel"].strip()
    if not x and not y:
        return "axes unlabelled", AXES, "Neither axis has a label."
    if not x or not y:
        return "axes unlabelled", AXES / 2, f"The {'y' if x else 'x'}-axis has no label."
    if _has(x, Y_WORDS) and _has(y, X_WORDS) and not _has(x, X_WORDS):
        labels = f"The x-axis is labelled “{x[:40]}” and the y-axis “{y[:40]}”"
        text = f"{labels}: look at which quantity runs along which axis."
        return "axis labels swapped", AXES, text
    return None


def _has(label: str, words: Sequence[str]) -> bool:
    return any(word in label.lower() for word in words)


def _swapped(found: Mapping[Curve, Drawn]) -> Fault | None:
    """Whether the legend calls two curves by each other's name."""
    for one, other in itertools.combinations(found, 2):
        entries = [str(found[curve].get("entry", "")) for curve in (one, other)]
        mine, yours = (entry.lower().replace(",", ".") for entry in entries)
        for mark, another in zip(one.marks, other.marks):
            right = re.search(mark, mine) or re.search(another, yours)
            if re.search(another, mine) and re.search(mark, yours) and not right:
                called = f"The legend calls the curve of `{one.held}` “{entries[0][:40]}”"
                text = f"{called}: look at which name belongs to which curve."
                return "legend entries swapped", NAMES, text
    return None


def figure_practice(id, *, data, curves, praise, axes="ax", step="epoch", **about) -> Practice:
    """A practice that asks for a figure of losses on the lab's own data.

    Parameters
    ----------
    id, title, points
        See :class:`labchecks.registry.Practice`.
    data : str
        The data set, a function of :mod:`labhelpers.data`.
    axes : str
        The student's name for the axes.
    curves, step, praise
        See :class:`FigureJudge`.
    """
    visible, hidden = on_lab_data(data)
    judge, held = FigureJudge(axes, tuple(curves), step, praise), (one.held for one in curves)
    return Practice.drawn("figure", judge, hidden, *held, visible=visible, id=id, **about)
