"""Programs for lab06-hidden-net."""

from __future__ import annotations

from tests.practice_models.bank import edit

TWO_LAYERS = """
class Net(torch.nn.Module):
    def __init__(self, n_inputs, n_hidden, n_outputs):
        super().__init__()
        self.hidden = torch.nn.Linear(n_inputs, n_hidden)
        self.output = torch.nn.Linear(n_hidden, n_outputs)

    def forward(self, x):
        return self.output(torch.relu(self.hidden(x)))
"""

SEQUENTIAL = """
class Net(torch.nn.Module):
    def __init__(self, n_inputs, n_hidden, n_outputs):
        super(Net, self).__init__()
        self.layers = torch.nn.Sequential(
            torch.nn.Linear(n_inputs, n_hidden),
            torch.nn.Tanh(),
            torch.nn.Linear(n_hidden, n_outputs),
        )

    def forward(self, x):
        y = self.layers(x)
        return y
"""

_UNIFORM = edit(
    TWO_LAYERS,
    (
        "n_outputs)\n\n",
        "n_outputs)\n        for p in self.parameters():\n"
        "            torch.nn.init.uniform_(p)\n\n",
    ),
    ("torch.relu", "torch.sigmoid"),
)

RIGHT = {
    "two layers, relu": TWO_LAYERS,
    "sequential, tanh": SEQUENTIAL,
    "sigmoid": edit(TWO_LAYERS, ("torch.relu", "torch.sigmoid")),
    "subclass of Sequential, leaky ReLU": """
class Net(torch.nn.Sequential):
    def __init__(self, n_inputs, n_hidden, n_outputs):
        super().__init__(torch.nn.Linear(n_inputs, n_hidden), torch.nn.LeakyReLU(),
                         torch.nn.Linear(n_hidden, n_outputs))
""",
    "function": """
def Net(n_inputs, n_hidden, n_outputs):
    return torch.nn.Sequential(torch.nn.Linear(n_inputs, n_hidden), torch.nn.ELU(),
                               torch.nn.Linear(n_hidden, n_outputs))
""",
    "parameters by hand": """
class Net(torch.nn.Module):
    def __init__(self, n_inputs, n_hidden, n_outputs):
        super().__init__()
        self.W1 = torch.nn.Parameter(torch.randn(n_inputs, n_hidden))
        self.b1 = torch.nn.Parameter(torch.zeros(n_hidden))
        self.W2 = torch.nn.Parameter(torch.randn(n_hidden, n_outputs) / n_hidden ** 0.5)
        self.b2 = torch.nn.Parameter(torch.zeros(n_outputs))
    def forward(self, x):
        return torch.clamp(x @ self.W1 + self.b1, min=0) @ self.W2 + self.b2
""",
    "ModuleList and a function of its own": """
class Net(torch.nn.Module):
    def __init__(self, n_inputs, n_hidden, n_outputs):
        super().__init__()
        self.layers = torch.nn.ModuleList([torch.nn.Linear(n_inputs, n_hidden),
                                           torch.nn.Linear(n_hidden, n_outputs)])
        self.act = torch.nn.GELU()
    def forward(self, x):
        first, last = self.layers
        return last(self.act(first(x)))
""",
    "softplus": edit(TWO_LAYERS, ("torch.relu", "torch.nn.functional.softplus")),
    "sine": edit(TWO_LAYERS, ("torch.relu", "torch.sin")),
    "a little dropout": edit(
        SEQUENTIAL,
        (
            "            torch.nn.Tanh(),\n",
            "            torch.nn.ReLU(),\n            torch.nn.Dropout(0.02),\n",
        ),
    ),
    "parameters that begin with one sign": """
class Net(torch.nn.Module):
    def __init__(self, n_inputs, n_hidden, n_outputs):
        super().__init__()
        self.W1 = torch.nn.Parameter(torch.rand(n_inputs, n_hidden))
        self.b1 = torch.nn.Parameter(torch.rand(n_hidden))
        self.W2 = torch.nn.Parameter(torch.rand(n_hidden, n_outputs))
        self.b2 = torch.nn.Parameter(torch.rand(n_outputs))
    def forward(self, x):
        return torch.relu(x @ self.W1 + self.b1) @ self.W2 + self.b2
""",
    "uniform start, sigmoid": _UNIFORM,
    "uniform start, softplus": edit(_UNIFORM, ("torch.sigmoid", "torch.nn.functional.softplus")),
    "parameters in another order, columns": """
class Net(torch.nn.Module):
    def __init__(self, n_inputs, n_hidden, n_outputs):
        super().__init__()
        self.c = torch.nn.Parameter(torch.zeros(n_outputs, 1))
        self.A = torch.nn.Parameter(torch.randn(n_outputs, n_hidden))
        self.b = torch.nn.Parameter(torch.zeros(n_hidden, 1))
        self.W = torch.nn.Parameter(torch.randn(n_hidden, n_inputs))
    def forward(self, x):
        return (self.A @ torch.tanh(self.W @ x.T + self.b) + self.c).T
""",
    "RReLU, random in training": edit(SEQUENTIAL, ("Tanh()", "RReLU()")),
    "dropout before the function": edit(
        SEQUENTIAL,
        (
            "            torch.nn.Tanh(),\n",
            "            torch.nn.Dropout(),\n            torch.nn.ReLU(),\n",
        ),
    ),
    "dropout that asks for the mode": edit(
        TWO_LAYERS,
        (
            "self.output(torch.relu(self.hidden(x)))",
            "self.output(torch.nn.functional.dropout("
            "torch.relu(self.hidden(x)), 0.3, self.training))",
        ),
    ),
    "functional, without layers": """
class Net(torch.nn.Module):
    def __init__(self, n_inputs, n_hidden, n_outputs):
        super().__init__()
        self.p = torch.nn.ParameterList([torch.zeros(n_hidden, n_inputs), torch.zeros(n_hidden),
                                         torch.zeros(n_outputs, n_hidden), torch.zeros(n_outputs)])
    def forward(self, x):
        linear = torch.nn.functional.linear
        return linear(torch.nn.functional.celu(linear(x, self.p[0], self.p[1]), 0.5), *self.p[2:])
""",
    "lazy layers": edit(
        TWO_LAYERS, ("Linear(n_inputs, ", "LazyLinear("), ("Linear(n_hidden, ", "LazyLinear(")
    ),
}

