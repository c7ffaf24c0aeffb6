"""What leaves the sandbox is plain and capped; what enters it holds no answer."""

from __future__ import annotations

import ast
import dataclasses
import io
import json
import math
import re
import signal
import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import labchecks
from labtools.grading.inside import plan
from labtools.grading.judging.claims import read_answer, read_claim, read_outputs
from labtools.grading.judging.secret import Secret, SecretError, course_secret
from labtools.grading.sandbox.sealing import write_sealed_copy

ANSWER_WORDS = ("Judge", "expected", "hidden", "simulate")


@pytest.mark.parametrize("lab", labchecks.lab_names())
def test_a_sealed_copy_holds_what_asks_and_no_more(tmp_path, lab):
    write_sealed_copy(tmp_path, lab)
    checks = tmp_path / "labchecks"
    there = {path.relative_to(checks).as_posix() for path in checks.iterdir()}
    modules = {"__init__.py", "checking.py", "feedback.py", "pages.py", "registry.py"}
    assert there == modules | {"ask", "labs"}
    assert [path.name for path in (checks / "labs").iterdir()] == [f"{lab}.json"]
    for row in json.loads((checks / "labs" / f"{lab}.json").read_text(encoding="utf-8")):
        assert set(row) == {"id", "title", "points", "names", "question", "manual"}
    for path in tmp_path.rglob("*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        names = {n.name for n in ast.walk(tree) if isinstance(n, (ast.FunctionDef, ast.ClassDef))}
        assert not [n for n in names if any(word in n for word in ANSWER_WORDS)], path


def test_a_sealed_copy_can_still_be_asked(tmp_path):
    """Each in its turn, in one process that knows no other `labhelpers`: PyTorch loads slowly."""
    cases = {}
    for lab in labchecks.lab_names():
        write_sealed_copy(tmp_path / lab, lab)
        cases[lab] = {p.id: p.visible()[:1] for p in labchecks.of_lab(lab) if not p.manual}
    program = (
        "import sys, json\n"
        "sys.path.insert(0, None)\n"
        "for lab, cases in json.load(sys.stdin).items():\n"
        "    for name in [n for n in sys.modules if n[:9] in ('labchecks', 'labhelper')]:\n"
        "        del sys.modules[name]\n"
        f"    sys.path[0] = {str(tmp_path)!r} + '/' + lab\n"
        "    import labhelpers; from labchecks import of_lab\n"
        "    assert labhelpers.__file__.startswith(sys.path[0])\n"
        "    for p in of_lab(lab):\n"
        "        assert p.judge is None\n"
        "        if not p.manual:\n"
        "            print(p.id, p.ask({}, cases[p.id])[0]['kind'])\n"
    )
    done = subprocess.run(
        [sys.executable, "-I", "-c", program],
        input=json.dumps(cases),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    expected = [f"{id_} absent" for asked in cases.values() for id_ in asked]
    assert done.stdout.splitlines() == expected


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(max_size=9), inner),
    max_leaves=30,
)


@settings(max_examples=300, deadline=None)
@given(json_values)
def test_no_claim_raises(value):
    claim = read_claim(json.dumps(value).encode())
    assert claim is None or isinstance(claim, dict)
    read_answer(value)
    read_outputs(value)


@settings(max_examples=150, deadline=None)
@given(json_values, st.sampled_from(["numbers", "axes", "error", "timeout", "passes", "counts"]))
def test_no_forged_answer_breaks_a_verdict(value, kind):
    from labtools.grading.judging.verdicts import _ask_judge

    answer = value if isinstance(value, dict) else {"values": value}
    for item in labchecks.of_lab("lab01"):
        cases = item.visible()
        feedback = _ask_judge(item, cases, [{**answer, "kind": kind}] * len(cases))
        assert feedback.outcome != "correct"


@pytest.mark.parametrize(
    "line",
    [b"[" * 100_000, b'{"a":' * 50_000, b"9" * 1_000_000, b"\xff\xfe", b"", b"null", b'"x"'],
)
def test_lines_that_are_no_claim(line):
    assert read_claim(line) is None


def test_a_long_whole_number_is_not_computed():
    assert read_claim(b'{"cell": ' + b"9" * 1_000_000 + b"}") == {"cell": math.inf}


