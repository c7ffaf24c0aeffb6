"""Training loops in several styles with a slot for each thing that can go wrong.

`descent(style, ...)` writes one cell. With the default slots it is right; a changed slot is a
mistake, and the same mistake can be written in every style.
"""

from __future__ import annotations

STYLES = ("no_grad", "data", "optimizer", "functional", "by hand", "module")

_RIGHT = {
    "name": "LOSS2",
    "rate": "0.2",
    "epochs": "15",
    "w0": "-15.0",
    "b0": "-10.0",
    "x": "X",
    "y": "Y",
    "model": "w * {x} + b",
    "loss": "torch.mean((y_hat - {y}) ** 2)",
    "record": "loss.item()",
    "when": "before",
    "moves": "wb",
    "sign": "-",
    "zero": "wb",
    "inner": "",
    "batch_x": "X",
    "batch_y": "Y",
    "full": "torch.mean((w * X + b - Y) ** 2).item()",
    "end": "",
}


def descent(style: str, **slots: str) -> str:
    """The source of a training cell; `inner`, if given, is the header of a loop over batches."""
    s = {**_RIGHT, **slots}
    batches = bool(s["inner"])
    x, y = (s["batch_x"], s["batch_y"]) if batches else (s["x"], s["y"])
    model, loss = s["model"].format(x=x), s["loss"].format(y=y)
    head, body = _WRITERS[style](s, model, loss, x, y)
    keep = f"{s['name']}.append({s['record'] if not batches else s['full']})"
    before = [keep] if s["when"] == "before" else []
    after = [keep] if s["when"] == "after" else []
    lines = [*head, f"{s['name']} = []", f"for epoch in range({s['epochs']}):"]
    if batches:
        lines += [f"    {line}" for line in before]
        lines += [f"    {s['inner']}"]
        steps = [f"y_hat = {model}", f"loss = {loss}", *body]
        lines += [f"        {line}" for line in steps]
        lines += [f"    {line}" for line in after]
    else:
        again = [f"y_hat = {model}", f"loss = {loss}"] if after else []
        steps = [f"y_hat = {model}", f"loss = {loss}", *before, *body, *again, *after]
        lines += [f"    {line}" for line in steps]
    if s["end"]:
        lines.append(s["end"])
    return "\n".join(lines) + "\n"


def _leaves(s):
    return [
        f"w = torch.tensor({s['w0']}, requires_grad=True)",
        f"b = torch.tensor({s['b0']}, requires_grad=True)",
    ]


def _no_grad(s, model, loss, x, y):
    body = ["loss.backward()", "with torch.no_grad():"]
    body += [f"    {p} {s['sign']}= {s['rate']} * {p}.grad" for p in s["moves"]] or ["    pass"]
    body += [f"{p}.grad.zero_()" for p in s["zero"]]
    return _leaves(s), body


def _data(s, model, loss, x, y):
    head = [
        f"w = torch.tensor([{s['w0']}], requires_grad=True)",
        f"b = torch.tensor([{s['b0']}], requires_grad=True)",
    ]
    body = [f"{p}.grad = None" for p in s["zero"]] + ["loss.backward()"]
    body += [f"{p}.data = {p}.data {s['sign']} {s['rate']} * {p}.grad.data" for p in s["moves"]]
    return head, body


def _optimizer(s, model, loss, x, y):
    listed = ", ".join(s["moves"])
    more = ", maximize=True" if s["sign"] == "+" else ""
    head = [*_leaves(s), f"optimizer = torch.optim.SGD([{listed}], lr={s['rate']}{more})"]
    cleared = (
        ["optimizer.zero_grad()"]
        if set(s["zero"]) == set("wb")
        else [f"if {p}.grad is not None: {p}.grad.zero_()" for p in s["zero"]]
    )
    return head, [*cleared, "loss.backward()", "optimizer.step()"]


def _functional(s, model, loss, x, y):
    kept = [f"g{p} = g{p} + d{p}" if p not in s["zero"] else f"g{p} = d{p}" for p in "wb"]
    moves = [
        f"{p} = ({p} {s['sign']} {s['rate']} * g{p}).detach().requires_grad_()" for p in s["moves"]
    ]
    return [*_leaves(s), "gw = gb = 0.0"], [
        "dw, db = torch.autograd.grad(loss, (w, b))",
        *kept,
        *moves,
    ]


def _by_hand(s, model, loss, x, y):
    kept = [f"g{p} = g{p} + d{p}" if p not in s["zero"] else f"g{p} = d{p}" for p in "wb"]
    moves = [f"{p} = {p} {s['sign']} {s['rate']} * g{p}" for p in s["moves"]]
    head = [f"w, b = torch.tensor({s['w0']}), torch.tensor({s['b0']})", "gw = gb = 0.0"]
    return head, [
        f"residual = y_hat - {y}",
        f"dw = 2 * (residual * {x}).mean()",
        "db = 2 * residual.mean()",
        *kept,
        *moves,
    ]


def _module(s, model, loss, x, y):
    head = [
        *_leaves(s),
        "class Cell(torch.nn.Module):",
        "    def __init__(self):",
        "        super().__init__()",
        "        self.w, self.b = torch.nn.Parameter(w.detach()), torch.nn.Parameter(b.detach())",
        "cell = Cell()",
        "w, b = cell.w, cell.b",
    ]
    body = ["cell.zero_grad()"] if set(s["zero"]) == set("wb") else []
    if not body:
        body = [f"if {p}.grad is not None: {p}.grad = None" for p in s["zero"]]
    body += ["loss.backward()"]
    body += [
        f"{p}.data.add_({p}.grad, alpha={'-' if s['sign'] == '-' else ''}({s['rate']}))"
        for p in s["moves"]
    ]
    return head, body


_WRITERS = {
    "no_grad": _no_grad,
    "data": _data,
    "optimizer": _optimizer,
    "functional": _functional,
    "by hand": _by_hand,
    "module": _module,
}
