# %% [markdown]
# # Lab 3 · Mini-batches
#
# After this lab you can train with batches of any size through PyTorch's `DataLoader`, and say what a
# larger batch gives you and what it costs.
#
# **You will**
#
# - **write** a `Dataset` and read it in batches with a `DataLoader`,
# - **train** with batches of 1, 5, 10 and 60 samples and compare them by epochs and by updates,
# - **count** the updates of an epoch,
# - **measure** how the noise of the gradient falls with the batch size.
#
# | section | minutes |
# |---|---|
# | 1. Dataset and DataLoader | 22 |
# | 2. Training with four batch sizes | 50 |
# | 3. The paths | 8 |
# | 4. The noise of the gradient | 8 |
# | 5. Play with the batch size | 6 |
# | 6. Wrap-up and quiz | 5 |
#
# **Before you start:** you have done [Lab 2](lab02_batch_vs_stochastic.ipynb). You know what an epoch
# and an update are, and why samples are shuffled.
#
# The first cell imports what the lab needs.

# %%
import math

import matplotlib.pyplot as plt
import numpy as np
import torch
from IPython.display import display
from torch.utils.data import DataLoader, Dataset

import labhelpers
from labhelpers import History, LossSurface, check, compare, show_table
from labhelpers.explorer import DescentExplorer
from labhelpers.figures import (
    plot_clouds,
    plot_contours,
    plot_fit,
    plot_gradient_noise,
    plot_losses,
    plot_steps,
    plot_surface,
)

print("The set-up is fine.")

# %% [markdown]
# ## 1. Dataset and DataLoader
#
# The data are those of Lab 1: 60 points with y = 1·x − 1 + 0.1·ε, and every run starts at
# (w, b) = (−15, −10). Here they are with the true line and the line of the start.

# %%
x = torch.arange(-3, 3, 0.1).view(-1, 1)
f = 1 * x - 1
y = f + 0.1 * torch.randn(x.shape, generator=torch.Generator().manual_seed(1))

dataset = labhelpers.data.gentle_line()
X, Y = dataset.x, dataset.y
surface = LossSurface(X, Y)
same = torch.allclose(x, X, atol=1e-6) and torch.allclose(y, Y, atol=1e-6)


def criterion(y_hat, y):
    """Mean squared error of predictions y_hat against targets y: one number."""
    return torch.mean((y_hat - y) ** 2)


print("the same points as labhelpers.data.gentle_line():", same)
print(f"loss at the start {surface(-15, -10):.1f}, least-squares loss {surface.minimum_loss:.4f}")
### BEGIN AUTHOR
assert same and round(surface(-15, -10), 1) == 835.3
### END AUTHOR
plot_fit(dataset, (-15, -10), labels=["start: w = −15, b = −10"], show_truth=True)

# %% [markdown]
# All runs of this lab go down the same bowl:

# %%
plot_surface(surface)

# %% [markdown]
# Batch descent uses all samples for one update (Lab 1), SGD one sample (Lab 2). Between them lies the
# **mini-batch**: B samples at a time, where B is the **batch size**. The loss of a mini-batch is the mean
# over its samples, and one update follows from its gradient:
#
# $$L_{\text{batch}}(w, b) = \frac1B \sum_{n \in \text{batch}} (w\,x_n + b - y_n)^2 .$$
#
# An epoch goes through all the samples, batch by batch, so that each sample is used once.
#
# PyTorch splits this work in two. A **Dataset** knows how many samples there are (`__len__`) and hands
# out one of them by its number (`__getitem__`). A **DataLoader** takes a dataset, shuffles the numbers if
# asked to, and puts the samples together in batches.


# %%
class LineData(Dataset):
    """Samples (x, y) of a line.

    Parameters
    ----------
    x, y : Tensor, shape (N, 1)
    """

    def __init__(self, x, y):
        self.x, self.y = x, y

    def __len__(self):
        return len(self.x)

    def __getitem__(self, index):
        return self.x[index], self.y[index]


samples = LineData(X, Y)
print("number of samples:", len(samples))
print("sample 0:", samples[0])

# %% [markdown]
# **Predict.** Into how many batches does a loader with `batch_size=8` cut the 60 samples? Mind what is
# left over.

# %%
guess_batches = None  # a whole number

# %%
loader = DataLoader(samples, batch_size=8, shuffle=True, generator=torch.Generator().manual_seed(0))
sizes = []
for x, y in loader:
    sizes.append(len(x))
print("x and y of the last batch have shapes", tuple(x.shape), "and", tuple(y.shape))
print("batch sizes:", sizes)
compare("lab03-batches", guess_batches)
### BEGIN AUTHOR
assert sizes == [8] * 7 + [4]
assert labhelpers.prediction.answer_to("lab03-batches") == len(sizes) == len(loader)
### END AUTHOR

