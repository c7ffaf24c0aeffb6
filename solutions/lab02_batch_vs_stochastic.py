# %% [markdown]
# # Lab 2 · Batch against stochastic gradient descent
#
# After this lab you can write stochastic gradient descent by hand, say in advance at which rates it is
# safe, and compare it fairly with batch gradient descent.
#
# **You will**
#
# - **write** a training loop that updates after every single sample,
# - **predict** from one sample's factor which rates are safe for it,
# - **repair** a run that goes wrong, by its rate and by its order,
# - **compare** two methods at equal epochs and at equal updates.
#
# | section | minutes |
# |---|---|
# | 1. The data and batch descent | 38 |
# | 2. One sample at a time | 10 |
# | 3. One sample's factor | 7 |
# | 4. Two repairs: rate and order | 38 |
# | 5. A fair comparison | 13 |
# | 6. Play with both | 10 |
# | 7. Wrap-up and quiz | 5 |
#
# **Before you start:** you have done [Lab 1](lab01_two_parameter_training.ipynb). You know the training
# loop, the loss surface, and that one batch step multiplies the error along each direction by 1 − η·λ.
#
# The first cell imports what the lab needs.

# %%
import matplotlib.pyplot as plt
import numpy as np
import torch

import labhelpers
from labhelpers import History, LossSurface, check, compare, show_table
from labhelpers.explorer import DescentExplorer
from labhelpers.figures import plot_contours, plot_fit, plot_losses

print("The set-up is fine.")

# %% [markdown]
# ## 1. The data and batch descent
#
# This time the inputs x run from −5 to 4.9 in steps of 0.1. That makes 100 points, with
#
# $$y = -5 \cdot x + 0.4\,\varepsilon,$$
#
# where each ε is drawn from a normal distribution with mean 0 and standard deviation 1. The model is
# the line ŷ = w·x + b again, and the loss is the mean squared error. Every run of this lab starts at
# (w, b) = (−10, −20). In the figure, compare the line of the start with the true line.

# %%
x = torch.arange(-5, 5, 0.1).view(-1, 1)
f = -5 * x
y = f + 0.4 * torch.randn(x.shape, generator=torch.Generator().manual_seed(1))

dataset = labhelpers.data.steep_line()
X, Y = dataset.x, dataset.y
surface = LossSurface(X, Y)
same = torch.allclose(x, X, atol=1e-5) and torch.allclose(y, Y, atol=1e-4)
print("the same points as labhelpers.data.steep_line():", same)


def criterion(y_hat, y):
    """Mean squared error of predictions y_hat against targets y: one number."""
    return torch.mean((y_hat - y) ** 2)


### BEGIN AUTHOR
assert same
### END AUTHOR
plot_fit(dataset, (-10, -20), labels=["start: w = −10, b = −20"], show_truth=True)

# %% [markdown]
# The line is too steep and too low. Lab 1 showed how to find the largest rate for batch descent: it
# converges for η < 2/λ₂, where λ₂ is the curvature of the loss along the steepest direction (the larger
# eigenvalue of its Hessian).

# %%
small, large = surface.eigenvalues
w_best, b_best = surface.minimum
print(f"curvatures {small:.3f} and {large:.2f}")
print(f"batch descent converges below η = {surface.largest_stable_rate:.3f}")
print(f"minimum at w = {w_best:.3f}, b = {b_best:.3f}, loss {surface.minimum_loss:.4f}")
print(f"loss at the start: {surface(-10, -20):.1f}")
### BEGIN AUTHOR
assert round(surface(-10, -20), 1) == 595.0
### END AUTHOR

# %% [markdown]
# So 0.05 and 0.1 are both safe for batch descent. An **epoch** is one pass over all the samples. Batch
# descent makes one **update** of w and b in an epoch; 20 epochs are 20 updates.
#
# **Predict.** The loss starts at 595. Where is it after 20 epochs of batch descent at η = 0.05? The
# least it can be is 0.1515.

# %%
guess_batch_loss = None  # a number


# %% tags=["taught"]
def batch_descent(lr, epochs):
    """Batch gradient descent from (−10, −20): one update an epoch. Returns its History."""
    w = torch.tensor(-10.0, requires_grad=True)
    b = torch.tensor(-20.0, requires_grad=True)
    history = History(surface, start=(w, b), lr=lr, label=f"batch, η = {lr}")
    for epoch in range(epochs):
        loss = criterion(w * X + b, Y)  # all 100 samples
        loss.backward()
        with torch.no_grad():
            w -= lr * w.grad
            b -= lr * b.grad
        w.grad.zero_()
        b.grad.zero_()
        history.step(w, b)
    return history


slow_batch = batch_descent(lr=0.05, epochs=20)
show_table(
    {"epoch": "d", "loss": ".3f", "w": ".3f", "b": ".3f"},
    [
        (epoch, slow_batch.loss[epoch], slow_batch.w[epoch], slow_batch.b[epoch])
        for epoch in (0, 1, 2, 3, 4, 5, 10, 15, 20)
    ],
)
compare("lab02-batch-loss", guess_batch_loss)
slow, steep = surface.factors(0.05)
print(f"factor of each step: shallow {slow:.3f}, steep {steep:.3f}")
print(f"left of the shallow error after 20 steps: {slow**20:.2f}")
### BEGIN AUTHOR
assert np.isclose(
    slow_batch.loss[-1], labhelpers.prediction.answer_to("lab02-batch-loss"), atol=1e-3
)
assert not slow_batch.diverged  # converging, not there yet
### END AUTHOR

# %% [markdown]
# The table shows two speeds: w is near −5 after a few epochs, b is still on its way after 20. Along the
# shallow direction each step multiplies the error by 1 − η·λ₁ = 0.900, so after 20 steps 12 % of it is
# left.
#
# **When to stop.** Twenty epochs were a guess. A **stop condition** lets the run decide: stop when the
# loss changes by less than a **tolerance** from one update to the next, and in any case after a largest
# number of updates. Here is where such a rule would have stopped three runs.