def test_numbers_must_be_numbers():
    right = {"kind": "numbers", "values": [1.0, math.nan], "shape": [2], "type": "list"}
    assert read_answer(right)["shape"] == [2]
    for wrong in ({"values": "ab"}, {"values": [[1.0]]}, {"shape": [3]}, {"shape": None}):
        assert read_answer({**right, **wrong}) is None


def test_only_known_outputs_pass():
    outputs = read_outputs(
        [
            {"output_type": "display_data", "data": {"application/javascript": "alert(1)"}},
            {"output_type": "stream", "text": "hello", "name": "x"},
            {"output_type": "stream", "text": "\ud800"},
            {"output_type": "evil"},
            None,
        ]
    )
    assert outputs == [{"output_type": "stream", "name": "stdout", "text": "hello"}]


def cell(source, practice=None, check=None, own=True, stub=False, kind="code"):
    made = {"source": source, "practice": practice, "check": check, "own": own}
    return {**made, "stub": stub, "kind": kind}


P = [{"id": "lab09-a", "names": ["a"]}]


def test_the_answer_is_read_where_its_check_stands():
    cells = [cell("a = 1", "lab09-a"), cell("b = 2"), cell("", check="lab09-a", own=False)]
    assert plan.plan([*cells, cell("a = 3")], P)["moments"][0] == (2, "lab09-a", 0)


def test_without_a_check_it_is_read_before_the_next_practice():
    cells = [cell("a = 1", "lab09-a"), cell("a += 1"), cell("z = 0", "lab09-z"), cell("a = 9")]
    assert (2, "lab09-a", 0) in plan.plan(cells, P)["moments"]


def test_the_last_filled_copy_counts():
    cells = [cell("a = 1", "lab09-a"), cell("a = 2", "lab09-a"), cell("a = None", "lab09-a",
             stub=True, own=False)]  # fmt: skip
    made = plan.plan(cells, P)
    assert made["where"] == {"lab09-a": 1} and made["copies"] == {"lab09-a": 2}


def test_unmarked_cells_are_found_by_what_they_define():
    cells = [cell("x = 1"), cell("def a(): pass"), cell("check('lab09-a')", own=False)]
    assert plan.plan(cells, P)["where"] == {"lab09-a": 1}


def test_an_unmarked_function_is_not_taken_for_a_later_object_of_its_name():
    called = [{**P[0], "calls": True}]
    cells = [cell("def a(x): return x"), cell("b = a(1)"), cell("a = Linear(1, 1)"), cell("a(2)")]
    made = plan.plan(cells, called)
    assert made["where"] == {"lab09-a": 0} and made["moments"][0] == (2, "lab09-a", 0)
    # A value has no form of its own: there the last cell counts, as it does for two functions.
    assert plan.plan(cells, P)["where"] == {"lab09-a": 2}
    again = [*cells[:2], cell("def a(x): return 2 * x")]
    assert plan.plan(again, called)["where"] == {"lab09-a": 2}
    # The answer may be no function from the beginning.
    assert plan.plan(cells[1:], called)["where"] == {"lab09-a": 1}


def test_a_course_cell_that_nothing_needs_is_not_run():
    cells = [
        cell("data = make()\nplot(data)", own=False),
        cell("a = data.sum()", "lab09-a"),
        cell("demo = data * 2\nshow(demo)", own=False),
        cell("print(a)", own=False),
    ]
    same, needed = plan.replayable(cells)
    assert same == {0, 2}
    assert needed == {0: "data = make()", 2: ""}


def test_a_cell_with_a_seed_or_a_magic_is_always_run():
    cells = [cell("manual_seed(1)", own=False), cell("%matplotlib inline", own=False)]
    assert plan.replayable(cells)[0] == set()


def test_definitions_are_kept_of_a_cell_that_was_stopped():
    source = "import os\nx = 1\ndef f():\n    return 2\nwhile True: pass\ny = 2"
    assert plan.what_is_left(source) == "import os\n\ndef f():\n    return 2"
    # Where it is known in which line its time was over, everything before stays.
    assert plan.what_is_left(source, 5) == "import os\nx = 1\n\ndef f():\n    return 2"
    assert plan.what_is_left(f"%%time\n{source}", 1) == "import os\n\ndef f():\n    return 2"


