"""Whether a derived notebook still says what its source gives.

Compared by content: cells, ids, metadata, text outputs. Three things may differ between machines
and are compared more loosely: a picture by being there and by its size in pixels, since font
rasterisers differ; the last digits of a number that is printed with seven or more of them; the last
digit of the points in an interactive figure, and the figure's name, a digest of all their digits.
"""

import base64
import json
import math
import operator
import re
import struct
from typing import Any
from urllib.parse import unquote

from nbformat import NotebookNode

from labtools.source import first_line

_EMBEDDED = re.compile(r"data:image/(?:png|svg\+xml)(?:;base64,([A-Za-z0-9+/=\s]+)|,([^\"]+))")
_SVG_SIZE = re.compile(rb"""<svg [^>]*?width=["'](\d+)["'] height=["'](\d+)["']""")
_FIGURE = re.compile(r'data-explorer="([0-9a-f]+)"')
_POINTS = re.compile(r'(?<="points":)\{[^{}]*\}')
_NUMBER = re.compile(r"-?\d+\.\d+(?:e[+-]?\d+)?", re.IGNORECASE)


def first_difference(found: NotebookNode, expected: NotebookNode) -> str | None:
    """Describe the first place where two notebooks differ; None when they agree."""
    for number, (old, new) in enumerate(zip(found.cells, expected.cells, strict=False), start=1):
        for part in ("cell_type", "source", "id", "metadata", "execution_count", "outputs"):
            same = _agree if part == "outputs" else operator.eq
            if not same(old.get(part), new.get(part)):
                shown = first_line(new.source)
                return f"cell {number} ({shown}) differs in its {part.replace('_', ' ')}"
    if len(found.cells) != len(expected.cells):
        return f"it has {len(found.cells)} cells instead of {len(expected.cells)}"
    if found.metadata != expected.metadata:
        return "the notebook's metadata differs"
    return None


def _agree(old: Any, new: Any) -> bool:
    """Compare outputs, pictures and long numbers as loosely as the module says."""
    if isinstance(old, dict) and isinstance(new, dict):
        return old.keys() == new.keys() and all(
            _same_picture(old[key], new[key]) if key == "image/png" else _agree(old[key], new[key])
            for key in old
        )
    if isinstance(old, list) and isinstance(new, list):
        return len(old) == len(new) and all(map(_agree, old, new))
    if isinstance(old, str) and isinstance(new, str):
        return old == new or _same_text(old, new)
    return old == new


def _same_picture(old: str, new: str) -> bool:
    return picture_size(old) == picture_size(new) is not None


def picture_size(encoded: str) -> tuple[int, int] | None:
    """Return (width, height) in pixels of a PNG or SVG, None when it is neither.

    It is given in base64, or as the text of an SVG's address.
    """
    try:
        if encoded.startswith("%3C"):
            head = unquote(encoded[:160]).encode()
        else:
            head = base64.b64decode("".join(encoded.split())[:128])
    except ValueError:
        return None
    if size := _SVG_SIZE.match(head):
        return int(size[1]), int(size[2])
    if len(head) < 24 or not head.startswith(b"\x89PNG\r\n\x1a\n"):
        return None
    return struct.unpack(">II", head[16:24])


def _same_text(old: str, new: str) -> bool:
    """Compare two texts with embedded pictures, points and long numbers taken out."""
    if not _same_points(_POINTS.findall(old), _POINTS.findall(new)):
        return False
    old_plain, new_plain = (_POINTS.sub("POINTS", _without_pictures(text)) for text in (old, new))
    if _NUMBER.sub("#", old_plain) != _NUMBER.sub("#", new_plain):
        return False
    return all(map(_same_number, _NUMBER.findall(old_plain), _NUMBER.findall(new_plain)))


def _same_points(old: list[str], new: list[str]) -> bool:
    """Compare the points of figures, which are written with four decimals."""
    if len(old) != len(new):
        return False
    for left, right in zip(map(json.loads, old), map(json.loads, new), strict=True):
        if left.keys() != right.keys() or any(len(left[k]) != len(right[k]) for k in left):
            return False
        pairs = ((a, b) for key in left for a, b in zip(left[key], right[key], strict=True))
        if not all(math.isclose(a, b, rel_tol=1e-5, abs_tol=1.5e-4) for a, b in pairs):
            return False
    return True


def _without_pictures(text: str) -> str:
    for name in _FIGURE.findall(text):
        text = text.replace(name, "FIGURE")
    return _EMBEDDED.sub(lambda match: f"[picture {picture_size(match[1] or match[2])}]", text)


def _same_number(old: str, new: str) -> bool:
    if old == new:
        return True
    digits = min(len(re.sub(r"\D", "", text.lower().split("e")[0])) for text in (old, new))
    return digits >= 7 and math.isclose(float(old), float(new), rel_tol=1e-5)