# %% [markdown]
# Seven full batches and a short one of 4: no sample is lost. In general an epoch has
#
# $$\text{updates per epoch} = \left\lceil \frac{N}{B} \right\rceil,$$
#
# where ⌈ ⌉ means: rounded up to a whole number. With `shuffle=True` the loader makes a new random order
# in every epoch. The seeded generator makes your orders the same as ours; without it every run differs.
#
# The three methods differ only in these two settings:
#
# | method | `batch_size` | `shuffle` | why |
# |---|---|---|---|
# | batch | N (here 60) | `False` | one batch of all samples: in any order its mean is the same |
# | one sample (SGD) | 1 | `True` | sorted samples push the same way one after the other (Lab 2) |
# | mini-batch | B, often 16 to 256 | `True` | a batch of neighbours would be a poor sample of the whole |
#
# ### Practice 1: updates per epoch (5 points)
#
# Write `updates_per_epoch`: the number of updates that one epoch has with n samples in batches of
# `batch_size`, by the formula above. The short batch at the end counts as an update.
#
# *Correct output:* `updates_per_epoch(60, 8)` is 8, as counted above; `updates_per_epoch(60, 60)` is 1;
# `updates_per_epoch(60, 1)` is 60; and with a batch size above n there is 1 update.


# %% practice="lab03-updates"
def updates_per_epoch(n, batch_size):
    """Number of updates in one epoch.

    Parameters
    ----------
    n : int
        Number of samples, at least 1.
    batch_size : int
        Samples in a full batch, at least 1.

    Returns
    -------
    int
    """
    ### BEGIN SOLUTION
    full, rest = divmod(n, batch_size)
    return full + (rest > 0)


for count, size in ((60, 8), (60, 60), (60, 1), (60, 100)):
    made = updates_per_epoch(count, size)
    print(f"updates_per_epoch({count}, {size}) is {made}")
    assert made == len(DataLoader(range(count), batch_size=size))
### END SOLUTION

# %% check="lab03-updates" points=5
check("lab03-updates")

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# How many full batches are there, and is anything left over?
# </details>
# <details><summary>Hint 2</summary>
#
# `n // batch_size` is the number of full batches, `n % batch_size` the number of samples left over. Or
# look up `math.ceil`.
# </details>

# %% [markdown]
# ### Spot the mistake: a line that is too good
#
# This dataset comes from a tutorial, which trains a line on it with batches of 5 and reports a perfect
# result: slope 1.000 and intercept −1.000, to three decimals, although the data are noisy. The
# least-squares line of these 60 points is ŷ = 1.006·x − 1.022. How can training arrive at a line that
# the data do not give? Raise `noise` to 5 and run the cell again: what should change, and what does?


# %% tags=["taught"]
class TutorialData(Dataset):
    """60 noisy points of a line, as in the tutorial. Contains one mistake."""

    def __init__(self, noise):
        self.x = torch.arange(-3, 3, 0.1).view(-1, 1)
        self.f = self.x - 1
        self.y = self.f + noise * torch.randn(60, 1, generator=torch.Generator().manual_seed(1))

    def __len__(self):
        return 60

    def __getitem__(self, index):
        return self.x[index], self.f[index]


noise = 0.1
tutorial = TutorialData(noise)
w, b = torch.tensor(-15.0), torch.tensor(-10.0)
for epoch in range(10):
    for x, y in DataLoader(tutorial, batch_size=5):
        r = w * x + b - y  # the gradient by its formula, without autograd
        w, b = w - 0.1 * 2 * torch.mean(r * x), b - 0.1 * 2 * torch.mean(r)

measured = LossSurface(tutorial.x, tutorial.y)
print("least-squares line: w = {:.3f}, b = {:.3f}".format(*measured.minimum))
print(f"trained line: w = {w:.3f}, b = {b:.3f}")
print(f"its loss on the noisy targets: {measured(w, b):.4f}")
print(f"least-squares loss of the noisy targets: {measured.minimum_loss:.4f}")
### BEGIN AUTHOR
assert measured(w, b) < 1.5 * measured.minimum_loss  # bounded, close to the minimum
### END AUTHOR

# %% [markdown]
# <details><summary>Answer</summary>
#
# `__getitem__` returns `self.f`, the targets **without noise**, while the losses are measured against
# the noisy `self.y`. Training sees perfect data, so it finds the rule itself and not the least-squares
# line. Two signs give it away: the loss settles **above** the least-squares loss, at 0.0083 instead of
# 0.0077, and more noise does not change the trained line at all. With real data there is no noise-free
# target to return; the mistake is possible only because we made the data.
# </details>

# %% [markdown]
# ## 2. Training with four batch sizes
#
# The loop is that of Lab 2 with one difference: the inner loop runs over the loader's batches. We keep
# two records. `history` records every update. `losses` holds the loss over **all** 60 points, once at the
# **start** of each epoch, so that runs with different batch sizes can be compared.
#
# Every run makes 10 epochs at η = 0.1. Lab 2 gave the largest rate at which no sample enlarges its own
# error, 1/(max x² + 1). Here it is 1/(9 + 1) = 0.1, so even one-sample steps are safe.
#
# **Predict.** Which batch size has the lowest loss after **one epoch**: 1, 5, 10 or 60?

# %%
guess_best_size = None  # 1, 5, 10 or 60


