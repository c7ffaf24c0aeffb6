"""`labs build`: real runs, the same bytes each time, and nothing drifts unseen."""

from __future__ import annotations

import base64
import contextlib
import json
import os
import shutil
import signal
import struct
import subprocess
import sys
import time
from pathlib import Path

import nbformat
import pytest
from sample_lab import NAME, SOURCE, write_course

from labhelpers.figures.vector import data_uri
from labtools.build import build, drift, find_sources, write
from labtools.comparison import first_difference
from labtools.execution import with_joined_streams
from labtools.faults import LabError
from labtools.source import read_source
from labtools.student import derive_student

COURSE = Path(__file__).resolve().parents[2]
#: How a fault names the cell that imports.
OPENING = "cell 2 (# Is the course in this kernel?)"
SOLUTION = f"solutions/{NAME}.ipynb"
STUDENT = f"notebooks/{NAME}.ipynb"


def labs(folder: Path, *words: str, **environment: str) -> subprocess.CompletedProcess:
    """Run `labs` as an instructor does."""
    return subprocess.run(
        [sys.executable, "-m", "labtools.cli", "--root", str(folder), *words],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
        cwd=folder,
        env={**os.environ, **environment},
    )


@pytest.fixture(scope="module")
def built(tmp_path_factory) -> Path:
    """A course of one lab, built once."""
    folder = tmp_path_factory.mktemp("built")
    write_course(folder)
    result = labs(folder, "build", PYTHONHASHSEED="1")
    assert result.returncode == 0, result.stderr
    return folder


@pytest.fixture
def course_copy(built, tmp_path) -> Path:
    """A copy of the built course, to spoil."""
    return Path(shutil.copytree(built, tmp_path / "copy"))


def test_prints_in_a_row_are_joined_and_keep_their_place_beside_a_table():
    def printed(text, name="stdout"):
        return nbformat.v4.new_output("stream", name=name, text=text)

    table = nbformat.v4.new_output("display_data", {"text/html": "<table></table>"})
    outputs = [printed("a"), printed("b"), table, printed("c"), printed("d", "stderr")]
    joined = with_joined_streams(outputs)
    assert joined == [printed("ab"), table, printed("c"), printed("d", "stderr")]


def test_the_solution_is_executed(built):
    notebook = nbformat.read(built / SOLUTION, as_version=4)
    outputs = {cell.id: cell.outputs for cell in notebook.cells if cell.cell_type == "code"}
    assert outputs["lab-1-a-sample-02"][0].text == "3.142\n"
    assert outputs["lab01-double-check"][0].data["text/plain"] == "10.0"
    nbformat.validate(notebook)


def test_the_text_of_a_practice_ends_with_whose_turn_it_is(built):
    for file in (SOLUTION, STUDENT):
        cells = nbformat.read(built / file, as_version=4).cells
        number = next(n for n, cell in enumerate(cells) if cell.id == "lab01-double")
        turns = [n for n, cell in enumerate(cells) if "Your turn" in cell.source]
        assert turns == [number - 1] and cells[number - 1].source.endswith("</div>")


def test_both_notebooks_carry_nbgraders_metadata(built):
    for file in (SOLUTION, STUDENT):
        cells = nbformat.read(built / file, as_version=4).cells
        ids = [c.metadata.nbgrader.grade_id for c in cells if "nbgrader" in c.metadata]
        assert ids == ["lab01-double", "lab01-double-check", "lab01-why"]


def test_another_folder_and_hash_seed_give_the_same_bytes(built, tmp_path):
    write_course(tmp_path)
    assert labs(tmp_path, "build", PYTHONHASHSEED="2").returncode == 0
    for file in (SOLUTION, STUDENT):
        assert (tmp_path / file).read_bytes() == (built / file).read_bytes()


def test_nothing_is_rewritten_that_has_not_changed(course_copy):
    before = {file: (course_copy / file).stat().st_mtime_ns for file in (SOLUTION, STUDENT)}
    result = labs(course_copy, "build")
    assert "1 lab up to date" in result.stderr
    for file, stamp in before.items():
        assert (course_copy / file).stat().st_mtime_ns == stamp


