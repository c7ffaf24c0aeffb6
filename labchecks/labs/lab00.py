"""The one practice of the start page."""

from labchecks import Practice, slip

W, SLOPE, RATE = 3.0, 4.0, 0.1

# fmt: off
SLIPS = [
    slip("stepping uphill", W + RATE * SLOPE,
         look="The step went up the slope: look at the sign in the formula."),
    slip("the step alone", (RATE * SLOPE, -RATE * SLOPE),
         look="That is the step alone. Where does it start?"),
    slip("no learning rate", W - SLOPE,
         look="The whole slope was subtracted: look at where η stands in the formula."),
    slip("slope ignored", W - RATE,
         look="Only η was subtracted: look at what it is multiplied by."),
    slip("divided by the rate", W - SLOPE / RATE,
         look="The slope was divided by η: look at the formula again."),
    slip("no step", W, look="That is where w was before the step."),
    slip("brackets", (W - RATE) * SLOPE,
         look="Look at the order: first the product η·slope, then the difference."),
    slip("w and slope swapped", SLOPE - RATE * W,
         look="w and the slope stand in each other's place."),
]
# fmt: on

PRACTICES = (
    Practice.value(
        "lab00-one-step",
        W - RATE * SLOPE,
        title="One step, by hand",
        points=1,
        name="new_w",
        praise=f"From {W:g} the step went down the slope to {{value}}. You will do this often.",
        look="Put w, the slope and η into the formula, one after the other.",
        slips=SLIPS,
    ),
)
