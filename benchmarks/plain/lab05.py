# %%
import matplotlib.pyplot as plt
import numpy as np
import torch

# %%
torch.manual_seed(1)
X = torch.arange(-10, 10, 0.1).view(-1, 1)
Y = 3 * X + 0.5 * torch.randn(X.size())


def model(data, weight, bias):
    return data * weight + bias


def loss_func(y_pred, y_true):
    return torch.mean((y_pred - y_true) ** 2)


plt.plot(X.numpy(), Y.numpy(), "b.")
plt.show()


# %%
def fit(rate, epochs, batch_size):
    w = torch.randn(1, requires_grad=True)
    b = torch.randn(1, requires_grad=True)
    losses = []
    for _ in range(epochs):
        total = []
        for first in range(0, len(X), batch_size):
            x, y = X[first : first + batch_size], Y[first : first + batch_size]
            loss = loss_func(model(x, w, b), y)
            total.append(loss.item())
            loss.backward()
            w.data = w.data - rate * w.grad.data
            b.data = b.data - rate * b.grad.data
            w.grad.data.zero_()
            b.grad.data.zero_()
        losses.append(np.mean(total))
        # The line after every epoch, as in the labs before.
        plt.figure()
        plt.plot(X.numpy(), Y.numpy(), "b.")
        plt.plot(X.numpy(), w.item() * X.numpy() + b.item(), "r")
        plt.show()
    return losses


# %%
for size, rate, epochs in ((200, 0.01, 20), (20, 0.001, 20)):
    values = fit(rate, epochs, size)
    plt.plot(values, label=f"batch size {size}")
    plt.legend()
    plt.show()


# %% added=1
# What Lab 5 added: PyTorch's own optimizer and loader, three runs.
def descend(batch_size, rate, epochs):
    """Train without a figure."""
    line, criterion = torch.nn.Linear(1, 1), torch.nn.MSELoss()
    optimizer = torch.optim.SGD(line.parameters(), lr=rate)
    data = torch.utils.data.TensorDataset(X, Y)
    for _ in range(epochs):
        for x, y in torch.utils.data.DataLoader(data, batch_size=batch_size, shuffle=True):
            loss = criterion(line(x), y)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()


for size, rate, epochs in ((200, 0.02, 200), (20, 0.02, 50), (20, 0.005, 50)):
    descend(size, rate, epochs)

# %% added=20
# Its spread over shuffles: 1 of 20.
for rate in (0.02, 0.005):
    descend(20, rate, 50)
