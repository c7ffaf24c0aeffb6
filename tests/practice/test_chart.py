"""The chart under "Not yet": what is marked, what is said of it, and where there is none."""

from __future__ import annotations

import math
import random
import re
import subprocess
import sys
from urllib.parse import unquote

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from labchecks import checking, find
from labchecks.chart import Chart
from labchecks.engine.mistakes import find as mistake
from labchecks.engine.mistakes import wrong_rate
from labchecks.engine.run import points_of, simulate
from labtools.grading.results.cleaning import clean
from tests.practice_models import test_models_bank as models

ASKED = [80.0, 20.0, 5.0, 1.25, 0.31, 0.08]


def picture(html: str) -> str:
    """The last picture's SVG; the others belong to the legend."""
    return unquote(re.findall(r"data:image/svg\+xml,([^\"]+)", html)[-1])


def values_feedback(practice_id: str, values):
    practice = find(practice_id)
    return checking._judge(practice, {practice.names[0]: [float(v) for v in values]})


@pytest.mark.parametrize(
    ("yours", "first", "said"),
    [
        ([80.0, 20.0, 6.0, 2.0, 1.0, 1.0], 2, "The ring marks loss 3, the first that differs."),
        ([80.0, 20.0, *[math.nan] * 4], 2, "no longer a number at loss 3"),
        ([80.0, 400.0, 9e4, 1e9, 1e30, math.inf], 1, "Yours leave the chart at loss 3."),
        ([80.0, 20.0], 2, "The ring marks loss 3, where yours end."),
        ([7.0], 0, "The ring marks loss 1, the first that differs."),
        ([*ASKED, 0.02], 6, "The ring marks loss 7: the run asked for has 6."),
    ],
)
def test_first_difference_is_marked_and_named(yours, first, said):
    chart = Chart.of(yours, ASKED)
    html = chart.to_html()
    assert chart.first == first and said in html
    assert re.search(rf'alt="Your {len(yours)} losses go from', html)
    assert "prefers-color-scheme:dark" in picture(html)


def test_losses_that_differ_in_nothing_make_no_chart():
    assert Chart.of(ASKED, ASKED) is None
    # Up to what float32 leaves, and where the run that was asked for has overflown, too.
    assert Chart.of([v * 1.0005 for v in ASKED], ASKED) is None
    assert Chart.of([80.0, math.inf, math.nan], [80.0, 1e33, math.inf]) is None


def test_no_losses_at_all_make_no_chart():
    assert Chart.of([], ASKED) is None and Chart.of(ASKED, []) is None
    namespace = models.namespace_of("lab04-train", "def train(*given): return []")
    checking._judge(find("lab04-train"), namespace).to_html()


def test_with_a_free_order_only_what_no_order_gives_is_marked():
    chart = Chart.of([80, 10, 9, 9], [80, 5, 2, 1], [80, 30, 20, 8])
    assert chart.first == 3 and "no order tried here leads to" in chart.to_html()
    assert Chart.of([80, 10, 9, 2], [80, 5, 2, 1], [80, 30, 20, 8]) is None


@settings(max_examples=25, deadline=None)
@given(
    st.lists(st.floats(), min_size=1, max_size=9),
    st.lists(st.floats(), min_size=1, max_size=9),
)
def test_any_numbers_can_be_drawn(yours, asked):
    chart = Chart.of(yours, asked)
    if chart is not None:
        svg = picture(chart.to_html())
        assert not re.search(r"\b(nan|inf)\b", re.sub(r"<text.*?</text>", "", svg))


def test_long_lists_stay_small():
    assert len(Chart.of([1 / k for k in range(1, 5000)], ASKED).to_html()) < 20_000


