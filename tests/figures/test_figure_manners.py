"""Every figure leaves matplotlib as it found it, takes axes, and hands its artists back."""

from __future__ import annotations

import subprocess
import sys
import time

import matplotlib
import matplotlib.pyplot as plt
import pytest
from matplotlib.artist import Artist
from matplotlib.figure import Figure

from labhelpers import figures

TAKE_AXES = ["fit", "surface", "surface_runaway", "contours", "losses", "noise", "curves"]
NAMES = [*TAKE_AXES, "step", "steps", "run", "clouds"]


def own_axes():
    """Axes of a caller's own."""
    return Figure(figsize=(8, 4)).add_subplot()


def flatten(found):
    """All artists in the mapping that a drawing carries."""
    if isinstance(found, Artist):
        yield found
    elif isinstance(found, dict) or hasattr(found, "values"):
        for value in found.values():
            yield from flatten(value)
    elif isinstance(found, (list, tuple)):
        for value in found:
            yield from flatten(value)


@pytest.mark.parametrize(
    ("name", "given"), [(name, []) for name in NAMES] + [(name, [own_axes()]) for name in TAKE_AXES]
)
def test_leaves_settings_and_pyplot_alone(plots, name, given):
    draw = plots[name][0]
    before, backend = dict(matplotlib.rcParams), matplotlib.get_backend()
    open_figures = plt.get_fignums()
    draw(*given)._repr_mimebundle_()
    assert dict(matplotlib.rcParams) == before
    assert matplotlib.get_backend() == backend
    assert plt.get_fignums() == open_figures


@pytest.mark.parametrize("name", TAKE_AXES)
def test_draws_on_the_given_axes(plots, name):
    axes = own_axes()
    drawing = plots[name][0](axes)
    assert drawing.ax_ is axes
    assert drawing.figure_ is axes.figure
    assert axes.figure.axes == [axes], "no axes may be added to the caller's figure"


@pytest.mark.parametrize("name", NAMES)
def test_returns_its_artists(plots, name):
    draw, panels = plots[name]
    drawing = draw()
    assert len(drawing.axes_) == len(drawing.figure_.axes) == panels
    artists = list(flatten(drawing.artists_))
    assert len(artists) >= 2
    assert all(artist.axes in drawing.axes_ for artist in artists if artist.axes is not None)


@pytest.mark.parametrize("name", NAMES)
def test_panels_are_labelled(plots, name):
    drawing = plots[name][0]()
    labelled = [ax for ax in drawing.axes_ if ax.get_xlabel() and ax.get_ylabel()]
    # The bowl has its axes' names on its floor.
    assert len(labelled) == (0 if name.startswith("surface") else len(drawing.axes_))


@pytest.mark.parametrize("name", NAMES)
def test_one_line_of_description_without_long_numbers(plots, name):
    text = plots[name][0]().describe()
    assert text and "\n" not in text and text.endswith(".")
    for word in text.replace("(", " ").replace(")", " ").replace(",", " ").split():
        if word.replace(".", "").isdigit():
            assert len(word.replace(".", "").lstrip("0").rstrip("0")) <= 4, word


@pytest.mark.parametrize("name", NAMES)
def test_same_call_same_bytes(plots, name):
    drawing = plots[name][0]()
    first = drawing.panels()
    assert drawing.panels() == first, "drawn again"
    assert plots[name][0]().panels() == first, "made again"


def test_users_style_does_not_reach_our_figures(plots):
    plain = plots["step"][0]().panels()
    with plt.style.context("dark_background"), matplotlib.rc_context({"lines.linewidth": 9}):
        assert plots["step"][0]().panels() == plain


@pytest.mark.parametrize("name", TAKE_AXES)
def test_wrong_axes_are_refused_by_name(plots, name):
    draw, _ = plots[name]
    with pytest.raises(TypeError, match="ax must be .*got str"):
        draw("not axes")
    with pytest.raises(TypeError, match="ax must be flat axes"):
        draw(Figure().add_subplot(projection="3d"))


def test_nothing_imports_pyplot():
    """In a fresh interpreter: drawing and rendering go without pyplot."""
    code = (
        "import sys; from labhelpers import LossSurface, data, plot_contours, plot_surface;"
        "d = data.gentle_line(); s = LossSurface(d.x, d.y);"
        "plot_contours(s).panels(); plot_surface(s).panels();"
        "sys.exit('matplotlib.pyplot' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_shows_nothing_of_its_own_accord(plots, capfd):
    for draw, _ in plots.values():
        draw()
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("name", NAMES)
def test_is_quick(plots, name):
    draw = plots[name][0]
    draw().panels()  # fonts and formatters are loaded once
    times = []
    for _ in range(3):
        start = time.process_time()
        draw()._repr_mimebundle_()
        times.append(time.process_time() - start)
    # Measured 0.01 to 0.2 s; the bound leaves room for a busy machine.
    assert min(times) < 0.5


def test_reexported_from_the_package():
    import labhelpers

    for name in figures.__all__:
        assert getattr(labhelpers, name) is getattr(figures, name)
        assert name in dir(labhelpers)
    assert set(dir(labhelpers.figures)) >= set(labhelpers.figures.__all__)
    with pytest.raises(AttributeError, match="plot_nothing"):
        labhelpers.plot_nothing  # noqa: B018
