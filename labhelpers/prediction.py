"""Predict, run, compare: a student's guess beside what happened."""

import tomllib
from functools import cache
from pathlib import Path

#: Estimates this close, as a ratio, count as close; nobody is asked for a third digit.
_CLOSE = 1.25
#: What an entry calls its answer; its other keys are wrong guesses, with a reply to each.
_ANSWERS = ("choice", "estimate", "exact")


def compare(name: str, guess: object) -> None:
    """Print a guess beside what happened, and what a wrong one may have overlooked.

    Parameters
    ----------
    name : str
        The prediction, such as ``"lab01-sign"``. What happened stands in ``predictions.toml``.
    guess : number, str or None
        What the student wrote down before the run; ``None`` where they wrote nothing.

    Raises
    ------
    ValueError
        If there is no such prediction.

    Notes
    -----
    A guess is never marked and never raises: one that cannot be compared is repeated as it is.
    """
    answer = answer_to(name)
    if guess is None:
        # Short lines: a narrow page breaks a printed line in the middle of a word.
        print("You have not written down a guess yet.")
        print("Write one, run its cell and then this one.")
        return
    entry = _predictions()[name]
    given = str(guess).strip().strip("()").lower()
    if not isinstance(answer, str):
        print(_compare_number(guess, answer, entry))
    elif given == answer:
        print(f"You chose ({given}), and ({answer}) it was.")
    else:
        print(f"You chose ({given}); it was ({answer}).")
    reply = next((text for key, text in entry.items() if _is_near(given, key, answer, entry)), None)
    if reply:
        print(reply)


def answer_to(name: str) -> float | str:
    """Return what happened: a number, or the letter of the choice that came true."""
    entry = _predictions().get(name)
    if entry is None:
        raise ValueError(f"no prediction called {name!r}; there are {sorted(_predictions())}")
    return next(entry[kind] for kind in _ANSWERS if kind in entry)


@cache
def _predictions() -> dict[str, dict]:
    return tomllib.loads(Path(__file__).with_name("predictions.toml").read_text(encoding="utf-8"))


def _is_near(given: str, key: str, answer: float | str, entry: dict) -> bool:
    """Whether a guess is the wrong one that a reply is for; an estimate need only be near it."""
    if key in _ANSWERS:
        return False
    try:
        guess, wrong = float(given), float(key)
    except ValueError:
        return given == key
    if "estimate" in entry and _within(guess, wrong):
        return not _within(guess, answer)
    return guess == wrong


def _within(one: float, other: float) -> bool:
    return one * other > 0 and max(one / other, other / one) <= _CLOSE


def _compare_number(guess: object, actual: float, entry: dict) -> str:
    from labhelpers.figures.wording import rounded  # with the figures comes matplotlib

    try:
        number = float(guess)
    except (TypeError, ValueError):
        return f"You wrote {guess!r}; it was {rounded(actual, 4)}."
    if number == actual:
        return f"You guessed {rounded(number, 4)}: exactly right."
    said = f"You guessed {rounded(number, 4)}; it was {rounded(actual, 4)}"
    if "estimate" not in entry or number * actual <= 0:
        return f"{said}."
    if _within(number, actual):
        return f"{said}: close."
    ratio = max(number / actual, actual / number)
    return f"{said}: too {'high' if number > actual else 'low'} by a factor of {rounded(ratio, 2)}."
