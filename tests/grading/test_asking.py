"""How a submission is asked: in its own process where that goes through, else one by one."""

from __future__ import annotations

import json

import pytest

from labtools.grading.examination import Limits, examine
from labtools.grading.reading import read_notebook
from tests.grading.corpora.base import ANSWERS, before, find, solved

pytestmark = pytest.mark.timeout(300)


@pytest.fixture
def ask(station, assignment, monkeypatch):
    """Examine a notebook; `ask.runs` says of each process whether it was asked at once."""
    usual = station.run

    def run(request, *rest, **more):
        ask.runs.append(request["at_once"])
        return usual(request, *rest, **more)

    def ask(notebook, *, brief=True, seconds=20.0):
        ask.runs = []
        cells = assignment.mark(read_notebook(json.dumps(notebook).encode()))
        return examine(station, assignment, cells, {}, Limits(seconds), brief=brief)

    monkeypatch.setattr(station, "run", run)
    return ask


def test_answers_at_once_are_those_that_are_given_with_care(ask):
    at_once = ask(solved())
    assert ask.runs == [True, True]
    careful = ask(solved(), brief=False)
    assert ask.runs == [False, False]
    assert set(at_once.hidden) == set(careful.hidden)
    for practice, asked in careful.hidden.items():
        assert asked.answers and asked.how == "done"
        assert at_once.hidden[practice].answers == asked.answers, practice


def test_to_ask_changes_nothing_for_later_cells(ask):
    # Where axes are read, a plot stands; then a cell draws from each generator.
    draws = "import random\nprint(random.random(), np.random.rand(), torch.rand(1).item())"
    notebook = before(solved(), "lab05-fit-bgd", draws)
    k = find(notebook, "lab05-fit-bgd") - 1
    at_once, careful = ask(notebook), ask(notebook, brief=False)
    assert at_once.outputs[k][0]["text"].count(" ") == 2
    assert at_once.outputs[k] == careful.outputs[k]


def test_a_function_is_called_with_the_names_that_it_had(ask):
    helped = "def model(data, weight, bias):\n    return helper(data, weight) + bias\n"
    helper = "def helper(data, weight):\n    return data * weight\n"
    late = ask(before(solved(model=helped), "lab05-loss", helper))
    assert ask.runs == [True, True]
    # The check stands before the helper is defined, and there the answer is read.
    assert {a["error"] for a in late.hidden["lab05-model"].answers.values()} == {"NameError"}
    in_time = ask(before(solved(model=helped), "lab05-model", helper))
    assert {a["kind"] for a in in_time.hidden["lab05-model"].answers.values()} == {"numbers"}


def test_a_name_that_a_later_cell_takes_is_the_old_one_when_it_is_asked(ask):
    evidence = ask(before(solved(), "lab05-discussion", "model = loss_func = None"))
    assert ask.runs == [True, True]
    for practice in ("lab05-model", "lab05-loss"):
        answers = evidence.hidden[practice].answers.values()
        assert {a["kind"] for a in answers} == {"numbers"}, practice


def test_calls_come_after_all_cells(ask):
    counting = "calls = []\n" + ANSWERS["lab05-model"].replace(
        "    return", "    calls.append(len(data))\n    return"
    )
    notebook = before(solved(model=counting), "lab05-discussion", "print(set(calls))")
    at_once, careful = ask(notebook), ask(notebook, brief=False)
    k = find(notebook, "lab05-discussion") - 1
    # Only the lab's own 200 points were seen, and the batches of them.
    assert at_once.outputs[k] == careful.outputs[k]


@pytest.mark.parametrize(
    ("body", "how"),
    [("import os; os._exit(9)", "died"), ("while True: pass", "timeout")],
    ids=["ends the process", "never returns"],
)
def test_a_function_that_does_not_come_back_costs_only_itself(ask, body, how):
    notebook = solved(loss=f"def loss_func(y_pred, y_true):\n    {body}\n")
    # The figures would be drawn with it: they have a loss of their own.
    for practice in ("lab05-plot-gd", "lab05-plot-bgd"):
        cell = notebook["cells"][find(notebook, practice)]
        cell["source"] = cell["source"].replace("loss_func", "torch.nn.functional.mse_loss")
    evidence = ask(notebook, seconds=8.0)
    assert ask.runs == [True, True, False]
    assert evidence.hidden["lab05-loss"].how == how
    others = set(evidence.hidden) - {"lab05-loss"}
    assert "lab05-model" in others and "lab05-fit-bgd" in others
    for practice in others:
        assert evidence.hidden[practice].how == "done" and evidence.hidden[practice].answers


def test_a_practice_that_is_not_answered_needs_no_other_run(ask):
    evidence = ask(solved(fit_bgd="", plot_bgd=""))
    assert ask.runs == [True, True]
    assert {a["kind"] for a in evidence.visible["lab05-plot-bgd"].answers.values()} <= {
        "absent",
        "stub",
    }