def test_the_secret_is_made_once_and_kept(tmp_path):
    first = course_secret(tmp_path)
    again = course_secret(tmp_path)
    assert first.is_new and not again.is_new and first.value == again.value
    assert (tmp_path / "course.secret").stat().st_mode & 0o077 == 0
    assert first.rng("a").random() == again.rng("a").random() != again.rng("b").random()


def test_a_short_secret_is_refused(tmp_path):
    (tmp_path / "course.secret").write_text("# nothing\nabc\n")
    with pytest.raises(SecretError, match="fewer than 16"):
        course_secret(tmp_path)


def test_another_secret_draws_other_cases():
    for item in labchecks.of_lab("lab05"):
        if not item.manual:
            a, b = (item.hidden(Secret(s * 20).rng(item.id)) for s in "ab")
            assert a != b


@pytest.mark.parametrize(
    "line", ["%time x", "  !ls", "x = !ls", "x = %time 1", "print?", "?print", ">>> 1", "/f 1"]
)
def test_a_long_cell_with_ipythons_own_syntax_is_translated(line):
    from labtools.grading.inside.shell import _SPECIAL

    data = "x = [" + "1, " * 9_000 + "]\ny = x[0] % 2 != 1 or {'a': '?'}\n"
    assert _SPECIAL.search(data) is None
    assert _SPECIAL.search(f"{data}{line}\n{data}")


# Pages -------------------------------------------------------------------------------------------


def assignment_cell(source, own):
    from labtools.grading.judging.assignment import MarkedCell

    return MarkedCell("code", source, None, None, None, own, False)


def page_of(assignment, *sources: tuple[str, str]) -> str:
    from labtools.grading.judging.assignment import MarkedCell
    from labtools.grading.judging.examination import Evidence
    from labtools.grading.results.page import make_page, run_notebook

    cells = [MarkedCell(kind, text, None, None, None, True, False) for kind, text in sources]
    return make_page(assignment, "ada", [], run_notebook(cells, Evidence()))


def test_a_text_made_to_keep_formatters_busy_is_shown_as_it_is(assignment, monkeypatch):
    from labtools.grading.results import page

    formatted = []
    monkeypatch.setattr(page, "_exporter", lambda: formatted.append(1))
    made = page_of(assignment, ("markdown", "[" * 50_000), ("markdown", "<b>" * 60_000))
    assert not formatted
    assert "[[[[" in made and "&lt;b&gt;" in made and len(made) < 1_000_000


def test_many_cells_are_formatted_up_to_a_sum(assignment, monkeypatch):
    from labtools.grading.results import page

    texts = [("markdown", f"{k} {'[' * 15_000}") for k in range(60)]
    formatted = []
    monkeypatch.setattr(page, "_clean", lambda html: formatted.append(html) or html)

    class Exporter:
        @staticmethod
        def from_notebook_node(notebook):
            return notebook.cells[0].source, {}

    monkeypatch.setattr(page, "_exporter", Exporter)
    page_of(assignment, *texts)
    assert 0 < len(formatted) <= page.ALL_FORMATTED // 15_000


def test_what_no_formatter_can_follow_is_shown_as_it_is(assignment, monkeypatch):
    from labtools.grading.results import page

    def gives_up(html):
        raise RecursionError

    monkeypatch.setattr(page, "_clean", gives_up)
    assert "some **bold** text" in page_of(assignment, ("markdown", "some **bold** text"))


def test_code_is_shown_in_colours_and_acts_on_nothing(assignment):
    made = page_of(assignment, ("code", "text = '</pre><script>alert(1)</script>'  # ŷ < 2"))
    assert "<script" not in made and "&lt;script&gt;alert(1)" in made
    assert '<span class="n">text</span>' in made and "# ŷ &lt; 2" in made


def test_every_picture_stands_where_it_was_shown_and_alike_outputs_are_exported_once(
    assignment, monkeypatch
):
    import base64

    from labtools.grading.judging.examination import Evidence
    from labtools.grading.results import page

    def shown(text: str) -> dict:
        data = {"image/png": base64.b64encode(text.encode()).decode(), "text/plain": "<Figure>"}
        return {"output_type": "display_data", "data": data, "metadata": {}}

    def made(*names: str) -> str:
        outputs = {k: [shown(f"{n} 1"), shown(f"{n} 2")] for k, n in enumerate(names)}
        cells = [assignment_cell(f"draw({n!r})", own=True) for n in names]
        ran = page.run_notebook(cells, Evidence(outputs=outputs))
        return page.make_page(assignment, "ada", [], ran)

    exported = []
    usual = page._exporter
    monkeypatch.setattr(page, "_exporter", lambda: exported.append(1) or usual())
    page._by_nbconvert.cache_clear()
    html = made("ada's", "bob's", "eve's")
    found = [base64.b64decode(b).decode() for b in re.findall(r"base64,([^\"]+)\"", html)]
    assert found == [f"{n} {k}" for n in ("ada's", "bob's", "eve's") for k in (1, 2)]
    assert len(exported) == 1
    assert page._PLACE not in html


