"""The warm parent: imports once, then forks a supervisor and a submission's process per request.

::

    trusted worker ──request──► warm parent ──fork──► supervisor ──fork──► submission (walled in)
                   ◄─lines, end────────────────────── supervisor ◄─lines── submission

The warm parent runs no student's code and keeps nothing from one request to the next. The hidden
cases are read by the supervisor after the submission's process has been forked, and reach a copy of
that process one practice at a time, when it is asked.

Workers of one machine may share what was imported: each that connects is served by a copy of the
warm parent, in a process namespace of its own.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import gc
import json
import os
import re
import resource
import select
import signal
import socket
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from . import pages, wire
from .clock import Clock

__all__ = ["main"]

REQUESTS, REPLIES = 3, 4
#: Exit code of a supervisor that has found the worker gone.
_GONE = 3
#: Bytes in one line and in all lines of a submission.
LINE_LIMIT, TOTAL_LIMIT = 12_000_000, 48_000_000


def main() -> None:
    """Read the options, import what they say, then serve requests until the worker is gone."""
    options = json.loads(wire.read_frame(0)[1])
    listener = options["listener"]
    if listener is not None:
        listener = _move(listener, REPLIES + 1)
    os.dup2(0, REQUESTS)
    os.dup2(1, REPLIES)
    null = os.open(os.devnull, os.O_RDWR)
    os.dup2(null, 0)
    os.dup2(2, 1)
    os.environ["MPLBACKEND"] = "module://matplotlib_inline.backend_inline"
    os.chdir(options["work"])
    if options["walls"]:
        from . import walls

        if options["nested"]:
            walls.uncover_proc()
        else:
            walls.allow_inspection(False)
    shell = None
    if options["warm"]:
        _copy_fonts(options)
        shell = _warm(options)
    if listener is None:
        _serve(options, shell)
    else:
        _share(listener, options, shell)


def _serve(options: Mapping[str, Any], shell) -> None:
    """Serve one worker until it is gone."""
    wire.write_frame(REPLIES, wire.READY)
    ready = select.poll()
    ready.register(REQUESTS, select.POLLIN)
    while True:
        ready.poll()
        # The request is read in the copy: what this process has read, even if it has forgotten it,
        # would be in the memory of every later submission.
        supervisor = os.fork()
        if supervisor == 0:
            code = 0
            try:
                request = json.loads(wire.read_frame(REQUESTS)[1])
                _supervise(request, options, shell)
            except (wire.Closed, OSError):
                code = _GONE
            finally:
                os._exit(code)
        if os.waitstatus_to_exitcode(os.waitpid(supervisor, 0)[1]) == _GONE:
            return


def _move(fd: int, lowest: int) -> int:
    """Give an open file another number, from `lowest` on."""
    moved = fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, lowest)
    os.close(fd)
    return moved


def _share(listener: int, options: Mapping[str, Any], shell) -> None:
    """Give each worker that connects a copy of this process, until the program is gone."""
    poll = select.poll()
    poll.register(listener, select.POLLIN)
    poll.register(REQUESTS, 0)  # nothing is asked here: only that it is closed is of interest
    with socket.socket(fileno=listener) as door:
        while not any(fd == REQUESTS for fd, _ in poll.poll()):
            connection, _ = door.accept()
            with connection:
                if os.fork() == 0:
                    try:
                        os.dup2(connection.fileno(), REQUESTS)
                        os.dup2(connection.fileno(), REPLIES)
                        connection.close()
                        door.close()
                        _serve_alone(options, shell)
                    finally:
                        os._exit(0)
            with contextlib.suppress(ChildProcessError):
                while os.waitpid(-1, os.WNOHANG)[0]:
                    pass


def _serve_alone(options: Mapping[str, Any], shell) -> None:
    """Serve one worker of several, with no other's processes in sight."""
    from . import walls

    walls.leave_processes()
    child = os.fork()
    if child == 0:
        try:
            walls.die_with_parent()
            walls.mount_proc()
            _serve(options, shell)
        finally:
            os._exit(0)
    os.close(REQUESTS)
    os.close(REPLIES)
    os.waitpid(child, 0)


def _warm(options: Mapping[str, Any]):
    """Import what a lab imports, in a kernel's order, and the first time of what is slow once."""
    import importlib
    import warnings

    from . import plan, session
    from . import shell as shells

    shell = shells.new_shell()
    plan.get_to_know(options["sources"])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for name in options["modules"]:
            # What fails here fails again in the submission, which will say so.
            with contextlib.suppress(Exception):
                importlib.import_module(name)
    if "torch" in sys.modules:
        torch = sys.modules["torch"]
        torch.set_num_threads(1)
        weight = torch.nn.Parameter(torch.zeros(1))
        for optimizer in (torch.optim.SGD, torch.optim.Adam):
            optimizer([weight], lr=0.1)
        torch.manual_seed(session.TORCH_SEED)  # the first call takes several times as long
    if "matplotlib.pyplot" in sys.modules:
        _draw_once(sys.modules["matplotlib.pyplot"])
        session.settle_figures(shell)
    session.reseed()
    shell.run_cell("None", store_history=False)
    shell.outputs.take()
    gc.collect()
    gc.freeze()
    pages.gather()
    return shell


