"""What a submission shows costs bounded time, acts on nobody, and passes for nothing else."""

from __future__ import annotations

import re
import threading

import pytest

from labtools.grading.judging.assignment import MarkedCell
from labtools.grading.judging.examination import Evidence
from labtools.grading.judging.time_limit import Budget, TooLong
from labtools.grading.records import Verdict
from labtools.grading.results import cleaning, page
from labtools.grading.results.autograded import as_autograded, not_run_notebook
from labtools.grading.results.cleaning import (
    clean,
    inert,
    is_dear,
    is_harmless,
    new_budget,
    safe_output,
)

OBJECT = "<IPython.core.display.HTML object>"
TABLE = (
    '<table class="dataframe"><thead><tr style="text-align: right;"><th></th><th>loss</th></tr>'
    "</thead><tbody><tr><th>0</th><td>1.5</td></tr></tbody></table>"
)
#: As the cleaner writes it.
CLEANED = TABLE.replace("text-align: right;", "text-align:right")
#: What is open is opened again in every paragraph, and what seems to close it is an attribute's.
REOPENED = "".join(f"<p><b title={k}></p><i title='</b></i>'></i>" for k in range(1_400))
DEAR = [
    REOPENED,
    "<b><i><a>" * 22_000,
    "<div>" * 4_000,
    "<table><b>" * 2_000,
    "<" * 100_000,
    "</p>" * 30_000,
]


@pytest.fixture(scope="module", autouse=True)
def ready():
    page.get_ready()


def shown(text: str | None = OBJECT, **data: str) -> dict:
    data = {"text/plain": text, **{f"text/{kind}": value for kind, value in data.items()}}
    data = {mime: value for mime, value in data.items() if value is not None}
    return {"output_type": "display_data", "data": data, "metadata": {}}


def run(*cells: tuple[str, str], outputs: list | None = None):
    marked = [MarkedCell(kind, text, None, None, None, True, False) for kind, text in cells]
    evidence = Evidence(outputs={0: outputs} if outputs else {})
    return marked, page.run_notebook(marked, evidence)


def page_with(assignment, *outputs: dict, budget: Budget | None = None) -> str:
    _, ran = run(("code", "show()"), outputs=list(outputs))
    return page.make_page(assignment, "ada", [], ran, budget=budget).split("<main>")[1]


def autograded(assignment, *cells: tuple[str, str], outputs: list | None = None):
    marked, ran = run(*cells, outputs=outputs)
    return as_autograded(assignment, marked, ran, []).cells[: len(cells)]


def rendered(cells) -> str:
    """As formgrader shows them: its template uses these filters, and cleans nothing."""
    import nbformat
    from nbconvert import HTMLExporter

    notebook = nbformat.v4.new_notebook(cells=[nbformat.from_dict(dict(c)) for c in cells])
    nbformat.validate(notebook)
    return HTMLExporter(template_name="basic").from_notebook_node(notebook)[0]


# Time --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("html", DEAR, ids=range(len(DEAR)))
def test_html_that_keeps_a_parser_busy_never_comes_to_one(assignment, monkeypatch, html):
    cleaned = []
    monkeypatch.setattr(cleaning, "_cleaner", lambda: cleaned.append(html))
    made = page_with(assignment, *[shown(html=f"{html}{k}") for k in range(19)])
    assert not cleaned
    assert made.count("too long or too involved") == 19
    # How it is written is shown, and cut: each output is told apart by nothing but that.
    assert made.count("The rest of it is not shown") == 19 and len(made) < 300_000


def test_a_text_is_shown_where_html_is_too_long(assignment):
    made = page_with(assignment, shown("12000 rows", html="<p>x</p>" * 40_000))
    assert "12000 rows" in made and "too long or too involved" in made
    assert "&lt;p&gt;" not in made


def test_what_honest_programs_show_is_not_dear():
    cells = "<td>0.12345</td>" * 20
    assert not is_dear(f"<table>{f'<tr>{cells}</tr>' * 60}</table>")
    assert not is_dear("<ul>" + "<li>one<br>" * 300 + "</ul>" + "a < b " * 300)


def test_html_that_grows_is_not_kept():
    # What is open is opened again in every paragraph.
    with pytest.raises(TooLong):
        clean("".join(f"<p><b title={k}></p>" for k in range(300)))


