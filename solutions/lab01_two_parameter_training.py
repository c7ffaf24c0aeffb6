# %% [markdown]
# # Lab 1 · Training a line with two parameters
#
# After this lab you can write gradient descent for a line by hand, see each of its steps in two
# pictures at once, and say in advance which learning rates will work.
#
# **You will**
#
# - **compute** the loss of a line and find its minimum on the loss surface,
# - **derive** the gradient and check it in two independent ways,
# - **write** the training loop and follow it step by step,
# - **predict** from the data which learning rates converge.
#
# | section | minutes |
# |---|---|
# | 1. The data and the line | 5 |
# | 2. The loss and its surface | 8 |
# | 3. One parameter, by hand | 8 |
# | 4. The gradient of both | 20 |
# | 5. Training, step by step | 12 |
# | 6. The learning rate | 45 |
# | 7. More mistakes to spot | 5 |
# | 8. Wrap-up and quiz | 4 |
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
from labhelpers import DescentExplorer, History, LossSurface, check, compare, show_table
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
# We make 60 points ourselves. So we know the rule behind them and can judge the result later. The
# inputs x run from −3 to 2.9 in steps of 0.1, and
#
# $$y = 1 \cdot x - 1 + 0.1\,\varepsilon,$$
#
# where each ε is drawn from a normal distribution with mean 0 and **standard deviation** 1: about two
# thirds of its values lie between −1 and 1. The last
# term is **noise**: because of it no line passes through all the points. Three lines of PyTorch make
# the data. The seed makes your noise the same as ours.

# %%
x = torch.arange(-3, 3, 0.1).view(-1, 1)  # 60 inputs, one in each row
f = 1 * x - 1  # the true line
y = f + 0.1 * torch.randn(x.shape, generator=torch.Generator().manual_seed(1))

dataset = labhelpers.data.gentle_line()  # the same points, with their rule, for the figures
X, Y = dataset.x, dataset.y

same = torch.allclose(x, X, atol=1e-6) and torch.allclose(y, Y, atol=1e-6)
print("the same points as labhelpers.data.gentle_line():", same)
print("X and Y have shapes", tuple(X.shape), "and", tuple(Y.shape))
print(f"x runs from {X.min():.1f} to {X.max():.1f}")
### BEGIN AUTHOR
assert same
### END AUTHOR

# %% [markdown]
# `.view(-1, 1)` gives X the **shape** (60, 1): 60 rows, one for each **sample** (point), and one column, as each
# sample has one input. A shape (60,) would be a row of bare numbers. PyTorch's layers expect one row
# for each sample, so all the labs keep this shape, for the inputs and for the targets.
#
# Our **model** is a line with two **parameters**, the slope w and the intercept b:
#
# $$\hat y = w \cdot x + b.$$
#
# The hat on ŷ says that it is a prediction. To **train** the model is to find the w and b
# whose predictions lie closest to the measured y. We begin badly on purpose, at w = −15 and
# b = −10, so that there is something to see.
#
# The figure shows the points, the true line and the line of the start. Look at how far that line lies
# from the points, and where it is farthest.

# %%
w = torch.tensor(-15.0, requires_grad=True)  # requires_grad: we will need derivatives
b = torch.tensor(-10.0, requires_grad=True)


def forward(x):
    """Predictions of the line at inputs x, in x's shape."""
    return w * x + b


plot_fit(dataset, (w, b), labels=["start: w = −15, b = −10"], show_truth=True)

# %% [markdown]
# The line slopes the wrong way. On the left it is almost 40 too high, on the right more than 50 too low.
#
# ## 2. The loss and its surface
#
# "How far" needs a number. The **residual** of a point is ŷ − y. The **mean squared error**
# squares the residuals, so that misses above and below the line both count, and averages them:
#
# $$L(w, b) = \frac1N \sum_{n=1}^{N} (w\,x_n + b - y_n)^2 .$$
#
# The sign Σ means: add up, here over all N points. The result is the **loss**. Small is good; zero
# would mean a line through every point.
#
# **Predict.** Look at the figure above. The residuals run from almost 0 to more than 50 in size.
# Roughly how large is the loss? Write your guess in the next cell in place of `None`.

# %%
guess_first_loss = None  # a number


# %%
def criterion(y_hat, y):
    """Mean squared error of predictions y_hat against targets y: one number."""
    return torch.mean((y_hat - y) ** 2)


