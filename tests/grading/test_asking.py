"""How a submission is asked: values are read in its process, functions called in a copy of it."""

from __future__ import annotations

import json

import pytest

from labhelpers import data
from labtools.grading.handed_in.notebook import read_notebook
from labtools.grading.inside.plan import what_is_left
from labtools.grading.judging.examination import examine
from labtools.grading.judging.verdicts import judge_all
from labtools.grading.records import Job, Limits, Settings, Submission
from labtools.grading.running import unit
from tests.grading.corpora.base import ANSWERS, before, find, first, last, solved

pytestmark = pytest.mark.timeout(300)


@pytest.fixture
def station(own_station):
    """One parent is enough here: nothing of this depends on whose it is."""
    return own_station


@pytest.fixture
def ask(station, assignment, monkeypatch):
    """Examine a notebook; `ask.runs` says of each process whether values were read in it."""
    usual = station.run

    def run(request, *rest, **more):
        ask.runs.append(request["in_place"])
        return usual(request, *rest, **more)

    def ask(notebook, *, brief=True, seconds=20.0):
        ask.runs = []
        cells = assignment.mark(read_notebook(json.dumps(notebook).encode()))
        evidence = examine(station, assignment, cells, {}, Limits(seconds), brief=brief)
        ask.verdicts = {v.practice: v for v in judge_all(assignment, cells, evidence)}
        return evidence

    monkeypatch.setattr(station, "run", run)
    return ask


def test_values_read_in_place_are_those_that_a_copy_reads(ask):
    in_place = ask(solved())
    assert ask.runs == [True, True]
    by_copies = ask(solved(), brief=False)
    assert ask.runs == [False, False]
    for asked in (in_place.visible, in_place.hidden, by_copies.visible, by_copies.hidden):
        for practice, found in asked.items():
            assert found.answers and found.how == "done", practice
    assert set(in_place.hidden) == set(by_copies.hidden)
    for practice, found in by_copies.hidden.items():
        assert in_place.hidden[practice].answers == found.answers, practice


def test_to_ask_changes_nothing_for_later_cells(ask):
    # Before it axes were read and functions called; then a cell draws from each generator.
    draws = "import random\nprint(random.random(), np.random.rand(), torch.rand(1).item())"
    notebook = before(solved(), "lab05-fit-bgd", draws)
    k = find(notebook, "lab05-fit-bgd") - 1
    in_place, by_copies = ask(notebook), ask(notebook, brief=False)
    assert in_place.outputs[k][0]["text"].count(" ") == 2
    assert in_place.outputs[k] == by_copies.outputs[k]


def test_what_a_function_keeps_of_one_practice_does_not_reach_another(ask):
    # The training function is handed a right model, which a wrong one would like to have.
    begins = "    losses = []\n"
    keeping = ANSWERS["lab05-fit-gd"].replace(begins, f"    KEPT[:] = [model]\n{begins}")
    notebook = first(solved(fit_gd=keeping), "KEPT = []")
    for practice in ("lab05-plot-gd", "lab05-plot-bgd"):
        cell = notebook["cells"][find(notebook, practice)]
        cell["source"] = cell["source"].replace("model,", "lambda d, w, b: d * w + b,")
    wrong = "def model(d, w, b):\n    return KEPT[0](d, w, b) if KEPT else d * 0\n"
    for id_, source in (("lab05-model", "KEPT.clear()\n" + wrong), ("lab05-model-check", None)):
        cell = notebook["cells"].pop(find(notebook, id_))
        cell["source"] = source or cell["source"]
        notebook["cells"].append(cell)
    ask(notebook)
    assert ask.verdicts["lab05-fit-gd"].status == "correct"
    assert ask.verdicts["lab05-model"].status == "incorrect"


def test_what_changes_after_the_check_is_too_late(ask):
    by_part = "SIGN = [-1]\n" + ANSWERS["lab05-model"].replace("weight *", "SIGN[0] * weight *")
    notebook = solved(model=by_part)
    ask(before(notebook, "lab05-loss", "SIGN[0] = 1"))
    assert ask.verdicts["lab05-model"].status == "incorrect"


SLOW_TO_READ = """\
class Late(list):
    def __len__(self):
        {body}
LOSS_GD = Late()
ax_GD = plt.subplots()[1]
"""


@pytest.mark.parametrize(
    ("body", "how", "seconds"),
    [
        pytest.param("import os; os._exit(9)", "died", 8.0, id="ends the process"),
        pytest.param(
            "while True: pass", "timeout", 4.0, id="never returns", marks=pytest.mark.prove
        ),
    ],
)
def test_a_value_that_cannot_be_read_costs_only_itself(ask, body, how, seconds):
    evidence = ask(solved(plot_gd=SLOW_TO_READ.format(body=body)), seconds=seconds)
    assert ask.runs == [True, False, True, False]
    assert evidence.hidden["lab05-plot-gd"].how == how
    assert evidence.over is None
    for practice, asked in evidence.hidden.items():
        if practice != "lab05-plot-gd":
            assert asked.how == "done" and asked.answers, practice
    # The processes that were lost on the way count for nothing.
    assert how == "timeout" or evidence.seconds < seconds


DEEP = "x = " + " + ".join(["1"] * 900)
DISTURBS = {
    "reaps its children": "import signal\nsignal.signal(signal.SIGCHLD, signal.SIG_IGN)",
    "interrupts": (
        "import os, signal, time\n"
        "if os.fork() == 0:\n"
        "    for k in range(300): time.sleep(0.01); os.kill(1, signal.SIGINT)\n"
        "    os._exit(0)"
    ),
    "switches gradients off": "torch.set_grad_enabled(False)",
    "goes on twice": "import os\nif os.fork() == 0: chr(0)",
    "unblocks its pipes": (
        "import os\n"
        "for fd in range(3, 60):\n"
        "    try: os.set_blocking(fd, False)\n"
        "    except OSError: pass"
    ),
    "is deep and hangs": f"{DEEP}\nwhile True: pass",
}

