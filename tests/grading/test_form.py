"""Nobody loses a point to form: to a file's name, a line that no answer needs, a cell's type."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path

import pytest

from labtools.grading.handed_in.notebook import read_notebook
from labtools.grading.handed_in.submissions import Submissions
from labtools.grading.judging.examination import examine
from labtools.grading.judging.kindness import kindnesses
from labtools.grading.judging.verdicts import judge_all
from labtools.grading.records import Limits
from labtools.grading.sandbox.station import Station
from tests.grading.corpora.base import ANSWERS, ROOT, find, solved

STEM = "lab05_implement_gradient_descent"
BLANK = (ROOT / "notebooks" / f"{STEM}.ipynb").read_bytes()

pytestmark = pytest.mark.timeout(300)


def answered() -> bytes:
    return json.dumps(solved()).encode()


def write(folder: Path, **files: bytes) -> None:
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


def zipped(files: dict[str, bytes]) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return made.getvalue()


# Which file ---------------------------------------------------------------------------------------


def taken(source: Path, assignment) -> dict[str, tuple[str, str]]:
    found = Submissions(source, STEM, assignment.is_answered)
    return {s.student: (s.name or s.problem[0], s.note) for s in found}


def test_a_blank_notebook_loses_to_an_answered_one(tmp_path, assignment):
    both = {f"{STEM}.ipynb": BLANK, f"{STEM}-answered.ipynb": answered()}
    write(tmp_path, **{f"ada/{name}": content for name, content in both.items()})
    write(tmp_path, **{"bob/work.zip": zipped(both)})
    write(tmp_path, **{f"cleo/{STEM}.ipynb": answered(), f"cleo/{STEM}-answered.ipynb": answered()})
    write(tmp_path, **{f"dora/{STEM}.ipynb": BLANK, "dora/lab04_x-answered.ipynb": answered()})
    write(tmp_path, **{f"emil/{STEM}.ipynb": BLANK, f"emil/{STEM} (1).ipynb": BLANK})
    found = taken(tmp_path, assignment)
    for student in ("ada", "bob"):
        name, note = found[student]
        assert name == f"{STEM}-answered.ipynb"
        assert "othing is answered in" in note and f"{STEM}.ipynb" in note
    for student in ("cleo", "dora", "emil"):
        assert found[student][0] == f"{STEM}.ipynb"


def test_what_counts_as_answered(assignment):
    assert assignment.is_answered(answered()) and not assignment.is_answered(BLANK)
    assert not assignment.is_answered(b"no notebook")
    scratch = json.loads(BLANK)
    scratch["cells"].append({"cell_type": "code", "source": "1 + 1", "metadata": {}})
    assert not assignment.is_answered(json.dumps(scratch).encode())
    for cell in scratch["cells"]:
        cell["metadata"], cell["id"] = {}, None
    assert assignment.is_answered(json.dumps(scratch).encode())


# Lines that no answer needs -----------------------------------------------------------------------


@pytest.fixture(scope="module")
def station(needs_sandbox, assignment):
    with Station(assignment.lab, assignment.modules) as made:
        yield made


@pytest.fixture
def grade(station, assignment):
    """Each practice's status, and what was said of what was passed over."""

    def run(notebook: dict, brief: bool = True) -> tuple[dict[str, str], list[str]]:
        cells = assignment.mark(read_notebook(json.dumps(notebook).encode()))
        evidence = examine(station, assignment, cells, {}, Limits(20.0), brief=brief)
        verdicts = judge_all(assignment, cells, evidence)
        run.verdicts = {v.practice: v for v in verdicts}
        status = {v.practice: v.status for v in verdicts if v.score is not None}
        return status, kindnesses(assignment, cells, evidence)

    return run


def imports(notebook: dict) -> dict:
    return next(c for c in notebook["cells"] if "import torch" in "".join(c["source"]))


NEEDLESS = [
    "%matplotlib widget",
    "%load_ext nb_black",
    "import a_package_that_is_not_here as sns",
    "from google.colab import drive\ndrive.mount('/content/drive')",
    "import matplotlib; matplotlib.use('TkAgg')",
    "%a_magic_of_some_editor",
]


@pytest.mark.parametrize("line", NEEDLESS)
def test_a_needless_line_in_a_cell_of_the_course_costs_nothing(grade, line):
    notebook = solved()
    cell = imports(notebook)
    cell["source"] = f"{line}\n{''.join(cell['source'])}"
    status, said = grade(notebook)
    assert set(status.values()) == {"correct"}
    assert f"`{line.splitlines()[0]}` in a cell of the course failed with" in said[0]


