"""Frames on a pipe: a tag of one byte, a length of four, then the payload."""

from __future__ import annotations

import os
import struct

__all__ = ["END", "LINE", "READY", "Closed", "read_frame", "write_frame"]

READY = b"R"  # the warm parent has imported everything
LINE = b"L"  # one line that a submission's process has written
END = b"E"  # the submission's process is gone; how, as JSON

_HEAD = struct.Struct(">cI")


class Closed(Exception):
    """The other side has closed its end."""


def write_frame(fd: int, tag: bytes, payload: bytes = b"") -> None:
    """Write one frame, however often the pipe is full meanwhile."""
    rest = memoryview(_HEAD.pack(tag, len(payload)) + payload)
    while rest:
        rest = rest[os.write(fd, rest) :]


def read_frame(fd: int) -> tuple[bytes, bytes]:
    """Read one frame.

    Raises
    ------
    Closed
        At the end of the stream, also in the middle of a frame.
    """
    tag, length = _HEAD.unpack(_read_exactly(fd, _HEAD.size))
    return tag, _read_exactly(fd, length)


def _read_exactly(fd: int, size: int) -> bytes:
    pieces = []
    while size:
        piece = os.read(fd, min(size, 1 << 20))
        if not piece:
            raise Closed
        pieces.append(piece)
        size -= len(piece)
    return b"".join(pieces)
