"""Predict, run, compare: putting a student's guess beside what happened."""

from __future__ import annotations

__all__ = ["compare"]

#: Guesses this close, as a ratio, count as close; nobody is asked for a third digit.
_CLOSE = 1.25


def compare(guess: object, actual: float | str) -> None:
    """Print a guess beside what happened, in words.

    Parameters
    ----------
    guess : number, str or None
        What the student wrote down before the run; ``None`` where they wrote nothing.
    actual : number or str
        What happened. A ``str`` is the letter of the choice that came true.

    Notes
    -----
    A guess is never marked and never raises: one that cannot be compared is repeated as it is.
    """
    if isinstance(actual, str):
        print(_compare_choice(guess, actual))
    else:
        print(_compare_number(guess, float(actual)))


def _compare_choice(guess: object, actual: str) -> str:
    if guess is None:
        return f"You wrote down no guess this time. It was ({actual})."
    letter = str(guess).strip().strip("()").lower()
    if letter == actual.lower():
        return f"You chose ({actual}), and ({actual}) it was."
    return f"You chose ({letter}); it was ({actual}). Read on for the reason."


def _compare_number(guess: object, actual: float) -> str:
    if guess is None:
        return f"You wrote down no guess this time. It was {actual:.4g}."
    try:
        number = float(guess)
    except (TypeError, ValueError):
        return f"You wrote {guess!r}; it was {actual:.4g}."
    if number == actual:
        return f"You guessed {number:.4g}: exactly right."
    if number * actual <= 0:
        return f"You guessed {number:.4g}; it was {actual:.4g}."
    ratio = max(number / actual, actual / number)
    if ratio <= _CLOSE:
        return f"You guessed {number:.4g}; it was {actual:.4g}: close."
    side = "too high" if number > actual else "too low"
    return f"You guessed {number:.4g}; it was {actual:.4g}: {side} by a factor of {ratio:.2g}."
