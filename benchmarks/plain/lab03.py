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
