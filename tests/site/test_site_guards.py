"""The gates of the site fail closed: each planted leak is seen."""

from __future__ import annotations

import nbformat
import pytest

from labtools.faults import LabError
from labtools.site.build import build_site
from labtools.site.dependence import cells_after_answers
from labtools.site.disclosure import disclosed_lines
from labtools.site.lab_page import Entry, lab_page, read_derived
from labtools.site.links import relink
from labtools.site.prose import run_pages
from labtools.source import read_source
from labtools.student import derive_student

LAB = """# %% [markdown]
# # A small lab
#
# Words.

# %%
numbers = [1, 2, 3]
print(sum(numbers))

# %% practice="lab07-total"
total = None

### BEGIN SOLUTION
total = sum(number * number for number in numbers)
print("squares:", total)
### END SOLUTION

# %% check="lab07-total" points=5
check("lab07-total")

# %%
print(total, "depends on the answer")

# %%
total = 5
print(total, "does not")
"""
ENTRY = Entry("lab07_small", "A small lab", "Small.", "5")


@pytest.fixture
def lab(tmp_path):
    """A small lab with its two derived notebooks; outputs are written by hand."""
    for folder in ("solutions", "notebooks"):
        (tmp_path / folder).mkdir()
    path = tmp_path / "solutions" / "lab07_small.py"
    path.write_text(LAB, encoding="utf-8")
    source = read_source(path, tmp_path)
    student = derive_student(source)
    solution = nbformat.from_dict(source.notebook)
    said = {"print(sum": "6", 'check("': "Correct", "depends": "14 depends", "does not": "5 no"}
    for cell in solution.cells:
        for mark, text in said.items():
            if cell.cell_type == "code" and mark in cell.source:
                cell.outputs = [nbformat.v4.new_output("stream", name="stdout", text=text)]
    return source, student, solution


def shown(page):
    return [output.text for cell in page.cells for output in cell.get("outputs", [])]


def test_given_cells_keep_their_output_and_answers_have_none(lab):
    page = lab_page(*lab, ENTRY)
    assert shown(page) == ["6", "5 no"]
    assert not any("number * number" in cell.source for cell in page.cells)
    assert "depends on your answer" in "".join(cell.source for cell in page.cells)
    tags = [tag for cell in page.cells for tag in cell.metadata.get("tags", [])]
    assert tags == ["practice", "check"]


def test_a_solution_line_in_a_cell_is_refused(lab):
    source, student, solution = lab
    student.cells[1].source += "\ntotal = sum(number * number for number in numbers)"
    with pytest.raises(LabError, match="still shown"):
        lab_page(source, student, solution, ENTRY)


def test_a_solution_line_in_an_output_is_refused(lab):
    source, student, solution = lab
    solution.cells[1].outputs[0].text = "total = sum(number * number for number in numbers)\n"
    with pytest.raises(LabError, match="the output of cell 2"):
        lab_page(source, student, solution, ENTRY)


def test_a_solution_line_on_a_finished_page_is_found(lab, tmp_path):
    page = tmp_path / "site" / "guide.html"
    page.parent.mkdir()
    page.write_text("<p>Write <code>total = sum(numbers)</code>.</p>", encoding="utf-8")
    assert disclosed_lines(page.parent, [lab[0]]) == []
    coloured = (
        "<pre><span>total</span> <span>=</span> sum(number <b>*</b> number "
        "for number in numbers)\n</pre>"
    )
    page.write_text(coloured, encoding="utf-8")
    [fault] = disclosed_lines(page.parent, [lab[0]])
    assert "guide.html" in str(fault) and "number * number" in str(fault)


@pytest.mark.parametrize("folder", ["solutions", "notebooks"])
def test_a_stale_notebook_is_refused(lab, tmp_path, folder):
    source, student, solution = lab
    for name, notebook in (("solutions", solution), ("notebooks", student)):
        nbformat.write(notebook, tmp_path / name / "lab07_small.ipynb")
    assert len(read_derived(source, tmp_path)) == 2
    stale = {"solutions": solution, "notebooks": student}[folder]
    stale.cells[1].source = "print(0)"
    nbformat.write(stale, tmp_path / folder / "lab07_small.ipynb")
    with pytest.raises(LabError, match=rf"{folder}/lab07_small.ipynb.*labs build"):
        read_derived(source, tmp_path)


@pytest.mark.parametrize(
    ("given", "depends"),
    [
        ("plot(answer)", True),
        ("other = answer + 1", True),
        ("labhelpers.progress()", True),
        ("answer = 3\nplot(answer)", False),
        ("for answer in range(3):\n    plot(answer)", False),
        ("plot(something)", False),
        ("answer += 1", True),
        ("def show():\n    plot(answer)", True),
        ("def show(answer):\n    plot(answer)", False),
        ("[answer for answer in (1, 2)]", False),
        ("plot(batch)", False),
        ("plot(inner)", False),
        ("plot(shared)", True),
    ],
)
def test_what_depends_on_an_answer(given, depends):
    text = "answer = 1\ndef train(batch):\n    global shared\n    shared = inner = batch"
    practice = nbformat.v4.new_code_cell(text, metadata={"nbgrader": {"solution": True}})
    cells = [practice, nbformat.v4.new_code_cell(given)]
    assert cells_after_answers(cells) == ({1} if depends else set())


def test_dependence_is_followed_from_name_to_name():
    practice = nbformat.v4.new_code_cell("answer = 1", metadata={"nbgrader": {"solution": True}})
    texts = ["twice = 2 * answer", "answer = 0", "plot(answer)", "plot(twice)"]
    cells = [practice, *(nbformat.v4.new_code_cell(text) for text in texts)]
    assert cells_after_answers(cells) == {1, 4}


def test_a_page_whose_code_fails_is_named():
    text = "# A page\n\n```{code-cell} python\n1 / 0\n```\n"
    with pytest.raises(LabError, match=r"docs/broken.md.*ZeroDivisionError"):
        run_pages({"docs/broken.md": text})


def test_a_folder_that_is_no_site_is_not_overwritten(course, tmp_path):
    (tmp_path / "thesis.txt").write_text("years of work")
    with pytest.raises(LabError, match="no course site"):
        build_site(course, tmp_path)
    assert (tmp_path / "thesis.txt").exists()


def test_links_follow_their_documents():
    pages = {"notebooks/a.ipynb": "labs/a.ipynb", "docs/guide.md": "guide.md"}
    text = (
        "[Lab](../notebooks/a.ipynb#end) [guide](guide.md) [code](../labtools/x.py) "
        "[away](https://example.org) `[kept](../labtools/x.py)`\n"
    )
    assert relink(text, "docs/guide.md", "guide.md", pages) == (
        "[Lab](labs/a.ipynb#end) [guide](guide.md) code (`labtools/x.py`) "
        "[away](https://example.org) `[kept](../labtools/x.py)`\n"
    )
