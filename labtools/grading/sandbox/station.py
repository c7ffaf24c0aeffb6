"""The trusted end of a sandbox: it starts the warm parent, hands it work and reads the replies."""

from __future__ import annotations

import functools
import json
import select
import shutil
import socket
import struct
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from labtools.grading.inside import wire
from labtools.grading.inside.clock import PATIENCE
from labtools.grading.sandbox.bubblewrap import Sandbox
from labtools.grading.sandbox.home import Home

#: Seconds until the warm parent must have imported everything.
START_LIMIT = 600.0


class StationLost(Exception):
    """The warm parent is gone or does not answer."""


@dataclass(frozen=True)
class Ending:
    """How a submission's process ended.

    Attributes
    ----------
    reason : str or None
        The limit it broke: ``"time"``, ``"total time"``, ``"memory"``, ``"processes"``,
        ``"output"``; ``"setup"`` if it could not be started.
    code : int or None
        Its exit code; negative for a signal.
    seconds, cpu_seconds : float
        How long it ran, as far as it counts against the limits, and the processor time of what it
        waited for.
    peak_mb : int
        Memory of its own that it used at most, in MiB.
    detail : str
        What the system said, for ``"setup"``.
    """

    reason: str | None = None
    code: int | None = None
    seconds: float = 0.0
    cpu_seconds: float = 0.0
    peak_mb: int = 0
    detail: str = ""


class Station:
    """One warm parent in its sandbox, and its replacement when it is lost.

    Parameters
    ----------
    lab : str
        Whose practices are probed.
    modules : sequence of str
        What is imported in advance.
    sources : sequence of str
        The lab's own code cells, which are read in advance.
    cold : bool
        Start a fresh Python for each submission, with nothing imported in advance.
    unsafe : bool
        Do without the sandbox.
    shared : Path, optional
        Where a warm parent listens that several stations share; one that is not there, or no
        longer, is replaced by one of this station's own.

    Raises
    ------
    labtools.grading.sandbox.home.NoSandbox
        If there is none and `unsafe` is not set.
    """

    def __init__(
        self,
        lab: str,
        modules: tuple[str, ...],
        sources: tuple[str, ...] = (),
        *,
        cold: bool = False,
        unsafe: bool = False,
        shared: Path | None = None,
    ) -> None:
        self.cold, self.shared = cold, shared
        self._make_home = functools.partial(Home, lab, modules, sources, unsafe=unsafe)
        self._home: Home | None = None
        self._line: _Own | _Link | None = None
        if shared is None or cold:
            self._at_home()

    def _at_home(self) -> Home:
        if self._home is None:
            self._home = self._make_home()
        return self._home

    @property
    def sandbox(self) -> Sandbox:
        """The walls around this station's own warm parent."""
        return self._at_home().sandbox

    def close(self) -> None:
        """End the warm parent and whatever runs in its sandbox."""
        self._stop()
        if self._home is not None:
            self._home.close()

    def __enter__(self) -> Station:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def warm_up(self) -> None:
        """Start the warm parent, where submissions share one and it does not run yet."""
        if not (self.cold or self._walls_in_one) and self._line is None:
            self._start(warm=True)

    @property
    def _walls_in_one(self) -> bool:
        """Whether the walls hold one submission only, which then has a parent of its own."""
        # A parent that is shared has walls within its walls.
        return self.shared is None and self.sandbox.walls and not self.sandbox.nested

    def run(
        self,
        request: Mapping[str, Any],
        hidden: Mapping[str, Any],
        take: Callable[[float, bytes], None],
        seconds: float,
        *,
        cold: bool = False,
    ) -> Ending:
        """Run one submission's process.

        Parameters
        ----------
        request : mapping
            What the process is told; see `inside.session`.
        hidden : mapping
            Cases by practice, which its supervisor hands out one by one.
        take : callable
            Called with each line that the process sends, and the second at which it came.
        seconds : float
            How much time is left. Only the supervisor is told: it depends on how long an earlier
            run took, in which the process may have been asked hidden cases.
        cold : bool
            Start this one afresh.

        Raises
        ------
        StationLost
            If the warm parent dies or falls silent; the next call starts another.
        """
        cold = cold or self.cold
        single_use = cold or self._walls_in_one
        if single_use or self._line is None or not self._line.alive():
            self._stop()
            self._start(warm=not cold)
        work = None
        try:
            if isinstance(self._line, _Own) and not self.sandbox.walls:
                work = tempfile.mkdtemp(prefix="labs-grade-work-")
                request = {**request, "folder": work}
            return self._run(request, {"cases": hidden, "seconds": seconds}, take)
        except (OSError, wire.Closed, struct.error) as error:
            self._stop()
            raise StationLost(str(error) or type(error).__name__) from error
        except BaseException:
            self._stop()
            raise
        finally:
            if single_use:
                self._stop()
            if work is not None:
                shutil.rmtree(work, ignore_errors=True)

    def _run(self, request, withheld, take) -> Ending:
        line = self._line
        wire.write_frame(line.writes, b"Q", json.dumps(request).encode())
        wire.write_frame(line.writes, b"H", json.dumps(withheld).encode())
        deadline = time.monotonic() + PATIENCE * withheld["seconds"] + 60
        while True:
            tag, payload = self._reply(deadline)
            if tag == wire.END:
                ending = Ending(**json.loads(payload))
                if ending.reason == "setup":
                    # The cases are still in the pipe; start afresh rather than read them as work.
                    self._stop()
                return ending
            take(*wire.untimed(payload))

    def _reply(self, deadline: float) -> tuple[bytes, bytes]:
        fd = self._line.reads
        ready, _, _ = select.select([fd], [], [], max(0.0, deadline - time.monotonic()))
        if not ready:
            raise StationLost("the warm parent does not answer")
        return wire.read_frame(fd)

    def _start(self, *, warm: bool) -> None:
        if warm and self.shared is not None:
            try:
                self._line = _Link(self.shared)
                self._expect_ready()
                return
            except (OSError, StationLost):
                # It never was there, or is no longer: from now on this station has its own.
                self._stop()
                self.shared = None
        self._line = _Own(self._at_home(), warm)
        self._expect_ready()

    def _expect_ready(self) -> None:
        try:
            tag, _ = self._reply(time.monotonic() + START_LIMIT)
        except (OSError, wire.Closed) as error:
            self._stop()
            raise StationLost("the warm parent did not start") from error
        if tag != wire.READY:
            raise StationLost("the warm parent did not start")

    def _stop(self) -> None:
        line, self._line = self._line, None
        if line is not None:
            line.end()


class _Own:
    """The line to a warm parent of the station's own: two pipes."""

    def __init__(self, home: Home, warm: bool) -> None:
        self._home = home
        self._process = home.start(warm=warm)
        self.reads, self.writes = (p.fileno() for p in (self._process.stdout, self._process.stdin))

    @property
    def pid(self) -> int:
        return self._process.pid

    def alive(self) -> bool:
        return self._process.poll() is None

    def end(self) -> None:
        self._home.stop(self._process)


class _Link:
    """The line to a warm parent that others share: a socket, and a copy of it at the other end."""

    def __init__(self, address: Path) -> None:
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            self._socket.connect(str(address))
        except BaseException:
            self._socket.close()
            raise
        self.reads = self.writes = self._socket.fileno()

    def alive(self) -> bool:
        return True  # whether it is will show when it is written to

    def end(self) -> None:
        self._socket.close()
