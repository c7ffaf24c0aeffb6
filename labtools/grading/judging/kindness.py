"""What was done so that nobody loses a point to form, in sentences for students and instructors."""

from collections.abc import Sequence

from labtools.grading.judging.assignment import Assignment, MarkedCell
from labtools.grading.judging.examination import Evidence

_KINDS = {"markdown": "Markdown", "raw": "Raw"}


def kindnesses(
    assignment: Assignment, cells: Sequence[MarkedCell], evidence: Evidence
) -> list[str]:
    """One sentence for each thing that was passed over in a submission."""
    titles = {p.id: p.title for p in assignment.practices}
    said = [
        f"The cell of “{titles[cell.practice]}” was of type {_KINDS[cell.was]}; "
        "it was read as code."
        for cell in cells
        if cell.was
    ]
    for k in sorted(evidence.passed):
        for kind, message, text in evidence.passed[k] if k < len(cells) else ():
            cell = cells[k]
            whose = "a cell of the course" if cell.of_course or not cell.own else "a cell"
            if cell.practice in titles:
                whose = f"the cell of “{titles[cell.practice]}”"
            error = f"{kind}: {message.rstrip('.')}" if message else kind
            said.append(f"`{text}` in {whose} failed with {error}. What stands after it was run.")
    return said
