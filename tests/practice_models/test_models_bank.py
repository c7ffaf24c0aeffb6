"""Every program of the bank for labs 4 to 6 is judged as it should be.

Right programs must be accepted, wrong ones refused, and a known mistake must be named: on the cases
that the lab shows and on hidden ones, with several draws of the cases and the random starts.
"""

from __future__ import annotations

import importlib
import random
from pathlib import Path

import numpy as np
import pytest
import torch

from labchecks import Feedback, find
from labhelpers import data

HERE = Path(__file__).resolve().parent
PRACTICES = {
    "lab04-features": "features",
    "lab04-train": "train_loop",
    "lab04-r-squared": "r_squared",
    "lab05-model": "line_model",
    "lab05-loss": "loss_function",
    "lab05-fit-gd": "fit_gd",
    "lab05-fit-bgd": "fit_bgd",
    "lab05-plot-gd": "loss_plots",
    "lab05-plot-bgd": "loss_plots",
    "lab06-backward": "backward",
    "lab06-hidden-net": "hidden_net",
    "lab06-deep-net": "deep_net",
}
#: Practices whose programs take a moment: each wrong one is tried on one draw of the cases.
SLOW = (
    "lab04-features",
    "lab04-train",
    "lab05-fit-gd",
    "lab05-fit-bgd",
    "lab06-hidden-net",
    "lab06-deep-net",
)


def bank_of(practice_id: str):
    """The module of programs for a practice."""
    return importlib.import_module(f"tests.practice_models.bank.{PRACTICES[practice_id]}")


def judged(practice_id: str, program: str, cases: list) -> Feedback:
    """Run a program where a lab would run it, and judge it on `cases`."""
    practice = find(practice_id)
    answers = practice.ask(namespace_of(practice_id, program), cases)
    return practice.judge(cases, answers)


def namespace_of(practice_id: str, program: str) -> dict:
    """The names that exist in the lab when the program has run."""
    points = data.wide_line() if practice_id.startswith("lab05") else data.gaussian_line()
    names = {
        "DATA": points,
        "X": points.x,
        "Y": points.y,
        "np": np,
        "random": random,
        "torch": torch,
        "model": lambda data, weight, bias: data * weight + bias,
        "loss_func": lambda y_pred, y_true: ((y_pred - y_true) ** 2).mean(),
    }
    exec(compile(program, "<ipython-input-1>", "exec"), names)
    return names


def cases_of(practice_id: str, draw: int) -> list:
    """Draw 0 gives the visible cases, every other one hidden ones."""
    practice = find(practice_id)
    seed = 1000 * draw + len(practice_id)
    random.seed(seed)
    np.random.seed(seed)
    torch.manual_seed(seed)
    return practice.hidden(random.Random(seed)) if draw else practice.visible()


def programs(kind: str) -> list:
    # The first three of a practice are in `make quick`, too. A network is trained by every program
    # of lab06-deep-net: the others are left to `make prove`.
    def marks(practice_id: str, number: int) -> list:
        if number < 3:
            return [pytest.mark.quick]
        return [pytest.mark.prove] if practice_id == "lab06-deep-net" else []

    return [
        pytest.param(
            practice_id,
            name,
            id=f"{practice_id}: {name}",
            marks=marks(practice_id, number),
        )
        for practice_id in PRACTICES
        if PRACTICES[practice_id] != "loss_plots"
        for number, name in enumerate(getattr(bank_of(practice_id), kind))
    ]


