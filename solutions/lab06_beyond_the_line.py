# %% [markdown]
# # Lab 6 · Beyond the line
#
# After this lab you can send a gradient back through a network by hand, say why a deep network stands
# still and make it train, and judge honestly whether it beats a line on real data.
#
# **You will**
#
# - **derive** the gradient of a hidden unit and check it by finite differences,
# - **decide** where a hidden layer helps and where it does not,
# - **explain** a plateau by what each layer lets through, and **repair** the network,
# - **compare** a network with least squares on measured data.
#
# | section | minutes |
# |---|---|
# | 1. One hidden unit | 25 |
# | 2. A hidden layer, and a curve | 27 |
# | 3. Two networks as they are published | 9 |
# | 4. What repairs the deep one | 25 |
# | 5. Data that nobody made | 10 |
# | 6. Wrap-up and quiz | 4 |
#
# **Before you start:** [Lab 1](lab01_two_parameter_training.ipynb) (the bowl, finite differences) and
# [Lab 4](lab04_linear_with_adam.ipynb) (modules, Adam, R², standardised inputs).

# %% tags=["taught"]
import copy
import math

import numpy as np
import torch
from sklearn.datasets import load_diabetes
from sklearn.linear_model import LinearRegression
from torch import nn

import labhelpers
from labhelpers import LossSurface, check, compare, show_table
from labhelpers.figures import plot_curve_fits, plot_losses

torch.set_num_threads(1)  # tensors this small gain nothing from a second core
criterion = nn.MSELoss()
print("The set-up is fine.")

# %% [markdown]
# ## 1. One hidden unit
#
# The loss of a line is a **bowl**: it has one minimum, and downhill leads there from everywhere. In
# this lab the model is no longer a line but a **network**. The smallest one has a single **hidden
# unit**: the value z of a first line goes into a function that bends, and the result a into a second
# line,
#
# $$z = w_1 x + b_1, \quad a = \sigma(z), \quad \hat y = w_2\,a + b_2,$$
#
# $$\sigma(z) = \frac{1}{1 + e^{-z}} .$$
#
# The **sigmoid** σ rises from 0 to 1. Its derivative is σ′(z) = σ(z)·(1 − σ(z)): 1/4 at z = 0, and
# close to 0 far from there.


# %%
def sigmoid(z):
    """1/(1 + exp(−z)), of a number."""
    return 1 / (1 + math.exp(-z))


for z in (-10, -2, 0, 2, 10):
    a = sigmoid(z)
    print(f"z = {z:3}:  σ = {a:.5f},  slope {a * (1 - a):.5f}")

# %% [markdown]
# Is the loss of such a network still a bowl? Take six points that a hidden unit fits exactly, and its
# parameters P. Since σ(−z) = 1 − σ(z), there is a second set of parameters Q with the **same**
# predictions: w₁, b₁ and w₂ with opposite signs, and b₂ + w₂ in place of b₂. We walk in parameter
# space from P straight to Q and look at the loss on the way.
#
# **Predict.** At both ends the loss is 0. What is it halfway?
#
# - (a) 0, as at the ends
# - (b) above 0
# - (c) below 0

# %%
guess_halfway = None  # "a", "b" or "c"

# %%
inputs = [-3, -2, -1, 1, 2, 3]
P = np.array([2.0, 1.0, 4.0, -1.0])  # w1, b1, w2, b2
Q = np.array([-2.0, -1.0, -4.0, 3.0])


def predict(x, w1, b1, w2, b2):
    """The prediction of one hidden unit for a number x."""
    return w2 * sigmoid(w1 * x + b1) + b2


targets = [predict(x, *P) for x in inputs]
for share in (0, 0.25, 0.5, 0.75, 1):
    here = (1 - share) * P + share * Q
    squares = [(predict(x, *here) - y) ** 2 for x, y in zip(inputs, targets)]
    print(f"{share:4.0%} of the way: loss {np.mean(squares):.3f}")
    if share == 0.5:
        halfway = np.mean(squares)
compare("lab06-halfway", guess_halfway)
### BEGIN AUTHOR
assert np.mean(squares) < 1e-20 and halfway > 1
assert labhelpers.prediction.answer_to("lab06-halfway") == "b"
### END AUTHOR

# %% [markdown]
# In a bowl the loss halfway between two points is never above that of the higher of them. Here it is,
# so this loss is no bowl. It has at least two minima, equally good, and a ridge between them: a
# **landscape**. With more hidden units there are more such twins, since the units can also change
# places. Gradient descent goes downhill from wherever it starts, and where it ends depends on the
# start.
#
# **The gradient, link by link.** For one point (x, y) let the loss be
#
# $$L = (\hat y - y)^2 .$$
#
# Every parameter acts on L through a chain, and the **chain rule** multiplies its links. From the
# back:
#
# - A small change of ŷ changes L by 2(ŷ − y) times as much. Call this number d.
# - b₂ moves ŷ one to one, so ∂L/∂b₂ = d. And w₂ is multiplied by a, so ∂L/∂w₂ = d·a.
# - a moves ŷ by w₂, and z moves a by σ′(z). So ∂L/∂z = d·w₂·σ′(z).
#
# Two links are left to you: how much z moves when b₁ changes, and how much when w₁ changes. Note that nothing
# is computed twice: each line uses the one before it. This order, from the loss back to the first
# layer, is called a **backward pass**. It is what `backward()` does.
#
# **Predict.** Let x = 2, y = 1, w₁ = 0.5, b₁ = −1, w₂ = 3 and b₂ = 1. Go forward (z, a, ŷ) and then
# back, on paper. What is ∂L/∂b₁?

