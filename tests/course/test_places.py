"""Where a page says that something stands in a lab, it does.

After a link to a lab, what is set in *italics* is a heading of that lab. Numbers of sections and
practices are not used: they change when something is added.
"""

import re

import pytest

LINK = re.compile(r"\]\((?:\.\./)+notebooks/(lab\d\d)_\w+\.ipynb\)")
ITALICS = re.compile(r"(?<![*\w])\*(?!\*)([^*|]+)\*(?!\*)")
WELL_KNOWN = "docs/well-known-labs.md"
HEADING = re.compile(r"^# #{2,4} (.*)$", re.MULTILINE)


def places_in(text: str) -> list[tuple[str, str]]:
    """Each heading that a text names, with the lab."""
    found = []
    links = list(LINK.finditer(text))
    for link, following in zip(links, [*(one.start() for one in links[1:]), len(text)]):
        # A place ends with its cell of a table or its paragraph.
        part = re.split(r"\||\n\n", text[link.end() : following])[0]
        found += [(link[1], " ".join(name.split())) for name in ITALICS.findall(part)]
    return found


def pages_with_places(course):
    pages = sorted((course / "docs/mistakes").glob("*.md"))
    return [course / WELL_KNOWN, *(page for page in pages if page.name != "index.md")]


@pytest.fixture(scope="module")
def headings(course):
    return {
        path.name[:5]: HEADING.findall(path.read_text(encoding="utf-8"))
        for path in (course / "solutions").glob("lab*.py")
    }


def test_italics_after_a_link_are_read():
    text = "See [Lab 1](../notebooks/lab01_x.ipynb), *A* and\n*B\nC*, **no**. | *no*\n\n*no*"
    assert places_in(text) == [("lab01", "A"), ("lab01", "B C")]


def test_every_place_that_a_page_names_is_there(course, headings):
    missing, seen = [], 0
    for page in pages_with_places(course):
        places = places_in(page.read_text(encoding="utf-8"))
        assert places, f"{page.name} names no place in a lab"
        seen += len(places)
        missing += [
            f"{page.name}: {lab} has no heading '{name}'"
            for lab, name in places
            if not any(name in heading for heading in headings[lab])
        ]
    assert not missing and seen > 25, "\n".join(missing)


def test_each_well_known_experiment_has_its_place(course, headings):
    text = (course / WELL_KNOWN).read_text(encoding="utf-8")
    rows = re.findall(r"^\| (?!in the well-known|---)(.*?) \| (.*) \|$", text, re.MULTILINE)
    assert len(rows) > 25
    for experiment, place in rows:
        linked = places_in(place)
        assert linked or place == "Lab 6" and "lab06" not in headings, (
            f"{WELL_KNOWN}: name the place in a lab of '{experiment}'"
        )
