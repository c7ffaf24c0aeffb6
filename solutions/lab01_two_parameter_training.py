# %% [markdown]
# # Lab 1 · Training a line with two parameters
#
# After this lab you can write gradient descent for a line by hand, see each of its steps in two
# pictures at once, and say in advance which learning rates will work.
#
# **You will**
#
# - **compute** the loss of a line and find its minimum on the loss surface,
# - **derive** the gradient and check it against PyTorch's,
# - **write** the training loop and follow it step by step,
# - **predict** from the data which learning rates converge.
#
# | section | minutes |
# |---|---|
# | 1. The data and the line | 3 |
# | 2. The loss and its surface | 5 |
# | 3. The gradient | 3 |
# | 4. Training, step by step | 7 |
# | 5. The learning rate | 10 |
# | 6. Wrap-up and quiz | 2 |
#
# **Before you start:** you have drawn a line y = w·x + b, and you know that a derivative is the
# slope of a curve. If a tensor is new to you, read the first page of
# [PyTorch's tensor tutorial](https://pytorch.org/tutorials/beginner/basics/tensorqs_tutorial.html).
#
# Run a cell with <kbd>Shift</kbd>+<kbd>Enter</kbd>. The first one imports what the lab needs.

# %%
import matplotlib.pyplot as plt
import numpy as np
import torch

import labhelpers
from labhelpers import DescentExplorer, History, LossSurface, check, compare
from labhelpers.figures import (
    plot_contours,
    plot_fit,
    plot_losses,
    plot_run,
    plot_steps,
    plot_surface,
)

print("The set-up is fine.")

# %% [markdown]
# ## 1. The data and the line
#
# Somebody measured 60 points. We know how they were made, which lets us judge the result later:
# the inputs x run from −3 to 2.9 in steps of 0.1, and
#
# $$y = 1 \cdot x - 1 + 0.1\,\varepsilon,$$
#
# where each ε is drawn from a normal distribution with mean 0 and standard deviation 1. The last
# term is **noise**: no line can pass through all the points.

# %%
dataset = labhelpers.data.gentle_line()
X, Y = dataset.x, dataset.y

print(dataset)
print("X and Y have shapes", tuple(X.shape), "and", tuple(Y.shape))
print(f"x runs from {X.min():.1f} to {X.max():.1f}")

# %% [markdown]
# Our **model** is a line with two **parameters**, the slope w and the intercept b:
#
# $$\hat y = w \cdot x + b.$$
#
# The hat on ŷ says that it is a prediction. To **train** the model is to find the w and b
# whose predictions lie closest to the measured y. We begin badly on purpose, at w = −15 and
# b = −10, so that there is something to see.
#
# In the figure, look at how far the line lies from the points, and where it is farthest.

# %%
w = torch.tensor(-15.0, requires_grad=True)  # requires_grad: we shall want derivatives
b = torch.tensor(-10.0, requires_grad=True)


def forward(x):
    """Predictions of the line at inputs x, in x's shape."""
    return w * x + b


plot_fit(dataset, (w, b), labels=["start: w = −15, b = −10"])

# %% [markdown]
# The line slopes the wrong way. At the left it is almost 40 too high, at the right more than 50 too low.
#
# ## 2. The loss and its surface
#
# "How far" needs a number. The **residual** of a point is ŷ − y. The **mean squared error**
# squares the residuals, so that misses above and below the line both count, and averages them:
#
# $$L(w, b) = \frac1N \sum_{n=1}^{N} (w\,x_n + b - y_n)^2 .$$
#
# This is the **loss**. Small is good; zero would mean a line through every point.
#
# **Predict.** Look at the figure above. The residuals run from almost 0 to more than 50 in size.
# Roughly how large is the loss? Write your guess in the next cell in place of `None`.

# %%
guess_first_loss = None  # a number


# %%
def criterion(y_hat, y):
    """Mean squared error of predictions y_hat against targets y: one number."""
    return torch.mean((y_hat - y) ** 2)