def test_what_takes_much_memory_is_not_kept(assignment):
    from labtools.grading.judging.examination import Evidence
    from labtools.grading.results import page

    page._by_nbconvert.cache_clear()
    for size, kept in ((10, 1), (page.CACHED, 1)):
        output = {"output_type": "stream", "name": "stdout", "text": "x" * size}
        ran = page.run_notebook(
            [assignment_cell("show()", own=True)], Evidence(outputs={0: [output]})
        )
        assert "x" * size in page.make_page(assignment, "ada", [], ran)
        assert page._by_nbconvert.cache_info().currsize == kept


def test_what_is_said_of_all_practices_is_said_once(assignment):
    from labtools.grading.judging.verdicts import without_run
    from labtools.grading.results.page import make_page

    page = make_page(
        assignment, "ada", without_run(assignment, "missing", "There is no file."), None
    )
    assert page.count("There is no file.") == 1
    assert "<h1>Lab 5 · Implement gradient descent" in page


def test_code_in_a_remark_is_set_as_code(assignment):
    from labtools.grading.judging.verdicts import without_run
    from labtools.grading.results.page import make_page

    verdicts = without_run(assignment, "missing", "There is no file.")
    page = make_page(assignment, "ada", verdicts, None, "`a < b` failed.")
    assert "<p><code>a &lt; b</code> failed.</p>" in page


def test_the_line_of_progress_names_the_time_gone_and_the_time_left():
    from rich.console import Console

    from labtools.grading.running.progress import progress_bar

    console = Console(force_terminal=True, width=120, record=True, file=io.StringIO())
    with progress_bar(console) as bar:
        bar.advance(bar.add_task("Grading", total=3))
    assert re.search(r"1/3 .*\d:\d\d:\d\d elapsed, \S+ left", console.export_text())


def test_the_table_of_the_labs_own_progress_is_not_shown_beside_the_verdicts(assignment):
    from labtools.grading.judging.examination import Evidence
    from labtools.grading.results.page import run_notebook

    output = {"output_type": "stream", "name": "stdout", "text": "Together 0 of 100"}
    cells = [
        assignment_cell('# where you stand\nprogress("lab05")', own=False),
        assignment_cell('progress("lab05")', own=True),
    ]
    ran = run_notebook(cells, Evidence(outputs={0: [output], 1: [output]}))
    assert [len(cell.outputs) for cell in ran.cells] == [0, 1]


def test_the_courses_formulas_are_mathml_and_its_code_keeps_its_dollars(assignment):
    from labtools.grading.results.page import _render

    texts = [c["source"] for c in assignment.release["cells"] if c["cell_type"] == "markdown"]
    made = page_of(assignment, *(("markdown", text) for text in texts))
    assert '<math xmlns="http://www.w3.org/1998/Math/MathML" display="block">' in made
    assert "$$" not in made and "\\frac" not in made
    made = _render(json.dumps([{"cell_type": "markdown", "source": "`$a$` is $b < c$"}, True]))
    assert "<code>$a$</code>" in made and "<mo>&#x0003C;</mo>" in made


def test_the_courses_links_to_other_labs_are_text_on_a_page_that_stands_alone(assignment):
    texts = [c["source"] for c in assignment.release["cells"] if c["cell_type"] == "markdown"]
    assert any("[Lab 1](lab01_two_parameter_training.ipynb)" in text for text in texts)
    made = page_of(assignment, *(("markdown", text) for text in texts))
    assert "Lab 1 (the training loop)" in made and ".ipynb" not in made
    links = "a [page](https://example.org/x.ipynb) and [below](#below)"
    assert page_of(assignment, ("markdown", links)).count("<a href=") == 2