def _draw_once(pyplot) -> None:
    """Draw what most figures have, so that fonts, marks and tick labels are known already."""
    from .drawing import picture

    powers = [10.0**k for k in range(-8, 9)]
    for scale in ("linear", "log"):
        figure, axes = pyplot.subplots(layout="constrained")
        for mark in "osd^v*x+.":
            axes.plot(powers[::16], powers[::16], f"-{mark}", label="$x$")
        axes.set(xlabel="x", ylabel="loss", title="title", xscale=scale, yscale=scale)
        if scale == "log":
            axes.set_yticks(powers)  # each label is a formula, which is read once
        axes.legend(loc="upper left")
        picture(figure)
    pyplot.close("all")


def _supervise(request: Mapping[str, Any], options: Mapping[str, Any], shell) -> None:
    """Start the submission's process, pass its lines on, and end it when it breaks a limit."""
    limits = request["limits"]
    lines, lines_in = os.pipe()
    cases_out, cases = os.pipe()
    if sys.platform == "linux":
        fcntl.fcntl(cases, 1031, 1 << 20)  # F_SETPIPE_SZ: all of a practice's cases fit
    buffer = bytearray()
    try:
        if options["walls"] and options["nested"]:
            from . import walls

            walls.own_namespaces()
        child = os.fork()
    except OSError as error:
        _end(reason="setup", detail=f"{error}")
        return
    if child == 0:
        code = 1
        try:
            for fd in (lines, cases, REQUESTS, REPLIES):
                os.close(fd)
            _become_submission(request, options, shell, lines_in, cases_out)
            code = 0
        finally:
            os._exit(code)
    os.close(lines_in)
    os.close(cases_out)
    withheld = json.loads(wire.read_frame(REQUESTS)[1])
    watch = _Watch(child, limits, withheld["seconds"], nested=options["walls"])
    reason = _relay(lines, cases, withheld["cases"], watch, buffer)
    # Hundreds of processes take the machine seconds to end, which is time of ours.
    seconds = watch.clock.time if reason == "processes" else watch.clock.look()
    _kill(watch, options)
    _, status = os.waitpid(child, 0)
    # Whatever was in the pipe when the process ended still counts.
    if reason is None:
        reason = _drain(lines, buffer)
    code = os.waitstatus_to_exitcode(status)
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    _end(
        reason=reason,
        code=code,
        seconds=round(seconds, 3),
        cpu_seconds=round(used.ru_utime + used.ru_stime, 3),
        peak_mb=watch.peak >> 20,
    )


def _end(**how: Any) -> None:
    wire.write_frame(REPLIES, wire.END, json.dumps(how).encode())


def _kill(watch: _Watch, options: Mapping[str, Any]) -> None:
    """End the submission's first process, and with it all of its namespace or group."""
    child = watch.child
    if not options["walls"]:
        with contextlib.suppress(OSError):
            os.killpg(child, signal.SIGKILL)
    # The first process ends the others only when it gets a processor, for which hundreds may
    # compete with it; whichever is told by itself forks no more from now on.
    for pid in {child, *watch.members()}:
        with contextlib.suppress(OSError):
            os.kill(pid, signal.SIGKILL)


def _become_submission(request, options, shell, lines_in: int, cases_out: int) -> None:
    limits = request["limits"]
    os.setsid()
    if options["walls"]:
        from . import walls

        if options["nested"]:
            walls.hide_the_rest(options["scratch"], limits["file_mb"])
            walls.number_few_processes()
    else:
        os.environ["HOME"] = request["folder"]
        os.chdir(request["folder"])
    if options["walls"]:
        os.chdir(options["work"])
    os.nice(5)
    null = os.open(os.devnull, os.O_RDWR)
    for fd in (0, 1, 2):
        os.dup2(null, fd)
    if options["walls"]:
        walls.limit_resources({**limits, "walls": True})
        walls.drop_rights()
        walls.filter_system_calls()
    elif sys.platform == "linux":
        from . import walls

        walls.limit_resources(limits)
    if shell is None:
        _copy_fonts(options)
        import numpy  # noqa: F401  (seeded before the notebook imports it)

        from . import shell as shells

        shell = shells.new_shell()
    from . import session

    session.run(request, lines_in, cases_out, shell)


def _copy_fonts(options: Mapping[str, Any]) -> None:
    """Give matplotlib its list of fonts, which takes a second to make."""
    for name, content in options["fonts"].items():
        path = Path(os.environ["HOME"], ".cache", "matplotlib", name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)