first_loss = criterion(forward(X), Y).item()  # .item() turns a one-number tensor into a float
compare(guess_first_loss, first_loss)
residuals = forward(X) - Y
assert round(first_loss, 1) == 835.3
assert 39 < residuals[0] < 40 and -60 < residuals[-1] < -50 and residuals.abs().min() < 1

# %% [markdown]
# The mean of squares is pulled up by the largest ones: a miss of 50 counts 25 times as much as
# a miss of 10. The loss at the start is 835.3.
#
# The loss depends on two numbers, w and b, so it is a landscape: give each point (w, b) of a
# plane the height L(w, b). This is the **loss surface**. `LossSurface` computes it from the data.
#
# In the next figure, find the lowest place. Is there one valley or several?

# %%
surface = LossSurface(X, Y)
plot_surface(surface)

# %% [markdown]
# There is one valley, a bowl, and this is no accident: multiplied out, L is a quadratic in w and b
# that is nowhere negative, and as the x differ from each other it has exactly one lowest point. That
# point is called the **least-squares solution**. The same bowl, seen from above with lines of equal
# loss, is a **contour plot**:

# %%
plot_contours(surface, w_range=(-18, 18), b_range=(-18, 18))

# %%
w_best, b_best = surface.minimum
print(f"minimum at w = {w_best:.3f}, b = {b_best:.3f}, loss {surface.minimum_loss:.5f}")
assert abs(w_best - 1) < 0.01 and abs(b_best + 1) < 0.03

# %% [markdown]
# The minimum lies at (1.006, −1.022), not exactly at the true (1, −1): the least-squares line fits
# these 60 noisy points, and other 60 points would give a slightly different one. Nor is the loss
# zero there: what is left, 0.0077, is the noise that no line can follow.
#
# ### Spot the mistake (two of them)
#
# Many tutorials compute the surface with two loops, much like this. The function runs, and the plot
# that comes out of it is a fine bowl. Yet its lowest point is in the wrong place, and the
# function breaks as soon as you ask for a finer grid. Find both reasons before you unfold the answer.

# %%
x, y = X.numpy(), Y.numpy()


def surface_by_loops(resolution):
    """Loss on a square grid of slopes and intercepts from −15 to 15. Contains two mistakes."""
    slopes = np.linspace(-15, 15, resolution)
    intercepts = np.linspace(-15, 15, resolution)
    heights = np.zeros((30, 30))
    for i, slope in enumerate(slopes):
        for j, intercept in enumerate(intercepts):
            heights[j, i] = np.mean((y - slope * x + intercept) ** 2)
    return slopes, intercepts, heights


slopes, intercepts, heights = surface_by_loops(30)
j, i = np.unravel_index(heights.argmin(), heights.shape)
print(f"lowest grid point: w = {slopes[i]:.2f}, b = {intercepts[j]:.2f}")

try:
    surface_by_loops(40)
except IndexError as error:
    print("with resolution 40:", error)
assert intercepts[j] > 1

# %% [markdown]
# <details><summary>Answer</summary>
#
# 1. **A sign.** The residual is y − (w·x + b) = y − w·x **− b**. Without the brackets the code adds b.
#    The bowl is mirrored: its minimum appears near b = +1.5 (the true one is −1.02, and the grid
#    is coarse). Draw a correct training path over this surface and it seems to stop on a slope.
# 2. **A fixed size.** `np.zeros((30, 30))` ignores `resolution`. It should be
#    `np.zeros((resolution, resolution))`.
#
# There is a third weakness, no mistake: the loops touch all N points at each of the grid points,
# N · grid² operations. `LossSurface` uses that L is a quadratic. It needs a few means over
# the data once, and then a handful of operations for each grid point.
# </details>
#
# ## 3. The gradient
#
# We could search the whole plane for the minimum. With two parameters that works; with two million
# it does not. Gradient descent looks only at the ground under its feet.
#
# Change w a little and leave b alone: the loss changes at some rate, which is the **partial
# derivative** ∂L/∂w. Do the same with b and you have ∂L/∂b. From the formula of the loss, by the
# chain rule,
#
# $$\frac{\partial L}{\partial w} = \frac2N \sum_n (\hat y_n - y_n)\,x_n,$$
#
# $$\frac{\partial L}{\partial b} = \frac2N \sum_n (\hat y_n - y_n).$$
#
# The two together are the **gradient**. It points where the loss rises fastest, so minus the gradient
# points where it falls fastest.
#
# PyTorch finds derivatives for us: `loss.backward()` follows the computation back from the loss and
# stores ∂L/∂w in `w.grad` and ∂L/∂b in `b.grad`. This is called **autograd**.
#
# **Predict.** At the start w = −15 is far too small. Is ∂L/∂w there (a) negative, (b) zero or
# (c) positive?

