"""A new release costs nobody their work: answers come along, and no file is overwritten."""

from __future__ import annotations

import copy
import json
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from nbgrader.utils import compute_checksum

from labhelpers import answers

LAB = "lab01_two_parameter_training"
PRACTICE = "lab01-rate-02"


@pytest.fixture(scope="module")
def lab(course):
    return json.loads((course / "notebooks" / f"{LAB}.ipynb").read_text(encoding="utf-8"))


@pytest.fixture
def answered(lab):
    """The lab as a student leaves it: an answer, a prediction, an own cell behind the answer."""
    notebook = copy.deepcopy(lab)
    cells = notebook["cells"]
    practice = place(notebook, PRACTICE)
    cells[practice]["source"] = ["LOSS2 = [1.0, 2.0]\n", "print('mine')"]
    cells[practice]["outputs"] = [{"output_type": "stream", "name": "stdout", "text": "mine"}]
    own = {"cell_type": "code", "id": "3f2b8c1e-77aa-4c1b-9d1e-0123456789ab", "metadata": {}}
    own |= {"execution_count": 7, "outputs": [{"output_type": "stream"}], "source": "w2, b2"}
    cells.insert(practice + 1, own)
    guess = next(c for c in cells if "".join(c["source"]).startswith("guess_first_loss"))
    guess["source"] = ["guess_first_loss = 900"]
    return notebook


def place(notebook, grade_id: str) -> int:
    for number, cell in enumerate(notebook["cells"]):
        if cell["metadata"].get("nbgrader", {}).get("grade_id") == grade_id:
            return number
    raise LookupError(grade_id)


def text(notebook, grade_id: str) -> str:
    return "".join(notebook["cells"][place(notebook, grade_id)]["source"])


def test_answers_predictions_and_own_cells_come_along(answered, lab):
    before = copy.deepcopy((answered, lab))
    notebook, report = answers.carry(answered, lab)
    assert (answered, lab) == before
    assert report.copied == [PRACTICE]
    assert report.untouched == ["lab01-compare-plot", "lab01-largest-rate"]
    assert (report.guesses, report.own_cells) == (["guess_first_loss"], 1)
    assert not (report.reworded or report.gone or report.fresh)
    assert text(notebook, PRACTICE) == "LOSS2 = [1.0, 2.0]\nprint('mine')"
    behind = notebook["cells"][place(notebook, PRACTICE) + 1]
    assert behind["source"] == "w2, b2"
    assert (behind["outputs"], behind["execution_count"]) == ([], None)
    assert notebook["cells"][place(notebook, PRACTICE)]["outputs"] == []
    nbformat.validate(nbformat.from_dict(notebook))
    sources = ["".join(cell["source"]) for cell in notebook["cells"]]
    assert "guess_first_loss = 900" in sources


def test_the_text_around_an_answer_is_the_new_one(answered, lab):
    new = copy.deepcopy(lab)
    new["cells"][0]["source"] = ["# Lab 1, better told"]
    notebook, _ = answers.carry(answered, new)
    assert notebook["cells"][0]["source"] == ["# Lab 1, better told"]


def test_a_practice_that_has_gone_or_is_new_is_named(answered, lab):
    new = copy.deepcopy(lab)
    new["cells"][place(new, PRACTICE)]["metadata"]["nbgrader"]["grade_id"] = "lab01-rate-03"
    notebook, report = answers.carry(answered, new)
    assert (report.gone, report.fresh, report.copied) == ([PRACTICE], ["lab01-rate-03"], [])
    assert "mine" not in json.dumps(notebook)
    assert "no longer in the lab" in report.to_text() and PRACTICE in report.to_text()
    assert "new in this release: lab01-rate-03" in report.to_text()


def test_a_changed_task_is_named(answered, lab):
    new = copy.deepcopy(lab)
    cell = new["cells"][place(new, PRACTICE)]
    cell["source"] = ["# Now for 20 iterations.\n", *cell["source"]]
    cell["metadata"]["nbgrader"]["checksum"] = answers.checksum(cell)
    notebook, report = answers.carry(answered, new)
    assert report.reworded == [PRACTICE]
    assert text(notebook, PRACTICE).startswith("LOSS2 = [1.0, 2.0]")


def test_an_old_stub_is_no_answer_even_when_the_new_stub_differs(lab):
    new = copy.deepcopy(lab)
    cell = new["cells"][place(new, PRACTICE)]
    cell["source"] = ["# another stub"]
    notebook, report = answers.carry(lab, new)
    assert not report.copied and PRACTICE in report.untouched
    assert text(notebook, PRACTICE) == "# another stub"


def test_a_pasted_second_answer_is_kept_as_an_own_cell(answered, lab):
    second = copy.deepcopy(answered["cells"][place(answered, PRACTICE)])
    second |= {"id": "abcdef01", "source": "LOSS2 = 'second try'"}
    answered["cells"].insert(place(answered, PRACTICE) + 1, second)
    notebook, report = answers.carry(answered, lab)
    assert report.own_cells == 2
    assert text(notebook, PRACTICE).startswith("LOSS2 = [1.0, 2.0]")
    [kept] = [cell for cell in notebook["cells"] if "second try" in "".join(cell["source"])]
    assert "nbgrader" not in kept["metadata"]


