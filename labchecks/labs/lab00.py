"""The one practice of the start page, and the example that shows what a check can say."""

from __future__ import annotations

from labchecks.feedback import Feedback, correct, incorrect, not_attempted
from labchecks.judges.function import slip, value_practice

__all__ = ["PRACTICES", "check_double"]

W, SLOPE, RATE = 3.0, 4.0, 0.1

PRACTICES = (
    value_practice(
        "lab00-one-step",
        W - RATE * SLOPE,
        title="One step, by hand",
        points=1,
        name="new_w",
        praise=f"From {W:g} the step went down the slope to {{value}}. You will do this often.",
        look="Put w, the slope and η into the formula, one after the other.",
        slips=[
            slip(
                "stepping uphill",
                W + RATE * SLOPE,
                look="The step went up the slope: look at the sign in the formula.",
            ),
            slip(
                "the step alone",
                RATE * SLOPE,
                look="That is how long the step is. Where does it start?",
            ),
            slip(
                "the step alone",
                -RATE * SLOPE,
                look="That is the step itself. Where does it start?",
            ),
            slip(
                "no learning rate",
                W - SLOPE,
                look="The whole slope was subtracted: look at where η stands in the formula.",
            ),
            slip(
                "slope ignored",
                W - RATE,
                look="Only η was subtracted: look at what it is multiplied by.",
            ),
            slip(
                "divided by the rate",
                W - SLOPE / RATE,
                look="The slope was divided by η: look at the formula again.",
            ),
            slip("no step", W, look="That is where w was before the step."),
            slip(
                "brackets",
                (W - RATE) * SLOPE,
                look="Look at the order: first the product η·slope, then the difference.",
            ),
            slip(
                "w and slope swapped",
                SLOPE - RATE * W,
                look="w and the slope stand in each other's place.",
            ),
        ],
    ),
)


def check_double(answer: object) -> None:
    """Show what a check says of `answer` to the question "what is the double of 3?".

    An example for the start page, worth no points: ``None`` stands for a cell that nobody filled.
    """
    from IPython.display import display

    feedback, title = _judge_double(answer), "The double of 3"
    pictured = {"text/plain": feedback.to_text(title), "text/html": feedback.to_html(title)}
    display(pictured, raw=True)


def _judge_double(answer: object) -> Feedback:
    if answer is None:
        return not_attempted("`answer` is still empty. It should become one number.")
    if answer == 6:
        return correct("The double of 3 is 6.")
    if answer == 9:
        return incorrect("9 is 3 times 3, the square of 3. Look at the word double.", "squared")
    return incorrect(f"The double of 3 is not {answer!r}.", "another answer")
