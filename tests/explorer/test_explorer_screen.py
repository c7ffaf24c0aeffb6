"""What a reader sees at once: heights, labels that keep off each other, and what a pointer does."""

from __future__ import annotations

import re

import pytest

from labhelpers import data
from labhelpers.explorer import DescentExplorer
from tests.explorer.figure import Figure

pytestmark = [pytest.mark.browser, pytest.mark.prove]

#: Writes down the texts of each canvas since it was last cleared, with their boxes.
WATCH_TEXTS = """() => {
  const pen = CanvasRenderingContext2D.prototype;
  const { clearRect, fillText } = pen;
  pen.clearRect = function (...box) { this.canvas.texts = []; return clearRect.apply(this, box); };
  pen.fillText = function (text, x, y) {
    const { width, actualBoundingBoxAscent: up, actualBoundingBoxDescent: down } =
      this.measureText(text);
    const left = { center: width / 2, right: width }[this.textAlign] ?? 0;
    const form = this.getTransform();
    const corners = [[x - left, y - up], [x - left + width, y + down]].map(
      ([px, py]) => form.transformPoint({ x: px, y: py }));
    this.canvas.texts.push([text, ...["x", "y"].flatMap(
      (name) => corners.map((one) => one[name]).sort((a, b) => a - b))]);
    return fillText.call(this, text, x, y);
  };
}"""


def narrow_valley(**changes) -> DescentExplorer:
    settings = {"start": (-10, -20), "lr": 0.01, "momentum": 0.6, "steps": 60}
    return DescentExplorer(data.wide_line(), **settings | changes)


def gentle(**changes) -> DescentExplorer:
    settings = {"start": (-15, -10), "lr": 0.1, "steps": 15}
    return DescentExplorer(data.gentle_line(), **settings | changes)


def one_sample(**changes) -> DescentExplorer:
    settings = {"start": (-10, -20), "lr": 0.05, "batch_size": 1, "steps": 200}
    return DescentExplorer(data.steep_line(), **settings | changes)


@pytest.fixture
def show(open_page, tmp_path):
    def show(explorer: DescentExplorer, script: str = "", **options) -> Figure:
        path = explorer.to_html(tmp_path / "figure.html")
        if script:
            text = path.read_text(encoding="utf-8")
            text = text.replace("<body>", f"<body><script>({script})()</script>")
            path.write_text(text, encoding="utf-8")
        return Figure(open_page(path, **options))

    return show


def box(figure: Figure, selector: str) -> dict:
    return figure.find(selector).first.bounding_box()


@pytest.mark.parametrize(("width", "most"), [(1280, 560), (1000, 620), (800, 660), (400, 900)])
def test_everything_that_matters_fits_one_screen(show, width, most):
    task = "Find the largest rate at which no single sample throws the line off."
    figure = show(one_sample(task=task), viewport={"width": width, "height": 900})
    for lr in (0.05, 0.2):
        figure.type("lr", lr)
        assert figure.section.bounding_box()["height"] <= most
    figure.press("keep")
    assert figure.section.bounding_box()["height"] <= most + (40 if width < 1000 else 0)


@pytest.mark.parametrize("width", [1280, 1000, 800, 400])
def test_verdict_play_and_rate_stand_above_the_path(show, width):
    figure = show(gentle(task="Find it."), viewport={"width": width, "height": 900})
    views = box(figure, ".views")["y"]
    for part in (".words", "[data-do=play]", "[type=range][name=lr]", "[name=step]"):
        assert box(figure, part)["y"] < views
    top, path = figure.section.bounding_box()["y"], box(figure, ".parameters .stage")
    assert path["y"] + path["height"] - top < 600


@pytest.mark.parametrize("width", [1280, 1000, 760, 400])
def test_the_numbers_over_a_view_are_whole(show, width):
    figure = show(one_sample(), viewport={"width": width, "height": 900})
    for readout in figure.find(".views .readout").all():
        assert readout.evaluate("one => one.scrollWidth <= one.clientWidth"), readout.inner_text()


