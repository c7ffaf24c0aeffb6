"""Which answers are alike beyond what the lab itself makes alike."""

from __future__ import annotations

import csv
import json
import random

import pytest

from labtools.cli import main
from labtools.grading.journal import Journal
from labtools.grading.records import Result, Verdict
from labtools.grading.results.similar import alike

STEM = "lab05_implement_gradient_descent"
GIVEN = "import torch\nX = torch.ones(3)\nfor k in range(3):\n    print(k, X.mean(), X.sum())\n"
ONE = """
def fit(model, loss_func, X, Y, lr, num_epochs):
    w, b = torch.randn(1, requires_grad=True), torch.randn(1, requires_grad=True)
    log = []
    for epoch in range(num_epochs):
        loss = loss_func(model(X, w, b), Y)
        log.append(loss.item())
        loss.backward()
        with torch.no_grad():
            for p in (w, b):
                p -= lr * p.grad
                p.grad = None
    return np.array(log)
"""
RENAMED = ONE.replace("log", "history").replace("loss_func", "criterion").replace(" p", " param")
OTHER = """
def fit(model, loss_func, X, Y, lr, num_epochs):
    params = torch.nn.Parameter(torch.rand(2))
    optimizer = torch.optim.SGD([params], lr=lr)
    losses = np.zeros(num_epochs)
    while num_epochs > 0:
        num_epochs -= 1
        optimizer.zero_grad()
        error = loss_func(model(X, params[0], params[1]), Y)
        error.backward(); optimizer.step()
        losses[-num_epochs - 1] = float(error)
    return losses
"""


def of(**programs: str) -> dict[str, dict[str, str]]:
    return {student: {"fit": source} for student, source in programs.items()}


def test_who_renamed_everything_is_found_and_who_wrote_another_program_is_not():
    pairs, short = alike(of(ada=ONE, alan=OTHER, copy=RENAMED), GIVEN)
    assert not short
    assert (pairs[0].one, pairs[0].other) == ("ada", "copy") and pairs[0].likeness > 0.95
    assert pairs[0].practices[0][0] == "fit"
    assert all(pair.likeness < 0.35 for pair in pairs[1:])


def test_what_the_lab_gives_counts_for_nothing():
    both = of(ada=ONE + GIVEN, alan=OTHER + GIVEN)
    (with_it,), _ = alike(both, "")
    (without,), _ = alike(both, GIVEN)
    assert without.likeness < with_it.likeness - 0.05
    assert alike(of(ada=GIVEN * 9, alan=GIVEN * 9), GIVEN * 9)[1] == ["ada", "alan"]


def test_a_short_answer_is_not_compared():
    pairs, short = alike(of(ada="x = 1", alan="x = 1", eve=ONE), GIVEN)
    assert pairs == [] and short == ["ada", "alan"]


def test_what_is_no_python_is_compared_as_far_as_it_goes():
    pairs, _ = alike(of(ada=ONE, copy=ONE + "\nx = (\n'"), GIVEN)
    assert pairs[0].likeness > 0.9


def notebook(source: str) -> str:
    marks = {"nbgrader": {"grade_id": "lab05-fit-gd", "solution": True, "grade": False}}
    cell = {"cell_type": "code", "id": "a", "metadata": marks, "source": source, "outputs": []}
    return json.dumps({"cells": [cell], "metadata": {}, "nbformat": 4, "nbformat_minor": 5})


def test_the_command_ranks_a_folder(tmp_path, capsys):
    with Journal(tmp_path, STEM) as journal:
        for student, source in (("=ada", ONE), ("alan", OTHER), ("copy", RENAMED)):
            path = journal.notebook(student)
            path.parent.mkdir(parents=True)
            path.write_text(notebook(source))
            verdict = Verdict("lab05-fit-gd", "t", 0.0, 30.0, "incorrect", "")
            journal.add("key", Result(student, [verdict], "", notebook(source)))
    release = tmp_path / "release" / STEM / f"{STEM}.ipynb"
    release.parent.mkdir(parents=True)
    release.write_text(notebook(GIVEN))
    assert main(["similar", str(tmp_path), "--most", "1"]) == 0
    said = capsys.readouterr().out
    assert "=ada · copy" in said and "no verdict" in said
    with open(tmp_path / "similar.csv", encoding="utf-8", newline="") as file:
        (row,) = csv.DictReader(file)
    assert row["one"] == "'=ada" and row["practices"].startswith("lab05-fit-gd ")


@pytest.mark.parametrize("made", [False, True])
def test_a_folder_without_grades_is_refused(tmp_path, capsys, made):
    if made:
        (tmp_path / "journal").mkdir()
    assert main(["similar", str(tmp_path)]) == 2
    assert "has no grades" in capsys.readouterr().err


def test_a_thousand_students_are_ranked():
    rng = random.Random(1)
    names = ["abs(a)", "a.sum()", "[a]", "a * 2", "(a, a)", "a[0]", "-a", "a if a else 1", "not a"]
    programs = of(
        **{f"s{k}": "\n".join(f"a = {rng.choice(names)}" for _ in range(60)) for k in range(1000)}
    )
    programs["copy"] = {"fit": programs["s7"]["fit"].replace("a =", "b =")}
    (pair,), _ = alike(programs, GIVEN, most=1)
    assert {pair.one, pair.other} == {"s7", "copy"}
