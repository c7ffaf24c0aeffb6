# %%
import matplotlib.pyplot as plt
import torch
from sklearn.linear_model import LinearRegression
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

# %%
torch.manual_seed(0)
X = 2 + torch.randn(1000, 1)
Y = 5 + 2 * X + torch.randn(1000, 1)
criterion = nn.MSELoss()


def train(model, x, y, batch_size, epochs, rate=1e-3):
    optimizer = torch.optim.Adam(model.parameters(), lr=rate)
    loader = DataLoader(TensorDataset(x, y), batch_size=batch_size, shuffle=True)
    losses = []
    for _ in range(epochs):
        for xb, yb in loader:
            loss = criterion(model(xb), yb)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        losses.append(loss.item())
    return losses


regression = LinearRegression().fit(X.numpy(), Y.numpy())
train(nn.Linear(1, 1), X, Y, 1000, 1)  # the first optimizer imports for a second: not in the slices

# %%
# Batch: 4,500 epochs of one update.
optimizer = torch.optim.Adam((batch := nn.Linear(1, 1)).parameters(), lr=1e-3)
batch_losses = []
for _ in range(4500):
    loss = criterion(batch(X), Y)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    batch_losses.append(loss.item())

# %% slice=100
# One sample: 5 of 500 epochs, so 5,000 of 500,000 updates.
single_losses = train(nn.Linear(1, 1), X, Y, 1, 5)

# %% slice=10
# Mini-batches of 32: 30 of 300 epochs, so 960 of 9,600 updates.
mini_losses = train(nn.Linear(1, 1), X, Y, 32, 30)

# %%
for losses in (batch_losses, single_losses, mini_losses):
    plt.figure()
    plt.plot(losses)
    plt.show()

# %% added=1
# What Lab 4 added: momentum, inputs of other sizes, Adam at 0.1 in its three forms.
for momentum in (0, 0.3, 0.5, 0.6, 0.7, 0.9):
    model = nn.Linear(1, 1)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.15, momentum=momentum)
    for _ in range(150):
        loss = criterion(model(X), Y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
for size, epochs in ((1000, 550), (32, 24), (1, 3)):
    train(nn.Linear(1, 1), X, Y, size, epochs, rate=0.1)

# %% added=20
# Its spread over shuffles: 1 of 20.
train(nn.Linear(1, 1), X, Y, 32, 31, rate=0.1)
train(nn.Linear(1, 1), X, Y, 32, 24, rate=0.1)
for epochs, rate in ((1, 0.1), (1, 0.1), (1, 0.01), (3, 0.1)):
    train(nn.Linear(1, 1), X, Y, 1, epochs, rate)
