"""Programs for lab05-loss."""

from __future__ import annotations


def _function(expression: str) -> str:
    return f"def loss_func(y_pred, y_true):\n    return {expression}\n"


RIGHT = {
    "mean of squares": _function("((y_pred - y_true) ** 2).mean()"),
    "indices of the two dimensions named": _function(
        "torch.einsum('ij,ij->', y_pred - y_true, y_pred - y_true) / len(y_true)"
    ),
    "other way round": _function("torch.mean((y_true - y_pred).pow(2))"),
    "mse_loss": _function("torch.nn.functional.mse_loss(y_pred, y_true)"),
    "MSELoss": "loss_func = torch.nn.MSELoss()\n",
    "sum over N": _function("torch.sum(torch.square(y_pred - y_true)) / len(y_true)"),
    "numel": _function("(y_pred - y_true).square().sum() / y_pred.numel()"),
    "dot product": """
def loss_func(y_pred, y_true):
    error = (y_pred - y_true).flatten()
    return error @ error / error.shape[0]
""",
    "norm": _function("torch.linalg.norm(y_pred - y_true) ** 2 / y_true.shape[0]"),
    "loop": """
def loss_func(y_pred, y_true):
    total = 0
    for p, t in zip(y_pred, y_true):
        total = total + (p - t) ** 2
    return total / len(y_pred)
""",
    "along the rows": _function("torch.mean((y_pred - y_true) ** 2, dim=0)"),
    "expanded": _function("(y_pred * y_pred - 2 * y_pred * y_true + y_true * y_true).mean()"),
    "class": """
class Loss:
    def __call__(self, y_pred, y_true):
        r = torch.sub(y_true, y_pred)
        return torch.mean(r * r)
loss_func = Loss()
""",
}

WRONG = {
    "sum": (_function("((y_pred - y_true) ** 2).sum()"), "sum instead of mean"),
    "MSELoss of the sum": (
        "loss_func = torch.nn.MSELoss(reduction='sum')\n",
        "sum instead of mean",
    ),
    "half": (_function("0.5 * ((y_pred - y_true) ** 2).mean()"), "half the mean squared error"),
    "half sum": (_function("((y_pred - y_true) ** 2).sum() / 2"), "half the sum"),
    "absolute": (_function("(y_pred - y_true).abs().mean()"), "absolute errors"),
    "L1Loss": ("loss_func = torch.nn.L1Loss()\n", "absolute errors"),
    "root": (
        _function("torch.sqrt(((y_pred - y_true) ** 2).mean())"),
        "root of the mean squared error",
    ),
    "length": (_function("torch.norm(y_pred - y_true)"), "length of the error vector"),
    "square of mean": (_function("(y_pred - y_true).mean() ** 2"), "square of the mean error"),
    "no square": (_function("(y_pred - y_true).mean()"), "errors not squared"),
    "no square, other sign": (_function("(y_true - y_pred).mean()"), "errors not squared"),
    "no mean": (_function("(y_pred - y_true) ** 2"), "mean not taken"),
    "N twice": (_function("((y_pred - y_true) ** 2).mean() / len(y_true)"), "divided by N twice"),
    "N minus one": (
        _function("((y_pred - y_true) ** 2).sum() / (len(y_true) - 1)"),
        "divided by N − 1",
    ),
    "plus": (_function("((y_pred + y_true) ** 2).mean()"), "sum of prediction and target"),
    "bracket": (_function("(y_pred ** 2 - y_true ** 2).mean()"), "difference of the squares"),
    "rounded": (_function("torch.round(((y_pred - y_true) ** 2).mean(), decimals=2)"), "rounded"),
    "negative": (_function("-((y_pred - y_true) ** 2).mean()"), "sign turned round"),
    "cubed": (_function("((y_pred - y_true).abs() ** 3).mean()"), "power other than two"),
    "max": (_function("((y_pred - y_true) ** 2).max()"), "largest error"),
    "item": (_function("((y_pred - y_true) ** 2).mean().item()"), "not differentiable"),
    "detached": (_function("((y_pred.detach() - y_true) ** 2).mean()"), "not differentiable"),
    "numpy": (
        _function("np.mean((y_pred.detach().numpy() - y_true.numpy()) ** 2)"),
        "not differentiable",
    ),
    "new tensor": (
        _function("torch.tensor(((y_pred - y_true) ** 2).mean().item(), requires_grad=True)"),
        "not differentiable",
    ),
    "half detached": (
        _function("((y_pred - y_true) * (y_pred.detach() - y_true)).mean()"),
        "wrong gradient",
    ),
    "broadcast": (
        _function("((y_pred.view(-1, 1) - y_true.view(-1)) ** 2).mean()"),
        "every row against every other",
    ),
    "broadcast by squeeze": (
        _function("((y_pred.squeeze() - y_true) ** 2).mean()"),
        "every row against every other",
    ),
    "divided by 200": (_function("((y_pred - y_true) ** 2).sum() / 200"), None),
    "divided by global N": (_function("((y_pred - y_true) ** 2).sum() / len(X)"), None),
    "global Y": (_function("((y_pred[:1] - Y) ** 2).mean()"), None),
    "huber": ("loss_func = torch.nn.SmoothL1Loss()\n", "smoothed absolute errors"),
    "returns None": (
        "def loss_func(y_pred, y_true):\n    ((y_pred - y_true) ** 2).mean()\n",
        "returns None",
    ),
    "typed in": (_function("torch.tensor(0.25, requires_grad=True)"), "ignores its arguments"),
    "pair": (_function("(((y_pred - y_true) ** 2).mean(), y_pred)"), None),
    "misspelt": (_function("((y_pred - y_tru) ** 2).mean()"), "error"),
    "variance": (_function("(y_pred - y_true).var()"), "variance of the errors"),
}
