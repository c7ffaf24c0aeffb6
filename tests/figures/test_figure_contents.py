"""What is drawn is what the run did: points, lines, paths, losses and the words below."""

from __future__ import annotations

import colorsys
import itertools

import numpy as np
import pytest
import torch
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_hex, to_rgb
from matplotlib.figure import Figure
from matplotlib.path import Path

from labhelpers import History, LossSurface, data
from labhelpers.figures import (
    plot_clouds,
    plot_contours,
    plot_curve_fits,
    plot_fit,
    plot_gradient_noise,
    plot_losses,
    plot_run,
    plot_step,
    plot_steps,
    plot_surface,
)
from labhelpers.figures.contours import loss_levels
from labhelpers.figures.style import ROLES, RUN_COLOURS, THEME
from labhelpers.figures.window import Window, data_window, find_exit, parameter_window
from labhelpers.figures.wording import AxisNumbers, equation, rounded
from tests.figures.conftest import descend


def slope_and_intercept(line):
    """(w, b) of a straight line artist."""
    (x0, x1), (y0, y1) = line.get_xdata(), line.get_ydata()
    w = (y1 - y0) / (x1 - x0)
    return w, y0 - w * x0


def inside(ax, x, y):
    (left, right), (bottom, top) = ax.get_xlim(), ax.get_ylim()
    return left <= x <= right and bottom <= y <= top


# Data space


def test_fit_draws_points_lines_and_truth(dataset, run):
    drawing = plot_fit(dataset, run, (3, 2), labels=["run", "other"], show_truth=True)
    assert len(drawing.artists_["points"].get_xdata()) == 60
    first, second = drawing.artists_["lines"]
    assert slope_and_intercept(first) == pytest.approx((run.w[-1], run.b[-1]))
    assert slope_and_intercept(second) == pytest.approx((3, 2))
    assert first.get_linestyle() != second.get_linestyle()
    assert slope_and_intercept(drawing.artists_["truth"]) == pytest.approx((1, -1))
    assert drawing.artists_["truth"].get_linestyle() != "-"
    names = drawing.ax_.get_legend_handles_labels()[1]
    assert names == ["data", "run", "other", "true line"]
    assert equation(run.w[-1], run.b[-1]) in drawing.describe()


def test_fit_takes_tensors_lists_and_pairs():
    x, y = torch.arange(4.0).view(-1, 1), torch.ones(4, 1)
    w = torch.tensor(0.0, requires_grad=True)
    for points in ((x, y), ([0, 1, 2, 3], [1, 1, 1, 1])):
        drawing = plot_fit(points, (w, 1.0))
        assert slope_and_intercept(drawing.artists_["lines"][0]) == pytest.approx((0, 1))


def test_a_line_is_shown_over_the_whole_range_of_the_points(dataset):
    bottom, top = plot_fit(dataset, (-15, -10)).ax_.get_ylim()
    assert bottom < -15 * 2.9 - 10 and top > 15 * 3 - 10


def test_a_steep_line_does_not_flatten_the_points_to_nothing(dataset):
    drawing = plot_fit(dataset, (-1e9, 0))
    bottom, top = drawing.ax_.get_ylim()
    y = dataset.y.numpy()
    assert (y.max() - y.min()) / (top - bottom) > 0.03


@pytest.mark.parametrize(
    ("line", "word"),
    [((0, 1e9), "above"), ((0, -1e9), "below"), ((float("nan"), 0), "not finite")],
)
def test_a_line_that_cannot_be_seen_is_told(dataset, line, word):
    texts = [text.get_text() for text in plot_fit(dataset, line).ax_.texts]
    assert any(word in text for text in texts)


def test_notes_on_unseen_lines_cover_neither_points_nor_each_other(dataset):
    nowhere = float("nan")
    drawing = plot_fit(dataset, (nowhere, 0), (0, 1e9), (0, nowhere), (0, 2e9))
    FigureCanvasAgg(drawing.figure_).draw()
    boxes = [text.get_window_extent() for text in drawing.ax_.texts]
    assert len(boxes) == 4
    assert not any(one.overlaps(other) for one, other in itertools.combinations(boxes, 2))
    points = drawing.ax_.transData.transform(drawing.artists_["points"].get_xydata())
    assert not any(box.count_contains(points) for box in boxes)


def test_truth_needs_a_known_line():
    with pytest.raises(ValueError, match="show_truth"):
        plot_fit(data.curve(), show_truth=True)


def test_one_curve_is_not_called_several():
    curve = ([0, 1, 2], [0, 1, 4])
    captions = [
        plot_curve_fits(curve, {f"{n}": curve for n in range(number)}).caption for number in (1, 2)
    ]
    assert "the curve" in captions[0] and "each curve" in captions[1]


