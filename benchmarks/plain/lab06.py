# %%
import matplotlib.pyplot as plt
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

# %%
torch.manual_seed(0)
X = 2 + torch.randn(1000, 1)
Y = 5 + 2 * X + torch.randn(1000, 1)
curved = (X - 2) ** 2 + 0.5 * torch.randn(1000, 1)
design = torch.cat([torch.ones_like(X), X], dim=1)
criterion = nn.MSELoss()


def train(model, x, y, batch_size, epochs, rate=1e-3, shuffle=True):
    optimizer = torch.optim.Adam(model.parameters(), lr=rate)
    loader = DataLoader(TensorDataset(x, y), batch_size=batch_size, shuffle=shuffle)
    losses = []
    for _ in range(epochs):
        for xb, yb in loader:
            loss = criterion(model(xb), yb)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        losses.append(loss.item())
    return losses


train(nn.Linear(1, 1), X, Y, 1000, 1)  # the first optimizer imports for a second: not in the slices

# %% slice=10
# A line and two networks on both targets, in mini-batches: 10 of 100 epochs.
for target in (Y, curved):
    for layers in (
        [nn.Linear(1, 1)],
        [nn.Linear(1, 16), nn.ReLU(), nn.Linear(16, 1)],
        [nn.Linear(1, 16), nn.ReLU(), nn.Linear(16, 16), nn.ReLU(), nn.Linear(16, 1)],
    ):
        train(nn.Sequential(*layers), X, target, 32, 10, rate=0.01)

# %% slice=50
# 2-2-1 without biases: 20 of 1000 epochs in mini-batches of 32.
shallow = nn.Sequential(nn.Linear(2, 2, bias=False), nn.Sigmoid(), nn.Linear(2, 1, bias=False))
shallow_losses = train(shallow, design, Y, 32, 20)

# %% slice=50
# 2-10-20-2-1: 20 of 1000 epochs in mini-batches of 64, in order.
layers = []
for n_inputs, n_outputs in ((2, 10), (10, 20), (20, 2), (2, 1)):
    layers += [nn.Linear(n_inputs, n_outputs), nn.Sigmoid()]
deep_losses = train(nn.Sequential(*layers[:-1]), design, Y, 64, 20, shuffle=False)

# %%
for losses in (shallow_losses, deep_losses):
    plt.figure()
    plt.plot(losses)
    plt.show()

# %% added=200
# What Lab 6 added, eleven remedies over 20 starts of 60 epochs: 1 start, 6 epochs.
for rate in (0.001, 0.01, 0.001, 0.001, 0.001, 0.001, 0.001, 0.001, 0.001, 0.01, 0.01):
    layers = []
    for n_inputs, n_outputs in ((2, 10), (10, 20), (20, 2), (2, 1)):
        layers += [nn.Linear(n_inputs, n_outputs), nn.Sigmoid()]
    train(nn.Sequential(*layers[:-1]), design, Y, 64, 6, rate, shuffle=False)