# %%
guess_b1 = None  # a number

# %% [markdown]
# The next cell does not know the chain rule. It moves one parameter at a time, a little up and a
# little down, and takes the **finite difference** of lab 1, $[L(w + h) - L(w - h)]/(2h)$.


# %% tags=["taught"]
def loss_of_unit(x, y, w1, b1, w2, b2):
    """Squared error of one hidden unit at one point."""
    return (predict(x, w1, b1, w2, b2) - y) ** 2


def by_differences(x, y, *parameters, h=1e-5):
    """The four derivatives of the loss, each by moving one parameter by h up and down."""
    slopes = []
    for k in range(len(parameters)):
        up, down = list(parameters), list(parameters)
        up[k] += h
        down[k] -= h
        slopes.append((loss_of_unit(x, y, *up) - loss_of_unit(x, y, *down)) / (2 * h))
    return slopes


slopes = by_differences(2, 1, 0.5, -1, 3, 1)
print(f"prediction {predict(2, 0.5, -1, 3, 1)}, loss {loss_of_unit(2, 1, 0.5, -1, 3, 1)}")
for name, slope in zip(("w1", "b1", "w2", "b2"), slopes):
    print(f"∂L/∂{name} = {slope:.4f}")
compare("lab06-b1", guess_b1)
### BEGIN AUTHOR
assert np.allclose(slopes, (4.5, 2.25, 1.5, 3), atol=1e-6)
assert labhelpers.prediction.answer_to("lab06-b1") == round(slopes[1], 6)
### END AUTHOR

# %% [markdown]
# Forward: z = 0, a = 0.5, ŷ = 2.5. Back: d = 3; then 3 for b₂, 1.5 for w₂, and ∂L/∂z = 3·3·0.25 =
# 2.25.
#
# Finite differences need two losses for **each** parameter. A backward pass costs about as much as
# one or two forward passes, for all parameters together. With thousands of parameters only the second is
# practical, and the first remains a test for it.
#
# ### Practice 1: a backward pass by hand (10 points)
#
# Write `backward(x, y, w1, b1, w2, b2)`. It returns the four derivatives of L = (ŷ − y)², in the
# order w₁, b₁, w₂, b₂.
#
# *Correct output:* `backward(2, 1, 0.5, -1, 3, 1)` gives the four numbers that the cell above
# printed, up to the error of the finite differences. Compare a few other points with `by_differences`
# too.


# %% practice="lab06-backward"
def backward(x, y, w1, b1, w2, b2):
    """The gradient of the squared error of one hidden unit with a sigmoid.

    Parameters
    ----------
    x, y : float
        One input and its target.
    w1, b1 : float
        Weight and bias of the hidden unit.
    w2, b2 : float
        Weight and bias of the output.

    Returns
    -------
    tuple of four floats
        The derivatives of (ŷ − y)² with respect to w1, b1, w2 and b2, in this order.
    """
    ### BEGIN SOLUTION
    a = sigmoid(w1 * x + b1)
    d = 2 * (w2 * a + b2 - y)
    d_z = d * w2 * a * (1 - a)
    return d_z * x, d_z, d * a, d


assert backward(2, 1, 0.5, -1, 3, 1) == (4.5, 2.25, 1.5, 3.0)
assert np.allclose(
    backward(-1, 0.3, 0.7, 0.2, -1.1, 0.4), by_differences(-1, 0.3, 0.7, 0.2, -1.1, 0.4)
)
### END SOLUTION

# %% check="lab06-backward" points=10
check("lab06-backward")

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# Go forward first and keep z and a. Then three lines back: d, the derivative for z, and the four
# results.
# </details>
# <details><summary>Hint 2</summary>
#
# z = w₁x + b₁: b₁ moves z one to one, and w₁ is multiplied by x. The slope of the sigmoid at z is
# `a * (1 - a)`, with the a that you already have.
# </details>
# <details><summary>Hint 3</summary>
#
# Two of the results are the derivative for z, once with a factor x and once without; the two others
# are `d * a` and `d`.
# </details>

# %% [markdown]
# ## 2. A hidden layer, and a curve
#
# A **hidden layer** has several such units. It computes several lines of the input, bends each by a
# non-linear function and adds them up with weights, now called aⱼ:
#
# $$\hat y = c + \sum_{j=1}^{h} a_j \,\max(0,\; w_j\,x + b_j) .$$
#
# The function max(0, z) is called **ReLU**: it is 0 where z is negative and z itself elsewhere. The
# sum is a line with up to h bends. Without the non-linear function the sum of lines would be a line
# again. Other common non-linear functions are the sigmoid and tanh, which bend smoothly.
#
# In PyTorch: `nn.Sequential(nn.Linear(1, 16), nn.ReLU(), nn.Linear(16, 1))`. A second hidden layer
# makes the network **deeper**. We train three models on two data sets with the same inputs, the 1000
# points of lab 4, y = 5 + 2·x + ε, and a curved target, y = (x − 2)² + 0.5·ε, whose noise has
# variance 0.25. The figure shows the curved ones with their rule.

# %%
generator = torch.Generator().manual_seed(242)
x = 2 + torch.randn(1000, 1, generator=generator)
f = (x - 2) ** 2
y = f + 0.5 * torch.randn(1000, 1, generator=generator)

