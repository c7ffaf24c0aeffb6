"""Programs for lab06-deep-net."""

from __future__ import annotations

from tests.practice_models.bank import edit

LEAKY = """
from torch import nn

class DeepNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = nn.Sequential(
            nn.Linear(2, 10), nn.LeakyReLU(),
            nn.Linear(10, 20), nn.LeakyReLU(),
            nn.Linear(20, 2), nn.LeakyReLU(),
            nn.Linear(2, 1),
        )

    def forward(self, x):
        return self.layers(x)
"""

BY_NAME = """
from torch import nn

class DeepNet(nn.Module):
    def __init__(self):
        super(DeepNet, self).__init__()
        self.a = nn.Linear(2, 10)
        self.b = nn.Linear(10, 20)
        self.c = nn.Linear(20, 2)
        self.d = nn.Linear(2, 1)
        nn.init.constant_(self.d.bias, 9.0)

    def forward(self, x):
        h = torch.tanh(self.a(x))
        h = torch.tanh(self.b(h))
        h = torch.tanh(self.c(h))
        return self.d(h)
"""

RIGHT = {
    "leaky ReLU": LEAKY,
    "tanh, output starts near the mean": BY_NAME,
    "a list of modules, ELU, output shifted": """
class DeepNet(torch.nn.Module):
    def __init__(self):
        super().__init__()
        sizes = [2, 10, 20, 2, 1]
        self.layers = torch.nn.ModuleList(
            torch.nn.Linear(a, b) for a, b in zip(sizes, sizes[1:])
        )
        for layer in self.layers:
            torch.nn.init.xavier_uniform_(layer.weight)
            torch.nn.init.zeros_(layer.bias)

    def forward(self, x):
        *hidden, last = self.layers
        for layer in hidden:
            x = torch.nn.functional.elu(layer(x))
        return 9 + last(x)
""",
    "a function, no biases": """
def DeepNet():
    layers, sizes = [], (2, 10, 20, 2, 1)
    for a, b in zip(sizes, sizes[1:]):
        layers += [torch.nn.Linear(a, b, bias=False), torch.nn.LeakyReLU(0.1)]
    return torch.nn.Sequential(*layers[:-1])
""",
    "inputs and output rescaled": edit(
        BY_NAME,
        ("        nn.init.constant_(self.d.bias, 9.0)\n", ""),
        ("self.a(x)", "self.a((x - torch.tensor([0.0, 2.0])) / torch.tensor([1.0, 1.0]))"),
        ("return self.d(h)", "return 9 + 2 * self.d(h)"),
    ),
    "parameters by hand": """
class DeepNet(torch.nn.Module):
    def __init__(self):
        super().__init__()
        s = (2, 10, 20, 2, 1)
        self.W = torch.nn.ParameterList(
            torch.nn.Parameter(torch.randn(a, b) / a**0.5) for a, b in zip(s, s[1:])
        )
        self.B = torch.nn.ParameterList(torch.nn.Parameter(torch.zeros(b)) for b in s[1:])

    def forward(self, x):
        for k in range(4):
            x = x @ self.W[k] + self.B[k]
            if k < 3:
                x = torch.where(x > 0, x, 0.2 * x)
        return x
""",
    "the last layer starts at 0": edit(
        BY_NAME, ("9.0)", "9.0)\n        nn.init.zeros_(self.d.weight)")
    ),
    "a slope that is learned": edit(LEAKY, ("LeakyReLU", "PReLU")),
    "subclass of Sequential, a slope of one half": """
class DeepNet(torch.nn.Sequential):
    def __init__(self):
        f = torch.nn.LeakyReLU(0.5)
        super().__init__(torch.nn.Linear(2, 10), f, torch.nn.Linear(10, 20), f,
                         torch.nn.Linear(20, 2), f, torch.nn.Linear(2, 1))
""",
}

_LISTED = edit(
    LEAKY,
    ("self.layers = nn.Sequential(", "self.layers = ["),
    ("nn.Linear(2, 1),\n        )", "nn.Linear(2, 1),\n        ]"),
    ("        return self.layers(x)", "        for f in self.layers: x = f(x)\n        return x"),
)

WRONG = {
    "still sigmoid": (edit(LEAKY, ("LeakyReLU", "Sigmoid")), "still on the plateau"),
    "sigmoid, Xavier's start": (
        edit(
            LEAKY,
            ("LeakyReLU", "Sigmoid"),
            (
                "    def forward",
                "        for p in self.parameters():\n"
                "            if p.dim() > 1: nn.init.xavier_uniform_(p)\n\n    def forward",
            ),
        ),
        "still on the plateau",
    ),
    "tanh and nothing else": (edit(LEAKY, ("LeakyReLU", "Tanh")), "too slow"),
    "ReLU": (edit(LEAKY, ("LeakyReLU", "ReLU")), "dead units"),
    "sigmoid after the output": (
        edit(LEAKY, ("return self.layers(x)", "return torch.sigmoid(self.layers(x))")),
        "activation after the output",
    ),
    "tanh after the output": (
        edit(LEAKY, ("return self.layers(x)", "return torch.tanh(self.layers(x))")),
        "activation after the output",
    ),
    "no non-linear function": (
        edit(LEAKY, ("LeakyReLU", "Identity")),
        "no non-linear function",
    ),
    "two sizes swapped": (
        edit(LEAKY, ("2, 10", "2, 20"), ("10, 20", "20, 10"), ("20, 2)", "10, 2)")),
        "wrong sizes",
    ),
    "a hidden layer left out": (
        edit(
            LEAKY,
            ("            nn.Linear(10, 20), nn.LeakyReLU(),\n", ""),
            ("nn.Linear(20, 2)", "nn.Linear(10, 2)"),
        ),
        "wrong sizes",
    ),
    "one input": (edit(LEAKY, ("2, 10", "1, 10")), "error"),
    "a plain list of layers": (_LISTED, "parameters not registered"),
    "one layer in a list": (
        edit(
            BY_NAME,
            ("self.b = nn.Linear(10, 20)", "self.b = [nn.Linear(10, 20)]"),
            ("self.b(h)", "self.b[0](h)"),
        ),
        "parameters not registered",
    ),
    "a row of numbers": (
        edit(LEAKY, ("return self.layers(x)", "return self.layers(x).squeeze()")),
        "wrong shape",
    ),
    "without super().__init__()": (
        edit(LEAKY, ("        super().__init__()\n", "")),
        "super().__init__ left out",
    ),
    "no return": (edit(LEAKY, ("return self.layers(x)", "self.layers(x)")), "returns None"),
    "leaves the tensors": (
        edit(LEAKY, ("self.layers(x)", "torch.tensor(self.layers(x).tolist())")),
        "not differentiable",
    ),
    "detached": (edit(LEAKY, ("self.layers(x)", "self.layers(x).detach()")), "not differentiable"),
    "the rule typed in": (
        edit(LEAKY, ("return self.layers(x)", "return 5 + 2 * x[:, 1:] + 0 * self.layers(x)")),
        "no non-linear function",
    ),
    "the rule beside the layers": (
        edit(LEAKY, ("return self.layers(x)", "return 5 + 2 * x[:, 1:] + self.layers(x)")),
        "starts at the answer",
    ),
    "all weights start at 0": (
        edit(
            LEAKY,
            (
                "    def forward",
                "        for p in self.parameters(): nn.init.zeros_(p)\n\n    def forward",
            ),
        ),
        "dead units",
    ),
}