residuals = forward(X) - Y
first_loss = criterion(forward(X), Y).item()  # .item() turns a one-number tensor into a float
print(f"mean size of the residuals: {residuals.abs().mean():.1f}")
print(f"loss at the start:          {first_loss:.1f}")
compare("lab01-first-loss", guess_first_loss)
### BEGIN AUTHOR
assert round(first_loss, 1) == labhelpers.prediction.answer_to("lab01-first-loss")
assert 39 < residuals[0] < 40 and -60 < residuals[-1] < -50 and residuals.abs().min() < 1
### END AUTHOR

# %% [markdown]
# The mean of the squares, 835.3, is pulled up by the largest residuals: a miss of 50 counts 25 times
# as much as a miss of 10.
#
# The loss depends on two numbers, w and b, so it is a landscape: give each point (w, b) of a
# plane the height L(w, b). This is the **loss surface**. `LossSurface` computes it from the data:
# `surface(w, b)` in the cells below is the loss at (w, b).
#
# In the next figure, find the lowest place. Is there one valley or several?

# %%
surface = LossSurface(X, Y)
plot_surface(surface)

# %% [markdown]
# There is one valley, a bowl, and this is no accident: multiplied out, L is a quadratic in w and b
# that is nowhere negative, and as the x differ from each other it has exactly one lowest point. That
# point is called the **least-squares solution**. The same bowl, seen from above with lines of equal
# loss, is a **contour plot**. Notice that the lines are ellipses; the two dotted lines are their axes, the
# **principal directions**:

# %%
plot_contours(surface, w_range=(-18, 18), b_range=(-18, 18), directions=True)

# %%
w_best, b_best = surface.minimum
print(f"minimum at w = {w_best:.3f}, b = {b_best:.3f}, loss {surface.minimum_loss:.5f}")
### BEGIN AUTHOR
assert abs(w_best - 1) < 0.01 and abs(b_best + 1) < 0.03
### END AUTHOR

# %% [markdown]
# The minimum lies at (1.006, −1.022), not exactly at the true (1, −1): the least-squares line fits
# these 60 noisy points, and another 60 points would give a slightly different one. Nor is the loss
# zero there: what is left, 0.0077, is the noise that no line can follow.
#
# We could search the whole plane for the minimum. With two parameters that works; with two million
# it does not. Gradient descent looks only at the slope under its feet.
#
# ## 3. One parameter, by hand
#
# Before we go down the bowl, take one step down a curve. Leave b out: the model is ŷ = w·x, a line
# through the origin, and there are three points, (1, 2), (1, 4) and (2, 6). The loss is
#
# $$L(w) = \tfrac13\bigl[(w - 2)^2 + (w - 4)^2 + (2w - 6)^2\bigr].$$
#
# Its derivative says how fast it rises as w grows. By the chain rule each square gives
# 2 · (its inside) · (what stands before w), so
#
# $$\begin{aligned}
# \frac{dL}{dw} &= \tfrac13\bigl[2(w-2) + 2(w-4) + 4(2w-6)\bigr] \\
# &= 4\,(w - 3).
# \end{aligned}$$
#
# It is zero at w = 3, the minimum. **Gradient descent** starts somewhere, say at w = −2, and moves
# against the derivative:
#
# $$w_{\text{new}} = w - \eta\,\frac{dL}{dw}.$$
#
# The number η (eta) is the **learning rate**: how far to go for a given slope. Take η = 0.1. In step 1,
# dL/dw = 4 · (−2 − 3) = −20, so w becomes −2 + 0.1 · 20 = 0.
#
# The **error** is w − 3: it says how far w is from the minimum, and on which side. It was −5 and is now −3.
#
# **Predict.** What is the error after step 2? Compute the step with pencil and paper.

# %%
guess_second_error = None  # a number

# %%
points_x, points_y = np.array([1.0, 1.0, 2.0]), np.array([2.0, 4.0, 6.0])
path = [-2.0]
for step in range(5):
    slope = np.mean(2 * (path[-1] * points_x - points_y) * points_x)
    path.append(path[-1] - 0.1 * slope)

print("step     w       error    error / error before")
for step, value in enumerate(path):
    ratio = f"{(value - 3) / (path[step - 1] - 3):12.2f}" if step else ""
    print(f"{step:4} {value:7.3f} {value - 3:9.3f} {ratio}")
compare("lab01-second-error", guess_second_error)

fig, ax = plt.subplots(figsize=(6, 3.4), layout="constrained")
grid = np.linspace(-3, 9, 100)
heights = np.mean((np.outer(grid, points_x) - points_y) ** 2, axis=1)
ax.plot(grid, heights, color="#555555", label="L(w)")
stops = np.mean((np.outer(path, points_x) - points_y) ** 2, axis=1)
ax.plot(path, stops, "-o", color="#0072B2", label="five steps at η = 0.1")
ax.set(xlabel="w", ylabel="loss")
ax.legend()
plt.show()
print(
    "In words: the loss is a parabola with its minimum at w = 3; the steps get shorter towards it."
)
### BEGIN AUTHOR
assert np.isclose(path[2] - 3, labhelpers.prediction.answer_to("lab01-second-error"))
### END AUTHOR

