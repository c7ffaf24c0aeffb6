"""Whatever a student defines, `check` answers with a sentence: no traceback, nothing on stderr."""

from __future__ import annotations

import sys
import time
import warnings
from collections import deque
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch

sys.path.insert(0, str(Path(__file__).parent))

from labchecks import check, find, lab_names, of_lab
from labchecks.ask.call import time_limit
from tests.practice.bank import lab_namespace, run_cell
from tests.practice.bank.lab01 import PRELUDE as LAB01
from tests.practice.bank.lab02 import PRELUDE as LAB02

COURSE_LABS = ("lab01", "lab02", "lab03")
AUTOMATIC = [p for lab in COURSE_LABS for p in of_lab(lab) if not p.manual]


class Hostile:
    """Raises whenever it is looked at."""

    def _refuse(self, *_):
        raise ZeroDivisionError("hands off")

    __float__ = __len__ = __array__ = __iter__ = __getitem__ = __bool__ = __call__ = _refuse
    __repr__ = __str__ = __eq__ = __hash__ = _refuse


class HostileList(list):
    def __len__(self):
        raise ZeroDivisionError("hands off")


class HostileAttributes:
    def __getattribute__(self, name):
        raise ZeroDivisionError("hands off")


STRANGE = {
    "none": None,
    "empty list": [],
    "text": "835.3, 61.9",
    "bytes": b"835",
    "dict": {"loss": 1.0},
    "set": {1.0, 2.0},
    "true": True,
    "integer": 7,
    "huge integer": 10**400,
    "complex": 1 + 2j,
    "nan": float("nan"),
    "inf": float("inf"),
    "list of nan": [float("nan")] * 15,
    "list of inf": [float("inf")] * 20,
    "list of none": [None] * 15,
    "list of text": ["835"] * 15,
    "nested list": [[1.0, 2.0], [3.0]],
    "deep list": [[[[[[[[1.0]]]]]]]],
    "negative numbers": [-1.0] * 15,
    "zeros": [0.0] * 10,
    "huge list": [0.0] * 1_000_000,
    "huge array": np.zeros((4000, 4000)),
    "object array": np.array([object()] * 15),
    "structured array": np.zeros(15, dtype=[("loss", "f8")]),
    "boolean array": np.ones(15, dtype=bool),
    "complex array": np.ones(15, dtype=complex),
    "date": np.datetime64("2024-01-01"),
    "half tensor": torch.ones(15).half(),
    "bfloat tensor": torch.ones(10).bfloat16(),
    "complex tensor": torch.ones(15, dtype=torch.cfloat),
    "sparse tensor": torch.eye(15).to_sparse(),
    "meta tensor": torch.ones(15, device="meta"),
    "tensor with gradient": torch.ones(15, requires_grad=True) * 2,
    "tensors of many shapes": [torch.ones(2), torch.ones(3)],
    "generator": (value for value in [1.0]),
    "range": range(15),
    "deque": deque([1.0] * 15),
    "module": np,
    "class": dict,
    "empty class": type("Empty", (), {}),
    "function": lambda *a, **k: None,
    "hostile": Hostile(),
    "hostile in a list": [Hostile()] * 15,
    "hostile list": HostileList([1.0]),
    "hostile attributes": HostileAttributes(),
    "ellipsis": ...,
}


def _namespace(practice, value):
    return dict.fromkeys(practice.names, value)


@pytest.mark.parametrize("what", STRANGE)
@pytest.mark.parametrize("practice", AUTOMATIC, ids=lambda practice: practice.id)
def test_check_answers_any_value_with_a_sentence(practice, what, capfd):
    score = check(practice.id, _namespace(practice, STRANGE[what]))
    out, err = capfd.readouterr()
    assert err == ""
    assert score < practice.points
    assert out.strip() and "Traceback" not in out
    assert "?" not in out.split("\n")[0], out  # "not checked" would mean a fault of the check


