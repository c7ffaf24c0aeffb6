"""A probe prints no warning of its own, whatever a student's function does to its arguments."""

from __future__ import annotations

import warnings

import torch

from labchecks import find


def test_argument_changed_in_place_gives_no_warning() -> None:
    def model(data, weight, bias):
        data.mul_(weight)
        return data + bias

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        practice = find("lab05-model")
        [answer] = practice.ask({"model": model}, practice.visible())
    assert not any(result["unchanged"] for result in answer["results"])


def test_batches_without_rows_give_no_warning() -> None:
    def fit_BGD(model, loss_func, X, Y, lr, num_epochs, batch_size):
        weight, bias = (torch.randn((), requires_grad=True) for _ in range(2))
        losses = []
        for _ in range(num_epochs):
            for end in range(0, len(X), batch_size):
                rows = slice(max(end - batch_size, 0), end)
                loss = loss_func(model(X[rows], weight, bias), Y[rows])
                if end:
                    loss.backward()
                    with torch.no_grad():
                        weight -= lr * weight.grad
                        bias -= lr * bias.grad
                    weight.grad = bias.grad = None
            losses.append(loss.item())
        return losses

    practice = find("lab05-fit-bgd")
    cases = practice.visible()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        feedback = practice.judge(cases, practice.ask({"fit_BGD": fit_BGD}, cases))
    assert feedback.outcome == "incorrect"
