# %% [markdown]
# # Lab 4 · A linear model with PyTorch's tools, and Adam
#
# After this lab you can train a model with PyTorch's own layers, loss and optimizer, and say whether
# it has converged.
#
# **You will**
#
# - **build** models from `nn.Linear` and train them with `DataLoader` and Adam,
# - **compare** batch, mini-batch and one-sample training at equal epochs and at equal updates,
# - **judge** a result against least squares and by R².
#
# | section | minutes |
# |---|---|
# | 1. The data and their noise | 5 |
# | 2. The line as a module | 9 |
# | 3. The general model | 5 |
# | 4. Standardised inputs | 18 |
# | 5. Momentum | 11 |
# | 6. Adam | 8 |
# | 7. Three batch sizes | 30 |
# | 8. Which rate, how many updates | 12 |
# | 9. R² | 15 |
# | 10. Wrap-up and quiz | 4 |
#
# **Before you start:** [Lab 1](lab01_two_parameter_training.ipynb) (gradient, learning rate),
# [Lab 2](lab02_batch_vs_stochastic.ipynb) (epochs and updates) and [Lab
# 3](lab03_mini_batch.ipynb) (mini-batches, `Dataset` and `DataLoader`).
#
# The next cell imports what the lab needs. PyTorch can compute on the processor (`cpu`) or on a graphics card.
# This lab stays on the CPU, and section 7 says why.

# %%
import math
import time

import numpy as np
import torch
from sklearn.linear_model import LinearRegression
from sklearn.metrics import r2_score
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

import labhelpers
from labhelpers import History, LossSurface, check, compare, show_table
from labhelpers.explorer import DescentExplorer
from labhelpers.figures import plot_contours, plot_fit, plot_losses

torch.set_num_threads(1)  # tensors this small gain nothing from a second core
print("The set-up is fine.")

# %% [markdown]
# ## 1. The data and their noise
#
# There are 1000 points. The inputs x are drawn from a normal distribution with mean 2 and
# standard deviation 1, and
#
# $$y = 5 + 2\,x + \varepsilon,$$
#
# where the noise ε is normal with mean 0 and **variance** 1. The variance is the mean squared
# distance from the mean, the square of the standard deviation.
#

# %%
generator = torch.Generator().manual_seed(242)
x = 2 + torch.randn(1000, 1, generator=generator)
f = 5 + 2 * x
y = f + torch.randn(1000, 1, generator=generator)

dataset = labhelpers.data.gaussian_line()
X, Y = dataset.x, dataset.y
same = torch.allclose(x, X) and torch.allclose(y, Y)
print("the same points as labhelpers.data.gaussian_line():", same)

noise = Y - (5 + 2 * X)
print(dataset)
print(f"shapes {tuple(X.shape)} and {tuple(Y.shape)}")
print(f"variance of the noise in these points: {noise.var().item():.3f}")
### BEGIN AUTHOR
assert same and abs(noise.var().item() - 1) < 0.15
### END AUTHOR

# %% [markdown]
# The variance in the sample is 1.008; 1 was announced. With 1000 points one expects a difference
# of a few percent.
#
# ### Spot the mistake: is the noise as announced?
#
# Somebody else made data "from the same rule, with noise of variance 1", by the program below. It
# runs, and a plot of its points looks reasonable. Run the cell, compare the measured variance
# with the announced one, and find the reason in the code before you unfold the answer.

# %%
generator = torch.Generator().manual_seed(0)


def measured_value(x):
    """What an instrument shows at x: the rule and its error."""
    return 5 + 2 * x + torch.randn(x.shape, generator=generator)


def collect(n):
    """Collect n points. Contains one mistake."""
    x = 2 + torch.randn(n, 1, generator=generator)
    noise = torch.randn(n, 1, generator=generator)
    return x, measured_value(x) + noise


x_other, y_other = collect(100_000)
variance_other = (y_other - (5 + 2 * x_other)).var().item()
print(f"announced: 1.00, measured: {variance_other:.2f}")
### BEGIN AUTHOR
assert abs(variance_other - 2) < 0.05
### END AUTHOR

# %% [markdown]
# <details><summary>Answer</summary>
#
# The noise is added **twice**: once in `measured_value`, which already includes the error, and
# once more in `collect`. The variances of independent quantities add up, 1 + 1 = 2. A plot does not show this
# to anyone who does not expect it, and no training program can complain: the line is found all the same, and
# only the loss is larger than the announcement allows. Measure the noise when you know the rule; it takes one
# line.
# </details>

# %% [markdown]
# ## 2. The line as a module
#
# In labs 1 to 3 you kept w and b in your own tensors. PyTorch has building blocks for this. A
# **module** (class `nn.Module`) is an object that holds parameters and can be called like a
# function. `nn.Linear(1, 1)` is the module with one input and one output,
#
# $$\hat y = w\,x + b,$$
#
# with `weight` for w and `bias` for b. `nn.Sequential(...)` calls several modules in a row; ours
# holds a single one for now. `nn.MSELoss()` is the mean squared error that you know, again as an
# object that you call.

# %% tags=["taught"]
torch.manual_seed(0)
model = nn.Sequential(nn.Linear(1, 1))
criterion = nn.MSELoss()

print(model)
for name, parameter in model.named_parameters():
    print(f"{name}: shape {tuple(parameter.shape)}, value {parameter.item():.3f}")
print(f"predictions have shape {tuple(model(X).shape)}, the loss is {criterion(model(X), Y):.1f}")
with torch.no_grad():
    several = model(torch.tensor([[0.0], [2.0], [4.0]]))  # one prediction for each row
print("predictions at x = 0, 2 and 4:", ", ".join(f"{value:.2f}" for value in several.flatten()))

# %% [markdown]
# A fresh `nn.Linear` starts at random parameters. For comparisons we will set w = 0 and b = 0,
# so that every run starts at the same place.
#
# A module has two modes. `model.train()` says that training is going on, `model.eval()` that the model is
# used or measured. A linear layer does the same in both. Others do not: a **dropout** layer, which guards large
# networks against learning the noise, sets some of its inputs to zero at random while training (and enlarges
# the others, so that their mean stays the same on average) and none afterwards.

# %%
torch.manual_seed(0)
dropout = nn.Dropout(0.5)
ones = torch.ones(1, 8)
dropout.train()
print("while training:", dropout(ones).tolist())
dropout.eval()
print("when used:     ", dropout(ones).tolist())