# %%
rows = []
for rate in (0.1, 0.01, 0.0001):
    run = batch_descent(lr=rate, epochs=450)
    change = abs(np.diff(run.loss))
    for tolerance in (1, 1e-4):
        small_enough = np.flatnonzero(change < tolerance)  # the updates with so small a change
        if len(small_enough):
            stop = small_enough[0] + 1
            rows.append((rate, tolerance, f"{stop} updates", f"{run.loss[stop]:.4g}"))
        else:
            rows.append((rate, tolerance, "not in 450 updates", ""))
show_table({"η": "g", "tolerance": "g", "stops after": "", "at loss": ""}, rows)
### BEGIN AUTHOR
assert change[0] < 1 and run.loss[1] > 590
### END AUTHOR

# %% [markdown]
# At 0.1 a tolerance of 0.0001 stops the run when it has arrived. At 0.0001 the tolerance of 1 stops it after
# a single update, at 594.1: the steps are so short that even the first changes the loss by less than 1. A
# small change says that the run is **slow**, not that it is **close**. So choose the tolerance much smaller
# than the loss that you hope for, and look at where the run has stopped.

# %% [markdown]
# ### Practice 1: batch descent at 0.1 (5 points)
#
# Train from (w, b) = (−10, −20) at **η = 0.1** with all samples in every update, for 20 epochs. Keep
# the loss over all points in the list `loss_BGD`, each taken **before** its update:
#
# $$L_k = \frac1N \sum_{n=1}^{N} (w_k\,x_n + b_k - y_n)^2, \quad k = 0, \dots, 19 .$$
#
# *Correct output:* 20 numbers that fall from the first to the last. The first is 595.0, the second
# 342.5, and the last lies between 0.2 and 0.3.

# %% practice="lab02-batch"
loss_BGD = None  # a list of 20 losses

### BEGIN SOLUTION
w1 = torch.tensor(-10.0, requires_grad=True)
b1 = torch.tensor(-20.0, requires_grad=True)
loss_BGD = []
for epoch in range(20):
    loss1 = criterion(w1 * X + b1, Y)
    loss_BGD.append(loss1.item())
    loss1.backward()
    with torch.no_grad():
        w1 -= 0.1 * w1.grad
        b1 -= 0.1 * b1.grad
    w1.grad.zero_()
    b1.grad.zero_()

print("losses:", ", ".join(f"{value:.1f}" for value in loss_BGD[:3]), "...", f"{loss_BGD[-1]:.3f}")
assert len(loss_BGD) == 20 and round(loss_BGD[1], 1) == 342.5
assert loss_BGD[-1] - surface.minimum_loss < 0.1  # nearly converged
### END SOLUTION

# %% check="lab02-batch" points=5
check("lab02-batch")

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# It is the loop of `batch_descent` with another rate. What does the list need that the loop does not
# keep?
# </details>
# <details><summary>Hint 2</summary>
#
# New tensors for w and b with `requires_grad=True`, an empty list, 20 rounds. No `History` is needed.
# </details>
# <details><summary>Hint 3</summary>
#
# In each round, in this order: the loss over `X` and `Y`, append `loss.item()`, `backward()`, two
# updates inside `torch.no_grad()`, two `grad.zero_()`.
# </details>

# %% [markdown]
# ### Practice 2: stop when the loss hardly changes (10 points)
#
# Write `train_until`: batch descent from `w` and `b` at rate `lr` that notes every step and decides itself
# when to stop. It returns a list of rows `(step, loss, w, b)`:
#
# - The first row is step 0: the start and its loss, before any update.
# - Every later row belongs to one more update: its w and b **after** that update, and the loss over all points
#   **there**.
# - The last row is the first whose loss differs from that of the row before it by less than `tolerance`,
#   up or down:
#
# $$|L_k - L_{k-1}| < \text{tolerance} .$$
#
# - If there is no such row within `max_steps` updates, the row after update `max_steps` is the last.
#
# *Correct output:* `train_until(X, Y, -10, -20, 0.1, 1, 100)` returns 14 rows. The first is
# (0, 595.0, −10, −20), the last (13, 1.362, −4.987, −1.180), rounded. With `max_steps=3` there are 4 rows.


# %% practice="lab02-train-until"
def train_until(x, y, w, b, lr, tolerance, max_steps):
    """Batch gradient descent that stops when the loss hardly changes.

    Parameters
    ----------
    x, y : Tensor, shape (N, 1)
        Inputs and targets.
    w, b : float
        Slope and intercept at the start.
    lr : float
        Learning rate.
    tolerance : float
        A change of the loss smaller than this, up or down, ends the run.
    max_steps : int
        The most updates, at least 1.

    Returns
    -------
    list of rows (step, loss, w, b)
        The start and the state after each update.
    """
    ### BEGIN SOLUTION
    noted = []
    for step in range(max_steps + 1):
        noted.append((step, criterion(w * x + b, y).item(), w, b))
        if step > 0 and abs(noted[-1][1] - noted[-2][1]) < tolerance:
            break
        gaps = w * x + b - y
        w, b = w - lr * 2 * (gaps * x).mean().item(), b - lr * 2 * gaps.mean().item()
    return noted


rows = train_until(X, Y, -10, -20, 0.1, 1, 100)
for row in (rows[0], rows[1], rows[-1]):
    print("{:3} {:9.3f} {:8.3f} {:8.3f}".format(*row))
print(len(rows), "rows,", len(train_until(X, Y, -10, -20, 0.1, 1, 3)), "with max_steps=3")
assert len(rows) == 14 and round(rows[-1][1], 3) == 1.362
### END SOLUTION

# %% check="lab02-train-until" points=10
check("lab02-train-until")

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# How many rows are there after one update? Which of them can be compared with the row before it?
# </details>
# <details><summary>Hint 2</summary>
#
# Write the row first, then ask whether to stop, then update: in this order loss, w and b of a row belong
# together, and the row that ends the run is in the list. `rows[-1][1]` and `rows[-2][1]` are the last two losses.
# </details>
# <details><summary>Hint 3</summary>
#
# A loop over `range(max_steps + 1)`. In it: the loss, `append`, from step 1 on `abs(...) < tolerance` and
# `break`, and at last the update, by autograd or by the formulas of Lab 1.
# </details>

