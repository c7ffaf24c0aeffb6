"""Programs for lab04-r-squared."""

from __future__ import annotations


def _function(*lines: str) -> str:
    body = "".join(f"    {line}\n" for line in lines)
    return f"def r_squared(y_true, y_pred):\n{body}"


_RSS = "rss = ((y_true - y_pred) ** 2).sum()"
_TSS = "tss = ((y_true - y_true.mean()) ** 2).sum()"

RIGHT = {
    "sums": _function(_RSS, _TSS, "return float(1 - rss / tss)"),
    "item": _function(
        "return (1 - ((y_pred - y_true) ** 2).sum() / "
        "((y_true - torch.mean(y_true)) ** 2).sum()).item()"
    ),
    "means": _function(
        "mse = torch.nn.functional.mse_loss(y_pred, y_true)",
        "return 1 - mse / y_true.var(correction=0)",
    ),
    "numpy": _function(
        "t, p = y_true.numpy().ravel(), y_pred.numpy().ravel()",
        "return 1 - np.sum((t - p) ** 2) / np.sum((t - t.mean()) ** 2)",
    ),
    "sklearn": "from sklearn.metrics import r2_score\n"
    + _function("return r2_score(y_true, y_pred)"),
    "loop": _function(
        "t, p = y_true.flatten().tolist(), y_pred.flatten().tolist()",
        "mean = sum(t) / len(t)",
        "up = sum((a - b) ** 2 for a, b in zip(t, p))",
        "down = sum((a - mean) ** 2 for a in t)",
        "return (down - up) / down",
    ),
    "variances, N − 1 in both": _function(
        "n = y_true.numel()",
        "return float(1 - ((y_true - y_pred) ** 2).sum() / (n - 1) / y_true.var())",
    ),
    "rounded to four decimals": _function(_RSS, _TSS, "return round(float(1 - rss / tss), 4)"),
    "rounded to five decimals, a tensor": _function(
        _RSS, _TSS, "return torch.round(1 - rss / tss, decimals=5)"
    ),
    "norms": _function(
        "r = torch.norm(y_true - y_pred) / torch.norm(y_true - y_true.mean())",
        "return 1.0 - r.item() ** 2",
    ),
}

WRONG = {
    "swapped": (
        _function(
            _RSS, "tss = ((y_pred - y_pred.mean()) ** 2).sum()", "return float(1 - rss / tss)"
        ),
        "targets and predictions swapped",
    ),
    "swapped, sklearn": (
        "from sklearn.metrics import r2_score\n" + _function("return r2_score(y_pred, y_true)"),
        "targets and predictions swapped",
    ),
    "correlation squared": (
        _function("return np.corrcoef(y_true.flatten(), y_pred.flatten())[0, 1] ** 2"),
        "correlation squared",
    ),
    "correlation": (
        _function("return torch.corrcoef(torch.stack([y_true.flatten(), y_pred.flatten()]))[0, 1]"),
        "correlation",
    ),
    "not centred": (
        _function(_RSS, "return float(1 - rss / (y_true ** 2).sum())"),
        "targets not centred",
    ),
    "mean of the predictions": (
        _function(_RSS, "return float(1 - rss / ((y_true - y_pred.mean()) ** 2).sum())"),
        "centred at the predictions' mean",
    ),
    "adjusted": (
        _function(
            _RSS, _TSS, "n = len(y_true)", "return float(1 - (rss / (n - 2)) / (tss / (n - 1)))"
        ),
        "adjusted R²",
    ),
    "no one minus": (_function(_RSS, _TSS, "return float(rss / tss)"), "one minus left out"),
    "upside down": (_function(_RSS, _TSS, "return float(1 - tss / rss)"), "fraction upside down"),
    "sign": (_function(_RSS, _TSS, "return float(rss / tss - 1)"), "sign turned round"),
    "explained": (
        _function(_TSS, "return float(((y_pred - y_true.mean()) ** 2).sum() / tss)"),
        "explained spread",
    ),
    "variance ratio": (_function("return float(y_pred.var() / y_true.var())"), "explained spread"),
    "explained variance": (
        _function("return float(1 - (y_true - y_pred).var() / y_true.var())"),
        "variance of the errors",
    ),
    "mean over sum": (
        _function(_TSS, "return float(1 - ((y_true - y_pred) ** 2).mean() / tss)"),
        "mean over sum",
    ),
    "sum over variance": (_function(_RSS, "return float(1 - rss / y_true.var())"), "sum over mean"),
    "N and N − 1": (
        _function("return float(1 - ((y_true - y_pred) ** 2).mean() / y_true.var())"),
        "N and N − 1 mixed",
    ),
    "absolute": (
        _function(
            "return float(1 - (y_true - y_pred).abs().sum() / (y_true - y_true.mean()).abs().sum())"
        ),
        "absolute errors",
    ),
    "roots": (_function(_RSS, _TSS, "return float(1 - (rss / tss) ** 0.5)"), "root"),
    "per cent": (_function(_RSS, _TSS, "return float(100 * (1 - rss / tss))"), "in per cent"),
    "cut off": (_function(_RSS, _TSS, "return max(0.0, float(1 - rss / tss))"), "not below zero"),
    "mean squared error": (
        _function("return float(((y_true - y_pred) ** 2).mean())"),
        "mean squared error",
    ),
    "broadcast": (
        _function(
            "rss = ((y_true.view(-1, 1) - y_pred.view(-1)) ** 2).sum()",
            _TSS,
            "return float(1 - rss / tss)",
        ),
        "every row against every other",
    ),
    "broadcast by squeeze": (
        _function(
            "rss = ((y_true - y_pred.squeeze()) ** 2).sum()", _TSS, "return float(1 - rss / tss)"
        ),
        "every row against every other",
    ),
    "rounded to two digits": (_function(_RSS, _TSS, "return round(float(1 - rss / tss), 2)"), None),
    "rounded to two decimals": (
        _function(_RSS, _TSS, "return float(f'{1 - rss / tss:.2f}')"),
        "rounded",
    ),
    "rounded to three decimals": (
        _function(_RSS, _TSS, "return round(float(1 - rss / tss), 3)"),
        "rounded",
    ),
    "swapped, rounded": (
        _function(
            _RSS,
            "tss = ((y_pred - y_pred.mean()) ** 2).sum()",
            "return round(float(1 - rss / tss), 4)",
        ),
        None,
    ),
    "typed in": (_function("return 0.787"), "ignores its arguments"),
    "global Y": (_function(_RSS, "return float(1 - rss / ((Y - Y.mean()) ** 2).sum())"), None),
    "returns None": (_function(_RSS, _TSS, "print(1 - rss / tss)"), "returns None"),
    "text": (_function(_RSS, _TSS, "return f'{1 - rss / tss:.3f}'"), "returns something else"),
    "one per row": (_function(_TSS, "return 1 - (y_true - y_pred) ** 2 / tss"), "not one number"),
    "misspelt": (_function("return 1 - rss / tss"), "error"),
}
