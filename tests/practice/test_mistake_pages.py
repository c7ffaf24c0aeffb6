"""A known mistake leads to its page on the site, where the course has one."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from labchecks import feedback, pages
from labtools.grading.records import Verdict
from labtools.grading.results.page import _box

HERE = Path(__file__).resolve().parent
DOCS = HERE.parents[1] / "docs" / "mistakes"
#: What no practice asks for, so no judge can see it.
NOT_JUDGED = {"fixed-grid", "loss-tensors-kept", "noise-twice", "panels-one-step-apart"}


@pytest.fixture
def site(tmp_path, monkeypatch):
    (tmp_path / "site.txt").write_text("https://example.org/course/\n")
    monkeypatch.setattr(pages, "ADDRESS", tmp_path / "site.txt")
    return "https://example.org/course"


def test_each_page_is_named_by_a_mistake_or_listed_as_not_judged():
    there = {path.stem for path in DOCS.glob("*.md")} - {"index"}
    assert there == set(pages.PAGES) | NOT_JUDGED
    assert not set(pages.PAGES) & NOT_JUDGED
    names = [name for page in pages.PAGES.values() for name in page]
    assert len(names) == len(set(names))


def test_each_mistake_of_the_table_is_one_that_judges_name():
    golden = json.loads((HERE / "golden.json").read_text("utf-8"))
    given = {verdict[2] for verdicts in golden.values() for verdict in verdicts}
    given = {name for mistake in given for name in re.split(r" or | \+ ", mistake)}
    package = HERE.parents[1] / "labchecks"
    files = [path for kind in ("py", "toml") for path in package.rglob(f"*/*.{kind}")]
    sources = "".join(path.read_text("utf-8") for path in files)
    for page, names in pages.PAGES.items():
        assert given & set(names), f"no program of the banks leads to {page}"
        for name in names:
            assert f'"{name}"' in sources, name


def test_feedback_and_grading_page_lead_to_the_page(site):
    address = f"{site}/mistakes/uphill.html"
    html = feedback.incorrect("Look at it.", "w steps uphill").to_html()
    assert f'href="{address}"' in html and "See this mistake →" in html
    verdict = Verdict("lab01-rate-02", "T", 0.0, 1.0, "incorrect", "No.", mistake="w steps uphill")
    assert f'href="{address}"' in _box(verdict)


@pytest.mark.parametrize("joined", [" or ", " + "])
def test_two_mistakes_lead_to_both_pages(site, joined):
    html = feedback.incorrect("", joined.join(["batch ignored", "stepping uphill"])).to_html()
    assert re.findall(r"mistakes/([a-z-]+)\.html", html) == ["batch-never-sliced", "uphill"]
    assert "See “batch ignored” →" in html and "See “stepping uphill” →" in html
    # Two names with one page are one link.
    html = feedback.incorrect("", joined.join(["w steps uphill", "stepping uphill"])).to_html()
    assert html.count("<a ") == 1


def test_nothing_is_promised_without_a_site_or_a_page(site, tmp_path):
    assert "<a " not in feedback.incorrect("Look.", "steps differ").to_html()
    (tmp_path / "site.txt").unlink()
    assert "<a " not in feedback.incorrect("Look.", "w steps uphill").to_html()