def test_check_passes_on_what_build_wrote(built):
    result = labs(built, "build", "--check")
    assert (result.returncode, "1 lab up to date" in result.stderr) == (0, True), result.stderr


def test_check_names_every_drifted_missing_and_orphaned_file(course_copy):
    edit(course_copy / SOLUTION, "3.142", "3.141")
    (course_copy / STUDENT).unlink()
    shutil.copy(course_copy / SOLUTION, course_copy / "solutions" / "lab09_gone.ipynb")
    before = (course_copy / SOLUTION).read_bytes()
    result = labs(course_copy, "build", "--check")
    assert result.returncode == 1
    assert f"{SOLUTION}: has drifted: {OPENING} differs in its outputs" in result.stderr
    assert f"{STUDENT}: missing" in result.stderr
    assert "solutions/lab09_gone.ipynb: has no source" in result.stderr
    assert (course_copy / SOLUTION).read_bytes() == before, "a check writes nothing"
    assert not (course_copy / STUDENT).exists()


def test_check_names_a_student_notebook_edited_by_hand(course_copy):
    edit(course_copy / STUDENT, "# YOUR CODE HERE", "return 2 * x")
    result = labs(course_copy, "build", "--check")
    assert result.returncode == 1
    assert f"{STUDENT}: has drifted: cell 5 (def double(x):) differs in its source" in result.stderr


def test_check_names_a_source_that_moved_on(course_copy):
    edit(course_copy / f"solutions/{NAME}.py", "What doubling is.", "What doubling was.")
    result = labs(course_copy, "build", "--check")
    assert result.returncode == 1
    assert f"{SOLUTION}: has drifted: cell 1" in result.stderr
    assert f"{STUDENT}: has drifted: cell 1" in result.stderr


# --- the same, seen by the run that compares the outputs (conftest.py) ------------------------


def run_notebook(folder: Path, kind: str = "solutions") -> str:
    """Run one of the sample's notebooks as `make test` runs the course's; return what it says."""
    for name in ("conftest.py", "tests/nbval_sanitize.cfg"):
        (folder / name).parent.mkdir(exist_ok=True)
        shutil.copy(COURSE / name, folder / name)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", kind]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    return done.stdout + done.stderr


@pytest.mark.prove
def test_the_run_of_a_solution_passes_on_what_build_wrote(course_copy):
    assert "5 passed" in run_notebook(course_copy)


DRIFTED = {
    "a picture of another size": (
        SOLUTION,
        "cell 2 (# Is the course in this kernel?) differs in its outputs",
    ),
    "an answer in the student's notebook": (
        STUDENT,
        "cell 5 (def double(x):) differs in its source",
    ),
    "a source that moved on": (SOLUTION, "cell 1 (# Lab 1: a sample) differs in its source"),
}


@pytest.mark.prove
@pytest.mark.parametrize("fault", DRIFTED)
def test_the_run_of_a_solution_names_what_has_drifted(course_copy, fault):
    if "picture" in fault:  # which nbval alone does not look at
        picture = base64.b64decode(png(4, 3)).hex()
        show = f'from IPython.display import Image\ndisplay(Image(bytes.fromhex("{picture}")))\n'
        edit(course_copy / f"solutions/{NAME}.py", "half = 0.5\n", f"half = 0.5\n{show}")
        assert labs(course_copy, "build").returncode == 0
        edit(course_copy / SOLUTION, png(4, 3), png(4, 2))
    elif "answer" in fault:
        edit(course_copy / STUDENT, "# YOUR CODE HERE", "return 2 * x")
    else:
        edit(course_copy / f"solutions/{NAME}.py", "What doubling is.", "What doubling was.")
    text = run_notebook(course_copy)
    file, said = DRIFTED[fault]
    assert "1 failed, 4 passed" in text and f"{file}: has drifted: {said}" in text, text


@pytest.mark.prove
def test_the_run_of_a_solution_that_loses_its_points_fails(course_copy):
    edit(course_copy / f"solutions/{NAME}.py", "10.0 *", "7.0 *")
    for file in (SOLUTION, STUDENT):
        edit(course_copy / file, "10.0 *", "7.0 *")
    edit(course_copy / SOLUTION, '"10.0"', '"7.0"')
    text = run_notebook(course_copy)
    assert "1 failed, 4 passed" in text and "gets 7 points here instead of 10" in text, text


