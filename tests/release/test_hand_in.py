"""The helper that looks a lab over before it is handed in."""

from __future__ import annotations

import json
import os
import zipfile
from pathlib import Path

import pytest

from labchecks.hand_in import main

STEM = "lab05_implement_gradient_descent"


@pytest.fixture
def folder(course, tmp_path, monkeypatch) -> Path:
    """A student's folder with the untouched lab in it."""
    text = (course / "notebooks" / f"{STEM}.ipynb").read_text(encoding="utf-8")
    (tmp_path / f"{STEM}.ipynb").write_text(text, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def answer(folder: Path, name: str, *grade_ids: str, run: bool = True, code: str = "x = 1") -> Path:
    """A copy of the lab in which these practices have an answer."""
    notebook = json.loads((folder / f"{STEM}.ipynb").read_text(encoding="utf-8"))
    for cell in notebook["cells"]:
        if cell["metadata"].get("nbgrader", {}).get("grade_id") in grade_ids:
            cell["source"] = code
            if cell["cell_type"] == "code":
                cell["execution_count"] = 3 if run else None
    path = folder / name
    path.write_text(json.dumps(notebook), encoding="utf-8")
    return path


def packed(folder: Path) -> list[str]:
    with zipfile.ZipFile(folder / "lab05-hand-in.zip") as archive:
        return archive.namelist()


def test_the_file_with_answers_is_packed_under_the_labs_own_name(folder, capsys):
    answer(folder, f"{STEM}-answered (1).ipynb", "lab05-model", "lab05-discussion")
    assert main(["lab05"]) == 1
    said = capsys.readouterr().out
    assert f"{STEM}.ipynb: left out, it has 0 answers." in said
    assert "2 answered" in said and "“The loss”: not answered." in said
    assert packed(folder) == [f"{STEM}.ipynb"]


def test_all_answered_and_run_is_all_that_is_asked(folder, capsys):
    ids = ("model", "loss", "fit-gd", "plot-gd", "fit-bgd", "plot-bgd", "discussion")
    answer(folder, f"{STEM}.ipynb", *(f"lab05-{one}" for one in ids))
    assert main(["5"]) == 0
    assert "7 answered.\nUpload this file: " in capsys.readouterr().out


@pytest.mark.parametrize("name", ["Lab 5 Ada.ipynb", "homework.ipynb"])
def test_the_labs_notebook_is_known_under_any_name(folder, capsys, name):
    answer(folder, name, "lab05-model")
    (folder / "broken.ipynb").write_text("{", encoding="utf-8")
    for words in (["lab05"], [name]):
        assert main(words) == 1
        assert f"{name}: 1 answered." in capsys.readouterr().out
        assert packed(folder) == [name]


def test_what_was_not_run_or_ended_with_an_error_is_said(folder, capsys):
    path = answer(folder, f"{STEM}.ipynb", "lab05-model", run=False)
    assert main(["lab05"]) == 1
    assert "“The model”: answered, and not run since" in capsys.readouterr().out
    notebook = json.loads(path.read_text())
    cell = next(
        c
        for c in notebook["cells"]
        if c["metadata"].get("nbgrader", {}).get("grade_id") == "lab05-model"
    )
    cell["outputs"] = [
        {"output_type": "error", "ename": "NameError", "evalue": "", "traceback": []}
    ]
    path.write_text(json.dumps(notebook))
    assert main(["lab05"]) == 1
    assert "“The model”: its cell ended with NameError." in capsys.readouterr().out


def test_a_check_after_the_last_save_is_said(folder, capsys):
    path = answer(folder, f"{STEM}.ipynb", "lab05-model")
    (folder / ".progress.jsonl").write_text("{}\n")
    os.utime(path, (1, 1))
    main(["lab05"])
    assert "save it (Ctrl+S)" in capsys.readouterr().out


def test_a_cell_that_is_gone_is_said(folder, capsys):
    path = answer(folder, f"{STEM}.ipynb", "lab05-model")
    notebook = json.loads(path.read_text())
    notebook["cells"] = [
        c
        for c in notebook["cells"]
        if c["metadata"].get("nbgrader", {}).get("grade_id") != "lab05-loss"
    ]
    path.write_text(json.dumps(notebook))
    assert main([f"{STEM}.ipynb"]) == 1
    assert "“The loss”: its cell is gone." in capsys.readouterr().out


def test_modules_of_ones_own_go_along(folder, capsys):
    (folder / "mine.py").write_text("y = 2\n")
    answer(folder, f"{STEM}.ipynb", "lab05-model", code="%matplotlib inline\nfrom mine import y")
    main(["lab05"])
    assert packed(folder) == [f"{STEM}.ipynb", "mine.py"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["lab05"], "Nothing is answered"),
        (["lab04"], "no notebook of lab04"),
        (["lab77"], "no lab 'lab77'"),
        (["lab05_no.ipynb"], "cannot be read"),
    ],
)
def test_where_there_is_nothing_to_pack_it_says_why(folder, capsys, words, said):
    assert main(words) == 2
    assert said in capsys.readouterr().err
    assert not (folder / "lab05-hand-in.zip").exists()


def test_two_files_with_as_many_answers_are_not_chosen_between(folder, capsys):
    answer(folder, f"{STEM} (1).ipynb", "lab05-model")
    answer(folder, f"{STEM} (2).ipynb", "lab05-loss")
    assert main(["lab05"]) == 2
    assert "name the one to hand in" in capsys.readouterr().err