def test_curve_fits_draw_each_prediction():
    target = data.curve()
    x = np.linspace(-1, 4, 30)
    drawing = plot_curve_fits(target, {"flat": (x, 0 * x + 1), "net": (x, (x - 2) ** 2)})
    flat, net = drawing.artists_["curves"]
    assert np.allclose(net.get_ydata(), (x - 2) ** 2)
    assert flat.get_marker() != net.get_marker()
    assert "flat" in drawing.describe() and "net: from 9 at x = −1" in drawing.describe()


def test_a_prediction_that_cannot_be_seen_is_told():
    x = np.linspace(-1, 4, 30)
    curves = {
        "diverged": (x, np.full(30, np.nan)),
        "high": (x, x + 1e6),
        "low": (x, x - 1e6),
        "seen": (x, np.where(x < 2, 1.0, np.inf)),
    }
    drawing = plot_curve_fits(data.curve(), curves)
    drawing.panels()
    texts = [text.get_text() for text in drawing.ax_.texts]
    assert texts == [
        "diverged is not a number",
        "↑ high is above the plot",
        "↓ low is below the plot",
    ]


# Parameter space


def test_contours_show_minimum_and_whole_path(surface, run):
    drawing = plot_contours(surface, run)
    (path,) = drawing.artists_["paths"]
    assert np.allclose(path.get_xdata(), run.w) and np.allclose(path.get_ydata(), run.b)
    assert len(path.get_xdata()) == run.steps + 1
    assert drawing.artists_["minimum"].get_xdata()[0] == pytest.approx(surface.minimum[0])
    assert all(inside(drawing.ax_, w, b) for w, b in zip(run.w, run.b, strict=True))
    assert inside(drawing.ax_, *surface.minimum)
    assert drawing.artists_["exits"] == [None]
    assert "15 steps from (−15, −10) to (0.998, −1.35)" in drawing.describe()


def test_contours_tell_runs_apart_by_more_than_colour(surface, run):
    drawing = plot_contours(surface, *[run] * 6)
    looks = {(path.get_marker(), path.get_color()) for path in drawing.artists_["paths"]}
    assert len({marker for marker, _ in looks}) == 6
    assert [to_hex(path.get_color()).upper() for path in drawing.artists_["paths"]] == [
        colour.upper() for colour in RUN_COLOURS
    ]


def test_a_diverging_run_is_seen_leaving(surface, run, runaway):
    drawing = plot_contours(surface, run, runaway)
    calm, leaving = drawing.artists_["exits"]
    assert calm is None
    arrow, text = leaving
    step = int(text.get_text().removeprefix("left the plot at step "))
    # The step in words is the first point outside, and the point before it is inside.
    assert not inside(drawing.ax_, runaway.w[step], runaway.b[step])
    assert inside(drawing.ax_, runaway.w[step - 1], runaway.b[step - 1])
    # The path ends on the frame, and the arrow with it.
    path = drawing.artists_["paths"][1]
    end = path.get_xdata()[-1], path.get_ydata()[-1]
    assert arrow.get_xydata()[0] == pytest.approx(end)
    gaps = [
        *np.subtract(end[0], drawing.ax_.get_xlim()),
        *np.subtract(end[1], drawing.ax_.get_ylim()),
    ]
    assert min(map(abs, gaps)) < 1e-9
    assert f"too fast: starts at (−15, −10) and left the plot at step {step}" in drawing.describe()
    # The start and the minimum are never lost, and the rest stays readable.
    assert inside(drawing.ax_, -15, -10) and inside(drawing.ax_, *surface.minimum)
    assert np.ptp(drawing.ax_.get_xlim()) < 100


def test_of_several_runs_that_leave_each_is_named(surface, runaway):
    other = descend(surface, (-15, -10), 0.5, 40, label="fast")
    exits = plot_contours(surface, runaway, other).artists_["exits"]
    assert [text.get_text().partition(" left the plot")[0] for _, text in exits] == [
        *("too fast", "fast")
    ]


def test_chosen_ranges_are_used_and_cut_paths_are_told(surface, run):
    drawing = plot_contours(surface, run, w_range=(-20, 0), b_range=(-12, 0))
    assert drawing.ax_.get_xlim() == (-20, 0) and drawing.ax_.get_ylim() == (-12, 0)
    left = np.flatnonzero(run.w > 0)[0]
    assert drawing.artists_["exits"][0][1].get_text() == f"left the plot at step {left}"


def test_a_path_wholly_outside_is_told(surface, run):
    drawing = plot_contours(surface, run, w_range=(50, 60), b_range=(50, 60))
    assert "lies outside the plot" in drawing.describe()
    assert "outside" in drawing.artists_["exits"][0][1].get_text()