# %% [markdown]
# ## 2. One sample at a time
#
# A batch update reads all 100 samples before it moves. **Stochastic gradient descent** (**SGD**) does not
# wait: it takes the gradient of **one** sample's squared error,
#
# $$\ell_n(w, b) = (w\,x_n + b - y_n)^2,$$
#
# and updates at once:
#
# $$w \leftarrow w - \eta\,\frac{\partial \ell_n}{\partial w}, \qquad
# b \leftarrow b - \eta\,\frac{\partial \ell_n}{\partial b}.$$
#
# An epoch is still one pass over the data, and now it holds 100 updates, one for each sample. A single sample
# is a poor judge of the whole, but the mean of all the samples' gradients is the batch gradient, since the
# loss is the mean of the ℓₙ.
#
# Let us use η = 0.1, at which batch descent converges, and take the samples in the order in which they
# stand in `X`, from x = −5 up.
#
# **Predict.** What will the loss over all points do in 20 epochs?
#
# - (a) Fall much faster than for batch descent: there are 100 times as many updates.
# - (b) Fall, with some noise.
# - (c) Grow.

# %%
guess_sgd = None  # "a", "b" or "c"

# %% tags=["taught"]
lr = 0.1

w = torch.tensor(-10.0, requires_grad=True)
b = torch.tensor(-20.0, requires_grad=True)
one_by_one = History(surface, start=(w, b), lr=lr, batch_size=1, label="one sample, η = 0.1")

for epoch in range(20):
    for x, y in zip(X, Y):  # one sample, in the order of the data
        loss = criterion(w * x + b, y)
        loss.backward()
        with torch.no_grad():
            w -= lr * w.grad
            b -= lr * b.grad
        w.grad.zero_()
        b.grad.zero_()
        one_by_one.step(w, b, batch_loss=loss.item(), epoch=epoch)

print("updates made:", one_by_one.steps)

# %% [markdown]
# ### Spot the mistake: "the loss fluctuates"
#
# Here is a figure of that run: the loss over all points, once at the start of each epoch. In published
# labs such a figure comes with a sentence like *"The loss of SGD fluctuates, because each update sees only
# one sample."* The sentence is wrong. Find what in the figure says so, then unfold the answer.

# %%
fig, ax = plt.subplots(figsize=(6.2, 3.6), layout="constrained")
ax.plot(one_by_one.loss[one_by_one.epoch_starts], "-o", color="#0072B2", label="SGD, η = 0.1")
ax.set(xlabel="epoch", ylabel="loss", title="The loss of SGD fluctuates", xticks=range(0, 21, 5))
ax.legend()
plt.show()
print("In words: loss by epoch on a linear axis; it goes up and down from epoch to epoch.")

# %% [markdown]
# <details><summary>Answer</summary>
#
# The numbers on the vertical axis are about 10¹³. (In published figures this often stands as a small
# `1e13` above the axis.) The run begins at 595, a height that cannot
# even be seen at this scale, and one epoch later the loss is more than a billion times as large. The
# noise of single samples moves a loss a little about a level near the least-squares loss; it does not
# lift it a billion times above the start. The run has **blown up**. A linear axis shows only
# the largest values. Before you explain the shape of a loss curve, compare its numbers with the loss at the start.
# </details>

# %%
compare("lab02-sgd", guess_sgd)
w, b, loss = one_by_one.w, one_by_one.b, one_by_one.loss
show_table(
    {"loss at the start": ".0f", "after one epoch": ".1e", "largest in two epochs": ".1e"},
    [(loss[0], loss[100], loss[:201].max())],
)
show_table(
    {
        "update": "d",
        "loss of its sample": ".1e",
        "w": ".2g",
        "b": ".2g",
        "loss over all points": ".1e",
    },
    [(k, one_by_one.batch_loss[k - 1], w[k], b[k], loss[k]) for k in (1, 2, 3, 4, 5, 10, 20)],
)
### BEGIN AUTHOR
assert one_by_one.loss[100] > 1e12 and one_by_one.loss.max() > 1e27
assert labhelpers.prediction.answer_to("lab02-sgd") == "c"
### END AUTHOR

# %% [markdown]
# The first update still helps. After it the last column grows from line to line, and in the second epoch it
# passes 10²⁷.
#
# Does the run grow forever? A run **diverges** when its error grows without bound, epoch after epoch. The
# table shows only how an epoch begins; its later updates may pull the error back. Let us look once an epoch, with 16 digits instead of the 7 of PyTorch's usual numbers.

# %%
x_list, y_list = X.flatten().double().tolist(), Y.flatten().double().tolist()
w, b = -10.0, -20.0
starts = []
for epoch in range(13):
    starts.append(surface(w, b))
    for x, y in zip(x_list, y_list):
        r = w * x + b - y  # the gradient by its formula, without autograd
        w, b = w - 0.1 * 2 * r * x, b - 0.1 * 2 * r
print("loss at the start of epochs 2 to 13, in 10¹²:")
print(", ".join(f"{value / 1e12:.2f}" for value in starts[1:]))
### BEGIN AUTHOR
changes = np.diff(starts[1:])
assert (abs(changes[1:] / changes[:-1]) < 0.65).all() and 8.1e12 < starts[-1] < 8.3e12
### END AUTHOR

# %% [markdown]
# So it does not diverge: each change is about half as large as the one before. The run settles into a
# **cycle**: every epoch throws the loss up to 10²⁷ and pulls it back to the same 8.2 · 10¹². (The jumps in
# the figure above are rounding: with 7 digits nothing exact comes back from 10²⁷.) For training, a cycle at
# that height is as useless as divergence.
#
# Here is the first epoch, update by update, on a logarithmic axis. Update 1 uses x = −5, update 2 uses
# x = −4.9, and so on up to x = 4.9. Look at where the curve turns.

# %%
first_epoch = one_by_one.loss[:101]
### BEGIN AUTHOR
assert first_epoch[1] < first_epoch[0] and (first_epoch[2:21] > first_epoch[1:20]).all()
assert first_epoch.argmax() == 20 and first_epoch[31] < 1e-10 * first_epoch[20]
assert first_epoch[31:91].max() < 1e-9 * first_epoch[20] < first_epoch[100]
### END AUTHOR
plot_losses(first_epoch, by="update", scale="log", labels=["one sample, η = 0.1, first epoch"])

