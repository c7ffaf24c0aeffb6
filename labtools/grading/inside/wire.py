"""Frames on a pipe: a tag of one byte, a length of four, then the payload."""

import os
import struct

READY = b"R"  # the warm parent has imported everything
LINE = b"L"  # one line that a submission's process has written, and when: see `timed`
END = b"E"  # the submission's process is gone; how, as JSON

_HEAD = struct.Struct(">cI")
_SECONDS = struct.Struct(">d")


class Closed(Exception):
    """The other side has closed its end."""


def timed(line: bytes, seconds: float) -> bytes:
    """A line behind the supervisor's time, of which the submission's process knows nothing."""
    return _SECONDS.pack(seconds) + line


def untimed(payload: bytes) -> tuple[float, bytes]:
    """The supervisor's time, and the line that came then."""
    return _SECONDS.unpack_from(payload)[0], payload[_SECONDS.size :]


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