@pytest.mark.prove
def test_the_run_of_an_untouched_lab_names_what_a_student_must_not_meet(course_copy):
    shown = (
        "import sys; print('beware', file=sys.stderr)\n"
        "from IPython.display import HTML\n"
        f'display(HTML(\'<img alt="" src="data:image/png;base64,{png(400, 300)}">\'))\n'
        f'display(HTML(\'<img alt="{"long " * 7}" src="data:image/png;base64,{png(400, 3)}">\'))'
    )
    edit(course_copy / f"solutions/{NAME}.py", "half = 0.5\n", f"half = 0.5\n{shown}\n")
    source = read_source(course_copy / f"solutions/{NAME}.py", course_copy)
    write(course_copy / STUDENT, derive_student(source))
    text = run_notebook(course_copy, "notebooks")
    assert "1 failed, 4 passed" in text, text
    assert "cell 0 writes to stderr: beware" in text
    told = text.partition("short test summary")[0]  # which says it once more where CI is set
    assert told.count("cell 0 has a picture without a text") == 1 and 'alt=""' in told
    assert "a check, does not say “not attempted”" in text


@pytest.mark.parametrize("text", ["", "{", "[]", '{"nbformat": 4}'])
def test_a_derived_file_that_is_no_notebook_has_drifted(tmp_path, text):
    target = tmp_path / "lab.ipynb"
    target.write_text(text)
    assert drift(tmp_path, target.name, with_output()).reason.startswith("is not a notebook")


FAILING = {
    "asserts": (
        "half = 0.5\n",
        "half = 0.5\nassert round(half + 1, 2) == 3 * half + 1\n",
        "raises AssertionError: round(half + 1, 2) == 3 * half + 1; round(half + 1, 2) is 1.5; "
        "3 * half + 1 is 2.5",
    ),
    "asserts a call": (
        "half = 0.5\n",
        "half = 0.5\nassert half > 0.4 and math.isclose(half, 0.6, abs_tol=half / 50)\n",
        "; half is 0.5; half is 0.5; half / 50 is 0.01",
    ),
    "raises": ("half = 0.5\n", "half = 0.5\n1 / 0\n", "raises ZeroDivisionError"),
    "stderr": ("half = 0.5\n", "half = 0.5\nimport warnings; warnings.warn('old')\n", "stderr"),
    "address": ("half = 0.5\n", "half = 0.5\nprint(object())\n", "shows a memory address"),
    "folder": ("half = 0.5\n", "half = 0.5\nimport os; print(os.getcwd())\n", "names a folder"),
    "dies": ("half = 0.5\n", "half = 0.5\nimport os; os._exit(1)\n", "the kernel died"),
    "widget": (
        "half = 0.5\n",
        "half = 0.5\nimport ipywidgets; display(ipywidgets.IntSlider())\n",
        "live widget",
    ),
    "slow": ("half = 0.5\n", "half = 0.5\nimport time; time.sleep(60)\n", "longer than 2 seconds"),
}


@pytest.mark.prove
@pytest.mark.parametrize("fault", FAILING)
def test_a_run_that_fails_writes_nothing_and_names_the_cell(tmp_path, fault):
    old, new, reason = FAILING[fault]
    path = write_course(tmp_path, SOURCE.replace(old, new))
    [outcome] = build(tmp_path, [path], timeout=2 if fault == "slow" else 60)
    [found] = map(str, outcome.faults)
    assert found.startswith(f"solutions/{NAME}.py: {OPENING}: ")
    assert reason in found
    assert not list(tmp_path.rglob("*.ipynb"))


LOST_POINTS = {
    "a wrong solution": ("x / half", "x * half", "gets 0 points here instead of 10"),
    "other points in the practice": ("10.0 *", "7.0 *", "gets 7 points here instead of 10"),
    "a check without a number": ("10.0 * (answer == 4)", "None", "shows no number of points"),
}