# %% [markdown]
# The very first update lowers the loss a little; from then on it grows until update 20, and then it
# falls steeply, within eleven updates. It stays far below that peak while the samples of the middle are used,
# and in the last ten updates it grows again. So samples at the two ends, with large |x|, blow the error up,
# and samples in the middle shrink it. The next section computes by how much.
#
# ## 3. One sample's factor
#
# Take one sample (x, y) and its **residual** r = w·x + b − y. Its gradient is 2·r·x along w and 2·r
# along b. After the update its own residual is
#
# $$\begin{aligned}
# r_{\text{new}} &= (w - 2\eta r x)\,x + (b - 2\eta r) - y \\
# &= r\,\bigl(1 - 2\eta\,(x^2 + 1)\bigr).
# \end{aligned}$$
#
# So one update multiplies the error of its own sample by the **factor** 1 − 2η(x² + 1). A factor
# between −1 and 1 shrinks that error. A factor below −1 enlarges it, and changes its sign.
#
# **Predict.** The first sample has x = −5. What is |1 − 2η(x² + 1)| at η = 0.1?

# %%
guess_factor = None  # a number

# %%
lr = 0.1
for value in (-5, -4, -3, -2, -1, 0):
    print(f"x = {value:2}: factor {1 - 2 * lr * (value**2 + 1):5.1f}")

w = torch.tensor(-10.0, requires_grad=True)
b = torch.tensor(-20.0, requires_grad=True)
x, y = X[0], Y[0]
before = (w * x + b - y).item()
criterion(w * x + b, y).backward()
with torch.no_grad():
    w -= lr * w.grad
    b -= lr * b.grad
after = (w * x + b - y).item()
print(f"residual at x = −5: before its update {before:6.2f}")
print(f"                     after its update {after:6.2f}")

compare("lab02-factor", guess_factor)
unsafe = int((torch.abs(1 - 2 * lr * (X**2 + 1)) > 1.0001).sum())
print(f"{unsafe} of {len(X)} samples have a factor below −1")
### BEGIN AUTHOR
assert int((X < -3.05).sum()) == 20 and unsafe == 39
assert abs(abs(after / before) - labhelpers.prediction.answer_to("lab02-factor")) < 1e-3
### END AUTHOR

# %% [markdown]
# The run does what the formula says: the residual is multiplied by −4.2. At η = 0.1 every sample with
# |x| > 3 enlarges its own error, 39 of the 100. In x order twenty of them come one after the other.
# Neighbours push in nearly the same direction, so their factors roughly multiply. At x = −3 the factor is −1, and there the curve of the last figure turned. At
# x = −2 the factor is 0: that update removes the whole error of its sample, and there the curve fell.
#
# Batch descent at the same rate is safe because it takes the **mean** of all the gradients before it
# moves. What counts for it is the mean of x²; for SGD it is the x² of each sample in turn, and
# for a rate that is safe for all of them the largest.
#
# No sample enlarges its own error as long as |1 − 2η(x² + 1)| ≤ 1 for all of them, which is
#
# $$\eta \le \frac{1}{\max_n x_n^2 + 1}.$$

# %%
print(f"batch descent is safe below η = {surface.largest_stable_rate:.3f}")
print(f"no sample enlarges its own error: η ≤ {surface.largest_sample_rate:.4f}")
### BEGIN AUTHOR
assert abs(surface.largest_sample_rate - 1 / 26) < 1e-6
### END AUTHOR

# %% [markdown]
# The limit for one sample, 1/26 = 0.0385, is about three times as strict as the one for batch descent. Up to
# it no update can lengthen the error, apart from what the noise in the targets adds.
#
# ## 4. Two repairs: rate and order
#
# The first idea is a smaller rate. Let us try 0.05, which is not far above the limit, still in x order.
#
# ### Spot the mistake: a loss that settles too high
#
# The next cell trains at 0.05 and prints the loss at the end of the last four epochs. The run has
# clearly settled, and one could report: *"At η = 0.05, SGD cannot get below 83 on this data."* The rate
# is not the reason. Change **one** line of the cell, leave the rate alone, and run it again: what
# brings all four losses below 20?

# %% tags=["taught"]
lr = 0.05
generator = torch.Generator().manual_seed(3)  # for torch's random functions, if you need one
w, b = torch.tensor(-10.0), torch.tensor(-20.0)
settled = History(surface, start=(w, b), lr=lr, batch_size=1, label="in order, η = 0.05")
for epoch in range(20):
    order = torch.arange(100)  # the order in which the samples are used
    for i in order:
        r = w * X[i] + b - Y[i]  # the gradient by its formula, without autograd
        w, b = w - lr * 2 * r * X[i], b - lr * 2 * r
        settled.step(w, b, epoch=epoch)

ends = settled.loss[settled.epoch_starts]
last = settled.loss[-101:]
print("after epochs 17 to 20:", *(f"{value:.2f}" for value in ends[-4:]))
print(f"within the last epoch: from {last.min():.2f} to {last.max():.0f}")
print(f"lowest after {last.argmin()} of its 100 updates")

# %% [markdown]
# <details><summary>Answer</summary>
#
# The **order**. With `order = torch.randperm(100, generator=generator)`, a new random order in every
# epoch, the same rate brings the four losses to between 0.16 and 0.41. (That is this seed; others end
# higher or lower; you will see how far.)
#
# Sorted samples push one after the other in nearly the same direction. Within every epoch this run
# is driven up to 2584, comes down to 0.19 late in the epoch, and is driven up again by the last
# samples. We look at it once an epoch, always at the same moment of this cycle, so it seems to
# stand still at 83. The word *stochastic* means random: strictly speaking, a pass in x order is not SGD.
# </details>
#
# To visit the samples in a new random order in each epoch is called **shuffling**. The function below
# does SGD with either order. `torch.randperm(100)` gives the numbers 0 to 99 in random order; the
# seeded generator makes your shuffles the same as ours.
#
# **Predict.** Which of these runs will end near the least-squares loss of 0.1515?
#
# - (a) Shuffled at 0.1.
# - (b) Shuffled at 0.05.
# - (c) Both.

# %%
guess_repair = None  # "a", "b" or "c"


