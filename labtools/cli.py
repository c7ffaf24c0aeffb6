"""The `labs` command."""

import argparse
import importlib
import sys
from pathlib import Path

# Command, what it does, the module that has its `add_arguments(parser)` and `run(arguments)`.
# A command's module is imported when the command is used: `labs --help` answers at once.
COMMANDS = (
    ("build", "derive the executed solutions and the student notebooks", "labtools.build"),
    ("release", "make the zip that students get", "labtools.release.command"),
    ("grade", "grade the submissions of a lab", "labtools.grading.command"),
    (
        "summary",
        "write tables, pages and report again after grading by hand",
        "labtools.grading.results.summary",
    ),
    ("html", "turn notebooks into pages that need no network", "labtools.offline"),
    (
        "similar",
        "rank the pairs of answers that are most alike",
        "labtools.grading.results.similar",
    ),
    ("hand-over", "fill in a platform's grades", "labtools.grading.results.hand_over"),
)


def main(argv: list[str] | None = None) -> int:
    """Run `labs` with these arguments (default: the command line's); return the exit code."""
    try:
        return _run(argv)
    except KeyboardInterrupt:
        print("labs: interrupted", file=sys.stderr)
        return 130


def _run(argv: list[str] | None) -> int:
    words = sys.argv[1:] if argv is None else argv
    parser = argparse.ArgumentParser(
        prog="labs", description="Author, release and grade the gradient descent labs."
    )
    parser.add_argument(
        "--root",
        type=Path,
        metavar="DIR",
        help="the course's folder (default: the one you are in, else this installation's)",
    )
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for name, summary, module in COMMANDS:
        sentence = f"{summary[0].upper()}{summary[1:]}."
        command = commands.add_parser(name, help=summary, description=sentence)
        if name in words:
            try:
                implementation = importlib.import_module(module)
            except ModuleNotFoundError as error:
                return _missing(name, error)
            implementation.add_arguments(command)
            command.set_defaults(run=implementation.run)
    arguments = parser.parse_args(words)
    arguments.root = (arguments.root or find_root(Path.cwd())).resolve()
    try:
        return arguments.run(arguments)
    except ModuleNotFoundError as error:
        return _missing(arguments.command, error)


def _missing(command: str, error: ModuleNotFoundError) -> int:
    """Say which package is missing; one of ours is a fault that its traceback tells better."""
    if (error.name or "").split(".")[0] in ("labtools", "labhelpers"):
        raise error
    print(
        f"labs {command}: the package {error.name} is missing; "
        "install the instructor's tools: pip install -e '.[lab,instructor]' "
        "-c constraints.txt",
        file=sys.stderr,
    )
    return 2


def find_root(start: Path) -> Path:
    """Return the nearest folder above `start` that holds a course, else this installation's."""
    for folder in (start, *start.parents):
        if (folder / "solutions").is_dir() and (folder / "pyproject.toml").is_file():
            return folder
    return Path(__file__).resolve().parents[1]


if __name__ == "__main__":
    sys.exit(main())
