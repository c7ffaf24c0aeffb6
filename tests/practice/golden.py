"""Every verdict on every program of the banks, as it was last read by a person.

``python -m tests.practice.golden`` prints what differs from the stored verdicts and
``--write`` stores them anew. A refactoring leaves them as they are; where a sentence becomes truer,
the difference is read and committed with the change.
"""

from __future__ import annotations

import argparse
import json
import linecache
import random
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch

from labchecks import find
from labchecks.feedback import Feedback
from tests.practice import bank
from tests.practice.test_bank import PRACTICES as LABS
from tests.practice.test_bank import unforeseen, unusual
from tests.practice_models import test_models_bank as models

STORED = Path(__file__).with_name("golden.json")


def programs() -> Iterator[tuple[str, str, object]]:
    """Each practice id, program's name and a function that judges it."""
    for practice_id, (prelude, designed) in LABS.items():
        for program in [*designed, *unforeseen(practice_id), *unusual(practice_id)]:
            yield practice_id, program.name, _in_lab(practice_id, prelude, program.source)
    for practice_id, kind in models.PRACTICES.items():
        module = models.bank_of(practice_id)
        sources = {f"right: {name}": source for name, source in module.RIGHT.items()}
        sources |= {f"wrong: {name}": source for name, (source, _) in module.WRONG.items()}
        if kind == "loss_plots":
            letter = "" if practice_id.endswith("-gd") else "B"
            sources = {n: s.replace("_GD", f"_{letter}GD") for n, s in sources.items()}
        for name, source in sources.items():
            yield practice_id, name, _on_draws(practice_id, source, kind == "loss_plots")
    for row in models.unseen():
        practice_id, _, source, _ = row.values
        yield practice_id, f"unseen {row.id}", _on_draws(practice_id, source, False)


def _in_lab(practice_id: str, prelude: str, source: str):
    return lambda: [bank.judge(practice_id, prelude, source)]


def _on_draws(practice_id: str, source: str, in_lab: bool):
    def judged() -> list[Feedback]:
        if not in_lab:
            return [
                models.judged(practice_id, source, models.cases_of(practice_id, draw))
                for draw in (0, 1)
            ]
        practice = find(practice_id)
        cases = [*practice.visible(), *practice.hidden(random.Random(1))]
        answers = []
        for case in cases:
            torch.manual_seed(case["seed"])
            answers += practice.ask(models.namespace_of(practice_id, source), [case])
        return [practice.judge(cases, answers)]

    return judged


def verdicts(only: str = "") -> dict[str, list]:
    """Outcome, share, mistake and text of every program, by practice and name."""
    torch.set_num_threads(1)
    found: dict[str, list] = {}
    for practice_id, name, judge in programs():
        if not practice_id.startswith(only):
            continue
        linecache.clearcache()  # a program's error quotes its own lines
        random.seed(1)
        np.random.seed(1)
        torch.manual_seed(1)
        key = f"{practice_id}: {name}"
        while key in found:
            key += " (again)"
        found[key] = [[f.outcome, round(f.share, 3), f.mistake, f.text] for f in judge()]
        if "a source of its own" in name:  # its numbers are others each time
            found[key] = [verdict[:3] for verdict in found[key]]
        print(".", end="", flush=True, file=sys.stderr)
    return found


def main() -> int:
    """Compare or store; return 1 where something differs."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--only", default="", help="a practice, or the beginning of its id")
    arguments = parser.parse_args()
    new = verdicts(arguments.only)
    old = json.loads(STORED.read_text("utf-8")) if STORED.exists() else {}
    differ = {key for key in new if new[key] != old.get(key)}
    gone = {key for key in old if key.startswith(arguments.only) and key not in new}
    for key in sorted(differ | gone):
        print(f"\n{key}\n  was {old.get(key)}\n  is  {new.get(key)}")
    print(f"\n{len(new)} programs, {len(differ)} differ, {len(gone)} gone")
    if arguments.write:
        kept = {key: value for key, value in old.items() if key not in gone}
        stored = dict(sorted((kept | new).items()))
        STORED.write_text(json.dumps(stored, indent=0, ensure_ascii=False) + "\n", "utf-8")
    return int(bool(differ or gone))


if __name__ == "__main__":
    sys.exit(main())