# %% tags=["taught"]
def stochastic_descent(lr, shuffle, epochs=20):
    """One-sample gradient descent from (−10, −20): 100 updates an epoch. Returns its History."""
    generator = torch.Generator().manual_seed(3)
    w = torch.tensor(-10.0, requires_grad=True)
    b = torch.tensor(-20.0, requires_grad=True)
    order_name = "shuffled" if shuffle else "in order"
    history = History(surface, start=(w, b), lr=lr, batch_size=1, label=f"{order_name}, η = {lr}")
    for epoch in range(epochs):
        order = torch.randperm(100, generator=generator) if shuffle else torch.arange(100)
        for i in order:
            loss = criterion(w * X[i] + b, Y[i])
            loss.backward()
            with torch.no_grad():
                w -= lr * w.grad
                b -= lr * b.grad
            w.grad.zero_()
            b.grad.zero_()
            history.step(w, b, batch_loss=loss.item(), epoch=epoch)
    return history


wild = stochastic_descent(lr=0.1, shuffle=True, epochs=5)
shuffled = stochastic_descent(lr=0.05, shuffle=True)
ends = [run.loss[run.epoch_starts][-4:] for run in (wild, shuffled)]
show_table(
    {"loss after the last four epochs": "", wild.label: ".1e", shuffled.label: ".2f"},
    zip(("first", "second", "third", "fourth"), *ends),
)
compare("lab02-repair", guess_repair)
### BEGIN AUTHOR
assert wild.diverged and not shuffled.diverged and shuffled.excess[-1] < 0.02
assert 0.16 < min(shuffled.loss[-301::100]) < max(shuffled.loss[-301::100]) < 0.41
assert labhelpers.prediction.answer_to("lab02-repair") == "b"
### END AUTHOR

# %% [markdown]
# Shuffling alone does not save 0.1: the 39 samples with |x| > 3 still enlarge their own errors, in
# whatever order they come. At 0.05 it makes all the difference.
#
# Was that the luck of one shuffle? The next cell repeats both runs with 100 different shuffles, all
# at once, and also follows the error alone, without noise, over ten epochs: by which factor does an epoch change
# its length, on average?


# %% tags=["taught"]
def many_shuffles(lr, epochs, start, targets, runs=100):
    """One-sample descent with many shuffles at once; returns w and b after each epoch."""
    rng = np.random.default_rng(0)
    x = np.array(x_list)
    w, b = np.full(runs, float(start[0])), np.full(runs, float(start[1]))
    path = [(w, b)]
    for epoch in range(epochs):
        orders = rng.permuted(np.tile(np.arange(100), (runs, 1)), axis=1)  # one row for each run
        for i in orders.T:  # the next sample of every run
            r = w * x[i] + b - targets[i]
            w, b = w - lr * 2 * r * x[i], b - lr * 2 * r
        path.append((w, b))
    return path


w_100, b_100 = many_shuffles(0.05, 20, (-10, -20), np.array(y_list))[-1]
after_20 = surface(w_100, b_100)
print("η = 0.05, 100 shuffles, loss after 20 epochs:")
print(f"median {np.median(after_20):.2f}, nine in ten below", end=" ")
print(f"{np.quantile(after_20, 0.9):.1f}, largest {after_20.max():.1f}")

rows = []
for rate in (0.05, 0.085, 0.09, 0.095, 0.1):
    error = many_shuffles(rate, 10, (1, 1), np.zeros(100))  # the minimum is at (0, 0) here
    powers = np.log10(np.hypot(*error[-1]) / np.hypot(1, 1)) / 10
    rows.append((rate, powers.mean(), powers.std()))
show_table(
    {
        "η": "g",
        "an epoch multiplies the error by 10 to the power": ".1f",
        "which differs between shuffles by ±": ".1f",
    },
    rows,
)
### BEGIN AUTHOR
assert powers.mean() > 1 and after_20.max() < 10
### END AUTHOR

# %% [markdown]
# At 0.05 every one of the 100 shuffles comes down from 595, more than half of them below 0.3; but some end
# well above the others, because some samples still enlarge their own error and the loss keeps jumping. At 0.1
# an epoch multiplies the error by about 20 on average: shuffled at 0.1, SGD really **diverges**. The change
# from shrinking to growing comes between 0.09 and 0.1, well above 0.0385. So the limit 1/(max x² + 1) is a
# guarantee, not a border: up to it no update lengthens the error, above it the average over the order
# decides.
#
# The figure adds a run at 0.01, well below the limit. Compare the three curves at their ends.

# %%
in_order = stochastic_descent(lr=0.05, shuffle=False)
calm = stochastic_descent(lr=0.01, shuffle=True)
print(f"{in_order.label}: loss {in_order.loss[-1]:.2f} after {in_order.epochs} epochs")
print(f"{calm.label}: loss {calm.loss[-1]:.4f} after {calm.epochs} epochs")
### BEGIN AUTHOR
assert abs(in_order.loss[-1] - 83) < 0.1  # bounded, not converged
assert not calm.diverged and calm.excess[-1] < 0.02
### END AUTHOR
plot_losses(in_order, shuffled, calm, by="epoch", scale="log", reference=surface.minimum_loss)

# %% [markdown]
# In order at 0.05 the curve stays at 83, far above the dotted line of least squares. Shuffled,
# both rates reach that line: 0.05 after a single epoch and with jumps, 0.01 after about three and with
# hardly any.

# %% [markdown]
# ### Practice 3: one epoch as a function (15 points)
#
# Write `sgd_epoch`: one pass over the samples in a **given** order. For each index n in `order` it
# computes the loss of that sample, keeps it, and updates
#
# $$w \leftarrow w - \eta\,\frac{\partial \ell_n}{\partial w}, \qquad
# b \leftarrow b - \eta\,\frac{\partial \ell_n}{\partial b},$$
#
# $$\ell_n = (w\,x_n + b - y_n)^2 .$$
#
# The tensors `w` and `b` belong to the caller: update them **in place** (`w -= ...` inside
# `torch.no_grad()`), so that the caller sees the change. Each loss is taken **before** its update.
#
# *Correct output:* from w = −10, b = −20 with `step_size=0.01` and `order=[0, 99]` on the lab's data,
# the function returns two losses, 31.5 and 1723.4 (rounded), and leaves w = −5.37 and b = −19.28.