# %% [markdown]
# Every step multiplies the error by the same **factor**, 0.6. Why? The derivative is proportional to
# the error, dL/dw = λ(w − 3) with λ = 4. Put this into the step and subtract 3 on both sides:
#
# $$\begin{aligned}
# w_{\text{new}} - 3 &= (w - 3) - \eta\,\lambda\,(w - 3) \\
# &= (1 - \eta\lambda)\,(w - 3).
# \end{aligned}$$
#
# The number λ (lambda) is the **curvature**: how quickly the slope changes along w. It comes from the
# data alone: for a line through the origin it is twice the mean of x², here 2 · (1 + 1 + 4)/3 = 4.
# The whole behaviour of the run follows from the factor ρ = 1 − ηλ:
#
# | the factor ρ | what the error does at every step |
# |---|---|
# | 0 < ρ < 1 | shrinks, on the same side |
# | ρ = 0 | is gone after one step |
# | −1 < ρ < 0 | shrinks, and jumps to the other side |
# | ρ = −1 | keeps its size, and jumps to the other side |
# | ρ < −1 | **grows**, and jumps to the other side |

# %%
columns = {"η": "g", "factor": ".1f", "error at the start": ".1f"}
columns |= {f"step {k}": ".1f" for k in (1, 2, 3, 4)}
rows = []
for rate in (0.1, 0.25, 0.4, 0.5, 0.6):
    factor = 1 - rate * 4
    rows.append((rate, factor, *(-5 * factor**k + 0 for k in range(5))))
show_table(columns, rows)

# %% [markdown]
# At 0.25 one step is enough. At 0.5 the run jumps back and forth forever, and at 0.6 it
# **diverges**: its error grows without bound. A run **converges** when its error
# shrinks towards zero, which it does at every rate between 0 and 2/λ = 0.5. Everything in section 6 is this table, once for each of two directions.
#
# ## 4. The gradient of both
#
# Back to the line with two parameters. Change w a little and leave b alone: the loss changes at some
# rate, which is the **partial derivative** ∂L/∂w. The sign ∂ only says that there are other
# parameters, and that they are held fixed. Do the same with b and you have ∂L/∂b. As in section 3, each
# square gives 2 · (its inside) · (what stands before the parameter): x for w, and 1 for b.
#
# $$\frac{\partial L}{\partial w} = \frac2N \sum_n (\hat y_n - y_n)\,x_n,$$
#
# $$\frac{\partial L}{\partial b} = \frac2N \sum_n (\hat y_n - y_n).$$
#
# The two together are the **gradient**. It points where the loss rises fastest, so minus the gradient
# points where it falls fastest.
#
# Two other ways lead to the same numbers. The first needs no calculus: evaluate the loss a little to
# the right and a little to the left, and divide the difference by the distance, which is 2h. This is
# a **finite difference**:
#
# $$\frac{\partial L}{\partial w} \approx \frac{L(w + h,\, b) - L(w - h,\, b)}{2h} .$$
#
# The second is PyTorch's: `loss.backward()` follows the computation back from the loss and
# stores ∂L/∂w in `w.grad` and ∂L/∂b in `b.grad`. This is called **autograd**.
#
# **Predict.** At the start w = −15 is far too small. What is ∂L/∂w there?
#
# - (a) negative
# - (b) zero
# - (c) positive

# %%
guess_sign = None  # "a", "b" or "c"

# %%
loss = criterion(forward(X), Y)
loss.backward()

residuals = forward(X).detach() - Y  # detach: plain numbers, no derivatives wanted here
dL_dw = 2 * torch.mean(residuals * X)
dL_db = 2 * torch.mean(residuals)

h = 0.01
by_difference_w = (surface(-15 + h, -10) - surface(-15 - h, -10)) / (2 * h)
by_difference_b = (surface(-15, -10 + h) - surface(-15, -10 - h)) / (2 * h)

print(f"by the formula:        {dL_dw:.3f} and {dL_db:.3f}")
print(f"by finite differences: {by_difference_w:.3f} and {by_difference_b:.3f}")
print(f"by autograd:           {w.grad:.3f} and {b.grad:.3f}")
compare("lab01-sign", guess_sign)
### BEGIN AUTHOR
assert torch.isclose(w.grad, dL_dw) and torch.isclose(b.grad, dL_db)
assert np.allclose((by_difference_w, by_difference_b), (dL_dw, dL_db), atol=1e-3)
assert w.grad < 0 and labhelpers.prediction.answer_to("lab01-sign") == "a"
### END AUTHOR