@pytest.mark.parametrize("bad", [float("nan"), float("inf"), -1e200])
def test_a_path_that_overflows_is_drawn(surface, dataset, bad):
    history = History(surface, (-15, -10), lr=0.1)
    history.step(-5, -5)
    history.step(bad, 0)
    for drawing in (
        plot_contours(surface, history),
        plot_surface(surface, history),
        plot_losses(history),
        plot_losses(history, scale="log"),
        plot_run(dataset, surface, history),
        plot_step(dataset, surface, history, 1),
        plot_step(dataset, surface, history, 2),
    ):
        drawing.panels()
        assert np.isfinite([ax.get_xlim() for ax in drawing.axes_]).all()
    told = "not a number from step 2" if np.isnan(bad) else "left the plot at step 2"
    assert told in plot_contours(surface, history).describe()
    assert told in plot_surface(surface, history).artists_["exit"].get_text()
    (exit_,) = plot_losses(history).artists_["exits"]
    assert told in exit_[1].get_text()


def pixels_per_unit(ax):
    """How long a unit of w and of b is in pixels."""
    (x0, y0), (x1, y1) = ax.transData.transform([(0, 0), (1, 1)])
    return x1 - x0, y1 - y0


def test_one_scale_for_both_parameters(dataset, surface, run, runaway, noisy):
    """On our own figures and on a caller's of any shape, whatever the ranges."""
    wide = Figure(figsize=(9, 2)).add_subplot()
    for ax in (
        plot_contours(surface).ax_,
        plot_contours(surface, run, runaway).ax_,
        plot_contours(surface, noisy, w_range=(-20, 0)).ax_,
        plot_contours(surface, w_range=(-20, 0), b_range=(0, 3)).ax_,
        plot_contours(surface, run, ax=wide).ax_,
        plot_step(dataset, surface, run, 3).axes_[1],
        *plot_steps(dataset, surface, run, (0, 3)).axes_[2:],
        plot_run(dataset, surface, run).axes_[1],
        *plot_clouds(surface, run, noisy).axes_,
    ):
        along_w, along_b = pixels_per_unit(ax)
        assert along_w == pytest.approx(along_b, rel=1e-6)


def test_the_shorter_range_is_extended(surface):
    """A path along w alone: the window has the panel's shape, not that of the path."""
    history = History(surface, (-15, surface.minimum[1]), lr=0.1)
    history.step(*surface.minimum)
    ax = plot_contours(surface, history).ax_
    assert np.ptp(ax.get_ylim()) / np.ptp(ax.get_xlim()) == pytest.approx(
        ax.bbox.height / ax.bbox.width
    )
    assert inside(ax, -15, surface.minimum[1])


def test_contours_are_the_ellipses_of_the_loss(surface):
    """On the points of each ellipse, turned and scaled as it is drawn, the loss is its level."""
    drawing = plot_contours(surface)
    ellipses, levels = drawing.artists_["contours"], drawing.artists_["levels"]
    assert len(ellipses) == len(levels) > 4
    for ellipse, level in zip(ellipses, levels, strict=True):
        points = ellipse.get_patch_transform().transform(
            [(np.cos(turn), np.sin(turn)) for turn in np.linspace(0, 6, 17)]
        )
        assert surface(*points.T) == pytest.approx(np.full(17, level), rel=1e-6)
    texts = [text.get_text() for text in drawing.artists_["contour_labels"]]
    assert 2 <= len(texts) <= 4
    assert set(texts) <= {rounded(level) for level in levels}


def test_directions_are_dotted_and_at_right_angles(surface):
    lines = plot_contours(surface, directions=True).artists_["directions"]
    along = [np.diff(line.get_xydata(), axis=0)[0] for line in lines]
    assert along[0] @ along[1] == pytest.approx(0, abs=1e-6)
    for vector, curvature in zip(along, surface.eigenvalues, strict=True):
        assert surface.hessian @ vector == pytest.approx(curvature * vector)
    assert all(line.get_linestyle() != "-" for line in lines)
    assert plot_contours(surface).artists_["directions"] == []


def test_a_path_shows_its_direction(surface, run):
    """Each arrowhead lies on a step and points along it."""
    drawing = plot_contours(surface, run)
    heads = [line for line in drawing.ax_.lines if isinstance(line.get_marker(), Path)]
    assert heads
    points = np.stack([run.w, run.b], axis=1)
    for head in heads:
        place = head.get_xydata()[0]
        tip, middle = head.get_marker().vertices[[0, 2]]
        for start, end in itertools.pairwise(points):
            step, away = end - start, place - start
            if step @ away > 0 and abs(np.cross(step, away)) < 1e-9 and away @ away < step @ step:
                pointing = tip - middle
                cosine = pointing @ step / np.hypot(*pointing) / np.hypot(*step)
                assert cosine == pytest.approx(1)
                break
        else:
            pytest.fail(f"no step under the arrowhead at {place}")