# %% practice="lab02-sgd-epoch"
def sgd_epoch(w, b, X, Y, step_size, order):
    """One epoch of stochastic gradient descent, in the given order.

    Parameters
    ----------
    w, b : Tensor, shape ()
        Slope and intercept, made with requires_grad=True; changed in place.
    X, Y : Tensor, shape (N, 1)
        Inputs and targets, in the units of the data.
    step_size : float
        Learning rate η, above 0.
    order : sequence or Tensor of int, shape (N,)
        Indices of the samples in the order in which they are used.

    Returns
    -------
    list of float
        The loss of each sample before its update, in the order used.
    """
    ### BEGIN SOLUTION
    sample_losses = []
    for n in order:
        sample_loss = criterion(w * X[n] + b, Y[n])
        sample_losses.append(sample_loss.item())
        sample_loss.backward()
        with torch.no_grad():
            w -= step_size * w.grad
            b -= step_size * b.grad
        w.grad.zero_()
        b.grad.zero_()
    return sample_losses


w2 = torch.tensor(-10.0, requires_grad=True)
b2 = torch.tensor(-20.0, requires_grad=True)
two = sgd_epoch(w2, b2, X, Y, 0.01, [0, 99])
print(f"losses {two[0]:.1f} and {two[1]:.1f}; w = {w2.item():.2f}, b = {b2.item():.2f}")
assert [round(value, 1) for value in two] == [31.5, 1723.4]
### END SOLUTION

# %% check="lab02-sgd-epoch" points=15
check("lab02-sgd-epoch")

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# The body is the inner loop of `stochastic_descent`. Which names must come from the arguments now?
# </details>
# <details><summary>Hint 2</summary>
#
# Start an empty list; go through `order`; for an index `n` the sample is `X[n]`, `Y[n]`. Return the
# list at the end of the function, after the loop.
# </details>
# <details><summary>Hint 3</summary>
#
# Inside the loop: the loss of the sample, append its `.item()`, `backward()`, two updates with
# `step_size` inside `torch.no_grad()`, two `grad.zero_()`. Write `w -= ...`: `w = w - ...` would make a
# new tensor that the caller never sees.
# </details>

# %% [markdown]
# ### Practice 4: a rate at which SGD converges (5 points)
#
# Choose a `step_size` and train 20 epochs of **shuffled** one-sample SGD from (w, b) = (−10, −20). Keep
# in `loss_SGD` the loss over **all** points, once at the start of each epoch,
#
# $$L_e = \frac1N \sum_{n=1}^{N} (w_e\,x_n + b_e - y_n)^2, \quad e = 0, \dots, 19,$$
#
# where $(w_e, b_e)$ are the parameters when epoch e begins. The last of the 20 losses must be at most
# 1.25 times the least-squares loss.
#
# *Correct output:* `step_size` is one number; `loss_SGD` holds 20 numbers, the first 595.0, the last
# between 0.1515 and 0.1893.

# %% practice="lab02-stable-rate"
step_size = None  # one number
loss_SGD = None  # a list of 20 losses over all points

### BEGIN SOLUTION
step_size = 0.005
shuffle_generator = torch.Generator().manual_seed(0)
w3 = torch.tensor(-10.0, requires_grad=True)
b3 = torch.tensor(-20.0, requires_grad=True)
loss_SGD = []
for epoch in range(20):
    loss_SGD.append(criterion(w3 * X + b3, Y).item())
    sgd_epoch(w3, b3, X, Y, step_size, torch.randperm(len(X), generator=shuffle_generator))

print(f"losses from {loss_SGD[0]:.1f} down to {loss_SGD[-1]:.4f}")
print(f"1.25 times the least-squares loss is {1.25 * surface.minimum_loss:.4f}")
assert len(loss_SGD) == 20 and loss_SGD[-1] < 1.25 * surface.minimum_loss  # converged
### END SOLUTION

# %% check="lab02-stable-rate" points=5
check("lab02-stable-rate")

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# Section 3 says up to which rate no sample enlarges its own error. A good deal below it the losses are
# calm.
# </details>
# <details><summary>Hint 2</summary>
#
# In every epoch: first record the loss over all of `X` and `Y`, then make one pass with a new
# `torch.randperm(len(X))`.
# </details>
# <details><summary>Hint 3</summary>
#
# With `sgd_epoch` the loop has two lines: one appends `criterion(...).item()`, one calls `sgd_epoch`.
# If the last loss is too high, the rate is either too small to arrive in 20 epochs or so large that the
# losses still jump.
# </details>

# %% [markdown]
# ## 5. A fair comparison
#
# Which method is faster? The answer depends on what you count.
#
# | in one epoch | batch | one-sample |
# |---|---|---|
# | samples read | 100 | 100 |
# | updates made | 1 | 100 |
#
# An epoch reads the data once, whatever the method. An update is one change of w and b. When somebody
# says that a method needs "fewer epochs", ask how many updates these are. All later labs compare
# methods at equal epochs **and** at equal updates.
#
# To compare the methods and nothing else, give both the same rate, 0.01.
#
# **Predict.** Which has the lower loss after one **epoch** each, and which after 100 **updates** each?
#
# - (a) After one epoch SGD, after 100 updates they are about equal.
# - (b) SGD both times.
# - (c) Batch descent both times.

# %%
guess_winner = None  # "a", "b" or "c"

# %%
batch = batch_descent(lr=0.01, epochs=100)
stochastic = calm  # shuffled, η = 0.01, from section 4
fast_batch = batch_descent(lr=0.1, epochs=100)

show_table(
    {"loss after": "", "batch, 0.01": ".3g", "one-sample, 0.01": ".3g", "batch, 0.1": ".3g"},
    [
        (when, batch.loss[ours], stochastic.loss[theirs], fast_batch.loss[ours])
        for when, ours, theirs in (
            ("1 epoch", 1, 100),
            ("1 update", 1, 1),
            ("20 updates", 20, 20),
            ("100 updates", 100, 100),
        )
    ],
)

