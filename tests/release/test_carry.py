"""A new release costs nobody their work: answers come along, and no file is overwritten."""

from __future__ import annotations

import copy
import errno
import json
import os
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from nbgrader.utils import compute_checksum

from labchecks import carry, cells

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
    notebook, report = carry.carry(answered, lab)
    assert (answered, lab) == before
    assert report.copied == [PRACTICE]
    assert report.untouched == ["lab01-gradient", "lab01-compare-plot", "lab01-largest-rate"]
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
    notebook, _ = carry.carry(answered, new)
    assert notebook["cells"][0]["source"] == ["# Lab 1, better told"]


def test_a_practice_that_has_gone_or_is_new_is_named(answered, lab):
    new = copy.deepcopy(lab)
    new["cells"][place(new, PRACTICE)]["metadata"]["nbgrader"]["grade_id"] = "lab01-rate-03"
    notebook, report = carry.carry(answered, new)
    assert (report.gone, report.fresh, report.copied) == ([PRACTICE], ["lab01-rate-03"], [])
    assert "mine" not in json.dumps(notebook)
    assert "no longer in the lab" in report.to_text() and PRACTICE in report.to_text()
    assert "new in this release: lab01-rate-03" in report.to_text()


def test_a_changed_task_is_named(answered, lab):
    new = copy.deepcopy(lab)
    cell = new["cells"][place(new, PRACTICE)]
    cell["source"] = ["# Now for 20 iterations.\n", *cell["source"]]
    cell["metadata"]["nbgrader"]["checksum"] = cells.checksum(cell)
    notebook, report = carry.carry(answered, new)
    assert report.reworded == [PRACTICE]
    assert text(notebook, PRACTICE).startswith("LOSS2 = [1.0, 2.0]")


def test_an_old_stub_is_no_answer_even_when_the_new_stub_differs(lab):
    new = copy.deepcopy(lab)
    cell = new["cells"][place(new, PRACTICE)]
    cell["source"] = ["# another stub"]
    notebook, report = carry.carry(lab, new)
    assert not report.copied and PRACTICE in report.untouched
    assert text(notebook, PRACTICE) == "# another stub"


def test_a_pasted_second_answer_is_kept_as_an_own_cell(answered, lab):
    second = copy.deepcopy(answered["cells"][place(answered, PRACTICE)])
    second |= {"id": "abcdef01", "source": "LOSS2 = 'second try'"}
    answered["cells"].insert(place(answered, PRACTICE) + 1, second)
    notebook, report = carry.carry(answered, lab)
    assert report.own_cells == 2
    assert text(notebook, PRACTICE).startswith("LOSS2 = [1.0, 2.0]")
    [kept] = [cell for cell in notebook["cells"] if "second try" in "".join(cell["source"])]
    assert "nbgrader" not in kept["metadata"]


def test_own_cells_without_an_anchor_come_first(answered, lab):
    answered["cells"].insert(0, {**answered["cells"][place(answered, PRACTICE) + 1], "id": "ab"})
    notebook, report = carry.carry(answered, lab)
    assert report.own_cells == 2 and notebook["cells"][0]["source"] == "w2, b2"


def test_without_cell_ids_no_course_cell_is_taken_for_an_own_one(answered, lab):
    for cell in answered["cells"]:
        del cell["id"]
    notebook, report = carry.carry(answered, lab)
    assert report.copied == [PRACTICE] and report.own_cells == 0
    assert len(notebook["cells"]) == len(lab["cells"])


def test_checksums_are_those_of_nbgrader(course):
    seen = 0
    for path in sorted((course / "notebooks").glob("lab*.ipynb")):
        raw = cells.read_notebook(path)
        for cell, parsed in zip(raw["cells"], nbformat.read(path, as_version=4).cells):
            if cell["metadata"].get("nbgrader"):
                assert cells.checksum(cell) == compute_checksum(parsed)
                seen += 1
    assert seen > 10


