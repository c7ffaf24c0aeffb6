"""Answers in unusual types, orders and looks, and mistakes that a shuffle hides."""

from __future__ import annotations

from tests.practice.bank import right, wrong
from tests.practice.bank.lab01 import figure
from tests.practice.bank.lab03 import COUNT

#: Lab 1's run in numpy; the losses lie in the array `made`.
MADE = """
xs, ys = X.double().numpy().ravel(), Y.double().numpy().ravel()
p, q, made = -15.0, -10.0, []
for _ in range(15):
    r = p * xs + q - ys
    made.append(float(np.mean(r * r)))
    p, q = p - 0.4 * np.mean(r * xs), q - 0.4 * np.mean(r)
made = np.array(made)
"""

TYPES = {
    "Decimals": "from decimal import Decimal\nLOSS2 = [Decimal(v) for v in made.tolist()]",
    "Fractions": "from fractions import Fraction\nLOSS2 = [Fraction(v) for v in made.tolist()]",
    "array of objects": "LOSS2 = made.astype(object)",
    "values of a dict": "LOSS2 = dict(enumerate(made.tolist())).values()",
    "deque of tensors": "from collections import deque\n"
    "LOSS2 = deque(torch.tensor(v, requires_grad=True) for v in made)",
}

PLOT = "ax.plot(LOSS, label='0.1')\nax.plot(LOSS2, label='0.2')\n"
NAMED = "ax.set(xlabel='iteration', ylabel='loss')\n"
PIECES = (
    "from matplotlib.collections import LineCollection\nfig, ax = plt.subplots()\n"
    "for losses, name in ((LOSS, 'a'), (LOSS2, 'b')):\n"
    "    points = np.c_[range(15), losses]\n"
    "    ax.add_collection(LineCollection({}, label=name))\n"
)
FIGURES = [
    (
        right,
        "labels of the whole figure",
        PLOT + "fig.supxlabel('iteration'); fig.supylabel('L')\n",
    ),
    (right, "a level with a name", PLOT + NAMED + "ax.axhline(0.0077, label='least squares')\n"),
    (right, "stairs", "ax.stairs(LOSS, label='a')\nax.stairs(LOSS2, label='b')\n" + NAMED),
    (
        wrong,
        "names swapped",
        "ax.plot(LOSS, label='rate 0.2')\nax.plot(LOSS2, label='rate 0.1')\n" + NAMED,
        "legend entries swapped",
    ),
    (
        wrong,
        "a curve made invisible",
        PLOT + NAMED + "ax.get_lines()[1].set_visible(False)\n",
        "one curve only",
        "curve missing",
    ),
]

#: Batches of 20 in numpy; `{batches}` and `{step}` are filled in.
BATCHES = """
rng = np.random.default_rng(SEED)
xs, ys = X.double().numpy().ravel(), Y.double().numpy().ravel()
thirds = np.split(np.arange(60), 3)
p, q, LOSS20 = -15.0, -10.0, []
for epoch in range(10):
    LOSS20.append(float(np.mean((p * xs + q - ys) ** 2)))
    for i in {batches}:
        r = p * xs[i] + q - ys[i]
        p, q = p - {rate} * np.mean(r * xs[i]), q - {rate} * np.mean(r)
"""


def twenty(batches: str = "np.split(rng.permutation(60), 3)", rate: float = 0.2) -> str:
    return BATCHES.format(batches=batches, rate=rate)


def of(practice_id: str) -> list:
    """The programs for one practice."""
    if practice_id == "lab01-rate-02":
        cut = "LOSS2 = [round(v, 2) for v in made.tolist()]"
        return [
            *(right(name, MADE + end) for name, end in TYPES.items()),
            wrong("rounded to cents", MADE + cut, "constants typed in"),
            wrong("never filled", "LOSS2 = np.zeros(15)", "never filled"),
            wrong(
                "decimal logarithms", MADE + "LOSS2 = np.log10(made)", "decimal logarithm recorded"
            ),
        ]
    if practice_id == "lab01-compare-plot":
        head, end = "fig, ax = plt.subplots()\n", "ax.legend()\n"
        pieces = ("[points]", "np.stack([points[:-1], points[1:]], 1)")
        return [
            *(make(name, figure(head + body + end), *m) for make, name, body, *m in FIGURES),
            *(
                right(f"line collection {p}", figure(PIECES.format(p) + NAMED + end))
                for p in pieces
            ),
        ]
    if practice_id == "lab03-batch-20":
        return [
            right("thirds in a random order", twenty("[thirds[k] for k in rng.permutation(3)]")),
            right("middle third first", twenty("(thirds[1], thirds[0], thirds[2])")),
            right("there and back", twenty("thirds if epoch % 2 == 0 else thirds[::-1]")),
            wrong("shuffled at rate 0.12", twenty(rate=0.24), "wrong rate"),
            wrong("shuffled at rate 0.08", twenty(rate=0.16), "wrong rate"),
            wrong("in order at rate 0.15", twenty("thirds", 0.3), "wrong rate"),
            wrong("in order at rate 0.08", twenty("thirds", 0.16), "wrong rate"),
            wrong(
                "shuffled batches of 15",
                twenty("np.split(rng.permutation(60), 4)"),
                "wrong batch size",
            ),
            wrong(
                "shuffled, steps without noise",
                twenty().replace("- ys[i]\n", "- (xs[i] - 1)\n"),
                "noise-free targets for the steps",
            ),
        ]
    if practice_id == "lab03-updates":
        return [wrong("nearly rounded up", COUNT + "return int(n / batch_size + 0.999)")]
    return []
