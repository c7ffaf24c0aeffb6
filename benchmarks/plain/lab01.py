# %%
import matplotlib.pyplot as plt
import numpy as np
import torch

# %%
torch.manual_seed(1)
X = torch.arange(-3, 3, 0.1).view(-1, 1)
Y = X - 1 + 0.1 * torch.randn(X.size())


def forward(x):
    return w * x + b


def criterion(y_hat, y):
    return torch.mean((y_hat - y) ** 2)


# %%
ticks = np.linspace(-15, 15, 30)
heights = np.zeros((30, 30))
for i, slope in enumerate(ticks):
    for j, intercept in enumerate(ticks):
        heights[j, i] = np.mean((Y.numpy() - slope * X.numpy() - intercept) ** 2)

figure = plt.figure(figsize=(7.5, 5))
axes = plt.axes(projection="3d")
axes.plot_surface(*np.meshgrid(ticks, ticks), heights, cmap="viridis")
plt.show()
plt.figure()
plt.contour(ticks, ticks, heights)
plt.show()


# %%
def show_step(path):
    plt.figure(figsize=(12, 5))
    plt.subplot(121)
    plt.plot(X.numpy(), Y.numpy(), "ro", label="points")
    plt.plot(X.numpy(), path[-1][0] * X.numpy() + path[-1][1], label="line")
    plt.legend()
    plt.subplot(122)
    plt.contour(ticks, ticks, heights)
    plt.scatter([p[0] for p in path], [p[1] for p in path], c="r", marker="x")
    plt.xlabel("w")
    plt.ylabel("b")
    plt.show()


# %%
losses = {}
for rate in (0.1, 0.2, 0.25, 0.3, 0.34):
    w = torch.tensor(-15.0, requires_grad=True)
    b = torch.tensor(-10.0, requires_grad=True)
    path, losses[rate] = [], []
    for _ in range(15):
        loss = criterion(forward(X), Y)
        losses[rate].append(loss.item())
        path.append((w.item(), b.item()))
        show_step(path)
        loss.backward()
        w.data = w.data - rate * w.grad.data
        b.data = b.data - rate * b.grad.data
        w.grad.data.zero_()
        b.grad.data.zero_()

# %%
for rate, values in losses.items():
    plt.semilogy(values, label=f"rate {rate}")
plt.legend()
plt.show()

# %% added=1
# What Lab 1 added: gradients never cleared, flat targets, and rates near the limit for longer.


def descend(rate, updates, start=(-15.0, -10.0), targets=Y, clear=True):
    w = torch.tensor(start[0], requires_grad=True)
    b = torch.tensor(start[1], requires_grad=True)
    values = []
    for _ in range(updates):
        loss = criterion(w * X + b, targets)
        values.append(loss.item())
        loss.backward()
        w.data = w.data - rate * w.grad.data
        b.data = b.data - rate * b.grad.data
        if clear:
            w.grad.data.zero_()
            b.grad.data.zero_()
    return values


descend(0.1, 15, clear=False)
descend(0.1, 100, targets=Y.flatten())
for rate in (0.32, 0.34):
    descend(rate, 200, start=(0.8, -1.1))
    descend(rate, 60)