w_100, b_100 = many_shuffles(0.01, 1, (-10, -20), np.array(y_list))[-1]
spread = np.quantile(surface(w_100, b_100), (0.05, 0.5, 0.95))
print("100 shuffles at 0.01, loss after 100 updates:")
print(f"median {spread[1]:.1f}, nine in ten {spread[0]:.1f} to {spread[2]:.1f}")
compare("lab02-winner", guess_winner)
### BEGIN AUTHOR
assert not fast_batch.diverged and fast_batch.excess[100] < 1e-6  # converged
assert stochastic.loss[100] < batch.loss[1] and spread[0] < batch.loss[100] < spread[2]
assert labhelpers.prediction.answer_to("lab02-winner") == "a"
### END AUTHOR

# %% [markdown]
# At equal **epochs** SGD is far ahead: it has made 100 times as many updates. The next figure shows
# batch descent at its better rate, 0.1, and SGD at 0.01, by epoch; look at the first three epochs.

# %%
twenty_epochs = batch_descent(lr=0.1, epochs=20)
plot_losses(twenty_epochs, stochastic, by="epoch", scale="log", reference=surface.minimum_loss)

# %% [markdown]
# At equal **updates** and this rate, well below the limit, an update of one sample is worth about as much as
# an update of all the samples, give or take some luck. Batch descent wins in another way: averaging the
# gradients lets it use **ten times the rate**. At 0.1 it has converged after 100 updates; SGD would blow up
# there. The next figure shows 100 updates of each at the rate that suits it. Look at how much rougher one of
# the curves is.

# %%
one_epoch = stochastic_descent(lr=0.01, shuffle=True, epochs=1)
plot_losses(fast_batch, one_epoch, by="update", scale="log", reference=surface.minimum_loss)

# %% [markdown]
# The batch curve is smooth and reaches the dotted line after about 30 updates. The SGD curve is rough
# and has not arrived after 100. So neither method is faster as such: SGD makes cheap, noisy updates, batch
# descent makes expensive but exact ones, and exact ones allow a larger rate.
#
# How much more expensive? In samples read, 100 times here. In seconds much less, because a processor adds up
# 100 numbers almost as quickly as one; [Lab 4](lab04_linear_with_adam.ipynb) measures it. With millions of samples
# a batch update becomes expensive, and the balance turns. [Lab 3](lab03_mini_batch.ipynb) looks for the middle.
#
# ### What remains
#
# Batch descent comes to rest at the minimum, since the gradient of the loss is zero there. The gradient of a
# single sample is not: at the minimum each sample still pulls towards the lines that suit it alone. At a constant rate the loss stays a
# little above the least-squares loss. That **excess** is the price of noisy steps.
#
# **Predict.** If you halve the rate, what becomes of the excess that remains?
#
# - (a) It becomes zero.
# - (b) It stays the same.
# - (c) It becomes half or less.

# %%
guess_excess = None  # "a", "b" or "c"

# %%
slower = stochastic_descent(lr=0.005, shuffle=True)
faster = stochastic_descent(lr=0.02, shuffle=True)
runs = (faster, calm, slower)
remains = [run.excess[1000:].mean() for run in runs]  # each a mean over the last 10 epochs
show_table(
    {"η": "g", "mean excess over the last 10 epochs": ".4f"},
    [(run.lr, excess) for run, excess in zip(runs, remains)],
)
print(f"halving 0.01 leaves {remains[2] / remains[1]:.2f} of the excess")
compare("lab02-excess", guess_excess)
### BEGIN AUTHOR
assert max(run.excess[-1] for run in (faster, calm, slower)) < 0.05  # converged up to their noise
assert 1.5 < remains[0] / remains[1] < 3.5 and 1.5 < remains[1] / remains[2] < 3.5
assert labhelpers.prediction.answer_to("lab02-excess") == "c"
### END AUTHOR

# %% [markdown]
# Each halving leaves about a third to a half of the excess, with this shuffle as with others. It is never zero as long as the rate
# is constant, which is why the rate is often lowered towards the end of a run.
#
# The paths over the loss surface show the same. The figure shows 20 updates of batch descent at
# 0.1 and one epoch of SGD at 0.01. Both swing from side to side. Which of them does so regularly?

# %%
slow, steep = surface.factors(0.1)
print(f"a batch step at 0.1 multiplies the error by {slow:.3f}")
print(f"along the valley, by {steep:.3f} across it")
plot_contours(surface, twenty_epochs, one_epoch, directions=True)

# %% [markdown]
# Batch descent swings because its factor across the valley is −0.667: it changes sides at every step,
# and each swing is two thirds of the one before. SGD moves at each update the way a single sample pulls
# it, so its swings follow no rule and do not die out. Still it comes down the same valley, since on
# average its steps are the batch step.
#
# ## 6. Play with both
#
# In the next figure you can change the rate, the **batch size** (the samples in one update: 1 is SGD, "all" is
# batch descent), the order and more. It recomputes the run at once.
#
# **Predict.** Take one-sample SGD, shuffled, 200 steps, seed 0. What is the largest rate at which it still
# ends below loss 10?
#
# - (a) below 0.0385
# - (b) between 0.0385 and 0.12
# - (c) above 0.12

# %%
guess_largest = None  # "a", "b" or "c"

# %%
figure = DescentExplorer(
    dataset,
    start=(-10, -20),
    lr=0.02,
    batch_size=1,
    shuffle=True,
    steps=200,
    seed=0,
    hide=("momentum", "marks"),
    task="Find the largest rate at which this one-sample run still ends below loss 10. "
    'Then choose the batch size "all" and find it again.',
)
widget = figure.widget()  # the same figure, whose settings Python can read
widget

# %%
rates = [0.03, 0.0385, 0.06, 0.08, 0.085, 0.09, 0.1, 0.11, 0.119, 0.121]
ends_below_10 = {}
for size in (1, None):
    runs = [
        DescentExplorer(dataset, (-10, -20), lr=rate, batch_size=size, steps=200, seed=0).history
        for rate in rates
    ]
    ends_below_10[size] = max(run.lr for run in runs if run.loss[-1] < 10)
print(f"one sample: {ends_below_10[1]} still ends below 10")
print(f"batch:      {ends_below_10[None]} still ends below 10")
compare("lab02-largest", guess_largest)
### BEGIN AUTHOR
assert 0.0385 < ends_below_10[1] < 0.12 <= ends_below_10[None] + 0.001
assert labhelpers.prediction.answer_to("lab02-largest") == "b"
### END AUTHOR