# %%
guess_sign = None  # "a", "b" or "c"

# %%
loss = criterion(forward(X), Y)
loss.backward()

residuals = forward(X).detach() - Y  # detach: plain numbers, no derivatives wanted here
dL_dw = 2 * torch.mean(residuals * X)
dL_db = 2 * torch.mean(residuals)

print(f"by the formula: {dL_dw:.3f} and {dL_db:.3f}")
print(f"by autograd:    {w.grad:.3f} and {b.grad:.3f}")
compare(guess_sign, "a")
assert torch.isclose(w.grad, dL_dw) and torch.isclose(b.grad, dL_db) and w.grad < 0

# %% [markdown]
# Both ways agree. The derivative in w is negative: the loss falls as w grows, so w has to grow.
# Minus the gradient says the same.
#
# ## 4. Training, step by step
#
# One step of **gradient descent** moves each parameter against its derivative:
#
# $$w \leftarrow w - \eta\,\frac{\partial L}{\partial w}, \qquad
# b \leftarrow b - \eta\,\frac{\partial L}{\partial b}.$$
#
# The number η (eta) is the **learning rate**: how far to go for a given slope. We take η = 0.1 and 15
# **iterations** (steps). Every step uses all 60 points; this is called **batch** gradient descent.
#
# **Predict.** The loss starts at 835.3. After the first step, is it (a) above 835, (b) between 400
# and 835 or (c) below 400?

# %%
guess_second_loss = None  # "a", "b" or "c"

# %% tags=["taught"]
lr = 0.1

w = torch.tensor(-15.0, requires_grad=True)
b = torch.tensor(-10.0, requires_grad=True)
LOSS = []  # the loss before each update
history = History(surface, start=(w, b), lr=lr, label="η = 0.1")

for iteration in range(15):
    y_hat = forward(X)  # 1. predict
    loss = criterion(y_hat, Y)  # 2. measure
    LOSS.append(loss.item())
    loss.backward()  # 3. find the gradient
    with torch.no_grad():  # 4. step downhill; the step itself is not to be differentiated
        w -= lr * w.grad
        b -= lr * b.grad
    w.grad.zero_()  # 5. backward() adds to .grad, so clear it
    b.grad.zero_()
    history.step(w, b)  # note where we are, for the figures

print("losses:", ", ".join(f"{value:.1f}" for value in LOSS[:5]), "...", f"{LOSS[-1]:.3f}")
compare(guess_second_loss, "c")
print(f"after 15 steps: w = {w.item():.3f}, b = {b.item():.3f}")
assert history.excess[-1] < 0.11  # the loss ends within 0.11 of the least-squares loss

# %% [markdown]
# The first step removes most of the loss: 835.3 becomes 175.5. The later steps are smaller, because
# the gradient is smaller nearer the bottom. After 15 steps w = 0.998 is done, while b = −1.354
# is still on its way to −1.022. Section 5 says why b is slower.
#
# Here are the first steps. Each column is one moment, seen twice: above among the data, below on the
# contours. The line above **is** the point below, and the arrow is the step that comes next.
# Notice that each arrow points across the contours, towards lower loss, and how the arrows shrink.

# %%
plot_steps(dataset, surface, history, steps=(0, 1, 2, 5))

# %% [markdown]
# The path as a whole, on the surface in 3-D:

# %%
plot_surface(surface, history)

# %% [markdown]
# And the run in one row: the line it ended with, the path, and the loss on a logarithmic axis,
# where a loss that shrinks by the same factor at every step is a straight line. Look for the bend in
# the loss curve.

# %%
plot_run(dataset, surface, history)