@pytest.mark.prove
@pytest.mark.parametrize("fault", LOST_POINTS)
def test_a_solution_that_does_not_get_its_points_stops_the_build(tmp_path, fault):
    old, new, reason = LOST_POINTS[fault]
    path = write_course(tmp_path, SOURCE.replace(old, new))
    [outcome] = build(tmp_path, [path], timeout=60)
    [found] = map(str, outcome.faults)
    assert found.startswith(f"solutions/{NAME}.py: cell 6 (labhelpers.check(")
    assert reason in found
    assert not list(tmp_path.rglob("*.ipynb"))


def test_a_tagged_cell_may_raise_or_write_to_stderr(tmp_path):
    source = SOURCE.replace(
        "# %%\nimport math\n",
        '# %% tags=["raises-exception"]\n1 / 0\n\n'
        '# %% tags=["allow-stderr"]\nimport sys; sys.stderr.write("a note")\n\n'
        "# %%\nimport math\n",
    )
    [outcome] = build(tmp_path, [write_course(tmp_path, source)])
    # The traceback of the first shows no address and no folder, so it may be kept.
    assert not outcome.faults, outcome.faults


def test_one_labs_fault_leaves_the_others_alone(tmp_path):
    write_course(tmp_path, SOURCE.replace("half = 0.5", "1 / 0"))
    write_course(tmp_path, SOURCE.replace("lab01", "lab02"), "lab02_sample")
    result = labs(tmp_path, "build")
    assert result.returncode == 1
    assert [path.stem for path in tmp_path.rglob("*.ipynb")] == ["lab02_sample"] * 2


@pytest.mark.usefixtures("heeds_interrupts")
def test_an_interrupted_build_leaves_the_old_files_whole(course_copy):
    source = course_copy / f"solutions/{NAME}.py"
    source.write_text(SOURCE.replace("half = 0.5\n", "half = 0.5\nimport time; time.sleep(60)\n"))
    before = {path: path.read_bytes() for path in course_copy.rglob("*.ipynb")}
    process = subprocess.Popen(
        [sys.executable, "-m", "labtools.cli", "--root", str(course_copy), "build"],
        stderr=subprocess.PIPE,
        text=True,
    )
    deadline = time.monotonic() + 60
    while not kernels_of(process.pid) and time.monotonic() < deadline:
        time.sleep(0.1)
    time.sleep(2)
    kernels = kernels_of(process.pid)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=120)
    assert process.returncode == 130, errors
    assert "interrupted" in errors and "Traceback" not in errors
    assert {path: path.read_bytes() for path in course_copy.rglob("*.ipynb")} == before
    assert kernels and not any(kernel.is_running() for kernel in kernels)


def kernels_of(pid: int) -> list:
    """Return the kernels that a process has started."""
    import psutil

    kernels = []
    for child in psutil.Process(pid).children(recursive=True):
        with contextlib.suppress(psutil.Error):  # it may have ended by now
            if any("ipykernel" in word for word in child.cmdline()):
                kernels.append(child)
    return kernels


def test_a_write_that_fails_half_way_keeps_the_old_file(tmp_path, monkeypatch):
    target = tmp_path / "lab.ipynb"
    target.write_text("old")

    def fail(*_):
        raise OSError("disk full")

    monkeypatch.setattr("labtools.build.os.replace", fail)
    with pytest.raises(OSError, match="disk full"):
        write(target, nbformat.v4.new_notebook())
    assert target.read_text() == "old"
    assert os.listdir(tmp_path) == ["lab.ipynb"]


def test_a_lab_is_found_by_number_name_and_file(tmp_path):
    first = write_course(tmp_path)
    second = write_course(tmp_path, name="lab02_other")
    for word in ("1", "01", "lab01", "lab01_sample", "solutions/lab01_sample.py"):
        assert find_sources(tmp_path, [word]) == [first], word
    assert find_sources(tmp_path) == [first, second]
    with pytest.raises(LabError, match="lab07: no such lab; the course has lab01_sample"):
        find_sources(tmp_path, ["lab07"])


def test_a_course_without_labs_is_a_fault(tmp_path):
    result = labs(tmp_path, "build", "--check")
    assert result.returncode == 1 and "no lab*.py here" in result.stderr


def test_help_answers_at_once():
    started = os.times()
    result = labs(Path(__file__).parent, "--help")
    assert result.returncode == 0 and "build" in result.stdout
    # Processor time: other tests run beside this one.
    assert os.times().children_user - started.children_user < 2


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


