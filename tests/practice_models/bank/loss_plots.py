"""Programs for lab05-plot-gd; those for lab05-plot-bgd are the same with other names."""

from __future__ import annotations

from tests.practice_models.bank import edit

_LOG = """
import matplotlib.pyplot as plt
w, b = torch.randn(2)
losses = []
for k in range(30):
    error = w * X + b - Y
    losses.append((error ** 2).mean().item())
    w, b = w - 0.02 * (error * X).mean(), b - 0.02 * error.mean()
LOSS_GD = np.array(losses)
"""

PLAIN = (
    _LOG
    + """
fig, ax_GD = plt.subplots()
ax_GD.plot(LOSS_GD)
ax_GD.set_xlabel("epoch")
ax_GD.set_ylabel("loss")
ax_GD.set_title("Batch gradient descent")
plt.close(fig)
"""
)

RIGHT = {
    "plain": PLAIN,
    "against names instead of numbers": edit(
        PLAIN, ("plot(LOSS_GD)", 'plot([f"epoch {k}" for k in range(30)], LOSS_GD)')
    ),
    "against dates": edit(PLAIN, ("plot(LOSS_GD)", "plot(np.arange(30).astype('M8[D]'), LOSS_GD)")),
    "markers without a line": edit(PLAIN, ("plot(LOSS_GD)", 'plot(LOSS_GD, "o")')),
    "zoomed in on the end": edit(PLAIN, ("plt.close(fig)", "ax_GD.set_xlim(20, 30)")),
    "a white line on dark axes": edit(
        PLAIN, ("plt.close(fig)", "ax_GD.set_facecolor('k'); ax_GD.lines[0].set_color('w')")
    ),
    "from one, log scale, legend": _LOG
    + """
fig, ax_GD = plt.subplots()
ax_GD.semilogy(range(1, len(LOSS_GD) + 1), LOSS_GD, "o-", label="batch")
ax_GD.set(xlabel="iteration", ylabel="mean squared error", title="Losses")
ax_GD.legend()
plt.close(fig)
""",
    "pyplot and gca": _LOG
    + """
plt.figure()
plt.plot(np.arange(len(losses)), losses, "r--")
plt.xlabel("Epoch"); plt.ylabel("Loss"); plt.title("Training")
ax_GD = plt.gca()
plt.close()
""",
    "log as a list of tensors": _LOG
    + """
LOSS_GD = [torch.tensor(v) for v in losses]
fig, ax_GD = plt.subplots()
ax_GD.plot([float(v) for v in LOSS_GD], marker="s")
ax_GD.set(xlabel="epochs", ylabel="L", title="L over epochs")
plt.close(fig)
""",
    "figure instead of axes": _LOG
    + """
ax_GD = plt.figure()
a = ax_GD.add_subplot()
a.plot(LOSS_GD); a.set(xlabel="update", ylabel="loss", title="GD")
plt.close(ax_GD)
""",
    "few epochs at a small rate": edit(PLAIN, ("range(30)", "range(8)"), ("0.02", "0.004")),
    "a start far away": edit(PLAIN, ("torch.randn(2)", "300 * torch.randn(2)")),
    "half the loss recorded": edit(PLAIN, ("(error ** 2).mean()", "0.5 * (error ** 2).mean()")),
    "least loss as a level line": edit(
        PLAIN, ("plt.close(fig)", "ax_GD.axhline(0.25, ls=':')\nplt.close(fig)")
    ),
    "an epoch marked by an upright line": edit(
        PLAIN, ("plt.close(fig)", "ax_GD.axvline(5, ls=':')\nplt.close(fig)")
    ),
    "last loss marked by a point": edit(
        PLAIN, ("plt.close(fig)", "ax_GD.plot(29, LOSS_GD[-1], 'ro')\nplt.close(fig)")
    ),
    "a cross of two lines and a point": edit(
        PLAIN,
        (
            "plt.close(fig)",
            "ax_GD.axhline(LOSS_GD.min()); ax_GD.vlines(9, 0, 50)\n"
            "ax_GD.plot([9, 9], [0, LOSS_GD[9]], 'k--'); ax_GD.scatter([9], [LOSS_GD[9]])\n"
            "plt.close(fig)",
        ),
    ),
    "scatter": edit(
        PLAIN, ("ax_GD.plot(LOSS_GD)", "ax_GD.scatter(np.arange(len(LOSS_GD)), LOSS_GD)")
    ),
    "axes of a grid": _LOG
    + """
fig, axs = plt.subplots(1, 1, squeeze=False)
ax_GD = axs[0, 0]
ax_GD.plot(torch.tensor(LOSS_GD))
ax_GD.set(xlabel="epoch k", ylabel="$L_k$", title="Batch")
plt.close(fig)
""",
}