def test_every_answer_of_every_solution_comes_along(course):
    """The executed solutions stand in for notebooks in which everything is answered."""
    for path in sorted((course / "notebooks").glob("lab*.ipynb")):
        new = cells.read_notebook(path)
        old = cells.read_notebook(course / "solutions" / path.name)
        notebook, report = carry.carry(old, new)
        wanted = [name for name in map(cells.grade_id, new["cells"]) if name]
        assert report.copied == wanted, path.name
        for name in wanted:
            assert text(notebook, name) == text(old, name)


def test_without_cell_ids_what_stays_behind_is_said(answered, lab):
    """Nobody can tell the student's cells then; a second answer is one of theirs all the same."""
    second = copy.deepcopy(answered["cells"][place(answered, PRACTICE)])
    second["source"] = "LOSS2 = 'second try'"
    answered["cells"].insert(place(answered, PRACTICE) + 1, second)
    for cell in answered["cells"]:
        cell.pop("id", None)
    notebook, report = carry.carry(answered, lab)
    assert (report.own_cells, report.unknown) == (1, 1)
    assert notebook["cells"][place(notebook, PRACTICE) + 1]["source"] == second["source"]
    assert "1 cells that are not in the new lab" in report.to_text()
    assert "w2, b2" not in json.dumps(notebook)


def test_a_prediction_with_more_in_its_cell_comes_along(answered, lab):
    cells = answered["cells"]
    guess = next(c for c in cells if "".join(c["source"]).startswith("guess_sign"))
    guess["source"] = ["# The slope is too small.\n", "guess_sign = 'b'\n", "print(guess_sign)"]
    other = next(c for c in cells if "".join(c["source"]).startswith("guess_best_rate"))
    other["source"] = ["guess_best_rate = 0,2 or so"]  # not Python, and yet the student's
    notebook, report = carry.carry(answered, lab)
    assert report.guesses == ["guess_first_loss", "guess_sign", "guess_best_rate"]
    sources = [cell["source"] for cell in notebook["cells"]]
    assert guess["source"] in sources and other["source"] in sources


def test_a_changed_copy_of_a_lab_s_cell_is_an_own_cell(answered, lab):
    """Made by a tool that gives the copy the id of its original."""
    given = next(
        number
        for number, cell in enumerate(answered["cells"])
        if cell["cell_type"] == "code" and not cell["metadata"].get("nbgrader") and number > 5
    )
    same, changed = (copy.deepcopy(answered["cells"][given]) for _ in range(2))
    changed["source"] = ["print('my experiment')"]
    answered["cells"][given + 1 : given + 1] = [same, changed]
    notebook, report = carry.carry(answered, lab)
    assert report.own_cells == 2  # this one, and the one behind the practice
    ids = [cell["id"] for cell in notebook["cells"]]
    assert len(set(ids)) == len(ids)
    sources = ["".join(cell["source"]) for cell in notebook["cells"]]
    assert sources.count("print('my experiment')") == 1
    assert sources.count("".join(same["source"])) == 1


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
    assert carry.main([str(old), str(new)]) == 0
    target = new / f"{LAB}-answered.ipynb"
    said = capsys.readouterr().out
    assert str(target) in said and f"copied: {PRACTICE}" in said
    after = contents(old, new)
    assert after.keys() - before.keys() == {str(target)}
    assert {name: after[name] for name in before} == before
    nbformat.validate(nbformat.read(target, as_version=4))

    written = target.read_bytes()
    assert carry.main([str(old), str(new)]) == 1
    assert "is left as it is" in capsys.readouterr().err
    assert target.read_bytes() == written


