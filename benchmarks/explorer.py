"""The explorer against the usual way, a slider that redraws a matplotlib figure in the kernel.

Both stand in one JupyterLab page and show the same run on the same 1000 points with 200 steps. Run
``python -m benchmarks.explorer`` from the course's folder; it needs a Chromium ($CHROMIUM or one on
the path) and Playwright.

Printed are, for both, the time from a real key press on the slider to changed pixels, the pictures
a second while the run is played, the kernel's processor time meanwhile, and the ratios.
"""

from __future__ import annotations

import random
import statistics
import sys
import tempfile
from pathlib import Path

import nbformat
import psutil

from tests.chromium import ARGUMENTS, chromium_path
from tests.jupyter import JupyterServer

KEYS = 20
PLAY_SECONDS = 4
FRAME = 1 / 60

OURS = """
from labhelpers import data
from labhelpers.explorer import DescentExplorer
points = data.gaussian_line()
DescentExplorer(points, start=(-2, -3), lr=0.1, batch_size=32, steps=200)
"""

USUAL = """
import ipywidgets as widgets
import matplotlib.pyplot as plt
import numpy as np
from labhelpers.explorer.descent import descend
from labhelpers.explorer.settings import Settings
x, y = points.x[:, 0].double().numpy(), points.y[:, 0].double().numpy()

def show(place, step):
    lr = 0.01 * 1.02 ** place
    run = descend(x, y, Settings(lr=lr, batch_size=32, steps=200, start=(-2, -3)))
    figure, (left, middle, right) = plt.subplots(1, 3, figsize=(11, 3))
    left.plot(x, y, ".")
    left.plot(x, run.w[step] * x + run.b[step])
    w, b = np.linspace(-6, 8, 60), np.linspace(-8, 9, 60)
    middle.contour(w, b, run.surface(w, b[:, None]), 20)
    middle.plot(run.w[: step + 1], run.b[: step + 1], ".-")
    right.semilogy(run.loss[: step + 1])
    plt.show()

place = widgets.IntSlider(100, 0, 200, description="rate")
play = widgets.Play(value=100, min=0, max=200, interval=100)
step = widgets.IntSlider(100, 0, 200, description="step")
widgets.jslink((play, "value"), (step, "value"))
widgets.VBox([place, play, step, widgets.interactive_output(show, {"place": place, "step": step})])
"""

#: Times the way from each key to the first frame with another picture.
WATCH = """({ours}) => {
  const small = document.createElement('canvas');
  small.width = small.height = 48;
  const pen = small.getContext('2d', { willReadFrequently: true });
  const fronts = () => {
    const host = document.querySelector('[data-explorer]').shadowRoot;
    pen.clearRect(0, 0, 48, 48);
    host.querySelectorAll('canvas').forEach(one => pen.drawImage(one, 0, 0, 48, 48));
    return pen.getImageData(0, 0, 48, 48).data.join();
  };
  const images = () => [...document.querySelectorAll('.jupyter-widgets img')]
    .filter(one => one.complete && one.naturalWidth).map(one => one.src).join();
  const picture = ours ? fronts : images;
  let resting;
  window.times = [];
  window.rested = async () => {
    for (let last = null, since = performance.now(); performance.now() - since < 400; ) {
      const now = picture();
      if (now !== last || !now) [last, since] = [now, performance.now()];
      await new Promise(requestAnimationFrame);
    }
    // Not read at the key press: that takes half a frame, and would be timed with the answer.
    resting = picture();
  };
  let pressed;
  // Looks right after a frame has been drawn, whoever drew in it first.
  const wait = () => requestAnimationFrame(() => setTimeout(() => {
    const moment = performance.now(), now = picture();
    if (now && now !== resting) times.push(moment - pressed);
    else wait();
  }));
  window.removeEventListener('keydown', window.watch, true);
  window.watch = event => {
    pressed = event.timeStamp; wait();
  };
  window.addEventListener('keydown', window.watch, true);
}"""

#: Counts the frames in which another picture was drawn.
COUNT = """({ours, seconds}) => new Promise(done => {
  let drawn = 0, fresh = false, last = null;
  const clear = CanvasRenderingContext2D.prototype.clearRect;
  if (ours) CanvasRenderingContext2D.prototype.clearRect = function (...box) {
    fresh = true; return clear.apply(this, box);
  };
  const start = performance.now();
  const look = now => {
    if (!ours) {
      const image = document.querySelector('.jupyter-widgets img');
      fresh = Boolean(image && image.complete && image.src !== last);
      last = image ? image.src : last;
    }
    if (fresh) drawn += 1;
    fresh = false;
    if (now - start < 1000 * seconds) return requestAnimationFrame(look);
    CanvasRenderingContext2D.prototype.clearRect = clear;
    done(drawn / ((now - start) / 1000));
  };
  requestAnimationFrame(look);
})"""


