"""`labs hand-over`: a platform's own export of grades, filled; and the pages for its students."""

import argparse
import dataclasses
import html
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from labtools.grading.handed_in.persons import Persons, Table, TableError, read_table
from labtools.grading.journal import Journal, write_whole
from labtools.grading.results.by_hand import with_points_by_hand
from labtools.grading.results.hand_back import Grade, canvas_name, for_canvas, for_moodle

#: Students and rows that are named.
MOST_NAMED = 20


#: Of all practices, where a file is no notebook.
_BROKEN = {"unreadable"}
_NUMBER = re.compile(r"\d+([.,]\d+)?")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.description = (
        "Fill in the file that a platform gives out for grades: same header, same rows, only the "
        "grade and, where there is a column for it, the feedback are written."
    )
    parser.add_argument(
        "folder", type=Path, metavar="DIR", help="the folder with the grades of `labs grade`"
    )
    which = parser.add_mutually_exclusive_group(required=True)
    which.add_argument(
        "--moodle", type=Path, metavar="WORKSHEET.csv", help="Moodle's grading worksheet"
    )
    which.add_argument(
        "--canvas", type=Path, metavar="GRADEBOOK.csv", help="Canvas's export of the gradebook"
    )
    parser.add_argument("--lab", help="the lab, where DIR has grades of several: 5 or lab05")
    parser.add_argument(
        "--column",
        metavar="NAME",
        help="the assignment's column in Canvas, where that is not clear",
    )


def run(arguments: argparse.Namespace) -> int:
    """Fill the file; return 0, 1 where somebody is left over, 2 where it cannot be done."""
    try:
        return _run(arguments)
    except (TableError, OSError) as error:
        print(f"labs hand-over: {error}", file=sys.stderr)
        return 2


def _run(arguments: argparse.Namespace) -> int:
    folder, source = arguments.folder, arguments.moodle or arguments.canvas
    stem = find_lab(folder, arguments.lab)
    with Journal(folder, stem) as journal:
        entries = list(with_points_by_hand(journal.entries(journal.listed), folder, stem))
        handed_in = {s for s in journal.listed if journal.ran(s)}
        grades = {entry["student"]: _grade(entry) for entry in entries}
        broken = {e["student"] for e in entries if {v.status for v in e["verdicts"]} == _BROKEN}
        pages = {student: journal.page(student) for student in grades}
        notebooks = {student: journal.notebook(student) for student in grades}
    uploads = {entry["student"]: entry.get("upload", "") for entry in entries}
    table = read_table(source)
    header = table.header
    if arguments.moodle:
        table = dataclasses.replace(table, header=_in_english(table))
        fill = _moodle(table, source)
    else:
        fill = _canvas(table, source, stem, arguments.column)
    rows = Persons(table, source).matched(grades)
    unmatched = []
    for row, id_, student in rows:
        row += [""] * (len(table.header) - len(row))
        if student in handed_in - broken:
            fill(row, grades[student])
        elif student is None and id_:
            unmatched.append(id_)
    platform = "moodle" if arguments.moodle else "canvas"
    target = folder / f"{stem}-{platform}.csv"
    write_whole(target, dataclasses.replace(table, header=header).text())
    print(f"{target}: load it into the platform.")
    archive, no_upload = folder / f"{stem}-{platform}-feedback.zip", []
    having = [s for s in sorted(handed_in) if pages[s].is_file() and notebooks[s].is_file()]
    if arguments.moodle:
        for_moodle(archive, {s: pages[s] for s in having})
        print(f"{archive}: Moodle takes it as “Upload multiple feedback files in a zip”.")
    else:
        named = {s: name for s in having if (name := canvas_name(uploads[s]))}
        no_upload = [s for s in having if s not in named]
        if named:
            for_canvas(archive, [(n, pages[s], notebooks[s], grades[s]) for s, n in named.items()])
            print(f"{archive}: Canvas takes it as “Re-Upload Submissions”.")
    told = {student for _, _, student in rows}
    left = sorted(handed_in - told)
    waiting = sorted(s for s in handed_in & told if grades[s].open_points)
    unread = sorted(broken & handed_in)
    for names, sentence in (
        (unread, "files could not be read: ask for them again, no grade is filled in"),
        (waiting, "answers are still to be read by hand, for which no points are counted yet"),
        (unmatched, "rows of the file for which nothing was handed in; they are as they were"),
        (left, "students who were graded and have no row in the file"),
        (no_upload, "files that Canvas has not named, for which it takes no feedback"),
    ):
        if names:
            more = f" and {len(names) - MOST_NAMED} more" if len(names) > MOST_NAMED else ""
            shown = f"{', '.join(names[:MOST_NAMED])}{more}"
            print(f"{len(names)} {sentence}: {shown}.", file=sys.stderr)
    return 1 if unmatched or left else 0