def test_levels_are_round_and_reach_the_valley(surface):
    levels = loss_levels(surface.minimum_loss, 1000.0)
    ratios = levels[1:] / levels[:-1]
    assert ((ratios > 2.9) & (ratios < 3.5)).all()
    assert levels[0] < 1 and levels[-1] >= 300
    # On a raised valley (the noisy data of lab 4) the contours still close round the minimum.
    raised = loss_levels(0.93, 80.0)
    assert raised[0] - 0.93 < 0.01 * 79 and (np.diff(raised) > 0).all()
    assert {1.2, 2, 4, 10, 30} <= set(raised)


def test_surface_draws_the_path_on_the_surface(surface, run):
    """The picture is a parallel projection: linear in w and b, and in the loss."""
    drawing = plot_surface(surface, run)
    path = drawing.artists_["path"]
    marked = path.get_xydata()[path.get_markevery()]
    space = np.stack([run.w, run.b, run.loss, np.ones(run.steps + 1)], axis=1)
    view, residual, *_ = np.linalg.lstsq(space, marked, rcond=None)
    assert np.allclose(space @ view, marked)
    assert view[2] == pytest.approx([0, view[2, 1]], abs=1e-9) and view[2, 1] > 0
    # Each level's ellipse, the rim too, lies on the same surface.
    for ring in [*drawing.artists_["levels"], drawing.artists_["rim"]]:
        seen = ring.get_patch_transform().transform([(1, 0), (0, 1), (-1, 0)])
        loss = (ring.get_center()[1] - drawing.artists_["minimum"].get_ydata()[0]) / view[2, 1]
        loss += surface.minimum_loss
        flat = seen - loss * view[2] - view[3]
        w, b = np.linalg.solve(view[:2].T, flat.T)
        assert surface(w, b) == pytest.approx(np.full(3, loss), rel=1e-6)
    assert "(−15, −10)" in drawing.describe()


def test_surface_tells_a_run_that_leaves(surface, runaway):
    drawing = plot_surface(surface, runaway)
    assert "left the plot at step" in drawing.artists_["exit"].get_text()
    assert plot_surface(surface).artists_["path"] is None


