"""A guess is set beside what happened, kindly, and never raises."""

import pytest

from labhelpers import compare


@pytest.mark.parametrize(
    ("guess", "actual", "said"),
    [
        (None, 12.345, "no guess this time. It was 12.35"),
        (12.0, 12.345, "close"),
        (100, 10, "too high by a factor of 10"),
        (1, 10, "too low by a factor of 10"),
        (-5, 10, "You guessed -5; it was 10."),
        (0.25, 0.25, "exactly right"),
        ("many", 10, "You wrote 'many'; it was 10."),
        (None, "c", "no guess this time. It was (c)"),
        ("C", "c", "(c) it was"),
        ("(c)", "c", "(c) it was"),
        ("a", "c", "You chose (a); it was (c)"),
        ([1, 2], "c", "it was (c)"),
    ],
)
def test_compare(capsys, guess, actual, said):
    compare(guess, actual)
    assert said in capsys.readouterr().out
