"""A guess is set beside what happened, kindly, and never raises."""

import ast
import re
import tomllib
from pathlib import Path

import pytest

import labhelpers
from labhelpers import compare

COURSE = Path(__file__).parents[2]
ENTRIES = tomllib.loads(
    (Path(labhelpers.__file__).parent / "predictions.toml").read_text(encoding="utf-8")
)
KINDS = ("choice", "estimate", "exact")


@pytest.mark.parametrize(
    ("name", "guess", "said"),
    [
        ("lab01-sign", None, "not written down a guess yet"),
        ("lab01-sign", "A", "You chose (a), and (a) it was.\n"),
        ("lab01-sign", "(a)", "and (a) it was"),
        ("lab01-sign", "c", "You chose (c); it was (a).\nA positive"),
        ("lab01-sign", [1, 2], "it was (a)"),
        ("lab01-first-loss", 800, "You guessed 800; it was 835.3: close.\n"),
        ("lab01-first-loss", 8353, "too high by a factor of 10.\n"),
        ("lab01-first-loss", 25, "too low by a factor of 33.\nThat is"),
        ("lab01-first-loss", -5, "You guessed −5; it was 835.3.\n"),
        ("lab01-first-loss", "many", "You wrote 'many'; it was 835.3.\n"),
        ("lab03-batches", 8, "exactly right.\n"),
        ("lab03-batches", 7, "You guessed 7; it was 8.\nSeven"),
        ("lab03-batches", 9, "You guessed 9; it was 8.\n"),
    ],
)
def test_compare(capsys, name, guess, said):
    compare(name, guess)
    out = capsys.readouterr().out
    assert said in out
    if guess is None:  # nothing is given away
        assert not any(letter in out for letter in ("(a)", "835"))


def test_a_prediction_that_does_not_exist_is_named():
    with pytest.raises(ValueError, match="lab01-sine"):
        compare("lab01-sine", "a")


@pytest.mark.parametrize("name", ENTRIES)
def test_an_entry_has_one_answer_and_no_reply_to_it(name):
    entry = ENTRIES[name]
    assert sum(kind in entry for kind in KINDS) == 1
    replies = {key: text for key, text in entry.items() if key not in KINDS}
    assert all(text.endswith((".", "?")) for text in replies.values())
    if "choice" in entry:
        # Each letter that the lab offers besides the right one has a reply of its own.
        assert entry["choice"] not in replies
        letters = sorted([entry["choice"], *replies])
        assert letters == list("abcdef"[: len(letters)]) and len(letters) >= 2


def test_every_prediction_is_asked_once_and_its_answer_asserted():
    asked, asserted = [], []
    for path in sorted((COURSE / "solutions").glob("lab*.py")):
        source = path.read_text(encoding="utf-8")
        asked += re.findall(r'^compare\("([\w-]+)", guess_\w+\)$', source, re.MULTILINE)
        for block in re.findall(r"### BEGIN AUTHOR\n(.*?)### END AUTHOR", source, re.DOTALL):
            for node in ast.walk(ast.parse(block)):
                if isinstance(node, ast.Call) and ast.unparse(node.func).endswith("answer_to"):
                    asserted.append(ast.literal_eval(node.args[0]))
    assert sorted(asked) == sorted(ENTRIES)
    assert set(asserted) == set(ENTRIES)