def test_a_fault_of_the_grader_itself_costs_one_submission(assignment, monkeypatch):
    from labtools.grading.records import Submission
    from labtools.grading.running import unit

    def fails(*_):
        raise RecursionError

    monkeypatch.setattr(unit, "read_notebook", fails)
    job = unit.Job(assignment, unit.Settings(), Submission("ada", b"{}", "x.ipynb"))
    result = unit.grade_unit(job)
    assert {v.status for v in result.verdicts} == {"crashed"}
    assert "RecursionError" in result.verdicts[0].feedback


# Time that counts --------------------------------------------------------------------------------


@pytest.fixture
def counted(monkeypatch):
    """How much of `passed` seconds counts where two looks see these threads."""
    from labtools.grading.inside import clock

    def count(passed: float, *threads: tuple[float, float]) -> float:
        now = [0.0]
        seen = [[(("1", k), (0.0, 0.0)) for k in range(len(threads))]]
        monkeypatch.setattr(clock.time, "monotonic", lambda: now[0])
        monkeypatch.setattr(clock.Clock, "_threads", lambda self: seen[0])
        made = clock.Clock(lambda: ())
        now[0] = passed
        seen[0] = [(("1", k), times) for k, times in enumerate(threads)]
        return made.look()

    return count


@pytest.fixture
def counted_in_steps(monkeypatch):
    """How much counts where a thread is looked at each `passed` seconds and ran, waited so long."""
    from labtools.grading.inside import clock

    def count(passed: float, *steps: tuple[float, float]) -> float:
        now, seen = [0.0], [0.0, 0.0]
        monkeypatch.setattr(clock.time, "monotonic", lambda: now[0])
        monkeypatch.setattr(clock.Clock, "_threads", lambda self: [("thread", tuple(seen))])
        made = clock.Clock(lambda: ())
        for ran, waited in steps:
            now[0] += passed
            seen[0], seen[1] = seen[0] + ran, seen[1] + waited
            made.look()
        return made.time

    return count


def test_time_in_which_others_had_the_processor_does_not_count(counted):
    assert counted(10.0, (2.0, 8.0)) == pytest.approx(2.0)
    assert counted(10.0, (10.0, 0.0)) == 10.0


def test_a_sleep_counts(counted):
    assert counted(10.0, (0.0, 0.0)) == 10.0


def test_waiting_for_its_own_threads_counts(counted):
    assert counted(10.0, *[(20 / 50, 9.6)] * 50) == 10.0


def test_wall_time_has_an_end_however_busy_the_machine_is(counted):
    from labtools.grading.inside.clock import PATIENCE

    assert counted(12.0, (0.0, 12.0)) == pytest.approx(12.0 / PATIENCE)


def test_a_wait_that_is_told_when_it_is_over_is_taken_back(counted_in_steps):
    """Looks are frequent; a thread that waits says so when it runs again."""
    waits = [(0.0, 0.0)] * 9 + [(0.04, 0.36)]
    assert counted_in_steps(0.04, *waits * 5) == pytest.approx(5 * (0.04 + 0.36 / 12), rel=0.3)


def test_a_sleep_is_not_taken_back_by_a_later_wait(counted_in_steps):
    asleep = [(0.0, 0.0)] * 100
    assert counted_in_steps(0.04, *asleep, (0.0, 0.04), (0.04, 0.0)) == pytest.approx(4.0, abs=0.1)


# Verdicts ----------------------------------------------------------------------------------------


def judged(assignment, practice_id, **evidence):
    from labtools.grading.judging.examination import Evidence
    from labtools.grading.judging.verdicts import judge_all

    verdicts = judge_all(assignment, [], Evidence(**evidence))
    return {v.practice: v for v in verdicts}[practice_id]


def asked(answers):
    from labtools.grading.judging.examination import Asked

    return Asked(0, "done", dict(enumerate(answers)))


