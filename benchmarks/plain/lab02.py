# %%
import matplotlib.pyplot as plt
import numpy as np
import torch

# %%
torch.manual_seed(1)
X = torch.arange(-5, 5, 0.1).view(-1, 1)
Y = -5 * X + 0.4 * torch.randn(X.size())


def criterion(y_hat, y):
    return torch.mean((y_hat - y) ** 2)


# %%
ticks = np.linspace(-30, 30, 30)
heights = np.zeros((30, 30))
for i, slope in enumerate(ticks):
    for j, intercept in enumerate(ticks):
        heights[j, i] = np.mean((Y.numpy() - slope * X.numpy() - intercept) ** 2)


def show_epoch(path):
    plt.figure(figsize=(12, 5))
    plt.subplot(121)
    plt.plot(X.numpy(), Y.numpy(), "ro", label="points")
    plt.plot(X.numpy(), path[-1][0] * X.numpy() + path[-1][1], label="line")
    plt.legend()
    plt.subplot(122)
    plt.contour(ticks, ticks, heights)
    plt.scatter([p[0] for p in path], [p[1] for p in path], c="r", marker="x")
    plt.show()


def train(rate, batches, epochs=20):
    """Train on these batches of indices, one figure an epoch."""
    w = torch.tensor(-10.0, requires_grad=True)
    b = torch.tensor(-20.0, requires_grad=True)
    path, losses = [], []
    for _ in range(epochs):
        losses.append(criterion(w * X + b, Y).item())
        path.append((w.item(), b.item()))
        if np.isfinite(path[-1]).all() and max(map(abs, path[-1])) < 1e6:
            show_epoch(path)
        for batch in batches():
            loss = criterion(w * X[batch] + b, Y[batch])
            loss.backward()
            w.data = w.data - rate * w.grad.data
            b.data = b.data - rate * b.grad.data
            w.grad.data.zero_()
            b.grad.data.zero_()
    return losses


def everything():
    return [torch.arange(100)]


def in_order():
    return torch.arange(100).view(-1, 1)


def shuffled():
    return torch.randperm(100).view(-1, 1)


# %%
runs = {
    "batch 0.05": train(0.05, everything),
    "batch 0.1": train(0.1, everything),
    "in order 0.1": train(0.1, in_order),
    "in order 0.05": train(0.05, in_order),
    "shuffled 0.05": train(0.05, shuffled),
    "shuffled 0.02": train(0.02, shuffled),
    "shuffled 0.01": train(0.01, shuffled),
    "shuffled 0.005": train(0.005, shuffled),
}

# %%
for name, values in runs.items():
    plt.semilogy(values, label=name)
plt.legend()
plt.show()


# %% added=1
# What Lab 2 added: three rates of batch descent until they stop.
def descend(rate, batches, updates, start=(-10.0, -20.0), targets=Y):
    """Train without a figure."""
    w = torch.tensor(start[0], requires_grad=True)
    b = torch.tensor(start[1], requires_grad=True)
    values = []
    while len(values) < updates:
        for batch in batches():
            loss = criterion(w * X[batch] + b, targets[batch])
            values.append(loss.item())
            loss.backward()
            w.data = w.data - rate * w.grad.data
            b.data = b.data - rate * b.grad.data
            w.grad.data.zero_()
            b.grad.data.zero_()
    return values


for rate in (0.1, 0.01, 0.0001):
    descend(rate, everything, 450)

# %% added=100
# Its spread over shuffles: 1 of 100.
descend(0.05, shuffled, 2000)
for rate in (0.05, 0.085, 0.09, 0.095, 0.1):
    descend(rate, shuffled, 1000, start=(1.0, 1.0), targets=torch.zeros(100, 1))
descend(0.01, shuffled, 100)