dataset, curve = labhelpers.data.gaussian_line(), labhelpers.data.curve()
X, Y = dataset.x, dataset.y
same = torch.allclose(x, curve.x) and torch.allclose(y, curve.y) and torch.equal(x, X)
print("the same points as labhelpers.data.curve():", same)
surface = LossSurface(X, Y)
print(f"best line, straight data: loss {surface.minimum_loss:.3f}")
print(f"best line, curved data:   loss {LossSurface(curve.x, curve.y).minimum_loss:.3f}")
order = x[:, 0].argsort()
### BEGIN AUTHOR
assert same
### END AUTHOR
plot_curve_fits(curve, {"the rule (x − 2)²": (x[order], f[order])})

# %% [markdown]
# To see whether a larger model has learned the rule or the noise, we also measure its loss on 1000
# **fresh points** from the same rule that it was not trained on.
#
# **Predict.** On the straight data the line's loss on fresh points is about 1. What will the deepest
# network reach?
#
# - (a) about half of that
# - (b) nearly the same
# - (c) twice as much

# %%
guess_straight = None  # "a", "b" or "c"


# %% tags=["taught"]
def make_models():
    """A line, a network with one hidden layer and one with two."""
    torch.manual_seed(0)
    return {
        "line": nn.Sequential(nn.Linear(1, 1)),
        "one hidden layer": nn.Sequential(nn.Linear(1, 16), nn.ReLU(), nn.Linear(16, 1)),
        "two hidden layers": nn.Sequential(
            nn.Linear(1, 16), nn.ReLU(), nn.Linear(16, 16), nn.ReLU(), nn.Linear(16, 1)
        ),
    }