@pytest.mark.parametrize("line", NEEDLESS)
def test_a_needless_line_in_an_answer_costs_nothing(grade, line):
    notebook = solved(fit_gd=f"{line}\n{ANSWERS['lab05-fit-gd']}")
    status, said = grade(notebook)
    assert set(status.values()) == {"correct"}
    assert f"`{line.splitlines()[0]}` in the cell of “" in said[0]


def test_a_course_cell_that_lost_its_id_is_known_by_its_lines(grade):
    notebook = solved()
    cell = imports(notebook)
    cell["source"] = f"print(undefined)\n{''.join(cell['source'])}"
    cell.pop("id")
    status, said = grade(notebook)
    assert set(status.values()) == {"correct"} and "`print(undefined)`" in said[0]


def test_a_students_own_cell_ends_where_it_fails(grade):
    notebook = solved()
    k = find(notebook, "lab05-model") + 1
    own = {"cell_type": "code", "source": "1 / 0\ndel model", "metadata": {}, "id": "mine"}
    own |= {"outputs": [], "execution_count": None}
    notebook["cells"].insert(k, own)
    status, said = grade(notebook)
    assert set(status.values()) == {"correct"} and said == []


def test_a_line_that_an_answer_needs_is_missed(grade):
    text = "import a_package_that_is_not_here as other\n" + ANSWERS["lab05-model"].replace(
        "weight *", "other.one *"
    )
    status, _ = grade(solved(model=text))
    assert status["lab05-model"] in ("error", "incorrect")


# Cells of another type ----------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["markdown", "raw"])
@pytest.mark.parametrize("fence", ["{}", "```python\n{}\n```"])
def test_an_answer_in_a_cell_of_another_type_is_read_as_code(grade, kind, fence):
    notebook = solved()
    cell = notebook["cells"][find(notebook, "lab05-model")]
    cell["source"] = fence.format("".join(cell["source"]))
    cell["cell_type"] = kind
    cell.pop("outputs", None), cell.pop("execution_count", None)
    status, said = grade(notebook)
    assert set(status.values()) == {"correct"}
    assert f"was of type {kind.capitalize()}; it was read as code" in said[0]


def test_a_stub_in_a_cell_of_another_type_is_a_stub(assignment):
    notebook = json.loads(BLANK)
    cell = notebook["cells"][find(notebook, "lab05-model")]
    cell["cell_type"] = "markdown"
    marked = assignment.mark(read_notebook(json.dumps(notebook).encode()))
    assert not any(c.was for c in marked)


def test_nobody_answers_a_question(grade):
    grade(solved(model="scale = float(input())\n" + ANSWERS["lab05-model"]))
    assert "`input()` waits for somebody" in grade.verdicts["lab05-model"].feedback
    text = ANSWERS["lab05-fit-gd"].replace("losses = []", "losses = [torch.ones(1).cuda()][:0]")
    grade(solved(fit_gd=text), brief=False)
    assert "There is no GPU" in grade.verdicts["lab05-fit-gd"].feedback


# What is forged -----------------------------------------------------------------------------------

FORGED = """\
import json, os
for fd in range(3, 40):
    try:
        if os.readlink(f"/proc/self/fd/{fd}").startswith("pipe"):
            for line in LINES: os.write(fd, json.dumps(line).encode() + b"\\n")
    except OSError: pass
"""


def test_that_the_time_is_over_cannot_be_forged(grade):
    # Known to the process is which cell it is; its own end is claimed by another line then.
    notebook = solved(model="def model(data, weight, bias):\n    raise ValueError\n")
    k = find(notebook, "lab05-model")
    lines = [
        {"cell": k, "outputs": [], "failed": ["timeout", "stopped after 20 s", 1], "seconds": 20},
        *({"answer": "lab05-model", "rank": 0, "case": n, "value": {"kind": "timeout"}}
          for n in range(9)),
        {"answered": "lab05-model", "rank": 0, "how": "timeout"},
    ]  # fmt: skip
    source = notebook["cells"][k]["source"]
    notebook["cells"][k]["source"] = (
        f"LINES = {lines}\n{FORGED}{''.join(source)}".replace("null", "None") + "\nos._exit(0)\n"
    )
    grade(notebook)
    verdict = grade.verdicts["lab05-model"]
    assert verdict.score == 0 and verdict.status != "timed out"
    assert "time" not in verdict.feedback.lower()


def test_the_end_of_the_time_is_told_where_it_is_true(station, assignment):
    notebook = solved(model="def model(data, weight, bias):\n    while True: pass\n")
    cells = assignment.mark(read_notebook(json.dumps(notebook).encode()))
    evidence = examine(station, assignment, cells, {}, Limits(2.0), brief=True)
    verdicts = {v.practice: v for v in judge_all(assignment, cells, evidence)}
    assert verdicts["lab05-model"].status == "timed out"