# %% [markdown]
# All three agree. The derivative in w is negative: the loss falls as w grows, so w has to grow.
# Minus the gradient says the same. When you write a gradient of your own, check it by finite
# differences: a slip in a sign or a factor shows at once.
#
# ### Practice 1: the gradient by its formula (10 points)
#
# Write `gradient(w, b, x, y)`, which returns the two derivatives of the loss, ∂L/∂w first, at any w and b
# and for any data. Use the formulas above. `backward()` is no help here: the check calls your function
# while autograd is switched off. `x` and `y` have the same shape, (N, 1) or (N,).
#
# *Correct output:* `gradient(-15, -10, X, Y)` gives −95.194 and −16.355, as above, and so does
# `gradient(-15, -10, X.flatten(), Y.flatten())`.


# %% practice="lab01-gradient"
def gradient(w, b, x, y):
    """Derivatives of the mean squared error of the line w·x + b.

    Parameters
    ----------
    w, b : float
        Slope and intercept.
    x, y : Tensor, shape (N, 1) or (N,)
        Inputs and targets, both of the same shape.

    Returns
    -------
    (number, number)
        ∂L/∂w and ∂L/∂b.
    """
    ### BEGIN SOLUTION
    gaps = w * x + b - y
    return 2 * torch.mean(gaps * x), 2 * torch.mean(gaps)


for inputs, targets in ((X, Y), (X.flatten(), Y.flatten())):
    in_w, in_b = gradient(-15, -10, inputs, targets)
    print(f"∂L/∂w = {in_w:.3f}, ∂L/∂b = {in_b:.3f}")
    assert np.allclose((in_w, in_b), surface.gradient(-15, -10), rtol=1e-5)
### END SOLUTION

# %% check="lab01-gradient" points=10
check("lab01-gradient")

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# Begin with the residuals ŷ − y, one for each point. What becomes of them in each of the two formulas?
# </details>
# <details><summary>Hint 2</summary>
#
# A sum over the points divided by N is a mean: `torch.mean`. Where does x enter, and where does it not?
# </details>
# <details><summary>Hint 3</summary>
#
# Wrong by a factor or a sign? Move w by 0.01 each way, leave b alone, and compute the finite difference of the
# loss at the same w, b, x and y. It says what the first number should be.
# </details>

# %% [markdown]
# ## 5. Training, step by step
#
# One step of gradient descent, an **update** of w and b, moves each parameter against its derivative:
#
# $$w \leftarrow w - \eta\,\frac{\partial L}{\partial w}, \qquad
# b \leftarrow b - \eta\,\frac{\partial L}{\partial b}.$$
#
# We take η = 0.1 and 15 **iterations** (steps). Every step uses all 60 points; this is called
# **batch** gradient descent. Four expressions in the loop are PyTorch's:
#
# | in the loop | what it does |
# |---|---|
# | `loss.item()` | turns the tensor with one number into a plain `float`, for the list |
# | `with torch.no_grad():` | the lines below are not part of the model: no derivative of them is wanted |
# | `w -= lr * w.grad` | changes the tensor w itself, **in place**; `w = w - …` would make another tensor |
# | `w.grad.zero_()` | sets the gradient to zero, because `backward()` **adds** to what is there |
#
# **Predict.** The loss starts at 835.3. What is it after the first step?
#
# - (a) above 835
# - (b) between 400 and 835
# - (c) below 400

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
    with torch.no_grad():  # 4. step downhill
        w -= lr * w.grad
        b -= lr * b.grad
    w.grad.zero_()  # 5. clear the gradient
    b.grad.zero_()
    history.step(w, b)  # note where we are, for the figures

print("losses:", ", ".join(f"{value:.1f}" for value in LOSS[:5]), "...", f"{LOSS[-1]:.3f}")
compare("lab01-second-loss", guess_second_loss)
print(f"in 15 steps: w = {w.item():.3f}, b = {b.item():.3f}, loss {history.loss[-1]:.3f}")
### BEGIN AUTHOR
assert LOSS[1] < 400 and labhelpers.prediction.answer_to("lab01-second-loss") == "c"
assert history.excess[-1] < 0.11  # the loss ends within 0.11 of the least-squares loss
### END AUTHOR