# %% [markdown]
# So a program calls `model.train()` before its training loop and `model.eval()` before it measures or
# predicts. It costs nothing, and the program stays right on the day its model gets such a layer.
#
# For a line we can also compute the end of the journey. The parameters with the smallest mean
# squared error, the **least-squares** solution, follow from a formula; scikit-learn's
# `LinearRegression` evaluates it. Whatever a training loop does, its loss on these points cannot get below
# the loss there.
#
# **Predict.** The noise has variance 1. Roughly how large is the mean squared error of the best
# line?

# %%
guess_least_loss = None  # a number

# %%
least_squares = LinearRegression().fit(dataset.x.numpy(), dataset.y.numpy())
w_best, b_best = least_squares.coef_.item(), least_squares.intercept_.item()

surface = LossSurface(X, Y)  # as in lab 1: the loss at every (w, b), by a formula
print(f"scikit-learn: w = {w_best:.3f}, b = {b_best:.3f}")
print(f"smallest loss: {surface.minimum_loss:.3f}")
compare("lab04-least-loss", guess_least_loss)
### BEGIN AUTHOR
assert np.allclose(surface.minimum, (w_best, b_best), atol=1e-3)
assert abs(labhelpers.prediction.answer_to("lab04-least-loss") - surface.minimum_loss) < 1e-3
### END AUTHOR

# %% [markdown]
# The line that fits best has w = 1.973 and b = 5.040. Its loss, 1.006, is nearly the variance of
# the noise: the line has explained all that a line can explain. In the figure, check that the
# points scatter evenly about it, and compare it with the true line.

# %%
plot_fit(dataset, (w_best, b_best), labels=["least squares"], roles=["minimum"], show_truth=True)

# %% [markdown]
# ## 3. The general model
#
# With several inputs x₁, …, xₙ the model has one weight for each, and the intercept is often called β:
#
# $$\hat y = \beta + w_1 x_1 + \dots + w_n x_n .$$
#
# The rule of gradient descent is the same for every parameter. With α for the rate, as many books write,
#
# $$w_j \leftarrow w_j - \alpha\,\frac{\partial L}{\partial w_j},$$
#
# $$\frac{\partial L}{\partial w_j} = \frac2N \sum_{i=1}^{N} (\hat y_i - y_i)\,x_{ij} .$$
#
# The intercept needs no rule of its own: it is the weight of an input that is **always 1**. Put a column
# of ones beside the inputs, and a layer with two inputs and `bias=False` is the same line.

# %%
design = torch.cat([torch.ones_like(X), X], dim=1)  # shape (1000, 2): a column of ones, then x
with_ones = nn.Linear(2, 1, bias=False)
with_bias = nn.Linear(1, 1)
with torch.no_grad():
    with_ones.weight.copy_(torch.tensor([[3.0, 0.5]]))  # β, then w
    with_bias.weight.fill_(0.5)
    with_bias.bias.fill_(3.0)

criterion(with_ones(design), Y).backward()
criterion(with_bias(X), Y).backward()
print("the same predictions:", torch.allclose(with_ones(design), with_bias(X)))
by_ones = with_ones.weight.grad.flatten().tolist()
by_bias = with_bias.bias.grad.item(), with_bias.weight.grad.item()
show_table(
    {"gradient": "", "intercept": ".3f", "slope": ".3f"},
    [("column of ones", *by_ones), ("bias and weight", *by_bias)],
)
### BEGIN AUTHOR
assert torch.allclose(with_ones(design), with_bias(X))
assert torch.allclose(with_ones.weight.grad[0, 0], with_bias.bias.grad[0], rtol=1e-4)
### END AUTHOR

# %% [markdown]
# A table of inputs with one row for each sample and one column for each parameter is called a **design
# matrix**. Least squares is computed from it and the targets.
#
# **Why the square?** Suppose the noise is normal with standard deviation s. Then the probability
# density of a measured y, if the line were the truth, is proportional to exp(−(y − ŷ)²/(2s²)). If the noise of
# one point is independent of that of another, the densities of all points multiply, and the logarithm of
# their product is a constant minus the sum of the (y − ŷ)²/(2s²). The line that makes the data **most likely**
# is therefore the line with the smallest sum of squares. With noise of another shape another loss would be
# the natural one.

# %% [markdown]
# ## 4. Standardised inputs
#
# How fast can gradient descent be on these data? Look at the loss surface.

# %%
small, large = surface.eigenvalues
print(f"curvatures {small:.3f} and {large:.2f}")
print(f"condition number {surface.condition_number:.1f}")
print(f"largest stable rate {surface.largest_stable_rate:.3f}")
### BEGIN AUTHOR
assert 30 < surface.condition_number < 42
### END AUTHOR

# %% [markdown]
# The condition number is 35.9; in lab 1 it was 3.0. The inputs lie around 2 instead of around 0,
# so a change of w can be nearly undone by a change of b. The valley is long and narrow. The rate
# must suit the steep walls, and along the shallow direction the steps are then tiny.
#
# The first remedy changes the data, not the method. **Standardise** the inputs: subtract their mean,
# and divide by their standard deviation,
#
# $$z = \frac{x - \bar x}{s_x}.$$
#
# Then z has mean 0 and mean square 1. The curvatures come from these two means alone (lab 1).
#
# **Predict.** What is the condition number with z in place of x?

# %%
guess_condition = None  # a number

# %%
mean, deviation = X.mean(), X.std(correction=0)  # correction=0: divide by N
Z = (X - mean) / deviation
surface_z = LossSurface(Z, Y)
print("curvatures with z:", surface_z.eigenvalues.round(3))
compare("lab04-condition", guess_condition)

theta = np.zeros(2)  # slope and intercept in z
theta = theta - 0.5 * surface_z.gradient(*theta)  # a single step at η = 0.5
print(f"loss after one step: {surface_z(*theta):.6f}")
print(f"least squares:       {surface.minimum_loss:.6f}")
slope = theta[0] / deviation.item()  # back to x: ŷ = θ₀(x − mean)/deviation + θ₁
intercept = theta[1] - slope * mean.item()
print(f"in terms of x: w = {slope:.3f}, b = {intercept:.3f}")
### BEGIN AUTHOR
assert np.allclose((slope, intercept), (w_best, b_best), atol=1e-3)
assert abs(labhelpers.prediction.answer_to("lab04-condition") - surface_z.condition_number) < 1e-5
### END AUTHOR

