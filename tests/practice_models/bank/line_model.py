"""Programs for lab05-model."""

from __future__ import annotations


def _function(expression: str) -> str:
    return f"def model(data, weight, bias):\n    return {expression}\n"


RIGHT = {
    "plain": _function("data * weight + bias"),
    "bias first": _function("bias + weight * data"),
    "torch.add and torch.mul": _function("torch.add(torch.mul(data, weight), bias)"),
    "methods": _function("data.mul(weight).add(bias)"),
    "addcmul": _function("torch.addcmul(bias, data, weight)"),
    "lambda": "model = lambda data, weight, bias: weight * data + bias\n",
    "einsum for scalars, else plain": """
def model(data, weight, bias):
    if weight.dim() == 0:
        return torch.einsum('...,->...', data, weight) + bias
    return data * weight + bias
""",
    "object that can be called": """
class Line:
    def __call__(self, data, weight, bias):
        y = weight * data
        y = y + bias
        return y

model = Line()
""",
    "minus a negative": _function("data * weight - (-bias)"),
}

WRONG = {
    "bias subtracted": (_function("data * weight - bias"), "bias subtracted"),
    "bias subtracted, methods": (_function("data.mul(weight).sub(bias)"), "bias subtracted"),
    "swapped": (_function("data * bias + weight"), "weight and bias swapped"),
    "no bias": (_function("data * weight"), "no bias"),
    "no weight": (_function("data + bias"), "no weight"),
    "bracket": (_function("(data + bias) * weight"), "bias added before the product"),
    "everything added": (_function("data + weight + bias"), "everything added"),
    "everything multiplied": (_function("data * weight * bias"), "everything multiplied"),
    "divided": (_function("data / weight + bias"), "divided by weight"),
    "squared": (_function("data ** 2 * weight + bias"), "data squared"),
    "sign": (_function("bias - data * weight"), "sign of the slope"),
    "relu": (_function("torch.relu(data * weight + bias)"), "activation after the line"),
    "sigmoid": (_function("torch.sigmoid(weight * data + bias)"), "activation after the line"),
    "mean": (_function("(data * weight + bias).mean()"), "averaged over the rows"),
    "flattened": (_function("(data * weight + bias).flatten()"), "shape lost"),
    "squeezed": (_function("(data * weight + bias).squeeze()"), "shape lost"),
    "matmul": (_function("data @ weight + bias"), "error"),
    "linear": (_function("torch.nn.functional.linear(data, weight, bias)"), "error"),
    "detached": (_function("(data * weight + bias).detach()"), "not differentiable"),
    "numpy": (_function("(data * weight + bias).detach().numpy()"), "not differentiable"),
    "weight as a number": (
        "def model(data, weight, bias):\n"
        "    w = torch.tensor(weight.tolist(), dtype=data.dtype)\n    return data * w + bias\n",
        "not differentiable",
    ),
    "in place": (
        "def model(data, weight, bias):\n    data *= weight.detach()\n    return data + bias\n",
        "changes its arguments",
    ),
    "global names": (
        "w0, b0 = torch.randn(2)\n" + _function("X * w0 + b0"),
        None,
    ),
    "typed in": (_function("data * 3.0 + 0.5"), None),
    "visible only": (
        "def model(data, weight, bias):\n"
        "    return data * weight + (bias if data.dim() == 2 else 0 * bias)\n",
        None,
    ),
    "returns None": (
        "def model(data, weight, bias):\n    y = data * weight + bias\n",
        "returns None",
    ),
    "prints": ("def model(data, weight, bias):\n    print(data * weight + bias)\n", "returns None"),
    "returns text": (_function("str(data * weight + bias)"), "returns something else"),
    "no function": ("model = 3.0\n", "no function"),
    "misspelt": (_function("data * wieght + bias"), "error"),
    "sum of products": (_function("(data * weight).sum() + bias"), None),
    "rounded": (_function("torch.round(data * weight + bias)"), None),
}
