"""`labs summary`: tables, pages and report once more, with what was given by hand since."""

import argparse
import sys
from pathlib import Path

from labtools.grading.results.by_hand import every_lab
from labtools.grading.results.report import Report
from labtools.grading.results.tables import write_tables


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.description = (
        "Write grades.csv, summary.csv, report.html and the feedback pages once more, with the "
        "points and comments that were given in formgrader since. Nothing is run again."
    )
    parser.add_argument(
        "folder", type=Path, metavar="DIR", help="the folder with the grades of `labs grade`"
    )
    parser.add_argument(
        "--anonymous",
        action="store_true",
        help="write report-anonymous.html as well, for a projector: no names, and no mistake that "
        "fewer than three students made",
    )


def run(arguments: argparse.Namespace) -> int:
    """Write all again; return 0, or 2 where there are no grades."""
    folder: Path = arguments.folder
    if not any((folder / "journal").glob("*.jsonl")):
        print(f"labs summary: {folder} has no grades; `labs grade` makes them", file=sys.stderr)
        return 2
    try:
        report = Report()
        counts = write_tables(folder, report.watched(every_lab(folder)))
        reports = [report.write(folder)]
        if arguments.anonymous:
            reports.append(report.write(folder, anonymous=True))
    except OSError as error:
        print(f"labs summary: {error.strerror} ({error.filename})", file=sys.stderr)
        return 2
    for stem, statuses in counts.items():
        words = ", ".join(f"{n} {status}" for status, n in statuses.most_common())
        print(f"{stem}: {words}.")
    print(f"Written: {folder}/grades.csv, summary.csv, {', '.join(p.name for p in reports)}.")
    return 0
