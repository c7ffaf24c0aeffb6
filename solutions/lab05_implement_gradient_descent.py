# %% [markdown]
# # Lab 5 · Implement gradient descent (graded, 100 points)
#
# In this lab you write batch and mini-batch gradient descent as functions that work on any data,
# and say when you would use which.
#
# **You will**
#
# - **write** the model, the loss and two training functions,
# - **choose** learning rates that suit the data, by calculation,
# - **plot** the losses so that somebody else can read them,
# - **argue** for a batch size from evidence.
#
# | section | minutes |
# |---|---|
# | 1. How this lab is marked | 3 |
# | 2. The data and the rates | 8 |
# | 3. The model and the loss | 22 |
# | 4. Batch gradient descent | 28 |
# | 5. Mini-batch gradient descent | 28 |
# | 6. By epoch and by update | 6 |
# | 7. When to use mini-batches | 12 |
# | 8. Wrap-up and quiz | 4 |
#
# **Before you start:** [Lab 1](lab01_two_parameter_training.ipynb) (the training loop), [Lab
# 2](lab02_batch_vs_stochastic.ipynb) (stable rates) and [Lab 3](lab03_mini_batch.ipynb)
# (mini-batches).

# %%
import matplotlib.pyplot as plt
import numpy as np
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

import labhelpers
from labhelpers import History, LossSurface, check, compare, progress, show_table
from labhelpers.figures import plot_fit, plot_losses

print("The set-up is fine.")

# %% [markdown]
# ## 1. How this lab is marked
#
# | practice | what you define | points | full points when |
# |---|---|---|---|
# | 1 | `model` | 10 | its values are right for tensors of any shape that fit together |
# | 2 | `loss_func` | 10 | its values and gradients are right |
# | 3 | `fit_GD` | 30 | its losses are those of batch gradient descent from a random start |
# | 4 | `ax_GD` | 5 | the figure shows `LOSS_GD`, with labels and a title |
# | 5 | `fit_BGD` | 30 | its losses are those of mini-batch descent, for any batch size |
# | 6 | `ax_BGD` | 5 | the figure shows `LOSS_BGD`, with labels and a title |
# | 7 | a text | 10 | your instructor reads it |
#
# - **What is checked** is what your functions compute, never how they are written: loops or
#   slices, `.grad` by hand or an optimizer, lists, arrays or tensors are all fine. Each check
#   cell shows the result at once, on data that you can see. For the marks, your functions are
#   called on **other data, rates and batch sizes**, so no function may use `X` and `Y` of this
#   notebook other than through its arguments.
# - **Partial credit.** Practices 1 and 2: half the points if the values are right but no gradient
#   can flow through the function. Practices 3 and 5: half the points if every step is right and
#   only the losses are recorded wrongly (for example after the update); nine tenths if all is
#   right but the start is fixed instead of random. Figures: 60 % for the curve, 20 % for the
#   labels of the axes, 20 % for the title.
# - Practices 3 and 5 are marked with a correct model and loss, so a slip in practice 1 or 2 does
#   not cost points twice.
# - You may run a check cell as often as you like. The hints cost nothing.
#
# ## 2. The data and the rates
#
# There are 200 points: x runs from −10 to 9.9 in steps of 0.1, and
#
# $$y = 3 \cdot x + 0.5\,\varepsilon,$$
#
# with normal noise ε of mean 0 and standard deviation 1. Note how wide the range of x is: it
# matters for the rate.

# %%
x = torch.arange(-10, 10, 0.1).view(-1, 1)
f = 3 * x
y = f + 0.5 * torch.randn(x.shape, generator=torch.Generator().manual_seed(1))

dataset = labhelpers.data.wide_line()
X, Y = dataset.x, dataset.y
surface = LossSurface(X, Y)
same = torch.allclose(x, X, atol=1e-5) and torch.allclose(y, Y, atol=1e-4)

