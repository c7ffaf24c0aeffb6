"""The Python side of the figure: its parameters, its texts and what it saves."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from html.parser import HTMLParser
from importlib.resources import files
from urllib.parse import unquote

import nbformat
import numpy as np
import pytest
import torch

from labhelpers import DataSet, LossSurface, data
from labhelpers.explorer import DescentExplorer
from labhelpers.explorer.page import module_source


def explorer(**changes) -> DescentExplorer:
    return DescentExplorer(data.gentle_line(), **{"start": (-15, -10), "steps": 15} | changes)


def points(x, y) -> DataSet:
    return DataSet("points", torch.tensor(x), torch.tensor(y), None, None, 0.0)


@pytest.mark.parametrize(
    ("name", "value", "error", "allowed"),
    [
        ("lr", 0, ValueError, "above 0"),
        ("lr", -0.1, ValueError, "above 0"),
        ("lr", float("nan"), ValueError, "above 0"),
        ("lr", "0.1", TypeError, "above 0"),
        ("lr", True, TypeError, "above 0"),
        ("batch_size", 0, ValueError, "None (all samples) or a whole number from 1"),
        ("batch_size", 2.5, TypeError, "whole number"),
        ("batch_size", 61, ValueError, "60"),
        ("steps", 0, ValueError, "1 to 5000"),
        ("steps", 5001, ValueError, "1 to 5000"),
        ("steps", 10.0, TypeError, "whole number"),
        ("momentum", 1, ValueError, "0 to 0.99"),
        ("momentum", -0.1, ValueError, "0 to 0.99"),
        ("shuffle", "yes", TypeError, "True or False"),
        ("seed", -1, ValueError, "0 to 2147483647"),
        ("start", 3, TypeError, "two numbers"),
        ("start", (1, 2, 3), TypeError, "two numbers"),
        ("start", (1, float("inf")), ValueError, "finite"),
        ("start", (1e300,), TypeError, "two numbers"),
        ("start", (0, -2e9), ValueError, "between -1e+09 and 1e+09"),
        ("task", 7, TypeError, "sentence"),
        ("hide", "momentum", TypeError, "tuple of names"),
        ("hide", ("momentun",), ValueError, "momentum"),
        ("hide", (1,), TypeError, "names of controls"),
    ],
)
def test_bad_parameter_is_named_with_what_is_allowed_and_what_came(name, value, error, allowed):
    with pytest.raises(error) as caught:
        explorer(**{name: value})
    message = str(caught.value)
    assert name in message
    assert allowed in message
    given = value[0] if isinstance(value, tuple) and len(value) == 1 else value
    given = value[1] if isinstance(value, tuple) and len(value) == 2 else given
    assert repr(given) in message


@pytest.mark.parametrize(
    ("dataset", "error", "text"),
    [
        ([1, 2, 3], TypeError, "dataset must be a DataSet or a pair (x, y)"),
        (torch.zeros(3), TypeError, "got Tensor"),
        (points([[1.0], [1.0]], [[1.0], [2.0]]), ValueError, "two different x"),
        (
            points([[1.0], [float("nan")]], [[1.0], [2.0]]),
            ValueError,
            "x of dataset must be finite: it contains NaN",
        ),
        (
            points([[1.0], [2.0]], [[1.0], [1e13]]),
            ValueError,
            "dataset may hold numbers up to 1e+12",
        ),
        (points([[1.0], [2.0]], [[1.0]]), ValueError, "same length"),
        (data.gaussian_line(n=5001), ValueError, "5000"),
    ],
)
def test_bad_data_is_refused(dataset, error, text):
    with pytest.raises(error, match=re.escape(text)):
        DescentExplorer(dataset)


def test_small_data_keep_their_digits():
    small = points([[0.0], [1e-5], [2.5e-5]], [[1e-6], [3e-6], [4.5e-6]])
    figure = DescentExplorer(small)
    np.testing.assert_allclose(figure.x, [0, 1e-5, 2.5e-5], rtol=1e-3)
    np.testing.assert_allclose(figure.y, [1e-6, 3e-6, 4.5e-6], rtol=1e-3)


def test_points_that_carry_a_graph_are_read_without_it():
    points_of_lab = data.gentle_line()
    points_of_lab.y.requires_grad_()
    assert (
        DescentExplorer(points_of_lab).describe() == DescentExplorer(data.gentle_line()).describe()
    )


@pytest.mark.filterwarnings("error")
def test_points_at_the_ends_of_what_is_allowed_have_a_picture_and_a_text():
    on_a_line = points([[1.0], [2.0], [3.0]], [[1.0], [2.0], [3.0]])
    at_the_minimum = DescentExplorer(on_a_line, start=(1, 0))._repr_mimebundle_()
    assert "from 0 to 0" in at_the_minimum["text/plain"]
    # So flat that no step moves the error along the valley at all.
    flat = DescentExplorer(points([[1e-12], [2e-12]], [[1.0], [2.0]]))._repr_mimebundle_()
    assert "after about ∞ steps" in flat["text/plain"]
    far = DescentExplorer(on_a_line, start=(1e9, -1e9), lr=1e300, steps=5)._repr_mimebundle_()
    assert "Diverging" in far["text/plain"]


def test_the_description_holds_the_numbers_of_the_run():
    figure = explorer()
    surface = LossSurface(figure.x, figure.y)
    text = figure.describe()
    assert "from 835.3 to 0.1174" in text
    assert "60 points" in text
    assert f"{surface.largest_stable_rate:.3f} converge" in text
    assert "0.25 is the fastest" in text
    expected = "each step multiplies the error along the steep direction by 0.399, along the"
    assert f"Converging: {expected} shallow direction by 0.8." in text


def test_hidden_marks_are_not_told_by_the_text():
    text = explorer(hide=("marks",))._repr_mimebundle_()["text/html"]
    assert "fastest." not in text.split("<script")[0]
    assert "0.333" not in text.split("<script")[0]


def test_repr_and_output_are_the_same_each_time_and_hold_no_address():
    first, second = explorer()._repr_mimebundle_(), explorer()._repr_mimebundle_()
    assert first == second
    assert "0x" not in first["text/plain"]
    assert repr(explorer()) == "DescentExplorer('gentle line', lr=0.1, batch_size=None, steps=15)"


def test_another_setting_gives_another_place_in_the_page():
    places = {
        re.search('data-explorer="([0-9a-f]+)"', figure._repr_mimebundle_()["text/html"])[1]
        for figure in (explorer(), explorer(lr=0.2), explorer(task="Find it."))
    }
    assert len(places) == 3


def pictures(figure: DescentExplorer) -> list[str]:
    """The panels of the still picture, as SVG."""
    html = figure._repr_mimebundle_()["text/html"].split("<script")[0]
    every = [unquote(address) for address in re.findall(r'src="data:image/svg\+xml,([^"]*)"', html)]
    return [svg for svg in every if "<text" in svg]


def test_the_still_picture_has_the_runs_colours_in_both_themes():
    panels = pictures(explorer())
    assert len(panels) == 3
    for svg in panels:
        light, dark = svg.split("@media(prefers-color-scheme:dark)")[0:2]
        assert "#0072b2" in light
        assert "#56b4e9" in dark
    assert "#009e73" in panels[1]


def test_the_still_picture_of_many_points_shows_some_of_them():
    few, many = (DescentExplorer(data.gaussian_line(n=n), steps=5) for n in (300, 1000))
    dots = [pictures(figure)[0].count("h0") for figure in (few, many)]
    assert 200 <= dots[1] <= dots[0] == 300


@pytest.mark.parametrize("lr", [0.05, 0.3, 0.34, 5.0, 1e200])
def test_a_run_that_overflows_still_has_a_picture_and_a_text(lr):
    bundle = explorer(lr=lr, steps=300)._repr_mimebundle_()
    assert len(pictures(explorer(lr=lr, steps=300))) == 3
    assert ("Diverging" in bundle["text/plain"]) == (lr > 0.333)


@pytest.mark.parametrize(("steps", "most"), [(200, 85_000), (2000, 100_000)])
def test_a_saved_figure_of_1000_points_is_small(steps, most):
    figure = DescentExplorer(
        data.gaussian_line(), start=(-2, -3), batch_size=32, steps=steps, momentum=0.5
    )
    output = nbformat.v4.new_output("execute_result", data=figure._repr_mimebundle_())
    cell = nbformat.v4.new_code_cell("figure", outputs=[output])
    book = nbformat.v4.new_notebook(cells=[cell])
    assert len(nbformat.writes(book).encode()) < most


def test_the_javascript_is_small():
    folder = files("labhelpers.explorer")
    scripts = [entry for entry in folder.iterdir() if entry.name.endswith(".js")]
    assert len(scripts) == 4
    assert sum(len(entry.read_bytes()) for entry in scripts) <= 52_000
    # What a page carries, with the style and the layout in it.
    assert len(module_source().encode()) <= 50_000


def test_joining_the_files_loses_comments_and_spaces_and_nothing_else():
    def bare(script: str) -> str:
        return re.sub(r"\s", "", script).replace(";}", "}")

    joined = module_source()
    assert "import " not in joined
    assert "export " not in joined
    strings = []
    for entry in files("labhelpers.explorer").iterdir():
        if not entry.name.endswith(".js"):
            continue
        text = entry.read_text(encoding="utf-8")
        # Two signs that only a space keeps apart, and strings inside strings, would not survive.
        assert not re.search(r"\+ \+|- -|/ /|`[^`]*\$\{[^}`]*`", text)
        for line in text.splitlines():
            # Once the lines are one, a comment at the end of a line would hide what follows.
            assert not re.search(r"\S.*[;,{})] //", line)
            code = line.strip().removeprefix("export ")
            if code and not code.startswith(("import ", "//", "/**", "*")):
                assert bare(code).removesuffix(";") in bare(joined)
                strings += re.findall(r'"[^"]*"', code)
    assert len(strings) > 100
    assert all(string in joined for string in strings)


class Scripts(HTMLParser):
    """Counts what an HTML parser takes for elements, inside scripts nothing."""

    def __init__(self) -> None:
        super().__init__()
        self.opened: list[str] = []

    def handle_starttag(self, tag, attrs):
        self.opened.append(tag)


def test_a_task_cannot_break_out_of_the_page():
    hostile = '</script><script>alert("x")</script><!-- <img src=x>'
    opened = []
    for task in ("Find it.", hostile):
        parser = Scripts()
        parser.feed(explorer(task=task)._repr_mimebundle_()["text/html"])
        opened.append(parser.opened)
    assert opened[1] == opened[0]
    assert opened[0].count("script") == 1


def test_to_html_writes_one_page_that_names_no_other_place(tmp_path):
    path = explorer().to_html(tmp_path / "figure.html")
    # The name of SVG is no place; a picture's marks refer to one another.
    page = path.read_text(encoding="utf-8").replace("http://www.w3.org/2000/svg", "")
    assert page.startswith("<!doctype html>")
    assert not re.search(r"https?://|src=\"(?!data:)|href=(?!'%23)", page)
    assert "<h1>Gradient descent: gentle line</h1>" in page


def test_the_number_rules_of_a_strict_notebook_test_hold():
    """With script bodies and pictures taken out, the numbers of the figure are still compared."""
    text = explorer()._repr_mimebundle_()["text/html"]
    text = re.sub(r'(?s)<script type="module">.*?</script>', "SCRIPT", text)
    text = re.sub(r'svg\+xml,[^"]+', "svg+xml,PICTURE", text)
    assert len(text) < 3000
    assert "835.3" in text


def test_importing_the_figure_starts_no_pyplot_and_no_widget():
    code = (
        "import sys, labhelpers.explorer\n"
        "print([m for m in ('matplotlib.pyplot', 'anywidget', 'ipywidgets') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_the_widget_has_the_settings_as_traits_and_the_run_as_history():
    pytest.importorskip("anywidget")
    from traitlets import TraitError

    widget = explorer(momentum=0.5).widget()
    assert (widget.lr, widget.steps, widget.step, widget.start) == (0.1, 15, 15, [-15.0, -10.0])
    np.testing.assert_array_equal(widget.history.w, explorer(momentum=0.5).history.w)
    widget.lr = 0.2
    widget.batch_size = 5
    assert widget.history.lr == 0.2
    assert widget.history.batch_size == 5
    refused = [("lr", -1.0), ("steps", 0), ("momentum", 2.0), ("batch_size", 0), ("batch_size", 61)]
    for name, value in refused:
        with pytest.raises(TraitError, match=name):
            setattr(widget, name, value)
    assert (
        json.loads(json.dumps(widget.get_state()["figure"]))["points"]["x"] == explorer().x.tolist()
    )
    # A page without a widget manager shows the figure, and Python hears nothing of it.
    data, _ = widget._repr_mimebundle_()
    assert {"application/vnd.jupyter.widget-view+json", "text/html"} <= data.keys()
    assert data["text/html"] == explorer(momentum=0.5)._repr_mimebundle_()["text/html"]
    widget.close()


def test_without_anywidget_the_widget_is_the_figure_itself(monkeypatch):
    monkeypatch.delitem(sys.modules, "labhelpers.explorer.widget", raising=False)
    monkeypatch.setitem(sys.modules, "anywidget", None)
    figure = explorer()
    assert figure.widget() is figure
    assert figure.history.lr == figure.settings.lr