def test_whatever_takes_long_is_shown_as_it_was_written(assignment, monkeypatch):
    def never_ends(*_):
        while True:
            pass

    monkeypatch.setattr(page, "_clean", never_ends)
    monkeypatch.setattr(page, "_highlighted", never_ends)
    budget = Budget(0.4, 0.1)
    cells = [("markdown", f"some **bold** text {k}") for k in range(9)]
    cells.append(("code", "print('<b>')"))
    marked, ran = run(*cells)
    made = page.make_page(assignment, "ada", [], ran, budget=budget)
    assert budget.left <= 0
    for k in range(9):
        assert f'<pre class="raw">some **bold** text {k}</pre>' in made
    assert '<pre class="raw">print(&#x27;&lt;b&gt;&#x27;)</pre>' in made
    assert made.count("Formatting this cell would take too long.") == 10


def test_the_end_of_the_time_holds_in_any_thread(assignment, monkeypatch):
    monkeypatch.setattr(page, "_clean", lambda html: [None for _ in iter(int, 1)])
    made = []

    def make() -> None:
        made.append(page_with(assignment, shown(html="<b>a</b>"), budget=Budget(0.2, 0.1)))

    thread = threading.Thread(target=make)
    thread.start()
    thread.join()
    assert "&lt;b&gt;a&lt;/b&gt;" in made[0] and "too long or too involved" in made[0]


def test_outputs_that_cannot_be_formatted_are_shown_as_text_and_pictures(assignment, monkeypatch):
    monkeypatch.setattr(page, "_exported", lambda cell: 1 / 0)
    picture = {**shown(), "data": {"image/png": "iVBORw0K"}}
    stream = {"output_type": "stream", "name": "stdout", "text": "\x1b[31mred\x1b[0m & <b>"}
    error = {"output_type": "error", "ename": "E", "evalue": "", "traceback": ["\x1b[1;31mE", "l"]}
    made = page_with(assignment, stream, picture, error, shown("", html=""), shown("3"))
    assert '<pre class="raw">red &amp; &lt;b&gt;</pre>' in made
    assert 'src="data:image/png;base64,iVBORw0K"' in made
    assert '<pre class="raw">E\nl</pre>' in made and '<pre class="raw">3</pre>' in made
    assert "would take too long: here is its text" in made


def test_the_pages_and_the_notebooks_time_is_one(assignment):
    marked, ran = run(("markdown", "a <b>b</b>"), ("code", "1"))
    spent = Budget(0.0, 1.0)
    made = page.make_page(assignment, "ada", [], ran, budget=spent)
    assert '<pre class="raw">a &lt;b&gt;b&lt;/b&gt;</pre>' in made
    kept = as_autograded(assignment, marked, ran, [], spent)
    assert kept.cells[0].source.endswith("```\na <b>b</b>\n```")


def test_spaces_after_the_courses_own_text_cost_nothing(assignment):
    released = next(c for c in assignment.release["cells"] if c["cell_type"] == "code")
    blanks = released["source"] + " \n" * 20_000
    spent = Budget(0.0, 1.0)
    made = [
        page.make_page(assignment, "ada", [], run(("code", text))[1], budget=spent)
        for text in (released["source"], blanks)
    ]
    assert made[0] == made[1] and '<div class="highlight">' in made[1]


# What it can do ----------------------------------------------------------------------------------


def test_an_honest_table_is_shown_as_it_is(assignment):
    assert clean(TABLE) == CLEANED
    assert CLEANED in page_with(assignment, shown(html=TABLE))
    styled = '<th class="row_heading level0 row0">0</th>'
    assert styled in clean(f"<table><tbody><tr>{styled}</tr></tbody></table>")


@pytest.mark.parametrize("name", ["verdict correct", "note", "raw", "output", "full-credit score"])
def test_a_students_html_cannot_dress_up_as_the_page(assignment, name):
    made = page_with(
        assignment, shown(html=f'<div class="{name}" id="lab05-fit-gd">30 of 30</div>')
    )
    assert "<div>30 of 30</div>" in made


def test_every_class_of_the_pages_own_style_is_refused_but_that_of_code():
    own = page._style().split(".highlight .")[0].split("pre { line-height")[0]
    named = set(re.findall(r"\.([a-zA-Z][\w-]*)", own)) - {"highlight"}
    assert {"verdict", "correct", "open", "partial", "note", "raw"} <= named
    assert not [name for name in named if "class" in clean(f'<p class="{name}">a</p>')]