print("the same points as labhelpers.data.wide_line():", same)
print(f"X has shape {tuple(X.shape)}, Y has shape {tuple(Y.shape)}")
print(f"x runs from {X.min():.1f} to {X.max():.1f}")
w_best, b_best = surface.minimum
print(f"least squares: w = {w_best:.3f}, b = {b_best:.3f}, loss {surface.minimum_loss:.3f}")
### BEGIN AUTHOR
assert same
### END AUTHOR
plot_fit(dataset, (w_best, b_best), labels=["least squares"], roles=["minimum"], show_truth=True)

# %% [markdown]
# The noise is small compared with the range of y: the points lie close to the line. The
# least-squares loss, 0.262, is the level that a good run comes down to.
#
# **A recap of two limits.** Batch gradient descent converges exactly when η lies between 0 and
# 2/λ₂, where λ₂ is the curvature along the steepest direction (lab 1). And one step on a single sample
# multiplies that sample's error by 1 − 2η(x² + 1). So no sample enlarges its own error as long as
# η is at most 1/(max x² + 1) (lab 2).
#
# **Predict.** In lab 1, x ran from −3 to 3 and the largest stable batch rate was 0.333. Here x
# runs from −10 to 10. What is the largest stable batch rate now? Recall that λ₂ grows with the
# square of x.

# %%
guess_limit = None  # a number

# %%
batch_limit = surface.largest_stable_rate
sample_limit = surface.largest_sample_rate
print(f"curvatures: {surface.eigenvalues.round(2)}")
print(f"batch descent converges below η = {batch_limit:.4f}")
print(f"no sample enlarges its own error: η ≤ {sample_limit:.4f}")
compare("lab05-limit", guess_limit)
### BEGIN AUTHOR
assert round(batch_limit, 3) == labhelpers.prediction.answer_to("lab05-limit")
assert round(sample_limit, 4) == 0.0099
### END AUTHOR

# %% [markdown]
# The range is more than three times as wide, so the limit is about 11 times smaller: 0.030. Both limits
# guide the choice of rates below:
#
# - **Batch descent:** η = 0.02, safely below 0.030. One step multiplies the error along the steep
#   direction (almost exactly that of w) by 1 − 0.02 · 66.67 = −0.33 and the error along the
#   shallow one (b) by 1 − 0.02 · 2 = 0.96. After 100 epochs 0.96¹⁰⁰ = 0.017 of the error in b is
#   left.
# - **Mini-batches of 20:** η = 0.005, below the one-sample limit 0.0099. Then no update lengthens the
#   error (apart from the noise in the targets), whichever points its batch holds. One epoch has 10 updates,
#   so b's error shrinks to about 0.99¹⁰ = 0.90 of itself per epoch, and to 0.007 in 50.

# %%
print("factors of one step at 0.02:", surface.factors(0.02).round(3))
print("factors of one step at 0.005:", surface.factors(0.005).round(3))
print(f"error in b at 0.02: 0.96¹⁰⁰ = {0.96**100:.3f} in 100 epochs")
print(f"at 0.005: 0.99¹⁰ = {0.99**10:.2f} an epoch, 0.99⁵⁰⁰ = {0.99**500:.3f} in 50")
print(f"its part of the loss: 0.99²⁰ = {0.99**20:.2f} an epoch")
### BEGIN AUTHOR
assert np.allclose(surface.factors(0.02), (0.96, -0.333), atol=1e-3)
### END AUTHOR

# %% [markdown]
# ## 3. The model and the loss
#
# ### Practice 1: the model (10 points)
#
# Write `model(data, weight, bias)`, the line
#
# $$\hat y = \text{weight} \cdot \text{data} + \text{bias}.$$
#
# *Correct output:* `model(torch.tensor([[1.0], [2.0]]), torch.tensor(3.0), torch.tensor(0.5))` is
# a tensor of shape (2, 1) with the values 3.5 and 6.5.


# %% practice="lab05-model"
def model(data, weight, bias):
    """Predictions of a line.

    Parameters
    ----------
    data : Tensor, shape (N, 1) or any other
        Inputs x.
    weight, bias : Tensor, of one number or any shape that broadcasts with `data`
        Slope and intercept.

    Returns
    -------
    Tensor, of the shape that `data`, `weight` and `bias` broadcast to
        One prediction for each input; gradients can flow back to `weight` and `bias`.
    """
    ### BEGIN SOLUTION
    return weight * data + bias


