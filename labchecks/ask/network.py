"""A student's network: made, looked at, trained."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch

from labchecks.ask.call import call, same_start
from labchecks.ask.values import read_callable, read_numbers

__all__ = ["FAR_BELOW", "RATE", "UPDATES", "ask_network", "line_loss_of", "loss_of", "points_of"]

Case = Mapping[str, Any]
Answer = dict[str, Any]

#: Processor seconds of training. A slow machine stops early, and then a high loss says nothing.
ENOUGH = 3.0


#: Updates of one training, and its rate.
UPDATES = 250


RATE = 0.05


#: Networks of the same size that are looked at: one alone may happen to have no negative output.
MADE = 4


#: Largest loss after training, relative to the best line's.
FAR_BELOW = 0.5


#: Rows at which the outputs are computed again from the parameters.
ROWS = 60


#: Numbers of one network that are told, at most: one of the right size has far fewer.
MOST_NUMBERS = 500


def ask_network(namespace: Mapping[str, object], case: Case, name: str) -> Answer:
    """Make the network, count its parameters, read its outputs; train it where there is data."""
    make, nothing = read_callable(namespace, name)
    if nothing is not None:
        return nothing
    with same_start(case["seed"]), torch.enable_grad():
        answer, failure = call(lambda: _look(make, case))
        if failure is not None:
            return failure
        if "x" in case and answer["kind"] == "numbers":
            trained, failure = call(lambda: _train(make, case))
            answer["trained"] = failure if failure is not None else trained
    return answer


def _look(make, case: Case) -> dict[str, Any]:
    inputs = case["sizes"][0]
    rows = torch.randn(case["rows"], inputs)
    net = make(*case["sizes"])
    if not isinstance(net, torch.nn.Module):
        return {"kind": "other", "type": type(net).__name__}
    first = net(rows)
    if not isinstance(first, torch.Tensor):
        return {"kind": "other", "type": type(first).__name__}
    answer = read_numbers(first)
    if answer["kind"] != "numbers" or answer["shape"] != [case["rows"], case["sizes"][2]]:
        return answer
    # Counted after the first call: lazy layers have no parameters before it.
    parameters = [p for p in net.parameters() if p.requires_grad]
    network = _network(net, points_of(case))
    far, bends, ranks = [], [], []
    for _ in range(MADE):
        net = make(*case["sizes"]).eval()
        with torch.no_grad():
            net(rows)
            ranks.append(_second_direction(net(3 * torch.randn(60, inputs))))
            for p in net.parameters():
                p.mul_(4.0)
            ends = 8 * torch.randn(2, 40, inputs)
            values = [net(e).double().reshape(40, -1) for e in (*ends, ends.mean(dim=0))]
        far += torch.cat(values[:2]).flatten().tolist()
        bend = (values[2] - (values[0] + values[1]) / 2).abs().max()
        bends.append(float(bend / (values[0].abs().max() + values[1].abs().max() + 1e-12)))
    return {
        **answer,
        "parameters": sum(p.numel() for p in parameters),
        "shapes": [list(p.shape) for p in parameters][:50],
        "tied": bool(first.requires_grad),
        "far": [min(far), max(far)],
        "bend": max(bends),
        "second": max(ranks),
        "mixed": _mixed(net, rows),
        "network": network,
    }


def points_of(case: Case) -> np.ndarray:
    """The inputs at which a network's outputs are told; the judge knows them too."""
    if "x" in case:
        return np.array(case["x"]).reshape(-1, 1)
    return np.random.default_rng(case["seed"]).normal(size=(ROWS, case["sizes"][0]))


def _network(net: torch.nn.Module, points: np.ndarray) -> dict[str, Any] | None:
    """The values of the parameters, and the outputs that they give."""
    parameters = list(net.parameters())
    if sum(p.numel() for p in parameters) > MOST_NUMBERS:
        return None
    training = net.training
    with torch.no_grad():
        outputs = net.eval()(torch.tensor(points, dtype=torch.float32))
    net.train(training)
    told = [{"shape": list(p.shape), "values": _rounded(p)} for p in parameters]
    return {"parameters": told, "outputs": _rounded(outputs)}


def _rounded(tensor: torch.Tensor) -> list[float]:
    # Seven digits are all that float32 has; an infinity could not be told.
    values = torch.nan_to_num(tensor.detach().double()).flatten().tolist()
    return [float(f"{value:.7g}") for value in values]


def _second_direction(outputs: torch.Tensor) -> float:
    """How much the outputs vary beside their main direction, relative to it."""
    spread = outputs.double().reshape(len(outputs), -1)
    sizes = torch.linalg.svdvals(spread - spread.mean(dim=0))
    return float(sizes[1] / (sizes[0] + 1e-30)) if len(sizes) > 1 else 1.0


def _mixed(net: torch.nn.Module, rows: torch.Tensor) -> float:
    """How far the output for a row alone is from that among other rows, relative to its size."""
    with torch.no_grad():
        together = net(rows).flatten()
        # Flat, so that an output that was squeezed can still be asked for its shape.
        alone = torch.cat([net(row[None]).flatten() for row in rows])
    if together.shape != alone.shape:
        return 1.0
    return float((together - alone).abs().max() / (together.abs().max() + 1e-12))


def _train(make, case: Case) -> dict[str, Any]:
    """Train with Adam on all rows at once; the best of three starts counts."""
    x, y = (torch.tensor(case[name], dtype=torch.float32).view(-1, 1) for name in ("x", "y"))
    best: dict[str, Any] = {}
    # A process's first optimizer imports for a second or more, which is no training.
    torch.optim.Adam([torch.zeros(1, requires_grad=True)])
    updates, until = 0, time.process_time() + ENOUGH
    for _ in range(3):
        net = make(*case["sizes"])
        net(x)
        before = [p.detach().clone() for p in net.parameters()]
        start = _network(net, points_of(case))
        optimizer = torch.optim.Adam(net.parameters(), lr=RATE)
        steps = 0
        while steps < UPDATES:
            optimizer.zero_grad()
            loss = ((net(x) - y) ** 2).mean()
            loss.backward()
            optimizer.step()
            steps += 1
            if time.process_time() > until:
                break
        updates += steps
        answer = read_numbers(net.eval()(x))
        if answer["kind"] != "numbers":
            return answer
        pairs = zip(net.parameters(), before, strict=True)
        answer["unmoved"] = sum(bool(torch.equal(p.detach(), b)) for p, b in pairs)
        answer["steps"] = steps
        answer["before"], answer["after"] = start, _network(net, points_of(case))
        if not best or loss_of(case, answer) < loss_of(case, best):
            best = answer
        if (
            loss_of(case, best) < 0.8 * FAR_BELOW * line_loss_of(case)
            or time.process_time() > until
        ):
            break
    return {**best, "updates": updates}


def loss_of(case: Case, answer: Answer) -> float:
    values, y = np.array(answer["values"]), np.array(case["y"])
    return float(((values - y) ** 2).mean()) if values.shape == y.shape else float("inf")


def line_loss_of(case: Case, degree: int = 1) -> float:
    """Loss of the best line, or of the best polynomial of a higher degree."""
    design = np.vander(case["x"], degree + 1)
    y = np.array(case["y"])
    best = np.linalg.lstsq(design, y, rcond=None)[0]
    return float(((design @ best - y) ** 2).mean())
