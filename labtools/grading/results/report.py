"""`report.html`: what a class did in a lab, and what to talk about next week."""

import statistics
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from html import escape
from importlib import resources
from pathlib import Path
from typing import Any, NamedTuple

from labchecks.pages import links
from labtools.grading.journal import page_name, write_whole
from labtools.grading.results.page import whole_page

#: Bars of the distribution of points.
BARS = 10
#: Mistakes that are listed, and students who are named beside one before the others are folded.
MOST_MISTAKES, MOST_NAMED = 8, 6
#: Without names, what fewer students did is not shown: the class could guess who.
FEWEST = 3
#: Statuses of a submission that could not be run or read, or of an answer that ended early.
_BROKEN = ("error", "timed out", "out of memory", "crashed", "unreadable")


@dataclass
class _Practice:
    """How a class did in one practice."""

    title: str
    counts: Counter[str] = field(default_factory=Counter)
    mistakes: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))


class _Student(NamedTuple):
    id: str
    share: float
    open: bool
    late: bool
    missing: bool
    broken: str
    note: str


@dataclass
class _Lab:
    stem: str
    students: list[_Student] = field(default_factory=list)
    practices: dict[str, _Practice] = field(default_factory=dict)


class Report:
    """Watches the results of each lab pass by, and writes the report of them all."""

    def __init__(self) -> None:
        self._labs: list[_Lab] = []

    def watched(
        self, labs: Iterable[tuple[str, Iterable[dict[str, Any]]]]
    ) -> Iterator[tuple[str, Iterator[dict[str, Any]]]]:
        """The same labs and entries, each noted as it passes."""
        for stem, entries in labs:
            self._labs.append(_Lab(stem))
            yield stem, self._noted(self._labs[-1], entries)

    def _noted(self, lab: _Lab, entries: Iterable[dict[str, Any]]) -> Iterator[dict[str, Any]]:
        for entry in entries:
            _note(lab, entry)
            yield entry

    def write(self, folder: Path, anonymous: bool = False) -> Path:
        """Write the report into the output folder and return its path.

        An `anonymous` one is for a projector: no names, and nothing that fewer than three students
        did.
        """
        path = folder / ("report-anonymous.html" if anonymous else "report.html")
        body = "".join(_section(lab, anonymous) for lab in self._labs if lab.students)
        style = "".join(
            (resources.files("labtools.grading.results") / name).read_text(encoding="utf-8")
            for name in ("page.css", "report.css")
        )
        write_whole(path, whole_page("Class report", body, style))
        return path


def _note(lab: _Lab, entry: dict[str, Any]) -> None:
    verdicts = entry["verdicts"]
    statuses = {v.status for v in verdicts}
    missing = statuses == {"missing"}
    lab.students.append(
        _Student(
            entry["student"],
            sum(v.score or 0.0 for v in verdicts) / (sum(v.max_score for v in verdicts) or 1.0),
            any(v.score is None for v in verdicts),
            bool(entry.get("late")),
            missing,
            next((status for status in _BROKEN if statuses == {status}), ""),
            entry.get("note", ""),
        )
    )
    for v in verdicts:
        practice = lab.practices.setdefault(v.practice, _Practice(v.title))
        if missing:
            continue
        practice.counts[_state(v)] += 1
        if v.mistake and v.status in ("incorrect", "partial"):
            practice.mistakes[v.mistake].append(entry["student"])


def _state(verdict: Any) -> str:
    """Right, partly right, not yet, untouched or to be read: what a bar is made of."""
    if verdict.score is None:
        return "open"
    if verdict.status == "not attempted":
        return "untouched"
    if verdict.score >= verdict.max_score:
        return "right"
    return "part" if verdict.score > 0 else "wrong"


#: The parts of a practice's bar, from the left, and what a reader hears of them.
_STATES = {
    "right": "right",
    "part": "partly right",
    "wrong": "not yet",
    "untouched": "not attempted",
    "open": "to be read by hand",
}


def _section(lab: _Lab, anonymous: bool) -> str:
    number = int(lab.stem[3:5])
    name = lab.stem[6:].replace("_", " ")
    return (
        f"<header><h1>Lab {number}: {escape(name)}</h1>{_opening(lab)}</header>"
        f'<main><div class="beside"><section><h2>Points</h2>{_distribution(lab)}</section>'
        f"<section><h2>Practices</h2>{_practices(lab)}</section></div>"
        f"<h2>To talk about</h2>{_mistakes(lab, anonymous)}{_to_see(lab, anonymous)}</main>"
    )


def _opening(lab: _Lab) -> str:
    handed_in = [s for s in lab.students if not s.missing]
    said = [f"<strong>{len(handed_in)} of {len(lab.students)}</strong> handed in"]
    if late := sum(s.late for s in handed_in):
        said.append(f"{late} late")
    if handed_in:
        shares = [100 * s.share for s in handed_in]
        said.append(
            f"half of them have {statistics.median(shares):.0f} % of the points or more "
            f"(mean {statistics.fmean(shares):.0f} %)"
        )
    if waiting := sum(s.open for s in handed_in):
        said.append(f"{waiting} wait for points by hand, counted as 0 here")
    return f"<p>{'; '.join(said)}.</p>"