def test_the_same_answers_are_judged_once_unless_the_time_was_over(assignment, monkeypatch):
    from labchecks.feedback import not_checked
    from labtools.grading.judging import verdicts

    usual, cases = verdicts._ask_judge, assignment.questions["lab05-model"].hidden
    judge_calls = []

    def ask_judge(practice, *rest):
        judge_calls.append(practice.id)
        return usual(practice, *rest)

    def judged_anew(value):
        del judge_calls[:]
        answers = [{"kind": "value", "value": value}] * len(cases)
        told = {"lab05-model": asked(answers)}
        found = judged(assignment, "lab05-model", visible=told, hidden=told)
        return found, judge_calls.count("lab05-model")

    monkeypatch.setattr(verdicts, "_said", {})
    monkeypatch.setattr(verdicts, "_ask_judge", ask_judge)
    first, times = judged_anew([1.0])
    assert times > 0 and first.score == 0
    assert judged_anew([1.0]) == (first, 0)
    assert judged_anew([2.0])[1] == times
    monkeypatch.setattr(verdicts, "MOST_SAID", 1)
    assert judged_anew([3.0])[1] == times and len(verdicts._said) == 1

    monkeypatch.setattr(verdicts, "_ask_judge", lambda *_: not_checked("The time was over."))
    assert judged_anew([4.0])[0].status == "needs manual grading"
    monkeypatch.setattr(verdicts, "_ask_judge", ask_judge)
    assert judged_anew([4.0])[1] == times


def test_an_answer_that_was_cut_off_is_no_absent_one(assignment):
    figure = {"kind": "axes", "curves": [], "legend": None, "beside": [], "log": {"kind": "absent"}}
    figure |= dict.fromkeys(("xlabel", "ylabel", "title", "yscale"), "")
    why = ("timed out", "The notebook as a whole took too long.")
    verdict = judged(
        assignment, "lab05-plot-gd", visible={"lab05-plot-gd": asked([figure])}, over=why
    )
    assert verdict.status == "timed out" and "too long" in verdict.feedback
    assert verdict.score == 0


def test_an_error_in_a_hidden_case_is_told_without_what_it_says(assignment):
    hidden = assignment.questions["lab05-fit-gd"].hidden
    error = {"kind": "error", "error": "X0_126", "message": "SEEN", "line": 3, "source": "SEEN"}
    verdict = judged(
        assignment, "lab05-fit-gd", hidden={"lab05-fit-gd": asked([error] * len(hidden))}
    )
    assert verdict.status == "error"
    assert "SEEN" not in verdict.feedback and "X0_126" not in verdict.feedback


def test_which_line_fails_in_a_hidden_case_is_not_told(assignment):
    # Each of a thousand lines could stand for another value of the case.
    hidden = assignment.questions["lab05-fit-gd"].hidden
    error = {"kind": "error", "error": "IndexError", "message": "", "line": 417, "source": "raise"}
    verdict = judged(
        assignment, "lab05-fit-gd", hidden={"lab05-fit-gd": asked([error] * len(hidden))}
    )
    assert "IndexError" in verdict.feedback
    assert "417" not in verdict.feedback and "`raise`" not in verdict.feedback


def test_a_right_answer_is_told_in_the_numbers_of_the_labs_own_data(assignment):
    from labchecks.feedback import correct
    from labtools.grading.judging.examination import Evidence
    from labtools.grading.judging.verdicts import _judge

    id_ = "lab05-plot-gd"
    question = assignment.questions[id_]

    def judge(cases, answers):
        return correct(f"The last loss is {answers[-1]['values'][0]}.")

    practice = dataclasses.replace(assignment.asked[3], judge=judge)
    assert practice.id == id_
    number = {"kind": "numbers", "shape": [1], "type": "list"}
    evidence = Evidence(
        visible={id_: asked([{**number, "values": [3.25]}] * len(question.visible))},
        hidden={id_: asked([{**number, "values": [7.75]}] * len(question.hidden))},
    )
    assert _judge(assignment, practice, evidence, {}).feedback == "The last loss is 3.25."


def test_the_error_of_a_practices_own_cell_is_told_before_what_it_left(assignment):
    figure = {"kind": "axes", "curves": [], "legend": None, "beside": []}
    figure |= dict.fromkeys(("xlabel", "ylabel", "title", "yscale"), "")
    figure["log"] = {"kind": "numbers", "values": [2.0, 1.0], "shape": [2], "type": "list"}
    id_ = "lab05-plot-gd"
    verdict = judged(
        assignment,
        id_,
        visible={id_: asked([figure])},
        hidden={id_: asked([figure])},
        home={id_: 0},
        failed={0: ("SyntaxError", "expected ':' (<ipython-input-12-bbc70f>, line 4)", 4)},
    )
    assert verdict.feedback.startswith(
        "This practice's cell ended with SyntaxError: expected ':' in line 4. What follows"
    )
    assert verdict.status == "error" and verdict.score == 0


