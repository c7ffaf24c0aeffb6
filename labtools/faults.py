"""What is wrong with a lab, said so that its author can go straight to the place."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Fault:
    """One reason why a lab cannot be built.

    Parameters
    ----------
    file : str
        Path of the file, relative to the course.
    reason : str
        What is wrong, and what would be right.
    cell : int, optional
        Number of the cell, counted from 1 over all cells of the notebook.
    first_line : str
        The first line of that cell, to recognise it by.
    """

    file: str
    reason: str
    cell: int | None = None
    first_line: str = ""

    def __str__(self) -> str:
        if self.cell is None:
            return f"{self.file}: {self.reason}"
        return f"{self.file}: cell {self.cell} ({self.first_line}): {self.reason}"


class LabError(Exception):
    """A lab has at least one fault; nothing was written for it."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        self.faults = list(faults)
        super().__init__("\n".join(str(fault) for fault in self.faults))
