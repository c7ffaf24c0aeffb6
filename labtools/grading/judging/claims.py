"""Read what a submission's process says. Every line may be forged: only its form is trusted."""

from __future__ import annotations

import json
import math
from typing import Any

from labtools.grading.records import visible

__all__ = ["Claim", "read_answer", "read_claim", "read_outputs", "read_passed"]

Claim = dict[str, Any]

DEEPEST = 8
LONGEST_TEXT = 4_000
#: Characters of one output in text: a little more than an honest sandbox sends.
LONGEST_OUTPUT = 60_000
MOST_ANSWER_NODES = 60_000
MOST_DIMENSIONS = 64
#: Of such parts of an answer so many are read, more than an honest probe sends or a judge needs.
MOST_PARTS = {"curves": 200, "beside": 200, "calls": 500}

_MIME = (
    "text/plain",
    "text/html",
    "text/markdown",
    "text/latex",
    "image/png",
    "image/jpeg",
    "image/svg+xml",
)


class _Refused(Exception):
    pass


def read_claim(line: bytes) -> Claim | None:
    """One line as a dict, or None if it is anything else."""
    try:
        claim = json.loads(line, parse_int=_whole)
    except (ValueError, RecursionError):
        return None
    return claim if isinstance(claim, dict) else None


def _whole(digits: str) -> int | float:
    # An integer of a million digits would take minutes to read, and stands for no answer.
    return int(digits) if len(digits) <= 18 else math.inf


def read_answer(value: object) -> dict[str, Any] | None:
    """A probe's answer: plain, not deep, not long; None if it is not."""
    if not isinstance(value, dict) or not isinstance(value.get("kind"), str):
        return None
    counter = [0]
    try:
        answer = _plain(value, 0, counter)
    except _Refused:
        return None
    for name, most in MOST_PARTS.items():
        if isinstance(answer.get(name), list):
            del answer[name][most:]
    if answer["kind"] == "numbers" and not _is_numbers(answer):
        return None
    return answer


def _plain(value: object, depth: int, counter: list[int]) -> Any:
    counter[0] += 1
    if depth > DEEPEST or counter[0] > MOST_ANSWER_NODES:
        raise _Refused
    if value is None or isinstance(value, (bool, int, float)):
        return value
    if isinstance(value, str):
        return value[:LONGEST_TEXT]
    if isinstance(value, list):
        return [_plain(item, depth + 1, counter) for item in value]
    if isinstance(value, dict):
        return {key[:100]: _plain(item, depth + 1, counter) for key, item in value.items()}
    raise _Refused


def _is_numbers(answer: dict[str, Any]) -> bool:
    values, shape = answer.get("values"), answer.get("shape")
    return (
        isinstance(values, list)
        and all(_is_number(v) for v in values)
        and isinstance(shape, list)
        and len(shape) <= MOST_DIMENSIONS
        and all(isinstance(n, int) and 0 <= n <= MOST_ANSWER_NODES for n in shape)
        and math.prod(shape) == len(values)
        and isinstance(answer.get("type"), str)
    )


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def read_outputs(value: object) -> list[dict[str, Any]]:
    """A cell's outputs, valid as nbformat 4; what is not is left out."""
    outputs = []
    for item in value if isinstance(value, list) else []:
        output = _output(item) if isinstance(item, dict) else None
        if output is not None:
            outputs.append(output)
    return outputs[:300]


def read_passed(value: object) -> list[tuple[str, str, str]]:
    """Statements that failed without ending their cell: kind, message and text of each."""
    found = []
    for item in value[:20] if isinstance(value, list) else []:
        if isinstance(item, list) and len(item) == 3 and all(map(_is_text, item)):
            kind, message, text = (visible(" ".join(part.split()))[:200] for part in item)
            found.append((kind, message, text))
    return found


def _output(item: dict[str, Any]) -> dict[str, Any] | None:
    kind = item.get("output_type")
    if kind == "stream":
        text = item.get("text")
        name = "stderr" if item.get("name") == "stderr" else "stdout"
        if not _is_text(text):
            return None
        return {"output_type": "stream", "name": name, "text": _shown(text[:LONGEST_OUTPUT])}
    if kind == "error":
        trace = item.get("traceback")
        lines = [t for t in trace if _is_text(t)] if isinstance(trace, list) else []
        return {
            "output_type": "error",
            "ename": visible(str(item.get("ename", ""))[:200]),
            "evalue": visible(str(item.get("evalue", ""))[:LONGEST_TEXT]),
            "traceback": [_shown(line[:LONGEST_TEXT]) for line in lines[:100]],
        }
    if kind in ("display_data", "execute_result"):
        data = item.get("data")
        data = data if isinstance(data, dict) else {}
        kept = {mime: data[mime] for mime in _MIME if _is_text(data.get(mime))}
        if not kept:
            return None
        if "text/plain" in kept:
            kept["text/plain"] = kept["text/plain"][:LONGEST_OUTPUT]
        kept |= {m: visible(text) for m, text in kept.items() if m.startswith("text/")}
        output = {"output_type": kind, "data": kept, "metadata": {}}
        if kind == "execute_result":
            count = item.get("execution_count")
            output["execution_count"] = count if isinstance(count, int) else None
        return output
    return None


def _shown(text: str) -> str:
    """What a terminal shows of a text: of a line that is written anew, its last state."""
    lines = (line.rstrip("\r").rpartition("\r")[2] for line in text.split("\n"))
    return visible("\n".join(lines), colours=True)


def _is_text(value: object) -> bool:
    if not isinstance(value, str):
        return False
    try:
        value.encode("utf-8")
    except UnicodeEncodeError:  # a lone surrogate, which no file can hold
        return False
    return True