# %% tags=["taught"]
def train(batch_size, epochs=10, lr=0.1, seed=0):
    """Mini-batch gradient descent from (−15, −10).

    Returns its History and the full-data losses, one at the start of each epoch.
    """
    loader = DataLoader(
        samples, batch_size, shuffle=True, generator=torch.Generator().manual_seed(seed)
    )
    w = torch.tensor(-15.0, requires_grad=True)
    b = torch.tensor(-10.0, requires_grad=True)
    name = {len(samples): "batch (60)", 1: "one sample"}.get(batch_size, f"batches of {batch_size}")
    history = History(surface, start=(w, b), lr=lr, batch_size=batch_size, label=name)
    losses = []
    for epoch in range(epochs):
        with torch.no_grad():
            losses.append(criterion(w * X + b, Y).item())  # all points, for the record
        for x, y in loader:  # one mini-batch: x and y have shape (B, 1)
            loss = criterion(w * x + b, y)
            loss.backward()
            with torch.no_grad():
                w -= lr * w.grad
                b -= lr * b.grad
            w.grad.zero_()
            b.grad.zero_()
            history.step(w, b, batch_loss=loss.item(), epoch=epoch)
    return history, losses


print(f"largest safe rate for one sample: {surface.largest_sample_rate:.3f}")
one, LOSS1 = train(batch_size=1)
five, LOSS5 = train(batch_size=5)
ten, LOSS10 = train(batch_size=10)
batch, LOSS60 = train(batch_size=60)
runs = [one, five, ten, batch]

show_table(
    {
        "batch size": "d",
        "updates per epoch": "d",
        "loss after 1 epoch": ".3g",
        "after 10 epochs": ".4f",
        "excess after 10": ".4f",
    },
    [
        (
            run.batch_size or 60,
            run.updates_per_epoch,
            run.loss[run.updates_per_epoch],
            run.loss[-1],
            run.excess[-1],
        )
        for run in runs
    ],
)
compare("lab03-best-size", guess_best_size)
### BEGIN AUTHOR
best = min(runs, key=lambda run: run.loss[run.updates_per_epoch])
assert best is one and best.batch_size == labhelpers.prediction.answer_to("lab03-best-size")
assert batch.loss[-1] < 1.1  # converging, not there yet
assert max(run.excess[-1] for run in (one, five, ten)) < 0.02  # converged up to their noise
### END AUTHOR

# %% [markdown]
# The **excess** is the loss above the least-squares loss, 0.0077. After one epoch the order is clear:
# the smaller the batch, the lower the loss, 0.0090 for single samples against 175 for all of them.
# The reason stands in the second column: single samples have made 60 updates, the whole batch one.
#
# The next figure shows the four runs by **epoch** on a logarithmic axis. Look at two things: which
# curve falls first, and which curves lie flat on the dotted line of least squares at the end.

# %%
plot_losses(*runs, by="epoch", scale="log", reference=surface.minimum_loss)

# %% [markdown]
# The curve of single samples falls first, and then it moves up and down above the dotted line. Batches
# of 5 and 10 need one and three epochs more and then lie close to the line. The whole batch is still on
# its way after 10 epochs: that is only 10 updates.
#
# Epochs against updates: Lab 2, section 5, said why one has to look at both.
#
# **Predict.** The same runs, now by **update**. After 10 updates each, where is the whole batch, compared
# with batches of 5 and 10?
#
# - (a) far behind
# - (b) at about the same height
# - (c) far ahead

# %%
guess_ten_updates = None  # "a", "b" or "c"

# %% [markdown]
# One run with small batches can be lucky. The next cell makes 2000 runs of each size with different
# shuffles, all at once, and prints what half of them and nine in ten of them reach.


# %%
def many_shuffles(batch_size, updates, runs=2000, lr=0.1):
    """Full-data losses of many runs with different shuffles, shape (updates + 1, runs)."""
    x, y = X.numpy().ravel().astype(float), Y.numpy().ravel().astype(float)
    rng = np.random.default_rng(0)
    w, b = np.full(runs, -15.0), np.full(runs, -10.0)
    losses = [surface(w, b)]
    while len(losses) <= updates:
        orders = rng.permuted(np.tile(np.arange(60), (runs, 1)), axis=1)  # one row for each run
        for first in range(0, 60, batch_size):
            i = orders[:, first : first + batch_size]  # the next batch of every run
            r = w[:, None] * x[i] + b[:, None] - y[i]
            w = w - lr * 2 * (r * x[i]).mean(axis=1)
            b = b - lr * 2 * r.mean(axis=1)
            losses.append(surface(w, b))
    return np.array(losses[: updates + 1])


rows = []
for run in runs:
    size = run.batch_size or 60
    tenth = many_shuffles(size, 10)[-1]
    rows.append((run.label, 10 * size, run.loss[10], np.median(tenth), np.quantile(tenth, 0.9)))
show_table(
    {
        "loss after 10 updates": "",
        "samples read": "d",
        "this run": ".2f",
        "2000 runs: median": ".2f",
        "nine in ten below": ".1f",
    },
    rows,
)
compare("lab03-ten-updates", guess_ten_updates)
### BEGIN AUTHOR
medians = [np.median(many_shuffles(size, 10)[-1]) for size in (5, 10, 60)]
assert max(medians) / min(medians) < 1.25
assert labhelpers.prediction.answer_to("lab03-ten-updates") == "b"
### END AUTHOR

# %%
sixty_updates = [train(batch_size=size, epochs=size)[0] for size in (1, 5, 10, 60)]
plot_losses(*sixty_updates, by="update", scale="log", reference=surface.minimum_loss)