# %% [markdown]
# The curve falls steeply while the error in w is being removed, then less steeply while
# the error in b remains. Two slopes, one for each parameter.
#
# **Using the line.** Training ends with two numbers, and prediction needs nothing else. At x = 2 the
# true rule gives 2 − 1 = 1.

# %%
with torch.no_grad():
    prediction = forward(torch.tensor([[2.0]]))
print(f"prediction at x = 2: {prediction.item():.3f}")
assert abs(prediction.item() - 1) < 0.5

# %% [markdown]
# The prediction is 0.643. It is too low because b had not yet arrived: more steps, or a better
# learning rate, would mend it. That is the subject of section 5.
#
# ### Spot the mistake: which step is this?
#
# Many published courses show figures like the next one. Read the slope off the line in the left panel
# (how much does it fall from x = 0 to x = 1?) and then w off the point in the right panel. Do they
# show the same moment? Decide before you read the printed line.

# %%
fig, (left, right) = plt.subplots(1, 2, figsize=(10, 4), layout="constrained")
k = 0
plot_fit(dataset, (history.w[k + 1], history.b[k + 1]), ax=left, labels=["the line"])
plot_contours(surface, w_range=(-18, 18), b_range=(-18, 18), ax=right)
right.plot(history.w[k], history.b[k], "s", color="#D55E00", markersize=9, label="the parameters")
right.legend(loc="upper right")
plt.show()
print(f"left: slope {history.w[k + 1]:.2f}; right: w = {history.w[k]:.2f}")

# %% [markdown]
# <details><summary>Answer</summary>
#
# No. The line on the left has slope −5.48: it was drawn **after** the update. The point on the right
# is at w = −15: it was drawn **before** it. The panels are one step apart. It happens when a
# loop records the parameters first, steps, and then draws. Whoever learns from such a figure links each
# point to the wrong line. (Record before the loop and after every step, and draw both
# panels from one record, as `History` does: n steps, n + 1 points.)
# </details>
#
# ### Spot the mistake: what is in the list?
#
# This loop keeps the losses in a list, as ours does, but something is different. What does the list
# hold, and why does it matter in a long run?

# %%
kept = []
for iteration in range(3):
    loss = criterion(forward(X), Y)
    kept.append(loss)

print("an entry is a", type(kept[0]).__name__, "with grad_fn:", kept[0].grad_fn is not None)

# %% [markdown]
# <details><summary>Answer</summary>
#
# It holds **tensors**, and each tensor has a `grad_fn`: it remembers the computation that made it, so
# that `backward()` could be called. As long as the list lives, so does every one of those computations with
# all its intermediate arrays. With 60 points nobody notices; with a real network the memory fills up.
# Keep numbers: `LOSS.append(loss.item())`.
# </details>
#
# ## 5. The learning rate
#
# Was 0.1 a good choice? Let us try five rates: 0.1, 0.2, 0.25, 0.3 and 0.34, from the same start, for
# the same 15 steps.
#
# **Predict.** Which rate ends with the lowest loss? Larger steps go further, but is further better?

# %%
guess_best_rate = None  # 0.1, 0.2, 0.25, 0.3 or 0.34


# %% tags=["taught"]
def train(lr, iterations=15):
    """Batch gradient descent from (−15, −10); returns its History."""
    w = torch.tensor(-15.0, requires_grad=True)
    b = torch.tensor(-10.0, requires_grad=True)
    history = History(surface, start=(w, b), lr=lr, label=f"η = {lr}")
    for iteration in range(iterations):
        loss = criterion(w * X + b, Y)
        loss.backward()
        with torch.no_grad():
            w -= lr * w.grad
            b -= lr * b.grad
        w.grad.zero_()
        b.grad.zero_()
        history.step(w, b)
    return history


rates = (0.1, 0.2, 0.25, 0.3, 0.34)
runs = [train(rate) for rate in rates]
for run in runs:
    print(f"{run.label:9}  loss after 15 steps {run.loss[-1]:10.4f}  diverged: {run.diverged}")

best = min(runs, key=lambda run: run.loss[-1])
compare(guess_best_rate, best.lr)
assert best.lr == 0.25 and best.excess[-1] < 1e-5
assert [run.diverged for run in runs] == [False, False, False, False, True]

