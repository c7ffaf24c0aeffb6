"""Lines of a solution, or of an author's assertion, that a student notebook still shows."""

import re
from collections.abc import Iterable, Iterator

from nbformat import NotebookNode

from labtools.source import LabSource

# The grammar of a PyTorch program: it stands in every textbook and gives nothing away.
IDIOMS = """
import torch
import numpy as np
import matplotlib.pyplot as plt
import labhelpers
from torch import nn
fig, ax = plt.subplots()
ax.legend()
plt.show()
losses = []
loss.backward()
with torch.no_grad():
w.grad.zero_()
b.grad.zero_()
w.grad = None
b.grad = None
optimizer.zero_grad()
optimizer.step()
model.train()
model.eval()
for x, y in loader:
for epoch in range(epochs):
for epoch in range(num_epochs):
"""

_TRIVIAL = re.compile(
    r"""
    \W*                                            # brackets, quotes, nothing
    | \W*(else|try|finally|pass|break|continue|return|yield|None|True|False)\W*
    | return[A-Za-z_]\w*                           # return name
    | (xlabel|ylabel|label|title)="[^"]*",?        # words on a figure
    """,
    re.VERBOSE,
)


def surviving_lines(source: LabSource, student: NotebookNode) -> Iterator[tuple[int, str]]:
    """Find each line that students do not get and the notebook shows, in any of its cells.

    Lines are compared without their spaces. A cell tagged ``taught`` is left out: its author says
    that the course shows these lines on purpose, for example the training loop of a demonstration.

    Yields
    ------
    tuple[int, str]
        Index of the student's cell, and what is wrong with it.
    """
    solution = solution_lines(source)
    for index, cell in enumerate(student.cells):
        if "taught" in cell.metadata.get("tags", []):
            continue
        for shown in cell.source.splitlines():
            for secret in gives_away(shown, solution):
                origin, line = solution[secret]
                yield (
                    index,
                    f"the solution line '{line}' of cell {origin + 1} is still shown here; "
                    'reword it, or tag this cell tags=["taught"] if it is shown on purpose',
                )


def solution_lines(source: LabSource) -> dict[str, tuple[int, str]]:
    """Return (index of the cell, line) of each telling solution line, by the line without spaces.

    Lines that every program has, such as ``return`` or ``loss.backward()``, are left out.
    """
    return {
        squeezed: (cell, line.strip())
        for cell, region in source.regions()
        for line in region
        if not _is_trivial(squeezed := squeeze(line), line)
    }


def gives_away(shown: str, solution: Iterable[str]) -> Iterator[str]:
    """Find the solution lines, without spaces, that a line shows."""
    squeezed = squeeze(shown)
    for secret in solution:
        if secret == squeezed or (len(secret) >= 12 and secret in squeezed):
            yield secret


def squeeze(line: str) -> str:
    """A line without its spaces."""
    return re.sub(r"\s+", "", line)


def _is_trivial(squeezed: str, line: str) -> bool:
    if squeezed in _SQUEEZED_IDIOMS or _TRIVIAL.fullmatch(squeezed):
        return True
    return line.strip().startswith("#") and len(line.split()) < 4  # a remark


_SQUEEZED_IDIOMS = frozenset(map(squeeze, IDIOMS.splitlines()))