# %% [markdown]
# The first step removes most of the loss: 835.3 becomes 175.5. The later steps are smaller, because
# the gradient is smaller nearer the bottom. After 15 steps w = 0.998 has all but arrived at 1.006, while
# b = −1.354 is still on its way to −1.022. Section 6 says why b is slower.
#
# The list `LOSS` ends with 0.179 and the last line says 0.117. Both are right: each entry of the list
# was taken **before** its step, so 15 steps give 15 entries, and the loss after the last step is not
# among them. `History` keeps that one too: 16 points for 15 steps.
#
# Here are the first steps. Each pair of panels is one moment, seen twice: above among the data, below on the
# contours. The line above **is** the point below, and the arrow is the step that comes next.
# Notice that each arrow points across the contours, towards lower loss, and how the arrows shrink.

# %%
plot_steps(dataset, surface, history, steps=(0, 1, 2, 5))

# %% [markdown]
# The path as a whole, on the surface in 3-D. Notice that it first drops down the steep wall and then
# follows the floor of the valley:

# %%
plot_surface(surface, history)

# %% [markdown]
# And the run in three panels: the line it ended with, the path, and the loss on a logarithmic axis,
# where a loss that shrinks by the same factor at every step is a straight line. Look for the bend in
# the loss curve.

# %%
plot_run(dataset, surface, history)

# %% [markdown]
# The curve falls steeply while the error in w is being removed, then less steeply while
# the error in b remains. Two slopes, one for each parameter.
#
# **Using the line.** Training ends with two numbers, and prediction needs nothing else. `forward`
# takes one x or many; here are four, the last one far outside the data.

# %%
new_x = torch.tensor([[-2.0], [0.0], [2.0], [10.0]])
with torch.no_grad():
    predicted = forward(new_x)
print("   x   predicted   true line   difference")
for x_value, y_value in zip(new_x.flatten().tolist(), predicted.flatten().tolist()):
    true = 1 * x_value - 1
    print(f"{x_value:5.1f} {y_value:10.3f} {true:11.3f} {y_value - true:12.3f}")
### BEGIN AUTHOR
assert torch.allclose(predicted, new_x - 1, atol=0.5)
### END AUTHOR

# %% [markdown]
# All four predictions are 0.35 to 0.37 too low, mainly because b has not arrived yet. More steps or a better
# learning rate would remove most of that: section 6.
#
# **What if the gradients are not cleared?** The same loop without part 5:

# %% tags=["taught"]
w = torch.tensor(-15.0, requires_grad=True)
b = torch.tensor(-10.0, requires_grad=True)
uncleared = []
for iteration in range(15):
    loss = criterion(forward(X), Y)
    uncleared.append(loss.item())
    loss.backward()  # adds to what the steps before have left in .grad
    with torch.no_grad():
        for parameter in (w, b):
            parameter -= lr * parameter.grad

print("cleared:    ", ", ".join(f"{value:.0f}" for value in LOSS[:7]))
print("not cleared:", ", ".join(f"{value:.0f}" for value in uncleared[:7]))
### BEGIN AUTHOR
assert [round(value) for value in uncleared[:4]] == [835, 175, 162, 773]
### END AUTHOR

# %% [markdown]
# The first step is the same. From the second on, each step repeats all the earlier gradients, and
# the run swings: 835, 175, 162, 773, back almost to where it began. A loss that swings like this at a
# rate that should be safe is a sign that the gradients are not cleared.
#
# ### Spot the mistake: a line that learns nothing
#
# The next cell is the training loop with 100 steps, and the targets were read from a file, as a row of
# 60 numbers. The loss falls and comes to rest, so training seems to be done. But the slope is 0! What has
# gone wrong? The printed shapes give it away.

# %% tags=["taught"]
targets = Y.flatten()  # 60 numbers, as they come from a file
w = torch.tensor(-15.0, requires_grad=True)
b = torch.tensor(-10.0, requires_grad=True)
for iteration in range(100):
    loss = criterion(forward(X), targets)
    loss.backward()
    with torch.no_grad():
        w -= lr * w.grad
        b -= lr * b.grad
    w.grad.zero_()
    b.grad.zero_()

print(f"w = {abs(w.item()):.3f}, b = {b.item():.3f}, loss {loss.item():.3f}")
print(f"mean of the targets: {targets.mean():.3f}")
print("shapes:", tuple(forward(X).shape), "minus", tuple(targets.shape), "is", end=" ")
print(tuple((forward(X) - targets).shape))
### BEGIN AUTHOR
assert abs(w.item()) < 1e-3 and abs(b.item() - targets.mean()) < 1e-3  # converged, to a constant
### END AUTHOR

# %% [markdown]
# <details><summary>Answer</summary>
#
# The predictions have shape (60, 1), the targets (60,). PyTorch does not complain: it **broadcasts**,
# which means that it repeats the column and the row until they fit. The difference is a table of 60
# by 60 numbers: every prediction minus **every** target. The best answer to all targets at once is
# their mean, whatever x is. So w goes to 0 and b to the mean, −1.073. It is an easy mistake
# to make in PyTorch, since no error appears. Give the targets the shape of the predictions: `targets.view(-1, 1)`.
# </details>

