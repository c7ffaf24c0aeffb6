"""Solution markers: the two lines that fence what a student is to write.

nbgrader replaces what stands between ``### BEGIN SOLUTION`` and ``### END SOLUTION``. It takes any
line that *contains* these words for a marker and ignores a line that nearly does, so that one
slip of the keyboard would publish a solution. Here a line is either a marker, letter by letter,
or it must not look like one.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from difflib import SequenceMatcher

BEGIN = "### BEGIN SOLUTION"
END = "### END SOLUTION"

# nbgrader acts on these words too. The course does not use them: hidden cases live outside the
# notebooks, so a student's notebook has nothing to find.
FOREIGN = ("BEGIN HIDDEN TESTS", "END HIDDEN TESTS", "BEGIN MARK SCHEME", "END MARK SCHEME")
AUTOTEST = ("AUTOTEST", "HASHED")

# Two of the letters in "BEGIN SOLUTION" may be wrong, doubled, swapped or missing.
_LIKENESS = 0.88


@dataclass(frozen=True)
class Region:
    """A solution region of one cell; ``lines`` are what stands between its markers."""

    lines: tuple[str, ...]


@dataclass(frozen=True)
class Reading:
    """What the markers of a cell say: its regions, and what is wrong with them."""

    regions: tuple[Region, ...]
    faults: tuple[str, ...]


def read_regions(source: str, *, is_code: bool) -> Reading:
    """Find the solution regions of a cell and every marker that is out of order.

    Parameters
    ----------
    source : str
        The cell's text.
    is_code : bool
        Whether it is a code cell. In Markdown only headings and comments can look like markers.
    """
    regions: list[Region] = []
    faults: list[str] = []
    inside: list[str] | None = None
    for number, line in enumerate(source.splitlines(), start=1):
        text = line.strip()
        if text == BEGIN:
            if inside is not None:
                faults.append(f"line {number}: nested marker: a region is open already at '{text}'")
            inside = []
        elif text == END:
            if inside is None:
                faults.append(f"line {number}: stray marker '{text}': no region is open")
            else:
                regions.append(Region(tuple(inside)))
                if not any(content.strip() for content in inside):
                    faults.append(f"line {number}: the solution region is empty")
            inside = None
        elif reason := _suspicion(text, is_code=is_code):
            faults.append(f"line {number}: {reason}")
        elif inside is not None:
            inside.append(line)
    if inside is not None:
        faults.append(f"unclosed marker: '{BEGIN}' has no '{END}'")
    return Reading(tuple(regions), tuple(faults))


def _suspicion(text: str, *, is_code: bool) -> str | None:
    """Say why a line that is no marker looks like one; None when it does not."""
    upper = text.upper()
    for words in FOREIGN:
        if words in upper or _resembles(_phrase(text, is_code), words):
            return f"'{text}' is a marker that this course does not use; hidden cases live outside"
    for word in AUTOTEST:
        if re.search(rf"\b{word}\b", text):
            return f"nbgrader would take '{word}' in '{text}' for a test template"
    for marker in (BEGIN, END):
        words = marker.removeprefix("### ")
        if words in upper or _resembles(_phrase(text, is_code), words):
            return f"misspelt marker '{text}': write '{marker}' alone on its line"
    if is_code and re.match(r"#{2,}\W*(BEGIN|END|START|STOP|SOLUTION)\b", upper):
        return f"misspelt marker '{text}': write '{BEGIN}' or '{END}'"
    return None


def _phrase(text: str, is_code: bool) -> list[str]:
    """Return the words of a line that could be meant as a marker, else nothing."""
    fence = r"#|<!--" if not is_code else r"#"
    if not re.match(fence, text):
        return []
    return re.findall(r"[A-Z]+", text.upper())


def _resembles(words: list[str], marker: str) -> bool:
    """Compare the first words of a line with a marker, blind to case, spaces and punctuation."""
    target = marker.replace(" ", "")
    count = marker.count(" ") + 1
    starts = {"".join(words[:n]) for n in range(1, count + 2)}
    return any(SequenceMatcher(None, start, target).ratio() >= _LIKENESS for start in starts)
