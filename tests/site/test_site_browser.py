"""The site in a real browser: no request leaves it, it is alive, readable and fits a phone."""

from __future__ import annotations

import pytest

pytestmark = [pytest.mark.browser, pytest.mark.prove]

# One page of each kind.
KINDS = (
    "index.html",
    "labs/lab01_two_parameter_training.html",
    "mistakes/index.html",
    "mistakes/gradients-never-zeroed.html",
    "api/figures.html",
    "instructors.html",
    "search.html",
)
PHONE = {"viewport": {"width": 400, "height": 800}}
TOO_WIDE = "document.documentElement.scrollWidth > innerWidth"
FORMULAS_SET = "!document.querySelector('.math') || document.querySelector('mjx-container')"


def test_no_page_asks_another_host_or_is_wider_than_a_phone(visit, pages):
    page, wide = None, []
    for name in pages:
        page = visit(name, page, **PHONE)
        page.wait_for_function(FORMULAS_SET)
        if page.evaluate(TOO_WIDE):
            wide.append(name)
    assert page.requests_out == []
    assert wide == []


@pytest.mark.parametrize("name", KINDS)
def test_axe_finds_nothing_serious_in_light_or_dark(visit, name):
    from axe_playwright_python.sync_playwright import Axe

    page = visit(name, reduced_motion="reduce")
    page.wait_for_function(FORMULAS_SET)
    serious = []
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        page.wait_for_function(f"document.documentElement.dataset.theme === '{scheme}'")
        serious += [
            f"{scheme}: {one['id']}: {node['html'][:160]} ({node['failureSummary'][:200]})"
            for one in Axe().run(page).response["violations"]
            if one["impact"] in ("serious", "critical")
            for node in one["nodes"][:3]
        ]
    assert serious == []


@pytest.mark.parametrize("name", ["index.html", "labs/lab01_two_parameter_training.html"])
def test_the_explorer_is_alive(visit, name):
    page = visit(name, reduced_motion="reduce")
    figure = page.locator(".descent-explorer").first
    figure.scroll_into_view_if_needed()
    rate = figure.get_by_role("spinbutton", name="Learning rate").first
    rate.wait_for()
    verdict = figure.locator("section")
    before, picture = verdict.inner_text(), figure.screenshot()
    rate.fill("0.35")
    rate.press("Enter")
    page.wait_for_timeout(300)
    assert verdict.inner_text() != before and "iverg" in verdict.inner_text()
    assert figure.screenshot() != picture


def test_the_theme_button_turns_page_and_figure_dark(visit):
    page = visit("index.html", color_scheme="light")
    figure = page.locator(".descent-explorer section").first
    figure.wait_for()
    paper = "element => getComputedStyle(element).backgroundColor"
    light = page.locator("body").evaluate(paper), figure.evaluate(paper)
    button = page.locator(".theme-toggle:visible").first
    for _ in range(3):  # automatic, light, dark
        if page.locator("body").get_attribute("data-theme") == "dark":
            break
        button.click()
    page.wait_for_function("document.documentElement.dataset.theme === 'dark'")
    page.wait_for_timeout(200)
    dark = page.locator("body").evaluate(paper), figure.evaluate(paper)
    assert dark[0] != light[0] and dark[1] != light[1]


CONTRAST = """spans => spans.map(span => {
  const light = colour => {
    const parts = colour.match(/[0-9.]+/g).slice(0, 3).map(part => part / 255);
    const linear = parts.map(p => p <= 0.04045 ? p / 12.92 : ((p + 0.055) / 1.055) ** 2.4);
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2];
  };
  const paper = light(getComputedStyle(span.closest("pre")).backgroundColor);
  const ink = light(getComputedStyle(span).color);
  return (Math.max(ink, paper) + 0.05) / (Math.min(ink, paper) + 0.05);
})"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_comment_is_quieter_than_the_code_and_readable(visit, scheme):
    page = visit("mistakes/moved-weight.html", color_scheme=scheme)
    page.wait_for_function(f"document.documentElement.dataset.theme === '{scheme}'")
    comments = page.locator(".highlight .c1").evaluate_all(CONTRAST)
    code = page.locator(".highlight :is(.n, .p, .o, .k)").evaluate_all(CONTRAST)
    assert comments and 4.5 <= min(comments) <= max(comments) < min(code)


def test_search_finds_a_page_and_asks_nobody_else(visit):
    page = visit("search.html?q=momentum")
    page.wait_for_selector("#search-results li a")
    assert page.locator("#search-results li").count() >= 1
    assert page.requests_out == []


def test_hints_are_folded_until_they_are_opened(visit):
    page = visit("labs/lab01_two_parameter_training.html")
    hint = page.locator("details", has=page.get_by_text("Hint 1")).first
    inside = hint.locator("p").first
    assert not inside.is_visible()
    hint.locator("summary").click()
    assert inside.is_visible()


def test_the_notebook_can_be_downloaded(visit, site):
    page = visit("labs/lab01_two_parameter_training.html")
    link = page.get_by_role("link", name="Download the notebook")
    assert link.get_attribute("download") is not None
    target = (site / "labs" / link.get_attribute("href")).resolve()
    assert target.is_file() and target.suffix == ".ipynb"