# %% [markdown]
# ## 6. The learning rate
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
show_table(
    {
        "η": "g",
        "loss after 1 step": ".0f",
        "2 steps": ".0f",
        "3 steps": ".0f",
        "15 steps": ".2g",
        "above the minimum by": ".1e",
    },
    [(run.lr, *run.loss[1:4], run.loss[-1], run.excess[-1]) for run in runs],
)
compare("lab01-best-rate", guess_best_rate)
### BEGIN AUTHOR
best = min(runs, key=lambda run: run.loss[-1])
assert best.lr == labhelpers.prediction.answer_to("lab01-best-rate") and best.excess[-1] < 1e-5
assert [run.diverged for run in runs] == [False, False, False, False, True]
### END AUTHOR

# %%
plot_losses(*runs, scale="log", reference=surface.minimum_loss)

# %% [markdown]
# Notice three things. 0.25 is the best of the five: its loss differs from the least-squares loss by less
# than a millionth, that of 0.2 by more than 20 times as much, although both losses round to 0.0077. 0.3
# is worse again. And at 0.34 the loss **grows**, from the second step on. The next figure shows where the
# paths go. Look at how the slope w moves at 0.1, at 0.3 and at 0.34.

# %%
plot_contours(surface, runs[0], runs[3], runs[4])

# %% [markdown]
# At 0.1 the path creeps along the valley. At 0.3 it leaps from one wall of the valley to the other and
# lands a little lower each time. At 0.34 it lands a little **higher** each time: the run
# **diverges**, and it will never come back.
#
# ### Why: two directions, two factors
#
# In section 3 one factor 1 − ηλ decided everything. The bowl has a **steep** direction, across the
# valley, and a **shallow** one, along it. Each has its own curvature, λ₂ and λ₁, and so its own
# factor. One step of batch gradient descent multiplies the error along direction i by
#
# $$\rho_i = 1 - \eta\,\lambda_i .$$
#
# The x of these data have a mean close to 0. Then the steep direction is almost exactly that of w, with
# λ₂ close to twice the mean of x², as in section 3, and the shallow one almost exactly that of b, with λ₁
# close to 2. `LossSurface` computes both exactly.
#
# <details><summary>For those who know matrices: where λ₁ and λ₂ come from</summary>
#
# The curvature of a quadratic is described by the **Hessian**, the matrix of second derivatives,
#
# $$H = 2\begin{pmatrix} \overline{x^2} & \bar x \\ \bar x & 1 \end{pmatrix},$$
#
# where a bar means the mean over the data. With θ = (w, b) and the minimum θ*, the gradient is
# H(θ − θ*), so a step gives θ′ − θ* = (I − ηH)(θ − θ*). Along an **eigenvector** of H, a direction v with Hv =
# λv, this multiplies the error by 1 − ηλ. The two eigenvectors are the axes of the ellipses that you
# see as contours, and their **eigenvalues** λ₁ ≤ λ₂ are the curvatures.
# </details>

# %%
small, large = surface.eigenvalues
print(f"curvatures {small:.3f} (shallow) and {large:.3f} (steep)")
print(f"2 · mean of x²: {2 * torch.mean(X**2):.3f}")
show_table(
    {"η": "g", "factor, shallow": ".3f", "factor, steep": ".3f"},
    [(rate, *surface.factors(rate)) for rate in rates],
)
steep = surface.factors(rates[-1])[1]
print(f"at η = {rates[-1]} the steep error grows {-100 * steep - 100:.1f} % a step")

# %% [markdown]
# Along the shallow direction the error at η = 0.1 is multiplied
# by 0.800 at every step; along the steep one by 0.399. So w arrives early
# and b late: that was the bend in the loss curve. At η = 0.34 the steep factor is −1.042, and
# whatever error there is in that direction grows by 4.2 % at every step.
#
# In the end the factor that is larger **in size** sets the time: at 0.1 that of the shallow direction, at
# 0.3 that of the steep one, −0.802. The best constant rate makes the two equal in size. It is
# η = 2/(λ₁ + λ₂), here 0.250. The ratio κ = λ₂/λ₁ is called the **condition number**. Here it is 3.0; the
# larger it is, the narrower the valley and the slower the descent, even at the best rate.

# %%
print(f"fastest rate {surface.fastest_rate:.3f}, condition number {surface.condition_number:.1f}")
### BEGIN AUTHOR
assert np.allclose(surface.fastest_rate, 2 / (small + large))
assert -0.803 < surface.factors(0.3)[1] < -0.801
### END AUTHOR