FIGURES = {
    "diverging": lambda: gentle(lr=0.5, steps=40),
    "just diverging": lambda: gentle(lr=0.36, steps=40),
    "huge": lambda: gentle(lr=0.8, steps=40),
    "one sample": one_sample,
    "one sample, diverging": lambda: one_sample(lr=0.2),
    "momentum": narrow_valley,
    "adam": lambda: narrow_valley(optimizer="adam", lr=0.5, steps=100),
    "far": lambda: gentle(start=(1e6, -2e6), steps=30),
}


@pytest.mark.parametrize("width", [1280, 400])
@pytest.mark.parametrize("name", FIGURES)
def test_no_label_covers_another(show, name, width):
    figure = show(FIGURES[name](), WATCH_TEXTS, viewport={"width": width, "height": 900})
    seen = 0
    for action in ("last", "first", "forward"):
        figure.press(action)
        views = figure.section.evaluate(
            """section => [...section.querySelectorAll('.views .stage')].map(stage =>
              [...stage.querySelectorAll('canvas')].flatMap(canvas => canvas.texts))"""
        )
        for texts in views:
            assert len(texts) >= 4
            seen += len(texts)
            for i, (text, *a) in enumerate(texts):
                for other, *b in texts[:i]:
                    apart = a[1] <= b[0] or b[1] <= a[0] or a[3] <= b[2] or b[3] <= a[2]
                    assert apart, f"{text!r} covers {other!r}"
    assert seen > 50


def test_a_logarithmic_axis_writes_its_numbers_in_one_way(show):
    figure = show(gentle(lr=0.5, steps=40), WATCH_TEXTS)
    texts = figure.section.evaluate(
        """section => [...section.querySelectorAll('.loss canvas')].flatMap(
          canvas => canvas.texts.map(one => one[0]))"""
    )
    powers = [text for text in texts if text.startswith("10") and text != "10"]
    assert len(powers) >= 4
    assert not {"1000", "10000", "100000", "1000000"} & set(texts)


def test_the_marks_of_the_rate_are_whole_on_a_phone(show):
    figure = show(one_sample(), viewport={"width": 360, "height": 900})
    frame = box(figure, ".marks")
    marks = [one for one in figure.find(".marks b").all() if one.is_visible()]
    assert len(marks) == 3
    for mark in marks:
        place = mark.bounding_box()
        # As far as the padding beside them they are seen.
        assert place["x"] >= frame["x"] - 8, mark.inner_text()
        assert place["x"] + place["width"] <= frame["x"] + frame["width"] + 1, mark.inner_text()


#: Whether a straight line between two places leads through a box.
MEETS = """([[left, right, top, bottom], places]) => places.some(([px, py], i) => i &&
  Array.from({ length: 101 }, (_, k) => k / 100).some((share) => {
    const [qx, qy] = places[i - 1];
    const [x, y] = [qx + share * (px - qx), qy + share * (py - qy)];
    return x > left && x < right && y > top && y < bottom;
  }))"""


def test_a_path_that_leaves_goes_through_no_label(show):
    explorer = gentle(lr=0.5, steps=40)
    figure = show(explorer, WATCH_TEXTS, viewport={"width": 400, "height": 900})
    numbers = figure.section.evaluate(
        """section => [...section.querySelectorAll('.parameters canvas')].flatMap(
          canvas => canvas.texts)"""
    )
    plain = [(t.replace("−", "-"), *at) for t, *at in numbers if re.fullmatch(r"−?[0-9]{1,3}", t)]
    ticks = [(float(text), *place) for text, *place in plain]
    # Those below the axes count w, those left of them b.
    across = [(v, (x0 + x1) / 2) for v, x0, x1, y0, _ in ticks if y0 > max(t[3] for t in ticks) - 3]
    up = [(v, (y0 + y1) / 2) for v, _, x1, y0, y1 in ticks if x1 < min(t[1] for t in across)]
    scale = (across[-1][1] - across[0][1]) / (across[-1][0] - across[0][0])
    history = explorer.history
    path = [
        (across[0][1] + scale * (w - across[0][0]), up[0][1] - scale * (b - up[0][0]))
        for w, b in zip(history.w[:6].tolist(), history.b[:6].tolist())
    ]
    labels = [one for one in numbers if one[0] in ("steep", "shallow", "start: drag, or click")]
    assert len(labels) == 3
    for text, *place in labels:
        assert not figure.page.evaluate(MEETS, [place, path]), text