SMUGGLED = [
    "<svg><style><img src=x onerror=alert(1)></style></svg>",
    "<math><mtext><table><mglyph><style><img src=x onerror=alert(1)>",
    "<noscript><p title='</noscript><img src=x onerror=alert(1)>'>",
    "<form><math><mtext></form><form><mglyph><style></math><img src onerror=alert(1)>",
    "<table><tr><td><svg><desc><td><a id=x href=javascript:alert(1)>",
    "<!--<img src='--><img src=x onerror=alert(1)//'>",
    "<a href='java&#x09;script:alert(1)'>a</a><a href='\x01javascript:alert(1)'>b</a>",
    "<textarea><img title='</textarea><img src=x onerror=alert(1)>'>",
    "<select><style></select><script>alert(1)</script>",
    "<img src=data:text/html,x><img src=' data:image/svg+xml,x' srcset='javascript:a'>",
    "<p style='background-color:url(javascript:a);color:red;position:fixed'>a</p>",
    "<b\x00 onclick=alert(1)>a</b><b/onclick=alert(1)>c</b>",
]


@pytest.mark.parametrize("html", SMUGGLED)
def test_nothing_that_acts_is_smuggled_past_the_parser(html):
    from bs4 import BeautifulSoup

    made = clean(html)
    assert clean(made) == made  # read again, it is what it was
    allowed = {"href", "src", "title", "style", "class"}
    for tag in BeautifulSoup(made, "html.parser").find_all(True):
        assert tag.name in cleaning._TAGS and tag.attrs.keys() <= allowed
        assert not re.search(r"script|fixed|url\(|text/html", str({**tag.attrs, "title": ""}))


def test_a_students_html_stays_where_it_is():
    style = "position:fixed;top:0;left:0;width:100%;height:100%;z-index:9;margin:-9em;color:red"
    assert clean(f'<div style="{style}">a</div>') == '<div style="color:red">a</div>'


@pytest.mark.parametrize(
    "url", ["javascript:alert(1)", "data:text/html,<script>", " data:text/html,x", "&#100;ata:x"]
)
def test_links_lead_to_pages_alone(url):
    assert "href" not in clean(f'<a href="{url}">a</a>')
    assert not is_harmless(f'<a href="{url}">a</a>')


ACTIVE = [
    "<script>alert(1)</script>",
    "<svg onload=alert(1)>",
    "<img src=x onerror=alert(1)>",
    "<img src='/logout'>",
    "[a](javascript:alert(1))",
    "[a](javascript&colon;alert(1))",
    "[a][b]\n\n[b]: javascript:alert(1)",
    "<javascript:alert(1)>",
    "<div title='",
    "<div>\n<!-- and so on",
    "</div></div></div>",
    "<details>",
    "<div style='position:fixed;top:0'>a</div>",
    "<div class='full-credit'>a</div>",
    "<b id='lab05-fit-gd'>a</b>",
    "<iframe src='https://a.b'></iframe>",
    "<style>body { display: none }</style>",
    "<form action='https://a.b'><input name=a></form>",
    "$$\n<script>alert(1)</script>",
    "````\n</code></pre><script>alert(1)</script>\n````\n<script>alert(1)</script>",
]


@pytest.mark.parametrize("text", ACTIVE)
def test_markdown_that_could_act_is_kept_as_it_was_written(assignment, text):
    (cell,) = autograded(assignment, ("markdown", text))
    assert text in cell.source and cell.source.startswith(cleaning.AS_WRITTEN)
    made = rendered([cell])
    assert not re.search(r"<(?:script|svg|img|iframe|style|form|details|!--)|href", made)
    assert "</code></pre>" in made and made.count("<div") == made.count("</div") == 4


HONEST = [
    "# Mine\n\n*So* $a<b$ and $$\\frac{a}{b}$$ `x<y`, [there](https://a.b) <br> **b**",
    "|a|b|\n|:-|-|\n|1|2|\n\n- [ ] this\n- [x] that\n\n```python\nx = 1 < 2\n```\n\n> a\n> b",
    'x<sub>1</sub> is <span style="color:red">red</span>; <b>a</b> < b; <https://a.b>; 1:2',
    "<details><summary>s</summary>\n\ntext\n\n</details>\n\n<ul><li>a<li>b</ul>",
    "![a](https://a.b/c.png) ![b](figure.png) <font color=red>c</font> <center>d</center>",
]


@pytest.mark.parametrize("text", HONEST)
def test_honest_markdown_is_kept_as_it_is(assignment, text):
    assert autograded(assignment, ("markdown", text))[0].source == text