def _distribution(lab: _Lab) -> str:
    counts = Counter(
        min(int(BARS * s.share + 1e-9), BARS - 1) for s in lab.students if not s.missing
    )
    most = max(counts.values(), default=1)
    rows = []
    for k in reversed(range(BARS)):
        low, high = 100 * k // BARS, 100 * (k + 1) // BARS
        rows.append(
            f'<tr><th scope="row">{low}–{high} %</th><td>{_bar([("students", counts[k] / most)])}'
            f"</td><td>{counts[k]}</td></tr>"
        )
    return f'<table class="bars">{_heads("Share", "", "Students")}{"".join(rows)}</table>'


def _practices(lab: _Lab) -> str:
    rows = []
    for practice in lab.practices.values():
        total = sum(practice.counts.values()) or 1
        read = total - practice.counts["open"]
        right = f"{100 * practice.counts['right'] / read:.0f} %" if read else "–"
        parts = [(state, practice.counts[state] / total) for state in _STATES]
        told = ", ".join(
            f"{practice.counts[state]} {words}"
            for state, words in _STATES.items()
            if practice.counts[state]
        )
        rows.append(
            f'<tr><th scope="row">{escape(practice.title)}</th><td>{_bar(parts, told)}</td>'
            f"<td>{right}</td></tr>"
        )
    legend = " ".join(
        f'<span><i class="{state}"></i> {words}</span>' for state, words in _STATES.items()
    )
    return (
        f'<table class="bars">{_heads("Practice", "", "Right")}{"".join(rows)}</table>'
        f'<p class="legend">{legend}</p>'
    )


def _heads(*names: str) -> str:
    return f"<thead><tr>{''.join(f'<th scope=col>{n}</th>' for n in names)}</tr></thead>"


def _bar(parts: Iterable[tuple[str, float]], told: str = "") -> str:
    label = f' role="img" aria-label="{escape(told)}" title="{escape(told)}"' if told else ""
    pieces = "".join(
        f'<i class="{state}" style="width:{100 * share:.1f}%"></i>'
        for state, share in parts
        if share
    )
    return f'<div class="bar"{label}>{pieces}</div>'


def _mistakes(lab: _Lab, anonymous: bool) -> str:
    found = [
        (len(who), practice.title, mistake, who)
        for practice in lab.practices.values()
        for mistake, who in practice.mistakes.items()
        if not anonymous or len(who) >= FEWEST
    ]
    found.sort(key=lambda row: (-row[0], row[1], row[2]))
    if not found:
        return "<p>No mistake was made by several students that the judges know by name.</p>"
    rows = []
    for count, title, mistake, who in found[:MOST_MISTAKES]:
        names = "" if anonymous else f"<td>{_who(lab, who)}</td>"
        rows.append(
            f'<tr><th scope="row">{escape(mistake)}{links(mistake)}</th><td>{escape(title)}</td>'
            f"<td>{count}</td>{names}</tr>"
        )
    heads = _heads("Mistake", "Practice", "Students", *([] if anonymous else ["Who"]))
    rest = len(found) - MOST_MISTAKES
    more = f"<p>{rest} more are in grades.csv, column mistake.</p>" if rest > 0 else ""
    return f"<table>{heads}{''.join(rows)}</table>{more}"


def _to_see(lab: _Lab, anonymous: bool) -> str:
    """Who to speak to: nothing handed in, nothing that could be run, late, found by kindness."""
    if anonymous:
        return ""
    missing = [s.id for s in lab.students if s.missing]
    lines = [("Handed in nothing", missing)]
    lines += [
        (f"All practices: {status}", [s.id for s in lab.students if s.broken == status])
        for status in _BROKEN
    ]
    lines.append(("Late", [s.id for s in lab.students if s.late]))
    lines.append(("With a note in summary.csv", [s.id for s in lab.students if s.note]))
    items = "".join(
        f"<li>{words} ({len(who)}): {_who(lab, who)}</li>" for words, who in lines if who
    )
    return f"<h2>To see to</h2><ul>{items}</ul>" if items else ""


def _who(lab: _Lab, students: list[str]) -> str:
    """Names that lead to the students' pages; after the first few the others are folded."""
    made = [
        f'<a href="pages/{escape(lab.stem)}/{escape(page_name(student))}">{escape(student)}</a>'
        for student in students
    ]
    first, rest = ", ".join(made[:MOST_NAMED]), made[MOST_NAMED:]
    if not rest:
        return first
    return f"{first}<details><summary>and {len(rest)} more</summary>{', '.join(rest)}</details>"