def find_lab(folder: Path, wanted: str | None) -> str:
    """The lab of the folder that is meant.

    Raises
    ------
    TableError
        If there is none, or more than one and `wanted` names none of them.
    """
    labs = sorted(path.stem for path in (folder / "journal").glob("*.jsonl"))
    if wanted is not None:
        number = re.fullmatch(r"(?:lab)?0*(\d+)", wanted.lower())
        labs = [s for s in labs if s == wanted or (number and s[:5] == f"lab{int(number[1]):02}")]
    if len(labs) == 1:
        return labs[0]
    if labs:
        raise TableError(f"{folder} has grades of {', '.join(labs)}: name one with --lab")
    of_which = f" of {wanted}" if wanted else ""
    raise TableError(f"{folder} has no grades{of_which}; `labs grade` makes them")


def _grade(entry: dict[str, Any]) -> Grade:
    verdicts = entry["verdicts"]
    lines = [
        f"{v.title}: {'–' if v.score is None else f'{v.score:g}'} of {v.max_score:g}. {v.feedback}"
        for v in verdicts
    ]
    lines += [entry["note"]] if entry.get("note") else []
    lines = [" ".join(line.split()) for line in lines]
    return Grade(
        sum(v.score or 0.0 for v in verdicts),
        sum(v.max_score for v in verdicts),
        sum(v.max_score for v in verdicts if v.score is None),
        tuple(lines),
    )


_Fill = Callable[[list[str], Grade], None]


def _moodle(table: Table, path: Path) -> _Fill:
    sign = _decimal_sign(table)
    grade, most = table.column("grade"), table.column("maximum grade")
    comment = table.column("feedback comments")
    if grade is None or table.column("identifier") is None:
        raise TableError(
            f"{path} is no grading worksheet of Moodle: it has no columns Identifier and Grade. "
            "Moodle gives it out where “Offline grading worksheet” is chosen in the assignment"
        )

    def fill(row: list[str], given: Grade) -> None:
        _refuse_other_most("Moodle", "" if most is None else row[most], given)
        row[grade] = f"{given.points:.2f}".replace(".", sign)
        if comment is not None:
            row[comment] = "<br>".join(html.escape(line, quote=False) for line in given.lines)

    return fill


def _canvas(table: Table, path: Path, stem: str, wanted: str | None) -> _Fill:
    if table.column("student") is None or table.column("id") is None:
        raise TableError(
            f"{path} is no export of Canvas's gradebook: it has no columns Student and ID"
        )
    columns = {h: k for k, h in enumerate(table.header) if re.search(r"\(\d+\)$", h.strip())}
    number = int(stem[3:5])
    if wanted is not None:
        names = [h for h in columns if wanted in (h, h.rpartition(" (")[0])]
    else:
        told = rf"lab[\W_]*0*{number}(?!\d)"
        names = [h for h in columns if re.search(told, h, re.IGNORECASE)]
    if len(names) != 1:
        raise TableError(
            f"{'no' if not names else 'more than one'} column of {path} is that of the lab; name "
            f"it with --column. There are: {', '.join(columns) or 'no assignments'}"
        )
    column = columns[names[0]]
    id_, sign = table.column("id"), _decimal_sign(table)
    # The row with the points has no ID; one above it may say how grades are posted.
    above = [r[column] for r in table.rows if len(r) > column and not r[id_].strip()]
    limit = next((text for text in above if _NUMBER.fullmatch(text.strip())), "")

    def fill(row: list[str], given: Grade) -> None:
        _refuse_other_most("Canvas", limit, given)
        row[column] = f"{given.points:g}".replace(".", sign)

    return fill


def _in_english(table: Table) -> list[str]:
    """The header of Moodle's worksheet in English; Moodle writes it in the teacher's language.

    The identifier comes first, the maximum is one number in all rows, the grade stands before it.
    """
    header = list(table.header)
    constant = [
        k
        for k in range(2, len(header))
        if len(found := {row[k].strip() if k < len(row) else "" for row in table.rows}) == 1
        and _NUMBER.fullmatch(*found)
    ]
    participants = all(re.fullmatch(r"\D+ \d+", row[0].strip()) for row in table.rows)
    if table.column("grade") is not None or not constant or not participants:
        return header
    most = constant[-1]
    header[0], header[1], header[most - 1], header[most] = (
        "Identifier", "Full name", "Grade", "Maximum grade",
    )  # fmt: skip
    for k in range(most + 1, len(header)):
        if re.search(r"[ck]omm?ent", header[k], re.IGNORECASE):
            header[k] = "Feedback comments"
    return header


def _decimal_sign(table: Table) -> str:
    """What separates decimals in the file; a comma where only semicolons between columns tell."""
    signs = {found[1][0] for row in table.rows for cell in row
             if (found := _NUMBER.fullmatch(cell.strip())) and found[1]}  # fmt: skip
    if len(signs) == 1:
        return signs.pop()
    return "," if table.delimiter == ";" else "."


def _refuse_other_most(platform: str, limit: str, given: Grade) -> None:
    """Refuse to fill in points of another scale: the platform would take them for its own."""
    found = _NUMBER.fullmatch(limit.strip())
    if found and abs(float(found[0].replace(",", ".")) - given.most) > 1e-6:
        raise TableError(
            f"the assignment in {platform} has {found[0]} points, the lab {given.most:g}: set its "
            "points to those of the lab and export again"
        )