# %%
plot_losses(*runs, scale="log", reference=surface.minimum_loss)

# %% [markdown]
# Notice three things: 0.25 is the best of the five, 0.3 is worse again, and at 0.34 the loss
# **grows**. The next figure shows where the paths go. Look at how the slope w moves at 0.1, at 0.3 and at
# 0.34.

# %%
plot_contours(surface, runs[0], runs[3], runs[4])

# %% [markdown]
# At 0.1 the path creeps along the valley. At 0.3 it leaps from one wall of the valley to the other and
# lands a little lower each time. At 0.34 it lands a little **higher** each time: the run
# **diverges**, and it will never come back.
#
# ### Why: one factor for each direction
#
# The loss is a quadratic bowl. How strongly it curves is described by the **Hessian**, the matrix
# of second derivatives,
#
# $$H = 2\begin{pmatrix} \overline{x^2} & \bar x \\ \bar x & 1 \end{pmatrix},$$
#
# where a bar means the mean over the data. Its two **eigenvectors** are the directions of the
# bowl's longest and shortest axes, and its **eigenvalues** λ₁ ≤ λ₂ say how strongly the bowl curves along each. One
# step of batch gradient descent multiplies the error along eigenvector i by
#
# $$\rho_i = 1 - \eta\,\lambda_i .$$
#
# | the factor ρ | what the error does at every step |
# |---|---|
# | 0 < ρ < 1 | shrinks, on the same side |
# | ρ = 0 | is gone after one step |
# | −1 < ρ < 0 | shrinks, and jumps to the other side |
# | ρ = −1 | keeps its size, and jumps to the other side |
# | ρ < −1 | **grows**, and jumps to the other side |

# %%
small, large = surface.eigenvalues
print(f"eigenvalues {small:.3f} and {large:.3f}")
print("directions (w, b):", np.abs(surface.eigenvectors.T).round(2).tolist())
for rate in rates:
    slow, steep = surface.factors(rate)
    print(f"η = {rate:<5} factors {slow:6.3f} (shallow) and {steep:6.3f} (steep)")
print(f"at η = {rates[-1]} the steep error grows by {-100 * steep - 100:.1f} % a step")

# %% [markdown]
# Along the shallow direction, which is almost exactly that of b, the error at η = 0.1 is multiplied
# by 0.800 at every step; along the steep one, almost exactly that of w, by 0.399. So w arrives early
# and b late: that was the bend in the loss curve. At η = 0.34 the steep factor is −1.042, and
# whatever error there is grows by 4.2 % at every step.
#
# The best constant rate makes the two factors equal in size, η = 2/(λ₁ + λ₂), which is 0.250
# here. The ratio κ = λ₂/λ₁ is called the **condition number**. Here it is 3.0; the larger it is, the
# narrower the valley and the slower the descent, even at the best rate.

# %%
print(f"fastest rate {surface.fastest_rate:.3f}, condition number {surface.condition_number:.1f}")
assert np.allclose(surface.fastest_rate, 2 / (small + large))

# %% [markdown]
# ### Try it
#
# The next figure runs gradient descent as you move its controls: the learning rate, the number of
# steps, and the start, which is the ring in parameter space and can be dragged.
#
# **Predict.** Move the start closer to the minimum. Does a larger learning rate converge from there?
# (a) Yes, a closer start allows larger steps. (b) No, the largest rate is the same from every start.

# %%
guess_start_matters = None  # "a" or "b"

# %%
DescentExplorer(
    dataset,
    start=(-15, -10),
    lr=0.1,
    steps=15,
    task="Find the largest rate that still converges. Then drag the start and try again.",
    hide=("batch_size", "shuffle", "seed", "momentum", "marks"),
)

# %%
# Just below and just above the limit, from a start a hundred times closer to the minimum.
near = (w_best - 0.16, b_best - 0.09)
for rate in (0.32, 0.34):
    theta = np.array(near)
    for _ in range(200):
        theta = theta - rate * surface.gradient(*theta)
    print(f"η = {rate}: loss from {surface(*near):.4f} to {surface(*theta):.4f} in 200 steps")