# %% [markdown]
# ### Try it
#
# The next figure runs gradient descent as you move its controls: the learning rate, the number of
# steps, and the start, which is the ring in parameter space and can be dragged.
#
# **Predict.** Move the start closer to the minimum. Does a larger learning rate converge from there?
#
# - (a) Yes, a closer start allows larger steps.
# - (b) No, the largest rate is the same from every start.

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
rows = []
for rate in (0.32, 0.34):
    theta = np.array(near)
    for _ in range(200):
        theta = theta - rate * surface.gradient(*theta)
    rows.append((rate, surface(*near), surface(*theta)))
show_table({"η": "g", "loss at the start": ".2g", "after 200 steps": ".2g"}, rows)
compare("lab01-start", guess_start_matters)
### BEGIN AUTHOR
assert surface(*near) < 0.2 < surface(*theta)
assert labhelpers.prediction.answer_to("lab01-start") == "b"
### END AUTHOR

# %% [markdown]
# The start is not in the factors: 1 − η·λ is the same everywhere on a quadratic bowl. A closer
# start makes the error smaller, but a factor of −1.042 still enlarges it at every step.
#
# **Question.** Set η = 0.32 in the figure. After 15 steps the path still leaps across the valley. Is the
# rate too large? Decide from the losses of the first steps, then raise the number of steps. The next cell
# prints both, beside those of 0.34.

# %%
rows = []
for rate in (0.32, 0.34):
    long_run = train(rate, 60)
    rows.append((rate, *long_run.loss[:4], long_run.loss[15], long_run.loss[60]))
columns = {"η": "g", "loss at the start": ".0f"} | {f"step {k}": ".0f" for k in (1, 2, 3, 15)}
show_table(columns | {"step 60": ".2g"}, rows)
steep = surface.factors(0.32)[1]
print(f"steep factor at 0.32: {steep:.3f}; of that error")
print(f"{abs(steep) ** 15:.2f} is left after 15 steps, {abs(steep) ** 60:.3f} after 60")
### BEGIN AUTHOR
assert -1 < steep < -0.9 and abs(steep) ** 15 > 0.25 and abs(steep) ** 60 < 0.01
### END AUTHOR

# %% [markdown]
# <details><summary>Answer</summary>
#
# No. At 0.32 the losses fall from the first step on, though slowly: the steep factor is −0.922, so each
# leap is about 8 % shorter than the one before. At 0.34 they rise from the second step on. The picture of the
# paths looks much the same for both. The numbers tell them apart, and the factor does so before any run.
# </details>

# %% [markdown]
# ### Practice 2: train at η = 0.2 (10 points)
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
# Copy the training loop of section 5. What has to change, and what has to start afresh?
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

# %% [markdown]
# ### Practice 3: compare the two runs (5 points)
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

# %% [markdown]
# ### Practice 4: the largest rate (5 points)
#
# Below which learning rate does batch gradient descent converge? That depends on the inputs alone.
# Write a function that computes it for any `x`. Use the rule for the factor,
# $\rho_2 = 1 - \eta\,\lambda_2$, and think about which value of $\rho_2$ is the last one before the
# error grows.
#
# *Correct output:* for this lab's inputs, `largest_rate(X)` lies between 0.3, which still converged
# above, and 0.34, which did not. The check asks for other inputs too.


# %% practice="lab01-largest-rate"
def largest_rate(x):
    """Return the rate below which batch descent converges, for inputs x of shape (N, 1)."""
    ### BEGIN SOLUTION
    mean, square = float(x.mean()), float((x**2).mean())
    hessian = 2 * np.array([[square, mean], [mean, 1.0]])
    return 2 / np.linalg.eigvalsh(hessian).max()
    ### END SOLUTION


### BEGIN SOLUTION
assert 0.3 < largest_rate(X) < 0.34
assert train(0.99 * largest_rate(X), 400).excess[-1] < 0.1  # just below: converges, if slowly
assert train(1.01 * largest_rate(X), 400).diverged  # just above: diverges
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
# λ₂ is the larger eigenvalue of H. Build H from the means of x² and x of the argument, and use
# `np.linalg.eigvalsh`. If matrices are new to you: `LossSurface(X, Y)` gave you both curvatures. They do not
# depend on the targets, so `LossSurface(x, x)` will do.
# </details>

# %% [markdown]
# ## 7. More mistakes to spot
#
# ### Spot the mistake: the surface (two of them)
#
# Published tutorials compute the surface with two loops, much like this. The function runs, and the plot that
# comes out of it is a fine bowl. Yet its lowest point is in the wrong place, and the function breaks as soon
# as you ask for a finer grid. Find both reasons before you unfold the answer.

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
### BEGIN AUTHOR
assert intercepts[j] > 1
### END AUTHOR