def test_clouds_share_their_limits_and_show_the_second_half(surface, noisy):
    still = History(surface, surface.minimum, lr=0.1, label="still")
    for _ in range(4):
        still.step(*surface.minimum)
    drawing = plot_clouds(surface, noisy, still)
    (left, right) = drawing.axes_
    assert left.get_xlim() == right.get_xlim() and left.get_ylim() == right.get_ylim()
    points = drawing.artists_["points"][0]
    cloud = np.stack([noisy.w, noisy.b], axis=1)[noisy.steps // 2 :]
    assert np.allclose(points.get_xydata(), cloud) and points.get_linestyle() == "None"
    assert all(inside(left, *point) for point in cloud)
    ellipse = drawing.artists_["ellipses"][0]
    deviations = np.sqrt(np.linalg.eigvalsh(np.cov(cloud.T)))
    assert sorted([ellipse.width, ellipse.height]) == pytest.approx(4 * deviations)
    assert ellipse.get_center() == pytest.approx(cloud.mean(axis=0))
    assert left.get_title("left") == noisy.label


# Colours of runs


def fresh(dataset):
    """A surface that no run was drawn on."""
    return LossSurface(dataset.x, dataset.y)


def runs_of(surface, *labels):
    return [descend(surface, (-15, -10), 0.1, 3, label=label) for label in labels]


def looks(drawing, kind):
    return [(line.get_color(), line.get_marker()) for line in drawing.artists_[kind]]


def test_a_run_keeps_colour_and_marker_through_all_figures(dataset):
    surface = fresh(dataset)
    first, second, third = runs_of(surface, "a", "b", "c")
    every = looks(plot_losses(first, second, third), "lines")
    assert looks(plot_contours(surface, third, first), "paths") == [every[2], every[0]]
    assert looks(plot_losses(third), "lines") == [every[2]]
    assert plot_fit(dataset, second).artists_["lines"][0].get_color() == every[1][0]
    step = plot_step(dataset, surface, third, 1).artists_
    assert step["current"].get_color() == step["line"].get_color() == every[2][0]
    assert plot_surface(surface, second).artists_["path"].get_color() == every[1][0]
    assert (
        plot_clouds(surface, *[descend(surface, (0, 0), 0.1, 9, label="b")])
        .artists_["points"][0]
        .get_color()
        == every[1][0]
    )
    # A cell that runs again makes the same run again.
    (again,) = runs_of(surface, "b")
    assert looks(plot_losses(again), "lines") == [every[1]]


def test_runs_of_one_figure_never_share_a_colour(dataset):
    """The seventh name has the first one's colour, until both appear together."""
    surface = fresh(dataset)
    runs = runs_of(surface, *"abcdefg")
    for run in runs:
        plot_losses(run)
    first, last = looks(plot_losses(runs[0], runs[6]), "lines")
    assert first[0] == RUN_COLOURS[0] != last[0]
    assert looks(plot_losses(runs[6]), "lines") == [last]


def test_roles_have_the_colours_of_the_table(dataset):
    right, wrong = looks(plot_losses([3.0, 2.0], [3.0, 4.0], roles=[None, "wrong"]), "lines")
    assert right[0] == RUN_COLOURS[0] and wrong[0] == ROLES["wrong"]
    line = plot_fit(dataset, (1, -1), roles=["minimum"]).artists_["lines"][0]
    assert (
        line.get_color()
        == ROLES["minimum"]
        == plot_contours(fresh(dataset)).artists_["minimum"].get_color()
    )


def test_green_is_for_the_goal_alone():
    """By hue: between yellow and cyan lie the minimum and nothing else, in both themes."""
    for color in {*RUN_COLOURS, *ROLES.values()} - {ROLES["minimum"]}:
        for shown in (color, THEME[color]):
            hue, _, saturation = colorsys.rgb_to_hsv(*to_rgb(shown))
            assert saturation < 0.3 or not 70 < 360 * hue < 175, shown


# Losses


def test_losses_by_step_are_the_full_data_losses(run, surface):
    drawing = plot_losses(run, reference=surface.minimum_loss)
    (line,) = drawing.artists_["lines"]
    assert np.array_equal(line.get_xdata(), np.arange(16))
    assert np.allclose(line.get_ydata(), run.loss)
    assert drawing.artists_["reference"].get_ydata()[0] == surface.minimum_loss
    assert "from 835 to 0.117" in drawing.describe()
    assert "Least squares: 0.00771" in drawing.describe()


def test_the_caption_of_losses_says_what_to_notice_in_these(run, surface):
    def caption(*series, **options) -> str:
        return plot_losses(*series, scale="log", **options).caption

    assert caption(run, by="epoch") == (
        "Where a curve is straight, every epoch divides the loss by the same number."
    )
    assert caption([9, 3, 1, 2, 1], reference=0.5) == (
        "Where a curve only goes up and down, look at how far above the dotted line it stays."
    )
    assert caption([9, 6, 4, 5, 2, 3, 1, 0.6, 0.7, 0.2]) == "Look at how evenly each curve falls."
    assert caption(run, [9, 3, 12], labels=["a", "b"]) == (
        "Look at b: the loss ends higher than it began."
    )
    assert caption([9, 3, 2], [9, 3.05, 2], roles=[None, "wrong"]) == (
        "The dashed red curve lies on the other: the losses do not tell them apart."
    )
    assert caption(run, [9, 3, 2], roles=[None, "wrong"]) == (
        "Look at where the dashed red curve parts from the other."
    )


def test_losses_of_plain_sequences(run):
    losses = [torch.tensor(value, requires_grad=True) for value in run.loss[:-1].tolist()]
    drawing = plot_losses(losses, (5.0, 4.0, 3.0), labels=["a", "b"])
    first, second = drawing.artists_["lines"]
    assert np.array_equal(first.get_xdata(), np.arange(15))
    assert np.allclose(first.get_ydata(), run.loss[:-1], rtol=1e-6)
    assert np.array_equal(second.get_xydata(), [(0, 5), (1, 4), (2, 3)])
    assert drawing.ax_.get_legend_handles_labels()[1] == ["a", "b"]


def test_losses_by_epoch_and_by_update(noisy):
    by_epoch = plot_losses(noisy, by="epoch")
    (line,) = by_epoch.artists_["lines"]
    assert np.allclose(line.get_xdata(), [0, 1, 2, 3, 4])
    assert np.allclose(line.get_ydata(), noisy.loss[noisy.epoch_starts])
    assert by_epoch.ax_.get_xlabel() == "epoch"
    by_update = plot_losses(noisy, by="update")
    assert len(by_update.artists_["lines"][0].get_xdata()) == 49
    assert by_update.ax_.get_xlabel() == "update"


def test_an_unfinished_epoch_ends_at_its_share(surface):
    history = History(surface, (0, 0), lr=0.1, batch_size=20)
    for _ in range(4):
        history.step(0, 0, batch_loss=1.0)
    (line,) = plot_losses(history, by="epoch").artists_["lines"]
    assert np.allclose(line.get_xdata(), [0, 1, 4 / 3])


@pytest.mark.parametrize("scale", ["linear", "log"])
def test_a_diverging_loss_is_seen_leaving_and_the_rest_stays_readable(run, runaway, scale):
    drawing = plot_losses(run, runaway, scale=scale)
    calm, leaving = drawing.artists_["exits"]
    assert calm is None
    step = int(leaving[1].get_text().removeprefix("left the plot at step "))
    top = drawing.ax_.get_ylim()[1]
    assert runaway.loss[step] > top >= runaway.loss[step - 1]
    assert top < 1e7
    assert f"too fast: from 835, left the plot at step {step}" in drawing.describe()


def test_infinite_values_in_a_plain_list_are_seen_leaving():
    drawing = plot_losses([1.0, 3.0, float("inf"), float("nan")])
    assert "left the plot at step" in drawing.artists_["exits"][0][1].get_text()


def test_one_loss_stands_at_a_whole_iteration():
    ticks = plot_losses([3.0]).ax_.get_xticks()
    assert ticks.size and (ticks == np.round(ticks)).all()


def test_losses_below_zero_are_shown_whole():
    drawing = plot_losses([-1.0, -2.0, -3.0])
    assert drawing.artists_["exits"] == [None]
    assert drawing.ax_.get_ylim()[0] < -3


@pytest.mark.filterwarnings("error")
def test_numbers_near_the_ends_of_the_range_give_no_warning(dataset, surface):
    plot_losses([1e300, 1.0, 1e-300], scale="log").panels()
    history = History(surface, (-15, -10), lr=0.6)
    for size in (1e308, -1.7e308, float("nan")):
        history.step(size, 1.0)
    for step in range(4):
        plot_step(dataset, surface, history, step).panels()
    plot_run(dataset, surface, history).panels()


def test_a_slow_rise_is_shown_whole():
    drawing = plot_losses([1.0, 1.5, 2.0, 2.5])
    assert drawing.artists_["exits"] == [None]
    assert drawing.ax_.get_ylim()[1] > 2.5


# Both spaces


@pytest.mark.parametrize("step", [0, 1, 7, 15])
def test_both_panels_show_one_step(dataset, surface, run, step):
    drawing = plot_step(dataset, surface, run, step)
    line = slope_and_intercept(drawing.artists_["line"])
    current = drawing.artists_["current"]
    point = current.get_xdata()[0], current.get_ydata()[0]
    assert line == pytest.approx(point)
    assert point == pytest.approx((run.w[step], run.b[step]))
    # The path so far ends at the point, and the arrow goes on to the next.
    path = drawing.artists_["path"]
    assert (path.get_xdata()[-1], path.get_ydata()[-1]) == pytest.approx(point)
    if step < run.steps:
        tip = drawing.artists_["next"].get_xydata()[0]
        assert tip == pytest.approx((run.w[step + 1], run.b[step + 1]))
    else:
        assert drawing.artists_["next"] is None and "last point" in drawing.describe()
    words = (
        f"w = {rounded(run.w[step])}, b = {rounded(run.b[step])}, loss {rounded(run.loss[step])}"
    )
    assert drawing.artists_["title"].get_text() == f"Step {step}: {words}"
    assert words in drawing.describe()


def test_residuals_join_points_to_the_line(dataset, surface, run):
    drawing = plot_step(dataset, surface, run, 15)
    ends = drawing.artists_["residuals"].get_xydata().reshape(-1, 3, 2)[:, :2]
    assert ends.shape == (60, 2, 2)
    assert np.allclose(ends[:, 0, 1], dataset.y[:, 0])
    assert np.allclose(ends[:, 1, 1], run.w[15] * ends[:, 1, 0] + run.b[15])


def test_frames_of_a_run_share_their_limits(dataset, surface, run):
    frames = [plot_step(dataset, surface, run, step) for step in (0, 8)]
    for first, second in zip(*(frame.axes_ for frame in frames), strict=True):
        assert first.get_xlim() == second.get_xlim() and first.get_ylim() == second.get_ylim()


def test_each_column_shows_one_step(dataset, surface, run):
    drawing = plot_steps(dataset, surface, run, steps=(0, 4, 9))
    assert len(drawing.axes_) == 6
    for step, column in zip((0, 4, 9), drawing.artists_["columns"], strict=True):
        point = column["current"].get_xdata()[0], column["current"].get_ydata()[0]
        assert slope_and_intercept(column["line"]) == pytest.approx(point)
        assert point == pytest.approx((run.w[step], run.b[step]))
        assert f"step {step}: w = {rounded(run.w[step])}" in drawing.describe()


def test_run_shows_fit_path_and_loss(dataset, surface, run):
    drawing = plot_run(dataset, surface, run)
    fitted = slope_and_intercept(drawing.artists_["fit"]["lines"][0])
    path = drawing.artists_["contours"]["paths"][0]
    assert fitted == pytest.approx((path.get_xdata()[-1], path.get_ydata()[-1]))
    assert np.allclose(drawing.artists_["losses"]["lines"][0].get_ydata(), run.loss)
    assert "loss from 835 to 0.117" in drawing.describe()
    assert equation(run.w[-1], run.b[-1]) in drawing.describe()


def test_run_says_that_it_diverged(dataset, surface, runaway):
    assert (
        f"diverged from step {runaway.diverged_at}"
        in plot_run(dataset, surface, runaway).describe()
    )


def test_run_on_points_without_noise():
    x = np.arange(5.0)
    surface = LossSurface(x, 2 * x + 1)
    history = History(surface, (0, 0), lr=0.1)
    history.step(1, 1)
    plot_run((x, 2 * x + 1), surface, history).panels()


# Gradient noise


def test_noise_guide_falls_with_the_root_of_the_batch_size():
    drawing = plot_gradient_noise([16, 1, 4], [2.5, 8.0, 4.0])
    assert np.array_equal(drawing.artists_["spread"].get_xdata(), [1, 4, 16])
    assert np.allclose(drawing.artists_["guide"].get_ydata(), [8, 4, 2])
    assert drawing.ax_.get_xscale() == drawing.ax_.get_yscale() == "log"
    assert drawing.artists_["zeros"] is None
    assert "8 at B = 1, 2.5 at B = 16" in drawing.describe()


def test_a_spread_of_zero_is_said_in_words():
    drawing = plot_gradient_noise([1, 60], [8.0, 0.0])
    assert "60" in drawing.artists_["zeros"].get_text()
    assert "No spread at B = 60" in drawing.describe()


def test_one_batch_size_is_told_once():
    assert plot_gradient_noise([4], [2.0]).describe().count("2 at B = 4") == 1


# Numbers, windows, colours


@pytest.mark.parametrize(
    ("value", "text"),
    [
        *((835.32, "835"), (-0.01234, "−0.0123"), (1.0, "1"), (99999, "1 × 10⁵"), (12345, "12300")),
        *((1.234e29, "1.23 × 10²⁹"), (2e-9, "2 × 10⁻⁹"), (1e-17, "0"), (-0.0, "0")),
        *((float("inf"), "∞"), (float("-inf"), "−∞"), (float("nan"), "not a number")),
    ],
)
def test_rounded(value, text):
    assert rounded(value) == text


@pytest.mark.parametrize(
    ("log", "values", "texts"),
    [
        (False, [-10, 0, 10000, 20000], ["−10", "0", "10000", "20000"]),
        (False, [0, 50000, 100000], ["0", "0.5 × 10⁵", "10⁵"]),
        (False, [0, 1e-4, 2e-4], ["0", "10⁻⁴", "2 × 10⁻⁴"]),
        (False, [0.9985, 0.999], ["0.9985", "0.999"]),
        (True, [0.01, 1, 100, 1e4], ["0.01", "1", "100", "10000"]),
        (True, [0.01, 1, 100, 1e4, 1e6], ["0.01", "1", "100", "10⁴", "10⁶"]),
        (True, [3e-5, 1e-4, 1], ["3 × 10⁻⁵", "10⁻⁴", "1"]),
    ],
)
def test_the_numbers_of_an_axis_have_one_format(log, values, texts):
    assert AxisNumbers(log).format_ticks(values) == texts


def test_exit_is_the_first_or_the_last_leaving():
    window = Window((0, 10), (0, 10))
    x, y = np.array([1, 20, 5, 30]), np.array([1, 1, 5, 5])
    assert find_exit(x, y, window).step == 3
    assert find_exit(x, y, window, first=True).step == 1
    assert find_exit(x, y, window, first=True).edge == pytest.approx((10, 1))
    assert find_exit(x[:3], y[:3], window) is None


def test_windows_hold_what_they_should(surface, run, runaway):
    window = parameter_window(surface, [run])
    assert window.contains(run.w, run.b).all()
    both = parameter_window(surface, [run, runaway])
    assert both.contains(run.w, run.b).all()
    assert not both.contains(runaway.w, runaway.b).all()
    space = data_window(np.array([0.0, 1.0]), np.array([0.0, 1.0]), [(1.0, 0.5)])
    assert space.y[1] > 1.5


# Bad arguments


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda d, s, h: plot_fit(3), TypeError, "dataset must be.*got int"),
        (lambda d, s, h: plot_fit(([1, 2], [1])), ValueError, "same length, got 2 and 1"),
        (lambda d, s, h: plot_fit(([1], [float("nan")])), ValueError, "finite"),
        (lambda d, s, h: plot_fit(d, 5), TypeError, "each line.*got 5"),
        (lambda d, s, h: plot_fit(d, (1, 2), labels="ab"), TypeError, "labels.*'ab'"),
        (lambda d, s, h: plot_fit(d, (1, 2), labels=["a", "b"]), ValueError, "labels.*1.*got 2"),
        (lambda d, s, h: plot_fit(([1], [float("nan")])), ValueError, "y of dataset.*finite"),
        (lambda d, s, h: plot_fit(([], [])), ValueError, "x of dataset is empty"),
        (lambda d, s, h: plot_fit(d, (1, 2), labels=5), TypeError, "labels.*got 5"),
        (lambda d, s, h: plot_contours(d), TypeError, "surface.*got DataSet"),
        (lambda d, s, h: plot_contours(s, 3), TypeError, "each history.*got int"),
        (lambda d, s, h: plot_contours(s, w_range=(2, 1)), ValueError, "w_range.*increasing"),
        (lambda d, s, h: plot_contours(s, b_range=4), TypeError, "b_range.*got 4"),
        (lambda d, s, h: plot_clouds(s), ValueError, r"4 steps.*got \(\)"),
        (lambda d, s, h: plot_clouds(s, History(s, (0, 0), lr=1)), ValueError, "4 steps"),
        (lambda d, s, h: plot_fit(d, (1, 2), roles=["red"]), ValueError, "roles.*'red'"),
        (lambda d, s, h: plot_losses([1], roles=[]), ValueError, "roles.*1.*got 0"),
        (lambda d, s, h: plot_surface(s, 4), TypeError, "history.*got int"),
        (lambda d, s, h: plot_losses(), ValueError, "series is empty"),
        (lambda d, s, h: plot_losses([]), ValueError, "empty"),
        (lambda d, s, h: plot_losses(["a"]), TypeError, "sequence of numbers"),
        (lambda d, s, h: plot_losses(h, by="hour"), ValueError, "by must be.*'update'.*'hour'"),
        (lambda d, s, h: plot_losses(h, scale="cubic"), ValueError, "scale must be.*'cubic'"),
        (lambda d, s, h: plot_losses([0.0, 0.0], scale="log"), ValueError, "above 0"),
        (lambda d, s, h: plot_losses(h, scale="log", reference=0), ValueError, "reference.*got 0"),
        (lambda d, s, h: plot_losses(h, reference="x"), TypeError, "reference.*got 'x'"),
        (lambda d, s, h: plot_step(d, s, h, 16), ValueError, "step must be.*0 to 15, got 16"),
        (lambda d, s, h: plot_step(d, s, h, -1), ValueError, "step must be.*got -1"),
        (lambda d, s, h: plot_step(d, s, h, 1.5), ValueError, "step must be.*got 1.5"),
        (lambda d, s, h: plot_step(d, s, h, "x"), TypeError, "step must be.*got 'x'"),
        (lambda d, s, h: plot_step(d, s, h, np.inf), ValueError, "step must be.*got inf"),
        (lambda d, s, h: plot_steps(d, s, h, 3), TypeError, "steps must be.*got 3"),
        (lambda d, s, h: plot_steps(d, s, h, ()), ValueError, "steps is empty"),
        (lambda d, s, h: plot_steps(d, s, h, (0, 99)), ValueError, "steps.*0 to 15, got 99"),
        (lambda d, s, h: plot_run(d, s, h, scale="x"), ValueError, "scale must be"),
        (lambda d, s, h: plot_gradient_noise([1, 2], [1]), ValueError, "same length"),
        (lambda d, s, h: plot_gradient_noise([0], [1]), ValueError, "batch_sizes.*at least 1"),
        (lambda d, s, h: plot_gradient_noise([1], [-1]), ValueError, "spreads.*>= 0"),
        (lambda d, s, h: plot_curve_fits(d, [1]), TypeError, "predictions.*got list"),
        (lambda d, s, h: plot_curve_fits(d, {}), ValueError, "predictions is empty"),
        (lambda d, s, h: plot_curve_fits(d, {"a": 1}), TypeError, r"predictions\['a'\]"),
        (
            lambda d, s, h: plot_curve_fits(d, {"a": ([np.nan], [0])}),
            ValueError,
            r"x of predictions\['a'\] must be finite",
        ),
        (
            lambda d, s, h: plot_curve_fits(d, {"a": ([2, 1], [0, 0])}),
            ValueError,
            "increasing order",
        ),
    ],
)
def test_bad_arguments_are_named(dataset, surface, run, call, error, message):
    with pytest.raises(error, match=message):
        call(dataset, surface, run)
