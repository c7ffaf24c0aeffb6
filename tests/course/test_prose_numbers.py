"""Every number in a lab's prose was computed: it stands in a cell's code or output.

A decimal number, or a whole number of four or more digits, in a Markdown cell must be the rounded
form of a number in the code or the text outputs of the same executed notebook. Small whole numbers
(section numbers, minutes, points) are not looked at.
"""

import re
from pathlib import Path

import nbformat
import pytest

SOLUTIONS = sorted((Path(__file__).parents[2] / "solutions").glob("lab*.ipynb"))

_NUMBER = re.compile(r"(?<![\w.])\d+(?:,\d{3})*(?:\.\d+)?(?:e[+-]?\d+)?(?![\w])", re.IGNORECASE)


def worth_checking(text: str) -> bool:
    """Whether a number in prose reports a result."""
    return "." in text or len(text.replace(",", "")) >= 4


def prose_of(cell) -> str:
    """The cell's text without links, images, code and HTML attributes."""
    text = re.sub(r"\]\([^)]*\)|`[^`]*`|<[^>]*>", " ", cell.source)
    return text.replace("{,}", ",").replace("\\,", " ")


def computed_in(notebook) -> list[float]:
    """All numbers in the code cells' sources and text outputs."""
    texts = []
    for cell in notebook.cells:
        if cell.cell_type != "code":
            continue
        texts.append(cell.source)
        for output in cell.outputs:
            texts.append(output.get("text", ""))
            texts.append(output.get("data", {}).get("text/plain", ""))
    return [float(match.replace(",", "")) for t in texts for match in _NUMBER.findall(t)]


def unsupported(notebook) -> list[str]:
    """Numbers in prose that no cell computed, each with the line it stands in."""
    known = computed_in(notebook)
    missing = []
    for cell in notebook.cells:
        if cell.cell_type != "markdown":
            continue
        for line in prose_of(cell).splitlines():
            for text in _NUMBER.findall(line):
                if not worth_checking(text):
                    continue
                value = float(text.replace(",", ""))
                decimals = len(text.split(".")[1]) if "." in text else 0
                # Half a unit of the last digit that is printed, and a hair for binary rounding;
                # a percentage may be printed from a share.
                margin = 0.5000001 * 10**-decimals
                if not any(
                    abs(candidate - value) <= margin or abs(100 * candidate - value) <= margin
                    for candidate in known
                ):
                    missing.append(f"{text} in: {line.strip()}")
    return missing


def test_a_number_that_no_cell_computed_is_found():
    notebook = nbformat.v4.new_notebook()
    code = nbformat.v4.new_code_cell("lr = 0.1")
    code.outputs = [nbformat.v4.new_output("stream", text="loss 835.276, slope -5.4812\n")]
    notebook.cells = [
        code,
        nbformat.v4.new_markdown_cell(
            "At 0.1 the loss 835.3 falls; the slope is −5.48, not −5.76."
        ),
        nbformat.v4.new_markdown_cell("It takes 4,500 updates; see [there](1.23.html)."),
    ]
    assert [entry.split(" ")[0] for entry in unsupported(notebook)] == ["5.76", "4,500"]


def test_there_are_solutions_to_look_at():
    assert SOLUTIONS


@pytest.mark.parametrize("path", SOLUTIONS, ids=lambda path: path.stem)
def test_every_number_in_prose_is_computed(path):
    missing = unsupported(nbformat.read(path, as_version=4))
    assert not missing, "\n".join(missing)