# %% [markdown]
# **Question.** For batch descent the limit 2/λ₂ = 0.120 is exact. The shuffled one-sample run still
# worked at 0.085, although its limit is 0.0385. Why is this no contradiction? Try other seeds before you
# unfold the answer.
#
# <details><summary>Answer</summary>
#
# Up to 0.0385 **no** update lengthens the error (without the noise in the targets). Above it, **some**
# do and others shorten it, and the order decides which side wins. Section 4 found the balance between
# 0.09 and 0.1, on average over many shuffles; in 200 steps one seed can do better or worse. The limit is a
# guarantee, not a border: safe below, a matter of the average above.
# </details>

# %% [markdown]
# ### Go on from your run
#
# A run at a large rate comes down fast and then keeps jumping. Section 5 ended with the remedy: lower the rate
# towards the end. Try it on a run of your own. In the figure choose one sample a batch and a rate at which the
# loss comes down and still jumps at the end, then run the next cell. `widget.history` is the run that the figure
# shows. The cell goes on from where it ended with 200 more updates, once at your rate and once at a tenth of it.

# %%
run = widget.history
if widget.settings == figure.settings or run.batch_size != 1 or run.diverged:
    print("The figure is as it was, has larger batches or")
    print("diverges (or its page cannot tell Python what")
    print("you set). So the cell goes on from another run,")
    print("at η = 0.05.")
    run = DescentExplorer(dataset, (-10, -20), lr=0.05, batch_size=1, steps=200, seed=0).history


def go_on(lr, epochs=2):
    """One-sample descent from where `run` ended; returns its History."""
    generator = torch.Generator().manual_seed(4)
    w, b = run.w[-1], run.b[-1]
    history = History(surface, start=(w, b), lr=lr, batch_size=1)
    for epoch in range(epochs):
        for i in torch.randperm(100, generator=generator).tolist():
            r = w * x_list[i] + b - y_list[i]
            w, b = w - lr * 2 * r * x_list[i], b - lr * 2 * r
            history.step(w, b, epoch=epoch)
    return history


same, tenth = go_on(run.lr), go_on(run.lr / 10)
print(f"the run ends at loss {run.loss[-1]:.2g}; mean excess")
print("over the last 100 of 200 more updates:")
for more in (same, tenth):
    print(f"  η = {more.lr:<7.3g} {more.excess[-100:].mean():.4f}")
### BEGIN AUTHOR
assert 3 * tenth.excess[-100:].mean() < same.excess[-100:].mean()
### END AUTHOR
plot_losses(
    *(np.append(run.loss, more.loss[1:]) for more in (same, tenth)),
    labels=[f"η = {run.lr:.3g} to the end", f"from update {run.steps} on η = {tenth.lr:.3g}"],
    by="update",
    scale="log",
    reference=surface.minimum_loss,
)

# %% [markdown]
# Up to update 200 the two curves are one. Then the smaller rate lets the loss settle near the dotted line,
# while the larger one keeps it jumping. A rate that falls during a run is called a **schedule**: large at first,
# to get there, and small at the end, to stay. With the small rate from the start the way down would have taken
# many times as many updates.

# %% [markdown]
# ## 7. Wrap-up
#
# - Batch descent makes one exact update an epoch; SGD makes N noisy ones.
# - One update multiplies the error of its own sample by 1 − 2η(x² + 1). The sample with the **largest**
#   x² sets the safe rate, 1/(max x² + 1). For batch descent the mean over the data counts.
# - Shuffle the samples in every epoch. Sorted samples push in the same direction one after the other.
# - A run **diverges** when its error grows without bound. A bounded cycle far above the start is just as
#   useless. Neither is noise.
# - Compare methods at equal epochs **and** at equal updates, and read the numbers on the loss axis
#   before you explain its shape.
# - At equal rates well below the limit, updates are worth about the same; the batch tolerates a larger rate.
# - At a constant rate SGD does not come to rest. A smaller rate leaves less excess and takes longer to
#   arrive.
#
# ### Quiz
#
# **1.** A run of SGD has losses that jump between 10¹² and 10¹³; it began at 600. What has
# happened?
#
# - (a) It has blown up: the rate is too large.
# - (b) It shows the noise of single samples.
# - (c) It has converged, and the noise is what is left.
#
# <details><summary>Answer</summary>
#
# **(a).** The losses are billions of times that of the start, whether they go on growing or stay in a cycle.
# (b) Noise makes a loss jump around a level near the least-squares loss; it does not carry it above the start
# and keep it there. (c) Converged means close to the least possible loss, whatever the jumps look like.
# </details>
#
# **2.** You add one sample with x = 20 to the 100 samples. What happens to the safe rate of SGD,
# 1/(max x² + 1)?
#
# - (a) Nothing, it is one sample of 101.
# - (b) It falls by about 1 %.
# - (c) It falls from 1/26 to 1/401.
#
# <details><summary>Answer</summary>
#
# **(c).** The largest x² decides, and it is now 400. (a) and (b) would be near the truth if all samples
# had an equal say. For batch descent the mean does decide, and even there one such sample adds about
# half to the mean of x².
# </details>
#
# **3.** Method A needs 5 epochs, method B needs 50. Both have 100 samples; A updates after every
# sample, B once an epoch. Which of them makes fewer updates?
#
# - (a) A.
# - (b) B.
# - (c) That cannot be known.
#
# <details><summary>Answer</summary>
#
# **(b).** A makes 5 · 100 = 500 updates, B makes 50. (a) counts epochs, which say how often the data
# were read. (c) An epoch of A has 100 updates and one of B has one, so it can be known.
# </details>
#
# **4.** Why does shuffled SGD at a constant rate not come to rest at the minimum?
#
# - (a) The gradients of single samples are not zero there.
# - (b) The gradient of the loss is not zero there.
# - (c) The rate is too large to converge.
#
# <details><summary>Answer</summary>
#
# **(a).** The mean of all the gradients is zero at the minimum, each single one is not. (b) At the
# minimum it is zero by definition. (c) A smaller rate makes the jumps smaller and does not remove them.
# </details>

# %% [markdown]
# **Next:** [Lab 3](lab03_mini_batch.ipynb) takes a few samples for each update, with PyTorch's
# `DataLoader`, and measures how the noise falls as the batch grows.
