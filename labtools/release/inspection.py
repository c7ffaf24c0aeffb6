"""A last look through every file of a release, whatever made it: nothing of the instructor's.

It does not trust the steps before it. A lab is already built without its solutions; here each line
that is about to be published is held against every solution once more, across labs and in every
file.
"""

import json
from collections.abc import Iterator

from labtools.faults import Fault
from labtools.leaks import gives_away, solution_lines, squeeze
from labtools.release.contents import Release

# Words that only the instructor's part of the course has a use for.
WORDS = (
    *("labtools", "course.secret", "BEGIN HIDDEN TESTS"),
    *(f"{end} {kind}" for kind in ("SOLUTION", "AUTHOR") for end in ("BEGIN", "END")),
)


def find_leaks(release: Release) -> Iterator[Fault]:
    """Find what a student must not see: solution lines, the instructor's code."""
    solutions = {
        squeezed: (source.file, line)
        for source in release.sources
        for squeezed, (_, line) in solution_lines(source).items()
    }
    for path, content in release.files.items():
        text = content.decode()
        for word in WORDS:
            if word in text:
                yield Fault(path, f"'{word}' belongs to the instructor's part of the course")
        lines = list(_lines(path, text))
        # Most files show no solution line at all, which is found out at once.
        everything = squeeze("".join(line for _, line in lines))
        near = [secret for secret in solutions if secret in everything]
        for number, shown in lines if near else ():
            for secret in gives_away(shown, near):
                file, line = solutions[secret]
                yield Fault(path, f"line {number}: '{line}' is a solution line of {file}")


def _lines(path: str, text: str) -> Iterator[tuple[int, str]]:
    """Yield each line; of a notebook those of its cells that are not taught on purpose."""
    if not path.endswith(".ipynb"):
        yield from enumerate(text.splitlines(), start=1)
        return
    for number, cell in enumerate(json.loads(text)["cells"], start=1):
        if "taught" not in cell["metadata"].get("tags", []):
            yield from ((number, line) for line in "".join(cell["source"]).splitlines())
