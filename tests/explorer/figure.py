"""What the browser tests do to a figure in a page, and what they read from it."""

from __future__ import annotations

import time

#: The canvases of the three views, in the order of the page; each view has a back and a front.
_PIXELS = """section => [...section.querySelectorAll('.views .stage')].map(
  stage => [...stage.querySelectorAll('canvas')].map(c => c.toDataURL()).join())"""

#: How bright the back of the parameter view is, from 0 to 255, beside its contours and labels.
_BRIGHTNESS = """section => {
  const canvas = section.querySelectorAll('.stage')[1].querySelector('canvas');
  const [x, y] = [0.8 * canvas.width, 0.5 * canvas.height].map(Math.round);
  const [red, green, blue] = canvas.getContext('2d').getImageData(x, y, 1, 1).data;
  return (red + green + blue) / 3;
}"""

#: Whether two frames pass in which nothing is drawn on any canvas. Of itself Playwright would wait
#: forever for frames that a browser does not draw.
_NOTHING_DRAWN = """new Promise((done, refuse) => {
  const canvas = CanvasRenderingContext2D.prototype;
  if (!canvas.counted) {
    canvas.counted = 1;
    for (const name of ['clearRect', 'drawImage', 'fill', 'fillRect', 'stroke']) {
      const draw = canvas[name];
      canvas[name] = function (...given) { canvas.counted++; return draw.apply(this, given); };
    }
  }
  setTimeout(() => refuse(new Error('no two frames in 30 s')), 30000);
  const before = canvas.counted;
  requestAnimationFrame(() => requestAnimationFrame(() => done(canvas.counted === before)));
})"""


class Figure:
    """One figure in a page.

    Parameters
    ----------
    page : playwright Page
    index : int
        Which of the figures in the page, from 0.
    """

    def __init__(self, page, index: int = 0) -> None:
        self.page = page
        self.section = page.locator("section[data-theme]").nth(index)
        self.section.wait_for()
        self.section.scroll_into_view_if_needed()
        self.settle()

    def settle(self) -> None:
        """Wait until the camera rests: two frames after one another in which nothing is drawn.

        Frames are counted, not milliseconds: a busy machine may draw only a few in a second.
        """
        for _ in range(400):
            if self.page.evaluate(_NOTHING_DRAWN):
                return
        raise AssertionError("the figure does not come to rest")

    def wait_for_step(self, step: int) -> None:
        """Wait until a run that plays has come as far."""
        deadline = time.monotonic() + 60
        while self.step < step:
            assert time.monotonic() < deadline, f"step {step} does not come"
            self.page.wait_for_timeout(20)

    def find(self, selector: str, **options):
        return self.section.locator(selector, **options)

    def slider(self, name: str):
        return self._control(f"input[type=range][name={name}]")

    def box(self, name: str):
        return self._control(f"input[type=number][name='{name}']")

    def _control(self, selector: str):
        """A control; if it is under More, that is opened."""
        control = self.find(selector)
        control.evaluate("one => { for (let e = one; e; e = e.parentElement) e.open = true; }")
        return control

    def type(self, name: str, value) -> None:
        self.box(name).fill(str(value))
        self.box(name).press("Tab")
        self.settle()

    def press(self, action: str) -> None:
        self.find(f"[data-do={action}]").click()
        self.settle()

    def pixels(self) -> list[str]:
        """The picture of each view."""
        return self.section.evaluate(_PIXELS)

    @property
    def is_drawn_dark(self) -> bool:
        """Whether the canvases themselves are dark, whatever the page around them says."""
        return self.section.evaluate(_BRIGHTNESS) < 128

    def text(self, selector: str) -> str:
        return self.find(selector).inner_text()

    @property
    def step(self) -> int:
        return int(self.slider("step").input_value())

    @property
    def words(self) -> str:
        return self.text(".words")

    @property
    def start(self) -> tuple[float, float]:
        return tuple(float(self.box(name).input_value()) for name in "01")

    def drag_start(self, right: float, up: float) -> None:
        """Drag the start by so many pixels with the mouse."""
        handle = self.find(".handle")
        handle.scroll_into_view_if_needed()
        box = handle.bounding_box()
        x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
        mouse = self.page.mouse
        mouse.move(x, y)
        mouse.down()
        mouse.move(x + right / 2, y - up / 2, steps=3)
        mouse.move(x + right, y - up, steps=3)
        mouse.up()
        self.settle()
