"""Each fault of a source stops the build, named with file, cell and reason."""

from __future__ import annotations

import pytest
from sample_lab import SOURCE, write_course

from labtools.faults import LabError
from labtools.source import headings, read_source
from labtools.student import derive_student


def faults_of(folder, source, name="lab01_sample"):
    path = write_course(folder, source, name)
    with pytest.raises(LabError) as caught:
        derive_student(read_source(path, folder))
    return [str(fault) for fault in caught.value.faults]


def test_the_sample_is_right(tmp_path):
    source = read_source(write_course(tmp_path), tmp_path)
    assert source.name == "lab01_sample"
    assert [cell.id for cell in source.notebook.cells] == [
        "lab-1-a-sample-01",
        "lab-1-a-sample-02",
        "lab-1-a-sample-03",
        "practice-01",
        "lab01-double",
        "lab01-double-check",
        "lab01-why",
    ]


BEGIN = "    ### BEGIN SOLUTION\n"
END = "    ### END SOLUTION\n"
CHECK = '# %% check="lab01-double" points=10\nlabhelpers.check("lab01-double")\n'
PRACTICE = '# %% practice="lab01-double"\n'

HEADER = "# ---\n# jupyter:\n#   kernelspec:\n#     name: python3\n# ---\n\n"

PLANTED = {
    # name: (text to replace, what to put there, number of the cell, part of the reason)
    "stray end": ("import math\n", "import math\n### END SOLUTION\n", 2, "stray marker"),
    "stray region": (
        "import math\n",
        "### BEGIN SOLUTION\nimport math\n### END SOLUTION\n",
        2,
        "stray marker",
    ),
    "author's region in a practice": (
        PRACTICE,
        PRACTICE + "### BEGIN AUTHOR\nassert half == 0.5\n### END AUTHOR\n",
        5,
        "stray marker",
    ),
    "cell of the author alone": (
        "import math\n",
        "import math\n\n# %%\n### BEGIN AUTHOR\nassert math.pi > 3\n### END AUTHOR\n\n# %%\n",
        3,
        "nothing but the author's region",
    ),
    "author's line shown": (
        "import math\n",
        "import math\nassert math.pi > 3\n### BEGIN AUTHOR\nassert math.pi > 3\n### END AUTHOR\n",
        2,
        "is still shown here",
    ),
    "heading after an answer": (
        "# What doubling is.\n",
        "# <details><summary>Answer</summary>\n#\n# Twice.\n# </details>\n#\n# ## Next\n",
        1,
        "begin a new cell",
    ),
    "nested": (BEGIN, BEGIN + BEGIN, 5, "nested marker"),
    "unclosed": (END, "", 5, "unclosed marker"),
    "misspelt": (BEGIN, "    ### BEGN SOLUTION\n", 5, "misspelt marker '### BEGN SOLUTION'"),
    "two hashes": (BEGIN, "    ## BEGIN SOLUTION\n", 5, "misspelt marker"),
    "lower case": (BEGIN, "    ### begin solution\n", 5, "misspelt marker"),
    "hidden tests": (
        'labhelpers.check("lab01-double")',
        '### BEGIN HIDDEN TESTS\nlabhelpers.check("lab01-double")',
        6,
        "does not use",
    ),
    "practice without region": (
        "    ### BEGIN SOLUTION\n    twofold = x / half\n    return twofold\n"
        "    ### END SOLUTION\n",
        "    return 2 * x\n",
        5,
        "needs a solution region",
    ),
    "no check": (CHECK, "", 5, "needs its check cell right after it"),
    "check not at once": (
        CHECK,
        "# %% [markdown]\n# A remark.\n\n" + CHECK,
        5,
        "needs its check cell right after it",
    ),
    "check of another": (
        'check="lab01-double" points',
        'check="lab01-triple" points',
        5,
        "needs its check cell right after it",
    ),
    "check without practice": (PRACTICE, "# %%\n", 6, "needs its practice cell"),
    "call of another": (
        'labhelpers.check("lab01-double")',
        'labhelpers.check("lab01-triple")',
        6,
        "calls check('lab01-triple')",
    ),
    "no call": ('labhelpers.check("lab01-double")', "double(2)", 6, "ends in labhelpers.check"),
    "duplicate id": ('answer="lab01-why"', 'answer="lab01-double"', 7, "duplicate id"),
    "unknown mark": (PRACTICE, '# %% practise="lab01-double"\n', 5, "did you mean 'practice'?"),
    "unreadable mark": (PRACTICE, "# %% practice=lab01-double\n", 5, "cannot be read"),
    "unknown tag": ("# %%\nimport", '# %% tags=["tought"]\nimport', 2, "unknown tag 'tought'"),
    "foreign id": ('"lab01-double"', '"lab02-double"', 5, "must begin with its lab's number"),
    "odd id": ('"lab01-double"', '"Lab01 double"', 5, "an id looks like"),
    "id of a check": ('"lab01-double"', '"lab01-check"', 5, "must not end in -check"),
    "no points": (
        'check="lab01-double" points=10',
        'check="lab01-double"',
        6,
        "has no points",
    ),
    "negative points": ("points=10", "points=-10", 6, "a number above 0, got -10"),
    "zero points": ("points=5", "points=0", 7, "a number above 0, got 0"),
    "points in words": ("points=10", 'points="ten"', 6, "a number above 0, got 'ten'"),
    "points on a practice": (
        PRACTICE,
        '# %% practice="lab01-double" points=10\n',
        5,
        "points belong to the check cell",
    ),
    "two marks": (PRACTICE, '# %% practice="lab01-double" answer="lab01-x"\n', 5, "has one mark"),
    "practice in text": (
        '# %% [markdown] answer="lab01-why" points=5',
        '# %% [markdown] practice="lab01-why"',
        7,
        "practice marks a code cell",
    ),
    "second title": ("# ## Practice", "# # Practice", 4, "a second title 'Practice'"),
    "late title": ("# # Lab 1: a sample", "# Lab 1", None, "no title"),
    "header": ("# %% [markdown]\n# # Lab 1", HEADER + "# %% [markdown]\n# # Lab 1", None, "header"),
    "survivor in code": (
        "half = 0.5\n",
        "half = 0.5\ntwofold =  x/half\n",
        2,
        "the solution line 'twofold = x / half' of cell 5 is still shown",
    ),
    "survivor in a hint": (
        "# Write `double`.",
        "# <details><summary>Hint</summary>\n#\n# `twofold = x / half`\n# </details>",
        4,
        "the solution line 'twofold = x / half' of cell 5 is still shown",
    ),
    "survivor beside the region": (
        END,
        END + "    twofold = x / half\n",
        5,
        "still shown",
    ),
    "survivor of an answer": (
        "# What doubling is.",
        "# Because two halves make one whole.",
        1,
        "still shown",
    ),
    "stub that is no Python": (
        '    """Return twice x."""\n',
        "",
        5,
        "what the student gets is not valid Python",
    ),
}