WRONG = {
    "no labels": (
        edit(PLAIN, ('ax_GD.set_xlabel("epoch")\nax_GD.set_ylabel("loss")\n', "")),
        "axes unlabelled",
    ),
    "no x label": (edit(PLAIN, ('ax_GD.set_xlabel("epoch")\n', "")), "axes unlabelled"),
    "no y label": (edit(PLAIN, ('ax_GD.set_ylabel("loss")\n', "")), "axes unlabelled"),
    "losses of a run that diverges": (edit(PLAIN, ("0.02", "0.2")), "losses grow"),
    "losses that overflow": (edit(PLAIN, ("0.02", "9.0")), "losses grow"),
    "no title": (edit(PLAIN, ('ax_GD.set_title("Batch gradient descent")\n', "")), "no title"),
    "blank title": (edit(PLAIN, ("Batch gradient descent", "  ")), "no title"),
    "labels swapped": (
        edit(PLAIN, ('xlabel("epoch', 'xlabel("loss of GD'), ('ylabel("loss', 'ylabel("epoch')),
        "axis labels swapped",
    ),
    "no curve": (edit(PLAIN, ("ax_GD.plot(LOSS_GD)\n", "")), "no curve"),
    "curve in another figure": (
        edit(PLAIN, ("ax_GD.plot(LOSS_GD)", "plt.figure(); plt.plot(LOSS_GD)")),
        "no curve",
    ),
    "x and y swapped": (
        edit(PLAIN, ("plot(LOSS_GD)", "plot(LOSS_GD, range(len(LOSS_GD)))")),
        "x and y swapped",
    ),
    "logarithms": (
        edit(PLAIN, ("plot(LOSS_GD)", "plot(np.log(LOSS_GD))")),
        "logarithm of the losses",
    ),
    "cut short": (edit(PLAIN, ("plot(LOSS_GD)", "plot(LOSS_GD[5:])")), "curve cut short"),
    "reversed": (edit(PLAIN, ("plot(LOSS_GD)", "plot(LOSS_GD[::-1])")), "reversed"),
    "other numbers": (
        edit(PLAIN, ("plot(LOSS_GD)", "plot(np.exp(-np.arange(30)))")),
        "another curve",
    ),
    "against other x": (
        edit(PLAIN, ("plot(LOSS_GD)", "plot(np.linspace(0, 1, 30), LOSS_GD)")),
        "x is not the epoch",
    ),
    "a second curve": (
        edit(PLAIN, ("plot(LOSS_GD)", "plot(LOSS_GD); ax_GD.plot(np.sqrt(LOSS_GD))")),
        "another curve",
    ),
    "no log": (
        edit(
            PLAIN,
            ("LOSS_GD = np.array(losses)", "history = np.array(losses)"),
            ("plot(LOSS_GD)", "plot(history)"),
        ),
        "no log",
    ),
    "log is one number": (
        edit(PLAIN, ("np.array(losses)", "losses[-1]"), ("plot(LOSS_GD)", "plot(losses)")),
        "no log",
    ),
    "not axes": (PLAIN + "ax_GD = 'a figure'\n", "wrong type"),
    "text instead of losses": (
        edit(PLAIN, ("np.array(losses)", "str(losses)"), ("plot(LOSS_GD)", "plot(losses)")),
        "no log",
    ),
    "bars": (edit(PLAIN, ("plot(LOSS_GD)", "bar(range(30), LOSS_GD)")), "no curve"),
    "no finite loss": (
        edit(PLAIN, ("np.array(losses)", "np.full(30, np.nan)")),
        "losses not finite",
    ),
    "one finite loss": (
        edit(PLAIN, ("losses.append((", "losses.append(1e400 if k else (")),
        "losses not finite",
    ),
    "typed in": (
        edit(
            PLAIN,
            (
                "LOSS_GD = np.array(losses)",
                "LOSS_GD = np.array([278.5, 31.0, 3.5, 0.61, 0.31, 0.26])",
            ),
        ),
        "constants typed in",
    ),
    "some targets": (
        edit(PLAIN, ("np.array(losses)", "Y.flatten()[:30]")),
        "negative loss",
    ),
    "products of some rows": (
        edit(PLAIN, ("np.array(losses)", "X.flatten()[:9] * Y.flatten()[:9]")),
        "losses do not fall",
    ),
    "squares that come to nothing": (
        edit(PLAIN, ("np.array(losses)", "Y[0].item() ** 2 * 0.5 ** np.arange(30)")),
        "below the least loss",
    ),
    "trembling about the least loss": (
        edit(PLAIN, ("np.array(losses)", "0.27 + 0.1 * torch.rand(9)")),
        "losses do not fall",
    ),
    "a curve without ink": (edit(PLAIN, ("plot(LOSS_GD)", "plot(LOSS_GD, lw=0)")), "no curve"),
    "a curve without line or marker": (
        edit(PLAIN, ("plot(LOSS_GD)", 'plot(LOSS_GD, ls="")')),
        "no curve",
    ),
    "white on white": (edit(PLAIN, ("plot(LOSS_GD)", 'plot(LOSS_GD, color="w")')), "no curve"),
    "axes that are not shown": (
        edit(PLAIN, ("plt.close(fig)", "ax_GD.set_visible(False)")),
        "no curve",
    ),
    "out of view": (
        edit(PLAIN, ("plt.close(fig)", "ax_GD.set(xlim=(900, 901), ylim=(-9, -8))")),
        "no curve",
    ),
    "labels switched off": (
        edit(PLAIN, ("plt.close(fig)", "ax_GD.axis('off')")),
        "axes unlabelled",
    ),
}