def test_a_second_update_starts_from_the_file_of_the_first(folders, tmp_path):
    old, new = folders
    carry.main([str(old), str(new)])
    third = tmp_path / "third"
    third.mkdir()
    (third / f"{LAB}.ipynb").write_bytes((new / f"{LAB}.ipynb").read_bytes())
    assert carry.main([str(new), str(third)]) == 0
    again = json.loads((third / f"{LAB}-answered.ipynb").read_text(encoding="utf-8"))
    assert text(again, PRACTICE).startswith("LOSS2 = [1.0, 2.0]")


def test_out_names_the_file(folders, tmp_path):
    old, new = (folder / f"{LAB}.ipynb" for folder in folders)
    assert carry.main([str(old), str(new), "--out", str(tmp_path / "mine.ipynb")]) == 0
    assert carry.main([str(old), str(new), "--out", str(old)]) == 1  # also not over OLD


def test_an_unanswered_notebook_gives_no_file(folders, lab, capsys):
    old, new = folders
    (old / f"{LAB}.ipynb").write_text(json.dumps(lab), encoding="utf-8")
    assert carry.main([str(old), str(new)]) == 0
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
    assert carry.main([str(old), str(new)]) == 1
    said = capsys.readouterr().err
    assert str(old) in said and reason in said


def test_another_lab_is_named(folders, course, capsys):
    old, new = (folder / f"{LAB}.ipynb" for folder in folders)
    [other] = (course / "notebooks").glob("lab02*.ipynb")
    assert carry.main([str(old), str(other), "--out", str(new.with_name("x.ipynb"))]) == 1
    assert "no practice in common" in capsys.readouterr().err
    assert not new.with_name("x.ipynb").exists()


def test_what_was_not_looked_at_is_named(folders, capsys):
    old, new = folders
    (old / f"{LAB} (1).ipynb").write_bytes((old / f"{LAB}.ipynb").read_bytes())
    assert carry.main([str(old), str(new)]) == 0
    said = capsys.readouterr().out
    assert f"with what you did in {old / f'{LAB}.ipynb'}" in said
    assert f"{old / f'{LAB} (1).ipynb'}: not looked at" in said


def test_a_disk_that_fills_up_leaves_no_half_file(folders, capsys, monkeypatch):
    old, new = folders
    before = contents(old, new)

    def full(path, content):
        with open(path, "wb") as file:
            file.write(content[:100])
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(Path, "write_bytes", full)
    assert carry.main([str(old), str(new)]) == 1
    assert "cannot be written: No space left" in capsys.readouterr().err
    assert contents(old, new) == before


def test_odd_text_is_no_reason_to_fail(folders, answered):
    """A mark at the head of the file, as Windows' tools write it, and half an emoji."""
    old, new = folders
    answered["cells"][place(answered, PRACTICE)]["source"] = "LOSS2 = [1.0]  # \ud83d"
    text_ = json.dumps(answered)
    (old / f"{LAB}.ipynb").write_bytes(b"\xef\xbb\xbf" + text_.encode())
    assert carry.main([str(old), str(new)]) == 0
    written = cells.read_notebook(new / f"{LAB}-answered.ipynb")
    assert text(written, PRACTICE).startswith("LOSS2 = [1.0]  # ")


def test_a_place_that_cannot_be_written_to_is_named(folders, capsys):
    old, new = (folder / f"{LAB}.ipynb" for folder in folders)
    out = new.with_name("nowhere") / "x.ipynb"
    assert carry.main([str(old), str(new), "--out", str(out)]) == 1
    assert f"{out}: cannot be written: No such file" in capsys.readouterr().err


def test_a_file_and_a_folder_do_not_go_together(folders, capsys):
    old, new = folders
    assert carry.main([str(old / f"{LAB}.ipynb"), str(new)]) == 1
    assert "both be" in capsys.readouterr().err


def test_it_runs_as_a_module():
    command = [sys.executable, "-m", "labchecks.carry", "--help"]
    result = subprocess.run(command, capture_output=True, text=True, check=True)
    assert "No existing file is changed" in " ".join(result.stdout.split())