# %% [markdown]
# <details><summary>Answer</summary>
#
# 1. **A sign.** The residual is y − (w·x + b) = y − w·x **− b**. Without the brackets the code adds b.
#    The bowl is mirrored: its minimum appears near b = +1.5 (the true one is −1.02, and the grid
#    is coarse). Draw a correct training path over this surface and it seems to stop on a slope.
# 2. **A fixed size.** `np.zeros((30, 30))` ignores `resolution`. It should be
#    `np.zeros((resolution, resolution))`.
#
# There is a third weakness, which is not a mistake: the loops touch all N points at each of the grid points,
# N · grid² operations. `LossSurface` makes use of the fact that L is a
# quadratic. It needs a few means over the data once, and then a handful of operations for each grid point.
# </details>

# %% [markdown]
# ### Spot the mistake: which step is this?
#
# Figures like the next one have been published. Read the slope off the line among the data
# (how much does it fall from x = 0 to x = 1?) and then w off the point on the contours. Do they
# show the same moment? Decide before you read the printed line.

# %%
fig, (left, right) = plt.subplots(1, 2, figsize=(7, 3), layout="constrained")
k = 0
plot_fit(dataset, (history.w[k + 1], history.b[k + 1]), ax=left, labels=["the line"])
plot_contours(surface, w_range=(-18, 18), b_range=(-18, 18), ax=right)
right.plot(history.w[k], history.b[k], "s", color="#0072b2", markersize=9, label="the parameters")
right.legend(loc="upper right")
plt.show()
print(f"line: slope {history.w[k + 1]:.2f}; point: w = {history.w[k]:.2f}")

# %% [markdown]
# <details><summary>Answer</summary>
#
# No. The line has slope −5.48: it was drawn **after** the update. The point is at w = −15: it was
# drawn **before** it. The panels are one step apart. It happens when a
# loop records the parameters first, steps, and then draws. Anyone who learns from such a figure links each
# point to the wrong line. (Record before the loop and after every step, and draw both
# panels from one record, as `History` does: n steps, n + 1 points.)
# </details>

# %% [markdown]
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

# %% [markdown]
# ## 8. Wrap-up
#
# - The loss of a line is a bowl over the plane of its parameters, with one lowest point: least squares.
# - Gradient descent steps against the gradient; the step is the learning rate times the gradient.
# - Each direction of the bowl has its own factor 1 − η·λ. All factors must lie between −1 and 1, so
#   the **steepest** direction sets the largest rate. The factor largest in size sets the time.
# - Check a gradient by finite differences, and give predictions and targets the same shape.
# - Record before the loop and after each step, keep numbers instead of tensors, and clear the gradients.
#
# ### Quiz
#
# **1.** At some rate the loss falls at every step, but w jumps from one side of its best value to the other.
# What do you know?
#
# - (a) The run will diverge.
# - (b) The factor along w lies between −1 and 0.
# - (c) The gradients were not cleared.
#
# <details><summary>Answer</summary>
#
# **(b).** The sign changes because the factor is negative; the error shrinks because its size is below 1.
# (a) would need a factor below −1, and then the loss would grow in the end. (c) makes each step
# repeat all earlier gradients; the loss then rises and falls in swings of a few steps.
# </details>
#
# **2.** You measure x in centimetres instead of metres, so that every x is 100 times as large. What
# happens to the largest stable rate?
#
# - (a) Nothing.
# - (b) It becomes about 100 times smaller.
# - (c) It becomes about 100² times smaller.
#
# <details><summary>Answer</summary>
#
# **(c).** λ₂ is close to twice the mean of x², and x² grows by 100². (b) forgets the
# square. (a) would be true if the curvature did not depend on the data, but it comes from nothing
# else. This is why inputs are often scaled before training.
# </details>
#
# **3.** The least-squares loss here is 0.0077, not 0. Why?
#
# - (a) Gradient descent needs more steps.
# - (b) The points are noisy, and no line passes through all of them.
# - (c) The grid of the surface is too coarse.
#
# <details><summary>Answer</summary>
#
# **(b).** The noise has standard deviation 0.1, so its square is 0.01 on average, and what is left over is of that size. (a) More steps
# come closer to 0.0077, never below it. (c) `surface.minimum` is computed by formula, without a grid.
# </details>

# %% [markdown]
# **Next:** [Lab 2](lab02_batch_vs_stochastic.ipynb) updates after every single point instead of after all of
# them. Is a rate that was safe here safe there?