def test_enter_commits_a_number_whose_event_the_page_has_prevented(show):
    figure = show(gentle())
    # As JupyterLab does it, so that no change event comes.
    figure.page.evaluate("addEventListener('beforeinput', (event) => event.preventDefault(), true)")
    figure.box("lr").evaluate("one => { one.value = '0.4'; }")
    figure.box("lr").press("Enter")
    figure.settle()
    assert "Diverging" in figure.words


def test_a_click_places_the_start(show):
    figure = show(gentle())
    handle = box(figure, ".handle")
    figure.page.mouse.click(handle["x"] + 13 + 80, handle["y"] + 13 - 40)
    figure.settle()
    w, b = figure.start
    assert w > -12
    # One scale for both.
    assert (w + 15) / (b + 10) == pytest.approx(80 / 40, rel=0.1)


def test_a_start_that_cannot_be_moved_stays_where_it_is_clicked(show):
    figure = show(gentle(hide=("start",)))
    stage = box(figure, ".parameters .stage")
    figure.page.mouse.click(stage["x"] + 100, stage["y"] + 60)
    assert figure.start == (-15, -10)


def test_a_pointer_over_the_loss_marks_that_step_in_all_views(show):
    figure = show(gentle())
    still = figure.pixels()
    history = gentle().history
    stage = box(figure, ".loss .stage")
    figure.page.mouse.move(stage["x"] + 0.4 * stage["width"], stage["y"] + 100)
    figure.settle()
    marked = figure.pixels()
    assert all(one != other for one, other in zip(still, marked))
    assert figure.find(".marked").is_visible()
    loss = figure.text(".loss .readout")
    assert any(f"{value:.4g}" == loss for value in history.loss[3:9])
    assert figure.step == 15
    figure.page.mouse.click(stage["x"] + 0.4 * stage["width"], stage["y"] + 100)
    figure.settle()
    assert 3 <= figure.step < 9
    figure.press("last")
    figure.page.mouse.move(stage["x"], 0)
    figure.settle()
    assert figure.pixels() == still
    assert not figure.find(".marked").is_visible()


def test_a_pointer_over_the_path_or_the_lines_marks_the_nearest_step(show):
    figure = show(gentle())
    handle = box(figure, ".handle")
    figure.page.mouse.move(handle["x"] + 13, handle["y"] + 13)
    figure.settle()
    assert figure.text(".parameters .readout") == "w = −15, b = −10"
    stage = box(figure, ".data .stage")
    figure.page.mouse.move(stage["x"] + stage["width"] / 2, stage["y"] + stage["height"] / 2)
    figure.settle()
    assert figure.find(".marked").is_visible()


def test_reset_resets_all(show):
    figure = show(one_sample())
    untouched, words = figure.pixels(), figure.text("output")
    figure.press("keep")
    figure.type("lr", 0.01)
    figure.type("steps", 80)
    figure.find("[name=axis][value=epoch]").check()
    figure.find("[name=optimizer][value=adam]").check()
    figure.press("first")
    figure.press("reset")
    assert figure.pixels() == untouched
    assert figure.text("output") == words
    assert figure.find("[name=axis][value=step]").is_checked()
    assert figure.find("[name=optimizer][value=sgd]").is_checked()


def test_a_run_says_at_which_step_it_has_reached_the_minimum(show):
    figure = show(narrow_valley(start=(0, 0), lr=0.03, momentum=0.6))
    excess = narrow_valley(start=(0, 0), lr=0.03, momentum=0.6).history.excess
    needed = max(k for k, value in enumerate(excess) if value > 1e-3) + 1
    assert figure.text(".reached") == f"minimum reached at step {needed}"
    figure.type("lr", 0.00001)
    assert figure.text(".reached") == "minimum not reached"


def test_the_legend_names_what_is_drawn_and_nothing_else(show):
    figure = show(gentle())

    def legend() -> set[str]:
        return {one.inner_text().lstrip("➔") for one in figure.find("li").all() if one.is_visible()}

    always = {"run", "start", "minimum", "least squares", "step", "equal loss"}
    always |= {"steep and shallow directions"}
    assert legend() == always
    figure.type("momentum", 0.5)
    assert legend() == always | {"full step −η∇L"}
    figure.find("[name=size][value='5']").check()
    figure.press("keep")
    assert legend() == always | {"full step −η∇L", "batch", "kept run"}