compare(guess_start_matters, "b")
assert surface(w_best - 0.16, b_best - 0.09) < 0.2 < surface(*theta)

steep = surface.factors(0.32)[1]
print(f"at η = 0.32 the steep factor is {steep:.3f}: of that error", end=" ")
print(f"{abs(steep) ** 15:.2f} is left after 15 steps, {abs(steep) ** 60:.3f} after 60")
assert -1 < steep < -0.9 and abs(steep) ** 15 > 0.25 and abs(steep) ** 60 < 0.01

# %% [markdown]
# The start is not in the factors: 1 − η·λ is the same everywhere on a quadratic bowl. A closer
# start makes the error smaller, but a factor of −1.042 still enlarges it at every step.
#
# **Question.** Set η = 0.32 in the figure. After 15 steps the path still leaps across the valley. Is the
# rate too large? Raise the number of steps before you unfold the answer.
#
# <details><summary>Answer</summary>
#
# No. The steep factor is −0.922: each leap is about 8 % shorter than the one before. After 15 steps
# 0.30 of the error is left, after 60 less than a hundredth. Close below the largest rate a run converges
# slowly, and a short look at it cannot tell it from one that diverges slowly. The factor can.
# </details>
#
# ### Practice 1: train at η = 0.2 (10 points)
#
# Train once more from (w, b) = (−15, −10), with **η = 0.2** and 15 iterations, and keep the losses in
# the list `LOSS2`: each taken **before** its update, as in
#
# $$L_k = L(w_k, b_k), \qquad k = 0, \dots, 14 .$$
#
# *Correct output:* 15 numbers. The first equals that of `LOSS`, 835.3, since the start is the same; the
# second lies near 62; the last is below 0.01.

# %% practice="lab01-rate-02"
LOSS2 = None  # a list of 15 losses

### BEGIN SOLUTION
w2 = torch.tensor(-15.0, requires_grad=True)
b2 = torch.tensor(-10.0, requires_grad=True)
LOSS2 = []
for iteration in range(15):
    loss2 = criterion(w2 * X + b2, Y)
    LOSS2.append(loss2.item())
    loss2.backward()
    with torch.no_grad():
        w2 -= 0.2 * w2.grad
        b2 -= 0.2 * b2.grad
    w2.grad.zero_()
    b2.grad.zero_()

assert len(LOSS2) == 15 and abs(LOSS2[1] - 62) < 0.5 and LOSS2[-1] < 0.01
assert LOSS2[-1] - surface.minimum_loss < 1e-4  # converged
### END SOLUTION

# %% check="lab01-rate-02" points=10
check("lab01-rate-02")

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# Copy the training loop of section 4. What has to change, and what has to start afresh?
# </details>
# <details><summary>Hint 2</summary>
#
# New tensors for w and b with `requires_grad=True`, a new empty list, and 0.2 in both update lines. The figures'
# `history` is not needed.
# </details>
# <details><summary>Hint 3</summary>
#
# In the loop, in this order: loss, `append(loss.item())`, `backward()`, two updates inside `torch.no_grad()`,
# two `grad.zero_()`. If `forward` uses the global `w` and `b`, write `w2 * X + b2` instead.
# </details>
#
# ### Practice 2: compare the two runs (5 points)
#
# Draw `LOSS` and `LOSS2` against the iteration into one axes called `ax`. Label both axes, give each
# curve a label, and add a legend.
#
# *Correct output:* two falling curves that start at the same height, the one for 0.2 falling faster, and a
# legend with two entries. A logarithmic y-axis (`ax.set_yscale("log")`) shows more, and is up to you.

# %% practice="lab01-compare-plot"
ax = None  # the axes with both curves, from: fig, ax = plt.subplots()

### BEGIN SOLUTION
fig, ax = plt.subplots(figsize=(7, 4), layout="constrained")
ax.plot(range(len(LOSS)), LOSS, "-o", color="#0072B2", label="η = 0.1")
ax.plot(range(len(LOSS2)), LOSS2, "--s", color="#D55E00", label="η = 0.2")
ax.set(xlabel="iteration", ylabel="loss", yscale="log", title="Two learning rates")
ax.legend()
plt.show()
### END SOLUTION

