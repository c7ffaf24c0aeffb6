"""The figure in a page of its own, in a real browser: every control, both themes, narrow, keys."""

from __future__ import annotations

import base64
import io
import re

import numpy as np
import pytest
from PIL import Image

from labhelpers import data
from labhelpers.explorer import DescentExplorer
from labhelpers.explorer.page import fragment, page
from tests.explorer.figure import Figure

pytestmark = [pytest.mark.browser, pytest.mark.prove]


def gentle(**changes) -> DescentExplorer:
    settings = {"start": (-15, -10), "lr": 0.1, "steps": 15}
    return DescentExplorer(data.gentle_line(), **settings | changes)


def noisy(**changes) -> DescentExplorer:
    settings = {"start": (-10, -20), "lr": 0.03, "batch_size": 5, "steps": 200}
    return DescentExplorer(data.steep_line(), **settings | changes)


#: Presses a key on the start five times, and gives the status before and after.
HELD_KEY = """section => {
  const [handle, status] = [".handle", "[role=status]"].map(s => section.querySelector(s));
  const before = status.innerText;
  for (let k = 0; k < 5; k++)
    handle.dispatchEvent(new KeyboardEvent("keydown", {key: "ArrowRight", bubbles: true}));
  return [before, status.innerText];
}"""


@pytest.fixture
def show(open_page, tmp_path):
    def show(explorer: DescentExplorer, **options) -> Figure:
        return Figure(open_page(explorer.to_html(tmp_path / "figure.html"), **options))

    return show


def front(figure: Figure, view: int) -> np.ndarray:
    """The front of a view: red, green, blue and alpha of its pixels, row by row."""
    address = figure.pixels()[view].split(",data:")[-1].partition(",")[2]
    picture = Image.open(io.BytesIO(base64.b64decode(address))).convert("RGBA")
    return np.asarray(picture, dtype=int)


def is_near(pixels: np.ndarray, colour: str) -> np.ndarray:
    """Where pixels are near a colour such as ``#0072b2``."""
    wanted = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)])
    return (np.abs(pixels[..., :3] - wanted).max(axis=-1) < 12) & (pixels[..., 3] > 200)


def share_of(figure: Figure, view: int, colour: str) -> float:
    """The share of a view's pixels that are near a colour."""
    return float(is_near(front(figure, view), colour).mean())


def test_it_opens_with_the_numbers_of_the_run_in_python(show):
    explorer = gentle()
    figure = show(explorer)
    history = explorer.history
    assert figure.text("output") == "step 15 of 15"
    assert figure.find(".readout").nth(1).inner_text() == "w = 0.9981, b = −1.354"
    assert figure.find(".readout").nth(2).inner_text() == f"{history.loss[-1]:.4f}"
    assert "Converging" in figure.words
    assert figure.text(".limit") == "limit 0.333"
    assert figure.text(".fastest") == "fastest 0.25"
    assert share_of(figure, 1, "#0072b2") > 0.001


def test_each_number_changes_the_run(show):
    figure = show(gentle())
    before = figure.pixels()
    for name, value, selector, expected in (
        ("lr", 0.4, ".words", "−1.4"),
        ("momentum", 0.5, ".words", "swings"),
        ("steps", 40, "output", "step 40 of 40"),
        ("batch_size", 10, ".words", "Bounded"),
        ("0", 5, "output", "step 15"),
        ("1", 7, "output", "step 15"),
    ):
        figure.type(name, value)
        assert figure.pixels()[1] != before[1]
        assert figure.pixels()[2] != before[2]
        assert expected in figure.text(selector)
        figure.press("reset")
        assert figure.pixels() == before


