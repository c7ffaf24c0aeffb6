"""A lab's text, cells, module of practices and banks say the same, or a fault says so."""

from __future__ import annotations

from pathlib import Path

import pytest

from labtools.agreement import BANKS, bank_faults, practice_faults
from labtools.build import find_sources
from labtools.source import LabSource, read_source

LAB = "lab05_implement_gradient_descent"


def read(folder: Path, text: str) -> LabSource:
    """Read a source in a folder that also has the lab's module."""
    (folder / "labchecks" / "labs").mkdir(parents=True)
    (folder / "labchecks" / "labs" / "lab05.py").touch()
    path = folder / "solutions" / f"{LAB}.py"
    path.parent.mkdir()
    path.write_text(text, encoding="utf-8")
    return read_source(path, folder)


def test_the_course_agrees_with_itself(course):
    for path in find_sources(course):
        source = read_source(path, course)
        assert not [*practice_faults(source, course), *bank_faults(source, course)]


MARK = '# %% check="lab05-model" points=10'
PLANTED = {
    "points of a cell": (
        (MARK, MARK.replace("10", "5")),
        ("the heading says 10 points, cell 12 has points=5 for 'lab05-model': let both",),
        ("points=5 here and 10 in labchecks/labs/lab05.py",),
        ("the title says 100 points, the cells have 95 together",),
        ("the table says 10 points for practice 1, 'lab05-model' has points=5",),
    ),
    "points of a heading": (
        ("the model (10 points)", "the model (20 points)"),
        ("the heading says 20 points",),
    ),
    "points of the title": (
        ("(graded, 100 points)", "(graded, 90 points)"),
        ("the title says 90 points, the cells have 100 together",),
    ),
    "a row of the table": (
        ("| 2 | `loss_func` | 10 |", "| 2 | `loss_func` | 15 |"),
        ("the table says 15 points for practice 2, 'lab05-loss' has points=10",),
    ),
    "a practice that the module lacks": (
        ("lab05-loss", "lab05-losses"),
        ("'lab05-losses' is not among PRACTICES of labchecks/labs/lab05.py: add it there",),
        ("labchecks/labs/lab05.py: 'lab05-loss' has no cell in solutions/", "delete it"),
    ),
}


@pytest.mark.parametrize("fault", PLANTED)
def test_a_disagreement_is_named_with_its_places(course, tmp_path, fault):
    (old, new), *wanted = PLANTED[fault]
    text = (course / "solutions" / f"{LAB}.py").read_text(encoding="utf-8")
    assert old in text
    source = read(tmp_path, text.replace(old, new))
    found = [str(fault) for fault in practice_faults(source, tmp_path)]
    assert len(found) == len(wanted), found
    for words in wanted:
        assert any(all(word in line for word in words) for line in found), (words, found)


def test_another_order_than_the_lab_s_is_named(course, tmp_path, monkeypatch):
    import labchecks

    first, second, *rest = labchecks.of_lab("lab05")
    monkeypatch.setattr("labchecks.of_lab", lambda lab: (second, first, *rest))
    source = read(tmp_path, (course / "solutions" / f"{LAB}.py").read_text(encoding="utf-8"))
    [found] = map(str, practice_faults(source, tmp_path))
    assert "'lab05-model' comes here, and in PRACTICES of labchecks/labs/lab05.py" in found
    assert "it is 'lab05-loss': list them in the lab's order" in found


def test_a_practice_without_a_bank_is_named(course, tmp_path):
    source = read(tmp_path, (course / "solutions" / f"{LAB}.py").read_text(encoding="utf-8"))
    assert not list(bank_faults(source, tmp_path)), "a course without tests is built all the same"
    bank = tmp_path / BANKS.replace("*", "") / "bank"
    bank.mkdir(parents=True)
    ids = "lab05-model lab05-loss lab05-plot-gd lab05-fit-bgd lab05-plot-bgd".split()
    (bank / "lab05.py").write_text(repr(ids).replace("'", '"'), encoding="utf-8")
    [found] = map(str, bank_faults(source, tmp_path))
    assert found.startswith(f"solutions/{LAB}.py: cell ")
    assert "no bank has answers to 'lab05-fit-gd': add right ones in several styles" in found
