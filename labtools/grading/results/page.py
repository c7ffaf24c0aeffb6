"""The feedback page: what a student handed in, as it ran, with the verdicts in place."""

import functools
import itertools
import json
import logging
import re
import secrets
from collections.abc import Iterator, Sequence
from html import escape
from importlib import resources
from pathlib import Path
from typing import Any

import nbformat
from nbformat import NotebookNode

from labchecks.pages import links
from labtools.grading.judging.assignment import Assignment, MarkedCell, plain_text, released_texts
from labtools.grading.judging.examination import Evidence
from labtools.grading.judging.time_limit import Budget, TooLong
from labtools.grading.records import Verdict, visible
from labtools.grading.results.cleaning import TOO_DEAR, is_base64, new_budget, text_instead
from labtools.grading.results.cleaning import clean as _clean
from labtools.grading.results.formulas import with_formulas, with_students_formulas

#: Characters of a picture (base64) that are shown at most.
PICTURE_LIMIT = 3_000_000
#: Characters of a cell of the student's that are formatted; a longer one is shown as plain text.
FORMATTED = 20_000
#: Characters of all such cells together, and of one plain text.
ALL_FORMATTED, PLAIN_LIMIT = 400_000, 100_000
#: A cell whose JSON is shorter is rendered once for all submissions that have it.
CACHED = 200_000

#: A status in the words of the labs' own boxes.
_WORDS = {
    "correct": "✓ Correct",
    "partial": "◐ Not yet: part of it is right",
    "incorrect": "✗ Not yet",
    "not attempted": "○ Not attempted",
    "needs manual grading": "✎ To be read by your instructor",
    "graded by hand": "✎ Graded by your instructor",
    "error": "✗ Not yet: it ended with an error",
    "timed out": "✗ Not yet: it ran out of time",
    "out of memory": "✗ Not yet: it ran out of memory",
    "crashed": "✗ Not yet: it ended the program that ran it",
    "unreadable": "✗ It could not be read",
    "missing": "○ Nothing was handed in",
}

# No script, no request, no form: whatever a submission shows, the page only shows it.
_POLICY = (
    "default-src 'none'; img-src data:; style-src 'unsafe-inline'; form-action 'none'; "
    "base-uri 'none'"
)


def run_notebook(cells: Sequence[MarkedCell], evidence: Evidence) -> NotebookNode:
    """The submitted cells with the outputs of the grading run, valid as nbformat 4.5."""
    notebook = nbformat.v4.new_notebook()
    notebook.metadata["kernelspec"] = {
        "display_name": "Python 3 (ipykernel)",
        "language": "python",
        "name": "python3",
    }
    count = 0
    for k, cell in enumerate(cells):
        made = _new_cell(cell, f"submitted-{k}")
        if cell.kind == "code":
            # What `check` says inside the sandbox is only that the verdict comes from outside, and
            # the course's table of them all would hold none of these.
            verdicts = cell.check is not None or (not cell.own and _PROGRESS.search(cell.source))
            shown = [] if verdicts else evidence.outputs.get(k, [])
            outputs = [nbformat.from_dict(o) for o in shown]
            if k in evidence.stopped:
                status, why = evidence.stopped[k]
                text = f"[{status}] {why}\n"
                outputs.append(nbformat.v4.new_output("stream", name="stderr", text=text))
            made["outputs"] = outputs
            if k in evidence.outputs:
                count += 1
                made["execution_count"] = count
        notebook.cells.append(made)
    return notebook


_PROGRESS = re.compile(r"^progress\(", re.MULTILINE)


def _new_cell(cell: MarkedCell, id_: str) -> NotebookNode:
    # nbformat's own constructors check each cell against the schema, which takes a tenth of a
    # submission's time; a test checks whole notebooks instead.
    made = {"cell_type": cell.kind, "id": id_, "metadata": {}, "source": cell.source}
    if cell.kind == "code":
        made |= {"outputs": [], "execution_count": None}
    return nbformat.from_dict(made)


