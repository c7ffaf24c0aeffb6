"""Time that counts against a submission's limits: not what the machine gave to somebody else.

A limit in plain wall time makes a grade depend on what else the machine does. The kernel counts for
each thread how long it has run and how long it was ready to run and had to wait for a processor.
That waiting is taken off, but for what the submission makes wait itself by keeping processors busy.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable

__all__ = ["PATIENCE", "Clock"]

#: Wall time is at most this many times the time that counts.
PATIENCE = 12.0


class Clock:
    """Counts the time of some processes, from when it is made.

    Parameters
    ----------
    members : callable
        The process numbers whose time it is, asked at each look.

    Attributes
    ----------
    time : float
        Seconds that count, at the last look.
    """

    def __init__(self, members: Callable[[], Iterable[int]]) -> None:
        self.members = members
        self.time = 0.0
        # Of that, what was counted since a thread was last seen to run: it may have been a wait.
        self._idle = 0.0
        self._wall = time.monotonic()
        self._seen = dict(self._threads())

    def look(self) -> float:
        """Bring `time` up to date and return it."""
        now, seen = time.monotonic(), dict(self._threads())
        passed, self._wall = now - self._wall, now
        ran = waited = longest = 0.0
        for thread, (running, waiting) in seen.items():
            # A thread that is new has all of its time in this interval.
            before = self._seen.get(thread, (0.0, 0.0))
            ran += max(0.0, running - before[0])
            wait = max(0.0, waiting - before[1])
            waited, longest = waited + wait, max(longest, wait)
        self._seen = seen
        share = 1 - 1 / PATIENCE
        lost = max(0.0, min(waited, passed - ran, passed * share))
        # The kernel tells of a wait when it is over: what of it lies before this interval has been
        # counted, and is taken back.
        late = min(self._idle, max(0.0, longest - lost) * share)
        self.time += passed - lost - late
        self._idle = max(0.0, passed - lost - ran) + (0.0 if ran else self._idle)
        return self.time

    def _threads(self) -> Iterable[tuple[tuple[int, str], tuple[float, float]]]:
        """Each thread's seconds of running and of waiting for a processor, where they are told."""
        for pid in self.members():
            try:
                threads = os.listdir(f"/proc/{pid}/task")
            except OSError:
                continue
            for thread in threads:
                try:
                    with open(f"/proc/{pid}/task/{thread}/schedstat", "rb") as file:
                        running, waiting = file.read().split()[:2]
                    yield (pid, thread), (int(running) / 1e9, int(waiting) / 1e9)
                except (OSError, ValueError):
                    continue