@pytest.mark.parametrize("fault", PLANTED)
def test_a_planted_fault_is_named(tmp_path, fault):
    old, new, cell, reason = PLANTED[fault]
    assert old in SOURCE
    faults = faults_of(tmp_path, SOURCE.replace(old, new))
    place = "solutions/lab01_sample.py: " + (f"cell {cell} (" if cell else "")
    assert any(text.startswith(place) and reason in text for text in faults), faults


def test_a_lab_without_any_solution_region_is_a_fault(tmp_path):
    plain = "# %% [markdown]\n# # A title\n\n# %%\nx = 1\n"
    assert faults_of(tmp_path, plain) == [
        "solutions/lab01_sample.py: no solution region: a lab has at least one practice"
    ]


def test_a_source_is_named_for_its_number(tmp_path):
    assert "labNN_what_it_is_about.py" in faults_of(tmp_path, SOURCE, "lab1_sample")[0]


def test_all_faults_are_named_at_once(tmp_path):
    broken = SOURCE.replace("points=10", "points=-1").replace(BEGIN, "").replace("lab01-why", "Why")
    assert len(faults_of(tmp_path, broken)) >= 3


def test_lines_that_a_cell_shows_on_purpose_are_allowed_by_its_tag(tmp_path):
    shown = SOURCE.replace(
        "# %%\nimport math\n", '# %% tags=["taught"]\nimport math\n\n# twofold = x / half\n'
    )
    derive_student(read_source(write_course(tmp_path, shown), tmp_path))


def test_idioms_and_trivial_lines_may_stand_in_both(tmp_path):
    common = "loss.backward()\nelse:\nreturn total\n)\n"
    region = "".join(f"    # {line}\n" for line in ["short remark"]) + "".join(
        f"    {line}\n" for line in ["try:", "    pass", "finally:", "    x = x"]
    )
    source = SOURCE.replace(BEGIN, BEGIN + region).replace(
        "# Write `double`.", "# " + common.replace("\n", "\n# ")
    )
    derive_student(read_source(write_course(tmp_path, source), tmp_path))


def test_a_heading_in_a_code_block_is_none():
    assert headings("# One\n```\n# a comment\n```\n## Two ##\ntext") == [(1, "One"), (2, "Two")]


def test_the_student_notebook_has_stubs_and_nbgrader_metadata(tmp_path):
    notebook = derive_student(read_source(write_course(tmp_path), tmp_path))
    cells = {cell.id: cell for cell in notebook.cells}
    practice, check = cells["lab01-double"], cells["lab01-double-check"]
    assert practice.source == 'def double(x):\n    """Return twice x."""\n    # YOUR CODE HERE'
    assert (
        practice.metadata.nbgrader.items()
        >= {
            "grade": False,
            "solution": True,
            "locked": False,
            "grade_id": "lab01-double",
            "schema_version": 3,
        }.items()
    )
    assert (
        check.metadata.nbgrader.items()
        >= {
            "grade": True,
            "solution": False,
            "locked": True,
            "points": 10,
            "grade_id": "lab01-double-check",
            "schema_version": 3,
        }.items()
    )
    assert check.metadata.editable is False and check.metadata.deletable is False
    assert "two halves" not in cells["lab01-why"].source
    assert cells["lab01-why"].metadata.nbgrader.grade is True
    assert not any(cell.get("outputs") for cell in notebook.cells)


def test_the_author_s_assertions_are_left_out_of_the_student_notebook(tmp_path):
    planted = SOURCE.replace(
        "half = 0.5\n", "half = 0.5\n### BEGIN AUTHOR\nassert half == 0.5\n### END AUTHOR\n"
    )
    source = read_source(write_course(tmp_path, planted), tmp_path)
    student = derive_student(source)
    assert "assert half == 0.5" in source.notebook.cells[1].source
    assert (
        student.cells[1].source
        == derive_student(read_source(write_course(tmp_path), tmp_path)).cells[1].source
    )
    assert not any("AUTHOR" in cell.source for cell in student.cells)