# %% [markdown]
# Both curvatures are 2: the valley has become a round bowl. In a round bowl the gradient points straight at the
# minimum, and at η = 0.5 the factor 1 − ηλ is 0 in every direction: **one** step is enough.
# With several inputs that depend on each other the bowl does not become quite round, but standardising
# removes the differences in scale. With real data it is a good first thing to do.
#
# ### Practice 1: fit any number of features (15 points)
#
# Write `fit_features(X, y, lr, epochs)`: batch gradient descent for the general model of section 3, on inputs
# that are standardised **inside** the function, each column by its own mean and standard deviation. It makes
# `epochs` updates, each with all the samples, at rate `lr`, on the mean squared error.
#
# It returns the coefficients β, w₁, …, wₙ that belong to the inputs **as they came**, the intercept
# first:
#
# $$\hat y = \beta + w_1 x_1 + \dots + w_n x_n .$$
#
# The check asks for one to four features whose sizes differ by factors up to 100,000. At its rates descent
# on the inputs as they are diverges. An answer is right when every coefficient is within 1 % of least squares.
#
# *Correct output:* `fit_features(X, Y, 0.3, 100)` gives 5.040 and 1.973, the line that you know. In other units,
# `fit_features(1000 * X, Y, 0.3, 100)` gives 5.040 and 0.001973.


# %% practice="lab04-features"
def fit_features(X, y, lr, epochs):
    """Fit a linear model with several features by gradient descent on standardised inputs.

    Parameters
    ----------
    X : Tensor, shape (N, n)
        Inputs, one column for each feature, each in units of its own.
    y : Tensor, shape (N, 1)
        Targets.
    lr : float
        Learning rate.
    epochs : int
        Updates, each with all the samples.

    Returns
    -------
    n + 1 numbers
        The intercept, then one coefficient for each column of X, in the units of X and y.
    """
    ### BEGIN SOLUTION
    center, spread = X.mean(dim=0), X.std(dim=0)
    columns = torch.cat([torch.ones(len(X), 1), (X - center) / spread], dim=1)
    theta = torch.zeros(columns.shape[1], 1)
    for epoch in range(epochs):
        theta = theta - lr * 2 / len(X) * columns.T @ (columns @ theta - y)
    in_x = theta[1:, 0] / spread  # θ(x − mean)/deviation = (θ/deviation)·x − (θ/deviation)·mean
    return [(theta[0, 0] - in_x @ center).item(), *in_x.tolist()]


for scale in (1, 1000):
    print([float(f"{value:.4g}") for value in fit_features(scale * X, Y, 0.3, 100)])

units = torch.tensor([1e-2, 1.0, 1e3])
three = units * (2 + torch.randn(200, 3, generator=torch.Generator().manual_seed(0)))
target = 7 + three @ (1 / units).view(-1, 1)
sklearn_fit = LinearRegression().fit(three.numpy(), target.numpy())
assert np.allclose(fit_features(three, target, 0.2, 300)[1:], sklearn_fit.coef_[0], rtol=0.01)
### END SOLUTION

# %% check="lab04-features" points=15
check("lab04-features")

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# Three parts: standardise, descend, go back. The middle one is a loop that you have written before; a column of ones
# beside the standardised columns spares you a rule for the intercept. Which shape must the predictions have?
# </details>
# <details><summary>Hint 2</summary>
#
# `X.mean(dim=0)` and `X.std(dim=0)` have one entry for each column. The column of ones stays as it is: its standard
# deviation is 0.
# </details>
# <details><summary>Hint 3</summary>
#
# The way back: the model says ŷ = θ₀ + θ₁(x₁ − mean₁)/deviation₁ + … Multiply it out. What stands before x₁, and
# what stands without any x? For one feature the cell above does the same.
# </details>

# %% [markdown]
# The rest of the lab keeps x as it is, because a narrow valley shows best what the next two methods do.
# Networks have such valleys too, and there no simple change of the inputs removes them.
#
# ## 5. Momentum
#
# **Momentum** keeps a velocity v. Each step adds the new gradient g to a faded copy of the old
# velocity:
#
# $$v \leftarrow \mu\,v + g, \qquad \theta \leftarrow \theta - \eta\,v,$$
#
# where θ stands for any parameter and 0 ≤ μ < 1. Where the steps leap across the valley, the gradients change
# sign and partly cancel; along it they agree and add up. A gradient that stays the same drives steps up to
# 1/(1 − μ) times as long: ten times for μ = 0.9.
#
# In PyTorch the object that makes the steps is called an **optimizer**. `torch.optim.SGD` is
# plain gradient descent, with momentum if you ask for it. `optimizer.step()` replaces your update
# lines and `optimizer.zero_grad()` your two `grad.zero_()`.
#
# **Predict.** At η = 0.1, plain descent from (0, 0) comes within 0.001 of the least-squares loss,
# and stays there, after 118 steps. Which momentum is the fastest: 0, 0.7 or 0.9?

# %%
guess_momentum = None  # 0, 0.7 or 0.9


# %% tags=["taught"]
def set_start(model, w, b):
    """Give the one linear layer of a model the parameters w and b."""
    nn.init.constant_(model[0].weight, w)
    nn.init.constant_(model[0].bias, b)


def steps_needed(history):
    """Steps after which the loss is within 0.001 of least squares for good."""
    return int(np.flatnonzero(history.excess > 1e-3)[-1]) + 1


