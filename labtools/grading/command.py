"""`labs grade`: its arguments."""

import argparse
import re
from pathlib import Path

from labtools.grading.running import server

_EPILOG = """\
what is handed in
  SUBMISSIONS is a folder with one folder per student, <student>/<lab>.ipynb; or nbgrader's
  submitted/ folder, <student>/<lab>/<lab>.ipynb, or the course folder around it; or a zip of
  these, or as Moodle, Canvas, Blackboard, Brightspace or Gradescope gives it. DIR lies outside it.

what comes out, in DIR
  grades.csv        one row per student and practice: score, status, feedback, mistake
  summary.csv       one row per student
  report.html       the class: points, practices, the commonest mistakes and who made them
  pages/LAB/        one feedback page (HTML) per student
  gradebook.db      nbgrader's gradebook: its formgrader, `nbgrader generate_feedback LAB` and
                    `nbgrader export` work in DIR

Stop with Ctrl-C whenever you like: what is done is kept, and the same command goes on from there.
A submission whose file has changed is graded again. docs/instructors.md explains it in five steps.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.description = (
        "Run each student's notebook in a sandbox of its own, ask it for answers to cases it has\n"
        "not seen, and judge the answers outside."
    )
    parser.epilog = _EPILOG
    parser.add_argument("lab", metavar="LAB", help="the lab: 5, lab05 or its full name")
    parser.add_argument(
        "submissions", type=_path, metavar="SUBMISSIONS", help="a folder or a zip, see below"
    )
    parser.add_argument(
        "--out", type=_path, required=True, metavar="DIR", help="where grades and feedback go"
    )
    parser.add_argument(
        "--jobs",
        type=_positive(int),
        default=0,
        metavar="N",
        help="submissions to run at once (default: one a processor core)",
    )
    parser.add_argument(
        "--scheduler",
        type=_address,
        metavar="tcp://HOST:PORT",
        help="let an existing Dask cluster do the work; its workers have this project installed",
    )
    parser.add_argument(
        "--cold",
        action="store_true",
        help="start a fresh Python for every submission: the same grades, several times slower",
    )
    parser.add_argument(
        "--timeout",
        type=_positive(float),
        default=30.0,
        metavar="S",
        help="seconds that one cell, or one practice's answers, may take (default: 30); a whole "
        "submission may take four times as long. Time that other programs have the processor does "
        "not count",
    )
    parser.add_argument(
        "--memory",
        type=_positive(int),
        default=1024,
        metavar="MB",
        help="memory that one submission may use (default: 1024)",
    )
    parser.add_argument(
        "--only", metavar="STUDENT", help="grade this student alone, even if it was done before"
    )
    parser.add_argument(
        "--roster",
        type=_path,
        metavar="FILE",
        help="the class list, a CSV with a header and ids or names: who handed in nothing gets "
        "rows too, with the status missing",
    )
    parser.add_argument(
        "--unsafe",
        action="store_true",
        help="run without a sandbox, where this machine has none: a submission can then read and "
        "change whatever you can",
    )


#: Numbers from here on are slips of the hand: weeks of seconds, terabytes of memory.
_TOO_LARGE = 10_000_000


def _positive(kind: type):
    def read(text: str):
        shown = repr(text if len(text) <= 30 else f"{text[:30]}…")
        try:
            value = float(text)
        except ValueError:
            value = 0.0
        if not value > 0:
            raise argparse.ArgumentTypeError(f"a number above zero is allowed, got {shown}")
        if value >= _TOO_LARGE:
            most = f"less than {_TOO_LARGE:,} is allowed"
            raise argparse.ArgumentTypeError(f"a number above zero and {most}, got {shown}")
        try:
            return kind(text)
        except ValueError:
            whole = f"a whole number above zero is allowed, got {shown}"
            raise argparse.ArgumentTypeError(whole) from None

    return read


def _path(text: str) -> Path:
    """A path that names something: an empty one, as of a variable not set, would be `.`."""
    if not text.strip():
        raise argparse.ArgumentTypeError(f"a path is expected, got {text!r} (an unset variable?)")
    return Path(text)


def _address(text: str) -> str:
    found = re.fullmatch(r"(?:tcp|tls)://(?:[^\s/:\[\]]+|\[[0-9a-fA-F:.]+\]):(\d{1,5})", text)
    if found is None or not 0 < int(found[1]) < 65536:
        raise argparse.ArgumentTypeError(
            f"a Dask scheduler's address has the form tcp://HOST:PORT (`dask scheduler` shows it "
            f"when it starts, as tcp://10.0.0.5:8786), got {text!r}"
        )
    return text


def run(arguments: argparse.Namespace) -> int:
    """Grade; return 0, or 2 with a sentence on stderr where nothing can be graded."""
    if not arguments.scheduler:
        server.start()
    # Seconds of imports: after the arguments were read, and beside those of the server.
    from labtools.grading.running import grade

    return grade.run(arguments)
