"""Every program of the bank gets the verdict it deserves, and every known mistake its name."""

from __future__ import annotations

import random
import re
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

sys.path.insert(0, str(Path(__file__).parent))

from labchecks import find, registry
from labchecks.registry import plain_lab
from tests.practice.bank import Program, judge
from tests.practice.bank.lab01 import BANK as LAB01
from tests.practice.bank.lab02 import BANK as LAB02
from tests.practice.bank.lab03 import BANK as LAB03
from tests.practice.bank.unforeseen import of as unforeseen
from tests.practice.bank.unusual import of as unusual
from tests.practice.bank.unusual import twenty

PRACTICES = {**LAB01, **LAB02, **LAB03}


def misjudged(practice_id: str, programs: list[Program]) -> tuple[list[str], ...]:
    """What is said of right programs refused, wrong ones accepted, and mistakes not named."""
    prelude, _ = PRACTICES[practice_id]
    refused, accepted, unnamed = [], [], []
    for program in programs:
        feedback = judge(practice_id, prelude, program.source)
        said = f"{program.name}: {feedback.outcome}, {feedback.mistake!r}: {feedback.text}"
        if program.mistakes is None:
            if feedback.outcome != "correct":
                refused.append(said)
        elif feedback.outcome not in ("incorrect", "partial"):
            accepted.append(said)
        elif program.mistakes and not set(re.split(" [+] | or ", feedback.mistake)) & set(
            program.mistakes
        ):
            unnamed.append(said)
    return refused, accepted, unnamed


@pytest.mark.quick
@pytest.mark.parametrize("practice_id", PRACTICES)
def test_three_right_and_three_wrong_programs(practice_id: str) -> None:
    _, designed = PRACTICES[practice_id]
    right = [program for program in designed if program.mistakes is None][:3]
    wrong = [program for program in designed if program.mistakes is not None][:3]
    assert len(right) == len(wrong) == 3
    assert misjudged(practice_id, [*right, *wrong]) == ([], [], [])


@pytest.mark.parametrize("practice_id", PRACTICES)
def test_a_students_copy_says_the_same(practice_id: str, tmp_path, monkeypatch) -> None:
    """It has plain data in place of the lab's module: no tuple, no function."""
    prelude, designed = PRACTICES[practice_id]
    own = find(practice_id)
    (tmp_path / f"{own.lab}.json").write_text(plain_lab(own.lab, judged=True), "utf-8")
    monkeypatch.setattr(registry, "LABS", tmp_path)
    copy = find(practice_id)
    assert copy is not own and (copy.names, copy.question) == (own.names, own.question)
    own = replace(own, hidden=copy.hidden)
    for program in designed[::12]:
        said = []
        for practice in (own, copy):
            for seed in (random.seed, np.random.seed, torch.manual_seed):
                seed(1)
            said.append(judge(practice, prelude, program.source))
        assert said[0] == said[1], program.name


@pytest.mark.parametrize("practice_id", PRACTICES)
def test_bank(practice_id: str, capsys) -> None:
    _, designed = PRACTICES[practice_id]
    programs = [*designed, *unforeseen(practice_id), *unusual(practice_id)]
    refused, accepted, unnamed = misjudged(practice_id, programs)
    fine = sum(program.mistakes is None for program in programs)
    with capsys.disabled():
        print(
            f"\n{practice_id}: {fine} right and {len(programs) - fine} wrong programs; "
            f"{len(refused)} right refused, {len(accepted)} wrong accepted, "
            f"{len(unnamed)} mistakes not named"
        )
    assert fine >= 6 and len(programs) - fine >= 12
    assert not refused, "\n".join(refused)
    assert not accepted, "\n".join(accepted)
    assert not unnamed, "\n".join(unnamed)


@pytest.mark.parametrize("pieces", [20, 12, 4, 2])
def test_shuffled_losses_are_said_to_fit_a_size_and_no_more(pieces: int) -> None:
    prelude, _ = LAB03["lab03-batch-20"]
    source = twenty(f"np.split(rng.permutation(60), {pieces})")
    feedback = judge("lab03-batch-20", prelude, source)
    assert "fit a batch size near" in feedback.text or "Two kinds of run" in feedback.text
    assert "Your losses are those of batches" not in feedback.text


def test_record_after_an_epoch_is_not_called_one_after_an_update() -> None:
    prelude, programs = LAB03["lab03-batch-20"]
    program = next(p for p in programs if p.name == "recorded after (no_grad, shuffled)")
    feedback = judge("lab03-batch-20", prelude, program.source)
    assert "after the first epoch" in feedback.text