@pytest.mark.parametrize("rate", [0.005, 0.1])
@pytest.mark.parametrize("end", [float("inf"), float("-inf"), float("nan"), 1e300])
def test_a_run_that_blows_up_warns_nobody(rate, end, capfd):
    grown = [594.958, *(10.0**k for k in range(3, 20)), end, end]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert check("lab02-stable-rate", {"step_size": rate, "loss_SGD": grown}) == 0
        assert check("lab02-batch", {"loss_BGD": grown}) == 0
        assert check("lab03-batch-20", {"LOSS20": [835.276, *grown[11:]]}) == 0
    out, err = capfd.readouterr()
    assert err == "" and "Not checked" not in out


@pytest.mark.parametrize("practice", AUTOMATIC, ids=lambda practice: practice.id)
def test_recursive_list_is_answered(practice, capfd):
    value: list = [1.0]
    value.append(value)
    assert check(practice.id, _namespace(practice, value)) == 0
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize("practice", AUTOMATIC, ids=lambda practice: practice.id)
def test_undefined_and_untouched_are_not_attempted(practice, capfd):
    for namespace in ({}, _namespace(practice, None)):
        assert check(practice.id, namespace) == 0
        assert "Not attempted" in capfd.readouterr().out


def _epoch(
    body: str, signature: str = "w, b, X, Y, step_size, order", prelude: str = LAB02
) -> dict:
    namespace = lab_namespace(prelude, 1)
    indented = body.replace("\n", "\n    ")
    run_cell(f"def sgd_epoch({signature}):\n    {indented}\n", namespace, "<ipython-input-7>")
    assert "__error__" not in namespace
    return namespace


def _ask_epoch(namespace):
    practice = find("lab02-sgd-epoch")
    cases = practice.visible()
    return practice.judge(cases, practice.ask(namespace, cases))


@pytest.mark.parametrize(
    "body",
    [
        "",
        '"""Docstring."""',
        "...",
        "pass",
        "return None",
        '"""Docstring."""\n# YOUR CODE HERE',
        "raise NotImplementedError",
        "raise NotImplementedError()",
        "raise NotImplementedError('to do')",
    ],
)
def test_function_stub_is_not_attempted(body):
    assert _ask_epoch(_epoch(body or "pass")).outcome == "not attempted"


def test_error_of_the_student_is_shown_with_its_own_line():
    feedback = _ask_epoch(_epoch("losses = []\nlosses.append(Z[0])\nreturn losses"))
    assert feedback.outcome == "incorrect"
    assert "NameError" in feedback.text and "line 3" in feedback.text
    assert "losses.append(Z[0])" in feedback.text


def test_error_below_the_cell_is_shown_with_the_line_of_the_cell():
    feedback = _ask_epoch(_epoch("return torch.ones(2) @ torch.ones(3)"))
    assert "RuntimeError" in feedback.text and "line 2" in feedback.text


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("import sys; sys.exit(3)", "SystemExit"),
        ("exit()", "SystemExit"),
        ("return sgd_epoch(w, b, X, Y, step_size, order)", "RecursionError"),
        ("raise KeyboardInterrupt", "KeyboardInterrupt"),
        ("raise GeneratorExit", "GeneratorExit"),
        ("raise Exception", "Exception"),
        ("return undefined_elsewhere", "NameError"),
        ("X.fill_(0); Y.fill_(0); return [1.0] * len(X)", "first"),
        ("w.data = torch.zeros(3); return [1.0] * len(X)", ""),
        ("print('hello' * 10**6); return None", "returns nothing"),
        ("import warnings; warnings.warn('careful'); return None", "returns nothing"),
        ("import sys; sys.stderr.write('oh'); return None", "returns nothing"),
        ("return iter([1.0])", "should return a list"),
        ("yield 1.0", "should return a list"),
    ],
)
def test_any_function_is_answered(body, said, capfd):
    namespace = _epoch(body)
    score = check("lab02-sgd-epoch", namespace)
    out, err = capfd.readouterr()
    assert score == 0 and err == ""
    assert out.startswith("✗") and said in out