def fit(network, x, y, lr=0.1, updates=800):
    """Train a network on all points at once with Adam; returns its loss after the last update."""
    # fused: the whole step in one call, which saves time with networks as small as these
    optimizer = torch.optim.Adam(network.parameters(), lr=lr, fused=True)
    for update in range(updates):
        optimizer.param_groups[0]["lr"] = lr * (1 - update / updates)  # falls evenly to 0
        loss = criterion(network(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    with torch.no_grad():
        return criterion(network(x), y).item()


def compare_models(data, fresh):
    """Train the three models on `data`; show their losses there and on `fresh`."""
    networks, result, rows = make_models(), {}, []
    for name, network in networks.items():
        parameters = sum(parameter.numel() for parameter in network.parameters())
        loss = fit(network, data.x, data.y)
        with torch.no_grad():
            fresh_loss = criterion(network(fresh.x), fresh.y).item()
        result[name] = loss, fresh_loss
        rows.append((name, parameters, loss, fresh_loss))
    show_table({"model": "", "parameters": "d", "loss": ".3f", "on fresh points": ".2f"}, rows)
    return networks, result


straight, on_straight = compare_models(dataset, labhelpers.data.gaussian_line(seed=7))
compare("lab06-straight", guess_straight)
### BEGIN AUTHOR
assert on_straight["line"][0] - surface.minimum_loss < 0.01  # converged to least squares
assert all(abs(loss - surface.minimum_loss) < 0.01 for loss, _ in on_straight.values())  # so too
assert all(abs(loss - on_straight["line"][1]) < 0.01 for _, loss in on_straight.values())
assert labhelpers.prediction.answer_to("lab06-straight") == "b"
### END AUTHOR

# %% [markdown]
# No gain: on the fresh points the three are equal within 0.01, although the deepest network has 321
# parameters and the line has 2. On the training points the larger models have a slightly lower loss,
# since they can bend a little to follow the noise. What is left, about 1, is noise, and no model can
# predict it.
#
# **Predict.** On the curved target the best line has a loss of 2.07. How large is the loss of the
# network with one hidden layer? Recall the variance of the noise.

# %%
guess_curved = None  # a number

# %%
curved, on_curve = compare_models(curve, labhelpers.data.curve(seed=7))
compare("lab06-curved", guess_curved)

x_curve, y_curve = curve.x.numpy()[:, 0], curve.y.numpy()[:, 0]
parabola = np.polyval(np.polyfit(x_curve, y_curve, 2), x_curve)  # least squares of the true form
floor = np.mean((parabola - y_curve) ** 2)
print(f"best line {LossSurface(curve.x, curve.y).minimum_loss:.3f}, best parabola {floor:.3f}")
### BEGIN AUTHOR
assert on_curve["line"][0] - LossSurface(curve.x, curve.y).minimum_loss < 0.01  # converged
assert all(abs(on_curve[name][0] - floor) < 0.03 for name in list(on_curve)[1:])  # converged
assert abs(labhelpers.prediction.answer_to("lab06-curved") - on_curve["one hidden layer"][0]) < 5e-3
### END AUTHOR

# %% [markdown]
# Here a hidden layer takes the loss from 2.07 to 0.26, close to 0.25, which is the variance of the
# noise and the loss of the best parabola. A second hidden layer adds next to nothing. The figure
# shows the predictions; look for the bends, and for what the line does.

# %%
grid = torch.linspace(-1.2, 5.2, 200).view(-1, 1)
with torch.no_grad():
    predictions = {name: (grid, network(grid)) for name, network in curved.items()}
plot_curve_fits(curve, predictions)

# %% [markdown]
# The line can only pass through the middle of the points. The networks follow the curve where there
# are data. At the two ends they go straight on: a network knows nothing of the parabola, only of its
# points.
#
# ### Practice 2: your own network (10 points)
#
# A model of your own is a class. It inherits from `nn.Module`, makes its layers in `__init__` and
# says in `forward` how to get from x to ŷ. Here is the line in that form. The first line of
# `__init__` prepares the module and must not be left out.


# %% tags=["taught"]
class Line(nn.Module):
    """A line from one input to one output."""

    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(1, 1)

    def forward(self, x):
        return self.layer(x)


print(Line())

# %% [markdown]
# Write `Net(n_inputs, n_hidden, n_outputs)` with **one hidden layer** of `n_hidden` units and a
# non-linear function:
#
# $$\hat y = A\,\sigma(W x + b) + c,$$
#
# where σ now stands for ReLU, tanh or sigmoid, W and A are the weights of the two layers, and b and c
# their biases, one for each unit and output.
#
# *Correct output:* `Net(1, 16, 1)` maps a tensor of shape (1000, 1) to shape (1000, 1) and has
# 16·(1 + 1) + 1·(16 + 1) = 49 parameters. Trained on the curved target it ends far below the
# line's 2.07.


# %% practice="lab06-hidden-net"
class Net(nn.Module):
    """A network with one hidden layer and a non-linearity.

    Parameters
    ----------
    n_inputs, n_hidden, n_outputs : int
        Number of inputs, hidden units and outputs.
    """

    def __init__(self, n_inputs, n_hidden, n_outputs):
        """Make the layers."""
        ### BEGIN SOLUTION
        super().__init__()
        self.hidden = nn.Linear(n_inputs, n_hidden)
        self.output = nn.Linear(n_hidden, n_outputs)
        ### END SOLUTION

    def forward(self, x):
        """Predictions, shape (N, n_outputs), for inputs x of shape (N, n_inputs)."""
        ### BEGIN SOLUTION
        return self.output(torch.relu(self.hidden(x)))


torch.manual_seed(1)
net = Net(1, 16, 1)
assert sum(parameter.numel() for parameter in net.parameters()) == 49
assert abs(fit(net, curve.x, curve.y) - floor) < 0.03  # converged
### END SOLUTION

# %% check="lab06-hidden-net" points=10
check("lab06-hidden-net")

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# Two `nn.Linear` modules: one from the inputs to the hidden units, one from the hidden units to the
# outputs. Store both on `self`, so that the module finds their parameters.
# </details>
# <details><summary>Hint 2</summary>
#
# In `forward`: first layer, `torch.relu` (or `torch.tanh`), second layer, and `return`. After the
# second layer comes no ReLU, or the network could never predict a negative number.
# </details>

# %% [markdown]
# ## 3. Two networks as they are published
#
# Two sigmoid networks have been published for the straight data, beside the line. Their names count
# the units from input to output:
#
# - **2-2-1**, no biases, shuffled batches of 32;
# - **2-10-20-2-1**, three hidden layers, batches of 64 always in the same order.
#
# The two inputs are the column of ones and x (lab 4, section 3). Both are trained by Adam at rate
# 0.001. They are published with 1000 epochs; we stop the first after 300 and the second after 500, to
# save time. We compute in double precision here: on a plateau even rounding errors would matter.

# %% tags=["taught"]
design = torch.cat([torch.ones_like(X), X], dim=1).double()  # shape (1000, 2)
target = Y.double()


def sigmoid_network(sizes, bias):
    """Linear layers of these sizes with a sigmoid after each but the last."""
    layers = []
    for n_inputs, n_outputs in zip(sizes, sizes[1:]):
        layers += [nn.Linear(n_inputs, n_outputs, bias=bias), nn.Sigmoid()]
    return nn.Sequential(*layers[:-1]).double()


def train(network, epochs, batch_size, shuffle, keep=()):
    """Train with Adam at rate 0.001.

    Returns the loss on all points before the first epoch and after each, and copies of the network
    as it was after the epochs in `keep`.
    """
    optimizer = torch.optim.Adam(network.parameters(), lr=0.001, fused=True)
    losses, copies = [], {}
    for epoch in range(epochs + 1):
        with torch.no_grad():
            losses.append(criterion(network(design), target).item())
        if epoch in keep:
            copies[epoch] = copy.deepcopy(network)
        if epoch == epochs:
            break
        order = torch.randperm(1000) if shuffle else torch.arange(1000)
        for rows in order.split(batch_size):
            loss = criterion(network(design[rows]), target[rows])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    return losses, copies


# %% [markdown]
# **Predict.** After 100 epochs, 1,600 updates, what does the deep network predict?
#
# - (a) a line, though not yet the best one
# - (b) nearly the same number for every x
# - (c) something wild

# %%
guess_deep = None  # "a", "b" or "c"

# %%
torch.manual_seed(0)
shallow = sigmoid_network((2, 2, 1), bias=False)
shallow_losses, _ = train(shallow, epochs=300, batch_size=32, shuffle=True)
torch.manual_seed(0)
deep = sigmoid_network((2, 10, 20, 2, 1), bias=True)
deep_losses, deep_at = train(
    deep, epochs=500, batch_size=64, shuffle=False, keep=(0, 100, 200, 300, 400, 500)
)

variance = target.var(correction=0).item()  # R² = 1 − loss/variance
print(f"2-2-1 after 300 epochs: R² {1 - shallow_losses[-1] / variance:.2f}")
spread, rows = {}, []
for epoch, network in deep_at.items():
    with torch.no_grad():
        output = network(design)
    lowest, highest = output.min().item(), output.max().item()
    spread[epoch] = highest - lowest
    rows.append((epoch, lowest, highest, 1 - deep_losses[epoch] / variance))
print("2-10-20-2-1:")
show_table(
    {
        "epoch": "d",
        "lowest prediction": ".2f",
        "highest prediction": ".2f",
        "R²": ".2f",
    },
    rows,
)
print(f"mean of y: {target.mean():.2f}")
compare("lab06-deep", guess_deep)
### BEGIN AUTHOR
assert all(spread[epoch] < 0.01 for epoch in (100, 200, 300)) and spread[500] > 4
assert labhelpers.prediction.answer_to("lab06-deep") == "b"
### END AUTHOR

# %% [markdown]
# Here are both losses, epoch by epoch. Where does the deep network stand still?

# %%
plot_losses(
    shallow_losses,
    deep_losses,
    labels=["2-2-1", "2-10-20-2-1"],
    by="epoch",
    scale="log",
    reference=surface.minimum_loss,
)

# %% [markdown]
# The small network glides down. The deep one does two strange things. For 300 epochs it only moves
# **one constant**, from near 0 to the mean of y. At epoch 100 that is 4.47 for every x, and R² is
# −4.37: far worse than the mean. Then it rests at R² = 0, as if it had converged. This flat stretch
# is a **plateau**. Only after 400 epochs does x begin to count. Whoever stops at 400 reports that the
# network "cannot learn a line". That is no accident of this start: of 24 starts the first left the
# plateau (R² above 0.1) after 382 epochs, the last after 692, and after 1000 epochs all 24 were above
# 0.75.
#
# Why? Two numbers for each hidden layer explain it: the mean slope σ′ of its units, and how much the
# outputs of its units **vary with x** (the standard deviation over the 1000 points).

# %%
slopes_at, variation_at = {}, {}
for epoch in (0, 100, 300, 500):
    signal, slopes, variations = design, [], []
    with torch.no_grad():
        for module in deep_at[epoch]:
            signal = module(signal)
            if isinstance(module, nn.Sigmoid):
                slopes.append((signal * (1 - signal)).mean().item())
                variations.append(signal.std(dim=0, correction=0).mean().item())
    slopes_at[epoch], variation_at[epoch] = slopes, variations
layers = ("layer 1", "layer 2", "layer 3")
print("mean slope σ′ in the hidden layers:")
columns = {"epoch": "d"} | dict.fromkeys(layers, ".4f")
show_table(columns, [(epoch, *slopes) for epoch, slopes in slopes_at.items()])
print("variation with x:")
columns = {"epoch": "d"} | dict.fromkeys(layers, ".6f")
show_table(columns, [(epoch, *variations) for epoch, variations in variation_at.items()])
### BEGIN AUTHOR
assert slopes_at[0][2] > 0.2 and slopes_at[100][2] < 0.001
assert variation_at[0][0] / variation_at[0][2] > 50 and variation_at[500][2] > 0.1
### END AUTHOR

# %% [markdown]
# At the start every layer multiplies a difference in x by its weights and by a slope of at most 1/4.
# After three layers hardly anything of x is left: 0.0003. The constant is the only thing that the
# last layer can change quickly, and it has to travel to 9. The two units below it help by moving to
# an end of their sigmoid: to 1 where their weight is positive, to 0 where it is negative. There the
# sigmoid is shallow: the mean slope of the third layer falls from 0.2475 to 0.0003. A unit at a
# shallow end is called **saturated**. Whatever comes from x is multiplied by that slope on the way
# forward, and the gradient for the first layers on the way back.
#
# So the gradient is small, and the minimum is far away. In a bowl that cannot happen: there the
# gradient is at least λ₁ times as long as the way to the minimum, where λ₁ is the smaller curvature
# (lab 1). In a landscape there is no such bound: a small gradient, or a loss that no longer falls,
# does not say that you have arrived.

# %% [markdown]
# ## 4. What repairs the deep one
#
# A cell below tries the usual remedies for 50 epochs, each alone, and at the end two combinations. The
# remedies are:
#
# - **the rate:** 0.01 instead of 0.001;
# - **the activation** (the non-linear function): tanh, whose slope at 0 is 1; ReLU; or **leaky
#   ReLU**, which is z on the right and 0.01·z on the left, so that its slope is never 0;
# - **the initialisation:** Xavier's rule draws the first weights so that signals keep about the same
#   size from layer to layer, for functions with slope 1; the first biases are 0;
# - **the inputs** standardised (lab 4, section 4), or inputs **and targets**;
# - **the last bias** started at the mean of y, so that the constant need not travel.
#
# One run says little, since every start is different. So each remedy is tried from 20 random starts,
# all at once: each parameter gets a first dimension of 20, and `torch.baddbmm(b, h, W)` is b + h·W
# for each of the 20.
#
# **Predict.** Which one, alone, takes most of the 20 networks past R² = 0.75?
#
# - (a) the rate
# - (b) leaky ReLU
# - (c) standardised inputs
# - (d) Xavier's initialisation

# %%
guess_remedy = None  # "a", "b", "c" or "d"

# %% tags=["taught"]
SIZES, STARTS, EPOCHS = (2, 10, 20, 2, 1), 20, 50
x_mean, x_deviation = X.double().mean(), X.double().std(correction=0)
y_mean, y_deviation = target.mean(), target.std(correction=0)
standardised = torch.cat([design[:, :1], (design[:, 1:] - x_mean) / x_deviation], dim=1)


def draw(xavier=False, last_bias=None):
    """Parameters of 20 networks: weights and biases of each layer, as PyTorch or Xavier draw them."""
    torch.manual_seed(0)
    parameters = []
    for n_in, n_out in zip(SIZES, SIZES[1:]):
        reach = math.sqrt(6 / (n_in + n_out)) if xavier else 1 / math.sqrt(n_in)
        W = torch.empty(STARTS, n_in, n_out, dtype=torch.float64).uniform_(-reach, reach)
        b = torch.empty(STARTS, 1, n_out, dtype=torch.float64).uniform_(-reach, reach)
        parameters += [W, torch.zeros_like(b) if xavier else b]
    if last_bias is not None:
        parameters[-1].fill_(last_bias)
    return [parameter.requires_grad_() for parameter in parameters]


def outputs(parameters, activation, x):
    """Predictions of all networks for the rows of x, shape (20, N, 1)."""
    h = x.expand(STARTS, *x.shape)
    for k in range(0, len(parameters), 2):
        h = torch.baddbmm(parameters[k + 1], h, parameters[k])
        if k < len(parameters) - 2:
            h = activation(h)
    return h


def twenty(activation=torch.sigmoid, lr=0.001, x=design, y=target, **start):
    """Train 20 networks; returns the R² of each and the parameters, which hold their last gradients."""
    parameters = draw(**start)
    optimizer = torch.optim.Adam(parameters, lr=lr, fused=True)
    for _ in range(EPOCHS):
        for rows, truth in zip(x.split(64), y.split(64)):
            errors = outputs(parameters, activation, rows) - truth
            loss = (errors**2).mean(dim=(1, 2)).sum()  # one mean loss for each network
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    optimizer.zero_grad()
    losses = ((outputs(parameters, activation, x) - y) ** 2).mean(dim=(1, 2))
    losses.sum().backward()
    return (1 - losses.detach() / y.var(correction=0)).numpy(), parameters


leaky = nn.functional.leaky_relu
remedies = {
    "as published": {},
    "rate 0.01": {"lr": 0.01},
    "tanh": {"activation": torch.tanh},
    "ReLU": {"activation": torch.relu},
    "leaky ReLU": {"activation": leaky},
    "Xavier": {"xavier": True},
    "inputs standardised": {"x": standardised},
    "inputs and targets": {"x": standardised, "y": (target - y_mean) / y_deviation},
    "last bias at the mean": {"last_bias": y_mean.item()},
    "leaky ReLU, rate 0.01": {"activation": leaky, "lr": 0.01},
    "tanh, last bias, 0.01": {"activation": torch.tanh, "last_bias": y_mean.item(), "lr": 0.01},
}
reached, rows = {}, []
for name, settings in remedies.items():
    scores, parameters = twenty(**settings)
    reached[name] = int((scores > 0.75).sum())
    rows.append((name, scores.min(), np.median(scores), scores.max(), reached[name]))
    if name == "ReLU":
        first_layer = parameters[0].grad.abs().amax(dim=(1, 2))
        dead = int((first_layer == 0).sum())
show_table(
    {
        "after 50 epochs, 20 starts": "",
        "lowest R²": ".2f",
        "median": ".2f",
        "highest": ".2f",
        "above 0.75": "d",
    },
    rows,
)
print(f"ReLU: in {dead} of the 20 networks the gradient")
print("of the first layer is exactly 0")
compare("lab06-remedy", guess_remedy)
### BEGIN AUTHOR
alone = ("rate 0.01", "leaky ReLU", "inputs standardised", "Xavier")
assert max(alone, key=reached.get) == "leaky ReLU" and reached["leaky ReLU"] > 15
assert reached["leaky ReLU, rate 0.01"] == reached["tanh, last bias, 0.01"] == 20
assert dead + reached["ReLU"] == 20
assert labhelpers.prediction.answer_to("lab06-remedy") == "b"
### END AUTHOR

# %% [markdown]
# Read the table line by line.
#
# - A **larger rate** gets to the plateau sooner and, in these 50 epochs, stays on it: R² = 0.
# - **Standardised inputs** alone change nothing, since the constant still has to travel to 9. With the **last
#   bias at the mean** it need not, so no unit has to saturate, and all 20 networks follow x at once, if
#   slowly. Standardising the **targets** too does the same, for most starts.
# - **tanh** lets x through, but its output has as far to go.
# - **Xavier's rule** was made for functions with slope 1 at 0. A sigmoid has 1/4, and nothing
#   improves.
# - **ReLU** splits the starts in two: 11 networks arrive, and 9 never will. In these 9, every path
#   from x to the output leads through a unit that gives 0. Such units are **dead**: their slope is 0,
#   so the gradient of the first layer is **exactly** 0. The plateau of a sigmoid ended in all 24 runs above;
#   this one never does.
# - **Leaky ReLU** cannot die, and takes 19 of 20 past 0.75; with the larger rate, all of them.
#
# So the remedies act on different causes: what gets through (activation, initialisation), how far
# there is to go (targets, last bias) and how fast (rate). A result from a single start hides half of
# that.
#
# ### Practice 3: a deep network that trains (10 points)
#
# Write `DeepNet()`, a module without arguments and with four linear layers, 2-10-20-2-1, that
# **trains**. Its input has shape (N, 2), a column of ones and x; its output has shape (N, 1). There
# must be a non-linear function after each hidden layer; which one, how the parameters start, and
# whether you rescale anything inside is up to you.
#
# The check makes a `DeepNet()` five times, each time with other random numbers and another 1000
# points from the rule y = 5 + 2·x + ε. It trains each for 40 epochs with Adam at rate 0.01, in
# batches of 64 in their order, and computes R² on fresh points. Each of the five that exceeds 0.7
# counts 2 points. It takes a few seconds.
#
# *Correct output:* no model can expect more than R² = 0.8 here: 4 of the variance 4 + 1 of y comes
# from x. A sigmoid network without any repair gets nowhere in these 40 epochs: its R² stays below
# 0.1.


# %% practice="lab06-deep-net"
class DeepNet(nn.Module):
    """A network 2-10-20-2-1 that trains from every random start."""

    def __init__(self):
        """Make the four layers."""
        ### BEGIN SOLUTION
        super().__init__()
        stack = []
        for size, following in ((2, 10), (10, 20), (20, 2), (2, 1)):
            stack += [nn.Linear(size, following), nn.LeakyReLU()]
        self.stack = nn.Sequential(*stack[:-1])  # nothing after the output
        ### END SOLUTION

    def forward(self, x):
        """Predictions, shape (N, 1), for inputs x of shape (N, 2)."""
        ### BEGIN SOLUTION
        return self.stack(x)
        ### END SOLUTION


# %% check="lab06-deep-net" points=10
check("lab06-deep-net")

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# Two lines of the table reached the goal from all 20 starts. What do they change?
# </details>
# <details><summary>Hint 2</summary>
#
# If some starts end at one constant with a gradient of exactly 0, units have died: look for a
# function that has a slope on both sides. If all follow x but too slowly, the output has too far to
# travel: its bias need not start near 0.
# </details>
# <details><summary>Hint 3</summary>
#
# `nn.Sequential(nn.Linear(2, 10), nn.LeakyReLU(), ...)` on `self.layers`, and `return self.layers(x)`
# in `forward`. After the last layer comes nothing.
# </details>

# %% [markdown]
# ## 5. Data that nobody made
#
# So far we knew the rule behind the data. Here nobody does. scikit-learn ships the measurements of 442
# people with diabetes: ten **features** of each, and how far the disease had progressed one year
# later, as a number without a unit. `scaled=False` gives the features in their own units.

# %%
diabetes = load_diabetes(scaled=False)
features = torch.from_numpy(diabetes.data)  # shape (442, 10), double precision
progression = torch.from_numpy(diabetes.target).view(-1, 1)

meaning = {
    "age": "years",
    "sex": "1 or 2",
    "bmi": "body mass index, kg/m²",
    "bp": "mean blood pressure, mmHg",
    "s1": "total cholesterol, mg/dl",
    "s2": "LDL, mg/dl",
    "s3": "HDL, mg/dl",
    "s4": "total cholesterol / HDL",
    "s5": "log of triglycerides, possibly",
    "s6": "blood sugar, mg/dl",
}
rows = [
    (name, meaning[name], column.mean(), column.std())
    for name, column in zip(diabetes.feature_names, features.T)
]
rows.append(("progression", "", progression.mean(), progression.std()))
show_table({"feature": "", "meaning": "", "mean": ".2f", "standard deviation": ".2f"}, rows)
### BEGIN AUTHOR
assert features.shape == (442, 10) and list(meaning) == diabetes.feature_names
### END AUTHOR

# %% [markdown]
# (The data's own description names the units of age only; the others are the customary ones.) The
# scales differ by a factor of more than 60, so we standardise.
#
# How do we tell what a model is worth? Not by the rows it was trained on. The rows are **split** at
# random into three parts:
#
# - **training**, 266 rows: the gradients come from these, and so do the means and deviations for
#   standardising;
# - **validation**, 88 rows: they decide when to stop;
# - **test**, 88 rows: used once, at the end. The validation rows cannot serve for this, since the
#   stop was chosen to suit them.
#
# **Early stopping:** a network with 385 parameters and 266 rows can learn the rows instead of a rule.
# The training loss then goes on falling while the validation loss rises. So keep a copy of the
# network whenever the validation loss is the lowest so far, stop when 30 epochs have brought nothing
# better, and use the copy.


# %% tags=["taught"]
def split_rows(seed):
    """Rows for training, validation and test, at random."""
    order = torch.randperm(442, generator=torch.Generator().manual_seed(seed))
    return order[:266], order[266:354], order[354:]


def train_until_no_better(seed, patience=30, most=500):
    """Train 10-32-1 with early stopping.

    Returns the root of the mean squared error on the test rows, of the network and of least
    squares, in the units of the progression; and the losses of each epoch on training and validation rows.
    """
    training, validation, test = split_rows(seed)
    Z = (features - features[training].mean(dim=0)) / features[training].std(dim=0)
    centre, scale = progression[training].mean(), progression[training].std()
    T = (progression - centre) / scale
    torch.manual_seed(seed)
    network = nn.Sequential(nn.Linear(10, 32), nn.ReLU(), nn.Linear(32, 1)).double()
    optimizer = torch.optim.Adam(network.parameters(), lr=0.01, fused=True)
    log, least = [], math.inf
    for epoch in range(most):
        loss = criterion(network(Z[training]), T[training])
        with torch.no_grad():
            validation_loss = criterion(network(Z[validation]), T[validation]).item()
        log.append((loss.item(), validation_loss))
        if validation_loss < least:
            least, best_epoch, best = validation_loss, epoch, copy.deepcopy(network)
        elif epoch - best_epoch >= patience:
            break
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    with torch.no_grad():
        error = criterion(best(Z[test]), T[test]).sqrt() * scale
    line = LinearRegression().fit(Z[training], progression[training])
    yardstick = np.sqrt(np.mean((line.predict(Z[test]) - progression[test].numpy()) ** 2))
    return error.item(), yardstick, np.array(log)


network_error, line_error, log = train_until_no_better(seed=0)
show_table(
    {"epoch": "d", "training loss": ".3f", "validation loss": ".3f"},
    [(epoch, *log[epoch]) for epoch in range(0, len(log), 10)],
)
best_epoch = int(log[:, 1].argmin())
print(f"lowest validation loss at epoch {best_epoch}")
print(f"stopped after epoch {len(log) - 1}")
print(f"error on the test rows: network {network_error:.1f}")
print(f"                  least squares {line_error:.1f}")
### BEGIN AUTHOR
assert len(log) - 1 == best_epoch + 30 and network_error < line_error
assert log[-1, 0] < log[best_epoch, 0] and log[-1, 1] > log[best_epoch, 1]
### END AUTHOR

# %% [markdown]
# The two losses are those of standardised targets: 1 is the level of the mean. Look for the epoch
# from which the curves part.

# %%
plot_losses(log[:, 0], log[:, 1], labels=["training", "validation"], by="epoch", scale="linear")

# %% [markdown]
# On the test rows the network errs by 52.4 (the root of the mean squared error, in the units of the
# progression), and **least squares**, the yardstick, by 53.1. The network has won. Has it? There were
# other ways to split the rows.
#
# **Predict.** We repeat all of it with 20 splits, each with a network of its own. In how many does
# the network beat least squares?

# %%
guess_wins = None  # a number from 0 to 20

# %%
results = np.array([train_until_no_better(seed)[:2] for seed in range(20)])
difference = results[:, 0] - results[:, 1]
wins = int((difference < 0).sum())
print("20 splits, mean error on the test rows:")
print(f"network {results[:, 0].mean():.1f}, least squares {results[:, 1].mean():.1f}")
print(f"network minus least squares: mean {difference.mean():.1f},")
print(f"standard deviation {difference.std(ddof=1):.1f}", end=", ")
print(f"from {difference.min():.1f} to {difference.max():.1f}")
print(f"the network is better in {wins} of 20 splits")
compare("lab06-wins", guess_wins)
### BEGIN AUTHOR
assert wins < 12 and abs(difference.mean()) < difference.std(ddof=1) / 2
assert labhelpers.prediction.answer_to("lab06-wins") == wins
### END AUTHOR

# %% [markdown]
# On average the two cannot be told apart: the mean difference is 0.1, while from split to split the
# difference varies with a standard deviation of 1.4. The network wins 8 of 20 splits, and the first happened to be one of these. Whoever
# shows a single split can show either result. So the honest report is: **on these data this network
# does not beat a line.** Section 2 says why that can be: a network gains where the rule bends, and
# with 266 rows and this much noise no bend is visible that would be worth 385 parameters. The line
# has 11, is computed at once and can be read: one coefficient for each feature. (It could even use
# the validation rows as well, since it needs no stop.)
#
# ## 6. Wrap-up
#
# - A backward pass goes from the loss to the first layer, link by link, and uses each result again.
#   Finite differences test it.
# - A network's loss is a landscape. A small gradient can mean a minimum, a plateau or dead units.
# - Look at what each layer lets through. Repair the cause: the non-linear function, the start, how
#   far the output has to go.
# - A network helps where the rule bends. Compare it with least squares, on rows that nothing was
#   fitted to, over several splits.
#
# ### Quiz
#
# **1.** Your network's loss has not changed for 100 epochs, and its R² is 0. What do you do first?
#
# - (a) Stop: it has converged.
# - (b) Look at its predictions and at the gradient of the first layer.
# - (c) Add a layer.
#
# <details><summary>Answer</summary>
#
# **(b).** R² = 0 is the constant mean. A tiny gradient says plateau, exactly 0 says dead units, and
# the remedies differ. (a) A level loss is no proof: in section 3 it fell again 100 epochs later. (c)
# Each further layer of shallow slopes lets less of x through.
# </details>
#
# **2.** In a network with one hidden layer a ReLU unit gives 0 for every row of the training data. What
# happens to its own weights under gradient descent on these data?
#
# - (a) They never change.
# - (b) They grow until the unit is positive somewhere.
# - (c) They shrink towards 0.
#
# <details><summary>Answer</summary>
#
# **(a).** The slope left of 0 is 0, and every link of their chain is multiplied by it. In a deeper
# network a change in an earlier layer could wake the unit; but where a whole layer is dead, the layers before
# it stand still as well. (b) and (c) would need a gradient.
# </details>
#
# **3.** Your straight-line data have noise of variance 1, and a network with 321 parameters reaches a
# training loss 5 % below that. What do you expect on fresh points?
#
# - (a) 5 % below 1 as well.
# - (b) About 1 or a little more.
# - (c) Still less.
#
# <details><summary>Answer</summary>
#
# **(b).** What lies below the noise was learned from the noise of these very points, and fresh points
# have other noise. (a) and (c) would need a model that foresees it.
# </details>
#
# **4.** Early stopping chose epoch 41 by the validation rows. Why is the validation loss at this
# epoch not the number to report?
#
# - (a) It is too high, since the network was not trained on these rows.
# - (b) It is too low on average, since this epoch was chosen because it suits these rows.
# - (c) It is the right number.
#
# <details><summary>Answer</summary>
#
# **(b).** The least of many noisy numbers is lower than what it stands for. The test rows had no say
# in any choice. (a) That is what makes it useful for choosing.
# </details>

# %% [markdown]
# This was the last lab. You began with three points and a slope, and you end with networks whose
# gradients you can compute, whose standstill you can explain, and whose results you can doubt.