WRONG = {
    "no non-linearity": (
        edit(TWO_LAYERS, ("torch.relu(self.hidden(x))", "self.hidden(x)")),
        "no non-linearity",
    ),
    "no non-linearity, sequential": (
        edit(SEQUENTIAL, ("            torch.nn.Tanh(),\n", "")),
        "no non-linearity",
    ),
    "identity": (edit(SEQUENTIAL, ("Tanh()", "Identity()")), "no non-linearity"),
    "relu made but not used": (
        edit(
            TWO_LAYERS,
            ("        self.output", "        self.relu = torch.nn.ReLU()\n        self.output"),
            ("torch.relu(self.hidden(x))", "self.hidden(x)"),
        ),
        "no non-linearity",
    ),
    "relu called and thrown away": (
        edit(
            TWO_LAYERS,
            (
                "        return self.output(torch.relu(self.hidden(x)))",
                "        h = self.hidden(x)\n        torch.relu(h)\n        return self.output(h)",
            ),
        ),
        "no non-linearity",
    ),
    "two hidden layers": (
        edit(
            SEQUENTIAL,
            (
                "            torch.nn.Tanh(),\n",
                "            torch.nn.Tanh(),\n"
                "            torch.nn.Linear(n_hidden, n_hidden),\n"
                "            torch.nn.Tanh(),\n",
            ),
        ),
        "two hidden layers",
    ),
    "no hidden layer": (
        edit(
            TWO_LAYERS,
            ("        self.hidden = torch.nn.Linear(n_inputs, n_hidden)\n", ""),
            ("torch.nn.Linear(n_hidden, n_outputs)", "torch.nn.Linear(n_inputs, n_outputs)"),
            ("self.output(torch.relu(self.hidden(x)))", "self.output(x)"),
        ),
        "no hidden layer",
    ),
    "no bias": (
        edit(
            TWO_LAYERS,
            ("n_hidden)\n", "n_hidden, bias=False)\n"),
            ("n_outputs)\n\n", "n_outputs, bias=False)\n\n"),
        ),
        "bias missing",
    ),
    "no bias in the hidden layer": (
        edit(TWO_LAYERS, ("(n_inputs, n_hidden)\n", "(n_inputs, n_hidden, bias=False)\n")),
        "bias missing",
    ),
    "no bias in the output layer": (
        edit(TWO_LAYERS, ("n_outputs)\n\n", "n_outputs, bias=False)\n\n")),
        "bias missing",
    ),
    "relu at the output": (
        edit(
            TWO_LAYERS,
            (
                "return self.output(torch.relu(self.hidden(x)))",
                "return torch.relu(self.output(torch.relu(self.hidden(x))))",
            ),
        ),
        "activation at the output",
    ),
    "relu at the output only": (
        edit(
            TWO_LAYERS,
            ("self.output(torch.relu(self.hidden(x)))", "torch.relu(self.output(self.hidden(x)))"),
        ),
        "activation at the output",
    ),
    "sigmoid at the output": (
        edit(SEQUENTIAL, ("n_outputs),\n", "n_outputs),\n            torch.nn.Sigmoid(),\n")),
        "activation at the output",
    ),
    "tanh at the output": (
        edit(SEQUENTIAL, ("n_outputs),\n", "n_outputs),\n            torch.nn.Tanh(),\n")),
        "activation at the output",
    ),
    "plain list": (
        """
class Net(torch.nn.Module):
    def __init__(self, n_inputs, n_hidden, n_outputs):
        super().__init__()
        self.layers = [torch.nn.Linear(n_inputs, n_hidden), torch.nn.Linear(n_hidden, n_outputs)]
    def forward(self, x):
        return self.layers[1](torch.relu(self.layers[0](x)))
""",
        "parameters not registered",
    ),
    "layers made in forward": (
        """
class Net(torch.nn.Module):
    def __init__(self, n_inputs, n_hidden, n_outputs):
        super().__init__()
        self.sizes = n_inputs, n_hidden, n_outputs
    def forward(self, x):
        i, h, o = self.sizes
        return torch.nn.Linear(h, o)(torch.relu(torch.nn.Linear(i, h)(x)))
""",
        "parameters not registered",
    ),
    "super forgotten": (
        edit(TWO_LAYERS, ("        super().__init__()\n", "")),
        "super().__init__ left out",
    ),
    "no forward": (TWO_LAYERS[: TWO_LAYERS.index("    def forward")], "no forward"),
    "forward returns None": (
        edit(TWO_LAYERS, ("        return self", "        y = self")),
        "returns None",
    ),
    "forward returns a pair": (
        edit(
            TWO_LAYERS,
            (
                "        return self.output(torch.relu(self.hidden(x)))",
                "        h = torch.relu(self.hidden(x))\n        return self.output(h), h",
            ),
        ),
        None,
    ),
    "flat output": (
        edit(TWO_LAYERS, ("self.hidden(x)))", "self.hidden(x))).flatten()")),
        "wrong shape",
    ),
    "squeezed output": (
        edit(TWO_LAYERS, ("self.hidden(x)))", "self.hidden(x))).squeeze()")),
        "wrong shape",
    ),
    "one output always": (
        edit(TWO_LAYERS, ("(n_hidden, n_outputs)", "(n_hidden, 1)")),
        "wrong shape",
    ),
    "hidden units as output": (
        edit(TWO_LAYERS, ("self.output(torch.relu(self.hidden(x)))", "torch.relu(self.hidden(x))")),
        "wrong shape",
    ),
    "sizes typed in": (
        edit(TWO_LAYERS, ("n_hidden)\n", "16)\n"), ("(n_hidden, n_outputs)", "(16, n_outputs)")),
        None,
    ),
    "hidden and output swapped": (
        edit(
            TWO_LAYERS,
            ("self, n_inputs, n_hidden, n_outputs", "self, n_inputs, n_outputs, n_hidden"),
        ),
        "wrong shape",
    ),
    "inputs and outputs swapped": (
        edit(
            TWO_LAYERS,
            ("self, n_inputs, n_hidden, n_outputs", "self, n_outputs, n_hidden, n_inputs"),
        ),
        None,
    ),
    "batch normalisation": (
        edit(
            SEQUENTIAL,
            (
                "            torch.nn.Tanh(),\n",
                "            torch.nn.BatchNorm1d(n_hidden),\n            torch.nn.Tanh(),\n",
            ),
        ),
        "normalisation layer",
    ),
    "PReLU": (edit(SEQUENTIAL, ("Tanh()", "PReLU()")), "activation with parameters"),
    "detached": (
        edit(
            TWO_LAYERS,
            (
                "self.output(torch.relu(self.hidden(x)))",
                "self.output(torch.relu(self.hidden(x))).detach()",
            ),
        ),
        "not differentiable",
    ),
    "dead units": (
        edit(
            TWO_LAYERS,
            ("torch.relu(self.hidden(x))", "torch.relu(self.hidden(x)).detach()"),
            (
                "        self.output",
                "        torch.nn.init.constant_(self.hidden.weight, 1.0)\n"
                "        torch.nn.init.constant_(self.hidden.bias, 100.0)\n        self.output",
            ),
        ),
        None,
    ),
    "step function": (
        edit(TWO_LAYERS, ("torch.relu(self.hidden(x))", "torch.sign(self.hidden(x)) * 1e-3")),
        None,
    ),
    "softmax": (
        edit(SEQUENTIAL, ("n_outputs),\n", "n_outputs),\n            torch.nn.Softmax(dim=1),\n")),
        "activation at the output",
    ),
    "no module": (
        "class Net:\n    def __init__(self, i, h, o):\n        self.sizes = i, h, o\n",
        "wrong type",
    ),
    "an instance instead of a class": (
        TWO_LAYERS + "\nNet = Net(1, 16, 1)\n",
        None,
    ),
    "two arguments only": (
        edit(
            TWO_LAYERS,
            ("self, n_inputs, n_hidden, n_outputs", "self, n_inputs, n_hidden"),
            ("(n_hidden, n_outputs)", "(n_hidden, 1)"),
        ),
        "error",
    ),
    "gradient cut off behind the hidden layer": (
        edit(TWO_LAYERS, ("self.hidden(x))", "self.hidden(x)).detach()")),
        "part of it does not train",
    ),
    "signs of the hidden units": (
        edit(TWO_LAYERS, ("torch.relu", "torch.sign")),
        "part of it does not train",
    ),
    "softmax over the rows": (
        edit(TWO_LAYERS, ("torch.relu(self.hidden(x))", "torch.softmax(self.hidden(x), dim=0)")),
        "rows mixed",
    ),
    "mean of the rows taken off": (
        edit(SEQUENTIAL, ("y = self.layers(x)", "y = self.layers(x - x.mean(dim=0))")),
        "rows mixed",
    ),
    "sigmoid before the hidden layer": (
        edit(TWO_LAYERS, ("torch.relu(self.hidden(x))", "self.hidden(torch.sigmoid(x))")),
        "non-linearity before the hidden layer",
    ),
    "dropout that never stops": (
        edit(
            TWO_LAYERS,
            (
                "torch.relu(self.hidden(x))",
                "torch.nn.functional.dropout(torch.relu(self.hidden(x)))",
            ),
        ),
        "random outputs",
    ),
    "normalisation without parameters": (
        edit(
            SEQUENTIAL,
            (
                "            torch.nn.Tanh(),\n",
                "            torch.nn.BatchNorm1d(n_hidden, affine=False),\n"
                "            torch.nn.Tanh(),\n",
            ),
        ),
        "rows mixed",
    ),
    "half of the gradient cut off": (
        edit(
            TWO_LAYERS,
            (
                "        return self.output(torch.relu(self.hidden(x)))",
                "        h = torch.relu(self.hidden(x))\n"
                "        return self.output(h / 2 + h.detach() / 2)",
            ),
        ),
        "other gradients",
    ),
    "function only in eval": (
        edit(
            TWO_LAYERS,
            (
                "        return self.output(torch.relu(self.hidden(x)))",
                "        h = self.hidden(x)\n"
                "        return self.output(h if self.training else torch.relu(h))",
            ),
        ),
        "other function in training",
    ),
    "inputs scaled": (edit(TWO_LAYERS, ("self.hidden(x)", "self.hidden(x / 10)")), None),
    "outputs scaled": (
        edit(TWO_LAYERS, ("return self.output(", "return 10 * self.output(")),
        "another function",
    ),
    "inputs added to the output": (
        edit(
            TWO_LAYERS,
            ("return self.output(", "return x.sum(dim=1, keepdim=True) + self.output("),
        ),
        "another function",
    ),
    "another function for every second unit": (
        edit(
            TWO_LAYERS,
            (
                "        return self.output(torch.relu(self.hidden(x)))",
                "        h = self.hidden(x)\n        even = torch.arange(h.shape[1]) % 2 == 0\n"
                "        return self.output(torch.where(even, torch.relu(h), torch.sin(h)))",
            ),
        ),
        "another function",
    ),
    "a layer that is made and not used": (
        edit(
            TWO_LAYERS,
            (
                "        self.output",
                "        self.spare = torch.nn.Linear(3, 3)\n        self.output",
            ),
        ),
        "wrong number of parameters",
    ),
    "frozen hidden layer": (
        edit(
            TWO_LAYERS,
            (
                "        self.output",
                "        self.hidden.requires_grad_(False)\n        self.output",
            ),
        ),
        "part of it does not train",
    ),
    "no output bias used": (
        edit(
            TWO_LAYERS,
            (
                "self.output(torch.relu(self.hidden(x)))",
                "torch.relu(self.hidden(x)) @ self.output.weight.T",
            ),
        ),
        "part of it does not train",
    ),
    "leaky relu at the output": (
        edit(
            TWO_LAYERS,
            (
                "self.output(torch.relu(self.hidden(x)))",
                "torch.nn.functional.leaky_relu(self.output(torch.relu(self.hidden(x))))",
            ),
        ),
        "activation at the output",
    ),
    "square of a line": (
        edit(
            TWO_LAYERS,
            ("self.output(torch.relu(self.hidden(x)))", "self.output(self.hidden(x)) ** 2"),
        ),
        "activation at the output",
    ),
    "random prediction": (
        edit(TWO_LAYERS, ("return self.output(", "return 0.1 * torch.randn(1) + self.output(")),
        "random outputs",
    ),
}