# %% check="lab01-compare-plot" points=5
check("lab01-compare-plot")

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# `fig, ax = plt.subplots()` gives you the axes; `ax.plot(...)` draws a curve into it.
# </details>
# <details><summary>Hint 2</summary>
#
# `ax.plot(LOSS, label=...)` draws a list against 0, 1, 2, …; the methods `ax.set_xlabel`,
# `ax.set_ylabel` and `ax.legend` do the rest.
# </details>
#
# ### Practice 3: the largest rate (5 points)
#
# Below which learning rate does batch gradient descent converge on this data? Compute it from the
# data and call it `largest_rate`. Use the rule for the factor, $\rho_2 = 1 - \eta\,\lambda_2$, and think
# about which value of $\rho_2$ is the last one before the error grows.
#
# *Correct output:* one number between 0.3, which still converged above, and 0.34, which did not.

# %% practice="lab01-largest-rate"
largest_rate = None  # one number, computed from the data

### BEGIN SOLUTION
hessian = 2 * np.array([[np.mean(x**2), np.mean(x)], [np.mean(x), 1.0]])
largest_rate = 2 / np.linalg.eigvalsh(hessian).max()
assert 0.3 < largest_rate < 0.34
assert train(0.99 * largest_rate, 400).excess[-1] < 0.1  # just below: converges, if slowly
assert train(1.01 * largest_rate, 400).diverged  # just above: diverges
### END SOLUTION

# %% check="lab01-largest-rate" points=5
check("lab01-largest-rate")

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# The error grows when the factor passes −1. Solve 1 − η·λ₂ = −1 for η.
# </details>
# <details><summary>Hint 2</summary>
#
# λ₂ is the larger eigenvalue of H. `surface.eigenvalues` has both; or build H from the means of
# x² and x and use `np.linalg.eigvalsh`.
# </details>
#
# ## 6. Wrap-up
#
# - The loss of a line is a bowl over the plane of its parameters, with one lowest point: least squares.
# - Gradient descent steps against the gradient; the step is the learning rate times the slope.
# - Each direction of the bowl has its own factor 1 − η·λ. All factors must lie between −1 and 1, so
#   the **steepest** direction sets the largest rate, and the shallowest sets the time it takes.
# - Record before the loop and after each step, keep numbers instead of tensors, and clear the gradients.
#
# ### Quiz
#
# **1.** At some rate the loss falls at every step, but w jumps from one side of its best value to the other.
# What do you know? (a) The run will diverge. (b) The factor along w lies between −1 and 0.
# (c) The gradients were not cleared.
#
# <details><summary>Answer</summary>
#
# **(b).** The sign changes because the factor is negative; the error shrinks because its size is below 1.
# (a) would need a factor below −1, and then the loss would grow in the end. (c) makes each step
# include all earlier gradients; the loss then rises and falls in slow swings.
# </details>
#
# **2.** You measure x in centimetres instead of metres, so that every x is 100 times as large. What
# happens to the largest stable rate? (a) Nothing. (b) It becomes about 100 times smaller. (c) It becomes
# about 100² times smaller.
#
# <details><summary>Answer</summary>
#
# **(c).** λ₂ is close to twice the mean of x², and x² grows by 100². (b) forgets the
# square. (a) would be true if the curvature did not depend on the data, but H is made of nothing
# else. This is why inputs are often scaled before training.
# </details>
#
# **3.** The least-squares loss here is 0.0077, not 0. Why? (a) Gradient descent needs more steps.
# (b) The points are noisy, and no line passes through all of them. (c) The grid of the surface is
# too coarse.
#
# <details><summary>Answer</summary>
#
# **(b).** The noise has variance 0.1² = 0.01, and what is left over is of that size. (a) More steps
# come closer to 0.0077, never below it. (c) `surface.minimum` is computed by formula, without a grid.
# </details>
#
# **Next:** [Lab 2](lab02_batch_vs_stochastic.ipynb) updates after every single point instead of after all of
# them, and finds out why a rate that was safe here explodes there.
