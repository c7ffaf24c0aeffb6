# %%
import matplotlib.pyplot as plt
import numpy as np
import torch
from torch.utils.data import DataLoader, Dataset


# %%
class Points(Dataset):
    """The points of a line with a little noise."""

    def __init__(self):
        torch.manual_seed(1)
        self.x = torch.arange(-3, 3, 0.1).view(-1, 1)
        self.y = self.x - 1 + 0.1 * torch.randn(self.x.size())

    def __getitem__(self, index):
        return self.x[index], self.y[index]

    def __len__(self):
        return len(self.x)


points = Points()
X, Y = points.x, points.y


def criterion(y_hat, y):
    return torch.mean((y_hat - y) ** 2)


# %%
def train(batch_size, rate=0.1, epochs=10):
    """Each run computes the surface anew, as each of its figures needs it."""
    ticks = np.linspace(-15, 15, 30)
    heights = np.zeros((30, 30))
    for i, slope in enumerate(ticks):
        for j, intercept in enumerate(ticks):
            heights[j, i] = np.mean((Y.numpy() - slope * X.numpy() - intercept) ** 2)
    w = torch.tensor(-15.0, requires_grad=True)
    b = torch.tensor(-10.0, requires_grad=True)
    path, losses = [], []
    for _ in range(epochs):
        losses.append(criterion(w * X + b, Y).item())
        path.append((w.item(), b.item()))
        plt.figure(figsize=(12, 5))
        plt.subplot(121)
        plt.plot(X.numpy(), Y.numpy(), "ro", label="points")
        plt.plot(X.numpy(), path[-1][0] * X.numpy() + path[-1][1], label="line")
        plt.legend()
        plt.subplot(122)
        plt.contour(ticks, ticks, heights)
        plt.scatter([p[0] for p in path], [p[1] for p in path], c="r", marker="x")
        plt.show()
        for x, y in DataLoader(points, batch_size=batch_size):
            loss = criterion(w * x + b, y)
            loss.backward()
            w.data = w.data - rate * w.grad.data
            b.data = b.data - rate * b.grad.data
            w.grad.data.zero_()
            b.grad.data.zero_()
    return losses


# %%
for size in (60, 1, 5, 10, 20):
    plt_losses = train(size)
    plt.semilogy(plt_losses, label=f"batch size {size}")
plt.legend()
plt.show()


# %% added=100
# What Lab 3 added, the spread over shuffles: 20 of 2,000 runs.
def descend(batch_size, updates, rate=0.1):
    """Train without a figure."""
    w = torch.tensor(-15.0, requires_grad=True)
    b = torch.tensor(-10.0, requires_grad=True)
    losses = []
    while True:
        for x, y in DataLoader(points, batch_size=batch_size, shuffle=True):
            loss = criterion(w * x + b, y)
            loss.backward()
            w.data = w.data - rate * w.grad.data
            b.data = b.data - rate * b.grad.data
            w.grad.data.zero_()
            b.grad.data.zero_()
            losses.append(criterion(w * X + b, Y).item())
            if len(losses) == updates:
                return losses


for _ in range(20):
    for size, updates in ((60, 10), (1, 600), (5, 120), (10, 60)):
        descend(size, updates)

# %% added=100
# And the spread of a batch's gradient: 40 of 4,000 batches of each size.
for size in (1, 2, 5, 10, 20, 30, 60):
    gradients = []
    for _ in range(40):
        w = torch.tensor(1.0, requires_grad=True)
        b = torch.tensor(-1.0, requires_grad=True)
        batch = torch.randperm(60)[:size]
        criterion(w * X[batch] + b, Y[batch]).backward()
        gradients.append((w.grad.item(), b.grad.item()))
    np.std(gradients, axis=0)
