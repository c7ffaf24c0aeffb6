"""The class report: what it counts, whom it names, and what it keeps to itself on a projector."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from labtools.grading.records import Verdict
from labtools.grading.results.report import Report

STEM = "lab03_mini_batch"
TWENTY, PLOT = (
    ("lab03-batch-20", "Train with batches of 20", 15),
    ("lab03-compare-plot", "Compare", 5),
)


def entry(student: str, *rows, late: bool = False, note: str = "") -> dict:
    """A journal's entry: for each practice a score, a status and a mistake."""
    verdicts = [
        Verdict(id_, title, score, float(most), status, "…", mistake=mistake)
        for (id_, title, most), (score, status, mistake) in zip((TWENTY, PLOT), rows, strict=True)
    ]
    return {"student": student, "verdicts": verdicts, "late": late, "note": note}


RIGHT, ZEROED, SUM = (
    ((15.0, "correct", ""), (5.0, "correct", "")),
    ((0.0, "incorrect", "gradients never zeroed"), (5.0, "correct", "")),
    ((7.5, "partial", "sum instead of mean"), (0.0, "not attempted", "")),
)


@pytest.fixture
def entries() -> list[dict]:
    """Ten students: four are right, three never zero, two add up, one handed in nothing."""
    nothing = ((0.0, "missing", ""), (0.0, "missing", ""))
    return [
        *(entry(f"right{k}", *RIGHT) for k in range(4)),
        *(entry(f"<zero{k}>", *ZEROED, late=k == 0) for k in range(3)),
        *(entry(f"sum{k}", *SUM, note="file.txt was read" if k else "") for k in range(2)),
        entry("gone", *nothing),
    ]


def made(tmp_path: Path, entries: list[dict], **options) -> str:
    report = Report()
    for _, of_lab in report.watched([(STEM, iter(entries))]):
        assert list(of_lab) == entries
    return report.write(tmp_path, **options).read_text(encoding="utf-8")


def text(html: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html.partition("<body>")[2]))


def test_the_report_says_how_the_class_did(tmp_path, entries):
    said = text(made(tmp_path, entries))
    assert "Lab 3: mini batch" in said
    assert "9 of 10 handed in; 1 late" in said
    # Of 20 points: four have 20, three 5, two 7.5.
    assert "half of them have 38 % of the points or more (mean 61 %)" in said
    assert "90–100 % 4" in said and "20–30 % 3" in said and "30–40 % 2" in said
    assert "Train with batches of 20 44 %" in said and "Compare 78 %" in said


def test_it_names_the_commonest_mistakes_and_who_made_them(tmp_path, entries):
    html = made(tmp_path, entries)
    said = text(html)
    first, second = said.index("gradients never zeroed"), said.index("sum instead of mean")
    assert first < second
    assert "Train with batches of 20 3 &lt;zero0&gt; , &lt;zero1&gt; , &lt;zero2&gt;" in said
    assert "<zero0>" not in html and 'href="pages/lab03_mini_batch/_zero0_-' in html
    assert "Handed in nothing (1): gone" in said and "Late (1): &lt;zero0&gt;" in said
    assert "With a note in summary.csv (1): sum1" in said


def test_on_a_projector_nobody_is_named_and_no_small_group_shown(tmp_path, entries):
    html = made(tmp_path, entries, anonymous=True)
    for one in entries:
        assert one["student"].strip("<>") not in html
    assert "gradients never zeroed" in html and "sum instead of mean" not in html
    assert "href" not in html


def test_points_by_hand_that_wait_are_said(tmp_path):
    waiting = entry("ada", (15.0, "correct", ""), (None, "needs manual grading", ""))
    said = text(made(tmp_path, [waiting]))
    assert "1 wait for points by hand, counted as 0 here" in said


def test_the_page_runs_nothing_and_asks_for_nothing(tmp_path, entries):
    html = made(tmp_path, entries)
    assert "default-src 'none'" in html and "<script" not in html and "src=" not in html