# --- what may differ between machines -------------------------------------------------------


def png(width: int, height: int, body: bytes = b"") -> str:
    head = b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + b"IHDR"
    return base64.b64encode(head + struct.pack(">II", width, height) + body).decode()


def svg(width: int, height: int, body: str = "") -> str:
    head = f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}">'
    return base64.b64encode(f"{head}{body}</svg>".encode()).decode()


def vector(width: int, height: int, body: str = "") -> str:
    """The address of a figure as the course's own ones have it."""
    head = f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}">'
    return data_uri(f"{head}{body}</svg>")


def with_output(**data: str) -> nbformat.NotebookNode:
    data = {key.replace("_", "/"): value for key, value in data.items()}
    output = nbformat.v4.new_output("display_data", data=data)
    cell = nbformat.v4.new_code_cell("draw()", outputs=[output], id="draw")
    return nbformat.v4.new_notebook(cells=[cell])


@pytest.mark.parametrize(
    ("old", "new", "same"),
    [
        ({"image_png": png(4, 3, b"a")}, {"image_png": png(4, 3, b"b")}, True),
        ({"image_png": png(4, 3)}, {"image_png": png(4, 2)}, False),
        ({"image_png": png(4, 3)}, {"image_png": "bm90IGEgcGljdHVyZQ=="}, False),
        ({"image_png": png(4, 3)}, {"text_plain": "a picture"}, False),
        (
            {"text_html": f'<img src="data:image/png;base64,{png(4, 3, b"a")}" alt="a">'},
            {"text_html": f'<img src="data:image/png;base64,{png(4, 3, b"b")}" alt="a">'},
            True,
        ),
        (
            {"text_html": f'<img src="data:image/png;base64,{png(4, 3)}" alt="a">'},
            {"text_html": f'<img src="data:image/png;base64,{png(4, 3)}" alt="b">'},
            False,
        ),
        (
            {"text_html": f'<img src="data:image/png;base64,{png(4, 3)}">'},
            {"text_html": f'<img src="data:image/png;base64,{png(5, 3)}">'},
            False,
        ),
        (
            {"text_html": f'<img src="data:image/svg+xml;base64,{svg(4, 3, "<path/>")}">'},
            {"text_html": f'<img src="data:image/svg+xml;base64,{svg(4, 3, "<g/>")}">'},
            True,
        ),
        (
            {"text_html": f'<img src="{vector(4, 3, "<path/>")}">'},
            {"text_html": f'<img src="{vector(4, 3, "<g/>")}">'},
            True,
        ),
        (
            {"text_html": f'<img src="{vector(40, 3)}">'},
            {"text_html": f'<img src="{vector(4, 3)}">'},
            False,
        ),
        (
            {"text_html": f'<img src="data:image/svg+xml;base64,{svg(40, 3)}">'},
            {"text_html": f'<img src="data:image/svg+xml;base64,{svg(4, 3)}">'},
            False,
        ),
        ({"text_plain": "0.33333334"}, {"text_plain": "0.33333331"}, True),
        ({"text_plain": "0.33333334"}, {"text_plain": "0.33433334"}, False),
        ({"text_plain": "0.3333"}, {"text_plain": "0.3334"}, False),
        ({"text_plain": "loss 0.33333334"}, {"text_plain": "Loss 0.33333334"}, False),
    ],
)
def test_pictures_are_compared_by_size_and_long_numbers_by_value(old, new, same):
    difference = first_difference(with_output(**old), with_output(**new))
    assert (difference is None) is same, difference


def test_code_is_compared_to_the_letter():
    one, two = with_output(), with_output()
    one.cells[0].source, two.cells[0].source = "x = 0.33333334", "x = 0.33333331"
    assert "cell 1 (x = 0.33333331) differs in its source" in first_difference(one, two)


def test_a_cell_more_or_less_is_a_difference():
    one, two = with_output(), with_output()
    two.cells.append(nbformat.v4.new_markdown_cell("More.", id="more"))
    assert first_difference(one, two) == "it has 1 cells instead of 2"
    assert json.loads(nbformat.writes(two))["cells"][1]["id"] == "more"
