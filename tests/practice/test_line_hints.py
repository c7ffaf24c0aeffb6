"""The line to look at: what is named, what is left alone, and how often it is the right one."""

from __future__ import annotations

import random
import time

import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch

from labchecks import check, find, line_hint, rerun
from labchecks.engine.edits import Edit
from tests.practice.bank import lab_namespace, run_cell
from tests.practice.bank.lab01 import PRELUDE

RIGHT = """\
w2 = torch.tensor(-15.0, requires_grad=True)
b2 = torch.tensor(-10.0, requires_grad=True)
LOSS2 = []
for iteration in range(15):
    loss2 = criterion(w2 * X + b2, Y)
    LOSS2.append(loss2.item())
    loss2.backward()
    with torch.no_grad():
        w2 -= 0.2 * w2.grad
        b2 -= 0.2 * b2.grad
    w2.grad.zero_()
    b2.grad.zero_()
plt.plot(LOSS2)
print(LOSS2)
"""
#: No known mistake: a step that is off by a constant.
WRONG = RIGHT.replace("0.2 * b2.grad", "0.2 * b2.grad + 1")
PRACTICE = "lab01-rate-02"


def notebook(source: str, **more: object) -> dict:
    """The names of a lab in which a practice cell has run."""
    names = lab_namespace(PRELUDE, 1) | more
    names["_ih"] = ["", source]
    run_cell(source, names)
    plt.close("all")
    return names


def hint(names: dict, practice_id: str = PRACTICE, seconds: float = 30.0) -> str:
    """What is said of the line; there is time enough, however busy the machine is."""
    practice = find(practice_id)
    cases = practice.visible()
    answers = practice.ask(names, cases)
    feedback = practice.judge(cases, answers)
    return line_hint.line_hint(practice, names, cases, answers, feedback, seconds)


@pytest.fixture
def never_searched(monkeypatch):
    """Let a search fail."""

    def refused(*_):
        raise AssertionError("this was not to be searched")

    monkeypatch.setattr(rerun.Rerun, "answers", refused)


@pytest.fixture
def only(monkeypatch):
    """Give the edits to try instead of all."""

    def put(*sources: tuple[tuple[int, int], str]) -> None:
        made = [Edit("constant", lines, source) for lines, source in sources]
        monkeypatch.setattr(
            line_hint, "edits", lambda source, kinds: iter(made if "constant" in kinds else [])
        )
        monkeypatch.setattr(line_hint, "double_edits", lambda source: iter(()))

    return put


def test_the_line_is_named_and_quoted_and_the_change_is_not():
    said = hint(notebook(WRONG))
    assert "line 10, `b2 -= 0.2 * b2.grad + 1`" in said
    assert "b2.grad`" not in said and "remove" not in said


def test_the_hint_is_a_paragraph_of_its_own(capsys):
    check(PRACTICE, notebook(WRONG))
    *_, last = capsys.readouterr().out.strip().split("\n")
    assert last.startswith("A hint") and "line 10" in last


def test_the_switch_of_the_instructor(capsys, monkeypatch, never_searched):
    monkeypatch.setattr(check, "line_hints", False)
    check(PRACTICE, notebook(WRONG))
    assert "hint" not in capsys.readouterr().out


@pytest.mark.parametrize(
    "source", [RIGHT, RIGHT.replace("-=", "+="), "LOSS2 = None", "LOSS2 = undefined"]
)
def test_what_is_right_explained_or_not_there_is_never_searched(source, never_searched):
    assert hint(notebook(source)) == ""


@pytest.mark.parametrize("history", [None, [], [""], ["", 3, "LOSS2 = ["], ["", "import LOSS2"]])
def test_without_the_source_it_is_silent(history, never_searched):
    assert hint(notebook(WRONG) | {"_ih": history}) == ""


def test_a_cell_that_goes_on_from_what_it_changed_is_left_alone():
    source = WRONG.replace("w2 = torch.tensor(-15.0, requires_grad=True)", "w2 = w")
    names = notebook(source)
    w, grad = float(names["w"]), float(names["w"].grad)
    assert hint(names) == ""
    assert (float(names["w"]), float(names["w"].grad)) == (w, grad)


HARMFUL = (
    "open(PATH, 'a').write('again')",
    "torch.save(LOSS2, PATH)",
    "np.savetxt(PATH, LOSS2)",
    "pathlib.Path(PATH).write_text('again')",
    "import subprocess\nsubprocess.run(['touch', PATH])",
    "keep(LOSS2)",
    "get_ipython().system('touch ' + PATH)",
    "FILE.writelines(map(str, LOSS2))",
)


