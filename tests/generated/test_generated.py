"""Programs that nobody wrote: no right one is refused, no wrong one accepted, no mistake misnamed.

They are drawn by small changes from the right programs of the banks; `oracle` says what each is.
``GENERATED_SEED`` in the environment draws others, ``GENERATED_COUNT`` another number of them. The
table at the end of a run says what became of them.
"""

from __future__ import annotations

import math
import os
from collections import Counter

import pytest
import torch

from tests.generated.drawn import (
    PRACTICES,
    UNLIKE,
    Drawn,
    draw,
    right_programs,
    verdict_on,
    wrong_programs,
)

SEED = int(os.environ.get("GENERATED_SEED", "1"))

#: Programs of all practices together, in `make test` and in `make prove`.
FEW, MANY = 150, int(os.environ.get("GENERATED_COUNT", "1500"))

#: A practice whose programs or whose judge are slow has fewer of them: its share beside one.
SHARES = {
    "lab02-stable-rate": 0.2,
    "lab03-batch-20": 0.4,
    "lab03-compare-plot": 0.08,
    "lab03-find-the-bug": 0.6,
    "lab04-features": 0.4,
    "lab04-train": 0.3,
    "lab05-fit-bgd": 0.3,
    "lab05-fit-gd": 0.6,
    "lab06-deep-net": 0.06,
}


def share(practice_id: str, total: int) -> int:
    all_shares = sum(SHARES.get(one, 1) for one in PRACTICES)
    return math.ceil(total * SHARES.get(practice_id, 1) / all_shares)


def row(drawn: list[Drawn]) -> dict[str, int]:
    """What the table says of a practice.

    Neutral is a refusal that names no mistake, or one of which nothing here can tell whether it
    gives the program's answers.
    """
    counts = Counter(one.verdict for one in drawn)
    named = Counter(one.name for one in drawn)
    return {
        "right": counts["right"],
        "refused": sum(one.refused for one in drawn),
        "wrong": counts["wrong"],
        "accepted": sum(one.accepted for one in drawn),
        "named right": named["right"],
        "named wrong": named["wrong"],
        "neutral": sum(
            one.name in ("", "unchecked") and one.feedback.outcome != "correct" for one in drawn
        ),
        "unclear": counts["unclear"],
    }


@pytest.fixture(autouse=True)
def one_thread():
    """On so few numbers several threads would only wait for each other."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def hold(practice_id: str, count: int, record_property, beside_bank: bool = True) -> None:
    drawn = list(draw(practice_id, count, SEED, beside_bank))
    record_property("drawn", {"seed": SEED, "practice": practice_id, **row(drawn)})
    assert len(drawn) >= 0.9 * count
    found = [one for one in drawn if one.refused or one.accepted or one.name == "wrong"]
    assert not found, "\n\n".join(map(str, found))


@pytest.mark.parametrize("total", [FEW, MANY])
def test_the_shares_make_as_many_programs(total: int) -> None:
    assert sum(share(practice_id, total) for practice_id in PRACTICES) >= total


@pytest.mark.parametrize("practice_id", PRACTICES)
def test_a_few_programs(practice_id: str, record_property) -> None:
    hold(practice_id, share(practice_id, FEW), record_property, beside_bank=False)


@pytest.mark.prove
@pytest.mark.parametrize("practice_id", PRACTICES)
def test_many_programs(practice_id: str, record_property) -> None:
    hold(practice_id, share(practice_id, MANY), record_property)


@pytest.mark.prove
@pytest.mark.parametrize("practice_id", [one for one in PRACTICES if one not in UNLIKE])
def test_the_oracle_agrees_with_the_bank(practice_id: str) -> None:
    right = {n: verdict_on(practice_id, s) for n, s in right_programs(practice_id).items()}
    assert "right" in right.values()
    assert {n: v for n, v in right.items() if v == "wrong"} == {}
    wrong = {n: verdict_on(practice_id, s) for n, s in wrong_programs(practice_id).items()}
    assert "wrong" in wrong.values()
    assert {n: v for n, v in wrong.items() if v == "right"} == {}