# %% [markdown]
# Each curve has 60 updates: these are 1, 5, 10 and 60 epochs. Far from the minimum an update with 5
# samples is worth about as much as one with 60, and it reads a twelfth as many samples. An update with a
# single sample is worth less here: half of the runs are above 2 after ten updates, and one in ten is
# above 25.
#
# Near the minimum the batch size matters in another way. The curve of the whole batch comes to rest on the dotted
# line. The others keep moving above it, the more so the smaller their batches. Let us put a number on
# this: the mean excess over the second half of ten epochs. The number under ± is the standard deviation
# over the 2000 runs.

# %%
rows = []
for run in (one, five, ten):
    excess = many_shuffles(run.batch_size, run.steps)[run.steps // 2 :] - surface.minimum_loss
    means = excess.mean(axis=0)  # one for each of the 2000 runs
    rows.append((run.label, run.excess[run.steps // 2 :].mean(), means.mean(), means.std()))
show_table({"mean excess": "", "this run": ".4f", "2000 runs": ".4f", "±": ".4f"}, rows)
rested = sixty_updates[-1]
print(f"{rested.label}, excess after 60 updates: {rested.excess[-1]:.4f}")
### BEGIN AUTHOR
assert rested.excess[-1] < 1e-4  # converged
assert max(run.excess[-1] for run in sixty_updates) < 0.05  # the others up to their noise
### END AUTHOR

# %% [markdown]
# This is what mini-batches give you: many updates in an epoch, and little jitter at the end.
#
# **Memory.** There is another reason not to take all samples at once. Until `backward()` has run, PyTorch
# keeps intermediate results for every sample of the batch. The next cell counts their bytes.


# %%
def kept_for_backward(x, y):
    """Bytes that PyTorch keeps for the backward pass of one loss on the samples x, y."""
    sizes = []

    def note(tensor):
        sizes.append(tensor.numel() * tensor.element_size())
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(note, lambda tensor: tensor):
        criterion(torch.tensor(0.0, requires_grad=True) * x, y)
    return sum(sizes)


for size in (1, 5, 10, 60):
    print(f"batch of {size:2}: {kept_for_backward(X[:size], Y[:size]):4} bytes")
picture = 224 * 224 * 3 * 4  # rows, columns, colours, bytes for each number
print("colour pictures of 224 by 224:")
print(f"a million of them {1e6 * picture / 1e9:.0f} GB, 32 of them {32 * picture / 1e6:.0f} MB")
### BEGIN AUTHOR
assert kept_for_backward(X, Y) > 50 * kept_for_backward(X[:1], Y[:1])
### END AUTHOR

# %% [markdown]
# The memory grows with the batch: with 60 points nobody notices. A million pictures do not fit into an
# ordinary computer at once, a batch of 32 fits easily; and a network usually keeps more for each picture than the
# picture itself. So with large data there is no choice but to use batches.
#
# ### Spot the mistake: a mini-batch without noise
#
# A colleague reports that with *their* loop, mini-batches of 2 give a perfectly smooth curve, and that
# the result does not even depend on the shuffle. Here it is. Run it, compare the two seeds, and find
# the line that does it.


# %%
def smooth_train(batch_size, seed, epochs=2, lr=0.1):
    """The colleague's loop; returns w and b. Contains one mistake."""
    torch.manual_seed(seed)
    w = torch.tensor(-15.0, requires_grad=True)
    b = torch.tensor(-10.0, requires_grad=True)
    for epoch in range(epochs):
        for x, y in DataLoader(samples, batch_size=batch_size, shuffle=True):
            y_hat = w * X + b
            mean_loss = criterion(y_hat, Y)
            mean_loss.backward()
            for parameter in (w, b):
                parameter.data -= lr * parameter.grad
                parameter.grad = None
    return w.item(), b.item()


for seed in (0, 1):
    slope, intercept = smooth_train(batch_size=2, seed=seed)
    print(f"seed {seed}: w = {slope:.4f}, b = {intercept:.4f}")
sixty = sixty_updates[-1]
print(f"60 whole batches: w = {sixty.w[60]:.4f}, b = {sixty.b[60]:.4f}")
### BEGIN AUTHOR
assert abs(slope - 1.006) < 0.2 and abs(intercept + 1.022) < 0.2  # converged
### END AUTHOR

# %% [markdown]
# <details><summary>Answer</summary>
#
# The loop draws `x` and `y` and then never uses them: `y_hat` and the loss are made of `X` and `Y`,
# **all 60 rows**. Every update is a batch update, and there are 30 of them in an epoch. So there is no
# noise, the seed does not matter, and after two epochs the parameters are those of batch descent after 60
# updates. Only the name "mini-batch" is left. A mini-batch run that does not depend on its shuffle is
# suspicious.
# </details>

# %% [markdown]
# ### Spot the mistake: larger batches, smaller losses?
#
# Many loops report the mean of the batch losses over an epoch. The next cell does this at fixed
# parameters, w = 0 and b = 0, without any training. All three batch sizes look at the same 60 points
# and the same line, so they should report the same loss. Do they?

# %%
for size in (5, 10, 20):
    total = 0.0
    for x, y in DataLoader(samples, batch_size=size):
        total += criterion(0 * x + 0, y).item()
    print(f"batch size {size:2}: reported {total / size:7.4f}")
print(f"the loss over all points is {surface(0, 0):.4f}")

# %% [markdown]
# <details><summary>Answer</summary>
#
# The sum of the batch losses is divided by the **batch size**. It has as many terms as there are
# **batches**: 12, 6 and 3. So the reported value is wrong by the factor (number of batches)/(batch
# size): 12/5 for the smallest and 3/20 for the largest, and larger batches seem to be better. Divide by
# `len(loader)`, the number of batches. If the last batch is shorter, weight each batch loss by its
# number of samples, `len(x)`, and divide by the number of samples.
# </details>

# %% [markdown]
# ### Practice 2: find the bug (5 points)
#
# The next cell holds a mini-batch loop with **one mistake**. It should cut the data into batches in the order in
# which they stand, the last one short if need be, make one update with each batch in every epoch, and return
# the loss over all points at the start of each epoch. Run the cell. With batches of 1 and of 60 the losses are
# right; with batches of 5 the loss is still at 174 after nine epochs. A correct program is at 0.008 by then.
#
# Find the mistake and repair the function where it stands. (The line `# YOUR CODE HERE` below it is a place to
# try things out.) Do not rewrite the loop: find out first which line does not do what you expect.
#
# *Correct output:* the tenth loss is 0.013 for batches of 1, 0.008 for batches of 5 and 1.598 for batches of 60.
# The check also asks for other data, rates and batch sizes, including sizes that do not divide the number of points.


# %% practice="lab03-find-the-bug" tags=["taught"]
def train_in_batches(x, y, w, b, lr, batch_size, epochs):
    """Mini-batch gradient descent in the order of the data. Contains one mistake.

    Parameters
    ----------
    x, y : Tensor, shape (N, 1)
        Inputs and targets.
    w, b : float
        Slope and intercept at the start.
    lr : float
        Learning rate.
    batch_size : int
        Samples in a batch, at least 1; it may exceed N.
    epochs : int
        Passes over the data.

    Returns
    -------
    list of float, length `epochs`
        The loss over all points at the start of each epoch.
    """
    w = torch.tensor(float(w), requires_grad=True)
    b = torch.tensor(float(b), requires_grad=True)
    losses = []
    for epoch in range(epochs):
        with torch.no_grad():
            losses.append(criterion(w * x + b, y).item())
        for k in range(math.ceil(len(x) / batch_size)):  # batch 0, batch 1, ...
            rows = slice(k, k + batch_size)
            loss = criterion(w * x[rows] + b, y[rows])
            loss.backward()
            with torch.no_grad():
                w -= lr * w.grad
                b -= lr * b.grad
            w.grad.zero_()
            b.grad.zero_()
    return losses


### BEGIN SOLUTION
# Batch k began at row k. It has to begin behind k whole batches, at row k · batch_size.
def train_in_batches(x, y, w, b, lr, batch_size, epochs):
    """The same loop, repaired."""
    w = torch.tensor(float(w), requires_grad=True)
    b = torch.tensor(float(b), requires_grad=True)
    losses = []
    for epoch in range(epochs):
        with torch.no_grad():
            losses.append(criterion(w * x + b, y).item())
        for k in range(math.ceil(len(x) / batch_size)):
            begin = k * batch_size  # behind k whole batches
            rows = slice(begin, begin + batch_size)
            loss = criterion(w * x[rows] + b, y[rows])
            loss.backward()
            with torch.no_grad():
                for moved in (w, b):
                    moved -= lr * moved.grad
            w.grad.zero_()
            b.grad.zero_()
    return losses


assert train_in_batches(X, Y, -15, -10, 0.1, 5, 10)[-1] < 0.0085
### END SOLUTION

for size in (1, 5, 60):
    found = train_in_batches(X, Y, -15, -10, 0.1, size, 10)
    print(
        f"batches of {size:2}: {found[0]:.1f}, {found[1]:.1f}, {found[2]:.1f} ... {found[-1]:.3f}"
    )

# %% check="lab03-find-the-bug" points=5
check("lab03-find-the-bug")

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# For which batch sizes is it right, and for which is it wrong? With batches of 1 each batch has one row, with
# batches of 60 one batch has all rows. What is different in between?
# </details>
# <details><summary>Hint 2</summary>
#
# Make the case small: six points, batches of 2, one epoch. Print `rows` in every round. Which samples does
# each batch hold, and which samples does none hold?
# </details>
# <details><summary>Hint 3</summary>
#
# Before batch k come k whole batches. At which row does batch k begin, then?
# </details>

# %% [markdown]
# ### Practice 3: batches of 20 (15 points)
#
# Train with batches of **20** at η = 0.1 from (w, b) = (−15, −10) for 10 epochs. Keep in `LOSS20` the
# loss over **all** points, once at the **start** of each epoch:
#
# $$L_e = \frac1N \sum_{n=1}^{N} (w_e\,x_n + b_e - y_n)^2, \quad e = 0, \dots, 9,$$
#
# where $(w_e, b_e)$ are the parameters when epoch e begins. Write the loop yourself. Shuffle or not,
# both are right.
#
# *Correct output:* 10 numbers. The first is 835.3, as in all runs. Shuffled, the second lies somewhere
# near 25 and the last is below 0.02; in the order of the data the second is larger.

# %% practice="lab03-batch-20"
LOSS20 = None  # a list of 10 losses over all points

### BEGIN SOLUTION
loader20 = DataLoader(
    samples, batch_size=20, shuffle=True, generator=torch.Generator().manual_seed(0)
)
w20 = torch.tensor(-15.0, requires_grad=True)
b20 = torch.tensor(-10.0, requires_grad=True)
LOSS20 = []
for epoch in range(10):
    LOSS20.append(criterion(w20 * X + b20, Y).item())
    for x20, y20 in loader20:
        loss20 = criterion(w20 * x20 + b20, y20)
        loss20.backward()
        with torch.no_grad():
            w20 -= 0.1 * w20.grad
            b20 -= 0.1 * b20.grad
        w20.grad.zero_()
        b20.grad.zero_()

print("losses:", ", ".join(f"{value:.1f}" for value in LOSS20[:3]), "...", f"{LOSS20[-1]:.4f}")
assert len(LOSS20) == 10 and 15 < LOSS20[1] < 35
assert LOSS20[-1] < 0.02  # converged to within the noise of the batches
### END SOLUTION

# %% check="lab03-batch-20" points=15
check("lab03-batch-20")

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# The loop of section 2 does this for any batch size. Which of its lines do you need, and which only
# feed the figures?
# </details>
# <details><summary>Hint 2</summary>
#
# A `DataLoader` over `samples` with `batch_size=20`; new tensors for w and b; an empty list. At the
# start of every epoch append the loss over `X` and `Y`; then loop over the loader and update once for
# each batch.
# </details>
# <details><summary>Hint 3</summary>
#
# Two losses are at work: the one you **record** is made of `X` and `Y`, the one you **differentiate**
# is made of the batch. If your second loss is 175, your loop makes one update an epoch; if it is far
# below 1, look at the batch size.
# </details>

# %% [markdown]
# ### Practice 4: five curves in one figure (5 points)
#
# Draw the five lists `LOSS60`, `LOSS10`, `LOSS5`, `LOSS1` and your `LOSS20` against the epoch into one
# axes called `ax`. Label both axes, name each curve, and add a legend. A logarithmic y-axis is needed
# here to tell the curves apart: `ax.set_yscale("log")`.
#
# *Correct output:* five curves of 10 points that start together at 835.3; the legend has five entries;
# at first yours lies between the whole batch and batches of 10.

# %% practice="lab03-compare-plot"
ax = None  # the axes with the five curves, from: fig, ax = plt.subplots()

### BEGIN SOLUTION
fig, ax = plt.subplots(figsize=(6, 3.6), layout="constrained")
for values, name, colour, mark, style in (
    (LOSS60, "batch (60)", "#0072B2", "o", "-"),
    (LOSS20, "batches of 20", "#009E73", "s", "--"),
    (LOSS10, "batches of 10", "#D55E00", "^", "-."),
    (LOSS5, "batches of 5", "#CC79A7", "D", ":"),
    (LOSS1, "one sample", "#56B4E9", "P", "-"),
):
    ax.plot(range(10), values, color=colour, marker=mark, linestyle=style, label=name)
ax.set(xlabel="epoch", ylabel="loss over all points", yscale="log", title="Five batch sizes")
ax.legend()
plt.show()
### END SOLUTION

# %% check="lab03-compare-plot" points=5
check("lab03-compare-plot")

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# `fig, ax = plt.subplots()` gives the axes; `ax.plot(LOSS5, label="batches of 5")` draws one of the
# curves against 0, 1, 2, …
# </details>
# <details><summary>Hint 2</summary>
#
# One `ax.plot` for each list, each with its own `label` (and `marker`, for those who do not see the
# colours); then `ax.set_xlabel`, `ax.set_ylabel`, `ax.legend`.
# </details>

# %% [markdown]
# ## 3. The paths
#
# Where do the four runs go on the loss surface? First epoch by epoch: for each method the start and the
# parameters after one and two epochs, in both spaces. Look at how far each has come after its first epoch.

# %%
for run in runs:
    print(f"{run.label}: after 0, 1 and 2 epochs")
    display(plot_steps(dataset, surface, run, steps=run.epoch_starts[:3]))

# %% [markdown]
# After one epoch single samples are next to the minimum, batches of 5 a little short of it, batches of 10 on
# the floor of the valley, and the whole batch has made a single step. Now the paths as a whole.
#
# **Predict.** Which path is the shortest?
#
# - (a) that of single samples
# - (b) that of batches of 5
# - (c) that of the whole batch

# %%
guess_shortest = None  # "a", "b" or "c"

# %%
lengths = []
for run in runs:
    lengths.append(np.hypot(np.diff(run.w), np.diff(run.b)).sum())
rows = [(run.label, run.steps, length) for run, length in zip(runs, lengths)]
show_table({"run": "", "updates": "d", "length of the path": ".1f"}, rows)
w_best, b_best = surface.minimum
still_to_go = np.hypot(batch.w[-1] - w_best, batch.b[-1] - b_best)
print(f"the whole batch has {still_to_go:.1f} left to the minimum")
compare("lab03-shortest", guess_shortest)
### BEGIN AUTHOR
assert lengths[-1] + still_to_go < min(lengths[:-1])
assert labhelpers.prediction.answer_to("lab03-shortest") == "c"
### END AUTHOR
plot_contours(surface, *runs)

# %% [markdown]
# The whole batch follows one smooth curve. The smaller the batch, the more the path departs from it and
# the more updates crowd around the minimum. The next figure enlarges that place. The whole batch has
# not arrived there within its 10 updates (its path is the shortest of these even with the 1.0 that is
# left); compare the clouds of the other three.

# %%
plot_clouds(surface, one, five, ten)

# %% [markdown]
# Single samples keep jumping around the minimum in a wide cloud. The cloud of batches of 5 is smaller,
# and that of batches of 10 smaller still. The next section measures their cause, the noise of the
# gradient.
#
# ## 4. The noise of the gradient
#
# Stay at one point (w, b) and do not train. Each sample n has a gradient there,
#
# $$g_n = \bigl(2\,r_n\,x_n,\; 2\,r_n\bigr), \qquad r_n = w\,x_n + b - y_n,$$
#
# and the gradient of a mini-batch is the mean of B of them. Another batch gives another mean. The
# **spread** of the mini-batch gradient is the standard deviation over many random batches, both
# components taken together.
#
# How large is it? Add B independent random numbers: too high and too low partly cancel, so their sum
# spreads √B times as much as one of them, not B times. The **mean** divides the sum by B, and its spread is σ/√B,
# where σ is the spread of single samples. This is the rule of the **standard error**. A batch, however, never contains a
# sample twice; it is drawn **without replacement**. Then there is a second factor, which is 0 when the batch
# holds all N samples, because then nothing is left to chance:
#
# $$\text{spread}(B) = \frac{\sigma}{\sqrt B}\,\sqrt{\frac{N - B}{N - 1}} .$$
#
# **Predict.** From B = 1 to B = 10, by which factor does the spread fall?
#
# - (a) about 10
# - (b) about 3
# - (c) 1: it stays

# %%
guess_spread = None  # "a", "b" or "c"

# %% [markdown]
# The next cell draws 4000 random batches of each size and measures the spread at the minimum, where the
# gradient over all points is zero and everything that a mini-batch sees is noise. Each row of the table
# `orders` is one shuffle of the 60 sample numbers; its first B entries are a random batch.

# %%
x, y = X.numpy().ravel().astype(float), Y.numpy().ravel().astype(float)
n, draws = len(x), 4000
batch_sizes = [1, 2, 5, 10, 20, 30, 60]
rng = np.random.default_rng(0)


def sample_gradients(w, b):
    """Gradients of the single samples at (w, b), shape (N, 2)."""
    r = w * x + b - y
    return np.stack([2 * r * x, 2 * r], axis=1)


def measured_spread(gradients, batch_size):
    """Standard deviation of the mini-batch gradient over many random batches."""
    orders = rng.permuted(np.tile(np.arange(n), (draws, 1)), axis=1)
    means = gradients[orders[:, :batch_size]].mean(axis=1)  # shape (draws, 2)
    return round(float(np.sqrt(means.var(axis=0).sum())), 9)  # rounding errors are no spread


gradients = sample_gradients(*surface.minimum)
sigma = np.sqrt(gradients.var(axis=0).sum())
spreads = [measured_spread(gradients, size) for size in batch_sizes]
law = [sigma / np.sqrt(size) * np.sqrt((n - size) / (n - 1)) for size in batch_sizes]

show_table(
    {"batch size": "d", "measured": ".4f", "law": ".4f", "1/√B alone": ".4f"},
    zip(batch_sizes, spreads, law, sigma / np.sqrt(batch_sizes)),
)
print(f"B = 1 against B = 10: {spreads[0] / spreads[3]:.1f} times the spread")
print(f"√10 = {np.sqrt(10):.1f}")
compare("lab03-spread", guess_spread)
### BEGIN AUTHOR
assert np.allclose(spreads, law, rtol=0.05, atol=1e-9) and spreads[-1] == 0
assert labhelpers.prediction.answer_to("lab03-spread") == "b"
### END AUTHOR

# %% [markdown]
# The measured spread follows the law to within a few percent. The figure shows it on two logarithmic
# axes, where 1/√B is the dashed straight line. Look at where the points leave it.

# %%
plot_gradient_noise(batch_sizes, spreads)

# %% [markdown]
# For small batches the points lie close to the dashed line: ten times the samples give 3.5 times less
# noise, where 1/√B alone says 3.2. Towards B = 60 they drop further below it, and at B = N = 60 the
# spread is **zero**: a batch of all the samples is always the same batch, whatever its order, and its
# mean is the gradient itself. With millions
# of samples and batches of some hundreds this factor is close to 1, and the plain 1/√B law is what you
# see.
#
# Is the noise harmful? That depends on what it is compared with. Far from the minimum the gradient
# itself is large.

# %%
at_start = sample_gradients(-15, -10)
length = np.hypot(*at_start.mean(axis=0))
print(f"at the start: gradient {length:.1f} long")
for size in (1, 10):
    print(f"  spread for batches of {size:2}: {measured_spread(at_start, size):6.1f}")
### BEGIN AUTHOR
assert length > 90
### END AUTHOR

# %% [markdown]
# At the start the gradient has length 96.6. The noise of single samples is as large as that, and still, on
# average, their steps point downhill; batches of 10 see the direction well. At the minimum the gradient is
# zero and only noise is left. So small batches get you there fast; large ones let you settle.
#
# ## 5. Play with the batch size
#
# In the figure you can choose the batch size and see its path, its loss and its jitter at once.
#
# **Predict.** From B = 10 to B = 20 an update reads twice as many samples. What becomes of the mean excess
# over the last steps?
#
# - (a) half or less
# - (b) about 0.7 of what it was, as 1/√2 says
# - (c) it becomes larger

# %%
guess_jitter = None  # "a", "b" or "c"; 1/√2 is 0.71

# %%
DescentExplorer(
    dataset,
    start=(-15, -10),
    lr=0.1,
    batch_size=5,
    shuffle=True,
    steps=60,
    seed=0,
    hide=("momentum",),
    task="All runs here have 60 updates. Find the smallest batch size whose loss over all "
    "points stays below 0.01 for the last 20 steps. Does it hold for seeds 1, 2 and 3?",
)


# %%
def last_excess(batch_size):
    """Mean excess over the last 20 of 60 steps, over ten seeds; and the largest loss there."""
    histories = [
        DescentExplorer(
            dataset, (-15, -10), lr=0.1, batch_size=batch_size, steps=60, seed=seed
        ).history
        for seed in range(10)
    ]
    mean = np.mean([history.excess[-20:].mean() for history in histories])
    return mean, max(history.loss[-20:].max() for history in histories)


excesses, rows = {}, []
for size in (1, 5, 10, 20):
    excesses[size], highest = last_excess(size)
    rows.append((size, excesses[size], highest))
show_table({"B": "d", "mean excess": ".5f", "largest loss of ten seeds": ".4f"}, rows)
compare("lab03-jitter", guess_jitter)
### BEGIN AUTHOR
assert excesses[20] < 0.5 * excesses[10] < excesses[5] and highest < 0.1
assert labhelpers.prediction.answer_to("lab03-jitter") == "a"
### END AUTHOR

# %% [markdown]
# In these ten seeds, batches of 10 stay below 0.01 over the last 20 steps, and batches of 5 do not.
#
# **Question.** The noise of the gradient falls as 1/√B, but the excess falls faster: to about a third when B
# doubles from 10 to 20. Why?
#
# <details><summary>Answer</summary>
#
# The loss is a quadratic: a parameter that is off by d costs d². The noise moves the parameters by an
# amount proportional to the spread, so the excess is proportional to its **square**, σ²/B, times the factor (N −
# B)/(N − 1), which helps further when B is a good part of N. Shuffling helps again: within an epoch
# each sample is used once, so what one batch pulls too far, the others pull back.
# </details>

# %% [markdown]
# ## 6. Wrap-up
#
# - A `Dataset` hands out samples, a `DataLoader` shuffles them and makes batches. An epoch has ⌈N/B⌉
#   updates.
# - Far from the minimum an update with a few samples is worth about as much as one with all; small
#   batches make many of them in an epoch.
# - Near the minimum the noise decides. Its spread is about σ/√B while B is much smaller than N, and zero
#   when the batch is the whole data set.
# - The memory of an update grows with its batch.
# - Train on the targets that you measure on; use the batch that you drew; divide an epoch's batch
#   losses by their number.
#
# ### Quiz
#
# **1.** You double the batch size and keep the number of epochs. What happens to the number of
# updates?
#
# - (a) It doubles.
# - (b) It halves, apart from rounding.
# - (c) It stays.
#
# <details><summary>Answer</summary>
#
# **(b).** ⌈N/B⌉ updates make an epoch. (a) would hold if you had halved the batch size. (c) would hold
# if you had doubled the number of epochs as well.
# </details>
#
# **2.** You want half the noise in the gradient. By which factor must the batch grow (with N much
# larger than B)?
#
# - (a) √2.
# - (b) 2.
# - (c) 4.
#
# <details><summary>Answer</summary>
#
# **(c).** The spread falls as 1/√B, and √4 = 2. (a) turns the square root the wrong way round. (b)
# would be right for a spread that falls as 1/B; that is how its square, the **variance**, behaves.
# </details>
#
# **3.** A mini-batch run gives the same losses for every seed of the shuffle. The likely reason:
#
# - (a) The batches are not used.
# - (b) The learning rate is good.
# - (c) The data set is lucky.
#
# <details><summary>Answer</summary>
#
# **(a).** Different batches have different gradients, so different shuffles give different losses. (b)
# A good rate makes runs better, not equal. (c) All samples would have to lie exactly on the line
# **and** the run to have arrived.
# </details>
#
# **4.** Two runs report their epoch loss as the sum of the batch losses divided by the batch size.
# One has batches of 8, the other of 32, and the second loss is lower. What does that show?
#
# - (a) Larger batches train better.
# - (b) Nothing.
# - (c) Larger batches are less noisy.
#
# <details><summary>Answer</summary>
#
# **(b).** The sum has N/B terms, and dividing it by B makes the report smaller for larger B, with the
# same line. (a) and (c) may be true or not; this number cannot tell.
# </details>

# %% [markdown]
# **Next:** Lab 4 leaves the steps to PyTorch: `nn.Linear`, `MSELoss`, the optimizer Adam, and what they
# change. Open [Lab 4](lab04_linear_with_adam.ipynb).