@pytest.mark.parametrize("line", HARMFUL)
def test_what_touches_files_is_not_run_again(line, tmp_path, never_searched):
    path = str(tmp_path / "losses")
    names = notebook(
        "def keep(losses):\n    with open(PATH, 'a') as f:\n        print(losses, file=f)"
    )
    source = f"{WRONG}kept = 0\nfor _ in range(1):\n    kept = 1\n" + "".join(
        f"    {part}\n" for part in line.split("\n")
    )
    run_cell(WRONG, names)
    names |= {"PATH": path, "_ih": ["", source]}
    assert hint(names) == ""


def test_names_objects_and_random_states_are_what_they_were(capsys):
    names = notebook(
        WRONG + "order = torch.randperm(3)\nnoise = np.random.rand(), random.random()\n"
    )
    names["random"] = random
    before = dict(names)
    grads = [float(names[name].grad) for name in ("w", "b", "w2", "b2")]
    drawn = random.getstate(), np.random.get_state()[1].tolist(), torch.get_rng_state().tolist()
    plt.figure()
    plt.close("all")
    assert "line 10" in hint(names)
    assert names.keys() == before.keys() and all(names[name] is before[name] for name in before)
    assert grads == [float(names[name].grad) for name in ("w", "b", "w2", "b2")]
    after = random.getstate(), np.random.get_state()[1].tolist(), torch.get_rng_state().tolist()
    assert drawn == after
    assert capsys.readouterr() == ("", "") and not plt.get_fignums()


def test_a_figure_of_the_student_s_is_not_drawn_into(never_searched):
    names = notebook(WRONG.replace("plt.plot(LOSS2)", "if LOSS2:\n    plt.plot(LOSS2)"))
    plt.figure()
    assert hint(names) == ""


def test_edits_that_succeed_in_unrelated_places_name_nothing(only):
    only(((3, 3), RIGHT), ((10, 10), RIGHT + "\n"))
    assert hint(notebook(WRONG)) == ""


def test_edits_that_succeed_in_one_block_name_the_block(only):
    only(((9, 9), RIGHT), ((10, 10), RIGHT + "\n"))
    assert "lines 9 to 10" in hint(notebook(WRONG))


def test_an_answer_of_another_name_is_no_success(only):
    right = notebook(RIGHT)["LOSS2"]
    only(((10, 10), "LOSS2 = OTHER"), ((10, 10), f"LOSS2 = list(OTHER)\nassert {WRONG!r}"))
    assert hint(notebook(WRONG, OTHER=right)) == ""


@pytest.mark.parametrize("can_stop", [True, False])
def test_an_edit_that_never_ends_is_given_up(only, monkeypatch, can_stop):
    if not can_stop:
        monkeypatch.setattr(rerun, "can_stop", lambda: False)
        monkeypatch.setattr("labchecks.ask.call.can_stop", lambda: False)
    only(
        ((9, 9), "while True:\n    LOSS2 = []"),
        ((9, 9), "def f():\n    f()\nf()"),
        ((9, 9), "raise SystemExit"),
        ((10, 10), RIGHT),
    )
    began = time.perf_counter()
    assert "line 10" in hint(notebook(WRONG))
    assert time.perf_counter() - began < 10


def test_a_search_that_was_cut_short_says_so(only, monkeypatch):
    never_ending = (f"# {k}\nwhile True:\n    LOSS2 = []" for k in range(1000))
    only(((10, 10), RIGHT), *(((9, 9), source) for source in never_ending))
    began = time.perf_counter()
    said = hint(notebook(WRONG), seconds=2.0)
    assert time.perf_counter() - began < 4
    assert "line 10" in said and "cut short" in said


def test_a_slow_program_is_not_searched_beyond_the_time():
    slow = WRONG.replace("    loss2 = ", "    time.sleep(0.01)\n    loss2 = ")
    names = notebook(f"import time\n{slow}")
    began = time.perf_counter()
    hint(names, seconds=1.5)
    assert time.perf_counter() - began < 3


def test_a_search_that_fails_leaves_the_verdict(capsys, monkeypatch):
    monkeypatch.setattr(line_hint, "cell_of", lambda *_: 1 / 0)
    check(PRACTICE, notebook(WRONG))
    out = capsys.readouterr().out
    assert "Not yet" in out and "hint" not in out


def test_lines_that_only_show_are_left_out_and_numbers_kept():
    source = rerun.essential(find(PRACTICE), WRONG + "assert len(LOSS2) == 15; x = 1\n")
    assert (
        "plt" not in source and "print" not in source and source.split("\n")[14].endswith("x = 1")
    )
    tried = "\ndef fit_GD(model):\n    return 1\n\nlog = fit_GD(model)\ntorch.manual_seed(1)\n"
    kept = rerun.essential(find("lab05-fit-gd"), tried)
    assert kept.split("\n")[1:3] == tried.split("\n")[1:3] and kept.count("fit_GD") == 1