def test_a_number_that_is_not_allowed_gives_way_to_the_old_one(show):
    figure = show(gentle())
    untouched = figure.pixels()
    for name, value in (
        *(("lr", "-1"), ("lr", ""), ("lr", "0"), ("momentum", "1.5"), ("steps", "0")),
        *(("steps", "1e-9"), ("steps", "2.5"), ("batch_size", "2.5"), ("batch_size", "61")),
        *(("0", "1e308"), ("1", "-1e99"), ("0", "")),
    ):
        old = figure.box(name).input_value()
        figure.type(name, value)
        assert figure.box(name).input_value() == old
    assert figure.pixels() == untouched
    # Any rate is allowed, also between the steps of the arrows beside the box.
    figure.type("lr", "0.1234")
    assert figure.box("lr").input_value() == "0.1234"
    figure.box("lr").press("ArrowUp")
    assert figure.box("lr").input_value() == "0.13"


def test_the_start_can_be_dragged_after_it_was_as_far_off_as_it_may_be(show):
    figure = show(gentle())
    figure.type("0", "1e9")
    figure.press("reset")
    figure.drag_start(30, 20)
    assert -15 < figure.start[0] < -5
    figure.drag_start(3000, -3000)
    assert all(abs(one) < 100 for one in figure.start)


def test_only_the_first_button_of_a_mouse_drags_the_start(show):
    figure = show(gentle())
    box = figure.find(".handle").bounding_box()
    mouse = figure.page.mouse
    mouse.move(box["x"] + 13, box["y"] + 13)
    mouse.down(button="right")
    mouse.move(box["x"] + 60, box["y"] + 13, steps=3)
    mouse.up(button="right")
    figure.settle()
    assert figure.start == (-15, -10)


def test_each_slider_moves_by_the_keyboard(show):
    figure = show(gentle(momentum=0.2))
    for name in ("lr", "momentum", "steps"):
        before, pixels = figure.box(name).input_value(), figure.pixels()
        figure.slider(name).press("ArrowRight")
        figure.settle()
        after = figure.box(name).input_value()
        assert float(after) > float(before)
        assert figure.pixels()[1] != pixels[1]
        figure.slider(name).press("ArrowLeft")
        figure.slider(name).press("ArrowLeft")
        assert float(figure.box(name).input_value()) < float(after)


def test_batch_size_order_and_seed(show):
    figure = show(gentle(steps=60))
    assert figure.find("[name=shuffle]").is_disabled()
    figure.find("[name=size][value='5']").check()
    figure.settle()
    assert figure.box("batch_size").input_value() == "5"
    shuffled = figure.pixels()
    assert share_of(figure, 0, "#d55e00") > 0.0003
    figure.type("seed", 3)
    assert figure.pixels()[1] != shuffled[1]
    figure.find("[name=shuffle]").uncheck()
    figure.settle()
    assert figure.box("seed").is_disabled()
    in_order = figure.pixels()
    figure.find("[name=axis][value=epoch]").check()
    figure.settle()
    assert figure.pixels()[2] != in_order[2]


def test_steps_forward_back_scrub_and_play(show):
    figure = show(gentle())
    end = figure.pixels()
    figure.press("back")
    assert figure.step == 14
    assert figure.pixels()[0] != end[0]
    figure.press("forward")
    assert figure.pixels() == end
    figure.press("first")
    assert figure.step == 0
    assert figure.find(".readout").nth(2).inner_text() == "835.3"
    figure.slider("step").press("ArrowRight")
    figure.settle()
    assert figure.step == 1
    figure.find("[data-do=play]").click()
    figure.wait_for_step(3)
    figure.press("play")
    paused = figure.step
    assert 3 <= paused < 15
    figure.page.wait_for_timeout(400)
    assert figure.step == paused
    figure.press("last")
    assert figure.pixels() == end


def test_the_start_follows_the_mouse_also_when_the_page_is_scrolled(show):
    figure = show(gentle(), viewport={"width": 1280, "height": 420})
    figure.page.mouse.wheel(0, 90)
    figure.page.wait_for_function("scrollY > 50")
    figure.settle()
    w, b = figure.start
    figure.drag_start(40, 30)
    assert figure.start[0] > w + 2
    assert figure.start[1] > b + 1.5
    ratio = (figure.start[0] - w) / (figure.start[1] - b)
    assert ratio == pytest.approx(40 / 30, rel=0.1)


