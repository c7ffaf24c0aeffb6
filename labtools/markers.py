"""Markers: the lines that fence what a student does not get.

Between ``### BEGIN SOLUTION`` and ``### END SOLUTION`` stands what a student is to write; between
``### BEGIN AUTHOR`` and ``### END AUTHOR`` what the author asserts of the numbers in the prose.

nbgrader replaces what stands between the solution markers. It takes any line
that *contains* their words for a marker and ignores a line that nearly does, so that one
slip of the keyboard would publish a solution. Here a line is either a marker, letter by letter,
or it must not look like one.
"""

import re
from dataclasses import dataclass
from difflib import SequenceMatcher

BEGIN = "### BEGIN SOLUTION"
END = "### END SOLUTION"
AUTHOR_BEGIN = "### BEGIN AUTHOR"
AUTHOR_END = "### END AUTHOR"

_END_OF = {BEGIN: END, AUTHOR_BEGIN: AUTHOR_END}

# nbgrader acts on these words too. The course does not use them: hidden cases live outside the
# notebooks, so a student's notebook has nothing to find.
FOREIGN = ("BEGIN HIDDEN TESTS", "END HIDDEN TESTS", "BEGIN MARK SCHEME", "END MARK SCHEME")
AUTOTEST = ("AUTOTEST", "HASHED")

# Two of the letters in "BEGIN SOLUTION" may be wrong, doubled, swapped or missing.
_LIKENESS = 0.88


#: The lines of a cell that stand between two markers.
Region = tuple[str, ...]


@dataclass(frozen=True)
class Reading:
    """What the markers of a cell say: its solution regions, the author's, and what is wrong."""

    regions: tuple[Region, ...]
    faults: tuple[str, ...]
    author: tuple[Region, ...] = ()


def read_regions(source: str, *, is_code: bool) -> Reading:
    """Find the regions of a cell and every marker that is out of order.

    In Markdown only headings and comments can look like markers.
    """
    found: dict[str, list[Region]] = {BEGIN: [], AUTHOR_BEGIN: []}
    faults: list[str] = []
    opened: str | None = None
    inside: list[str] = []
    for number, line in enumerate(source.splitlines(), start=1):
        text = line.strip()
        if text in _END_OF:
            if opened is not None:
                faults.append(f"line {number}: nested marker: a region is open already at '{text}'")
            opened, inside = text, []
        elif text in _END_OF.values():
            if opened is None or _END_OF[opened] != text:
                faults.append(f"line {number}: stray marker '{text}': no such region is open")
            else:
                found[opened].append(tuple(inside))
                if not any(content.strip() for content in inside):
                    faults.append(f"line {number}: the region is empty")
            opened = None
        elif reason := _suspicion(text, is_code=is_code):
            faults.append(f"line {number}: {reason}")
        elif opened is not None:
            inside.append(line)
    if opened is not None:
        faults.append(f"unclosed marker: '{opened}' has no '{_END_OF[opened]}'")
    return Reading(tuple(found[BEGIN]), tuple(faults), tuple(found[AUTHOR_BEGIN]))


def without(source: str, begin: str = AUTHOR_BEGIN) -> str:
    """Return a cell's text without the regions that this marker begins: the author's."""
    kept, inside = [], False
    for line in source.splitlines():
        inside = inside or line.strip() == begin
        if not inside:
            kept.append(line)
        inside = inside and line.strip() != _END_OF[begin]
    return "\n".join(kept).rstrip()


def _suspicion(text: str, *, is_code: bool) -> str | None:
    """Say why a line that is no marker looks like one; None when it does not."""
    upper = text.upper()
    for words in FOREIGN:
        if words in upper or _resembles(_phrase(text, is_code), words):
            return f"'{text}' is a marker that this course does not use; hidden cases live outside"
    for word in AUTOTEST:
        if re.search(rf"\b{word}\b", text):
            return f"nbgrader would take '{word}' in '{text}' for a test template"
    for marker in (BEGIN, END, AUTHOR_BEGIN, AUTHOR_END):
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
