"""Judging a figure: which curves it shows, and whether axes and curves are named."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from labchecks.engine.compare import agree
from labchecks.engine.unusable import failed, too_slow
from labchecks.feedback import Feedback, incorrect, not_attempted

__all__ = ["along_steps", "drawn", "labels", "unreadable_figure"]

Curve = Mapping[str, Any]

#: Words that a student may give to `legend` where a list of names is wanted.
CURVE_WORDS = ("learning", "rate", "lr", "batch", "size", "label", "legend", "curve", "run")

#: Names in a legend: with more of them, the curves that are asked for are some among many.
MOST_ENTRIES = 12


def unreadable_figure(answer: Mapping[str, Any], name: str) -> Feedback | None:
    """Feedback for an answer that is no axes; None if it is."""
    kind = answer.get("kind")
    if kind == "stub":
        return not_attempted(f"`{name}` is still empty. It should become the axes you draw into.")
    if kind == "absent":
        return not_attempted(
            f"There is no `{name}` yet. Run the practice cell above, and call your axes `{name}`."
        )
    if kind == "error":
        return failed(answer, f"Reading `{name}`")
    if kind == "timeout":
        return too_slow(answer, f"Reading `{name}`")
    if kind != "axes":
        return incorrect(
            f"`{name}` should be matplotlib axes, such as `fig, {name} = plt.subplots()` gives, "
            f"and it is a `{str(answer.get('type', 'different thing')).replace('`', '')}`.",
            "wrong type",
        )
    return None


def held_by(answer: Mapping[str, Any], name: str) -> list[float]:
    """The numbers of the student's list `name`, for sentences on what a figure shows."""
    return answer["lists"][name].get("values", [])[:100]


def drawn(curves: Sequence[Curve], losses: Sequence[float]) -> Curve | None:
    """The curve whose heights are `losses`, if there is one."""
    for curve in curves:
        if agree(curve["y"], losses):
            return curve
    return None


def along_steps(curve: Curve) -> bool:
    """Whether the curve is drawn against 0, 1, 2, … or 1, 2, 3, …"""
    x = np.asarray(curve["x"], dtype=float)
    steps = np.arange(len(x))
    return bool(np.allclose(x, steps) or np.allclose(x, steps + 1))


def labels(
    answer: Mapping[str, Any],
    curves: int,
    x_words: Sequence[str],
    y_words: Sequence[str],
    asked: Sequence[Curve] = (),
) -> list[tuple[str, float, str]]:
    """What is missing of axis labels and legend: (short name, lost share, sentence) for each.

    Parameters
    ----------
    curves : int
        How many entries the legend should have.
    x_words, y_words : sequence of str
        Words that only fit the x or the y axis, in small letters; found on the other axis they show
        that the labels were swapped.
    """
    missing = []
    x_label, y_label = answer["xlabel"].strip(), answer["ylabel"].strip()
    if not x_label and not y_label:
        missing.append(("axes unlabelled", 0.2, "Neither axis has a label."))
    elif not x_label or not y_label:
        axis = "y" if x_label else "x"
        missing.append(("axes unlabelled", 0.1, f"The {axis}-axis has no label."))
    elif _has(x_label, y_words) and _has(y_label, x_words) and not _has(x_label, x_words):
        missing.append(
            (
                "axis labels swapped",
                0.2,
                f"The x-axis is labelled “{x_label[:40]}” and the y-axis “{y_label[:40]}”: look at "
                "which quantity runs along which axis.",
            )
        )
    legend = answer["legend"]
    if legend is None:
        missing.append(("no legend", 0.2, "There is no legend, so nobody can tell the curves."))
        return missing
    names = [text.strip() for text in legend]
    entries_of_asked = {curve.get("entry", "").strip() for curve in asked} - {""}
    again = any(
        other.get("entry", "").strip() not in ("", one.get("entry", "").strip())
        and agree(other["y"], one["y"])
        for one in asked
        for other in answer["curves"]
    )
    if MOST_ENTRIES >= len(names) > curves == len(entries_of_asked) and not again:
        return missing
    if len(names) != curves:
        entries = "1 entry" if len(names) == 1 else f"{len(names)} entries"
        missing.append(
            (
                "wrong number of legend entries",
                0.2,
                f"The legend has {entries}; it is to name {curves} curves.",
            )
        )
    elif len(set(names)) < len(names) or not all(names) or any(n.startswith("_") for n in names):
        missing.append(
            ("legend entries alike", 0.1, "The entries of the legend do not tell the curves apart.")
        )
    elif _taken_apart(names, (*x_words, *y_words, *CURVE_WORDS)):
        missing.append(
            (
                "legend text taken apart",
                0.1,
                f"The legend calls the curves {' and '.join(names)}: the letters of one text that "
                "was given to `legend`. Look at how a curve gets a name of its own.",
            )
        )
    return missing


def _taken_apart(names: Sequence[str], words: Sequence[str]) -> bool:
    """Whether the entries are the first letters of one word, as ``legend("loss")`` gives."""
    spelt = "".join(names).lower()
    return len(spelt) == len(names) > 1 and any(word.startswith(spelt) for word in words)


def _has(label: str, words: Sequence[str]) -> bool:
    return any(word in label.lower() for word in words)