def test_the_start_moves_by_keys_and_says_where_it_is(show):
    figure = show(gentle())
    handle = figure.find(".handle")
    handle.press("ArrowRight")
    one = figure.start[0] + 15
    assert one > 0
    handle.press("Shift+ArrowUp")
    assert figure.start[1] + 10 == pytest.approx(5 * one, rel=0.3)
    w = re.escape(f"w = {figure.start[0]:g}".replace("-", "−"))
    assert re.search(w, handle.get_attribute("aria-label"))
    figure.find("[role=status]", has_text="Converging").wait_for(state="attached")
    # A key that is held down is read aloud once it rests. A script presses within one task, so
    # that no timer can ring between the keys and the look at the text, however busy the machine.
    before, after = figure.section.evaluate(HELD_KEY)
    assert before == after
    figure.find("[role=status]").filter(has_not_text=before).wait_for(state="attached")


def test_touch_drags_the_start(show):
    figure = show(gentle(), has_touch=True)
    box = figure.find(".handle").bounding_box()
    x, y = box["x"] + 13, box["y"] + 13
    session = figure.page.context.new_cdp_session(figure.page)
    for kind, points in (
        ("touchStart", [{"x": x, "y": y}]),
        ("touchMove", [{"x": x + 25, "y": y}]),
        ("touchMove", [{"x": x + 50, "y": y}]),
        ("touchEnd", []),
    ):
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})
    figure.settle()
    assert figure.start[0] > -13


def test_a_kept_run_stays_and_reset_brings_the_lab_back(show):
    figure = show(gentle())
    first = figure.pixels()
    figure.press("keep")
    figure.type("lr", 0.3)
    assert "η = 0.1" in figure.text(".note")
    # Step 15 is the last of both runs, and the kept run's marker is on the path.
    assert share_of(figure, 2, "#cc79a7") > 0
    figure.press("reset")
    assert figure.pixels() == first
    assert not figure.find(".note").is_visible()


def test_a_diverging_run_is_shown_leaving(show):
    figure = show(gentle(lr=0.5, steps=40))
    assert "Diverging" in figure.words
    assert "−2. That is above 1 in size, so the error grows." in figure.words
    # The arrowheads where the path and the loss leave their views.
    assert share_of(figure, 1, "#c4314b") > 0.0003
    assert share_of(figure, 2, "#c4314b") > 0.0003
    figure.press("first")
    assert share_of(figure, 1, "#c4314b") == 0