def make_page(
    assignment: Assignment,
    student: str,
    verdicts: Sequence[Verdict],
    notebook: NotebookNode | None,
    note: str = "",
    budget: Budget | None = None,
) -> str:
    """The page as HTML that needs no other file and runs no script.

    Parameters
    ----------
    budget : Budget, optional
        Time in which what the student wrote and showed is formatted; what is left over when that
        has passed is shown as plain text.
    """
    body = [_summary(escape(assignment.title), student, verdicts, note, notebook is not None)]
    if notebook is not None:
        body.append("<main>")
        body.extend(_cells(assignment, notebook, verdicts, budget or new_budget()))
        body.append("</main>")
    return whole_page(f"{assignment.title}: {student}", "".join(body), _style())


def whole_page(title: str, body: str, style: str) -> str:
    """A page that stands alone: it runs no script and asks for no file."""
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(title)}</title>\n<style>{style}</style>\n</head>\n"
        f"<body>\n{body}\n</body>\n</html>\n"
    )


def with_verdicts(page: str, student: str, verdicts: Sequence[Verdict], note: str) -> str:
    """The page with other verdicts in place of its own, such as those given by hand.

    What a student wrote stands in it without tags of the page's own, so these are ours.
    """
    begin, end = page.index("<header>"), page.index("</header>") + len("</header>")
    title = page[page.index("<h1>", begin) + 4 : page.index("</h1>", begin)]
    rest = page[end:]
    for verdict in verdicts:
        box = rf'<aside class="verdict [a-z]+" id="{re.escape(verdict.practice)}">.*?</aside>'
        rest = re.sub(box, lambda _, v=verdict: _box(v), rest, count=1, flags=re.DOTALL)
    return page[:begin] + _summary(title, student, verdicts, note, "<main>" in rest) + rest


def is_by_hand(path: Path) -> bool:
    """Whether a page says that points were given by hand.

    Raises
    ------
    FileNotFoundError
        If there is no page.
    """
    with open(path, encoding="utf-8") as file:
        return _WORDS["graded by hand"][2:] in file.read(40_000).partition("</header>")[0]


def get_ready() -> None:
    """Import what pages are made with and read its templates, which takes a second."""
    _render(json.dumps([{"cell_type": "markdown", "source": "`a` is $b$"}, True]))
    _render(json.dumps([{"cell_type": "markdown", "source": "*c* $d$"}, False]))
    _style()
    _highlighted("d = 1")


def _summary(
    title: str, student: str, verdicts: Sequence[Verdict], note: str, has_notebook: bool
) -> str:
    """The page's head: points, then a line for each practice. `title` is HTML."""
    known = [v.score for v in verdicts if v.score is not None]
    open_points = sum(v.max_score for v in verdicts if v.score is None)
    total = f"{sum(known):g} of {sum(v.max_score for v in verdicts):g} points"
    if open_points:
        total += f"; {open_points:g} more are given by your instructor"
    # Such as that nothing was handed in: once is enough.
    same = len(verdicts) > 1 and len({v.feedback for v in verdicts}) == 1
    rows = []
    for v in verdicts:
        name = escape(v.title)
        if has_notebook and v.cell is not None:
            name = f'<a href="#{escape(v.practice)}">{name}</a>'
        rows.append(
            f'<li class="{_class(v.status)}"><span class="points">{_points(v)}</span>'
            f"<strong>{_status(v.status)}</strong> · {name}"
            f"{'' if same else f'<p>{_text(v.feedback)}</p>'}</li>"
        )
    remark = f"<p>{_text(note)}</p>" if note else ""
    remark += f"<p>{_text(verdicts[0].feedback)}</p>" if same else ""
    return (
        f"<header><h1>{title}</h1>"
        f"<p>{escape(student)} · <strong>{total}</strong></p>{remark}"
        f"<ul>{''.join(rows)}</ul></header>"
    )


def _points(verdict: Verdict) -> str:
    return f"{'–' if verdict.score is None else f'{verdict.score:g}'} of {verdict.max_score:g}"


def _class(status: str) -> str:
    if status in ("correct", "partial"):
        return status
    return "open" if _WORDS[status][0] in "○✎" else "wrong"


def _status(status: str) -> str:
    symbol, words = _WORDS[status].split(" ", 1)
    return f'<span aria-hidden="true">{symbol}</span> {words}'


def _text(feedback: str) -> str:
    pieces = feedback.split("`")
    if len(pieces) % 2 == 0:
        return escape(feedback)
    return "".join(
        f"<code>{escape(p)}</code>" if i % 2 else escape(p) for i, p in enumerate(pieces)
    )


