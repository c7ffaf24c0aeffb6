"""The minutes that a lab states are those of one measure, section by section.

170 words a minute, of prose and of code; 3 minutes for each prediction; 10 to 20 for each practice
(3 where it is worth a single point). Running cells and looking at figures may add a little.
"""

import re
from pathlib import Path

import pytest

from labtools.build import find_sources
from labtools.source import read_source
from labtools.student import derive_student

WORDS, PREDICTION, PRACTICE = 170, 3, (10, 20)
BELOW, ABOVE = 2, 4
ROW = re.compile(r"^\| (\d+)\. (.+) \| (\d+) \|$", re.MULTILINE)
SECTION = re.compile(r"^## (\d+)\. (.+)$", re.MULTILINE)
GUESS = re.compile(r"^guess_\w+ = None", re.MULTILINE)


def measured(notebook) -> dict[str, tuple[float, float]]:
    """Fewest and most minutes of each section of a student's notebook, by its number and name."""
    minutes, section = {}, None
    for cell in notebook.cells:
        # A heading may stand in the middle of a cell.
        for part in re.split(r"(?m)^(?=## )", cell.source):
            if cell.cell_type == "markdown" and (heading := SECTION.match(part)):
                section = " ".join(heading.groups())
                minutes[section] = (0.0, 0.0)
            if section is None:
                continue
            words = len(re.findall(r"\S*\w\S*", part)) / WORDS
            guesses = len(GUESS.findall(part)) * PREDICTION if cell.cell_type == "code" else 0
            minutes[section] = tuple(at + words + guesses for at in minutes[section])
        graded = cell.metadata.get("nbgrader", {})
        if section and graded.get("grade"):
            more = PRACTICE if graded["points"] > 1 else (PREDICTION, PREDICTION)
            minutes[section] = tuple(a + b for a, b in zip(minutes[section], more, strict=True))
    return minutes


@pytest.mark.parametrize(
    "path", find_sources(Path(__file__).parents[2]), ids=lambda path: path.stem
)
def test_each_section_states_the_minutes_of_the_measure(path, course):
    source = read_source(path, course)
    stated = {
        f"{number} {name.removesuffix(' and quiz')}": int(minutes)
        for number, name, minutes in ROW.findall(source.notebook.cells[0].source)
    }
    known = measured(derive_student(source))
    assert list(stated) == list(known), "the table of minutes lists other sections"
    wrong = [
        f"{section}: {minutes} stated, {low:.0f} to {high:.0f} measured"
        for section, minutes in stated.items()
        for low, high in [known[section]]
        if not low - BELOW <= minutes <= high + ABOVE
    ]
    assert not wrong, "\n".join(wrong)