def test_a_path_to_huge_numbers_is_drawn_where_it_is(show):
    figure = show(gentle(lr=0.8, steps=40))
    assert "10²⁴" in figure.find(".readout").nth(1).inner_text()
    # It swings along the steep direction, which is nearly that of w: far above and below the
    # minimum, in the middle of the view, there is nothing of it.
    picture = front(figure, 1)
    height = len(picture)
    assert is_near(picture[height // 3 : height // 2], "#0072b2").any()
    assert not is_near(picture[: height // 4], "#0072b2").any()
    assert not is_near(picture[height * 2 // 3 :], "#0072b2").any()


@pytest.mark.parametrize("width", [1280, 1000, 900, 400])
def test_nothing_moves_while_the_numbers_change(show, width):
    figure = show(noisy(), viewport={"width": width, "height": 900})

    def places() -> list[str]:
        return figure.section.evaluate(
            """section => [...section.querySelectorAll('.stage, [name=step], [name=lr]')]
              .map(one => one.getBoundingClientRect())
              .map(box => [box.left, box.top + scrollY, box.width, box.height].join())"""
        )

    before = places()
    for step in (0, 1, 60, 199, 200):
        figure.slider("step").fill(str(step))
        figure.settle()
        assert places() == before
    for rate in (0.001, 0.05, 0.2, 5):
        figure.type("lr", rate)
        assert places() == before


def test_hidden_controls(show):
    figure = show(
        noisy(
            task="Find the largest rate that still converges.",
            hide=("momentum", "marks", "compare", "start"),
        )
    )
    assert "Find the largest rate" in figure.text(".task")
    for selector in ("[data-control=momentum]", ".marks", "[data-do=keep]"):
        assert not figure.find(selector).is_visible()
    assert not figure.find("[data-control=compare]", has_text="Compare").is_visible()
    assert figure.slider("lr").get_attribute("aria-describedby") is None
    assert figure.find(".handle").is_disabled()
    before = figure.start
    figure.drag_start(40, 40)
    assert figure.start == before


def test_reduced_motion_jumps_from_step_to_step(show):
    figure = show(gentle(), reduced_motion="reduce")
    figure.press("first")
    figure.find("[data-do=play]").click()
    seen = set()
    for _ in range(25):
        seen.add(figure.pixels()[0])
        figure.page.wait_for_timeout(30)
    # At five steps a second, 25 looks in about a second see no more pictures than steps.
    assert 2 <= len(seen) <= 16
    assert len(seen) < 25


THEMES = [
    ("document.body.dataset.jpThemeLight = 'true'", "light"),
    ("document.body.dataset.jpThemeLight = 'false'", "dark"),
    ("document.body.className = 'vscode-dark'", "dark"),
    ("document.body.className = 'vscode-high-contrast'", "dark"),
    ("document.body.className = 'vscode-high-contrast-light'", "light"),
    ("document.body.className = 'vscode-light'", "light"),
    ("document.documentElement.setAttribute('theme', 'dark')", "dark"),
    ("document.documentElement.dataset.theme = 'light'", "light"),
]


def test_the_theme_follows_the_page_while_it_is_open(show):
    figure = show(gentle(), color_scheme="light")
    pictures = {"light": figure.pixels()}
    forget = """() => { delete document.body.dataset.jpThemeLight; document.body.className = '';
      delete document.documentElement.dataset.theme;
      document.documentElement.removeAttribute('theme'); }"""
    for script, theme in THEMES:
        figure.page.emulate_media(color_scheme="light" if theme == "dark" else "dark")
        figure.page.evaluate(script)
        figure.settle()
        assert figure.section.get_attribute("data-theme") == theme
        assert figure.pixels() == pictures.setdefault(theme, figure.pixels())
        figure.page.evaluate(forget)
    light, dark = pictures["light"], pictures["dark"]
    assert all(one != other for one, other in zip(light, dark))


def test_a_theme_that_comes_while_the_figure_is_hidden_for_a_frame(show):
    # As JupyterLab does it: hidden when the frame is drawn, in view again at its old size when
    # sizes are observed.
    figure = show(gentle(), color_scheme="light")
    assert not figure.is_drawn_dark
    figure.page.evaluate(
        """async () => {
          const { style } = document.body;
          style.display = 'none';
          document.documentElement.setAttribute('theme', 'dark');
          await new Promise((done) => setTimeout(() => requestAnimationFrame(done)));
          style.display = '';
        }"""
    )
    figure.settle()
    assert figure.section.get_attribute("data-theme") == "dark"
    assert figure.is_drawn_dark


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1200, 400])
def test_nothing_is_cut_off_and_axe_finds_no_fault(show, scheme, width):
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    figure = show(
        noisy(task="Try it."), color_scheme=scheme, viewport={"width": width, "height": 800}
    )
    figure.press("keep")
    figure.type("lr", 0.2)
    figure.find("summary").click()
    figure.settle()
    assert figure.page.evaluate("document.documentElement.scrollWidth") <= width
    for part in ("button", "input[type=number]", ".readout", ".words", ".marks b"):
        for element in figure.find(part).all():
            if element.is_visible():
                box = element.bounding_box()
                assert box["x"] >= 0
                assert box["x"] + box["width"] <= width + 0.5
    found = axe.run(figure.page).response["violations"]
    assert [(v["id"], v["impact"]) for v in found] == []


@pytest.mark.parametrize("momentum", [0, 0.9, 0.99])
def test_the_marks_of_the_rate_are_whole_and_belong_to_the_slider(show, momentum):
    figure = show(noisy(momentum=momentum), viewport={"width": 400, "height": 800})
    scale = figure.find(".marks").bounding_box()
    for name in ("limit", "fastest", "single"):
        mark = figure.find(f".{name}").bounding_box()
        assert mark["x"] >= scale["x"]
        assert mark["x"] + mark["width"] <= scale["x"] + scale["width"] + 0.5
    assert figure.slider("lr").get_attribute("aria-describedby") == "marks"
    assert "limit" in figure.text("#marks")


def test_a_screen_reader_hears_no_step_while_the_run_plays(show):
    figure = show(gentle(steps=60))
    figure.press("first")
    figure.find("[role=status]", has_text="Step 0 of 60").wait_for(state="attached")
    figure.find("[data-do=play]").click()
    figure.wait_for_step(6)
    assert figure.find("[role=status]").inner_text().startswith("Step 0 of 60")
    assert figure.find("output").get_attribute("aria-live") == "off"
    figure.find("[data-do=play]").click()
    status = figure.find("[role=status]", has_text=re.compile("Step [1-9]"))
    status.wait_for(state="attached")
    assert status.inner_text().startswith(f"Step {figure.step} of 60")


def test_focus_can_be_seen_on_every_control(show):
    figure = show(noisy())
    figure.find("[data-do=first]").focus()
    seen = 0
    for _ in range(40):
        figure.page.keyboard.press("Tab")
        outline = figure.section.evaluate(
            """section => {
              const one = section.getRootNode().activeElement;
              if (!one) return null;
              const drawn = one.name === 'size' || one.name === 'axis' ? one.nextSibling : one;
              return getComputedStyle(drawn).outlineStyle;
            }"""
        )
        if outline is None:
            break
        assert outline == "solid"
        seen += 1
    assert seen >= 14


def test_every_control_keeps_its_keys_from_jupyterlab(show):
    """JupyterLab looks for the mark from the key's target, as the document sees it, upwards."""
    figure = show(noisy())
    found, every = figure.section.evaluate(
        """section => {
          let found = 0;
          document.addEventListener('keydown', ({ target }) => {
            found += Boolean(target.closest('[data-lm-suppress-shortcuts=true]'));
          });
          const every = section.querySelectorAll('button, input');
          for (const one of every) {
            one.dispatchEvent(new KeyboardEvent('keydown', { bubbles: true, composed: true }));
          }
          return [found, every.length];
        }"""
    )
    assert found == every > 20


def test_figures_share_a_page_and_do_not_meddle(open_page, tmp_path):
    parts = [
        fragment(one.values(), one._still, one.describe()) for one in (gentle(), gentle(), noisy())
    ]
    path = tmp_path / "three.html"
    path.write_text(page("three", "\n".join(parts)), encoding="utf-8")
    opened = open_page(path)
    first, second, third = (Figure(opened, i) for i in range(3))
    assert opened.locator("section[data-theme]").count() == 3
    untouched = second.pixels(), third.pixels()
    first.type("lr", 0.3)
    second.settle()
    assert (second.pixels(), third.pixels()) == untouched
    assert second.box("lr").input_value() == "0.1"


def test_a_figure_that_arrives_after_its_script_still_comes_alive(open_page, tmp_path):
    explorer = gentle()
    whole = fragment(explorer.values(), explorer._still, explorer.describe())
    place, script = whole.split("<script", 1)
    path = tmp_path / "late.html"
    path.write_text(page("late", "<script" + script), encoding="utf-8")
    opened = open_page(path)
    opened.wait_for_timeout(200)
    assert opened.locator("section[data-theme]").count() == 0
    opened.evaluate(
        "place => document.querySelector('main').insertAdjacentHTML('beforeend', place)", place
    )
    assert Figure(opened).text("output") == "step 15 of 15"


def test_without_scripts_the_still_and_the_description_are_there(open_page, tmp_path):
    opened = open_page(gentle().to_html(tmp_path / "figure.html"), java_script_enabled=False)
    boxes = [one.bounding_box() for one in opened.locator("figure > div:nth-of-type(2) img").all()]
    assert len(boxes) == 3
    assert all(box["width"] > 200 for box in boxes)
    assert "from 835.3 to 0.1174" in opened.locator("main").inner_text()
