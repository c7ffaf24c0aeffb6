"""Ctrl-C, and what ends a program otherwise: each stops a run so that what is done is kept."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import threading
from typing import Any


class Stopping:
    """While it is entered, SIGTERM and SIGHUP raise KeyboardInterrupt as Ctrl-C does.

    The first of them says at once that it has been heard, since to stop may take seconds. A signal
    that whoever started the command has told it to ignore (``nohup``) stays ignored.

    Attributes
    ----------
    signal : int or None
        What came first.
    """

    def __init__(self) -> None:
        self.signal: int | None = None
        self._before: dict[int, Any] = {}

    @property
    def code(self) -> int:
        """The exit code of a command that such a signal has stopped, as a shell gives it."""
        return 128 + (self.signal or signal.SIGINT)

    def __enter__(self) -> Stopping:
        if threading.current_thread() is threading.main_thread():
            for name in ("SIGINT", "SIGTERM", "SIGHUP"):  # Windows has no SIGHUP
                number = getattr(signal, name, None)
                if number is not None and signal.getsignal(number) is not signal.SIG_IGN:
                    self._before[number] = signal.signal(number, self._stop)
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)
        self._before.clear()

    def _stop(self, number: int, _frame: object) -> None:
        first = self.signal is None
        if first:
            self.signal = number
            _say("Stopping…")
        # To be told twice to end must not cost the tables; a second Ctrl-C is in earnest.
        if first or number == signal.SIGINT:
            raise KeyboardInterrupt


def _say(word: str) -> None:
    """Write past all that is buffered or locked: the program may be in the midst of writing."""
    # Nobody may be reading any more: a closed terminal is one of the reasons to stop.
    with contextlib.suppress(OSError, ValueError, AttributeError):
        end = "\n" if sys.stderr.isatty() else ""  # below the bar
        line = f"{end}{word}\n".encode(sys.stderr.encoding or "utf-8", "replace")
        os.write(sys.stderr.fileno(), line)
