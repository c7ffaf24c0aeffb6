"""What a lab's source says of its practices, held against what the checks and the tests know.

The source gives points in its cell marks, in its headings, in a table and in its title; the module
in ``labchecks/labs`` gives points and order; a bank in ``tests/`` holds the answers that prove the
judge. Each disagreement is a fault that names both places.
"""

import re
from collections.abc import Iterator
from pathlib import Path

from labtools.faults import Fault
from labtools.source import LabSource, headings

CHECKS = "labchecks/labs"
#: Where the answers stand that a judge is tried on.
BANKS = "tests/practice*"

_POINTS = re.compile(r"\((?:[^()]*, )?(\d+) points?\)")
_ROW = re.compile(r"^\| (\d+) \|.*?\| (\d+) \|", re.MULTILINE)


def practice_faults(source: LabSource, root: Path) -> Iterator[Fault]:
    """Say where a lab's cells, its text and its module in ``labchecks`` disagree.

    Of a lab that has no module there only the text is looked at.
    """
    said = _points(source)
    yield from _text_faults(source, said)
    lab = source.name[:5]
    module = f"{CHECKS}/{lab}.py"
    if not (root / module).exists():
        return
    from labchecks import of_lab

    known = {practice.id: practice.points for practice in of_lab(lab)}
    for id_, (index, points) in said.items():
        if id_ not in known:
            yield source.fault(index, f"'{id_}' is not among PRACTICES of {module}: add it there")
        elif known[id_] != points:
            yield source.fault(
                index, f"'{id_}' has points={points:g} here and {known[id_]:g} in {module}"
            )
    for id_ in known.keys() - said.keys():
        yield Fault(module, f"'{id_}' has no cell in {source.file}: delete it, or add the cell")
    pairs = zip(said, (id_ for id_ in known if id_ in said), strict=False)
    ours, theirs = next(((a, b) for a, b in pairs if a != b), (None, None))
    if ours and known.keys() == said.keys():
        yield source.fault(
            said[ours][0],
            f"'{ours}' comes here, and in PRACTICES of {module} it is '{theirs}': list them in the "
            "lab's order",
        )


def _points(source: LabSource) -> dict[str, tuple[int, float]]:
    """The points of each practice in the lab's order, and the index of the cell that says so."""
    found = {}
    for index, cell in enumerate(source.notebook.cells):
        marks = cell.metadata.get("nbgrader", {})
        if marks.get("grade"):
            found[marks["grade_id"].removesuffix("-check")] = index, marks["points"]
    return found


def _text_faults(source: LabSource, said: dict[str, tuple[int, float]]) -> Iterator[Fault]:
    """Headings, a numbered table of practices and the title, against the cells' marks."""
    cells = source.notebook.cells
    begin = 0
    for id_, (index, points) in said.items():
        above = [
            (number, int(match[1]))
            for number in range(begin, index)
            if cells[number].cell_type == "markdown"
            for level, heading in headings(cells[number].source)
            if level > 1 and (match := _POINTS.search(heading))
        ]
        if above and above[-1][1] != points:
            number, wanted = above[-1]
            yield source.fault(
                number,
                f"the heading says {wanted} points, cell {index + 1} has points={points:g} for "
                f"'{id_}': let both say the same",
            )
        begin = index + 1
    in_order = list(said.items())
    total = sum(points for _, points in said.values())
    for number, cell in enumerate(cells):
        if cell.cell_type != "markdown":
            continue
        title = _POINTS.search(cell.source.partition("\n")[0]) if number == 0 else None
        if title and int(title[1]) != total:
            reason = f"the title says {title[1]} points, the cells have {total:g} together"
            yield source.fault(0, reason)
        if re.search(r"^\| practice \|.*\| points \|", cell.source, re.MULTILINE):
            for row in _ROW.finditer(cell.source):
                id_, (_, points) = in_order[min(int(row[1]), len(in_order)) - 1]
                if int(row[2]) != points:
                    reason = f"the table says {row[2]} points for practice {row[1]}"
                    yield source.fault(number, f"{reason}, '{id_}' has points={points:g}")


def bank_faults(source: LabSource, root: Path) -> Iterator[Fault]:
    """Name each practice that no bank has answers for; where there are no tests, nothing."""
    files = [path for folder in root.glob(BANKS) for path in folder.rglob("*.py")]
    texts = [path.read_text(encoding="utf-8") for path in files]
    for index, cell in enumerate(source.notebook.cells):
        marks = cell.metadata.get("nbgrader", {})
        if not marks.get("solution") or marks.get("grade") or not texts:
            continue
        id_ = marks["grade_id"]
        if not any(f'"{id_}"' in text for text in texts):
            yield source.fault(
                index,
                f"no bank has answers to '{id_}': add right ones in several styles and wrong ones "
                "to tests/practice/bank/, as CONTRIBUTING.md says",
            )