class _Watch:
    """Time, memory and processes of a submission, against its limits."""

    def __init__(self, child: int, limits: Mapping[str, Any], seconds: float, nested: bool) -> None:
        self.child, self.limits, self.seconds, self.nested = child, limits, seconds, nested
        self.base = _held(os.getpid())
        self.peak = 0
        self.mine = {1, os.getpid(), os.getppid()}
        self.clock, self.heard_at = Clock(self.members), 0.0

    def heard(self) -> None:
        """The submission has said something: the time of what it does now begins."""
        self.heard_at = self.clock.time

    def broken(self) -> str | None:
        """The limit that is broken now, or None."""
        reason = self._memory_or_processes()
        if reason is not None:
            return reason
        now = self.clock.look()
        if now > self.seconds:
            return "total time"
        if now - self.heard_at > self.limits["cell_seconds"] + self.limits["grace_seconds"]:
            return "time"
        return None

    def _memory_or_processes(self) -> str | None:
        members = self.members()
        if len(members) > self.limits["processes"]:
            return "processes"  # at once: to look at each would take long
        tasks = used = 0
        for pid in members:
            tasks += _threads(pid)
            used += max(0, _held(pid) - self.base)
        self.peak = max(self.peak, used)
        if tasks > self.limits["processes"]:
            return "processes"
        limit = self.limits["memory_mb"] << 20
        # Processes share pages, which the sum counts twice: look closely before acting on it.
        if used > limit and (len(members) == 1 or sum(map(_private, members)) > limit):
            return "memory"
        return None

    def members(self) -> list[int]:
        if not self.nested or sys.platform != "linux":
            return [self.child]
        # In the sandbox, whatever is not one of ours is the submission's.
        pids = (int(name) for name in os.listdir("/proc") if name.isdigit())
        return [pid for pid in pids if pid not in self.mine]


def _held(pid: int) -> int:
    """Bytes of memory that the process has mapped and that are no file's on a disk."""
    try:
        with open(f"/proc/{pid}/status", "rb") as file:
            found = re.findall(rb"^Rss(?:Anon|Shmem):\s+(\d+) kB", file.read(), re.MULTILINE)
        return sum(map(int, found)) << 10
    except OSError:
        return 0


def _threads(pid: int) -> int:
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            return int(file.read().rpartition(b")")[2].split()[17])
    except (OSError, IndexError, ValueError):
        return 1


def _private(pid: int) -> int:
    """The process's fair share of that memory, which several may have mapped."""
    try:
        rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
        found = re.findall(r"^Pss_(?:Anon|Shmem):\s+(\d+) kB", rollup, re.MULTILINE)
        if found:
            return sum(map(int, found)) << 10
    except OSError:
        pass
    return _held(pid)


def _relay(
    lines: int, cases: int, hidden: Mapping[str, Any], watch: _Watch, buffer: bytearray
) -> str | None:
    """Pass lines on until the submission's process ends; return the limit it broke, if any."""
    total = 0
    poll = select.poll()
    poll.register(lines, select.POLLIN)
    gone = os.pidfd_open(watch.child) if hasattr(os, "pidfd_open") else None
    if gone is not None:
        poll.register(gone, select.POLLIN)
    next_look = 0.0
    while True:
        events = dict(poll.poll(40))
        if time.monotonic() >= next_look:
            reason = watch.broken()
            if reason:
                return reason
            next_look = time.monotonic() + 0.04
        if lines in events:
            piece = os.read(lines, 1 << 18)
            if not piece:
                return None
            total += len(piece)
            buffer += piece
            if total > TOTAL_LIMIT or len(buffer) > LINE_LIMIT:
                return "output"
            watch.heard()
            while (end := buffer.find(b"\n")) >= 0:
                line = bytes(buffer[:end])
                del buffer[: end + 1]
                if line.startswith(b'{"ask"'):
                    _hand_over(line, cases, hidden)
                _pass_on(line)
        elif gone is not None and gone in events:
            return None


def _pass_on(line: bytes) -> None:
    wire.write_frame(REPLIES, wire.LINE, wire.timed(line, time.monotonic()))


def _hand_over(line: bytes, cases: int, hidden: Mapping[str, Any]) -> None:
    try:
        id_ = json.loads(line)["ask"]
        wanted = [id_, hidden.get(id_, [])]
    except (ValueError, KeyError, TypeError, RecursionError):
        return
    os.set_blocking(cases, False)
    try:
        os.write(cases, json.dumps(wanted).encode() + b"\n")
    except OSError as error:
        # A full pipe: the submission asks and does not read. It gets nothing more.
        if error.errno not in (errno.EAGAIN, errno.EPIPE):
            raise


def _drain(lines: int, rest: bytearray) -> str | None:
    os.set_blocking(lines, False)
    while True:
        try:
            piece = os.read(lines, 1 << 18)
        except BlockingIOError:
            break
        if not piece:
            break
        rest += piece
        if len(rest) > LINE_LIMIT:
            return "output"
    for line in bytes(rest).split(b"\n")[:-1]:
        _pass_on(line)
    return None