def test_the_courses_own_text_is_kept_as_it_is(assignment):
    texts = [c["source"] for c in assignment.release["cells"] if c["cell_type"] == "markdown"]
    kept = autograded(assignment, *[("markdown", t) for t in texts])
    assert [c.source for c in kept] == texts


def test_outputs_are_kept_without_what_could_act(assignment):
    outputs = [
        shown(html="<b>a</b><script>alert(1)</script>"),
        shown(None, html="<svg onload=alert(1)></svg><img src=x onerror=alert(1)>only"),
        shown("a table", html=f"<style scoped>\n  .a > b {{}}\n</style>\n{TABLE}"),
        shown("m", markdown="<script>alert(1)</script>"),
        {**shown(), "data": {"image/svg+xml": "<svg><script>1</script></svg>"}},
        {**shown(), "data": {"image/svg+xml": '<svg><use xlink:href="#m"/></svg>'}},
        {**shown(), "data": {"image/png": '"><script>alert(1)</script>', "text/plain": "p"}},
        {**shown(), "data": {"image/png": "iVBORw0K", "text/plain": "<Figure>"}},
        shown("3", latex="$x<y$"),
        {"output_type": "stream", "name": "stdout", "text": "<script>printed"},
    ]
    (cell,) = autograded(assignment, ("code", "show()"), outputs=outputs)
    kept = [dict(o["data"]) for o in cell.outputs[:-1]]
    assert kept[0] == {"text/plain": OBJECT}
    assert kept[1] == {"text/html": '<img src="x">only'}
    assert kept[2] == {"text/plain": "a table", "text/html": CLEANED}
    assert kept[3]["text/markdown"].endswith("```\n<script>alert(1)</script>\n```")
    assert "text/plain" in kept[4] and "image/svg+xml" not in kept[4]
    assert kept[5:9] == [o["data"] for o in (outputs[5], shown("p"), outputs[7], outputs[8])]
    assert cell.outputs[-1] == outputs[-1]
    assert not re.search(r"<script|onload|onerror", rendered([cell]))
    # What the page shows is made of the same outputs, which are not changed.
    assert "script" in outputs[0]["data"]["text/html"]


@pytest.mark.parametrize("html", DEAR, ids=range(len(DEAR)))
def test_html_that_is_too_much_is_kept_as_text(html):
    kept = safe_output(shown("the text", html=html), new_budget())["data"]
    assert kept == {"text/plain": f"{cleaning.TOO_DEAR}the text"}


def test_a_sentence_is_no_markdown_of_a_students(assignment):
    told = "It ended with E: <script>alert(1)</script> [a](javascript:b) [c]: javascript:d 1 < 2."
    assert inert("`a[0] < b` is 3.") == "`a[0] < b` is 3."
    verdict = Verdict("lab05-fit-gd", "t", 0.0, 1.0, "unreadable", told)
    made = rendered(not_run_notebook(assignment, [verdict]).cells[:1])
    assert "<script" not in made and "href" not in made and "could not be run" in made


# Characters that act -----------------------------------------------------------------------------


def test_no_character_acts_in_tables_terminals_and_pages(assignment, tmp_path):
    from labtools.grading.judging.claims import read_outputs
    from labtools.grading.results.tables import write_tables

    told = "".join(map(chr, range(32))) + "\x7f\x9b2J\u202eabc\u2066\ufeff"
    verdict = Verdict("lab05-model", "t", 0.0, 1.0, "error", f"It ended with E: {told}\ud800.")
    entry = {"student": "ada", "verdicts": [verdict], "note": "n"}
    write_tables(tmp_path, [("lab05", [entry])])
    error = {"output_type": "error", "ename": told, "evalue": told, "traceback": [told]}
    stream = {"output_type": "stream", "name": "stdout", "text": f"{told}\x1b[31mred\x1b[0m"}
    outputs = read_outputs([error, stream, {**shown(told, html=told)}])
    marked, ran = run(("code", f"x = {told!r} # \x1b\x07"), outputs=outputs)
    made = page.make_page(assignment, "ada", [verdict], ran)
    table = (tmp_path / "grades.csv").read_text(encoding="utf-8")
    for text in (table, made):
        text = text.replace("\r\n", "\n")
        assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202e\u2066\ufeff]", text)
    assert "␛" in table and "␀" in table
    assert "ansi-red-fg" in made  # a colour is no act