@pytest.mark.parametrize("signature", ["", "w, b", "w, b, X, Y, step_size, order, more"])
def test_wrong_number_of_parameters_is_named(signature, capfd):
    assert check("lab02-sgd-epoch", _epoch("return []", signature)) == 0
    out, err = capfd.readouterr()
    assert err == "" and "TypeError" in out and "sgd_epoch" in out


@pytest.mark.parametrize(
    "body",
    [
        "while True: pass",
        "while True:\n    try:\n        while True: pass\n    except Exception: pass",
        "import time; time.sleep(60)",
    ],
)
def test_endless_function_is_stopped(body, capfd):
    began = time.monotonic()
    with time_limit(0.5):
        assert check("lab02-sgd-epoch", _epoch(body)) == 0
    assert time.monotonic() - began < 8
    out, err = capfd.readouterr()
    assert err == "" and "had not finished after 0.5 seconds" in out
    assert "loop in it never ends, or what it does takes that long" in out


@pytest.mark.parametrize(
    ("practice_id", "axes"),
    [("lab01-compare-plot", "ax"), ("lab03-compare-plot", "ax"), ("lab05-plot-gd", "ax_GD")],
)
def test_bars_are_no_curves_and_yet_not_called_empty(practice_id, axes, capfd):
    figure, drawn = plt.subplots()
    drawn.bar(range(20), range(1, 21))
    assert check(practice_id, {axes: drawn, "LOSS_GD": [2.0, 1.0]}) == 0
    plt.close(figure)
    said = capfd.readouterr().out
    assert "shows no curve" in said and "empty" not in said


MARKUP = "<script>alert(1)</script>"


@pytest.mark.parametrize("quote", ["", "`", "``", "`x` `"])
def test_markup_in_a_message_a_source_line_a_label_or_a_type_is_shown_as_text(quote):
    text = quote + MARKUP
    said = [_ask_epoch(_epoch(f"raise ValueError({text!r})  # {MARKUP}"))]
    figure, ax = plt.subplots()
    ax.plot([2.0, 1.0])
    ax.set(xlabel=f"loss {text}", ylabel=f"epoch {text}")
    for practice_id, answer in (
        ("lab01-compare-plot", ax),
        ("lab01-compare-plot", type(text, (), {})()),
    ):
        practice = find(practice_id)
        cases = practice.visible()
        said.append(practice.judge(cases, practice.ask({"ax": answer}, cases)))
    plt.close(figure)
    for feedback in said:
        page = feedback.to_html()
        assert "<script" not in page and "&lt;script&gt;" in page, page


def test_check_leaves_the_namespace_and_random_state_alone():
    namespace = lab_namespace(LAB01, 1)
    run_cell("LOSS2 = list(LOSS)", namespace)
    before = {name: id(value) for name, value in namespace.items()}
    state, python_state = torch.random.get_rng_state(), np.random.get_state()[1].copy()
    for practice in of_lab("lab01"):
        check(practice.id, namespace)
    assert {name: id(value) for name, value in namespace.items()} == before
    assert torch.equal(torch.random.get_rng_state(), state)
    assert (np.random.get_state()[1] == python_state).all()


def test_unknown_practice_is_an_error_that_lists_those_there_are():
    with pytest.raises(KeyError, match="lab01-rate-02"):
        check("lab01-rate-03", {})
    with pytest.raises(KeyError, match=", ".join(lab_names())):
        check("lab99-rate", {})


@pytest.mark.parametrize("practice", AUTOMATIC, ids=lambda practice: practice.id)
def test_judge_survives_answers_that_no_probe_makes(practice):
    """A judge gets its answers from an untrusted process, as JSON."""
    cases = practice.visible()
    for answer in ({}, {"kind": "numbers"}, {"kind": "axes"}, {"kind": "passes"}, {"kind": 3}):
        try:
            feedback = practice.judge(cases, [answer] * len(cases))
        except (KeyError, TypeError, ValueError, AttributeError, IndexError):
            continue  # the caller turns this into "not checked"
        assert feedback.outcome != "correct"