two_points = model(torch.tensor([[1.0], [2.0]]), torch.tensor(3.0), torch.tensor(0.5))
assert two_points.tolist() == [[3.5], [6.5]]
### END SOLUTION

# %% check="lab05-model" points=10
check("lab05-model")

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# It is the `forward` of lab 1, with the parameters as arguments.
# </details>
# <details><summary>Hint 2</summary>
#
# One line with `return`, one product and one sum. Tensors broadcast without a loop.
# </details>

# %% [markdown]
# ### Practice 2: the loss (10 points)
#
# Write `loss_func(y_pred, y_true)`, the mean squared error
#
# $$L = \frac1N \sum_{n=1}^{N} (\hat y_n - y_n)^2 .$$
#
# It must be **differentiable**: `backward()` on its value has to reach the parameters. So it has
# to be made of tensor operations from beginning to end.
#
# *Correct output:* for predictions 3.5 and 6.5 and targets 3 and 8 the loss is (0.25 + 2.25)/2 =
# 1.25, as a tensor with one number.


# %% practice="lab05-loss"
def loss_func(y_pred, y_true):
    """Mean squared error.

    Parameters
    ----------
    y_pred, y_true : Tensor, shape (N, 1)
        Predictions and targets, in the same units.

    Returns
    -------
    Tensor, with one number
        In the units of y squared; gradients can flow back through it.
    """
    ### BEGIN SOLUTION
    return ((y_pred - y_true) ** 2).mean()


assert loss_func(two_points, torch.tensor([[3.0], [8.0]])).item() == (0.25 + 2.25) / 2 == 1.25
### END SOLUTION

# %% check="lab05-loss" points=10
check("lab05-loss")

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# Difference, square, mean: in this order, and no root.
# </details>
# <details><summary>Hint 2</summary>
#
# `torch.mean(...)` or `.mean()` keeps the computation. `.item()`, `float()`, `.detach()` and
# NumPy end it, and then no gradient comes back.
# </details>

# %% [markdown]
# ## 4. Batch gradient descent
#
# **A recap.** One epoch of batch descent is one update with all points. Its five parts:
#
# 1. predict,
# 2. measure the loss and write it down,
# 3. call `backward()`,
# 4. step against the gradient, inside `torch.no_grad()`,
# 5. set both gradients back to zero.
#
# **Predict.** At η = 0.02 the error in w is multiplied by −0.33 at every step, and at the start
# nearly all of the loss comes from w. Which share of the first loss is left after one update?
# (The loss is proportional to the square of the error.)

# %%
guess_share = None  # a number between 0 and 1

# %%
share_left = surface.factors(0.02)[1] ** 2
print(f"share left: {share_left:.3f}")
compare("lab05-share", guess_share)
### BEGIN AUTHOR
assert abs(share_left - labhelpers.prediction.answer_to("lab05-share")) < 5e-3
### END AUTHOR

# %% [markdown]
# About 0.11: the loss falls to a ninth in one step. You can check your function by this number.
#
# ### Practice 3: `fit_GD` (30 points)
#
# Write `fit_GD(model, loss_func, X, Y, lr, num_epochs)`. It draws a random start for weight and
# bias, for example with `torch.randn(1)`, makes `num_epochs` updates
#
# $$w \leftarrow w - \eta\,\frac{\partial L}{\partial w}, \qquad
# b \leftarrow b - \eta\,\frac{\partial L}{\partial b},$$
#
# each with all points, and returns the losses $L_0, L_1, \dots$, **each taken before its
# update**. Use the `model`, the `loss_func`, the data and the rate that it is given.
#
# *Correct output:* `fit_GD(model, loss_func, X, Y, lr=0.02, num_epochs=100)` returns 100 numbers.
# The first depends on the start and is mostly between 50 and 900; the second is about 0.11 times
# the first; the losses fall all the way; the last is close to 0.262.