def _box(verdict: Verdict) -> str:
    return (
        f'<aside class="verdict {_class(verdict.status)}" id="{escape(verdict.practice)}">'
        f'<span class="points">{_points(verdict)}</span>'
        f"<strong>{_status(verdict.status)}</strong> · {escape(verdict.title)}"
        f"<p>{_text(verdict.feedback)}</p>{links(verdict.mistake)}</aside>"
    )


@functools.lru_cache(maxsize=1)
def _style() -> str:
    style = resources.files("labtools.grading.results") / "page.css"
    _, formatter = _highlighter()
    return f"{style.read_text(encoding='utf-8')}\n{formatter.get_style_defs('.highlight')}"


# The notebook ---------------------------------------------------------------------------------


def _cells(
    assignment: Assignment, notebook: NotebookNode, verdicts: Sequence[Verdict], budget: Budget
) -> Iterator[str]:
    """The cells as HTML, each verdict under the cell that it is about.

    What is the course's own is folded, but for the text right before a student's cell.
    """
    boxes: dict[int | None, list[str]] = {}
    for verdict in verdicts:
        boxes.setdefault(verdict.cell, []).append(_box(verdict))
    course = released_texts(assignment)
    sources = [course.get((cell.cell_type, plain_text(cell.source))) for cell in notebook.cells]
    students = [k in boxes or source is None for k, source in enumerate(sources)]
    open_ = [
        mine or (cell.cell_type == "markdown" and any(students[k + 1 : k + 2]))
        for k, (mine, cell) in enumerate(zip(students, notebook.cells, strict=True))
    ]
    room = ALL_FORMATTED
    for is_open, group in itertools.groupby(range(len(notebook.cells)), open_.__getitem__):
        cells = list(group)
        if not is_open:
            what = "1 cell" if len(cells) == 1 else f"{len(cells)} cells"
            yield f"<details><summary>The lab itself: {what}</summary>"
        for k in cells:
            cell, source = notebook.cells[k], sources[k]
            if source is not None:
                # As released: a thousand spaces at the end of a line would keep a formatter busy.
                yield _kept(_render, json.dumps([_shown(cell, source), True]))
            else:
                # Formatters take time out of all proportion for a text that is made for it.
                size = len(cell.source)
                room -= size if size <= FORMATTED else 0
                if size > FORMATTED or room < 0:
                    yield _plain(visible(cell.source))
                else:
                    yield _students(_shown(cell, visible(cell.source)), budget)
            if cell.cell_type == "code" and cell.outputs:
                yield _outputs(cell.outputs, budget)
            yield from boxes.get(k, [])
        if not is_open:
            yield "</details>"


def _shown(cell: NotebookNode, source: str) -> dict[str, Any]:
    shown = {"cell_type": cell.cell_type, "source": source}
    return {**shown, "outputs": []} if cell.cell_type == "code" else shown


def _students(shown: dict[str, Any], budget: Budget) -> str:
    """A cell that the student wrote."""
    try:
        return budget.call(_kept, _render, json.dumps([shown, False]))
    except TooLong:
        return _note("Formatting this cell would take too long.") + _plain(shown["source"])
    except Exception:  # nested deeper than a formatter can follow
        return _plain(shown["source"])


def _outputs(outputs: Sequence[NotebookNode], budget: Budget) -> str:
    """What a cell has shown."""
    showable = [made for o in outputs for made in _showable(o, budget)]
    cell = {"cell_type": "code", "source": "", "execution_count": None, "outputs": showable}
    try:
        return budget.call(_exported, cell) if showable else ""
    except (Exception, TooLong):
        note = _note("Formatting what this cell shows would take too long: here is its text.")
        return note + "".join(map(_plain_output, showable))


def _plain_output(output: dict[str, Any]) -> str:
    data = output.get("data", {})
    for mime in data.keys() & {"image/png", "image/jpeg"}:
        return f'<p><img src="data:{mime};base64,{escape(data[mime])}" alt=""></p>'
    text = output.get("text") or "\n".join(output.get("traceback", ())) or text_instead(data)
    return _plain(_COLOURS.sub("", text))


_COLOURS = re.compile(r"\x1b\[[\d;]*m")


def _note(text: str) -> str:
    return f'<p class="note">{escape(text)}</p>'


def _plain(source: str) -> str:
    cut = "" if len(source) <= PLAIN_LIMIT else "\n[The rest of this cell is not shown.]"
    return f'<pre class="raw">{escape(source[:PLAIN_LIMIT])}{cut}</pre>'


