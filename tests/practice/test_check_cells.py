"""Check cells in a kernel: one output each, what stopped a practice, and what is remembered."""

from __future__ import annotations

import json

import nbformat
import pytest
from nbclient import NotebookClient

from labchecks import checking, find

CELLS = (
    "import labhelpers\nfrom labhelpers import check, progress",
    "LOSS2 = [1.0, 2.0]\nLOSS2 = [undefined for _ in LOSS2]",
    "del LOSS2",
    "LOSS2 = []\nLOSS2 = tensor(1.0)",
    'check("lab01-rate-02")',
    "new_w = 3.4",
    'check("lab00-one-step")',
    'check("lab00-one-step");',
    'first = check("lab00-one-step")\nnew_w = 2.6\ncheck("lab00-one-step")',
    'progress("lab00")',
)


def run(folder, *sources):
    cells = [nbformat.v4.new_code_cell(source) for source in sources]
    notebook = nbformat.v4.new_notebook(cells=cells)
    client = NotebookClient(notebook, allow_errors=True, resources={"metadata": {"path": folder}})
    client.execute()
    return [cell.outputs for cell in notebook.cells]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("labs")


@pytest.fixture(scope="module")
def outputs(folder):
    return run(folder, *CELLS)


def test_verdict_and_points_are_one_output_with_a_bare_number(outputs):
    [shown] = outputs[6]
    assert shown.output_type == "execute_result"
    assert float(shown.data["text/plain"]) == 0.0
    assert "Not yet" in shown.data["text/html"] and "0 of 1<" in shown.data["text/html"]


def test_a_semicolon_does_not_hide_the_verdict(outputs):
    [shown] = outputs[7]
    assert "Not yet" in shown.data["text/html"]


def test_each_check_of_a_cell_is_shown(outputs):
    first, second = outputs[8]
    assert "Not yet" in first.data["text/html"] and "Correct" in second.data["text/html"]


def test_an_error_in_the_practice_cell_is_told_and_not_called_empty(folder):
    *_, [shown] = run(folder, CELLS[0], "def f():\n    pass\nLOSS2 = tensor(1.0)", CELLS[4])
    text = shown.data["text/html"]
    assert "NameError" in text and "line 3" in text and "tensor" in text
    assert "still empty" not in text and "Not attempted" not in text


def test_progress_is_remembered_across_kernels(folder, outputs):
    assert "Correct" in outputs[9][0].data["text/html"]
    [shown] = run(folder, CELLS[0], "progress()")[1]
    text = shown.data["text/plain"]
    assert "0 · One step, by hand" in text and "✓ Correct" in text
    assert "5 · When to use mini-batches" in text


def test_a_damaged_line_is_passed_over(folder, outputs):
    path = folder / ".progress.jsonl"
    kept = path.read_text(encoding="utf-8")
    path.write_text(f'{{"id": 3\n[]\n"x"\n{{}}\n{kept}', encoding="utf-8")
    assert "lab00-one-step" in [json.loads(line)["id"] for line in kept.splitlines()]
    [shown] = run(folder, CELLS[0], "progress()")[1]
    assert "✓ Correct" in shown.data["text/plain"]


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("new_w = print(3 - 0.1 * 4)", "`print` in line 1"),
        ("def step(w):\n    w - 0.4\nnew_w = step(3)", "`step` in line 3"),
        ("new_w = None", ""),
    ],
)
def test_none_that_a_call_gave_back_is_not_called_empty(source, said):
    names = {"_ih": ["", source]}
    exec(source, names)
    feedback = checking._judge(find("lab00-one-step"), names)
    assert said in feedback.text
    assert feedback.outcome == ("incorrect" if said else "not attempted")