def test_labs_1_to_3_draw_the_run_that_was_asked_for():
    judge = find("lab01-rate-02").judge
    points = points_of("gentle_line", 1)
    right = simulate(judge.run, points).losses
    wrong = simulate(wrong_rate(0.1).applied_to(judge.run), points).losses
    chart = values_feedback("lab01-rate-02", wrong).chart
    assert chart.low == chart.high == tuple(right) and chart.first == 1
    assert values_feedback("lab01-rate-02", right).chart is None
    # Shuffled, the run may be anywhere between two curves.
    judge = find("lab03-batch-20").judge
    wrong = simulate(mistake("gradients never zeroed").applied_to(judge.run), points).losses
    chart = values_feedback("lab03-batch-20", wrong).chart
    right = simulate(judge.run, points).losses
    assert all(a <= v <= b for a, v, b in zip(chart.low, right, chart.high, strict=True))
    assert chart.low != chart.high


def test_a_rate_is_drawn_beside_runs_at_rates_that_converge():
    judge = find("lab02-stable-rate").judge
    points = points_of("steep_line", 1)
    growing = [points.loss(-10, -20) * 3.0**k for k in range(20)]
    answer = {"kind": "numbers", "values": growing}
    chart = judge.chart([{"data": "steep_line", "seed": 1}], [answer])
    assert chart.first == 1 and chart.low[0] == chart.high[0] == growing[0]
    assert max(chart.low[-1], chart.high[-1]) <= 1.25 * points.least_loss
    assert "no converging rate and order tried here leads to" in chart.to_html()


def test_one_stochastic_epoch_is_drawn_sample_by_sample():
    def uphill(w, b, x, y, step_size, order):
        losses = []
        for i in order:
            loss = (w * x[i] + b - y[i]) ** 2
            losses.append(loss.item())
            loss.backward()
            with torch.no_grad():
                w += step_size * w.grad
                b += step_size * b.grad
                w.grad.zero_(), b.grad.zero_()
        return losses

    chart = checking._judge(find("lab02-sgd-epoch"), {"sgd_epoch": uphill}).chart
    assert chart.first == 1 and len(chart.low) == 5 and "with 5 points" in chart.to_html()


@pytest.mark.parametrize("practice_id", ["lab04-train", "lab05-fit-gd", "lab05-fit-bgd"])
def test_training_functions_are_drawn_beside_the_right_run_from_their_own_start(practice_id):
    bank, practice = models.bank_of(practice_id), find(practice_id)
    name = next(name for name in bank.WRONG if "never zeroed" in name)
    namespace = models.namespace_of(practice_id, bank.WRONG[name][0])
    chart = checking._judge(practice, namespace).chart
    # The first loss is the start's, the first step is right, and it goes wrong from there.
    assert chart.first == (1 if practice_id == "lab04-train" else 2)
    assert chart.yours[0] == pytest.approx(chart.low[0], rel=1e-3)
    assert "rows, at rate" in chart.where
    right = models.namespace_of(practice_id, next(iter(bank.RIGHT.values())))
    assert checking._judge(practice, right).chart is None


def test_no_case_of_a_grading_is_drawn():
    practice = find("lab01-rate-02")
    cases = practice.hidden(random.Random(1))
    answers = [{"kind": "numbers", "values": ASKED, "shape": [6]} for _ in cases]
    feedback = practice.judge(cases, answers)
    assert feedback.outcome == "incorrect" and feedback.chart is None


def test_text_of_a_verdict_is_as_without_a_chart():
    feedback = values_feedback("lab01-rate-02", ASKED)
    assert feedback.chart is not None
    assert feedback.to_text() == f"✗ Not yet\n{feedback.text}"


def test_grading_pages_keep_a_chart_that_a_notebook_shows():
    html = Chart.of([80.0, 20.0, 6.0], ASKED).to_html()
    cleaned = clean(html)
    assert picture(cleaned) == picture(html) and 'alt="Your 3 losses go from' in cleaned


def test_checks_do_not_wait_for_matplotlib_before_they_draw():
    code = "import sys, labchecks; sys.exit('matplotlib' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
