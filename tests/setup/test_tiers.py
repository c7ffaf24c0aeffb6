"""Every test is in a tier: `make prove` goes on where `make test` ends, `make quick` is a part."""

from __future__ import annotations

import itertools
import shutil
import subprocess
import sys

import pytest

from tests import conftest, run_all

MARKED = """
import pytest

def test_without_a_mark():
    pass

@pytest.mark.quick
def test_quick():
    pass

@pytest.mark.prove
def test_prove():
    pass
"""


def chosen(folder, tier: str) -> set[str]:
    """Names of the tests that pytest chooses for a tier."""
    marks, _ = run_all.TIERS[tier]
    command = [sys.executable, "-m", "pytest", "--collect-only", "-q", "-m", marks]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True)
    return {line.partition("::")[2] for line in done.stdout.splitlines() if "::" in line}


@pytest.mark.prove
def test_test_and_prove_share_nothing_and_quick_is_a_part_of_test(course, tmp_path):
    shutil.copy(course / "pyproject.toml", tmp_path)
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests" / "test_marked.py").write_text(MARKED)
    quick, test, prove = (chosen(tmp_path, tier) for tier in ("quick", "test", "prove"))
    assert quick == {"test_quick"}
    assert test == {"test_quick", "test_without_a_mark"}
    assert prove == {"test_prove"}


def test_notebooks_are_in_the_tier_that_runs_them(course):
    """They have no marks of their own, so each tier looks into the folder of those it is to run."""
    folders = [*run_all.TIERS["test"][1], *conftest.PROVE]
    settings = (course / "pyproject.toml").read_text(encoding="utf-8")
    assert f"testpaths = {folders}".replace("'", '"') in settings
    assert set(conftest.PROVE) <= set(run_all.TIERS["prove"][1])


@pytest.mark.quick
def test_what_is_listed_is_there(course):
    listed = [*conftest.QUICK, *conftest.FIRST, *itertools.chain(*conftest.TOGETHER)]
    assert [place for place in listed if not (course / place).exists()] == []


class Item:
    """As much of a test as the choice of its tier needs."""

    def __init__(self, nodeid: str, *marks: str):
        self.nodeid, self.marks = nodeid, list(marks)

    def get_closest_marker(self, name: str) -> bool:
        return name in self.marks

    def add_marker(self, name: str) -> None:
        self.marks.append(name)


@pytest.mark.quick
def test_what_is_quick_comes_last_and_what_proves_is_not_quick():
    place = conftest.QUICK[0]
    items = [
        Item(f"{place}::test_a"),
        Item(f"{place}::test_b", "prove"),
        Item(f"{place}x::test_c"),
        Item(f"{conftest.FIRST[0]}::test_d"),
        Item(f"{conftest.PROVE[0]}/lab.ipynb::e"),
    ]
    conftest.pytest_collection_modifyitems(items)
    assert [item.nodeid[-1] for item in items] == ["d", "b", "c", "e", "a"]
    assert [item.marks for item in items] == [[], ["prove"], [], ["prove"], ["quick"]]


@pytest.mark.quick
def test_a_test_in_two_tiers_is_refused():
    with pytest.raises(pytest.UsageError, match="test_a is marked quick and prove"):
        conftest.pytest_collection_modifyitems([Item("tests/x.py::test_a", "quick", "prove")])