# %% practice="lab05-fit-gd"
def fit_GD(model, loss_func, X, Y, lr, num_epochs):
    """Train a line by batch gradient descent from a random start.

    Parameters
    ----------
    model : callable
        ``model(data, weight, bias)`` gives predictions of the shape of `data`.
    loss_func : callable
        ``loss_func(y_pred, y_true)`` gives a differentiable loss.
    X, Y : Tensor, shape (N, 1)
        Inputs and targets.
    lr : float
        Learning rate η, above 0.
    num_epochs : int
        Number of epochs; each is one update with all N points.

    Returns
    -------
    ndarray, shape (num_epochs,)
        The loss of each epoch, taken before its update, in the units of Y squared.
    """
    ### BEGIN SOLUTION
    weight = torch.randn(1, requires_grad=True)
    bias = torch.randn(1, requires_grad=True)
    losses = np.zeros(num_epochs)
    for epoch in range(num_epochs):
        y_pred = model(X, weight, bias)
        loss = loss_func(y_pred, Y)
        losses[epoch] = loss.item()
        loss.backward()
        with torch.no_grad():
            weight -= lr * weight.grad
            bias -= lr * bias.grad
        weight.grad.zero_()
        bias.grad.zero_()
    return losses
    ### END SOLUTION


# %% check="lab05-fit-gd" points=30
check("lab05-fit-gd")

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# The training loop of lab 1 does all of this. What becomes an argument, and what is drawn at
# random now?
# </details>
# <details><summary>Hint 2</summary>
#
# Start: `torch.randn(1, requires_grad=True)`, once for each parameter and before the loop.
# Record: `loss.item()`, before the step.
# </details>
# <details><summary>Hint 3</summary>
#
# In the loop: `loss = loss_func(model(X, weight, bias), Y)`; append `loss.item()`;
# `loss.backward()`; inside `torch.no_grad()` subtract `lr` times the gradient from each
# parameter; then `.grad.zero_()` for each. After the loop return `np.array(...)` of the list.
# </details>

# %% [markdown]
# ### Practice 4: plot the losses (5 points)
#
# Call your function with η = 0.02 and 100 epochs on `X` and `Y`, keep the result as `LOSS_GD`,
# and draw it against the epoch into axes called `ax_GD`. Label both axes and give the figure a
# title.
#
# *Correct output:* a curve that drops steeply for three or four epochs and then levels off. On a
# logarithmic axis (`ax_GD.set_yscale("log")`) you see more of it.

# %% practice="lab05-plot-gd"
LOSS_GD = None  # the losses that fit_GD returns for X and Y
ax_GD = None  # the axes with the curve, from: fig, ax_GD = plt.subplots()

### BEGIN SOLUTION
torch.manual_seed(1)  # the same start every time this cell runs
LOSS_GD = fit_GD(model, loss_func, X, Y, lr=0.02, num_epochs=100)

fig, ax_GD = plt.subplots(figsize=(7, 4), layout="constrained")
ax_GD.plot(LOSS_GD, "-o", color="#0072B2", markersize=3, label="batch, η = 0.02")
ax_GD.set(xlabel="epoch", ylabel="loss", yscale="log", title="Batch gradient descent")
ax_GD.legend()

assert len(LOSS_GD) == 100 and (np.diff(LOSS_GD) <= 1e-6).all()
assert abs(LOSS_GD[1] / LOSS_GD[0] - share_left) < 0.02
assert LOSS_GD[-1] - surface.minimum_loss < 0.01  # converged to least squares
### END SOLUTION

# %% check="lab05-plot-gd" points=5
check("lab05-plot-gd")

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# `fig, ax_GD = plt.subplots()` makes the axes; `ax_GD.plot(LOSS_GD)` draws a sequence against 0,
# 1, 2, …
# </details>
# <details><summary>Hint 2</summary>
#
# `ax_GD.set_xlabel("epoch")`, `ax_GD.set_ylabel("loss")` and `ax_GD.set_title(...)`.
# </details>