@pytest.fixture(autouse=True)
def one_thread():
    """On so few numbers several threads would only wait for each other."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def assert_accepted(practice_id: str, program: str, draws: tuple[int, ...]) -> None:
    for draw in draws:
        feedback = judged(practice_id, program, cases_of(practice_id, draw))
        assert feedback.outcome == "correct", (draw, feedback.mistake, feedback.text)
        assert feedback.share == 1


def assert_refused(
    practice_id: str, program: str, named: tuple[str, ...], draws: tuple[int, ...]
) -> None:
    for draw in draws:
        feedback = judged(practice_id, program, cases_of(practice_id, draw))
        assert feedback.outcome in ("incorrect", "partial"), (draw, feedback.text)
        assert feedback.share < 1
        assert not named or feedback.mistake in named, (draw, feedback.mistake, feedback.text)
        assert feedback.text.strip() and "{" not in feedback.text


@pytest.mark.parametrize(("practice_id", "name"), programs("RIGHT"))
def test_right_program_is_accepted(practice_id: str, name: str) -> None:
    assert_accepted(practice_id, bank_of(practice_id).RIGHT[name], draws=(0, 1))


@pytest.mark.parametrize(
    ("practice_id", "name", "draws"),
    [
        # A gradient whose terms all but cancel, so that little but their rounding is left.
        ("lab05-model", "methods", (9248,)),
        # Nothing is dropped, twice or only where half of the rows are given.
        ("lab06-hidden-net", "a little dropout", (5245, 5341, 5713)),
    ],
)
def test_right_program_is_accepted_on_a_draw_that_is_unlucky(
    practice_id: str, name: str, draws: tuple[int, ...]
) -> None:
    assert_accepted(practice_id, bank_of(practice_id).RIGHT[name], draws)


@pytest.mark.parametrize(("practice_id", "name"), programs("WRONG"))
def test_wrong_program_is_refused_and_its_mistake_named(practice_id: str, name: str) -> None:
    bank = bank_of(practice_id).WRONG
    program, mistakes = bank[name]
    named = (mistakes,) if isinstance(mistakes, str) else mistakes or ()
    one = list(bank).index(name) % 2
    draws = (one,) if practice_id in SLOW else (0, 1, 2)
    assert_refused(practice_id, program, named, draws)


def unseen() -> list:
    """Programs of the text files, as (practice, right, program, mistake)."""
    found = []
    for path in sorted((HERE / "unseen").glob("*.txt")):
        for part in path.read_text(encoding="utf-8").split("\n#### ")[1:]:
            title, program = part.split("\n", 1)
            verdict, name = title.split(": ", 1)
            name, _, mistake = name.partition(" -> ")
            found.append(
                pytest.param(
                    path.stem, verdict == "right", program, mistake, id=f"{path.stem}: {name}"
                )
            )
    return found


@pytest.mark.parametrize(("practice_id", "right", "program", "mistake"), unseen())
def test_program_the_judges_were_not_written_for(
    practice_id: str, right: bool, program: str, mistake: str
) -> None:
    if right:
        assert_accepted(practice_id, program, draws=(1,))
    else:
        assert_refused(practice_id, program, (mistake,) if mistake else (), draws=(1,))


def test_bank_is_large_enough_and_its_size_is_printed(capsys: pytest.CaptureFixture) -> None:
    with capsys.disabled():
        print()
        for practice_id in PRACTICES:
            bank = bank_of(practice_id)
            named = sum(wanted is not None for _, wanted in bank.WRONG.values())
            print(
                f"  {practice_id}: {len(bank.RIGHT)} right programs, {len(bank.WRONG)} wrong ones, "
                f"{named} of them a known mistake"
            )
        print(f"  and {len(unseen())} programs that the judges were not written for")
    for practice_id in PRACTICES:
        bank = bank_of(practice_id)
        assert len(bank.RIGHT) >= 6
        assert len(bank.WRONG) >= 12
        assert len(set(bank.RIGHT.values())) == len(bank.RIGHT)


def judged_plot(practice_id: str, program: str) -> Feedback:
    """A plot has no cases of its own: the lab is run twice, on its data and on other data."""
    practice, letter = find(practice_id), {"lab05-plot-gd": "", "lab05-plot-bgd": "B"}[practice_id]
    cases = [*practice.visible(), *practice.hidden(random.Random(1))]
    answers = []
    for case in cases:
        torch.manual_seed(case["seed"])
        source = program.replace("_GD", f"_{letter}GD")
        answers += practice.ask(namespace_of(practice_id, source), [case])
    return practice.judge(cases, answers)


@pytest.mark.parametrize("practice_id", ["lab05-plot-gd", "lab05-plot-bgd"])
@pytest.mark.parametrize("most", [pytest.param(3, marks=pytest.mark.quick), None])
def test_figures_of_a_log(practice_id: str, most: int | None) -> None:
    bank = bank_of(practice_id)
    for name, program in list(bank.RIGHT.items())[:most]:
        feedback = judged_plot(practice_id, program)
        assert feedback.outcome == "correct", (name, feedback.text)
    for name, (program, mistake) in list(bank.WRONG.items())[:most]:
        feedback = judged_plot(practice_id, program)
        assert feedback.outcome in ("incorrect", "partial"), (name, feedback.text)
        assert mistake in feedback.mistake, (name, feedback.mistake, feedback.text)