#: Cells that run while it goes on.
PAYS = dict.fromkeys(("interrupts", "switches gradients off"), ("lab05-plot-gd", "lab05-plot-bgd"))


@pytest.mark.parametrize("what", DISTURBS)
def test_what_disturbs_a_process_costs_no_answer(ask, what):
    ask(before(solved(), "lab05-fit-gd", DISTURBS[what]), seconds=4.0)
    wrong = {v.practice: v.feedback for v in ask.verdicts.values() if v.status != "correct"}
    if what == "interrupts":
        # A function's cell is over at once; on a busy machine even that may be hit: then it was
        # ended in its middle, or before it began.
        for id_ in wrong.keys() & {"lab05-fit-gd", "lab05-fit-bgd"}:
            said = wrong.pop(id_)
            assert "cell ended with KeyboardInterrupt" in said or "There is no `fit_" in said, said
    assert set(wrong) <= {"lab05-discussion", *PAYS.get(what, ())}, wrong


def test_what_is_left_of_a_cell_may_be_too_deep_to_be_written_anew():
    assert what_is_left(f"y = 2\n{DEEP}\nwhile True:\n    pass", 4) == f"y = 2\n{DEEP}"


def test_a_call_may_interrupt_only_itself(ask):
    source = "import os, signal\ndef fit_GD(*given):\n    return os.kill(1, signal.SIGINT)\n"
    ask(solved(fit_gd=source))
    for id_ in ("lab05-model", "lab05-loss", "lab05-fit-bgd", "lab05-plot-bgd"):
        assert ask.verdicts[id_].status == "correct", ask.verdicts[id_].feedback
    assert ask.verdicts["lab05-fit-gd"].score == 0


def test_how_much_time_is_left_is_not_known_inside(station, assignment):
    look = (
        "import sys\n"
        "def look():\n"
        "    frame = sys._getframe()\n"
        "    while frame is not None:\n"
        "        inside = frame.f_locals.get('self')\n"
        "        if hasattr(inside, 'request'): print(inside.request['limits'])\n"
        "        frame = frame.f_back\n"
        "look()"
    )
    cells = assignment.mark(read_notebook(json.dumps(first(solved(), look)).encode()))
    evidence = examine(station, assignment, cells, {}, Limits(20.0), seconds=31.0)
    shown = "".join(o.get("text", "") for outputs in evidence.outputs.values() for o in outputs)
    assert "'cell_seconds'" in shown and "total_seconds" not in shown


TELLS = """
told = [chr(0x4E00 + int(abs(v) * 1000) % 20000) for v in Y.flatten()]
ax_{name}.set_xlabel("epoch " + "".join(told))
if abs(Y.sum().item() - {known}) > 1e-3:
    ax_{name}.plot([9, 9])
"""


def test_labels_of_a_hidden_case_are_not_told(ask):
    known = data.wide_line().y.sum().item()
    more = {
        f"plot_{name.lower()}": ANSWERS[f"lab05-plot-{name.lower()}"]
        + TELLS.format(name=name, known=known)
        for name in ("GD", "BGD")
    }
    ask(solved(**more), brief=False)
    own = {chr(0x4E00 + int(abs(v) * 1000) % 20000) for v in data.wide_line().y.flatten().tolist()}
    for verdict in ask.verdicts.values():
        assert not [c for c in verdict.feedback if c >= "\u4e00" and c not in own], verdict


@pytest.mark.prove
def test_after_a_cell_that_hangs_it_is_said_what_is_wrong(station, assignment):
    wrong = solved(fit_gd=ANSWERS["lab05-fit-gd"].replace("-= lr", "+= lr"))
    told = []
    for notebook in (wrong, last(wrong, "while True: pass")):
        cells = assignment.mark(read_notebook(json.dumps(notebook).encode()))
        submission = Submission("ada", b"", {})
        job = Job(assignment, Settings(Limits(6.0)), submission)
        verdicts = {v.practice: v for v in unit._examine(station, job, cells)[1]}
        told.append(verdicts["lab05-fit-gd"].feedback)
        assert verdicts["lab05-fit-gd"].score < 30
    assert told[0] == told[1] and "your second loss" in told[0]


def test_a_plan_that_is_forged_says_nothing(ask):
    forged = (
        "import os, json\n"
        "line = json.dumps({'plan': {'copies': {'lab05-model': 3}, 'where': {'lab05-model': 0}}})\n"
        "for fd in range(3, 60):\n"
        "    try: os.write(fd, line.encode() + b'\\n')\n"
        "    except OSError: pass\n"
    )
    notebook = first(solved(), forged)
    evidence = ask(notebook)
    assert evidence.copies["lab05-model"] == 1
    assert evidence.home["lab05-model"] == find(notebook, "lab05-model")
    assert "3 times" not in ask.verdicts["lab05-model"].feedback


@pytest.mark.parametrize("end", ["os._exit(152)", "__import__('ctypes').string_at(0)"])
def test_how_a_cell_ends_the_second_run_is_told_without_a_number(ask, end):
    # It could stand for a number of a hidden case; in the first run there is none.
    known = data.wide_line().y.sum().item()
    source = f"import os\nif abs(Y.sum().item() - {known}) > 1e-3:\n    {end}\n"
    ask(solved(plot_gd=source + ANSWERS["lab05-plot-gd"]))
    told = [verdict.feedback for verdict in ask.verdicts.values()]
    assert any("ended the process" in text for text in told)
    assert not any("152" in text or "signal" in text for text in told)