# %% [markdown]
# ## 5. Mini-batch gradient descent
#
# **A recap.** One epoch passes over all points once, in batches of `batch_size`, and makes one
# update for each batch. If the batch size does not divide N, the last batch is smaller; it counts
# all the same. So an epoch has N/B updates, rounded up.
#
# **Predict.** With 200 points and batches of 32, how many updates does an epoch have?

# %%
guess_updates = None  # a number

# %%
sizes = [len(part) for part in torch.split(X, 32)]  # cuts a tensor into parts of 32 rows
print("sizes of the batches:", sizes)
compare("lab05-updates", guess_updates)
### BEGIN AUTHOR
assert len(sizes) == labhelpers.prediction.answer_to("lab05-updates") and sizes[-1] == 8
### END AUTHOR

# %% [markdown]
# Seven: six batches of 32 and a last one of 8.
#
# ### Practice 5: `fit_BGD` (30 points)
#
# Write `fit_BGD(model, loss_func, X, Y, lr, num_epochs, batch_size)`. From a random start it
# makes, in each epoch, one update per batch with that batch's gradient. It returns one number per
# epoch: the mean over the epoch's batches of the **batch loss before its update**,
#
# $$\bar L_e = \frac1K \sum_{k=1}^{K} L_{B_k}, \qquad K = \lceil N/B \rceil .$$
#
# Every batch counts once in this mean, whatever its size. The points may come in the order given
# or shuffled, as you prefer. A `batch_size` above N means a single batch of all points.
#
# *Correct output:* `fit_BGD(model, loss_func, X, Y, lr=0.005, num_epochs=50, batch_size=20)`
# returns 50 numbers. The first is mostly between 5 and 200, already below the first loss of batch
# descent, because the parameters move within the epoch. The third is mostly below 4: w has arrived,
# and what is left above 0.26 comes from b and shrinks to about 0.99²⁰ = 0.82 of itself per epoch.
# The last lies between 0.25 and 0.30.


# %% practice="lab05-fit-bgd"
def fit_BGD(model, loss_func, X, Y, lr, num_epochs, batch_size):
    """Train a line by mini-batch gradient descent from a random start.

    Parameters
    ----------
    model : callable
        ``model(data, weight, bias)`` gives predictions of the shape of `data`.
    loss_func : callable
        ``loss_func(y_pred, y_true)`` gives a differentiable loss.
    X, Y : Tensor, shape (N, 1)
        Inputs and targets.
    lr : float
        Learning rate η, above 0.
    num_epochs : int
        Passes over the data.
    batch_size : int
        Points in a batch, at least 1; the last batch of an epoch may be smaller.

    Returns
    -------
    ndarray, shape (num_epochs,)
        For each epoch the mean over its batches of the batch loss before the update, in the units
        of Y squared.
    """
    ### BEGIN SOLUTION
    weight = torch.randn(1, requires_grad=True)
    bias = torch.randn(1, requires_grad=True)
    losses = np.zeros(num_epochs)
    for epoch in range(num_epochs):
        order = torch.randperm(len(X))
        batch_losses = []
        for rows in torch.split(order, batch_size):
            loss = loss_func(model(X[rows], weight, bias), Y[rows])
            batch_losses.append(loss.item())
            loss.backward()
            with torch.no_grad():
                weight -= lr * weight.grad
                bias -= lr * bias.grad
            weight.grad.zero_()
            bias.grad.zero_()
        losses[epoch] = np.mean(batch_losses)
    return losses
    ### END SOLUTION


# %% check="lab05-fit-bgd" points=30
check("lab05-fit-bgd")

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# Two loops: one over the epochs, and inside it one over the batches. What you did per epoch in
# `fit_GD` now happens per batch.
# </details>
# <details><summary>Hint 2</summary>
#
# Batches by slicing: for `first` in `range(0, len(X), batch_size)` take `X[first : first +
# batch_size]`, and the same rows of `Y`. A slice beyond the end is cut off by itself. Make sure
# that the loss uses the slices.
# </details>
# <details><summary>Hint 3</summary>
#
# At the start of each epoch an empty list; per batch append `loss.item()` before the step; at the
# end of the epoch record `np.mean` of the list. The mean divides by the number of batches, not by
# the batch size.
# </details>