def _kept(make: Any, text: str) -> str:
    """What `make` makes of a text; only of a short one is it kept."""
    return make(text) if len(text) < CACHED else make.__wrapped__(text)


@functools.lru_cache(maxsize=400)
def _render(text: str) -> str:
    """One cell as HTML. Most cells of most submissions are the course's: they are kept."""
    cell, trusted = json.loads(text)
    if cell["cell_type"] == "raw":
        return _plain(cell["source"])
    if cell["cell_type"] == "code":
        return _highlighted(cell["source"])
    html = _exported(cell)
    if trusted:
        return _BESIDE.sub(r"\1", with_formulas(html))
    return with_students_formulas(_clean(html))


#: A link to a notebook beside this one: beside the page there is none.
_BESIDE = re.compile(r'<a href="[^":#]+\.ipynb">(.*?)</a>', re.DOTALL)


def _exported(cell: dict[str, Any]) -> str:
    """A cell as nbconvert shows it, which takes long and is kept, with its pictures put in after.

    Most outputs of most submissions are a picture each: but for that they are all alike.
    """
    pictures: dict[str, str] = {}
    outputs = []
    for output in cell.get("outputs", ()):
        data = output.get("data", {})
        for mime in data.keys() & {"image/png", "image/jpeg"}:
            place = f"{_PLACE}{len(pictures):05}"
            pictures[place] = data[mime]
            output = {**output, "data": {mime: place}}
        outputs.append(output)
    shown = {**cell, "outputs": outputs} if outputs else cell
    html = _kept(_by_nbconvert, json.dumps(shown))
    return _PLACES.sub(lambda found: pictures.get(found[0], ""), html) if pictures else html


#: What stands for a picture meanwhile: nobody can know it, and it is valid base64.
_PLACE = f"picture{secrets.token_hex(16)}"
_PLACES = re.compile(rf"{_PLACE}\d{{5}}")


@functools.lru_cache(maxsize=400)
def _by_nbconvert(text: str) -> str:
    made = {"metadata": {}, "id": "cell", **json.loads(text)}
    notebook = nbformat.from_dict(
        {"cells": [made], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    )
    return _exporter().from_notebook_node(notebook)[0]


def _highlighted(source: str) -> str:
    """Code in colours, every character escaped.

    nbconvert would parse the highlighter's own HTML twice more, to clean it and to describe
    pictures: nine tenths of a cell's time.
    """
    from pygments import highlight

    return highlight(source, *_highlighter())


@functools.lru_cache(maxsize=1)
def _highlighter():
    from pygments.formatters import HtmlFormatter

    try:
        from ipython_pygments_lexers import IPython3Lexer
    except ImportError:  # an older IPython, which has it itself
        from IPython.lib.lexers import IPython3Lexer

    return IPython3Lexer(), HtmlFormatter(cssclass="highlight")


@functools.lru_cache(maxsize=1)
def _exporter():
    from nbconvert import HTMLExporter

    exporter = HTMLExporter(template_name="basic")
    exporter.exclude_input_prompt = exporter.exclude_output_prompt = True
    exporter.exclude_anchor_links = True
    exporter.exclude_input = True  # of code: see `_highlighted`
    exporter.log.setLevel(logging.ERROR)  # "Alternative text is missing": for each figure
    return exporter


def _showable(output: NotebookNode, budget: Budget) -> Iterator[dict[str, Any]]:
    """An output in the one form that is shown: a picture, else cleaned HTML, else text."""
    output = json.loads(json.dumps(output))
    if output["output_type"] not in ("display_data", "execute_result"):
        yield output
        return
    data = output["data"]
    for mime in ("image/png", "image/jpeg"):
        if mime in data and len(data[mime]) <= PICTURE_LIMIT and is_base64(data[mime]):
            yield {**output, "data": {mime: data[mime]}}
            return
    html = data.get("text/html")
    if html is not None and "<script" not in html.lower():
        try:
            yield {**output, "data": {"text/html": budget.call(_clean, html)}}
        except (Exception, TooLong):
            yield {"output_type": "stream", "name": "stderr", "text": TOO_DEAR}
            yield {**output, "data": {"text/plain": text_instead(data)}}
    elif "text/plain" in data:
        yield {**output, "data": {"text/plain": data["text/plain"]}}