def test_adam_runs_without_limits_of_the_rate(show):
    explorer = gentle(optimizer="adam", lr=0.5)
    figure = show(explorer)
    assert "Approaching" in figure.words
    assert f"{explorer.history.loss[-1]:.4g}" in figure.words
    assert not figure.find(".limit").is_visible()
    assert figure.box("momentum").is_disabled()
    figure.find("[name=optimizer][value=sgd]").check()
    figure.settle()
    assert figure.find(".limit").is_visible()
    assert "Diverging" in figure.words


def test_the_map_counts_in_slices_and_a_click_chooses(show):
    figure = show(narrow_valley(), WATCH_TEXTS)
    frames = figure.page.evaluate_handle("""() => {
      const times = []; let last = performance.now();
      const next = () => { const now = performance.now(); times.push(now - last); last = now;
        requestAnimationFrame(next); };
      requestAnimationFrame(next);
      return times;
    }""")
    figure.find("summary").click()
    figure.find(".map .readout", has_text="steps").wait_for()
    figure.page.wait_for_timeout(1500)
    assert sorted(frames.json_value())[-3] < 100
    said = figure.text(".map .readout")
    texts = figure.find(".map canvas").evaluate_all("all => all.flatMap(one => one.texts)")
    assert not any("10⁻" in text for text, *_ in texts), "rates are plain numbers"
    stage = figure.find(".map .stage")
    stage.scroll_into_view_if_needed()
    place = stage.bounding_box()
    x, y = place["x"] + 0.55 * place["width"], place["y"] + 0.3 * place["height"]
    figure.page.mouse.move(x, y)
    assert figure.text(".map .readout") != said
    said = figure.text(".map .readout")
    figure.page.mouse.click(x, y)
    figure.settle()
    rate, momentum = figure.box("lr").input_value(), figure.box("momentum").input_value()
    assert said.startswith(f"η = {rate}, μ = {momentum}: ")
    steps = int(said.split(": ")[1].split()[0])
    figure.type("steps", 400)
    assert figure.text(".reached") == f"minimum reached at step {steps}"
    # The row of Adam is at the top.
    figure.page.mouse.click(x, place["y"] + 12)
    figure.settle()
    assert figure.find("[name=optimizer][value=adam]").is_checked()


def test_the_map_is_chosen_from_by_keys_too(show):
    figure = show(narrow_valley())
    figure.find("summary").click()
    figure.find(".map .readout", has_text="steps").wait_for()
    figure.page.wait_for_timeout(1500)
    stage = figure.find(".map .stage")
    stage.focus()
    before = float(figure.box("momentum").input_value())

    def press(key: str) -> tuple[str, str]:
        stage.press(key)
        figure.settle()
        rate, momentum = figure.box("lr").input_value(), figure.box("momentum").input_value()
        said = figure.text(".map .readout")
        adam = figure.find("[name=optimizer][value=adam]").is_checked()
        assert said.startswith(f"η = {rate}, {'Adam' if adam else f'μ = {momentum}'}: ")
        return rate, "Adam" if adam else momentum

    rate, momentum = press("ArrowUp")
    assert float(momentum) == pytest.approx(before + 0.05)
    faster, same = press("ArrowRight")
    assert float(faster) > float(rate) and same == momentum
    assert press("ArrowLeft") == (rate, momentum)
    for _ in range(22):
        top = press("ArrowUp")
    assert top == (rate, "Adam")
    assert float(press("ArrowDown")[1]) == pytest.approx(0.95)


def test_more_is_there_only_if_it_holds_something(show):
    hide = ("batch_size", "shuffle", "seed", "momentum", "start")
    assert show(gentle(hide=hide)).find("summary").is_visible()
    assert not show(gentle(hide=(*hide, "steps"))).find("summary").is_visible()


@pytest.mark.parametrize("hidden", ["marks", "map", "momentum", "lr"])
def test_the_map_is_hidden_with_what_it_would_give_away(show, hidden):
    figure = show(gentle(hide=(hidden,)))
    figure.find("summary").click()
    assert not figure.find(".map").is_visible()