def descend(momentum, lr=0.1, steps=150):
    """Batch gradient descent with momentum from (0, 0); returns its History."""
    model = nn.Sequential(nn.Linear(1, 1))
    set_start(model, 0, 0)
    optimizer = torch.optim.SGD(model.parameters(), lr=lr, momentum=momentum)
    history = History(surface, start=(0, 0), lr=lr, label=f"momentum {momentum}")
    for step in range(steps):
        loss = criterion(model(X), Y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        history.step(model[0].weight, model[0].bias)
    return history


momentum_runs = {momentum: descend(momentum) for momentum in (0, 0.7, 0.9)}
for run in momentum_runs.values():
    print(f"{run.label:12}  {steps_needed(run):3d} steps, loss at the end {run.loss[-1]:.4f}")

fastest = min(momentum_runs, key=lambda momentum: steps_needed(momentum_runs[momentum]))
compare("lab04-momentum", guess_momentum)
### BEGIN AUTHOR
assert steps_needed(momentum_runs[0]) == 118
assert all(run.excess[-1] < 1e-3 for run in momentum_runs.values())  # all three have converged
assert labhelpers.prediction.answer_to("lab04-momentum") == fastest
### END AUTHOR

# %% [markdown]
# Momentum 0.7 needs 33 steps. Momentum 0.9 needs 110, hardly fewer than plain descent. Two of the paths say
# why. Follow where each goes after it has reached the floor of the valley.

# %%
plot_contours(
    surface,
    momentum_runs[0],
    momentum_runs[0.9],
    w_range=(-1, 7.5),
    b_range=(-1, 7.5),
    directions=True,
)

# %% [markdown]
# Without momentum the path creeps along the floor, straight to the minimum. With 0.9 the run is like
# a heavy ball: it overshoots the minimum and swings back and forth. In between lies a best value. Find
# it yourself with the controls of the next figure: move the momentum, and watch the path and the
# loss.
#
# **Predict.** At η = 0.15, where is the best momentum?
#
# - (a) below 0.3
# - (b) between 0.5 and 0.7
# - (c) above 0.8

# %%
guess_best_momentum = None  # "a", "b" or "c"

# %%
DescentExplorer(
    dataset,
    start=(0, 0),
    lr=0.15,
    momentum=0.0,
    steps=60,
    hide=("batch_size", "shuffle", "seed", "optimizer"),
    task="Leave η at 0.15. Find the momentum that reaches the minimum in the fewest steps.",
)

# %%
needed = {m: steps_needed(descend(m, lr=0.15)) for m in (0, 0.3, 0.5, 0.6, 0.7, 0.9)}
print("momentum: steps until within 0.001 for good")
for momentum, steps in needed.items():
    print(f"{momentum:8}: {steps}")
compare("lab04-best-momentum", guess_best_momentum)
### BEGIN AUTHOR
assert min(needed, key=needed.get) == 0.6 and needed[0.9] > needed[0] > 2 * needed[0.6]
assert max(needed.values()) < 150  # all have converged
assert labhelpers.prediction.answer_to("lab04-best-momentum") == "b"
### END AUTHOR

# %% [markdown]
# The best of these six is 0.6: 25 steps, against 78 without momentum and 112 with 0.9.
#
# One more question for the figure. Set the momentum to 0.9 and look at the loss. Does it fall at
# every step? Has the run diverged?
#
# <details><summary>Answer</summary>
#
# It rises for some steps, falls again, rises less, and so on: the run converges, in swings. A
# heavy ball also rolls uphill for a while. So with momentum a loss that rises for a few steps is
# no sign of divergence; one whose peaks grow is.
# </details>

# %% [markdown]
# ## 6. Adam
#
# Momentum adds up past gradients. **Adam** averages them, and also asks how large they
# usually are. For each parameter it keeps two running means, of the gradient g and of its square
# (all at step k = 1, 2, 3, …):
#
# $$m \leftarrow \beta_1 m + (1-\beta_1)\,g,$$
#
# $$s \leftarrow \beta_2 s + (1-\beta_2)\,g^2 .$$
#
# Both start at 0, so at first they are too small; the **bias correction** divides that out. The
# step then divides the mean gradient by the typical size of the gradient:
#
# $$\hat m = \frac{m}{1-\beta_1^k}, \qquad \hat s = \frac{s}{1-\beta_2^k},$$
#
# $$\theta \leftarrow \theta - \eta\,\frac{\hat m}{\sqrt{\hat s} + \delta} .$$
#
# Usual values are β₁ = 0.9, β₂ = 0.999 and δ = 10⁻⁸, which only prevents a division by zero.
# (PyTorch's name for δ is `eps`.)
#
# **Predict.** At (0, 0) the derivatives are about −40 for w and −18 for b. The rate is 0.1. How far
# does w move in the first step of Adam:
#
# - (a) 4
# - (b) 1
# - (c) 0.1?

# %%
guess_first_step = None  # "a", "b" or "c"


# %% tags=["taught"]
def adam_by_hand(lr, steps, beta1=0.9, beta2=0.999, delta=1e-8):
    """Adam on all points from (0, 0); returns w and b after each step, shape (steps, 2)."""
    theta = torch.zeros(2, requires_grad=True)  # w and b
    m = torch.zeros(2)
    s = torch.zeros(2)
    path = []
    for k in range(1, steps + 1):
        loss = criterion(theta[0] * X + theta[1], Y)
        (g,) = torch.autograd.grad(loss, theta)  # the gradient, without storing it in .grad
        m = beta1 * m + (1 - beta1) * g
        s = beta2 * s + (1 - beta2) * g**2
        m_hat = m / (1 - beta1**k)
        s_hat = s / (1 - beta2**k)
        with torch.no_grad():
            theta -= lr * m_hat / (s_hat.sqrt() + delta)
        path.append(theta.tolist())
    return np.array(path)


def adam_by_torch(lr, steps):
    """The same with torch.optim.Adam."""
    model = nn.Sequential(nn.Linear(1, 1))
    set_start(model, 0, 0)
    optimizer = torch.optim.Adam(model.parameters(), lr=lr)
    path = []
    for step in range(steps):
        loss = criterion(model(X), Y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        path.append([model[0].weight.item(), model[0].bias.item()])
    return np.array(path)


by_hand, by_torch = adam_by_hand(lr=0.1, steps=100), adam_by_torch(lr=0.1, steps=100)
print("gradient at (0, 0):", surface.gradient(0, 0).round(1))
print("(w, b) after steps 1, 2, 3:", by_hand[:3].round(3).tolist())
print(f"largest difference in 100 steps: {np.abs(by_hand - by_torch).max():.4f}")
compare("lab04-first-step", guess_first_step)

m = s = 0.0  # one parameter whose gradients are small for long and then, once, large
for k, g in enumerate([0.001] * 2000 + [1.0], start=1):
    m, s = 0.9 * m + 0.1 * g, 0.999 * s + 0.001 * g**2
step = (m / (1 - 0.9**k)) / (math.sqrt(s / (1 - 0.999**k)) + 1e-8)
print(f"step after a sudden large gradient: {step:.1f} times the rate")
### BEGIN AUTHOR
assert np.allclose(by_hand, by_torch, atol=1e-3) and np.allclose(by_hand[0], 0.1, atol=1e-4)
assert 0.1 < surface(*by_hand[-1]) - surface.minimum_loss < 1  # on its way, not converged yet
assert labhelpers.prediction.answer_to("lab04-first-step") == "c"
### END AUTHOR

# %% [markdown]
# Both parameters move by 0.1, the learning rate, whatever the gradient: in the first step m̂ = g
# and √ŝ = |g|, so their quotient is +1 or −1. Later the quotient is mostly between −1 and 1. It is no strict
# bound: one large gradient after many small ones makes a step of about 3 times the rate. But as a rule of thumb:
#
# > **Adam usually moves each parameter by at most about η per step.**
#
# For plain descent a suitable rate depends on the data (2/λ₂). For Adam it depends on **how far**
# the parameters have to travel and how exactly they should arrive: it takes at least
# about the distance divided by η updates to get near, and often several times as many to arrive exactly.
#
# The three methods side by side at rate 0.1: 150 steps of plain descent and of momentum 0.7, and 100 of Adam.
# Look at the first step of each: which of them does not point across the contours?

# %%
adam_run = History(surface, start=(0, 0), lr=0.1, label="Adam")
for w, b in by_torch:
    adam_run.step(w, b)
plot_contours(
    surface, momentum_runs[0], momentum_runs[0.7], adam_run, w_range=(-1, 7.5), b_range=(-1, 7.5)
)

# %% [markdown]
# Adam begins diagonally: w and b move by the same 0.1 although their derivatives differ by more than a factor
# of two. It does not follow the steepest slope, and so does not rush to the far wall. It pays for that with
# short steps.
#
# ## 7. Three batch sizes
#
# Now all pieces together: `DataLoader` shuffles the points and deals them out in batches, the
# module predicts, the loss measures, Adam steps. The function takes a list of rates, one for each
# epoch, since section 8 will change the rate on the way.

# %% tags=["taught"]
points = TensorDataset(X, Y)  # item i is the pair (X[i], Y[i])


def run_adam(batch_size, rates, label, start=(0, 0)):
    """Train a line with Adam for one epoch per entry of `rates`; returns the model's History."""
    torch.manual_seed(0)  # the same shuffles every time
    loader = DataLoader(points, batch_size=batch_size, shuffle=True)
    if batch_size >= len(points):
        loader = [(X, Y)]  # all the points at once: nothing to deal out
    model = nn.Sequential(nn.Linear(1, 1))
    set_start(model, *start)
    weight, bias = model[0].weight, model[0].bias
    optimizer = torch.optim.Adam(model.parameters(), lr=rates[0])
    history = History(surface, start, lr=rates[0], batch_size=batch_size, label=label)
    for rate in rates:
        optimizer.param_groups[0]["lr"] = rate  # where the optimizer keeps its rate
        for x, y in loader:
            loss = criterion(model(x), y)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            history.step(weight, bias, batch_loss=loss)
    return history


def distances(history):
    """The larger distance of w and b from least squares, at every point of a run."""
    return np.maximum(abs(history.w - w_best), abs(history.b - b_best))


# %% [markdown]
# All three runs have the rate 0.1. Batch training makes 1 update in an epoch, mini-batches of 32
# make 32, single samples make 1000.
#
# **Predict.** How many **updates** does each need until both w and b are within 0.05 of least
# squares for the first time? Batch training needs 481. What about single samples?
#
# - (a) about as many
# - (b) ten times as many
# - (c) 1000 times as many

# %%
guess_updates = None  # "a", "b" or "c"

# %%
batch = run_adam(1000, rates=[0.1] * 550, label="batch")
mini = run_adam(32, rates=[0.1] * 18, label="mini-batch 32")
single = run_adam(1, rates=[0.1] * 3, label="one sample")

rows = []
for run in (batch, mini, single):
    first = int(np.flatnonzero(distances(run) < 0.05)[0])
    seen = first * (run.batch_size or len(X))
    rows.append((run.label, run.epochs, run.steps, first, seen))
show_table(
    {
        "run": "",
        "epochs": "d",
        "updates": "d",
        "first within 0.05: update": "d",
        "samples seen": ",",
    },
    rows,
)
compare("lab04-updates", guess_updates)
### BEGIN AUTHOR
assert distances(batch)[-1] < 0.05  # converged
assert distances(mini)[-50:].max() > 0.05  # not converged: it still moves about
assert distances(single)[-50:].max() > 0.05  # nor has this one
assert all((distances(run) < 0.05).any() for run in (batch, mini, single))
assert labhelpers.prediction.answer_to("lab04-updates") == "a"
### END AUTHOR

# %% [markdown]
# These are three single runs. The next cell repeats the two that shuffle with 20 shuffles each, all at once.


# %%
def many_adams(batch_size, updates, lr=0.1, start=(0, 0), runs=20):
    """Distances from least squares of many shuffled runs of Adam, shape (updates, runs)."""
    x, y = X.numpy().ravel().astype(float), Y.numpy().ravel().astype(float)
    rng = np.random.default_rng(0)
    rates = np.broadcast_to(lr, updates)  # one rate for all updates, or one for each
    theta = np.tile(np.array(start, dtype=float)[:, None], runs)  # w and b of all runs
    m, s = np.zeros_like(theta), np.zeros_like(theta)
    away = []
    while len(away) < updates:
        orders = rng.permuted(np.tile(np.arange(1000), (runs, 1)), axis=1)  # one row for each run
        for first in range(0, 1000, batch_size):
            i = orders[:, first : first + batch_size]
            r = theta[0][:, None] * x[i] + theta[1][:, None] - y[i]
            g = np.array([2 * (r * x[i]).mean(axis=1), 2 * r.mean(axis=1)])
            k = len(away) + 1
            if k > updates:
                break
            m, s = 0.9 * m + 0.1 * g, 0.999 * s + 0.001 * g**2
            step = (m / (1 - 0.9**k)) / (np.sqrt(s / (1 - 0.999**k)) + 1e-8)
            theta = theta - rates[k - 1] * step
            away.append(np.maximum(abs(theta[0] - w_best), abs(theta[1] - b_best)))
    return np.array(away)


rows = []
for batch_size in (1, 32):
    arrivals = np.argmax(many_adams(batch_size, 1000) < 0.05, axis=0) + 1
    rows.append((f"batches of {batch_size}", arrivals.min(), np.median(arrivals), arrivals.max()))
print("updates until first within 0.05:")
show_table({"20 shuffles": "", "least": "d", "median": ".0f", "most": "d"}, rows)
### BEGIN AUTHOR
assert 440 < np.median(arrivals) < 520
### END AUTHOR

# %% [markdown]
# All need about 500 updates, single samples between 378 and 636, depending on the shuffle. Yet the batch run read every
# point 481 times, and a one-sample run got there before it had gone through the data once. **Updates** move
# the parameters; the **samples seen** are what the updates cost.
#
# The same runs as curves. First at equal **epochs**: the loss on all points after 0, 1, 2 and 3
# passes through the data. Which run would you call the worst?

# %%
plot_losses(
    *(run.loss[run.epoch_starts][:4] for run in (batch, mini, single)),
    labels=[run.label for run in (batch, mini, single)],
    by="epoch",
    scale="log",
    reference=surface.minimum_loss,
)

# %% [markdown]
# After three epochs batch training has made three updates and has hardly left its start. That says little
# about the method: it had 3 steps, the others had 96 and 3,000. Now at equal **updates**, the first 550 of
# each.

# %%
plot_losses(
    *(run.loss[:551] for run in (batch, mini, single)),
    labels=[run.label for run in (batch, mini, single)],
    by="update",
    scale="log",
    reference=surface.minimum_loss,
)

# %% [markdown]
# Update for update the three fall alike, and the smaller the batch, the rougher the curve (Lab 2,
# section 5, said why both figures are needed).
#
# **What does an update cost in time?** The next cell measures it: an update with one sample, with 1000, and
# with a million. If your machine has a graphics card that PyTorch can use (`cuda`, or `mps` on a Mac), it measures
# that one too.

# %%
places = ["cpu"]
places += ["cuda"] if torch.cuda.is_available() else []
places += ["mps"] if torch.backends.mps.is_available() else []


def milliseconds(place, samples, updates=20):
    """Time of one update of a line with Adam on so many samples, the shortest of three."""
    line = nn.Linear(1, 1).to(place)
    optimizer = torch.optim.Adam(line.parameters(), lr=0.1)
    x = torch.ones(samples, 1, device=place)  # .to and device= choose where the arithmetic is done
    times = []
    for _ in range(3):
        started = time.perf_counter()
        for _ in range(updates):
            loss = criterion(line(x), x)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        line.weight.sum().item()  # wait until the place has really finished
        times.append(1000 * (time.perf_counter() - started) / updates)
    return min(times)


times = {(place, n): milliseconds(place, n) for place in places for n in (1, 1000)}
times |= {(place, 10**6): milliseconds(place, 10**6, updates=2) for place in places}
print("On the CPU, an update with 1000 samples takes less than 5 times as long as one with a")
print("single sample:", times["cpu", 1000] < 5 * times["cpu", 1])
print("one with a million takes more than 5 times as long as one with 1000:", end=" ")
print(times["cpu", 10**6] > 5 * times["cpu", 1000])
print("The times themselves, in milliseconds, are in `times`.")

# %% [markdown]
# With one sample nearly all of the time goes into the steps **around** the arithmetic, so a thousand samples
# cost far less than a thousand times as much. That is the practical reason for mini-batches. An
# **accelerator** such as a graphics card computes thousands of numbers at once, but to start each operation
# costs it more than it costs the CPU. So it pays from the size on at which the arithmetic outweighs the
# starting: large batches, or wide layers. With 1000 points and two parameters there is little arithmetic, so
# this lab stays on the CPU. If you have an accelerator, look at `times`: from which size on does it win?
#
# The loader has a cost of its own: it fetches the samples one by one and stacks them, for a batch of
# 1000 a thousand times. That is why `run_adam` bypasses it when one batch holds all the points.
# Tensors that fit into memory can be indexed directly. `DataLoader` pays when samples come from files.
#
# ### Practice 2: a training loop (20 points)
#
# Write `train(model, loader, epochs, lr)`: it trains **any** model with Adam on the mean squared
# error and returns a list with one loss per epoch, the mean over that epoch's **samples** of the
# loss before each update:
#
# $$\bar L_e = \frac{1}{N} \sum_{B} n_B \, L_B ,$$
#
# where the sum runs over the epoch's batches, $L_B$ is the loss of a batch before its update,
# $n_B$ its number of samples and N the sum of all $n_B$. The last batch can be smaller than the
# others: 1000 = 31 · 32 + 8.
#
# *Correct output:* with a fresh `nn.Linear(1, 1)`, a shuffled loader of batch size 32, 30 epochs
# and rate 0.1, the list has 30 numbers. The first is larger than 5, the last lies between 0.9 and
# 1.2, and the model's w and b end near 1.97 and 5.04.


# %% practice="lab04-train"
def train(model, loader, epochs, lr):
    """Train a model with Adam on the mean squared error.

    Parameters
    ----------
    model : nn.Module
        Called with a tensor of shape (n, n_inputs). It is changed in place, and ends where the
        last update leaves it.
    loader : DataLoader
        Gives pairs (x, y) of tensors, x of shape (n, n_inputs) and y of
        shape (n, n_outputs). The last n may be smaller.
    epochs : int
        Passes over the loader.
    lr : float
        Learning rate.

    Returns
    -------
    list of float, length `epochs`
        Mean loss per sample of each epoch, each batch's loss taken before its update.
    """
    ### BEGIN SOLUTION
    criterion = nn.MSELoss()
    optimizer = torch.optim.Adam(model.parameters(), lr=lr)
    losses = []
    for epoch in range(epochs):
        total, count = 0.0, 0
        for x, y in loader:
            loss = criterion(model(x), y)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            total += len(x) * loss.item()
            count += len(x)
        losses.append(total / count)
    return losses


torch.manual_seed(1)
trained = nn.Linear(1, 1)
losses = train(trained, DataLoader(points, batch_size=32, shuffle=True), epochs=30, lr=0.1)
assert len(losses) == 30 and losses[0] > 5 and 0.9 < losses[-1] < 1.2
assert abs(trained.weight.item() - w_best) < 0.2  # converged up to the hovering of section 8
assert abs(trained.bias.item() - b_best) < 0.2
### END SOLUTION

# %% check="lab04-train" points=20
check("lab04-train")

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# `run_adam` has the loop you need. Leave out what is about the figures, and create the optimizer
# once, before the epochs: its running means belong to the whole run.
# </details>
# <details><summary>Hint 2</summary>
#
# A batch's loss is a mean over its samples. Times the number of samples, `len(x)`, it is a sum;
# add these sums up over the epoch and divide once by the number of samples.
# </details>
# <details><summary>Hint 3</summary>
#
# Per epoch: `total = 0.0` and `count = 0`; per batch: the loss, the three optimizer lines, then
# add `len(x) * loss.item()` to `total` and `len(x)` to `count`; after the batches append their
# quotient.
# </details>

# %% [markdown]
# ## 8. Which rate, how many updates
#
# Published versions of this experiment train at rate 0.001, from PyTorch's own random start, for
# 4,500 epochs (batch), 300 epochs (mini-batch 32) and 500 epochs (one sample). Are these numbers
# needed? Count updates, and use the rule of thumb from section 6: in K updates a parameter
# usually travels at most about η·K.

# %%
torch.manual_seed(0)
model = nn.Sequential(nn.Linear(1, 1))  # this time it keeps its random start
b_start = model[0].bias.item()
print(f"b starts at {b_start:.2f} and has to travel {b_best - b_start:.2f}")

rows = []
for name, epochs, batch_size in (
    ("batch", 4500, 1000),
    ("mini-batch 32", 300, 32),
    ("one sample", 500, 1),
):
    updates_per_epoch = math.ceil(len(X) / batch_size)
    updates = epochs * updates_per_epoch
    rows.append((name, epochs, updates_per_epoch, updates, 0.001 * updates))
show_table(
    {
        "method": "",
        "epochs": ",",
        "updates per epoch": ",",
        "updates": ",",
        "rate · updates at rate 0.001": ".1f",
    },
    rows,
)
### BEGIN AUTHOR
assert 300 * math.ceil(len(X) / 32) == 9600 and abs(b_best - b_start - 4.5) < 0.01
### END AUTHOR

# %% [markdown]
# So the three runs differ by far more than their batches: they make 4,500, 9,600 and 500,000
# updates. The first can travel 4.5, just what b needs, if every single step goes at full speed in the right
# direction. The second has a reserve of a factor 2. The third could go the distance a hundred times.
#
# **Predict.** Where does b end after the 4,500 batch updates? Its goal is 5.04.

# %%
guess_b = None  # a number

# %% tags=["taught"]
weight, bias = model[0].weight, model[0].bias
slow = History(surface, start=(weight, bias), lr=0.001, label="batch, rate 0.001")
optimizer = torch.optim.Adam(model.parameters(), lr=0.001)
for epoch in range(4500):
    loss = criterion(model(X), Y)  # one batch holds all the points, so no loader is needed
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    slow.step(weight, bias)

longest = max(np.abs(np.diff(slow.w)).max(), np.abs(np.diff(slow.b)).max())
print(f"after 4,500 updates: w = {slow.w[-1]:.2f}, b = {slow.b[-1]:.2f}, loss {slow.loss[-1]:.2f}")
mean_step = np.abs(np.diff(slow.b)).mean()
print(f"longest step of a parameter: {longest / 0.001:.2f} times the rate")
print(f"mean step of b: {mean_step / 0.001:.2f} times the rate")
print(f"b is {b_best - slow.b[-1]:.2f} short of its goal")
compare("lab04-b", guess_b)
### BEGIN AUTHOR
assert distances(slow)[-1] > 1.5 and longest < 1.005 * 0.001  # far from converged
assert abs(labhelpers.prediction.answer_to("lab04-b") - slow.b[-1]) < 5e-3
### END AUTHOR

# %% [markdown]
# Here is the loss of these 4,500 epochs. Would you have said that the run has converged?

# %%
plot_losses(slow, by="epoch", scale="log", reference=surface.minimum_loss)

# %% [markdown]
# The curve bends and seems to level off, well above the dotted line. The run stops at w = 2.59 and b = 3.34,
# on the floor of the valley, with b 1.70 short of its goal. No step was longer than the rate (1.00 times, to
# two digits), and the mean step of b was 0.62 times the rate. At rate 0.1 the same method arrived after 481
# updates. The small rate is what made thousands of epochs necessary.
#
# Why not an even larger rate? Because of the **noise of small batches**. At the minimum the mean
# gradient of all points is zero, but the gradient of one batch is not. And Adam divides by the
# gradients' typical size, so its steps do not shrink with them: they remain a fraction of η, in
# changing directions.
#
# **Predict.** We start one-sample training **at** the least-squares line and run one epoch. At
# rate 0.1 the parameters stray. At 0.01, how many times closer do they stay?

# %%
guess_closer = None  # a number

# %%
strays = {
    rate: run_adam(1, rates=[rate], label=f"rate {rate}", start=(w_best, b_best))
    for rate in (0.1, 0.01)
}
typical = {rate: np.sqrt(np.mean(distances(run) ** 2)) for rate, run in strays.items()}
show_table({"rate": "", "typical distance from least squares": ".3f"}, typical.items())
many = {
    rate: np.sqrt((many_adams(1, 1000, rate, (w_best, b_best)) ** 2).mean(axis=0))
    for rate in typical
}
closer = many[0.1] / many[0.01]
print(f"20 shuffles: at 0.01 it stays {closer.min():.1f} to {closer.max():.1f} times")
print(f"closer, on average {closer.mean():.1f}")
compare("lab04-closer", guess_closer)
### BEGIN AUTHOR
assert typical[0.01] > 0.05  # neither converges
assert abs(labhelpers.prediction.answer_to("lab04-closer") - closer.mean()) < 0.05
### END AUTHOR

# %% [markdown]
# The next figure shows both paths around the minimum, where they began. Compare their extents.

# %%
plot_contours(surface, *strays.values(), w_range=(0.9, 3.1), b_range=(4.2, 6))

# %% [markdown]
# Neither run settles. At a constant rate, training on small batches **hovers** around the minimum,
# at a distance that falls with the rate; here a tenth of the rate keeps it about four times
# closer. So a large rate gets there fast and stays far from the minimum; a small one comes closer and takes long.
# The remedy is to have both, one after the other: begin with 0.1 and lower the rate.

# %%
mini_done = run_adam(32, rates=[0.1] * 18 + [0.01] * 6, label="mini-batch 32")
single_done = run_adam(1, rates=[0.1, 0.01, 0.001], label="one sample")

show_table(
    {"": "", "updates": ",", "w": ".3f", "b": ".3f", "distance": ".3f"},
    [
        (run.label, run.steps, run.w[-1], run.b[-1], distances(run)[-1])
        for run in (batch, mini_done, single_done)
    ],
)
rows = []
for name, batch_size, rates in (
    ("mini-batch 32", 32, np.repeat([0.1, 0.01], [18 * 32, 6 * 32])),
    ("one sample", 1, np.repeat([0.1, 0.01, 0.001], 1000)),
):
    ends = many_adams(batch_size, len(rates), rates)[-1]
    rows.append((name, (ends < 0.05).sum(), ends.max()))
show_table({"20 shuffles": "", "end within 0.05": "d", "farthest end": ".2f"}, rows)
### BEGIN AUTHOR
assert all(distances(run)[-1] < 0.05 for run in (batch, mini_done, single_done))
assert ends.max() < 0.2
### END AUTHOR

# %% [markdown]
# All three are now within 0.05 of least squares in each coefficient, after 550, 768 and 3,000
# updates instead of 4,500, 9,600 and 500,000. That is a matter of seconds. With batches of 32 every shuffle
# arrives. Single samples are noisier: at 0.01 they hover farther out, and some shuffles do not make up for that in
# one epoch at 0.001.
#
# ## 9. R²
#
# A loss of 1.006 is good or bad depending on how much y varies anyway. **R²** puts the two in
# relation:
#
# $$R^2 = 1 - \frac{\sum_n (y_n - \hat y_n)^2}{\sum_n (y_n - \bar y)^2} .$$
#
# The denominator belongs to the simplest model there is, the constant ȳ, the mean of y. R² = 1 means no error at
# all, 0 means no better than the constant, and a negative value means worse than it. Of all
# lines, least squares has the largest R² on the data it was fitted to.
#
# ### Spot the mistake: which model is best?
#
# A report rates three models with scikit-learn's `r2_score`. Its table ranks the slow batch run
# of section 8 first, ahead of least squares itself, and its author concludes that "batch training
# over-fits" (follows the noise of these points instead of the rule). Run the cell. Which of the
# two columns cannot be right, and which line of code is the reason? (`help(r2_score)` shows what
# it expects.)

# %%
models = {
    "batch, 4,500 at 0.001": (slow.w[-1], slow.b[-1]),
    "mini-batch 32": (mini_done.w[-1], mini_done.b[-1]),
    "one sample": (single_done.w[-1], single_done.b[-1]),
    "least squares": (w_best, b_best),
}

y_numpy = dataset.y.numpy()
reported, rows = {}, []
for name, (w, b) in models.items():
    prediction = w * dataset.x.numpy() + b
    reported[name] = r2_score(prediction, y_numpy)
    rows.append((name, surface(w, b), reported[name]))
show_table({"model": "", "loss": ".3f", "R² as reported": ".3f"}, rows)
### BEGIN AUTHOR
assert max(reported, key=reported.get) == "batch, 4,500 at 0.001"
### END AUTHOR

# %% [markdown]
# <details><summary>Answer</summary>
#
# The model with the **largest loss** has the largest "R²", and least squares, which no line can
# beat on these data, is not first. The reported column is wrong: the arguments are **swapped**.
# It is `r2_score(y_true, y_pred)`. With the prediction first, the error is compared with the
# variation of the *prediction* instead of the data. A line that is too steep varies more, so it
# is rewarded for being wrong. And over-fitting was never an explanation: a line that has not
# reached least squares fits these data **less** than it could.
# </details>

# %%
correct = {}
for name, (w, b) in models.items():
    correct[name] = r2_score(y_numpy, w * dataset.x.numpy() + b)
show_table({"model": "", "R²": ".3f"}, correct.items())
### BEGIN AUTHOR
assert max(correct, key=correct.get) == "least squares"
assert min(correct, key=correct.get) == "batch, 4,500 at 0.001"
assert correct["least squares"] - correct["mini-batch 32"] < 0.001  # converged
assert correct["least squares"] - correct["one sample"] < 0.001  # converged
### END AUTHOR

# %% [markdown]
# The right way round, the slow batch run is the worst, and the two converged runs equal least squares in the
# three digits printed. R² near 0.79 is as good as it gets here: of the variance of y, about 4 comes from 2·x
# and 1 is noise, and 4/5 is 0.8.
#
# ### Practice 3: R² (10 points)
#
# Write `r_squared(y_true, y_pred)` by the formula above. It returns a `float`.
#
# *Correct output:* `r_squared(Y, w_best * X + b_best)` is 0.787, and `r_squared(Y, Y)` is 1. With
# the arguments of the first call exchanged the value is 0.730.


# %% practice="lab04-r-squared"
def r_squared(y_true, y_pred):
    """Share of the variation of `y_true` that `y_pred` explains.

    Parameters
    ----------
    y_true, y_pred : Tensor, shape (N, 1)
        Targets and predictions, in the same units.

    Returns
    -------
    float
        1 without any error, 0 for the constant mean of `y_true`, below 0 for worse.
    """
    ### BEGIN SOLUTION
    residual = ((y_true - y_pred) ** 2).sum()
    variation = ((y_true - y_true.mean()) ** 2).sum()
    return float(1 - residual / variation)


best = w_best * X + b_best
assert abs(r_squared(Y, best) - correct["least squares"]) < 1e-4
assert r_squared(Y, Y) == 1 and r_squared(best, Y) < r_squared(Y, best)
### END SOLUTION

# %% check="lab04-r-squared" points=10
check("lab04-r-squared")

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# Two sums: the squared residuals, and the squared distances of `y_true` from its own mean.
# </details>
# <details><summary>Hint 2</summary>
#
# `y_true.mean()` is a mean over all entries. `float(...)` turns a tensor with one number into a
# float.
# </details>

# %% [markdown]
# ## 10. Wrap-up
#
# - A module holds parameters, an optimizer steps them: `zero_grad()`, `backward()`, `step()`.
# - Standardise the inputs before anything else. Momentum and Adam help where a valley stays narrow.
# - Adam usually moves each parameter by at most about η per step: it needs at least about the
#   distance divided by η updates, and often several times as many.
# - Compare methods at equal updates as well as at equal epochs, and state how far from least
#   squares a run ended.
# - At a constant rate, small batches hover around the minimum; lower the rate to arrive.
# - R² is `r2_score(y_true, y_pred)`, in this order.
#
# ### Quiz
#
# **1.** With Adam at η = 0.01 a parameter has to travel from 0 to 30. About how many updates
# does that take at least?
#
# - (a) 30.
# - (b) 300.
# - (c) 3,000.
# - (d) It depends on the gradient.
#
# <details><summary>Answer</summary>
#
# **(c).** Usually at most about 0.01 per update, so at least about 30/0.01 = 3,000. (a) would hold for η = 1, (b) for
# 0.1. (d) is true of plain gradient descent; Adam divides the gradient by its typical size.
# </details>
#
# **2.** One-sample Adam at a constant rate reached a loss near the minimum, and now the loss on all
# points goes up and down. What is going on?
#
# - (a) The run has diverged.
# - (b) The rate is too small.
# - (c) The gradient of a single sample is not zero at the minimum, so the parameters keep moving.
# - (d) The loader shuffles wrongly.
#
# <details><summary>Answer</summary>
#
# **(c).** It hovers; a lower rate at the end lets it settle. (a) A diverging loss grows without
# bound. (b) A smaller rate would make it hover closer. (d) Shuffling is needed; with all points
# in every batch the hovering would vanish, shuffled or not.
# </details>
#
# **3.** A colleague reports R² = 0.9 for a line on these 1000 points. What do you think?
#
# - (a) A good optimizer.
# - (b) Something is wrong: on these points no line exceeds 0.787.
# - (c) Their training loss must be about 0.1.
#
# <details><summary>Answer</summary>
#
# **(b).** Least squares has the largest R² of all lines. Ask about the order of the arguments
# first, then about the data. (a) No optimizer gets past the optimum. (c) R² is not one minus the
# loss: the residuals are divided by the variation of y, which is not 1 here.
# </details>

# %% [markdown]
# **Next:** [Lab 5](lab05_implement_gradient_descent.ipynb) is the graded assignment: you write
# batch and mini-batch gradient descent on your own.