def test_own_cells_without_an_anchor_come_first(answered, lab):
    answered["cells"].insert(0, {**answered["cells"][place(answered, PRACTICE) + 1], "id": "ab"})
    notebook, report = answers.carry(answered, lab)
    assert report.own_cells == 2 and notebook["cells"][0]["id"] == "ab"


def test_without_cell_ids_no_course_cell_is_taken_for_an_own_one(answered, lab):
    for cell in answered["cells"]:
        del cell["id"]
    notebook, report = answers.carry(answered, lab)
    assert report.copied == [PRACTICE] and report.own_cells == 0
    assert len(notebook["cells"]) == len(lab["cells"])


def test_checksums_are_those_of_nbgrader(course):
    seen = 0
    for path in sorted((course / "notebooks").glob("lab*.ipynb")):
        raw = answers.read_notebook(path)
        for cell, parsed in zip(raw["cells"], nbformat.read(path, as_version=4).cells):
            if cell["metadata"].get("nbgrader"):
                assert answers.checksum(cell) == compute_checksum(parsed)
                seen += 1
    assert seen > 10


def test_every_answer_of_every_solution_comes_along(course):
    """The executed solutions stand in for notebooks in which everything is answered."""
    for path in sorted((course / "notebooks").glob("lab*.ipynb")):
        new = answers.read_notebook(path)
        old = answers.read_notebook(course / "solutions" / path.name)
        notebook, report = answers.carry(old, new)
        wanted = [name for name in map(answers._grade_id, new["cells"]) if name]
        assert report.copied == wanted, path.name
        for name in wanted:
            assert text(notebook, name) == text(old, name)


# The command ----------------------------------------------------------------------------------


@pytest.fixture
def folders(tmp_path, answered, lab):
    for name, notebook in (("old", answered), ("new", lab)):
        (tmp_path / name).mkdir()
        (tmp_path / name / f"{LAB}.ipynb").write_text(json.dumps(notebook), encoding="utf-8")
    return tmp_path / "old", tmp_path / "new"


def contents(*paths: Path) -> dict[str, bytes]:
    return {str(file): file.read_bytes() for path in paths for file in path.iterdir()}


def test_the_command_writes_beside_and_never_over(folders, capsys):
    old, new = folders
    before = contents(old, new)
    assert answers.main([str(old), str(new)]) == 0
    target = new / f"{LAB}-answered.ipynb"
    said = capsys.readouterr().out
    assert str(target) in said and f"copied: {PRACTICE}" in said
    after = contents(old, new)
    assert after.keys() - before.keys() == {str(target)}
    assert {name: after[name] for name in before} == before
    nbformat.validate(nbformat.read(target, as_version=4))

    written = target.read_bytes()
    assert answers.main([str(old), str(new)]) == 1
    assert "is left as it is" in capsys.readouterr().err
    assert target.read_bytes() == written


def test_a_second_update_starts_from_the_file_of_the_first(folders, tmp_path):
    old, new = folders
    answers.main([str(old), str(new)])
    third = tmp_path / "third"
    third.mkdir()
    (third / f"{LAB}.ipynb").write_bytes((new / f"{LAB}.ipynb").read_bytes())
    assert answers.main([str(new), str(third)]) == 0
    again = json.loads((third / f"{LAB}-answered.ipynb").read_text(encoding="utf-8"))
    assert text(again, PRACTICE).startswith("LOSS2 = [1.0, 2.0]")


def test_out_names_the_file(folders, tmp_path):
    old, new = (folder / f"{LAB}.ipynb" for folder in folders)
    assert answers.main([str(old), str(new), "--out", str(tmp_path / "mine.ipynb")]) == 0
    assert answers.main([str(old), str(new), "--out", str(old)]) == 1  # also not over OLD


def test_an_unanswered_notebook_gives_no_file(folders, lab, capsys):
    old, new = folders
    (old / f"{LAB}.ipynb").write_text(json.dumps(lab), encoding="utf-8")
    assert answers.main([str(old), str(new)]) == 0
    assert "nothing to copy" in capsys.readouterr().out
    assert len(list(new.iterdir())) == 1


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("no notebook", "is not a notebook"),
        ("[]", "has no list of cells"),
        ('{"cells": [{"cell_type": "code", "source": 3}]}', "has no list of cells"),
        ('{"cells": []}', "holds no practice cells"),
        (None, "there is no such file"),
    ],
)
def test_a_bad_file_is_named(folders, capsys, content, reason):
    old, new = (folder / f"{LAB}.ipynb" for folder in folders)
    old.unlink() if content is None else old.write_text(content, encoding="utf-8")
    assert answers.main([str(old), str(new)]) == 1
    said = capsys.readouterr().err
    assert str(old) in said and reason in said


def test_a_file_and_a_folder_do_not_go_together(folders, capsys):
    old, new = folders
    assert answers.main([str(old / f"{LAB}.ipynb"), str(new)]) == 1
    assert "both be" in capsys.readouterr().err


def test_it_runs_as_a_module():
    command = [sys.executable, "-m", "labhelpers.answers", "--help"]
    result = subprocess.run(command, capture_output=True, text=True, check=True)
    assert "No existing file is changed" in " ".join(result.stdout.split())