# %% [markdown]
# ### Practice 6: plot the losses (5 points)
#
# Call your function with η = 0.005, 50 epochs and batches of 20 on `X` and `Y`, keep the result
# as `LOSS_BGD`, and draw it against the epoch into axes called `ax_BGD`, with labels and a title.
#
# *Correct output:* a curve that drops steeply for two or three epochs, levels off, and then jitters
# a little if you shuffle.

# %% practice="lab05-plot-bgd"
LOSS_BGD = None  # the losses that fit_BGD returns for X and Y
ax_BGD = None  # the axes with the curve

### BEGIN SOLUTION
torch.manual_seed(1)  # the same start and the same shuffles every time this cell runs
LOSS_BGD = fit_BGD(model, loss_func, X, Y, lr=0.005, num_epochs=50, batch_size=20)

fig, ax_BGD = plt.subplots(figsize=(7, 4), layout="constrained")
ax_BGD.plot(LOSS_BGD, "--s", color="#D55E00", markersize=3, label="mini-batch 20, η = 0.005")
ax_BGD.set(
    xlabel="epoch",
    ylabel="mean batch loss",
    yscale="log",
    title="Mini-batch gradient descent",
)
ax_BGD.legend()

assert len(LOSS_BGD) == 50 and 5 < LOSS_BGD[0] < 200 and (LOSS_BGD[2:] < 4).all()
assert 0.25 < LOSS_BGD[-1] < 0.30
# Converged, up to the noise of the batches: the mean of the last ten is near least squares.
assert abs(LOSS_BGD[-10:].mean() - surface.minimum_loss) < 0.03
### END SOLUTION

# %% check="lab05-plot-bgd" points=5
check("lab05-plot-bgd")

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# The same as practice 4, with the other function and other names.
# </details>
# <details><summary>Hint 2</summary>
#
# `fit_BGD` has seven arguments; the last is `batch_size=20`.
# </details>

# %% [markdown]
# ## 6. By epoch and by update
#
# Which method is faster? Lab 2, section 5, said why this needs two figures. Here are both methods once more,
# written with PyTorch's own tools as in lab 4: all points at η = 0.02, mini-batches of 20 at the same
# rate, and mini-batches of 20 at 0.005. All start at w = 0, b = 5, where b has a long way to go.
#
# **Predict.** The batch run needs 96 updates until its loss is within 0.01 of least squares. How
# many **updates** do mini-batches of 20 need at the same rate?
#
# - (a) about 10
# - (b) about 100
# - (c) about 1000

# %%
guess_same_rate = None  # "a", "b" or "c"


# %% tags=["taught"]
def run_sgd(batch_size, lr, epochs, label):
    """Train nn.Linear with torch.optim.SGD from w = 0, b = 5; returns its History."""
    torch.manual_seed(0)  # the same shuffles every time
    line = nn.Linear(1, 1)
    nn.init.constant_(line.weight, 0.0)
    nn.init.constant_(line.bias, 5.0)
    criterion = nn.MSELoss()
    optimizer = torch.optim.SGD(line.parameters(), lr=lr)
    loader = DataLoader(TensorDataset(X, Y), batch_size=batch_size, shuffle=True)
    history = History(surface, start=(0, 5), lr=lr, batch_size=batch_size, label=label)
    for epoch in range(epochs):
        for x, y in loader:
            batch_loss = criterion(line(x), y)
            optimizer.zero_grad()
            batch_loss.backward()
            optimizer.step()
            history.step(line.weight, line.bias, batch_loss=batch_loss)
    return history


