"""A line is a solution marker letter by letter, or it must not look like one."""

from __future__ import annotations

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labtools.markers import AUTHOR_BEGIN, AUTHOR_END, BEGIN, END, read_regions, without


def test_regions_are_what_stands_between_the_markers():
    reading = read_regions(
        f"a = 1\n{BEGIN}\nb = 2\n{END}\nif a:\n    {BEGIN}\n    c = 3\n    d = 4\n    {END}",
        is_code=True,
    )
    assert list(reading.regions) == [
        ("b = 2",),
        ("    c = 3", "    d = 4"),
    ]
    assert reading.faults == ()


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        (f"x = 1\n{END}", "line 2: stray marker"),
        (f"{BEGIN}\nx = 1\n{BEGIN}\ny = 2\n{END}", "line 3: nested marker"),
        (f"{BEGIN}\nx = 1", "unclosed marker"),
        (f"{BEGIN}\n\n{END}", "the region is empty"),
        (f"{AUTHOR_BEGIN}\nx = 1\n{END}", "line 3: stray marker"),
        (f"{BEGIN}\nx = 1\n{AUTHOR_BEGIN}\ny = 2\n{AUTHOR_END}", "line 3: nested marker"),
    ],
)
def test_markers_out_of_order_are_faults(source, reason):
    faults = read_regions(source, is_code=True).faults
    assert any(reason in fault for fault in faults), faults


@pytest.mark.parametrize(
    "line",
    [
        "### BEGN SOLUTION",
        "### BEGIN SOLUTOIN",
        "### BEGINSOLUTION",
        "### BEGIN_SOLUTION",
        "### Begin Solution",
        "### begin solution",
        "## BEGIN SOLUTION",
        "#BEGIN SOLUTION",
        "###BEGIN SOLUTION",
        "#### BEGIN SOLUTION",
        "### BEGIN  SOLUTION",
        "### BEGIN SOLUTION here",
        "x = 1  ### BEGIN SOLUTION",
        "### BEGIN SOLUTIONS",
        "### START SOLUTION",
        "### BEGIN",
        "### SOLUTION BEGIN",
        "###: Solution",
        "### ED SOLUTION",
        "### ENDSOLUTION",
        "### END SOLUTION.",
        "# end solution",
        "### END",
        "### BEGIN HIDDEN TESTS",
        "### begin hidden test",
        "### END HIDEN TESTS",
        "### BEGIN MARK SCHEME",
        "### BEGIN AUTOR",
        "### begin author",
        "### END AUTHORS",
        "# AUTOTEST double(2)",
    ],
)
def test_what_nearly_is_a_marker_is_a_fault(line):
    reading = read_regions(f"{line}\nx = 1", is_code=True)
    assert len(reading.faults) == 1
    assert "line 1" in reading.faults[0]
    assert line in reading.faults[0]


@pytest.mark.parametrize("line", ["### BEGN SOLUTION", "BEGIN SOLUTION", "## End solution"])
def test_misspelt_markers_are_found_in_markdown_too(line):
    assert read_regions(line, is_code=False).faults


@pytest.mark.parametrize(
    "line",
    [
        "## The solution of the normal equations",
        "# begin with the gradient",
        "# the end of the epoch",
        "solution = surface.minimum",
        "begin, end = 0, 10",
        "# 1. predict",
        "x = 1  # the beginning",
    ],
)
def test_ordinary_lines_are_not_suspected(line):
    assert read_regions(line, is_code=True).faults == ()
    assert read_regions(line, is_code=False).faults == ()


def test_the_author_s_regions_are_told_from_solutions_and_taken_out():
    source = f"a = 1\n{AUTHOR_BEGIN}\nassert a == 1\n{AUTHOR_END}\nprint(a)"
    reading = read_regions(source, is_code=True)
    assert list(reading.author) == [("assert a == 1",)]
    assert reading.regions == () == reading.faults
    assert without(source) == "a = 1\nprint(a)"


@given(st.sampled_from([BEGIN, END, AUTHOR_BEGIN, AUTHOR_END]), st.data())
def test_one_slip_of_the_keyboard_is_never_overlooked(marker, data):
    place = data.draw(st.integers(4, len(marker) - 1))
    letter = data.draw(st.sampled_from(string.ascii_letters + " "))
    kind = data.draw(st.sampled_from(["replace", "drop", "double"]))
    slip = {"replace": letter, "drop": "", "double": marker[place] * 2}[kind]
    line = (marker[:place] + slip + marker[place + 1 :]).rstrip()
    reading = read_regions(line, is_code=True)
    if line in (BEGIN, END, AUTHOR_BEGIN, AUTHOR_END):
        return
    assert reading.faults, line