def test_a_name_that_another_practice_should_have_made_leads_there(assignment):
    verdict = judged(
        assignment,
        "lab05-plot-gd",
        home={"lab05-plot-gd": 0},
        failed={0: ("NameError", "name 'fit_GD' is not defined", 2)},
    )
    assert "“Batch gradient descent” asks for that name" in verdict.feedback
    assert verdict.status == "error"


def test_a_package_that_is_not_there_is_said_to_be_no_part_of_the_course(assignment):
    home = {"lab05-fit-gd": 0}
    message = "No module named 'pandas'"
    failed = {0: ("ModuleNotFoundError", message, 1)}
    told = judged(assignment, "lab05-fit-gd", home=home, failed=failed).feedback
    assert "`pandas` is not part of the course" in told
    assert "NumPy" in told and "scikit-learn and tqdm" in told
    # Misspelt is something else: the package itself is there.
    failed = {0: ("ModuleNotFoundError", "No module named 'sklearn.forest'", 1)}
    assert "part of the course" not in judged(
        assignment, "lab05-fit-gd", home=home, failed=failed
    ).feedback  # fmt: skip


def test_a_package_that_is_imported_inside_a_function_is_named_as_well(assignment):
    id_ = "lab05-fit-gd"
    error = {
        "kind": "error", "error": "ModuleNotFoundError", "message": "No module named 'pandas'",
        "line": 2, "source": "import pandas",
    }  # fmt: skip
    question = assignment.questions[id_]
    verdict = judged(
        assignment,
        id_,
        visible={id_: asked([error] * len(question.visible))},
        hidden={id_: asked([error] * len(question.hidden))},
    )
    assert "`pandas` is not part of the course" in verdict.feedback


def test_the_packages_that_are_named_are_what_the_course_installs():
    from importlib import metadata

    from labchecks.engine.unusable import PACKAGES
    from labtools.grading.sandbox.places import LABHELPERS

    project = LABHELPERS.parent / "pyproject.toml"
    text = project.read_text(encoding="utf-8")
    brought = {"scipy": "scikit-learn"}
    providers = metadata.packages_distributions()
    for module in PACKAGES:
        [name] = set(providers[module])
        assert f'"{brought.get(name, name)}>=' in text
        if name in brought:
            assert any(r.startswith(name) for r in metadata.requires(brought[name]))


def test_an_answer_that_keeps_a_judge_busy_goes_to_the_instructor(assignment, monkeypatch):
    from labtools.grading.judging import verdicts

    def judge(cases, answers):
        while True:
            pass

    practice = dataclasses.replace(assignment.asked[0], judge=judge)
    monkeypatch.setattr(verdicts, "JUDGE_SECONDS", 0.2)
    feedback = verdicts._ask_judge(practice, [{}], [{"kind": "numbers"}])
    assert feedback.outcome == "not checked" and "too long" in feedback.text
    assert signal.getitimer(signal.ITIMER_PROF) == (0.0, 0.0)


def test_no_more_of_an_answer_is_read_than_a_judge_needs():
    curve = {"x": [0.0], "y": [1.0], "label": "", "entry": ""}
    answer = read_answer({"kind": "axes", "curves": [curve] * 3000, "calls": [[0.0, 1.0]] * 3000})
    assert len(answer["curves"]) == 200 and len(answer["calls"]) == 500


def test_a_function_that_never_returns_is_told_so(assignment):
    from labtools.grading.judging.examination import Asked

    verdict = judged(
        assignment, "lab05-fit-gd", hidden={"lab05-fit-gd": Asked(0, "timeout")}, limit=7.0
    )
    assert verdict.status == "timed out" and "after 7 seconds" in verdict.feedback


def test_what_goes_wrong_in_the_labs_own_cases_is_told_in_full(assignment):
    question = assignment.questions["lab05-fit-gd"]
    error = {"kind": "error", "error": "ValueError", "line": 3, "source": "raise", "message": ""}
    seen = {**error, "message": "two is not one"}
    verdict = judged(
        assignment,
        "lab05-fit-gd",
        visible={"lab05-fit-gd": asked([seen] * len(question.visible))},
        hidden={"lab05-fit-gd": asked([{**error, "message": "0.126"}] * len(question.hidden))},
    )
    assert "two is not one" in verdict.feedback and "0.126" not in verdict.feedback