runs = [
    run_sgd(200, lr=0.02, epochs=200, label="batch, η = 0.02"),
    run_sgd(20, lr=0.02, epochs=50, label="mini-batch 20, η = 0.02"),
    run_sgd(20, lr=0.005, epochs=50, label="mini-batch 20, η = 0.005"),
]
print("batch, η = 0.02:")
show_table(
    {"epoch": "d", "loss": ".3f", "weight": ".3f", "bias": ".3f"},
    [(k, runs[0].loss[k], runs[0].w[k], runs[0].b[k]) for k in (0, 1, 2, 3, 10, 50, 100, 200)],
)

arrivals = [int(np.flatnonzero(run.excess < 0.01)[0]) for run in runs]
levels = [run.excess[len(run) * 4 // 5 :].mean() for run in runs]  # over the last fifth
show_table(
    {
        "run": "",
        "within 0.01 after updates": "d",
        "that is epochs": ".1f",
        "then on average above by": ".4f",
    },
    [
        (run.label, updates, updates / run.updates_per_epoch, level)
        for run, updates, level in zip(runs, arrivals, levels)
    ],
)
compare("lab05-same-rate", guess_same_rate)
### BEGIN AUTHOR
assert 90 < arrivals[0] < 100 and 90 < arrivals[1] < 100 and 350 < arrivals[2] < 450
assert runs[0].excess[-1] < 1e-4  # converged
assert levels[1] > 0.01  # hovers: not converged
assert levels[2] < 0.01  # hovers, but within 0.01 of least squares on average
assert labhelpers.prediction.answer_to("lab05-same-rate") == "b"
### END AUTHOR

# %% [markdown]
# That is one shuffle. The next cell repeats the two mini-batch runs with 20 shuffles each, all at once.


# %%
def many_shuffles(lr, epochs, runs=20):
    """Excess of many runs with batches of 20 from w = 0, b = 5, shape (updates + 1, runs)."""
    x, y = X.numpy().ravel().astype(float), Y.numpy().ravel().astype(float)
    rng = np.random.default_rng(0)
    w, b = np.zeros(runs), np.full(runs, 5.0)
    losses = [surface(w, b)]
    for epoch in range(epochs):
        orders = rng.permuted(np.tile(np.arange(200), (runs, 1)), axis=1)  # one row for each run
        for first in range(0, 200, 20):
            i = orders[:, first : first + 20]  # the next batch of every run
            r = w[:, None] * x[i] + b[:, None] - y[i]
            w = w - lr * 2 * (r * x[i]).mean(axis=1)
            b = b - lr * 2 * r.mean(axis=1)
            losses.append(surface(w, b))
    return np.array(losses) - surface.minimum_loss


medians, rows = [], []
for lr in (0.02, 0.005):
    excess = many_shuffles(lr, epochs=50)
    first = np.argmax(excess < 0.01, axis=0)
    hovers = excess[401:].mean(axis=0)  # over the last fifth, one mean for each run
    medians.append(np.median(first))
    reached = f"{first.min()} to {first.max()}"
    rows.append((f"η = {lr}", reached, medians[-1], f"{hovers.min():.4f} to {hovers.max():.4f}"))
show_table(
    {"20 shuffles": "", "updates until within 0.01": "", "median": ".0f", "then above by": ""},
    rows,
)
### BEGIN AUTHOR
assert 95 < medians[0] < 105 and 380 < medians[1] < 400
### END AUTHOR

# %% [markdown]
# The next two figures show the three runs of the table; only the horizontal axis differs. First by epoch.

# %%
plot_losses(*runs, by="epoch", scale="log", reference=surface.minimum_loss)

# %% [markdown]
# By epoch, batch descent is the slowest by far. Now by update: which two curves fall together?

# %%
plot_losses(*runs, by="update", scale="log", reference=surface.minimum_loss)

# %% [markdown]
# The two runs at 0.02. They need about as many **updates**: 96 with all points, 96 with mini-batches in this run and
# about 100 with other shuffles. But mini-batches make them in 9.6 **epochs** instead of 96, because an update reads a
# tenth of the samples. The price shows at the end. At 0.02 the mini-batch run hovers above the least-squares loss, by 0.026 on average. At
# η = 0.005 it hovers only 0.005 above, but needs four times as many updates to get there. Batch descent, slow as it is
# by epoch, is the only one that comes to rest.
#
# ## 7. When to use mini-batches
#
# ### Practice 7: your answer (10 points)
#
# In 80 to 200 words: **when would you train with mini-batches, and when with the whole batch?**
# Name at least two reasons for each, use at least one number from this lab, and say what you have
# to choose along with the batch size. Your instructor reads this answer.

# %% [markdown] answer="lab05-discussion" points=10
# ### BEGIN SOLUTION
# **Mini-batches** when the data are many: an update costs B samples instead of N. Here batches of
# 20 got within 0.01 of the least-squares loss in 9.6 epochs and the whole batch in 96, with the
# same number of updates, 96. They are also needed when the data do not fit into memory, and on a
# GPU a batch of moderate size uses the parallel hardware nearly as well as all the points.
#
# **The whole batch** when the data are few, because an update is cheap anyway, and when the
# minimum is wanted exactly: its gradient has no sampling noise, so at a constant rate it comes to
# rest, while mini-batches hover. It also tolerates the larger rate: any below 0.030 here, while a single
# sample is safe only up to 0.0099.
#
# **With the batch size** one has to choose the learning rate (smaller batches, smaller rate, or a
# rate that is lowered at the end) and to shuffle. And runs have to be compared by updates or by
# samples as well as by epochs.
# ### END SOLUTION

# %% [markdown]
# ## 8. Wrap-up
#
# Where your practices stand, as far as their check cells have been run:

# %%
progress("lab05")

# %% [markdown]
# - The inputs decide which rates are safe: below 2/λ₂ for the whole batch, up to 1/(max x² + 1) for single
#   samples.
# - Record a loss before its update, and say what it is a mean of.
# - A function that uses only its arguments works on any data; that is what makes it worth
#   writing.
# - At equal rates the number of updates decides. Small batches make each update cheap, and the
#   end noisy.
#
# ### Quiz
#
# **1.** `fit_BGD` is called with `batch_size=200` on 200 points. What are its losses?
#
# - (a) those of batch gradient descent
# - (b) the same for every start
# - (c) noisier than those of `fit_GD`
#
# <details><summary>Answer</summary>
#
# **(a).** There is one batch with all points, and its loss is the full-data loss before the
# update. (b) The start is random, so the losses differ from call to call. (c) Batches make noise
# only when they differ from each other.
# </details>
#
# **2.** An epoch's batch losses are 4, 2 and 3, from batches of 32 points. Which number belongs in
# the log?
#
# - (a) 9.
# - (b) 9/32.
# - (c) 3.
#
# <details><summary>Answer</summary>
#
# **(c).** The mean over the three batches, 9/3. (a) is their sum, which grows with the number of
# batches. (b) divides by the batch size: each batch loss is already a mean over its points.
# </details>
#
# **3.** At η = 0.02 your mini-batch run hovers above the minimum. Which change brings it closer?
#
# - (a) More epochs.
# - (b) A lower rate at the end.
# - (c) Smaller batches.
#
# <details><summary>Answer</summary>
#
# **(b).** The hovering shrinks with the rate. (a) The run has already forgotten its start; more
# epochs at the same rate hover at the same height. (c) Smaller batches have noisier gradients and
# hover higher.
# </details>

# %% [markdown]
# ### Hand it in
#
# Save the notebook (Ctrl+S). Then run this in a terminal, in the folder with the course's README:
#
# ```console
# .venv/bin/python -m labchecks.hand_in lab05
# ```
#
# On Windows the line begins with `.venv\Scripts\python`; with conda, it begins with `python`. The
# command lists what is not answered or not run yet and makes a zip. Upload the zip.

# %% [markdown]
# You have written gradient descent from scratch, know which rates converge before you run them, and
# can tell a converged run from one that only looks so.
#
# **Next:** in [Lab 6](lab06_beyond_the_line.ipynb) the model is no longer a line, the loss no longer
# a bowl, and the data were measured, not made.
