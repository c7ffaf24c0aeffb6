"""What README.md says of the labs is what the labs say."""

import re

import pytest

ROW = re.compile(
    r"^\| \[[^\]]+\]\(notebooks/(?P<name>lab\d\d_\w+)\.ipynb\) \|.*\| (?P<minutes>\d+) \|$"
)
SECTION = re.compile(r"^# \| \d+\. .* \| (\d+) \|$", re.MULTILINE)


@pytest.fixture(scope="module")
def rows(course):
    lines = (course / "README.md").read_text(encoding="utf-8").splitlines()
    return {m["name"]: int(m["minutes"]) for line in lines if (m := ROW.match(line))}


def test_every_lab_is_listed_in_order(rows, course):
    assert list(rows) == sorted(path.stem for path in (course / "solutions").glob("lab*.py"))


def test_minutes_are_the_sum_of_the_sections(rows, course):
    for name, minutes in rows.items():
        source = (course / "solutions" / f"{name}.py").read_text(encoding="utf-8")
        assert sum(map(int, SECTION.findall(source))) == minutes <= 145, name


def test_links_lead_somewhere(course):
    text = (course / "README.md").read_text(encoding="utf-8")
    for target in re.findall(r"\]\((?!https?:)([^)#]+)", text):
        assert (course / target).exists(), target