def measure_latency(page, slider, ours: bool) -> float:
    """Median milliseconds from a key press to changed pixels."""
    page.evaluate(WATCH, {"ours": ours})
    slider.focus()
    moments = random.Random(0)
    for count in range(1, KEYS + 1):
        # A picture that is still on its way must not be taken for the answer to the next key.
        page.evaluate("window.rested()")
        # A hand does not wait for a frame: without this every key comes just after one.
        page.wait_for_timeout(1e3 * moments.uniform(0, FRAME))
        page.keyboard.press("ArrowRight")
        page.wait_for_function("count => window.times.length >= count", arg=count, timeout=20_000)
    return statistics.median(page.evaluate("window.times"))


def measure_play(page, button, kernel: psutil.Process, ours: bool) -> tuple[float, float]:
    """Pictures a second while a run plays, and the kernel's processor seconds a second."""
    before = sum(kernel.cpu_times()[:2])
    button.click()
    rate = page.evaluate(COUNT, {"ours": ours, "seconds": PLAY_SECONDS})
    return rate, (sum(kernel.cpu_times()[:2]) - before) / PLAY_SECONDS


def _kernel_process(server: JupyterServer) -> psutil.Process:
    [name] = server.kernels()
    for process in psutil.process_iter(["cmdline"]):
        if any(name in part for part in process.info["cmdline"] or ()):
            return process
    raise RuntimeError("the kernel's process was not found")


def measure() -> list[tuple[str, str, float, float]]:
    """Rows of (what, unit, ours, the usual way)."""
    from playwright.sync_api import sync_playwright

    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        with JupyterServer(Path(folder) / "jupyter") as server:
            cells = [nbformat.v4.new_code_cell(source.strip()) for source in (OURS, USUAL)]
            nbformat.write(nbformat.v4.new_notebook(cells=cells), server.work / "speed.ipynb")
            browser = playwright.chromium.launch(executable_path=chromium_path(), args=ARGUMENTS)
            page = browser.new_page(viewport={"width": 1400, "height": 1000})
            page.set_default_timeout(90_000)
            page.goto(f"{server.url}/lab/tree/speed.ipynb?reset")
            session = "window.jupyterapp?.shell?.currentWidget?.sessionContext?.session"
            page.wait_for_function(f"{session}?.kernel?.status === 'idle'")
            page.evaluate("window.jupyterapp.commands.execute('notebook:run-all-cells')")
            page.locator("section[data-theme]").wait_for()
            page.locator(".jupyter-widgets img").wait_for()
            kernel = _kernel_process(server)
            rows = []
            slider = page.locator("section input[type=range][name=lr]")
            slider.scroll_into_view_if_needed()
            ours = measure_latency(page, slider, True)
            play = page.locator("section [data-do=play]")
            ours_rate, ours_kernel = measure_play(page, play, kernel, True)
            page.locator("section [data-do=last]").click()
            usual_slider = page.locator(".widget-slider .noUi-handle").first
            usual_slider.scroll_into_view_if_needed()
            # JupyterLab would take the arrow keys of this slider for its own.
            usual_slider.evaluate("one => { one.dataset.lmSuppressShortcuts = 'true'; }")
            usual = measure_latency(page, usual_slider, False)
            usual_play = page.locator(".jupyter-widgets.widget-play button").first
            usual_rate, usual_kernel = measure_play(page, usual_play, kernel, False)
            browser.close()
    rows.append(("key press to changed pixels, median", "ms", ours, usual))
    rows.append(("pictures a second while playing", "1/s", ours_rate, usual_rate))
    rows.append(("kernel processor time while playing", "s/s", ours_kernel, usual_kernel))
    return rows


def main() -> int:
    if chromium_path() is None:
        print("explorer: not measured, no Chromium was found")
        return 0
    print("explorer, 1000 points and 200 steps | ours | slider and matplotlib | ratio")
    for what, unit, ours, usual in measure():
        ratio = f"{ours / usual:.3g}" if usual else "-"
        print(f"{what} ({unit}) | {ours:.3g} | {usual:.3g} | {ratio}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
