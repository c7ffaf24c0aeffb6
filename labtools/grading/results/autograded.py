"""The notebook as nbgrader keeps it after autograding: one cell for each grade id, as released."""

import copy
from collections.abc import Container, Sequence
from typing import Any

import nbformat
from nbformat import NotebookNode

from labchecks.feedback import Feedback
from labtools.grading.judging.assignment import Assignment, MarkedCell, plain_text, released_texts
from labtools.grading.judging.time_limit import Budget
from labtools.grading.records import Verdict
from labtools.grading.results.cleaning import inert, new_budget, safe_markdown, safe_output

_OUTCOMES = ("correct", "partial", "incorrect", "not attempted")


def as_autograded(
    assignment: Assignment,
    cells: Sequence[MarkedCell],
    notebook: NotebookNode,
    verdicts: Sequence[Verdict],
    budget: Budget | None = None,
) -> NotebookNode:
    """Give the run notebook the metadata that formgrader and `generate_feedback` look for.

    Every grade id of the release stands on exactly one cell: the one that counted, or, where a
    student deleted it, a copy of the released cell at the end. Check cells have the released text
    and show the verdict.

    formgrader renders it in the instructor's session, HTML and Markdown as they are. So what could
    act there is made harmless; all else stays as it was written and shown.

    Parameters
    ----------
    budget : Budget, optional
        Time in which that is done; what is left over when it has passed is kept as plain text.
    """
    budget = budget or new_budget()
    course = released_texts(assignment)
    made = NotebookNode(notebook)
    made["cells"] = [_harmless(cell, course, budget) for cell in notebook.cells]
    by_practice = {v.practice: v for v in verdicts}
    taken: set[int] = set()
    for released in assignment.release["cells"]:
        if "nbgrader" not in released["metadata"]:
            continue
        grade_id = released["metadata"]["nbgrader"]["grade_id"]
        verdict = by_practice.get(grade_id.removesuffix("-check"))
        if grade_id in by_practice:
            place = None if verdict is None else verdict.cell
        else:
            checks = [k for k, c in enumerate(cells) if f"{c.check}-check" == grade_id]
            place = checks[-1] if checks else None
        kind = released["cell_type"]
        if place is None or place in taken or made.cells[place].cell_type != kind:
            place = len(made.cells)
            made.cells.append(_copy(released))
        taken.add(place)
        cell = made.cells[place]
        cell["metadata"] = {"nbgrader": copy.deepcopy(dict(released["metadata"]["nbgrader"]))}
        cell["id"] = _cell_id(grade_id)
        if grade_id.endswith("-check") and cell.cell_type == "code" and verdict is not None:
            cell["source"] = released["source"]
            cell["outputs"] = _shown(verdict)
    return made


def _harmless(
    cell: NotebookNode, course: Container[tuple[str, str]], budget: Budget
) -> NotebookNode:
    # What is changed are entries of cells, so their contents need no copy.
    made = NotebookNode(cell)
    if cell.cell_type == "markdown" and ("markdown", plain_text(cell.source)) not in course:
        made["source"] = safe_markdown(cell.source, budget)
    elif cell.cell_type == "code":
        made["outputs"] = [nbformat.from_dict(safe_output(o, budget)) for o in cell.outputs]
    return made


def not_run_notebook(assignment: Assignment, verdicts: Sequence[Verdict]) -> NotebookNode:
    """What stands in nbgrader's folder for a submission that could not be run: why, and the lab."""
    made = nbformat.v4.new_notebook()
    why = verdicts[0].feedback if verdicts else ""
    cell = nbformat.v4.new_markdown_cell(f"**This submission could not be run.** {inert(why)}")
    cell["id"] = "could-not-be-run"
    made.cells.append(cell)
    return as_autograded(assignment, [], made, verdicts)


def _copy(released: Any) -> NotebookNode:
    cell = nbformat.from_dict(copy.deepcopy(dict(released)))
    if cell.cell_type == "code":
        cell["outputs"], cell["execution_count"] = [], None
    return cell


def _cell_id(grade_id: str) -> str:
    return "".join(c if c.isalnum() or c in "-_" else "-" for c in grade_id)[:64]


def _shown(verdict: Verdict) -> list[NotebookNode]:
    outcome = verdict.status if verdict.status in _OUTCOMES else "incorrect"
    share = 0.0 if verdict.score is None else verdict.score / verdict.max_score
    feedback = Feedback(outcome, min(max(share, 0.0), 1.0), verdict.feedback)
    data = {
        "text/plain": feedback.to_text(verdict.title),
        "text/html": feedback.to_html(verdict.title),
    }
    outputs = [{"output_type": "display_data", "data": data, "metadata": {}}]
    if verdict.score is not None:
        # Where nbgrader reads partial credit from.
        points = {"text/plain": f"{verdict.score:g}"}
        made = {"output_type": "execute_result", "data": points, "metadata": {}}
        outputs.append({**made, "execution_count": None})
    # Not by nbformat's own constructor, which checks each against the schema: see `page._new_cell`.
    return nbformat.from_dict(outputs)
