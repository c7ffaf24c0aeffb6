"""The trusted end of a sandbox: it starts the warm parent, hands it work and reads the replies."""

from __future__ import annotations

import contextlib
import json
import os
import select
import shutil
import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from labtools.grading import inside
from labtools.grading.inside import wire
from labtools.grading.inside.clock import PATIENCE
from labtools.grading.sandbox import (
    COURSE,
    NO_SANDBOX,
    WORK,
    Sandbox,
    find_sandbox,
    scratch_folders,
)
from labtools.grading.sealing import write_sealed_copy

__all__ = ["Ending", "NoSandbox", "Station", "StationLost"]

#: Seconds until the warm parent must have imported everything.
START_LIMIT = 600.0


class NoSandbox(Exception):
    """Submissions cannot be walled in here, and ``--unsafe`` was not given."""


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

    Raises
    ------
    NoSandbox
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
    ) -> None:
        self.modules, self.sources, self.cold = modules, sources, cold
        self._folder = tempfile.TemporaryDirectory(prefix="labs-grade-")
        self.course = Path(self._folder.name, "course")
        write_sealed_copy(self.course, lab)
        source = Path(inside.__file__).parent
        ignored = shutil.ignore_patterns("__pycache__", "*.pyc")
        shutil.copytree(source, self.course / "inside", ignore=ignored)
        if unsafe:
            self.sandbox = Sandbox(walls=False, nested=False)
        else:
            sandbox, reason = find_sandbox(self.course)
            if sandbox is None:
                raise NoSandbox(NO_SANDBOX.format(reason=reason))
            self.sandbox = sandbox
        self._fonts = _font_lists()
        self._process: subprocess.Popen[bytes] | None = None

    def close(self) -> None:
        """End the warm parent and whatever runs in its sandbox."""
        self._stop()
        self._folder.cleanup()

    def __enter__(self) -> Station:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def warm_up(self) -> None:
        """Start the warm parent, where submissions share one and it does not run yet."""
        if not (self.cold or self._walls_in_one) and self._process is None:
            self._start(warm=True)

    @property
    def _walls_in_one(self) -> bool:
        """Whether the walls hold one submission only, which then has a parent of its own."""
        return self.sandbox.walls and not self.sandbox.nested

    def run(
        self,
        request: Mapping[str, Any],
        hidden: Mapping[str, Any],
        take: Callable[[bytes], None],
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
            Called with each line that the process sends.
        cold : bool
            Start this one afresh.

        Raises
        ------
        StationLost
            If the warm parent dies or falls silent; the next call starts another.
        """
        cold = cold or self.cold
        single_use = cold or self._walls_in_one
        if single_use or self._process is None or self._process.poll() is not None:
            self._stop()
            self._start(warm=not cold)
        work = None
        try:
            if not self.sandbox.walls:
                work = tempfile.mkdtemp(prefix="labs-grade-work-")
                request = {**request, "folder": work}
            return self._run(request, hidden, take)
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

    def _run(self, request, hidden, take) -> Ending:
        process = self._process
        requests = process.stdin.fileno()
        wire.write_frame(requests, b"Q", json.dumps(request).encode())
        wire.write_frame(requests, b"H", json.dumps(hidden).encode())
        deadline = time.monotonic() + PATIENCE * request["limits"]["total_seconds"] + 60
        while True:
            tag, payload = self._reply(deadline)
            if tag == wire.END:
                ending = Ending(**json.loads(payload))
                if ending.reason == "setup":
                    # The cases are still in the pipe; start afresh rather than read them as work.
                    self._stop()
                return ending
            take(payload)

    def _reply(self, deadline: float) -> tuple[bytes, bytes]:
        fd = self._process.stdout.fileno()
        ready, _, _ = select.select([fd], [], [], max(0.0, deadline - time.monotonic()))
        if not ready:
            raise StationLost("the warm parent does not answer")
        return wire.read_frame(fd)

    def _start(self, *, warm: bool) -> None:
        walls = self.sandbox.walls
        options = {
            "walls": walls,
            "nested": self.sandbox.nested,
            "warm": warm,
            "modules": list(self.modules),
            "sources": list(self.sources),
            "work": WORK if walls else self._folder.name,
            "scratch": scratch_folders(),
            "fonts": self._fonts,
        }
        place = COURSE if walls else str(self.course)
        program = (
            f"import sys; sys.path.insert(0, {place!r}); sys.dont_write_bytecode = True\n"
            "from inside import zygote; zygote.main()\n"
        )
        self._process = subprocess.Popen(
            self.sandbox.command(self.course, program),
            env=self.sandbox.environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            bufsize=0,
            start_new_session=True,
        )
        try:
            wire.write_frame(self._process.stdin.fileno(), b"O", json.dumps(options).encode())
            tag, _ = self._reply(time.monotonic() + START_LIMIT)
        except (OSError, wire.Closed) as error:
            self._stop()
            raise StationLost("the warm parent did not start") from error
        if tag != wire.READY:
            raise StationLost("the warm parent did not start")

    def _stop(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        if not self.sandbox.walls:
            with contextlib.suppress(OSError):
                os.killpg(process.pid, 9)
        process.kill()
        process.wait()
        for pipe in (process.stdin, process.stdout):
            with contextlib.suppress(OSError):
                pipe.close()


def _font_lists() -> dict[str, str]:
    """The font list that matplotlib made on this machine, if it has."""
    if "matplotlib" not in sys.modules:
        import matplotlib  # noqa: F401
    from matplotlib import get_cachedir

    found = {}
    with contextlib.suppress(OSError):
        for path in Path(get_cachedir()).glob("fontlist-*.json"):
            found[path.name] = path.read_text(encoding="utf-8")
    return found
