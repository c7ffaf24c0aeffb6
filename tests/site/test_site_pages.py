"""What a built site holds, and what it must not hold."""

from __future__ import annotations

import html
import json
import re
from urllib.parse import unquote, urldefrag

import nbformat
import pytest

from labchecks import lab_names
from labhelpers.figures.style import WRONG
from labtools.build import find_sources
from labtools.site.disclosure import disclosed_lines
from labtools.source import read_source

pytestmark = pytest.mark.prove

SECONDS = 60
MISTAKES = 20


@pytest.fixture(scope="module")
def sources(course):
    return [read_source(path, course) for path in find_sources(course)]


def text_of(path):
    return html.unescape(re.sub(r"<[^>]*>", "", path.read_text(encoding="utf-8")))


def test_a_fresh_build_takes_less_than_a_minute(build):
    assert build[1] < SECONDS


def test_every_lab_has_its_page_its_figures_and_its_download(site, course, sources):
    assert len(sources) >= len(lab_names())
    for source in sources:
        page = (site / "labs" / f"{source.name}.html").read_text(encoding="utf-8")
        assert page.count("<img") >= 1, source.name
        assert f'href="../downloads/{source.name}.ipynb"' in page
        given = nbformat.read(course / "notebooks" / f"{source.name}.ipynb", as_version=4)
        handed = nbformat.read(site / "downloads" / f"{source.name}.ipynb", as_version=4)
        assert [cell.source for cell in handed.cells] == [cell.source for cell in given.cells]
        assert not any(cell.get("outputs") for cell in handed.cells)


def test_the_landing_page_names_each_lab_with_its_minutes_in_order(site, course, sources):
    text = text_of(site / "index.html")
    readme = (course / "README.md").read_text(encoding="utf-8")
    minutes = dict(re.findall(r"\(notebooks/(\w+)\.ipynb\).*\| (\d+) \|$", readme, re.MULTILINE))
    assert set(minutes) == {source.name for source in sources}
    shown = re.findall(r"(\d+) minutes", text)
    assert shown == [minutes[source.name] for source in sources]


def test_the_guides_the_reference_and_the_mistakes_are_there(site, pages):
    assert {"instructors.html", "contributing.html", "explorer.html", "search.html"} <= set(pages)
    reference = "".join(text_of(path) for path in (site / "api").glob("*.html"))
    import labhelpers

    for name in labhelpers.__all__:
        assert re.search(rf"\b{name}\b", reference), f"the reference says nothing of {name}"
    mistakes = [page for page in pages if page.startswith("mistakes/") and "index" not in page]
    assert len(mistakes) >= MISTAKES
    for page in mistakes:
        text = text_of(site / page)
        for heading in ("What it looks like", "How the numbers show it", "How to fix it"):
            assert heading in text, f"{page} lacks '{heading}'"
        assert "../labs/lab" in (site / page).read_text(encoding="utf-8"), f"{page} names no lab"


def test_each_mistake_has_a_small_picture_and_draws_the_wrong_run_in_its_colour(site):
    index = (site / "mistakes/index.html").read_text(encoding="utf-8")
    for path in sorted((site / "mistakes").glob("*.html")):
        if path.stem == "index":
            continue
        [picture] = re.findall(rf'src="\.\./(_images/{path.stem}\.\w+)"', index)
        drawn = (site / picture).read_text(encoding="utf-8")
        assert WRONG in drawn and "<text" not in drawn, path.stem
    figures = (site / "api/figures.html").read_text(encoding="utf-8")
    assert len(re.findall(r'<img alt="" class="sd-card-img-top"', figures)) == 10


def test_no_solution_line_is_on_the_site(site, sources):
    assert disclosed_lines(site, sources) == []


def test_no_page_shows_what_a_solution_prints_or_a_check_says(site, course):
    """The outputs of practice and check cells are in no page of a lab, word for word."""
    for path in sorted((course / "solutions").glob("*.ipynb")):
        page = " ".join(text_of(site / "labs" / f"{path.stem}.html").split())
        for cell in nbformat.read(path, as_version=4).cells:
            if "nbgrader" not in cell.metadata or cell.cell_type != "code":
                continue
            for output in cell.outputs:
                text = output.get("text") or output.get("data", {}).get("text/plain", "")
                shown = " ".join(text.split())
                if len(shown) > 20 and not shown.startswith("<Figure"):
                    assert shown not in page, f"{path.stem} shows the output of {cell.id}: {shown}"


def test_every_link_inside_the_site_leads_somewhere(site, pages):
    anchors = {
        page: set(re.findall(r'\b(?:id|name)="([^"]+)"', (site / page).read_text(encoding="utf-8")))
        for page in pages
    }
    broken, followed = [], 0
    for page in pages:
        source = re.sub(r"<script\b.*?</script>", "", (site / page).read_text(), flags=re.DOTALL)
        for link in re.findall(r'\b(?:href|src)="([^"]*)"', source):
            link = html.unescape(link)
            if re.match(r"[a-z][a-z0-9+.-]*:|//", link):
                continue
            path, fragment = urldefrag(link)
            target = ((site / page).parent / unquote(path.split("?")[0])).resolve()
            target = target if path else site / page
            followed += 1
            if not target.is_file():
                broken.append(f"{page} -> {link}")
                continue
            name = target.relative_to(site.resolve()).as_posix() if path else page
            if fragment and name in anchors and unquote(fragment) not in anchors[name]:
                broken.append(f"{page} -> {link}")
    assert not broken and followed > 20 * len(pages)


def test_no_address_of_another_host_is_loaded_by_any_page(site, pages):
    """The source says it too: nothing that a browser fetches by itself names another host."""
    fetched = re.compile(
        r"<(?:script|img|iframe|source|link)\b[^>]*\b(?:src|href)=\"(?:https?:)?//[^\"]*\""
    )
    for page in pages:
        found = [
            tag
            for tag in fetched.findall((site / page).read_text(encoding="utf-8"))
            if 'rel="canonical"' not in tag
        ]
        assert not found, f"{page}: {found[0]}"
    for sheet in (site / "_static").rglob("*.css"):
        assert not re.search(r"(@import|url\()\s*[\"']?(https?:)?//", sheet.read_text()), sheet.name


def test_the_search_index_knows_words_of_the_labs(site):
    text = (site / "searchindex.js").read_text(encoding="utf-8")
    index = json.loads(text[text.index("(") + 1 : text.rindex(")")])
    for word in ("momentum", "contour", "shuffl"):
        assert word in index["terms"], word
