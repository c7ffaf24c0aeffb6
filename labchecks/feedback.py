"""The verdict on one practice: a score, an outcome and a sentence that helps."""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass, field
from html import escape
from typing import TYPE_CHECKING

from labchecks.pages import links

if TYPE_CHECKING:
    from labchecks.chart import Chart

#: outcome -> (symbol, heading, colour of the rule at the left). Symbol and heading carry the
#: meaning without the colour.
_LOOK = {
    "correct": ("✓", "Correct", "#009E73"),
    "partial": ("◐", "Not yet: part of it is right", "#D55E00"),
    "incorrect": ("✗", "Not yet", "#D55E00"),
    "not attempted": ("○", "Not attempted", "#0072B2"),
    "not checked": ("?", "Not checked", "#CC79A7"),
}

#: A digit of a number, unless it is how long a call was waited for: that limit is ours.
_NUMBER = re.compile(r"\d(?![\d.]* seconds)")

#: Where one sentence ends and the next begins.
_BETWEEN = re.compile(r"(?<=[.!?]) (?=[A-Z`“])|\n")

#: How a sentence begins that speaks of the one before it.
_GOES_ON = re.compile(r"(And|It|So|That|There|These|They|This|Those|With this)\b")


@dataclass(frozen=True)
class Feedback:
    """What a judge says of an answer.

    Attributes
    ----------
    outcome : str
        ``"correct"``, ``"partial"``, ``"incorrect"``, ``"not attempted"`` or ``"not checked"``.
        A student sees the second and third as "not yet".
    share : float
        Share of the practice's points, from 0 to 1.
    text : str
        What happened, how the numbers show it, what to look at. Never the solution.
    mistake : str
        Short name of the known mistake that the answer matches, or two with "or" or "+" between
        them; empty if none was recognised.
    chart : Chart, optional
        The student's losses as a picture, for the form in HTML. It is made in a check cell only, so
        no number of a hidden case is in it.
    hint : str
        Where to look, found by trying changes of the student's code; a paragraph of its own.
    """

    outcome: str
    share: float
    text: str
    mistake: str = ""
    chart: Chart | None = field(default=None, compare=False)
    hint: str = ""

    def __post_init__(self) -> None:
        if self.outcome not in _LOOK:
            raise ValueError(f"outcome must be one of {sorted(_LOOK)}, got {self.outcome!r}")
        if not 0 <= self.share <= 1:
            raise ValueError(f"share must lie in [0, 1], got {self.share}")

    def to_text(self, title: str = "") -> str:
        """Plain-text form: one heading line, then the text."""
        symbol, heading, _ = _LOOK[self.outcome]
        head = f"{symbol} {heading}" + (f" · {title}" if title else "")
        return "\n".join(filter(None, (head, self.text, self.hint)))

    def to_html(self, title: str = "", score: Score | None = None) -> str:
        """HTML form, styled inline so that it survives nbconvert and follows the page's theme."""
        symbol, heading, colour = _LOOK[self.outcome]
        name = f' <span style="opacity:.75">· {escape(title)}</span>' if title else ""
        points = chart = ""
        if score is not None:
            points = f"{score:g} of {score.out_of:g}"
            points = f'<span style="float:right;padding-left:1em">{points}</span>'
        if self.chart is not None:
            chart = self.chart.to_html()
        paragraphs = "".join(
            f'<p style="margin:.35em 0 0 0">{_inline_code(part)}</p>'
            for part in (*self.text.split("\n"), self.hint)
            if part.strip()
        )
        return (
            f'<div role="status" style="border-left:5px solid {colour};padding:.45em .9em;'
            "margin:.3em 0;max-width:46em;line-height:1.45;background:rgba(127,127,127,.10);"
            f'border-radius:0 6px 6px 0">{points}'
            f'<strong><span aria-hidden="true">{symbol}</span> {escape(heading)}</strong>{name}'
            f"{paragraphs}{chart}{links(self.mistake)}</div>"
        )

    def without_numbers(self) -> str:
        """The text as it can be told of a hidden case.

        Any digit takes its whole sentence out, so that no judge has to say which of its numbers
        are secret; a sentence that only goes on from one that is out goes with it.
        """
        kept, out = [], False
        for sentence in _BETWEEN.split(self.text):
            out = bool(_NUMBER.search(sentence)) or (out and bool(_GOES_ON.match(sentence)))
            if not out:
                kept.append(sentence)
        return " ".join(kept)

    def score(self, points: float) -> Score:
        """The points that this verdict is worth, out of `points`."""
        return Score(round(self.share * points, 2), points)


def _inline_code(text: str) -> str:
    """Escape text; what stands between backquotes becomes code."""
    html = escape(text)
    return html if html.count("`") % 2 else re.sub("`([^`]*)`", r"<code>\1</code>", html)


class Score(float):
    """Points reached. In text it is a bare number, which is where nbgrader reads partial credit.

    Attributes
    ----------
    out_of : float
        The practice's points.
    box : str
        In HTML: the verdict with the points in it.
    shown : bool
        Whether that has been shown; it is not shown twice.
    """

    def __new__(cls, value: float, out_of: float) -> Score:
        score = super().__new__(cls, value)
        score.out_of, score.box, score.shown = out_of, "", False
        return score

    def _repr_html_(self) -> str:
        return self.box

    def _ipython_display_(self) -> None:
        if not self.shown:
            raise NotImplementedError  # IPython then takes the forms in text and HTML


#: Full points: `correct(text)`.
correct = functools.partial(Feedback, "correct", 1.0)
#: No points yet, with the diagnosis: `incorrect(text, mistake)`.
incorrect = functools.partial(Feedback, "incorrect", 0.0)
#: The cell still holds its stub: `not_attempted(text)`.
not_attempted = functools.partial(Feedback, "not attempted", 0.0)
#: Nothing can be said of the answer, for a reason that is not the student's: `not_checked(text)`.
not_checked = functools.partial(Feedback, "not checked", 0.0)


def partial(share: float, text: str, mistake: str = "") -> Feedback:
    """Some points, as part of what was asked is right; if their share is zero, none yet."""
    return Feedback("partial" if share else "incorrect", share, text, mistake)
